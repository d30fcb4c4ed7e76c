/* The scheduler: goroutines (G) on worker threads (M) that hold the right to run (P).
 *
 * Each P has a queue. A worker without work looks at timers, the poller, the global queue, then steals the oldest of
 * another P. The last idle worker waits in the poller; the others sleep on a futex. A second worker is woken only for
 * work that has been waiting a while: waking costs tens of microseconds, a switch tens of nanoseconds.
 *
 * This file: clocks, workers and idle Ps, choosing what runs next, start and end. Beside it: sched_g.c (goroutine
 * records), sched_queue.c (run queues, stealing), sched_world.c (stop the world, GOMAXPROCS), sched_monitor.c (slices,
 * system calls).
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

enum { SEEDED_GRACE_NS = 2000 * 1000 }; /* a seeded schedule waits this long for files before its clock jumps */
/* Work older than wake_age is worth waking a second worker. Where one that was called had nothing to do again within WORTH_WAKING, the
 * age is doubled, up to WAKE_AGE_MAX; that counts for WAKE_AGE_LASTS. A new thread is not judged: it does not come from idle. */
enum { WAKE_AGE = 20 * AGE_US, WAKE_AGE_MAX = 160 * AGE_US, WORTH_WAKING = 40 * AGE_US, WAKE_AGE_LASTS = 10000 * AGE_US };

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

/* Stays away for some microseconds before it looks again: the holder does many short operations in a row meanwhile, with the
 * lines of lock and data in its cache, where two that alternate would wait for them at each one (4 times slower; looking after
 * 0.2 or 1 microseconds makes that depend on a few instructions more or less). After some rounds the holder has probably lost its
 * core, and gets this one. */
void spin_lock_slow(SpinLock *l) {
    for (int round = 0, n = 200;; round++) {
        uint32_t zero = 0;
        if (round < 4) for (int k = 0; k < n; k++) __builtin_ia32_pause();
        else (void)syscall(SYS_sched_yield);
        n = 400;
        if (!atomic_load_explicit(&l->v, memory_order_relaxed) &&
            atomic_compare_exchange_weak_explicit(&l->v, &zero, 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return;
    }
}

/* ---- Futex parking of workers ------------------------------------------------------------------- */

void worker_park(M *m) {
    MSched *ms = m_sched(m);
    while (!atomic_load_explicit(&ms->park, memory_order_acquire))
        syscall(SYS_futex, &ms->park, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    atomic_store_explicit(&ms->park, 0, memory_order_relaxed);
}

void worker_wake(M *m) {
    MSched *ms = m_sched(m);
    atomic_store_explicit(&ms->park, 1, memory_order_release);
    syscall(SYS_futex, &ms->park, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* ---- Workers and idle Ps ------------------------------------------------------------------------------ */

M *worker_new(Vm *vm) {
    Sched *s = vm->sched;
    M *m = s->dead_m;
    if (m) {
        s->dead_m = m_sched(m)->idle_next;
        *m_sched(m) = (MSched){0};
        return m;
    }
    m = calloc(1, sizeof *m);
    MSched *ms = calloc(1, sizeof *ms);
    if (!m || !ms) base_oom();
    m->vm = vm;
    m->sched = ms;
    m->id = s->n_m++;
    m->rng = vm->rand_seed + m->id * 0x9e3779b97f4a7c15ull;
    m->log_events = s->log != NULL;
    m->all_next = vm->ms;
    vm->ms = m;
    return m;
}

static void *m_thread(void *arg) {
    M *m = arg;
    m->vm->sched->run(m);
    pthread_detach(pthread_self());
    if (m_sched(m)->end_thread) thread_gone(m);
    return NULL;
}

void worker_attach(M *m, P *p) {
    m->p = p;
    p_set_m(p, m);
    atomic_store_explicit(&p_sched(p)->status, P_RUNNING, memory_order_release);
}

M *worker_start(Sched *s, P *p, G *first) {
    M *m = s->idle_m;
    if (m) {
        s->idle_m = m_sched(m)->idle_next;
    } else {
        m = worker_new(s->vm);
    }
    worker_attach(m, p);
    m_sched(m)->next_g = first;
    if (m_sched(m)->started) return m;
    m_sched(m)->started = true;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 512 * 1024);
    int err = pthread_create(&m->thread, &attr, m_thread, m);
    pthread_attr_destroy(&attr);
    if (err) rt_fatal(s->vm, "cannot start a worker thread: %s", strerror(err));
    return NULL;
}

P *idle_p_take(Sched *s) { /* lock held */
    P *p = s->idle_p;
    if (p) {
        s->idle_p = p_sched(p)->idle_next;
        atomic_fetch_sub(&s->n_idle_p, 1);
    }
    return p;
}

void idle_p_put(Sched *s, P *p) { /* lock held */
    PSched *ps = p_sched(p);
    p_set_m(p, NULL);
    atomic_store_explicit(&ps->status, P_IDLE, memory_order_release);
    ps->idle_next = s->idle_p;
    s->idle_p = p;
    atomic_fetch_add(&s->n_idle_p, 1);
}

void sched_wake_idle(Vm *vm) {
    Sched *s = vm->sched;
    if (!atomic_load_explicit(&s->n_idle_p, memory_order_relaxed)) return;
    if (atomic_load_explicit(&s->n_spinning, memory_order_relaxed)) return;
    if (atomic_load_explicit(&s->polling, memory_order_acquire)) {
        atomic_store_explicit(&s->called, true, memory_order_relaxed);
        netpoll_wake(s);
        return;
    }
    pthread_mutex_lock(&s->lock);
    P *p = atomic_load(&s->stopping) ? NULL : idle_p_take(s);
    if (p) atomic_store_explicit(&s->called, true, memory_order_relaxed);
    M *asleep = p ? worker_start(s, p, NULL) : NULL;
    pthread_mutex_unlock(&s->lock);
    if (asleep) worker_wake(asleep);
}

/* ---- Finding work ------------------------------------------------------------------------------------------ */

/* Every P is idle, nothing can ever happen: gc's deadlock. Lock held. */
static bool is_deadlock(Sched *s) {
    return atomic_load(&s->n_idle_p) == s->vm->nprocs && !atomic_load(&s->n_syscall) &&
           !atomic_load(&s->poll_waiters) &&
           atomic_load(&s->wheel.next_when) == INT64_MAX && !queue_any_work(s) && !atomic_load(&s->stopping);
}

/* A worker comes for work, or has none any more. */
static void note_called(Sched *s, MSched *ms) {
    if (atomic_load_explicit(&s->called, memory_order_relaxed)) {
        atomic_store_explicit(&s->called, false, memory_order_relaxed);
        ms->called_at = age_clock();
    }
}
static void note_done(Sched *s, MSched *ms) {
    if (!ms->called_at) return;
    uint64_t now = age_clock(), age = WAKE_AGE;
    if (now - ms->called_at < WORTH_WAKING) {
        age = 2 * atomic_load_explicit(&s->wake_age, memory_order_relaxed);
        if (age > WAKE_AGE_MAX) age = WAKE_AGE_MAX;
        atomic_store_explicit(&s->wake_age_at, now, memory_order_relaxed);
    }
    atomic_store_explicit(&s->wake_age, age, memory_order_relaxed);
    ms->called_at = 0;
}
static bool is_old(Sched *s, uint64_t now, uint64_t since) {
    uint64_t age = atomic_load_explicit(&s->wake_age, memory_order_relaxed);
    if (now - since <= WAKE_AGE) return false;
    return now - since > age || now - atomic_load_explicit(&s->wake_age_at, memory_order_relaxed) > WAKE_AGE_LASTS;
}

/* No work anywhere: releases the P and sleeps. Returns with a P, or false when the instance ends. */
static bool idle_wait(M *m) {
    Vm *vm = m->vm;
    Sched *s = vm->sched;
    pthread_mutex_lock(&s->lock);
    if (atomic_load(&s->stopping)) {
        pthread_mutex_unlock(&s->lock);
        world_wait(m, false);
        return true;
    }
    P *p = m->p;
    m->p = NULL;
    idle_p_put(s, p);
    atomic_thread_fence(memory_order_seq_cst);
    for (;;) {
        if (atomic_load(&vm->exiting)) {
            pthread_mutex_unlock(&s->lock);
            return false;
        }
        /* Work that arrived between our last look and becoming idle. */
        if (queue_any_work(s) && !atomic_load(&s->stopping)) {
            P *q = idle_p_take(s);
            if (q) {
                worker_attach(m, q);
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
            worker_attach(m, idle_p_take(s));
            pthread_mutex_unlock(&s->lock);
            if (!atomic_load(&s->poll_waiters) || !netpoll(m, SEEDED_GRACE_NS)) s->virtual_now = atomic_load(&s->wheel.next_when);
            return true;
        }
        bool useful = atomic_load(&s->wheel.next_when) != INT64_MAX || s->epfd >= 0;
        if (useful && !atomic_load(&s->polling)) {
            if (s->epfd < 0) netpoll_init(s); /* before others see somebody to wake */
            atomic_store(&s->polling, 1);
            pthread_mutex_unlock(&s->lock);
            int64_t next = atomic_load(&s->wheel.next_when);
            int64_t wait = next == INT64_MAX ? -1 : next - sched_clock(s);
            if (next != INT64_MAX && wait < 0) wait = 0;
            atomic_store(&s->poll_until, next);
            if (atomic_load(&s->wheel.next_when) < next) wait = 1;
            netpoll(m, wait ? wait : 1); /* 0 would be a passing look */
            pthread_mutex_lock(&s->lock);
            atomic_store(&s->polling, 0);
            bool due = atomic_load(&s->wheel.next_when) <= sched_clock(s);
            if ((due || queue_any_work(s)) && !atomic_load(&s->stopping)) {
                P *q = idle_p_take(s);
                if (q) {
                    worker_attach(m, q);
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
        worker_park(m);
        if (m->p) return true;
        pthread_mutex_lock(&s->lock);
    }
}

static bool idle(M *m) {
    Sched *s = m->vm->sched;
    note_done(s, m_sched(m));
    if (!idle_wait(m)) return false;
    note_called(s, m_sched(m));
    return true;
}

G *sched_next(M *m) {
    Vm *vm = m->vm;
    Sched *s = vm->sched;
    m_set_g(m, NULL);
    for (;;) {
        if (atomic_load_explicit(&vm->exiting, memory_order_relaxed)) return NULL;
        if (unlikely(m->locked_g != NULL) && !m->p) thread_wait(m);
        if (unlikely(m_sched(m)->end_thread) && !m->p) { /* GOMAXPROCS took it away; as an idle worker it would be given work */
            thread_end(m);
            return NULL;
        }
        if (!m->p) { /* came out of a system call without one */
            pthread_mutex_lock(&s->lock);
            P *p = atomic_load(&s->stopping) ? NULL : idle_p_take(s);
            if (p) {
                worker_attach(m, p);
                pthread_mutex_unlock(&s->lock);
            } else {
                m_sched(m)->idle_next = s->idle_m;
                s->idle_m = m;
                pthread_mutex_unlock(&s->lock);
                worker_park(m);
                if (!m->p) continue;
            }
        }
        if (atomic_load_explicit(&s->stopping, memory_order_relaxed)) {
            world_wait(m, false);
            if (!m->p) {
                if (m_sched(m)->next_g) queue_push_global(vm, m_sched(m)->next_g), m_sched(m)->next_g = NULL;
                continue;
            }
        }
        if (unlikely(m_sched(m)->end_thread)) {
            thread_end(m);
            return NULL;
        }
        PSched *ps = p_sched(m->p);
        uint32_t tick = ++ps->tick;
        /* The wheel is looked at on every 16th switch, so that busy goroutines do not delay timers. */
        if (tick % 16 == 0 || !p_has_queue(ps)) {
            int64_t next = atomic_load_explicit(&s->wheel.next_when, memory_order_relaxed);
            if (next != INT64_MAX) {
                int64_t now = sched_clock(s);
                if (next <= now) wheel_run(m, now);
            }
        }
        G *g = m_sched(m)->next_g;
        m_sched(m)->next_g = NULL;
        if (!g && tick % FAIR_TICK == 0) {
            g = queue_pop_global(s, m->p);
            if (tick % (FAIR_TICK * 4) == 0 && s->epfd >= 0 && atomic_load(&s->poll_waiters)) netpoll(m, 0);
        }
        if (!g) g = queue_pop(m);
        if (!g) g = queue_pop_global(s, m->p);
        if (!g && s->epfd >= 0 && atomic_load(&s->poll_waiters) && netpoll(m, 0)) g = queue_pop(m);
        if (!g && vm->nprocs > 1) {
            atomic_fetch_add(&s->n_spinning, 1);
            g = queue_steal(m);
            atomic_fetch_sub(&s->n_spinning, 1);
        }
        if (unlikely(m->locked_g != (g && g->locked ? g : NULL))) { /* g, or our own, has a thread of its own */
            thread_hand_over(m, g);
            continue;
        }
        if (!g) {
            if (!idle(m)) return NULL;
            continue;
        }
        /* More work here and an idle P: wake it once the work has become old. */
        if (ps->kids.head) queue_offer_if_useful(s, ps);
        if (!atomic_load_explicit(&ps->queue.len, memory_order_relaxed) ||
            !atomic_load_explicit(&s->n_idle_p, memory_order_relaxed)) {
            ps->work_since = 0;
        } else if (tick % 4 == 0) {
            uint64_t age = age_clock();
            if (!ps->work_since) {
                ps->work_since = age;
            } else if (is_old(s, age, ps->work_since)) {
                ps->work_since = 0;
                sched_wake_idle(vm);
            }
        }
        m_set_g(m, g);
        atomic_store_explicit(&g->preempt, 0, memory_order_relaxed);
        g_set_limit(g, g->stack->hi);
        atomic_store_explicit(&g->status, G_RUNNING, memory_order_relaxed);
        atomic_store_explicit(&ps->slice_start, ps->slice_start + 1, memory_order_relaxed); /* the monitor sees a change */
        if (unlikely(s->seeded)) {
            s->virtual_now += 1000; /* a switch takes a microsecond */
            sched_event(m, "run", NULL, SCHED_NO_NUMBER);
        }
        if (unlikely(vm->stress.preempt || s->seeded)) {
            atomic_store_explicit(&g->preempt, 1, memory_order_relaxed);
            g_set_limit(g, G_PREEMPT_LIMIT);
        }
        return g;
    }
}

bool sched_safepoint(M *m, G *g) {
    Sched *s = m->vm->sched;
    atomic_store_explicit(&g->preempt, 0, memory_order_relaxed);
    g_set_limit(g, g->stack->hi);
    if (unlikely(m->vm->stress.preempt || s->seeded)) sched_request_preempt(g);
    if (m->p->pinned) return false; /* no stop of the world either: sched_unpin makes good for it */
    if (atomic_load_explicit(&s->stopping, memory_order_acquire)) world_wait(m, false);
    if (!m->p) return true;
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
    return p_next(ps) || p_has_queue(ps) ||
           atomic_load_explicit(&s->global.len, memory_order_relaxed);
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

/* Zeroed; what each worker writes all the time shares no cache line, nor the one fetched with it, with another's. */
static void *own_lines(size_t size) {
    size = (size + 127) & ~(size_t)127;
    void *p = aligned_alloc(128, size);
    if (!p) base_oom();
    return memset(p, 0, size);
}

P *worker_p_new(Vm *vm, uint32_t id) {
    P *p = own_lines(sizeof *p);
    PSched *ps = own_lines(sizeof *ps);
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
    s->wake_age = WAKE_AGE;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->world, NULL);
    pthread_mutex_init(&s->poll_init_lock, NULL);
    pthread_cond_init(&s->stop_cond, NULL);
    pthread_cond_init(&s->start_cond, NULL);
    pthread_cond_init(&s->monitor_cond, NULL);
    seeded_init(s);
    s->start_nano = sched_clock(s);
    wheel_init(&s->wheel, s->start_nano);
    vm->nprocs = vm->stress.sched_seed >= 0 ? 1 : nprocs ? nprocs : default_procs();
    if (vm->nprocs > MAX_PROCS) vm->nprocs = MAX_PROCS;
    vm->ps = calloc(MAX_PROCS, sizeof *vm->ps);
    for (uint32_t i = 0; i < vm->nprocs; i++) vm->ps[i] = worker_p_new(vm, i);
    M *m0 = worker_new(vm);
    m_sched(m0)->started = true;
    m0->thread = pthread_self();
    worker_attach(m0, vm->ps[0]);
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = vm->nprocs; i-- > 1;) idle_p_put(s, vm->ps[i]);
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
    if (vm->sched) seeded_end(vm->sched);
    _exit(code); /* other workers may sit in system calls for ever */
}
