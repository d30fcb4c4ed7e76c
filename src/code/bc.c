/* bc: the op table and instruction lengths. */
#include "code/bc.h"

/* Counts extra words: the letters after '+', without '*'. A 'Q' is the only one. */
#define EXTRA_AT(s, i) (sizeof(s) - 1 > (i) && (s)[(i) < sizeof(s) ? (i) : 0] != '*')
#define EXTRAS3(s) (EXTRA_AT(s, 4) + EXTRA_AT(s, 5) + EXTRA_AT(s, 6) + EXTRA_AT(s, 7))
#define EXTRAS2(s) (EXTRA_AT(s, 3) + EXTRA_AT(s, 4) + EXTRA_AT(s, 5) + EXTRA_AT(s, 6))
#define EXTRAS_ABC(s) (sizeof(s) > 5 && (s)[sizeof(s) > 5 ? 4 : 0] == 'Q' ? 1 : EXTRAS3(s))
#define EXTRAS_AI(s) EXTRAS2(s)

const BcOpInfo bc_op_info[BC_OP_COUNT] = {
#define BC(name, fmt, operands, effects, doc) \
    [BC_##name] = {#name, operands, doc, BCF_##fmt, EXTRAS_##fmt(operands), effects},
#include "tables/ops_bc.def"
#undef BC
};

const char *const bc_op_slots[BC_OP_COUNT] = {
#define SLOTS(name, spans) [BC_##name] = spans,
#include "tables/ops_bc_slots.def"
#undef SLOTS
};

uint32_t bc_length(const uint64_t *p) {
    BcOp op = bc_op(*p);
    if (op >= BC_OP_COUNT) return 1;
    uint32_t n = 1 + bc_op_info[op].nextra;
    if (op == BC_SWITCH) n += ((uint32_t)bc_imm(*p) + 1) / 2;
    if (op == BC_SELECT) n += (bc_c(*p) + 63) / 64;
    return n;
}
