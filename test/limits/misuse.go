// Misuse of the language's and the library's primitives, one way for each argument: how the program ends.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

type big [1 << 20]int

var (
	zero   int
	minus  = -1
	huge   = 1 << 62
	nilMap map[string]int
	sink   any
)

//go:noinline
func recursive(n int, pad [100]int) int {
	if n == -5 {
		return 0
	}
	pad[n&63] = n
	return recursive(n+1, pad) + pad[3]
}

type myError struct{ code int }

func (e myError) Error() string { return fmt.Sprint("my error ", e.code) }

type stringer struct{ s string }

func (s stringer) String() string { return "<" + s.s + ">" }

type named string

func try(what string, f func()) {
	defer func() {
		r := recover()
		if e, ok := r.(runtime.Error); ok {
			fmt.Printf("%s: %v\n", what, e.Error())
		} else {
			fmt.Printf("%s: %v (%T)\n", what, r, r)
		}
	}()
	f()
}

// What can be recovered: all of them in one run.
func recovered() {
	var c chan int
	try("close nil", func() { close(c) })
	try("close closed", func() { c := make(chan int); close(c); close(c) })
	try("send closed", func() { c := make(chan int); close(c); c <- 1 })
	try("select send closed", func() {
		c := make(chan int)
		close(c)
		select {
		case c <- 1:
		default:
		}
	})
	try("send closed while waiting", func() {
		c := make(chan int)
		go func() { time.Sleep(time.Millisecond); close(c) }()
		c <- 1
	})
	try("nil map", func() { nilMap["a"] = 1 })
	try("nil map add", func() { nilMap["a"]++ })
	try("makeslice", func() { sink = make([]int, minus) })
	try("makeslice huge", func() { sink = make([]int, huge) })
	try("makeslice huge elements", func() { sink = make([]big, 1<<44>>zero) })
	try("makeslice cap", func() { sink = make([]int, 0, minus) })
	try("makeslice len cap", func() { sink = make([]int, 2-minus, 2) })
	try("makechan", func() { sink = make(chan int, minus) })
	try("makechan huge", func() { sink = make(chan int, huge) })
	try("makemap", func() { sink = make(map[int]int, minus); fmt.Print("ok ") })
	try("waitgroup", func() { var wg sync.WaitGroup; wg.Add(-1) })
	try("waitgroup done", func() { var wg sync.WaitGroup; wg.Done() })
	try("cond copied", func() {
		c := sync.NewCond(&sync.Mutex{})
		c.Signal()
		d := *c
		d.Broadcast()
	})
	try("ticker", func() { time.NewTicker(0) })
	try("timer reset", func() { var t time.Timer; t.Reset(1) })
	try("timer stop", func() { var t time.Timer; t.Stop() })
	try("divide", func() { sink = 1 / zero })
	try("index", func() { a := []int{1, 2}; sink = a[5+zero] })
	try("index minus", func() { a := []int{1, 2}; sink = a[minus] })
	try("slice", func() { a := []int{1, 2}; sink = a[2 : 5+zero] })
	try("slice order", func() { a := []int{1, 2}; sink = a[2+zero : 1] })
	try("slice3", func() { a := []int{1, 2}; sink = a[0 : 1 : 9+zero] })
	try("string index", func() { sink = "abc"[7+zero] })
	try("string slice", func() { sink = "abc"[2+zero : 1] })
	try("array pointer", func() { a := []int{1}; sink = [4]int(a) })
	try("nil pointer", func() { var p *big; sink = p[3] })
	try("nil func", func() { var f func(); f() })
	try("assert", func() { sink = 1; _ = sink.(string) })
	try("assert nil", func() { sink = nil; _ = sink.(string) })
	try("assert interface", func() { sink = 1; _ = sink.(error) })
	try("compare", func() { sink = []int{}; _ = sink == sink })
	try("map key", func() { m := map[any]int{}; m[[]int{}] = 1 })
	try("shift", func() { sink = 1 << minus })
	try("panic nil", func() { panic(nil) })
	try("error", func() { panic(myError{7}) })
	try("stringer", func() { panic(stringer{"x"}) })
	try("repeat", func() { panic(fmt.Sprint("a", 1)) })
	try("goexit", func() { go func() { runtime.Goexit() }() })
}

func mapRace() {
	m := map[int]int{}
	go func() {
		for {
			m[1] = 1
		}
	}()
	for {
		m[2] = 2
	}
}

func mapIterRace() {
	m := map[int]int{}
	for i := range 1000 {
		m[i] = i
	}
	go func() {
		for i := 0; ; i++ {
			m[i%5000]++
		}
	}()
	for {
		for k := range m {
			sink = k
		}
	}
}

func mapReadRace() {
	m := map[int]int{}
	go func() {
		for i := 0; ; i++ {
			m[i%5000] = i
		}
	}()
	for i := 0; ; i++ {
		sink = m[i%5000]
	}
}

func main() {
	var mu sync.Mutex
	var rw sync.RWMutex
	switch os.Args[1] {
	case "recovered":
		recovered()
	case "unlock":
		mu.Unlock()
	case "unlock twice":
		mu.Lock()
		mu.Unlock()
		defer func() { fmt.Println("not recovered:", recover()) }()
		mu.Unlock()
	case "rwunlock":
		rw.Unlock()
	case "runlock":
		rw.RUnlock()
	case "runlock of locked":
		rw.Lock()
		rw.RUnlock()
	case "map writes":
		mapRace()
	case "map iteration":
		mapIterRace()
	case "map read":
		mapReadRace()
	case "deadlock receive":
		<-make(chan int)
	case "deadlock nil channel":
		var c chan int
		c <- 1
	case "deadlock select":
		select {}
	case "deadlock mutex":
		mu.Lock()
		mu.Lock()
	case "deadlock rwmutex":
		rw.RLock()
		rw.Lock()
	case "deadlock waitgroup":
		var wg sync.WaitGroup
		wg.Add(1)
		wg.Wait()
	case "deadlock cond":
		c := sync.NewCond(&mu)
		mu.Lock()
		c.Wait()
	case "deadlock main goexit":
		go func() { fmt.Println("other") }()
		runtime.Goexit()
	case "deadlock several":
		c := make(chan int)
		go func() { mu.Lock(); mu.Lock() }()
		go func() { <-c }()
		time.Sleep(10 * time.Millisecond)
		c = nil
		<-c
	case "stack overflow":
		fmt.Println(recursive(0, [100]int{}))
	case "panic":
		panic("main")
	case "panic goroutine":
		go func() {
			for i := range 3 {
				fmt.Println("line", i)
			}
			panic(myError{3})
		}()
		time.Sleep(time.Second)
	case "panic error":
		panic(myError{3})
	case "panic stringer":
		panic(stringer{"s"})
	case "panic named":
		panic(named("n"))
	case "panic int":
		panic(42)
	case "panic float":
		panic(1.5)
	case "panic struct":
		panic(struct{ a, b int }{1, 2})
	case "panic pointer":
		panic(new(int))
	case "panic multi-line":
		panic("two\nlines")
	case "panic goexit":
		defer func() { panic("second") }()
		runtime.Goexit()
	case "panic again":
		defer func() {
			defer func() { panic("third") }()
			panic("second")
		}()
		panic("first")
	case "panic recovered again":
		defer func() {
			r := recover()
			panic(r)
		}()
		panic("first")
	case "panic nil":
		panic(nil)
	case "nil pointer":
		var p *big
		fmt.Println(p[zero])
	case "nil method":
		var e error
		fmt.Println(e.Error())
	case "index":
		fmt.Println([]int{1}[3+zero])
	case "exit":
		defer fmt.Println("never")
		os.Exit(7)
	case "waitgroup":
		var wg sync.WaitGroup
		wg.Done()
	case "oncefunc":
		f := sync.OnceFunc(func() { panic("once") })
		defer f()
		f()
	}
}
