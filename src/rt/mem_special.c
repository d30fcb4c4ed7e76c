/* What hangs on objects: finalizers, cleanups, weak handles. A Special is found by the base of its object and
 * does not keep it alive. At the end of marking the dead ones move to the queue that a Go goroutine drains. */
#include <stdlib.h>

#include "rt/mem_int.h"

static uint32_t slot_of(const Heap *h, const void *obj) {
    return (uint32_t)(((uintptr_t)obj >> 3) * 0x9e3779b97f4a7c15ull >> 32) & (h->specials_cap - 1);
}

static void grow(Heap *h) {
    uint32_t old_cap = h->specials_cap;
    Special **old = h->specials;
    h->specials_cap = old_cap ? old_cap * 2 : 64;
    h->specials = calloc(h->specials_cap, sizeof *h->specials);
    if (!h->specials) base_oom();
    for (uint32_t i = 0; i < old_cap; i++)
        for (Special *s = old[i], *next; s; s = next) {
            next = s->next;
            uint32_t k = slot_of(h, s->obj);
            s->next = h->specials[k];
            h->specials[k] = s;
        }
    free(old);
}

static Special *find(Heap *h, const void *obj, int kind, uint64_t id) {
    if (!h->specials_cap) return NULL;
    for (Special *s = h->specials[slot_of(h, obj)]; s; s = s->next)
        if (s->obj == obj && s->kind == kind && s->id == id) return s;
    return NULL;
}

static Special *add(Heap *h, void *obj, int kind, uint64_t id) {
    if (h->nspecials >= h->specials_cap) grow(h);
    Special *s = calloc(1, sizeof *s);
    if (!s) base_oom();
    s->obj = obj;
    s->kind = kind;
    s->id = id;
    uint32_t k = slot_of(h, obj);
    s->next = h->specials[k];
    h->specials[k] = s;
    h->nspecials++;
    return s;
}

static void remove_special(Heap *h, Special *s) {
    Special **p = &h->specials[slot_of(h, s->obj)];
    while (*p != s) p = &(*p)->next;
    *p = s->next;
    h->nspecials--;
    free(s);
}

bool finalizer_set(M *m, void *obj, GoFunc *fn, const GoType *arg_type, uint64_t result_slots) {
    Heap *h = m->vm->heap;
    void *base;
    if (!mem_find_object(m->vm, obj, &base, NULL)) return true; /* static data never dies */
    pthread_mutex_lock(&h->lock);
    Special *s = find(h, base, SPECIAL_FINALIZER, 0);
    bool ok = true;
    if (!fn) {
        if (s) remove_special(h, s);
    } else if (s) {
        ok = false; /* "runtime.SetFinalizer: finalizer already set" */
    } else {
        s = add(h, base, SPECIAL_FINALIZER, 0);
        s->arg = obj;
        s->fn = fn;
        s->arg_type = arg_type;
    }
    pthread_mutex_unlock(&h->lock);
    return ok;
}

uint64_t cleanup_add(M *m, void *obj, GoFunc *fn) {
    Heap *h = m->vm->heap;
    void *base;
    if (!mem_find_object(m->vm, obj, &base, NULL)) return 0;
    pthread_mutex_lock(&h->lock);
    uint64_t id = ++h->next_cleanup_id;
    add(h, base, SPECIAL_CLEANUP, id)->fn = fn;
    pthread_mutex_unlock(&h->lock);
    return id;
}

void cleanup_stop(M *m, void *obj, uint64_t id) {
    Heap *h = m->vm->heap;
    void *base;
    if (!id || !mem_find_object(m->vm, obj, &base, NULL)) return;
    pthread_mutex_lock(&h->lock);
    Special *s = find(h, base, SPECIAL_CLEANUP, id);
    if (s) remove_special(h, s);
    pthread_mutex_unlock(&h->lock);
}

bool finalizer_next(M *m, FinalizerCall *out) {
    Heap *h = m->vm->heap;
    pthread_mutex_lock(&h->lock);
    bool any = h->queue_at < h->queue.len;
    if (any) {
        *out = h->queue.at[h->queue_at++];
        if (h->queue_at == h->queue.len) h->queue_at = h->queue.len = 0;
    }
    pthread_mutex_unlock(&h->lock);
    return any;
}

bool finalizer_idle(Vm *vm) { return vm->heap->queue_at >= vm->heap->queue.len; }

/* The indirection object holds the complement of the target's address, so that it is no pointer. */
void *weak_register(M *m, void *obj) {
    Heap *h = m->vm->heap;
    void *base;
    if (!obj) return NULL;
    base = obj; /* by address: pointers into one object are equal if they are the same */
    m->no_gc++;
    uint64_t *handle = mem_alloc_noscan(m, 8, true);
    m->no_gc--;
    pthread_mutex_lock(&h->lock);
    Special *s = find(h, base, SPECIAL_WEAK, 0);
    if (s) {
        handle = (uint64_t *)s->handle;
    } else {
        s = add(h, base, SPECIAL_WEAK, 0);
        s->handle = (uint64_t **)handle;
        *handle = ~(uint64_t)(uintptr_t)base;
    }
    pthread_mutex_unlock(&h->lock);
    return handle;
}

void *weak_get(M *m, void *handle) {
    if (!handle) return NULL;
    uint64_t v = __atomic_load_n((uint64_t *)handle, __ATOMIC_ACQUIRE);
    return v ? (void *)(uintptr_t)~v : NULL;
}

/* ---- For the collector ----------------------------------------------------------------------------------- */

/* Functions and handles are roots; what a finalizer's object refers to lives on, the object itself does not. */
void specials_mark(Heap *h, Marker *mk) {
    for (int i = h->queue_at; i < h->queue.len; i++) {
        gc_mark(mk, h->queue.at[i].fn);
        gc_mark(mk, h->queue.at[i].arg);
    }
    for (uint32_t i = 0; i < h->specials_cap; i++)
        for (Special *s = h->specials[i]; s; s = s->next) {
            gc_mark(mk, s->fn);
            gc_mark(mk, s->handle);
            gc_mark(mk, s->arg_type);
            if (s->kind != SPECIAL_FINALIZER) continue;
            Span *sp = span_of(h, s->obj);
            uint8_t *start = sp->base + (size_t)span_index(sp, s->obj) * sp->elem_size;
            marker_scan_object(mk, start, sp);
        }
}

void specials_finish(Heap *h, Marker *mk) {
    VEC(Special *) dead = {0};
    /* Weak pointers go first: they do not see what a finalizer revives. */
    for (uint32_t i = 0; i < h->specials_cap; i++)
        for (Special *s = h->specials[i]; s; s = s->next)
            if (s->kind == SPECIAL_WEAK && !gc_is_marked(h, s->obj)) vec_push(&dead, s);
    for (int i = 0; i < dead.len; i++) {
        __atomic_store_n((uint64_t *)dead.at[i]->handle, 0, __ATOMIC_RELEASE);
        remove_special(h, dead.at[i]);
    }
    dead.len = 0;
    for (uint32_t i = 0; i < h->specials_cap; i++)
        for (Special *s = h->specials[i]; s; s = s->next)
            if (s->kind == SPECIAL_FINALIZER && !gc_is_marked(h, s->obj)) vec_push(&dead, s);
    for (int i = 0; i < dead.len; i++) {
        Special *s = dead.at[i];
        FinalizerCall c = {.fn = s->fn, .arg = s->arg, .arg_type = s->arg_type};
        vec_push(&h->queue, c);
        gc_mark(mk, s->obj);
        remove_special(h, s);
    }
    marker_drain(mk);
    dead.len = 0;
    for (uint32_t i = 0; i < h->specials_cap; i++)
        for (Special *s = h->specials[i]; s; s = s->next)
            if (s->kind == SPECIAL_CLEANUP && !gc_is_marked(h, s->obj)) vec_push(&dead, s);
    for (int i = 0; i < dead.len; i++) {
        Special *s = dead.at[i];
        FinalizerCall c = {.fn = s->fn, .is_cleanup = true};
        vec_push(&h->queue, c);
        remove_special(h, s);
    }
    vec_free(&dead);
}
