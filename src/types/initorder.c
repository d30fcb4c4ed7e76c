/* The order in which package-level variables are initialised.
 *
 * A variable depends on the variables that its initialiser mentions, directly or by way of functions.
 * Repeatedly the earliest declared variable without uninitialised dependencies comes next. */
#include "types/checker.h"

typedef struct Node {
    Object *obj;
    int ndeps;
    bool done;
    VEC(int) pred; /* nodes that depend on this one */
} Node;

typedef struct Ready { bool is_var; int ndeps, node; } Ready;
typedef VEC(Ready) ReadyHeap;

/* Constants come first: they only matter for cycles. */
static bool ready_less(Ready a, Ready b) {
    if (a.is_var != b.is_var) return b.is_var;
    return a.ndeps < b.ndeps || (a.ndeps == b.ndeps && a.node < b.node);
}

static void heap_push(ReadyHeap *h, Ready r) {
    vec_push(h, r);
    int i = h->len - 1;
    while (i > 0 && ready_less(h->at[i], h->at[(i - 1) / 2])) {
        Ready t = h->at[i];
        h->at[i] = h->at[(i - 1) / 2];
        h->at[(i - 1) / 2] = t;
        i = (i - 1) / 2;
    }
}
static Ready heap_pop(ReadyHeap *h) {
    Ready top = h->at[0];
    h->at[0] = h->at[--h->len];
    for (int i = 0;;) {
        int m = i, l = 2 * i + 1;
        if (l < h->len && ready_less(h->at[l], h->at[m])) m = l;
        if (l + 1 < h->len && ready_less(h->at[l + 1], h->at[m])) m = l + 1;
        if (m == i) return top;
        Ready t = h->at[i];
        h->at[i] = h->at[m];
        h->at[m] = t;
        i = m;
    }
}

static int by_order(const void *a, const void *b) {
    uint32_t p = (*(Object *const *)a)->order, q = (*(Object *const *)b)->order;
    return (p > q) - (p < q);
}

static ObjectVec sorted_deps(DeclInfo *d) {
    ObjectVec v = {0};
    for (int i = 0; i < d->deps.len; i++) vec_push(&v, (Object *)d->deps.entries[i].key.p);
    if (v.len > 1) qsort(v.at, v.len, sizeof(Object *), by_order);
    return v;
}

/* A path of dependencies from `from` back to `to`, last step first. */
static bool find_path(Object *from, Object *to, Map *seen, ObjectVec *path) {
    bool fresh;
    map_put_ptr(seen, from, &fresh);
    if (!fresh || !from->decl_info) return false;
    ObjectVec deps = sorted_deps(from->decl_info);
    bool found = false;
    for (int i = 0; i < deps.len && !found; i++) {
        Object *d = deps.at[i];
        if (d == to || find_path(d, to, seen, path)) {
            vec_push(path, d);
            found = true;
        }
    }
    vec_free(&deps);
    return found;
}

static void report_cycle(Checker *c, ObjectVec *cycle) {
    Object *o = cycle->at[0];
    if (cycle->len == 1) {
        types_error(c, o->pos, ERR_InvalidInitCycle, "initialization cycle: %n refers to itself", o->name);
        return;
    }
    MultiError err = new_error(c, ERR_InvalidInitCycle);
    error_addf(&err, o->pos, "initialization cycle for %n", o->name);
    for (int j = cycle->len - 1; j >= 0; j--) {
        Object *next = cycle->at[j];
        error_addf(&err, o->pos, "%n refers to %n", o->name, next->name);
        o = next;
    }
    error_report(&err);
}

/* Adds edges from node i to all variables that d reaches through functions. */
typedef struct Walk { Checker *c; Node *nodes; int *node_of; uint32_t *mark; uint32_t epoch; ObjectVec stack; } Walk;

static void add_edges(Walk *w, int i) {
    w->epoch++;
    w->stack.len = 0;
    vec_push(&w->stack, w->nodes[i].obj);
    while (w->stack.len) {
        Object *o = vec_pop(&w->stack);
        DeclInfo *d = o->decl_info;
        for (int k = 0; k < d->deps.len; k++) {
            Object *to = (Object *)d->deps.entries[k].key.p;
            if (to->order == 0 || w->mark[to->order] == w->epoch) continue;
            w->mark[to->order] = w->epoch;
            if (to->kind == OBJ_FUNC) {
                vec_push(&w->stack, to);
            } else if (w->node_of[to->order] >= 0) {
                w->nodes[i].ndeps++;
                vec_push(&w->nodes[w->node_of[to->order]].pred, i);
            }
        }
    }
}

void check_init_order(Checker *c) {
    int n = c->obj_list.len, nvars = 0;
    Node *nodes = calloc(n + 1, sizeof *nodes);
    int *node_of = calloc(n + 2, sizeof *node_of);
    uint32_t *mark = calloc(n + 2, sizeof *mark);
    if (!nodes || !node_of || !mark) base_oom();
    for (int i = 0; i < n; i++) {
        Object *o = c->obj_list.at[i];
        node_of[o->order] = -1;
        if (o->kind != OBJ_VAR && o->kind != OBJ_CONST) continue;
        node_of[o->order] = nvars;
        nodes[nvars++].obj = o;
    }
    Walk w = {c, nodes, node_of, mark, 0, {0}};
    for (int i = 0; i < nvars; i++) add_edges(&w, i);
    ReadyHeap heap = {0};
    for (int i = 0; i < nvars; i++) heap_push(&heap, (Ready){nodes[i].obj->kind == OBJ_VAR, nodes[i].ndeps, i});
    VEC(Initializer) inits = {0};
    Map emitted = {0};
    while (heap.len) {
        Ready r = heap_pop(&heap);
        Node *nd = &nodes[r.node];
        if (nd->done || r.ndeps != nd->ndeps) continue;
        nd->done = true;
        if (nd->ndeps > 0) {
            Map seen = {0};
            ObjectVec path = {0};
            if (find_path(nd->obj, nd->obj, &seen, &path)) report_cycle(c, &path);
            map_free(&seen);
            vec_free(&path);
        }
        for (int k = 0; k < nd->pred.len; k++) {
            Node *p = &nodes[nd->pred.at[k]];
            p->ndeps--;
            if (!p->done) heap_push(&heap, (Ready){p->obj->kind == OBJ_VAR, p->ndeps, nd->pred.at[k]});
        }
        DeclInfo *d = nd->obj->decl_info;
        if (!d->init || nd->obj->kind != OBJ_VAR) continue;
        bool fresh;
        map_put_ptr(&emitted, d, &fresh);
        if (!fresh) continue;
        Initializer in = {.rhs = d->init};
        if (d->lhs) in.lhs = (ObjectList){d->lhs, d->nlhs};
        else in.lhs = (ObjectList){arena_memdup(c->arena, &nd->obj, sizeof(Object *)), 1};
        vec_push(&inits, in);
    }
    c->pkg->ninits = inits.len;
    c->pkg->inits = arena_memdup(c->arena, inits.at, sizeof(Initializer) * inits.len);
    for (int i = 0; i < nvars; i++) vec_free(&nodes[i].pred);
    vec_free(&inits);
    vec_free(&heap);
    vec_free(&w.stack);
    map_free(&emitted);
    free(nodes);
    free(node_of);
    free(mark);
}
