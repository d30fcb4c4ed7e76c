/* Natives of number parsing, of the encodings' inner functions and of letter case. Those that are tried do the
 * common case, exactly as the Go body would, and leave errors and rarities to it. */
#include "native/native.h"
#include "native/utf8.h"

#include <stdlib.h>

static inline bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline void ret_bytes(uint64_t *to, const void *p, uint64_t len, uint64_t cap) { to[0] = (uint64_t)p, to[1] = len, to[2] = cap; }
static inline void ret_no_error(uint64_t *to) { to[0] = to[1] = 0; }

/* ---- strconv: decimal integers that fit, floats ------------------------------------------------------------ */

/* At most 18 digits; false: something else. */
static bool parse_digits(const uint8_t *p, uint64_t n, uint64_t *v) {
    if (!n || n > 18) return false;
    uint64_t x = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (!is_digit(p[i])) return false;
        x = x * 10 + (p[i] - '0');
    }
    *v = x;
    return true;
}

static RtResult parse_signed(const uint8_t *p, uint64_t n, uint64_t bits, uint64_t *to) {
    uint64_t v;
    bool sign = n && (*p == '-' || *p == '+'), neg = sign && *p == '-';
    if (!parse_digits(p + sign, n - sign, &v)) return RT_FALSE;
    if (bits < 64 && v > (1ull << (bits - 1)) - !neg) return RT_FALSE;
    to[0] = neg ? -v : v;
    ret_no_error(to + 1);
    return RT_OK;
}

/* Atoi(s string) (int, error) */
RtResult native_atoi(M *m, uint64_t *a) { return parse_signed((const uint8_t *)a[0], a[1], 64, a + 2); }

/* ParseInt(s string, base int, bitSize int) (int64, error) and its unsigned sibling */
static bool plain_size(uint64_t *bits) {
    if (!*bits) *bits = 64;
    return *bits == 8 || *bits == 16 || *bits == 32 || *bits == 64;
}
RtResult native_parse_int(M *m, uint64_t *a) {
    uint64_t bits = a[3];
    return a[2] == 10 && plain_size(&bits) ? parse_signed((const uint8_t *)a[0], a[1], bits, a + 4) : RT_FALSE;
}
RtResult native_parse_uint(M *m, uint64_t *a) {
    uint64_t bits = a[3], v;
    if (a[2] != 10 || !plain_size(&bits) || !parse_digits((const uint8_t *)a[0], a[1], &v)) return RT_FALSE;
    if (bits < 64 && v >> bits) return RT_FALSE;
    a[4] = v;
    ret_no_error(a + 5);
    return RT_OK;
}

/* ParseFloat(s string, bitSize int) (float64, error): plain decimal numbers; the C library rounds correctly */
RtResult native_parse_float(M *m, uint64_t *a) {
    const uint8_t *p = (const uint8_t *)a[0];
    uint64_t n = a[1], i = 0, digits = 0;
    char text[64];
    if (!n || n >= sizeof text) return RT_FALSE;
    if (p[i] == '-' || p[i] == '+') i++;
    for (; i < n && is_digit(p[i]); i++) digits++;
    if (i < n && p[i] == '.')
        for (i++; i < n && is_digit(p[i]); i++) digits++;
    if (!digits) return RT_FALSE;
    if (i < n) {
        if ((p[i++] | 0x20) != 'e') return RT_FALSE;
        if (i < n && (p[i] == '-' || p[i] == '+')) i++;
        if (i == n || n - i > 5) return RT_FALSE;
        for (; i < n; i++)
            if (!is_digit(p[i])) return RT_FALSE;
    }
    memcpy(text, p, n);
    text[n] = 0;
    double v = a[2] == 32 ? (double)strtof(text, NULL) : strtod(text, NULL);
    if (__builtin_isinf(v)) return RT_FALSE;
    memcpy(&a[3], &v, 8);
    ret_no_error(a + 4);
    return RT_OK;
}

/* ---- encoding/base64, encoding/hex ------------------------------------------------------------------------- */

typedef struct Base64 {
    uint8_t encode[64], decode[256]; /* decode: 255 for what is no digit */
    int32_t pad;                     /* -1: none */
    bool strict;
} Base64;

/* (enc *Encoding) Decode(dst, src []byte) (n int, err error) */
RtResult native_base64_decode(M *m, uint64_t *a) {
    const Base64 *e = (const Base64 *)a[0];
    uint8_t *dst = (uint8_t *)a[1];
    const uint8_t *s = (const uint8_t *)a[4];
    uint64_t n = a[5], k = 0, i = 0;
    if (!e || e->strict) return RT_FALSE;
    if (e->pad >= 0 && n) {
        if (n % 4) return RT_FALSE;
        for (int j = 0; j < 2 && s[n - 1] == e->pad; j++) n--;
    }
    if (n % 4 == 1 || a[2] < n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0)) return RT_FALSE;
    for (; i + 4 <= n; i += 4, k += 3) {
        uint8_t x[4] = {e->decode[s[i]], e->decode[s[i + 1]], e->decode[s[i + 2]], e->decode[s[i + 3]]};
        if ((x[0] | x[1] | x[2] | x[3]) == 255) return RT_FALSE;
        uint32_t v = (uint32_t)x[0] << 18 | (uint32_t)x[1] << 12 | (uint32_t)x[2] << 6 | x[3];
        dst[k] = (uint8_t)(v >> 16), dst[k + 1] = (uint8_t)(v >> 8), dst[k + 2] = (uint8_t)v;
    }
    if (n % 4) {
        uint8_t x[3] = {e->decode[s[i]], e->decode[s[i + 1]], n % 4 == 3 ? e->decode[s[i + 2]] : 0};
        if ((x[0] | x[1] | x[2]) == 255) return RT_FALSE;
        dst[k++] = (uint8_t)(x[0] << 2 | x[1] >> 4);
        if (n % 4 == 3) dst[k++] = (uint8_t)(x[1] << 4 | x[2] >> 2);
    }
    a[7] = k;
    ret_no_error(a + 8);
    return RT_OK;
}

static int hex_digit(uint8_t c) {
    if (is_digit(c)) return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode(dst, src []byte) (int, error) */
RtResult native_hex_decode(M *m, uint64_t *a) {
    uint8_t *dst = (uint8_t *)a[0];
    const uint8_t *s = (const uint8_t *)a[3];
    uint64_t n = a[4];
    if (n % 2 || a[1] < n / 2) return RT_FALSE;
    for (uint64_t i = 0; i < n; i += 2) {
        int v = hex_digit(s[i]) * 16 | hex_digit(s[i + 1]);
        if (v < 0) return RT_FALSE;
        dst[i / 2] = (uint8_t)v;
    }
    a[6] = n / 2;
    ret_no_error(a + 7);
    return RT_OK;
}

/* ---- encoding/json/internal/jsonwire --------------------------------------------------------------------------- */

static inline bool json_plain(uint8_t c) { return c >= ' ' && c < 0x80 && c != '"' && c != '\\'; }
static inline bool json_html(uint8_t c) { return c == '<' || c == '>' || c == '&'; }

/* ConsumeSimpleString(b []byte) (n int): a whole string without anything that could need escapes, or 0 */
RtResult native_json_simple_string(M *m, uint64_t *a) {
    const uint8_t *b = (const uint8_t *)a[0];
    uint64_t n = a[1], i = 1;
    a[3] = 0;
    if (!n || b[0] != '"') return RT_OK;
    while (i < n && json_plain(b[i]) && !json_html(b[i])) i++;
    if (i < n && b[i] == '"') a[3] = i + 1;
    return RT_OK;
}

/* ConsumeSimpleNumber(b []byte) (n int): an unsigned integer that ends within b or with it, or 0 */
RtResult native_json_simple_number(M *m, uint64_t *a) {
    const uint8_t *b = (const uint8_t *)a[0];
    uint64_t n = a[1], i = 0;
    if (n && b[0] == '0') i = 1;
    else while (i < n && is_digit(b[i])) i++;
    a[3] = i < n && (b[i] == '.' || b[i] == 'e' || b[i] == 'E') ? 0 : i;
    return RT_OK;
}

/* ConsumeStringResumable(flags *ValueFlags, b []byte, resumeOffset int, validateUTF8 bool) (n int, err error) */
RtResult native_json_string(M *m, uint64_t *a) {
    enum { NON_VERBATIM = 1 };
    const uint8_t *b = (const uint8_t *)a[1];
    uint64_t n = a[2], i = 1;
    bool escapes = false;
    if (a[4] || !n || b[0] != '"') return RT_FALSE;
    while (i < n) {
        if (json_plain(b[i])) {
            i++;
        } else if (b[i] == '"') {
            if (escapes) *(uint64_t *)a[0] |= NON_VERBATIM;
            a[6] = i + 1;
            ret_no_error(a + 7);
            return RT_OK;
        } else if (b[i] == '\\') {
            if (i + 1 >= n || !b[i + 1] || !strchr("\"\\bfnrt", b[i + 1])) return RT_FALSE;
            escapes = true;
            i += 2;
        } else {
            int32_t r;
            int k = utf8_decode_go(b + i, n - i, &r);
            if (k < 2) return RT_FALSE;
            i += (uint64_t)k;
        }
    }
    return RT_FALSE;
}

/* Room for n more bytes at the end of the slice d; its capacity grows as append's would. */
static void grow(M *m, uint64_t *d, uint64_t n) {
    uint64_t need = d[1] + n, cap = d[2];
    if (need <= cap) return;
    cap = cap < 256 ? cap * 2 : cap + (cap + 768) / 4;
    if (cap < need) cap = need;
    cap = mem_round_size(cap, true);
    uint8_t *p = mem_alloc_noscan(m, cap, false);
    if (d[1]) memcpy(p, (void *)d[0], d[1]);
    memset(p + d[1], 0, cap - d[1]);
    d[0] = (uint64_t)p;
    d[2] = cap;
}

/* AppendQuote(dst, src []byte, flags *Flags) ([]byte, error): when nothing needs an escape */
RtResult native_json_quote(M *m, uint64_t *a) {
    const uint8_t *s = (const uint8_t *)a[3];
    uint64_t n = a[4];
    for (uint64_t i = 0; i < n;) {
        if (s[i] < 0x80) {
            if (!json_plain(s[i]) || json_html(s[i])) return RT_FALSE;
            i++;
            continue;
        }
        int32_t r;
        int k = utf8_decode_go(s + i, n - i, &r);
        if (k < 2 || r == RUNE_ERROR || r == 0x2028 || r == 0x2029) return RT_FALSE;
        i += (uint64_t)k;
    }
    uint64_t d[3] = {a[0], a[1], a[2]};
    grow(m, d, n + 2);
    uint8_t *p = (uint8_t *)d[0] + d[1];
    *p = '"';
    if (n) memcpy(p + 1, s, n);
    p[n + 1] = '"';
    ret_bytes(a + 7, (void *)d[0], d[1] + n + 2, d[2]);
    ret_no_error(a + 10);
    return RT_OK;
}

/* AppendUnquote(dst, src []byte) (v []byte, err error) */
RtResult native_json_unquote(M *m, uint64_t *a) {
    const uint8_t *s = (const uint8_t *)a[3];
    uint64_t n = a[4], i = 1;
    if (n < 2 || s[0] != '"' || s[n - 1] != '"') return RT_FALSE;
    uint64_t d[3] = {a[0], a[1], a[2]};
    grow(m, d, n);
    uint8_t *p = (uint8_t *)d[0] + d[1];
    while (i < n - 1) {
        uint8_t c = s[i];
        if (json_plain(c)) {
            *p++ = c;
            i++;
        } else if (c == '\\') {
            static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
            const char *q = i + 1 < n - 1 && s[i + 1] ? strchr(from, s[i + 1]) : NULL;
            if (!q) return RT_FALSE;
            *p++ = (uint8_t)to[q - from];
            i += 2;
        } else {
            int32_t r;
            int k = utf8_decode_go(s + i, n - i, &r);
            if (k < 2) return RT_FALSE;
            memcpy(p, s + i, (size_t)k);
            p += k, i += (uint64_t)k;
        }
    }
    ret_bytes(a + 6, (void *)d[0], (uint64_t)(p - (uint8_t *)d[0]), d[2]);
    ret_no_error(a + 9);
    return RT_OK;
}

/* ---- strings: letter case of ASCII --------------------------------------------------------------------------- */

static RtResult change_case(M *m, uint64_t *a, uint8_t first) {
    const uint8_t *s = (const uint8_t *)a[0];
    uint64_t n = a[1];
    bool changes = false;
    uint8_t all = 0;
    for (uint64_t i = 0; i < n; i++) all |= s[i], changes |= (uint8_t)(s[i] - first) < 26;
    if (all >= 0x80) return RT_FALSE;
    a[2] = a[0], a[3] = n;
    if (!changes) return RT_OK;
    uint8_t *p = mem_alloc_noscan(m, n, false);
    for (uint64_t i = 0; i < n; i++) p[i] = (uint8_t)(s[i] - first) < 26 ? s[i] ^ 0x20 : s[i];
    a[2] = (uint64_t)p;
    return RT_OK;
}
RtResult native_to_upper(M *m, uint64_t *a) { return change_case(m, a, 'a'); }
RtResult native_to_lower(M *m, uint64_t *a) { return change_case(m, a, 'A'); }

/* EqualFold(s, t): up to the first byte outside ASCII on either side */
static RtResult equal_fold(const uint8_t *s, uint64_t ns, const uint8_t *t, uint64_t nt, uint64_t *to) {
    for (uint64_t i = 0; i < ns && i < nt; i++) {
        uint8_t x = s[i], y = t[i];
        if ((x | y) >= 0x80) return RT_FALSE;
        if (x == y) continue;
        if ((x ^ y) != 0x20 || (uint8_t)((x | 0x20) - 'a') >= 26) return *to = 0, RT_OK;
    }
    *to = ns == nt;
    return RT_OK;
}
RtResult native_equal_fold_string(M *m, uint64_t *a) { return equal_fold((void *)a[0], a[1], (void *)a[2], a[3], a + 4); }
RtResult native_equal_fold_bytes(M *m, uint64_t *a) { return equal_fold((void *)a[0], a[1], (void *)a[3], a[4], a + 6); }

/* ---- math/rand ------------------------------------------------------------------------------------------------- */

/* (rng *rngSource) Uint64() uint64 and Int63() int64: an additive generator of 607 words */
static uint64_t rng_next(int64_t *rng) {
    enum { LEN = 607 };
    int64_t *tap = rng, *feed = rng + 1, *vec = rng + 2;
    if (--*tap < 0) *tap += LEN;
    if (--*feed < 0) *feed += LEN;
    if ((uint64_t)*tap >= LEN || (uint64_t)*feed >= LEN) bug("math/rand: a source that was not seeded");
    return (uint64_t)(vec[*feed] = (int64_t)((uint64_t)vec[*feed] + (uint64_t)vec[*tap]));
}
RtResult native_rng_uint64(M *m, uint64_t *a) { return a[1] = rng_next((int64_t *)a[0]), RT_OK; }
RtResult native_rng_int63(M *m, uint64_t *a) { return a[1] = rng_next((int64_t *)a[0]) & ~(1ull << 63), RT_OK; }

/* (p *PCG) Uint64() uint64: PCG-DXSM over 128 bits {hi, lo} */
RtResult native_pcg(M *m, uint64_t *a) {
    typedef unsigned __int128 u128;
    uint64_t *p = (uint64_t *)a[0];
    u128 s = ((u128)p[0] << 64 | p[1]) * ((u128)2549297995355413924ull << 64 | 4865540595714422341ull);
    s += (u128)6364136223846793005ull << 64 | 1442695040888963407ull;
    uint64_t hi = p[0] = (uint64_t)(s >> 64), lo = p[1] = (uint64_t)s;
    hi ^= hi >> 32;
    hi *= 0xda942042e4dd58b5;
    hi ^= hi >> 48;
    a[1] = hi * (lo | 1);
    return RT_OK;
}
