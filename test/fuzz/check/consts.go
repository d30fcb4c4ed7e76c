package p

import "unsafe"

const (
	a = 1 << iota
	b, c = iota * 1.5, "s" + "t"
	_, _
	d = len(c) + int(unsafe.Sizeof(T{})) + real(2i)
)
const big = 1<<200 - 1
const f float32 = big / 3.0e40 * 0x1p-10
const z = complex(1, 2) / 'a' >> 0

type T struct {
	a [len("abc") << 2]uint8
	b int64
	c, d bool
}

var (
	x      = [...]string{2: "a", c, 5: "b"}
	u      uint8 = ^0 & 0xff
	s      = "héllo"[1:3]
	shift  = 1 << u
	g      = f == 1 && z != 2i || !(1 < 2)
	div    = 7 / -2 % 3 &^ 1
	arr    = *(*[4]byte)([]byte("abcd"))
	lens   = cap(arr) + len(x) + min(1, 2.0, 'c')
	offset = unsafe.Offsetof(T{}.b)
)
