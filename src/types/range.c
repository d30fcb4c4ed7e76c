/* Range statements (spec: For statements with range clause). */
#include "types/checker.h"

Type *array_ptr_deref(Type *t) {
    Type *u = type_unalias(t);
    if (u->kind == TYPE_POINTER) {
        Type *a = type_underlying(((PointerType *)u)->elem);
        if (a->kind == TYPE_ARRAY) return a;
    }
    return t;
}

static const char *send_only(Checker *c, Type *t, Type *u, void *ctx) {
    if (u && u->kind == TYPE_CHAN && ((ChanType *)u)->dir == CHAN_SEND)
        return types_format(c, "receive from send-only channel %t", t);
    return NULL;
}

/* The iteration variables' types (NULL: none) when ranging over a value of type orig. */
static bool range_key_val(Checker *c, Type *orig, Type **key, Type **val, const char **cause) {
    *key = *val = NULL;
    *cause = "";
    Type *u = common_under(c, orig, send_only, NULL, cause);
    if (!u) return false;
    u = array_ptr_deref(u);
    switch (u->kind) {
    case TYPE_BASIC:
        if (is_string(u)) {
            *key = BASIC(c, INT);
            *val = c->ts->rune_type;
            return true;
        }
        if (is_integer(u)) {
            if (!allow_version(c, 22)) {
                *cause = "requires go1.22 or later";
                return false;
            }
            *key = orig;
            return true;
        }
        break;
    case TYPE_ARRAY:
        *key = BASIC(c, INT);
        *val = ((ArrayType *)u)->elem;
        return true;
    case TYPE_SLICE:
        *key = BASIC(c, INT);
        *val = ((SliceType *)u)->elem;
        return true;
    case TYPE_MAP:
        *key = ((MapType *)u)->key;
        *val = ((MapType *)u)->elem;
        return true;
    case TYPE_CHAN: *key = ((ChanType *)u)->elem; return true;
    case TYPE_SIGNATURE: {
        SignatureType *f = (SignatureType *)u;
        if (!allow_version(c, 23)) {
            *cause = "requires go1.23 or later";
            return false;
        }
#define BAD_FUNC(m) (*cause = "func must be func(yield func(...) bool): " m, false)
        if (f->params->vars.len != 1) return BAD_FUNC("wrong argument count");
        if (f->results->vars.len != 0) return BAD_FUNC("unexpected results");
        const char *why = "";
        Type *yu = common_under(c, f->params->vars.at[0]->type, NULL, NULL, &why);
        if (!yu || yu->kind != TYPE_SIGNATURE) {
            if (!yu && why && *why) {
                *cause = types_format(c, "func must be func(yield func(...) bool): in yield type, %s", why);
                return false;
            }
            return BAD_FUNC("argument is not func");
        }
        SignatureType *y = (SignatureType *)yu;
        if (y->params->vars.len > 2) return BAD_FUNC("yield func has too many parameters");
        Type *r = y->results->vars.len == 1 ? y->results->vars.at[0]->type : NULL;
        if (!r || !type_identical(r, BASIC(c, BOOL))) {
            if (r && is_boolean(r)) return BAD_FUNC("yield func returns user-defined boolean, not bool");
            return BAD_FUNC("yield func does not return bool");
        }
        if (y->variadic) {
            *cause = types_format(c, "yield func of type %t cannot be variadic", yu);
            return false;
        }
        if (y->params->vars.len >= 1) *key = y->params->vars.at[0]->type;
        if (y->params->vars.len >= 2) *val = y->params->vars.at[1]->type;
        return true;
    }
    }
    return false;
}

static void declare_vars(Checker *c, RangeStmt *s, Operand *x, Type **types, bool over_int) {
    Expr *lhs[2] = {s->key, s->value};
    Object *vars[2];
    int n = 0;
    for (int i = 0; i < 2; i++) {
        Expr *e = lhs[i];
        if (!e) continue;
        Object *o;
        if (e->kind == EXPR_IDENT) {
            Ident *id = (Ident *)e;
            o = local_var(c, id, NULL);
            if (!id->name->blank) {
                id->obj = o;
                vars[n++] = o;
            }
        } else {
            types_error(c, expr_start(e), ERR_InvalidSyntaxTree, "invalid syntax tree: cannot declare %e", e);
            o = object_new_var(c->ts, c->pkg, intern(c->syn->names, "_", 1), NULL, e->pos);
        }
        Type *t = types[i];
        if (!t || !is_valid(t)) {
            o->type = INVALID_TYPE(c);
            o->used = true;
            continue;
        }
        if (over_int) {
            init_var(c, o, x, "range clause");
        } else {
            Operand y = {.mode = MODE_VALUE, .expr = e, .type = t};
            init_var(c, o, &y, "assignment");
        }
    }
    if (n)
        for (int i = 0; i < n; i++) check_declare(c, c->env.scope, NULL, vars[i]);
    else types_error(c, s->tok_pos ? s->tok_pos : s->s.pos, ERR_NoNewVar, "no new variables on left side of :=");
}

static void assign_range_vars(Checker *c, RangeStmt *s, Operand *x, Type **types, bool over_int) {
    Expr *lhs[2] = {s->key, s->value};
    for (int i = 0; i < 2; i++) {
        if (!lhs[i] || !types[i] || !is_valid(types[i])) continue;
        if (over_int) {
            assign_var(c, lhs[i], NULL, x, "range clause");
            if (x->mode != MODE_INVALID && !is_integer(x->type))
                types_soft_error(c, expr_start(lhs[i]), ERR_InvalidRangeExpr,
                                 "cannot use iteration variable of type %t", x->type);
        } else {
            Operand y = {.mode = MODE_VALUE, .expr = lhs[i], .type = types[i]};
            assign_var(c, lhs[i], NULL, &y, "assignment");
        }
    }
}

void check_range_stmt(Checker *c, unsigned inner, RangeStmt *s) {
    Operand x = {0};
    s->per_iteration = allow_version(c, 22);
    c->env.has_call_or_recv = false;
    check_expr(c, NULL, &x, s->on);
    if (x.mode != MODE_INVALID && !s->value && !c->env.has_call_or_recv) {
        Type *a = array_ptr_deref(type_underlying(x.type));
        if (a->kind == TYPE_ARRAY && ((ArrayType *)a)->len >= 0) {
            /* only the constant length matters: the expression itself is not evaluated */
            Operand len = {.mode = MODE_CONST, .expr = unparen(s->on), .type = BASIC(c, INT),
                           .cval = const_make_int(c->arena, ((ArrayType *)a)->len)};
            record_operand(c, &len);
            if (s->on != len.expr) record_type_value(c, s->on, MODE_CONST, len.type, len.cval);
        }
    }
    Type *types[2] = {NULL, NULL};
    if (x.mode != MODE_INVALID) {
        const char *cause = "";
        bool ok = range_key_val(c, x.type, &types[0], &types[1], &cause);
        if (!ok && cause && *cause)
            types_soft_error(c, operand_pos(&x), ERR_InvalidRangeExpr, "cannot range over %x: %s", &x, cause);
        else if (!ok) types_soft_error(c, operand_pos(&x), ERR_InvalidRangeExpr, "cannot range over %x", &x);
        else if (!types[0] && s->key)
            types_soft_error(c, expr_start(s->key), ERR_InvalidIterVar, "range over %x permits no iteration variables", &x);
        else if (!types[1] && s->value)
            types_soft_error(c, expr_start(s->value), ERR_InvalidIterVar,
                             "range over %x permits only one iteration variable", &x);
        else if (s->extra)
            types_soft_error(c, expr_start(s->extra), ERR_InvalidIterVar,
                             "range clause permits at most two iteration variables");
    }
    open_scope(c, s->s.pos, 0);
    bool over_int = x.mode != MODE_INVALID && is_integer(x.type);
    if (s->define) declare_vars(c, s, &x, types, over_int);
    else if (s->key) assign_range_vars(c, s, &x, types, over_int);
    else if (over_int) check_assignment(c, &x, NULL, "range clause");
    check_stmt(c, inner, &s->body->s);
    close_scope(c);
}
