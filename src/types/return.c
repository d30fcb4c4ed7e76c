/* Terminating statements (spec: Terminating statements): whether control can reach a body's end. */
#include "types/checker.h"

static bool has_break(Stmt *s, Name *label, bool implicit);

static bool has_break_list(StmtList l, Name *label, bool implicit) {
    for (int i = 0; i < l.len; i++)
        if (has_break(l.at[i], label, implicit)) return true;
    return false;
}

/* A break out of the statement with that label; implicit: an unlabeled break counts too. */
static bool has_break(Stmt *s, Name *label, bool implicit) {
    if (!s) return false;
    switch (s->kind) {
    case STMT_LABELED: return has_break(((LabeledStmt *)s)->body, label, implicit);
    case STMT_BRANCH: {
        BranchStmt *b = (BranchStmt *)s;
        if (b->tok != TOK_BREAK) return false;
        return b->label ? label && b->label->name == label : implicit;
    }
    case STMT_BLOCK: return has_break_list(((BlockStmt *)s)->list, label, implicit);
    case STMT_IF: {
        IfStmt *f = (IfStmt *)s;
        return has_break(&f->then->s, label, implicit) || has_break(f->els, label, implicit);
    }
    case STMT_SWITCH: case STMT_TYPESWITCH: case STMT_SELECT: {
        SwitchStmt *w = (SwitchStmt *)s;
        for (int i = 0; label && i < w->nclauses; i++)
            if (has_break_list(w->clauses[i].body, label, false)) return true;
        return false;
    }
    case STMT_FOR: return label && has_break(&((ForStmt *)s)->body->s, label, false);
    case STMT_RANGE: return label && has_break(&((RangeStmt *)s)->body->s, label, false);
    }
    return false;
}

static bool terminating_list(StmtList l) {
    for (int i = l.len - 1; i >= 0; i--)
        if (l.at[i]->kind != STMT_EMPTY) return is_terminating(l.at[i], NULL);
    return false;
}

bool is_terminating(Stmt *s, Name *label) {
    if (!s) return false;
    switch (s->kind) {
    case STMT_LABELED: return is_terminating(((LabeledStmt *)s)->body, ((LabeledStmt *)s)->label->name);
    case STMT_EXPR: {
        Expr *e = unparen(((ExprStmt *)s)->on);
        return e->kind == EXPR_CALL && e->flag & EXPR_PANIC;
    }
    case STMT_RETURN: return true;
    case STMT_BRANCH: {
        int tok = ((BranchStmt *)s)->tok;
        return tok == TOK_GOTO || tok == TOK_FALLTHROUGH;
    }
    case STMT_BLOCK: return terminating_list(((BlockStmt *)s)->list);
    case STMT_IF: {
        IfStmt *f = (IfStmt *)s;
        return f->els && is_terminating(&f->then->s, NULL) && is_terminating(f->els, NULL);
    }
    case STMT_SWITCH: case STMT_TYPESWITCH: case STMT_SELECT: {
        SwitchStmt *w = (SwitchStmt *)s;
        bool has_default = s->kind == STMT_SELECT;
        for (int i = 0; i < w->nclauses; i++) {
            has_default |= w->clauses[i].is_default;
            if (!terminating_list(w->clauses[i].body) || has_break_list(w->clauses[i].body, label, true))
                return false;
        }
        return has_default;
    }
    case STMT_FOR: {
        ForStmt *f = (ForStmt *)s;
        return !f->cond && !has_break(&f->body->s, label, true);
    }
    }
    return false;
}
