// A captured variable dies with the last use of it, though the frame of its closure lives on.
package main

import (
	"fmt"
	"runtime"
)

type object struct{ a, b [64]int }

func collected(done chan bool) bool {
	for range 100 {
		runtime.GC()
		select {
		case <-done:
			return true
		default:
			runtime.Gosched()
		}
	}
	return false
}

//go:noinline
func watched(done chan bool) *object {
	o := new(object)
	o.b[3] = 4
	runtime.SetFinalizer(o, func(*object) { done <- true })
	return o
}

// park waits in a frame whose context is not read any more.
func park(o *object, ready, leave chan bool, out chan int) {
	go func(ready, leave chan bool, out chan int) {
		out <- o.b[3]
		ready <- true
		<-leave
		out <- 5
	}(ready, leave, out)
}

// hold waits in a frame that reads its context again.
func hold(o *object, ready, leave chan bool, out chan int) {
	go func(ready, leave chan bool, out chan int) {
		out <- o.b[3]
		ready <- true
		<-leave
		out <- o.b[3] + 1
	}(ready, leave, out)
}

// looping: the context lives around the whole loop, and after it not.
func looping(o *object, ready, leave chan bool, out chan int) {
	go func(ready, leave chan bool, out chan int) {
		for i := range 3 {
			ready <- true
			<-leave
			out <- o.b[3] + i
		}
		ready <- true
		<-leave
		out <- 9
	}(ready, leave, out)
}

// called: the context is the closure that a call is made through, and dies with the call's start.
func called(o *object) func(ready, leave chan bool, out chan int) {
	return func(ready, leave chan bool, out chan int) {
		out <- o.b[3]
		ready <- true
		<-leave
	}
}

func main() {
	ready, leave, out, done := make(chan bool), make(chan bool), make(chan int, 8), make(chan bool, 1)
	park(watched(done), ready, leave, out)
	<-ready
	fmt.Println("parked:", <-out, collected(done))
	leave <- true
	fmt.Println(<-out)

	hold(watched(done), ready, leave, out)
	<-ready
	fmt.Println("held:", <-out, collected(done))
	leave <- true
	fmt.Println(<-out, collected(done))

	looping(watched(done), ready, leave, out)
	for range 3 {
		<-ready
		fmt.Print("looping: ", collected(done))
		leave <- true
		fmt.Println("", <-out)
	}
	<-ready
	fmt.Println("after the loop:", collected(done))
	leave <- true
	fmt.Println(<-out)

	go called(watched(done))(ready, leave, out)
	<-ready
	fmt.Println("called:", <-out, collected(done))
	leave <- true
}
