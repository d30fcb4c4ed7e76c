/* Natives of sync, internal/sync, sync/atomic. */
#include "native/native.h"
#include "rt/sched_int.h"

static uint32_t *addr(uint64_t *args) { return (uint32_t *)args[0]; }

RtResult native_semacquire(M *m, uint64_t *args) { return sema_acquire(m, addr(args), false, WAIT_SEMACQUIRE); }
RtResult native_semacquire_wg(M *m, uint64_t *args) { return sema_acquire(m, addr(args), false, args[1] & 1 ? WAIT_SYNC_WAITGROUP_DURABLE : WAIT_SYNC_WAITGROUP); }
RtResult native_semacquire_rwr(M *m, uint64_t *args) { return sema_acquire(m, addr(args), args[1] & 1, WAIT_SYNC_RWMUTEX_R); }
RtResult native_semacquire_rw(M *m, uint64_t *args) { return sema_acquire(m, addr(args), args[1] & 1, WAIT_SYNC_RWMUTEX); }
RtResult native_semacquire_mutex(M *m, uint64_t *args) { return sema_acquire(m, addr(args), args[1] & 1, WAIT_SYNC_MUTEX); }

RtResult native_semrelease(M *m, uint64_t *args) {
    bool handoff = args[1] & 1;
    sema_release(m, addr(args), handoff);
    /* Pinned (sync.Pool unlocks its mutex so): another goroutine would take the place, and the pin would be the P's. */
    return handoff && !m->p->pinned ? RT_YIELD : RT_OK;
}

RtResult native_semrelease1(M *m, uint64_t *args) {
    sema_release(m, addr(args), false);
    return RT_OK;
}

RtResult native_notify_add(M *m, uint64_t *args) {
    args[1] = notify_add((struct NotifyList *)args[0]);
    return RT_OK;
}

RtResult native_notify_wait(M *m, uint64_t *args) {
    return notify_wait(m, (struct NotifyList *)args[0], (uint32_t)args[1]);
}

RtResult native_notify_all(M *m, uint64_t *args) {
    notify_all(m, (struct NotifyList *)args[0]);
    return RT_OK;
}

RtResult native_notify_one(M *m, uint64_t *args) {
    notify_one(m, (struct NotifyList *)args[0]);
    return RT_OK;
}

RtResult native_proc_pin(M *m, uint64_t *args) {
    sched_pin(m);
    args[0] = m->p->id;
    return RT_OK;
}

RtResult native_proc_unpin(M *m, uint64_t *args) {
    sched_unpin(m);
    return RT_OK;
}

RtResult native_pool_cleanup(M *m, uint64_t *args) {
    native_state(m->vm)->pool_cleanup = (GoFunc *)args[0];
    return RT_OK;
}

/* sync.(*WaitGroup).Add outside of bubbles, when nobody needs to be woken. The state: counter in the high half,
 * waiters in the low one, whose highest bit says that the group belongs to a bubble. */
RtResult native_waitgroup_add(M *m, uint64_t *args) {
    uint64_t *state = (uint64_t *)args[0];
    int64_t delta = (int64_t)args[1];
    if (!state || m->g->bubble) return RT_FALSE;
    uint64_t old = __atomic_load_n(state, __ATOMIC_RELAXED), now;
    do {
        now = old + ((uint64_t)delta << 32);
        int32_t v = (int32_t)(now >> 32);
        uint32_t w = (uint32_t)now;
        if (w || v < 0) return RT_FALSE; /* waiters, a bubble's, misuse */
    } while (!__atomic_compare_exchange_n(state, &old, now, true, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return RT_OK;
}
