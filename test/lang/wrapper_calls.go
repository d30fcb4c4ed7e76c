// Methods called through wrappers of embedded interfaces: any number of wrappers costs no stack, arguments and
// results of all shapes pass, recover and tracebacks do not see them, nil and too large frames behave as in calls.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
)

type big [3000]int64 // its frame does not fit where the wrapper's does

type I interface {
	none()
	mixed(a int8, s string, f func() int, b []byte, e any) (string, error, [3]int)
	large(b big) big
	caught() string
	where(depth int) string
	deep(n int) int
	stack() uint64
	empty(struct{}, int, [0]int) (struct{}, int)
}

type base struct{ n int }

func (b *base) none() { b.n++ }

func (b *base) mixed(a int8, s string, f func() int, c []byte, e any) (string, error, [3]int) {
	runtime.GC()
	return s + string(c), errors.New(fmt.Sprint(a, e)), [3]int{f(), len(c), b.n}
}

func (b *base) large(x big) big {
	var y big
	for i := range x {
		y[i] = x[i] * 2
	}
	return y
}

func (b *base) caught() (s string) { return fmt.Sprint(recover()) }

func (b *base) where(depth int) string {
	pcs := make([]uintptr, depth)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var names []string
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "main.") {
			names = append(names, f.Function)
		}
		if !more {
			return strings.Join(names, " ")
		}
	}
}

func (b *base) deep(n int) int {
	var fill [50]int
	fill[n%50] = n
	if n == 0 {
		return 0
	}
	return wrapped(b, 20).deep(n-1) + 1 + fill[n%50] - n
}

func (b *base) stack() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}

func (b *base) empty(_ struct{}, n int, _ [0]int) (struct{}, int) { return struct{}{}, n + 1 }

type ptr struct {
	pad string
	I
}

type one struct{ I }

type outer struct{ *ptr }

func wrapped(i I, n int) I {
	for k := range n {
		switch k % 4 {
		case 0:
			i = &ptr{"x", i}
		case 1:
			i = one{i}
		case 2:
			i = ptr{"y", i}
		case 3:
			i = outer{&ptr{"z", i}}
		}
	}
	return i
}

func try(what string, f func()) {
	defer func() {
		if e := recover(); e != nil {
			fmt.Println(what, e)
		}
	}()
	f()
}


type deferred interface{ run() }
type runner struct{ seen *string }

func (r *runner) run() { *r.seen = fmt.Sprint(recover()) }

type runwrap struct {
	deferred
	n int
}

func recovers(n int) (s string) {
	var d deferred = &runner{&s}
	for i := range n {
		d = &runwrap{d, i}
	}
	defer d.run()
	panic("thrown")
}

func main() {
	b := &base{}
	// a chain of any length runs in one frame's room
	chain := make([]ptr, 100_000)
	var i I = b
	for k := range chain {
		chain[k].I = i
		i = &chain[k]
	}
	fmt.Println("stack of a long chain:", i.stack() < 4<<20)
	for _, n := range []int{0, 1, 2, 5, 1000} {
		i := wrapped(b, n)
		i.none()
		s, err, a := i.mixed(-3, strings.Repeat("s", 3), func() int { return n }, []byte("bytes"), n)
		fmt.Println(s, err, a)
		x := i.large(big{1: 1, 2999: 7})
		fmt.Println(x[1], x[2999])
		fmt.Println(i.caught(), recovers(n))
		fmt.Println(i.where(10000))
		fmt.Println(i.deep(300))
		fmt.Println(i.empty(struct{}{}, n, [0]int{}))
	}

	try("nil interface:", func() { (&ptr{}).none() })
	try("nil interface:", func() { var i I = &ptr{}; i.none() })
	try("nil pointer:", func() { var i I = (*ptr)(nil); i.none() })
	try("nil pointer inside:", func() { var i I = outer{}; i.none() })

	i.none()
	done := make(chan int)
	for range 3 {
		go func() { i.none(); done <- 1 }()
		<-done
	}
	go i.none()
	defer func() { fmt.Println(b.n > 8) }()
	defer i.none()
}
