// Goroutines end locked to their threads while the number of processors changes: what such a thread started or was to
// run next is not lost.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

func change() (sum int) {
	old := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	c := make(chan int)
	for i := range 3 {
		wg.Go(func() {
			runtime.LockOSThread()
			for range 10 {
				c <- i
			}
			if i == 1 {
				runtime.UnlockOSThread()
			}
		})
	}
	for k := range 30 {
		sum += <-c
		if k%10 == 5 {
			runtime.GOMAXPROCS(1 + k/10)
		}
	}
	runtime.GOMAXPROCS(old)
	for i := range 8 {
		wg.Go(func() {
			runtime.LockOSThread()
			starts := make(chan int)
			go func() { starts <- i }()
			<-starts
		})
	}
	for k := range 8 {
		runtime.GOMAXPROCS(1 + k%4)
		wg.Go(runtime.Gosched)
	}
	wg.Wait()
	runtime.GOMAXPROCS(old)
	return sum
}

func main() {
	time.AfterFunc(40*time.Second, func() {
		fmt.Println("a round does not end")
		os.Exit(1)
	})
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		if sum := change(); sum != 30 {
			fmt.Println("sum", sum)
		}
	}
	fmt.Println("ok")
}

// want: ok
