/* Run queues: one of each P and a common one for goroutines that were readied without a P; stealing.
 *
 * A P's queue is a line: new goroutines go to its front (newest child first keeps few alive), readied and yielding ones
 * to its back; a direct hand-off goes into the one-element `next` slot before it. The line's front part, `kids`, belongs
 * to the worker that holds the P, which pushes and pops there without a lock; the rest, `queue`, is under a lock
 * and open to thieves, who take the older half. The owner moves the older half of its kids into an empty `queue` when a P
 * is idle or when there are many (queue_offer), and some of `queue` back when it has no kids. Before the owner leaves
 * its P alone (a system call) everything moves to where others can take it.
 *
 * Private deques with explicit sharing: Acar, Chargueraud, Rainey, "Scheduling Parallel Programs by Work Stealing with
 * Private Deques" (2013). */
#include "rt/bubble.h"

enum {
    NEXT_CAP = 64,     /* hand-offs in a row before the queue gets its turn */
    OFFER_MAX = 64,    /* goroutines moved between the parts at once, under the lock */
    TAKE_BACK = 32,
    STEAL_MAX = 256,
    FAIR_AGE = 500 * AGE_US, /* the last, which may run for a whole slice, goes first not more often than this */
    FAIR_LATEST = 200000 * AGE_US, /* however many others there are */
};

static void gqueue_set_len(GQueue *q, uint32_t n) { atomic_store_explicit(&q->len, n, memory_order_relaxed); }

static void gqueue_swap(GQueue *a, GQueue *b) { /* the lengths one by one: others look at them */
    GQueue old = *a;
    a->head = b->head, a->tail = b->tail;
    gqueue_set_len(a, b->len);
    b->head = old.head, b->tail = old.tail;
    gqueue_set_len(b, old.len);
}

void gqueue_push_back(GQueue *q, G *g) {
    g->sched_next = NULL;
    g->sched_prev = q->tail;
    if (q->tail) q->tail->sched_next = g;
    else q->head = g;
    q->tail = g;
    gqueue_set_len(q, q->len + 1);
}

void gqueue_push_front(GQueue *q, G *g) {
    g->sched_prev = NULL;
    g->sched_next = q->head;
    if (q->head) q->head->sched_prev = g;
    else q->tail = g;
    q->head = g;
    gqueue_set_len(q, q->len + 1);
}

G *gqueue_pop_front(GQueue *q) {
    G *g = q->head;
    if (!g) return NULL;
    q->head = g->sched_next;
    if (q->head) q->head->sched_prev = NULL;
    else q->tail = NULL;
    g->sched_next = g->sched_prev = NULL;
    gqueue_set_len(q, q->len - 1);
    return g;
}

G *gqueue_pop_back(GQueue *q) {
    G *g = q->tail;
    if (!g) return NULL;
    q->tail = g->sched_prev;
    if (q->tail) q->tail->sched_next = NULL;
    else q->head = NULL;
    g->sched_next = g->sched_prev = NULL;
    gqueue_set_len(q, q->len - 1);
    return g;
}

/* Puts all of b before a. */
static void gqueue_prepend(GQueue *a, GQueue *b) {
    if (!b->head) return;
    b->tail->sched_next = a->head;
    if (a->head) a->head->sched_prev = b->tail;
    else a->tail = b->tail;
    a->head = b->head;
    gqueue_set_len(a, a->len + b->len);
    b->head = b->tail = NULL;
    gqueue_set_len(b, 0);
}

/* ---- A P's queue ------------------------------------------------------------------------------------- */

void queue_push_back(P *p, G *g) {
    PSched *ps = p_sched(p);
    spin_lock(&ps->lock);
    gqueue_push_back(&ps->queue, g);
    spin_unlock(&ps->lock);
}

void queue_offer(Sched *s, PSched *ps) {
    uint32_t n = ps->kids.len, want = (n + 1) / 2;
    if (want > OFFER_MAX) want = OFFER_MAX;
    GQueue some = {0};
    for (uint32_t i = 0; i < want; i++) gqueue_push_front(&some, gqueue_pop_back(&ps->kids));
    spin_lock(&ps->lock);
    gqueue_prepend(&ps->queue, &some);
    spin_unlock(&ps->lock);
}

void queue_offer_all(PSched *ps) {
    G *next = p_next(ps);
    if (!next && !ps->kids.head) return;
    if (next) {
        gqueue_push_front(&ps->kids, next);
        p_set_next(ps, NULL);
    }
    spin_lock(&ps->lock);
    gqueue_prepend(&ps->queue, &ps->kids);
    spin_unlock(&ps->lock);
}

/* Any of the queue, by the seed. */
static G *pop_seeded(M *m, PSched *ps) {
    if (p_next(ps)) {
        queue_push_back(m->p, p_next(ps));
        p_set_next(ps, NULL);
    }
    queue_offer_all(ps);
    if (!ps->queue.len) return NULL;
    for (uint64_t k = rt_rand(m) % ps->queue.len; k; k--) gqueue_push_back(&ps->queue, gqueue_pop_front(&ps->queue));
    return gqueue_pop_front(&ps->queue);
}

/* Now and then the last of the line goes first, which new goroutines would starve otherwise. When its slice is over, as
 * many others have their turn as are in the line then: one that only starts others would fill memory with them. */
static bool fair_turn(PSched *ps) {
    if (ps->tick % FAIR_TICK) return false;
    uint64_t waited = age_clock() - ps->fair_at;
    if (waited <= FAIR_AGE || ((int32_t)(ps->tick - ps->fair_tick) < 0 && waited <= FAIR_LATEST)) return false;
    ps->fair_runs = true;
    return true;
}

static void fair_turn_over(PSched *ps) {
    ps->fair_runs = false;
    ps->fair_at = age_clock();
    ps->fair_tick = ps->tick + ps->kids.len + atomic_load_explicit(&ps->queue.len, memory_order_relaxed);
}

G *queue_pop_slow(M *m, PSched *ps) {
    if (m->vm->sched->seeded) return pop_seeded(m, ps);
    if (unlikely(ps->fair_runs)) fair_turn_over(ps);
    G *g = p_next(ps);
    if (g) {
        p_set_next(ps, NULL);
        if (ps->next_run < NEXT_CAP || !p_has_queue(ps)) {
            ps->next_run++;
            return g;
        }
        queue_push_back(m->p, g); /* had its run: the hand-off goes to the back */
    }
    ps->next_run = 0;
    bool last = fair_turn(ps);
    if (ps->kids.head && !last) {
        g = gqueue_pop_front(&ps->kids);
        if (ps->kids.head) __builtin_prefetch(ps->kids.head->fp); /* the next one, in a burst no longer in the cache */
        return g;
    }
    if (!atomic_load_explicit(&ps->queue.len, memory_order_relaxed)) return gqueue_pop_back(&ps->kids);
    spin_lock(&ps->lock);
    if (last) {
        g = gqueue_pop_back(&ps->queue);
    } else {
        g = gqueue_pop_front(&ps->queue);
        if (m->vm->nprocs == 1) {
            gqueue_prepend(&ps->queue, &ps->kids);
            gqueue_swap(&ps->queue, &ps->kids);
        } else {
            uint32_t n = ps->queue.len / 2;
            if (n > TAKE_BACK) n = TAKE_BACK;
            while (n--) gqueue_push_back(&ps->kids, gqueue_pop_front(&ps->queue));
        }
    }
    spin_unlock(&ps->lock);
    return g ? g : gqueue_pop_front(&ps->kids); /* a thief was faster */
}

/* ---- Making goroutines runnable ------------------------------------------------------------------------- */

void queue_push_global(Vm *vm, G *g) {
    Sched *s = vm->sched;
    pthread_mutex_lock(&s->lock);
    gqueue_push_back(&s->global, g);
    P *p = atomic_load(&s->stopping) || atomic_load(&s->polling) ? NULL : idle_p_take(s);
    M *asleep = p ? worker_start(s, p, NULL) : NULL;
    monitor_poke(s);
    pthread_mutex_unlock(&s->lock);
    if (asleep) worker_wake(asleep);
    if (atomic_load_explicit(&s->polling, memory_order_acquire)) netpoll_wake(s);
}

void sched_start(M *m, G *g) {
    sched_event(m, "go", NULL, (int64_t)g->id);
    Sched *s = m->vm->sched;
    PSched *ps = p_sched(m->p);
    gqueue_push_front(&ps->kids, g);
    queue_offer_if_useful(s, ps);
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
    if (next) {
        PSched *ps = p_sched(m->p);
        G *old = p_next(ps);
        p_set_next(ps, g);
        if (likely(!old)) return;
        g = old;
    }
    queue_push_back(m->p, g);
}

void sched_yield_g(M *m, G *g) {
    dcheck(!m->p || !m->p->pinned);
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    if (m->p) queue_push_back(m->p, g);
    else queue_push_global(m->vm, g);
}

/* ---- From elsewhere ----------------------------------------------------------------------------------------- */

G *queue_pop_global(Sched *s, P *p) {
    if (!atomic_load_explicit(&s->global.len, memory_order_relaxed)) return NULL;
    pthread_mutex_lock(&s->lock);
    G *g = gqueue_pop_front(&s->global);
    for (int n = (int)(s->global.len / s->vm->nprocs); g && n > 0; n--) {
        G *more = gqueue_pop_front(&s->global);
        if (!more) break;
        queue_push_back(p, more);
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
        if (!atomic_load_explicit(&vs->queue.len, memory_order_relaxed)) continue;
        GQueue got = {0};
        spin_lock(&vs->lock);
        uint32_t want = (vs->queue.len + 1) / 2;
        if (want > STEAL_MAX) want = STEAL_MAX;
        while (want--) gqueue_push_front(&got, gqueue_pop_back(&vs->queue));
        spin_unlock(&vs->lock);
        G *g = gqueue_pop_front(&got);
        if (!g) continue;
        PSched *ps = p_sched(m->p);
        spin_lock(&ps->lock);
        gqueue_prepend(&ps->queue, &got);
        spin_unlock(&ps->lock);
        return g;
    }
    return NULL;
}

bool queue_any_work(Sched *s) {
    if (atomic_load(&s->global.len)) return true;
    for (uint32_t i = 0; i < s->vm->nprocs; i++)
        if (atomic_load(&p_sched(s->vm->ps[i])->queue.len)) return true;
    return false;
}
