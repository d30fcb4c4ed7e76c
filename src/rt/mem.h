/* Memory: the precise heap. Spans by size class and pointer-freeness, per-P allocation, stop-the-world
 * parallel mark, lazy sweep; finalizers, cleanups, weak pointers. */
#ifndef VOLE_MEM_H
#define VOLE_MEM_H

#include "rt/rt.h"

typedef struct Heap Heap;

void heap_init(Vm *vm);
void heap_free(Vm *vm);
void mem_p_init(Vm *vm, P *p);

/* Zeroed memory for one value of type t (or n of them). Never NULL: out of memory is a fatal error or the
 * sandbox's limit. May collect: g->pc and g->fp must be saved and all live pointers be in frames or roots.
 * t NULL: pointer-free bytes. */
void *mem_alloc(M *m, size_t size, const GoType *t);
void *mem_alloc_array(M *m, const GoType *elem, int64_t n);
void *mem_alloc_noscan(M *m, size_t size, bool zero);
/* Closures and other internal objects: the mask says which words are pointers. */
void *mem_alloc_mask(M *m, size_t size, const uint8_t *ptrmask);

/* Write barrier of pointer stores; a no-op while the collector stops the world. */
static inline void mem_barrier(M *m, void *slot, void *val) { (void)m; (void)slot; (void)val; }

bool mem_find_object(Vm *vm, const void *p, void **base, size_t *size); /* heap object that p points into */
bool mem_is_heap(Vm *vm, const void *p);

void gc_run(M *m);                       /* runtime.GC: full collection, sweep completed */
bool gc_needed(Heap *h);
/* Roots. The vm layer scans frames exactly with image_pc_map and calls gc_mark_word for each slot. */
typedef struct Marker Marker;
void gc_mark(Marker *mk, const void *p);                                   /* any pointer, also interior */
void gc_mark_words(Marker *mk, void *const *p, size_t nwords, const uint8_t *ptrmask); /* mask NULL: all */
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
/* weak: one indirection object per target, kept while anything refers to it. */
void *weak_register(M *m, void *obj);
void *weak_get(M *m, void *handle); /* the object or NULL when dead */

typedef struct MemStatsC {
    uint64_t alloc, total_alloc, sys, mallocs, frees, heap_alloc, heap_sys, heap_idle, heap_inuse,
        heap_released, heap_objects, stack_inuse, next_gc, last_gc, pause_total_ns, num_gc, num_forced_gc;
    uint64_t pause_ns[256], pause_end[256];
    uint64_t by_size_n;
} MemStatsC;
void mem_stats(Vm *vm, MemStatsC *out);
int32_t gc_set_percent(M *m, int32_t percent);
int64_t mem_set_limit(M *m, int64_t limit);
void mem_release_os(M *m); /* debug.FreeOSMemory */
void mem_verify(Vm *vm);   /* heap walk with checks (debug, stress) */

/* Stack chunks come from here too (pooled by size class). */
StackChunk *stack_chunk_new(M *m, size_t words);
void stack_chunk_free(M *m, StackChunk *c);

#endif
