/* memopt: a load of what was just loaded or stored is that value. Known memory is followed through a block and
 * on into blocks with a single predecessor. A store through another pointer forgets everything that it could
 * overlap; calls forget all memory. */
#include "opt/opt_int.h"

enum { MAX_KNOWN = 24 };

typedef struct Known { ValueId base; int64_t off; const IrType *type; ValueId v; } Known;
typedef struct Table { Known at[MAX_KNOWN]; int n; bool done; } Table;
typedef struct Mem { Opt *o; IrFunc *f; Table **out; } Mem;

static bool same_rep(const IrType *a, const IrType *b) {
    return a->rep == b->rep && a->size == b->size && a->eface == b->eface &&
           (a->rep != REP_INT || (a->is_signed == b->is_signed && a->is_bool == b->is_bool));
}

/* Folds constant offsets into *off. */
static ValueId base_of(Mem *m, ValueId p, int64_t *off) {
    p = opt_resolve(m->o, p);
    for (int hops = 0; hops < 8; hops++) {
        IrValue *v = ir_val(m->f, p);
        if (v->op != IR_FIELDADDR) break;
        *off += v->aux2;
        p = opt_resolve(m->o, v->args[0]);
    }
    return p;
}

/* Bases of the same local or global come as several values; distinct ones never overlap. */
static bool same_object(IrValue *a, IrValue *b, int64_t *da, int64_t *db) {
    if (a->op != b->op) return false;
    if (a->op == IR_LOCALADDR && a->aux.var == b->aux.var) {
        *da += a->aux2;
        *db += b->aux2;
        return true;
    }
    if (a->op == IR_SYMADDR && a->aux.sym == b->aux.sym) {
        *da += a->aux2;
        *db += b->aux2;
        return true;
    }
    return false;
}

static bool is_object(int op) { return op == IR_LOCALADDR || op == IR_SYMADDR || op == IR_NEW || op == IR_CLOSURE; }

static bool may_overlap(Mem *m, const Known *k, ValueId base, int64_t off, uint64_t size) {
    int64_t a = k->off, b = off;
    IrValue *x = ir_val(m->f, k->base), *y = ir_val(m->f, base);
    if (k->base == base || same_object(x, y, &a, &b))
        return a < b + (int64_t)size && b < a + (int64_t)k->type->size;
    return !(is_object(x->op) && is_object(y->op));
}

static void forget(Mem *m, Table *t, ValueId base, int64_t off, uint64_t size) {
    int n = 0;
    for (int i = 0; i < t->n; i++)
        if (!may_overlap(m, &t->at[i], base, off, size)) t->at[n++] = t->at[i];
    t->n = n;
}

static void remember(Table *t, ValueId base, int64_t off, const IrType *type, ValueId v) {
    if (t->n == MAX_KNOWN) {
        memmove(t->at, t->at + 1, sizeof(Known) * (MAX_KNOWN - 1));
        t->n--;
    }
    t->at[t->n++] = (Known){base, off, type, v};
}

static void walk(Mem *m, Table *t, ValueId id) {
    IrValue *v = ir_val(m->f, id);
    unsigned e = ir_op_info[v->op].effects;
    int64_t off = v->aux2;
    switch (v->op) {
    case IR_LOAD: {
        if (!v->type->nslots || v->type->nslots > 3) return; /* large ones are moved in memory */
        ValueId b = base_of(m, v->args[0], &off);
        for (int i = t->n - 1; i >= 0; i--) {
            Known *k = &t->at[i];
            int64_t da = k->off, db = off;
            if (k->base != b && !same_object(ir_val(m->f, k->base), ir_val(m->f, b), &da, &db)) continue;
            if (da != db || !same_rep(k->type, v->type)) continue;
            opt_replace(m->o, id, k->v);
            return;
        }
        remember(t, b, off, v->type, id);
        return;
    }
    case IR_STORE: {
        const IrType *ty = v->aux.t ? v->aux.t : ir_val(m->f, v->args[1])->type;
        ValueId b = base_of(m, v->args[0], &off);
        forget(m, t, b, off, ty->size);
        ValueId x = opt_resolve(m->o, v->args[1]);
        const IrType *xt = ir_val(m->f, x)->type;
        if (ty->nslots && ty->nslots <= 3 && same_rep(ty, xt)) remember(t, b, off, ty, x);
        return;
    }
    case IR_LOCALSET: case IR_LOCALZERO: {
        int n = 0;
        for (int i = 0; i < t->n; i++) {
            IrValue *b = ir_val(m->f, t->at[i].base);
            if (b->op != IR_LOCALADDR || b->aux.var != v->aux.var) t->at[n++] = t->at[i];
        }
        t->n = n;
        /* an addressed variable may be reached through other pointers as well */
        if (v->aux.var->addressed) t->n = 0;
        return;
    }
    case IR_ZEROMEM: {
        ValueId b = base_of(m, v->args[0], &off);
        forget(m, t, b, off, v->aux.t->size);
        return;
    }
    case IR_MOVE: {
        int64_t o2 = 0;
        ValueId b = base_of(m, v->args[0], &o2);
        forget(m, t, b, o2, v->aux.t->size);
        return;
    }
    default:
        if (e & (EFF_WRITE | EFF_CALL | EFF_CONTROL)) t->n = 0;
        return;
    }
}

void opt_memopt(Opt *o) {
    IrFunc *f = o->f;
    opt_cfg(o);
    opt_begin(o);
    Mem ms = {.o = o, .f = f};
    Mem *m = &ms;
    m->out = arena_array(&o->arena, Table *, f->blocks.len);
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        Table *t = arena_new(&o->arena, Table);
        if (b->preds.len == 1 && b->id != f->recover_block && m->out[b->preds.at[0]]) *t = *m->out[b->preds.at[0]];
        for (int k = 0; k < b->insts.len; k++) walk(m, t, b->insts.at[k]);
        m->out[b->id] = t;
    }
    opt_apply(o);
}
