// sanitize: no
package main

import (
	"fmt"
	"runtime/debug"
	"strings"
	"unsafe"
)

type S struct {
	a string
	e any
	b string
	n int
}

func try(name string, f func()) {
	defer func() {
		e := recover()
		_, re := e.(interface{ RuntimeError() })
		s := fmt.Sprint(e)
		if i := strings.Index(s, "0x"); i > 0 { s = s[:i] }
		fmt.Println(name, s, re)
	}()
	f()
}
func bad(p uintptr) string { return unsafe.String((*byte)(unsafe.Pointer(p)), 5) }
var sink int
var keep []byte

func main() {
	s := "hello"
	try("eq nil", func() { b := *(*string)(unsafe.Pointer(&[2]uintptr{0, 5})); println(b == s) })
	try("copy nil", func() { b := *(*string)(unsafe.Pointer(&[2]uintptr{8, 5})); sink = copy(make([]byte, 9), b) })
	try("structs", func() { fmt.Println(S{"a", []int{}, "b", 1} == S{"a", []int{}, "c", 2}) })
	try("structs", func() { fmt.Println(S{"a", []int{}, "b", 1} == S{"b", []int{}, "b", 1}) })
	debug.SetPanicOnFault(true)
	try("eq bad", func() { b := *(*string)(unsafe.Pointer(&[2]uintptr{0x7000, 5})); println(b == s) })
	try("copy bad", func() { b := *(*string)(unsafe.Pointer(&[2]uintptr{0x7000, 5})); sink = copy(make([]byte, 9), b) })
	try("load", func() { sink = *(*int)(unsafe.Pointer(uintptr(0x7000))) })
	try("conv", func() { b := *(*string)(unsafe.Pointer(&[2]uintptr{0x7000, 5})); keep = []byte(b) })
	try("idx", func() { b := *(*string)(unsafe.Pointer(&[2]uintptr{0x7000, 5})); sink = strings.IndexByte(b, 'x') })
	var e1, e2 any = struct{a int; s string}{1, *(*string)(unsafe.Pointer(&[2]uintptr{0x7000, 5}))}, struct{a int; s string}{1, *(*string)(unsafe.Pointer(&[2]uintptr{0x8000, 5}))}
	try("iface eq", func() { println(e1 == e2) })
	m := map[string]int{s: 1}
	try("map", func() { b := *(*string)(unsafe.Pointer(&[2]uintptr{0x7000, 5})); sink = m[b] })
}
