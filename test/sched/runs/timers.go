// Sleeps, timers, tickers, time.After and clocks, many of them due at the same time.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	start := time.Now()
	var mu sync.Mutex
	var wg sync.WaitGroup
	note := func(what string, args ...any) {
		mu.Lock()
		fmt.Println(time.Since(start), what, fmt.Sprint(args...))
		mu.Unlock()
	}
	for i := range 5 {
		wg.Go(func() {
			time.Sleep(time.Duration(10-i%3) * time.Millisecond)
			note("slept", i)
		})
		wg.Add(1)
		time.AfterFunc(9*time.Millisecond, func() {
			note("func", i)
			wg.Done()
		})
	}
	wg.Go(func() {
		t := time.NewTicker(3 * time.Millisecond)
		defer t.Stop()
		stop := time.After(20 * time.Millisecond)
		for {
			select {
			case at := <-t.C:
				note("tick", at.Sub(start))
			case <-stop:
				note("stop")
				return
			}
		}
	})
	wg.Go(func() {
		t := time.NewTimer(5 * time.Millisecond)
		for i := range 5 {
			if t.Reset(time.Duration(i+2) * time.Millisecond) {
				note("was pending", i)
			}
			if i%2 == 0 {
				<-t.C
				note("timer", i)
			}
		}
		note("stopped", t.Stop())
	})
	for n := 0; time.Since(start) < 2*time.Millisecond; n++ { // a busy wait
		if n%50 == 0 {
			note("busy", n)
		}
	}
	wg.Wait()
	fmt.Println(start.UTC(), time.Now().UTC())
}
