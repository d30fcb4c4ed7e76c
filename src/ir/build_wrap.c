/* Wrappers: functions that adapt a receiver and call a method.
 *
 * One form is enough: a function whose receiver has type t, which walks embedded fields, dereferences or
 * takes an address, and calls the method. Interface tables of a type that is not pointer-shaped use the
 * wrapper of its pointer type, since the data word is a pointer to the value. */
#include "ir/build_int.h"

static bool is_pointer(Type *t) { return type_unalias(t)->kind == TYPE_POINTER; }

/* "path.(*T).m" or "path.T.m"; types without a name give "go:wrap.TYPE.m". */
static Str wrapper_name(IrUnit *u, Type *t, Object *m) {
    bool ptr = is_pointer(t);
    Type *base = type_unalias(ptr ? ((PointerType *)type_unalias(t))->elem : t);
    Buf b = {0};
    Str r, tag = STR("");
    if (!m->name->exported && m->pkg) tag = str_printf(&u->arena, "%.*s.", STR_FMT(m->pkg->path));
    if (base->kind == TYPE_NAMED && ((NamedType *)base)->obj->pkg) {
        NamedType *n = (NamedType *)base;
        Str path = core_pkg_path(n->obj->pkg);
        type_print(&b, base, NULL, TYPENAME_LINK);
        Str full = buf_str(&b), rest = full;
        if (full.n > path.n && !memcmp(full.p, path.p, path.n)) rest = (Str){full.p + path.n + 1, full.n - path.n - 1};
        if (m->pkg == n->obj->pkg || (m->pkg && str_eq(m->pkg->path, n->obj->pkg->path))) tag = STR("");
        r = str_printf(&u->arena, ptr ? "%.*s.(*%.*s).%.*s%s" : "%.*s.%.*s.%.*s%s", STR_FMT(path), STR_FMT(rest),
                       STR_FMT(tag), m->name->p);
    } else {
        type_print(&b, t, NULL, TYPENAME_LINK);
        r = str_printf(&u->arena, "go:wrap.%s.%.*s%s", b.data, STR_FMT(tag), m->name->p);
    }
    buf_free(&b);
    return r;
}

Sym *ir_method_tfn(IrUnit *u, Type *t, const MethodSetEntry *m) {
    Builder *b = u->builder;
    bool ptr = is_pointer(t);
    object_type(m->obj);
    if (m->nindex == 1 && !is_iface(t) && method_ptr_recv(m->obj) == ptr)
        return ir_func_ref(u, func_origin(m->obj), named_targs(t));
    Str name = wrapper_name(u, t, m->obj);
    Sym *s = sym_get(u->syms, name);
    if (!sym_begin_define(u->syms, s, SYM_FUNC)) return s;
    s->dupok = true;
    Work w = {.kind = WORK_TFN, .sym = s, .symname = name, .name = name, .recv = t, .m = *m};
    vec_push(&b->queue, w);
    return s;
}

Sym *ir_method_ifn(IrUnit *u, Type *t, const MethodSetEntry *m) {
    if (ir_is_direct(u, t)) return ir_method_tfn(u, t, m);
    return ir_method_tfn(u, type_new_pointer(u->ts, t), m);
}

void build_wrapper(Builder *b, Work *w) {
    IrUnit *u = b->u;
    Type *t = w->recv;
    Object *m = w->m.obj;
    base_stage = arena_printf(&u->arena, "building wrapper %.*s", STR_FMT(w->name));
    Fn *fn = fn_new(b, NULL, NULL, w->sym, w->symname, w->name, 0);
    fn->f->is_wrapper = true;
    fn->force_dupok = true;
    SignatureType *sig = (SignatureType *)type_unalias(object_type(m));
    Object *recv = fn_synth(fn, "recv", t);
    fn_signature(fn, recv, sig);
    const IrType *rt = fn->f->params[0];
    fn_declare(fn, recv, t, false);
    Place p = place_var(fn, recv);
    if (!zero_sized(rt)) place_store(fn, p, fn_aux_i(fn, E0(fn, PARAM, rt), 0));
    /* the path of embedded fields */
    Type *ft = t;
    for (int i = 0; i < w->m.nindex - 1; i++) {
        if (is_kind(ft, TYPE_POINTER)) {
            ft = deref_type(ft);
            p = place_mem(place_load(fn, p), ft, 0);
        }
        p = place_field(fn, p, ft, w->m.index[i]);
        ft = p.type;
    }
    int n = fn->f->nparams;
    ValueId *args = arena_array(fn->arena, ValueId, n), v;
    const IrType *res = results_type(fn, sig);
    bool iface = is_iface(ft);
    if (iface) args[0] = place_load(fn, p);
    else {
        bool ptr = is_kind(ft, TYPE_POINTER) && type_unalias(ft)->kind == TYPE_POINTER, want = method_ptr_recv(m);
        if (want) args[0] = ptr ? place_load(fn, p) : place_addr(fn, p);
        else if (!ptr) args[0] = place_load(fn, p);
        else {
            ValueId pv = place_load(fn, p);
            if (w->m.nindex == 1) { /* (*T)(nil).valuemethod: its own message */
                BlockId bad = fn_block(fn), good = fn_block(fn);
                fn->f->blocks.at[bad].unlikely = true;
                fn_branch(fn, build_is_nil(fn, pv, ft), bad, good);
                fn_at(fn, bad);
                fn_call_rt(fn, "runtime.panicwrap", &irtype_none, 0, NULL);
                E0(fn, UNREACHABLE, &irtype_none);
                fn_at(fn, good);
                args[0] = place_load(fn, place_mem(pv, deref_type(ft), IRF_NONNIL));
            } else args[0] = place_load(fn, place_mem(pv, deref_type(ft), 0));
        }
    }
    for (int i = 1; i < n; i++) {
        const IrType *pt = fn->f->params[i];
        args[i] = zero_sized(pt) ? E0(fn, ZERO, pt) : fn_aux_i(fn, E0(fn, PARAM, pt), i);
    }
    if (iface) v = fn_aux_i(fn, fn_emit(fn, IR_CALLIFACE, res, n, args), iface_method_index(u, ft, m));
    else v = fn_aux_sym(fn, fn_emit(fn, IR_CALL, res, n, args), method_sym(fn, ft, m, (TypeList){0}));
    ValueId *out = arena_array(fn->arena, ValueId, fn->f->nresults);
    for (int i = 0; i < fn->f->nresults; i++) out[i] = fn_result(fn, v, i);
    fn_emit(fn, IR_RET, &irtype_none, fn->f->nresults, out);
    fn_finish(fn);
    base_stage = NULL;
}

/* A body for a function that is an intrinsic operation, for calls through function values. */
void build_intrinsic_body(Builder *b, Sym *sym, Object *o, Str name, IntrinsicId id) {
    Fn *fn = fn_new(b, NULL, NULL, sym, name, name, o->pos);
    SignatureType *sig = (SignatureType *)type_unalias(object_type(o));
    fn_signature(fn, NULL, sig);
    int n = fn->f->nparams;
    ValueId *args = arena_array(fn->arena, ValueId, n);
    for (int i = 0; i < n; i++) args[i] = fn_aux_i(fn, E0(fn, PARAM, fn->f->params[i]), i);
    ValueId v = fn_aux_i(fn, fn_emit(fn, IR_INTRINSIC, results_type(fn, sig), n, args), id);
    ValueId *out = arena_array(fn->arena, ValueId, fn->f->nresults);
    for (int i = 0; i < fn->f->nresults; i++) out[i] = fn_result(fn, v, i);
    fn_emit(fn, IR_RET, &irtype_none, fn->f->nresults, out);
    fn_finish(fn);
}
