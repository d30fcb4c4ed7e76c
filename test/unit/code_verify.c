/* The verifier of bytecode: a function that keeps the rules, and one word changed at a time; then each operation by itself, each of its
 * operands at the last place where it is right and at the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "code/code.h"
#include "image/pctab.h"

enum { WORDS = 16, NATIVES = 10, DATA_BYTES = 256 };

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
    sym_alloc_data(&t, data, DATA_BYTES, 8);
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

static void native_slots(int number, uint16_t *params, uint16_t *results) {
    *params = 2;
    *results = 1;
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
    bool ok = bc_verify(&im, &f, NATIVES, native_slots, &word, &why);
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
        {6, (uint64_t)BC_SWITCH | 8u << 16 | 0xffffffffull << 32, "number out of its bounds"},
        {6, (uint64_t)BC_SWITCH | 8u << 16 | 1000ull << 32, "instruction runs past the function's end"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *why = verdict(true, cases[i].at, cases[i].w);
        if (!why || strcmp(why, cases[i].why)) fail_msg("case %zu: %s, not %s", i, why ? why : "accepted", cases[i].why);
    }
    assert_string_equal(verdict(false, -1, 0), "call without a map");
}

/* ---- One operation by itself ----------------------------------------------------------------------- */

enum { FRAME = 200, COUNT = 3, NBYTES = 20 };

typedef struct One {
    Images im;
    VmFunc f;      /* of FRAME slots: code, then two RET */
    FuncInfo info;
    uint64_t code[12];
    Buf maps;
    VmFunc *callee; /* main.f, one parameter, one result */
    uint64_t *data;
} One;

static void one_open(One *o) {
    Image *g;
    Buf b = {0};
    const char *err;
    *o = (One){0};
    make_image(&b, true);
    if (!image_load_blob(&o->im, &b, &g, &err)) fail_msg("%s", err);
    o->callee = (VmFunc *)(uintptr_t)image_entry(g);
    o->data = (uint64_t *)(uintptr_t)image_lookup(&o->im, STR("main.data"));
    assert_non_null(o->data);
    o->data[0] = 24;                      /* a type of three words ... */
    o->data[6] = (uint64_t)(uintptr_t)o->data; /* ... and a map type with it as key */
    ((uint8_t *)o->data)[23] = 21;        /* its kind */
}

static void one_close(One *o) {
    buf_free(&o->maps);
    images_free(&o->im);
}

static const char *one_verdict(One *o) {
    uint32_t word, n = bc_length(o->code);
    const char *why = NULL;
    const BcOpInfo *in = &bc_op_info[bc_op(o->code[0])];
    MapEnc me = {.nslots = 8};
    assert_true(n + 2 <= ARRAY_LEN(o->code));
    o->code[n] = o->code[n + 1] = bc_ai(BC_RET, 0, 0);
    o->f = *o->callee;
    o->info = *o->callee->info;
    o->f.frame_slots = FRAME;
    o->f.code = o->code;
    o->f.info = &o->info;
    o->f.native = 0;
    o->info.func = &o->f;
    o->info.ncode = n + 2;
    o->maps.len = 0;
    if (in->effects & BCE_CALL) map_enc_add(&me, n, (const uint8_t[]){1});
    map_enc_finish(&me, &o->maps);
    o->info.maps = (const uint8_t *)o->maps.data;
    o->info.nmaps = (uint32_t)o->maps.len;
    bool ok = bc_verify(&o->im, &o->f, NATIVES, native_slots, &word, &why);
    assert_true(ok == !why);
    return why;
}

/* How many slots from the operand on must be there; 0: it names none. */
static uint32_t span(BcOp op, int i) {
    char s = bc_op_slots[op] ? bc_op_slots[op][i] : '-', c = bc_op_info[op].operands[i];
    switch (s) {
    case '1': case '2': case '3': return (uint32_t)(s - '0');
    case 'N': case 'B': case 'T': case 'K': case 'W': case 'h': case 'w': return 3;
    case 'S': return 2 * COUNT;
    case 't': return 4;
    case 'r': return 16;
    case 'x': case 'y': return 1;
    case 'z': return 2;
    }
    if (op == BC_ZERON && !i) return COUNT;
    if (op == BC_INTR && i < 2) return 1;
    if (i == 0) {
        switch (op) {
        case BC_CALL: case BC_CALL1: case BC_CALL2: case BC_CALL1I: case BC_CALL1ADD: return FRAME_ARGS + 2;
        case BC_CALL3: return FRAME_ARGS + 3;
        case BC_CALLC: case BC_DEFERRETURN: return FRAME_ARGS;
        case BC_CALLC1: case BC_CALLI: case BC_GO: return FRAME_ARGS + 1;
        case BC_GOC: return FRAME_ARGS + COUNT;
        default: break;
        }
    }
    return c == 'w' || c == 'r' || c == 'x';
}

static void fill(One *o, BcOp op) {
    const BcOpInfo *in = &bc_op_info[op];
    uint32_t x[3];
    int n = in->format == BCF_ABC ? 3 : 2;
    memset(o->code, 0, sizeof o->code);
    for (int i = 0; i < 3; i++) x[i] = i >= n || in->operands[i] == 'j' || in->operands[i] == '-' ? 0 : span(op, i) ? 8 : COUNT;
    if (op == BC_GO) x[1] = 1;
    o->code[0] = n == 3 ? bc_abc(op, x[0], x[1], x[2]) : bc_ai(op, x[0], (int32_t)x[1]);
    const char *spans = bc_op_slots[op] ? bc_op_slots[op] : "";
    for (uint32_t k = 1; k <= in->nextra; k++) {
        uint64_t *w = &o->code[k];
        switch (in->operands[n + k]) {
        case 'A': case 'T': *w = (uint64_t)(uintptr_t)o->data; break;
        case 'F': *w = (uint64_t)(uintptr_t)o->callee; break;
        case 'I': *w = strchr(spans, 'B') || strchr(spans, 'h') ? NBYTES : COUNT; break;
        case 'Q':
            for (int i = 0; i < 4; i++) *w |= (uint64_t)(in->operands[n + 3 + i] == '-' ? 0 : COUNT) << i * 16;
            break;
        }
    }
}

static void put(uint64_t *w, int shift, uint32_t x) { *w = (*w & ~(0xffffull << shift)) | (uint64_t)x << shift; }

static void each_operand(void **s) {
    One o;
    one_open(&o);
    for (BcOp op = 0; op < BC_STUBGOEXIT; op++) {
        const BcOpInfo *in = &bc_op_info[op];
        const char *why, *operands = in->operands;
        int n = in->format == BCF_ABC ? 3 : 2;
        fill(&o, op);
        if ((why = one_verdict(&o))) fail_msg("%s: %s", in->name, why);
        for (int i = 0; i < n; i++) {
            uint32_t slots = span(op, i);
            if (!slots) continue;
            put(&o.code[0], 16 + i * 16, FRAME - slots);
            if ((why = one_verdict(&o))) fail_msg("%s, operand %c at the end of the frame: %s", in->name, "abc"[i], why);
            for (uint32_t at = FRAME - slots + 1; at < 0x10000; at = at < FRAME ? at + 1 : at * 2 + 1) {
                put(&o.code[0], 16 + i * 16, at);
                if (!one_verdict(&o)) fail_msg("%s: operand %c at slot %u is accepted", in->name, "abc"[i], at);
            }
            fill(&o, op);
        }
        for (int i = 0; operands[n] == '+' && operands[n + 1] == 'Q' && i < 4; i++) {
            if (operands[n + 3 + i] != 'r') continue;
            put(&o.code[1], i * 16, FRAME - 1);
            assert_null(one_verdict(&o));
            put(&o.code[1], i * 16, FRAME);
            if (!one_verdict(&o)) fail_msg("%s: operand %c is accepted", in->name, "defg"[i]);
            fill(&o, op);
        }
        for (uint32_t k = 1; k <= in->nextra; k++) {
            if (!strchr("ATF", operands[n + k])) continue;
            for (int i = 0; i < 3; i++) {
                o.code[k] = (uint64_t[]){0, 4096, UINT64_MAX}[i];
                if (!one_verdict(&o)) fail_msg("%s: word %u is accepted", in->name, k);
            }
            fill(&o, op);
        }
        if (in->effects & BCE_JUMP && op != BC_SWITCH) {
            int j = (int)(strchr(operands, 'j') - operands);
            const int by[] = {in->nextra ? -1 : -2, 2, 0x7fff}; /* into itself or before the code; past the end */
            for (size_t i = 0; i < ARRAY_LEN(by); i++) {
                if (in->format == BCF_AI) o.code[0] = bc_ai(op, bc_a(o.code[0]), by[i]);
                else put(&o.code[0], 16 + j * 16, (uint16_t)by[i]);
                if (!one_verdict(&o)) fail_msg("%s: a jump by %d is accepted", in->name, by[i]);
                fill(&o, op);
            }
        }
    }
    one_close(&o);
}

/* a:2 in an operation's description is what the table says. */
static void descriptions(void **s) {
    for (BcOp op = 0; op < BC_OP_COUNT; op++) {
        const char *spans = bc_op_slots[op];
        if (spans) assert_int_equal(strlen(spans), bc_op_info[op].format == BCF_ABC ? 3 : 2);
        for (const char *d = bc_op_info[op].doc; d[0] && d[1]; d++) {
            if (d[0] < 'a' || d[0] > 'c' || d[1] != ':' || (d > bc_op_info[op].doc && d[-1] >= 'a' && d[-1] <= 'z')) continue;
            if (d[2] < '2' || d[2] > '3' || d[3] == '*') continue;
            if (!spans || spans[d[0] - 'a'] != d[2]) fail_msg("%s: %s", bc_op_info[op].name, bc_op_info[op].doc);
        }
    }
}

/* What no operand's letter says: one good word and one bad for each; `at` is the word that changes. */
static void numbers(void **s) {
    enum { A = 16, B = 32, C = 48 };
    static const struct { BcOp op; int word, shift, bits; uint64_t good, bad; } cases[] = {
        {BC_DIVSI, 0, C, 16, 2, 0}, {BC_DIVSI, 0, C, 16, 0xfffe, 0xffff}, {BC_MODSI, 0, C, 16, 1, 0}, {BC_DIVUI, 0, C, 16, 1, 0},
        {BC_MODUI, 0, C, 16, 1, 0xffff}, {BC_SHLI, 0, C, 16, 63, 64}, {BC_SHRI, 0, C, 16, 63, 64}, {BC_XORSHL, 0, C, 16, 63, 64}, {BC_XORSHR, 0, C, 16, 0, 0xffff}, {BC_SARI, 0, C, 16, 63, 0xffff},
        {BC_SHLI32S, 0, C, 16, 31, 32}, {BC_ROTLI32U, 0, C, 16, 31, 32}, {BC_DIVP2, 0, C, 16, 62, 63}, {BC_MODP2, 0, C, 16, 15, 16},
        {BC_SHLOR, 1, 0, 16, 63, 64}, {BC_SHLOR32U, 1, 0, 16, 31, 32}, {BC_JBIT, 0, B, 16, 63, 64}, {BC_BITS, 0, C, 16, 63 << 6, 64 << 6},
        {BC_INTR, 0, C, 16, INTRIN_COUNT - 1, INTRIN_COUNT}, {BC_INTR, 0, C, 16, 1, 0}, {BC_CLOSURE, 0, C, 16, 64, 65},
        {BC_LEAFP, 0, B, 32, FRAME * 8, FRAME * 8 + 1}, {BC_LDL8S, 0, B, 32, FRAME * 8 - 1, FRAME * 8},
        {BC_LDL16U, 0, B, 32, FRAME * 8 - 2, FRAME * 8 - 1}, {BC_LDL32S, 0, B, 32, FRAME * 8 - 4, FRAME * 8 - 3},
        {BC_LDL64, 0, B, 32, FRAME * 8 - 8, FRAME * 8 - 7}, {BC_STL64, 0, B, 32, FRAME * 8 - 8, 0xffffffff},
        {BC_MOVB, 1, 0, 32, FRAME * 8 - COUNT, FRAME * 8 - COUNT + 1}, {BC_MOVB, 1, 32, 32, FRAME * 8 - COUNT, FRAME * 8 - COUNT + 1},
        {BC_ZERON, 0, B, 32, FRAME - 8, FRAME - 7}, {BC_NATIVE, 0, B, 32, NATIVES - 1, NATIVES}, {BC_GO, 0, B, 16, 1, 2},
        {BC_SLICE, 1, 0, 64, 1ull << 48 | (FRAME - 1), 1ull << 48 | FRAME}, {BC_SLICEFAR, 1, 0, 64, 2ull << 48, 2ull << 48 | FRAME << 16},
        {BC_SLICEARR, 1, 0, 64, 7ull << 48, 4ull << 48 | (uint64_t)FRAME << 32}, {BC_SLICESTR, 1, 0, 64, FRAME, 1ull << 48 | FRAME},
        {BC_CONCATTMP, 2 - 1, 0, 64, FRAME - 4, FRAME - 3}, {BC_MAKESLICETMP, 2, 0, 64, 24ull << 32 | (FRAME - 3), 25ull << 32 | (FRAME - 3)},
        {BC_LDN, 1, 0, 64, FRAME - 8, FRAME - 7}, {BC_STB, 1, 0, 64, (FRAME - 8) * 8, UINT64_MAX}, {BC_LDXL64, 1, 0, 64, FRAME - 8, FRAME - 7},
        {BC_STXL16, 1, 0, 64, (FRAME - 8) * 4, 1ull << 63}, {BC_CONCAT, 0, C, 16, (FRAME - 8) / 2, (FRAME - 8) / 2 + 1},
        {BC_SELECT, 0, C, 16, (FRAME - 8) / 2, (FRAME - 8) / 2 + 1}, {BC_MAKEMAP, 2, 0, 64, (FRAME - 8) * 8, (FRAME - 8) * 8 + 1},
        {BC_LDSTR, 0, B, 32, DATA_BYTES, 0xffffffff},
    };
    One o;
    one_open(&o);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int bad = 0; bad < 2; bad++) {
            uint64_t mask = ~0ull >> (64 - cases[i].bits), *w = &o.code[cases[i].word];
            fill(&o, cases[i].op);
            *w = (*w & ~(mask << cases[i].shift)) | (bad ? cases[i].bad : cases[i].good) << cases[i].shift;
            const char *why = one_verdict(&o);
            if (!why != !bad) fail_msg("case %zu, %s: %s", i, bc_op_info[cases[i].op].name, why ? why : "accepted");
        }
    fill(&o, BC_INTR); /* two results */
    put(&o.code[0], C, INTRIN_MUL64);
    put(&o.code[0], A, FRAME - 1);
    assert_string_equal(one_verdict(&o), "operand outside of the frame");
    fill(&o, BC_APPEND);
    o.data[0] = UINT64_MAX; /* the type's size */
    assert_string_equal(one_verdict(&o), "operand outside of the frame");
    fill(&o, BC_MAPGET);
    assert_string_equal(one_verdict(&o), "operand outside of the frame");
    o.data[6] = 8;
    assert_string_equal(one_verdict(&o), "type descriptor outside of the images");
    static const BcOp maps[] = {BC_MAKEMAP, BC_MAPGET64, BC_MAPGETSTR, BC_MAPSET64, BC_MAPDELETE, BC_MAPCLEAR, BC_MAPITERINIT};
    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        fill(&o, maps[i]);
        ((uint8_t *)o.data)[23] = 25; /* a struct */
        assert_string_equal(one_verdict(&o), "no type of a map");
    }
    one_close(&o);
}

/* Maps of safepoints: of a frame of 12 slots, FRAME_MAPPED of them not in the map. */
static void maps(void **s) {
    static const struct { uint32_t word, nslots; const char *why; } cases[] = {
        {2, 9, NULL}, {3, 9, NULL}, {4, 9, "map within an instruction"}, {1, 9, "map within an instruction"}, {2, 10, "map outside of the frame"},
    };
    One o;
    one_open(&o);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t code[3] = {bc_ai(BC_LDI64, 8, 0), 0, bc_ai(BC_RET, 0, 0)};
        MapEnc me = {.nslots = cases[i].nslots};
        uint32_t word;
        const char *why = NULL;
        o.maps.len = 0;
        map_enc_add(&me, cases[i].word, (const uint8_t[]){1, 0});
        map_enc_finish(&me, &o.maps);
        o.f = *o.callee;
        o.info = *o.callee->info;
        o.f.code = code;
        o.f.info = &o.info;
        o.info.ncode = 3;
        o.info.maps = (const uint8_t *)o.maps.data;
        o.info.nmaps = (uint32_t)o.maps.len;
        bool ok = bc_verify(&o.im, &o.f, NATIVES, native_slots, &word, &why);
        if (ok != !cases[i].why || (why && strcmp(why, cases[i].why))) fail_msg("case %zu: %s", i, why ? why : "accepted");
    }
    one_close(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad), cmocka_unit_test(each_operand),
                                       cmocka_unit_test(descriptions), cmocka_unit_test(numbers), cmocka_unit_test(maps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
