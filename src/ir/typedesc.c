/* Type descriptors (abi.Type and what follows it) and interface tables, as data symbols.
 *
 * A descriptor's symbol is "type:" + link name, so that one exists per identical type and image set. Laying one
 * out names others: a queue in the unit keeps that from recursing. Equality and hashing are function
 * values over two natives that get the type from their context: {runtime.typeEqual, type},
 * {runtime.typeHash, type}. Layouts: rt/abi.h says the same to C. */
#include "ir/core_int.h"

#include <stdlib.h>

enum {
    K_BOOL = 1,
    K_INT,
    K_INT8,
    K_INT16,
    K_INT32,
    K_INT64,
    K_UINT,
    K_UINT8,
    K_UINT16,
    K_UINT32,
    K_UINT64,
    K_UINTPTR,
    K_FLOAT32,
    K_FLOAT64,
    K_COMPLEX64,
    K_COMPLEX128,
    K_ARRAY,
    K_CHAN,
    K_FUNC,
    K_INTERFACE,
    K_MAP,
    K_POINTER,
    K_SLICE,
    K_STRING,
    K_STRUCT,
    K_UNSAFEPOINTER,
};
enum { T_UNCOMMON = 1, T_NAMED = 4, T_REGULARMEM = 8, T_DIRECTIFACE = 32 };
enum { NAME_EXPORTED = 1, NAME_TAG = 2, NAME_PKGPATH = 4, NAME_EMBEDDED = 8 };
enum { /* offsets in abi.Type and the sizes of the kinds' structs */
       O_SIZE = 0,
       O_PTRBYTES = 8,
       O_HASH = 16,
       O_TFLAG = 20,
       O_ALIGN = 21,
       O_FIELDALIGN = 22,
       O_KIND = 23,
       O_EQUAL = 24,
       O_GCDATA = 32,
       O_STR = 40,
       O_PTRTOTHIS = 44,
       O_END = 48,
};

static void put32(Sym *s, uint64_t off, uint32_t v) { memcpy(s->data + off, &v, 4); }
static void put64(Sym *s, uint64_t off, uint64_t v) { memcpy(s->data + off, &v, 8); }
static void put16(Sym *s, uint64_t off, uint16_t v) { memcpy(s->data + off, &v, 2); }
static void addr(IrUnit *u, Sym *s, uint64_t off, Sym *to) {
    sym_reloc(u->syms, s, (uint32_t)off, RELOC_ADDR, to, 0);
}
static void off32(IrUnit *u, Sym *s, uint64_t off, Sym *to) {
    sym_reloc(u->syms, s, (uint32_t)off, RELOC_OFF32, to, 0);
}

/* ---- Names ----------------------------------------------------------------------------------------- */

static void put_varint(Buf *b, size_t v) {
    for (; v >= 128; v >>= 7) buf_putc(b, (char)(v | 128));
    buf_putc(b, (char)v);
}

Sym *core_name_symbol(IrUnit *u, Str name, Str tag, bool exported, bool embedded,
                      const Str *pkg_path) {
    Buf b = {0};
    int flags = (exported ? NAME_EXPORTED : 0) | (tag.n ? NAME_TAG : 0) |
                (pkg_path ? NAME_PKGPATH : 0) | (embedded ? NAME_EMBEDDED : 0);
    buf_putc(&b, (char)flags);
    put_varint(&b, name.n);
    buf_put(&b, name.p, name.n);
    if (tag.n) {
        put_varint(&b, tag.n);
        buf_put(&b, tag.p, tag.n);
    }
    Sym *s;
    if (!pkg_path) s = sym_string_bytes(u->syms, buf_str(&b));
    else {
        Buf key = {0};
        buf_printf(&key, "go:name.%d.", flags);
        buf_put(&key, name.p, name.n);
        buf_printf(&key, ".%.*s.%.*s", STR_FMT(tag), STR_FMT(*pkg_path));
        s = sym_get(u->syms, buf_str(&key));
        buf_free(&key);
        if (sym_begin_define(u->syms, s, SYM_RODATA)) {
            size_t n = b.len;
            static const char zero[4];
            buf_put(&b, zero, 4);
            s->dupok = true;
            sym_set_data(u->syms, s, b.data, b.len, 1);
            off32(u, s, n, core_name_symbol(u, *pkg_path, STR(""), false, false, NULL));
        }
    }
    buf_free(&b);
    return s;
}

/* ---- Properties of types ----------------------------------------------------------------------------- */

bool ir_is_direct(IrUnit *u, Type *t) {
    Type *under = type_underlying(t);
    if (under->kind == TYPE_INTERFACE) return false;
    const IrType *r = irtype_of(u, t);
    return r->size == 8 && r->has_ptrs; /* the only word is a pointer */
}

static bool is_named(Type *t) {
    t = type_unalias(t);
    return t->kind == TYPE_NAMED || t->kind == TYPE_BASIC;
}

/* Equality of t is equality of its bytes. */
static bool is_regular(Type *t) {
    t = type_underlying(t);
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC: {
        int info = ((BasicType *)t)->info;
        return !(info & (BF_FLOAT | BF_COMPLEX | BF_STRING));
    }
    case TYPE_POINTER:
    case TYPE_CHAN: return true;
    case TYPE_ARRAY: return is_regular(((ArrayType *)t)->elem);
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        int64_t at = 0, off = 0;
        for (int i = 0; i < s->fields.len; i++) {
            Type *ft = object_type(s->fields.at[i]);
            off = struct_next_offset(s, i, off);
            if (s->fields.at[i]->name->blank || off != at || !is_regular(ft)) return false;
            at += type_size(ft);
        }
        return at == type_size(t);
    }
    default: return false;
    }
}

static bool needs_key_update(Type *t) {
    t = type_underlying(t);
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC: return ((BasicType *)t)->info & (BF_FLOAT | BF_COMPLEX | BF_STRING);
    case TYPE_INTERFACE: return true;
    case TYPE_ARRAY: return needs_key_update(((ArrayType *)t)->elem);
    case TYPE_STRUCT:
        for (int i = 0; i < ((StructType *)t)->fields.len; i++)
            if (needs_key_update(object_type(((StructType *)t)->fields.at[i]))) return true;
        return false;
    default: return false;
    }
}
static bool hash_might_panic(Type *t) {
    t = type_underlying(t);
    switch ((TypeKind)t->kind) {
    case TYPE_INTERFACE: return true;
    case TYPE_ARRAY: return hash_might_panic(((ArrayType *)t)->elem);
    case TYPE_STRUCT:
        for (int i = 0; i < ((StructType *)t)->fields.len; i++)
            if (hash_might_panic(object_type(((StructType *)t)->fields.at[i]))) return true;
        return false;
    default: return false;
    }
}

static int kind_of(Type *under) {
    switch ((TypeKind)under->kind) {
    case TYPE_BASIC:
        switch ((BasicKind)((BasicType *)under)->basic) {
        case BASIC_BOOL:
        case BASIC_UNTYPED_BOOL: return K_BOOL;
        case BASIC_INT:
        case BASIC_UNTYPED_INT: return K_INT;
        case BASIC_INT8: return K_INT8;
        case BASIC_INT16: return K_INT16;
        case BASIC_INT32:
        case BASIC_UNTYPED_RUNE: return K_INT32;
        case BASIC_INT64: return K_INT64;
        case BASIC_UINT: return K_UINT;
        case BASIC_UINT8: return K_UINT8;
        case BASIC_UINT16: return K_UINT16;
        case BASIC_UINT32: return K_UINT32;
        case BASIC_UINT64: return K_UINT64;
        case BASIC_UINTPTR: return K_UINTPTR;
        case BASIC_FLOAT32: return K_FLOAT32;
        case BASIC_FLOAT64:
        case BASIC_UNTYPED_FLOAT: return K_FLOAT64;
        case BASIC_COMPLEX64: return K_COMPLEX64;
        case BASIC_COMPLEX128:
        case BASIC_UNTYPED_COMPLEX: return K_COMPLEX128;
        case BASIC_STRING:
        case BASIC_UNTYPED_STRING: return K_STRING;
        case BASIC_UNSAFEPTR: return K_UNSAFEPOINTER;
        default: bug("no descriptor for basic kind %d", ((BasicType *)under)->basic);
        }
    case TYPE_ARRAY: return K_ARRAY;
    case TYPE_CHAN: return K_CHAN;
    case TYPE_SIGNATURE: return K_FUNC;
    case TYPE_INTERFACE: return K_INTERFACE;
    case TYPE_MAP: return K_MAP;
    case TYPE_POINTER: return K_POINTER;
    case TYPE_SLICE: return K_SLICE;
    case TYPE_STRUCT: return K_STRUCT;
    default: bug("no descriptor for type kind %d", under->kind);
    }
}

/* ---- Methods ------------------------------------------------------------------------------------------ */

static int method_order(const Object *a, const Object *b) {
    if (a->name->exported != b->name->exported) return a->name->exported ? -1 : 1;
    int c = str_cmp(name_str(a->name), name_str(b->name));
    if (c || a->name->exported) return c;
    return str_cmp(core_pkg_path(a->pkg), core_pkg_path(b->pkg));
}
static int object_cmp(const void *a, const void *b) {
    return method_order(*(Object *const *)a, *(Object *const *)b);
}
static int entry_cmp(const void *a, const void *b) {
    return method_order(((const MethodSetEntry *)a)->obj, ((const MethodSetEntry *)b)->obj);
}

ObjectList ir_iface_methods(IrUnit *u, Type *iface) {
    IrCore *c = ir_core(u);
    c->iface_methods.arena = &u->arena;
    Type *under = type_underlying(iface);
    ObjectList *l = map_get_ptr(&c->iface_methods, under);
    if (l) return *l;
    TypeSet *ts = types_typeset((InterfaceType *)under);
    l = arena_new(&u->arena, ObjectList);
    l->len = ts->methods.len;
    l->at = arena_memdup(&u->arena, ts->methods.at, sizeof(Object *) * (size_t)l->len);
    if (l->len) qsort(l->at, (size_t)l->len, sizeof(Object *), object_cmp);
    map_set_ptr(&c->iface_methods, under, l);
    return *l;
}

MethodSet *core_method_set(IrUnit *u, Type *t) {
    IrCore *c = ir_core(u);
    c->method_sets.arena = &u->arena;
    MethodSet *ms = map_get_ptr(&c->method_sets, t);
    if (ms) return ms;
    MethodSet *all = type_method_set(u->ts, t);
    ms = arena_new(&u->arena, MethodSet);
    ms->at = arena_array(&u->arena, MethodSetEntry, all->len);
    for (int i = 0; i < all->len; i++) {
        SignatureType *sig = (SignatureType *)object_type(all->at[i].obj);
        if (!sig->tparams.len && !all->at[i].obj->name->blank) ms->at[ms->len++] = all->at[i];
    }
    if (ms->len) qsort(ms->at, (size_t)ms->len, sizeof *ms->at, entry_cmp);
    map_set_ptr(&c->method_sets, t, ms);
    return ms;
}

static bool can_have_methods(Type *t) {
    t = type_unalias(t);
    if (t->kind == TYPE_NAMED) return type_underlying(t)->kind != TYPE_INTERFACE;
    if (t->kind == TYPE_STRUCT) return true;
    if (t->kind != TYPE_POINTER) return false;
    Type *e = type_unalias(((PointerType *)t)->elem);
    return (e->kind == TYPE_NAMED && type_underlying(e)->kind != TYPE_INTERFACE) ||
           e->kind == TYPE_STRUCT;
}

static bool is_unsafe_pointer(Type *t) {
    t = type_unalias(t);
    return t->kind == TYPE_BASIC && ((BasicType *)t)->basic == BASIC_UNSAFEPTR;
}

static Package *type_pkg(IrUnit *u, Type *t) {
    t = type_unalias(t);
    if (is_unsafe_pointer(t)) return u->ts->unsafe_pkg;
    if (t->kind == TYPE_POINTER) t = type_unalias(((PointerType *)t)->elem);
    return t->kind == TYPE_NAMED ? ((NamedType *)t)->obj->pkg : NULL;
}

/* ---- Function objects ------------------------------------------------------------------------------------ */

/* {native, type descriptor}: a function value whose context names the type. */
static Sym *type_closure(IrUnit *u, const char *prefix, const char *native, Type *t) {
    Sym *s = core_sym(u, prefix, t);
    if (sym_begin_define(u->syms, s, SYM_RODATA)) {
        s->dupok = true;
        sym_alloc_data(u->syms, s, 16, 8);
        Sym *fn = sym_get(u->syms, str_c(native));
        fn->is_func = true;
        sym_reloc(u->syms, s, 0, RELOC_FUNC, fn, 0);
        addr(u, s, 8, ir_type_symbol(u, t));
    }
    return s;
}

/* ---- Descriptors ------------------------------------------------------------------------------------------ */

static Sym *str_name(IrUnit *u, Type *t) {
    Buf b = {0};
    type_print(&b, t, NULL, TYPENAME_REFLECT);
    Type *n = type_unalias(t);
    if (n->kind == TYPE_POINTER) n = type_unalias(((PointerType *)n)->elem);
    bool exported = n->kind == TYPE_NAMED && ((NamedType *)n)->obj->name->exported;
    Sym *s = core_name_symbol(u, buf_str(&b), STR(""), exported, false, NULL);
    buf_free(&b);
    return s;
}

static Sym *path_name(IrUnit *u, Package *p) {
    return core_name_symbol(u, core_pkg_path(p), STR(""), false, false, NULL);
}

static uint64_t kind_size(int kind) {
    switch (kind) {
    case K_ARRAY: return 72;
    case K_CHAN: return 64;
    case K_FUNC: return 56;
    case K_INTERFACE: return 80;
    case K_MAP: return 136;
    case K_POINTER:
    case K_SLICE: return 56;
    case K_STRUCT: return 80;
    default: return 48;
    }
}

/* An unexported name carries its package unless it is that of the type which it belongs to. */
static Sym *member_name(IrUnit *u, Object *o, Package *home) {
    bool exported = o->name->exported;
    if (exported || o->pkg == home)
        return core_name_symbol(u, name_str(o->name), STR(""), exported, false, NULL);
    Str path = core_pkg_path(o->pkg);
    return core_name_symbol(u, name_str(o->name), STR(""), false, false, &path);
}

static Type *plain_signature(IrUnit *u, Object *m) {
    SignatureType *sig = (SignatureType *)object_type(m);
    if (!sig->recv) return &sig->t;
    return type_new_signature(u->ts, NULL, sig->params, sig->results, sig->variadic);
}

static void fill_interface(IrUnit *u, Sym *s, Type *t, Type *under, uint64_t extra) {
    ObjectList ms = ir_iface_methods(u, under);
    Package *home = type_unalias(t)->kind == TYPE_NAMED ? type_pkg(u, t) : NULL;
    if (!home)
        for (int i = 0; i < ms.len; i++)
            if (!ms.at[i]->name->exported) home = ms.at[i]->pkg;
    if (home) addr(u, s, 48, path_name(u, home));
    sym_reloc(u->syms, s, 56, RELOC_ADDR, s, (int64_t)extra);
    put64(s, 64, (uint64_t)ms.len);
    put64(s, 72, (uint64_t)ms.len);
    for (int i = 0; i < ms.len; i++) {
        off32(u, s, extra + (uint64_t)i * 8, member_name(u, ms.at[i], home));
        off32(u, s, extra + (uint64_t)i * 8 + 4, ir_type_symbol(u, plain_signature(u, ms.at[i])));
    }
}

static void fill_struct(IrUnit *u, Sym *s, StructType *st, uint64_t extra) {
    Package *home = NULL;
    for (int i = 0; i < st->fields.len && !home; i++)
        if (!st->fields.at[i]->name->exported) home = st->fields.at[i]->pkg;
    if (home) addr(u, s, 48, path_name(u, home));
    sym_reloc(u->syms, s, 56, RELOC_ADDR, s, (int64_t)extra);
    put64(s, 64, (uint64_t)st->fields.len);
    put64(s, 72, (uint64_t)st->fields.len);
    int64_t off = 0;
    for (int i = 0; i < st->fields.len; i++) {
        Object *f = st->fields.at[i];
        off = struct_next_offset(st, i, off);
        uint64_t at = extra + (uint64_t)i * 24;
        addr(u, s, at,
             core_name_symbol(u, name_str(f->name), st->tags ? st->tags[i] : STR(""),
                              f->name->exported, f->embedded, NULL));
        addr(u, s, at + 8, ir_type_symbol(u, object_type(f)));
        put64(s, at + 16, (uint64_t)off);
    }
}

static void fill_func(IrUnit *u, Sym *s, SignatureType *sig, uint64_t extra) {
    int nin = sig->params ? sig->params->vars.len : 0,
        nout = sig->results ? sig->results->vars.len : 0;
    put16(s, 48, (uint16_t)nin);
    put16(s, 50, (uint16_t)(nout | (sig->variadic ? 0x8000 : 0)));
    for (int i = 0; i < nin; i++)
        addr(u, s, extra + (uint64_t)i * 8,
             ir_type_symbol(u, object_type(sig->params->vars.at[i])));
    for (int i = 0; i < nout; i++)
        addr(u, s, extra + (uint64_t)(nin + i) * 8,
             ir_type_symbol(u, object_type(sig->results->vars.at[i])));
}

/* How a map lies in memory: groups of 8 control bytes, then slots of key and element; large ones are pointers. */
typedef struct MapLayout { uint64_t size, slot, elem_off; uint32_t flags; } MapLayout;
enum { MAP_SLOTS = 8 };

static MapLayout map_layout(MapType *m) {
    enum { MAX_INLINE = 128 };
    uint64_t ks = (uint64_t)type_size(m->key), es = (uint64_t)type_size(m->elem);
    uint64_t ka = (uint64_t)type_align(m->key), ea = (uint64_t)type_align(m->elem);
    MapLayout l = {.flags = (needs_key_update(m->key) ? 1 : 0) | (hash_might_panic(m->key) ? 2 : 0)};
    if (ks > MAX_INLINE) ks = ka = 8, l.flags |= 4;
    if (es > MAX_INLINE) es = ea = 8, l.flags |= 8;
    uint64_t align = ka > ea ? ka : ea;
    l.elem_off = (ks + ea - 1) / ea * ea;
    l.slot = l.elem_off + (es ? es : 1); /* a final zero-size field is padded */
    l.slot = (l.slot + align - 1) / align * align;
    l.size = 8 + MAP_SLOTS * l.slot;
    return l;
}

/* Sets the bits of a group's pointer words, the first being bit `first`; the number of words up to the last one. */
static uint64_t map_group_mask(IrUnit *u, MapType *m, const MapLayout *l, uint8_t *mask, uint64_t first) {
    const IrType *part[2] = {irtype_of(u, m->key), irtype_of(u, m->elem)};
    uint64_t words = 0;
    for (uint64_t i = 0; i < MAP_SLOTS; i++)
        for (int k = 0; k < 2; k++) {
            uint64_t at = (8 + i * l->slot + (k ? l->elem_off : 0)) / 8;
            bool indirect = l->flags & (k ? 8u : 4u);
            uint64_t n = indirect ? 1 : part[k]->has_ptrs ? part[k]->size / 8 : 0;
            for (uint64_t w = 0; w < n; w++)
                if (indirect || (part[k]->ptrmask[w / 8] >> (w % 8) & 1)) {
                    mask[(first + at + w) / 8] |= (uint8_t)(1u << ((first + at + w) % 8));
                    words = at + w + 1;
                }
        }
    return words;
}

uint64_t ir_map_group(IrUnit *u, Type *map, uint8_t *mask, uint64_t first, uint64_t max) {
    pthread_mutex_lock(&u->ts->lock);
    MapType *m = (MapType *)type_underlying(map);
    MapLayout l = map_layout(m);
    if (l.size <= max) map_group_mask(u, m, &l, mask, first);
    pthread_mutex_unlock(&u->ts->lock);
    return l.size;
}

/* The type of a map's groups: a bare descriptor, what the allocator and the collector need. */
static Sym *map_group(IrUnit *u, Sym *map, MapType *m, const MapLayout *l) {
    Buf b = {0};
    buf_printf(&b, "go:mapgroup.%.*s", STR_FMT(map->name));
    Sym *g = sym_get(u->syms, buf_str(&b));
    buf_free(&b);
    g->dupok = true;
    if (!sym_begin_define(u->syms, g, SYM_RODATA)) return g;
    sym_alloc_data(u->syms, g, 80, 8);
    uint8_t *mask = arena_alloc(&u->arena, l->size / 64 + 16);
    uint64_t words = map_group_mask(u, m, l, mask, 0);
    put64(g, O_SIZE, l->size);
    put64(g, O_PTRBYTES, words * 8);
    put32(g, O_HASH, 1);
    g->data[O_ALIGN] = g->data[O_FIELDALIGN] = 8;
    g->data[O_KIND] = K_STRUCT;
    if (words)
        addr(u, g, O_GCDATA, sym_string_bytes(u->syms, (Str){(const char *)mask, (words + 7) / 8}));
    return g;
}

static void fill_map(IrUnit *u, Sym *s, MapType *m) {
    MapLayout l = map_layout(m);
    addr(u, s, 48, ir_type_symbol(u, m->key));
    addr(u, s, 56, ir_type_symbol(u, m->elem));
    addr(u, s, 72, type_closure(u, "hash:", "runtime.typeHash", m->key));
    addr(u, s, 64, map_group(u, s, m, &l));
    put64(s, 80, l.size);
    put64(s, 88, 8);
    put64(s, 96, l.slot);
    put64(s, 104, 8 + l.elem_off);
    put64(s, 112, l.slot);
    put64(s, 120, l.elem_off);
    put32(s, 128, l.flags);
}

static void fill_uncommon(IrUnit *u, Sym *s, Type *t, uint64_t at, uint64_t methods,
                          MethodSet *ms) {
    Package *home = type_pkg(u, t);
    if (home) off32(u, s, at, path_name(u, home));
    uint16_t exported = 0;
    for (int i = 0; i < ms->len; i++) exported += ms->at[i].obj->name->exported;
    put16(s, at + 4, (uint16_t)ms->len);
    put16(s, at + 6, exported);
    put32(s, at + 8, (uint32_t)(methods - at));
    for (int i = 0; i < ms->len; i++) {
        uint64_t m = methods + (uint64_t)i * 16;
        off32(u, s, m, member_name(u, ms->at[i].obj, home));
        off32(u, s, m + 4, ir_type_symbol(u, plain_signature(u, ms->at[i].obj)));
        Sym *ifn = ir_method_ifn(u, t, &ms->at[i]), *tfn = ir_method_tfn(u, t, &ms->at[i]);
        ifn->is_func = tfn->is_func = true;
        off32(u, s, m + 8, ifn);
        off32(u, s, m + 12, tfn);
    }
}

static uint32_t type_hash(Sym *s) {
    uint64_t h = hash_bytes(s->name.p, s->name.n, 0x676f7479);
    return (uint32_t)(h ^ (h >> 32));
}

static void lay_out(IrUnit *u, Sym *s, Type *t) {
    static MethodSet no_methods;
    Type *under = type_underlying(t), *plain = type_unalias(t);
    const IrType *r = irtype_of(u, t);
    int kind = kind_of(under);
    MethodSet *ms = can_have_methods(t) ? core_method_set(u, t) : &no_methods;
    bool uncommon = plain->kind == TYPE_NAMED || ms->len || is_unsafe_pointer(t);
    uint64_t extra_at = kind_size(kind) + (uncommon ? 16 : 0), extra = 0;
    if (kind == K_INTERFACE) extra = (uint64_t)ir_iface_methods(u, under).len * 8;
    if (kind == K_STRUCT) extra = (uint64_t)((StructType *)under)->fields.len * 24;
    if (kind == K_FUNC) {
        SignatureType *sig = (SignatureType *)under;
        extra = (uint64_t)((sig->params ? sig->params->vars.len : 0) +
                           (sig->results ? sig->results->vars.len : 0)) *
                8;
    }
    uint64_t methods_at = extra_at + extra;
    sym_alloc_data(u->syms, s, methods_at + (uint64_t)ms->len * 16, 8);

    uint64_t words = 0;
    for (uint64_t w = 0; r->has_ptrs && w < irtype_mask_words(r); w++)
        if (r->ptrmask[w / 8] >> (w % 8) & 1) words = w + 1;
    put64(s, O_SIZE, r->size);
    put64(s, O_PTRBYTES, words * 8);
    put32(s, O_HASH, type_hash(s));
    s->data[O_TFLAG] =
        (uint8_t)((uncommon ? T_UNCOMMON : 0) | (is_named(t) ? T_NAMED : 0) |
                  (is_regular(t) ? T_REGULARMEM : 0) | (ir_is_direct(u, t) ? T_DIRECTIFACE : 0));
    s->data[O_ALIGN] = s->data[O_FIELDALIGN] = r->align ? r->align : 1;
    s->data[O_KIND] = (uint8_t)kind;
    if (type_comparable(t)) addr(u, s, O_EQUAL, type_closure(u, "eq:", "runtime.typeEqual", t));
    if (words) {
        Sym *gc = sym_string_bytes(u->syms, (Str){(const char *)r->ptrmask, (words + 7) / 8});
        addr(u, s, O_GCDATA, gc);
    }
    off32(u, s, O_STR, str_name(u, t));
    bool ptr_methods = plain->kind == TYPE_NAMED && kind != K_INTERFACE;
    if (plain->kind == TYPE_STRUCT)
        ptr_methods = core_method_set(u, type_new_pointer(u->ts, t))->len > 0;
    if (ptr_methods) { /* reflect finds *T's methods from T */
        off32(u, s, O_PTRTOTHIS, ir_type_symbol(u, type_new_pointer(u->ts, t)));
    } else if (plain->kind == TYPE_NAMED || kind == K_STRUCT) {
        Sym *ptr = core_sym(u, "type:*", t);
        sym_reloc(u->syms, s, O_PTRTOTHIS, RELOC_WEAK_OFF32, ptr, 0);
    }
    switch (kind) {
    case K_ARRAY:
        addr(u, s, 48, ir_type_symbol(u, ((ArrayType *)under)->elem));
        addr(u, s, 56, ir_type_symbol(u, type_new_slice(u->ts, ((ArrayType *)under)->elem)));
        put64(s, 64, (uint64_t)((ArrayType *)under)->len);
        break;
    case K_CHAN:
        addr(u, s, 48, ir_type_symbol(u, ((ChanType *)under)->elem));
        put64(s, 56, ((ChanType *)under)->dir);
        break;
    case K_FUNC: fill_func(u, s, (SignatureType *)under, extra_at); break;
    case K_INTERFACE: fill_interface(u, s, t, under, extra_at); break;
    case K_MAP: fill_map(u, s, (MapType *)under); break;
    case K_POINTER: addr(u, s, 48, ir_type_symbol(u, ((PointerType *)under)->elem)); break;
    case K_SLICE: addr(u, s, 48, ir_type_symbol(u, ((SliceType *)under)->elem)); break;
    case K_STRUCT: fill_struct(u, s, (StructType *)under, extra_at); break;
    }
    if (uncommon) fill_uncommon(u, s, t, kind_size(kind), methods_at, ms);
}

/* Untyped constants that reach an interface are recorded converted; this is the last resort. */
static Type *typed(IrUnit *u, Type *t) {
    t = type_unalias(t);
    if (t->kind != TYPE_BASIC) return t;
    switch (((BasicType *)t)->basic) {
    case BASIC_UNTYPED_BOOL: return u->ts->basic[BASIC_BOOL];
    case BASIC_UNTYPED_INT: return u->ts->basic[BASIC_INT];
    case BASIC_UNTYPED_RUNE: return u->ts->basic[BASIC_INT32];
    case BASIC_UNTYPED_FLOAT: return u->ts->basic[BASIC_FLOAT64];
    case BASIC_UNTYPED_COMPLEX: return u->ts->basic[BASIC_COMPLEX128];
    case BASIC_UNTYPED_STRING: return u->ts->basic[BASIC_STRING];
    default: return t;
    }
}

Sym *ir_type_symbol(IrUnit *u, Type *t) {
    IrCore *c = ir_core(u);
    c->type_syms.arena = &u->arena;
    t = typed(u, t);
    Sym *s = map_get_ptr(&c->type_syms, t);
    if (s) return s;
    s = core_sym(u, "type:", t);
    map_set_ptr(&c->type_syms, t, s);
    if (!sym_begin_define(u->syms, s, SYM_RODATA)) return s;
    s->dupok = true;
    c->descs.arena = &u->arena;
    vec_push(&c->descs, ((PendingDesc){s, t}));
    if (c->desc_busy) return s;
    c->desc_busy = true;
    while (c->descs.len) {
        PendingDesc d = vec_pop(&c->descs);
        lay_out(u, d.sym, d.type);
    }
    c->desc_busy = false;
    return s;
}

Sym *ir_find_type_symbol(IrUnit *u, Type *t) {
    Sym *s = core_sym(u, "type:", typed(u, t));
    return s->kind != SYM_UNDEF || s->base_addr ? s : NULL;
}

Sym *ir_itab_symbol(IrUnit *u, Type *concrete, Type *iface) {
    Buf b = {0};
    buf_puts(&b, "itab:");
    type_print(&b, concrete, NULL, TYPENAME_LINK);
    buf_putc(&b, ',');
    type_print(&b, iface, NULL, TYPENAME_LINK);
    Sym *s = sym_get(u->syms, buf_str(&b));
    buf_free(&b);
    if (!sym_begin_define(u->syms, s, SYM_RODATA)) return s;
    s->dupok = true;
    ObjectList want = ir_iface_methods(u, iface);
    MethodSet *have = core_method_set(u, concrete);
    sym_alloc_data(u->syms, s, 24 + 8 * (size_t)(want.len ? want.len : 1), 8);
    addr(u, s, 0, ir_type_symbol(u, iface));
    Sym *ts = ir_type_symbol(u, concrete);
    addr(u, s, 8, ts);
    put32(s, 16, type_hash(ts));
    for (int i = 0, k = 0; i < want.len; i++, k++) {
        /* both lists are in the same order */
        while (k < have->len && method_order(have->at[k].obj, want.at[i])) k++;
        if (k == have->len)
            bug("%.*s: method %s is missing", STR_FMT(s->name), want.at[i]->name->p);
        Sym *fn = ir_method_ifn(u, concrete, &have->at[k]);
        fn->is_func = true;
        sym_reloc(u->syms, s, 24 + 8 * (uint32_t)i, RELOC_FUNC, fn, 0);
    }
    return s;
}
