package p

import "none"

type A [len(B{})]A
type B struct{ A; B *B }
type C interface{ C; ~string | A; f() }
type D[P D[P]] struct{ D[*P] }
type E = E
type F func(F) (F, ...F)

var a, b = b, c
var c int = f(1, "x", nil...)

func f[T any](x T, y ...T) T { return y }
func (A) m(); func (*A) m() {}

func g() (x int, err error) {
	x, y := 1, 2
	if x = 2; y { return }
	for i := range a.b[1:"x"] { break L }
	switch x.(type) { case int, int: fallthrough }
	var v [1 << 70]int
	defer recover
	return x == nil, v, 08, 'ab', "\q"
}
