/* Channel and time.Timer objects as they lie on the Go heap. */
#ifndef VOLE_CHAN_INT_H
#define VOLE_CHAN_INT_H

#include "rt/sched_int.h"

typedef struct WaitQueue { Waiter *head, *tail; } WaitQueue;

struct Chan {
    int64_t count;      /* values in the buffer; read without lock by len */
    int64_t cap;
    uint8_t *buf;       /* cap elements, heap */
    const GoType *elem;
    uint64_t elem_size;
    uint64_t send_at, recv_at; /* indices into buf */
    WaitQueue recvq, sendq;    /* waiters live in goroutine records, not on the heap */
    SpinLock lock;
    bool closed, is_timer;
    Bubble *bubble;
};

void wait_queue_push(WaitQueue *q, Waiter *w);
void wait_queue_remove(WaitQueue *q, Waiter *w);
/* With the channel's lock held: whether the queue's head is a goroutine that can be had. Selects that were
 * woken elsewhere are dropped; a select at the head is claimed already and stays at the head. */
bool wait_queue_ready(WaitQueue *q);
/* The non-waiting halves of send and receive: lock held at entry, released when they return true. */
bool chan_try_send(M *m, Chan *c, const void *elem);
bool chan_try_recv(M *m, Chan *c, void *elem, bool *ok);
void select_unqueue(G *g, Waiter *except); /* takes a sleeping select's other waiters out of their channels */

/* Non-blocking send of a tick into a timer channel (capacity 1). */
void chan_timer_send(M *m, Chan *c, const void *elem);
bool chan_drain(Chan *c); /* throws a buffered value away; whether there was one */
void chan_set_timer(Chan *c);

typedef struct GoTimer { /* prefix is time.Timer and time.Ticker */
    Chan *c;
    bool init;
    TimerNode node;
    SpinLock lock;
    bool armed;
    int64_t period;
    Chan *chan;
    GoEface arg;
    GoFunc *f;
} GoTimer;

#endif
