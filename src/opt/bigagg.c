/* bigagg: large aggregates are copied in memory instead of passing through the frame. A store of what was put
 * together from parts becomes stores of the parts; a load that is only stored becomes a MOVE at the store, when
 * nothing between could change what it reads. */
#include "opt/opt_int.h"

enum { LARGE = 3 }; /* slots; up to here one instruction loads or stores */

typedef struct Big { Opt *o; IrFunc *f; uint32_t *uses; uint32_t *at; } Big;

static IrValue *object_of(Big *g, ValueId p) {
    for (int hops = 0; hops < 8; hops++) {
        IrValue *v = ir_val(g->f, p);
        if (v->op != IR_FIELDADDR && v->op != IR_ARRADDR) return v;
        p = v->args[0];
    }
    return ir_val(g->f, p);
}

static bool is_object(int op) { return op == IR_LOCALADDR || op == IR_SYMADDR || op == IR_NEW; }

static bool distinct(IrValue *a, IrValue *b) {
    if (a == b || !is_object(a->op) || !is_object(b->op)) return false;
    if (a->op != b->op) return true;
    if (a->op == IR_SYMADDR) return a->aux.sym != b->aux.sym;
    if (a->op == IR_LOCALADDR) return a->aux.var != b->aux.var;
    return true; /* two allocations */
}

/* May instruction v change what is read through src? */
static bool disturbs(Big *g, IrValue *v, ValueId src) {
    unsigned e = ir_op_info[v->op].effects;
    if (!(e & (EFF_WRITE | EFF_CALL | EFF_CONTROL))) return false;
    switch (v->op) {
    case IR_STORE: case IR_MOVE: case IR_ZEROMEM: return !distinct(object_of(g, v->args[0]), object_of(g, src));
    case IR_LOCALSET: case IR_LOCALZERO: {
        IrValue *b = object_of(g, src);
        return !(b->op == IR_SYMADDR || b->op == IR_NEW || (b->op == IR_LOCALADDR && b->aux.var != v->aux.var));
    }
    default: return true;
    }
}

static ValueId address(Big *g, BlockId b, ValueId p, int64_t off, IrValue like, ValueId *out, int *n) {
    if (!off) return p;
    IrFunc *f = g->f;
    ValueId id = ir_value_new(f, b, IR_FIELDADDR, ir_val(f, p)->type, like.pos, 1, &p);
    f->blocks.at[b].insts.len--;
    IrValue *v = ir_val(f, id);
    v->aux2 = off;
    v->inl = like.inl;
    v->flags = like.flags & IRF_NONNIL;
    out[(*n)++] = id;
    return id;
}

static void block(Big *g, BlockId bid) {
    IrFunc *f = g->f;
    int count = f->blocks.at[bid].insts.len, total = count;
    bool any = false;
    for (int k = 0; k < count; k++) {
        IrValue *v = ir_val(f, f->blocks.at[bid].insts.at[k]);
        g->at[f->blocks.at[bid].insts.at[k]] = (uint32_t)k + 1;
        if (v->op != IR_STORE) continue;
        IrValue *x = ir_val(f, v->args[1]);
        if (x->type->nslots <= LARGE || x->type->rep != REP_AGG) continue;
        if (x->op == IR_AGGMAKE || x->op == IR_LOAD) any = true;
        total += 2 + (x->op == IR_AGGMAKE ? (int)x->nargs * 3 : 0);
    }
    if (!any) return;
    ValueId *in = arena_memdup(&g->o->arena, f->blocks.at[bid].insts.at, sizeof(ValueId) * (size_t)count);
    ValueId *out = arena_array(f->arena, ValueId, total + 8);
    int n = 0;
    for (int k = 0; k < count; k++) {
        ValueId id = in[k];
        IrValue v = *ir_val(f, id);
        if (v.op != IR_STORE || ir_val(f, v.args[1])->type->rep != REP_AGG || ir_val(f, v.args[1])->type->nslots <= LARGE) {
            out[n++] = id;
            continue;
        }
        ValueId p = v.args[0], xs[64];
        int64_t offs[64];
        uint32_t np = 1;
        IrValue x = *ir_val(f, v.args[1]);
        xs[0] = v.args[1];
        offs[0] = v.aux2;
        if (x.op == IR_AGGMAKE && x.nargs <= 64 && x.nargs > 0 && g->uses[v.args[1]] == 1) {
            uint64_t bytes = 0;
            for (uint32_t i = 0; i < x.nargs; i++) {
                xs[i] = x.args[i];
                offs[i] = v.aux2 + ((int64_t *)x.aux.p)[i];
                bytes += ir_val(f, x.args[i])->type->size;
            }
            if (bytes < x.type->size && x.type->nslots <= 64) { /* gaps: as before */
                out[n++] = id;
                continue;
            }
            np = x.nargs;
            if (bytes < x.type->size) {
                ValueId q = address(g, bid, p, v.aux2, v, out, &n);
                ValueId z = ir_value_new(f, bid, IR_ZEROMEM, &opt_none, v.pos, 1, &q);
                f->blocks.at[bid].insts.len--;
                ir_val(f, z)->aux.t = x.type;
                ir_val(f, z)->inl = v.inl;
                out[n++] = z;
            }
        }
        for (uint32_t i = 0; i < np; i++) {
            IrValue part = *ir_val(f, xs[i]);
            if (!part.type->nslots) continue;
            bool move = part.op == IR_LOAD && part.type->nslots > LARGE && part.type->rep == REP_AGG && part.block == bid &&
                        g->at[xs[i]] && g->uses[xs[i]] == 1;
            for (int j = move ? (int)g->at[xs[i]] : k; move && j < k; j++)
                if (disturbs(g, ir_val(f, in[j]), part.args[0])) move = false;
            for (uint32_t j = 0; move && j < i; j++) /* parts stored before */
                if (!distinct(object_of(g, p), object_of(g, part.args[0]))) move = false;
            if (move && part.type->has_ptrs && !part.type->type && !part.type->desc) move = false;
            if (!move && np == 1 && xs[0] == v.args[1]) {
                out[n++] = id;
                break;
            }
            ValueId nv;
            if (move) {
                ValueId a[2];
                a[0] = address(g, bid, p, offs[i], v, out, &n);
                a[1] = address(g, bid, part.args[0], part.aux2, part, out, &n);
                nv = ir_value_new(f, bid, IR_MOVE, &opt_none, v.pos, 2, a);
                f->blocks.at[bid].insts.len--;
                for (int j = 0; j < n; j++)
                    if (out[j] == xs[i]) out[j] = 0; /* the load is gone */
            } else {
                ValueId a[2] = {p, xs[i]};
                nv = ir_value_new(f, bid, IR_STORE, &opt_none, v.pos, 2, a);
                f->blocks.at[bid].insts.len--;
                ir_val(f, nv)->aux2 = offs[i];
            }
            ir_val(f, nv)->aux.t = part.type;
            ir_val(f, nv)->flags = v.flags;
            ir_val(f, nv)->inl = v.inl;
            out[n++] = nv;
        }
    }
    int m = 0;
    for (int j = 0; j < n; j++)
        if (out[j]) out[m++] = out[j];
    IrBlock *b = &f->blocks.at[bid];
    b->insts.at = out;
    b->insts.len = m;
    b->insts.cap = total + 8;
    b->insts.arena = f->arena;
}

void opt_bigagg(Opt *o) {
    IrFunc *f = o->f;
    opt_cfg(o);
    Big gs = {.o = o, .f = f};
    gs.uses = arena_array(&o->arena, uint32_t, f->values.len);
    gs.at = arena_array(&o->arena, uint32_t, f->values.len);
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = ir_val(f, b->insts.at[k]);
            for (uint32_t a = 0; a < v->nargs; a++)
                if (v->args[a]) gs.uses[v->args[a]]++;
        }
        for (int e = 0; e < b->nsucc; e++)
            for (int a = 0; a < b->succ[e].nargs; a++) gs.uses[b->succ[e].args[a]]++;
    }
    for (int i = 0; i < o->nrpo; i++) block(&gs, o->rpo[i]);
}
