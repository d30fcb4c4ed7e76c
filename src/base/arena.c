/* Arenas and vectors.
 *
 * An Arena is a list of zeroed chunks; allocation bumps a pointer. Chunks double from 64 KiB to
 * 1 MiB, so that small packages stay small and large ones make few calls. Requests that exceed a
 * quarter of the chunk get a chunk of their own behind the current one. */
#include "base/base.h"

#include <stdlib.h>

struct ArenaChunk {
    ArenaChunk *next;
    size_t size; /* of the data */
    char data[] __attribute__((aligned(16)));
};

enum { CHUNK_MIN = 64 << 10, CHUNK_MAX = 1 << 20 };

static ArenaChunk *chunk_new(Arena *a, size_t size) {
    ArenaChunk *c = calloc(1, sizeof(ArenaChunk) + size);
    if (!c) base_oom();
    c->size = size;
    a->total += size;
    return c;
}

void *arena_alloc_slow(Arena *a, size_t size) {
    size_t want = CHUNK_MIN;
    if (a->chunks) {
        want = a->total < CHUNK_MAX ? a->total : CHUNK_MAX;
        if (want < CHUNK_MIN) want = CHUNK_MIN;
    }
    want = (want + 15) & ~(size_t)15;
    if (size > want / 4 && a->chunks) {
        ArenaChunk *c = chunk_new(a, size);
        c->next = a->chunks->next;
        a->chunks->next = c;
        return c->data;
    }
    if (want < size) want = size;
    ArenaChunk *c = chunk_new(a, want);
    c->next = a->chunks;
    a->chunks = c;
    a->at = c->data + size;
    a->end = c->data + want;
    return c->data;
}

void arena_free(Arena *a) {
    for (ArenaChunk *c = a->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *a = (Arena){0};
}

void arena_reset(Arena *a) {
    ArenaChunk *keep = a->chunks;
    if (!keep) return;
    for (ArenaChunk *c = keep->next, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    keep->next = NULL;
    memset(keep->data, 0, (size_t)(a->at - keep->data));
    a->at = keep->data;
    a->end = keep->data + keep->size;
    a->total = keep->size;
}

void *arena_memdup(Arena *a, const void *p, size_t n) {
    void *q = arena_alloc(a, n);
    if (n) memcpy(q, p, n);
    return q;
}

static Str arena_vprintf(Arena *a, const char *fmt, va_list ap) {
    char small[256];
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    if (n < 0) bug("bad format %s", fmt);
    char *p = arena_alloc(a, (size_t)n + 1);
    if ((size_t)n < sizeof small)
        memcpy(p, small, (size_t)n + 1);
    else
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (Str){p, (size_t)n};
}

char *arena_printf(Arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    Str s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return (char *)s.p;
}

Str str_printf(Arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    Str s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

/* ---- Vectors ------------------------------------------------------------------------------ */

typedef VEC(char) AnyVec;

void vec_grow_(void *vec, size_t elem, int need) {
    AnyVec *v = vec;
    int cap = v->cap ? v->cap * 2 : 8;
    if (cap < need) cap = need;
    if (cap < v->cap) base_oom();
    size_t size = (size_t)cap * elem;
    if (v->arena) {
        char *p = arena_alloc(v->arena, size);
        if (v->len) memcpy(p, v->at, (size_t)v->len * elem);
        v->at = p;
    } else {
        char *p = realloc(v->at, size);
        if (!p) base_oom();
        v->at = p;
    }
    v->cap = cap;
}

void vec_free_(void *vec) {
    AnyVec *v = vec;
    if (!v->arena) free(v->at);
    v->at = NULL;
    v->len = v->cap = 0;
}
