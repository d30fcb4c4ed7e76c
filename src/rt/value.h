/* Values by type descriptor: hashing, equality, copying, interface tables, strings. */
#ifndef VOLE_VALUE_H
#define VOLE_VALUE_H

#include "rt/mem.h"

/* hash/equal return false and fill m->panic_value ("hash of unhashable type ...", "comparing uncomparable type ..."). */
bool value_hash(M *m, const GoType *t, const void *p, uint64_t seed, uint64_t *out);
bool value_equal(M *m, const GoType *t, const void *p, const void *q, bool *eq);
bool eface_equal(M *m, GoEface a, GoEface b, bool *eq);
uint64_t mem_hash(const void *p, size_t n, uint64_t seed);
Str type_name(const GoType *t);             /* rtype.String(): without the extra star */
void rtype_string(Buf *b, const GoType *t);  /* with package path where needed for messages */
/* abi.Name: flags (exported, tag, package path, embedded), length, bytes, [tag], [path's NameOff]. */
bool name_is_exported(const uint8_t *name);
Str name_pkg_path(const uint8_t *name); /* empty when there is none */
const uint8_t *name_bytes(const uint8_t *name, size_t *len); /* decodes an abi.Name */
const GoUncommon *type_uncommon(const GoType *t);
/* Interface tables, cached per Vm. NULL when t does not implement inter; *missing then names the method. */
const GoItab *itab_get(Vm *vm, const GoInterfaceType *inter, const GoType *t, Str *missing);
/* tmp: room for a small result in the caller's frame, STR_TMP_BYTES (runes_from_str: STR_TMP_RUNES runes), or NULL. */
enum { STR_TMP_BYTES = 32, STR_TMP_RUNES = 32 };
GoString str_concat(M *m, const GoString *parts, int n, void *tmp);
GoString str_from_bytes(M *m, const void *p, int64_t n, void *tmp);
GoString str_from_rune(M *m, int64_t r, void *tmp);
GoString str_from_runes(M *m, GoSlice runes, void *tmp);
GoSlice bytes_from_str(M *m, GoString s, void *tmp);
GoSlice runes_from_str(M *m, GoString s, void *tmp);
extern const uint64_t value_small_ints[256]; /* what interfaces that hold small values of up to 8 bytes point to */
extern const uint64_t value_zero[3];         /* an empty string, a nil slice */
int str_compare(GoString a, GoString b);
/* growslice: result has room for `need` elements, len old.len; Go's growth rule. RT_PANIC: out of range. */
RtResult slice_grow(M *m, const GoType *elem, GoSlice old, int64_t need, GoSlice *out);
void typed_copy(M *m, const GoType *t, void *dst, const void *src);
static inline bool type_is_direct(const GoType *t) { return t->tflag & TFLAG_DIRECTIFACE; }

#endif
