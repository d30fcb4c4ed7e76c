// sync.Map, Pool, Once values and atomics under competition.
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	var m sync.Map
	var wg sync.WaitGroup
	var first, swaps atomic.Int64
	pool := sync.Pool{New: func() any { return new([64]byte) }}
	value := sync.OnceValue(func() int { return int(first.Load()) })
	for g := range 6 {
		wg.Go(func() {
			for i := range 20 {
				b := pool.Get().(*[64]byte)
				b[0]++
				if _, loaded := m.LoadOrStore(i%7, g); !loaded {
					first.Add(int64(g))
				}
				if m.CompareAndSwap(i%5, g, g+1) {
					swaps.Add(1)
				}
				if i == g {
					m.Delete(i)
				}
				if i == 10 {
					fmt.Println(g, "value", value(), b[0])
				}
				pool.Put(b)
			}
		})
	}
	wg.Wait()
	m.Range(func(k, v any) bool { fmt.Print(k, "=", v, " "); return true })
	fmt.Println(first.Load(), swaps.Load())
}
