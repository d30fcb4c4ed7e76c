// Soak: goroutines that spawn, park, select, sleep, lock and talk over loopback sockets, with collections in
// between, for SOAK_SECONDS; every round checks counts and sums. Now and then a burst of SOAK_BURST goroutines
// (1000000), after which resident memory may be 20 % (at least 8 MB) above what it was before. Prints "soak ok" at the
// end; panics when something is not as it must be.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func env(name string, value int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return value
}

func must(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func resident() int { // KB
	data, err := os.ReadFile("/proc/self/status")
	check(err)
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			check(err)
			return n
		}
	}
	panic("no VmRSS")
}

// tree spawns a tree of goroutines and counts its nodes over channels.
func tree(depth int) int {
	if depth == 0 {
		return 1
	}
	c := make(chan int, depth%2)
	for range 3 {
		go func() { c <- tree(depth - 1) }()
	}
	return 1 + <-c + <-c + <-c
}

// pipeline sends n numbers through stages that select between data and a stop that never comes.
func pipeline(n, stages int) {
	stop := make(chan bool)
	first := make(chan int)
	in := first
	for s := range stages {
		from, out := in, make(chan int, s%3)
		go func() {
			defer close(out)
			for {
				select {
				case v, ok := <-from:
					if !ok {
						return
					}
					out <- v + 1
				case <-stop:
					return
				}
			}
		}()
		in = out
	}
	go func() {
		for i := range n {
			first <- i
		}
		close(first)
	}()
	sum, count := 0, 0
	for v := range in {
		sum += v
		count++
	}
	must(count == n && sum == n*(n-1)/2+n*stages, "pipeline: %d values, sum %d", count, sum)
}

// locks counts under every kind of lock.
func locks(workers, each int) {
	var mu sync.Mutex
	var rw sync.RWMutex
	var once sync.Once
	var plain, shared, onces int
	var atomics atomic.Int64
	cond := sync.NewCond(&mu)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				mu.Lock()
				plain++
				if plain == workers*each {
					cond.Broadcast()
				}
				mu.Unlock()
				if i%4 == 0 {
					rw.Lock()
					shared++
					rw.Unlock()
				} else {
					rw.RLock()
					_ = shared
					rw.RUnlock()
				}
				atomics.Add(1)
				once.Do(func() { onces++ })
				if (i+w)%16 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	mu.Lock()
	for plain < workers*each {
		cond.Wait()
	}
	mu.Unlock()
	wg.Wait()
	must(plain == workers*each && shared == workers*((each+3)/4) && onces == 1 && atomics.Load() == int64(plain),
		"locks: %d %d %d", plain, shared, onces)
}

// timers: nothing fires early, stopped ones never, everything else once.
func timers(n int) {
	var fired atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		d := time.Duration(i%20) * time.Millisecond
		start := time.Now()
		wg.Add(1)
		switch i % 4 {
		case 0:
			go func() {
				time.Sleep(d)
				must(time.Since(start) >= d, "sleep: too early")
				fired.Add(1)
				wg.Done()
			}()
		case 1:
			time.AfterFunc(d, func() {
				must(time.Since(start) >= d, "AfterFunc: too early")
				fired.Add(1)
				wg.Done()
			})
		case 2:
			t := time.AfterFunc(time.Hour, func() { panic("a stopped timer fired") })
			must(t.Stop(), "Stop of a pending timer")
			fired.Add(1)
			wg.Done()
		case 3:
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), d)
				defer cancel()
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
					panic("context: no timeout")
				}
				fired.Add(1)
				wg.Done()
			}()
		}
	}
	wg.Wait()
	must(fired.Load() == int64(n), "timers: %d of %d", fired.Load(), n)
	tick := time.NewTicker(time.Millisecond)
	for range 5 {
		<-tick.C
	}
	tick.Stop()
}

var connections atomic.Int64

// sockets: echo over loopback; what comes back is what was sent, deadlines pass.
func sockets(clients, messages int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	var servers, wg sync.WaitGroup
	servers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			servers.Go(func() {
				io.Copy(c, c)
				c.Close()
			})
		}
	})
	for k := range clients {
		wg.Go(func() {
			c, err := net.Dial("tcp", l.Addr().String())
			check(err)
			connections.Add(1)
			buf := make([]byte, 64)
			for i := range messages {
				out := fmt.Sprintf("%d:%d", k, i)
				_, err = c.Write([]byte(out))
				check(err)
				_, err = io.ReadFull(c, buf[:len(out)])
				check(err)
				must(string(buf[:len(out)]) == out, "echo: %q for %q", buf[:len(out)], out)
			}
			check(c.SetReadDeadline(time.Now().Add(2 * time.Millisecond)))
			_, err = c.Read(buf)
			must(os.IsTimeout(err), "read past the deadline: %v", err)
			check(c.Close())
		})
	}
	wg.Wait()
	check(l.Close())
	servers.Wait()
}

type node struct {
	left, right *node
	value       int
}

func grow(depth int) *node {
	if depth == 0 {
		return &node{value: 1}
	}
	return &node{grow(depth - 1), grow(depth - 1), 1}
}

func (n *node) sum() int {
	if n == nil {
		return 0
	}
	return n.left.sum() + n.right.sum() + n.value
}

// garbage: structures that parked goroutines hold alive through collections.
func garbage(workers int) {
	results, gate := make(chan int), make(chan bool)
	for range workers {
		go func() {
			t := grow(8)
			<-gate
			results <- t.sum()
		}()
	}
	runtime.GC()
	close(gate)
	for range workers {
		must(<-results == 1<<9-1, "garbage: a tree lost nodes")
	}
}

// burst parks n goroutines at once, wakes them all and adds up what they say.
func burst(n int) {
	gate := make(chan bool)
	var sum atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-gate
			sum.Add(int64(i))
		})
	}
	close(gate)
	wg.Wait()
	must(sum.Load() == int64(n)*int64(n-1)/2, "burst: sum %d", sum.Load())
}

// settle waits until only these goroutines are left.
func settle(want int) {
	for range 2000 {
		if runtime.NumGoroutine() <= want {
			return
		}
		time.Sleep(time.Millisecond)
	}
	must(false, "%d goroutines are left, want %d", runtime.NumGoroutine(), want)
}

func burstMemory(n int) (before, after int) {
	debug.FreeOSMemory()
	before = resident()
	burst(n)
	settle(2)
	debug.FreeOSMemory()
	return before, resident()
}

func main() {
	seconds, size := env("SOAK_SECONDS", 1800), env("SOAK_BURST", 1000000)
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	stop, stopped := make(chan bool), make(chan int)
	go func() { // a goroutine that lives through everything
		n := 0
		for {
			select {
			case <-stop:
				stopped <- n
				return
			case <-time.After(10 * time.Millisecond):
				n++
			}
		}
	}()
	rounds, bursts := 0, 0
	nextBurst := time.Now().Add(time.Duration(seconds) * time.Second / 20)
	for time.Now().Before(end) {
		var wg sync.WaitGroup
		wg.Go(func() { must(tree(6) == 1093, "tree") })
		wg.Go(func() { pipeline(200, 20) })
		wg.Go(func() { locks(20, 100) })
		wg.Go(func() { timers(200) })
		wg.Go(func() { sockets(8, 20) })
		wg.Go(func() { garbage(20) })
		wg.Wait()
		settle(2)
		rounds++
		if bursts == 0 && rounds >= 3 || bursts > 0 && time.Now().After(nextBurst) {
			before, after := burstMemory(size)
			must(after <= before+max(before/5, 8<<10), "resident memory: %d KB before a burst, %d KB after it", before, after)
			bursts++
			nextBurst = time.Now().Add(time.Duration(seconds) * time.Second / 10)
		}
	}
	close(stop)
	ticks := <-stopped
	must(ticks > rounds/2, "only %d ticks in %d rounds", ticks, rounds)
	settle(1)
	must(connections.Load() == int64(rounds)*8, "%d connections in %d rounds", connections.Load(), rounds)
	fmt.Fprintf(os.Stderr, "%d rounds, %d bursts of %d, %d ticks, %d KB\n", rounds, bursts, size, ticks, resident())
	fmt.Println("soak ok")
}
