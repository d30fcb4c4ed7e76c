/* Natives of multi-word arithmetic: the vectors of math/big, bigmod's row product, the Montgomery fields of
 * nistec and the field of edwards25519. They are tried before the Go bodies, which raise
 * the panics, and give the same words. */
#include "native/native.h"

#include <stdlib.h>

typedef unsigned __int128 u128;

/* ---- math/big: z, x, y are slices (three slots each) ----------------------------------------------------- */

/* addVV, subVV(z, x, y []Word) (c Word): `step` adds or subtracts and says whether there was a carry. */
#define BIG_VV(name, step)                                                                    \
    RtResult name(M *m, uint64_t *args) {                                                     \
        uint64_t *z = (uint64_t *)args[0], n = args[1];                                       \
        const uint64_t *x = (const uint64_t *)args[3], *y = (const uint64_t *)args[6];        \
        if (args[4] != n || args[7] != n) return RT_FALSE;                                    \
        unsigned long long c = 0;                                                             \
        for (uint64_t i = 0; i < n; i++) {                                                    \
            unsigned long long s;                                                             \
            bool c1 = step(x[i], y[i], &s), c2 = step(s, c, &s);                              \
            z[i] = s;                                                                         \
            c = c1 | c2;                                                                      \
        }                                                                                     \
        args[9] = c;                                                                          \
        return RT_OK;                                                                         \
    }
BIG_VV(native_big_add_vv, __builtin_uaddll_overflow)
BIG_VV(native_big_sub_vv, __builtin_usubll_overflow)

/* addVW(z, x []Word, y Word) (c Word) */
RtResult native_big_add_vw(M *m, uint64_t *args) {
    uint64_t *z = (uint64_t *)args[0], n = args[1], c = args[6], i = 0;
    const uint64_t *x = (const uint64_t *)args[3];
    if (args[4] != n) return RT_FALSE;
    for (; i < n && c; i++) z[i] = x[i] + c, c = z[i] < c;
    if (i < n && z != x) memmove(z + i, x + i, (n - i) * 8);
    args[7] = c;
    return RT_OK;
}

RtResult native_big_sub_vw(M *m, uint64_t *args) {
    uint64_t *z = (uint64_t *)args[0], n = args[1], c = args[6], i = 0;
    const uint64_t *x = (const uint64_t *)args[3];
    if (args[4] != n) return RT_FALSE;
    for (; i < n && c; i++) {
        uint64_t v = x[i];
        z[i] = v - c;
        c = v < c;
    }
    if (i < n && z != x) memmove(z + i, x + i, (n - i) * 8);
    args[7] = c;
    return RT_OK;
}

/* lshVU(z, x []Word, s uint) (c Word): s < 64 */
RtResult native_big_lsh(M *m, uint64_t *args) {
    uint64_t *z = (uint64_t *)args[0], n = args[1], c = 0;
    const uint64_t *x = (const uint64_t *)args[3];
    unsigned s = (unsigned)args[6];
    if (args[4] != n) return RT_FALSE;
    if (!s) {
        if (n) memmove(z, x, n * 8);
    } else if (n) {
        s &= 63;
        unsigned back = -s & 63;
        c = x[n - 1] >> back;
        for (uint64_t i = n - 1; i > 0; i--) z[i] = x[i] << s | x[i - 1] >> back;
        z[0] = x[0] << s;
    }
    args[7] = c;
    return RT_OK;
}

RtResult native_big_rsh(M *m, uint64_t *args) {
    uint64_t *z = (uint64_t *)args[0], n = args[1], c = 0;
    const uint64_t *x = (const uint64_t *)args[3];
    unsigned s = (unsigned)args[6];
    if (args[4] != n) return RT_FALSE;
    if (!s) {
        if (n) memmove(z, x, n * 8);
    } else if (n) {
        s &= 63;
        unsigned back = -s & 63;
        c = x[0] << back;
        for (uint64_t i = 1; i < n; i++) z[i - 1] = x[i - 1] >> s | x[i] << back;
        z[n - 1] = x[n - 1] >> s;
    }
    args[7] = c;
    return RT_OK;
}

/* mulAddVWW(z, x []Word, y, r Word) (c Word) */
RtResult native_big_mul_add(M *m, uint64_t *args) {
    uint64_t *z = (uint64_t *)args[0], n = args[1], y = args[6], c = args[7];
    const uint64_t *x = (const uint64_t *)args[3];
    if (args[4] != n) return RT_FALSE;
    for (uint64_t i = 0; i < n; i++) {
        u128 p = (u128)x[i] * y + c;
        z[i] = (uint64_t)p;
        c = (uint64_t)(p >> 64);
    }
    args[8] = c;
    return RT_OK;
}

/* addMulVVWW(z, x, y []Word, m, a Word) (c Word): z = x + y*m + a */
RtResult native_big_add_mul(M *m, uint64_t *args) {
    uint64_t *z = (uint64_t *)args[0], n = args[1], k = args[9], c = args[10];
    const uint64_t *x = (const uint64_t *)args[3], *y = (const uint64_t *)args[6];
    if (args[4] != n || args[7] != n) return RT_FALSE;
    for (uint64_t i = 0; i < n; i++) {
        u128 p = (u128)y[i] * k + x[i] + c;
        z[i] = (uint64_t)p;
        c = (uint64_t)(p >> 64);
    }
    args[11] = c;
    return RT_OK;
}

/* divWVW(z []Word, xn Word, x []Word, y Word) (r Word): xn < y, else the quotient does not fit */
RtResult native_big_div(M *m, uint64_t *args) {
    uint64_t *z = (uint64_t *)args[0], r = args[3], y = args[7];
    const uint64_t *x = (const uint64_t *)args[4];
    if (!y || r >= y || args[5] != args[1]) return RT_FALSE;
    for (uint64_t i = args[1]; i-- > 0;) {
#ifdef __x86_64__
        uint64_t q;
        __asm__("divq %4" : "=a"(q), "=d"(r) : "a"(x[i]), "d"(r), "r"(y) : "cc");
        z[i] = q;
#else
        u128 v = (u128)r << 64 | x[i];
        z[i] = (uint64_t)(v / y);
        r = (uint64_t)(v % y);
#endif
    }
    args[8] = r;
    return RT_OK;
}

/* divWW(x1, x0, y, m Word) (q, r Word): x1 < y */
RtResult native_big_div_ww(M *m, uint64_t *args) {
    if (args[0] >= args[2]) return RT_FALSE;
    u128 v = (u128)args[0] << 64 | args[1];
    uint64_t y = args[2];
    args[4] = (uint64_t)(v / y);
    args[5] = (uint64_t)(v % y);
    return RT_OK;
}

/* ---- bigmod ------------------------------------------------------------------------------------------------ */

static uint64_t row_product(uint64_t *z, const uint64_t *x, uint64_t n, uint64_t y) {
    uint64_t c = 0;
    for (uint64_t i = 0; i < n; i++) {
        u128 p = (u128)x[i] * y + z[i] + c;
        z[i] = (uint64_t)p;
        c = (uint64_t)(p >> 64);
    }
    return c;
}

/* addMulVVW(z, x []uint, y uint) (carry uint) */
RtResult native_bigmod_row(M *m, uint64_t *args) {
    if (!args[1] || args[4] < args[1]) return RT_FALSE;
    args[7] = row_product((uint64_t *)args[0], (const uint64_t *)args[3], args[1], args[6]);
    return RT_OK;
}
/* addMulVVW1024(z, x *uint, y uint) (c uint) and the like */
static RtResult fixed_row(uint64_t *args, uint64_t n) {
    args[3] = row_product((uint64_t *)args[0], (const uint64_t *)args[1], n, args[2]);
    return RT_OK;
}
RtResult native_bigmod_row16(M *m, uint64_t *args) { return fixed_row(args, 16); }
RtResult native_bigmod_row24(M *m, uint64_t *args) { return fixed_row(args, 24); }
RtResult native_bigmod_row32(M *m, uint64_t *args) { return fixed_row(args, 32); }

/* (x *Nat) assign(on choice, y *Nat) *Nat and the like; a Nat is a slice of words */
typedef struct Nat { uint64_t *limbs; uint64_t len, cap; } Nat;

static bool nat_fits(const Nat *x, const Nat *y) { return y->cap >= x->len; }

RtResult native_bigmod_assign(M *m, uint64_t *args) {
    Nat *x = (Nat *)args[0], *y = (Nat *)args[2];
    if (!nat_fits(x, y)) return RT_FALSE;
    uint64_t mask = -args[1];
    for (uint64_t i = 0; i < x->len; i++) x->limbs[i] ^= mask & (x->limbs[i] ^ y->limbs[i]);
    args[3] = args[0];
    return RT_OK;
}

RtResult native_bigmod_add(M *m, uint64_t *args) {
    Nat *x = (Nat *)args[0], *y = (Nat *)args[1];
    if (!nat_fits(x, y)) return RT_FALSE;
    uint64_t c = 0;
    for (uint64_t i = 0; i < x->len; i++) {
        u128 s = (u128)x->limbs[i] + y->limbs[i] + c;
        x->limbs[i] = (uint64_t)s;
        c = (uint64_t)(s >> 64);
    }
    args[2] = c;
    return RT_OK;
}

RtResult native_bigmod_sub(M *m, uint64_t *args) {
    Nat *x = (Nat *)args[0], *y = (Nat *)args[1];
    if (!nat_fits(x, y)) return RT_FALSE;
    uint64_t borrow = 0;
    for (uint64_t i = 0; i < x->len; i++) {
        u128 v = (u128)x->limbs[i] - y->limbs[i] - borrow;
        x->limbs[i] = (uint64_t)v;
        borrow = (uint64_t)(v >> 64) & 1;
    }
    args[2] = borrow;
    return RT_OK;
}

/* (x *Nat) montgomeryMul(a, b *Nat, m *Modulus) *Nat; the Modulus starts {nat *Nat; odd bool; m0inv uint} */
RtResult native_bigmod_montgomery(M *m, uint64_t *args) {
    Nat *x = (Nat *)args[0], *a = (Nat *)args[1], *b = (Nat *)args[2];
    const uint64_t *modulus = (const uint64_t *)args[3];
    Nat *p = (Nat *)modulus[0];
    uint64_t n = p->len, inverse = modulus[2], small[2 * 64] = {0};
    if (!nat_fits(p, a) || !nat_fits(p, b)) return RT_FALSE;
    uint64_t *t = n <= 64 ? small : calloc(2 * n, 8), c = 0;
    if (!t) base_oom();
    for (uint64_t i = 0; i < n; i++) {
        uint64_t c1 = row_product(t + i, a->limbs, n, b->limbs[i]);
        u128 s = (u128)c1 + row_product(t + i, p->limbs, n, t[i] * inverse) + c;
        t[n + i] = (uint64_t)s;
        c = (uint64_t)(s >> 64);
    }
    if (x->cap < n) {
        x->limbs = mem_alloc_noscan(m, n * 8, true);
        x->cap = n;
    }
    if (x->len > n) memset(x->limbs + n, 0, (x->len - n) * 8);
    x->len = n;
    /* less the modulus when it is not smaller; t's lower half holds the difference */
    uint64_t borrow = 0;
    for (uint64_t i = 0; i < n; i++) {
        u128 v = (u128)t[n + i] - p->limbs[i] - borrow;
        t[i] = (uint64_t)v;
        borrow = (uint64_t)(v >> 64) & 1;
    }
    uint64_t keep = -(uint64_t)(c < borrow);
    for (uint64_t i = 0; i < n; i++) x->limbs[i] = (t[n + i] & keep) | (t[i] & ~keep);
    if (t != small) free(t);
    args[4] = args[0];
    return RT_OK;
}

/* ---- nistec/fiat: elements below the modulus, in Montgomery form --------------------------------------------- */

enum { FIELD_MAX = 9 };
typedef struct Field {
    int n;
    uint64_t neg_inverse; /* -1/p[0] modulo 2^64 */
    uint64_t p[FIELD_MAX];
} Field;
static const Field p224 = {4, ~0ull, {1, 0xffffffff00000000, ~0ull, 0xffffffff}};
static const Field p256 = {4, 1, {~0ull, 0xffffffff, 0, 0xffffffff00000001}};
static const Field p384 = {6, 0x100000001, {0xffffffff, 0xffffffff00000000, 0xfffffffffffffffe, ~0ull, ~0ull, ~0ull}};
static const Field p521 = {9, 1, {~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, ~0ull, 0x1ff}};

/* out = t (n words and a top word) minus p where that is not negative; without branches on secrets */
static inline void reduce_once(uint64_t *out, const uint64_t *t, uint64_t top, const Field *f, int n) {
    uint64_t d[FIELD_MAX], borrow = 0;
    for (int i = 0; i < n; i++) {
        u128 v = (u128)t[i] - f->p[i] - borrow;
        d[i] = (uint64_t)v;
        borrow = (uint64_t)(v >> 64) & 1;
    }
    uint64_t keep = -(uint64_t)(top < borrow);
    for (int i = 0; i < n; i++) out[i] = (t[i] & keep) | (d[i] & ~keep);
}

static inline __attribute__((always_inline)) void field_mul(uint64_t *out, const uint64_t *a, const uint64_t *b, const Field *f, int n) {
    uint64_t t[FIELD_MAX + 2] = {0};
    for (int i = 0; i < n; i++) {
        uint64_t c = 0;
        for (int j = 0; j < n; j++) {
            u128 p = (u128)a[j] * b[i] + t[j] + c;
            t[j] = (uint64_t)p;
            c = (uint64_t)(p >> 64);
        }
        u128 s = (u128)t[n] + c;
        t[n] = (uint64_t)s;
        t[n + 1] = (uint64_t)(s >> 64);
        uint64_t k = t[0] * f->neg_inverse;
        u128 p = (u128)k * f->p[0] + t[0];
        c = (uint64_t)(p >> 64);
        for (int j = 1; j < n; j++) {
            p = (u128)k * f->p[j] + t[j] + c;
            t[j - 1] = (uint64_t)p;
            c = (uint64_t)(p >> 64);
        }
        s = (u128)t[n] + c;
        t[n - 1] = (uint64_t)s;
        t[n] = t[n + 1] + (uint64_t)(s >> 64);
    }
    reduce_once(out, t, t[n], f, n);
}

static inline void field_add(uint64_t *out, const uint64_t *a, const uint64_t *b, const Field *f, int n) {
    uint64_t t[FIELD_MAX], c = 0;
    for (int i = 0; i < n; i++) {
        u128 s = (u128)a[i] + b[i] + c;
        t[i] = (uint64_t)s;
        c = (uint64_t)(s >> 64);
    }
    reduce_once(out, t, c, f, n);
}

static inline void field_sub(uint64_t *out, const uint64_t *a, const uint64_t *b, const Field *f, int n) {
    uint64_t t[FIELD_MAX], borrow = 0, c = 0;
    for (int i = 0; i < n; i++) {
        u128 v = (u128)a[i] - b[i] - borrow;
        t[i] = (uint64_t)v;
        borrow = (uint64_t)(v >> 64) & 1;
    }
    for (int i = 0; i < n; i++) {
        u128 s = (u128)t[i] + (f->p[i] & -borrow) + c;
        out[i] = (uint64_t)s;
        c = (uint64_t)(s >> 64);
    }
}

/* (v *Element) Select(a, b *Element, cond int) *Element: a when cond is 1, b when it is 0 */
static inline RtResult field_select(uint64_t *args, int n) {
    uint64_t *v = (uint64_t *)args[0], mask = -args[3];
    const uint64_t *a = (const uint64_t *)args[1], *b = (const uint64_t *)args[2];
    for (int i = 0; i < n; i++) v[i] = (a[i] & mask) | (b[i] & ~mask);
    args[4] = args[0];
    return RT_OK;
}

#define FIELD(name, n) \
    RtResult native_##name##_select(M *m, uint64_t *a) { return field_select(a, n); } \
    RtResult native_##name##_mul(M *m, uint64_t *a) { return field_mul((uint64_t *)a[0], (uint64_t *)a[1], (uint64_t *)a[2], &name, n), RT_OK; } \
    RtResult native_##name##_square(M *m, uint64_t *a) { return field_mul((uint64_t *)a[0], (uint64_t *)a[1], (uint64_t *)a[1], &name, n), RT_OK; } \
    RtResult native_##name##_add(M *m, uint64_t *a) { return field_add((uint64_t *)a[0], (uint64_t *)a[1], (uint64_t *)a[2], &name, n), RT_OK; } \
    RtResult native_##name##_sub(M *m, uint64_t *a) { return field_sub((uint64_t *)a[0], (uint64_t *)a[1], (uint64_t *)a[2], &name, n), RT_OK; }
FIELD(p224, 4)
FIELD(p256, 4)
FIELD(p384, 6)
FIELD(p521, 9)

/* The order of P-256's group. */
static const Field p256_order = {4, 0xccd1c8aaee00bc4f, {0xf3b9cac2fc632551, 0xbce6faada7179e84, ~0ull, 0xffffffff00000000}};
RtResult native_p256_order_mul(M *m, uint64_t *a) {
    field_mul((uint64_t *)a[0], (uint64_t *)a[1], (uint64_t *)a[2], &p256_order, 4);
    return RT_OK;
}
/* p256OrdSqr(out, x, n int): squares n times */
RtResult native_p256_order_square(M *m, uint64_t *a) {
    uint64_t x[4];
    memcpy(x, (void *)a[1], sizeof x);
    for (int64_t i = 0; i < (int64_t)a[2]; i++) field_mul(x, x, x, &p256_order, 4);
    memcpy((void *)a[0], x, sizeof x);
    return RT_OK;
}

/* ---- edwards25519: five limbs of 51 bits, modulo 2^255 - 19 ---------------------------------------------------- */

static void fe_mul(uint64_t *v, const uint64_t *a, const uint64_t *b) {
    const uint64_t mask = (1ull << 51) - 1;
    uint64_t b1 = b[1] * 19, b2 = b[2] * 19, b3 = b[3] * 19, b4 = b[4] * 19;
    u128 r0 = (u128)a[0] * b[0] + (u128)a[1] * b4 + (u128)a[2] * b3 + (u128)a[3] * b2 + (u128)a[4] * b1;
    u128 r1 = (u128)a[0] * b[1] + (u128)a[1] * b[0] + (u128)a[2] * b4 + (u128)a[3] * b3 + (u128)a[4] * b2;
    u128 r2 = (u128)a[0] * b[2] + (u128)a[1] * b[1] + (u128)a[2] * b[0] + (u128)a[3] * b4 + (u128)a[4] * b3;
    u128 r3 = (u128)a[0] * b[3] + (u128)a[1] * b[2] + (u128)a[2] * b[1] + (u128)a[3] * b[0] + (u128)a[4] * b4;
    u128 r4 = (u128)a[0] * b[4] + (u128)a[1] * b[3] + (u128)a[2] * b[2] + (u128)a[3] * b[1] + (u128)a[4] * b[0];
    uint64_t c0 = (uint64_t)(r0 >> 51), c1 = (uint64_t)(r1 >> 51), c2 = (uint64_t)(r2 >> 51);
    uint64_t c3 = (uint64_t)(r3 >> 51), c4 = (uint64_t)(r4 >> 51);
    uint64_t l0 = ((uint64_t)r0 & mask) + c4 * 19, l1 = ((uint64_t)r1 & mask) + c0, l2 = ((uint64_t)r2 & mask) + c1;
    uint64_t l3 = ((uint64_t)r3 & mask) + c2, l4 = ((uint64_t)r4 & mask) + c3;
    /* once more, each limb's carry into the next at the same time */
    v[0] = (l0 & mask) + (l4 >> 51) * 19;
    v[1] = (l1 & mask) + (l0 >> 51);
    v[2] = (l2 & mask) + (l1 >> 51);
    v[3] = (l3 & mask) + (l2 >> 51);
    v[4] = (l4 & mask) + (l3 >> 51);
}
RtResult native_fe_mul(M *m, uint64_t *args) { return fe_mul((uint64_t *)args[0], (uint64_t *)args[1], (uint64_t *)args[2]), RT_OK; }
RtResult native_fe_square(M *m, uint64_t *args) { return fe_mul((uint64_t *)args[0], (uint64_t *)args[1], (uint64_t *)args[1]), RT_OK; }
/* feSquareN(v, a *Element, n int) */
RtResult native_fe_square_n(M *m, uint64_t *args) {
    uint64_t *v = (uint64_t *)args[0];
    memmove(v, (void *)args[1], 5 * 8);
    for (int64_t i = 0; i < (int64_t)args[2]; i++) fe_mul(v, v, v);
    return RT_OK;
}
