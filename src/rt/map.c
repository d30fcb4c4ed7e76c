/* Maps: groups of 8 slots with 8 control bytes (empty, deleted, or 7 bits of the hash), open addressing over a
 * power of two of groups. A map of up to 8 entries is one group.
 *
 * Growth and the removal of tombstones build a new array of groups and leave the old one alone. An iterator keeps
 * the array that it began with; when the map has a newer one it looks each key up there: deleted entries are not
 * seen, changed values are, and nothing comes twice. Slot layout (offsets, indirect keys and elements) is that of
 * the map type descriptor, which reflect builds as well. */
#include "rt/map.h"
#include "rt/value.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { CTRL_EMPTY = 0x80, CTRL_DELETED = 0xfe };
enum { MAP_NEED_KEY_UPDATE = 1, MAP_HASH_MIGHT_PANIC = 2, MAP_INDIRECT_KEY = 4, MAP_INDIRECT_ELEM = 8 };
#define ALL_EMPTY 0x8080808080808080ull
#define HASH_K 0x9fb21c651e98df25ull

struct GoMap {
    uint64_t used;
    uint64_t seed;
    uint8_t *groups;      /* the only pointer word */
    uint32_t ngroups;     /* power of two, 0: none yet */
    _Atomic uint8_t writing;
    uint64_t growth_left; /* empty slots that may still be filled */
    uint64_t clear_seq;
};
static const uint8_t map_mask[8] = {4};
_Static_assert(sizeof(GoMap) == MAP_WORDS * 8 && offsetof(GoMap, groups) == 16, "GoMap");

/* ---- Control words: masks with one bit a slot -------------------------------------------------------- */

#ifdef __SSE2__
static inline unsigned match_byte(uint64_t ctrl, uint8_t b) {
    __m128i c = _mm_cvtsi64_si128((long long)ctrl);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(c, _mm_set1_epi8((char)b))) & 0xff;
}
static inline unsigned match_full(uint64_t ctrl) {
    return ~(unsigned)_mm_movemask_epi8(_mm_cvtsi64_si128((long long)ctrl)) & 0xff;
}
#else
static inline unsigned match_byte(uint64_t ctrl, uint8_t b) {
    unsigned m = 0;
    for (int i = 0; i < 8; i++) m |= (unsigned)((uint8_t)(ctrl >> (8 * i)) == b) << i;
    return m;
}
static inline unsigned match_full(uint64_t ctrl) {
    unsigned m = 0;
    for (int i = 0; i < 8; i++) m |= (unsigned)!(ctrl >> (8 * i + 7) & 1) << i;
    return m;
}
#endif

static inline uint64_t *ctrl_of(uint8_t *g) { return (uint64_t *)g; }
static inline uint8_t *group_at(const GoMapType *t, uint8_t *groups, uint64_t i) { return groups + i * t->group_size; }
static inline void *key_slot(const GoMapType *t, uint8_t *g, unsigned i) { return g + t->keys_off + i * t->key_stride; }
static inline void *elem_slot(const GoMapType *t, uint8_t *g, unsigned i) { return g + t->elems_off + i * t->elem_stride; }
static inline void *key_at(const GoMapType *t, uint8_t *g, unsigned i) {
    void *p = key_slot(t, g, i);
    return unlikely(t->flags & MAP_INDIRECT_KEY) ? *(void **)p : p;
}
static inline void *elem_at(const GoMapType *t, uint8_t *g, unsigned i) {
    void *p = elem_slot(t, g, i);
    return unlikely(t->flags & MAP_INDIRECT_ELEM) ? *(void **)p : p;
}

/* ---- Hashing: the way is chosen by the key type alone, so that all entry points agree ------------------- */

typedef enum Mode { MODE_U64, MODE_U32, MODE_STR, MODE_ANY } Mode;

static inline Mode mode_of(const GoMapType *t) {
    switch (t->key->kind) {
    case KIND_INT: case KIND_INT64: case KIND_UINT: case KIND_UINT64: case KIND_UINTPTR: case KIND_POINTER:
    case KIND_UNSAFEPOINTER: case KIND_CHAN: return MODE_U64;
    case KIND_INT32: case KIND_UINT32: return MODE_U32;
    case KIND_STRING: return MODE_STR;
    default: return MODE_ANY;
    }
}
static inline uint64_t hash_int(uint64_t x, uint64_t seed) {
    __uint128_t r = (__uint128_t)(x ^ seed) * HASH_K;
    uint64_t h = (uint64_t)r ^ (uint64_t)(r >> 64);
    return h ^ h >> 32;
}
static inline bool hash_key(M *m, const GoMapType *t, Mode mode, const void *key, uint64_t seed, uint64_t *h) {
    switch (mode) {
    case MODE_U64: *h = hash_int(*(const uint64_t *)key, seed); return true;
    case MODE_U32: *h = hash_int(*(const uint32_t *)key, seed); return true;
    case MODE_STR: *h = mem_hash(((const GoString *)key)->p, (size_t)((const GoString *)key)->n, seed); return true;
    default: return value_hash(m, t->key, key, seed, h);
    }
}
static inline bool key_eq(M *m, const GoMapType *t, Mode mode, const void *a, const void *b) {
    switch (mode) {
    case MODE_U64: return *(const uint64_t *)a == *(const uint64_t *)b;
    case MODE_U32: return *(const uint32_t *)a == *(const uint32_t *)b;
    case MODE_STR: {
        const GoString *x = a, *y = b;
        return x->n == y->n && (x->p == y->p || !x->n || !memcmp(x->p, y->p, (size_t)x->n));
    }
    default: {
        bool eq = false;
        return value_equal(m, t->key, a, b, &eq) && eq; /* hashing refused incomparable keys */
    }
    }
}

typedef struct Slot { uint8_t *group; unsigned i; } Slot;

static inline __attribute__((always_inline)) bool find_in(M *m, const GoMapType *t, uint8_t *groups, uint32_t ngroups,
                                                          Mode mode, const void *key, uint64_t hash, Slot *out) {
    uint64_t mask = ngroups - 1, pos = hash >> 7 & mask;
    for (uint64_t step = 1;; pos = (pos + step++) & mask) {
        uint8_t *g = group_at(t, groups, pos);
        uint64_t ctrl = *ctrl_of(g);
        for (unsigned b = match_byte(ctrl, hash & 0x7f); b; b &= b - 1) {
            unsigned i = (unsigned)__builtin_ctz(b);
            if (likely(key_eq(m, t, mode, key, key_at(t, g, i)))) {
                *out = (Slot){g, i};
                return true;
            }
        }
        if (match_byte(ctrl, CTRL_EMPTY) || step > mask) return false;
    }
}
static bool find_any(M *m, const GoMapType *t, GoMap *h, const void *key, uint64_t hash, Slot *out) {
    if (!h->ngroups) return false;
    switch (mode_of(t)) {
    case MODE_U64: return find_in(m, t, h->groups, h->ngroups, MODE_U64, key, hash, out);
    case MODE_U32: return find_in(m, t, h->groups, h->ngroups, MODE_U32, key, hash, out);
    case MODE_STR: return find_in(m, t, h->groups, h->ngroups, MODE_STR, key, hash, out);
    default: return find_in(m, t, h->groups, h->ngroups, MODE_ANY, key, hash, out);
    }
}

/* ---- Making and growing -------------------------------------------------------------------------------- */

static uint8_t *groups_new(M *m, const GoMapType *t, uint64_t n) {
    uint8_t *g = mem_alloc_array(m, t->group, (int64_t)n);
    for (uint64_t i = 0; i < n; i++) *ctrl_of(group_at(t, g, i)) = ALL_EMPTY;
    return g;
}
static uint64_t max_used(uint64_t ngroups) { return ngroups <= 1 ? ngroups * 8 : ngroups * 7; }

GoMap *map_make(M *m, const GoMapType *t, int64_t hint, void *tmp, uint64_t room) {
    GoMap *h = tmp ? memset(tmp, 0, room) : mem_alloc_mask(m, sizeof *h, map_mask);
    h->seed = rt_rand(m);
    if (hint <= 8) {
        if (tmp && room >= sizeof *h + t->group_size) {
            h->groups = (uint8_t *)(h + 1);
            *ctrl_of(h->groups) = ALL_EMPTY;
            h->ngroups = 1;
            h->growth_left = max_used(1);
        }
        return h;
    }
    uint64_t n = 2, bytes;
    while (max_used(n) < (uint64_t)hint && n < 1ull << 31) n *= 2;
    if (max_used(n) < (uint64_t)hint || __builtin_mul_overflow(n, t->group_size, &bytes) || bytes >> 40) return h;
    m->no_gc++;
    h->groups = groups_new(m, t, n);
    m->no_gc--;
    h->ngroups = (uint32_t)n;
    h->growth_left = max_used(n);
    return h;
}

static inline Slot free_slot(const GoMapType *t, uint8_t *groups, uint32_t ngroups, uint64_t hash) {
    uint64_t mask = ngroups - 1, pos = hash >> 7 & mask;
    for (uint64_t step = 1;; pos = (pos + step++) & mask) {
        uint8_t *g = group_at(t, groups, pos);
        unsigned b = ~match_full(*ctrl_of(g)) & 0xff;
        if (b) return (Slot){g, (unsigned)__builtin_ctz(b)};
        dcheck(step <= mask + 1);
    }
}
static inline void set_ctrl(Slot s, uint8_t c) { s.group[s.i] = c; }

/* Room for at least one more entry. */
static void grow(M *m, const GoMapType *t, GoMap *h) {
    uint64_t n = h->ngroups ? h->ngroups : 1;
    if (h->ngroups && h->used > max_used(n) / 2) n *= 2; /* else tombstones fill it */
    if (n > 1ull << 31) rt_fatal(m->vm, "map too large");
    uint8_t *groups = groups_new(m, t, n);
    Mode mode = mode_of(t);
    size_t ks = t->flags & MAP_INDIRECT_KEY ? 8 : t->key->size;
    size_t es = t->flags & MAP_INDIRECT_ELEM ? 8 : t->elem->size;
    for (uint32_t k = 0; k < h->ngroups; k++) {
        uint8_t *g = group_at(t, h->groups, k);
        for (unsigned b = match_full(*ctrl_of(g)); b; b &= b - 1) {
            unsigned i = (unsigned)__builtin_ctz(b);
            uint64_t hash;
            if (!hash_key(m, t, mode, key_at(t, g, i), h->seed, &hash)) bug("key in map became unhashable");
            Slot s = free_slot(t, groups, (uint32_t)n, hash);
            set_ctrl(s, hash & 0x7f);
            memcpy(key_slot(t, s.group, s.i), key_slot(t, g, i), ks);
            memcpy(elem_slot(t, s.group, s.i), elem_slot(t, g, i), es);
        }
    }
    mem_barrier_typed(m, t->group, groups, n);
    h->groups = groups;
    h->ngroups = (uint32_t)n;
    h->growth_left = max_used(n) - h->used;
}

/* ---- Lookup ---------------------------------------------------------------------------------------------- */

static inline void check_reader(M *m, GoMap *h) {
    if (unlikely(atomic_load_explicit(&h->writing, memory_order_relaxed)))
        rt_misuse(m->vm, "concurrent map read and map write");
}
static inline void write_begin(M *m, GoMap *h) {
    if (unlikely(atomic_load_explicit(&h->writing, memory_order_relaxed)))
        rt_misuse(m->vm, "concurrent map writes");
    atomic_store_explicit(&h->writing, 1, memory_order_relaxed);
}
static inline void write_end(M *m, GoMap *h) {
    if (unlikely(!atomic_load_explicit(&h->writing, memory_order_relaxed)))
        rt_misuse(m->vm, "concurrent map writes");
    atomic_store_explicit(&h->writing, 0, memory_order_relaxed);
}

void *map_lookup(M *m, const GoMapType *t, GoMap *h, const void *key, bool *panicked) {
    uint64_t hash;
    *panicked = false;
    if (!h || !h->used) {
        if (t->flags & MAP_HASH_MIGHT_PANIC && !value_hash(m, t->key, key, 0, &hash)) *panicked = true;
        return NULL;
    }
    check_reader(m, h);
    if (!hash_key(m, t, mode_of(t), key, h->seed, &hash)) {
        *panicked = true;
        return NULL;
    }
    Slot s;
    return find_any(m, t, h, key, hash, &s) ? elem_at(t, s.group, s.i) : NULL;
}
void *map_lookup_u64(M *m, const GoMapType *t, GoMap *h, uint64_t key) {
    if (!h || !h->used) return NULL;
    check_reader(m, h);
    Slot s;
    return find_in(m, t, h->groups, h->ngroups, MODE_U64, &key, hash_int(key, h->seed), &s)
               ? elem_at(t, s.group, s.i) : NULL;
}
void *map_lookup_u32(M *m, const GoMapType *t, GoMap *h, uint32_t key) {
    if (!h || !h->used) return NULL;
    check_reader(m, h);
    Slot s;
    return find_in(m, t, h->groups, h->ngroups, MODE_U32, &key, hash_int(key, h->seed), &s)
               ? elem_at(t, s.group, s.i) : NULL;
}
void *map_lookup_str(M *m, const GoMapType *t, GoMap *h, GoString key) {
    if (!h || !h->used) return NULL;
    check_reader(m, h);
    Slot s;
    return find_in(m, t, h->groups, h->ngroups, MODE_STR, &key, mem_hash(key.p, (size_t)key.n, h->seed), &s)
               ? elem_at(t, s.group, s.i) : NULL;
}

/* ---- Writing ------------------------------------------------------------------------------------------------ */

/* A new entry for a key that is not there: its element's address. */
static void *insert(M *m, const GoMapType *t, GoMap *h, const void *key, uint64_t hash) {
    Slot s;
    if (h->growth_left) {
        s = free_slot(t, h->groups, h->ngroups, hash);
        if (s.group[s.i] == CTRL_EMPTY) h->growth_left--;
    } else {
        /* A tombstone on the way can be reused without growth. */
        bool reuse = false;
        if (h->ngroups && h->used < max_used(h->ngroups)) {
            s = free_slot(t, h->groups, h->ngroups, hash);
            reuse = s.group[s.i] == CTRL_DELETED;
        }
        if (!reuse) {
            grow(m, t, h);
            s = free_slot(t, h->groups, h->ngroups, hash);
            h->growth_left--;
        }
    }
    void *k = key_slot(t, s.group, s.i), *e = elem_slot(t, s.group, s.i);
    if (unlikely(t->flags & (MAP_INDIRECT_KEY | MAP_INDIRECT_ELEM))) {
        m->no_gc++;
        if (t->flags & MAP_INDIRECT_KEY) k = *(void **)k = mem_alloc(m, t->key->size, t->key);
        if (t->flags & MAP_INDIRECT_ELEM) e = *(void **)e = mem_alloc(m, t->elem->size, t->elem);
        m->no_gc--;
    }
    mem_barrier_typed(m, t->key, key, 1);
    memcpy(k, key, t->key->size);
    set_ctrl(s, hash & 0x7f);
    h->used++;
    return e;
}

static inline __attribute__((always_inline)) void *assign(M *m, const GoMapType *t, GoMap *h, Mode mode,
                                                          const void *key) {
    uint64_t hash;
    if (unlikely(!h)) {
        vm_panic_text(m, "assignment to entry in nil map");
        return NULL;
    }
    if (unlikely(!hash_key(m, t, mode, key, h->seed, &hash))) return NULL;
    write_begin(m, h);
    Slot s;
    void *e;
    if (h->ngroups && find_in(m, t, h->groups, h->ngroups, mode, key, hash, &s)) {
        if (t->flags & MAP_NEED_KEY_UPDATE) {
            mem_barrier_typed(m, t->key, key, 1);
            memcpy(key_at(t, s.group, s.i), key, t->key->size);
        }
        e = elem_at(t, s.group, s.i);
    } else {
        e = insert(m, t, h, key, hash);
    }
    write_end(m, h);
    return e;
}

void *map_assign(M *m, const GoMapType *t, GoMap *h, const void *key) {
    switch (mode_of(t)) {
    case MODE_U64: return assign(m, t, h, MODE_U64, key);
    case MODE_U32: return assign(m, t, h, MODE_U32, key);
    case MODE_STR: return assign(m, t, h, MODE_STR, key);
    default: return assign(m, t, h, MODE_ANY, key);
    }
}
void *map_assign_u64(M *m, const GoMapType *t, GoMap *h, uint64_t key) { return assign(m, t, h, MODE_U64, &key); }
void *map_assign_str(M *m, const GoMapType *t, GoMap *h, GoString key) { return assign(m, t, h, MODE_STR, &key); }

RtResult map_delete(M *m, const GoMapType *t, GoMap *h, const void *key) {
    uint64_t hash;
    if (!h || !h->used) {
        if (t->flags & MAP_HASH_MIGHT_PANIC && !value_hash(m, t->key, key, 0, &hash)) return RT_PANIC;
        return RT_OK;
    }
    if (!hash_key(m, t, mode_of(t), key, h->seed, &hash)) return RT_PANIC;
    write_begin(m, h);
    Slot s;
    if (find_any(m, t, h, key, hash, &s)) {
        size_t ks = t->flags & MAP_INDIRECT_KEY ? 8 : t->key->size;
        size_t es = t->flags & MAP_INDIRECT_ELEM ? 8 : t->elem->size;
        memset(key_slot(t, s.group, s.i), 0, ks);
        memset(elem_slot(t, s.group, s.i), 0, es);
        h->used--;
        /* A search stops at a group with an empty slot, so this one may become empty if there is another. */
        if (h->ngroups == 1 || match_byte(*ctrl_of(s.group), CTRL_EMPTY)) {
            set_ctrl(s, CTRL_EMPTY);
            h->growth_left++;
        } else {
            set_ctrl(s, CTRL_DELETED);
        }
    }
    write_end(m, h);
    return RT_OK;
}

void map_clear(M *m, const GoMapType *t, GoMap *h) {
    if (!h || !h->ngroups) return;
    write_begin(m, h);
    for (uint32_t k = 0; k < h->ngroups; k++) {
        uint8_t *g = group_at(t, h->groups, k);
        if (*ctrl_of(g) == ALL_EMPTY) continue;
        memset(g, 0, t->group_size);
        *ctrl_of(g) = ALL_EMPTY;
    }
    h->used = 0;
    h->growth_left = max_used(h->ngroups);
    h->clear_seq++;
    h->seed = rt_rand(m); /* keys that hash badly do not stay so */
    write_end(m, h);
}

GoMap *map_clone(M *m, const GoMapType *t, GoMap *src) {
    if (!src) return NULL;
    if (atomic_load_explicit(&src->writing, memory_order_relaxed))
        rt_misuse(m->vm, "concurrent map clone and map write");
    GoMap *h = mem_alloc_mask(m, sizeof *h, map_mask);
    h->seed = src->seed;
    if (!src->used) return h;
    m->no_gc++;
    h->groups = mem_alloc_array(m, t->group, src->ngroups);
    h->used = src->used;
    h->ngroups = src->ngroups;
    h->growth_left = src->growth_left;
    mem_barrier_typed(m, t->group, src->groups, src->ngroups);
    memcpy(h->groups, src->groups, src->ngroups * t->group_size);
    for (uint32_t k = 0; t->flags & (MAP_INDIRECT_KEY | MAP_INDIRECT_ELEM) && k < h->ngroups; k++) {
        uint8_t *g = group_at(t, h->groups, k);
        for (unsigned b = match_full(*ctrl_of(g)); b; b &= b - 1) {
            unsigned i = (unsigned)__builtin_ctz(b);
            void **slots[2] = {key_slot(t, g, i), elem_slot(t, g, i)};
            for (int e = 0; e < 2; e++) {
                if (!(t->flags & (e ? MAP_INDIRECT_ELEM : MAP_INDIRECT_KEY))) continue;
                const GoType *et = e ? t->elem : t->key;
                mem_barrier_typed(m, et, *slots[e], 1);
                *slots[e] = memcpy(mem_alloc(m, et->size, et), *slots[e], et->size);
            }
        }
    }
    m->no_gc--;
    return h;
}

/* ---- Iteration ---------------------------------------------------------------------------------------------- */

/* p0: the groups that the iteration walks. w[0]: slots done, w[1]: first slot, w[2]: number of slots,
 * w[3]: clear_seq at the start. */
void map_iter_init(M *m, const GoMapType *t, GoMap *h, MapIter *it) {
    memset(it, 0, sizeof *it);
    it->type = t;
    it->map = h;
    if (!h || !h->used) return;
    if (atomic_load_explicit(&h->writing, memory_order_relaxed))
        rt_misuse(m->vm, "concurrent map iteration and map write");
    it->p0 = h->groups;
    mem_barrier(m, it, sizeof *it); /* reflect has it in the heap */
    it->w[1] = rt_rand(m);
    sched_event(m, "range", h, (int64_t)(it->w[1] % ((uint64_t)h->ngroups * 8)));
    it->w[2] = (uint64_t)h->ngroups * 8;
    it->w[3] = h->clear_seq;
}

void map_iter_next(M *m, MapIter *it) {
    const GoMapType *t = it->type;
    GoMap *h = it->map;
    uint64_t n = it->w[2];
    if (it->w[0] < n && atomic_load_explicit(&h->writing, memory_order_relaxed))
        rt_misuse(m->vm, "concurrent map iteration and map write");
    while (it->w[0] < n) {
        uint64_t at = (it->w[0]++ + it->w[1]) & (n - 1);
        uint8_t *g = group_at(t, it->p0, at >> 3);
        unsigned i = at & 7;
        uint64_t ctrl = *ctrl_of(g);
        if (!match_full(ctrl)) { /* on to the next group, except within the first, which is met twice */
            uint64_t skip = 7 - i;
            it->w[0] += skip < n - it->w[0] ? skip : n - it->w[0];
            continue;
        }
        if (ctrl >> (8 * i + 7) & 1) continue;
        void *k = key_at(t, g, i);
        if (likely(it->p0 == h->groups)) {
            it->key = k;
            it->elem = elem_at(t, g, i);
            return;
        }
        uint64_t hash;
        Slot s;
        if (!hash_key(m, t, mode_of(t), k, h->seed, &hash)) continue;
        if (find_any(m, t, h, k, hash, &s)) {
            it->key = key_at(t, s.group, s.i);
            it->elem = elem_at(t, s.group, s.i);
            return;
        }
        /* NaN and the like are never found and can only go by clear. */
        bool eq;
        if (it->w[3] == h->clear_seq && value_equal(m, t->key, k, k, &eq) && !eq) {
            it->key = k;
            it->elem = elem_at(t, g, i);
            return;
        }
    }
    it->key = it->elem = NULL;
}
