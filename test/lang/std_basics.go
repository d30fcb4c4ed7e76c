// fmt, strings, sort, errors, sync, time, os.
// exit: 3

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

type P struct {
	Name string
	Age  int
	Tags []string
	M    map[string]int
	p    *P
}
type E struct{ c int }

func (e *E) Error() string { return "E" + strconv.Itoa(e.c) }

func main() {
	p := P{"bob", 5, []string{"a", "b"}, map[string]int{"z": 1, "a": 2}, nil}
	fmt.Printf("%v %+v %#v %T\n", p, p, p, p)
	fmt.Printf("%5d|%-5d|%05d|%x|%X|%o|%b|%c|%q|%U\n", 42, 42, 42, 255, 255, 8, 5, 'x', 'y', 0x1F600)
	fmt.Printf("%f %.2f %e %g %8.3f|%-8.2f|\n", 3.14159, 2.5, 1e10, 1e-7, 1.5, 2.25)
	fmt.Printf("%s %q %x %10s|%-10s|\n", "hi", "quo\"te", "hex", "right", "left")
	fmt.Printf("%t %p %v %v\n", true, nil, nil, []any{1, "a", nil, 2.5})
	fmt.Println(strings.Split("a,b,c", ","), strings.Repeat("ab", 3), strings.ToUpper("héllo"), strings.Fields(" a b  c "))
	fmt.Println(strings.Contains("seafood", "foo"), strings.Index("chicken", "ken"), strings.Replace("oink oink", "k", "ky", -1), strings.TrimSpace("  x "))
	s := []int{3, 1, 2}
	sort.Ints(s)
	fmt.Println(s, sort.SearchInts(s, 2))
	ss := []P{{Name: "z"}, {Name: "a"}}
	sort.Slice(ss, func(i, j int) bool { return ss[i].Name < ss[j].Name })
	fmt.Println(ss[0].Name)
	n, err := strconv.Atoi("12x")
	fmt.Println(n, err)
	f, _ := strconv.ParseFloat("1.25e3", 64)
	fmt.Println(f, strconv.Quote("a\tb"), strconv.FormatInt(-255, 16))
	e1 := fmt.Errorf("wrap: %w", &E{7})
	var e *E
	fmt.Println(errors.As(e1, &e), e.c, errors.Unwrap(e1) == error(e), e1)
	var wg sync.WaitGroup
	var mu sync.Mutex
	tot := 0
	for i := range 100 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mu.Lock()
			tot += i
			mu.Unlock()
		}()
	}
	wg.Wait()
	fmt.Println(tot)
	var once sync.Once
	for range 3 {
		once.Do(func() { fmt.Println("once") })
	}
	var buf bytes.Buffer
	buf.WriteString("hello ")
	fmt.Fprintf(&buf, "%d", 5)
	fmt.Println(buf.String())
	sc := bufio.NewScanner(strings.NewReader("l1\nl2\nl3"))
	for sc.Scan() {
		fmt.Print(sc.Text(), ";")
	}
	fmt.Println()
	t0 := time.Now()
	time.Sleep(5 * time.Millisecond)
	d := time.Since(t0)
	fmt.Println(d >= 5*time.Millisecond, d < 500*time.Millisecond)
	d2, _ := time.ParseDuration("1h15m30.5s")
	fmt.Println(d2, time.Unix(0, 0).UTC().Format(time.RFC3339))
	select {
	case <-time.After(time.Millisecond):
		fmt.Println("timeout")
	}
	_, err = os.Open("/nonexistent")
	fmt.Println(err, os.IsNotExist(err))
	os.WriteFile(os.TempDir()+"/vole-lang-test.txt", []byte("data"), 0644)
	b, err := os.ReadFile(os.TempDir()+"/vole-lang-test.txt")
	fmt.Println(string(b), err)
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(w, "buffered")
	w.Flush()
	defer fmt.Println("deferred not run by os.Exit")
	os.Exit(3)
}
