// Who runs when everybody yields all the time.
package main

import (
	"fmt"
	"runtime"
)

func main() {
	done := make(chan bool)
	var order []byte
	for g := range 5 {
		go func() {
			if g == 3 {
				runtime.LockOSThread()
			}
			for range 30 {
				order = append(order, byte('a'+g))
				runtime.Gosched()
			}
			done <- true
		}()
	}
	for n := runtime.NumGoroutine(); n > 1; n = runtime.NumGoroutine() {
		order = append(order, byte('0'+n))
		<-done
	}
	fmt.Println(string(order), runtime.GOMAXPROCS(0))
}
