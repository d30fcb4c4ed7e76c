/* UTF-8 and the three Unicode classes that Go's grammar needs (tables/unicode.def). */
#include "base/base.h"

typedef struct Range {
    uint32_t lo, hi, stride;
} Range;

#define R(a, b, s) {a, b, s},
static const Range letters[] = {
#define UNICODE_L
#include "tables/unicode.def"
#undef UNICODE_L
};
static const Range digits[] = {
#define UNICODE_ND
#include "tables/unicode.def"
#undef UNICODE_ND
};
static const Range uppers[] = {
#define UNICODE_LU
#include "tables/unicode.def"
#undef UNICODE_LU
};
#undef R

static bool in_ranges(const Range *t, size_t n, int32_t rune) {
    uint32_t r = (uint32_t)rune;
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (r < t[mid].lo)
            hi = mid;
        else if (r > t[mid].hi)
            lo = mid + 1;
        else
            return (r - t[mid].lo) % t[mid].stride == 0;
    }
    return false;
}

bool rune_is_letter(int32_t r) {
    if (r < 0x80) return (r | 0x20) >= 'a' && (r | 0x20) <= 'z';
    return in_ranges(letters, ARRAY_LEN(letters), r);
}
bool rune_is_digit(int32_t r) {
    if (r < 0x80) return r >= '0' && r <= '9';
    return in_ranges(digits, ARRAY_LEN(digits), r);
}
bool rune_is_upper(int32_t r) {
    if (r < 0x80) return r >= 'A' && r <= 'Z';
    return in_ranges(uppers, ARRAY_LEN(uppers), r);
}

int utf8_decode(const char *s, size_t n, int32_t *rune) {
    const unsigned char *p = (const unsigned char *)s;
    unsigned c = p[0];
    if (c < 0x80) return *rune = (int32_t)c, 1;
    *rune = 0xFFFD;
    if (c < 0xC2 || c > 0xF4) return 1;
    if (n < 2 || (p[1] & 0xC0) != 0x80) return 1;
    if (c < 0xE0) return *rune = (int32_t)((c & 0x1F) << 6 | (p[1] & 0x3F)), 2;
    if (n < 3 || (p[2] & 0xC0) != 0x80) return 1;
    if (c < 0xF0) {
        int32_t r = (int32_t)((c & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu));
        if (r < 0x800 || (r >= 0xD800 && r <= 0xDFFF)) return 1;
        return *rune = r, 3;
    }
    if (n < 4 || (p[3] & 0xC0) != 0x80) return 1;
    int32_t r = (int32_t)((c & 7) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu));
    if (r < 0x10000 || r > 0x10FFFF) return 1;
    return *rune = r, 4;
}

int utf8_encode(char out[4], int32_t r) {
    if (r < 0 || r > 0x10FFFF || (r >= 0xD800 && r <= 0xDFFF)) r = 0xFFFD;
    if (r < 0x80) return out[0] = (char)r, 1;
    if (r < 0x800) {
        out[0] = (char)(0xC0 | r >> 6);
        out[1] = (char)(0x80 | (r & 0x3F));
        return 2;
    }
    if (r < 0x10000) {
        out[0] = (char)(0xE0 | r >> 12);
        out[1] = (char)(0x80 | (r >> 6 & 0x3F));
        out[2] = (char)(0x80 | (r & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | r >> 18);
    out[1] = (char)(0x80 | (r >> 12 & 0x3F));
    out[2] = (char)(0x80 | (r >> 6 & 0x3F));
    out[3] = (char)(0x80 | (r & 0x3F));
    return 4;
}
