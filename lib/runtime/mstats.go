package runtime

type MemStats struct {
	Alloc         uint64
	TotalAlloc    uint64
	Sys           uint64
	Lookups       uint64
	Mallocs       uint64
	Frees         uint64
	HeapAlloc     uint64
	HeapSys       uint64
	HeapIdle      uint64
	HeapInuse     uint64
	HeapReleased  uint64
	HeapObjects   uint64
	StackInuse    uint64
	StackSys      uint64
	MSpanInuse    uint64
	MSpanSys      uint64
	MCacheInuse   uint64
	MCacheSys     uint64
	BuckHashSys   uint64
	GCSys         uint64
	OtherSys      uint64
	NextGC        uint64
	LastGC        uint64
	PauseTotalNs  uint64
	PauseNs       [256]uint64
	PauseEnd      [256]uint64
	NumGC         uint32
	NumForcedGC   uint32
	GCCPUFraction float64
	EnableGC      bool
	DebugGC       bool
	BySize        [61]struct {
		Size    uint32
		Mallocs uint64
		Frees   uint64
	}
}

// ReadMemStats fills all but BySize.
func ReadMemStats(m *MemStats) { memStats(m) }

//go:noescape
func memStats(m *MemStats)

// ---- runtime/debug ----

func setGCPercent_c(percent int32) int32
func setMemoryLimit_c(limit int64) int64
func freeOSMemory_c()

//go:linkname setGCPercent runtime/debug.setGCPercent
func setGCPercent(percent int32) int32 { return setGCPercent_c(percent) }

//go:linkname setMemoryLimit runtime/debug.setMemoryLimit
func setMemoryLimit(limit int64) int64 { return setMemoryLimit_c(limit) }

//go:linkname runtime_debug_freeOSMemory runtime/debug.freeOSMemory
func runtime_debug_freeOSMemory() { freeOSMemory_c() }

//go:linkname readGCStats runtime/debug.readGCStats
func readGCStats(pauses *[]uint64) {
	w := new(MemStats)
	memStats(w)
	n := int(uint64(w.NumGC))
	if n > 256 {
		n = 256
	}
	// Newest first: pauses, pause ends, then last GC, number, total.
	p := (*pauses)[:0]
	for i := 0; i < n; i++ {
		p = append(p, w.PauseNs[(int(w.NumGC)-1-i)%256])
	}
	for i := 0; i < n; i++ {
		p = append(p, w.PauseEnd[(int(w.NumGC)-1-i)%256])
	}
	*pauses = append(p, w.LastGC, uint64(w.NumGC), w.PauseTotalNs)
}

func setMaxStack_c(n int) int

//go:linkname setMaxStack runtime/debug.setMaxStack
func setMaxStack(n int) int { return setMaxStack_c(n) }

var maxThreads = 10000

//go:linkname setMaxThreads runtime/debug.setMaxThreads
func setMaxThreads(n int) int {
	old := maxThreads
	maxThreads = n
	return old
}

var panicOnFault bool

//go:linkname setPanicOnFault runtime/debug.setPanicOnFault
func setPanicOnFault(on bool) bool {
	old := panicOnFault
	panicOnFault = on
	return old
}

//go:noescape
func setTraceback_c(level string)

//go:linkname setTraceback runtime/debug.SetTraceback
func setTraceback(level string) { setTraceback_c(level) }

//go:linkname runtime_debug_WriteHeapDump runtime/debug.WriteHeapDump
func runtime_debug_WriteHeapDump(fd uintptr) {
	throw("debug.WriteHeapDump is not supported by Vole")
}

//go:linkname setCrashFD runtime.setCrashFD
func setCrashFD(fd uintptr) uintptr { return ^uintptr(0) }

var modinfo string // set by the linker of a program

//go:linkname debug_modinfo runtime/debug.modinfo
func debug_modinfo() string { return modinfo }
