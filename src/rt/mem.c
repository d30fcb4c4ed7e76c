/* The heap: address range, page runs, spans, allocation. See mem_int.h for the layout. */
#include <stdlib.h>
#include <sys/mman.h>

#include "rt/mem_int.h"

const uint8_t mem_class8[MEM_SMALL_MAX / 8 + 1] = {
#define CLASS(n, size, prev) [(prev) / 8 + 1 ... (size) / 8] = n,
#include "tables/sizeclasses.def"
#undef CLASS
};
const uint16_t mem_class_size[MEM_NCLASS] = {
#define CLASS(n, size, prev) [n] = size,
#include "tables/sizeclasses.def"
#undef CLASS
};

enum { HUGE_FROM = HEAP_HUGE_BYTES, HUGE_SLOW_NS = 1000000, /* for one huge page */
       GROW_BYTES = 64 << 20, RUN_BYTES = 8192, HANDED_OUT_MAX = 16384, MAX_ALLOC_BITS = 47 };

#define HEAP_HINT 0xc000000000ull
enum { STRESS_LIVE = 4096 }; /* with -stress=gc so many live bytes put the next collection off by one allocation */

/* ---- Start and end ------------------------------------------------------------------------------ */

static int64_t parse_limit(const char *s) {
    char *end;
    if (!s || !*s || !strcmp(s, "off")) return INT64_MAX;
    long long n = strtoll(s, &end, 10);
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    if (!*end) return n;
    for (int i = 0; i < 5; i++)
        if (!strcmp(end, units[i])) return n << (10 * i);
    return INT64_MAX;
}

static const char *vm_getenv(Vm *vm, const char *name) {
    size_t n = strlen(name);
    for (char **e = vm->env; e && *e; e++)
        if (!strncmp(*e, name, n) && (*e)[n] == '=') return *e + n + 1;
    return NULL;
}

void heap_init(Vm *vm) {
    Heap *h = calloc(1, sizeof *h);
    if (!h) base_oom();
    vm->heap = h;
    h->vm = vm;
    h->marker.heap = h;
    mark_init(h);
    concurrent_init(h);
    pthread_mutex_init(&h->lock, NULL);
    bool scarce = address_limit() != SIZE_MAX; /* half of what is left at most: there are stacks and C's memory too */
    for (size_t size = (size_t)1 << 38; size >= (size_t)1 << 24; size >>= 1) {
        /* At a usual place where it is free: seeded schedules repeat addresses too. */
        void *p = mmap((void *)HEAP_HINT, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) continue;
        if (scarce) {
            scarce = false;
            munmap(p, size);
            continue;
        }
        h->pages_bytes = (size >> PAGE_SHIFT) * sizeof(Span *);
        void *t = mmap(NULL, h->pages_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (t == MAP_FAILED) {
            munmap(p, size);
            continue;
        }
        h->base = (uint8_t *)(((uintptr_t)p + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1));
        h->reserved = size - (size_t)(h->base - (uint8_t *)p);
        h->reservation = p;
        h->reservation_size = size;
        h->pages = t;
        break;
    }
    if (!h->base) base_oom();
    for (int c = 1; c < MEM_NCLASS; c++) { /* 8 to 16 pages, whichever wastes least; less where objects are tiny */
        size_t best = SIZE_MAX;
        for (size_t n = 8; n <= 16; n++) {
            size_t waste = (n << PAGE_SHIFT) % mem_class_size[c] * 64 / n;
            if (waste + waste / 8 < best) best = waste, h->class_pages[c] = (uint8_t)n;
        }
        size_t max = (size_t)SPAN_WORDS * 64 * mem_class_size[c] >> PAGE_SHIFT;
        if (h->class_pages[c] > max) h->class_pages[c] = (uint8_t)max;
    }
    const char *gogc = vm_getenv(vm, "GOGC");
    h->gc_percent = 100;
    if (gogc && !strcmp(gogc, "off")) h->gc_percent = -1;
    else if (gogc && *gogc) h->gc_percent = atoi(gogc);
    h->mem_limit = parse_limit(vm_getenv(vm, "GOMEMLIMIT"));
    limit_init(h, vm->max_memory);
    heap_pace(h, 0);
}

void heap_free(Vm *vm) {
    Heap *h = vm->heap;
    if (!h) return;
    concurrent_free(h);
    mark_helpers_stop(h);
    for (int i = 0; i < h->all.len; i++) {
        Span *s = h->all.at[i];
        free(s->live);
        free(s);
    }
    vec_free(&h->all);
    for (int i = 0; i <= NBINS; i++)
        for (Span *s = h->bins[i], *next; s; s = next) {
            next = s->next;
            free(s);
        }
    for (uint32_t i = 0; i < h->specials_cap; i++)
        for (Special *s = h->specials[i], *next; s; s = next) {
            next = s->next;
            free(s);
        }
    free(h->specials);
    vec_free(&h->queue);
    vec_free(&h->roots);
    map_free(&h->off_index);
    marker_free(&h->marker);
    itabs_free(h);
    stack_pool_free(h);
    munmap(h->reservation, h->reservation_size);
    munmap(h->pages, h->pages_bytes);
    pthread_mutex_destroy(&h->lock);
    for (uint32_t i = 0; vm->ps && i < vm->nprocs; i++)
        if (vm->ps[i]) {
            free(vm->ps[i]->mcache);
            vm->ps[i]->mcache = NULL;
        }
    free(h);
    vm->heap = NULL;
}

void heap_lock(Vm *vm) { pthread_mutex_lock(&vm->heap->lock); }
void heap_unlock(Vm *vm) { pthread_mutex_unlock(&vm->heap->lock); }

void mem_p_init(Vm *vm, P *p) {
    if (p->mcache) return;
    p->mcache = calloc(1, sizeof(MCache));
    if (!p->mcache) base_oom();
    concurrent_p_init(vm->heap, p);
}

void mem_p_retire(Vm *vm, P *p) {
    MCache *mc = p->mcache;
    heap_flush(vm->heap, mc);
    stack_cache_flush(vm->heap, mc);
}

void gc_set_hooks(Vm *vm, const GcHooks *hooks) { vm->heap->hooks = *hooks; }
void gc_add_root(Vm *vm, void **words, size_t nwords) {
    pthread_mutex_lock(&vm->heap->lock);
    RootRange r = {words, nwords};
    vec_push(&vm->heap->roots, r);
    pthread_mutex_unlock(&vm->heap->lock);
}
void *mem_zero_base(Vm *vm) { return vm->heap->zero_base; }

void bits_fill(uint64_t *b, size_t from, size_t to, bool on) {
    while (from < to) {
        size_t w = from >> 6, lo = from & 63;
        size_t hi = to - (w << 6) < 64 ? to - (w << 6) : 64;
        uint64_t m = (~0ull >> (64 - (hi - lo))) << lo;
        b[w] = on ? b[w] | m : b[w] & ~m;
        from = (w << 6) + hi;
    }
}

/* ---- Page runs ------------------------------------------------------------------------------------ */

static int bin_of(size_t npages) { return npages < NBINS ? (int)npages : NBINS; }

static void bin_add(Heap *h, Span *s) {
    int b = bin_of(s->npages);
    s->prev = NULL;
    s->next = h->bins[b];
    if (s->next) s->next->prev = s;
    h->bins[b] = s;
    if (b < NBINS) h->bin_bits |= 1ull << b;
    size_t first = (size_t)(s->base - h->base) >> PAGE_SHIFT;
    h->pages[first] = h->pages[first + s->npages - 1] = s;
    h->free_pages += s->npages;
    if (s->released) h->released_pages += s->npages;
}
static void bin_remove(Heap *h, Span *s) {
    int b = bin_of(s->npages);
    if (s->prev) s->prev->next = s->next;
    else h->bins[b] = s->next;
    if (s->next) s->next->prev = s->prev;
    if (b < NBINS && !h->bins[b]) h->bin_bits &= ~(1ull << b);
    s->next = s->prev = NULL;
    h->free_pages -= s->npages;
    if (s->released) h->released_pages -= s->npages;
}

static Span *span_new(void) {
    Span *s = aligned_alloc(64, (sizeof *s + 63) & ~(size_t)63);
    if (!s) base_oom();
    memset(s, 0, sizeof *s);
    return s;
}

void heap_out_of_memory(Heap *h, size_t size) {
    pthread_mutex_unlock(&h->lock);
    rt_exhausted(h->vm, "out of memory", "out of memory: cannot allocate %zu-byte block (%zu in use)", size,
                 (h->inuse_pages << PAGE_SHIFT) + h->stack_sys);
}

void heap_huge_pages(Heap *h, bool on) {
    h->huge = on;
    if (h->mapped > HUGE_FROM) madvise(h->base + HUGE_FROM, h->mapped - HUGE_FROM, on ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

/* Huge pages make large heaps faster where the system has them at hand. Where it has to make them first (compact memory, ask a
 * hypervisor for it), each one costs milliseconds, many times what its small pages would: after two such in a row the process does
 * without. */
void huge_touch(Heap *h, void *page) {
    uint64_t start = time_now_ns();
    *(volatile uint8_t *)page = 0;
    huge_took(h, time_now_ns() - start);
}

void huge_took(Heap *h, uint64_t ns) {
    if (ns < HUGE_SLOW_NS) {
        h->huge_slow = 0;
        return;
    }
    if (++h->huge_slow < 2) return;
    h->huge_no_use = true;
    if (h->huge) heap_huge_pages(h, false);
    if (h->stacks_huge) stack_huge_pages(h, false);
}

/* A run of npages as an in-use span; the lock is held. */
static Span *pages_alloc(Heap *h, size_t npages) {
    Span *s = NULL;
    if (npages < NBINS) {
        uint64_t fit = h->bin_bits >> npages << npages;
        if (fit) s = h->bins[__builtin_ctzll(fit)];
    }
    if (!s)
        for (Span *f = h->bins[NBINS]; f; f = f->next)
            if (f->npages >= npages && (!s || f->npages < s->npages)) s = f;
    if (!s || s->released) limit_check(h, npages << PAGE_SHIFT);
    if (s) {
        bin_remove(h, s);
        if (s->npages > npages) {
            Span *rest = span_new();
            rest->base = s->base + (npages << PAGE_SHIFT);
            rest->npages = s->npages - (uint32_t)npages;
            rest->zero = s->zero;
            rest->released = s->released;
            rest->state = SPAN_FREE;
            s->npages = (uint32_t)npages;
            bin_add(h, rest);
        }
    } else {
        size_t size = npages << PAGE_SHIFT;
        if (size > h->reserved - h->used) heap_out_of_memory(h, size);
        if (h->used + size > h->mapped) {
            size_t more = h->used + size - h->mapped;
            more = (more + GROW_BYTES - 1) & ~(size_t)(GROW_BYTES - 1);
            if (more > h->reserved - h->mapped) more = h->reserved - h->mapped;
            if (mprotect(h->base + h->mapped, more, PROT_READ | PROT_WRITE)) heap_out_of_memory(h, size);
            h->mapped += more;
            h->huge = false; /* the new part is not asked for yet */
        }
        s = span_new();
        s->base = h->base + h->used;
        s->npages = (uint32_t)npages;
        s->zero = true;
        uint8_t *edge = (uint8_t *)(((uintptr_t)s->base + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1));
        h->used += size;
        if (h->huge && edge < s->base + size && edge >= h->base + HUGE_FROM) huge_touch(h, edge);
    }
    s->state = SPAN_INUSE;
    s->released = false;
    size_t first = (size_t)(s->base - h->base) >> PAGE_SHIFT;
    for (size_t i = 0; i < npages; i++) h->pages[first + i] = s;
    h->inuse_pages += npages;
    if (unlikely(!h->huge && !h->huge_no_use && h->inuse_pages << PAGE_SHIFT > HUGE_FROM)) heap_huge_pages(h, true);
    s->all_index = (uint32_t)h->all.len;
    vec_push(&h->all, s);
    return s;
}

void span_free(Heap *h, Span *s) {
    Span *last = vec_pop(&h->all);
    if (last != s) {
        h->all.at[s->all_index] = last;
        last->all_index = s->all_index;
    }
    h->inuse_pages -= s->npages;
    size_t first = (size_t)(s->base - h->base) >> PAGE_SHIFT;
    memset(&h->pages[first], 0, s->npages * sizeof(Span *));
    free(s->live);
    uint8_t *base = s->base;
    uint32_t npages = s->npages;
    memset(s, 0, sizeof *s);
    s->base = base;
    s->npages = npages;
    s->state = SPAN_FREE;
    Span *before = first ? h->pages[first - 1] : NULL;
    if (before && before->state == SPAN_FREE && !before->released) {
        bin_remove(h, before);
        size_t f = (size_t)(before->base - h->base) >> PAGE_SHIFT;
        h->pages[f] = h->pages[f + before->npages - 1] = NULL;
        s->base = before->base;
        s->npages += before->npages;
        free(before);
    }
    size_t end = ((size_t)(s->base - h->base) >> PAGE_SHIFT) + s->npages;
    Span *after = end < h->used >> PAGE_SHIFT ? h->pages[end] : NULL;
    if (after && after->state == SPAN_FREE && !after->released) {
        bin_remove(h, after);
        h->pages[end] = h->pages[end + after->npages - 1] = NULL;
        s->npages += after->npages;
        free(after);
    }
    bin_add(h, s);
}

/* Gives free runs back to the system until at most keep_pages are held; returns how many pages it gave. */
size_t heap_scavenge(Heap *h, size_t keep_pages) {
    size_t before = h->released_pages;
    for (int b = NBINS; b > 0; b--)
        for (Span *s = h->bins[b]; s; s = s->next) {
            if (h->free_pages - h->released_pages <= keep_pages) return h->released_pages - before;
            if (s->released) continue;
            madvise(s->base, (size_t)s->npages << PAGE_SHIFT, MADV_DONTNEED);
            s->released = s->zero = true;
            h->released_pages += s->npages;
        }
    return h->released_pages - before;
}

/* Down the addresses, so that the lowest run is first in its bin. */
void heap_merge_released(Heap *h, bool all) {
    for (size_t end = h->used >> PAGE_SHIFT; end > 0;) {
        Span *s = h->pages[end - 1];
        size_t first = end - s->npages;
        if (s->state == SPAN_INUSE || !(all || s->released)) {
            end = first;
            continue;
        }
        bin_remove(h, s);
        for (Span *b; first > 0 && (b = h->pages[first - 1])->state == SPAN_FREE && (all || b->released);) {
            bin_remove(h, b);
            h->pages[first] = h->pages[first - 1] = NULL;
            first -= b->npages;
            s->base = b->base;
            s->npages += b->npages;
            free(b);
        }
        if (all) { /* also what counts as released: a huge page may have made it resident again */
            madvise(s->base, (size_t)s->npages << PAGE_SHIFT, MADV_DONTNEED);
            s->released = s->zero = true;
        }
        bin_add(h, s);
        end = first;
    }
    /* A huge page that was touched at the edge of what is handed out is resident beyond it. */
    if (all) madvise(h->base + h->used, h->mapped - h->used, MADV_DONTNEED);
}

/* ---- Small objects ---------------------------------------------------------------------------------- */

static Span *span_new_class(Heap *h, unsigned cls, bool noscan) {
    Span *s = pages_alloc(h, h->class_pages[cls]);
    size_t bytes = (size_t)s->npages << PAGE_SHIFT, size = mem_class_size[cls];
    s->cls = (uint8_t)cls;
    s->noscan = noscan;
    s->elem_size = (uint32_t)size;
    s->magic = (uint32_t)(0xffffffffu / size + 1);
    s->elem_mask = size < 512 ? (1ull << size / 8) - 1 : ~0ull;
    uint32_t nelems = (uint32_t)(bytes / size);
    s->zero_from = s->zero ? 0 : nelems;
    size_t nw = (nelems + 63) / 64;
    size_t np = !noscan && size <= MEM_MASK_MAX ? bytes / 512 + 1 : 0;
    s->live = calloc(3 * nw + np, 8); /* live, mark, ptrbits */
    if (!s->live) base_oom();
    s->mark = (MarkWord *)(void *)(s->live + nw);
    if (h->concurrent.on) /* what is allocated during marking counts as marked */
        for (size_t i = 0; i < nw; i++) s->mark[i].set = ~0ull;
    if (np) s->ptrbits = s->live + 3 * nw;
    atomic_thread_fence(memory_order_release);
    s->nelems = nelems; /* last: the marker may look */
    return s;
}

/* q is the first object of a span, or the first with another mask. */
static void mask_differs(AllocRun *r, const uint8_t *q, uint64_t mask) {
    Span *s = r->span;
    if (!s->mask) {
        s->mask = r->mask = mask;
        return;
    }
    /* The old mask is right for all that the marker may scan meanwhile. */
    AllocRun all = {.base = s->base, .ptrbits = s->ptrbits};
    for (uint32_t i = 0; i < s->nelems; i++) {
        const uint8_t *p = s->base + (size_t)i * s->elem_size;
        bool not_yet = p == q || (i / 64 == r->word && r->free >> (i & 63) & 1);
        if (bit_get(s->live, i) && !not_yet) mem_set_mask(&all, p, s->mask);
    }
    s->mixed = true;
    atomic_thread_fence(memory_order_release);
    s->mask = r->mask = 0;
    r->ptrbits = s->ptrbits;
    mem_set_mask(r, q, mask);
}

/* The next free elements of r->span, within one word of `live`; they count as allocated from now on. False when the span is full. */
static bool run_next(Heap *h, MCache *mc, AllocRun *r) {
    Span *s = r->span;
    size_t size = s->elem_size;
    uint64_t free = 0;
    for (;; r->word++) {
        if (r->word * 64 >= s->nelems) return false;
        uint32_t left = s->nelems - r->word * 64;
        free = ~s->live[r->word];
        if (left < 64) free &= (1ull << left) - 1;
        if (free) break;
    }
    unsigned most = size < RUN_BYTES ? (unsigned)(RUN_BYTES / size) : 1;
    if (unlikely(h->vm->stress.gc | h->vm->stress.mark)) most = 1;
    unsigned n = (unsigned)__builtin_popcountll(free);
    for (; n > most; n--) free &= ~(1ull << (63 - __builtin_clzll(free)));
    s->live[r->word] |= free;
    s->nlive += n;
    mc->mallocs[s->cls] += n;
    r->free = free;
    r->first = s->base + (size_t)r->word * 64 * size;
    r->dirty_end = s->base + s->zero_from * size;
    uint32_t end = r->word * 64 + 64 - (uint32_t)__builtin_clzll(free);
    if (s->mixed)
        for (uint64_t f = free; f; f &= f - 1) {
            size_t i = r->word * 64 + (uint32_t)__builtin_ctzll(f);
            bits_fill(s->ptrbits, i * size / 8, (i + 1) * size / 8, false);
        }
    if (end > s->zero_from) s->zero_from = end;
    r->mask = s->mask;
    r->ptrbits = s->mixed ? s->ptrbits : NULL;
    mc->handed_out += (int64_t)(n * size);
    if (mc->handed_out >= HANDED_OUT_MAX) {
        atomic_fetch_add_explicit(&h->live_bytes, mc->handed_out, memory_order_relaxed);
        mc->handed_out = 0;
    }
    return true;
}

/* What is left of the current run is not allocated after all. */
static void run_end(MCache *mc, AllocRun *r) {
    Span *s = r->span;
    if (!r->free) return;
    uint32_t n = (uint32_t)__builtin_popcountll(r->free);
    s->live[r->word] &= ~r->free;
    s->nlive -= n;
    mc->mallocs[s->cls] -= n;
    mc->handed_out -= (int64_t)(n * s->elem_size);
    r->free = 0;
}

static void refill(M *m, AllocRun *r, unsigned cls, bool noscan) {
    Heap *h = m->vm->heap;
    MCache *mc = m->p->mcache;
    while (!r->span || !run_next(h, mc, r)) {
        pthread_mutex_lock(&h->lock);
        if (r->span) r->span->cached = false;
        Span *s = h->partial[noscan][cls];
        if (s) {
            h->partial[noscan][cls] = s->next;
            s->next = NULL;
        } else {
            s = span_new_class(h, cls, noscan);
        }
        s->cached = true;
        *r = (AllocRun){.span = s, .base = s->base, .size = s->elem_size};
        pthread_mutex_unlock(&h->lock);
    }
}

void heap_flush(Heap *h, MCache *mc) {
    for (int ns = 0; ns < 2; ns++)
        for (int c = 1; c < MEM_NCLASS; c++) {
            AllocRun *r = &mc->run[ns][c];
            Span *s = r->span;
            if (!s) continue;
            run_end(mc, r);
            s->cached = false;
            if (s->nlive < s->nelems) {
                s->next = h->partial[ns][c];
                h->partial[ns][c] = s;
            }
            memset(r, 0, sizeof *r);
        }
    atomic_fetch_add_explicit(&h->live_bytes, mc->handed_out, memory_order_relaxed);
    mc->handed_out = 0;
    for (int c = 1; c < MEM_NCLASS; c++) {
        h->mallocs[c] += mc->mallocs[c];
        h->total_alloc += mc->mallocs[c] * mem_class_size[c];
        mc->mallocs[c] = 0;
    }
}
void heap_flush_all(Heap *h) {
    for (uint32_t i = 0; i < h->vm->nprocs; i++)
        if (h->vm->ps[i] && h->vm->ps[i]->mcache) heap_flush(h, h->vm->ps[i]->mcache);
}

static void *alloc_small(M *m, unsigned cls, bool noscan, uint64_t mask, bool zero) {
    AllocRun *r = &((MCache *)m->p->mcache)->run[noscan][cls];
    if (!r->free) refill(m, r, cls, noscan);
    uint8_t *q = r->first + (size_t)__builtin_ctzll(r->free) * r->size;
    if (q < r->dirty_end && zero) {
        if (r->size <= MEM_CLEAR_MAX) mem_clear(q, r->size);
        else memset(q, 0, r->size);
    }
    r->free &= r->free - 1;
    if (mask == r->mask) return q;
    if (r->ptrbits) mem_set_mask(r, q, mask);
    else mask_differs(r, q, mask);
    return q;
}

/* hdr 0: pointer-free */
static void *alloc_large(M *m, size_t size, uint64_t hdr, bool zero) {
    Heap *h = m->vm->heap;
    size_t npages = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    if (npages > UINT32_MAX) {
        pthread_mutex_lock(&h->lock);
        heap_out_of_memory(h, size);
    }
    pthread_mutex_lock(&h->lock);
    Span *s = pages_alloc(h, npages);
    bool was_zero = s->zero;
    s->cls = 0;
    s->nlive = 1;
    s->noscan = hdr == 0;
    s->hdr = hdr;
    s->large_size = npages << PAGE_SHIFT;
    s->live = calloc(3, 8);
    if (!s->live) base_oom();
    s->mark = (MarkWord *)(void *)(s->live + 1);
    s->mark[0].set = h->concurrent.on ? ~0ull : 0;
    atomic_thread_fence(memory_order_release);
    s->nelems = 1;
    /* Cleared before it can be seen as live: the collector cannot run before this M's next safepoint. */
    s->live[0] = 1;
    h->mallocs[0]++;
    h->total_alloc += s->large_size;
    pthread_mutex_unlock(&h->lock);
    atomic_fetch_add_explicit(&h->live_bytes, (int64_t)s->large_size, memory_order_relaxed);
    if (!was_zero && (zero || hdr)) memset(s->base, 0, s->large_size);
    return s->base;
}

/* ---- Interface ---------------------------------------------------------------------------------------- */

bool gc_needed(Heap *h) {
    return atomic_load_explicit(&h->live_bytes, memory_order_relaxed) >=
           atomic_load_explicit(&h->trigger, memory_order_relaxed);
}

void gc_poll(M *m) {
    Heap *h = m->vm->heap;
    if (m->no_gc || m->p->pinned) return;
    if (unlikely(gc_needed(h))) gc_collect(m, false);
    else if (unlikely(m->vm->stress.gc | m->vm->stress.mark) && atomic_fetch_add_explicit(&h->stress_count, 1, memory_order_relaxed) + 1 >= m->vm->stress.gc + m->vm->stress.mark) {
        gc_collect(m, false);
        h->stress_count = m->vm->stress.gc_grow ? -(atomic_load(&h->live_bytes) / STRESS_LIVE) : 0;
    }
}

size_t mem_round_size(size_t size, bool noscan) {
    size_t hdr = !noscan && size > MEM_MASK_MAX ? 8 : 0;
    if (size <= MEM_SMALL_MAX - 8) return mem_class_size[mem_class8[(size + hdr + 7) >> 3]] - hdr;
    if (size + PAGE_SIZE - 1 < size) return size;
    return (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

void *mem_alloc_noscan(M *m, size_t size, bool zero) {
    gc_poll(m);
    if (!size) return mem_zero_base(m->vm);
    if (size <= MEM_SMALL_MAX) return alloc_small(m, mem_class8[(size + 7) >> 3], true, 0, zero);
    return alloc_large(m, size, 0, zero);
}

static void *alloc_hdr(M *m, size_t size, uint64_t hdr) {
    if (size > MEM_SMALL_MAX - 8) return alloc_large(m, size, hdr, true);
    uint64_t *p = alloc_small(m, mem_class8[(size + 8 + 7) >> 3], false, 0, true);
    p[0] = hdr;
    return p + 1;
}

void *mem_alloc(M *m, size_t size, const GoType *t) {
    if (!t || !t->ptr_bytes) return mem_alloc_noscan(m, size, true);
    gc_poll(m);
    if (!size) return mem_zero_base(m->vm);
    if (size > MEM_MASK_MAX) return alloc_hdr(m, size, (uint64_t)(uintptr_t)t);
    uint64_t em = t->tflag & TFLAG_MASKONDEMAND ? 0 : type_mask64(t), mask = em;
    if (t->tflag & TFLAG_MASKONDEMAND)
        memcpy(&mask, type_ptrmask(t), (t->ptr_bytes / 8 + 7) / 8), em = mask;
    for (size_t off = t->size; off < size; off += t->size) mask |= em << (off / 8);
    return alloc_small(m, mem_class8[(size + 7) >> 3], false, mask, true);
}

void *mem_alloc_array(M *m, const GoType *elem, int64_t n) {
    size_t size;
    if (__builtin_mul_overflow(elem->size, (size_t)n, &size) || size >> MAX_ALLOC_BITS) {
        pthread_mutex_lock(&m->vm->heap->lock);
        heap_out_of_memory(m->vm->heap, SIZE_MAX);
    }
    return mem_alloc(m, size, elem);
}

void *mem_alloc_mask(M *m, size_t size, const uint8_t *ptrmask) {
    gc_poll(m);
    if (size > MEM_MASK_MAX) return alloc_hdr(m, size, (uint64_t)(uintptr_t)ptrmask | 1);
    uint64_t mask = 0;
    memcpy(&mask, ptrmask, (size / 8 + 7) / 8);
    if (size < 512) mask &= (1ull << (size / 8)) - 1;
    return alloc_small(m, mem_class8[(size + 7) >> 3], !mask, mask, true);
}

bool mem_is_heap(Vm *vm, const void *p) { return span_of(vm->heap, p) != NULL; }

bool mem_find_object(Vm *vm, const void *p, void **base, size_t *size) {
    Span *s = span_of(vm->heap, p);
    if (!s) return false;
    if (!s->cls) {
        if (base) *base = s->base;
        if (size) *size = s->large_size;
        return true;
    }
    uint32_t i = span_index(s, p);
    if (i >= s->nelems) return false;
    size_t hdr = !s->noscan && !s->ptrbits ? 8 : 0;
    if (base) *base = s->base + (size_t)i * s->elem_size + hdr;
    if (size) *size = s->elem_size - hdr;
    return true;
}

void mem_stats(Vm *vm, MemStatsC *out) {
    Heap *h = vm->heap;
    memset(out, 0, sizeof *out);
    heap_flush_all(h);
    out->total_alloc = h->total_alloc;
    for (int c = 0; c < MEM_NCLASS; c++) {
        out->by_size[c].mallocs = h->mallocs[c];
        out->by_size[c].frees = h->frees[c];
        out->mallocs += h->mallocs[c];
        out->frees += h->frees[c];
    }
    out->alloc = out->heap_alloc = h->total_alloc - h->freed_bytes;
    out->heap_objects = out->mallocs - out->frees;
    out->heap_inuse = h->inuse_pages << PAGE_SHIFT;
    out->heap_idle = h->free_pages << PAGE_SHIFT;
    out->heap_released = h->released_pages << PAGE_SHIFT;
    out->heap_sys = h->used;
    out->stack_inuse = stack_bytes(h);
    out->stack_sys = h->stack_sys;
    out->sys = h->used + h->stack_sys;
    out->next_gc = (uint64_t)h->goal;
    out->last_gc = h->last_gc;
    out->num_gc = h->ngc;
    out->num_forced_gc = h->nforced;
    out->pause_total_ns = h->pause_total;
    memcpy(out->pause_ns, h->pause_ns, sizeof out->pause_ns);
    memcpy(out->pause_end, h->pause_end, sizeof out->pause_end);
}

void mem_verify(Vm *vm) {
    Heap *h = vm->heap;
    heap_flush_all(h);
    size_t inuse = 0;
    for (int i = 0; i < h->all.len; i++) {
        Span *s = h->all.at[i];
        check(s->state == SPAN_INUSE && s->all_index == (uint32_t)i);
        inuse += s->npages;
        uint32_t n = 0;
        for (uint32_t k = 0; k < s->nelems; k++) n += bit_get(s->live, k);
        check(n == s->nlive);
        size_t first = (size_t)(s->base - h->base) >> PAGE_SHIFT;
        for (size_t k = 0; k < s->npages; k++) check(h->pages[first + k] == s);
        if (s->noscan) continue;
        /* Every pointer of a live object leads to a live object or out of the heap. */
        for (uint32_t k = 0; k < s->nelems; k++) {
            if (!bit_get(s->live, k) || !s->ptrbits) continue;
            uint8_t *obj = s->base + (size_t)k * s->elem_size;
            for (size_t w = 0; w < s->elem_size / 8; w++) {
                if (s->mixed ? !bit_get(s->ptrbits, (size_t)k * (s->elem_size / 8) + w) : !(s->mask >> w & 1)) continue;
                const void *p = ((void **)obj)[w];
                Span *t = span_of(h, p);
                if (!t) continue;
                uint32_t ti = span_index(t, p);
                check(ti >= t->nelems || bit_get(t->live, ti));
            }
        }
    }
    check(inuse == h->inuse_pages);
}

int64_t mem_set_limit(M *m, int64_t limit) {
    Heap *h = m->vm->heap;
    int64_t old = h->mem_limit;
    if (limit >= 0) h->mem_limit = limit;
    return old;
}

_Thread_local uint64_t rt_image_space = IMAGE_SPACE_BASE;

int32_t image_off_add(Vm *vm, const void *p) {
    uintptr_t a = (uintptr_t)p;
    if (a > rt_image_space && a < rt_image_space + IMAGE_SPACE_SIZE) return (int32_t)(a - rt_image_space);
    enum { TABLE_BYTES = 64 << 20 }; /* address space only */
    Heap *h = vm->heap;
    /* Word 0 of the mapped table counts its entries, which grow downwards from the end of the space. */
    uint64_t *low = (uint64_t *)(uintptr_t)(rt_image_space + IMAGE_SPACE_SIZE - TABLE_BYTES);
    pthread_mutex_lock(&h->lock);
    void *got = h->off_table ? low : mmap(low, TABLE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    check(got == low || got == MAP_FAILED);
    /* The loader of images may have reserved the space. */
    if (got == MAP_FAILED && mprotect(low, TABLE_BYTES, PROT_READ | PROT_WRITE))
        bug("cannot map the table of run-time type offsets");
    h->off_table = true;
    if (!low[0]) low[0] = 1; /* -1 means something else */
    uint64_t n = low[0];
    bool fresh;
    MapEntry *e = map_put_ptr(&h->off_index, p, &fresh);
    if (!fresh) {
        int32_t old = -(int32_t)e->num;
        pthread_mutex_unlock(&h->lock);
        return old;
    }
    if (n >= TABLE_BYTES / 8 - 2) bug("too many types made at run time");
    e->num = n + 1;
    uint64_t *at = &low[TABLE_BYTES / 8 - (n + 1)];
    *at = a;
    low[0] = n + 1;
    if (n == 1) {
        h->off_root = h->roots.len;
        vec_push(&h->roots, ((RootRange){(void **)at, 1}));
    } else {
        h->roots.at[h->off_root] = (RootRange){(void **)at, n};
    }
    pthread_mutex_unlock(&h->lock);
    return -(int32_t)(n + 1);
}
