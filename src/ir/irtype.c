/* The machine view of Go types: representation, slots, size and pointer words. Cached per Type pointer in
 * the unit (identical types may have several Type pointers; code compares representations, never IrTypes). */
#include "ir/ir_int.h"

/* Types that no memory can hold, but whose addresses and sizes programs may compute with: their slots and masks are
 * not true ones. */
enum { HUGE_SLOTS = 1 << 16 };
#define HUGE_BYTES ((uint64_t)1 << 34)

uint64_t irtype_mask_words(const IrType *t) { return t->size >= HUGE_BYTES ? HUGE_SLOTS : t->size / 8; }

const IrType irtype_none = {.rep = REP_NONE, .align = 1};

static inline void mask_set(uint8_t *m, uint64_t word) {
    m[word / 8] |= (uint8_t)(1 << (word % 8));
}

static bool type_has_ptrs(Type *t) {
    t = type_underlying(t);
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC: {
        int k = ((BasicType *)t)->basic;
        return k == BASIC_STRING || k == BASIC_UNSAFEPTR || k == BASIC_UNTYPED_STRING ||
               k == BASIC_UNTYPED_NIL;
    }
    case TYPE_ARRAY: return ((ArrayType *)t)->len > 0 && type_has_ptrs(((ArrayType *)t)->elem);
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        for (int i = 0; i < s->fields.len; i++)
            if (type_has_ptrs(object_type(s->fields.at[i]))) return true;
        return false;
    }
    default: return true;
    }
}

/* Marks the pointer words of a t at byte offset off. The first word of an interface is not marked: type
 * descriptors and itabs never lie in the collected heap, or are kept by reflect's tables. */
static void mask_fill(uint8_t *m, Type *t, uint64_t off) {
    t = type_underlying(t);
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC:
        if (type_has_ptrs(t)) mask_set(m, off / 8);
        break;
    case TYPE_ARRAY: {
        ArrayType *a = (ArrayType *)t;
        if (!type_has_ptrs(a->elem)) break;
        uint64_t size = (uint64_t)type_size(a->elem);
        for (int64_t i = 0; i < a->len; i++) mask_fill(m, a->elem, off + (uint64_t)i * size);
        break;
    }
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        int64_t at = 0;
        for (int i = 0; i < s->fields.len; i++) {
            Type *ft = object_type(s->fields.at[i]);
            at = struct_next_offset(s, i, at);
            if (type_has_ptrs(ft)) mask_fill(m, ft, off + (uint64_t)at);
        }
        break;
    }
    case TYPE_INTERFACE: mask_set(m, off / 8 + 1); break;
    default: mask_set(m, off / 8); break;
    }
}

static void set_rep(IrType *r, IrRep rep, uint64_t size, uint8_t align, uint32_t nslots) {
    r->rep = (uint8_t)rep;
    r->size = size;
    r->align = align;
    r->nslots = nslots;
}

static void set_int(IrType *r, int size, bool is_signed) {
    set_rep(r, REP_INT, (uint64_t)size, (uint8_t)size, 1);
    r->is_signed = is_signed;
}

static void fill_basic(IrType *r, int basic) {
    switch ((BasicKind)basic) {
    case BASIC_BOOL:
    case BASIC_UNTYPED_BOOL:
        set_int(r, 1, false);
        r->is_bool = true;
        break;
    case BASIC_INT8: set_int(r, 1, true); break;
    case BASIC_INT16: set_int(r, 2, true); break;
    case BASIC_INT32:
    case BASIC_UNTYPED_RUNE: set_int(r, 4, true); break;
    case BASIC_INT:
    case BASIC_INT64:
    case BASIC_UNTYPED_INT: set_int(r, 8, true); break;
    case BASIC_UINT8: set_int(r, 1, false); break;
    case BASIC_UINT16: set_int(r, 2, false); break;
    case BASIC_UINT32: set_int(r, 4, false); break;
    case BASIC_UINT:
    case BASIC_UINT64:
    case BASIC_UINTPTR: set_int(r, 8, false); break;
    case BASIC_FLOAT32: set_rep(r, REP_F32, 4, 4, 1); break;
    case BASIC_FLOAT64:
    case BASIC_UNTYPED_FLOAT: set_rep(r, REP_F64, 8, 8, 1); break;
    case BASIC_COMPLEX64: set_rep(r, REP_C64, 8, 4, 1); break;
    case BASIC_COMPLEX128:
    case BASIC_UNTYPED_COMPLEX: set_rep(r, REP_C128, 16, 8, 2); break;
    case BASIC_STRING:
    case BASIC_UNTYPED_STRING: set_rep(r, REP_STR, 16, 8, 2); break;
    case BASIC_UNSAFEPTR:
    case BASIC_UNTYPED_NIL: set_rep(r, REP_PTR, 8, 8, 1); break;
    default: bug("no machine type for basic kind %d", basic);
    }
}

const IrType *irtype_of(IrUnit *u, Type *t) {
    IrType *r = map_get_ptr(&u->types, t);
    if (r) return r;
    Type *under = type_underlying(t);
    if (type_unalias(t)->kind == TYPE_TYPEPARAM) {
        Buf b = {0};
        type_print(&b, t, NULL, TYPENAME_MESSAGE);
        bug("type parameter %s reached code generation", b.data);
    }
    if (under->kind == TYPE_TUPLE) {
        TupleType *tt = (TupleType *)under;
        int n = tt->vars.len;
        if (n == 1) return irtype_of(u, object_type(tt->vars.at[0]));
        const IrType **elems = arena_array(&u->arena, const IrType *, n);
        for (int i = 0; i < n; i++) elems[i] = irtype_of(u, object_type(tt->vars.at[i]));
        r = (IrType *)irtype_tuple(u, elems, n);
        map_set_ptr(&u->types, t, r);
        return r;
    }
    r = arena_new(&u->arena, IrType);
    r->type = t;
    switch ((TypeKind)under->kind) {
    case TYPE_BASIC: fill_basic(r, ((BasicType *)under)->basic); break;
    case TYPE_SLICE: set_rep(r, REP_SLICE, 24, 8, 3); break;
    case TYPE_INTERFACE: {
        set_rep(r, REP_IFACE, 16, 8, 2);
        r->eface = types_typeset((InterfaceType *)under)->methods.len == 0;
        break;
    }
    case TYPE_POINTER:
    case TYPE_MAP:
    case TYPE_CHAN:
    case TYPE_SIGNATURE: set_rep(r, REP_PTR, 8, 8, 1); break;
    case TYPE_ARRAY:
    case TYPE_STRUCT: {
        uint64_t size = (uint64_t)type_size(under);
        if ((int64_t)size < 0) {
            Pos pos = t->kind == TYPE_NAMED ? ((NamedType *)t)->obj->pos : 0;
            diag_error(u->ts->syn, pos, 0, "type is nested too deeply or larger than address space");
            size = 8;
        }
        bool huge = size >= HUGE_BYTES;
        set_rep(r, size ? REP_AGG : REP_NONE, size, (uint8_t)type_align(under),
                huge ? HUGE_SLOTS : (uint32_t)((size + 7) / 8));
        break;
    }
    default: bug("no machine type for type kind %d", under->kind);
    }
    r->has_ptrs = r->size && type_has_ptrs(under);
    if (r->has_ptrs) {
        uint8_t *m = arena_alloc(&u->arena, (irtype_mask_words(r) + 7) / 8 + 1);
        if (r->size >= HUGE_BYTES) memset(m, 0xff, HUGE_SLOTS / 8);
        else mask_fill(m, under, 0);
        r->ptrmask = m;
    }
    map_set_ptr(&u->types, t, r);
    return r;
}

const IrType *irtype_int(IrUnit *u) { return irtype_of(u, u->ts->basic[BASIC_INT]); }
const IrType *irtype_bool(IrUnit *u) { return irtype_of(u, u->ts->basic[BASIC_BOOL]); }
const IrType *irtype_ptr(IrUnit *u) { return irtype_of(u, u->ts->basic[BASIC_UNSAFEPTR]); }
