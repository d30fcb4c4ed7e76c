/* Marking by several workers: in a large heap helper threads mark too. Spans are dealt out to as many parts as there are workers,
 * and the objects of a part are marked only by the worker that has it at the time: mark bits need no atomic operations, and their
 * cache lines stay where they are (with shared ones two workers were no faster than one). A pointer into another part goes to that
 * part's inbox, in blocks: when one is full, or when somebody is hungry. What is marked may be scanned by anybody: the hungry get it
 * through a pool. Slabs of goroutines are scanned by anybody, too. A worker whose inbox is empty may change to another part that
 * nobody has. A helper that wakes up too late finds the phase closed and goes back to sleep: nobody waits for it. Marking is finished
 * when every worker that joined is hungry, and slabs, pool and inboxes are empty. In a heap that is like one long list the helpers
 * soon give up, and the main worker goes on alone. */
#include <stdlib.h>

#include "rt/mem_mark.h"

enum { MAX_HELPERS = MARK_PARTS - 1, PATIENCE = 1000 /* times hungry */, WORTHWHILE = 16 /* objects each time */ };

/* ---- What workers give each other ------------------------------------------------------------------------ */

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
    mk->out[part] = block_take(&mk->spare);
    announce(par);
}

static void deliver_all(Marker *mk) {
    for (uint32_t i = 0; i < mk->heap->par.nparts; i++) deliver(mk, i);
}

void workers_share(Marker *mk) {
    MarkPar *par = &mk->heap->par;
    if (!mk->block->next || !mk->block->next->n) queue_to_blocks(mk, BLOCK_ITEMS);
    MarkBlock *cur = mk->block, *b = cur->next;
    uint32_t n = cur->n / 2;
    if (b && b->n) {
        cur->next = b->next;
    } else if (n) {
        b = block_take(&mk->spare);
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

void workers_send(Marker *mk, uint32_t part) {
    pthread_mutex_lock(&mk->heap->par.lock);
    deliver(mk, part);
    pthread_mutex_unlock(&mk->heap->par.lock);
}

void workers_receive(Marker *mk) {
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

/* ---- The workers ------------------------------------------------------------------------------------------ */

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

/* In place of mk's own block, which is empty. */
static void take_block(Marker *mk, MarkBlock *b) {
    MarkBlock *empty = mk->block;
    check(!empty->n && !empty->next);
    b->next = NULL;
    mk->block = b;
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
            take_block(mk, b);
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
    for (uint32_t i = 0; i < mk->heap->par.nparts; i++) mk->out[i] = block_take(&mk->spare);
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
    marker_drain(mk);
    for (MarkBlock *next; par->pool; par->pool = next) {
        next = par->pool->next;
        take_block(mk, par->pool);
        marker_drain(mk);
    }
    for (; par->slab; par->slab = sched_slab_next(par->slab)) {
        sched_slab_each_g(par->slab, mark_g, mk);
        marker_drain(mk);
    }
}

void mark_together(Marker *mk, struct GSlab *slab) {
    Heap *h = mk->heap;
    MarkPar *par = &h->par;
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
