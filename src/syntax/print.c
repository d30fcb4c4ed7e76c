/* Positions of expressions and their source form in messages. */
#include "syntax/syntax.h"

Expr *unparen(Expr *e) {
    while (e->kind == EXPR_PAREN) e = ((ParenExpr *)e)->inner;
    return e;
}

Pos expr_start(const Expr *e) {
    for (;;) {
        const Expr *n = NULL;
        switch (e->kind) {
        case EXPR_COMPOSITE: n = ((const CompositeLit *)e)->type_expr; break;
        case EXPR_KEYVALUE: n = ((const KeyValueExpr *)e)->key; break;
        case EXPR_SELECTOR: n = ((const SelectorExpr *)e)->on; break;
        case EXPR_INDEX: n = ((const IndexExpr *)e)->on; break;
        case EXPR_SLICE: n = ((const SliceExpr *)e)->on; break;
        case EXPR_TYPEASSERT: n = ((const TypeAssertExpr *)e)->on; break;
        case EXPR_CALL: n = ((const CallExpr *)e)->fn; break;
        case EXPR_BINARY: n = ((const BinaryExpr *)e)->left; break;
        }
        if (!n) return e->pos;
        e = n;
    }
}

Pos expr_end(const Expr *e) {
    switch (e->kind) {
    case EXPR_IDENT: return e->pos + ((const Ident *)e)->name->n;
    case EXPR_BASICLIT: return e->pos + (Pos)((const BasicLit *)e)->text.n;
    case EXPR_COMPOSITE: return ((const CompositeLit *)e)->rbrace + 1;
    case EXPR_FUNCLIT: return ((const FuncLit *)e)->body->rbrace + 1;
    case EXPR_PAREN: return expr_end(((const ParenExpr *)e)->inner);
    case EXPR_SELECTOR: return expr_end(&((const SelectorExpr *)e)->sel->x);
    case EXPR_INDEX: {
        ExprList l = ((const IndexExpr *)e)->indices;
        return l.len ? expr_end(l.at[l.len - 1]) : e->pos + 1;
    }
    case EXPR_SLICE: {
        const SliceExpr *s = (const SliceExpr *)e;
        for (int i = 2; i >= 0; i--)
            if (s->index[i]) return expr_end(s->index[i]);
        return e->pos + 1;
    }
    case EXPR_TYPEASSERT: {
        const TypeAssertExpr *t = (const TypeAssertExpr *)e;
        return t->type_expr ? expr_end(t->type_expr) : e->pos + 1;
    }
    case EXPR_CALL: return ((const CallExpr *)e)->rparen + 1;
    case EXPR_STAR: return expr_end(((const StarExpr *)e)->on);
    case EXPR_UNARY: return expr_end(((const UnaryExpr *)e)->on);
    case EXPR_BINARY: return expr_end(((const BinaryExpr *)e)->right);
    case EXPR_KEYVALUE: return expr_end(((const KeyValueExpr *)e)->value);
    case EXPR_ARRAYTYPE: return expr_end(((const ArrayTypeExpr *)e)->elem);
    case EXPR_ELLIPSIS: return expr_end(((const EllipsisExpr *)e)->elem);
    case EXPR_MAPTYPE: return expr_end(((const MapTypeExpr *)e)->value);
    case EXPR_CHANTYPE: return expr_end(((const ChanTypeExpr *)e)->elem);
    case EXPR_STRUCTTYPE: return ((const StructTypeExpr *)e)->fields.close + 1;
    case EXPR_INTERFACETYPE: return ((const InterfaceTypeExpr *)e)->elems.close + 1;
    case EXPR_FUNCTYPE: {
        const FuncTypeExpr *f = (const FuncTypeExpr *)e;
        if (f->results.close) return f->results.close + 1;
        if (f->results.len) return expr_end(f->results.at[0].type);
        return f->params.close + 1;
    }
    }
    return e->pos;
}

static void put_list(Buf *b, ExprList l) {
    for (int i = 0; i < l.len; i++) {
        if (i) buf_puts(b, ", ");
        expr_print(b, l.at[i]);
    }
}

static void put_params(Buf *b, FieldList l, char open, char close) {
    buf_putc(b, open);
    for (int i = 0; i < l.len; i++) {
        const Field *f = &l.at[i];
        if (i) buf_puts(b, ", ");
        if (f->name) {
            expr_print(b, &f->name->x);
            if (i + 1 < l.len && l.at[i + 1].name && l.at[i + 1].type == f->type) continue;
            buf_putc(b, ' ');
        }
        expr_print(b, f->type);
    }
    buf_putc(b, close);
}

static void put_signature(Buf *b, const FuncTypeExpr *f) {
    put_params(b, f->params, '(', ')');
    if (!f->results.len) return;
    buf_putc(b, ' ');
    if (f->results.len == 1 && !f->results.at[0].name) expr_print(b, f->results.at[0].type);
    else put_params(b, f->results, '(', ')');
}

static void put_fields(Buf *b, FieldList l) {
    for (int i = 0; i < l.len; i++) {
        const Field *f = &l.at[i];
        if (i) buf_puts(b, "; ");
        if (f->name) {
            expr_print(b, &f->name->x);
            while (i + 1 < l.len && l.at[i + 1].name && l.at[i + 1].type == f->type) {
                buf_puts(b, ", ");
                expr_print(b, &l.at[++i].name->x);
            }
            buf_putc(b, ' ');
        }
        expr_print(b, f->type);
        if (f->tag) {
            buf_putc(b, ' ');
            expr_print(b, f->tag);
        }
    }
}

static void put_chan(Buf *b, const ChanTypeExpr *c) {
    if (c->dir == CHAN_RECV) buf_puts(b, "<-");
    buf_puts(b, c->dir == CHAN_SEND ? "chan<- " : "chan ");
    bool paren = c->dir == CHAN_BOTH && c->elem->kind == EXPR_CHANTYPE &&
                 ((const ChanTypeExpr *)c->elem)->dir == CHAN_RECV;
    if (paren) buf_putc(b, '(');
    expr_print(b, c->elem);
    if (paren) buf_putc(b, ')');
}

void expr_print(Buf *b, const Expr *e) {
    switch (e->kind) {
    case EXPR_BAD: buf_puts(b, "<bad expr>"); break;
    case EXPR_IDENT: buf_put(b, ((const Ident *)e)->name->p, ((const Ident *)e)->name->n); break;
    case EXPR_BASICLIT: {
        Str t = ((const BasicLit *)e)->text;
        buf_put(b, t.p, t.n);
        break;
    }
    case EXPR_COMPOSITE: {
        const CompositeLit *c = (const CompositeLit *)e;
        if (c->type_expr) expr_print(b, c->type_expr);
        buf_puts(b, c->elems.len ? "{…}" : "{}");
        break;
    }
    case EXPR_FUNCLIT: {
        const FuncLit *f = (const FuncLit *)e;
        expr_print(b, &f->sig->x);
        buf_puts(b, f->body->list.len ? " {…}" : " {}");
        break;
    }
    case EXPR_PAREN:
        buf_putc(b, '(');
        expr_print(b, ((const ParenExpr *)e)->inner);
        buf_putc(b, ')');
        break;
    case EXPR_SELECTOR:
        expr_print(b, ((const SelectorExpr *)e)->on);
        buf_putc(b, '.');
        expr_print(b, &((const SelectorExpr *)e)->sel->x);
        break;
    case EXPR_INDEX:
        expr_print(b, ((const IndexExpr *)e)->on);
        buf_putc(b, '[');
        put_list(b, ((const IndexExpr *)e)->indices);
        buf_putc(b, ']');
        break;
    case EXPR_SLICE: {
        const SliceExpr *s = (const SliceExpr *)e;
        expr_print(b, s->on);
        buf_putc(b, '[');
        if (s->index[0]) expr_print(b, s->index[0]);
        buf_putc(b, ':');
        if (s->index[1]) expr_print(b, s->index[1]);
        if (s->index[2]) {
            buf_putc(b, ':');
            expr_print(b, s->index[2]);
        }
        buf_putc(b, ']');
        break;
    }
    case EXPR_TYPEASSERT: {
        const TypeAssertExpr *t = (const TypeAssertExpr *)e;
        expr_print(b, t->on);
        buf_puts(b, ".(");
        if (t->type_expr) expr_print(b, t->type_expr);
        else buf_puts(b, "type");
        buf_putc(b, ')');
        break;
    }
    case EXPR_CALL: {
        const CallExpr *c = (const CallExpr *)e;
        expr_print(b, c->fn);
        buf_putc(b, '(');
        put_list(b, c->args);
        buf_puts(b, c->has_dots ? "...)" : ")");
        break;
    }
    case EXPR_STAR:
        buf_putc(b, '*');
        expr_print(b, ((const StarExpr *)e)->on);
        break;
    case EXPR_UNARY:
        buf_puts(b, token_text[((const UnaryExpr *)e)->op]);
        expr_print(b, ((const UnaryExpr *)e)->on);
        break;
    case EXPR_BINARY: {
        const BinaryExpr *x = (const BinaryExpr *)e;
        expr_print(b, x->left);
        buf_printf(b, " %s ", token_text[x->op]);
        expr_print(b, x->right);
        break;
    }
    case EXPR_KEYVALUE:
        expr_print(b, ((const KeyValueExpr *)e)->key);
        buf_puts(b, ": ");
        expr_print(b, ((const KeyValueExpr *)e)->value);
        break;
    case EXPR_ARRAYTYPE: {
        const ArrayTypeExpr *a = (const ArrayTypeExpr *)e;
        buf_putc(b, '[');
        if (a->len) expr_print(b, a->len);
        else if (a->dots) buf_puts(b, "...");
        buf_putc(b, ']');
        expr_print(b, a->elem);
        break;
    }
    case EXPR_ELLIPSIS:
        buf_puts(b, "...");
        expr_print(b, ((const EllipsisExpr *)e)->elem);
        break;
    case EXPR_STRUCTTYPE:
        buf_puts(b, "struct{");
        put_fields(b, ((const StructTypeExpr *)e)->fields);
        buf_putc(b, '}');
        break;
    case EXPR_FUNCTYPE:
        buf_puts(b, "func");
        put_signature(b, (const FuncTypeExpr *)e);
        break;
    case EXPR_INTERFACETYPE: {
        FieldList l = ((const InterfaceTypeExpr *)e)->elems;
        buf_puts(b, "interface{");
        for (int i = 0; i < l.len; i++) {
            if (i) buf_puts(b, "; ");
            if (l.at[i].name) {
                expr_print(b, &l.at[i].name->x);
                put_signature(b, (const FuncTypeExpr *)l.at[i].type);
            } else {
                expr_print(b, l.at[i].type);
            }
        }
        buf_putc(b, '}');
        break;
    }
    case EXPR_MAPTYPE:
        buf_puts(b, "map[");
        expr_print(b, ((const MapTypeExpr *)e)->key);
        buf_putc(b, ']');
        expr_print(b, ((const MapTypeExpr *)e)->value);
        break;
    case EXPR_CHANTYPE: put_chan(b, (const ChanTypeExpr *)e); break;
    default: bug("expression kind %d", e->kind);
    }
}
