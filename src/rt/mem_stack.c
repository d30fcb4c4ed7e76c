/* Stack chunks and the slabs under them.
 *
 * Slabs are aligned blocks out of large regions; the scheduler keeps goroutine records in some, the others are
 * carved into stack chunks, which are pooled by size class, so that millions of goroutines cost neither mmap
 * nor page tables each. Free chunks find their slab by address: after a burst the collector sums up what is free
 * in each slab and gives those that are free altogether back to the system.
 *
 * Many slabs get huge pages. With few of them in use those would be a trap: one touched slab brings its free neighbours
 * in the same 2 MB along, which count as given back. So then there are none, and slabs are taken from low addresses up. */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/sanitize.h"
#include "rt/mem_int.h"

enum { STACK_NCLASS = 27, STACK_BATCH = 16, STACK_CACHE = 64, REGION_BYTES = 8 << 20,
       TRIM_MIN = 4 << 20, STACK_HUGE_BYTES = REGION_BYTES /* in use: huge pages beyond the first region */ };

#define STACK_HINT 0x8000000000ull /* below the heap's, so that seeded schedules repeat addresses */

typedef struct StackSlab { /* head of a slab of stacks */
    size_t carved, free;   /* bytes; free only while stack_trim runs */
} StackSlab;
enum { SLAB_HEAD = 64 };

static const uint32_t class_bytes[STACK_NCLASS] = {
    128,  144,  160,  176,  192,  208,   224,   240,   256,   320,   384,   448, 512, 768, 1024, 1536,
    2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152, 65536,
};
/* The least class that holds so many bytes; STACK_NCLASS: none. Steps of 16 to 256, of 64 to 512, then two a doubling. */
static int class_of(size_t bytes) {
    if (bytes <= 256) return bytes <= 128 ? 0 : (int)(bytes - 113) / 16;
    if (bytes <= 512) return 9 + (int)(bytes - 257) / 64;
    if (bytes > 65536) return STACK_NCLASS;
    size_t b = bytes - 1;
    int lg = 63 - __builtin_clzll(b);
    return 13 + 2 * (lg - 9) + (int)(b >> (lg - 1) & 1);
}

/* ---- Slabs ------------------------------------------------------------------------------------------ */

static noreturn_ void no_memory(Heap *h) {
    heap_out_of_memory(h, REGION_BYTES);
}

void stack_huge_pages(Heap *h, bool on) {
    h->stacks_huge = on;
    for (int i = 1; i < h->regions.len; i++)
        madvise(h->regions.at[i].p, h->regions.at[i].n, on ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static void *slab_new(Heap *h) { /* lock held */
    limit_check(h, SLAB_BYTES);
    h->stack_sys += SLAB_BYTES;
    if (unlikely(!h->stacks_huge && !h->huge_no_use && h->stack_sys > STACK_HUGE_BYTES)) stack_huge_pages(h, true);
    if (h->free_slabs.len) return vec_pop(&h->free_slabs);
    if (h->region_at == h->region_end) {
        size_t n = REGION_BYTES + HUGE_BYTES;
        void *hint = (void *)(STACK_HINT + (uint64_t)h->regions.len * n);
        uint8_t *p = mmap(hint, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) no_memory(h);
        uint8_t *at = (uint8_t *)(((uintptr_t)p + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1));
        if (at != p) munmap(p, (size_t)(at - p));
        if (at + REGION_BYTES != p + n) munmap(at + REGION_BYTES, (size_t)(p + n - at) - REGION_BYTES);
        if (h->regions.len && h->stacks_huge) madvise(at, REGION_BYTES, MADV_HUGEPAGE);
        san_root(at, REGION_BYTES);
        Slab r = {at, REGION_BYTES};
        vec_push(&h->regions, r);
        h->region_at = at;
        h->region_end = at + REGION_BYTES;
    }
    void *s = h->region_at;
    h->region_at += SLAB_BYTES;
    if (h->stacks_huge && !((uintptr_t)s & (HUGE_BYTES - 1))) huge_touch(h, s);
    return s;
}

static void slab_release(Heap *h, void *slab) { /* world stopped; slabs_give_back follows */
    vec_push(&h->free_slabs, slab);
    h->stack_sys -= SLAB_BYTES;
}

static int by_address_down(const void *a, const void *b) {
    uint8_t *x = *(uint8_t *const *)a, *y = *(uint8_t *const *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Gives all free slabs back to the system, side by side at once, also what a huge page has made resident again. The lowest
 * will be taken first. */
static void slabs_give_back(Heap *h) {
    void **at = h->free_slabs.at;
    int n = h->free_slabs.len;
    if (n) qsort(at, (size_t)n, sizeof *at, by_address_down);
    for (int i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && (uint8_t *)at[j] + SLAB_BYTES == at[j - 1]; j++) {}
        madvise(at[j - 1], (size_t)(j - i) * SLAB_BYTES, MADV_DONTNEED);
    }
    if (h->region_at != h->region_end) madvise(h->region_at, (size_t)(h->region_end - h->region_at), MADV_DONTNEED);
}

void *slab_take(Vm *vm) {
    pthread_mutex_lock(&vm->heap->lock);
    void *s = slab_new(vm->heap);
    pthread_mutex_unlock(&vm->heap->lock);
    return s;
}

void slab_give(Vm *vm, void *slab) { slab_release(vm->heap, slab); }

/* ---- Chunks ------------------------------------------------------------------------------------------- */

static StackSlab *slab_of(const void *chunk) {
    return (StackSlab *)((uintptr_t)chunk & ~(uintptr_t)(SLAB_BYTES - 1));
}

static StackChunk *carve(Heap *h, int c) {
    size_t bytes = class_bytes[c];
    if ((size_t)(h->carve_end - h->carve_at) < bytes) { /* the rest of the old slab is lost */
        uint8_t *s = slab_new(h);
        ((StackSlab *)s)->carved = 0;
        h->carve_at = s + SLAB_HEAD;
        h->carve_end = s + SLAB_BYTES;
    }
    StackChunk *k = (StackChunk *)h->carve_at;
    h->carve_at += bytes;
    slab_of(k)->carved += bytes;
    return k;
}

static void count(Heap *h, MCache *mc, int64_t bytes) {
    if (mc) { /* only its own P writes it */
        int64_t n = atomic_load_explicit(&mc->stack_inuse, memory_order_relaxed) + bytes;
        atomic_store_explicit(&mc->stack_inuse, n, memory_order_relaxed);
    } else {
        atomic_fetch_add_explicit(&h->stack_inuse, bytes, memory_order_relaxed);
    }
}

size_t stack_bytes(Heap *h) {
    int64_t n = h->stack_inuse;
    for (uint32_t i = 0; i < h->vm->nprocs; i++)
        if (h->vm->ps[i] && h->vm->ps[i]->mcache)
            n += atomic_load_explicit(&((MCache *)h->vm->ps[i]->mcache)->stack_inuse, memory_order_relaxed);
    return n > 0 ? (size_t)n : 0;
}

static StackChunk *pool_get(Heap *h, int c) { /* lock held */
    StackChunk *k = h->stacks[c];
    if (!k) return carve(h, c);
    h->stacks[c] = k->next;
    return k;
}

StackChunk *stack_chunk_new(M *m, size_t words) {
    Heap *h = m->vm->heap;
    size_t need = sizeof(StackChunk) + words * 8;
    int c = class_of(need);
    MCache *mc = m->p ? m->p->mcache : NULL;
    StackChunk *k;
    size_t bytes;
    if (unlikely(c == STACK_NCLASS)) {
        bytes = (need + 4095) & ~(size_t)4095;
        k = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        pthread_mutex_lock(&h->lock);
        if (k == MAP_FAILED) heap_out_of_memory(h, bytes);
        limit_check(h, bytes);
        h->stack_sys += bytes;
        pthread_mutex_unlock(&h->lock);
    } else {
        bytes = class_bytes[c];
        if (likely(mc && mc->stacks[c])) {
            k = mc->stacks[c];
            mc->stacks[c] = k->next;
            mc->nstacks[c]--;
        } else {
            pthread_mutex_lock(&h->lock);
            k = pool_get(h, c);
            for (int i = 1; mc && i < STACK_BATCH && (bytes <= 512 || h->stacks[c]); i++) {
                StackChunk *x = pool_get(h, c);
                x->next = mc->stacks[c];
                mc->stacks[c] = x;
                mc->nstacks[c]++;
            }
            pthread_mutex_unlock(&h->lock);
        }
    }
    count(h, mc, (int64_t)bytes);
    k->prev = k->next = NULL;
    k->ret_pc = NULL;
    k->ret_fp = NULL;
    k->hi = (uint64_t *)((uint8_t *)k + bytes);
    return k;
}

void stack_chunk_free(M *m, StackChunk *k) {
    Heap *h = m->vm->heap;
    size_t bytes = (size_t)((uint8_t *)k->hi - (uint8_t *)k);
    MCache *mc = m->p ? m->p->mcache : NULL;
    count(h, mc, -(int64_t)bytes);
    int c = class_of(bytes);
    if (unlikely(c == STACK_NCLASS)) {
        munmap(k, bytes);
        __atomic_fetch_sub(&h->stack_sys, bytes, __ATOMIC_RELAXED);
        return;
    }
    if (likely(mc && mc->nstacks[c] < STACK_CACHE)) {
        k->next = mc->stacks[c];
        mc->stacks[c] = k;
        mc->nstacks[c]++;
        return;
    }
    pthread_mutex_lock(&h->lock);
    k->next = h->stacks[c];
    h->stacks[c] = k;
    if (mc) /* half of the cache goes back as well */
        for (int i = 0; i < STACK_CACHE / 2; i++) {
            StackChunk *x = mc->stacks[c];
            mc->stacks[c] = x->next;
            mc->nstacks[c]--;
            x->next = h->stacks[c];
            h->stacks[c] = x;
        }
    pthread_mutex_unlock(&h->lock);
}

/* ---- After a burst -------------------------------------------------------------------------------------- */

static void drop_chunk(void *ctx, StackChunk *k) { /* of a finished goroutine's record */
    Heap *h = ctx;
    size_t bytes = (size_t)((uint8_t *)k->hi - (uint8_t *)k);
    count(h, NULL, -(int64_t)bytes);
    int c = class_of(bytes);
    if (c == STACK_NCLASS) {
        munmap(k, bytes);
        h->stack_sys -= bytes;
        return;
    }
    k->next = h->stacks[c];
    h->stacks[c] = k;
}

void stack_cache_flush(Heap *h, MCache *mc) {
    h->stack_inuse += mc->stack_inuse;
    mc->stack_inuse = 0;
    for (int c = 0; c < STACK_NCLASS; c++) {
        for (StackChunk *k; (k = mc->stacks[c]);) {
            mc->stacks[c] = k->next;
            k->next = h->stacks[c];
            h->stacks[c] = k;
        }
        mc->nstacks[c] = 0;
    }
}

void stack_trim(Heap *h, bool all) {
    Vm *vm = h->vm;
    if (!vm->sched) return;
    size_t live = sched_count_g(vm) * 512 + TRIM_MIN; /* what the goroutines of now may well need */
    if (!all && h->stack_sys < 2 * live) return;
    sched_trim(vm, drop_chunk, h);
    for (uint32_t i = 0; i < vm->nprocs; i++) stack_cache_flush(h, vm->ps[i]->mcache);
    for (int c = 0; c < STACK_NCLASS; c++)
        for (StackChunk *k = h->stacks[c]; k; k = k->next) slab_of(k)->free = 0;
    for (int c = 0; c < STACK_NCLASS; c++)
        for (StackChunk *k = h->stacks[c]; k; k = k->next) slab_of(k)->free += class_bytes[c];
    StackSlab *current = h->carve_at ? slab_of(h->carve_at - 1) : NULL;
    VEC(void *) gone = {0};
    for (int c = 0; c < STACK_NCLASS; c++)
        for (StackChunk **link = &h->stacks[c], *k; (k = *link);) {
            StackSlab *s = slab_of(k);
            if (s == current || s->free < s->carved) {
                link = &k->next;
                continue;
            }
            *link = k->next;
            if (s->free == s->carved) { /* seen first: leaves a mark above what is possible */
                vec_push(&gone, (void *)s);
                s->free++;
            }
        }
    for (int i = 0; i < gone.len; i++) slab_release(h, gone.at[i]);
    vec_free(&gone);
    if (h->stacks_huge && h->stack_sys < STACK_HUGE_BYTES / 2) stack_huge_pages(h, false);
    slabs_give_back(h);
}

void stack_pool_free(Heap *h) {
    for (int i = 0; i < h->regions.len; i++) {
        san_unroot(h->regions.at[i].p, h->regions.at[i].n);
        munmap(h->regions.at[i].p, h->regions.at[i].n);
    }
    vec_free(&h->regions);
    vec_free(&h->free_slabs);
}
