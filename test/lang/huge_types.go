package main

var p *[1 << 40]*int
var q *[1 << 34]struct{ a int; s string }

type T [1 << 33]byte

var b [1 << 22]int

func f(i int) *int { return p[i] }
func g(i int) int  { return len(q) + q[i].a + b[i] }
func h(t *T, i int) byte { x := *t; return x[i] }

func main() {
	defer func() { println(recover() != nil); var e any = p; _, ok := e.(*[1 << 40]*int); println(ok) }()
	println(f(3), g(4), h(nil, 3))
}
