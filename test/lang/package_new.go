package main

import (
	"fmt"
	"runtime"
	"weak"
)

type T struct{ a, b int }

// What new makes for a package variable is an object like others; the address of a literal may be static.
var p = new(T)

func main() {
	w := weak.Make(p)
	done := make(chan int, 1)
	runtime.SetFinalizer(p, func(t *T) { done <- t.a })
	p.a = 7
	p = nil
	for i := 0; i < 10 && len(done) == 0; i++ {
		runtime.GC()
		runtime.Gosched()
	}
	fmt.Println(<-done, w.Value() == nil)
}
