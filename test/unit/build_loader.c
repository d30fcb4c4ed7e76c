/* build: constraints, embedding patterns, go.mod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "build/build.h"
#include "build/modules.h"

typedef struct Fixture { Arena arena; Session syn; DiagList diags; Loader loader; const char *dir; } Fixture;

static int setup(void **state) {
    Fixture *f = calloc(1, sizeof *f);
    char dir[] = "/tmp/vole-unit-XXXXXX";
    if (!f || !mkdtemp(dir)) return -1;
    session_init(&f->syn, diag_to_list(&f->diags));
    f->dir = arena_printf(&f->arena, "%s", dir);
    loader_init(&f->loader, &f->syn, &f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    int rc = system(arena_printf(&f->arena, "rm -rf '%s'", f->dir));
    session_free(&f->syn);
    arena_free(&f->arena);
    free(f);
    return rc;
}

static void write_file(Fixture *f, const char *name, const char *text) {
    const char *path = path_join(&f->arena, f->dir, name), *err;
    for (char *p = (char *)path + strlen(f->dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = 0;
        mkdir(path, 0755);
    }
    assert_true(file_write_atomic(&f->arena, path, str_c(text), 0644, &err));
}

static bool eval(Fixture *f, const char *expr) {
    bool v = false;
    const char *err = NULL;
    assert_true(build_eval(&f->loader, str_c(expr), VIEW_ARCH | VIEW_PURE, &v, &err));
    return v;
}

static bool is_wrong(Fixture *f, const char *expr) {
    bool v;
    const char *err;
    return !build_eval(&f->loader, str_c(expr), VIEW_ARCH, &v, &err);
}

static void test_expressions(void **state) {
    Fixture *f = *state;
    assert_true(eval(f, "linux"));
    assert_true(eval(f, "linux && amd64"));
    assert_false(eval(f, "!linux || !amd64"));
    assert_false(eval(f, "windows || darwin"));
    assert_true(eval(f, "unix && !(windows || cgo)"));
    assert_true(eval(f, "go1.27 && go1.1 && !go1.28"));
    assert_false(eval(f, "race || msan || asan || cgo || ignore"));
    assert_true(eval(f, "purego && netgo && osusergo && gc && !gccgo"));
    assert_true(eval(f, "windows || linux && amd64")); /* && binds tighter */
    assert_true(eval(f, "!(!linux)"));
    assert_true(is_wrong(f, "!!linux"));
    char deep[4001]; /* go's limit, and no overflow of the stack */
    memset(deep, '(', 4000);
    deep[4000] = 0;
    assert_true(is_wrong(f, deep));
    assert_false(eval(f, "special"));
    vec_push(&f->loader.tags, STR("special"));
    assert_true(eval(f, "special"));
    assert_true(is_wrong(f, "linux &&"));
    assert_true(is_wrong(f, "(linux"));
    assert_true(is_wrong(f, "linux amd64"));
    assert_true(is_wrong(f, ""));
}

static bool takes(Fixture *f, const char *name, const char *text, bool arch) {
    return build_match_file(&f->loader, str_c(name), str_c(text), arch ? VIEW_ARCH : VIEW_PURE);
}

static void test_files(void **state) {
    Fixture *f = *state;
    const char *p = "package p\n";
    assert_true(takes(f, "a.go", p, true));
    assert_false(takes(f, "a.go", "//go:build purego\npackage p\n", true)); /* no assembly there */
    assert_true(takes(f, "a.go", "//go:build purego\npackage p\n", false));
    assert_true(takes(f, "a_linux.go", p, true));
    assert_true(takes(f, "a_linux_amd64.go", p, true));
    assert_false(takes(f, "a_linux_amd64.go", p, false));
    assert_true(takes(f, "a_linux.go", p, false));
    assert_false(takes(f, "a_amd64.go", p, false));
    assert_false(takes(f, "a_windows.go", p, true));
    assert_false(takes(f, "a_arm64.go", p, true));
    assert_false(takes(f, "a_linux_arm64_test.go", p, true));
    assert_true(takes(f, "a_linux_test.go", p, true));
    assert_true(takes(f, "linux.go", p, true));   /* no underscore: only a name */
    assert_true(takes(f, "windows.go", p, true));
    assert_true(takes(f, "amd64_windows_x.go", p, true));
    assert_false(takes(f, "_a.go", p, true));
    assert_false(takes(f, ".a.go", p, true));
    assert_true(takes(f, "a_unix.go", p, true));  /* unix is no GOOS in names */
    assert_false(takes(f, "a.go", "//go:build ignore\n\npackage p\n", true));
    assert_false(takes(f, "a.go", "// comment\n\n/* more\n*/ //go:build windows\npackage p\n", true));
    assert_true(takes(f, "a.go", "package p\n\n//go:build windows\n", true)); /* behind the package clause */
    assert_true(takes(f, "a.go", "/* //go:build windows */\npackage p\n", true));
    assert_true(takes(f, "a.go", "//go:buildx windows\npackage p\n", true));
    assert_false(takes(f, "a.go", "\xef\xbb\xbf//go:build !linux\r\n\r\npackage p\r\n", true));
    assert_false(takes(f, "a_linux.go", "//go:build !amd64\npackage p\n", true)); /* both must hold */
    assert_true(takes(f, "a_linux.go", "//go:build !amd64\npackage p\n", false));
    /* the older form: lines before an empty line; alternatives of conjunctions; each line must hold */
    assert_false(takes(f, "a.go", "// +build windows\n\npackage p\n", true));
    assert_true(takes(f, "a.go", "// +build windows\npackage p\n", true)); /* the package's comment */
    assert_true(takes(f, "a.go", "// +build windows linux,!race\n\npackage p\n", true));
    assert_false(takes(f, "a.go", "// +build linux,race\n\npackage p\n", true));
    assert_false(takes(f, "a.go", "// Copyright\n\n// +build linux\n// +build !amd64\n\npackage p\n", true));
    assert_true(takes(f, "a.go", "//go:build linux\n// +build windows\n\npackage p\n", true));
    assert_true(takes(f, "a.go", "package p\n\n// +build windows\n\n", true));
}

static const char *embed(Fixture *f, const char *patterns) {
    EmbedFiles files = {.arena = &f->arena};
    const char *err = NULL;
    if (!build_embed(&f->arena, f->dir, str_c(patterns), &files, &err)) return err;
    Buf b = {0};
    for (int i = 0; i < files.len; i++) buf_printf(&b, "%s%.*s", i ? " " : "", STR_FMT(files.at[i].name));
    const char *r = arena_printf(&f->arena, "%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
    return r;
}

static void test_embed(void **state) {
    Fixture *f = *state;
    static const char *const names[] = {"a.txt", "b.txt", "dir/x.txt", "dir/sub/y.txt", "dir/.hidden", "dir/_under", "dir-z.txt", "mod/go.mod", "mod/m.txt", "c d.txt"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) write_file(f, names[i], names[i]);
    mkdir(path_join(&f->arena, f->dir, "empty"), 0755);
    assert_string_equal(embed(f, "a.txt"), "a.txt");
    assert_string_equal(embed(f, "*.txt"), "a.txt b.txt c d.txt dir-z.txt");
    assert_string_equal(embed(f, "[a-b].txt a.txt"), "a.txt b.txt");
    assert_string_equal(embed(f, "[^a].txt"), "b.txt");
    assert_string_equal(embed(f, "\"c d.txt\" `a.txt`"), "a.txt c d.txt");
    assert_string_equal(embed(f, "dir dir-z.txt"), "dir/ dir-z.txt dir/sub/ dir/x.txt dir/sub/y.txt");
    assert_string_equal(embed(f, "all:dir"), "dir/ dir/.hidden dir/_under dir/sub/ dir/x.txt dir/sub/y.txt");
    assert_string_equal(embed(f, "dir/*"), "dir/ dir/.hidden dir/_under dir/sub/ dir/x.txt dir/sub/y.txt");
    assert_string_equal(embed(f, "dir/?.txt"), "dir/ dir/x.txt");
    assert_string_equal(embed(f, "none.txt"), "pattern none.txt: no matching files found");
    assert_string_equal(embed(f, "../a.txt"), "pattern ../a.txt: invalid pattern syntax");
    assert_string_equal(embed(f, "[a.txt"), "pattern [a.txt: invalid pattern syntax");
    assert_string_equal(embed(f, "empty"), "pattern empty: cannot embed directory empty: contains no embeddable files");
    assert_string_equal(embed(f, "mod"), "pattern mod: cannot embed directory mod: in different module");
}

static void test_go_mod(void **state) {
    Fixture *f = *state;
    const char *err = NULL;
    write_file(f, "go.mod", "// comment\nmodule \"example.com/m\" // why\n\ngo 1.22.3\ntoolchain go1.25.0\n"
                            "require example.com/a v1.0.0 // indirect\nrequire (\n\texample.com/b v2.0.0+incompatible\n\n)\n"
                            "replace example.com/a => ../a\nreplace (\n\texample.com/b v2.0.0 => example.com/c v3.0.0\n)\n"
                            "exclude example.com/z v1.0.0\nretract [v1.0.0, v1.1.0]\ngodebug panicnil=1\n");
    Module *m = module_read(&f->arena, f->dir, &err);
    assert_non_null(m);
    assert_true(str_is(m->path, "example.com/m"));
    assert_true(str_is(m->go_version, "go1.22.3"));
    assert_int_equal(m->requires.len, 2);
    assert_true(str_is(m->requires.at[1].version, "v2.0.0+incompatible"));
    assert_int_equal(m->replaces.len, 2);
    assert_true(str_is(m->replaces.at[1].old_version, "v2.0.0"));
    assert_true(str_is(m->replaces.at[1].new_version, "v3.0.0"));
    write_file(f, "go.mod", "module m\n");
    m = module_read(&f->arena, f->dir, &err);
    assert_non_null(m);
    assert_true(str_is(m->go_version, "go1.16"));
    write_file(f, "go.mod", "module m\ngo one\nrequire (\n\tx\n");
    assert_null(module_read(&f->arena, f->dir, &err));
    assert_string_equal(err, "go: errors parsing go.mod:\ngo.mod:2: invalid go version 'one': must match format 1.23\n"
                             "go.mod:4: usage: require module/path v1.2.3\n"
                             "go.mod:5: syntax error (unterminated block started at go.mod:3)");
    assert_true(path_has_prefix(STR("a/b"), STR("a")));
    assert_false(path_has_prefix(STR("ab"), STR("a")));
    setenv("GOMODCACHE", "/cache", 1);
    assert_string_equal(module_cache_dir(&f->arena, STR("example.com/Big"), STR("v1.0.0")), "/cache/example.com/!big@v1.0.0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_expressions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_embed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_go_mod, setup, teardown),
    };
    return cmocka_run_group_tests_name("build_loader", tests, NULL, NULL);
}
