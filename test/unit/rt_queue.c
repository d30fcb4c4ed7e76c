/* Run queues and goroutine records by hand, on one thread: the order of a P's queue however it is split between the
 * owner's part and the open one, what thieves get, and that records come back once each. */
#include "rt_stub.h"

#include "rt/sched_int.h"

#include <unistd.h>

enum { NPROCS = 3, MANY = 1000 };
static Vm vms[16], *vm = vms; /* one a test: there is no taking down of a runtime */
static void run(M *m) {}

static M *set_up(void) {
    check(++vm < vms + ARRAY_LEN(vms));
    vm->rand_seed = 12345;
    vm->stress.sched_seed = -1;
    heap_init(vm);
    sched_init(vm, NPROCS, run);
    p_sched(vm->ms->p)->tick = 1; /* nobody's turn out of order */
    return vm->ms;
}

/* A second worker with a P of its own. */
static M *other_worker(void) {
    M *m = worker_new(vm);
    worker_attach(m, idle_p_take(vm->sched));
    p_sched(m->p)->tick = 1;
    return m;
}

static G *start(M *m) {
    G *g = sched_new_g(m, 8);
    sched_start(m, g);
    return g;
}

static void make_ready(M *m, G *g, bool next) {
    atomic_store(&g->status, G_WAITING);
    sched_ready(m, g, next);
}

static void test_order(void **state) {
    M *m = set_up();
    G *kids[MANY], *readied[MANY], *direct = sched_new_g(m, 8);
    for (int i = 0; i < MANY; i++) readied[i] = sched_new_g(m, 8);
    for (int i = 0; i < MANY; i++) {
        kids[i] = start(m);
        make_ready(m, readied[i], false);
    }
    make_ready(m, direct, true);
    assert_true(queue_any_work(vm->sched)); /* two Ps are idle: some of it is open to them */
    assert_ptr_equal(queue_pop(m), direct);
    for (int i = MANY; i-- > 0;) assert_ptr_equal(queue_pop(m), kids[i]);
    for (int i = 0; i < MANY; i++) assert_ptr_equal(queue_pop(m), readied[i]);
    assert_null(queue_pop(m));
    assert_false(queue_any_work(vm->sched));
}

static void test_offer(void **state) {
    M *m = set_up(), *thief = other_worker();
    G *first = start(m);
    assert_ptr_equal(queue_steal(thief), first); /* the third P is idle: offered at once */
    (void)other_worker();
    G *a = start(m), *b = sched_new_g(m, 8);
    make_ready(m, b, true);
    assert_null(queue_steal(thief)); /* nobody is idle: few goroutines stay with the owner */
    queue_offer_all(p_sched(m->p));
    G *x = queue_steal(thief), *y = queue_steal(thief);
    assert_true((x == a && y == b) || (x == b && y == a));
    assert_null(queue_steal(thief));
    assert_null(queue_pop(m));
}

static void test_steal(void **state) {
    M *m = set_up(), *thief = other_worker();
    bool seen[MANY * 4 + 1] = {false};
    uint64_t oldest = 0, n = 0;
    for (int i = 0; i < MANY; i++) {
        G *g = start(m);
        if (!oldest) oldest = g->id;
    }
    for (bool found_oldest = false; n < MANY;) {
        G *g = n % 3 ? queue_pop(m) : queue_pop(thief);
        if (!g && !(n % 3)) g = queue_steal(thief);
        if (!g) g = queue_pop(m);
        if (!g) g = queue_pop(thief);
        assert_non_null(g);
        assert_in_range(g->id, 1, MANY * 4);
        assert_false(seen[g->id]);
        seen[g->id] = true;
        if (g->id == oldest) found_oldest = true;
        if (++n == MANY) assert_true(found_oldest);
    }
    assert_null(queue_pop(m));
    assert_null(queue_pop(thief));
}

static void test_records(void **state) {
    M *m = set_up();
    static G *gs[MANY];
    for (int round = 0; round < 5; round++) {
        uint64_t least = 0;
        for (int i = 0; i < MANY; i++) {
            G *g = gs[i] = sched_new_g(m, (size_t)(i % 7) * 20);
            assert_true((size_t)(g->stack->hi - g->stack->words) >= (size_t)(i % 7) * 20);
            assert_int_equal(atomic_load(&g->status), G_RUNNABLE);
            assert_true(!g->defers && !g->panics && !g->wait.elem && !g->wait_reason && g->id > least);
            least = g->id;
            g->wait.elem = g;
            g->wait_reason = WAIT_SLEEP;
        }
        assert_int_equal(sched_count_g(vm), MANY);
        for (int i = 0; i < MANY; i++) sched_free_g(m, gs[(i * 7) % MANY]);
        assert_int_equal(sched_count_g(vm), 0);
    }
    uint32_t slabs = 0, used = 0;
    for (GSlab *s = sched_slab_first(vm); s; s = sched_slab_next(s)) slabs++, used += s->used;
    assert_int_equal(slabs, 1); /* used again */
    assert_in_range(used, MANY, MANY + 64);
    sched_p_retire_g(vm, m->p); /* what the P kept is there for others */
    M *other = other_worker();
    for (int i = 0; i < MANY; i++) gs[i] = sched_new_g(other, 8);
    assert_int_equal(sched_count_g(vm), MANY);
    assert_in_range(sched_slab_first(vm)->used, MANY, MANY + 64);
}

/* A worker whose goroutine ended locked to it, and whose P was taken away meanwhile, ends: as an idle worker it would be
 * handed a goroutine and never run it. */
static void test_end_without_p(void **state) {
    set_up();
    M *m = other_worker();
    (void)other_worker(); /* no P is idle */
    m->p->m = NULL;
    m->p = NULL;
    m_sched(m)->end_thread = true;
    alarm(20); /* it would park */
    assert_null(sched_next(m));
    alarm(0);
    assert_null(vm->sched->idle_m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_offer), cmocka_unit_test(test_steal),
                                       cmocka_unit_test(test_records), cmocka_unit_test(test_end_without_p)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
