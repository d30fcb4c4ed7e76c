// Goroutines that sleep, lock and select in whatever order the schedule gives: prints that order.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var order []int
	a, b := make(chan int), make(chan int, 2)
	done := make(chan bool)
	go func() {
		for n := 0; n < 12; n++ {
			select {
			case v := <-a:
				order = append(order, v)
			case v := <-b:
				order = append(order, -v)
			}
		}
		close(done)
	}()
	for i := range 6 {
		wg.Go(func() {
			for k := range 3 {
				if i%2 == 0 {
					time.Sleep(time.Duration(i+k) * time.Millisecond)
				}
				mu.Lock()
				order = append(order, 100+i)
				mu.Unlock()
			}
			a <- i
			b <- i
		})
	}
	<-done
	wg.Wait()
	m := map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true}
	for k := range m {
		order = append(order, 200+k)
	}
	fmt.Println(order, time.Now().UTC())
}
