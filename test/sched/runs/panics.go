// Panics that are recovered in goroutines, Goexit, deferred calls, errors passed on.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
)

func guard(i int, errs chan<- error) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(runtime.Error); ok {
				errs <- e
			} else {
				errs <- fmt.Errorf("goroutine %d: %v", i, r)
			}
		}
	}()
	defer func() {
		if i%5 == 0 {
			panic(fmt.Sprint("deferred ", i))
		}
	}()
	var a []int
	var m map[string]int
	switch i % 4 {
	case 0:
		_ = a[i]
	case 1:
		m["x"] = 1
	case 2:
		panic(errors.New("custom"))
	case 3:
		_ = i / (i % 1)
	}
}

func main() {
	errs := make(chan error)
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() { guard(i, errs) })
	}
	wg.Go(func() {
		defer func() { errs <- errors.New("goexit") }()
		runtime.Goexit()
	})
	go func() {
		wg.Wait()
		close(errs)
	}()
	for e := range errs {
		fmt.Println(e)
	}
}
