/* Index and slice expressions. */
#include "types/checker.h"

static Expr *single_index(Checker *c, IndexExpr *e) {
    if (!e->indices.len) {
        types_error(c, expr_start(&e->x), ERR_InvalidSyntaxTree, "invalid syntax tree: missing index for %e", e->on);
        return NULL;
    }
    if (e->indices.len > 1)
        types_error(c, expr_start(e->indices.at[1]), ERR_InvalidIndex, invalid_op "more than one index");
    return e->indices.at[0];
}

static bool map_index(Checker *c, Operand *x, IndexExpr *e, Type *key, Type *elem) {
    Expr *index = single_index(c, e);
    if (!index) {
        x->mode = MODE_INVALID;
        return false;
    }
    Operand k = {0};
    check_generic_expr(c, &k, index, NULL);
    check_assignment(c, &k, key, "map index");
    x->mode = MODE_MAPINDEX;
    x->type = elem;
    x->expr = &e->x;
    return false;
}

/* Indexing a value whose type is a type parameter: all types of its set must agree. */
static bool index_typeparam(Checker *c, Operand *x, int64_t *length, Type **key, Type **elem, int *mode) {
    *key = *elem = NULL;
    *mode = MODE_VAR;
    for (TypeIter it = typeset_iter(x->type); typeset_next(&it);) {
        Type *u = it.u, *k = NULL, *e = NULL;
        int64_t l = -1;
        if (!u) return false;
        switch (u->kind) {
        case TYPE_BASIC:
            if (is_string(u)) {
                e = c->ts->byte_type;
                *mode = MODE_VALUE;
            }
            break;
        case TYPE_ARRAY:
            l = ((ArrayType *)u)->len;
            e = ((ArrayType *)u)->elem;
            if (x->mode != MODE_VAR) *mode = MODE_VALUE;
            break;
        case TYPE_POINTER: {
            Type *a = type_underlying(((PointerType *)u)->elem);
            if (a->kind == TYPE_ARRAY) {
                l = ((ArrayType *)a)->len;
                e = ((ArrayType *)a)->elem;
            }
            break;
        }
        case TYPE_SLICE: e = ((SliceType *)u)->elem; break;
        case TYPE_MAP:
            k = ((MapType *)u)->key;
            e = ((MapType *)u)->elem;
            break;
        }
        if (!e) return false;
        if (!*elem) {
            *length = l;
            *key = k;
            *elem = e;
            continue;
        }
        if (!*key != !k || (k && !type_identical(*key, k))) return false;
        if (!type_identical(*elem, e)) return false;
        if (l >= 0 && l < *length) *length = l;
    }
    return *elem != NULL;
}

bool check_index_expr(Checker *c, Operand *x, IndexExpr *e) {
    check_expr_or_type(c, x, e->on, true);
    switch (x->mode) {
    case MODE_INVALID: check_use_list(c, e->indices); return false;
    case MODE_TYPE:
        x->mode = MODE_INVALID;
        x->type = check_var_type(c, &e->x);
        if (is_valid(x->type)) x->mode = MODE_TYPE;
        return false;
    case MODE_VALUE: {
        Type *u = x->type->kind == TYPE_TUPLE ? x->type : type_underlying(x->type);
        if (u->kind == TYPE_SIGNATURE && ((SignatureType *)u)->tparams.len) return true;
        break;
    }
    }
    check_non_generic(c, NULL, x);
    if (x->mode == MODE_INVALID) return false;
    if (!is_complete(c, x->type)) {
        x->mode = MODE_INVALID;
        return false;
    }
    bool valid = false;
    int64_t length = -1;
    Type *u = type_underlying(x->type);
    switch (u->kind) {
    case TYPE_BASIC:
        if (is_string(u)) {
            valid = true;
            if (x->mode == MODE_CONST) length = const_string(x->cval).n;
            /* an indexed string always yields a byte value, even for a constant string */
            if (is_untyped(x->type)) update_expr_type(c, x->expr, BASIC(c, STRING), true);
            x->mode = MODE_VALUE;
            x->type = c->ts->byte_type;
        }
        break;
    case TYPE_ARRAY:
        valid = true;
        length = ((ArrayType *)u)->len;
        if (x->mode != MODE_VAR) x->mode = MODE_VALUE;
        x->type = ((ArrayType *)u)->elem;
        break;
    case TYPE_POINTER: {
        Type *base = ((PointerType *)u)->elem;
        if (!is_complete(c, base)) {
            x->mode = MODE_INVALID;
            return false;
        }
        Type *a = type_underlying(base);
        if (a->kind == TYPE_ARRAY) {
            valid = true;
            length = ((ArrayType *)a)->len;
            x->mode = MODE_VAR;
            x->type = ((ArrayType *)a)->elem;
        }
        break;
    }
    case TYPE_SLICE:
        valid = true;
        x->mode = MODE_VAR;
        x->type = ((SliceType *)u)->elem;
        break;
    case TYPE_MAP:
        if (!is_complete(c, ((MapType *)u)->elem)) {
            x->mode = MODE_INVALID;
            return false;
        }
        return map_index(c, x, e, ((MapType *)u)->key, ((MapType *)u)->elem);
    case TYPE_INTERFACE:
        if (type_is_typeparam(x->type)) {
            Type *key, *elem;
            int mode;
            if (index_typeparam(c, x, &length, &key, &elem, &mode)) {
                if (key) return map_index(c, x, e, key, elem);
                valid = true;
                x->mode = mode;
                x->type = elem;
            }
        }
        break;
    }
    if (!valid) {
        types_error(c, node_pos(&e->x), ERR_NonSliceableOperand, "cannot index %x", x);
        check_use_list(c, e->indices);
        x->mode = MODE_INVALID;
        return false;
    }
    Expr *index = single_index(c, e);
    if (!index) {
        x->mode = MODE_INVALID;
        return false;
    }
    int64_t v;
    check_index(c, index, length, &v);
    return false;
}

/* The one underlying type that a sliced operand has; strings count as []byte when mixed with it. */
static Type *slice_operand(Checker *c, Operand *x) {
    Type *ct = NULL, *cu = NULL;
    bool has_string = false;
    for (TypeIter it = typeset_iter(x->type); typeset_next(&it);) {
        Type *u = it.u;
        if (!u) {
            types_error(c, operand_pos(x), ERR_NonSliceableOperand, "cannot slice %x: no specific type in %t", x, x->type);
            return NULL;
        }
        if (is_string(u)) {
            u = type_new_slice(c->ts, c->ts->byte_type);
            has_string = true;
        }
        if (!cu) {
            ct = it.t;
            cu = u;
        } else if (!type_identical(cu, u)) {
            types_error(c, operand_pos(x), ERR_NonSliceableOperand,
                        "cannot slice %x: %t and %t have different underlying types", x, ct, it.t);
            return NULL;
        }
    }
    if (has_string) cu = type_is_typeparam(x->type) ? BASIC(c, STRING) : type_underlying(x->type);
    return cu;
}

void check_slice_expr(Checker *c, Operand *x, SliceExpr *e) {
    check_expr(c, NULL, x, e->on);
    if (x->mode == MODE_INVALID) {
        for (int i = 0; i < 3; i++) check_use(c, e->index[i]);
        return;
    }
    Type *cu = slice_operand(c, x);
    if (!cu || (cu->kind == TYPE_POINTER && !is_complete(c, ((PointerType *)cu)->elem))) {
        x->mode = MODE_INVALID;
        return;
    }
    bool valid = false;
    int64_t length = -1;
    switch (cu->kind) {
    case TYPE_BASIC:
        if (!is_string(cu)) break;
        if (e->full) {
            types_error(c, expr_start(e->index[2] ? e->index[2] : &e->x), ERR_InvalidSliceExpr,
                        invalid_op "3-index slice of string");
            x->mode = MODE_INVALID;
            return;
        }
        valid = true;
        if (x->mode == MODE_CONST) length = const_string(x->cval).n;
        if (is_untyped(x->type)) {
            update_expr_type(c, x->expr, BASIC(c, STRING), true);
            x->type = BASIC(c, STRING);
        }
        break;
    case TYPE_ARRAY:
        valid = true;
        length = ((ArrayType *)cu)->len;
        if (x->mode != MODE_VAR) {
            types_error(c, operand_pos(x), ERR_NonSliceableOperand, "cannot slice unaddressable value %x", x);
            x->mode = MODE_INVALID;
            return;
        }
        mark_addressed(e->on);
        x->type = type_new_slice(c->ts, ((ArrayType *)cu)->elem);
        break;
    case TYPE_POINTER: {
        Type *a = type_underlying(((PointerType *)cu)->elem);
        if (a->kind == TYPE_ARRAY) {
            valid = true;
            length = ((ArrayType *)a)->len;
            x->type = type_new_slice(c->ts, ((ArrayType *)a)->elem);
        }
        break;
    }
    case TYPE_SLICE: valid = true; break;
    }
    if (!valid) {
        types_error(c, operand_pos(x), ERR_NonSliceableOperand, "cannot slice %x", x);
        x->mode = MODE_INVALID;
        return;
    }
    x->mode = MODE_VALUE;
    if (e->full && (!e->index[1] || !e->index[2])) {
        types_error(c, expr_start(&e->x), ERR_InvalidSyntaxTree,
                    "invalid syntax tree: 2nd and 3rd index required in 3-index slice");
        x->mode = MODE_INVALID;
        return;
    }
    int64_t ind[3];
    for (int i = 0; i < 3; i++) {
        ind[i] = -1;
        if (e->index[i]) check_index(c, e->index[i], length >= 0 ? length + 1 : -1, &ind[i]);
        else if (i == 0) ind[i] = 0;
        else if (length >= 0) ind[i] = length;
    }
    for (int i = 0; i < 2; i++) {
        if (ind[i] <= 0) continue;
        for (int j = i + 1; j < 3; j++)
            if (ind[j] >= 0 && ind[j] < ind[i]) {
                types_error(c, expr_start(e->index[j] ? e->index[j] : &e->x), ERR_SwappedSliceIndices,
                            "invalid slice indices: %D < %D", ind[j], ind[i]);
                return;
            }
    }
}

/* Checks an index, below max when max >= 0; *val is its constant value or -1. */
Type *check_index(Checker *c, Expr *index, int64_t max, int64_t *val) {
    *val = -1;
    Operand x = {0};
    check_expr(c, NULL, &x, index);
    if (!is_valid_index(c, &x, ERR_InvalidIndex, "index", false)) return INVALID_TYPE(c);
    if (x.mode != MODE_CONST) return x.type;
    if (const_kind(x.cval) == CONST_UNKNOWN) return INVALID_TYPE(c);
    int64_t v;
    if (!const_int64(x.cval, &v)) return INVALID_TYPE(c);
    if (max >= 0 && v >= max) {
        types_error(c, operand_pos(&x), ERR_InvalidIndex, invalid_arg "index %v out of bounds [0:%D]", x.cval, max);
        return INVALID_TYPE(c);
    }
    *val = v;
    return x.type;
}

bool is_valid_index(Checker *c, Operand *x, int code, const char *what, bool allow_negative) {
    if (x->mode == MODE_INVALID) return false;
    check_convert_untyped(c, x, BASIC(c, INT));
    if (x->mode == MODE_INVALID) return false;
    if (!all_integer(x->type)) {
        types_error(c, operand_pos(x), code, invalid_arg "%s %x must be integer", what, x);
        return false;
    }
    if (x->mode == MODE_CONST) {
        if (!allow_negative && const_sign(x->cval) < 0) {
            types_error(c, operand_pos(x), code, invalid_arg "%s %x must not be negative", what, x);
            return false;
        }
        if (!representable_const(c, x->cval, (BasicType *)BASIC(c, INT), &x->cval)) {
            types_error(c, operand_pos(x), code, invalid_arg "%s %x overflows int", what, x);
            return false;
        }
    }
    return true;
}
