/* inline: copies small functions into their callers. Functions are optimised callees first, so a callee is
 * already small when it is looked at and its own calls are already inlined. Tracebacks stay right: every
 * copied value carries the index of an IrInline entry. */
#include "opt/bodies.h"
#include "opt/opt_int.h"

enum { MAX_COST = 40, MAX_BLOCKS = 16, MAX_GROWTH = 1500, MAX_VALUES = 30000 };

static int cost_of(int op) {
    switch (op) {
    case IR_BLOCKPARAM: case IR_PARAM: case IR_CTX: case IR_CONST: case IR_FCONST: case IR_STRCONST: case IR_ZERO:
    case IR_SYMADDR: case IR_LOCALADDR: case IR_RESULT: case IR_STRLEN: case IR_STRPTR: case IR_SLICELEN:
    case IR_SLICEPTR: case IR_SLICECAP: case IR_IFACETAB: case IR_IFACEDATA: case IR_AGGGET: case IR_JUMP: case IR_RET:
    case IR_FIELDADDR: case IR_UNREACHABLE:
        return 0;
    case IR_CALL: case IR_CALLCLOSURE: case IR_CALLIFACE: return 6;
    case IR_PANIC: return 1;
    default: return 1;
    }
}

InlineFacts opt_inline_facts(IrFunc *f) {
    InlineFacts r = {0};
    if (f->noinline || f->is_wrapper || f->has_defer || f->recover_block || str_has_prefix(f->name, "runtime.")) return r;
    int blocks = 0;
    for (int i = 0; i < f->blocks.len; i++) {
        IrBlock *b = &f->blocks.at[i];
        if (i && !b->insts.len) continue;
        blocks++;
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = ir_val(f, b->insts.at[k]);
            switch (v->op) {
            case IR_RECOVER: case IR_DEFER: case IR_DEFERRETURN: case IR_FRAMETOKEN: case IR_SELECT: case IR_GO: return r;
            default: break;
            }
            r.cost += b->unlikely ? 0 : cost_of(v->op);
        }
        if (r.cost > MAX_COST || blocks > MAX_BLOCKS) return r;
    }
    for (int i = 0; i < f->vars.len; i++) /* frames must not grow by big arrays */
        if (f->vars.at[i]->type->nslots > 64) return r;
    r.ok = true;
    return r;
}

typedef struct Copy {
    IrFunc *f;          /* caller */
    IrFunc *g;          /* callee */
    ValueId *val;       /* per value of g */
    BlockId *block;     /* per block of g */
    IrVar **var;        /* per var id of g */
    Pos call_pos;
    uint32_t inl, inl_base; /* entry of g itself + 1; where g's own entries begin + 1 */
} Copy;

static ValueId mapped(Copy *c, ValueId v) {
    if (!v) return 0;
    check(c->val[v]);
    return c->val[v];
}

static IrEdge copy_edge(Copy *c, IrEdge *e) {
    IrEdge r = {.to = c->block[e->to], .nargs = e->nargs};
    r.args = arena_array(c->f->arena, ValueId, e->nargs);
    for (int i = 0; i < e->nargs; i++) r.args[i] = mapped(c, e->args[i]);
    return r;
}

static void copy_block(Copy *c, BlockId gb, BlockId cont, const ValueId *args, ValueId ctx) {
    IrFunc *f = c->f, *g = c->g;
    BlockId nb = c->block[gb];
    for (int k = 0; k < g->blocks.at[gb].insts.len; k++) {
        ValueId id = g->blocks.at[gb].insts.at[k];
        IrValue *v = ir_val(g, id);
        if (v->op == IR_PARAM) {
            c->val[id] = args[v->aux.i];
            continue;
        }
        if (v->op == IR_CTX) {
            c->val[id] = ctx;
            continue;
        }
        ValueId *a = arena_array(f->arena, ValueId, v->nargs + 1);
        for (uint32_t i = 0; i < v->nargs; i++) a[i] = mapped(c, v->args[i]);
        if (v->op == IR_RET) {
            ir_value_new(f, nb, IR_JUMP, v->type, v->pos, 0, NULL);
            IrBlock *b = &f->blocks.at[nb];
            b->succ = arena_new(f->arena, IrEdge);
            b->nsucc = 1;
            b->succ[0] = (IrEdge){.to = cont, .args = a, .nargs = (int)v->nargs};
            continue;
        }
        ValueId n = ir_value_new(f, nb, (IrOp)v->op, v->type, v->pos, (int)v->nargs, a);
        IrValue *w = ir_val(f, n);
        v = ir_val(g, id);
        w->flags = v->flags;
        w->aux = v->aux;
        w->aux2 = v->aux2;
        if (g->is_wrapper && !v->inl) w->pos = c->call_pos;
        w->inl = v->inl ? c->inl_base + v->inl - 1 : c->inl;
        if (!strcmp(ir_op_info[v->op].aux, "var")) w->aux.var = c->var[v->aux.var->id];
        c->val[id] = n;
    }
    IrBlock *src = &g->blocks.at[gb];
    IrBlock *b = &f->blocks.at[nb];
    if (b->nsucc) return; /* was a RET */
    b->nsucc = src->nsucc;
    b->succ = arena_array(f->arena, IrEdge, src->nsucc);
    for (int k = 0; k < src->nsucc; k++) b->succ[k] = copy_edge(c, &src->succ[k]);
}

/* Replaces instruction k of block b, a call of g, by g's body. Returns the block where the rest went. */
static BlockId expand(Opt *o, BlockId b, int k, IrFunc *g, const ValueId *args, ValueId ctx, Map *calls) {
    IrFunc *f = o->f;
    Opt go = {.f = g};
    opt_rpo(&go); /* definitions first; g is only read: other threads may be copying it */
    ValueId call = f->blocks.at[b].insts.at[k];
    IrValue cv = *ir_val(f, call);
    BlockId cont = ir_block_new(f);
    IrBlock *bl = &f->blocks.at[b], *cb = &f->blocks.at[cont];
    cb->unlikely = bl->unlikely;
    for (int i = k + 1; i < bl->insts.len; i++) {
        ValueId id = bl->insts.at[i];
        ir_val(f, id)->block = cont;
        vec_push(&cb->insts, id);
    }
    bl->insts.len = k;
    cb->succ = bl->succ;
    cb->nsucc = bl->nsucc;
    bl->succ = NULL;
    bl->nsucc = 0;
    int nres = g->nresults;
    ValueId *res = arena_array(f->arena, ValueId, nres + 1);
    for (int i = 0; i < nres; i++) res[i] = ir_block_param(f, cont, g->results[i]);
    map_set_ptr(calls, (void *)(uintptr_t)call, res);

    Copy c = {.f = f, .g = g, .call_pos = cv.pos};
    c.val = arena_array(&go.arena, ValueId, g->values.len);
    c.block = arena_array(&go.arena, BlockId, g->blocks.len);
    uint32_t maxvar = 0;
    for (int i = 0; i < g->vars.len; i++)
        if (g->vars.at[i]->id > maxvar) maxvar = g->vars.at[i]->id;
    c.var = arena_array(&go.arena, IrVar *, maxvar + 1);
    bool *used = arena_array(&go.arena, bool, maxvar + 1);
    for (int i = 0; i < go.nrpo; i++) {
        IrBlock *gb = &g->blocks.at[go.rpo[i]];
        for (int j = 0; j < gb->insts.len; j++) {
            IrValue *v = ir_val(g, gb->insts.at[j]);
            if (!strcmp(ir_op_info[v->op].aux, "var")) used[v->aux.var->id] = true;
        }
    }
    if (g->is_wrapper) c.inl = cv.inl; /* hidden */
    else {
        vec_push(&f->inlines, ((IrInline){g->name, g->pos, cv.pos, (int)cv.inl - 1}));
        c.inl = (uint32_t)f->inlines.len;
    }
    c.inl_base = (uint32_t)f->inlines.len + 1;
    for (int i = 0; i < g->inlines.len; i++) {
        IrInline e = g->inlines.at[i];
        e.parent = e.parent < 0 ? (int)c.inl - 1 : e.parent + (int)c.inl_base - 1;
        vec_push(&f->inlines, e);
    }
    for (int i = 0; i < go.nrpo; i++) {
        BlockId nb = ir_block_new(f);
        c.block[go.rpo[i]] = nb;
        IrBlock *gb = &g->blocks.at[go.rpo[i]];
        f->blocks.at[nb].unlikely = gb->unlikely || f->blocks.at[b].unlikely;
        for (int j = 0; j < gb->params.len; j++)
            c.val[gb->params.at[j]] = ir_block_param(f, nb, ir_val(g, gb->params.at[j])->type);
    }
    ir_value_new(f, b, IR_JUMP, &opt_none, cv.pos, 0, NULL);
    BlockId entry = c.block[0];
    ir_set_succ(f, b, 1, &entry);
    for (int i = 0; i < g->vars.len; i++) {
        IrVar *x = g->vars.at[i];
        if (!used[x->id]) continue;
        IrVar *n = ir_var_new(f, x->type, x->name, x->pos);
        n->addressed = x->addressed;
        n->pinned = x->pinned;
        c.var[x->id] = n;
        if (x->param >= 0) { /* begins with the argument's value */
            BlockId at = c.block[0];
            ValueId set = ir_value_new(f, at, IR_LOCALSET, &opt_none, cv.pos, 1, &args[x->param]);
            ir_val(f, set)->aux.var = n;
        } else if (x->result >= 0) {
            ValueId z = ir_value_new(f, c.block[0], IR_LOCALZERO, &opt_none, cv.pos, 0, NULL);
            ir_val(f, z)->aux.var = n;
        }
    }
    for (int i = 0; i < go.nrpo; i++) copy_block(&c, go.rpo[i], cont, args, ctx);
    arena_free(&go.arena);
    return cont;
}

bool opt_may_grow(IrFunc *f) {
    bool call = false, alloc = false;
    for (int i = 0; i < f->blocks.len; i++)
        for (int k = 0; k < f->blocks.at[i].insts.len; k++) {
            int op = ir_val(f, f->blocks.at[i].insts.at[k])->op;
            call |= op == IR_CALL || op == IR_CALLCLOSURE;
            alloc |= op == IR_NEW || op == IR_MAKESLICE;
        }
    return call && alloc;
}

static void *copy_of(Arena *a, const void *p, size_t n) { return n ? arena_memdup(a, p, n) : NULL; }

IrFunc *opt_clone(IrFunc *f) {
    Arena *a = f->arena;
    IrFunc *g = arena_memdup(a, f, sizeof *f);
    g->values.at = copy_of(a, f->values.at, sizeof(IrValue) * (size_t)f->values.len);
    g->values.cap = f->values.len;
    g->blocks.at = copy_of(a, f->blocks.at, sizeof(IrBlock) * (size_t)f->blocks.len);
    g->blocks.cap = f->blocks.len;
    g->vars.at = copy_of(a, f->vars.at, sizeof(IrVar *) * (size_t)f->vars.len);
    g->vars.cap = f->vars.len;
    g->inlines.at = copy_of(a, f->inlines.at, sizeof(IrInline) * (size_t)f->inlines.len);
    g->inlines.cap = f->inlines.len;
    for (int i = 0; i < f->vars.len; i++) {
        check(f->vars.at[i]->id == (uint32_t)i);
        g->vars.at[i] = arena_memdup(a, f->vars.at[i], sizeof(IrVar));
    }
    for (int i = 1; i < f->values.len; i++) {
        IrValue *v = &g->values.at[i];
        v->args = copy_of(a, v->args, sizeof(ValueId) * v->nargs);
        if (!strcmp(ir_op_info[v->op].aux, "var") && v->aux.var) v->aux.var = g->vars.at[v->aux.var->id];
    }
    for (int i = 0; i < f->blocks.len; i++) {
        IrBlock *b = &g->blocks.at[i];
        b->params.at = copy_of(a, b->params.at, sizeof(ValueId) * (size_t)b->params.len);
        b->params.cap = b->params.len;
        b->insts.at = copy_of(a, b->insts.at, sizeof(ValueId) * (size_t)b->insts.len);
        b->insts.cap = b->insts.len;
        b->preds.at = copy_of(a, b->preds.at, sizeof(BlockId) * (size_t)b->preds.len);
        b->preds.cap = b->preds.len;
        b->succ = copy_of(a, b->succ, sizeof(IrEdge) * (size_t)b->nsucc);
        for (int k = 0; k < b->nsucc; k++) b->succ[k].args = copy_of(a, b->succ[k].args, sizeof(ValueId) * (size_t)b->succ[k].nargs);
    }
    return g;
}

static IrFunc *body_of(Opt *o, Map *by_sym, Sym *s) {
    if (!s) return NULL;
    if (sym_in_base(s)) return opt_base_body(o->f->unit, s);
    if (!ir_may_see(o->f->unit, s)) return NULL;
    return s->inl ? s->inl : map_get_ptr(by_sym, s);
}

/* The function that a call will run, when it is known: *ctx gets the closure, *first the first argument. */
static IrFunc *callee_of(Opt *o, Map *by_sym, IrValue *v, ValueId *ctx, uint32_t *first) {
    *ctx = 0;
    *first = 0;
    if (v->op == IR_CALL) return body_of(o, by_sym, v->aux.sym);
    if (v->op != IR_CALLCLOSURE) return NULL;
    *first = 1;
    *ctx = v->args[0];
    IrValue *c = oval(o, v->args[0]);
    if (c->op == IR_CLOSURE) return body_of(o, by_sym, c->aux.sym);
    if (c->op == IR_SYMADDR && !c->aux2 && c->aux.sym && c->aux.sym->kind == SYM_RODATA && c->aux.sym->relocs.len == 1 &&
        c->aux.sym->relocs.at[0].kind == RELOC_FUNC && !c->aux.sym->relocs.at[0].off)
        return body_of(o, by_sym, c->aux.sym->relocs.at[0].target);
    return NULL;
}

bool opt_inline(Opt *o, Map *by_sym, InlineFacts (*facts)(void *ctx, IrFunc *g), void *ctx_) {
    IrFunc *f = o->f;
    if (f->is_wrapper && (f->has_ctx || !f->nparams)) return false; /* thunks of go and defer: their frames count */
    if (str_has_prefix(f->sym->name, "go:")) return false; /* its frame is hidden */
    Map calls = {.arena = &o->arena};
    int growth = 0, nblocks = f->blocks.len;
    for (int i = 0; i < nblocks; i++) {
        BlockId b = (BlockId)i;
        if (f->blocks.at[b].unlikely) continue;
        for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
            IrValue *v = ir_val(f, f->blocks.at[b].insts.at[k]);
            if (v->op != IR_CALL && v->op != IR_CALLCLOSURE) continue;
            ValueId ctx;
            uint32_t first;
            IrFunc *g = callee_of(o, by_sym, v, &ctx, &first);
            if (!g || g == f || (int)(v->nargs - first) != g->nparams) continue;
            InlineFacts fa = facts(ctx_, g);
            if (!fa.ok || growth + fa.cost > MAX_GROWTH || f->values.len > MAX_VALUES) continue;
            growth += fa.cost;
            b = expand(o, b, k, g, v->args + first, ctx, &calls);
            k = -1;
        }
    }
    if (!calls.len) return false;
    opt_begin(o);
    for (int i = 0; i < f->blocks.len; i++) {
        IrBlock *b = &f->blocks.at[i];
        for (int k = 0; k < b->insts.len; k++) {
            ValueId id = b->insts.at[k];
            IrValue *v = ir_val(f, id);
            if (v->op != IR_RESULT) continue;
            ValueId *res = map_get_ptr(&calls, (void *)(uintptr_t)v->args[0]);
            if (res) opt_replace(o, id, res[v->aux.i]);
        }
    }
    for (int i = 0; i < calls.len; i++) {
        ValueId call = (ValueId)(uintptr_t)calls.entries[i].key.p;
        const IrType *t = ir_val(f, call)->type;
        ValueId r = ((ValueId *)calls.entries[i].val)[0];
        if (r && t && t->rep != REP_TUPLE) opt_replace(o, call, r);
    }
    opt_apply(o);
    return true;
}
