/* units: the second half of a compile, from units in SSA to code, on several threads. */
#ifndef VOLE_UNITS_H
#define VOLE_UNITS_H

#include "cmd/compile.h"

/* A unit of c's job, empty; it lives as long as the process. */
IrUnit *unit_new(Compile *c);
void unit_init(Compile *c, IrUnit *u); /* the same for a zeroed one that the caller has */

typedef struct Unit { IrUnit *ir; BuildPackage *pkg; /* whose imports are its dependencies; NULL: none */ } Unit;

/* Optimises and selects code for n built units, which stand in order (dependencies first). The result is the same for every
 * number of threads (Compile.jobs). A frame that is too large is noted in its unit (IrUnit.too_large). */
void units_compile(Compile *c, Unit *units, int n);

#endif
