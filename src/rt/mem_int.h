/* Internal to the heap: spans, the page table, the collector's marker.
 *
 * The heap reserves one address range. Pages are 8 KB; pages[] names the span of each page, so that any
 * interior pointer finds its object with two loads and a multiplication. Small objects live in spans of one
 * size class, 64 KB or a little more. `live` says which objects are allocated (exact while the world is
 * stopped and the caches are flushed), `mark` is built by the collector; the sweep clears what is not in both. It
 * touches bitmaps only and so is not lazy. Objects with pointers up to 512 bytes have their pointer words in the
 * span's mask while all are alike, and in its ptrbits then; larger ones begin with a header word: type descriptor, or mask address | 1. */
#ifndef VOLE_MEM_INT_H
#define VOLE_MEM_INT_H

#include "rt/mem.h"

#define PAGE_SHIFT 13
#define PAGE_SIZE ((size_t)1 << PAGE_SHIFT)
#define NBINS 64
enum { HUGE_BYTES = 2 << 20 };
enum { HEAP_HUGE_BYTES = 8 << 20 }; /* heaps with more in use get huge pages beyond it */

enum { SPAN_FREE, SPAN_INUSE };

/* 64 elements of a span, while marking. */
typedef struct MarkWord {
    uint64_t set;  /* marked, or not allocated */
    uint64_t todo; /* marked, but not scanned */
} MarkWord;
enum { SPAN_WORDS = 64 }; /* of elements in a span at most */

/* What marking reads comes first and fits one cache line, what it writes is in another: one worker writes that, all read this. */
typedef struct Span {
    uint8_t *base;
    uint32_t elem_size, magic; /* index = offset * magic >> 32; magic 0: one object */
    uint32_t nelems;           /* 0: free */
    uint8_t cls, state, noscan, cached;
    MarkWord *mark;
    uint64_t mask;             /* small objects: where they have pointers, 1 bit a word; 0: see ptrbits, if there are any */
    uint64_t *ptrbits;
    uint64_t elem_mask;        /* with ptrbits: the words of an element */
    uint64_t *live;
    uint64_t dirty;            /* 1 bit for each of its MarkWords with something to do; else 0: not in a queue */
    struct Span *queue;        /* next in a marker's queue */
    size_t large_size;
    uint64_t hdr;              /* large: type or mask | 1 */
    uint32_t npages, nlive;
    bool zero;                 /* free: all bytes are zero */
    bool released;             /* free: given back to the system */
    bool mixed;                /* ptrbits are in use */
    uint32_t zero_from;        /* elements from here on were never used */
    uint32_t all_index;
    struct Span *next, *prev;
} Span;
_Static_assert(offsetof(Span, dirty) == 64, "marking reads one cache line and writes another");

typedef struct MarkBlock MarkBlock;
enum { MARK_PARTS = 8 };
struct Marker {
    Heap *heap;
    MarkBlock *block;          /* newest of the stack of blocks; never NULL once initialized */
    MarkBlock *spare;
    MarkBlock *received;       /* the last ones, empty now: they go back to those who send */
    Span *queue, *queue_end;   /* spans with objects to scan, the oldest first */
    Span *span;                /* the one that was taken from there last, and what is left of it: */
    uint64_t words;            /* of its MarkWords */
    uint64_t bits;             /* of the current one, */
    uint32_t word;             /* and its number */
    bool certain;              /* see gc_certain_only */
    bool shared;               /* others mark at the same time: only objects of `part` are ours */
    uint32_t part, part_mask;
    const _Atomic bool *halt;  /* marking ends when this says so, with more to do; or NULL */
    uint64_t times_hungry, scanned;
    MarkBlock *out[MARK_PARTS]; /* pointers to mark, by part; never NULL while shared */
};

/* What workers share while they mark together, see mem_mark.c. */
typedef struct MarkPar {
    pthread_mutex_t lock;
    pthread_cond_t cond, start;
    bool open, quit, given_up;
    uint64_t phase;
    uint32_t nhelpers, joined, busy;
    _Atomic uint32_t hungry, news;
    uint32_t nparts, taken;    /* taken: bits of the parts that a worker has */
    MarkBlock *_Atomic inbox[MARK_PARTS];
    MarkBlock *spare;          /* empty ones: they go from those who receive to those who send */
    MarkBlock *pool;           /* marked, to be scanned by anybody */
    struct GSlab *slab;        /* next to scan */
    pthread_t threads[MARK_PARTS];
} MarkPar;

/* Marking beside the program, see mem_concurrent.c. */
typedef struct Concurrent {
    pthread_mutex_t lock;
    pthread_cond_t work, idle;
    pthread_t thread;
    bool started, quit;
    VEC(P *) procs;            /* all there have been */
    bool on;                   /* a cycle is under way: it changes only while the world is stopped */
    bool active, pending;      /* the thread has the heap's marker; there is something for it to do */
    _Atomic bool halt;         /* it must give the marker back */
    _Atomic bool done;         /* nothing is left to mark but what will still be shaded */
    MarkBlock *full, *spare;   /* shaded pointers */
    uint64_t begin_ns;         /* what the stop at the beginning took */
} Concurrent;

enum { SPECIAL_FINALIZER, SPECIAL_CLEANUP, SPECIAL_WEAK };
typedef struct Special {
    struct Special *next;
    uint8_t *obj;       /* base of the object: not a root */
    int kind;
    void *arg;          /* finalizer: the pointer as given */
    GoFunc *fn;
    const GoType *arg_type;
    uint64_t id;
    uint64_t **handle;  /* weak: the indirection object */
} Special;

struct Heap {
    Vm *vm;
    pthread_mutex_t lock;
    uint8_t *base;
    uint8_t *reservation; /* as mmap gave it */
    size_t reservation_size;
    size_t reserved, mapped; /* bytes: address range, accessible */
    _Atomic size_t used;     /* bytes handed out; grows while others look up objects below it */
    Span **pages;
    size_t pages_bytes;
    Span *bins[NBINS + 1];         /* free runs by page count; the last: larger */
    uint64_t bin_bits;
    VEC(Span *) all;               /* in use */
    Span *partial[2][MEM_NCLASS];
    uint8_t class_pages[MEM_NCLASS];
    uint64_t zero_base[2];

    _Atomic int64_t live_bytes;    /* estimate: live after the last collection + handed out since */
    _Atomic int64_t trigger;
    int64_t goal;                  /* what the heap should not outgrow by much */
    int32_t gc_percent;
    int64_t mem_limit;
    /* mem_limit.c */
    int64_t max_memory;            /* as asked for; 0: none */
    int64_t hard_limit;            /* with that of the control group, once known; INT64_MAX: none */
    int64_t limit_goal;            /* what the collector tries to stay below because of it */
    size_t check_at;               /* bytes taken from the system at which to look again */
    bool limit_known;
    _Atomic int64_t stress_count; /* allocations since the last collection; below zero: those that a large heap adds */
    bool collecting, off_table, release_all;
    bool huge, stacks_huge;        /* the system is asked for huge pages */
    bool huge_no_use;              /* it takes too long to make them: not asked any more, see huge_touch */
    uint32_t huge_slow;            /* touches in a row that took long */
    int off_root;                  /* in roots: the filled part of the table of run-time offsets */
    Map off_index;                 /* address -> its number there */
    GcHooks hooks;
    Marker marker;
    MarkPar par;
    Concurrent concurrent;
    VEC(struct RootRange) roots;

    Special **specials;            /* hash of obj */
    uint32_t nspecials, specials_cap;
    uint64_t next_cleanup_id;
    VEC(FinalizerCall) queue;
    int queue_at;

    struct StackChunk *stacks[32];
    uint8_t *carve_at, *carve_end; /* rest of the newest slab of stacks */
    uint8_t *region_at, *region_end;
    VEC(struct Slab) regions;
    VEC(void *) free_slabs;        /* given back to the system */
    size_t stack_sys;              /* bytes of slabs in use, large stacks included */
    _Atomic int64_t stack_inuse;   /* without what the Ps count */

    struct Itabs *itabs;           /* value_itab.c */
    uint64_t total_alloc, freed_bytes;
    uint64_t mallocs[MEM_NCLASS], frees[MEM_NCLASS]; /* objects by class; [0]: large */
    size_t inuse_pages, free_pages, released_pages;
    size_t untrimmed;              /* pages given back since C's memory was looked at */
    uint64_t ngc, nforced, pause_total, last_gc;
    uint64_t pause_ns[256], pause_end[256];
};
typedef struct RootRange { void **p; size_t n; } RootRange;
typedef struct Slab { void *p; size_t n; } Slab;

static inline Span *span_of(Heap *h, const void *p) {
    size_t off = (size_t)((const uint8_t *)p - h->base);
    if (off >= atomic_load_explicit(&h->used, memory_order_relaxed)) return NULL;
    Span *s = h->pages[off >> PAGE_SHIFT];
    return s && s->state == SPAN_INUSE ? s : NULL;
}
static inline uint32_t span_index(const Span *s, const void *p) {
    size_t off = (size_t)((const uint8_t *)p - s->base);
    return (uint32_t)((off * s->magic) >> 32);
}
static inline bool bit_get(const uint64_t *b, size_t i) { return b[i >> 6] >> (i & 63) & 1; }
static inline void bit_set(uint64_t *b, size_t i) { b[i >> 6] |= 1ull << (i & 63); }
void bits_fill(uint64_t *b, size_t from, size_t to, bool on);

/* With the lock: ends the program when it takes `more` bytes from the system and that is over the limit. */
void limit_check(Heap *h, size_t more);
void limit_init(Heap *h, int64_t max); /* 0: none but the control group's */
noreturn_ void heap_out_of_memory(Heap *h, size_t size); /* with the lock: Go's message and trace */
void heap_flush(Heap *h, MCache *mc); /* world stopped, or the own cache */
void heap_flush_all(Heap *h);
void span_free(Heap *h, Span *s);     /* locked or world stopped */
size_t heap_scavenge(Heap *h, size_t keep_pages);
void heap_merge_released(Heap *h, bool all); /* world stopped: released runs side by side become one; all: every free run is released */
/* First touch of a huge page that was asked for. The lock is held. */
void huge_touch(Heap *h, void *page);
void huge_took(Heap *h, uint64_t ns); /* what it does with the time that this took */
void stack_huge_pages(Heap *h, bool on); /* for all regions but the first, which serves small programs */
void heap_huge_pages(Heap *h, bool on); /* for what lies above the first HEAP_HUGE_BYTES */
void heap_pace(Heap *h, uint64_t live);
void gc_collect(M *m, bool forced);
const uint8_t *type_ptrmask(const GoType *t);
void specials_mark(Heap *h, Marker *mk);
void specials_finish(Heap *h, Marker *mk);
void mark_init(Heap *h);
void marks_begin(Heap *h); /* nothing is marked; `live` is exact */
void mark_helpers_stop(Heap *h);
/* Everything that is reachable from the roots; specials are not looked at. */
void mark_all(Heap *h, Marker *mk, bool parallel);
void mark_roots(Heap *h, Marker *mk);      /* the roots themselves, goroutines too; nothing is scanned yet */
void mark_rest(Marker *mk, bool parallel); /* what the marked lead to */
void mark_g(void *marker, G *g);
void marker_init(Marker *mk, Heap *h);
void marker_trim(Marker *mk);
void marker_free(Marker *mk);
void marker_drain(Marker *mk);
void marker_scan_object(Marker *mk, uint8_t *obj, Span *s);
bool gc_is_marked(Heap *h, const void *p);
void stack_pool_free(Heap *h);
void stack_cache_flush(Heap *h, MCache *mc); /* world stopped */
size_t stack_bytes(Heap *h);          /* of stacks in use */
void stack_trim(Heap *h, bool all);   /* world stopped: gives free slabs back, all or only when there are many */
void concurrent_init(Heap *h);
void concurrent_free(Heap *h);
bool concurrent_is_worth(Heap *h);
void concurrent_begin(M *m); /* world stopped, roots marked: the thread goes on from here */
/* World stopped: the heap's marker has what is left. The cycle is over for the program. */
void concurrent_end(Heap *h);
void concurrent_p_init(Heap *h, P *p);
/* World stopped, all marked: ends the program if something reachable is not. For --stress=mark. */
void concurrent_verify(Heap *h);
void itabs_free(Heap *h);
void image_off_mark(Marker *mk);

#endif
