/* native: C bodies of Go functions. args[] holds the parameter slots, result slots follow (vm/vm.h). */
#ifndef VOLE_NATIVE_H
#define VOLE_NATIVE_H

#include "vm/vm.h"
#include "rt/mem.h"
#include "rt/value.h"
#include "rt/map.h"



#define NATIVE(name, fn, nparams, nresults, effects) RtResult fn(M *m, uint64_t *args);
#include "tables/natives.def"
#undef NATIVE

/* State of natives that lives with the instance (Vm.native_state). */
typedef struct NativeState {
    pthread_mutex_t lock;
    VEC(Str) env;             /* "K=V", copied at start */
    bool env_loaded;
    GoFunc *pool_cleanup;     /* sync.Pool's, a root */
    G *finalizer_g;           /* waits for work */
    _Atomic uint32_t finalizer_busy;
    struct SignalState *signals;
    int64_t max_stack;
    struct ReflectState *reflect;
} NativeState;
NativeState *native_state(Vm *vm); /* made on first use */

/* A native that parked runs again from its start when its goroutine is woken. */
static inline const uint64_t *native_retry_pc(G *g) { return g->pc - 1; }

static inline GoString arg_string(uint64_t *a) { return (GoString){(const uint8_t *)a[0], (int64_t)a[1]}; }
static inline void ret_string(uint64_t *a, GoString s) { a[0] = (uint64_t)s.p, a[1] = (uint64_t)s.n; }
static inline char *arg_cstring(uint64_t *a) { return strndup(a[1] ? (const char *)a[0] : "", a[1]); }

#endif
