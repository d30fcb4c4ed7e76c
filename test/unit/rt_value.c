/* Hash, equality, interface tables, strings and slices by hand-made type descriptors. */
#include "rt_stub.h"

typedef struct { GoStructType st; GoUncommon u; GoMethod ms[2]; } Concrete;
static GoInterfaceType empty_iface = {.t = {.size = 16, .ptr_bytes = 16, .kind = KIND_INTERFACE, .equal = &some_equal,
                                           .gcdata = mask_words[2]}};

static void test_hash_equal(void **state) {
    World *w = world_new();
    M *m = &w->m;
    uint64_t h1, h2;
    bool eq;
    double z[2] = {0.0, -0.0};
    assert_true(value_hash(m, &type_f64, &z[0], 9, &h1) && value_hash(m, &type_f64, &z[1], 9, &h2));
    assert_int_equal(h1, h2);
    assert_true(value_equal(m, &type_f64, &z[0], &z[1], &eq) && eq);
    GoString a = {(const uint8_t *)"hello world, hello", 18}, b = {(const uint8_t *)strdup("hello world, hello"), 18};
    assert_true(value_hash(m, &type_str, &a, 9, &h1) && value_hash(m, &type_str, &b, 9, &h2));
    assert_int_equal(h1, h2);
    assert_true(value_equal(m, &type_str, &a, &b, &eq) && eq);
    /* struct {s string; _ int; i any} */
    GoStructField f[3] = {{name_new("s", false), &type_str, 0}, {name_new("_", false), &type_u64, 16},
                          {name_new("i", false), &empty_iface.t, 24}};
    GoStructType st = {.t = {.size = 40, .kind = KIND_STRUCT, .equal = &some_equal}, .fields = {f, 3, 3}};
    struct { GoString s; uint64_t blank; GoEface i; } x = {a, 1, {&type_str, &b}}, y = {b, 2, {&type_str, &a}};
    assert_true(value_equal(m, &st.t, &x, &y, &eq) && eq);
    assert_true(value_hash(m, &st.t, &x, 9, &h1) && value_hash(m, &st.t, &y, 9, &h2));
    assert_int_equal(h1, h2);
    y.i.type = &type_u64;
    assert_true(value_equal(m, &st.t, &x, &y, &eq) && !eq);
    GoType slice = {.size = 24, .kind = KIND_SLICE, .str = off_of(name_new("*[]int", false)), .tflag = TFLAG_EXTRASTAR};
    x.i.type = y.i.type = &slice;
    assert_false(value_equal(m, &st.t, &x, &y, &eq));
    assert_string_equal(panic_text, "runtime error: comparing uncomparable type []int");
    assert_false(value_hash(m, &st.t, &x, 9, &h1));
    assert_string_equal(panic_text, "runtime error: hash of unhashable type []int");
    free((void *)b.p);
    world_free(w);
}

static void test_itab(void **state) {
    World *w = world_new();
    int32_t na = off_of(name_new("A", true)), nb = off_of(name_new("B", true)), nc = off_of(name_new("C", true));
    uint8_t *image = names_at + 64; /* types live in the image space, too */
    image = (uint8_t *)(((uintptr_t)image + 63) & ~(uintptr_t)63);
    Concrete *c = (Concrete *)image;
    VmFunc *fns = (VmFunc *)(image + 512);
    GoFuncType *ft = (GoFuncType *)(image + 1024);
    *c = (Concrete){.st.t = {.size = 8, .kind = KIND_STRUCT, .tflag = TFLAG_UNCOMMON},
        .u = {.mcount = 2, .xcount = 2, .moff = sizeof(GoUncommon)},
        .ms = {{na, off_of(ft), off_of(&fns[0]), off_of(&fns[0])}, {nb, off_of(ft), off_of(&fns[1]), off_of(&fns[1])}}};
    GoIMethod im[2] = {{nb, off_of(ft)}, {nc, off_of(ft)}};
    GoInterfaceType i1 = {.methods = {im, 1, 1}}, i2 = {.methods = {im, 2, 2}};
    Str missing;
    const GoItab *t = itab_get(&w->vm, &i1, &c->st.t, &missing);
    assert_non_null(t);
    assert_ptr_equal(t->fun[0], &fns[1]);
    assert_ptr_equal(itab_get(&w->vm, &i1, &c->st.t, NULL), t);
    assert_null(itab_get(&w->vm, &i2, &c->st.t, &missing));
    assert_true(str_is(missing, "C"));
    assert_null(itab_get(&w->vm, &i2, &type_u64, &missing));
    assert_true(str_is(missing, "B"));
    world_free(w);
}

static void test_str_slice(void **state) {
    World *w = world_new();
    M *m = &w->m;
    uint8_t tmp[STR_TMP_BYTES];
    GoString p[3] = {{(const uint8_t *)"h\xc3\xa9", 3}, {NULL, 0}, {(const uint8_t *)"\xff!", 2}};
    GoString s = str_concat(m, p, 3, NULL);
    assert_int_equal(s.n, 5);
    GoSlice r = runes_from_str(m, s, NULL);
    assert_int_equal(r.len, 4);
    assert_int_equal(((int32_t *)r.p)[1], 0xe9);
    assert_int_equal(((int32_t *)r.p)[2], 0xfffd);
    GoString back = str_from_runes(m, r, NULL);
    assert_int_equal(back.n, 7);
    assert_ptr_equal(str_concat(m, p, 2, tmp).p, p[0].p);
    assert_ptr_not_equal(str_concat(m, p, 2, NULL).p, p[0].p); /* neither heap nor image: copied */
    assert_ptr_equal(str_concat(m, p, 3, tmp).p, tmp);
    assert_ptr_equal(bytes_from_str(m, p[0], tmp).p, tmp);
    assert_int_equal(bytes_from_str(m, p[0], tmp).cap, STR_TMP_BYTES);
    assert_ptr_equal(str_from_bytes(m, "abc", 3, tmp).p, tmp);
    assert_int_equal(str_from_rune(m, -1, NULL).n, 3);
    assert_true(str_compare(p[0], s) < 0 && !str_compare(s, s));
    /* Capacities as gc's append gives them, one element at a time. */
    static const int64_t caps[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 848, 1280, 1792, 2560, 3408, 5120, 7168, 9216,
                                   12288, 16384, 21504};
    GoSlice v = {0};
    size_t k = 0;
    for (int64_t i = 0; i < 20000; i++) {
        if (v.len == v.cap) {
            assert_int_equal(slice_grow(m, &type_u64, v, v.len + 1, &v), RT_OK);
            assert_int_equal(v.cap, caps[k++]);
        }
        v.len++;
    }
    GoSlice b = {0};
    slice_grow(m, &type_u8, b, 5, &b);
    assert_int_equal(b.cap, 8);
    assert_int_equal(slice_grow(m, &type_u8, b, INT64_MAX, &b), RT_PANIC);
    assert_int_equal(bytes_from_str(m, (GoString){(const uint8_t *)"0123456789012345678901234567890123", 34}, tmp).cap, 48);
    world_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hash_equal), cmocka_unit_test(test_itab),
                                       cmocka_unit_test(test_str_slice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
