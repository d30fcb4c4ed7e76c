/* The scheduler, channels, select, semaphores and timers without an interpreter: goroutines are small state machines
 * in C that the test's worker loop runs. For data races: make BUILD=tsan build/tsan/unit/rt_sched. */
#include "rt_stub.h"

#include "rt/chan_int.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A goroutine's step: runs until it would wait. G.native_call points to its Task (not on the Go heap). */
typedef struct Task Task;
struct Task {
    RtResult (*step)(M *m, Task *t);
    int state;
    uint64_t value;
    int64_t chosen;
    bool ok;
    int64_t left, id;
    SelectCase cases[4];
};

enum { PRODUCERS = 8, CONSUMERS = 4, EACH = 3000, SELECTORS = 4, SLEEPERS = 200, LOCKERS = 8, KEEPERS = 1000 };
static struct {
    GoType elem;
    GoChanType type;
    Chan *plain, *buffered, *pair[2], *stop;
    uint32_t sema;       /* a mutex: 1 free */
    int64_t counter;     /* under sema */
    _Atomic int64_t sum, received, live, early;
    _Atomic int64_t selected[2];
} T;

/* The last goroutine ends the instance: workers that sleep must look at `exiting`. */
static void finish(M *m) {
    Vm *vm = m->vm;
    if (atomic_fetch_sub(&T.live, 1) != 1) return;
    atomic_store(&vm->exiting, 1);
    netpoll_wake(vm->sched);
    pthread_mutex_lock(&vm->sched->lock);
    for (M *o = vm->ms; o; o = o->all_next) {
        atomic_store(&m_sched(o)->park, 1);
        syscall(SYS_futex, &m_sched(o)->park, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    pthread_mutex_unlock(&vm->sched->lock);
}

static void run(M *m) {
    G *g;
    while ((g = sched_next(m))) {
        Task *t = g->native_call;
        for (;;) {
            RtResult r = t->step(m, t);
            if (r == RT_OK) {
                if (sched_safepoint(m, g)) {
                    sched_yield_g(m, g);
                    break;
                }
                continue;
            }
            if (r == RT_YIELD) sched_yield_g(m, g);
            if (r == RT_EXIT) {
                atomic_store(&g->status, G_DEAD);
                m_set_g(m, NULL);
                sched_free_g(m, g);
                free(t);
                finish(m);
            }
            break;
        }
    }
}

static void spawn(M *m, RtResult (*step)(M *, Task *), int64_t left, int64_t id) {
    Task *t = calloc(1, sizeof *t);
    t->step = step;
    t->left = left;
    t->id = id;
    G *g = sched_new_g(m, 32);
    g->native_call = t;
    g->fp = g->stack->words;
    atomic_fetch_add(&T.live, 1);
    sched_start(m, g);
}

/* In every step: state counts operations that have been started; a parked one is finished when the step runs again. */
static RtResult produce(M *m, Task *t) {
    if (!t->left) return RT_EXIT;
    t->value = (uint64_t)t->left--;
    return chan_send(m, t->id % 2 ? T.plain : T.buffered, &t->value, true);
}
static RtResult consume(M *m, Task *t) {
    if (t->state) {
        atomic_fetch_add(&T.sum, (int64_t)t->value);
        atomic_fetch_add(&T.received, 1);
    }
    t->state = 1;
    if (!t->left--) return RT_EXIT;
    return chan_recv(m, t->id % 2 ? T.plain : T.buffered, &t->value, &t->ok, true);
}
static RtResult both(M *m, Task *t) { /* receives from either channel of the pair */
    if (t->state) {
        if (t->chosen == 2) return RT_EXIT;
        assert_true(t->chosen >= 0 && t->chosen < 2 && t->ok && t->value == (uint64_t)t->chosen + 1);
        atomic_fetch_add(&T.selected[t->chosen], 1);
    }
    t->state = 1;
    t->cases[0] = (SelectCase){T.pair[0], &t->value, false};
    t->cases[1] = (SelectCase){T.pair[1], &t->value, false};
    t->cases[2] = (SelectCase){T.stop, NULL, false};
    return select_go(m, t->cases, 3, false, &t->chosen, &t->ok);
}
static _Atomic int64_t feeding;
static RtResult feed(M *m, Task *t) { /* sends to one of the pair, by a select of its own now and then */
    if (!t->left) {
        if (atomic_fetch_sub(&feeding, 1) == 1) chan_close(m, T.stop);
        return RT_EXIT;
    }
    t->left--;
    t->value = (uint64_t)t->id % 2 + 1;
    if (t->left % 3) return chan_send(m, T.pair[t->id % 2], &t->value, true);
    t->cases[0] = (SelectCase){T.pair[t->id % 2], &t->value, true};
    t->cases[1] = (SelectCase){NULL, NULL, false};
    return select_go(m, t->cases, 2, false, &t->chosen, &t->ok);
}
static RtResult lock(M *m, Task *t) {
    if (t->state) { /* we have it */
        T.counter++;
        t->state = 0;
        sema_release(m, &T.sema, t->left % 2);
        return RT_YIELD;
    }
    if (!t->left--) return RT_EXIT;
    t->state = 1;
    return sema_acquire(m, &T.sema, false, WAIT_SYNC_MUTEX);
}
static RtResult nap(M *m, Task *t) {
    int64_t now = rt_nanotime(m);
    if (t->state && now < t->chosen) atomic_fetch_add(&T.early, 1);
    t->state = 1;
    if (!t->left--) return RT_EXIT;
    int64_t ns = 10000 + (t->id * 7919 + t->left * 104729) % 3000000;
    t->chosen = now + ns;
    return timer_sleep(m, ns);
}

static RtResult peek(M *m, Task *t) { /* looks without waiting until the channel is closed */
    RtResult r = chan_recv(m, T.stop, NULL, &t->ok, false);
    if (r == RT_OK) return t->ok ? RT_OK : RT_EXIT;
    return RT_YIELD;
}
static RtResult collect(M *m, Task *t) { /* stops the world */
    if (!t->left--) return RT_EXIT;
    gc_run(m);
    return timer_sleep(m, 300000);
}
static struct { uint32_t wait, notify; uint64_t lock; void *head, *tail; } cond; /* a sync.notifyList */
static _Atomic int64_t waiting;
static RtResult await(M *m, Task *t) {
    if (!t->left--) {
        atomic_fetch_sub(&waiting, 1);
        return RT_EXIT;
    }
    return notify_wait(m, (struct NotifyList *)&cond, notify_add((struct NotifyList *)&cond));
}
static RtResult notify(M *m, Task *t) {
    if (!atomic_load(&waiting)) return RT_EXIT;
    if (++t->left % 4) notify_one(m, (struct NotifyList *)&cond);
    else notify_all(m, (struct NotifyList *)&cond);
    return RT_YIELD;
}

static RtResult keep(M *m, Task *t) { /* ends, locked to its thread, after it has started the next of its kind */
    if (!m->id && t->left++ < 1000) return RT_YIELD; /* that thread is the test's */
    if (!t->state++) {
        if (m->id) sched_lock_thread(m, m->g);
        return RT_YIELD;
    }
    if (t->id > 1) spawn(m, keep, 0, t->id - 1);
    return RT_EXIT;
}

static void test_everything(void **state) {
    static Vm vm;
    vm.stress.sched_seed = -1;
    vm.rand_seed = 12345;
    heap_init(&vm);
    gc_set_hooks(&vm, &(GcHooks){.scan_roots = scan_roots});
    sched_init(&vm, 4, run);
    M *m = vm.ms;
    T.elem = (GoType){.size = 8, .kind = KIND_UINT64, .align = 8, .field_align = 8};
    T.type = (GoChanType){.t = {.size = 8, .ptr_bytes = 8, .kind = KIND_CHAN, .align = 8, .field_align = 8}, .elem = &T.elem, .dir = 3};
    Chan **chans[] = {&T.plain, &T.pair[0], &T.pair[1], &T.stop, &T.buffered};
    for (size_t i = 0; i < ARRAY_LEN(chans); i++) {
        assert_int_equal(chan_make(m, &T.type.t, i == 4 ? 16 : 0, chans[i]), RT_OK);
        roots[i] = *chans[i];
    }
    T.sema = 1;
    atomic_store(&feeding, SELECTORS * 2);
    atomic_fetch_add(&T.live, 1);
    for (int i = 0; i < PRODUCERS; i++) spawn(m, produce, EACH, i);
    for (int i = 0; i < CONSUMERS; i++) spawn(m, consume, EACH * PRODUCERS / CONSUMERS, i);
    for (int i = 0; i < SELECTORS; i++) spawn(m, both, 0, i);
    for (int i = 0; i < SELECTORS * 2; i++) spawn(m, feed, EACH, i);
    for (int i = 0; i < LOCKERS; i++) spawn(m, lock, EACH, i);
    for (int i = 0; i < SLEEPERS; i++) spawn(m, nap, 10, i);
    for (int i = 0; i < 2; i++) spawn(m, peek, 0, i);
    spawn(m, collect, 20, 0);
    atomic_store(&waiting, 6);
    for (int i = 0; i < 6; i++) spawn(m, await, 500, i);
    for (int i = 0; i < 2; i++) spawn(m, notify, 0, i);
    for (int i = 0; i < 2; i++) spawn(m, keep, 0, KEEPERS);
    atomic_fetch_sub(&T.live, 1);
    Task *last = calloc(1, sizeof *last);
    last->step = nap;
    last->left = 1;
    G *g = sched_new_g(m, 32);
    g->native_call = last;
    g->fp = g->stack->words;
    atomic_fetch_add(&T.live, 1);
    sched_main(&vm, g);
    usleep(50000); /* workers that saw the last steps */
    assert_int_equal(T.received, PRODUCERS * EACH);
    assert_int_equal(T.sum, (int64_t)PRODUCERS * EACH * (EACH + 1) / 2);
    assert_int_equal(T.selected[0] + T.selected[1], SELECTORS * 2 * EACH);
    assert_int_equal(T.selected[0], T.selected[1]);
    assert_int_equal(T.counter, LOCKERS * EACH);
    assert_int_equal(T.sema, 1);
    assert_int_equal(T.early, 0);
    assert_int_equal(sched_count_g(&vm), 0);
    assert_in_range(vm.sched->n_m, 1, 40); /* records of threads that ended are used again */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_everything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
