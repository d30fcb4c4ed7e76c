/* Calls of built-in functions. */
#include "ir/build_int.h"

static ValueId to_int(Fn *fn, Expr *e) {
    const IrType *i = irtype_int(fn->u);
    if (e->cval) return fn_const(fn, e->cval, t_int(fn));
    Type *t = fn_expr_type(fn, e);
    ValueId v = build_expr(fn, e);
    const IrType *it = fn_irt(fn, t);
    if (it->rep == REP_INT && it->size == 8 && it->is_signed) return v;
    return E1(fn, CONV, i, v);
}

static ValueId build_len_cap(Fn *fn, Expr *e, bool cap) {
    Type *t = fn_expr_type(fn, e), *u = under(t);
    const IrType *i = irtype_int(fn->u);
    if (u->kind == TYPE_POINTER) u = under(deref_type(t));
    if (u->kind == TYPE_ARRAY) {
        if (expr_has_call(e)) build_effect(fn, e);
        return fn_const_int(fn, ((ArrayType *)u)->len);
    }
    ValueId v = build_expr(fn, e);
    switch ((TypeKind)u->kind) {
    case TYPE_BASIC: return E1(fn, STRLEN, i, v);
    case TYPE_SLICE: return cap ? E1(fn, SLICECAP, i, v) : E1(fn, SLICELEN, i, v);
    case TYPE_MAP: return E1(fn, MAPLEN, i, v);
    case TYPE_CHAN: return cap ? E1(fn, CHANCAP, i, v) : E1(fn, CHANLEN, i, v);
    default: bug("len of type kind %d", u->kind);
    }
}

/* The length of a `make([]T, n)`, 0 for any other expression. */
static ValueId length_of_make(Fn *fn, Expr *e) {
    e = unparen(e);
    if (e->kind != EXPR_CALL) return 0;
    CallExpr *c = (CallExpr *)e;
    Expr *f = unparen(c->fn);
    Object *b = f->kind == EXPR_IDENT ? ((Ident *)f)->obj : NULL;
    if (!b || b->kind != OBJ_BUILTIN || b->builtin != BUILTIN_MAKE || c->args.len != 2) return 0;
    Type *t = fn_expr_type(fn, e);
    return under(t)->kind == TYPE_SLICE ? to_int(fn, c->args.at[1]) : 0;
}

static ValueId build_append(Fn *fn, CallExpr *c) {
    Type *t = fn_expr_type(fn, &c->x);
    Type *elem = ((SliceType *)under(t))->elem;
    const IrType *it = fn_irt(fn, t), *et = fn_irt(fn, elem);
    ValueId s = build_expr_as(fn, c->args.at[0], t);
    if (c->args.len == 1) return s;
    ValueId v;
    if (c->has_dots) {
        Expr *a = c->args.at[1];
        Expr *str = a->mode == MODE_NILVALUE ? NULL : bytes_of_string(fn, a);
        /* append(s, make([]T, n)...): n zeros, which are never made; their address is nil */
        ValueId zeros = a->mode == MODE_NILVALUE ? 0 : length_of_make(fn, a);
        ValueId y = zeros ? E3(fn, SLICEMAKE, it, fn_nilptr(fn), zeros, zeros)
                    : a->mode == MODE_NILVALUE ? fn_zero(fn, t) : build_expr(fn, str ? str : a);
        fn->pos = c->x.pos;
        v = E2(fn, APPENDSLICE, it, s, y);
    } else {
        int n = c->args.len;
        ValueId *args = arena_array(fn->arena, ValueId, n);
        args[0] = s;
        for (int i = 1; i < n; i++) args[i] = build_expr_as(fn, c->args.at[i], elem);
        fn->pos = c->x.pos;
        v = fn_emit(fn, IR_APPEND, it, n, args);
    }
    return fn_aux_t(fn, v, et);
}

static ValueId build_make(Fn *fn, CallExpr *c) {
    Type *t = fn_expr_type(fn, &c->x), *u = under(t);
    const IrType *it = fn_irt(fn, t);
    ValueId n = c->args.len > 1 ? to_int(fn, c->args.at[1]) : 0;
    switch ((TypeKind)u->kind) {
    case TYPE_SLICE: {
        ValueId cap = c->args.len > 2 ? to_int(fn, c->args.at[2]) : n;
        fn->pos = c->x.pos;
        return fn_aux_t(fn, E2(fn, MAKESLICE, it, n, cap), fn_irt(fn, ((SliceType *)u)->elem));
    }
    case TYPE_MAP:
        if (!n) n = fn_const_int(fn, 0);
        return fn_aux_t(fn, E1(fn, MAKEMAP, it, n), it);
    case TYPE_CHAN:
        if (!n) n = fn_const_int(fn, 0);
        return fn_aux_t(fn, E1(fn, MAKECHAN, it, n), it);
    default: bug("make of type kind %d", u->kind);
    }
}

/* The smaller (or larger) of x and y. Floats: a NaN wins, and -0 < +0. */
static ValueId min_max(Fn *fn, ValueId x, ValueId y, const IrType *t, bool max) {
    const IrType *b = irtype_bool(fn->u);
    BlockId takex = fn_block(fn), takey = fn_block(fn), join = fn_block(fn);
    ValueId r = ir_block_param(fn->f, join, t);
    bool fl = t->rep == REP_F32 || t->rep == REP_F64;
    if (!fl) {
        ValueId c = max ? E2(fn, GE, b, x, y) : E2(fn, LE, b, x, y);
        fn_branch(fn, c, takex, takey);
    } else {
        BlockId b1 = fn_block(fn), b2 = fn_block(fn), b3 = fn_block(fn), b4 = fn_block(fn);
        fn_branch(fn, max ? E2(fn, GT, b, x, y) : E2(fn, LT, b, x, y), takex, b1);
        fn_at(fn, b1);
        fn_branch(fn, max ? E2(fn, LT, b, x, y) : E2(fn, GT, b, x, y), takey, b2);
        fn_at(fn, b2);
        fn_branch(fn, E2(fn, NE, b, x, x), takex, b3);
        fn_at(fn, b3);
        fn_branch(fn, E2(fn, NE, b, y, y), takey, b4);
        fn_at(fn, b4); /* equal: merge the sign bits */
        bool d = t->rep == REP_F64;
        const IrType *ut = fn_irt(fn, fn->ts->basic[d ? BASIC_UINT64 : BASIC_UINT32]);
        int to = d ? INTRIN_F64BITS : INTRIN_F32BITS, back = d ? INTRIN_F64FROMBITS : INTRIN_F32FROMBITS;
        ValueId xb = fn_aux_i(fn, E1(fn, INTRINSIC, ut, x), to), yb = fn_aux_i(fn, E1(fn, INTRINSIC, ut, y), to);
        ValueId m = max ? E2(fn, AND, ut, xb, yb) : E2(fn, OR, ut, xb, yb);
        fn_jump_arg(fn, join, fn_aux_i(fn, E1(fn, INTRINSIC, t, m), back));
    }
    fn_at(fn, takex);
    fn_jump_arg(fn, join, x);
    fn_at(fn, takey);
    fn_jump_arg(fn, join, y);
    fn_at(fn, join);
    return r;
}

static ValueId build_min_max(Fn *fn, CallExpr *c, bool max) {
    Type *t = fn_expr_type(fn, &c->x);
    const IrType *it = fn_irt(fn, t);
    ValueId *v = arena_array(fn->arena, ValueId, c->args.len);
    for (int i = 0; i < c->args.len; i++) v[i] = build_expr_as(fn, c->args.at[i], t);
    ValueId r = v[0];
    for (int i = 1; i < c->args.len; i++) r = min_max(fn, r, v[i], it, max);
    return r;
}

static void print_arg(Fn *fn, Expr *e) {
    Type *t = fn_expr_type(fn, e);
    TypeSession *ts = fn->ts;
    const BasicType *b = type_basic(t);
    ValueId v;
    Type *as = NULL;
    const char *name = "runtime.printpointer";
    if (e->mode == MODE_NILVALUE) v = fn_nilptr(fn);
    else v = build_expr(fn, e);
    if (b && e->mode != MODE_NILVALUE) {
        NamedType *n = type_unalias(t)->kind == TYPE_NAMED ? (NamedType *)type_unalias(t) : NULL;
        bool hex = n && n->obj->pkg && str_is(n->obj->pkg->path, "runtime") && !strcmp(n->obj->name->p, "hex");
        if (b->info & BF_BOOLEAN) name = "runtime.printbool";
        else if (b->info & BF_STRING) name = "runtime.printstring";
        else if (b->basic == BASIC_FLOAT32) name = "runtime.printfloat32";
        else if (b->basic == BASIC_COMPLEX64) name = "runtime.printcomplex64";
        else if (b->info & BF_FLOAT) name = "runtime.printfloat", as = ts->basic[BASIC_FLOAT64];
        else if (b->info & BF_COMPLEX) name = "runtime.printcomplex", as = ts->basic[BASIC_COMPLEX128];
        else if (hex) name = "runtime.printhex", as = ts->basic[BASIC_UINT64];
        else if (b->info & BF_UNSIGNED) name = "runtime.printuint", as = ts->basic[BASIC_UINT64];
        else if (b->info & BF_INTEGER) name = "runtime.printint", as = ts->basic[BASIC_INT64];
        if (as) v = build_conv(fn, v, t, as);
    } else if (!b) {
        const IrType *it = fn_irt(fn, t);
        if (it->rep == REP_SLICE) name = "runtime.printslice";
        else if (it->rep == REP_IFACE) name = it->eface ? "runtime.printeface" : "runtime.printiface";
    }
    fn_call_rt(fn, name, &irtype_none, 1, &v);
}

static void build_print(Fn *fn, CallExpr *c, bool ln) {
    /* operands first: they may print themselves */
    bool calls = false;
    for (int i = 0; i < c->args.len; i++) calls |= expr_has_call(c->args.at[i]);
    ExprList args = c->args;
    if (calls) {
        args.at = arena_memdup(fn->arena, args.at, sizeof(Expr *) * (size_t)args.len);
        for (int i = 0; i < args.len; i++) {
            Expr *a = args.at[i];
            if (a->cval || a->mode == MODE_NILVALUE) continue;
            Object *o = fn_synth(fn, "~arg", a->type);
            fn_declare(fn, o, fn_type(fn, a->type), false);
            place_store(fn, place_var(fn, o), build_expr(fn, a));
            Ident *v = arena_new(fn->arena, Ident);
            v->x = *a;
            v->x.kind = EXPR_IDENT;
            v->x.mode = MODE_VAR;
            v->name = o->name;
            v->obj = o;
            args.at[i] = &v->x;
        }
    }
    fn_call_rt(fn, "runtime.printlock", &irtype_none, 0, NULL);
    for (int i = 0; i < args.len; i++) {
        if (ln && i) fn_call_rt(fn, "runtime.printsp", &irtype_none, 0, NULL);
        print_arg(fn, args.at[i]);
    }
    if (ln) fn_call_rt(fn, "runtime.printnl", &irtype_none, 0, NULL);
    fn_call_rt(fn, "runtime.printunlock", &irtype_none, 0, NULL);
}

static ValueId build_offsetof(Fn *fn, Expr *e) {
    SelectorExpr *s = (SelectorExpr *)unparen(e);
    Type *t = fn_expr_type(fn, s->on);
    int64_t off = 0;
    for (int i = 0; i < s->selection->nindex; i++) {
        StructType *st = (StructType *)under(deref_type(t));
        off += struct_field_offset(st, s->selection->index[i]);
        t = fn_type(fn, object_type(st->fields.at[s->selection->index[i]]));
    }
    return fn_int(fn, fn_irt(fn, fn->ts->basic[BASIC_UINTPTR]), off);
}

/* f(g()) with several results: g's results become variables. */
CallExpr *build_spread_args(Fn *fn, CallExpr *c) {
    Expr *a = c->args.len == 1 ? c->args.at[0] : NULL;
    if (!a || !a->type || a->commaok || a->mode == MODE_TYPE || a->type->kind != TYPE_TUPLE) return c;
    TupleType *tt = (TupleType *)a->type;
    ValueId t = build_expr(fn, a);
    CallExpr *k = arena_memdup(fn->arena, c, sizeof *c);
    k->args.len = tt->vars.len;
    k->args.at = arena_array(fn->arena, Expr *, tt->vars.len);
    for (int i = 0; i < tt->vars.len; i++) {
        Object *o = fn_synth(fn, "~arg", object_type(tt->vars.at[i]));
        fn_declare(fn, o, fn_type(fn, o->type), false);
        place_store(fn, place_var(fn, o), fn_result(fn, t, i));
        Ident *v = arena_new(fn->arena, Ident);
        v->x = (Expr){.kind = EXPR_IDENT, .mode = MODE_VAR, .pos = a->pos, .type = o->type};
        v->name = o->name;
        v->obj = o;
        k->args.at[i] = &v->x;
    }
    return k;
}

ValueId build_builtin(Fn *fn, CallExpr *c, int id) {
    c = build_spread_args(fn, c);
    ExprList a = c->args;
    TypeSession *ts = fn->ts;
    const IrType *ptr = irtype_ptr(fn->u), *uptr = fn_irt(fn, ts->basic[BASIC_UINTPTR]);
    switch ((BuiltinId)id) {
    case BUILTIN_APPEND: return build_append(fn, c);
    case BUILTIN_CAP: return build_len_cap(fn, a.at[0], true);
    case BUILTIN_LEN: return build_len_cap(fn, a.at[0], false);
    case BUILTIN_CLEAR: {
        Type *t = fn_expr_type(fn, a.at[0]);
        ValueId v = build_expr(fn, a.at[0]);
        if (is_kind(t, TYPE_MAP)) return fn_aux_t(fn, E1(fn, MAPCLEAR, &irtype_none, v), fn_irt(fn, t));
        return fn_aux_t(fn, E1(fn, CLEARSLICE, &irtype_none, v), fn_irt(fn, ((SliceType *)under(t))->elem));
    }
    case BUILTIN_CLOSE: return E1(fn, CHANCLOSE, &irtype_none, build_expr(fn, a.at[0]));
    case BUILTIN_COMPLEX: {
        Type *t = fn_expr_type(fn, &c->x);
        const IrType *it = fn_irt(fn, t);
        Type *ft = ts->basic[it->rep == REP_C64 ? BASIC_FLOAT32 : BASIC_FLOAT64];
        ValueId re = build_expr_as(fn, a.at[0], ft), im = build_expr_as(fn, a.at[1], ft);
        return E2(fn, CMAKE, it, re, im);
    }
    case BUILTIN_REAL: return E1(fn, CREAL, fn_irt(fn, fn_expr_type(fn, &c->x)), build_expr(fn, a.at[0]));
    case BUILTIN_IMAG: return E1(fn, CIMAG, fn_irt(fn, fn_expr_type(fn, &c->x)), build_expr(fn, a.at[0]));
    case BUILTIN_COPY: {
        Type *t = fn_expr_type(fn, a.at[0]);
        Expr *str = bytes_of_string(fn, a.at[1]);
        ValueId d = build_expr(fn, a.at[0]), s = build_expr(fn, str ? str : a.at[1]);
        fn->pos = c->x.pos;
        return fn_aux_t(fn, E2(fn, COPY, irtype_int(fn->u), d, s), fn_irt(fn, ((SliceType *)under(t))->elem));
    }
    case BUILTIN_DELETE: {
        Type *t = fn_expr_type(fn, a.at[0]);
        ValueId m = build_expr(fn, a.at[0]), k = build_expr_as(fn, a.at[1], ((MapType *)under(t))->key);
        return fn_aux_t(fn, E2(fn, MAPDELETE, &irtype_none, m, k), fn_irt(fn, t));
    }
    case BUILTIN_MAKE: return build_make(fn, c);
    case BUILTIN_MAX: return build_min_max(fn, c, true);
    case BUILTIN_MIN: return build_min_max(fn, c, false);
    case BUILTIN_NEW: {
        Type *pt = fn_expr_type(fn, &c->x), *t = deref_type(pt);
        ValueId v = a.at[0]->mode == MODE_TYPE ? 0 : build_expr_as(fn, a.at[0], t);
        ValueId p = fn_aux_t(fn, E0(fn, NEW, ptr), fn_irt(fn, t));
        if (v) place_store(fn, place_mem(p, t, IRF_NONNIL), v);
        return p;
    }
    case BUILTIN_PANIC: {
        ValueId v = build_expr_as(fn, a.at[0], ts->any_type);
        fn->pos = c->x.pos;
        E1(fn, PANIC, &irtype_none, v);
        fn->cur = fn_block(fn);
        return 0;
    }
    case BUILTIN_PRINT: build_print(fn, c, false); return 0;
    case BUILTIN_PRINTLN: build_print(fn, c, true); return 0;
    case BUILTIN_RECOVER: return fn_aux_i(fn, E0(fn, RECOVER, fn_irt(fn, ts->any_type)), fn->is_thunk);
    case BUILTIN_UNSAFE_ADD: {
        ValueId p = build_expr(fn, a.at[0]), n = to_int(fn, a.at[1]);
        return E2(fn, ADD, ptr, p, n);
    }
    case BUILTIN_UNSAFE_ALIGNOF: return fn_int(fn, uptr, type_align(fn_expr_type(fn, a.at[0])));
    case BUILTIN_UNSAFE_SIZEOF: return fn_int(fn, uptr, type_size(fn_expr_type(fn, a.at[0])));
    case BUILTIN_UNSAFE_OFFSETOF: return build_offsetof(fn, a.at[0]);
    case BUILTIN_UNSAFE_SLICE: {
        Type *t = fn_expr_type(fn, &c->x);
        ValueId p = build_expr(fn, a.at[0]), n = to_int(fn, a.at[1]);
        fn->pos = c->x.pos;
        return fn_aux_t(fn, E2(fn, UNSAFESLICE, fn_irt(fn, t), p, n), fn_irt(fn, ((SliceType *)under(t))->elem));
    }
    case BUILTIN_UNSAFE_SLICEDATA: return E1(fn, SLICEPTR, ptr, build_expr(fn, a.at[0]));
    case BUILTIN_UNSAFE_STRING: {
        ValueId p = build_expr(fn, a.at[0]), n = to_int(fn, a.at[1]);
        fn->pos = c->x.pos;
        return E2(fn, UNSAFESTRING, fn_irt(fn, fn_expr_type(fn, &c->x)), p, n);
    }
    case BUILTIN_UNSAFE_STRINGDATA: return E1(fn, STRPTR, ptr, build_expr(fn, a.at[0]));
    default: bug("built-in function number %d", id);
    }
}
