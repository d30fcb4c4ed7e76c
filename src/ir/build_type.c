/* Types as the builder sees them: under the type arguments of the body being built.
 *
 * type_subst replaces type parameters but knows nothing of types declared inside a generic function, which
 * are different types in each instance. Types that mention such a local type are rebuilt here. */
#include "ir/build_int.h"

Type *deref_type(Type *t) {
    Type *u = under(t);
    return u->kind == TYPE_POINTER ? ((PointerType *)u)->elem : t;
}
bool is_iface(Type *t) { return under(t)->kind == TYPE_INTERFACE; }
bool basic_has(Type *t, unsigned flags) {
    const BasicType *b = type_basic(t);
    return b && (b->info & flags);
}
bool is_string(Type *t) { return basic_has(t, BF_STRING); }
static bool slice_of(Type *t, BasicKind k) {
    if (!is_kind(t, TYPE_SLICE)) return false;
    const BasicType *b = type_basic(((SliceType *)under(t))->elem);
    return b && b->basic == k;
}
bool is_byte_slice(Type *t) { return slice_of(t, BASIC_UINT8); }
bool is_rune_slice(Type *t) { return slice_of(t, BASIC_INT32); }
bool same_type(Type *a, Type *b) { return a == b || type_identical(a, b); }

TypeList named_targs(Type *t) {
    t = type_unalias(t);
    if (t->kind == TYPE_POINTER) t = type_unalias(((PointerType *)t)->elem);
    if (t->kind == TYPE_NAMED) return ((NamedType *)t)->targs;
    return (TypeList){0};
}

/* ---- Instances --------------------------------------------------------------------------------- */

static TypeList list_concat(Arena *a, TypeList x, TypeList y) {
    if (!y.len) return x;
    if (!x.len) return y;
    TypeList r = {arena_array(a, Type *, x.len + y.len), x.len + y.len};
    memcpy(r.at, x.at, sizeof(Type *) * (size_t)x.len);
    memcpy(r.at + x.len, y.at, sizeof(Type *) * (size_t)y.len);
    return r;
}

Inst *inst_new(Builder *b, Object *fn, TypeList targs) {
    if (!targs.len) return NULL;
    SignatureType *sig = (SignatureType *)type_unalias(object_type(fn));
    Inst *i = arena_new(&b->u->arena, Inst);
    i->tparams = list_concat(&b->u->arena, sig->rparams, sig->tparams);
    i->targs = targs;
    i->fn = fn;
    i->cache.arena = i->locals.arena = &b->u->arena;
    if (i->tparams.len != targs.len)
        bug("%.*s: %d type parameters, %d arguments", STR_FMT(name_str(fn->name)), i->tparams.len, targs.len);
    return i;
}

/* Declared inside a function: its scope is neither a package's nor the universe. */
static bool is_local_named(NamedType *n) {
    Object *o = n->obj;
    return o && o->pkg && o->parent && o->parent != o->pkg->scope && o->pkg->scope;
}

static bool mentions_local_list(TypeList l, int depth);
static bool mentions_local(Type *t, int depth) {
    if (!t || depth > 40) return false;
    switch ((TypeKind)t->kind) {
    case TYPE_ARRAY: return mentions_local(((ArrayType *)t)->elem, depth + 1);
    case TYPE_SLICE: return mentions_local(((SliceType *)t)->elem, depth + 1);
    case TYPE_POINTER: return mentions_local(((PointerType *)t)->elem, depth + 1);
    case TYPE_CHAN: return mentions_local(((ChanType *)t)->elem, depth + 1);
    case TYPE_MAP: return mentions_local(((MapType *)t)->key, depth + 1) || mentions_local(((MapType *)t)->elem, depth + 1);
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        for (int i = 0; i < s->fields.len; i++)
            if (mentions_local(s->fields.at[i]->type, depth + 1)) return true;
        return false;
    }
    case TYPE_TUPLE: {
        TupleType *tt = (TupleType *)t;
        for (int i = 0; i < tt->vars.len; i++)
            if (mentions_local(tt->vars.at[i]->type, depth + 1)) return true;
        return false;
    }
    case TYPE_SIGNATURE: {
        SignatureType *s = (SignatureType *)t;
        return mentions_local(s->params ? &s->params->t : NULL, depth + 1) ||
               mentions_local(s->results ? &s->results->t : NULL, depth + 1);
    }
    case TYPE_NAMED: return is_local_named((NamedType *)t) || mentions_local_list(((NamedType *)t)->targs, depth + 1);
    case TYPE_ALIAS: return mentions_local(type_unalias(t), depth + 1);
    default: return false;
    }
}
static bool mentions_local_list(TypeList l, int depth) {
    for (int i = 0; i < l.len; i++)
        if (mentions_local(l.at[i], depth)) return true;
    return false;
}

static TupleType *rebuild_tuple(IrUnit *u, Inst *inst, TupleType *t) {
    ObjectList l = {arena_array(&u->arena, Object *, t->vars.len), t->vars.len};
    for (int i = 0; i < l.len; i++) {
        Object *o = t->vars.at[i], *c = arena_memdup(&u->arena, o, sizeof *o);
        c->type = inst_type(u, inst, object_type(o));
        l.at[i] = c;
    }
    return (TupleType *)type_new_tuple(u->ts, l);
}

/* The copy of local type n (or of an instance of a local generic type) for this instance of the function
 * around it. Its name gets the type arguments, as gc shows it: T[implicit], T[implicit;own]. */
static Type *local_copy(IrUnit *u, Inst *inst, NamedType *n) {
    NamedType *c = map_get_ptr(&inst->locals, n);
    if (c) return &c->t;
    c = arena_memdup(&u->arena, n, sizeof *n);
    c->t.id = u->ts->next_type_id++;
    c->t.backend = NULL;
    map_set_ptr(&inst->locals, n, c);
    Object *o = arena_memdup(&u->arena, n->obj, sizeof *n->obj);
    Buf b = {0};
    buf_printf(&b, "%s[", n->obj->name->p);
    for (int i = 0; i < inst->targs.len; i++) {
        if (i) buf_putc(&b, ',');
        type_print(&b, inst->targs.at[i], NULL, TYPENAME_ARGUMENT);
    }
    for (int i = 0; i < n->targs.len; i++) {
        buf_putc(&b, i ? ',' : ';');
        type_print(&b, n->targs.at[i], NULL, TYPENAME_ARGUMENT);
    }
    buf_putc(&b, ']');
    o->name = intern(u->ts->syn->names, b.data, b.len);
    buf_free(&b);
    o->type = &c->t;
    o->backend = NULL;
    c->obj = o;
    c->orig = c;
    c->targs = c->tparams = (TypeList){0};
    Type *un = type_underlying(&n->t);
    c->underlying_ = inst_type(u, inst, un);
    c->rhs = c->underlying_;
    c->lazy = NULL;
    return &c->t;
}

static Type *rebuild(IrUnit *u, Inst *inst, Type *t) {
    TypeSession *ts = u->ts;
    switch ((TypeKind)t->kind) {
    case TYPE_ARRAY: return type_new_array(ts, inst_type(u, inst, ((ArrayType *)t)->elem), ((ArrayType *)t)->len);
    case TYPE_SLICE: return type_new_slice(ts, inst_type(u, inst, ((SliceType *)t)->elem));
    case TYPE_POINTER: return type_new_pointer(ts, inst_type(u, inst, ((PointerType *)t)->elem));
    case TYPE_CHAN: return type_new_chan(ts, ((ChanType *)t)->dir, inst_type(u, inst, ((ChanType *)t)->elem));
    case TYPE_MAP:
        return type_new_map(ts, inst_type(u, inst, ((MapType *)t)->key), inst_type(u, inst, ((MapType *)t)->elem));
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        ObjectList l = {arena_array(&u->arena, Object *, s->fields.len), s->fields.len};
        for (int i = 0; i < l.len; i++) {
            Object *o = s->fields.at[i], *c = arena_memdup(&u->arena, o, sizeof *o);
            c->type = inst_type(u, inst, object_type(o));
            l.at[i] = c;
        }
        return type_new_struct(ts, l, s->tags);
    }
    case TYPE_TUPLE: return &rebuild_tuple(u, inst, (TupleType *)t)->t;
    case TYPE_SIGNATURE: {
        SignatureType *s = (SignatureType *)t;
        return type_new_signature(ts, s->recv, rebuild_tuple(u, inst, s->params), rebuild_tuple(u, inst, s->results),
                                  s->variadic);
    }
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        if (n->targs.len) {
            TypeList l = {arena_array(&u->arena, Type *, n->targs.len), n->targs.len};
            for (int i = 0; i < l.len; i++) l.at[i] = inst_type(u, inst, n->targs.at[i]);
            Type *r = type_instantiate(ts, &n->orig->t, l);
            return is_local_named(n->orig) && r->kind == TYPE_NAMED ? local_copy(u, inst, (NamedType *)r) : r;
        }
        if (is_local_named(n)) return local_copy(u, inst, n);
        return t;
    }
    case TYPE_ALIAS: return inst_type(u, inst, type_unalias(t));
    default: return type_subst(ts, t, inst->tparams, inst->targs);
    }
}

Type *inst_type(IrUnit *u, Inst *inst, Type *t) {
    if (!inst || !t) return t;
    Type *r = map_get_ptr(&inst->cache, t);
    if (r) return r;
    if (mentions_local(t, 0)) r = rebuild(u, inst, t);
    else r = type_subst(u->ts, t, inst->tparams, inst->targs);
    map_set_ptr(&inst->cache, t, r);
    return r;
}

Type *fn_type(Fn *fn, Type *t) {
    if (t->kind == TYPE_BASIC) {
        switch (((BasicType *)t)->basic) {
        case BASIC_UNTYPED_BOOL: return fn->ts->basic[BASIC_BOOL];
        case BASIC_UNTYPED_INT: return fn->ts->basic[BASIC_INT];
        case BASIC_UNTYPED_RUNE: return fn->ts->basic[BASIC_INT32];
        case BASIC_UNTYPED_FLOAT: return fn->ts->basic[BASIC_FLOAT64];
        case BASIC_UNTYPED_COMPLEX: return fn->ts->basic[BASIC_COMPLEX128];
        case BASIC_UNTYPED_STRING: return fn->ts->basic[BASIC_STRING];
        case BASIC_UNTYPED_NIL: return fn->ts->basic[BASIC_UNSAFEPTR];
        }
        return t;
    }
    return inst_type(fn->u, fn->inst, t);
}

Type *fn_expr_type(Fn *fn, Expr *e) {
    if (!e->type) {
        Location l = pos_location(fn->ts->syn, e->pos);
        bug("expression without a type (kind %d) at %s:%d", e->kind, l.file ? l.file : "?", l.line);
    }
    return fn_type(fn, e->type);
}

TypeList inst_types(Fn *fn, TypeList *l) {
    if (!l || !l->len) return (TypeList){0};
    TypeList r = {arena_array(fn->arena, Type *, l->len), l->len};
    for (int i = 0; i < l->len; i++) r.at[i] = fn_type(fn, l->at[i]);
    return r;
}
