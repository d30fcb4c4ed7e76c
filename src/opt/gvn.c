/* gvn: values computed before on every path are not computed again. A scoped hash table over the dominator
 * tree; constants compare by what they are but stay where they are used (most fold into immediates). Also
 * notes which pointers were checked for nil on the way. */
#include "opt/opt_int.h"

typedef struct Entry { uint64_t hash; ValueId v; int next; } Entry;
typedef struct Gvn {
    Opt *o;
    IrFunc *f;
    ValueId *canon;   /* per value: representative for comparison */
    int *heads; uint32_t mask;
    VEC(Entry) table; /* entries of the current dominator path, newest last */
    VEC(ValueId) checked; /* values with nonnil[v] set, in order */
    bool *nonnil;
} Gvn;

static ValueId canon(Gvn *g, ValueId v) {
    v = opt_resolve(g->o, v);
    return g->canon[v] ? g->canon[v] : v;
}

static bool is_const_like(int op) {
    return op == IR_CONST || op == IR_FCONST || op == IR_STRCONST || op == IR_ZERO || op == IR_SYMADDR ||
           op == IR_LOCALADDR;
}

static bool numbered(IrValue *v) {
    switch (v->op) {
    case IR_BLOCKPARAM: case IR_RESULT: case IR_PARAM: case IR_LOCALGET: case IR_STRTMP: return false;
    case IR_ELEMADDR: case IR_ARRADDR: case IR_FIELDADDR: case IR_NILCHECK: case IR_DIV: case IR_MOD: case IR_SHL:
    case IR_SHR: case IR_STRINDEX: case IR_SLICESLICE: case IR_STRSLICE: return true;
    default: break;
    }
    return ir_op_info[v->op].effects == 0 && v->type && v->type->rep != REP_TUPLE;
}

static uint64_t key(Gvn *g, IrValue *v) {
    uint64_t h = v->op * 0x9e3779b97f4a7c15ull ^ (uint64_t)v->aux.i * 0xff51afd7ed558ccdull ^ (uint64_t)v->aux2 * 0xc4ceb9fe1a85ec53ull;
    if (v->op == IR_AGGMAKE) h = 1;
    h ^= (uint64_t)v->type->rep << 3 ^ v->type->size << 9;
    for (uint32_t i = 0; i < v->nargs; i++) h = (h ^ canon(g, v->args[i])) * 0x2545f4914f6cdd1dull;
    return h ^ h >> 29;
}

static bool equal(Gvn *g, IrValue *a, IrValue *b) {
    if (a->op != b->op || a->nargs != b->nargs || a->aux2 != b->aux2) return false;
    if (a->type->rep != b->type->rep || a->type->size != b->type->size || a->type->is_signed != b->type->is_signed ||
        a->type->eface != b->type->eface)
        return false;
    if (a->op == IR_AGGMAKE) {
        if (memcmp(a->aux.p, b->aux.p, sizeof(int64_t) * a->nargs)) return false;
    } else if (a->aux.i != b->aux.i) return false;
    for (uint32_t i = 0; i < a->nargs; i++)
        if (canon(g, a->args[i]) != canon(g, b->args[i])) return false;
    return true;
}

static void note_nonnil(Gvn *g, ValueId p) {
    p = canon(g, p);
    if (g->nonnil[p]) return;
    g->nonnil[p] = true;
    vec_push(&g->checked, p);
}

static void visit_value(Gvn *g, ValueId id) {
    IrValue *v = ir_val(g->f, id);
    for (uint32_t i = 0; i < v->nargs; i++)
        if (v->args[i]) v->args[i] = opt_resolve(g->o, v->args[i]);
    if (v->op == IR_LOAD || v->op == IR_STORE || v->op == IR_FIELDADDR || v->op == IR_NILCHECK) {
        if (g->nonnil[canon(g, v->args[0])]) v->flags |= IRF_NONNIL;
        else note_nonnil(g, v->args[0]);
    }
    if (!v->type || !(numbered(v) || opt_is_capture(g->o, v))) return;
    uint64_t h = key(g, v);
    for (int i = g->heads[h & g->mask]; i; i = g->table.at[i].next) {
        Entry *e = &g->table.at[i];
        IrValue *w = ir_val(g->f, e->v);
        if (e->hash != h || !equal(g, v, w)) continue;
        if (is_const_like(v->op)) {
            g->canon[id] = e->v;
        } else {
            opt_replace(g->o, id, e->v);
        }
        return;
    }
    vec_push(&g->table, ((Entry){h, id, g->heads[h & g->mask]}));
    g->heads[h & g->mask] = g->table.len - 1;
}

static void visit_block(Gvn *g, int i) {
    IrBlock *b = &g->f->blocks.at[g->o->rpo[i]];
    for (int k = 0; k < b->insts.len; k++) visit_value(g, b->insts.at[k]);
}

void opt_gvn(Opt *o) {
    IrFunc *f = o->f;
    opt_cfg(o);
    opt_begin(o);
    Gvn gs = {.o = o, .f = f};
    Gvn *g = &gs;
    g->canon = arena_array(&o->arena, ValueId, f->values.len);
    g->nonnil = arena_array(&o->arena, bool, f->values.len);
    g->table.arena = g->checked.arena = &o->arena;
    uint32_t size = 64;
    while (size < (uint32_t)f->values.len) size *= 2;
    g->mask = size - 1;
    g->heads = arena_array(&o->arena, int, size);
    vec_push(&g->table, ((Entry){0})); /* 0: end of chain */
    int *child = arena_array(&o->arena, int, o->nrpo + 1), *sibling = arena_array(&o->arena, int, o->nrpo + 1);
    for (int i = o->nrpo - 1; i > 0; i--) {
        sibling[i] = child[o->idom[i]];
        child[o->idom[i]] = i;
    }
    struct Frame { int table, checked, next; } *stack = arena_alloc(&o->arena, sizeof *stack * (size_t)(o->nrpo + 1));
    int sp = 0;
    stack[sp++] = (struct Frame){1, 0, child[0]};
    visit_block(g, 0);
    while (sp) {
        struct Frame *t = &stack[sp - 1];
        if (t->next) {
            int c = t->next;
            t->next = sibling[c];
            stack[sp++] = (struct Frame){g->table.len, g->checked.len, child[c]};
            visit_block(g, c);
            continue;
        }
        while (g->table.len > t->table) { /* leave the scope */
            Entry e = vec_pop(&g->table);
            g->heads[e.hash & g->mask] = e.next;
        }
        while (g->checked.len > t->checked) g->nonnil[vec_pop(&g->checked)] = false;
        sp--;
    }
    opt_apply(o);
}
