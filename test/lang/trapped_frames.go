// Frames that trapped: what they needed only before is dead while deferred functions run, what their recover exit
// returns, and what deferred closures refer to, is alive.
package main

import (
	"fmt"
	"runtime"
)

type object [8]int64

var finalized bool

func collect() {
	for range 3 {
		runtime.GC()
	}
	for range 100 { // finalizers run on a goroutine of their own
		if finalized {
			break
		}
		runtime.Gosched()
	}
}

func trap(o *object, nothing *int) {
	o[3] = 7 // the last use
	defer func() {
		collect()
		fmt.Println("dead:", finalized, recover())
	}()
	*nothing = 0
}

type node struct {
	next *node
	text string
}

func list(text string, n int) (l *node) {
	for range n {
		l = &node{l, text}
	}
	return l
}

func (n *node) String() (s string) {
	for ; n != nil; n = n.next {
		s += n.text
	}
	return s
}

func results(zero int) (a *node, b fmt.Stringer, s []*node, err error) {
	a, b = list("a", 3), list("b", 2)
	s = append(s, list("s", 1), a)
	mine := list("mine", 2) // only the deferred closure has it
	defer func() {
		for range 2000 {
			list("garbage", 3)
		}
		runtime.GC()
		err = fmt.Errorf("%v: %v", mine, recover())
	}()
	s[0].text = fmt.Sprint(1 / zero)
	return nil, nil, nil, nil
}

func nested(depth int, index []int) (l *node) {
	l = list(fmt.Sprint(depth), depth)
	defer func() {
		recover()
		list("garbage", 100)
		runtime.GC()
		if depth > 0 {
			l.next = nested(depth-1, index)
		}
	}()
	return list("never", index[depth])
}

func main() {
	o := new(object)
	runtime.SetFinalizer(o, func(*object) { finalized = true })
	collect()
	fmt.Println("dead:", finalized)
	trap(o, nil)
	fmt.Println(results(0))
	fmt.Println(nested(4, nil))
}
