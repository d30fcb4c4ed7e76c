/* Internal to syntax: scanner and parser state shared by scanner.c and parser_*.c. */
#ifndef VOLE_PARSER_INT_H
#define VOLE_PARSER_INT_H

#include "syntax/syntax.h"

/* A directive that no declaration has taken yet; only those with a flag are checked for place. */
typedef struct PragmaPos {
    Pos pos;
    unsigned flag;
} PragmaPos;

enum { /* beyond enum Pragma */
    PRAGMA_OTHER_FUNC = 1 << 16, /* accepted before functions, without effect */
    PRAGMA_GO_BUILD = 1 << 17,   /* //go:build: only before the package clause */
};

typedef struct Parser {
    /* scanner */
    const char *start, *at, *end; /* *end is NUL */
    const char *tok_at;           /* start of the current token */
    bool nlsemi;                  /* a newline here is a semicolon */
    bool bad;                     /* literal with an error */
    uint8_t tok;                  /* Token */
    uint8_t op;                   /* the operator of ASSIGNOP and INCDEC */
    Pos pos;                      /* of the current token */
    Str lit;                      /* literals: text; SEMI: semicolon, newline, EOF */
    Name *name;                   /* NAME */
    Session *s;
    SourceFile *src;

    /* parser */
    Arena *arena;
    File *file; /* NULL: single declarations and expressions */
    int nerrors;
    bool first_error; /* anything reported so far */
    bool top;         /* before the package clause */
    int fnest;        /* function nesting */
    int xnest;        /* expression nesting; negative in control clauses */
    int depth;        /* recursion depth */
    int nlits;        /* function literals in the current outermost function */
    int nglobal_lits; /* outside functions, in this file */
    Ident *guard_bind; /* v of v := x.(type), until header() hands it over */
    bool per_iteration;

    /* directives waiting for a declaration */
    unsigned pragmas;
    VEC(PragmaPos) pragma_pos;
    Buf embed;
    Pos embed_pos;
    VEC(Linkname) linknames;

    /* stacks for lists under construction */
    VEC(Expr *) exprs;
    VEC(Stmt *) stmts;
    VEC(Field) fields;
    VEC(CaseClause) clauses;
    VEC(void *) specs;
} Parser;

#define MAX_DEPTH 4000

/* scanner.c */
void scan_next(Parser *p);
void scan_init(Parser *p, Session *s, SourceFile *src, Arena *arena, uint32_t offset);
void scan_fini(Parser *p);

/* parser_decl.c */
void p_error_at(Parser *p, Pos pos, const char *fmt, ...) printf_like(3, 4);
void p_syntax_error_at(Parser *p, Pos pos, const char *msg);
static inline void p_syntax_error(Parser *p, const char *msg) {
    p_syntax_error_at(p, p->pos, msg);
}
void p_syntax_errorf_at(Parser *p, Pos pos, const char *fmt, ...) printf_like(3, 4);
const char *p_tokstring(unsigned tok);
typedef unsigned __int128 TokSet;
#define TS(tok) ((TokSet)1 << TOK_##tok)
void p_advance(Parser *p, TokSet follow);
bool p_enter(Parser *p); /* false: too deep, the rest of the file is skipped */
#define p_leave(p) ((p)->depth--)
void p_want(Parser *p, Token tok);
bool p_got_assign(Parser *p);
static inline bool p_got(Parser *p, Token tok) {
    if (p->tok != tok) return false;
    scan_next(p);
    return true;
}
/* [ f { sep f } [sep] ] close; f returns true after the last element. */
Pos p_list(Parser *p, const char *context, Token sep, Token close, bool (*f)(Parser *, void *),
           void *arg);
void p_clear_pragma(Parser *p);
GenDecl *p_gen_decl(Parser *p); /* at const, type, var or import */
Decl p_top_decl(Parser *p);
bool p_extract_name(Parser *p, Expr *x, bool force, Ident **name, Expr **type);

/* parser_expr.c */
void *p_expr_new(Parser *p, size_t size, ExprKind kind, Pos pos);
#define EXPR_NEW(p, T, kind, pos) ((T *)p_expr_new((p), sizeof(T), (kind), (pos)))
Expr *p_bad_expr(Parser *p);
Ident *p_ident_new(Parser *p, Pos pos, Name *name);
Ident *p_name(Parser *p);
BasicLit *p_oliteral(Parser *p);
Expr *p_expr(Parser *p);
Expr *p_binary_expr(Parser *p, Expr *x, int prec);
Expr *p_pexpr(Parser *p, Expr *x, bool keep_parens);
ExprList p_expr_list(Parser *p);
ExprList p_take_exprs(Parser *p, int mark);
Expr *p_type(Parser *p);
Expr *p_type_or_nil(Parser *p);
Expr *p_array_type(Parser *p, Pos pos, Expr *len);
Expr *p_slice_type(Parser *p, Pos pos);
FuncTypeExpr *p_func_type(Parser *p, const char *context);
FieldList p_param_list(Parser *p, Ident *name, Expr *type, Token close, bool require_names,
                       bool dots_ok);

/* parser_stmt.c */
BlockStmt *p_func_body(Parser *p);

#endif
