/* Goroutines locked to their thread (runtime.LockOSThread).
 *
 * A locked goroutine g has G.locked set; M.locked_g of its worker is g. Such a worker runs nothing else:
 * when it comes to another goroutine, or finds none, its P goes to another worker and it waits. Whoever takes g from a
 * queue gives g and its own P to g's worker. So each switch to or from g is one of threads, as in gc. */
#include "rt/sched_int.h"

void sched_lock_thread(M *m, G *g) {
    if (m->vm->sched->seeded) return;
    g->locked = true;
    __atomic_store_n(&m->locked_g, g, __ATOMIC_RELAXED); /* others look for their own */
    m_sched(m)->lock_count++;
}

void sched_unlock_thread(M *m, G *g) {
    if (!g->locked || --m_sched(m)->lock_count) return;
    g->locked = false;
    __atomic_store_n(&m->locked_g, NULL, __ATOMIC_RELAXED);
}

void sched_move_lock(M *m, G *from, G *to) {
    from->locked = false;
    to->locked = true;
    __atomic_store_n(&m->locked_g, to, __ATOMIC_RELAXED);
}

void thread_wait(M *m) {
    pthread_mutex_lock(&m->vm->sched->lock);
    m_sched(m)->waiting = true;
    pthread_mutex_unlock(&m->vm->sched->lock);
    worker_park(m);
}

/* Lock held: the worker of a locked goroutine. */
static M *worker_of(Vm *vm, G *g) {
    M *m = vm->ms;
    while (m && __atomic_load_n(&m->locked_g, __ATOMIC_RELAXED) != g) m = m->all_next;
    return m;
}

void thread_hand_over(M *m, G *g) {
    Sched *s = m->vm->sched;
    P *p = m->p;
    pthread_mutex_lock(&s->lock);
    M *to = g && g->locked ? worker_of(m->vm, g) : NULL;
    if (to && !m_sched(to)->waiting) { /* it has parked g but not yet given its own P away */
        gqueue_push_back(&s->global, g);
        to = NULL;
        g = NULL;
        if (!m->locked_g) {
            pthread_mutex_unlock(&s->lock);
            return;
        }
    }
    m->p = NULL;
    if (to) {
        m_sched(to)->waiting = false;
        m_sched(to)->next_g = g;
        worker_attach(to, p);
    } else {
        to = worker_start(s, p, g);
    }
    m_sched(m)->waiting = m->locked_g != NULL;
    pthread_mutex_unlock(&s->lock);
    if (to) worker_wake(to);
    if (m->locked_g) worker_park(m);
}

void thread_end(M *m) {
    Sched *s = m->vm->sched;
    __atomic_store_n(&m->panic_value.data, NULL, __ATOMIC_RELAXED); /* a collector may look: this worker may have no P that stops */
    m->no_gc = 0;
    pthread_mutex_lock(&s->lock);
    P *p = m->p;
    m->p = NULL;
    check(!m_sched(m)->next_g);
    M *asleep = p ? worker_start(s, p, NULL) : NULL;
    pthread_mutex_unlock(&s->lock);
    if (asleep) worker_wake(asleep);
    while (m->id == 0) worker_park(m); /* the main thread cannot end before the program */
}

void thread_gone(M *m) {
    Sched *s = m->vm->sched;
    pthread_mutex_lock(&s->lock);
    m->thread = 0; /* the system gives the number to a new thread */
    m_sched(m)->idle_next = s->dead_m;
    s->dead_m = m;
    pthread_mutex_unlock(&s->lock);
}
