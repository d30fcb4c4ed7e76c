/* typeset: which types an interface admits, as methods and a list of terms; iteration over the types
 * of a type parameter; unions.
 *
 * A TypeSet with all_types has no term list; one without all_types and without terms is empty. */
#include "types/types_int.h"

enum { MAX_TERMS = 100 };

/* ---- Terms ------------------------------------------------------------------------------------------ */

typedef struct Terms { bool all; UnionTerm *at; int n; } Terms;

static bool terms_disjoint(UnionTerm x, UnionTerm y) {
    Type *ux = y.tilde ? type_underlying(x.type) : x.type;
    Type *uy = x.tilde ? type_underlying(y.type) : y.type;
    return !type_identical(ux, uy);
}

static bool term_subset_of(UnionTerm x, UnionTerm y) {
    return !terms_disjoint(x, y) && (!x.tilde || y.tilde);
}

/* Joins terms of which one includes the other. */
static Terms terms_norm(UnionTerm *at, int n) {
    int out = 0;
    for (int i = 0; i < n; i++) {
        bool absorbed = false;
        for (int j = 0; j < out && !absorbed; j++) {
            if (terms_disjoint(at[j], at[i])) continue;
            if (!at[j].tilde && at[i].tilde) at[j] = at[i];
            absorbed = true;
        }
        if (!absorbed) at[out++] = at[i];
    }
    return (Terms){false, at, out};
}

static Terms terms_union(Arena *a, Terms x, Terms y) {
    if (x.all || y.all) return (Terms){true, NULL, 0};
    UnionTerm *at = arena_array(a, UnionTerm, x.n + y.n);
    if (x.n) memcpy(at, x.at, sizeof *at * (size_t)x.n);
    if (y.n) memcpy(at + x.n, y.at, sizeof *at * (size_t)y.n);
    return terms_norm(at, x.n + y.n);
}

static Terms terms_intersect(Arena *a, Terms x, Terms y) {
    if (x.all) return y;
    if (y.all) return x;
    UnionTerm *at = arena_array(a, UnionTerm, x.n * y.n);
    int n = 0;
    for (int i = 0; i < x.n; i++)
        for (int j = 0; j < y.n; j++)
            if (!terms_disjoint(x.at[i], y.at[j]))
                at[n++] = !x.at[i].tilde || y.at[j].tilde ? x.at[i] : y.at[j];
    return terms_norm(at, n);
}

/* ---- Questions ---------------------------------------------------------------------------------------- */

bool typeset_is_empty(const TypeSet *s) { return !s->all_types && s->nterms == 0; }
bool typeset_is_method_set(const TypeSet *s) { return !s->comparable && s->all_types; }
bool typeset_is_all(const TypeSet *s) { return typeset_is_method_set(s) && s->methods.len == 0; }
bool typeset_has_terms(const TypeSet *s) { return !s->all_types && s->nterms > 0; }

bool typeset_subset_of(const TypeSet *x, const TypeSet *y) {
    if (y->all_types) return true;
    if (x->all_types) return false;
    for (int i = 0; i < x->nterms; i++) {
        bool in = false;
        for (int j = 0; j < y->nterms && !in; j++) in = term_subset_of(x->terms[i], y->terms[j]);
        if (!in) return false;
    }
    return true;
}

Object *typeset_lookup_method(const TypeSet *s, Package *pkg, Name *name, bool fold_case,
                              int *index) {
    int i = method_index(s->methods, pkg, name, fold_case);
    if (index) *index = i;
    return i < 0 ? NULL : s->methods.at[i];
}

/* Terms are written with full package paths, as gc does. */
static const char *term_string(Checker *c, UnionTerm t) {
    return types_format(types_neutral_checker(c->ts), "%s%t", t.tilde ? "~" : "", t.type);
}

void type_set_string(Buf *b, Checker *c, const TypeSet *s) {
    if (typeset_is_empty(s)) {
        buf_puts(b, "∅");
        return;
    }
    if (s->all_types) {
        buf_puts(b, "𝓤");
        return;
    }
    for (int i = 0; i < s->nterms; i++) {
        if (i) buf_puts(b, " | ");
        buf_puts(b, term_string(c, s->terms[i]));
    }
}

/* ---- Iteration ------------------------------------------------------------------------------------------ */

TypeIter typeset_iter(Type *t) {
    TypeIter it = {0};
    TypeParamType *p = as_typeparam(t);
    if (p)
        it.set = types_typeset(typeparam_iface(p));
    else
        it.single = t;
    return it;
}

bool typeset_next(TypeIter *it) {
    int i = it->i++;
    if (it->single) {
        if (i) return false;
        it->t = it->single;
        it->u = type_underlying(it->t);
        return true;
    }
    if (!typeset_has_terms(it->set)) {
        it->t = it->u = NULL;
        return i == 0;
    }
    if (i >= it->set->nterms) return false;
    it->t = it->set->terms[i].type;
    it->tilde = it->set->terms[i].tilde;
    it->u = type_underlying(it->t);
    return true;
}

Type *common_under(Checker *c, Type *t, CommonCond cond, void *ctx, const char **cause) {
    Type *ct = NULL, *cu = NULL;
    for (TypeIter it = typeset_iter(t); typeset_next(&it);) {
        if (cond) {
            const char *why = cond(c, it.t, it.u, ctx);
            if (why) {
                if (cause) *cause = why;
                return NULL;
            }
        }
        if (!it.u) {
            if (cause) *cause = "no specific type";
            return NULL;
        }
        if (!cu) {
            ct = it.t;
            cu = it.u;
            continue;
        }
        if (cu->kind == TYPE_CHAN && it.u->kind == TYPE_CHAN) {
            ChanType *a = (ChanType *)cu, *b = (ChanType *)it.u;
            if (!type_identical(a->elem, b->elem)) {
                if (cause)
                    *cause = types_format(c, "channels %t and %t have different element types", ct,
                                          it.t);
                return NULL;
            }
            if (a->dir == b->dir) continue;
            if (a->dir == CHAN_BOTH) {
                ct = it.t;
                cu = it.u;
            } else if (b->dir != CHAN_BOTH) {
                if (cause)
                    *cause =
                        types_format(c, "channels %t and %t have conflicting directions", ct, it.t);
                return NULL;
            }
            continue;
        }
        if (!type_identical(cu, it.u)) {
            if (cause)
                *cause = types_format(c, "%t and %t have different underlying types", ct, it.t);
            return NULL;
        }
    }
    return cu;
}

Type *type_core(Type *t) { return common_under(NULL, t, NULL, NULL, NULL); }

/* ---- Computing the set of an interface -------------------------------------------------------------------- */

static TypeSet *compute_union(Checker *c, Pos p, TypeSession *ts, UnionType *u);

typedef struct Methods { VEC(Object *) fn; VEC(Pos) pos; } Methods;

typedef struct DuplicateCheck { Pos pos, other_pos; Object *m, *other; } DuplicateCheck;

static void report_duplicate(Checker *c, const DuplicateCheck *d) {
    MultiError e = new_error(c, ERR_DuplicateDecl);
    error_addf(&e, d->pos, "duplicate method %n", d->m->name);
    error_addf(&e, d->other_pos, "other declaration of method %n", d->m->name);
    error_report(&e);
}

static void check_duplicate_later(Checker *c, void *arg) {
    DuplicateCheck *d = arg;
    if ((d->pos && !allow_version(c, 14)) ||
        !type_identical(object_type(d->m), object_type(d->other)))
        report_duplicate(c, d);
}

static void add_method(Checker *c, Methods *ms, Pos pos, Object *m, bool is_explicit) {
    for (int i = 0; i < ms->fn.len; i++) {
        Object *other = ms->fn.at[i];
        if (!same_id(other, m->pkg, m->name, false)) continue;
        if (!c) return;
        DuplicateCheck d = {pos, ms->pos.at[i], m, other};
        if (is_explicit)
            report_duplicate(c, &d);
        else
            check_later(c, check_duplicate_later, arena_memdup(&c->ts->arena, &d, sizeof d));
        return;
    }
    vec_push(&ms->fn, m);
    vec_push(&ms->pos, pos);
}

static void sort_methods(Object **at, int n) {
    for (int i = 1; i < n; i++) { /* nearly sorted and short as a rule */
        Object *m = at[i];
        int j = i;
        for (; j > 0 && object_less(m, at[j - 1]) < 0; j--) at[j] = at[j - 1];
        at[j] = m;
    }
}

static bool is_imported_constraint(Checker *c, Type *t) {
    NamedType *n = as_named(t);
    if (!n || !n->obj->pkg || n->obj->pkg == c->pkg) return false;
    InterfaceType *u = AS_INTERFACE(t);
    return u && !typeset_is_method_set(types_typeset(u));
}

TypeSet *compute_interface_typeset(Checker *c, Pos p, InterfaceType *it) {
    static const TypeSet top = {.all_types = true};
    if (it->tset) return it->tset;
    if (!it->complete) return (TypeSet *)&top; /* never written to */
    TypeSession *ts = it->ts;
    TypeSet *s = it->tset = arena_new(&ts->arena, TypeSet);
    s->all_types = true; /* what a cycle sees */
    Methods ms = {0};
    for (int i = 0; i < it->methods.len; i++)
        add_method(c, &ms, it->methods.at[i]->pos, it->methods.at[i], true);
    Terms all = {true, NULL, 0};
    bool all_comparable = false;
    for (int i = 0; i < it->embeddeds.len; i++) {
        Type *t = it->embeddeds.at[i], *u = type_underlying(t);
        Pos pos = it->embed_pos ? it->embed_pos[i] : 0;
        bool comparable = false;
        Terms terms;
        if (u->kind == TYPE_INTERFACE) {
            TypeSet *es = compute_interface_typeset(c, pos, (InterfaceType *)u);
            if (pos && c && is_imported_constraint(c, t) &&
                !verify_versionf(c, pos, 18, "embedding constraint interface %t", t))
                continue;
            comparable = es->comparable;
            for (int j = 0; j < es->methods.len; j++)
                add_method(c, &ms, pos, es->methods.at[j], false);
            terms = (Terms){es->all_types, es->terms, es->nterms};
        } else if (u->kind == TYPE_UNION) {
            if (pos && c && !verify_versionf(c, pos, 18, "embedding interface element %t", u))
                continue;
            TypeSet *us = compute_union(c, pos, ts, (UnionType *)u);
            if (us->nterms < 0) continue;
            terms = (Terms){us->all_types, us->terms, us->nterms};
        } else {
            if (is_invalid(u)) continue;
            if (pos && c && !verify_versionf(c, pos, 18, "embedding non-interface type %t", t))
                continue;
            UnionTerm *one = arena_new(&ts->arena, UnionTerm);
            one->type = t;
            terms = (Terms){false, one, 1};
        }
        all = terms_intersect(&ts->arena, all, terms);
        all_comparable |= comparable;
        if (all_comparable && !all.all) {
            UnionTerm *at = arena_array(&ts->arena, UnionTerm, all.n);
            int n = 0;
            for (int j = 0; j < all.n; j++)
                if (comparable_type(NULL, all.at[j].type, false, NULL)) at[n++] = all.at[j];
            all = (Terms){false, at, n};
            all_comparable = false;
        }
    }
    s->comparable = all_comparable;
    s->all_types = all.all;
    s->terms = all.at;
    s->nterms = all.n;
    if (ms.fn.len) {
        s->methods.at = arena_memdup(&ts->arena, ms.fn.at, sizeof(Object *) * (size_t)ms.fn.len);
        s->methods.len = ms.fn.len;
        sort_methods(s->methods.at, s->methods.len);
    }
    vec_free(&ms.fn);
    vec_free(&ms.pos);
    return s;
}

TypeSet *types_typeset(InterfaceType *it) {
    return likely(it->tset != NULL) ? it->tset : compute_interface_typeset(it->checker, 0, it);
}

static TypeSet *compute_union(Checker *c, Pos p, TypeSession *ts, UnionType *u) {
    if (u->tset) return u->tset;
    TypeSet *s = u->tset = arena_new(&ts->arena, TypeSet);
    Terms all = {0};
    for (int i = 0; i < u->nterms; i++) {
        UnionTerm *t = &u->terms[i];
        Type *ut = type_underlying(t->type);
        Terms terms;
        if (ut->kind == TYPE_INTERFACE) {
            TypeSet *is = compute_interface_typeset(c, p, (InterfaceType *)ut);
            terms = (Terms){is->all_types, is->terms, is->nterms};
        } else if (is_invalid(ut)) {
            continue;
        } else if (t->tilde && !type_identical(t->type, ut)) {
            terms = (Terms){0}; /* an error reported elsewhere */
        } else {
            terms = (Terms){false, t, 1};
        }
        all = terms_union(&ts->arena, all, terms);
        if (all.n > MAX_TERMS) {
            if (c)
                types_error(c, p, ERR_InvalidUnion,
                            "cannot handle more than %d union terms (implementation limitation)",
                            MAX_TERMS);
            s->nterms = -1;
            return s;
        }
    }
    s->all_types = all.all;
    s->terms = all.at;
    s->nterms = all.n;
    return s;
}

TypeSet union_typeset(UnionType *u) { return u->tset ? *u->tset : *compute_union(NULL, 0, u->ts, u); }

/* ---- Unions as written --------------------------------------------------------------------------------------- */

typedef struct UnionCheck { UnionType *u; Expr **exprs; } UnionCheck;

static void check_union_later(Checker *c, void *arg) {
    UnionCheck *uc = arg;
    UnionTerm *terms = uc->u->terms;
    for (int i = 0; i < uc->u->nterms; i++) {
        UnionTerm *t = &terms[i];
        if (!is_valid(t->type)) continue;
        Pos p = expr_start(uc->exprs[i]);
        Type *u = type_underlying(t->type);
        InterfaceType *f = u->kind == TYPE_INTERFACE ? (InterfaceType *)u : NULL;
        if (t->tilde) {
            if (f) {
                types_error(c, p, ERR_InvalidUnion, "invalid use of ~ (%t is an interface)", t->type);
                continue;
            }
            if (!type_identical(u, t->type)) {
                types_error(c, p, ERR_InvalidUnion,
                            "invalid use of ~ (underlying type of %t is %t)", t->type, u);
                continue;
            }
        }
        if (f) {
            TypeSet *s = types_typeset(f);
            const char *ts = term_string(c, *t);
            if (s->methods.len)
                types_error(c, p, ERR_InvalidUnion, "cannot use %s in union (%s contains methods)",
                            ts, ts);
            else if (t->type == c->ts->comparable_type)
                types_error(c, p, ERR_InvalidUnion, "cannot use comparable in union");
            else if (s->comparable)
                types_error(c, p, ERR_InvalidUnion, "cannot use %s in union (%s embeds comparable)",
                            ts, ts);
            continue;
        }
        for (int j = 0; j < i; j++) {
            if (type_underlying(terms[j].type)->kind == TYPE_INTERFACE) continue;
            if (is_valid(terms[j].type) && !terms_disjoint(terms[j], *t)) {
                types_soft_error(c, p, ERR_InvalidUnion, "overlapping terms %s and %s",
                                 term_string(c, *t), term_string(c, terms[j]));
                break;
            }
        }
    }
}

static UnionTerm parse_tilde(Checker *c, Expr *tx) {
    UnionTerm term = {0};
    Expr *x = tx;
    if (x->kind == EXPR_UNARY && ((UnaryExpr *)x)->op == TOK_TILDE) {
        x = ((UnaryExpr *)x)->on;
        term.tilde = true;
    }
    term.type = check_typ(c, x);
    if (type_is_typeparam(term.type)) {
        if (term.tilde)
            types_error(c, expr_start(x), ERR_MisplacedTypeParam,
                        "type in term %e cannot be a type parameter", tx);
        else
            types_error(c, expr_start(x), ERR_MisplacedTypeParam,
                        "term cannot be a type parameter");
        term.type = INVALID_TYPE(c);
    }
    if (term.tilde) {
        UnionType *u = new_union(c->ts, &term, 1);
        tx->mode = MODE_TYPE;
        tx->type = &u->t;
    }
    return term;
}

static int flatten_union(Expr *e, Expr **out, int max) {
    int n = 0;
    if (e->kind == EXPR_BINARY && ((BinaryExpr *)e)->op == TOK_OR) {
        n = flatten_union(((BinaryExpr *)e)->left, out, max);
        e = ((BinaryExpr *)e)->right;
    }
    if (out && n < max) out[n] = e;
    return n + 1;
}

Type *parse_union(Checker *c, Expr *e) {
    int n = flatten_union(e, NULL, 0);
    Expr **list = arena_array(&c->ts->arena, Expr *, n);
    flatten_union(e, list, n);
    UnionTerm *terms = arena_array(&c->ts->arena, UnionTerm, n);
    bool too_many = false;
    int nterms = 0;
    for (int i = 0; i < n; i++) {
        UnionTerm t = parse_tilde(c, list[i]);
        if (n == 1 && !t.tilde) return t.type;
        if (nterms < MAX_TERMS) {
            terms[nterms++] = t;
        } else if (!too_many) {
            types_error(c, expr_start(list[i]), ERR_InvalidUnion,
                        "cannot handle more than %d union terms (implementation limitation)",
                        MAX_TERMS);
            too_many = true;
        }
    }
    if (too_many) return INVALID_TYPE(c);
    UnionType *u = new_union(c->ts, terms, nterms);
    e->mode = MODE_TYPE;
    e->type = &u->t;
    UnionCheck *uc = arena_new(&c->ts->arena, UnionCheck);
    uc->u = u;
    uc->exprs = list;
    check_later(c, check_union_later, uc);
    return &u->t;
}
