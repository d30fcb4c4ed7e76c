/* The checker from source text: messages (gc's words) and what it leaves in the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "types/types.h"

typedef struct Checked {
    Session syn;
    TypeSession ts;
    Arena arena;
    Buf messages;
    Package *pkg;
    File *file;
    struct Checked *next; /* made before */
} Checked;

static Checked *made;

static void collect(void *ctx, const DiagMsg *m) {
    Checked *k = ctx;
    Location l = pos_location(&k->syn, m->pos);
    buf_printf(&k->messages, "%d: %.*s\n", l.line, STR_FMT(m->text));
}

static Checked *check_text(const char *text) {
    Checked *k = calloc(1, sizeof *k);
    k->next = made;
    made = k;
    session_init(&k->syn, (Diag){collect, k, 0});
    types_session_init(&k->ts, &k->syn);
    SourceFile *src = session_add_file(&k->syn, "x.go", str_c(text));
    k->file = parse_file(&k->syn, src, &k->arena, PARSE_ALL);
    CheckOptions opt = {.report_unused_imports = true};
    k->pkg = check_package(&k->ts, &k->arena, STR("p"), &k->file, 1, &opt);
    return k;
}

static Object *lookup(Checked *k, const char *name) {
    return map_get_ptr(&k->pkg->scope->elems, intern(k->syn.names, name, strlen(name)));
}

static void expect(const char *text, const char *messages) {
    Checked *k = check_text(text);
    assert_string_equal(k->messages.data ? k->messages.data : "", messages);
}

static void test_valid(void **s) {
    expect("package p\n"
           "type T struct { a, b int; *U }\n"
           "type U struct { next *U }\n"
           "func (t *T) Sum() int { return t.a + t.b }\n"
           "type I interface { Sum() int }\n"
           "var i I = &T{a: 1}\n"
           "func Map[A, B any](xs []A, f func(A) B) (r []B) {\n"
           "	for _, x := range xs { r = append(r, f(x)) }\n"
           "	return\n"
           "}\n"
           "var ys = Map([]int{1, 2}, func(x int) string { return \"x\" })\n"
           "const big = 1 << 100 >> 98\n"
           "func g() int { switch x := any(1).(type) { case int: return x; default: panic(x) } }\n"
           "func h(n int) { for i := range n { _ = i << big } }\n", "");
}

static void test_messages(void **s) {
    expect("package p\nfunc f() { x := 1 }\n", "2: declared and not used: x\n");
    expect("package p\nvar x int = \"a\"\n",
           "2: cannot use \"a\" (untyped string constant) as int value in variable declaration\n");
    expect("package p\nfunc f(a int, b string) bool { return a == b }\n",
           "2: invalid operation: a == b (mismatched types int and string)\n");
    expect("package p\nfunc f() int { for { break } }\n", "2: missing return\n");
    expect("package p\nfunc f() (int, string) { return 1 }\n",
           "2: not enough return values\n\thave (number)\n\twant (int, string)\n");
    expect("package p\nvar x = y\n", "2: undefined: y\n");
    expect("package p\ntype T T\n", "2: invalid recursive type: T refers to itself\n");
    expect("package p\nvar a = f()\nfunc f() int { return a }\n",
           "2: initialization cycle for a\n\tx.go:2:5: a refers to f\n\tx.go:3:6: f refers to a\n");
    expect("package p\nfunc f() { L: for {}; goto M }\n",
           "2: label M not defined\n2: label L defined and not used\n");
    expect("package p\nvar u uint8 = 256\n",
           "2: cannot use 256 (untyped int constant) as uint8 value in variable declaration (overflows)\n");
    expect("package p\ntype T struct{}\nvar _ = T{}.x\n",
           "3: T{}.x undefined (type T has no field or method x)\n");
}

static void test_generics(void **s) {
    expect("package p\nfunc f[T any](x T) T { return x }\nvar _ = f(f)\n",
           "3: in call to f, cannot infer T (declared at x.go:2:8)\n");
    expect("package p\ntype T[P any] struct{ p P }\nfunc (t T[P]) Map[Q any](f func(P) Q) T[Q] { return T[Q]{f(t.p)} }\n"
           "var s string = T[int]{1}.Map(func(int) string { return \"\" }).p\n", "");
    expect("package p\nfunc f[P any](x P) { f[*P](nil) }\n",
           "2: instantiation cycle:\n\tx.go:2:24: P instantiated as *P\n");
    expect("package p\nvar e interface{ m() interface{ m() } } = nil\ntype I interface{ f(interface{ I }) }\n",
           "3: invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)\n");
    expect("package p\nimport \"unsafe\"\ntype A [unsafe.Sizeof(S{})]byte\ntype S struct{ a A }\n",
           "3: invalid recursive type A\n\tx.go:3:6: A refers to S\n\tx.go:4:6: S refers to A\n"
           "3: array length unsafe.Sizeof(S{}) (value of type uintptr) must be constant\n");
}

static void test_variables(void **s) {
    Checked *k = check_text("package p\n"
                            "type T struct { n int }\n"
                            "func (t *T) M() {}\n"
                            "func f(a int) func() {\n"
                            "	var t T\n"
                            "	t.M()\n"
                            "	b := 0\n"
                            "	return func() { b += a }\n"
                            "}\n");
    assert_null(k->messages.data);
    FuncDecl *f = lookup(k, "f")->func.decl;
    StmtList l = f->body->list;
    Object *t = ((DeclStmt *)l.at[0])->decl->values[0]->names[0]->obj;
    Object *b = ((Ident *)((AssignStmt *)l.at[2])->lhs.at[0])->obj;
    Object *a = f->sig->params.at[0].name->obj;
    assert_true(t->addressed);
    assert_false(t->captured);
    assert_true(b->captured && b->reassigned && b->addressed);
    assert_true(a->captured);
    assert_false(a->reassigned);
    assert_ptr_equal(a->var.func_scope, f);
}

static void test_init_order(void **s) {
    Checked *k = check_text("package p\nvar a = b + c()\nvar b = d\nfunc c() int { return e }\nvar d = 1\nvar e = 2\n");
    assert_null(k->messages.data);
    assert_int_equal(k->pkg->ninits, 4);
    const char *order[] = {"d", "b", "e", "a"};
    for (int i = 0; i < 4; i++) assert_string_equal(k->pkg->inits[i].lhs.at[0]->name->p, order[i]);
}

static void test_untyped(void **s) {
    Checked *k = check_text("package p\nvar s uint\nvar f float32 = 1\nvar x int64 = 1 << s\n");
    assert_null(k->messages.data);
    Expr *one = ((ValueSpec *)k->file->decls[1].gen->values[0])->values.at[0];
    assert_ptr_equal(one->type, k->ts.basic[BASIC_FLOAT32]);
    BinaryExpr *shift = (BinaryExpr *)k->file->decls[2].gen->values[0]->values.at[0];
    assert_ptr_equal(shift->left->type, k->ts.basic[BASIC_INT64]);
    assert_ptr_equal(shift->x.type, k->ts.basic[BASIC_INT64]);
}

static int free_all(void **s) {
    for (Checked *k = made, *next; k; k = next) {
        next = k->next;
        types_session_free(&k->ts);
        session_free(&k->syn);
        arena_free(&k->arena);
        buf_free(&k->messages);
        free(k);
    }
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid), cmocka_unit_test(test_messages), cmocka_unit_test(test_generics),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_init_order), cmocka_unit_test(test_untyped),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
