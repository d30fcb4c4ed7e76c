/* Statements. */
#include "types/checker.h"

void open_scope(Checker *c, Pos pos, Pos end) { c->env.scope = new_scope(c->ts, c->env.scope, pos, end); }
void close_scope(Checker *c) { c->env.scope = c->env.scope->parent; }

void check_stmt_list(Checker *c, unsigned ctx, StmtList l) {
    bool ok = ctx & FALLTHROUGH_OK;
    unsigned inner = ctx & ~FALLTHROUGH_OK;
    int n = l.len;
    while (n > 0 && l.at[n - 1]->kind == STMT_EMPTY) n--;
    for (int i = 0; i < n; i++) check_stmt(c, inner | (ok && i + 1 == n ? FALLTHROUGH_OK : 0), l.at[i]);
}

static void multiple_defaults(Checker *c, SwitchStmt *s) {
    CaseClause *first = NULL;
    for (int i = 0; i < s->nclauses; i++) {
        CaseClause *cc = &s->clauses[i];
        if (!cc->is_default) continue;
        if (first) {
            Location l = pos_location(c->syn, first->pos);
            types_error(c, cc->pos, ERR_DuplicateDefault, "multiple defaults (first at %s:%d:%d)",
                        l.file ? l.file : "?", l.line, l.col);
        } else {
            first = cc;
        }
    }
}

static void suspended_call(Checker *c, GoStmt *s) {
    const char *kw = s->is_defer ? "defer" : "go";
    int code = s->is_defer ? ERR_InvalidDefer : ERR_InvalidGo;
    if (s->call->kind != EXPR_CALL) {
        types_error(c, expr_start(s->call), code, "expression in %s must be function call", kw);
        check_use(c, s->call);
        return;
    }
    Operand x = {0};
    const char *msg;
    switch (check_raw_expr(c, NULL, &x, s->call, NULL, false)) {
    case KIND_CONVERSION: msg = "requires function call, not conversion"; break;
    case KIND_EXPRESSION:
        msg = "discards result of";
        code = ERR_UnusedResults;
        break;
    default: return;
    }
    types_error(c, operand_pos(&x), code, "%s %s %x", kw, msg, &x);
}

static void expr_stmt(Checker *c, ExprStmt *s) {
    Operand x = {0};
    int kind = check_raw_expr(c, NULL, &x, s->on, NULL, false);
    const char *msg = "is not used";
    int code = ERR_UnusedExpr;
    if (x.mode == MODE_BUILTIN) {
        msg = "must be called";
        code = ERR_UncalledBuiltin;
    } else if (x.mode == MODE_TYPE) {
        msg = "is not an expression";
        code = ERR_NotAnExpr;
    } else if (kind == KIND_STATEMENT) {
        return;
    }
    types_error(c, operand_pos(&x), code, "%x %s", &x, msg);
}

static void return_stmt(Checker *c, ReturnStmt *s) {
    TupleType *res = c->env.sig->results;
    int n = res ? res->vars.len : 0;
    if (!s->results.len && n > 0 && res->vars.at[0]->name) {
        for (int i = 0; i < n; i++) {
            Object *o = res->vars.at[i];
            Object *alt = o->name && !o->name->blank ? check_lookup(c, o->name) : NULL;
            if (!alt || alt == o) continue;
            MultiError err = new_error(c, ERR_OutOfScopeResult);
            error_addf(&err, s->s.pos, "result parameter %n not in scope at return", o->name);
            error_addf(&err, alt->pos, "inner declaration of %o", o);
            error_report(&err);
        }
        return;
    }
    init_vars(c, n ? res->vars.at : NULL, n, s->results, &s->s);
}

/* ---- Switches ---------------------------------------------------------------------------------- */

typedef struct SeenCase { Pos pos; Type *type; struct SeenCase *next; } SeenCase;

static void case_values(Checker *c, Operand *x, ExprList values, Map *seen) {
    for (int i = 0; i < values.len; i++) {
        Operand v = {0};
        check_expr(c, NULL, &v, values.at[i]);
        if (x->mode == MODE_INVALID || v.mode == MODE_INVALID) continue;
        check_convert_untyped(c, &v, x->type);
        if (v.mode == MODE_INVALID) continue;
        Operand res = v;
        check_comparison(c, &res, x, TOK_EQL, true);
        if (res.mode == MODE_INVALID || v.mode != MODE_CONST) continue;
        int k = const_kind(v.cval);
        if (k != CONST_INT && k != CONST_FLOAT && k != CONST_STRING) continue;
        Str key;
        if (!const_key(c, v.cval, &key)) continue;
        bool fresh, dup = false;
        MapEntry *e = map_put_str(seen, key, &fresh);
        for (SeenCase *s = e->val; s && !dup; s = s->next)
            if (type_identical(v.type, s->type)) {
                MultiError err = new_error(c, ERR_DuplicateCase);
                error_addf(&err, operand_pos(&v), "duplicate case %x in expression switch", &v);
                error_addf(&err, s->pos, "previous case");
                error_report(&err);
                dup = true;
            }
        if (dup) continue;
        SeenCase *s = arena_new(c->arena, SeenCase);
        *s = (SeenCase){node_pos(v.expr), v.type, e->val};
        e->val = s;
    }
}

static void switch_stmt(Checker *c, unsigned inner, SwitchStmt *s) {
    Operand x = {0};
    if (s->tag) {
        check_expr(c, NULL, &x, s->tag);
        check_assignment(c, &x, NULL, "switch expression");
        if (x.mode != MODE_INVALID && !type_comparable(x.type) && !has_nil(x.type)) {
            types_error(c, operand_pos(&x), ERR_InvalidExprSwitch, "cannot switch on %x (%t is not comparable)", &x, x.type);
            x.mode = MODE_INVALID;
        }
    } else {
        Pos pos = s->nclauses ? s->clauses[0].pos : s->rbrace;
        x.mode = MODE_CONST;
        x.type = BASIC(c, BOOL);
        x.cval = const_make_bool(c->arena, true);
        x.expr = &dummy_ident(c, pos, "true")->x;
    }
    multiple_defaults(c, s);
    Map seen = {0};
    for (int i = 0; i < s->nclauses; i++) {
        CaseClause *cc = &s->clauses[i];
        case_values(c, &x, cc->exprs, &seen);
        open_scope(c, cc->pos, 0);
        check_stmt_list(c, inner | (i + 1 < s->nclauses ? FALLTHROUGH_OK : FINAL_CASE), cc->body);
        close_scope(c);
    }
    map_free(&seen);
}

static bool is_nil_expr(Checker *c, Expr *e) {
    e = unparen(e);
    if (e->kind != EXPR_IDENT) return false;
    Object *o = check_lookup(c, ((Ident *)e)->name);
    return o && o->kind == OBJ_NIL;
}

typedef struct SeenType { Type *t; Expr *e; } SeenType;
typedef VEC(SeenType) SeenTypes;

/* The type of the clause's variable. x is NULL after an error in the guard. */
static Type *case_types(Checker *c, Operand *x, ExprList types, SeenTypes *seen) {
    Type *T = NULL;
    for (int i = 0; i < types.len; i++) {
        Expr *e = types.at[i];
        if (is_nil_expr(c, e)) {
            Operand dummy = {0};
            T = NULL;
            check_expr(c, NULL, &dummy, e);
            if (x && dummy.mode != MODE_INVALID) update_expr_type(c, e, x->type, true);
        } else {
            T = check_var_type(c, e);
            if (!is_valid(T)) continue;
        }
        bool dup = false;
        for (int k = 0; k < seen->len && !dup; k++) {
            Type *o = seen->at[k].t;
            if (!T ? !o : o && type_identical(T, o)) {
                MultiError err = new_error(c, ERR_DuplicateCase);
                if (T) error_addf(&err, expr_start(e), "duplicate case %t in type switch", T);
                else error_addf(&err, expr_start(e), "duplicate case nil in type switch");
                error_addf(&err, expr_start(seen->at[k].e), "previous case");
                error_report(&err);
                dup = true;
            }
        }
        if (dup) continue;
        vec_push(seen, ((SeenType){T, e}));
        if (x && T) check_type_assertion(c, e, x, T, true);
    }
    if (types.len != 1 || !T) T = x ? x->type : INVALID_TYPE(c);
    return T;
}

static void type_switch_stmt(Checker *c, unsigned inner, SwitchStmt *s) {
    Ident *lhs = s->bind;
    if (lhs) {
        if (lhs->name->blank) {
            types_soft_error(c, lhs->x.pos, ERR_NoNewVar, "no new variable on left side of :=");
            lhs = NULL;
        } else {
            lhs->obj = NULL;
        }
    }
    TypeAssertExpr *guard = (TypeAssertExpr *)s->tag;
    Operand x = {0}, *sx = NULL;
    check_expr(c, NULL, &x, guard->on);
    if (x.mode != MODE_INVALID) {
        if (type_is_typeparam(x.type))
            types_error(c, operand_pos(&x), ERR_InvalidTypeSwitch, "cannot use type switch on type parameter value %x", &x);
        else if (type_underlying(x.type)->kind == TYPE_INTERFACE) sx = &x;
        else types_error(c, operand_pos(&x), ERR_InvalidTypeSwitch, "%x is not an interface", &x);
    }
    multiple_defaults(c, s);
    SeenTypes seen = {0};
    for (int i = 0; i < s->nclauses; i++) {
        CaseClause *cc = &s->clauses[i];
        Type *T = case_types(c, sx, cc->exprs, &seen);
        open_scope(c, cc->pos, 0);
        if (lhs) {
            Object *o = object_new_var(c->ts, c->pkg, lhs->name, T, lhs->x.pos);
            o->var.func_scope = c->env.func;
            check_declare(c, c->env.scope, NULL, o);
            cc->implicit = o;
        }
        check_stmt_list(c, inner, cc->body);
        close_scope(c);
    }
    vec_free(&seen);
    if (lhs) {
        bool used = false;
        for (int i = 0; i < s->nclauses; i++) used |= s->clauses[i].implicit->used;
        if (!used) types_soft_error(c, lhs->x.pos, ERR_UnusedVar, "%n declared and not used", lhs->name);
    }
}

static void select_stmt(Checker *c, unsigned inner, SwitchStmt *s) {
    multiple_defaults(c, s);
    for (int i = 0; i < s->nclauses; i++) {
        CaseClause *cc = &s->clauses[i];
        bool valid = cc->is_default || !cc->comm;
        Expr *rhs = NULL;
        if (!valid) switch (cc->comm->kind) {
            case STMT_SEND: valid = true; break;
            case STMT_ASSIGN: {
                AssignStmt *a = (AssignStmt *)cc->comm;
                if (a->rhs.len == 1) rhs = a->rhs.at[0];
                break;
            }
            case STMT_EXPR: rhs = ((ExprStmt *)cc->comm)->on; break;
            }
        if (rhs) {
            Expr *e = unparen(rhs);
            valid = e->kind == EXPR_UNARY && ((UnaryExpr *)e)->op == TOK_ARROW;
        }
        if (!valid) {
            types_error(c, cc->comm->pos, ERR_InvalidSelectCase,
                        "select case must be send or receive (possibly with assignment)");
            continue;
        }
        open_scope(c, cc->pos, 0);
        if (cc->comm) check_stmt(c, inner, cc->comm);
        check_stmt_list(c, inner, cc->body);
        close_scope(c);
    }
}

/* ---- All statements ----------------------------------------------------------------------------- */

static void condition(Checker *c, Expr *cond, const char *what) {
    Operand x = {0};
    check_expr(c, NULL, &x, cond);
    if (x.mode != MODE_INVALID && !all_boolean(x.type))
        types_error(c, expr_start(cond), ERR_InvalidCond, "non-boolean condition in %s statement", what);
}

static void assign_stmt(Checker *c, AssignStmt *s) {
    if (s->op == TOK_ASSIGN) {
        assign_vars(c, s->lhs, s->rhs);
        return;
    }
    if (s->op == TOK_DEFINE) {
        short_var_decl(c, s->op_pos, s->lhs, s->rhs);
        return;
    }
    if (s->lhs.len != 1 || s->rhs.len != 1) {
        types_error(c, s->lhs.len ? expr_start(s->lhs.at[0]) : s->s.pos, ERR_MultiValAssignOp,
                    "assignment operation %k requires single-valued expressions", s->op);
        return;
    }
    Operand x = {0};
    check_binary(c, &x, NULL, s->lhs.at[0], s->rhs.at[0], s->op);
    assign_var(c, s->lhs.at[0], NULL, &x, "assignment");
}

static void stmt_internal(Checker *c, unsigned ctx, Stmt *s0) {
    unsigned inner = ctx & ~(FALLTHROUGH_OK | FINAL_CASE | IN_TYPE_SWITCH);
    switch (s0->kind) {
    case STMT_BAD: case STMT_EMPTY: break;
    case STMT_DECL: check_decl_stmt(c, ((DeclStmt *)s0)->decl); break;
    case STMT_LABELED:
        c->env.has_label = true;
        if (((LabeledStmt *)s0)->body) check_stmt(c, ctx, ((LabeledStmt *)s0)->body);
        break;
    case STMT_EXPR: expr_stmt(c, (ExprStmt *)s0); break;
    case STMT_SEND: {
        SendStmt *s = (SendStmt *)s0;
        Operand ch = {0}, val = {0};
        check_expr(c, NULL, &ch, s->chan);
        check_generic_expr(c, &val, s->value, NULL);
        if (ch.mode == MODE_INVALID || val.mode == MODE_INVALID) break;
        Type *elem = chan_elem(c, expr_start(s->chan), &ch, false);
        if (elem) check_assignment(c, &val, elem, "send");
        break;
    }
    case STMT_INCDEC: {
        IncDecStmt *s = (IncDecStmt *)s0;
        Operand x = {0};
        check_expr(c, NULL, &x, s->on);
        if (x.mode == MODE_INVALID) break;
        const char *op = s->dec ? "--" : "++";
        if (!all_numeric(x.type)) {
            types_error(c, expr_start(s->on), ERR_NonNumericIncDec, invalid_op "%e%s (non-numeric type %t)", s->on, op, x.type);
            break;
        }
        assign_var(c, s->on, NULL, &x, "assignment");
        break;
    }
    case STMT_ASSIGN: assign_stmt(c, (AssignStmt *)s0); break;
    case STMT_GO: case STMT_DEFER: suspended_call(c, (GoStmt *)s0); break;
    case STMT_RETURN: return_stmt(c, (ReturnStmt *)s0); break;
    case STMT_BRANCH: break; /* labels.c */
    case STMT_BLOCK:
        open_scope(c, s0->pos, 0);
        check_stmt_list(c, inner, ((BlockStmt *)s0)->list);
        close_scope(c);
        break;
    case STMT_IF: {
        IfStmt *s = (IfStmt *)s0;
        open_scope(c, s0->pos, 0);
        if (s->init) check_stmt(c, 0, s->init);
        if (s->cond) condition(c, s->cond, "if");
        check_stmt(c, inner, &s->then->s);
        if (s->els) check_stmt(c, inner, s->els);
        close_scope(c);
        break;
    }
    case STMT_SWITCH: case STMT_TYPESWITCH: {
        SwitchStmt *s = (SwitchStmt *)s0;
        inner |= BREAK_OK;
        open_scope(c, s0->pos, 0);
        if (s->init) check_stmt(c, 0, s->init);
        if (s0->kind == STMT_TYPESWITCH) type_switch_stmt(c, inner | IN_TYPE_SWITCH, s);
        else switch_stmt(c, inner, s);
        close_scope(c);
        break;
    }
    case STMT_SELECT: select_stmt(c, inner | BREAK_OK, (SwitchStmt *)s0); break;
    case STMT_FOR: {
        ForStmt *s = (ForStmt *)s0;
        inner |= BREAK_OK | CONTINUE_OK;
        s->per_iteration = allow_version(c, 22);
        open_scope(c, s0->pos, 0);
        if (s->init) check_stmt(c, 0, s->init);
        if (s->cond) condition(c, s->cond, "for");
        if (s->post) check_stmt(c, 0, s->post);
        if (s->post && s->post->kind == STMT_ASSIGN && ((AssignStmt *)s->post)->op == TOK_DEFINE)
            check_use_list(c, ((AssignStmt *)s->post)->lhs); /* the parser reported it */
        check_stmt(c, inner, &s->body->s);
        close_scope(c);
        break;
    }
    case STMT_RANGE: check_range_stmt(c, inner | BREAK_OK | CONTINUE_OK, (RangeStmt *)s0); break;
    default: bug("unknown statement kind %d", s0->kind);
    }
}

void check_stmt(Checker *c, unsigned ctx, Stmt *s) {
    if (too_deep(c, s->pos)) return;
    int top = c->delayed.len;
    stmt_internal(c, ctx, s);
    if (c->delayed.len > top) check_process_delayed(c, top);
    leave_depth(c);
}
