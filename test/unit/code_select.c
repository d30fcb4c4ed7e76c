/* The selector and the passes, text in, text out: SSA as ir_parse reads it, bytecode as code_disasm prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "code/code.h"
#include "opt/opt.h"

typedef struct Case { SymTab syms; IrUnit u; IrFunc *f; Buf out; } Case;

static void begin(Case *c, const char *text, int level) {
    memset(c, 0, sizeof *c);
    symtab_init(&c->syms);
    c->u.syms = &c->syms;
    const char *err = "";
    c->f = ir_parse(&c->u, str_c(text), &err);
    if (!c->f) fail_msg("%s", err);
    ir_verify(c->f, "parse");
    opt_function(c->f, level);
    ir_verify(c->f, "opt");
}

static void end(Case *c) {
    buf_free(&c->out);
    arena_free(&c->u.arena);
    symtab_free(&c->syms);
}

static const char *code(Case *c) {
    CodeFunc *cf = code_function(c->f);
    code_resolve(&c->u, cf);
    code_disasm(&c->out, cf);
    return c->out.data;
}
static const char *ssa(Case *c) {
    ir_print(&c->out, c->f);
    return c->out.data;
}

static void has(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("missing: %s\nin:\n%s", part, text);
}
static void has_not(const char *text, const char *part) {
    if (strstr(text, part)) fail_msg("unexpected: %s\nin:\n%s", part, text);
}

/* for i := 0; i < len(a); i++ { s += a[i] } with variables in slots */
static const char sum[] =
    "func \"sum\" (slice) (i64) {\n"
    "  var $0 i64 \"s\"\n"
    "  var $1 i64 \"i\"\n"
    "b0:\n"
    "  v1 = PARAM slice #0\n"
    "  v2 = CONST i64 #0\n"
    "  LOCALSET v2 $0\n"
    "  LOCALSET v2 $1\n"
    "  JUMP -> b1\n"
    "b1:\n"
    "  v3 = LOCALGET i64 $1\n"
    "  v4 = SLICELEN i64 v1\n"
    "  v5 = LT bool v3, v4\n"
    "  BR v5 -> b2, b3\n"
    "b2:\n"
    "  v6 = LOCALGET i64 $1\n"
    "  v7 = ELEMADDR ptr v1, v6 #8\n"
    "  v8 = LOAD i64 v7 !nonnil\n"
    "  v9 = LOCALGET i64 $0\n"
    "  v10 = ADD i64 v9, v8\n"
    "  LOCALSET v10 $0\n"
    "  v11 = CONST i64 #1\n"
    "  v12 = ADD i64 v6, v11\n"
    "  LOCALSET v12 $1\n"
    "  JUMP -> b1\n"
    "b3:\n"
    "  v13 = LOCALGET i64 $0\n"
    "  RET v13\n"
    "}\n";

static void loop_is_three_instructions(void **state) {
    (void)state;
    Case c;
    begin(&c, sum, 1);
    const char *t = code(&c);
    has(t, "LDX64");
    has(t, "INCLTS");
    has_not(t, "MOV ");
    has_not(t, "JMPBACK");
    end(&c);
}

static void unoptimised_is_complete(void **state) {
    (void)state;
    Case c;
    begin(&c, sum, 0);
    const char *t = code(&c);
    has(t, "LDX64");
    has(t, "LLTS");
    end(&c);
}

/* A pointer that lives across a call is in its map; the argument is made in place. */
static void maps_and_arguments(void **state) {
    (void)state;
    Case c;
    begin(&c,
          "func \"f\" (ptr, i64) (i64) {\n"
          "b0:\n"
          "  v1 = PARAM ptr #0\n"
          "  v2 = PARAM i64 #1\n"
          "  v3 = CONST i64 #7\n"
          "  v4 = ADD i64 v2, v3\n"
          "  v5 = CALL i64 v4 @\"g\"\n"
          "  v6 = LOAD i64 v1 +16\n"
          "  v7 = ADD i64 v5, v6\n"
          "  RET v7\n"
          "}\n",
          1);
    const char *t = code(&c);
    has(t, "{s4}");
    has(t, "CALL1ADD");
    has_not(t, "MOV ");
    end(&c);
}

/* A closure's context is in the maps where it is used again. */
static void context_in_maps(void **state) {
    (void)state;
    Case c;
    begin(&c,
          "func \"f\" () (i64) ctx {\n"
          "b0:\n"
          "  v1 = CTX ptr\n"
          "  v2 = CALL i64 @\"g\"\n"
          "  v3 = LOAD i64 v1 +8\n"
          "  v4 = CALL i64 @\"h\"\n"
          "  v5 = ADD i64 v3, v4\n"
          "  RET v5\n"
          "}\n",
          1);
    const char *t = code(&c);
    has(t, "@g  {s3}");
    has(t, "@h  {}");
    end(&c);
}

/* Two values that swap around a loop need a temporary. */
static void parallel_moves(void **state) {
    (void)state;
    Case c;
    begin(&c,
          "func \"swap\" (i64, i64, i64) (i64) {\n"
          "b0:\n"
          "  v1 = PARAM i64 #0\n"
          "  v2 = PARAM i64 #1\n"
          "  v3 = PARAM i64 #2\n"
          "  JUMP -> b1(v1, v2, v3)\n"
          "b1(v4 i64, v5 i64, v6 i64):\n"
          "  v7 = CONST i64 #1\n"
          "  v8 = SUB i64 v6, v7\n"
          "  v9 = CONST i64 #0\n"
          "  v10 = GT bool v8, v9\n"
          "  BR v10 -> b1(v5, v4, v8), b2\n"
          "b2:\n"
          "  RET v4\n"
          "}\n",
          0);
    CodeFunc *cf = code_function(c.f);
    int movs = 0;
    for (uint32_t w = 0; w < cf->nwords; w += bc_length(cf->words + w))
        movs += bc_op(cf->words[w]) == BC_MOV ? 1 : bc_op(cf->words[w]) == BC_MOVPAIR ? 2 : 0;
    assert_true(movs >= 3);
    end(&c);
}

static void constants_fold(void **state) {
    (void)state;
    Case c;
    begin(&c,
          "func \"k\" (i64) (i64) {\n"
          "b0:\n"
          "  v1 = PARAM i64 #0\n"
          "  v2 = CONST i64 #6\n"
          "  v3 = CONST i64 #7\n"
          "  v4 = MUL i64 v2, v3\n"
          "  v5 = ADD i64 v1, v4\n"
          "  v6 = SUB i64 v5, v4\n"
          "  v7 = LT bool v2, v3\n"
          "  BR v7 -> b1, b2\n"
          "b1:\n"
          "  RET v6\n"
          "b2:\n"
          "  RET v3\n"
          "}\n",
          1);
    const char *t = ssa(&c);
    has_not(t, "MUL");
    has_not(t, "BR ");
    has_not(t, "SUB");
    end(&c);
}

/* An int8 sum is normalised; a 32-bit one has its own op. */
static void narrow_ints(void **state) {
    (void)state;
    Case c;
    begin(&c,
          "func \"n\" (i8, i8, u32, u32) (i8, u32) {\n"
          "b0:\n"
          "  v1 = PARAM i8 #0\n"
          "  v2 = PARAM i8 #1\n"
          "  v3 = PARAM u32 #2\n"
          "  v4 = PARAM u32 #3\n"
          "  v5 = ADD i8 v1, v2\n"
          "  v6 = ADD u32 v3, v4\n"
          "  RET v5, v6\n"
          "}\n",
          1);
    const char *t = code(&c);
    has(t, "EXT8S");
    has(t, "ADD32U");
    end(&c);
}

/* A product that only a sum uses is part of it; one with two uses keeps its slot. */
static void fusion(void **state) {
    (void)state;
    static const char *const texts[] = {
        "func \"f\" (f64, f64, ptr) (f64) {\n"
        "b0:\n"
        "  v1 = PARAM f64 #0\n"
        "  v2 = PARAM f64 #1\n"
        "  v3 = PARAM ptr #2\n"
        "  v4 = FMUL f64 v1, v2\n"
        "  v5 = LOAD f64 v3 +16\n"
        "  v6 = FADD f64 v5, v1\n"
        "  STORE v3, v6 <f64> +16\n"
        "  v7 = FADD f64 v4, v4\n"
        "  RET v7\n"
        "}\n",
        "func \"g\" (f64, f64, i64) (f64) {\n"
        "b0:\n"
        "  v1 = PARAM f64 #0\n"
        "  v2 = PARAM f64 #1\n"
        "  v3 = PARAM i64 #2\n"
        "  v4 = CONST i64 #8\n"
        "  v5 = AND i64 v3, v4\n"
        "  v6 = CONST i64 #0\n"
        "  v7 = EQ bool v5, v6\n"
        "  BR v7 -> b1, b2\n"
        "b1:\n"
        "  v8 = FMUL f64 v1, v2\n"
        "  v9 = FSUB f64 v1, v8\n"
        "  RET v9\n"
        "b2:\n"
        "  RET v1\n"
        "}\n",
    };
    Case c;
    begin(&c, texts[0], 0);
    const char *t = code(&c);
    has(t, "ADDF64M");
    has(t, " MULF64 ");
    has_not(t, "MULADDF64");
    has_not(t, "LD64");
    end(&c);
    begin(&c, texts[1], 0);
    t = code(&c);
    has(t, "MULRSUBF64");
    has(t, "s6, 8, ->"); /* JANYI or JNONEI */
    has_not(t, " ANDI");
    end(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_is_three_instructions), cmocka_unit_test(unoptimised_is_complete),
        cmocka_unit_test(maps_and_arguments),         cmocka_unit_test(parallel_moves),
        cmocka_unit_test(context_in_maps),
        cmocka_unit_test(fusion),
        cmocka_unit_test(constants_fold),             cmocka_unit_test(narrow_ints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
