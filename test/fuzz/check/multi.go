package p

import . "lib"

type S struct {
	T
	I
}
type I interface {
	M() (x, y int)
	interface{ String() string }
}

var q, r = f()
var v = q + g

func init() { _ = V.F(q, S{}.E, A.String()) }

//---
package p

import l "lib"

func f() (int, l.E) { return w, l.C }

var w = len(m)
var m = map[string]func(*S){"a": (*S).n, "b": nil}

//---
package p

const g = 3

func (s *S) n() {
	var e any = s
	switch x := e.(type) {
	case nil:
	case *S, interface{ n() }:
		_ = x
	case error:
		panic(x.Error())
	}
	ch := make(chan struct{ a, b int }, 1<<g)
	select {
	case ch <- struct{ a, b int }{1, 2}:
	case x, ok := <-ch:
		_, _ = x.a, ok
	}
	go func() {
		defer close(ch)
		for range 3 {
			s.I.M()
		}
	}()
	goto end
end:
	copy([]byte{1}, "x")
	clear(m)
}
