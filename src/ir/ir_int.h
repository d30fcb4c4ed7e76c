/* ir_int: what the files of src/ir share. Not for other layers.
 *
 * Two halves meet here: the builder (build*.c: typed AST -> SSA) and the core (ir.c, irtype.c, sym.c,
 * typedesc.c, static.c, symname.c: construction, symbols, descriptors, static data).
 *
 * Functions are named by (object, type arguments). `fn` is always the *origin* object (the generic
 * method, not an instance's substituted one); `targs` holds the receiver's type arguments followed by
 * the function's own. An empty list for what is not generic. */
#ifndef VOLE_IR_INT_H
#define VOLE_IR_INT_H

#include "ir/ir.h"
#include "types/export.h"

/* ---- Core (irtype.c, symname.c, static.c, typedesc.c) ------------------------------------------- */

uint64_t irtype_mask_words(const IrType *t); /* bits of ptrmask */
extern const IrType irtype_none; /* REP_NONE, size 0: ops without a result */

/* The symbol of a package-level variable; defined (BSS or DATA) by its own package. */
Sym *ir_var_symbol(IrUnit *u, Object *var);
/* As ir_func_symbol but as tracebacks show it: "main.f[...]", "main.(*T).m". */
Str ir_func_display_name(IrUnit *u, Object *fn, TypeList targs);
/* Reserves a package-level variable's storage (zero). Called for all variables of the package first. */
void ir_declare_var(IrUnit *u, Object *var);
/* Tries to lay out the initialiser of a package-level variable as data. False: nothing was done and the
 * builder emits code for it. Called in initialisation order. */
bool ir_static_init(IrUnit *u, Object *var, Expr *init);
/* //go:embed variables: lays out string, []byte or embed.FS. False when not an embed variable. */
bool ir_static_embed(IrUnit *u, Object *var);
/* Reads the //go:linkname lines of a package before any of its symbol names is asked for. */
void ir_read_linknames(IrUnit *u, Package *pkg);
/* All methods of an interface type in the order of its descriptor and of an itab's Fun: exported names
 * first, then by name, then by package path. Cached. */
ObjectList ir_iface_methods(IrUnit *u, Type *iface);
/* Static data for a constant composite literal inside a function body: a read-only symbol holding the
 * value of e (of type t), or NULL when e is not constant. May always return NULL. */
Sym *ir_static_value(IrUnit *u, Expr *e, Type *t);
/* True when values of t are pointer-shaped: the data word of an interface holds the value itself. */
bool ir_is_direct(IrUnit *u, Type *t);

/* ---- Builder ------------------------------------------------------------------------------------ */

/* The function symbol of method m of type t, for itabs and descriptors, built on demand.
 * ifn: takes the data word of an interface as receiver. tfn: takes a value of type t. */
Sym *ir_method_ifn(IrUnit *u, Type *t, const MethodSetEntry *m);
Sym *ir_method_tfn(IrUnit *u, Type *t, const MethodSetEntry *m);
/* Static closure object {VmFunc} of a function without context: what a func value points to. */
Sym *ir_funcval_symbol(IrUnit *u, Sym *fn);
/* For static.c: e is a function value known at compile time (function name, instance, method
 * expression, package-level function literal): its static closure symbol, else NULL. */
Sym *ir_static_funcval(IrUnit *u, Expr *e);
/* Queues the instance or function (fn, targs) when its body must come from this unit; its symbol. */
Sym *ir_func_ref(IrUnit *u, Object *fn, TypeList targs);

#endif
