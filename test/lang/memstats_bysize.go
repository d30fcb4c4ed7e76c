package main

import (
	"fmt"
	"runtime"
)

type node struct {
	next *node
	v    [4]int
}

var keep *node

// MemStats counts objects by size class.
func main() {
	var a, b runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&a)
	for i := 0; i < 10000; i++ {
		keep = &node{v: [4]int{i}}
	}
	keep = nil
	runtime.GC()
	runtime.ReadMemStats(&b)
	sum := uint64(0)
	for i, c := range b.BySize {
		d := c.Mallocs - a.BySize[i].Mallocs
		sum += c.Mallocs
		if c.Size == 48 { // an object of a pointer and four integers takes 40 bytes, in a class of 48
			fmt.Println("allocated", d >= 10000 && d < 11000, "freed", c.Frees-a.BySize[i].Frees >= 9990)
		}
		if i > 0 && c.Size <= b.BySize[i-1].Size {
			fmt.Println("sizes do not grow")
		}
	}
	fmt.Println(sum <= b.Mallocs && sum > b.Mallocs-1000, b.HeapSys+b.StackSys <= b.Sys, len(b.BySize))
}
