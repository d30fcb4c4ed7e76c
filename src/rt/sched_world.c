/* Stopping the world, and changing the number of Ps, which needs that. What protects from it: pins, forks.
 *
 * A stop sets `stopping` and asks every running goroutine for a safepoint; workers wait there (world_wait), in
 * sched_next or at the end of a system call until it is over. */
#include "rt/sched_int.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void sched_request_preempt(G *g) {
    atomic_store_explicit(&g->preempt, 1, memory_order_relaxed);
    g_set_limit(g, G_PREEMPT_LIMIT);
}

void world_wait(M *m, bool in_c) {
    Sched *s = m->vm->sched;
    pthread_mutex_lock(&s->lock);
    if (atomic_load(&s->stopping) && s->stopper != m) {
        P *p = m->p; /* NULL: the monitor, who wants to stop the world for a report */
        if (p) {
            p_sched(p)->in_c = in_c;
            atomic_store(&p_sched(p)->status, P_STOPPED);
            pthread_cond_signal(&s->stop_cond);
        }
        while (atomic_load(&s->stopping)) pthread_cond_wait(&s->start_cond, &s->lock);
        if (p && m->p == p) atomic_store(&p_sched(p)->status, P_RUNNING); /* else GOMAXPROCS took it away */
    }
    pthread_mutex_unlock(&s->lock);
}

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
        if (g) sched_request_preempt(g);
    }
    return all;
}

void sched_stop_world(M *m, const char *why) {
    Sched *s = m->vm->sched;
    while (pthread_mutex_trylock(&s->world)) { /* somebody else stops it: take part */
        if (atomic_load(&s->stopping)) world_wait(m, true);
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

bool sched_others_run(M *m) {
    for (uint32_t i = 0; i < m->vm->nprocs; i++) {
        P *p = m->vm->ps[i];
        if (p != m->p && atomic_load(&p_sched(p)->status) == P_RUNNING && p_running_g(p)) return true;
    }
    return false;
}

/* ---- Pins and forks --------------------------------------------------------------------------------------------- */

void sched_pin(M *m) { m->p->pinned++; }

void sched_unpin(M *m) {
    if (!--m->p->pinned && unlikely(atomic_load_explicit(&m->vm->sched->stopping, memory_order_relaxed)))
        sched_request_preempt(m->g);
}

void sched_before_fork(M *m) {
    pthread_mutex_lock(&m->vm->sched->lock);
    heap_lock(m->vm);
}

void sched_after_fork(M *m, bool child) {
    Sched *s = m->vm->sched;
    heap_unlock(m->vm);
    if (child) { /* what was asked of this worker meanwhile is the parent's business */
        mem_child(m);
        m->no_gc++;
        m->p->pinned++;
        atomic_store(&s->stopping, 0);
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- GOMAXPROCS ------------------------------------------------------------------------------------------------- */

int sched_set_procs(M *m, int n) {
    Vm *vm = m->vm;
    Sched *s = vm->sched;
    int old = (int)vm->nprocs;
    if (n <= 0 || n == old || vm->stress.sched_seed >= 0) return old;
    if (n > MAX_PROCS) n = MAX_PROCS;
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
        if (!vm->ps[i]) vm->ps[i] = worker_p_new(vm, (uint32_t)i);
        idle_p_put(s, vm->ps[i]);
    }
    if (n < old) {
        if (m->p->id >= (uint32_t)n) { /* take the place of P 0 */
            P *mine = m->p, *zero = vm->ps[0];
            uint32_t id = mine->id;
            vm->ps[0] = mine;
            vm->ps[id] = zero;
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
            queue_offer_all(ps);
            for (G *g; (g = gqueue_pop_front(&ps->queue));) gqueue_push_back(&s->global, g);
            sched_p_retire_g(vm, vm->ps[i]);
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
