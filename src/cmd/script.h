/* script: programs that are not files: `-` (standard input) and -e 'statements'. */
#ifndef VOLE_SCRIPT_H
#define VOLE_SCRIPT_H

#include "cmd/compile.h"

/* All of standard input. False and a message when it cannot be read. */
bool script_read_stdin(Arena *a, Str *text, const char **err);
/* A whole program around statements: package clause, imports of the standard packages whose names are used,
 * func main. Text that starts with a package clause is given back as it is. */
Str script_wrap(Compile *c, const char *statements);

#endif
