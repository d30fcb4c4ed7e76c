// Uses up memory or goroutines, each argument in a way of its own.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

type node struct {
	next *node
	pad  [6]int
}

var (
	keep [][]byte
	n    *node
)

func deep(n int) int {
	var a [100]int
	a[n%100] = n
	return deep(n+1) + a[0]
}

func main() {
	switch os.Args[1] {
	case "big":
		for {
			b := make([]byte, 10<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			keep = append(keep, b)
		}
	case "small":
		for {
			n = &node{next: n}
		}
	case "huge":
		keep = append(keep, make([]byte, 1<<40))
	case "goroutines":
		c := make(chan int)
		for i := 0; ; i++ {
			go func() { c <- i }()
		}
	case "thousand": // with main
		var wg sync.WaitGroup
		gate := make(chan bool)
		for range 999 {
			wg.Go(func() { <-gate })
		}
		close(gate)
		wg.Wait()
	case "stack":
		fmt.Println(deep(0))
	case "map":
		m := map[int]int{}
		for i := 0; ; i++ {
			m[i] = i
		}
	case "timers":
		for {
			time.AfterFunc(time.Hour, func() {})
		}
	case "churn": // 20 MB live: by its usual pace the collector would need twice as much
		for range 300000 {
			n = &node{next: n}
		}
		for i := range 3000 {
			keep = append(keep[:i%4], make([]byte, 1<<18))
		}
	}
	fmt.Println("ok")
}
