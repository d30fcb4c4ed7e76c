// Soak: goroutines that spawn, park, select, sleep, lock and talk over loopback sockets and pipes, with collections,
// finalizers, coroutines, locked threads and changes of GOMAXPROCS in between, for SOAK_SECONDS; every round checks
// counts and sums, so a lost wake-up shows as a round that does not end. Now and then a burst of SOAK_BURST goroutines
// (1000000), after which the process's own memory (RssAnon) may be 20 % (at least 4 MB) above what it was before; at the
// end it may be 20 % (at least 8 MB: the collector's own tables come and go) above what it was after the first burst.
// Prints "soak ok" at the end; panics when something is not as it must be.
//
// With an argument it ends at once in that way (see ends), while goroutines do all kinds of things.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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

// resident is the process's own memory, in KB. Pages of mapped files come and go with the system's cache, 2 MB at once.
func resident() int {
	data, err := os.ReadFile("/proc/self/status")
	check(err)
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			check(err)
			return n
		}
	}
	panic("no RssAnon")
}

// mustShrink says where the memory is when there is more of it than wanted.
func mustShrink(before, after, most int, when string) {
	if after <= most {
		return
	}
	data, err := os.ReadFile("/proc/self/smaps")
	check(err)
	name := ""
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 4 && strings.Contains(f[0], "-") {
			name = strings.TrimSpace(line)
		} else if len(f) > 1 && (f[0] == "Rss:" || f[0] == "AnonHugePages:") {
			if n, _ := strconv.Atoi(f[1]); n >= 512 {
				fmt.Fprintln(os.Stderr, name, f[0], n, "KB")
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(os.Stderr, "heap: %d in use, %d idle, %d released, %d objects; stacks %d of %d; system %d\n",
		m.HeapInuse, m.HeapIdle, m.HeapReleased, m.HeapObjects, m.StackInuse, m.StackSys, m.Sys)
	must(false, "resident memory: %d KB before and %d KB after %s", before, after, when)
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

// rendezvous: pairs hand a token to and fro, by channel, condition and semaphore; every hand-over must be seen.
func rendezvous(pairs, times int) {
	var wg sync.WaitGroup
	for p := range pairs {
		a, b := make(chan int), make(chan int, p%2)
		wg.Go(func() {
			for i := range times {
				a <- i
				must(<-b == i, "rendezvous: channel")
			}
		})
		wg.Go(func() {
			for range times {
				b <- <-a
			}
		})
		var mu sync.Mutex
		turn, cond := 0, sync.NewCond(&mu)
		for who := range 2 {
			wg.Go(func() {
				for range times {
					mu.Lock()
					for turn%2 != who {
						cond.Wait()
					}
					turn++
					cond.Signal()
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
}

// pipes: lines through a pipe of the system, a deadline that passes.
func pipes(lines int) {
	r, w, err := os.Pipe()
	check(err)
	go func() {
		for i := range lines {
			fmt.Fprintln(w, i)
		}
		w.Close()
	}()
	sum := 0
	s := bufio.NewScanner(r)
	for s.Scan() {
		n, err := strconv.Atoi(s.Text())
		check(err)
		sum += n
	}
	check(s.Err())
	check(r.Close())
	must(sum == lines*(lines-1)/2, "pipes: sum %d", sum)
}

// coroutines: iter.Pull within goroutines, some of them left early.
func coroutines(n int) {
	var wg sync.WaitGroup
	for g := range n {
		wg.Go(func() {
			next, stop := iter.Pull(func(yield func(int) bool) {
				for i := 0; yield(i); i++ {
				}
			})
			defer stop()
			for i := range g {
				v, ok := next()
				must(ok && v == i, "coroutines: %d at %d", v, i)
			}
		})
	}
	wg.Wait()
}

var finalized, finalizable atomic.Int64

// threads: locked goroutines and another number of processors.
func threads() {
	old := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	c := make(chan int)
	for i := range 3 {
		wg.Go(func() {
			runtime.LockOSThread()
			for range 10 {
				c <- i
			}
			if i == 1 {
				runtime.UnlockOSThread()
			}
		})
	}
	sum := 0
	for k := range 30 {
		sum += <-c
		if k%10 == 5 {
			runtime.GOMAXPROCS(1 + k/10)
		}
	}
	wg.Wait()
	runtime.GOMAXPROCS(old)
	must(sum == 30, "threads: sum %d", sum)
	for range 20 {
		finalizable.Add(1)
		runtime.SetFinalizer(&node{value: 1}, func(n *node) { finalized.Add(int64(n.value)) })
	}
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

// ends: the program ends in the given way while its goroutines are in all kinds of states.
func ends(how string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go l.Accept()
	r, _, err := os.Pipe()
	check(err)
	go r.Read(make([]byte, 1))
	for i := range 4 {
		go func() {
			for n := 0; ; n++ {
				if n%1000 == i {
					runtime.Gosched()
				}
			}
		}()
		go func() {
			for {
				time.Sleep(time.Duration(i+1) * 100 * time.Microsecond)
				go grow(6)
			}
		}()
	}
	go func() {
		for {
			runtime.GC()
		}
	}()
	go syscall.Select(0, nil, nil, nil, &syscall.Timeval{Sec: 3600})
	go func() {
		runtime.LockOSThread()
		select {}
	}()
	time.Sleep(5 * time.Millisecond)
	switch how {
	case "return":
	case "exit":
		os.Exit(0)
	case "panic":
		panic("soak")
	case "elsewhere":
		go panic("soak")
		select {}
	case "quit":
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		select {}
	case "interrupt":
		syscall.Kill(os.Getpid(), syscall.SIGINT)
		select {}
	default:
		panic(how)
	}
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
	if len(os.Args) > 1 {
		ends(os.Args[1])
		return
	}
	sanitized := env("VOLE_SANITIZED", 0) != 0 // its allocator holds back what is free
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
	rounds, bursts, first := 0, 0, 0
	nextBurst := time.Now().Add(time.Duration(seconds) * time.Second / 20)
	for time.Now().Before(end) {
		var wg sync.WaitGroup
		wg.Go(func() { must(tree(6) == 1093, "tree") })
		wg.Go(func() { pipeline(200, 20) })
		wg.Go(func() { locks(20, 100) })
		wg.Go(func() { timers(200) })
		wg.Go(func() { sockets(8, 20) })
		wg.Go(func() { garbage(20) })
		wg.Go(func() { rendezvous(5, 40) })
		wg.Go(func() { pipes(500) })
		wg.Go(func() { coroutines(20) })
		if rounds%8 == 0 {
			wg.Go(threads)
		}
		wg.Wait()
		settle(2)
		rounds++
		if bursts == 0 && rounds >= 3 || bursts > 0 && time.Now().After(nextBurst) {
			before, after := burstMemory(size)
			if after > before+before/5 { // a second look: what other threads were about to give back
				debug.FreeOSMemory()
				after = resident()
			}
			if bursts == 0 { // the first one makes workers and tables
				first = after
			} else if !sanitized {
				mustShrink(before, after, before+max(before/5, 4<<10), "a burst")
			}
			bursts++
			nextBurst = time.Now().Add(time.Duration(seconds) * time.Second / 10)
		}
	}
	close(stop)
	ticks := <-stopped
	must(ticks > rounds/2, "only %d ticks in %d rounds", ticks, rounds)
	settle(1)
	runtime.GC()
	for range 1000 {
		if finalized.Load() == finalizable.Load() {
			break
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	must(finalized.Load() == finalizable.Load(), "%d of %d finalizers ran", finalized.Load(), finalizable.Load())
	debug.FreeOSMemory()
	last := resident()
	if !sanitized {
		mustShrink(first, last, first+max(first/5, 8<<10), "all bursts but the first")
	}
	must(connections.Load() == int64(rounds)*8, "%d connections in %d rounds", connections.Load(), rounds)
	fmt.Fprintf(os.Stderr, "%d rounds, %d bursts of %d, %d ticks, %d KB\n", rounds, bursts, size, ticks, last)
	fmt.Println("soak ok")
}
