/* The image: code and data as they lie in memory, position-fixed by preference.
 *
 *   [Header | code words | VmFunc table | FuncInfo, line tables, maps | rodata | data | (bss) | cold: symbol
 *    index, relocations, export data]
 *
 * All images live in one reserved 2 GB address range, IMAGE_SPACE_BASE upwards, so that a 32-bit offset
 * from the base names anything in any image (reflect's NameOff/TypeOff/TextOff). std.vole is linked for its
 * address and mapped MAP_PRIVATE: no relocation, clean pages shared; when the range is taken (sanitizers,
 * two instances) all pointers are relocated by the table. User images are linked right after the images
 * that they are built upon. The layout structs below are a contract with interpreter and JIT. */
#ifndef VOLE_FORMAT_H
#define VOLE_FORMAT_H

#include "base/base.h"

#define IMAGE_SPACE_BASE 0x3f0000000000ull
#define IMAGE_SPACE_SIZE 0x80000000ull
#define IMAGE_SPACE_LEAST 0x8000000ull
#define IMAGE_MAGIC 0x31454c4f56ull /* "VOLE1" */
#define IMAGE_VERSION 4

/* ---- Frames --------------------------------------------------------------------------------- */
/*
 *   fp -> +--------------------+
 *     0   | return pc          |  in the caller's code
 *     1   | caller's fp        |
 *     2   | VmFunc *           |  this function
 *     3   | closure context    |  function value that was called (only set by closure calls)
 *     4   | parameters         |  receiver first; each value starts on a slot: see ir.h for slots
 *         | results            |  written in place by the callee
 *         | locals, temporaries|
 *         | outgoing area ...  |  the callee's frame starts at fp + base of the call op
 *         +--------------------+  fp + VmFunc.frame_slots
 */
enum { FRAME_RETPC = 0, FRAME_CALLER = 1, FRAME_FUNC = 2, FRAME_CTX = 3, FRAME_ARGS = 4 };
enum { FRAME_MAPPED = FRAME_CTX }; /* the slot of a stack map's first bit */

typedef struct FuncInfo FuncInfo;

typedef struct VmFunc {
    const uint64_t *code;   /* first word; natives: a stub NATIVE id; RET */
    uint32_t frame_slots;   /* whole frame with its outgoing areas */
    uint16_t param_slots, result_slots;
    uint32_t flags;         /* VMFUNC_* */
    uint32_t native;        /* number in natives.def + 1; 0: bytecode */
    const FuncInfo *info;
    void *jit;              /* reserved */
} VmFunc;
_Static_assert(sizeof(VmFunc) == 40, "VmFunc is a contract");
enum {
    VMFUNC_HAS_DEFER = 1,
    VMFUNC_WRAPPER = 2,     /* hidden from tracebacks, transparent to recover */
    VMFUNC_NATIVE = 4,
    VMFUNC_HAS_CTX = 16,    /* uses FRAME_CTX: the maps say where it is live; at entry it is */
    VMFUNC_SYSTEM = 8,      /* runtime internals: not shown in tracebacks by default */
};

/* Cold facts of a function. Line table: code words -> (file, line); maps: safepoint word -> live pointer
 * slots from FRAME_MAPPED on. Both are delta coded; read by image_pc_line and image_pc_map. */
struct FuncInfo {
    const char *name;       /* "main.(*T).m.func1" */
    const char *file;
    const VmFunc *func;
    uint32_t ncode;         /* words */
    int32_t start_line;
    const uint8_t *lines;   uint32_t nlines;
    const uint8_t *maps;    uint32_t nmaps;
    uint32_t recover_pc;    /* word index of the recover exit; 0: none */
    uint32_t ninlines;
    const struct InlineInfo *inlines;
    const struct FrameObject *objects; /* what pointers may lead to: scanned when one does; direct uses are in the maps */
    uint32_t nobjects;
    uint32_t args_ptrs_words;  /* of args_ptrs */
    const uint8_t *args_ptrs;  /* bitmap over parameter slots that hold pointers, at entry */
};
/* An entry with an empty func is no inlined call: it says that the position lies in another file (image_pc_file). */
typedef struct InlineInfo { const char *func, *file; int32_t call_line, parent; } InlineInfo;
typedef struct FrameObject { uint32_t slot, nslots; const uint8_t *ptrmask; } FrameObject;

#endif
