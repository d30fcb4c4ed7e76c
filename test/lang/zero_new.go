package main

// Variables without a size are one, also those that new makes for a package variable.

var x, y [0]int
var p, q = new([0]int), new(struct{})
var n = new(int)

func main() {
	println(&x == p, uintptrOf(&y) == uintptrOf(p), n != nil, q != nil)
}

//go:noinline
func uintptrOf(p *[0]int) *[0]int { return p }
