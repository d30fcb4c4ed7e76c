/* Control flow: if, for, switch, type switch, select. */
#include "ir/build_int.h"

void build_if(Fn *fn, IfStmt *s) {
    build_stmt(fn, s->init);
    bool c;
    if (const_cond(s->cond, &c)) {
        Stmt *live = c ? &s->then->s : s->els, *dead = c ? s->els : &s->then->s;
        if (!dead || !stmt_has_label(dead)) {
            build_stmt(fn, live);
            return;
        }
    }
    BlockId t = fn_block(fn), join = fn_block(fn), f = s->els ? fn_block(fn) : join;
    build_cond(fn, s->cond, t, f);
    fn_at(fn, t);
    build_block(fn, s->then);
    fn_jump(fn, join);
    if (s->els) {
        fn_at(fn, f);
        build_stmt(fn, s->els);
        fn_jump(fn, join);
    }
    fn_at(fn, join);
}

/* Heap variables of the loop clause get a fresh copy for the next iteration. */
static void copy_loop_vars(Fn *fn, Stmt *init) {
    if (!init || init->kind != STMT_ASSIGN || ((AssignStmt *)init)->op != TOK_DEFINE) return;
    AssignStmt *a = (AssignStmt *)init;
    for (int i = 0; i < a->lhs.len; i++) {
        Ident *id = (Ident *)a->lhs.at[i];
        if (id->x.kind != EXPR_IDENT || !id->obj || id->obj->pos != id->x.pos) continue;
        VarLoc *l = map_get_ptr(&fn->vars, id->obj);
        if (!l || l->kind != VAR_HEAP) continue;
        ValueId v = place_load(fn, place_var(fn, id->obj));
        fn_declare(fn, id->obj, l->type, false);
        place_store(fn, place_var(fn, id->obj), v);
    }
}

void build_for(Fn *fn, ForStmt *s) {
    build_stmt(fn, s->init);
    BlockId head = fn_block(fn), body = fn_block(fn), cont = fn_block(fn), done = fn_block(fn);
    fn_jump(fn, head);
    fn_at(fn, head);
    if (s->cond) {
        fn->pos = s->cond->pos;
        build_cond(fn, s->cond, body, done);
    } else fn_jump(fn, body);
    fn_at(fn, body);
    Target t;
    fn_push_target(fn, &t, &s->s, done, cont);
    build_block(fn, s->body);
    fn_pop_target(fn);
    fn_jump(fn, cont);
    fn_at(fn, cont);
    fn->pos = s->s.pos;
    if (s->per_iteration) copy_loop_vars(fn, s->init);
    build_stmt(fn, s->post);
    fn_jump(fn, head);
    fn_at(fn, done);
}

/* ---- switch ----------------------------------------------------------------------------------------- */

/* All cases integer constants: one SWITCH. */
static bool switch_const_ints(Fn *fn, SwitchStmt *s, Type *t, int *count) {
    if (fn_irt(fn, t)->rep != REP_INT) return false;
    *count = 0;
    for (int i = 0; i < s->nclauses; i++)
        for (int k = 0; k < s->clauses[i].exprs.len; k++) {
            Expr *e = s->clauses[i].exprs.at[k];
            int64_t v;
            uint64_t uv;
            if (!e->cval || const_kind(e->cval) != CONST_INT || (!const_int64(e->cval, &v) && !const_uint64(e->cval, &uv)))
                return false;
            ++*count;
        }
    return *count >= 4;
}

static void emit_const_switch(Fn *fn, SwitchStmt *s, ValueId tag, int n, BlockId *bodies, BlockId dflt) {
    int64_t *vals = arena_array(fn->f->arena, int64_t, n);
    BlockId *to = arena_array(fn->arena, BlockId, n + 1);
    int k = 0;
    for (int i = 0; i < s->nclauses; i++)
        for (int j = 0; j < s->clauses[i].exprs.len; j++) {
            const ConstVal *c = s->clauses[i].exprs.at[j]->cval;
            uint64_t u = 0;
            if (!const_int64(c, &vals[k]) && const_uint64(c, &u)) vals[k] = (int64_t)u;
            bool dup = false;
            for (int q = 0; q < k; q++) dup |= vals[q] == vals[k];
            if (!dup) to[k++] = bodies[i];
        }
    to[k] = dflt;
    ValueId v = E1(fn, SWITCH, &irtype_none, tag);
    fn_val(fn, v)->aux.p = vals;
    fn_val(fn, v)->aux2 = k;
    ir_set_succ(fn->f, fn->cur, k + 1, to);
}

static void clause_bodies(Fn *fn, SwitchStmt *s, BlockId *bodies, BlockId done) {
    for (int i = 0; i < s->nclauses; i++) {
        Target t;
        fn_at(fn, bodies[i]);
        fn_push_target(fn, &t, &s->s, done, 0);
        t.fall = i + 1 < s->nclauses ? bodies[i + 1] : 0;
        build_stmts(fn, s->clauses[i].body);
        fn_pop_target(fn);
        fn_jump(fn, done);
    }
    fn_at(fn, done);
}

void build_switch(Fn *fn, SwitchStmt *s) {
    build_stmt(fn, s->init);
    Type *tt = s->tag ? fn_expr_type(fn, s->tag) : fn->ts->basic[BASIC_BOOL];
    bool all_const = true;
    for (int i = 0; i < s->nclauses; i++)
        for (int k = 0; k < s->clauses[i].exprs.len; k++) all_const &= s->clauses[i].exprs.at[k]->cval != NULL;
    ValueId tag = !s->tag ? 0 : is_string(tt) && all_const ? build_str_tmp(fn, s->tag, tt) : build_expr_as(fn, s->tag, tt);
    BlockId *bodies = arena_array(fn->arena, BlockId, s->nclauses + 1), done = fn_block(fn), dflt = done;
    for (int i = 0; i < s->nclauses; i++) {
        bodies[i] = fn_block(fn);
        if (s->clauses[i].is_default) dflt = bodies[i];
    }
    int n;
    if (tag && switch_const_ints(fn, s, tt, &n)) {
        emit_const_switch(fn, s, tag, n, bodies, dflt);
        clause_bodies(fn, s, bodies, done);
        return;
    }
    for (int i = 0; i < s->nclauses; i++)
        for (int k = 0; k < s->clauses[i].exprs.len; k++) {
            Expr *e = s->clauses[i].exprs.at[k];
            BlockId next = fn_block(fn);
            fn->pos = e->pos;
            if (!tag && !is_iface(fn_expr_type(fn, e))) {
                build_cond(fn, e, bodies[i], next);
                fn_at(fn, next);
                continue;
            }
            ValueId c;
            if (!tag) {
                Type *et = fn_expr_type(fn, e);
                c = build_equal(fn, fn_bool(fn, true), tt, build_expr(fn, e), et);
            } else if (e->mode == MODE_NILVALUE) c = build_is_nil(fn, tag, tt);
            else {
                Type *et = fn_expr_type(fn, e);
                if (e->cval && !is_iface(tt)) et = tt;
                c = build_equal(fn, tag, tt, build_expr_as(fn, e, et), et);
            }
            fn_branch(fn, c, bodies[i], next);
            fn_at(fn, next);
        }
    fn_jump(fn, dflt);
    clause_bodies(fn, s, bodies, done);
}

/* ---- type switch -------------------------------------------------------------------------------------- */

static bool is_nil_case(Expr *e) {
    e = unparen(e);
    return e->mode == MODE_NILVALUE || (e->kind == EXPR_IDENT && ((Ident *)e)->obj && ((Ident *)e)->obj->kind == OBJ_NIL);
}

void build_typeswitch(Fn *fn, SwitchStmt *s) {
    build_stmt(fn, s->init);
    TypeAssertExpr *ta = (TypeAssertExpr *)unparen(s->tag);
    Type *xt = fn_expr_type(fn, ta->on);
    const IrType *ptr = irtype_ptr(fn->u), *b = irtype_bool(fn->u);
    ValueId x = build_expr(fn, ta->on);
    ValueId typ = E1(fn, IFACETYPE, ptr, x);
    BlockId *bodies = arena_array(fn->arena, BlockId, s->nclauses + 1), done = fn_block(fn), dflt = done;
    for (int i = 0; i < s->nclauses; i++) {
        bodies[i] = fn_block(fn);
        if (s->clauses[i].is_default) dflt = bodies[i];
    }
    for (int i = 0; i < s->nclauses; i++) {
        CaseClause *c = &s->clauses[i];
        Object *o = c->implicit;
        for (int k = 0; k < c->exprs.len; k++) {
            Expr *e = c->exprs.at[k];
            BlockId next = fn_block(fn), hit = bodies[i];
            bool single = o && c->exprs.len == 1 && !is_nil_case(e);
            if (single) hit = fn_block(fn);
            fn->pos = e->pos;
            ValueId cond, v = 0, tup = 0;
            Type *t = NULL;
            if (is_nil_case(e)) cond = E2(fn, EQ, b, typ, fn_nilptr(fn));
            else {
                t = fn_expr_type(fn, e);
                if (is_iface(t)) {
                    tup = build_assert_ok(fn, x, xt, t);
                    cond = fn_result(fn, tup, 1);
                } else cond = E2(fn, EQ, b, typ, fn_typeaddr(fn, t));
            }
            fn_branch(fn, cond, hit, next);
            if (single) {
                fn_at(fn, hit);
                const IrType *it = fn_irt(fn, t);
                if (tup) v = fn_result(fn, tup, 0);
                else if (zero_sized(it)) v = E0(fn, ZERO, it);
                else v = fn_aux_t(fn, E1(fn, UNBOX, it, E1(fn, IFACEDATA, ptr, x)), it);
                fn_declare(fn, o, t, false);
                place_store(fn, place_var(fn, o), v);
                fn_jump(fn, bodies[i]);
            }
            fn_at(fn, next);
        }
    }
    fn_jump(fn, dflt);
    for (int i = 0; i < s->nclauses; i++) {
        CaseClause *c = &s->clauses[i];
        if (!c->implicit || (c->exprs.len == 1 && !is_nil_case(c->exprs.at[0]))) continue;
        /* several types, nil or default: the variable has the type of x */
        fn_at(fn, bodies[i]);
        fn_declare(fn, c->implicit, xt, false);
        place_store(fn, place_var(fn, c->implicit), x);
    }
    for (int i = 0; i < s->nclauses; i++) {
        Target t;
        fn_at(fn, bodies[i]);
        fn_push_target(fn, &t, &s->s, done, 0);
        build_stmts(fn, s->clauses[i].body);
        fn_pop_target(fn);
        fn_jump(fn, done);
    }
    fn_at(fn, done);
}

/* ---- select ------------------------------------------------------------------------------------------- */

typedef struct Comm {
    Expr *recv;        /* the <-c expression, NULL: send */
    AssignStmt *assign;
    Type *elem;
    IrVar *slot;       /* value sent or received */
    ValueId chan;
} Comm;

static Comm comm_of(Fn *fn, CaseClause *c) {
    Comm m = {0};
    Stmt *s = c->comm;
    if (s->kind == STMT_SEND) {
        SendStmt *d = (SendStmt *)s;
        m.elem = ((ChanType *)under(fn_expr_type(fn, d->chan)))->elem;
        m.chan = build_expr(fn, d->chan);
        m.slot = fn_temp(fn, m.elem, "~send");
        place_store(fn, place_local(m.slot, m.elem), build_expr_as(fn, d->value, m.elem));
        return m;
    }
    if (s->kind == STMT_EXPR) m.recv = unparen(((ExprStmt *)s)->on);
    else {
        m.assign = (AssignStmt *)s;
        m.recv = unparen(m.assign->rhs.at[0]);
    }
    UnaryExpr *u = (UnaryExpr *)m.recv;
    m.elem = ((ChanType *)under(fn_expr_type(fn, u->on)))->elem;
    m.chan = build_expr(fn, u->on);
    m.slot = fn_temp(fn, m.elem, "~recv");
    return m;
}

static void store_received(Fn *fn, Expr *lhs, bool define, ValueId v, Type *t) {
    lhs = unparen(lhs);
    Ident *id = lhs->kind == EXPR_IDENT ? (Ident *)lhs : NULL;
    if (id && id->name->blank) return;
    Place p;
    if (define && id->obj->pos == id->x.pos) {
        fn_declare(fn, id->obj, fn_type(fn, object_type(id->obj)), false);
        p = place_var(fn, id->obj);
    } else p = place_of(fn, lhs);
    place_store(fn, p, build_assign_conv(fn, v, t, p.type));
}

void build_select(Fn *fn, SwitchStmt *s) {
    int n = 0, dflt = -1;
    Comm *m = arena_array(fn->arena, Comm, s->nclauses + 1);
    int *number = arena_array(fn->arena, int, s->nclauses + 1);
    ValueId *args = arena_array(fn->arena, ValueId, 2 * s->nclauses + 1);
    IrSelect *sel = arena_new(fn->f->arena, IrSelect);
    bool *is_send = arena_array(fn->f->arena, bool, s->nclauses + 1);
    sel->is_send = is_send;
    for (int i = 0; i < s->nclauses; i++) {
        if (!s->clauses[i].comm) {
            dflt = i;
            number[i] = -1;
            continue;
        }
        fn->pos = s->clauses[i].pos;
        m[i] = comm_of(fn, &s->clauses[i]);
        is_send[n] = !m[i].recv;
        args[2 * n] = m[i].chan;
        number[i] = n++;
    }
    for (int i = 0; i < s->nclauses; i++) {
        if (number[i] < 0) continue;
        bool none = zero_sized(m[i].slot->type);
        if (!none && m[i].recv) fn_aux_var(fn, E0(fn, LOCALZERO, &irtype_none), m[i].slot);
        args[2 * number[i] + 1] = none ? fn_nilptr(fn) : place_addr(fn, place_local(m[i].slot, m[i].elem));
    }
    sel->ncases = n;
    sel->has_default = dflt >= 0;
    fn->pos = s->s.pos;
    const IrType *b = irtype_bool(fn->u);
    const IrType *tt = irtype_tuple(fn->u, (const IrType *[]){irtype_int(fn->u), b}, 2);
    ValueId t = fn_emit(fn, IR_SELECT, tt, 2 * n, args);
    fn_val(fn, t)->aux.p = sel;
    ValueId idx = fn_result(fn, t, 0), ok = fn_result(fn, t, 1);
    BlockId done = fn_block(fn), *bodies = arena_array(fn->arena, BlockId, s->nclauses + 1);
    int64_t *vals = arena_array(fn->f->arena, int64_t, n + 1);
    BlockId *to = arena_array(fn->arena, BlockId, n + 1);
    for (int i = 0; i < s->nclauses; i++) {
        bodies[i] = fn_block(fn);
        if (number[i] >= 0) {
            vals[number[i]] = number[i];
            to[number[i]] = bodies[i];
        }
    }
    if (!n && dflt < 0) {
        E0(fn, UNREACHABLE, &irtype_none);
    } else if (!n) fn_jump(fn, bodies[dflt]);
    else {
        int k = dflt >= 0 ? n : n - 1; /* without default the last case needs no test */
        if (dflt >= 0) to[n] = bodies[dflt];
        if (!k) fn_jump(fn, to[0]);
        else if (k == 1) fn_branch(fn, E2(fn, EQ, b, idx, fn_const_int(fn, 0)), to[0], to[1]);
        else {
            ValueId sw = E1(fn, SWITCH, &irtype_none, idx);
            fn_val(fn, sw)->aux.p = vals;
            fn_val(fn, sw)->aux2 = k;
            ir_set_succ(fn->f, fn->cur, k + 1, to);
        }
    }
    for (int i = 0; i < s->nclauses; i++) {
        Target tg;
        fn_at(fn, bodies[i]);
        if (number[i] >= 0 && m[i].assign) {
            AssignStmt *a = m[i].assign;
            bool define = a->op == TOK_DEFINE;
            fn->pos = a->s.pos;
            ValueId v = place_load(fn, place_local(m[i].slot, m[i].elem));
            store_received(fn, a->lhs.at[0], define, v, m[i].elem);
            if (a->lhs.len > 1) store_received(fn, a->lhs.at[1], define, ok, fn->ts->basic[BASIC_BOOL]);
        }
        fn_push_target(fn, &tg, &s->s, done, 0);
        build_stmts(fn, s->clauses[i].body);
        fn_pop_target(fn);
        fn_jump(fn, done);
    }
    fn_at(fn, done);
}
