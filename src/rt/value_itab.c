/* Interface tables: one for each pair of interface and concrete type, made on demand, cached per Vm.
 *
 * The cache is open addressing with lock-free readers: entries are published with a release store and a grown
 * table replaces the old one, which stays until the end. Negative answers are cached as tables with fun[0] NULL. */
#include <stdlib.h>

#include "rt/mem_int.h"
#include "rt/value.h"

typedef struct ItabTable { struct ItabTable *old; uint32_t cap, n; GoItab *at[]; } ItabTable;
struct Itabs { pthread_mutex_t lock; _Atomic(ItabTable *) table; Arena arena; };

static uint32_t hash_of(const GoInterfaceType *i, const GoType *t) {
    uint64_t x = ((uintptr_t)i >> 3) * 0x9e3779b97f4a7c15ull ^ (uintptr_t)t >> 3;
    return (uint32_t)(x * 0xd6e8feb86659fd93ull >> 32);
}

static GoItab *lookup(ItabTable *t, const GoInterfaceType *inter, const GoType *type) {
    for (uint32_t k = hash_of(inter, type);; k++) {
        GoItab *e = __atomic_load_n(&t->at[k & (t->cap - 1)], __ATOMIC_ACQUIRE);
        if (!e || (e->inter == inter && e->type == type)) return e;
    }
}
static void insert(ItabTable *t, GoItab *e) {
    uint32_t k = hash_of(e->inter, e->type);
    while (t->at[k & (t->cap - 1)]) k++;
    __atomic_store_n(&t->at[k & (t->cap - 1)], e, __ATOMIC_RELEASE);
    t->n++;
}
static ItabTable *table_new(uint32_t cap, ItabTable *old) {
    ItabTable *t = calloc(1, sizeof *t + cap * sizeof t->at[0]);
    if (!t) base_oom();
    t->cap = cap;
    t->old = old;
    for (uint32_t i = 0; old && i < old->cap; i++)
        if (old->at[i]) insert(t, old->at[i]);
    return t;
}

static Str name_str_of(const uint8_t *name) {
    size_t n;
    const uint8_t *p = name_bytes(name, &n);
    return (Str){(const char *)p, n};
}

/* The method of u that the interface's method im asks for; *from: both lists are sorted alike. */
static const GoMethod *match(const GoInterfaceType *inter, const GoIMethod *im, const GoUncommon *u, int *from) {
    const GoMethod *ms = (const GoMethod *)((const uint8_t *)u + u->moff);
    const uint8_t *iname = image_off(im->name);
    const GoType *itype = image_off(im->type);
    Str want = name_str_of(iname);
    for (int k = 0; k < u->mcount; k++) {
        int j = (*from + k) % u->mcount;
        const uint8_t *tname = image_off(ms[j].name);
        if (!str_eq(name_str_of(tname), want) || image_off(ms[j].mtyp) != itype) continue;
        if (!name_is_exported(tname)) {
            Str ip = name_pkg_path(iname), tp = name_pkg_path(tname);
            if (!ip.n) ip = name_str_of(inter->pkg_path);
            if (!tp.n) tp = name_str_of(image_off(u->pkg_path));
            if (!str_eq(ip, tp)) continue;
        }
        *from = j + 1;
        return &ms[j];
    }
    return NULL;
}

static Str fill(GoItab *e) {
    const GoUncommon *u = type_uncommon(e->type);
    int from = 0;
    for (int64_t i = 0; i < e->inter->methods.len; i++) {
        const GoIMethod *im = &e->inter->methods.p[i];
        const GoMethod *f = u && u->mcount ? match(e->inter, im, u, &from) : NULL;
        if (!f) {
            e->fun[0] = NULL;
            return name_str_of(image_off(im->name));
        }
        const VmFunc *fn = image_off(f->ifn);
        e->fun[i] = fn;
        check(fn != NULL);
    }
    return (Str){0};
}

static struct Itabs *itabs(Vm *vm) {
    Heap *h = vm->heap;
    struct Itabs *c = __atomic_load_n(&h->itabs, __ATOMIC_ACQUIRE);
    if (c) return c;
    pthread_mutex_lock(&h->lock);
    c = h->itabs;
    if (!c) {
        c = calloc(1, sizeof *c);
        if (!c) base_oom();
        pthread_mutex_init(&c->lock, NULL);
        c->table = table_new(512, NULL);
        __atomic_store_n(&h->itabs, c, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&h->lock);
    return c;
}

const GoItab *itab_get(Vm *vm, const GoInterfaceType *inter, const GoType *type, Str *missing) {
    struct Itabs *c = itabs(vm);
    check(inter->methods.len > 0);
    GoItab *e = lookup(atomic_load_explicit(&c->table, memory_order_acquire), inter, type);
    if (!e) {
        pthread_mutex_lock(&c->lock);
        ItabTable *t = c->table;
        e = lookup(t, inter, type);
        if (!e) {
            e = arena_alloc(&c->arena, sizeof *e + (size_t)(inter->methods.len - 1) * sizeof e->fun[0]);
            e->inter = inter;
            e->type = type;
            e->hash = type->hash;
            fill(e);
            if (t->n * 4 >= t->cap * 3) {
                t = table_new(t->cap * 2, t);
                insert(t, e);
                atomic_store_explicit(&c->table, t, memory_order_release);
            } else {
                insert(t, e);
            }
        }
        pthread_mutex_unlock(&c->lock);
    }
    if (likely(e->fun[0] != NULL)) return e;
    if (missing) {
        size_t n = sizeof *e + (size_t)(inter->methods.len - 1) * sizeof e->fun[0];
        GoItab *again = calloc(1, n);
        if (!again) base_oom();
        again->inter = inter;
        again->type = type;
        *missing = fill(again);
        free(again);
    }
    return NULL;
}

void itabs_free(Heap *h) {
    struct Itabs *c = h->itabs;
    if (!c) return;
    for (ItabTable *t = c->table, *old; t; t = old) {
        old = t->old;
        free(t);
    }
    arena_free(&c->arena);
    pthread_mutex_destroy(&c->lock);
    free(c);
    h->itabs = NULL;
}
