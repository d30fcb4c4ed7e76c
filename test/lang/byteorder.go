// encoding/binary's accessors: values, bounds, overlapping stores of bytes.
package main

import (
	"encoding/binary"
	"fmt"
)

type order interface {
	Uint16([]byte) uint16
	Uint32([]byte) uint32
	Uint64([]byte) uint64
	PutUint16([]byte, uint16)
	PutUint32([]byte, uint32)
	PutUint64([]byte, uint64)
}

func try(name string, f func()) {
	defer func() { fmt.Println(name, recover()) }()
	f()
}

func mixed(b []byte) (r []uint64) {
	le, be := binary.LittleEndian, binary.BigEndian
	b[0] = 1
	r = append(r, le.Uint64(b))
	b[3] = 0x80
	r = append(r, uint64(le.Uint32(b)), be.Uint64(b), uint64(int32(be.Uint32(b))), uint64(int16(le.Uint16(b[2:]))))
	be.PutUint16(b[2:], 0xfffe)
	r = append(r, uint64(b[2]), uint64(b[3]), le.Uint64(b), uint64(be.Uint16(b[1:])))
	le.PutUint64(b[1:], 0x8877665544332211)
	r = append(r, uint64(b[0]), uint64(b[8]), uint64(be.Uint32(b[3:])))
	return
}

func main() {
	for _, o := range []order{binary.LittleEndian, binary.BigEndian, binary.NativeEndian} {
		b := make([]byte, 9)
		o.PutUint64(b[1:], 0xf1e2d3c4b5a69788)
		fmt.Println(o, b, o.Uint64(b), o.Uint32(b[2:]), o.Uint16(b[7:]))
		o.PutUint32(b[3:], 0xdeadbeef)
		o.PutUint16(b, 0x8001)
		fmt.Println(b, o.Uint64(b[1:]), int64(o.Uint64(b)), int32(o.Uint32(b)), int16(o.Uint16(b)))
		for n := range 8 {
			try("64", func() { o.Uint64(b[:n]) })
			try("put64", func() { o.PutUint64(b[:n], 1) })
		}
		try("32", func() { o.Uint32(b[:3]) })
		try("put32", func() { o.PutUint32(nil, 1) })
		try("16", func() { o.Uint16(b[:1:1]) })
		try("put16", func() { o.PutUint16(b[9:], 1) })
		fmt.Println(b)
	}
	fmt.Printf("%x\n", mixed(make([]byte, 9)))
	try("direct", func() { fmt.Println(binary.LittleEndian.Uint64(make([]byte, 5))) })
	x := binary.BigEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, 0x0102030405060708), 0x0a0b0c0d)
	fmt.Println(x, binary.BigEndian.Uint32(x[8:]) == 0x0a0b0c0d, binary.LittleEndian.Uint16(x[:2:2]))
}
