// Slices, arrays, strings, range.

package main

type T struct {
	a int
	s string
	b []byte
}

func main() {
	s := []int{1, 2, 3}
	for i := 0; i < 100; i++ {
		s = append(s, i)
	}
	println(len(s), s[50], cap(s) >= 103)
	s2 := s[10:20:30]
	println(len(s2), cap(s2), s2[0])
	n := copy(s2, []int{9, 8, 7})
	println(n, s[10], s[11], s[12])
	ss := []string{"a", "bb", "ccc"}
	ss = append(ss, "dddd")
	r := ""
	for i, x := range ss {
		r += x
		println(i, x, len(r))
	}
	println(r, r[2:5], r[len(r)-1])
	for i, c := range "héllo, 世界\xff" {
		print(i, ":", c, " ")
	}
	println()
	b := []byte("hello")
	b[0] = 'J'
	println(string(b), string(rune(0x4e16)), len([]rune("世界")))
	ts := make([]T, 0, 2)
	for i := 0; i < 5; i++ {
		ts = append(ts, T{i, "x", b})
	}
	ts[3].a = 77
	ts[3].b[1] = 'E'
	println(ts[3].a, ts[2].a, string(ts[4].b), len(ts))
	m := [3][4]int{}
	m[1][2] = 5
	m2 := m
	m2[1][2]++
	println(m[1][2], m2[1][2], m == m2, len(m[0]))
	p := &ts[1]
	p.s += "yz"
	println(ts[1].s)
	var nilS []int
	println(len(nilS), nilS == nil)
	clear(s)
	println(s[50])
	println(min(3, 1, 2), max(2.5, 1.0), "abc" < "abd", "a"+"b" == "ab")
	aa := [...]string{2: "two", 0: "zero"}
	println(len(aa), aa[0], aa[1], aa[2])
	pa := &aa
	for i := range pa {
		println(i, pa[i])
	}
	for i := range 3 {
		print(i, " ")
	}
	println()
	x := [4]byte(b[:4])
	println(string(x[:]))
}
