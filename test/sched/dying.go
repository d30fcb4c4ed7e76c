// Eight goroutines panic at the same time: the first to get there reports, the others wait for the end.
package main

import "sync"

func main() {
	var wg sync.WaitGroup
	wg.Add(8)
	for range 8 {
		go func() {
			defer wg.Done()
			defer func() { panic(recover()) }()
			panic("one\nmore")
		}()
	}
	select {}
}
