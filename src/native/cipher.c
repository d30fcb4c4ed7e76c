/* Natives of the ciphers: AES blocks (and counter mode), GHASH, ChaCha20, Poly1305, XOR of buffers. They
 * are tried before the generic Go bodies and leave the state those leave (except ChaCha20's cache of its first
 * round, which only the Go body reads). Key schedules stay Go's: big-endian words, and for decryption in
 * the order of the equivalent inverse cipher, which is what the processor's instructions want too. */
#define _GNU_SOURCE
#include "native/native.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ---- AES ------------------------------------------------------------------------------------------ */

/* crypto/internal/fips140/aes.blockExpanded, which starts every Block. */
typedef struct AesKey {
    int64_t rounds;
    uint32_t enc[60], dec[60];
} AesKey;

static const uint8_t aes_sbox[256] = {
    0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
    0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
    0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
    0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
    0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
    0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
    0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
    0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
    0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
    0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
    0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
    0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
    0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
    0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
    0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
    0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
};
static const uint8_t aes_inverse[256] = {
    0x52, 0x09, 0x6a, 0xd5, 0x30, 0x36, 0xa5, 0x38, 0xbf, 0x40, 0xa3, 0x9e, 0x81, 0xf3, 0xd7, 0xfb,
    0x7c, 0xe3, 0x39, 0x82, 0x9b, 0x2f, 0xff, 0x87, 0x34, 0x8e, 0x43, 0x44, 0xc4, 0xde, 0xe9, 0xcb,
    0x54, 0x7b, 0x94, 0x32, 0xa6, 0xc2, 0x23, 0x3d, 0xee, 0x4c, 0x95, 0x0b, 0x42, 0xfa, 0xc3, 0x4e,
    0x08, 0x2e, 0xa1, 0x66, 0x28, 0xd9, 0x24, 0xb2, 0x76, 0x5b, 0xa2, 0x49, 0x6d, 0x8b, 0xd1, 0x25,
    0x72, 0xf8, 0xf6, 0x64, 0x86, 0x68, 0x98, 0x16, 0xd4, 0xa4, 0x5c, 0xcc, 0x5d, 0x65, 0xb6, 0x92,
    0x6c, 0x70, 0x48, 0x50, 0xfd, 0xed, 0xb9, 0xda, 0x5e, 0x15, 0x46, 0x57, 0xa7, 0x8d, 0x9d, 0x84,
    0x90, 0xd8, 0xab, 0x00, 0x8c, 0xbc, 0xd3, 0x0a, 0xf7, 0xe4, 0x58, 0x05, 0xb8, 0xb3, 0x45, 0x06,
    0xd0, 0x2c, 0x1e, 0x8f, 0xca, 0x3f, 0x0f, 0x02, 0xc1, 0xaf, 0xbd, 0x03, 0x01, 0x13, 0x8a, 0x6b,
    0x3a, 0x91, 0x11, 0x41, 0x4f, 0x67, 0xdc, 0xea, 0x97, 0xf2, 0xcf, 0xce, 0xf0, 0xb4, 0xe6, 0x73,
    0x96, 0xac, 0x74, 0x22, 0xe7, 0xad, 0x35, 0x85, 0xe2, 0xf9, 0x37, 0xe8, 0x1c, 0x75, 0xdf, 0x6e,
    0x47, 0xf1, 0x1a, 0x71, 0x1d, 0x29, 0xc5, 0x89, 0x6f, 0xb7, 0x62, 0x0e, 0xaa, 0x18, 0xbe, 0x1b,
    0xfc, 0x56, 0x3e, 0x4b, 0xc6, 0xd2, 0x79, 0x20, 0x9a, 0xdb, 0xc0, 0xfe, 0x78, 0xcd, 0x5a, 0xf4,
    0x1f, 0xdd, 0xa8, 0x33, 0x88, 0x07, 0xc7, 0x31, 0xb1, 0x12, 0x10, 0x59, 0x27, 0x80, 0xec, 0x5f,
    0x60, 0x51, 0x7f, 0xa9, 0x19, 0xb5, 0x4a, 0x0d, 0x2d, 0xe5, 0x7a, 0x9f, 0x93, 0xc9, 0x9c, 0xef,
    0xa0, 0xe0, 0x3b, 0x4d, 0xae, 0x2a, 0xf5, 0xb0, 0xc8, 0xeb, 0xbb, 0x3c, 0x83, 0x53, 0x99, 0x61,
    0x17, 0x2b, 0x04, 0x7e, 0xba, 0x77, 0xd6, 0x26, 0xe1, 0x69, 0x14, 0x63, 0x55, 0x21, 0x0c, 0x7d,
};

static inline uint8_t times2(uint8_t v) { return (uint8_t)(v << 1 ^ (v >> 7) * 0x1b); }

static inline void add_key(uint8_t *s, const uint32_t *k) {
    for (int i = 0; i < 4; i++) {
        uint32_t w = __builtin_bswap32(k[i]), v;
        memcpy(&v, s + 4 * i, 4);
        v ^= w;
        memcpy(s + 4 * i, &v, 4);
    }
}

static void mix_columns(uint8_t *s, bool inverse) {
    for (uint8_t *c = s; c < s + 16; c += 4) {
        if (inverse) { /* the inverse matrix is the forward one times this */
            uint8_t u = times2(times2(c[0] ^ c[2])), v = times2(times2(c[1] ^ c[3]));
            c[0] ^= u, c[1] ^= v, c[2] ^= u, c[3] ^= v;
        }
        uint8_t all = c[0] ^ c[1] ^ c[2] ^ c[3], first = c[0];
        for (int i = 0; i < 4; i++) c[i] ^= all ^ times2(c[i] ^ (i < 3 ? c[i + 1] : first));
    }
}

static void aes_block_portable(const uint32_t *k, int rounds, uint8_t *dst, const uint8_t *src, bool inverse) {
    const uint8_t *box = inverse ? aes_inverse : aes_sbox;
    uint8_t s[16], t[16];
    memcpy(s, src, 16);
    add_key(s, k);
    for (int r = 1; r <= rounds; r++) {
        for (int col = 0; col < 4; col++)
            for (int row = 0; row < 4; row++)
                t[4 * col + row] = box[s[4 * ((col + (inverse ? 4 - row : row)) & 3) + row]];
        if (r < rounds) mix_columns(t, inverse);
        add_key(t, k + 4 * r);
        memcpy(s, t, 16);
    }
    memcpy(dst, s, 16);
}

#ifdef __x86_64__
/* As found out at start: the instruction cpuid itself takes microseconds on a virtual machine. */
static bool has_aes(void) { return __builtin_cpu_supports("aes") && __builtin_cpu_supports("ssse3"); }

/* n blocks of 16, each by itself. */
__attribute__((target("aes,ssse3")))
static void aes_blocks_ni(const uint32_t *k, int rounds, uint8_t *dst, const uint8_t *src, size_t n, bool inverse) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
    __m128i key[15];
    for (int i = 0; i <= rounds; i++)
        key[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(k + 4 * i)), swap);
    for (; n; n--, src += 16, dst += 16) {
        __m128i s = _mm_xor_si128(_mm_loadu_si128((const __m128i *)src), key[0]);
        if (inverse) {
            for (int i = 1; i < rounds; i++) s = _mm_aesdec_si128(s, key[i]);
            s = _mm_aesdeclast_si128(s, key[rounds]);
        } else {
            for (int i = 1; i < rounds; i++) s = _mm_aesenc_si128(s, key[i]);
            s = _mm_aesenclast_si128(s, key[rounds]);
        }
        _mm_storeu_si128((__m128i *)dst, s);
    }
}
#endif

static void aes_blocks(const AesKey *c, uint8_t *dst, const uint8_t *src, size_t n, bool inverse) {
    const uint32_t *k = inverse ? c->dec : c->enc;
    if (c->rounds < 1 || c->rounds > 14) bug("aes: a key of %lld rounds", (long long)c->rounds);
#ifdef __x86_64__
    if (has_aes()) {
        aes_blocks_ni(k, (int)c->rounds, dst, src, n, inverse);
        return;
    }
#endif
    for (; n; n--, src += 16, dst += 16) aes_block_portable(k, (int)c->rounds, dst, src, inverse);
}

/* encryptBlock(c, dst, src []byte) */
static RtResult aes_one(M *m, uint64_t *args, bool inverse) {
    if (args[5] < 16 || args[2] < 16) return RT_FALSE;
    aes_blocks((const AesKey *)args[0], (uint8_t *)args[1], (const uint8_t *)args[4], 1, inverse);
    return RT_OK;
}
RtResult native_aes_encrypt(M *m, uint64_t *args) { return aes_one(m, args, false); }
RtResult native_aes_decrypt(M *m, uint64_t *args) { return aes_one(m, args, true); }

/* ctrBlocks(b, dst, src []byte, ivlo, ivhi uint64): at most 8 blocks */
RtResult native_aes_ctr(M *m, uint64_t *args) {
    uint8_t buf[8 * 16] = {0}, *dst = (uint8_t *)args[1];
    const uint8_t *src = (const uint8_t *)args[4];
    uint64_t n = args[5], lo = args[7], hi = args[8];
    if (n > sizeof buf || n % 16 || args[2] < n) return RT_FALSE;
    for (uint64_t i = 0; i < n; i += 16, hi += !++lo) {
        uint64_t block[2] = {__builtin_bswap64(hi), __builtin_bswap64(lo)};
        memcpy(buf + i, block, 16);
    }
    aes_blocks((const AesKey *)args[0], buf, buf, n / 16, false);
    for (uint64_t i = 0; i < n; i++) dst[i] = src[i] ^ buf[i];
    return RT_OK;
}

/* ---- GHASH ------------------------------------------------------------------------------------------ */

typedef struct Gf { uint64_t hi, lo; } Gf; /* bit 63 of hi is the coefficient of x^0 */

static inline Gf gf_load(const uint8_t *p) {
    uint64_t v[2];
    memcpy(v, p, 16);
    return (Gf){__builtin_bswap64(v[0]), __builtin_bswap64(v[1])};
}
static inline Gf gf_times_x(Gf v) {
    uint64_t carry = -(v.lo & 1) & 0xe1ull << 56;
    return (Gf){v.hi >> 1 ^ carry, v.lo >> 1 | v.hi << 63};
}

/* ghash(out, H *[16]byte, inputs ...[]byte), by a table of H's multiples by 4 bits */
RtResult native_ghash(M *m, uint64_t *args) {
    Gf table[16] = {{0}}, y = {0};
    uint64_t reduce[16];
    table[8] = gf_load((const uint8_t *)args[1]);
    for (int i = 4; i; i >>= 1) table[i] = gf_times_x(table[2 * i]);
    for (int i = 2; i < 16; i++) {
        int low = i & -i;
        if (i != low) table[i] = (Gf){table[i ^ low].hi ^ table[low].hi, table[i ^ low].lo ^ table[low].lo};
    }
    for (unsigned i = 0; i < 16; i++) { /* what falls out below, four steps later */
        Gf v = {0, i};
        for (int k = 0; k < 4; k++) v = gf_times_x(v);
        reduce[i] = v.hi;
    }
    const uint64_t *inputs = (const uint64_t *)args[2];
    for (uint64_t k = 0; k < args[3]; k++, inputs += 3) {
        const uint8_t *p = (const uint8_t *)inputs[0];
        for (uint64_t n = inputs[1]; n;) {
            uint8_t block[16] = {0};
            uint64_t take = n < 16 ? n : 16;
            memcpy(block, p, take);
            p += take, n -= take;
            Gf x = gf_load(block), z = {0};
            x.hi ^= y.hi, x.lo ^= y.lo;
            for (int i = 0; i < 32; i++) { /* from the last nibble on */
                unsigned out = z.lo & 15, nibble = (i < 16 ? x.lo >> 4 * i : x.hi >> 4 * (i - 16)) & 15;
                z = (Gf){z.hi >> 4 ^ reduce[out], z.lo >> 4 | z.hi << 60};
                z.hi ^= table[nibble].hi, z.lo ^= table[nibble].lo;
            }
            y = z;
        }
    }
    uint64_t out[2] = {__builtin_bswap64(y.hi), __builtin_bswap64(y.lo)};
    memcpy((void *)args[0], out, 16);
    return RT_OK;
}

/* ---- ChaCha20, Poly1305 -------------------------------------------------------------------------------- */

/* (s *Cipher) xorKeyStreamBlocksGeneric(dst, src []byte): key [8]uint32, counter, nonce [3]uint32 */
RtResult native_chacha20_xor(M *m, uint64_t *args) {
    uint32_t *s = (uint32_t *)args[0];
    uint8_t *dst = (uint8_t *)args[1];
    const uint8_t *src = (const uint8_t *)args[4];
    if (args[2] != args[5] || args[2] % 64) return RT_FALSE;
    uint32_t in[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    memcpy(in + 4, s, 12 * 4);
    for (uint64_t n = args[5] / 64; n; n--, src += 64, dst += 64, in[12]++) {
        uint32_t x[16], out[16];
        memcpy(x, in, sizeof x);
#define STEP(a, b, d, k) x[a] += x[b], x[d] ^= x[a], x[d] = x[d] << k | x[d] >> (32 - k)
#define QUARTER(a, b, c, d) STEP(a, b, d, 16), STEP(c, d, b, 12), STEP(a, b, d, 8), STEP(c, d, b, 7)
        for (int i = 0; i < 10; i++) {
            QUARTER(0, 4, 8, 12), QUARTER(1, 5, 9, 13), QUARTER(2, 6, 10, 14), QUARTER(3, 7, 11, 15);
            QUARTER(0, 5, 10, 15), QUARTER(1, 6, 11, 12), QUARTER(2, 7, 8, 13), QUARTER(3, 4, 9, 14);
        }
        memcpy(out, src, sizeof out);
        for (int i = 0; i < 16; i++) out[i] ^= x[i] + in[i];
        memcpy(dst, out, sizeof out);
    }
    s[8] = in[12];
    return RT_OK;
}

/* updateGeneric(state *macState, msg []byte): h [3]uint64, r [2]uint64 */
RtResult native_poly1305_update(M *m, uint64_t *args) {
    typedef unsigned __int128 u128;
    uint64_t *s = (uint64_t *)args[0], h0 = s[0], h1 = s[1], h2 = s[2], r0 = s[3], r1 = s[4];
    const uint8_t *p = (const uint8_t *)args[1];
    for (uint64_t n = args[2]; n;) {
        uint64_t w[2] = {0}, take = n < 16 ? n : 16;
        memcpy(w, p, take);
        if (take < 16) ((uint8_t *)w)[take] = 1;
        p += take, n -= take;
        u128 c = (u128)h0 + w[0];
        h0 = (uint64_t)c;
        c = (u128)h1 + w[1] + (uint64_t)(c >> 64);
        h1 = (uint64_t)c;
        h2 += (uint64_t)(c >> 64) + (take == 16);
        /* h * r: h2 and the clamped r keep the outer products within 64 bits */
        u128 m0 = (u128)h0 * r0, m1 = (u128)h1 * r0, m2 = h2 * r0, x;
        x = (u128)h0 * r1;
        m1 += (uint64_t)x;
        m2 += (uint64_t)(x >> 64);
        x = (u128)h1 * r1;
        m2 += (uint64_t)x;
        uint64_t t3 = h2 * r1 + (uint64_t)(x >> 64);
        m1 += (uint64_t)(m0 >> 64);
        m2 += (uint64_t)(m1 >> 64);
        t3 += (uint64_t)(m2 >> 64);
        /* what stands above 2^130 comes back times 5 = 4 + 1 */
        h0 = (uint64_t)m0, h1 = (uint64_t)m1, h2 = (uint64_t)m2 & 3;
        u128 top = (u128)t3 << 64 | ((uint64_t)m2 & ~3ull);
        for (int k = 0; k < 2; k++, top >>= 2) {
            c = (u128)h0 + (uint64_t)top;
            h0 = (uint64_t)c;
            c = (u128)h1 + (uint64_t)(top >> 64) + (uint64_t)(c >> 64);
            h1 = (uint64_t)c;
            h2 += (uint64_t)(c >> 64);
        }
    }
    s[0] = h0, s[1] = h1, s[2] = h2;
    return RT_OK;
}

/* xorBytes(dst, x, y *byte, n int) */
RtResult native_xor_bytes(M *m, uint64_t *args) {
    uint8_t *dst = (uint8_t *)args[0];
    const uint8_t *x = (const uint8_t *)args[1], *y = (const uint8_t *)args[2];
    for (uint64_t i = 0, n = args[3]; i < n; i++) dst[i] = x[i] ^ y[i];
    return RT_OK;
}
