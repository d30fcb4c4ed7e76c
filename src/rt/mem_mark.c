/* Marking. A Marker is one worker's state. What is marked but not scanned waits in the bitmaps of its span, and the span in the
 * worker's queue: the oldest first, so that many of its objects have come together by then and are scanned in the order of their
 * addresses (as Go's collector does since 1.25). Large objects, and what workers give each other, wait in blocks. Objects pass
 * through a short ring before they are scanned, so that the prefetch of their words has time to finish. How several workers mark
 * together: see mem_workers.c. */
#include <stdlib.h>

#include "rt/mem_mark.h"

enum { RING = 32, PIECE_BYTES = 16 << 10, MAX_PIECES = 256, SHARE_EVERY = 64, KEEP_BLOCKS = 4, AHEAD = 64 /* pointers */ };

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

MarkBlock *block_take(MarkBlock **spare) {
    MarkBlock *b = *spare;
    if (b) *spare = b->next;
    else if (!(b = malloc(sizeof *b))) base_oom();
    b->n = 0;
    b->next = NULL;
    return b;
}

static __attribute__((noinline)) void push_slow(Marker *mk) {
    MarkBlock *b = block_take(&mk->spare);
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

/* ---- Spans with objects to scan ------------------------------------------------------------------- */

static inline void queue_put(Marker *mk, Span *s) {
    s->queue = NULL;
    if (mk->queue) mk->queue_end->queue = s;
    else mk->queue = s;
    mk->queue_end = s;
}

/* The next object of the current MarkWord. */
static inline uint8_t *bits_next(Marker *mk, Span **span) {
    uint32_t i = mk->word * 64 + (uint32_t)__builtin_ctzll(mk->bits);
    mk->bits &= mk->bits - 1;
    *span = mk->span;
    return mk->span->base + (size_t)i * mk->span->elem_size;
}

/* The next object, with its span; NULL: there is none. */
static inline uint8_t *queue_next(Marker *mk, Span **span) {
    while (!mk->bits) {
        if (!mk->words) {
            Span *s = mk->queue;
            if (!s) return NULL;
            mk->queue = s->queue;
            mk->span = s;
            mk->words = s->dirty;
            s->dirty = 0;
        }
        MarkWord *w = &mk->span->mark[mk->word = (uint32_t)__builtin_ctzll(mk->words)];
        mk->words &= mk->words - 1;
        mk->bits = w->todo;
        w->todo = 0;
    }
    return bits_next(mk, span);
}

void queue_to_blocks(Marker *mk, uint32_t n) {
    uint8_t *obj;
    for (Span *s; n-- && (obj = queue_next(mk, &s));) push(mk, obj, s);
}

void marker_init(Marker *mk, Heap *h) {
    mk->heap = h;
    mk->shared = false;
    if (!mk->block) mk->block = block_take(&mk->spare);
}

void blocks_free(MarkBlock *b) {
    for (MarkBlock *next; b; b = next) {
        next = b->next;
        free(b);
    }
}

void blocks_trim(MarkBlock *b) {
    for (int i = 1; b && i < KEEP_BLOCKS; i++) b = b->next;
    if (!b) return;
    blocks_free(b->next);
    b->next = NULL;
}

void marker_trim(Marker *mk) {
    blocks_trim(mk->spare);
    blocks_trim(mk->received);
}

void marker_free(Marker *mk) {
    blocks_free(mk->block);
    blocks_free(mk->spare);
    blocks_free(mk->received);
    mk->block = mk->spare = mk->received = NULL;
}

/* ---- Marking and scanning ----------------------------------------------------------------------------- */

/* What the inner loop reads of the heap, in registers. */
typedef struct View { uint8_t *base; size_t used; Span **pages; } View;
static inline View view_of(const Heap *h) { return (View){h->base, h->used, h->pages}; }

/* Small spans have 64 KB or a little more. */
static inline uint32_t part_of(const Marker *mk, const Span *s) {
    return (uint32_t)((uintptr_t)s->base >> 16) & mk->part_mask;
}

/* An object of this worker's. Free and large spans have magic 0; free ones no elements: no more tests are needed. */
static inline __attribute__((always_inline)) void mark_own(Marker *mk, const void *p, Span *s) {
    uint32_t i = (uint32_t)(((size_t)((const uint8_t *)p - s->base) * s->magic) >> 32);
    if (unlikely(i >= s->nelems)) return;
    uint64_t bit = 1ull << (i & 63);
    MarkWord *w = &s->mark[i >> 6];
    if (w->set & bit) return;
    w->set |= bit;
    if (s->noscan) return;
    if (unlikely(!s->cls)) {
        push(mk, s->base, s);
        return;
    }
    w->todo |= bit;
    if (!s->dirty) queue_put(mk, s);
    s->dirty |= 1ull << (i >> 6);
}

void mark_block(Marker *mk, const MarkBlock *b) {
    View v = view_of(mk->heap);
    for (uint32_t i = 0; i < b->n; i++) {
        const uint8_t *p = b->pointers[i];
        __builtin_prefetch(&b->pointers[i + AHEAD]); /* where another worker filled it */
        mark_own(mk, p, v.pages[(size_t)(p - v.base) >> PAGE_SHIFT]);
    }
}

/* The block for pointers into a part is full. */
static __attribute__((noinline)) MarkBlock *out_block(Marker *mk, uint32_t part) {
    MarkBlock *b = mk->out[part];
    if (part == mk->part) {
        mark_block(mk, b);
        b->n = 0;
        return b;
    }
    workers_send(mk, part);
    return mk->out[part];
}

/* Pointers are sorted by part, the own one too: a branch that depends on the part cannot be predicted. */
static inline __attribute__((always_inline)) void sort(Marker *mk, const View *v, const void *p) {
    size_t off = (size_t)((const uint8_t *)p - v->base);
    if (off >= v->used) return;
    const Span *s = v->pages[off >> PAGE_SHIFT];
    if (unlikely(!s)) return;
    uint32_t part = part_of(mk, s);
    MarkBlock *b = mk->out[part];
    if (unlikely(b->n == BLOCK_POINTERS)) b = out_block(mk, part);
    if (!(b->n & 7)) __builtin_prefetch(&b->pointers[b->n + AHEAD], 1); /* it was the receiver's before, whose cache has its lines */
    b->pointers[b->n++] = p;
}

static inline __attribute__((always_inline)) void mark(Marker *mk, const View *v, const void *p) {
    if (mk->shared) {
        sort(mk, v, p);
        return;
    }
    size_t off = (size_t)((const uint8_t *)p - v->base);
    if (off >= v->used) return;
    Span *s = v->pages[off >> PAGE_SHIFT];
    if (likely(s != NULL)) mark_own(mk, p, s);
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

/* Elements of type t from obj up to end. */
static void scan_elems(Marker *mk, const View *v, uint8_t *obj, uint8_t *end, const GoType *t) {
    if (t->size == 8) {
        for (; obj < end; obj += 8) mark(mk, v, *(void **)obj);
        return;
    }
    const uint8_t *mask = type_ptrmask(t);
    for (; obj + t->size <= end; obj += t->size) mark_masked(mk, v, (void **)obj, t->ptr_bytes / 8, mask);
}

/* A large object: what obj points to is one of at most MAX_PIECES pieces. With the first, the others are put up for scanning, by
 * anybody. */
static __attribute__((noinline)) void scan_large(Marker *mk, const View *v, uint8_t *obj, Span *s) {
    uint8_t *end = s->base + s->large_size;
    if (!s->hdr) return;
    if (s->hdr & 1) {
        mark_masked(mk, v, (void **)obj, s->large_size / 8, (const uint8_t *)(uintptr_t)(s->hdr - 1));
        return;
    }
    const GoType *t = (const GoType *)(uintptr_t)s->hdr;
    size_t piece = s->large_size / MAX_PIECES;
    if (piece < PIECE_BYTES) piece = PIECE_BYTES;
    piece = (piece + t->size - 1) / t->size * t->size;
    if (obj == s->base)
        for (uint8_t *p = obj + piece; p < end; p += piece) push(mk, p, s);
    scan_elems(mk, v, obj, (size_t)(end - obj) > piece ? obj + piece : end, t);
}

static __attribute__((noinline)) void scan_header(Marker *mk, const View *v, uint8_t *obj, uint8_t *end) {
    uint64_t hdr = *(uint64_t *)obj;
    obj += 8;
    if (!hdr) return;
    if (hdr & 1) mark_masked(mk, v, (void **)obj, (size_t)(end - obj) / 8, (const uint8_t *)(uintptr_t)(hdr - 1));
    else scan_elems(mk, v, obj, end, (const GoType *)(uintptr_t)hdr);
}

static inline __attribute__((always_inline)) void scan(Marker *mk, const View *v, uint8_t *obj, Span *s) {
    uint64_t mask = __atomic_load_n(&s->mask, __ATOMIC_ACQUIRE); /* the program may add objects of another kind meanwhile */
    if (likely(mask)) {
        for (uint64_t bits = mask; bits; bits &= bits - 1) mark(mk, v, ((void **)obj)[__builtin_ctzll(bits)]);
    } else if (s->ptrbits) {
        size_t w = (size_t)(obj - s->base) >> 3;
        unsigned sh = w & 63;
        const uint64_t *pb = &s->ptrbits[w >> 6];
        uint64_t bits = pb[0] >> sh | pb[1] << 1 << (63 - sh);
        bits &= s->elem_mask;
        for (; bits; bits &= bits - 1) mark(mk, v, ((void **)obj)[__builtin_ctzll(bits)]);
    } else if (s->cls) {
        scan_header(mk, v, obj, obj + s->elem_size);
    } else {
        scan_large(mk, v, obj, s);
    }
}

void marker_scan_object(Marker *mk, uint8_t *obj, Span *s) {
    View v = view_of(mk->heap);
    if (!s->noscan) scan(mk, &v, obj, s);
}

/* What others found comes before the next span: the longer spans wait, the more of their objects are known. */
static inline bool inbox_waits(const Marker *mk) {
    return mk->shared && !mk->words && mk->part != NO_PART &&
           atomic_load_explicit(&mk->heap->par.inbox[mk->part], memory_order_relaxed);
}

static inline uint8_t *next_object(Marker *mk, Span **span) {
    if (likely(mk->bits)) return bits_next(mk, span);
    for (;;) {
        uint8_t *obj = pop(mk, span);
        if (obj) return obj;
        if (inbox_waits(mk)) {
            workers_receive(mk);
            continue;
        }
        if ((obj = queue_next(mk, span))) return obj;
        MarkBlock *own = mk->shared && mk->part != NO_PART ? mk->out[mk->part] : NULL;
        if (!own || !own->n) return NULL;
        mark_block(mk, own);
        own->n = 0;
    }
}

void marker_drain(Marker *mk) {
    View v = view_of(mk->heap);
    /* Two arrays: a pair would be copied as 16 bytes, which stalls on the two stores that made it. */
    uint8_t *objs[RING], *obj;
    Span *spans[RING], *span;
    uint32_t head = 0, n = 0, count = 0;
    for (;;) {
        while (n < RING && (obj = next_object(mk, &span))) {
            __builtin_prefetch(obj);
            if (span->ptrbits && !span->mask) __builtin_prefetch(&span->ptrbits[(size_t)(obj - span->base) >> 9]);
            uint32_t k = (head + n++) % RING;
            objs[k] = obj;
            spans[k] = span;
        }
        if (!n) break;
        obj = objs[head % RING];
        span = spans[head % RING];
        head++;
        n--;
        scan(mk, &v, obj, span);
        count += span->cls ? 1 : SHARE_EVERY;
        if (unlikely(count >= SHARE_EVERY)) {
            mk->scanned += count;
            count = 0;
            if (mk->shared && atomic_load_explicit(&mk->heap->par.hungry, memory_order_relaxed)) workers_share(mk);
            if (mk->halt && atomic_load_explicit(mk->halt, memory_order_relaxed)) break;
        }
    }
    for (; n; n--, head++) push(mk, objs[head % RING], spans[head % RING]);
    mk->scanned += count;
}

bool gc_is_marked(Heap *h, const void *p) {
    Span *s = span_of(h, p);
    if (!s) return true;
    uint32_t i = span_index(s, p);
    return i >= s->nelems || s->mark[i >> 6].set >> (i & 63) & 1;
}

void mark_g(void *ctx, G *g) {
    Marker *mk = ctx;
    Heap *h = mk->heap;
    void *words[] = {g->native_call, g->labels, g->wait.elem, g->wait.chan,
                     g->bubble};
    gc_mark_words(mk, words, ARRAY_LEN(words), NULL);
    if (h->hooks.scan_g) h->hooks.scan_g(h->vm, g, mk);
}

/* ---- Roots -------------------------------------------------------------------------------------------- */

void marks_begin(Heap *h) {
    for (int i = 0; i < h->all.len; i++) {
        const Span *s = h->all.at[i];
        for (size_t k = 0; k < ((size_t)s->nelems + 63) / 64; k++) s->mark[k] = (MarkWord){.set = ~s->live[k]};
    }
}

/* All but goroutines. */
static void mark_static_roots(Heap *h, Marker *mk) {
    for (int i = 0; i < h->roots.len; i++) gc_mark_words(mk, h->roots.at[i].p, h->roots.at[i].n, NULL);
    if (h->hooks.scan_roots) h->hooks.scan_roots(h->vm, mk);
    if (h->vm->sched) timer_mark(h->vm, mk, false);
}

void mark_roots(Heap *h, Marker *mk) {
    mark_static_roots(h, mk);
    for (struct GSlab *slab = sched_slab_first(h->vm); slab; slab = sched_slab_next(slab)) sched_slab_each_g(slab, mark_g, mk);
}

void mark_rest(Marker *mk, bool parallel) {
    if (parallel) mark_together(mk, NULL);
    else marker_drain(mk);
}

void mark_all(Heap *h, Marker *mk, bool parallel) {
    mark_static_roots(h, mk);
    struct GSlab *slab = sched_slab_first(h->vm);
    if (parallel) {
        mark_together(mk, slab);
        return;
    }
    marker_drain(mk);
    for (; slab; slab = sched_slab_next(slab)) {
        sched_slab_each_g(slab, mark_g, mk);
        marker_drain(mk);
    }
}
