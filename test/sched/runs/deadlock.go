// Ends in a deadlock: its report is the same too.
package main

import (
	"fmt"
	"sync"
	"time"
)

func main() {
	a, b := make(chan int), make(chan int)
	var mu sync.Mutex
	mu.Lock()
	for i := range 5 {
		go func() {
			time.Sleep(time.Duration(i%2) * time.Millisecond)
			select {
			case a <- i:
				fmt.Println(i, "sent")
				mu.Lock()
			case v := <-b:
				fmt.Println(i, "got", v)
			}
		}()
	}
	fmt.Println(<-a)
	b <- 1
	time.Sleep(time.Second)
	<-b
}
