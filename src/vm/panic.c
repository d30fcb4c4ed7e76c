/* Panics, defers, recover, Goexit, and the traps that become Go's runtime errors.
 *
 * A panic does not unwind: it pushes a frame of STUB_PANIC above the panicking one and calls the deferred
 * closures from there, newest first, with the whole stack still in place. A deferred function that was
 * called by the stub may recover; when it then returns to the stub, the stack is cut back to the frame
 * that deferred it and execution goes on at that function's recover exit, which runs its remaining defers
 * and returns. Cutting through the stubs of older panics ends those; cutting through a Goexit's stub
 * continues the Goexit instead. With no defers left, Go code (runtime.vmfatalpanic) prints the values. */
#include <stdlib.h>
#include "vm/vm_int.h"

/* ---- Defers --------------------------------------------------------------------------------------- */

void defer_push(M *m, G *g, uint64_t *fp, GoFunc *fn) {
    Defer *d = malloc(sizeof *d);
    if (!d) base_oom();
    *d = (Defer){.next = g->defers, .fp = fp, .fn = fn};
    g->defers = d;
}

void defer_push_to(M *m, G *g, uint64_t *fp, GoFunc *fn) {
    Defer **at = &g->defers;
    for (uint64_t *f = g->fp; f && f != fp; f = frame_caller(f))
        while (*at && (*at)->fp == f) at = &(*at)->next;
    Defer *d = malloc(sizeof *d);
    if (!d) base_oom();
    *d = (Defer){.next = *at, .fp = fp, .fn = fn};
    *at = d;
}

GoFunc *defer_pop(G *g, uint64_t *fp) {
    Defer *d = g->defers;
    if (!d || d->fp != fp) return NULL;
    GoFunc *fn = d->fn;
    g->defers = d->next;
    free(d);
    return fn;
}

void panic_free_all(G *g) {
    for (Defer *d = g->defers, *n; d; d = n) {
        n = d->next;
        free(d);
    }
    for (PanicRec *p = g->panics, *n; p; p = n) {
        n = p->link;
        free(p);
    }
    g->defers = NULL;
    g->panics = NULL;
}

/* ---- Panics --------------------------------------------------------------------------------------- */

/* Runs the next deferred call of p, or ends it. */
static RtResult panic_step(M *m, G *g, PanicRec *p) {
    Defer *d = g->defers;
    uint64_t *stub = p->stub_fp;
    if (!d) {
        if (p->goexit) return RT_EXIT;
        const VmFunc *fn = vm_priv(m->vm)->hooks[HOOK_FATAL];
        if (!fn) rt_fatal(m->vm, "panic, and package runtime has no vmfatalpanic");
        g->fp = frame_push(m, frame_top(stub), stub, stub_ret(STUB_PANIC), fn, NULL, 0);
        g->pc = fn->code;
        return RT_OK;
    }
    g->defers = d->next;
    p->defer_fp = d->fp;
    GoFunc *fn = d->fn;
    free(d);
    if (!fn) { /* defer of a nil function */
        g->fp = stub;
        g->pc = stub_ret(STUB_PANIC);
        trap_nil(m, g, 0);
        return RT_OK;
    }
    g->fp = frame_push(m, frame_top(stub), stub, stub_ret(STUB_PANIC), fn->fn, fn, 0);
    g->pc = fn->fn->code;
    return RT_OK;
}

/* Data word of a panic value that stays nil (GODEBUG panicnil=1). */
#define NIL_VALUE ((void *)1)

RtResult panic_begin(M *m, G *g, GoEface value, bool goexit) {
    if (!value.type && value.data != NIL_VALUE && !goexit) { /* panic(nil) */
        trap_call(m, g, HOOK_NILVALUE, 0, NULL);
        return RT_OK;
    }
    if (!value.type) value.data = NULL;
    PanicRec *p = calloc(1, sizeof *p);
    if (!p) base_oom();
    *p = (PanicRec){.link = g->panics, .value = value, .fp = g->fp, .pc = g->pc, .goexit = goexit};
    g->panics = p;
    m->panic_value = (GoEface){0};
    p->stub_fp = frame_push(m, frame_top(g->fp), g->fp, g->pc, &vm_stubs[STUB_PANIC], NULL, 0);
    p->stub_fp[STUB_STATE] = (uint64_t)p;
    g->fp = p->stub_fp;
    g->pc = stub_ret(STUB_PANIC);
    return panic_step(m, g, p);
}

static void panic_unlink(G *g, PanicRec *p) {
    PanicRec **at = &g->panics;
    while (*at && *at != p) at = &(*at)->link;
    if (*at) *at = p->link;
    free(p);
}

/* p was recovered by a deferred call of the frame p->defer_fp: cut the stack back to it. */
static RtResult panic_unwind(M *m, G *g, PanicRec *p) {
    uint64_t *target = p->defer_fp;
    uint64_t *fp = frame_caller(p->stub_fp);
    panic_unlink(g, p);
    for (; fp != target; fp = frame_caller(fp)) {
        check(fp);
        const VmFunc *fn = (const VmFunc *)fp[FRAME_FUNC];
        if (fn == &vm_stubs[STUB_PANIC]) {
            PanicRec *q = (PanicRec *)fp[STUB_STATE];
            if (q->goexit) {
                frame_unwind_to(m, g, fp);
                g->fp = fp;
                g->pc = stub_ret(STUB_PANIC);
                return panic_step(m, g, q);
            }
            panic_unlink(g, q);
        } else if (fn == &vm_stubs[STUB_NATIVE]) {
            native_call_free((NativeCall *)fp[STUB_STATE]);
        }
    }
    frame_unwind_to(m, g, target);
    const VmFunc *fn = (const VmFunc *)target[FRAME_FUNC];
    check(fn->info->recover_pc);
    g->fp = target;
    g->pc = fn->code + fn->info->recover_pc;
    return RT_OK;
}

RtResult panic_next(M *m, G *g) {
    PanicRec *p = (PanicRec *)g->fp[STUB_STATE];
    return p->recovered ? panic_unwind(m, g, p) : panic_step(m, g, p);
}

/* Frames between a panic and the deferred function that do not count: wrappers (unless the call at pc comes from
 * a method that was inlined into one), and reflect's calls. */
static bool is_transparent(const VmFunc *f, const uint64_t *pc) {
    if (f->flags & VMFUNC_WRAPPER) return vm_inlined_at(f, pc) < 0;
    if ((f->flags & VMFUNC_NATIVE) || f == &vm_stubs[STUB_NATIVE]) return true;
    const char *name = f->info ? f->info->name : NULL;
    return name && (!strcmp(name, "reflect.Value.Call") || !strcmp(name, "reflect.Value.call") ||
                    !strcmp(name, "reflect.callMethod") || !strcmp(name, "reflect.callReflect"));
}

GoEface panic_recover(G *g, uint64_t *fp, bool thunk) {
    if (thunk) fp = frame_caller(fp); /* recover itself is the deferred function */
    PanicRec *p = g->panics;
    if (!p || p->goexit || p->recovered) return (GoEface){0};
    uint64_t *caller = frame_caller(fp);
    while (caller && caller != p->stub_fp && is_transparent((const VmFunc *)caller[FRAME_FUNC], frame_return(g, fp))) {
        fp = caller;
        caller = frame_caller(fp);
    }
    if (caller != p->stub_fp) return (GoEface){0};
    p->recovered = true;
    return p->value;
}

void vm_throw_value(M *m, GoEface v) { m->panic_value = v; }

void vm_panic_text(M *m, const char *fmt, ...) {
    Buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    VmPriv *pv = vm_priv(m->vm);
    static const char prefix[] = "runtime error: ";
    bool is_error = !strncmp(b.data, prefix, sizeof prefix - 1);
    const char *text = b.data + (is_error ? sizeof prefix - 1 : 0);
    const GoType *t = is_error ? pv->type_error_string : pv->type_plain_error;
    if (!t) rt_fatal(m->vm, "%s (and package runtime has no error types)", b.data);
    size_t n = strlen(text);
    uint8_t *bytes = mem_alloc_noscan(m, n ? n : 1, false);
    memcpy(bytes, text, n);
    m->panic_value = (GoEface){t, bytes}; /* kept alive while the box is made */
    GoString *s = mem_alloc(m, sizeof *s, t);
    *s = (GoString){bytes, (int64_t)n};
    m->panic_value = (GoEface){t, s};
    buf_free(&b);
}

/* ---- Traps ------------------------------------------------------------------------------------------ */

void trap_call(M *m, G *g, VmHook hook, int n, const uint64_t *args) {
    static const char *const names[] = {
#define HOOK(id, name) name,
#include "vm/hooks.def"
#undef HOOK
    };
    const VmFunc *fn = vm_priv(m->vm)->hooks[hook];
    if (!fn) rt_fatal(m->vm, "run-time error, and the program has no %s", names[hook]);
    uint64_t *fp = frame_push(m, frame_top(g->fp), g->fp, g->pc, fn, NULL, FRAME_ARGS + n);
    for (int i = 0; i < n; i++) fp[FRAME_ARGS + i] = args[i];
    g->fp = fp;
    g->pc = fn->code;
}

void trap_bounds(M *m, G *g, int64_t x, bool is_signed, int64_t y, int code) {
    if (code == BOUNDS_INDEX && x < 0) is_signed = !image_pc_unsigned((const VmFunc *)g->fp[FRAME_FUNC], g->pc - 1);
    trap_call(m, g, HOOK_BOUNDS, 4, (uint64_t[]){(uint64_t)x, is_signed, (uint64_t)y, (uint64_t)code});
}
void trap_nil(M *m, G *g, uint64_t addr) { trap_call(m, g, HOOK_NIL, 1, &addr); }
void trap_fault(M *m, G *g, uint64_t addr) { trap_call(m, g, HOOK_FAULT, 1, &addr); }
void trap_divide(M *m, G *g) { trap_call(m, g, HOOK_DIVIDE, 0, NULL); }
void trap_shift(M *m, G *g) { trap_call(m, g, HOOK_SHIFT, 0, NULL); }
void trap_text(M *m, G *g, const char *text, bool plain) {
    trap_call(m, g, HOOK_TEXT, 3, (uint64_t[]){(uint64_t)text, strlen(text), plain});
}
void trap_assert(M *m, G *g, const GoType *iface, const GoType *concrete, const GoType *want, Str missing) {
    trap_call(m, g, HOOK_ASSERT, 5, (uint64_t[]){(uint64_t)iface, (uint64_t)concrete, (uint64_t)want,
                                                (uint64_t)missing.p, missing.n});
}

/* ---- Natives of runtime.vmfatalpanic ------------------------------------------------------------------ */

/* func vmpanicAt(i int) (v any, flags int): the i-th panic of this goroutine, oldest first; flags -1: none,
 * 1 recovered, 2 Goexit, 4 the value equals the next one's. */
RtResult vm_native_panic_at(M *m, uint64_t *args) {
    int64_t i = (int64_t)args[0], n = 0;
    for (PanicRec *p = m->g->panics; p; p = p->link) n++;
    args[1] = args[2] = 0;
    args[3] = (uint64_t)-1;
    if (i >= n) return RT_OK;
    PanicRec *p = m->g->panics, *newer = NULL;
    for (int64_t k = n - 1; k > i; k--) {
        newer = p;
        p = p->link;
    }
    args[1] = (uint64_t)p->value.type;
    args[2] = (uint64_t)p->value.data;
    bool same = newer && newer->value.type == p->value.type && newer->value.data == p->value.data;
    args[3] = (p->recovered ? 1u : 0) | (p->goexit ? 2u : 0) | (same ? 4u : 0);
    return RT_OK;
}

/* func vmfatalexit(): traceback of the newest panic's place, exit status 2. */
RtResult vm_native_fatal_exit(M *m, uint64_t *args) {
    G *g = m->g;
    if (g->panics) {
        g->fp = g->panics->fp;
        g->pc = g->panics->pc;
        frame_unwind_to(m, g, g->fp);
    }
    Buf b = {0};
    TraceLevel level = vm_trace_level(m->vm);
    if (level > TRACE_SINGLE) {
        vm_traceback_all(m->vm, g, &b);
    } else if (level == TRACE_SINGLE) {
        buf_puts(&b, "\n");
        vm_traceback(m->vm, g, &b);
    }
    fwrite(b.data ? b.data : "", 1, b.len, stderr);
    fflush(stderr);
    buf_free(&b);
    vm_exit_wrong(m->vm);
    return RT_PARKED;
}

/* func vmthrow(s string): fatal error that cannot be recovered. */
RtResult vm_native_throw(M *m, uint64_t *args) {
    rt_fatal(m->vm, "%.*s", (int)args[1], (const char *)args[0]);
}

/* func vmtypestring(t *abi.Type) string; func vmtypepkgpath(t *abi.Type) string */
RtResult vm_native_type_string(M *m, uint64_t *args) {
    Buf b = {0};
    rtype_string(&b, (const GoType *)args[0]);
    uint8_t *p = mem_alloc_noscan(m, b.len ? b.len : 1, false);
    memcpy(p, b.data ? b.data : "", b.len);
    args[1] = (uint64_t)p;
    args[2] = b.len;
    buf_free(&b);
    return RT_OK;
}
RtResult vm_native_type_pkgpath(M *m, uint64_t *args) {
    const GoType *t = (const GoType *)args[0];
    const GoUncommon *u = type_uncommon(t);
    const uint8_t *name = NULL;
    if (u) name = u->pkg_path ? image_off(u->pkg_path) : NULL;
    else if (t->kind == KIND_STRUCT) name = ((const GoStructType *)t)->pkg_path;
    else if (t->kind == KIND_INTERFACE) name = ((const GoInterfaceType *)t)->pkg_path;
    args[1] = args[2] = 0;
    if (name) {
        size_t n;
        args[1] = (uint64_t)name_bytes(name, &n);
        args[2] = n;
    }
    return RT_OK;
}

RtResult vm_native_goexit(M *m, uint64_t *args) { return RT_EXIT; }
RtResult vm_native_gosched(M *m, uint64_t *args) { return RT_YIELD; }

/* func vmexit(code int) */
RtResult vm_native_exit(M *m, uint64_t *args) {
    vm_report_leaks(m, NULL);
    sched_exit(m->vm, (int)args[0]);
    return RT_PARKED;
}

/* func vmcallername() string: frames are this native, the asking function, its caller */
RtResult vm_native_caller_name(M *m, uint64_t *args) {
    uint64_t *fp = frame_caller(frame_caller(args - FRAME_ARGS));
    const VmFunc *f = (const VmFunc *)fp[FRAME_FUNC];
    const char *name = f->info && f->info->name ? f->info->name : "";
    args[0] = (uint64_t)name;
    args[1] = strlen(name);
    return RT_OK;
}

/* func vmpanicnil() */
RtResult vm_native_panic_nil(M *m, uint64_t *args) {
    vm_throw_value(m, (GoEface){NULL, NIL_VALUE});
    return RT_PANIC;
}
