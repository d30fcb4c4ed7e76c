/* mono: finds generic code whose instantiation would never end.
 *
 * A graph of type parameters: an edge for each use of one in the argument for another, weight 1 when it
 * is wrapped in a bigger type. A cycle of positive weight grows types without end; it is found as
 * Bellman and Ford do. */
#include "types/types_int.h"

typedef struct Vertex { int weight, pre, len; Object *obj; } Vertex;
typedef struct Edge { int dst, src, weight; Pos pos; Type *type; } Edge;

typedef struct MonoGraph {
    VEC(Vertex) vertices;
    VEC(Edge) edges;
    Map canon;    /* type parameter -> the one it is a copy of */
    Map name_idx; /* Object * -> vertex + 1; 0 for "none" */
} MonoGraph;

static MonoGraph *graph(Checker *c) {
    if (!c->mono) {
        c->mono = arena_new(&c->ts->arena, MonoGraph);
        c->mono->canon.arena = c->mono->name_idx.arena = &c->ts->arena;
        c->mono->vertices.arena = c->mono->edges.arena = &c->ts->arena;
    }
    return c->mono;
}

void mono_record_canon(Checker *c, TypeParamType *mpar, TypeParamType *tpar) {
    if (c->pkg) map_set_ptr(&graph(c)->canon, mpar, tpar);
}

static int add_vertex(MonoGraph *g, Object *obj) {
    Vertex v = {.obj = obj};
    vec_push(&g->vertices, v);
    return g->vertices.len - 1;
}

static int typeparam_vertex(MonoGraph *g, TypeParamType *p) {
    TypeParamType *canon = map_get_ptr(&g->canon, p);
    if (canon) p = canon;
    bool fresh;
    MapEntry *e = map_put_ptr(&g->name_idx, p->obj, &fresh);
    if (fresh) e->num = (uint64_t)add_vertex(g, p->obj) + 1;
    return (int)e->num - 1;
}

static void add_edge(MonoGraph *g, int dst, int src, int weight, Pos p, Type *t) {
    Edge e = {dst, src, weight, p, t};
    vec_push(&g->edges, e);
}

/* A type declared inside a generic function depends on the type parameters in scope there. */
static int local_named_vertex(Checker *c, NamedType *n) {
    MonoGraph *g = graph(c);
    Object *obj = n->orig->obj;
    Scope *root = c->pkg->scope;
    if (obj->pkg != c->pkg || obj->parent == root) return -1;
    MapEntry *e = map_find_ptr(&g->name_idx, obj);
    if (e) return (int)e->num - 1;
    int idx = -1;
    for (Scope *s = obj->parent; s && s != root; s = s->parent) {
        for (int i = 0; i < s->elems.len; i++) {
            Object *o = s->elems.entries[i].val;
            if (!o || o->kind != OBJ_TYPENAME || o->pos >= obj->pos || !o->type) continue;
            if (o->type->kind != TYPE_TYPEPARAM || is_alias_object(o)) continue;
            if (idx < 0) idx = add_vertex(g, obj);
            add_edge(g, idx, typeparam_vertex(g, (TypeParamType *)o->type), 1, obj->pos, o->type);
        }
    }
    bool fresh;
    map_put_ptr(&g->name_idx, obj, &fresh)->num = (uint64_t)(idx + 1);
    return idx;
}

typedef struct Flow { Checker *c; TypeParamType *tpar; Type *targ; Pos pos; } Flow;

static void flow(Flow *f, int src, Type *t) {
    MonoGraph *g = graph(f->c);
    add_edge(g, typeparam_vertex(g, f->tpar), src, t == f->targ ? 0 : 1, f->pos, f->targ);
}

static void walk(Flow *f, Type *t, int depth) {
    t = type_unalias(t);
    if (depth > 50) return;
    depth++;
    switch ((TypeKind)t->kind) {
    case TYPE_TYPEPARAM:
        if (((TypeParamType *)t)->obj->pkg == f->c->pkg)
            flow(f, typeparam_vertex(graph(f->c), (TypeParamType *)t), t);
        break;
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        int src = local_named_vertex(f->c, n);
        if (src >= 0) flow(f, src, t);
        for (int i = 0; i < n->targs.len; i++) walk(f, n->targs.at[i], depth);
        break;
    }
    case TYPE_ARRAY: walk(f, ((ArrayType *)t)->elem, depth); break;
    case TYPE_SLICE: walk(f, ((SliceType *)t)->elem, depth); break;
    case TYPE_POINTER: walk(f, ((PointerType *)t)->elem, depth); break;
    case TYPE_CHAN: walk(f, ((ChanType *)t)->elem, depth); break;
    case TYPE_MAP:
        walk(f, ((MapType *)t)->key, depth);
        walk(f, ((MapType *)t)->elem, depth);
        break;
    case TYPE_INTERFACE: {
        ObjectList ms = types_typeset((InterfaceType *)t)->methods;
        for (int i = 0; i < ms.len; i++)
            if (ms.at[i]->type) walk(f, ms.at[i]->type, depth);
        break;
    }
    case TYPE_SIGNATURE: {
        SignatureType *s = (SignatureType *)t;
        for (int i = 0; i < tuple_len(s->params); i++) walk(f, s->params->vars.at[i]->type, depth);
        for (int i = 0; i < tuple_len(s->results); i++)
            walk(f, s->results->vars.at[i]->type, depth);
        break;
    }
    case TYPE_STRUCT: {
        ObjectList fs = ((StructType *)t)->fields;
        for (int i = 0; i < fs.len; i++) walk(f, fs.at[i]->type, depth);
        break;
    }
    default: break;
    }
}

void mono_record_instance(Checker *c, Pos p, TypeList tparams, TypeList targs, Expr **xlist,
                          int nx) {
    if (!c->pkg) return;
    for (int i = 0; i < tparams.len && i < targs.len; i++) {
        TypeParamType *tp = (TypeParamType *)tparams.at[i];
        if (tp->obj->pkg != c->pkg) continue; /* cannot be part of a cycle with ours */
        Flow f = {c, tp, targs.at[i], i < nx ? expr_start(xlist[i]) : p};
        walk(&f, targs.at[i], 0);
    }
}

static void report_loop(Checker *c, int v) {
    MonoGraph *g = c->mono;
    int n = g->vertices.len, nstack = 0;
    int *stack = arena_array(&c->ts->arena, int, n);
    bool *seen = arena_array(&c->ts->arena, bool, n);
    while (!seen[v]) {
        stack[nstack++] = v;
        seen[v] = true;
        v = g->edges.at[g->vertices.at[v].pre].src;
    }
    int start = 0;
    while (stack[start] != v) start++;
    MultiError e = new_error(c, ERR_InvalidInstanceCycle);
    error_addf(&e, g->vertices.at[v].obj->pos, "instantiation cycle:");
    for (int i = start; i < nstack; i++) {
        Edge *ed = &g->edges.at[g->vertices.at[stack[i]].pre];
        Object *o = g->vertices.at[ed->dst].obj;
        error_addf(&e, ed->pos,
                   o->type->kind == TYPE_NAMED ? "%n implicitly parameterized by %t"
                                               : "%n instantiated as %t",
                   o->name, ed->type);
    }
    error_report(&e);
}

void check_monomorph(Checker *c) {
    MonoGraph *g = c->mono;
    if (!g) return;
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < g->edges.len; i++) {
            Edge *e = &g->edges.at[i];
            Vertex *src = &g->vertices.at[e->src], *dst = &g->vertices.at[e->dst];
            int w = src->weight + e->weight;
            if (w <= dst->weight) continue;
            dst->pre = i;
            dst->len = src->len + 1;
            if (dst->len == g->vertices.len) {
                report_loop(c, e->dst);
                return;
            }
            dst->weight = w;
            again = true;
        }
    }
}
