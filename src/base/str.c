/* Strings, hashing and growing buffers. */
#include "base/base.h"

#include <stdlib.h>

bool str_has_prefix(Str s, const char *prefix) {
    size_t n = strlen(prefix);
    return s.n >= n && !memcmp(s.p, prefix, n);
}

Str str_trim(Str s) {
    while (s.n && strchr(" \t\r\n", s.p[0]) && s.p[0]) s.p++, s.n--;
    while (s.n && strchr(" \t\r\n", s.p[s.n - 1]) && s.p[s.n - 1]) s.n--;
    return s;
}

bool str_has_suffix(Str s, const char *suffix) {
    size_t n = strlen(suffix);
    return s.n >= n && !memcmp(s.p + s.n - n, suffix, n);
}

int str_cmp(Str a, Str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

Str str_dup(Arena *a, Str s) {
    char *p = arena_alloc(a, s.n + 1);
    if (s.n) memcpy(p, s.p, s.n);
    return (Str){p, s.n};
}

static inline uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t m = (__uint128_t)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t load64(const unsigned char *p) {
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

uint64_t hash_bytes(const void *data, size_t n, uint64_t seed) {
    const unsigned char *p = data;
    uint64_t h = seed ^ 0x9e3779b97f4a7c15u ^ n;
    for (; n >= 8; n -= 8, p += 8) h = mix(h ^ load64(p), 0xd6e8feb86659fd93u);
    if (n) {
        uint64_t tail = 0;
        for (size_t i = 0; i < n; i++) tail |= (uint64_t)p[i] << (8 * i);
        h = mix(h ^ tail, 0xa0761d6478bd642fu);
    }
    return mix(h ^ 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u);
}

void buf_reserve(Buf *b, size_t extra) {
    size_t need = b->len + extra + 1;
    if (need < extra) base_oom();
    if (need <= b->cap) return;
    size_t cap = b->cap ? b->cap * 2 : 64;
    if (cap < need) cap = need;
    char *p = realloc(b->data, cap);
    if (!p) base_oom();
    if (!b->data) p[0] = 0;
    b->data = p;
    b->cap = cap;
}

void buf_put(Buf *b, const void *p, size_t n) {
    buf_reserve(b, n);
    if (n) memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = 0;
}

void buf_putc(Buf *b, char c) { buf_put(b, &c, 1); }
void buf_puts(Buf *b, const char *s) { buf_put(b, s, strlen(s)); }

void buf_vprintf(Buf *b, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    buf_reserve(b, 128);
    int n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
    if (n < 0) bug("bad format %s", fmt);
    if ((size_t)n >= b->cap - b->len) {
        buf_reserve(b, (size_t)n);
        vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
    }
    va_end(again);
    b->len += (size_t)n;
}

void buf_printf(Buf *b, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_free(Buf *b) {
    free(b->data);
    *b = (Buf){0};
}
