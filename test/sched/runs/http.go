// An HTTP server and clients in one process over the loopback device.
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

func main() {
	hits := 0
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		hits++
		n := hits
		mu.Unlock()
		time.Sleep(time.Millisecond)
		fmt.Fprint(w, n, " ", r.URL.Path)
	}))
	var wg sync.WaitGroup
	out := make(chan string, 100)
	for k := range 4 {
		wg.Go(func() {
			for i := range 4 {
				resp, err := http.Get(fmt.Sprint(s.URL, "/", k, "/", i))
				if err != nil {
					panic(err)
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				out <- fmt.Sprint(string(b), " ", err, " ", resp.Header.Get("Date"))
			}
		})
	}
	wg.Wait()
	s.Close()
	close(out)
	for s := range out {
		fmt.Println(s)
	}
}
