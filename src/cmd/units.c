/* Units of a job, compiled side by side.
 *
 * The builder and the checker work on one thread, package after package. Then optimising and selecting code, most of
 * the work, are tasks, one a unit. A task may look at what is known of other units' functions (bodies to inline, escape
 * summaries), but only at those of units before its own, and waits until they are done (ir_may_see): so a unit sees the
 * same whether one thread does all in order or several do. What a task makes in common (symbols of strings, boxed
 * constants) has the same contents whoever is first, and its place in the order of symbols is settled afterwards
 * (sym.h). What only one may make, type descriptors and wrappers of methods, waits until all tasks are done and is made
 * in order (code_resolve_unit).
 *
 * A thread takes the first unit whose imports are done. One that has to wait for a unit does others before that one
 * meanwhile; the first unit that is not done never waits, so somebody always gets on. */
#define _GNU_SOURCE
#include "cmd/units.h"

#include <sched.h>
#include <stdlib.h>
#include "code/code.h"
#include "native/native.h"
#include "opt/opt.h"

enum { WORTH_VALUES = 20000, MAX_JOBS = 64 }; /* less SSA than this is done before a thread has started */

typedef struct Task {
    IrUnit *u;
    int *imports, nimports; /* numbers of tasks */
    bool taken;
} Task;

typedef struct Job {
    Task *tasks;
    int n, ndone;
    uint64_t shuffle; /* 0: the first that can be done; else the state of a random choice */
    pthread_mutex_t lock;
    pthread_cond_t changed;
} Job;

void unit_init(Compile *c, IrUnit *u) {
    u->ts = &c->ts;
    u->syms = &c->syms;
    u->opt_level = c->opt_level;
    u->embed = compile_embed;
    u->to_try = native_to_try;
    u->embed_ctx = c;
    u->base_word = compile_base_word;
    u->base_ctx = c;
}

IrUnit *unit_new(Compile *c) {
    IrUnit *u = calloc(1, sizeof *u);
    if (!u) base_oom();
    unit_init(c, u);
    return u;
}

static void run_task(Job *j, Task *t) {
    const char *stage = base_stage;
    uint64_t before = sym_order_begin(t->u->order);
    opt_unit(t->u, t->u->opt_level);
    code_select_unit(t->u);
    sym_order_end(before);
    base_stage = stage;
    pthread_mutex_lock(&j->lock);
    atomic_store(&t->u->done, true);
    j->ndone++;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->lock);
}

static bool is_ready(Job *j, Task *t) {
    if (t->taken) return false;
    for (int i = 0; i < t->nimports; i++)
        if (!atomic_load(&j->tasks[t->imports[i]].u->done)) return false;
    return true;
}

/* One of the tasks before number `end` that can be done, taken; NULL when there is none. The lock is held. */
static Task *take(Job *j, int end) {
    Task *best = NULL;
    uint64_t seen = 0; /* that could be chosen */
    for (int i = 0; i < end && (!best || j->shuffle); i++) {
        if (!is_ready(j, &j->tasks[i])) continue;
        if (j->shuffle) j->shuffle = j->shuffle * 6364136223846793005ull + 1442695040888963407ull;
        if ((j->shuffle >> 33) % ++seen == 0) best = &j->tasks[i];
    }
    if (best) best->taken = true;
    return best;
}

/* Works on tasks before number `end` until unit `until`, or for NULL all of them, are done. */
static void work(Job *j, int end, IrUnit *until) {
    pthread_mutex_lock(&j->lock);
    while (until ? !atomic_load(&until->done) : j->ndone < j->n) {
        Task *t = take(j, end);
        if (!t) {
            pthread_cond_wait(&j->changed, &j->lock);
            continue;
        }
        pthread_mutex_unlock(&j->lock);
        run_task(j, t);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
}

static void await(IrUnit *u, IrUnit *other) { work(u->await_ctx, (int)u->order - 1, other); }

static void *worker(void *arg) {
    Job *j = arg;
    work(j, j->n, NULL);
    return NULL;
}

static size_t size_of(Unit *units, int n) {
    size_t values = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < units[i].ir->funcs.len; k++) values += (size_t)units[i].ir->funcs.at[k]->values.len;
    return values;
}

static int usable_cpus(void) {
    const char *env = getenv("GOMAXPROCS");
    cpu_set_t set;
    if (env && atoi(env) > 0) return atoi(env);
    return sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
}

static int threads_for(Compile *c, Unit *units, int n) {
    int jobs = c->jobs ? c->jobs : usable_cpus();
    if (jobs > n) jobs = n;
    if (jobs > MAX_JOBS) jobs = MAX_JOBS;
    return jobs > 1 && (c->jobs || size_of(units, n) > WORTH_VALUES) ? jobs : 1;
}

static void find_imports(Compile *c, Task *t, BuildPackage *p, Map *number) {
    if (!p) return;
    t->imports = arena_array(&c->arena, int, p->imports.len + 1);
    for (int i = 0; i < p->imports.len; i++) {
        MapEntry *e = p->imports.at[i].pkg ? map_find_ptr(number, p->imports.at[i].pkg) : NULL;
        if (e) t->imports[t->nimports++] = (int)e->num;
    }
}

void units_compile(Compile *c, Unit *units, int n) {
    Job j = {.n = n, .tasks = arena_array(&c->arena, Task, n + 1), .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    Map number = {.arena = &c->arena}; /* of a package's task */
    const char *shuffle = getenv("VOLE_SHUFFLE_UNITS"); /* for tests: another order of tasks for each number */
    j.shuffle = shuffle ? strtoull(shuffle, NULL, 10) : 0;
    for (int i = 0; i < n; i++) {
        IrUnit *u = j.tasks[i].u = units[i].ir;
        u->order = (uint32_t)i + 1;
        u->await = await;
        u->await_ctx = &j;
        find_imports(c, &j.tasks[i], units[i].pkg, &number);
        bool fresh;
        if (units[i].pkg) map_put_ptr(&number, units[i].pkg, &fresh)->num = (uint64_t)i;
    }
    int first = c->syms.all.len, nthreads = threads_for(c, units, n) - 1, started = 0;
    pthread_t threads[MAX_JOBS];
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, compile_stack_size());
    while (started < nthreads && !pthread_create(&threads[started], &attr, worker, &j)) started++;
    pthread_attr_destroy(&attr);
    worker(&j); /* alone, when no thread can be had */
    for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
    symtab_settle(&c->syms, first);
    for (int i = 0; i < n; i++) units[i].ir->await = NULL;
    for (int i = 0; i < n; i++) code_resolve_unit(units[i].ir);
}
