/* Layouts that Go code, reflect and C share: strings, slices, interfaces, type descriptors (internal/abi).
 * Every struct here is a contract with Go's own source; sizes are asserted. */
#ifndef VOLE_ABI_H
#define VOLE_ABI_H

#include "base/base.h"
#include "image/format.h"

typedef struct GoString { const uint8_t *p; int64_t n; } GoString;
typedef struct GoSlice { void *p; int64_t len, cap; } GoSlice;
typedef struct GoType GoType;
typedef struct GoItab GoItab;
typedef struct GoEface { const GoType *type; void *data; } GoEface;
typedef struct GoIface { const GoItab *tab; void *data; } GoIface;
/* A function value points to this; captured values follow. */
typedef struct GoFunc { const VmFunc *fn; } GoFunc;

enum GoKind {
    KIND_BOOL = 1, KIND_INT, KIND_INT8, KIND_INT16, KIND_INT32, KIND_INT64, KIND_UINT, KIND_UINT8,
    KIND_UINT16, KIND_UINT32, KIND_UINT64, KIND_UINTPTR, KIND_FLOAT32, KIND_FLOAT64, KIND_COMPLEX64,
    KIND_COMPLEX128, KIND_ARRAY, KIND_CHAN, KIND_FUNC, KIND_INTERFACE, KIND_MAP, KIND_POINTER,
    KIND_SLICE, KIND_STRING, KIND_STRUCT, KIND_UNSAFEPOINTER,
};
enum { TFLAG_UNCOMMON = 1, TFLAG_EXTRASTAR = 2, TFLAG_NAMED = 4, TFLAG_REGULARMEM = 8,
       TFLAG_MASKONDEMAND = 16, TFLAG_DIRECTIFACE = 32 };

struct GoType { /* abi.Type */
    uint64_t size, ptr_bytes;
    uint32_t hash;
    uint8_t tflag, align, field_align, kind;
    const GoFunc *equal; /* func(p, q unsafe.Pointer) bool; NULL: not comparable */
    const uint8_t *gcdata; /* 1 bit per word up to ptr_bytes */
    int32_t str, ptr_to_this; /* NameOff, TypeOff: offsets from IMAGE_SPACE_BASE, 0: none */
};
_Static_assert(sizeof(GoType) == 48, "abi.Type");
typedef struct GoArrayType { GoType t; const GoType *elem, *slice; uint64_t len; } GoArrayType;
typedef struct GoChanType { GoType t; const GoType *elem; int64_t dir; } GoChanType;
typedef struct GoFuncType { GoType t; uint16_t nin, nout; /* top bit of nout: variadic */ } GoFuncType;
typedef struct GoIMethod { int32_t name, type; } GoIMethod;
typedef struct GoInterfaceType { GoType t; const uint8_t *pkg_path; struct { const GoIMethod *p; int64_t len, cap; } methods; } GoInterfaceType;
typedef struct GoMapType {
    GoType t; const GoType *key, *elem, *group; const GoFunc *hasher;
    uint64_t group_size, keys_off, key_stride, elems_off, elem_stride, elem_off; uint32_t flags;
} GoMapType;
_Static_assert(sizeof(GoMapType) == 136, "abi.MapType");
typedef struct GoPtrType { GoType t; const GoType *elem; } GoPtrType; /* also slices */
typedef struct GoStructField { const uint8_t *name; const GoType *type; uint64_t offset; } GoStructField;
typedef struct GoStructType { GoType t; const uint8_t *pkg_path; struct { const GoStructField *p; int64_t len, cap; } fields; } GoStructType;
typedef struct GoUncommon { int32_t pkg_path; uint16_t mcount, xcount; uint32_t moff, unused; } GoUncommon;
typedef struct GoMethod { int32_t name, mtyp, ifn, tfn; } GoMethod; /* ifn, tfn: TextOff of VmFuncs */
struct GoItab { const GoInterfaceType *inter; const GoType *type; uint32_t hash, pad; const VmFunc *fun[1]; };
_Static_assert(offsetof(GoItab, fun) == 24, "abi.ITab");

#endif
