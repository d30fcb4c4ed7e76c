/* types_int: what the files of src/types share. Not for other layers.
 *
 * Two halves meet here. The type machinery (constants, predicates, type sets, lookup, substitution,
 * instantiation, inference, unification, names of types) answers questions about types. The
 * checker of declarations, expressions and statements walks the tree, asks them, and annotates it.
 * Functions carry the names under which the published Go checkers know them, in snake case.
 *
 * Conventions: c is the Checker of the package at work. A `cause` argument is a const char ** that
 * may be NULL; what is stored lives in the session's arena. A Type * is never NULL except where said.
 * Invalid types are ts->basic[BASIC_INVALID] and silence later messages. */
#ifndef VOLE_TYPES_INT_H
#define VOLE_TYPES_INT_H

#include <stdlib.h>
#include "types/types.h"

typedef enum ErrCode {
#define ERR(name, number) ERR_##name = number,
#include "tables/errors.def"
#undef ERR
} ErrCode;

/* ---- Operands -------------------------------------------------------------------------------- */

typedef struct Operand {
    uint8_t mode; /* OperandMode */
    uint8_t id;   /* MODE_BUILTIN: BuiltinId */
    Expr *expr;
    Type *type;
    ConstVal *cval; /* MODE_CONST */
} Operand;
typedef struct OperandList { Operand **at; int len; } OperandList;

/* ---- The checker ----------------------------------------------------------------------------- */

/* Language versions are the N of go1.N; 0: not set (everything allowed). */
typedef int GoVersion;
#define GO_CURRENT 27

/* A package-level (or lazily declared) object's syntax: enough to declare it on demand. */
typedef struct DeclInfo {
    Scope *file;       /* scope of the file that holds it */
    GoVersion version; /* of that file */
    Object **lhs;      /* var a, b = f(): all of the left side; else NULL */
    int nlhs;
    Expr *vtyp, *init;
    bool inherited;    /* constant whose initialiser is repeated from an earlier spec */
    TypeSpec *tdecl;
    FuncDecl *fdecl;
    ValueSpec *spec;
    Map deps;          /* Object * -> 1: package-level objects the initialiser or body refers to */
} DeclInfo;

/* What changes with the place being checked; saved and restored as a whole. */
typedef struct Env {
    DeclInfo *decl;
    Scope *scope;
    GoVersion version;
    ConstVal *iota;     /* NULL outside constant declarations */
    Pos errpos;         /* where errors of an inherited constant initialiser go */
    bool in_tparam_list;
    SignatureType *sig; /* of the function whose body is being checked, or NULL */
    void *func;         /* innermost FuncDecl or FuncLit, or NULL */
    Map *is_panic;      /* CallExpr * -> 1: calls of panic, for the termination analysis */
    bool has_label, has_call_or_recv;
} Env;

typedef void (*LaterFn)(Checker *c, void *arg);
typedef struct Delayed { GoVersion version; LaterFn fn; void *arg; } Delayed;

typedef struct UntypedInfo { /* an expression whose final type is not known yet */
    bool is_lhs; /* left operand of a shift whose check is delayed */
    uint8_t mode;
    Type *type;
    ConstVal *cval;
} UntypedInfo;

struct Checker {
    TypeSession *ts;
    Session *syn;
    Arena *arena; /* the package's */
    Package *pkg;
    CheckOptions opt;
    GoVersion module_version;
    File **files;
    int nfiles;
    Map obj_map;                /* Object * -> DeclInfo * */
    VEC(Object *) obj_list;     /* its keys in source order */
    VEC(Object *) imports;      /* PkgNames */
    Map dot_imports;            /* arena-held {scope, name} bytes -> PkgName of a dot-imported object */
    Map methods;                /* type name Object * -> VEC of method Objects (typ2's own type) */
    Map untyped;                /* Expr * -> UntypedInfo * (NULL: removed) */
    VEC(Delayed) delayed;
    VEC(Object *) obj_path;     /* objects being declared, for cycles */
    Map obj_path_idx;           /* Object * -> index + 1 in obj_path, 0: not on it */
    VEC(Type *) cleaners;       /* types whose lazy parts must be forced at the end */
    Map broken_aliases;         /* Object * -> 1 */
    Map pkg_path_map;           /* package name -> first path or AMBIGUOUS, for qualification */
    bool pkg_path_map_made;
    struct MonoGraph *mono;
    bool any_error;             /* an error (even soft) was reported */
    bool hard_error;            /* a non-soft error was reported: pkg->complete becomes false */
    bool lazy;                  /* export data or late declaration: obj_decl may run at any time */
    Env env;
    void *half;                 /* typ2's further private state */
};

/* Runs fn(c, arg) once the current package-level declaration is done (FIFO). */
void check_later(Checker *c, LaterFn fn, void *arg);
void check_process_delayed(Checker *c, int top);
void check_needs_cleanup(Checker *c, Type *t);
void check_push(Checker *c, Object *obj); /* obj_path */
Object *check_pop(Checker *c);

/* A checker that belongs to no package, for questions from other layers. */
Checker *types_neutral_checker(TypeSession *ts);

/* ---- Errors (errors.c) ------------------------------------------------------------------------ */

/* Formats with the checker's own verbs, not printf's:
 *   %s const char *   %S Str   %n Name *   %d int   %D int64_t   %c int (byte)   %q const char * quoted as Go does
 *   %t Type * (NULL: <nil>)   %x Operand *   %e Expr *   %o Object * (long form)   %k Token (spelling)
 *   %v ConstVal *   %T TypeList *   %p Pos (file:line:col)   %%                                  */
void types_vformat(Checker *c, Buf *b, const char *fmt, va_list ap);
const char *types_format(Checker *c, const char *fmt, ...); /* in the session's arena */

/* Reports at p. Messages that mention an invalid operand or type are dropped once there was an error. */
void types_error(Checker *c, Pos p, int code, const char *fmt, ...);
void types_soft_error(Checker *c, Pos p, int code, const char *fmt, ...);
void types_version_error(Checker *c, Pos p, GoVersion v, const char *fmt, ...); /* adds "requires go1.v or later" */

/* A message of several parts, each after the first on a line of its own, indented and with position. */
typedef struct MultiError { Checker *c; int code; bool soft, invalid; Pos pos; int n; Buf buf; } MultiError;
MultiError new_error(Checker *c, int code);
void error_addf(MultiError *e, Pos p, const char *fmt, ...);
void error_add_alt_decl(MultiError *e, Object *obj); /* "other declaration of x" */
void error_report(MultiError *e);

bool allow_version(Checker *c, GoVersion v);
bool verify_versionf(Checker *c, Pos p, GoVersion v, const char *fmt, ...);
GoVersion as_go_version(Str s); /* "go1.21.3" -> 21, 0 when malformed or empty */

#define invalid_arg "invalid argument: "
#define invalid_op "invalid operation: "

/* ---- Operands (operand.c) ---------------------------------------------------------------------- */

static inline Pos operand_pos(const Operand *x) { return x->expr ? expr_start(x->expr) : 0; }
bool operand_is_nil(const Operand *x);
void operand_string(Buf *b, Checker *c, const Operand *x);
const char *composite_kind(Type *t); /* "array", "func" ...; "" for basic types */
/* Whether x can be assigned to a variable of type t; else *code and cause say why not. */
bool assignable_to(Checker *c, Operand *x, Type *t, const char **cause, int *code);
void operand_set_const(Checker *c, Operand *x, int lit_token, Str text);

/* ---- Universe and construction (universe.c, object.c) ------------------------------------------ */

#define INVALID_TYPE(c) ((c)->ts->basic[BASIC_INVALID])
#define BASIC(c, K) ((c)->ts->basic[BASIC_##K])
Object *new_object(TypeSession *ts, int kind, Pos pos, Package *pkg, Name *name, Type *type);
Scope *new_scope(TypeSession *ts, Scope *parent, Pos pos, Pos end);
Object *scope_lookup(const Scope *s, const Name *name); /* this scope only */
Object *scope_insert(Scope *s, Object *obj); /* the older object of that name, or NULL; sets obj->parent */
Object *scope_lookup_parent(Scope *s, const Name *name, Scope **where);
Package *new_package(TypeSession *ts, Str path, Name *name);
bool same_id(const Object *o, const Package *pkg, const Name *name, bool fold_case);
bool same_pkg(const Package *a, const Package *b);
int object_less(const Object *a, const Object *b); /* <0, 0, >0: order of methods in a type set */
bool object_is_exported(const Object *o);
const char *object_kind_string(const Object *o); /* "package name", "constant" ... */
void object_string(Buf *b, Checker *c, Object *o);
bool func_has_ptr_recv(Object *fn);
bool is_alias_object(const Object *o);
Str pkg_qualifier(Checker *c, Package *p); /* empty for c's own */

NamedType *new_named(Checker *c, Object *obj, Type *underlying); /* sets obj->type when NULL */
AliasType *new_alias(Checker *c, Object *obj, Type *rhs);
TypeParamType *new_typeparam(Checker *c, Object *obj, Type *bound); /* index -1; sets obj->type when NULL */
InterfaceType *new_interface(Checker *c);
UnionType *new_union(TypeSession *ts, UnionTerm *terms, int n);
StructType *new_struct(TypeSession *ts);
SignatureType *new_signature(TypeSession *ts);
TupleType *new_tuple(TypeSession *ts, Object **vars, int n);
void *alloc_type(TypeSession *ts, int kind, size_t size);
TypeList type_list(TypeSession *ts, Type **at, int n);       /* copies */

static inline bool is_invalid(const Type *t) {
    return t->kind == TYPE_BASIC && ((const BasicType *)t)->basic == BASIC_INVALID;
}
bool is_valid(Type *t); /* unaliases */

/* unalias(t) of the given kind or NULL */
NamedType *as_named(Type *t); /* also unpacks */
TypeParamType *as_typeparam(Type *t);
/* under(t) of the given kind or NULL */
Type *as_under(Type *t, int kind);
#define AS_BASIC(t) ((BasicType *)as_under((t), TYPE_BASIC))
#define AS_STRUCT(t) ((StructType *)as_under((t), TYPE_STRUCT))
#define AS_POINTER(t) ((PointerType *)as_under((t), TYPE_POINTER))
#define AS_SIGNATURE(t) ((SignatureType *)as_under((t), TYPE_SIGNATURE))
#define AS_INTERFACE(t) ((InterfaceType *)as_under((t), TYPE_INTERFACE))

/* Named types: while a declaration is checked, rhs may still be NULL. */
void named_set_rhs(Checker *c, NamedType *n, Type *rhs); /* declared right-hand side; resolved later */
void named_set_underlying(NamedType *n, Type *u);
void named_set_tparams(NamedType *n, TypeList tparams);  /* also sets their indices */
void named_add_method(NamedType *n, Object *m);
Type *named_rhs(NamedType *n);
int named_method_index(NamedType *n, Package *pkg, Name *name, bool fold_case); /* -1; any package when exported */
bool named_is_instance(const NamedType *n);
Type *safe_underlying(Type *t); /* type_underlying that tolerates types not set up yet (may give invalid) */
Object *clone_object(TypeSession *ts, Object *o, Type *type); /* of a var or func; keeps the origin */
void bind_tparams(TypeList tparams); /* sets TypeParamType.index */
InterfaceType *typeparam_iface(TypeParamType *p);

static inline int tuple_len(const TupleType *t) { return t ? t->vars.len : 0; }
enum { NAMED_UNPACKED = 1, NAMED_HAS_UNDER = 2 }; /* NamedType.state */

/* Writes t as messages show it, qualified as seen from c's package. sig: without the keyword func. */
void type_string(Buf *b, Checker *c, Type *t);
void signature_string(Buf *b, Checker *c, SignatureType *sig);
/* "M(int) string": a method as the causes of missing_method show it */
void func_string(Buf *b, Checker *c, Object *fn, bool pkg_info);

/* ---- Predicates (predicates.c) ------------------------------------------------------------------- */

bool is_basic(Type *t, int flags); /* false for type parameters */
bool all_basic(Type *t, int flags); /* every type of a type parameter's set */
#define is_boolean(t) is_basic((t), BF_BOOLEAN)
#define is_integer(t) is_basic((t), BF_INTEGER)
#define is_unsigned(t) is_basic((t), BF_UNSIGNED)
#define is_float(t) is_basic((t), BF_FLOAT)
#define is_complex(t) is_basic((t), BF_COMPLEX)
#define is_numeric(t) is_basic((t), BF_NUMERIC)
#define is_string(t) is_basic((t), BF_STRING)
#define is_integer_or_float(t) is_basic((t), BF_INTEGER | BF_FLOAT)
#define is_const_type(t) is_basic((t), BF_CONST)
#define all_boolean(t) all_basic((t), BF_BOOLEAN)
#define all_integer(t) all_basic((t), BF_INTEGER)
#define all_unsigned(t) all_basic((t), BF_UNSIGNED)
#define all_numeric(t) all_basic((t), BF_NUMERIC)
#define all_string(t) all_basic((t), BF_STRING)
#define all_ordered(t) all_basic((t), BF_ORDERED)
#define all_numeric_or_string(t) all_basic((t), BF_NUMERIC | BF_STRING)
bool has_name(Type *t);
bool is_type_lit(Type *t);
bool is_typed(Type *t);
bool is_untyped(Type *t);
bool is_untyped_numeric(Type *t);
bool is_non_typeparam_interface(Type *t);
bool has_empty_typeset(Type *t);
bool is_generic(Type *t);
bool has_nil(Type *t);
/* Whether values of t compare with ==; dynamic: interfaces count as comparable. On false *cause says why
 * (may stay ""). */
bool comparable_type(Checker *c, Type *t, bool dynamic, const char **cause);
bool identical_ignore_tags(Type *a, Type *b);
bool identical_instance(Type *xorig, TypeList xargs, Type *yorig, TypeList yargs);
Type *default_type(Checker *c, Type *t);          /* of an untyped type; else t itself */
Type *max_type(Type *x, Type *y);                 /* larger untyped numeric kind; NULL: none */
bool is_uintptr(Type *t);
bool is_unsafe_pointer(Type *t);
bool is_pointer(Type *t);
bool is_bytes_or_runes(Type *t);

/* ---- Type sets (typeset.c, under.c, union.c) -------------------------------------------------- */

/* Iterates over the types of t: t itself, or each term of a type parameter's constraint. A type
 * parameter without specific types yields one step with it.t == it.u == NULL.
 *     for (TypeIter it = typeset_iter(t); typeset_next(&it);) ... it.t, it.u ...                */
typedef struct TypeIter { Type *t, *u; bool tilde; TypeSet *set; Type *single; int i; } TypeIter;
TypeIter typeset_iter(Type *t);
TypeSet union_typeset(UnionType *u); /* terms only */
bool typeset_next(TypeIter *it);
/* The one underlying type that all types of t share (channel directions merged), or NULL with a cause.
 * cond, when not NULL, is asked for each type first and returns NULL or a message ("" counts). */
typedef const char *(*CommonCond)(Checker *c, Type *t, Type *u, void *ctx);
Type *common_under(Checker *c, Type *t, CommonCond cond, void *ctx, const char **cause);
TypeSet *compute_interface_typeset(Checker *c, Pos p, InterfaceType *it); /* reports overlap errors when c is at work on it */
bool typeset_is_empty(const TypeSet *s);
bool typeset_is_all(const TypeSet *s);         /* no methods, no terms, not comparable */
bool typeset_has_terms(const TypeSet *s);
bool typeset_is_method_set(const TypeSet *s);  /* usable as an ordinary interface */
bool typeset_is_comparable(TypeSet *s);
bool typeset_subset_of(const TypeSet *a, const TypeSet *b);
Object *typeset_lookup_method(const TypeSet *s, Package *pkg, Name *name, bool fold_case, int *index);
Type *parse_union(Checker *c, Expr *e);        /* A | ~B in an interface or constraint */
void type_set_string(Buf *b, Checker *c, const TypeSet *s);

/* ---- Lookup (lookup.c) -------------------------------------------------------------------------- */

typedef struct Lookup {
    Object *obj;     /* NULL: not found; then index != NULL: ambiguous, indirect: pointer receiver needed */
    int *index, nindex;
    bool indirect;
} Lookup;
Lookup lookup_field_or_method(TypeSession *ts, Type *t, bool addressable, Package *pkg, Name *name,
                              bool fold_case);
/* The first method of interface t that v lacks, or NULL. wrong_type: it exists with another type.
 * equivalent NULL: type_identical. */
typedef bool (*TypeEquiv)(void *ctx, Type *x, Type *y);
Object *missing_method(Checker *c, Type *v, Type *t, bool is_static, TypeEquiv equivalent, void *ctx,
                       const char **cause, bool *wrong_type);
bool has_all_methods(Checker *c, Type *v, Type *t, bool is_static, TypeEquiv eq, void *ctx, const char **cause);
bool assertable_to(Checker *c, Type *v, Type *t, const char **cause);
bool new_assertable_to(Checker *c, Type *v, Type *t, const char **cause);
bool is_interface_ptr(Type *t);
const char *interface_ptr_error(Checker *c, Type *t);
Type *deref(Type *t, bool *was_pointer); /* one level of an unnamed pointer */
Type *deref_struct_ptr(Type *t);
int field_index(StructType *s, Package *pkg, Name *name, bool fold_case); /* -1 */
int method_index(ObjectList methods, Package *pkg, Name *name, bool fold_case); /* -1 */
const char *field_path(Checker *c, Type *t, const int *index, int n);
/* "type T has no field or method x, but does have field X" and its relatives */
const char *lookup_error(Checker *c, Type *t, Name *sel, Object *obj, bool struct_lit);

/* ---- Substitution, instances (subst.c, instantiate.c, named.c) ---------------------------------- */

Type *check_subst(Checker *c, Type *t, TypeList tparams, TypeList targs, NamedType *expanding);
/* Instance of a generic Named, Alias or Signature; expanding may be NULL. Arguments are not verified. */
Type *check_instance(Checker *c, Pos p, Type *orig, TypeList targs, NamedType *expanding);
bool validate_targ_len(Checker *c, Pos p, const char *name, int want, int got);
/* Index of the first type argument that does not satisfy its constraint, or -1. */
int check_verify(Checker *c, Pos p, TypeList tparams, TypeList targs, const char **cause);
bool check_implements(Checker *c, Type *v, Type *t, bool constraint, const char **cause);
TypeList type_tparams(Type *generic); /* of a Named, Alias or Signature */

/* ---- Inference (infer.c, unify.c) ---------------------------------------------------------------- */

/* Infers all type arguments; targs may be shorter than tparams or hold NULLs. reverse: for messages when
 * the type arguments come from an assignment. Returns an empty list after adding a message to err. */
TypeList check_infer(Checker *c, Pos p, TypeList tparams, TypeList targs, TupleType *params,
                     OperandList args, bool reverse, MultiError *err);
TypeList rename_tparams(Checker *c, Pos p, TypeList tparams, Type *t, Type **renamed);
bool is_parameterized(TypeList tparams, Type *t);
const char *typeparams_string(Checker *c, TypeList l);

/* ---- Constants (const.c) and their limits (represent.c) ------------------------------------------ */

ConstVal *const_make_unknown(Arena *a);
ConstVal *const_make_uint(Arena *a, uint64_t v);
ConstVal *const_make_float(Arena *a, double v);
ConstVal *const_make_imag(Arena *a, const ConstVal *im);
ConstVal *const_from_literal(Arena *a, Str text, int lit_token); /* CONST_UNKNOWN when malformed */
ConstVal *const_unary(Arena *a, int op, const ConstVal *x, unsigned prec); /* prec: bits for ^ of unsigned, or 0 */
/* op TOK_QUO with int_div: truncated integer division. y is not zero for / and %. */
ConstVal *const_binary(Arena *a, const ConstVal *x, int op, const ConstVal *y, bool int_div);
ConstVal *const_shift(Arena *a, const ConstVal *x, int op, unsigned s);
bool const_compare(const ConstVal *x, int op, const ConstVal *y);
ConstVal *const_to_int(Arena *a, const ConstVal *x);     /* CONST_UNKNOWN when not integral */
ConstVal *const_to_float(Arena *a, const ConstVal *x);   /* INT or FLOAT, or unknown */
ConstVal *const_to_complex(Arena *a, const ConstVal *x);
ConstVal *const_make_real(Arena *a, const ConstVal *x);  /* real and imaginary part as new values */
ConstVal *const_make_imag_part(Arena *a, const ConstVal *x);
int const_sign(const ConstVal *x);
int const_bit_len(const ConstVal *x); /* INT */

/* Whether v fits basic type t; *rounded (may be NULL) gets the value as t holds it. */
bool representable_const(Checker *c, const ConstVal *v, BasicType *t, ConstVal **rounded);
void check_overflow(Checker *c, Operand *x, Pos op_pos);
void check_representable(Checker *c, Operand *x, BasicType *t);
/* NULL and *code when x's constant does not fit t. */
ConstVal *check_representation(Checker *c, Operand *x, BasicType *t, int *code);
void invalid_conversion(Checker *c, int code, Operand *x, Type *target);

void check_conversion(Checker *c, Operand *x, Type *t); /* conversions.c: T(x) */
bool convertible_to(Checker *c, Operand *x, Type *t, const char **cause);

/* ---- Validity (validtype.c, mono.c) -------------------------------------------------------------- */

Object *cycle_object(Checker *c, NamedType *n); /* n in the message of a cycle */
void check_valid_type(Checker *c, NamedType *t); /* reports types that contain themselves */
void check_monomorph(Checker *c);                /* reports endless instantiation */
void mono_record_instance(Checker *c, Pos p, TypeList tparams, TypeList targs, Expr **xlist, int nx);
void mono_record_canon(Checker *c, TypeParamType *mpar, TypeParamType *tpar);

/* ---- The other half: declarations, types written out, expressions (typ2) -------------------------- */

void obj_decl(Checker *c, Object *obj); /* declares obj when it is still white; reports bad cycles */
void cycle_error(Checker *c, Object **cycle, int n, int start);
int first_in_src(Object **path, int n);
Type *check_typ(Checker *c, Expr *e);
Type *check_var_type(Checker *c, Expr *e);
Type *check_generic_type(Checker *c, Expr *e, const char **cause);
/* The type and value that untyped x gets when converted to target; NULL and *code when impossible. */
Type *implicit_type_and_value(Checker *c, Operand *x, Type *target, ConstVal **val, int *code);
/* What it found becomes x's type and value. */
void take_implicit_type(Checker *c, Operand *x, Type *t, ConstVal *val);
void check_convert_untyped(Checker *c, Operand *x, Type *target);
void update_expr_type(Checker *c, Expr *e, Type *t, bool final);
Pos op_pos(Expr *e);           /* of the operator of a binary expression, else of e */
const char *op_name(Expr *e);  /* "addition" ...; "" when none */
Object *check_lookup(Checker *c, const Name *name); /* from the current scope outwards */

#endif
