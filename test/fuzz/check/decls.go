//go:build go1.21 && !windows

package p

import (
	. "fmt"
	_ "embed"
)

const (
	a, b int = iota, 1 << iota
	c, d
)

//go:embed x
var e string

type (
	T[P *C, Q ~int | []byte] struct {
		a, b int `tag`
		*E
		F[int]
	}
	I interface {
		m(x int, y ...string) (z error)
		~int | T[int, string]
	}
	A[P any] = map[string]chan<- <-chan P
	F        [2 * N]func(int, ...T)
)

//line x.go:10:2
func (t *T[P, Q]) m[R any](x R) (_ int, err error) { return 0x1.8p3, nil }
