package runtime

import "unsafe"

func Gosched()
func Goexit()
func NumGoroutine() int
func NumCPU() int
func GOMAXPROCS(n int) int
func LockOSThread()
func UnlockOSThread()
func Breakpoint()
func gc()

// GC collects. What can run runs first: goroutines that are about to end should not keep their objects.
func GC() {
	Gosched()
	gc()
	// As in gc, where the sweeping at the end yields, finalizers get a chance to run on a single processor.
	for i := 0; i < 64 && !finalizerQueueIdle(); i++ {
		Gosched()
	}
}

// SetDefaultGOMAXPROCS goes back to the number of usable processors.
func SetDefaultGOMAXPROCS() { GOMAXPROCS(defaultProcs()) }

func defaultProcs() int

func NumCgoCall() int64 { return 0 }

// KeepAlive is an intrinsic; the body serves calls through a function value.
//
//go:noinline
func KeepAlive(x any) {}

func SetCgoTraceback(version int, traceback, context, symbolizer unsafe.Pointer) {}

func osexit(code int)
func throw(s string)
func fatal(s string)

// write writes to a file descriptor without the standard library.
//go:noescape
func write(fd uintptr, p unsafe.Pointer, n int32) int32

func nanotime() int64
func rand() uint64

func randn(n uint32) uint32 { return uint32((uint64(uint32(rand())) * uint64(n)) >> 32) }

//go:linkname sync_throw sync.throw
func sync_throw(s string) { throw(s) }

//go:linkname sync_fatal sync.fatal
func sync_fatal(s string) { fatal(s) }

//go:linkname internal_sync_throw internal/sync.throw
func internal_sync_throw(s string) { throw(s) }

//go:linkname internal_sync_fatal internal/sync.fatal
func internal_sync_fatal(s string) { fatal(s) }

//go:linkname rand_fatal crypto/rand.fatal
func rand_fatal(s string) { fatal(s) }

//go:linkname sysrand_fatal crypto/internal/sysrand.fatal
func sysrand_fatal(s string) { fatal(s) }

//go:linkname fips_fatal crypto/internal/fips140.fatal
func fips_fatal(s string) { fatal(s) }

//go:linkname maps_fatal internal/runtime/maps.fatal
func maps_fatal(s string) { fatal(s) }

//go:linkname cgroup_throw internal/runtime/cgroup.throw
func cgroup_throw(s string) { throw(s) }

// ---- Exit hooks and environment ----

//go:linkname os_beforeExit os.runtime_beforeExit
func os_beforeExit(exitCode int) { runExitHooks(exitCode) }

//go:linkname syscall_Exit syscall.Exit
func syscall_Exit(code int) { osexit(code) }

func args() []string
func envs() []string

//go:linkname os_runtime_args os.runtime_args
func os_runtime_args() []string { return append([]string{}, args()...) }

//go:linkname syscall_runtime_envs syscall.runtime_envs
func syscall_runtime_envs() []string { return append([]string{}, envs()...) }

//go:linkname syscall_runtimeSetenv syscall.runtimeSetenv
func syscall_runtimeSetenv(key, value string) {
	setenv_c(key, value)
	if key == "GODEBUG" {
		godebugNotify(value)
	}
}

//go:linkname syscall_runtimeUnsetenv syscall.runtimeUnsetenv
func syscall_runtimeUnsetenv(key string) {
	unsetenv_c(key)
	if key == "GODEBUG" {
		godebugNotify("")
	}
}

//go:linkname syscall_runtimeClearenv syscall.runtimeClearenv
func syscall_runtimeClearenv(env map[string]int) {
	for k := range env {
		unsetenv_c(k)
	}
	godebugNotify("")
}

func setenv_c(key, value string)
func unsetenv_c(key string)

// ---- internal/godebug ----

var godebugUpdate func(string, string)
var godebugDefault string // set by the linker of a program from //go:debug lines

//go:linkname godebug_setUpdate internal/godebug.setUpdate
func godebug_setUpdate(update func(string, string)) {
	godebugUpdate = update
	update(godebugDefault, gogetenv("GODEBUG"))
}

func godebugNotify(env string) {
	if godebugUpdate != nil {
		godebugUpdate(godebugDefault, env)
	}
}

var godebugMetrics map[string]func() uint64

//go:linkname godebug_registerMetric internal/godebug.registerMetric
func godebug_registerMetric(name string, read func() uint64) {
	if godebugMetrics == nil {
		godebugMetrics = make(map[string]func() uint64)
	}
	godebugMetrics[name] = read
}

var godebugNewInc func(string) func()

//go:linkname godebug_setNewIncNonDefault internal/godebug.setNewIncNonDefault
func godebug_setNewIncNonDefault(newIncNonDefault func(string) func()) {
	godebugNewInc = newIncNonDefault
}

// ---- Errors that other packages pull ----

var overflowError = error(errorString("integer overflow"))
var divideError = error(errorString("integer divide by zero"))

var zeroVal [1024]byte

// getStaticuint64s is the table of 0 to 255 that reflect points into: read-only.
func getStaticuint64s() *[256]uint64

// ---- Small hooks of the crypto packages ----

//go:linkname boring_runtime_arg0 crypto/internal/boring.runtime_arg0
func boring_runtime_arg0() string { return args()[0] }

//go:linkname boring_registerCache crypto/internal/boring/bcache.registerCache
func boring_registerCache(p unsafe.Pointer) {}

//go:linkname sig_BoringCrypto crypto/internal/boring/sig.BoringCrypto
func sig_BoringCrypto() {}

//go:linkname sig_FIPSOnly crypto/internal/boring/sig.FIPSOnly
func sig_FIPSOnly() {}

//go:linkname sig_StandardCrypto crypto/internal/boring/sig.StandardCrypto
func sig_StandardCrypto() {}

//go:linkname dit_setEnabled crypto/subtle.setDITEnabled
func dit_setEnabled() bool { return false }

//go:linkname dit_setDisabled crypto/subtle.setDITDisabled
func dit_setDisabled() {}

//go:linkname fips140deps_monoTime crypto/internal/fips140deps/time.monoTime
func fips140deps_monoTime() int64 { return nanotime() }

//go:linkname coverage_getCovCounterList internal/coverage/cfile.getCovCounterList
func coverage_getCovCounterList() []struct {
	Counters *uint32
	Len      uint64
} {
	return nil
}

// ---- time ----

// haveHighResSleep is asked for by package time's tests.
var haveHighResSleep = true

//go:linkname time_runtimeNano time.runtimeNano
func time_runtimeNano() int64 { return timeNano() }

// timeNano is nanotime as package time sees it: virtual inside a synctest bubble.
func timeNano() int64

//go:linkname internal_sync_nanotime internal/sync.runtime_nanotime
func internal_sync_nanotime() int64 { return nanotime() }
