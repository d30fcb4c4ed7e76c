/* thread: jump threading. A block that only looks at a parameter and branches, as inlined predicates and
 * `if err != nil` leave it, is jumped over from predecessors that pass a value which decides the branch:
 *
 *     p: JUMP -> s(1)   s(v): BR v -> t, f        p: JUMP -> t
 *
 * The value may have other uses. Those in blocks that only t leads to get a parameter of t instead, those that only f
 * leads to stay. Loop heads are left alone: jumping past one would give its loop two entries. */
#include "opt/opt_int.h"

typedef enum Known { KNOWN_NOT, KNOWN_VALUE, KNOWN_NONZERO } Known;

static int param_index(IrBlock *s, ValueId v) {
    for (int i = 0; i < s->params.len; i++)
        if (s->params.at[i] == v) return i;
    return -1;
}

/* v as it is when s is entered along e. */
static ValueId along(IrBlock *s, const IrEdge *e, ValueId v) {
    int i = param_index(s, v);
    return i < 0 ? v : e->args[i];
}

static Known known(Opt *o, IrBlock *s, const IrEdge *e, ValueId id, int64_t *x) {
    IrValue *v = oval(o, along(s, e, id));
    if (v->nargs && v->block != s->id) return KNOWN_NOT;
    switch (v->op) {
    case IR_CONST: *x = v->aux.i; return KNOWN_VALUE;
    case IR_ZERO:
        *x = 0;
        return v->type->rep == REP_INT || v->type->rep == REP_PTR ? KNOWN_VALUE : KNOWN_NOT;
    case IR_SYMADDR: case IR_LOCALADDR: case IR_NEW: return KNOWN_NONZERO;
    case IR_IFACETAB: case IR_IFACETYPE: case IR_STRLEN: case IR_SLICELEN: case IR_SLICEPTR: {
        IrValue *w = oval(o, along(s, e, v->args[0]));
        if (w->op == IR_ZERO) {
            *x = 0;
            return KNOWN_VALUE;
        }
        return w->op == IR_IFACEMAKE && v->op == IR_IFACETAB ? known(o, s, e, w->args[0], x) : KNOWN_NOT;
    }
    case IR_NOT:
        if (known(o, s, e, v->args[0], x) != KNOWN_VALUE) return KNOWN_NOT;
        *x = !*x;
        return KNOWN_VALUE;
    case IR_EQ: case IR_NE: {
        uint8_t rep = oval(o, v->args[0])->type->rep;
        if (rep != REP_INT && rep != REP_PTR) return KNOWN_NOT;
        int64_t a = 0, b = 0;
        Known ka = known(o, s, e, v->args[0], &a), kb = known(o, s, e, v->args[1], &b);
        bool equal;
        if (ka == KNOWN_VALUE && kb == KNOWN_VALUE) equal = a == b;
        else if (ka == KNOWN_NONZERO && kb == KNOWN_VALUE && !b) equal = false;
        else if (kb == KNOWN_NONZERO && ka == KNOWN_VALUE && !a) equal = false;
        else return KNOWN_NOT;
        *x = equal == (v->op == IR_EQ);
        return KNOWN_VALUE;
    }
    default: return KNOWN_NOT;
    }
}

/* Nothing in s but what its branch looks at. */
static bool is_test(Opt *o, IrBlock *s) {
    if (!s->params.len || s->id == o->f->recover_block || s->insts.len > 5) return false;
    if (oval(o, vec_last(&s->insts))->op != IR_BR) return false;
    for (int i = 0; i + 1 < s->insts.len; i++)
        switch (oval(o, s->insts.at[i])->op) {
        case IR_CONST: case IR_ZERO: case IR_IFACETAB: case IR_STRLEN: case IR_SLICELEN: case IR_SLICEPTR:
        case IR_NOT: case IR_EQ: case IR_NE: break;
        default: return false;
        }
    for (int k = 0; k < s->preds.len; k++)
        if (opt_dominates(o, s->id, s->preds.at[k])) return false;
    return true;
}

typedef struct Uses {
    Opt *o;
    IrBlock *s;
    BlockId t, f;
    bool sole_t, sole_f; /* s is the only way there */
    bool ok, rename;     /* rename: t's side uses parameters of s */
    ValueId *with;       /* per parameter of s: what t's side uses; NULL: only look */
} Uses;

static void use(Uses *u, BlockId b, ValueId *arg) {
    IrValue *v = oval(u->o, *arg);
    if (v->block != u->s->id || b == u->s->id) return;
    int i = param_index(u->s, *arg);
    bool on_t = u->sole_t && opt_dominates(u->o, u->t, b);
    if (u->with) {
        if (on_t && i >= 0) *arg = u->with[i];
    } else if (i >= 0 && on_t) u->rename = true;
    else if (i < 0 || !u->sole_f || !opt_dominates(u->o, u->f, b)) u->ok = false;
}

static void each_use(Uses *u) {
    Opt *o = u->o;
    for (int i = 0; i < o->nrpo && u->ok; i++) {
        IrBlock *b = &o->f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = oval(o, b->insts.at[k]);
            for (uint32_t a = 0; a < v->nargs; a++)
                if (v->args[a]) use(u, b->id, &v->args[a]);
        }
        for (int k = 0; k < b->nsucc; k++)
            for (int a = 0; a < b->succ[k].nargs; a++) use(u, b->id, &b->succ[k].args[a]);
    }
}

static bool only_pred(IrFunc *f, BlockId t, BlockId s) {
    IrBlock *b = &f->blocks.at[t];
    return b->preds.len == 1 && b->preds.at[0] == s && t != f->recover_block;
}

static void add_arg(IrFunc *f, IrEdge *e, ValueId v) {
    ValueId *args = arena_array(f->arena, ValueId, e->nargs + 1);
    if (e->nargs) memcpy(args, e->args, sizeof(ValueId) * (size_t)e->nargs);
    args[e->nargs++] = v;
    e->args = args;
}

/* All edges into s that decide for its successor d go there. */
static bool thread_to(Opt *o, IrBlock *s, int d) {
    IrFunc *f = o->f;
    BlockId t = s->succ[d].to, other = s->succ[1 - d].to;
    if (t == other || t == s->id || other == s->id) return false;
    for (int a = 0; a < s->succ[d].nargs; a++) /* a constant made in s cannot be passed from elsewhere */
        if (oval(o, s->succ[d].args[a])->block == s->id && param_index(s, s->succ[d].args[a]) < 0) return false;
    ValueId cond = oval(o, vec_last(&s->insts))->args[0];
    bool some = false;
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < s->preds.len; k++) {
            IrBlock *p = &f->blocks.at[s->preds.at[k]];
            for (int j = 0; j < p->nsucc; j++) {
                IrEdge *e = &p->succ[j];
                int64_t x;
                if (e->to != s->id || known(o, s, e, cond, &x) != KNOWN_VALUE || (int)!x != d) continue;
                some = true;
                if (!pass) continue;
                IrEdge to = {.to = t};
                for (int a = 0; a < s->succ[d].nargs; a++) add_arg(f, &to, along(s, e, s->succ[d].args[a]));
                *e = to;
            }
        }
        if (!some || pass) break;
        Uses u = {.o = o, .s = s, .t = t, .f = other, .ok = true};
        u.sole_t = only_pred(f, t, s->id);
        u.sole_f = only_pred(f, other, s->id);
        each_use(&u);
        if (!u.ok) return false;
        if (!u.rename) continue;
        u.with = arena_array(&o->arena, ValueId, s->params.len);
        for (int i = 0; i < s->params.len; i++) {
            u.with[i] = ir_block_param(f, t, oval(o, s->params.at[i])->type);
            add_arg(f, &s->succ[d], s->params.at[i]);
        }
        each_use(&u);
    }
    return some;
}

void opt_thread(Opt *o) {
    IrFunc *f = o->f;
    enum { MAX_BLOCKS = 3000, MAX_DONE = 200 }; /* each costs a pass over the function */
    opt_begin(o);
    opt_cfg(o);
    if (o->nrpo > MAX_BLOCKS) return;
    int done = 0;
    for (int i = 0; i < f->blocks.len && done < MAX_DONE; i++) {
        IrBlock *s = &f->blocks.at[i];
        for (int d = 0; d < 2; d++) {
            if (o->rpo_of[i] < 0 || !is_test(o, s) || !thread_to(o, s, d)) continue;
            done++;
            opt_cfg(o);
        }
    }
}
