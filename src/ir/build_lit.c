/* Composite literals, built in place where they will live. */
#include "ir/build_int.h"

/* One element: itself a literal (elided &T for pointer elements) or any value. */
static void store_elem(Fn *fn, Place p, Expr *e, bool zeroed) {
    Expr *x = unparen(e);
    if (x->kind == EXPR_COMPOSITE && !x->cval) {
        CompositeLit *l = (CompositeLit *)x;
        Type *t = fn_expr_type(fn, x);
        if (is_kind(p.type, TYPE_POINTER) && !l->type_expr) {
            /* {...} for &T{...}: the recorded type may be T or *T */
            Type *el = deref_type(p.type);
            place_store(fn, p, build_lit_addr(fn, l, el));
            return;
        }
        Type *u = under(t);
        if ((u->kind == TYPE_STRUCT || u->kind == TYPE_ARRAY) && same_type(t, p.type)) {
            build_lit_into(fn, p, l, zeroed);
            return;
        }
    }
    place_store(fn, p, build_expr_as(fn, e, p.type));
}

static int field_index(StructType *s, Expr *key) {
    Ident *id = (Ident *)key;
    for (int i = 0; i < s->fields.len; i++)
        if (s->fields.at[i] == id->obj || (s->fields.at[i]->name == id->name)) return i;
    return -1;
}

/* Index of each element of an array or slice literal; its length. */
static int64_t elem_indices(Fn *fn, CompositeLit *l, int64_t *out) {
    int64_t next = 0, max = 0;
    for (int i = 0; i < l->elems.len; i++) {
        Expr *e = l->elems.at[i];
        if (e->kind == EXPR_KEYVALUE) next = expr_const_int(((KeyValueExpr *)e)->key, next);
        out[i] = next++;
        if (next > max) max = next;
    }
    (void)fn;
    return max;
}

static Expr *elem_value(Expr *e) { return e->kind == EXPR_KEYVALUE ? ((KeyValueExpr *)e)->value : e; }

static void fill_array(Fn *fn, Place p, Type *elem, CompositeLit *l, int64_t *idx) {
    int64_t size = (int64_t)fn_irt(fn, elem)->size, off = p.off;
    for (int i = 0; i < l->elems.len; i++) {
        Place q = p;
        q.type = elem;
        q.off = off + idx[i] * size;
        store_elem(fn, q, elem_value(l->elems.at[i]), true);
    }
}

/* The promoted field that a key names (Go 1.27): path of fields, or NULL. */
static Place promoted_field(Fn *fn, Place p, Type *t, Ident *key) {
    int *index, n;
    bool indirect;
    Package *pkg = key->obj ? key->obj->pkg : fn->b->pkg;
    Object *o = type_lookup(fn->ts, t, true, pkg, key->name, &index, &n, &indirect);
    if (!o || o->kind != OBJ_VAR) bug("composite literal names an unknown field %s", key->name->p);
    for (int i = 0; i < n; i++) {
        if (is_kind(t, TYPE_POINTER)) {
            /* allocate the embedded struct on the way when it is not there yet */
            Type *el = deref_type(t);
            ValueId cur = place_load(fn, p);
            BlockId mk = fn_block(fn), have = fn_block(fn);
            fn_branch(fn, build_is_nil(fn, cur, t), mk, have);
            fn_at(fn, mk);
            place_store(fn, p, fn_aux_t(fn, E0(fn, NEW, irtype_ptr(fn->u)), fn_irt(fn, el)));
            fn_jump(fn, have);
            fn_at(fn, have);
            p = place_mem(place_load(fn, p), el, IRF_NONNIL);
            t = el;
        }
        p = place_field(fn, p, t, index[i]);
        t = p.type;
    }
    return p;
}

static void fill_struct(Fn *fn, Place p, Type *t, CompositeLit *l) {
    StructType *s = (StructType *)under(t);
    for (int i = 0; i < l->elems.len; i++) {
        Expr *e = l->elems.at[i];
        fn->pos = e->pos;
        if (e->kind != EXPR_KEYVALUE && s->fields.at[i]->name->blank) {
            build_effect(fn, e);
            continue;
        }
        if (e->kind != EXPR_KEYVALUE) {
            store_elem(fn, place_field(fn, p, t, i), e, true);
            continue;
        }
        KeyValueExpr *kv = (KeyValueExpr *)e;
        Ident *key = (Ident *)unparen(kv->key);
        int f = field_index(s, &key->x);
        Place q = f >= 0 ? place_field(fn, p, t, f) : promoted_field(fn, p, t, key);
        store_elem(fn, q, kv->value, true);
    }
}

/* Fills p (a struct or array) with l. zeroed: p is known to be zero. */
void build_lit_into(Fn *fn, Place p, CompositeLit *l, bool zeroed) {
    Type *t = p.type, *u = under(t);
    Pos save = fn->pos;
    fn->pos = l->x.pos;
    if (u->kind == TYPE_STRUCT) {
        StructType *s = (StructType *)u;
        bool full = l->elems.len == s->fields.len && s->fields.len <= 4 && type_size(t) > 0;
        for (int i = 0; i < s->fields.len; i++)
            if (s->fields.at[i]->name->blank) full = false;
        if (full) { /* no padding, or nobody can see it; fields that are stored piecewise need zeroes */
            int64_t sum = 0;
            for (int i = 0; i < s->fields.len; i++) {
                const IrType *ft = fn_irt(fn, fn_type(fn, object_type(s->fields.at[i])));
                if (ft->rep == REP_AGG) full = false;
                sum += (int64_t)ft->size;
            }
            if (sum != type_size(t)) full = false;
        }
        if (!zeroed && !full) place_zero(fn, p);
        fill_struct(fn, p, t, l);
    } else if (u->kind == TYPE_ARRAY) {
        int64_t *idx = arena_array(fn->arena, int64_t, l->elems.len);
        elem_indices(fn, l, idx);
        if (!zeroed) place_zero(fn, p);
        fill_array(fn, p, ((ArrayType *)u)->elem, l, idx);
    } else {
        place_store(fn, p, build_lit(fn, l));
    }
    fn->pos = save;
}

static ValueId build_slice_lit(Fn *fn, CompositeLit *l, Type *t) {
    Type *elem = ((SliceType *)under(t))->elem;
    int64_t *idx = arena_array(fn->arena, int64_t, l->elems.len);
    int64_t n = elem_indices(fn, l, idx);
    Type *arr = type_new_array(fn->ts, elem, n);
    const IrType *at = fn_irt(fn, arr);
    ValueId p = fn_aux_t(fn, E0(fn, NEW, irtype_ptr(fn->u)), at);
    Sym *st = l->elems.len > 3 && !zero_sized(at) ? ir_static_value(fn->u, &l->x, arr) : NULL;
    if (st) fn_flag(fn, fn_aux_t(fn, E2(fn, MOVE, &irtype_none, p, fn_symaddr(fn, st)), at), IRF_NONNIL);
    else fill_array(fn, place_mem(p, arr, IRF_NONNIL), elem, l, idx);
    return E3(fn, SLICEMAKE, fn_irt(fn, t), p, fn_const_int(fn, n), fn_const_int(fn, n));
}

/* Keys and values that are literals with an elided type have their type recorded by the checker; an
 * elided &T shows in the element type only. */
static ValueId build_elem(Fn *fn, Expr *e, Type *t) {
    Expr *x = unparen(e);
    if (x->kind == EXPR_COMPOSITE && is_kind(t, TYPE_POINTER) && !((CompositeLit *)x)->type_expr)
        return build_lit_addr(fn, (CompositeLit *)x, deref_type(t));
    return build_expr_as(fn, e, t);
}

static ValueId build_map_lit(Fn *fn, CompositeLit *l, Type *t) {
    MapType *m = (MapType *)under(t);
    const IrType *it = fn_irt(fn, t);
    ValueId mv = fn_aux_t(fn, E1(fn, MAKEMAP, it, fn_const_int(fn, l->elems.len)), it);
    for (int i = 0; i < l->elems.len; i++) {
        KeyValueExpr *kv = (KeyValueExpr *)l->elems.at[i];
        fn->pos = kv->x.pos;
        ValueId k = build_elem(fn, kv->key, m->key), v = build_elem(fn, kv->value, m->elem);
        fn_aux_t(fn, E3(fn, MAPSET, &irtype_none, mv, k, v), it);
    }
    return mv;
}

ValueId build_lit(Fn *fn, CompositeLit *l) {
    Type *t = fn_expr_type(fn, &l->x), *u = under(t);
    switch ((TypeKind)u->kind) {
    case TYPE_SLICE: return build_slice_lit(fn, l, t);
    case TYPE_MAP: return build_map_lit(fn, l, t);
    case TYPE_POINTER: return build_lit_addr(fn, l, deref_type(t)); /* elided &T */
    default: break;
    }
    const IrType *it = fn_irt(fn, t);
    if (!l->elems.len) return fn_zero(fn, t);
    if (it->size > 65536) {
        ValueId p = build_lit_addr(fn, l, t);
        return place_load(fn, place_mem(p, t, IRF_NONNIL));
    }
    Place p = place_local(fn_temp(fn, t, "~lit"), t);
    build_lit_into(fn, p, l, false);
    return place_load(fn, p);
}

ValueId build_lit_addr(Fn *fn, CompositeLit *l, Type *t) {
    const IrType *it = fn_irt(fn, t);
    Pos save = fn->pos;
    fn->pos = l->x.pos;
    ValueId v, p;
    Type *u = under(t);
    if (u->kind == TYPE_SLICE || u->kind == TYPE_MAP) {
        v = u->kind == TYPE_SLICE ? build_slice_lit(fn, l, t) : build_map_lit(fn, l, t);
        p = fn_aux_t(fn, E0(fn, NEW, irtype_ptr(fn->u)), it);
        place_store(fn, place_mem(p, t, IRF_NONNIL), v);
    } else {
        p = fn_aux_t(fn, E0(fn, NEW, irtype_ptr(fn->u)), it);
        build_lit_into(fn, place_mem(p, t, IRF_NONNIL), l, true);
    }
    fn->pos = save;
    return p;
}
