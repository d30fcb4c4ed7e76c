// Selects with several ready cases, sends and receives mixed, defaults, nil channels.
package main

import (
	"fmt"
	"sync"
)

func main() {
	var cs [5]chan int
	for i := range cs {
		cs[i] = make(chan int, i)
	}
	out := make(chan string, 100)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			for i := range 20 {
				select {
				case cs[0] <- i:
					out <- fmt.Sprint(g, "s0")
				case v := <-cs[0]:
					out <- fmt.Sprint(g, "r0:", v)
				case cs[3] <- i:
					out <- fmt.Sprint(g, "s3")
				case v := <-cs[3]:
					out <- fmt.Sprint(g, "r3:", v)
				case cs[4] <- g:
				case v := <-cs[4]:
					out <- fmt.Sprint(g, "r4:", v)
				}
			}
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	n := 0
	for s := range out {
		fmt.Print(s, " ")
		if n++; n%20 == 0 {
			fmt.Println()
		}
	}
	var none chan int
	counts := [3]int{}
	a, b := make(chan bool, 1), make(chan bool, 1)
	for range 200 {
		select {
		case a <- true:
			counts[0]++
		case b <- true:
			counts[1]++
		case <-none:
		default:
			counts[2]++
			<-a
			<-b
		}
	}
	fmt.Println(counts)
}
