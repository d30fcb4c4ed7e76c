/* The builder and the escape analysis from source text: which functions come out, and what is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ir/ir.h"
#include "opt/opt.h"

typedef struct Built {
    Session syn;
    TypeSession ts;
    Arena arena;
    SymTab syms;
    IrUnit unit;
    int nerrors;
    struct Built *next; /* made before */
} Built;

static Built *made;

static void count(void *ctx, const DiagMsg *m) {
    Built *b = ctx;
    fprintf(stderr, "%.*s\n", STR_FMT(m->text));
    b->nerrors++;
}

static Built *build(const char *text) {
    Built *b = calloc(1, sizeof *b);
    b->next = made;
    made = b;
    session_init(&b->syn, (Diag){count, b, 0});
    types_session_init(&b->ts, &b->syn);
    symtab_init(&b->syms);
    b->unit.ts = &b->ts;
    b->unit.syms = &b->syms;
    SourceFile *src = session_add_file(&b->syn, "x.go", str_c(text));
    File *file = parse_file(&b->syn, src, &b->arena, PARSE_ALL);
    Package *pkg = check_package(&b->ts, &b->arena, STR("p"), &file, 1, &(CheckOptions){.go_version = STR("go1.27"), .allow_bodyless = true});
    assert_int_equal(b->nerrors, 0);
    ir_build_package(&b->unit, pkg);
    for (int i = 0; i < b->unit.funcs.len; i++) ir_verify(b->unit.funcs.at[i], "build");
    return b;
}

static IrFunc *func(Built *b, const char *name) {
    for (int i = 0; i < b->unit.funcs.len; i++)
        if (str_is(b->unit.funcs.at[i]->name, name)) return b->unit.funcs.at[i];
    print_error("no function %s\n", name);
    fail();
    return NULL;
}

static int count_op(IrFunc *f, IrOp op) {
    int n = 0;
    for (int i = 0; i < f->blocks.len; i++)
        for (int k = 0; k < f->blocks.at[i].insts.len; k++) n += ir_val(f, f->blocks.at[i].insts.at[k])->op == op;
    return n;
}

static void test_captures(void **s) {
    Built *b = build("package p\n"
                     "func f(a, b int) func() int { b++; return func() int { return a + b } }\n");
    IrFunc *f = func(b, "p.f"), *c = func(b, "p.f.func1");
    assert_int_equal(count_op(f, IR_NEW), 1); /* b changes: shared; a is copied */
    assert_int_equal(count_op(f, IR_CLOSURE), 1);
    assert_true(c->has_ctx);
    assert_int_equal(count_op(c, IR_LOAD), 3);
}

static void test_static_closure(void **s) {
    Built *b = build("package p\n"
                     "func f() func() int { return func() int { return 1 } }\n"
                     "var g = func() int { return func() int { return 2 }() }\n");
    assert_int_equal(count_op(func(b, "p.f"), IR_SYMADDR), 1);
    assert_int_equal(count_op(func(b, "p.f"), IR_CLOSURE), 0);
    func(b, "p.init.func1");
    func(b, "p.init.func1.1");
}

static void test_instances(void **s) {
    Built *b = build("package p\n"
                     "type L[T any] struct { v T; next *L[T] }\n"
                     "func (l *L[T]) Push(v T) *L[T] { return &L[T]{v, l} }\n"
                     "func Map[A, B any](x A, f func(A) B) B { return f(x) }\n"
                     "func g() { var l *L[string]; l.Push(Map(1, func(int) string { return \"\" })) }\n");
    assert_non_null(sym_find(&b->syms, STR("p.Map[int,string]")));
    assert_non_null(sym_find(&b->syms, STR("p.(*L[string]).Push")));
    assert_true(func(b, "p.Map[...]")->sym->dupok);
}

static void test_defer(void **s) {
    Built *b = build("package p\n"
                     "func h(int) int\n"
                     "func f(x int) (r int) { defer h(x); defer func() { r++ }(); return 1 }\n");
    IrFunc *f = func(b, "p.f");
    assert_true(f->has_defer);
    assert_true(f->recover_block > 0);
    assert_int_equal(count_op(f, IR_DEFER), 2);
    assert_int_equal(count_op(f, IR_DEFERRETURN), 2);
    assert_true(func(b, "p.f.deferwrap1")->is_wrapper);
    assert_false(func(b, "p.f.func1")->is_wrapper);
}

static void test_wrappers(void **s) {
    Built *b = build("package p\n"
                     "type T struct { a, b int }\n"
                     "func (t T) M() int { return t.a }\n"
                     "type E struct { *T; x int }\n"
                     "type I interface { M() int }\n"
                     "func f(e E) I { return e }\n");
    IrFunc *w = func(b, "p.(*E).M");
    assert_true(w->is_wrapper);
    assert_int_equal(count_op(w, IR_CALL), 1);
}

static void test_switch(void **s) {
    Built *b = build("package p\n"
                     "func f(x int) int { switch x { case 1, 2: return 1; case 3: fallthrough; case 9: return 2 }; return 0 }\n"
                     "func g(x any) int { switch v := x.(type) { case int: return v; case nil: return 1; case error: return 2 }; return 3 }\n"
                     "func c() int { if false { return h() }; return 1 }\nfunc h() int\n");
    assert_int_equal(count_op(func(b, "p.f"), IR_SWITCH), 1);
    assert_int_equal(count_op(func(b, "p.g"), IR_ASSERTIFACEOK), 1);
    assert_int_equal(count_op(func(b, "p.c"), IR_CALL), 0);
}

static void test_rangefunc(void **s) {
    Built *b = build("package p\n"
                     "func seq(yield func(int) bool)\n"
                     "func f() int { for i := range seq { if i > 3 { return i }; defer println(i) }; return 0 }\n");
    IrFunc *f = func(b, "p.f"), *body = func(b, "p.f-range1");
    assert_true(f->has_defer);
    assert_int_equal(count_op(f, IR_FRAMETOKEN), 1);
    assert_int_equal(count_op(body, IR_DEFER), 1);
    assert_false(body->has_defer);
}

static void test_string_views(void **s) {
    Built *b = build("package p\n"
                     "func f(b []byte, m map[string]int) int { if string(b) == \"x\" { return 1 }; return m[string(b)] }\n");
    assert_int_equal(count_op(func(b, "p.f"), IR_STRTMP), 2);
    assert_int_equal(count_op(func(b, "p.f"), IR_STRFROMBYTES), 0);
}

static void test_escape(void **s) {
    Built *b = build("package p\n"
                     "type T struct { a, b int; p *T }\n"
                     "var sink *T\n"
                     "//go:noinline\nfunc sum(t *T) int { return t.a + t.b }\n"
                     "//go:noinline\nfunc keep(t *T) { sink = t }\n"
                     "//go:noinline\nfunc content(t *T) *T { return t.p }\n"
                     "func local() int { return sum(&T{a: 1}) }\n"
                     "func global() { keep(&T{a: 1}) }\n"
                     "func inner() *T { t := T{p: &T{}}; return content(&t) }\n"
                     "func loop() int { var l *T; for i := range 3 { l = &T{a: i, p: l} }; return sum(l) }\n");
    opt_unit(&b->unit, 1);
    assert_int_equal(count_op(func(b, "p.local"), IR_NEW), 0);
    assert_int_equal(count_op(func(b, "p.global"), IR_NEW), 1);
    assert_int_equal(count_op(func(b, "p.inner"), IR_NEW), 1); /* what t points to, not t */
    assert_int_equal(count_op(func(b, "p.loop"), IR_NEW), 1);  /* lives into the next iteration */
}

static int free_all(void **s) {
    for (Built *b = made, *next; b; b = next) {
        next = b->next;
        ir_unit_free(&b->unit);
        symtab_free(&b->syms);
        types_session_free(&b->ts);
        session_free(&b->syn);
        arena_free(&b->arena);
        free(b);
    }
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captures), cmocka_unit_test(test_static_closure), cmocka_unit_test(test_instances),
        cmocka_unit_test(test_defer), cmocka_unit_test(test_wrappers), cmocka_unit_test(test_switch),
        cmocka_unit_test(test_rangefunc), cmocka_unit_test(test_string_views), cmocka_unit_test(test_escape),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
