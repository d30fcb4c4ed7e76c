/* What the collector finds in this layer: stack frames, defers, panics, pending native calls, and the
 * writable data of images.
 *
 * Frames are scanned by the safepoint maps of their functions; a frame without a map at its pc (a native, a trap on the
 * way to its panic) is scanned by address: each word that lies in a heap object keeps it. A frame that trapped, below the
 * panic, goes on at its recover exit or nowhere. The maps have variables that the function still reads itself. Objects in frames that only pointers lead to are scanned when a scanned
 * word points into them, so that they die with their last pointer. With vm_priv(vm)->exact off all frames
 * are scanned by address. */
#include <stdlib.h>

#include "rt/bubble.h"
#include "rt/sched_int.h"
#include "vm/vm_int.h"

typedef struct Obj { /* a FrameObject of a frame */
    uint64_t *p;
    uint32_t n;
    int32_t next;   /* in the list of those to scan; -1: last, -2: nobody points here yet */
    const uint8_t *mask;
} Obj;

typedef struct Scan {
    Marker *mk;
    Obj *objs;
    int n, cap, todo;
    uintptr_t lo, span; /* addresses of all objects */
    bool exact;
    bool panicking;     /* the frames below are those of a panic or a Goexit */
    Obj few[24];
} Scan;

static void found(Scan *s, uintptr_t a) {
    int lo = 0, hi = s->n;
    while (lo < hi) { /* the last that begins at or before a */
        int mid = (lo + hi) / 2;
        if ((uintptr_t)s->objs[mid].p <= a) lo = mid + 1;
        else hi = mid;
    }
    if (!lo) return;
    Obj *o = &s->objs[lo - 1];
    if (a >= (uintptr_t)(o->p + o->n) || o->next != -2) return;
    o->next = s->todo;
    s->todo = lo - 1;
}

static inline void word(Scan *s, uint64_t w) {
    if (w < 4096) return;
    gc_mark(s->mk, (const void *)w);
    if (w - s->lo < s->span) found(s, w);
}

/* Atomic: of a frame in a system call, which may end meanwhile, too. */
static void words(Scan *s, const uint64_t *p, size_t n) {
    for (size_t i = 0; i < n; i++) word(s, __atomic_load_n(&p[i], __ATOMIC_RELAXED));
}

static const uint8_t *frame_map(Scan *s, const FrameView *v, uint32_t *n) {
    static const uint8_t nothing[1];
    const VmFunc *f = v->func;
    if (!s->exact || !f->info || (f->flags & VMFUNC_NATIVE)) return NULL;
    const uint8_t *map = image_pc_map(f, v->pc, n);
    if (map || !s->panicking) return map;
    *n = 0;
    /* the recover exit begins with DEFERRETURN, of one word */
    return f->info->recover_pc ? image_pc_map(f, f->code + f->info->recover_pc + 1, n) : nothing;
}

static int by_address(const void *a, const void *b) {
    const Obj *x = a, *y = b;
    return (x->p > y->p) - (x->p < y->p);
}

static void collect_objects(Scan *s, G *g) {
    FrameIter it;
    FrameView v;
    frame_iter_init(&it, g);
    while (frame_iter_next(&it, &v)) {
        const FuncInfo *in = v.func->info;
        if (!in) continue;
        for (uint32_t i = 0; i < in->nobjects; i++) {
            const FrameObject *o = &in->objects[i];
            if (s->n == s->cap) {
                int cap = s->cap * 2;
                Obj *more = malloc(sizeof *more * (size_t)cap);
                if (!more) base_oom();
                memcpy(more, s->objs, sizeof *more * (size_t)s->n);
                if (s->objs != s->few) free(s->objs);
                s->objs = more;
                s->cap = cap;
            }
            s->objs[s->n++] = (Obj){v.fp + o->slot, o->nslots, -2, o->ptrmask};
        }
    }
    if (!s->n) return;
    qsort(s->objs, (size_t)s->n, sizeof *s->objs, by_address);
    s->lo = (uintptr_t)s->objs[0].p;
    s->span = (uintptr_t)(s->objs[s->n - 1].p + s->objs[s->n - 1].n) - s->lo;
}

static void scan_frame(Scan *s, const FrameView *v) {
    const VmFunc *f = v->func;
    uint32_t n = 0;
    const uint8_t *map = frame_map(s, v, &n);
    uint64_t *from = v->fp + FRAME_MAPPED;
    if (!map) {
        bool native_ctx = (f->flags & VMFUNC_NATIVE) && f->native && (vm_natives[f->native - 1].effects & NEFF_CTX);
        if (!s->exact || (f->flags & VMFUNC_HAS_CTX) || native_ctx) word(s, v->fp[FRAME_CTX]);
        from = v->fp + FRAME_ARGS;
        if (!s->exact || v->pc != f->code || !f->info || (f->flags & VMFUNC_NATIVE)) {
            if (!gc_certain_only(s->mk)) words(s, from, f->frame_slots - FRAME_ARGS);
            return;
        }
        map = f->info->args_ptrs; /* not entered yet */
        n = f->info->args_ptrs_words < f->param_slots ? f->info->args_ptrs_words : f->param_slots;
    }
    for (uint32_t i = 0; i < n; i += 8)
        for (unsigned b = map[i >> 3]; b; b &= b - 1) {
            uint32_t k = i + (uint32_t)__builtin_ctz(b);
            if (k < n) word(s, from[k]);
        }
}

void vm_scan_g(Vm *vm, G *g, Marker *mk) {
    Scan scan, *s = &scan; /* no initializer: it would clear `few` for every goroutine */
    s->mk = mk;
    s->n = 0;
    s->cap = ARRAY_LEN(s->few);
    s->todo = -1;
    s->lo = s->span = 0;
    s->exact = vm_priv(vm)->exact;
    s->panicking = false;
    s->objs = s->few;
    FrameIter it;
    FrameView v;
    if (g->fp) {
        if (s->exact) collect_objects(s, g);
        frame_iter_init(&it, g);
        while (frame_iter_next(&it, &v)) {
            scan_frame(s, &v);
            s->panicking |= v.func == &vm_stubs[STUB_PANIC];
            if (v.func == &vm_stubs[STUB_NATIVE]) {
                NativeCall *nc = (NativeCall *)v.fp[STUB_STATE];
                word(s, (uint64_t)nc->fn);
                words(s, nc->args, nc->nargs);
            }
        }
    }
    for (Defer *d = g->defers; d; d = d->next) word(s, (uint64_t)d->fn);
    for (PanicRec *p = g->panics; p; p = p->link) word(s, (uint64_t)p->value.data);
    word(s, (uint64_t)g->labels);
    NativeCall *nc = g->native_call;
    if (nc) {
        word(s, (uint64_t)nc->fn);
        words(s, nc->args, nc->nargs);
    }
    while (s->todo >= 0) {
        Obj *o = &s->objs[s->todo];
        s->todo = o->next;
        for (uint32_t k = 0; k < o->n; k++)
            if (!o->mask || (o->mask[k >> 3] >> (k & 7) & 1)) word(s, o->p[k]);
    }
    if (s->objs != s->few) free(s->objs);
}

static void mark_root(void *ctx, void **start, size_t nwords, const uint8_t *mask) {
    gc_mark_words(ctx, start, nwords, mask);
}

static void mark_one(void *ctx, void *p) { gc_mark(ctx, p); }

void vm_scan_roots(Vm *vm, Marker *mk) {
    for (M *m = vm->ms; m; m = m->all_next) gc_mark(mk, __atomic_load_n(&m->panic_value.data, __ATOMIC_RELAXED));
    image_each_root(vm->images, mark_root, mk);
    native_each_root(vm, mark_one, mk);
    for (Bubble *b = vm->sched->bubbles; b; b = b->next)
        for (int i = 0; i < b->objects.len; i++) gc_mark(mk, b->objects.at[i]);
}
