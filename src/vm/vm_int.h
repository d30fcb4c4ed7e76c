/* Shared by the files of vm: frames, stubs, panics.
 *
 * Besides bytecode, frames of a few *stub* functions appear on stacks: the bottom of a goroutine, a panic
 * that runs deferred calls, a native that called back into Go. A stub's VmFunc and its two words of code are
 * constants of stubs.c; its state is in the frame's slots. When C pushes a frame it sets g->pc and g->fp,
 * and the interpreter loads them again. Return pcs always name the word after the instruction, so that
 * pc - 1 is the line. */
#ifndef VOLE_VM_INT_H
#define VOLE_VM_INT_H

#include "image/image.h"
#include "rt/map.h"
#include "rt/value.h"
#include "vm/vm.h"

struct Defer {
    Defer *next;
    uint64_t *fp; /* the frame that deferred */
    GoFunc *fn;
};

/* One panic (or Goexit) in progress; the newest is g->panics. */
struct PanicRec {
    PanicRec *link;
    GoEface value;
    uint64_t *fp;       /* where it was raised */
    const uint64_t *pc;
    uint64_t *stub_fp;  /* frame of vm_stub_panic: caller of the deferred functions */
    uint64_t *defer_fp; /* frame whose deferred call runs */
    bool recovered, goexit;
    uint64_t fault_addr;
    bool is_fault;      /* nil dereference: the report has a [signal SIGSEGV] line */
};

typedef enum VmStub { STUB_GOEXIT, STUB_PANIC, STUB_CHUNK, STUB_NATIVE, STUB_COUNT } VmStub;
extern const VmFunc vm_stubs[STUB_COUNT];
/* The frame of STUB_GOEXIT, below every goroutine's first: one for all, never written. */
extern const uint64_t vm_bottom_frame[FRAME_ARGS];
/* Slot of a stub frame's state. */
enum { STUB_STATE = FRAME_ARGS };
static inline const uint64_t *stub_ret(VmStub s) { return vm_stubs[s].code + 1; }

typedef enum VmHook { /* functions of package runtime that the VM calls */
#define HOOK(id, name) HOOK_##id,
#include "vm/hooks.def"
#undef HOOK
    HOOK_COUNT,
} VmHook;

typedef struct VmPriv {
    const VmFunc *hooks[HOOK_COUNT];
    const GoType *type_error_string, *type_plain_error; /* runtime.errorString, runtime.plainError */
    bool exact; /* scan stacks by the maps; else every word that points into the heap counts */
    pthread_mutex_t fatal_lock;
    pthread_t fatal_thread; /* who holds it, once fatal_owner */
    bool fatal_owner, trace_set;
    TraceLevel trace_level;
    uint64_t ignored_at_start; /* bit: signal that the process was started with ignored (nohup) */
} VmPriv;
static inline VmPriv *vm_priv(Vm *vm) { return vm->vm_private; }

/* Of a worker that runs vm_run: what it has learnt about the stacks of goroutines by their first functions. */
enum { STACK_HINTS = 64 };
typedef struct StackHint { const VmFunc *fn; uint32_t words; } StackHint;
typedef struct FaultState { const char *lo, *hi; const void *go_on; uint64_t addr; } FaultState; /* see vm_fault_register */
typedef struct VmM {
    FaultState fault;
    void *landing; /* see vm_fault_landing */
    StackHint hints[STACK_HINTS];
    bool roomy; /* few goroutines live: their stacks may be larger than the least */
} VmM;
static inline VmM *vm_m(M *m) { return m->vm_private; } /* NULL outside of vm_run */
static inline StackHint *vm_stack_hint(VmM *vmm, const VmFunc *fn) {
    return &vmm->hints[((uintptr_t)fn >> 4 ^ (uintptr_t)fn >> 10) % STACK_HINTS];
}

/* ---- frames.c --------------------------------------------------------------------------------- */

/* A frame for fn that returns to ret_pc in caller_fp; placed at base when the chunk has room for
 * max(fn->frame_slots, need) words, else in a new chunk. Header is filled (CTX: ctx); arguments are not.
 * Ends the program when the stack is at its limit. */
uint64_t *frame_push(M *m, uint64_t *base, uint64_t *caller_fp, const uint64_t *ret_pc,
                     const VmFunc *fn, const void *ctx, uint32_t need);
/* First free word above a frame. */
static inline uint64_t *frame_top(uint64_t *fp) {
    return fp + ((const VmFunc *)fp[FRAME_FUNC])->frame_slots;
}
/* A call op found no room, or the preemption mark: frame header at newfp has been written. Returns the
 * frame to run in, with arguments. */
uint64_t *frame_overflow(M *m, uint64_t *newfp);
/* STUB_CHUNK reached: results go back to the caller's outgoing area; sets g->pc; g->fp is the caller's. */
void frame_chunk_return(M *m, G *g);
/* Drops the chunks above the one that holds fp. */
void frame_unwind_to(M *m, G *g, uint64_t *fp);
/* Caller of fp; NULL at the bottom. */
static inline uint64_t *frame_caller(uint64_t *fp) { return (uint64_t *)fp[FRAME_CALLER]; }
void g_set_stack(G *g, StackChunk *c);

/* ---- panic.c ----------------------------------------------------------------------------------- */

/* All of these need g->pc and g->fp saved and set them to where execution goes on. */
RtResult panic_begin(M *m, G *g, GoEface value, bool goexit); /* RT_OK or RT_EXIT */
RtResult panic_next(M *m, G *g); /* a deferred call returned to STUB_PANIC */
/* The return pc of a frame, also of the first of a stack chunk. */
const uint64_t *frame_return(G *g, const uint64_t *fp);
/* The innermost inlined call at a return pc, or -1. */
int vm_inlined_at(const VmFunc *f, const uint64_t *pc);
GoEface panic_recover(G *g, uint64_t *fp, bool thunk); /* thunk: fp is that of a "defer recover()" thunk */
void defer_push(M *m, G *g, uint64_t *fp, GoFunc *fn);
/* For an outer frame of the running function: behind the defers of the frames above it. */
void defer_push_to(M *m, G *g, uint64_t *fp, GoFunc *fn);
/* The deferred closure of fp to run next, or NULL. */
GoFunc *defer_pop(G *g, uint64_t *fp);
void panic_free_all(G *g);
/* Traps push a call of a hook with n argument slots. */
void trap_call(M *m, G *g, VmHook hook, int n, const uint64_t *args);
void trap_bounds(M *m, G *g, int64_t x, bool is_signed, int64_t y, int code);
void trap_nil(M *m, G *g, uint64_t addr);
void trap_fault(M *m, G *g, uint64_t addr);
void trap_divide(M *m, G *g);
void trap_shift(M *m, G *g);
void trap_text(M *m, G *g, const char *text, bool plain);
void trap_assert(M *m, G *g, const GoType *iface, const GoType *concrete, const GoType *want, Str missing);
enum { /* abi.BoundsErrorCode */
    BOUNDS_INDEX, BOUNDS_SLICE_ALEN, BOUNDS_SLICE_ACAP, BOUNDS_SLICE_B, BOUNDS_SLICE3_ALEN,
    BOUNDS_SLICE3_ACAP, BOUNDS_SLICE3_B, BOUNDS_SLICE3_C, BOUNDS_CONVERT,
};

/* ---- native.c ----------------------------------------------------------------------------------- */

/* g->native_call: pushes the closure's frame above the native's. */
void native_call_begin(M *m, G *g);
/* The closure returned to STUB_NATIVE: copies results, calls `then`; g->pc and g->fp are the native's. */
RtResult native_call_end(M *m, G *g);
void native_call_free(NativeCall *nc);

/* ---- roots.c, signals.c -------------------------------------------------------------------------------- */
void vm_scan_g(Vm *vm, G *g, Marker *mk);
void vm_scan_roots(Vm *vm, Marker *mk);
void vm_install_signals(Vm *vm);
/* The interpreter tells the signal handler where its handlers stand (labels[0..n)) and where to go on after a
 * memory fault in one of them (labels[n]): all of them are targets of the same jumps, so its registers fit. */
void vm_fault_register(M *m, const void *const *labels, int n);
uint64_t vm_fault_address(M *m);
/* Where a fault in C code that works on a program's memory (libc's, and what is GUARDED) leads: a sigjmp_buf of m's
 * worker, the calling thread; NULL: nowhere. */
void vm_fault_landing(M *m, void *buf);

#endif
