/* testing/synctest's bubbles. The protocol is that of Go's own runtime: counts of total, running and active,
 * and one rule for whom to wake when nothing runs. */
#include "rt/bubble.h"

#include <stdlib.h>

/* 2000-01-01 00:00:00 UTC */
#define BUBBLE_EPOCH 946684800000000000ll

/* With the lock: whom to wake now that nothing in the bubble can run; NULL while something can. */
static G *wake_locked(Bubble *b) {
    if (b->running > 0 || b->active > 0) return NULL;
    b->active++; /* until the one that is woken looks */
    if (b->timers && b->timers->when <= b->now) return b->root;
    return b->waiter ? b->waiter : b->root;
}

void bubble_park_slow(M *m, G *g) {
    Bubble *b = g->bubble;
    spin_lock(&b->lock);
    g->bubble_idle = true;
    b->running--;
    G *wake = wake_locked(b);
    spin_unlock(&b->lock);
    if (wake) sched_ready(m, wake, false);
}

void bubble_ready(G *g) {
    Bubble *b = g->bubble;
    spin_lock(&b->lock);
    if (g->bubble_idle) {
        g->bubble_idle = false;
        b->running++;
    }
    spin_unlock(&b->lock);
}

void bubble_add_g(G *g) {
    Bubble *b = g->bubble;
    spin_lock(&b->lock);
    b->total++;
    b->running++;
    spin_unlock(&b->lock);
}

void bubble_remove_g(M *m, G *g) {
    Bubble *b = g->bubble;
    spin_lock(&b->lock);
    b->total--;
    b->running--;
    if (g == b->main) b->done = true;
    G *wake = wake_locked(b);
    spin_unlock(&b->lock);
    g->bubble = NULL;
    if (wake) sched_ready(m, wake, false);
}

/* ---- Timers: a list by deadline; tests have few ---------------------------------------------------- */

enum { LEVEL_BUBBLE = 100 };

void bubble_timer_insert(M *m, Bubble *b, TimerNode *t) {
    spin_lock(&b->lock);
    TimerNode *prev = NULL, *at = b->timers;
    t->seq = ++b->seq;
    /* equal deadlines: in any order, so that tests do not come to depend on one */
    while (at && (at->when < t->when || (at->when == t->when && rt_rand(m) & 1))) prev = at, at = at->next;
    t->prev = prev;
    t->next = at;
    if (prev) prev->next = t;
    else b->timers = t;
    if (at) at->prev = t;
    t->level = LEVEL_BUBBLE;
    spin_unlock(&b->lock);
}

static void unlink_locked(Bubble *b, TimerNode *t) {
    if (t->prev) t->prev->next = t->next;
    else b->timers = t->next;
    if (t->next) t->next->prev = t->prev;
    t->next = t->prev = NULL;
    t->level = -1;
}

bool bubble_timer_remove(Bubble *b, TimerNode *t) {
    spin_lock(&b->lock);
    bool armed = t->level == LEVEL_BUBBLE;
    if (armed) unlink_locked(b, t);
    spin_unlock(&b->lock);
    return armed;
}

static void run_timers(M *m, Bubble *b) {
    for (;;) {
        spin_lock(&b->lock);
        TimerNode *t = b->timers;
        if (!t || t->when > b->now) break;
        unlink_locked(b, t);
        spin_unlock(&b->lock);
        t->fire(m, t, b->now);
    }
    spin_unlock(&b->lock);
}

/* ---- Run and Wait ------------------------------------------------------------------------------------- */

static RtResult root_park(M *m, G *g, const uint64_t *retry_pc) {
    g->pc = retry_pc;
    g->wait_reason = WAIT_SYNCTEST_RUN;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    bubble_park_slow(m, g);
    return RT_PARKED;
}

RtResult bubble_run(M *m, GoFunc *f, const uint64_t *retry_pc) {
    G *g = m->g;
    Sched *s = m->vm->sched;
    Bubble *b = g->bubble;
    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b) base_oom();
        b->now = BUBBLE_EPOCH;
        b->root = g;
        b->total = b->running = 1;
        pthread_mutex_lock(&s->lock);
        b->id = s->bubbles ? s->bubbles->id + 1 : 1;
        b->next = s->bubbles;
        s->bubbles = b;
        pthread_mutex_unlock(&s->lock);
        g->bubble = b;
        b->main = m->vm->go_func(m, f, NULL, 0);
        return root_park(m, g, retry_pc);
    }
    if (b->root != g) {
        vm_panic_text(m, "synctest.Run called from within a synctest bubble");
        return RT_PANIC;
    }
    /* Woken: nothing in the bubble runs. */
    spin_lock(&b->lock);
    b->active--;
    bool more = b->timers && !b->done;
    if (more && b->timers->when > b->now) b->now = b->timers->when;
    spin_unlock(&b->lock);
    if (more) {
        run_timers(m, b);
        return root_park(m, g, retry_pc);
    }
    bool done = b->done, alone = b->total == 1;
    g->bubble = NULL;
    if (alone) return RT_OK;
    vm_panic_text(m, done ? "deadlock: main bubble goroutine has exited but blocked goroutines remain"
                          : "deadlock: all goroutines in bubble are blocked");
    return RT_PANIC;
}

RtResult bubble_wait(M *m, const uint64_t *retry_pc) {
    G *g = m->g;
    Bubble *b = g->bubble;
    if (!b) {
        vm_panic_text(m, "goroutine is not in a bubble");
        return RT_PANIC;
    }
    spin_lock(&b->lock);
    if (b->waiter == g) { /* woken */
        b->active--;
        b->waiter = NULL;
        b->waiting = false;
        spin_unlock(&b->lock);
        return RT_OK;
    }
    if (b->waiting) {
        spin_unlock(&b->lock);
        vm_panic_text(m, "wait already in progress");
        return RT_PANIC;
    }
    b->waiting = true;
    b->waiter = g;
    spin_unlock(&b->lock);
    g->pc = retry_pc;
    g->wait_reason = WAIT_SYNCTEST_WAIT;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    bubble_park_slow(m, g);
    return RT_PARKED;
}
