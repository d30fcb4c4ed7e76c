// An echo server and its clients over TCP on the loopback device.
package main

import (
	"bufio"
	"fmt"
	"net"
	"sync"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	note := func(args ...any) {
		mu.Lock()
		fmt.Println(args...)
		mu.Unlock()
	}
	var servers, clients sync.WaitGroup
	servers.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			servers.Go(func() {
				for s := bufio.NewScanner(c); s.Scan(); {
					note("server", n, s.Text())
					fmt.Fprintf(c, "%s!\n", s.Text())
				}
				c.Close()
			})
		}
	})
	for k := range 4 {
		clients.Go(func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				panic(err)
			}
			r := bufio.NewReader(c)
			for i := range 5 {
				fmt.Fprintf(c, "c%d.%d\n", k, i)
				line, err := r.ReadString('\n')
				note("client", k, line, err)
				time.Sleep(time.Duration(k) * time.Millisecond)
			}
			c.Close()
		})
	}
	clients.Wait()
	l.Close()
	servers.Wait()
}
