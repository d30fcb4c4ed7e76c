/* cache: linked images of programs under $VOLE_CACHE (default ~/.cache/vole/run), found again by what was named on the
 * command line and valid while all sources hash the same. It never fails: when it cannot help, it does nothing. */
#ifndef VOLE_CACHE_H
#define VOLE_CACHE_H

#include "cmd/compile.h"

typedef struct CacheKey { char manifest[512], dir[448]; uint64_t hash; } CacheKey;

bool cache_usable(Compile *c); /* no dumps, statistics or other things that need a compilation */
/* Maps the program's image into c->images. False: compile it, then call cache_store with the same key. */
bool cache_load(Compile *c, CacheKey *key, char **files, int n);
void cache_store(Compile *c, const CacheKey *key, const Buf *blob);

#endif
