/* Values by type descriptor: hash, equality, names. Recursion follows the type's structure, so it is bounded by
 * the nesting of types; interfaces continue with the dynamic type. */
#include "rt/value.h"

#define U4(n) n, (n) + 1, (n) + 2, (n) + 3
#define U16(n) U4(n), U4((n) + 4), U4((n) + 8), U4((n) + 12)
#define U64(n) U16(n), U16((n) + 16), U16((n) + 32), U16((n) + 48)
const uint64_t value_small_ints[256] = {U64(0), U64(64), U64(128), U64(192)};
const uint64_t value_zero[3] = {0};


/* ---- Hashing ------------------------------------------------------------------------------------------ */

#define K0 0x8bb84b93962eacc9ull
#define K1 0x2d358dccaa6c78a5ull
#define K2 0x9fb21c651e98df25ull

static inline uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t r = (__uint128_t)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}
static inline uint64_t load64(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}
static inline uint64_t load32(const uint8_t *p) {
    uint32_t x;
    memcpy(&x, p, 4);
    return x;
}

/* Multiply and fold, 16 bytes a step. */
GUARDED uint64_t mem_hash(const void *ptr, size_t n, uint64_t seed) {
    const uint8_t *p = ptr;
    uint64_t a, b, h = seed ^ K0;
    size_t left = n;
    while (left > 16) {
        h = mix(load64(p) ^ K1, load64(p + 8) ^ h);
        p += 16;
        left -= 16;
    }
    if (left >= 8) {
        a = load64(p);
        b = load64(p + left - 8);
    } else if (left >= 4) {
        a = load32(p);
        b = load32(p + left - 4);
    } else if (left) {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[left >> 1] << 8 | p[left - 1];
        b = 0;
    } else {
        a = b = 0;
    }
    return mix(K2 ^ n, mix(a ^ K1, b ^ h));
}

static uint64_t hash_float(M *m, double f, uint64_t seed) {
    if (f == 0) return mix(seed ^ K1, K2);
    if (f != f) return rt_rand(m);
    uint64_t bits;
    memcpy(&bits, &f, 8);
    return mix(bits ^ K0, seed ^ K1);
}

bool value_hash(M *m, const GoType *t, const void *p, uint64_t seed, uint64_t *out) {
    if (t->tflag & TFLAG_REGULARMEM && t->equal) {
        *out = mem_hash(p, t->size, seed);
        return true;
    }
    switch (t->kind) {
    case KIND_STRING: {
        const GoString *s = p;
        *out = mem_hash(s->p, (size_t)s->n, seed);
        return true;
    }
    case KIND_FLOAT32: *out = hash_float(m, *(const float *)p, seed); return true;
    case KIND_FLOAT64: *out = hash_float(m, *(const double *)p, seed); return true;
    case KIND_COMPLEX64:
        *out = hash_float(m, ((const float *)p)[1], hash_float(m, ((const float *)p)[0], seed));
        return true;
    case KIND_COMPLEX128:
        *out = hash_float(m, ((const double *)p)[1], hash_float(m, ((const double *)p)[0], seed));
        return true;
    case KIND_INTERFACE: {
        const GoType *d = *(const GoType *const *)p;
        if (!d) {
            *out = mix(seed ^ K0, K1);
            return true;
        }
        if (((const GoInterfaceType *)t)->methods.len) d = ((const GoItab *)d)->type;
        if (!d->equal) {
            Str n = type_name(d);
            vm_panic_text(m, "runtime error: hash of unhashable type %.*s", STR_FMT(n));
            return false;
        }
        void *const *data = (void *const *)p + 1;
        return value_hash(m, d, type_is_direct(d) ? (const void *)data : *data, mix(seed ^ K2, d->hash), out);
    }
    case KIND_ARRAY: {
        const GoArrayType *a = (const GoArrayType *)t;
        for (uint64_t i = 0; i < a->len; i++)
            if (!value_hash(m, a->elem, (const uint8_t *)p + i * a->elem->size, seed, &seed)) return false;
        *out = seed;
        return true;
    }
    case KIND_STRUCT: {
        const GoStructType *s = (const GoStructType *)t;
        for (int64_t i = 0; i < s->fields.len; i++) {
            const GoStructField *f = &s->fields.p[i];
            size_t n;
            const uint8_t *name = name_bytes(f->name, &n);
            if (n == 1 && name[0] == '_') continue;
            if (!value_hash(m, f->type, (const uint8_t *)p + f->offset, seed, &seed)) return false;
        }
        *out = seed;
        return true;
    }
    case KIND_FUNC: case KIND_MAP: case KIND_SLICE: {
        Str n = type_name(t);
        vm_panic_text(m, "runtime error: hash of unhashable type %.*s", STR_FMT(n));
        return false;
    }
    default: *out = mem_hash(p, t->size, seed); return true;
    }
}

/* ---- Equality -------------------------------------------------------------------------------------------- */

static bool iface_data_equal(M *m, const GoType *t, void *const *a, void *const *b, bool *eq) {
    if (!t->equal) {
        Str n = type_name(t);
        vm_panic_text(m, "runtime error: comparing uncomparable type %.*s", STR_FMT(n));
        return false;
    }
    if (type_is_direct(t)) {
        *eq = *a == *b;
        return true;
    }
    return value_equal(m, t, *a, *b, eq);
}

bool eface_equal(M *m, GoEface a, GoEface b, bool *eq) {
    *eq = a.type == b.type;
    if (!*eq || !a.type) return true;
    return iface_data_equal(m, a.type, &a.data, &b.data, eq);
}

/* May a comparison of t panic? It does where interfaces hold what cannot be compared. */
static bool may_panic(const GoType *t) {
    while (t->kind == KIND_ARRAY) t = ((const GoArrayType *)t)->elem;
    if (t->kind == KIND_INTERFACE) return true;
    if (t->kind != KIND_STRUCT || t->tflag & TFLAG_REGULARMEM) return false;
    const GoStructType *s = (const GoStructType *)t;
    for (int64_t i = 0; i < s->fields.len; i++)
        if (may_panic(s->fields.p[i].type)) return true;
    return false;
}

/* One field of a struct; of strings the lengths (bytes 0) or the bytes (1), of others everything at 0. */
static bool field_equal(M *m, const GoStructField *f, const void *p, const void *q, int bytes, bool *eq) {
    size_t n;
    const uint8_t *name = name_bytes(f->name, &n);
    if (n == 1 && name[0] == '_') return true;
    const void *a = (const uint8_t *)p + f->offset, *b = (const uint8_t *)q + f->offset;
    if (f->type->kind == KIND_STRING && !bytes) *eq = ((const GoString *)a)->n == ((const GoString *)b)->n;
    else if (bytes == (f->type->kind == KIND_STRING)) return value_equal(m, f->type, a, b, eq);
    return true;
}

bool value_equal(M *m, const GoType *t, const void *p, const void *q, bool *eq) {
    if (t->tflag & TFLAG_REGULARMEM) {
        *eq = !memcmp(p, q, t->size);
        return true;
    }
    switch (t->kind) {
    case KIND_STRING: {
        const GoString *a = p, *b = q;
        *eq = a->n == b->n && (a->p == b->p || !a->n || !memcmp(a->p, b->p, (size_t)a->n));
        return true;
    }
    case KIND_FLOAT32: *eq = *(const float *)p == *(const float *)q; return true;
    case KIND_FLOAT64: *eq = *(const double *)p == *(const double *)q; return true;
    case KIND_COMPLEX64: {
        const float *a = p, *b = q;
        *eq = a[0] == b[0] && a[1] == b[1];
        return true;
    }
    case KIND_COMPLEX128: {
        const double *a = p, *b = q;
        *eq = a[0] == b[0] && a[1] == b[1];
        return true;
    }
    case KIND_INTERFACE: {
        void *const *a = p, *const *b = q;
        const GoType *d = a[0], *e = b[0];
        if (d && e && ((const GoInterfaceType *)t)->methods.len) {
            /* images bring tables of their own: the types decide */
            d = ((const GoItab *)d)->type;
            e = ((const GoItab *)e)->type;
        }
        *eq = d == e;
        if (!*eq || !d) return true;
        return iface_data_equal(m, d, a + 1, b + 1, eq);
    }
    case KIND_ARRAY: {
        const GoArrayType *a = (const GoArrayType *)t;
        *eq = true;
        for (uint64_t i = 0; *eq && i < a->len; i++)
            if (!value_equal(m, a->elem, (const uint8_t *)p + i * a->elem->size,
                             (const uint8_t *)q + i * a->elem->size, eq))
                return false;
        return true;
    }
    case KIND_STRUCT: {
        const GoStructType *s = (const GoStructType *)t;
        *eq = true;
        /* As gc does: between fields whose comparison may panic, the bytes of strings are compared last. */
        for (int64_t from = 0, to; *eq && from < s->fields.len; from = to) {
            to = from + 1;
            if (!may_panic(s->fields.p[from].type))
                while (to < s->fields.len && !may_panic(s->fields.p[to].type)) to++;
            for (int bytes = 0; bytes < 2; bytes++)
                for (int64_t i = from; *eq && i < to; i++)
                    if (!field_equal(m, &s->fields.p[i], p, q, bytes, eq)) return false;
        }
        return true;
    }
    case KIND_FUNC: case KIND_MAP: case KIND_SLICE:
        if (t->kind == KIND_SLICE || !t->equal) {
            Str n = type_name(t);
            vm_panic_text(m, "runtime error: comparing uncomparable type %.*s", STR_FMT(n));
            return false;
        } /* fall through */
    default: *eq = !memcmp(p, q, t->size); return true;
    }
}

void typed_copy(M *m, const GoType *t, void *dst, const void *src) {
    mem_barrier_typed(m, t, src, 1);
    memmove(dst, src, t->size);
}

/* ---- Names ------------------------------------------------------------------------------------------------- */

enum { NAME_EXPORTED = 1, NAME_TAG = 2, NAME_PKGPATH = 4 };

static const uint8_t *varint(const uint8_t *p, size_t *n) {
    size_t v = 0;
    for (int sh = 0;; sh += 7) {
        uint8_t b = *p++;
        v |= (size_t)(b & 127) << sh;
        if (!(b & 128)) break;
    }
    *n = v;
    return p;
}

const uint8_t *name_bytes(const uint8_t *name, size_t *len) {
    if (!name) {
        *len = 0;
        return NULL;
    }
    return varint(name + 1, len);
}
bool name_is_exported(const uint8_t *name) { return name[0] & NAME_EXPORTED; }
Str name_pkg_path(const uint8_t *name) {
    if (!name || !(name[0] & NAME_PKGPATH)) return (Str){0};
    size_t n;
    const uint8_t *p = varint(name + 1, &n) + n;
    if (name[0] & NAME_TAG) {
        p = varint(p, &n);
        p += n;
    }
    int32_t off;
    memcpy(&off, p, 4);
    p = name_bytes(image_off(off), &n);
    return (Str){(const char *)p, n};
}

Str type_name(const GoType *t) {
    size_t n;
    const uint8_t *p = name_bytes(image_off(t->str), &n);
    if (n && t->tflag & TFLAG_EXTRASTAR) p++, n--;
    return (Str){(const char *)p, n};
}
void rtype_string(Buf *b, const GoType *t) {
    Str s = type_name(t);
    buf_put(b, s.p, s.n);
}

const GoUncommon *type_uncommon(const GoType *t) {
    if (!(t->tflag & TFLAG_UNCOMMON)) return NULL;
    size_t n;
    switch (t->kind) {
    case KIND_STRUCT: n = sizeof(GoStructType); break;
    case KIND_POINTER: case KIND_SLICE: n = sizeof(GoPtrType); break;
    case KIND_FUNC: n = sizeof(GoFuncType); break;
    case KIND_ARRAY: n = sizeof(GoArrayType); break;
    case KIND_CHAN: n = sizeof(GoChanType); break;
    case KIND_MAP: n = sizeof(GoMapType); break;
    case KIND_INTERFACE: n = sizeof(GoInterfaceType); break;
    default: n = sizeof(GoType);
    }
    return (const GoUncommon *)((const uint8_t *)t + n);
}
