/* Natives that call back into Go, and looking natives up by name.
 *
 * A native answers RT_CALL with g->native_call set: a frame of STUB_NATIVE goes above the native's own
 * frame and the closure's frame above that one. When the closure returns, the stub copies its results and
 * calls `then` with the native's frame current again, whose answer is treated like the native's own. */
#include <stdlib.h>
#include "vm/vm_int.h"

int native_find(Str name) {
    for (uint32_t i = 0; i < vm_nnatives; i++)
        if (str_is(name, vm_natives[i].name)) return (int)i;
    return -1;
}

int native_to_try(Str name) {
    for (uint32_t i = 0; i < vm_nnatives; i++)
        if (vm_natives[i].effects & NEFF_TRY && str_is(name, vm_natives[i].name)) return (int)i;
    return -1;
}

NativeCall *vm_native_call(M *m, GoFunc *fn, uint32_t nargs, uint32_t nresults) {
    NativeCall *nc = calloc(1, sizeof *nc + 8u * nargs);
    if (!nc) base_oom();
    nc->fn = fn;
    nc->nargs = nargs;
    nc->nresults = nresults;
    nc->args = (uint64_t *)(nc + 1);
    m->g->native_call = nc;
    return nc;
}

void native_call_free(NativeCall *nc) { free(nc); }

void native_call_begin(M *m, G *g) {
    NativeCall *nc = g->native_call;
    g->native_call = NULL;
    nc->native_args = g->fp + FRAME_ARGS;
    const VmFunc *stub_fn = &vm_stubs[STUB_NATIVE];
    uint32_t area = stub_fn->frame_slots + FRAME_ARGS + nc->nargs + nc->nresults;
    uint64_t *stub = frame_push(m, frame_top(g->fp), g->fp, g->pc, stub_fn, NULL, area);
    stub[STUB_STATE] = (uint64_t)nc;
    /* So that a collection finds the closure while its arguments are being set up. */
    uint64_t *fp = frame_push(m, frame_top(stub), stub, stub_ret(STUB_NATIVE), nc->fn->fn, nc->fn, 0);
    memcpy(fp + FRAME_ARGS, nc->args, nc->nargs * 8u);
    g->fp = fp;
    g->pc = nc->fn->fn->code;
}

RtResult native_call_end(M *m, G *g) {
    uint64_t *stub = g->fp;
    NativeCall *nc = (NativeCall *)stub[STUB_STATE];
    if (nc->results) {
        const uint64_t *from = frame_top(stub) + FRAME_ARGS + nc->nargs;
        mem_barrier(m, from, nc->nresults * 8u); /* reflect keeps its frames in the heap */
        memcpy(nc->results, from, nc->nresults * 8u);
    }
    /* The stub itself may be the first frame of a chunk. */
    g->fp = frame_caller(stub);
    g->pc = (const uint64_t *)stub[FRAME_RETPC];
    if (g->pc == vm_stubs[STUB_CHUNK].code) {
        g->pc = g->stack->ret_pc;
        g_set_stack(g, g->stack->prev);
    }
    RtResult r = RT_OK;
    RtResult (*then)(M *, uint64_t *, void *) = nc->then;
    uint64_t *args = nc->native_args;
    void *state = nc->state;
    free(nc);
    if (then) r = then(m, args, state);
    return r;
}
