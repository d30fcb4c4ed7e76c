// Goroutines, channels, select.

package main

func worker(id int, jobs <-chan int, res chan<- int) {
	for j := range jobs {
		res <- j * 2
	}
}
func gen(n int) chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := 0; i < n; i++ {
			c <- i
		}
	}()
	return c
}
func main() {
	c := make(chan int)
	go func() { c <- 42 }()
	println(<-c)
	jobs := make(chan int, 10)
	res := make(chan int, 10)
	for w := 0; w < 4; w++ {
		go worker(w, jobs, res)
	}
	for i := 0; i < 100; i++ {
		go func() { jobs <- i }()
	}
	s := 0
	for i := 0; i < 100; i++ {
		s += <-res
	}
	println(s)
	t := 0
	for x := range gen(1000) {
		t += x
	}
	println(t)
	v, ok := <-gen(0)
	println(v, ok)
	done := make(chan struct{})
	a, b := make(chan int), make(chan string)
	go func() {
		for i := 0; i < 3; i++ {
			a <- i
		}
		b <- "str"
		close(done)
	}()
	n := 0
loop:
	for {
		select {
		case x := <-a:
			n += x
		case y := <-b:
			println("b", y)
		case <-done:
			break loop
		}
	}
	println(n)
	select {
	case x := <-a:
		println(x)
	default:
		println("default")
	}
	// chain
	const N = 1000
	left := make(chan int)
	l := left
	for i := 0; i < N; i++ {
		r := make(chan int)
		go func(l, r chan int) { l <- 1 + <-r }(l, r)
		l = r
	}
	go func() { l <- 0 }()
	println(<-left)
	i8 := make(chan int8, 2)
	i8 <- -5
	println(<-i8, len(i8), cap(i8))
	ss := make(chan string, 1)
	ss <- "hello"
	println(<-ss)
}
