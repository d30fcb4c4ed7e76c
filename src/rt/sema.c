/* Semaphores on words of Go memory, and sync.Cond's notify lists.
 *
 * A bucket table keyed by address, as in gc. A release hands the unit straight to the oldest waiter: the
 * waiter cannot lose it to a newcomer, so it needs no loop when it wakes. */
#include "rt/bubble.h"

static SemaBucket *bucket(M *m, void *addr) {
    return &m->vm->sched->sema[((uintptr_t)addr >> 3) % SEMA_BUCKETS];
}

static bool try_acquire(uint32_t *addr) {
    uint32_t v = __atomic_load_n(addr, __ATOMIC_RELAXED);
    while (v)
        if (__atomic_compare_exchange_n(addr, &v, v - 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return true;
    return false;
}

RtResult sema_acquire(M *m, uint32_t *addr, bool lifo, WaitReason why) {
    if (try_acquire(addr)) return RT_OK;
    G *g = m->g;
    SemaBucket *b = bucket(m, addr);
    spin_lock(&b->lock);
    atomic_fetch_add(&b->nwait, 1); /* before the second look: a release sees one or the other */
    if (try_acquire(addr)) {
        atomic_fetch_sub(&b->nwait, 1);
        spin_unlock(&b->lock);
        return RT_OK;
    }
    Waiter *w = &g->wait;
    memset(w, 0, sizeof *w);
    w->g = g;
    w->key = addr;
    if (lifo) {
        w->next = b->head;
        if (b->head) b->head->prev = w;
        else b->tail = w;
        b->head = w;
    } else {
        w->prev = b->tail;
        if (b->tail) b->tail->next = w;
        else b->head = w;
        b->tail = w;
    }
    sched_event(m, "wait", addr, why);
    g->wait_reason = why;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    bubble_park(m, g, why == WAIT_SYNC_WAITGROUP_DURABLE);
    spin_unlock(&b->lock);
    return RT_PARKED;
}

void sema_release(M *m, uint32_t *addr, bool handoff) {
    SemaBucket *b = bucket(m, addr);
    __atomic_fetch_add(addr, 1, __ATOMIC_SEQ_CST);
    sched_event(m, "release", addr, SCHED_NO_NUMBER);
    if (!atomic_load(&b->nwait)) return;
    spin_lock(&b->lock);
    Waiter *w = b->head;
    while (w && w->key != addr) w = w->next;
    if (w && try_acquire(addr)) {
        if (w->prev) w->prev->next = w->next;
        else b->head = w->next;
        if (w->next) w->next->prev = w->prev;
        else b->tail = w->prev;
        w->next = w->prev = NULL;
        atomic_fetch_sub(&b->nwait, 1);
    } else {
        w = NULL;
    }
    spin_unlock(&b->lock);
    if (w) sched_ready(m, w->g, handoff);
}

/* ---- Notify lists ------------------------------------------------------------------------------------ */

struct NotifyList { /* sync.notifyList */
    _Atomic uint32_t wait;
    uint32_t notify;
    uint64_t lock; /* a SpinLock */
    Waiter *head, *tail;
};

static SpinLock *list_lock(struct NotifyList *l) { return (SpinLock *)&l->lock; }

uint32_t notify_add(struct NotifyList *l) { return atomic_fetch_add(&l->wait, 1); }

RtResult notify_wait(M *m, struct NotifyList *l, uint32_t ticket) {
    G *g = m->g;
    spin_lock(list_lock(l));
    if ((int32_t)(ticket - l->notify) < 0) { /* notified already */
        spin_unlock(list_lock(l));
        return RT_OK;
    }
    Waiter *w = &g->wait;
    memset(w, 0, sizeof *w);
    w->g = g;
    w->ticket = ticket;
    w->key = l;
    if (l->tail) l->tail->next = w;
    else l->head = w;
    l->tail = w;
    sched_event(m, "wait", l, WAIT_SYNC_COND);
    g->wait_reason = WAIT_SYNC_COND;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    bubble_park(m, g, true);
    spin_unlock(list_lock(l));
    return RT_PARKED;
}

void notify_all(M *m, struct NotifyList *l) {
    if (atomic_load(&l->wait) == __atomic_load_n(&l->notify, __ATOMIC_RELAXED)) return;
    spin_lock(list_lock(l));
    Waiter *w = l->head;
    l->head = l->tail = NULL;
    __atomic_store_n(&l->notify, atomic_load(&l->wait), __ATOMIC_RELAXED);
    spin_unlock(list_lock(l));
    while (w) {
        Waiter *next = w->next;
        w->next = NULL;
        sched_ready(m, w->g, false);
        w = next;
    }
}

void notify_one(M *m, struct NotifyList *l) {
    if (atomic_load(&l->wait) == __atomic_load_n(&l->notify, __ATOMIC_RELAXED)) return;
    spin_lock(list_lock(l));
    uint32_t t = l->notify;
    Waiter *found = NULL;
    if (t != atomic_load(&l->wait)) {
        __atomic_store_n(&l->notify, t + 1, __ATOMIC_RELAXED);
        for (Waiter *w = l->head, *prev = NULL; w; prev = w, w = w->next) {
            if (w->ticket != t) continue;
            if (prev) prev->next = w->next;
            else l->head = w->next;
            if (l->tail == w) l->tail = prev;
            w->next = NULL;
            found = w;
            break;
        }
    }
    spin_unlock(list_lock(l));
    if (found) sched_ready(m, found->g, false);
}
