/* The two ways out: out of memory and internal error. A file of its own, so that the fuzz targets can put theirs in its
 * place (-Wl,--wrap). */
#include "base/base.h"

#include <stdlib.h>
#include <sys/resource.h>

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

size_t address_limit(void) {
    struct rlimit as;
    return getrlimit(RLIMIT_AS, &as) || as.rlim_cur == RLIM_INFINITY ? SIZE_MAX : (size_t)as.rlim_cur;
}

static void (*oom_handler)(void *);
static void *oom_ctx;
void base_on_oom(void (*fn)(void *ctx), void *ctx) { oom_handler = fn, oom_ctx = ctx; }

void base_oom(void) {
    if (oom_handler) oom_handler(oom_ctx);
    fputs("vole: out of memory\n", stderr);
    _Exit(1);
}
