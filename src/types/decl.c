/* Declarations of objects: constants, variables, types, functions, methods.
 *
 * obj_decl declares an object when something first asks for its type. While that goes on the object is
 * grey and stands on obj_path; meeting a grey object again is a cycle, valid only through types (with at
 * least one definition) or among values that are all functions or variables in bodies. */
#include "types/checker.h"

enum { WHITE, GREY, BLACK };

void check_declare(Checker *c, Scope *s, Ident *id, Object *obj) {
    if (!obj->name->blank) {
        Object *alt = scope_insert(s, obj);
        if (alt) {
            MultiError err = new_error(c, ERR_DuplicateDecl);
            error_addf(&err, obj->pos, "%n redeclared in this block", obj->name);
            error_add_alt_decl(&err, alt);
            error_report(&err);
            if (obj->kind == OBJ_VAR) obj->used = true; /* one error is enough */
            return;
        }
    } else if (!obj->parent) {
        obj->parent = s;
    }
    if (id) id->obj = obj;
}

static void path_push(Checker *c, Object *o) {
    o->color = GREY;
    check_push(c, o);
}
static void path_pop(Checker *c) { check_pop(c)->color = BLACK; }
static int path_index(Checker *c, Object *o) {
    if (o->color != GREY) return -1;
    for (int i = c->obj_path.len - 1; i >= 0; i--)
        if (c->obj_path.at[i] == o) return i;
    return -1;
}

int first_in_src(Object **path, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (path[i]->pos < path[best]->pos) best = i;
    return best;
}

static const char *cycle_name(Checker *c, Object *o) {
    if (o->type && o->type->kind == TYPE_NAMED && named_is_instance((NamedType *)o->type))
        return types_format(c, "%t", o->type);
    Str q = o->pkg ? pkg_qualifier(c, o->pkg) : (Str){"", 0};
    if (q.n) return types_format(c, "%S.%n", q, o->name);
    return o->name->p;
}

void cycle_error(Checker *c, Object **cycle, int n, int start) {
    Object *o = cycle[start];
    bool tname = o->kind == OBJ_TYPENAME;
    if (tname && o->type && o->type->kind == TYPE_ALIAS) {
        ((AliasType *)o->type)->from = INVALID_TYPE(c);
        ((AliasType *)o->type)->actual = INVALID_TYPE(c);
    }
    if (n == 1) {
        types_error(c, o->pos, ERR_InvalidDeclCycle,
                    tname ? "invalid recursive type: %s refers to itself"
                          : "invalid cycle in declaration: %s refers to itself", cycle_name(c, o));
        return;
    }
    MultiError err = new_error(c, ERR_InvalidDeclCycle);
    error_addf(&err, o->pos, tname ? "invalid recursive type %s" : "invalid cycle in declaration of %s",
               cycle_name(c, o));
    for (int i = 0; i < n; i++) {
        Object *next = cycle[(start + i + 1) % n];
        error_addf(&err, o->pos, "%s refers to %s", cycle_name(c, o), cycle_name(c, next));
        o = next;
    }
    error_report(&err);
}

/* Reports a cycle when o is being declared right now. */
bool report_if_declaring(Checker *c, Object *o) {
    int i = path_index(c, o);
    if (i < 0) return false;
    cycle_error(c, c->obj_path.at + i, c->obj_path.len - i, first_in_src(c->obj_path.at + i, c->obj_path.len - i));
    return true;
}

static bool valid_cycle(Checker *c, Object *obj) {
    int start = path_index(c, obj);
    Object **cycle = c->obj_path.at + start;
    int n = c->obj_path.len - start, nval = 0, ndef = 0;
    for (int i = 0; i < n; i++) {
        Object *o = cycle[i];
        switch (o->kind) {
        case OBJ_CONST: case OBJ_VAR: nval++; break;
        case OBJ_TYPENAME:
            if (c->env.in_tparam_list && o->type && is_generic(o->type)) return true;
            if (!is_alias_object(o)) ndef++;
            break;
        }
    }
    if (nval == n) return true; /* reported by the initialisation order */
    if (nval == 0 && ndef > 0) return true;
    cycle_error(c, cycle, n, first_in_src(cycle, n));
    return false;
}

/* Whether t has an underlying type yet; reports a cycle when not. */
bool is_complete(Checker *c, Type *t) {
    for (int guard = 0; t && guard < 10000; guard++) {
        Object *o;
        Type *rhs;
        if (t->kind == TYPE_ALIAS) {
            AliasType *a = (AliasType *)t;
            o = a->obj;
            rhs = a->from;
        } else if (t->kind == TYPE_NAMED) {
            NamedType *n = (NamedType *)t;
            if (n->underlying_) return true;
            o = n->obj;
            rhs = n->rhs;
            if (named_is_instance(n)) return n->orig == n || is_complete(c, &n->orig->t);
        } else {
            return true;
        }
        if (report_if_declaring(c, o)) return false;
        t = rhs;
    }
    return true;
}

/* ---- Constants and variables ------------------------------------------------------------------ */

static void const_decl(Checker *c, Object *obj, ConstVal *iota, Expr *typ, Expr *init, bool inherited) {
    ConstVal *saved_iota = c->env.iota;
    Pos saved_pos = c->env.errpos;
    c->env.iota = iota;
    c->env.errpos = 0;
    obj->cval = const_make_unknown(c->arena);
    if (typ) {
        Type *t = check_typ(c, typ);
        if (!is_const_type(t)) {
            if (is_valid(type_underlying(t)))
                types_error(c, expr_start(typ), ERR_InvalidConstType, "invalid constant type %t", t);
            obj->type = INVALID_TYPE(c);
            goto out;
        }
        obj->type = t;
    }
    Operand x = {0};
    if (init) {
        if (inherited) c->env.errpos = obj->pos;
        check_expr(c, NULL, &x, init);
    }
    init_const(c, obj, &x);
out:
    c->env.iota = saved_iota;
    c->env.errpos = saved_pos;
}

static void var_decl(Checker *c, Object *obj, Object **lhs, int nlhs, Expr *typ, Expr *init) {
    if (typ) obj->type = check_var_type(c, typ);
    if (!init) {
        if (!typ) obj->type = INVALID_TYPE(c);
        return;
    }
    if (!lhs || nlhs == 1) {
        Operand x = {0};
        check_expr(c, new_target(c, obj->type, obj->name->p), &x, init);
        init_var(c, obj, &x, "variable declaration");
        return;
    }
    if (typ)
        for (int i = 0; i < nlhs; i++) lhs[i]->type = obj->type;
    init_vars(c, lhs, nlhs, (ExprList){&init, 1}, NULL);
}

/* ---- Types ------------------------------------------------------------------------------------ */

typedef struct TypeCheck { Object *obj; TypeSpec *spec; Type *rhs; bool version_err; } TypeCheck;

static bool is_imported_constraint(Checker *c, Type *t) {
    if (!t) return false;
    t = type_unalias(t);
    if (t->kind != TYPE_NAMED) return false;
    NamedType *n = (NamedType *)t;
    if (n->obj->pkg == c->pkg || !n->obj->pkg) return false;
    Type *u = type_underlying(t);
    return u->kind == TYPE_INTERFACE && !typeset_is_method_set(types_typeset((InterfaceType *)u));
}

static void later_valid_type(Checker *c, void *arg) {
    TypeCheck *a = arg;
    if (a->obj->type && a->obj->type->kind == TYPE_NAMED) check_valid_type(c, (NamedType *)a->obj->type);
    if (!a->version_err && is_imported_constraint(c, a->rhs))
        verify_versionf(c, expr_start(a->spec->type), 18, "using type constraint %t", a->rhs);
}

static void type_decl(Checker *c, Object *obj, TypeSpec *spec) {
    TypeCheck *a = arena_new(c->arena, TypeCheck);
    a->obj = obj;
    a->spec = spec;
    check_later(c, later_valid_type, a);
    FieldList *tps = spec->tparams.len ? &spec->tparams : NULL;
    if (spec->is_alias) {
        if (tps && !verify_versionf(c, tps->at[0].pos, 23, "generic type alias")) a->version_err = true;
        if (!a->version_err && !verify_versionf(c, spec->pos, 9, "type alias")) a->version_err = true;
        AliasType *al = new_alias(c, obj, NULL);
        if (tps) {
            open_scope(c, spec->pos, 0);
            collect_type_params(c, tps, &al->tparams);
        }
        Type *rhs = check_declared_type(c, spec->type, obj);
        if (al->from != INVALID_TYPE(c)) al->from = rhs;
        a->rhs = rhs;
        if (rhs->kind == TYPE_TYPEPARAM)
            for (int i = 0; i < al->tparams.len; i++)
                if (al->tparams.at[i] == rhs) {
                    types_error(c, expr_start(spec->type), ERR_MisplacedTypeParam,
                                "cannot use type parameter declared in alias declaration as RHS");
                    al->from = INVALID_TYPE(c);
                }
        if (tps) close_scope(c);
        return;
    }
    if (tps && !verify_versionf(c, tps->at[0].pos, 18, "type parameter")) a->version_err = true;
    NamedType *n = new_named(c, obj, NULL);
    if (tps) {
        open_scope(c, spec->pos, 0);
        collect_type_params(c, tps, &n->tparams);
    }
    Type *rhs = check_declared_type(c, spec->type, obj);
    a->rhs = rhs;
    if (type_is_typeparam(rhs)) {
        types_error(c, expr_start(spec->type), ERR_MisplacedTypeParam,
                    "cannot use a type parameter as RHS in type declaration");
        rhs = INVALID_TYPE(c);
    }
    named_set_rhs(c, n, rhs);
    if (tps) close_scope(c);
}

TypeParamType *declare_type_param(Checker *c, Ident *name) {
    Object *o = new_object(c->ts, OBJ_TYPENAME, name->x.pos, c->pkg, name->name, NULL);
    TypeParamType *p = new_typeparam(c, o, INVALID_TYPE(c));
    check_declare(c, c->env.scope, name, o);
    return p;
}

/* A constraint: ~T and A|B stand for an interface that embeds them. */
static Type *check_bound(Checker *c, Expr *e) {
    bool literal = (e->kind == EXPR_UNARY && ((UnaryExpr *)e)->op == TOK_TILDE) ||
                   (e->kind == EXPR_BINARY && ((BinaryExpr *)e)->op == TOK_OR);
    if (!literal) return check_typ(c, e);
    InterfaceTypeExpr *ie = arena_new(c->arena, InterfaceTypeExpr);
    ie->x.kind = EXPR_INTERFACETYPE;
    ie->x.pos = expr_start(e);
    ie->elems.at = arena_new(c->arena, Field);
    ie->elems.len = 1;
    ie->elems.at[0] = (Field){.pos = e->pos, .type = e, .embedded = true};
    Type *t = check_typ(c, &ie->x);
    if (t->kind == TYPE_INTERFACE) ((InterfaceType *)t)->implicit = true;
    return t;
}

void collect_type_params(Checker *c, FieldList *list, TypeList *dst) {
    Type **tp = arena_array(c->arena, Type *, list->len);
    for (int i = 0; i < list->len; i++) {
        Ident *name = list->at[i].name;
        if (!name) name = dummy_ident(c, list->at[i].pos, "_");
        tp[i] = &declare_type_param(c, name)->t;
    }
    *dst = (TypeList){tp, list->len};
    bind_tparams(*dst);
    bool saved = c->env.in_tparam_list;
    c->env.in_tparam_list = true;
    Type *bound = INVALID_TYPE(c);
    for (int i = 0; i < list->len; i++) {
        Field *f = &list->at[i];
        if (f->type && (i == 0 || f->type != list->at[i - 1].type)) {
            bound = check_bound(c, f->type);
            if (type_is_typeparam(bound)) {
                types_error(c, expr_start(f->type), ERR_MisplacedTypeParam,
                            "cannot use a type parameter as constraint");
                bound = INVALID_TYPE(c);
            }
        }
        ((TypeParamType *)tp[i])->bound = bound;
    }
    c->env.in_tparam_list = saved;
}

static void later_field_uniqueness(Checker *c, void *arg) {
    NamedType *n = arg;
    Type *u = type_underlying(&n->t);
    if (u->kind != TYPE_STRUCT) return;
    StructType *st = (StructType *)u;
    Map set = {0};
    bool fresh;
    for (int i = 0; i < n->methods_.len; i++)
        map_put_ptr(&set, n->methods_.at[i]->name, &fresh)->val = n->methods_.at[i];
    for (int i = 0; i < st->fields.len; i++) {
        Object *f = st->fields.at[i];
        Object *m = f->name->blank ? NULL : map_get_ptr(&set, f->name);
        if (!m || !same_id(m, f->pkg, f->name, false)) continue;
        MultiError err = new_error(c, ERR_DuplicateFieldAndMethod);
        error_addf(&err, m->pos, "field and method with the same name %n", f->name);
        error_add_alt_decl(&err, f);
        error_report(&err);
    }
    map_free(&set);
}

static void collect_methods(Checker *c, Object *obj) {
    MapEntry *e = map_find_ptr(&c->methods, obj);
    if (!e || !e->val) return;
    ObjectVec *ms = e->val;
    e->val = NULL;
    NamedType *base = obj->type && obj->type->kind == TYPE_NAMED ? (NamedType *)obj->type : NULL;
    if (base) check_later(c, later_field_uniqueness, base);
    Map set = {0};
    for (int i = 0; i < ms->len; i++) {
        Object *m = ms->at[i];
        bool fresh;
        MapEntry *me = map_put_ptr(&set, m->name, &fresh);
        if (!fresh) {
            Object *alt = me->val;
            Location l = pos_location(c->syn, alt->pos);
            types_error(c, m->pos, ERR_DuplicateMethod, "method %n.%n already declared at %s:%d:%d", obj->name,
                        m->name, l.file ? l.file : "?", l.line, l.col);
            continue;
        }
        me->val = m;
        if (base) named_add_method(base, m);
    }
    map_free(&set);
}

/* ---- Functions -------------------------------------------------------------------------------- */

typedef struct BodyCheck { DeclInfo *d; SignatureType *sig; } BodyCheck;
static void later_body(Checker *c, void *arg) {
    BodyCheck *a = arg;
    check_func_body(c, a->d, a->sig, a->d->fdecl, a->d->fdecl->body, NULL);
}

static void func_decl(Checker *c, Object *obj, DeclInfo *d) {
    SignatureType *sig = new_signature(c->ts);
    obj->type = &sig->t; /* guards against cycles */
    FuncDecl *fd = d->fdecl;
    check_func_type(c, sig, fd->recv, &fd->sig->tparams, fd->sig);
    fd->sig->x.type = &sig->t;
    fd->sig->x.mode = MODE_TYPE;
    if (fd->sig->tparams.len && !fd->body && !c->lazy)
        types_soft_error(c, fd->pos, ERR_BadDecl, "generic function is missing function body");
    if (!c->opt.ignore_bodies && !c->lazy && fd->body) {
        BodyCheck *a = arena_new(c->arena, BodyCheck);
        *a = (BodyCheck){d, sig};
        check_later(c, later_body, a);
    }
}

void obj_decl(Checker *c, Object *obj) {
    if (obj->pkg && obj->pkg != c->pkg && obj->pkg->checker) c = obj->pkg->checker;
    if (obj->color == GREY && path_index(c, obj) >= 0) {
        switch (obj->kind) {
        case OBJ_CONST: case OBJ_VAR:
            if (!valid_cycle(c, obj) || !obj->type) obj->type = INVALID_TYPE(c);
            break;
        case OBJ_TYPENAME:
            if (!valid_cycle(c, obj)) obj->type = INVALID_TYPE(c);
            break;
        case OBJ_FUNC: valid_cycle(c, obj); break;
        }
        return;
    }
    if (obj->type) return;
    DeclInfo *d = obj->decl_info;
    if (!d) d = map_get_ptr(&c->obj_map, obj);
    if (!d) {
        obj->type = INVALID_TYPE(c);
        return;
    }
    if (too_deep(c, obj->pos)) {
        obj->type = INVALID_TYPE(c);
        return;
    }
    path_push(c, obj);
    Env saved = c->env;
    c->env = (Env){.scope = d->file, .version = d->version};
    HALF(c)->decl_depth++;
    switch (obj->kind) {
    case OBJ_CONST: {
        c->env.decl = d;
        ConstVal *iota = const_make_int(c->arena, d->spec ? d->spec->iota : 0);
        const_decl(c, obj, iota, d->vtyp, d->init, d->inherited);
        break;
    }
    case OBJ_VAR:
        c->env.decl = d;
        var_decl(c, obj, d->lhs, d->nlhs, d->vtyp, d->init);
        break;
    case OBJ_TYPENAME:
        type_decl(c, obj, d->tdecl);
        collect_methods(c, obj);
        break;
    case OBJ_FUNC: func_decl(c, obj, d); break;
    default: bug("obj_decl: kind %d", obj->kind);
    }
    c->env = saved;
    path_pop(c);
    leave_depth(c);
    HALF(c)->decl_depth--;
    if (c->lazy && HALF(c)->decl_depth == 0) check_process_delayed(c, 0);
}

/* ---- Declarations inside functions ------------------------------------------------------------- */

static void local_consts(Checker *c, GenDecl *g) {
    for (int k = 0; k < g->len; k++) {
        ValueSpec *s = g->values[k];
        int top = c->delayed.len;
        Expr *typ = s->inherits ? s->inherited_type : s->type;
        ExprList values = s->inherits ? s->inherited_values : s->values;
        ConstVal *iota = const_make_int(c->arena, s->iota);
        Object **lhs = arena_array(c->arena, Object *, s->nnames);
        for (int i = 0; i < s->nnames; i++) {
            lhs[i] = new_object(c->ts, OBJ_CONST, s->names[i]->x.pos, c->pkg, s->names[i]->name, NULL);
            const_decl(c, lhs[i], iota, typ, i < values.len ? values.at[i] : NULL, s->inherits);
        }
        check_arity(c, s->pos, s->names, s->nnames, values, true, s->inherits);
        check_process_delayed(c, top);
        for (int i = 0; i < s->nnames; i++) check_declare(c, c->env.scope, s->names[i], lhs[i]);
    }
}

static void local_vars(Checker *c, GenDecl *g) {
    for (int k = 0; k < g->len; k++) {
        ValueSpec *s = g->values[k];
        int top = c->delayed.len, n = s->nnames;
        Object **lhs0 = arena_array(c->arena, Object *, n);
        for (int i = 0; i < n; i++) lhs0[i] = local_var(c, s->names[i], NULL);
        ExprList values = s->values;
        for (int i = 0; i < n; i++) {
            Object **lhs = NULL;
            int nlhs = 0;
            Expr *init = NULL;
            if (values.len == n) {
                init = values.at[i];
            } else if (values.len == 1) {
                lhs = lhs0;
                nlhs = n;
                init = values.at[0];
            } else if (i < values.len) {
                init = values.at[i];
            }
            var_decl(c, lhs0[i], lhs, nlhs, s->type, init);
            if (values.len == 1) break;
        }
        for (int i = 0; i < n; i++)
            if (!lhs0[i]->type) lhs0[i]->type = INVALID_TYPE(c);
        if (!s->type || values.len) check_arity(c, s->pos, s->names, n, values, false, false);
        check_process_delayed(c, top);
        for (int i = 0; i < n; i++) check_declare(c, c->env.scope, s->names[i], lhs0[i]);
        if (s->embed.n)
            types_error(c, s->embed_pos, ERR_InvalidSyntaxTree, "go:embed cannot apply to var inside func");
    }
}

void check_decl_stmt(Checker *c, GenDecl *g) {
    switch (g->gen) {
    case GEN_CONST: local_consts(c, g); break;
    case GEN_VAR: local_vars(c, g); break;
    case GEN_TYPE:
        for (int i = 0; i < g->len; i++) {
            TypeSpec *s = g->types[i];
            Object *o = new_object(c->ts, OBJ_TYPENAME, s->name->x.pos, c->pkg, s->name->name, NULL);
            o->local = s->local;
            check_declare(c, c->env.scope, s->name, o);
            path_push(c, o);
            type_decl(c, o, s);
            path_pop(c);
        }
        break;
    default: break;
    }
}
