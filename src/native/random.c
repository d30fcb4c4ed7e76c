/* Random numbers: the block function of internal/chacha8rand, bounded numbers. */
#include "native/native.h"

#define ROT(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define QUARTER(a, b, c, d) \
    a += b, d ^= a, d = ROT(d, 16), c += d, b ^= c, b = ROT(b, 12), a += b, d ^= a, d = ROT(d, 8), c += d, b ^= c, \
        b = ROT(b, 7)
typedef uint32_t Vec4 __attribute__((vector_size(16)));

/* (seed *[4]uint64, blocks *[32]uint64, counter uint32): four ChaCha8 blocks side by side; only the key words are
 * added back. */
RtResult native_chacha8_block(M *m, uint64_t *args) {
    const uint32_t *seed = (const uint32_t *)args[0];
    uint32_t n = (uint32_t)args[2];
    static const uint32_t head[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    Vec4 x[16], key[8];
    for (int i = 0; i < 4; i++) x[i] = (Vec4){head[i], head[i], head[i], head[i]};
    for (int i = 0; i < 8; i++) x[4 + i] = key[i] = (Vec4){seed[i], seed[i], seed[i], seed[i]};
    x[12] = (Vec4){n, n + 1, n + 2, n + 3};
    x[13] = x[14] = x[15] = (Vec4){0};
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 4; i++) QUARTER(x[i], x[4 + i], x[8 + i], x[12 + i]);
        for (int i = 0; i < 4; i++)
            QUARTER(x[i], x[4 + (i + 1) % 4], x[8 + (i + 2) % 4], x[12 + (i + 3) % 4]);
    }
    for (int i = 0; i < 8; i++) x[4 + i] += key[i];
    memcpy((void *)args[1], x, sizeof x);
    return RT_OK;
}

RtResult native_randn(M *m, uint64_t *args) { /* (n uint32) uint32 */
    args[1] = (uint64_t)(uint32_t)rt_rand(m) * (uint32_t)args[0] >> 32;
    return RT_OK;
}
