/* Tracebacks in gc's format: header, function and position of each frame, the creator. Runtime internals
 * and wrappers are hidden; of very deep stacks the first and last 50 frames are shown. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "vm/vm_int.h"

enum { TB_HEAD = 50, TB_TAIL = 50, TB_EXHAUSTED = 20 /* goroutines shown when there may be too many of them */ };

static bool name_is_exported_runtime(const char *name) {
    const char *p = name + strlen("runtime.");
    return *p >= 'A' && *p <= 'Z' && !strchr(p, '.');
}

/* Functions whose bodies are ours, or in C, but for which gc's traces show its own. */
typedef struct GcFrame { const char *name, *shown, *file; int line; } GcFrame;
static const GcFrame *gc_frame(const VmFunc *f) {
    static const GcFrame frames[] = {
#define GCFRAME(name, shown, file, line) {name, shown, "$GOROOT/src/runtime/" file, line},
#include "tables/gcframes.def"
#undef GCFRAME
    };
    if (!f->info || !f->info->name) return NULL;
    for (size_t i = 0; i < ARRAY_LEN(frames); i++)
        if (!strcmp(f->info->name, frames[i].name)) return &frames[i];
    return NULL;
}

static bool frame_shown(const FrameView *v, bool first) {
    const VmFunc *f = v->func;
    if (f == &vm_stubs[STUB_PANIC]) return !first && !((PanicRec *)v->fp[STUB_STATE])->goexit;
    if (f >= vm_stubs && f < vm_stubs + STUB_COUNT) return false;
    if (f->flags & VMFUNC_SYSTEM) return false;
    if (f->flags & VMFUNC_WRAPPER) return vm_inlined_at(f, v->pc) >= 0;
    if (!f->info || !f->info->name || gc_frame(f)) return true;
    const char *name = f->info->name;
    if (!strncmp(name, "go:", 3)) return false;
    if (!strncmp(name, "runtime.", 8)) return name_is_exported_runtime(name);
    if (!strncmp(name, "internal/runtime/", 17)) return false;
    return true;
}

/* Generic instances print as F[...]. */
static void put_name(Buf *b, const char *name) {
    int depth = 0;
    for (const char *p = name; *p; p++) {
        if (*p == '[') {
            if (!depth++) buf_puts(b, "[...]");
        } else if (*p == ']') {
            if (depth) depth--;
        } else if (!depth) {
            buf_putc(b, *p);
        }
    }
}

/* Files of the standard library are named "$GOROOT/src/..." in images. */
static void put_file(Buf *b, const char *goroot, const char *file) {
    if (!file || !*file) file = "?";
    if (!strncmp(file, "$GOROOT/", 8)) {
        const char *root = getenv("GOROOT");
        buf_printf(b, "%s/%s", root && *root ? root : goroot ? goroot : "$GOROOT", file + 8);
    } else buf_puts(b, file);
}

static void put_position(Buf *b, const char *goroot, const VmFunc *f, const uint64_t *pc, const char *file, int line) {
    buf_putc(b, '\t');
    put_file(b, goroot, file);
    buf_printf(b, ":%d", line);
    if (pc && pc > f->code) buf_printf(b, " +0x%zx", (size_t)(pc - f->code) * 8);
    buf_putc(b, '\n');
}

static void put_frame(Buf *b, const char *goroot, const FrameView *v) {
    const VmFunc *f = v->func;
    if (f == &vm_stubs[STUB_PANIC]) {
        PanicRec *p = (PanicRec *)v->fp[STUB_STATE];
        buf_printf(b, "panic({0x%llx, 0x%llx})\n", (unsigned long long)(uintptr_t)p->value.type,
                   (unsigned long long)(uintptr_t)p->value.data);
        put_position(b, goroot, f, f->code + 1, "$GOROOT/src/runtime/panic.go", 859);
        return;
    }
    int line = 0, inl = -1;
    if (v->pc > f->code) image_pc_line(f, v->pc - 1, &line, &inl);
    else line = f->info ? f->info->start_line : 0;
    const char *file = f->info ? image_pc_file(f, v->pc > f->code ? v->pc - 1 : v->pc) : NULL;
    while (inl >= 0 && f->info && (uint32_t)inl < f->info->ninlines) {
        const InlineInfo *in = &f->info->inlines[inl];
        put_name(b, in->func);
        buf_puts(b, "(...)\n");
        buf_putc(b, '\t');
        put_file(b, goroot, in->file ? in->file : file);
        buf_printf(b, ":%d\n", line);
        line = in->call_line;
        inl = image_inline_parent(f, inl, &file);
    }
    if (f->flags & VMFUNC_WRAPPER) return; /* only what was inlined into it */
    const GcFrame *gc = gc_frame(f);
    if (gc) {
        put_name(b, gc->shown);
        buf_puts(b, f->param_slots ? "(...)\n" : "()\n");
        put_position(b, goroot, f, v->pc, gc->file, gc->line);
        return;
    }
    put_name(b, f->info && f->info->name ? f->info->name : "?");
    buf_puts(b, f->param_slots ? "(...)\n" : "()\n");
    put_position(b, goroot, f, v->pc, file, line);
}

static const char *status_text(G *g) {
    switch (atomic_load(&g->status)) {
    case G_FREE: return "idle";
    case G_RUNNABLE: return "runnable";
    case G_RUNNING: return "running";
    case G_SYSCALL: return "syscall";
    case G_DEAD: return "dead";
    case G_WAITING: return g->wait_reason ? wait_reason_text(g->wait_reason) : "waiting";
    }
    return "???";
}

void vm_traceback(Vm *vm, G *g, Buf *out) {
    buf_printf(out, "goroutine %llu [%s", (unsigned long long)g->id, status_text(g));
    if (g->locked) buf_puts(out, ", locked to thread");
    buf_puts(out, "]:\n");
    int64_t total = 0, at = 0;
    FrameIter it;
    FrameView v;
    frame_iter_init(&it, g);
    while (frame_iter_next(&it, &v)) total += frame_shown(&v, total == 0);
    frame_iter_init(&it, g);
    while (frame_iter_next(&it, &v)) {
        if (!frame_shown(&v, at == 0)) continue;
        at++;
        if (at == TB_HEAD + 1 && total > TB_HEAD + TB_TAIL)
            buf_printf(out, "...%lld frames elided...\n", (long long)(total - TB_HEAD - TB_TAIL));
        if (at > TB_HEAD && at <= total - TB_TAIL) continue;
        put_frame(out, vm->goroot, &v);
    }
    if (g->create_pc && g->id != 1) {
        const VmFunc *f = image_find_func(vm->images, g->create_pc - 1);
        if (f && f->info) {
            int line = 0, inl = -1;
            image_pc_line(f, g->create_pc - 1, &line, &inl);
            buf_puts(out, "created by ");
            put_name(out, f->info->name);
            if (g->parent_id)
                buf_printf(out, " in goroutine %llu", (unsigned long long)g->parent_id);
            buf_putc(out, '\n');
            put_position(out, vm->goroot, f, g->create_pc, image_pc_file(f, g->create_pc - 1), line);
        }
    }
}

typedef struct AllCtx { Vm *vm; G *current; Buf *out; TraceLevel level; uint64_t most, shown; } AllCtx;

static void trace_one(void *ctx, G *g) {
    AllCtx *c = ctx;
    uint32_t st = atomic_load(&g->status);
    if (g == c->current || (g->is_system && c->level < TRACE_SYSTEM) || st == G_DEAD || st == G_FREE || !g->fp) return;
    if (c->shown++ >= c->most) return;
    if (st == G_RUNNING) { /* on another thread: its frames move */
        buf_printf(c->out, "\ngoroutine %llu [running]:\n\tgoroutine running on other thread; "
                   "stack unavailable\n", (unsigned long long)g->id);
        return;
    }
    buf_putc(c->out, '\n');
    vm_traceback(c->vm, g, c->out);
    if (g->leaked) leaks_describe(c->vm, g, c->out);
}

static void trace_leaked(void *ctx, G *g) {
    if (g->leaked) trace_one(ctx, g);
}

/* --leaks: the program ends. The world stays stopped. */
void vm_report_leaks(M *m, G *ended) {
    Vm *vm = m->vm;
    if (likely(!vm->report_leaks)) return;
    sched_stop_world(m, "leaks");
    uint32_t n = leaks_find(vm, ended);
    if (!n) return;
    Buf b = {0};
    buf_printf(&b, "leaks: nothing can wake %u goroutine%s\n", n, n == 1 ? "" : "s");
    AllCtx c = {vm, NULL, &b, .most = UINT64_MAX};
    sched_each_g(vm, trace_leaked, &c);
    fflush(stdout);
    fwrite(b.data, 1, b.len, stderr);
    buf_free(&b);
}

/* The running goroutine (or NULL) and at most so many others. */
static void traceback_some(Vm *vm, G *current, uint64_t others, Buf *out) {
    TraceLevel level = vm_trace_level(vm);
    if (level == TRACE_NONE) return;
    if (current) {
        buf_putc(out, '\n');
        vm_traceback(vm, current, out);
        if (current->leaked) leaks_describe(vm, current, out);
    }
    if (!others) return;
    AllCtx c = {vm, current, out, level, others, 0};
    sched_each_g(vm, trace_one, &c);
    if (c.shown > others) buf_printf(out, "\n...%llu more goroutines...\n", (unsigned long long)(c.shown - others));
}

void vm_traceback_all(Vm *vm, G *current, Buf *out) { traceback_some(vm, current, UINT64_MAX, out); }

/* ---- GOTRACEBACK ------------------------------------------------------------------------------------------- */

void vm_set_trace_level(Vm *vm, Str text) {
    static const struct { const char *name; TraceLevel level; } names[] = {
        {"none", TRACE_NONE}, {"0", TRACE_NONE}, {"single", TRACE_SINGLE}, {"", TRACE_SINGLE}, {"all", TRACE_ALL}, {"1", TRACE_ALL},
        {"system", TRACE_SYSTEM}, {"2", TRACE_SYSTEM}, {"crash", TRACE_CRASH}, {"wer", TRACE_CRASH},
    };
    TraceLevel level = TRACE_ALL; /* as gc: what it does not know */
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (str_is(text, names[i].name)) level = names[i].level;
    VmPriv *pv = vm_priv(vm);
    if (!pv->trace_set || level > pv->trace_level) pv->trace_level = level; /* a program cannot ask for less */
    pv->trace_set = true;
}

TraceLevel vm_trace_level(Vm *vm) { return vm_priv(vm)->trace_level; }

/* After a report of what went wrong. */
void vm_exit_wrong(Vm *vm) {
    if (vm_trace_level(vm) < TRACE_CRASH) sched_exit(vm, 2);
    fflush(stdout);
    signal(SIGABRT, SIG_DFL);
    abort();
}


static M *current_m(Vm *vm) {
    for (M *m = vm->ms; m; m = m->all_next)
        if (pthread_equal(m->thread, pthread_self())) return m;
    return NULL;
}

/* The first one reports; others wait for the end. One that comes again from within has no memory for the traces. */
static void fatal_begin(Vm *vm) {
    VmPriv *pv = vm_priv(vm);
    if (pv->fatal_owner && pthread_equal(pv->fatal_thread, pthread_self())) _exit(2);
    pthread_mutex_lock(&pv->fatal_lock);
    pv->fatal_thread = pthread_self();
    pv->fatal_owner = true;
}

/* others: of how many goroutines beside the running one. */
static noreturn_ void fatal_end(Vm *vm, uint64_t others) {
    M *m = current_m(vm);
    G *g = m ? m->g : NULL;
    if (g && (!g->fp || atomic_load(&g->status) != G_RUNNING)) g = NULL;
    if (!g && !others) others = UINT64_MAX; /* as gc: outside of goroutines all are shown */
    Buf b = {0};
    traceback_some(vm, g, vm_trace_level(vm) > TRACE_SINGLE ? UINT64_MAX : others, &b);
    fwrite(b.data ? b.data : "", 1, b.len, stderr);
    vm_exit_wrong(vm);
    __builtin_unreachable();
}

#define FATAL(others)                                                                                                  \
    do {                                                                                                               \
        va_list ap;                                                                                                    \
        va_start(ap, fmt);                                                                                             \
        fatal_begin(vm);                                                                                               \
        fflush(stdout);                                                                                                \
        fputs("fatal error: ", stderr);                                                                                \
        vfprintf(stderr, fmt, ap);                                                                                     \
        putc('\n', stderr);                                                                                            \
        va_end(ap);                                                                                                    \
        fatal_end(vm, others);                                                                                         \
    } while (0)
void rt_fatal(Vm *vm, const char *fmt, ...) { FATAL(UINT64_MAX); }
void rt_misuse(Vm *vm, const char *fmt, ...) { FATAL(0); }

void rt_exhausted(Vm *vm, const char *fatal, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fatal_begin(vm);
    fflush(stdout);
    fputs("runtime: ", stderr);
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\nfatal error: %s\n", fatal);
    va_end(ap);
    fatal_end(vm, TB_EXHAUSTED);
}

void vm_on_oom(void *vm) { rt_exhausted(vm, "out of memory", "out of memory: cannot allocate memory of the runtime"); }

