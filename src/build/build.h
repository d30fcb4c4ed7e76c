/* build: which files make up which packages. Build constraints, GOROOT with the lib/ overlay, go.mod,
 * go.work, vendor directories, the module cache, GOPATH: all without network.
 *
 * A Loader finds and parses packages and orders them by dependency. Packages that a base image provides
 * (std.vole) are not read from source: `prebuilt` says which. Errors go to the session's sink with gc's and
 * go's wording. */
#ifndef VOLE_BUILD_H
#define VOLE_BUILD_H

#include "syntax/syntax.h"

typedef struct BuildPackage BuildPackage;
typedef struct Vendor Vendor;
typedef VEC(Str) StrVec;
typedef struct BuildFile { Str name; const char *path; File *ast; bool is_test, is_xtest; } BuildFile;
typedef struct BuildImport { Str path; BuildPackage *pkg; } BuildImport; /* path as written */

struct BuildPackage {
    Str path;            /* import path; "main" programs given as files: "command-line-arguments" */
    Str link_path;       /* prefix of its symbols: "main" for main packages, else path */
    const char *dir;
    Str name;            /* package clause */
    VEC(BuildFile) files;
    VEC(BuildImport) imports;
    Str go_version;      /* "go1.27" */
    bool is_std, is_main, prebuilt, is_test_variant, has_asm, failed;
    int state;
    uint8_t view;        /* VIEW_* */
    struct Module *module;
    Arena *arena;
    struct Package *types; /* set by whoever checks it */
    void *backend;
};

typedef struct ModRequire { Str path, version; } ModRequire;
typedef struct ModReplace { Str path, old_version, new_path, new_version; } ModReplace;
typedef struct Module {
    Str path, dir, version, go_version;
    VEC(ModRequire) requires;
    VEC(ModReplace) replaces;
    VEC(Str) godebug;
} Module;

typedef struct LoadStep { BuildPackage *pkg; Str file; } LoadStep; /* file: with the import in hand */

typedef struct Loader {
    Session *syn;
    Arena *arena;
    const char *goroot;    /* has src/ */
    const char *overlay;   /* lib/ or NULL */
    const char *work_dir;
    VEC(Str) tags;         /* extra build tags (-tags) */
    bool (*prebuilt)(void *ctx, Str path); /* may be NULL */
    void *ctx;
    Map packages;          /* by import path */
    VEC(BuildPackage *) order; /* dependencies first */
    Module *main_module;
    VEC(Module *) work_modules; /* go.work */
    Module *workspace;     /* go.work itself (dir, go_version, replaces), or NULL */
    const char *mod;       /* -mod: NULL, "mod", "readonly" or "vendor" */
    Vendor *vendor; /* packages of other modules come from there alone; or NULL */
    Map modules;           /* by directory */
    bool module_mode;
    bool match_tests;      /* patterns also match directories with tests only */
    bool ignore_embeds;    /* do not look for the files of //go:embed */
    const char *go111module;
    BuildPackage *tested[2]; /* loader_load_test's packages */
    VEC(LoadStep) stack;   /* packages whose imports are being loaded, outermost first */
    VEC(const char *) embedded; /* files that //go:embed took in */
} Loader;

/* The code of errors that the go command would report, not the compiler: shown without "./" and alone. */
enum { BUILD_LOAD_ERROR = -100 };

void loader_init(Loader *l, Session *syn, Arena *arena);
/* The value of -mod, NULL when it was not given: whether packages come from a vendor directory. Before anything is loaded. */
void loader_set_mod(Loader *l, const char *mod);
const char *vendor_dir(Vendor *v); /* where its modules.txt lies */
/* GOROOT of Go's source: $VOLE_GOROOT, else the set-up's directory. NULL with a message when there is none. */
const char *loader_find_goroot(Arena *a, const char **err);

/* One package made of the named .go files. NULL after an error was reported. */
BuildPackage *loader_load_files(Loader *l, char **files, int nfiles);
/* One package made of a text that is not in a file; `shown` is its name in messages. generated: by us, it may
 * import internal packages. */
BuildPackage *loader_load_text(Loader *l, Str path, const char *shown, Str text, bool generated);
/* The package that a pattern names (NULL: of the named files) with its in-package test files, and the external
 * test package, or NULL, into *xtest. Must come before anything that imports the package is loaded. A package
 * without test files is given back with *xtest NULL and no file marked is_test. */
BuildPackage *loader_load_test(Loader *l, const char *pattern, char **files, int nfiles, BuildPackage **xtest);
/* A package by import path or directory ("./x", "/x", "fmt", "example.com/m/p"). */
BuildPackage *loader_load(Loader *l, const char *pattern);
/* All packages that match a pattern with "..." ("./...", "std"). */
bool loader_match(Loader *l, const char *pattern, StrVec *out);
BuildPackage *loader_import(Loader *l, Str path, BuildPackage *from, Pos pos);

/* How a package's files are chosen. VIEW_ARCH: for amd64; without it for no architecture (see build_no_arch). VIEW_PURE:
 * with the tags for Go instead of assembly. */
enum { VIEW_ARCH = 1, VIEW_PURE = 2 };
/* Whether a file of that name with that text belongs to the build. */
bool build_match_file(Loader *l, Str name, Str text, unsigned view);
bool build_no_arch(Str path);
/* Evaluates a constraint expression ("linux && !cgo"); false and *err on a syntax mistake. */
bool build_eval(Loader *l, Str expr, unsigned view, bool *value, const char **err);

/* //go:embed: files below dir that match the patterns, sorted as embed.FS wants. */
typedef struct EmbedFile { Str name; const char *path; bool is_dir; Str data; } EmbedFile;
typedef VEC(EmbedFile) EmbedFiles;
bool build_embed(Arena *a, const char *dir, Str patterns, EmbedFiles *out, const char **err);

#endif
