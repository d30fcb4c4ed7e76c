/* Parser: files, declarations, error reporting and resynchronisation, entry points. */
#include "syntax/parser_int.h"

/* ---- Errors --------------------------------------------------------------------------------- */

void p_error_at(Parser *p, Pos pos, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    Buf b = {0};
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    p->first_error = true;
    p->nerrors++;
    diag_error(p->s, pos, 0, "%.*s", (int)b.len, b.data);
    buf_free(&b);
}

const char *p_tokstring(unsigned tok) {
    static const char *const keywords[] = {
#define TOKEN(id, text, prec)
#define KEYWORD(id, text) [TOK_##id - TOK_BREAK] = "keyword " text,
#include "tables/tokens.def"
#undef TOKEN
#undef KEYWORD
    };
    if (tok == TOK_COMMA) return "comma";
    if (tok == TOK_SEMI) return "semicolon or newline";
    return tok >= TOK_BREAK ? keywords[tok - TOK_BREAK] : token_text[tok];
}

/* msg: "expected X", "in/at/after X" get the current token in front; others stand alone. */
void p_syntax_error_at(Parser *p, Pos pos, const char *msg) {
    if (p->tok == TOK_EOF && p->first_error) return;
    const char *sep = "";
    if (!strncmp(msg, "in ", 3) || !strncmp(msg, "at ", 3) || !strncmp(msg, "after ", 6)) {
        sep = " ";
    } else if (!strncmp(msg, "expected ", 9)) {
        sep = ", ";
    } else {
        p_error_at(p, pos, "syntax error: %s", msg);
        return;
    }
    Buf t = {0};
    switch (p->tok) {
    case TOK_NAME: buf_printf(&t, "name %s", p->name->p); break;
    case TOK_SEMI: buf_put(&t, p->lit.p, p->lit.n); break;
    case TOK_INT:
    case TOK_FLOAT:
    case TOK_IMAG:
    case TOK_CHAR:
    case TOK_STRING:
        buf_puts(&t, "literal ");
        buf_put(&t, p->lit.p, p->lit.n);
        break;
    case TOK_ASSIGNOP: buf_printf(&t, "%s=", token_text[p->op]); break;
    case TOK_INCDEC: buf_printf(&t, "%s%s", token_text[p->op], token_text[p->op]); break;
    default: buf_puts(&t, p_tokstring(p->tok));
    }
    p_error_at(p, pos, "syntax error: unexpected %.*s%s%s", (int)t.len, t.data, sep, msg);
    buf_free(&t);
}

void p_syntax_errorf_at(Parser *p, Pos pos, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    Buf b = {0};
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    p_syntax_error_at(p, pos, b.data);
    buf_free(&b);
}

/* Skips to a token of follow (in functions also to one that starts a statement), or one token when
 * follow is empty. */
void p_advance(Parser *p, TokSet follow) {
    bool one = !follow;
    if (follow && p->fnest)
        follow |= TS(BREAK) | TS(CONST) | TS(CONTINUE) | TS(DEFER) | TS(FALLTHROUGH) | TS(FOR) |
                  TS(GO) | TS(GOTO) | TS(IF) | TS(RETURN) | TS(SELECT) | TS(SWITCH) | TS(TYPE) |
                  TS(VAR);
    follow |= TS(EOF);
    while (!(follow >> p->tok & 1)) {
        scan_next(p);
        if (one) break;
    }
}

bool p_enter(Parser *p) {
    if (likely(++p->depth < MAX_DEPTH)) return true;
    p->depth--;
    if (p->tok != TOK_EOF) {
        p_error_at(p, p->pos, "syntax error: exceeded max nesting depth");
        p->at = p->end;
        p->nlsemi = false;
        p->tok = TOK_EOF;
    }
    return false;
}

void p_want(Parser *p, Token tok) {
    if (p_got(p, tok)) return;
    char msg[64];
    snprintf(msg, sizeof(msg), "expected %s", p_tokstring(tok));
    p_syntax_error(p, msg);
    p_advance(p, 0);
}

/* "=", or a wrong ":=". */
bool p_got_assign(Parser *p) {
    if (p->tok == TOK_DEFINE) p_syntax_error(p, "expected =");
    else if (p->tok != TOK_ASSIGN) return false;
    scan_next(p);
    return true;
}

Pos p_list(Parser *p, const char *context, Token sep, Token close, bool (*f)(Parser *, void *),
           void *arg) {
    bool done = false;
    while (p->tok != TOK_EOF && p->tok != close && !done) {
        done = f(p, arg);
        if (p_got(p, sep) || p->tok == close) continue;
        char msg[128];
        snprintf(msg, sizeof(msg), "in %s; possibly missing %s or %s", context, p_tokstring(sep),
                 p_tokstring(close));
        p_syntax_error(p, msg);
        p_advance(p, TS(RPAREN) | TS(RBRACK) | TS(RBRACE));
        if (p->tok != close) return p->pos;
    }
    Pos pos = p->pos;
    p_want(p, close);
    return pos;
}

/* ---- Pragmas -------------------------------------------------------------------------------- */

/* Forgets the waiting directives, complaining of those not in `allowed`. */
static void drop_pragmas(Parser *p, unsigned allowed, bool embed_ok) {
    if (likely(!p->pragmas && !p->embed.len)) return;
    for (int i = 0; i < p->pragma_pos.len; i++)
        if (!(p->pragma_pos.at[i].flag & allowed))
            diag_error(p->s, p->pragma_pos.at[i].pos, 0, "misplaced compiler directive");
    if (p->embed.len && !embed_ok)
        diag_error(p->s, p->embed_pos, 0, "misplaced go:embed directive");
    p->pragmas = 0;
    p->pragma_pos.len = 0;
    p->embed.len = 0;
}

void p_clear_pragma(Parser *p) { drop_pragmas(p, 0, false); }

/* ---- Declarations --------------------------------------------------------------------------- */

typedef struct Group {
    GenKind gen;
    int index;        /* of the next spec: iota */
    ValueSpec *last;  /* const: where type and values are inherited from */
} Group;

/* The value of an import path literal that was accepted by the scanner. */
static Str unquote_path(Parser *p, Str lit) {
    if (lit.n < 2) return (Str){"", 0};
    Str body = {lit.p + 1, lit.n - 2};
    if (!memchr(body.p, '\\', body.n) && !memchr(body.p, '\r', body.n))
        return str_dup(p->arena, body);
    Buf b = {0};
    for (size_t i = 0; i < body.n; i++) {
        char c = body.p[i];
        if (lit.p[0] == '`') {
            if (c != '\r') buf_putc(&b, c);
            continue;
        }
        if (c != '\\') {
            buf_putc(&b, c);
            continue;
        }
        c = body.p[++i];
        static const char from[] = "abfnrtv\\\"", to[] = "\a\b\f\n\r\t\v\\\"";
        const char *e = strchr(from, c);
        if (c && e) {
            buf_putc(&b, to[e - from]);
            continue;
        }
        int n = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 3, base = n == 3 ? 8 : 16;
        if (n != 3) i++;
        int32_t r = 0;
        for (int k = 0; k < n && i < body.n; k++, i++) {
            char d = body.p[i];
            r = r * base + (d <= '9' ? d - '0' : (d | 0x20) - 'a' + 10);
        }
        i--;
        if (n <= 3) {
            buf_putc(&b, (char)r);
        } else {
            char u[4];
            buf_put(&b, u, (size_t)utf8_encode(u, r));
        }
    }
    Str s = str_dup(p->arena, buf_str(&b));
    buf_free(&b);
    return s;
}

static void import_spec(Parser *p, Group *g) {
    ImportSpec *d = arena_new(p->arena, ImportSpec);
    d->pos = p->pos;
    drop_pragmas(p, 0, false);
    if (p->tok == TOK_NAME) {
        d->name = p_name(p);
    } else if (p->tok == TOK_DOT) {
        d->name = p_ident_new(p, p->pos, intern(p->s->names, ".", 1));
        scan_next(p);
    }
    d->path = p_oliteral(p);
    if (!d->path) {
        p_syntax_error(p, "missing import path");
        p_advance(p, TS(SEMI) | TS(RPAREN));
        return;
    }
    if (!d->path->bad && d->path->lit != TOK_STRING) {
        p_syntax_error_at(p, d->path->x.pos, "import path must be a string");
        d->path->bad = true;
    }
    if (!d->path->bad) d->path_str = unquote_path(p, d->path->text);
    vec_push(&p->specs, d);
}

static void value_spec(Parser *p, Group *g) {
    ValueSpec *d = arena_new(p->arena, ValueSpec);
    d->pos = p->pos;
    bool is_var = g->gen == GEN_VAR;
    if (is_var && p->embed.len) {
        d->embed = str_dup(p->arena, buf_str(&p->embed));
        d->embed_pos = p->embed_pos;
    }
    drop_pragmas(p, 0, is_var);
    int mark = p->exprs.len;
    do {
        Ident *n = p_name(p);
        vec_push(&p->exprs, &n->x);
    } while (p_got(p, TOK_COMMA));
    ExprList names = p_take_exprs(p, mark);
    d->names = (Ident **)names.at;
    d->nnames = names.len;
    if (is_var) {
        if (p_got_assign(p)) {
            d->values = p_expr_list(p);
        } else {
            d->type = p_type(p);
            if (p_got_assign(p)) d->values = p_expr_list(p);
        }
    } else {
        if (p->tok != TOK_EOF && p->tok != TOK_SEMI && p->tok != TOK_RPAREN) {
            d->type = p_type_or_nil(p);
            if (p_got_assign(p)) d->values = p_expr_list(p);
        }
        d->iota = g->index;
        if (d->type || d->values.len || !g->last) g->last = d;
        else d->inherits = true;
    }
    ValueSpec *from = is_var ? d : g->last;
    d->inherited_type = from->type;
    d->inherited_values = from->values;
    vec_push(&p->specs, d);
}

static bool is_type_elem(Expr *x) {
    switch (x->kind) {
    case EXPR_ARRAYTYPE:
    case EXPR_STRUCTTYPE:
    case EXPR_FUNCTYPE:
    case EXPR_INTERFACETYPE:
    case EXPR_MAPTYPE:
    case EXPR_CHANTYPE: return true;
    case EXPR_BINARY:
        return is_type_elem(((BinaryExpr *)x)->left) || is_type_elem(((BinaryExpr *)x)->right);
    case EXPR_UNARY:
        return ((UnaryExpr *)x)->op == TOK_TILDE || is_type_elem(((UnaryExpr *)x)->on);
    case EXPR_STAR: return is_type_elem(((StarExpr *)x)->on);
    case EXPR_PAREN: return is_type_elem(((ParenExpr *)x)->inner);
    }
    return false;
}

/* Splits x into a type parameter's name and constraint if it reads as such: P *C, P (C), P *C|D.
 * It must when the constraint can only be a type or when force. A plain name gives type NULL. */
bool p_extract_name(Parser *p, Expr *x, bool force, Ident **name, Expr **type) {
    *name = NULL;
    *type = NULL;
    if (x->kind == EXPR_IDENT) {
        *name = (Ident *)x;
        return true;
    }
    if (x->kind == EXPR_BINARY) {
        BinaryExpr *b = (BinaryExpr *)x;
        if (b->op == TOK_MUL && b->left->kind == EXPR_IDENT && (force || is_type_elem(b->right))) {
            StarExpr *s = EXPR_NEW(p, StarExpr, EXPR_STAR, b->x.pos);
            s->on = b->right;
            *name = (Ident *)b->left;
            *type = &s->x;
            return true;
        }
        Ident *n;
        Expr *t;
        if (b->op == TOK_OR && p_extract_name(p, b->left, force || is_type_elem(b->right), &n, &t) &&
            t) {
            BinaryExpr *u = EXPR_NEW(p, BinaryExpr, EXPR_BINARY, b->x.pos);
            *u = *b;
            u->left = t;
            *name = n;
            *type = &u->x;
            return true;
        }
        return false;
    }
    if (x->kind == EXPR_CALL) {
        CallExpr *c = (CallExpr *)x;
        if (c->fn->kind == EXPR_IDENT && c->args.len == 1 && !c->has_dots &&
            (force || is_type_elem(c->args.at[0]))) {
            *name = (Ident *)c->fn;
            *type = unparen(c->args.at[0]);
            return true;
        }
    }
    return false;
}

static void type_spec(Parser *p, Group *g) {
    TypeSpec *d = arena_new(p->arena, TypeSpec);
    d->pos = p->pos;
    drop_pragmas(p, 0, false);
    d->name = p_name(p);
    if (p->tok == TOK_LBRACK) { /* array or slice type, or type parameters */
        Pos pos = p->pos;
        scan_next(p);
        if (p->tok == TOK_NAME) {
            /* P [ can only be a constraint []E or [n]E: index expressions are not constant. Else
             * read an expression and see whether it can be split. */
            Expr *x = &p_name(p)->x;
            if (p->tok != TOK_LBRACK) {
                p->xnest++;
                x = p_binary_expr(p, p_pexpr(p, x, false), 0);
                p->xnest--;
            }
            Ident *pname;
            Expr *ptype;
            if (p_extract_name(p, x, p->tok == TOK_COMMA, &pname, &ptype) &&
                (ptype || p->tok != TOK_RBRACK)) {
                d->tparams = p_param_list(p, pname, ptype, TOK_RBRACK, true, false);
                d->tparams.open = pos;
                d->is_alias = p_got_assign(p);
                d->type = p_type_or_nil(p);
            } else {
                d->type = p_array_type(p, pos, x);
            }
        } else if (p->tok == TOK_RBRACK) {
            scan_next(p);
            d->type = p_slice_type(p, pos);
        } else {
            d->type = p_array_type(p, pos, NULL);
        }
    } else {
        d->is_alias = p_got_assign(p);
        d->type = p_type_or_nil(p);
    }
    if (!d->type) {
        d->type = p_bad_expr(p);
        p_syntax_error(p, "in type declaration");
        p_advance(p, TS(SEMI) | TS(RPAREN));
    }
    if (p->fnest > 0 && !d->is_alias && p->file) d->local = ++p->file->nlocal_types;
    vec_push(&p->specs, d);
}

static bool spec(Parser *p, void *arg) {
    Group *g = arg;
    switch (g->gen) {
    case GEN_IMPORT: import_spec(p, g); break;
    case GEN_CONST:
    case GEN_VAR: value_spec(p, g); break;
    case GEN_TYPE: type_spec(p, g); break;
    }
    g->index++;
    return false;
}

GenDecl *p_gen_decl(Parser *p) {
    GenDecl *d = arena_new(p->arena, GenDecl);
    d->pos = p->pos;
    d->gen = p->tok == TOK_IMPORT  ? GEN_IMPORT
             : p->tok == TOK_CONST ? GEN_CONST
             : p->tok == TOK_TYPE  ? GEN_TYPE
                                   : GEN_VAR;
    Group g = {d->gen};
    int mark = p->specs.len;
    scan_next(p);
    if (p->tok == TOK_LPAREN) {
        p_clear_pragma(p);
        scan_next(p);
        p_list(p, "grouped declaration", TOK_SEMI, TOK_RPAREN, spec, &g);
    } else {
        spec(p, &g);
    }
    d->len = p->specs.len - mark;
    d->values = arena_memdup(p->arena, p->specs.at + mark, sizeof(void *) * (size_t)d->len);
    p->specs.len = mark;
    return d;
}

/* Behind "func", whose position is pos. */
static FuncDecl *func_decl(Parser *p, Pos pos) {
    FuncDecl *f = arena_new(p->arena, FuncDecl);
    f->pos = pos;
    f->pragmas = p->pragmas & 0xffff;
    drop_pragmas(p, ~(unsigned)PRAGMA_GO_BUILD, false);
    bool has_recv = false;
    if (p_got(p, TOK_LPAREN)) {
        has_recv = true;
        FieldList r = p_param_list(p, NULL, NULL, TOK_RPAREN, false, false);
        f->nrecv = r.len;
        if (r.len == 0) p_error_at(p, p->pos, "method has no receiver");
        if (r.len > 1) p_error_at(p, p->pos, "method has multiple receivers");
        if (r.len) f->recv = &r.at[0];
    }
    p->nlits = 0;
    if (p->tok == TOK_NAME) {
        f->name = p_name(p);
        f->sig = p_func_type(p, NULL);
    } else {
        f->name = p_ident_new(p, p->pos, intern(p->s->names, "_", 1));
        f->sig = EXPR_NEW(p, FuncTypeExpr, EXPR_FUNCTYPE, p->pos);
        p_syntax_error(p, has_recv ? "expected name" : "expected name or (");
        p_advance(p, TS(LBRACE) | TS(SEMI));
    }
    f->end = p->pos;
    if (p->tok == TOK_LBRACE) {
        f->body = p_func_body(p);
        f->end = f->body->rbrace + 1;
    }
    f->nfunclits = p->nlits;
    return f;
}

/* At a keyword that starts a declaration. */
Decl p_top_decl(Parser *p) {
    if (p->tok != TOK_FUNC) return (Decl){.is_func = false, .gen = p_gen_decl(p)};
    Pos pos = p->pos;
    scan_next(p);
    return (Decl){.is_func = true, .func = func_decl(p, pos)};
}

/* ---- Files ---------------------------------------------------------------------------------- */

#define DECL_START (TS(IMPORT) | TS(CONST) | TS(TYPE) | TS(VAR) | TS(FUNC))

typedef struct DeclVec { VEC(Decl) v; } DeclVec;

static void file_decls(Parser *p, DeclVec *dv, ParseMode mode) {
    unsigned prev = TOK_IMPORT;
    while (p->tok != TOK_EOF) {
        if (mode == PARSE_IMPORTS_ONLY && p->tok != TOK_IMPORT) return;
        if (p->tok == TOK_IMPORT && prev != TOK_IMPORT)
            p_syntax_error(p, "imports must appear before other declarations");
        prev = p->tok;
        if (!(DECL_START >> p->tok & 1)) {
            Decl *last = dv->v.len ? &vec_last(&dv->v) : NULL;
            if (p->tok == TOK_LBRACE && last && last->is_func && !last->func->body)
                p_syntax_error(p, "unexpected semicolon or newline before {");
            else p_syntax_error(p, "non-declaration statement outside function body");
            p_advance(p, DECL_START);
            continue;
        }
        Decl d = p_top_decl(p);
        vec_push(&dv->v, d);
        p_clear_pragma(p); /* before the semicolon: comments behind it belong to what follows */
        if (p->tok != TOK_EOF && !p_got(p, TOK_SEMI)) {
            p_syntax_error(p, "after top level declaration");
            p_advance(p, DECL_START);
        }
    }
    p_clear_pragma(p);
}

static void collect_imports(Parser *p, File *f) {
    int n = 0;
    for (int i = 0; i < f->ndecls; i++)
        if (!f->decls[i].is_func && f->decls[i].gen->gen == GEN_IMPORT) n += f->decls[i].gen->len;
    f->imports = arena_array(p->arena, ImportSpec *, n);
    for (int i = 0; i < f->ndecls; i++) {
        GenDecl *g = f->decls[i].gen;
        if (f->decls[i].is_func || g->gen != GEN_IMPORT) continue;
        for (int k = 0; k < g->len; k++) {
            f->imports[f->nimports++] = g->imports[k];
            if (str_is(g->imports[k]->path_str, "embed")) f->imports_embed = true;
            if (str_is(g->imports[k]->path_str, "C")) f->imports_c = true;
        }
    }
}

static void take_linknames(Parser *p, File *f) {
    f->nlinknames = p->linknames.len;
    if (!f->nlinknames) return;
    f->linknames =
        arena_memdup(p->arena, p->linknames.at, sizeof(Linkname) * (size_t)f->nlinknames);
    Map names = {0};
    for (int i = 0; i < f->nlinknames; i++) map_set_ptr(&names, f->linknames[i].local, f);
    for (int i = 0; i < f->ndecls; i++)
        if (f->decls[i].is_func && !f->decls[i].func->recv &&
            map_get_ptr(&names, f->decls[i].func->name->name))
            f->decls[i].func->pragmas |= PRAGMA_LINKNAME;
    map_free(&names);
}

File *parse_file(Session *s, SourceFile *src, Arena *arena, ParseMode mode) {
    Parser parser, *p = &parser;
    scan_init(p, s, src, arena, 0);
    File *f = arena_new(arena, File);
    f->src = src;
    f->debug.arena = f->restricted.arena = arena;
    f->go_version = (Str){"", 0};
    p->file = f;
    p->top = true;
    scan_next(p);
    p->top = false;
    DeclVec dv = {0};
    if (p->tok != TOK_PACKAGE) {
        p_syntax_error(p, "package statement must be first");
    } else {
        scan_next(p);
        drop_pragmas(p, PRAGMA_GO_BUILD, false);
        f->pkg_name = p_name(p);
        p_want(p, TOK_SEMI);
        if (!p->first_error) file_decls(p, &dv, mode);
    }
    if (!f->pkg_name) f->pkg_name = p_ident_new(p, p->pos, intern(s->names, "_", 1));
    f->ndecls = dv.v.len;
    f->decls = arena_memdup(arena, dv.v.at, sizeof(Decl) * (size_t)dv.v.len);
    vec_free(&dv.v);
    collect_imports(p, f);
    take_linknames(p, f);
    scan_fini(p);
    return f;
}

Decl parse_decl_at(Session *s, SourceFile *src, uint32_t offset, Arena *arena) {
    Parser parser, *p = &parser;
    scan_init(p, s, src, arena, offset);
    scan_next(p);
    Decl d = {0};
    if (DECL_START >> p->tok & 1) {
        d = p_top_decl(p);
    } else {
        p_syntax_error(p, "non-declaration statement outside function body");
        d.gen = arena_new(arena, GenDecl);
        d.gen->pos = p->pos;
        d.gen->gen = GEN_VAR;
    }
    scan_fini(p);
    return d;
}

Expr *parse_expr_text(Session *s, SourceFile *src, Arena *arena) {
    Parser parser, *p = &parser;
    scan_init(p, s, src, arena, 0);
    scan_next(p);
    Expr *x = p_expr(p);
    p_got(p, TOK_SEMI);
    if (p->tok != TOK_EOF) p_syntax_error(p, "after expression");
    scan_fini(p);
    return x;
}
