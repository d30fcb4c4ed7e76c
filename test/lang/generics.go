// Generic functions and types, range over functions.

package main

type Num interface{ ~int | ~float64 }

func Sum[T Num](xs ...T) T {
	var s T
	for _, x := range xs {
		s += x
	}
	return s
}
func Map[T, U any](xs []T, f func(T) U) []U {
	r := make([]U, 0, len(xs))
	for _, x := range xs {
		r = append(r, f(x))
	}
	return r
}

type Stack[T any] struct{ items []T }

func (s *Stack[T]) Push(x T) { s.items = append(s.items, x) }
func (s *Stack[T]) Pop() (T, bool) {
	var zero T
	if len(s.items) == 0 {
		return zero, false
	}
	x := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return x, true
}

type Pair[K comparable, V any] struct {
	Key K
	Val V
}
type List[T any] struct {
	next *List[T]
	val  T
}

func (l *List[T]) All() func(yield func(int, T) bool) {
	return func(yield func(int, T) bool) {
		i := 0
		for n := l; n != nil; n = n.next {
			if !yield(i, n.val) {
				return
			}
			i++
		}
	}
}
func Keys[M ~map[K]V, K comparable, V any](m M) int { return len(m) }

type Str interface{ String() string }
type A int

func (a A) String() string { return "A!" }
func Show[T Str](x T) string { return x.String() }
func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				println("stopped")
				return
			}
		}
	}
}
func find(n int) int {
	for i := range count(100) {
		defer println("deferred in body", i)
		if i == n {
			return i * 10
		}
		if i > 50 {
			break
		}
	}
	return -1
}
func main() {
	println(Sum(1, 2, 3), Sum(1.5, 2.5))
	for _, s := range Map([]int{1, 2, 3}, func(i int) string { return "x"[:i%2] + "y" }) {
		println(s)
	}
	var st Stack[string]
	st.Push("a")
	st.Push("b")
	x, ok := st.Pop()
	println(x, ok)
	p := Pair[string, int]{"k", 5}
	println(p.Key, p.Val)
	l := &List[int]{&List[int]{nil, 2}, 1}
	for i, v := range l.All() {
		println(i, v)
	}
	println(Keys(map[string]bool{"a": true}), Show(A(3)))
	println(find(2))
	t := 0
	for i := range count(10) {
		if i == 5 {
			continue
		}
		if i == 8 {
			break
		}
		t += i
	}
	println(t)
}
