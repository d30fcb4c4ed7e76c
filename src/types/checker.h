/* checker: what the files that walk declarations, expressions and statements share among themselves,
 * on top of types_int.h. */
#ifndef VOLE_CHECKER_H
#define VOLE_CHECKER_H

#include "types/types_int.h"

/* Bits of Expr.flag while checking. */
enum {
    EXPR_PENDING = 1,   /* untyped, final type not known yet */
    EXPR_SHIFT_LHS = 2, /* pending left operand of a non-constant shift */
    EXPR_PANIC = 4,     /* a call of the panic built-in: ends its block */
};

enum ExprClass { KIND_CONVERSION, KIND_EXPRESSION, KIND_STATEMENT };

/* Where a generic function value goes: its type arguments may come from there. */
typedef struct Target { SignatureType *sig; const char *desc; } Target;

typedef VEC(Object *) ObjectVec;
typedef struct WrittenType { Pos pos; Type *type; } WrittenType;
typedef struct CheckerHalf {
    int depth;          /* nesting of expressions, statements and types */
    bool too_deep;      /* reported */
    ObjectVec locals;   /* variables of the functions being checked, innermost last */
    int decl_depth;     /* nesting of lazy declarations */
    char *stack_floor;  /* the C stack must not go below */
    VEC(WrittenType) ifaces; /* interface types as written, for the check of anonymous cycles */
    VEC(WrittenType) sized;  /* array, channel and map types as written, for the check of sizes */
    Map bodies;         /* lazily declared functions whose bodies have been checked */
} CheckerHalf;
#define HALF(c) ((CheckerHalf *)(c)->half)

/* check.c */
bool too_deep(Checker *c, Pos p); /* with leave_depth: guards recursion against stack overflow */
static inline void leave_depth(Checker *c) { HALF(c)->depth--; }
Checker *checker_new(TypeSession *ts, Arena *arena, Package *pkg, const CheckOptions *opt);
void check_func_body(Checker *c, DeclInfo *d, SignatureType *sig, void *func, BlockStmt *body, ConstVal *iota);
Object *local_var(Checker *c, Ident *id, Type *t); /* a variable of the function being checked */

/* postcheck.c: what gc reports only for packages without other errors */
void check_after(Checker *c);

/* resolver.c */
void check_collect_objects(Checker *c);
void check_package_objects(Checker *c);
void check_unused_imports(Checker *c);
void check_direct_cycles(Checker *c);
void check_init_order(Checker *c);
void check_arity(Checker *c, Pos p, Ident **names, int n, ExprList inits, bool is_const, bool inherited);
bool unpack_recv(Checker *c, Expr *rtyp, Expr **base, Ident ***tparams, int *ntparams);

/* decl.c */
void check_declare(Checker *c, Scope *s, Ident *id, Object *obj);
bool is_complete(Checker *c, Type *t);
bool report_if_declaring(Checker *c, Object *o);
void collect_type_params(Checker *c, FieldList *list, TypeList *dst);
TypeParamType *declare_type_param(Checker *c, Ident *name);
void check_decl_stmt(Checker *c, GenDecl *d);

/* typexpr.c, struct.c, interface.c, signature.c */
void check_ident(Checker *c, Operand *x, Ident *e, bool want_type);
Type *check_declared_type(Checker *c, Expr *e, Object *def);
void valid_var_type(Checker *c, Expr *e, Type *t);
TypeList check_type_list(Checker *c, ExprList l, bool *ok);
void check_struct_type(Checker *c, StructType *st, StructTypeExpr *e);
void check_interface_type(Checker *c, InterfaceType *it, InterfaceTypeExpr *e, Object *def);
void check_func_type(Checker *c, SignatureType *sig, Field *recv, FieldList *tparams, FuncTypeExpr *e);
void open_scope(Checker *c, Pos pos, Pos end);
void close_scope(Checker *c);

/* expr.c */
Pos node_pos(const Expr *e);
void record_type_value(Checker *c, Expr *e, int mode, Type *t, ConstVal *val);
void record_operand(Checker *c, Operand *x);
void record_builtin_type(Checker *c, Expr *f, Type *sig);
void record_commaok(Checker *c, Expr *e, Operand *a, Operand *b);
void record_instance(Checker *c, Expr *e, TypeList targs);
Object *root_var(Expr *e);
void mark_addressed(Expr *e);
void mark_assigned(Checker *c, Expr *e);
void update_expr_val(Expr *e, ConstVal *val);
bool is_shift(int op);
bool is_comparison(int op);
Type *chan_elem(Checker *c, Pos pos, Operand *x, bool recv);
const char *incomparable_cause(Checker *c, Type *t);
void check_comparison(Checker *c, Operand *x, Operand *y, int op, bool switch_case);
void match_types(Checker *c, Operand *x, Operand *y);
void check_binary(Checker *c, Operand *x, Expr *e, Expr *lhs, Expr *rhs, int op);
Target *new_target(Checker *c, Type *t, const char *desc);
int check_raw_expr(Checker *c, Target *T, Operand *x, Expr *e, Type *hint, bool allow_generic);
void check_non_generic(Checker *c, Target *T, Operand *x);
void check_type_assertion(Checker *c, Expr *e, Operand *x, Type *t, bool type_switch);
void check_exclude(Checker *c, Operand *x, unsigned modes);
void check_single_value(Checker *c, Operand *x);
void check_expr(Checker *c, Target *T, Operand *x, Expr *e);
void check_generic_expr(Checker *c, Operand *x, Expr *e, Type *hint);
void check_expr_or_type(Checker *c, Operand *x, Expr *e, bool allow_generic);
Ident *dummy_ident(Checker *c, Pos pos, const char *text);
OperandList new_operands(Checker *c, int n);
OperandList check_multi_expr(Checker *c, Expr *e, bool allow_commaok, bool *comma_ok);
OperandList check_expr_list(Checker *c, ExprList list);
bool check_use(Checker *c, Expr *e);
bool check_use_list(Checker *c, ExprList l);
bool check_use_lhs(Checker *c, ExprList l);

/* index.c, literals.c */
bool check_index_expr(Checker *c, Operand *x, IndexExpr *e); /* true: a function instantiation */
void check_slice_expr(Checker *c, Operand *x, SliceExpr *e);
Type *check_index(Checker *c, Expr *index, int64_t max, int64_t *val);
bool is_valid_index(Checker *c, Operand *x, int code, const char *what, bool allow_negative);
void check_basic_lit(Checker *c, Operand *x, BasicLit *e);
void check_func_lit(Checker *c, Operand *x, FuncLit *e);
void check_composite_lit(Checker *c, Operand *x, CompositeLit *e, Type *hint);
typedef struct ConstKey { int kind; Str bytes; } ConstKey;
bool const_key(Checker *c, ConstVal *v, Str *key); /* equal constants have equal keys */

/* call.c, builtins.c */
void func_inst(Checker *c, Target *T, Pos pos, Operand *x, IndexExpr *inst, bool infer);
int check_call_expr(Checker *c, Operand *x, CallExpr *e);
SignatureType *check_arguments(Checker *c, CallExpr *call, SignatureType *sig, TypeList targs, ExprList xlist,
                               OperandList args, TypeList *atargs);
void check_selector(Checker *c, Operand *x, SelectorExpr *e, bool want_type);
bool check_builtin(Checker *c, Operand *x, CallExpr *call, int id);
void add_decl_dep(Checker *c, Object *to);

/* assignments.c, stmt.c, labels.c, return.c */
void check_assignment(Checker *c, Operand *x, Type *T, const char *context);
void init_const(Checker *c, Object *lhs, Operand *x);
void init_var(Checker *c, Object *lhs, Operand *x, const char *context);
void init_vars(Checker *c, Object **lhs, int nlhs, ExprList rhs, Stmt *ret);
void assign_var(Checker *c, Expr *lhs, Expr *rhs, Operand *x, const char *context);
void assign_vars(Checker *c, ExprList lhs, ExprList rhs);
void short_var_decl(Checker *c, Pos pos, ExprList lhs, ExprList rhs);
const char *types_summary(Checker *c, Type **list, int n, bool variadic, bool dots);
const char *measure(Checker *c, int n, const char *unit);
void check_stmt_list(Checker *c, unsigned ctx, StmtList l);
void check_stmt(Checker *c, unsigned ctx, Stmt *s);
void check_range_stmt(Checker *c, unsigned inner, RangeStmt *s);
enum StmtContext { BREAK_OK = 1, CONTINUE_OK = 2, FALLTHROUGH_OK = 4, FINAL_CASE = 8, IN_TYPE_SWITCH = 16 };
Type *array_ptr_deref(Type *t);
void check_labels(Checker *c, BlockStmt *body);
bool is_terminating(Stmt *s, Name *label);

#endif
