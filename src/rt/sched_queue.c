/* Run queues: one of each P and a common one for goroutines that were readied without a P; stealing.
 *
 * New goroutines go to the front of their P's queue (newest child first keeps few alive), readied and yielding ones
 * to its back, a direct hand-off goes into the one-element `next` slot. Thieves take the older half. */
#include "rt/bubble.h"

enum {
    NEXT_CAP = 64,               /* hand-offs in a row before the queue gets its turn */
};

void gqueue_push_back(GQueue *q, G *g) {
    g->sched_next = NULL;
    g->sched_prev = q->tail;
    if (q->tail) q->tail->sched_next = g;
    else q->head = g;
    q->tail = g;
    atomic_store_explicit(&q->len, q->len + 1, memory_order_relaxed);
}

void gqueue_push_front(GQueue *q, G *g) {
    g->sched_prev = NULL;
    g->sched_next = q->head;
    if (q->head) q->head->sched_prev = g;
    else q->tail = g;
    q->head = g;
    atomic_store_explicit(&q->len, q->len + 1, memory_order_relaxed);
}

G *gqueue_pop_front(GQueue *q) {
    G *g = q->head;
    if (!g) return NULL;
    q->head = g->sched_next;
    if (q->head) q->head->sched_prev = NULL;
    else q->tail = NULL;
    g->sched_next = g->sched_prev = NULL;
    atomic_store_explicit(&q->len, q->len - 1, memory_order_relaxed);
    return g;
}

G *gqueue_pop_back(GQueue *q) {
    G *g = q->tail;
    if (!g) return NULL;
    q->tail = g->sched_prev;
    if (q->tail) q->tail->sched_next = NULL;
    else q->head = NULL;
    g->sched_next = g->sched_prev = NULL;
    atomic_store_explicit(&q->len, q->len - 1, memory_order_relaxed);
    return g;
}

void queue_push(P *p, G *g, bool front) {
    PSched *ps = p_sched(p);
    spin_lock(&ps->lock);
    if (front) gqueue_push_front(&ps->queue, g);
    else gqueue_push_back(&ps->queue, g);
    spin_unlock(&ps->lock);
}

G *queue_pop(M *m, P *p) {
    PSched *ps = p_sched(p);
    if (!p_next(ps) && !atomic_load_explicit(&ps->queue.len, memory_order_relaxed)) return NULL;
    spin_lock(&ps->lock);
    G *g;
    if (m->vm->stress.sched_seed >= 0) { /* any of the queue, by the seed */
        if (p_next(ps)) {
            gqueue_push_back(&ps->queue, p_next(ps));
            p_set_next(ps, NULL);
        }
        for (uint64_t k = rt_rand(m) % ps->queue.len; k; k--)
            gqueue_push_back(&ps->queue, gqueue_pop_front(&ps->queue));
        g = gqueue_pop_front(&ps->queue);
    } else if (p_next(ps) && (ps->next_run < NEXT_CAP || !ps->queue.head)) {
        g = p_next(ps);
        p_set_next(ps, NULL);
        ps->next_run++;
    } else {
        if (p_next(ps)) { /* had its run: the hand-off goes to the back */
            gqueue_push_back(&ps->queue, p_next(ps));
            p_set_next(ps, NULL);
        }
        ps->next_run = 0;
        g = ps->tick % FAIR_TICK == 0 ? gqueue_pop_back(&ps->queue) : gqueue_pop_front(&ps->queue);
    }
    spin_unlock(&ps->lock);
    return g;
}

void queue_push_global(Vm *vm, G *g) {
    Sched *s = vm->sched;
    pthread_mutex_lock(&s->lock);
    gqueue_push_back(&s->global, g);
    P *p = atomic_load(&s->stopping) || atomic_load(&s->polling) ? NULL : idle_p_take(s);
    if (p) worker_start(s, p, NULL);
    monitor_poke(s);
    pthread_mutex_unlock(&s->lock);
    if (atomic_load_explicit(&s->polling, memory_order_acquire)) netpoll_wake(s);
}

void sched_start(M *m, G *g) {
    sched_event(m, "go", NULL, (int64_t)g->id);
    queue_push(m->p, g, true);
}

void sched_ready(M *m, G *g, bool next) {
    dcheck(g->status == G_WAITING || g->status == G_RUNNABLE);
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    g->wait_reason = WAIT_ZERO;
    if (unlikely(g->bubble != NULL)) bubble_ready(g);
    sched_event(m, "ready", NULL, (int64_t)g->id);
    if (!m->p) {
        queue_push_global(m->vm, g);
        return;
    }
    PSched *ps = p_sched(m->p);
    spin_lock(&ps->lock);
    if (next) {
        if (p_next(ps)) gqueue_push_back(&ps->queue, p_next(ps));
        p_set_next(ps, g);
    } else {
        gqueue_push_back(&ps->queue, g);
    }
    spin_unlock(&ps->lock);
}

void sched_yield_g(M *m, G *g) {
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    if (m->p) queue_push(m->p, g, false);
    else queue_push_global(m->vm, g);
}

G *queue_pop_global(Sched *s, P *p) {
    if (!atomic_load_explicit(&s->global.len, memory_order_relaxed)) return NULL;
    pthread_mutex_lock(&s->lock);
    G *g = gqueue_pop_front(&s->global);
    for (int n = (int)(s->global.len / s->vm->nprocs); g && n > 0; n--) {
        G *more = gqueue_pop_front(&s->global);
        if (!more) break;
        queue_push(p, more, false);
    }
    pthread_mutex_unlock(&s->lock);
    return g;
}

G *queue_steal(M *m) {
    Vm *vm = m->vm;
    uint32_t n = vm->nprocs, start = (uint32_t)rt_rand(m) % n;
    for (uint32_t i = 0; i < n; i++) {
        P *victim = vm->ps[(start + i) % n];
        if (victim == m->p) continue;
        PSched *vs = p_sched(victim);
        uint32_t len = atomic_load_explicit(&vs->queue.len, memory_order_relaxed);
        bool idle_owner = atomic_load(&vs->status) != P_RUNNING;
        if (!len && !(idle_owner && p_next(vs))) continue;
        GQueue got = {0};
        spin_lock(&vs->lock);
        for (uint32_t want = (vs->queue.len + 1) / 2; want; want--)
            gqueue_push_front(&got, gqueue_pop_back(&vs->queue));
        if (!got.head && p_next(vs) && idle_owner) {
            gqueue_push_back(&got, p_next(vs));
            p_set_next(vs, NULL);
        }
        spin_unlock(&vs->lock);
        G *g = gqueue_pop_front(&got);
        if (!g) continue;
        PSched *ps = p_sched(m->p);
        spin_lock(&ps->lock);
        for (G *x; (x = gqueue_pop_front(&got));) gqueue_push_back(&ps->queue, x);
        spin_unlock(&ps->lock);
        return g;
    }
    return NULL;
}

bool queue_any_work(Sched *s) {
    if (atomic_load(&s->global.len)) return true;
    for (uint32_t i = 0; i < s->vm->nprocs; i++) {
        PSched *ps = p_sched(s->vm->ps[i]);
        if (atomic_load(&ps->queue.len)) return true;
        if (p_next(ps) && atomic_load(&ps->status) != P_RUNNING) return true;
    }
    return false;
}
