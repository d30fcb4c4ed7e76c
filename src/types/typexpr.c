/* Identifiers, and types as they are written. */
#include "types/checker.h"
#include "types/export.h"

/* Finds name from the current scope outwards; *where gets the scope. */
static Object *lookup_scope(Checker *c, const Name *name, Scope **where) {
    for (Scope *s = c->env.scope; s; s = s->parent) {
        Object *o = scope_lookup(s, name);
        if (!o && s == c->pkg->scope && c->pkg->lazy)
            o = package_lookup(c->ts, c->pkg, (Name *)name);
        if (o) {
            *where = s;
            return o;
        }
    }
    return NULL;
}
Object *check_lookup(Checker *c, const Name *name) {
    Scope *where;
    return lookup_scope(c, name, &where);
}

void add_decl_dep(Checker *c, Object *to) {
    DeclInfo *from = c->env.decl;
    if (!from || !to->decl_info || to->pkg != c->pkg) return;
    bool fresh;
    from->deps.arena = c->arena;
    map_put_ptr(&from->deps, to, &fresh)->num = 1;
}

static void mark_dot_import_used(Checker *c, Scope *where, Object *o) {
    if (!c->dot_imports.len) return;
    const void *key[2] = {where, o->name};
    Object *p = map_get_str(&c->dot_imports, (Str){(const char *)key, sizeof key});
    if (p) p->used = true;
}

void check_ident(Checker *c, Operand *x, Ident *e, bool want_type) {
    x->mode = MODE_INVALID;
    x->expr = &e->x;
    Scope *where = NULL;
    Object *o = lookup_scope(c, e->name, &where);
    if (!o) {
        if (e->name->blank)
            types_error(c, e->x.pos, ERR_InvalidBlank, "cannot use _ as value or type");
        else types_error(c, e->x.pos, ERR_UndeclaredName, "undefined: %n", e->name);
        return;
    }
    if (!o->pkg && o->kind == OBJ_TYPENAME &&
        (o->type == c->ts->any_type || o->type == c->ts->comparable_type) &&
        !verify_versionf(c, e->x.pos, 18, "predeclared %n", e->name))
        return;
    e->obj = o;
    bool is_type = o->kind == OBJ_TYPENAME;
    if (!is_type && want_type) {
        types_error(c, e->x.pos, ERR_NotAType, "%n (%s) is not a type", o->name, object_kind_string(o));
        if (o->kind == OBJ_VAR && o->pkg == c->pkg) o->used = true;
        return;
    }
    if (o->pkg == c->pkg && o->kind != OBJ_PKGNAME) {
        if (!o->type || (is_type && want_type)) obj_decl(c, o);
    } else if (!o->type && o->kind != OBJ_PKGNAME) {
        object_type(o);
    }
    Type *t = o->type;
    if (where && o->pkg != c->pkg) mark_dot_import_used(c, where, o);
    switch (o->kind) {
    case OBJ_PKGNAME:
        types_error(c, e->x.pos, ERR_InvalidPkgUse, "use of package %n not in selector", o->name);
        return;
    case OBJ_CONST:
        add_decl_dep(c, o);
        if (!is_valid(t)) return;
        if (!o->pkg && !o->cval) { /* iota */
            if (!c->env.iota) {
                types_error(c, e->x.pos, ERR_InvalidIota, "cannot use iota outside constant declaration");
                return;
            }
            x->cval = c->env.iota;
        } else if (!o->pkg && str_is(name_str(o->name), "iota")) {
            if (!c->env.iota) {
                types_error(c, e->x.pos, ERR_InvalidIota, "cannot use iota outside constant declaration");
                return;
            }
            x->cval = c->env.iota;
        } else {
            x->cval = o->cval;
        }
        x->mode = MODE_CONST;
        break;
    case OBJ_TYPENAME: x->mode = MODE_TYPE; break;
    case OBJ_VAR:
        if (o->pkg == c->pkg) o->used = true;
        if (o->var.func_scope && o->var.func_scope != c->env.func) o->captured = true;
        add_decl_dep(c, o);
        if (!is_valid(t)) return;
        x->mode = MODE_VAR;
        break;
    case OBJ_FUNC:
        add_decl_dep(c, o);
        x->mode = MODE_VALUE;
        break;
    case OBJ_BUILTIN:
        x->id = o->builtin;
        x->mode = MODE_BUILTIN;
        break;
    case OBJ_NIL: x->mode = MODE_NILVALUE; break;
    default: bug("identifier of unknown kind %d", o->kind);
    }
    x->type = t ? t : INVALID_TYPE(c);
}

/* ---- Types ----------------------------------------------------------------------------------- */

Type *check_typ(Checker *c, Expr *e) { return check_declared_type(c, e, NULL); }

Type *check_var_type(Checker *c, Expr *e) {
    Type *t = check_declared_type(c, e, NULL);
    valid_var_type(c, e, t);
    return t;
}

typedef struct TypeAt { Expr *e; Type *t; } TypeAt;
static TypeAt *type_at(Checker *c, Expr *e, Type *t) {
    TypeAt *a = arena_new(c->arena, TypeAt);
    *a = (TypeAt){e, t};
    return a;
}

static void later_var_type(Checker *c, void *arg) {
    TypeAt *a = arg;
    InterfaceType *it = AS_INTERFACE(a->t);
    if (!it) return;
    Pos pos = expr_start(a->e);
    TypeSet *s = compute_interface_typeset(c, pos, it);
    if (typeset_is_method_set(s)) return;
    if (s->comparable)
        types_soft_error(c, pos, ERR_MisplacedConstraintIface,
                         "cannot use type %t outside a type constraint: interface is (or embeds) comparable", a->t);
    else
        types_soft_error(c, pos, ERR_MisplacedConstraintIface,
                         "cannot use type %t outside a type constraint: interface contains type constraints", a->t);
}

/* A variable's type must not be a constraint interface. */
void valid_var_type(Checker *c, Expr *e, Type *t) {
    switch (t->kind) { /* cheap exits: these never need the delayed check */
    case TYPE_TYPEPARAM: case TYPE_BASIC: case TYPE_POINTER: case TYPE_SLICE: case TYPE_ARRAY: case TYPE_MAP:
    case TYPE_CHAN: case TYPE_STRUCT: case TYPE_SIGNATURE: return;
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        if (n->underlying_ && n->underlying_->kind != TYPE_INTERFACE) return;
        break;
    }
    }
    if (type_is_typeparam(t)) return;
    check_later(c, later_var_type, type_at(c, e, t));
}

static Type *typ_internal(Checker *c, Expr *e, Object *def);

Type *check_declared_type(Checker *c, Expr *e, Object *def) {
    if (too_deep(c, e->pos)) return INVALID_TYPE(c);
    Type *t = typ_internal(c, e, def);
    leave_depth(c);
    if (is_generic(t)) {
        types_error(c, expr_start(e), ERR_WrongTypeArgCount, "cannot use generic type %t without instantiation", t);
        t = INVALID_TYPE(c);
    }
    record_type_value(c, e, MODE_TYPE, t, NULL);
    return t;
}

Type *check_generic_type(Checker *c, Expr *e, const char **cause) {
    Type *t = typ_internal(c, e, NULL);
    if (is_valid(t) && !is_generic(t)) {
        if (cause) *cause = types_format(c, "%t is not a generic type", t);
        t = INVALID_TYPE(c);
    }
    record_type_value(c, e, MODE_TYPE, t, NULL);
    return t;
}

static int64_t array_length(Checker *c, Expr *e) {
    if (e->kind == EXPR_IDENT) {
        Ident *id = (Ident *)e;
        Object *o = check_lookup(c, id->name);
        if (!o) {
            types_error(c, e->pos, ERR_InvalidArrayLen, "undefined array length %n or missing type constraint", id->name);
            return -1;
        }
        if (o->kind != OBJ_CONST) {
            types_error(c, e->pos, ERR_InvalidArrayLen, "invalid array length %n", id->name);
            return -1;
        }
    }
    Operand x = {0};
    check_expr(c, NULL, &x, e);
    if (x.mode != MODE_CONST) {
        if (x.mode != MODE_INVALID)
            types_error(c, operand_pos(&x), ERR_InvalidArrayLen, "array length %x must be constant", &x);
        return -1;
    }
    if (is_untyped(x.type) || is_integer(x.type)) {
        ConstVal *v = const_to_int(c->arena, x.cval);
        int64_t n;
        if (const_kind(v) == CONST_INT && const_int64(v, &n) && n >= 0) {
            update_expr_type(c, e, BASIC(c, INT), true);
            return n;
        }
    }
    types_error(c, operand_pos(&x), ERR_InvalidArrayLen,
                is_integer(x.type) ? "invalid array length %x" : "array length %x must be integer", &x);
    return -1;
}

TypeList check_type_list(Checker *c, ExprList l, bool *ok) {
    TypeList r = {arena_array(c->arena, Type *, l.len), l.len};
    *ok = true;
    for (int i = 0; i < l.len; i++) {
        r.at[i] = check_var_type(c, l.at[i]);
        if (!is_valid(r.at[i])) *ok = false;
    }
    return r;
}

typedef struct InstCheck { Expr *x; ExprList xlist; TypeList targs; Type *inst; } InstCheck;

static void later_verify_instance(Checker *c, void *arg) {
    InstCheck *a = arg;
    Pos pos = node_pos(a->x);
    record_instance(c, a->x, a->targs);
    TypeList tparams = type_tparams(a->inst);
    Object *o = a->inst->kind == TYPE_NAMED ? ((NamedType *)a->inst)->obj : ((AliasType *)a->inst)->obj;
    if (!validate_targ_len(c, pos, o->name->p, tparams.len, a->targs.len)) return;
    const char *cause = "";
    int i = check_verify(c, pos, tparams, a->targs, &cause);
    if (i >= 0) {
        if (i < a->xlist.len) pos = expr_start(a->xlist.at[i]);
        types_soft_error(c, pos, ERR_InvalidTypeArg, "%s", cause);
    } else {
        mono_record_instance(c, pos, tparams, a->targs, a->xlist.at, a->xlist.len);
    }
}

static Type *instantiated_type(Checker *c, Expr *x, ExprList xlist) {
    const char *cause = "";
    Type *g = check_generic_type(c, x, &cause);
    if (*cause) {
        Buf b = {0};
        for (int i = 0; i < xlist.len; i++) {
            if (i) buf_puts(&b, ", ");
            expr_print(&b, xlist.at[i]);
        }
        buf_putc(&b, 0);
        types_error(c, expr_start(x), ERR_NotAGenericType, invalid_op "%e[%s] (%s)", x, b.data, cause);
        buf_free(&b);
    }
    bool ok;
    if (!is_valid(g)) return g;
    TypeList targs = check_type_list(c, xlist, &ok);
    if (!ok) return INVALID_TYPE(c);
    Type *inst = check_instance(c, expr_start(x), g, targs, NULL);
    if (inst->kind != TYPE_NAMED && inst->kind != TYPE_ALIAS) return INVALID_TYPE(c);
    InstCheck *a = arena_new(c->arena, InstCheck);
    *a = (InstCheck){x, xlist, targs, inst};
    check_later(c, later_verify_instance, a);
    return inst;
}

static void later_map_key(Checker *c, void *arg) {
    TypeAt *a = arg;
    if (type_comparable(a->t)) return;
    types_error(c, expr_start(a->e), ERR_IncomparableMapKey, "invalid map key type %t%s", a->t,
                type_is_typeparam(a->t) ? " (missing comparable constraint)" : "");
}

static void not_a_type(Checker *c, Operand *x) {
    switch (x->mode) {
    case MODE_INVALID: return;
    case MODE_NOVALUE: types_error(c, operand_pos(x), ERR_NotAType, "%x used as type", x); return;
    default: types_error(c, operand_pos(x), ERR_NotAType, "%x is not a type", x);
    }
}

static Type *typ_internal(Checker *c, Expr *e0, Object *def) {
    TypeSession *ts = c->ts;
    switch (e0->kind) {
    case EXPR_BAD: break;
    case EXPR_IDENT: {
        Operand x = {0};
        check_ident(c, &x, (Ident *)e0, true);
        if (x.mode == MODE_TYPE) return x.type;
        not_a_type(c, &x);
        break;
    }
    case EXPR_SELECTOR: {
        Operand x = {0};
        check_selector(c, &x, (SelectorExpr *)e0, true);
        if (x.mode == MODE_TYPE) return x.type;
        not_a_type(c, &x);
        break;
    }
    case EXPR_INDEX: {
        IndexExpr *e = (IndexExpr *)e0;
        verify_versionf(c, expr_start(e0), 18, "type instantiation");
        return instantiated_type(c, e->on, e->indices);
    }
    case EXPR_PAREN: return check_declared_type(c, ((ParenExpr *)e0)->inner, def);
    case EXPR_ARRAYTYPE: {
        ArrayTypeExpr *e = (ArrayTypeExpr *)e0;
        if (!e->len && !e->dots) {
            SliceType *t = alloc_type(ts, TYPE_SLICE, sizeof *t);
            t->elem = INVALID_TYPE(c);
            t->elem = check_var_type(c, e->elem);
            return &t->t;
        }
        ArrayType *t = alloc_type(ts, TYPE_ARRAY, sizeof *t);
        t->elem = INVALID_TYPE(c);
        if (e->len) {
            t->len = array_length(c, e->len);
        } else {
            types_error(c, e0->pos, ERR_BadDotDotDotSyntax,
                        "invalid use of [...] array (outside a composite literal)");
            t->len = -1;
        }
        t->elem = check_var_type(c, e->elem);
        if (t->len > 1 << 16 && !c->lazy) vec_push(&HALF(c)->sized, ((WrittenType){e0->pos, &t->t}));
        if (t->len >= 0) return &t->t;
        break;
    }
    case EXPR_ELLIPSIS:
        types_error(c, e0->pos, ERR_InvalidSyntaxTree, "invalid syntax tree: invalid use of ...");
        break;
    case EXPR_STRUCTTYPE: {
        StructType *t = new_struct(ts);
        check_struct_type(c, t, (StructTypeExpr *)e0);
        return &t->t;
    }
    case EXPR_STAR: {
        PointerType *t = alloc_type(ts, TYPE_POINTER, sizeof *t);
        t->elem = INVALID_TYPE(c);
        t->elem = check_var_type(c, ((StarExpr *)e0)->on);
        if (!is_valid(t->elem)) return INVALID_TYPE(c);
        return &t->t;
    }
    case EXPR_FUNCTYPE: {
        SignatureType *t = new_signature(ts);
        check_func_type(c, t, NULL, NULL, (FuncTypeExpr *)e0);
        return &t->t;
    }
    case EXPR_INTERFACETYPE: {
        InterfaceType *t = new_interface(c);
        check_interface_type(c, t, (InterfaceTypeExpr *)e0, def);
        return &t->t;
    }
    case EXPR_MAPTYPE: {
        MapTypeExpr *e = (MapTypeExpr *)e0;
        MapType *t = alloc_type(ts, TYPE_MAP, sizeof *t);
        t->key = t->elem = INVALID_TYPE(c);
        t->key = check_var_type(c, e->key);
        t->elem = check_var_type(c, e->value);
        if (t->key->kind != TYPE_BASIC) check_later(c, later_map_key, type_at(c, e->key, t->key));
        if (!c->lazy) vec_push(&HALF(c)->sized, ((WrittenType){e0->pos, &t->t}));
        return &t->t;
    }
    case EXPR_CHANTYPE: {
        ChanTypeExpr *e = (ChanTypeExpr *)e0;
        ChanType *t = alloc_type(ts, TYPE_CHAN, sizeof *t);
        t->elem = INVALID_TYPE(c);
        t->dir = e->dir;
        t->elem = check_var_type(c, e->elem);
        if (!c->lazy && t->elem->kind != TYPE_BASIC && t->elem->kind != TYPE_POINTER)
            vec_push(&HALF(c)->sized, ((WrittenType){e0->pos, &t->t}));
        return &t->t;
    }
    default:
        types_error(c, expr_start(e0), ERR_NotAType, "%e is not a type", e0);
        check_use(c, e0);
    }
    return INVALID_TYPE(c);
}
