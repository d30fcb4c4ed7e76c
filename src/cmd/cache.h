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

/* What library.c shares: where the cache lies (NULL: nowhere), facts about files, lines of manifests. */
const char *cache_dir(Arena *a);
uint64_t cache_settings_hash(Compile *c); /* of vole, std.vole, flags, environment, modules; 0: not known */
bool cache_hash_file(const char *path, uint64_t *h);
uint64_t cache_hash_text(Str text); /* the same for what was read from a file */
struct stat;
uint64_t cache_file_time(const struct stat *st);
void cache_note_dir(Buf *m, const char *dir); /* appends a line "D<hash> <dir>" */
bool cache_same_dir(const char *line);
void cache_used(const char *path);            /* is the last to be deleted */
bool cache_make_dirs(Arena *a, const char *dir);

bool cache_usable(Compile *c); /* no dumps, statistics or other things that need a compilation */
/* Maps the program's image into c->images. False: compile it, then call cache_store with the same key. */
bool cache_load(Compile *c, CacheKey *key, char **files, int n);
void cache_store(Compile *c, const CacheKey *key, const Buf *blob);

#endif
