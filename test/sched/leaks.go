// Goroutines that nothing can wake, and some that look like it. The argument says how it ends.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

var global = make(chan int)

type pair struct{ a, b chan string }

func main() {
	lost := make(chan int)
	go func() { lost <- 1 }() // leaked: main's frame is gone at the end

	full := make(chan [2]byte, 1)
	full <- [2]byte{}
	go func() { full <- [2]byte{} }() // leaked

	p := &pair{make(chan string), make(chan string, 3)}
	go func() { // leaked
		select {
		case <-p.a:
		case s := <-p.b:
			fmt.Println(s)
		}
	}()

	var mu sync.Mutex
	mu.Lock()
	go mu.Lock() // leaked
	cond := sync.NewCond(&sync.Mutex{})
	go func() { cond.L.Lock(); cond.Wait() }() // leaked
	var wg sync.WaitGroup
	wg.Add(1)
	go wg.Wait()                               // leaked
	go func() { var none chan bool; <-none }() // leaked
	go func() { select {} }()                  // leaked

	inner := make(chan error)
	go func() { // waits for a global channel, and so can wake the next one
		inner <- <-errs(global)
	}()
	go func() { <-inner }()
	held := make(chan bool)
	if len(os.Args) < 2 {
		go func() { time.Sleep(time.Hour); held <- true }()
	} else {
		go func() { <-global; held <- true }()
	}
	go func() { <-held }()
	for range 50 {
		time.Sleep(time.Millisecond)
	}
	switch {
	case len(os.Args) < 2:
		return
	case os.Args[1] == "exit":
		os.Exit(3)
	}
	<-lost2(lost)
}

func errs(c chan int) chan error {
	e := make(chan error)
	go func() { e <- fmt.Errorf("%d", <-c) }()
	return e
}

func lost2(chan int) chan int { return make(chan int) }
