/* What the collector finds in this layer: stack frames, defers, panics, pending native calls, and the
 * writable data of images.
 *
 * Frames are scanned by the safepoint maps of their functions; a frame without a map at its pc (a trap, a
 * native, a stub) is scanned by address: each word that lies in a heap object keeps it. With
 * vm_priv(vm)->exact off all frames are scanned that way. */
#include "vm/vm_int.h"

static void scan_words(Vm *vm, Marker *mk, const uint64_t *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i] >= 4096 && mem_is_heap(vm, (const void *)p[i])) gc_mark(mk, (const void *)p[i]);
}

static void scan_objects(Vm *vm, Marker *mk, const FrameView *v) {
    for (uint32_t i = 0; i < v->func->info->nobjects; i++) {
        const FrameObject *o = &v->func->info->objects[i];
        for (uint32_t k = 0; k < o->nslots; k++)
            if (!o->ptrmask || (o->ptrmask[k >> 3] >> (k & 7) & 1))
                scan_words(vm, mk, v->fp + o->slot + k, 1);
    }
}

/* Whether the frame above a frame is there because of a trap. */
static bool is_trap(Vm *vm, const VmFunc *inner) {
    if (inner == &vm_stubs[STUB_PANIC]) return true;
    for (int i = 0; i < HOOK_COUNT; i++)
        if (vm_priv(vm)->hooks[i] == inner) return true;
    return false;
}

/* From the frame's start up to its end or the next frame's start within the chunk. */
static void scan_frame(Vm *vm, Marker *mk, const FrameView *v, bool exact, const VmFunc *inner) {
    const VmFunc *f = v->func;
    uint32_t n = 0;
    const uint8_t *map = NULL;
    if (exact && f->info && !(f->flags & VMFUNC_NATIVE)) map = image_pc_map(f, v->pc, &n);
    bool has_ctx = !exact || (f->flags & VMFUNC_HAS_CTX);
    if (has_ctx) scan_words(vm, mk, v->fp + FRAME_CTX, 1);
    if (exact && !map && v->pc == f->code && f->info && !(f->flags & VMFUNC_NATIVE)) { /* not entered yet */
        for (uint32_t i = 0; i < f->info->args_ptrs_words && i < f->param_slots; i++)
            if (f->info->args_ptrs[i >> 3] >> (i & 7) & 1) scan_words(vm, mk, v->fp + FRAME_ARGS + i, 1);
        return;
    }
    if (!map && exact && inner && f->info && !(f->flags & VMFUNC_NATIVE) && is_trap(vm, inner)) {
        scan_objects(vm, mk, v); /* it never goes on at pc, only at its recover exit */
        return;
    }
    if (!map) {
        scan_words(vm, mk, v->fp + FRAME_ARGS, f->frame_slots - FRAME_ARGS);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (map[i >> 3] >> (i & 7) & 1) gc_mark(mk, (const void *)v->fp[FRAME_ARGS + i]);
    scan_objects(vm, mk, v);
}

void vm_scan_g(Vm *vm, G *g, Marker *mk) {
    bool exact = vm_priv(vm)->exact;
    FrameIter it;
    FrameView v;
    if (g->fp) {
        frame_iter_init(&it, g);
        for (const VmFunc *inner = NULL; frame_iter_next(&it, &v); inner = v.func) {
            scan_frame(vm, mk, &v, exact, inner);
            if (v.func == &vm_stubs[STUB_NATIVE]) {
                NativeCall *nc = (NativeCall *)v.fp[STUB_STATE];
                gc_mark(mk, nc->fn);
                scan_words(vm, mk, nc->args, nc->nargs);
            }
        }
    }
    for (Defer *d = g->defers; d; d = d->next) scan_words(vm, mk, (uint64_t *)&d->fn, 1);
    for (PanicRec *p = g->panics; p; p = p->link) scan_words(vm, mk, (uint64_t *)&p->value.data, 1);
    scan_words(vm, mk, (uint64_t *)&g->labels, 1);
    NativeCall *nc = g->native_call;
    if (nc) {
        scan_words(vm, mk, (uint64_t *)&nc->fn, 1);
        scan_words(vm, mk, nc->args, nc->nargs);
    }
}

static void mark_root(void *ctx, void **start, size_t nwords, const uint8_t *mask) {
    gc_mark_words(ctx, start, nwords, mask);
}

static void mark_one(void *ctx, void *p) { gc_mark(ctx, p); }

void vm_scan_roots(Vm *vm, Marker *mk) {
    for (M *m = vm->ms; m; m = m->all_next) gc_mark(mk, m->panic_value.data);
    image_each_root(vm->images, mark_root, mk);
    timer_each_go(vm, mark_one, mk);
    native_each_root(vm, mark_one, mk);
}
