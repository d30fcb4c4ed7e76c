// Run-time errors: the values that the interpreter's traps panic with, their texts, and the report of a
// panic that nobody recovered. The vm* functions are called by the interpreter by name.

package runtime

import (
	"internal/abi"
	"internal/runtime/atomic"
	"unsafe"
)

// Error is a run-time error: what operations like indexing out of range panic with.
type Error interface {
	error
	// RuntimeError marks the type; it does nothing.
	RuntimeError()
}

// A TypeAssertionError explains a failed type assertion.
type TypeAssertionError struct {
	_interface    *abi.Type
	concrete      *abi.Type
	asserted      *abi.Type
	missingMethod string
}

//go:noescape
func vmtypestring(t *abi.Type) string
//go:noescape
func vmtypepkgpath(t *abi.Type) string

func (*TypeAssertionError) RuntimeError() {}

func (e *TypeAssertionError) Error() string {
	inter := "interface"
	if e._interface != nil {
		inter = vmtypestring(e._interface)
	}
	want := vmtypestring(e.asserted)
	if e.concrete == nil {
		return "interface conversion: " + inter + " is nil, not " + want
	}
	have := vmtypestring(e.concrete)
	if e.missingMethod != "" {
		return "interface conversion: " + have + " is not " + want + ": missing method " + e.missingMethod
	}
	msg := "interface conversion: " + inter + " is " + have + ", not " + want
	if have == want {
		if vmtypepkgpath(e.concrete) != vmtypepkgpath(e.asserted) {
			msg += " (types from different packages)"
		} else {
			msg += " (types from different scopes)"
		}
	}
	return msg
}

type errorString string

func (e errorString) RuntimeError() {}
func (e errorString) Error() string { return "runtime error: " + string(e) }

type plainError string

func (e plainError) RuntimeError() {}
func (e plainError) Error() string { return string(e) }

type errorAddressString struct {
	msg  string
	addr uintptr
}

func (e errorAddressString) RuntimeError() {}
func (e errorAddressString) Error() string { return "runtime error: " + e.msg }

// Addr returns the address of the fault.
func (e errorAddressString) Addr() uintptr { return e.addr }

// A PanicNilError is what panic(nil) panics with.
type PanicNilError struct {
	_ [0]func()
}

func (*PanicNilError) Error() string { return "runtime error: panic called with nil argument" }
func (*PanicNilError) RuntimeError() {}

type boundsError struct {
	x      int64
	y      int
	signed bool
	code   uint8
}

func (e boundsError) RuntimeError() {}

func (e boundsError) Error() string {
	x := vmitoa(e.x, e.signed)
	y := vmitoa(int64(e.y), true)
	neg := e.signed && e.x < 0
	s := "runtime error: "
	if e.code == 8 {
		return s + "cannot convert slice with length " + x + " to array or pointer to array with length " + y
	}
	if e.code == 0 {
		s += "index out of range ["
	} else {
		s += "slice bounds out of range ["
	}
	switch e.code {
	case 0:
		s += x + "]"
		if !neg {
			s += " with length " + y
		}
		return s
	case 1, 2:
		s += ":" + x + "]"
	case 3:
		if neg {
			return s + x + ":]"
		}
		return s + x + ":" + y + "]"
	case 4, 5:
		s += "::" + x + "]"
	case 6:
		if neg {
			return s + ":" + x + ":]"
		}
		return s + ":" + x + ":" + y + "]"
	case 7:
		if neg {
			return s + x + "::]"
		}
		return s + x + ":" + y + ":]"
	}
	if neg {
		return s
	}
	if e.code == 1 || e.code == 4 {
		return s + " with length " + y
	}
	return s + " with capacity " + y
}

func vmitoa(v int64, signed bool) string {
	var buf [24]byte
	i := len(buf)
	u := uint64(v)
	neg := signed && v < 0
	if neg {
		u = -u
	}
	for {
		i--
		buf[i] = byte('0' + u%10)
		u /= 10
		if u == 0 {
			break
		}
	}
	if neg {
		i--
		buf[i] = '-'
	}
	return string(buf[i:])
}

// ---- What the interpreter calls

func vmpanicBounds(x int64, signed bool, y int, code int) {
	panic(boundsError{x: x, signed: signed, y: y, code: uint8(code)})
}

var (
	vmErrDivide error = errorString("integer divide by zero")
	vmErrShift  error = errorString("negative shift amount")
	vmErrMemory error = errorString("invalid memory address or nil pointer dereference")
)

func vmpanicDivide() { panic(vmErrDivide) }
func vmpanicShift()  { panic(vmErrShift) }

func vmpanicNil(addr uintptr) { panic(vmErrMemory) }

// vmpanicFault is called for a memory fault: near zero it is a nil pointer, else it can only be recovered
// from when debug.SetPanicOnFault asks for it.
func vmpanicFault(addr uintptr) {
	if addr < 4096 {
		panic(vmErrMemory)
	}
	if panicOnFault {
		panic(errorAddressString{"invalid memory address or nil pointer dereference", addr})
	}
	print("unexpected fault address ", hex(addr), "\n")
	vmthrow("fault")
}

func vmpanicText(s string, plain bool) {
	if plain {
		panic(plainError(s))
	}
	panic(errorString(s))
}

func vmpanicAssert(iface, concrete, asserted *abi.Type, missing string) {
	panic(&TypeAssertionError{iface, concrete, asserted, missing})
}

// vmpanicnil panics with nil itself, as before Go 1.21.
func vmpanicnil()

func vmpanicNilValue() {
	if vmgodebug("panicnil") == "1" {
		vmpanicnil()
	}
	panic(new(PanicNilError))
}

// vmgodebug is the value of a GODEBUG setting: the environment's, else the program's default, else empty.
func vmgodebug(name string) string {
	if v := vmsetting(gogetenv("GODEBUG"), name); v != "" {
		return v
	}
	return vmsetting(godebugDefault, name)
}

func vmsetting(list, name string) (value string) {
	for len(list) > 0 {
		i := 0
		for i < len(list) && list[i] != ',' {
			i++
		}
		one := list[:i]
		if len(one) > len(name) && one[:len(name)] == name && one[len(name)] == '=' {
			value = one[len(name)+1:] // the last one counts
		}
		if i < len(list) {
			i++
		}
		list = list[i:]
	}
	return
}

// ---- The report of a panic that was not recovered

type hex uint64

type vmstringer interface{ String() string }

func vmpanicAt(i int) (v any, flags int)
func vmfatalexit()
func vmthrow(s string)

func vmpanictext(v any) (r any) {
	defer func() {
		if e := recover(); e != nil {
			const text = "panic while printing panic value"
			if s, ok := e.(string); ok {
				vmthrow(text + ": " + s)
			}
			vmthrow(text + ": type " + vmtypestring(abi.TypeOf(e)))
		}
	}()
	switch v := v.(type) {
	case error:
		return v.Error()
	case vmstringer:
		return v.String()
	}
	return v
}

type vmpanicrec struct {
	v     any
	flags int
	fault bool
}

// vmdying is the goroutine whose panic ends the program, 0 before.
var vmdying uint64

func vmfatalpanic() {
	var recs []vmpanicrec
	for i := 0; ; i++ {
		v, flags := vmpanicAt(i)
		if flags < 0 {
			break
		}
		r := vmpanicrec{flags: flags}
		if e, ok := v.(errorString); ok && error(e) == vmErrMemory {
			r.fault = true
		}
		if i == 0 || recs[i-1].flags&4 == 0 {
			v = vmpanictext(v)
		}
		r.v = v
		recs = append(recs, r)
	}
	// Others that panic meanwhile leave the report to the first one, and never return.
	if id := goid(); !atomic.Cas64(&vmdying, 0, id) && atomic.Load64(&vmdying) != id {
		select {}
	}
	fault := false
	for i := range recs {
		r := &recs[i]
		fault = fault || r.fault
		if i > 0 {
			older := recs[i-1].flags
			if older&4 != 0 { // printed with the older panic of the same value
				continue
			}
			if older&2 == 0 {
				print("\t")
			}
		}
		if r.flags&2 != 0 {
			continue
		}
		print("panic: ")
		vmprintpanicval(r.v)
		if r.flags&5 == 5 {
			print(" [recovered, repanicked]")
		} else if r.flags&1 != 0 {
			print(" [recovered]")
		}
		print("\n")
	}
	if fault {
		print("[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x0]\n")
	}
	vmfatalexit()
}

func vmprintindented(s string) {
	for {
		i := 0
		for i < len(s) && s[i] != '\n' {
			i++
		}
		if i == len(s) {
			break
		}
		i++
		print(s[:i])
		print("\t")
		s = s[i:]
	}
	print(s)
}

func vmprintpanicval(v any) {
	switch v := v.(type) {
	case nil:
		print("nil")
	case bool:
		print(v)
	case int:
		print(v)
	case int8:
		print(v)
	case int16:
		print(v)
	case int32:
		print(v)
	case int64:
		print(v)
	case uint:
		print(v)
	case uint8:
		print(v)
	case uint16:
		print(v)
	case uint32:
		print(v)
	case uint64:
		print(v)
	case uintptr:
		print(v)
	case float32:
		print(v)
	case float64:
		print(v)
	case complex64:
		print(v)
	case complex128:
		print(v)
	case string:
		vmprintindented(v)
	default:
		vmprintcustom(v)
	}
}

// A value of a defined type prints as T(value), others as (T) address.
func vmprintcustom(v any) {
	t := abi.TypeOf(v)
	name := vmtypestring(t)
	p := (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
	switch t.Kind() {
	case abi.Complex64:
		print(name, *(*complex64)(p))
		return
	case abi.Complex128:
		print(name, *(*complex128)(p))
		return
	case abi.Bool, abi.Int, abi.Int8, abi.Int16, abi.Int32, abi.Int64, abi.Uint, abi.Uint8, abi.Uint16,
		abi.Uint32, abi.Uint64, abi.Uintptr, abi.Float32, abi.Float64, abi.String:
	default:
		print("(", name, ") ", p)
		return
	}
	print(name, "(")
	switch t.Kind() {
	case abi.Bool:
		print(*(*bool)(p))
	case abi.Int:
		print(*(*int)(p))
	case abi.Int8:
		print(*(*int8)(p))
	case abi.Int16:
		print(*(*int16)(p))
	case abi.Int32:
		print(*(*int32)(p))
	case abi.Int64:
		print(*(*int64)(p))
	case abi.Uint:
		print(*(*uint)(p))
	case abi.Uint8:
		print(*(*uint8)(p))
	case abi.Uint16:
		print(*(*uint16)(p))
	case abi.Uint32:
		print(*(*uint32)(p))
	case abi.Uint64:
		print(*(*uint64)(p))
	case abi.Uintptr:
		print(*(*uintptr)(p))
	case abi.Float32:
		print(*(*float32)(p))
	case abi.Float64:
		print(*(*float64)(p))
	case abi.String:
		print("\"")
		vmprintindented(*(*string)(p))
		print("\"")
	}
	print(")")
}

// panicrangestate reports a misuse of the body of a range-over-func loop.
func panicrangestate(state int) {
	switch state {
	case 0:
		panic(errorString("range function continued iteration after function for loop body returned false"))
	case 2:
		panic(errorString("range function continued iteration after loop body panic"))
	case 3:
		panic(errorString("range function continued iteration after whole loop exit"))
	case 4:
		panic(errorString("range function recovered a loop body panic and did not resume panicking"))
	}
	vmthrow("unexpected state passed to panicrangestate")
}

// vmcallername is the name of the function that called the caller.
func vmcallername() string

// panicwrap is called by the wrapper of a value method when the pointer is nil.
func panicwrap() {
	name := vmcallername() // "main.(*T).F"
	i := 0
	for i < len(name) && name[i] != '(' {
		i++
	}
	k := i
	for k < len(name) && name[k] != ')' {
		k++
	}
	if i+2 > len(name) || k+2 > len(name) {
		panic(plainError("value method " + name + " called using nil pointer"))
	}
	pkg, typ, meth := name[:i-1], name[i+2:k], name[k+2:]
	panic(plainError("value method " + pkg + "." + typ + "." + meth + " called using nil *" + typ + " pointer"))
}
