/* units: the second half of a compile, from units in SSA to code, on several threads. */
#ifndef VOLE_UNITS_H
#define VOLE_UNITS_H

#include "cmd/compile.h"

/* A unit for package p (NULL: of the program itself) of c's job, and which it is of. */
IrUnit *unit_new(Compile *c);
void unit_init(Compile *c, IrUnit *u);

typedef struct Unit { IrUnit *ir; BuildPackage *pkg; /* or NULL */ } Unit;

/* Optimises and selects code for n built units, in their order (dependencies first). The result is the same for every
 * number of threads (Compile.jobs). */
void units_compile(Compile *c, Unit *units, int n);

#endif
