/* Calls of the built-in functions, those of package unsafe included. */
#include "types/checker.h"

static const struct { const char *name; uint8_t nargs; bool variadic; } builtin_info[BUILTIN_COUNT] = {
#define BUILTIN(id, name, nargs, variadic, kind) [BUILTIN_##id] = {name, nargs, variadic},
#include "tables/builtins.def"
#undef BUILTIN
};

static SignatureType *make_sig(Checker *c, Type *res, Type **args, int n) {
    SignatureType *s = new_signature(c->ts);
    Object **vars = arena_array(c->arena, Object *, n);
    for (int i = 0; i < n; i++) vars[i] = object_new_var(c->ts, NULL, NULL, default_type(c, args[i]), 0);
    Object *r = res ? object_new_var(c->ts, NULL, NULL, res, 0) : NULL;
    s->params = new_tuple(c->ts, vars, n);
    s->results = new_tuple(c->ts, &r, r ? 1 : 0);
    return s;
}
static void record_sig(Checker *c, CallExpr *call, Type *res, Type *a, Type *b) {
    Type *args[2] = {a, b};
    record_builtin_type(c, call->fn, &make_sig(c, res, args, b ? 2 : a ? 1 : 0)->t);
}

/* The element type shared by all slice types of x, or NULL with a cause. */
static Type *slice_elem(Checker *c, Operand *x, const char **cause) {
    Type *E = NULL;
    for (TypeIter it = typeset_iter(x->type); typeset_next(&it);) {
        if (!it.u || it.u->kind != TYPE_SLICE) {
            *cause = x->mode == MODE_NILVALUE ? "argument must be a slice; have untyped nil"
                                              : types_format(c, "argument must be a slice; have %x", x);
            return NULL;
        }
        Type *e = ((SliceType *)it.u)->elem;
        if (!E) E = e;
        else if (!type_identical(E, e)) {
            *cause = types_format(c, "mismatched slice element types %t and %t in %x", E, e, x);
            return NULL;
        }
    }
    return E;
}

static bool is_byte_slice_assignable(Checker *c, Operand *x) {
    return assignable_to(c, x, type_new_slice(c->ts, c->ts->byte_type), NULL, NULL);
}

/* Whether every type of y is a []byte or a string; *has_string tells whether one is a string. */
static bool bytes_or_string(Checker *c, Operand *y, bool *has_string) {
    *has_string = false;
    for (TypeIter it = typeset_iter(y->type); typeset_next(&it);) {
        Type *u = it.u;
        if (u && u->kind == TYPE_SLICE && type_identical(((SliceType *)u)->elem, c->ts->byte_type)) continue;
        if (!u || !is_string(u)) return false;
        *has_string = true;
    }
    return true;
}

static bool builtin_append(Checker *c, Operand *x, CallExpr *call, OperandList args) {
    const char *cause = "";
    Type *E = slice_elem(c, x, &cause);
    if (!E) {
        types_error(c, operand_pos(x), ERR_InvalidAppend, "invalid append: %s", cause);
        return false;
    }
    SignatureType *sig = NULL;
    if (args.len == 2 && call->has_dots && is_byte_slice_assignable(c, x)) {
        Operand *y = args.at[1];
        bool has_string;
        if (bytes_or_string(c, y, &has_string) && has_string) {
            if (is_untyped(y->type)) check_convert_untyped(c, y, BASIC(c, STRING));
            Type *t[2] = {x->type, y->type};
            sig = make_sig(c, x->type, t, 2);
            sig->variadic = true;
        }
    }
    if (!sig) {
        Type *t[2] = {x->type, type_new_slice(c->ts, E)};
        sig = make_sig(c, x->type, t, 2);
        sig->variadic = true;
        check_arguments(c, call, sig, (TypeList){0}, (ExprList){0}, args, NULL);
    }
    record_builtin_type(c, call->fn, &sig->t);
    x->mode = MODE_VALUE;
    return true;
}

static bool has_len(Type *u, int id) {
    if (!u) return false;
    u = array_ptr_deref(u);
    switch (u->kind) {
    case TYPE_BASIC: return is_string(u) && id == BUILTIN_LEN;
    case TYPE_ARRAY: case TYPE_SLICE: case TYPE_CHAN: return true;
    case TYPE_MAP: return id == BUILTIN_LEN;
    }
    return false;
}

static bool builtin_len(Checker *c, Operand *x, CallExpr *call, int id) {
    int mode = MODE_INVALID;
    ConstVal *val = NULL;
    Type *u = array_ptr_deref(type_underlying(x->type));
    if (u->kind == TYPE_INTERFACE) {
        if (type_is_typeparam(x->type)) {
            mode = MODE_VALUE;
            for (TypeIter it = typeset_iter(x->type); typeset_next(&it);)
                if (!has_len(it.u, id)) mode = MODE_INVALID;
        }
    } else if (has_len(u, id)) {
        mode = MODE_VALUE;
        if (u->kind == TYPE_BASIC && x->mode == MODE_CONST) {
            mode = MODE_CONST;
            val = const_make_int(c->arena, const_string(x->cval).n);
        } else if (u->kind == TYPE_ARRAY && !c->env.has_call_or_recv) {
            int64_t n = ((ArrayType *)u)->len;
            mode = MODE_CONST;
            val = n >= 0 ? const_make_int(c->arena, n) : const_make_unknown(c->arena);
        }
    }
    if (mode == MODE_INVALID) {
        if (is_valid(type_underlying(x->type)))
            types_error(c, operand_pos(x), id == BUILTIN_LEN ? ERR_InvalidLen : ERR_InvalidCap,
                        invalid_arg "%x for built-in %s", x, builtin_info[id].name);
        return false;
    }
    if (mode != MODE_CONST) record_sig(c, call, BASIC(c, INT), x->type, NULL);
    x->mode = mode;
    x->type = BASIC(c, INT);
    x->cval = val;
    return true;
}

/* Applies f to x's type, or to each type of its set; NULL: not defined. */
static Type *apply_type_func(Checker *c, Type *(*f)(Checker *, Type *), Operand *x, int id, bool *reported) {
    *reported = false;
    if (!type_is_typeparam(x->type)) return f(c, x->type);
    for (TypeIter it = typeset_iter(x->type); typeset_next(&it);)
        if (!it.t || !f(c, it.t)) return NULL;
    types_soft_error(c, operand_pos(x), id == BUILTIN_REAL ? ERR_InvalidReal : id == BUILTIN_IMAG ? ERR_InvalidImag : ERR_InvalidComplex,
                     "%x not supported as argument to built-in %s for go1.18 (see go.dev/issue/50937)", x, builtin_info[id].name);
    *reported = true;
    return NULL;
}
static int basic_of(Type *t) {
    const BasicType *b = type_basic(t);
    return b ? b->basic : BASIC_INVALID;
}
static Type *to_complex(Checker *c, Type *t) {
    switch (basic_of(t)) {
    case BASIC_FLOAT32: return BASIC(c, COMPLEX64);
    case BASIC_FLOAT64: return BASIC(c, COMPLEX128);
    case BASIC_UNTYPED_FLOAT: return BASIC(c, UNTYPED_COMPLEX);
    }
    return NULL;
}
static Type *to_float(Checker *c, Type *t) {
    switch (basic_of(t)) {
    case BASIC_COMPLEX64: return BASIC(c, FLOAT32);
    case BASIC_COMPLEX128: return BASIC(c, FLOAT64);
    case BASIC_UNTYPED_COMPLEX: return BASIC(c, UNTYPED_FLOAT);
    }
    return NULL;
}

static bool builtin_complex(Checker *c, Operand *x, CallExpr *call, Operand *y) {
    bool ux = is_untyped(x->type), uy = is_untyped(y->type);
    if (ux && !uy) {
        check_convert_untyped(c, x, y->type);
    } else if (!ux && uy) {
        check_convert_untyped(c, y, x->type);
    } else if (ux && uy) {
        if (x->mode == MODE_CONST && y->mode == MODE_CONST) {
            Operand *o[2] = {x, y};
            for (int i = 0; i < 2; i++)
                if (is_numeric(o[i]->type) && const_sign(const_make_imag_part(c->arena, o[i]->cval)) == 0)
                    o[i]->type = BASIC(c, UNTYPED_FLOAT);
        } else {
            check_convert_untyped(c, x, BASIC(c, FLOAT64));
            check_convert_untyped(c, y, BASIC(c, FLOAT64));
        }
    }
    if (x->mode == MODE_INVALID || y->mode == MODE_INVALID) return false;
    if (!type_identical(x->type, y->type)) {
        types_error(c, operand_pos(x), ERR_InvalidComplex, invalid_op "%e (mismatched types %t and %t)", &call->x, x->type, y->type);
        return false;
    }
    bool reported;
    Type *res = apply_type_func(c, to_complex, x, BUILTIN_COMPLEX, &reported);
    if (!res) {
        if (!reported)
            types_error(c, operand_pos(x), ERR_InvalidComplex, invalid_arg "arguments have type %t, expected floating-point", x->type);
        return false;
    }
    if (x->mode == MODE_CONST && y->mode == MODE_CONST) {
        ConstVal *im = const_make_imag(c->arena, const_to_float(c->arena, y->cval));
        x->cval = const_binary(c->arena, const_to_float(c->arena, x->cval), TOK_ADD, im, false);
    } else {
        x->mode = MODE_VALUE;
        record_sig(c, call, res, x->type, x->type);
    }
    x->type = res;
    return true;
}

static bool builtin_real_imag(Checker *c, Operand *x, CallExpr *call, int id) {
    if (is_untyped(x->type)) {
        if (x->mode == MODE_CONST) {
            if (is_numeric(x->type)) x->type = BASIC(c, UNTYPED_COMPLEX);
        } else {
            check_convert_untyped(c, x, BASIC(c, COMPLEX128));
            if (x->mode == MODE_INVALID) return false;
        }
    }
    bool reported;
    Type *res = apply_type_func(c, to_float, x, id, &reported);
    if (!res) {
        if (!reported)
            types_error(c, operand_pos(x), id == BUILTIN_REAL ? ERR_InvalidReal : ERR_InvalidImag,
                        invalid_arg "argument has type %t, expected complex type", x->type);
        return false;
    }
    if (x->mode == MODE_CONST) {
        ConstVal *v = const_to_complex(c->arena, x->cval);
        x->cval = id == BUILTIN_REAL ? const_make_real(c->arena, v) : const_make_imag_part(c->arena, v);
    } else {
        x->mode = MODE_VALUE;
        record_sig(c, call, res, x->type, NULL);
    }
    x->type = res;
    return true;
}

static bool builtin_copy(Checker *c, Operand *x, CallExpr *call, Operand *y) {
    const char *cause = "";
    Type *dst = slice_elem(c, x, &cause);
    if (!dst) {
        types_error(c, operand_pos(x), ERR_InvalidCopy, "invalid copy: %s", cause);
        return false;
    }
    bool has_string;
    if (!(is_byte_slice_assignable(c, x) && bytes_or_string(c, y, &has_string))) {
        Type *src = slice_elem(c, y, &cause);
        if (!src) {
            if (!all_string(y->type)) {
                types_error(c, operand_pos(y), ERR_InvalidCopy, "invalid copy: %s", cause);
                return false;
            }
            src = c->ts->byte_type;
        }
        if (!type_identical(dst, src)) {
            types_error(c, operand_pos(x), ERR_InvalidCopy,
                        "invalid copy: arguments %x and %x have different element types %t and %t", x, y, dst, src);
            return false;
        }
    }
    if (is_untyped(y->type)) check_convert_untyped(c, y, BASIC(c, STRING));
    record_sig(c, call, BASIC(c, INT), x->type, y->type);
    x->mode = MODE_VALUE;
    x->type = BASIC(c, INT);
    return true;
}

static bool builtin_delete(Checker *c, Operand *x, CallExpr *call, Operand *keyop) {
    Type *m = x->type, *key = NULL;
    for (TypeIter it = typeset_iter(m); typeset_next(&it);) {
        if (!it.u || it.u->kind != TYPE_MAP) {
            types_error(c, operand_pos(x), ERR_InvalidDelete, invalid_arg "%x is not a map", x);
            return false;
        }
        Type *k = ((MapType *)it.u)->key;
        if (key && !type_identical(key, k)) {
            types_error(c, operand_pos(x), ERR_InvalidDelete, invalid_arg "maps of %x must have identical key types", x);
            return false;
        }
        key = k;
    }
    *x = *keyop;
    check_assignment(c, x, key, "argument to delete");
    if (x->mode == MODE_INVALID) return false;
    x->mode = MODE_NOVALUE;
    record_sig(c, call, NULL, m, key);
    return true;
}

static const char *makeable(Checker *c, Type *t, Type *u, void *ctx) {
    if (!u) return "no specific type";
    if (u->kind == TYPE_SLICE || u->kind == TYPE_MAP || u->kind == TYPE_CHAN) return NULL;
    return "type must be slice, map, or channel";
}

static bool builtin_make(Checker *c, Operand *x, CallExpr *call) {
    Expr *arg0 = call->args.at[0];
    int nargs = call->args.len;
    Type *T = check_var_type(c, arg0);
    if (!is_valid(T)) {
        for (int i = 1; i < nargs; i++) check_use(c, call->args.at[i]);
        return false;
    }
    const char *cause = "";
    Type *u = common_under(c, T, makeable, NULL, &cause);
    if (!u) {
        types_error(c, expr_start(arg0), ERR_InvalidMake, invalid_arg "cannot make %e: %s", arg0, cause);
        return false;
    }
    int min = u->kind == TYPE_SLICE ? 2 : 1;
    if (nargs < min || min + 1 < nargs) {
        types_error(c, expr_start(&call->x), ERR_WrongArgCount, invalid_op "%e expects %d or %d arguments; found %d",
                    &call->x, min, min + 1, nargs);
        return false;
    }
    Type *types[3] = {T};
    int64_t sizes[2];
    int nsizes = 0;
    for (int i = 1; i < nargs; i++) {
        int64_t v;
        types[i] = check_index(c, call->args.at[i], -1, &v);
        if (v >= 0) sizes[nsizes++] = v;
    }
    if (nsizes == 2 && sizes[0] > sizes[1])
        types_error(c, expr_start(call->args.at[1]), ERR_SwappedMakeArgs, invalid_arg "length and capacity swapped");
    x->mode = MODE_VALUE;
    x->type = T;
    record_builtin_type(c, call->fn, &make_sig(c, T, types, nargs)->t);
    return true;
}

static bool builtin_min_max(Checker *c, Operand *x, CallExpr *call, OperandList args, int id) {
    const char *name = builtin_info[id].name;
    verify_versionf(c, expr_start(call->fn), 21, "built-in %s", name);
    int op = id == BUILTIN_MAX ? TOK_GTR : TOK_LSS;
    for (int i = 0; i < args.len; i++) {
        Operand *a = args.at[i];
        if (a->mode == MODE_INVALID) return false;
        if (!all_ordered(a->type)) {
            types_error(c, operand_pos(a), ERR_InvalidMinMaxOperand, invalid_arg "%x cannot be ordered", a);
            return false;
        }
        if (i == 0) continue;
        match_types(c, x, a);
        if (x->mode == MODE_INVALID) return false;
        if (!type_identical(x->type, a->type)) {
            types_error(c, operand_pos(a), ERR_MismatchedTypes,
                        invalid_arg "mismatched types %t (previous argument) and %t (type of %e)", x->type, a->type, a->expr);
            return false;
        }
        if (x->mode == MODE_CONST && a->mode == MODE_CONST) {
            if (const_compare(a->cval, op, x->cval)) *x = *a;
        } else {
            x->mode = MODE_VALUE;
        }
    }
    if (x->mode != MODE_CONST) {
        x->mode = MODE_VALUE;
        check_assignment(c, x, type_underlying(c->ts->any_type), types_format(c, "argument to built-in %s", name));
        if (x->mode == MODE_INVALID) return false;
    }
    for (int i = 0; i < args.len; i++) update_expr_type(c, args.at[i]->expr, x->type, true);
    if (x->mode != MODE_CONST) {
        Type **types = arena_array(c->arena, Type *, args.len);
        for (int i = 0; i < args.len; i++) types[i] = x->type;
        record_builtin_type(c, call->fn, &make_sig(c, x->type, types, args.len)->t);
    }
    return true;
}

static bool builtin_new(Checker *c, Operand *x, CallExpr *call) {
    Expr *arg = call->args.at[0];
    check_expr_or_type(c, x, arg, false);
    check_exclude(c, x, 1 << MODE_NOVALUE | 1 << MODE_BUILTIN);
    if (x->mode == MODE_INVALID) return false;
    if (x->mode == MODE_TYPE) {
        valid_var_type(c, arg, x->type);
    } else {
        if (is_untyped(x->type)) {
            check_assignment(c, x, NULL, "argument to new");
            if (x->mode == MODE_INVALID) return false;
        }
        verify_versionf(c, expr_start(call->fn), 26, "new(%e)", arg);
    }
    Type *T = x->type;
    x->mode = MODE_VALUE;
    x->type = type_new_pointer(c->ts, T);
    record_sig(c, call, x->type, T, NULL);
    return true;
}

/* ---- unsafe ------------------------------------------------------------------------------------- */

/* Whether t's size depends on type parameters. */
typedef struct SizeWalk { NamedType *n; const struct SizeWalk *prev; } SizeWalk;

enum { SIZE_KNOWN = 2, SIZE_VARIES = 4 }; /* Type.flags of named types */

/* Types being measured on top of the objects being declared: the cycle that leads back to n. */
static void size_cycle(Checker *c, NamedType *n, const SizeWalk *prev, int start) {
    int len = 0;
    for (const SizeWalk *w = prev; w && w->n != n; w = w->prev) len++;
    bool on_walk = false;
    for (const SizeWalk *w = prev; w; w = w->prev) on_walk |= w->n == n;
    len += on_walk;
    int npath = on_walk ? 0 : c->obj_path.len - start;
    Object **cycle = arena_array(c->arena, Object *, npath + len);
    if (npath) memcpy(cycle, c->obj_path.at + start, sizeof *cycle * (size_t)npath);
    const SizeWalk *w = prev;
    for (int i = npath + len - 1; i >= npath; i--, w = w->prev) cycle[i] = cycle_object(c, w->n);
    cycle_error(c, cycle, npath + len, first_in_src(cycle, npath + len));
}

/* Whether t's size depends on type parameters, or is infinite (a cycle, which is reported). */
static bool has_var_size(Checker *c, Type *t, const SizeWalk *prev) {
    t = type_unalias(t);
    switch (t->kind) {
    case TYPE_TYPEPARAM: return true;
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        if (t->flags & SIZE_KNOWN) return t->flags & SIZE_VARIES;
        MapEntry *e = n->orig == n ? map_find_ptr(&c->obj_path_idx, n->obj) : NULL;
        bool cycle = e && e->num;
        for (const SizeWalk *w = prev; w; w = w->prev) cycle |= w->n == n;
        if (cycle) {
            size_cycle(c, n, prev, e && e->num ? (int)e->num - 1 : 0);
            return true;
        }
        Type *rhs = named_rhs(n);
        if (!rhs) return false;
        SizeWalk w = {n, prev};
        bool varies = has_var_size(c, rhs, &w);
        t->flags |= SIZE_KNOWN | (varies ? SIZE_VARIES : 0);
        return varies;
    }
    case TYPE_ARRAY: return has_var_size(c, ((ArrayType *)t)->elem, prev);
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        for (int i = 0; i < s->fields.len; i++)
            if (has_var_size(c, s->fields.at[i]->type, prev)) return true;
    }
    }
    return false;
}

static bool size_result(Checker *c, Operand *x, CallExpr *call, Type *t, int64_t n) {
    if (has_var_size(c, t, NULL)) {
        record_sig(c, call, BASIC(c, UINTPTR), x->type, NULL);
        x->mode = MODE_VALUE;
    } else {
        if (n < 0) {
            types_error(c, operand_pos(x), ERR_TypeTooLarge, "%x is too large", x);
            return false;
        }
        x->mode = MODE_CONST;
        x->cval = const_make_int(c->arena, n);
    }
    x->type = BASIC(c, UINTPTR);
    return true;
}

static bool builtin_offsetof(Checker *c, Operand *x, CallExpr *call) {
    Expr *arg0 = call->args.at[0], *e = unparen(arg0);
    if (e->kind != EXPR_SELECTOR) {
        types_error(c, expr_start(arg0), ERR_BadOffsetofSyntax, invalid_arg "%e is not a selector expression", arg0);
        check_use(c, arg0);
        return false;
    }
    SelectorExpr *s = (SelectorExpr *)e;
    check_expr(c, NULL, x, s->on);
    if (x->mode == MODE_INVALID) return false;
    Type *base = deref_struct_ptr(x->type);
    Lookup l = lookup_field_or_method(c->ts, base, false, c->pkg, s->sel->name, false);
    if (!l.obj) {
        types_error(c, operand_pos(x), ERR_MissingFieldOrMethod, invalid_arg "%t has no single field %n", base, s->sel->name);
        return false;
    }
    if (l.obj->kind == OBJ_FUNC) {
        types_error(c, expr_start(arg0), ERR_InvalidOffsetof, invalid_arg "%e is a method value", arg0);
        return false;
    }
    if (l.indirect) {
        types_error(c, operand_pos(x), ERR_InvalidOffsetof, invalid_arg "field %n is embedded via a pointer in %t",
                    s->sel->name, base);
        return false;
    }
    Selection *sel = arena_new(c->arena, Selection);
    *sel = (Selection){SEL_FIELD, false, base, l.obj, l.index, l.nindex};
    s->selection = sel;
    s->sel->obj = l.obj;
    for (Expr *p = arg0;; p = ((ParenExpr *)p)->inner) {
        record_type_value(c, p, x->mode == MODE_VAR ? MODE_VAR : MODE_VALUE, l.obj->type, NULL);
        if (p->kind != EXPR_PAREN) break;
    }
    int64_t off = 0;
    Type *t = base;
    bool var = has_var_size(c, base, NULL);
    for (int i = 0; i < l.nindex && !var; i++) {
        StructType *st = AS_STRUCT(t);
        if (!st) break;
        off += struct_field_offset(st, l.index[i]);
        t = st->fields.at[l.index[i]]->type;
    }
    return size_result(c, x, call, base, off);
}

static bool length_arg(Checker *c, Operand *y, int code, bool negative) {
    return is_valid_index(c, y, code, "length", negative);
}

static bool builtin_unsafe(Checker *c, Operand *x, CallExpr *call, OperandList args, int id) {
    Type *byte_ptr;
    const char *cause;
    Pos fpos = expr_start(call->fn);
    switch (id) {
    case BUILTIN_UNSAFE_ADD:
        verify_versionf(c, fpos, 17, "unsafe.Add");
        check_assignment(c, x, BASIC(c, UNSAFEPTR), "argument to unsafe.Add");
        if (x->mode == MODE_INVALID || !length_arg(c, args.at[1], ERR_InvalidUnsafeAdd, true)) return false;
        x->mode = MODE_VALUE;
        x->type = BASIC(c, UNSAFEPTR);
        record_sig(c, call, x->type, x->type, args.at[1]->type);
        return true;
    case BUILTIN_UNSAFE_ALIGNOF:
        check_assignment(c, x, NULL, "argument to unsafe.Alignof");
        return x->mode != MODE_INVALID && size_result(c, x, call, x->type, has_var_size(c, x->type, NULL) ? 0 : type_align(x->type));
    case BUILTIN_UNSAFE_SIZEOF:
        check_assignment(c, x, NULL, "argument to unsafe.Sizeof");
        return x->mode != MODE_INVALID && size_result(c, x, call, x->type, has_var_size(c, x->type, NULL) ? 0 : type_size(x->type));
    case BUILTIN_UNSAFE_SLICE: {
        verify_versionf(c, fpos, 17, "unsafe.Slice");
        Type *u = common_under(c, x->type, NULL, NULL, &cause);
        if (!u || u->kind != TYPE_POINTER) {
            types_error(c, operand_pos(x), ERR_InvalidUnsafeSlice, invalid_arg "%x is not a pointer", x);
            return false;
        }
        if (!length_arg(c, args.at[1], ERR_InvalidUnsafeSlice, false)) return false;
        x->mode = MODE_VALUE;
        x->type = type_new_slice(c->ts, ((PointerType *)u)->elem);
        record_sig(c, call, x->type, u, args.at[1]->type);
        return true;
    }
    case BUILTIN_UNSAFE_SLICEDATA: {
        verify_versionf(c, fpos, 20, "unsafe.SliceData");
        Type *u = common_under(c, x->type, NULL, NULL, &cause);
        if (!u || u->kind != TYPE_SLICE) {
            types_error(c, operand_pos(x), ERR_InvalidUnsafeSliceData, invalid_arg "%x is not a slice", x);
            return false;
        }
        x->mode = MODE_VALUE;
        x->type = type_new_pointer(c->ts, ((SliceType *)u)->elem);
        record_sig(c, call, x->type, u, NULL);
        return true;
    }
    case BUILTIN_UNSAFE_STRING:
        verify_versionf(c, fpos, 20, "unsafe.String");
        byte_ptr = type_new_pointer(c->ts, c->ts->byte_type);
        check_assignment(c, x, byte_ptr, "argument to unsafe.String");
        if (x->mode == MODE_INVALID || !length_arg(c, args.at[1], ERR_InvalidUnsafeString, false)) return false;
        x->mode = MODE_VALUE;
        x->type = BASIC(c, STRING);
        record_sig(c, call, x->type, byte_ptr, args.at[1]->type);
        return true;
    case BUILTIN_UNSAFE_STRINGDATA:
        verify_versionf(c, fpos, 20, "unsafe.StringData");
        check_assignment(c, x, BASIC(c, STRING), "argument to unsafe.StringData");
        if (x->mode == MODE_INVALID) return false;
        x->mode = MODE_VALUE;
        x->type = type_new_pointer(c->ts, c->ts->byte_type);
        record_sig(c, call, x->type, BASIC(c, STRING), NULL);
        return true;
    }
    bug("built-in %d", id);
}

/* ---- The dispatcher ------------------------------------------------------------------------------ */

static bool builtin_call(Checker *c, Operand *x, CallExpr *call, int id, OperandList args) {
    Type *any = type_underlying(c->ts->any_type);
    switch (id) {
    case BUILTIN_APPEND: return builtin_append(c, x, call, args);
    case BUILTIN_CAP: case BUILTIN_LEN: return builtin_len(c, x, call, id);
    case BUILTIN_CLEAR:
        verify_versionf(c, expr_start(call->fn), 21, "clear");
        for (TypeIter it = typeset_iter(x->type); typeset_next(&it);)
            if (!it.u || (it.u->kind != TYPE_MAP && it.u->kind != TYPE_SLICE)) {
                types_error(c, operand_pos(x), ERR_InvalidClear,
                            invalid_arg "cannot clear %x: argument must be (or constrained by) map or slice", x);
                return false;
            }
        x->mode = MODE_NOVALUE;
        record_sig(c, call, NULL, x->type, NULL);
        return true;
    case BUILTIN_CLOSE:
        for (TypeIter it = typeset_iter(x->type); typeset_next(&it);) {
            if (!it.u || it.u->kind != TYPE_CHAN) {
                types_error(c, operand_pos(x), ERR_InvalidClose, invalid_op "cannot close non-channel %x", x);
                return false;
            }
            if (((ChanType *)it.u)->dir == CHAN_RECV) {
                types_error(c, operand_pos(x), ERR_InvalidClose, invalid_op "cannot close receive-only channel %x", x);
                return false;
            }
        }
        x->mode = MODE_NOVALUE;
        record_sig(c, call, NULL, x->type, NULL);
        return true;
    case BUILTIN_COMPLEX: return builtin_complex(c, x, call, args.at[1]);
    case BUILTIN_COPY: return builtin_copy(c, x, call, args.at[1]);
    case BUILTIN_DELETE: return builtin_delete(c, x, call, args.at[1]);
    case BUILTIN_IMAG: case BUILTIN_REAL: return builtin_real_imag(c, x, call, id);
    case BUILTIN_MAKE: return builtin_make(c, x, call);
    case BUILTIN_MAX: case BUILTIN_MIN: return builtin_min_max(c, x, call, args, id);
    case BUILTIN_NEW: return builtin_new(c, x, call);
    case BUILTIN_PANIC:
        call->x.flag |= EXPR_PANIC;
        check_assignment(c, x, any, "argument to panic");
        if (x->mode == MODE_INVALID) return false;
        x->mode = MODE_NOVALUE;
        record_sig(c, call, NULL, any, NULL);
        return true;
    case BUILTIN_PRINT: case BUILTIN_PRINTLN: {
        Type **types = arena_array(c->arena, Type *, args.len);
        const char *context = types_format(c, "argument to built-in %s", builtin_info[id].name);
        for (int i = 0; i < args.len; i++) {
            check_assignment(c, args.at[i], NULL, context);
            if (args.at[i]->mode == MODE_INVALID) return false;
            types[i] = args.at[i]->type;
        }
        x->mode = MODE_NOVALUE;
        record_builtin_type(c, call->fn, &make_sig(c, NULL, types, args.len)->t);
        return true;
    }
    case BUILTIN_RECOVER:
        x->mode = MODE_VALUE;
        x->type = any;
        record_sig(c, call, any, NULL, NULL);
        return true;
    case BUILTIN_UNSAFE_OFFSETOF: return builtin_offsetof(c, x, call);
    }
    return builtin_unsafe(c, x, call, args, id);
}

bool check_builtin(Checker *c, Operand *x, CallExpr *call, int id) {
    const char *name = builtin_info[id].name;
    if (call->has_dots && id != BUILTIN_APPEND) {
        types_error(c, expr_start(&call->x), ERR_InvalidDotDotDot, invalid_op "invalid use of ... with built-in %s", name);
        check_use_list(c, call->args);
        return false;
    }
    bool saved = c->env.has_call_or_recv, is_len = id == BUILTIN_LEN || id == BUILTIN_CAP;
    if (is_len) c->env.has_call_or_recv = false;
    OperandList args = {0};
    int nargs = call->args.len;
    bool ok = true;
    if (id != BUILTIN_MAKE && id != BUILTIN_NEW && id != BUILTIN_UNSAFE_OFFSETOF) {
        if (nargs) args = check_expr_list(c, call->args);
        nargs = args.len;
        for (int i = 0; i < nargs; i++) ok &= args.at[i]->mode != MODE_INVALID;
        if (ok && nargs) *x = *args.at[0];
    }
    if (ok) {
        int want = builtin_info[id].nargs;
        const char *msg = nargs < want ? "not enough" : !builtin_info[id].variadic && nargs > want ? "too many" : NULL;
        if (msg) {
            types_error(c, expr_start(&call->x), ERR_WrongArgCount, invalid_op "%s arguments for %e (expected %d, found %d)",
                        msg, &call->x, want, nargs);
            ok = false;
        }
    }
    if (ok) ok = builtin_call(c, x, call, id, args);
    if (is_len) c->env.has_call_or_recv = saved;
    return ok;
}
