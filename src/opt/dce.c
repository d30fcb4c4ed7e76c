/* dce: removes values that nothing uses and that do nothing, and block parameters that nothing reads. */
#include "opt/opt_int.h"

static bool removable(IrValue *v) {
    unsigned e = ir_op_info[v->op].effects;
    switch (v->op) {
    case IR_FIELDADDR: case IR_NILCHECK:
        if (v->flags & IRF_NONNIL) return true;
        break;
    case IR_LOAD:
        if (v->flags & IRF_NONNIL) return true;
        break;
    case IR_ELEMADDR: case IR_DIV: case IR_MOD: case IR_SHL: case IR_SHR: case IR_STRINDEX:
        if (v->flags & IRF_INBOUNDS) return true;
        break;
    case IR_LOCALGET: return true;
    default: break;
    }
    return !(e & ~(unsigned)(EFF_READ | EFF_ALLOC));
}

void opt_dce(Opt *o) {
    IrFunc *f = o->f;
    opt_cfg(o);
    int n = f->values.len;
    bool *live = arena_array(&o->arena, bool, n);
    ValueId *work = arena_array(&o->arena, ValueId, n + 1);
    int *param_of = arena_array(&o->arena, int, n); /* index + 1 in its block */
    int sp = 0;
#define MARK(v) do { ValueId v_ = (v); if (v_ && !live[v_]) live[v_] = true, work[sp++] = v_; } while (0)
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->params.len; k++) {
            param_of[b->params.at[k]] = k + 1;
            ir_val(f, b->params.at[k])->block = b->id;
        }
        for (int k = 0; k < b->insts.len; k++)
            if (!removable(ir_val(f, b->insts.at[k]))) MARK(b->insts.at[k]);
    }
    while (sp) {
        ValueId id = work[--sp];
        IrValue *v = ir_val(f, id);
        for (uint32_t a = 0; a < v->nargs; a++) MARK(v->args[a]);
        if (v->op != IR_BLOCKPARAM || !param_of[id]) continue;
        IrBlock *b = &f->blocks.at[v->block];
        for (int k = 0; k < b->preds.len; k++) {
            IrBlock *p = &f->blocks.at[b->preds.at[k]];
            for (int e = 0; e < p->nsucc; e++)
                if (p->succ[e].to == b->id) MARK(p->succ[e].args[param_of[id] - 1]);
        }
    }
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        int k2 = 0;
        for (int k = 0; k < b->insts.len; k++)
            if (live[b->insts.at[k]]) b->insts.at[k2++] = b->insts.at[k];
        b->insts.len = k2;
        for (int e = 0; e < b->nsucc; e++) {
            IrBlock *t = &f->blocks.at[b->succ[e].to];
            int m = 0;
            for (int a = 0; a < b->succ[e].nargs; a++)
                if (live[t->params.at[a]]) b->succ[e].args[m++] = b->succ[e].args[a];
            b->succ[e].nargs = m;
        }
    }
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        int m = 0;
        for (int k = 0; k < b->params.len; k++)
            if (live[b->params.at[k]]) b->params.at[m++] = b->params.at[k];
        b->params.len = m;
    }
#undef MARK
}
