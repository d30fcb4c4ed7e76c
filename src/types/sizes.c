/* sizes: of types as gc lays them out on amd64 (words of 8 bytes). */
#include "types/types_int.h"

static int64_t align_up(int64_t x, int64_t a) {
    return (int64_t)(((uint64_t)x + (uint64_t)a - 1) & ~((uint64_t)a - 1));
}

/* sync/atomic's marker for 64-bit alignment: an empty struct named align64 */
static bool is_align64(Type *t) {
    NamedType *n = as_named(t);
    return n && n->obj->pkg && str_is(name_str(n->obj->name), "align64") &&
           (str_is(n->obj->pkg->path, "sync/atomic") ||
            str_is(n->obj->pkg->path, "internal/runtime/atomic"));
}

static int64_t size_of(Type *t, int depth);

/* Both give -1 for what is nested absurdly deep: types that contain themselves (an error elsewhere). */
enum { DEPTH_LIMIT = 10000 }; /* more than the parser's */

static int64_t align_of(Type *t, int depth) {
    if (depth > DEPTH_LIMIT) return -1;
    Type *u = type_underlying(t);
    switch (u->kind) {
    case TYPE_ARRAY: return align_of(((ArrayType *)u)->elem, depth + 1);
    case TYPE_STRUCT: {
        StructType *s = (StructType *)u;
        if (!s->fields.len && is_align64(t)) return 8;
        int64_t max = 1;
        for (int i = 0; i < s->fields.len; i++) {
            int64_t a = align_of(s->fields.at[i]->type, depth + 1);
            if (a < 0) return -1;
            if (a > max) max = a;
        }
        return max;
    }
    case TYPE_BASIC: {
        BasicType *b = (BasicType *)u;
        if (b->info & BF_STRING) return 8;
        int64_t n = size_of(u, depth);
        if (b->info & BF_COMPLEX) n /= 2;
        return n < 1 ? 1 : n > 8 ? 8 : n;
    }
    }
    return 8;
}

/* Offset of field n (n == fields.len: the end, unpadded); -1 when it overflows. */
static int64_t offset_of(StructType *s, int n) {
    int64_t off = 0;
    for (int i = 0; i < s->fields.len && i <= n; i++) {
        Type *t = s->fields.at[i]->type;
        off = align_up(off, type_align(t));
        if (off < 0) return -1;
        if (i == n) return off;
        int64_t size = type_size(t);
        if (size < 0 || __builtin_add_overflow(off, size, &off)) return -1;
    }
    return off;
}

int64_t struct_field_offset(StructType *s, int i) { return offset_of(s, i); }

int64_t struct_next_offset(StructType *s, int i, int64_t before) {
    return i ? align_up(before + type_size(s->fields.at[i - 1]->type), type_align(s->fields.at[i]->type)) : 0;
}

static int64_t size_of(Type *t, int depth) {
    if (depth > DEPTH_LIMIT) return -1;
    Type *u = type_underlying(t);
    switch (u->kind) {
    case TYPE_BASIC:
        switch (((BasicType *)u)->basic) {
        case BASIC_BOOL:
        case BASIC_INT8:
        case BASIC_UINT8: return 1;
        case BASIC_INT16:
        case BASIC_UINT16: return 2;
        case BASIC_INT32:
        case BASIC_UINT32:
        case BASIC_FLOAT32: return 4;
        case BASIC_STRING:
        case BASIC_COMPLEX128: return 16;
        default: return 8;
        }
    case TYPE_ARRAY: {
        ArrayType *a = (ArrayType *)u;
        if (a->len <= 0) return 0;
        int64_t e = size_of(a->elem, depth + 1), n;
        if (e < 0 || __builtin_mul_overflow(e, a->len, &n)) return -1;
        return n;
    }
    case TYPE_SLICE: return 24;
    case TYPE_INTERFACE: return 16;
    case TYPE_STRUCT: {
        StructType *s = (StructType *)u;
        int n = s->fields.len;
        if (!n) return 0;
        int64_t off = 0, size = 0, max = 1;
        for (int i = 0; i < n; i++) {
            Type *ft = s->fields.at[i]->type;
            int64_t a = align_of(ft, depth + 1);
            if (a < 0) return -1;
            if (a > max) max = a;
            if (__builtin_add_overflow(off, size, &off)) return -1;
            off = align_up(off, a);
            size = size_of(ft, depth + 1);
            if (off < 0 || size < 0) return -1;
        }
        if (off > 0 && size == 0) size = 1; /* so that &last does not point behind the object */
        if (__builtin_add_overflow(off, size, &off)) return -1;
        return align_up(off, max);
    }
    }
    return 8;
}

int64_t type_size(Type *t) { return size_of(t, 0); }
int64_t type_align(Type *t) {
    int64_t a = align_of(t, 0);
    return a < 1 ? 1 : a;
}
