/* native: C bodies of body-less Go functions, a file a package. The table is tables/natives.def. */
#ifndef VOLE_NATIVE_H
#define VOLE_NATIVE_H

#include "rt/map.h"
#include "rt/value.h"
#include "vm/vm.h"

enum { NEFF_ALLOC = 1, NEFF_BLOCK = 2, NEFF_SYSCALL = 4 };

#define NATIVE(name, fn, nparams, nresults, effects) RtResult fn(M *m, uint64_t *args);
#include "tables/natives.def"
#undef NATIVE

#endif
