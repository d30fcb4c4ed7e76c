/* Function state: emitting values, blocks, variables, captures, prologue and epilogue, closures.
 *
 * A variable lives in a local slot, or on the heap behind a local pointer when a closure shares it or its
 * address is taken; a closure reads what it captures from its context, by value when the variable never
 * changes after its declaration, else through the pointer. Captures are found while the closure's body is
 * built, which is why closures are built before the instruction that makes them. */
#include "ir/build_int.h"

#include <stdlib.h>

/* ---- Emitting -------------------------------------------------------------------------------- */

ValueId fn_emit(Fn *fn, IrOp op, const IrType *t, int nargs, const ValueId *args) {
    return ir_value_new(fn->f, fn->cur, op, t, fn->pos, nargs, args);
}

BlockId fn_block(Fn *fn) { return ir_block_new(fn->f); }

void fn_jump_arg(Fn *fn, BlockId to, ValueId arg) {
    if (ir_terminated(fn->f, fn->cur)) return;
    E0(fn, JUMP, &irtype_none);
    ir_set_succ(fn->f, fn->cur, 1, (BlockId[]){to});
    if (arg) {
        IrEdge *e = &fn->f->blocks.at[fn->cur].succ[0];
        e->args = arena_memdup(fn->f->arena, &arg, sizeof arg);
        e->nargs = 1;
    }
}

void fn_jump(Fn *fn, BlockId to) { fn_jump_arg(fn, to, 0); }

void fn_branch(Fn *fn, ValueId cond, BlockId t, BlockId f) {
    E1(fn, BR, &irtype_none, cond);
    ir_set_succ(fn->f, fn->cur, 2, (BlockId[]){t, f});
}

void fn_unreachable(Fn *fn) {
    if (!ir_terminated(fn->f, fn->cur)) E0(fn, UNREACHABLE, &irtype_none);
    fn->cur = fn_block(fn);
}

ValueId fn_int(Fn *fn, const IrType *t, int64_t v) { return fn_aux_i(fn, E0(fn, CONST, t), v); }
ValueId fn_const_int(Fn *fn, int64_t v) { return fn_int(fn, irtype_int(fn->u), v); }
ValueId fn_bool(Fn *fn, bool v) { return fn_int(fn, irtype_bool(fn->u), v); }
ValueId fn_nilptr(Fn *fn) { return fn_int(fn, irtype_ptr(fn->u), 0); }

ValueId fn_zero(Fn *fn, Type *t) {
    const IrType *it = fn_irt(fn, t);
    if (it->rep == REP_INT || it->rep == REP_PTR) return fn_int(fn, it, 0);
    return E0(fn, ZERO, it);
}

ValueId fn_string(Fn *fn, Str s) {
    const IrType *t = fn_irt(fn, fn->ts->basic[BASIC_STRING]);
    if (!s.n) return E0(fn, ZERO, t);
    ValueId v = fn_aux_sym(fn, E0(fn, STRCONST, t), sym_string_bytes(fn->u->syms, s));
    return fn_aux2(fn, v, (int64_t)s.n);
}

ValueId fn_symaddr(Fn *fn, Sym *s) { return fn_aux_sym(fn, E0(fn, SYMADDR, irtype_ptr(fn->u)), s); }
ValueId fn_typeaddr(Fn *fn, Type *t) { return fn_symaddr(fn, ir_type_symbol(fn->u, t)); }

ValueId fn_const(Fn *fn, const ConstVal *c, Type *t) {
    const IrType *it = fn_irt(fn, t);
    switch ((IrRep)it->rep) {
    case REP_INT: {
        int64_t i = 0;
        uint64_t u = 0;
        if (const_kind(c) == CONST_BOOL) i = const_bool(c);
        else if (!const_int64(c, &i)) {
            if (const_uint64(c, &u)) i = (int64_t)u;
            else i = (int64_t)const_float64(const_kind(c) == CONST_COMPLEX ? const_real(c) : c);
        }
        return fn_int(fn, it, i);
    }
    case REP_PTR: { /* unsafe.Pointer(uintptr constant) */
        uint64_t u = 0;
        int64_t i = 0;
        if (!const_uint64(c, &u) && const_int64(c, &i)) u = (uint64_t)i;
        return fn_int(fn, it, (int64_t)u);
    }
    case REP_F32:
    case REP_F64: {
        const ConstVal *r = const_kind(c) == CONST_COMPLEX ? const_real(c) : c;
        ValueId v = E0(fn, FCONST, it);
        fn_val(fn, v)->aux.f = it->rep == REP_F32 ? (double)const_float32(r) : const_float64(r);
        return v;
    }
    case REP_C64:
    case REP_C128: {
        bool single = it->rep == REP_C64;
        const IrType *ft = fn_irt(fn, fn->ts->basic[single ? BASIC_FLOAT32 : BASIC_FLOAT64]);
        const ConstVal *r = const_real(c), *im = const_imag(c);
        ValueId a = E0(fn, FCONST, ft), b = E0(fn, FCONST, ft);
        fn_val(fn, a)->aux.f = single ? (double)const_float32(r) : const_float64(r);
        fn_val(fn, b)->aux.f = single ? (double)const_float32(im) : const_float64(im);
        return E2(fn, CMAKE, it, a, b);
    }
    case REP_STR: {
        ValueId v = fn_string(fn, const_string(c));
        fn_val(fn, v)->type = it;
        return v;
    }
    case REP_IFACE: { /* a constant of a type parameter's or interface type: boxed default type */
        Type *d = fn->ts->basic[BASIC_INT];
        switch (const_kind(c)) {
        case CONST_BOOL: d = fn->ts->basic[BASIC_BOOL]; break;
        case CONST_STRING: d = fn->ts->basic[BASIC_STRING]; break;
        case CONST_FLOAT: d = fn->ts->basic[BASIC_FLOAT64]; break;
        case CONST_COMPLEX: d = fn->ts->basic[BASIC_COMPLEX128]; break;
        default: break;
        }
        return build_iface(fn, fn_const(fn, c, d), d, t);
    }
    default: bug("constant of representation %d", it->rep);
    }
}

ValueId fn_result(Fn *fn, ValueId tuple, int i) {
    const IrType *t = fn_vtype(fn, tuple);
    if (t->rep != REP_TUPLE) return tuple;
    return fn_aux_i(fn, E1(fn, RESULT, t->elems[i], tuple), i);
}

ValueId fn_call_rt(Fn *fn, const char *name, const IrType *res, int nargs, const ValueId *args) {
    ValueId v = fn_emit(fn, IR_CALL, res, nargs, args);
    Sym *s = sym_get(fn->u->syms, str_c(name));
    s->is_func = true;
    return fn_aux_sym(fn, v, s);
}

/* ---- Function state ---------------------------------------------------------------------------- */

Fn *fn_new(Builder *b, Fn *outer, Inst *inst, Sym *sym, Str symname, Str name, Pos pos) {
    Arena *a = &b->u->arena;
    Fn *fn = arena_new(a, Fn);
    fn->b = b;
    fn->u = b->u;
    fn->ts = b->u->ts;
    fn->arena = a;
    fn->outer = outer;
    fn->inst = inst;
    fn->symname = symname;
    fn->name = name;
    fn->f = ir_func_new(b->u, sym, name);
    fn->f->pos = pos;
    fn->pos = pos;
    fn->vars.arena = fn->caps.arena = fn->labels.arena = a;
    fn->ctx_size = 8;
    fn->cur = fn_block(fn);
    if (sym) sym->ir = fn->f;
    return fn;
}

IrVar *fn_temp_ir(Fn *fn, const IrType *t, const char *name) {
    return ir_var_new(fn->f, t, str_c(name), fn->pos);
}
IrVar *fn_temp(Fn *fn, Type *t, const char *name) { return fn_temp_ir(fn, fn_irt(fn, t), name); }

Object *fn_synth(Fn *fn, const char *name, Type *t) {
    Object *o = arena_new(fn->arena, Object);
    o->kind = OBJ_VAR;
    o->name = intern(fn->ts->syn->names, name, strlen(name));
    o->type = t;
    o->color = 2;
    o->pos = fn->pos;
    return o;
}

static ValueId emit_new(Fn *fn, const IrType *t) {
    return fn_aux_t(fn, E0(fn, NEW, irtype_ptr(fn->u)), t);
}

VarLoc *fn_declare(Fn *fn, Object *o, Type *t, bool force_heap) {
    VarLoc *l = map_get_ptr(&fn->vars, o);
    const IrType *it = fn_irt(fn, t);
    if (!l) {
        l = arena_new(fn->arena, VarLoc);
        l->type = t;
        bool shared = force_heap || o->addressed || (o->captured && (o->reassigned || irtype_is_big(it)));
        bool heap = shared || it->size > 65536 || (it->size > 64 && fn->big_vars + it->size > 262144);
        if (!heap && it->size > 64) fn->big_vars += it->size;
        l->kind = heap ? VAR_HEAP : VAR_LOCAL;
        l->own = heap && !shared;
        Str name = o->name ? name_str(o->name) : STR("");
        l->var = ir_var_new(fn->f, heap ? irtype_ptr(fn->u) : it, name, o->pos);
        map_set_ptr(&fn->vars, o, l);
    }
    if (l->kind == VAR_HEAP) {
        ValueId p = emit_new(fn, it);
        fn_aux_var(fn, E1(fn, LOCALSET, &irtype_none, p), l->var);
    }
    return l;
}

static ValueId get_ctx(Fn *fn) {
    fn->f->has_ctx = true;
    if (!fn->ctx) {
        /* in front of everything else of the entry block */
        fn->ctx = ir_value_new(fn->f, 0, IR_CTX, irtype_ptr(fn->u), fn->f->pos, 0, NULL);
        IrBlock *e = &fn->f->blocks.at[0];
        memmove(e->insts.at + 1, e->insts.at, sizeof(ValueId) * (size_t)(e->insts.len - 1));
        e->insts.at[0] = fn->ctx;
    }
    return fn->ctx;
}

VarLoc *fn_lookup(Fn *fn, Object *o) {
    VarLoc *l = map_get_ptr(&fn->vars, o);
    if (l) return l;
    if (!fn->outer) return NULL;
    VarLoc *ol = fn_lookup(fn->outer, o);
    if (!ol) return NULL;
    l = arena_new(fn->arena, VarLoc);
    l->type = ol->type;
    bool byref = ol->kind == VAR_HEAP || ol->kind == VAR_CTXREF;
    l->kind = byref ? VAR_CTXREF : VAR_CTXVAL;
    l->off = fn->ctx_size;
    uint64_t size = byref ? 8 : fn_irt(fn, l->type)->size;
    fn->ctx_size += (int64_t)((size + 7) & ~7ull);
    map_set_ptr(&fn->vars, o, l);
    vec_push(&fn->caps, ((Capture){o, l->off, byref, l->type}));
    return l;
}

VarLoc *fn_constant_var(Fn *fn, Object *o) {
    VarLoc *l = NULL;
    for (; fn && !l; fn = fn->outer) l = map_get_ptr(&fn->vars, o);
    return l && l->cval ? l : NULL;
}

/* The pointer to a heap variable. */
static ValueId var_pointer(Fn *fn, VarLoc *l) {
    const IrType *p = irtype_ptr(fn->u);
    if (l->kind == VAR_HEAP) return fn_aux_var(fn, E0(fn, LOCALGET, p), l->var);
    return fn_flag(fn, fn_aux2(fn, E1(fn, LOAD, p, get_ctx(fn)), l->off), IRF_NONNIL | IRF_INBOUNDS);
}

Place place_var(Fn *fn, Object *o) {
    if (o->is_global || (o->pkg && o->parent == o->pkg->scope && o->parent)) {
        Place p = place_mem(fn_symaddr(fn, ir_var_symbol(fn->u, o)), fn_type(fn, object_type(o)), IRF_NONNIL);
        return p;
    }
    VarLoc *l = fn_lookup(fn, o);
    if (!l) {
        Location loc = pos_location(fn->ts->syn, fn->pos);
        bug("variable %.*s has no place (%s:%d)", STR_FMT(o->name ? name_str(o->name) : STR("?")),
            loc.file ? loc.file : "?", loc.line);
    }
    switch ((VarKind)l->kind) {
    case VAR_LOCAL: return place_local(l->var, l->type);
    case VAR_CTXVAL: {
        Place p = place_mem(get_ctx(fn), l->type, IRF_NONNIL);
        p.off = l->off;
        return p;
    }
    default: return place_mem(var_pointer(fn, l), l->type, IRF_NONNIL);
    }
}

/* ---- Closures ---------------------------------------------------------------------------------- */

ValueId fn_make_closure(Fn *fn, Fn *child) {
    if (!child->caps.len) {
        return fn_symaddr(fn, ir_funcval_symbol(fn->u, child->f->sym));
    }
    ValueId *args = arena_array(fn->arena, ValueId, child->caps.len);
    for (int i = 0; i < child->caps.len; i++) {
        Capture *c = &child->caps.at[i];
        VarLoc *l = fn_lookup(fn, c->obj);
        args[i] = c->byref ? var_pointer(fn, l) : place_load(fn, place_var(fn, c->obj));
    }
    ValueId v = fn_emit(fn, IR_CLOSURE, irtype_ptr(fn->u), child->caps.len, args);
    return fn_aux_sym(fn, v, child->f->sym);
}

/* Builds the function of a literal; its symbol. */
Sym *build_funclit_sym(Fn *outer, FuncLit *lit, Fn **out) {
    Builder *b = outer->b;
    Arena *a = outer->arena;
    const char *sep = outer->is_closure ? "." : ".func";
    int n = ++outer->nclosure;
    Str symname = str_printf(a, "%.*s%s%d", STR_FMT(outer->symname), sep, n);
    Str name = str_printf(a, "%.*s%s%d", STR_FMT(outer->name), sep, n);
    Sym *sym = sym_get(b->u->syms, symname);
    if (!sym_begin_define(b->u->syms, sym, SYM_FUNC)) {
        /* a loop body is only built once, so this is another definition of the same outer function */
        symname = str_printf(a, "%.*s·%u", STR_FMT(symname), lit->x.pos);
        sym = sym_get(b->u->syms, symname);
        sym_begin_define(b->u->syms, sym, SYM_FUNC);
    }
    sym->dupok = outer->force_dupok;
    Fn *fn = fn_new(b, outer, outer->inst, sym, symname, name, lit->x.pos);
    fn->is_closure = true;
    fn->force_dupok = outer->force_dupok;
    SignatureType *sig = (SignatureType *)under(fn_type(fn, lit->x.type));
    fn_body(fn, lit->sig, sig, lit->body, lit->body->rbrace);
    if (out) *out = fn;
    return sym;
}

ValueId fn_closure(Fn *fn, FuncLit *lit) {
    Fn *child;
    build_funclit_sym(fn, lit, &child);
    return fn_make_closure(fn, child);
}

/* ---- Prologue and epilogue ----------------------------------------------------------------------- */

void fn_signature(Fn *fn, Object *recv, SignatureType *sig) {
    IrFunc *f = fn->f;
    int np = sig->params->vars.len + (recv ? 1 : 0), nr = sig->results->vars.len, k = 0;
    f->params = arena_array(fn->arena, const IrType *, np);
    f->results = arena_array(fn->arena, const IrType *, nr);
    if (recv) f->params[k++] = fn_irt(fn, fn_type(fn, object_type(recv)));
    for (int i = 0; i < sig->params->vars.len; i++)
        f->params[k++] = fn_irt(fn, fn_type(fn, object_type(sig->params->vars.at[i])));
    for (int i = 0; i < nr; i++)
        f->results[i] = fn_irt(fn, fn_type(fn, object_type(sig->results->vars.at[i])));
    f->nparams = np;
    f->nresults = nr;
}

/* Parameter number i is variable o (NULL or blank: unused). */
static void declare_param(Fn *fn, int i, Object *o, Type *t) {
    if (!o || !o->name || o->name->blank || !o->name->n) return;
    t = fn_type(fn, t);
    const IrType *it = fn_irt(fn, t);
    fn_declare(fn, o, t, false);
    if (zero_sized(it)) return;
    ValueId v = fn_aux_i(fn, E0(fn, PARAM, it), i);
    place_store(fn, place_var(fn, o), v);
}

static Object *field_object(FieldList *l, int i) {
    return l && i < l->len && l->at[i].name ? l->at[i].name->obj : NULL;
}

static void declare_results(Fn *fn, FuncTypeExpr *sigx, SignatureType *sig) {
    int n = sig->results->vars.len;
    fn->nresults = n;
    fn->results = arena_array(fn->arena, Object *, n);
    fn->result_slots = arena_array(fn->arena, IrVar *, n);
    for (int i = 0; i < n; i++) {
        Object *o = sigx ? field_object(&sigx->results, i) : NULL;
        if (!o || !o->name || o->name->blank) {
            Type *t = object_type(sig->results->vars.at[i]);
            o = fn_synth(fn, "~r", t);
            o->captured = o->reassigned = fn->next != NULL;
        }
        else if (o->captured) o->reassigned = true; /* by return statements */
        fn->results[i] = o;
        if (!fn->use_result_vars) continue;
        Type *t = fn_type(fn, object_type(sig->results->vars.at[i]));
        VarLoc *l = fn_declare(fn, o, t, false);
        if (fn->has_defer && l->kind == VAR_LOCAL) {
            l->var->result = i;
            l->var->addressed = l->var->pinned = true; /* must be in its slot whenever a call may panic */
            fn->result_slots[i] = l->var;
        } else if (fn->has_defer) {
            l->var->addressed = l->var->pinned = true;
            fn->result_slots[i] = fn_temp(fn, t, "~res");
            fn->result_slots[i]->result = i;
            fn->result_slots[i]->addressed = fn->result_slots[i]->pinned = true;
            if (!zero_sized(fn_irt(fn, t)))
                fn_aux_var(fn, E0(fn, LOCALZERO, &irtype_none), fn->result_slots[i]);
        }
        if (l->kind == VAR_LOCAL && !zero_sized(fn_irt(fn, t)))
            fn_aux_var(fn, E0(fn, LOCALZERO, &irtype_none), l->var);
    }
}

/* The value of result variable o for a return: a big one that nobody else knows is handed over as it is. */
static ValueId result_value(Fn *fn, Object *o) {
    VarLoc *l = map_get_ptr(&fn->vars, o);
    const IrType *it = fn_irt(fn, l->type);
    if (!l->own || !irtype_is_big(it)) return place_load(fn, place_var(fn, o));
    return fn_aux_t(fn, E1(fn, UNBOX, it, var_pointer(fn, l)), it);
}

void fn_return(Fn *fn) {
    if (fn->has_defer) {
        E0(fn, DEFERRETURN, &irtype_none);
        for (int i = 0; i < fn->nresults; i++) {
            VarLoc *l = map_get_ptr(&fn->vars, fn->results[i]);
            if (l->kind == VAR_LOCAL || zero_sized(fn_irt(fn, l->type))) continue;
            ValueId v = place_load(fn, place_var(fn, fn->results[i]));
            fn_aux_var(fn, E1(fn, LOCALSET, &irtype_none, v), fn->result_slots[i]);
        }
        E0(fn, RET, &irtype_none);
        return;
    }
    ValueId *vals = arena_array(fn->arena, ValueId, fn->nresults);
    for (int i = 0; i < fn->nresults; i++)
        vals[i] = result_value(fn, fn->results[i]);
    fn_emit(fn, IR_RET, &irtype_none, fn->nresults, vals);
}

static bool results_named(SignatureType *sig) {
    for (int i = 0; i < sig->results->vars.len; i++) {
        Object *o = sig->results->vars.at[i];
        if (o->name && o->name->n) return true;
    }
    return false;
}

/* In a body with range-over-func loops the loop bodies become closures: what they use of the variables
 * around them counts as captured. */
typedef struct CaptureScan { Fn *fn; Pos lo, hi; } CaptureScan;

static bool scan_expr(Walk *w, Expr *e) {
    CaptureScan *c = w->ctx;
    if (e->kind != EXPR_IDENT) return true;
    Object *o = ((Ident *)e)->obj;
    if (o && o->kind == OBJ_VAR && !o->is_field && !o->is_global && (o->pos < c->lo || o->pos > c->hi))
        o->captured = true;
    return true;
}

static bool scan_stmt(Walk *w, Stmt *s) {
    CaptureScan *outer = w->ctx;
    if (s->kind != STMT_RANGE) return true;
    RangeStmt *r = (RangeStmt *)s;
    if (!is_kind(fn_expr_type(outer->fn, r->on), TYPE_SIGNATURE)) return true;
    CaptureScan c = {outer->fn, s->pos, r->body->rbrace};
    Walk in = {.expr = scan_expr, .ctx = &c};
    walk_stmt(&in, &r->body->s);
    if (!r->define) {
        if (r->key) walk_expr(&in, r->key);
        if (r->value) walk_expr(&in, r->value);
    }
    return true;
}

void fn_body(Fn *fn, FuncTypeExpr *sigx, SignatureType *sig, BlockStmt *body, Pos end) {
    fn->sig = sig;
    fn->f->end = end;
    fn_signature(fn, sig->recv, sig);
    BodyFacts facts = body_facts(fn, body);
    fn->has_defer = fn->f->has_defer = facts.has_defer;
    if (facts.has_rangefunc) {
        CaptureScan c = {fn, 0, 0};
        Walk w = {.stmt = scan_stmt, .ctx = &c};
        walk_stmt(&w, &body->s);
        for (int i = 0; i < sig->results->vars.len; i++) {
            Object *o = field_object(&sigx->results, i);
            if (o) o->captured = o->reassigned = true;
        }
        fn->next = fn_synth(fn, "#next", t_int(fn));
        fn->next->captured = fn->next->reassigned = true;
    }
    fn->use_result_vars = facts.has_defer || facts.has_rangefunc || results_named(sig);
    int k = 0;
    if (sig->recv) {
        declare_param(fn, k, sig->recv, object_type(sig->recv));
        k++;
    }
    for (int i = 0; i < sig->params->vars.len; i++) {
        Object *o = sigx ? field_object(&sigx->params, i) : NULL;
        if (!o) o = sig->params->vars.at[i];
        declare_param(fn, k + i, o, object_type(sig->params->vars.at[i]));
    }
    declare_results(fn, sigx, sig);
    if (fn->next) {
        fn_declare(fn, fn->next, t_int(fn), true);
        if (facts.has_defer) {
            fn->token = fn_synth(fn, "#token", fn->ts->basic[BASIC_UNSAFEPTR]);
            fn_declare(fn, fn->token, fn->token->type, false);
            place_store(fn, place_var(fn, fn->token), E0(fn, FRAMETOKEN, irtype_ptr(fn->u)));
        }
    }
    build_stmts(fn, body->list);
    fn->pos = end;
    if (!ir_terminated(fn->f, fn->cur)) {
        if (!fn->nresults || fn->has_defer) fn_return(fn);
        else E0(fn, UNREACHABLE, &irtype_none);
    }
    if (fn->has_defer) {
        fn->cur = fn_block(fn);
        fn->f->recover_block = fn->cur;
        fn->f->blocks.at[fn->cur].unlikely = true;
        fn_return(fn);
    }
    fn_finish(fn);
}

/* ---- Finishing ----------------------------------------------------------------------------------- */

static void mark_reachable(IrFunc *f, BlockId root, uint8_t *seen) {
    VEC(BlockId) stack = {0};
    if (!seen[root]) vec_push(&stack, root);
    seen[root] = 1;
    while (stack.len) {
        IrBlock *b = &f->blocks.at[vec_pop(&stack)];
        for (int i = 0; i < b->nsucc; i++)
            if (!seen[b->succ[i].to]) {
                seen[b->succ[i].to] = 1;
                vec_push(&stack, b->succ[i].to);
            }
    }
    vec_free(&stack);
}

void fn_finish(Fn *fn) {
    IrFunc *f = fn->f;
    int n = f->blocks.len;
    for (int i = 0; i < n; i++)
        if (!ir_terminated(f, (BlockId)i)) {
            fn->cur = (BlockId)i;
            E0(fn, UNREACHABLE, &irtype_none);
        }
    uint8_t *seen = calloc((size_t)n, 1);
    BlockId *map = calloc((size_t)n, sizeof(BlockId));
    mark_reachable(f, 0, seen);
    if (f->recover_block) mark_reachable(f, f->recover_block, seen);
    int k = 0;
    for (int i = 0; i < n; i++)
        if (seen[i]) map[i] = (BlockId)k++;
    for (int i = 0; i < n; i++) {
        if (!seen[i]) continue;
        IrBlock *b = &f->blocks.at[map[i]];
        if (map[i] != (BlockId)i) *b = f->blocks.at[i];
        b->id = map[i];
        for (int j = 0; j < b->nsucc; j++) b->succ[j].to = map[b->succ[j].to];
        for (int j = 0; j < b->insts.len; j++) ir_val(f, b->insts.at[j])->block = b->id;
        for (int j = 0; j < b->params.len; j++) ir_val(f, b->params.at[j])->block = b->id;
    }
    f->blocks.len = k;
    if (f->recover_block) f->recover_block = map[f->recover_block];
    free(seen);
    free(map);
    ir_lower_bigvals(f);
    vec_push(&fn->u->funcs, f);
#ifdef VOLE_DEBUG
    ir_verify(f, "build");
#endif
}
