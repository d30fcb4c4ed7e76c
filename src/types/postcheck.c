/* Checks that gc makes only once a package has no type errors: bodies and linknames of functions, anonymous
 * interfaces that contain themselves, sizes. */
#include "types/checker.h"

/* ---- Bodies and linknames ---------------------------------------------------------------------- */

static void check_linknames(Checker *c, Map *linked) {
    for (int i = 0; i < c->nfiles; i++) {
        File *f = c->files[i];
        for (int k = 0; k < f->nlinknames; k++) {
            Linkname *l = &f->linknames[k];
            if (l->target.n && memchr(l->target.p, '[', l->target.n) && memchr(l->target.p, ']', l->target.n)) {
                types_error(c, l->pos, ERR_BadDecl, "//go:linkname reference of an instantiation is not allowed");
                continue;
            }
            Object *o = scope_lookup(c->pkg->scope, l->local);
            bool fresh;
            map_put_ptr(linked, l->local, &fresh)->val = c;
            if (!o || (o->kind != OBJ_FUNC && o->kind != OBJ_VAR)) {
                if (c->module_version >= 18)
                    types_error(c, l->pos, ERR_BadDecl, "//go:linkname must refer to declared function or variable");
            } else if (!fresh) {
                types_error(c, l->pos, ERR_BadDecl, "duplicate //go:linkname for %n", l->local);
            }
        }
    }
}

static void check_bodies(Checker *c, Map *linked) {
    for (int i = 0; i < c->obj_list.len; i++) {
        Object *o = c->obj_list.at[i];
        FuncDecl *fd = o->kind == OBJ_FUNC ? o->func.decl : NULL;
        if (!fd) continue;
        if (fd->body) {
            if (fd->pragmas & PRAGMA_NOESCAPE)
                types_error(c, fd->name->x.pos, ERR_BadDecl, "can only use //go:noescape with external func implementations");
            continue;
        }
        if (c->opt.allow_bodyless || c->opt.is_std) continue;
        if (!fd->recv && map_find_ptr(linked, o->name)) continue;
        types_error(c, fd->name->x.pos, ERR_BadDecl, "missing function body");
    }
}

/* ---- Anonymous interface cycles ------------------------------------------------------------------ */

enum { NOT_CYCLIC = 1, MAYBE_CYCLIC = 2 };

static bool iface_cycle(Map *marks, Type *t);

static bool methods_cycle(Map *marks, InterfaceType *it) {
    TypeSet *s = types_typeset(it);
    for (int i = 0; i < s->methods.len; i++) {
        Type *t = object_type(s->methods.at[i]);
        if (t && iface_cycle(marks, t)) return true;
    }
    return false;
}

static bool vars_cycle(Map *marks, ObjectList l) {
    for (int i = 0; i < l.len; i++)
        if (iface_cycle(marks, l.at[i]->type)) return true;
    return false;
}

static bool iface_cycle(Map *marks, Type *t) {
    for (;;) {
        t = type_unalias(t);
        switch (t->kind) {
        case TYPE_POINTER: t = ((PointerType *)t)->elem; continue;
        case TYPE_ARRAY: t = ((ArrayType *)t)->elem; continue;
        case TYPE_SLICE: t = ((SliceType *)t)->elem; continue;
        case TYPE_CHAN: t = ((ChanType *)t)->elem; continue;
        case TYPE_MAP:
            if (iface_cycle(marks, ((MapType *)t)->key)) return true;
            t = ((MapType *)t)->elem;
            continue;
        case TYPE_STRUCT: return vars_cycle(marks, ((StructType *)t)->fields);
        case TYPE_SIGNATURE: {
            SignatureType *f = (SignatureType *)t;
            return vars_cycle(marks, f->params->vars) || vars_cycle(marks, f->results->vars);
        }
        case TYPE_INTERFACE: {
            InterfaceType *it = (InterfaceType *)t;
            if (!it->methods.len && !it->embeddeds.len) return false;
            bool fresh;
            MapEntry *e = map_put_ptr(marks, t, &fresh);
            if (!fresh) return e->num == MAYBE_CYCLIC;
            e->num = MAYBE_CYCLIC;
            if (methods_cycle(marks, it)) return true;
            map_put_ptr(marks, t, &fresh)->num = NOT_CYCLIC;
            return false;
        }
        }
        return false; /* named types cannot be part of an anonymous cycle */
    }
}

static int written_order(const void *a, const void *b) {
    Pos p = ((const WrittenType *)a)->pos, q = ((const WrittenType *)b)->pos;
    return (p > q) - (p < q);
}

static void check_iface_cycles(Checker *c) {
    Map marks = {0};
    if (HALF(c)->ifaces.len) qsort(HALF(c)->ifaces.at, HALF(c)->ifaces.len, sizeof(WrittenType), written_order);
    for (int i = 0; i < HALF(c)->ifaces.len; i++) {
        WrittenType *w = &HALF(c)->ifaces.at[i];
        if (!methods_cycle(&marks, (InterfaceType *)w->type)) continue;
        types_error(c, w->pos, ERR_InvalidTypeCycle,
                    "invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)");
        for (int k = 0; k < marks.len; k++) marks.entries[k].num = NOT_CYCLIC; /* no duplicates */
    }
    map_free(&marks);
}

/* ---- Sizes ---------------------------------------------------------------------------------------- */

static void check_map_part(Checker *c, Pos pos, Type *t, const char *what) {
    if (t->kind == TYPE_BASIC || t->kind == TYPE_POINTER || type_mentions_typeparams(t)) return;
    int64_t size = type_size(t);
    if (size < 0 || size >= (int64_t)1 << 31) types_error(c, pos, ERR_TypeTooLarge, "map %s type too large", what);
}

static void check_sizes(Checker *c) {
    for (int i = 0; i < HALF(c)->sized.len; i++) {
        WrittenType *w = &HALF(c)->sized.at[i];
        if (w->type->kind == TYPE_MAP) {
            check_map_part(c, w->pos, ((MapType *)w->type)->elem, "element");
            check_map_part(c, w->pos, ((MapType *)w->type)->key, "key");
            continue;
        }
        Type *elem = w->type->kind == TYPE_CHAN ? ((ChanType *)w->type)->elem : ((ArrayType *)w->type)->elem;
        if (type_mentions_typeparams(elem)) continue;
        int64_t size = type_size(elem);
        if (w->type->kind == TYPE_CHAN) {
            if (size >= 1 << 16)
                types_error(c, w->pos, ERR_TypeTooLarge, "channel element type too large (>64kB)");
        } else if (size < 0 || (size > 0 && ((ArrayType *)w->type)->len > (((int64_t)1 << 50) - 1) / size)) {
            types_error(c, w->pos, ERR_TypeTooLarge, "type %t larger than address space", w->type);
        }
    }
}

void check_after(Checker *c) {
    Map linked = {0};
    check_iface_cycles(c);
    if (!c->any_error) check_sizes(c);
    check_linknames(c, &linked);
    check_bodies(c, &linked);
    map_free(&linked);
}
