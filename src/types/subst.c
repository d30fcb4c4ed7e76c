/* subst: types with type parameters replaced. A type that mentions none of them is returned itself, so
 * that pointer equality tells whether anything changed. */
#include "types/types_int.h"

typedef struct Subst {
    Checker *c;
    TypeSession *ts;
    TypeList from, to;
    NamedType *expanding;
} Subst;

static Type *subst(Subst *s, Type *t);

static Type *lookup(Subst *s, Type *t) {
    for (int i = 0; i < s->from.len; i++)
        if (s->from.at[i] == t) return s->to.at[i] ? s->to.at[i] : t;
    return t;
}

/* NULL when nothing changed. */
static Object **subst_objects(Subst *s, ObjectList l) {
    Object **out = NULL;
    for (int i = 0; i < l.len; i++) {
        Object *o = l.at[i];
        Type *t = object_type(o);
        Type *n = t ? subst(s, t) : t;
        if (n == t) continue;
        if (!out) out = arena_memdup(&s->ts->arena, l.at, sizeof *out * (size_t)l.len);
        out[i] = clone_object(s->ts, o, n);
    }
    return out;
}

static Type **subst_types(Subst *s, TypeList l) {
    Type **out = NULL;
    for (int i = 0; i < l.len; i++) {
        Type *n = subst(s, l.at[i]);
        if (n == l.at[i]) continue;
        if (!out) out = arena_memdup(&s->ts->arena, l.at, sizeof *out * (size_t)l.len);
        out[i] = n;
    }
    return out;
}

static TupleType *subst_tuple(Subst *s, TupleType *t) {
    if (!t) return NULL;
    Object **vars = subst_objects(s, t->vars);
    if (!vars) return t;
    TupleType *n = alloc_type(s->ts, TYPE_TUPLE, sizeof *n);
    n->vars = (ObjectList){vars, t->vars.len};
    return n;
}

/* A signature with type parameters of its own gets fresh ones, unless it is just being instantiated. */
static Type *subst_signature(Subst *s0, SignatureType *t) {
    Subst inner = *s0, *s = s0;
    TypeList tparams = t->tparams;
    int n = tparams.len;
    if (n && lookup(s0, tparams.at[0]) == tparams.at[0]) {
        int old = s0->from.len;
        inner.from.at = arena_array(&s0->ts->arena, Type *, old + n);
        inner.to.at = arena_array(&s0->ts->arena, Type *, old + n);
        if (old) {
            memcpy(inner.from.at, s0->from.at, sizeof(Type *) * (size_t)old);
            memcpy(inner.to.at, s0->to.at, sizeof(Type *) * (size_t)old);
        }
        inner.from.len = inner.to.len = old + n;
        for (int i = 0; i < n; i++) {
            TypeParamType *tp = (TypeParamType *)tparams.at[i];
            Object *o =
                new_object(s0->ts, OBJ_TYPENAME, tp->obj->pos, tp->obj->pkg, tp->obj->name, NULL);
            TypeParamType *fresh = new_typeparam(s0->c, o, NULL);
            o->color = 2;
            fresh->index = tp->index;
            inner.from.at[old + i] = &tp->t;
            inner.to.at[old + i] = &fresh->t;
            mono_record_canon(s0->c, fresh, tp);
        }
        for (int i = 0; i < n; i++) {
            TypeParamType *tp = (TypeParamType *)tparams.at[i];
            ((TypeParamType *)inner.to.at[old + i])->bound = subst(&inner, tp->bound);
        }
        tparams = (TypeList){inner.to.at + old, n};
        s = &inner;
    }
    TupleType *params = subst_tuple(s, t->params), *results = subst_tuple(s, t->results);
    if (params == t->params && results == t->results && tparams.at == t->tparams.at) return &t->t;
    SignatureType *sig = new_signature(s0->ts);
    sig->rparams = t->rparams;
    sig->tparams = tparams;
    sig->recv = t->recv;
    sig->params = params;
    sig->results = results;
    sig->variadic = t->variadic;
    return &sig->t;
}

static Type *subst_interface(Subst *s, InterfaceType *t) {
    Object **methods = subst_objects(s, t->methods);
    Type **embeddeds = subst_types(s, t->embeddeds);
    if (!methods && !embeddeds) return &t->t;
    InterfaceType *n = new_interface(s->c);
    n->methods = (ObjectList){methods ? methods : t->methods.at, t->methods.len};
    n->embeddeds = (TypeList){embeddeds ? embeddeds : t->embeddeds.at, t->embeddeds.len};
    n->embed_pos = t->embed_pos;
    n->implicit = t->implicit;
    n->complete = t->complete;
    /* Receivers of the old interface type become the new one. */
    bool copied = methods != NULL;
    for (int i = 0; i < n->methods.len; i++) {
        Object *m = n->methods.at[i];
        SignatureType *sig = (SignatureType *)m->type;
        if (!sig || !sig->recv || sig->recv->type != &t->t) continue;
        if (!copied)
            n->methods.at = arena_memdup(&s->ts->arena, n->methods.at,
                                         sizeof(Object *) * (size_t)n->methods.len);
        copied = true;
        SignatureType *ns = new_signature(s->ts);
        uint32_t id = ns->t.id;
        *ns = *sig;
        ns->t.id = id;
        ns->t.backend = NULL;
        ns->recv = clone_object(s->ts, sig->recv, &n->t);
        n->methods.at[i] = clone_object(s->ts, m, &ns->t);
    }
    return &n->t;
}

static Type *subst(Subst *s, Type *t) {
    TypeSession *ts = s->ts;
    if (!t) return INVALID_TYPE(s->c);
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC: return t;
    case TYPE_ALIAS: {
        AliasType *a = (AliasType *)t;
        int n = a->orig->tparams.len;
        if (!n) return t;
        if (a->targs.len != n) return INVALID_TYPE(s->c);
        Type **targs = subst_types(s, a->targs);
        return targs ? check_instance(s->c, 0, &a->orig->t, (TypeList){targs, n}, s->expanding) : t;
    }
    case TYPE_ARRAY: {
        ArrayType *a = (ArrayType *)t;
        Type *e = subst(s, a->elem);
        return e == a->elem ? t : type_new_array(ts, e, a->len);
    }
    case TYPE_SLICE: {
        Type *e0 = ((SliceType *)t)->elem, *e = subst(s, e0);
        return e == e0 ? t : type_new_slice(ts, e);
    }
    case TYPE_STRUCT: {
        StructType *st = (StructType *)t;
        Object **fields = subst_objects(s, st->fields);
        return fields ? type_new_struct(ts, (ObjectList){fields, st->fields.len}, st->tags) : t;
    }
    case TYPE_POINTER: {
        Type *e0 = ((PointerType *)t)->elem, *e = subst(s, e0);
        return e == e0 ? t : type_new_pointer(ts, e);
    }
    case TYPE_TUPLE: return &subst_tuple(s, (TupleType *)t)->t;
    case TYPE_SIGNATURE: return subst_signature(s, (SignatureType *)t);
    case TYPE_UNION: {
        UnionType *u = (UnionType *)t;
        UnionTerm *terms = NULL;
        for (int i = 0; i < u->nterms; i++) {
            Type *n = subst(s, u->terms[i].type);
            if (n == u->terms[i].type) continue;
            if (!terms)
                terms = arena_memdup(&ts->arena, u->terms, sizeof *terms * (size_t)u->nterms);
            terms[i].type = n;
        }
        return terms ? &new_union(ts, terms, u->nterms)->t : t;
    }
    case TYPE_INTERFACE: return subst_interface(s, (InterfaceType *)t);
    case TYPE_MAP: {
        MapType *m = (MapType *)t;
        Type *k = subst(s, m->key), *e = subst(s, m->elem);
        return k == m->key && e == m->elem ? t : type_new_map(ts, k, e);
    }
    case TYPE_CHAN: {
        ChanType *c = (ChanType *)t;
        Type *e = subst(s, c->elem);
        return e == c->elem ? t : type_new_chan(ts, c->dir, e);
    }
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        int np = n->orig->tparams.len;
        if (!np) return t;
        if (n->targs.len != np) return INVALID_TYPE(s->c);
        Type **targs = subst_types(s, n->targs);
        return targs ? check_instance(s->c, 0, &n->orig->t, (TypeList){targs, np}, s->expanding) : t;
    }
    case TYPE_TYPEPARAM: return lookup(s, t);
    }
    return t;
}

Type *check_subst(Checker *c, Type *t, TypeList tparams, TypeList targs, NamedType *expanding) {
    if (!tparams.len || !t) return t;
    check(tparams.len == targs.len);
    Subst s = {c, c->ts, tparams, targs, expanding};
    return subst(&s, t);
}

Type *type_subst(TypeSession *ts, Type *t, TypeList tparams, TypeList targs) {
    return check_subst(types_neutral_checker(ts), t, tparams, targs, NULL);
}

/* ---- Which types mention type parameters ------------------------------------------------------------------- */

typedef struct Walk { const Type *t; const struct Walk *prev; } Walk;

/* tparams NULL: any type parameter counts. */
static bool mentions(const TypeList *tparams, Type *t, const Walk *prev) {
    for (const Walk *w = prev; w; w = w->prev)
        if (w->t == t) return false;
    Walk w = {t, prev};
#define VARS(l) \
    for (int i = 0; i < (l).len; i++) \
        if ((l).at[i]->type && mentions(tparams, (l).at[i]->type, &w)) return true
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC: return false;
    case TYPE_ALIAS: {
        Type *u = type_unalias(t);
        return u != t && mentions(tparams, u, &w);
    }
    case TYPE_ARRAY: return mentions(tparams, ((ArrayType *)t)->elem, &w);
    case TYPE_SLICE: return mentions(tparams, ((SliceType *)t)->elem, &w);
    case TYPE_POINTER: return mentions(tparams, ((PointerType *)t)->elem, &w);
    case TYPE_CHAN: return mentions(tparams, ((ChanType *)t)->elem, &w);
    case TYPE_MAP:
        return mentions(tparams, ((MapType *)t)->key, &w) ||
               mentions(tparams, ((MapType *)t)->elem, &w);
    case TYPE_STRUCT: VARS(((StructType *)t)->fields); return false;
    case TYPE_TUPLE: VARS(((TupleType *)t)->vars); return false;
    case TYPE_SIGNATURE: {
        SignatureType *s = (SignatureType *)t;
        if (s->params) VARS(s->params->vars);
        if (s->results) VARS(s->results->vars);
        return false;
    }
    case TYPE_UNION: {
        UnionType *u = (UnionType *)t;
        for (int i = 0; i < u->nterms; i++)
            if (mentions(tparams, u->terms[i].type, &w)) return true;
        return false;
    }
    case TYPE_INTERFACE: {
        TypeSet *s = types_typeset((InterfaceType *)t);
        VARS(s->methods);
        for (int i = 0; i < s->nterms; i++)
            if (mentions(tparams, s->terms[i].type, &w)) return true;
        return false;
    }
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        for (int i = 0; i < n->targs.len; i++)
            if (mentions(tparams, n->targs.at[i], &w)) return true;
        return false;
    }
    case TYPE_TYPEPARAM:
        if (!tparams) return true;
        for (int i = 0; i < tparams->len; i++)
            if (tparams->at[i] == t) return true;
        return false;
    }
#undef VARS
    return false;
}

bool is_parameterized(TypeList tparams, Type *t) { return mentions(&tparams, t, NULL); }
bool type_mentions_typeparams(Type *t) { return mentions(NULL, t, NULL); }
