/* instantiate: instances of generic types, one object per distinct list of arguments in the whole
 * session; satisfaction of constraints, with gc's words for why not. */
#include "types/types_int.h"

/* ---- The table of instances ------------------------------------------------------------------------------- */

typedef struct Instance { uint64_t hash; Type *type; TypeList targs; } Instance;
typedef VEC(Instance) Instances;

/* Equal for identical types; not deep, interfaces and structs may still be incomplete. */
static uint64_t type_hash(Type *t, int depth) {
    t = type_unalias(t);
    uint64_t h = (uint64_t)t->kind * 0x9E3779B97F4A7C15u + 1;
#define MIX(x) (h = (h ^ (uint64_t)(x)) * 0x9FB21C651E98DF25u, h ^= h >> 29)
    if (depth > 6) return h;
    switch (t->kind) {
    case TYPE_BASIC: MIX(((BasicType *)t)->basic); break;
    case TYPE_ARRAY: MIX(type_hash(((ArrayType *)t)->elem, depth + 1)); break;
    case TYPE_SLICE: MIX(type_hash(((SliceType *)t)->elem, depth + 1)); break;
    case TYPE_POINTER: MIX(type_hash(((PointerType *)t)->elem, depth + 1)); break;
    case TYPE_CHAN: MIX(type_hash(((ChanType *)t)->elem, depth + 1)); break;
    case TYPE_MAP:
        MIX(type_hash(((MapType *)t)->key, depth + 1));
        MIX(type_hash(((MapType *)t)->elem, depth + 1));
        break;
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        MIX(n->orig->obj->id);
        MIX(n->inst_hash);
        break;
    }
    case TYPE_TYPEPARAM: MIX(t->id); break;
    }
#undef MIX
    return h;
}

TypeList type_tparams(Type *g) {
    switch (g->kind) {
    case TYPE_NAMED: return ((NamedType *)g)->orig->tparams;
    case TYPE_ALIAS: return ((AliasType *)g)->orig->tparams;
    case TYPE_SIGNATURE: return ((SignatureType *)g)->tparams;
    }
    return (TypeList){NULL, 0};
}

static Type *make_instance(Checker *c, Pos p, Type *orig, TypeList targs, NamedType *expanding) {
    TypeSession *ts = c->ts;
    switch (orig->kind) {
    case TYPE_NAMED: {
        NamedType *o = (NamedType *)orig;
        NamedType *n = alloc_type(ts, TYPE_NAMED, sizeof *n);
        n->obj = o->obj;
        n->orig = o;
        n->targs = targs;
        n->ts = ts;
        n->inst_pos = p ? p : expanding ? expanding->inst_pos : 0;
        return &n->t; /* the rest is substituted when asked for */
    }
    case TYPE_ALIAS: {
        AliasType *o = (AliasType *)orig;
        if (!validate_targ_len(c, p, o->obj->name->p, o->tparams.len, targs.len))
            return INVALID_TYPE(c);
        if (!o->tparams.len) return orig;
        AliasType *a = alloc_type(ts, TYPE_ALIAS, sizeof *a);
        a->obj = o->obj;
        a->orig = o;
        a->tparams = o->tparams;
        a->targs = targs;
        a->from = check_subst(c, o->from, o->tparams, targs, expanding);
        return &a->t;
    }
    default: bug("instance of a type of kind %d", orig->kind);
    }
}

Type *check_instance(Checker *c, Pos p, Type *orig, TypeList targs, NamedType *expanding) {
    TypeSession *ts = c->ts;
    if (orig->kind == TYPE_SIGNATURE) {
        SignatureType *o = (SignatureType *)orig;
        if (o->tparams.len != targs.len) {
            Buf b = {0};
            type_string(&b, c, orig);
            validate_targ_len(c, p, b.data, o->tparams.len, targs.len);
            buf_free(&b);
            return INVALID_TYPE(c);
        }
        if (!targs.len) return orig;
        SignatureType *sig = (SignatureType *)check_subst(c, orig, o->tparams, targs, NULL);
        if (sig == o) {
            sig = new_signature(ts);
            uint32_t id = sig->t.id;
            *sig = *o;
            sig->t.id = id;
            sig->t.backend = NULL;
        }
        sig->tparams = (TypeList){NULL, 0};
        return &sig->t;
    }
    if (orig->kind == TYPE_NAMED) orig = &((NamedType *)orig)->orig->t;
    uint64_t h = (uint64_t)targs.len;
    for (int i = 0; i < targs.len; i++) h = h * 31 + type_hash(targs.at[i], 0);
    bool fresh;
    MapEntry *e = map_put_ptr(&ts->instances, orig, &fresh);
    if (fresh) {
        Instances *fresh_list = arena_new(&ts->arena, Instances);
        fresh_list->arena = &ts->arena;
        e->val = fresh_list;
    }
    Instances *l = e->val;
    for (int i = 0; i < l->len; i++) {
        Instance *in = &l->at[i];
        if (in->hash != h || in->targs.len != targs.len) continue;
        bool same = true;
        for (int j = 0; j < targs.len && same; j++)
            same = type_identical(in->targs.at[j], targs.at[j]);
        if (same) return in->type;
    }
    targs = type_list(ts, targs.at, targs.len);
    Type *t = make_instance(c, p, orig, targs, expanding);
    if (is_invalid(t)) return t;
    Instance in = {h, t, targs};
    if (t->kind == TYPE_NAMED) ((NamedType *)t)->inst_hash = h;
    vec_push(l, in);
    return t;
}

Type *type_instantiate(TypeSession *ts, Type *generic, TypeList targs) {
    return check_instance(types_neutral_checker(ts), 0, generic, targs, NULL);
}

bool validate_targ_len(Checker *c, Pos p, const char *name, int want, int got) {
    if (got == want) return true;
    types_error(c, p, ERR_WrongTypeArgCount, "%s type arguments for type %s: have %d, want %d",
                got < want ? "not enough" : "too many", name, got, want);
    return false;
}

/* ---- Constraints ---------------------------------------------------------------------------------------------- */

int check_verify(Checker *c, Pos p, TypeList tparams, TypeList targs, const char **cause) {
    for (int i = 0; i < tparams.len; i++) {
        TypeParamType *tp = (TypeParamType *)tparams.at[i];
        typeparam_iface(tp); /* the bound may get wrapped */
        Type *bound = check_subst(c, tp->bound, tparams, targs, NULL);
        if (!check_implements(c, targs.at[i], bound, true, cause)) return i;
    }
    return -1;
}

/* Whether typ occurs in the elements of an interface or union as written. */
static bool interface_mentions(Type *t, Type *typ) {
    if (t->kind == TYPE_INTERFACE) {
        InterfaceType *it = (InterfaceType *)t;
        for (int i = 0; i < it->embeddeds.len; i++)
            if (interface_mentions(it->embeddeds.at[i], typ)) return true;
        return false;
    }
    if (t->kind == TYPE_UNION) {
        UnionType *u = (UnionType *)t;
        for (int i = 0; i < u->nterms; i++)
            if (interface_mentions(u->terms[i].type, typ)) return true;
        return false;
    }
    return type_identical(t, typ);
}

static bool term_includes(UnionTerm t, Type *v) {
    return type_identical(t.type, t.tilde ? type_underlying(v) : v);
}

static bool implements_comparable(Checker *c, Type *v, TypeSet *ts, bool constraint,
                                  const char *verb, const char **cause) {
    if (!typeset_is_comparable(ts)) return true;
    if (comparable_type(c, v, false, NULL)) return true;
    if (constraint && comparable_type(c, v, true, NULL)) {
        if (allow_version(c, 20)) return true;
        if (cause)
            *cause = types_format(c, "%t to %s comparable requires go1.20 or later", v, verb);
        return false;
    }
    if (cause) *cause = types_format(c, "%t does not %s comparable", v, verb);
    return false;
}

bool check_implements(Checker *c, Type *v, Type *t, bool constraint, const char **cause) {
    Type *vu = type_underlying(v), *tu = type_underlying(t);
    if (is_invalid(vu) || is_invalid(tu)) return true;
    if (vu->kind == TYPE_POINTER && is_invalid(type_underlying(((PointerType *)vu)->elem)))
        return true;
    const char *verb = constraint ? "satisfy" : "implement";
    if (tu->kind != TYPE_INTERFACE) {
        if (cause) {
            const char *detail = is_interface_ptr(tu)
                                     ? interface_ptr_error(c, t)
                                     : types_format(c, "%t is not an interface", t);
            *cause = types_format(c, "%t does not %s %t (%s)", v, verb, t, detail);
        }
        return false;
    }
    TypeSet *ts = types_typeset((InterfaceType *)tu);
    if (typeset_is_all(ts)) return true;
    TypeSet *vs = vu->kind == TYPE_INTERFACE ? types_typeset((InterfaceType *)vu) : NULL;
    if (vs && typeset_is_empty(vs)) return true;
    if (typeset_is_empty(ts)) {
        if (cause) *cause = types_format(c, "cannot %s %t (empty type set)", verb, t);
        return false;
    }
    const char *why = "";
    if (!has_all_methods(c, v, t, true, NULL, NULL, cause ? &why : NULL)) {
        if (cause) *cause = types_format(c, "%t does not %s %t %s", v, verb, t, why);
        return false;
    }
    if (!typeset_has_terms(ts)) return implements_comparable(c, v, ts, constraint, verb, cause);
    if (vs) {
        if (!typeset_subset_of(vs, ts)) {
            if (cause) *cause = types_format(c, "%t does not %s %t", v, verb, t);
            return false;
        }
        return implements_comparable(c, v, ts, constraint, verb, cause);
    }
    Type *alt = NULL;
    bool in = false;
    for (int i = 0; i < ts->nterms && !in; i++) {
        UnionTerm tt = ts->terms[i];
        in = term_includes(tt, v);
        if (in || alt || tt.tilde || !type_identical(tt.type, type_underlying(tt.type))) continue;
        tt.tilde = true;
        if (term_includes(tt, v)) alt = tt.type;
    }
    if (!in) {
        if (cause) {
            const char *detail;
            if (alt) {
                detail = types_format(c, "possibly missing ~ for %t in %t", alt, t);
            } else if (interface_mentions(tu, v)) {
                detail = types_format(c, "%t mentions %t, but %t is not in the type set of %t", t, v,
                                      v, t);
            } else {
                Buf b = {0};
                type_set_string(&b, c, ts);
                detail = types_format(c, "%t missing in %s", v, b.data ? b.data : "");
                buf_free(&b);
            }
            *cause = types_format(c, "%t does not %s %t (%s)", v, verb, t, detail);
        }
        return false;
    }
    return implements_comparable(c, v, ts, constraint, verb, cause);
}

bool type_implements(TypeSession *ts, Type *t, Type *iface) {
    return check_implements(types_neutral_checker(ts), t, iface, false, NULL);
}
