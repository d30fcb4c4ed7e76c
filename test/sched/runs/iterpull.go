// iter.Pull coroutines, alone and from several goroutines.
package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
)

func count(from, to int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := from; i < to; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func zip[A, B any](a iter.Seq[A], b iter.Seq[B]) iter.Seq2[A, B] {
	return func(yield func(A, B) bool) {
		na, sa := iter.Pull(a)
		defer sa()
		nb, sb := iter.Pull(b)
		defer sb()
		for {
			x, ok := na()
			y, ok2 := nb()
			if !ok || !ok2 || !yield(x, y) {
				return
			}
		}
	}
}

func main() {
	var wg sync.WaitGroup
	out := make(chan string)
	for g := range 4 {
		wg.Go(func() {
			for a, b := range zip(count(g, 10+g), count(100, 108)) {
				out <- fmt.Sprint(g, "/", a, "/", b)
			}
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	for s := range out {
		fmt.Print(s, " ")
	}
	fmt.Println()
	m := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
	for a, b := range zip(maps.Keys(m), maps.Values(m)) {
		fmt.Print(a, b, " ")
	}
	fmt.Println(slices.Collect(maps.Keys(m)))
}
