/* infer: type arguments from function arguments and constraints (spec: Type inference). */
#include "types/unify.h"

static TypeList inferred_list(Unifier *u) {
    TypeList l = {arena_array(&u->c->ts->arena, Type *, u->tparams.len), u->tparams.len};
    for (int i = 0; i < l.len; i++) l.at[i] = unifier_at(u, i);
    return l;
}

const char *typeparams_string(Checker *c, TypeList l) {
    Buf b = {0};
    for (int i = 0; i < l.len; i++) {
        if (i && l.len > 2) buf_putc(&b, ',');
        if (i) buf_puts(&b, i == l.len - 1 ? " and " : " ");
        buf_puts(&b, ((TypeParamType *)l.at[i])->obj->name->p);
    }
    const char *s = str_dup(&c->ts->arena, buf_str(&b)).p;
    buf_free(&b);
    return s;
}

static bool has_null(TypeList l) {
    for (int i = 0; i < l.len; i++)
        if (!l.at[i]) return true;
    return false;
}

static void mismatch(Unifier *u, Type *tpar, Type *targ, Operand *arg, bool reverse,
                     MultiError *err) {
    Checker *c = u->c;
    TypeList targs = inferred_list(u);
    bool all_failed = true;
    for (int i = 0; i < targs.len; i++) all_failed &= !targs.at[i];
    if (all_failed) {
        error_addf(err, operand_pos(arg), "type %t of %e does not match %t (cannot infer %s)", targ,
                   arg->expr, tpar, typeparams_string(c, u->tparams));
        return;
    }
    Type *inferred = check_subst(c, tpar, u->tparams, targs, NULL);
    if (inferred == tpar)
        error_addf(err, operand_pos(arg), "type %t of %e does not match %t", targ, arg->expr, tpar);
    else if (reverse)
        error_addf(err, operand_pos(arg), "inferred type %t for %t does not match type %t of %e",
                   inferred, tpar, targ, arg->expr);
    else
        error_addf(err, operand_pos(arg), "type %t of %e does not match inferred type %t for %t",
                   targ, arg->expr, inferred, tpar);
}

/* The single term of tp's constraint, or its core type; false when there is neither. */
static bool core_term(Checker *c, Type *tp, UnionTerm *out, bool *single) {
    int n = 0;
    bool tilde = false;
    for (TypeIter it = typeset_iter(tp); typeset_next(&it);) {
        if (!it.t) break;
        n++;
        *out = (UnionTerm){it.tilde, it.t};
        tilde |= it.tilde;
    }
    *single = n == 1;
    if (n == 1) return true;
    Type *u = common_under(c, tp, NULL, NULL, NULL);
    if (!u) return false;
    *out = (UnionTerm){tilde, u};
    return true;
}

static bool unify_exact(void *ctx, Type *x, Type *y) { return unify(ctx, x, y, UNIFY_EXACT); }

/* Uses the constraints until nothing new comes out. */
static bool infer_from_constraints(Unifier *u, Pos p, MultiError *err) {
    Checker *c = u->c;
    for (;;) {
        int unknown = unifier_unknowns(u);
        for (int i = 0; i < u->tparams.len; i++) {
            TypeParamType *tp = (TypeParamType *)u->tparams.at[i];
            Type *tx = unifier_at(u, i);
            UnionTerm core;
            bool single;
            if (core_term(c, &tp->t, &core, &single)) {
                if (tx) {
                    if (!unify(u, tx, core.type, 0)) {
                        error_addf(err, p, "%t (type %t) does not satisfy %t", &tp->t, tx,
                                   tp->bound);
                        return false;
                    }
                } else if (single && !core.tilde) {
                    unifier_set(u, i, core.type);
                }
            }
            if (tx && !is_parameterized(u->tparams, tx)) {
                const char *cause = "";
                if (!has_all_methods(c, tx, &typeparam_iface(tp)->t, true, unify_exact, u, &cause)) {
                    error_addf(err, p, "%t (type %t) does not satisfy %t %s", &tp->t, tx, tp->bound,
                               cause);
                    return false;
                }
            }
        }
        if (unifier_unknowns(u) == unknown) return true;
    }
}

/* ---- Cycles through inferred types ---------------------------------------------------------------------- */

typedef struct Cycle { Type *t; const struct Cycle *prev; } Cycle;

static void kill_cycles(TypeList tparams, TypeList inferred, Type *t, const Cycle *prev) {
    t = type_unalias(t);
    int k = -1;
    if (t->kind == TYPE_TYPEPARAM)
        for (int i = 0; i < tparams.len; i++)
            if (tparams.at[i] == t) k = i;
    for (const Cycle *q = prev; q; q = q->prev)
        if (q->t == t) {
            if (k >= 0) inferred.at[k] = NULL;
            return;
        }
    Cycle cy = {t, prev};
#define GO(x) kill_cycles(tparams, inferred, (x), &cy)
#define VARS(l) \
    for (int i = 0; i < (l).len; i++) GO((l).at[i]->type)
    switch ((TypeKind)t->kind) {
    case TYPE_ARRAY: GO(((ArrayType *)t)->elem); break;
    case TYPE_SLICE: GO(((SliceType *)t)->elem); break;
    case TYPE_POINTER: GO(((PointerType *)t)->elem); break;
    case TYPE_CHAN: GO(((ChanType *)t)->elem); break;
    case TYPE_MAP:
        GO(((MapType *)t)->key);
        GO(((MapType *)t)->elem);
        break;
    case TYPE_STRUCT: VARS(((StructType *)t)->fields); break;
    case TYPE_SIGNATURE:
        if (((SignatureType *)t)->params) VARS(((SignatureType *)t)->params->vars);
        if (((SignatureType *)t)->results) VARS(((SignatureType *)t)->results->vars);
        break;
    case TYPE_UNION:
        for (int i = 0; i < ((UnionType *)t)->nterms; i++) GO(((UnionType *)t)->terms[i].type);
        break;
    case TYPE_INTERFACE:
        VARS(((InterfaceType *)t)->methods);
        for (int i = 0; i < ((InterfaceType *)t)->embeddeds.len; i++)
            GO(((InterfaceType *)t)->embeddeds.at[i]);
        break;
    case TYPE_NAMED:
        for (int i = 0; i < ((NamedType *)t)->targs.len; i++) GO(((NamedType *)t)->targs.at[i]);
        break;
    case TYPE_TYPEPARAM:
        if (k >= 0 && inferred.at[k]) GO(inferred.at[k]);
        break;
    default: break;
    }
#undef VARS
#undef GO
}

/* ---- Inference --------------------------------------------------------------------------------------------- */

/* Untyped constants decide what is still open: the largest kind among them, by default type. */
static bool infer_from_untyped(Unifier *u, TupleType *params, OperandList args, const int *untyped,
                               int nuntyped, MultiError *err) {
    Checker *c = u->c;
    TypeList best = {arena_array(&c->ts->arena, Type *, u->tparams.len), u->tparams.len};
    for (int k = 0; k < nuntyped; k++) {
        Operand *arg = args.at[untyped[k]];
        Type *tp = params->vars.at[untyped[k]]->type;
        int i = 0;
        while (i < u->tparams.len && u->tparams.at[i] != tp) i++;
        if (i == u->tparams.len || unifier_at(u, i)) continue;
        Type *max = best.at[i] ? max_type(best.at[i], arg->type) : arg->type;
        if (!max) {
            error_addf(err, operand_pos(arg), "mismatched types %t and %t (cannot infer %t)",
                       best.at[i], arg->type, tp);
            return false;
        }
        best.at[i] = max;
    }
    for (int i = 0; i < best.len; i++)
        if (best.at[i]) unifier_set(u, i, default_type(c, best.at[i]));
    return true;
}

TypeList check_infer(Checker *c, Pos p, TypeList tparams, TypeList targs, TupleType *params,
                     OperandList args, bool reverse, MultiError *err) {
    const TypeList none = {NULL, 0};
    int n = tparams.len;
    if (targs.len == n && !has_null(targs)) return targs;
    for (int i = 0; i < args.len; i++)
        if (args.at[i]->mode == MODE_INVALID) return none;
    if (targs.len < n) {
        TypeList l = {arena_array(&c->ts->arena, Type *, n), n};
        if (targs.len) memcpy(l.at, targs.at, sizeof(Type *) * (size_t)targs.len);
        targs = l;
    }
    if (tuple_len(params))
        params = (TupleType *)check_subst(c, &params->t, tparams, targs, NULL);

    Unifier u;
    unifier_init(&u, c, tparams, targs, allow_version(c, 21));
    int *untyped = arena_array(&c->ts->arena, int, args.len);
    int nuntyped = 0;
    for (int i = 0; i < args.len; i++) {
        Operand *arg = args.at[i];
        Type *par = params->vars.at[i]->type;
        if (!is_parameterized(tparams, par) && !is_parameterized(tparams, arg->type)) continue;
        if (is_typed(arg->type)) {
            if (!unify(&u, par, arg->type, UNIFY_ASSIGN)) {
                mismatch(&u, par, arg->type, arg, reverse, err);
                return none;
            }
        } else if (par->kind == TYPE_TYPEPARAM && !operand_is_nil(arg)) {
            untyped[nuntyped++] = i;
        }
    }
    if (!infer_from_constraints(&u, p, err)) return none;
    if (!infer_from_untyped(&u, params, args, untyped, nuntyped, err)) return none;

    TypeList inferred = inferred_list(&u);
    for (int i = 0; i < n; i++) kill_cycles(tparams, inferred, tparams.at[i], NULL);
    /* Put inferred types into each other until they mention no type parameter that is known. */
    TypeList known = {arena_array(&c->ts->arena, Type *, n), 0};
    for (int i = 0; i < n; i++)
        if (inferred.at[i]) known.at[known.len++] = tparams.at[i];
    for (bool dirty = true; dirty;) {
        dirty = false;
        for (int i = 0; i < n; i++) {
            if (!inferred.at[i] || targs.at[i] || !is_parameterized(known, inferred.at[i])) continue;
            Type *t = check_subst(c, inferred.at[i], tparams, inferred, NULL);
            if (t == inferred.at[i]) continue;
            if (t->kind == TYPE_SIGNATURE && ((SignatureType *)t)->tparams.len &&
                !is_parameterized(tparams, t))
                ((SignatureType *)t)->tparams.len = 0; /* a generic function argument, instantiated */
            inferred.at[i] = t;
            dirty = true;
        }
    }
    for (int i = 0; i < n; i++) {
        if (inferred.at[i] && !is_parameterized(tparams, inferred.at[i])) continue;
        Object *o = ((TypeParamType *)tparams.at[i])->obj;
        error_addf(err, p, "cannot infer %n (declared at %p)", o->name, o->pos);
        return none;
    }
    return inferred;
}

TypeList rename_tparams(Checker *c, Pos p, TypeList tparams, Type *t, Type **renamed) {
    TypeSession *ts = c->ts;
    TypeList l = {arena_array(&ts->arena, Type *, tparams.len), tparams.len};
    for (int i = 0; i < l.len; i++) {
        TypeParamType *tp = (TypeParamType *)tparams.at[i];
        Object *o = new_object(ts, OBJ_TYPENAME, tp->obj->pos, tp->obj->pkg, tp->obj->name, NULL);
        TypeParamType *n = new_typeparam(types_neutral_checker(ts), o, NULL);
        o->color = 2;
        n->index = tp->index;
        l.at[i] = &n->t;
    }
    for (int i = 0; i < l.len; i++)
        ((TypeParamType *)l.at[i])->bound =
            check_subst(c, ((TypeParamType *)tparams.at[i])->bound, tparams, l, NULL);
    *renamed = check_subst(c, t, tparams, l, NULL);
    return l;
}
