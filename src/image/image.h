/* image: links symbols into an image, maps images, finds things in them.
 *
 * A job links into one blob; the same bytes are either written to a file or handed straight to
 * image_load_blob. Images are verified structurally before use; every error is a message. */
#ifndef VOLE_IMAGE_H
#define VOLE_IMAGE_H

#include "image/format.h"
#include "ir/sym.h"

typedef struct Image Image;   /* a loaded one */
typedef struct Images {       /* the images of one program, in load order: std.vole first */
    VEC(Image *) list;
    uint64_t next_addr;       /* where the next image is linked for */
    bool relocated;           /* IMAGE_SPACE_BASE could not be had */
    uint64_t space;           /* where the image space really lies: NameOff etc. are relative to it */
    uint64_t space_size;      /* how much of it is reserved: IMAGE_SPACE_SIZE, or less */
    uint64_t abi_hash;        /* nonzero: images must carry it (LinkOptions.abi_hash) */
    bool trusted;             /* files were written by us: skip the checks that read every page */
} Images;

/* What the code layer hands over for a function symbol. */
typedef struct CodeFunc {
    uint64_t *words; uint32_t nwords;
    struct CodeReloc { uint32_t word; uint8_t kind; Sym *sym; int64_t addend; const struct IrType *type; } *relocs; uint32_t nrelocs; /* type: see code_resolve_unit */
    uint32_t frame_slots; uint16_t param_slots, result_slots;
    uint32_t flags;             /* VMFUNC_* */
    Str name, file; int start_line;
    uint8_t *lines; uint32_t nlines;
    uint8_t *maps; uint32_t nmaps;
    uint32_t recover_pc;
    FrameObject *objects; uint32_t nobjects; /* ptrmask: arena memory, sized nslots bits */
    uint8_t *args_ptrs; uint32_t args_ptrs_words;
    InlineInfo *inlines; uint32_t ninlines;
} CodeFunc;
enum { CODE_RELOC_ADDR64 = 1 /* the whole word is the absolute address of sym + addend (VmFunc for functions) */ };

typedef struct LinkOptions {
    uint64_t base;              /* address to link for (Images.next_addr) */
    const char *entry;          /* symbol to start at ("go:main") or NULL (std.vole) */
    Str export_data;            /* opaque section: package index + export blobs (written by build) */
    Str build_id;               /* content hash that users of this image record */
    Str base_build_id;          /* build id of the image it is linked against, or empty */
    uint64_t abi_hash;          /* fingerprint of the op and native tables that the code relies on */
    int (*native_find)(Str name); /* number of a native or -1; NULL: there are none */
    /* Slots of a native; may be NULL (then Sym's own numbers are used). */
    void (*native_slots)(int number, uint16_t *params, uint16_t *results);
    const char *work_dir;       /* relative names of source files are relative to it; may be NULL */
    bool allow_undefined;       /* undefined data becomes 64 zero bytes instead of an error (bring-up) */
    void (*undefined)(void *ctx, Str name, bool is_func); /* told of each undefined symbol; may be NULL */
    void *undefined_ctx;
} LinkOptions;
/* Lays out all defined symbols of t. Undefined functions become natives when native_find knows them, else
 * their body is the native "vole.noBody", which panics "vole: function NAME has no body"; undefined data
 * is an error. Sets Sym.addr of all symbols. */
nodiscard bool image_link(SymTab *t, const LinkOptions *opt, Buf *out, const char **err);
nodiscard bool image_load_file(Images *im, const char *path, Image **out, const char **err);
/* The file may begin with a line "#!..."; the image follows it at once or at the next page. */
enum { IMAGE_SHEBANG_SIZE = 4096 };
nodiscard bool image_peek_file(Arena *a, const char *path, Str *build_id, Str *base_build_id, const char **err);
nodiscard bool image_load_blob(Images *im, Buf *blob, Image **out, const char **err); /* takes the blob */
void image_unload(Images *im, Image *img); /* the one loaded last, which nothing refers to */
void images_free(Images *im);

/* Text of everything in the image: sections, symbols, functions (disasm may be NULL), relocation count. */
void image_dump(Images *im, Image *img, FILE *out, void (*disasm)(FILE *out, const VmFunc *f));

uint64_t image_lookup(Images *im, Str symbol);        /* address or 0; all images */
const VmFunc *image_find_func(Images *im, const uint64_t *pc); /* which function holds this word */
const VmFunc *image_func_at(Images *im, uint64_t addr); /* the function whose VmFunc is at addr, or NULL */
const VmFunc *image_functions(Image *im, uint64_t *n);
bool image_holds(Images *im, uint64_t addr, uint64_t n); /* n bytes from addr on lie in the space of loaded images */
Str image_export_data(Image *im);
Str image_build_id(Image *im);
const VmFunc *image_entry(Image *im);
/* Line of a pc (of the instruction itself: pass return pc - 1). inline_index: -1 or innermost inline entry. */
bool image_pc_line(const VmFunc *f, const uint64_t *pc, int *line, int *inline_index);
/* File of a pc's own frame (the outermost one when calls are inlined there): FuncInfo.file, or another one where
 * //line or a package's init function mix files. */
bool image_pc_unsigned(const VmFunc *f, const uint64_t *pc); /* an index instruction with an unsigned index */
const char *image_pc_file(const VmFunc *f, const uint64_t *pc);
/* The entry that inline entry i is inlined into, or -1; *file is set when the caller's position lies in another file
 * than its function. */
int image_inline_parent(const VmFunc *f, int i, const char **file);
/* Live pointer slots at a safepoint (key: the word *after* the instruction, i.e. the return pc); bitmap over
 * frame slots from FRAME_ARGS on. NULL when pc is no safepoint. */
const uint8_t *image_pc_map(const VmFunc *f, const uint64_t *pc, uint32_t *nslots);
/* Root data: fn(ctx, start, nwords, ptrmask) for each writable section. */
void image_each_root(Images *im, void (*fn)(void *ctx, void **start, size_t nwords, const uint8_t *mask), void *ctx);
/* Type descriptors of an image, for reflect's compiledTypelinks. */
void image_each_symbol(Image *im, const char *prefix, void (*fn)(void *ctx, Str name, uint64_t addr), void *ctx);

#endif
