/* System calls that may last, and the monitor thread: it asks goroutines to yield whose slice is over, takes the P of a
 * system call that lasts, and wakes workers for work that nobody fetches. It sleeps while everybody does. */
#include "rt/sched_int.h"

#include <stdlib.h>
#include <time.h>

enum {
    SLICE_NS = 1000 * 1000,      /* a goroutine runs this long before it is asked to yield */
    TIMER_NAP_NS = 200 * 1000,   /* the monitor looks this often while timers are due and every P is busy */
};

/* ---- System calls ------------------------------------------------------------------------------------------------ */

void sched_enter_syscall(M *m, G *g) {
    Sched *s = m->vm->sched;
    PSched *ps = p_sched(m->p);
    m_sched(m)->old_p = m->p;
    queue_offer_all(ps); /* who takes the P over or steals finds everything */
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

/* Takes p back unless somebody else has it. It may have been taken away, used by another worker and left in a
 * system call by that one meanwhile: then it is ours as well as anybody's, and the other one finds it gone. */
static bool retake_p(M *m, P *p) {
    uint32_t expect = P_SYSCALL;
    if (!atomic_compare_exchange_strong(&p_sched(p)->status, &expect, P_RUNNING)) return false;
    m->p = p;
    p_set_m(p, m);
    return true;
}

bool sched_exit_syscall(M *m, G *g) {
    Sched *s = m->vm->sched;
    P *p = m_sched(m)->old_p;
    if (likely(!atomic_load(&s->stopping)) && retake_p(m, p)) {
        if (likely(!atomic_load(&s->stopping))) {
            atomic_fetch_sub(&s->n_syscall, 1);
            atomic_store_explicit(&g->status, G_RUNNING, memory_order_relaxed);
            return true;
        }
        /* The world may be stopped already, P's life over (GOMAXPROCS): leaves it where it was found. */
        uint32_t expect = P_RUNNING;
        atomic_compare_exchange_strong(&p_sched(p)->status, &expect, P_SYSCALL);
        pthread_mutex_lock(&s->lock);
        pthread_cond_signal(&s->stop_cond);
    } else {
        pthread_mutex_lock(&s->lock);
    }
    while (atomic_load(&s->stopping)) pthread_cond_wait(&s->start_cond, &s->lock);
    atomic_fetch_sub(&s->n_syscall, 1); /* not earlier: the deadlock check must not overlook us */
    bool have = retake_p(m, p);
    if (!have) {
        m->p = NULL;
        P *q = idle_p_take(s);
        if (q) {
            worker_attach(m, q);
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

/* ---- Monitor ----------------------------------------------------------------------------------------------------- */

void monitor_poke(Sched *s) { /* lock held */
    if (s->monitor_asleep) pthread_cond_signal(&s->monitor_cond);
}

/* Not while the world is stopped: then records of goroutines may go back to the system. */
static void monitor_preempt(Sched *s, P *p) {
    pthread_mutex_lock(&s->lock);
    G *g = atomic_load(&s->stopping) ? NULL : p_running_g(p);
    if (g) sched_request_preempt(g);
    pthread_mutex_unlock(&s->lock);
}

void *monitor_thread(void *arg) {
    Sched *s = arg;
    Vm *vm = s->vm;
    uint64_t *seen = calloc(vm->nprocs + 256, sizeof *seen);
    uint32_t quiet = 0; /* looks in a row that found nobody running */
    while (!atomic_load(&vm->exiting)) {
        if (atomic_load(&vm->quit_requested) && vm->on_quit) {
            pthread_mutex_lock(&s->lock);
            M *m = worker_new(vm);
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
                    bool others = atomic_load(&ps->queue.len) || atomic_load(&ps->kids.len) || p_next(ps) ||
                                  atomic_load(&s->global.len) ||
                                  timers_due || (s->epfd >= 0 && atomic_load(&s->poll_waiters) && !atomic_load(&s->polling));
                    if (g && others) monitor_preempt(s, p), hurry = false;
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
                bool work = queue_any_work(s) || timers_due ||
                            atomic_load(&s->wheel.next_when) != INT64_MAX || s->epfd >= 0;
                if (!work) continue;
                M *asleep = NULL;
                pthread_mutex_lock(&s->lock);
                uint32_t expect = P_SYSCALL;
                if (!atomic_load(&s->stopping) && atomic_compare_exchange_strong(&ps->status, &expect, P_IDLE)) {
                    p_set_m(p, NULL);
                    asleep = worker_start(s, p, NULL);
                }
                pthread_mutex_unlock(&s->lock);
                if (asleep) worker_wake(asleep);
            }
        }
        if (wake) sched_wake_idle(vm);
    }
    free(seen);
    return NULL;
}
