/* rt: the coroutine runtime. Goroutines on M:N threads, channels, timers, memory, maps.
 *
 * Words: G a goroutine, M a worker thread, P the right to run Go code (GOMAXPROCS of them). Nothing here
 * recurses into Go code: an operation that must wait enqueues the G and returns RT_PARKED, and the
 * interpreter switches to another G; whoever completes the operation writes its results straight into
 * the memory that the waiting G named (stacks never move) and readies it. Handlers store g->pc and g->fp
 * (pc: where to go on after the operation) *before* they call anything that may park, allocate or panic.
 * All state hangs off Vm (one instance of a program). */
#ifndef VOLE_RT_H
#define VOLE_RT_H

#include <pthread.h>
#include <stdatomic.h>
#include "rt/abi.h"

typedef struct Vm Vm;
typedef struct M M;
typedef struct P P;
typedef struct G G;

typedef enum RtResult {
    RT_OK,
    RT_FALSE,     /* non-blocking operation could not proceed */
    RT_PARKED,    /* the G waits: switch to another */
    RT_YIELD,     /* the G stays runnable: switch */
    RT_PANIC,     /* m->panic_value holds a Go value to panic with */
    RT_CALL,      /* g->native_call: run that closure, then continue (see vm/vm.h) */
    RT_EXIT,      /* the goroutine ends (Goexit completed) */
} RtResult;

/* ---- Goroutines ------------------------------------------------------------------------------- */

typedef struct StackChunk { /* stacks are chunks that never move; each holds whole frames */
    struct StackChunk *prev, *next; /* next: kept for reuse (no hot split) */
    uint64_t *hi;                   /* end of the usable words */
    const uint64_t *ret_pc;         /* true return pc and frame of the call that switched chunks */
    uint64_t *ret_fp;
    uint64_t words[];
} StackChunk;

typedef enum GStatus { G_FREE, G_RUNNABLE, G_RUNNING, G_WAITING, G_SYSCALL, G_DEAD } GStatus;

typedef enum WaitReason { /* texts are gc's, see wait_reason_text */
#define WAIT(id, text) WAIT_##id,
#include "tables/waitreasons.def"
#undef WAIT
} WaitReason;

typedef struct Waiter { /* node in a channel's or semaphore's queue; embedded in G for the common case */
    G *g;
    struct Waiter *next, *prev;
    void *elem;            /* where the value is or goes */
    bool *ok;              /* receive: set to whether a value came */
    union {
        struct Chan *chan;
        void *key;         /* semaphore address */
    };
    union {
        int32_t case_index; /* of a select */
        uint32_t ticket;    /* of a notify list */
    };
    bool is_select, claimed; /* claimed: its goroutine is ours, but it still heads the queue */
    bool is_send;            /* of a select: which queue */
} Waiter;

/* A waiting select; kept by its goroutine for the next one. */
typedef struct SelectWait {
    int32_t cap, n;
    int64_t *chosen;       /* where a waker stores the case index */
    bool *ok;
    _Atomic uint32_t done; /* first waker wins */
    Waiter w[];
} SelectWait;

/* A node of the timer wheel, embedded where it is needed. fire runs on a worker without Go code, holding no
 * lock, after the node has left the wheel; it may re-arm the node. now: not before the deadline that was met; when it
 * is before `when`, the node was put off meanwhile. */
typedef struct Bubble Bubble;
typedef struct TimerNode {
    int64_t when;            /* rt_nanotime; 0: not armed */
    uint64_t seq;            /* order among equals */
    struct TimerNode *next, *prev;
    void (*fire)(M *m, struct TimerNode *t, int64_t now);
    Bubble *bubble;          /* its clock rules; NULL: real time */
    int8_t level;            /* -1: not in the wheel */
    uint8_t slot;
    uint8_t kind;            /* TIMER_*: what the collector must know */
} TimerNode;
/* GO: a GoTimer on the Go heap: the wheel keeps it alive. SLEEP: G.timer. */
enum { TIMER_PLAIN, TIMER_GO, TIMER_SLEEP };
typedef struct Defer Defer;
typedef struct PanicRec PanicRec;

/* There are millions of them: what only few goroutines need hangs on a pointer. Three cache lines; the first two are all
 * that a goroutine touches that never waits. */
struct G {
    const uint64_t *pc;     /* saved while not running, and at safepoints */
    uint64_t *fp;
    uint64_t *_Atomic stack_limit; /* g_limit: a frame must end below it; G_PREEMPT_LIMIT, set by others, makes every check fail */
    StackChunk *stack;      /* current chunk */
    _Atomic uint8_t status, preempt;
    uint8_t wait_reason;
    uint8_t splits;         /* how often a call went on in another chunk and came back */
    bool is_system, locked, in_syscall, bubble_idle;
    bool wake_panic_closed; /* woken by close while sending */
    bool leaked;            /* leaks_find: nothing can wake it */
    uint8_t fips_indicator; bool fips_bypass;
    uint64_t id;
    G *sched_next, *sched_prev; /* run queue links */
    Defer *defers;
    PanicRec *panics;
    Bubble *bubble;         /* synctest */
    void *labels;           /* profiler labels */
    const uint64_t *create_pc; /* of the go statement */
    uint64_t parent_id;
    void *native_call;      /* see vm.h */
    SelectWait *sel;        /* a select's nodes; kept when the record is used again */
    union {
        Waiter wait;
        TimerNode timer;    /* Sleep */
    };
};
_Static_assert(sizeof(G) <= 192, "a goroutine record is three cache lines");
#define G_PREEMPT_LIMIT ((uint64_t *)8)

static inline uint64_t *g_limit(G *g) { return atomic_load_explicit(&g->stack_limit, memory_order_relaxed); }
static inline void g_set_limit(G *g, uint64_t *limit) { atomic_store_explicit(&g->stack_limit, limit, memory_order_relaxed); }

struct P {
    uint32_t id;
    M *m;
    void *mcache;   /* mem: spans for allocation, see mem.h */
    void *sched;    /* sched's own: run queue, timers */
    struct MarkBlock *shaded; /* mem: NULL but while marking goes on beside the program, see mem_barrier */
    int pinned;
};

struct M {
    Vm *vm;
    P *p;
    G *g;           /* running */
    G *locked_g;    /* the only one that this thread may run, G.locked; or NULL */
    GoEface panic_value; /* of an operation that answers RT_PANIC */
    pthread_t thread;
    uint32_t id;
    uint64_t rng;
    bool log_events; /* see sched_event */
    uint32_t no_gc; /* >0: allocation does not collect (C holds unrooted pointers), see gc_poll */
    M *all_next;
    void *sched;    /* sched's own */
    void *vm_private;
};

/* What C must know of package time to make a time.Time; set by the vm layer (NULL: package not linked). */
typedef struct GoTimeVars { const int64_t *start_nano; void *local; const VmFunc *go_func; } GoTimeVars;

struct Vm {
    M *ms;
    P *_Atomic *ps;
    _Atomic uint32_t nprocs;
    _Atomic int exiting;
    struct Heap *heap;
    struct Sched *sched;
    struct Images *images;  /* loaded images, see image/image.h */
    int argc; char **argv; char **env;
    const char *goroot; /* runtime.GOROOT without $GOROOT; may be NULL */
    const char *(*executable)(void *ctx); /* a file that runs the program again, or NULL; may be NULL */
    void (*at_exit)(void *ctx); /* last of all; may be NULL */
    void *executable_ctx;       /* of both */
    uint64_t rand_seed;
    GoTimeVars sched_time;
    /* Starts a goroutine that calls f with these argument slots; installed by the vm layer. */
    G *(*go_func)(M *m, GoFunc *f, const uint64_t *args, uint32_t nargs);
    /* --stress. gc: collect at every so many allocations and overwrite what is freed; mark: every so many allocations lie between the
     * beginning and the end of marking, and what it found is checked; mark_thread: by the thread, else all at the beginning; gc_grow: the more
     * lives, the rarer, so that the whole stays linear; sched_seed <0: off */
    struct { uint32_t gc, mark; bool mark_thread, gc_grow, stack, preempt, oom; int64_t sched_seed; } stress;
    _Atomic int quit_requested;       /* SIGQUIT came */
    void (*on_quit)(M *m);            /* reports all goroutines and ends; the world is stopped */
    bool main_exited;       /* the main goroutine called Goexit */
    bool report_leaks;      /* --leaks */
    int64_t max_memory;     /* --max-memory; 0: none */
    uint64_t max_goroutines; /* --max-goroutines; 0: none */
    void *vm_private;
    void *native_state;
};

const char *wait_reason_text(WaitReason r);

/* Panics with a runtime error of that text: fills m->panic_value; the caller then answers RT_PANIC. The vm
 * layer defines it (lib/runtime has the types). */
void vm_panic_text(M *m, const char *fmt, ...) printf_like(2, 3);

/* ---- Scheduler (sched*.c) --------------------------------------------------------------------- */

/* Starts the instance: one P per GOMAXPROCS (cgroup limits included). `run` is the interpreter's entry
 * for a worker: it calls sched_next in a loop until it returns NULL (instance ends). */
void sched_init(Vm *vm, uint32_t nprocs, void (*run)(M *m));
int sched_main(Vm *vm, G *main_g);        /* runs until exit; returns the exit code */
void sched_exit(Vm *vm, int code);        /* os.Exit: flushes nothing, stops the process/instance */
G *sched_new_g(M *m, size_t stack_words); /* G_RUNNABLE not queued; stack chunk ready, fp unset */
void sched_free_g(M *m, G *g);            /* finished goroutine: slab and chunks are reused */
void sched_start(M *m, G *g);             /* makes a new G runnable on this P (newest first) */
void sched_ready(M *m, G *g, bool next);  /* a parked G becomes runnable; next: direct hand-off slot */
void sched_yield_g(M *m, G *g);             /* running G to the tail of the queue; caller then switches */
/* Picks the next G to run on this M; blocks (poll, timers, sleep) when there is none; detects deadlock
 * ("all goroutines are asleep"); stops at safepoints for the collector. NULL: the M must return. */
G *sched_next(M *m);
/* Preemption: called by the interpreter when a stack check fails with G_PREEMPT_LIMIT. Handles a stop of
 * the world; returns true when the G should yield (call sched_yield_g and switch). */
bool sched_safepoint(M *m, G *g);
/* Between the two the running goroutine is neither switched away nor does a collection happen: sync.Pool counts on
 * both. They nest. */
void sched_pin(M *m);
void sched_unpin(M *m);
void sched_enter_syscall(M *m, G *g);     /* P can be taken over when the call lasts */
/* Gets a P back. False: there was none; the G is queued already, so the native must not touch it any more
 * (its results must be stored before the call) and answers RT_PARKED. */
nodiscard bool sched_exit_syscall(M *m, G *g);
/* Around a fork whose child has only this thread: no other worker holds locks that the child may need, and the
 * child runs nothing but the calling goroutine: neither preemption nor a stop of the world nor a collection. */
void sched_before_fork(M *m);
void sched_after_fork(M *m, bool child);
void sched_stop_world(M *m, const char *why); /* returns when no other M runs Go code */
void sched_start_world(M *m);
bool sched_others_run(M *m); /* whether other Ps run goroutines just now */
void sched_each_g(Vm *vm, void (*fn)(void *ctx, G *g), void *ctx); /* world stopped or approximate */
/* World stopped: frees the records of finished goroutines where a whole slab of them is free, and drops the
 * stacks that the others keep. */
void sched_trim(Vm *vm, void (*drop_chunk)(void *ctx, StackChunk *c), void *ctx);
/* The same in parts, for several collectors at once. */
struct GSlab *sched_slab_first(Vm *vm);
struct GSlab *sched_slab_next(struct GSlab *s);
void sched_slab_each_g(struct GSlab *s, void (*fn)(void *ctx, G *g), void *ctx);
int sched_set_procs(M *m, int n);         /* GOMAXPROCS; returns the old value */
uint64_t sched_count_g(Vm *vm);
void sched_mark_system(Vm *vm, G *g);     /* not counted, not shown in tracebacks */
/* LockOSThread: only this worker runs g, and it runs nothing else. Calls nest. A goroutine that ends without
 * unlocking ends its thread. No effect on a seeded schedule, which has one worker. */
void sched_lock_thread(M *m, G *g);
void sched_unlock_thread(M *m, G *g);
void sched_move_lock(M *m, G *from, G *to); /* to goes on in from's place on this worker (coroutines) */
uint64_t rt_rand(M *m);
bool seeded_random(M *m, void *to, size_t n); /* fills from the seed; false: the schedule is not seeded */
/* A line of the log of a seeded schedule, see seeded.c; what no run may do differently. */
#define SCHED_NO_NUMBER INT64_MIN
void sched_log_event(M *m, const char *what, const void *object, int64_t number);
static inline void sched_event(M *m, const char *what, const void *object, int64_t number) {
    if (unlikely(m->log_events)) sched_log_event(m, what, object, number);
}
int64_t rt_nanotime(M *m);                /* monotonic; virtual in a bubble only for package time */
void rt_walltime(M *m, int64_t *sec, int32_t *nsec);
/* The ends of a program that is wrong; exit status 2. rt_fatal: "fatal error: ..." with the traces of all goroutines.
 * rt_misuse: the same for mistakes of the running goroutine, of which alone the trace is shown (GOTRACEBACK=all: of
 * all). rt_exhausted: a resource is used up; "runtime: ..." says which and how much, then "fatal error: `fatal`", and the
 * traces of the running goroutine and some others. */
noreturn_ void rt_misuse(Vm *vm, const char *fmt, ...) printf_like(2, 3);
noreturn_ void rt_exhausted(Vm *vm, const char *fatal, const char *fmt, ...) printf_like(3, 4);
noreturn_ void rt_fatal(Vm *vm, const char *fmt, ...) printf_like(2, 3); /* "fatal error: ..." + traces, exit 2 */

/* ---- Channels and select (chan.c, select.c) ----------------------------------------------------- */

typedef struct Chan Chan; /* heap object; hchan-like; len and cap readable without lock */
RtResult chan_make(M *m, const GoType *chan_type, int64_t size, Chan **out); /* RT_PANIC: size out of range */
/* elem points to the value (slot memory: scalars are read by the element's size). block: wait. */
RtResult chan_send(M *m, Chan *c, const void *elem, bool block);
RtResult chan_recv(M *m, Chan *c, void *elem, bool *ok, bool block); /* elem NULL: drop; ok may be NULL */
RtResult chan_close(M *m, Chan *c);
int64_t chan_len(Chan *c);
int64_t chan_cap(Chan *c);
typedef struct SelectCase { Chan *chan; void *elem; bool is_send; } SelectCase;
/* Chooses among ncases; *chosen is the index or -1 for default. When RT_PARKED the waker stores the
 * index in *chosen and *ok before it readies the G (both point into its frame). */
RtResult select_go(M *m, SelectCase *cases, int ncases, bool has_default, int64_t *chosen, bool *ok);

/* ---- Semaphores, notify lists (sema.c) --------------------------------------------------------- */

RtResult sema_acquire(M *m, uint32_t *addr, bool lifo, WaitReason why);
void sema_release(M *m, uint32_t *addr, bool handoff);
struct NotifyList; /* sync.notifyList */
uint32_t notify_add(struct NotifyList *l);
RtResult notify_wait(M *m, struct NotifyList *l, uint32_t ticket);
void notify_all(M *m, struct NotifyList *l);
void notify_one(M *m, struct NotifyList *l);

/* ---- Goroutines that nothing can wake (leaks.c) ------------------------------------------------ */

/* At the end of the program, world stopped or everybody asleep; no collection may follow. Sets G.leaked and returns
 * how many there are. ended: a goroutine that is over although its record is in use, or NULL. */
uint32_t leaks_find(Vm *vm, G *ended);
void leaks_describe(Vm *vm, G *g, Buf *b); /* a line that says what a leaked goroutine waits for */

/* ---- Timers and poller (timer.c, netpoll.c) ------------------------------------------------------ */

RtResult timer_sleep(M *m, int64_t ns);
void timer_arm(M *m, TimerNode *t, int64_t when); /* moves it when armed already */
bool timer_disarm(M *m, TimerNode *t);            /* whether it was armed */
/* time.Timer objects: prefix {C chan; init bool}, see lib/. f(arg, seq, delta) must run as Go code on a
 * system goroutine unless it is one of time.sendTime and time.goFunc, which C handles directly. */
void *timer_new(M *m, int64_t when, int64_t period, GoFunc *f, GoEface arg, Chan *c);
bool timer_stop(M *m, void *timer);
bool timer_reset(M *m, void *timer, int64_t when, int64_t period);
int poll_open(M *m, int fd, void **desc); /* errno or 0 */
int poll_close(M *m, void *desc);
int poll_reset(M *m, void *desc, int mode);
RtResult poll_wait(M *m, void *desc, int mode, int64_t *result); /* result as internal/poll wants */
void poll_set_deadline(M *m, void *desc, int64_t d, int mode);
void poll_unblock(M *m, void *desc);

/* ---- Memory (mem*.c): see mem.h; maps: see map.h; values: see value.h ------------------------------ */

#endif
