/* unify: makes two types equal by choosing types for type parameters (spec: Type unification).
 *
 * Each type parameter has a slot; joined parameters share one. In ASSIGN mode the top level is as loose
 * as assignment; inexact unification ignores names and channel directions; EXACT does not. */
#include "types/unify.h"

typedef struct Pair { InterfaceType *x, *y; const struct Pair *prev; } Pair;

enum { DEPTH_LIMIT = 50 };

static bool nify(Unifier *u, Type *x, Type *y, int mode, const Pair *p);

void unifier_init(Unifier *u, Checker *c, TypeList tparams, TypeList targs, bool iface_inference) {
    *u = (Unifier){.c = c, .tparams = tparams, .iface_inference = iface_inference};
    u->handle = arena_array(&c->ts->arena, int, tparams.len);
    u->slot = arena_array(&c->ts->arena, Type *, tparams.len);
    for (int i = 0; i < tparams.len; i++) {
        u->handle[i] = i;
        if (i < targs.len) u->slot[i] = targs.at[i];
    }
}

/* The number of a type parameter that is being inferred, or -1. */
static int bound_param(Unifier *u, Type *x) {
    x = type_unalias(x);
    if (x->kind != TYPE_TYPEPARAM) return -1;
    for (int i = 0; i < u->tparams.len; i++)
        if (u->tparams.at[i] == x) return i;
    return -1;
}

Type *unifier_at(Unifier *u, int i) { return u->slot[u->handle[i]]; }
void unifier_set(Unifier *u, int i, Type *t) { u->slot[u->handle[i]] = t; }

int unifier_unknowns(Unifier *u) {
    int n = 0;
    for (int i = 0; i < u->tparams.len; i++) n += !unifier_at(u, i);
    return n;
}

static bool join(Unifier *u, int x, int y) {
    int hx = u->handle[x], hy = u->handle[y];
    if (hx == hy) return true;
    if (u->slot[hx] && u->slot[hy]) return false;
    int from = u->slot[hx] ? hy : hx, to = u->slot[hx] ? hx : hy;
    for (int i = 0; i < u->tparams.len; i++)
        if (u->handle[i] == from) u->handle[i] = to;
    return true;
}

static InterfaceType *as_interface(Type *x) {
    return type_is_typeparam(x) ? NULL : AS_INTERFACE(x);
}

static bool nify_tuples(Unifier *u, TupleType *x, TupleType *y, int mode, const Pair *p) {
    int n = tuple_len(x);
    if (n != tuple_len(y)) return false;
    for (int i = 0; i < n; i++)
        if (!nify(u, x->vars.at[i]->type, y->vars.at[i]->type, mode, p)) return false;
    return true;
}

static bool same_sets(TypeSet *a, TypeSet *b) {
    return a->comparable == b->comparable && typeset_subset_of(a, b) && typeset_subset_of(b, a);
}

static bool pair_seen(const Pair *p, InterfaceType *x, InterfaceType *y) {
    for (; p; p = p->prev)
        if ((p->x == x && p->y == y) || (p->x == y && p->y == x)) return true;
    return false;
}

/* Both are interfaces: the methods of the smaller must be among the other's. */
static bool nify_shared_methods(Unifier *u, InterfaceType *xi, InterfaceType *yi, const Pair *p) {
    TypeSet *xs = types_typeset(xi), *ys = types_typeset(yi);
    if (!same_sets(xs, ys)) return false;
    if (pair_seen(p, xi, yi)) return true;
    Pair q = {xi, yi, p};
    if (xs->methods.len > ys->methods.len) {
        TypeSet *t = xs;
        xs = ys;
        ys = t;
    }
    for (int i = 0; i < xs->methods.len; i++) {
        Object *m = xs->methods.at[i];
        Object *o = typeset_lookup_method(ys, m->pkg, m->name, false, NULL);
        if (!o || !nify(u, object_type(m), object_type(o), UNIFY_EXACT, &q)) return false;
    }
    return true;
}

static bool nify_methods_of(Unifier *u, InterfaceType *xi, Type *y, const Pair *p) {
    ObjectList ms = types_typeset(xi)->methods;
    for (int i = 0; i < ms.len; i++) {
        Object *m = ms.at[i];
        Object *o = lookup_field_or_method(u->c->ts, y, false, m->pkg, m->name, false).obj;
        if (!o || o->kind != OBJ_FUNC) return false;
        SignatureType *sig = (SignatureType *)object_type(o);
        if (!sig || sig->tparams.len) return false;
        if (!nify(u, object_type(m), &sig->t, UNIFY_EXACT, p)) return false;
    }
    return true;
}

static bool nify_bound(Unifier *u, int px, Type *y, int mode, const Pair *p) {
    Type *x = unifier_at(u, px);
    if (!x) {
        unifier_set(u, px, y);
        return true;
    }
    if (!nify(u, x, y, mode, p)) return false;
    /* Keep the more telling of two types that unify: a named one, or a directed channel. */
    InterfaceType *xi = as_interface(x), *yi = as_interface(y);
    bool xn = as_named(x) != NULL, yn = as_named(y) != NULL;
    if (xi && yi) {
        if (xn && yn) return type_identical(x, y);
        if (types_typeset(xi)->methods.len != types_typeset(yi)->methods.len) return false;
    } else if (xi || yi) {
        return false;
    }
    if (!(mode & UNIFY_EXACT) && !xn) {
        Type *yu = type_underlying(y);
        if (yn || (yu->kind == TYPE_CHAN && ((ChanType *)yu)->dir != CHAN_BOTH))
            unifier_set(u, px, y);
    }
    return true;
}

static bool nify_structure(Unifier *u, Type *x, Type *y, Type *yorig, int mode, const Pair *p) {
    int emode = mode & UNIFY_ASSIGN ? mode | UNIFY_EXACT : mode; /* of element types */
    if (x->kind == TYPE_TYPEPARAM) { /* not one being inferred: its core type must do */
        Type *cx = common_under(u->c, x, NULL, NULL, NULL);
        return cx && nify(u, cx, yorig, UNIFY_ASSIGN, p);
    }
    if (x->kind != y->kind) return false;
    switch ((TypeKind)x->kind) {
    case TYPE_BASIC: return ((BasicType *)x)->basic == ((BasicType *)y)->basic;
    case TYPE_ARRAY: {
        ArrayType *a = (ArrayType *)x, *b = (ArrayType *)y;
        return (a->len < 0 || b->len < 0 || a->len == b->len) &&
               nify(u, a->elem, b->elem, emode, p);
    }
    case TYPE_SLICE: return nify(u, ((SliceType *)x)->elem, ((SliceType *)y)->elem, emode, p);
    case TYPE_STRUCT: {
        StructType *a = (StructType *)x, *b = (StructType *)y;
        if (a->fields.len != b->fields.len) return false;
        for (int i = 0; i < a->fields.len; i++) {
            Object *f = a->fields.at[i], *g = b->fields.at[i];
            Str none = {NULL, 0};
            if (f->embedded != g->embedded ||
                !str_eq(a->tags ? a->tags[i] : none, b->tags ? b->tags[i] : none) ||
                !same_id(f, g->pkg, g->name, false) || !nify(u, f->type, g->type, emode, p))
                return false;
        }
        return true;
    }
    case TYPE_POINTER:
        return nify(u, ((PointerType *)x)->elem, ((PointerType *)y)->elem, emode, p);
    case TYPE_TUPLE: return nify_tuples(u, (TupleType *)x, (TupleType *)y, mode, p);
    case TYPE_SIGNATURE: {
        SignatureType *a = (SignatureType *)x, *b = (SignatureType *)y;
        return a->variadic == b->variadic && nify_tuples(u, a->params, b->params, emode, p) &&
               nify_tuples(u, a->results, b->results, emode, p);
    }
    case TYPE_INTERFACE: {
        InterfaceType *a = (InterfaceType *)x, *b = (InterfaceType *)y;
        TypeSet *as = types_typeset(a), *bs = types_typeset(b);
        if (!same_sets(as, bs) || as->methods.len != bs->methods.len) return false;
        if (pair_seen(p, a, b)) return true;
        Pair q = {a, b, p};
        for (int i = 0; i < as->methods.len; i++) {
            Object *f = as->methods.at[i], *g = bs->methods.at[i];
            if (!same_id(f, g->pkg, g->name, false) ||
                !nify(u, object_type(f), object_type(g), UNIFY_EXACT, &q))
                return false;
        }
        return true;
    }
    case TYPE_MAP:
        return nify(u, ((MapType *)x)->key, ((MapType *)y)->key, emode, p) &&
               nify(u, ((MapType *)x)->elem, ((MapType *)y)->elem, emode, p);
    case TYPE_CHAN:
        return (!(mode & UNIFY_EXACT) || ((ChanType *)x)->dir == ((ChanType *)y)->dir) &&
               nify(u, ((ChanType *)x)->elem, ((ChanType *)y)->elem, emode, p);
    case TYPE_NAMED: {
        NamedType *a = (NamedType *)x, *b = (NamedType *)y;
        if (a->targs.len != b->targs.len) return false;
        for (int i = 0; i < a->targs.len; i++)
            if (!nify(u, a->targs.at[i], b->targs.at[i], mode, p)) return false;
        return a->orig->obj == b->orig->obj;
    }
    default: return false;
    }
}

static bool nify1(Unifier *u, Type *x, Type *y, int mode, const Pair *p) {
    if (x == y || type_unalias(x) == type_unalias(y)) return true;
    if (u->depth > DEPTH_LIMIT) return false;
    /* A named type, or a type parameter being inferred, goes to the left respectively right so that
     * there is only one case of each to look at. */
    if (as_named(x) || bound_param(u, y) >= 0) {
        Type *t = x;
        x = y;
        y = t;
    }
    NamedType *ny = as_named(y);
    if (ny && !(mode & UNIFY_EXACT) && is_type_lit(x) &&
        !(u->iface_inference && type_underlying(x)->kind == TYPE_INTERFACE)) {
        y = type_underlying(&ny->t);
        if (x == y || type_unalias(x) == type_unalias(y)) return true;
    }
    int px = bound_param(u, x), py = bound_param(u, y);
    if (px >= 0 && py >= 0) {
        if (join(u, px, py)) return true;
        return nify(u, unifier_at(u, px), unifier_at(u, py), mode, p);
    }
    if (px >= 0) return nify_bound(u, px, y, mode, p);

    if (u->iface_inference && !(mode & UNIFY_EXACT)) {
        InterfaceType *xi = as_interface(x), *yi = as_interface(y);
        if (xi && yi) return nify_shared_methods(u, xi, yi, p);
        if (yi) {
            xi = yi;
            y = x;
        }
        if (xi) return nify_methods_of(u, xi, y, p);
    }
    if (type_is_typeparam(y)) {
        Type *t = x;
        x = y;
        y = t;
    }
    return nify_structure(u, type_unalias(x), type_unalias(y), y, mode, p);
}

static bool nify(Unifier *u, Type *x, Type *y, int mode, const Pair *p) {
    u->depth++;
    bool r = nify1(u, x, y, mode, p);
    u->depth--;
    return r;
}

bool unify(Unifier *u, Type *x, Type *y, int mode) { return nify(u, x, y, mode, NULL); }
