/* UTF-8 as Go's packages decode it, for natives. */
#ifndef VOLE_NATIVE_UTF8_H
#define VOLE_NATIVE_UTF8_H

#include <stdint.h>

enum { RUNE_ERROR = 0xfffd };

/* The rune at p and its length: (RUNE_ERROR, 1) where it is not UTF-8, (RUNE_ERROR, 0) when n is 0. */
static inline int utf8_decode_go(const uint8_t *p, uint64_t n, int32_t *rune) {
    *rune = RUNE_ERROR;
    if (!n) return 0;
    uint32_t c = p[0];
    if (c < 0x80) return *rune = (int32_t)c, 1;
    if (c < 0xc2 || c > 0xf4 || n < 2 || (p[1] & 0xc0) != 0x80) return 1;
    if (c < 0xe0) return *rune = (int32_t)((c & 31) << 6 | (p[1] & 63)), 2;
    if (n < 3 || (p[2] & 0xc0) != 0x80) return 1;
    if (c < 0xf0) {
        uint32_t r = (c & 15) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
        if (r < 0x800 || (r >= 0xd800 && r < 0xe000)) return 1;
        return *rune = (int32_t)r, 3;
    }
    if (n < 4 || (p[3] & 0xc0) != 0x80) return 1;
    uint32_t r = (c & 7) << 18 | (p[1] & 63u) << 12 | (p[2] & 63u) << 6 | (p[3] & 63u);
    if (r < 0x10000 || r > 0x10ffff) return 1;
    return *rune = (int32_t)r, 4;
}

/* The rune that ends at p + n. */
static inline int utf8_decode_last_go(const uint8_t *p, uint64_t n, int32_t *rune) {
    for (uint64_t k = 1; k <= 4 && k <= n; k++) {
        if ((p[n - k] & 0xc0) == 0x80) continue;
        if ((uint64_t)utf8_decode_go(p + n - k, k, rune) == k) return (int)k;
        break;
    }
    *rune = RUNE_ERROR;
    return n ? 1 : 0;
}

#endif
