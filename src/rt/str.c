/* Strings: concatenation, comparison, conversions from and to bytes and runes. */
#include "rt/value.h"

#define B4(n) n, (n) + 1, (n) + 2, (n) + 3
#define B16(n) B4(n), B4((n) + 4), B4((n) + 8), B4((n) + 12)
#define B64(n) B16(n), B16((n) + 16), B16((n) + 32), B16((n) + 48)
static const uint8_t single_bytes[256] = {B64(0), B64(64), B64(128), B64(192)};

/* Memory for n bytes of a result: the caller's frame when it has room there. */
static void *room(M *m, void *tmp, size_t n) {
    return tmp && n <= STR_TMP_BYTES ? tmp : mem_alloc_noscan(m, n, false);
}

GoString str_from_bytes(M *m, const void *p, int64_t n, void *tmp) {
    if (n <= 0) return (GoString){0};
    if (n == 1) return (GoString){&single_bytes[*(const uint8_t *)p], 1};
    uint8_t *q = room(m, tmp, (size_t)n);
    memcpy(q, p, (size_t)n);
    return (GoString){q, n};
}

/* Strings lie in the heap, in images, or for a while in frames. */
static bool is_lasting(M *m, const void *p) {
    return mem_is_heap(m->vm, p) || (uint64_t)(uintptr_t)p - rt_image_space < IMAGE_SPACE_SIZE;
}

GoString str_concat(M *m, const GoString *parts, int n, void *tmp) {
    int64_t total = 0;
    int used = 0, last = 0;
    for (int i = 0; i < n; i++) {
        if (!parts[i].n) continue;
        if (__builtin_add_overflow(total, parts[i].n, &total)) rt_fatal(m->vm, "string concatenation too long");
        used++;
        last = i;
    }
    if (!used) return (GoString){0};
    if (used == 1)
        return tmp || is_lasting(m, parts[last].p) ? parts[last] : str_from_bytes(m, parts[last].p, parts[last].n, NULL);
    uint8_t *q = room(m, tmp, (size_t)total), *at = q;
    for (int i = 0; i < n; i++) {
        if (!parts[i].n) continue;
        memcpy(at, parts[i].p, (size_t)parts[i].n);
        at += parts[i].n;
    }
    return (GoString){q, total};
}

GoString str_from_rune(M *m, int64_t r, void *tmp) {
    char buf[4];
    int n = utf8_encode(buf, r < 0 || r > 0x10ffff ? 0xfffd : (int32_t)r);
    return str_from_bytes(m, buf, n, tmp);
}

GoString str_from_runes(M *m, GoSlice runes, void *tmp) {
    const int32_t *r = runes.p;
    size_t total = 0;
    char buf[4];
    for (int64_t i = 0; i < runes.len; i++) total += (size_t)utf8_encode(buf, r[i]);
    if (!total) return (GoString){0};
    uint8_t *q = room(m, tmp, total), *at = q;
    for (int64_t i = 0; i < runes.len; i++) {
        int n = utf8_encode(buf, r[i]);
        memcpy(at, buf, (size_t)n);
        at += n;
    }
    return (GoString){q, (int64_t)total};
}

GoSlice bytes_from_str(M *m, GoString s, void *tmp) {
    size_t n = (size_t)s.n;
    if (tmp && n <= STR_TMP_BYTES) {
        memmove(tmp, s.p, n);
        memset((char *)tmp + n, 0, STR_TMP_BYTES - n);
        return (GoSlice){tmp, s.n, STR_TMP_BYTES};
    }
    if (!n) return (GoSlice){mem_zero_base(m->vm), 0, 0};
    size_t cap = mem_round_size(n, true);
    uint8_t *q = mem_alloc_noscan(m, cap, false);
    memcpy(q, s.p, n);
    memset(q + n, 0, cap - n);
    return (GoSlice){q, s.n, (int64_t)cap};
}

GoSlice runes_from_str(M *m, GoString s, void *tmp) {
    int64_t count = 0;
    int32_t r;
    const char *p = (const char *)s.p;
    for (int64_t i = 0; i < s.n; count++)
        i += (uint8_t)p[i] < 0x80 ? 1 : utf8_decode(p + i, (size_t)(s.n - i), &r);
    size_t cap = STR_TMP_RUNES * 4;
    int32_t *q = tmp;
    if (tmp && count <= STR_TMP_RUNES) memset(q, 0, cap);
    else if (!count) return (GoSlice){mem_zero_base(m->vm), 0, 0};
    else {
        cap = mem_round_size((size_t)count * 4, true);
        q = mem_alloc_noscan(m, cap, true);
    }
    count = 0;
    for (int64_t i = 0; i < s.n;) {
        i += utf8_decode(p + i, (size_t)(s.n - i), &r);
        q[count++] = r;
    }
    return (GoSlice){q, count, (int64_t)(cap / 4)};
}

int str_compare(GoString a, GoString b) {
    int64_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, (size_t)n) : 0;
    if (c) return c < 0 ? -1 : 1;
    return a.n < b.n ? -1 : a.n > b.n;
}
