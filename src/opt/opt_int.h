/* opt_int: what the passes share.
 *
 * Opt is the state of one function under optimisation. Passes replace values through `repl`, which is applied
 * to all arguments at once by opt_apply; values themselves are never removed from IrFunc.values, only from
 * their block. Order and dominators are computed by opt_cfg and hold until a pass changes edges. */
#ifndef VOLE_OPT_INT_H
#define VOLE_OPT_INT_H

#include "opt/opt.h"

typedef struct Opt {
    IrFunc *f;
    Arena arena;       /* reset between passes */
    ValueId *repl;     /* per value: what stands for it now, 0: itself */
    int nrepl;
    /* of the control flow graph */
    BlockId *rpo;
    int nrpo;
    int *rpo_of;       /* per block; -1: unreachable */
    int *idom;         /* per rpo number, as rpo number; the entry has 0 */
    int *depth;        /* per rpo number: loop nesting */
    bool changed;
} Opt;

static inline IrValue *oval(Opt *o, ValueId v) { return &o->f->values.at[v]; }
void opt_begin(Opt *o);                     /* fresh repl array for the values that there are */
void opt_replace(Opt *o, ValueId old, ValueId with);
ValueId opt_resolve(Opt *o, ValueId v);
void opt_apply(Opt *o);                     /* rewrites all arguments, drops replaced values from blocks */
bool *opt_rpo(Opt *o);                      /* order of the reachable blocks, definitions first; which they are. Only reads f */
void opt_cfg(Opt *o);                       /* order and dominators; drops unreachable blocks */
bool opt_dominates(Opt *o, BlockId a, BlockId b);
void opt_loops(Opt *o);                     /* fills depth */
/* A load of what a closure captured: contexts are never written after they are made. */
static inline bool opt_is_capture(Opt *o, IrValue *v) {
    return v->op == IR_LOAD && (v->flags & IRF_NONNIL) && oval(o, v->args[0])->op == IR_CTX && v->type->nslots &&
           v->type->nslots <= 3;
}
bool opt_const_int(Opt *o, ValueId v, int64_t *out);
int64_t opt_wrap(const IrType *t, int64_t x); /* normalises to an int type */

/* escape.c: marks allocations that do not outlive their frame (IRF_NOESCAPE) in all functions of the unit,
 * callees first; turns those that can be into local variables. Before mem2reg. */
void opt_escape_unit(IrUnit *u);
void opt_escape(Opt *o);  /* once more for one function, after inlining */
void opt_forward(Opt *o); /* loads from closures that are made in the function */

extern const IrType opt_none; /* of instructions without a result */

/* inline.c */
typedef struct InlineFacts { bool ok; int cost; } InlineFacts;
InlineFacts opt_inline_facts(IrFunc *f);
/* A copy of f as it is now, for inlining (it is no function of the unit). */
IrFunc *opt_clone(IrFunc *f);
bool opt_may_grow(IrFunc *f); /* it makes allocations and calls functions */
/* Expands calls of functions found in by_sym (Sym * -> IrFunc *) for which facts() says ok. */
bool opt_inline(Opt *o, Map *by_sym, InlineFacts (*facts)(void *ctx, IrFunc *g), void *ctx);

/* devirt.c: method calls of known interfaces become static; true when any did. */
bool opt_devirt(Opt *o);

/* passes */
void opt_cleanup(Opt *o);  /* cfg.c: constant branches, empty blocks, straight lines */
void opt_mem2reg(Opt *o);
void opt_simplify(Opt *o);
void opt_gvn(Opt *o);
void opt_memopt(Opt *o);
void opt_dce(Opt *o);
void opt_thread(Opt *o);
void opt_licm(Opt *o);
void opt_box(Opt *o);
void opt_sink(Opt *o);
void opt_bigagg(Opt *o);

#endif
