// What does not allocate: methods of interfaces whose type is known, small slices of variable size, maps' heads, boxed
// constants and small values, arguments that only other results keep. And what must all the same be on the heap.
package main

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"testing"
)

type shape interface {
	area() int
	scale(k int)
}
type rect struct{ w, h int }

func (r *rect) area() int   { return r.w * r.h }
func (r *rect) scale(k int) { r.w *= k; r.h *= k }

type box int

func (b box) area() int   { return int(b) }
func (b box) scale(k int) { panic(fmt.Sprint("scale ", k)) }

func newRect(w, h int) shape { return &rect{w, h} }

var (
	sink  any
	sinkS shape
	slice []int
	byts  [][]byte
	size  = 5
	total int
)

func useRect() int {
	s := newRect(2, 3)
	s.scale(2)
	return s.area()
}
func keepRect() { s := newRect(2, 3); s.scale(3); sinkS = s }

func split(args []any) (first any, rest []any) { return args[0], args[1:] }
func walk(args ...any) {
	for len(args) > 0 {
		var a any
		a, args = split(args)
		sink = a
	}
}

type buf struct{ b []byte }

func (b *buf) reset()        { b.b = b.b[:0] }
func (b *buf) add(p ...byte) { b.b = append(b.b, p...) }
func varSize(n int) int      { s := make([]int, n, 16); s[n-1] = n; return len(s) + cap(s) }
func varCap(n int) int       { s := make([]byte, n); s[0] = 1; return len(s) }
func kind(x any) string {
	switch x.(type) {
	case int:
		return "int"
	case string:
		return "string"
	}
	return "other"
}

func sum(h hash.Hash, p []byte) (r byte) {
	h.Write(p)
	for _, x := range h.Sum(nil) {
		r ^= x
	}
	return
}

type node struct {
	next *node
	name string
}

// Maps that stay here: empty ones, ones in their first group, ones that grow, while they are walked and changed.
func localMaps() (sum int) {
	for r := range 20 {
		m := map[string]*node{}
		for i := range r {
			k := fmt.Sprint(i % 13)
			m[k] = &node{m[k], k}
		}
		for k, n := range m {
			for ; n != nil; n = n.next {
				sum += len(n.name) + len(k)
			}
			if len(m) > 3 {
				delete(m, k)
			}
			m["x"] = &node{name: "xyz"}
		}
		n := map[[2]int]bool{{r, 1}: true}
		clear(m)
		for i := range r {
			n[[2]int{i % 5, 1}] = true
		}
		sum += len(m) + 100*len(n)
	}
	return
}

func count(name string, f func()) { fmt.Println(name, testing.AllocsPerRun(100, f)) }

func try(name string, f func()) {
	defer func() { fmt.Println(name, recover()) }()
	f()
}

func main() {
	fmt.Println(useRect(), varSize(3), varCap(3), varCap(100))
	count("interface", func() { total += useRect() })
	count("kept", keepRect)
	var s shape = box(7)
	fmt.Println(s.area(), sinkS.area())
	try("value method", func() { var s shape = box(1); s.scale(4) })
	try("nil pointer", func() { var r *rect; var s shape = r; s.scale(1) })
	try("nil interface", func() { var s shape; s.scale(1) })
	try("make", func() { varSize(-size) })
	try("make", func() { varSize(size * 4) })
	count("variadic", func() { walk("a", 1, true) })
	count("variable size", func() { total += varSize(size) })
	count("small make", func() { total += varCap(size) })
	count("large make", func() { total += varCap(size * 20) })
	var arr [4]byte
	b := buf{arr[:0]}
	b.reset()
	b.add(1, 2, 3)
	b.add(4, 5, 6)
	fmt.Println(b.b, arr)
	count("small ints", func() { sink = size; sink = byte(size); sink = int16(size) })
	count("large int", func() { sink = size + 1000 })
	count("constants", func() {
		i, t := 2000, "text"
		func() { sink = i; sink = t; sink = struct{ x, y int }{1, 2} }()
	})
	count("empty", func() { e := ""; sink = e; var n []int; sink = n; sink = struct{}{} })
	count("map", func() {
		m := make(map[int]int)
		total += len(m) + m[3]
	})
	count("small map", func() {
		m := map[int]string{}
		for i := range 8 {
			m[i] = "v"
		}
		total += len(m)
	})
	m := map[string]int{}
	for i := range 3 {
		mm := map[string]int{}
		mm[fmt.Sprint(i)] = i
		for k, v := range mm {
			m[k] += v
		}
		clear(mm)
		total += len(mm)
	}
	fmt.Println(m)
	localMaps()
	count("sha256", func() {
		in := []byte("hello")
		var out [32]byte
		h := sha256.New()
		h.Write(in)
		h.Sum(out[:0])
	})
	fmt.Println(sum(sha256.New(), []byte("x")))
	count("slog", func() { slog.New(slog.DiscardHandler).Info("m", "n", 2000, "err", io.EOF) })
	for i := range 3 { // an iteration's slices are its own
		p := make([]byte, size+i)
		p[0] = byte(i)
		byts = append(byts, p)
		q := make([]int, i+1)
		q[i] = i
		slice = append(slice, q...)
	}
	fmt.Println(byts, slice)
	var x any = size
	fmt.Println(kind(x), kind("s"), kind(2.5))
}
