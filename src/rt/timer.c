/* Timers: a hierarchical wheel of 4 us ticks, 64 slots a level.
 *
 * Arming and disarming are O(1); a timer moves down a level at most WHEEL_LEVELS times. It fires when its
 * tick is over, so it is never early and at most one tick late by the wheel; all that fire together go in
 * the order of their deadlines. Algorithm: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels"
 * (1987), scheme 7, with occupancy bitmaps to skip empty slots.
 *
 * time.Timer objects are GoTimers on the Go heap (prefix {C, initTimer} as package time declares). Timer
 * channels are synchronous (Go 1.23): Stop and Reset take back a value that nobody has received. */
#include "rt/bubble.h"
#include "rt/chan_int.h"
#include "rt/sched_int.h"

#include <stdlib.h>

enum { CASCADE_BATCH = 64, FIRE_BATCH = 32, FIRE_LEAST = 5 * AGE_US };

void wheel_init(Wheel *w, int64_t now) {
    w->now_tick = (uint64_t)now >> WHEEL_SHIFT;
    atomic_store(&w->next_when, INT64_MAX);
}

static uint64_t tick_of(int64_t when) { /* the first tick whose start is at or after `when` */
    return ((uint64_t)when + (1u << WHEEL_SHIFT) - 1) >> WHEEL_SHIFT;
}

static void bucket_add(Wheel *w, TimerNode *t, int level, uint32_t slot) {
    t->level = (int8_t)level;
    t->slot = (uint8_t)slot;
    TimerNode *head = w->slots[level][slot];
    if (head) {
        t->prev = head->prev;
        t->next = head;
        head->prev->next = t;
        head->prev = t;
    } else {
        t->next = t->prev = t;
        w->slots[level][slot] = t;
        w->bitmap[level] |= 1ull << slot;
    }
}

static void wheel_insert(Wheel *w, TimerNode *t) {
    uint64_t tick = tick_of(t->when);
    if (tick < w->now_tick) tick = w->now_tick;
    uint64_t diff = tick ^ w->now_tick;
    int level = diff ? (63 - __builtin_clzll(diff)) / WHEEL_BITS : 0;
    if (level >= WHEEL_LEVELS) {
        level = WHEEL_LEVELS - 1;
        tick = w->now_tick | ((uint64_t)(WHEEL_SLOTS - 1) << (level * WHEEL_BITS));
    }
    uint32_t slot = (tick >> (level * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
    bucket_add(w, t, level, slot);
    int64_t bound = (int64_t)(tick << WHEEL_SHIFT);
    if (bound < atomic_load_explicit(&w->next_when, memory_order_relaxed)) atomic_store(&w->next_when, bound);
}

static void wheel_unlink(Wheel *w, TimerNode *t) {
    if (t->next == t) {
        w->slots[t->level][t->slot] = NULL;
        w->bitmap[t->level] &= ~(1ull << t->slot);
    } else {
        t->prev->next = t->next;
        t->next->prev = t->prev;
        if (w->slots[t->level][t->slot] == t) w->slots[t->level][t->slot] = t->next;
    }
    t->next = t->prev = NULL;
    t->level = -1;
}

/* Start tick of the earliest occupied slot; false when the wheel is empty. A slot of a higher level lies
 * wholly after everything in lower ones (by construction of wheel_insert). */
static bool wheel_next_tick(Wheel *w, uint64_t *tick, int *level) {
    for (int l = 0; l < WHEEL_LEVELS; l++) {
        uint32_t cur = (w->now_tick >> (l * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
        uint64_t bits = w->bitmap[l] & (~0ull << cur);
        if (!bits) continue;
        uint64_t slot = (uint64_t)__builtin_ctzll(bits);
        uint64_t base = w->now_tick >> (l * WHEEL_BITS) >> WHEEL_BITS << WHEEL_BITS;
        *tick = (base | slot) << (l * WHEEL_BITS);
        if (*tick < w->now_tick) *tick = w->now_tick;
        *level = l;
        return true;
    }
    return false;
}

static void wheel_update_next(Wheel *w) {
    uint64_t tick = w->now_tick;
    int level;
    bool any = w->cascading || w->slots[WHEEL_LEVELS][0] || wheel_next_tick(w, &tick, &level);
    atomic_store(&w->next_when, any ? (int64_t)(tick << WHEEL_SHIFT) : INT64_MAX);
}

static TimerNode *merge_by_when(TimerNode *a, TimerNode *b) {
    TimerNode *first = NULL, **link = &first;
    while (a && b) {
        TimerNode **least = a->when < b->when || (a->when == b->when && a->seq < b->seq) ? &a : &b;
        *link = *least;
        link = &(*least)->next;
        *least = (*least)->next;
    }
    *link = a ? a : b;
    return first;
}

static TimerNode *sort_by_when(TimerNode *list, uint32_t n) {
    if (n < 2) return list;
    TimerNode *mid = list;
    for (uint32_t i = 1; i < n / 2; i++) mid = mid->next;
    TimerNode *second = mid->next;
    mid->next = NULL;
    return merge_by_when(sort_by_when(list, n / 2), sort_by_when(second, n - n / 2));
}

/* Lock held. Moves some timers of the slot whose time has come to lower levels. Several workers may do that in turns. */
static void cascade_some(Wheel *w) {
    int level = w->cascading;
    uint32_t slot = (w->now_tick >> (level * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
    TimerNode *t;
    for (int i = 0; i < CASCADE_BATCH && (t = w->slots[level][slot]); i++) {
        __builtin_prefetch(t->next->next); /* timers lie anywhere */
        wheel_unlink(w, t);
        wheel_insert(w, t);
    }
    if (!w->slots[level][slot]) w->cascading = 0;
}

/* Lock held. Puts what is due at `target` into the slot of what is being fired, in order. False: more is to be done. */
static bool collect_due(Wheel *w, uint64_t target) {
    if (w->cascading) {
        cascade_some(w);
        return false;
    }
    uint64_t tick;
    int level;
    if (!wheel_next_tick(w, &tick, &level) || tick > target) {
        if (target > w->now_tick) w->now_tick = target; /* keeps the invariant: nothing lies between */
        return true;
    }
    w->now_tick = tick;
    w->cascading = level;
    if (level) return false;
    uint32_t slot = tick & (WHEEL_SLOTS - 1), n = 0;
    TimerNode *head = w->slots[0][slot];
    w->slots[0][slot] = NULL;
    w->bitmap[0] &= ~(1ull << slot);
    head->prev->next = NULL;
    for (TimerNode *t = head; t; t = t->next) n++;
    for (TimerNode *t = sort_by_when(head, n), *next; t; t = next) {
        next = t->next;
        bucket_add(w, t, WHEEL_LEVELS, 0);
    }
    return false;
}

static G *sleeper(TimerNode *t) { return (G *)((char *)t - offsetof(G, timer)); }

/* Until `until` (age_clock) or longer for a started batch. What is due leaves a few at a time, so that a disarm of a
 * later one still counts. */
static int wheel_fire(M *m, int64_t now, uint64_t until) {
    Wheel *w = &m->vm->sched->wheel;
    uint64_t target = (uint64_t)now >> WHEEL_SHIFT;
    int fired = 0;
    spin_lock(&w->lock);
    for (;;) {
        TimerNode *some[FIRE_BATCH], *t;
        int64_t when[FIRE_BATCH];
        int n = 0;
        while (n < FIRE_BATCH) {
            if ((t = w->slots[WHEEL_LEVELS][0])) {
                __builtin_prefetch(t->next->next);
                if (t->kind == TIMER_SLEEP) __builtin_prefetch(sleeper(t));
                wheel_unlink(w, t);
                when[n] = t->when;
                some[n++] = t;
                continue;
            }
            if (collect_due(w, target)) break;
            if (!w->cascading) continue;
            spin_unlock(&w->lock); /* there may be a million: others want to arm theirs */
            spin_lock(&w->lock);
        }
        if (!n) break;
        w->count -= (uint64_t)n;
        spin_unlock(&w->lock);
        for (int i = 0; i < n; i++) {
            sched_event(m, "timer", NULL, when[i]);
            /* Another worker, whose clock was ahead, may have found that it is due. */
            some[i]->fire(m, some[i], when[i] > now ? when[i] : now);
        }
        fired += n;
        bool enough = (int64_t)(age_clock() - until) >= 0;
        spin_lock(&w->lock);
        if (enough) break;
    }
    wheel_update_next(w);
    spin_unlock(&w->lock);
    return fired;
}

int wheel_run(M *m, int64_t now) {
    G *running = m->g; /* what fires does not belong to it */
    PSched *ps = p_sched(m->p);
    /* A flood of timers gets a part of the time, so that what they make runnable runs while it is in the cache. */
    uint64_t at = age_clock(), budget = (at - ps->wheel_left) / 4;
    if (budget < FIRE_LEAST) budget = FIRE_LEAST;
    if (m->vm->sched->seeded) budget = INT64_MAX;
    m_set_g(m, NULL);
    int fired = wheel_fire(m, now, at + budget);
    m_set_g(m, running);
    ps->wheel_left = age_clock();
    return fired;
}

void timer_arm(M *m, TimerNode *t, int64_t when) {
    Sched *s = m->vm->sched;
    Wheel *w = &s->wheel;
    if (unlikely(t->bubble != NULL)) {
        bubble_timer_remove(t->bubble, t);
        t->when = when > 0 ? when : 1;
        bubble_timer_insert(m, t->bubble, t);
        return;
    }
    spin_lock(&w->lock);
    if (t->level >= 0) wheel_unlink(w, t);
    else w->count++;
    t->when = when > 0 ? when : 1;
    t->seq = ++w->seq;
    wheel_insert(w, t);
    int64_t next = atomic_load(&w->next_when);
    spin_unlock(&w->lock);
    /* A worker that waits in the poller for something later must look again. */
    if (atomic_load(&s->polling) && next < atomic_load(&s->poll_until)) netpoll_wake(s);
}

bool timer_disarm(M *m, TimerNode *t) {
    Wheel *w = &m->vm->sched->wheel;
    if (unlikely(t->bubble != NULL)) return bubble_timer_remove(t->bubble, t);
    spin_lock(&w->lock);
    bool armed = t->level >= 0;
    if (armed) {
        wheel_unlink(w, t);
        w->count--;
    }
    spin_unlock(&w->lock);
    return armed;
}

static GoTimer *go_timer(TimerNode *t) { return (GoTimer *)((char *)t - offsetof(GoTimer, node)); }

void timer_mark(Vm *vm, Marker *mk, bool channels) {
    for (Bubble *b = vm->sched->bubbles; b; b = b->next)
        for (TimerNode *t = b->timers; t; t = t->next)
            if (t->kind == TIMER_GO) gc_mark(mk, go_timer(t));
    Wheel *w = &vm->sched->wheel;
    for (int l = 0; l <= WHEEL_LEVELS; l++)
        for (int i = 0; i < WHEEL_SLOTS; i++) {
            TimerNode *head = w->slots[l][i], *t = head;
            if (!head) continue;
            do {
                if (t->kind == TIMER_GO && (channels || !go_timer(t)->chan)) gc_mark(mk, go_timer(t));
            } while ((t = t->next) != head);
        }
}

void timer_collect(Vm *vm, Marker *mk) {
    Wheel *w = &vm->sched->wheel;
    for (int l = 0; l <= WHEEL_LEVELS; l++)
        for (int i = 0; i < WHEEL_SLOTS; i++) {
            TimerNode *last = w->slots[l][i] ? w->slots[l][i]->prev : NULL;
            for (TimerNode *t = w->slots[l][i], *next; t; t = next) {
                next = t == last ? NULL : t->next;
                if (t->kind != TIMER_GO || !go_timer(t)->chan) continue;
                if (gc_reached(vm, go_timer(t)->chan)) {
                    gc_mark(mk, go_timer(t));
                } else {
                    wheel_unlink(w, t);
                    w->count--;
                }
            }
        }
    wheel_update_next(w);
}

int64_t timer_clock(M *m) { return m->g && m->g->bubble ? m->g->bubble->now : rt_nanotime(m); }

/* ---- Sleep ---------------------------------------------------------------------------------------- */

static void sleep_fire(M *m, TimerNode *t, int64_t now) { sched_ready(m, sleeper(t), false); }

RtResult timer_sleep(M *m, int64_t ns) {
    G *g = m->g;
    if (ns <= 0) return RT_OK;
    int64_t now = timer_clock(m), when = now + ns;
    if (when < now) when = INT64_MAX - (1ll << 20);
    g->timer = (TimerNode){.level = -1, .kind = TIMER_SLEEP, .fire = sleep_fire, .bubble = g->bubble};
    g->wait_reason = WAIT_SLEEP;
    atomic_store_explicit(&g->status, G_WAITING, memory_order_relaxed);
    bool bubbled = g->bubble != NULL; /* once armed, without a bubble, the goroutine may be running already, or over */
    timer_arm(m, &g->timer, when);
    if (unlikely(bubbled)) bubble_park_slow(m, g);
    return RT_PARKED;
}

/* ---- time.Timer ------------------------------------------------------------------------------------- */

/* A value of time.Time for `now - delta` as time.Now makes it: {wall, ext, loc}. */
static void make_time(M *m, Bubble *bubble, int64_t delta, uint64_t out[3]) {
    int64_t sec;
    int32_t nsec;
    if (bubble) sec = bubble->now / 1000000000, nsec = (int32_t)(bubble->now % 1000000000);
    else rt_walltime(m, &sec, &nsec);
    int64_t mono = (bubble ? bubble->now : rt_nanotime(m)) - delta;
    int64_t back = delta % 1000000000, whole = delta / 1000000000;
    sec -= whole;
    nsec -= (int32_t)back;
    if (nsec < 0) nsec += 1000000000, sec--;
    const GoTimeVars *tv = &m->vm->sched_time;
    const int64_t unix_to_internal = (1969ll * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400) * 86400;
    const int64_t wall_to_internal = (1884ll * 365 + 1884 / 4 - 1884 / 100 + 1884 / 400) * 86400;
    if (bubble) { /* without a monotonic reading, as time.Now in a bubble */
        out[0] = (uint64_t)nsec;
        out[1] = (uint64_t)(sec + unix_to_internal);
        out[2] = (uint64_t)(uintptr_t)tv->local;
        return;
    }
    uint64_t since1885 = (uint64_t)(sec + unix_to_internal - wall_to_internal);
    out[0] = 1ull << 63 | since1885 << 30 | (uint64_t)nsec;
    out[1] = (uint64_t)(mono - (tv->start_nano ? *tv->start_nano : 0));
    out[2] = (uint64_t)(uintptr_t)tv->local;
}

static void go_timer_fire(M *m, TimerNode *n, int64_t now) {
    GoTimer *t = (GoTimer *)((char *)n - offsetof(GoTimer, node));
    spin_lock(&t->lock);
    if (!t->armed || n->when > now) { /* stopped or put off while it was on its way */
        spin_unlock(&t->lock);
        return;
    }
    int64_t delta = now - n->when;
    if (t->period > 0) {
        int64_t next = n->when + t->period * (1 + delta / t->period);
        timer_arm(m, n, next > 0 ? next : INT64_MAX - 1);
    } else {
        t->armed = false;
    }
    if (t->chan) {
        uint64_t v[3];
        make_time(m, n->bubble, delta, v);
        chan_timer_send(m, t->chan, v);
        spin_unlock(&t->lock);
    } else {
        /* f(arg, seq, delta); AfterFunc's f is time.goFunc, whose arg is the func() to start. */
        GoFunc *f = t->f;
        bool direct = f->fn == m->vm->sched_time.go_func && t->arg.data;
        uint64_t args[4] = {(uint64_t)t->arg.type, (uint64_t)t->arg.data, n->seq, (uint64_t)delta};
        if (direct) f = t->arg.data;
        spin_unlock(&t->lock);
        m->vm->go_func(m, f, args, direct ? 0 : 4);
    }
}

/* In a bubble a timer that is due fires at once, not when the bubble next blocks. */
static void fire_if_due(M *m, TimerNode *n) {
    Bubble *b = n->bubble;
    if (b && n->when <= b->now && bubble_timer_remove(b, n)) n->fire(m, n, b->now);
}

void *timer_new(M *m, int64_t when, int64_t period, GoFunc *f, GoEface arg, Chan *c) {
    uint8_t bits[(sizeof(GoTimer) / 8 + 7) / 8] = {0};
    bits[0] |= 1; /* C; then chan, arg, f */
    for (size_t w = offsetof(GoTimer, chan) / 8; w < sizeof(GoTimer) / 8; w++) bits[w / 8] |= (uint8_t)(1u << (w % 8));
    GoTimer *t = mem_alloc_mask(m, sizeof *t, bits);
    t->c = c;
    t->init = true;
    t->node.level = -1;
    t->node.kind = TIMER_GO;
    t->node.bubble = m->g->bubble;
    t->node.fire = go_timer_fire;
    t->period = period;
    t->chan = c;
    t->arg = arg;
    t->f = f;
    mem_barrier(m, t, sizeof *t);
    t->armed = true;
    if (c) chan_set_timer(c);
    timer_arm(m, &t->node, when);
    fire_if_due(m, &t->node);
    return t;
}

bool timer_stop(M *m, void *timer) {
    GoTimer *t = timer;
    if (t->node.bubble && !m->g->bubble) rt_misuse(m->vm, "stop of synctest timer from outside bubble");
    spin_lock(&t->lock);
    bool pending = t->armed;
    t->armed = false;
    timer_disarm(m, &t->node);
    if (t->chan && chan_drain(t->chan)) pending = true; /* sent, but nobody has received it */
    spin_unlock(&t->lock);
    return pending;
}

bool timer_reset(M *m, void *timer, int64_t when, int64_t period) {
    GoTimer *t = timer;
    if (t->node.bubble && !m->g->bubble) rt_misuse(m->vm, "reset of synctest timer from outside bubble");
    spin_lock(&t->lock);
    bool pending = t->armed;
    if (t->chan && chan_drain(t->chan)) pending = true;
    t->period = period;
    t->armed = true;
    timer_arm(m, &t->node, when);
    spin_unlock(&t->lock);
    fire_if_due(m, &t->node);
    return pending;
}
