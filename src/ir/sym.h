/* Linker symbols: named pieces of code and data with relocations between them.
 *
 * The builder makes data symbols (type descriptors, static data, strings, closures, itabs) and declares
 * functions; the code layer fills function symbols; the image layer lays them all out. A SymTab holds one
 * link job: a program or the whole standard library. Symbols are found by name, so that DUPOK ones (type
 * descriptors, instances of generics, wrappers) exist once, also against base images (std.vole): a symbol
 * that a base image defines has base_addr set and needs no body. Thread-safe by the table's lock.
 *
 * The order of symbols is the order of the image's parts, so it must not depend on which thread came first: while
 * several work, each says with sym_order_begin which unit it works for, a symbol is where the first unit that named it
 * would have put it, and symtab_settle sorts in the end. Strings and boxes of constants have no name in an image's
 * index: those that only bodies of a base image mention are named by their address (sym_at), so that what a unit makes
 * does not depend on whether another has already read such a body. */
#ifndef VOLE_SYM_H
#define VOLE_SYM_H

#include <pthread.h>
#include "base/base.h"

typedef enum SymKind {
    SYM_UNDEF,   /* referenced only; the linker reports it or makes a trap */
    SYM_FUNC,    /* a VmFunc (see image/format.h) whose code the code layer supplies */
    SYM_NATIVE,  /* a VmFunc whose body is a C function of natives.def with this name */
    SYM_RODATA,  /* never written: strings, names, tables */
    SYM_DATA,    /* writable, initialised; type descriptors and itabs also live here */
    SYM_BSS,     /* writable, zero */
} SymKind;

typedef enum RelocKind {
    RELOC_ADDR,  /* 8 bytes: absolute address of target + addend */
    RELOC_OFF32, /* 4 bytes: address of target + addend - IMAGE_SPACE_BASE (NameOff, TypeOff, TextOff) */
    RELOC_WEAK_OFF32, /* the same, 0 when the target is defined nowhere */
    RELOC_FUNC,  /* 8 bytes: address of the target's VmFunc (target is FUNC or NATIVE) */
} RelocKind;

typedef struct Sym Sym;
typedef struct Reloc {
    uint32_t off;
    uint8_t kind;
    Sym *target;
    int64_t addend;
} Reloc;

struct Sym {
    Str name;          /* unique, e.g. "fmt.Println", "type:map[string]int", "go:string.<hash>" */
    uint8_t kind;      /* SymKind */
    bool dupok;        /* may be defined by several packages; all definitions are equal */
    bool is_func;      /* UNDEF: known to be a function (a VmFunc is wanted), not data */
    uint16_t param_slots, result_slots; /* functions without a body: from their Go declaration */
    bool weak;         /* UNDEF: becomes BSS of this size when nobody defines it (linknamed variables) */
    bool keep_name;    /* goes into the image's symbol index (everything but strings does) */
    uint8_t align;     /* bytes, power of two; 0 means 8 */
    uint8_t *data;     /* RODATA, DATA: contents (size bytes, arena-owned) */
    uint64_t size;
    uint8_t *ptrmask;  /* DATA, BSS: 1 bit per 8-byte word that holds a heap pointer; NULL: none */
    VEC(Reloc) relocs;
    struct CodeFunc *code; /* FUNC: made by the code layer */
    void *ir;          /* FUNC: builder's own (what to build) */
    struct IrFunc *inl; /* FUNC: its optimised body when callers may copy it (opt/inline.c); lives with its unit */
    struct EscSummary *esc; /* FUNC: what it does with its parameters (opt/escape.c); NULL: not known */
    bool noescape;     /* FUNC without body: //go:noescape */
    bool base_asked;   /* base_entry was looked for */
    const void *base_entry; /* what the base image says of it (opt/bodies.c), or NULL */
    uint64_t base_addr; /* nonzero: defined in a base image, at this address */
    uint64_t addr;     /* set by the linker */
    uint32_t index;
    uint64_t order;    /* of those made since sym_order_begin, until symtab_settle: unit, count of names asked for; else 0 */
};

typedef struct SymTab {
    Arena arena;
    Map by_name;
    VEC(Sym *) all;    /* creation order: deterministic layout */
    pthread_mutex_t lock;
    /* finds a symbol in the base images; returns 0 when absent. May be NULL */
    uint64_t (*base_lookup)(void *ctx, Str name);
    void *base_ctx;
    uint64_t base_delta; /* where base images really lie minus where they are linked for */
    struct IrUnit *bodies;       /* opt/bodies.c: functions of base images, shared by all units of the job */
    pthread_mutex_t bodies_lock; /* protects it, and what is known of symbols of base images (inl, base_entry) */
} SymTab;

void symtab_init(SymTab *t);
void symtab_free(SymTab *t);
Sym *sym_get(SymTab *t, Str name);            /* finds or makes (UNDEF; base_addr filled by base_lookup) */
/* The same for a symbol that a base image is known to define, at addr: without a search there. named: it is in the
 * image's index. Else it is what was called so before sym_order_begin, or sym_at(addr). */
Sym *sym_get_base(SymTab *t, Str name, uint64_t addr, bool named);
Sym *sym_at(SymTab *t, uint64_t addr);        /* something of a base image without a name, by its address */
Sym *sym_find(SymTab *t, Str name);           /* NULL when absent */
/* First caller gets true and must define it; later callers (and base-defined symbols) get false. */
bool sym_begin_define(SymTab *t, Sym *s, SymKind kind);
void sym_set_data(SymTab *t, Sym *s, const void *p, size_t n, int align); /* copies */
void sym_alloc_data(SymTab *t, Sym *s, size_t n, int align);              /* zeroed; write to s->data */
void sym_reloc(SymTab *t, Sym *s, uint32_t off, RelocKind kind, Sym *target, int64_t addend);
enum { SYM_ORDER_NONE = -1 };
/* From here on the calling thread names symbols for unit number `unit` (from 1; 0: it is alone; SYM_ORDER_NONE: for all, what
 * no unit names itself comes last, by name); returns what to give to sym_order_end. The pair may stand inside of another. */
uint64_t sym_order_begin(int64_t unit);
void sym_order_end(uint64_t before);
void symtab_settle(SymTab *t, int first); /* brings all.at[first ...] into their order; no other thread is at work */
/* A call names it; several threads may say so. */
static inline void sym_set_func(Sym *s) { __atomic_store_n(&s->is_func, true, __ATOMIC_RELAXED); }
/* Whether a base image defines it; may be asked while others work. */
static inline bool sym_in_base(const Sym *s) { return __atomic_load_n(&s->base_addr, __ATOMIC_RELAXED) != 0; }
Sym *sym_string_bytes(SymTab *t, Str bytes);  /* deduplicated RODATA */

#endif
