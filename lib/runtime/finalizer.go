package runtime

import (
	"internal/abi"
	"unsafe"
)

type eface struct {
	typ  *abi.Type
	data unsafe.Pointer
}

func efaceOf(p *any) *eface { return (*eface)(unsafe.Pointer(p)) }

//go:noescape
func typeString(t *abi.Type) string

// findObject tells where the heap object that p points into starts; nil when
// p is not a heap pointer.
func findObject(p unsafe.Pointer) (base unsafe.Pointer, size uintptr)

func addFinalizer(p unsafe.Pointer, fn unsafe.Pointer, argType *abi.Type, resultSlots uintptr) bool
func removeFinalizer(p unsafe.Pointer)
func addCleanup(p unsafe.Pointer, fn func()) uint64
func stopCleanup(p unsafe.Pointer, id uint64)

var finalizerStarted bool

func SetFinalizer(obj any, finalizer any) {
	e := efaceOf(&obj)
	etyp := e.typ
	if etyp == nil {
		throw("runtime.SetFinalizer: first argument is nil")
	}
	if etyp.Kind() != abi.Pointer {
		throw("runtime.SetFinalizer: first argument is " + typeString(etyp) + ", not pointer")
	}
	ot := (*abi.PtrType)(unsafe.Pointer(etyp))
	if ot.Elem == nil {
		throw("nil elem type!")
	}
	if e.data == nil {
		throw("runtime.SetFinalizer: first argument is nil pointer")
	}
	base, _ := findObject(e.data)
	if base == nil {
		// Zero-sized values and package-level variables are never collected.
		return
	}
	if e.data != base && (ot.Elem == nil || ot.Elem.Pointers() || ot.Elem.Size_ >= 16) {
		throw("runtime.SetFinalizer: pointer not at beginning of allocated block")
	}
	f := efaceOf(&finalizer)
	ftyp := f.typ
	if ftyp == nil {
		removeFinalizer(base)
		return
	}
	if ftyp.Kind() != abi.Func {
		throw("runtime.SetFinalizer: second argument is " + typeString(ftyp) + ", not a function")
	}
	ft := (*abi.FuncType)(unsafe.Pointer(ftyp))
	if ft.IsVariadic() {
		throw("runtime.SetFinalizer: cannot pass " + typeString(etyp) + " to finalizer " + typeString(ftyp) + " because dotdotdot")
	}
	if ft.InCount != 1 {
		throw("runtime.SetFinalizer: cannot pass " + typeString(etyp) + " to finalizer " + typeString(ftyp))
	}
	fint := ft.In(0)
	ok := false
	switch {
	case fint == etyp:
		ok = true
	case fint.Kind() == abi.Pointer:
		if (fint.Uncommon() == nil || etyp.Uncommon() == nil) && (*abi.PtrType)(unsafe.Pointer(fint)).Elem == ot.Elem {
			ok = true
		}
	case fint.Kind() == abi.Interface:
		ityp := (*abi.InterfaceType)(unsafe.Pointer(fint))
		ok = len(ityp.Methods) == 0 || implements(ityp, etyp)
	}
	if !ok {
		throw("runtime.SetFinalizer: cannot pass " + typeString(etyp) + " to finalizer " + typeString(ftyp))
	}
	var results uintptr
	for _, t := range ft.OutSlice() {
		results += min((t.Size_+7)/8, abi.EngineBigBytes/8)
	}
	startFinalizers()
	fn := f.data
	if fint.Kind() == abi.Interface {
		// The object becomes an interface value on the way.
		inner := fn
		wrapper := func(p unsafe.Pointer) { callFinalizerIface(inner, p, fint, etyp) }
		fn = *(*unsafe.Pointer)(unsafe.Pointer(&wrapper))
	}
	if !addFinalizer(base, fn, etyp, results) {
		throw("runtime.SetFinalizer: finalizer already set")
	}
}

// implements reports whether t has the methods of inter.
//go:noescape
func implements(inter *abi.InterfaceType, t *abi.Type) bool

func startFinalizers() {
	if !finalizerStarted {
		finalizerStarted = true
		goSystem(runFinalizers)
	}
}

// nextFinalizer waits for a dead object and takes its finalizer or cleanup.
func nextFinalizer() (fn unsafe.Pointer, arg unsafe.Pointer, argType *abi.Type, cleanup bool)

// callFinalizer calls fn(arg); callFinalizerIface calls fn(arg as inter), arg
// being of pointer type typ.
func callFinalizer(fn unsafe.Pointer, arg unsafe.Pointer)
func callFinalizerIface(fn unsafe.Pointer, arg unsafe.Pointer, inter, typ *abi.Type)

// goSystem starts a goroutine of the runtime's own, which is not counted and
// not shown.
func goSystem(f func())

func runFinalizers() {
	for {
		fn, arg, _, cleanup := nextFinalizer()
		if cleanup {
			f := *(*func())(unsafe.Pointer(&fn))
			f()
			f = nil
		} else {
			callFinalizer(fn, arg)
		}
		fn, arg = nil, nil
	}
}

type Cleanup struct {
	id  uint64
	ptr uintptr
}

func AddCleanup[T, S any](ptr *T, cleanup func(S), arg S) Cleanup {
	if ptr == nil {
		panic(plainError("runtime.AddCleanup: ptr is nil"))
	}
	p := unsafe.Pointer(ptr)
	if a, ok := any(arg).(unsafe.Pointer); ok && a == p {
		panic(plainError("runtime.AddCleanup: ptr is equal to arg, cleanup will never run"))
	}
	if a, ok := any(arg).(*T); ok && unsafe.Pointer(a) == p {
		panic(plainError("runtime.AddCleanup: ptr is equal to arg, cleanup will never run"))
	}
	base, _ := findObject(p)
	if base == nil {
		return Cleanup{}
	}
	startFinalizers()
	id := addCleanup(base, func() { cleanup(arg) })
	return Cleanup{id, uintptr(base)}
}

func (c Cleanup) Stop() {
	if c.id != 0 {
		stopCleanup(*(*unsafe.Pointer)(unsafe.Pointer(&c.ptr)), c.id)
	}
}

// blockUntilEmptyCleanupQueue waits until queued finalizers and cleanups ran.
func blockUntilEmptyFinalizerQueue(timeout int64) bool {
	start := nanotime()
	for nanotime()-start < timeout {
		if finalizerQueueIdle() {
			return true
		}
		Gosched()
	}
	return false
}

func finalizerQueueIdle() bool

//go:linkname unique_runtime_blockUntilEmptyCleanupQueue unique.runtime_blockUntilEmptyCleanupQueue
func unique_runtime_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyFinalizerQueue(timeout)
}

//go:linkname sync_test_runtime_blockUntilEmptyCleanupQueue sync_test.runtime_blockUntilEmptyCleanupQueue
func sync_test_runtime_blockUntilEmptyCleanupQueue(timeout int64) bool {
	return blockUntilEmptyFinalizerQueue(timeout)
}

// A Pinner keeps objects alive; objects never move here.
type Pinner struct {
	refs []any
}

func (p *Pinner) Pin(pointer any) {
	e := efaceOf(&pointer)
	if e.typ == nil {
		panic(errorString("runtime.Pinner: argument is nil"))
	}
	if k := e.typ.Kind(); k != abi.Pointer && k != abi.UnsafePointer {
		panic(errorString("runtime.Pinner: argument is not a pointer: " + typeString(e.typ)))
	}
	p.refs = append(p.refs, pointer)
}

func (p *Pinner) Unpin() { p.refs = nil }

// reflect_gcbits is for reflect's tests: which words of what x points to hold pointers, a byte for each.
//
//go:linkname reflect_gcbits reflect.gcbits
func reflect_gcbits(x any) []byte {
	t := efaceOf(&x).typ
	if t.Kind() != abi.Pointer {
		return nil
	}
	t = t.Elem()
	n := int(t.PtrBytes / 8)
	mask := make([]byte, n)
	for i := range mask {
		mask[i] = *(*byte)(unsafe.Add(unsafe.Pointer(t.GCData), i/8)) >> (i % 8) & 1
	}
	return mask
}
