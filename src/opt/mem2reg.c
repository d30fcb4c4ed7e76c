/* mem2reg: local variables whose address is never taken become values.
 *
 * A variable of struct type is first split into pieces, the leaves of its type, when every access covers whole
 * pieces; each piece is then a variable of its own. Block parameters are placed on the iterated dominance
 * frontier of a piece's stores where the piece is live, and filled by a walk over the dominator tree. */
#include "opt/opt_int.h"

#include "types/types.h"

enum { MAX_PIECES = 16 };

typedef struct Piece { int64_t off; const IrType *type; } Piece;
typedef struct VarInfo {
    IrVar *var;
    bool ok, whole; /* whole: one piece, every access takes all of it */
    int first, n;   /* its pieces in State.pieces */
} VarInfo;

typedef struct State {
    Opt *o;
    IrFunc *f;
    VarInfo *vars;  /* by var id */
    VEC(Piece) pieces;
    int nwords;
    uint64_t **use, **def, **in;  /* per rpo number: upward exposed, set, live at entry */
    VEC(int) *df;                 /* dominance frontier per rpo number */
    struct { VEC(int) at; } *params; /* per rpo number: pieces that got a parameter */
    ValueId *cur;                 /* per piece, during the walk */
    VEC(struct Undo { int piece; ValueId old; }) undo;
} State;

static bool flatten(State *s, Type *t, int64_t off, int *budget) {
    Type *u = type_underlying(t);
    const IrType *r = irtype_of(s->f->unit, t);
    if (!r->size) return true;
    if (u->kind == TYPE_STRUCT) {
        StructType *st = (StructType *)u;
        for (int i = 0; i < st->fields.len; i++)
            if (!flatten(s, object_type(st->fields.at[i]), off + struct_field_offset(st, i), budget)) return false;
        return true;
    }
    if (u->kind == TYPE_ARRAY && ((ArrayType *)u)->len == 1) return flatten(s, ((ArrayType *)u)->elem, off, budget);
    if (--*budget < 0) return false;
    vec_push(&s->pieces, ((Piece){off, r}));
    return true;
}

static bool pieces_of(State *s, Type *t, int *budget) {
    TypeSession *ts = s->f->unit->ts;
    pthread_mutex_lock(&ts->lock);
    bool ok = flatten(s, t, 0, budget);
    pthread_mutex_unlock(&ts->lock);
    return ok;
}

static const IrType *access_type(State *s, IrValue *v) {
    return v->op == IR_LOCALSET ? ir_val(s->f, v->args[0])->type : v->type;
}

/* The pieces [*from, *to) that an access covers; false when it cuts one. */
static bool covered(State *s, VarInfo *vi, int64_t off, uint64_t size, int *from, int *to) {
    int i = vi->first, end = vi->first + vi->n;
    while (i < end && s->pieces.at[i].off < off) i++;
    *from = i;
    while (i < end && s->pieces.at[i].off < off + (int64_t)size) i++;
    *to = i;
    if (*from > vi->first) {
        Piece *p = &s->pieces.at[*from - 1];
        if (p->off + (int64_t)p->type->size > off) return false;
    }
    if (*to > *from) {
        Piece *p = &s->pieces.at[*to - 1];
        if (p->off + (int64_t)p->type->size > off + (int64_t)size) return false;
    }
    return *to > *from;
}

static bool same_rep(const IrType *a, const IrType *b) {
    return a->rep == b->rep && a->nslots == b->nslots && a->size == b->size &&
           (a->rep != REP_INT || a->is_signed == b->is_signed);
}

static void find_candidates(State *s) {
    IrFunc *f = s->f;
    Opt *o = s->o;
    uint32_t maxid = 0;
    for (int i = 0; i < f->vars.len; i++)
        if (f->vars.at[i]->id > maxid) maxid = f->vars.at[i]->id;
    s->vars = arena_array(&o->arena, VarInfo, maxid + 1);
    for (int i = 0; i < f->vars.len; i++) {
        IrVar *var = f->vars.at[i];
        VarInfo *vi = &s->vars[var->id];
        vi->var = var;
        if (!var->pinned) var->addressed = false;
        vi->ok = !var->pinned && !(var->result >= 0 && f->has_defer) && var->type->nslots > 0;
        vi->whole = true;
    }
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = ir_val(f, b->insts.at[k]);
            if (v->op == IR_LOCALADDR) {
                s->vars[v->aux.var->id].ok = false;
                v->aux.var->addressed = true;
            }
            if (v->op != IR_LOCALGET && v->op != IR_LOCALSET) continue;
            VarInfo *vi = &s->vars[v->aux.var->id];
            const IrType *t = access_type(s, v);
            if (v->aux2 || !same_rep(t, vi->var->type)) vi->whole = false;
        }
    }
    for (int i = 0; i < f->vars.len; i++) {
        VarInfo *vi = &s->vars[f->vars.at[i]->id];
        if (!vi->ok) continue;
        vi->first = s->pieces.len;
        const IrType *t = vi->var->type;
        int budget = MAX_PIECES;
        if (vi->whole) vec_push(&s->pieces, ((Piece){0, t}));
        else if (t->rep != REP_AGG || !t->type || !pieces_of(s, t->type, &budget)) {
            s->pieces.len = vi->first;
            vi->ok = false;
        }
        vi->n = s->pieces.len - vi->first;
        if (!vi->n) vi->ok = false;
    }
    for (int i = 0; i < o->nrpo; i++) { /* accesses must fit the pieces */
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = ir_val(f, b->insts.at[k]);
            if (v->op != IR_LOCALGET && v->op != IR_LOCALSET) continue;
            VarInfo *vi = &s->vars[v->aux.var->id];
            const IrType *t = access_type(s, v);
            int from, to;
            if (!vi->ok || vi->whole || !t->nslots) continue;
            if (!covered(s, vi, v->aux2, t->size, &from, &to)) vi->ok = false;
            else if (t->rep != REP_AGG && (to - from > 1 || !same_rep(t, s->pieces.at[from].type))) vi->ok = false;
        }
    }
}

static inline bool bit(const uint64_t *w, int i) { return w[i / 64] >> (i % 64) & 1; }
static inline void bit_set(uint64_t *w, int i) { w[i / 64] |= 1ull << (i % 64); }

/* The pieces an instruction touches; false when it is no access of a candidate. */
static bool touched(State *s, IrValue *v, int *from, int *to) {
    if (v->op != IR_LOCALGET && v->op != IR_LOCALSET && v->op != IR_LOCALZERO) return false;
    VarInfo *vi = &s->vars[v->aux.var->id];
    if (!vi->ok) return false;
    if (v->op == IR_LOCALZERO || vi->whole) {
        *from = vi->first;
        *to = vi->first + vi->n;
        return true;
    }
    const IrType *t = access_type(s, v);
    if (!t->nslots) {
        *from = *to = vi->first;
        return true;
    }
    return covered(s, vi, v->aux2, t->size, from, to);
}

static void liveness(State *s) {
    Opt *o = s->o;
    IrFunc *f = s->f;
    s->nwords = s->pieces.len / 64 + 1;
    size_t bytes = (size_t)s->nwords * 8;
    s->use = arena_array(&o->arena, uint64_t *, o->nrpo);
    s->def = arena_array(&o->arena, uint64_t *, o->nrpo);
    s->in = arena_array(&o->arena, uint64_t *, o->nrpo);
    for (int i = 0; i < o->nrpo; i++) {
        s->use[i] = arena_alloc(&o->arena, bytes);
        s->def[i] = arena_alloc(&o->arena, bytes);
        s->in[i] = arena_alloc(&o->arena, bytes);
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = ir_val(f, b->insts.at[k]);
            int from, to;
            if (!touched(s, v, &from, &to)) continue;
            for (int p = from; p < to; p++) {
                if (v->op == IR_LOCALGET) {
                    if (!bit(s->def[i], p)) bit_set(s->use[i], p);
                } else bit_set(s->def[i], p);
            }
        }
    }
    for (bool again = true; again;) {
        again = false;
        for (int i = o->nrpo - 1; i >= 0; i--) {
            IrBlock *b = &f->blocks.at[o->rpo[i]];
            for (int w = 0; w < s->nwords; w++) {
                uint64_t out = 0;
                for (int k = 0; k < b->nsucc; k++) out |= s->in[o->rpo_of[b->succ[k].to]][w];
                uint64_t in = s->use[i][w] | (out & ~s->def[i][w]);
                if (in != s->in[i][w]) {
                    s->in[i][w] = in;
                    again = true;
                }
            }
        }
    }
    if (f->recover_block) { /* entered with no values: what it reads stays a variable */
        uint64_t *in = s->in[o->rpo_of[f->recover_block]];
        for (int i = 0; i < f->vars.len; i++) {
            VarInfo *vi = &s->vars[f->vars.at[i]->id];
            for (int p = vi->first; vi->ok && p < vi->first + vi->n; p++)
                if (bit(in, p)) vi->ok = false;
        }
    }
}

static void frontiers(State *s) {
    Opt *o = s->o;
    s->df = arena_alloc(&o->arena, sizeof *s->df * (size_t)o->nrpo);
    for (int i = 0; i < o->nrpo; i++) s->df[i].arena = &o->arena;
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &s->f->blocks.at[o->rpo[i]];
        bool entry = b->id == s->f->recover_block && s->f->recover_block;
        if (b->preds.len < 2 && !entry) continue;
        for (int k = 0; k < b->preds.len; k++) {
            int r = o->rpo_of[b->preds.at[k]];
            while (r >= 0 && r != o->idom[i]) {
                if (!s->df[r].len || vec_last(&s->df[r]) != i) vec_push(&s->df[r], i);
                if (r == 0) break;
                r = o->idom[r];
            }
        }
    }
}

static void place_params(State *s) {
    Opt *o = s->o;
    IrFunc *f = s->f;
    s->params = arena_alloc(&o->arena, sizeof *s->params * (size_t)o->nrpo);
    for (int i = 0; i < o->nrpo; i++) s->params[i].at.arena = &o->arena;
    int *work = arena_array(&o->arena, int, o->nrpo + 1);
    int *queued = arena_array(&o->arena, int, o->nrpo), *placed = arena_array(&o->arena, int, o->nrpo);
    VEC(int) *sets = arena_alloc(&o->arena, sizeof *sets * (size_t)s->pieces.len); /* blocks that set each piece */
    for (int p = 0; p < s->pieces.len; p++) sets[p].arena = &o->arena;
    for (int i = 1; i < o->nrpo; i++)
        for (int w = 0; w < s->nwords; w++)
            for (uint64_t m = s->def[i][w]; m; m &= m - 1) vec_push(&sets[w * 64 + __builtin_ctzll(m)], i);
    for (int vi = 0; vi < f->vars.len; vi++) {
        VarInfo *v = &s->vars[f->vars.at[vi]->id];
        if (!v->ok) continue;
        for (int p = v->first; p < v->first + v->n; p++) {
            int n = 1;
            work[0] = 0;
            queued[0] = p + 1;
            for (int i = 0; i < sets[p].len; i++) {
                work[n++] = sets[p].at[i];
                queued[sets[p].at[i]] = p + 1;
            }
            while (n) {
                int b = work[--n];
                for (int k = 0; k < s->df[b].len; k++) {
                    int d = s->df[b].at[k];
                    if (placed[d] == p + 1 || !bit(s->in[d], p)) continue;
                    placed[d] = p + 1;
                    vec_push(&s->params[d].at, p);
                    if (queued[d] != p + 1) {
                        queued[d] = p + 1;
                        work[n++] = d;
                    }
                }
            }
        }
    }
}

static void set_cur(State *s, int piece, ValueId v) {
    vec_push(&s->undo, ((struct Undo){piece, s->cur[piece]}));
    s->cur[piece] = v;
}

/* Inserts a value before the instruction being rewritten: out is the block's new instruction list. */
typedef VEC(ValueId) Insts;
static ValueId insert(State *s, Insts *out, BlockId b, IrOp op, const IrType *t, Pos pos, int n, const ValueId *args) {
    IrFunc *f = s->f;
    ValueId id = ir_value_new(f, b, op, t, pos, n, args);
    IrBlock *bl = &f->blocks.at[b];
    if (bl->insts.len && vec_last(&bl->insts) == id) bl->insts.len--; /* ir_value_new appends */
    vec_push(out, id);
    return id;
}

static ValueId current(State *s, Insts *out, BlockId b, int piece, Pos pos) {
    if (!s->cur[piece]) { /* never set on this path: zero */
        ValueId z = insert(s, out, b, IR_ZERO, s->pieces.at[piece].type, pos, 0, NULL);
        set_cur(s, piece, z);
    }
    return s->cur[piece];
}

static void rewrite(State *s, ValueId id, Insts *out, BlockId b) {
    IrFunc *f = s->f;
    int from, to;
    IrValue v = *ir_val(f, id);
    if (!touched(s, &v, &from, &to)) {
        vec_push(out, id);
        return;
    }
    VarInfo *vi = &s->vars[v.aux.var->id];
    if (v.op == IR_LOCALZERO) {
        for (int p = from; p < to; p++)
            set_cur(s, p, insert(s, out, b, IR_ZERO, s->pieces.at[p].type, v.pos, 0, NULL));
        return;
    }
    const IrType *t = access_type(s, &v);
    bool single = vi->whole || (to - from == 1 && same_rep(t, s->pieces.at[from].type));
    if (v.op == IR_LOCALSET) {
        ValueId x = opt_resolve(s->o, v.args[0]);
        if (single) {
            set_cur(s, from, x);
            return;
        }
        for (int p = from; p < to; p++) {
            ValueId g = insert(s, out, b, IR_AGGGET, s->pieces.at[p].type, v.pos, 1, &x);
            ir_val(f, g)->aux2 = s->pieces.at[p].off - v.aux2;
            set_cur(s, p, g);
        }
        return;
    }
    if (single) {
        opt_replace(s->o, id, current(s, out, b, from, v.pos));
        return;
    }
    int n = to - from;
    ValueId args[MAX_PIECES];
    int64_t *offs = arena_array(f->arena, int64_t, n + 1);
    for (int p = from; p < to; p++) {
        args[p - from] = current(s, out, b, p, v.pos);
        offs[p - from] = s->pieces.at[p].off - v.aux2;
    }
    ValueId m = insert(s, out, b, n ? IR_AGGMAKE : IR_ZERO, v.type, v.pos, n, args);
    if (n) ir_val(f, m)->aux.p = offs;
    opt_replace(s->o, id, m);
}

static void rewrite_block(State *s, int i) {
    Opt *o = s->o;
    IrFunc *f = s->f;
    BlockId b = o->rpo[i];
    for (int k = 0; k < s->params[i].at.len; k++) {
        int p = s->params[i].at.at[k];
        ValueId v = ir_block_param(f, b, s->pieces.at[p].type);
        set_cur(s, p, v);
    }
    Insts out = {.arena = f->arena};
    vec_reserve(&out, f->blocks.at[b].insts.len + 4);
    if (i == 0) { /* variables that begin as parameters */
        for (int k = 0; k < f->vars.len; k++) {
            VarInfo *vi = &s->vars[f->vars.at[k]->id];
            if (!vi->ok || vi->var->param < 0) continue;
            ValueId p = insert(s, &out, b, IR_PARAM, vi->var->type, f->pos, 0, NULL);
            ir_val(f, p)->aux.i = vi->var->param;
            if (vi->whole) {
                set_cur(s, vi->first, p);
                continue;
            }
            for (int q = vi->first; q < vi->first + vi->n; q++) {
                ValueId g = insert(s, &out, b, IR_AGGGET, s->pieces.at[q].type, f->pos, 1, &p);
                ir_val(f, g)->aux2 = s->pieces.at[q].off;
                set_cur(s, q, g);
            }
        }
    }
    for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
        ValueId id = f->blocks.at[b].insts.at[k];
        if (k == f->blocks.at[b].insts.len - 1) { /* before the terminator: arguments of the edges */
            for (int e = 0; e < f->blocks.at[b].nsucc; e++) {
                int t = o->rpo_of[f->blocks.at[b].succ[e].to];
                int extra = s->params[t].at.len;
                if (!extra) continue;
                IrEdge *ed = &f->blocks.at[b].succ[e];
                ValueId *args = arena_array(f->arena, ValueId, ed->nargs + extra);
                if (ed->nargs) memcpy(args, ed->args, sizeof(ValueId) * (size_t)ed->nargs);
                for (int x = 0; x < extra; x++) args[ed->nargs + x] = current(s, &out, b, s->params[t].at.at[x], 0);
                ed = &f->blocks.at[b].succ[e];
                ed->args = args;
                ed->nargs += extra;
            }
        }
        rewrite(s, id, &out, b);
    }
    IrBlock *bl = &f->blocks.at[b];
    memcpy(&bl->insts, &out, sizeof out);
}

void opt_mem2reg(Opt *o) {
    State st = {.o = o, .f = o->f};
    State *s = &st;
    s->pieces.arena = &o->arena;
    s->undo.arena = &o->arena;
    opt_cfg(o);
    opt_begin(o);
    find_candidates(s);
    if (!s->pieces.len) return;
    liveness(s);
    frontiers(s);
    place_params(s);
    s->cur = arena_array(&o->arena, ValueId, s->pieces.len);
    /* children of the dominator tree, walked with an explicit stack */
    int *child = arena_array(&o->arena, int, o->nrpo), *sibling = arena_array(&o->arena, int, o->nrpo);
    for (int i = o->nrpo - 1; i > 0; i--) {
        sibling[i] = child[o->idom[i]];
        child[o->idom[i]] = i;
    }
    struct Frame { int block, undo, next; } *stack = arena_alloc(&o->arena, sizeof *stack * (size_t)(o->nrpo + 1));
    int sp = 0;
    stack[sp++] = (struct Frame){0, 0, child[0]};
    rewrite_block(s, 0);
    while (sp) {
        struct Frame *top = &stack[sp - 1];
        if (!top->next) {
            while (s->undo.len > top->undo) {
                struct Undo u = vec_pop(&s->undo);
                s->cur[u.piece] = u.old;
            }
            sp--;
            continue;
        }
        int c = top->next;
        top->next = sibling[c];
        stack[sp++] = (struct Frame){c, s->undo.len, child[c]};
        rewrite_block(s, c);
    }
    opt_apply(o);
}
