/* Function types, receivers and their type parameters. */
#include "types/checker.h"

/* Splits a receiver type into *, base and the type parameter names in brackets; true: pointer. */
bool unpack_recv(Checker *c, Expr *rtyp, Expr **base, Ident ***tparams, int *ntparams) {
    bool ptr = false;
    Expr *b = unparen(rtyp);
    if (b->kind == EXPR_STAR) {
        ptr = true;
        b = unparen(((StarExpr *)b)->on);
    }
    if (ntparams) *ntparams = 0;
    if (tparams) *tparams = NULL;
    if (b->kind == EXPR_INDEX) {
        IndexExpr *ix = (IndexExpr *)b;
        b = ix->on;
        if (tparams) {
            *tparams = arena_array(c->arena, Ident *, ix->indices.len);
            *ntparams = ix->indices.len;
            for (int i = 0; i < ix->indices.len; i++) {
                Expr *a = ix->indices.at[i];
                if (a->kind == EXPR_IDENT) {
                    (*tparams)[i] = (Ident *)a;
                    continue;
                }
                if (a->kind != EXPR_BAD)
                    types_error(c, expr_start(a), ERR_BadDecl, "receiver type parameter %e must be an identifier", a);
                (*tparams)[i] = dummy_ident(c, expr_start(a), "_");
            }
        }
    }
    *base = b;
    return ptr;
}

static Type *unpointer(Type *t) {
    while (t && t->kind == TYPE_POINTER) t = ((PointerType *)t)->elem;
    return t;
}

typedef struct RecvAt { Pos pos; Object *recv; } RecvAt;
static void later_valid_recv(Checker *c, void *arg) {
    RecvAt *a = arg;
    bool was;
    Type *rt = deref(a->recv->type, &was);
    Type *t = type_unalias(rt);
    if (!is_valid(t)) return;
    if (t->kind == TYPE_NAMED) {
        NamedType *n = (NamedType *)t;
        if (n->obj->pkg != c->pkg) {
            types_error(c, a->pos, ERR_InvalidRecv, "cannot define new methods on non-local type %t", rt);
            return;
        }
        const char *cause = NULL;
        Type *u = type_underlying(t);
        if (u->kind == TYPE_BASIC && ((BasicType *)u)->basic == BASIC_UNSAFEPTR) cause = "unsafe.Pointer";
        else if (u->kind == TYPE_POINTER || u->kind == TYPE_INTERFACE) cause = "pointer or interface type";
        if (cause) types_error(c, a->pos, ERR_InvalidRecv, "invalid receiver type %t (%s)", rt, cause);
    } else if (t->kind == TYPE_BASIC) {
        types_error(c, a->pos, ERR_InvalidRecv, "cannot define new methods on non-local type %t", rt);
    } else {
        types_error(c, a->pos, ERR_InvalidRecv, "invalid receiver type %t", a->recv->type);
    }
}

static void record_paren_recv(Checker *c, Expr *e, Type *t) {
    for (;;) {
        record_type_value(c, e, MODE_TYPE, t, NULL);
        if (e->kind == EXPR_PAREN) {
            e = ((ParenExpr *)e)->inner;
        } else if (e->kind == EXPR_STAR) {
            e = ((StarExpr *)e)->on;
            if (t->kind != TYPE_POINTER) return;
            t = ((PointerType *)t)->elem;
        } else {
            return;
        }
    }
}

static Object *collect_recv(Checker *c, Field *rp, TypeList *rparams) {
    Expr *base;
    Ident **names;
    int n;
    bool ptr = unpack_recv(c, rp->type, &base, &names, &n);
    Type *recv_type = INVALID_TYPE(c);
    if (!n) {
        recv_type = check_var_type(c, rp->type);
        Type *a = unpointer(recv_type);
        while (a && a->kind == TYPE_ALIAS) {
            Type *b = unpointer(((AliasType *)a)->from);
            if (!b) break;
            if ((b->kind == TYPE_NAMED || b->kind == TYPE_ALIAS) && type_tparams(b).len) {
                types_error(c, expr_start(base), ERR_InvalidRecv,
                            "cannot define new methods on instantiated type %t", b);
                recv_type = INVALID_TYPE(c);
                break;
            }
            a = b;
        }
    } else {
        NamedType *named = NULL;
        const char *cause = "";
        Type *t = check_generic_type(c, base, &cause);
        if (is_valid(t)) {
            if (t->kind == TYPE_NAMED) named = (NamedType *)t;
            else
                types_error(c, expr_start(base), ERR_InvalidRecv,
                            "cannot define new methods on generic alias type %t", t);
        } else if (*cause) {
            types_error(c, expr_start(base), ERR_InvalidRecv, "%s", cause);
        }
        Type **tp = arena_array(c->arena, Type *, n);
        for (int i = 0; i < n; i++) {
            TypeParamType *p = declare_type_param(c, names[i]);
            tp[i] = &p->t;
            names[i]->obj = p->obj;
            record_type_value(c, &names[i]->x, MODE_TYPE, tp[i], NULL);
        }
        *rparams = (TypeList){tp, n};
        bind_tparams(*rparams);
        if (named) {
            TypeList btp = type_tparams(&named->t);
            if (btp.len == n) {
                for (int i = 0; i < n; i++) {
                    TypeParamType *b = (TypeParamType *)btp.at[i], *r = (TypeParamType *)tp[i];
                    mono_record_canon(c, r, b);
                    r->bound = check_subst(c, b->bound, btp, *rparams, NULL);
                }
            } else {
                types_error(c, expr_start(base), ERR_BadRecv,
                            "receiver declares %s, but receiver base type declares %d",
                            measure(c, n, "type parameter"), btp.len);
            }
            verify_versionf(c, expr_start(base), 18, "type instantiation");
            TypeList targs = type_list(c->ts, tp, n);
            recv_type = check_instance(c, expr_start(rp->type), &named->t, targs, NULL);
            record_instance(c, base, targs);
            if (ptr && is_valid(recv_type)) recv_type = type_new_pointer(c->ts, recv_type);
            record_paren_recv(c, rp->type, recv_type);
        }
    }
    Object *recv = object_new_var(c->ts, c->pkg, rp->name ? rp->name->name : NULL, recv_type,
                                  rp->name ? rp->name->x.pos : rp->pos);
    recv->is_recv = true;
    recv->used = true;
    RecvAt *a = arena_new(c->arena, RecvAt);
    *a = (RecvAt){expr_start(base), recv};
    check_later(c, later_valid_recv, a);
    return recv;
}

static TupleType *collect_params(Checker *c, FieldList *l, bool results, bool *variadic) {
    if (variadic) *variadic = false;
    Object **vars = arena_array(c->arena, Object *, l->len);
    Type *t = NULL;
    Expr *prev = NULL;
    for (int i = 0; i < l->len; i++) {
        Field *f = &l->at[i];
        if (f->type != prev || !t) {
            Expr *ft = prev = f->type;
            if (ft->kind == EXPR_ELLIPSIS) {
                ft = ((EllipsisExpr *)ft)->elem;
                if (variadic && i == l->len - 1) *variadic = true;
                else
                    types_error(c, f->type->pos, ERR_InvalidSyntaxTree, "invalid syntax tree: invalid use of ...");
            }
            t = check_var_type(c, ft);
        }
        Object *p = object_new_var(c->ts, c->pkg, f->name ? f->name->name : NULL, t,
                                   f->name ? f->name->x.pos : f->pos ? f->pos : expr_start(f->type));
        p->is_param = !results;
        p->is_result = results;
        p->used = true;
        vars[i] = p;
    }
    if (variadic && *variadic) {
        Object *last = vars[l->len - 1];
        last->type = type_new_slice(c->ts, last->type);
        record_type_value(c, l->at[l->len - 1].type, MODE_TYPE, last->type, NULL);
    }
    return new_tuple(c->ts, vars, l->len);
}

static void declare_params(Checker *c, FieldList *l, TupleType *t) {
    for (int i = 0; i < l->len; i++)
        if (l->at[i].name) check_declare(c, c->env.scope, l->at[i].name, t->vars.at[i]);
}

void check_func_type(Checker *c, SignatureType *sig, Field *recvp, FieldList *tparams, FuncTypeExpr *e) {
    open_scope(c, e->x.pos, 0);
    c->env.scope->is_func = true;
    sig->scope = c->env.scope;
    Object *recv = NULL;
    TypeList rparams = {0};
    if (recvp) recv = collect_recv(c, recvp, &rparams);
    if (tparams && tparams->len) collect_type_params(c, tparams, &sig->tparams);
    bool variadic;
    TupleType *params = collect_params(c, &e->params, false, &variadic);
    TupleType *results = collect_params(c, &e->results, true, NULL);
    if (recv && recvp->name) check_declare(c, c->env.scope, recvp->name, recv);
    declare_params(c, &e->params, params);
    declare_params(c, &e->results, results);
    sig->recv = recv;
    sig->rparams = rparams;
    sig->params = params;
    sig->results = results;
    sig->variadic = variadic;
    close_scope(c);
}
