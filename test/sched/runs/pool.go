// A pool of workers with unequal work; results in the order they come.
package main

import (
	"fmt"
	"strings"
	"sync"
)

type job struct{ id, size int }

func work(j job) int {
	n := 0
	for i := range j.size * 40 {
		n = (n*31 + i) % 1009
	}
	return n
}

func main() {
	jobs, results := make(chan job), make(chan string)
	var wg sync.WaitGroup
	for w := range 5 {
		wg.Go(func() {
			for j := range jobs {
				results <- fmt.Sprintf("%d:%d=%d", w, j.id, work(j))
			}
		})
	}
	go func() {
		for i := range 60 {
			jobs <- job{i, i * 7 % 11}
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	var all []string
	for r := range results {
		all = append(all, r)
	}
	fmt.Println(strings.Join(all, " "))
}
