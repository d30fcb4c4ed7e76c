/* predicates: yes-or-no questions about types, identity first of all. */
#include "types/types_int.h"

bool is_valid(Type *t) { return !is_invalid(type_unalias(t)); }

bool is_basic(Type *t, int flags) {
    Type *u = type_underlying(t);
    return u->kind == TYPE_BASIC && (((BasicType *)u)->info & flags);
}

bool all_basic(Type *t, int flags) {
    if (!as_typeparam(t)) return is_basic(t, flags);
    for (TypeIter it = typeset_iter(t); typeset_next(&it);)
        if (!it.t || !is_basic(it.t, flags)) return false;
    return true;
}

bool has_name(Type *t) {
    t = type_unalias(t);
    return t->kind == TYPE_BASIC || t->kind == TYPE_NAMED || t->kind == TYPE_TYPEPARAM;
}

bool is_type_lit(Type *t) {
    t = type_unalias(t);
    return t->kind != TYPE_NAMED && t->kind != TYPE_TYPEPARAM;
}

bool is_untyped(Type *t) {
    return t->kind == TYPE_BASIC && (((BasicType *)t)->info & BF_UNTYPED);
}
bool is_typed(Type *t) { return !is_untyped(t); }
bool is_untyped_numeric(Type *t) {
    return is_untyped(t) && (((BasicType *)t)->info & BF_NUMERIC);
}

bool is_non_typeparam_interface(Type *t) { return type_is_interface(t); }
bool type_is_interface(Type *t) {
    return !type_is_typeparam(t) && type_underlying(t)->kind == TYPE_INTERFACE;
}
bool type_is_typeparam(Type *t) { return type_unalias(t)->kind == TYPE_TYPEPARAM; }

bool has_empty_typeset(Type *t) {
    TypeParamType *p = as_typeparam(t);
    if (!p || !p->bound) return false;
    Type *u = safe_underlying(p->bound);
    if (u->kind != TYPE_INTERFACE) return false;
    TypeSet *s = ((InterfaceType *)u)->tset;
    return s && typeset_is_empty(s);
}

bool is_generic(Type *t) {
    if (t->kind == TYPE_ALIAS) {
        AliasType *a = (AliasType *)t;
        if (a->tparams.len && !a->targs.len) return true;
    }
    NamedType *n = as_named(t);
    return n && n->orig == n && n->tparams.len > 0;
}

bool has_nil(Type *t) {
    Type *u = type_underlying(t);
    switch (u->kind) {
    case TYPE_BASIC: return ((BasicType *)u)->basic == BASIC_UNSAFEPTR;
    case TYPE_SLICE:
    case TYPE_POINTER:
    case TYPE_SIGNATURE:
    case TYPE_MAP:
    case TYPE_CHAN: return true;
    case TYPE_INTERFACE:
        if (!type_is_typeparam(t)) return true;
        for (TypeIter it = typeset_iter(t); typeset_next(&it);)
            if (!it.u || !has_nil(it.u)) return false;
        return true;
    }
    return false;
}

bool is_uintptr(Type *t) {
    const BasicType *b = type_basic(t);
    return b && b->basic == BASIC_UINTPTR;
}
bool is_unsafe_pointer(Type *t) {
    const BasicType *b = type_basic(t);
    return b && b->basic == BASIC_UNSAFEPTR;
}
bool is_pointer(Type *t) { return type_underlying(t)->kind == TYPE_POINTER; }
bool is_bytes_or_runes(Type *t) {
    Type *u = type_underlying(t);
    if (u->kind != TYPE_SLICE) return false;
    const BasicType *b = type_basic(((SliceType *)u)->elem);
    return b && (b->basic == BASIC_UINT8 || b->basic == BASIC_INT32);
}

const BasicType *type_basic(Type *t) {
    Type *u = type_underlying(t);
    return u->kind == TYPE_BASIC ? (BasicType *)u : NULL;
}

/* ---- Comparability ------------------------------------------------------------------------------ */

typedef struct Seen { Type *t; const struct Seen *prev; } Seen;

static bool comparable1(Checker *c, Type *t, bool dynamic, const Seen *prev, const char **cause) {
    for (const Seen *s = prev; s; s = s->prev)
        if (s->t == t) return true;
    Seen seen = {t, prev};
    if (cause) *cause = "";
    Type *u = type_underlying(t);
    switch (u->kind) {
    case TYPE_BASIC: return ((BasicType *)u)->basic != BASIC_UNTYPED_NIL;
    case TYPE_POINTER:
    case TYPE_CHAN: return true;
    case TYPE_STRUCT: {
        StructType *s = (StructType *)u;
        for (int i = 0; i < s->fields.len; i++) {
            if (comparable1(c, s->fields.at[i]->type, dynamic, &seen, NULL)) continue;
            if (cause)
                *cause = types_format(c, "struct containing %t cannot be compared",
                                      s->fields.at[i]->type);
            return false;
        }
        return true;
    }
    case TYPE_ARRAY:
        if (comparable1(c, ((ArrayType *)u)->elem, dynamic, &seen, NULL)) return true;
        if (cause) *cause = types_format(c, "%t cannot be compared", t);
        return false;
    case TYPE_INTERFACE: {
        if (dynamic && !type_is_typeparam(t)) return true;
        TypeSet *s = types_typeset((InterfaceType *)u);
        bool ok = s->comparable;
        if (!s->all_types) {
            ok = s->nterms > 0;
            for (int i = 0; ok && i < s->nterms; i++)
                ok = comparable1(c, s->terms[i].type, false, &seen, NULL);
        }
        if (!ok && cause)
            *cause = typeset_is_empty(s) ? "empty type set" : "incomparable types in type set";
        return ok;
    }
    }
    return false;
}

bool comparable_type(Checker *c, Type *t, bool dynamic, const char **cause) {
    return comparable1(c, t, dynamic, NULL, cause);
}

bool type_comparable(Type *t) { return comparable1(NULL, t, true, NULL, NULL); }

bool typeset_is_comparable(TypeSet *s) {
    if (s->all_types) return s->comparable;
    for (int i = 0; i < s->nterms; i++)
        if (!comparable1(NULL, s->terms[i].type, false, NULL, NULL)) return false;
    return s->nterms > 0;
}

/* ---- Identity ----------------------------------------------------------------------------------- */

/* Interfaces whose comparison is in progress: a pair met again counts as identical. */
typedef struct Pair { InterfaceType *x, *y; const struct Pair *prev; } Pair;

static bool identical1(Type *x, Type *y, bool ignore_tags, const Pair *p);

static bool tuples_identical(TupleType *x, TupleType *y, bool ignore_tags, const Pair *p) {
    int n = tuple_len(x);
    if (n != tuple_len(y)) return false;
    for (int i = 0; i < n; i++)
        if (!identical1(x->vars.at[i]->type, y->vars.at[i]->type, ignore_tags, p)) return false;
    return true;
}

static bool signatures_identical(SignatureType *x, SignatureType *y, bool ignore_tags,
                                 const Pair *p) {
    if (x->tparams.len != y->tparams.len || x->variadic != y->variadic) return false;
    TupleType *params = y->params, *results = y->results;
    if (x->tparams.len) {
        /* Rename y's type parameters to x's, then constraints and the rest must agree. */
        TypeSession *ts = ((TypeParamType *)x->tparams.at[0])->ts;
        for (int i = 0; i < x->tparams.len; i++) {
            Type *yb = type_subst(ts, ((TypeParamType *)y->tparams.at[i])->bound, y->tparams,
                                  x->tparams);
            if (!identical1(((TypeParamType *)x->tparams.at[i])->bound, yb, ignore_tags, p))
                return false;
        }
        if (params) params = (TupleType *)type_subst(ts, &params->t, y->tparams, x->tparams);
        if (results) results = (TupleType *)type_subst(ts, &results->t, y->tparams, x->tparams);
    }
    return tuples_identical(x->params, params, ignore_tags, p) &&
           tuples_identical(x->results, results, ignore_tags, p);
}

static bool interfaces_identical(InterfaceType *x, InterfaceType *y, bool ignore_tags,
                                 const Pair *p) {
    TypeSet *xs = types_typeset(x), *ys = types_typeset(y);
    if (xs->comparable != ys->comparable || xs->methods.len != ys->methods.len) return false;
    if (!typeset_subset_of(xs, ys) || !typeset_subset_of(ys, xs)) return false;
    for (const Pair *q = p; q; q = q->prev)
        if ((q->x == x && q->y == y) || (q->x == y && q->y == x)) return true;
    Pair q = {x, y, p};
    for (int i = 0; i < xs->methods.len; i++) {
        Object *f = xs->methods.at[i], *g = ys->methods.at[i];
        if (!same_id(f, g->pkg, g->name, false)) return false;
        if (!identical1(object_type(f), object_type(g), ignore_tags, &q)) return false;
    }
    return true;
}

static bool identical1(Type *x, Type *y, bool ignore_tags, const Pair *p) {
    x = type_unalias(x);
    y = type_unalias(y);
    if (x == y) return true;
    if (x->kind != y->kind) return false;
    switch ((TypeKind)x->kind) {
    case TYPE_BASIC: return ((BasicType *)x)->basic == ((BasicType *)y)->basic;
    case TYPE_ARRAY: {
        ArrayType *a = (ArrayType *)x, *b = (ArrayType *)y;
        return (a->len < 0 || b->len < 0 || a->len == b->len) &&
               identical1(a->elem, b->elem, ignore_tags, p);
    }
    case TYPE_SLICE:
        return identical1(((SliceType *)x)->elem, ((SliceType *)y)->elem, ignore_tags, p);
    case TYPE_STRUCT: {
        StructType *a = (StructType *)x, *b = (StructType *)y;
        if (a->fields.len != b->fields.len) return false;
        for (int i = 0; i < a->fields.len; i++) {
            Object *f = a->fields.at[i], *g = b->fields.at[i];
            if (f->embedded != g->embedded || !same_id(f, g->pkg, g->name, false)) return false;
            if (!ignore_tags) {
                Str none = {NULL, 0};
                if (!str_eq(a->tags ? a->tags[i] : none, b->tags ? b->tags[i] : none)) return false;
            }
            if (!identical1(f->type, g->type, ignore_tags, p)) return false;
        }
        return true;
    }
    case TYPE_POINTER:
        return identical1(((PointerType *)x)->elem, ((PointerType *)y)->elem, ignore_tags, p);
    case TYPE_TUPLE: return tuples_identical((TupleType *)x, (TupleType *)y, ignore_tags, p);
    case TYPE_SIGNATURE:
        return signatures_identical((SignatureType *)x, (SignatureType *)y, ignore_tags, p);
    case TYPE_UNION: {
        UnionType *a = (UnionType *)x, *b = (UnionType *)y;
        TypeSet sa = union_typeset(a), sb = union_typeset(b);
        return typeset_subset_of(&sa, &sb) && typeset_subset_of(&sb, &sa);
    }
    case TYPE_INTERFACE:
        return interfaces_identical((InterfaceType *)x, (InterfaceType *)y, ignore_tags, p);
    case TYPE_MAP:
        return identical1(((MapType *)x)->key, ((MapType *)y)->key, ignore_tags, p) &&
               identical1(((MapType *)x)->elem, ((MapType *)y)->elem, ignore_tags, p);
    case TYPE_CHAN:
        return ((ChanType *)x)->dir == ((ChanType *)y)->dir &&
               identical1(((ChanType *)x)->elem, ((ChanType *)y)->elem, ignore_tags, p);
    case TYPE_NAMED: {
        NamedType *a = (NamedType *)x, *b = (NamedType *)y;
        if (a->targs.len != b->targs.len || a->orig->obj != b->orig->obj) return false;
        for (int i = 0; i < a->targs.len; i++)
            if (!type_identical(a->targs.at[i], b->targs.at[i])) return false;
        return a->targs.len > 0; /* two different declared types, else instances of one */
    }
    case TYPE_TYPEPARAM:
    case TYPE_ALIAS: return false;
    }
    return false;
}

bool type_identical(Type *a, Type *b) { return a == b || identical1(a, b, false, NULL); }
bool identical_ignore_tags(Type *a, Type *b) { return identical1(a, b, true, NULL); }

bool identical_instance(Type *xorig, TypeList xargs, Type *yorig, TypeList yargs) {
    if (xargs.len != yargs.len) return false;
    for (int i = 0; i < xargs.len; i++)
        if (!type_identical(xargs.at[i], yargs.at[i])) return false;
    return type_identical(xorig, yorig);
}

/* ---- Untyped types ------------------------------------------------------------------------------- */

Type *default_type(Checker *c, Type *t) {
    if (t->kind != TYPE_BASIC) return t;
    switch (((BasicType *)t)->basic) {
    case BASIC_UNTYPED_BOOL: return BASIC(c, BOOL);
    case BASIC_UNTYPED_INT: return BASIC(c, INT);
    case BASIC_UNTYPED_RUNE: return c->ts->rune_type;
    case BASIC_UNTYPED_FLOAT: return BASIC(c, FLOAT64);
    case BASIC_UNTYPED_COMPLEX: return BASIC(c, COMPLEX128);
    case BASIC_UNTYPED_STRING: return BASIC(c, STRING);
    }
    return t;
}

Type *max_type(Type *x, Type *y) {
    if (x == y) return x;
    if (is_untyped_numeric(x) && is_untyped_numeric(y))
        return ((BasicType *)x)->basic > ((BasicType *)y)->basic ? x : y;
    return NULL;
}
