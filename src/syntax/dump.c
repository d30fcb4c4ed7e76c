/* --dump=tokens and --dump=ast: what scanner and parser make of a file, for tests and eyes.
 *
 * The tree is printed one node a line, indented by depth: "line:col Kind details". After checking,
 * expressions also show their mode. */
#include "syntax/parser_int.h"

void dump_tokens(Session *s, SourceFile *src, FILE *out) {
    Arena arena = {0};
    Parser parser, *p = &parser;
    scan_init(p, s, src, &arena, 0);
    do {
        scan_next(p);
        Location l = pos_location_raw(s, p->pos);
        fprintf(out, "%d:%d\t%s", l.line, l.col, token_text[p->tok]);
        switch (p->tok) {
        case TOK_NAME: fprintf(out, " %s", p->name->p); break;
        case TOK_INT:
        case TOK_FLOAT:
        case TOK_IMAG:
        case TOK_CHAR:
        case TOK_STRING:
        case TOK_SEMI: fprintf(out, " %.*s", STR_FMT(p->lit)); break;
        case TOK_ASSIGNOP:
        case TOK_INCDEC: fprintf(out, " %s", token_text[p->op]); break;
        }
        fputc('\n', out);
    } while (p->tok != TOK_EOF);
    scan_fini(p);
    arena_free(&arena);
}

/* ---- Tree ----------------------------------------------------------------------------------- */

typedef struct Dumper {
    Session *s;
    FILE *out;
    int depth;
} Dumper;

static void dump_expr(Dumper *d, const char *role, const Expr *e);
static void dump_stmt(Dumper *d, const char *role, const Stmt *s);

static void begin(Dumper *d, Pos pos, const char *role, const char *kind) {
    Location l = pos_location_raw(d->s, pos);
    fprintf(d->out, "%*s%d:%d ", 2 * d->depth, "", l.line, l.col);
    if (role) fprintf(d->out, "%s: ", role);
    fputs(kind, d->out);
}

static const char *const expr_names[] = {
    [EXPR_BAD] = "Bad", [EXPR_IDENT] = "Ident", [EXPR_BASICLIT] = "BasicLit",
    [EXPR_COMPOSITE] = "CompositeLit", [EXPR_FUNCLIT] = "FuncLit", [EXPR_PAREN] = "Paren",
    [EXPR_SELECTOR] = "Selector", [EXPR_INDEX] = "Index", [EXPR_SLICE] = "Slice",
    [EXPR_TYPEASSERT] = "TypeAssert", [EXPR_CALL] = "Call", [EXPR_STAR] = "Star",
    [EXPR_UNARY] = "Unary", [EXPR_BINARY] = "Binary", [EXPR_KEYVALUE] = "KeyValue",
    [EXPR_ARRAYTYPE] = "ArrayType", [EXPR_ELLIPSIS] = "Ellipsis", [EXPR_STRUCTTYPE] = "StructType",
    [EXPR_FUNCTYPE] = "FuncType", [EXPR_INTERFACETYPE] = "InterfaceType",
    [EXPR_MAPTYPE] = "MapType", [EXPR_CHANTYPE] = "ChanType",
};
static const char *const stmt_names[] = {
    [STMT_BAD] = "Bad", [STMT_EMPTY] = "Empty", [STMT_DECL] = "DeclStmt",
    [STMT_LABELED] = "Labeled", [STMT_EXPR] = "ExprStmt", [STMT_SEND] = "Send",
    [STMT_INCDEC] = "IncDec", [STMT_ASSIGN] = "Assign", [STMT_GO] = "Go", [STMT_DEFER] = "Defer",
    [STMT_RETURN] = "Return", [STMT_BRANCH] = "Branch", [STMT_BLOCK] = "Block", [STMT_IF] = "If",
    [STMT_SWITCH] = "Switch", [STMT_TYPESWITCH] = "TypeSwitch", [STMT_SELECT] = "Select",
    [STMT_FOR] = "For", [STMT_RANGE] = "Range",
};

static void dump_list(Dumper *d, const char *role, ExprList l) {
    for (int i = 0; i < l.len; i++) dump_expr(d, role, l.at[i]);
}

static void dump_fields(Dumper *d, const char *role, FieldList l) {
    for (int i = 0; i < l.len; i++) {
        const Field *f = &l.at[i];
        begin(d, f->pos, role, f->name ? f->name->name->p : "_unnamed");
        fputs(f->embedded ? " embedded" : "", d->out);
        if (f->tag) fprintf(d->out, " %.*s", STR_FMT(((const BasicLit *)f->tag)->text));
        fputc('\n', d->out);
        d->depth++;
        if (i && f->type == l.at[i - 1].type) fprintf(d->out, "%*ssame type\n", 2 * d->depth, "");
        else dump_expr(d, NULL, f->type);
        d->depth--;
    }
}

/* The part of a node's line behind its kind. */
static void expr_details(Dumper *d, const Expr *e) {
    switch (e->kind) {
    case EXPR_IDENT: fprintf(d->out, " %s", ((const Ident *)e)->name->p); break;
    case EXPR_BASICLIT: fprintf(d->out, " %.*s", STR_FMT(((const BasicLit *)e)->text)); break;
    case EXPR_SELECTOR: fprintf(d->out, " .%s", ((const SelectorExpr *)e)->sel->name->p); break;
    case EXPR_UNARY: fprintf(d->out, " %s", token_text[((const UnaryExpr *)e)->op]); break;
    case EXPR_BINARY: fprintf(d->out, " %s", token_text[((const BinaryExpr *)e)->op]); break;
    case EXPR_FUNCLIT: fprintf(d->out, " #%d", ((const FuncLit *)e)->id); break;
    case EXPR_CALL: fputs(((const CallExpr *)e)->has_dots ? " ..." : "", d->out); break;
    case EXPR_SLICE: fputs(((const SliceExpr *)e)->full ? " full" : "", d->out); break;
    case EXPR_ARRAYTYPE: fputs(((const ArrayTypeExpr *)e)->dots ? " [...]" : "", d->out); break;
    case EXPR_CHANTYPE: {
        int dir = ((const ChanTypeExpr *)e)->dir;
        fputs(dir == CHAN_SEND ? " send" : dir == CHAN_RECV ? " receive" : "", d->out);
        break;
    }
    }
    if (e->mode) fprintf(d->out, " mode=%d", e->mode);
}

static void dump_expr(Dumper *d, const char *role, const Expr *e) {
    if (!e) return;
    begin(d, e->pos, role, expr_names[e->kind]);
    expr_details(d, e);
    fputc('\n', d->out);
    d->depth++;
    switch (e->kind) {
    case EXPR_COMPOSITE:
        dump_expr(d, "type", ((const CompositeLit *)e)->type_expr);
        dump_list(d, NULL, ((const CompositeLit *)e)->elems);
        break;
    case EXPR_FUNCLIT:
        dump_expr(d, NULL, &((const FuncLit *)e)->sig->x);
        dump_stmt(d, NULL, &((const FuncLit *)e)->body->s);
        break;
    case EXPR_PAREN: dump_expr(d, NULL, ((const ParenExpr *)e)->inner); break;
    case EXPR_SELECTOR: dump_expr(d, NULL, ((const SelectorExpr *)e)->on); break;
    case EXPR_INDEX:
        dump_expr(d, NULL, ((const IndexExpr *)e)->on);
        dump_list(d, "index", ((const IndexExpr *)e)->indices);
        break;
    case EXPR_SLICE:
        dump_expr(d, NULL, ((const SliceExpr *)e)->on);
        dump_expr(d, "lo", ((const SliceExpr *)e)->index[0]);
        dump_expr(d, "hi", ((const SliceExpr *)e)->index[1]);
        dump_expr(d, "max", ((const SliceExpr *)e)->index[2]);
        break;
    case EXPR_TYPEASSERT:
        dump_expr(d, NULL, ((const TypeAssertExpr *)e)->on);
        dump_expr(d, "type", ((const TypeAssertExpr *)e)->type_expr);
        break;
    case EXPR_CALL:
        dump_expr(d, "fn", ((const CallExpr *)e)->fn);
        dump_list(d, NULL, ((const CallExpr *)e)->args);
        break;
    case EXPR_STAR: dump_expr(d, NULL, ((const StarExpr *)e)->on); break;
    case EXPR_UNARY: dump_expr(d, NULL, ((const UnaryExpr *)e)->on); break;
    case EXPR_BINARY:
        dump_expr(d, NULL, ((const BinaryExpr *)e)->left);
        dump_expr(d, NULL, ((const BinaryExpr *)e)->right);
        break;
    case EXPR_KEYVALUE:
        dump_expr(d, "key", ((const KeyValueExpr *)e)->key);
        dump_expr(d, "value", ((const KeyValueExpr *)e)->value);
        break;
    case EXPR_ARRAYTYPE:
        dump_expr(d, "len", ((const ArrayTypeExpr *)e)->len);
        dump_expr(d, "elem", ((const ArrayTypeExpr *)e)->elem);
        break;
    case EXPR_ELLIPSIS: dump_expr(d, NULL, ((const EllipsisExpr *)e)->elem); break;
    case EXPR_STRUCTTYPE: dump_fields(d, "field", ((const StructTypeExpr *)e)->fields); break;
    case EXPR_INTERFACETYPE:
        dump_fields(d, "elem", ((const InterfaceTypeExpr *)e)->elems);
        break;
    case EXPR_FUNCTYPE:
        dump_fields(d, "tparam", ((const FuncTypeExpr *)e)->tparams);
        dump_fields(d, "param", ((const FuncTypeExpr *)e)->params);
        dump_fields(d, "result", ((const FuncTypeExpr *)e)->results);
        break;
    case EXPR_MAPTYPE:
        dump_expr(d, "key", ((const MapTypeExpr *)e)->key);
        dump_expr(d, "value", ((const MapTypeExpr *)e)->value);
        break;
    case EXPR_CHANTYPE: dump_expr(d, NULL, ((const ChanTypeExpr *)e)->elem); break;
    }
    d->depth--;
}

static void dump_stmts(Dumper *d, StmtList l) {
    for (int i = 0; i < l.len; i++) dump_stmt(d, NULL, l.at[i]);
}

static void dump_gen(Dumper *d, const GenDecl *g) {
    static const char *const names[] = {"import", "const", "type", "var"};
    begin(d, g->pos, NULL, names[g->gen]);
    fputc('\n', d->out);
    d->depth++;
    for (int i = 0; i < g->len; i++) {
        switch (g->gen) {
        case GEN_IMPORT: {
            const ImportSpec *s = g->imports[i];
            begin(d, s->pos, NULL, "Import");
            if (s->name) fprintf(d->out, " %s", s->name->name->p);
            fprintf(d->out, " \"%.*s\"\n", STR_FMT(s->path_str));
            break;
        }
        case GEN_CONST:
        case GEN_VAR: {
            const ValueSpec *s = g->values[i];
            begin(d, s->pos, NULL, g->gen == GEN_CONST ? "Const" : "Var");
            for (int k = 0; k < s->nnames; k++) fprintf(d->out, " %s", s->names[k]->name->p);
            if (g->gen == GEN_CONST)
                fprintf(d->out, " iota=%d%s", s->iota, s->inherits ? " inherits" : "");
            if (s->embed.n) fprintf(d->out, " embed=%.*s", STR_FMT(s->embed));
            fputc('\n', d->out);
            d->depth++;
            dump_expr(d, "type", s->type);
            dump_list(d, NULL, s->values);
            d->depth--;
            break;
        }
        case GEN_TYPE: {
            const TypeSpec *s = g->types[i];
            begin(d, s->pos, NULL, "Type");
            fprintf(d->out, " %s%s\n", s->name->name->p, s->is_alias ? " =" : "");
            d->depth++;
            dump_fields(d, "tparam", s->tparams);
            dump_expr(d, NULL, s->type);
            d->depth--;
            break;
        }
        }
    }
    d->depth--;
}

static void dump_switch(Dumper *d, const SwitchStmt *s) {
    dump_stmt(d, "init", s->init);
    if (s->bind) dump_expr(d, "bind", &s->bind->x);
    dump_expr(d, "tag", s->tag);
    for (int i = 0; i < s->nclauses; i++) {
        const CaseClause *c = &s->clauses[i];
        begin(d, c->pos, NULL, c->is_default ? "Default\n" : "Case\n");
        d->depth++;
        dump_list(d, "case", c->exprs);
        dump_stmt(d, "comm", c->comm);
        dump_stmts(d, c->body);
        d->depth--;
    }
}

static void dump_stmt(Dumper *d, const char *role, const Stmt *s) {
    if (!s) return;
    if (s->kind == STMT_DECL) {
        dump_gen(d, ((const DeclStmt *)s)->decl);
        return;
    }
    begin(d, s->pos, role, stmt_names[s->kind]);
    switch (s->kind) {
    case STMT_LABELED: fprintf(d->out, " %s", ((const LabeledStmt *)s)->label->name->p); break;
    case STMT_INCDEC: fputs(((const IncDecStmt *)s)->dec ? " --" : " ++", d->out); break;
    case STMT_ASSIGN: fprintf(d->out, " %s", token_text[((const AssignStmt *)s)->op]); break;
    case STMT_BRANCH: {
        const BranchStmt *b = (const BranchStmt *)s;
        fprintf(d->out, " %s", token_text[b->tok]);
        if (b->label) fprintf(d->out, " %s", b->label->name->p);
        break;
    }
    case STMT_RANGE: fputs(((const RangeStmt *)s)->define ? " :=" : "", d->out); break;
    }
    fputc('\n', d->out);
    d->depth++;
    switch (s->kind) {
    case STMT_LABELED: dump_stmt(d, NULL, ((const LabeledStmt *)s)->body); break;
    case STMT_EXPR: dump_expr(d, NULL, ((const ExprStmt *)s)->on); break;
    case STMT_SEND:
        dump_expr(d, "chan", ((const SendStmt *)s)->chan);
        dump_expr(d, "value", ((const SendStmt *)s)->value);
        break;
    case STMT_INCDEC: dump_expr(d, NULL, ((const IncDecStmt *)s)->on); break;
    case STMT_ASSIGN:
        dump_list(d, "lhs", ((const AssignStmt *)s)->lhs);
        dump_list(d, "rhs", ((const AssignStmt *)s)->rhs);
        break;
    case STMT_GO:
    case STMT_DEFER: dump_expr(d, NULL, ((const GoStmt *)s)->call); break;
    case STMT_RETURN: dump_list(d, NULL, ((const ReturnStmt *)s)->results); break;
    case STMT_BLOCK: dump_stmts(d, ((const BlockStmt *)s)->list); break;
    case STMT_IF: {
        const IfStmt *i = (const IfStmt *)s;
        dump_stmt(d, "init", i->init);
        dump_expr(d, "cond", i->cond);
        if (i->then) dump_stmt(d, "then", &i->then->s);
        dump_stmt(d, "else", i->els);
        break;
    }
    case STMT_SWITCH:
    case STMT_TYPESWITCH:
    case STMT_SELECT: dump_switch(d, (const SwitchStmt *)s); break;
    case STMT_FOR: {
        const ForStmt *f = (const ForStmt *)s;
        dump_stmt(d, "init", f->init);
        dump_expr(d, "cond", f->cond);
        dump_stmt(d, "post", f->post);
        dump_stmt(d, NULL, &f->body->s);
        break;
    }
    case STMT_RANGE: {
        const RangeStmt *r = (const RangeStmt *)s;
        dump_expr(d, "key", r->key);
        dump_expr(d, "value", r->value);
        dump_expr(d, "on", r->on);
        dump_stmt(d, NULL, &r->body->s);
        break;
    }
    }
    d->depth--;
}

static void dump_func(Dumper *d, const FuncDecl *f) {
    begin(d, f->pos, NULL, "func");
    fprintf(d->out, " %s", f->name->name->p);
    if (f->pragmas) fprintf(d->out, " pragmas=%#x", f->pragmas);
    fputc('\n', d->out);
    d->depth++;
    if (f->recv) dump_fields(d, "recv", (FieldList){f->recv, f->nrecv});
    dump_expr(d, NULL, &f->sig->x);
    if (f->body) dump_stmt(d, NULL, &f->body->s);
    d->depth--;
}

void dump_ast(Session *s, const File *f, FILE *out) {
    Dumper d = {s, out, 0};
    fprintf(out, "package %s", f->pkg_name->name->p);
    if (f->go_version.n) fprintf(out, " %.*s", STR_FMT(f->go_version));
    fputc('\n', out);
    for (int i = 0; i < f->debug.len; i++) fprintf(out, "debug %.*s\n", STR_FMT(f->debug.at[i]));
    for (int i = 0; i < f->nlinknames; i++)
        fprintf(out, "linkname %s %.*s\n", f->linknames[i].local->p,
                STR_FMT(f->linknames[i].target));
    for (int i = 0; i < f->ndecls; i++) {
        if (f->decls[i].is_func) dump_func(&d, f->decls[i].func);
        else dump_gen(&d, f->decls[i].gen);
    }
}
