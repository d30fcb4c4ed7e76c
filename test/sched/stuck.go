// Programs that get stuck in usual ways; the argument chooses one.
package main

import (
	"errors"
	"os"
	"sync"
	"time"
)

type account struct {
	mu      sync.Mutex
	balance int
}

func transfer(from, to *account, n int) {
	from.mu.Lock()
	time.Sleep(time.Millisecond)
	to.mu.Lock()
	from.balance, to.balance = from.balance-n, to.balance+n
	to.mu.Unlock()
	from.mu.Unlock()
}

// locks: two transfers take two locks in different orders.
func locks() {
	a, b := new(account), new(account)
	var wg sync.WaitGroup
	wg.Go(func() { transfer(a, b, 1) })
	wg.Go(func() { transfer(b, a, 2) })
	wg.Wait()
}

// results: the first error ends the reader, the other workers cannot send theirs.
func results() error {
	errs := make(chan error)
	for i := range 3 {
		go func() {
			if i > 0 {
				time.Sleep(time.Duration(i) * time.Millisecond)
			}
			errs <- errors.New("failed")
		}()
	}
	return <-errs
}

// jobs: the producer forgets to close.
func jobs() {
	c := make(chan int)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for range c {
			}
		})
	}
	for i := range 3 {
		c <- i
	}
	wg.Wait()
}

// closer: a worker returns without Done, so the goroutine that should close never does.
func closer() {
	out := make(chan int)
	var wg sync.WaitGroup
	wg.Add(2)
	for i := range 2 {
		go func() {
			out <- i
			if i == 0 {
				wg.Done()
			}
		}()
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	for range out {
	}
}

// request: the server answers to a client that has gone.
func request() {
	type ask struct{ reply chan string }
	server, gone := make(chan ask), make(chan bool)
	go func() {
		for q := range server {
			time.Sleep(2 * time.Millisecond)
			q.reply <- "late"
		}
	}()
	go func() {
		q := ask{make(chan string)}
		server <- q
		select {
		case <-q.reply:
		case <-time.After(time.Millisecond):
		}
		close(gone)
	}()
	<-gone
	server <- ask{make(chan string)}
}

func main() {
	switch os.Args[1] {
	case "locks":
		locks()
	case "results":
		results()
	case "jobs":
		jobs()
	case "closer":
		closer()
	case "request":
		request()
	}
	time.Sleep(20 * time.Millisecond)
}
