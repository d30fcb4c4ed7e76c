/* Parser: statements. */
#include "syntax/parser_int.h"

static Stmt *stmt_or_nil(Parser *p);
static StmtList stmt_list(Parser *p);

static void *stmt_new(Parser *p, size_t size, StmtKind kind, Pos pos) {
    Stmt *s = arena_alloc(p->arena, size);
    s->kind = (uint8_t)kind;
    s->pos = pos;
    return s;
}
#define STMT_NEW(p, T, kind, pos) ((T *)stmt_new((p), sizeof(T), (kind), (pos)))

/* ---- Simple statements ---------------------------------------------------------------------- */

static Stmt *expr_stmt(Parser *p, Expr *on) {
    ExprStmt *s = STMT_NEW(p, ExprStmt, STMT_EXPR, on->pos);
    s->on = on;
    return &s->s;
}

/* At "range". The body is filled in by the caller. */
static Stmt *range_clause(Parser *p, ExprList lhs, bool define, Pos tok_pos) {
    RangeStmt *r = STMT_NEW(p, RangeStmt, STMT_RANGE, p->pos);
    r->tok_pos = tok_pos ? tok_pos : p->pos;
    r->define = define;
    r->per_iteration = p->per_iteration;
    scan_next(p);
    if (lhs.len > 0) r->key = lhs.at[0];
    if (lhs.len > 1) r->value = lhs.at[1];
    if (lhs.len > 2) r->extra = lhs.at[2];
    r->on = p_expr(p);
    return &r->s;
}

static Stmt *assign_stmt(Parser *p, Pos pos, uint8_t op, ExprList lhs, ExprList rhs) {
    AssignStmt *a = STMT_NEW(p, AssignStmt, STMT_ASSIGN, pos);
    a->op = op;
    a->op_pos = pos;
    a->lhs = lhs;
    a->rhs = rhs;
    return &a->s;
}

static ExprList one_expr(Parser *p, Expr *x) {
    return (ExprList){arena_memdup(p->arena, &x, sizeof(x)), 1};
}

/* keyword: the control clause it stands in (TOK_FOR, TOK_SWITCH, TOK_IF) or 0. lhs.len 0: not
 * parsed yet. */
static Stmt *simple_stmt(Parser *p, ExprList lhs, unsigned keyword) {
    if (keyword == TOK_FOR && p->tok == TOK_RANGE)
        return range_clause(p, (ExprList){0}, false, 0);
    if (!lhs.len) lhs = p_expr_list(p);
    Pos pos = p->pos;
    if (p->tok == TOK_ASSIGN || p->tok == TOK_DEFINE) {
        uint8_t op = p->tok;
        scan_next(p);
        if (keyword == TOK_FOR && p->tok == TOK_RANGE)
            return range_clause(p, lhs, op == TOK_DEFINE, pos);
        ExprList rhs = p_expr_list(p);
        if (keyword == TOK_SWITCH && op == TOK_DEFINE && rhs.len == 1 && lhs.len == 1 &&
            rhs.at[0]->kind == EXPR_TYPEASSERT && !((TypeAssertExpr *)rhs.at[0])->type_expr &&
            lhs.at[0]->kind == EXPR_IDENT) {
            p->guard_bind = (Ident *)lhs.at[0];
            return expr_stmt(p, rhs.at[0]);
        }
        return assign_stmt(p, pos, op, lhs, rhs);
    }
    if (lhs.len == 1) {
        switch (p->tok) {
        case TOK_ASSIGNOP: {
            uint8_t op = p->op;
            scan_next(p);
            return assign_stmt(p, pos, op, lhs, one_expr(p, p_expr(p)));
        }
        case TOK_INCDEC: {
            IncDecStmt *s = STMT_NEW(p, IncDecStmt, STMT_INCDEC, pos);
            s->on = lhs.at[0];
            s->dec = p->op == TOK_SUB;
            scan_next(p);
            return &s->s;
        }
        case TOK_ARROW: {
            SendStmt *s = STMT_NEW(p, SendStmt, STMT_SEND, pos);
            scan_next(p);
            s->chan = lhs.at[0];
            s->value = p_expr(p);
            return &s->s;
        }
        }
        return expr_stmt(p, lhs.at[0]);
    }
    p_syntax_error(p, "expected := or = or comma");
    p_advance(p, TS(SEMI) | TS(RBRACE));
    return expr_stmt(p, lhs.at[0]);
}

/* ---- Control clauses ------------------------------------------------------------------------ */

static void put_exprs(Buf *b, ExprList l) {
    for (int i = 0; i < l.len; i++) {
        if (i) buf_puts(b, ", ");
        expr_print(b, l.at[i]);
    }
}

static void put_emphasized(Buf *b, ExprList l) {
    bool paren = l.len == 1 && l.at[0]->kind == EXPR_BINARY;
    if (paren) buf_putc(b, '(');
    put_exprs(b, l);
    if (paren) buf_putc(b, ')');
}

/* A statement stands where a value belongs. */
static void not_a_value(Parser *p, Stmt *s) {
    Buf b = {0};
    switch (s->kind) {
    case STMT_ASSIGN: {
        AssignStmt *a = (AssignStmt *)s;
        if (a->op == TOK_ASSIGN) {
            buf_puts(&b, "assignment ");
            put_emphasized(&b, a->lhs);
            buf_puts(&b, " = ");
            put_emphasized(&b, a->rhs);
            break;
        }
        put_exprs(&b, a->lhs);
        buf_printf(&b, a->op == TOK_DEFINE ? " %s " : " %s= ", token_text[a->op]);
        put_exprs(&b, a->rhs);
        break;
    }
    case STMT_INCDEC:
        expr_print(&b, ((IncDecStmt *)s)->on);
        buf_puts(&b, ((IncDecStmt *)s)->dec ? "--" : "++");
        break;
    case STMT_SEND:
        expr_print(&b, ((SendStmt *)s)->chan);
        buf_puts(&b, " <- ");
        expr_print(&b, ((SendStmt *)s)->value);
        break;
    default: bug("statement kind %d in a control clause", s->kind);
    }
    p_syntax_errorf_at(p, s->pos, "cannot use %s as value", b.data);
    buf_free(&b);
}

typedef struct Header {
    Stmt *init;
    Expr *cond;
    Stmt *post;
    Ident *bind;
} Header;

static Header header(Parser *p, Token keyword) {
    Header h = {0};
    p_want(p, keyword);
    if (p->tok == TOK_LBRACE) {
        if (keyword == TOK_IF) {
            p_syntax_error(p, "missing condition in if statement");
            h.cond = p_bad_expr(p);
        }
        return h;
    }
    int outer = p->xnest;
    p->xnest = -1;
    p->guard_bind = NULL;
    if (p->tok != TOK_SEMI) {
        if (p_got(p, TOK_VAR))
            p_syntax_errorf_at(p, p->pos, "var declaration not allowed in %s initializer",
                               token_text[keyword]);
        h.init = simple_stmt(p, (ExprList){0}, keyword);
        if (h.init->kind == STMT_RANGE) {
            p->xnest = outer;
            return h;
        }
    }
    Stmt *cond = NULL;
    Pos semi = 0;
    Str semi_lit = {0};
    if (p->tok != TOK_LBRACE) {
        p->guard_bind = NULL;
        if (p->tok == TOK_SEMI) {
            semi = p->pos;
            semi_lit = p->lit;
            scan_next(p);
        } else {
            p_want(p, TOK_LBRACE);
            if (p->tok != TOK_LBRACE) p_advance(p, TS(LBRACE) | TS(RBRACE));
        }
        if (keyword == TOK_FOR) {
            if (p->tok != TOK_SEMI) {
                if (p->tok == TOK_LBRACE) {
                    p_syntax_error(p, "expected for loop condition");
                    goto done;
                }
                cond = simple_stmt(p, (ExprList){0}, 0);
            }
            p_want(p, TOK_SEMI);
            if (p->tok != TOK_LBRACE) {
                h.post = simple_stmt(p, (ExprList){0}, 0);
                if (h.post->kind == STMT_ASSIGN && ((AssignStmt *)h.post)->op == TOK_DEFINE)
                    p_syntax_error_at(p, h.post->pos,
                                      "cannot declare in post statement of for loop");
            }
        } else if (p->tok != TOK_LBRACE) {
            cond = simple_stmt(p, (ExprList){0}, keyword);
        }
    } else {
        cond = h.init;
        h.init = NULL;
    }
done:
    if (!cond) {
        if (keyword == TOK_IF && semi) {
            if (!str_is(semi_lit, "semicolon"))
                p_syntax_errorf_at(p, semi, "unexpected %.*s, expected { after if clause",
                                   STR_FMT(semi_lit));
            else p_syntax_error_at(p, semi, "missing condition in if statement");
            h.cond = EXPR_NEW(p, Expr, EXPR_BAD, semi);
        }
    } else if (cond->kind == STMT_EXPR) {
        h.cond = ((ExprStmt *)cond)->on;
        h.bind = p->guard_bind;
    } else {
        not_a_value(p, cond);
    }
    p->guard_bind = NULL;
    p->xnest = outer;
    return h;
}

/* context: NULL at "{". */
static BlockStmt *block_stmt(Parser *p, const char *context) {
    BlockStmt *s = STMT_NEW(p, BlockStmt, STMT_BLOCK, p->pos);
    if (!p_got(p, TOK_LBRACE)) {
        char msg[64];
        snprintf(msg, sizeof(msg), "expected { after %s", context ? context : "");
        p_syntax_error(p, msg);
        p_advance(p, TS(NAME) | TS(RBRACE));
        s->rbrace = p->pos;
        if (p_got(p, TOK_RBRACE)) return s;
    }
    s->list = stmt_list(p);
    s->rbrace = p->pos;
    p_want(p, TOK_RBRACE);
    return s;
}

BlockStmt *p_func_body(Parser *p) {
    p->fnest++;
    BlockStmt *b = block_stmt(p, NULL);
    p->fnest--;
    return b;
}

static Stmt *for_stmt(Parser *p) {
    Pos pos = p->pos;
    Header h = header(p, TOK_FOR);
    BlockStmt *body = block_stmt(p, "for clause");
    if (h.init && h.init->kind == STMT_RANGE) {
        RangeStmt *r = (RangeStmt *)h.init;
        r->s.pos = pos;
        r->body = body;
        return &r->s;
    }
    ForStmt *s = STMT_NEW(p, ForStmt, STMT_FOR, pos);
    s->init = h.init;
    s->cond = h.cond;
    s->post = h.post;
    s->body = body;
    s->per_iteration = p->per_iteration;
    return &s->s;
}

static Stmt *if_stmt(Parser *p) {
    IfStmt *s = STMT_NEW(p, IfStmt, STMT_IF, p->pos);
    if (!p_enter(p)) return &s->s;
    Header h = header(p, TOK_IF);
    s->init = h.init;
    s->cond = h.cond ? h.cond : p_bad_expr(p);
    s->then = block_stmt(p, "if clause");
    if (p_got(p, TOK_ELSE)) {
        if (p->tok == TOK_IF) {
            s->els = if_stmt(p);
        } else if (p->tok == TOK_LBRACE) {
            s->els = &block_stmt(p, NULL)->s;
        } else {
            p_syntax_error(p, "else must be followed by if or statement block");
            p_advance(p, TS(NAME) | TS(RBRACE));
        }
    }
    p_leave(p);
    return &s->s;
}

static void case_clause(Parser *p, bool select) {
    CaseClause c = {.pos = p->pos};
    switch (p->tok) {
    case TOK_CASE:
        scan_next(p);
        if (select) c.comm = simple_stmt(p, (ExprList){0}, 0);
        else c.exprs = p_expr_list(p);
        break;
    case TOK_DEFAULT:
        c.is_default = true;
        scan_next(p);
        break;
    default:
        c.is_default = true;
        p_syntax_error(p, "expected case or default or }");
        p_advance(p, TS(COLON) | TS(CASE) | TS(DEFAULT) | TS(RBRACE));
    }
    c.colon = p->pos;
    p_want(p, TOK_COLON);
    c.body = stmt_list(p);
    vec_push(&p->clauses, c);
}

static Stmt *switch_stmt(Parser *p, bool select) {
    SwitchStmt *s = STMT_NEW(p, SwitchStmt, select ? STMT_SELECT : STMT_SWITCH, p->pos);
    if (select) {
        p_want(p, TOK_SELECT);
    } else {
        Header h = header(p, TOK_SWITCH);
        s->init = h.init;
        s->tag = h.cond;
        s->bind = h.bind;
        if (s->tag && s->tag->kind == EXPR_TYPEASSERT && !((TypeAssertExpr *)s->tag)->type_expr)
            s->s.kind = STMT_TYPESWITCH;
    }
    if (!p_got(p, TOK_LBRACE)) {
        p_syntax_error(p, select ? "missing { after select clause" : "missing { after switch clause");
        p_advance(p, TS(CASE) | TS(DEFAULT) | TS(RBRACE));
    }
    int mark = p->clauses.len;
    while (p->tok != TOK_EOF && p->tok != TOK_RBRACE) case_clause(p, select);
    s->nclauses = p->clauses.len - mark;
    if (s->nclauses)
        s->clauses = arena_memdup(p->arena, p->clauses.at + mark,
                                  sizeof(CaseClause) * (size_t)s->nclauses);
    p->clauses.len = mark;
    s->rbrace = p->pos;
    p_want(p, TOK_RBRACE);
    return &s->s;
}

/* ---- Statements ----------------------------------------------------------------------------- */

static Stmt *labeled_stmt(Parser *p, Ident *label) {
    LabeledStmt *s = STMT_NEW(p, LabeledStmt, STMT_LABELED, p->pos);
    s->label = label;
    p_want(p, TOK_COLON);
    if (p->tok == TOK_RBRACE) {
        EmptyStmt *e = STMT_NEW(p, EmptyStmt, STMT_EMPTY, p->pos);
        e->implicit = true;
        s->body = &e->s;
        return &s->s;
    }
    s->body = stmt_or_nil(p);
    if (s->body) return &s->s;
    p_syntax_error_at(p, s->s.pos, "missing statement after label");
    return NULL;
}

static Stmt *call_stmt(Parser *p) {
    bool is_defer = p->tok == TOK_DEFER;
    GoStmt *s = STMT_NEW(p, GoStmt, is_defer ? STMT_DEFER : STMT_GO, p->pos);
    s->is_defer = is_defer;
    scan_next(p);
    Expr *x = p_pexpr(p, NULL, p->tok == TOK_LPAREN);
    Expr *t = unparen(x);
    if (t != x)
        p_error_at(p, x->pos, "expression in %s must not be parenthesized",
                   is_defer ? "defer" : "go");
    s->call = t;
    return &s->s;
}

static Stmt *stmt(Parser *p) {
    if (p->tok == TOK_NAME) {
        p_clear_pragma(p);
        ExprList lhs = p_expr_list(p);
        if (p->tok == TOK_COLON && lhs.len == 1 && lhs.at[0]->kind == EXPR_IDENT)
            return labeled_stmt(p, (Ident *)lhs.at[0]);
        return simple_stmt(p, lhs, 0);
    }
    switch (p->tok) {
    case TOK_VAR:
    case TOK_CONST:
    case TOK_TYPE: {
        DeclStmt *s = STMT_NEW(p, DeclStmt, STMT_DECL, p->pos);
        s->decl = p_gen_decl(p);
        return &s->s;
    }
    }
    p_clear_pragma(p);
    switch (p->tok) {
    case TOK_LBRACE: return &block_stmt(p, NULL)->s;
    case TOK_ADD: case TOK_SUB: case TOK_MUL: case TOK_AND: case TOK_XOR: case TOK_NOT:
    case TOK_INT: case TOK_FLOAT: case TOK_IMAG: case TOK_CHAR: case TOK_STRING:
    case TOK_FUNC: case TOK_LPAREN: case TOK_LBRACK: case TOK_STRUCT: case TOK_MAP:
    case TOK_CHAN: case TOK_INTERFACE: case TOK_ARROW:
        return simple_stmt(p, (ExprList){0}, 0);
    case TOK_FOR: return for_stmt(p);
    case TOK_SWITCH: return switch_stmt(p, false);
    case TOK_SELECT: return switch_stmt(p, true);
    case TOK_IF: return if_stmt(p);
    case TOK_FALLTHROUGH:
    case TOK_BREAK:
    case TOK_CONTINUE:
    case TOK_GOTO: {
        BranchStmt *s = STMT_NEW(p, BranchStmt, STMT_BRANCH, p->pos);
        s->tok = p->tok;
        scan_next(p);
        if (s->tok == TOK_GOTO || (s->tok != TOK_FALLTHROUGH && p->tok == TOK_NAME))
            s->label = p_name(p);
        return &s->s;
    }
    case TOK_GO:
    case TOK_DEFER: return call_stmt(p);
    case TOK_RETURN: {
        ReturnStmt *s = STMT_NEW(p, ReturnStmt, STMT_RETURN, p->pos);
        scan_next(p);
        if (p->tok != TOK_SEMI && p->tok != TOK_RBRACE) s->results = p_expr_list(p);
        return &s->s;
    }
    case TOK_SEMI: {
        EmptyStmt *s = STMT_NEW(p, EmptyStmt, STMT_EMPTY, p->pos);
        s->implicit = !str_is(p->lit, "semicolon");
        return &s->s;
    }
    }
    return NULL;
}

static Stmt *stmt_or_nil(Parser *p) {
    if (!p_enter(p)) return NULL;
    Stmt *s = stmt(p);
    p_leave(p);
    return s;
}

static StmtList stmt_list(Parser *p) {
    int mark = p->stmts.len;
    while (p->tok != TOK_EOF && p->tok != TOK_RBRACE && p->tok != TOK_CASE &&
           p->tok != TOK_DEFAULT) {
        Stmt *s = stmt_or_nil(p);
        p_clear_pragma(p);
        if (!s) break;
        vec_push(&p->stmts, s);
        if (!p_got(p, TOK_SEMI) && p->tok != TOK_RBRACE) {
            p_syntax_error(p, "at end of statement");
            p_advance(p, TS(SEMI) | TS(RBRACE) | TS(CASE) | TS(DEFAULT));
            p_got(p, TOK_SEMI);
        }
    }
    StmtList l = {NULL, p->stmts.len - mark};
    if (l.len) l.at = arena_memdup(p->arena, p->stmts.at + mark, sizeof(Stmt *) * (size_t)l.len);
    p->stmts.len = mark;
    return l;
}
