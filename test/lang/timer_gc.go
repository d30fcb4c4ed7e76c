package main

import (
	"fmt"
	"runtime"
	"time"
)

// Armed timers whose channel nobody can reach any more are garbage; those that somebody waits for, or that call a
// function, are not.
func objects() int {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return int(s.HeapObjects)
}

func main() {
	before := objects()
	for i := 0; i < 10000; i++ {
		time.After(time.Hour)
		time.NewTicker(time.Hour)
	}
	if n := objects() - before; n > 5000 {
		fmt.Println("timers stay:", n)
	}
	called := make(chan bool)
	time.AfterFunc(20*time.Millisecond, func() { called <- true })
	waited := make(chan bool)
	go func() {
		<-time.After(20 * time.Millisecond)
		waited <- true
	}()
	c := time.NewTicker(20 * time.Millisecond).C
	objects()
	<-c
	objects()
	fmt.Println(<-called, <-waited)
	<-c
	fmt.Println("done")
}
