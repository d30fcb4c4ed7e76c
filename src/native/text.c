/* Natives of unicode/utf8 and of number parsing tried before Go bodies. The short ASCII paths of utf8 stay
 * Go, because they are inlined. */
#include "native/native.h"
#include "native/utf8.h"

/* Bytes of ASCII at the start of p. */
static inline uint64_t ascii_prefix(const uint8_t *p, uint64_t n) {
    uint64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        if (w & 0x8080808080808080) break;
    }
    while (i < n && p[i] < 0x80) i++;
    return i;
}

static uint64_t rune_count(const uint8_t *p, uint64_t n) {
    uint64_t count = 0;
    while (n) {
        uint64_t k = ascii_prefix(p, n);
        count += k, p += k, n -= k;
        if (!n) break;
        int32_t r;
        k = (uint64_t)utf8_decode_go(p, n, &r);
        count++, p += k, n -= k;
    }
    return count;
}

static bool valid(const uint8_t *p, uint64_t n) {
    while (n) {
        uint64_t k = ascii_prefix(p, n);
        p += k, n -= k;
        if (!n) break;
        int32_t r;
        k = (uint64_t)utf8_decode_go(p, n, &r);
        if (k == 1) return false;
        p += k, n -= k;
    }
    return true;
}

static RtResult ret_rune(uint64_t *to, int32_t rune, int size) {
    to[0] = (uint64_t)(int64_t)rune;
    to[1] = (uint64_t)size;
    return RT_OK;
}

/* For slices (three slots) and strings (two). */
#define UTF8(kind, slots) \
    RtResult native_decode_rune_##kind(M *m, uint64_t *a) { int32_t r; int k = utf8_decode_go((void *)a[0], a[1], &r); return ret_rune(a + slots, r, k); } \
    RtResult native_decode_last_##kind(M *m, uint64_t *a) { int32_t r; int k = utf8_decode_last_go((void *)a[0], a[1], &r); return ret_rune(a + slots, r, k); } \
    RtResult native_rune_count_##kind(M *m, uint64_t *a) { a[slots] = rune_count((void *)a[0], a[1]); return RT_OK; } \
    RtResult native_utf8_valid_##kind(M *m, uint64_t *a) { a[slots] = valid((void *)a[0], a[1]); return RT_OK; }
UTF8(bytes, 3)
UTF8(string, 2)

/* ---- internal/strconv ------------------------------------------------------------------------------------ */

static inline uint8_t lower(uint8_t c) { return c | 0x20; }
static inline bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* Underscores stand between digits, or between a base prefix and a digit. */
static bool underscores_ok(const uint8_t *s, uint64_t n) {
    uint8_t last = '^'; /* '0': digit or prefix, '_': underscore, '!': something else */
    uint64_t i = 0;
    if (n && (s[0] == '-' || s[0] == '+')) i++;
    bool hex = false;
    if (n - i >= 2 && s[i] == '0' && (lower(s[i + 1]) == 'b' || lower(s[i + 1]) == 'o' || lower(s[i + 1]) == 'x')) {
        hex = lower(s[i + 1]) == 'x';
        last = '0';
        i += 2;
    }
    for (; i < n; i++) {
        if (is_digit(s[i]) || (hex && lower(s[i]) >= 'a' && lower(s[i]) <= 'f')) {
            last = '0';
        } else if (s[i] == '_') {
            if (last != '0') return false;
            last = '_';
        } else {
            if (last == '_') return false;
            last = '!';
        }
    }
    return last != '_';
}

/* readFloat(s string) (mantissa uint64, exp int, neg, trunc, hex bool, i int, ok bool) */
RtResult native_read_float(M *m, uint64_t *args) {
    const uint8_t *s = (const uint8_t *)args[0];
    uint64_t n = args[1], i = 0, mantissa = 0;
    int64_t digits = 0, in_mantissa = 0, point = 0, exp = 0;
    bool neg = false, trunc = false, hex = false, ok = false, underscores = false, dot = false, any = false;
    if (i >= n) goto done;
    if (s[i] == '+' || s[i] == '-') neg = s[i++] == '-';
    if (i + 2 < n && s[i] == '0' && lower(s[i + 1]) == 'x') hex = true, i += 2;
    int64_t most = hex ? 16 : 19;
    for (; i < n; i++) {
        uint8_t c = s[i];
        unsigned d;
        if (c == '_') {
            underscores = true;
            continue;
        }
        if (c == '.') {
            if (dot) break;
            dot = true;
            point = digits;
            continue;
        }
        if (is_digit(c)) d = c - '0';
        else if (hex && lower(c) >= 'a' && lower(c) <= 'f') d = lower(c) - 'a' + 10u;
        else break;
        any = true;
        if (!d && !digits) { /* leading zeros do not count */
            point--;
            continue;
        }
        digits++;
        if (in_mantissa < most) mantissa = mantissa * (hex ? 16 : 10) + d, in_mantissa++;
        else if (d) trunc = true;
    }
    if (!any) goto done;
    if (!dot) point = digits;
    if (hex) point *= 4, in_mantissa *= 4;
    if (i < n && lower(s[i]) == (hex ? 'p' : 'e')) {
        if (++i >= n) goto done;
        bool minus = false;
        if (s[i] == '+' || s[i] == '-') minus = s[i++] == '-';
        if (i >= n || !is_digit(s[i])) goto done;
        int64_t e = 0;
        for (; i < n && (is_digit(s[i]) || s[i] == '_'); i++) {
            if (s[i] == '_') underscores = true;
            else if (e < 10000) e = e * 10 + (s[i] - '0');
        }
        point += minus ? -e : e;
    } else if (hex) {
        goto done; /* must have an exponent */
    }
    if (mantissa) exp = point - in_mantissa;
    ok = !underscores || underscores_ok(s, i);
done:
    args[2] = mantissa, args[3] = (uint64_t)exp, args[4] = neg, args[5] = trunc, args[6] = hex, args[7] = i, args[8] = ok;
    return RT_OK;
}

/* formatBase10(a []byte, u uint64): all of a */
RtResult native_format_base10(M *m, uint64_t *args) {
    uint8_t *a = (uint8_t *)args[0];
    uint64_t u = args[3];
    for (uint64_t i = args[1]; i-- > 0; u /= 10) a[i] = (uint8_t)('0' + u % 10);
    return RT_OK;
}

/* ---- bufio, strings ---------------------------------------------------------------------------------------- */

static bool is_space(int32_t r) {
    if (r < 0x80) return r == ' ' || (r >= '\t' && r <= '\r');
    return r == 0x85 || r == 0xa0 || r == 0x1680 || (r >= 0x2000 && r <= 0x200a) || r == 0x2028 || r == 0x2029 ||
           r == 0x202f || r == 0x205f || r == 0x3000;
}

/* A SplitFunc's results: advance, data[from:to], nil. */
static RtResult ret_token(uint64_t *args, uint64_t advance, uint64_t from, uint64_t to, bool token) {
    args[4] = advance;
    args[5] = token ? args[0] + from : 0;
    args[6] = token ? to - from : 0;
    args[7] = token ? args[2] - from : 0;
    args[8] = args[9] = 0;
    return RT_OK;
}

/* ScanWords(data []byte, atEOF bool) (advance int, token []byte, err error) */
RtResult native_scan_words(M *m, uint64_t *args) {
    const uint8_t *p = (const uint8_t *)args[0];
    uint64_t n = args[1], start = 0, k;
    int32_t r;
    for (; start < n; start += k) {
        k = (uint64_t)utf8_decode_go(p + start, n - start, &r);
        if (!is_space(r)) break;
    }
    for (uint64_t i = start; i < n; i += k) {
        k = (uint64_t)utf8_decode_go(p + i, n - i, &r);
        if (is_space(r)) return ret_token(args, i + k, start, i, true);
    }
    if ((uint8_t)args[3] && n > start) return ret_token(args, n, start, n, true);
    return ret_token(args, start, 0, 0, false);
}

RtResult native_scan_lines(M *m, uint64_t *args) {
    const uint8_t *p = (const uint8_t *)args[0];
    uint64_t n = args[1];
    const uint8_t *q = n ? memchr(p, '\n', n) : NULL;
    if (!q && (!(uint8_t)args[3] || !n)) return ret_token(args, 0, 0, 0, false);
    uint64_t end = q ? (uint64_t)(q - p) : n;
    uint64_t len = end && p[end - 1] == '\r' ? end - 1 : end;
    return ret_token(args, q ? end + 1 : n, 0, len, true);
}

static bool holds_rune(const uint8_t *p, uint64_t n, int32_t want) {
    for (uint64_t i = 0, k; i < n; i += k) {
        int32_t r;
        k = (uint64_t)utf8_decode_go(p + i, n - i, &r);
        if (r == want) return true;
    }
    return false;
}

/* The first rune of s that is one of chars; what is not UTF-8 counts as RUNE_ERROR on both sides. */
static uint64_t index_any(const uint8_t *s, uint64_t n, const uint8_t *chars, uint64_t nchars) {
    uint64_t set[4] = {0};
    bool ascii = ascii_prefix(chars, nchars) == nchars;
    for (uint64_t i = 0; i < nchars; i++)
        if (chars[i] < 0x80) set[chars[i] >> 6] |= 1ull << (chars[i] & 63);
    for (uint64_t i = 0, k; i < n; i += k) {
        k = 1;
        if (s[i] < 0x80 || ascii) {
            if (set[s[i] >> 6] >> (s[i] & 63) & 1) return i;
        } else {
            int32_t r;
            k = (uint64_t)utf8_decode_go(s + i, n - i, &r);
            if (holds_rune(chars, nchars, r)) return i;
        }
    }
    return (uint64_t)-1;
}
RtResult native_index_any_string(M *m, uint64_t *a) { return a[4] = index_any((void *)a[0], a[1], (void *)a[2], a[3]), RT_OK; }
RtResult native_index_any_bytes(M *m, uint64_t *a) { return a[5] = index_any((void *)a[0], a[1], (void *)a[3], a[4]), RT_OK; }
