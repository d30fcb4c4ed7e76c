// Trees of contexts with deadlines and causes, and a group that stops at its first error.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type group struct {
	wg   sync.WaitGroup
	once sync.Once
	err  error
	stop context.CancelCauseFunc
}

func (g *group) run(f func() error) {
	g.wg.Go(func() {
		if err := f(); err != nil {
			g.once.Do(func() {
				g.err = err
				g.stop(err)
			})
		}
	})
}

func main() {
	for round := range 4 {
		ctx, stop := context.WithCancelCause(context.Background())
		g := &group{stop: stop}
		ended := make(chan string, 10)
		for i := range 6 {
			g.run(func() error {
				sub, cancel := context.WithTimeout(ctx, time.Duration(4+(i*round)%5)*time.Millisecond)
				defer cancel()
				select {
				case <-sub.Done():
					ended <- fmt.Sprint(i, ":", sub.Err(), "/", context.Cause(sub))
				case <-time.After(time.Duration(3+(i+round)%4) * time.Millisecond):
					ended <- fmt.Sprint(i, ": failed")
					return errors.New(fmt.Sprint("worker ", i))
				}
				return nil
			})
		}
		context.AfterFunc(ctx, func() { ended <- "after" })
		g.wg.Wait()
		stop(nil)
		fmt.Println(round, g.err, context.Cause(ctx))
		for range 7 {
			fmt.Println("  ", <-ended)
		}
	}
}
