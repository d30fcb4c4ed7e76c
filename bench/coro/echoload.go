// Client of echoserver: conns connections, each sends a message of 64 bytes and waits for it, msgs times.
// usage: echoload port conns msgs
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

func arg(i, def int) int {
	if len(os.Args) > i {
		if v, err := strconv.Atoi(os.Args[i]); err == nil {
			return v
		}
	}
	return def
}

func main() {
	port := arg(1, 9101)
	k := arg(2, 1000)
	m := arg(3, 100)
	conns := make([]net.Conn, k)
	for i := range conns {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			panic(err)
		}
		conns[i] = c
	}
	var wg sync.WaitGroup
	wg.Add(k)
	t := time.Now()
	for _, c := range conns {
		go func() {
			out := make([]byte, 64)
			in := make([]byte, 64)
			for j := 0; j < m; j++ {
				for i := range out {
					out[i] = byte(i + j)
				}
				if _, err := c.Write(out); err != nil {
					panic(err)
				}
				if _, err := io.ReadFull(c, in); err != nil {
					panic(err)
				}
				if string(in) != string(out) {
					panic("wrong echo")
				}
			}
			c.Close()
			wg.Done()
		}()
	}
	wg.Wait()
	fmt.Printf("echo_%d_rate %.0f msg/s\n", k, float64(k*m)/time.Since(t).Seconds())
}
