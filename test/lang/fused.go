// Code that the selector joins into one instruction: float operations with operands in memory, changes in place, tests of
// bits, sets of characters, loops with a step, calls that take arguments along; with their panics and edge values.
package main

import (
	"fmt"
	"math"
	"math/bits"
)

type body struct{ x, y, z, m float64 }

type counters struct {
	pad  [3]int
	n    int
	flag uint64
	f    float64
	next *counters
}

//go:noinline
func mulAdd(a, b, c float64) (float64, float64, float64) { return a*b + c, b*c - a, b - a*c }

//go:noinline
func chains(a, b, c float64) (float64, float64, float64, float64) {
	return a * b * c, a + b + c, b - a + c, c + (a - b)
}

//go:noinline
func fields(p, q *body, k, l float64) (r [9]float64) {
	r[0] = p.x - q.x
	r[1] = k - p.y
	r[2] = p.z - k
	r[3] = k + q.y
	r[4] = k * q.z
	r[5] = k * p.m * l
	return r
}

//go:noinline
func pairs(p, q *body) (float64, float64, float64) {
	return p.x + q.x, p.y * q.y, p.z*q.z + p.m*q.m
}

//go:noinline
func move(p, q *body, k float64) {
	p.x += k
	p.y -= k
	p.z -= k * q.m * 3
	p.m += q.m * k
	q.x = q.x - q.x*k
}

//go:noinline
func dot(a, b []float64) (s, t float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	for i := range a {
		t += float64(i) * b[i]
	}
	return
}

//go:noinline
func product(a, b []float64) (r [3]float64) {
	for i := range a {
		r[i] = a[i] * b[i]
	}
	return
}

//go:noinline
func ints(a, b, c int) (int, int, int, int, int) {
	return a + b + c, b + c + 7, (a - 3) + b, a*b + c, a*31 + c
}

// mixed: x ^ x<<k and x ^ x>>k, of 64 bits unsigned only in one instruction.
func mixed(x uint64, y uint32, z int64) (uint64, uint32, int64, uint64, uint64) {
	w := x
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	y ^= y << 13
	y ^= y >> 17
	y ^= y << 5
	z ^= z << 13
	z ^= z >> 7
	a := (w << 3) ^ w
	b := w<<5 ^ x
	w = w>>30 ^ w
	return x, y, z, a ^ b, w
}

//go:noinline
func narrow(h uint32, s int32, b uint8) (uint32, int32, uint8, uint16, uint32) {
	return h*31 + uint32(b), s * 1003, uint8(h >> 8), uint16(h>>16) & 0x3ff, h >> 3 & 7
}

//go:noinline
func powers(a int, b int8, c int64) (int, int, int, int8, int8, int64, int64) {
	return a / 2, a % 8, a / 1024, b / 4, b % 4, c / 16384, c % 16384
}

//go:noinline
func edit(c *counters, k int) {
	c.n++
	c.n += k
	c.n -= 3
	c.pad[2] -= k
	c.f += float64(k)
	c.next.n += 5
}

//go:noinline
func add(c *counters, k int) { c.n += k }

//go:noinline
func common(x, y uint64) int {
	for x&y == 0 {
		y *= 2
	}
	return int(y)
}

//go:noinline
func tests(x uint64, y int, z uint8) (s string) {
	if x&1 != 0 {
		s += "a"
	}
	if x&(1<<63) != 0 {
		s += "b"
	}
	if x&(1<<40) == 0 {
		s += "c"
	}
	if y%2 == 0 {
		s += "d"
	}
	if y%16 != 0 {
		s += "e"
	}
	if y&0x30 > 0 {
		s += "f"
	}
	if x>>7&1 == 1 {
		s += "g"
	}
	if z&0x80 == 0 {
		s += "h"
	}
	if x&uint64(y) != 0 {
		s += "i"
	}
	if x>>9&1 != 0 {
		s += "j"
	}
	return s
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

//go:noinline
func skip(s string) (n, m int) {
	for n < len(s) && space(s[n]) {
		n++
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != 'a' && c != 'z' && c != '_' && c != '!' {
			m++
		}
	}
	return
}

//go:noinline
func class(c rune) string {
	switch c {
	case 'a', 'e', 'i', 'o', 'u':
		return "vowel"
	case -1, -5, 0, 60:
		return "small"
	case 1 << 20, 1<<20 + 1:
		return "big"
	case '+', '-', '*', '/':
		return "op"
	}
	return "other"
}

//go:noinline
func kind(c byte) int {
	switch c {
	case 'n', 't', 'f', 'z':
		return 1
	case '{', '[':
		return 2
	case '0', '1', '2', '9', 255:
		return 3
	}
	return 0
}

//go:noinline
func stepped(n, k int) (t int) {
	for i := 0; i < n; i += k {
		t += i
		for j := i; j < n; j += i + 1 {
			t++
		}
	}
	return
}

//go:noinline
func swap(a []int, i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i] += 10
	a[j]++
}

//go:noinline
func two(a, b int) int { return a*10 + b }

//go:noinline
func calls(f func(int) int, a, b, c int) int {
	return two(b, a) + two(a, b) + f(c) + f(a) + two(two(a, b), two(c, a))
}

//go:noinline
func exchange(n int) (int, int, int) {
	a, b, c := 1, 2, 3
	for i := 0; i < n; i++ {
		a, b, c = c, a, b
		if i%3 == 0 {
			a, b = b, a
		}
	}
	return a, b, c
}

func try(name string, f func()) {
	defer func() { fmt.Println(name, recover()) }()
	f()
}

func main() {
	inf, nan := math.Inf(1), math.NaN()
	for _, v := range [][3]float64{{2, 3, 4}, {1e200, 1e200, -inf}, {0.1, 0.2, 0.3}, {nan, 1, 2}, {-0.0, 5, 0},
		{1 + 1e-15, 1 - 1e-15, -1}, {inf, 0, 1}} {
		a, b, c := mulAdd(v[0], v[1], v[2])
		d, e, f, g := chains(v[0], v[1], v[2])
		fmt.Println(a, b, c, d, e, f, g, math.Sqrt(v[0]), math.Float64bits(v[2]))
	}
	p, q := &body{1.5, -2, 3, 0.1}, &body{4, 5, 6.25, 0.7}
	fmt.Println(fields(p, q, 0.3, 7))
	fmt.Println(pairs(p, q))
	fmt.Println(product([]float64{1.5, 2, -3}, []float64{4, -0.5, 6}))
	move(p, q, 0.3)
	move(p, p, 0.7)
	fmt.Println(*p, *q)
	fmt.Println(dot([]float64{1, 2.5, 3, 1e17}, []float64{0.1, 0.2, 1e16, 3}))
	fmt.Println(ints(3, -4, 5))
	fmt.Println(ints(math.MaxInt, 1, -1))
	fmt.Println(narrow(0xdeadbeef, -77777, 200))
	fmt.Println(mixed(88172645463325252, 0xdeadbeef, -5))
	fmt.Println(mixed(1<<63, 1<<31, math.MinInt64))
	for _, a := range []int{0, 1, -1, 7, -7, -8, 1023, -1024, -1025, math.MinInt, math.MaxInt} {
		fmt.Println(powers(a, int8(a), int64(a)))
	}
	c := &counters{n: 40, f: 0.5, next: &counters{}}
	edit(c, 9)
	edit(c, -100)
	add(c, 1<<40)
	fmt.Println(common(0x70, 1), common(1<<63, 1<<63))
	fmt.Println(c.n, c.pad, c.f, c.next.n)
	for _, x := range []uint64{0, 1, 1 << 63, 1<<40 | 1<<7, 0xffffffffffffffff, 0x280} {
		for _, y := range []int{0, 1, -1, -2, 16, 48, -16} {
			fmt.Print(tests(x, y, uint8(y)), " ")
		}
		fmt.Println()
	}
	fmt.Println(skip(" \t\r\n x"))
	fmt.Println(skip("!!az_ `\x7f\x80\xff{"))
	for _, r := range "aeiouAB+-*/<;=" {
		fmt.Print(class(r), " ")
	}
	for i := 0; i < 256; i++ {
		fmt.Print(kind(byte(i)))
	}
	fmt.Println()
	fmt.Println(class(-1), class(-5), class(-2), class(0), class(60), class(1<<20), class(1<<20+1), class(1<<20+2))
	fmt.Println(stepped(100, 7), stepped(10, 1), stepped(0, 3), stepped(-5, 2))
	s := []int{1, 2, 3, 4}
	swap(s, 0, 3)
	swap(s, 1, 1)
	fmt.Println(s)
	fmt.Println(calls(func(x int) int { return x * x }, 3, 4, 5))
	fmt.Println(exchange(1000))
	fmt.Println(bits.RotateLeft32(0x80000001, 5), bits.RotateLeft64(0x8000000000000001, -3), bits.RotateLeft32(uint32(len(s)), 31))

	try("nil field", func() { fields(p, nil, 1, 2) })
	try("nil edit", func() { edit(nil, 1) })
	try("nil next", func() { edit(&counters{}, 1) })
	try("nil move", func() { move(nil, q, 1) })
	try("dot", func() { dot(make([]float64, 5), make([]float64, 3)) })
	try("dot nil", func() { dot(make([]float64, 1), nil) })
	try("swap", func() { swap(s, 2, 4) })
	try("swap", func() { swap(s, -1, 0) })
	try("nil func", func() { calls(nil, 1, 2, 3) })
	fmt.Println(s)
}
