/* testmain: the main program of a package's tests, as text. */
#ifndef VOLE_TESTMAIN_H
#define VOLE_TESTMAIN_H

#include "build/build.h"

/* p and xtest (may be NULL) as loader_load_test gave them. Functions with wrong signatures are reported as load
 * errors; then the text is empty. */
Str testmain_text(Loader *l, BuildPackage *p, BuildPackage *xtest);

#endif
