package main

import (
	"fmt"
	"reflect"
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

func main() {
	var b B
	b[1] = 10
	r := reflect.ValueOf(T{5}).MethodByName("M").Call([]reflect.Value{reflect.ValueOf(int8(-7)), reflect.ValueOf(b), reflect.ValueOf("s")})
	p := r[3].Interface().(P)
	fmt.Println(r[0].Int(), r[1].Index(1).Int(), r[2].IsNil(), *p.x[2999], p.n)
	for i := 0; i < 20; i++ {
		b = reflect.ValueOf(f).Call([]reflect.Value{reflect.ValueOf(b)})[0].Interface().(B)
	}
	fmt.Println(b[0], keep[3].(B)[0], keep[19].(B)[0], b[1])
}
