/* operand: what an expression evaluated to, how messages write it, and assignability. */
#include "types/types_int.h"

bool operand_is_nil(const Operand *x) { return x->mode == MODE_NILVALUE; }

const char *composite_kind(Type *t) {
    switch ((TypeKind)type_underlying(t)->kind) {
    case TYPE_ARRAY: return "array";
    case TYPE_SLICE: return "slice";
    case TYPE_STRUCT: return "struct";
    case TYPE_POINTER: return "pointer";
    case TYPE_SIGNATURE: return "func";
    case TYPE_INTERFACE: return "interface";
    case TYPE_MAP: return "map";
    case TYPE_CHAN: return "chan";
    case TYPE_TUPLE: return "tuple";
    case TYPE_UNION: return "union";
    default: return "";
    }
}

static const char *mode_string(int mode) {
    switch ((OperandMode)mode) {
    case MODE_INVALID: return "invalid operand";
    case MODE_NOVALUE: return "no value";
    case MODE_BUILTIN: return "built-in";
    case MODE_TYPE: return "type";
    case MODE_CONST: return "constant";
    case MODE_VAR: return "variable";
    case MODE_MAPINDEX: return "map index expression";
    case MODE_VALUE: return "value";
    case MODE_NILVALUE: return "nil";
    case MODE_COMMAOK: return "comma, ok expression";
    case MODE_CGOFUNC: return "cgo function";
    }
    return "?";
}

static void of_type(Buf *b, Checker *c, Type *t) {
    if (!is_valid(t)) {
        buf_puts(b, " with invalid type");
        return;
    }
    TypeParamType *tp = as_typeparam(t);
    buf_puts(b, " of ");
    if (is_generic(t)) buf_puts(b, "generic ");
    if (!tp && (t->kind == TYPE_ALIAS || t->kind == TYPE_NAMED)) {
        const char *what = composite_kind(t);
        if (!*what) {
            const BasicType *bt = type_basic(t);
            what = bt ? bt->name : "";
        }
        buf_puts(b, what);
        buf_putc(b, ' ');
    }
    buf_puts(b, "type ");
    type_string(b, c, t);
    if (tp) {
        buf_puts(b, " constrained by ");
        type_string(b, c, tp->bound);
        if (has_empty_typeset(t)) buf_puts(b, " with empty type set");
    }
}

void operand_string(Buf *b, Checker *c, const Operand *x) {
    if (x->mode == MODE_NILVALUE) {
        if (!x->type || is_invalid(x->type)) {
            buf_puts(b, "nil (with invalid type)");
        } else if (is_untyped(x->type)) {
            buf_puts(b, "nil");
        } else {
            buf_puts(b, "nil (of type ");
            type_string(b, c, x->type);
            buf_putc(b, ')');
        }
        return;
    }
    Buf e = {0};
    if (x->expr) {
        expr_print(&e, x->expr);
    } else if (x->mode == MODE_TYPE) {
        type_string(&e, c, x->type);
    } else if (x->mode == MODE_CONST) {
        const_print(&e, x->cval);
    } else if (x->mode == MODE_BUILTIN) {
        static const char *const names[BUILTIN_COUNT] = {
#define BUILTIN(id, name, nargs, variadic, kind) [BUILTIN_##id] = name,
#include "tables/builtins.def"
#undef BUILTIN
        };
        buf_puts(&e, names[x->id]);
    }
    if (e.len) {
        buf_put(b, e.data, e.len);
        buf_puts(b, " (");
    }
    bool has_type = false;
    if (x->mode != MODE_INVALID && x->mode != MODE_NOVALUE && x->mode != MODE_BUILTIN &&
        x->mode != MODE_TYPE && x->type) {
        if (is_untyped(x->type)) {
            buf_puts(b, ((BasicType *)x->type)->name);
            buf_putc(b, ' ');
        } else {
            has_type = true;
        }
    }
    buf_puts(b, mode_string(x->mode));
    if (x->mode == MODE_CONST && x->cval) {
        Buf v = {0};
        const_print(&v, x->cval);
        if (!str_eq(buf_str(&v), buf_str(&e))) {
            buf_putc(b, ' ');
            buf_put(b, v.data, v.len);
        }
        buf_free(&v);
    }
    if (has_type) of_type(b, c, x->type);
    if (e.len) buf_putc(b, ')');
    buf_free(&e);
}

void operand_set_const(Checker *c, Operand *x, int tok, Str text) {
    int kind = tok == TOK_INT     ? BASIC_UNTYPED_INT
               : tok == TOK_FLOAT ? BASIC_UNTYPED_FLOAT
               : tok == TOK_IMAG  ? BASIC_UNTYPED_COMPLEX
               : tok == TOK_CHAR  ? BASIC_UNTYPED_RUNE
                                  : BASIC_UNTYPED_STRING;
    ConstVal *v = const_from_literal(c->arena, text, tok);
    if (const_kind(v) == CONST_UNKNOWN) {
        x->mode = MODE_INVALID;
        x->type = INVALID_TYPE(c);
        return;
    }
    x->mode = MODE_CONST;
    x->type = c->ts->basic[kind];
    x->cval = v;
}

/* ---- Assignability ------------------------------------------------------------------------------------ */

static void prepend_cause(Checker *c, const char **cause, const char *msg) {
    if (!cause) return;
    *cause = *cause && **cause ? types_format(c, "%s\n\t%s", msg, *cause) : msg;
}

bool assignable_to(Checker *c, Operand *x, Type *t, const char **cause, int *code) {
    int dummy;
    if (!code) code = &dummy;
    *code = 0;
    if (x->mode == MODE_INVALID || !is_valid(t)) return true;
    Type *orig_t = t, *v = type_unalias(x->type);
    t = type_unalias(t);
    if (type_identical(v, t)) return true;
    Type *vu = type_underlying(v), *tu = type_underlying(t);
    TypeParamType *vp = as_typeparam(v), *tp = as_typeparam(t);

    if (is_untyped(vu)) {
        ConstVal *val;
        int why;
        *code = ERR_IncompatibleAssign;
        if (tp) {
            for (TypeIter it = typeset_iter(t); typeset_next(&it);)
                if (!it.t || !implicit_type_and_value(c, x, it.t, &val, &why)) return false;
            return true;
        }
        return implicit_type_and_value(c, x, t, &val, &why) != NULL;
    }
    /* In gc's order: it shows in what cyclic interfaces are found to contain. */
    if (vu->kind == TYPE_INTERFACE) types_typeset((InterfaceType *)vu);
    if (!vp && !tp && (!has_name(v) || !has_name(t)) && type_identical(vu, tu)) return true;

    if ((tu->kind == TYPE_INTERFACE && !tp) || is_interface_ptr(tu)) {
        if (check_implements(c, v, t, false, cause)) return true;
        /* V cannot be assigned to T as an interface; a type parameter has another chance. */
        if (!vp) {
            *code = ERR_InvalidIfaceAssign;
            return false;
        }
        if (cause) *cause = "";
    }
    if (vu->kind == TYPE_INTERFACE && !vp && check_implements(c, t, v, false, NULL)) {
        if (cause) *cause = "need type assertion";
        *code = ERR_IncompatibleAssign;
        return false;
    }
    if (vu->kind == TYPE_CHAN && ((ChanType *)vu)->dir == CHAN_BOTH && tu->kind == TYPE_CHAN &&
        type_identical(((ChanType *)vu)->elem, ((ChanType *)tu)->elem)) {
        *code = ERR_InvalidChanAssign;
        return !has_name(v) || !has_name(t);
    }
    *code = ERR_IncompatibleAssign;
    if (!vp && !tp) return false;

    if (tp && !has_name(v)) {
        for (TypeIter it = typeset_iter(t); typeset_next(&it);) {
            if (!it.t) return false;
            if (!assignable_to(c, x, it.t, cause, code)) {
                if (cause)
                    prepend_cause(c, cause,
                                  types_format(c, "cannot assign %t to %t (in %t)", x->type, it.t,
                                               &tp->t));
                return false;
            }
        }
        return true;
    }
    if (vp && !has_name(t)) {
        Operand y = *x;
        for (TypeIter it = typeset_iter(v); typeset_next(&it);) {
            if (!it.t) return false;
            y.type = it.t;
            if (!assignable_to(c, &y, t, cause, code)) {
                if (cause)
                    prepend_cause(c, cause,
                                  types_format(c, "cannot assign %t (in %t) to %t", it.t, &vp->t,
                                               orig_t));
                return false;
            }
        }
        return true;
    }
    return false;
}
