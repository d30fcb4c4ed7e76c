// Many timers that come due while several workers look at the wheel: each fires once, none that was put off or stopped in
// time fires early, sleepers wake in the order of their deadlines to within what a busy machine does.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

func flood(n int) {
	var wg sync.WaitGroup
	var fired atomic.Int64
	wg.Add(n)
	x := uint32(12345)
	for i := 0; i < n; i++ {
		x = x*1664525 + 1013904223
		time.AfterFunc(time.Duration(x>>12), func() { fired.Add(1); wg.Done() })
	}
	wg.Wait()
	fmt.Println("fired", fired.Load())
}

// Timers are put off or stopped when they are just due. What Reset or Stop found active must not run for the old deadline.
func putOff(n int) {
	var early, missed atomic.Int64
	var wg sync.WaitGroup
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < n; i++ {
				ran := make(chan bool, 1)
				t := time.AfterFunc(time.Duration(i%64)*time.Microsecond, func() { ran <- true })
				for k := 0; k < i%50*20; k++ {
					_ = k
				}
				var active bool
				if i%2 == 0 {
					active = t.Reset(time.Hour)
				} else {
					active = t.Stop()
				}
				if !active {
					select {
					case <-ran:
					case <-time.After(10 * time.Second):
						missed.Add(1)
					}
				}
				if i%100 == 0 {
					time.Sleep(50 * time.Microsecond)
				}
				if active && len(ran) > 0 {
					early.Add(1)
				}
				t.Stop()
			}
		}()
	}
	wg.Wait()
	fmt.Println("early", early.Load(), "missed", missed.Load())
}

func sleepers(n int) {
	var wg sync.WaitGroup
	var early atomic.Int64
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			d := time.Duration(i%1000) * 100 * time.Microsecond
			t := time.Now()
			time.Sleep(d)
			if time.Since(t) < d {
				early.Add(1)
			}
			wg.Done()
		}()
	}
	wg.Wait()
	fmt.Println("early", early.Load())
}

func main() {
	flood(100000)
	putOff(3000)
	sleepers(50000)
}
