/* Natives of the hash packages: the block functions of SHA-1, SHA-2, MD5 and SHA-3, and the loops of the
 * checksums. They are tried before the Go bodies and leave exactly the state those leave. The digests' chaining values
 * are the first field of their structs. SHA-256 uses the processor's instructions where it has them. */
#define _GNU_SOURCE
#include "native/native.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

static inline uint32_t be32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return __builtin_bswap32(v); }
static inline uint64_t be64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return __builtin_bswap64(v); }
static inline uint32_t rol(uint32_t v, int k) { return v << k | v >> (32 - k); }
static inline uint32_t ror(uint32_t v, int k) { return v >> k | v << (32 - k); }
static inline uint64_t ror64(uint64_t v, int k) { return v >> k | v << (64 - k); }
static inline uint64_t rol64(uint64_t v, int k) { return k ? v << k | v >> (64 - k) : v; }

/* ---- SHA-2 ------------------------------------------------------------------------------------- */

/* SHA-512's constants; SHA-256's are the upper halves of the first 64. */
static const uint64_t sha2_k[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static void sha256_blocks(uint32_t *h, const uint8_t *p, size_t nblocks) {
    for (; nblocks; nblocks--, p += 64) {
        uint32_t w[64];
        for (int i = 0; i < 16; i++) w[i] = be32(p + 4 * i);
        for (int i = 16; i < 64; i++) {
            uint32_t s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
            uint32_t s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
        for (int i = 0; i < 64; i++) {
            uint32_t t1 = k + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & f) ^ (~e & g)) + (uint32_t)(sha2_k[i] >> 32) + w[i];
            uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            k = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += k;
    }
}

#ifdef __x86_64__
static bool has_sha(void) { return __builtin_cpu_supports("sha"); } /* not cpuid: see cipher.c */

__attribute__((target("sha,sse4.1,ssse3")))
static void sha256_blocks_ni(uint32_t *h, const uint8_t *p, size_t nblocks) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
    __m128i k[16];
    for (int i = 0; i < 16; i++)
        k[i] = _mm_set_epi32((int)(sha2_k[4 * i + 3] >> 32), (int)(sha2_k[4 * i + 2] >> 32),
                             (int)(sha2_k[4 * i + 1] >> 32), (int)(sha2_k[4 * i] >> 32));
    /* the instructions want the state as ABEF and CDGH */
    __m128i t = _mm_shuffle_epi32(_mm_loadu_si128((__m128i *)h), 0xb1);
    __m128i s1 = _mm_shuffle_epi32(_mm_loadu_si128((__m128i *)(h + 4)), 0x1b);
    __m128i s0 = _mm_alignr_epi8(t, s1, 8);
    s1 = _mm_blend_epi16(s1, t, 0xf0);
    for (; nblocks; nblocks--, p += 64) {
        __m128i old0 = s0, old1 = s1, w[4];
        for (int i = 0; i < 4; i++) w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), swap);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            __m128i x = w[i & 3];
            if (i >= 4) {
                __m128i prev = w[(i + 3) & 3];
                x = _mm_sha256msg1_epu32(x, w[(i + 1) & 3]);
                x = _mm_add_epi32(x, _mm_alignr_epi8(prev, w[(i + 2) & 3], 4));
                x = w[i & 3] = _mm_sha256msg2_epu32(x, prev);
            }
            __m128i wk = _mm_add_epi32(x, k[i]);
            s1 = _mm_sha256rnds2_epu32(s1, s0, wk);
            s0 = _mm_sha256rnds2_epu32(s0, s1, _mm_shuffle_epi32(wk, 0x0e));
        }
        s0 = _mm_add_epi32(s0, old0);
        s1 = _mm_add_epi32(s1, old1);
    }
    t = _mm_shuffle_epi32(s0, 0x1b);
    s1 = _mm_shuffle_epi32(s1, 0xb1);
    _mm_storeu_si128((__m128i *)h, _mm_blend_epi16(t, s1, 0xf0));
    _mm_storeu_si128((__m128i *)(h + 4), _mm_alignr_epi8(s1, t, 8));
}
#endif

RtResult native_sha256_block(M *m, uint64_t *args) {
    uint32_t *h = (uint32_t *)args[0];
    const uint8_t *p = (const uint8_t *)args[1];
#ifdef __x86_64__
    if (has_sha()) return sha256_blocks_ni(h, p, args[2] / 64), RT_OK;
#endif
    sha256_blocks(h, p, args[2] / 64);
    return RT_OK;
}

RtResult native_sha512_block(M *m, uint64_t *args) {
    uint64_t *h = (uint64_t *)args[0];
    const uint8_t *p = (const uint8_t *)args[1];
    for (uint64_t n = args[2] / 128; n; n--, p += 128) {
        uint64_t w[80];
        for (int i = 0; i < 16; i++) w[i] = be64(p + 8 * i);
        for (int i = 16; i < 80; i++) {
            uint64_t s0 = ror64(w[i - 15], 1) ^ ror64(w[i - 15], 8) ^ w[i - 15] >> 7;
            uint64_t s1 = ror64(w[i - 2], 19) ^ ror64(w[i - 2], 61) ^ w[i - 2] >> 6;
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        uint64_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
        for (int i = 0; i < 80; i++) {
            uint64_t t1 = k + (ror64(e, 14) ^ ror64(e, 18) ^ ror64(e, 41)) + ((e & f) ^ (~e & g)) + sha2_k[i] + w[i];
            uint64_t t2 = (ror64(a, 28) ^ ror64(a, 34) ^ ror64(a, 39)) + ((a & b) ^ (a & c) ^ (b & c));
            k = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += k;
    }
    return RT_OK;
}

/* ---- SHA-1, MD5 --------------------------------------------------------------------------------- */

RtResult native_sha1_block(M *m, uint64_t *args) {
    uint32_t *h = (uint32_t *)args[0];
    const uint8_t *p = (const uint8_t *)args[1];
    for (uint64_t n = args[2] / 64; n; n--, p += 64) {
        uint32_t w[80];
        for (int i = 0; i < 16; i++) w[i] = be32(p + 4 * i);
        for (int i = 16; i < 80; i++) w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
#define ROUNDS(from, to, f, k) \
        for (int i = from; i < to; i++) { \
            uint32_t t = rol(a, 5) + (f) + e + (k) + w[i]; \
            e = d, d = c, c = rol(b, 30), b = a, a = t; \
        }
        ROUNDS(0, 20, (b & c) | (~b & d), 0x5a827999)
        ROUNDS(20, 40, b ^ c ^ d, 0x6ed9eba1)
        ROUNDS(40, 60, ((b | c) & d) | (b & c), 0x8f1bbcdc)
        ROUNDS(60, 80, b ^ c ^ d, 0xca62c1d6)
#undef ROUNDS
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    return RT_OK;
}

/* 2^32 * |sin(i + 1)| */
static const uint32_t md5_k[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

RtResult native_md5_block(M *m, uint64_t *args) {
    static const uint8_t shift[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t *h = (uint32_t *)args[0];
    const uint8_t *p = (const uint8_t *)args[1];
    for (uint64_t n = args[2] / 64; n; n--, p += 64) {
        uint32_t x[16];
        memcpy(x, p, 64);
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
#define ROUNDS(r, f, index) \
        _Pragma("GCC unroll 16") for (int i = 16 * r; i < 16 * r + 16; i++) { \
            uint32_t t = b + rol(a + (f) + md5_k[i] + x[(index) & 15], shift[r][i & 3]); \
            a = d, d = c, c = b, b = t; \
        }
        ROUNDS(0, (b & c) | (~b & d), i)
        ROUNDS(1, (b & d) | (c & ~d), 5 * i + 1)
        ROUNDS(2, b ^ c ^ d, 3 * i + 5)
        ROUNDS(3, c ^ (b | ~d), 7 * i)
#undef ROUNDS
        h[0] += a, h[1] += b, h[2] += c, h[3] += d;
    }
    return RT_OK;
}

/* ---- SHA-3 ---------------------------------------------------------------------------------------- */

static const uint64_t keccak_rc[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

RtResult native_keccak(M *m, uint64_t *args) {
    /* lane i moves to lane order[i] by a rotation of turn[i], along the cycle that starts at lane 1 */
    static const uint8_t order[24] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
    static const uint8_t turn[24] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};
    uint64_t a[25];
    memcpy(a, (void *)args[0], sizeof a);
    for (int r = 0; r < 24; r++) {
        uint64_t c[5];
        for (int x = 0; x < 5; x++) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int x = 0; x < 5; x++) {
            uint64_t d = c[(x + 4) % 5] ^ rol64(c[(x + 1) % 5], 1);
            for (int y = 0; y < 25; y += 5) a[x + y] ^= d;
        }
        uint64_t t = a[1];
#pragma GCC unroll 24
        for (int i = 0; i < 24; i++) {
            uint64_t u = a[order[i]];
            a[order[i]] = rol64(t, turn[i]);
            t = u;
        }
        for (int y = 0; y < 25; y += 5) {
            uint64_t b[5];
            memcpy(b, a + y, sizeof b);
            for (int x = 0; x < 5; x++) a[x + y] = b[x] ^ (~b[(x + 1) % 5] & b[(x + 2) % 5]);
        }
        a[0] ^= keccak_rc[r];
    }
    memcpy((void *)args[0], a, sizeof a);
    return RT_OK;
}

/* ---- Checksums ------------------------------------------------------------------------------------- */

static uint32_t crc32_bytes(uint32_t crc, const uint32_t *tab, const uint8_t *p, uint64_t n) {
    for (; n; n--) crc = tab[(uint8_t)crc ^ *p++] ^ crc >> 8;
    return crc;
}

/* simpleUpdate(crc uint32, tab *Table, p []byte) uint32 */
RtResult native_crc32_simple(M *m, uint64_t *args) {
    if (!args[1]) return RT_FALSE;
    args[5] = (uint32_t)~crc32_bytes(~(uint32_t)args[0], (const uint32_t *)args[1], (const uint8_t *)args[2], args[3]);
    return RT_OK;
}

/* slicingUpdate(crc uint32, tab *[8]Table, p []byte) uint32 */
RtResult native_crc32_slicing(M *m, uint64_t *args) {
    const uint32_t (*tab)[256] = (const uint32_t (*)[256])args[1];
    const uint8_t *p = (const uint8_t *)args[2];
    uint64_t n = args[3];
    uint32_t crc = ~(uint32_t)args[0];
    for (; n >= 8; n -= 8, p += 8) {
        uint32_t w[2];
        memcpy(w, p, 8);
        uint32_t x = crc ^ w[0], y = w[1];
        crc = tab[7][x & 255] ^ tab[6][x >> 8 & 255] ^ tab[5][x >> 16 & 255] ^ tab[4][x >> 24] ^
              tab[3][y & 255] ^ tab[2][y >> 8 & 255] ^ tab[1][y >> 16 & 255] ^ tab[0][y >> 24];
    }
    args[5] = (uint32_t)~crc32_bytes(crc, tab[0], p, n);
    return RT_OK;
}

/* update(d digest, p []byte) digest */
RtResult native_adler32(M *m, uint64_t *args) {
    uint32_t s1 = args[0] & 0xffff, s2 = (uint32_t)args[0] >> 16;
    const uint8_t *p = (const uint8_t *)args[1];
    for (uint64_t n = args[2]; n;) {
        uint64_t k = n < 5552 ? n : 5552; /* as many as cannot overflow s2 */
        n -= k;
        for (; k; k--) s1 += *p++, s2 += s1;
        s1 %= 65521, s2 %= 65521;
    }
    args[4] = s2 << 16 | s1;
    return RT_OK;
}
