/* What the scheduler's files share: run queues, idle workers, the timer wheel's place, the poller. */
#ifndef VOLE_SCHED_INT_H
#define VOLE_SCHED_INT_H

#include "rt/mem.h"

enum { MAX_PROCS = 256 };

/* ---- Spin lock: held for a few dozen instructions, never across a park ------------------------ */

typedef struct SpinLock { _Atomic uint32_t v; } SpinLock;
void spin_lock_slow(SpinLock *l);
static inline void spin_lock(SpinLock *l) {
    uint32_t zero = 0;
    if (unlikely(!atomic_compare_exchange_strong_explicit(&l->v, &zero, 1, memory_order_acquire,
                                                          memory_order_relaxed)))
        spin_lock_slow(l);
}
static inline void spin_unlock(SpinLock *l) { atomic_store_explicit(&l->v, 0, memory_order_release); }

/* ---- Per P and per M ---------------------------------------------------------------------------- */

typedef enum PStatus { P_IDLE, P_RUNNING, P_SYSCALL, P_STOPPED, P_DEAD } PStatus;

typedef struct GQueue { G *head, *tail; _Atomic uint32_t len; } GQueue;

typedef struct PSched {
    /* Only the P's own worker touches these; a worker that takes the P over sees them as the last one left them. What
     * others look at without a lock (next, kids.len) is a guess to them. */
    G *next;                /* direct hand-off: runs first, inherits the slice; see p_next */
    GQueue kids;            /* the front of the P's queue: new goroutines, newest first */
    uint32_t next_run;      /* how many times in a row next was taken */
    uint32_t tick;
    uint64_t wheel_left;    /* when wheel_run ended last (age_clock) */
    uint64_t fair_at;       /* when the slice of the last one that went first was over (age_clock), see fair_turn */
    uint32_t fair_tick;     /* at which tick the next may go first */
    bool fair_runs;
    uint64_t work_since;    /* when there was work for an idle P first (age_clock); 0: there is none */
    G *free_g, *spare_g;    /* finished goroutines for reuse: nfree_g, and a full chain or NULL; see sched_g.c */
    G *fresh_g, *fresh_end; /* records that were never used */
    uint32_t nfree_g;
    uint64_t next_goid, goid_end;
    /* Others look at these. */
    _Atomic int64_t n_g;    /* user goroutines started on this P less those finished on it */
    _Atomic uint64_t slice_start; /* counts the switches, so that the monitor sees one */
    _Atomic uint64_t syscall_tick; /* counts enter_syscall, so that the monitor sees a lasting one */
    _Atomic uint32_t status; /* PStatus */
    bool in_c;              /* P_STOPPED within C code that goes on using the P */
    uint64_t seen_syscall_tick; /* the monitor's */
    P *idle_next;
    SpinLock lock;          /* of queue */
    GQueue queue;           /* the rest: what thieves may take, readied and yielded ones at its back */
} PSched;

typedef struct MSched {
    _Atomic uint32_t park;  /* futex: 0 parked, 1 woken */
    M *idle_next;
    P *next_p;              /* P handed over with a wake-up */
    P *old_p;               /* while in a system call */
    G *next_g;              /* to run first, handed over with a P */
    uint32_t lock_count;    /* of LockOSThread */
    bool started;
    bool waiting;           /* in thread_wait: may be given its goroutine; under Sched.lock */
    bool end_thread;        /* its goroutine ended without unlocking */
    uint64_t called_at;     /* when it was called for work that had waited (age_clock); 0: it came by itself */
} MSched;

/* Records of goroutines: n of them, the first `used` were handed out once. */
typedef struct GSlab {
    struct GSlab *next;
    uint32_t n, used;
    G gs[] __attribute__((aligned(64)));
} GSlab;

/* ---- The timer wheel: 4 us ticks, 64 slots a level ----------------------------------------------- */

enum { WHEEL_SHIFT = 12, WHEEL_BITS = 6, WHEEL_SLOTS = 64, WHEEL_LEVELS = 9 };
typedef struct Wheel {
    SpinLock lock;
    uint64_t now_tick;                /* all slots before it have fired */
    int cascading;                    /* this level's current slot is being moved to lower levels; 0: none */
    uint64_t bitmap[WHEEL_LEVELS + 1];
    /* Circular lists. The extra level's slot 0 holds what is due and being fired. */
    TimerNode *slots[WHEEL_LEVELS + 1][WHEEL_SLOTS];
    uint64_t count, seq;
    _Atomic int64_t next_when;        /* lower bound of the earliest deadline; INT64_MAX: none */
} Wheel;

typedef struct SemaBucket { SpinLock lock; _Atomic uint32_t nwait; Waiter *head, *tail; } SemaBucket;
enum { SEMA_BUCKETS = 251 };

/* What leaks_find found of one goroutine: those that could have woken it, were they not stuck as well. */
enum { LEAK_HOLDERS = 6 };
typedef struct LeakNote { G *g; uint32_t n; uint64_t holders[LEAK_HOLDERS]; } LeakNote;

typedef struct Sched {
    Vm *vm;
    void (*run)(M *m);
    pthread_mutex_t lock;       /* idle lists, global queue, workers */
    GQueue global;
    P *idle_p;
    _Atomic uint32_t n_idle_p;
    M *idle_m;
    M *dead_m;                   /* of threads that ended; others may still look at them, so they are never freed */
    uint32_t n_m;
    _Atomic uint32_t n_spinning; /* workers that look for work */
    _Atomic bool called;         /* one is on its way for work that has waited */
    _Atomic uint64_t wake_age;   /* so old must work be to call one (age_clock) */
    _Atomic uint64_t wake_age_at; /* when that was raised last */
    _Atomic uint32_t n_syscall;  /* workers inside a blocking system call */
    _Atomic int64_t n_g;         /* user goroutines alive, without what the Ps count */
    _Atomic uint64_t next_goid;
    /* stop the world */
    _Atomic uint32_t stopping;
    M *stopper;
    pthread_cond_t stop_cond, start_cond;
    pthread_mutex_t world;      /* one stopper at a time */
    /* monitor */
    pthread_t monitor;
    bool monitor_started;
    pthread_cond_t monitor_cond;
    bool monitor_asleep;
    VEC(LeakNote) leak_notes;
    struct Bubble *bubbles;     /* synctest: all there ever were */
    GSlab *slabs;
    G *free_g;                  /* finished ones beyond what the Ps keep: chains, see sched_g.c */
    SpinLock slab_lock;         /* of both */
    Wheel wheel;
    SemaBucket sema[SEMA_BUCKETS];
    /* poller */
    _Atomic int epfd; /* -1: not yet */
    int wakefd;
    pthread_mutex_t poll_init_lock;
    struct PollDesc *poll_free; /* closed records for reuse, under poll_init_lock */
    _Atomic uint32_t poll_waiters;
    _Atomic uint32_t polling;   /* a worker blocks in epoll_wait */
    _Atomic int64_t poll_until; /* deadline of that wait */
    _Atomic uint32_t poll_woken; /* netpoll_wake was called and the poller has not come back yet */
    int64_t start_nano;
    /* One deterministic schedule (stress.sched_seed >= 0): a clock that only the scheduler moves, and a log of
     * who ran when (VOLE_SCHED_LOG=FILE). */
    bool seeded;
    uint32_t seeded_slice; /* safepoints a goroutine passes on average before it yields; chosen by the seed */
    int64_t virtual_now;
    FILE *log;
} Sched;

static inline PSched *p_sched(P *p) { return p->sched; }
static inline MSched *m_sched(M *m) { return m->sched; }
/* These are looked at without a lock: the monitor guesses who runs what, workers whether there is work. */
static inline G *p_next(PSched *ps) { return __atomic_load_n(&ps->next, __ATOMIC_RELAXED); }
static inline void p_set_next(PSched *ps, G *g) { __atomic_store_n(&ps->next, g, __ATOMIC_RELAXED); }
static inline void m_set_g(M *m, G *g) { __atomic_store_n(&m->g, g, __ATOMIC_RELAXED); }
static inline void p_set_m(P *p, M *m) { __atomic_store_n(&p->m, m, __ATOMIC_RELEASE); }
/* What p runs, as far as one can see from outside; may be over already. */
static inline G *p_running_g(P *p) {
    M *m = __atomic_load_n(&p->m, __ATOMIC_ACQUIRE);
    return m ? __atomic_load_n(&m->g, __ATOMIC_RELAXED) : NULL;
}

/* ---- sched_queue.c ------------------------------------------------------------------------------- */

enum { FAIR_TICK = 61 }; /* every so many switches the common queue and the last of the line get their turn */

void gqueue_push_back(GQueue *q, G *g);
void gqueue_push_front(GQueue *q, G *g);
G *gqueue_pop_front(GQueue *q);
G *gqueue_pop_back(GQueue *q);
/* Owner only: whether anything is queued on its P, `next` apart. */
static inline bool p_has_queue(PSched *ps) {
    return ps->kids.head || atomic_load_explicit(&ps->queue.len, memory_order_relaxed);
}
void queue_push_back(P *p, G *g);
G *queue_pop_slow(M *m, PSched *ps);
/* The next goroutine of m's own P, or NULL. */
static inline G *queue_pop(M *m) {
    PSched *ps = p_sched(m->p);
    if (!p_next(ps) && !p_has_queue(ps)) return NULL;
    return queue_pop_slow(m, ps);
}
void queue_offer(Sched *s, PSched *ps); /* the older half of kids (there are some) becomes open to thieves */
enum { KIDS_MANY = 8 }; /* so many are worth offering some although nobody is idle */
static inline void queue_offer_if_useful(Sched *s, PSched *ps) {
    uint32_t n = atomic_load_explicit(&ps->kids.len, memory_order_relaxed);
    if (n < KIDS_MANY && (!n || !atomic_load_explicit(&s->n_idle_p, memory_order_relaxed))) return;
    if (atomic_load_explicit(&ps->queue.len, memory_order_relaxed) || s->vm->nprocs == 1) return;
    queue_offer(s, ps);
}
void queue_offer_all(PSched *ps);       /* everything, `next` too */
void queue_push_global(Vm *vm, G *g);
G *queue_pop_global(Sched *s, P *p);    /* takes a share of the common queue along to p */
G *queue_steal(M *m);                   /* half of another P's; the rest goes to m's */
bool queue_any_work(Sched *s);

/* ---- sched_g.c ------------------------------------------------------------------------------------- */

void sched_p_retire_g(Vm *vm, P *p); /* world stopped: what p keeps of records and counts goes to the common ones */

/* ---- sched.c: workers and idle Ps. s->lock is held ------------------------------------------------- */

P *worker_p_new(Vm *vm, uint32_t id);
M *worker_new(Vm *vm);
void worker_attach(M *m, P *p);
/* Gives p to an idle or new worker, which runs `first` (may be NULL) first. The answer is to be woken when the lock is
 * released; NULL: it runs already. */
nodiscard M *worker_start(Sched *s, P *p, G *first);
void worker_park(M *m);                /* until worker_wake, which may come first */
void worker_wake(M *m);

/* sched_thread.c: goroutines that are locked to their thread */
void thread_wait(M *m);                /* until somebody brings m's goroutine and a P, or only the end */
void thread_hand_over(M *m, G *g);     /* m's P, and g when not NULL, go to the worker that g may run on */
void thread_end(M *m);                 /* m's goroutine ended without unlocking: the P, if any, goes to another worker */
void thread_gone(M *m);                /* after that, last of all that m's thread does with m: the record is free */
P *idle_p_take(Sched *s);               /* or NULL */
void idle_p_put(Sched *s, P *p);

/* ---- sched_world.c -------------------------------------------------------------------------------- */

void sched_request_preempt(G *g);
/* Waits here while the world is stopped. The worker holds a P and runs no Go code. in_c: C code up the stack counts on
 * its P (an allocation that collects), so it must not be taken away. */
void world_wait(M *m, bool in_c);

/* ---- sched_monitor.c ------------------------------------------------------------------------------ */

void *monitor_thread(void *sched);
void monitor_poke(Sched *s);            /* s->lock held: something happens while the monitor may sleep */

int64_t wall_nanotime(void); /* CLOCK_MONOTONIC */
/* How old something is, roughly: the time-stamp counter of any machine will do and costs a third of the clock. */
#ifdef __x86_64__
enum { AGE_US = 2500 };
static inline uint64_t age_clock(void) { return __builtin_ia32_rdtsc(); }
#else
enum { AGE_US = 1000 };
static inline uint64_t age_clock(void) { return (uint64_t)wall_nanotime(); }
#endif
int64_t sched_clock(Sched *s); /* the same, or the virtual clock of a seeded schedule */
void sched_wake_idle(Vm *vm); /* starts a worker for queued work when a P is idle */

/* seeded.c */
void seeded_init(Sched *s);
void seeded_end(Sched *s);

/* wheel */
void wheel_init(Wheel *w, int64_t now);
/* Fires what is due, though not longer than a part of the time that has passed since it did last; Wheel.next_when says
 * whether there is more. Returns how many fired. m must hold a P. */
int wheel_run(M *m, int64_t now);
int64_t timer_clock(M *m); /* nanoseconds as the running goroutine sees them: its bubble's or real */

/* poller. timeout_ns <0: for ever, 0: only look. Readies goroutines; returns how many. */
int netpoll(M *m, int64_t timeout_ns);
void netpoll_wake(Sched *s);
void netpoll_init(Sched *s);

#endif
