/* Symbol tables: find-or-make by name, definitions, relocations. The lock covers the table (names, the
 * list of all symbols, the arena); a symbol's contents belong to whoever won sym_begin_define. */
#include "ir/ir.h"

#include <stdlib.h>

void symtab_init(SymTab *t) {
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    pthread_mutex_init(&t->bodies_lock, NULL);
}

void symtab_free(SymTab *t) {
    if (t->bodies) ir_unit_free(t->bodies);
    free(t->bodies);
    for (int i = 0; i < t->all.len; i++) {
        Sym *s = t->all.at[i];
        vec_free(&s->relocs);
    }
    vec_free(&t->all);
    map_free(&t->by_name);
    arena_free(&t->arena);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->bodies_lock);
}

/* Unit number << 32 | count; 0: nobody else is at work; LAST: the same for all. */
static _Thread_local uint64_t next_order;
#define LAST UINT64_MAX

uint64_t sym_order_begin(int64_t unit) {
    uint64_t before = next_order;
    next_order = unit < 0 ? LAST : (uint64_t)unit << 32;
    return before;
}

void sym_order_end(uint64_t before) { next_order = before; }

static int by_order(const void *a, const void *b) {
    const Sym *x = *(Sym *const *)a, *y = *(Sym *const *)b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int c = memcmp(x->name.p, y->name.p, n);
    return c ? c : x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

void symtab_settle(SymTab *t, int first) {
    if (first < t->all.len) qsort(t->all.at + first, (size_t)(t->all.len - first), sizeof(Sym *), by_order);
    for (int i = first; i < t->all.len; i++) {
        t->all.at[i]->index = (uint32_t)i;
        t->all.at[i]->order = 0;
    }
}

/* base: the address in a base image where it is known, else 0. The lock is held. */
static Sym *find_or_make(SymTab *t, Str name, uint64_t base) {
    uint64_t order = next_order && next_order != LAST ? next_order++ : next_order;
    Sym *s = map_get_str(&t->by_name, name);
    if (s) {
        if (order < s->order) s->order = order;
    } else {
        s = arena_new(&t->arena, Sym);
        s->name = str_dup(&t->arena, name);
        s->keep_name = true;
        s->index = (uint32_t)t->all.len;
        s->order = order;
        if (base) s->base_addr = base;
        else if (t->base_lookup) s->base_addr = t->base_lookup(t->base_ctx, s->name);
        vec_push(&t->all, s);
        map_set_str(&t->by_name, s->name, s);
    }
    return s;
}

static Sym *find_or_make_at(SymTab *t, uint64_t addr) {
    char name[40];
    int n = snprintf(name, sizeof name, "go:at.%llx", (unsigned long long)addr);
    Sym *s = find_or_make(t, (Str){name, (size_t)n}, addr);
    s->keep_name = false;
    return s;
}

Sym *sym_get(SymTab *t, Str name) {
    pthread_mutex_lock(&t->lock);
    Sym *s = find_or_make(t, name, 0);
    pthread_mutex_unlock(&t->lock);
    return s;
}

Sym *sym_get_base(SymTab *t, Str name, uint64_t addr, bool named) {
    pthread_mutex_lock(&t->lock);
    Sym *s = named || !addr ? find_or_make(t, name, addr) : map_get_str(&t->by_name, name);
    if (!named && addr && (!s || s->base_addr || s->order)) s = find_or_make_at(t, addr);
    pthread_mutex_unlock(&t->lock);
    return s;
}

Sym *sym_at(SymTab *t, uint64_t addr) {
    pthread_mutex_lock(&t->lock);
    Sym *s = find_or_make_at(t, addr);
    pthread_mutex_unlock(&t->lock);
    return s;
}

Sym *sym_find(SymTab *t, Str name) {
    pthread_mutex_lock(&t->lock);
    Sym *s = map_get_str(&t->by_name, name);
    pthread_mutex_unlock(&t->lock);
    return s;
}

bool sym_begin_define(SymTab *t, Sym *s, SymKind kind) {
    pthread_mutex_lock(&t->lock);
    bool mine = s->kind == SYM_UNDEF && !s->base_addr;
    if (mine) s->kind = (uint8_t)kind;
    pthread_mutex_unlock(&t->lock);
    return mine;
}

void sym_alloc_data(SymTab *t, Sym *s, size_t n, int align) {
    pthread_mutex_lock(&t->lock);
    s->data = arena_alloc(&t->arena, n);
    s->size = n;
    s->align = (uint8_t)align;
    pthread_mutex_unlock(&t->lock);
}

void sym_set_data(SymTab *t, Sym *s, const void *p, size_t n, int align) {
    sym_alloc_data(t, s, n, align);
    if (n) memcpy(s->data, p, n);
}

void sym_reloc(SymTab *t, Sym *s, uint32_t off, RelocKind kind, Sym *target, int64_t addend) {
    (void)t;
    vec_push(&s->relocs, ((Reloc){off, (uint8_t)kind, target, addend}));
}

Sym *sym_string_bytes(SymTab *t, Str bytes) {
    char name[64];
    uint64_t h1 = hash_bytes(bytes.p, bytes.n, 0x5851f42d4c957f2dull);
    uint64_t h2 = hash_bytes(bytes.p, bytes.n, 0x14057b7ef767814full);
    int n = snprintf(name, sizeof name, "go:string.%zu.%016llx%016llx", bytes.n,
                     (unsigned long long)h1, (unsigned long long)h2);
    Sym *s = sym_get(t, (Str){name, (size_t)n});
    if (sym_begin_define(t, s, SYM_RODATA)) {
        s->dupok = true;
        s->keep_name = false;
        sym_set_data(t, s, bytes.p, bytes.n, 1);
    }
    return s;
}
