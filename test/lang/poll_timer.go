package main

import (
	"fmt"
	"os"
	"time"
)

func spin(d time.Duration) {
	for t := time.Now(); time.Since(t) < d; {
	}
}

// A timer is set while a worker waits in the poller without a limit, and the worker that set it looks at the poller in
// passing before it goes to sleep: the wake-up is for the one that waits.
func main() {
	for i := 0; i < 150; i++ {
		r, w, err := os.Pipe()
		if err != nil {
			fmt.Println(err)
			return
		}
		for k := 0; k < 3; k++ { // a second worker has something to do, and soon nothing any more
			go spin(100 * time.Microsecond)
		}
		go func() {
			spin(600 * time.Microsecond)
			time.Sleep(time.Millisecond)
			w.Close()
		}()
		if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil {
			fmt.Println("read", n, err)
		}
		r.Close()
	}
	fmt.Println("done")
}
