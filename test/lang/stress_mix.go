// iter.Pull, files, panics and timers at once.

package main

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
	"weak"
)

type tree struct {
	l, r *tree
	k    int
}

func (t *tree) ins(k int) *tree {
	if t == nil {
		return &tree{k: k}
	}
	if k < t.k {
		t.l = t.l.ins(k)
	} else {
		t.r = t.r.ins(k)
	}
	return t
}
func (t *tree) all(y func(int) bool) bool {
	return t == nil || (t.l.all(y) && y(t.k) && t.r.all(y))
}
func (t *tree) seq() iter.Seq[int] { return func(y func(int) bool) { t.all(y) } }

func pulls(n int) int {
	var t *tree
	for i := range n {
		t = t.ins(i * 7919 % 1009)
	}
	next, stop := iter.Pull(t.seq())
	defer stop()
	s := 0
	for i := 0; i < n/2; i++ {
		v, ok := next()
		if !ok {
			break
		}
		s = s*31 + v
	}
	return s
}

func files(dir string, n int) int {
	tot := 0
	for i := range n {
		p := filepath.Join(dir, fmt.Sprint("f", i%7))
		if err := os.WriteFile(p, []byte(strings.Repeat("x", i%97)), 0o644); err != nil {
			panic(err)
		}
		b, err := os.ReadFile(p)
		if err != nil {
			panic(err)
		}
		tot += len(b)
	}
	return tot
}

func panics(n int) (r int) {
	for i := range n {
		func() {
			defer func() {
				if e := recover(); e != nil {
					r += len(fmt.Sprint(e))
				}
			}()
			var m map[string][]int
			_ = m["a"][i]
		}()
	}
	return
}

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	res := map[string]int{}
	add := func(k string, v int) { mu.Lock(); res[k] += v; mu.Unlock() }
	for i := range 6 {
		dir, _ := os.MkdirTemp("", "f2")
		defer os.RemoveAll(dir)
		wg.Add(4)
		go func() { defer wg.Done(); add("pulls", pulls(300)) }()
		go func() { defer wg.Done(); add("files", files(dir, 100)) }()
		go func() { defer wg.Done(); add("panics", panics(200)) }()
		go func() {
			defer wg.Done()
			t := time.NewTicker(time.Millisecond)
			defer t.Stop()
			for k := range 10 {
				select {
				case <-t.C:
					add("tick", 1)
				case <-time.After(time.Second):
					add("late", k)
				}
			}
		}()
		_ = i
	}
	wg.Wait()
	p := new([100]int)
	w := weak.Make(p)
	fmt.Println(w.Value() == p)
	runtime.KeepAlive(p)
	fmt.Println(res)
}
