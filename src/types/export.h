/* Export data: what importers may know of a package, as a *pruned source text* that is read lazily.
 *
 * An importer rarely needs more than a handful of a package's objects. So export data is an index from
 * object name to the source text of its declaration, function bodies left out except for generic
 * functions, methods of generic types (importers instantiate them) and small bodies marked for
 * inlining. Looking a name up in the package scope parses just that declaration and declares it by the
 * checker's ordinary lazy path. One mechanism serves source and export data.
 *
 * The blob is position-free, byte order little-endian, read in place (never copied), and verified
 * structurally by export_open: wrong bytes give a message, never a crash. */
#ifndef VOLE_EXPORT_H
#define VOLE_EXPORT_H

#include "types/types.h"

/* Serialises a checked package. Unexported objects are included (bodies mention them; they stay
 * invisible to ordinary selection by Go's own rules). Variables without a written type get the inferred
 * one. Each declaration keeps file, line and column so that positions are those of the real source. */
void export_write(TypeSession *ts, Package *pkg, Buf *out);

/* Opens export data as a package whose objects are declared on demand. `blob` must outlive the session. */
Package *export_open(TypeSession *ts, Str blob, const char **err);

/* The object of that name, declared on demand; works for source packages too. NULL when absent. */
Object *package_lookup(TypeSession *ts, Package *pkg, Name *name);

/* Makes all objects of a lazily read package; no effect on others. */
void package_declare_all(Package *pkg);

#endif
