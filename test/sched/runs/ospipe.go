// Goroutines that talk over pipes of the operating system, with deadlines.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

func main() {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 8 {
				fmt.Fprintf(w, "writer %d line %d\n", g, i)
				if i%3 == g%3 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	go func() {
		wg.Wait()
		w.Close()
	}()
	for s := bufio.NewScanner(r); s.Scan(); {
		fmt.Println(s.Text())
	}
	r2, w2, _ := os.Pipe()
	r2.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	_, err = r2.Read(make([]byte, 1))
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
	r2.SetReadDeadline(time.Time{})
	var echo [2]chan string
	for i := range echo {
		echo[i] = make(chan string)
		go func() {
			buf := make([]byte, 4)
			_, err := io.ReadFull(r2, buf)
			echo[i] <- fmt.Sprint(i, string(buf), err)
		}()
	}
	w2.WriteString("abcd")
	w2.WriteString("ef")
	w2.WriteString("gh")
	for range echo {
		select {
		case s := <-echo[0]:
			fmt.Println(s)
		case s := <-echo[1]:
			fmt.Println(s)
		}
	}
}
