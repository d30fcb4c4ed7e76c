/* Marking beside the program. A cycle has two stops of the world: at the first one the roots are marked, goroutines' frames among them;
 * then one thread marks what they lead to, while the program runs; at the second one the roots are marked once more, with what is
 * new behind them, and all is swept.
 *
 * No scanned object may come to hold the only pointer to one that is not marked: each pointer that is stored to the heap is noted by
 * the write barrier (mem_barrier) in a block of the P, and the thread marks what these blocks hold (Dijkstra et al., "On-the-fly
 * garbage collection: an exercise in cooperation", 1978). What is allocated meanwhile counts as marked: `set` in a MarkWord says
 * "marked, or not allocated", so nothing needs to be done for it. Stores to frames and to the data of images need no barrier.
 *
 * The thread never stops the world. When it has nothing more to do it sets the trigger to zero, and the next allocation that
 * looks for one ends the cycle. When the program allocates too much before that, the world stops, and all workers mark the rest.
 *
 * Goroutines in large numbers are scanned by all workers while the world is stopped, so there is no such cycle then. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/sanitize.h"
#include "rt/mem_mark.h"

enum { CONCURRENT_BYTES = 16 << 20, /* smaller heaps are marked in a moment */
       MANY_GOROUTINES = 2000, KEEP_SPARE = 16, LEAST_ROOM = 4 << 20 };

/* ---- The thread --------------------------------------------------------------------------------------------- */

static void mark_shaded(Marker *mk, const MarkBlock *b) {
    for (uint32_t i = 0; i < b->n; i++) gc_mark(mk, b->pointers[i]);
}

static void *thread_main(void *arg) {
    Heap *h = arg;
    Concurrent *c = &h->concurrent;
    Marker *mk = &h->marker;
    san_ignore_reads(); /* of what the program writes meanwhile */
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->quit && (!c->pending || atomic_load(&c->halt))) pthread_cond_wait(&c->work, &c->lock);
        if (c->quit) break;
        MarkBlock *b = c->full, *last = NULL;
        c->full = NULL;
        c->pending = false;
        c->active = true;
        pthread_mutex_unlock(&c->lock);
        for (MarkBlock *e = b; e; e = e->next) mark_shaded(mk, last = e);
        marker_drain(mk);
        pthread_mutex_lock(&c->lock);
        if (last) {
            last->next = c->spare;
            c->spare = b;
        }
        c->active = false;
        pthread_cond_signal(&c->idle);
        if (!c->pending && !atomic_load(&c->halt)) {
            atomic_store(&c->done, true);
            atomic_store(&h->trigger, 0);
        }
    }
    pthread_mutex_unlock(&c->lock);
    san_heed_reads();
    return NULL;
}

static bool thread_start(Heap *h) {
    Concurrent *c = &h->concurrent;
    if (c->started) return true;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    c->started = !pthread_create(&c->thread, &attr, thread_main, h);
    pthread_attr_destroy(&attr);
    return c->started;
}

void concurrent_init(Heap *h) {
    Concurrent *c = &h->concurrent;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    pthread_cond_init(&c->idle, NULL);
}

void concurrent_free(Heap *h) {
    Concurrent *c = &h->concurrent;
    pthread_mutex_lock(&c->lock);
    c->quit = true;
    atomic_store(&c->halt, true);
    pthread_cond_signal(&c->work);
    pthread_mutex_unlock(&c->lock);
    if (c->started) pthread_join(c->thread, NULL);
    for (int i = 0; i < c->procs.len; i++) {
        free(c->procs.at[i]->shaded);
        c->procs.at[i]->shaded = NULL;
    }
    vec_free(&c->procs);
    blocks_free(c->full);
    blocks_free(c->spare);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->work);
    pthread_cond_destroy(&c->idle);
}

/* With --stress=mark some of the objects are scanned at the beginning and the others at the end: what the program moves from these to
 * those, or to new ones, is found by the barrier or not at all. */
static bool uses_thread(const Vm *vm) { return !vm->stress.mark || vm->stress.mark_thread; }

/* ---- Shading -------------------------------------------------------------------------------------------------- */

static __attribute__((noinline)) MarkBlock *shaded_full(M *m) {
    Concurrent *c = &m->vm->heap->concurrent;
    pthread_mutex_lock(&c->lock);
    MarkBlock *b = m->p->shaded;
    b->next = c->full;
    c->full = b;
    if (!c->pending && uses_thread(m->vm)) {
        c->pending = true;
        pthread_cond_signal(&c->work);
    }
    b = m->p->shaded = block_take(&c->spare);
    pthread_mutex_unlock(&c->lock);
    return b;
}

GUARDED void mem_shade(M *m, const void *words, size_t bytes) {
    const Heap *h = m->vm->heap;
    MarkBlock *b = m->p->shaded;
    const uint64_t *w = words;
    for (size_t i = 0; i < bytes / 8; i++) {
        uint64_t p = __atomic_load_n(&w[i], __ATOMIC_RELAXED);
        if (p - (uint64_t)(uintptr_t)h->base >= atomic_load_explicit(&h->used, memory_order_relaxed)) continue;
        if (unlikely(b->n == BLOCK_POINTERS)) b = shaded_full(m);
        b->pointers[b->n++] = (const void *)(uintptr_t)p;
    }
}

void concurrent_p_init(Heap *h, P *p) {
    Concurrent *c = &h->concurrent;
    pthread_mutex_lock(&c->lock);
    vec_push(&c->procs, p);
    if (c->on) p->shaded = block_take(&c->spare);
    pthread_mutex_unlock(&c->lock);
}

void mem_child(M *m) { m->p->shaded = NULL; }

/* ---- A cycle -------------------------------------------------------------------------------------------------- */

bool concurrent_is_worth(Heap *h) {
    Vm *vm = h->vm;
    if (vm->stress.sched_seed >= 0 || vm->stress.gc) return false; /* which say when to collect */
    if (vm->stress.mark) return true;
    int64_t live = atomic_load(&h->live_bytes);
    if (vm->nprocs < 2 || live < CONCURRENT_BYTES || sched_count_g(vm) > MANY_GOROUTINES) return false;
    int64_t limit = h->mem_limit < h->limit_goal ? h->mem_limit : h->limit_goal;
    return live < limit / 2; /* what dies meanwhile must not matter */
}

static void scan_some(Marker *mk, uint64_t random) {
    const _Atomic bool at_once = true;
    mk->halt = &at_once;
    for (uint64_t n = (random >> 8) % (1u << random % 8); n; n--) marker_drain(mk);
    mk->halt = NULL;
}

void concurrent_begin(M *m) {
    Vm *vm = m->vm;
    Heap *h = vm->heap;
    Concurrent *c = &h->concurrent;
    int64_t live = atomic_load(&h->live_bytes);
    pthread_mutex_lock(&c->lock);
    c->on = true;
    for (int i = 0; i < c->procs.len; i++) c->procs.at[i]->shaded = block_take(&c->spare);
    atomic_store(&h->trigger, live + live / 4 + LEAST_ROOM);
    if (uses_thread(vm)) {
        h->marker.halt = &c->halt;
        c->pending = thread_start(h);
        pthread_cond_signal(&c->work);
    } else {
        scan_some(&h->marker, rt_rand(m));
    }
    pthread_mutex_unlock(&c->lock);
}

void concurrent_end(Heap *h) {
    Concurrent *c = &h->concurrent;
    Marker *mk = &h->marker;
    pthread_mutex_lock(&c->lock);
    atomic_store(&c->halt, true);
    while (c->active) pthread_cond_wait(&c->idle, &c->lock);
    mk->halt = NULL;
    for (int i = 0; i < c->procs.len; i++) {
        P *p = c->procs.at[i];
        if (!p->shaded) continue; /* the child of a fork */
        p->shaded->next = c->full;
        c->full = p->shaded;
        p->shaded = NULL;
    }
    for (MarkBlock *next, *b = c->full; b; b = next) {
        next = b->next;
        mark_shaded(mk, b);
        b->next = c->spare;
        c->spare = b;
    }
    c->full = NULL;
    MarkBlock *keep = c->spare;
    for (int i = 1; keep && i < KEEP_SPARE; i++) keep = keep->next;
    if (keep) {
        blocks_free(keep->next);
        keep->next = NULL;
    }
    c->on = c->pending = false;
    atomic_store(&c->done, false);
    atomic_store(&c->halt, false);
    pthread_mutex_unlock(&c->lock);
}

/* ---- --stress=mark -------------------------------------------------------------------------------------------- */

/* What refers to the object at p: for the report. */
static void print_referrers(Heap *h, const uint8_t *p, size_t size) {
    int left = 8;
    for (int i = 0; i < h->all.len; i++) {
        const Span *s = h->all.at[i];
        if (s->noscan) continue;
        for (const uint64_t *w = (const uint64_t *)(const void *)s->base, *end = w + ((size_t)s->npages << PAGE_SHIFT) / 8; w < end; w++) {
            if (*w - (uint64_t)(uintptr_t)p >= size || !left) continue;
            uint32_t k = span_index(s, w);
            fprintf(stderr, "  in word %zu of an object of %zu bytes at %p\n", (size_t)((const uint8_t *)w - s->base) / 8 - (size_t)k * s->elem_size / 8,
                    s->cls ? (size_t)s->elem_size : s->large_size, (const void *)(s->base + (size_t)k * s->elem_size));
            left--;
        }
    }
}

bool gc_certain_only(const Marker *mk) { return mk->certain; }

void concurrent_verify(Heap *h) {
    VEC(uint64_t) sets = {0};
    for (int i = 0; i < h->all.len; i++)
        for (size_t k = 0; k < ((size_t)h->all.at[i]->nelems + 63) / 64; k++) vec_push(&sets, h->all.at[i]->mark[k].set);
    marks_begin(h);
    h->marker.certain = true;
    mark_all(h, &h->marker, false);
    h->marker.certain = false;
    int at = 0;
    for (int i = 0; i < h->all.len; i++) {
        const Span *s = h->all.at[i];
        for (size_t k = 0; k < ((size_t)s->nelems + 63) / 64; k++) {
            uint64_t missed = s->mark[k].set & ~sets.at[at];
            s->mark[k].set = sets.at[at++];
            if (!missed) continue;
            const uint8_t *obj = s->base + (k * 64 + (size_t)__builtin_ctzll(missed)) * s->elem_size;
            size_t size = s->cls ? s->elem_size : s->large_size;
            fprintf(stderr, "vole: object at %p, %zu bytes: %016" PRIx64 " ...\n", (const void *)obj, size, *(const uint64_t *)(const void *)obj);
            print_referrers(h, obj, size);
            bug("marking beside the program missed a reachable object: a write barrier is missing");
        }
    }
    vec_free(&sets);
}
