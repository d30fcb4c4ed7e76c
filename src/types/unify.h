/* unify: used by infer.c only; see unify.c. */
#ifndef VOLE_UNIFY_H
#define VOLE_UNIFY_H

#include "types/types_int.h"

enum { UNIFY_ASSIGN = 1, UNIFY_EXACT = 2 };

typedef struct Unifier {
    Checker *c;
    TypeList tparams;     /* to be inferred */
    int *handle;          /* of each: its slot, shared after joining */
    Type **slot;          /* the inferred type or NULL */
    int depth;
    bool iface_inference; /* go1.21: shared methods of interfaces help */
} Unifier;

void unifier_init(Unifier *u, Checker *c, TypeList tparams, TypeList targs, bool iface_inference);
bool unify(Unifier *u, Type *x, Type *y, int mode);
Type *unifier_at(Unifier *u, int i);
void unifier_set(Unifier *u, int i, Type *t);
int unifier_unknowns(Unifier *u);

#endif
