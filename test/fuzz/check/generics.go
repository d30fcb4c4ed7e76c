package p

import "lib"

type Num interface {
	~int | ~float64
	comparable
}
type Tree[K Num, V any] struct {
	l, r *Tree[K, V]
	key  K
	val  V
}

func (t *Tree[K, V]) Get(k K) (v V, ok bool) {
	for t != nil {
		switch {
		case t.key == k:
			return t.val, true
		case k < t.key:
			t = t.l
		default:
			t = t.r
		}
	}
	return
}
func Fold[T, A any, S ~[]T](s S, a A, f func(A, T) A) A {
	for _, x := range s {
		a = f(a, x)
	}
	return a
}

type M = lib.Alias[string]
type Rec[P any] interface{ m(Rec[P]) P }
type G[A, B any] = func(A) B

var (
	_ = Fold([]int{1, 2}, "", func(a string, x int) string { return a })
	_ = lib.Map([]lib.E{lib.A}, lib.E.String)
	_ = lib.Sum[float64](1, 2.5)
	p lib.Pair[string, lib.List[int]]
	t Tree[int, M]
	h G[int, string] = func(i int) string { return "" }
)

func use() {
	p.Val.Push(1)
	for i, v := range p.Val.All() {
		_, _ = i, v
	}
	v, ok := t.Get(3)
	if ok {
		for k := range v {
			delete(v, k)
		}
	}
	_ = func(x ...any) { _ = append([]any(nil), x...) }
}
