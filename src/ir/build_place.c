/* Places: what can be read, assigned and (mostly) addressed.
 *
 * Fields and constant indices of a local only move the byte offset inside it; a variable index takes the
 * local's address (stacks never move). In memory the nil check of a pointer is part of the access, which
 * carries the whole offset. */
#include "ir/build_int.h"

Place place_local(IrVar *v, Type *t) { return (Place){.kind = PLACE_LOCAL, .type = t, .var = v}; }
Place place_mem(ValueId base, Type *t, unsigned flags) {
    return (Place){.kind = PLACE_MEM, .type = t, .base = base, .flags = (uint8_t)flags};
}

Place place_field(Fn *fn, Place p, Type *st, int i) {
    StructType *s = (StructType *)under(st);
    p.type = fn_type(fn, object_type(s->fields.at[i]));
    p.off += struct_field_offset(s, i);
    return p;
}

Place place_index_const(Fn *fn, Place p, Type *arr, int64_t i) {
    ArrayType *a = (ArrayType *)under(arr);
    p.type = a->elem;
    p.off += i * (int64_t)fn_irt(fn, a->elem)->size;
    return p;
}

Place place_fix(Fn *fn, Place p) {
    if (p.kind != PLACE_ELEM) return p;
    const IrType *ptr = irtype_ptr(fn->u);
    Type *u = under(p.map);
    Pos save = fn->pos;
    fn->pos = p.pos;
    ValueId a;
    if (u->kind == TYPE_SLICE) {
        a = fn_aux_i(fn, E2(fn, ELEMADDR, ptr, p.base, p.key), (int64_t)fn_irt(fn, ((SliceType *)u)->elem)->size);
    } else {
        ArrayType *t = (ArrayType *)u;
        a = fn_aux_i(fn, E2(fn, ARRADDR, ptr, p.base, p.key), (int64_t)fn_irt(fn, t->elem)->size);
        fn_flag(fn, fn_aux2(fn, a, t->len), p.flags);
    }
    fn->pos = save;
    Place r = place_mem(a, p.type, IRF_NONNIL);
    r.off = p.off;
    return r;
}

ValueId place_addr(Fn *fn, Place p) {
    const IrType *ptr = irtype_ptr(fn->u);
    p = place_fix(fn, p);
    switch ((PlaceKind)p.kind) {
    case PLACE_LOCAL:
        p.var->addressed = true;
        return fn_aux2(fn, fn_aux_var(fn, E0(fn, LOCALADDR, ptr), p.var), p.off);
    case PLACE_MEM:
        if (!p.off) {
            if (!(p.flags & IRF_NONNIL)) E1(fn, NILCHECK, &irtype_none, p.base);
            return p.base;
        }
        return fn_flag(fn, fn_aux2(fn, E1(fn, FIELDADDR, ptr, p.base), p.off), p.flags);
    case PLACE_MAP: {
        const IrType *kt = fn_irt(fn, ((MapType *)under(p.map))->key);
        (void)kt;
        return fn_aux_t(fn, E2(fn, MAPADDR, ptr, p.base, p.key), fn_irt(fn, p.map));
    }
    default: bug("address of the blank identifier");
    }
}

ValueId place_load(Fn *fn, Place p) {
    if (p.kind == PLACE_BLANK) bug("load of the blank identifier");
    p = place_fix(fn, p);
    const IrType *t = fn_irt(fn, p.type);
    if (p.kind == PLACE_MAP) {
        ValueId v = E2(fn, MAPGET, t, p.base, p.key);
        return fn_aux_t(fn, v, fn_irt(fn, p.map));
    }
    if (zero_sized(t)) {
        if (p.kind == PLACE_MEM && !(p.flags & IRF_NONNIL)) E1(fn, NILCHECK, &irtype_none, p.base);
        return E0(fn, ZERO, t);
    }
    if (p.kind == PLACE_LOCAL) return fn_aux2(fn, fn_aux_var(fn, E0(fn, LOCALGET, t), p.var), p.off);
    return fn_flag(fn, fn_aux2(fn, E1(fn, LOAD, t, p.base), p.off), p.flags);
}

void place_store(Fn *fn, Place p, ValueId v) {
    if (p.kind == PLACE_BLANK) return;
    p = place_fix(fn, p);
    const IrType *t = fn_irt(fn, p.type);
    if (p.kind == PLACE_MAP) {
        ValueId s = E3(fn, MAPSET, &irtype_none, p.base, p.key, v);
        fn_aux_t(fn, s, fn_irt(fn, p.map));
        return;
    }
    if (zero_sized(t)) {
        if (p.kind == PLACE_MEM && !(p.flags & IRF_NONNIL)) E1(fn, NILCHECK, &irtype_none, p.base);
        return;
    }
    if (p.kind == PLACE_LOCAL) {
        fn_aux2(fn, fn_aux_var(fn, E1(fn, LOCALSET, &irtype_none, v), p.var), p.off);
        return;
    }
    ValueId s = E2(fn, STORE, &irtype_none, p.base, v);
    fn_aux_t(fn, s, t);
    fn_flag(fn, fn_aux2(fn, s, p.off), p.flags);
}

void place_zero(Fn *fn, Place p) {
    const IrType *t = fn_irt(fn, p.type);
    if (p.kind == PLACE_BLANK || zero_sized(t)) return;
    p = place_fix(fn, p);
    if (p.kind == PLACE_LOCAL && !p.off && p.var->type->size == t->size) {
        fn_aux_var(fn, E0(fn, LOCALZERO, &irtype_none), p.var);
        return;
    }
    if (p.kind == PLACE_MEM && t->rep == REP_AGG) {
        ValueId z = E1(fn, ZEROMEM, &irtype_none, place_addr(fn, p));
        fn_flag(fn, fn_aux_t(fn, z, t), IRF_NONNIL);
        return;
    }
    place_store(fn, p, fn_zero(fn, p.type));
}

ValueId value_addr(Fn *fn, ValueId v, Type *t) {
    IrVar *tmp = fn_temp(fn, t, "~tmp");
    Place p = place_local(tmp, t);
    place_store(fn, p, v);
    return place_addr(fn, p);
}

/* ---- Places of expressions ------------------------------------------------------------------------ */

/* Can e be used as a place without copying it? Composite values that are not addressable cannot. */
bool expr_is_place(Fn *fn, Expr *e) {
    e = unparen(e);
    if (e->cval) return false;
    switch ((ExprKind)e->kind) {
    case EXPR_IDENT: {
        Object *o = ((Ident *)e)->obj;
        return o && o->kind == OBJ_VAR;
    }
    case EXPR_STAR: return e->mode != MODE_TYPE;
    case EXPR_SELECTOR: {
        SelectorExpr *s = (SelectorExpr *)e;
        if (!s->selection) return s->sel->obj && s->sel->obj->kind == OBJ_VAR;
        if (s->selection->kind != SEL_FIELD) return false;
        if (s->selection->indirect) return true;
        return expr_is_place(fn, s->on);
    }
    case EXPR_INDEX: {
        IndexExpr *x = (IndexExpr *)e;
        if (e->mode == MODE_TYPE || x->on->mode == MODE_TYPE || !x->on->type) return false;
        Type *t = under(fn_expr_type(fn, x->on));
        if (t->kind == TYPE_SLICE || t->kind == TYPE_POINTER) return true;
        return t->kind == TYPE_ARRAY && expr_is_place(fn, x->on);
    }
    default: return false;
    }
}

/* Walks index[0..n) of fields from place p of type t, through embedded pointers. */
static Place follow(Fn *fn, Place p, Type *t, int *index, int n, Type **out) {
    for (int i = 0; i < n; i++) {
        if (is_kind(t, TYPE_POINTER)) {
            t = deref_type(t);
            p = place_mem(place_load(fn, p), t, 0);
        }
        p = place_field(fn, p, t, index[i]);
        t = p.type;
    }
    *out = t;
    return p;
}

/* The place of e's field path; e is a place, or a pointer value, or a plain value (spilled). */
Place place_path(Fn *fn, Expr *e, Type *t, int *index, int n, Type **out) {
    Place p;
    if (expr_is_place(fn, e)) p = place_of(fn, e);
    else if (is_kind(t, TYPE_POINTER)) {
        ValueId v = build_expr(fn, e);
        t = deref_type(t);
        p = place_mem(v, t, 0);
    } else {
        IrVar *tmp = fn_temp(fn, t, "~tmp");
        p = place_local(tmp, t);
        place_store(fn, p, build_expr(fn, e));
    }
    return follow(fn, p, t, index, n, out);
}

static Place place_of_index(Fn *fn, IndexExpr *x) {
    Type *ct = fn_expr_type(fn, x->on), *t = under(ct);
    Expr *ie = x->indices.at[0];
    if (t->kind == TYPE_MAP) {
        MapType *m = (MapType *)t;
        Place p = {.kind = PLACE_MAP, .type = m->elem, .map = ct};
        p.base = build_expr(fn, x->on);
        p.key = build_expr_as(fn, ie, m->key);
        return p;
    }
    int64_t ci = 0;
    bool is_const = ie->cval && const_int64(ie->cval, &ci);
    if (t->kind == TYPE_SLICE) {
        Type *elem = ((SliceType *)t)->elem;
        ValueId s = build_expr(fn, x->on);
        return (Place){.kind = PLACE_ELEM, .type = elem, .base = s, .key = build_expr(fn, ie), .map = ct, .pos = x->x.pos};
    }
    if (t->kind == TYPE_POINTER) {
        ArrayType *a = (ArrayType *)under(deref_type(t));
        ValueId p = build_expr(fn, x->on);
        if (is_const) {
            Place pl = place_mem(p, deref_type(t), 0);
            return place_index_const(fn, pl, deref_type(t), ci);
        }
        return (Place){.kind = PLACE_ELEM, .type = a->elem, .base = p, .key = build_expr(fn, ie), .map = &a->t,
                       .pos = x->x.pos};
    }
    ArrayType *a = (ArrayType *)t;
    Place p;
    if (expr_is_place(fn, x->on)) p = place_of(fn, x->on);
    else {
        IrVar *tmp = fn_temp(fn, ct, "~tmp");
        p = place_local(tmp, ct);
        place_store(fn, p, build_expr(fn, x->on));
    }
    if (is_const && ci < a->len) return place_index_const(fn, p, ct, ci);
    ValueId i = build_expr(fn, ie);
    fn->pos = x->x.pos;
    return (Place){.kind = PLACE_ELEM, .type = a->elem, .base = place_addr(fn, p), .key = i, .map = ct, .pos = x->x.pos,
                   .flags = IRF_NONNIL};
}

Place place_of(Fn *fn, Expr *e) {
    e = unparen(e);
    Pos save = fn->pos;
    fn->pos = e->pos;
    Place p = {0};
    switch ((ExprKind)e->kind) {
    case EXPR_IDENT: {
        Ident *id = (Ident *)e;
        if (!id->name->blank) p = place_var(fn, id->obj);
        break;
    }
    case EXPR_STAR: {
        StarExpr *s = (StarExpr *)e;
        Type *t = fn_expr_type(fn, s->on);
        p = place_mem(build_expr(fn, s->on), deref_type(t), 0);
        break;
    }
    case EXPR_SELECTOR: {
        SelectorExpr *s = (SelectorExpr *)e;
        if (!s->selection) {
            p = place_var(fn, s->sel->obj);
            break;
        }
        Type *out;
        p = place_path(fn, s->on, fn_expr_type(fn, s->on), s->selection->index, s->selection->nindex, &out);
        break;
    }
    case EXPR_INDEX: p = place_of_index(fn, (IndexExpr *)e); break;
    case EXPR_COMPOSITE: {
        Type *t = fn_expr_type(fn, e);
        p = place_local(fn_temp(fn, t, "~lit"), t);
        build_lit_into(fn, p, (CompositeLit *)e, false);
        break;
    }
    default: {
        Type *t = fn_expr_type(fn, e);
        p = place_local(fn_temp(fn, t, "~tmp"), t);
        place_store(fn, p, build_expr(fn, e));
    }
    }
    fn->pos = save;
    return p;
}

/* True when evaluating e can read or write the aggregate at p: then a literal needs a temporary. */
static bool self_ref(Walk *w, Expr *e) {
    if (e->kind == EXPR_CALL && !e->cval) w->found = 1;
    if (e->kind == EXPR_IDENT || e->kind == EXPR_STAR || e->kind == EXPR_SELECTOR) {
        Object *o = e->kind == EXPR_IDENT ? ((Ident *)e)->obj : NULL;
        if (!e->cval && e->mode != MODE_TYPE && (!o || o->kind == OBJ_VAR)) w->found = 1;
    }
    return !w->found && e->kind != EXPR_FUNCLIT;
}

void place_assign(Fn *fn, Place p, Expr *e) {
    Expr *x = unparen(e);
    if (p.kind == PLACE_BLANK) {
        build_effect(fn, e);
        return;
    }
    Type *from = x->cval ? p.type : fn_expr_type(fn, x);
    const IrType *it = fn_irt(fn, p.type);
    if (p.kind == PLACE_ELEM && x->kind == EXPR_COMPOSITE) p = place_fix(fn, p);
    if (it->rep == REP_AGG && p.kind != PLACE_MAP && same_type(from, p.type)) {
        if (x->kind == EXPR_COMPOSITE) {
            Walk w = {.expr = self_ref};
            CompositeLit *l = (CompositeLit *)x;
            for (int i = 0; i < l->elems.len && !w.found; i++) {
                Expr *el = l->elems.at[i];
                walk_expr(&w, el->kind == EXPR_KEYVALUE ? ((KeyValueExpr *)el)->value : el);
            }
            if (!w.found) {
                build_lit_into(fn, p, l, false);
                return;
            }
        } else if (it->size > 64 && (p.kind == PLACE_MEM || p.kind == PLACE_ELEM) && expr_is_place(fn, x)) {
            Place q = place_of(fn, x);
            if (q.kind != PLACE_MAP) {
                ValueId src = place_addr(fn, q), dst = place_addr(fn, p);
                fn_flag(fn, fn_aux_t(fn, E2(fn, MOVE, &irtype_none, dst, src), it), IRF_NONNIL);
                return;
            }
        }
    }
    place_store(fn, p, build_expr_as(fn, e, p.type));
}
