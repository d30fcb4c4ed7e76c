package main

import (
	"fmt"
	"runtime"
	"unsafe"
)

type T struct{ a [4]int }

var dead [8]bool

func mk(i int) *T {
	t := &T{}
	t.a[0] = i + 10
	runtime.SetFinalizer(t, func(*T) { dead[i] = true })
	return t
}

func gc() {
	for i := 0; i < 5; i++ {
		runtime.GC()
		runtime.Gosched()
	}
}

var start = make(chan bool)
var done = make(chan bool)

//go:uintptrescapes
//go:noinline
func use(i int, p uintptr) {
	gc()
	fmt.Println(i, dead[i], (*T)(unsafe.Pointer(p)).a[0])
}

//go:uintptrescapes
//go:noinline
func useAll(i int, p ...uintptr) {
	gc()
	for k := range p {
		fmt.Println(i, dead[i+k], (*T)(unsafe.Pointer(p[k])).a[0])
	}
}

//go:uintptrescapes
//go:noinline
func useGo(i int, p uintptr) {
	<-start
	gc()
	fmt.Println(i, dead[i], (*T)(unsafe.Pointer(p)).a[0])
	done <- true
}

type S struct{}

//go:uintptrescapes
//go:noinline
func (S) m(i int, p uintptr) {
	gc()
	fmt.Println(i, dead[i], (*T)(unsafe.Pointer(p)).a[0])
}

func main() {
	use(0, uintptr(unsafe.Pointer(mk(0))))
	go useGo(1, uintptr(unsafe.Pointer(mk(1))))
	gc()
	start <- true
	<-done
	func() {
		defer use(2, uintptr(unsafe.Pointer(mk(2))))
		gc()
	}()
	func() {
		defer useAll(3, uintptr(unsafe.Pointer(mk(3))), uintptr(unsafe.Pointer(mk(4))))
		gc()
	}()
	func() {
		defer S{}.m(5, uintptr(unsafe.Pointer(mk(5))))
		gc()
	}()
	for i := 0; i < 2; i++ {
		func() {
			for j := 0; j < 1; j++ {
				defer use(6+i, uintptr(unsafe.Pointer(mk(6+i))))
			}
			gc()
		}()
	}
}
