/* Goroutines locked to their thread (runtime.LockOSThread).
 *
 * A locked goroutine g has G.locked set and g->m is its worker, whose M.locked_g is g. Such a worker runs nothing else:
 * when it comes to another goroutine, or finds none, its P goes to another worker and it waits. Whoever takes g from a
 * queue gives g and its own P to g's worker. So each switch to or from g is one of threads, as in gc. */
#include "rt/sched_int.h"

void sched_lock_thread(M *m, G *g) {
    if (m->vm->sched->seeded) return;
    g->locked = true;
    m->locked_g = g;
    m_sched(m)->lock_count++;
}

void sched_unlock_thread(M *m, G *g) {
    if (!g->locked || --m_sched(m)->lock_count) return;
    g->locked = false;
    m->locked_g = NULL;
}

void sched_move_lock(M *m, G *from, G *to) {
    from->locked = false;
    to->locked = true;
    to->m = m;
    m->locked_g = to;
}

/* Lock held. */
static void wait_locked(M *m) {
    Sched *s = m->vm->sched;
    m_sched(m)->waiting = true;
    pthread_mutex_unlock(&s->lock);
    worker_park(m);
}

void thread_wait(M *m) {
    pthread_mutex_lock(&m->vm->sched->lock);
    wait_locked(m);
}

void thread_hand_over(M *m, G *g) {
    Sched *s = m->vm->sched;
    P *p = m->p;
    pthread_mutex_lock(&s->lock);
    M *to = g && g->locked ? g->m : NULL;
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
        worker_wake(to);
    } else {
        worker_start(s, p, g);
    }
    if (m->locked_g) wait_locked(m);
    else pthread_mutex_unlock(&s->lock);
}

void thread_end(M *m) {
    Sched *s = m->vm->sched;
    pthread_mutex_lock(&s->lock);
    P *p = m->p;
    m->p = NULL;
    worker_start(s, p, NULL);
    pthread_mutex_unlock(&s->lock);
    while (m->id == 0) worker_park(m); /* the main thread cannot end before the program */
}
