/* bodies: what an image tells the compiles that build upon it about its functions: the optimised SSA of those that
 * are small enough to be inlined, and the escape summaries.
 *
 * Both are in one read-only symbol of the image, "go:inline": a table sorted by the hash of the functions' symbol
 * names, read in place. A body is decoded when a caller first asks for it. */
#ifndef VOLE_OPT_BODIES_H
#define VOLE_OPT_BODIES_H

#include "ir/ir.h"

/* Writes the table of u's job: all functions that the inliner accepts, all summaries. Called after all code was
 * selected: what a body refers to must be defined (u: any unit of the job; its type session gives positions). */
void opt_write_table(IrUnit *u);

/* The body of a function of a base image, or NULL when it has none. It is the job's (SymTab.bodies), only to be read. Several
 * threads may ask. */
IrFunc *opt_base_body(IrUnit *u, Sym *s);
/* The summary of a function of a base image (escape.c), or NULL. It lies in the image. */
struct EscSummary *opt_base_escape(IrUnit *u, Sym *s);

/* escape.c: appends a summary; false: it says nothing, nor was anything written. */
bool opt_put_escape(const struct EscSummary *s, Buf *out);

#endif
