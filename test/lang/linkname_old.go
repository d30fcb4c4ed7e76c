// Functions of package runtime and reflect that packages pull by //go:linkname.
package main

import (
	"fmt"
	"reflect"
	"sort"
	"unsafe"
)

//go:linkname mapiterinit reflect.mapiterinit
func mapiterinit(t, m unsafe.Pointer, it *hiter)

//go:linkname mapiternext reflect.mapiternext
func mapiternext(it *hiter)

//go:linkname mapassign runtime.mapassign
func mapassign(t, m, key unsafe.Pointer) unsafe.Pointer

//go:linkname mapaccess2 runtime.mapaccess2
func mapaccess2(t, m, key unsafe.Pointer) (unsafe.Pointer, bool)

//go:linkname mallocgc runtime.mallocgc
func mallocgc(size uintptr, t unsafe.Pointer, zero bool) unsafe.Pointer

//go:linkname newarray runtime.newarray
func newarray(t unsafe.Pointer, n int) unsafe.Pointer

//go:linkname fastrandn runtime.fastrandn
func fastrandn(n uint32) uint32

type hiter struct {
	key, elem, t, h, buckets, bptr, overflow, oldoverflow unsafe.Pointer
	w                                                     [4]uintptr
}

func words(x any) *[2]unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&x)) }

func main() {
	m := map[string]int{"a": 1, "b": 2, "c": 3}
	w := words(m)
	var it hiter
	var all []string
	for mapiterinit(w[0], w[1], &it); it.key != nil; mapiternext(&it) {
		all = append(all, fmt.Sprint(*(*string)(it.key), *(*int)(it.elem)))
	}
	sort.Strings(all)
	fmt.Println(all)
	k := "d"
	*(*int)(mapassign(w[0], w[1], unsafe.Pointer(&k))) = 4
	p, ok := mapaccess2(w[0], w[1], unsafe.Pointer(&k))
	fmt.Println(len(m), m["d"], *(*int)(p), ok)
	k = "none"
	p, ok = mapaccess2(w[0], w[1], unsafe.Pointer(&k))
	fmt.Println(*(*int)(p), ok)
	t := words(reflect.TypeFor[string]())[1]
	s := (*[3]string)(newarray(t, 3))
	s[1] = fmt.Sprint("x", 1)
	q := (*string)(mallocgc(16, t, true))
	*q = s[1]
	fmt.Println(*s, *q, fastrandn(1))
}
