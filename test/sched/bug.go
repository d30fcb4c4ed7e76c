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

func main() {
	result := map[string]func() string{"lost": lost, "early": early}[os.Args[1]]()
	fmt.Println(result)
	if result != "ok" {
		os.Exit(1)
	}
}
