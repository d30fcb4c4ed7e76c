// Much garbage from several goroutines: when collections happen and where objects lie.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

type tree struct {
	left, right *tree
	name        string
}

func grow(d int) *tree {
	if d == 0 {
		return nil
	}
	return &tree{grow(d - 1), grow(d - 1), fmt.Sprint("n", d)}
}

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range 3 {
		wg.Go(func() {
			var kept [3]*tree
			var big [][]byte
			for i := range 8 {
				kept[i%3] = grow(9)
				big = append(big[:i%2], make([]byte, 100000))
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				mu.Lock()
				fmt.Printf("%d %d %p %p gc %d live %d mallocs %d\n", g, i, kept[i%3], &big[0][0], s.NumGC, s.HeapAlloc, s.Mallocs)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
