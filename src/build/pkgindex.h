/* pkgindex: the packages that an image holds, as its export section: for each, in initialisation order, its
 * path, its imports and its export data (types/export.h). Position-free and read in place. */
#ifndef VOLE_PKGINDEX_H
#define VOLE_PKGINDEX_H

#include "base/base.h"

typedef struct IndexedPackage {
    Str path, name;
    Str export_data;
    const uint32_t *imports; /* numbers of earlier packages */
    uint32_t nimports;
    struct Package *types;   /* opened, or NULL: for the user of the index */
    bool mark;               /* free for the user */
} IndexedPackage;
typedef struct PkgIndex {
    IndexedPackage *at;
    int len;
    Map by_path; /* -> IndexedPackage * */
} PkgIndex;

/* Appends the section for packages in dependency order. */
void pkgindex_write(Buf *out, const IndexedPackage *at, int n);
/* False and a message when the section is malformed. `section` must outlive the index; 8-byte aligned. */
nodiscard bool pkgindex_open(Arena *a, Str section, PkgIndex *out, const char **err);
/* Adds the packages of an image that was built upon x's. A package without export data only names one of x's.
 * False and a message when that is missing. What was found in x before moves. */
nodiscard bool pkgindex_append(Arena *a, PkgIndex *x, const PkgIndex *more, const char **err);
IndexedPackage *pkgindex_find(const PkgIndex *x, Str path);

#endif
