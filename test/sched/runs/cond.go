// A bounded queue on condition variables.
package main

import (
	"fmt"
	"sync"
)

type queue struct {
	mu                sync.Mutex
	notFull, notEmpty *sync.Cond
	items             []int
	closed            bool
}

func (q *queue) put(v int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 3 {
		q.notFull.Wait()
	}
	q.items = append(q.items, v)
	q.notEmpty.Signal()
}

func (q *queue) get() (int, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.notEmpty.Wait()
	}
	if len(q.items) == 0 {
		return 0, false
	}
	v := q.items[0]
	q.items = q.items[1:]
	q.notFull.Signal()
	return v, true
}

func main() {
	q := &queue{}
	q.notFull, q.notEmpty = sync.NewCond(&q.mu), sync.NewCond(&q.mu)
	var producers, consumers sync.WaitGroup
	got := make([][]int, 4)
	for c := range got {
		consumers.Go(func() {
			for {
				v, ok := q.get()
				if !ok {
					return
				}
				got[c] = append(got[c], v)
			}
		})
	}
	for p := range 3 {
		producers.Go(func() {
			for i := range 20 {
				q.put(p*100 + i)
			}
		})
	}
	producers.Wait()
	q.mu.Lock()
	q.closed = true
	q.notEmpty.Broadcast()
	q.mu.Unlock()
	consumers.Wait()
	for _, g := range got {
		fmt.Println(g)
	}
}
