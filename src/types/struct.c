/* Struct types and interface types as they are written. */
#include "types/checker.h"

static Expr *star_base(Expr *e) { return e->kind == EXPR_STAR ? ((StarExpr *)e)->on : NULL; }

/* The identifier that names an embedded field: T, *T, p.T, T[A]; NULL when e is none of these. */
static Ident *embedded_ident(Expr *e) {
    switch (e->kind) {
    case EXPR_IDENT: return (Ident *)e;
    case EXPR_STAR: {
        Expr *b = star_base(e);
        return star_base(b) ? NULL : embedded_ident(b);
    }
    case EXPR_SELECTOR: return ((SelectorExpr *)e)->sel;
    case EXPR_INDEX: return embedded_ident(((IndexExpr *)e)->on);
    }
    return NULL;
}

typedef struct Embedded { Pos pos; Type *t; } Embedded;
static void later_embedded(Checker *c, void *arg) {
    Embedded *a = arg;
    bool is_ptr;
    Type *t = deref(a->t, &is_ptr);
    Type *u = type_underlying(t);
    switch (u->kind) {
    case TYPE_BASIC:
        if (((BasicType *)u)->basic == BASIC_UNSAFEPTR)
            types_error(c, a->pos, ERR_InvalidPtrEmbed, "embedded field type cannot be unsafe.Pointer");
        break;
    case TYPE_POINTER:
        types_error(c, a->pos, ERR_InvalidPtrEmbed, "embedded field type cannot be a pointer");
        break;
    case TYPE_INTERFACE:
        if (type_is_typeparam(t))
            types_error(c, a->pos, ERR_MisplacedTypeParam,
                        "embedded field type cannot be a (pointer to a) type parameter");
        else if (is_ptr)
            types_error(c, a->pos, ERR_InvalidPtrEmbed,
                        "embedded field type cannot be a pointer to an interface");
        break;
    }
}

static Str unquote_tag(Checker *c, Expr *tag) {
    if (!tag || tag->kind != EXPR_BASICLIT) return (Str){"", 0};
    BasicLit *l = (BasicLit *)tag;
    if (l->bad) return (Str){"", 0};
    ConstVal *v = const_from_literal(c->arena, l->text, l->lit);
    if (const_kind(v) == CONST_STRING) return const_string(v);
    types_error(c, tag->pos, ERR_InvalidSyntaxTree, "invalid syntax tree: incorrect tag syntax: %S", l->text);
    return (Str){"", 0};
}

void check_struct_type(Checker *c, StructType *st, StructTypeExpr *e) {
    int n = e->fields.len;
    Object **fields = arena_array(c->arena, Object *, n);
    Str *tags = NULL;
    int nf = 0;
    Type *t = NULL;
    Expr *prev = NULL;
    Map set = {0};
    for (int i = 0; i < n; i++) {
        Field *f = &e->fields.at[i];
        if (i == 0 || f->type != prev) {
            t = check_var_type(c, f->type);
            prev = f->type;
        }
        Str tag = unquote_tag(c, f->tag);
        Ident *id = f->name;
        bool embedded = f->embedded || !id;
        Type *ft = t;
        if (embedded) {
            Pos pos = expr_start(f->type);
            id = embedded_ident(f->type);
            if (!id) {
                types_error(c, pos, ERR_InvalidSyntaxTree, "invalid syntax tree: invalid embedded field type %e",
                            f->type);
                id = dummy_ident(c, pos, "_");
                ft = INVALID_TYPE(c);
            } else {
                Embedded *a = arena_new(c->arena, Embedded);
                *a = (Embedded){pos, ft};
                check_later(c, later_embedded, a);
            }
        }
        Object *fld = object_new_field(c->ts, c->pkg, id->name, ft, embedded, id->x.pos);
        if (!id->name->blank) {
            bool fresh;
            MapEntry *me = map_put_ptr(&set, id->name, &fresh);
            if (!fresh) {
                MultiError err = new_error(c, ERR_DuplicateDecl);
                error_addf(&err, id->x.pos, "%n redeclared", id->name);
                error_add_alt_decl(&err, me->val);
                error_report(&err);
                continue;
            }
            me->val = fld;
        }
        if (!embedded) id->obj = fld; /* an embedded field's identifier denotes the type */
        if (tag.n && !tags) tags = arena_array(c->arena, Str, n);
        if (tags) tags[nf] = tag;
        fields[nf++] = fld;
    }
    map_free(&set);
    st->fields = (ObjectList){fields, nf};
    st->tags = tags;
}

typedef struct IfaceAt { Pos pos; InterfaceType *it; } IfaceAt;
static void later_typeset(Checker *c, void *arg) {
    IfaceAt *a = arg;
    compute_interface_typeset(c, a->pos, a->it);
}

void check_interface_type(Checker *c, InterfaceType *it, InterfaceTypeExpr *e, Object *def) {
    int n = e->elems.len;
    Object **methods = arena_array(c->arena, Object *, n);
    Type **embeds = arena_array(c->arena, Type *, n);
    Pos *pos = arena_array(c->arena, Pos, n);
    int nm = 0, ne = 0;
    for (int i = 0; i < n; i++) {
        Field *f = &e->elems.at[i];
        if (!f->name || f->embedded) {
            embeds[ne] = parse_union(c, f->type);
            pos[ne++] = expr_start(f->type);
            /* made visible step by step: an embedded type may look at this interface */
            it->embeddeds = (TypeList){embeds, ne};
            it->embed_pos = pos;
            continue;
        }
        if (f->name->name->blank) {
            types_error(c, f->name->x.pos, ERR_BlankIfaceMethod, "methods must have a unique non-blank name");
            continue;
        }
        Type *t = check_typ(c, f->type);
        if (t->kind != TYPE_SIGNATURE) {
            if (is_valid(t))
                types_error(c, expr_start(f->type), ERR_InvalidSyntaxTree,
                            "invalid syntax tree: %t is not a method signature", t);
            continue;
        }
        SignatureType *sig = (SignatureType *)t;
        Type *recv = &it->t;
        if (def && def->type && def->type->kind == TYPE_NAMED) recv = def->type;
        sig->recv = object_new_var(c->ts, c->pkg, NULL, recv, f->name->x.pos);
        sig->recv->is_recv = true;
        Object *m = new_object(c->ts, OBJ_FUNC, f->name->x.pos, c->pkg, f->name->name, t);
        f->name->obj = m;
        methods[nm++] = m;
        it->methods = (ObjectList){methods, nm};
    }
    it->methods = (ObjectList){methods, nm};
    it->embeddeds = (TypeList){embeds, ne};
    it->embed_pos = pos;
    it->complete = true;
    IfaceAt *a = arena_new(c->arena, IfaceAt);
    *a = (IfaceAt){e->x.pos, it};
    check_later(c, later_typeset, a);
    if (nm + ne && !c->lazy) vec_push(&HALF(c)->ifaces, ((WrittenType){e->x.pos, &it->t}));
}
