/* Expressions: the operand machine.
 *
 * Every expression goes through check_raw_expr, which fills an Operand and records mode, type and value
 * in the tree. Untyped expressions stay pending (EXPR_PENDING in Expr.flag) until a context gives them
 * a type; update_expr_type then walks down again and records the final type. A constant shift count's
 * left operand is checked as if the shift were not there (EXPR_SHIFT_LHS). */
#include "types/checker.h"

/* Where gc says that an expression is: at its operator, bracket or dot, not at its start. */
Pos node_pos(const Expr *e) {
    switch (e->kind) {
    case EXPR_BINARY: return ((BinaryExpr *)e)->op_pos;
    case EXPR_CALL: return ((CallExpr *)e)->lparen ? ((CallExpr *)e)->lparen : e->pos;
    case EXPR_INDEX: return ((IndexExpr *)e)->lbrack ? ((IndexExpr *)e)->lbrack : e->pos;
    case EXPR_SELECTOR: return ((SelectorExpr *)e)->sel->x.pos - 1;
    case EXPR_KEYVALUE: return ((KeyValueExpr *)e)->colon;
    }
    return e->pos;
}

/* ---- Recording ------------------------------------------------------------------------------ */

void record_type_value(Checker *c, Expr *e, int mode, Type *t, ConstVal *val) {
    if (mode == MODE_INVALID) return;
    e->mode = mode;
    e->type = t;
    e->cval = mode == MODE_CONST ? val : NULL;
    e->commaok = false;
    e->flag &= ~(EXPR_PENDING | EXPR_SHIFT_LHS);
}

void record_operand(Checker *c, Operand *x) {
    Type *t = x->type;
    ConstVal *val = NULL;
    switch (x->mode) {
    case MODE_INVALID: t = INVALID_TYPE(c); break;
    case MODE_NOVALUE: t = NULL; break;
    case MODE_CONST: val = x->cval; break;
    }
    Expr *e = x->expr;
    if (t && is_untyped(t)) {
        e->mode = x->mode;
        e->type = t;
        e->cval = val;
        e->commaok = false;
        e->flag = (e->flag & ~EXPR_SHIFT_LHS) | EXPR_PENDING;
    } else {
        record_type_value(c, e, x->mode, t, val);
    }
}

static void record_builtin_rest(Checker *c, Expr *f, Type *sig) {
    for (;;) {
        record_type_value(c, f, MODE_BUILTIN, sig, NULL);
        if (f->kind != EXPR_PAREN) return;
        f = ((ParenExpr *)f)->inner;
    }
}
void record_builtin_type(Checker *c, Expr *f, Type *sig) { record_builtin_rest(c, f, sig); }

/* v, ok form: the recorded type becomes the tuple of both. */
void record_commaok(Checker *c, Expr *e, Operand *a, Operand *b) {
    if (a->mode == MODE_INVALID) return;
    for (;;) {
        Object **vars = arena_array(c->arena, Object *, 2);
        vars[0] = object_new_var(c->ts, c->pkg, NULL, a->type, e->pos);
        vars[1] = object_new_var(c->ts, c->pkg, NULL, b->type, e->pos);
        e->type = type_new_tuple(c->ts, (ObjectList){vars, 2});
        e->commaok = true;
        if (e->kind != EXPR_PAREN) return;
        e = ((ParenExpr *)e)->inner;
    }
}

Ident *instantiated_ident(Expr *e) {
    e = unparen(e);
    if (e->kind == EXPR_INDEX) e = unparen(((IndexExpr *)e)->on);
    if (e->kind == EXPR_IDENT) return (Ident *)e;
    if (e->kind == EXPR_SELECTOR) return ((SelectorExpr *)e)->sel;
    return NULL;
}
void record_instance(Checker *c, Expr *e, TypeList targs) {
    Ident *id = instantiated_ident(e);
    if (!id) return;
    TypeList *l = arena_new(c->arena, TypeList);
    l->len = targs.len;
    l->at = arena_memdup(c->arena, targs.at, sizeof(Type *) * targs.len);
    id->targs = l;
}

/* ---- Variables' facts for the SSA builder ---------------------------------------------------- */

/* The local variable that e denotes a part of (x, x.f, x[i] of an array), or NULL. */
Object *root_var(Expr *e) {
    for (;;) {
        e = unparen(e);
        if (e->kind == EXPR_IDENT) {
            Object *o = ((Ident *)e)->obj;
            return o && o->kind == OBJ_VAR ? o : NULL;
        }
        if (e->kind == EXPR_SELECTOR) {
            SelectorExpr *s = (SelectorExpr *)e;
            if (!s->selection) return NULL; /* qualified identifier: global */
            if (s->selection->kind != SEL_FIELD || s->selection->indirect) return NULL;
            if (s->on->type && type_underlying(s->on->type)->kind == TYPE_POINTER) return NULL;
            e = s->on;
            continue;
        }
        if (e->kind == EXPR_INDEX) {
            IndexExpr *ix = (IndexExpr *)e;
            if (!ix->on->type || ix->on->mode == MODE_TYPE) return NULL;
            int k = type_underlying(ix->on->type)->kind;
            if (k != TYPE_ARRAY && !type_is_typeparam(ix->on->type)) return NULL;
            e = ix->on;
            continue;
        }
        return NULL;
    }
}
void mark_addressed(Expr *e) {
    Object *o = root_var(e);
    if (o) o->addressed = true;
}
void mark_assigned(Checker *c, Expr *e) {
    Object *o = root_var(e);
    if (!o) return;
    o->reassigned = true;
    if (o->captured && o->var.func_scope != c->env.func) o->addressed = true;
}

/* ---- Untyped operands ------------------------------------------------------------------------ */

/* Gives the pending untyped expression e the type t; `final` ends its pending state even when t is
 * itself untyped. */
void update_expr_type(Checker *c, Expr *e, Type *t, bool final) {
    if (!(e->flag & EXPR_PENDING)) return;
    ConstVal *oldval = e->mode == MODE_CONST ? e->cval : NULL;
    switch (e->kind) {
    case EXPR_PAREN: update_expr_type(c, ((ParenExpr *)e)->inner, t, final); break;
    case EXPR_UNARY:
        if (oldval) break;
        update_expr_type(c, ((UnaryExpr *)e)->on, t, final);
        break;
    case EXPR_BINARY: {
        if (oldval) break;
        BinaryExpr *b = (BinaryExpr *)e;
        if (is_comparison(b->op)) break; /* result type is independent of the operands' */
        update_expr_type(c, b->left, t, final);
        if (!is_shift(b->op)) update_expr_type(c, b->right, t, final);
        break;
    }
    case EXPR_CALL: case EXPR_IDENT: case EXPR_BASICLIT: case EXPR_SELECTOR: break;
    default: return;
    }
    if (!final && is_untyped(t)) {
        e->type = type_underlying(t);
        return;
    }
    bool lhs = e->flag & EXPR_SHIFT_LHS;
    Type *oldtype = e->type;
    int mode = e->mode;
    e->flag &= ~(EXPR_PENDING | EXPR_SHIFT_LHS);
    if (lhs && !all_integer(t)) {
        types_error(c, expr_start(e), ERR_InvalidShiftOperand,
               invalid_op "shifted operand %e (type %t) must be integer", e, t);
        return;
    }
    ConstVal *val = oldval;
    if (oldval) {
        Operand x = {.mode = mode, .expr = e, .type = oldtype, .cval = oldval};
        check_convert_untyped(c, &x, t);
        if (x.mode == MODE_INVALID) return;
        val = x.cval;
    }
    record_type_value(c, e, mode, t, val);
}

void update_expr_val(Expr *e, ConstVal *val) {
    if (e->flag & EXPR_PENDING) e->cval = val;
}

/* The type (and possibly value) that x gets when implicitly converted to target; NULL with *code set
 * when that cannot be. */
Type *implicit_type_and_value(Checker *c, Operand *x, Type *target, ConstVal **val, int *code) {
    *val = NULL;
    *code = 0;
    if (x->mode == MODE_INVALID || !is_untyped(x->type) || !is_valid(target)) return x->type;
    if (is_untyped(target)) {
        Type *m = max_type(x->type, target);
        if (m) return m;
        *code = ERR_InvalidUntypedConversion;
        return NULL;
    }
    if (x->mode == MODE_NILVALUE) {
        if (has_nil(target)) return target;
        *code = ERR_InvalidUntypedConversion;
        return NULL;
    }
    Type *u = type_underlying(target);
    switch (u->kind) {
    case TYPE_BASIC: {
        if (x->mode == MODE_CONST) {
            ConstVal *v = check_representation(c, x, (BasicType *)u, code);
            if (*code) return NULL;
            *val = v;
            return target;
        }
        bool ok = false;
        switch (((BasicType *)x->type)->basic) {
        case BASIC_UNTYPED_BOOL: ok = is_boolean(target); break;
        case BASIC_UNTYPED_INT: case BASIC_UNTYPED_RUNE: case BASIC_UNTYPED_FLOAT:
        case BASIC_UNTYPED_COMPLEX: ok = is_numeric(target); break;
        case BASIC_UNTYPED_STRING: ok = is_string(target); break;
        }
        if (ok) return target;
        break;
    }
    case TYPE_INTERFACE:
        if (type_is_typeparam(target)) {
            bool ok = true;
            for (TypeIter it = typeset_iter(target); ok && typeset_next(&it);) {
                ConstVal *v;
                int cd;
                ok = it.u && implicit_type_and_value(c, x, it.u, &v, &cd);
            }
            if (ok) return target;
            break;
        }
        if (!typeset_is_all(types_typeset((InterfaceType *)u))) break;
        return default_type(c, x->type);
    default: break;
    }
    *code = ERR_InvalidUntypedConversion;
    return NULL;
}

void take_implicit_type(Checker *c, Operand *x, Type *t, ConstVal *val) {
    if (val) {
        x->cval = val;
        update_expr_val(x->expr, val);
    }
    if (t != x->type) {
        x->type = t;
        update_expr_type(c, x->expr, t, false);
    }
}

void check_convert_untyped(Checker *c, Operand *x, Type *target) {
    ConstVal *val;
    int code;
    Type *nt = implicit_type_and_value(c, x, target, &val, &code);
    if (code) {
        Type *t = target;
        if (!type_is_typeparam(target)) t = type_underlying(target);
        invalid_conversion(c, code, x, t);
        x->mode = MODE_INVALID;
        return;
    }
    take_implicit_type(c, x, nt, val);
}

/* ---- Operators ------------------------------------------------------------------------------- */

bool is_shift(int op) { return op == TOK_SHL || op == TOK_SHR; }
bool is_comparison(int op) { return op >= TOK_EQL && op <= TOK_GEQ; }

static bool op_defined(Checker *c, Operand *x, int op, bool unary) {
    bool ok;
    Type *t = x->type;
    switch (op) {
    case TOK_ADD: ok = unary ? all_numeric(t) : all_numeric_or_string(t); break;
    case TOK_SUB: case TOK_MUL: case TOK_QUO: ok = all_numeric(t); break;
    case TOK_REM: case TOK_AND: case TOK_OR: case TOK_XOR: case TOK_ANDNOT: ok = all_integer(t); break;
    case TOK_ANDAND: case TOK_OROR: case TOK_NOT: ok = all_boolean(t); break;
    default:
        types_error(c, operand_pos(x), ERR_InvalidSyntaxTree, "invalid syntax tree: unknown operator %s",
               token_text[op]);
        return false;
    }
    if (!ok)
        types_error(c, operand_pos(x), ERR_UndefinedOp, invalid_op "operator %s not defined on %x",
               token_text[op], x);
    return ok;
}

Pos op_pos(Expr *e) {
    if (!e) return 0;
    if (e->kind == EXPR_BINARY) return ((BinaryExpr *)e)->op_pos;
    if (e->kind == EXPR_UNARY) return e->pos;
    return expr_start(e);
}

const char *op_name(Expr *e) {
    if (e && e->kind == EXPR_UNARY && ((UnaryExpr *)e)->op == TOK_XOR) return "bitwise complement";
    if (e && e->kind == EXPR_BINARY) switch (((BinaryExpr *)e)->op) {
        case TOK_ADD: return "addition";
        case TOK_SUB: return "subtraction";
        case TOK_XOR: return "bitwise XOR";
        case TOK_MUL: return "multiplication";
        case TOK_SHL: return "shift";
        }
    return "";
}

static void check_unary(Checker *c, Operand *x, UnaryExpr *e) {
    check_expr(c, NULL, x, e->on);
    if (x->mode == MODE_INVALID) return;
    int op = e->op;
    switch (op) {
    case TOK_AND:
        if (unparen(e->on)->kind != EXPR_COMPOSITE && x->mode != MODE_VAR) {
            types_error(c, operand_pos(x), ERR_UnaddressableOperand,
                   invalid_op "cannot take address of %x", x);
            x->mode = MODE_INVALID;
            return;
        }
        mark_addressed(e->on);
        x->mode = MODE_VALUE;
        x->type = type_new_pointer(c->ts, x->type);
        return;
    case TOK_ARROW: {
        Type *elem = chan_elem(c, operand_pos(x), x, true);
        if (elem && is_complete(c, elem)) {
            x->mode = MODE_COMMAOK;
            x->type = elem;
            c->env.has_call_or_recv = true;
            return;
        }
        x->mode = MODE_INVALID;
        return;
    }
    case TOK_TILDE:
        if (!all_integer(x->type)) {
            types_error(c, e->x.pos, ERR_UndefinedOp, "cannot use ~ outside of interface or type constraint");
            x->mode = MODE_INVALID;
            return;
        }
        types_error(c, e->x.pos, ERR_UndefinedOp,
               "cannot use ~ outside of interface or type constraint (use ^ for bitwise complement)");
        op = TOK_XOR;
    }
    if (!op_defined(c, x, op, true)) {
        x->mode = MODE_INVALID;
        return;
    }
    if (x->mode == MODE_CONST) {
        if (const_kind(x->cval) == CONST_UNKNOWN) return;
        int prec = is_unsigned(x->type) ? (int)type_size(x->type) * 8 : 0;
        x->cval = const_unary(c->arena, op, x->cval, prec);
        x->expr = &e->x;
        check_overflow(c, x, op_pos(x->expr));
        return;
    }
    x->mode = MODE_VALUE;
}

/* The element type of the channel x for receiving or sending; reports when it is not possible. */
Type *chan_elem(Checker *c, Pos pos, Operand *x, bool recv) {
    const char *cause = NULL;
    for (TypeIter it = typeset_iter(x->type); !cause && typeset_next(&it);) {
        Type *u = it.u;
        if (!u) cause = "no specific channel type";
        else if (u->kind != TYPE_CHAN) cause = types_format(c, "non-channel %t", it.t);
        else if (recv && ((ChanType *)u)->dir == CHAN_SEND) cause = types_format(c, "send-only channel %t", it.t);
        else if (!recv && ((ChanType *)u)->dir == CHAN_RECV)
            cause = types_format(c, "receive-only channel %t", it.t);
    }
    if (!cause) {
        Type *u = common_under(c, x->type, NULL, NULL, &cause);
        if (u) return ((ChanType *)u)->elem;
    }
    int code = recv ? ERR_InvalidReceive : ERR_InvalidSend;
    const char *verb = recv ? "receive from" : "send to";
    if (type_is_typeparam(x->type)) types_error(c, pos, code, invalid_op "cannot %s %x: %s", verb, x, cause);
    else types_error(c, pos, code, invalid_op "cannot %s %s %x", verb, cause, x);
    return NULL;
}

const char *incomparable_cause(Checker *c, Type *t) {
    switch (type_underlying(t)->kind) {
    case TYPE_SLICE: case TYPE_SIGNATURE: case TYPE_MAP:
        return types_format(c, "%s can only be compared to nil", composite_kind(t));
    }
    const char *cause = NULL;
    comparable_type(c, t, true, &cause);
    return cause ? cause : "";
}

void check_comparison(Checker *c, Operand *x, Operand *y, int op, bool switch_case) {
    if (!is_valid(x->type) || !is_valid(y->type)) {
        x->mode = MODE_INVALID;
        return;
    }
    if (switch_case) op = TOK_EQL;
    Operand *err_op = x;
    const char *cause = "";
    int code = ERR_MismatchedTypes;
    bool ok = assignable_to(c, x, y->type, NULL, NULL);
    if (!ok) ok = assignable_to(c, y, x->type, NULL, NULL);
    if (!ok) {
        err_op = y;
        cause = types_format(c, "mismatched types %t and %t", x->type, y->type);
        goto error;
    }
    code = ERR_UndefinedOp;
    if (op == TOK_EQL || op == TOK_NEQ) {
        if (x->mode == MODE_NILVALUE || y->mode == MODE_NILVALUE) {
            Type *t = x->mode == MODE_NILVALUE ? y->type : x->type;
            if (!has_nil(t)) {
                err_op = y;
                goto error;
            }
        } else if (!type_comparable(x->type)) {
            cause = incomparable_cause(c, x->type);
            goto error;
        } else if (!type_comparable(y->type)) {
            err_op = y;
            cause = incomparable_cause(c, y->type);
            goto error;
        }
    } else {
        if (!all_ordered(x->type)) goto error;
        if (!all_ordered(y->type)) {
            err_op = y;
            goto error;
        }
    }
    if (x->mode == MODE_CONST && y->mode == MODE_CONST) {
        x->cval = const_make_bool(c->arena, const_compare(x->cval, op, y->cval));
    } else {
        x->mode = MODE_VALUE;
        update_expr_type(c, x->expr, default_type(c, x->type), true);
        update_expr_type(c, y->expr, default_type(c, y->type), true);
    }
    x->type = c->ts->basic[BASIC_UNTYPED_BOOL];
    return;
error:
    if (!*cause) {
        if (type_is_typeparam(x->type) || type_is_typeparam(y->type)) {
            if (!type_is_typeparam(x->type)) err_op = y;
            cause = types_format(c, "type parameter %t cannot use operator %s", err_op->type, token_text[op]);
        } else {
            const char *what = composite_kind(err_op->type);
            if (!*what) what = types_format(c, "%t", err_op->type);
            cause = types_format(c, "operator %s not defined on %s", token_text[op], what);
        }
    }
    if (switch_case)
        types_error(c, operand_pos(x), code, "invalid case %e in switch on %e (%s)", x->expr, y->expr, cause);
    else
        types_error(c, operand_pos(err_op), code, invalid_op "%e %s %e (%s)", x->expr, token_text[op], y->expr,
               cause);
    x->mode = MODE_INVALID;
}

static void check_shift(Checker *c, Operand *x, Operand *y, Expr *e, int op) {
    ConstVal *xval = NULL, *yval = NULL;
    if (x->mode == MODE_CONST) xval = const_to_int(c->arena, x->cval);
    if (!(all_integer(x->type) || (is_untyped(x->type) && xval && const_kind(xval) == CONST_INT))) {
        types_error(c, operand_pos(x), ERR_InvalidShiftOperand, invalid_op "shifted operand %x must be integer", x);
        goto bad;
    }
    if (y->mode == MODE_CONST) {
        yval = const_to_int(c->arena, y->cval);
        if (const_kind(yval) == CONST_INT && const_sign(yval) < 0) {
            types_error(c, operand_pos(y), ERR_InvalidShiftCount, invalid_op "negative shift count %x", y);
            goto bad;
        }
        if (is_untyped(y->type)) {
            /* the check is what matters: y's final type is set below by convert */
            check_representable(c, y, (BasicType *)c->ts->basic[BASIC_UINT]);
            if (y->mode == MODE_INVALID) goto bad;
            if (x->mode != MODE_CONST) update_expr_type(c, y->expr, c->ts->basic[BASIC_UINT], true);
        }
    } else if (all_integer(y->type)) {
        if (!all_unsigned(y->type) &&
            !verify_versionf(c, operand_pos(y), 13, invalid_op "signed shift count %x", y))
            goto bad;
    } else if (is_untyped(y->type)) {
        check_convert_untyped(c, y, c->ts->basic[BASIC_UINT]);
        if (y->mode == MODE_INVALID) goto bad;
    } else {
        types_error(c, operand_pos(y), ERR_InvalidShiftCount, invalid_op "shift count %x must be integer", y);
        goto bad;
    }
    if (x->mode == MODE_CONST) {
        if (y->mode == MODE_CONST) {
            Type *untyped_int = c->ts->basic[BASIC_UNTYPED_INT];
            if (const_kind(x->cval) == CONST_UNKNOWN || const_kind(y->cval) == CONST_UNKNOWN) {
                x->cval = const_make_unknown(c->arena);
                if (!is_integer(x->type)) x->type = untyped_int;
                return;
            }
            uint64_t s;
            if (!const_uint64(yval, &s) || s > 1023 - 1 + 52) {
                types_error(c, operand_pos(y), ERR_InvalidShiftCount, invalid_op "invalid shift count %x", y);
                goto bad;
            }
            if (!is_integer(x->type)) x->type = untyped_int;
            x->cval = const_shift(c->arena, xval, op, (unsigned)s);
            x->expr = e;
            check_overflow(c, x, op_pos(e));
            return;
        }
        if (is_untyped(x->type)) {
            if (x->expr->flag & EXPR_PENDING) x->expr->flag |= EXPR_SHIFT_LHS;
            x->mode = MODE_VALUE;
            return;
        }
    }
    if (!all_integer(x->type)) {
        types_error(c, operand_pos(x), ERR_InvalidShiftOperand, invalid_op "shifted operand %x must be integer", x);
        goto bad;
    }
    x->mode = MODE_VALUE;
    return;
bad:
    x->mode = MODE_INVALID;
}

static bool may_convert(Operand *x, Operand *y) {
    if (!is_untyped(x->type) && !is_untyped(y->type)) return false;
    if (all_numeric(x->type) != all_numeric(y->type)) return false;
    if (is_non_typeparam_interface(x->type) || is_non_typeparam_interface(y->type)) return true;
    if (all_boolean(x->type) != all_boolean(y->type)) return false;
    if (all_string(x->type) != all_string(y->type)) return false;
    if (x->mode == MODE_NILVALUE) return has_nil(y->type);
    if (y->mode == MODE_NILVALUE) return has_nil(x->type);
    if (type_underlying(x->type)->kind == TYPE_POINTER || type_underlying(y->type)->kind == TYPE_POINTER)
        return false;
    return true;
}

/* Converts untyped operands to the other's type where that is possible. */
void match_types(Checker *c, Operand *x, Operand *y) {
    if (!may_convert(x, y)) return;
    check_convert_untyped(c, x, y->type);
    if (x->mode == MODE_INVALID) return;
    check_convert_untyped(c, y, x->type);
    if (y->mode == MODE_INVALID) x->mode = MODE_INVALID;
}

/* e is NULL for op= assignments. */
void check_binary(Checker *c, Operand *x, Expr *e, Expr *lhs, Expr *rhs, int op) {
    Operand y = {0};
    check_expr(c, NULL, x, lhs);
    check_expr(c, NULL, &y, rhs);
    if (x->mode == MODE_INVALID) return;
    if (y.mode == MODE_INVALID) {
        x->mode = MODE_INVALID;
        x->expr = y.expr;
        return;
    }
    if (is_shift(op)) {
        check_shift(c, x, &y, e, op);
        return;
    }
    match_types(c, x, &y);
    if (x->mode == MODE_INVALID) return;
    if (is_comparison(op)) {
        check_comparison(c, x, &y, op, false);
        return;
    }
    if (!type_identical(x->type, y.type)) {
        if (is_valid(x->type) && is_valid(y.type)) {
            if (e)
                types_error(c, operand_pos(x), ERR_MismatchedTypes, invalid_op "%e (mismatched types %t and %t)",
                       e, x->type, y.type);
            else
                types_error(c, operand_pos(x), ERR_MismatchedTypes,
                       invalid_op "%e %s= %e (mismatched types %t and %t)", lhs, token_text[op], rhs,
                       x->type, y.type);
        }
        x->mode = MODE_INVALID;
        return;
    }
    if (!op_defined(c, x, op, false)) {
        x->mode = MODE_INVALID;
        return;
    }
    if (op == TOK_QUO || op == TOK_REM) {
        bool zero = false;
        if ((x->mode == MODE_CONST || all_integer(x->type)) && y.mode == MODE_CONST)
            zero = const_sign(y.cval) == 0 && const_kind(y.cval) != CONST_UNKNOWN;
        if (x->mode == MODE_CONST && y.mode == MODE_CONST && is_complex(x->type) &&
            const_kind(y.cval) != CONST_UNKNOWN) { /* the divisor's square may underflow */
            const ConstVal *re = const_real(y.cval), *im = const_imag(y.cval);
            zero |= const_sign(const_binary(c->arena, re, TOK_MUL, re, false)) == 0 &&
                    const_sign(const_binary(c->arena, im, TOK_MUL, im, false)) == 0;
        }
        if (zero) {
            types_error(c, operand_pos(&y), ERR_DivByZero, invalid_op "division by zero");
            x->mode = MODE_INVALID;
            return;
        }
    }
    if (x->mode == MODE_CONST && y.mode == MODE_CONST) {
        if (const_kind(x->cval) == CONST_UNKNOWN || const_kind(y.cval) == CONST_UNKNOWN) {
            x->cval = const_make_unknown(c->arena);
            return;
        }
        if (const_kind(x->cval) == CONST_STRING) {
            size_t n = const_string(x->cval).n + const_string(y.cval).n;
            if (n > c->ts->max_string) {
                types_error(c, op_pos(e ? e : x->expr), ERR_InvalidConstVal, "constant string too long (%D bytes > %D bytes)",
                            (int64_t)n, (int64_t)c->ts->max_string);
                x->cval = const_make_unknown(c->arena);
                return;
            }
        }
        bool intdiv = op == TOK_QUO && is_integer(x->type);
        x->cval = const_binary(c->arena, x->cval, op, y.cval, intdiv);
        if (e) x->expr = e;
        check_overflow(c, x, op_pos(x->expr));
        return;
    }
    x->mode = MODE_VALUE;
}

/* ---- The dispatcher -------------------------------------------------------------------------- */

Target *new_target(Checker *c, Type *t, const char *desc) {
    if (!t) return NULL;
    Type *u = type_underlying(t);
    if (u->kind != TYPE_SIGNATURE) {
        if (!type_is_typeparam(t)) return NULL;
        const char *cause;
        u = common_under(c, t, NULL, NULL, &cause);
        if (!u || u->kind != TYPE_SIGNATURE) return NULL;
    }
    Target *g = arena_new(c->arena, Target);
    g->sig = (SignatureType *)u;
    g->desc = desc;
    return g;
}

static int expr_internal(Checker *c, Target *T, Operand *x, Expr *e, Type *hint);

int check_raw_expr(Checker *c, Target *T, Operand *x, Expr *e, Type *hint, bool allow_generic) {
    if (too_deep(c, e->pos)) {
        x->mode = MODE_INVALID;
        x->type = INVALID_TYPE(c);
        x->expr = e;
        return KIND_STATEMENT;
    }
    int kind = expr_internal(c, T, x, e, hint);
    if (!allow_generic) check_non_generic(c, T, x);
    record_operand(c, x);
    leave_depth(c);
    return kind;
}

void check_non_generic(Checker *c, Target *T, Operand *x) {
    if (x->mode == MODE_INVALID || x->mode == MODE_NOVALUE || !x->type) return;
    const char *what = NULL;
    switch (x->type->kind) {
    case TYPE_ALIAS: case TYPE_NAMED:
        if (is_generic(x->type)) what = "type";
        break;
    case TYPE_SIGNATURE:
        if (((SignatureType *)x->type)->tparams.len) {
            if (T) {
                func_inst(c, T, node_pos(x->expr), x, NULL, true);
                return;
            }
            what = "function";
        }
        break;
    }
    if (what) {
        types_error(c, operand_pos(x), ERR_WrongTypeArgCount, "cannot use generic %s %e without instantiation",
               what, x->expr);
        x->mode = MODE_INVALID;
        x->type = INVALID_TYPE(c);
    }
}

static bool check_star(Checker *c, Operand *x, StarExpr *e) {
    check_expr_or_type(c, x, e->on, false);
    if (x->mode == MODE_INVALID) return false;
    if (x->mode == MODE_TYPE) {
        valid_var_type(c, e->on, x->type);
        x->type = type_new_pointer(c->ts, x->type);
        return true;
    }
    Type *base = NULL;
    for (TypeIter it = typeset_iter(x->type); typeset_next(&it);) {
        Type *u = it.u;
        if (!u || u->kind != TYPE_POINTER) {
            if (x->mode == MODE_NILVALUE)
                types_error(c, operand_pos(x), ERR_InvalidIndirection, invalid_op "cannot indirect %x", x);
            else types_error(c, operand_pos(x), ERR_InvalidIndirection, invalid_op "cannot indirect %x", x);
            return false;
        }
        Type *b = ((PointerType *)u)->elem;
        if (base && !type_identical(b, base)) {
            types_error(c, operand_pos(x), ERR_InvalidIndirection,
                   invalid_op "pointers of %x must have identical base types", x);
            return false;
        }
        base = b;
    }
    if (!base || !is_complete(c, base)) return false;
    x->mode = MODE_VAR;
    x->type = base;
    return true;
}

static bool check_type_assert(Checker *c, Operand *x, TypeAssertExpr *e) {
    if (!e->type_expr) {
        types_error(c, expr_start(&e->x), ERR_InvalidSyntaxTree, "invalid syntax tree: use of .(type) outside type switch");
        check_use(c, e->on);
        return false;
    }
    check_expr(c, NULL, x, e->on);
    if (x->mode == MODE_INVALID) return false;
    if (type_is_typeparam(x->type)) {
        types_error(c, operand_pos(x), ERR_InvalidAssert,
               invalid_op "cannot use type assertion on type parameter value %x", x);
        return false;
    }
    if (type_underlying(x->type)->kind != TYPE_INTERFACE) {
        types_error(c, operand_pos(x), ERR_InvalidAssert, invalid_op "%x is not an interface", x);
        return false;
    }
    Type *t = check_var_type(c, e->type_expr);
    if (!is_valid(t) || !is_complete(c, t)) return false;
    check_type_assertion(c, &e->x, x, t, false);
    x->mode = MODE_COMMAOK;
    x->type = t;
    return true;
}

static int expr_internal(Checker *c, Target *T, Operand *x, Expr *e, Type *hint) {
    x->mode = MODE_INVALID;
    x->type = INVALID_TYPE(c);
    x->cval = NULL;
    switch (e->kind) {
    case EXPR_BAD: goto error;
    case EXPR_IDENT: check_ident(c, x, (Ident *)e, false); break;
    case EXPR_ELLIPSIS:
        types_error(c, expr_start(e), ERR_InvalidSyntaxTree, "invalid syntax tree: invalid use of ...");
        goto error;
    case EXPR_BASICLIT:
        if (((BasicLit *)e)->bad) goto error;
        check_basic_lit(c, x, (BasicLit *)e);
        if (x->mode == MODE_INVALID) goto error;
        break;
    case EXPR_FUNCLIT:
        check_func_lit(c, x, (FuncLit *)e);
        if (x->mode == MODE_INVALID) goto error;
        break;
    case EXPR_COMPOSITE:
        check_composite_lit(c, x, (CompositeLit *)e, hint);
        if (x->mode == MODE_INVALID) goto error;
        break;
    case EXPR_PAREN: {
        int kind = check_raw_expr(c, NULL, x, ((ParenExpr *)e)->inner, NULL, false);
        x->expr = e;
        return kind;
    }
    case EXPR_SELECTOR: check_selector(c, x, (SelectorExpr *)e, false); break;
    case EXPR_INDEX:
        if (check_index_expr(c, x, (IndexExpr *)e))
            func_inst(c, T, node_pos(e), x, (IndexExpr *)e, true);
        if (x->mode == MODE_INVALID) goto error;
        break;
    case EXPR_SLICE:
        check_slice_expr(c, x, (SliceExpr *)e);
        if (x->mode == MODE_INVALID) goto error;
        break;
    case EXPR_TYPEASSERT:
        if (!check_type_assert(c, x, (TypeAssertExpr *)e)) goto error;
        break;
    case EXPR_CALL: return check_call_expr(c, x, (CallExpr *)e);
    case EXPR_STAR:
        if (!check_star(c, x, (StarExpr *)e)) goto error;
        break;
    case EXPR_UNARY:
        check_unary(c, x, (UnaryExpr *)e);
        if (x->mode == MODE_INVALID) goto error;
        if (((UnaryExpr *)e)->op == TOK_ARROW) {
            x->expr = e;
            return KIND_STATEMENT;
        }
        break;
    case EXPR_BINARY: {
        BinaryExpr *b = (BinaryExpr *)e;
        check_binary(c, x, e, b->left, b->right, b->op);
        if (x->mode == MODE_INVALID) goto error;
        break;
    }
    case EXPR_KEYVALUE:
        types_error(c, expr_start(e), ERR_InvalidSyntaxTree, "invalid syntax tree: no key:value expected");
        goto error;
    case EXPR_ARRAYTYPE: case EXPR_STRUCTTYPE: case EXPR_FUNCTYPE: case EXPR_INTERFACETYPE:
    case EXPR_MAPTYPE: case EXPR_CHANTYPE:
        x->mode = MODE_TYPE;
        x->type = check_typ(c, e);
        break;
    default: bug("unknown expression kind %d", e->kind);
    }
    x->expr = e;
    return KIND_EXPRESSION;
error:
    x->mode = MODE_INVALID;
    x->expr = e;
    return KIND_STATEMENT; /* avoids follow-on errors */
}

void check_type_assertion(Checker *c, Expr *e, Operand *x, Type *t, bool type_switch) {
    const char *cause = "";
    if (assertable_to(c, x->type, t, &cause)) return;
    if (type_switch)
        types_error(c, expr_start(e), ERR_ImpossibleAssert,
               "impossible type switch case: %e\n\t%x cannot have dynamic type %t %s", e, x, t, cause);
    else
        types_error(c, expr_start(e), ERR_ImpossibleAssert,
               "impossible type assertion: %e\n\t%t does not implement %t %s", e, t, x->type, cause);
}

/* ---- Entry points by what is allowed ---------------------------------------------------------- */

enum { NO_NOVALUE = 1 << MODE_NOVALUE, NO_BUILTIN = 1 << MODE_BUILTIN, NO_TYPE = 1 << MODE_TYPE };

void check_exclude(Checker *c, Operand *x, unsigned modes) {
    if (!(modes & (1u << x->mode)) || x->mode == MODE_INVALID) return;
    const char *f = "";
    int code = 0;
    switch (x->mode) {
    case MODE_NOVALUE:
        f = modes & NO_TYPE ? "%x used as value" : "%x used as value or type";
        code = ERR_TooManyValues;
        break;
    case MODE_BUILTIN: f = "%x must be called"; code = ERR_UncalledBuiltin; break;
    case MODE_TYPE: f = "%x is not an expression"; code = ERR_NotAnExpr; break;
    }
    types_error(c, operand_pos(x), code, f, x);
    x->mode = MODE_INVALID;
}

void check_single_value(Checker *c, Operand *x) {
    if (x->mode == MODE_VALUE && x->type && x->type->kind == TYPE_TUPLE) {
        types_error(c, operand_pos(x), ERR_TooManyValues, "multiple-value %x in single-value context", x);
        x->mode = MODE_INVALID;
    }
}

void check_expr(Checker *c, Target *T, Operand *x, Expr *e) {
    check_raw_expr(c, T, x, e, NULL, false);
    check_exclude(c, x, NO_NOVALUE | NO_BUILTIN | NO_TYPE);
    check_single_value(c, x);
}
void check_generic_expr(Checker *c, Operand *x, Expr *e, Type *hint) {
    check_raw_expr(c, NULL, x, e, hint, true);
    check_exclude(c, x, NO_NOVALUE | NO_BUILTIN | NO_TYPE);
    check_single_value(c, x);
}
void check_expr_or_type(Checker *c, Operand *x, Expr *e, bool allow_generic) {
    check_raw_expr(c, NULL, x, e, NULL, allow_generic);
    check_exclude(c, x, NO_NOVALUE);
    check_single_value(c, x);
}

Ident *dummy_ident(Checker *c, Pos pos, const char *text) {
    Ident *id = arena_new(c->arena, Ident);
    id->x.kind = EXPR_IDENT;
    id->x.pos = pos;
    id->name = intern(c->ts->syn->names, text, strlen(text));
    return id;
}

static const char *nth(Checker *c, int n) {
    return arena_printf(c->arena, "%d%s function result", n, n == 1 ? "st" : n == 2 ? "nd" : n == 3 ? "rd" : "th");
}

OperandList new_operands(Checker *c, int n) {
    OperandList l = {arena_array(c->arena, Operand *, n), n};
    Operand *x = arena_array(c->arena, Operand, n);
    for (int i = 0; i < n; i++) l.at[i] = &x[i];
    return l;
}

/* The values of e: one, those of a tuple, or (v, ok) when allowed; *comma_ok tells the last. */
OperandList check_multi_expr(Checker *c, Expr *e, bool allow_commaok, bool *comma_ok) {
    Operand x = {0};
    *comma_ok = false;
    check_raw_expr(c, NULL, &x, e, NULL, false);
    check_exclude(c, &x, NO_NOVALUE | NO_BUILTIN | NO_TYPE);
    OperandList l = {0};
    if (x.mode != MODE_INVALID && x.type && x.type->kind == TYPE_TUPLE) {
        TupleType *t = (TupleType *)x.type;
        l = new_operands(c, t->vars.len);
        for (int i = 0; i < l.len; i++)
            *l.at[i] = (Operand){.mode = MODE_VALUE, .type = t->vars.at[i]->type,
                                .expr = &dummy_ident(c, expr_start(e), nth(c, i + 1))->x};
        return l;
    }
    l = new_operands(c, 2);
    *l.at[0] = x;
    l.len = 1;
    if (allow_commaok && (x.mode == MODE_MAPINDEX || x.mode == MODE_COMMAOK)) {
        *l.at[1] = (Operand){.mode = MODE_VALUE, .type = c->ts->basic[BASIC_UNTYPED_BOOL],
                            .expr = &dummy_ident(c, expr_start(e), "ok value of (comma, ok) expression")->x};
        l.len = 2;
        *comma_ok = true;
    }
    return l;
}

OperandList check_expr_list(Checker *c, ExprList list) {
    OperandList l = {0};
    bool commaok;
    if (list.len == 1) return check_multi_expr(c, list.at[0], false, &commaok);
    l = new_operands(c, list.len);
    for (int i = 0; i < list.len; i++) check_expr(c, NULL, l.at[i], list.at[i]);
    return l;
}

/* Evaluates e for its side effects on usage only; false when it is invalid. */
static bool use1(Checker *c, Expr *e, bool lhs) {
    if (!e) return true;
    Operand x = {.mode = MODE_VALUE};
    Expr *n = unparen(e);
    if (n->kind == EXPR_IDENT) {
        Ident *id = (Ident *)n;
        if (id->name->blank) return true;
        Object *v = NULL;
        bool used = false;
        if (lhs) {
            Object *o = check_lookup(c, id->name);
            if (o && o->kind == OBJ_VAR && o->pkg == c->pkg) {
                v = o;
                used = o->used;
            }
        }
        check_expr_or_type(c, &x, n, true);
        if (v) v->used = used;
    } else if (n->kind == EXPR_KEYVALUE) {
        return use1(c, ((KeyValueExpr *)n)->value, lhs);
    } else {
        check_raw_expr(c, NULL, &x, e, NULL, true);
    }
    return x.mode != MODE_INVALID;
}
bool check_use(Checker *c, Expr *e) { return use1(c, e, false); }
bool check_use_list(Checker *c, ExprList l) {
    bool ok = true;
    for (int i = 0; i < l.len; i++) ok &= use1(c, l.at[i], false);
    return ok;
}
bool check_use_lhs(Checker *c, ExprList l) {
    bool ok = true;
    for (int i = 0; i < l.len; i++) ok &= use1(c, l.at[i], true);
    return ok;
}
