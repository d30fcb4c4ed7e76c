// Who hands a semaphore on gives its place to the one it wakes up, but not while it is pinned to its P, as sync.Pool is when it
// unlocks the mutex of all pools: the other could pin itself to the same P, and both would use what belongs to that.
// want: pinned: true true
// want: not pinned: false

package main

import (
	"fmt"
	"runtime"
	_ "unsafe"
)

//go:linkname semacquire sync.runtime_Semacquire
func semacquire(s *uint32)

//go:linkname semrelease sync.runtime_Semrelease
func semrelease(s *uint32, handoff bool, skip int)

//go:linkname procPin sync.runtime_procPin
func procPin() int

//go:linkname procUnpin sync.runtime_procUnpin
func procUnpin()

func main() {
	runtime.GOMAXPROCS(1)
	waits := func(ran *bool, sema *uint32) {
		go func() {
			semacquire(sema)
			*ran = true
		}()
		runtime.Gosched()
	}
	var sema uint32
	var a, b bool
	waits(&a, &sema)
	id := procPin()
	semrelease(&sema, true, 0)
	still := !a
	procUnpin()
	fmt.Println("pinned:", still, id == 0)
	waits(&b, &sema)
	semrelease(&sema, true, 0)
	fmt.Println("not pinned:", !b)
}
