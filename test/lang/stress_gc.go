// Allocation, contexts and JSON on many goroutines while collections and GOMAXPROCS change.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
	"time"
)

type node struct {
	l, r *node
	v    []byte
}

func build(d int) *node {
	if d == 0 {
		return &node{v: make([]byte, 16)}
	}
	return &node{build(d - 1), build(d - 1), make([]byte, d)}
}
func (n *node) count() int {
	if n == nil {
		return 0
	}
	return 1 + n.l.count() + n.r.count()
}

func worker(ctx context.Context, id int, in <-chan int, out chan<- string) {
	for {
		select {
		case <-ctx.Done():
			return
		case x, ok := <-in:
			if !ok {
				return
			}
			c2, cancel := context.WithCancel(context.WithValue(ctx, "k", x))
			m := map[string]any{"id": id, "x": x, "n": build(x % 8).count(), "v": c2.Value("k")}
			b, err := json.Marshal(m)
			if err != nil {
				panic(err)
			}
			var back map[string]any
			if err := json.Unmarshal(b, &back); err != nil {
				panic(err)
			}
			cancel()
			if c2.Err() == nil {
				panic("not cancelled")
			}
			out <- fmt.Sprintf("%v:%v", back["x"], back["n"])
		}
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	in, out := make(chan int), make(chan string, 10)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() { defer wg.Done(); worker(ctx, i, in, out) }()
	}
	go func() {
		for i := range 3000 {
			in <- i
			if i%500 == 0 {
				runtime.GC()
				runtime.GOMAXPROCS(1 + i/500%4)
			}
		}
		close(in)
		wg.Wait()
		close(out)
	}()
	var all []string
	for s := range out {
		all = append(all, s)
	}
	sort.Strings(all)
	h := 0
	for _, c := range strings.Join(all, ",") {
		h = h*31 + int(c)
	}
	fmt.Println(len(all), h)
}
