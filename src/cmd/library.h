/* library: images of packages that programs are linked against: std.vole, and upon it one for the packages that a
 * program takes from outside of its own module (module cache, vendor directories, elsewhere in $GOPATH).
 *
 * The second kind is made when such packages are compiled first, and kept in the cache beside the programs. A manifest
 * for each main module (or GOPATH project) and set of flags names its source files; it holds while those are the same,
 * by size and time or else by contents. So a change of the program compiles the program only. */
#ifndef VOLE_LIBRARY_H
#define VOLE_LIBRARY_H

#include "cmd/compile.h"

/* ---- Making one ------------------------------------------------------------------------------- */

/* SSA (and, unless ir_only, passes and bytecode) of n checked packages, dependencies first, each a unit of its own. False:
 * a function is too large, which was reported, or c->diags has errors. */
nodiscard bool library_build(Compile *c, BuildPackage **pkgs, int n, bool ir_only);
/* The export section: for n packages in dependency order their imports and export data. Packages of base images that
 * they import are named in it. */
void library_exports(Compile *c, BuildPackage **pkgs, int n, Buf *section);
uint64_t library_hash(BuildPackage **pkgs, int n); /* of their sources and of what compiled them */

/* ---- The cached one --------------------------------------------------------------------------- */

/* Before anything is loaded: maps the library image that fits, and makes its packages known to the loader. False: there
 * is none; c is as before, but for a damaged one that stays mapped without its packages. */
bool library_open(Compile *c);
/* The same for the image with that manifest and build id, for a cached program that was linked against it. */
bool library_open_as(Compile *c, const char *manifest, Str id);
/* The manifest of the library image that c uses, or NULL. */
const char *library_manifest(Compile *c);
/* Path of a library image by its build id ("lib-..."), or NULL when id is none or there is no cache. */
const char *library_path(Arena *a, Str id);

/* After loading (parsing) and before checking: makes and stores the library image when there are packages for it that
 * had to be read from source. LIBRARY_AGAIN: c is used up, the compilation must begin again with a new one.
 * LIBRARY_NEVER: the same, but without library_open and library_make: they failed. */
typedef enum LibraryResult { LIBRARY_NONE, LIBRARY_AGAIN, LIBRARY_NEVER } LibraryResult;
LibraryResult library_make(Compile *c);

#endif
