/* The two ways out: out of memory and internal error. A file of its own, so that the fuzz targets can put theirs in its
 * place (-Wl,--wrap). */
#include "base/base.h"

#include <stdlib.h>

_Thread_local const char *base_stage;

void base_bug(const char *file, int line, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fflush(stdout);
    fprintf(stderr, "vole: internal error: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, " (%s:%d)\n", file, line);
    va_end(ap);
    if (base_stage) fprintf(stderr, "vole: while %s\n", base_stage);
    fprintf(stderr, "vole: this is a bug in vole; please report it with the program that shows it\n");
    _Exit(3);
}

void base_oom(void) {
    fputs("vole: out of memory\n", stderr);
    _Exit(1);
}
