/* The verifier of bytecode: a function that keeps the rules, and one word changed at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "code/code.h"
#include "image/pctab.h"

enum { WORDS = 16, NATIVES = 10 };

static void good_code(uint64_t *w) {
    static const int32_t table[4] = {-7, 0, 2, 0};
    w[0] = bc_ai(BC_LDI, 8, 1);
    w[1] = bc_ai(BC_LDADDR, 9, 0); /* main.data */
    w[3] = bc_abc(BC_ADD, 8, 8, 8);
    w[4] = bc_ai(BC_CALL, 6, 0);   /* main.f itself */
    w[6] = bc_ai(BC_SWITCH, 8, 3);
    w[7] = 0;
    memcpy(&w[8], table, sizeof table);
    w[10] = bc_ai(BC_JMP, 0, 0);
    w[11] = bc_ai(BC_ZERON, 8, 4);
    w[12] = bc_ai(BC_LEAFP, 8, 64);
    w[13] = bc_abc(BC_MOVN, 6, 8, 4);
    w[14] = bc_ai(BC_TRYNATIVE, 0, NATIVES - 1);
    w[15] = bc_ai(BC_RET, 0, 0);
}

static void make_image(Buf *out, bool with_map) {
    SymTab t;
    symtab_init(&t);
    Sym *data = sym_get(&t, STR("main.data")), *f = sym_get(&t, STR("main.f"));
    assert_true(sym_begin_define(&t, data, SYM_DATA) && sym_begin_define(&t, f, SYM_FUNC));
    sym_alloc_data(&t, data, 64, 8);
    CodeFunc *c = f->code = arena_new(&t.arena, CodeFunc);
    f->is_func = true;
    c->words = arena_array(&t.arena, uint64_t, WORDS);
    c->nwords = WORDS;
    good_code(c->words);
    c->relocs = arena_array(&t.arena, struct CodeReloc, 2);
    c->relocs[0] = (struct CodeReloc){2, CODE_RELOC_ADDR64, data, 0};
    c->relocs[1] = (struct CodeReloc){5, CODE_RELOC_ADDR64, f, 0};
    c->nrelocs = 2;
    c->frame_slots = 12;
    c->param_slots = c->result_slots = 1;
    c->name = STR("main.f");
    c->file = STR("x.go");
    if (with_map) {
        MapEnc me = {.nslots = 8};
        Buf maps = {0};
        map_enc_add(&me, 6, (const uint8_t[]){1});
        map_enc_finish(&me, &maps);
        c->maps = arena_memdup(&t.arena, maps.data, maps.len);
        c->nmaps = (uint32_t)maps.len;
        buf_free(&maps);
    }
    LinkOptions opt = {.base = IMAGE_SPACE_BASE, .entry = "main.f", .build_id = STR("id")};
    const char *err;
    if (!image_link(&t, &opt, out, &err)) fail_msg("%s", err);
    symtab_free(&t);
}

/* What the verifier says when word `at` is w; NULL: nothing. */
static const char *verdict(bool with_map, int at, uint64_t w) {
    Images im = {0};
    Image *g;
    Buf b = {0};
    const char *err, *why = NULL;
    make_image(&b, with_map);
    if (!image_load_blob(&im, &b, &g, &err)) fail_msg("%s", err);
    VmFunc f = *image_entry(g);
    uint64_t code[WORDS];
    FuncInfo info = *f.info;
    memcpy(code, f.code, sizeof code);
    info.func = &f;
    f.info = &info;
    f.code = code;
    if (at >= 0) code[at] = w;
    uint32_t word;
    Buf text = {0}; /* the listing of what is wrong is no crash */
    code_disasm_func(&text, &f);
    assert_true(text.len > 0);
    buf_free(&text);
    bool ok = bc_verify(&im, &f, NATIVES, &word, &why);
    assert_true(ok == !why);
    images_free(&im);
    return why;
}

static void good(void **s) { assert_null(verdict(true, -1, 0)); }

static void bad(void **s) {
    static const struct { int at; uint64_t w; const char *why; } cases[] = {
        {0, 0xffff, "unknown operation"},
        {0, BC_STUBGOEXIT, "unknown operation"},
        {0, (uint64_t)BC_LDI | 12u << 16, "operand outside of the frame"},
        {3, (uint64_t)BC_ADD | 8u << 16 | 12ull << 32, "operand outside of the frame"},
        {3, (uint64_t)BC_ADD | 8u << 16 | 8ull << 32 | 60000ull << 48, "operand outside of the frame"},
        {2, 8, "address outside of the images"},
        {5, 8, "no function at this address"},
        {4, (uint64_t)BC_CALL | 7u << 16, "call outside of the frame"},
        {10, (uint64_t)BC_JMP | 100ull << 32, "jump into an instruction"},
        {10, (uint64_t)BC_JMP | (uint64_t)(uint32_t)-6 << 32, "jump into an instruction"},
        {9, 1ull << 31, "jump into an instruction"},
        {8, 0xfffffff8ull, "jump into an instruction"},
        {11, (uint64_t)BC_ZERON | 8u << 16 | 5ull << 32, "operand outside of the frame"},
        {12, (uint64_t)BC_LEAFP | 8u << 16 | 97ull << 32, "operand outside of the frame"},
        {13, (uint64_t)BC_MOVN | 9u << 16 | 8ull << 32 | 4ull << 48, "operand outside of the frame"},
        {14, (uint64_t)BC_TRYNATIVE | (uint64_t)NATIVES << 32, "no such native"},
        {15, BC_NOP, "code falls off the function's end"},
        {15, BC_LDADDR | 8u << 16, "instruction runs past the function's end"},
        {6, (uint64_t)BC_SWITCH | 8u << 16 | 1000ull << 32, "instruction runs past the function's end"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *why = verdict(true, cases[i].at, cases[i].w);
        if (!why || strcmp(why, cases[i].why)) fail_msg("case %zu: %s, not %s", i, why ? why : "accepted", cases[i].why);
    }
    assert_string_equal(verdict(false, -1, 0), "call without a map");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
