/* The scheduler: goroutines (G) on worker threads (M) that hold the right to run (P).
 *
 * Each P has a queue: new goroutines go to its front (newest child first keeps few alive), readied and
 * yielding ones to its back, a direct hand-off goes into the one-element `next` slot. A worker without
 * work looks at timers, the poller, the global queue, then steals the oldest of another P. The last idle
 * worker waits in the poller; the others sleep on a futex. A second worker is woken only for work that has
 * been waiting a while: waking costs tens of microseconds, a switch tens of nanoseconds.
 *
 * Invariant: a G is in at most one queue; whoever makes it runnable owns the transition (status). After a
 * G has parked (its waiter node is visible to others), the parking worker touches it no more. */
#define _GNU_SOURCE
#include "rt/bubble.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    SLICE_NS = 1000 * 1000,      /* a goroutine runs this long before it is asked to yield */
    TIMER_NAP_NS = 200 * 1000,   /* the monitor looks this often while timers are due and every P is busy */
    WAKE_AGE_NS = 20 * 1000,     /* work older than this is worth waking a second worker */
    NEXT_CAP = 64,               /* hand-offs in a row before the queue gets its turn */
    FAIR_TICK = 61,              /* every so many switches the oldest goes first */
    FREE_G_KEEP = 256,           /* finished goroutines a P keeps */
    FREE_G_BATCH = 64,
};

const char *wait_reason_text(WaitReason r) {
    static const char *const text[] = {
#define WAIT(id, t) [WAIT_##id] = t,
#include "tables/waitreasons.def"
#undef WAIT
    };
    return text[r];
}

int64_t wall_nanotime(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

int64_t sched_clock(Sched *s) { return s->seeded ? s->virtual_now : wall_nanotime(); }

int64_t rt_nanotime(M *m) { return sched_clock(m->vm->sched); }

void rt_walltime(M *m, int64_t *sec, int32_t *nsec) {
    struct timespec ts;
    Sched *s = m->vm->sched;
    if (s->seeded) { /* time begins with the year 2000 */
        *sec = 946684800 + s->virtual_now / 1000000000;
        *nsec = (int32_t)(s->virtual_now % 1000000000);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &ts);
    *sec = ts.tv_sec;
    *nsec = (int32_t)ts.tv_nsec;
}

uint64_t rt_rand(M *m) { /* wyrand */
    m->rng += 0xa0761d6478bd642full;
    unsigned __int128 t = (unsigned __int128)m->rng * (m->rng ^ 0xe7037ed1a0b428dbull);
    return (uint64_t)(t >> 64) ^ (uint64_t)t;
}

void spin_lock_slow(SpinLock *l) {
    for (int i = 0;; i++) {
        uint32_t zero = 0;
        if (!atomic_load_explicit(&l->v, memory_order_relaxed) &&
            atomic_compare_exchange_weak_explicit(&l->v, &zero, 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return;
        if (i < 64) __builtin_ia32_pause();
        else (void)syscall(SYS_sched_yield);
    }
}

/* ---- Futex parking of workers ------------------------------------------------------------------- */

static void m_park(M *m) {
    MSched *ms = m_sched(m);
    while (!atomic_load_explicit(&ms->park, memory_order_acquire))
        syscall(SYS_futex, &ms->park, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    atomic_store_explicit(&ms->park, 0, memory_order_relaxed);
}

static void m_wake(M *m) {
    MSched *ms = m_sched(m);
    atomic_store_explicit(&ms->park, 1, memory_order_release);
    syscall(SYS_futex, &ms->park, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* ---- Queues --------------------------------------------------------------------------------------- */

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

static void p_push(P *p, G *g, bool front) {
    PSched *ps = p_sched(p);
    spin_lock(&ps->lock);
    if (front) gqueue_push_front(&ps->queue, g);
    else gqueue_push_back(&ps->queue, g);
    spin_unlock(&ps->lock);
}

static G *p_pop(M *m, P *p) {
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

/* ---- Goroutine records ------------------------------------------------------------------------------ */

/* Fills P's list of free records from the common one or with new ones. */
static void refill_free_g(Vm *vm, PSched *ps) {
    Sched *s = vm->sched;
    spin_lock(&s->slab_lock);
    for (int i = 0; i < FREE_G_BATCH && s->free_g; i++) {
        G *g = s->free_g;
        s->free_g = g->sched_next;
        g->sched_next = ps->free_g;
        ps->free_g = g;
        ps->nfree_g++;
    }
    if (!ps->free_g) {
        GSlab *slab = s->slabs;
        if (!slab || slab->used == slab->n) {
            slab = slab_take(vm);
            slab->n = (uint32_t)((SLAB_BYTES - sizeof *slab) / sizeof(G));
            slab->used = 0;
            slab->next = s->slabs;
            s->slabs = slab;
        }
        uint32_t n = slab->n - slab->used, batch = slab->used ? FREE_G_BATCH : 8;
        if (n > batch) n = batch;
        memset(&slab->gs[slab->used], 0, n * sizeof(G));
        for (uint32_t i = n; i-- > 0;) { /* addresses ascend along the list */
            slab->gs[slab->used + i].sched_next = ps->free_g;
            ps->free_g = &slab->gs[slab->used + i];
        }
        ps->nfree_g += n;
        slab->used += n;
    }
    spin_unlock(&s->slab_lock);
}

G *sched_new_g(M *m, size_t stack_words) {
    Sched *s = m->vm->sched;
    PSched none = {0}, *ps = m->p ? p_sched(m->p) : &none;
    if (!ps->free_g) refill_free_g(m->vm, ps);
    G *g = ps->free_g;
    ps->free_g = g->sched_next;
    ps->nfree_g--;
    if (unlikely(ps == &none)) {
        spin_lock(&s->slab_lock);
        for (G *x; (x = none.free_g);) {
            none.free_g = x->sched_next;
            x->sched_next = s->free_g;
            s->free_g = x;
        }
        spin_unlock(&s->slab_lock);
    }
    StackChunk *chunk = g->stack;
    SelectWait *sel = g->sel;
    if (chunk && (size_t)(chunk->hi - chunk->words) < stack_words) {
        stack_chunk_free(m, chunk);
        chunk = NULL;
    }
    memset(g, 0, sizeof *g);
    g->sel = sel;
    g->stack = chunk ? chunk : stack_chunk_new(m, stack_words);
    g->stack_limit = g->stack->hi;
    g->id = atomic_fetch_add_explicit(&s->next_goid, 1, memory_order_relaxed) + 1;
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->n_g, 1, memory_order_relaxed);
    return g;
}

void sched_free_g(M *m, G *g) {
    Sched *s = m->vm->sched;
    if (!g->is_system) atomic_fetch_sub_explicit(&s->n_g, 1, memory_order_relaxed);
    while (g->stack && g->stack->next) { /* cached continuation chunks */
        StackChunk *c = g->stack->next;
        g->stack->next = c->next;
        stack_chunk_free(m, c);
    }
    while (g->stack && g->stack->prev) {
        StackChunk *c = g->stack;
        g->stack = c->prev;
        g->stack->next = NULL;
        stack_chunk_free(m, c);
    }
    if (g->sel && g->sel->cap > 8) {
        free(g->sel);
        g->sel = NULL;
    }
    atomic_store_explicit(&g->status, G_FREE, memory_order_release);
    PSched *ps = p_sched(m->p);
    if (g->stack && g->stack->hi - g->stack->words > 256) {
        stack_chunk_free(m, g->stack);
        g->stack = NULL;
    }
    g->sched_next = ps->free_g;
    ps->free_g = g;
    if (++ps->nfree_g < FREE_G_KEEP) return;
    spin_lock(&s->slab_lock);
    for (int i = 0; i < FREE_G_KEEP / 2; i++) {
        G *x = ps->free_g;
        ps->free_g = x->sched_next;
        x->sched_next = s->free_g;
        s->free_g = x;
    }
    ps->nfree_g -= FREE_G_KEEP / 2;
    spin_unlock(&s->slab_lock);
}

void sched_trim(Vm *vm, void (*drop_chunk)(void *ctx, StackChunk *c), void *ctx) {
    Sched *s = vm->sched;
    s->free_g = NULL;
    for (uint32_t i = 0; i < vm->nprocs; i++) {
        p_sched(vm->ps[i])->free_g = NULL;
        p_sched(vm->ps[i])->nfree_g = 0;
    }
    for (GSlab **link = &s->slabs, *slab; (slab = *link);) {
        uint32_t busy = 0;
        for (uint32_t i = 0; i < slab->used; i++) {
            G *g = &slab->gs[i];
            if (atomic_load_explicit(&g->status, memory_order_relaxed) != G_FREE) {
                busy++;
                continue;
            }
            if (g->stack) drop_chunk(ctx, g->stack);
            g->stack = NULL;
            free(g->sel);
            g->sel = NULL;
        }
        if (!busy) {
            *link = slab->next;
            slab_give(vm, slab);
            continue;
        }
        for (uint32_t i = slab->used; i-- > 0;) {
            G *g = &slab->gs[i];
            if (atomic_load_explicit(&g->status, memory_order_relaxed) != G_FREE) continue;
            g->sched_next = s->free_g;
            s->free_g = g;
        }
        link = &slab->next;
    }
}

void sched_mark_system(Vm *vm, G *g) {
    if (g->is_system) return;
    g->is_system = true;
    atomic_fetch_sub_explicit(&vm->sched->n_g, 1, memory_order_relaxed);
}

uint64_t sched_count_g(Vm *vm) {
    int64_t n = atomic_load_explicit(&vm->sched->n_g, memory_order_relaxed);
    return n > 0 ? (uint64_t)n : 0;
}

GSlab *sched_slab_first(Vm *vm) {
    if (!vm->sched) return NULL;
    spin_lock(&vm->sched->slab_lock);
    GSlab *first = vm->sched->slabs;
    spin_unlock(&vm->sched->slab_lock);
    return first;
}
GSlab *sched_slab_next(GSlab *s) { return s->next; }
void sched_slab_each_g(GSlab *s, void (*fn)(void *ctx, G *g), void *ctx) {
    for (uint32_t i = 0; i < s->used; i++) {
        if (i + 4 < s->used) __builtin_prefetch(s->gs[i + 4].fp); /* the collector looks at stacks */
        if (atomic_load_explicit(&s->gs[i].status, memory_order_acquire) != G_FREE) fn(ctx, &s->gs[i]);
    }
}

void sched_each_g(Vm *vm, void (*fn)(void *ctx, G *g), void *ctx) {
    for (GSlab *s = sched_slab_first(vm); s; s = s->next) sched_slab_each_g(s, fn, ctx);
}

/* ---- Workers and idle Ps ------------------------------------------------------------------------------ */

static M *m_new(Vm *vm) {
    Sched *s = vm->sched;
    M *m = calloc(1, sizeof *m);
    MSched *ms = calloc(1, sizeof *ms);
    if (!m || !ms) base_oom();
    m->vm = vm;
    m->sched = ms;
    m->id = s->n_m++;
    m->rng = vm->rand_seed + m->id * 0x9e3779b97f4a7c15ull;
    m->all_next = vm->ms;
    vm->ms = m;
    return m;
}

static void *m_thread(void *arg) {
    M *m = arg;
    m->vm->sched->run(m);
    return NULL;
}

static void m_attach(M *m, P *p) {
    m->p = p;
    p_set_m(p, m);
    atomic_store_explicit(&p_sched(p)->status, P_RUNNING, memory_order_release);
}

/* Gives p to an idle or new worker. Lock held. */
static void start_worker(Sched *s, P *p) {
    M *m = s->idle_m;
    if (m) {
        s->idle_m = m_sched(m)->idle_next;
    } else {
        m = m_new(s->vm);
    }
    m_attach(m, p);
    if (m_sched(m)->started) {
        m_wake(m);
        return;
    }
    m_sched(m)->started = true;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 512 * 1024);
    int err = pthread_create(&m->thread, &attr, m_thread, m);
    pthread_attr_destroy(&attr);
    if (err) rt_fatal(s->vm, "cannot start a worker thread: %s", strerror(err));
}

static P *take_idle_p(Sched *s) { /* lock held */
    P *p = s->idle_p;
    if (p) {
        s->idle_p = p_sched(p)->idle_next;
        atomic_fetch_sub(&s->n_idle_p, 1);
    }
    return p;
}

static void put_idle_p(Sched *s, P *p) { /* lock held */
    PSched *ps = p_sched(p);
    p_set_m(p, NULL);
    atomic_store_explicit(&ps->status, P_IDLE, memory_order_release);
    ps->idle_next = s->idle_p;
    s->idle_p = p;
    atomic_fetch_add(&s->n_idle_p, 1);
}

static void monitor_poke(Sched *s) { /* lock held */
    if (s->monitor_asleep) pthread_cond_signal(&s->monitor_cond);
}

void sched_wake_idle(Vm *vm) {
    Sched *s = vm->sched;
    if (!atomic_load_explicit(&s->n_idle_p, memory_order_relaxed)) return;
    if (atomic_load_explicit(&s->n_spinning, memory_order_relaxed)) return;
    if (atomic_load_explicit(&s->polling, memory_order_acquire)) {
        netpoll_wake(s);
        return;
    }
    pthread_mutex_lock(&s->lock);
    P *p = atomic_load(&s->stopping) ? NULL : take_idle_p(s);
    if (p) start_worker(s, p);
    pthread_mutex_unlock(&s->lock);
}

/* ---- Making goroutines runnable ------------------------------------------------------------------------- */

static void push_global(Vm *vm, G *g) {
    Sched *s = vm->sched;
    pthread_mutex_lock(&s->lock);
    gqueue_push_back(&s->global, g);
    P *p = atomic_load(&s->stopping) || atomic_load(&s->polling) ? NULL : take_idle_p(s);
    if (p) start_worker(s, p);
    monitor_poke(s);
    pthread_mutex_unlock(&s->lock);
    if (atomic_load_explicit(&s->polling, memory_order_acquire)) netpoll_wake(s);
}

void sched_start(M *m, G *g) { p_push(m->p, g, true); }

void sched_ready(M *m, G *g, bool next) {
    dcheck(g->status == G_WAITING || g->status == G_RUNNABLE);
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    g->wait_reason = WAIT_ZERO;
    if (unlikely(g->bubble != NULL)) bubble_ready(g);
    if (!m->p) {
        push_global(m->vm, g);
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
    if (m->p) p_push(m->p, g, false);
    else push_global(m->vm, g);
}

/* ---- Finding work ------------------------------------------------------------------------------------------ */

static G *pop_global(Sched *s, P *p) {
    if (!atomic_load_explicit(&s->global.len, memory_order_relaxed)) return NULL;
    pthread_mutex_lock(&s->lock);
    G *g = gqueue_pop_front(&s->global);
    for (int n = (int)(s->global.len / s->vm->nprocs); g && n > 0; n--) {
        G *more = gqueue_pop_front(&s->global);
        if (!more) break;
        p_push(p, more, false);
    }
    pthread_mutex_unlock(&s->lock);
    return g;
}

static G *steal(M *m) {
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

/* Stops here while the world is stopped. The worker holds a P and runs no Go code. */
/* in_c: C code up the stack counts on its P (an allocation that collects), so it must not be taken away. */
static void wait_world(M *m, bool in_c) {
    Sched *s = m->vm->sched;
    pthread_mutex_lock(&s->lock);
    if (atomic_load(&s->stopping) && s->stopper != m) {
        P *p = m->p;
        p_sched(p)->in_c = in_c;
        atomic_store(&p_sched(p)->status, P_STOPPED);
        pthread_cond_signal(&s->stop_cond);
        while (atomic_load(&s->stopping)) pthread_cond_wait(&s->start_cond, &s->lock);
        if (m->p == p) atomic_store(&p_sched(p)->status, P_RUNNING); /* else GOMAXPROCS took it away */
    }
    pthread_mutex_unlock(&s->lock);
}

static bool any_work(Sched *s) {
    if (atomic_load(&s->global.len)) return true;
    for (uint32_t i = 0; i < s->vm->nprocs; i++) {
        PSched *ps = p_sched(s->vm->ps[i]);
        if (atomic_load(&ps->queue.len)) return true;
        if (p_next(ps) && atomic_load(&ps->status) != P_RUNNING) return true;
    }
    return false;
}

/* Every P is idle, nothing can ever happen: gc's deadlock. Lock held. */
static bool is_deadlock(Sched *s) {
    return atomic_load(&s->n_idle_p) == s->vm->nprocs && !atomic_load(&s->n_syscall) &&
           !atomic_load(&s->poll_waiters) && !atomic_load(&s->keep_alive) &&
           atomic_load(&s->wheel.next_when) == INT64_MAX && !any_work(s) && !atomic_load(&s->stopping);
}

/* No work anywhere: releases the P and sleeps. Returns with a P, or false when the instance ends. */
static bool idle(M *m) {
    Vm *vm = m->vm;
    Sched *s = vm->sched;
    pthread_mutex_lock(&s->lock);
    if (atomic_load(&s->stopping)) {
        pthread_mutex_unlock(&s->lock);
        wait_world(m, false);
        return true;
    }
    P *p = m->p;
    m->p = NULL;
    put_idle_p(s, p);
    atomic_thread_fence(memory_order_seq_cst);
    for (;;) {
        if (atomic_load(&vm->exiting)) {
            pthread_mutex_unlock(&s->lock);
            return false;
        }
        /* Work that arrived between our last look and becoming idle. */
        if (any_work(s) && !atomic_load(&s->stopping)) {
            P *q = take_idle_p(s);
            if (q) {
                m_attach(m, q);
                pthread_mutex_unlock(&s->lock);
                return true;
            }
        }
        if (is_deadlock(s)) {
            pthread_mutex_unlock(&s->lock);
            leaks_find(vm, NULL);
            rt_fatal(vm, "%s", vm->main_exited ? "no goroutines (main called runtime.Goexit) - deadlock!"
                                                            : "all goroutines are asleep - deadlock!");
        }
        if (s->seeded && atomic_load(&s->wheel.next_when) != INT64_MAX) {
            /* Nothing can run before the next timer: the clock jumps there. Files that are ready come first. */
            pthread_mutex_unlock(&s->lock);
            if (atomic_load(&s->poll_waiters)) netpoll(m, 0);
            pthread_mutex_lock(&s->lock);
            if (!any_work(s)) s->virtual_now = atomic_load(&s->wheel.next_when);
            m_attach(m, take_idle_p(s));
            pthread_mutex_unlock(&s->lock);
            return true;
        }
        bool useful = atomic_load(&s->wheel.next_when) != INT64_MAX || s->epfd >= 0;
        if (useful && !atomic_load(&s->polling)) {
            atomic_store(&s->polling, 1);
            pthread_mutex_unlock(&s->lock);
            int64_t next = atomic_load(&s->wheel.next_when);
            int64_t wait = next == INT64_MAX ? -1 : next - sched_clock(s);
            if (next != INT64_MAX && wait < 0) wait = 0;
            atomic_store(&s->poll_until, next);
            if (atomic_load(&s->wheel.next_when) < next) wait = 0;
            netpoll(m, wait);
            pthread_mutex_lock(&s->lock);
            atomic_store(&s->polling, 0);
            bool due = atomic_load(&s->wheel.next_when) <= sched_clock(s);
            if ((due || any_work(s)) && !atomic_load(&s->stopping)) {
                P *q = take_idle_p(s);
                if (q) {
                    m_attach(m, q);
                    pthread_mutex_unlock(&s->lock);
                    return true;
                }
                if (due) { /* all Ps run: their workers look at the wheel themselves */
                    goto sleep;
                }
            }
            if (atomic_load(&s->stopping)) {
                while (atomic_load(&s->stopping)) pthread_cond_wait(&s->start_cond, &s->lock);
            }
            continue;
        }
    sleep:;
        MSched *ms = m_sched(m);
        ms->idle_next = s->idle_m;
        s->idle_m = m;
        pthread_mutex_unlock(&s->lock);
        m_park(m);
        if (m->p) return true;
        pthread_mutex_lock(&s->lock);
    }
}

G *sched_next(M *m) {
    Vm *vm = m->vm;
    Sched *s = vm->sched;
    m_set_g(m, NULL);
    for (;;) {
        if (atomic_load_explicit(&vm->exiting, memory_order_relaxed)) return NULL;
        if (!m->p) { /* came out of a system call without one */
            pthread_mutex_lock(&s->lock);
            P *p = atomic_load(&s->stopping) ? NULL : take_idle_p(s);
            if (p) {
                m_attach(m, p);
                pthread_mutex_unlock(&s->lock);
            } else {
                m_sched(m)->idle_next = s->idle_m;
                s->idle_m = m;
                pthread_mutex_unlock(&s->lock);
                m_park(m);
                if (!m->p) continue;
            }
        }
        if (atomic_load_explicit(&s->stopping, memory_order_relaxed)) {
            wait_world(m, false);
            if (!m->p) continue;
        }
        PSched *ps = p_sched(m->p);
        uint32_t tick = ++ps->tick;
        int64_t now = 0;
        /* The wheel is looked at on every 16th switch, so that busy goroutines do not delay timers. */
        if (tick % 16 == 0 || !atomic_load_explicit(&ps->queue.len, memory_order_relaxed)) {
            int64_t next = atomic_load_explicit(&s->wheel.next_when, memory_order_relaxed);
            if (next != INT64_MAX && next <= (now = sched_clock(s))) wheel_run(m, now);
        }
        G *g = NULL;
        if (tick % FAIR_TICK == 0) {
            g = pop_global(s, m->p);
            if (tick % (FAIR_TICK * 4) == 0 && s->epfd >= 0 && atomic_load(&s->poll_waiters)) netpoll(m, 0);
        }
        if (!g) g = p_pop(m, m->p);
        if (!g) g = pop_global(s, m->p);
        if (!g && s->epfd >= 0 && atomic_load(&s->poll_waiters) && netpoll(m, 0)) g = p_pop(m, m->p);
        if (!g && vm->nprocs > 1) {
            atomic_fetch_add(&s->n_spinning, 1);
            g = steal(m);
            atomic_fetch_sub(&s->n_spinning, 1);
        }
        if (!g) {
            if (!idle(m)) return NULL;
            continue;
        }
        /* More work here and an idle P: wake it once the work has become old. */
        if (atomic_load_explicit(&ps->queue.len, memory_order_relaxed) &&
            atomic_load_explicit(&s->n_idle_p, memory_order_relaxed)) {
            if (!now) now = sched_clock(s);
            uint64_t since = atomic_load_explicit(&ps->work_since, memory_order_relaxed);
            if (!since) atomic_store_explicit(&ps->work_since, (uint64_t)now, memory_order_relaxed);
            else if (now - (int64_t)since > WAKE_AGE_NS) {
                atomic_store_explicit(&ps->work_since, 0, memory_order_relaxed);
                sched_wake_idle(vm);
            }
        } else if (ps->work_since) {
            atomic_store_explicit(&ps->work_since, 0, memory_order_relaxed);
        }
        g->m = m;
        m_set_g(m, g);
        atomic_store_explicit(&g->preempt, 0, memory_order_relaxed);
        __atomic_store_n(&g->stack_limit, g->stack->hi, __ATOMIC_RELAXED);
        atomic_store_explicit(&g->status, G_RUNNING, memory_order_relaxed);
        atomic_fetch_add_explicit(&ps->slice_start, 1, memory_order_relaxed); /* the monitor sees a change */
        if (unlikely(s->seeded)) {
            s->virtual_now += 1000; /* a switch takes a microsecond */
            if (s->log) fprintf(s->log, "%lld goroutine %llu\n", (long long)s->virtual_now, (unsigned long long)g->id);
        }
        if (unlikely(vm->stress.preempt || s->seeded)) {
            atomic_store_explicit(&g->preempt, 1, memory_order_relaxed);
            __atomic_store_n(&g->stack_limit, G_PREEMPT_LIMIT, __ATOMIC_RELAXED);
        }
        return g;
    }
}

static void request_preempt(G *g) {
    atomic_store_explicit(&g->preempt, 1, memory_order_relaxed);
    __atomic_store_n(&g->stack_limit, G_PREEMPT_LIMIT, __ATOMIC_RELAXED);
}

bool sched_safepoint(M *m, G *g) {
    Sched *s = m->vm->sched;
    atomic_store_explicit(&g->preempt, 0, memory_order_relaxed);
    __atomic_store_n(&g->stack_limit, g->stack->hi, __ATOMIC_RELAXED);
    if (atomic_load_explicit(&s->stopping, memory_order_acquire)) wait_world(m, false);
    if (!m->p) return true;
    if (m->p->pinned) return false;
    if (unlikely(m->vm->stress.preempt || s->seeded)) request_preempt(g);
    int64_t next = atomic_load_explicit(&s->wheel.next_when, memory_order_relaxed);
    if (next != INT64_MAX) {
        int64_t now = sched_clock(s);
        if (next <= now) wheel_run(m, now);
    }
    if (s->epfd >= 0 && atomic_load(&s->poll_waiters) && !atomic_load(&s->polling)) netpoll(m, 0);
    PSched *ps = p_sched(m->p);
    if (unlikely(s->seeded)) { /* at every safepoint the seed decides whether to go on */
        s->virtual_now += 10;
        if (rt_rand(m) % s->seeded_slice) return false;
    }
    return p_next(ps) || atomic_load_explicit(&ps->queue.len, memory_order_relaxed) ||
           atomic_load_explicit(&s->global.len, memory_order_relaxed);
}

/* ---- System calls --------------------------------------------------------------------------------------------- */

void sched_enter_syscall(M *m, G *g) {
    Sched *s = m->vm->sched;
    PSched *ps = p_sched(m->p);
    m_sched(m)->old_p = m->p;
    atomic_store_explicit(&g->status, G_SYSCALL, memory_order_relaxed);
    atomic_fetch_add_explicit(&ps->syscall_tick, 1, memory_order_relaxed);
    atomic_fetch_add(&s->n_syscall, 1);
    atomic_store(&ps->status, P_SYSCALL);
    if (unlikely(atomic_load(&s->stopping))) { /* the stopper may not have seen us running */
        pthread_mutex_lock(&s->lock);
        pthread_cond_signal(&s->stop_cond);
        pthread_mutex_unlock(&s->lock);
    }
}

bool sched_exit_syscall(M *m, G *g) {
    Sched *s = m->vm->sched;
    P *p = m_sched(m)->old_p;
    uint32_t expect = P_SYSCALL;
    if (likely(!atomic_load(&s->stopping)) &&
        atomic_compare_exchange_strong(&p_sched(p)->status, &expect, P_RUNNING)) {
        atomic_fetch_sub(&s->n_syscall, 1);
        if (likely(!atomic_load(&s->stopping))) {
            atomic_store_explicit(&g->status, G_RUNNING, memory_order_relaxed);
            return true;
        }
        wait_world(m, true); /* the native goes on */
        atomic_store_explicit(&g->status, G_RUNNING, memory_order_relaxed);
        return true;
    }
    pthread_mutex_lock(&s->lock);
    atomic_fetch_sub(&s->n_syscall, 1);
    while (atomic_load(&s->stopping)) pthread_cond_wait(&s->start_cond, &s->lock);
    expect = P_SYSCALL;
    bool have = p->m == m && atomic_compare_exchange_strong(&p_sched(p)->status, &expect, P_RUNNING);
    if (!have) {
        m->p = NULL;
        P *q = take_idle_p(s);
        if (q) {
            m_attach(m, q);
            have = true;
        }
    }
    if (have) {
        pthread_mutex_unlock(&s->lock);
        atomic_store_explicit(&g->status, G_RUNNING, memory_order_relaxed);
        return true;
    }
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    m_set_g(m, NULL);
    gqueue_push_back(&s->global, g);
    pthread_mutex_unlock(&s->lock);
    return false;
}

/* ---- Stop the world ---------------------------------------------------------------------------------------------- */

/* Lock held: whether every P but m's is stopped, idle or in a system call. */
static bool world_is_stopped(Sched *s, M *m) {
    bool all = true;
    for (uint32_t i = 0; i < s->vm->nprocs; i++) {
        P *p = s->vm->ps[i];
        if (p == m->p) continue;
        PSched *ps = p_sched(p);
        if (atomic_load(&ps->status) != P_RUNNING) continue;
        all = false;
        G *g = p_running_g(p);
        if (g) request_preempt(g);
    }
    return all;
}

void sched_stop_world(M *m, const char *why) {
    Sched *s = m->vm->sched;
    while (pthread_mutex_trylock(&s->world)) { /* somebody else stops it: take part */
        if (atomic_load(&s->stopping)) wait_world(m, true);
        else (void)syscall(SYS_sched_yield);
    }
    pthread_mutex_lock(&s->lock);
    s->stopper = m;
    atomic_store(&s->stopping, 1);
    if (atomic_load(&s->polling)) netpoll_wake(s);
    while (!world_is_stopped(s, m)) {
        struct timespec ts;
        clock_gettime(CLOCK_REALTIME, &ts);
        ts.tv_nsec += 200 * 1000; /* asks again: a request can be lost when a G is just switched in */
        if (ts.tv_nsec >= 1000000000) ts.tv_sec++, ts.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&s->stop_cond, &s->lock, &ts);
    }
    pthread_mutex_unlock(&s->lock);
}

void sched_start_world(M *m) {
    Sched *s = m->vm->sched;
    pthread_mutex_lock(&s->lock);
    s->stopper = NULL;
    atomic_store(&s->stopping, 0);
    pthread_cond_broadcast(&s->start_cond);
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_unlock(&s->world);
}

/* ---- Monitor: slices, lasting system calls, work that nobody fetches -------------------------------------------------- */

static void *monitor_thread(void *arg) {
    Sched *s = arg;
    Vm *vm = s->vm;
    uint64_t *seen = calloc(vm->nprocs + 256, sizeof *seen);
    uint32_t quiet = 0; /* looks in a row that found nobody running */
    while (!atomic_load(&vm->exiting)) {
        if (atomic_load(&vm->quit_requested) && vm->on_quit) {
            pthread_mutex_lock(&s->lock);
            M *m = m_new(vm);
            pthread_mutex_unlock(&s->lock);
            sched_stop_world(m, "SIGQUIT");
            vm->on_quit(m);
        }
        pthread_mutex_lock(&s->lock);
        if (atomic_load(&s->n_idle_p) == vm->nprocs && !atomic_load(&s->n_syscall)) {
            /* everybody sleeps: so do we, until work comes */
            struct timespec ts;
            clock_gettime(CLOCK_REALTIME, &ts);
            ts.tv_sec += 1;
            s->monitor_asleep = true;
            pthread_cond_timedwait(&s->monitor_cond, &s->lock, &ts);
            s->monitor_asleep = false;
        }
        pthread_mutex_unlock(&s->lock);
        struct timespec nap = {0, atomic_load(&s->n_syscall) ? 200 * 1000 << quiet : SLICE_NS};
        if (quiet < 5) quiet++; /* up to 6 ms while only system calls last */
        int64_t next = atomic_load(&s->wheel.next_when);
        if (next != INT64_MAX && !atomic_load(&s->n_idle_p)) { /* nobody waits in the poller for the timer */
            int64_t until = next - sched_clock(s);
            if (until < nap.tv_nsec) nap.tv_nsec = until > TIMER_NAP_NS ? until : TIMER_NAP_NS;
        }
        nanosleep(&nap, NULL);
        bool have_idle = atomic_load(&s->n_idle_p) > 0, wake = false;
        int64_t late = sched_clock(s) - atomic_load(&s->wheel.next_when);
        bool timers_due = late >= 0, hurry = late >= TIMER_NAP_NS; /* every P overlooks them */
        for (uint32_t i = 0; i < vm->nprocs; i++) {
            P *p = vm->ps[i];
            PSched *ps = p_sched(p);
            uint32_t st = atomic_load(&ps->status);
            if (st == P_RUNNING) {
                quiet = 0;
                uint64_t now = atomic_load(&ps->slice_start);
                if (now == seen[i] || hurry) { /* the same G through a whole nap */
                    G *g = p_running_g(p);
                    bool others = atomic_load(&ps->queue.len) || p_next(ps) || atomic_load(&s->global.len) ||
                                  timers_due || (s->epfd >= 0 && atomic_load(&s->poll_waiters) && !atomic_load(&s->polling));
                    if (g && others) request_preempt(g), hurry = false;
                }
                seen[i] = now;
                if (have_idle && (atomic_load(&ps->queue.len) || atomic_load(&s->global.len))) wake = true;
            } else if (st == P_SYSCALL) {
                uint64_t t = atomic_load(&ps->syscall_tick);
                bool lasts = t == ps->seen_syscall_tick;
                ps->seen_syscall_tick = t;
                if (!lasts) {
                    quiet = 0;
                    continue;
                }
                bool work = atomic_load(&ps->queue.len) || p_next(ps) || any_work(s) || timers_due ||
                            atomic_load(&s->wheel.next_when) != INT64_MAX || s->epfd >= 0;
                if (!work) continue;
                pthread_mutex_lock(&s->lock);
                uint32_t expect = P_SYSCALL;
                if (!atomic_load(&s->stopping) && atomic_compare_exchange_strong(&ps->status, &expect, P_IDLE)) {
                    p_set_m(p, NULL);
                    start_worker(s, p);
                }
                pthread_mutex_unlock(&s->lock);
            }
        }
        if (wake) sched_wake_idle(vm);
    }
    free(seen);
    return NULL;
}

/* ---- Start and end ------------------------------------------------------------------------------------------------------ */

static uint32_t default_procs(void) {
    cpu_set_t set;
    uint32_t n = 1;
    if (!sched_getaffinity(0, sizeof set, &set)) n = (uint32_t)CPU_COUNT(&set);
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (f) {
        long quota, period;
        if (fscanf(f, "%ld %ld", &quota, &period) == 2 && quota > 0 && period > 0) {
            uint32_t lim = (uint32_t)((quota + period - 1) / period);
            if (lim < 2) lim = 2; /* as Go does: at least 2 under a fractional limit */
            if (lim < n) n = lim;
        }
        fclose(f);
    }
    const char *env = getenv("GOMAXPROCS");
    if (env && atoi(env) > 0) n = (uint32_t)atoi(env);
    return n ? n : 1;
}

static P *p_new(Vm *vm, uint32_t id) {
    P *p = calloc(1, sizeof *p);
    PSched *ps = calloc(1, sizeof *ps);
    if (!p || !ps) base_oom();
    p->id = id;
    p->sched = ps;
    mem_p_init(vm, p);
    return p;
}

void sched_init(Vm *vm, uint32_t nprocs, void (*run)(M *m)) {
    Sched *s = calloc(1, sizeof *s);
    if (!s) base_oom();
    vm->sched = s;
    s->vm = vm;
    s->run = run;
    s->epfd = s->wakefd = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->world, NULL);
    pthread_mutex_init(&s->poll_init_lock, NULL);
    pthread_cond_init(&s->stop_cond, NULL);
    pthread_cond_init(&s->start_cond, NULL);
    pthread_cond_init(&s->monitor_cond, NULL);
    s->seeded = vm->stress.sched_seed >= 0;
    s->virtual_now = 1000000000;
    s->seeded_slice = 2u << (vm->rand_seed >> 7) % 4 * 2; /* 2, 8, 32 or 128 */
    const char *log = getenv("VOLE_SCHED_LOG");
    if (s->seeded && log) s->log = fopen(log, "w");
    s->start_nano = sched_clock(s);
    wheel_init(&s->wheel, s->start_nano);
    vm->nprocs = vm->stress.sched_seed >= 0 ? 1 : nprocs ? nprocs : default_procs();
    vm->ps = calloc(256 > vm->nprocs ? 256 : vm->nprocs, sizeof *vm->ps);
    for (uint32_t i = 0; i < vm->nprocs; i++) vm->ps[i] = p_new(vm, i);
    M *m0 = m_new(vm);
    m_sched(m0)->started = true;
    m0->thread = pthread_self();
    m_attach(m0, vm->ps[0]);
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = vm->nprocs; i-- > 1;) put_idle_p(s, vm->ps[i]);
    pthread_mutex_unlock(&s->lock);
}

int sched_main(Vm *vm, G *main_g) {
    Sched *s = vm->sched;
    M *m0 = vm->ms;
    while (m0->all_next) m0 = m0->all_next;
    sched_start(m0, main_g);
    if (vm->stress.sched_seed < 0) {
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, 64 * 1024);
        s->monitor_started = !pthread_create(&s->monitor, &attr, monitor_thread, s);
        pthread_attr_destroy(&attr);
    }
    s->run(m0);
    return vm->exiting - 1;
}

void sched_exit(Vm *vm, int code) {
    fflush(stdout);
    fflush(stderr);
    if (vm->at_exit) vm->at_exit(vm->executable_ctx);
    if (vm->sched->log) fclose(vm->sched->log);
    _exit(code); /* other workers may sit in system calls for ever */
}

int sched_set_procs(M *m, int n) {
    Vm *vm = m->vm;
    Sched *s = vm->sched;
    int old = (int)vm->nprocs;
    if (n <= 0 || n == old || vm->stress.sched_seed >= 0) return old;
    if (n > 256) n = 256;
    for (;;) { /* until none of the Ps that go stands in C code: that does not take long */
        sched_stop_world(m, "GOMAXPROCS");
        pthread_mutex_lock(&s->lock);
        bool busy = false;
        for (int i = n; i < old; i++) {
            P *p = vm->ps[i] == m->p ? vm->ps[0] : vm->ps[i];
            PSched *ps = p_sched(p);
            busy |= p != m->p && atomic_load(&ps->status) == P_STOPPED && ps->in_c;
        }
        if (!busy) break;
        pthread_mutex_unlock(&s->lock);
        sched_start_world(m);
        usleep(20);
    }
    for (int i = old; i < n; i++) {
        if (!vm->ps[i]) vm->ps[i] = p_new(vm, (uint32_t)i);
        put_idle_p(s, vm->ps[i]);
    }
    if (n < old) {
        if (m->p->id >= (uint32_t)n) { /* take the place of P 0 */
            P *mine = m->p, *zero = vm->ps[0];
            uint32_t id = mine->id;
            vm->ps[0] = mine, vm->ps[id] = zero;
            mine->id = 0, zero->id = id;
        }
        P **link = &s->idle_p;
        while (*link) {
            if ((*link)->id >= (uint32_t)n) {
                *link = p_sched(*link)->idle_next;
                atomic_fetch_sub(&s->n_idle_p, 1);
            } else {
                link = &p_sched(*link)->idle_next;
            }
        }
        for (int i = n; i < old; i++) {
            PSched *ps = p_sched(vm->ps[i]);
            if (p_next(ps)) gqueue_push_back(&s->global, p_next(ps)), p_set_next(ps, NULL);
            for (G *g; (g = gqueue_pop_front(&ps->queue));) gqueue_push_back(&s->global, g);
            spin_lock(&s->slab_lock);
            for (G *g; (g = ps->free_g);) {
                ps->free_g = g->sched_next;
                g->sched_next = s->free_g;
                s->free_g = g;
            }
            ps->nfree_g = 0;
            spin_unlock(&s->slab_lock);
            mem_p_retire(vm, vm->ps[i]);
            if (vm->ps[i]->m) vm->ps[i]->m->p = NULL; /* its worker goes to sleep in sched_next */
            p_set_m(vm->ps[i], NULL);
            atomic_store(&ps->status, P_DEAD);
        }
    }
    vm->nprocs = (uint32_t)n;
    pthread_mutex_unlock(&s->lock);
    sched_start_world(m);
    return old;
}

void sched_lock_thread(M *m, G *g) { g->locked = true; }
void sched_unlock_thread(M *m, G *g) { g->locked = false; }
