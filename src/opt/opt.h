/* opt: passes over SSA. The table in opt.c is the list and the order; --dump=ssa shows the result. */
#ifndef VOLE_OPT_H
#define VOLE_OPT_H

#include "ir/ir.h"

/* Runs the passes of the level on all functions of the unit (level 0: none). */
void opt_unit(IrUnit *u, int level);
void opt_function(IrFunc *f, int level);

#endif
