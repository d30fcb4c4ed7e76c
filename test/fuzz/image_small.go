// A small program whose image is a seed of the image loader's fuzzer.
package main

type shape interface{ area() int }
type box struct{ w, h int }

func (b *box) area() int { return b.w * b.h }

var shapes []shape
var names = map[string]int{"a": 1}

func sum[T ~int](xs ...T) (s T) {
	defer func() { recover() }()
	for _, x := range xs {
		s += x
	}
	return
}

func main() {
	c := make(chan string, 1)
	go func() { c <- "x" }()
	shapes = append(shapes, &box{2, 3})
	for _, s := range shapes {
		names[<-c] = s.area()
	}
	println(sum(1, names["x"]), len(names))
}
