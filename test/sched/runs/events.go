// Publishers and subscribers with time stamps from package log, JSON of maps, strings built in between.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
	"sync"
	"time"
)

type bus struct {
	mu   sync.Mutex
	subs map[string][]chan any
}

func (b *bus) on(topic string) chan any {
	c := make(chan any, 2)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs[topic] = append(b.subs[topic], c)
	return c
}

func (b *bus) send(v any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for topic, cs := range b.subs {
		for _, c := range cs {
			select {
			case c <- fmt.Sprint(topic, v):
			default:
				log.Print("full: ", topic, v)
			}
		}
	}
}

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	log.SetOutput(os.Stdout)
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, nil)))
	b := &bus{subs: map[string][]chan any{}}
	var subs, pubs sync.WaitGroup
	counts := map[string]int{}
	var mu sync.Mutex
	for i, topic := range []string{"a", "b", "c", "a", "d"} {
		c := b.on(topic)
		subs.Go(func() {
			for v := range c {
				slog.Info("got", "subscriber", i, "value", v)
				mu.Lock()
				counts[fmt.Sprint(v)]++
				mu.Unlock()
				time.Sleep(time.Duration(i) * 300 * time.Microsecond)
			}
		})
	}
	for p := range 3 {
		pubs.Go(func() {
			for i := range 5 {
				b.send(p*10 + i)
				time.Sleep(500 * time.Microsecond)
			}
		})
	}
	pubs.Wait()
	for _, cs := range b.subs {
		for _, c := range cs {
			close(c)
		}
	}
	subs.Wait()
	json.NewEncoder(os.Stdout).Encode(counts)
}
