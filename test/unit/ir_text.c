/* The text form of SSA: print(parse(text)) == text, the verifier accepts it, mistakes get messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ir/ir.h"

static const char text[] =
    "func \"main.f\" (i64, str, agg24.8(05)) (bool) defer {\n"
    "  var $0 i64 \"x\" param=0 addressed\n"
    "  var $1 tuple(i64, bool) \"t\"\n"
    "b0:\n"
    "  v1 = PARAM i64 #0\n"
    "  v2 = CONST i64 #-5\n"
    "  v3 = ADD i64 v1, v2\n"
    "  v4 = FCONST f64 %0x1.8p+1\n"
    "  LOCALSET v3 $0\n"
    "  v5 = LOCALADDR ptr $0 +8\n"
    "  v6 = STRCONST str @\"go:str\\x22\" +3\n"
    "  v7 = SLICEMAKE slice v5, v3, v3\n"
    "  v8 = SLICESLICE slice v7, v0, v3, v0 #8\n"
    "  v9 = DIV i64 v3, v1 !inbounds\n"
    "  v10 = LT bool v9, v3\n"
    "  BR v10 -> b1(v3), b2\n"
    "b1(v11 i64): unlikely\n"
    "  SWITCH v11 {1, 2} -> b2, b1(v11), b3\n"
    "b2:\n"
    "  STORE v5, v3 <i64> !nonnil !nowb\n"
    "  JUMP -> b3\n"
    "b3:\n"
    "  RET\n"
    "}\n";

static void round_trip(void **state) {
    (void)state;
    SymTab syms;
    symtab_init(&syms);
    IrUnit u = {.syms = &syms};
    const char *err;
    IrFunc *f = ir_parse(&u, STR(text), &err);
    if (!f) fail_msg("%s", err);
    ir_verify(f, "parse");
    Buf b = {0};
    ir_print(&b, f);
    IrFunc *g = ir_parse(&u, buf_str(&b), &err);
    if (!g) fail_msg("%s\n%s", err, b.data);
    Buf c = {0};
    ir_print(&c, g);
    assert_string_equal(b.data, c.data);
    buf_free(&b);
    buf_free(&c);
    arena_free(&u.arena);
    symtab_free(&syms);
}

static void mistakes(void **state) {
    (void)state;
    static const char *const bad[] = {
        "func \"f\" () () {\nb0:\n  v1 = NOSUCH i64\n}",
        "func \"f\" () () {\nb0:\n  RET v9\n}",
        "func \"f\" () () {\nb0:\n  JUMP -> b7\n}",
        "func \"f\" (i65) () {\n}",
        "func \"f\" () () {\nb0:\n  LOCALGET i64 $3\n}",
        "",
    };
    SymTab syms;
    symtab_init(&syms);
    IrUnit u = {.syms = &syms};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *err;
        assert_null(ir_parse(&u, str_c(bad[i]), &err));
        assert_non_null(err);
    }
    arena_free(&u.arena);
    symtab_free(&syms);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip), cmocka_unit_test(mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
