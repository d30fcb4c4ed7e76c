/* The interpreter: one C function, computed goto, pc, fp and g in locals.
 *
 * During a handler pc is the address of its instruction; operands are loaded from there (one machine instruction each,
 * where taking a word apart costs three). NEXT(n) goes on n words later. The table of handlers stays in a register.
 * SAVE(n) stores g->pc (the instruction's end) and g->fp; it precedes everything that may allocate, park,
 * trap or call Go. Handlers stand in handlers_*.inc by topic; what is long or rare is a function of ops.c, so
 * that the hot handlers neither spill nor call. Built with -fno-gcse -fno-crossjumping (see the Makefile):
 * otherwise gcc merges the dispatch jumps. */
#include <emmintrin.h>
#include <math.h>
#include <stdlib.h>
#include <setjmp.h>
#include "base/sanitize.h"
#include "rt/bubble.h"
#include "code/bc.h"
#include "vm/ops.h"

#define OPA (((const uint16_t *)pc)[1])
#define OPB (((const uint16_t *)pc)[2])
#define OPC (((const uint16_t *)pc)[3])
#define SB ((int64_t)((const int16_t *)pc)[2])
#define SC ((int64_t)((const int16_t *)pc)[3])
#define IMM ((int64_t)((const int32_t *)pc)[1])
#define UIMM (((const uint32_t *)pc)[1])
#define A fp[OPA]
#define B fp[OPB]
#define C fp[OPC]
/* operands of an extra word Q */
#define OPQ(i) (((const uint16_t *)pc)[4 + (i)])
#define SQ(i) ((int64_t)((const int16_t *)pc)[4 + (i)])
#define Q(i) fp[OPQ(i)]
/* Memory of Go programs: unsafe code and encoding/binary's accessors load and store at any address. */
#ifdef SAN_THREAD /* races of the programs are not ours; an atomic load of Go's is such a load, too */
#define MEMORY(type) _Atomic(type)
#else
#define MEMORY(type) type __attribute__((aligned(1)))
#endif
typedef MEMORY(uint8_t) mem_u8;
typedef MEMORY(int16_t) mem_i16;
typedef MEMORY(uint16_t) mem_u16;
typedef MEMORY(int32_t) mem_i32;
typedef MEMORY(uint32_t) mem_u32;
typedef MEMORY(uint64_t) mem_u64;
typedef MEMORY(double) mem_f64;
#undef MEMORY
#define DISPATCH() goto *handlers[*(const uint16_t *)pc]
#define NEXT(n) do { pc += (n); DISPATCH(); } while (0)
#define SAVE(n) (g->pc = pc + (n), g->fp = fp)
#define RELOAD() do { pc = g->pc; fp = g->fp; DISPATCH(); } while (0)
#define H(name) L_##name:
#define TRAP_NIL(n) do { SAVE(n); goto trap_nil_; } while (0)
#define TRAP_INDEX(n, i, len) do { SAVE(n); tx = (int64_t)(i); ty = (int64_t)(len); goto trap_index_; } while (0)
/* call: an RtResult of ops.h or rt. */
#define SLOW(n, call) do { SAVE(n); r = (call); if (likely(r == RT_OK)) NEXT(n); goto result; } while (0)
#define PREEMPTED() unlikely(atomic_load_explicit(&g->preempt, memory_order_relaxed))

/* again: go on with the current goroutine. */
static void interpret(M *m, bool again) {
    static const void *const labels[BC_OP_COUNT + 1] = {
#define BC(name, fmt, operands, effects, doc) [BC_##name] = &&L_##name,
#include "tables/ops_bc.def"
#undef BC
        [BC_OP_COUNT] = &&fault,
    };
    register const uint64_t *pc;
    register uint64_t *fp;
    register G *g;
    register void *const *handlers = (void *const *)labels;
    __asm__("" : "+r"(handlers)); /* not an address to form anew before each jump */
    int64_t tx, ty;
    RtResult r;

    vm_fault_register(m, labels, BC_OP_COUNT);
    if (!again) goto switch_g;
    g = m->g;
    RELOAD();

#include "vm/handlers_int.inc"
#include "vm/handlers_float.inc"
#include "vm/handlers_mem.inc"
#include "vm/handlers_data.inc"
#include "vm/handlers_ctl.inc"

trap_nil_:
    trap_nil(m, g, 0);
    RELOAD();
trap_index_:
    trap_bounds(m, g, tx, true, ty, BOUNDS_INDEX);
    RELOAD();

    /* The signal handler comes here from the middle of a handler: pc is at the instruction or just behind. */
fault:
    SAVE(1);
    trap_fault(m, g, vm_fault_address(m));
    RELOAD();

    /* A back-edge with the mark set; pc is the target. */
preempt:
    SAVE(0);
    if (sched_safepoint(m, g)) {
        sched_yield_g(m, g);
        goto switch_g;
    }
    RELOAD();

    /* A call whose frame (header written at fp, pc at the callee's code) met the limit. */
call_slow:
    g->pc = (const uint64_t *)fp[FRAME_RETPC];
    g->fp = (uint64_t *)fp[FRAME_CALLER];
    if ((uint16_t)*pc == BC_TRYNATIVE && g_limit(g) != G_PREEMPT_LIMIT) { /* it may well need no frame */
        if (op_try_native(m, (uint32_t)(*pc >> 32), fp + FRAME_ARGS)) RELOAD();
        fp = frame_overflow(m, fp);
        pc++;
        DISPATCH();
    }
    fp = frame_overflow(m, fp);
    pc = ((const VmFunc *)fp[FRAME_FUNC])->code;
    if (g_limit(g) == G_PREEMPT_LIMIT) goto preempt;
    DISPATCH();

    /* An operation answered something else than RT_OK. */
result:
    switch (r) {
    case RT_OK:
    case RT_FALSE: RELOAD();
    case RT_PARKED: goto switch_g;
    case RT_YIELD: sched_yield_g(m, g); goto switch_g;
    case RT_PANIC:
        r = panic_begin(m, g, m->panic_value, false);
        goto result;
    case RT_CALL:
        native_call_begin(m, g);
        RELOAD();
    case RT_EXIT:
        if (g->panics && g->fp == g->panics->stub_fp && g->panics->goexit) goto end_g;
        r = panic_begin(m, g, (GoEface){0}, true);
        goto result;
    }
    bug("interpreter: result %d", (int)r);

end_g:
    if (unlikely(g->id == 1)) m->vm->main_exited = true;
    panic_free_all(g);
    if (unlikely(g->bubble != NULL)) bubble_remove_g(m, g);
    sched_free_g(m, g);

switch_g:
    g = sched_next(m);
    if (!g) return;
    if (unlikely(g->wake_panic_closed)) {
        g->wake_panic_closed = false;
        trap_text(m, g, "send on closed channel", true);
    }
    RELOAD();
}

/* A fault in C code that a handler called comes back here (vm_fault_landing): g->pc and g->fp are of that handler. */
void vm_run(M *m) {
    sigjmp_buf landing;
    if (!m->vm_private && !(m->vm_private = calloc(1, sizeof(VmM)))) base_oom();
    vm_fault_landing(m, &landing);
    bool fault = sigsetjmp(landing, 0);
    if (fault) trap_fault(m, m->g, vm_fault_address(m));
    interpret(m, fault);
    vm_fault_landing(NULL, NULL);
    free(m->vm_private);
    m->vm_private = NULL;
}
