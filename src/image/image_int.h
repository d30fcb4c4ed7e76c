/* The file layout of an image, shared by linker, loader and dumper. File offset = memory offset; the data
 * section is last, so that bss follows it in memory only. All numbers little-endian. */
#ifndef VOLE_IMAGE_INT_H
#define VOLE_IMAGE_INT_H

#include "image/image.h"

enum { IMAGE_PAGE = 4096, BUILD_ID_MAX = 64 };

typedef enum SectionKind {
    SEC_CODE,      /* words of all functions */
    SEC_FUNCS,     /* VmFunc[], in code order */
    SEC_INFOS,     /* FuncInfo[], one per VmFunc */
    SEC_TABLES,    /* lines, maps, inline tables, frame objects, names */
    SEC_RODATA,
    SEC_SYMBOLS,   /* SymEntry[] sorted by (hash, check, name) */
    SEC_SYMNAMES,  /* u32 length + bytes each */
    SEC_RELOCS,    /* varint word deltas of all absolute 8-byte addresses */
    SEC_ROOTMASK,  /* 1 bit per word of the root range */
    SEC_EXPORT,
    SEC_DATA,
    SEC_COUNT,
} SectionKind;

typedef struct Section { uint64_t off, size; } Section;

typedef struct ImageHeader {
    uint64_t magic;
    uint32_t version, nsections;
    uint64_t base;        /* address it is linked for */
    uint64_t file_size, mem_size;
    uint64_t entry;       /* address of a VmFunc or 0 */
    uint64_t abi_hash;
    uint64_t root_off, root_words; /* words that may hold heap pointers, within data and bss */
    uint64_t nfuncs, nsyms;
    uint8_t build_id[BUILD_ID_MAX], base_build_id[BUILD_ID_MAX]; /* zero-padded */
    Section sections[SEC_COUNT];
    uint64_t contents;    /* checksum of the file behind the header; not looked at in files that we wrote ourselves (Images.trusted) */
    uint64_t checksum;    /* of the header up to here */
} ImageHeader;
_Static_assert(sizeof(ImageHeader) <= IMAGE_PAGE, "the header is one page");

/* hash, check: of the name, which a search does not read (its pages would count for each program); name: in SEC_SYMNAMES;
 * off: from the image space's base */
typedef struct SymEntry { uint32_t hash, check, name, off; } SymEntry;

struct Image {
    uint8_t *mem;         /* where it lies */
    ImageHeader h;
    uint64_t map_size;
    const VmFunc *funcs;
    uint64_t nfuncs;
};

/* hash in the low half, uniform; check in the high half */
static inline uint64_t symbol_hash(Str name) {
    uint64_t h = hash_bytes(name.p, name.n, 0x766f6c65);
    h = (h ^ h >> 32) * 0x9e3779b97f4a7c15ull;
    return h ^ h >> 32;
}

static inline uint64_t image_contents(const void *image, uint64_t file_size) {
    return hash_bytes((const uint8_t *)image + sizeof(ImageHeader), file_size - sizeof(ImageHeader), 2);
}

#endif
