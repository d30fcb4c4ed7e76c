/* The network poller: one edge-triggered epoll set, a descriptor record per open file.
 *
 * internal/poll reads or writes first and waits only on EAGAIN. An event that comes while nobody waits
 * leaves its `ready` mark, which the next wait consumes. Deadlines are timers in the wheel. */
#define _GNU_SOURCE
#include "base/sanitize.h"
#include "rt/sched_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <fcntl.h>

typedef struct PollSide {
    bool ready, expired;
    G *g;             /* waiting goroutine */
    int64_t *result;  /* where its answer goes */
    int64_t deadline; /* 0: none */
    TimerNode timer;
    struct PollDesc *desc;
} PollSide;

typedef struct PollDesc {
    SpinLock lock;
    int fd;
    bool closing;
    uint64_t generation;
    PollSide side[2]; /* read, write */
    struct PollDesc *free_next;
} PollDesc;

enum { POLL_OK = 0, POLL_CLOSING = 1, POLL_TIMEOUT = 2, POLL_NOT_POLLABLE = 3 };

void netpoll_init(Sched *s) {
    pthread_mutex_lock(&s->poll_init_lock);
    if (s->epfd < 0) {
        int fd = epoll_create1(EPOLL_CLOEXEC);
        s->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
        if (fd >= 0 && s->wakefd >= 0) epoll_ctl(fd, EPOLL_CTL_ADD, s->wakefd, &ev);
        atomic_store(&s->epfd, fd);
    }
    pthread_mutex_unlock(&s->poll_init_lock);
}

void netpoll_wake(Sched *s) {
    uint64_t one = 1;
    if (s->wakefd < 0 || atomic_exchange(&s->poll_woken, 1)) return; /* it is on its way already */
    if (write(s->wakefd, &one, sizeof one) < 0 && errno != EAGAIN)
        bug("poller: waking failed: %s", strerror(errno));
}

/* With the lock held: takes the waiting goroutine out, or NULL. */
static G *side_take(PollSide *side, int64_t result) {
    G *g = side->g;
    if (!g) return NULL;
    side->g = NULL;
    *side->result = result;
    return g;
}

/* In this order: who looks for a deadlock finds the goroutine among the waiting or in a queue. */
static void side_wake(M *m, G *g) {
    if (!g) return;
    sched_ready(m, g, false);
    atomic_fetch_sub(&m->vm->sched->poll_waiters, 1);
}

int netpoll(M *m, int64_t timeout_ns) {
    Sched *s = m->vm->sched;
    if (s->epfd < 0) netpoll_init(s);
    struct epoll_event ev[128];
#ifdef SAN_THREAD /* does not know epoll_pwait2: what epoll_ctl published would be news from nowhere */
    int n = -1;
    errno = ENOSYS;
#else
    struct timespec ts = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    int n = epoll_pwait2(s->epfd, ev, (int)ARRAY_LEN(ev), timeout_ns < 0 ? NULL : &ts, NULL);
#endif
    if (n < 0 && errno == ENOSYS) {
        int64_t ms = timeout_ns < 0 ? -1 : (timeout_ns + 999999) / 1000000;
        n = epoll_wait(s->epfd, ev, (int)ARRAY_LEN(ev), ms > 1 << 30 ? 1 << 30 : (int)ms);
    }
    int woken = 0;
    for (int i = 0; i < n; i++) {
        PollDesc *d = ev[i].data.ptr;
        if (!d) {
            /* Meant for the one who waits. In this order: a wake-up that is left out because of poll_woken comes
             * before the look at the queues that follows. */
            uint64_t x;
            if (!timeout_ns) continue;
            while (read(s->wakefd, &x, sizeof x) > 0) {}
            atomic_store(&s->poll_woken, 0);
            continue;
        }
        uint32_t e = ev[i].events;
        sched_event(m, "poll", NULL, d->fd);
        G *wake[2] = {NULL, NULL};
        spin_lock(&d->lock);
        if (d->fd >= 0) {
            if (e & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
                wake[0] = side_take(&d->side[0], POLL_OK);
                if (!wake[0]) d->side[0].ready = true;
            }
            if (e & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
                wake[1] = side_take(&d->side[1], POLL_OK);
                if (!wake[1]) d->side[1].ready = true;
            }
        }
        spin_unlock(&d->lock);
        for (int k = 0; k < 2; k++)
            if (wake[k]) side_wake(m, wake[k]), woken++;
    }
    return woken;
}

static void deadline_fire(M *m, TimerNode *t, int64_t now) {
    PollSide *side = (PollSide *)((char *)t - offsetof(PollSide, timer));
    PollDesc *d = side->desc;
    spin_lock(&d->lock);
    G *g = NULL;
    if (side->deadline && side->deadline <= now) { /* else it was moved meanwhile */
        side->expired = true;
        g = side_take(side, POLL_TIMEOUT);
    }
    spin_unlock(&d->lock);
    side_wake(m, g);
}

int poll_open(M *m, int fd, void **desc) {
    Sched *s = m->vm->sched;
    netpoll_init(s);
    pthread_mutex_lock(&s->poll_init_lock);
    PollDesc *d = s->poll_free;
    if (d) s->poll_free = d->free_next;
    pthread_mutex_unlock(&s->poll_init_lock);
    if (!d && !(d = calloc(1, sizeof *d))) base_oom();
    spin_lock(&d->lock);
    d->closing = false;
    memset(d->side, 0, sizeof d->side);
    d->fd = fd;
    for (int i = 0; i < 2; i++) {
        d->side[i].desc = d;
        d->side[i].timer.level = -1;
        d->side[i].timer.fire = deadline_fire;
    }
    spin_unlock(&d->lock);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = d};
    if (epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &ev) < 0) {
        int err = errno;
        pthread_mutex_lock(&s->poll_init_lock);
        d->free_next = s->poll_free;
        s->poll_free = d;
        pthread_mutex_unlock(&s->poll_init_lock);
        return err;
    }
    *desc = d;
    return 0;
}

int poll_close(M *m, void *desc) {
    Sched *s = m->vm->sched;
    PollDesc *d = desc;
    struct epoll_event ev = {0};
    int err = epoll_ctl(s->epfd, EPOLL_CTL_DEL, d->fd, &ev) < 0 ? errno : 0;
    spin_lock(&d->lock);
    d->fd = -1;
    spin_unlock(&d->lock);
    for (int i = 0; i < 2; i++) timer_disarm(m, &d->side[i].timer);
    /* An event of this record may still sit in another worker's array: records are reused, never freed;
     * a late event finds fd < 0 or, at worst, marks a new file ready, which a wait survives. */
    pthread_mutex_lock(&s->poll_init_lock);
    d->free_next = s->poll_free;
    s->poll_free = d;
    pthread_mutex_unlock(&s->poll_init_lock);
    return err;
}

static PollSide *side_of(PollDesc *d, int mode) { return &d->side[mode == 'w']; }

int poll_reset(M *m, void *desc, int mode) {
    PollDesc *d = desc;
    PollSide *side = side_of(d, mode);
    spin_lock(&d->lock);
    int r = d->closing ? POLL_CLOSING : side->expired ? POLL_TIMEOUT : POLL_OK;
    if (r == POLL_OK) side->ready = false;
    spin_unlock(&d->lock);
    return r;
}

RtResult poll_wait(M *m, void *desc, int mode, int64_t *result) {
    PollDesc *d = desc;
    PollSide *side = side_of(d, mode);
    G *g = m->g;
    spin_lock(&d->lock);
    if (d->closing || side->expired) {
        *result = d->closing ? POLL_CLOSING : POLL_TIMEOUT;
        spin_unlock(&d->lock);
        return RT_OK;
    }
    if (side->ready) {
        side->ready = false;
        *result = POLL_OK;
        spin_unlock(&d->lock);
        return RT_OK;
    }
    side->g = g;
    side->result = result;
    g->wait_reason = WAIT_IO;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    atomic_fetch_add(&m->vm->sched->poll_waiters, 1);
    spin_unlock(&d->lock);
    return RT_PARKED;
}

void poll_set_deadline(M *m, void *desc, int64_t delay, int mode) {
    PollDesc *d = desc;
    int64_t now = rt_nanotime(m);
    int64_t when = delay > 0 ? now + delay : delay;
    if (delay > 0 && when < 0) when = INT64_MAX - (1ll << 20);
    G *wake[2] = {NULL, NULL};
    int64_t arm[2] = {0, 0};
    spin_lock(&d->lock);
    if (!d->closing) {
        for (int i = 0; i < 2; i++) {
            if (mode != 'r' + 'w' && (mode == 'w') != (i == 1)) continue;
            PollSide *side = &d->side[i];
            side->deadline = when;
            side->expired = when < 0;
            if (when < 0) wake[i] = side_take(side, POLL_TIMEOUT);
            arm[i] = when > 0 ? when : -1;
        }
    }
    spin_unlock(&d->lock);
    for (int i = 0; i < 2; i++) {
        if (arm[i] > 0) timer_arm(m, &d->side[i].timer, arm[i]);
        else if (arm[i] < 0) timer_disarm(m, &d->side[i].timer);
        side_wake(m, wake[i]);
    }
}

void poll_unblock(M *m, void *desc) {
    PollDesc *d = desc;
    G *wake[2];
    spin_lock(&d->lock);
    d->closing = true;
    for (int i = 0; i < 2; i++) wake[i] = side_take(&d->side[i], POLL_CLOSING);
    spin_unlock(&d->lock);
    for (int i = 0; i < 2; i++) {
        timer_disarm(m, &d->side[i].timer);
        side_wake(m, wake[i]);
    }
}
