// The order of ranges over maps with all kinds of keys, also while they change.
package main

import (
	"fmt"
	"math"
)

type point struct{ x, y int }

func main() {
	ints, strs := map[int]int{}, map[string]int{}
	pointers, ifaces := map[*point]int{}, map[any]int{}
	structs, floats, chans := map[point]string{}, map[float64]int{}, map[chan int]int{}
	for i := range 40 {
		ints[i*i] = i
		strs[fmt.Sprint("key", i)] = i
		pointers[&point{i, -i}] = i
		ifaces[i], ifaces[fmt.Sprint(i)], ifaces[float64(i)], ifaces[&point{}] = i, i, i, i
		structs[point{i, i}] = "p"
		floats[float64(i)/3] = i
		floats[math.NaN()] = i
		chans[make(chan int)] = i
	}
	show := func(name string, each func(yield func(any))) {
		fmt.Print(name)
		each(func(k any) { fmt.Print(" ", k) })
		fmt.Println()
	}
	for range 3 {
		show("ints", func(y func(any)) {
			for k := range ints {
				y(k)
			}
		})
		show("strings", func(y func(any)) {
			for k := range strs {
				y(k)
			}
		})
		show("pointers", func(y func(any)) {
			for _, v := range pointers {
				y(v)
			}
		})
		show("interfaces", func(y func(any)) {
			for _, v := range ifaces {
				y(v)
			}
		})
		show("structs", func(y func(any)) {
			for k := range structs {
				y(k.x)
			}
		})
		show("floats", func(y func(any)) {
			for _, v := range floats {
				y(v)
			}
		})
		show("channels", func(y func(any)) {
			for _, v := range chans {
				y(v)
			}
		})
	}
	for k := range ints { // entries come and go during the range
		delete(ints, k/2)
		ints[k+1] = k
		if len(ints) > 120 {
			break
		}
	}
	for k := range ints {
		fmt.Print(k, " ")
	}
	fmt.Println(len(ints), ints)
	clear(strs)
	for i := range 9 {
		strs[fmt.Sprint(i)]++
	}
	for k := range strs {
		fmt.Print(k)
	}
	fmt.Println()
}
