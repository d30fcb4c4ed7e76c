/* escape: which allocations outlive the frame that makes them.
 *
 * A graph of places (values, local variables, the contents of allocations, parameters, results, "the heap") has
 * an edge dst <- src with a count of dereferences for every flow: -1 takes src's address, 0 copies, 1 loads
 * through it. Storing through a pointer whose target is not known is a flow to the heap. Walking backwards
 * from a root with the least number of dereferences tells whose address reaches it: an allocation whose
 * address reaches the heap, a result, or something that lives longer than the loop iteration that allocates, must be
 * on the heap, and its contents then flow there too. A parameter's flows make the function's summary, which
 * callers use; functions are taken callees first, groups of mutual recursion until nothing changes.
 *
 * Summaries go with the function's symbol, and with an image (opt/bodies.h).
 *
 * What stays in the frame becomes a local variable where its pointer is a plain local address; loads and
 * stores through that become accesses of the variable, so that mem2reg can take it apart. */
#include "opt/bodies.h"
#include "opt/opt_int.h"

#include "ir/ir_int.h"

#include <stdlib.h>

enum { NO_FLOW = 100, MAX_DEREFS = 3, MAX_RESULTS = 6, MAX_PARAMS = 40, FRAME_BUDGET = 16384, MAX_VALUES = 30000 };

/* d[p * (1 + nresults)]: least dereferences with which parameter p reaches the heap, then each result.
 * Row nparams is the closure context. */
typedef struct EscSummary {
    uint8_t nparams, nresults;
    int8_t d[];
} EscSummary;

static int8_t *summary_at(const EscSummary *s, int p, int to) { return (int8_t *)&s->d[p * (1 + s->nresults) + to]; }
static size_t summary_size(int np, int nr) { return sizeof(EscSummary) + (size_t)((np + 1) * (1 + nr)); }

typedef struct Edge { int src, derefs, next; } Edge;
typedef struct Node {
    int edges;     /* first, -1: none */
    int depth;     /* of loops */
    int dist, gen; /* of the walk */
    bool escapes, queued, is_alloc;
} Node;

typedef struct Esc { /* one function */
    Opt *o;
    IrFunc *f;
    IrUnit *u;
    Arena *a;
    Node *nodes;
    int nnodes, nres;
    int base_res, base_param, base_value, base_var, base_obj; /* node numbers */
    VEC(Edge) edges;
    VEC(int) todo;
    VEC(int) roots;
    int gen;
    EscSummary *sum;
    bool changed;  /* the summary got worse */
    bool again;    /* after inlining: flags are only added */
    int *block_depth;
    ValueId *var_def;   /* per variable: the only value ever stored to it, 0: none or several */
    uint8_t *var_ndefs;
    bool irreducible;
} Esc;

enum { NODE_HEAP = 0 };

static int n_value(Esc *e, ValueId v) { return e->base_value + (int)v; }
static int n_var(Esc *e, IrVar *v) { return e->base_var + (int)v->id; }
static int n_obj(Esc *e, ValueId v) { return e->base_obj + (int)v; }
static int n_param(Esc *e, int i) { return e->base_param + i; } /* nparams: the context */
static int n_res(Esc *e, int i) { return e->base_res + i; }

static void flow(Esc *e, int dst, int src, int derefs) {
    if (derefs > MAX_DEREFS) derefs = MAX_DEREFS;
    vec_push(&e->edges, ((Edge){src, derefs, e->nodes[dst].edges}));
    e->nodes[dst].edges = e->edges.len - 1;
}
static void flow_v(Esc *e, int dst, ValueId v, int derefs) {
    const IrType *t = ir_val(e->f, v)->type;
    if (t->has_ptrs || t->rep == REP_TUPLE) flow(e, dst, n_value(e, v), derefs);
}

/* ---- Where a store goes ------------------------------------------------------------------------------- */

/* The variable or allocation that pointer p points into, as a node; 0 when unknown. */
static int store_base(Esc *e, ValueId p, int fuel) {
    while (fuel-- > 0) {
        IrValue *v = ir_val(e->f, p);
        switch (v->op) {
        case IR_NEW: case IR_MAKESLICE: case IR_CLOSURE: return n_obj(e, p);
        case IR_LOCALADDR: return n_var(e, v->aux.var);
        case IR_FIELDADDR: case IR_ARRADDR: case IR_ELEMADDR: case IR_SLICEPTR: case IR_SLICEMAKE: case IR_ARRSLICE:
        case IR_SLICESLICE: case IR_ADD:
            p = v->args[0];
            break;
        case IR_LOCALGET:
            if (v->aux2 || !e->var_def[v->aux.var->id]) return 0;
            p = e->var_def[v->aux.var->id];
            break;
        default: return 0;
        }
    }
    return 0;
}

/* p through variables that hold one value only, and through fields when asked for. */
static ValueId strip(Esc *e, ValueId p, bool fields) {
    for (int fuel = 12; fuel > 0; fuel--) {
        IrValue *v = ir_val(e->f, p);
        if (v->op == IR_LOCALGET && !v->aux2 && e->var_def[v->aux.var->id]) p = e->var_def[v->aux.var->id];
        else if (v->op == IR_FIELDADDR && fields) p = v->args[0];
        else break;
    }
    return p;
}

static bool same_pointer(Esc *e, ValueId p, ValueId q) {
    p = strip(e, p, true);
    q = strip(e, q, true);
    IrValue *a = ir_val(e->f, p), *b = ir_val(e->f, q);
    return p == q || (a->op == IR_PARAM && b->op == IR_PARAM && a->aux.i == b->aux.i) ||
           (a->op == IR_LOCALGET && b->op == IR_LOCALGET && a->aux.var == b->aux.var && !a->aux2 && !b->aux2 &&
            a->aux.var->param >= 0 && e->var_ndefs[a->aux.var->id] == 0);
}

/* x.f = x.f[i:j] and x.f = x.g: the object already held what it gets. */
static bool is_self_assignment(Esc *e, ValueId p, ValueId x) {
    for (int fuel = 12; fuel > 0; fuel--) {
        x = strip(e, x, false);
        IrValue *v = ir_val(e->f, x);
        if (v->op == IR_LOAD) return same_pointer(e, p, v->args[0]);
        if (v->op != IR_SLICESLICE && v->op != IR_STRSLICE) return false;
        x = v->args[0];
    }
    return false;
}

static void store_to(Esc *e, ValueId p, ValueId x, int derefs) {
    int b = store_base(e, p, 12);
    flow_v(e, b ? b : NODE_HEAP, x, derefs);
}

/* ---- Summaries of callees ------------------------------------------------------------------------------ */

static EscSummary *callee_summary(IrUnit *u, Sym *s) {
    if (sym_in_base(s)) return opt_base_escape(u, s);
    return ir_may_see(u, s) ? s->esc : NULL;
}

static bool native_keeps_nothing(Sym *s) {
    static const char *const prefixes[] = {"runtime.print", "internal/bytealg.", "runtime.memmove", "runtime.memequal",
                                           "runtime.panicwrap", "runtime.panicrangestate"};
    if (s->noescape) return true;
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (str_has_prefix(s->name, prefixes[i])) return true;
    return false;
}

/* Arguments args[0..n) of a call of s; res: the call's value, 0 when there is none. ctx: closure value or 0. */
static void flow_call(Esc *e, Sym *s, ValueId *args, int n, ValueId res) {
    if (!n) return; /* nothing to ask for: looking it up reads pages of the base image */
    EscSummary *m = callee_summary(e->u, s);
    if (!m) {
        if (s->kind == SYM_UNDEF && native_keeps_nothing(s)) return;
        for (int i = 0; i < n; i++) flow_v(e, NODE_HEAP, args[i], 0);
        return;
    }
    for (int i = 0; i < n; i++) {
        if (i >= m->nparams) {
            flow_v(e, NODE_HEAP, args[i], 0);
            continue;
        }
        int d = *summary_at(m, i, 0);
        if (d != NO_FLOW) flow_v(e, NODE_HEAP, args[i], d);
        bool tuple = res && ir_val(e->f, res)->type->rep == REP_TUPLE; /* see flow_result */
        for (int k = 0; k < m->nresults && res && !tuple; k++) {
            d = *summary_at(m, i, 1 + k);
            if (d != NO_FLOW) flow_v(e, n_value(e, res), args[i], d);
        }
    }
}

static Sym *known_callee(Esc *e, IrValue *v);

/* Element i of what a call gave. */
static void flow_result(Esc *e, ValueId id) {
    IrValue *v = ir_val(e->f, id), *c = ir_val(e->f, v->args[0]);
    Sym *s = known_callee(e, c);
    if (!s) {
        flow_v(e, n_value(e, id), v->args[0], 0);
        return;
    }
    EscSummary *m = callee_summary(e->u, s);
    uint32_t first = c->op == IR_CALL ? 0 : 1;
    for (uint32_t i = first; m && i < c->nargs; i++) {
        if (i - first >= m->nparams || v->aux.i >= m->nresults) continue; /* went to the heap */
        int d = *summary_at(m, (int)(i - first), 1 + (int)v->aux.i);
        if (d != NO_FLOW) flow_v(e, n_value(e, id), c->args[i], d);
    }
}

/* Making a closure lets its function do to the captured values what it may. */
static void flow_closure(Esc *e, Sym *s, ValueId v) {
    EscSummary *m = callee_summary(e->u, s);
    int d = m ? *summary_at(m, m->nparams, 0) : 0;
    if (!m) d = 1;
    if (d != NO_FLOW) flow_v(e, NODE_HEAP, v, d < 1 && m ? d : d);
    /* what reaches its results reaches whoever calls it: taken as the heap */
    for (int k = 0; m && k < m->nresults; k++) {
        d = *summary_at(m, m->nparams, 1 + k);
        if (d != NO_FLOW) flow_v(e, NODE_HEAP, v, d);
    }
}

/* ---- Edges of a function --------------------------------------------------------------------------------- */

static void push_root(Esc *e, int n);

static bool is_conversion(int op) {
    switch (op) {
    case IR_STRCONCAT: case IR_STRFROMBYTES: case IR_BYTESFROMSTR: case IR_STRFROMRUNES: case IR_RUNESFROMSTR:
    case IR_STRFROMRUNE: return true;
    default: return false;
    }
}

static bool is_alloc(int op) {
    return op == IR_NEW || op == IR_BOX || op == IR_CLOSURE || op == IR_MAKESLICE || op == IR_MAKEMAP || is_conversion(op);
}

static bool is_direct(const IrType *t) { return t->size == 8 && t->has_ptrs; }

static void alloc(Esc *e, ValueId id) {
    int o = n_obj(e, id);
    e->nodes[o].is_alloc = true;
    e->nodes[o].depth = e->nodes[n_value(e, id)].depth;
    flow(e, n_value(e, id), o, -1);
    if (e->irreducible) { /* loops that are not understood: everything to the heap */
        e->nodes[o].escapes = true;
        push_root(e, o);
    }
}

/* unsafe.Pointer(uintptr(p) + x): p flows through arithmetic of one expression, not through variables (that is
 * how code hides a pointer on purpose). */
static void flow_uintptr(Esc *e, int n, ValueId id, int fuel) {
    IrValue *v = ir_val(e->f, id);
    if (!fuel || v->type->rep != REP_INT) return;
    if (v->op == IR_CONV) {
        ValueId a = v->args[0];
        if (ir_val(e->f, a)->type->rep == REP_PTR) flow_v(e, n, a, 0);
        else flow_uintptr(e, n, a, fuel - 1);
        return;
    }
    if (v->op < IR_ADD || v->op > IR_COM) return;
    for (uint32_t i = 0; i < v->nargs; i++) flow_uintptr(e, n, v->args[i], fuel - 1);
}

static Sym *known_callee(Esc *e, IrValue *v) {
    if (v->op == IR_CALL) return v->aux.sym;
    if (v->op != IR_CALLCLOSURE) return NULL;
    IrValue *c = ir_val(e->f, strip(e, v->args[0], false));
    return c->op == IR_CLOSURE ? c->aux.sym : NULL;
}

static void add_value(Esc *e, ValueId id) {
    IrValue *v = ir_val(e->f, id);
    int n = n_value(e, id), depth = e->block_depth[v->block];
    e->nodes[n].depth = depth;
    switch ((IrOp)v->op) {
    case IR_NEW: alloc(e, id); return;
    case IR_MAKESLICE: alloc(e, id); return;
    case IR_CLOSURE:
        alloc(e, id);
        for (uint32_t i = 0; i < v->nargs; i++) flow_v(e, n_obj(e, id), v->args[i], 0);
        flow_closure(e, v->aux.sym, id);
        return;
    case IR_BOX:
        if (is_direct(v->aux.t)) {
            flow_v(e, n, v->args[0], 0);
            return;
        }
        alloc(e, id);
        flow_v(e, n_obj(e, id), v->args[0], 0);
        return;
    case IR_PARAM: flow(e, n, n_param(e, (int)v->aux.i), 0); return;
    case IR_CTX: flow(e, n, n_param(e, e->f->nparams), 0); return;
    case IR_LOCALADDR: flow(e, n, n_var(e, v->aux.var), -1); return;
    case IR_LOCALGET: flow(e, n, n_var(e, v->aux.var), 0); return;
    case IR_LOCALSET: flow_v(e, n_var(e, v->aux.var), v->args[0], 0); return;
    case IR_LOAD: flow_v(e, n, v->args[0], 1); return;
    case IR_UNBOX: flow_v(e, n, v->args[0], is_direct(v->aux.t) ? 0 : 1); return;
    case IR_ASSERTTYPE: case IR_ASSERTTYPEOK: flow_v(e, n, v->args[0], is_direct(v->aux.t) ? 0 : 1); return;
    case IR_STORE:
        if (!is_self_assignment(e, v->args[0], v->args[1])) store_to(e, v->args[0], v->args[1], 0);
        return;
    case IR_MOVE: case IR_MOVESOME: if (v->aux.t->has_ptrs) store_to(e, v->args[0], v->args[1], 1); return;
    case IR_APPEND:
        flow_v(e, n, v->args[0], 0);
        for (uint32_t i = 1; i < v->nargs; i++) flow_v(e, NODE_HEAP, v->args[i], 0);
        return;
    case IR_APPENDSLICE:
        flow_v(e, n, v->args[0], 0);
        if (v->aux.t->has_ptrs) flow_v(e, NODE_HEAP, v->args[1], 1);
        return;
    case IR_COPY: if (v->aux.t->has_ptrs) flow_v(e, NODE_HEAP, v->args[1], 1); return;
    case IR_MAPSET:
        flow_v(e, NODE_HEAP, v->args[1], 0);
        flow_v(e, NODE_HEAP, v->args[2], 0);
        return;
    case IR_MAPADDR: flow_v(e, NODE_HEAP, v->args[1], 0); return;
    case IR_MAPGET: case IR_MAPGETOK: flow_v(e, n, v->args[0], 1); return;
    case IR_SEND: flow_v(e, NODE_HEAP, v->args[1], 0); return;
    case IR_SELECT:
        for (uint32_t i = 1; i < v->nargs; i += 2) flow_v(e, NODE_HEAP, v->args[i], 1);
        return;
    case IR_PANIC: flow_v(e, NODE_HEAP, v->args[0], 0); return;
    case IR_GO:
        for (uint32_t i = 0; i < v->nargs; i++) flow_v(e, NODE_HEAP, v->args[i], 0);
        return;
    case IR_DEFER:
        if (depth > 0 || v->nargs > 1 || e->irreducible) flow_v(e, NODE_HEAP, v->args[0], 0);
        return;
    case IR_RET:
        for (uint32_t i = 0; i < v->nargs; i++) flow_v(e, n_res(e, (int)i < e->nres ? (int)i : 0), v->args[i], 0);
        return;
    case IR_CALL: flow_call(e, v->aux.sym, v->args, (int)v->nargs, id); return;
    case IR_CALLCLOSURE: {
        Sym *s = known_callee(e, v);
        if (s) {
            flow_call(e, s, v->args + 1, (int)v->nargs - 1, id);
            return;
        }
        for (uint32_t i = 1; i < v->nargs; i++) flow_v(e, NODE_HEAP, v->args[i], 0);
        return;
    }
    case IR_CALLIFACE:
        for (uint32_t i = 0; i < v->nargs; i++) flow_v(e, NODE_HEAP, v->args[i], 0);
        return;
    case IR_INTRINSIC: /* atomic stores; loads give what is in memory */
        for (uint32_t i = 1; i < v->nargs; i++) flow_v(e, NODE_HEAP, v->args[i], 0);
        if (v->nargs) flow_v(e, n, v->args[0], 1);
        return;
    case IR_RESULT: flow_result(e, id); return;
    case IR_STRCONCAT: case IR_STRFROMBYTES: case IR_BYTESFROMSTR: case IR_STRFROMRUNES: case IR_RUNESFROMSTR:
    case IR_STRFROMRUNE: alloc(e, id); return; /* concatenation may give an operand: the runtime sees to that */
    case IR_MAKEMAP: alloc(e, id); return;
    case IR_MAKECHAN: case IR_RECV: case IR_RECVOK: case IR_RECOVER:
    case IR_MAPITERINIT: case IR_FRAMETOKEN: case IR_MAPDELETE: case IR_KEEPALIVE: case IR_ZEROMEM: case IR_NILCHECK:
    case IR_MAPLEN: case IR_CHANLEN: case IR_CHANCAP: case IR_CHANCLOSE: case IR_MAPCLEAR: case IR_CLEARSLICE:
    case IR_DEFERRETURN:
        return;
    case IR_CONV:
        if (v->type->rep == REP_PTR) flow_uintptr(e, n, v->args[0], 8);
        return;
    case IR_MAPITERNEXT: flow_v(e, n, v->args[0], 1); return;
    default: /* a value made of its operands */
        if (!v->type || (v->type->rep != REP_TUPLE && !v->type->has_ptrs)) return;
        for (uint32_t i = 0; i < v->nargs; i++)
            if (v->args[i]) flow_v(e, n, v->args[i], 0);
    }
}

/* ---- Walking ------------------------------------------------------------------------------------------------ */

static bool is_result(Esc *e, int n) { return n >= e->base_res && n < e->base_res + e->nres; }
static bool is_param(Esc *e, int n) { return n >= e->base_param && n <= e->base_param + e->f->nparams; }

static bool outlives(Esc *e, int root, int n) {
    if (root == NODE_HEAP || is_result(e, root) || e->nodes[root].escapes) return true;
    return e->nodes[root].depth < e->nodes[n].depth;
}

static void push_root(Esc *e, int n) {
    if (e->nodes[n].queued) return;
    e->nodes[n].queued = true;
    vec_push(&e->roots, n);
}

static void leak(Esc *e, int param, int root, int derefs) {
    int to = is_result(e, root) ? 1 + root - e->base_res : 0;
    int8_t *d = summary_at(e->sum, param - e->base_param, to);
    if (derefs < *d) {
        *d = (int8_t)derefs;
        e->changed = true;
    }
}

static void walk(Esc *e, int root) {
    int gen = ++e->gen;
    e->nodes[root].gen = gen;
    e->nodes[root].dist = 0;
    e->todo.len = 0;
    vec_push(&e->todo, root);
    for (int i = 0; i < e->todo.len; i++) {
        int n = e->todo.at[i];
        Node *x = &e->nodes[n];
        int d = x->dist;
        if (d < 0) {
            d = 0;
            if (x->is_alloc && outlives(e, root, n) && !x->escapes) {
                x->escapes = true;
                push_root(e, n); /* what it holds now flows to the heap */
                continue;
            }
        }
        if (is_param(e, n) && (root == NODE_HEAP || is_result(e, root) || e->nodes[root].escapes)) leak(e, n, root, d);
        if (x->escapes && n != root) continue;
        for (int k = x->edges; k >= 0; k = e->edges.at[k].next) {
            Edge *g = &e->edges.at[k];
            Node *y = &e->nodes[g->src];
            int nd = d + g->derefs;
            if (nd > MAX_DEREFS) nd = MAX_DEREFS;
            if (y->gen == gen && y->dist <= nd) continue;
            y->gen = gen;
            y->dist = nd;
            vec_push(&e->todo, g->src);
        }
    }
}

/* ---- One function --------------------------------------------------------------------------------------------- */

static bool depths(Esc *e) {
    Opt *o = e->o;
    IrFunc *f = e->f;
    opt_cfg(o);
    opt_loops(o);
    e->block_depth = arena_array(e->a, int, f->blocks.len + 1);
    for (int i = 0; i < o->nrpo; i++) e->block_depth[o->rpo[i]] = o->depth[i];
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *b = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < b->nsucc; k++) {
            int to = o->rpo_of[b->succ[k].to];
            if (to <= i && !opt_dominates(o, b->succ[k].to, b->id)) e->irreducible = true;
        }
    }
    return true;
}

static void scan_vars(Esc *e) {
    IrFunc *f = e->f;
    e->var_def = arena_array(e->a, ValueId, f->vars.len + 1);
    e->var_ndefs = arena_array(e->a, uint8_t, f->vars.len + 1);
    for (int i = 0; i < f->vars.len; i++) e->nodes[e->base_var + i].depth = 1 << 20;
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            IrValue *v = ir_val(f, bl->insts.at[k]);
            if (v->op < IR_LOCALGET || v->op > IR_LOCALZERO) continue;
            uint32_t id = v->aux.var->id;
            Node *n = &e->nodes[e->base_var + (int)id];
            if (e->block_depth[b] < n->depth) n->depth = e->block_depth[b];
            if (v->op == IR_LOCALSET) {
                if (e->var_ndefs[id] < 2) e->var_ndefs[id]++;
                bool whole = !v->aux2 && ir_val(f, v->args[0])->type->size == v->aux.var->type->size;
                e->var_def[id] = whole ? v->args[0] : 0;
                if (!whole) e->var_ndefs[id] = 2;
            } else if (v->op == IR_LOCALADDR || v->op == IR_LOCALZERO) {
                e->var_ndefs[id] = 2;
            }
        }
    }
    for (int i = 0; i < f->vars.len; i++)
        if (e->var_ndefs[i] != 1 || f->vars.at[i]->result >= 0) e->var_def[i] = 0;
}

static bool wants_analysis(IrFunc *f) {
    if (f->values.len > MAX_VALUES || f->nparams > MAX_PARAMS) return false;
    for (int i = 0; i < f->nparams; i++)
        if (f->params[i]->has_ptrs) return true;
    if (f->has_ctx) return true;
    for (int i = 1; i < f->values.len; i++) {
        if (is_alloc(f->values.at[i].op)) return true;
    }
    return false;
}

static void setup(Esc *e) {
    IrFunc *f = e->f;
    e->nres = e->sum->nresults;
    e->base_res = 1;
    e->base_param = e->base_res + (e->nres ? e->nres : 1);
    e->base_value = e->base_param + f->nparams + 1;
    e->base_var = e->base_value + f->values.len;
    e->base_obj = e->base_var + f->vars.len;
    e->nnodes = e->base_obj + f->values.len;
    e->nodes = arena_array(e->a, Node, e->nnodes);
    for (int i = 0; i < e->nnodes; i++) e->nodes[i].edges = -1;
}

static bool bytes_fit(uint64_t size, uint64_t *budget) {
    if (size > *budget) return false;
    *budget -= size;
    return true;
}

/* Sets the flags; removes ones from an earlier, more hopeful round. */
static void mark(Esc *e) {
    IrFunc *f = e->f;
    uint64_t budget = FRAME_BUDGET;
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            ValueId id = bl->insts.at[k];
            IrValue *v = ir_val(f, id);
            if (!is_alloc(v->op)) continue;
            if (e->again && (v->flags & IRF_NOESCAPE)) continue;
            v->flags &= (uint8_t)~IRF_NOESCAPE;
            if (e->irreducible || e->nodes[n_obj(e, id)].escapes) continue;
            if ((v->op == IR_NEW || v->op == IR_BOX) && !bytes_fit(v->aux.t->size, &budget)) continue;
            if (v->op == IR_MAKEMAP && !bytes_fit(48, &budget)) continue;
            if (is_conversion(v->op) && !bytes_fit(v->op == IR_RUNESFROMSTR ? 128 : 32, &budget)) continue;
            v->flags |= IRF_NOESCAPE;
        }
    }
}

/* True when the summary got worse. */
static bool analyse(IrUnit *u, IrFunc *f, EscSummary *sum, bool again) {
    Opt o = {.f = f};
    Esc e = {.o = &o, .f = f, .u = u, .a = &o.arena, .sum = sum, .again = again};
    e.edges.arena = e.todo.arena = e.roots.arena = NULL;
    setup(&e);
    depths(&e);
    scan_vars(&e);
    int max_alloc_depth = 0;
    if ((uint64_t)f->vars.len * (uint64_t)f->values.len > 100000000) e.irreducible = true; /* too expensive */
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->params.len; k++) {
            ValueId id = bl->params.at[k];
            int d = e.block_depth[b];
            e.nodes[n_value(&e, id)].depth = d > 0 ? d - 1 : 0; /* may carry into the next iteration */
        }
        for (int s = 0; s < bl->nsucc; s++)
            for (int k = 0; k < bl->succ[s].nargs; k++) {
                ValueId p = f->blocks.at[bl->succ[s].to].params.at[k];
                if (ir_val(f, p)->type->has_ptrs) flow_v(&e, n_value(&e, p), bl->succ[s].args[k], 0);
            }
        for (int k = 0; k < bl->insts.len; k++) {
            ValueId id = bl->insts.at[k];
            add_value(&e, id);
            if (e.nodes[n_obj(&e, id)].is_alloc && e.block_depth[b] > max_alloc_depth) max_alloc_depth = e.block_depth[b];
        }
    }
    for (int i = 0; i < f->vars.len; i++)
        if (f->vars.at[i]->result >= 0)
            flow(&e, n_res(&e, f->vars.at[i]->result < e.nres ? f->vars.at[i]->result : 0), e.base_var + i, 0);
    if (!e.nres || f->nresults > e.nres) { /* results that the summary has no room for */
        flow(&e, NODE_HEAP, e.base_res, 0);
    }
    push_root(&e, NODE_HEAP);
    for (int i = 0; i < e.nres; i++) push_root(&e, n_res(&e, i));
    if (max_alloc_depth > 0) {
        for (int i = e.base_value; i < e.nnodes; i++) {
            bool var = i >= e.base_var && i < e.base_obj, obj = i >= e.base_obj && e.nodes[i].is_alloc;
            bool param = i < e.base_var && i > e.base_value && ir_val(f, (ValueId)(i - e.base_value))->op == IR_BLOCKPARAM;
            if ((var || obj || param) && e.nodes[i].edges >= 0 && e.nodes[i].depth < max_alloc_depth) push_root(&e, i);
        }
    }
    for (int i = 0; i < e.roots.len; i++) {
        int n = e.roots.at[i];
        e.nodes[n].queued = false;
        walk(&e, n);
    }
    mark(&e);
    bool changed = e.changed;
    vec_free(&e.edges);
    vec_free(&e.todo);
    vec_free(&e.roots);
    arena_free(&o.arena);
    return changed;
}

/* ---- Allocations that become local variables --------------------------------------------------------------- */

static int64_t type_bytes(IrFunc *f, IrValue *store) { return (int64_t)ir_val(f, store->args[1])->type->size; }

/* LOCALADDR that value p is, through one level of a variable that only ever holds it. */
static IrValue *local_address(IrFunc *f, ValueId *def, ValueId p) {
    IrValue *v = ir_val(f, p);
    if (v->op == IR_LOCALADDR) return v;
    if (v->op == IR_LOCALGET && !v->aux2 && def[v->aux.var->id]) {
        IrValue *d = ir_val(f, def[v->aux.var->id]);
        if (d->op == IR_LOCALADDR) return d;
    }
    return NULL;
}

static bool inside(IrValue *addr, int64_t off, int64_t size) {
    return addr->aux2 + off >= 0 && addr->aux2 + off + size <= (int64_t)addr->aux.var->type->size;
}

/* True when any was. */
static bool promote(IrUnit *u, IrFunc *f) {
    bool any = false;
    uint32_t room = 4096; /* slots: frames of any size would be zeroed and scanned at every call */
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            ValueId id = bl->insts.at[k];
            IrValue *v = ir_val(f, id);
            if (v->op != IR_NEW || !(v->flags & IRF_NOESCAPE) || !v->aux.t->nslots || v->aux.t->nslots > room) continue;
            room -= v->aux.t->nslots;
            IrVar *x = ir_var_new(f, v->aux.t, STR("~new"), v->pos);
            /* LOCALZERO in front, then the address in place of the allocation */
            ValueId z = ir_value_new(f, (BlockId)b, IR_LOCALZERO, &irtype_none, ir_val(f, id)->pos, 0, NULL);
            ir_val(f, z)->aux.var = x;
            bl = &f->blocks.at[b];
            bl->insts.len--;
            vec_reserve(&bl->insts, 1);
            memmove(bl->insts.at + k + 1, bl->insts.at + k, sizeof(ValueId) * (size_t)(bl->insts.len - k));
            bl->insts.at[k] = z;
            bl->insts.len++;
            k++;
            v = ir_val(f, id);
            v->op = IR_LOCALADDR;
            v->flags = 0;
            v->aux.var = x;
            v->aux2 = 0;
            x->addressed = true; /* until mem2reg sees that no address is left */
            any = true;
        }
    }
    if (!any) return false;
    (void)u;
    /* variables that hold one address only */
    ValueId *def = calloc((size_t)f->vars.len + 1, sizeof *def);
    uint8_t *ndef = calloc((size_t)f->vars.len + 1, 1);
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            IrValue *v = ir_val(f, bl->insts.at[k]);
            if (v->op == IR_LOCALADDR || v->op == IR_LOCALZERO) ndef[v->aux.var->id] = 2;
            if (v->op != IR_LOCALSET) continue;
            uint32_t id = v->aux.var->id;
            def[id] = v->aux2 ? 0 : v->args[0];
            ndef[id] = (uint8_t)(ndef[id] ? 2 : v->aux2 ? 2 : 1);
        }
    }
    for (int i = 0; i < f->vars.len; i++)
        if (ndef[i] != 1 || f->vars.at[i]->result >= 0) def[i] = 0;
    /* two rounds: addresses of fields first become local addresses, then accesses through them direct */
    for (int round = 0; round < 3; round++)
        for (int b = 0; b < f->blocks.len; b++) {
            IrBlock *bl = &f->blocks.at[b];
            for (int k = 0; k < bl->insts.len; k++) {
                IrValue *v = ir_val(f, bl->insts.at[k]), *a;
                switch (v->op) {
                case IR_LOCALGET:
                    if (v->aux2 || !def[v->aux.var->id]) break;
                    a = ir_val(f, def[v->aux.var->id]);
                    if (a->op != IR_LOCALADDR || v->type->rep != REP_PTR) break;
                    v->op = IR_LOCALADDR;
                    v->aux.var = a->aux.var;
                    v->aux2 = a->aux2;
                    break;
                case IR_FIELDADDR:
                    a = local_address(f, def, v->args[0]);
                    if (!a || !inside(a, v->aux2, 0)) break;
                    v->op = IR_LOCALADDR;
                    v->nargs = 0;
                    v->flags = 0;
                    v->aux.var = a->aux.var;
                    v->aux2 += a->aux2;
                    break;
                case IR_LOAD:
                    a = local_address(f, def, v->args[0]);
                    if (!a || !inside(a, v->aux2, (int64_t)v->type->size)) break;
                    v->op = IR_LOCALGET;
                    v->nargs = 0;
                    v->flags = 0;
                    v->aux.var = a->aux.var;
                    v->aux2 += a->aux2;
                    break;
                case IR_STORE:
                    a = local_address(f, def, v->args[0]);
                    if (!a || !inside(a, v->aux2, type_bytes(f, v))) break;
                    v->op = IR_LOCALSET;
                    v->args = v->args + 1;
                    v->nargs = 1;
                    v->flags = 0;
                    v->aux.var = a->aux.var;
                    v->aux2 += a->aux2;
                    break;
                case IR_ZEROMEM:
                    a = local_address(f, def, v->args[0]);
                    if (!a || a->aux2 || v->aux2 || v->aux.t->size != a->aux.var->type->size) break;
                    v->op = IR_LOCALZERO;
                    v->nargs = 0;
                    v->flags = 0;
                    v->aux.var = a->aux.var;
                    break;
                default: break;
                }
            }
        }
    free(def);
    free(ndef);
    return true;
}

/* ---- The unit: callees first ------------------------------------------------------------------------------------ */

typedef struct Tarjan {
    IrUnit *u;
    Map index;          /* IrFunc * -> number + 1 */
    int *num, *low;
    bool *on_stack;
    VEC(int) stack;
    int counter, first;
} Tarjan;

static EscSummary *new_summary(IrUnit *u, IrFunc *f, bool hopeless) {
    int nr = f->nresults > MAX_RESULTS ? 0 : f->nresults, np = f->nparams > MAX_PARAMS ? MAX_PARAMS : f->nparams;
    pthread_mutex_lock(&u->syms->lock);
    EscSummary *s = arena_alloc(&u->syms->arena, summary_size(np, nr));
    pthread_mutex_unlock(&u->syms->lock);
    s->nparams = (uint8_t)np;
    s->nresults = (uint8_t)nr;
    memset(s->d, hopeless ? 0 : NO_FLOW, (size_t)((np + 1) * (1 + nr)));
    return s;
}

static void analyse_group(Tarjan *t, int *group, int n) {
    IrUnit *u = t->u;
    for (int i = 0; i < n; i++) {
        IrFunc *f = u->funcs.at[group[i]];
        f->sym->esc = new_summary(u, f, f->values.len > MAX_VALUES || f->nparams > MAX_PARAMS);
    }
    for (int round = 0;; round++) {
        bool changed = false;
        for (int i = 0; i < n; i++) {
            IrFunc *f = u->funcs.at[group[i]];
            base_stage = f->name.p;
            if (wants_analysis(f)) changed |= analyse(u, f, f->sym->esc, false);
        }
        if (!changed || n == 0) break;
        if (n == 1 && round > 0) continue;
        if (round > 20) bug("escape analysis of %.*s does not settle", STR_FMT(u->funcs.at[group[0]]->name));
    }
}

static Sym *callee_of(IrValue *v) {
    return v->op == IR_CALL || v->op == IR_CLOSURE ? v->aux.sym : NULL;
}

static void visit(Tarjan *t, int f) {
    t->num[f] = t->low[f] = ++t->counter;
    vec_push(&t->stack, f);
    t->on_stack[f] = true;
    IrFunc *fn = t->u->funcs.at[f];
    for (int i = 1; i < fn->values.len; i++) {
        Sym *s = callee_of(&fn->values.at[i]);
        MapEntry *m = s && s->ir ? map_find_ptr(&t->index, s->ir) : NULL;
        if (!m || s->esc) continue;
        int g = (int)m->num - 1;
        if (!t->num[g]) {
            visit(t, g);
            if (t->low[g] < t->low[f]) t->low[f] = t->low[g];
        } else if (t->on_stack[g] && t->num[g] < t->low[f]) t->low[f] = t->num[g];
    }
    if (t->low[f] != t->num[f]) return;
    int at = t->stack.len;
    while (t->stack.at[--at] != f) {}
    int n = t->stack.len - at;
    for (int i = at; i < t->stack.len; i++) t->on_stack[t->stack.at[i]] = false;
    analyse_group(t, t->stack.at + at, n);
    t->stack.len = at;
}

/* All flows at their worst: the same as no summary. */
static bool is_useless(const EscSummary *s) {
    for (int i = 0; i < s->nparams; i++)
        if (*summary_at(s, i, 0) != 0) return false;
    return s->nparams > 0 || *summary_at(s, 0, 0) == 0;
}

bool opt_put_escape(const EscSummary *s, Buf *out) {
    if (is_useless(s)) return false;
    buf_put(out, s, summary_size(s->nparams, s->nresults));
    return true;
}

void opt_escape_unit(IrUnit *u) {
    int n = u->funcs.len;
    if (!n) return;
    Tarjan t = {.u = u};
    t.num = calloc((size_t)n, sizeof(int));
    t.low = calloc((size_t)n, sizeof(int));
    t.on_stack = calloc((size_t)n, sizeof(bool));
    for (int i = 0; i < n; i++)
        if (!u->funcs.at[i]->sym->esc) map_put_ptr(&t.index, u->funcs.at[i], NULL)->num = (uint64_t)i + 1;
    for (int i = 0; i < n; i++)
        if (!t.num[i] && !u->funcs.at[i]->sym->esc) visit(&t, i);
    for (int i = 0; i < n; i++) promote(u, u->funcs.at[i]);
    base_stage = NULL;
    free(t.num);
    free(t.low);
    free(t.on_stack);
    vec_free(&t.stack);
    map_free(&t.index);
}

/* ---- After inlining ------------------------------------------------------------------------------------------------ */

/* Loads from the context of a closure that is made here are the captured values. */
static void forward_closures(Opt *o) {
    IrFunc *f = o->f;
    opt_begin(o);
    bool any = false;
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            ValueId id = bl->insts.at[k];
            IrValue *v = ir_val(f, id);
            if (v->op != IR_LOAD) continue;
            IrValue *c = ir_val(f, v->args[0]);
            if (c->op != IR_CLOSURE) continue;
            int64_t off = 8;
            for (uint32_t i = 0; i < c->nargs; i++) {
                const IrType *t = ir_val(f, c->args[i])->type;
                if (off == v->aux2 && t->rep == v->type->rep && t->size == v->type->size) {
                    opt_replace(o, id, c->args[i]);
                    any = true;
                    break;
                }
                off += (int64_t)((t->size + 7) & ~7ull);
            }
        }
    }
    if (any) opt_apply(o);
    o->changed |= any;
}

static bool has_allocations(IrFunc *f) {
    for (int b = 0; b < f->blocks.len; b++)
        for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
            if (is_alloc(ir_val(f, f->blocks.at[b].insts.at[k])->op)) return true;
        }
    return false;
}

/* Block parameters that get the same constant on every edge. */
static void uniform_params(Opt *o) {
    IrFunc *f = o->f;
    struct Pair { ValueId old; ValueId with; };
    VEC(struct Pair) pairs = {0};
    opt_cfg(o);
    for (int i = 1; i < o->nrpo; i++) {
        BlockId id = o->rpo[i];
        IrBlock *b = &f->blocks.at[id];
        for (int k = 0; k < b->params.len; k++) {
            ValueId p = b->params.at[k];
            IrValue *c = NULL;
            bool same = true;
            for (int q = 0; q < b->preds.len && same; q++) {
                IrBlock *pb = &f->blocks.at[b->preds.at[q]];
                for (int s = 0; s < pb->nsucc && same; s++) {
                    if (pb->succ[s].to != id) continue;
                    ValueId a = pb->succ[s].args[k];
                    IrValue *v = ir_val(f, a);
                    if (a == p) continue;
                    if (v->op != IR_CONST || (c && v->aux.i != c->aux.i)) same = false;
                    c = v;
                }
            }
            if (!same || !c) continue;
            IrValue k0 = *c;
            ValueId n = ir_value_new(f, id, IR_CONST, k0.type, k0.pos, 0, NULL);
            ir_val(f, n)->aux.i = k0.aux.i;
            b = &f->blocks.at[id];
            memmove(b->insts.at + 1, b->insts.at, sizeof(ValueId) * (size_t)(b->insts.len - 1));
            b->insts.at[0] = n;
            vec_push(&pairs, ((struct Pair){p, n}));
        }
    }
    if (!pairs.len) return;
    opt_begin(o);
    for (int i = 0; i < pairs.len; i++) opt_replace(o, pairs.at[i].old, pairs.at[i].with);
    opt_apply(o);
    vec_free(&pairs);
}

/* An aggregate that is loaded only to take parts of it: the parts are loaded instead, at the same place. */
static void split_loads(Opt *o) {
    enum { MAX_PARTS = 6 };
    IrFunc *f = o->f;
    int n = f->values.len;
    uint8_t *uses = arena_array(&o->arena, uint8_t, n); /* 255: not only parts */
    bool any = false;
    for (int b = 0; b < f->blocks.len; b++) {
        IrBlock *bl = &f->blocks.at[b];
        for (int k = 0; k < bl->insts.len; k++) {
            IrValue *v = ir_val(f, bl->insts.at[k]);
            for (uint32_t i = 0; i < v->nargs; i++) {
                ValueId a = v->args[i];
                if (!a || ir_val(f, a)->op != IR_LOAD || ir_val(f, a)->type->rep != REP_AGG) continue;
                bool part = v->op == IR_AGGGET && v->type->rep != REP_AGG && v->type->nslots;
                uses[a] = part && uses[a] < MAX_PARTS ? uses[a] + 1 : 255;
                any |= part;
            }
        }
        for (int s = 0; s < bl->nsucc; s++)
            for (int i = 0; i < bl->succ[s].nargs; i++) uses[bl->succ[s].args[i]] = 255;
    }
    if (!any) return;
    for (int b = 0; b < f->blocks.len; b++) /* each part becomes a load that stands where the whole stood */
        for (int k = 0; k < f->blocks.at[b].insts.len; k++) {
            ValueId id = f->blocks.at[b].insts.at[k];
            IrValue *v = ir_val(f, id);
            if (id >= (ValueId)n || v->op != IR_AGGGET || v->type->rep == REP_AGG || !v->type->nslots) continue;
            ValueId a = v->args[0];
            IrValue *l = ir_val(f, a);
            if (l->op != IR_LOAD || l->type->rep != REP_AGG || uses[a] == 255 || l->block != (BlockId)b) continue;
            /* only within one block: the load itself stays for its nil check */
            IrBlock *bl = &f->blocks.at[b];
            int at = 0;
            while (bl->insts.at[at] != a) at++;
            if (at > k) continue;
            memmove(bl->insts.at + at + 2, bl->insts.at + at + 1, sizeof(ValueId) * (size_t)(k - at - 1));
            bl->insts.at[at + 1] = id;
            v->op = IR_LOAD;
            v->aux2 += l->aux2;
            v->args[0] = l->args[0];
            v->flags = l->flags;
        }
}

void opt_forward(Opt *o) {
    split_loads(o);
    forward_closures(o);
    uniform_params(o);
}

/* Does the summary say that anything goes anywhere? */
static bool leaks(IrFunc *f) {
    EscSummary *s = f->sym->esc;
    for (int i = 0; s && i < (s->nparams + 1) * (1 + s->nresults); i++)
        if (s->d[i] != NO_FLOW) return true;
    return false;
}

/* Both are true, so the better entry of each is. */
static void improve(EscSummary *old, const EscSummary *s) {
    if (!old || old->nparams != s->nparams || old->nresults != s->nresults) return;
    for (int i = 0; i < (s->nparams + 1) * (1 + s->nresults); i++)
        if (s->d[i] > old->d[i]) old->d[i] = s->d[i];
}

void opt_escape(Opt *o) {
    IrFunc *f = o->f;
    if (f->values.len > MAX_VALUES || f->nparams > MAX_PARAMS || (!has_allocations(f) && !leaks(f))) return;
    EscSummary *s = arena_alloc(&o->arena, summary_size(f->nparams, MAX_RESULTS));
    s->nparams = (uint8_t)f->nparams;
    s->nresults = (uint8_t)(f->nresults > MAX_RESULTS ? 0 : f->nresults);
    memset(s->d, NO_FLOW, (size_t)((s->nparams + 1) * (1 + s->nresults)));
    analyse(f->unit, f, s, true);
    improve(f->sym->esc, s);
    o->changed |= promote(f->unit, f);
}
