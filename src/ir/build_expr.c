/* Expressions: values, conditions, operators, selectors, indexing, slicing. */
#include "ir/build_int.h"

bool const_cond(Expr *e, bool *v) {
    if (!e->cval || const_kind(e->cval) != CONST_BOOL) return false;
    *v = const_bool(e->cval);
    return true;
}

int64_t expr_const_int(Expr *e, int64_t dflt) {
    int64_t v;
    return e && e->cval && const_int64(e->cval, &v) ? v : dflt;
}

static bool is_nil_expr(Expr *e) {
    e = unparen(e);
    return e->mode == MODE_NILVALUE ||
           (e->kind == EXPR_IDENT && ((Ident *)e)->obj && ((Ident *)e)->obj->kind == OBJ_NIL);
}

ValueId build_expr_as(Fn *fn, Expr *e, Type *to) {
    if (is_nil_expr(e)) return fn_zero(fn, to);
    if (e->cval && !is_iface(to)) return fn_const(fn, e->cval, to);
    Type *from = fn_expr_type(fn, e);
    if (e->cval && !is_iface(from)) return build_iface_const(fn, e->cval, from, to);
    const IrType *ft = is_iface(to) ? fn_irt(fn, from) : NULL;
    if (ft && ft->rep == REP_AGG && ft->size > 256) { /* boxed where it is made, not copied through the frame */
        ValueId box = fn_aux_t(fn, E0(fn, NEW, irtype_ptr(fn->u)), ft);
        place_assign(fn, place_mem(box, from, IRF_NONNIL), e);
        Sym *tab = fn_irt(fn, to)->eface ? ir_type_symbol(fn->u, from) : ir_itab_symbol(fn->u, from, to);
        return E2(fn, IFACEMAKE, fn_irt(fn, to), fn_symaddr(fn, tab), box);
    }
    ValueId v = build_expr(fn, e);
    return build_assign_conv(fn, v, from, to);
}

/* ---- Operators --------------------------------------------------------------------------------- */

ValueId build_is_nil(Fn *fn, ValueId v, Type *t) {
    const IrType *it = fn_irt(fn, t), *ptr = irtype_ptr(fn->u);
    ValueId w = v;
    if (it->rep == REP_SLICE) w = E1(fn, SLICEPTR, ptr, v);
    else if (it->rep == REP_IFACE) w = E1(fn, IFACETAB, ptr, v);
    return E2(fn, EQ, irtype_bool(fn->u), w, fn_nilptr(fn));
}

/* x == y for operands of types that Go lets compare. */
ValueId build_equal(Fn *fn, ValueId x, Type *xt, ValueId y, Type *yt) {
    const IrType *b = irtype_bool(fn->u);
    bool xi = is_iface(xt), yi = is_iface(yt);
    if (xi || yi) {
        if (xi && !yi) y = build_assign_conv(fn, y, yt, xt);
        else if (yi && !xi) x = build_assign_conv(fn, x, xt, yt);
        else if (!same_type(xt, yt)) {
            if (type_implements(fn->ts, xt, yt)) x = build_assign_conv(fn, x, xt, yt);
            else y = build_assign_conv(fn, y, yt, xt);
        }
        return E2(fn, IFACEEQ, b, x, y);
    }
    const IrType *it = fn_irt(fn, xt);
    if (zero_sized(it)) return fn_bool(fn, true);
    if (it->rep == REP_AGG) {
        ValueId p = value_addr(fn, x, xt), q = value_addr(fn, y, yt);
        return fn_aux_t(fn, E2(fn, MEMEQ, b, p, q), it);
    }
    return E2(fn, EQ, b, x, y);
}

static IrOp arith_op(int tok, const IrType *t) {
    bool f = t->rep == REP_F32 || t->rep == REP_F64, c = t->rep == REP_C64 || t->rep == REP_C128;
    switch (tok) {
    case TOK_ADD: return f ? IR_FADD : c ? IR_CADD : IR_ADD;
    case TOK_SUB: return f ? IR_FSUB : c ? IR_CSUB : IR_SUB;
    case TOK_MUL: return f ? IR_FMUL : c ? IR_CMUL : IR_MUL;
    case TOK_QUO: return f ? IR_FDIV : c ? IR_CDIV : IR_DIV;
    case TOK_REM: return IR_MOD;
    case TOK_AND: return IR_AND;
    case TOK_OR: return IR_OR;
    case TOK_XOR: return IR_XOR;
    case TOK_ANDNOT: return IR_ANDNOT;
    case TOK_SHL: return IR_SHL;
    case TOK_SHR: return IR_SHR;
    default: bug("operator %s", token_text[tok]);
    }
}

static IrOp compare_op(int tok) {
    switch (tok) {
    case TOK_LSS: return IR_LT;
    case TOK_LEQ: return IR_LE;
    case TOK_GTR: return IR_GT;
    default: return IR_GE;
    }
}

ValueId build_binary(Fn *fn, int tok, ValueId x, Type *xt, ValueId y, Type *yt, Type *rt, Expr *ye) {
    const IrType *b = irtype_bool(fn->u);
    switch (tok) {
    case TOK_EQL: return build_equal(fn, x, xt, y, yt);
    case TOK_NEQ: {
        ValueId v = build_equal(fn, x, xt, y, yt);
        IrValue *eq = fn_val(fn, v);
        if (eq->op == IR_EQ) {
            eq->op = IR_NE;
            return v;
        }
        return E1(fn, NOT, b, v);
    }
    case TOK_LSS: case TOK_LEQ: case TOK_GTR: case TOK_GEQ: return fn_emit(fn, compare_op(tok), b, 2, (ValueId[]){x, y});
    default: break;
    }
    const IrType *it = fn_irt(fn, rt);
    if (it->rep == REP_STR) return E2(fn, STRCONCAT, it, x, y);
    ValueId v = fn_emit(fn, arith_op(tok, it), it, 2, (ValueId[]){x, y});
    int64_t c;
    if (ye && ye->cval && const_int64(ye->cval, &c)) {
        if ((tok == TOK_SHL || tok == TOK_SHR) && c >= 0 && (uint64_t)c < it->size * 8) fn_flag(fn, v, IRF_INBOUNDS);
        if ((tok == TOK_QUO || tok == TOK_REM) && c != 0) fn_flag(fn, v, IRF_INBOUNDS);
    }
    return v;
}

enum { CONCAT_MAX = 60 };

/* a + b + c of strings: one concatenation, or several when there are many operands. */
static void flatten_concat(Fn *fn, Expr *e, Type *t, ValueId *args, int *n) {
    Expr *x = unparen(e);
    if (!x->cval && x->kind == EXPR_BINARY && ((BinaryExpr *)x)->op == TOK_ADD) {
        flatten_concat(fn, ((BinaryExpr *)x)->left, t, args, n);
        flatten_concat(fn, ((BinaryExpr *)x)->right, t, args, n);
        return;
    }
    if (*n == CONCAT_MAX) {
        args[0] = fn_emit(fn, IR_STRCONCAT, fn_irt(fn, t), CONCAT_MAX, args);
        *n = 1;
    }
    args[(*n)++] = build_expr_as(fn, e, t);
}

static ValueId build_logic(Fn *fn, Expr *e) {
    BlockId t = fn_block(fn), f = fn_block(fn), join = fn_block(fn);
    ValueId r = ir_block_param(fn->f, join, irtype_bool(fn->u));
    build_cond(fn, e, t, f);
    fn_at(fn, t);
    fn_jump_arg(fn, join, fn_bool(fn, true));
    fn_at(fn, f);
    fn_jump_arg(fn, join, fn_bool(fn, false));
    fn_at(fn, join);
    return r;
}

void build_cond(Fn *fn, Expr *e, BlockId t, BlockId f) {
    Expr *x = unparen(e);
    bool c;
    if (const_cond(x, &c)) {
        fn_jump(fn, c ? t : f);
        return;
    }
    if (x->kind == EXPR_UNARY && ((UnaryExpr *)x)->op == TOK_NOT) {
        build_cond(fn, ((UnaryExpr *)x)->on, f, t);
        return;
    }
    if (x->kind == EXPR_BINARY) {
        BinaryExpr *b = (BinaryExpr *)x;
        if (b->op == TOK_ANDAND || b->op == TOK_OROR) {
            BlockId mid = fn_block(fn);
            if (b->op == TOK_ANDAND) build_cond(fn, b->left, mid, f);
            else build_cond(fn, b->left, t, mid);
            fn_at(fn, mid);
            build_cond(fn, b->right, t, f);
            return;
        }
    }
    ValueId v = build_expr(fn, x);
    fn_branch(fn, v, t, f);
}

/* Both operands in order. A variable that a later call might change is read after it, as gc does. */
static void build_operands(Fn *fn, Expr *xe, Type *xt, Expr *ye, Type *yt, ValueId *x, ValueId *y,
                           bool cmp) {
    Expr *u = unparen(xe);
    bool late = !u->cval && u->kind == EXPR_IDENT && expr_is_place(fn, u) && expr_has_call(ye);
    bool tmp = cmp && is_string(xt) && is_string(yt);
    if (late) *y = tmp ? build_str_tmp(fn, ye, yt) : build_expr_as(fn, ye, yt);
    *x = tmp ? build_str_tmp(fn, xe, xt) : build_expr_as(fn, xe, xt);
    if (!late) *y = tmp ? build_str_tmp(fn, ye, yt) : build_expr_as(fn, ye, yt);
}

static ValueId build_binary_expr(Fn *fn, BinaryExpr *b) {
    if (b->op == TOK_ANDAND || b->op == TOK_OROR) return build_logic(fn, &b->x);
    Type *rt = fn_expr_type(fn, &b->x);
    ValueId x, y;
    bool cmp = b->op >= TOK_EQL && b->op <= TOK_GEQ;
    if (cmp) {
        bool ln = is_nil_expr(b->left), rn = is_nil_expr(b->right);
        if (ln || rn) {
            Expr *o = ln ? b->right : b->left;
            if (is_nil_expr(o)) return fn_bool(fn, b->op == TOK_EQL);
            ValueId v = build_is_nil(fn, build_expr(fn, o), fn_expr_type(fn, o));
            if (b->op == TOK_NEQ) fn_val(fn, v)->op = IR_NE;
            return v;
        }
        Type *xt = fn_expr_type(fn, b->left), *yt = fn_expr_type(fn, b->right);
        /* a constant takes the other operand's type */
        if (b->left->cval && !b->right->cval && !is_iface(yt)) xt = yt;
        if (b->right->cval && !b->left->cval && !is_iface(xt)) yt = xt;
        const IrType *it = fn_irt(fn, xt);
        if (it->rep == REP_AGG && same_type(xt, yt) && expr_is_place(fn, b->left) && expr_is_place(fn, b->right)) {
            ValueId p = place_addr(fn, place_of(fn, b->left)), q = place_addr(fn, place_of(fn, b->right));
            fn->pos = b->op_pos;
            ValueId v = fn_aux_t(fn, E2(fn, MEMEQ, irtype_bool(fn->u), p, q), it);
            return b->op == TOK_EQL ? v : E1(fn, NOT, irtype_bool(fn->u), v);
        }
        build_operands(fn, b->left, xt, b->right, yt, &x, &y, true);
        fn->pos = b->op_pos;
        return build_binary(fn, b->op, x, xt, y, yt, rt, b->right);
    }
    if (b->op == TOK_SHL || b->op == TOK_SHR) {
        Type *yt = fn_expr_type(fn, b->right);
        if (b->right->cval && !basic_has(yt, BF_INTEGER)) yt = fn->ts->basic[BASIC_UINT];
        build_operands(fn, b->left, rt, b->right, yt, &x, &y, false);
        fn->pos = b->op_pos;
        return build_binary(fn, b->op, x, rt, y, yt, rt, b->right);
    }
    if (is_string(rt)) {
        ValueId args[CONCAT_MAX];
        int n = 0;
        flatten_concat(fn, &b->x, rt, args, &n);
        fn->pos = b->op_pos;
        return fn_emit(fn, IR_STRCONCAT, fn_irt(fn, rt), n, args);
    }
    build_operands(fn, b->left, rt, b->right, rt, &x, &y, false);
    fn->pos = b->op_pos;
    return build_binary(fn, b->op, x, rt, y, rt, rt, b->right);
}

static ValueId build_addr_of(Fn *fn, UnaryExpr *u) {
    Expr *x = unparen(u->on);
    if (x->kind == EXPR_COMPOSITE) return build_lit_addr(fn, (CompositeLit *)x, fn_expr_type(fn, x));
    return place_addr(fn, place_of(fn, x));
}

static ValueId build_unary(Fn *fn, UnaryExpr *u) {
    Type *t = fn_expr_type(fn, &u->x);
    const IrType *it = fn_irt(fn, t);
    switch (u->op) {
    case TOK_AND: return build_addr_of(fn, u);
    case TOK_ARROW: {
        Type *ct = fn_expr_type(fn, u->on);
        Type *elem = ((ChanType *)under(ct))->elem;
        ValueId c = build_expr(fn, u->on);
        fn->pos = u->x.pos;
        const IrType *et = fn_irt(fn, elem);
        return fn_aux_t(fn, E1(fn, RECV, et, c), et);
    }
    default: break;
    }
    ValueId v = build_expr_as(fn, u->on, t);
    switch (u->op) {
    case TOK_ADD: return v;
    case TOK_SUB:
        if (it->rep == REP_F32 || it->rep == REP_F64) return E1(fn, FNEG, it, v);
        if (it->rep == REP_C64 || it->rep == REP_C128) return E1(fn, CNEG, it, v);
        return E1(fn, NEG, it, v);
    case TOK_NOT: return E1(fn, NOT, it, v);
    case TOK_XOR: return E1(fn, COM, it, v);
    default: bug("unary operator %s", token_text[u->op]);
    }
}

/* ---- Selectors, indexing, slicing -------------------------------------------------------------- */

ValueId build_field(Fn *fn, ValueId v, Type *st, int i) {
    StructType *s = (StructType *)under(st);
    Type *ft = fn_type(fn, object_type(s->fields.at[i]));
    const IrType *it = fn_irt(fn, ft);
    if (zero_sized(it)) return E0(fn, ZERO, it);
    return fn_aux2(fn, E1(fn, AGGGET, it, v), struct_field_offset(s, i));
}

static ValueId build_selector(Fn *fn, SelectorExpr *s) {
    if (!s->selection) {
        Object *o = s->sel->obj;
        if (o->kind == OBJ_FUNC) return build_func_value(fn, o, s->sel->targs);
        return place_load(fn, place_var(fn, o));
    }
    Selection *sel = s->selection;
    switch ((SelectionKind)sel->kind) {
    case SEL_METHODEXPR: return build_method_expr(fn, s);
    case SEL_METHOD: return build_method_value(fn, s);
    default: break;
    }
    Type *t = fn_expr_type(fn, s->on), *out;
    if (expr_is_place(fn, &s->x))
        return place_load(fn, place_path(fn, s->on, t, sel->index, sel->nindex, &out));
    /* fields of a value */
    ValueId v = build_expr(fn, s->on);
    for (int i = 0; i < sel->nindex; i++) {
        v = build_field(fn, v, t, sel->index[i]);
        t = fn_type(fn, object_type(((StructType *)under(t))->fields.at[sel->index[i]]));
    }
    return v;
}

/* A key that is only looked up. */
static ValueId build_map_key(Fn *fn, Expr *e, Type *key) {
    return is_string(key) ? build_str_tmp(fn, e, key) : build_expr_as(fn, e, key);
}

static ValueId build_index(Fn *fn, IndexExpr *x) {
    if (x->x.mode != MODE_MAPINDEX && x->on->mode == MODE_VALUE && x->on->type && is_kind(x->on->type, TYPE_SIGNATURE)) {
        /* instantiation f[T] */
        Expr *f = unparen(x->on);
        if (f->kind == EXPR_IDENT) return build_func_value(fn, ((Ident *)f)->obj, ((Ident *)f)->targs);
        if (f->kind == EXPR_SELECTOR) return build_expr(fn, f);
    }
    Type *ct = fn_expr_type(fn, x->on), *t = under(ct);
    if (is_string(ct)) {
        ValueId s = build_expr(fn, x->on), i = build_expr(fn, x->indices.at[0]);
        fn->pos = x->x.pos;
        return E2(fn, STRINDEX, fn_irt(fn, fn->ts->basic[BASIC_UINT8]), s, i);
    }
    if (t->kind == TYPE_MAP) {
        MapType *m = (MapType *)t;
        ValueId mv = build_expr(fn, x->on), k = build_map_key(fn, x->indices.at[0], m->key);
        fn->pos = x->x.pos;
        return fn_aux_t(fn, E2(fn, MAPGET, fn_irt(fn, m->elem), mv, k), fn_irt(fn, ct));
    }
    int64_t ci;
    Expr *ie = x->indices.at[0];
    if (t->kind == TYPE_ARRAY && !expr_is_place(fn, x->on) && ie->cval && const_int64(ie->cval, &ci)) {
        ValueId v = build_expr(fn, x->on);
        const IrType *et = fn_irt(fn, ((ArrayType *)t)->elem);
        if (zero_sized(et)) return E0(fn, ZERO, et);
        return fn_aux2(fn, E1(fn, AGGGET, et, v), ci * (int64_t)et->size);
    }
    return place_load(fn, place_of(fn, &x->x));
}

static ValueId build_slice(Fn *fn, SliceExpr *s) {
    Type *ct = fn_expr_type(fn, s->on), *t = under(ct), *rt = fn_expr_type(fn, &s->x);
    ValueId base;
    ArrayType *arr = NULL;
    if (t->kind == TYPE_POINTER) {
        arr = (ArrayType *)under(deref_type(t));
        base = build_expr(fn, s->on);
    } else if (t->kind == TYPE_ARRAY) {
        arr = (ArrayType *)t;
        base = place_addr(fn, place_of(fn, s->on));
    } else {
        base = build_expr(fn, s->on);
    }
    ValueId a[4] = {base, 0, 0, 0};
    for (int i = 0; i < 3; i++)
        if (s->index[i]) a[i + 1] = build_expr(fn, s->index[i]);
    fn->pos = s->x.pos;
    const IrType *it = fn_irt(fn, rt);
    if (arr) {
        ValueId v = fn_aux_i(fn, fn_emit(fn, IR_ARRSLICE, it, 4, a), (int64_t)fn_irt(fn, arr->elem)->size);
        return fn_aux2(fn, v, arr->len);
    }
    if (is_string(ct)) return fn_emit(fn, IR_STRSLICE, it, 3, a);
    Type *elem = ((SliceType *)t)->elem;
    return fn_aux_i(fn, fn_emit(fn, IR_SLICESLICE, it, 4, a), (int64_t)fn_irt(fn, elem)->size);
}

/* ---- Dispatch ------------------------------------------------------------------------------------- */

static ValueId build_ident(Fn *fn, Ident *id) {
    Object *o = id->obj;
    if (!o) bug("identifier %s denotes nothing", id->name->p);
    switch ((ObjectKind)o->kind) {
    case OBJ_VAR: {
        VarLoc *l = o->is_global ? NULL : fn_constant_var(fn, o);
        return l ? fn_const(fn, l->cval, l->type) : place_load(fn, place_var(fn, o));
    }
    case OBJ_FUNC: return build_func_value(fn, o, id->targs);
    case OBJ_NIL: return fn_zero(fn, fn_expr_type(fn, &id->x));
    case OBJ_CONST: return fn_const(fn, o->cval, fn_expr_type(fn, &id->x));
    default: bug("identifier %s is no value", id->name->p);
    }
}

static ValueId build_assertion(Fn *fn, TypeAssertExpr *a) {
    Type *from = fn_expr_type(fn, a->on), *to = fn_expr_type(fn, &a->x);
    ValueId v = build_expr(fn, a->on);
    fn->pos = a->x.pos;
    return build_assert(fn, v, from, to);
}

ValueId build_expr(Fn *fn, Expr *e) {
    Pos save = fn->pos;
    if (e->pos) fn->pos = e->pos;
    ValueId v = 0;
    if (e->cval) v = fn_const(fn, e->cval, fn_expr_type(fn, e));
    else switch ((ExprKind)e->kind) {
    case EXPR_IDENT: v = build_ident(fn, (Ident *)e); break;
    case EXPR_COMPOSITE: v = build_lit(fn, (CompositeLit *)e); break;
    case EXPR_FUNCLIT: v = fn_closure(fn, (FuncLit *)e); break;
    case EXPR_PAREN: v = build_expr(fn, ((ParenExpr *)e)->inner); break;
    case EXPR_SELECTOR: v = build_selector(fn, (SelectorExpr *)e); break;
    case EXPR_INDEX: v = build_index(fn, (IndexExpr *)e); break;
    case EXPR_SLICE: v = build_slice(fn, (SliceExpr *)e); break;
    case EXPR_TYPEASSERT: v = build_assertion(fn, (TypeAssertExpr *)e); break;
    case EXPR_CALL: v = build_call(fn, (CallExpr *)e); break;
    case EXPR_STAR: v = place_load(fn, place_of(fn, e)); break;
    case EXPR_UNARY: v = build_unary(fn, (UnaryExpr *)e); break;
    case EXPR_BINARY: v = build_binary_expr(fn, (BinaryExpr *)e); break;
    default: bug("expression kind %d", e->kind);
    }
    fn->pos = save;
    return v;
}

void build_effect(Fn *fn, Expr *e) {
    Expr *x = unparen(e);
    if (x->cval || is_nil_expr(x)) return;
    if (x->kind == EXPR_IDENT && ((Ident *)x)->obj && ((Ident *)x)->obj->kind == OBJ_VAR) return;
    if (x->commaok) {
        Type *t;
        build_commaok(fn, x, &t);
        return;
    }
    build_expr(fn, x);
}

ValueId build_commaok(Fn *fn, Expr *e, Type **elem) {
    Expr *x = unparen(e);
    Pos save = fn->pos;
    fn->pos = x->pos;
    const IrType *b = irtype_bool(fn->u);
    ValueId r;
    if (x->kind == EXPR_TYPEASSERT) {
        TypeAssertExpr *a = (TypeAssertExpr *)x;
        Type *to = fn_expr_type(fn, a->type_expr);
        ValueId v = build_expr(fn, a->on);
        *elem = to;
        r = build_assert_ok(fn, v, fn_expr_type(fn, a->on), to);
    } else if (x->kind == EXPR_INDEX) {
        IndexExpr *i = (IndexExpr *)x;
        Type *mt = fn_expr_type(fn, i->on);
        MapType *m = (MapType *)under(mt);
        ValueId mv = build_expr(fn, i->on), k = build_map_key(fn, i->indices.at[0], m->key);
        *elem = m->elem;
        const IrType *tt = irtype_tuple(fn->u, (const IrType *[]){fn_irt(fn, m->elem), b}, 2);
        fn->pos = x->pos;
        r = fn_aux_t(fn, E2(fn, MAPGETOK, tt, mv, k), fn_irt(fn, mt));
    } else if (x->kind == EXPR_UNARY && ((UnaryExpr *)x)->op == TOK_ARROW) {
        UnaryExpr *u = (UnaryExpr *)x;
        ChanType *c = (ChanType *)under(fn_expr_type(fn, u->on));
        ValueId ch = build_expr(fn, u->on);
        *elem = c->elem;
        const IrType *et = fn_irt(fn, c->elem), *tt = irtype_tuple(fn->u, (const IrType *[]){et, b}, 2);
        fn->pos = x->pos;
        r = fn_aux_t(fn, E1(fn, RECVOK, tt, ch), et);
    } else bug("no comma-ok expression (kind %d)", x->kind);
    fn->pos = save;
    return r;
}
