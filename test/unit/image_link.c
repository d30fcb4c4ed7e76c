/* Linking and loading: two synthetic functions and data, base images, relocation when the image space is
 * taken, pc tables, and refusal of damaged images without a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sample_image.h"

static void make_image(Buf *out, uint64_t base) {
    SymTab t;
    symtab_init(&t);
    Sym *bss = sample_symbols(&t);
    assert_ptr_equal(sym_string_bytes(&t, STR("hello")), sym_string_bytes(&t, STR("hello")));
    sample_func(&t, "main.h", sym_get(&t, STR("rt.missing")), bss);
    LinkOptions opt = {.base = base, .entry = "main.f", .native_find = sample_find_native, .build_id = STR("id1"),
                       .export_data = STR("EXPORT")};
    const char *err;
    if (!image_link(&t, &opt, out, &err)) fail_msg("%s", err);
    symtab_free(&t);
}

static void count_roots(void *ctx, void **start, size_t n, const uint8_t *mask) {
    int *c = ctx;
    for (size_t i = 0; i < n; i++) *c += mask[i / 8] >> (i % 8) & 1;
    if (n) assert_non_null(start);
}

static void check_loaded(Images *im, Image *g) {
    const VmFunc *f = image_entry(g);
    assert_string_equal(f->info->name, "main.f");
    assert_string_equal(f->info->file, "x.go");
    assert_ptr_equal((void *)image_lookup(im, STR("main.f")), f);
    const VmFunc *h = (const VmFunc *)f->code[1];
    assert_string_equal(h->info->name, "main.g");
    uint64_t *data = (uint64_t *)image_lookup(im, STR("main.data"));
    assert_int_equal(f->code[2], (uint64_t)data + 8);
    assert_int_equal(f->code[3], 0x1234);
    assert_ptr_equal((void *)data[0], f);
    assert_memory_equal((void *)data[1], "ello", 4);
    assert_memory_equal((void *)(im->space + (uint32_t)data[2]), "hello", 5);
    const VmFunc *native = (const VmFunc *)h->code[1];
    assert_int_equal(native->native, 8);
    assert_string_equal(native->info->name, "rt.native");
    assert_ptr_equal(image_find_func(im, f->code), f);
    assert_ptr_equal(image_find_func(im, f->code + 5), f);
    assert_ptr_equal(image_find_func(im, h->code), h);
    assert_null(image_find_func(im, (const uint64_t *)data));
    int line, inl;
    assert_true(image_pc_line(f, f->code + 1, &line, &inl));
    assert_int_equal(line, 11);
    assert_true(image_pc_line(f, f->code + 3, &line, &inl));
    assert_int_equal(line, 9);
    assert_true(image_pc_line(f, f->code + 5, &line, &inl));
    assert_int_equal(line, 300);
    assert_int_equal(inl, 0);
    assert_string_equal(f->info->inlines[0].file, "y.go");
    uint32_t n;
    assert_int_equal(image_pc_map(f, f->code + 3, &n)[0], 5);
    assert_int_equal(image_pc_map(f, f->code + 5, &n)[0], 0x81);
    assert_null(image_pc_map(f, f->code + 4, &n));
    assert_int_equal(f->info->objects[0].ptrmask[0], 2);
    assert_int_equal(f->info->args_ptrs[0], 1);
    assert_true(str_is(image_export_data(g), "EXPORT"));
    assert_true(str_is(image_build_id(g), "id1"));
    assert_int_equal(image_lookup(im, STR("main.nosuch")), 0);
}

static void link_and_load(void **state) {
    (void)state;
    Images im = {0}, second = {0};
    Buf b = {0}, c = {0};
    Image *g;
    const char *err;
    make_image(&b, IMAGE_SPACE_BASE);
    make_image(&c, IMAGE_SPACE_BASE);
    assert_int_equal(b.len, c.len);
    assert_memory_equal(b.data, c.data, b.len); /* deterministic */
    if (!image_load_blob(&im, &b, &g, &err)) fail_msg("%s", err);
    check_loaded(&im, g);
    int roots = 0;
    image_each_root(&im, count_roots, &roots);
    assert_int_equal(roots, 2);
    /* the space is taken now: everything moves */
    if (!image_load_blob(&second, &c, &g, &err)) fail_msg("%s", err);
    assert_true(second.relocated);
    check_loaded(&second, g);
    images_free(&second);
    images_free(&im);
}

static void damaged(void **state) {
    (void)state;
    Buf good = {0};
    make_image(&good, IMAGE_SPACE_BASE);
    uint64_t seed = 12345;
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
        Buf b = {0};
        size_t n = good.len;
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        if (i % 3 == 0) n = (size_t)(seed >> 20) % good.len;
        buf_put(&b, good.data, n);
        for (int k = 0; n && i % 3 && k < 4; k++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            size_t at = (size_t)(seed >> 20) % (i % 3 == 1 ? 512 : n);
            b.data[at] = (char)(seed >> 50);
        }
        Images im = {0};
        Image *g;
        const char *err = NULL;
        if (!image_load_blob(&im, &b, &g, &err)) {
            refused++;
            assert_non_null(err);
        } else {
            image_lookup(&im, STR("main.f"));
            FILE *null = fopen("/dev/null", "w");
            image_dump(&im, g, null, NULL);
            fclose(null);
        }
        images_free(&im);
    }
    assert_true(refused > 1000);
    buf_free(&good);
}

static const char *refusal(const Buf *from, size_t n, size_t flip) {
    static char text[256];
    Buf b = {0};
    Images im = {0};
    Image *g;
    const char *err = NULL;
    buf_put(&b, from->data, n);
    if (flip < n) b.data[flip] = (char)(b.data[flip] ^ 0x40);
    if (image_load_blob(&im, &b, &g, &err)) fail_msg("%zu bytes with byte %zu changed were loaded", n, flip);
    snprintf(text, sizeof text, "%s", err);
    images_free(&im);
    return text;
}

/* Cut at every length, each byte changed: one sentence. */
static void every_damage(void **state) {
    (void)state;
    Buf good = {0};
    make_image(&good, IMAGE_SPACE_BASE);
    for (size_t n = 0; n < good.len; n++) {
        const char *why = refusal(&good, n, (size_t)-1);
        assert_true(!strncmp(why, "damaged image: ", 15) || !strcmp(why, "not a vole image"));
        assert_null(strchr(why, '\n'));
    }
    for (size_t i = 0; i < good.len; i++) {
        const char *why = refusal(&good, good.len, i);
        assert_true(i < 8 ? !strcmp(why, "not a vole image") : i < 12 ? !strncmp(why, "image format version ", 21)
                                                              : !strncmp(why, "damaged image: ", 15));
    }
    buf_free(&good);
}

/* One that turns out to be of no use is let go, and its place is free again. */
static void unload(void **state) {
    Images im = {0};
    Image *g;
    const char *err;
    for (int round = 0; round < 3; round++) {
        Buf b = {0};
        make_image(&b, IMAGE_SPACE_BASE);
        if (!image_load_blob(&im, &b, &g, &err)) fail_msg("%s", err);
        check_loaded(&im, g);
        if (round == 2) break;
        image_unload(&im, g);
        assert_int_equal(im.list.len, 0);
        assert_int_equal(im.next_addr, IMAGE_SPACE_BASE);
        assert_int_equal(image_lookup(&im, STR("main.f")), 0);
    }
    images_free(&im);
}

static void undefined_data(void **state) {
    (void)state;
    SymTab t;
    symtab_init(&t);
    sample_func(&t, "main.f", sym_get(&t, STR("main.f")), sym_get(&t, STR("main.nodata")));
    LinkOptions opt = {.base = IMAGE_SPACE_BASE};
    Buf out = {0};
    const char *err = NULL;
    assert_false(image_link(&t, &opt, &out, &err));
    assert_non_null(strstr(err, "main.nodata"));
    symtab_free(&t);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(link_and_load), cmocka_unit_test(damaged), cmocka_unit_test(every_damage),
                                       cmocka_unit_test(unload), cmocka_unit_test(undefined_data)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
