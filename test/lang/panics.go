// Panics through many frames and stack chunks, Goexit, re-panics, iterators.
// exit: 5

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

type big struct{ a [40]int }

func deep(n int, b big) (r int) {
	if n == 0 {
		panic(fmt.Sprint("bottom", b.a[3]))
	}
	b.a[3]++
	defer func() {
		r++
		if n%100 == 0 {
			if e := recover(); e != nil {
				r = len(fmt.Sprint(e))
				if n < 1000 {
					panic(e)
				}
			}
		}
	}()
	return deep(n-1, b) + 1
}

func deepCall(n int, f func(int) int) int {
	if n == 0 {
		return f(0)
	}
	return deepCall(n-1, f) + 1
}

type T struct{ x int }

func (t T) V()  { println("V") }
func (t *T) P() { println(t.x) }

type I interface{ V() }

func goexitTest() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer fmt.Println("goexit deferred")
		defer func() { fmt.Println("recover in goexit:", recover()) }()
		func() {
			defer func() { defer func() { fmt.Println("inner", recover()) }(); panic("in goexit defer") }()
			runtime.Goexit()
		}()
		fmt.Println("not reached")
	}()
	wg.Wait()
}

func multi() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("wrapped: %v", r)
		}
	}()
	defer func() {
		defer func() { recover() }()
		panic("a")
	}()
	var m map[string]int
	m["x"] = 1
	return nil
}

func loopDefer() {
	for i := 0; i < 5; i++ {
		defer func(i int) { fmt.Print(i, " ") }(i)
	}
}

func rerecover() (s string) {
	defer func() {
		s = fmt.Sprint(recover(), recover())
	}()
	panic("once")
}

func main() {
	fmt.Println(deep(5000, big{}))
	fmt.Println(deepCall(200000, func(int) int { return 7 }))
	goexitTest()
	fmt.Println(multi())
	loopDefer()
	fmt.Println()
	fmt.Println(rerecover())
	func() {
		defer func() {
			e := recover().(runtime.Error)
			var te *runtime.TypeAssertionError
			fmt.Println(e, errors.As(e, &te))
		}()
		var x any = "s"
		_ = x.(fmt.Stringer)
	}()
	st := string(debug.Stack())
	fmt.Println(strings.Contains(st, "main.main()"), strings.HasPrefix(st, "goroutine 1 [running]:"))
	for seq := range func(y func(int) bool) {
		defer fmt.Println("iter cleanup")
		y(1)
		y(2)
	} {
		defer fmt.Println("deferred in loop", seq)
	}
	func() {
		defer func() { fmt.Println("got:", recover()) }()
		for x := range func(y func(int) bool) { y(1); y(2) } {
			if x == 1 {
				break
			}
		}
	}()
	func() {
		defer func() { fmt.Println("got:", recover()) }()
		for x := range func(y func(int) bool) { defer func() { fmt.Println("iter sees", recover()) }(); y(1) } {
			panic(fmt.Sprint("body ", x))
		}
	}()
	var once sync.Once
	func() {
		defer func() { fmt.Println(recover()) }()
		once.Do(func() { panic("once panic") })
	}()
	c := make(chan int)
	go func() {
		defer close(c)
		defer func() { recover() }()
		var p *T
		p.P()
	}()
	<-c
	defer os.Exit(5)
	defer func() {
		fmt.Println(recover())
	}()
	var arr []int
	_ = arr[len(os.Args)+5]
}
