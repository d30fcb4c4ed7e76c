/* verify: whether the code of a loaded function keeps the rules of tables/ops_bc.def that can be seen in its words: known ops that end
 * where the function ends, all slots of all operands in the frame (tables/ops_bc_slots.def), jumps to instructions, addresses within the
 * loaded images, calls whose frames fit, a map at each call, maps that stay in the frame. For images that somebody hands in. It is no
 * sandbox: that a slot holds a pointer, a channel or a closure where an op takes it for one is not known, nor are descriptors and other
 * data checked. */
#include "code/code.h"
#include "image/pctab.h"

#include <stdlib.h>

typedef struct Verify {
    Images *im;
    const VmFunc *f;
    uint32_t natives;
    void (*native_slots)(int number, uint16_t *params, uint16_t *results);
    uint8_t *starts; /* bit per word: an instruction begins there */
    uint32_t at;     /* the instruction being looked at */
    const char *why;
} Verify;

_Static_assert(BC_STUBGOEXIT < BC_STUBNATIVE && BC_STUBNATIVE == BC_OP_COUNT - 1, "the stubs' words are the last ones, never in images");

/* Of descriptors, as Go's internal/abi has them: Type.Size_ is the first word; MapType.Key follows the Type. */
enum { TYPE_BYTES = 48, TYPE_KIND_AT = 23, KIND_OF_MAPS = 21, MAP_KEY_AT = TYPE_BYTES, MAP_TYPE_BYTES = TYPE_BYTES + 88 };

static const uint8_t intrinsic_args[INTRIN_COUNT] = {
#define INTRINSIC(id, nargs, doc) [INTRIN_##id] = nargs,
#define INTRINSIC_NAME(name, id)
#include "tables/intrinsics.def"
#undef INTRINSIC
#undef INTRINSIC_NAME
};

static bool is_start(const Verify *v, int64_t word) {
    return word >= 0 && word < v->f->info->ncode && (v->starts[word / 8] >> (word % 8) & 1);
}

#define FAULT(c, text) \
    do { \
        if (unlikely(c)) { \
            v->why = (text); \
            return false; \
        } \
    } while (0)

static const char outside[] = "operand outside of the frame";

static bool slots_ok(const Verify *v, uint64_t first, uint64_t n) {
    return first <= v->f->frame_slots && n <= v->f->frame_slots - first;
}

/* n bytes from the frame's byte `first` on. */
static bool bytes_ok(const Verify *v, uint64_t first, uint64_t n) {
    uint64_t all = (uint64_t)v->f->frame_slots * 8;
    return first <= all && n <= all - first;
}

/* The 16-bit operand of class c. */
static bool operand_ok(Verify *v, char c, uint32_t x) {
    FAULT((c == 'w' || c == 'r' || c == 'x') && !slots_ok(v, x, 1), outside);
    return true;
}

static bool extra_ok(Verify *v, char c, uint64_t w) {
    switch (c) {
    case 'A': FAULT(!image_holds(v->im, w, 0), "address outside of the images"); break;
    case 'T': FAULT(w % 8 || !image_holds(v->im, w, TYPE_BYTES), "type descriptor outside of the images"); break;
    case 'F': FAULT(!image_func_at(v->im, w), "no function at this address"); break;
    }
    return true;
}

/* The extra word that ops_bc.def calls c, the first one. */
static uint64_t extra(const uint64_t *p, char c) {
    const BcOpInfo *info = &bc_op_info[bc_op(*p)];
    const char *e = strchr(info->operands, '+');
    return p[strchr(e, c) - e];
}

static uint64_t desc_size(uint64_t type) { return *(const uint64_t *)(uintptr_t)type; }

/* Operand x with a span of bc_op_slots. */
static bool span_ok(Verify *v, char span, uint32_t x, const uint64_t *p) {
    uint64_t n;
    switch (span) {
    case '-': return true;
    case '1': case '2': case '3': FAULT(!slots_ok(v, x, (uint64_t)(span - '0')), outside); return true;
    case 'W': FAULT(!slots_ok(v, x, bc_c(*p)), outside); return true;
    case 'S': FAULT(!slots_ok(v, x, 2 * (uint64_t)bc_c(*p)), outside); return true;
    case 'N': FAULT(!slots_ok(v, x, extra(p, 'I')), outside); return true;
    case 'B': FAULT(!bytes_ok(v, (uint64_t)x * 8, extra(p, 'I')), outside); return true;
    case 'T': FAULT(!bytes_ok(v, (uint64_t)x * 8, desc_size(extra(p, 'T'))), outside); return true;
    case 'K':
        n = *(const uint64_t *)(uintptr_t)(extra(p, 'T') + MAP_KEY_AT); /* of a map type: map_type_ok */
        FAULT(n % 8 || !image_holds(v->im, n, TYPE_BYTES), "type descriptor outside of the images");
        FAULT(!bytes_ok(v, (uint64_t)x * 8, desc_size(n)), outside);
        return true;
    case 't': FAULT(x && !bytes_ok(v, (uint64_t)x * 8, 32), outside); return true;
    case 'r': FAULT(x && !bytes_ok(v, (uint64_t)x * 8, 32 * 4), outside); return true;
    case 'h': FAULT(x && !bytes_ok(v, (uint64_t)x * 8, extra(p, 'I')), outside); return true;
    case 'x': case 'y': case 'z': case 'w':
        n = extra(p, 'I');
        FAULT(n > UINT32_MAX || !bytes_ok(v, (uint64_t)x * 8, n << (span == 'w' ? 3 : span - 'x')), outside);
        return true;
    }
    bug("span %c of %s", span, bc_op_info[bc_op(*p)].name);
}

/* The descriptor of an operation on maps is one of a map. */
static bool map_type_ok(Verify *v, const uint64_t *p) {
    switch (bc_op(*p)) {
    case BC_MAKEMAP: case BC_MAPGET: case BC_MAPGET64: case BC_MAPGET32: case BC_MAPGETSTR: case BC_MAPSET: case BC_MAPSET64:
    case BC_MAPSETSTR: case BC_MAPDELETE: case BC_MAPCLEAR: case BC_MAPITERINIT:
        FAULT(!image_holds(v->im, p[1], MAP_TYPE_BYTES), "type descriptor outside of the images");
        FAULT(((const uint8_t *)(uintptr_t)p[1])[TYPE_KIND_AT] != KIND_OF_MAPS, "no type of a map");
        break;
    default: break;
    }
    return true;
}

/* A frame for a callee at slot a with so many slots of arguments and results. */
static bool call_ok(Verify *v, uint32_t a, uint64_t n) {
    FAULT(!slots_ok(v, a, FRAME_ARGS + n), "call outside of the frame");
    return true;
}

static bool native_ok(Verify *v, uint32_t number) {
    uint16_t params = 0, results = 0;
    FAULT(number >= v->natives, "no such native");
    v->native_slots((int)number, &params, &results);
    FAULT(!slots_ok(v, FRAME_ARGS, (uint64_t)params + results), outside);
    return true;
}

/* Operands that are numbers with bounds: what lies beyond them C leaves undefined, or divides by zero. */
static bool number_ok(Verify *v, uint64_t w, uint64_t q) {
    int32_t c = bc_sc(w);
    bool ok = true;
    switch (bc_op(w)) {
    case BC_DIVSI: case BC_MODSI: ok = c != 0 && c != -1; break;
    case BC_DIVUI: case BC_MODUI: ok = c > 0; break;
    case BC_SHLI: case BC_SHRI: case BC_SARI: case BC_ROTLI: case BC_XORSHL: case BC_XORSHR: ok = c >= 0 && c < 64; break;
    case BC_SHLI32S: case BC_SHLI32U: case BC_ROTLI32U: ok = c >= 0 && c < 32; break;
    case BC_DIVP2: ok = c > 0 && c < 63; break;
    case BC_MODP2: ok = c > 0 && c < 16; break;
    case BC_SHLOR: ok = (uint16_t)q < 64; break;
    case BC_SHLOR32U: ok = (uint16_t)q < 32; break;
    case BC_BITS: ok = bc_c(w) >> 6 < 64; break;
    case BC_JBIT: case BC_JNBIT: ok = bc_b(w) < 64; break;
    case BC_CLOSURE: ok = bc_c(w) <= 64; break;
    case BC_ZERON: case BC_SWITCH: ok = bc_imm(w) >= 0; break;
    default: break;
    }
    FAULT(!ok, "number out of its bounds");
    return true;
}

/* What the tables' letters do not say. */
static bool special_ok(Verify *v, const uint64_t *p, BcOp op) {
    uint64_t w = p[0], n = 0;
    const VmFunc *to = bc_op_info[op].nextra ? (const VmFunc *)p[1] : NULL; /* of calls */
    switch (op) {
    case BC_LDL64: case BC_STL64: n += 4; /* fallthrough */
    case BC_LDL32S: case BC_LDL32U: case BC_STL32: n += 2; /* fallthrough */
    case BC_LDL16S: case BC_LDL16U: case BC_STL16: n += 1; /* fallthrough */
    case BC_LDL8S: case BC_LDL8U: case BC_STL8: n += 1; /* fallthrough */
    case BC_LEAFP: FAULT(bc_imm(w) < 0 || !bytes_ok(v, (uint64_t)bc_imm(w), n), outside); break;
    case BC_LDG3: case BC_STG3P: n += 8; /* fallthrough */
    case BC_LDG2: case BC_STG2P: n += 8; /* fallthrough */
    case BC_LDG64: case BC_STG64: case BC_STGP: n += 4; /* fallthrough */
    case BC_LDG32S: case BC_LDG32U: case BC_STG32: n += 2; /* fallthrough */
    case BC_LDG16S: case BC_LDG16U: case BC_STG16: n += 1; /* fallthrough */
    case BC_LDG8S: case BC_LDG8U: case BC_STG8: n += 1;
        FAULT(!image_holds(v->im, p[1], n), "address outside of the images");
        break;
    case BC_LDSTR: FAULT(!image_holds(v->im, p[1], (uint32_t)bc_imm(w)), "address outside of the images"); break;
    case BC_CLOSUREN: FAULT(!image_holds(v->im, p[2], (bc_c(w) + 7) / 8), "address outside of the images"); break;
    case BC_MOVB: FAULT(!bytes_ok(v, (uint32_t)p[1], bc_c(w)) || !bytes_ok(v, p[1] >> 32, bc_c(w)), outside); break;
    case BC_ZERON: FAULT(!slots_ok(v, bc_a(w), (uint32_t)bc_imm(w)), outside); break;
    case BC_SLICE: case BC_SLICEFAR: case BC_SLICEARR: case BC_SLICESTR:
        for (int i = 0; i < 3; i++) FAULT((p[1] >> (48 + i) & 1) && !slots_ok(v, (uint16_t)(p[1] >> i * 16), 1), outside);
        break;
    case BC_CONCATTMP: FAULT(!slots_ok(v, p[1], 32 / 8), outside); break;
    case BC_MAKESLICETMP: FAULT(!bytes_ok(v, (p[2] & UINT32_MAX) * 8, p[2] >> 32), outside); break;
    case BC_INTR:
        FAULT(!bc_c(w) || bc_c(w) >= INTRIN_COUNT, "no such intrinsic");
        n = bc_c(w) == INTRIN_MUL64 || bc_c(w) == INTRIN_ADD64 || bc_c(w) == INTRIN_SUB64 ? 2 : 1; /* those with a tuple */
        FAULT(!slots_ok(v, bc_b(w), intrinsic_args[bc_c(w)]) || !slots_ok(v, bc_a(w), n), outside);
        break;
    case BC_CALL3: n++; /* fallthrough */
    case BC_CALL2: n++; /* fallthrough */
    case BC_CALL1: case BC_CALL1I: case BC_CALL1ADD: n++; /* fallthrough */
    case BC_CALL: {
        uint64_t all = (uint64_t)to->param_slots + to->result_slots;
        return call_ok(v, bc_a(w), all > n ? all : n);
    }
    case BC_CALLC1: case BC_CALLI: return call_ok(v, bc_a(w), 1);
    case BC_TAILI: FAULT(!v->f->param_slots, "call outside of the frame"); break;
    case BC_CALLC: case BC_DEFERRETURN: return call_ok(v, bc_a(w), 0);
    case BC_GO: FAULT(bc_b(w) > to->param_slots, "call outside of the frame"); return call_ok(v, bc_a(w), bc_b(w));
    case BC_GOC: return call_ok(v, bc_a(w), bc_c(w));
    case BC_NATIVE: case BC_TRYNATIVE: return native_ok(v, (uint32_t)bc_imm(w));
    default: break;
    }
    return true;
}

static bool inst_ok(Verify *v) {
    const FuncInfo *in = v->f->info;
    const uint64_t *p = v->f->code + v->at, w = *p;
    uint32_t left = in->ncode - v->at;
    BcOp op = bc_op(w);
    FAULT(op >= BC_STUBGOEXIT, "unknown operation");
    const BcOpInfo *info = &bc_op_info[op];
    FAULT(left < 1u + info->nextra || left < bc_length(p), "instruction runs past the function's end");
    const char *o = info->operands;
    int n = info->format == BCF_ABC ? 3 : 2;
    if (!operand_ok(v, o[0], bc_a(w))) return false;
    if (n == 3 && (!operand_ok(v, o[1], bc_b(w)) || !operand_ok(v, o[2], bc_c(w)))) return false;
    const char *e = o[n] == '+' ? o + n + 1 : "";
    for (uint32_t k = 1; k <= info->nextra; k++, e++) {
        if (*e == 'Q') {
            for (int i = 0; i < 4; i++)
                if (!operand_ok(v, e[2 + i], (uint16_t)(p[k] >> i * 16))) return false;
            e += 5;
        } else if (!extra_ok(v, *e, p[k])) {
            return false;
        }
    }
    uint32_t nslots, end = v->at + bc_length(p);
    FAULT((info->effects & BCE_CALL) && !image_pc_map(v->f, v->f->code + end, &nslots),
          "call without a map");
    if (!map_type_ok(v, p)) return false;
    const char *spans = bc_op_slots[op];
    if (spans) {
        const uint32_t x[] = {bc_a(w), bc_b(w), bc_c(w)};
        for (int i = 0; i < n; i++)
            if (!span_ok(v, spans[i], x[i], p)) return false;
    }
    return number_ok(v, w, info->nextra ? p[1] : 0) && special_ok(v, p, op);
}

static bool jumps_ok(Verify *v) {
    const uint64_t *p = v->f->code + v->at, w = *p;
    BcOp op = bc_op(w);
    const BcOpInfo *info = &bc_op_info[op];
    int64_t end = v->at + bc_length(p);
    if (op == BC_SWITCH) {
        const int32_t *table = (const int32_t *)(p + 1 + info->nextra);
        for (int32_t i = 0; i < bc_imm(w); i++) FAULT(!is_start(v, end + table[i]), "jump into an instruction");
    } else if (info->effects & BCE_JUMP) {
        int64_t by = info->format == BCF_AI ? bc_imm(w) : info->operands[1] == 'j' ? bc_sb(w) : bc_sc(w);
        FAULT(!is_start(v, end + by), "jump into an instruction");
    }
    FAULT(op == BC_DEFERRETURN && !is_start(v, end + 1), "jump into an instruction");
    FAULT(!(info->effects & BCE_END) && end == v->f->info->ncode, "code falls off the function's end");
    return true;
}

/* What stands beside the code. */
static bool facts_ok(Verify *v) {
    const VmFunc *f = v->f;
    const FuncInfo *in = f->info;
    uint32_t word, nslots;
    const uint8_t *bits;
    FAULT(f->native > v->natives, "no such native");
    FAULT(in->recover_pc && !is_start(v, in->recover_pc), "recovers into an instruction");
    FAULT(in->args_ptrs_words && !in->args_ptrs, "no map of the arguments");
    for (uint32_t i = 0; map_table_at(in->maps, in->nmaps, i, &word, &bits, &nslots); i++) {
        v->at = word;
        FAULT(nslots > f->frame_slots - FRAME_MAPPED, "map outside of the frame");
        FAULT(word != in->ncode && !is_start(v, word), "map within an instruction");
    }
    return true;
}

bool bc_verify(Images *im, const VmFunc *f, uint32_t natives, void (*native_slots)(int number, uint16_t *params, uint16_t *results),
               uint32_t *word, const char **why) {
    Verify v = {.im = im, .f = f, .natives = natives, .native_slots = native_slots};
    const FuncInfo *in = f->info;
    uint8_t small[512] = {0};
    v.starts = in->ncode <= sizeof small * 8 ? small : calloc(in->ncode / 8 + 1, 1);
    if (!v.starts) base_oom();
    bool ok = true;
    while (v.at < in->ncode && (ok = inst_ok(&v))) {
        v.starts[v.at / 8] |= (uint8_t)(1 << v.at % 8);
        v.at += bc_length(f->code + v.at);
    }
    if (ok) v.at = 0;
    while (ok && v.at < in->ncode && (ok = jumps_ok(&v))) v.at += bc_length(f->code + v.at);
    ok = ok && facts_ok(&v);
    if (v.starts != small) free(v.starts);
    *word = v.at;
    *why = v.why;
    return ok;
}
