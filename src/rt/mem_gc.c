/* The collector: stop the world, mark from the roots with an explicit stack, sweep bitmaps, set the pace.
 *
 * Roots are scanned by the collecting worker. When the heap is large, helper threads then mark with it: each
 * has a stack of its own, mark bits are set by atomic or, and who has much gives half to a shared list as soon
 * as somebody is idle. The phase ends when all are. */
#include <stdlib.h>
#include <time.h>

#include "rt/mem_int.h"

/* ---- Masks of large types -------------------------------------------------------------------------- */

static void build_mask(const GoType *t, uint8_t *mask, size_t word) {
    if (!t->ptr_bytes) return;
    if (!(t->tflag & TFLAG_MASKONDEMAND)) {
        for (size_t i = 0; i < t->ptr_bytes / 8; i++)
            if (t->gcdata[i >> 3] >> (i & 7) & 1) mask[(word + i) >> 3] |= (uint8_t)(1 << ((word + i) & 7));
        return;
    }
    if (t->kind == KIND_ARRAY) {
        const GoArrayType *a = (const GoArrayType *)t;
        for (uint64_t i = 0; i < a->len; i++) build_mask(a->elem, mask, word + i * a->elem->size / 8);
    } else {
        check(t->kind == KIND_STRUCT);
        const GoStructType *s = (const GoStructType *)t;
        for (int64_t i = 0; i < s->fields.len; i++)
            build_mask(s->fields.p[i].type, mask, word + s->fields.p[i].offset / 8);
    }
}

/* With TFLAG_MASKONDEMAND gcdata points to a word that caches the mask (never freed: one a type). */
const uint8_t *type_ptrmask(const GoType *t) {
    if (likely(!(t->tflag & TFLAG_MASKONDEMAND))) return t->gcdata;
    uint8_t **cache = (uint8_t **)(uintptr_t)t->gcdata;
    uint8_t *m = __atomic_load_n(cache, __ATOMIC_ACQUIRE);
    if (m) return m;
    m = calloc(t->ptr_bytes / 64 + 2, 8);
    if (!m) base_oom();
    build_mask(t, m, 0);
    uint8_t *none = NULL;
    if (__atomic_compare_exchange_n(cache, &none, m, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) return m;
    free(m);
    return none;
}

/* ---- Marking ------------------------------------------------------------------------------------------ */

static void push(Marker *mk, uint8_t *obj, Span *s) {
    if (unlikely(mk->n == mk->cap)) {
        mk->cap = mk->cap ? mk->cap * 2 : 4096;
        mk->stack = realloc(mk->stack, mk->cap * sizeof *mk->stack);
        if (!mk->stack) base_oom();
    }
    mk->stack[mk->n++] = (MarkItem){obj, s};
}

static inline void mark(Marker *mk, const void *p) {
    Span *s = span_of(mk->heap, p);
    if (!s) return;
    uint32_t i = span_index(s, p);
    if (unlikely(i >= s->nelems)) return;
    uint64_t bit = 1ull << (i & 63), *w = &s->mark[i >> 6];
    if (__atomic_load_n(w, __ATOMIC_RELAXED) & bit || !(s->live[i >> 6] & bit)) return;
    if (!mk->parallel) *w |= bit;
    else if (__atomic_fetch_or(w, bit, __ATOMIC_RELAXED) & bit) return;
    if (s->noscan) return;
    push(mk, s->base + (size_t)i * s->elem_size, s);
}

void gc_mark(Marker *mk, const void *p) { mark(mk, p); }

void gc_mark_words(Marker *mk, void *const *p, size_t nwords, const uint8_t *mask) {
    if (!mask) {
        for (size_t i = 0; i < nwords; i++) mark(mk, p[i]);
        return;
    }
    for (size_t i = 0; i < nwords; i += 8)
        for (unsigned b = mask[i >> 3]; b; b &= b - 1) {
            size_t k = i + (size_t)__builtin_ctz(b);
            if (k < nwords) mark(mk, p[k]);
        }
}

static void scan_typed(Marker *mk, uint8_t *obj, size_t size, uint64_t hdr) {
    if (!hdr) return;
    if (hdr & 1) {
        gc_mark_words(mk, (void **)obj, size / 8, (const uint8_t *)(uintptr_t)(hdr - 1));
        return;
    }
    const GoType *t = (const GoType *)(uintptr_t)hdr;
    if (t->size == 8) {
        gc_mark_words(mk, (void **)obj, size / 8, NULL);
        return;
    }
    const uint8_t *mask = type_ptrmask(t);
    for (size_t off = 0; off + t->size <= size; off += t->size)
        gc_mark_words(mk, (void **)(obj + off), t->ptr_bytes / 8, mask);
}

void marker_scan_object(Marker *mk, uint8_t *obj, Span *s) {
    if (s->noscan) return;
    if (s->ptrbits) {
        size_t w = (size_t)(obj - s->base) >> 3, n = s->elem_size >> 3;
        unsigned sh = w & 63;
        uint64_t bits = s->ptrbits[w >> 6] >> sh;
        if (sh) bits |= s->ptrbits[(w >> 6) + 1] << (64 - sh);
        if (n < 64) bits &= (1ull << n) - 1;
        for (; bits; bits &= bits - 1) mark(mk, ((void **)obj)[__builtin_ctzll(bits)]);
    } else if (s->cls) {
        scan_typed(mk, obj + 8, s->elem_size - 8, *(uint64_t *)obj);
    } else {
        scan_typed(mk, obj, s->large_size, s->hdr);
    }
}

/* Objects wait in a short queue between the stack and their scan, while their memory comes into the cache. */
enum { AHEAD = 8, SHARE_MIN = 128, SHARE_CHUNK = 256 };

static void give(Marker *mk) {
    MarkShare *sh = &mk->heap->share;
    size_t n = mk->n / 2; /* the older half: near the roots, so likely to lead to much */
    pthread_mutex_lock(&sh->lock);
    for (size_t i = 0; i < n; i++) vec_push(&sh->items, mk->stack[i]);
    pthread_cond_broadcast(&sh->cond);
    pthread_mutex_unlock(&sh->lock);
    memmove(mk->stack, mk->stack + n, (mk->n - n) * sizeof *mk->stack);
    mk->n -= n;
}

void marker_drain(Marker *mk) {
    MarkItem ahead[AHEAD];
    unsigned head = 0, count = 0, turn = 0;
    MarkShare *sh = &mk->heap->share;
    while (mk->n || count) {
        if (mk->n && count < AHEAD) {
            MarkItem it = mk->stack[--mk->n];
            __builtin_prefetch(it.obj);
            ahead[(head + count++) % AHEAD] = it;
            continue;
        }
        MarkItem it = ahead[head];
        head = (head + 1) % AHEAD;
        count--;
        marker_scan_object(mk, it.obj, it.span);
        if (mk->parallel && mk->n > SHARE_MIN && ++turn % 64 == 0 &&
            atomic_load_explicit(&sh->idle, memory_order_relaxed) > 0)
            give(mk);
    }
}

/* Works until all markers of the phase have nothing left. */
static void drain_shared(Marker *mk) {
    MarkShare *sh = &mk->heap->share;
    for (;;) {
        marker_drain(mk);
        pthread_mutex_lock(&sh->lock);
        if (!sh->items.len) {
            if (atomic_fetch_add(&sh->idle, 1) + 1 == sh->nworkers) {
                sh->done = true;
                pthread_cond_broadcast(&sh->cond);
            }
            while (!sh->items.len && !sh->done) pthread_cond_wait(&sh->cond, &sh->lock);
            if (!sh->items.len) {
                pthread_mutex_unlock(&sh->lock);
                return;
            }
            atomic_fetch_sub(&sh->idle, 1);
        }
        for (int i = 0; i < SHARE_CHUNK && sh->items.len; i++) {
            MarkItem it = vec_pop(&sh->items);
            push(mk, it.obj, it.span);
        }
        pthread_mutex_unlock(&sh->lock);
    }
}

static void *helper(void *arg) {
    Marker *mk = arg;
    MarkShare *sh = &mk->heap->share;
    uint64_t phase = 0;
    pthread_mutex_lock(&sh->lock);
    while (!sh->quit) {
        if (sh->phase == phase) {
            pthread_cond_wait(&sh->cond, &sh->lock);
            continue;
        }
        phase = sh->phase;
        pthread_mutex_unlock(&sh->lock);
        drain_shared(mk);
        pthread_mutex_lock(&sh->lock);
        sh->running--;
        pthread_cond_broadcast(&sh->cond);
    }
    pthread_mutex_unlock(&sh->lock);
    return NULL;
}

/* Drains the heap's marker with the help of nhelpers threads, which are started when first wanted. */
void marker_drain_parallel(Heap *h, int nhelpers) {
    MarkShare *sh = &h->share;
    Marker *mk = &h->marker;
    pthread_mutex_lock(&sh->lock);
    while (sh->nthreads < nhelpers) {
        Marker *x = &sh->helpers[sh->nthreads];
        x->heap = h;
        x->parallel = true;
        if (pthread_create(&sh->threads[sh->nthreads], NULL, helper, x)) break;
        sh->nthreads++;
    }
    atomic_store(&sh->idle, 0);
    sh->done = false;
    sh->nworkers = sh->nthreads + 1;
    sh->running = sh->nthreads;
    sh->phase++;
    pthread_cond_broadcast(&sh->cond);
    pthread_mutex_unlock(&sh->lock);
    mk->parallel = true;
    drain_shared(mk);
    mk->parallel = false;
    pthread_mutex_lock(&sh->lock);
    while (sh->running) pthread_cond_wait(&sh->cond, &sh->lock);
    pthread_mutex_unlock(&sh->lock);
}

void marker_end(Heap *h) {
    MarkShare *sh = &h->share;
    pthread_mutex_lock(&sh->lock);
    sh->quit = true;
    pthread_cond_broadcast(&sh->cond);
    pthread_mutex_unlock(&sh->lock);
    for (int i = 0; i < sh->nthreads; i++) {
        pthread_join(sh->threads[i], NULL);
        free(sh->helpers[i].stack);
    }
    vec_free(&sh->items);
    free(h->marker.stack);
    pthread_mutex_destroy(&sh->lock);
    pthread_cond_destroy(&sh->cond);
}

bool gc_is_marked(Heap *h, const void *p) {
    Span *s = span_of(h, p);
    if (!s) return true;
    uint32_t i = span_index(s, p);
    return i >= s->nelems || bit_get(s->mark, i);
}

static void mark_g(void *ctx, G *g) {
    Marker *mk = ctx;
    Heap *h = mk->heap;
    mark(mk, g->panic_value.data);
    mark(mk, g->native_call);
    mark(mk, g->labels);
    mark(mk, g->wait.elem);
    mark(mk, g->wait.chan);
    mark(mk, g->wait.key);
    mark(mk, g->bubble);
    if (h->hooks.scan_g) h->hooks.scan_g(h->vm, g, mk);
    if (!h->helpers) marker_drain(mk);
}

/* ---- Sweep and pace --------------------------------------------------------------------------------------- */

static uint64_t sweep(Heap *h) {
    uint64_t live_bytes = 0;
    memset(h->partial, 0, sizeof h->partial);
    for (int i = h->all.len - 1; i >= 0; i--) {
        Span *s = h->all.at[i];
        uint32_t n = 0;
        size_t nw = ((size_t)s->nelems + 63) / 64;
        for (size_t k = 0; k < nw; k++) n += (uint32_t)__builtin_popcountll(s->mark[k]);
        size_t size = s->cls ? s->elem_size : s->large_size;
        h->frees += s->nlive - n;
        h->freed_bytes += (uint64_t)(s->nlive - n) * size;
        if (!n) {
            span_free(h, s);
            continue;
        }
        live_bytes += (uint64_t)n * size;
        if (s->nlive != n) memcpy(s->live, s->mark, nw * 8);
        memset(s->mark, 0, nw * 8);
        s->nlive = n;
        s->next = NULL;
        if (s->cls && n < s->nelems) {
            s->next = h->partial[s->noscan][s->cls];
            h->partial[s->noscan][s->cls] = s;
        }
    }
    return live_bytes;
}

void heap_pace(Heap *h, uint64_t live) {
    int64_t goal = INT64_MAX;
    if (h->gc_percent >= 0) {
        uint64_t min = (uint64_t)(4 << 20) * (uint64_t)h->gc_percent / 100;
        uint64_t g = live + (live + h->stack_inuse) * (uint64_t)h->gc_percent / 100;
        goal = (int64_t)(g > min ? g : min);
    }
    if (h->mem_limit != INT64_MAX) {
        int64_t other = (int64_t)(h->stack_sys + (h->free_pages - h->released_pages) * PAGE_SIZE / 8);
        int64_t room = h->mem_limit - other, least = (int64_t)(live + live / 20 + (1 << 16));
        if (room < least) room = least; /* do not collect without end */
        if (room < goal) goal = room;
    }
    atomic_store(&h->trigger, goal);
}

static uint64_t wall_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void gc_collect(M *m, bool forced) {
    Vm *vm = m->vm;
    Heap *h = vm->heap;
    sched_stop_world(m, forced ? "runtime.GC" : "garbage collection");
    if (!forced && !vm->stress.gc && !gc_needed(h)) { /* another M was quicker */
        sched_start_world(m);
        return;
    }
    uint64_t start = time_now_ns();
    h->collecting = true;
    heap_flush_all(h);
    if (h->hooks.before_mark) h->hooks.before_mark(vm, m);
    heap_flush_all(h);
    Marker *mk = &h->marker;
    mk->n = 0;
    /* Helpers cost some 50 us to wake. */
    enum { PARALLEL_MIN = 8 << 20 };
    h->helpers = atomic_load(&h->live_bytes) < PARALLEL_MIN ? 0 : (int)vm->nprocs - 1;
    if (h->helpers > MAX_HELPERS) h->helpers = MAX_HELPERS;
    for (int i = 0; i < h->roots.len; i++) gc_mark_words(mk, h->roots.at[i].p, h->roots.at[i].n, NULL);
    if (h->hooks.scan_roots) h->hooks.scan_roots(vm, mk);
    if (!h->helpers) marker_drain(mk);
    sched_each_g(vm, mark_g, mk);
    if (h->helpers) marker_drain_parallel(h, h->helpers);
    specials_mark(h, mk);
    marker_drain(mk);
    specials_finish(h, mk);
    if (mk->cap > 1 << 20) { /* 16 MB are kept at most */
        free(mk->stack);
        mk->stack = NULL;
        mk->cap = 0;
    }
    uint64_t live = sweep(h);
    atomic_store(&h->live_bytes, (int64_t)live);
    heap_pace(h, live);
    heap_scavenge(h, h->inuse_pages / 10 + (forced ? 128 : 1024));
    uint64_t end = time_now_ns();
    h->pause_ns[h->ngc % 256] = end - start;
    h->last_gc = h->pause_end[h->ngc % 256] = wall_ns();
    h->pause_total += end - start;
    h->ngc++;
    if (forced) h->nforced++;
    h->collecting = false;
    bool wake = h->queue_at < h->queue.len;
    sched_start_world(m);
    if (wake && h->hooks.run_finalizers) h->hooks.run_finalizers(vm, m);
}

void gc_run(M *m) { gc_collect(m, true); }

int32_t gc_set_percent(M *m, int32_t percent) {
    Heap *h = m->vm->heap;
    int32_t old = h->gc_percent;
    h->gc_percent = percent < 0 ? -1 : percent;
    heap_pace(h, (uint64_t)atomic_load(&h->live_bytes));
    return old;
}

void mem_release_os(M *m) {
    gc_collect(m, true);
    Heap *h = m->vm->heap;
    pthread_mutex_lock(&h->lock);
    heap_scavenge(h, 0);
    pthread_mutex_unlock(&h->lock);
}
