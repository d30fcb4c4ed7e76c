/* Construction of SSA functions: the few helpers that everybody goes through. */
#include "ir/ir.h"

const IrOpInfo ir_op_info[IR_OP_COUNT] = {
#define OP(name, args, result, effects, aux, doc) {#name, args, effects, aux},
#include "tables/ops_ssa.def"
#undef OP
};

void ir_unit_free(IrUnit *u) {
    vec_free(&u->funcs);
    map_free(&u->types);
    arena_free(&u->arena);
}

bool ir_may_see(IrUnit *u, const Sym *s) {
    IrUnit *of = s->ir ? ((IrFunc *)s->ir)->unit : u;
    if (of == u) return true;
    if (of->order > u->order) return false;
    if (!atomic_load(&of->done) && u->await) u->await(u, of);
    return true;
}

IrFunc *ir_func_new(IrUnit *u, Sym *sym, Str name) {
    IrFunc *f = arena_new(&u->arena, IrFunc);
    f->arena = &u->arena;
    f->sym = sym;
    f->name = str_dup(&u->arena, name);
    f->unit = u;
    f->values.arena = f->arena;
    f->blocks.arena = f->arena;
    f->vars.arena = f->arena;
    f->inlines.arena = f->arena;
    vec_push(&f->values, ((IrValue){0}));
    return f;
}

BlockId ir_block_new(IrFunc *f) {
    IrBlock b = {.id = (BlockId)f->blocks.len};
    b.params.arena = b.insts.arena = b.preds.arena = f->arena;
    vec_push(&f->blocks, b);
    return b.id;
}

static ValueId value_alloc(IrFunc *f, BlockId b, IrOp op, const IrType *t, Pos pos, int nargs,
                           const ValueId *args) {
    IrValue v = {.op = (uint16_t)op, .block = b, .type = t, .pos = pos, .nargs = (uint32_t)nargs};
    if (nargs) v.args = arena_memdup(f->arena, args, sizeof(ValueId) * (size_t)nargs);
    ValueId id = (ValueId)f->values.len;
    vec_push(&f->values, v);
    return id;
}

ValueId ir_value_new(IrFunc *f, BlockId b, IrOp op, const IrType *t, Pos pos, int nargs,
                     const ValueId *args) {
    ValueId id = value_alloc(f, b, op, t, pos, nargs, args);
    vec_push(&f->blocks.at[b].insts, id);
    return id;
}

ValueId ir_block_param(IrFunc *f, BlockId b, const IrType *t) {
    ValueId id = value_alloc(f, b, IR_BLOCKPARAM, t, 0, 0, NULL);
    vec_push(&f->blocks.at[b].params, id);
    return id;
}

IrVar *ir_var_new(IrFunc *f, const IrType *t, Str name, Pos pos) {
    IrVar *v = arena_new(f->arena, IrVar);
    v->type = t;
    v->name = name;
    v->id = (uint32_t)f->vars.len;
    v->param = v->result = -1;
    v->pos = pos;
    vec_push(&f->vars, v);
    return v;
}

void ir_set_succ(IrFunc *f, BlockId b, int n, const BlockId *to) {
    IrBlock *bl = &f->blocks.at[b];
    bl->succ = arena_array(f->arena, IrEdge, n);
    bl->nsucc = n;
    for (int i = 0; i < n; i++) bl->succ[i].to = to[i];
}

void ir_compute_preds(IrFunc *f) {
    for (int i = 0; i < f->blocks.len; i++) f->blocks.at[i].preds.len = 0;
    for (int i = 0; i < f->blocks.len; i++) {
        IrBlock *b = &f->blocks.at[i];
        for (int k = 0; k < b->nsucc; k++) {
            IrBlock *to = &f->blocks.at[b->succ[k].to];
            vec_push(&to->preds, b->id);
        }
    }
}

const IrType *irtype_tuple(IrUnit *u, const IrType **elems, int n) {
    if (n == 1) return elems[0];
    IrType *r = arena_new(&u->arena, IrType);
    if (!n) {
        r->align = 1;
        return r;
    }
    r->rep = REP_TUPLE;
    r->align = 8;
    r->elems = arena_memdup(&u->arena, elems, sizeof(*elems) * (size_t)n);
    r->nelems = n;
    for (int i = 0; i < n; i++) {
        r->nslots += elems[i]->nslots;
        r->has_ptrs |= elems[i]->has_ptrs;
    }
    return r;
}
