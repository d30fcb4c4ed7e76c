/* Conversions: assignability (to interfaces), explicit conversions, type assertions. */
#include "ir/build_int.h"

/* A concrete value as an interface. */
ValueId build_iface(Fn *fn, ValueId v, Type *from, Type *to) {
    const IrType *it = fn_irt(fn, to), *ptr = irtype_ptr(fn->u);
    ValueId w = fn_aux_t(fn, E1(fn, BOX, ptr, v), fn_irt(fn, from));
    ValueId tab = fn_symaddr(fn, it->eface ? ir_type_symbol(fn->u, from) : ir_itab_symbol(fn->u, from, to));
    return E2(fn, IFACEMAKE, it, tab, w);
}

/* Boxed constants are read-only: one static copy each. */
ValueId build_iface_const(Fn *fn, const ConstVal *c, Type *from, Type *to) {
    const IrType *ft = fn_irt(fn, from), *it = fn_irt(fn, to);
    SymTab *st = fn->u->syms;
    uint8_t bytes[16] = {0};
    Sym *str = NULL;
    switch ((IrRep)ft->rep) {
    case REP_INT: {
        int64_t i = 0;
        uint64_t x = 0;
        if (const_kind(c) == CONST_BOOL) i = const_bool(c);
        else if (!const_int64(c, &i)) {
            if (!const_uint64(c, &x)) return build_iface(fn, fn_const(fn, c, from), from, to);
            i = (int64_t)x;
        }
        memcpy(bytes, &i, ft->size);
        break;
    }
    case REP_F64: {
        double d = const_float64(const_kind(c) == CONST_COMPLEX ? const_real(c) : c);
        memcpy(bytes, &d, 8);
        break;
    }
    case REP_STR: {
        Str s = const_string(c);
        uint64_t n = s.n;
        if (n) str = sym_string_bytes(st, s);
        memcpy(bytes + 8, &n, 8);
        break;
    }
    default: return build_iface(fn, fn_const(fn, c, from), from, to);
    }
    Sym *s = ir_box_symbol(fn->u, bytes, ft->size, &str, (int64_t[]){0}, str ? 1 : 0);
    ValueId tab = fn_symaddr(fn, it->eface ? ir_type_symbol(fn->u, from) : ir_itab_symbol(fn->u, from, to));
    ValueId data = fn_symaddr(fn, s);
    return E2(fn, IFACEMAKE, it, tab, data);
}

/* The operand of a non-constant conversion whose callee names a type that fits `to_string`; else NULL. */
static Expr *conversion_operand(Fn *fn, Expr *e, bool to_string) {
    e = unparen(e);
    if (e->cval || e->kind != EXPR_CALL) return NULL;
    CallExpr *c = (CallExpr *)e;
    if (unparen(c->fn)->mode != MODE_TYPE || c->args.len != 1 || !c->args.at[0]->type) return NULL;
    Type *to = fn_expr_type(fn, unparen(c->fn)), *from = fn_expr_type(fn, c->args.at[0]);
    if (to_string) return is_string(to) && is_byte_slice(from) && !c->args.at[0]->cval ? c->args.at[0] : NULL;
    return is_byte_slice(to) && is_string(from) ? c->args.at[0] : NULL;
}

ValueId build_str_tmp(Fn *fn, Expr *e, Type *to) {
    Expr *b = conversion_operand(fn, e, true);
    if (!b) return build_expr_as(fn, e, to);
    return E1(fn, STRTMP, fn_irt(fn, fn_expr_type(fn, e)), build_expr(fn, b));
}

Expr *bytes_of_string(Fn *fn, Expr *e) { return conversion_operand(fn, e, false); }

ValueId build_assign_conv(Fn *fn, ValueId v, Type *from, Type *to) {
    if (from == to || !is_iface(to)) return v; /* code never looks at a value's Go type */
    const IrType *it = fn_irt(fn, to);
    if (!is_iface(from)) return build_iface(fn, v, from, to);
    const IrType *ft = fn_irt(fn, from);
    if (type_identical(under(from), under(to))) return v;
    if (it->eface) {
        if (ft->eface) return v;
        ValueId t = E1(fn, IFACETYPE, irtype_ptr(fn->u), v);
        return E2(fn, IFACEMAKE, it, t, E1(fn, IFACEDATA, irtype_ptr(fn->u), v));
    }
    return fn_aux2(fn, fn_aux_t(fn, E1(fn, ASSERTIFACE, it, v), it), 1);
}

ValueId build_assert(Fn *fn, ValueId v, Type *from, Type *to) {
    const IrType *it = fn_irt(fn, to);
    (void)from;
    if (is_iface(to)) return fn_aux_t(fn, E1(fn, ASSERTIFACE, it, v), it);
    return fn_aux_t(fn, E1(fn, ASSERTTYPE, it, v), it);
}

ValueId build_assert_ok(Fn *fn, ValueId v, Type *from, Type *to) {
    const IrType *it = fn_irt(fn, to);
    const IrType *tt = irtype_tuple(fn->u, (const IrType *[]){it, irtype_bool(fn->u)}, 2);
    (void)from;
    if (is_iface(to)) return fn_aux_t(fn, E1(fn, ASSERTIFACEOK, tt, v), it);
    return fn_aux_t(fn, E1(fn, ASSERTTYPEOK, tt, v), it);
}

static bool is_numeric_rep(const IrType *t) { return t->rep == REP_INT || t->rep == REP_F32 || t->rep == REP_F64; }

/* spec: Conversions, of non-constant values. */
ValueId build_conv(Fn *fn, ValueId v, Type *from, Type *to) {
    if (is_iface(to)) return build_assign_conv(fn, v, from, to);
    const IrType *ft = fn_irt(fn, from), *it = fn_irt(fn, to);
    Type *fu = under(from), *tu = under(to);
    if (it->rep == REP_STR) {
        if (ft->rep == REP_STR) return v;
        if (ft->rep == REP_INT) {
            const IrType *i64 = irtype_int(fn->u);
            if (ft->size == 8 && !ft->is_signed) { /* a huge unsigned value is an invalid rune */
                v = E1(fn, CONV, i64, v);
            } else if (ft->size < 8) v = E1(fn, CONV, i64, v);
            return E1(fn, STRFROMRUNE, it, v);
        }
        if (is_byte_slice(from)) return E1(fn, STRFROMBYTES, it, v);
        if (is_rune_slice(from)) return E1(fn, STRFROMRUNES, it, v);
    }
    if (ft->rep == REP_STR && it->rep == REP_SLICE) {
        if (is_byte_slice(to)) return E1(fn, BYTESFROMSTR, it, v);
        return E1(fn, RUNESFROMSTR, it, v);
    }
    if (ft->rep == REP_SLICE && tu->kind == TYPE_POINTER) {
        ArrayType *a = (ArrayType *)under(deref_type(to));
        return fn_aux_i(fn, E1(fn, SLICETOARR, it, v), a->len);
    }
    if (ft->rep == REP_SLICE && tu->kind == TYPE_ARRAY) {
        ArrayType *a = (ArrayType *)tu;
        ValueId p = fn_aux_i(fn, E1(fn, SLICETOARR, irtype_ptr(fn->u), v), a->len);
        if (zero_sized(it)) return E0(fn, ZERO, it);
        return place_load(fn, place_mem(p, to, IRF_NONNIL));
    }
    bool fc = ft->rep == REP_C64 || ft->rep == REP_C128, tc = it->rep == REP_C64 || it->rep == REP_C128;
    if (fc && tc) {
        if (ft->rep == it->rep) return v;
        const IrType *fe = fn_irt(fn, fn->ts->basic[ft->rep == REP_C64 ? BASIC_FLOAT32 : BASIC_FLOAT64]);
        const IrType *te = fn_irt(fn, fn->ts->basic[it->rep == REP_C64 ? BASIC_FLOAT32 : BASIC_FLOAT64]);
        ValueId re = E1(fn, CONV, te, E1(fn, CREAL, fe, v)), im = E1(fn, CONV, te, E1(fn, CIMAG, fe, v));
        return E2(fn, CMAKE, it, re, im);
    }
    if (is_numeric_rep(ft) && is_numeric_rep(it)) {
        if (ft->rep == it->rep && ft->size == it->size && ft->is_signed == it->is_signed) return v;
        return E1(fn, CONV, it, v);
    }
    if ((ft->rep == REP_PTR && it->rep == REP_INT) || (ft->rep == REP_INT && it->rep == REP_PTR))
        return E1(fn, CONV, it, v);
    if (ft->rep == it->rep) return v;
    (void)fu;
    bug("conversion between representations %d and %d", ft->rep, it->rep);
}

ValueId build_convert_expr(Fn *fn, Expr *arg, Type *to) {
    if (arg->mode == MODE_NILVALUE || (unparen(arg)->kind == EXPR_IDENT && ((Ident *)unparen(arg))->obj &&
                                       ((Ident *)unparen(arg))->obj->kind == OBJ_NIL))
        return fn_zero(fn, to);
    Type *from = fn_expr_type(fn, arg);
    if (arg->cval) {
        /* T(c) that is not constant itself: T is a type argument, an interface, []byte ... */
        const IrType *it = fn_irt(fn, to), *ft = fn_irt(fn, from);
        if (is_iface(to)) return is_iface(from) ? fn_const(fn, arg->cval, to) : build_iface_const(fn, arg->cval, from, to);
        bool num = it->rep >= REP_INT && it->rep <= REP_C128 && it->rep != REP_PTR;
        bool fits = num && ft->rep >= REP_INT && ft->rep <= REP_C128 && ft->rep != REP_PTR;
        if (fits && const_kind(arg->cval) != CONST_STRING) return fn_const(fn, arg->cval, to);
        if (it->rep == REP_STR && ft->rep == REP_STR) return fn_const(fn, arg->cval, to);
        return build_conv(fn, fn_const(fn, arg->cval, from), from, to);
    }
    ValueId v = build_expr(fn, arg);
    return build_conv(fn, v, from, to);
}
