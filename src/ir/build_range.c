/* for ... range: integers, arrays, slices, strings, maps, channels, functions.
 *
 * A range over a function calls it with the loop's body as a closure. State says whether the body may run
 * (0 done, 1 ready, 2 running or panicked, 3 exhausted; 4 asks for the message "did not return"), and a
 * variable of the outermost function says what to do after the call when the body left by anything
 * other than its own break and continue. */
#include "ir/build_int.h"

static bool wants(Expr *e) {
    return e && !(unparen(e)->kind == EXPR_IDENT && ((Ident *)unparen(e))->name->blank);
}

/* Gives the loop variables their values for this iteration: places first, then both stores. */
static void set_vars(Fn *fn, RangeStmt *s, ValueId k, Type *kt, ValueId v, Type *vt, bool declare) {
    Expr *e[2] = {wants(s->key) ? unparen(s->key) : NULL, wants(s->value) ? unparen(s->value) : NULL};
    ValueId x[2] = {k, v};
    Type *t[2] = {kt, vt};
    Place p[2];
    for (int i = 0; i < 2; i++) {
        if (!e[i]) continue;
        if (s->define) {
            Object *o = ((Ident *)e[i])->obj;
            if (declare) fn_declare(fn, o, fn_type(fn, object_type(o)), false);
            p[i] = place_var(fn, o);
        } else p[i] = place_of(fn, e[i]);
    }
    for (int i = 0; i < 2; i++)
        if (e[i]) place_store(fn, p[i], build_assign_conv(fn, x[i], t[i], p[i].type));
}

/* Before Go 1.22 the variables exist once for all iterations. */
static void declare_shared(Fn *fn, RangeStmt *s) {
    if (!s->define || s->per_iteration) return;
    Expr *e[2] = {s->key, s->value};
    for (int i = 0; i < 2; i++) {
        if (!wants(e[i])) continue;
        Object *o = ((Ident *)unparen(e[i]))->obj;
        fn_declare(fn, o, fn_type(fn, object_type(o)), o->captured);
    }
}

typedef struct Loop { BlockId head, body, cont, done; Target t; } Loop;

static void loop_begin(Fn *fn, Loop *l) {
    l->head = fn_block(fn);
    l->body = fn_block(fn);
    l->cont = fn_block(fn);
    l->done = fn_block(fn);
    fn_jump(fn, l->head);
    fn_at(fn, l->head);
}

/* Builds the loop's own body in the current block, then jumps to cont and goes on there. */
static void loop_body(Fn *fn, Loop *l, RangeStmt *s) {
    fn_push_target(fn, &l->t, &s->s, l->done, l->cont);
    build_block(fn, s->body);
    fn_pop_target(fn);
    fn_jump(fn, l->cont);
    fn_at(fn, l->cont);
    fn->pos = s->s.pos;
}

static void loop_end(Fn *fn, Loop *l) {
    fn_jump(fn, l->head);
    fn_at(fn, l->done);
}

static ValueId get(Fn *fn, IrVar *v) { return fn_aux_var(fn, E0(fn, LOCALGET, v->type), v); }
static void set(Fn *fn, IrVar *v, ValueId x) { fn_aux_var(fn, E1(fn, LOCALSET, &irtype_none, x), v); }

static void range_int(Fn *fn, RangeStmt *s, Type *t) {
    if (s->on->cval && wants(s->key)) {
        Object *o = s->define ? ((Ident *)unparen(s->key))->obj : NULL;
        t = o ? fn_type(fn, object_type(o)) : fn_expr_type(fn, s->key);
    }
    const IrType *it = fn_irt(fn, t);
    ValueId n = build_expr_as(fn, s->on, t);
    IrVar *i = fn_temp(fn, t, "~i");
    set(fn, i, fn_int(fn, it, 0));
    Loop l;
    loop_begin(fn, &l);
    fn_branch(fn, E2(fn, LT, irtype_bool(fn->u), get(fn, i), n), l.body, l.done);
    fn_at(fn, l.body);
    if (wants(s->key)) set_vars(fn, s, get(fn, i), t, 0, NULL, s->per_iteration);
    loop_body(fn, &l, s);
    set(fn, i, E2(fn, ADD, it, get(fn, i), fn_int(fn, it, 1)));
    loop_end(fn, &l);
}

/* Slices, arrays and pointers to arrays. */
static void range_list(Fn *fn, RangeStmt *s, Type *t) {
    Type *u = under(t), *elem;
    const IrType *ptr = irtype_ptr(fn->u), *i64 = irtype_int(fn->u);
    bool value = wants(s->value), slice = u->kind == TYPE_SLICE;
    ValueId base = 0, n;
    int64_t len = 0;
    if (slice) {
        elem = ((SliceType *)u)->elem;
        Expr *str = bytes_of_string(fn, s->on);
        if (str) { /* the bytes of a string, without a copy */
            ValueId sv = build_expr(fn, str), len_ = E1(fn, STRLEN, i64, sv);
            base = E3(fn, SLICEMAKE, fn_irt(fn, t), E1(fn, STRPTR, ptr, sv), len_, len_);
        } else base = build_expr(fn, s->on);
        n = E1(fn, SLICELEN, i64, base);
    } else {
        bool isptr = u->kind == TYPE_POINTER;
        ArrayType *a = (ArrayType *)(isptr ? under(deref_type(t)) : u);
        elem = a->elem;
        len = a->len;
        if (value) {
            if (isptr) base = build_expr(fn, s->on);
            else { /* spec: the array is copied once */
                IrVar *copy = fn_temp(fn, t, "~array");
                Place p = place_local(copy, t);
                if (fn_irt(fn, t)->size > 65536) {
                    base = fn_aux_t(fn, E0(fn, NEW, ptr), fn_irt(fn, t));
                    p = place_mem(base, t, IRF_NONNIL);
                }
                if (!zero_sized(fn_irt(fn, t))) {
                    place_assign(fn, p, s->on);
                    base = place_addr(fn, p);
                } else {
                    build_effect(fn, s->on);
                    base = fn_nilptr(fn);
                }
            }
        } else if (expr_has_call(s->on)) build_effect(fn, s->on);
        n = fn_const_int(fn, len);
    }
    const IrType *et = fn_irt(fn, elem);
    IrVar *i = fn_temp_ir(fn, i64, "~i");
    set(fn, i, fn_const_int(fn, 0));
    Loop l;
    loop_begin(fn, &l);
    fn_branch(fn, E2(fn, LT, irtype_bool(fn->u), get(fn, i), n), l.body, l.done);
    fn_at(fn, l.body);
    ValueId iv = wants(s->key) || value ? get(fn, i) : 0;
    ValueId ev = 0;
    if (value && zero_sized(et)) ev = E0(fn, ZERO, et);
    else if (value) {
        ValueId a;
        if (slice) a = fn_flag(fn, E2(fn, ELEMADDR, ptr, base, iv), IRF_INBOUNDS);
        else {
            a = fn_aux2(fn, E2(fn, ARRADDR, ptr, base, iv), len);
            fn_flag(fn, a, IRF_INBOUNDS | (u->kind == TYPE_ARRAY ? IRF_NONNIL : 0));
        }
        fn_aux_i(fn, a, (int64_t)et->size);
        ev = place_load(fn, place_mem(a, elem, IRF_NONNIL));
    }
    set_vars(fn, s, iv, t_int(fn), ev, elem, s->per_iteration);
    loop_body(fn, &l, s);
    set(fn, i, E2(fn, ADD, i64, get(fn, i), fn_const_int(fn, 1)));
    loop_end(fn, &l);
}

static void range_string(Fn *fn, RangeStmt *s, Type *t) {
    const IrType *i64 = irtype_int(fn->u), *r32 = fn_irt(fn, fn->ts->basic[BASIC_INT32]);
    const IrType *tt = irtype_tuple(fn->u, (const IrType *[]){r32, i64}, 2);
    Expr *on = unparen(s->on);
    ValueId str = build_expr(fn, on);
    (void)t;
    ValueId n = E1(fn, STRLEN, i64, str);
    IrVar *i = fn_temp_ir(fn, i64, "~i"), *next = fn_temp_ir(fn, i64, "~next");
    set(fn, i, fn_const_int(fn, 0));
    Loop l;
    loop_begin(fn, &l);
    fn_branch(fn, E2(fn, LT, irtype_bool(fn->u), get(fn, i), n), l.body, l.done);
    fn_at(fn, l.body);
    ValueId iv = get(fn, i);
    ValueId d = E2(fn, STRDECODE, tt, str, iv);
    ValueId r = fn_result(fn, d, 0);
    set(fn, next, fn_result(fn, d, 1));
    set_vars(fn, s, iv, t_int(fn), r, fn->ts->basic[BASIC_INT32], s->per_iteration);
    loop_body(fn, &l, s);
    set(fn, i, get(fn, next));
    loop_end(fn, &l);
}

/* The iterator variable: rt/map.h's MapIter. */
static const IrType *map_iter_type(Fn *fn) {
    IrType *t = arena_new(fn->arena, IrType);
    uint8_t *mask = arena_alloc(fn->arena, 2);
    mask[0] = 0x3f;
    t->rep = REP_AGG;
    t->align = 8;
    t->has_ptrs = true;
    t->nslots = 12;
    t->size = 96;
    t->ptrmask = mask;
    return t;
}

static void range_map(Fn *fn, RangeStmt *s, Type *t) {
    MapType *m = (MapType *)under(t);
    const IrType *it = fn_irt(fn, t), *ptr = irtype_ptr(fn->u);
    const IrType *tt = irtype_tuple(fn->u, (const IrType *[]){ptr, ptr}, 2);
    ValueId mv = build_expr(fn, s->on);
    IrVar *iter = fn_temp_ir(fn, map_iter_type(fn), "~iter");
    iter->addressed = true;
    fn_aux_var(fn, E0(fn, LOCALZERO, &irtype_none), iter);
    ValueId addr = fn_aux_var(fn, E0(fn, LOCALADDR, ptr), iter);
    fn_aux_t(fn, E2(fn, MAPITERINIT, &irtype_none, mv, addr), it);
    Loop l;
    loop_begin(fn, &l);
    ValueId n = fn_aux_t(fn, E1(fn, MAPITERNEXT, tt, addr), it);
    ValueId k = fn_result(fn, n, 0), v = fn_result(fn, n, 1);
    fn_branch(fn, E2(fn, EQ, irtype_bool(fn->u), k, fn_nilptr(fn)), l.done, l.body);
    fn_at(fn, l.body);
    ValueId kv = wants(s->key) ? place_load(fn, place_mem(k, m->key, IRF_NONNIL)) : 0;
    ValueId vv = wants(s->value) ? place_load(fn, place_mem(v, m->elem, IRF_NONNIL)) : 0;
    set_vars(fn, s, kv, m->key, vv, m->elem, s->per_iteration);
    loop_body(fn, &l, s);
    loop_end(fn, &l);
}

static void range_chan(Fn *fn, RangeStmt *s, Type *t) {
    Type *elem = ((ChanType *)under(t))->elem;
    const IrType *et = fn_irt(fn, elem);
    const IrType *tt = irtype_tuple(fn->u, (const IrType *[]){et, irtype_bool(fn->u)}, 2);
    ValueId c = build_expr(fn, s->on);
    Loop l;
    loop_begin(fn, &l);
    ValueId r = fn_aux_t(fn, E1(fn, RECVOK, tt, c), et);
    ValueId v = wants(s->key) ? fn_result(fn, r, 0) : 0;
    fn_branch(fn, fn_result(fn, r, 1), l.body, l.done);
    fn_at(fn, l.body);
    set_vars(fn, s, v, elem, 0, NULL, s->per_iteration);
    loop_body(fn, &l, s);
    loop_end(fn, &l);
}

/* ---- Functions -------------------------------------------------------------------------------------- */

enum { RF_DONE, RF_READY, RF_PANIC, RF_EXHAUSTED, RF_MISSING_PANIC };

static void set_int(Fn *fn, Object *o, int64_t v) { place_store(fn, place_var(fn, o), fn_const_int(fn, v)); }

static Fn *range_body(Fn *fn, RangeStmt *s, SignatureType *yield, RangeBody *rb) {
    Fn *root = fn;
    while (root->body) root = root->outer;
    int n = ++root->nrange;
    Str sn = str_printf(fn->arena, "%.*s-range%d", STR_FMT(root->symname), n);
    Str name = str_printf(fn->arena, "%.*s-range%d", STR_FMT(root->name), n);
    Sym *sym = sym_get(fn->u->syms, sn);
    sym_begin_define(fn->u->syms, sym, SYM_FUNC);
    sym->dupok = fn->force_dupok;
    Fn *c = fn_new(fn->b, fn, fn->inst, sym, sn, name, s->s.pos);
    c->is_closure = true;
    c->body = rb;
    c->force_dupok = fn->force_dupok;
    c->sig = yield;
    c->f->end = s->body->rbrace;
    fn_signature(c, NULL, yield);
    const IrType *b = irtype_bool(fn->u);
    BlockId bad = fn_block(c), good = fn_block(c);
    c->f->blocks.at[bad].unlikely = true;
    ValueId st = place_load(c, place_var(c, rb->state));
    set_int(c, rb->state, RF_PANIC);
    fn_branch(c, E2(c, EQ, b, st, fn_const_int(c, RF_READY)), good, bad);
    fn_at(c, bad);
    fn_call_rt(c, "runtime.panicrangestate", &irtype_none, 1, &st);
    E0(c, UNREACHABLE, &irtype_none);
    fn_at(c, good);
    Expr *vars[2] = {s->key, s->value};
    ValueId p[2] = {0, 0};
    for (int i = 0; i < 2 && i < c->f->nparams; i++) {
        const IrType *pt = c->f->params[i];
        if (wants(vars[i])) p[i] = zero_sized(pt) ? E0(c, ZERO, pt) : fn_aux_i(c, E0(c, PARAM, pt), i);
    }
    Type *vt[2] = {NULL, NULL};
    for (int i = 0; i < 2 && i < c->f->nparams; i++) vt[i] = fn_type(c, object_type(yield->params->vars.at[i]));
    set_vars(c, s, p[0], vt[0], p[1], vt[1], true);
    build_block(c, s->body);
    c->pos = s->body->rbrace;
    if (!ir_terminated(c->f, c->cur)) build_exit(c, EXIT_CONTINUE, &s->s);
    fn_finish(c);
    return c;
}

void build_rangefunc(Fn *fn, RangeStmt *s, Type *ft) {
    SignatureType *sig = (SignatureType *)under(ft);
    SignatureType *yield = (SignatureType *)under(fn_type(fn, object_type(sig->params->vars.at[0])));
    Fn *root = fn;
    while (root->body) root = root->outer;
    RangeBody *rb = arena_new(fn->arena, RangeBody);
    rb->stmt = s;
    rb->exits.arena = fn->arena;
    ValueId f = build_expr(fn, s->on);
    rb->state = fn_synth(fn, "#state", t_int(fn));
    rb->state->captured = rb->state->reassigned = true;
    fn_declare(fn, rb->state, t_int(fn), true);
    set_int(fn, rb->state, RF_READY);
    Fn *body = range_body(fn, s, yield, rb);
    ValueId args[2] = {f, fn_make_closure(fn, body)};
    fn->pos = s->s.pos;
    fn_emit(fn, IR_CALLCLOSURE, &irtype_none, 2, args);
    const IrType *b = irtype_bool(fn->u);
    BlockId bad = fn_block(fn), good = fn_block(fn);
    fn->f->blocks.at[bad].unlikely = true;
    ValueId st = place_load(fn, place_var(fn, rb->state));
    fn_branch(fn, E2(fn, EQ, b, st, fn_const_int(fn, RF_PANIC)), bad, good);
    fn_at(fn, bad);
    ValueId code = fn_const_int(fn, RF_MISSING_PANIC);
    fn_call_rt(fn, "runtime.panicrangestate", &irtype_none, 1, &code);
    E0(fn, UNREACHABLE, &irtype_none);
    fn_at(fn, good);
    set_int(fn, rb->state, RF_EXHAUSTED);
    if (!rb->exits.len) return;
    BlockId check = fn_block(fn), done = fn_block(fn);
    ValueId next = place_load(fn, place_var(fn, root->next));
    fn_branch(fn, E2(fn, EQ, b, next, fn_const_int(fn, 0)), done, check);
    fn_at(fn, check);
    set_int(fn, root->next, 0);
    for (int i = 0; i < rb->exits.len; i++) {
        Exit e = rb->exits.at[i];
        BlockId hit = fn_block(fn), miss = fn_block(fn);
        fn_branch(fn, E2(fn, EQ, b, next, fn_const_int(fn, e.code)), hit, miss);
        fn_at(fn, hit);
        build_exit(fn, e.kind, e.target);
        fn_at(fn, miss);
    }
    fn_jump(fn, done);
    fn_at(fn, done);
}

void build_range(Fn *fn, RangeStmt *s) {
    Type *t = fn_expr_type(fn, s->on), *u = under(t);
    if (u->kind == TYPE_SIGNATURE) {
        build_rangefunc(fn, s, t);
        return;
    }
    declare_shared(fn, s);
    if (u->kind == TYPE_MAP) range_map(fn, s, t);
    else if (u->kind == TYPE_CHAN) range_chan(fn, s, t);
    else if (is_string(t)) range_string(fn, s, t);
    else if (u->kind == TYPE_BASIC) range_int(fn, s, t);
    else range_list(fn, s, t);
}
