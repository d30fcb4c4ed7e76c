/* Goroutine records: slabs of them, free lists of the Ps and a common one.
 *
 * A finished goroutine's record stays on its P's list with its stack chunk and select nodes, so that the next `go` on
 * that P finds all three at hand, still warm. Lists are exchanged with the common one in chains of FREE_G_CHAIN records
 * (magazines: Bonwick and Adams, "Magazines and Vmem", 2001), so that a burst takes the lock once a chain. Records that
 * were never used are handed out in their order without a list. What a P counts (goroutines, their numbers) is added up
 * by those who ask. The collector walks the slabs and gives those that are free altogether back. */
#include "rt/sched_int.h"

#include <stdlib.h>

enum {
    FREE_G_CHAIN = 128,  /* a P keeps at most two */
    FRESH_FIRST = 8,     /* never used records that a P takes at once: of a new slab, later */
    FRESH_BATCH = 64,
    GOID_BATCH = 16,
};

/* ---- The common list: chains linked by sched_prev of their first records, whose `id` is the chain's length. ------ */

static void chain_put(Sched *s, G *first, uint32_t n) { /* slab_lock held or world stopped */
    if (!first) return;
    first->id = n;
    first->sched_prev = s->free_g;
    s->free_g = first;
}

/* A record for P when its list is empty. */
static G *refill_free_g(Vm *vm, PSched *ps) {
    Sched *s = vm->sched;
    G *g = ps->spare_g;
    if (g) {
        ps->spare_g = NULL;
        ps->nfree_g = FREE_G_CHAIN;
        return g;
    }
    spin_lock(&s->slab_lock);
    g = s->free_g;
    if (g) {
        s->free_g = g->sched_prev;
        spin_unlock(&s->slab_lock);
        ps->nfree_g = (uint32_t)g->id;
        return g;
    }
    GSlab *slab = s->slabs;
    if (!slab || slab->used == slab->n) {
        spin_unlock(&s->slab_lock); /* no memory: the report wants to see all goroutines */
        slab = slab_take(vm);
        spin_lock(&s->slab_lock);
        slab->n = (uint32_t)((SLAB_BYTES - sizeof *slab) / sizeof(G));
        slab->used = 0;
        slab->next = s->slabs;
        s->slabs = slab;
    }
    uint32_t n = slab->n - slab->used, batch = slab->used ? FRESH_BATCH : FRESH_FIRST;
    if (n > batch) n = batch;
    ps->fresh_g = &slab->gs[slab->used];
    ps->fresh_end = ps->fresh_g + n;
    slab->used += n;
    spin_unlock(&s->slab_lock);
    return NULL;
}

static void refill_goids(Sched *s, PSched *ps) {
    uint64_t n = GOID_BATCH, max = s->vm->max_goroutines;
    if (unlikely(max)) { /* comes here for each goroutine then */
        n = 1;
        if (sched_count_g(s->vm) >= max)
            rt_exhausted(s->vm, "goroutine exhaustion", "program exceeds %llu-goroutine limit", (unsigned long long)max);
    }
    ps->next_goid = atomic_fetch_add_explicit(&s->next_goid, n, memory_order_relaxed) + 1;
    ps->goid_end = ps->next_goid + n;
}

static void count_g(PSched *ps, int64_t d) {
    atomic_store_explicit(&ps->n_g, atomic_load_explicit(&ps->n_g, memory_order_relaxed) + d, memory_order_relaxed);
}

G *sched_new_g(M *m, size_t stack_words) {
    PSched *ps = p_sched(m->p);
    G *g = ps->free_g;
    if (likely(g != NULL) || (ps->fresh_g == ps->fresh_end && (g = refill_free_g(m->vm, ps)))) {
        ps->free_g = g->sched_next;
        ps->nfree_g--;
        StackChunk *chunk = g->stack;
        if (chunk && unlikely((size_t)(chunk->hi - chunk->words) < stack_words)) {
            stack_chunk_free(m, chunk);
            chunk = NULL;
        }
        if (!chunk) g->stack = stack_chunk_new(m, stack_words);
        memset(&g->wait_reason, 0, offsetof(G, id) - offsetof(G, wait_reason));
        memset(&g->defers, 0, offsetof(G, sel) - offsetof(G, defers));
        memset(&g->wait, 0, sizeof g->wait);
    } else { /* all zero */
        g = ps->fresh_g++;
        g->stack = stack_chunk_new(m, stack_words);
    }
    g_set_limit(g, g->stack->hi);
    if (unlikely(ps->next_goid == ps->goid_end)) refill_goids(m->vm->sched, ps);
    g->id = ps->next_goid++;
    atomic_store_explicit(&g->preempt, 0, memory_order_relaxed);
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    count_g(ps, 1);
    return g;
}

void sched_free_g(M *m, G *g) {
    PSched *ps = p_sched(m->p);
    if (likely(!g->is_system)) count_g(ps, -1);
    if (unlikely(g->stack->next != NULL))
        for (StackChunk *c; (c = g->stack->next);) { /* cached continuation chunks */
            g->stack->next = c->next;
            stack_chunk_free(m, c);
        }
    while (unlikely(g->stack->prev != NULL)) {
        StackChunk *c = g->stack;
        g->stack = c->prev;
        g->stack->next = NULL;
        stack_chunk_free(m, c);
    }
    if (unlikely(g->stack->hi - g->stack->words > 256)) {
        stack_chunk_free(m, g->stack);
        g->stack = NULL;
    }
    if (g->sel && g->sel->cap > 8) {
        free(g->sel);
        g->sel = NULL;
    }
    atomic_store_explicit(&g->status, G_FREE, memory_order_release);
    if (unlikely(g->locked)) {
        g->locked = false;
        __atomic_store_n(&m->locked_g, NULL, __ATOMIC_RELAXED);
        m_sched(m)->end_thread = true;
    }
    g->sched_next = ps->free_g;
    ps->free_g = g;
    if (likely(++ps->nfree_g < FREE_G_CHAIN)) return;
    if (ps->spare_g) {
        Sched *s = m->vm->sched;
        spin_lock(&s->slab_lock);
        chain_put(s, ps->spare_g, FREE_G_CHAIN);
        spin_unlock(&s->slab_lock);
    }
    ps->spare_g = ps->free_g;
    ps->free_g = NULL;
    ps->nfree_g = 0;
}

void sched_p_retire_g(Vm *vm, P *p) {
    Sched *s = vm->sched;
    PSched *ps = p_sched(p);
    chain_put(s, ps->free_g, ps->nfree_g);
    chain_put(s, ps->spare_g, FREE_G_CHAIN);
    for (; ps->fresh_g < ps->fresh_end; ps->fresh_g++) chain_put(s, ps->fresh_g, 1);
    ps->free_g = ps->spare_g = NULL;
    ps->nfree_g = 0;
    atomic_fetch_add_explicit(&s->n_g, atomic_exchange(&ps->n_g, 0), memory_order_relaxed);
}

void sched_trim(Vm *vm, void (*drop_chunk)(void *ctx, StackChunk *c), void *ctx) {
    Sched *s = vm->sched;
    s->free_g = NULL;
    for (uint32_t i = 0; i < vm->nprocs; i++) {
        PSched *ps = p_sched(vm->ps[i]);
        ps->free_g = ps->spare_g = ps->fresh_g = ps->fresh_end = NULL;
        ps->nfree_g = 0;
    }
    for (GSlab **link = &s->slabs, *slab; (slab = *link);) {
        uint32_t busy = 0;
        for (uint32_t i = 0; i < slab->used; i++) {
            G *g = &slab->gs[i];
            if (atomic_load_explicit(&g->status, memory_order_relaxed) != G_FREE) {
                busy++;
                continue;
            }
            if (g->stack) drop_chunk(ctx, g->stack);
            g->stack = NULL;
            free(g->sel);
            g->sel = NULL;
        }
        if (!busy) {
            *link = slab->next;
            slab_give(vm, slab);
            continue;
        }
        G *chain = NULL;
        uint32_t n = 0;
        for (uint32_t i = slab->used; i-- > 0;) { /* addresses ascend along a chain */
            G *g = &slab->gs[i];
            if (atomic_load_explicit(&g->status, memory_order_relaxed) != G_FREE) continue;
            g->sched_next = chain;
            chain = g;
            if (++n < FREE_G_CHAIN) continue;
            chain_put(s, chain, n);
            chain = NULL, n = 0;
        }
        chain_put(s, chain, n);
        link = &slab->next;
    }
}

void sched_mark_system(Vm *vm, G *g) {
    if (g->is_system) return;
    g->is_system = true;
    atomic_fetch_sub_explicit(&vm->sched->n_g, 1, memory_order_relaxed);
}

uint64_t sched_count_g(Vm *vm) {
    int64_t n = atomic_load_explicit(&vm->sched->n_g, memory_order_relaxed);
    for (uint32_t i = 0; i < vm->nprocs; i++) n += atomic_load_explicit(&p_sched(vm->ps[i])->n_g, memory_order_relaxed);
    return n > 0 ? (uint64_t)n : 0;
}

GSlab *sched_slab_first(Vm *vm) {
    if (!vm->sched) return NULL;
    spin_lock(&vm->sched->slab_lock);
    GSlab *first = vm->sched->slabs;
    spin_unlock(&vm->sched->slab_lock);
    return first;
}
GSlab *sched_slab_next(GSlab *s) { return s->next; }
void sched_slab_each_g(GSlab *s, void (*fn)(void *ctx, G *g), void *ctx) {
    for (uint32_t i = 0; i < s->used; i++) {
        if (i + 4 < s->used) __builtin_prefetch(s->gs[i + 4].fp); /* the collector looks at stacks */
        if (atomic_load_explicit(&s->gs[i].status, memory_order_acquire) != G_FREE) fn(ctx, &s->gs[i]);
    }
}

void sched_each_g(Vm *vm, void (*fn)(void *ctx, G *g), void *ctx) {
    for (GSlab *s = sched_slab_first(vm); s; s = s->next) sched_slab_each_g(s, fn, ctx);
}
