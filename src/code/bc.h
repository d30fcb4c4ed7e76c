/* bc: the bytecode's words, from tables/ops_bc.def. Shared by the selector, the disassembler, the interpreter
 * and the image verifier.
 *
 *   63       48       32       16        0
 *    |  c16   |  b16   |  a16   |  op16   |   ABC
 *    |      imm32      |  a16   |  op16   |   AI
 * followed by the op's extra words. Jumps count words from the end of the instruction. */
#ifndef VOLE_BC_H
#define VOLE_BC_H

#include "base/base.h"

typedef enum BcOp {
#define BC(name, fmt, operands, effects, doc) BC_##name,
#include "tables/ops_bc.def"
#undef BC
    BC_OP_COUNT,
} BcOp;

enum BcFormat { BCF_ABC, BCF_AI };
enum BcEffect { BCE_TRAP = 1, BCE_SAFE = 2, BCE_JUMP = 4, BCE_END = 8, BCE_CALL = 16 };
typedef struct BcOpInfo {
    const char *name, *operands, *doc;
    uint8_t format;  /* BcFormat */
    uint8_t nextra;  /* extra words, without a '*' table */
    uint8_t effects; /* BcEffect */
} BcOpInfo;
extern const BcOpInfo bc_op_info[BC_OP_COUNT];
/* How much of the frame operands span: tables/ops_bc_slots.def. NULL: one slot each. */
extern const char *const bc_op_slots[BC_OP_COUNT];

static inline uint64_t bc_abc(BcOp op, uint32_t a, uint32_t b, uint32_t c) {
    return (uint64_t)op | (uint64_t)(uint16_t)a << 16 | (uint64_t)(uint16_t)b << 32 |
           (uint64_t)(uint16_t)c << 48;
}
static inline uint64_t bc_ai(BcOp op, uint32_t a, int32_t imm) {
    return (uint64_t)op | (uint64_t)(uint16_t)a << 16 | (uint64_t)(uint32_t)imm << 32;
}
/* An extra word Q. */
static inline uint64_t bc_q(uint32_t d, uint32_t e, uint32_t f, uint32_t g) {
    return (uint64_t)(uint16_t)d | (uint64_t)(uint16_t)e << 16 | (uint64_t)(uint16_t)f << 32 | (uint64_t)(uint16_t)g << 48;
}
static inline BcOp bc_op(uint64_t w) { return (BcOp)(uint16_t)w; }
static inline uint32_t bc_a(uint64_t w) { return (uint16_t)(w >> 16); }
static inline uint32_t bc_b(uint64_t w) { return (uint16_t)(w >> 32); }
static inline uint32_t bc_c(uint64_t w) { return (uint16_t)(w >> 48); }
static inline int32_t bc_sb(uint64_t w) { return (int16_t)(w >> 32); }
static inline int32_t bc_sc(uint64_t w) { return (int16_t)(w >> 48); }
static inline int32_t bc_imm(uint64_t w) { return (int32_t)(w >> 32); }

/* Words of the instruction at p, its table included. */
uint32_t bc_length(const uint64_t *p);

#endif
