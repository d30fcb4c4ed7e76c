// Strings whose bytes lie in a frame (a byte slice seen as a string) and what is made of them.
package main

import "unsafe"

func view(b []byte) string { return *(*string)(unsafe.Pointer(&b)) }

type node struct{ indices string }

//go:noinline
func (n *node) add(c byte) { n.indices += view([]byte{c}) }

//go:noinline
func prefixed(p string, c byte) string { return p + view([]byte{c, c}) }

//go:noinline
func clobber(n int) (sum int) {
	var a [64]int
	for i := range a {
		a[i] = n + i
	}
	for _, x := range a {
		sum += x
	}
	return sum
}

func main() {
	n := &node{}
	n.add('/')
	clobber(7)
	println(n.indices)
	n.add('x')
	s, t := prefixed("", 'a'), prefixed("b", 'c')
	clobber(9)
	println(n.indices, s, t)
}
