// Philosophers with a table of channels, a counting semaphore and a barrier.
package main

import (
	"fmt"
	"strings"
	"sync"
)

func main() {
	const n = 5
	var forks [n]chan bool
	for i := range forks {
		forks[i] = make(chan bool, 1)
		forks[i] <- true
	}
	seats := make(chan struct{}, n-1)
	var log []string
	var mu sync.Mutex
	note := func(s string) {
		mu.Lock()
		log = append(log, s)
		mu.Unlock()
	}
	var wg, barrier sync.WaitGroup
	barrier.Add(n)
	for i := range n {
		wg.Go(func() {
			barrier.Done()
			barrier.Wait()
			for k := range 6 {
				seats <- struct{}{}
				<-forks[i]
				select {
				case <-forks[(i+1)%n]:
					note(fmt.Sprint(i, "+"))
				default:
					note(fmt.Sprint(i, "w"))
					<-forks[(i+1)%n]
				}
				note(fmt.Sprint(i, ":", k))
				forks[i] <- true
				forks[(i+1)%n] <- true
				<-seats
			}
		})
	}
	wg.Wait()
	fmt.Println(strings.Join(log, " "))
}
