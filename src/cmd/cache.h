/* cache: linked images of programs under $VOLE_CACHE (default ~/.cache/vole/run), found again by what was named on the
 * command line and valid while all sources have the same contents. It never fails: when it cannot help, it does
 * nothing. VOLE_CACHE=off turns it off.
 *
 * For each command line (directory, names, flags, vole, std.vole) there is a manifest: the files that went into the
 * program with a hash of each, the directories with a hash of their Go files' names, and the name of the image. */
#ifndef VOLE_CACHE_H
#define VOLE_CACHE_H

#include "cmd/compile.h"

typedef struct CacheKey { const char *dir, *manifest, *image; uint64_t hash; } CacheKey; /* image: of a hit */

bool cache_usable(Compile *c); /* no dumps, statistics or other things that need a compilation */
/* Maps the program's image into c->images. False: compile it, then call cache_store with the same key. */
bool cache_load(Compile *c, CacheKey *key, char **files, int n);
void cache_store(Compile *c, const CacheKey *key, const Buf *blob);

#endif
