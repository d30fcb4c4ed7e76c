/* program: a linked program as an executable file. */
#ifndef VOLE_PROGRAM_H
#define VOLE_PROGRAM_H

#include "base/base.h"

/* A first line that runs `interpreter` (NULL: vole by $PATH), then the image at the next page. */
nodiscard bool program_write(Arena *a, const char *path, const char *interpreter, Str image, const char **err);
/* Path of this vole, for program_write; NULL when it does not fit a first line. */
const char *program_self(Arena *a);

#endif
