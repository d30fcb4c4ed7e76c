/* ir: functions in SSA form between typed AST and bytecode.
 *
 * Values and blocks are numbered and live in arrays of their function; block parameters take the place
 * of phis; instructions of a block stand in execution order, and memory effects keep that order (see the
 * effects column of ops_ssa.def). Local variables are IrVars with LOCAL_GET/LOCAL_SET until opt's mem2reg
 * turns those whose address is never taken into values; at -O0 they simply stay frame slots.
 *
 * Representation: scalars take one 8-byte slot (ints sign- or zero-extended by their type, f32 in the low
 * half), strings and interfaces two, slices three, structs and arrays ("aggregates") their memory layout
 * rounded up to 8 bytes. Stacks never move, so LOCAL_ADDR is an ordinary pointer; escape analysis decides
 * which variables must be on the heap (NEW) instead.
 * See it with --dump=ssa[:PASS]; text form: ir_print / ir_parse. */
#ifndef VOLE_IR_H
#define VOLE_IR_H

#include <stdatomic.h>
#include "ir/sym.h"
#include "types/types.h"

typedef uint32_t ValueId; /* 0: none */
typedef uint32_t BlockId; /* 0: the entry block */

/* ---- Machine view of types ------------------------------------------------------------------ */

typedef enum IrRep {
    REP_NONE,  /* no value, or zero-sized */
    REP_INT,   /* 1 slot; size and sign in IrType */
    REP_PTR,   /* 1 slot holding a pointer: *T, map, chan, func, unsafe.Pointer */
    REP_F32, REP_F64,
    REP_C64,   /* 1 slot, two floats as in memory */
    REP_C128,  /* 2 slots */
    REP_STR,   /* 2: pointer, length */
    REP_SLICE, /* 3: pointer, length, capacity */
    REP_IFACE, /* 2: itab or type, data word */
    REP_AGG,   /* struct or array: memory layout, nslots slots */
    REP_TUPLE, /* several results; only RESULT may use it */
} IrRep;

typedef struct IrType {
    uint8_t rep;
    bool is_signed, is_bool, eface; /* eface: REP_IFACE without methods */
    uint8_t align;
    bool has_ptrs;
    uint32_t nslots;
    uint64_t size;         /* bytes in memory */
    const uint8_t *ptrmask; /* 1 bit per word of memory layout; NULL when !has_ptrs */
    Type *type;            /* Go type; NULL for internal ones and those of a base image's function bodies */
    Sym *desc;             /* of the latter: the type's descriptor, or NULL */
    struct IrType **elems; /* REP_TUPLE */
    int nelems;
} IrType;

/* ---- Functions ------------------------------------------------------------------------------ */

typedef enum IrOp {
#define OP(name, args, result, effects, aux, doc) IR_##name,
#include "tables/ops_ssa.def"
#undef OP
    IR_OP_COUNT,
} IrOp;

/* aux of INTRINSIC and PURE; the interpreter counts the same way. */
typedef enum IntrinsicId {
    INTRIN_NONE,
#define INTRINSIC(id, nargs, doc) INTRIN_##id,
#define INTRINSIC_NAME(name, id)
#include "tables/intrinsics.def"
#undef INTRINSIC
#undef INTRINSIC_NAME
    INTRIN_COUNT,
} IntrinsicId;

typedef enum IrEffect { /* what an op may do; 0 is pure */
    EFF_READ = 1,   /* reads memory */
    EFF_WRITE = 2,  /* writes memory */
    EFF_TRAP = 4,   /* may panic */
    EFF_ALLOC = 8,  /* may allocate or collect: a safepoint */
    EFF_CALL = 16,  /* runs arbitrary Go code, may park: a safepoint */
    EFF_TERM = 32,  /* terminator */
    EFF_CONTROL = 64, /* must not be removed or moved */
} IrEffect;
typedef struct IrOpInfo { const char *name; int nargs; /* -1: any */ unsigned effects; const char *aux; } IrOpInfo;
extern const IrOpInfo ir_op_info[IR_OP_COUNT];

typedef enum IrFlag {
    IRF_NONNIL = 1,   /* pointer operand proven non-nil: no nil check */
    IRF_INBOUNDS = 2, /* index proven in range / divisor proven non-zero / shift count below width; LOAD: gives no nil */
    IRF_NOESCAPE = 4, /* NEW, CLOSURE, MAKE_SLICE, BOX: result does not outlive the frame */
    IRF_NOWB = 8,     /* STORE of a pointer that needs no write barrier (to the stack or fresh memory) */
    IRF_BYADDR = 16,  /* MAPGET, MAPGETOK, ASSERTTYPE, ASSERTTYPEOK of a big type: the value's address or nil */
} IrFlag;

typedef struct IrValue {
    uint16_t op;
    uint8_t flags;
    uint8_t mark;       /* free for the running pass */
    BlockId block;
    const IrType *type; /* of the result; REP_NONE where there is none */
    Pos pos;
    uint32_t inl;       /* index + 1 in the function's inlines; 0: of the function itself */
    uint32_t nargs;
    ValueId *args;      /* arena of the function */
    union {             /* by the op's aux column */
        int64_t i;
        double f;
        Sym *sym;
        const IrType *t;
        struct IrVar *var;
        void *p;
    } aux;
    int64_t aux2;       /* offset, element size, index ... */
} IrValue;

typedef struct IrEdge { BlockId to; ValueId *args; int nargs; } IrEdge;

typedef struct IrBlock {
    BlockId id;
    VEC(ValueId) params;  /* values with op IR_BLOCKPARAM */
    VEC(ValueId) insts;   /* last one is the terminator */
    IrEdge *succ;         /* JUMP 1, BR 2 (true, false), SWITCH n+1 (default last) */
    int nsucc;
    VEC(BlockId) preds;   /* kept by ir_compute_preds */
    bool unlikely;        /* panics and slow paths */
} IrBlock;

typedef struct IrVar {
    const IrType *type;
    Str name;
    uint32_t id;
    int param;       /* parameter number or -1 */
    int result;      /* result number or -1: lives in the frame's result slots */
    bool addressed;  /* LOCAL_ADDR is used, or pinned */
    bool pinned;     /* stays in its slot: read by the recover block or the caller at any time */
    Pos pos;
} IrVar;

typedef struct IrInline { Str func; Pos func_pos, call_pos; int parent; } IrInline; /* inline tree, for tracebacks */

typedef struct IrFunc {
    Sym *sym;
    Str name;              /* as runtime.FuncForPC shows: "main.(*T).m.func1" */
    Arena *arena;
    struct IrUnit *unit;
    VEC(IrValue) values;   /* [0] unused */
    VEC(IrBlock) blocks;
    VEC(IrVar *) vars;
    const IrType **params; /* receiver first */
    int nparams;
    const IrType **results;
    int nresults;
    bool has_ctx;          /* a closure body: IR_CTX is used */
    bool has_defer;        /* contains DEFER: named results live in result slots; see IR_DEFERRETURN */
    bool is_wrapper;       /* hidden in tracebacks, transparent to recover */
    bool noinline, nosplit;
    int try_native;        /* number + 1 of the native to try first; such functions are not inlined */
    BlockId recover_block; /* where to resume after recover(): runs DEFERRETURN again, returns; 0: none */
    Pos pos, end;
    VEC(IrInline) inlines;
} IrFunc;

typedef struct IrEmbedFile { Str name, data; } IrEmbedFile;

/* One compilation unit: everything built from one package (or from one program). */
typedef struct IrUnit {
    TypeSession *ts;
    SymTab *syms;
    Arena arena;
    VEC(IrFunc *) funcs;
    Map types;             /* Type* -> IrType* */
    int opt_level;
    void *builder;
    struct IrCore *core;   /* names, descriptors, static data: see core_int.h */
    /* Files of a //go:embed variable, sorted as embed.FS wants (directories end in '/'); set by the build
     * layer, NULL: embedding is an error. */
    bool (*embed)(void *ctx, Object *var, IrEmbedFile **files, int *n, const char **err);
    void *embed_ctx;
    /* Number of the native that is tried before a function's body, -1: none; may be NULL. */
    int (*to_try)(Str symbol);
    /* What the word at `off` of a base image's data refers to (func: it is a VmFunc); NULL when it cannot be told. */
    Sym *(*base_word)(void *ctx, Sym *data, uint64_t off, bool func);
    void *base_ctx;
    void *base_table;      /* opt/bodies.c: what the base image says of its functions */
    IrFunc *too_large; /* see code_select_unit */
    /* Where several units make a job: their order, from 1; and whether opt and code are through with this one. */
    uint32_t order;
    _Atomic bool done;
    void (*await)(struct IrUnit *u, struct IrUnit *other); /* u's thread wants `other` done, which comes before it */
    void *await_ctx;
} IrUnit;

/* Whether unit u may use what the optimiser says of s (inl, esc, not those of base images): when s is of u itself or of
 * a unit before it; waits until that one is done. So the order of the units decides, not the speed of threads. */
bool ir_may_see(IrUnit *u, const Sym *s);

/* aux.p of IR_SELECT. Its arguments: (chan, address of the value or nil) a case, in case order. */
typedef struct IrSelect { int ncases; bool has_default; const bool *is_send; } IrSelect;

/* ---- Construction --------------------------------------------------------------------------- */

void ir_unit_free(IrUnit *u); /* all functions and what the builder knew; before its symbols and types */
IrFunc *ir_func_new(IrUnit *u, Sym *sym, Str name);
BlockId ir_block_new(IrFunc *f);
ValueId ir_value_new(IrFunc *f, BlockId b, IrOp op, const IrType *t, Pos pos, int nargs, const ValueId *args);
ValueId ir_block_param(IrFunc *f, BlockId b, const IrType *t);
IrVar *ir_var_new(IrFunc *f, const IrType *t, Str name, Pos pos);
void ir_set_succ(IrFunc *f, BlockId b, int n, const BlockId *to); /* edges without arguments */
void ir_compute_preds(IrFunc *f);
static inline IrValue *ir_val(IrFunc *f, ValueId v) { return &f->values.at[v]; }
static inline bool ir_terminated(IrFunc *f, BlockId b) {
    IrBlock *bl = &f->blocks.at[b];
    return bl->insts.len && (ir_op_info[ir_val(f, vec_last(&bl->insts))->op].effects & EFF_TERM);
}

/* Values of larger types live in memory; SSA holds their addresses (bigval.c). reflect knows this number, too. */
enum { IR_BIG_BYTES = 16384 }; /* EngineBigBytes of lib/internal/abi */
bool irtype_is_big(const IrType *t);
void ir_lower_bigvals(IrFunc *f); /* last step of building a function */

const IrType *irtype_of(IrUnit *u, Type *t); /* t must not mention type parameters */
const IrType *irtype_int(IrUnit *u);     /* int */
const IrType *irtype_bool(IrUnit *u);
const IrType *irtype_ptr(IrUnit *u);     /* unsafe.Pointer */
const IrType *irtype_tuple(IrUnit *u, const IrType **elems, int n);

/* Checks every structural rule (arguments dominate uses, reps fit, blocks end in one terminator, edge
 * arguments match parameters); bug() with the function's text when one is broken. */
void ir_verify(IrFunc *f, const char *after);
void ir_print(Buf *b, IrFunc *f);
/* Reads the text form back (tests of passes). NULL and *err on a mistake. */
IrFunc *ir_parse(IrUnit *u, Str text, const char **err);

/* ---- Building from the typed AST (build*.c) --------------------------------------------------- */

/* Declares and builds everything of a checked package: functions, methods, wrappers, static data, the
 * package's init function "path.init". Instances of generics, descriptors and wrappers that it needs are
 * added to the unit unless syms already has them (dupok). After it, u->funcs holds all bodies. */
void ir_build_package(IrUnit *u, Package *pkg);
/* Builds what descriptors asked for since (wrappers of methods, and what those call): appended to u->funcs. */
void ir_build_pending(IrUnit *u);
/* Builds "go:main": calls the inits of all packages in dependency order, then main.main. */
void ir_build_main(IrUnit *u, Package **pkgs, int npkgs, Package *main);

/* Bytes of a group of a map type (its first entries); up to `max` bytes its pointer words are set in mask from bit `first`. */
uint64_t ir_map_group(IrUnit *u, Type *map, uint8_t *mask, uint64_t first, uint64_t max);
/* Read-only data that an interface with a constant value points to: `size` bytes, at offs[i] the address of syms[i]. */
Sym *ir_box_symbol(IrUnit *u, const void *bytes, size_t size, Sym *const *syms, const int64_t *offs, int nsyms);

/* Symbol names: the one place that knows them. */
Str ir_func_symbol(IrUnit *u, Object *fn, TypeList targs);  /* honours //go:linkname */
Sym *ir_type_symbol(IrUnit *u, Type *t);  /* abi.Type descriptor, built on demand (typedesc.c) */
/* The same when somebody has defined it, else NULL. */
Sym *ir_find_type_symbol(IrUnit *u, Type *t);
/* What code refers to as t's descriptor; NULL for internal types. */
static inline Sym *irtype_descriptor(IrUnit *u, const IrType *t) {
    return t->type ? ir_type_symbol(u, t->type) : t->desc;
}
Sym *ir_itab_symbol(IrUnit *u, Type *concrete, Type *iface);

#endif
