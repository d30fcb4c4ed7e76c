// Goroutines that only start others wait for those: neither memory nor the wait of a sleeper grows without bound, also
// with collections at the same time.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

type node struct{ left, right *node }

func grow(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{grow(depth - 1), grow(depth - 1)}
}

var started, ended atomic.Int64
var done atomic.Bool

func spawner() {
	for !done.Load() {
		if n := started.Add(1) - ended.Load(); n > 2000000 {
			fmt.Println(n, "goroutines wait to run")
			os.Exit(1)
		}
		go func() {
			grow(3)
			ended.Add(1)
		}()
	}
}

func main() {
	for range 2 {
		go spawner()
	}
	for collect := range 2 {
		if collect == 1 {
			go func() {
				for !done.Load() {
					runtime.GC()
				}
			}()
		}
		for range 10 {
			time.Sleep(time.Millisecond)
		}
	}
	done.Store(true)
	fmt.Println("ok")
}

// want: ok
