/* cfg: order, dominators, replacement of values, and the clean-up of control flow. */
#include "opt/opt_int.h"

/* ---- Replacement ----------------------------------------------------------------------------------- */

void opt_begin(Opt *o) {
    o->nrepl = o->f->values.len;
    o->repl = arena_array(&o->arena, ValueId, o->nrepl);
}

ValueId opt_resolve(Opt *o, ValueId v) {
    while (v < (ValueId)o->nrepl && o->repl[v]) v = o->repl[v];
    return v;
}

void opt_replace(Opt *o, ValueId old, ValueId with) {
    with = opt_resolve(o, with);
    if (with == old) return;
    o->repl[old] = with;
    o->changed = true;
}

void opt_apply(Opt *o) {
    IrFunc *f = o->f;
    for (int i = 0; i < f->blocks.len; i++) {
        IrBlock *b = &f->blocks.at[i];
        int n = 0;
        for (int k = 0; k < b->insts.len; k++) {
            ValueId id = b->insts.at[k];
            if (id < (ValueId)o->nrepl && o->repl[id]) continue;
            b->insts.at[n++] = id;
            IrValue *v = oval(o, id);
            for (uint32_t a = 0; a < v->nargs; a++)
                if (v->args[a]) v->args[a] = opt_resolve(o, v->args[a]);
        }
        b->insts.len = n;
        for (int k = 0; k < b->nsucc; k++)
            for (int a = 0; a < b->succ[k].nargs; a++) b->succ[k].args[a] = opt_resolve(o, b->succ[k].args[a]);
    }
}

/* ---- Order and dominators ---------------------------------------------------------------------------- */

static void visit(Opt *o, BlockId root, BlockId *post, int *npost, bool *seen) {
    IrFunc *f = o->f;
    struct Item { BlockId b; int next; } *st = arena_alloc(&o->arena, sizeof *st * (size_t)(f->blocks.len + 1));
    int sp = 0;
    if (seen[root]) return;
    seen[root] = true;
    st[sp++] = (struct Item){root, f->blocks.at[root].nsucc - 1};
    while (sp) {
        IrBlock *b = &f->blocks.at[st[sp - 1].b];
        if (st[sp - 1].next < 0) {
            post[(*npost)++] = b->id;
            sp--;
            continue;
        }
        BlockId to = b->succ[st[sp - 1].next--].to;
        if (seen[to]) continue;
        seen[to] = true;
        st[sp++] = (struct Item){to, f->blocks.at[to].nsucc - 1};
    }
}

/* ---- Dominators: semi-NCA (Georgiadis, Tarjan, Werneck: Finding dominators in practice, 2006) ---------------------- */

typedef struct Dom { /* nodes by their number in a depth-first search from block 0 */
    int *num;      /* of an index in rpo; -1: not seen yet */
    int *index;    /* the other way */
    int *parent, *semi, *label, *link; /* link: towards the root of the forest, -1: none */
    int n;
} Dom;

/* The node with the least semidominator on the way from v to the root of its tree. */
static int dom_eval(Dom *d, int v, int *stack) {
    if (d->link[v] < 0) return v;
    int n = 0;
    for (int x = v; d->link[d->link[x]] >= 0; x = d->link[x]) stack[n++] = x;
    while (n) {
        int x = stack[--n], up = d->link[x];
        if (d->semi[d->label[up]] < d->semi[d->label[x]]) d->label[x] = d->label[up];
        d->link[x] = d->link[up];
    }
    return d->label[v];
}

/* rec: index of the recover block, which is entered from outside, or -1: an edge from block 0 stands for that. */
static void dom_search(Opt *o, Dom *d, int rec) {
    struct Item { int at, next; } *st = arena_alloc(&o->arena, sizeof *st * (size_t)(o->nrpo + 1));
    int sp = 0;
    for (int i = 0; i < o->nrpo; i++) d->num[i] = -1;
    d->num[0] = d->index[0] = d->parent[0] = 0;
    d->n = 1;
    st[sp++] = (struct Item){0, 0};
    while (sp) {
        struct Item *it = &st[sp - 1];
        IrBlock *b = &o->f->blocks.at[o->rpo[it->at]];
        int to = it->next < b->nsucc ? o->rpo_of[b->succ[it->next].to] : -1, end = b->nsucc;
        if (it->at == 0 && rec >= 0 && it->next == end++) to = rec;
        if (it->next++ >= end) sp--;
        else if (to >= 0 && d->num[to] < 0) {
            d->parent[d->n] = d->num[it->at];
            d->index[d->n] = to;
            d->num[to] = d->n++;
            st[sp++] = (struct Item){to, 0};
        }
    }
}

static void dominators(Opt *o, int rec) {
    int n = o->nrpo;
    int *mem = arena_array(&o->arena, int, 8 * (n + 1));
    Dom d = {mem, mem + n, mem + 2 * n, mem + 3 * n, mem + 4 * n, mem + 5 * n, 0};
    int *stack = mem + 6 * n, *idom = mem + 7 * n;
    dom_search(o, &d, rec);
    check(d.n == n);
    for (int i = 0; i < n; i++) {
        d.semi[i] = d.label[i] = i;
        d.link[i] = -1;
    }
    for (int w = n - 1; w > 0; w--) {
        IrBlock *b = &o->f->blocks.at[o->rpo[d.index[w]]];
        if (d.index[w] == rec) d.semi[w] = 0;
        for (int k = 0; k < b->preds.len; k++) {
            int p = o->rpo_of[b->preds.at[k]];
            if (p < 0) continue;
            int u = dom_eval(&d, d.num[p], stack);
            if (d.semi[u] < d.semi[w]) d.semi[w] = d.semi[u];
        }
        d.link[w] = d.parent[w];
    }
    o->idom[0] = 0;
    for (int w = 1; w < n; w++) {
        idom[w] = d.parent[w];
        while (idom[w] > d.semi[w]) idom[w] = idom[idom[w]];
        o->idom[d.index[w]] = d.index[idom[w]];
    }
}

/* ---- Order ------------------------------------------------------------------------------------------------------- */

bool *opt_rpo(Opt *o) {
    IrFunc *f = o->f;
    int n = f->blocks.len, npost = 0;
    BlockId *post = arena_array(&o->arena, BlockId, n + 1);
    bool *seen = arena_array(&o->arena, bool, n + 1);
    if (f->recover_block) visit(o, f->recover_block, post, &npost, seen);
    visit(o, 0, post, &npost, seen);
    o->rpo = arena_array(&o->arena, BlockId, n + 1);
    o->rpo_of = arena_array(&o->arena, int, n + 1);
    o->nrpo = npost;
    for (int i = 0; i < n; i++) o->rpo_of[i] = -1;
    for (int i = 0; i < npost; i++) {
        o->rpo[i] = post[npost - 1 - i];
        o->rpo_of[o->rpo[i]] = i;
    }
    return seen;
}

void opt_cfg(Opt *o) {
    IrFunc *f = o->f;
    bool *seen = opt_rpo(o);
    int n = f->blocks.len;
    o->idom = arena_array(&o->arena, int, n + 1);
    for (int i = 0; i < n; i++) { /* unreachable blocks lose their edges, so that they are nobody's predecessor */
        IrBlock *b = &f->blocks.at[i];
        if (seen[i] || (b->insts.len == 1 && !b->params.len && oval(o, b->insts.at[0])->op == IR_UNREACHABLE)) continue;
        ValueId last = vec_last(&b->insts);
        b->nsucc = 0;
        b->insts.len = 0;
        b->params.len = 0;
        IrValue *v = oval(o, last);
        v->op = IR_UNREACHABLE;
        v->nargs = 0;
        vec_push(&b->insts, last);
    }
    ir_compute_preds(f);
    dominators(o, f->recover_block ? o->rpo_of[f->recover_block] : -1);
}

bool opt_dominates(Opt *o, BlockId a, BlockId b) {
    int x = o->rpo_of[a], y = o->rpo_of[b];
    while (y > x) y = o->idom[y];
    return x == y;
}

/* Natural loops: the blocks that reach a back-edge without passing its head. */
void opt_loops(Opt *o) {
    IrFunc *f = o->f;
    o->depth = arena_array(&o->arena, int, o->nrpo + 1);
    int *mark = arena_array(&o->arena, int, o->nrpo + 1);
    int *stack = arena_array(&o->arena, int, o->nrpo + 1);
    for (int h = 0; h < o->nrpo; h++) {
        IrBlock *b = &f->blocks.at[o->rpo[h]];
        int sp = 0;
        bool head = false;
        for (int k = 0; k < b->preds.len; k++) {
            int p = o->rpo_of[b->preds.at[k]];
            if (p < h || !opt_dominates(o, b->id, b->preds.at[k])) continue;
            head = true;
            if (p != h && mark[p] != h + 1) {
                mark[p] = h + 1;
                stack[sp++] = p;
            }
        }
        if (!head) continue;
        o->depth[h]++;
        mark[h] = h + 1;
        while (sp) {
            int x = stack[--sp];
            o->depth[x]++;
            IrBlock *xb = &f->blocks.at[o->rpo[x]];
            for (int k = 0; k < xb->preds.len; k++) {
                int p = o->rpo_of[xb->preds.at[k]];
                if (p < 0 || mark[p] == h + 1) continue;
                mark[p] = h + 1;
                stack[sp++] = p;
            }
        }
    }
}

/* ---- Clean-up ------------------------------------------------------------------------------------------ */

static bool same_args(IrEdge *a, IrEdge *b) {
    if (a->nargs != b->nargs) return false;
    for (int i = 0; i < a->nargs; i++)
        if (a->args[i] != b->args[i]) return false;
    return true;
}

static void to_jump(Opt *o, IrBlock *b, int k) {
    IrValue *t = oval(o, vec_last(&b->insts));
    t->op = IR_JUMP;
    t->nargs = 0;
    b->succ[0] = b->succ[k];
    b->nsucc = 1;
    o->changed = true;
}

static void fold_branch(Opt *o, IrBlock *b) {
    IrValue *t = oval(o, vec_last(&b->insts));
    int64_t c;
    if (t->op == IR_BR) {
        IrValue *cv = oval(o, t->args[0]);
        if (opt_const_int(o, t->args[0], &c)) to_jump(o, b, c ? 0 : 1);
        else if (b->succ[0].to == b->succ[1].to && same_args(&b->succ[0], &b->succ[1])) to_jump(o, b, 0);
        else if (cv->op == IR_NOT) {
            t->args[0] = cv->args[0];
            IrEdge e = b->succ[0];
            b->succ[0] = b->succ[1];
            b->succ[1] = e;
            o->changed = true;
        }
    } else if (t->op == IR_SWITCH && opt_const_int(o, t->args[0], &c)) {
        int k = 0;
        while (k < t->aux2 && ((int64_t *)t->aux.p)[k] != c) k++;
        to_jump(o, b, k);
    }
}

/* Edges to a block that only jumps on lead to its target. */
static void thread(Opt *o, IrBlock *b) {
    IrFunc *f = o->f;
    for (int k = 0; k < b->nsucc; k++) {
        for (int hops = 0; hops < 8; hops++) {
            IrBlock *e = &f->blocks.at[b->succ[k].to];
            if (e->params.len || e->insts.len != 1 || e->nsucc != 1 || e->succ[0].to == e->id || e->id == 0) break;
            if (oval(o, e->insts.at[0])->op != IR_JUMP) break;
            IrEdge *x = &e->succ[0];
            b->succ[k].to = x->to;
            b->succ[k].nargs = x->nargs;
            b->succ[k].args = x->nargs ? arena_memdup(f->arena, x->args, sizeof(ValueId) * (size_t)x->nargs) : NULL;
            o->changed = true;
        }
    }
}

/* Appends a block to its only predecessor. */
static void merge(Opt *o, IrBlock *b) {
    IrFunc *f = o->f;
    while (b->nsucc == 1) {
        IrBlock *s = &f->blocks.at[b->succ[0].to];
        if (s == b || !s->id || s->id == f->recover_block || s->preds.len != 1) return;
        if (oval(o, vec_last(&b->insts))->op != IR_JUMP) return;
        for (int i = 0; i < s->params.len; i++) opt_replace(o, s->params.at[i], b->succ[0].args[i]);
        b->insts.len--;
        for (int i = 0; i < s->insts.len; i++) {
            oval(o, s->insts.at[i])->block = b->id;
            vec_push(&b->insts, s->insts.at[i]);
        }
        b->succ = s->succ;
        b->nsucc = s->nsucc;
        for (int k = 0; k < b->nsucc; k++) {
            IrBlock *t = &f->blocks.at[b->succ[k].to];
            for (int i = 0; i < t->preds.len; i++)
                if (t->preds.at[i] == s->id) t->preds.at[i] = b->id;
        }
        s->nsucc = 0;
        s->succ = NULL;
        s->params.len = s->insts.len = s->preds.len = 0;
        s->insts.arena = f->arena;
        ValueId u = ir_value_new(f, s->id, IR_UNREACHABLE, oval(o, vec_last(&b->insts))->type, 0, 0, NULL);
        if (!s->insts.len) vec_push(&s->insts, u);
        o->changed = true;
    }
}

/* Block parameters that always get the same value. */
static void trivial_params(Opt *o) {
    IrFunc *f = o->f;
    for (bool again = true; again;) {
        again = false;
        for (int i = 1; i < o->nrpo; i++) {
            IrBlock *b = &f->blocks.at[o->rpo[i]];
            if (!b->params.len || b->id == f->recover_block) continue;
            for (int p = 0; p < b->params.len; p++) {
                ValueId self = b->params.at[p], same = 0;
                bool ok = true;
                for (int k = 0; k < b->preds.len && ok; k++) {
                    IrBlock *pb = &f->blocks.at[b->preds.at[k]];
                    for (int e = 0; e < pb->nsucc; e++) {
                        if (pb->succ[e].to != b->id) continue;
                        ValueId a = opt_resolve(o, pb->succ[e].args[p]);
                        if (a == self || a == same) continue;
                        if (same) ok = false;
                        same = a;
                    }
                }
                if (!ok || !same) continue;
                opt_replace(o, self, same);
                for (int k = 0; k < b->preds.len; k++) {
                    IrBlock *pb = &f->blocks.at[b->preds.at[k]];
                    bool dup = false; /* a predecessor may be listed once for each of its edges */
                    for (int q = 0; q < k; q++) dup |= b->preds.at[q] == pb->id;
                    for (int e = 0; e < pb->nsucc && !dup; e++) {
                        if (pb->succ[e].to != b->id) continue;
                        IrEdge *ed = &pb->succ[e];
                        for (int a = p; a + 1 < ed->nargs; a++) ed->args[a] = ed->args[a + 1];
                        ed->nargs--;
                    }
                }
                for (int a = p; a + 1 < b->params.len; a++) b->params.at[a] = b->params.at[a + 1];
                b->params.len--;
                p--;
                again = true;
            }
        }
    }
}

void opt_cleanup(Opt *o) {
    IrFunc *f = o->f;
    for (int round = 0; round < 6; round++) {
        o->changed = false;
        opt_begin(o);
        for (int i = 0; i < f->blocks.len; i++) fold_branch(o, &f->blocks.at[i]);
        for (int i = 0; i < f->blocks.len; i++) thread(o, &f->blocks.at[i]);
        opt_cfg(o);
        trivial_params(o);
        for (int i = 0; i < o->nrpo; i++) merge(o, &f->blocks.at[o->rpo[i]]);
        opt_apply(o);
        opt_cfg(o);
        if (!o->changed) break;
    }
}
