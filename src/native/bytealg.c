/* Natives of internal/bytealg: byte searches that dominate text programs. */
#define _GNU_SOURCE
#include "native/native.h"

static uint64_t index_of(const void *p, size_t n, uint8_t c) {
    const uint8_t *q = n ? memchr(p, c, n) : NULL;
    return q ? (uint64_t)(q - (const uint8_t *)p) : (uint64_t)-1;
}

static uint64_t count_of(const uint8_t *p, size_t n, uint8_t c) {
    uint64_t k = 0;
    for (size_t i = 0; i < n; i++) k += p[i] == c; /* vectorised by the compiler */
    return k;
}

static uint64_t compare(const void *a, size_t na, const void *b, size_t nb) {
    size_t n = na < nb ? na : nb;
    int r = n ? memcmp(a, b, n) : 0;
    if (!r) r = na < nb ? -1 : na > nb;
    return (uint64_t)(int64_t)(r < 0 ? -1 : r > 0);
}

RtResult native_index_byte(M *m, uint64_t *args) { return args[4] = index_of((void *)args[0], args[1], (uint8_t)args[3]), RT_OK; }
RtResult native_index_byte_string(M *m, uint64_t *args) { return args[3] = index_of((void *)args[0], args[1], (uint8_t)args[2]), RT_OK; }
RtResult native_count(M *m, uint64_t *args) { return args[4] = count_of((void *)args[0], args[1], (uint8_t)args[3]), RT_OK; }
RtResult native_count_string(M *m, uint64_t *args) { return args[3] = count_of((void *)args[0], args[1], (uint8_t)args[2]), RT_OK; }
RtResult native_compare(M *m, uint64_t *args) { return args[6] = compare((void *)args[0], args[1], (void *)args[3], args[4]), RT_OK; }
RtResult native_compare_string(M *m, uint64_t *args) { return args[4] = compare((void *)args[0], args[1], (void *)args[2], args[3]), RT_OK; }

RtResult native_memequal(M *m, uint64_t *args) {
    args[3] = !args[2] || !memcmp((void *)args[0], (void *)args[1], args[2]);
    return RT_OK;
}

RtResult native_make_no_zero(M *m, uint64_t *args) {
    int64_t n = (int64_t)args[0];
    if (n < 0 || n > 1ll << 47) {
        vm_panic_text(m, "makeslice: len out of range");
        return RT_PANIC;
    }
    size_t cap = mem_round_size((size_t)n, true);
    args[1] = (uint64_t)mem_alloc_noscan(m, cap ? cap : 1, false);
    args[2] = (uint64_t)n;
    args[3] = cap;
    return RT_OK;
}

static uint64_t last_index_of(const void *p, size_t n, uint8_t c) {
    const uint8_t *q = n ? memrchr(p, c, n) : NULL;
    return q ? (uint64_t)(q - (const uint8_t *)p) : (uint64_t)-1;
}
static uint64_t find(const void *s, size_t n, const void *sep, size_t nsep) {
    if (!nsep) return 0;
    const uint8_t *q = nsep <= n ? memmem(s, n, sep, nsep) : NULL;
    return q ? (uint64_t)(q - (const uint8_t *)s) : (uint64_t)-1;
}
RtResult native_last_index_byte(M *m, uint64_t *args) { return args[4] = last_index_of((void *)args[0], args[1], (uint8_t)args[3]), RT_OK; }
RtResult native_last_index_byte_string(M *m, uint64_t *args) { return args[3] = last_index_of((void *)args[0], args[1], (uint8_t)args[2]), RT_OK; }
RtResult native_index(M *m, uint64_t *args) { return args[6] = find((void *)args[0], args[1], (void *)args[3], args[4]), RT_OK; }
RtResult native_index_string(M *m, uint64_t *args) { return args[4] = find((void *)args[0], args[1], (void *)args[2], args[3]), RT_OK; }
