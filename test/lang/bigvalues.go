package main

import "fmt"

type B [5000]int // 40 KB
type S struct {
	a int
	b B
	s string
}
type I interface{ M(B) (B, int) }

func (b B) M(c B) (B, int) { b[0] += c[1]; return b, 7 }

//go:noinline
func f(b B, i, v int) (r B) { b[i] = v; r = b; r[i+1] = v + 1; return }

//go:noinline
func g(i int) (r B, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("rec %v", e)
			r[4999] = 5
		}
	}()
	r[0] = 1
	r[i] = 2
	return r, nil
}
func mk(n int) S { return S{a: n, b: B{1: n}, s: fmt.Sprint(n)} }

var glob S
var gi interface{}

func main() {
	var z B
	y := f(z, 3, 4)
	fmt.Println(z[3], y[3], y[4])
	r, err := g(77)
	fmt.Println(r[0], r[77], r[4999], err)
	r, err = g(5000)
	fmt.Println(r[0], r[77], r[4999], err)
	s := mk(12)
	t := s
	t.b[1] = 13
	fmt.Println(s.a, s.b[1], t.b[1], s.s, s == t, s == mk(12))
	glob = s
	glob.b = y
	fmt.Println(glob.b[3], glob.s)
	var i I = y
	y[0] = 100
	q, n := i.M(y)
	fmt.Println(q[0], n, i.(B)[0])
	gi = s
	s.b[1] = 99
	if w, ok := gi.(S); ok {
		fmt.Println(w.b[1], w.s)
	}
	w, ok := gi.(B)
	fmt.Println(w[1], ok)
	switch v := gi.(type) {
	case S:
		fmt.Println("S", v.b[1])
	}
	m := map[string]S{}
	m["a"] = s
	fmt.Println(m["a"].b[1], m["b"].b[1])
	v, ok := m["a"]
	v2, ok2 := m["x"]
	fmt.Println(v.b[1], ok, v2.s, ok2)
	mb := map[B]int{}
	mb[y]++
	mb[y]++
	mb[z] = 9
	fmt.Println(mb[y], mb[z], len(mb))
	var sl []S
	sl = append(sl, s, t)
	sl = append(sl, mk(5))
	fmt.Println(len(sl), sl[0].b[1], sl[1].b[1], sl[2].s)
	ch := make(chan B, 1)
	ch <- y
	c := <-ch
	ch <- c
	d, ok := <-ch
	fmt.Println(c[3], d[3], ok)
	select {
	case ch <- y:
	default:
	}
	select {
	case e := <-ch:
		fmt.Println(e[3])
	}
	fn := func() int { return s.b[1] + y[3] }
	fmt.Println(fn())
	mv := y.M
	y[0] = 1
	h, _ := mv(y)
	fmt.Println(h[0])
	defer func(b B) { fmt.Println("deferred", b[3]) }(y)
	y[3] = 1000
	done := make(chan int)
	go func(b B) { done <- b[3] }(y)
	y[3] = 1001
	fmt.Println(<-done)
	for i, x := range y {
		y[4] = 55
		if i == 4 {
			fmt.Println(x)
		}
	}
	arr := [3]B{1: y}
	fmt.Println(arr[1][3], arr[2][3])
	p := &arr
	pp := *p
	p[1] = B{}
	fmt.Println(pp[1][3], p[1][3])
	var np *S
	defer func() { fmt.Println(recover()) }()
	x := *np
	fmt.Println(x.a)
}
