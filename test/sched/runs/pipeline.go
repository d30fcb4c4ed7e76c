// A prime sieve and a chain of stages over unbuffered channels.
package main

import "fmt"

func filter(in <-chan int, out chan<- int, prime int) {
	for {
		if i := <-in; i%prime != 0 {
			out <- i
		}
	}
}

func main() {
	numbers := make(chan int)
	go func() {
		for i := 2; ; i++ {
			numbers <- i
		}
	}()
	var stage <-chan int = numbers
	for range 12 {
		p := <-stage
		fmt.Print(p, " ")
		next := make(chan int)
		go filter(stage, next, p)
		stage = next
	}
	fmt.Println()

	merged := make(chan string)
	for w := range 4 {
		go func() {
			for i := range 10 {
				merged <- fmt.Sprint(w, ":", i)
			}
		}()
	}
	for range 40 {
		fmt.Print(<-merged, " ")
	}
	fmt.Println()
}
