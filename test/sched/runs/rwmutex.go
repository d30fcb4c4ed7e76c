// Readers and writers: what each reader saw.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

type store struct {
	sync.RWMutex
	values map[string]int
}

func main() {
	s := store{values: map[string]int{}}
	var wg sync.WaitGroup
	seen := make([][]int, 6)
	for r := range seen {
		wg.Go(func() {
			for range 15 {
				s.RLock()
				seen[r] = append(seen[r], len(s.values), s.values["k3"])
				runtime.Gosched()
				s.RUnlock()
			}
		})
	}
	for w := range 3 {
		wg.Go(func() {
			for i := range 10 {
				s.Lock()
				s.values[fmt.Sprint("k", (i*w)%7)] += i
				s.Unlock()
			}
		})
	}
	wg.Wait()
	for _, v := range seen {
		fmt.Println(v)
	}
	for k, v := range s.values {
		fmt.Print(k, "=", v, " ")
	}
	fmt.Println()
}
