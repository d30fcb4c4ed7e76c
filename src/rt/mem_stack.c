/* Stack chunks: pooled by size class (powers of two and one and a half times them), carved out of slabs that
 * are never given back singly, so that millions of goroutines cost neither mmap nor page tables each. */
#include <stdlib.h>
#include <sys/mman.h>

#include "rt/mem_int.h"

enum { STACK_MIN = 128, STACK_NCLASS = 19, STACK_BATCH = 16, STACK_CACHE = 64, SLAB_SMALL = 64 << 10,
       SLAB_LARGE = 4 << 20 };

static size_t class_bytes(int c) { return (size_t)(c & 1 ? 192 : 128) << (c >> 1); } /* up to 64 KB */
static int class_of(size_t bytes) {
    int c = 0;
    while (c < STACK_NCLASS && class_bytes(c) < bytes) c++;
    return c;
}

static void slab_new(Heap *h) {
    size_t n = h->stack_sys < SLAB_LARGE ? SLAB_SMALL : SLAB_LARGE;
    uint8_t *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) rt_fatal(h->vm, "runtime: out of memory: cannot allocate goroutine stacks");
    if (n == SLAB_LARGE) madvise(p, n, MADV_HUGEPAGE);
    h->slab_at = p;
    h->slab_end = p + n;
    h->stack_sys += n;
    Slab s = {p, n};
    vec_push(&h->slabs, s);
}

static StackChunk *carve(Heap *h, int c) {
    size_t bytes = class_bytes(c);
    if ((size_t)(h->slab_end - h->slab_at) < bytes) slab_new(h); /* the rest of the old slab is lost */
    StackChunk *k = (StackChunk *)h->slab_at;
    h->slab_at += bytes;
    return k;
}

StackChunk *stack_chunk_new(M *m, size_t words) {
    Heap *h = m->vm->heap;
    size_t need = sizeof(StackChunk) + words * 8;
    int c = class_of(need);
    StackChunk *k;
    if (c == STACK_NCLASS) {
        size_t bytes = (need + 4095) & ~(size_t)4095;
        k = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (k == MAP_FAILED) rt_fatal(h->vm, "runtime: out of memory: cannot allocate %zu-byte stack", bytes);
        k->hi = (uint64_t *)((uint8_t *)k + bytes);
        __atomic_fetch_add(&h->stack_inuse, bytes, __ATOMIC_RELAXED);
        return k;
    }
    size_t bytes = class_bytes(c);
    MCache *mc = m->p ? m->p->mcache : NULL;
    if (mc && mc->stacks[c]) {
        k = mc->stacks[c];
        mc->stacks[c] = k->next;
        mc->nstacks[c]--;
    } else {
        pthread_mutex_lock(&h->lock);
        k = h->stacks[c];
        if (k) h->stacks[c] = k->next;
        else k = carve(h, c);
        for (int i = 1; mc && i < STACK_BATCH && (bytes <= 1024 || h->stacks[c]); i++) {
            StackChunk *x = h->stacks[c];
            if (x) h->stacks[c] = x->next;
            else x = carve(h, c);
            x->next = mc->stacks[c];
            mc->stacks[c] = x;
            mc->nstacks[c]++;
        }
        pthread_mutex_unlock(&h->lock);
    }
    __atomic_fetch_add(&h->stack_inuse, bytes, __ATOMIC_RELAXED);
    k->prev = k->next = NULL;
    k->ret_pc = NULL;
    k->ret_fp = NULL;
    k->hi = (uint64_t *)((uint8_t *)k + bytes);
    return k;
}

void stack_chunk_free(M *m, StackChunk *k) {
    Heap *h = m->vm->heap;
    size_t bytes = (size_t)((uint8_t *)k->hi - (uint8_t *)k);
    __atomic_fetch_sub(&h->stack_inuse, bytes, __ATOMIC_RELAXED);
    int c = class_of(bytes);
    if (c == STACK_NCLASS) {
        munmap(k, bytes);
        return;
    }
    MCache *mc = m->p ? m->p->mcache : NULL;
    if (mc && mc->nstacks[c] < STACK_CACHE) {
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

void stack_pool_free(Heap *h) {
    for (int i = 0; i < h->slabs.len; i++) munmap(h->slabs.at[i].p, h->slabs.at[i].n);
    vec_free(&h->slabs);
}
