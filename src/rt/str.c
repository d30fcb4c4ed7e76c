/* Strings: concatenation, comparison, conversions from and to bytes and runes. */
#include "rt/value.h"

#define B4(n) n, (n) + 1, (n) + 2, (n) + 3
#define B16(n) B4(n), B4((n) + 4), B4((n) + 8), B4((n) + 12)
#define B64(n) B16(n), B16((n) + 16), B16((n) + 32), B16((n) + 48)
static const uint8_t single_bytes[256] = {B64(0), B64(64), B64(128), B64(192)};

GoString str_from_bytes(M *m, const void *p, int64_t n) {
    if (n <= 0) return (GoString){0};
    if (n == 1) return (GoString){&single_bytes[*(const uint8_t *)p], 1};
    uint8_t *q = mem_alloc_noscan(m, (size_t)n, false);
    memcpy(q, p, (size_t)n);
    return (GoString){q, n};
}

GoString str_concat(M *m, const GoString *parts, int n) {
    int64_t total = 0;
    int used = 0, last = 0;
    for (int i = 0; i < n; i++) {
        if (!parts[i].n) continue;
        if (__builtin_add_overflow(total, parts[i].n, &total)) rt_fatal(m->vm, "string concatenation too long");
        used++;
        last = i;
    }
    if (!used) return (GoString){0};
    if (used == 1) { /* itself, unless its bytes lie in a frame: the escape analysis relies on a copy */
        GoString s = parts[last];
        bool lasts = mem_is_heap(m->vm, s.p) || (uint64_t)(uintptr_t)s.p - rt_image_space < IMAGE_SPACE_SIZE;
        return lasts ? s : str_from_bytes(m, s.p, s.n);
    }
    uint8_t *q = mem_alloc_noscan(m, (size_t)total, false), *at = q;
    for (int i = 0; i < n; i++) {
        if (!parts[i].n) continue;
        memcpy(at, parts[i].p, (size_t)parts[i].n);
        at += parts[i].n;
    }
    return (GoString){q, total};
}

GoString str_from_rune(M *m, int64_t r) {
    char buf[4];
    int n = utf8_encode(buf, r < 0 || r > 0x10ffff ? 0xfffd : (int32_t)r);
    return str_from_bytes(m, buf, n);
}

GoString str_from_runes(M *m, GoSlice runes) {
    const int32_t *r = runes.p;
    size_t total = 0;
    char buf[4];
    for (int64_t i = 0; i < runes.len; i++) total += (size_t)utf8_encode(buf, r[i]);
    if (!total) return (GoString){0};
    uint8_t *q = mem_alloc_noscan(m, total, false), *at = q;
    for (int64_t i = 0; i < runes.len; i++) {
        int n = utf8_encode(buf, r[i]);
        memcpy(at, buf, (size_t)n);
        at += n;
    }
    return (GoString){q, (int64_t)total};
}

GoSlice bytes_from_str(M *m, GoString s) {
    if (!s.n) return (GoSlice){mem_zero_base(m->vm), 0, 0};
    size_t cap = mem_round_size((size_t)s.n, true);
    uint8_t *q = mem_alloc_noscan(m, cap, false);
    memcpy(q, s.p, (size_t)s.n);
    memset(q + s.n, 0, cap - (size_t)s.n);
    return (GoSlice){q, s.n, (int64_t)cap};
}

GoSlice runes_from_str(M *m, GoString s) {
    int64_t count = 0;
    int32_t r;
    const char *p = (const char *)s.p;
    for (int64_t i = 0; i < s.n; count++)
        i += (uint8_t)p[i] < 0x80 ? 1 : utf8_decode(p + i, (size_t)(s.n - i), &r);
    if (!count) return (GoSlice){mem_zero_base(m->vm), 0, 0};
    size_t cap = mem_round_size((size_t)count * 4, true);
    int32_t *q = mem_alloc_noscan(m, cap, true);
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
