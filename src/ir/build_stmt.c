/* Statements: declarations, assignments, return, send, and the dispatch of all kinds. */
#include "ir/build_int.h"

/* An identifier that a := or var declares (not one that it reuses). */
static Object *defined_object(Expr *e) {
    if (e->kind != EXPR_IDENT) return NULL;
    Ident *id = (Ident *)e;
    if (!id->obj || id->name->blank) return NULL;
    return id->obj->pos == id->x.pos ? id->obj : NULL;
}

static Place declare_place(Fn *fn, Object *o) {
    fn_declare(fn, o, fn_type(fn, object_type(o)), false);
    return place_var(fn, o);
}

static bool is_blank(Expr *e) {
    e = unparen(e);
    return e->kind == EXPR_IDENT && ((Ident *)e)->name->blank;
}

/* Type of an assignment's operand i on the right when one expression gives several values. */
static Type *multi_type(Fn *fn, Expr *rhs, bool ok_form, Type *elem, int i) {
    if (ok_form) return i ? fn->ts->basic[BASIC_BOOL] : elem;
    return fn_type(fn, object_type(((TupleType *)fn_expr_type(fn, rhs))->vars.at[i]));
}

static bool is_commaok_expr(Expr *e) {
    e = unparen(e);
    return e->kind == EXPR_TYPEASSERT || e->kind == EXPR_INDEX || (e->kind == EXPR_UNARY && ((UnaryExpr *)e)->op == TOK_ARROW);
}

/* lhs... = one expression with several values. */
static void assign_multi(Fn *fn, Expr **lhs, int n, Expr *rhs, bool define) {
    bool ok_form = is_commaok_expr(rhs);
    Place *p = arena_array(fn->arena, Place, n);
    bool early = false;
    for (int i = 0; i < n; i++) early |= expr_has_call(lhs[i]);
    if (early)
        for (int i = 0; i < n; i++)
            if (!is_blank(lhs[i])) p[i] = place_of(fn, lhs[i]);
    Type *elem = NULL;
    ValueId t = ok_form ? build_commaok(fn, rhs, &elem) : build_expr(fn, rhs);
    ValueId *v = arena_array(fn->arena, ValueId, n);
    for (int i = 0; i < n; i++) v[i] = is_blank(lhs[i]) ? 0 : fn_result(fn, t, i);
    for (int i = 0; i < n && !early; i++) {
        if (is_blank(lhs[i])) continue;
        Object *o = define ? defined_object(lhs[i]) : NULL;
        p[i] = o ? declare_place(fn, o) : place_of(fn, lhs[i]);
    }
    for (int i = 0; i < n; i++) {
        if (is_blank(lhs[i])) continue;
        place_store(fn, p[i], build_assign_conv(fn, v[i], multi_type(fn, rhs, ok_form, elem, i), p[i].type));
    }
}

static void assign_one(Fn *fn, Expr *lhs, Expr *rhs, bool define) {
    Object *o = define ? defined_object(lhs) : NULL;
    if (is_blank(lhs)) {
        if (!rhs->cval && rhs->mode != MODE_NILVALUE) build_effect(fn, rhs);
        return;
    }
    if (o) {
        Type *t = fn_type(fn, object_type(o));
        if (!map_get_ptr(&fn->vars, o) && unparen(rhs)->kind == EXPR_COMPOSITE) {
            /* nothing can see the variable yet: build the literal in it */
            bool nested = expr_has_call(rhs);
            if (!nested) {
                place_assign(fn, declare_place(fn, o), rhs);
                return;
            }
        }
        ValueId v = build_expr_as(fn, rhs, t);
        place_store(fn, declare_place(fn, o), v);
        if (rhs->cval && !o->reassigned && !o->addressed && !is_iface(t)) fn_lookup(fn, o)->cval = rhs->cval;
        return;
    }
    Expr *l = unparen(lhs);
    if (l->kind != EXPR_IDENT && expr_has_call(rhs) && !expr_has_call(lhs)) {
        /* calls first: what the left side reads is read after them */
        Type *t = fn_expr_type(fn, l);
        ValueId v = build_expr_as(fn, rhs, t);
        place_store(fn, place_of(fn, l), v);
        return;
    }
    place_assign(fn, place_of(fn, l), rhs);
}

void build_assign_list(Fn *fn, AssignStmt *s) {
    bool define = s->op == TOK_DEFINE;
    int n = s->lhs.len;
    if (n == 1 && s->rhs.len == 1) {
        assign_one(fn, s->lhs.at[0], s->rhs.at[0], define);
        return;
    }
    if (s->rhs.len == 1) {
        assign_multi(fn, s->lhs.at, n, s->rhs.at[0], define);
        return;
    }
    Place *p = arena_array(fn->arena, Place, n);
    ValueId *v = arena_array(fn->arena, ValueId, n);
    Object **o = arena_array(fn->arena, Object *, n);
    for (int i = 0; i < n; i++) {
        o[i] = define ? defined_object(s->lhs.at[i]) : NULL;
        if (!o[i] && !is_blank(s->lhs.at[i])) p[i] = place_of(fn, s->lhs.at[i]);
    }
    for (int i = 0; i < n; i++) {
        Expr *r = s->rhs.at[i];
        if (o[i]) v[i] = build_expr_as(fn, r, fn_type(fn, object_type(o[i])));
        else if (is_blank(s->lhs.at[i])) build_effect(fn, r);
        else v[i] = build_expr_as(fn, r, p[i].type);
    }
    for (int i = 0; i < n; i++) {
        if (o[i]) p[i] = declare_place(fn, o[i]);
        if (v[i]) place_store(fn, p[i], v[i]);
    }
}

/* x op= y */
static void assign_op(Fn *fn, Expr *lhs, Expr *rhs, int op, ValueId one) {
    Type *t = fn_expr_type(fn, lhs);
    bool shift = op == TOK_SHL || op == TOK_SHR;
    Type *yt = t;
    if (shift && rhs) {
        yt = fn_expr_type(fn, rhs);
        if (rhs->cval && !basic_has(yt, BF_INTEGER)) yt = fn->ts->basic[BASIC_UINT];
    }
    ValueId y = one;
    Place p;
    if (rhs && expr_has_call(rhs) && !expr_has_call(lhs)) {
        y = build_expr_as(fn, rhs, yt);
        p = place_of(fn, lhs);
    } else {
        p = place_of(fn, lhs);
        if (rhs) y = build_expr_as(fn, rhs, yt);
    }
    p = place_fix(fn, p);
    ValueId x = place_load(fn, p);
    place_store(fn, p, build_binary(fn, op, x, t, y, yt, t, rhs));
}

static void build_incdec(Fn *fn, IncDecStmt *s) {
    Type *t = fn_expr_type(fn, s->on);
    ValueId one = fn_const(fn, const_make_int(fn->arena, 1), t);
    assign_op(fn, s->on, NULL, s->dec ? TOK_SUB : TOK_ADD, one);
}

static void build_var_decl(Fn *fn, GenDecl *d) {
    if (d->gen != GEN_VAR) return;
    for (int i = 0; i < d->len; i++) {
        ValueSpec *v = d->values[i];
        fn->pos = v->pos;
        Expr **lhs = arena_array(fn->arena, Expr *, v->nnames);
        for (int k = 0; k < v->nnames; k++) lhs[k] = &v->names[k]->x;
        if (!v->values.len) {
            for (int k = 0; k < v->nnames; k++) {
                Object *o = v->names[k]->obj;
                if (!o || v->names[k]->name->blank) continue;
                VarLoc *l = fn_declare(fn, o, fn_type(fn, object_type(o)), false);
                if (l->kind == VAR_LOCAL) place_zero(fn, place_var(fn, o));
            }
            continue;
        }
        if (v->values.len == 1 && v->nnames > 1) {
            assign_multi(fn, lhs, v->nnames, v->values.at[0], true);
            continue;
        }
        AssignStmt a = {.op = TOK_DEFINE, .lhs = {lhs, v->nnames}, .rhs = v->values};
        build_assign_list(fn, &a);
    }
}

/* ---- Return --------------------------------------------------------------------------------------- */

void build_return(Fn *fn, ReturnStmt *s) {
    Fn *root = fn;
    while (root->body) root = root->outer;
    int n = root->nresults;
    SignatureType *sig = root->sig;
    bool vars = root->use_result_vars;
    if (s->results.len) {
        ValueId *v = arena_array(fn->arena, ValueId, n);
        if (s->results.len == 1 && n > 1) {
            Type *tt = fn_expr_type(fn, s->results.at[0]);
            ValueId t = build_expr(fn, s->results.at[0]);
            for (int i = 0; i < n; i++) v[i] = fn_result(fn, t, i);
            for (int i = 0; i < n; i++)
                v[i] = build_assign_conv(fn, v[i], fn_type(fn, object_type(((TupleType *)tt)->vars.at[i])),
                                         fn_type(fn, object_type(sig->results->vars.at[i])));
        } else {
            int last_call = -1;
            for (int i = 0; i < n; i++)
                if (expr_has_call(s->results.at[i])) last_call = i;
            for (int pass = 0; pass < 2; pass++) /* plain variables are read after the calls */
                for (int i = 0; i < n; i++) {
                    Expr *e = unparen(s->results.at[i]);
                    bool late = i < last_call && !e->cval && e->kind == EXPR_IDENT && expr_is_place(fn, e);
                    if (late == (pass == 1))
                        v[i] = build_expr_as(fn, s->results.at[i], fn_type(fn, object_type(sig->results->vars.at[i])));
                }
        }
        if (!vars) {
            fn_emit(fn, IR_RET, &irtype_none, n, v);
            fn->cur = fn_block(fn);
            return;
        }
        for (int i = 0; i < n; i++) place_store(fn, place_var(fn, root->results[i]), v[i]);
    }
    fn->pos = s->s.pos;
    build_exit(fn, EXIT_RETURN, NULL);
}

/* ---- Dispatch -------------------------------------------------------------------------------------- */

static BlockId label_block(Fn *fn, Stmt *l) {
    MapEntry *e = map_find_ptr(&fn->labels, l);
    if (e) return (BlockId)e->num;
    BlockId b = fn_block(fn);
    map_put_ptr(&fn->labels, l, NULL)->num = b;
    return b;
}

static bool label_is_local(Fn *fn, Stmt *l) {
    if (!fn->body) return true;
    BlockStmt *b = fn->body->stmt->body;
    return l->pos >= b->s.pos && l->pos <= b->rbrace;
}

static void set_int_var(Fn *fn, Object *o, int64_t v) { place_store(fn, place_var(fn, o), fn_const_int(fn, v)); }

/* Leaves towards a target that may lie outside the body of a range-over-func loop; what follows is dead. */
void build_exit(Fn *fn, ExitKind kind, Stmt *target) {
    BlockId to = 0;
    if (kind == EXIT_RETURN && !fn->body) {
        fn_return(fn);
        fn->cur = fn_block(fn);
        return;
    }
    if (kind == EXIT_GOTO && label_is_local(fn, target)) to = label_block(fn, target);
    if (kind == EXIT_BREAK || kind == EXIT_CONTINUE)
        for (Target *t = fn->targets; t && !to; t = t->up)
            if (t->stmt == target) to = kind == EXIT_BREAK ? t->brk : t->cont;
    if (to) {
        fn_jump(fn, to);
        fn->cur = fn_block(fn);
        return;
    }
    if (!fn->body) bug("branch without a target");
    bool own = target == &fn->body->stmt->s && kind != EXIT_GOTO && kind != EXIT_RETURN;
    bool again = own && kind == EXIT_CONTINUE;
    if (!own) {
        Fn *root = fn;
        while (root->body) root = root->outer;
        Exit e = {kind, target, ++root->ncodes};
        vec_push(&fn->body->exits, e);
        set_int_var(fn, root->next, e.code);
    }
    set_int_var(fn, fn->body->state, again ? 1 : 0);
    ValueId r = fn_bool(fn, again);
    fn_emit(fn, IR_RET, &irtype_none, 1, &r);
    fn->cur = fn_block(fn);
}

void build_branch(Fn *fn, BranchStmt *s) {
    switch (s->tok) {
    case TOK_BREAK: build_exit(fn, EXIT_BREAK, s->target); break;
    case TOK_CONTINUE: build_exit(fn, EXIT_CONTINUE, s->target); break;
    case TOK_GOTO: build_exit(fn, EXIT_GOTO, s->target); break;
    default: /* fallthrough */
        for (Target *t = fn->targets; t; t = t->up)
            if (t->fall) {
                fn_jump(fn, t->fall);
                fn->cur = fn_block(fn);
                return;
            }
        bug("fallthrough outside a switch");
    }
}

void fn_push_target(Fn *fn, Target *t, Stmt *s, BlockId brk, BlockId cont) {
    *t = (Target){.stmt = s, .brk = brk, .cont = cont, .up = fn->targets};
    fn->targets = t;
}
void fn_pop_target(Fn *fn) { fn->targets = fn->targets->up; }

void build_stmts(Fn *fn, StmtList l) {
    for (int i = 0; i < l.len; i++) build_stmt(fn, l.at[i]);
}
void build_block(Fn *fn, BlockStmt *b) { build_stmts(fn, b->list); }

void build_stmt(Fn *fn, Stmt *s) {
    if (!s) return;
    if (s->pos) fn->pos = s->pos;
    switch ((StmtKind)s->kind) {
    case STMT_EMPTY: break;
    case STMT_DECL: build_var_decl(fn, ((DeclStmt *)s)->decl); break;
    case STMT_LABELED: {
        BlockId b = label_block(fn, s);
        fn_jump(fn, b);
        fn_at(fn, b);
        build_stmt(fn, ((LabeledStmt *)s)->body);
        break;
    }
    case STMT_EXPR: build_effect(fn, ((ExprStmt *)s)->on); break;
    case STMT_SEND: {
        SendStmt *d = (SendStmt *)s;
        ChanType *ct = (ChanType *)under(fn_expr_type(fn, d->chan));
        ValueId c = build_expr(fn, d->chan), v = build_expr_as(fn, d->value, ct->elem);
        fn->pos = s->pos;
        fn_aux_t(fn, E2(fn, SEND, &irtype_none, c, v), fn_irt(fn, ct->elem));
        break;
    }
    case STMT_INCDEC: build_incdec(fn, (IncDecStmt *)s); break;
    case STMT_ASSIGN: {
        AssignStmt *a = (AssignStmt *)s;
        if (a->op == TOK_ASSIGN || a->op == TOK_DEFINE) build_assign_list(fn, a);
        else assign_op(fn, a->lhs.at[0], a->rhs.at[0], a->op, 0);
        break;
    }
    case STMT_GO: case STMT_DEFER: build_go_defer(fn, (GoStmt *)s); break;
    case STMT_RETURN: build_return(fn, (ReturnStmt *)s); break;
    case STMT_BRANCH: build_branch(fn, (BranchStmt *)s); break;
    case STMT_BLOCK: build_block(fn, (BlockStmt *)s); break;
    case STMT_IF: build_if(fn, (IfStmt *)s); break;
    case STMT_SWITCH: build_switch(fn, (SwitchStmt *)s); break;
    case STMT_TYPESWITCH: build_typeswitch(fn, (SwitchStmt *)s); break;
    case STMT_SELECT: build_select(fn, (SwitchStmt *)s); break;
    case STMT_FOR: build_for(fn, (ForStmt *)s); break;
    case STMT_RANGE: build_range(fn, (RangeStmt *)s); break;
    default: bug("statement kind %d", s->kind);
    }
}
