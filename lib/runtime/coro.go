package runtime

import "unsafe"

// A coro is a goroutine that runs only while another one is suspended in coroswitch: what iter.Pull stands
// on. g is the goroutine of the pair that does not run.
type coro struct {
	g unsafe.Pointer
	f func(*coro)
}

func vmcoronew(f func()) unsafe.Pointer
func vmcoroswitch(g *unsafe.Pointer)
func vmcoroexit(g *unsafe.Pointer)

func newcoro(f func(*coro)) *coro {
	c := &coro{f: f}
	c.g = vmcoronew(func() {
		defer vmcoroexit(&c.g)
		c.f(c)
	})
	return c
}

func coroswitch(c *coro) { vmcoroswitch(&c.g) }
