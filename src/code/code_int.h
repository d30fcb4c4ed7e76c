/* code_int: what the files of the selector share. Not for other layers.
 *
 * One Sel compiles one function, in phases, each in its file:
 *   select.c    order of blocks, uses, what is folded into its user, what is an alias of another value
 *   liveness.c  live ranges, what is live at each safepoint
 *   slots.c     coalescing and slot allocation
 *   emit.c      words, labels, parallel moves, maps and lines
 *   lower.c, lower_mem.c, lower_call.c   an emitter for each SSA op
 *   fuse.c      neighbouring instructions made one
 *
 * Positions: the blocks in emission order are numbered through, one number for a block's start (its
 * parameters) and one for each instruction. Each has four points: +0 operands that are moved away are read,
 * +1 it runs (calls destroy the outgoing area), +2 results appear, +3 operands that must outlive the results.
 *
 * Slots from OUT_SLOT on are relative to the outgoing area, which begins after all others (s->out_base). */
#ifndef VOLE_CODE_INT_H
#define VOLE_CODE_INT_H

#include "code/code.h"
#include "image/pctab.h"

#define OUT_SLOT 0x40000000
enum { MAX_SLOT = 65535 }; /* of instructions' operands */

typedef enum Place {
    PLACE_NONE,  /* no value, zero-sized, dead, or a tuple (its RESULTs have places) */
    PLACE_SLOT,  /* own slots */
    PLACE_ALIAS, /* part of another value's slots: root, off */
    PLACE_CONST, /* cheap to make anew: goes to where it is moved; has slots when needs_slot */
    PLACE_FOLD,  /* emitted by its user */
} Place;

typedef struct Range { uint32_t from, to; } Range;

typedef struct ValInfo {
    uint8_t place;
    bool needs_slot;  /* CONST */
    bool fixed;       /* parameter: slot given */
    bool dead;        /* not emitted */
    ValueId root;     /* ALIAS */
    int32_t off;      /* ALIAS */
    uint32_t uses;
    uint32_t memuses; /* uses as address of a LOAD or STORE of the same block */
    uint32_t first_use; /* position of the first of them */
    uint32_t pos;     /* of the definition */
    BlockId block;    /* of the definition */
    int32_t slot;
    ValueId cls;      /* parent in the union of values that share slots */
    ValueId *results; /* tuple ops: the RESULT of each element or 0 */
    int nresults;
    int32_t hint;     /* preferred slot or -1 */
    VEC(Range) ranges; /* ascending once liveness is done; of the class at its representative */
} ValInfo;

typedef struct Live { ValueId *vals; uint32_t n; } Live;

typedef struct Fixup { uint32_t inst; uint32_t at; int label; bool ai; bool table; uint8_t half; } Fixup;
typedef struct Stub { int label; BlockId from; int succ; /* -1: no moves */ BlockId to; bool back; } Stub;
typedef struct MapPoint { uint32_t word; uint8_t *bits; } MapPoint;
typedef struct Move { int dst, src, n; ValueId cst; } Move; /* cst: make this constant at dst */
typedef VEC(Move) Moves;
typedef struct Occ { VEC(Range) r; } Occ; /* busy ranges of a slot, ascending */

typedef struct Sel {
    IrFunc *f;
    IrUnit *u;
    Arena arena;
    ValInfo *v;
    int nvals, nblocks;
    BlockId *order;
    int norder;
    int *order_of;       /* per block; -1 unreachable */
    uint32_t *block_pos; /* per block: position of its start */
    uint32_t *block_end;
    bool *loop_target;   /* per block: a back-edge may lead here */
    bool *only_falls;    /* per block: its only predecessor stands before it */
    uint32_t npos;
    ValueId *inst_at;    /* per position; 0 for block starts */
    uint32_t *barriers;  /* per position: how many instructions with side effects come before */
    uint64_t **live_in, **live_out; /* per block, bit per value */
    int nwords;          /* of those */
    Live *live_at;       /* per position of a safepoint */
    /* variables with pointers: bit sets by IrVar.id; NULL when there are none */
    int nvarw;
    uint64_t **var_in;   /* per block */
    uint64_t **var_at;   /* per position of a safepoint */
    uint64_t *var_always; /* results that a recovered panic returns */
    /* frame */
    int *param_slots; /* first slot of each parameter */
    int *result_slots;
    int *var_slots;      /* per IrVar index in f->vars */
    int nparam_slots, nresult_slots;
    int nslots;          /* regular ones */
    int out_base, out_max;
    Occ *occ; int nocc;  /* regular slots */
    Occ *out_occ; int nout_occ;
    VEC(FrameObject) objects;
    Map regions;         /* ValueId (as pointer) -> first slot of its frame object */
    /* emission */
    VEC(uint64_t) words;
    VEC(struct WordPos { Pos pos; uint32_t inl; bool index_unsigned; }) wpos;
    VEC(struct CodeReloc) relocs;
    VEC(Fixup) fixups;
    VEC(Stub) stubs;
    VEC(MapPoint) maps;
    int *labels; int nlabels, cap_labels; /* word or -1; the first nblocks are the blocks' */
    struct WordPos pos;
    uint32_t last_inst;  /* word of the last instruction */
    uint32_t last_label; /* word of the last label */
    uint32_t last_safe;  /* end of the last safepoint */
    VEC(struct Emitted { ValueId id; uint32_t at; }) recent; /* for fuse.c: one-instruction values, each next to the one before */
    int ntmp, tmp_max, tmp_cap;
    bool long_jumps, need_long;
    bool too_large;      /* the frame needs more slots than instructions can name */
    BlockId cur;         /* block being emitted */
    int next_in_order;   /* index in order of the block that follows */
    uint32_t cur_pos;
} Sel;

/* select.c */
typedef enum Timing { USE_MOVED, USE_EARLY, USE_LATE } Timing;
typedef void (*UseFn)(Sel *s, ValueId v, Timing t, void *ctx);
/* Calls fn for each value whose slot the instruction reads (folded operands resolved). */
void sel_each_use(Sel *s, ValueId inst, UseFn fn, void *ctx);
bool sel_is_root(Sel *s, ValueId v);            /* has its own slots */
bool sel_const_int(Sel *s, ValueId v, int64_t *out); /* one-slot integer or pointer constant */
bool sel_imm16(Sel *s, ValueId v, int64_t *out);
bool sel_arg_folds(Sel *s, ValueId inst, uint32_t i); /* a constant argument needs no slot */
bool sel_is_safepoint(Sel *s, ValueId inst);
bool sel_is_direct(const IrType *t);            /* pointer-shaped */
int sel_region_slot(Sel *s, ValueId id); /* where the frame has room for the object of an allocation; -1: on the heap */
bool sel_noescape_region(Sel *s, ValueId inst, uint32_t *nslots, const uint8_t **mask);
bool sel_clobbers_out(Sel *s, ValueId inst);
bool sel_rotates(Sel *s, ValueId inst, int64_t *count); /* a rotation by a constant */
int sel_scratch_slots(Sel *s, ValueId inst);    /* of the outgoing area used for consecutive operands */
static inline IrValue *sel_val(Sel *s, ValueId v) { return &s->f->values.at[v]; }
static inline int sel_nslots(Sel *s, ValueId v) {
    const IrType *t = sel_val(s, v)->type;
    return t ? (int)t->nslots : 0;
}
static inline ValueId sel_rep(Sel *s, ValueId v) {
    while (s->v[v].cls != v) v = s->v[v].cls = s->v[s->v[v].cls].cls;
    return v;
}

typedef enum AddrKind { ADDR_PTR, ADDR_LOCAL, ADDR_GLOBAL, ADDR_SLICE, ADDR_ARRPTR, ADDR_ARRLOCAL } AddrKind;
typedef struct Addr {
    AddrKind kind;
    ValueId base, index;
    int64_t off;   /* PTR, LOCAL (bytes in the variable), GLOBAL */
    IrVar *var;
    Sym *sym;
    int64_t len, size;
} Addr;
/* How the memory operand of a LOAD or STORE is reached, folded address computations resolved. */
Addr sel_addr(Sel *s, ValueId p, int64_t off);
Addr sel_addr_base(Sel *s, ValueId p); /* of an ELEMADDR/ARRADDR itself */

/* liveness.c */
void sel_liveness(Sel *s);
/* slots.c */
void sel_frame_layout(Sel *s);
void sel_allocate(Sel *s);
int sel_var_slot(Sel *s, IrVar *var);

/* emit.c */
void emit_function(Sel *s);
uint32_t emit_word(Sel *s, uint64_t w);
void emit_abc(Sel *s, BcOp op, int a, int b, int c);
void emit_ai(Sel *s, BcOp op, int a, int64_t imm);
void emit_extra(Sel *s, uint64_t w);
void emit_addr(Sel *s, Sym *sym, int64_t addend);     /* extra word: address */
void emit_type(Sel *s, const IrType *t);              /* extra word: type descriptor */
void emit_safe(Sel *s, ValueId inst);                 /* after the whole instruction: its map */
int emit_label_new(Sel *s);
void emit_bind(Sel *s, int label);
void emit_jump(Sel *s, BcOp op, int a, int b, int label);   /* ABC or AI form by the op */
void emit_mov(Sel *s, int dst, int src, int n);
void emit_const(Sel *s, ValueId c, int dst);
void emit_int(Sel *s, int dst, int64_t v);
void emit_moves(Sel *s, Moves *m);
void moves_add(Sel *s, Moves *m, ValueId v, int dst);       /* value v to slot dst */
int reg(Sel *s, ValueId v);      /* slot of an operand */
int dst(Sel *s, ValueId v);      /* slot of a result; a temporary when it is not used */
int tmp(Sel *s, int n);          /* temporaries of the current instruction */
void emit_ext(Sel *s, const IrType *t, int slot, int src); /* normalise to a narrow int type */

/* fuse.c */
void fuse_inst(Sel *s, ValueId id, uint32_t at); /* after id's words, which begin at `at` */

/* The branch on compare cmp, op a, b: makes it a test of bits that the last instruction, then gone, took. */
void fuse_test(Sel *s, ValueId cmp, BcOp *op, BcOp *inv, int *a, int *b);
bool fuse_word(Sel *s, ValueId cmp, BcOp op, int a, int b, int label); /* ... on compare with a constant just loaded */
/* A jump to label when a == k (JEQI) or a != k (JNEI; else on to label `next`) joins comparisons before it. */
bool fuse_set(Sel *s, BcOp op, int a, int k, int label, int next);
bool fuse_step(Sel *s, int a, int limit, int label); /* back-edge a < limit joins a += step */
bool fuse_mov(Sel *s, int d, int src); /* joins the move before */
/* Emits a call whose frame is at base; f: the slot of the closure of CALLC. */
void fuse_call(Sel *s, BcOp op, int base, int f);

/* lower*.c */
void lower_inst(Sel *s, ValueId id);
bool lower_mem(Sel *s, ValueId id);
bool lower_call(Sel *s, ValueId id);
void put_part(Sel *s, ValueId v, int at, int64_t off);
void get_part(Sel *s, const IrType *t, int d, int at, int64_t off);
typedef enum MemKind {
    MEM_8S, MEM_8U, MEM_16S, MEM_16U, MEM_32S, MEM_32U, MEM_64, MEM_2, MEM_3, MEM_N, MEM_B,
} MemKind;
MemKind mem_kind(const IrType *t);
void emit_index_sign(Sel *s, ValueId index); /* before an index instruction */
BcOp bc_ext_op(const IrType *t); /* EXT.. of an int type narrower than 64 bits, or BC_NOP */

#endif
