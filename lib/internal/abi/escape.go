package abi

import "unsafe"

// Hints to escape analysis.

//go:nosplit
func NoEscape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return unsafe.Pointer(x ^ 0)
}

var never bool
var sink any

// Escape makes x escape to the heap.
func Escape[T any](x T) T {
	if never {
		sink = x
	}
	return x
}

// EscapeNonString makes what v refers to escape, except strings; nothing here needs that.
func EscapeNonString[T any](v T) {}

func EscapeToResultNonString[T any](v T) T { return v }
