/* Linking and loading: two synthetic functions and data, base images, relocation when the image space is
 * taken, pc tables, and refusal of damaged images without a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "image/image.h"
#include "image/pctab.h"

static int find_native(Str name) { return str_is(name, "rt.native") ? 7 : -1; }

static Sym *make_func(SymTab *t, const char *name, Sym *callee, Sym *data, uint32_t nwords) {
    Sym *s = sym_get(t, str_c(name));
    assert_true(sym_begin_define(t, s, SYM_FUNC));
    CodeFunc *c = arena_new(&t->arena, CodeFunc);
    c->words = arena_array(&t->arena, uint64_t, nwords);
    c->nwords = nwords;
    for (uint32_t i = 0; i < nwords; i++) c->words[i] = 1000 + i;
    c->relocs = arena_array(&t->arena, struct CodeReloc, 2);
    c->relocs[0] = (struct CodeReloc){1, CODE_RELOC_ADDR64, callee, 0};
    callee->is_func = true;
    c->relocs[1] = (struct CodeReloc){2, CODE_RELOC_ADDR64, data, 8};
    c->nrelocs = 2;
    c->frame_slots = 12;
    c->param_slots = 1;
    c->result_slots = 1;
    c->name = str_c(name);
    c->file = STR("x.go");
    c->start_line = 10;
    LineEnc le = {.start_line = 10};
    line_enc_add(&le, 0, 11, -1);
    line_enc_add(&le, 2, 9, -1);
    line_enc_add(&le, 4, 300, 0);
    c->lines = arena_memdup(&t->arena, le.out.data, le.out.len);
    c->nlines = (uint32_t)le.out.len;
    buf_free(&le.out);
    MapEnc me = {.nslots = 8};
    map_enc_add(&me, 2, (const uint8_t[]){5});
    map_enc_add(&me, 3, (const uint8_t[]){5});
    map_enc_add(&me, 5, (const uint8_t[]){0x81});
    Buf maps = {0};
    map_enc_finish(&me, &maps);
    c->maps = arena_memdup(&t->arena, maps.data, maps.len);
    c->nmaps = (uint32_t)maps.len;
    buf_free(&maps);
    c->inlines = arena_new(&t->arena, InlineInfo);
    c->inlines[0] = (InlineInfo){"inlined", "y.go", 5, -1};
    c->ninlines = 1;
    static uint8_t mask[] = {2};
    c->objects = arena_new(&t->arena, FrameObject);
    c->objects[0] = (FrameObject){6, 2, mask};
    c->nobjects = 1;
    static uint8_t args[] = {1};
    c->args_ptrs = args;
    c->args_ptrs_words = 1;
    s->code = c;
    return s;
}

static void make_image(Buf *out, uint64_t base) {
    SymTab t;
    symtab_init(&t);
    Sym *data = sym_get(&t, STR("main.data")), *bss = sym_get(&t, STR("main.bss"));
    sym_begin_define(&t, data, SYM_DATA);
    sym_alloc_data(&t, data, 32, 8);
    data->ptrmask = arena_memdup(&t.arena, (uint8_t[]){2}, 1);
    sym_begin_define(&t, bss, SYM_BSS);
    bss->size = 16;
    bss->ptrmask = arena_memdup(&t.arena, (uint8_t[]){1}, 1);
    Sym *str = sym_string_bytes(&t, STR("hello"));
    assert_ptr_equal(str, sym_string_bytes(&t, STR("hello")));
    Sym *f2 = sym_get(&t, STR("main.g"));
    Sym *f1 = make_func(&t, "main.f", f2, data, 6);
    make_func(&t, "main.g", sym_get(&t, STR("rt.native")), bss, 5);
    make_func(&t, "main.h", sym_get(&t, STR("rt.missing")), bss, 5);
    sym_reloc(&t, data, 0, RELOC_FUNC, f1, 0);
    sym_reloc(&t, data, 8, RELOC_ADDR, str, 1);
    sym_reloc(&t, data, 16, RELOC_OFF32, str, 0);
    LinkOptions opt = {.base = base, .entry = "main.f", .native_find = find_native, .build_id = STR("id1"),
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
    assert_int_equal(f->code[3], 1003);
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

static void undefined_data(void **state) {
    (void)state;
    SymTab t;
    symtab_init(&t);
    make_func(&t, "main.f", sym_get(&t, STR("main.f")), sym_get(&t, STR("main.nodata")), 6);
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
                                       cmocka_unit_test(undefined_data)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
