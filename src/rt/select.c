/* select: tries the cases in random order under all channels' locks, else waits on all of them.
 *
 * Locks are taken in address order. Waiter nodes belong to the goroutine and are reused by its next
 * select; the first waker claims the goroutine (SelectWait.done) and takes the other nodes out. */
#include "rt/bubble.h"
#include "rt/chan_int.h"

#include <stdlib.h>

enum { SELECT_STACK = 16 };

static void sort_locks(Chan **a, int n) {
    for (int i = 1; i < n; i++) { /* few cases: insertion sort */
        Chan *c = a[i];
        int j = i;
        for (; j && a[j - 1] > c; j--) a[j] = a[j - 1];
        a[j] = c;
    }
}

static void unlock_all(Chan **locks, int n) {
    for (int i = n; i-- > 0;)
        if (i == 0 || locks[i] != locks[i - 1]) spin_unlock(&locks[i]->lock);
}

/* All locks but that of `keep` are released (keep: released by whoever completes its operation). */
static void unlock_others(Chan **locks, int n, Chan *keep) {
    for (int i = n; i-- > 0;)
        if ((i == 0 || locks[i] != locks[i - 1]) && locks[i] != keep) spin_unlock(&locks[i]->lock);
}

void select_unqueue(G *g, Waiter *except) {
    for (int i = 0; i < g->sel->n; i++) {
        Waiter *w = &g->sel->w[i];
        if (w == except || !w->chan) continue;
        Chan *c = w->chan;
        spin_lock(&c->lock);
        wait_queue_remove(w->is_send ? &c->sendq : &c->recvq, w);
        spin_unlock(&c->lock);
    }
}

RtResult select_go(M *m, SelectCase *cases, int ncases, bool has_default, int64_t *chosen, bool *ok) {
    G *g = m->g;
    uint16_t order_buf[SELECT_STACK], *order = order_buf;
    Chan *lock_buf[SELECT_STACK], **locks = lock_buf;
    if (ncases > SELECT_STACK) {
        order = malloc(sizeof *order * (size_t)ncases);
        locks = malloc(sizeof *locks * (size_t)ncases);
        if (!order || !locks) base_oom();
    }
    int n = 0;
    bool durable = true; /* all channels belong to this bubble */
    for (int i = 0; i < ncases; i++) {
        if (!cases[i].chan) continue; /* never ready */
        Bubble *b = cases[i].chan->bubble;
        durable &= b != NULL;
        if (unlikely(b && b != g->bubble)) {
            if (order != order_buf) free(order), free(locks);
            vm_panic_text(m, "select on synctest channel from outside bubble");
            return RT_PANIC;
        }
        int j = (int)(rt_rand(m) % (uint64_t)(n + 1));
        order[n] = order[j];
        order[j] = (uint16_t)i;
        locks[n++] = cases[i].chan;
    }
    RtResult r = RT_OK;
    sort_locks(locks, n);
    for (int i = 0; i < n; i++)
        if (i == 0 || locks[i] != locks[i - 1]) spin_lock(&locks[i]->lock);
    for (int k = 0; k < n; k++) {
        SelectCase *sc = &cases[order[k]];
        Chan *c = sc->chan;
        if (sc->is_send) {
            if (c->closed) {
                unlock_all(locks, n);
                vm_panic_text(m, "send on closed channel");
                r = RT_PANIC;
                goto done;
            }
            if (c->count >= c->cap && !wait_queue_ready(&c->recvq)) continue;
        } else if (!c->count && !c->closed && !wait_queue_ready(&c->sendq)) {
            continue;
        }
        unlock_others(locks, n, c);
        bool did = sc->is_send ? chan_try_send(m, c, sc->elem) : chan_try_recv(m, c, sc->elem, ok);
        if (!did) bug("select: a ready case was not");
        *chosen = order[k];
        sched_event(m, "select", NULL, order[k]);
        if (sc->is_send) *ok = false;
        goto done;
    }
    if (has_default) {
        unlock_all(locks, n);
        *chosen = -1;
        sched_event(m, "select", NULL, -1);
        *ok = false;
        goto done;
    }
    /* Wait on all. */
    SelectWait *sel = g->sel;
    if (!sel || sel->cap < n) {
        free(sel);
        int cap = n < 2 ? 2 : n;
        g->sel = sel = malloc(sizeof *sel + sizeof(Waiter) * (size_t)cap);
        if (!sel) base_oom();
        sel->cap = cap;
    }
    sched_event(m, "wait", NULL, n ? WAIT_SELECT : WAIT_SELECT_NO_CASES);
    sel->n = n;
    sel->chosen = chosen;
    sel->ok = ok;
    atomic_store_explicit(&sel->done, 0, memory_order_relaxed);
    g->wait_reason = n ? WAIT_SELECT : WAIT_SELECT_NO_CASES;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    bubble_park(m, g, durable);
    for (int k = 0; k < n; k++) {
        SelectCase *sc = &cases[order[k]];
        Waiter *w = &sel->w[k];
        memset(w, 0, sizeof *w);
        w->g = g;
        w->elem = sc->elem;
        w->chan = sc->chan;
        w->case_index = order[k];
        w->is_select = true;
        w->is_send = sc->is_send;
        wait_queue_push(sc->is_send ? &sc->chan->sendq : &sc->chan->recvq, w);
    }
    r = RT_PARKED;
    unlock_all(locks, n);
done:
    if (order != order_buf) {
        free(order);
        free(locks);
    }
    return r;
}
