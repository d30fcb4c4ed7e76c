/* go.mod, go.work and the module cache (internal to build). */
#ifndef VOLE_MODULES_H
#define VOLE_MODULES_H

#include "build/build.h"

/* The text of a go.mod (uses NULL) or go.work file; NULL and *err, all complaints, when it is malformed. `name` is for messages. */
Module *module_parse(Arena *a, Str text, const char *name, StrVec *uses, const char **err);
Module *module_read(Arena *a, const char *dir, const char **err); /* dir/go.mod */
/* A go.work file: the directories of its modules into *dirs; the result has its replacements. NULL and *err when malformed. */
Module *workspace_read(Arena *a, const char *path, StrVec *dirs, const char **err);
bool module_at_least(Str go_version, int minor); /* "go1.22" against 1.minor */
bool module_too_new(Str go_version);             /* for Go 1.27 */
const char *find_upwards(Arena *a, const char *dir, const char *name); /* directory that holds it, or NULL */
const char *module_cache_dir(Arena *a, Str path, Str version);
bool path_has_prefix(Str path, Str prefix); /* by whole path elements */
const char *module_find_required(Arena *a, Module *m, Str path, Str *mod_path, Str *version);

/* dir/modules.txt (dir ends in /vendor); NULL and *err when it cannot be used. Without the file no package is known. */
Vendor *vendor_read(Arena *a, const char *dir, const char **err);
bool vendor_of_workspace(Arena *a, const char *dir); /* whether it was made by `go work vendor` */
/* Where a vendored package lies, and the module that it is of; NULL when modules.txt does not list it. */
Module *vendor_find(Vendor *v, Str path, const char **dir);
/* What in modules.txt contradicts the main module (or the workspace's modules), in go's words; NULL: nothing. */
const char *vendor_check(Vendor *v, Module **mods, int n, bool work);

#endif
