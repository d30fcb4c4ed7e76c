/* vm: the interpreter and what Go programs see of execution: calls, panics, defers, tracebacks.
 *
 * vm_run executes goroutines on the calling worker until the instance ends. It never recurses in C: a Go
 * call pushes a frame, a switch loads another G's pc and fp. A native gets the address of its argument
 * slots (results follow them) and answers with an RtResult. */
#ifndef VOLE_VM_H
#define VOLE_VM_H

#include "rt/rt.h"

/* A C body of a body-less Go function. args[0..]: parameter slots, then result slots. g->pc and g->fp are
 * saved before the call, so that it may allocate, collect, park. RT_PARKED: the native arranged that the
 * waker writes the results; RT_PANIC: m->panic_value; RT_CALL: see NativeCall. */
typedef RtResult (*NativeFn)(M *m, uint64_t *args);
enum {
    NEFF_ALLOC = 1, NEFF_BLOCK = 2, NEFF_SYSCALL = 4,
    NEFF_TRY = 8,     /* tried before the Go body, which runs when the native answers RT_FALSE; no other answers than
                       * RT_OK and RT_FALSE. It may have done part of the work when the body can go on from there. */
    NEFF_CTX = 1 << 14, /* reads its closure context: a root while it runs */
};
typedef struct Native { const char *name; NativeFn fn; uint16_t param_slots, result_slots; unsigned effects; } Native;
extern const Native vm_natives[]; /* native/natives.c, from tables/natives.def */
extern const uint32_t vm_nnatives;
/* What a signal does that os/signal does not ask for: as in gc many are caught and forgotten. */
void vm_signal_default(Vm *vm, int sig);
Vm *vm_of_signals(void); /* for signal handlers: the instance whose signals are the process's; or NULL */
int native_find(Str name); /* index or -1 */
int native_to_try(Str name);     /* index of a native with NEFF_TRY, or -1 */
/* What natives hold between calls; defined beside the table. */
void native_each_root(Vm *vm, void (*fn)(void *ctx, void *p), void *ctx);
void native_finalizers_ready(Vm *vm, M *m); /* GcHooks.run_finalizers */
void native_before_mark(Vm *vm, M *m);      /* GcHooks.before_mark */

/* RT_CALL: run fn (a closure) with these argument slots; its results are copied to `results` (may be NULL);
 * then `then` is called on the same goroutine to go on (NULL: the native is finished). Allocated by
 * vm_native_call, owned by the VM. */
typedef struct NativeCall {
    GoFunc *fn;
    uint64_t *args; uint32_t nargs;
    uint64_t *results; uint32_t nresults;
    RtResult (*then)(M *m, uint64_t *native_args, void *state);
    void *state;
    uint64_t *native_args;
} NativeCall;
NativeCall *vm_native_call(M *m, GoFunc *fn, uint32_t nargs, uint32_t nresults);

typedef struct VmOptions {
    int nprocs;           /* 0: default */
    int argc; char **argv; char **env;
    const char *goroot; /* runtime.GOROOT without $GOROOT; may be NULL */
    const char *(*executable)(void *ctx); /* a file that runs the program again, or NULL; may be NULL */
    void (*at_exit)(void *ctx); /* last of all; may be NULL */
    void *executable_ctx;       /* of both */
    int64_t sched_seed;   /* <0: off */
    bool leaks;           /* report goroutines that nothing can wake when the program ends */
    int64_t max_memory;   /* bytes; 0: only what the control group says */
    uint64_t max_goroutines; /* 0: no limit */
    const char *stress;
} VmOptions;

struct Images;
void vm_report_leaks(M *m, G *ended); /* before sched_exit; nothing without --leaks. ended: as leaks_find */
Vm *vm_new(struct Images *images, const VmOptions *opt);
int vm_main(Vm *vm);      /* runs "go:main" of the last image; returns the exit code */
void vm_free(Vm *vm);
void vm_run(M *m);        /* the worker's loop (interp.c) */

/* Starts a goroutine that calls fn with argument slots. */
G *vm_go(M *m, const VmFunc *fn, GoFunc *ctx, const uint64_t *args, uint32_t nargs);
void vm_throw_value(M *m, GoEface v); /* fills m->panic_value; handler then returns RT_PANIC */

typedef struct FrameView { const VmFunc *func; const uint64_t *pc; uint64_t *fp; } FrameView;
/* Walks frames from the innermost; false at the end. Crosses stack chunks. */
typedef struct FrameIter { G *g; uint64_t *fp; const uint64_t *pc; bool first; StackChunk *chunk; } FrameIter;
void frame_iter_init(FrameIter *it, G *g);
bool frame_iter_next(FrameIter *it, FrameView *out);
/* Functions without an image: what a goroutine's bottom, panics and natives' calls have as frames. */
const VmFunc *vm_stub_find(const uint64_t *pc); /* whose code holds the word, or NULL */
bool vm_stub_hidden(const VmFunc *f);           /* not a frame that Go code may see */
void vm_traceback(Vm *vm, G *g, Buf *out);       /* gc's format of one goroutine */
void vm_traceback_all(Vm *vm, G *current, Buf *out);
/* GOTRACEBACK, debug.SetTraceback: whose traces are shown. The environment sets the least. */
typedef enum TraceLevel { TRACE_NONE, TRACE_SINGLE, TRACE_ALL, TRACE_SYSTEM, TRACE_CRASH } TraceLevel;
TraceLevel vm_trace_level(Vm *vm);
void vm_set_trace_level(Vm *vm, Str text);
void vm_exit_wrong(Vm *vm);      /* exit status 2, or SIGABRT with GOTRACEBACK=crash */
void vm_on_oom(void *vm);

#endif
