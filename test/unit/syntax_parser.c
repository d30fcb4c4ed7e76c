/* Scanner, parser, positions and diagnostics by way of small sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "syntax/syntax.h"

typedef struct Fix {
    Session s;
    DiagList list;
    Arena arena;
    char *text;
    size_t size;
} Fix;

static void fix_init(Fix *f) {
    memset(f, 0, sizeof(*f));
    session_init(&f->s, diag_to_list(&f->list));
}

static void fix_free(Fix *f) {
    vec_free(&f->list.msgs);
    arena_free(&f->list.arena);
    arena_free(&f->arena);
    session_free(&f->s);
    free(f->text);
}

static File *parse(Fix *f, const char *src) {
    return parse_file(&f->s, session_add_file(&f->s, "d/x.go", str_c(src)), &f->arena, PARSE_ALL);
}

static const char *errors(Fix *f, int limit, bool caret) {
    free(f->text);
    FILE *m = open_memstream(&f->text, &f->size);
    diag_print(&f->s, &f->list, m, limit, true, caret);
    fclose(m);
    return f->text;
}

static void expect_errors(const char *src, const char *want) {
    Fix f;
    fix_init(&f);
    parse(&f, src);
    assert_string_equal(errors(&f, 10, false), want);
    fix_free(&f);
}

static void test_error_texts(void **state) {
    expect_errors("x", "d/x.go:1:1: syntax error: package statement must be first\n");
    expect_errors("package p\nvar x = 08\n", "d/x.go:2:10: invalid digit '8' in octal literal\n");
    expect_errors("package p\nvar x = 1_\n",
                  "d/x.go:2:10: '_' must separate successive digits\n");
    expect_errors("package p\nvar x = \"a\n", "d/x.go:2:11: newline in string\n");
    expect_errors("package p\nvar x = 'ab'\n",
                  "d/x.go:2:9: more than one character in rune literal\n");
    expect_errors("package p\nfunc f() { x y }\n",
                  "d/x.go:2:14: syntax error: unexpected name y at end of statement\n");
    expect_errors("package p\nfunc f()\n{\n}\n",
                  "d/x.go:3:1: syntax error: unexpected semicolon or newline before {\n");
    expect_errors("package p\nfunc f() { if x = y + 1 {} }\n",
                  "d/x.go:2:17: syntax error: cannot use assignment x = (y + 1) as value\n");
    expect_errors("package p\nfunc f() { for var i = 0; i < 1; {} }\n",
                  "d/x.go:2:20: syntax error: var declaration not allowed in for initializer\n");
    expect_errors("package p\nfunc f(a int, b) {}\n",
                  "d/x.go:2:16: syntax error: missing parameter type\n");
    expect_errors("package p\ntype T[P any, Q] int\n",
                  "d/x.go:2:16: syntax error: missing type constraint\n");
    expect_errors("package p\nvar x = a[]\n", "d/x.go:2:11: syntax error: unexpected ], expected operand\n");
    expect_errors("package p\nvar \x01x int\n",
                  "d/x.go:2:5: invalid character U+0001\n");
}

static void test_limits_and_carets(void **state) {
    Fix f;
    fix_init(&f);
    parse(&f, "package p\n\tvar = 1\nvar = 2\n");
    assert_string_equal(errors(&f, 1, true),
                        "d/x.go:2:6: syntax error: unexpected =, expected name\n"
                        "\t\tvar = 1\n\t\t    ^\n"
                        "d/x.go:2:6: too many errors\n");
    fix_free(&f);
}

static void test_line_directives(void **state) {
    Fix f;
    fix_init(&f);
    File *file = parse(&f, "package p\n//line y.go:100\nvar a int\nvar /*line z.go:7:9*/b int\n"
                           "//line :5:1\nvar c int\n");
    Location l = pos_location(&f.s, file->decls[0].gen->pos);
    assert_string_equal(l.file, "d/y.go");
    assert_int_equal(l.line, 100);
    assert_int_equal(l.col, 0);
    l = pos_location(&f.s, file->decls[1].gen->values[0]->pos);
    assert_string_equal(l.file, "d/z.go");
    assert_int_equal(l.line, 7);
    assert_int_equal(l.col, 9);
    l = pos_location(&f.s, file->decls[2].gen->pos);
    assert_string_equal(l.file, "d/z.go");
    assert_int_equal(l.line, 5);
    assert_int_equal(l.col, 1);
    l = pos_location_raw(&f.s, file->decls[2].gen->pos);
    assert_string_equal(l.file, "d/x.go");
    assert_int_equal(l.line, 6);
    fix_free(&f);
}

static void test_directives(void **state) {
    Fix f;
    fix_init(&f);
    File *file = parse(&f, "//go:build linux && (go1.21 || go1.19) && go1.20\n\n"
                           "//go:debug a=b\npackage p\nimport _ \"embed\"\n"
                           "//go:embed a.txt\n//go:embed b/*\nvar e string\n"
                           "//go:linkname g runtime.g\n//go:noinline\n//go:nosplit\nfunc g() {}\n");
    assert_string_equal(errors(&f, 10, false), "");
    assert_true(str_is(file->go_version, "go1.20"));
    assert_int_equal(file->debug.len, 1);
    assert_true(str_is(file->debug.at[0], "a=b"));
    assert_true(file->imports_embed);
    assert_true(str_is(file->decls[1].gen->values[0]->embed, "a.txt b/*"));
    assert_int_equal(file->decls[2].func->pragmas,
                     PRAGMA_NOINLINE | PRAGMA_NOSPLIT | PRAGMA_LINKNAME);
    assert_int_equal(file->nlinknames, 1);
    assert_true(str_is(file->linknames[0].target, "runtime.g"));
    fix_free(&f);
}

static void test_const_groups(void **state) {
    Fix f;
    fix_init(&f);
    File *file = parse(&f, "package p\nconst (\n a, b int = iota, 1\n c, d\n e = 2\n g\n)\n");
    ValueSpec **v = file->decls[0].gen->values;
    assert_int_equal(file->decls[0].gen->len, 4);
    assert_true(v[1]->inherits && v[1]->iota == 1 && v[1]->inherited_type == v[0]->type);
    assert_true(v[1]->inherited_values.at == v[0]->values.at);
    assert_true(!v[2]->inherits && v[2]->iota == 2 && !v[2]->inherited_type);
    assert_true(v[3]->inherits && v[3]->inherited_values.at == v[2]->values.at);
    fix_free(&f);
}

static void test_type_params_or_array(void **state) {
    static const struct {
        const char *src;
        int tparams;
        uint8_t kind;
    } cases[] = {
        {"type T[P any] int", 1, EXPR_IDENT},      {"type T[P] int", 0, EXPR_ARRAYTYPE},
        {"type T[P *C] int", 0, EXPR_ARRAYTYPE},   {"type T[P *C,] int", 1, EXPR_IDENT},
        {"type T[P *[]int] int", 1, EXPR_IDENT},   {"type T[P []E, E any] int", 2, EXPR_IDENT},
        {"type T[P *C|~D] int", 1, EXPR_IDENT},    {"type T[P (C),] int", 1, EXPR_IDENT},
        {"type T[P+1] int", 0, EXPR_ARRAYTYPE},    {"type T[P, Q any] = G[P]", 2, EXPR_INDEX},
        {"type T[P interface{ m() }] struct{}", 1, EXPR_STRUCTTYPE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Fix f;
        fix_init(&f);
        Decl d = parse_decl_at(&f.s, session_add_file(&f.s, "x", str_c(cases[i].src)), 0, &f.arena);
        assert_string_equal(errors(&f, 10, false), "");
        assert_int_equal(d.gen->types[0]->tparams.len, cases[i].tparams);
        assert_int_equal(d.gen->types[0]->type->kind, cases[i].kind);
        fix_free(&f);
    }
}

static void test_expr_print(void **state) {
    static const char *const cases[][2] = {
        {"a+b*c", "a + b * c"},
        {"f(x, y...)[1:2:3]", "f(x, y...)[1:2:3]"},
        {"&T{1, 2}", "&T{…}"},
        {"func(a, b int) (c error) { return }", "func(a, b int) (c error) {…}"},
        {"struct{a, b int; T `x`}{}", "struct{a, b int; T `x`}{}"},
        {"interface{ m(int) string; ~int | E }(nil)", "interface{m(int) string; ~int | E}(nil)"},
        {"[]chan (<-chan int){}", "[]chan (<-chan int){}"},
        {"x.(map[string][...]*T)", "x.(map[string][...]*T)"},
        {"G[int, []T](<-c)", "G[int, []T](<-c)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Fix f;
        fix_init(&f);
        Expr *e =
            parse_expr_text(&f.s, session_add_file(&f.s, "x", str_c(cases[i][0])), &f.arena);
        Buf b = {0};
        expr_print(&b, e);
        assert_string_equal(b.data, cases[i][1]);
        buf_free(&b);
        fix_free(&f);
    }
}

static void test_positions(void **state) {
    Fix f;
    fix_init(&f);
    SourceFile *src = session_add_file(&f.s, "x", STR("a.b[i](c) + d"));
    Expr *e = parse_expr_text(&f.s, src, &f.arena);
    assert_int_equal(e->kind, EXPR_BINARY);
    assert_int_equal(e->pos - src->base, 10);
    assert_int_equal(expr_start(e), src->base);
    assert_int_equal(expr_end(e) - src->base, 13);
    Expr *call = ((BinaryExpr *)e)->left;
    assert_int_equal(call->pos - src->base, 6);
    assert_int_equal(expr_end(call) - src->base, 9);
    fix_free(&f);
}

static void test_funclit_ids(void **state) {
    Fix f;
    fix_init(&f);
    File *file = parse(&f, "package p\nvar a, b = func() { func() {}() }, func() {}\n"
                           "func f() { _ = func() { _ = func() {} }; _ = func() {} }\n"
                           "func g() { _ = func() {} }\n");
    ExprList v = file->decls[0].gen->values[0]->values;
    assert_int_equal(((FuncLit *)v.at[0])->id, 1);
    assert_int_equal(((FuncLit *)v.at[1])->id, 3);
    assert_int_equal(file->decls[1].func->nfunclits, 3);
    assert_int_equal(file->decls[2].func->nfunclits, 1);
    fix_free(&f);
}

static void test_deep_nesting(void **state) {
    Fix f;
    fix_init(&f);
    Buf b = {0};
    buf_puts(&b, "package p\nvar x = ");
    for (int i = 0; i < 100000; i++) buf_putc(&b, '(');
    parse(&f, b.data);
    assert_non_null(strstr(errors(&f, 10, false), "exceeded max nesting depth"));
    buf_free(&b);
    fix_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_texts),    cmocka_unit_test(test_limits_and_carets),
        cmocka_unit_test(test_line_directives), cmocka_unit_test(test_directives),
        cmocka_unit_test(test_const_groups),   cmocka_unit_test(test_type_params_or_array),
        cmocka_unit_test(test_expr_print),     cmocka_unit_test(test_positions),
        cmocka_unit_test(test_funclit_ids),    cmocka_unit_test(test_deep_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
