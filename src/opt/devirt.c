/* devirt: what is known of an interface that was just made. A method call becomes a static one (which may then be
 * inlined, and whose arguments may stay in the frame), the dynamic type a constant. Interface tables say which methods:
 * those of this job by their relocations, those of a base image by their words. */
#include "opt/opt_int.h"

enum { ITAB_TYPE = 8, ITAB_FUN = 24 };

/* What word `off` of interface table tab refers to, or NULL. */
static Sym *itab_word(IrUnit *u, Sym *tab, uint64_t off, bool func) {
    if (tab->base_addr) return u->base_word ? u->base_word(u->base_ctx, tab, off, func) : NULL;
    for (int i = 0; tab->kind == SYM_RODATA && i < tab->relocs.len; i++) {
        Reloc *r = &tab->relocs.at[i];
        if (r->off == off && !r->addend && r->kind == (func ? RELOC_FUNC : RELOC_ADDR)) return r->target;
    }
    return NULL;
}

/* The first word of interface v as a symbol: a descriptor or a table. */
static Sym *known_tab(Opt *o, ValueId iface, ValueId *data) {
    IrValue *v = oval(o, iface);
    if (v->op != IR_IFACEMAKE) return NULL;
    IrValue *t = oval(o, v->args[0]);
    if (t->op != IR_SYMADDR || t->aux2) return NULL;
    *data = v->args[1];
    return t->aux.sym;
}

static bool static_call(Opt *o, IrValue *v) {
    ValueId data;
    Sym *tab = known_tab(o, v->args[0], &data);
    Sym *fn = tab ? itab_word(o->f->unit, tab, ITAB_FUN + 8 * (uint64_t)v->aux.i, true) : NULL;
    if (!fn) return false;
    sym_set_func(fn);
    v->op = IR_CALL;
    v->args[0] = data;
    v->aux.sym = fn;
    return true;
}

static bool known_type(Opt *o, IrValue *v) {
    ValueId data;
    Sym *tab = known_tab(o, v->args[0], &data);
    if (tab && !oval(o, v->args[0])->type->eface) tab = itab_word(o->f->unit, tab, ITAB_TYPE, false);
    if (!tab) return false;
    v->op = IR_SYMADDR;
    v->nargs = 0;
    v->flags = 0;
    v->aux.sym = tab;
    v->aux2 = 0;
    return true;
}

bool opt_devirt(Opt *o) {
    IrFunc *f = o->f;
    bool any = false;
    for (int b = 0; b < f->blocks.len; b++)
        for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
            IrValue *v = oval(o, f->blocks.at[b].insts.at[k]);
            if (v->op == IR_CALLIFACE) any |= static_call(o, v);
            else if (v->op == IR_IFACETYPE) any |= known_type(o, v);
        }
    return any;
}
