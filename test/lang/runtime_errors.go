// Run-time errors and their texts; recover.

package main

type E struct{ s string }

func (e E) Error() string { return e.s }

func try(name string, f func()) {
	defer func() {
		r := recover()
		if e, ok := r.(error); ok {
			println(name, "error:", e.Error())
		} else if s, ok := r.(string); ok {
			println(name, "string:", s)
		} else if r == nil {
			println(name, "no panic")
		} else {
			println(name, "other")
		}
	}()
	f()
}

type I interface{ M() }
type J interface{ N() }
type X struct{}

func (X) M() {}

func named() (r int, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = E{"recovered"}
			r *= 2
		}
	}()
	r = 21
	panic("boom")
}
func order() {
	for i := 0; i < 3; i++ {
		defer println("defer", i)
	}
	defer func() { println("first") }()
}
func nested() {
	defer func() {
		println("outer", recover().(string))
	}()
	defer func() {
		defer func() {
			println("inner", recover().(string))
		}()
		panic("second")
	}()
	panic("first")
}
func repl() {
	defer func() { println("got", recover().(string)) }()
	defer func() { panic("replaced") }()
	panic("orig")
}
func helper() any { return recover() }

func main() {
	var s []int
	var m map[string]int
	var p *E
	var i any
	var fn func()
	z := 0
	idx := 5
	arr := [3]int{1, 2, 3}
	str := "abc"
	try("index", func() { _ = s[idx] })
	try("array", func() { _ = arr[idx] })
	try("str", func() { _ = str[idx] })
	try("neg", func() { idx = -1; _ = arr[idx]; idx = 5 })
	idx = 5
	try("slice", func() { _ = arr[idx:] })
	try("slice2", func() { a := arr[:]; _ = a[:idx] })
	try("slice3", func() { a := arr[:]; k := 2; _ = a[k:1] })
	try("slice4", func() { a := arr[:]; _ = a[0:2:idx] })
	try("strslice", func() { _ = str[idx:] })
	try("conv", func() { _ = [4]int(arr[:]) })
	try("map", func() { m["x"] = 1 })
	try("nil", func() { _ = p.s })
	try("nilfn", func() { fn() })
	try("div", func() { println(1 / z) })
	try("assert", func() { _ = i.(int) })
	i = "str"
	try("assert2", func() { _ = i.(int) })
	try("assert3", func() { _ = i.(I) })
	try("assert4", func() { var j any = X{}; _ = j.(J) })
	try("assert5", func() { var j I = X{}; _ = j.(J) })
	try("custom", func() { panic(E{"custom"}) })
	try("string", func() { panic("str") })
	try("none", func() {})
	try("shift", func() { k := -1; println(1 << k) })
	try("unhash", func() { x := map[any]int{}; x[[]int{1}] = 2 })
	try("uncmp", func() { var a, b any = []int{1}, []int{1}; println(a == b) })
	try("closenil", func() { var c chan int; close(c) })
	try("closeclosed", func() { c := make(chan int); close(c); close(c) })
	try("sendclosed", func() { c := make(chan int, 1); close(c); c <- 1 })
	try("makeslice", func() { k := -1; _ = make([]int, k) })
	r, err := named()
	println(r, err.Error())
	order()
	nested()
	repl()
	func() {
		defer func() { println("helper nil:", helper() == nil, recover() != nil) }()
		panic("x")
	}()
	println("end")
}
