/* sink: a constant that wants a slot is made where it is used. Inlining and SROA leave constants at the start of a
 * function that one branch of it needs; made there, they cost every call. A constant goes to the block of its
 * instructions when that is one, in no deeper a loop, and to each cold block that uses it. Edges make their constants
 * themselves. The last pass: licm has put before loops what belongs there. */
#include "opt/opt_int.h"

static bool is_const(int op) {
    return op == IR_CONST || op == IR_FCONST || op == IR_STRCONST || op == IR_ZERO || op == IR_SYMADDR ||
           op == IR_LOCALADDR;
}

enum { NOWHERE = -1, MANY = -2 };

static ValueId copy(IrFunc *f, BlockId b, ValueId c) {
    IrValue v = *ir_val(f, c);
    ValueId id = ir_value_new(f, b, (IrOp)v.op, v.type, v.pos, 0, NULL);
    IrValue *n = ir_val(f, id);
    n->aux = v.aux;
    n->aux2 = v.aux2;
    n->inl = v.inl;
    (void)vec_pop(&f->blocks.at[b].insts); /* the caller places it */
    return id;
}

void opt_sink(Opt *o) {
    IrFunc *f = o->f;
    opt_cfg(o);
    opt_loops(o);
    int nvals = f->values.len;
    int *at = arena_array(&o->arena, int, nvals); /* number of the hot block that uses a constant */
    ValueId *here = arena_array(&o->arena, ValueId, nvals);
    BlockId *here_of = arena_array(&o->arena, BlockId, nvals); /* + 1: where `here` is */
    for (int i = 0; i < nvals; i++) at[i] = NOWHERE;
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->insts.len && !b->unlikely; k++) {
            IrValue *v = oval(o, b->insts.at[k]);
            for (uint32_t a = 0; a < v->nargs; a++) {
                ValueId c = v->args[a];
                if (c && is_const(oval(o, c)->op)) at[c] = at[c] == NOWHERE || at[c] == i ? i : MANY;
            }
        }
    }
    for (int i = 0; i < o->nrpo; i++) {
        BlockId b = o->rpo[i];
        for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
            ValueId user = f->blocks.at[b].insts.at[k];
            for (uint32_t a = 0; a < oval(o, user)->nargs; a++) {
                ValueId c = oval(o, user)->args[a];
                if (!c || (int)c >= nvals || !is_const(oval(o, c)->op)) continue;
                int def = o->rpo_of[oval(o, c)->block];
                if (def == i || def < 0) continue;
                if (!f->blocks.at[b].unlikely && (at[c] != i || o->depth[i] > o->depth[def])) continue;
                if (here_of[c] != b + 1) {
                    here_of[c] = b + 1;
                    here[c] = copy(f, b, c);
                    IrBlock *bl = &f->blocks.at[b];
                    vec_push(&bl->insts, 0);
                    memmove(bl->insts.at + k + 1, bl->insts.at + k, sizeof(ValueId) * (size_t)(bl->insts.len - 1 - k));
                    bl->insts.at[k++] = here[c];
                }
                oval(o, user)->args[a] = here[c];
            }
        }
    }
}
