// Goroutines locked to their thread: LockOSThread, nesting, ending without unlocking, iter.Pull.
package main

import (
	"fmt"
	"iter"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func main() {
	runtime.GOMAXPROCS(3)
	// Others spin and block, so that goroutines move between threads.
	stop := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.Gosched()
				}
			}
		}()
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	tids := map[int]int{}
	moved := 0
	ping, pong := make(chan int), make(chan int)
	locked := func(n int, step func(i int)) {
		defer wg.Done()
		runtime.LockOSThread()
		runtime.LockOSThread()
		runtime.UnlockOSThread() // still locked
		tid := syscall.Gettid()
		mu.Lock()
		tids[tid]++
		mu.Unlock()
		for i := 0; i < n; i++ {
			step(i)
			if syscall.Gettid() != tid {
				mu.Lock()
				moved++
				mu.Unlock()
			}
		}
		// ends locked: the thread ends too
	}
	wg.Add(5)
	go locked(300, func(i int) { ping <- i; <-pong })
	go locked(300, func(i int) { pong <- <-ping })
	go locked(100, func(i int) { runtime.Gosched() })
	go locked(20, func(i int) { time.Sleep(100 * time.Microsecond) })
	go locked(20, func(i int) { syscall.Nanosleep(&syscall.Timespec{Nsec: 300000}, nil); runtime.GC() })
	wg.Wait()
	close(stop)
	fmt.Println("moved", moved, "threads", len(tids))

	dead := 0
	for i := 0; i < 20; i++ {
		done := make(chan int)
		go func() { done <- syscall.Gettid() }()
		tid := <-done
		mu.Lock()
		dead += tids[tid]
		mu.Unlock()
	}
	fmt.Println("ended threads that ran again:", dead)

	runtime.LockOSThread()
	tid := syscall.Gettid()
	same := true
	next, end := iter.Pull(func(yield func(int) bool) {
		for i := 0; i < 5; i++ {
			same = same && syscall.Gettid() == tid
			if !yield(i) {
				return
			}
		}
	})
	sum := 0
	for v, ok := next(); ok; v, ok = next() {
		sum += v
		same = same && syscall.Gettid() == tid
	}
	end()
	fmt.Println("iterator", sum, "on one thread:", same)
	runtime.UnlockOSThread()
	runtime.UnlockOSThread() // of nothing
}
