// reflect's steps and sync.Map's lookup that natives try first.
package main

import (
	"fmt"
	"reflect"
	"sync"
)

type inner struct{ X, y int }
type base struct{ B string }
type one struct{ P *int }
type withEmpty struct {
	P *int
	_ struct{}
	E struct{}
}
type outer struct {
	inner
	base
	A  int
	b  string
	I  any
	S  fmt.Stringer
	P  *inner
	L  []inner
	R  [3]uint8
	O  one
	W  withEmpty
	F  func()
	M  map[string]int
	Em error
}
type str string

func (s str) String() string { return "<" + string(s) + ">" }

func try(name string, f func()) {
	defer func() {
		if e := recover(); e != nil {
			fmt.Println(name, "panics:", e)
		}
	}()
	f()
}

func show(v reflect.Value) {
	if !v.IsValid() {
		fmt.Println("invalid", v.Kind())
		return
	}
	fmt.Println(v.Type(), v.Kind(), v.CanSet(), v.CanAddr(), v.CanInterface(), fmt.Sprint(v.Kind() == reflect.Func || v.IsZero()))
}

func main() {
	n := 7
	o := outer{A: 1, b: "b", I: inner{1, 2}, S: str("s"), P: &inner{3, 4}, L: []inner{{5, 6}}, R: [3]uint8{7, 8, 9}, O: one{&n}}
	for _, v := range []reflect.Value{reflect.ValueOf(o), reflect.ValueOf(&o).Elem()} {
		for i := range v.NumField() {
			f := v.Field(i)
			show(f)
			switch f.Kind() {
			case reflect.Struct:
				for j := range f.NumField() {
					show(f.Field(j))
				}
			case reflect.Pointer, reflect.Interface:
				show(f.Elem())
			case reflect.Slice, reflect.Array:
				show(f.Index(0))
				try("index", func() { f.Index(5) })
				try("index", func() { f.Index(-1) })
			}
		}
		try("field", func() { v.Field(99) })
		try("elem", func() { v.Elem() })
		try("index", func() { v.Index(0) })
	}
	show(reflect.ValueOf(o.O).Field(0))
	show(reflect.ValueOf(o.W).Field(2))
	show(reflect.ValueOf("text").Index(2))
	show(reflect.ValueOf((*inner)(nil)).Elem())
	try("zero", func() { reflect.Value{}.Elem() })
	try("zero", func() { reflect.Value{}.Field(0) })

	v := reflect.ValueOf(&o).Elem()
	v.FieldByName("A").Set(reflect.ValueOf(42))
	v.FieldByName("P").Set(reflect.ValueOf(&inner{8, 9}))
	v.FieldByName("P").Elem().Field(0).Set(reflect.ValueOf(80))
	v.FieldByName("L").Set(reflect.ValueOf([]inner{{1, 1}, {2, 2}}))
	v.FieldByName("L").Index(1).Set(reflect.ValueOf(inner{3, 3}))
	v.FieldByName("R").Index(1).Set(reflect.ValueOf(uint8(200)))
	v.FieldByName("I").Set(reflect.ValueOf("any"))
	v.FieldByName("S").Set(reflect.ValueOf(str("new")))
	v.FieldByName("O").Set(reflect.ValueOf(one{nil}))
	v.FieldByName("M").Set(reflect.ValueOf(map[string]int{"k": 1}))
	v.FieldByName("Em").Set(reflect.Zero(v.FieldByName("Em").Type()))
	try("set", func() { v.FieldByName("b").Set(reflect.ValueOf("x")) })
	try("set", func() { v.FieldByName("A").Set(reflect.ValueOf("x")) })
	try("set", func() { v.FieldByName("A").Set(v.FieldByName("b")) })
	try("set", func() { v.FieldByName("A").Set(v.Field(0).Field(1)) })
	try("set", func() { reflect.ValueOf(o).Field(2).Set(reflect.ValueOf(1)) })
	try("set", func() { v.FieldByName("A").Set(reflect.Value{}) })
	big := [4096]byte{1: 1}
	reflect.ValueOf(&big).Elem().Set(reflect.Zero(reflect.TypeOf(big)))
	fmt.Println(o.A, *o.P, o.L, o.R, o.I, o.S, o.O, o.M, o.Em, big[1])

	var m sync.Map
	keys := []any{1, "one", 1.5, int8(1), uint64(1), &n, inner{1, 2}, [2]int{1, 2}, true, nil, reflect.TypeOf(o), str("one"), 'x', complex(1, 2)}
	for i, k := range keys {
		m.Store(k, i)
	}
	for i := range 1000 {
		m.Store(i*7, -i)
	}
	for _, k := range append(keys, 2, "two", false, 3.5, int16(1), 49, []any{}[:0:0]) {
		try("load", func() { a, ok := m.Load(k); fmt.Println(a, ok) })
	}
	m.Delete("one")
	a, ok := m.Load("one")
	fmt.Println(a, ok)
	var empty sync.Map
	a, ok = empty.Load("x")
	fmt.Println(a, ok)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				m.Store(i%97, g)
				if _, ok := m.Load(i % 97); !ok {
					panic("lost")
				}
			}
		})
	}
	wg.Wait()
}
