/* Goroutines that nothing can wake, for the report at the end of a program and of a deadlock.
 *
 * The collector marks from the globals and from goroutines that go on by themselves (runnable, in a system call,
 * sleeping, waiting for a file). A blocked goroutine whose wait object was reached can be woken: its stack is marked
 * too, and so on until nothing is added. Who is left waits for what only others of that kind can reach. Which others
 * is found by marking from each of them alone. */
#include "rt/chan_int.h"
#include "rt/mem.h"
#include "rt/value.h"

typedef struct LeakWalk { Vm *vm; G *ended; Marker *mk; uint32_t left, added; } LeakWalk;

static bool waits_for_object(G *g) {
    switch (g->wait_reason) {
    case WAIT_CHAN_RECEIVE: case WAIT_CHAN_SEND: case WAIT_CHAN_RECEIVE_NIL: case WAIT_CHAN_SEND_NIL:
    case WAIT_SELECT: case WAIT_SELECT_NO_CASES: case WAIT_SEMACQUIRE: case WAIT_SYNC_MUTEX: case WAIT_SYNC_RWMUTEX_R:
    case WAIT_SYNC_RWMUTEX: case WAIT_SYNC_WAITGROUP: case WAIT_SYNC_WAITGROUP_DURABLE: case WAIT_SYNC_COND:
        return atomic_load(&g->status) == G_WAITING;
    }
    return false;
}

static bool can_be_woken(Vm *vm, G *g) {
    switch (g->wait_reason) {
    case WAIT_CHAN_RECEIVE_NIL: case WAIT_CHAN_SEND_NIL: case WAIT_SELECT_NO_CASES: return false;
    case WAIT_SELECT:
        for (int i = 0; i < g->sel->n; i++)
            if (gc_reached(vm, g->sel->w[i].chan)) return true;
        return false;
    }
    return gc_reached(vm, g->wait.key);
}

static void suspect(void *ctx, G *g) {
    LeakWalk *w = ctx;
    uint32_t st = atomic_load(&g->status);
    g->leaked = false;
    if (st == G_DEAD || st == G_FREE || g == w->ended) return;
    if (!g->is_system && g->fp && waits_for_object(g)) g->leaked = true, w->left++;
    else gc_reach_g(w->mk, g);
}

static void rescue(void *ctx, G *g) {
    LeakWalk *w = ctx;
    if (!g->leaked || !can_be_woken(w->vm, g)) return;
    g->leaked = false;
    w->left--;
    w->added++;
    gc_reach_g(w->mk, g);
}

typedef VEC(G *) GList;
static void collect_leaked(void *ctx, G *g) {
    if (g->leaked) vec_push((GList *)ctx, g);
}

/* For each leaked goroutine, which other ones could have woken it. */
static void find_holders(LeakWalk *w) {
    enum { MOST = 64 }; /* each costs marking what it reaches */
    Sched *s = w->vm->sched;
    GList list = {0};
    sched_each_g(w->vm, collect_leaked, &list);
    s->leak_notes.len = 0;
    for (int i = 0; i < list.len; i++) vec_push(&s->leak_notes, ((LeakNote){.g = list.at[i]}));
    for (int i = 0; i < list.len && list.len <= MOST; i++) {
        gc_reach_restart(w->vm);
        gc_reach_g(w->mk, list.at[i]);
        for (int k = 0; k < list.len; k++) {
            LeakNote *n = &s->leak_notes.at[k];
            if (k == i || !can_be_woken(w->vm, n->g)) continue;
            if (n->n < LEAK_HOLDERS) n->holders[n->n] = list.at[i]->id;
            n->n++;
        }
    }
    vec_free(&list);
}

uint32_t leaks_find(Vm *vm, G *ended) {
    LeakWalk w = {.vm = vm, .ended = ended, .mk = gc_reach_begin(vm)};
    sched_each_g(vm, suspect, &w);
    do {
        w.added = 0;
        sched_each_g(vm, rescue, &w);
    } while (w.added);
    if (w.left) find_holders(&w);
    return w.left;
}

static void put_chan(Buf *b, Chan *c) {
    Str elem = type_name(c->elem);
    buf_printf(b, "chan %.*s (cap %lld)", (int)elem.n, elem.p, (long long)chan_cap(c));
}

static void put_holders(Vm *vm, G *g, Buf *b) {
    LeakNote none = {0}, *n = &none;
    for (int i = 0; i < vm->sched->leak_notes.len; i++)
        if (vm->sched->leak_notes.at[i].g == g) n = &vm->sched->leak_notes.at[i];
    if (!n->n) {
        buf_puts(b, " that nothing else can reach\n");
        return;
    }
    buf_puts(b, n->n == 1 ? " that only goroutine " : " that only goroutines ");
    for (uint32_t i = 0; i < n->n && i < LEAK_HOLDERS; i++)
        buf_printf(b, "%s%llu", !i ? "" : i + 1 == n->n ? " and " : ", ", (unsigned long long)n->holders[i]);
    if (n->n > LEAK_HOLDERS) buf_printf(b, " and %u more", n->n - LEAK_HOLDERS);
    buf_puts(b, n->n == 1 ? " can reach, which waits for ever too\n" : " can reach, which wait for ever too\n");
}

void leaks_describe(Vm *vm, G *g, Buf *b) {
    buf_puts(b, "\twaiting on ");
    switch (g->wait_reason) {
    case WAIT_CHAN_RECEIVE_NIL: case WAIT_CHAN_SEND_NIL: buf_puts(b, "a nil chan, for ever\n"); return;
    case WAIT_SELECT_NO_CASES: buf_puts(b, "a select without cases, for ever\n"); return;
    case WAIT_SELECT: {
        int least = -1; /* in the order of the cases; the nodes are shuffled */
        for (int k = 0; k < g->sel->n; k++) {
            Waiter *next = NULL;
            for (int i = 0; i < g->sel->n; i++) {
                Waiter *x = &g->sel->w[i];
                if (x->case_index > least && (!next || x->case_index < next->case_index)) next = x;
            }
            if (k) buf_puts(b, ", ");
            put_chan(b, next->chan);
            least = next->case_index;
        }
        break;
    }
    case WAIT_CHAN_RECEIVE: case WAIT_CHAN_SEND: put_chan(b, g->wait.chan); break;
    case WAIT_SYNC_MUTEX: buf_puts(b, "a sync.Mutex"); break;
    case WAIT_SYNC_RWMUTEX: case WAIT_SYNC_RWMUTEX_R: buf_puts(b, "a sync.RWMutex"); break;
    case WAIT_SYNC_WAITGROUP: case WAIT_SYNC_WAITGROUP_DURABLE: buf_puts(b, "a sync.WaitGroup"); break;
    case WAIT_SYNC_COND: buf_puts(b, "a sync.Cond"); break;
    default: buf_puts(b, "a semaphore"); break;
    }
    put_holders(vm, g, b);
}
