/* Natives of reflect's most frequent steps and of sync.Map's lookup, tried before the Go bodies: what panics or is
 * rare is left to those. A reflect.Value is three slots: type, pointer, flag. */
#include "native/native.h"

enum { /* reflect.flag */
    FLAG_KIND = 31, FLAG_STICKY_RO = 1 << 5, FLAG_EMBED_RO = 1 << 6, FLAG_INDIR = 1 << 7, FLAG_ADDR = 1 << 8, FLAG_METHOD = 1 << 9,
    FLAG_RO = FLAG_STICKY_RO | FLAG_EMBED_RO,
};
enum { NAME_EXPORTED = 1, NAME_EMBEDDED = 8 }; /* first byte of an abi.Name */
enum { ZERO_VAL = 1024 }; /* bytes of reflect's shared zero value */

static inline uint64_t sticky(uint64_t flag) { return flag & FLAG_RO ? FLAG_STICKY_RO : 0; }
static RtResult ret_value(uint64_t *to, const GoType *t, const void *p, uint64_t flag) {
    to[0] = (uint64_t)t;
    to[1] = (uint64_t)p;
    to[2] = t ? flag | (t->kind & FLAG_KIND) : 0;
    return RT_OK;
}

/* (v Value) Field(i int) Value */
RtResult reflect_try_field(M *m, uint64_t *a) {
    uint64_t flag = a[2];
    if ((flag & FLAG_KIND) != KIND_STRUCT) return RT_FALSE;
    const GoStructType *t = (const GoStructType *)a[0];
    if (a[3] >= (uint64_t)t->fields.len) return RT_FALSE;
    const GoStructField *f = &t->fields.p[a[3]];
    uint64_t fl = flag & (FLAG_STICKY_RO | FLAG_INDIR | FLAG_ADDR);
    if (!(f->name[0] & NAME_EXPORTED)) fl |= f->name[0] & NAME_EMBEDDED ? FLAG_EMBED_RO : FLAG_STICKY_RO;
    if (!(fl & FLAG_INDIR) && !f->type->size) return RT_FALSE;
    return ret_value(a + 4, f->type, (const uint8_t *)a[1] + f->offset, fl);
}

/* (v Value) Index(i int) Value: of slices and arrays */
RtResult reflect_try_index(M *m, uint64_t *a) {
    uint64_t flag = a[2], i = a[3];
    if ((flag & FLAG_KIND) == KIND_SLICE) {
        const GoType *elem = ((const GoPtrType *)a[0])->elem;
        const GoSlice *s = (const GoSlice *)a[1];
        if (i >= (uint64_t)s->len) return RT_FALSE;
        return ret_value(a + 4, elem, (uint8_t *)s->p + i * elem->size, FLAG_ADDR | FLAG_INDIR | sticky(flag));
    }
    if ((flag & FLAG_KIND) == KIND_ARRAY) {
        const GoArrayType *t = (const GoArrayType *)a[0];
        if (i >= t->len) return RT_FALSE;
        return ret_value(a + 4, t->elem, (const uint8_t *)a[1] + i * t->elem->size, (flag & (FLAG_INDIR | FLAG_ADDR)) | sticky(flag));
    }
    return RT_FALSE;
}

/* (v Value) Elem() Value */
RtResult reflect_try_elem(M *m, uint64_t *a) {
    uint64_t flag = a[2];
    const GoType *t = (const GoType *)a[0];
    void *p = (void *)a[1];
    if ((flag & FLAG_KIND) == KIND_POINTER) {
        if (flag & FLAG_INDIR) {
            if (!(t->tflag & TFLAG_DIRECTIFACE)) return RT_FALSE;
            p = *(void **)p;
        }
        if (!p) return ret_value(a + 3, NULL, NULL, 0);
        return ret_value(a + 3, ((const GoPtrType *)t)->elem, p, (flag & FLAG_RO) | FLAG_INDIR | FLAG_ADDR);
    }
    if ((flag & FLAG_KIND) == KIND_INTERFACE && flag & FLAG_INDIR && p) {
        const GoEface *e = p;
        const GoType *dyn = e->type;
        if (dyn && ((const GoInterfaceType *)t)->methods.len) dyn = ((const GoIface *)p)->tab->type;
        if (!dyn) return ret_value(a + 3, NULL, NULL, 0);
        return ret_value(a + 3, dyn, e->data, (dyn->tflag & TFLAG_DIRECTIFACE ? 0 : FLAG_INDIR) | sticky(flag));
    }
    return RT_FALSE;
}

/* (v Value) Set(x Value): of the same type, not an interface */
RtResult reflect_try_set(M *m, uint64_t *a) {
    uint64_t flag = a[2], xflag = a[5];
    const GoType *t = (const GoType *)a[0];
    if ((flag & (FLAG_RO | FLAG_ADDR)) != FLAG_ADDR || !xflag || xflag & (FLAG_RO | FLAG_METHOD)) return RT_FALSE;
    if (a[3] != a[0] || (flag & FLAG_KIND) == KIND_INTERFACE || t->size > ZERO_VAL) return RT_FALSE;
    if (!(xflag & FLAG_INDIR)) {
        mem_barrier(m, &a[4], 8);
        *(uint64_t *)a[1] = a[4];
        return RT_OK;
    }
    uint64_t args[3] = {a[0], a[1], a[4]};
    return reflect_typedmemmove(m, args);
}

/* ---- internal/sync.HashTrieMap[any, any] ------------------------------------------------------------------- */

typedef struct TrieNode {
    bool is_entry;
    struct TrieNode *overflow; /* of an entry */
    GoEface key, value;
} TrieNode;
typedef struct TrieIndirect {
    bool is_entry;
    uint32_t dead;
    uint64_t mutex;
    struct TrieIndirect *parent;
    TrieNode *_Atomic children[16];
} TrieIndirect;
typedef struct TrieMap {
    _Atomic uint32_t inited;
    uint32_t mutex[2];
    TrieIndirect *_Atomic root;
    const uint64_t *key_hash; /* closure of runtime.typeHash: the type follows */
    const GoFunc *val_equal;
    uint64_t seed;
} TrieMap;
_Static_assert(offsetof(TrieMap, seed) == 40 && offsetof(TrieIndirect, children) == 24 && offsetof(TrieNode, value) == 32, "HashTrieMap");

/* (ht *HashTrieMap[any, any]) Load(key any) (value any, ok bool) */
RtResult sync_try_load(M *m, uint64_t *a) {
    TrieMap *t = (TrieMap *)a[0];
    if (!t || !atomic_load(&t->inited)) return RT_FALSE;
    const GoFunc *hasher = (const GoFunc *)t->key_hash;
    if (!hasher->fn->native || vm_natives[hasher->fn->native - 1].fn != rt_native_type_hash) return RT_FALSE;
    const GoType *key_type = (const GoType *)t->key_hash[1];
    GoEface key = {(const GoType *)a[1], (void *)a[2]};
    /* hashing what cannot be hashed panics: only in the Go body */
    if (!key.type || !key.type->equal) return RT_FALSE;
    if (key.type->kind == KIND_STRUCT || key.type->kind == KIND_ARRAY || key.type->kind == KIND_INTERFACE) return RT_FALSE;
    uint64_t hash;
    if (!value_hash(m, key_type, &key, t->seed, &hash)) return RT_FALSE;
    TrieIndirect *node = atomic_load(&t->root);
    for (int shift = 60; shift >= 0; shift -= 4) {
        TrieNode *n = atomic_load(&node->children[hash >> shift & 15]);
        if (n && !n->is_entry) {
            node = (TrieIndirect *)n;
            continue;
        }
        a[3] = a[4] = a[5] = 0;
        for (; n; n = __atomic_load_n(&n->overflow, __ATOMIC_SEQ_CST)) {
            bool eq = false;
            if (n->key.type != key.type) continue;
            if (!value_equal(m, key_type, &n->key, &key, &eq)) return RT_FALSE;
            if (!eq) continue;
            a[3] = (uint64_t)n->value.type, a[4] = (uint64_t)n->value.data, a[5] = 1;
            break;
        }
        return RT_OK;
    }
    return RT_FALSE;
}
