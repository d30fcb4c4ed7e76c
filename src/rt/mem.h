/* Memory: the precise heap. Spans by size class and pointer-freeness, per-P allocation, marking by several workers with the world
 * stopped or by one beside the program, sweep of bitmaps; finalizers, cleanups, weak pointers. */
#ifndef VOLE_MEM_H
#define VOLE_MEM_H

#include "rt/rt.h"

typedef struct Heap Heap;

void heap_init(Vm *vm);
void heap_free(Vm *vm);
void heap_lock(Vm *vm); /* against every allocation that is not from a P's own store; around a fork */
void heap_unlock(Vm *vm);
void mem_p_init(Vm *vm, P *p);
void mem_p_retire(Vm *vm, P *p); /* world stopped: p will not run for now; its caches are emptied */

/* Zeroed memory for one value of type t (or n of them). Never NULL: out of memory is a fatal error or the
 * sandbox's limit. May collect: g->pc and g->fp must be saved and all live pointers be in frames or roots.
 * t NULL: pointer-free bytes. */
void *mem_alloc(M *m, size_t size, const GoType *t);
void *mem_alloc_array(M *m, const GoType *elem, int64_t n);
void *mem_alloc_noscan(M *m, size_t size, bool zero);
/* Closures and other internal objects: the mask says which words are pointers. */
void *mem_alloc_mask(M *m, size_t size, const uint8_t *ptrmask);

/* ---- Inline allocation: the P's next free object of a class, cleared -------------------------------- */

enum { MEM_NCLASS = 68, MEM_SMALL_MAX = 32768, MEM_MASK_MAX = 512 }; /* bytes; above: header word */
extern const uint8_t mem_class8[];      /* (size + 7) / 8 -> class, sizes up to MEM_SMALL_MAX */
extern const uint16_t mem_class_size[]; /* class -> bytes */
typedef struct AllocRun {
    uint64_t free;            /* of 64 elements those not handed out yet; for all but this run they count as allocated */
    uint8_t *first;           /* of these 64 */
    const uint8_t *dirty_end; /* elements from here on are zero already */
    uint64_t mask;            /* where the span's objects have pointers, if it is the same for all; else 0 */
    uint64_t *ptrbits;        /* of the span, if it is not: one bit a word, cleared for those in `free` */
    uint8_t *base;            /* of the span */
    struct Span *span;
    uint32_t word;            /* the 64 elements are those from 64 * word on */
    uint32_t size;            /* of one */
} AllocRun;
typedef struct MCache {
    AllocRun run[2][MEM_NCLASS]; /* [pointer-free][class] */
    struct StackChunk *stacks[32];
    uint16_t nstacks[32];
    _Atomic int64_t stack_inuse; /* of this P: bytes taken less bytes given back */
    /* Not yet added to what the heap counts: an atomic addition would wait for the stores into fresh objects. */
    uint64_t mallocs[MEM_NCLASS];
    int64_t handed_out;
} MCache;

/* The pointer mask of a type of at most 512 bytes, 1 bit a word. gcdata is padded to 8 bytes. */
static inline uint64_t type_mask64(const GoType *t) {
    uint64_t w;
    memcpy(&w, t->gcdata, 8);
    return w & (~0ull >> (64 - (t->ptr_bytes >> 3)));
}
/* Notes where the new object q has pointers, in a span whose objects differ in that: r->ptrbits is set, q's bits are clear. */
static inline void mem_set_mask(AllocRun *r, const uint8_t *q, uint64_t mask) {
    size_t w = (size_t)(q - r->base) >> 3;
    unsigned sh = w & 63;
    r->ptrbits[w >> 6] |= mask << sh;
    uint64_t hi = (mask >> 1) >> (63 - sh);
    if (hi) r->ptrbits[(w >> 6) + 1] |= hi;
}
enum { MEM_CLEAR_MAX = 128 };
/* A multiple of 8 bytes, at most MEM_CLEAR_MAX. */
static inline void mem_clear(uint8_t *p, size_t bytes) {
    typedef long long Pair __attribute__((vector_size(16), aligned(8)));
    if (bytes == 8) {
        *(uint64_t *)(void *)p = 0;
        return;
    }
    uint8_t *last = p + bytes - 16;
    for (; p < last; p += 16) {
        *(Pair *)(void *)p = (Pair){0, 0};
        __asm__ volatile("" : "+r"(p)); /* else the compiler makes the loop a call of memset */
    }
    *(Pair *)(void *)last = (Pair){0, 0};
}
/* One object of class cls (1..) when it is quick: no calls; NULL: take mem_alloc. mask: its pointers (0 with noscan). The next one is
 * brought to the cache: in a fragmented span each would be a miss. */
static inline void *mem_alloc_fast(P *p, unsigned cls, bool noscan, uint64_t mask) {
    AllocRun *r = &((MCache *)p->mcache)->run[noscan][cls];
    uint64_t free = r->free;
    if (unlikely(!free)) return NULL;
    size_t size = r->size;
    uint8_t *q = r->first + (size_t)__builtin_ctzll(free) * size;
    free &= free - 1;
    if (q < r->dirty_end) {
        if (unlikely(size > MEM_CLEAR_MAX)) return NULL;
        __builtin_prefetch(r->first + (size_t)__builtin_ctzll(free | 1ull << 63) * size, 1);
        mem_clear(q, size);
    }
    if (unlikely(mask != r->mask)) {
        if (!r->ptrbits) return NULL;
        mem_set_mask(r, q, mask);
    }
    r->free = free;
    return q;
}
/* new(T) when it is quick, else NULL. Never collects. */
static inline void *mem_new_fast(M *m, const GoType *t) {
    if (unlikely(t->size - 1 >= MEM_MASK_MAX || (t->tflag & TFLAG_MASKONDEMAND))) return NULL;
    unsigned cls = mem_class8[(t->size + 7) >> 3];
    if (!t->ptr_bytes) return mem_alloc_fast(m->p, cls, true, 0);
    return mem_alloc_fast(m->p, cls, false, type_mask64(t));
}
static inline void *mem_new(M *m, const GoType *t) {
    void *p = mem_new_fast(m, t);
    return likely(p != NULL) ? p : mem_alloc(m, t->size, t);
}
size_t mem_round_size(size_t size, bool noscan); /* what the allocator really gives (Go's roundupsize) */
void mem_child(M *m);     /* in the child of a fork, which has no other threads */
void *mem_zero_base(Vm *vm);                     /* where pointers to zero-size values point */

/* The write barrier, where pointers are stored to the heap, into new objects too: the stored words can be read at `words`. While
 * marking goes on beside the program (mem_concurrent.c) it notes them. Words that are no pointers do no harm. Nothing is needed for
 * stores to frames and to the data of images, nor for clearing. */
void mem_shade(M *m, const void *words, size_t bytes);
static inline void mem_barrier(M *m, const void *words, size_t bytes) {
    if (unlikely(m->p->shaded != NULL)) mem_shade(m, words, bytes);
}
/* The same for n values of type t. */
static inline void mem_barrier_typed(M *m, const GoType *t, const void *values, uint64_t n) {
    if (unlikely(m->p->shaded != NULL) && t->ptr_bytes) mem_shade(m, values, t->size * n);
}

bool mem_find_object(Vm *vm, const void *p, void **base, size_t *size); /* heap object that p points into */
bool mem_is_heap(Vm *vm, const void *p);

void gc_run(M *m);                       /* runtime.GC: full collection, sweep completed */
bool gc_needed(Heap *h);
/* Collects when it is time. All mem_alloc* do this first unless m->no_gc > 0 or the goroutine is pinned. The NATIVE handler calls it
 * and then raises m->no_gc around the native, so that natives may hold pointers in C variables. */
void gc_poll(M *m);
/* Words that the instance holds outside the heap and images. */
void gc_add_root(Vm *vm, void **words, size_t nwords);
/* Roots. The vm layer scans frames exactly with image_pc_map and calls gc_mark_word for each slot. */
typedef struct Marker Marker;
void gc_mark(Marker *mk, const void *p);                                   /* any pointer, also interior */
void gc_mark_words(Marker *mk, void *const *p, size_t nwords, const uint8_t *ptrmask); /* mask NULL: all */
bool gc_certain_only(const Marker *mk); /* stale words must not count: a check of what is marked */
/* In timer.c, world stopped. Pending GoTimers are roots, those with a channel only where told so: they live as
 * long as their channels, and timer_collect, when all else is marked, marks the ones and forgets the others. */
void timer_mark(Vm *vm, Marker *mk, bool channels);
void timer_collect(Vm *vm, Marker *mk);
/* For leaks_find: marks from the roots but goroutines; then goroutines one by one, transitively. The marks stay set:
 * the heap must not be collected any more. */
Marker *gc_reach_begin(Vm *vm);
void gc_reach_g(Marker *mk, G *g);
void gc_reach_restart(Vm *vm); /* nothing is marked any more */
bool gc_reached(Vm *vm, const void *p); /* memory outside the heap counts as reached */
/* Installed by the vm layer. */
typedef struct GcHooks {
    void (*scan_g)(Vm *vm, G *g, Marker *mk);        /* stack frames, defers, panics of a stopped G */
    void (*scan_roots)(Vm *vm, Marker *mk);          /* image data by their masks, handles */
    void (*before_mark)(Vm *vm, M *m);               /* sync.Pool cleanup: world stopped */
    void (*run_finalizers)(Vm *vm, M *m);            /* wake the finalizer goroutine: queue is not empty */
} GcHooks;
void gc_set_hooks(Vm *vm, const GcHooks *hooks);

/* runtime.SetFinalizer: fn NULL removes. cleanup_add: runtime.AddCleanup, returns an id. The queue is
 * drained by a Go goroutine through finalizer_next (false: empty). */
bool finalizer_set(M *m, void *obj, GoFunc *fn, const GoType *arg_type, uint64_t result_slots);
uint64_t cleanup_add(M *m, void *obj, GoFunc *fn);
void cleanup_stop(M *m, void *obj, uint64_t id);
typedef struct FinalizerCall { GoFunc *fn; void *arg; const GoType *arg_type; bool is_cleanup; } FinalizerCall;
bool finalizer_next(M *m, FinalizerCall *out);
bool finalizer_idle(Vm *vm);
/* weak: one indirection object per target, kept while anything refers to it. */
void *weak_register(M *m, void *obj);
void *weak_get(M *m, void *handle); /* the object or NULL when dead */

typedef struct MemStatsC {
    uint64_t alloc, total_alloc, sys, mallocs, frees, heap_alloc, heap_sys, heap_idle, heap_inuse,
        heap_released, heap_objects, stack_inuse, next_gc, last_gc, pause_total_ns, num_gc, num_forced_gc;
    uint64_t pause_ns[256], pause_end[256];
    uint64_t stack_sys;
    struct { uint64_t mallocs, frees; } by_size[MEM_NCLASS]; /* [0]: large objects */
} MemStatsC;
void mem_stats(Vm *vm, MemStatsC *out);
int32_t gc_set_percent(M *m, int32_t percent);
int64_t mem_set_limit(M *m, int64_t limit);
void mem_release_os(M *m); /* debug.FreeOSMemory */
void mem_verify(Vm *vm);   /* heap walk with checks (debug, stress) */

/* Where the image space of the instance lies that this thread works for: usually IMAGE_SPACE_BASE, elsewhere for
 * a second instance in a process. Set by vm_run and vm_new. */
extern _Thread_local uint64_t rt_image_space;

/* Offsets in type descriptors. reflect makes types at run time: addReflectOff gives them negative numbers
 * in a table at the end of the image space. */
static inline const void *image_off(int32_t off) {
    if (!off || off == -1) return NULL; /* -1: a method that was left out */
    if (off > 0) return (const void *)(uintptr_t)(rt_image_space + (uint32_t)off);
    return *(const void **)(uintptr_t)(rt_image_space + IMAGE_SPACE_SIZE + (uint64_t)(int64_t)off * 8);
}
int32_t image_off_add(Vm *vm, const void *p);

/* Slabs: aligned blocks for goroutine records and stacks; contents zero. */
enum { SLAB_BYTES = 256 << 10 };
void *slab_take(Vm *vm);
void slab_give(Vm *vm, void *slab); /* by sched_trim only: world stopped */

/* Stack chunks come from here too (pooled by size class). */
StackChunk *stack_chunk_new(M *m, size_t words);
void stack_chunk_free(M *m, StackChunk *c);

#endif
