// A program with planted ordering bugs that usual schedules hide: the argument chooses one. Prints "ok" or what went
// wrong, and exits with 1 then.
package main

import (
	"fmt"
	"os"
	"sync"
)

type account struct {
	mu      sync.Mutex
	balance int
}

func (a *account) get() int  { a.mu.Lock(); defer a.mu.Unlock(); return a.balance }
func (a *account) set(n int) { a.mu.Lock(); defer a.mu.Unlock(); a.balance = n }

// lost: every access is locked, but read and write are two steps.
func lost() string {
	var a account
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { a.set(a.get() + 1) })
	}
	wg.Wait()
	if n := a.get(); n != 2 {
		return fmt.Sprintf("lost update: %d", n)
	}
	return "ok"
}

// early: the server may answer before its table is filled.
func early() string {
	table := map[string]int{}
	var mu sync.Mutex
	requests, answers := make(chan string), make(chan int)
	go func() {
		for q := range requests {
			mu.Lock()
			answers <- table[q]
			mu.Unlock()
		}
	}()
	go func() {
		mu.Lock()
		table["x"] = 7
		mu.Unlock()
	}()
	done := make(chan int)
	go func() { // "by now the table must be there"
		requests <- "x"
		done <- <-answers
	}()
	if n := <-done; n != 7 {
		return fmt.Sprintf("asked before the table was filled: %d", n)
	}
	return "ok"
}

type mailbox struct {
	mu    sync.Mutex
	shut  bool
	items []int
}

func (b *mailbox) open() bool { b.mu.Lock(); defer b.mu.Unlock(); return !b.shut }
func (b *mailbox) add(v int)  { b.mu.Lock(); defer b.mu.Unlock(); b.items = append(b.items, v) }
func (b *mailbox) close()     { b.mu.Lock(); defer b.mu.Unlock(); b.shut = true }
func (b *mailbox) all() []int { b.mu.Lock(); defer b.mu.Unlock(); return b.items }

// put answers whether the box takes v, in two steps: what is added after the box was emptied is lost.
func (b *mailbox) put(v int) bool {
	if !b.open() {
		return false
	}
	b.add(v)
	return true
}

// mirror: of two accepted copies one always arrives, as long as not both boxes lose theirs. The senders say
// that they begin and need some nanoseconds then, so that usual schedules let the closer run only after them.
func mirror() string {
	const n = 12
	accepted, arrived := [n]int{}, [n]bool{}
	for range 2 {
		var b mailbox
		begin := make(chan bool)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				begin <- true
				if b.put(i) {
					accepted[i]++
				}
			})
		}
		for range n {
			<-begin
		}
		b.close()
		for _, i := range b.all() {
			arrived[i] = true
		}
		wg.Wait()
	}
	for i := range n {
		if accepted[i] == 2 && !arrived[i] {
			return fmt.Sprintf("message %d was accepted and lost twice", i)
		}
	}
	return "ok"
}

func main() {
	result := map[string]func() string{"lost": lost, "early": early, "mirror": mirror}[os.Args[1]]()
	fmt.Println(result)
	if result != "ok" {
		os.Exit(1)
	}
}
