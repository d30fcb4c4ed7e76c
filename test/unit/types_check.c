/* Packages checked from text: messages, names of types, method sets, sizes, instances, export data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "types/export.h"
#include "types/types_int.h"

typedef struct World {
    DiagList diags;
    Session syn;
    TypeSession ts;
    Arena arena;
    Package *pkgs[8]; /* importable */
    int npkgs;
} World;

static Package *import(void *ctx, Str path, Package *from, const char **msg) {
    World *w = ctx;
    for (int i = 0; i < w->npkgs; i++)
        if (str_eq(w->pkgs[i]->path, path)) return w->pkgs[i];
    *msg = "no such package";
    return NULL;
}

static World *world(void) {
    World *w = calloc(1, sizeof *w);
    session_init(&w->syn, diag_to_list(&w->diags));
    types_session_init(&w->ts, &w->syn);
    w->ts.import = import;
    w->ts.import_ctx = w;
    return w;
}

static void world_free(World *w) {
    types_session_free(&w->ts);
    session_free(&w->syn);
    arena_free(&w->arena);
    vec_free(&w->diags.msgs);
    arena_free(&w->diags.arena);
    free(w);
}

static Package *check_text(World *w, const char *path, const char *text) {
    SourceFile *src = session_add_file(&w->syn, "x.go", str_c(text));
    File *f = parse_file(&w->syn, src, &w->arena, PARSE_ALL);
    CheckOptions opt = {.report_unused_imports = true};
    return check_package(&w->ts, &w->arena, str_c(path), &f, 1, &opt);
}

static Type *type_of(World *w, Package *p, const char *name) {
    Object *o = package_lookup(&w->ts, p, intern(w->syn.names, name, strlen(name)));
    assert_non_null(o);
    assert_non_null(object_type(o));
    return object_type(o);
}

/* The messages for one program, one a line as "line: text". */
static void expect(const char *text, const char *want) {
    World *w = world();
    check_text(w, "p", text);
    Buf b = {0};
    for (int i = 0; i < w->diags.msgs.len; i++) {
        DiagMsg *m = &w->diags.msgs.at[i];
        buf_printf(&b, "%d: %.*s\n", pos_location(&w->syn, m->pos).line, STR_FMT(m->text));
    }
    assert_string_equal(b.data ? b.data : "", want);
    buf_free(&b);
    world_free(w);
}

static void expect_name(Type *t, Package *rel, TypeNameStyle style, const char *want) {
    Buf b = {0};
    type_print(&b, t, rel, style);
    assert_string_equal(b.data, want);
    buf_free(&b);
}

static void messages(void **state) {
    expect("package p\nvar x int = \"a\"\n",
           "2: cannot use \"a\" (untyped string constant) as int value in variable declaration\n");
    expect("package p\nfunc f() { x := 1 }\n", "2: declared and not used: x\n");
    expect("package p\ntype T struct { T }\n", "2: invalid recursive type: T refers to itself\n");
    expect("package p\nvar b byte = 256\n",
           "2: cannot use 256 (untyped int constant) as byte value in variable declaration (overflows)\n");
    expect("package p\ntype I interface { M() }\ntype T int\nfunc (*T) M() {}\nvar _ I = T(0)\n",
           "5: cannot use T(0) (constant 0 of int type T) as I value in variable declaration: T does not "
           "implement I (method M has pointer receiver)\n");
    expect("package p\nfunc f[P ~int | ~string](P) {}\nfunc g() { f(1.5) }\n",
           "3: float64 does not satisfy ~int | ~string (float64 missing in ~int | ~string)\n");
    expect("package p\nfunc f[P any](x, y P) {}\nfunc g() { f(1, \"a\") }\n",
           "3: in call to f, mismatched types untyped int and untyped string (cannot infer P)\n");
    expect("package p\ntype G[P any] struct { next *G[P] }\nvar _ G[int]\n", "");
}

static void names(void **state) {
    World *w = world();
    Package *p = check_text(w, "a/b/p",
                            "package p\n"
                            "type G[K comparable, V any] struct { m map[K]V }\n"
                            "type T int\n"
                            "var A G[string, T]\n"
                            "var B func(x int, y ...byte) (error, chan<- T)\n"
                            "var C struct { x int; T }\n"
                            "var D any\n"
                            "func F() { type L int; E = L(0) }\n"
                            "var E any\n");
    assert_int_equal(w->diags.msgs.len, 0);
    expect_name(type_of(w, p, "A"), p, TYPENAME_MESSAGE, "G[string, T]");
    expect_name(type_of(w, p, "A"), NULL, TYPENAME_LINK, "a/b/p.G[string,a/b/p.T]");
    expect_name(type_of(w, p, "A"), NULL, TYPENAME_REFLECT, "p.G[string,a/b/p.T]");
    expect_name(type_of(w, p, "B"), p, TYPENAME_MESSAGE,
                "func(x int, y ...byte) (error, chan<- T)");
    expect_name(type_of(w, p, "B"), NULL, TYPENAME_REFLECT, "func(int, ...uint8) (error, chan<- p.T)");
    expect_name(type_of(w, p, "C"), NULL, TYPENAME_REFLECT, "struct { x int; p.T }");
    expect_name(type_of(w, p, "D"), p, TYPENAME_MESSAGE, "any");
    expect_name(type_of(w, p, "D"), NULL, TYPENAME_REFLECT, "interface {}");
    world_free(w);
}

static void method_sets(void **state) {
    World *w = world();
    Package *p = check_text(w, "p",
                            "package p\n"
                            "type A struct{}\n"
                            "func (A) V() {}\n"
                            "func (*A) P() {}\n"
                            "func (A) hidden() {}\n"
                            "type B struct { A; x int }\n"
                            "type C struct { *A }\n"
                            "type G[T any] struct { v T }\n"
                            "func (g G[T]) Get() T { return g.v }\n"
                            "var I G[int]\n"
                            "type E interface { A2(); error }\n");
    assert_int_equal(w->diags.msgs.len, 0);
    Type *b = type_of(w, p, "B");
    MethodSet *ms = type_method_set(&w->ts, b);
    assert_int_equal(ms->len, 2);
    assert_string_equal(ms->at[0].obj->name->p, "V");
    assert_string_equal(ms->at[1].obj->name->p, "hidden");
    assert_int_equal(ms->at[0].nindex, 2);
    assert_int_equal(type_method_set(&w->ts, type_new_pointer(&w->ts, b))->len, 3);
    assert_int_equal(type_method_set(&w->ts, type_of(w, p, "C"))->len, 3);
    assert_int_equal(type_method_set(&w->ts, type_of(w, p, "E"))->len, 2);
    ms = type_method_set(&w->ts, type_of(w, p, "I"));
    assert_int_equal(ms->len, 1);
    SignatureType *sig = (SignatureType *)object_type(ms->at[0].obj);
    assert_ptr_equal(sig->results->vars.at[0]->type, w->ts.basic[BASIC_INT]);
    world_free(w);
}

static void sizes(void **state) {
    World *w = world();
    Package *p = check_text(w, "p",
                            "package p\n"
                            "type A struct { a byte; b int64; c byte }\n"
                            "type B struct { a int32; z struct{} }\n"
                            "type C [3]struct { a byte; b uint16 }\n"
                            "type D struct { s string; i any; f []int; c complex64 }\n");
    assert_int_equal(type_size(type_of(w, p, "A")), 24);
    assert_int_equal(type_size(type_of(w, p, "B")), 8);
    assert_int_equal(type_size(type_of(w, p, "C")), 12);
    assert_int_equal(type_align(type_of(w, p, "C")), 2);
    assert_int_equal(type_size(type_of(w, p, "D")), 16 + 16 + 24 + 8);
    assert_int_equal(
        struct_field_offset((StructType *)type_underlying(type_of(w, p, "A")), 2), 16);
    world_free(w);
}

static void instances(void **state) {
    World *w = world();
    Package *p = check_text(w, "p",
                            "package p\n"
                            "type G[T any] struct { v T; next *G[T] }\n"
                            "var A, B = G[[]int]{}, G[[]int]{}\n"
                            "var C G[string]\n"
                            "type H[T any] = map[string]T\n"
                            "var D H[int]\n");
    assert_int_equal(w->diags.msgs.len, 0);
    assert_ptr_equal(type_of(w, p, "A"), type_of(w, p, "B"));
    assert_false(type_identical(type_of(w, p, "A"), type_of(w, p, "C")));
    StructType *s = (StructType *)type_underlying(type_of(w, p, "A"));
    assert_ptr_equal(((PointerType *)s->fields.at[1]->type)->elem, type_of(w, p, "A"));
    assert_int_equal(type_underlying(type_of(w, p, "D"))->kind, TYPE_MAP);
    assert_false(type_mentions_typeparams(type_of(w, p, "A")));
    world_free(w);
}

static void export_round_trip(void **state) {
    World *w = world();
    Package *a = check_text(w, "lib/a",
                            "package a\n"
                            "// comment\n"
                            "const (\n\tX = iota * 1.5 // one\n\tY\n\tZ = 'z'\n)\n"
                            "type hidden struct{ N int }\n"
                            "var V = hidden{1}\n"
                            "var M = map[string]func(int) []hidden{}\n"
                            "type T struct {\n\tF /* c */ int `json:\"f\"`\n}\n"
                            "func (t *T) Get() int { return t.F }\n"
                            "func Map[A, B any](l []A, f func(A) B) (r []B) {\n"
                            "\tfor _, x := range l { r = append(r, f(x)) }\n\treturn\n}\n"
                            "func Big() int { for { println(func() {}) } }\n");
    assert_int_equal(w->diags.msgs.len, 0);
    Buf b = {0};
    const char *err = NULL;
    export_write(&w->ts, a, &b);
    assert_null(strstr(b.data + 200, "comment"));
    Package *q = export_open(&w->ts, buf_str(&b), &err);
    assert_non_null(q);
    w->pkgs[w->npkgs++] = q;
    check_text(w, "main",
               "package main\n"
               "import \"lib/a\"\n"
               "var t a.T\n"
               "var n int = t.Get() + a.V.N\n"
               "var s []string = a.Map(a.M[\"\"](1), func(x interface{ error }) string { return \"\" })\n"
               "const c float64 = a.Y\n"
               "var r rune = a.Z\n");
    assert_int_equal(w->diags.msgs.len, 1); /* hidden is no error */
    Object *y = package_lookup(&w->ts, q, intern(w->syn.names, "Y", 1));
    assert_int_equal(pos_location(&w->syn, y->pos).line, 5);
    assert_string_equal(pos_location(&w->syn, y->pos).file, "x.go");
    Object *f = package_lookup(&w->ts, q, intern(w->syn.names, "Map", 3));
    assert_non_null(f->func.decl->body);
    check_body_now(&w->ts, f);
    assert_null(package_lookup(&w->ts, q, intern(w->syn.names, "Big", 3))->func.decl->body);
    assert_int_equal(w->diags.msgs.len, 1);

    /* Damaged data gives a message or a package, never a crash. */
    for (size_t i = 0; i < b.len; i += 3) {
        char *copy = malloc(b.len);
        memcpy(copy, b.data, b.len);
        copy[i] ^= 0x55;
        export_open(&w->ts, (Str){copy, b.len}, &err);
        assert_null(export_open(&w->ts, (Str){copy, b.len - 1 - i % 7}, &err));
        free(copy);
    }
    buf_free(&b);
    world_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),  cmocka_unit_test(names),     cmocka_unit_test(method_sets),
        cmocka_unit_test(sizes),     cmocka_unit_test(instances), cmocka_unit_test(export_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
