/* Maps against an array as oracle, also with changes during iteration. */
#include "rt_stub.h"

enum { NKEYS = 3000 };

static GoType group_type(size_t slot, bool ptrs, uint8_t *mask) {
    GoType g = {.size = 8 + 8 * slot, .align = 8, .kind = KIND_STRUCT, .gcdata = mask};
    if (ptrs) {
        g.ptr_bytes = g.size - 8;
        for (size_t i = 1; i < g.size / 8; i += slot / 8) mask[i >> 3] |= (uint8_t)(1 << (i & 7));
    }
    return g;
}
static uint8_t gmask[64];
static GoType group_u64, group_str, group_u32, group_f64, group_ptr;
static GoMapType map_u64, map_str, map_u32, map_f64, map_ind;
static GoMapType map_type(const GoType *k, const GoType *e, GoType *g, size_t ksize, size_t slot) {
    return (GoMapType){.t = {.size = 8, .ptr_bytes = 8, .kind = KIND_MAP}, .key = k, .elem = e, .group = g,
        .group_size = g->size, .keys_off = 8, .key_stride = slot, .elems_off = 8 + ksize, .elem_stride = slot, .elem_off = ksize};
}
static void init_types(void) {
    group_u64 = group_type(16, false, gmask);
    group_u32 = group_type(16, false, gmask);
    group_f64 = group_type(16, false, gmask);
    group_str = group_type(24, true, gmask);
    static uint8_t all[32];
    memset(all, 0xff, sizeof all);
    group_ptr = group_type(16, false, all);
    group_ptr.ptr_bytes = group_ptr.size;
    map_u64 = map_type(&type_u64, &type_u64, &group_u64, 8, 16);
    map_u32 = map_type(&type_u32, &type_u64, &group_u32, 8, 16);
    map_f64 = map_type(&type_f64, &type_u64, &group_f64, 8, 16);
    map_f64.flags = 1;
    map_str = map_type(&type_str, &type_u64, &group_str, 16, 24);
    map_ind = map_type(&type_u64, &type_u64, &group_ptr, 8, 16);
    map_ind.flags = 4 | 8;
}

static uint64_t oracle[NKEYS]; /* 0: absent */
static int born[NKEYS], died[NKEYS], seen[NKEYS];
static int now;
static GoString strs[NKEYS];
static char strs_mem[NKEYS][8];

static void *lookup(M *m, const GoMapType *t, GoMap *h, uint64_t k, bool generic) {
    bool p;
    if (t == &map_str) return generic ? map_lookup(m, t, h, &strs[k], &p) : map_lookup_str(m, t, h, strs[k]);
    if (t == &map_u32) {
        uint32_t k32 = (uint32_t)k;
        return generic ? map_lookup(m, t, h, &k32, &p) : map_lookup_u32(m, t, h, k32);
    }
    double d = (double)k;
    if (t == &map_f64) return map_lookup(m, t, h, &d, &p);
    return generic ? map_lookup(m, t, h, &k, &p) : map_lookup_u64(m, t, h, k);
}
static uint64_t *assign(M *m, const GoMapType *t, GoMap *h, uint64_t k, bool generic) {
    if (t == &map_str) return generic ? map_assign(m, t, h, &strs[k]) : map_assign_str(m, t, h, strs[k]);
    uint32_t k32 = (uint32_t)k;
    double d = (double)k;
    if (t == &map_u32) return map_assign(m, t, h, &k32);
    if (t == &map_f64) return map_assign(m, t, h, &d);
    return generic ? map_assign(m, t, h, &k) : map_assign_u64(m, t, h, k);
}
static void remove_key(M *m, const GoMapType *t, GoMap *h, uint64_t k) {
    uint32_t k32 = (uint32_t)k;
    double d = (double)k;
    assert_int_equal(map_delete(m, t, h, t == &map_str ? (void *)&strs[k] : t == &map_u32 ? (void *)&k32
                                         : t == &map_f64 ? (void *)&d : (void *)&k), RT_OK);
}
static void step(M *m, const GoMapType *t, GoMap *h, int nkeys, int grow) {
    uint64_t r = rt_rand(m), k = (r >> 8) % (uint64_t)nkeys;
    now++;
    if ((int)(r >> 50) % 10 < grow) {
        uint64_t *e = assign(m, t, h, k, r & 1);
        if (!oracle[k]) {
            assert_int_equal(*e, 0);
            born[k] = now;
        } else {
            assert_int_equal(*e, oracle[k]);
        }
        *e = oracle[k] = (r >> 3) | 1;
    } else {
        remove_key(m, t, h, k);
        if (oracle[k]) died[k] = now;
        oracle[k] = 0;
    }
}
static void check_all(M *m, const GoMapType *t, GoMap *h, int nkeys) {
    int n = 0;
    for (int k = 0; k < nkeys; k++) {
        uint64_t *e = lookup(m, t, h, (uint64_t)k, k & 1);
        if (oracle[k]) {
            assert_non_null(e);
            assert_int_equal(*e, oracle[k]);
            n++;
        } else {
            assert_null(e);
        }
    }
    assert_int_equal(map_len(h), n);
}
static int key_of(const GoMapType *t, const void *p) {
    if (t == &map_str) return (int)((const char(*)[8])((const GoString *)p)->p - (const char(*)[8])strs_mem);
    if (t == &map_u32) return (int)*(const uint32_t *)p;
    if (t == &map_f64) return (int)*(const double *)p;
    return (int)*(const uint64_t *)p;
}

static void model(const GoMapType *t, int nkeys) {
    World *w = world_new();
    M *m = &w->m;
    memset(oracle, 0, sizeof oracle);
    memset(born, 0, sizeof born);
    memset(died, 0, sizeof died);
    now = 1;
    GoMap *h = roots[0] = map_make(m, t, nkeys % 3 ? 0 : nkeys / 2, NULL, 0);
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < nkeys; i++) step(m, t, h, nkeys, round % 3 == 2 ? 2 : 7);
        check_all(m, t, h, nkeys);
        if (round % 7 == 3) {
            GoMap *c = roots[1] = map_clone(m, t, h);
            check_all(m, t, c, nkeys);
            gc_run(m);
            h = roots[0] = c;
        }
        /* An iteration during which the map changes. */
        MapIter *it = (MapIter *)&roots[100];
        memset(seen, 0, sizeof seen);
        int start = ++now, had_before[1] = {0};
        (void)had_before;
        static bool at_start[NKEYS];
        for (int k = 0; k < nkeys; k++) at_start[k] = oracle[k] != 0;
        map_iter_init(m, t, h, it);
        bool cleared = false;
        for (map_iter_next(m, it); it->key; map_iter_next(m, it)) {
            int k = key_of(t, it->key);
            assert_true(k >= 0 && k < nkeys);
            assert_true(oracle[k] != 0); /* never one that is deleted */
            assert_int_equal(*(uint64_t *)it->elem, oracle[k]);
            if (seen[k]) assert_true(born[k] > seen[k]); /* twice only if it was made anew in between */
            seen[k] = ++now;
            for (int i = (int)(rt_rand(m) % 4); i > 0; i--) step(m, t, h, nkeys, round % 2 ? 9 : 3);
            if (round % 11 == 5 && !cleared && seen[k] > start + nkeys / 4) {
                map_clear(m, t, h);
                now++;
                for (int j = 0; j < nkeys; j++) {
                    if (oracle[j]) died[j] = now;
                    oracle[j] = 0;
                }
                cleared = true;
            }
            if (rt_rand(m) % 500 == 0) gc_run(m);
        }
        for (int k = 0; k < nkeys; k++) /* all that were there all the time */
            if (at_start[k] && oracle[k] && born[k] < start && died[k] < start) assert_true(seen[k]);
        check_all(m, t, h, nkeys);
    }
    mem_verify(&w->vm);
    world_free(w);
}

static void test_model(void **state) {
    init_types();
    for (int i = 0; i < NKEYS; i++) {
        snprintf(strs_mem[i], 8, "k%d", i % 100000);
        strs[i] = (GoString){(const uint8_t *)strs_mem[i], (int64_t)strlen(strs_mem[i])};
    }
    const GoMapType *types[] = {&map_u64, &map_u32, &map_str, &map_f64, &map_ind};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        model(types[i], 7);
        model(types[i], 40);
        model(types[i], 1000);
    }
    model(&map_str, NKEYS);
}

static void test_nan_nil_order(void **state) {
    init_types();
    World *w = world_new();
    M *m = &w->m;
    GoMap *h = roots[0] = map_make(m, &map_f64, 0, NULL, 0);
    double nan = __builtin_nan(""), z = 0.0, nz = -0.0;
    bool p;
    for (int i = 0; i < 20; i++) *(uint64_t *)map_assign(m, &map_f64, h, &nan) = 1;
    assert_int_equal(map_len(h), 20);
    assert_null(map_lookup(m, &map_f64, h, &nan, &p));
    map_delete(m, &map_f64, h, &nan);
    assert_int_equal(map_len(h), 20);
    *(uint64_t *)map_assign(m, &map_f64, h, &z) = 5;
    *(uint64_t *)map_assign(m, &map_f64, h, &nz) = 6;
    assert_int_equal(map_len(h), 21);
    MapIter it;
    int n = 0, negative = 0;
    map_iter_init(m, &map_f64, h, &it);
    for (map_iter_next(m, &it); it.key; map_iter_next(m, &it)) {
        double d = *(double *)it.key;
        n += d != d;
        negative += d == 0 && __builtin_signbit(d);
        if (n == 10)
            for (int i = 0; i < 40; i++) map_assign(m, &map_f64, h, &(double){i + 1000.0 * n});
    }
    assert_int_equal(n, 20);
    assert_int_equal(negative, 1); /* the key is updated */
    assert_null(map_assign(m, &map_f64, NULL, &z));
    assert_string_equal(panic_text, "assignment to entry in nil map");
    assert_null(map_lookup(m, &map_f64, NULL, &z, &p));
    h = roots[0] = map_make(m, &map_u64, 0, NULL, 0);
    for (uint64_t i = 0; i < 8; i++) map_assign_u64(m, &map_u64, h, i);
    unsigned firsts = 0;
    for (int i = 0; i < 200; i++) {
        map_iter_init(m, &map_u64, h, &it);
        map_iter_next(m, &it);
        firsts |= 1u << *(uint64_t *)it.key;
    }
    assert_int_equal(firsts, 255);
    world_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_nan_nil_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
