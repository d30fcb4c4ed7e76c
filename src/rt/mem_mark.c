/* Marking. A Marker is one worker's state. What is marked but not scanned waits in the bitmaps of its span, and the span in the
 * worker's queue: the oldest first, so that many of its objects have come together by then and are scanned in the order of their
 * addresses (as Go's collector does since 1.25). Large objects, and what workers give each other, wait in blocks. Objects pass
 * through a short ring before they are scanned, so that the prefetch of their words has time to finish.
 *
 * In a large heap helper threads mark too. Spans are dealt out to as many parts as there are workers, and the objects of a part
 * are marked only by the worker that has it at the time: mark bits need no atomic operations, and their cache lines stay where
 * they are (with shared ones two workers were no faster than one). A pointer into another part goes to that part's inbox, in
 * blocks: when one is full, or when somebody is hungry. What is marked may be scanned by anybody: the hungry get it through a
 * pool. Slabs of goroutines are scanned by anybody, too. A worker whose inbox is empty may change to another part that nobody
 * has. A helper that wakes up too late finds the phase closed and goes back to sleep: nobody waits for it. Marking is finished
 * when every worker that joined is hungry, and slabs, pool and inboxes are empty. In a heap that is like one long list the helpers
 * soon give up, and the main worker goes on alone. */
#include <stdlib.h>

#include "rt/mem_int.h"

enum { BLOCK_ITEMS = 510, BLOCK_POINTERS = 2 * BLOCK_ITEMS, RING = 32, PIECE_BYTES = 16 << 10, MAX_PIECES = 256, SHARE_EVERY = 64, MAX_HELPERS = MARK_PARTS - 1,
       KEEP_BLOCKS = 4, AHEAD = 64 /* pointers */,
       PATIENCE = 1000 /* times hungry */, WORTHWHILE = 16 /* objects each time */ };
enum { NO_PART = MARK_PARTS };

typedef struct MarkItem { uint8_t *obj; Span *span; } MarkItem;
struct MarkBlock {
    MarkBlock *next;
    uint32_t n;
    union {
        MarkItem items[BLOCK_ITEMS];         /* to scan */
        const void *pointers[BLOCK_POINTERS]; /* to mark */
    };
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

/* ---- Spans with objects to scan ------------------------------------------------------------------- */

static inline void queue_put(Marker *mk, Span *s) {
    s->queue = NULL;
    if (mk->queue) mk->queue_end->queue = s;
    else mk->queue = s;
    mk->queue_end = s;
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
    uint32_t i = mk->word * 64 + (uint32_t)__builtin_ctzll(mk->bits);
    mk->bits &= mk->bits - 1;
    *span = mk->span;
    return mk->span->base + (size_t)i * mk->span->elem_size;
}

/* At least n objects, if there are so many, to blocks: anybody may scan them there. */
static void queue_to_blocks(Marker *mk, uint32_t n) {
    uint8_t *obj;
    for (Span *s; n-- && (obj = queue_next(mk, &s));) push(mk, obj, s);
}

void marks_begin(Heap *h) {
    for (int i = 0; i < h->all.len; i++) {
        const Span *s = h->all.at[i];
        for (size_t k = 0; k < ((size_t)s->nelems + 63) / 64; k++) s->mark[k] = (MarkWord){.set = ~s->live[k]};
    }
}

void marker_init(Marker *mk, Heap *h) {
    mk->heap = h;
    mk->shared = false;
    if (!mk->block) mk->block = block_new(mk);
}

static void blocks_free(MarkBlock *b) {
    for (MarkBlock *next; b; b = next) {
        next = b->next;
        free(b);
    }
}

/* Keeps a few blocks for the next time. */
static void blocks_trim(MarkBlock *b) {
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
    if (!b->n || part == mk->part) return;
    b->next = par->inbox[part];
    par->inbox[part] = b;
    if (!mk->spare) {
        mk->spare = par->spare;
        par->spare = NULL;
    }
    mk->out[part] = block_new(mk);
    announce(par);
}

static void deliver_all(Marker *mk) {
    for (uint32_t i = 0; i < mk->heap->par.nparts; i++) deliver(mk, i);
}

/* To the hungry: all that was found for others, and a whole block, or the older half of this worker's only one. */
static __attribute__((noinline)) void share(Marker *mk) {
    MarkPar *par = &mk->heap->par;
    if (!mk->block->next || !mk->block->next->n) queue_to_blocks(mk, BLOCK_ITEMS);
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

static void mark_block(Marker *mk, const MarkBlock *b) {
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
    pthread_mutex_lock(&mk->heap->par.lock);
    deliver(mk, part);
    pthread_mutex_unlock(&mk->heap->par.lock);
    return mk->out[part];
}

/* Pointers are sorted by part, the own one too: there is no branch that depends on it, nor on nil, which nobody could predict. */
static inline __attribute__((always_inline)) void sort(Marker *mk, const View *v, const void *p) {
    size_t off = (size_t)((const uint8_t *)p - v->base);
    bool ok = off < v->used;
    const Span *s = v->pages[ok ? off >> PAGE_SHIFT : 0];
    if (unlikely(!s)) return;
    uint32_t part = part_of(mk, s);
    MarkBlock *b = mk->out[part];
    if (unlikely(b->n == BLOCK_POINTERS)) b = out_block(mk, part);
    if (!(b->n & 7)) __builtin_prefetch(&b->pointers[b->n + AHEAD], 1); /* it was the receiver's before, whose cache has its lines */
    b->pointers[b->n] = p;
    b->n += ok;
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
    if (likely(s->mask)) {
        for (uint64_t bits = s->mask; bits; bits &= bits - 1) mark(mk, v, ((void **)obj)[__builtin_ctzll(bits)]);
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
    return mk->shared && !mk->bits && !mk->words && mk->part != NO_PART &&
           atomic_load_explicit(&mk->heap->par.inbox[mk->part], memory_order_relaxed);
}

/* Marks what is in the inbox. */
static __attribute__((noinline)) void receive(Marker *mk) {
    MarkPar *par = &mk->heap->par;
    pthread_mutex_lock(&par->lock);
    MarkBlock *b = par->inbox[mk->part];
    par->inbox[mk->part] = NULL;
    for (MarkBlock *next, *e = mk->received; e; e = next) {
        next = e->next;
        e->next = par->spare;
        par->spare = e;
    }
    pthread_mutex_unlock(&par->lock);
    mk->received = b;
    for (; b; b = b->next) mark_block(mk, b);
}

static inline uint8_t *next_object(Marker *mk, Span **span) {
    for (;;) {
        uint8_t *obj = pop(mk, span);
        if (obj) return obj;
        if (inbox_waits(mk)) {
            receive(mk);
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
            if (span->ptrbits) {
                if (!span->mask) __builtin_prefetch(&span->ptrbits[(size_t)(obj - span->base) >> 9]);
            }
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
        if (mk->shared && count >= SHARE_EVERY) {
            mk->scanned += count;
            count = 0;
            if (atomic_load_explicit(&mk->heap->par.hungry, memory_order_relaxed)) share(mk);
        }
    }
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

/* ---- Several workers ------------------------------------------------------------------------------------ */

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

/* The heap is like one list: workers wait for each other at every object, which takes longer than to do it alone. */
static bool gives_up(Marker *mk) {
    return mk != &mk->heap->marker && ++mk->times_hungry > PATIENCE && mk->scanned / WORTHWHILE < mk->times_hungry;
}

static bool has_work(const MarkPar *par, const Marker *mk) {
    uint32_t other = free_part(par);
    return par->pool || (mk->part != NO_PART && par->inbox[mk->part]) || (other != NO_PART && par->inbox[other]);
}

static void add_to_blocks(Marker *mk, MarkBlock *b) {
    b->next = mk->block; /* ours is empty; pop passes over it */
    mk->block = b;
    MarkBlock *empty = b->next;
    b->next = empty->next;
    empty->next = mk->spare;
    mk->spare = empty;
}

/* Until everything is marked, or only the main worker is left. par->lock is held before and after. */
static void mark_work(Heap *h, Marker *mk) {
    MarkPar *par = &h->par;
    for (;;) {
        if (par->joined == 1 && par->given_up) {
            par->open = false;
            break;
        }
        uint32_t other = free_part(par);
        if (other != NO_PART && (mk->part == NO_PART || (!par->inbox[mk->part] && par->inbox[other]))) take_part(mk, other);
        MarkBlock *b;
        if ((b = par->pool)) {
            par->pool = b->next;
            pthread_mutex_unlock(&par->lock);
            add_to_blocks(mk, b);
        } else if (mk->part != NO_PART && par->inbox[mk->part]) {
            pthread_mutex_unlock(&par->lock);
        } else if (par->slab) {
            struct GSlab *slab = par->slab;
            par->slab = sched_slab_next(slab);
            pthread_mutex_unlock(&par->lock);
            sched_slab_each_g(slab, mark_g, mk);
        } else {
            bool leaves = gives_up(mk);
            if (leaves) {
                par->joined--;
                par->given_up = true;
            } else {
                atomic_fetch_add(&par->hungry, 1);
            }
            if (atomic_load(&par->hungry) == par->joined && all_empty(par)) {
                par->open = false;
                announce(par);
            }
            if (leaves) break;
            while (par->open && !has_work(par, mk)) await_news(par);
            if (!par->open) break;
            atomic_fetch_sub(&par->hungry, 1);
            continue;
        }
        marker_drain(mk);
        pthread_mutex_lock(&par->lock);
        deliver_all(mk);
    }
    take_part(mk, NO_PART);
}

static void share_begin(Marker *mk) {
    mk->shared = true;
    mk->part = NO_PART;
    mk->part_mask = mk->heap->par.nparts - 1;
    mk->times_hungry = mk->scanned = 0;
    for (uint32_t i = 0; i < mk->heap->par.nparts; i++) mk->out[i] = block_new(mk);
}

static void share_end(Marker *mk) {
    mk->shared = false;
    for (uint32_t i = 0; i < mk->heap->par.nparts; i++) {
        mk->out[i]->next = mk->spare;
        mk->spare = mk->out[i];
    }
}

static void *helper_main(void *arg) {
    Heap *h = arg;
    MarkPar *par = &h->par;
    Marker mk = {0};
    marker_init(&mk, h);
    uint64_t seen = 0;
    pthread_mutex_lock(&par->lock);
    while (!par->quit) {
        if (!par->open || par->phase == seen) {
            pthread_cond_wait(&par->start, &par->lock);
            continue;
        }
        seen = par->phase;
        par->busy++;
        par->joined++;
        share_begin(&mk);
        mark_work(h, &mk);
        share_end(&mk);
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
    blocks_free(par->spare);
    pthread_mutex_destroy(&par->lock);
    pthread_cond_destroy(&par->cond);
    pthread_cond_destroy(&par->start);
}

void mark_init(Heap *h) {
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP); /* held for moments */
    pthread_mutex_init(&h->par.lock, &attr);
    pthread_mutexattr_destroy(&attr);
    pthread_cond_init(&h->par.cond, NULL);
    pthread_cond_init(&h->par.start, NULL);
}

/* What is left when the others have given up. */
static void finish_alone(Marker *mk) {
    MarkPar *par = &mk->heap->par;
    for (uint32_t i = 0; i < par->nparts; i++) {
        for (MarkBlock *next, *b = par->inbox[i]; b; b = next) {
            next = b->next;
            mark_block(mk, b);
            b->next = mk->spare;
            mk->spare = b;
        }
        par->inbox[i] = NULL;
    }
    for (MarkBlock *next; par->pool; par->pool = next) {
        next = par->pool->next;
        add_to_blocks(mk, par->pool);
        marker_drain(mk);
    }
    marker_drain(mk);
    for (; par->slab; par->slab = sched_slab_next(par->slab)) {
        sched_slab_each_g(par->slab, mark_g, mk);
        marker_drain(mk);
    }
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
    queue_to_blocks(mk, UINT32_MAX); /* the spans may be of other parts */
    pthread_mutex_lock(&par->lock);
    par->slab = slab;
    par->nparts = 1;
    while (par->nparts < par->nhelpers + 1) par->nparts *= 2;
    par->pool = NULL;
    par->joined = 1;
    par->given_up = false;
    atomic_store(&par->hungry, 0);
    par->open = true;
    par->phase++;
    pthread_cond_broadcast(&par->start);
    share_begin(mk);
    take_part(mk, 0);
    pthread_mutex_unlock(&par->lock);
    marker_drain(mk);
    pthread_mutex_lock(&par->lock);
    deliver_all(mk);
    mark_work(h, mk);
    while (par->busy) pthread_cond_wait(&par->cond, &par->lock);
    blocks_trim(par->spare);
    pthread_mutex_unlock(&par->lock);
    share_end(mk);
    finish_alone(mk);
}
