/* validtype: finds types that contain themselves without a pointer in between. */
#include "types/types_int.h"

typedef VEC(NamedType *) NamedStack;

typedef struct Validity { Checker *c; NamedStack nest, path; } Validity;

static bool known_valid(NamedType *n) {
    return n->t.flags & 1; /* checked as a whole before; generic types are always walked */
}

/* Stands for n in the message: an instance is named with its arguments, where it was written. */
Object *cycle_object(Checker *c, NamedType *n) {
    if (n->orig == n) return n->obj;
    Object *o = new_object(c->ts, OBJ_TYPENAME, n->inst_pos ? n->inst_pos : n->obj->pos,
                           n->obj->pkg, n->obj->name, &n->t);
    return o;
}

static bool valid_type(Validity *v, Type *t) {
    t = type_unalias(t);
    switch ((TypeKind)t->kind) {
    case TYPE_ARRAY: return !((ArrayType *)t)->elem || valid_type(v, ((ArrayType *)t)->elem);
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        for (int i = 0; i < s->fields.len; i++)
            if (s->fields.at[i]->type && !valid_type(v, s->fields.at[i]->type)) return false;
        return true;
    }
    case TYPE_UNION: {
        UnionType *u = (UnionType *)t;
        for (int i = 0; i < u->nterms; i++)
            if (!valid_type(v, u->terms[i].type)) return false;
        return true;
    }
    case TYPE_INTERFACE: {
        InterfaceType *it = (InterfaceType *)t;
        for (int i = 0; i < it->embeddeds.len; i++)
            if (!valid_type(v, it->embeddeds.at[i])) return false;
        return true;
    }
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        if (known_valid(n) || n->obj->pkg != v->c->pkg) {
            /* Types of other packages are complete and hold none of ours, but through arguments. */
            if (!n->targs.len) return true;
        }
        for (int i = 0; i < v->nest.len; i++) {
            if (v->nest.at[i] != n && (!n->targs.len || !type_identical(&v->nest.at[i]->t, t))) continue;
            n->orig->rhs = INVALID_TYPE(v->c);
            /* Nothing may follow the cycle any more: not by a size, not by a comparison. */
            if (n->orig->state & NAMED_HAS_UNDER) n->orig->underlying_ = n->orig->rhs;
            for (int k = i; k < v->nest.len; k++) {
                NamedType *m = v->nest.at[k];
                if (m->orig != m && (m->state & NAMED_HAS_UNDER))
                    m->underlying_ = m->rhs = n->orig->rhs;
            }
            for (int start = 0; start < v->path.len; start++) {
                if (!type_identical(&v->path.at[start]->t, t)) continue;
                int len = v->path.len - start;
                Object **cycle = arena_array(&v->c->ts->arena, Object *, len);
                for (int k = 0; k < len; k++) cycle[k] = cycle_object(v->c, v->path.at[start + k]);
                cycle_error(v->c, cycle, len, 0);
                return false;
            }
            bug("cycle start not found");
        }
        Type *rhs = n->orig->rhs;
        if (!rhs) return true;
        vec_push(&v->nest, n);
        vec_push(&v->path, n);
        bool ok = valid_type(v, rhs);
        v->nest.len--;
        v->path.len--;
        if (ok && !n->orig->tparams.len) n->t.flags |= 1; /* all below it was walked, in any context */
        return ok;
    }
    case TYPE_TYPEPARAM: {
        /* Stands for the argument of the instance we are in, seen from outside of it. */
        int d = v->nest.len - 1;
        if (d < 0) return true;
        NamedType *inst = v->nest.at[d];
        TypeList tp = inst->orig->tparams;
        for (int i = 0; i < tp.len; i++) {
            if (tp.at[i] != t || i >= inst->targs.len) continue;
            v->nest.len = d;
            bool ok = valid_type(v, inst->targs.at[i]);
            v->nest.len = d + 1;
            v->nest.at[d] = inst;
            return ok;
        }
        return true;
    }
    default: return true;
    }
}

void check_valid_type(Checker *c, NamedType *t) {
    Validity v = {.c = c};
    valid_type(&v, &t->t);
    vec_free(&v.nest);
    vec_free(&v.path);
}
