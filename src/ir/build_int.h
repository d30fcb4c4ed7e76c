/* build_int: what the files of the builder share.
 *
 * Fn is the state of one function under construction: where code goes (cur), what its variables are,
 * which type arguments its types are read under (inst), and its enclosing function (outer) when it is a
 * closure. Every type taken from the tree goes through fn_type, which substitutes type arguments.
 * A Place is something assignable: a local, memory, a map element or the blank identifier. */
#ifndef VOLE_BUILD_INT_H
#define VOLE_BUILD_INT_H

#include "ir/core_int.h"

typedef struct Fn Fn;

/* The type arguments a body is built under. Shared by a function and its closures. */
typedef struct Inst {
    TypeList tparams, targs;
    Map cache;  /* Type * -> substituted Type * */
    Map locals; /* NamedType * declared inside the generic function -> its copy for this instance */
    Object *fn;
} Inst;

typedef enum WorkKind { WORK_FUNC, WORK_IFN, WORK_TFN, WORK_NATIVE_INTRINSIC } WorkKind;
typedef struct Work {
    WorkKind kind;
    Sym *sym;
    Object *fn;       /* FUNC */
    TypeList targs;
    Str symname, name;
    Type *recv;       /* wrappers: receiver type and method */
    MethodSetEntry m;
} Work;

typedef struct Builder {
    IrUnit *u;
    Package *pkg;
    VEC(Work) queue;
    int head;
    Fn *init;        /* the package's init function while its variables are initialised */
    Map intrinsics;  /* name -> IntrinsicId */
    Map wrappers;    /* symbol -> queued */
    Map instances;   /* "link string of a local type instance" */
} Builder;

typedef enum VarKind { VAR_LOCAL, VAR_HEAP, VAR_CTXVAL, VAR_CTXREF } VarKind;
typedef struct VarLoc {
    uint8_t kind;
    bool own;     /* HEAP only because of its size: no other pointer leads to it */
    Type *type;   /* substituted */
    IrVar *var;   /* LOCAL: the variable; HEAP: holds its address */
    int64_t off;  /* CTX*: offset in the closure */
    const ConstVal *cval; /* the only value that it ever has, or NULL */
} VarLoc;

typedef struct Capture { Object *obj; int64_t off; bool byref; Type *type; } Capture;

typedef enum PlaceKind { PLACE_BLANK, PLACE_LOCAL, PLACE_MEM, PLACE_MAP, PLACE_ELEM } PlaceKind;
typedef struct Place {
    uint8_t kind;
    uint8_t flags;   /* IrFlag for LOAD/STORE (MEM) */
    Type *type;      /* substituted */
    IrVar *var;      /* LOCAL */
    ValueId base;    /* MEM: pointer; MAP: the map; ELEM: slice or pointer to array */
    int64_t off;     /* LOCAL, MEM, ELEM: inside the element */
    ValueId key;     /* MAP, ELEM: the index, not yet checked */
    Type *map;       /* MAP; ELEM: the slice or array type */
    Pos pos;         /* ELEM */
} Place;

/* Where break and continue of an enclosing statement go. */
typedef struct Target {
    Stmt *stmt;
    BlockId brk, cont; /* 0: none (block 0 is the entry, never a target) */
    BlockId fall;      /* switch: the next clause's body */
    struct Target *up;
} Target;

/* A way out of the body of a range-over-func loop. */
typedef enum ExitKind { EXIT_BREAK, EXIT_CONTINUE, EXIT_GOTO, EXIT_RETURN } ExitKind;
typedef struct Exit { ExitKind kind; Stmt *target; int code; } Exit;

/* The body of a range-over-func loop, built as a function of its own. */
typedef struct RangeBody {
    RangeStmt *stmt;
    Object *state;     /* synthetic variable of the enclosing function */
    VEC(Exit) exits;   /* that leave the body other than by its own break and continue */
} RangeBody;

struct Fn {
    Builder *b;
    IrUnit *u;
    TypeSession *ts;
    IrFunc *f;
    Fn *outer;
    Inst *inst;
    Arena *arena;
    Str symname, name;
    Map vars;          /* Object * -> VarLoc * */
    VEC(Capture) caps;
    int64_t ctx_size;
    ValueId ctx;       /* IR_CTX of the entry block */
    BlockId cur;
    Pos pos;
    SignatureType *sig; /* substituted */
    Object **results;  /* result variables, synthetic where unnamed */
    IrVar **result_slots;
    int nresults;
    bool use_result_vars, has_defer, is_closure, is_thunk;
    Target *targets;
    Map labels;        /* LabeledStmt * -> BlockId */
    int nclosure, nrange, ngo, ndefer;
    uint64_t big_vars; /* bytes of large variables: a frame has at most 65536 slots */
    /* range-over-func */
    RangeBody *body;   /* this function is one */
    Object *next;      /* the outermost function's "what to do after the loop" variable */
    Object *token;     /* its frame token, for defer in bodies */
    int ncodes;
    bool force_dupok;
};

/* ---- Emitting (build_func.c) ------------------------------------------------------------------- */

ValueId fn_emit(Fn *fn, IrOp op, const IrType *t, int nargs, const ValueId *args);
#define E0(fn, op, t) fn_emit(fn, IR_##op, t, 0, NULL)
#define E1(fn, op, t, a) fn_emit(fn, IR_##op, t, 1, (ValueId[]){a})
#define E2(fn, op, t, a, b) fn_emit(fn, IR_##op, t, 2, (ValueId[]){a, b})
#define E3(fn, op, t, a, b, c) fn_emit(fn, IR_##op, t, 3, (ValueId[]){a, b, c})
#define E4(fn, op, t, a, b, c, d) fn_emit(fn, IR_##op, t, 4, (ValueId[]){a, b, c, d})
static inline IrValue *fn_val(Fn *fn, ValueId v) { return ir_val(fn->f, v); }
static inline ValueId fn_aux_i(Fn *fn, ValueId v, int64_t i) { fn_val(fn, v)->aux.i = i; return v; }
static inline ValueId fn_aux_t(Fn *fn, ValueId v, const IrType *t) { fn_val(fn, v)->aux.t = t; return v; }
static inline ValueId fn_aux_sym(Fn *fn, ValueId v, Sym *s) { fn_val(fn, v)->aux.sym = s; return v; }
static inline ValueId fn_aux_var(Fn *fn, ValueId v, IrVar *x) { fn_val(fn, v)->aux.var = x; return v; }
static inline ValueId fn_aux2(Fn *fn, ValueId v, int64_t i) { fn_val(fn, v)->aux2 = i; return v; }
static inline ValueId fn_flag(Fn *fn, ValueId v, unsigned f) { fn_val(fn, v)->flags |= f; return v; }
static inline const IrType *fn_vtype(Fn *fn, ValueId v) { return fn_val(fn, v)->type; }

BlockId fn_block(Fn *fn);
void fn_jump(Fn *fn, BlockId to);
void fn_jump_arg(Fn *fn, BlockId to, ValueId arg);
void fn_branch(Fn *fn, ValueId cond, BlockId t, BlockId f);
static inline void fn_at(Fn *fn, BlockId b) { fn->cur = b; }
void fn_unreachable(Fn *fn); /* ends the block; what follows goes to a fresh dead block */

ValueId fn_int(Fn *fn, const IrType *t, int64_t v);
ValueId fn_const_int(Fn *fn, int64_t v);  /* of type int */
ValueId fn_bool(Fn *fn, bool v);
ValueId fn_nilptr(Fn *fn);
ValueId fn_zero(Fn *fn, Type *t);
ValueId fn_string(Fn *fn, Str s);
ValueId fn_symaddr(Fn *fn, Sym *s);
ValueId fn_const(Fn *fn, const ConstVal *c, Type *t);
ValueId fn_result(Fn *fn, ValueId tuple, int i);
ValueId fn_call_rt(Fn *fn, const char *name, const IrType *res, int nargs, const ValueId *args);
ValueId fn_typeaddr(Fn *fn, Type *t);

/* ---- Types ------------------------------------------------------------------------------------- */

Type *fn_type(Fn *fn, Type *t);         /* substituted; untyped kinds become their default types */
Type *fn_expr_type(Fn *fn, Expr *e);
static inline const IrType *fn_irt(Fn *fn, Type *t) { return irtype_of(fn->u, t); }
static inline Type *under(Type *t) { return type_underlying(t); }
static inline bool is_kind(Type *t, TypeKind k) { return t && under(t)->kind == k; }
static inline Type *t_int(Fn *fn) { return fn->ts->basic[BASIC_INT]; }
Type *deref_type(Type *t);   /* element of a pointer type, else t itself */
bool is_iface(Type *t);
bool basic_has(Type *t, unsigned flags);
bool is_string(Type *t);
bool is_byte_slice(Type *t);
bool is_rune_slice(Type *t);
bool same_type(Type *a, Type *b);
static inline bool zero_sized(const IrType *t) { return t->size == 0; }
TypeList inst_types(Fn *fn, TypeList *l); /* substituted copy */
Inst *inst_new(Builder *b, Object *fn, TypeList targs);
Type *inst_type(IrUnit *u, Inst *inst, Type *t);
TypeList named_targs(Type *t); /* of a named type or a pointer to one */

/* ---- Functions and variables -------------------------------------------------------------------- */

Fn *fn_new(Builder *b, Fn *outer, Inst *inst, Sym *sym, Str symname, Str name, Pos pos);
void fn_finish(Fn *fn); /* terminates, prunes unreachable blocks, hands the function to the unit */
void fn_body(Fn *fn, FuncTypeExpr *sigx, SignatureType *sig, BlockStmt *body, Pos end);
void fn_signature(Fn *fn, Object *recv, SignatureType *sig); /* params, nparams, results of the IrFunc */
void fn_return(Fn *fn); /* the result variables are set */
VarLoc *fn_declare(Fn *fn, Object *o, Type *t, bool force_heap); /* storage; contents undefined for locals */
VarLoc *fn_lookup(Fn *fn, Object *o);
/* The place, without capturing it, of a variable that is as good as a constant (VarLoc.cval); else NULL. */
VarLoc *fn_constant_var(Fn *fn, Object *o);
Object *fn_synth(Fn *fn, const char *name, Type *t); /* a variable that the source does not have */
IrVar *fn_temp(Fn *fn, Type *t, const char *name);
IrVar *fn_temp_ir(Fn *fn, const IrType *t, const char *name);
ValueId fn_closure(Fn *fn, FuncLit *lit);
ValueId fn_make_closure(Fn *fn, Fn *child); /* child is finished */
Sym *build_funclit_sym(Fn *outer, FuncLit *lit, Fn **out);
void build_queue(Builder *b);
void build_function(Builder *b, Sym *sym, Object *fn, TypeList targs, Str symname, Str name);
void build_wrapper(Builder *b, Work *w);
void build_intrinsic_body(Builder *b, Sym *sym, Object *fn, Str name, IntrinsicId id);
IntrinsicId build_find_intrinsic(Builder *b, Object *fn);
/* The body of an accessor of encoding/binary or internal/byteorder; false: fn is none. */
bool build_byte_order_body(Builder *b, Sym *sym, Object *fn, Str symname, Str name);
Object *func_origin(Object *fn);

/* ---- Places -------------------------------------------------------------------------------------- */

Place place_of(Fn *fn, Expr *e);      /* e is addressable or a map element or blank */
bool expr_is_place(Fn *fn, Expr *e);
Place place_var(Fn *fn, Object *o);
Place place_local(IrVar *v, Type *t);
Place place_mem(ValueId base, Type *t, unsigned flags);
Place place_field(Fn *fn, Place p, Type *st, int i);
Place place_index_const(Fn *fn, Place p, Type *arr, int64_t i);
/* Checks the index of an ELEM; others are returned as they are. Before a place is used twice. */
Place place_fix(Fn *fn, Place p);
ValueId place_load(Fn *fn, Place p);
void place_store(Fn *fn, Place p, ValueId v);
void place_zero(Fn *fn, Place p);
ValueId place_addr(Fn *fn, Place p);
ValueId value_addr(Fn *fn, ValueId v, Type *t); /* spills v to a temporary */
/* Evaluates e and stores it, converted, without needless copies of aggregates. */
void place_assign(Fn *fn, Place p, Expr *e);

/* ---- Expressions --------------------------------------------------------------------------------- */

ValueId build_expr(Fn *fn, Expr *e);             /* a value of fn_expr_type(e) */
ValueId build_expr_as(Fn *fn, Expr *e, Type *to); /* assignment-converted to `to` (substituted) */
void build_effect(Fn *fn, Expr *e);              /* for side effects only */
void build_cond(Fn *fn, Expr *e, BlockId t, BlockId f);
ValueId build_commaok(Fn *fn, Expr *e, Type **elem); /* -> tuple (elem, bool) */
ValueId build_binary(Fn *fn, int tok, ValueId x, Type *xt, ValueId y, Type *yt, Type *rt, Expr *ye);
ValueId build_equal(Fn *fn, ValueId x, Type *xt, ValueId y, Type *yt);
ValueId build_is_nil(Fn *fn, ValueId v, Type *t);
ValueId build_field(Fn *fn, ValueId v, Type *st, int i);
/* Follows embedded fields index[0..n) from a value/place of type t. */
Place place_path(Fn *fn, Expr *e, Type *t, int *index, int n, Type **out);
bool expr_has_call(Expr *e);
bool const_cond(Expr *e, bool *v);
int64_t expr_const_int(Expr *e, int64_t dflt);

/* Calls */
ValueId build_call(Fn *fn, CallExpr *c);
ValueId build_builtin(Fn *fn, CallExpr *c, int id);
CallExpr *build_spread_args(Fn *fn, CallExpr *c);
void build_go_defer(Fn *fn, GoStmt *s);
ValueId build_method_value(Fn *fn, SelectorExpr *s);
ValueId build_method_expr(Fn *fn, SelectorExpr *s);
ValueId build_func_value(Fn *fn, Object *o, TypeList *targs);
Sym *method_sym(Fn *fn, Type *recv, Object *m, TypeList mtargs);
int iface_method_index(IrUnit *u, Type *iface, Object *m);
bool method_ptr_recv(Object *m);
const IrType *results_type(Fn *fn, SignatureType *sig);

/* Conversions */
ValueId build_assign_conv(Fn *fn, ValueId v, Type *from, Type *to);
ValueId build_conv(Fn *fn, ValueId v, Type *from, Type *to);
ValueId build_convert_expr(Fn *fn, Expr *arg, Type *to);
ValueId build_assert(Fn *fn, ValueId v, Type *from, Type *to);
ValueId build_assert_ok(Fn *fn, ValueId v, Type *from, Type *to);
ValueId build_iface(Fn *fn, ValueId v, Type *from, Type *to);
ValueId build_iface_const(Fn *fn, const ConstVal *c, Type *from, Type *to); /* data in a static symbol */
/* e, or for string(bytes) the bytes seen as a string: where it is only looked at at once. */
ValueId build_str_tmp(Fn *fn, Expr *e, Type *to);
/* For []byte(s) the operand s, where the bytes are only read; else NULL. */
Expr *bytes_of_string(Fn *fn, Expr *e);

/* Literals */
ValueId build_lit(Fn *fn, CompositeLit *l);
ValueId build_lit_addr(Fn *fn, CompositeLit *l, Type *t); /* &T{...} */
void build_lit_into(Fn *fn, Place p, CompositeLit *l, bool zeroed);

/* Statements */
void build_stmt(Fn *fn, Stmt *s);
void build_stmts(Fn *fn, StmtList l);
void build_block(Fn *fn, BlockStmt *b);
void build_switch(Fn *fn, SwitchStmt *s);
void build_typeswitch(Fn *fn, SwitchStmt *s);
void build_select(Fn *fn, SwitchStmt *s);
void build_if(Fn *fn, IfStmt *s);
void build_for(Fn *fn, ForStmt *s);
void build_range(Fn *fn, RangeStmt *s);
void build_branch(Fn *fn, BranchStmt *s);
void build_return(Fn *fn, ReturnStmt *s);
void build_exit(Fn *fn, ExitKind kind, Stmt *target);
void build_rangefunc(Fn *fn, RangeStmt *s, Type *ft);
void build_assign_list(Fn *fn, AssignStmt *s);
void fn_push_target(Fn *fn, Target *t, Stmt *s, BlockId brk, BlockId cont);
void fn_pop_target(Fn *fn);

/* ---- Walking the tree (build_walk.c) -------------------------------------------------------------- */

/* Calls the functions for every statement and expression below, in source order; a callback returning
 * false keeps the walk out of that node. Either may be NULL. */
typedef struct Walk {
    bool (*stmt)(struct Walk *w, Stmt *s);
    bool (*expr)(struct Walk *w, Expr *e);
    void *ctx;
    int found;
} Walk;
void walk_stmt(Walk *w, Stmt *s);
void walk_expr(Walk *w, Expr *e);
bool stmt_has_label(Stmt *s);

/* What a function body contains, function literals excluded, range-over-func bodies included. */
typedef struct BodyFacts { bool has_defer, has_rangefunc; } BodyFacts;
BodyFacts body_facts(Fn *fn, BlockStmt *b);

#endif
