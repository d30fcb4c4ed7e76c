package reflect

import (
	"internal/abi"
	"internal/goarch"
	"unsafe"
)

// How reflect's argument frames look: like the slots of the engine's frames. Each value begins on a word, in
// memory layout; there are no register arguments. Small signed integers must be sign-extended in their slots, and
// the engine passes large structs and arrays by address: the frame size that is handed to call tells which ones, see
// signList.

// There are no register arguments; reflect's own tests set these.
var (
	intArgRegs   = 0
	floatArgRegs = 0
	floatRegSize = uintptr(0)
)

type abiStepKind int

const (
	abiStepBad abiStepKind = iota
	abiStepStack
	abiStepIntReg
	abiStepPointer
	abiStepFloatReg
)

type abiStep struct {
	kind   abiStepKind
	offset uintptr
	size   uintptr
	stkOff uintptr
	ireg   int
	freg   int
}

type abiSeq struct {
	steps      []abiStep
	valueStart []int
	stackBytes uintptr
}

func (a *abiSeq) dump() { println("stack bytes", a.stackBytes, "values", len(a.valueStart)) }

func (a *abiSeq) stepsForValue(i int) []abiStep {
	end := len(a.steps)
	if i+1 < len(a.valueStart) {
		end = a.valueStart[i+1]
	}
	return a.steps[a.valueStart[i]:end]
}

func (a *abiSeq) place(size uintptr) *abiStep {
	a.valueStart = append(a.valueStart, len(a.steps))
	if size == 0 {
		return nil
	}
	a.steps = append(a.steps, abiStep{kind: abiStepStack, size: size, stkOff: a.stackBytes})
	a.stackBytes += align(size, goarch.PtrSize)
	return &a.steps[len(a.steps)-1]
}

type abiDesc struct {
	call, ret                           abiSeq
	stackCallArgsSize, retOffset, spill uintptr
	stackPtrs                           *bitVector
	inRegPtrs, outRegPtrs               abi.IntArgRegBitmap
}

func (a *abiDesc) dump() {
	a.call.dump()
	a.ret.dump()
	println("result offset", a.retOffset)
}

// signList registers, for each word of a frame, how many bytes of it are to be sign-extended (0: none); wordBig begins
// a value that the engine passes by address, the eight bytes after it are its number of words. The result goes where gc
// keeps the size of its spill area.
//
//go:noescape
func signList(p *byte, n int) uintptr

const wordBig = 255

// wordsTo makes signs as long as a frame of n bytes.
func wordsTo(signs []byte, n uintptr) []byte {
	for uintptr(len(signs))*goarch.PtrSize < n {
		signs = append(signs, 0)
	}
	return signs
}

// markBig notes that the value of type t at st is passed by address.
func markBig(signs []byte, st *abiStep, t *abi.Type) bool {
	if k := Kind(t.Kind()); t.Size() <= abi.EngineBigBytes || k != Array && k != Struct {
		return false
	}
	at := st.stkOff / goarch.PtrSize
	signs[at] = wordBig
	for i, n := uintptr(1), align(t.Size(), goarch.PtrSize)/goarch.PtrSize; i <= 8; i++ {
		signs[at+i] = byte(n)
		n >>= 8
	}
	return true
}

func newAbiDesc(t *funcType, rcvr *abi.Type) abiDesc {
	var d abiDesc
	d.stackPtrs = new(bitVector)
	var signs []byte
	extend := false
	if rcvr != nil {
		d.call.place(goarch.PtrSize)
		if rcvr.IsDirectIface() && !rcvr.Pointers() {
			d.stackPtrs.append(0)
		} else {
			d.stackPtrs.append(1)
		}
		signs = append(signs, 0)
	}
	for _, arg := range t.InSlice() {
		st := d.call.place(arg.Size())
		if st == nil {
			continue
		}
		addTypeBits(d.stackPtrs, st.stkOff, arg)
		signs = wordsTo(signs, d.call.stackBytes)
		if markBig(signs, st, arg) {
			extend = true
		}
		switch Kind(arg.Kind()) {
		case Int8, Int16, Int32:
			signs[st.stkOff/goarch.PtrSize] = byte(arg.Size())
			extend = true
		}
	}
	d.stackCallArgsSize = d.call.stackBytes
	d.retOffset = d.call.stackBytes
	d.ret.stackBytes = d.retOffset
	for _, res := range t.OutSlice() {
		if st := d.ret.place(res.Size()); st != nil {
			addTypeBits(d.stackPtrs, st.stkOff, res)
			if res.Size() > abi.EngineBigBytes {
				signs = wordsTo(signs, d.ret.stackBytes)
				if markBig(signs, st, res) {
					extend = true
				}
			}
		}
	}
	d.ret.stackBytes -= d.retOffset
	if extend {
		d.spill = signList(&signs[0], len(signs))
	}
	return d
}

func intFromReg(r *abi.RegArgs, reg int, argSize uintptr, to unsafe.Pointer)   { panic("no registers") }
func intToReg(r *abi.RegArgs, reg int, argSize uintptr, from unsafe.Pointer)   { panic("no registers") }
func floatFromReg(r *abi.RegArgs, reg int, argSize uintptr, to unsafe.Pointer) { panic("no registers") }
func floatToReg(r *abi.RegArgs, reg int, argSize uintptr, from unsafe.Pointer) { panic("no registers") }
