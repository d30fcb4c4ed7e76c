/* go.mod, go.work and the module cache (internal to build). */
#ifndef VOLE_MODULES_H
#define VOLE_MODULES_H

#include "build/build.h"

/* The text of a go.mod (uses NULL) or go.work file; NULL and *err, all complaints, when it is malformed. `name` is for messages. */
Module *module_parse(Arena *a, Str text, const char *name, StrVec *uses, const char **err);
Module *module_read(Arena *a, const char *dir, const char **err); /* dir/go.mod */
bool workspace_read(Arena *a, const char *path, StrVec *dirs, const char **err);
const char *find_upwards(Arena *a, const char *dir, const char *name); /* directory that holds it, or NULL */
const char *module_cache_dir(Arena *a, Str path, Str version);
bool path_has_prefix(Str path, Str prefix); /* by whole path elements */
const char *module_find_required(Arena *a, Module *m, Str path, Str *mod_path, Str *version);

#endif
