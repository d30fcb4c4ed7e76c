// Contended mutexes and TryLock: who gets in, in which order.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func main() {
	var mu, other sync.Mutex
	var wg sync.WaitGroup
	var order []int
	missed := 0
	for g := range 8 {
		wg.Go(func() {
			for i := range 12 {
				mu.Lock()
				order = append(order, g)
				if i%3 == 0 {
					runtime.Gosched()
				}
				mu.Unlock()
				if other.TryLock() {
					for range g {
						runtime.Gosched()
					}
					other.Unlock()
				} else {
					mu.Lock()
					missed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	fmt.Println(order, missed)
}
