/* Marking. A Marker is one worker's state: blocks of objects that are marked but not scanned. Objects pass
 * through a short ring between stack and scan, so that the prefetch of their words has time to finish.
 *
 * In a large heap helper threads mark too. Spans are dealt out to as many parts as there are workers, and the objects of a part
 * are marked only by the worker that has it at the time: mark bits need no atomic operations, and their cache lines stay where
 * they are (with shared ones two workers were no faster than one). A pointer into another part goes to that part's inbox, in
 * blocks: when one is full, or when somebody is hungry. What is marked may be scanned by anybody: the hungry get it through a
 * pool. Slabs of goroutines are scanned by anybody, too. A worker whose inbox is empty may change to another part that nobody
 * has. A helper that wakes up too late finds the phase closed and goes back to sleep: nobody waits for it. Marking is finished
 * when every worker that joined is hungry, and slabs, pool and inboxes are empty. */
#include <stdlib.h>

#include "rt/mem_int.h"

enum { BLOCK_ITEMS = 510, RING = 16, PIECE_BYTES = 16 << 10, SHARE_EVERY = 64, MAX_HELPERS = MARK_PARTS - 1 };
enum { NO_PART = MARK_PARTS };

typedef struct MarkItem { uint8_t *obj; Span *span; } MarkItem;
struct MarkBlock {
    MarkBlock *next;
    uint32_t n;
    MarkItem items[BLOCK_ITEMS];
};

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

/* ---- Blocks ------------------------------------------------------------------------------------------- */

static MarkBlock *block_new(Marker *mk) {
    MarkBlock *b = mk->spare;
    if (b) mk->spare = b->next;
    else if (!(b = malloc(sizeof *b))) base_oom();
    b->n = 0;
    b->next = NULL;
    return b;
}

static __attribute__((noinline)) void push_slow(Marker *mk) {
    MarkBlock *b = block_new(mk);
    b->next = mk->block;
    mk->block = b;
}

static inline void push(Marker *mk, uint8_t *obj, Span *s) {
    MarkBlock *b = mk->block;
    if (unlikely(b->n == BLOCK_ITEMS)) {
        push_slow(mk);
        b = mk->block;
    }
    b->items[b->n++] = (MarkItem){obj, s};
}

static inline uint8_t *pop(Marker *mk, Span **span) {
    MarkBlock *b = mk->block;
    if (unlikely(!b->n)) {
        if (!b->next) return NULL;
        mk->block = b->next;
        b->next = mk->spare;
        mk->spare = b;
        b = mk->block;
        if (!b->n) return NULL;
    }
    const MarkItem *it = &b->items[--b->n];
    *span = it->span;
    return it->obj;
}

void marker_init(Marker *mk, Heap *h) {
    mk->heap = h;
    mk->shared = false;
    mk->part = NO_PART;
    if (!mk->block) mk->block = block_new(mk);
}

static void blocks_free(MarkBlock *b) {
    for (MarkBlock *next; b; b = next) {
        next = b->next;
        free(b);
    }
}

/* Keeps a few blocks for the next time. */
void marker_trim(Marker *mk) {
    MarkBlock *b = mk->spare;
    for (int i = 0; b && i < 4; i++) b = b->next;
    if (!b) return;
    blocks_free(b->next);
    b->next = NULL;
}

void marker_free(Marker *mk) {
    blocks_free(mk->block);
    blocks_free(mk->spare);
    mk->block = mk->spare = NULL;
}

/* ---- Marking and scanning ----------------------------------------------------------------------------- */

/* What the inner loop reads of the heap, in registers. */
typedef struct View { uint8_t *base; size_t used; Span **pages; } View;
static inline View view_of(const Heap *h) { return (View){h->base, h->used, h->pages}; }

/* ---- Objects of other parts ---- */

/* There is work, or the end has come. par->lock is held. */
static void announce(MarkPar *par) {
    atomic_store_explicit(&par->news, par->news + 1, memory_order_relaxed);
    if (atomic_load_explicit(&par->hungry, memory_order_relaxed)) pthread_cond_broadcast(&par->cond);
}

/* Of a hungry worker: looks for news for some 20 microseconds before it sleeps, since waking up takes as long. par->lock is held
 * before and after. */
static void await_news(MarkPar *par) {
    uint32_t seen = par->news;
    pthread_mutex_unlock(&par->lock);
    for (int i = 0; i < 500 && atomic_load_explicit(&par->news, memory_order_relaxed) == seen; i++) __builtin_ia32_pause();
    pthread_mutex_lock(&par->lock);
    if (par->news == seen) pthread_cond_wait(&par->cond, &par->lock);
}

/* par->lock is held. */
static void deliver(Marker *mk, uint32_t part) {
    MarkPar *par = &mk->heap->par;
    MarkBlock *b = mk->out[part];
    if (!b || !b->n) return;
    mk->out[part] = NULL;
    b->next = par->inbox[part];
    par->inbox[part] = b;
    announce(par);
}

static void deliver_all(Marker *mk) {
    for (uint32_t i = 0; i < mk->heap->par.nparts; i++) deliver(mk, i);
}

/* To the hungry: all that was found for others, and the older half of this worker's newest block, or a whole block. */
static __attribute__((noinline)) void share(Marker *mk) {
    MarkPar *par = &mk->heap->par;
    MarkBlock *cur = mk->block, *b = cur->next;
    uint32_t n = cur->n / 2;
    if (b && b->n) {
        cur->next = b->next;
    } else if (n) {
        b = block_new(mk);
        memcpy(b->items, cur->items, n * sizeof *b->items);
        memmove(cur->items, cur->items + n, (cur->n - n) * sizeof *cur->items);
        b->n = n;
        cur->n -= n;
    } else {
        b = NULL;
    }
    pthread_mutex_lock(&par->lock);
    if (b) {
        b->next = par->pool;
        par->pool = b;
        announce(par);
    }
    deliver_all(mk);
    pthread_mutex_unlock(&par->lock);
}

static __attribute__((noinline)) MarkBlock *out_block(Marker *mk, uint32_t part) {
    if (mk->out[part]) {
        pthread_mutex_lock(&mk->heap->par.lock);
        deliver(mk, part);
        pthread_mutex_unlock(&mk->heap->par.lock);
    }
    return mk->out[part] = block_new(mk);
}

static inline void send(Marker *mk, uint32_t part, const void *p, Span *s) {
    MarkBlock *b = mk->out[part];
    if (unlikely(!b || b->n == BLOCK_ITEMS)) b = out_block(mk, part);
    b->items[b->n++] = (MarkItem){(uint8_t *)(uintptr_t)p, s};
}

/* Small spans have 64 KB or a little more. */
static inline uint32_t part_of(const Marker *mk, const Span *s) {
    return (uint32_t)((uintptr_t)s->base >> 16) & mk->part_mask;
}

/* An object of this worker's. Free and large spans have magic 0; free ones no elements: no more tests are needed. */
static inline __attribute__((always_inline)) void mark_own(Marker *mk, const void *p, Span *s) {
    uint32_t i = (uint32_t)(((size_t)((const uint8_t *)p - s->base) * s->magic) >> 32);
    if (unlikely(i >= s->nelems)) return;
    uint64_t bit = 1ull << (i & 63), *w = &s->mark[i >> 6];
    if (*w & bit || !(s->live[i >> 6] & bit)) return;
    *w |= bit;
    if (!s->noscan) push(mk, s->base + (size_t)i * s->elem_size, s);
}

static inline __attribute__((always_inline)) void mark(Marker *mk, const View *v, const void *p) {
    size_t off = (size_t)((const uint8_t *)p - v->base);
    if (off >= v->used) return;
    Span *s = v->pages[off >> PAGE_SHIFT];
    if (unlikely(!s)) return;
    if (mk->shared) {
        uint32_t part = part_of(mk, s);
        if (part != mk->part) {
            send(mk, part, p, s);
            return;
        }
    }
    mark_own(mk, p, s);
}

static inline void mark_masked(Marker *mk, const View *v, void *const *p, size_t nwords, const uint8_t *mask) {
    for (size_t i = 0; i < nwords; i += 8)
        for (unsigned b = mask[i >> 3]; b; b &= b - 1) {
            size_t k = i + (size_t)__builtin_ctz(b);
            if (k < nwords) mark(mk, v, p[k]);
        }
}

void gc_mark(Marker *mk, const void *p) {
    View v = view_of(mk->heap);
    mark(mk, &v, p);
}

void gc_mark_words(Marker *mk, void *const *p, size_t nwords, const uint8_t *mask) {
    View v = view_of(mk->heap);
    if (mask) mark_masked(mk, &v, p, nwords, mask);
    else
        for (size_t i = 0; i < nwords; i++) mark(mk, &v, p[i]);
}

/* Elements of type t from obj up to end; a large array in pieces: the rest waits on the stack. */
static void scan_elems(Marker *mk, const View *v, uint8_t *obj, uint8_t *end, const GoType *t, Span *large) {
    if ((size_t)(end - obj) > PIECE_BYTES && large) {
        size_t n = PIECE_BYTES / t->size;
        uint8_t *rest = obj + (n ? n : 1) * t->size;
        if (rest < end) {
            push(mk, rest, large);
            end = rest;
        }
    }
    if (t->size == 8) {
        for (; obj < end; obj += 8) mark(mk, v, *(void **)obj);
        return;
    }
    const uint8_t *mask = type_ptrmask(t);
    for (; obj + t->size <= end; obj += t->size) mark_masked(mk, v, (void **)obj, t->ptr_bytes / 8, mask);
}

static __attribute__((noinline)) void scan_typed(Marker *mk, const View *v, uint8_t *obj, uint8_t *end, uint64_t hdr, Span *large) {
    if (!hdr) return;
    if (hdr & 1) mark_masked(mk, v, (void **)obj, (size_t)(end - obj) / 8, (const uint8_t *)(uintptr_t)(hdr - 1));
    else scan_elems(mk, v, obj, end, (const GoType *)(uintptr_t)hdr, large);
}

static inline __attribute__((always_inline)) void scan(Marker *mk, const View *v, uint8_t *obj, Span *s) {
    if (likely(s->ptrbits != NULL)) {
        size_t w = (size_t)(obj - s->base) >> 3;
        unsigned sh = w & 63;
        const uint64_t *pb = &s->ptrbits[w >> 6];
        uint64_t bits = pb[0] >> sh | pb[1] << 1 << (63 - sh);
        bits &= s->elem_mask;
        for (; bits; bits &= bits - 1) mark(mk, v, ((void **)obj)[__builtin_ctzll(bits)]);
    } else if (s->cls) {
        scan_typed(mk, v, obj + 8, obj + s->elem_size, *(uint64_t *)obj, NULL);
    } else {
        scan_typed(mk, v, obj, s->base + s->large_size, s->hdr, s);
    }
}

void marker_scan_object(Marker *mk, uint8_t *obj, Span *s) {
    View v = view_of(mk->heap);
    if (!s->noscan) scan(mk, &v, obj, s);
}

void marker_drain(Marker *mk) {
    View v = view_of(mk->heap);
    /* Two arrays: a pair would be copied as 16 bytes, which stalls on the two stores that made it. */
    uint8_t *objs[RING], *obj;
    Span *spans[RING], *span;
    uint32_t head = 0, n = 0, count = 0;
    for (;;) {
        while (n < RING && (obj = pop(mk, &span))) {
            __builtin_prefetch(obj);
            if (span->ptrbits) {
                __builtin_prefetch(&span->ptrbits[(size_t)(obj - span->base) >> 9]);
                if (span->elem_size > 32) __builtin_prefetch(obj + span->elem_size - 8);
            }
            uint32_t k = (head + n++) % RING;
            objs[k] = obj;
            spans[k] = span;
        }
        if (!n) return;
        obj = objs[head % RING];
        span = spans[head % RING];
        head++;
        n--;
        scan(mk, &v, obj, span);
        if (mk->shared && ++count % SHARE_EVERY == 0 &&
            atomic_load_explicit(&mk->heap->par.hungry, memory_order_relaxed))
            share(mk);
    }
}

bool gc_is_marked(Heap *h, const void *p) {
    Span *s = span_of(h, p);
    if (!s) return true;
    uint32_t i = span_index(s, p);
    return i >= s->nelems || bit_get(s->mark, i);
}

void mark_g(void *ctx, G *g) {
    Marker *mk = ctx;
    Heap *h = mk->heap;
    void *words[] = {g->native_call, g->labels, g->wait.elem, g->wait.chan,
                     g->bubble};
    gc_mark_words(mk, words, ARRAY_LEN(words), NULL);
    if (h->hooks.scan_g) h->hooks.scan_g(h->vm, g, mk);
}

/* ---- Several workers ------------------------------------------------------------------------------------ */

static void receive(Marker *mk, MarkBlock *b) {
    for (uint32_t i = 0; i < b->n; i++) mark_own(mk, b->items[i].obj, b->items[i].span);
    b->next = mk->spare;
    mk->spare = b;
    marker_drain(mk);
}

/* A part that nobody has, with something in its inbox if there is one; else NO_PART. */
static uint32_t free_part(const MarkPar *par) {
    uint32_t any = NO_PART;
    for (uint32_t i = 0; i < par->nparts; i++) {
        if (par->taken >> i & 1) continue;
        if (par->inbox[i]) return i;
        any = i;
    }
    return any;
}

static void take_part(Marker *mk, uint32_t part) {
    MarkPar *par = &mk->heap->par;
    if (mk->part != NO_PART) par->taken &= ~(1u << mk->part);
    mk->part = part;
    if (part != NO_PART) par->taken |= 1u << part;
}

static bool all_empty(const MarkPar *par) {
    for (uint32_t i = 0; i < par->nparts; i++)
        if (par->inbox[i]) return false;
    return !par->pool && !par->slab;
}

static bool has_work(const MarkPar *par, const Marker *mk) {
    uint32_t other = free_part(par);
    return par->pool || (mk->part != NO_PART && par->inbox[mk->part]) || (other != NO_PART && par->inbox[other]);
}

/* Until everything is marked. par->lock is held before and after. */
static void mark_work(Heap *h, Marker *mk) {
    MarkPar *par = &h->par;
    for (;;) {
        uint32_t other = free_part(par);
        if (other != NO_PART && (mk->part == NO_PART || (!par->inbox[mk->part] && par->inbox[other]))) take_part(mk, other);
        MarkBlock *b;
        if (mk->part != NO_PART && (b = par->inbox[mk->part])) {
            par->inbox[mk->part] = NULL;
            pthread_mutex_unlock(&par->lock);
            for (MarkBlock *next; b; b = next) {
                next = b->next;
                receive(mk, b);
            }
        } else if ((b = par->pool)) {
            par->pool = b->next;
            pthread_mutex_unlock(&par->lock);
            b->next = mk->block; /* ours is empty; pop passes over it */
            mk->block = b;
            MarkBlock *empty = b->next;
            b->next = empty->next;
            empty->next = mk->spare;
            mk->spare = empty;
            marker_drain(mk);
        } else if (par->slab) {
            struct GSlab *slab = par->slab;
            par->slab = sched_slab_next(slab);
            pthread_mutex_unlock(&par->lock);
            sched_slab_each_g(slab, mark_g, mk);
            marker_drain(mk);
        } else {
            if (atomic_fetch_add(&par->hungry, 1) + 1 == par->joined && all_empty(par)) {
                par->open = false;
                announce(par);
            }
            while (par->open && !has_work(par, mk)) await_news(par);
            if (!par->open) break;
            atomic_fetch_sub(&par->hungry, 1);
            continue;
        }
        pthread_mutex_lock(&par->lock);
        deliver_all(mk);
    }
    take_part(mk, NO_PART);
}

static void *helper_main(void *arg) {
    Heap *h = arg;
    MarkPar *par = &h->par;
    Marker mk = {0};
    marker_init(&mk, h);
    mk.shared = true;
    uint64_t seen = 0;
    pthread_mutex_lock(&par->lock);
    while (!par->quit) {
        if (!par->open || par->phase == seen) {
            pthread_cond_wait(&par->start, &par->lock);
            continue;
        }
        seen = par->phase;
        mk.part_mask = par->nparts - 1;
        par->busy++;
        par->joined++;
        mark_work(h, &mk);
        marker_trim(&mk);
        if (!--par->busy) pthread_cond_broadcast(&par->cond);
    }
    pthread_mutex_unlock(&par->lock);
    marker_free(&mk);
    return NULL;
}

static void helpers_start(Heap *h) {
    MarkPar *par = &h->par;
    uint32_t want = h->vm->nprocs - 1;
    if (want > MAX_HELPERS) want = MAX_HELPERS;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    while (par->nhelpers < want && !pthread_create(&par->threads[par->nhelpers], &attr, helper_main, h))
        par->nhelpers++;
    pthread_attr_destroy(&attr);
}

void mark_helpers_stop(Heap *h) {
    MarkPar *par = &h->par;
    pthread_mutex_lock(&par->lock);
    par->quit = true;
    pthread_cond_broadcast(&par->start);
    pthread_mutex_unlock(&par->lock);
    for (uint32_t i = 0; i < par->nhelpers; i++) pthread_join(par->threads[i], NULL);
    pthread_mutex_destroy(&par->lock);
    pthread_cond_destroy(&par->cond);
    pthread_cond_destroy(&par->start);
}

void mark_init(Heap *h) {
    pthread_mutex_init(&h->par.lock, NULL);
    pthread_cond_init(&h->par.cond, NULL);
    pthread_cond_init(&h->par.start, NULL);
}

/* Everything that is reachable from the roots; specials are not looked at. */
void mark_roots(Heap *h, Marker *mk, bool parallel) {
    MarkPar *par = &h->par;
    for (int i = 0; i < h->roots.len; i++) gc_mark_words(mk, h->roots.at[i].p, h->roots.at[i].n, NULL);
    if (h->hooks.scan_roots) h->hooks.scan_roots(h->vm, mk);
    if (h->vm->sched) timer_mark(h->vm, mk, false);
    struct GSlab *slab = sched_slab_first(h->vm);
    if (!parallel) {
        marker_drain(mk);
        for (; slab; slab = sched_slab_next(slab)) {
            sched_slab_each_g(slab, mark_g, mk);
            marker_drain(mk);
        }
        return;
    }
    helpers_start(h);
    pthread_mutex_lock(&par->lock);
    par->slab = slab;
    par->nparts = 1;
    while (par->nparts < par->nhelpers + 1) par->nparts *= 2;
    par->pool = NULL;
    par->joined = 1;
    atomic_store(&par->hungry, 0);
    par->open = true;
    par->phase++;
    pthread_cond_broadcast(&par->start);
    mk->shared = true;
    mk->part_mask = par->nparts - 1;
    take_part(mk, 0); /* with the roots, which are on its stack */
    pthread_mutex_unlock(&par->lock);
    marker_drain(mk);
    pthread_mutex_lock(&par->lock);
    deliver_all(mk);
    mark_work(h, mk);
    while (par->busy) pthread_cond_wait(&par->cond, &par->lock);
    pthread_mutex_unlock(&par->lock);
    mk->shared = false;
}
