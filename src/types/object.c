/* object: declared things, how they compare and how messages write them. Lazily declared objects
 * (export data) get their type through object_type. */
#include "types/types_int.h"

Object *new_object(TypeSession *ts, int kind, Pos pos, Package *pkg, Name *name, Type *type) {
    Object *o = arena_new(&ts->arena, Object);
    o->kind = (uint8_t)kind;
    o->pos = pos;
    o->pkg = pkg;
    o->name = name;
    o->type = type;
    o->color = type ? 2 : 0;
    o->id = ++ts->next_object_id;
    if (kind == OBJ_FUNC) o->func.origin = o;
    if (kind == OBJ_VAR) o->var.var_origin = o;
    return o;
}

Object *object_new_var(TypeSession *ts, Package *pkg, Name *name, Type *type, Pos pos) {
    return new_object(ts, OBJ_VAR, pos, pkg, name, type);
}

Object *object_new_field(TypeSession *ts, Package *pkg, Name *name, Type *type, bool embedded,
                         Pos pos) {
    Object *o = new_object(ts, OBJ_VAR, pos, pkg, name, type);
    o->is_field = true;
    o->embedded = embedded;
    return o;
}

Object *clone_object(TypeSession *ts, Object *o, Type *type) {
    Object *n = arena_new(&ts->arena, Object);
    *n = *o;
    n->id = ++ts->next_object_id;
    n->type = type;
    n->backend = NULL;
    n->decl_info = NULL;
    n->color = 2;
    return n;
}

Type *object_type(Object *o) {
    if (unlikely(!o->type) && o->pkg && o->pkg->checker) obj_decl(o->pkg->checker, o);
    return o->type;
}

bool same_pkg(const Package *a, const Package *b) {
    return a == b || (a && b && str_eq(a->path, b->path));
}

/* Unicode simple folding of identifiers that differ in case; ASCII exactly, the rest bytewise. */
static bool fold_eq(const Name *a, const Name *b) {
    if (a->n != b->n) return false;
    for (uint32_t i = 0; i < a->n; i++) {
        unsigned char x = (unsigned char)a->p[i], y = (unsigned char)b->p[i];
        if (x >= 'A' && x <= 'Z') x += 32;
        if (y >= 'A' && y <= 'Z') y += 32;
        if (x != y) return false;
    }
    return true;
}

bool same_id(const Object *o, const Package *pkg, const Name *name, bool fold_case) {
    if (o->name != name) return fold_case && fold_eq(o->name, name);
    return name->exported || fold_case || same_pkg(o->pkg, pkg);
}

int object_less(const Object *a, const Object *b) {
    if (a == b) return 0;
    if (a->name->exported != b->name->exported) return a->name->exported ? -1 : 1;
    if (a->name != b->name) return str_cmp(name_str(a->name), name_str(b->name));
    if (!a->name->exported && a->pkg && b->pkg) return str_cmp(a->pkg->path, b->pkg->path);
    return 0;
}

bool object_is_exported(const Object *o) { return o->name->exported; }

bool func_has_ptr_recv(Object *fn) {
    /* A method without type, or whose receiver is not set up yet, has the flag from collection. */
    if (fn->type && fn->type->kind == TYPE_SIGNATURE) {
        SignatureType *sig = (SignatureType *)fn->type;
        if (sig->recv && sig->recv->type) {
            bool ptr;
            deref(sig->recv->type, &ptr);
            return ptr;
        }
    }
    return fn->has_ptr_recv;
}

bool is_alias_object(const Object *o) {
    if (o->kind != OBJ_TYPENAME || !o->type) return false;
    switch (o->type->kind) {
    case TYPE_BASIC:
        return o->is_alias || (o->pkg && !str_is(o->pkg->path, "unsafe"));
    case TYPE_NAMED: return ((NamedType *)o->type)->obj != o;
    case TYPE_TYPEPARAM: return ((TypeParamType *)o->type)->obj != o;
    default: return true;
    }
}

const char *object_kind_string(const Object *o) {
    switch (o->kind) {
    case OBJ_PKGNAME: return "package name";
    case OBJ_CONST: return "constant";
    case OBJ_TYPENAME:
        if (is_alias_object(o)) return "type alias";
        return o->type && o->type->kind == TYPE_TYPEPARAM ? "type parameter" : "defined type";
    case OBJ_VAR:
        if (o->is_field) return "struct field";
        if (o->is_recv) return "receiver";
        if (o->is_param) return "parameter";
        if (o->is_result) return "result variable";
        return o->is_global ? "package-level variable" : "local variable";
    case OBJ_FUNC:
        if (o->type && o->type->kind == TYPE_SIGNATURE && ((SignatureType *)o->type)->recv)
            return "method";
        return "function";
    case OBJ_LABEL: return "label";
    case OBJ_BUILTIN: return "built-in function";
    case OBJ_NIL: return "untyped nil";
    }
    return "unknown symbol";
}

static void package_prefix(Buf *b, Checker *c, Package *p) {
    if (!p) return;
    Str q = pkg_qualifier(c, p);
    if (!q.n) return;
    buf_put(b, q.p, q.n);
    buf_putc(b, '.');
}

static void func_name(Buf *b, Checker *c, Object *f) {
    if (f->type) {
        SignatureType *sig = (SignatureType *)f->type;
        if (sig->recv) {
            buf_putc(b, '(');
            if (sig->recv->type->kind == TYPE_INTERFACE)
                buf_puts(b, "interface");
            else
                type_string(b, c, sig->recv->type);
            buf_puts(b, ").");
        } else {
            package_prefix(b, c, f->pkg);
        }
    }
    buf_put(b, f->name->p, f->name->n);
}

void object_string(Buf *b, Checker *c, Object *o) {
    Type *t = o->type;
    bool is_type = false;
    switch (o->kind) {
    case OBJ_PKGNAME:
        buf_printf(b, "package %s", o->name->p);
        if (o->imported && !str_eq(o->imported->path, name_str(o->name)))
            buf_printf(b, " (\"%.*s\")", STR_FMT(o->imported->path));
        return;
    case OBJ_CONST: buf_puts(b, "const"); break;
    case OBJ_TYPENAME:
        is_type = true;
        buf_puts(b, t && type_is_typeparam(t) ? "type parameter" : "type");
        break;
    case OBJ_VAR: buf_puts(b, o->is_field ? "field" : "var"); break;
    case OBJ_FUNC:
        buf_puts(b, "func ");
        func_name(b, c, o);
        if (t) signature_string(b, c, (SignatureType *)t);
        return;
    case OBJ_LABEL: buf_puts(b, "label"); t = NULL; break;
    case OBJ_BUILTIN: buf_puts(b, "builtin"); t = NULL; break;
    case OBJ_NIL: buf_puts(b, "nil"); return;
    }
    buf_putc(b, ' ');
    if (o->pkg && o->pkg->scope && scope_lookup(o->pkg->scope, o->name) == o)
        package_prefix(b, c, o->pkg);
    buf_put(b, o->name->p, o->name->n);
    if (!t) return;
    if (is_type) {
        if (t->kind == TYPE_BASIC) return;
        if (is_alias_object(o)) {
            buf_puts(b, " =");
            if (t->kind == TYPE_ALIAS) t = ((AliasType *)t)->from;
        } else if (t->kind == TYPE_TYPEPARAM) {
            t = ((TypeParamType *)t)->bound;
        } else {
            t = type_underlying(t);
        }
        if (!t) return;
    }
    buf_putc(b, ' ');
    type_string(b, c, t);
}
