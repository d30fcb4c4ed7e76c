/* Calls: resolving the callee, arguments, method calls, go and defer.
 *
 * A call is prepared first (callee and argument values) and emitted second, so that defer and go can put
 * the emission into a thunk of its own that finds the values in its closure. */
#include "ir/build_int.h"

typedef enum CalleeKind { CALLEE_STATIC, CALLEE_CLOSURE, CALLEE_IFACE, CALLEE_INTRINSIC, CALLEE_KEEPALIVE } CalleeKind;

typedef struct Prepared {
    CalleeKind kind;
    Sym *sym;
    int64_t index;        /* IFACE: in Fun; INTRINSIC: its number */
    ValueId *args;        /* receiver, function value or interface first */
    int nargs;
    const IrType *result;
    ValueId *keep;        /* pointers that were converted to uintptr arguments: they live through the call */
    int nkeep;
} Prepared;

const IrType *results_type(Fn *fn, SignatureType *sig) {
    int n = sig->results ? sig->results->vars.len : 0;
    if (!n) return &irtype_none;
    const IrType **l = arena_array(fn->arena, const IrType *, n);
    for (int i = 0; i < n; i++) l[i] = fn_irt(fn, fn_type(fn, object_type(sig->results->vars.at[i])));
    return irtype_tuple(fn->u, l, n);
}

static ValueId emit_prepared(Fn *fn, Prepared *p) {
    switch (p->kind) {
    case CALLEE_STATIC: return fn_aux_sym(fn, fn_emit(fn, IR_CALL, p->result, p->nargs, p->args), p->sym);
    case CALLEE_CLOSURE: return fn_emit(fn, IR_CALLCLOSURE, p->result, p->nargs, p->args);
    case CALLEE_IFACE: return fn_aux_i(fn, fn_emit(fn, IR_CALLIFACE, p->result, p->nargs, p->args), p->index);
    case CALLEE_INTRINSIC: {
        IrOp op = p->index < INTRIN_ATOMIC_LOAD8 ? IR_PURE : IR_INTRINSIC;
        return fn_aux_i(fn, fn_emit(fn, op, p->result, p->nargs, p->args), p->index);
    }
    default: return fn_emit(fn, IR_KEEPALIVE, &irtype_none, p->nargs, p->args);
    }
}

/* ---- Methods ------------------------------------------------------------------------------------ */

bool method_ptr_recv(Object *m) {
    Object *o = func_origin(m);
    SignatureType *sig = (SignatureType *)type_unalias(object_type(o));
    return o->has_ptr_recv || (sig->recv && type_unalias(object_type(sig->recv))->kind == TYPE_POINTER);
}

Sym *method_sym(Fn *fn, Type *recv, Object *m, TypeList mtargs) {
    TypeList r = named_targs(recv);
    if (mtargs.len) {
        TypeList l = {arena_array(fn->arena, Type *, r.len + mtargs.len), r.len + mtargs.len};
        if (r.len) memcpy(l.at, r.at, sizeof(Type *) * (size_t)r.len);
        memcpy(l.at + r.len, mtargs.at, sizeof(Type *) * (size_t)mtargs.len);
        r = l;
    }
    return ir_func_ref(fn->u, func_origin(m), r);
}

int iface_method_index(IrUnit *u, Type *iface, Object *m) {
    ObjectList l = ir_iface_methods(u, iface);
    for (int i = 0; i < l.len; i++)
        if (l.at[i]->name == m->name && (m->name->exported || l.at[i]->pkg == m->pkg || !m->pkg || !l.at[i]->pkg ||
                                         str_eq(l.at[i]->pkg->path, m->pkg->path)))
            return i;
    bug("interface has no method %s", m->name->p);
}

typedef struct Method { /* x.m resolved under the type arguments in force */
    Object *obj;
    Type *recv;     /* type of x */
    int *index;     /* embedded fields to follow */
    int npath;
} Method;

static Method resolve_method(Fn *fn, SelectorExpr *s) {
    Selection *sel = s->selection;
    Method m = {.obj = sel->obj, .index = sel->index, .npath = sel->nindex - 1};
    m.recv = fn_type(fn, sel->kind == SEL_METHODEXPR ? sel->recv : s->on->type);
    if (fn->inst) {
        int n;
        bool indirect;
        Object *o = type_lookup(fn->ts, m.recv, true, sel->obj->pkg, sel->obj->name, &m.index, &n, &indirect);
        if (!o || o->kind != OBJ_FUNC) {
            Buf b = {0};
            type_print(&b, m.recv, NULL, TYPENAME_LINK);
            bug("type %s has no method %s", b.data, sel->obj->name->p);
        }
        m.obj = o;
        m.npath = n - 1;
    }
    return m;
}

/* Receiver value of method m for x at place p or value v (when !have_place) of type t. */
static ValueId receiver_value(Fn *fn, Place p, Type *t, Object *m) {
    if (is_iface(t)) return place_load(fn, p);
    bool isptr = is_kind(t, TYPE_POINTER), want = method_ptr_recv(m);
    if (want) return isptr ? place_load(fn, p) : place_addr(fn, p);
    if (!isptr) return place_load(fn, p);
    return place_load(fn, place_mem(place_load(fn, p), deref_type(t), 0));
}

static ValueId build_receiver(Fn *fn, Expr *on, Method *m, Type **final) {
    Type *t = m->recv;
    if (!m->npath) {
        *final = t;
        bool isptr = is_kind(t, TYPE_POINTER), want = !is_iface(t) && method_ptr_recv(m->obj);
        if (is_iface(t) || isptr == want) return build_expr(fn, on);
        if (isptr) return place_load(fn, place_mem(build_expr(fn, on), deref_type(t), 0));
        return place_addr(fn, place_of(fn, on));
    }
    Place p = place_path(fn, on, t, m->index, m->npath, final);
    return receiver_value(fn, p, *final, m->obj);
}

/* ---- Arguments ----------------------------------------------------------------------------------- */

static ValueId pack_variadic(Fn *fn, Type *slice, ValueId *vals, int n) {
    if (!n) return fn_zero(fn, slice);
    Type *elem = ((SliceType *)under(slice))->elem;
    Type *arr = type_new_array(fn->ts, elem, n);
    const IrType *at = fn_irt(fn, arr), *et = fn_irt(fn, elem);
    ValueId p = fn_aux_t(fn, E0(fn, NEW, irtype_ptr(fn->u)), at);
    for (int i = 0; i < n; i++) {
        Place pl = place_mem(p, elem, IRF_NONNIL);
        pl.off = i * (int64_t)et->size;
        place_store(fn, pl, vals[i]);
    }
    return E3(fn, SLICEMAKE, fn_irt(fn, slice), p, fn_const_int(fn, n), fn_const_int(fn, n));
}

static Type *param_type(Fn *fn, SignatureType *sig, int i, bool spread) {
    ObjectList v = sig->params->vars;
    if (sig->variadic && spread && i >= v.len - 1) {
        Type *st = fn_type(fn, object_type(v.at[v.len - 1]));
        return ((SliceType *)under(st))->elem;
    }
    return fn_type(fn, object_type(v.at[i]));
}

/* Appends the call's arguments to args (room for params). Returns the new count. */
static int build_args(Fn *fn, CallExpr *c, SignatureType *sig, Prepared *p, int n) {
    ValueId *args = p->args;
    ObjectList params = sig->params->vars;
    bool pack = sig->variadic && !c->has_dots;
    int nfix = pack ? params.len - 1 : params.len;
    ValueId *vals;
    int nvals;
    Type *at = c->args.len == 1 && c->args.at[0]->type && !c->args.at[0]->commaok ? c->args.at[0]->type : NULL;
    if (at && at->kind == TYPE_TUPLE && (((TupleType *)at)->vars.len != 1)) {
        TupleType *tt = (TupleType *)fn_type(fn, at);
        ValueId t = build_expr(fn, c->args.at[0]);
        nvals = tt->vars.len;
        vals = arena_array(fn->arena, ValueId, nvals);
        for (int i = 0; i < nvals; i++)
            vals[i] = fn_result(fn, t, i);
        for (int i = 0; i < nvals; i++)
            vals[i] = build_assign_conv(fn, vals[i], object_type(tt->vars.at[i]), param_type(fn, sig, i, pack));
    } else {
        nvals = c->args.len;
        vals = arena_array(fn->arena, ValueId, nvals);
        int last_call = -1;
        for (int i = 0; i < nvals; i++)
            if (expr_has_call(c->args.at[i])) last_call = i;
        for (int pass = 0; pass < 2; pass++)
            for (int i = 0; i < nvals; i++) {
                Expr *e = unparen(c->args.at[i]);
                bool late = i < last_call && !e->cval && e->kind == EXPR_IDENT && expr_is_place(fn, e);
                if (late == (pass == 1)) vals[i] = build_expr_as(fn, c->args.at[i], param_type(fn, sig, i, pack));
            }
    }
    for (int i = 0; i < nvals; i++) {
        IrValue *v = &fn->f->values.at[vals[i]];
        if (v->op != IR_CONV || v->type->has_ptrs || !fn->f->values.at[v->args[0]].type->has_ptrs) continue;
        if (!p->keep) p->keep = arena_array(fn->arena, ValueId, nvals);
        p->keep[p->nkeep++] = v->args[0];
    }
    for (int i = 0; i < nfix; i++) args[n++] = vals[i];
    if (pack)
        args[n++] = pack_variadic(fn, fn_type(fn, object_type(params.at[nfix])), vals + nfix, nvals - nfix);
    return n;
}

/* ---- Callees ------------------------------------------------------------------------------------- */

/* The function object that e names directly, with its type arguments; NULL for values. */
static Object *static_func(Expr *e, TypeList **targs) {
    e = unparen(e);
    if (e->kind == EXPR_INDEX) {
        IndexExpr *x = (IndexExpr *)e;
        if (!x->on->type || !is_kind(x->on->type, TYPE_SIGNATURE)) return NULL;
        e = unparen(x->on);
    }
    Ident *id = NULL;
    if (e->kind == EXPR_IDENT) id = (Ident *)e;
    else if (e->kind == EXPR_SELECTOR && !((SelectorExpr *)e)->selection) id = ((SelectorExpr *)e)->sel;
    if (!id || !id->obj || id->obj->kind != OBJ_FUNC) return NULL;
    *targs = id->targs;
    return id->obj;
}

static SelectorExpr *method_selector(Expr *e, TypeList **targs) {
    e = unparen(e);
    if (e->kind == EXPR_INDEX) {
        IndexExpr *x = (IndexExpr *)e;
        if (!x->on->type || !is_kind(x->on->type, TYPE_SIGNATURE)) return NULL;
        e = unparen(x->on);
    }
    if (e->kind != EXPR_SELECTOR) return NULL;
    SelectorExpr *s = (SelectorExpr *)e;
    if (!s->selection || s->selection->kind != SEL_METHOD) return NULL;
    *targs = s->sel->targs;
    return s;
}

/* abi.FuncPCABI0(f): the entry of f, which must be a function. */
static bool is_funcpc(Object *o) {
    return o->pkg && str_is(o->pkg->path, "internal/abi") && (!strcmp(o->name->p, "FuncPCABI0") ||
                                                              !strcmp(o->name->p, "FuncPCABIInternal"));
}

static ValueId build_funcpc(Fn *fn, CallExpr *c) {
    Expr *a = c->args.at[0];
    Type *t = fn_expr_type(fn, a);
    const IrType *ptr = irtype_ptr(fn->u), *up = fn_irt(fn, fn->ts->basic[BASIC_UINTPTR]);
    ValueId v = build_expr(fn, a);
    if (is_iface(t)) v = E1(fn, IFACEDATA, ptr, v);
    return E1(fn, CONV, up, E1(fn, LOAD, ptr, v));
}

static Prepared prepare(Fn *fn, CallExpr *c) {
    Prepared p = {0};
    SignatureType *sig = (SignatureType *)under(fn_expr_type(fn, c->fn));
    if (sig->t.kind != TYPE_SIGNATURE) sig = (SignatureType *)type_core(fn_expr_type(fn, c->fn));
    p.result = results_type(fn, sig);
    p.args = arena_array(fn->arena, ValueId, sig->params->vars.len + 1);
    TypeList *targs = NULL;
    Object *o = static_func(c->fn, &targs);
    SelectorExpr *s;
    if (o) {
        p.kind = CALLEE_STATIC;
        IntrinsicId id = build_find_intrinsic(fn->b, o);
        if (id != INTRIN_NONE) {
            p.kind = CALLEE_INTRINSIC;
            p.index = id;
        } else if (o->pkg && str_is(o->pkg->path, "runtime") && !strcmp(o->name->p, "KeepAlive")) {
            p.kind = CALLEE_KEEPALIVE;
            p.result = &irtype_none;
        } else {
            p.sym = ir_func_ref(fn->u, o, inst_types(fn, targs));
        }
    } else if ((s = method_selector(c->fn, &targs))) {
        Method m = resolve_method(fn, s);
        Type *final;
        fn->pos = s->x.pos;
        p.args[p.nargs++] = build_receiver(fn, s->on, &m, &final);
        if (is_iface(final)) {
            p.kind = CALLEE_IFACE;
            p.index = iface_method_index(fn->u, final, m.obj);
        } else {
            p.kind = CALLEE_STATIC;
            p.sym = method_sym(fn, final, m.obj, inst_types(fn, targs));
        }
    } else {
        p.kind = CALLEE_CLOSURE;
        Expr *f = unparen(c->fn);
        /* a function literal called on the spot without captures is a static call */
        if (f->kind == EXPR_FUNCLIT) {
            Fn *child;
            Sym *sym = build_funclit_sym(fn, (FuncLit *)f, &child);
            if (!child->caps.len) {
                p.kind = CALLEE_STATIC;
                p.sym = sym;
            } else {
                p.args[p.nargs++] = fn_make_closure(fn, child);
            }
        } else {
            p.args[p.nargs++] = build_expr(fn, f);
        }
    }
    p.nargs = build_args(fn, c, sig, &p, p.nargs);
    return p;
}

ValueId build_call(Fn *fn, CallExpr *c) {
    Expr *f = unparen(c->fn);
    if (f->mode == MODE_TYPE) return build_convert_expr(fn, c->args.at[0], fn_expr_type(fn, f));
    Object *b = f->kind == EXPR_IDENT ? ((Ident *)f)->obj
                : f->kind == EXPR_SELECTOR && !((SelectorExpr *)f)->selection ? ((SelectorExpr *)f)->sel->obj : NULL;
    if (b && b->kind == OBJ_BUILTIN) return build_builtin(fn, c, b->builtin);
    if (b && b->kind == OBJ_FUNC && is_funcpc(b)) return build_funcpc(fn, c);
    Prepared p = prepare(fn, c);
    fn->pos = c->x.pos;
    ValueId v = emit_prepared(fn, &p);
    if (p.nkeep) fn_emit(fn, IR_KEEPALIVE, &irtype_none, p.nkeep, p.keep);
    return v;
}

/* ---- go and defer ---------------------------------------------------------------------------------- */

static Fn *thunk_new(Fn *fn, const char *what, int n) {
    Str sn = str_printf(fn->arena, "%.*s.%s%d", STR_FMT(fn->symname), what, n);
    Str name = str_printf(fn->arena, "%.*s.%s%d", STR_FMT(fn->name), what, n);
    Sym *sym = sym_get(fn->u->syms, sn);
    sym_begin_define(fn->u->syms, sym, SYM_FUNC);
    sym->dupok = fn->force_dupok;
    Fn *t = fn_new(fn->b, fn, fn->inst, sym, sn, name, fn->pos);
    t->is_closure = true;
    t->force_dupok = fn->force_dupok;
    t->f->is_wrapper = true;
    t->f->end = fn->pos;
    return t;
}

/* How a thunk carries value v: as it is, or in memory when it is big. */
static ValueId carry(Fn *fn, ValueId v) {
    const IrType *it = fn_vtype(fn, v);
    return irtype_is_big(it) ? fn_aux_t(fn, E1(fn, BOX, irtype_ptr(fn->u), v), it) : v;
}

/* In the thunk: the value of type it that is carried at *off of the context; *off moves past it. */
static ValueId carried(Fn *t, const IrType *it, ValueId ctx, int64_t *off) {
    bool big = irtype_is_big(it);
    ValueId v = fn_flag(t, fn_aux2(t, E1(t, LOAD, big ? irtype_ptr(t->u) : it, ctx), *off), IRF_NONNIL);
    *off += big ? 8 : (int64_t)((it->size + 7) & ~7ull);
    return big ? fn_aux_t(t, E1(t, UNBOX, it, v), it) : v;
}

/* A closure that performs the prepared call with the values at hand. */
static ValueId prepared_thunk(Fn *fn, Prepared *p, const char *what, int n) {
    Fn *t = thunk_new(fn, what, n);
    Prepared q = *p;
    q.args = arena_array(fn->arena, ValueId, p->nargs);
    ValueId *caps = arena_array(fn->arena, ValueId, p->nargs + p->nkeep);
    int ncaps = 0;
    int64_t off = 8;
    ValueId ctx = p->nargs ? E0(t, CTX, irtype_ptr(fn->u)) : 0;
    t->f->has_ctx = p->nargs > 0;
    for (int i = 0; i < p->nargs; i++) {
        const IrType *it = fn_vtype(fn, p->args[i]);
        if (zero_sized(it)) {
            q.args[i] = E0(t, ZERO, it);
            continue;
        }
        q.args[i] = carried(t, it, ctx, &off);
        caps[ncaps++] = carry(fn, p->args[i]);
    }
    emit_prepared(t, &q);
    for (int i = 0; i < p->nkeep; i++) {
        ValueId k = fn_flag(t, fn_aux2(t, E1(t, LOAD, fn_vtype(fn, p->keep[i]), ctx), off), IRF_NONNIL);
        E1(t, KEEPALIVE, &irtype_none, k);
        off += 8;
        caps[ncaps++] = p->keep[i];
    }
    E0(t, RET, &irtype_none);
    fn_finish(t);
    if (!ncaps) return fn_symaddr(fn, ir_funcval_symbol(fn->u, t->f->sym));
    return fn_aux_sym(fn, fn_emit(fn, IR_CLOSURE, irtype_ptr(fn->u), ncaps, caps), t->f->sym);
}

/* Built-in functions: their arguments become variables that a thunk captures by value. */
static ValueId builtin_thunk(Fn *fn, CallExpr *c, int id, const char *what, int n) {
    c = build_spread_args(fn, c);
    CallExpr *k = arena_memdup(fn->arena, c, sizeof *c);
    k->args.at = arena_memdup(fn->arena, c->args.at, sizeof(Expr *) * (size_t)c->args.len);
    for (int i = 0; i < c->args.len; i++) {
        Expr *a = c->args.at[i];
        if (a->cval || a->mode == MODE_NILVALUE || a->mode == MODE_TYPE) continue;
        Object *o = fn_synth(fn, "~arg", a->type);
        Type *t = fn_type(fn, a->type);
        fn_declare(fn, o, t, false);
        place_store(fn, place_var(fn, o), build_expr(fn, a));
        Ident *v = arena_new(fn->arena, Ident);
        v->x = *a;
        v->x.kind = EXPR_IDENT;
        v->x.mode = MODE_VAR;
        v->name = o->name;
        v->obj = o;
        k->args.at[i] = &v->x;
    }
    Fn *t = thunk_new(fn, what, n);
    t->is_thunk = true;
    build_builtin(t, k, id);
    if (!ir_terminated(t->f, t->cur)) E0(t, RET, &irtype_none);
    fn_finish(t);
    return fn_make_closure(fn, t);
}

static void emit_defer(Fn *fn, ValueId closure) {
    Fn *root = fn;
    while (root->body) root = root->outer;
    if (root == fn) {
        E1(fn, DEFER, &irtype_none, closure);
        return;
    }
    E2(fn, DEFER, &irtype_none, closure, place_load(fn, place_var(fn, root->token)));
}

void build_go_defer(Fn *fn, GoStmt *s) {
    Expr *x = unparen(s->call);
    if (x->kind != EXPR_CALL) bug("go or defer without a call");
    CallExpr *c = (CallExpr *)x;
    Expr *f = unparen(c->fn);
    const char *what = s->is_defer ? "deferwrap" : "gowrap";
    Object *b = f->kind == EXPR_IDENT ? ((Ident *)f)->obj
                : f->kind == EXPR_SELECTOR && !((SelectorExpr *)f)->selection ? ((SelectorExpr *)f)->sel->obj : NULL;
    bool is_builtin = b && b->kind == OBJ_BUILTIN;
    ValueId closure;
    if (is_builtin || f->mode == MODE_TYPE) {
        int n = s->is_defer ? ++fn->ndefer : ++fn->ngo;
        if (!is_builtin) { /* a conversion: only its operand matters */
            build_effect(fn, c->args.at[0]);
            return;
        }
        closure = builtin_thunk(fn, c, b->builtin, what, n);
    } else {
        Prepared p = prepare(fn, c);
        fn->pos = s->s.pos;
        if (p.kind == CALLEE_IFACE) E1(fn, NILCHECK, &irtype_none, E1(fn, IFACETAB, irtype_ptr(fn->u), p.args[0]));
        if (!s->is_defer && !p.nkeep && (p.kind == CALLEE_STATIC || p.kind == CALLEE_CLOSURE)) {
            ValueId v = fn_emit(fn, IR_GO, &irtype_none, p.nargs, p.args);
            fn_aux_sym(fn, v, p.kind == CALLEE_STATIC ? p.sym : NULL);
            return;
        }
        bool bare = p.result == &irtype_none || !p.result->nslots;
        if (bare && p.kind == CALLEE_CLOSURE && p.nargs == 1) closure = p.args[0];
        else if (bare && p.kind == CALLEE_STATIC && !p.nargs) closure = fn_symaddr(fn, ir_funcval_symbol(fn->u, p.sym));
        else closure = prepared_thunk(fn, &p, what, s->is_defer ? ++fn->ndefer : ++fn->ngo);
    }
    fn->pos = s->s.pos;
    if (s->is_defer) {
        emit_defer(fn, closure);
        return;
    }
    E1(fn, GO, &irtype_none, closure);
}

/* ---- Function values -------------------------------------------------------------------------------- */

ValueId build_func_value(Fn *fn, Object *o, TypeList *targs) {
    return fn_symaddr(fn, ir_funcval_symbol(fn->u, ir_func_ref(fn->u, o, inst_types(fn, targs))));
}

/* x.m as a value: a closure over the receiver. */
ValueId build_method_value(Fn *fn, SelectorExpr *s) {
    Method m = resolve_method(fn, s);
    Type *final;
    ValueId r = build_receiver(fn, s->on, &m, &final);
    SignatureType *sig = (SignatureType *)under(fn_expr_type(fn, &s->x));
    bool iface = is_iface(final);
    Str sn;
    Prepared p = {.result = results_type(fn, sig)};
    if (iface) {
        E1(fn, NILCHECK, &irtype_none, E1(fn, IFACETAB, irtype_ptr(fn->u), r));
        Buf b = {0};
        type_print(&b, final, NULL, TYPENAME_LINK);
        sn = str_printf(fn->arena, "%s.%s-fm", b.data, m.obj->name->p);
        buf_free(&b);
        p.kind = CALLEE_IFACE;
        p.index = iface_method_index(fn->u, final, m.obj);
    } else {
        p.kind = CALLEE_STATIC;
        p.sym = method_sym(fn, final, m.obj, inst_types(fn, s->sel->targs));
        sn = str_printf(fn->arena, "%.*s-fm", STR_FMT(p.sym->name));
    }
    const IrType *rt = fn_vtype(fn, r);
    Sym *sym = sym_get(fn->u->syms, sn);
    if (sym_begin_define(fn->u->syms, sym, SYM_FUNC)) {
        sym->dupok = true;
        Fn *t = fn_new(fn->b, NULL, NULL, sym, sn, sn, 0);
        t->f->is_wrapper = true;
        t->pos = fn->pos;
        fn_signature(t, NULL, sig);
        p.args = arena_array(fn->arena, ValueId, t->f->nparams + 1);
        if (zero_sized(rt)) p.args[p.nargs++] = E0(t, ZERO, rt);
        else {
            t->f->has_ctx = true;
            int64_t off = 8;
            p.args[p.nargs++] = carried(t, rt, E0(t, CTX, irtype_ptr(fn->u)), &off);
        }
        for (int i = 0; i < t->f->nparams; i++) {
            const IrType *pt = t->f->params[i];
            p.args[p.nargs++] = zero_sized(pt) ? E0(t, ZERO, pt) : fn_aux_i(t, E0(t, PARAM, pt), i);
        }
        ValueId v = emit_prepared(t, &p);
        ValueId *res = arena_array(fn->arena, ValueId, t->f->nresults);
        for (int i = 0; i < t->f->nresults; i++) res[i] = fn_result(t, v, i);
        fn_emit(t, IR_RET, &irtype_none, t->f->nresults, res);
        fn_finish(t);
    }
    int n = zero_sized(rt) ? 0 : 1;
    if (!n) return fn_symaddr(fn, ir_funcval_symbol(fn->u, sym));
    r = carry(fn, r);
    return fn_aux_sym(fn, fn_emit(fn, IR_CLOSURE, irtype_ptr(fn->u), n, &r), sym);
}

/* T.m as a value: a function that takes the receiver first. */
ValueId build_method_expr(Fn *fn, SelectorExpr *s) {
    Method m = resolve_method(fn, s);
    MethodSetEntry e = {.obj = m.obj, .index = m.index, .nindex = m.npath + 1};
    TypeList mt = inst_types(fn, s->sel->targs);
    Sym *sym;
    if (mt.len) sym = method_sym(fn, m.recv, m.obj, mt);
    else sym = ir_method_tfn(fn->u, m.recv, &e);
    return fn_symaddr(fn, ir_funcval_symbol(fn->u, sym));
}

Sym *ir_static_funcval(IrUnit *u, Expr *e) {
    Builder *b = u->builder;
    Fn *fn = b ? b->init : NULL;
    if (!fn) return NULL;
    e = unparen(e);
    if (e->mode == MODE_TYPE || e->cval || !e->type || !is_kind(e->type, TYPE_SIGNATURE)) return NULL;
    if (e->kind == EXPR_FUNCLIT) {
        Fn *child;
        Sym *s = build_funclit_sym(fn, (FuncLit *)e, &child);
        if (child->caps.len) bug("package-level function literal captures variables");
        return ir_funcval_symbol(u, s);
    }
    TypeList *targs = NULL;
    Object *o = static_func(e, &targs);
    if (o) return ir_funcval_symbol(u, ir_func_ref(u, o, inst_types(fn, targs)));
    if (e->kind == EXPR_SELECTOR) {
        SelectorExpr *s = (SelectorExpr *)e;
        if (s->selection && s->selection->kind == SEL_METHODEXPR) {
            Method m = resolve_method(fn, s);
            MethodSetEntry me = {.obj = m.obj, .index = m.index, .nindex = m.npath + 1};
            return ir_funcval_symbol(u, ir_method_tfn(u, m.recv, &me));
        }
    }
    return NULL;
}
