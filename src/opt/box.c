/* box: interfaces that are made of constants point to read-only data. Late, so that what was boxed only to be taken out
 * again has gone. */
#include "opt/opt_int.h"

enum { MAX_BOX = 128, MAX_BOX_SYMS = 8 };
typedef struct Static { uint8_t bytes[MAX_BOX]; Sym *syms[MAX_BOX_SYMS]; int64_t offs[MAX_BOX_SYMS]; int nsyms; } Static;

/* Lays constant v out at byte off; false when it is none. */
static bool lay_out(Opt *o, Static *s, ValueId id, int64_t off) {
    IrValue *v = oval(o, id);
    int64_t size = (int64_t)v->type->size;
    if (off + size > MAX_BOX) return false;
    switch (v->op) {
    case IR_ZERO: return true;
    case IR_CONST:
        if (v->type->rep != REP_INT) return !v->aux.i;
        memcpy(s->bytes + off, &v->aux.i, (size_t)size);
        return true;
    case IR_FCONST:
        if (v->type->rep == REP_F32) memcpy(s->bytes + off, &(float){(float)v->aux.f}, 4);
        else memcpy(s->bytes + off, &v->aux.f, 8);
        return true;
    case IR_STRCONST:
        memcpy(s->bytes + off + 8, &v->aux2, 8);
        if (!v->aux2 || !v->aux.sym) return true;
        if (s->nsyms == MAX_BOX_SYMS) return false;
        s->offs[s->nsyms] = off;
        s->syms[s->nsyms++] = v->aux.sym;
        return true;
    case IR_AGGMAKE:
        for (uint32_t i = 0; i < v->nargs; i++)
            if (!lay_out(o, s, v->args[i], off + ((const int64_t *)v->aux.p)[i])) return false;
        return true;
    default: return false;
    }
}

/* What an interface points to is never written: one copy of a constant serves all. */
static void box_constant(Opt *o, ValueId id) {
    IrValue *v = oval(o, id);
    const IrType *t = v->aux.t;
    if ((t->size == 8 && t->has_ptrs) || !t->nslots) return;
    Static s = {0};
    if (!lay_out(o, &s, v->args[0], 0)) return;
    Sym *sym = ir_box_symbol(o->f->unit, s.bytes, t->size, s.syms, s.offs, s.nsyms);
    v->op = IR_SYMADDR;
    v->nargs = 0;
    v->flags = 0;
    v->aux.sym = sym;
    v->aux2 = 0;
    o->changed = true;
}

void opt_box(Opt *o) {
    IrFunc *f = o->f;
    for (int b = 0; b < f->blocks.len; b++)
        for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
            ValueId id = f->blocks.at[b].insts.at[k];
            if (oval(o, id)->op == IR_BOX) box_constant(o, id);
        }
}
