// Maps of all key kinds.

package main

type K struct {
	a int
	b string
}

func main() {
	m := map[string]int{"a": 1, "b": 2}
	m["c"] = 3
	m["a"]++
	v, ok := m["zz"]
	println(len(m), m["a"], m["b"], m["c"], v, ok)
	delete(m, "b")
	_, ok = m["b"]
	println(len(m), ok)
	sum := 0
	for k, v := range m {
		sum += v + len(k)
	}
	println(sum)
	mi := make(map[int]int)
	for i := 0; i < 10000; i++ {
		mi[i*7] = i
	}
	t := 0
	for i := 0; i < 10000; i++ {
		t += mi[i*7]
	}
	println(len(mi), t)
	mk := map[K][]int{}
	mk[K{1, "x"}] = append(mk[K{1, "x"}], 5, 6)
	mk[K{1, "x"}][0] = 50
	println(len(mk[K{1, "x"}]), mk[K{1, "x"}][0])
	ma := map[any]string{1: "int", "s": "string", 2.5: "f", K{1, "q"}: "k"}
	println(ma[1], ma["s"], ma[2.5], ma[K{1, "q"}], ma[int8(1)] == "")
	mm := map[string]map[string]int{"x": {"y": 1}}
	mm["x"]["z"] = 2
	println(mm["x"]["y"]+mm["x"]["z"], mm["none"]["y"])
	var nm map[string]bool
	println(nm["q"], len(nm))
	ms := map[string]struct{ x, y int }{"p": {3, 4}}
	println(ms["p"].x, ms["p"].y)
	clear(mi)
	println(len(mi))
	mf := map[float64]int{}
	mf[0.5] = 1
	mf[1.5]++
	println(mf[0.5] + mf[1.5])
	i32 := map[int32]string{5: "five"}
	println(i32[5], len(i32[6]))
	cnt := map[rune]int{}
	for _, r := range "hello world" {
		cnt[r]++
	}
	println(cnt['l'], cnt['o'])
}
