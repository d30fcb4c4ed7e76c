/* licm: pure values that do not change in a loop are computed before it; so are constants that an
 * instruction in the loop wants in a slot (those that fit an immediate stay where they are). Inner loops first, so
 * that a value moves out as far as it can. */
#include "opt/opt_int.h"

static bool movable(Opt *o, IrValue *v) {
    switch (v->op) {
    case IR_LOAD: return opt_is_capture(o, v);
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_AND: case IR_OR: case IR_XOR: case IR_ANDNOT: case IR_NEG: case IR_COM:
    case IR_FADD: case IR_FSUB: case IR_FMUL: case IR_FDIV: case IR_FNEG: case IR_CONV:
    case IR_PURE:
        return v->type->nslots == 1;
    case IR_DIV: case IR_MOD: case IR_SHL: case IR_SHR: return (v->flags & IRF_INBOUNDS) != 0;
    default: return false;
    }
}

static bool is_const(int op) { return op == IR_CONST || op == IR_FCONST || op == IR_SYMADDR; }

/* Does the user want constant argument i in a slot? (See the immediates in code/select.c.) */
static bool wants_slot(Opt *o, IrValue *u, uint32_t i) {
    IrValue *c = oval(o, u->args[i]);
    switch (u->op) {
    case IR_STORE: return i == 1;
    case IR_ARRADDR: return i == 0;
    case IR_FADD: case IR_FSUB: case IR_FMUL: case IR_FDIV: case IR_SLICESLICE: case IR_STRSLICE: case IR_APPEND: return true;
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_AND: case IR_OR: case IR_XOR: case IR_EQ: case IR_NE: case IR_LT:
    case IR_LE: case IR_GT: case IR_GE: case IR_DIV: case IR_MOD:
        return c->op != IR_CONST || c->aux.i < INT16_MIN || c->aux.i > INT16_MAX;
    default: return false;
    }
}

typedef struct Licm { Opt *o; IrFunc *f; int *mark; int *body; int nbody; bool *wanted; } Licm;

static bool in_loop(Licm *l, int head, ValueId v) {
    int r = l->o->rpo_of[oval(l->o, v)->block];
    return r >= 0 && l->mark[r] == head + 1;
}

/* Does every round of the loop pass block b? */
static bool every_round(Licm *l, int head, BlockId b) {
    IrBlock *h = &l->f->blocks.at[l->o->rpo[head]];
    for (int k = 0; k < h->preds.len; k++) {
        int p = l->o->rpo_of[h->preds.at[k]];
        if (p >= 0 && l->mark[p] == head + 1 && !opt_dominates(l->o, b, h->preds.at[k])) return false;
    }
    return true;
}

static bool has_calls(Licm *l) {
    for (int i = 0; i < l->nbody; i++) {
        IrBlock *b = &l->f->blocks.at[l->o->rpo[l->body[i]]];
        for (int k = 0; k < b->insts.len && !b->unlikely; k++)
            if (ir_op_info[ir_val(l->f, b->insts.at[k])->op].effects & EFF_CALL) return true;
    }
    return false;
}

static void hoist(Licm *l, int head, BlockId pre) {
    IrFunc *f = l->f;
    bool calls = has_calls(l); /* a large loop, perhaps of one round: only what each round needs for sure */
    for (int i = 0; i < l->nbody; i++) {
        IrBlock *b = &f->blocks.at[l->o->rpo[l->body[i]]];
        if (b->unlikely || (calls && !every_round(l, head, b->id))) continue;
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = ir_val(f, b->insts.at[k]);
            for (uint32_t a = 0; a < v->nargs; a++)
                if (v->args[a] && is_const(oval(l->o, v->args[a])->op) && wants_slot(l->o, v, a)) l->wanted[v->args[a]] = true;
        }
    }
    for (int i = 0; i < l->nbody; i++) {
        IrBlock *b = &f->blocks.at[l->o->rpo[l->body[i]]];
        if (b->unlikely || (calls && !every_round(l, head, b->id))) continue;
        int n = 0;
        for (int k = 0; k < b->insts.len; k++) {
            ValueId id = b->insts.at[k];
            IrValue *v = ir_val(f, id);
            bool go = is_const(v->op) ? l->wanted[id] : movable(l->o, v);
            for (uint32_t a = 0; go && a < v->nargs; a++) {
                IrValue *x = oval(l->o, v->args[a]);
                if (!in_loop(l, head, v->args[a])) continue;
                if (x->op != IR_CONST) go = false; /* a small constant moves along */
            }
            if (!go) {
                b->insts.at[n++] = id;
                continue;
            }
            IrBlock *p = &f->blocks.at[pre];
            for (uint32_t a = 0; a < v->nargs; a++) {
                if (!in_loop(l, head, v->args[a])) continue;
                IrValue x = *oval(l->o, v->args[a]);
                ValueId c = ir_value_new(f, pre, IR_CONST, x.type, x.pos, 0, NULL);
                ir_val(f, c)->aux = x.aux;
                v = ir_val(f, id);
                v->args[a] = c;
                p = &f->blocks.at[pre];
                ValueId term = p->insts.at[p->insts.len - 2]; /* keep the terminator last */
                p->insts.at[p->insts.len - 2] = c;
                p->insts.at[p->insts.len - 1] = term;
            }
            v->block = pre;
            ValueId term = vec_pop(&p->insts);
            vec_push(&p->insts, id);
            vec_push(&p->insts, term);
        }
        b->insts.len = n;
    }
}

static int by_number(const int *a, int n, int x) {
    int i = n;
    while (i > 0 && a[i - 1] > x) i--;
    return i;
}

void opt_licm(Opt *o) {
    IrFunc *f = o->f;
    opt_cfg(o);
    Licm ls = {.o = o, .f = f};
    Licm *l = &ls;
    l->mark = arena_array(&o->arena, int, o->nrpo + 1);
    l->body = arena_array(&o->arena, int, o->nrpo + 1);
    l->wanted = arena_array(&o->arena, bool, f->values.len);
    int *stack = arena_array(&o->arena, int, o->nrpo + 1);
    int nvals = f->values.len;
    for (int h = o->nrpo - 1; h >= 0; h--) {
        IrBlock *b = &f->blocks.at[o->rpo[h]];
        int sp = 0, outside = 0;
        BlockId pre = 0;
        bool head = false;
        l->nbody = 0;
        for (int k = 0; k < b->preds.len; k++) {
            BlockId pb = b->preds.at[k];
            int p = o->rpo_of[pb];
            if (p >= h && opt_dominates(o, b->id, pb)) {
                head = true;
                if (p != h && l->mark[p] != h + 1) {
                    l->mark[p] = h + 1;
                    stack[sp++] = p;
                }
            } else {
                outside++;
                pre = pb;
            }
        }
        if (!head || outside != 1 || b->id == f->recover_block || f->blocks.at[pre].nsucc != 1) continue;
        l->mark[h] = h + 1;
        l->body[l->nbody++] = h;
        while (sp) {
            int x = stack[--sp], at = by_number(l->body, l->nbody, x);
            memmove(l->body + at + 1, l->body + at, sizeof(int) * (size_t)(l->nbody - at));
            l->body[at] = x;
            l->nbody++;
            IrBlock *xb = &f->blocks.at[o->rpo[x]];
            for (int k = 0; k < xb->preds.len; k++) {
                int p = o->rpo_of[xb->preds.at[k]];
                if (p < 0 || l->mark[p] == h + 1) continue;
                l->mark[p] = h + 1;
                stack[sp++] = p;
            }
        }
        if (l->nbody > 400) continue;
        if (f->values.len != nvals) { /* constants were copied */
            bool *w = arena_array(&o->arena, bool, f->values.len);
            memcpy(w, l->wanted, sizeof(bool) * (size_t)nvals);
            l->wanted = w;
            nvals = f->values.len;
        }
        hoist(l, h, pre);
    }
}
