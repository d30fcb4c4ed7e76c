/* The poller alone: whom it wakes up, with what result, and that a goroutine counts as waiting until it has been made ready. Otherwise
 * there is a moment in which it neither waits nor is in a queue, and another worker sees a deadlock. */
#include "rt_stub.h"

#include "rt/sched_int.h"

#include <unistd.h>

static struct { G *g; uint32_t waiting; int times; } woken; /* by the last call of sched_ready */
static struct { TimerNode *t; int64_t when; } armed;

void sched_ready(M *m, G *g, bool next) {
    woken.g = g;
    woken.waiting = atomic_load(&m->vm->sched->poll_waiters);
    woken.times++;
}
void timer_arm(M *m, TimerNode *t, int64_t when) {
    armed.t = t;
    armed.when = when;
}
bool timer_disarm(M *m, TimerNode *t) { return false; }
int64_t rt_nanotime(M *m) { return 1000; }
void spin_lock_slow(SpinLock *l) { fail_msg("one thread never waits for a lock"); }
void sched_log_event(M *m, const char *what, const void *object, int64_t number) {}

typedef struct Poller { World *w; Sched s; G g[2]; int fd[2]; void *desc; int64_t result[2]; } Poller;

static Poller *poller_new(void) {
    Poller *p = calloc(1, sizeof *p);
    p->w = world_new();
    p->w->vm.sched = &p->s;
    p->s.vm = &p->w->vm;
    p->s.epfd = p->s.wakefd = -1;
    pthread_mutex_init(&p->s.poll_init_lock, NULL);
    assert_int_equal(pipe(p->fd), 0);
    assert_int_equal(poll_open(&p->w->m, p->fd[0], &p->desc), 0);
    memset(&woken, 0, sizeof woken);
    return p;
}

static void poller_free(Poller *p) {
    assert_int_equal(poll_close(&p->w->m, p->desc), 0);
    close(p->fd[0]);
    close(p->fd[1]);
    close(p->s.epfd);
    close(p->s.wakefd);
    free(p->desc);
    p->w->vm.sched = NULL;
    world_free(p->w);
    free(p);
}

static void wait_for(Poller *p, int mode) {
    int i = mode == 'w';
    p->w->m.g = &p->g[i];
    p->result[i] = -1;
    assert_int_equal(poll_wait(&p->w->m, p->desc, mode, &p->result[i]), RT_PARKED);
}

static void assert_woken(Poller *p, int i, int64_t result, uint32_t waiting) {
    assert_ptr_equal(woken.g, &p->g[i]);
    assert_int_equal(woken.waiting, waiting);
    assert_int_equal(p->result[i], result);
}

static void test_ready(void **state) {
    Poller *p = poller_new();
    wait_for(p, 'r');
    assert_int_equal(p->s.poll_waiters, 1);
    assert_int_equal(netpoll(&p->w->m, 0), 0);
    assert_int_equal(woken.times, 0);
    assert_int_equal(write(p->fd[1], "x", 1), 1);
    assert_int_equal(netpoll(&p->w->m, 1000000000), 1);
    assert_woken(p, 0, 0, 1);
    assert_int_equal(woken.times, 1);
    assert_int_equal(p->s.poll_waiters, 0);
    /* What comes while nobody waits is not forgotten. */
    char c;
    assert_int_equal(read(p->fd[0], &c, 1), 1);
    assert_int_equal(poll_reset(&p->w->m, p->desc, 'r'), 0);
    assert_int_equal(write(p->fd[1], "y", 1), 1);
    assert_int_equal(netpoll(&p->w->m, 1000000000), 0);
    assert_int_equal(poll_wait(&p->w->m, p->desc, 'r', &p->result[0]), RT_OK);
    assert_int_equal(p->result[0], 0);
    assert_int_equal(p->s.poll_waiters, 0);
    poller_free(p);
}

static void test_deadlines(void **state) {
    Poller *p = poller_new();
    M *m = &p->w->m;
    wait_for(p, 'r');
    wait_for(p, 'w');
    poll_set_deadline(m, p->desc, -1, 'r'); /* in the past */
    assert_woken(p, 0, 2, 2);
    assert_int_equal(p->s.poll_waiters, 1);
    poll_set_deadline(m, p->desc, 500, 'w');
    assert_int_equal(armed.when, 1500);
    assert_int_equal(woken.times, 1);
    armed.t->fire(m, armed.t, 1400); /* it was moved meanwhile */
    assert_int_equal(woken.times, 1);
    armed.t->fire(m, armed.t, 1500);
    assert_woken(p, 1, 2, 1);
    assert_int_equal(p->s.poll_waiters, 0);
    assert_int_equal(poll_wait(m, p->desc, 'w', &p->result[1]), RT_OK);
    assert_int_equal(p->result[1], 2);
    poller_free(p);
}

static void test_closing(void **state) {
    Poller *p = poller_new();
    wait_for(p, 'r');
    wait_for(p, 'w');
    poll_unblock(&p->w->m, p->desc);
    assert_int_equal(woken.times, 2);
    assert_woken(p, 1, 1, 1);
    assert_int_equal(p->result[0], 1);
    assert_int_equal(p->s.poll_waiters, 0);
    poller_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ready), cmocka_unit_test(test_deadlines), cmocka_unit_test(test_closing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
