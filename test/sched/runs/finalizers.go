// Finalizers, cleanups and weak pointers through collections, and the order they run in.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
	"weak"
)

type res struct {
	id   int
	next *res
	pad  [100]byte
}

func main() {
	var mu sync.Mutex
	var events []string
	note := func(s string) {
		mu.Lock()
		events = append(events, s)
		mu.Unlock()
	}
	var weaks []weak.Pointer[res]
	for round := range 4 {
		var keep []*res
		for i := range 12 {
			r := &res{id: round*100 + i}
			weaks = append(weaks, weak.Make(r))
			switch i % 3 {
			case 0:
				runtime.SetFinalizer(r, func(r *res) { note(fmt.Sprint("f", r.id)) })
			case 1:
				runtime.AddCleanup(r, func(id int) { note(fmt.Sprint("c", id)) }, r.id)
			}
			if i%4 == 0 {
				keep = append(keep, r)
			}
		}
		go func() {
			time.Sleep(time.Millisecond)
			note(fmt.Sprint("kept", len(keep)))
		}()
		runtime.GC()
		runtime.Gosched()
	}
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	alive := 0
	for _, w := range weaks {
		if w.Value() != nil {
			alive++
		}
	}
	mu.Lock()
	fmt.Println(events, alive)
}
