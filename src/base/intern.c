/* Interned names: one hash table of pointers, names and their text in one arena. */
#include "base/base.h"

#include <stdlib.h>

struct Interner {
    Name **table;
    uint32_t mask, count;
    Arena arena;
};

Interner *interner_new(void) {
    Interner *in = calloc(1, sizeof *in);
    if (!in) base_oom();
    in->mask = 4095;
    in->table = calloc((size_t)in->mask + 1, sizeof(Name *));
    if (!in->table) base_oom();
    return in;
}

void interner_free(Interner *in) {
    if (!in) return;
    arena_free(&in->arena);
    free(in->table);
    free(in);
}

static void grow(Interner *in) {
    uint32_t mask = in->mask * 2 + 1;
    Name **table = calloc((size_t)mask + 1, sizeof(Name *));
    if (!table) base_oom();
    for (uint32_t i = 0; i <= in->mask; i++) {
        Name *n = in->table[i];
        if (!n) continue;
        uint32_t k = n->hash & mask;
        while (table[k]) k = (k + 1) & mask;
        table[k] = n;
    }
    free(in->table);
    in->table = table;
    in->mask = mask;
}

Name *intern(Interner *in, const char *p, size_t n) {
    uint32_t hash = (uint32_t)hash_bytes(p, n, 0);
    uint32_t k = hash & in->mask;
    for (Name *e; (e = in->table[k]); k = (k + 1) & in->mask)
        if (e->hash == hash && e->n == n && !memcmp(e->p, p, n)) return e;
    Name *e = arena_alloc(&in->arena, sizeof(Name) + n + 1);
    char *text = (char *)(e + 1);
    if (n) memcpy(text, p, n);
    e->p = text;
    e->n = (uint32_t)n;
    e->hash = hash;
    e->blank = n == 1 && p[0] == '_';
    if (n) {
        int32_t r;
        utf8_decode(p, n, &r);
        e->exported = rune_is_upper(r);
    }
    in->table[k] = e;
    if (++in->count * 2 > in->mask) grow(in);
    return e;
}
