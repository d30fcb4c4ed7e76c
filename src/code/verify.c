/* verify: whether the code of a loaded function keeps the rules of tables/ops_bc.def that can be seen in its words: known ops that end
 * where the function ends, operands in the frame, jumps to instructions, addresses within the loaded images, calls whose frames fit, a
 * map at each call. For images that somebody hands in; what a run of the code does is not bounded by it (a value of an operand of
 * several slots may reach past the frame, data may be wrong). */
#include "code/code.h"

#include <stdlib.h>

typedef struct Verify {
    Images *im;
    const VmFunc *f;
    uint32_t natives;
    uint8_t *starts; /* bit per word: an instruction begins there */
    uint32_t at;     /* the instruction being looked at */
    const char *why;
} Verify;

_Static_assert(BC_STUBGOEXIT < BC_STUBNATIVE && BC_STUBNATIVE == BC_OP_COUNT - 1, "the stubs' words are the last ones, never in images");

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

static bool slots_ok(const Verify *v, uint64_t first, uint64_t n) {
    return first + n <= v->f->frame_slots;
}

/* The 16-bit operand of class c. */
static bool operand_ok(Verify *v, char c, uint32_t x) {
    FAULT((c == 'w' || c == 'r' || c == 'x') && !slots_ok(v, x, 1), "operand outside of the frame");
    return true;
}

static bool extra_ok(Verify *v, char c, uint64_t w) {
    switch (c) {
    case 'A': FAULT(!image_holds(v->im, w, 0), "address outside of the images"); break;
    case 'T': FAULT(w % 8 || !image_holds(v->im, w, 48), "type descriptor outside of the images"); break;
    case 'F': FAULT(!image_func_at(v->im, w), "no function at this address"); break;
    }
    return true;
}

/* What the table's letters do not say. */
static bool special_ok(Verify *v, const uint64_t *p, BcOp op) {
    uint64_t bytes = (uint64_t)v->f->frame_slots * 8, w = p[0];
    switch (op) {
    case BC_LEAFP: case BC_LDL8S: case BC_LDL8U: case BC_LDL16S: case BC_LDL16U: case BC_LDL32S: case BC_LDL32U: case BC_LDL64:
    case BC_STL8: case BC_STL16: case BC_STL32: case BC_STL64:
        FAULT(bc_imm(w) < 0 || (uint64_t)bc_imm(w) + (op == BC_LEAFP ? 0 : 1) > bytes, "operand outside of the frame");
        break;
    case BC_MOVB:
        FAULT((uint32_t)p[1] + (uint64_t)bc_c(w) > bytes || (p[1] >> 32) + bc_c(w) > bytes, "operand outside of the frame");
        break;
    case BC_MOV2: case BC_MOV3: case BC_MOVN: {
        uint32_t n = op == BC_MOV2 ? 2 : op == BC_MOV3 ? 3 : bc_c(w);
        FAULT(!slots_ok(v, bc_a(w), n) || !slots_ok(v, bc_b(w), n), "operand outside of the frame");
        break;
    }
    case BC_ZERON: FAULT(bc_imm(w) < 0 || !slots_ok(v, bc_a(w), (uint32_t)bc_imm(w)), "operand outside of the frame"); break;
    case BC_SLICE: case BC_SLICESTR:
        for (int i = 0; i < 3; i++)
            FAULT((p[1] >> (48 + i) & 1) && !slots_ok(v, (uint16_t)(p[1] >> i * 16), 1), "operand outside of the frame");
        break;
    case BC_CALL: case BC_CALL1: case BC_CALL2: case BC_CALL3: case BC_CALL1ADD: {
        const VmFunc *to = (const VmFunc *)p[1];
        FAULT(!slots_ok(v, bc_a(w) + (uint64_t)FRAME_ARGS, (uint64_t)to->param_slots + to->result_slots), "call outside of the frame");
        break;
    }
    case BC_NATIVE: case BC_TRYNATIVE: FAULT((uint32_t)bc_imm(w) >= v->natives, "no such native"); break;
    default: break;
    }
    if ((bc_op_info[op].effects & BCE_CALL)) FAULT(!slots_ok(v, bc_a(w), FRAME_ARGS), "call outside of the frame");
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
    return special_ok(v, p, op);
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
    FAULT(!(info->effects & BCE_END) && end == v->f->info->ncode, "code falls off the function's end");
    return true;
}

bool bc_verify(Images *im, const VmFunc *f, uint32_t natives, uint32_t *word, const char **why) {
    Verify v = {.im = im, .f = f, .natives = natives};
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
    if (ok && in->recover_pc && !is_start(&v, in->recover_pc)) ok = false, v.why = "recovers into an instruction";
    if (v.starts != small) free(v.starts);
    *word = v.at;
    *why = v.why;
    return ok;
}
