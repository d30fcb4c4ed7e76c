/* Assignments and initialisations: values into variables, constants, parameters and results. */
#include "types/checker.h"

/* Converts untyped x for a variable of type T and checks assignability; T NULL: x's default type.
 * context completes "cannot use x as T value in <context>". */
void check_assignment(Checker *c, Operand *x, Type *T, const char *context) {
    check_single_value(c, x);
    switch (x->mode) {
    case MODE_INVALID: return;
    case MODE_NILVALUE: case MODE_CONST: case MODE_VAR: case MODE_MAPINDEX: case MODE_VALUE: case MODE_COMMAOK:
        break;
    default:
        types_error(c, operand_pos(x), ERR_IncompatibleAssign, "cannot assign %x to %t in %s", x, T, context);
        x->mode = MODE_INVALID;
        return;
    }
    if (is_untyped(x->type)) {
        Type *target = T;
        if (x->mode == MODE_NILVALUE) {
            if (!T) {
                types_error(c, operand_pos(x), ERR_UntypedNilUse, "use of untyped nil in %s", context);
                x->mode = MODE_INVALID;
                return;
            }
        } else if (!T || is_non_typeparam_interface(T)) {
            target = default_type(c, x->type);
        }
        ConstVal *val;
        int code;
        Type *nt = implicit_type_and_value(c, x, target, &val, &code);
        if (code) {
            const char *msg = types_format(c, "cannot use %x as %t value in %s", x, target, context);
            if (code == ERR_TruncatedFloat) msg = types_format(c, "%s (truncated)", msg);
            else if (code == ERR_NumericOverflow) msg = types_format(c, "%s (overflows)", msg);
            else code = ERR_IncompatibleAssign;
            types_error(c, operand_pos(x), code, "%s", msg);
            x->mode = MODE_INVALID;
            return;
        }
        take_implicit_type(c, x, nt, val);
    }
    if (x->type->kind == TYPE_SIGNATURE && ((SignatureType *)x->type)->tparams.len) {
        check_non_generic(c, new_target(c, T, context), x);
        if (x->mode == MODE_INVALID) return;
    }
    if (!T) return;
    const char *cause = "";
    int code = 0;
    if (assignable_to(c, x, T, &cause, &code)) return;
    if (cause && *cause)
        types_error(c, operand_pos(x), code, "cannot use %x as %t value in %s: %s", x, T, context, cause);
    else types_error(c, operand_pos(x), code, "cannot use %x as %t value in %s", x, T, context);
    x->mode = MODE_INVALID;
}

void init_const(Checker *c, Object *lhs, Operand *x) {
    if (x->mode == MODE_INVALID || !is_valid(x->type) || (lhs->type && !is_valid(lhs->type))) {
        if (!lhs->type) lhs->type = INVALID_TYPE(c);
        return;
    }
    if (x->mode != MODE_CONST) {
        types_error(c, operand_pos(x), ERR_InvalidConstInit, "%x is not constant", x);
        if (!lhs->type) lhs->type = INVALID_TYPE(c);
        return;
    }
    if (!lhs->type) lhs->type = x->type;
    check_assignment(c, x, lhs->type, "constant declaration");
    if (x->mode != MODE_INVALID) lhs->cval = x->cval;
}

void init_var(Checker *c, Object *lhs, Operand *x, const char *context) {
    if (x->mode == MODE_INVALID || !is_valid(x->type) || (lhs->type && !is_valid(lhs->type))) {
        if (!lhs->type) lhs->type = INVALID_TYPE(c);
        x->mode = MODE_INVALID;
        return;
    }
    if (!lhs->type) {
        Type *t = x->type;
        if (is_untyped(t)) {
            if (t == BASIC(c, UNTYPED_NIL)) {
                types_error(c, operand_pos(x), ERR_UntypedNilUse, "use of untyped nil in %s", context);
                lhs->type = INVALID_TYPE(c);
                x->mode = MODE_INVALID;
                return;
            }
            t = default_type(c, t);
        }
        lhs->type = t;
    }
    check_assignment(c, x, lhs->type, context);
}

/* The type of an assignment's left side; NULL for _, invalid after an error. Does not count as a use. */
static Type *lhs_var(Checker *c, Expr *lhs) {
    Expr *e = unparen(lhs);
    Ident *id = e->kind == EXPR_IDENT ? (Ident *)e : NULL;
    if (id && id->name->blank) {
        id->obj = NULL;
        return NULL;
    }
    Object *v = NULL;
    bool used = false;
    if (id) {
        Object *o = check_lookup(c, id->name);
        if (o && o->kind == OBJ_VAR && o->pkg == c->pkg) {
            v = o;
            used = o->used;
        }
    }
    Operand x = {0};
    check_expr(c, NULL, &x, lhs);
    if (v) v->used = used;
    if (x.mode == MODE_INVALID || !is_valid(x.type)) return INVALID_TYPE(c);
    if (x.mode == MODE_VAR || x.mode == MODE_MAPINDEX) {
        mark_assigned(c, lhs);
        return x.type;
    }
    if (x.expr->kind == EXPR_SELECTOR) {
        Operand op = {0};
        check_expr(c, NULL, &op, ((SelectorExpr *)x.expr)->on);
        if (op.mode == MODE_MAPINDEX) {
            types_error(c, operand_pos(&x), ERR_UnaddressableFieldAssign, "cannot assign to struct field %e in map",
                        x.expr);
            return INVALID_TYPE(c);
        }
    }
    types_error(c, operand_pos(&x), ERR_UnassignableOperand,
                "cannot assign to %e (neither addressable nor a map index expression)", x.expr);
    return INVALID_TYPE(c);
}

/* lhs = rhs, or lhs = x when rhs is NULL. */
void assign_var(Checker *c, Expr *lhs, Expr *rhs, Operand *x, const char *context) {
    Type *t = lhs_var(c, lhs);
    if (t && !is_valid(t)) {
        if (x) x->mode = MODE_INVALID;
        else check_use(c, rhs);
        return;
    }
    Operand local = {0};
    if (!x) {
        Target *g = NULL;
        if (t && type_underlying(t)->kind == TYPE_SIGNATURE) g = new_target(c, t, types_format(c, "%e", lhs));
        x = &local;
        check_expr(c, g, x, rhs);
    }
    if (!t && !strcmp(context, "assignment")) context = "assignment to _ identifier";
    check_assignment(c, x, t, context);
}

/* ---- Mismatched numbers ------------------------------------------------------------------------ */

const char *measure(Checker *c, int n, const char *unit) {
    return arena_printf(c->arena, "%d %s%s", n, unit, n == 1 ? "" : "s");
}

const char *types_summary(Checker *c, Type **list, int n, bool variadic, bool dots) {
    Buf b = {0};
    buf_putc(&b, '(');
    for (int i = 0; i < n; i++) {
        Type *t = list[i];
        if (i) buf_puts(&b, ", ");
        const char *s;
        if (!t || !is_valid(t)) {
            s = "unknown type";
        } else if (is_untyped(t)) {
            s = is_numeric(t) ? "number" : ((BasicType *)t)->name + strlen("untyped ");
        } else {
            s = types_format(c, "%t", t);
        }
        if (i == n - 1 && variadic) {
            if (t && t->kind == TYPE_SLICE) s = types_format(c, "%t", ((SliceType *)t)->elem);
            buf_puts(&b, "...");
        }
        buf_puts(&b, s);
        if (i == n - 1 && dots) buf_puts(&b, "...");
    }
    buf_putc(&b, ')');
    const char *r = str_dup(c->arena, buf_str(&b)).p;
    buf_free(&b);
    return r;
}

static void assign_error(Checker *c, ExprList rhs, int l, int r) {
    const char *vars = measure(c, l, "variable"), *vals = measure(c, r, "value");
    Expr *r0 = rhs.at[0], *e = unparen(r0);
    if (rhs.len == 1 && e->kind == EXPR_CALL)
        types_error(c, expr_start(r0), ERR_WrongAssignCount, "assignment mismatch: %s but %e returns %s", vars,
                    ((CallExpr *)e)->fn, vals);
    else types_error(c, expr_start(r0), ERR_WrongAssignCount, "assignment mismatch: %s but %s", vars, vals);
}

static void return_error(Checker *c, Stmt *ret, Object **lhs, int l, OperandList rhs) {
    Pos at = ret->pos;
    const char *q = "not enough";
    if (rhs.len > l) {
        at = operand_pos(rhs.at[l]);
        q = "too many";
    } else if (rhs.len > 0) {
        at = operand_pos(rhs.at[rhs.len - 1]);
    }
    Type **have = arena_array(c->arena, Type *, rhs.len), **want = arena_array(c->arena, Type *, l);
    for (int i = 0; i < rhs.len; i++) have[i] = rhs.at[i]->type;
    for (int i = 0; i < l; i++) want[i] = lhs[i]->type;
    MultiError err = new_error(c, ERR_WrongResultCount);
    error_addf(&err, at, "%s return values", q);
    error_addf(&err, 0, "have %s", types_summary(c, have, rhs.len, false, false));
    error_addf(&err, 0, "want %s", types_summary(c, want, l, false, false));
    error_report(&err);
}

/* ---- Lists -------------------------------------------------------------------------------------- */

static bool is_call(ExprList l) { return l.len == 1 && unparen(l.at[0])->kind == EXPR_CALL; }

static void invalidate_vars(Checker *c, Object **lhs, int n) {
    for (int i = 0; i < n; i++)
        if (!lhs[i]->type) lhs[i]->type = INVALID_TYPE(c);
}

/* ret: the return statement when lhs are results. */
void init_vars(Checker *c, Object **lhs, int l, ExprList rhs, Stmt *ret) {
    const char *context = ret ? "return statement" : l > 1 ? "multiple assignment" : "assignment";
    int r = rhs.len;
    if (l == r && !is_call(rhs)) {
        for (int i = 0; i < l; i++) {
            const char *desc = lhs[i]->name ? lhs[i]->name->p : ret ? "result variable" : "";
            Operand x = {0};
            check_expr(c, new_target(c, lhs[i]->type, desc), &x, rhs.at[i]);
            init_var(c, lhs[i], &x, context);
        }
        return;
    }
    if (r != 1) {
        if (check_use_list(c, rhs)) {
            if (ret) return_error(c, ret, lhs, l, check_expr_list(c, rhs));
            else assign_error(c, rhs, l, r);
        }
        invalidate_vars(c, lhs, l);
        return;
    }
    bool commaok;
    OperandList xs = check_multi_expr(c, rhs.at[0], l == 2 && !ret, &commaok);
    r = xs.len;
    if (l == r) {
        for (int i = 0; i < l; i++) init_var(c, lhs[i], xs.at[i], context);
        if (commaok && xs.at[0]->mode != MODE_INVALID && xs.at[1]->mode != MODE_INVALID)
            record_commaok(c, rhs.at[0], xs.at[0], xs.at[1]);
        return;
    }
    if (r == 0 || xs.at[0]->mode != MODE_INVALID) {
        if (ret) return_error(c, ret, lhs, l, xs);
        else assign_error(c, rhs, l, r);
    }
    invalidate_vars(c, lhs, l);
}

void assign_vars(Checker *c, ExprList lhs, ExprList rhs) {
    int l = lhs.len, r = rhs.len;
    const char *context = l > 1 ? "multiple assignment" : "assignment";
    if (l == r && !is_call(rhs)) {
        for (int i = 0; i < l; i++) assign_var(c, lhs.at[i], rhs.at[i], NULL, context);
        return;
    }
    if (r != 1) {
        bool okl = check_use_lhs(c, lhs), okr = check_use_list(c, rhs);
        if (okl && okr) assign_error(c, rhs, l, r);
        return;
    }
    bool commaok;
    OperandList xs = check_multi_expr(c, rhs.at[0], l == 2, &commaok);
    r = xs.len;
    if (l == r) {
        for (int i = 0; i < l; i++) assign_var(c, lhs.at[i], NULL, xs.at[i], context);
        if (commaok && xs.at[0]->mode != MODE_INVALID && xs.at[1]->mode != MODE_INVALID)
            record_commaok(c, rhs.at[0], xs.at[0], xs.at[1]);
        return;
    }
    if (r == 0 || xs.at[0]->mode != MODE_INVALID) assign_error(c, rhs, l, r);
    check_use_lhs(c, lhs);
}

void short_var_decl(Checker *c, Pos pos, ExprList lhs, ExprList rhs) {
    int top = c->delayed.len, nnew = 0;
    Scope *scope = c->env.scope;
    Object **vars = arena_array(c->arena, Object *, lhs.len), **fresh = arena_array(c->arena, Object *, lhs.len);
    bool has_err = false;
    for (int i = 0; i < lhs.len; i++) {
        Expr *e = lhs.at[i];
        if (e->kind != EXPR_IDENT) {
            check_use_lhs(c, (ExprList){&e, 1});
            types_error(c, expr_start(e), ERR_BadDecl, "non-name %e on left side of :=", e);
            has_err = true;
            continue;
        }
        Ident *id = (Ident *)e;
        if (!id->name->blank) {
            bool dup = false;
            for (int k = 0; k < i; k++)
                dup |= lhs.at[k]->kind == EXPR_IDENT && ((Ident *)lhs.at[k])->name == id->name;
            if (dup) {
                types_error(c, e->pos, ERR_RepeatedDecl, "%n repeated on left side of :=", id->name);
                has_err = true;
                continue;
            }
        }
        Object *alt = scope_lookup(scope, id->name);
        if (alt) {
            id->obj = alt;
            if (alt->kind == OBJ_VAR) {
                vars[i] = alt;
                alt->reassigned = true;
                if (alt->captured && alt->var.func_scope != c->env.func) alt->addressed = true;
                e->mode = MODE_VAR;
                e->type = alt->type;
            } else {
                types_error(c, expr_start(e), ERR_UnassignableOperand, "cannot assign to %e", e);
                has_err = true;
            }
            continue;
        }
        Object *o = local_var(c, id, NULL);
        vars[i] = o;
        id->obj = o;
        if (id->name->blank) id->obj = NULL;
        else fresh[nnew++] = o;
    }
    for (int i = 0; i < lhs.len; i++)
        if (!vars[i]) vars[i] = object_new_var(c->ts, c->pkg, intern(c->syn->names, "_", 1), NULL, lhs.at[i]->pos);
    init_vars(c, vars, lhs.len, rhs, NULL);
    check_process_delayed(c, top);
    if (!nnew && !has_err) {
        types_soft_error(c, pos, ERR_NoNewVar, "no new variables on left side of :=");
        return;
    }
    for (int i = 0; i < nnew; i++) check_declare(c, scope, NULL, fresh[i]);
}
