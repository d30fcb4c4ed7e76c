// Small functions of the standard library are copied into this program's code: frames, line numbers and panics
// stay those of the calls.
package main

import (
	"bytes"
	"container/list"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

func frames(skip int) {
	pcs := make([]uintptr, 20)
	it := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs)])
	for {
		f, more := it.Next()
		file := filepath.Base(f.File)
		if strings.HasPrefix(f.Function, "runtime.") {
			continue
		}
		if file == "inline_std.go" {
			fmt.Print(" ", f.Function, ":", f.Line)
		} else {
			fmt.Print(" ", f.Function)
		}
		if !more || f.Function == "main.main" {
			break
		}
	}
	fmt.Println()
}

type byLen []string

func (b byLen) Len() int           { return len(b) }
func (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLen) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

func try(name string, f func()) {
	defer func() {
		r := recover()
		fmt.Print(name, ": ", r, " at")
		frames(3)
	}()
	f()
}

type point struct{ x, y int }

func main() {
	// closures called by what was inlined
	strings.ContainsFunc("a", func(r rune) bool { frames(1); return true })
	slices.ContainsFunc([]int{1}, func(int) bool { frames(1); return true })
	var once sync.Once
	once.Do(func() { frames(1) })
	once.Do(func() { panic("again") })

	// panics inside
	var nilOnce *sync.Once
	try("nil once", func() { nilOnce.Do(func() {}) })
	var nilList *list.List
	try("nil list", func() { fmt.Println(nilList.Len()) })
	var nilBuf *bytes.Buffer
	try("nil buffer", func() { fmt.Println(nilBuf.Len()) })
	var wg sync.WaitGroup
	try("negative", func() { wg.Done() })
	try("slice", func() { _ = slices.Insert([]int{1}, 5, 1) })

	var nilGroup *sync.WaitGroup
	try("nil group", func() { nilGroup.Add(1) })
	wg = sync.WaitGroup{}
	wg.Add(3)
	for range 3 {
		go wg.Done()
	}
	wg.Wait()
	wg.Add(2)
	wg.Add(-2)
	wg.Wait()

	// values
	var b strings.Builder
	b.WriteByte('x')
	b.WriteRune('é')
	b.WriteString("yz")
	fmt.Println(b.String(), b.Len())
	fmt.Println(strings.HasPrefix("abc", "ab"), strings.TrimPrefix("abc", "ab"), strings.Contains("abc", "d"))
	fmt.Println(utf8.RuneLen('é'), utf8.ValidRune(0xd800), unicode.IsUpper('É'), unicode.IsSpace('\u00a0'))
	fmt.Println(math.Abs(-1), math.IsNaN(math.NaN()), math.Float64bits(1), math.Max(1, 2), bits.Len(255), bits.Reverse8(1))
	s := byLen{"ccc", "a", "bb"}
	sort.Sort(s)
	fmt.Println(s, sort.IsSorted(s), sort.SearchInts([]int{1, 3, 5}, 4))
	var n atomic.Int64
	n.Add(5)
	fmt.Println(n.Load(), n.CompareAndSwap(5, 6), n.Swap(9), n.Load())
	var p atomic.Pointer[point]
	fmt.Println(p.Load() == nil, p.CompareAndSwap(nil, &point{1, 2}), p.Load().y)
	var v atomic.Value
	v.Store("x")
	fmt.Println(v.Load())
	l := list.New()
	l.PushBack(1)
	l.PushFront(0)
	fmt.Println(l.Len(), l.Front().Value, l.Back().Value)
	err := errors.New("e")
	fmt.Println(errors.Is(fmt.Errorf("w: %w", err), err), errors.Unwrap(err))
	fmt.Println(slices.Sorted(maps.Keys(map[string]int{"b": 1, "a": 2})), slices.Index([]string{"x", "y"}, "y"))
	d := 90 * time.Second
	fmt.Println(d.Minutes(), d.Milliseconds(), time.Unix(0, 0).UTC().Equal(time.Unix(0, 0)))
	var mu sync.RWMutex
	mu.Lock()
	mu.Unlock()
	mu.RLock()
	mu.RUnlock()
	fmt.Fprintln(os.Stdout, mu.TryLock())
	var m sync.Map
	m.Store("k", 1)
	got, ok := m.Load("k")
	fmt.Println(got, ok)
	fmt.Println(bytes.Equal([]byte("a"), []byte("a")), bytes.HasSuffix([]byte("ab"), []byte("b")), bytes.NewBufferString("q").String())
}
