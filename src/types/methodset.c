/* methodset: which methods a type has, for descriptors and itabs. */
#include "types/types_int.h"

typedef VEC(Object *) Names; /* one method of each name that occurs anywhere below the type */
typedef VEC(Type *) Types;

static void add_name(Names *l, Object *m) {
    for (int i = 0; i < l->len; i++)
        if (same_id(l->at[i], m->pkg, m->name, false)) return;
    vec_push(l, m);
}

static void collect(Type *t, Names *names, Types *seen) {
    t = deref(t, NULL);
    for (int i = 0; i < seen->len; i++)
        if (type_identical(seen->at[i], t)) return;
    vec_push(seen, t);
    NamedType *n = as_named(t);
    Type *u = type_underlying(t);
    if (n) {
        NamedType *o = n->orig;
        for (int i = 0; i < o->methods_.len; i++)
            if (!o->methods_.at[i]->name->blank) add_name(names, o->methods_.at[i]);
    }
    if (u->kind == TYPE_STRUCT) {
        StructType *s = (StructType *)u;
        for (int i = 0; i < s->fields.len; i++)
            if (s->fields.at[i]->embedded) collect(s->fields.at[i]->type, names, seen);
    } else if (u->kind == TYPE_INTERFACE) {
        TypeSet *s = types_typeset((InterfaceType *)u);
        for (int i = 0; i < s->methods.len; i++) add_name(names, s->methods.at[i]);
    }
}

static int entry_cmp(const void *a, const void *b) {
    return object_less(((const MethodSetEntry *)a)->obj, ((const MethodSetEntry *)b)->obj);
}

MethodSet *type_method_set(TypeSession *ts, Type *t) {
    MethodSet *ms = arena_new(&ts->arena, MethodSet);
    Names names = {0};
    Types seen = {0};
    collect(t, &names, &seen);
    ms->at = arena_array(&ts->arena, MethodSetEntry, names.len);
    for (int i = 0; i < names.len; i++) {
        Object *m = names.at[i];
        Lookup r = lookup_field_or_method(ts, t, false, m->pkg, m->name, false);
        if (!r.obj || r.obj->kind != OBJ_FUNC) continue;
        object_type(r.obj);
        ms->at[ms->len++] = (MethodSetEntry){r.obj, r.index, r.nindex, r.indirect};
    }
    qsort(ms->at, (size_t)ms->len, sizeof *ms->at, entry_cmp);
    vec_free(&names);
    vec_free(&seen);
    return ms;
}
