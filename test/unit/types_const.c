/* Exact constants: literals, arithmetic, rounding, printing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "types/types_int.h"

static Arena arena;

static ConstVal *lit(const char *s) {
    size_t n = strlen(s);
    int tok = s[0] == '"' || s[0] == '`'                                 ? TOK_STRING
              : s[0] == '\''                                             ? TOK_CHAR
              : s[n - 1] == 'i'                                          ? TOK_IMAG
              : strpbrk(s, ".pP") || (s[1] != 'x' && strpbrk(s, "eE")) ? TOK_FLOAT
                                                                         : TOK_INT;
    return const_from_literal(&arena, str_c(s), tok);
}

static void expect(const ConstVal *v, const char *want) {
    Buf b = {0};
    const_print(&b, v);
    assert_string_equal(b.data, want);
    buf_free(&b);
}

static void expect_exact(const ConstVal *v, const char *want) {
    Buf b = {0};
    const_print_exact(&b, v);
    assert_string_equal(b.data, want);
    buf_free(&b);
}

static ConstVal *bin(const char *x, int op, const char *y) {
    return const_binary(&arena, lit(x), op, lit(y), true);
}

static void literals(void **state) {
    expect(lit("0"), "0");
    expect(lit("0x7fff_ffff_ffff_ffff"), "9223372036854775807");
    expect(lit("0x8000000000000000"), "9223372036854775808");
    expect(lit("0b101"), "5");
    expect(lit("0o17"), "15");
    expect(lit("017"), "15");
    expect(lit("1_000"), "1000");
    expect(lit("1.5"), "1.5");
    expect(lit("0x1.8p1"), "3");
    expect(lit("1e3"), "1000");
    expect(lit("1e-400"), "1e-400");
    expect(lit("1e100000"), "1e+100000");
    expect(lit("3i"), "(0 + 3i)");
    expect(lit("'a'"), "97");
    expect(lit("'\\u00e4'"), "228");
    expect(lit("\"a\\n\\x41\\101\\u00e4\""), "\"a\\nAAä\"");
    expect(lit("`a\\n`"), "\"a\\\\n\"");
}

static void integers(void **state) {
    expect(bin("9223372036854775807", TOK_ADD, "1"), "9223372036854775808");
    expect(bin("9223372036854775808", TOK_SUB, "1"), "9223372036854775807");
    assert_int_equal(const_kind(bin("9223372036854775808", TOK_SUB, "1")), CONST_INT);
    int64_t i;
    assert_true(const_int64(bin("9223372036854775808", TOK_SUB, "1"), &i));
    assert_int_equal(i, INT64_MAX);
    expect(bin("7", TOK_QUO, "2"), "3");
    expect(const_binary(&arena, lit("7"), TOK_QUO, lit("2"), false), "3.5");
    expect(const_shift(&arena, lit("1"), TOK_SHL, 100), "1267650600228229401496703205376");
    expect(const_shift(&arena, const_shift(&arena, lit("1"), TOK_SHL, 100), TOK_SHR, 99), "2");
    assert_int_equal(const_bit_len(const_shift(&arena, lit("1"), TOK_SHL, 512)), 513);
    expect(const_unary(&arena, TOK_XOR, lit("0"), 8), "255");
    expect(const_unary(&arena, TOK_XOR, lit("0"), 0), "-1");
    expect(const_unary(&arena, TOK_XOR, lit("0"), 64), "18446744073709551615");
    uint64_t u;
    assert_true(const_uint64(lit("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(const_int64(lit("18446744073709551615"), &i));
    ConstVal *min = const_unary(&arena, TOK_SUB, lit("9223372036854775808"), 0);
    assert_true(const_int64(min, &i));
    assert_true(i == INT64_MIN);
    expect(bin("0xf0", TOK_ANDNOT, "0x30"), "192");
}

static void floats(void **state) {
    assert_true(const_float64(lit("0.1")) == 0.1);
    assert_true(const_float64(lit("1e308")) == 1e308);
    assert_true(isinf(const_float64(lit("1e309"))));
    assert_true(const_float64(lit("4.9406564584124654417656879286822137236505980e-324")) ==
                4.9406564584124654e-324);
    assert_true(const_float64(lit("2.2250738585072011e-308")) == 2.2250738585072011e-308);
    assert_true(const_float64(lit("1.7976931348623157e308")) == 1.7976931348623157e308);
    assert_true(const_float32(lit("16777217")) == 16777216.0f);
    assert_true(const_float32(lit("3.4028235e38")) == 3.4028235e38f);
    assert_true(isinf(const_float32(lit("3.4028236e38"))));
    assert_true(const_float32(lit("1.401298464324817e-45")) == 1.401298464324817e-45f);
    assert_true(const_float64(lit("9007199254740993")) == 9007199254740992.0);
    ConstVal *third = const_binary(&arena, lit("1"), TOK_QUO, lit("3"), false);
    expect(const_binary(&arena, third, TOK_MUL, lit("3"), false), "1");
    expect_exact(third, "(1.0/3.0)");
    assert_int_equal(const_kind(const_to_int(&arena, lit("3.0"))), CONST_INT);
    assert_int_equal(const_kind(const_to_int(&arena, lit("3.5"))), CONST_UNKNOWN);
    ConstVal *huge = lit("1e20000");
    expect(const_binary(&arena, huge, TOK_QUO, huge, false), "1");
    assert_true(const_compare(huge, TOK_GTR, lit("1e19999")));
    assert_int_equal(const_sign(const_binary(&arena, huge, TOK_SUB, huge, false)), 0);
    expect(lit("123456789.5"), "1.23457e+08");
    expect(lit("100000.5"), "100000.5");
}

static void complexes(void **state) {
    ConstVal *i = lit("1i");
    expect(const_binary(&arena, i, TOK_MUL, i, false), "(-1 + 0i)");
    expect(const_to_float(&arena, const_binary(&arena, i, TOK_MUL, i, false)), "-1");
    ConstVal *z = const_binary(&arena, lit("3"), TOK_ADD, lit("4i"), false);
    expect(const_binary(&arena, z, TOK_QUO, z, false), "(1 + 0i)");
    assert_true(const_compare(z, TOK_EQL, z));
}

static void strings(void **state) {
    ConstVal *s = lit("\"a\"");
    for (int i = 0; i < 1000; i++) s = const_binary(&arena, s, TOK_ADD, lit("\"bc\""), false);
    assert_int_equal(const_string(s).n, 2001);
    assert_true(str_has_prefix(const_string(s), "abcbc"));
    ConstVal *t = const_binary(&arena, lit("\"x\""), TOK_ADD, lit("\"y\""), false);
    ConstVal *u = const_binary(&arena, t, TOK_ADD, lit("\"1\""), false);
    ConstVal *v = const_binary(&arena, t, TOK_ADD, lit("\"2\""), false);
    expect(u, "\"xy1\"");
    expect(v, "\"xy2\"");
    assert_true(const_compare(u, TOK_LSS, v));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals), cmocka_unit_test(integers),  cmocka_unit_test(floats),
        cmocka_unit_test(complexes), cmocka_unit_test(strings),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return r;
}
