// Branches on what was just decided: predicates and error results that are inlined, values that live on past the branch.
package main

import (
	"errors"
	"fmt"
)

var errBig = errors.New("big")

func space(c byte) bool { return c == ' ' || c == '\t' || c >= 0xf0 && c != 0xff }

func check(n int) (int, error) {
	if n > 100 {
		return -n, errBig
	}
	if n < 0 {
		return n, nil
	}
	return n + 1, nil
}

func pick(p *int, n int) *int {
	if n&1 == 0 {
		return nil
	}
	if n > 10 {
		return new(int)
	}
	return p
}

//go:noinline
func count(a []byte) (spaces, others, last int) {
	for i, c := range a {
		if space(c) {
			spaces++
			last = i
		}
		if !space(c) && spaces > 1 {
			others++
		}
	}
	return
}

//go:noinline
func sum(ns []int) (t int, err error) {
	for _, n := range ns {
		m, e := check(n)
		if e != nil {
			err = e
			t += m
			continue
		}
		t += 2 * m
		if m == 7 {
			m++
			e = errBig
		}
		if e == errBig {
			t += m * 1000
		}
	}
	return t, err
}

//go:noinline
func pointers(n int) (r []int) {
	x := 5
	for i := 0; i < n; i++ {
		p := pick(&x, i)
		if p == nil {
			r = append(r, -1)
			continue
		}
		*p += i
		r = append(r, *p)
	}
	return append(r, x)
}

//go:noinline
func state(s string) string {
	quoted, out := false, ""
	for i := 0; i < len(s); i++ {
		stop := false
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == ';':
			stop = true
		case s[i] == '.':
			stop = i > 3
		}
		if stop {
			out += fmt.Sprint(i, quoted)
			if s[i] == '.' {
				break
			}
		}
	}
	return out
}

//go:noinline
func first(m map[string]int, k string) string {
	name, ok := "", false
	if v := m[k]; v > 3 {
		name, ok = k, true
	} else if v > 0 {
		name = "few"
	}
	if !ok && name == "" {
		return "none"
	}
	if len(name) == 0 {
		return "empty"
	}
	return name
}

func main() {
	fmt.Println(count([]byte(" a\tb\xf1c\xff d")))
	fmt.Println(sum([]int{1, 2, 3, 6, -4, 101, 7}))
	fmt.Println(sum(nil))
	fmt.Println(pointers(14))
	fmt.Println(state(`a."x;y";b.`), state(`....`), state(``))
	m := map[string]int{"a": 9, "b": 1, "": 5}
	fmt.Println(first(m, "a"), first(m, "b"), first(m, "c"), first(m, ""))
}
