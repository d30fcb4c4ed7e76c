/* Literals: basic, function and composite. */
#include "types/checker.h"

static bool lit_has(Str s, char ch) { return s.n && memchr(s.p, ch, s.n); }

/* Number forms that came with Go 1.13. */
static void lang_compat(Checker *c, BasicLit *e) {
    Str s = e->text;
    if (s.n <= 2 || allow_version(c, 13)) return;
    if (lit_has(s, '_')) {
        types_version_error(c, e->x.pos, 13, "underscore in numeric literal");
        return;
    }
    if (s.p[0] != '0') return;
    char r = s.p[1] | 0x20;
    if (r == 'b') types_version_error(c, e->x.pos, 13, "binary literal");
    else if (r == 'o') types_version_error(c, e->x.pos, 13, "0o/0O-style octal literal");
    else if (e->lit != TOK_INT && r == 'x')
        types_version_error(c, e->x.pos, 13, "hexadecimal floating-point literal");
}

void check_basic_lit(Checker *c, Operand *x, BasicLit *e) {
    if (e->lit == TOK_INT || e->lit == TOK_FLOAT || e->lit == TOK_IMAG) {
        lang_compat(c, e);
        if (e->text.n > 10000) {
            types_error(c, e->x.pos, ERR_InvalidConstVal, "excessively long constant: %S... (%d chars)",
                        (Str){e->text.p, 10}, (int)e->text.n);
            x->mode = MODE_INVALID;
            return;
        }
    }
    operand_set_const(c, x, e->lit, e->text);
    if (x->mode == MODE_INVALID) {
        types_error(c, e->x.pos, ERR_InvalidConstVal, "malformed constant: %S", e->text);
        return;
    }
    x->expr = &e->x;
    if (e->lit != TOK_STRING && e->lit != TOK_CHAR) check_overflow(c, x, e->x.pos);
}

typedef struct LitBody { DeclInfo *decl; SignatureType *sig; FuncLit *lit; ConstVal *iota; } LitBody;
static void later_lit_body(Checker *c, void *arg) {
    LitBody *a = arg;
    check_func_body(c, a->decl, a->sig, a->lit, a->lit->body, a->iota);
}

/* The enclosing function of a literal's parameters is the literal itself; a body that is checked later
 * needs to know the function around it only through its scope. */
void check_func_lit(Checker *c, Operand *x, FuncLit *e) {
    Type *t = check_typ(c, &e->sig->x);
    if (t->kind != TYPE_SIGNATURE) {
        x->mode = MODE_INVALID;
        return;
    }
    if ((!c->opt.ignore_bodies || c->lazy) && e->body) {
        LitBody *a = arena_new(c->arena, LitBody);
        *a = (LitBody){c->env.decl, (SignatureType *)t, e, c->env.iota};
        check_later(c, later_lit_body, a);
    }
    x->mode = MODE_VALUE;
    x->type = t;
}

/* ---- Composite literals ------------------------------------------------------------------------ */

bool const_key(Checker *c, ConstVal *v, Str *key) {
    int64_t i;
    if (const_kind(v) == CONST_COMPLEX || const_kind(v) == CONST_FLOAT) {
        ConstVal *n = const_to_int(c->arena, v);
        if (const_kind(n) == CONST_INT) v = n;
    }
    switch (const_kind(v)) {
    case CONST_UNKNOWN: return false;
    case CONST_STRING: {
        Str s = const_string(v);
        *key = s;
        return true;
    }
    case CONST_INT:
        if (const_int64(v, &i)) {
            char *b = arena_alloc(c->arena, 9);
            memcpy(b, &i, 8);
            b[8] = 1;
            *key = (Str){b, 9};
            return true;
        }
        break;
    default: break;
    }
    Buf b = {0};
    const_print_exact(&b, v);
    *key = str_dup(c->arena, buf_str(&b));
    buf_free(&b);
    return true;
}

static int64_t indexed_elems(Checker *c, ExprList elems, Type *elem, int64_t length) {
    int64_t index = 0, max = 0;
    Map seen = {0};
    bool keyed = false;
    for (int i = 0; i < elems.len; i++) keyed |= elems.at[i]->kind == EXPR_KEYVALUE;
    for (int i = 0; i < elems.len; i++) {
        Expr *e = elems.at[i], *eval = e;
        bool valid = false;
        if (e->kind == EXPR_KEYVALUE) {
            KeyValueExpr *kv = (KeyValueExpr *)e;
            int64_t v;
            Type *t = check_index(c, kv->key, length, &v);
            if (is_valid(t)) {
                if (v >= 0) {
                    index = v;
                    valid = true;
                } else {
                    types_error(c, expr_start(e), ERR_InvalidLitIndex, "index %e must be integer constant", kv->key);
                }
            }
            eval = kv->value;
        } else if (length >= 0 && index >= length) {
            types_error(c, expr_start(e), ERR_OversizeArrayLit, "index %D is out of bounds (>= %D)", index, length);
        } else {
            valid = true;
        }
        if (valid && keyed) {
            bool fresh;
            map_put_ptr(&seen, (void *)(intptr_t)(index + 1), &fresh)->num = 1;
            if (!fresh)
                types_error(c, expr_start(e), ERR_DuplicateLitKey, "duplicate index %D in array or slice literal", index);
        }
        if (index < INT64_MAX) index++;
        if (index > max) max = index;
        Operand x = {0};
        check_generic_expr(c, &x, eval, elem);
        check_assignment(c, &x, elem, "array or slice literal");
    }
    map_free(&seen);
    return max;
}

/* Field paths seen in one struct literal: a field may not be given twice, nor with one that holds it. */
typedef struct SeenField { int *index, n; Object *obj; } SeenField;
typedef VEC(SeenField) SeenFields;

static SeenField *conflicting(SeenFields *s, int *index, int n) {
    for (int i = 0; i < s->len; i++) {
        SeenField *f = &s->at[i];
        int m = f->n < n ? f->n : n;
        if (!memcmp(f->index, index, m * sizeof *index)) return f;
    }
    return NULL;
}

static void keyed_struct(Checker *c, Operand *x, CompositeLit *e, StructType *st, Type *base) {
    SeenFields seen = {0};
    for (int i = 0; i < e->elems.len; i++) {
        Expr *el = e->elems.at[i];
        if (el->kind != EXPR_KEYVALUE) {
            types_error(c, expr_start(el), ERR_MixedStructLit, "mixture of field:value and value elements in struct literal");
            continue;
        }
        KeyValueExpr *kv = (KeyValueExpr *)el;
        check_generic_expr(c, x, kv->value, NULL);
        if (kv->key->kind != EXPR_IDENT) {
            types_error(c, expr_start(el), ERR_InvalidLitField, "invalid field name %e in struct literal", kv->key);
            continue;
        }
        Ident *key = (Ident *)kv->key;
        Pos kp = key->x.pos;
        Lookup l = lookup_field_or_method(c->ts, &st->t, false, c->pkg, key->name, false);
        if (!l.obj) {
            Lookup alt = lookup_field_or_method(c->ts, &st->t, false, c->pkg, key->name, true);
            types_error(c, kp, ERR_MissingLitField, "%s", lookup_error(c, base, key->name, alt.obj, true));
            continue;
        }
        if (l.obj->kind != OBJ_VAR) {
            types_error(c, kp, ERR_MissingLitField, "%e is not a field", kv->key);
            continue;
        }
        if (l.nindex > 1 && !verify_versionf(c, kp, 27, "use of promoted field %s in struct literal of type %t",
                                             field_path(c, &st->t, l.index, l.nindex), base))
            continue;
        if (l.indirect) {
            types_error(c, kp, ERR_InvalidLitField, "invalid implicit pointer indirection to reach %e", kv->key);
            continue;
        }
        key->obj = l.obj;
        check_assignment(c, x, l.obj->type, "struct literal");
        SeenField *f = conflicting(&seen, l.index, l.nindex);
        if (f) {
            if (f->obj == l.obj)
                types_error(c, expr_start(el), ERR_DuplicateLitField, "duplicate field name %n in struct literal", l.obj->name);
            else if (f->n < l.nindex)
                types_error(c, expr_start(el), ERR_DuplicateLitField,
                            "cannot specify promoted field %n and enclosing embedded field %n", l.obj->name, f->obj->name);
            else
                types_error(c, expr_start(el), ERR_DuplicateLitField,
                            "cannot specify embedded field %n and enclosed promoted field %n", l.obj->name, f->obj->name);
        } else {
            vec_push(&seen, ((SeenField){l.index, l.nindex, l.obj}));
        }
    }
    vec_free(&seen);
}

static void positional_struct(Checker *c, Operand *x, CompositeLit *e, StructType *st, Type *base) {
    ObjectList fields = st->fields;
    for (int i = 0; i < e->elems.len; i++) {
        Expr *el = e->elems.at[i];
        if (el->kind == EXPR_KEYVALUE) {
            types_error(c, expr_start(el), ERR_MixedStructLit, "mixture of field:value and value elements in struct literal");
            continue;
        }
        check_generic_expr(c, x, el, NULL);
        if (i >= fields.len) {
            types_error(c, operand_pos(x), ERR_InvalidStructLit, "too many values in struct literal of type %t", base);
            break;
        }
        Object *f = fields.at[i];
        if (!object_is_exported(f) && f->pkg != c->pkg) {
            types_error(c, operand_pos(x), ERR_UnexportedLitField,
                        "implicit assignment to unexported field %n in struct literal of type %t", f->name, base);
            continue;
        }
        check_assignment(c, x, f->type, "struct literal");
    }
    if (e->elems.len >= fields.len) return;
    const char *hint = "";
    for (int i = 0; i < fields.len; i++)
        if (!object_is_exported(fields.at[i]) && fields.at[i]->pkg != c->pkg)
            hint = " (type has unexported fields - use key:value pairs)";
    types_error(c, e->rbrace ? e->rbrace : e->x.pos, ERR_InvalidStructLit, "too few values in struct literal of type %t%s",
                base, hint);
}

typedef struct SeenKey { Type *t; struct SeenKey *next; } SeenKey;

static void map_literal(Checker *c, Operand *x, CompositeLit *e, MapType *m) {
    bool iface = is_non_typeparam_interface(m->key);
    Map seen = {0};
    for (int i = 0; i < e->elems.len; i++) {
        Expr *el = e->elems.at[i];
        if (el->kind != EXPR_KEYVALUE) {
            types_error(c, expr_start(el), ERR_MissingLitKey, "missing key in map literal");
            continue;
        }
        KeyValueExpr *kv = (KeyValueExpr *)el;
        check_generic_expr(c, x, kv->key, m->key);
        check_assignment(c, x, m->key, "map literal");
        if (x->mode == MODE_INVALID) continue;
        Str key;
        if (x->mode == MODE_CONST && const_key(c, x->cval, &key)) {
            bool fresh, dup = false;
            MapEntry *me = map_put_str(&seen, key, &fresh);
            if (iface) {
                for (SeenKey *s = me->val; s; s = s->next) dup |= type_identical(s->t, x->type);
                SeenKey *s = arena_new(c->arena, SeenKey);
                *s = (SeenKey){x->type, me->val};
                me->val = s;
            } else {
                dup = !fresh;
            }
            if (dup) {
                types_error(c, operand_pos(x), ERR_DuplicateLitKey, "duplicate key %v in map literal", x->cval);
                continue;
            }
        }
        check_generic_expr(c, x, kv->value, m->elem);
        check_assignment(c, x, m->elem, "map literal");
    }
    map_free(&seen);
}

void check_composite_lit(Checker *c, Operand *x, CompositeLit *e, Type *hint) {
    Type *typ, *base;
    bool is_elem = false;
    const char *cause = "";
    if (e->type_expr) {
        ArrayTypeExpr *at = e->type_expr->kind == EXPR_ARRAYTYPE ? (ArrayTypeExpr *)e->type_expr : NULL;
        if (at && at->dots && !at->len) {
            ArrayType *a = alloc_type(c->ts, TYPE_ARRAY, sizeof *a);
            a->len = -1;
            a->elem = check_var_type(c, at->elem);
            typ = base = &a->t;
        } else {
            typ = base = check_typ(c, e->type_expr);
        }
    } else if (hint) {
        typ = base = hint;
        Type *u = common_under(c, base, NULL, NULL, &cause);
        bool was;
        if (u) {
            Type *b = deref(u, &was);
            if (was) base = b;
        }
        is_elem = true;
    } else {
        types_error(c, e->x.pos, ERR_UntypedLit, "missing type in composite literal");
        typ = base = INVALID_TYPE(c);
    }
    if (!is_complete(c, base)) {
        x->mode = MODE_INVALID;
        return;
    }
    Type *u = common_under(c, base, NULL, NULL, &cause);
    switch (u ? (int)u->kind : -1) {
    case TYPE_STRUCT:
        if (!e->elems.len) break;
        if (e->elems.at[0]->kind == EXPR_KEYVALUE) keyed_struct(c, x, e, (StructType *)u, base);
        else positional_struct(c, x, e, (StructType *)u, base);
        break;
    case TYPE_ARRAY: {
        ArrayType *a = (ArrayType *)u;
        int64_t n = indexed_elems(c, e->elems, a->elem, a->len);
        if (a->len < 0) {
            a->len = n;
            if (e->type_expr) record_type_value(c, e->type_expr, MODE_TYPE, u, NULL);
        }
        break;
    }
    case TYPE_SLICE: indexed_elems(c, e->elems, ((SliceType *)u)->elem, -1); break;
    case TYPE_MAP: map_literal(c, x, e, (MapType *)u); break;
    default:
        for (int i = 0; i < e->elems.len; i++) check_use(c, e->elems.at[i]);
        if (!u || is_valid(u)) {
            types_error(c, expr_start(&e->x), ERR_InvalidLit, "invalid composite literal%s type %t%s",
                        is_elem ? " element" : "", typ, u ? "" : " (no common underlying type)");
            x->mode = MODE_INVALID;
            return;
        }
    }
    x->mode = MODE_VALUE;
    x->type = typ;
}
