/* From the command line's files or patterns to a linked image: load, check, build SSA, compile, link. Used by
 * the subcommands that need code. The work is done on the calling thread, which needs a deep stack; units.h has the part
 * that others help with. */
#ifndef VOLE_COMPILE_H
#define VOLE_COMPILE_H

#include "build/build.h"
#include "build/pkgindex.h"
#include "image/image.h"
#include "ir/ir.h"
#include "vm/vm.h"

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
    VmOptions vm;
    uint64_t start;         /* time_now_ns of compile_init */
    /* options */
    const char *lang;       /* language version of the main package, or NULL */
    VEC(Str) tags;
    const char *mod; /* -mod */
    const char *dump;       /* "ssa,bc,image", or NULL */
    const char *dump_func;  /* only functions whose name contains it */
    bool time, mem, all_errors, allow_undefined;
    bool incomplete;        /* functions of user packages may lack bodies */
    bool is_test;           /* a test program */
    bool no_std;            /* do not use std.vole: everything from source */
    bool verify;            /* run the SSA verifier on every function */
    int opt_level;
    int jobs;               /* -p: threads that compile; 0: one a processor when there is enough to do */
    /* the base image's packages */
    PkgIndex std;
    const char *library;    /* manifest of the library image in use, or NULL; see library.h */
} Compile;

/* Flags that the commands share (-O0, -dump=, -stress=, -stats=, -tags, -lang ... and those of go's that mean
 * nothing here). True when argv[*i] is one; *i is left at its last word. *status is set to 2 when it is wrong. */
bool compile_flag(Compile *c, int argc, char **argv, int *i, int *status);
/* Whether an argument means a Go file: NAME.go, unless that is a directory or can only be an import path that ends so
 * ("example.com/nats.go"). */
bool is_go_file(const char *arg);
/* The value of flag NAME (-NAME=V, --NAME=V, -NAME V) at argv[*i], or NULL when argv[*i] is another. */
const char *flag_value(int argc, char **argv, int *i, const char *name);
/* -NAME, -NAME=true, -NAME=false. */
bool flag_bool(const char *arg, const char *name, bool *value);

Compile *compile_new(void); /* zeroed but for defaults; never freed */
/* 0, or the exit status after messages were printed. */
int compile_init(Compile *c);
int compile_load(Compile *c, char **files, int n); /* parses and checks a program or package; sets main */
int compile_parse(Compile *c, char **files, int n); /* its first half: loads and parses */
int compile_check(Compile *c);                     /* checks what the loader has; for those who load themselves */
int compile_code(Compile *c);                      /* SSA, passes, bytecode of all packages */
int compile_link(Compile *c, Buf *blob);
int compile_report(Compile *c);                    /* prints what is in diags as go does: 1 when there was any */
void compile_check_package(Compile *c, BuildPackage *p); /* sets p->types */
uint64_t compile_abi_hash(void); /* fingerprint of bytecode ops and natives, see LinkOptions */
void compile_native_slots(int number, uint16_t *params, uint16_t *results);
bool compile_embed(void *ctx, Object *var, IrEmbedFile **files, int *n, const char **err); /* IrUnit.embed */
/* IrUnit.base_word of a Compile. */
Sym *compile_base_word(void *ctx, Sym *data, uint64_t off, bool func);
size_t compile_stack_size(void); /* 512 MB, or less where the address space is limited */
/* Runs fn(arg) on a thread with such a stack. */
void compile_with_stack(void *(*fn)(void *), void *arg);
/* Directory of our Go sources (lib/): $VOLE_LIB, else next to the executable's directory. */
const char *compile_lib_dir(Arena *a);
const char *compile_std_path(Arena *a); /* of std.vole, or NULL */
/* Maps std.vole for programs that were compiled against it. False after a message. */
bool compile_load_std_image(Arena *a, Images *im);

/* The packages of std.vole, mapped into *im; false when there is none that fits. */
bool compile_std_index(Arena *a, Images *im, PkgIndex *out);

/* The GODEBUG settings that go.mod's go and godebug lines and //go:debug lines give the program, as "a=1,b=2". */
Str godebug_default(Compile *c);
/* Defines them (and that it is a test program) as symbols of the program's image; hands those of a loaded image to
 * its runtime. */
void godebug_define(Compile *c);
void godebug_apply(Images *im);

/* Prints the messages of a load as go does. Errors of the loader come first and, with a limit, alone; the others a package
 * at a time under "# path". Returns the number of messages. `limit` as in diag_print. */
int report_build_errors(Session *syn, DiagList *diags, Loader *l, BuildPackage *extra, int limit);

#endif
