/* From the command line's files or patterns to a linked image: load, check, build SSA, compile, link. Used by
 * the subcommands that need code. All work is done on the calling thread, which needs a deep stack. */
#ifndef VOLE_COMPILE_H
#define VOLE_COMPILE_H

#include "build/build.h"
#include "build/pkgindex.h"
#include "image/image.h"
#include "ir/ir.h"

typedef struct Compile {
    Arena arena;
    Session syn;
    DiagList diags;
    Loader loader;
    TypeSession ts;
    SymTab syms;
    IrUnit unit;
    Images images;          /* base images are loaded already */
    BuildPackage *current, *main;
    /* options */
    const char *dump;       /* "ssa,bc,image", or NULL */
    const char *dump_func;  /* only functions whose name contains it */
    bool time, all_errors, allow_undefined;
    bool no_std;            /* do not use std.vole: everything from source */
    bool verify;            /* run the SSA verifier on every function */
    int opt_level;
    /* the base image's packages */
    PkgIndex std;
} Compile;

/* 0, or the exit status after messages were printed. */
int compile_init(Compile *c);
int compile_load(Compile *c, char **files, int n); /* parses and checks; sets main */
int compile_code(Compile *c);                      /* SSA, passes, bytecode of all packages */
int compile_link(Compile *c, Buf *blob);
void compile_check_package(Compile *c, BuildPackage *p); /* sets p->types */
uint64_t compile_abi_hash(void); /* fingerprint of bytecode ops and natives, see LinkOptions */
void compile_native_slots(int number, uint16_t *params, uint16_t *results);
/* Runs fn(arg) on a thread with a 512 MB stack. */
void compile_with_stack(void *(*fn)(void *), void *arg);
/* Directory of our Go sources (lib/): $VOLE_LIB, else next to the executable's directory. */
const char *compile_lib_dir(Arena *a);

#endif
