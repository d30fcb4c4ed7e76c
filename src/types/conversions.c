/* conversions: T(x), and how constants fit basic types. */
#include "types/types_int.h"

/* ---- Representability of constants --------------------------------------------------------------------- */

static bool int_fits(const ConstVal *v, int kind) {
    int64_t i;
    if (const_int64(v, &i)) {
        switch (kind) {
        case BASIC_INT8: return i == (int8_t)i;
        case BASIC_INT16: return i == (int16_t)i;
        case BASIC_INT32: return i == (int32_t)i;
        case BASIC_UINT8: return i == (uint8_t)i;
        case BASIC_UINT16: return i == (uint16_t)i;
        case BASIC_UINT32: return i == (uint32_t)i;
        case BASIC_UINT:
        case BASIC_UINT64:
        case BASIC_UINTPTR: return i >= 0;
        default: return true;
        }
    }
    switch (kind) {
    case BASIC_UINT:
    case BASIC_UINT64:
    case BASIC_UINTPTR: return const_sign(v) >= 0 && const_bit_len(v) <= 64;
    case BASIC_UNTYPED_INT:
    case BASIC_UNTYPED_RUNE: return true;
    }
    return false;
}

/* v rounded to a float of 32 or 64 bits, NULL when it is out of range. */
static ConstVal *round_float(Arena *a, const ConstVal *v, bool single) {
    double d = single ? (double)const_float32(v) : const_float64(v);
    if (d - d != 0) return NULL; /* infinite */
    return const_make_float(a, d);
}

bool representable_const(Checker *c, const ConstVal *v, BasicType *t, ConstVal **rounded) {
    if (const_kind(v) == CONST_UNKNOWN) return true;
    Arena *a = c->arena;
    if (t->info & BF_INTEGER) {
        ConstVal *i = const_to_int(a, v);
        if (const_kind(i) != CONST_INT) return false;
        if (rounded) *rounded = i;
        return int_fits(i, t->basic);
    }
    if (t->info & BF_FLOAT) {
        ConstVal *f = const_to_float(a, v);
        if (const_kind(f) != CONST_FLOAT) return false;
        if (t->basic == BASIC_UNTYPED_FLOAT) return true;
        ConstVal *r = round_float(a, f, t->basic == BASIC_FLOAT32);
        if (r && rounded) *rounded = r;
        return r != NULL;
    }
    if (t->info & BF_COMPLEX) {
        ConstVal *x = const_to_complex(a, v);
        if (const_kind(x) != CONST_COMPLEX) return false;
        if (t->basic == BASIC_UNTYPED_COMPLEX) return true;
        bool single = t->basic == BASIC_COMPLEX64;
        ConstVal *re = round_float(a, const_real(x), single);
        ConstVal *im = round_float(a, const_imag(x), single);
        if (!re || !im) return false;
        if (rounded) *rounded = const_binary(a, re, TOK_ADD, const_make_imag(a, im), false);
        return true;
    }
    if (t->info & BF_STRING) return const_kind(v) == CONST_STRING;
    if (t->info & BF_BOOLEAN) return const_kind(v) == CONST_BOOL;
    return false;
}

void check_overflow(Checker *c, Operand *x, Pos op_pos) {
    if (const_kind(x->cval) == CONST_UNKNOWN) {
        types_error(c, op_pos, ERR_InvalidConstVal, "constant result is not representable");
        return;
    }
    if (is_typed(x->type)) {
        check_representable(c, x, (BasicType *)type_underlying(x->type));
        return;
    }
    if (const_kind(x->cval) == CONST_INT && const_bit_len(x->cval) > 512) {
        const char *op = op_name(x->expr);
        types_error(c, op_pos, ERR_InvalidConstVal, "constant %s%soverflow", op, *op ? " " : "");
        x->cval = const_make_unknown(c->arena);
        return;
    }
}

ConstVal *check_representation(Checker *c, Operand *x, BasicType *t, int *code) {
    ConstVal *v = x->cval;
    *code = 0;
    if (representable_const(c, x->cval, t, &v)) return v;
    *code = ERR_InvalidConstVal;
    if (is_numeric(x->type) && (t->info & BF_NUMERIC))
        *code = !is_integer(x->type) && (t->info & BF_INTEGER) ? ERR_TruncatedFloat
                                                               : ERR_NumericOverflow;
    return NULL;
}

void invalid_conversion(Checker *c, int code, Operand *x, Type *target) {
    const char *msg = "cannot convert %x to type %t";
    if (code == ERR_TruncatedFloat) msg = "%x truncated to %t";
    if (code == ERR_NumericOverflow) msg = "%x overflows %t";
    types_error(c, operand_pos(x), code, msg, x, target);
}

void check_representable(Checker *c, Operand *x, BasicType *t) {
    int code;
    ConstVal *v = check_representation(c, x, t, &code);
    if (!v) {
        invalid_conversion(c, code, x, &t->t);
        x->mode = MODE_INVALID;
        return;
    }
    x->cval = v;
}

/* ---- Conversions ------------------------------------------------------------------------------------------ */

static bool const_convertible(Checker *c, Operand *x, Type *t, ConstVal **val) {
    Type *u = type_underlying(t);
    if (u->kind != TYPE_BASIC) return false;
    BasicType *b = (BasicType *)u;
    if (representable_const(c, x->cval, b, val)) return true;
    if (!is_integer(x->type) || !(b->info & BF_STRING)) return false;
    uint64_t i;
    int32_t r = 0xFFFD;
    if (const_uint64(x->cval, &i) && i <= 0x10FFFF) r = (int32_t)i;
    if (val) {
        char buf[4];
        int n = utf8_encode(buf, r);
        *val = const_make_string(c->arena, str_dup(c->arena, (Str){buf, (size_t)n}));
    }
    return true;
}

static bool const_to_typeparam(Checker *c, Operand *x, Type *t, const char **cause) {
    for (TypeIter it = typeset_iter(t); typeset_next(&it);) {
        if (!it.u) {
            *cause = types_format(c, "%t does not contain specific types", t);
            return false;
        }
        if (is_string(x->type) && is_bytes_or_runes(it.u)) continue;
        if (const_convertible(c, x, it.u, NULL)) continue;
        if (is_integer(x->type) && is_integer(it.u))
            *cause = types_format(c, "constant %v overflows %t (in %t)", x->cval, it.u, t);
        else
            *cause = types_format(c, "cannot convert %x to type %t (in %t)", x, it.u, t);
        return false;
    }
    return true;
}

void check_conversion(Checker *c, Operand *x, Type *t) {
    bool const_arg = x->mode == MODE_CONST, ok = false;
    const char *cause = "";
    if (const_arg && is_const_type(t)) {
        ok = const_convertible(c, x, t, &x->cval);
        if (!ok && is_integer(x->type) && is_integer(t)) {
            types_error(c, operand_pos(x), ERR_InvalidConversion, "constant %v overflows %t",
                        x->cval, t);
            x->mode = MODE_INVALID;
            return;
        }
    } else if (const_arg && type_is_typeparam(t)) {
        ok = const_to_typeparam(c, x, t, &cause);
        x->mode = MODE_VALUE; /* never a constant */
    } else if (convertible_to(c, x, t, &cause)) {
        ok = true;
        x->mode = MODE_VALUE;
    }
    if (!ok) {
        if (*cause)
            types_error(c, operand_pos(x), ERR_InvalidConversion,
                        "cannot convert %x to type %t: %s", x, t, cause);
        else
            types_error(c, operand_pos(x), ERR_InvalidConversion, "cannot convert %x to type %t",
                        x, t);
        x->mode = MODE_INVALID;
        return;
    }
    if (is_untyped(x->type)) {
        Type *final = t;
        if (x->type == BASIC(c, UNTYPED_NIL))
            ;
        else if (is_non_typeparam_interface(t) || (const_arg && !is_const_type(t)))
            final = default_type(c, x->type);
        else if (x->mode == MODE_CONST && is_integer(x->type) && all_string(t))
            final = x->type; /* string(65): the operand keeps its integer type */
        update_expr_type(c, x->expr, final, true);
    }
    x->type = t;
}

static void explain(Checker *c, const char **cause, const char *msg) {
    if (!cause) return;
    *cause = *cause && **cause ? types_format(c, "%s\n\t%s", msg, *cause) : msg;
}

static bool convertible_typeparams(Checker *c, Operand *x, Type *v, Type *t, Type *orig_t,
                                   const char **cause) {
    TypeParamType *vp = as_typeparam(v), *tp = as_typeparam(t);
    Operand y = *x;
    for (TypeIter iv = typeset_iter(v); typeset_next(&iv);) {
        if (!iv.t) return false;
        if (vp) y.type = iv.t;
        if (!tp) {
            if (convertible_to(c, &y, t, cause)) continue;
            if (cause)
                explain(c, cause, types_format(c, "cannot convert %t (in %t) to type %t", iv.t,
                                               &vp->t, orig_t));
            return false;
        }
        for (TypeIter it = typeset_iter(t); typeset_next(&it);) {
            if (!it.t) return false;
            if (convertible_to(c, &y, it.t, cause)) continue;
            if (cause && vp)
                explain(c, cause, types_format(c, "cannot convert %t (in %t) to type %t (in %t)",
                                               iv.t, &vp->t, it.t, &tp->t));
            else if (cause)
                explain(c, cause, types_format(c, "cannot convert %t to type %t (in %t)", x->type,
                                               it.t, &tp->t));
            return false;
        }
    }
    return true;
}

bool convertible_to(Checker *c, Operand *x, Type *t, const char **cause) {
    if (assignable_to(c, x, t, cause, NULL)) return true;
    Type *orig_t = t, *v = type_unalias(x->type);
    t = type_unalias(t);
    Type *vu = type_underlying(v), *tu = type_underlying(t);
    bool params = as_typeparam(v) || as_typeparam(t);
    if (!params && identical_ignore_tags(vu, tu)) return true;
    if (v->kind == TYPE_POINTER && t->kind == TYPE_POINTER) {
        Type *ve = ((PointerType *)v)->elem, *te = ((PointerType *)t)->elem;
        if (!type_is_typeparam(ve) && !type_is_typeparam(te) &&
            identical_ignore_tags(type_underlying(ve), type_underlying(te)))
            return true;
    }
    if (is_integer_or_float(vu) && is_integer_or_float(tu)) return true;
    if (is_complex(vu) && is_complex(tu)) return true;
    if ((is_integer(vu) || is_bytes_or_runes(vu)) && is_string(tu)) return true;
    if (is_string(vu) && is_bytes_or_runes(tu)) return true;
    if ((is_pointer(vu) || is_uintptr(vu)) && is_unsafe_pointer(tu)) return true;
    if (is_unsafe_pointer(vu) && (is_pointer(tu) || is_uintptr(tu))) return true;
    if (vu->kind == TYPE_SLICE) {
        Type *e = ((SliceType *)vu)->elem;
        if (tu->kind == TYPE_ARRAY && type_identical(e, ((ArrayType *)tu)->elem)) {
            if (allow_version(c, 20)) return true;
            if (cause) *cause = "conversion of slice to array requires go1.20 or later";
            return false;
        }
        if (tu->kind == TYPE_POINTER) {
            ArrayType *a = (ArrayType *)as_under(((PointerType *)tu)->elem, TYPE_ARRAY);
            if (a && type_identical(e, a->elem)) {
                if (allow_version(c, 17)) return true;
                if (cause) *cause = "conversion of slice to array pointer requires go1.17 or later";
                return false;
            }
        }
    }
    return params && convertible_typeparams(c, x, v, t, orig_t, cause);
}
