/* Natives of package runtime: environment, exit, callers, goroutines, memory, finalizers. */
#define _GNU_SOURCE
#include "native/native.h"
#include "image/image.h"
#include "rt/sched_int.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

RtResult native_nop(M *m, uint64_t *args) { return RT_OK; }

RtResult native_false(M *m, uint64_t *args) {
    args[1] = 0;
    return RT_OK;
}

RtResult native_empty_slice(M *m, uint64_t *args) {
    args[0] = args[1] = args[2] = 0;
    return RT_OK;
}

/* ---- Environment and arguments -------------------------------------------------------------------- */

static void env_load(Vm *vm, NativeState *s) {
    if (s->env_loaded) return;
    s->env_loaded = true;
    for (char **e = vm->env; e && *e; e++) vec_push(&s->env, str_c(strdup(*e)));
}

static int env_find(NativeState *s, GoString key) {
    for (int i = 0; i < s->env.len; i++)
        if (s->env.at[i].n > (size_t)key.n && !memcmp(s->env.at[i].p, key.p, (size_t)key.n) && s->env.at[i].p[key.n] == '=')
            return i;
    return -1;
}

RtResult native_getenv(M *m, uint64_t *args) {
    NativeState *s = native_state(m->vm);
    GoString key = arg_string(args);
    args[2] = args[3] = 0;
    pthread_mutex_lock(&s->lock);
    env_load(m->vm, s);
    int i = env_find(s, key);
    Str v = i >= 0 ? (Str){s->env.at[i].p + key.n + 1, s->env.at[i].n - (size_t)key.n - 1} : (Str){"", 0};
    pthread_mutex_unlock(&s->lock);
    /* Entries are never freed, only replaced: v stays valid. */
    if (v.n) ret_string(args + 2, str_from_bytes(m, v.p, (int64_t)v.n, NULL));
    return RT_OK;
}

RtResult native_setenv(M *m, uint64_t *args) {
    NativeState *s = native_state(m->vm);
    GoString key = arg_string(args), val = arg_string(args + 2);
    Buf b = {0};
    buf_put(&b, key.p, (size_t)key.n);
    buf_putc(&b, '=');
    buf_put(&b, val.p, (size_t)val.n);
    pthread_mutex_lock(&s->lock);
    env_load(m->vm, s);
    int i = env_find(s, key);
    if (i >= 0) s->env.at[i] = buf_str(&b);
    else vec_push(&s->env, buf_str(&b));
    pthread_mutex_unlock(&s->lock);
    return RT_OK;
}

RtResult native_unsetenv(M *m, uint64_t *args) {
    NativeState *s = native_state(m->vm);
    pthread_mutex_lock(&s->lock);
    env_load(m->vm, s);
    int i = env_find(s, arg_string(args));
    if (i >= 0) s->env.at[i] = s->env.at[--s->env.len];
    pthread_mutex_unlock(&s->lock);
    return RT_OK;
}

RtResult native_goroot(M *m, uint64_t *args) {
    const char *r = m->vm->goroot;
    args[0] = args[1] = 0;
    if (r) ret_string(args, str_from_bytes(m, r, (int64_t)strlen(r), NULL));
    return RT_OK;
}

RtResult native_executable_path(M *m, uint64_t *args) {
    Vm *vm = m->vm;
    const char *r = vm->executable ? vm->executable(vm->executable_ctx) : NULL;
    args[0] = args[1] = 0;
    if (r) ret_string(args, str_from_bytes(m, r, (int64_t)strlen(r), NULL));
    return RT_OK;
}

/* A []string whose bytes lie in C memory that lives as long as the instance. */
static void ret_strings(M *m, uint64_t *out, const Str *strs, int n) {
    static const uint8_t mask_one = 1;
    (void)mask_one;
    uint8_t *mask = calloc(1, (size_t)(2 * n + 8) / 8 + 1);
    for (int i = 0; i < n; i++) mask[2 * i / 8] |= (uint8_t)(1u << (2 * i % 8));
    GoString *a = mem_alloc_mask(m, sizeof(GoString) * (size_t)(n ? n : 1), mask);
    free(mask);
    for (int i = 0; i < n; i++) a[i] = (GoString){(const uint8_t *)strs[i].p, (int64_t)strs[i].n};
    out[0] = (uint64_t)a;
    out[1] = out[2] = (uint64_t)n;
}

RtResult native_args(M *m, uint64_t *args) {
    Vm *vm = m->vm;
    Str *v = calloc((size_t)vm->argc + 1, sizeof *v);
    for (int i = 0; i < vm->argc; i++) v[i] = str_c(vm->argv[i]);
    ret_strings(m, args, v, vm->argc);
    free(v);
    return RT_OK;
}

RtResult native_envs(M *m, uint64_t *args) {
    NativeState *s = native_state(m->vm);
    pthread_mutex_lock(&s->lock);
    env_load(m->vm, s);
    pthread_mutex_unlock(&s->lock);
    ret_strings(m, args, s->env.at, s->env.len);
    return RT_OK;
}

RtResult native_exit(M *m, uint64_t *args) {
    vm_report_leaks(m, NULL);
    sched_exit(m->vm, (int)args[0]);
    return RT_OK;
}

RtResult native_throw(M *m, uint64_t *args) { rt_fatal(m->vm, "%.*s", (int)args[1], (const char *)args[0]); }
RtResult native_fatal(M *m, uint64_t *args) { rt_misuse(m->vm, "%.*s", (int)args[1], (const char *)args[0]); }

RtResult native_write(M *m, uint64_t *args) {
    ssize_t n = write((int)args[0], (const void *)args[1], (size_t)(int32_t)args[2]);
    args[3] = (uint64_t)(int64_t)(n < 0 ? -errno : n);
    return RT_OK;
}

/* ---- Callers ------------------------------------------------------------------------------------------ */

/* Frames of inlined calls have pcs of their own: the return pc minus how many inlined calls lie inside (at most 6).
 * What looks pcs up subtracts 1 first, so the low bits of pc - 1 are 7 minus that number. */
enum { MAX_INLINE_PCS = 7 };

static int inline_depth(const VmFunc *f, const uint64_t *pc) {
    int line, inl = -1, n = 0;
    if (!f->info || !f->info->ninlines || pc <= f->code || !image_pc_line(f, pc - 1, &line, &inl)) return 0;
    while (inl >= 0 && (uint32_t)inl < f->info->ninlines && n < MAX_INLINE_PCS - 1) {
        const char *file;
        inl = image_inline_parent(f, inl, &file);
        n++;
    }
    return n;
}

RtResult native_callers(M *m, uint64_t *args) {
    int64_t skip = (int64_t)args[0] + 1; /* this native's own frame */
    uint64_t *buf = (uint64_t *)args[1];
    int64_t max = (int64_t)args[2], n = 0;
    FrameIter it;
    FrameView fv;
    frame_iter_init(&it, m->g);
    while (n < max && frame_iter_next(&it, &fv)) {
        if (vm_stub_hidden(fv.func)) continue;
        int depth = inline_depth(fv.func, fv.pc);
        if (fv.func->flags & VMFUNC_WRAPPER) depth--; /* only what was inlined into it */
        for (int k = 0; k <= depth && n < max; k++) {
            if (skip-- > 0) continue;
            buf[n++] = (uint64_t)fv.pc - (uint64_t)k;
        }
    }
    args[3] = (uint64_t)n;
    return RT_OK;
}

RtResult native_pc_info(M *m, uint64_t *args) {
    uint64_t pc = args[0];
    bool is_return = args[1] & 1;
    uint64_t *r = args + 2;
    memset(r, 0, 8 * sizeof *r);
    if (is_return && pc) pc--;
    const uint64_t *word = (const uint64_t *)(pc & ~7ull);
    const VmFunc *f = image_find_func(m->vm->images, word);
    int line = 0, inl = -1;
    if (!f) f = vm_stub_find(word);
    if (!f) f = image_func_at(m->vm->images, args[0]); /* a VmFunc's own address names its entry */
    else if (!image_pc_line(f, word, &line, &inl)) line = 0;
    if (!f || !f->info) return RT_OK;
    if (!line) line = f->info->start_line;
    r[0] = (uint64_t)f;
    const char *name = f->info->name, *file = f->info->file ? image_pc_file(f, word) : "?";
    for (int skip = (pc & 7) ? 7 - (int)(pc & 7) : 0; inl >= 0 && (uint32_t)inl < f->info->ninlines; skip--) {
        const InlineInfo *in = &f->info->inlines[inl];
        if (!skip) {
            name = in->func;
            if (in->file && *in->file) file = in->file;
            break;
        }
        line = in->call_line;
        inl = image_inline_parent(f, inl, &file);
    }
    r[1] = (uint64_t)name;
    r[2] = strlen(name);
    r[3] = (uint64_t)file;
    r[4] = strlen(file);
    const char *root = m->vm->goroot;
    if (root && !strncmp(file, "$GOROOT/", 8)) {
        Buf b = {0};
        buf_printf(&b, "%s%s", root, file + 7);
        ret_string(r + 3, str_from_bytes(m, b.data, (int64_t)b.len, NULL));
        buf_free(&b);
    }
    r[5] = (uint64_t)line;
    r[6] = (uint64_t)(int64_t)f->info->start_line;
    r[7] = (uint64_t)f->code;
    return RT_OK;
}

RtResult native_stack(M *m, uint64_t *args) {
    Buf b = {0};
    bool all = args[2] & 1;
    if (all) sched_stop_world(m, "runtime.Stack");
    if (all) vm_traceback_all(m->vm, m->g, &b);
    else vm_traceback(m->vm, m->g, &b);
    if (all) sched_start_world(m);
    size_t n = b.len < args[1] ? b.len : args[1];
    if (n) memcpy((void *)args[0], b.data, n);
    args[3] = n;
    buf_free(&b);
    return RT_OK;
}

typedef struct StackCollector { uint64_t *buf; int64_t max, need; } StackCollector;

static void collect_stack(void *ctx, G *g) {
    StackCollector *c = ctx;
    if (g->is_system || atomic_load(&g->status) == G_DEAD || !g->fp) return;
    int64_t at = c->need, n = 0;
    FrameIter it;
    FrameView fv;
    frame_iter_init(&it, g);
    while (n < 64 && frame_iter_next(&it, &fv)) {
        if (fv.func->flags & VMFUNC_WRAPPER) continue;
        if (at + 2 + n < c->max) c->buf[at + 2 + n] = (uint64_t)fv.pc;
        n++;
    }
    if (at + 2 <= c->max) c->buf[at] = (uint64_t)n, c->buf[at + 1] = (uint64_t)g->labels;
    c->need += 2 + n;
}

RtResult native_goroutine_stacks(M *m, uint64_t *args) {
    StackCollector c = {(uint64_t *)args[0], (int64_t)args[1], 0};
    sched_stop_world(m, "goroutine profile");
    sched_each_g(m->vm, collect_stack, &c);
    sched_start_world(m);
    args[2] = (uint64_t)c.need;
    return RT_OK;
}

/* ---- Goroutines and threads ------------------------------------------------------------------------------ */

RtResult native_num_goroutine(M *m, uint64_t *args) {
    args[0] = sched_count_g(m->vm);
    return RT_OK;
}

RtResult native_num_cpu(M *m, uint64_t *args) {
    args[0] = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    return RT_OK;
}

RtResult native_gomaxprocs(M *m, uint64_t *args) {
    args[1] = (uint64_t)sched_set_procs(m, (int)(int64_t)args[0]);
    return RT_OK;
}

RtResult native_lock_thread(M *m, uint64_t *args) {
    sched_lock_thread(m, m->g);
    return RT_OK;
}

RtResult native_unlock_thread(M *m, uint64_t *args) {
    sched_unlock_thread(m, m->g);
    return RT_OK;
}

RtResult native_goid(M *m, uint64_t *args) {
    args[0] = m->g->id;
    return RT_OK;
}

RtResult native_go_system(M *m, uint64_t *args) { /* (f func()) */
    GoFunc *f = (GoFunc *)args[0];
    G *g = vm_go(m, f->fn, f, NULL, 0);
    sched_mark_system(m->vm, g);
    sched_start(m, g);
    return RT_OK;
}

RtResult native_set_labels(M *m, uint64_t *args) {
    m->g->labels = (void *)args[0];
    return RT_OK;
}

RtResult native_get_labels(M *m, uint64_t *args) {
    args[0] = (uint64_t)m->g->labels;
    return RT_OK;
}

RtResult native_rand(M *m, uint64_t *args) {
    args[0] = rt_rand(m);
    return RT_OK;
}

RtResult native_memhash(M *m, uint64_t *args) {
    args[3] = mem_hash((const void *)args[0], args[2], args[1]);
    return RT_OK;
}

RtResult native_fips_get_indicator(M *m, uint64_t *args) { return args[0] = m->g->fips_indicator, RT_OK; }
RtResult native_fips_set_indicator(M *m, uint64_t *args) { return m->g->fips_indicator = (uint8_t)args[0], RT_OK; }
RtResult native_fips_set_bypass(M *m, uint64_t *args) { return m->g->fips_bypass = true, RT_OK; }
RtResult native_fips_unset_bypass(M *m, uint64_t *args) { return m->g->fips_bypass = false, RT_OK; }
RtResult native_fips_is_bypassed(M *m, uint64_t *args) { return args[0] = m->g->fips_bypass, RT_OK; }

/* No optional processor features: Go's generic code is what we compile. */
RtResult native_cpuid(M *m, uint64_t *args) {
    memset(args + 2, 0, 4 * sizeof *args);
    return RT_OK;
}

RtResult native_xgetbv(M *m, uint64_t *args) {
    args[0] = args[1] = 0;
    return RT_OK;
}

RtResult native_goamd64_level(M *m, uint64_t *args) {
    args[0] = 1;
    return RT_OK;
}

/* ---- Memory -------------------------------------------------------------------------------------------------- */

/* A program that collects in a loop leaves the others as much time as it takes from them: they are stopped meanwhile,
 * and would come no further than to their next safepoint. */
RtResult native_gc(M *m, uint64_t *args) {
    enum { LONGEST_NS = 100 * 1000 * 1000 };
    int64_t start = rt_nanotime(m);
    gc_run(m);
    if (m->g->bubble || !sched_others_run(m)) return RT_OK;
    int64_t took = rt_nanotime(m) - start;
    return timer_sleep(m, took < LONGEST_NS ? took : LONGEST_NS);
}

/* (m *runtime.MemStats) */
RtResult native_mem_stats(M *m, uint64_t *args) {
    typedef struct GoMemStats {
        uint64_t alloc, total_alloc, sys, lookups, mallocs, frees, heap_alloc, heap_sys, heap_idle, heap_inuse,
            heap_released, heap_objects, stack_inuse, stack_sys, mspan_inuse, mspan_sys, mcache_inuse, mcache_sys,
            buckhash_sys, gc_sys, other_sys, next_gc, last_gc, pause_total_ns, pause_ns[256], pause_end[256];
        uint32_t num_gc, num_forced_gc;
        double gc_cpu_fraction;
        bool enable_gc, debug_gc;
        struct { uint32_t size; uint64_t mallocs, frees; } by_size[61];
    } GoMemStats;
    GoMemStats *g = (GoMemStats *)args[0];
    MemStatsC s;
    sched_stop_world(m, "ReadMemStats");
    mem_stats(m->vm, &s);
    sched_start_world(m);
    *g = (GoMemStats){
        .alloc = s.alloc, .total_alloc = s.total_alloc, .sys = s.sys, .mallocs = s.mallocs, .frees = s.frees,
        .heap_alloc = s.heap_alloc, .heap_sys = s.heap_sys, .heap_idle = s.heap_idle, .heap_inuse = s.heap_inuse,
        .heap_released = s.heap_released, .heap_objects = s.heap_objects, .stack_inuse = s.stack_inuse,
        .stack_sys = s.stack_sys, .next_gc = s.next_gc, .last_gc = s.last_gc, .pause_total_ns = s.pause_total_ns,
        .num_gc = (uint32_t)s.num_gc, .num_forced_gc = (uint32_t)s.num_forced_gc, .enable_gc = true,
    };
    memcpy(g->pause_ns, s.pause_ns, sizeof s.pause_ns);
    memcpy(g->pause_end, s.pause_end, sizeof s.pause_end);
    for (size_t i = 1; i < ARRAY_LEN(g->by_size); i++) {
        g->by_size[i].size = mem_class_size[i];
        g->by_size[i].mallocs = s.by_size[i].mallocs;
        g->by_size[i].frees = s.by_size[i].frees;
    }
    return RT_OK;
}

RtResult native_gc_percent(M *m, uint64_t *args) {
    args[1] = (uint64_t)(int64_t)gc_set_percent(m, (int32_t)args[0]);
    return RT_OK;
}

RtResult native_memory_limit(M *m, uint64_t *args) {
    args[1] = (uint64_t)mem_set_limit(m, (int64_t)args[0]);
    return RT_OK;
}

RtResult native_free_os_memory(M *m, uint64_t *args) {
    gc_run(m);
    mem_release_os(m);
    return RT_OK;
}

RtResult native_max_stack(M *m, uint64_t *args) {
    NativeState *s = native_state(m->vm);
    args[1] = (uint64_t)s->max_stack;
    s->max_stack = (int64_t)args[0];
    return RT_OK;
}

RtResult native_set_traceback(M *m, uint64_t *args) { /* (level string) */
    vm_set_trace_level(m->vm, (Str){(const char *)args[0], args[1]});
    return RT_OK;
}

RtResult native_type_string(M *m, uint64_t *args) {
    Buf b = {0};
    rtype_string(&b, (const GoType *)args[0]);
    ret_string(args + 1, str_from_bytes(m, b.data ? b.data : "", (int64_t)b.len, NULL));
    buf_free(&b);
    return RT_OK;
}

RtResult native_find_object(M *m, uint64_t *args) {
    void *base = NULL;
    size_t size = 0;
    if (!mem_find_object(m->vm, (void *)args[0], &base, &size)) base = NULL, size = 0;
    args[1] = (uint64_t)base;
    args[2] = size;
    return RT_OK;
}

RtResult native_add_finalizer(M *m, uint64_t *args) {
    args[4] = finalizer_set(m, (void *)args[0], (GoFunc *)args[1], (const GoType *)args[2], args[3]);
    return RT_OK;
}

RtResult native_remove_finalizer(M *m, uint64_t *args) {
    (void)finalizer_set(m, (void *)args[0], NULL, NULL, 0);
    return RT_OK;
}

RtResult native_add_cleanup(M *m, uint64_t *args) {
    args[2] = cleanup_add(m, (void *)args[0], (GoFunc *)args[1]);
    return RT_OK;
}

RtResult native_stop_cleanup(M *m, uint64_t *args) {
    cleanup_stop(m, (void *)args[0], args[1]);
    return RT_OK;
}

RtResult native_implements(M *m, uint64_t *args) {
    Str missing;
    args[2] = itab_get(m->vm, (const GoInterfaceType *)args[0], (const GoType *)args[1], &missing) != NULL;
    return RT_OK;
}

/* The finalizer goroutine waits here; the collector wakes it by native_finalizers_ready. */
RtResult native_next_finalizer(M *m, uint64_t *args) {
    NativeState *s = native_state(m->vm);
    FinalizerCall c;
    pthread_mutex_lock(&s->lock);
    if (finalizer_next(m, &c)) {
        atomic_store(&s->finalizer_busy, 1);
        pthread_mutex_unlock(&s->lock);
        args[0] = (uint64_t)c.fn;
        args[1] = (uint64_t)c.arg;
        args[2] = (uint64_t)c.arg_type;
        args[3] = c.is_cleanup;
        return RT_OK;
    }
    atomic_store(&s->finalizer_busy, 0);
    G *g = m->g;
    s->finalizer_g = g;
    g->wait_reason = WAIT_FINALIZER;
    g->pc = native_retry_pc(g); /* on waking, ask again */
    atomic_store(&g->status, G_WAITING);
    pthread_mutex_unlock(&s->lock);
    return RT_PARKED;
}

void native_finalizers_ready(Vm *vm, M *m) {
    NativeState *s = native_state(vm);
    pthread_mutex_lock(&s->lock);
    G *g = s->finalizer_g;
    s->finalizer_g = NULL;
    atomic_store(&s->finalizer_busy, 1);
    pthread_mutex_unlock(&s->lock);
    if (g) sched_ready(m, g, false);
}

RtResult native_finalizer_idle(M *m, uint64_t *args) {
    args[0] = !atomic_load(&native_state(m->vm)->finalizer_busy);
    return RT_OK;
}

RtResult native_call_finalizer(M *m, uint64_t *args) {
    GoFunc *fn = (GoFunc *)args[0];
    NativeCall *nc = vm_native_call(m, fn, 1, fn->fn->result_slots);
    nc->args[0] = args[1];
    return RT_CALL;
}

RtResult native_call_finalizer_iface(M *m, uint64_t *args) {
    GoFunc *fn = (GoFunc *)args[0];
    const GoInterfaceType *it = (const GoInterfaceType *)args[2];
    const GoType *t = (const GoType *)args[3];
    NativeCall *nc = vm_native_call(m, fn, 2, fn->fn->result_slots);
    Str missing;
    nc->args[0] = it->methods.len ? (uint64_t)itab_get(m->vm, it, t, &missing) : (uint64_t)t;
    nc->args[1] = args[1];
    return RT_CALL;
}
