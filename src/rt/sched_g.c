/* Goroutine records: slabs of them, free lists of the Ps and a common one.
 *
 * A finished goroutine's record stays on its P's list with its stack chunk and select nodes, so that the next `go` on
 * that P finds all three at hand. The collector walks the slabs and gives those that are free altogether back. */
#include "rt/sched_int.h"

#include <stdlib.h>

enum {
    FREE_G_KEEP = 256,           /* finished goroutines a P keeps */
    FREE_G_BATCH = 64,
};

/* Fills P's list of free records from the common one or with new ones. */
static void refill_free_g(Vm *vm, PSched *ps) {
    Sched *s = vm->sched;
    spin_lock(&s->slab_lock);
    for (int i = 0; i < FREE_G_BATCH && s->free_g; i++) {
        G *g = s->free_g;
        s->free_g = g->sched_next;
        g->sched_next = ps->free_g;
        ps->free_g = g;
        ps->nfree_g++;
    }
    if (!ps->free_g) {
        GSlab *slab = s->slabs;
        if (!slab || slab->used == slab->n) {
            slab = slab_take(vm);
            slab->n = (uint32_t)((SLAB_BYTES - sizeof *slab) / sizeof(G));
            slab->used = 0;
            slab->next = s->slabs;
            s->slabs = slab;
        }
        uint32_t n = slab->n - slab->used, batch = slab->used ? FREE_G_BATCH : 8;
        if (n > batch) n = batch;
        memset(&slab->gs[slab->used], 0, n * sizeof(G));
        for (uint32_t i = n; i-- > 0;) { /* addresses ascend along the list */
            slab->gs[slab->used + i].sched_next = ps->free_g;
            ps->free_g = &slab->gs[slab->used + i];
        }
        ps->nfree_g += n;
        slab->used += n;
    }
    spin_unlock(&s->slab_lock);
}

G *sched_new_g(M *m, size_t stack_words) {
    Sched *s = m->vm->sched;
    PSched none = {0}, *ps = m->p ? p_sched(m->p) : &none;
    if (!ps->free_g) refill_free_g(m->vm, ps);
    G *g = ps->free_g;
    ps->free_g = g->sched_next;
    ps->nfree_g--;
    if (unlikely(ps == &none)) {
        spin_lock(&s->slab_lock);
        for (G *x; (x = none.free_g);) {
            none.free_g = x->sched_next;
            x->sched_next = s->free_g;
            s->free_g = x;
        }
        spin_unlock(&s->slab_lock);
    }
    StackChunk *chunk = g->stack;
    SelectWait *sel = g->sel;
    if (chunk && (size_t)(chunk->hi - chunk->words) < stack_words) {
        stack_chunk_free(m, chunk);
        chunk = NULL;
    }
    memset(g, 0, sizeof *g);
    g->sel = sel;
    g->stack = chunk ? chunk : stack_chunk_new(m, stack_words);
    g->stack_limit = g->stack->hi;
    g->id = atomic_fetch_add_explicit(&s->next_goid, 1, memory_order_relaxed) + 1;
    atomic_store_explicit(&g->status, G_RUNNABLE, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->n_g, 1, memory_order_relaxed);
    return g;
}

void sched_free_g(M *m, G *g) {
    Sched *s = m->vm->sched;
    if (!g->is_system) atomic_fetch_sub_explicit(&s->n_g, 1, memory_order_relaxed);
    while (g->stack && g->stack->next) { /* cached continuation chunks */
        StackChunk *c = g->stack->next;
        g->stack->next = c->next;
        stack_chunk_free(m, c);
    }
    while (g->stack && g->stack->prev) {
        StackChunk *c = g->stack;
        g->stack = c->prev;
        g->stack->next = NULL;
        stack_chunk_free(m, c);
    }
    if (g->sel && g->sel->cap > 8) {
        free(g->sel);
        g->sel = NULL;
    }
    atomic_store_explicit(&g->status, G_FREE, memory_order_release);
    if (unlikely(g->locked)) {
        g->locked = false;
        m->locked_g = NULL;
        m_sched(m)->end_thread = true;
    }
    PSched *ps = p_sched(m->p);
    if (g->stack && g->stack->hi - g->stack->words > 256) {
        stack_chunk_free(m, g->stack);
        g->stack = NULL;
    }
    g->sched_next = ps->free_g;
    ps->free_g = g;
    if (++ps->nfree_g < FREE_G_KEEP) return;
    spin_lock(&s->slab_lock);
    for (int i = 0; i < FREE_G_KEEP / 2; i++) {
        G *x = ps->free_g;
        ps->free_g = x->sched_next;
        x->sched_next = s->free_g;
        s->free_g = x;
    }
    ps->nfree_g -= FREE_G_KEEP / 2;
    spin_unlock(&s->slab_lock);
}

void sched_trim(Vm *vm, void (*drop_chunk)(void *ctx, StackChunk *c), void *ctx) {
    Sched *s = vm->sched;
    s->free_g = NULL;
    for (uint32_t i = 0; i < vm->nprocs; i++) {
        p_sched(vm->ps[i])->free_g = NULL;
        p_sched(vm->ps[i])->nfree_g = 0;
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
        for (uint32_t i = slab->used; i-- > 0;) {
            G *g = &slab->gs[i];
            if (atomic_load_explicit(&g->status, memory_order_relaxed) != G_FREE) continue;
            g->sched_next = s->free_g;
            s->free_g = g;
        }
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
