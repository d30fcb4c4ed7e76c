package main

import (
	"fmt"
	"reflect"
	"runtime"
)

type B [5000]int
type P struct {
	x [3000]*int
	n int8
}
type T struct{ k int }

func (t T) M(a int8, b B, c string) (int8, B, error, P) {
	b[1] += int(a) + t.k
	p := P{n: -3}
	p.x[2999] = &b[1]
	return a - 1, b, nil, p
}
func f(b B) B { keep = append(keep, b); b[0]++; return b }

var keep []any

// The largest results that come in the frame, and the smallest that come by address.
func in(a int) (r [2048]int, n int) { r[0], r[2047] = a, a+1; return r, a + 2 }
func by(a int) (r [2049]int, n int) { r[0], r[2048] = a, a+1; return r, a + 2 }
func first[R any](f any, a int) (r R, n int) {
	out := reflect.ValueOf(f).Call([]reflect.Value{reflect.ValueOf(a)})
	return out[0].Interface().(R), int(out[1].Int())
}

func main() {
	var b B
	b[1] = 10
	r := reflect.ValueOf(T{5}).MethodByName("M").Call([]reflect.Value{reflect.ValueOf(int8(-7)), reflect.ValueOf(b), reflect.ValueOf("s")})
	p := r[3].Interface().(P)
	fmt.Println(r[0].Int(), r[1].Index(1).Int(), r[2].IsNil(), *p.x[2999], p.n)
	for i := 0; i < 20; i++ {
		b = reflect.ValueOf(f).Call([]reflect.Value{reflect.ValueOf(b)})[0].Interface().(B)
	}
	x, n := first[[2048]int](in, 3)
	y, k := first[[2049]int](by, 6)
	fmt.Println(x[0], x[1], x[2047], n, y[0], y[1], y[2048], k)
	done := make(chan bool)
	runtime.SetFinalizer(new([4]int), func(*[4]int) [2048]int { done <- true; r, _ := in(1); return r })
	runtime.SetFinalizer(new([4]int), func(*[4]int) [2049]int { done <- true; r, _ := by(1); return r })
	runtime.GC()
	fmt.Println(<-done, <-done)
	fmt.Println(b[0], keep[3].(B)[0], keep[19].(B)[0], b[1])
}
