/* Static data: initialisers of package-level variables that need no code.
 *
 * lay() walks an initialiser twice: dry, to see whether all of it is static (constants, addresses of variables
 * and of composite literals, slices over static arrays, function values, conversions of such to
 * interfaces, copies of variables that are static and never assigned), then for real, writing bytes and
 * relocations into the variable's symbol and into nameless ones. Std has a few hundred thousand composite literal
 * leaves; run as code they would cost more than most programs.
 *
 * Memory that Go code can write (what &T{} and slice literals point to) gets its pointer mask, so that it is a
 * root; boxed values of interfaces cannot be written and point only to static memory: no mask. */
#include "ir/core_int.h"

#include <stdlib.h>

typedef struct Lay {
    IrUnit *u;
    Package *pkg;
    bool dry;
    bool values_only; /* no addresses of writable memory (ir_static_value) */
} Lay;

enum { SIZE_MAX_STATIC = 256 << 20 };

static bool lay(Lay *l, Sym *s, uint64_t off, Expr *e, Type *t);

static Sym *temp_symbol(Lay *l, Type *t, bool writable) {
    IrUnit *u = l->u;
    Buf b = {0};
    Str path = core_pkg_path(l->pkg);
    buf_printf(&b, "%.*s..stmp_%u", STR_FMT(path), ir_core(u)->ntemps++);
    Sym *s = sym_get(u->syms, buf_str(&b));
    buf_free(&b);
    if (!sym_begin_define(u->syms, s, writable ? SYM_DATA : SYM_RODATA))
        bug("%.*s is defined twice", STR_FMT(s->name));
    const IrType *r = irtype_of(u, t);
    s->keep_name = false;
    sym_alloc_data(u->syms, s, r->size, r->size >= 8 ? 8 : r->align);
    if (writable) s->ptrmask = core_mask_copy(u, r);
    return s;
}

static void put_addr(Lay *l, Sym *s, uint64_t off, Sym *to, int64_t addend) {
    sym_reloc(l->u->syms, s, (uint32_t)off, RELOC_ADDR, to, addend);
}

/* ---- Constants ------------------------------------------------------------------------------------------ */

static Type *default_of(IrUnit *u, Type *t) {
    const BasicType *b = type_basic(t);
    if (!b || !(b->info & BF_UNTYPED)) return t;
    switch (b->basic) {
    case BASIC_UNTYPED_BOOL: return u->ts->basic[BASIC_BOOL];
    case BASIC_UNTYPED_INT: return u->ts->basic[BASIC_INT];
    case BASIC_UNTYPED_RUNE: return u->ts->basic[BASIC_INT32];
    case BASIC_UNTYPED_FLOAT: return u->ts->basic[BASIC_FLOAT64];
    case BASIC_UNTYPED_COMPLEX: return u->ts->basic[BASIC_COMPLEX128];
    case BASIC_UNTYPED_STRING: return u->ts->basic[BASIC_STRING];
    default: return t;
    }
}

static bool int_bits(const ConstVal *v, uint64_t *out) {
    int64_t i;
    if (const_int64(v, &i)) {
        *out = (uint64_t)i;
        return true;
    }
    if (const_uint64(v, out)) return true;
    if (const_kind(v) == CONST_FLOAT) {
        double d = const_float64(v);
        *out = d < 0 ? (uint64_t)(int64_t)d : (uint64_t)d;
        return true;
    }
    return false;
}

static void put_float(Sym *s, uint64_t off, const ConstVal *v, int size) {
    if (size == 4) {
        float f = const_float32(v);
        memcpy(s->data + off, &f, 4);
    } else {
        double d = const_float64(v);
        memcpy(s->data + off, &d, 8);
    }
}

static bool lay_const(Lay *l, Sym *s, uint64_t off, const ConstVal *v, Type *t) {
    const IrType *r = irtype_of(l->u, t);
    switch ((IrRep)r->rep) {
    case REP_INT: {
        uint64_t bits = 0;
        if (r->is_bool) {
            if (const_kind(v) != CONST_BOOL) return false;
            bits = const_bool(v);
        } else if (!int_bits(v, &bits)) return false;
        if (!l->dry) memcpy(s->data + off, &bits, r->size);
        return true;
    }
    case REP_PTR: { /* unsafe.Pointer(uintptr constant) */
        uint64_t bits = 0;
        if (!int_bits(v, &bits)) return false;
        if (!l->dry) memcpy(s->data + off, &bits, 8);
        return true;
    }
    case REP_F32:
    case REP_F64:
        if (const_kind(v) != CONST_INT && const_kind(v) != CONST_FLOAT) return false;
        if (!l->dry) put_float(s, off, v, (int)r->size);
        return true;
    case REP_C64:
    case REP_C128:
        if (l->dry) return true;
        put_float(s, off, const_real(v), (int)r->size / 2);
        put_float(s, off + r->size / 2, const_imag(v), (int)r->size / 2);
        return true;
    case REP_STR: {
        if (const_kind(v) != CONST_STRING) return false;
        Str str = const_string(v);
        if (l->dry || !str.n) return true;
        put_addr(l, s, off, sym_string_bytes(l->u->syms, str), 0);
        uint64_t n = str.n;
        memcpy(s->data + off + 8, &n, 8);
        return true;
    }
    default: return false;
    }
}

/* ---- Addresses ------------------------------------------------------------------------------------------ */

static Object *global_var(Expr *e) {
    Object *o = NULL;
    if (e->kind == EXPR_IDENT) o = ((Ident *)e)->obj;
    else if (e->kind == EXPR_SELECTOR && !((SelectorExpr *)e)->selection)
        o = ((SelectorExpr *)e)->sel->obj;
    return o && o->kind == OBJ_VAR && o->is_global ? o : NULL;
}

/* Byte offset of the field that index[0..n) leads to, without following pointers. */
static bool field_path(Type *t, const int *index, int n, int64_t *off, Type **ft) {
    for (int i = 0; i < n; i++) {
        Type *under = type_underlying(t);
        if (under->kind != TYPE_STRUCT) return false;
        StructType *st = (StructType *)under;
        if (index[i] < 0 || index[i] >= st->fields.len) return false;
        *off += struct_field_offset(st, index[i]);
        t = object_type(st->fields.at[index[i]]);
    }
    *ft = t;
    return true;
}

/* The address of e when it lies in a package-level variable at a constant offset. */
static bool static_addr(Lay *l, Expr *e, Sym **s, int64_t *off) {
    e = unparen(e);
    Object *o = global_var(e);
    if (o) {
        *s = ir_var_symbol(l->u, o);
        *off = 0;
        return true;
    }
    if (e->kind == EXPR_SELECTOR) {
        SelectorExpr *x = (SelectorExpr *)e;
        Type *ft;
        if (!x->selection || x->selection->kind != SEL_FIELD || x->selection->indirect)
            return false;
        if (type_underlying(x->on->type)->kind != TYPE_STRUCT || !static_addr(l, x->on, s, off))
            return false;
        return field_path(x->on->type, x->selection->index, x->selection->nindex, off, &ft);
    }
    if (e->kind == EXPR_INDEX) {
        IndexExpr *x = (IndexExpr *)e;
        int64_t i;
        if (!x->on->type) return false;
        Type *under = type_underlying(x->on->type);
        if (under->kind != TYPE_ARRAY || x->indices.len != 1 || !x->indices.at[0]->cval)
            return false;
        if (!const_int64(x->indices.at[0]->cval, &i) || !static_addr(l, x->on, s, off))
            return false;
        *off += i * type_size(((ArrayType *)under)->elem);
        return true;
    }
    return false;
}

/* ---- Composite literals ----------------------------------------------------------------------------------- */

static bool field_of_key(Lay *l, Type *t, Expr *key, int64_t *off, Type **ft) {
    StructType *st = (StructType *)type_underlying(t);
    if (key->kind != EXPR_IDENT) return false;
    Name *name = ((Ident *)key)->name;
    for (int i = 0; i < st->fields.len; i++)
        if (st->fields.at[i]->name == name) {
            *off = struct_field_offset(st, i);
            *ft = object_type(st->fields.at[i]);
            return true;
        }
    int *index, n;
    bool indirect;
    Object *o = type_lookup(l->u->ts, t, true, l->pkg, name, &index, &n, &indirect);
    *off = 0;
    return o && o->kind == OBJ_VAR && !indirect && field_path(t, index, n, off, ft);
}

static bool lay_struct(Lay *l, Sym *s, uint64_t off, CompositeLit *c, Type *t) {
    StructType *st = (StructType *)type_underlying(t);
    for (int i = 0; i < c->elems.len; i++) {
        Expr *e = c->elems.at[i];
        int64_t fo = 0;
        Type *ft;
        if (e->kind == EXPR_KEYVALUE) {
            KeyValueExpr *kv = (KeyValueExpr *)e;
            if (!field_of_key(l, t, kv->key, &fo, &ft)) return false;
            e = kv->value;
        } else {
            if (i >= st->fields.len) return false;
            fo = struct_field_offset(st, i);
            ft = object_type(st->fields.at[i]);
            if (st->fields.at[i]->name->blank) { /* evaluated but not stored */
                Lay dry = *l;
                dry.dry = true;
                if (!lay(&dry, s, off, e, ft)) return false;
                continue;
            }
        }
        if (!lay(l, s, off + (uint64_t)fo, e, ft)) return false;
    }
    return true;
}

/* Number of elements that the literal needs; false when an index is not constant. */
static bool elems_len(CompositeLit *c, int64_t *len) {
    int64_t i = 0, max = 0;
    for (int k = 0; k < c->elems.len; k++, i++) {
        Expr *e = c->elems.at[k];
        if (e->kind == EXPR_KEYVALUE) {
            Expr *key = ((KeyValueExpr *)e)->key;
            if (!key->cval || !const_int64(key->cval, &i)) return false;
        }
        if (i >= max) max = i + 1;
    }
    *len = max;
    return true;
}

static bool lay_elems(Lay *l, Sym *s, uint64_t off, CompositeLit *c, Type *elem) {
    uint64_t size = (uint64_t)type_size(elem);
    int64_t i = 0;
    for (int k = 0; k < c->elems.len; k++, i++) {
        Expr *e = c->elems.at[k];
        if (e->kind == EXPR_KEYVALUE) {
            KeyValueExpr *kv = (KeyValueExpr *)e;
            if (!kv->key->cval || !const_int64(kv->key->cval, &i)) return false;
            e = kv->value;
        }
        if (!lay(l, s, off + (uint64_t)i * size, e, elem)) return false;
    }
    return true;
}

static void put_slice(Lay *l, Sym *s, uint64_t off, Sym *arr, int64_t addend, uint64_t len,
                      uint64_t cap) {
    put_addr(l, s, off, arr, addend);
    memcpy(s->data + off + 8, &len, 8);
    memcpy(s->data + off + 16, &cap, 8);
}

static bool lay_composite(Lay *l, Sym *s, uint64_t off, CompositeLit *c, Type *t) {
    Type *under = type_underlying(t);
    switch ((TypeKind)under->kind) {
    case TYPE_STRUCT: return lay_struct(l, s, off, c, t);
    case TYPE_ARRAY: return lay_elems(l, s, off, c, ((ArrayType *)under)->elem);
    case TYPE_SLICE: {
        if (l->values_only) return false;
        int64_t n;
        if (!elems_len(c, &n)) return false;
        Type *elem = ((SliceType *)under)->elem;
        int64_t size = type_size(elem);
        if (size && n > SIZE_MAX_STATIC / size) return false;
        Sym *arr = NULL;
        if (!l->dry) {
            arr = temp_symbol(l, type_new_array(l->u->ts, elem, n), true);
            put_slice(l, s, off, arr, 0, (uint64_t)n, (uint64_t)n);
        }
        return lay_elems(l, arr, 0, c, elem);
    }
    case TYPE_POINTER: { /* &T{} with &T elided */
        if (l->values_only) return false;
        Type *base = ((PointerType *)under)->elem;
        Sym *obj = NULL;
        if (!l->dry) {
            obj = temp_symbol(l, base, true);
            put_addr(l, s, off, obj, 0);
        }
        return lay_composite(l, obj, 0, c, base);
    }
    default: return false; /* maps are made by code */
    }
}

/* ---- Interfaces ----------------------------------------------------------------------------------------------- */

static bool lay_iface(Lay *l, Sym *s, uint64_t off, Expr *e, Type *from, Type *to) {
    IrUnit *u = l->u;
    if (l->values_only) return false;
    if (!l->dry) {
        bool eface = irtype_of(u, to)->eface;
        put_addr(l, s, off, eface ? ir_type_symbol(u, from) : ir_itab_symbol(u, from, to), 0);
    }
    if (ir_is_direct(u, from)) return lay(l, s, off + 8, e, from);
    Sym *box = NULL;
    if (!l->dry) {
        box = temp_symbol(l, from, false);
        put_addr(l, s, off + 8, box, 0);
    }
    return lay(l, box, 0, e, from);
}

/* ---- Everything --------------------------------------------------------------------------------------------------- */

static bool is_nil(Expr *e) {
    if (e->mode == MODE_NILVALUE) return true;
    return e->kind == EXPR_IDENT && ((Ident *)e)->obj && ((Ident *)e)->obj->kind == OBJ_NIL;
}

static bool lay_copy(Lay *l, Sym *s, uint64_t off, Object *var, Type *t) {
    if (var->reassigned || var->addressed || var->pkg != l->pkg) return false;
    Sym *from = map_get_ptr(&ir_core(l->u)->static_vars, var);
    const IrType *r = irtype_of(l->u, t);
    if (!from || from->kind != SYM_DATA || from->size < r->size) return false;
    if (l->dry) return true;
    memcpy(s->data + off, from->data, r->size);
    for (int i = 0, n = from->relocs.len; i < n; i++) {
        Reloc rel = from->relocs.at[i];
        sym_reloc(l->u->syms, s, (uint32_t)off + rel.off, rel.kind, rel.target, rel.addend);
    }
    return true;
}

static bool same_layout(Type *a, Type *b) {
    a = type_underlying(a);
    b = type_underlying(b);
    if (a->kind == TYPE_POINTER || (type_basic(a) && type_basic(a)->basic == BASIC_UNSAFEPTR))
        return b->kind == TYPE_POINTER ||
               (type_basic(b) && type_basic(b)->basic == BASIC_UNSAFEPTR);
    if (a->kind != b->kind) return false;
    return a->kind != TYPE_BASIC && a->kind != TYPE_INTERFACE && type_identical(a, b);
}

static bool lay_call(Lay *l, Sym *s, uint64_t off, CallExpr *c, Type *t) {
    Expr *fn = unparen(c->fn);
    /* new(T) too is code: as in gc its result is on the heap, where it can have finalizers, weak pointers, a bubble.
     * But all variables without a size are one. */
    if (fn->mode == MODE_BUILTIN && fn->kind == EXPR_IDENT && ((Ident *)fn)->obj &&
        ((Ident *)fn)->obj->kind == OBJ_BUILTIN && ((Ident *)fn)->obj->builtin == BUILTIN_NEW && !l->values_only &&
        c->args.len == 1 && c->args.at[0]->mode == MODE_TYPE && !type_size(c->args.at[0]->type)) {
        if (!l->dry) put_addr(l, s, off, temp_symbol(l, c->args.at[0]->type, true), 0);
        return true;
    }
    if (fn->mode != MODE_TYPE || c->args.len != 1) return false;
    Expr *arg = unparen(c->args.at[0]);
    Type *to = c->x.type, *from = arg->type;
    if (!from) return false;
    if (is_nil(arg)) return true;
    if (type_underlying(to)->kind == TYPE_INTERFACE)
        return type_identical(to, t) && lay(l, s, off, arg, to);
    if (type_underlying(to)->kind == TYPE_SLICE && arg->cval &&
        const_kind(arg->cval) == CONST_STRING) {
        const BasicType *eb = type_basic(((SliceType *)type_underlying(to))->elem);
        if (l->values_only || !eb || eb->basic != BASIC_UINT8) return false; /* []rune: by code */
        Str str = const_string(arg->cval);
        if (l->dry) return true;
        Sym *arr = temp_symbol(
            l, type_new_array(l->u->ts, l->u->ts->basic[BASIC_UINT8], (int64_t)str.n), true);
        if (str.n) memcpy(arr->data, str.p, str.n);
        put_slice(l, s, off, arr, 0, str.n, str.n);
        return true;
    }
    return same_layout(from, to) && lay(l, s, off, arg, to);
}

static bool lay(Lay *l, Sym *s, uint64_t off, Expr *e, Type *t) {
    IrUnit *u = l->u;
    e = unparen(e);
    if (is_nil(e)) return true;
    if (!e->type || type_mentions_typeparams(t) || type_mentions_typeparams(e->type)) return false;
    bool to_iface = type_underlying(t)->kind == TYPE_INTERFACE;
    if (to_iface) {
        Type *from = default_of(u, e->type);
        if (type_underlying(from)->kind != TYPE_INTERFACE) return lay_iface(l, s, off, e, from, t);
    }
    if (e->cval) return !to_iface && lay_const(l, s, off, e->cval, t);
    switch ((ExprKind)e->kind) {
    case EXPR_COMPOSITE: return lay_composite(l, s, off, (CompositeLit *)e, e->type);
    case EXPR_UNARY: {
        UnaryExpr *x = (UnaryExpr *)e;
        if (x->op != TOK_AND || l->values_only) return false;
        Expr *on = unparen(x->on);
        if (on->kind == EXPR_COMPOSITE) {
            Sym *obj = NULL;
            if (type_size(on->type) > SIZE_MAX_STATIC) return false;
            if (!l->dry) {
                obj = temp_symbol(l, on->type, true);
                put_addr(l, s, off, obj, 0);
            }
            return lay_composite(l, obj, 0, (CompositeLit *)on, on->type);
        }
        Sym *to;
        int64_t addend;
        if (!static_addr(l, on, &to, &addend)) return false;
        if (!l->dry) put_addr(l, s, off, to, addend);
        return true;
    }
    case EXPR_CALL: return lay_call(l, s, off, (CallExpr *)e, t);
    case EXPR_SLICE: {
        SliceExpr *x = (SliceExpr *)e;
        Type *on = x->on->type ? type_underlying(x->on->type) : NULL;
        Sym *to;
        int64_t addend;
        if (l->values_only || x->index[0] || x->index[1] || x->index[2] || !on) return false;
        if (on->kind == TYPE_SLICE) return lay(l, s, off, x->on, t);
        if (on->kind != TYPE_ARRAY) return false;
        if (!static_addr(l, x->on, &to, &addend)) return false;
        if (!l->dry) {
            uint64_t n = (uint64_t)((ArrayType *)on)->len;
            put_slice(l, s, off, to, addend, n, n);
        }
        return true;
    }
    case EXPR_IDENT:
    case EXPR_SELECTOR:
    case EXPR_INDEX:
    case EXPR_FUNCLIT: {
        if (type_underlying(e->type)->kind == TYPE_SIGNATURE) {
            if (l->dry && e->kind == EXPR_FUNCLIT) return !l->values_only;
            Sym *fv = ir_static_funcval(u, e);
            if (fv) {
                if (!l->dry) put_addr(l, s, off, fv, 0);
                return true;
            }
        }
        Object *o = global_var(e);
        return o && !l->values_only && type_identical(e->type, t) && lay_copy(l, s, off, o, t);
    }
    default: return false;
    }
}

static void static_done(IrUnit *u, Object *var, Sym *s) {
    IrCore *c = ir_core(u);
    c->static_vars.arena = &u->arena;
    map_set_ptr(&c->static_vars, var, s);
}

bool ir_static_init(IrUnit *u, Object *var, Expr *init) {
    Type *t = object_type(var);
    Lay l = {.u = u, .pkg = var->pkg, .dry = true};
    Sym *s = ir_var_symbol(u, var);
    if (s->kind != SYM_BSS && !s->weak)
        return false; /* not ours: linknamed to elsewhere, or defined twice */
    if (s->base_addr || type_size(t) > SIZE_MAX_STATIC || !lay(&l, s, 0, init, t)) return false;
    if (s->weak && !sym_begin_define(u->syms, s, SYM_BSS)) return false;
    s->weak = false;
    s->kind = SYM_DATA;
    int align = s->align;
    sym_alloc_data(u->syms, s, (size_t)type_size(t), align);
    l.dry = false;
    if (!lay(&l, s, 0, init, t))
        bug("static data of %.*s: the second pass differs", STR_FMT(s->name));
    static_done(u, var, s);
    return true;
}

Sym *ir_static_value(IrUnit *u, Expr *e, Type *t) {
    e = unparen(e);
    if (e->kind != EXPR_COMPOSITE || type_mentions_typeparams(t)) return NULL;
    Type *under = type_underlying(t);
    if ((under->kind != TYPE_STRUCT && under->kind != TYPE_ARRAY) || !type_identical(e->type, t))
        return NULL;
    int64_t size = type_size(t);
    if (size < 32 || size > SIZE_MAX_STATIC || ((CompositeLit *)e)->elems.len < 4) return NULL;
    /* Boxes would need names of the package: interfaces are left to code. */
    Lay l = {.u = u, .dry = true, .values_only = true};
    if (!lay(&l, NULL, 0, e, t)) return NULL;
    /* Named by its place: in several instances of a generic function and in importers it is the same. */
    Location loc = pos_location_raw(u->ts->syn, e->pos);
    Buf b = {0};
    buf_printf(&b, "go:static.%s:%d:%d.", loc.file ? loc.file : "", loc.line, loc.col);
    type_print(&b, t, NULL, TYPENAME_LINK);
    Sym *s = sym_get(u->syms, buf_str(&b));
    buf_free(&b);
    if (!sym_begin_define(u->syms, s, SYM_RODATA)) return s;
    s->dupok = true;
    sym_alloc_data(u->syms, s, (size_t)size, 8);
    l.dry = false;
    lay(&l, s, 0, e, t);
    return s;
}

/* ---- Embedding -------------------------------------------------------------------------------------------------------- */

static void put_string(Lay *l, Sym *s, uint64_t off, Str v) {
    if (!v.n) return;
    put_addr(l, s, off, sym_string_bytes(l->u->syms, v), 0);
    uint64_t n = v.n;
    memcpy(s->data + off + 8, &n, 8);
}

bool ir_static_embed(IrUnit *u, Object *var) {
    if (!var->var.embed.n) return false;
    Lay l = {.u = u, .pkg = var->pkg};
    ir_declare_var(u, var);
    Sym *s = ir_var_symbol(u, var);
    if (s->kind == SYM_UNDEF) ir_declare_var(u, var);
    if (s->kind != SYM_BSS) return true;
    IrEmbedFile *files = NULL;
    int n = 0;
    const char *err = "embedding is not set up";
    if (!u->embed || !u->embed(u->embed_ctx, var, &files, &n, &err)) {
        diag_error(u->ts->syn, var->pos, 0, "%s", err);
        return true;
    }
    Type *t = object_type(var), *under = type_underlying(t);
    int file = 0; /* the list names directories too, with a slash at the end */
    while (file < n - 1 && str_has_suffix(files[file].name, "/")) file++;
    s->kind = SYM_DATA;
    int align = s->align;
    sym_alloc_data(u->syms, s, (size_t)type_size(t), align);
    if (under->kind ==
        TYPE_STRUCT) { /* embed.FS: struct { files *[]file }, file struct { name, data string; hash [16]byte } */
        enum { FILE_SIZE = 48 };
        Type *byte_array = type_new_array(u->ts, u->ts->basic[BASIC_UINT8], (int64_t)n * FILE_SIZE);
        Sym *list = temp_symbol(&l, byte_array, false),
            *head = temp_symbol(&l, type_new_array(u->ts, u->ts->basic[BASIC_UINT64], 3), false);
        list->align = 8;
        for (int i = 0; i < n; i++) {
            put_string(&l, list, (uint64_t)i * FILE_SIZE, files[i].name);
            put_string(&l, list, (uint64_t)i * FILE_SIZE + 16, files[i].data);
            uint64_t h = hash_bytes(files[i].data.p, files[i].data.n, 7);
            memcpy(list->data + (uint64_t)i * FILE_SIZE + 32, &h, 8);
        }
        put_slice(&l, head, 0, list, 0, (uint64_t)n, (uint64_t)n);
        put_addr(&l, s, 0, head, 0);
    } else if (n < 1) {
        diag_error(u->ts->syn, var->pos, 0, "invalid go:embed: no files");
    } else if (under->kind == TYPE_SLICE) {
        Str d = files[file].data;
        Sym *arr =
            temp_symbol(&l, type_new_array(u->ts, u->ts->basic[BASIC_UINT8], (int64_t)d.n), true);
        if (d.n) memcpy(arr->data, d.p, d.n);
        put_slice(&l, s, 0, arr, 0, d.n, d.n);
    } else put_string(&l, s, 0, files[file].data);
    return true;
}

Sym *ir_box_symbol(IrUnit *u, const void *bytes, size_t size, Sym *const *syms, const int64_t *offs, int nsyms) {
    uint64_t h1 = hash_bytes(bytes, size, 0x5851f42d4c957f2dull), h2 = hash_bytes(bytes, size, 0x14057b7ef767814full);
    for (int i = 0; i < nsyms; i++) {
        h1 = hash_bytes(syms[i]->name.p, syms[i]->name.n, h1 + (uint64_t)offs[i]);
        h2 = hash_bytes(syms[i]->name.p, syms[i]->name.n, h2 + (uint64_t)offs[i]);
    }
    char name[96];
    int n = snprintf(name, sizeof name, "go:box.%zu.%016llx%016llx", size, (unsigned long long)h1, (unsigned long long)h2);
    Sym *s = sym_get(u->syms, (Str){name, (size_t)n});
    if (sym_begin_define(u->syms, s, SYM_RODATA)) {
        s->dupok = true;
        s->keep_name = false;
        sym_set_data(u->syms, s, bytes, size, 8);
        for (int i = 0; i < nsyms; i++) sym_reloc(u->syms, s, (uint32_t)offs[i], RELOC_ADDR, syms[i], 0);
    }
    return s;
}
