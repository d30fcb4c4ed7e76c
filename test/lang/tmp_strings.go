// Conversions and concatenations whose small results may lie in the frame: what outlives the frame or the loop's
// iteration does not, and the others do not allocate.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

var (
	sink     string
	sinkB    []byte
	empty    = ""
	bytes8   = []byte("12345678")
	word     = "word"
	runes    = []rune("héllo")
	keep     []string
	m        = map[string]int{"12345678": 1}
	strs     = []string{"a", "bc", "def"}
	long     = strings.Repeat("x", 40)
	longByte = []byte(long)
)

func concatEmpty(b []byte) string { return empty + string(b) }
func through(s string) string     { return s }
func length(s string) int         { return len(s) }
func escape(s string) string      { sink = s; return s }

type T struct{ s string }

func (t *T) set(s string) { t.s = s }

func loops() {
	last := ""
	var prev [3]string
	for i := 0; i < 6; i++ {
		b := []byte{'a' + byte(i), 'b'}
		s := string(b)
		keep = append(keep, s)
		prev[i%3] = s
		last = last + s
		if i == 4 {
			sink = through(s)
		}
		func() { prev[(i+1)%3] = s + "!" }()
	}
	fmt.Println(keep, prev, last, sink)
	acc := ""
	for i := range 5 {
		acc += strconv.Itoa(i)
		acc = empty + acc
	}
	fmt.Println(acc)
	var t T
	for i := range 3 {
		t.set(string([]byte{byte('p' + i)}) + "q")
	}
	fmt.Println(t.s)
	var x string
	for i := range 3 {
		y := string([]byte{'u', byte('v' + i)})
		if i == 1 {
			x = y
		}
	}
	fmt.Println(x)
	var bs [][]byte
	for _, s := range strs {
		b := []byte(s)
		bs = append(bs, b)
		r := []rune(s)
		r[0]++
		fmt.Print(string(r), " ", string(rune('α'+len(r))), " ")
	}
	fmt.Printf("%s\n", bs)
	c := make(chan string, 3)
	for _, s := range strs {
		c <- s + "!"
	}
	fmt.Println(<-c, <-c, <-c)
	fs := []func() string{}
	for _, s := range strs {
		z := s + "?"
		fs = append(fs, func() string { return z })
	}
	for _, f := range fs {
		fmt.Print(f(), " ")
	}
	fmt.Println()
	mm := map[string]string{}
	for _, s := range strs {
		mm[s+"k"] = s + "v"
	}
	fmt.Println(mm)
	defer func() { fmt.Println("recovered", recover()) }()
	for _, s := range strs {
		defer fmt.Println("deferred " + s)
	}
	panic("p" + word)
}

func bytesOf(s string) (int, int) {
	b := []byte(s)
	n := len(b)
	b = append(b, "more than thirty-two bytes of text"...)
	b[0] = 'X'
	return n, len(string(b))
}

func count(name string, f func()) { fmt.Println(name, testing.AllocsPerRun(100, f)) }

func main() {
	loops()
	fmt.Println(concatEmpty([]byte("ab")), concatEmpty(longByte) == long, escape(string(bytes8)))
	fmt.Println(bytesOf(word))
	n := 0
	count("len", func() { n += length(string(bytes8)) })
	count("atoi", func() { x, _ := strconv.Atoi(string(bytes8)); n += x })
	count("lookup", func() { n += m[string(bytes8)] })
	count("compare", func() {
		if string(bytes8) == word || string(bytes8) > word+"x" {
			n++
		}
	})
	count("switch", func() {
		switch string(bytes8) {
		case "a", "12345678":
			n++
		}
	})
	count("concat", func() { n += len(word + ":" + word) })
	count("concat bytes", func() { n += strings.Index("a"+string(bytes8), "8") })
	count("concat long", func() { n += len(through(word + long)) })
	count("bytes", func() { b := []byte(word); b[0] = 'W'; n += int(b[1]) + cap(b)*0 })
	count("runes", func() { r := []rune(word); n += len(r) })
	count("range bytes", func() {
		for _, c := range []byte(long) {
			n += int(c)
		}
	})
	count("from runes", func() { n += length(string(runes)) })
	count("from rune", func() { n += length(string(rune('α' + n%2))) })
	count("rune count", func() { n += utf8.RuneCount([]byte(word)) })
	count("escapes", func() { sink = string(bytes8) })
	count("escapes empty", func() { sink = empty + word })
	count("escapes byte", func() { sink = string(bytes8[:1]) })
	count("escapes bytes", func() { sinkB = []byte(word) })
	count("index rune", func() { n += strings.IndexRune(long, 'α') })
	fmt.Fprint(os.Stdout, len(sinkB), "\n")
}
