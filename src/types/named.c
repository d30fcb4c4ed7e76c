/* named: defined types, aliases and type parameters, and what is lazy about them.
 *
 * A NamedType knows its declared right-hand side (rhs); the underlying type is found by following
 * right-hand sides when first asked for. An instance of a generic type has neither until asked: its rhs
 * is the origin's with the type arguments put in, its methods are substituted one by one. While a
 * declaration is still being checked rhs is NULL; then the invalid type is given out, not remembered. */
#include "types/types_int.h"

NamedType *new_named(Checker *c, Object *obj, Type *underlying) {
    NamedType *n = alloc_type(c->ts, TYPE_NAMED, sizeof *n);
    n->obj = obj;
    n->orig = n;
    n->rhs = underlying;
    n->ts = c->ts;
    n->state = NAMED_UNPACKED;
    if (!obj->type) obj->type = &n->t;
    if (c->pkg) check_needs_cleanup(c, &n->t);
    return n;
}

AliasType *new_alias(Checker *c, Object *obj, Type *rhs) {
    AliasType *a = alloc_type(c->ts, TYPE_ALIAS, sizeof *a);
    a->obj = obj;
    a->orig = a;
    a->from = rhs;
    if (!obj->type) obj->type = &a->t;
    if (c->pkg) check_needs_cleanup(c, &a->t);
    return a;
}

TypeParamType *new_typeparam(Checker *c, Object *obj, Type *bound) {
    TypeParamType *p = alloc_type(c->ts, TYPE_TYPEPARAM, sizeof *p);
    p->obj = obj;
    p->index = -1;
    p->bound = bound;
    p->ts = c->ts;
    if (!obj->type) obj->type = &p->t;
    if (c->pkg) check_needs_cleanup(c, &p->t);
    return p;
}

void bind_tparams(TypeList l) {
    for (int i = 0; i < l.len; i++) ((TypeParamType *)l.at[i])->index = i;
}

/* ---- Views ------------------------------------------------------------------------------------------ */

Type *type_unalias(Type *t) {
    if (likely(t->kind != TYPE_ALIAS)) return t;
    AliasType *a0 = (AliasType *)t;
    if (a0->actual) return a0->actual;
    Type *r = t;
    while (r && r->kind == TYPE_ALIAS) r = ((AliasType *)r)->from;
    if (!r) return t; /* still being declared */
    a0->actual = r;
    return r;
}

static void unpack(NamedType *n) {
    if (n->state & NAMED_UNPACKED) return;
    NamedType *orig = n->orig;
    if (!orig->rhs) return;
    Checker *c = types_neutral_checker(n->ts);
    if (orig->obj->pkg && orig->obj->pkg->checker) c = orig->obj->pkg->checker;
    n->state |= NAMED_UNPACKED;
    if (n->targs.len != orig->tparams.len) {
        n->rhs = INVALID_TYPE(c);
        return;
    }
    Type *rhs = check_subst(c, orig->rhs, orig->tparams, n->targs, n);
    if (rhs->kind == TYPE_INTERFACE) {
        /* The methods' receivers are of the origin's type: they become the instance. */
        InterfaceType *it = (InterfaceType *)rhs;
        Object **methods = NULL;
        for (int i = 0; i < it->methods.len; i++) {
            Object *m = it->methods.at[i];
            SignatureType *sig = (SignatureType *)object_type(m);
            if (!sig->recv || sig->recv->type != &orig->t) continue;
            if (!methods)
                methods = arena_memdup(&n->ts->arena, it->methods.at,
                                       sizeof(Object *) * (size_t)it->methods.len);
            SignatureType *ns = new_signature(n->ts);
            uint32_t id = ns->t.id;
            *ns = *sig;
            ns->t.id = id;
            ns->t.backend = NULL;
            ns->recv = clone_object(n->ts, sig->recv, &n->t);
            methods[i] = clone_object(n->ts, m, &ns->t);
        }
        if (methods) {
            InterfaceType *fresh = it;
            if (&it->t == orig->rhs) {
                fresh = new_interface(c);
                fresh->complete = it->complete;
                fresh->embeddeds = it->embeddeds;
                fresh->embed_pos = it->embed_pos;
            }
            fresh->methods = (ObjectList){methods, it->methods.len};
            fresh->tset = NULL;
            rhs = &fresh->t;
        }
    }
    n->rhs = rhs;
}

NamedType *as_named(Type *t) {
    t = type_unalias(t);
    return t->kind == TYPE_NAMED ? (NamedType *)t : NULL;
}

TypeParamType *as_typeparam(Type *t) {
    t = type_unalias(t);
    return t->kind == TYPE_TYPEPARAM ? (TypeParamType *)t : NULL;
}

Type *as_under(Type *t, int kind) {
    Type *u = type_underlying(t);
    return u->kind == kind ? u : NULL;
}

static Type *resolve_underlying(NamedType *n0) {
    NamedType *path[64], *mark = NULL;
    int npath = 0;
    long steps = 0, limit = 64;
    Type *t = &n0->t;
    for (;;) {
        t = type_unalias(t);
        if (t->kind != TYPE_NAMED) break;
        NamedType *n = (NamedType *)t;
        if (n->state & NAMED_HAS_UNDER) {
            t = n->underlying_;
            break;
        }
        unpack(n);
        if (!n->rhs) return n0->ts->basic[BASIC_INVALID];
        if (npath == (int)ARRAY_LEN(path)) npath--; /* the others get theirs when asked */
        if (n == mark) return n0->ts->basic[BASIC_INVALID]; /* a cycle that was not reported yet */
        if (++steps == limit) { /* Brent's cycle detection */
            limit *= 2;
            mark = n;
        }
        path[npath++] = n;
        t = n->rhs;
    }
    if (t->kind == TYPE_ALIAS) return n0->ts->basic[BASIC_INVALID];
    if (t->kind == TYPE_TYPEPARAM) t = &typeparam_iface((TypeParamType *)t)->t;
    for (int i = 0; i < npath; i++) {
        path[i]->underlying_ = t;
        path[i]->state |= NAMED_HAS_UNDER;
    }
    return t;
}

Type *type_underlying(Type *t) {
    for (;;) {
        switch (t->kind) {
        case TYPE_NAMED: {
            NamedType *n = (NamedType *)t;
            return likely(n->state & NAMED_HAS_UNDER) ? n->underlying_ : resolve_underlying(n);
        }
        case TYPE_ALIAS: {
            Type *a = type_unalias(t);
            if (a->kind == TYPE_ALIAS) return a; /* unresolved: no kind matches it */
            t = a;
            continue;
        }
        case TYPE_TYPEPARAM: return &typeparam_iface((TypeParamType *)t)->t;
        default: return t;
        }
    }
}

Type *safe_underlying(Type *t) {
    NamedType *n = as_named(t);
    if (n && !(n->state & NAMED_HAS_UNDER) && !n->rhs) return n->ts->basic[BASIC_INVALID];
    return type_underlying(t);
}

InterfaceType *typeparam_iface(TypeParamType *p) {
    Checker *c = types_neutral_checker(p->ts);
    InterfaceType *empty = (InterfaceType *)type_unalias(p->ts->any_type);
    Type *bound = p->bound;
    if (!bound) return empty;
    if (type_is_typeparam(bound)) return empty; /* error reported where the constraint is written */
    Type *u = type_underlying(bound);
    if (is_invalid(u)) return empty;
    InterfaceType *it;
    if (u->kind == TYPE_INTERFACE) {
        it = (InterfaceType *)u;
    } else {
        it = new_interface(c);
        it->embeddeds = type_list(p->ts, &bound, 1);
        it->implicit = it->complete = true;
        p->bound = &it->t;
    }
    if (!it->tset) {
        Pos pos = p->obj->pos;
        NamedType *n = as_named(bound);
        if (n) pos = n->obj->pos;
        compute_interface_typeset(it->checker, pos, it);
    }
    return it;
}

/* ---- Named types ---------------------------------------------------------------------------------------- */

void named_set_rhs(Checker *c, NamedType *n, Type *rhs) { n->rhs = rhs; }
Type *named_rhs(NamedType *n) {
    unpack(n);
    return n->rhs;
}

void named_set_underlying(NamedType *n, Type *u) {
    n->rhs = n->underlying_ = u;
    n->state |= NAMED_UNPACKED | NAMED_HAS_UNDER;
}

void named_set_tparams(NamedType *n, TypeList tparams) {
    n->tparams = tparams;
    bind_tparams(tparams);
}

void named_add_method(NamedType *n, Object *m) {
    check(n->orig == n);
    if (named_method_index(n, m->pkg, m->name, false) >= 0) return;
    int len = n->methods_.len;
    if ((len & (len - 1)) == 0) { /* full at powers of two */
        Object **at = arena_array(&n->ts->arena, Object *, len ? len * 2 : 1);
        if (len) memcpy(at, n->methods_.at, sizeof *at * (size_t)len);
        n->methods_.at = at;
    }
    n->methods_.at[n->methods_.len++] = m;
}

bool named_is_instance(const NamedType *n) { return n->orig != n; }
int named_nmethods(NamedType *n) { return n->orig->methods_.len; }

int named_method_index(NamedType *n, Package *pkg, Name *name, bool fold_case) {
    NamedType *o = n->orig;
    if (name->blank) return -1;
    if (!name->exported && !fold_case && !same_pkg(o->obj->pkg, pkg)) return -1;
    for (int i = 0; i < o->methods_.len; i++) {
        Object *m = o->methods_.at[i];
        if (m->name == name || (fold_case && same_id(m, pkg, name, true))) return i;
    }
    return -1;
}

/* The instance's version of a generic method: receiver type parameters replaced. */
static Object *expand_method(NamedType *n, int i) {
    Object *orig = n->orig->methods_.at[i];
    SignatureType *old = (SignatureType *)object_type(orig);
    if (!old) return NULL;
    Checker *c = types_neutral_checker(n->ts);
    if (n->orig->obj->pkg && n->orig->obj->pkg->checker) c = n->orig->obj->pkg->checker;
    SignatureType *sig = old;
    if (old->rparams.len == n->targs.len)
        sig = (SignatureType *)check_subst(c, &old->t, old->rparams, n->targs, n);
    if (sig == old) {
        sig = new_signature(n->ts);
        uint32_t id = sig->t.id;
        *sig = *old;
        sig->t.id = id;
        sig->t.backend = NULL;
    }
    Type *rt = func_has_ptr_recv(orig) ? type_new_pointer(n->ts, &n->t) : &n->t;
    if (old->recv) sig->recv = clone_object(n->ts, old->recv, rt);
    sig->rparams = (TypeList){NULL, 0};
    return clone_object(n->ts, orig, &sig->t);
}

Object *named_method(NamedType *n, int i) {
    NamedType *o = n->orig;
    if (o == n) return n->methods_.at[i];
    if (n->methods_.len < o->methods_.len) {
        Object **at = arena_array(&n->ts->arena, Object *, o->methods_.len);
        if (n->methods_.len)
            memcpy(at, n->methods_.at, sizeof *at * (size_t)n->methods_.len);
        n->methods_ = (ObjectList){at, o->methods_.len};
    }
    if (!n->methods_.at[i]) {
        Object *m = expand_method(n, i);
        if (!m) return o->methods_.at[i]; /* its signature is still being declared */
        n->methods_.at[i] = m;
    }
    return n->methods_.at[i];
}

Object *named_instance_method(TypeSession *ts, NamedType *n, Object *origin) {
    for (int i = 0; i < n->orig->methods_.len; i++)
        if (n->orig->methods_.at[i] == origin) return named_method(n, i);
    return NULL;
}
