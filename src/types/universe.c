/* universe: the predeclared objects, the TypeSession, and the constructors of types.
 *
 * Everything lives in ts->arena. Types and objects are numbered in the order of creation; nothing
 * depends on the numbers but uniqueness. */
#include "types/types_int.h"

static const struct { const char *name; uint8_t info; } basic_table[BASIC_COUNT] = {
    [BASIC_INVALID] = {"invalid type", 0},
    [BASIC_BOOL] = {"bool", BF_BOOLEAN},
    [BASIC_INT] = {"int", BF_INTEGER},
    [BASIC_INT8] = {"int8", BF_INTEGER},
    [BASIC_INT16] = {"int16", BF_INTEGER},
    [BASIC_INT32] = {"int32", BF_INTEGER},
    [BASIC_INT64] = {"int64", BF_INTEGER},
    [BASIC_UINT] = {"uint", BF_INTEGER | BF_UNSIGNED},
    [BASIC_UINT8] = {"uint8", BF_INTEGER | BF_UNSIGNED},
    [BASIC_UINT16] = {"uint16", BF_INTEGER | BF_UNSIGNED},
    [BASIC_UINT32] = {"uint32", BF_INTEGER | BF_UNSIGNED},
    [BASIC_UINT64] = {"uint64", BF_INTEGER | BF_UNSIGNED},
    [BASIC_UINTPTR] = {"uintptr", BF_INTEGER | BF_UNSIGNED},
    [BASIC_FLOAT32] = {"float32", BF_FLOAT},
    [BASIC_FLOAT64] = {"float64", BF_FLOAT},
    [BASIC_COMPLEX64] = {"complex64", BF_COMPLEX},
    [BASIC_COMPLEX128] = {"complex128", BF_COMPLEX},
    [BASIC_STRING] = {"string", BF_STRING},
    [BASIC_UNSAFEPTR] = {"Pointer", 0},
    [BASIC_UNTYPED_BOOL] = {"untyped bool", BF_BOOLEAN | BF_UNTYPED},
    [BASIC_UNTYPED_INT] = {"untyped int", BF_INTEGER | BF_UNTYPED},
    [BASIC_UNTYPED_RUNE] = {"untyped rune", BF_INTEGER | BF_UNTYPED},
    [BASIC_UNTYPED_FLOAT] = {"untyped float", BF_FLOAT | BF_UNTYPED},
    [BASIC_UNTYPED_COMPLEX] = {"untyped complex", BF_COMPLEX | BF_UNTYPED},
    [BASIC_UNTYPED_STRING] = {"untyped string", BF_STRING | BF_UNTYPED},
    [BASIC_UNTYPED_NIL] = {"untyped nil", BF_UNTYPED},
};

/* ---- Constructors ---------------------------------------------------------------------------- */

void *alloc_type(TypeSession *ts, int kind, size_t size) {
    Type *t = arena_alloc(&ts->arena, size);
    t->kind = (uint8_t)kind;
    t->id = ++ts->next_type_id;
    return t;
}

TypeList type_list(TypeSession *ts, Type **at, int n) {
    TypeList l = {n ? arena_array(&ts->arena, Type *, n) : NULL, n};
    if (n) memcpy(l.at, at, sizeof(Type *) * (size_t)n);
    return l;
}

Type *type_new_pointer(TypeSession *ts, Type *elem) {
    PointerType *t = alloc_type(ts, TYPE_POINTER, sizeof *t);
    t->elem = elem;
    return &t->t;
}

Type *type_new_slice(TypeSession *ts, Type *elem) {
    SliceType *t = alloc_type(ts, TYPE_SLICE, sizeof *t);
    t->elem = elem;
    return &t->t;
}

Type *type_new_array(TypeSession *ts, Type *elem, int64_t len) {
    ArrayType *t = alloc_type(ts, TYPE_ARRAY, sizeof *t);
    t->elem = elem;
    t->len = len;
    return &t->t;
}

Type *type_new_map(TypeSession *ts, Type *key, Type *elem) {
    MapType *t = alloc_type(ts, TYPE_MAP, sizeof *t);
    t->key = key;
    t->elem = elem;
    return &t->t;
}

Type *type_new_chan(TypeSession *ts, uint8_t dir, Type *elem) {
    ChanType *t = alloc_type(ts, TYPE_CHAN, sizeof *t);
    t->dir = dir;
    t->elem = elem;
    return &t->t;
}

Type *type_new_tuple(TypeSession *ts, ObjectList vars) {
    TupleType *t = alloc_type(ts, TYPE_TUPLE, sizeof *t);
    t->vars = vars;
    return &t->t;
}

TupleType *new_tuple(TypeSession *ts, Object **vars, int n) {
    TupleType *t = alloc_type(ts, TYPE_TUPLE, sizeof *t);
    t->vars.len = n;
    if (n) t->vars.at = arena_memdup(&ts->arena, vars, sizeof(Object *) * (size_t)n);
    return t;
}

Type *type_new_struct(TypeSession *ts, ObjectList fields, Str *tags) {
    StructType *t = new_struct(ts);
    t->fields = fields;
    t->tags = tags;
    return &t->t;
}

StructType *new_struct(TypeSession *ts) { return alloc_type(ts, TYPE_STRUCT, sizeof(StructType)); }

SignatureType *new_signature(TypeSession *ts) {
    SignatureType *t = alloc_type(ts, TYPE_SIGNATURE, sizeof *t);
    t->params = t->results = ts->empty_tuple; /* what a cycle sees */
    return t;
}

Type *type_new_signature(TypeSession *ts, Object *recv, TupleType *params, TupleType *results,
                         bool variadic) {
    SignatureType *t = new_signature(ts);
    t->recv = recv;
    t->params = params ? params : new_tuple(ts, NULL, 0);
    t->results = results ? results : new_tuple(ts, NULL, 0);
    t->variadic = variadic;
    return &t->t;
}

InterfaceType *new_interface(Checker *c) {
    InterfaceType *t = alloc_type(c->ts, TYPE_INTERFACE, sizeof *t);
    t->ts = c->ts;
    if (c->pkg) {
        t->checker = c;
        check_needs_cleanup(c, &t->t);
    }
    return t;
}

UnionType *new_union(TypeSession *ts, UnionTerm *terms, int n) {
    UnionType *t = alloc_type(ts, TYPE_UNION, sizeof *t);
    t->terms = arena_memdup(&ts->arena, terms, sizeof *terms * (size_t)n);
    t->ts = ts;
    t->nterms = n;
    return t;
}

/* ---- Packages and scopes ---------------------------------------------------------------------- */

Scope *new_scope(TypeSession *ts, Scope *parent, Pos pos, Pos end) {
    Scope *s = arena_new(&ts->arena, Scope);
    s->parent = parent;
    s->pos = pos;
    s->end = end;
    s->elems.arena = &ts->arena;
    return s;
}

Object *scope_lookup(const Scope *s, const Name *name) { return map_get_ptr(&s->elems, name); }

Object *scope_insert(Scope *s, Object *obj) {
    bool fresh;
    MapEntry *e = map_put_ptr(&s->elems, obj->name, &fresh);
    if (!fresh && e->val) return e->val;
    e->val = obj;
    if (!obj->parent) obj->parent = s;
    return NULL;
}

Object *scope_lookup_parent(Scope *s, const Name *name, Scope **where) {
    for (; s; s = s->parent) {
        Object *o = scope_lookup(s, name);
        if (o) {
            if (where) *where = s;
            return o;
        }
    }
    return NULL;
}

Package *new_package(TypeSession *ts, Str path, Name *name) {
    Package *p = arena_new(&ts->arena, Package);
    p->path = path;
    p->name = name;
    p->id = ++ts->next_package_id;
    p->scope = new_scope(ts, ts->universe, 0, 0);
    return p;
}

/* ---- The universe ------------------------------------------------------------------------------ */

static Object *define(TypeSession *ts, Scope *s, int kind, const char *name, Type *type) {
    Name *n = intern(ts->syn->names, name, strlen(name));
    Object *o = new_object(ts, kind, 0, s == ts->universe ? NULL : ts->unsafe_pkg, n, type);
    o->color = 2;
    if (scope_insert(s, o)) bug("predeclared %s twice", name);
    return o;
}

static BasicType *new_basic(TypeSession *ts, int basic, int info, const char *name) {
    BasicType *t = alloc_type(ts, TYPE_BASIC, sizeof *t);
    t->basic = (uint8_t)basic;
    t->info = (uint8_t)info;
    t->name = name;
    return t;
}

static void define_types(TypeSession *ts, Checker *c) {
    for (int i = 0; i < BASIC_COUNT; i++) {
        BasicType *t = new_basic(ts, i, basic_table[i].info, basic_table[i].name);
        ts->basic[i] = &t->t;
        if (i == BASIC_UNSAFEPTR)
            define(ts, ts->unsafe_pkg->scope, OBJ_TYPENAME, t->name, &t->t);
        else if (!strchr(t->name, ' '))
            define(ts, ts->universe, OBJ_TYPENAME, t->name, &t->t);
    }
    ts->byte_type = &new_basic(ts, BASIC_UINT8, BF_INTEGER | BF_UNSIGNED, "byte")->t;
    ts->rune_type = &new_basic(ts, BASIC_INT32, BF_INTEGER, "rune")->t;
    define(ts, ts->universe, OBJ_TYPENAME, "byte", ts->byte_type)->is_alias = true;
    define(ts, ts->universe, OBJ_TYPENAME, "rune", ts->rune_type)->is_alias = true;

    Name *blank = intern(ts->syn->names, "", 0);
    Object *err = define(ts, ts->universe, OBJ_TYPENAME, "error", NULL);
    NamedType *named = new_named(c, err, NULL);
    Object *recv = object_new_var(ts, NULL, blank, &named->t, 0);
    recv->is_recv = true;
    Object *res = object_new_var(ts, NULL, blank, ts->basic[BASIC_STRING], 0);
    res->is_result = true;
    Object *m = new_object(ts, OBJ_FUNC, 0, NULL, intern(ts->syn->names, "Error", 5), NULL);
    m->type = type_new_signature(ts, recv, NULL, new_tuple(ts, &res, 1), false);
    m->color = 2;
    InterfaceType *it = new_interface(c);
    it->methods.at = arena_memdup(&ts->arena, &m, sizeof m);
    it->methods.len = 1;
    it->complete = true;
    types_typeset(it);
    named_set_underlying(named, &it->t);
    ts->error_type = &named->t;

    InterfaceType *empty = new_interface(c);
    empty->complete = true;
    types_typeset(empty);
    Object *any = define(ts, ts->universe, OBJ_TYPENAME, "any", NULL);
    any->is_alias = true;
    ts->any_type = &new_alias(c, any, &empty->t)->t;

    Object *cmp = define(ts, ts->universe, OBJ_TYPENAME, "comparable", NULL);
    InterfaceType *ci = new_interface(c);
    ci->complete = true;
    ci->tset = arena_new(&ts->arena, TypeSet);
    ci->tset->all_types = ci->tset->comparable = true;
    named = new_named(c, cmp, NULL);
    named_set_underlying(named, &ci->t);
    ts->comparable_type = &named->t;
}

void types_session_init(TypeSession *ts, Session *syn) {
    memset(ts, 0, sizeof *ts);
    ts->syn = syn;
    ts->max_string = 2000000000;
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&ts->lock, &attr);
    pthread_mutexattr_destroy(&attr);
    Checker *c = arena_new(&ts->arena, Checker);
    c->ts = ts;
    c->syn = syn;
    c->arena = &ts->arena;
    ts->internal = c;
    ts->instances.arena = &ts->arena;

    ts->empty_tuple = new_tuple(ts, NULL, 0);
    ts->universe = new_scope(ts, NULL, 0, 0);
    ts->unsafe_pkg = new_package(ts, STR("unsafe"), intern(syn->names, "unsafe", 6));
    ts->unsafe_pkg->complete = ts->unsafe_pkg->is_std = true;
    define_types(ts, c);

    Type *ub = ts->basic[BASIC_UNTYPED_BOOL];
    define(ts, ts->universe, OBJ_CONST, "true", ub)->cval = const_make_bool(&ts->arena, true);
    define(ts, ts->universe, OBJ_CONST, "false", ub)->cval = const_make_bool(&ts->arena, false);
    define(ts, ts->universe, OBJ_CONST, "iota", ts->basic[BASIC_UNTYPED_INT])->cval =
        const_make_int(&ts->arena, 0);
    define(ts, ts->universe, OBJ_NIL, "nil", ts->basic[BASIC_UNTYPED_NIL]);

    static const char *const names[BUILTIN_COUNT] = {
#define BUILTIN(id, name, nargs, variadic, kind) [BUILTIN_##id] = name,
#include "tables/builtins.def"
#undef BUILTIN
    };
    for (int i = 0; i < BUILTIN_COUNT; i++) {
        bool upper = names[i][0] >= 'A' && names[i][0] <= 'Z';
        Scope *s = upper ? ts->unsafe_pkg->scope : ts->universe;
        define(ts, s, OBJ_BUILTIN, names[i], ts->basic[BASIC_INVALID])->builtin = (uint8_t)i;
    }
}

void types_session_free(TypeSession *ts) {
    pthread_mutex_destroy(&ts->lock);
    arena_free(&ts->arena);
    memset(ts, 0, sizeof *ts);
}

Checker *types_neutral_checker(TypeSession *ts) { return ts->internal; }
