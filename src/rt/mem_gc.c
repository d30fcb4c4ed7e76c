/* The collector: mark (mem_mark.c), sweep bitmaps, set the pace. The world is stopped for all of it, or, where a heap is large and
 * there are other cores, for the roots and for the end, and marking goes on beside the program in between (mem_concurrent.c). */
#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "rt/mem_int.h"

enum {
    PARALLEL_BYTES = 4 << 20, /* smaller heaps are marked by one worker */
    BURST_PAGES = 1024,       /* a heap that shrinks by so much leaves spans and bitmaps behind in C's memory, too */
};

/* ---- Sweep and pace --------------------------------------------------------------------------------------- */

/* With --stress=gc and =mark what is freed reads as garbage at once. */
static void poison(Span *s) {
    for (uint32_t i = 0; i < s->nelems; i++)
        if (bit_get(s->live, i) && !(s->mark[i >> 6].set >> (i & 63) & 1))
            memset(s->base + (size_t)i * s->elem_size, 0xdb, s->cls ? s->elem_size : s->large_size);
}

static uint64_t sweep(Heap *h) {
    uint64_t live_bytes = 0;
    memset(h->partial, 0, sizeof h->partial);
    for (int i = h->all.len - 1; i >= 0; i--) {
        Span *s = h->all.at[i];
        if (unlikely(h->vm->stress.gc | h->vm->stress.mark)) poison(s);
        uint32_t n = 0;
        size_t nw = ((size_t)s->nelems + 63) / 64;
        for (size_t k = 0; k < nw; k++) n += (uint32_t)__builtin_popcountll(s->live[k] &= s->mark[k].set);
        size_t size = s->cls ? s->elem_size : s->large_size;
        h->frees[s->cls] += s->nlive - n;
        h->freed_bytes += (uint64_t)(s->nlive - n) * size;
        if (!n) {
            span_free(h, s);
            continue;
        }
        live_bytes += (uint64_t)n * size;
        s->nlive = n;
        s->next = NULL;
        if (s->cls && n < s->nelems) {
            s->next = h->partial[s->noscan][s->cls];
            h->partial[s->noscan][s->cls] = s;
        }
    }
    return live_bytes;
}

void heap_pace(Heap *h, uint64_t live) {
    int64_t goal = INT64_MAX;
    if (h->gc_percent >= 0) {
        uint64_t min = (uint64_t)(4 << 20) * (uint64_t)h->gc_percent / 100;
        uint64_t g = live + (live + stack_bytes(h)) * (uint64_t)h->gc_percent / 100;
        goal = (int64_t)(g > min ? g : min);
    }
    int64_t limit = h->mem_limit < h->limit_goal ? h->mem_limit : h->limit_goal;
    if (limit != INT64_MAX) {
        int64_t other = (int64_t)(h->stack_sys + (h->free_pages - h->released_pages) * PAGE_SIZE / 8);
        int64_t room = limit - other, least = (int64_t)(live + live / 20 + (1 << 16));
        if (room < least) room = least; /* do not collect without end */
        if (room < goal) goal = room;
    }
    h->goal = goal;
    atomic_store(&h->trigger, atomic_load(&h->concurrent.done) ? 0 : goal);
}

static uint64_t wall_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Marks all that lives, or begins to: false. */
static bool mark_heap(M *m, bool forced) {
    Vm *vm = m->vm;
    Heap *h = vm->heap;
    Marker *mk = &h->marker;
    bool parallel = vm->nprocs > 1 && atomic_load(&h->live_bytes) > PARALLEL_BYTES;
    heap_flush_all(h);
    if (h->concurrent.on) {
        bool done = atomic_load(&h->concurrent.done);
        concurrent_end(h);
        mark_roots(h, mk);
        mark_rest(mk, parallel && !done);
        if (vm->stress.mark) concurrent_verify(h);
        if (!forced) return true; /* else again, without what has died since it began */
    }
    if (h->hooks.before_mark) h->hooks.before_mark(vm, m);
    heap_flush_all(h);
    marker_init(mk, h);
    marks_begin(h);
    if (!forced && concurrent_is_worth(h)) {
        mark_roots(h, mk);
        specials_mark(h, mk);
        concurrent_begin(m);
        return false;
    }
    mark_all(h, mk, parallel);
    return true;
}

void gc_collect(M *m, bool forced) {
    Vm *vm = m->vm;
    Heap *h = vm->heap;
    sched_stop_world(m, forced ? "runtime.GC" : "garbage collection");
    if (!forced && !vm->stress.gc && !vm->stress.mark && !gc_needed(h)) { /* another M was quicker */
        sched_start_world(m);
        return;
    }
    uint64_t start = time_now_ns();
    h->collecting = true;
    Marker *mk = &h->marker;
    if (!mark_heap(m, forced)) {
        h->collecting = false;
        h->concurrent.begin_ns = time_now_ns() - start;
        sched_start_world(m);
        return;
    }
    specials_mark(h, mk);
    marker_drain(mk);
    specials_finish(h, mk);
    if (vm->sched) timer_collect(vm, mk);
    marker_drain(mk);
    marker_trim(mk);
    uint64_t live = sweep(h);
    atomic_store(&h->live_bytes, (int64_t)live);
    sched_event(m, "collected", NULL, (int64_t)live);
    heap_pace(h, live);
    /* What the heap will need until the next collection stays; runtime.GC gives back more. */
    size_t keep = h->inuse_pages / 10 + (forced ? 32 : 1024);
    int64_t goal = atomic_load(&h->trigger);
    if (!forced && h->mem_limit == INT64_MAX) {
        size_t want = goal > 1ll << 45 ? SIZE_MAX : (size_t)(goal + goal / 10) / PAGE_SIZE;
        if (want > h->inuse_pages + keep) keep = want - h->inuse_pages;
    }
    size_t given = heap_scavenge(h, keep);
    h->untrimmed += given;
    bool trim = forced && h->untrimmed >= BURST_PAGES;
    if (trim) h->untrimmed = 0;
    /* After a burst the few spans that remain up there must not bring 2 MB each. */
    if (forced && h->huge && h->inuse_pages << PAGE_SHIFT < HEAP_HUGE_BYTES / 2) heap_huge_pages(h, false);
    if (given || h->release_all) heap_merge_released(h, h->release_all);
    stack_trim(h, h->release_all);
    uint64_t pause = time_now_ns() - start + h->concurrent.begin_ns;
    h->concurrent.begin_ns = 0;
    h->pause_ns[h->ngc % 256] = pause;
    h->last_gc = h->pause_end[h->ngc % 256] = wall_ns();
    h->pause_total += pause;
    h->ngc++;
    if (forced) h->nforced++;
    h->collecting = false;
    bool wake = h->queue_at < h->queue.len;
    sched_start_world(m);
    if (trim) malloc_trim(0);
    if (wake && h->hooks.run_finalizers) h->hooks.run_finalizers(vm, m);
}

/* ---- What can be reached, without a sweep ---------------------------------------------------------------- */

Marker *gc_reach_begin(Vm *vm) {
    Heap *h = vm->heap;
    Marker *mk = &h->marker;
    h->collecting = true;
    if (h->concurrent.on) {
        concurrent_end(h);
        marker_drain(mk);
    }
    heap_flush_all(h);
    marker_init(mk, h);
    marks_begin(h);
    for (int i = 0; i < h->roots.len; i++) gc_mark_words(mk, h->roots.at[i].p, h->roots.at[i].n, NULL);
    if (h->hooks.scan_roots) h->hooks.scan_roots(vm, mk);
    if (vm->sched) timer_mark(vm, mk, true);
    specials_mark(h, mk);
    marker_drain(mk);
    return mk;
}

void gc_reach_restart(Vm *vm) { marks_begin(vm->heap); }

void gc_reach_g(Marker *mk, G *g) {
    mark_g(mk, g);
    marker_drain(mk);
}

bool gc_reached(Vm *vm, const void *p) { return gc_is_marked(vm->heap, p); }

void gc_run(M *m) { gc_collect(m, true); }

int32_t gc_set_percent(M *m, int32_t percent) {
    Heap *h = m->vm->heap;
    int32_t old = h->gc_percent;
    h->gc_percent = percent < 0 ? -1 : percent;
    heap_pace(h, (uint64_t)atomic_load(&h->live_bytes));
    return old;
}

void mem_release_os(M *m) {
    Heap *h = m->vm->heap;
    h->release_all = true;
    gc_collect(m, true);
    h->release_all = false;
    malloc_trim(0); /* what the collector's workers used */
}
