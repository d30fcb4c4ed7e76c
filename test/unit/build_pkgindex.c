/* The package index of an image: what is written is read back; damaged bytes are refused or harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "build/pkgindex.h"

static void make(Buf *b) {
    static const uint32_t imports[] = {0};
    IndexedPackage at[] = {
        {.path = STR("errors"), .name = STR("errors"), .export_data = STR("EXPORT1")},
        {.path = STR("io"), .name = STR("io"), .export_data = STR("EXPORT22"), .imports = imports, .nimports = 1},
    };
    pkgindex_write(b, at, 2);
}

static void round_trip(void **state) {
    (void)state;
    Buf b = {0};
    make(&b);
    Arena a = {0};
    PkgIndex x;
    const char *err;
    assert_true(pkgindex_open(&a, buf_str(&b), &x, &err));
    assert_int_equal(x.len, 2);
    IndexedPackage *io = pkgindex_find(&x, STR("io"));
    assert_non_null(io);
    assert_true(str_is(io->export_data, "EXPORT22"));
    assert_int_equal(io->nimports, 1);
    assert_true(str_is(x.at[io->imports[0]].path, "errors"));
    assert_null(pkgindex_find(&x, STR("os")));
    arena_free(&a);
    buf_free(&b);
}

static void damaged(void **state) {
    (void)state;
    uint64_t seed = 99;
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
        Buf b = {0};
        make(&b);
        for (int k = 0; k < 3; k++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            b.data[(seed >> 20) % b.len] = (char)(seed >> 50);
        }
        if (i % 4 == 0) b.len = (size_t)(seed >> 33) % b.len;
        Arena a = {0};
        PkgIndex x;
        const char *err;
        if (!pkgindex_open(&a, buf_str(&b), &x, &err)) refused++;
        else
            for (int k = 0; k < x.len; k++) pkgindex_find(&x, x.at[k].path);
        arena_free(&a);
        buf_free(&b);
    }
    assert_true(refused > 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
