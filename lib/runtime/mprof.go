package runtime

import (
	"internal/profilerecord"
	"unsafe"
)

var MemProfileRate int = 512 * 1024

type StackRecord struct {
	Stack0 [32]uintptr
}

func (r *StackRecord) Stack() []uintptr {
	for i, v := range r.Stack0 {
		if v == 0 {
			return r.Stack0[0:i]
		}
	}
	return r.Stack0[0:]
}

type MemProfileRecord struct {
	AllocBytes, FreeBytes     int64
	AllocObjects, FreeObjects int64
	Stack0                    [32]uintptr
}

func (r *MemProfileRecord) InUseBytes() int64   { return r.AllocBytes - r.FreeBytes }
func (r *MemProfileRecord) InUseObjects() int64 { return r.AllocObjects - r.FreeObjects }
func (r *MemProfileRecord) Stack() []uintptr {
	for i, v := range r.Stack0 {
		if v == 0 {
			return r.Stack0[0:i]
		}
	}
	return r.Stack0[0:]
}

type BlockProfileRecord struct {
	Count  int64
	Cycles int64
	StackRecord
}

// Allocation, blocking and mutex profiles are not recorded: they are empty.
func MemProfile(p []MemProfileRecord, inuseZero bool) (n int, ok bool) { return 0, true }
func BlockProfile(p []BlockProfileRecord) (n int, ok bool)             { return 0, true }
func MutexProfile(p []BlockProfileRecord) (n int, ok bool)             { return 0, true }
func ThreadCreateProfile(p []StackRecord) (n int, ok bool)             { return 0, true }
func SetBlockProfileRate(rate int)                                     {}

var mutexFraction int

func SetMutexProfileFraction(rate int) int {
	old := mutexFraction
	if rate >= 0 {
		mutexFraction = rate
	}
	return old
}

func SetCPUProfileRate(hz int) {}
func CPUProfile() []byte       { panic("CPUProfile no longer available") }

// goroutineStacks writes up to n words: for each goroutine its depth, its
// labels, then its return addresses. It returns the words needed.
//go:noescape
func goroutineStacks(buf *uintptr, n int) int

func GoroutineProfile(p []StackRecord) (n int, ok bool) {
	recs, _ := goroutineRecords()
	if len(recs) > len(p) {
		return len(recs), false
	}
	for i, r := range recs {
		copy(p[i].Stack0[:], r.Stack)
	}
	return len(recs), true
}

func goroutineRecords() (recs []profilerecord.StackRecord, labels []unsafe.Pointer) {
	buf := make([]uintptr, 1024)
	for {
		need := goroutineStacks(&buf[0], len(buf))
		if need <= len(buf) {
			buf = buf[:need]
			break
		}
		buf = make([]uintptr, need*2)
	}
	for len(buf) >= 2 {
		n := int(buf[0])
		labels = append(labels, *(*unsafe.Pointer)(unsafe.Pointer(&buf[1])))
		recs = append(recs, profilerecord.StackRecord{Stack: buf[2 : 2+n : 2+n]})
		buf = buf[2+n:]
	}
	return
}

//go:linkname pprof_goroutineProfileWithLabels
func pprof_goroutineProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	recs, lab := goroutineRecords()
	if len(recs) > len(p) {
		return len(recs), false
	}
	copy(p, recs)
	copy(labels, lab)
	return len(recs), true
}

//go:linkname pprof_goroutineLeakProfileWithLabels
func pprof_goroutineLeakProfileWithLabels(p []profilerecord.StackRecord, labels []unsafe.Pointer) (n int, ok bool) {
	return 0, true
}

//go:linkname goroutineleakcount runtime/pprof.runtime_goroutineleakcount
func goroutineleakcount() int { return 0 }

//go:linkname goroutineLeakGC runtime/pprof.runtime_goroutineLeakGC
func goroutineLeakGC() { GC() }

//go:linkname pprof_memProfileInternal
func pprof_memProfileInternal(p []profilerecord.MemProfileRecord, inuseZero bool) (n int, ok bool) {
	return 0, true
}

//go:linkname pprof_blockProfileInternal
func pprof_blockProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return 0, true
}

//go:linkname pprof_mutexProfileInternal
func pprof_mutexProfileInternal(p []profilerecord.BlockProfileRecord) (n int, ok bool) {
	return 0, true
}

//go:linkname pprof_threadCreateInternal
func pprof_threadCreateInternal(p []profilerecord.StackRecord) (n int, ok bool) { return 0, true }

//go:linkname pprof_fpunwindExpand
func pprof_fpunwindExpand(dst, src []uintptr) int { return copy(dst, src) }

//go:linkname pprof_makeProfStack
func pprof_makeProfStack() []uintptr { return make([]uintptr, 128) }

//go:linkname pprof_cyclesPerSecond runtime/pprof.runtime_cyclesPerSecond
func pprof_cyclesPerSecond() int64 { return 1000000000 }

//go:linkname runtime_pprof_readProfile runtime/pprof.readProfile
func runtime_pprof_readProfile() ([]uint64, []unsafe.Pointer, bool) {
	// An empty profile: header {3, 0, hz}, then the end.
	return []uint64{3, 0, 100}, []unsafe.Pointer{nil}, true
}

func setLabels(p unsafe.Pointer)
func getLabels() unsafe.Pointer

//go:linkname runtime_setProfLabel runtime/pprof.runtime_setProfLabel
func runtime_setProfLabel(labels unsafe.Pointer) { setLabels(labels) }

//go:linkname runtime_getProfLabel runtime/pprof.runtime_getProfLabel
func runtime_getProfLabel() unsafe.Pointer { return getLabels() }

// ---- Execution trace: not recorded ----

func StartTrace() error { return errorString("execution tracing is not supported by Vole") }
func StopTrace()        {}
func ReadTrace() []byte { return nil }

//go:linkname trace_userTaskCreate runtime/trace.userTaskCreate
func trace_userTaskCreate(id, parentID uint64, taskType string) {}

//go:linkname trace_userTaskEnd runtime/trace.userTaskEnd
func trace_userTaskEnd(id uint64) {}

//go:linkname trace_userRegion runtime/trace.userRegion
func trace_userRegion(id, mode uint64, name string) {}

//go:linkname trace_userLog runtime/trace.userLog
func trace_userLog(id uint64, category, message string) {}

//go:linkname traceClockUnitsPerSecond runtime/trace.runtime_traceClockUnitsPerSecond
func traceClockUnitsPerSecond() uint64 { return 1000000000 }

//go:linkname traceAdvance
func traceAdvance(stopTrace bool) {}

//go:linkname traceClockNow
func traceClockNow() uint64 { return uint64(nanotime()) }

// ---- runtime/metrics ----

//go:linkname readMetrics runtime/metrics.runtime_readMetrics
func readMetrics(samplesp unsafe.Pointer, len int, cap int) {
	type value struct {
		kind    int
		scalar  uint64
		pointer unsafe.Pointer
	}
	type sample struct {
		name  string
		value value
	}
	s := unsafe.Slice((*sample)(samplesp), len)
	w := new(MemStats)
	memStats(w)
	const kindUint64 = 1
	for i := range s {
		v := value{}
		set := func(x uint64) { v.kind, v.scalar = kindUint64, x }
		switch s[i].name {
		case "/gc/heap/allocs:bytes":
			set(w.TotalAlloc)
		case "/gc/heap/allocs:objects":
			set(w.Mallocs)
		case "/gc/heap/frees:objects":
			set(w.Frees)
		case "/gc/heap/objects:objects":
			set(w.HeapObjects)
		case "/gc/heap/goal:bytes":
			set(w.NextGC)
		case "/gc/cycles/total:gc-cycles":
			set(uint64(w.NumGC))
		case "/gc/cycles/forced:gc-cycles":
			set(uint64(w.NumForcedGC))
		case "/memory/classes/heap/objects:bytes":
			set(w.HeapAlloc)
		case "/memory/classes/total:bytes":
			set(w.Sys)
		case "/sched/goroutines:goroutines":
			set(uint64(NumGoroutine()))
		case "/sched/gomaxprocs:threads":
			set(uint64(GOMAXPROCS(0)))
		default:
			if f := godebugMetrics[s[i].name]; f != nil {
				set(f())
			} else if isGodebugMetric(s[i].name) {
				set(0) // nothing has happened yet
			}
		}
		s[i].value = v
	}
}

func isGodebugMetric(name string) bool { return len(name) > 9 && name[:9] == "/godebug/" }
