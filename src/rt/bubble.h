/* Bubbles of testing/synctest: groups of goroutines with a clock of their own.
 *
 * The clock stands still while any goroutine of the bubble runs; when all are durably blocked (on channels of
 * the bubble, Sleep, Cond, WaitGroup, nothing at all) it jumps to the next timer. Every place that parks a
 * goroutine calls bubble_park first, sched_ready undoes it. The goroutine that called synctest.Run (the root)
 * moves the clock; one that waits in synctest.Wait is woken first. */
#ifndef VOLE_BUBBLE_H
#define VOLE_BUBBLE_H

#include "rt/sched_int.h"

struct Bubble {
    SpinLock lock;
    int64_t now;           /* nanoseconds since 1970, starting at 2000-01-01 */
    G *root, *main, *waiter;
    int32_t total, running, active; /* goroutines; those not durably blocked; reasons not to move on */
    bool waiting, done;    /* someone is in Wait; the main function has returned */
    TimerNode *timers;     /* by deadline */
    uint64_t seq;
    uint64_t id;
    struct Bubble *next;   /* Sched.bubbles: kept for ever, channels may still name it */
    VEC(void *) objects;   /* associated ones (WaitGroups): weak handles, which are roots */
};

/* The running goroutine is about to park (its status is WAITING, its pc and fp are saved). May ready another
 * goroutine, even this one. No effect outside of bubbles or when the wait is not durable. */
void bubble_park_slow(M *m, G *g);
static inline void bubble_park(M *m, G *g, bool durable) {
    if (unlikely(g->bubble != NULL) && durable) bubble_park_slow(m, g);
}
void bubble_ready(G *g);             /* called by sched_ready */
void bubble_add_g(G *g);             /* a new goroutine of g->bubble */
void bubble_remove_g(M *m, G *g);    /* it ends */
void bubble_timer_insert(M *m, Bubble *b, TimerNode *t);
bool bubble_timer_remove(Bubble *b, TimerNode *t);
/* Natives: synctest.Run and Wait answer RT_PARKED and are run again from their start when woken. */
RtResult bubble_run(M *m, GoFunc *f, const uint64_t *retry_pc);
RtResult bubble_wait(M *m, const uint64_t *retry_pc);

#endif
