package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
)

// Children are started while other goroutines compute, allocate and are preempted: none of them may run in a child.
var sink atomic.Pointer[[]byte]

func main() {
	self := os.Getpid()
	stop := make(chan bool)
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				b := make([]byte, 10000)
				sink.Store(&b)
				if os.Getpid() != self {
					fmt.Println("a goroutine runs in the child")
					os.Exit(3)
				}
			}
		}()
	}
	for i := 0; i < 200; i++ {
		if err := exec.Command("/bin/true").Run(); err != nil {
			fmt.Println("run", i, err)
		}
		runtime.Gosched()
	}
	close(stop)
	wg.Wait()
	fmt.Println("done")
}
