/* Parser: expressions and types. Recursive descent with one token of lookahead; positions of nodes
 * are gc's (operators, brackets and dots rather than starts; see expr_start). */
#include "syntax/parser_int.h"

void *p_expr_new(Parser *p, size_t size, ExprKind kind, Pos pos) {
    Expr *e = arena_alloc(p->arena, size);
    e->kind = (uint8_t)kind;
    e->pos = pos;
    return e;
}

Expr *p_bad_expr(Parser *p) { return EXPR_NEW(p, Expr, EXPR_BAD, p->pos); }

Ident *p_ident_new(Parser *p, Pos pos, Name *name) {
    Ident *n = EXPR_NEW(p, Ident, EXPR_IDENT, pos);
    n->name = name;
    return n;
}

static Ident *blank_ident(Parser *p, Pos pos) {
    return p_ident_new(p, pos, intern(p->s->names, "_", 1));
}

Ident *p_name(Parser *p) {
    if (likely(p->tok == TOK_NAME)) {
        Ident *n = p_ident_new(p, p->pos, p->name);
        scan_next(p);
        return n;
    }
    Ident *n = blank_ident(p, p->pos);
    p_syntax_error(p, "expected name");
    p_advance(p, 0);
    return n;
}

static bool at_literal(Parser *p) { return p->tok >= TOK_INT && p->tok <= TOK_STRING; }

BasicLit *p_oliteral(Parser *p) {
    if (!at_literal(p)) return NULL;
    BasicLit *b = EXPR_NEW(p, BasicLit, EXPR_BASICLIT, p->pos);
    b->text = p->lit;
    b->lit = p->tok;
    b->bad = p->bad;
    scan_next(p);
    return b;
}

ExprList p_take_exprs(Parser *p, int mark) {
    ExprList l = {NULL, p->exprs.len - mark};
    if (l.len) l.at = arena_memdup(p->arena, p->exprs.at + mark, sizeof(Expr *) * (size_t)l.len);
    p->exprs.len = mark;
    return l;
}

ExprList p_expr_list(Parser *p) {
    int mark = p->exprs.len;
    do {
        Expr *x = p_expr(p);
        vec_push(&p->exprs, x);
    } while (p_got(p, TOK_COMMA));
    return p_take_exprs(p, mark);
}

/* A nonempty list of types with an optional last comma; unless strict the first may be any
 * expression. */
static ExprList type_list(Parser *p, bool strict, bool *comma) {
    int mark = p->exprs.len;
    *comma = false;
    p->xnest++;
    Expr *x = strict ? p_type(p) : p_expr(p);
    vec_push(&p->exprs, x);
    while (p_got(p, TOK_COMMA)) {
        *comma = true;
        Expr *t = p_type_or_nil(p);
        if (!t) break;
        vec_push(&p->exprs, t);
    }
    p->xnest--;
    return p_take_exprs(p, mark);
}

/* ---- Expressions ---------------------------------------------------------------------------- */

Expr *p_expr(Parser *p) { return p_binary_expr(p, NULL, 0); }

/* <- before a type that turned out to be a channel type. */
static Expr *reassociate_arrow(Parser *p, Expr *x) {
    uint8_t dir = CHAN_SEND;
    Expr *t = x;
    while (dir == CHAN_SEND) {
        if (t->kind != EXPR_CHANTYPE) break;
        ChanTypeExpr *c = (ChanTypeExpr *)t;
        dir = c->dir;
        if (dir == CHAN_RECV) p_syntax_error(p, "unexpected <-, expected chan");
        c->dir = CHAN_RECV;
        t = c->elem;
    }
    if (dir == CHAN_SEND) {
        Buf b = {0};
        expr_print(&b, t);
        p_syntax_errorf_at(p, p->pos, "unexpected %s, expected chan", b.data ? b.data : "");
        buf_free(&b);
    }
    return x;
}

static Expr *unary_expr(Parser *p) {
    Pos pos = p->pos;
    switch (p->tok) {
    case TOK_MUL:
    case TOK_ADD:
    case TOK_SUB:
    case TOK_NOT:
    case TOK_XOR:
    case TOK_TILDE:
    case TOK_AND:
    case TOK_ARROW: break;
    default: return p_pexpr(p, NULL, true);
    }
    if (!p_enter(p)) return p_bad_expr(p);
    uint8_t op = p->tok;
    scan_next(p);
    Expr *on = unary_expr(p), *res;
    if (op == TOK_MUL) {
        StarExpr *x = EXPR_NEW(p, StarExpr, EXPR_STAR, pos);
        x->on = on;
        res = &x->x;
    } else if (op == TOK_ARROW && on->kind == EXPR_CHANTYPE) {
        res = reassociate_arrow(p, on);
    } else {
        UnaryExpr *x = EXPR_NEW(p, UnaryExpr, EXPR_UNARY, pos);
        x->op = op;
        x->on = op == TOK_AND ? unparen(on) : on; /* &(T{}) */
        res = &x->x;
    }
    p_leave(p);
    return res;
}

Expr *p_binary_expr(Parser *p, Expr *x, int prec) {
    if (!x) x = unary_expr(p);
    int tprec;
    while ((tprec = token_prec[p->tok]) > prec) {
        BinaryExpr *t = EXPR_NEW(p, BinaryExpr, EXPR_BINARY, p->pos);
        t->op_pos = p->pos;
        t->op = p->tok;
        scan_next(p);
        t->left = x;
        t->right = p_binary_expr(p, NULL, tprec);
        x = &t->x;
    }
    return x;
}

static Expr *func_lit_or_type(Parser *p) {
    Pos pos = p->pos;
    scan_next(p);
    FuncTypeExpr *sig = p_func_type(p, "function type");
    if (p->tok != TOK_LBRACE) return &sig->x;
    p->xnest++;
    FuncLit *f = EXPR_NEW(p, FuncLit, EXPR_FUNCLIT, pos);
    f->sig = sig;
    f->id = p->fnest ? ++p->nlits : ++p->nglobal_lits;
    if (!p->fnest) { /* literals inside one outside functions count on with it */
        int saved = p->nlits;
        p->nlits = p->nglobal_lits;
        f->body = p_func_body(p);
        p->nglobal_lits = p->nlits;
        p->nlits = saved;
    } else {
        f->body = p_func_body(p);
    }
    p->xnest--;
    return &f->x;
}

static Expr *operand(Parser *p, bool keep_parens) {
    switch (p->tok) {
    case TOK_NAME: return &p_name(p)->x;
    case TOK_INT:
    case TOK_FLOAT:
    case TOK_IMAG:
    case TOK_CHAR:
    case TOK_STRING: return &p_oliteral(p)->x;
    case TOK_LPAREN: {
        Pos pos = p->pos;
        if (!p_enter(p)) return p_bad_expr(p);
        scan_next(p);
        p->xnest++;
        Expr *x = p_expr(p);
        p->xnest--;
        p_want(p, TOK_RPAREN);
        p_leave(p);
        /* A parenthesized T before { may be a wrong composite literal. */
        if (!keep_parens && p->tok != TOK_LBRACE) return x;
        ParenExpr *px = EXPR_NEW(p, ParenExpr, EXPR_PAREN, pos);
        px->inner = x;
        return &px->x;
    }
    case TOK_FUNC: {
        if (!p_enter(p)) return p_bad_expr(p);
        Expr *x = func_lit_or_type(p);
        p_leave(p);
        return x;
    }
    case TOK_LBRACK:
    case TOK_CHAN:
    case TOK_MAP:
    case TOK_STRUCT:
    case TOK_INTERFACE: return p_type(p);
    }
    Expr *x = p_bad_expr(p);
    p_syntax_error(p, "expected expression");
    p_advance(p, TS(RPAREN) | TS(RBRACK) | TS(RBRACE));
    return x;
}

static bool is_value(Expr *x) {
    switch (x->kind) {
    case EXPR_BASICLIT:
    case EXPR_COMPOSITE:
    case EXPR_FUNCLIT:
    case EXPR_SLICE:
    case EXPR_TYPEASSERT:
    case EXPR_CALL:
    case EXPR_UNARY:
    case EXPR_BINARY: return true;
    case EXPR_PAREN: return is_value(((ParenExpr *)x)->inner);
    case EXPR_INDEX: {
        IndexExpr *i = (IndexExpr *)x;
        return is_value(i->on) || (i->indices.len == 1 && is_value(i->indices.at[0]));
    }
    }
    return false;
}

static Expr *complit(Parser *p);

static Expr *complit_value(Parser *p) {
    return p->tok == TOK_LBRACE ? complit(p) : p_expr(p);
}

static bool complit_elem(Parser *p, void *arg) {
    CompositeLit *x = arg;
    Expr *e = complit_value(p);
    if (p->tok == TOK_COLON) {
        KeyValueExpr *l = EXPR_NEW(p, KeyValueExpr, EXPR_KEYVALUE, p->pos);
        l->colon = p->pos;
        scan_next(p);
        l->key = e;
        l->value = complit_value(p);
        e = &l->x;
        x->nkeys++;
    }
    vec_push(&p->exprs, e);
    return false;
}

static Expr *complit(Parser *p) {
    if (!p_enter(p)) return p_bad_expr(p);
    CompositeLit *x = EXPR_NEW(p, CompositeLit, EXPR_COMPOSITE, p->pos);
    x->lbrace = p->pos;
    int mark = p->exprs.len;
    p->xnest++;
    p_want(p, TOK_LBRACE);
    x->rbrace = p_list(p, "composite literal", TOK_COMMA, TOK_RBRACE, complit_elem, x);
    p->xnest--;
    x->elems = p_take_exprs(p, mark);
    p_leave(p);
    return &x->x;
}

static bool call_arg(Parser *p, void *arg) {
    CallExpr *c = arg;
    Expr *x = p_expr(p);
    vec_push(&p->exprs, x);
    c->dots = p->pos;
    c->has_dots = p_got(p, TOK_DOTDOTDOT);
    return c->has_dots;
}

static Expr *index_or_slice(Parser *p, Expr *x) {
    Pos pos = p->pos;
    scan_next(p);
    Expr *i = NULL;
    if (p->tok != TOK_COLON) {
        bool comma = false;
        ExprList l;
        if (p->tok == TOK_RBRACK) {
            p_syntax_error(p, "expected operand");
            i = p_bad_expr(p);
            l = (ExprList){arena_memdup(p->arena, &i, sizeof(i)), 1};
        } else {
            l = type_list(p, false, &comma);
            i = l.at[0];
        }
        if (comma || p->tok == TOK_RBRACK) {
            p_want(p, TOK_RBRACK);
            IndexExpr *t = EXPR_NEW(p, IndexExpr, EXPR_INDEX, pos);
            t->on = x;
            t->lbrack = pos;
            t->indices = l;
            return &t->x;
        }
    }
    if (!p_got(p, TOK_COLON)) {
        p_syntax_error(p, "expected comma, : or ]");
        p_advance(p, TS(COMMA) | TS(COLON) | TS(RBRACK));
    }
    p->xnest++;
    SliceExpr *t = EXPR_NEW(p, SliceExpr, EXPR_SLICE, pos);
    t->on = x;
    t->index[0] = i;
    if (p->tok != TOK_COLON && p->tok != TOK_RBRACK) t->index[1] = p_expr(p);
    if (p->tok == TOK_COLON) {
        t->full = true;
        if (!t->index[1]) {
            p_error_at(p, p->pos, "middle index required in 3-index slice");
            t->index[1] = p_bad_expr(p);
        }
        scan_next(p);
        if (p->tok != TOK_RBRACK) {
            t->index[2] = p_expr(p);
        } else {
            p_error_at(p, p->pos, "final index required in 3-index slice");
            t->index[2] = p_bad_expr(p);
        }
    }
    p->xnest--;
    p_want(p, TOK_RBRACK);
    return &t->x;
}

static Expr *dot_expr(Parser *p, Expr *x) {
    Pos pos = p->pos;
    scan_next(p);
    if (p->tok == TOK_NAME) {
        SelectorExpr *t = EXPR_NEW(p, SelectorExpr, EXPR_SELECTOR, pos);
        t->on = x;
        t->sel = p_name(p);
        return &t->x;
    }
    if (p->tok == TOK_LPAREN) {
        scan_next(p);
        TypeAssertExpr *t = EXPR_NEW(p, TypeAssertExpr, EXPR_TYPEASSERT, pos);
        t->on = x;
        if (!p_got(p, TOK_TYPE)) t->type_expr = p_type(p);
        p_want(p, TOK_RPAREN);
        return &t->x;
    }
    p_syntax_error(p, "expected name or (");
    p_advance(p, TS(SEMI) | TS(RPAREN));
    return x;
}

Expr *p_pexpr(Parser *p, Expr *x, bool keep_parens) {
    if (!x) x = operand(p, keep_parens);
    for (;;) {
        switch (p->tok) {
        case TOK_DOT: x = dot_expr(p, x); break;
        case TOK_LBRACK:
            if (!p_enter(p)) return x;
            x = index_or_slice(p, x);
            p_leave(p);
            break;
        case TOK_LPAREN: {
            if (!p_enter(p)) return x;
            CallExpr *t = EXPR_NEW(p, CallExpr, EXPR_CALL, p->pos);
            t->lparen = p->pos;
            t->fn = x;
            int mark = p->exprs.len;
            scan_next(p);
            p->xnest++;
            t->rparen = p_list(p, "argument list", TOK_COMMA, TOK_RPAREN, call_arg, t);
            p->xnest--;
            if (!t->has_dots) t->dots = 0;
            t->args = p_take_exprs(p, mark);
            x = &t->x;
            p_leave(p);
            break;
        }
        case TOK_LBRACE: {
            Expr *t = unparen(x);
            bool ok = false; /* the brace may belong to a composite literal */
            switch (t->kind) {
            case EXPR_IDENT:
            case EXPR_SELECTOR: ok = p->xnest >= 0; break;
            case EXPR_INDEX: ok = p->xnest >= 0 && !is_value(t); break;
            case EXPR_ARRAYTYPE:
            case EXPR_STRUCTTYPE:
            case EXPR_MAPTYPE: ok = true; break;
            }
            if (!ok) return x;
            if (t != x) p_syntax_error(p, "cannot parenthesize type in composite literal");
            Expr *n = complit(p);
            if (n->kind == EXPR_COMPOSITE) ((CompositeLit *)n)->type_expr = x;
            x = n;
            break;
        }
        default: return x;
        }
    }
}

/* ---- Types ---------------------------------------------------------------------------------- */

Expr *p_type(Parser *p) {
    Expr *t = p_type_or_nil(p);
    if (!t) {
        t = p_bad_expr(p);
        p_syntax_error(p, "expected type");
        p_advance(p, TS(COMMA) | TS(COLON) | TS(SEMI) | TS(RPAREN) | TS(RBRACK) | TS(RBRACE));
    }
    return t;
}

static Expr *indirect(Parser *p, Pos pos, Expr *on) {
    StarExpr *x = EXPR_NEW(p, StarExpr, EXPR_STAR, pos);
    x->on = on;
    return &x->x;
}

static Expr *qualified_name(Parser *p, Ident *name) {
    Expr *x;
    if (name) {
        x = &name->x;
    } else if (p->tok == TOK_NAME) {
        x = &p_name(p)->x;
    } else {
        x = &blank_ident(p, p->pos)->x;
        p_syntax_error(p, "expected name");
        p_advance(p, TS(DOT) | TS(SEMI) | TS(RBRACE));
    }
    if (p->tok == TOK_DOT) {
        SelectorExpr *s = EXPR_NEW(p, SelectorExpr, EXPR_SELECTOR, p->pos);
        scan_next(p);
        s->on = x;
        s->sel = p_name(p);
        x = &s->x;
    }
    if (p->tok == TOK_LBRACK) {
        IndexExpr *t = EXPR_NEW(p, IndexExpr, EXPR_INDEX, p->pos);
        t->lbrack = p->pos;
        t->on = x;
        scan_next(p);
        if (p->tok == TOK_RBRACK) {
            p_syntax_error(p, "expected type argument list");
            Expr *b = p_bad_expr(p);
            t->indices = (ExprList){arena_memdup(p->arena, &b, sizeof(b)), 1};
        } else {
            bool comma;
            t->indices = type_list(p, true, &comma);
        }
        p_want(p, TOK_RBRACK);
        x = &t->x;
    }
    return x;
}

static Expr *chan_elem(Parser *p) {
    Expr *t = p_type_or_nil(p);
    if (!t) {
        t = p_bad_expr(p);
        p_syntax_error(p, "missing channel element type");
    }
    return t;
}

/* Behind "[", whose position is pos; len: the length if it was parsed already. */
Expr *p_array_type(Parser *p, Pos pos, Expr *len) {
    ArrayTypeExpr *t = EXPR_NEW(p, ArrayTypeExpr, EXPR_ARRAYTYPE, pos);
    if (!len && p_got(p, TOK_DOTDOTDOT)) {
        t->dots = true;
    } else if (!len) {
        p->xnest++;
        len = p_expr(p);
        p->xnest--;
    }
    if (p->tok == TOK_COMMA) {
        p_syntax_error(p, "unexpected comma; expected ]");
        scan_next(p);
    }
    p_want(p, TOK_RBRACK);
    t->len = len;
    t->elem = p_type(p);
    return &t->x;
}

Expr *p_slice_type(Parser *p, Pos pos) {
    ArrayTypeExpr *t = EXPR_NEW(p, ArrayTypeExpr, EXPR_ARRAYTYPE, pos);
    t->elem = p_type(p);
    return &t->x;
}

/* At "[" behind a name: an array or slice type, or type arguments (IndexExpr without operand). */
static Expr *array_or_targs(Parser *p) {
    Pos pos = p->pos;
    p_want(p, TOK_LBRACK);
    if (p_got(p, TOK_RBRACK)) return p_slice_type(p, pos);
    bool comma;
    ExprList n = type_list(p, false, &comma);
    p_want(p, TOK_RBRACK);
    if (!comma) {
        Expr *elem = p_type_or_nil(p);
        if (elem) {
            ArrayTypeExpr *t = EXPR_NEW(p, ArrayTypeExpr, EXPR_ARRAYTYPE, pos);
            t->len = n.at[0];
            t->elem = elem;
            return &t->x;
        }
    }
    IndexExpr *t = EXPR_NEW(p, IndexExpr, EXPR_INDEX, pos);
    t->lbrack = pos;
    t->indices = n;
    return &t->x;
}

static FieldList take_fields(Parser *p, int mark) {
    FieldList l = {NULL, p->fields.len - mark};
    if (l.len) l.at = arena_memdup(p->arena, p->fields.at + mark, sizeof(Field) * (size_t)l.len);
    p->fields.len = mark;
    return l;
}

static bool struct_field(Parser *p, void *arg) {
    Field f = {.pos = p->pos};
    switch (p->tok) {
    case TOK_NAME: {
        Ident *name = p_name(p);
        if (p->tok == TOK_DOT || at_literal(p) || p->tok == TOK_SEMI || p->tok == TOK_RBRACE) {
            f.embedded = true;
            f.type = qualified_name(p, name);
            break;
        }
        int mark = p->exprs.len;
        vec_push(&p->exprs, &name->x);
        while (p_got(p, TOK_COMMA)) {
            Ident *n = p_name(p);
            vec_push(&p->exprs, &n->x);
        }
        if (p->exprs.len == mark + 1 && p->tok == TOK_LBRACK) {
            f.type = array_or_targs(p);
            if (f.type->kind == EXPR_INDEX && !((IndexExpr *)f.type)->on) {
                ((IndexExpr *)f.type)->on = &name->x;
                f.embedded = true;
                p->exprs.len = mark;
                break;
            }
        } else {
            f.type = p_type(p);
        }
        f.tag = (Expr *)p_oliteral(p);
        for (int i = mark; i < p->exprs.len; i++) {
            f.name = (Ident *)p->exprs.at[i];
            f.pos = f.name->x.pos;
            vec_push(&p->fields, f);
        }
        p->exprs.len = mark;
        return false;
    }
    case TOK_MUL:
        scan_next(p);
        f.embedded = true;
        if (p->tok == TOK_LPAREN) {
            p_syntax_error(p, "cannot parenthesize embedded type");
            scan_next(p);
            f.type = indirect(p, f.pos, qualified_name(p, NULL));
            p_got(p, TOK_RPAREN);
        } else {
            f.type = indirect(p, f.pos, qualified_name(p, NULL));
        }
        break;
    case TOK_LPAREN:
        p_syntax_error(p, "cannot parenthesize embedded type");
        scan_next(p);
        f.embedded = true;
        if (p->tok == TOK_MUL) {
            Pos pos = p->pos;
            scan_next(p);
            f.type = indirect(p, pos, qualified_name(p, NULL));
        } else {
            f.type = qualified_name(p, NULL);
        }
        p_got(p, TOK_RPAREN);
        break;
    default:
        p_syntax_error(p, "expected field name or embedded type");
        p_advance(p, TS(SEMI) | TS(RBRACE));
        return false;
    }
    f.tag = (Expr *)p_oliteral(p);
    vec_push(&p->fields, f);
    return false;
}

/* { elements } of a struct or interface type, after its keyword. */
static FieldList braced_fields(Parser *p, const char *what, bool (*element)(Parser *p, void *arg)) {
    int mark = p->fields.len;
    Pos open = p->pos;
    p_want(p, TOK_LBRACE);
    Pos close = p_list(p, what, TOK_SEMI, TOK_RBRACE, element, NULL);
    FieldList l = take_fields(p, mark);
    l.open = open;
    l.close = close;
    return l;
}

static Expr *struct_type(Parser *p) {
    StructTypeExpr *t = EXPR_NEW(p, StructTypeExpr, EXPR_STRUCTTYPE, p->pos);
    p_want(p, TOK_STRUCT);
    t->fields = braced_fields(p, "struct type", struct_field);
    return &t->x;
}

static Expr *embedded_term(Parser *p) {
    if (p->tok == TOK_TILDE) {
        UnaryExpr *t = EXPR_NEW(p, UnaryExpr, EXPR_UNARY, p->pos);
        t->op = TOK_TILDE;
        scan_next(p);
        t->on = p_type(p);
        return &t->x;
    }
    Expr *t = p_type_or_nil(p);
    if (!t) {
        t = p_bad_expr(p);
        p_syntax_error(p, "expected ~ term or type");
        TokSet operators = 0;
        for (int k = TOK_OROR; k <= TOK_TILDE; k++)
            if (k != TOK_MUL) operators |= (TokSet)1 << k;
        p_advance(p, operators | TS(SEMI) | TS(RPAREN) | TS(RBRACK) | TS(RBRACE));
    }
    return t;
}

/* Terms separated by |; first: the first one if it was parsed already. */
static Expr *embedded_elem(Parser *p, Expr *first) {
    Expr *x = first ? first : embedded_term(p);
    while (p->tok == TOK_OR) {
        BinaryExpr *t = EXPR_NEW(p, BinaryExpr, EXPR_BINARY, p->pos);
        t->op = TOK_OR;
        t->op_pos = p->pos;
        scan_next(p);
        t->left = x;
        t->right = embedded_term(p);
        x = &t->x;
    }
    return x;
}

/* An interface element that starts with a name: a method (f->name set) or an embedded type. */
static void method_decl(Parser *p, Field *f) {
    static const char context[] = "interface method";
    Ident *name = p_name(p);
    if (p->tok == TOK_LPAREN) {
        f->name = name;
        f->type = &p_func_type(p, context)->x;
        return;
    }
    if (p->tok != TOK_LBRACK) {
        f->type = qualified_name(p, name);
        return;
    }
    Pos pos = p->pos;
    scan_next(p);
    if (p->tok == TOK_RBRACK) {
        pos = p->pos;
        scan_next(p);
        if (p->tok == TOK_LPAREN) {
            p_error_at(p, pos, "empty type parameter list");
            f->name = name;
            f->type = &p_func_type(p, context)->x;
        } else {
            p_error_at(p, pos, "empty type argument list");
            f->type = &name->x;
        }
        return;
    }
    FieldList l = p_param_list(p, NULL, NULL, TOK_RBRACK, false, false);
    if (!l.len) {
        if (p->tok == TOK_LPAREN) {
            f->name = name;
            f->type = &p_func_type(p, context)->x;
        } else {
            f->type = &name->x;
        }
        return;
    }
    if (l.at[0].name) {
        f->name = name;
        f->type = &p_func_type(p, context)->x;
        p_error_at(p, pos, "interface method must have no type parameters");
        return;
    }
    IndexExpr *t = EXPR_NEW(p, IndexExpr, EXPR_INDEX, pos);
    t->lbrack = pos;
    t->on = &name->x;
    t->indices = (ExprList){arena_array(p->arena, Expr *, l.len), l.len};
    for (int i = 0; i < l.len; i++) t->indices.at[i] = l.at[i].type;
    f->type = &t->x;
}

static bool interface_elem(Parser *p, void *arg) {
    Field f = {.pos = p->pos};
    if (p->tok == TOK_NAME) method_decl(p, &f);
    if (!f.name) {
        f.embedded = true;
        f.type = embedded_elem(p, f.type);
    }
    vec_push(&p->fields, f);
    return false;
}

static Expr *interface_type(Parser *p) {
    InterfaceTypeExpr *t = EXPR_NEW(p, InterfaceTypeExpr, EXPR_INTERFACETYPE, p->pos);
    p_want(p, TOK_INTERFACE);
    t->elems = braced_fields(p, "interface type", interface_elem);
    return &t->x;
}

static Expr *type_or_nil(Parser *p) {
    Pos pos = p->pos;
    switch (p->tok) {
    case TOK_MUL:
        scan_next(p);
        return indirect(p, pos, p_type(p));
    case TOK_ARROW: {
        scan_next(p);
        p_want(p, TOK_CHAN);
        ChanTypeExpr *t = EXPR_NEW(p, ChanTypeExpr, EXPR_CHANTYPE, pos);
        t->dir = CHAN_RECV;
        t->elem = chan_elem(p);
        return &t->x;
    }
    case TOK_FUNC:
        scan_next(p);
        return &p_func_type(p, "function type")->x;
    case TOK_LBRACK:
        scan_next(p);
        if (p_got(p, TOK_RBRACK)) return p_slice_type(p, pos);
        return p_array_type(p, pos, NULL);
    case TOK_CHAN: {
        scan_next(p);
        ChanTypeExpr *t = EXPR_NEW(p, ChanTypeExpr, EXPR_CHANTYPE, pos);
        t->dir = p_got(p, TOK_ARROW) ? CHAN_SEND : CHAN_BOTH;
        t->elem = chan_elem(p);
        return &t->x;
    }
    case TOK_MAP: {
        scan_next(p);
        p_want(p, TOK_LBRACK);
        MapTypeExpr *t = EXPR_NEW(p, MapTypeExpr, EXPR_MAPTYPE, pos);
        t->key = p_type(p);
        p_want(p, TOK_RBRACK);
        t->value = p_type(p);
        return &t->x;
    }
    case TOK_STRUCT: return struct_type(p);
    case TOK_INTERFACE: return interface_type(p);
    case TOK_NAME: return qualified_name(p, NULL);
    case TOK_LPAREN: {
        scan_next(p);
        Expr *t = p_type(p);
        p_want(p, TOK_RPAREN);
        return t;
    }
    }
    return NULL;
}

Expr *p_type_or_nil(Parser *p) {
    if (!p_enter(p)) return NULL;
    Expr *t = type_or_nil(p);
    p_leave(p);
    return t;
}

/* ---- Signatures ----------------------------------------------------------------------------- */

/* At "[" or "(". With a context, type parameters are not permitted. */
FuncTypeExpr *p_func_type(Parser *p, const char *context) {
    FuncTypeExpr *t = EXPR_NEW(p, FuncTypeExpr, EXPR_FUNCTYPE, p->pos);
    Pos open = p->pos;
    if (p_got(p, TOK_LBRACK)) {
        if (context)
            p_syntax_errorf_at(p, t->x.pos, "%s must have no type parameters", context);
        if (p->tok == TOK_RBRACK) {
            p_syntax_error(p, "empty type parameter list");
            scan_next(p);
        } else {
            t->tparams = p_param_list(p, NULL, NULL, TOK_RBRACK, true, false);
            t->tparams.open = open;
        }
    }
    open = p->pos;
    p_want(p, TOK_LPAREN);
    t->params = p_param_list(p, NULL, NULL, TOK_RPAREN, false, true);
    t->params.open = open;
    open = p->pos;
    if (p_got(p, TOK_LPAREN)) {
        t->results = p_param_list(p, NULL, NULL, TOK_RPAREN, false, false);
        t->results.open = open;
    } else {
        Expr *r = p_type_or_nil(p);
        if (r) {
            Field f = {.pos = open, .type = r};
            t->results = (FieldList){arena_memdup(p->arena, &f, sizeof(f)), 1};
        }
    }
    return t;
}

typedef struct ParamList {
    Ident *name;
    Expr *type;
    Token close;
    int named, typed;
} ParamList;

/* false: there was none (reported). */
static bool param_decl(Parser *p, Ident *name, Token follow, Field *f) {
    bool sets_ok = follow == TOK_RBRACK; /* type set notation, in type parameter lists */
    *f = (Field){.pos = name ? name->x.pos : p->pos};
    if (!name && sets_ok && p->tok == TOK_TILDE) {
        f->type = embedded_elem(p, NULL);
        return true;
    }
    if (name || p->tok == TOK_NAME) {
        if (!name) name = p_name(p);
        if (p->tok == TOK_LBRACK) {
            f->type = array_or_targs(p);
            if (f->type->kind == EXPR_INDEX && !((IndexExpr *)f->type)->on)
                ((IndexExpr *)f->type)->on = &name->x;
            else f->name = name;
            if (sets_ok && p->tok == TOK_OR) f->type = embedded_elem(p, f->type);
            return true;
        }
        if (p->tok == TOK_DOT) {
            f->type = qualified_name(p, name);
            if (sets_ok && p->tok == TOK_OR) f->type = embedded_elem(p, f->type);
            return true;
        }
        if (sets_ok && p->tok == TOK_OR) {
            f->type = embedded_elem(p, &name->x);
            return true;
        }
        f->name = name;
    }
    if (p->tok == TOK_DOTDOTDOT) {
        EllipsisExpr *t = EXPR_NEW(p, EllipsisExpr, EXPR_ELLIPSIS, p->pos);
        scan_next(p);
        t->elem = p_type_or_nil(p);
        f->type = &t->x;
        if (!t->elem) {
            f->type = p_bad_expr(p);
            p_syntax_error(p, "... is missing type");
        }
        return true;
    }
    if (sets_ok && p->tok == TOK_TILDE) {
        f->type = embedded_elem(p, NULL);
        return true;
    }
    f->type = p_type_or_nil(p);
    if (sets_ok && p->tok == TOK_OR && f->type) f->type = embedded_elem(p, f->type);
    if (f->name || f->type) return true;
    char msg[32];
    snprintf(msg, sizeof(msg), "expected %s", p_tokstring(follow));
    p_syntax_error(p, msg);
    p_advance(p, TS(COMMA) | (TokSet)1 << follow);
    return false;
}

static bool param_elem(Parser *p, void *arg) {
    ParamList *l = arg;
    Field f;
    bool ok = true;
    if (l->type) f = (Field){.pos = l->name->x.pos, .name = l->name, .type = l->type};
    else ok = param_decl(p, l->name, l->close, &f);
    l->name = NULL;
    l->type = NULL;
    if (ok) {
        if (f.name && f.type) l->named++;
        if (f.type) l->typed++;
        vec_push(&p->fields, f);
    }
    return false;
}

/* Gives all of l names and types, as far as they can be found. */
static void distribute_types(Parser *p, FieldList l, ParamList *st, Pos end, bool require_names) {
    Pos err = 0;
    Expr *type = NULL;
    for (int i = l.len - 1; i >= 0; i--) {
        Field *f = &l.at[i];
        if (f->type) {
            type = f->type;
            if (!f->name) {
                err = expr_start(type);
                f->name = blank_ident(p, err);
            }
        } else if (type) {
            f->type = type;
        } else {
            err = f->name->x.pos;
            f->type = EXPR_NEW(p, Expr, EXPR_BAD, err);
        }
    }
    if (!err) return;
    const char *msg;
    if (st->named == st->typed) {
        err = end;
        msg = require_names ? "missing type constraint" : "missing parameter type";
    } else if (!require_names) {
        msg = "missing parameter name";
    } else {
        msg = l.len == 1 ? "missing type parameter name or invalid array length"
                         : "missing type parameter name";
    }
    p_syntax_error_at(p, err, msg);
}

/* Behind the opening bracket. name: the first name if it was parsed already, then type: its type
 * if it was, too. The result's open is 0. */
FieldList p_param_list(Parser *p, Ident *name, Expr *type, Token close, bool require_names,
                       bool dots_ok) {
    if (name && type && p->tok == close) {
        Field f = {.pos = name->x.pos, .name = name, .type = type};
        FieldList one = {arena_memdup(p->arena, &f, sizeof(f)), 1, 0, p->pos};
        scan_next(p);
        return one;
    }
    ParamList st = {name, type, close, 0, 0};
    int mark = p->fields.len;
    Pos end = p_list(p, "parameter list", TOK_COMMA, close, param_elem, &st);
    FieldList l = take_fields(p, mark);
    l.close = end;
    if (!l.len) return l;
    if (!st.named && !require_names) { /* the names are types */
        for (int i = 0; i < l.len; i++)
            if (l.at[i].name) {
                l.at[i].type = &l.at[i].name->x;
                l.at[i].name = NULL;
            }
    } else if (st.named != l.len) {
        distribute_types(p, l, &st, end, require_names);
    }
    bool first = true;
    for (int i = 0; i < l.len; i++) {
        Expr *t = l.at[i].type;
        if (t->kind != EXPR_ELLIPSIS || (dots_ok && i + 1 == l.len)) continue;
        if (first)
            p_error_at(p, t->pos, dots_ok ? "can only use ... with final parameter"
                                          : "invalid use of ...");
        first = false;
        l.at[i].type = ((EllipsisExpr *)t)->elem;
    }
    return l;
}
