/* lookup: fields and methods by name through embedding, missing methods and the wording of why. */
#include "types/types_int.h"

Type *deref(Type *t, bool *was_pointer) {
    Type *u = type_unalias(t);
    if (was_pointer) *was_pointer = u->kind == TYPE_POINTER;
    if (u->kind != TYPE_POINTER) return t;
    return ((PointerType *)u)->elem;
}

Type *deref_struct_ptr(Type *t) {
    PointerType *p = AS_POINTER(t);
    if (p && p->elem && type_underlying(p->elem)->kind == TYPE_STRUCT) return p->elem;
    return t;
}

int field_index(StructType *s, Package *pkg, Name *name, bool fold_case) {
    if (name->blank) return -1;
    for (int i = 0; i < s->fields.len; i++)
        if (same_id(s->fields.at[i], pkg, name, fold_case)) return i;
    return -1;
}

int method_index(ObjectList methods, Package *pkg, Name *name, bool fold_case) {
    if (name->blank) return -1;
    for (int i = 0; i < methods.len; i++)
        if (same_id(methods.at[i], pkg, name, fold_case)) return i;
    return -1;
}

const char *field_path(Checker *c, Type *t, const int *index, int n) {
    Buf b = {0};
    for (int i = 0; i < n; i++) {
        StructType *s = AS_STRUCT(deref_struct_ptr(t));
        if (!s) break;
        Object *f = s->fields.at[index[i]];
        if (i) buf_putc(&b, '.');
        buf_put(&b, f->name->p, f->name->n);
        t = f->type;
    }
    const char *r = str_dup(&c->ts->arena, buf_str(&b)).p;
    buf_free(&b);
    return r;
}

/* ---- Breadth-first search through embedded fields ------------------------------------------------------- */

typedef struct Node { /* an embedded type at the depth being searched */
    Type *type;
    int parent; /* its node one level up, -1 at the root */
    int index;  /* field index there */
    bool indirect, multiples;
} Node;

typedef struct Search { VEC(Node) nodes; VEC(NamedType *) seen; } Search;

static int *make_path(TypeSession *ts, const Search *s, int node, int last, int *n) {
    int len = 1;
    for (int i = node; i > 0; i = s->nodes.at[i].parent) len++;
    int *path = arena_array(&ts->arena, int, len);
    int k = len - 1;
    path[k--] = last;
    for (int i = node; i > 0; i = s->nodes.at[i].parent) path[k--] = s->nodes.at[i].index;
    *n = len;
    return path;
}

static bool seen_before(Search *s, NamedType *n) {
    for (int i = 0; i < s->seen.len; i++)
        if (type_identical(&s->seen.at[i]->t, &n->t)) return true;
    vec_push(&s->seen, n);
    return false;
}

static Lookup lookup_impl(TypeSession *ts, Type *t0, bool addressable, Package *pkg, Name *name,
                          bool fold_case) {
    Lookup none = {0}, r = {0};
    if (name->blank) return none;
    bool is_ptr;
    Type *t = deref(t0, &is_ptr);
    if (is_ptr && type_underlying(t)->kind == TYPE_INTERFACE) return none;
    Search s = {0};
    Node root = {t, -1, 0, is_ptr, false};
    vec_push(&s.nodes, root);
    int lo = 0, found_node = 0, found_index = 0;
    while (lo < s.nodes.len) {
        int hi = s.nodes.len;
        for (int k = lo; k < hi; k++) {
            Node e = s.nodes.at[k];
            NamedType *named = as_named(e.type);
            Object *hit = NULL;
            int hit_index = 0;
            if (named) {
                if ((lo || hi > 1 || s.seen.len) ? seen_before(&s, named)
                                                 : (vec_push(&s.seen, named), false))
                    continue;
                (void)type_underlying(&named->t);
                hit_index = named_method_index(named, pkg, name, fold_case);
                if (hit_index >= 0) hit = named_method(named, hit_index);
            }
            Type *u = hit ? NULL : type_underlying(e.type);
            if (u && u->kind == TYPE_STRUCT) {
                StructType *st = (StructType *)u;
                for (int i = 0; i < st->fields.len; i++) {
                    Object *f = st->fields.at[i];
                    if (same_id(f, pkg, name, fold_case)) {
                        if (r.obj || e.multiples || hit) goto ambiguous;
                        hit = f;
                        hit_index = i;
                        continue;
                    }
                    if (!r.obj && !hit && f->embedded && f->type) {
                        bool ptr;
                        Node next = {deref(f->type, &ptr), k, i, false, e.multiples};
                        next.indirect = e.indirect || ptr;
                        vec_push(&s.nodes, next);
                    }
                }
            } else if (u && u->kind == TYPE_INTERFACE) {
                hit = typeset_lookup_method(types_typeset((InterfaceType *)u), pkg, name, fold_case,
                                            &hit_index);
            }
            if (!hit) continue;
            if (r.obj || e.multiples) {
            ambiguous:
                r = none;
                r.index = make_path(ts, &s, k, hit_index, &r.nindex);
                goto out;
            }
            r.obj = hit;
            r.indirect = e.indirect;
            found_node = k;
            found_index = hit_index;
        }
        if (r.obj) {
            if (r.obj->kind == OBJ_FUNC && !r.indirect && !addressable &&
                func_has_ptr_recv(r.obj)) {
                r = none;
                r.indirect = true;
            } else {
                r.index = make_path(ts, &s, found_node, found_index, &r.nindex);
            }
            goto out;
        }
        /* Types that occur several times at this depth are searched once, marked. */
        int out = hi;
        for (int k = hi; k < s.nodes.len; k++) {
            int j = hi;
            while (j < out && !type_identical(s.nodes.at[j].type, s.nodes.at[k].type)) j++;
            if (j < out)
                s.nodes.at[j].multiples = true;
            else
                s.nodes.at[out++] = s.nodes.at[k];
        }
        s.nodes.len = out;
        lo = hi;
    }
    r = none;
out:
    vec_free(&s.nodes);
    vec_free(&s.seen);
    return r;
}

Lookup lookup_field_or_method(TypeSession *ts, Type *t, bool addressable, Package *pkg, Name *name,
                              bool fold_case) {
    /* Methods cannot be associated with a named pointer type, but its fields are found. */
    NamedType *n = as_named(t);
    if (n) {
        Type *u = type_underlying(&n->t);
        if (u->kind == TYPE_POINTER) {
            Lookup r = lookup_impl(ts, u, false, pkg, name, fold_case);
            if (r.obj && r.obj->kind == OBJ_FUNC) r = (Lookup){0};
            return r;
        }
    }
    return lookup_impl(ts, t, addressable, pkg, name, fold_case);
}

Object *type_lookup(TypeSession *ts, Type *t, bool addressable, Package *pkg, Name *name,
                    int **index, int *nindex, bool *indirect) {
    Lookup r = lookup_field_or_method(ts, t, addressable, pkg, name, false);
    if (!r.obj) return NULL;
    if (index) *index = r.index;
    if (nindex) *nindex = r.nindex;
    if (indirect) *indirect = r.indirect;
    return r.obj;
}

/* ---- Missing methods -------------------------------------------------------------------------------------- */

static bool identical_equiv(void *ctx, Type *x, Type *y) { return type_identical(x, y); }

bool is_interface_ptr(Type *t) {
    PointerType *p = AS_POINTER(t);
    return p && type_underlying(p->elem)->kind == TYPE_INTERFACE;
}

const char *interface_ptr_error(Checker *c, Type *t) {
    PointerType *p = AS_POINTER(t);
    if (type_is_typeparam(p->elem))
        return types_format(c, "type %t is pointer to type parameter, not type parameter", t);
    return types_format(c, "type %t is pointer to interface, not interface", t);
}

typedef enum MissingState {
    M_OK, M_NOT_FOUND, M_WRONG_NAME, M_UNEXPORTED, M_WRONG_SIG, M_AMBIG, M_PTR_RECV, M_FIELD,
} MissingState;

static const char *missing_cause(Checker *c, Type *v, Type *t, MissingState state, Object *m,
                                 Object *f) {
    Buf fs = {0}, ms = {0};
    const char *r = "";
    switch (state) {
    case M_OK: break;
    case M_NOT_FOUND:
        if (is_interface_ptr(v))
            r = types_format(c, "(%s)", interface_ptr_error(c, v));
        else if (is_interface_ptr(t))
            r = types_format(c, "(%s)", interface_ptr_error(c, t));
        else
            r = types_format(c, "(missing method %n)", m->name);
        break;
    case M_WRONG_NAME:
        func_string(&fs, c, f, false);
        func_string(&ms, c, m, false);
        r = types_format(c, "(missing method %n)\n\t\thave %s\n\t\twant %s", m->name, fs.data,
                         ms.data);
        break;
    case M_UNEXPORTED: r = types_format(c, "(unexported method %n)", m->name); break;
    case M_WRONG_SIG:
        func_string(&fs, c, f, false);
        func_string(&ms, c, m, false);
        if (!strcmp(fs.data, ms.data)) {
            fs.len = ms.len = 0;
            func_string(&fs, c, f, true);
            func_string(&ms, c, m, true);
        }
        if (!strcmp(fs.data, ms.data))
            r = types_format(c, "(wrong type for method %n)", m->name);
        else
            r = types_format(c, "(wrong type for method %n)\n\t\thave %s\n\t\twant %s", m->name,
                             fs.data, ms.data);
        break;
    case M_AMBIG: r = types_format(c, "(ambiguous selector %t.%n)", v, m->name); break;
    case M_PTR_RECV: r = types_format(c, "(method %n has pointer receiver)", m->name); break;
    case M_FIELD: r = types_format(c, "(%t.%n is a field, not a method)", v, m->name); break;
    }
    buf_free(&fs);
    buf_free(&ms);
    return r;
}

Object *missing_method(Checker *c, Type *v, Type *t, bool is_static, TypeEquiv eq, void *ctx,
                       const char **cause, bool *wrong_type) {
    if (wrong_type) *wrong_type = false;
    InterfaceType *it = AS_INTERFACE(t);
    if (!it) return NULL;
    ObjectList methods = types_typeset(it)->methods;
    if (!methods.len) return NULL;
    if (!eq) eq = identical_equiv;
    MissingState state = M_OK;
    Object *m = NULL, *f = NULL;
    Type *u = type_underlying(v);
    if (u->kind == TYPE_INTERFACE) {
        TypeSet *vs = types_typeset((InterfaceType *)u);
        for (int i = 0; i < methods.len && state == M_OK; i++) {
            m = methods.at[i];
            f = typeset_lookup_method(vs, m->pkg, m->name, false, NULL);
            if (!f) {
                if (is_static) state = M_NOT_FOUND;
                continue;
            }
            if (!eq(ctx, object_type(f), object_type(m))) state = M_WRONG_SIG;
        }
    } else {
        for (int i = 0; i < methods.len && state == M_OK; i++) {
            m = methods.at[i];
            Lookup r = lookup_impl(c->ts, v, false, m->pkg, m->name, false);
            f = r.obj;
            if (!f) {
                state = r.index ? M_AMBIG : r.indirect ? M_PTR_RECV : M_NOT_FOUND;
                if (state == M_NOT_FOUND && cause) {
                    f = lookup_impl(c->ts, v, false, m->pkg, m->name, true).obj;
                    if (f && f->kind != OBJ_FUNC) f = NULL;
                    if (f) state = f->name == m->name ? M_UNEXPORTED : M_WRONG_NAME;
                }
                break;
            }
            if (f->kind != OBJ_FUNC) {
                state = M_FIELD;
                break;
            }
            Type *ft = object_type(f), *mt = object_type(m);
            if (ft && mt && !eq(ctx, ft, mt)) state = M_WRONG_SIG;
        }
    }
    if (state == M_OK) return NULL;
    if (cause) {
        if (f) object_type(f);
        *cause = missing_cause(c, v, t, state, m, f);
    }
    if (wrong_type) *wrong_type = state == M_WRONG_SIG || state == M_PTR_RECV;
    return m;
}

static bool has_invalid_embedded_fields(Type *t, int depth) {
    StructType *s = AS_STRUCT(deref_struct_ptr(t));
    if (!s || depth > 20) return false;
    for (int i = 0; i < s->fields.len; i++) {
        Object *f = s->fields.at[i];
        if (f->embedded && (!is_valid(f->type) || has_invalid_embedded_fields(f->type, depth + 1)))
            return true;
    }
    return false;
}

bool has_all_methods(Checker *c, Type *v, Type *t, bool is_static, TypeEquiv eq, void *ctx,
                     const char **cause) {
    if (!is_valid(v)) return true;
    return !missing_method(c, v, t, is_static, eq, ctx, cause, NULL) ||
           has_invalid_embedded_fields(v, 0);
}

bool assertable_to(Checker *c, Type *v, Type *t, const char **cause) {
    /* No static check against an interface: the dynamic type may have the methods. */
    if (type_underlying(t)->kind == TYPE_INTERFACE) return true;
    return has_all_methods(c, t, v, false, NULL, NULL, cause);
}

bool new_assertable_to(Checker *c, Type *v, Type *t, const char **cause) {
    if (type_underlying(t)->kind == TYPE_INTERFACE) return true;
    return check_implements(c, t, v, false, cause);
}

/* ---- Failed selections ------------------------------------------------------------------------------------- */

static bool tails_equal(const Name *a, const Name *b) {
    int32_t r;
    size_t i = a->n ? (size_t)utf8_decode(a->p, a->n, &r) : 0;
    size_t j = b->n ? (size_t)utf8_decode(b->p, b->n, &r) : 0;
    return a->n - i == b->n - j && !memcmp(a->p + i, b->p + j, a->n - i);
}

const char *lookup_error(Checker *c, Type *t, Name *sel, Object *obj, bool struct_lit) {
    enum { MISSING, MISSPELLED, UNEXPORTED, INACCESSIBLE } e = MISSING;
    Name *alt = obj ? obj->name : NULL;
    if (obj) {
        if (obj->pkg == c->pkg)
            e = MISSPELLED;
        else if (sel->exported)
            e = alt->exported ? MISSPELLED : tails_equal(sel, alt) ? UNEXPORTED : MISSING;
        else if (alt->exported)
            e = tails_equal(sel, alt) ? MISSPELLED : MISSING;
        else
            e = sel == alt ? INACCESSIBLE : MISSING;
    }
    if (struct_lit) {
        switch (e) {
        case MISSING:
            return types_format(c, "unknown field %n in struct literal of type %t", sel, t);
        case MISSPELLED:
            return types_format(
                c, "unknown field %n in struct literal of type %t, but does have %n", sel, t, alt);
        case UNEXPORTED:
            return types_format(
                c, "unknown field %n in struct literal of type %t, but does have unexported %n",
                sel, t, alt);
        default:
            return types_format(
                c, "cannot refer to unexported field %n in struct literal of type %t", alt, t);
        }
    }
    const char *what = !obj ? "object" : obj->kind == OBJ_VAR ? "field" : "method";
    switch (e) {
    case MISSING: return types_format(c, "type %t has no field or method %n", t, sel);
    case MISSPELLED:
        return types_format(c, "type %t has no field or method %n, but does have %s %n", t, sel,
                            what, alt);
    case UNEXPORTED:
        return types_format(c, "type %t has no field or method %n, but does have unexported %s %n",
                            t, sel, what, alt);
    default: return types_format(c, "cannot refer to unexported %s %n", what, alt);
    }
}
