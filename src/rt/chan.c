/* Channels: a lock, a ring buffer and two queues of waiters.
 *
 * A waiter names the memory that its value is in or goes to (stacks never move), so whoever completes the
 * operation copies straight between the two goroutines' frames and readies the other one next on its own P.
 * A select's waiters are claimed by a compare-and-swap on the goroutine; losers are skipped. */
#include "rt/bubble.h"
#include "rt/chan_int.h"
#include "rt/value.h"

#include <stdlib.h>

void wait_queue_push(WaitQueue *q, Waiter *w) {
    w->next = NULL;
    w->prev = q->tail;
    if (q->tail) q->tail->next = w;
    else __atomic_store_n(&q->head, w, __ATOMIC_RELAXED); /* receivers look without the lock */
    q->tail = w;
}

void wait_queue_remove(WaitQueue *q, Waiter *w) {
    if (w->prev) w->prev->next = w->next;
    else if (q->head == w) __atomic_store_n(&q->head, w->next, __ATOMIC_RELAXED);
    else return; /* not queued any more */
    if (w->next) w->next->prev = w->prev;
    else q->tail = w->prev;
    w->next = w->prev = NULL;
}

bool wait_queue_ready(WaitQueue *q) {
    for (Waiter *w; (w = q->head);) {
        uint32_t zero = 0;
        if (!w->is_select || w->claimed) return true;
        if (atomic_compare_exchange_strong(&w->g->sel->done, &zero, 1)) {
            w->claimed = true;
            return true;
        }
        wait_queue_remove(q, w);
    }
    return false;
}

/* The first waiter whose goroutine is ours to wake. */
static Waiter *wait_queue_claim(WaitQueue *q) {
    if (!wait_queue_ready(q)) return NULL;
    Waiter *w = q->head;
    wait_queue_remove(q, w);
    return w;
}

/* Ends a wait whose value has been transferred. The channel's lock must be released: a select's other
 * waiters are taken out of their channels here, on behalf of the sleeping goroutine. */
static void complete(M *m, Waiter *w, bool ok) {
    G *g = w->g;
    if (w->is_select) {
        *g->sel->chosen = w->case_index;
        sched_event(m, "selected", w->chan, w->case_index);
        if (g->sel->ok) *g->sel->ok = ok;
        select_unqueue(g, w);
    } else if (w->ok) {
        *w->ok = ok;
    }
    sched_ready(m, g, true);
}

static inline void elem_copy(M *m, Chan *c, void *dst, const void *src) {
    mem_barrier_typed(m, c->elem, src, 1);
    if (c->elem_size == 8) memcpy(dst, src, 8);
    else if (c->elem_size) memcpy(dst, src, c->elem_size);
}

static inline uint8_t *slot(Chan *c, uint64_t i) { return c->buf + i * c->elem_size; }

RtResult chan_make(M *m, const GoType *chan_type, int64_t size, Chan **out) {
    const GoType *elem = ((const GoChanType *)chan_type)->elem;
    if (size < 0 || (elem->size && (uint64_t)size > ((1ull << 47) - 96) / elem->size)) {
        vm_panic_text(m, "makechan: size out of range");
        return RT_PANIC;
    }
    uint8_t mask[1] = {1 << (offsetof(Chan, buf) / 8)};
    _Static_assert(offsetof(Chan, buf) == 16, "mask of Chan");
    uint8_t bits[(sizeof(Chan) / 8 + 7) / 8] = {mask[0]};
    Chan *c = mem_alloc_mask(m, sizeof *c, bits);
    c->cap = size;
    c->elem = elem;
    c->elem_size = elem->size;
    *out = c;
    m->no_gc++; /* the map of this safepoint does not have the result yet */
    if (size && elem->size) c->buf = mem_alloc_array(m, elem, size);
    m->no_gc--;
    c->bubble = m->g ? m->g->bubble : NULL;
    return RT_OK;
}

int64_t chan_len(Chan *c) { return c && !c->is_timer ? __atomic_load_n(&c->count, __ATOMIC_RELAXED) : 0; }
int64_t chan_cap(Chan *c) { return c && !c->is_timer ? c->cap : 0; }

static RtResult park_forever(M *m, WaitReason why) {
    m->g->wait_reason = why;
    atomic_store_explicit(&m->g->status, G_WAITING, memory_order_relaxed);
    bubble_park(m, m->g, true);
    return RT_PARKED;
}

static RtResult park_on(M *m, Chan *c, WaitQueue *q, void *elem, bool *ok, WaitReason why) {
    G *g = m->g;
    Waiter *w = &g->wait;
    w->g = g;
    w->elem = elem;
    w->ok = ok;
    w->chan = c;
    w->is_select = false;
    sched_event(m, "wait", c, why);
    g->wait_reason = why;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    bubble_park(m, g, c->bubble != NULL);
    wait_queue_push(q, w);
    spin_unlock(&c->lock);
    return RT_PARKED;
}

/* With the lock held. Returns false when it would wait. May release the lock to complete a waiter; the
 * lock is released whenever true is returned. */
bool chan_try_send(M *m, Chan *c, const void *elem) {
    Waiter *w = wait_queue_claim(&c->recvq);
    if (w || c->count < c->cap) sched_event(m, "send", c, SCHED_NO_NUMBER);
    if (w) {
        if (w->elem) elem_copy(m, c, w->elem, elem);
        spin_unlock(&c->lock);
        complete(m, w, true);
        return true;
    }
    if (c->count < c->cap) {
        if (c->elem_size) elem_copy(m, c, slot(c, c->send_at), elem);
        if (++c->send_at == (uint64_t)c->cap) c->send_at = 0;
        __atomic_store_n(&c->count, c->count + 1, __ATOMIC_RELAXED);
        spin_unlock(&c->lock);
        return true;
    }
    return false;
}

bool chan_try_recv(M *m, Chan *c, void *elem, bool *ok) {
    sched_event(m, "receive", c, c->count);
    if (c->count) {
        uint8_t *from = slot(c, c->recv_at);
        if (elem && c->elem_size) elem_copy(m, c, elem, from);
        Waiter *w = wait_queue_claim(&c->sendq);
        if (w) { /* the buffer is full: the sender's value takes the place that became free */
            if (c->elem_size) elem_copy(m, c, from, w->elem);
            if (++c->recv_at == (uint64_t)c->cap) c->recv_at = 0;
            c->send_at = c->recv_at;
        } else {
            if (c->elem_size) memset(from, 0, c->elem_size);
            if (++c->recv_at == (uint64_t)c->cap) c->recv_at = 0;
            __atomic_store_n(&c->count, c->count - 1, __ATOMIC_RELAXED);
        }
        spin_unlock(&c->lock);
        if (ok) *ok = true;
        if (w) complete(m, w, true);
        return true;
    }
    Waiter *w = wait_queue_claim(&c->sendq);
    if (w) {
        if (elem) elem_copy(m, c, elem, w->elem);
        spin_unlock(&c->lock);
        if (ok) *ok = true;
        complete(m, w, true);
        return true;
    }
    if (c->closed) {
        if (elem && c->elem_size) memset(elem, 0, c->elem_size);
        spin_unlock(&c->lock);
        if (ok) *ok = false;
        return true;
    }
    return false;
}

/* A channel that was made in a bubble is for that bubble only. */
static bool foreign(M *m, Chan *c, const char *what) {
    if (likely(!c->bubble) || c->bubble == m->g->bubble) return false;
    vm_panic_text(m, "%s synctest channel from outside bubble", what);
    return true;
}

RtResult chan_send(M *m, Chan *c, const void *elem, bool block) {
    if (!c) return block ? park_forever(m, WAIT_CHAN_SEND_NIL) : RT_FALSE;
    if (unlikely(foreign(m, c, "send on"))) return RT_PANIC;
    spin_lock(&c->lock);
    if (c->closed) {
        spin_unlock(&c->lock);
        vm_panic_text(m, "send on closed channel");
        return RT_PANIC;
    }
    if (chan_try_send(m, c, elem)) return RT_OK;
    if (!block) {
        spin_unlock(&c->lock);
        return RT_FALSE;
    }
    return park_on(m, c, &c->sendq, (void *)elem, NULL, WAIT_CHAN_SEND);
}

RtResult chan_recv(M *m, Chan *c, void *elem, bool *ok, bool block) {
    if (!c) return block ? park_forever(m, WAIT_CHAN_RECEIVE_NIL) : RT_FALSE;
    if (unlikely(foreign(m, c, "receive on"))) return RT_PANIC;
    if (!block && !__atomic_load_n(&c->count, __ATOMIC_ACQUIRE) && !__atomic_load_n(&c->closed, __ATOMIC_ACQUIRE) &&
        !__atomic_load_n(&c->sendq.head, __ATOMIC_RELAXED))
        return RT_FALSE;
    spin_lock(&c->lock);
    if (chan_try_recv(m, c, elem, ok)) return RT_OK;
    if (!block) {
        spin_unlock(&c->lock);
        return RT_FALSE;
    }
    return park_on(m, c, &c->recvq, elem, ok, WAIT_CHAN_RECEIVE);
}

RtResult chan_close(M *m, Chan *c) {
    if (!c) {
        vm_panic_text(m, "close of nil channel");
        return RT_PANIC;
    }
    if (unlikely(foreign(m, c, "close of"))) return RT_PANIC;
    spin_lock(&c->lock);
    if (c->closed) {
        spin_unlock(&c->lock);
        vm_panic_text(m, "close of closed channel");
        return RT_PANIC;
    }
    sched_event(m, "close", c, SCHED_NO_NUMBER);
    __atomic_store_n(&c->closed, true, __ATOMIC_RELEASE);
    Waiter *list = NULL, **link = &list;
    for (Waiter *w; (w = wait_queue_claim(&c->recvq));) {
        if (w->elem && c->elem_size) memset(w->elem, 0, c->elem_size);
        *link = w, link = &w->next;
    }
    for (Waiter *w; (w = wait_queue_claim(&c->sendq));) {
        w->g->wake_panic_closed = true;
        *link = w, link = &w->next;
    }
    *link = NULL;
    spin_unlock(&c->lock);
    while (list) {
        Waiter *w = list;
        list = w->next;
        w->next = NULL;
        G *g = w->g;
        if (w->is_select) {
            *g->sel->chosen = w->case_index;
            if (g->sel->ok) *g->sel->ok = false;
            select_unqueue(g, w);
        } else if (w->ok) {
            *w->ok = false;
        }
        sched_ready(m, g, false);
    }
    return RT_OK;
}

void chan_set_timer(Chan *c) { c->is_timer = true; }

void chan_timer_send(M *m, Chan *c, const void *elem) {
    spin_lock(&c->lock);
    if (c->closed || !chan_try_send(m, c, elem)) spin_unlock(&c->lock);
}

bool chan_drain(Chan *c) {
    spin_lock(&c->lock);
    bool had = c->count > 0;
    if (had) {
        memset(c->buf, 0, (size_t)c->cap * c->elem_size);
        __atomic_store_n(&c->count, 0, __ATOMIC_RELAXED);
        c->recv_at = c->send_at = 0;
    }
    spin_unlock(&c->lock);
    return had;
}
