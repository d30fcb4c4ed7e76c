// Package runtime of Vole: what programs and the standard library see of the
// coroutine runtime. The work is done in C (src/rt, src/vm); functions without
// a body here are natives of src/native.
package runtime

import "unsafe"

// Compiler is "gc" since code that asks wants to know whether the language
// behaves as gc's does.
const Compiler = "gc"

const GOOS string = "linux"
const GOARCH string = "amd64"

const vmVersion = "go1.27"

func Version() string { return vmVersion }

func GOROOT() string {
	if s := gogetenv("GOROOT"); s != "" {
		return s
	}
	return goroot()
}

func goroot() string
//go:noescape
func gogetenv(key string) string

//go:noinline
func Caller(skip int) (pc uintptr, file string, line int, ok bool) {
	var rpc [1]uintptr
	if callers(skip+1, &rpc[0], 1) < 1 {
		return
	}
	frame, _ := CallersFrames(rpc[:]).Next()
	return frame.PC, frame.File, frame.Line, frame.PC != 0
}

//go:noinline
func Callers(skip int, pc []uintptr) int {
	if len(pc) == 0 {
		return 0
	}
	return callers(skip, &pc[0], len(pc))
}

// callers fills buf with return addresses; skip 0 is its caller.
//go:noescape
func callers(skip int, buf *uintptr, n int) int

// A Func is a function in the running program; the pointer is that of its
// descriptor in an image.
type Func struct {
	opaque struct{}
}

// pcInfo finds the function that holds pc. A return address belongs to the
// instruction before it. fn is nil when pc is not code.
func pcInfo(pc uintptr, isReturn bool) (fn *Func, name, file string, line, startLine int, entry uintptr)

// What FuncForPC returns for code of an inlined call; mark cannot be the first
// word of a descriptor.
type inlinedFunc struct {
	mark  uintptr
	entry uintptr
	name  string
	file  string
	line  int
}

func (f *Func) inlined() *inlinedFunc {
	if fi := (*inlinedFunc)(unsafe.Pointer(f)); fi.mark == ^uintptr(0) {
		return fi
	}
	return nil
}

func FuncForPC(pc uintptr) *Func {
	fn, name, file, line, _, _ := pcInfo(pc, false)
	if fn == nil || name == fn.Name() {
		return fn
	}
	return (*Func)(unsafe.Pointer(&inlinedFunc{^uintptr(0), fn.Entry(), name, file, line}))
}

func (f *Func) Name() string {
	if f == nil {
		return ""
	}
	if fi := f.inlined(); fi != nil {
		return fi.name
	}
	_, name, _, _, _, _ := pcInfo(uintptr(unsafe.Pointer(f)), false)
	return name
}

func (f *Func) Entry() uintptr {
	if f == nil {
		return 0
	}
	if fi := f.inlined(); fi != nil {
		return fi.entry
	}
	return uintptr(unsafe.Pointer(f))
}

func (f *Func) FileLine(pc uintptr) (file string, line int) {
	if f == nil {
		return "?", 0
	}
	if fi := f.inlined(); fi != nil {
		return fi.file, fi.line
	}
	fn, _, file, line, _, _ := pcInfo(pc, false)
	if fn != f {
		_, _, file, line, _, _ = pcInfo(uintptr(unsafe.Pointer(f)), false)
	}
	return file, line
}

// Frames translates return addresses to frames.
type Frames struct {
	callers []uintptr
}

type Frame struct {
	PC       uintptr
	Func     *Func
	Function string
	File     string
	Line     int

	startLine int
	Entry     uintptr
}

func CallersFrames(callers []uintptr) *Frames { return &Frames{callers} }

func (ci *Frames) Next() (frame Frame, more bool) {
	for len(ci.callers) > 0 {
		pc := ci.callers[0]
		ci.callers = ci.callers[1:]
		fn, name, file, line, start, entry := pcInfo(pc, true)
		if fn == nil {
			continue
		}
		if pc > entry {
			pc--
		}
		return Frame{PC: pc, Func: fn, Function: name, File: file, Line: line, startLine: start, Entry: entry}, len(ci.callers) > 0
	}
	return Frame{}, false
}

//go:linkname runtime_FrameStartLine runtime/pprof.runtime_FrameStartLine
func runtime_FrameStartLine(f *Frame) int { return f.startLine }

//go:linkname runtime_FrameSymbolName runtime/pprof.runtime_FrameSymbolName
func runtime_FrameSymbolName(f *Frame) string { return f.Function }

//go:linkname runtime_expandFinalInlineFrame runtime/pprof.runtime_expandFinalInlineFrame
func runtime_expandFinalInlineFrame(stk []uintptr) []uintptr { return stk }

//go:noinline
func Stack(buf []byte, all bool) int {
	if len(buf) == 0 {
		return 0
	}
	return stack(&buf[0], len(buf), all)
}

//go:noescape
func stack(buf *byte, n int, all bool) int
