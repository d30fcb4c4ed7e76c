/* fuzz: what the fuzz targets share. A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput; it is linked either with
 * clang's libFuzzer (BUILD=fuzz) or with replay.c (any other build), and always with fuzz.c, by the Makefile.
 *
 * A finding is a crash, a sanitizer's report, a hang, a leak, or an internal error of Vole (base_bug and base_oom abort here, so that
 * both drivers keep the input). */
#ifndef VOLE_FUZZ_H
#define VOLE_FUZZ_H

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs fn(arg) on a thread with the 512 MB stack that the compiler's own threads have, and waits. */
void fuzz_deep(void (*fn)(void *arg), void *arg);

/* The target's dictionary: words that mutations insert. Ends with NULL. */
extern const char *const fuzz_words[];
/* The inputs for binary formats that are made rather than stored: number i, or false when there are no more. Targets without any
 * answer false. The bytes stay the target's. */
bool fuzz_seed(int i, const uint8_t **data, size_t *size);

#endif
