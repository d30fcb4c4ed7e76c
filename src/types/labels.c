/* Labels and branches of one function body: finds the statement that each break, continue and goto goes
 * to (BranchStmt.target), and reports jumps that go nowhere or where they must not. */
#include "types/checker.h"

typedef struct Block Block;
struct Block { Block *parent; Pos start; LabeledStmt *lstmt; };

typedef struct Label { LabeledStmt *s; Block *parent; bool used; } Label;

typedef VEC(BranchStmt *) BranchVec;
typedef struct Labels { Checker *c; VEC(Label) all; } Labels;
typedef struct Targets { Stmt *breaks, *continues; int case_index; } Targets;

static Label *find_label(Labels *l, Name *name) {
    for (int i = 0; i < l->all.len; i++)
        if (l->all.at[i].s->label->name == name) return &l->all.at[i];
    return NULL;
}

static void label_error(Labels *l, Pos p, const char *fmt, Name *n) {
    types_error(l->c, p, ERR_MisplacedLabel, fmt, n);
}

static LabeledStmt *goto_target(Labels *l, Block *b, Name *name) {
    Label *x = find_label(l, name);
    if (!x) return NULL;
    x->used = true;
    for (; b; b = b->parent)
        if (x->parent == b) return x->s;
    return NULL;
}

/* The labeled statement around b with that name; *known: such a label exists at all. */
static LabeledStmt *enclosing_target(Labels *l, Block *b, Name *name, bool *known) {
    Label *x = find_label(l, name);
    *known = x != NULL;
    if (!x) return NULL;
    x->used = true;
    for (; b; b = b->parent)
        if (b->lstmt == x->s) return x->s;
    return NULL;
}

typedef struct BlockState {
    Labels *l;
    Block *b;
    BranchVec fwd, bad;
    Pos var_pos;
    const char *var_name;
} BlockState;

static BranchVec block_branches(Labels *l, Block *parent, Targets ctx, LabeledStmt *lstmt, Pos start, StmtList body);

static void record_var(BlockState *st, Pos pos, const char *name) {
    st->var_pos = pos;
    st->var_name = name;
    st->bad.len = 0;
    for (int i = 0; i < st->fwd.len; i++) vec_push(&st->bad, st->fwd.at[i]);
}

static void inner_block(BlockState *st, Targets ctx, LabeledStmt *lstmt, Pos start, StmtList body) {
    BranchVec v = block_branches(st->l, st->b, ctx, lstmt, start, body);
    for (int i = 0; i < v.len; i++) vec_push(&st->fwd, v.at[i]);
    vec_free(&v);
}

static const char *where(Labels *l, Pos p) {
    Location loc = pos_location(l->c->syn, p);
    return arena_printf(l->c->arena, "%s:%d:%d", loc.file ? loc.file : "?", loc.line, loc.col);
}

static void declare_label(BlockState *st, LabeledStmt *s) {
    Labels *l = st->l;
    Name *name = s->label->name;
    Label *old = find_label(l, name);
    if (old) {
        types_error(l->c, s->label->x.pos, ERR_DuplicateLabel, "label %n already defined at %s", name,
                    where(l, old->s->label->x.pos));
    } else {
        vec_push(&l->all, ((Label){s, st->b, false}));
        old = &vec_last(&l->all);
    }
    int n = 0;
    for (int i = 0; i < st->fwd.len; i++) {
        BranchStmt *f = st->fwd.at[i];
        if (f->label->name != name) {
            st->fwd.at[n++] = f;
            continue;
        }
        f->target = &s->s;
        old->used = true;
        bool over = false;
        for (int k = 0; st->var_pos && k < st->bad.len; k++) over |= st->bad.at[k] == f;
        if (over)
            types_error(l->c, f->label->x.pos, ERR_JumpOverDecl, "goto %n jumps over declaration of %s at %s", name,
                        st->var_name, where(l, st->var_pos));
    }
    st->fwd.len = n;
}

static void unlabeled_branch(BlockState *st, BranchStmt *s, Targets ctx, bool last) {
    Checker *c = st->l->c;
    switch (s->tok) {
    case TOK_BREAK:
        if (ctx.breaks) s->target = ctx.breaks;
        else types_error(c, s->s.pos, ERR_MisplacedBreak, "break is not in a loop, switch, or select");
        break;
    case TOK_CONTINUE:
        if (ctx.continues) s->target = ctx.continues;
        else types_error(c, s->s.pos, ERR_MisplacedContinue, "continue is not in a loop");
        break;
    case TOK_FALLTHROUGH: {
        const char *msg = "fallthrough statement out of place";
        Stmt *t = ctx.breaks;
        if (t && t->kind == STMT_TYPESWITCH) msg = "cannot fallthrough in type switch";
        else if (t && t->kind == STMT_SWITCH && ctx.case_index >= 0 && last) {
            if (ctx.case_index + 1 < ((SwitchStmt *)t)->nclauses) break;
            msg = "cannot fallthrough final case in switch";
        }
        types_error(c, s->s.pos, ERR_MisplacedFallthrough, "%s", msg);
        break;
    }
    }
}

static void labeled_branch(BlockState *st, BranchStmt *s) {
    Labels *l = st->l;
    Name *name = s->label->name;
    Pos p = s->label->x.pos;
    bool known;
    if (s->tok == TOK_GOTO) {
        LabeledStmt *t = goto_target(l, st->b, name);
        if (t) s->target = &t->s;
        else vec_push(&st->fwd, s);
        return;
    }
    LabeledStmt *t = enclosing_target(l, st->b, name, &known);
    int k = t && t->body ? t->body->kind : -1;
    if (s->tok == TOK_BREAK) {
        if (k == STMT_SWITCH || k == STMT_TYPESWITCH || k == STMT_SELECT || k == STMT_FOR || k == STMT_RANGE)
            s->target = t->body;
        else label_error(l, p, known ? "invalid break label %n" : "break label not defined: %n", name);
    } else if (s->tok == TOK_CONTINUE) {
        if (k == STMT_FOR || k == STMT_RANGE) s->target = t->body;
        else label_error(l, p, known ? "invalid continue label %n" : "continue label not defined: %n", name);
    }
}

static const char *expr_text(Checker *c, Expr *e) { return types_format(c, "%e", e); }

static void branch_stmt(BlockState *st, Stmt *stmt, Targets ctx, LabeledStmt *lstmt, bool last) {
    while (stmt && stmt->kind == STMT_LABELED) {
        LabeledStmt *s = (LabeledStmt *)stmt;
        if (!s->label->name->blank) {
            declare_label(st, s);
            lstmt = s;
        }
        stmt = s->body;
    }
    if (!stmt) return;
    Targets in = {ctx.breaks, ctx.continues, -1};
    switch (stmt->kind) {
    case STMT_DECL: {
        GenDecl *g = ((DeclStmt *)stmt)->decl;
        if (g && g->gen == GEN_VAR && g->len && g->values[0]->nnames)
            record_var(st, g->values[0]->pos, g->values[0]->names[0]->name->p);
        break;
    }
    case STMT_BRANCH: {
        BranchStmt *s = (BranchStmt *)stmt;
        if (s->label) labeled_branch(st, s);
        else unlabeled_branch(st, s, ctx, last);
        break;
    }
    case STMT_ASSIGN: {
        AssignStmt *s = (AssignStmt *)stmt;
        if (s->op == TOK_DEFINE && s->lhs.len) {
            const char *names = expr_text(st->l->c, s->lhs.at[0]);
            for (int i = 1; i < s->lhs.len; i++)
                names = types_format(st->l->c, "%s, %e", names, s->lhs.at[i]);
            record_var(st, s->op_pos, names);
        }
        break;
    }
    case STMT_BLOCK: inner_block(st, in, lstmt, stmt->pos, ((BlockStmt *)stmt)->list); break;
    case STMT_IF: {
        IfStmt *s = (IfStmt *)stmt;
        if (s->then) inner_block(st, in, lstmt, s->then->s.pos, s->then->list);
        if (s->els) inner_block(st, in, lstmt, s->els->pos, (StmtList){&s->els, 1});
        break;
    }
    case STMT_FOR: {
        ForStmt *s = (ForStmt *)stmt;
        in.breaks = in.continues = stmt;
        if (s->body) inner_block(st, in, lstmt, s->body->s.pos, s->body->list);
        break;
    }
    case STMT_RANGE: {
        RangeStmt *s = (RangeStmt *)stmt;
        in.breaks = in.continues = stmt;
        if (s->body) inner_block(st, in, lstmt, s->body->s.pos, s->body->list);
        break;
    }
    case STMT_SWITCH: case STMT_TYPESWITCH: case STMT_SELECT: {
        SwitchStmt *s = (SwitchStmt *)stmt;
        in.breaks = stmt;
        for (int i = 0; i < s->nclauses; i++) {
            in.case_index = stmt->kind == STMT_SELECT ? -1 : i;
            inner_block(st, in, lstmt, s->clauses[i].pos, s->clauses[i].body);
        }
        break;
    }
    }
}

static BranchVec block_branches(Labels *l, Block *parent, Targets ctx, LabeledStmt *lstmt, Pos start, StmtList body) {
    Block *b = arena_new(l->c->arena, Block);
    *b = (Block){parent, start, lstmt};
    BlockState st = {.l = l, .b = b};
    if (too_deep(l->c, start)) return st.fwd;
    int n = body.len;
    while (n > 0 && body.at[n - 1]->kind == STMT_EMPTY) n--;
    for (int i = 0; i < n; i++) branch_stmt(&st, body.at[i], ctx, NULL, i + 1 == n);
    leave_depth(l->c);
    vec_free(&st.bad);
    return st.fwd;
}

void check_labels(Checker *c, BlockStmt *body) {
    Labels l = {.c = c};
    BranchVec fwd = block_branches(&l, NULL, (Targets){NULL, NULL, -1}, NULL, body->s.pos, body->list);
    for (int i = 0; i < fwd.len; i++) {
        Name *name = fwd.at[i]->label->name;
        Label *x = find_label(&l, name);
        if (x) {
            x->used = true;
            types_error(c, fwd.at[i]->label->x.pos, ERR_JumpIntoBlock, "goto %n jumps into block starting at %s", name,
                        where(&l, x->parent->start));
        } else {
            types_error(c, fwd.at[i]->label->x.pos, ERR_UndeclaredLabel, "label %n not defined", name);
        }
    }
    for (int i = 0; i < l.all.len; i++)
        if (!l.all.at[i].used)
            types_error(c, l.all.at[i].s->label->x.pos, ERR_UnusedLabel, "label %n defined and not used",
                        l.all.at[i].s->label->name);
    vec_free(&fwd);
    vec_free(&l.all);
}
