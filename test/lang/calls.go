// Calls, closures, methods, control flow, arithmetic.

package main

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}
func multi(a, b int) (int, int, string) { return b, a, "x" }
func vari(xs ...int) (s int) {
	for _, x := range xs {
		s += x
	}
	return
}

type P struct{ x, y int }

func (p P) sum() int     { return p.x + p.y }
func (p *P) inc(d int)   { p.x += d; p.y += d }
func mk(i int) func() int { return func() int { i++; return i } }

func main() {
	println("hi", fib(20))
	a, b, s := multi(1, 2)
	println(a, b, s)
	println(vari(), vari(1, 2, 3), vari([]int{4, 5}...))
	p := P{1, 2}
	p.inc(10)
	println(p.sum(), p.x, p.y)
	f := mk(5)
	f()
	println(f(), f())
	g := p.sum
	h := (*P).inc
	h(&p, 1)
	println(g(), p.sum())
	var arr [5]int
	for i := range arr {
		arr[i] = i * i
	}
	t := 0
	for i := 0; i < len(arr); i++ {
		t += arr[i]
	}
	println(t)
	var i8 int8 = 127
	i8++
	var u8 uint8 = 0
	u8--
	println(i8, u8, -7/2, -7%3, 7>>1, -7>>1, 1<<10, ^5, 6&^3)
	x := 1.5
	y := float32(0.1)
	println(x*2, y, int(x), u8-100, x > 1, !true)
	c := complex(1, 2)
	println(c*c, real(c), imag(c))
outer:
	for i := 0; i < 3; i++ {
		for j := 0; j < 3; j++ {
			if j == 2 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			println(i, j)
		}
	}
	switch {
	case p.x > 100:
		println("big")
	case p.x > 5:
		println("mid")
		fallthrough
	default:
		println("fall")
	}
	switch p.x {
	case 1, 2, 3:
		println("small")
	case 12:
		println("twelve")
	}
}
