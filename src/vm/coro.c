/* Coroutines: pairs of goroutines of which exactly one runs (iter.Pull). The object holds the other one; a
 * switch swaps it with the running goroutine and hands this P over directly. See lib/runtime/coro.go. */
#include "rt/bubble.h"
#include "vm/vm_int.h"

/* func vmcoronew(f func()) unsafe.Pointer: a goroutine that waits before its first instruction */
RtResult vm_native_coro_new(M *m, uint64_t *args) {
    GoFunc *f = (GoFunc *)args[0];
    G *g = vm_go(m, f->fn, f, NULL, 0);
    g->wait_reason = WAIT_CORO;
    atomic_store(&g->status, G_WAITING);
    bubble_park(m, g, true);
    args[1] = (uint64_t)g;
    return RT_OK;
}

static void resume(M *m, G *next) {
    sched_ready(m, next, true);
}

/* func vmcoroswitch(g *unsafe.Pointer) */
RtResult vm_native_coro_switch(M *m, uint64_t *args) {
    G **slot = (G **)args[0], *next = *slot, *g = m->g;
    if (!next) rt_fatal(m->vm, "coroswitch on exited coro");
    *slot = g;
    g->wait_reason = WAIT_CORO;
    atomic_store(&g->status, G_WAITING);
    if (g->locked) sched_move_lock(m, g, next);
    resume(m, next);
    bubble_park(m, g, true);
    return RT_PARKED;
}

/* func vmcoroexit(g *unsafe.Pointer): the other one goes on; the caller ends after it. */
RtResult vm_native_coro_exit(M *m, uint64_t *args) {
    G **slot = (G **)args[0], *next = *slot;
    *slot = NULL;
    if (next && m->g->locked) sched_move_lock(m, m->g, next);
    if (next) resume(m, next);
    return RT_OK;
}
