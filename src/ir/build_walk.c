/* Walking the syntax tree: what a body contains, before it is built. */
#include "ir/build_int.h"

static void walk_exprs(Walk *w, ExprList l) {
    for (int i = 0; i < l.len; i++) walk_expr(w, l.at[i]);
}
static void walk_stmts(Walk *w, StmtList l) {
    for (int i = 0; i < l.len; i++) walk_stmt(w, l.at[i]);
}

void walk_expr(Walk *w, Expr *e) {
    if (!e) return;
    if (w->expr && !w->expr(w, e)) return;
    switch ((ExprKind)e->kind) {
    case EXPR_COMPOSITE: walk_exprs(w, ((CompositeLit *)e)->elems); break;
    case EXPR_FUNCLIT: walk_stmt(w, &((FuncLit *)e)->body->s); break;
    case EXPR_PAREN: walk_expr(w, ((ParenExpr *)e)->inner); break;
    case EXPR_SELECTOR: walk_expr(w, ((SelectorExpr *)e)->on); break;
    case EXPR_INDEX:
        walk_expr(w, ((IndexExpr *)e)->on);
        walk_exprs(w, ((IndexExpr *)e)->indices);
        break;
    case EXPR_SLICE: {
        SliceExpr *s = (SliceExpr *)e;
        walk_expr(w, s->on);
        for (int i = 0; i < 3; i++) walk_expr(w, s->index[i]);
        break;
    }
    case EXPR_TYPEASSERT: walk_expr(w, ((TypeAssertExpr *)e)->on); break;
    case EXPR_CALL:
        walk_expr(w, ((CallExpr *)e)->fn);
        walk_exprs(w, ((CallExpr *)e)->args);
        break;
    case EXPR_STAR: walk_expr(w, ((StarExpr *)e)->on); break;
    case EXPR_UNARY: walk_expr(w, ((UnaryExpr *)e)->on); break;
    case EXPR_BINARY:
        walk_expr(w, ((BinaryExpr *)e)->left);
        walk_expr(w, ((BinaryExpr *)e)->right);
        break;
    case EXPR_KEYVALUE:
        walk_expr(w, ((KeyValueExpr *)e)->key);
        walk_expr(w, ((KeyValueExpr *)e)->value);
        break;
    default: break;
    }
}

static void walk_clause(Walk *w, CaseClause *c) {
    walk_exprs(w, c->exprs);
    walk_stmt(w, c->comm);
    walk_stmts(w, c->body);
}

void walk_stmt(Walk *w, Stmt *s) {
    if (!s) return;
    if (w->stmt && !w->stmt(w, s)) return;
    switch ((StmtKind)s->kind) {
    case STMT_DECL: {
        GenDecl *d = ((DeclStmt *)s)->decl;
        if (d->gen != GEN_VAR) break;
        for (int i = 0; i < d->len; i++) walk_exprs(w, d->values[i]->values);
        break;
    }
    case STMT_LABELED: walk_stmt(w, ((LabeledStmt *)s)->body); break;
    case STMT_EXPR: walk_expr(w, ((ExprStmt *)s)->on); break;
    case STMT_SEND:
        walk_expr(w, ((SendStmt *)s)->chan);
        walk_expr(w, ((SendStmt *)s)->value);
        break;
    case STMT_INCDEC: walk_expr(w, ((IncDecStmt *)s)->on); break;
    case STMT_ASSIGN:
        walk_exprs(w, ((AssignStmt *)s)->lhs);
        walk_exprs(w, ((AssignStmt *)s)->rhs);
        break;
    case STMT_GO:
    case STMT_DEFER: walk_expr(w, ((GoStmt *)s)->call); break;
    case STMT_RETURN: walk_exprs(w, ((ReturnStmt *)s)->results); break;
    case STMT_BLOCK: walk_stmts(w, ((BlockStmt *)s)->list); break;
    case STMT_IF: {
        IfStmt *i = (IfStmt *)s;
        walk_stmt(w, i->init);
        walk_expr(w, i->cond);
        walk_stmt(w, &i->then->s);
        walk_stmt(w, i->els);
        break;
    }
    case STMT_SWITCH:
    case STMT_TYPESWITCH:
    case STMT_SELECT: {
        SwitchStmt *sw = (SwitchStmt *)s;
        walk_stmt(w, sw->init);
        walk_expr(w, sw->tag);
        for (int i = 0; i < sw->nclauses; i++) walk_clause(w, &sw->clauses[i]);
        break;
    }
    case STMT_FOR: {
        ForStmt *f = (ForStmt *)s;
        walk_stmt(w, f->init);
        walk_expr(w, f->cond);
        walk_stmt(w, f->post);
        walk_stmt(w, &f->body->s);
        break;
    }
    case STMT_RANGE: {
        RangeStmt *r = (RangeStmt *)s;
        walk_expr(w, r->key);
        walk_expr(w, r->value);
        walk_expr(w, r->on);
        walk_stmt(w, &r->body->s);
        break;
    }
    default: break;
    }
}

static bool no_funclit(Walk *w, Expr *e) { return e->kind != EXPR_FUNCLIT; }

static bool label_stmt(Walk *w, Stmt *s) {
    if (s->kind == STMT_LABELED) w->found = 1;
    return !w->found;
}
bool stmt_has_label(Stmt *s) {
    Walk w = {.stmt = label_stmt, .expr = no_funclit};
    walk_stmt(&w, s);
    return w.found;
}

typedef struct FactsCtx { Fn *fn; BodyFacts facts; } FactsCtx;
static bool facts_stmt(Walk *w, Stmt *s) {
    FactsCtx *c = w->ctx;
    if (s->kind == STMT_DEFER) c->facts.has_defer = true;
    if (s->kind == STMT_RANGE && is_kind(fn_expr_type(c->fn, ((RangeStmt *)s)->on), TYPE_SIGNATURE))
        c->facts.has_rangefunc = true;
    return true;
}
BodyFacts body_facts(Fn *fn, BlockStmt *b) {
    FactsCtx c = {.fn = fn};
    Walk w = {.stmt = facts_stmt, .expr = no_funclit, .ctx = &c};
    walk_stmt(&w, &b->s);
    return c.facts;
}

static bool call_expr(Walk *w, Expr *e) {
    if (e->kind == EXPR_FUNCLIT || e->cval || e->mode == MODE_TYPE) return false;
    if (e->kind == EXPR_CALL || (e->kind == EXPR_UNARY && ((UnaryExpr *)e)->op == TOK_ARROW)) w->found = 1;
    return !w->found;
}
bool expr_has_call(Expr *e) {
    Walk w = {.expr = call_expr};
    walk_expr(&w, e);
    return w.found;
}
