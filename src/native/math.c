/* Natives of package math, tried before the Go bodies: ordinary arguments only, and every operation in the order in
 * which the Go body does it, so that results are the same to the last bit. Compiled without contraction to
 * fused operations. Special values, huge angles and results that are not normal numbers are left to Go. */
#include "native/native.h"

#include <math.h>

static inline double arg(const uint64_t *a) { double v; memcpy(&v, a, 8); return v; }
static inline RtResult ret(uint64_t *a, double v) { memcpy(a, &v, 8); return RT_OK; }

static const double LN2_HI = 6.93147180369123816490e-01, LN2_LO = 1.90821492927058770002e-10;

static bool log_of(double x, double *out) {
    if (!(x > 0) || isinf(x)) return false;
    int e;
    double f = frexp(x, &e);
    if (f < 0.707106781186547524400844362104849039) {
        f *= 2;
        e--;
    }
    f -= 1;
    double k = e, s = f / (2 + f), s2 = s * s, s4 = s2 * s2;
    double odd = s2 * (6.666666666666735130e-01 + s4 * (2.857142874366239149e-01 + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)));
    double even = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01));
    double half = 0.5 * f * f;
    *out = k * LN2_HI - ((half - (s * (half + (odd + even)) + k * LN2_LO)) - f);
    return true;
}

/* x * 2^e when that is a normal number */
static bool scale(double x, int64_t e, double *out) {
    int own;
    if (x == 0 || !isfinite(x)) return false;
    frexp(x, &own);
    e += own - 1;
    if (e < -1022 || e > 1023) return false;
    *out = ldexp(x, (int)(e - (own - 1)));
    return true;
}

static bool exp_of(double x, double *out) {
    if (!(x > -700 && x < 700)) return false;
    if (x > -0x1p-28 && x < 0x1p-28) return *out = 1 + x, true;
    int k = (int)(x < 0 ? 1.44269504088896338700e+00 * x - 0.5 : 1.44269504088896338700e+00 * x + 0.5);
    double hi = x - (double)k * LN2_HI, lo = (double)k * LN2_LO, r = hi - lo, t = r * r;
    double c = r - t * (1.66666666666666657415e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05 +
                   t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    return scale(1 - ((lo - (r * c) / (2 - c)) - hi), k, out);
}

RtResult native_math_log(M *m, uint64_t *a) {
    double v;
    return log_of(arg(a), &v) ? ret(a + 1, v) : RT_FALSE;
}
RtResult native_math_exp(M *m, uint64_t *a) {
    double v;
    return exp_of(arg(a), &v) ? ret(a + 1, v) : RT_FALSE;
}

/* Octant (even part) and the rest of a positive angle; the caller has excluded large ones. */
static inline double reduce(double x, unsigned *octant) {
    uint64_t j = (uint64_t)(x * 1.27323954473516268615107010698140931);
    double y = (double)j;
    if (j & 1) {
        j++;
        y++;
    }
    *octant = j & 7;
    return ((x - y * 7.85398125648498535156e-1) - y * 3.77489470793079817668e-8) - y * 2.69515142907905952645e-15;
}
static inline double sin_poly(double z) {
    double q = z * z;
    return z + z * q * ((((((1.58962301576546568060e-10 * q) + -2.50507477628578072866e-8) * q + 2.75573136213857245213e-6) * q +
                          -1.98412698295895385996e-4) * q + 8.33333333332211858878e-3) * q + -1.66666666666666307295e-1);
}
static inline double cos_poly(double z) {
    double q = z * z;
    return 1.0 - 0.5 * q + q * q * ((((((-1.13585365213876817300e-11 * q) + 2.08757008419747316778e-9) * q + -2.75573141792967388112e-7) * q +
                                      2.48015872888517045348e-5) * q + -1.38888888888730564116e-3) * q + 4.16666666666665929218e-2);
}
static const double LARGE_ANGLE = 1 << 29;

RtResult native_math_sin(M *m, uint64_t *a) {
    double x = arg(a);
    if (x == 0 || !(fabs(x) < LARGE_ANGLE)) return RT_FALSE;
    unsigned j;
    double z = reduce(fabs(x), &j), y = (j & 3) == 2 ? cos_poly(z) : sin_poly(z);
    return ret(a + 1, (x < 0) != (j > 3) ? -y : y);
}
RtResult native_math_cos(M *m, uint64_t *a) {
    double x = arg(a);
    if (!(fabs(x) < LARGE_ANGLE)) return RT_FALSE;
    unsigned j;
    double z = reduce(fabs(x), &j), y = (j & 3) == 2 ? sin_poly(z) : cos_poly(z);
    return ret(a + 1, (j > 3) != ((j & 3) > 1) ? -y : y);
}

static double atan_poly(double x) {
    double z = x * x;
    z = z * ((((-8.750608600031904122785e-01 * z + -1.615753718733365076637e+01) * z + -7.500855792314704667340e+01) * z +
              -1.228866684490136173410e+02) * z + -6.485021904942025371773e+01) /
        (((((z + 2.485846490142306297962e+01) * z + 1.650270098316988542046e+02) * z + 4.328810604912902668951e+02) * z +
          4.853903996359136964868e+02) * z + 1.945506571482613964425e+02);
    return x * z + x;
}
RtResult native_math_atan(M *m, uint64_t *a) {
    double x = arg(a), v = fabs(x), y;
    if (x == 0 || !isfinite(x)) return RT_FALSE;
    if (v <= 0.66) y = atan_poly(v);
    else if (v > 2.41421356237309504880) y = 1.57079632679489661923132169163975144 - atan_poly(1 / v) + 6.123233995736765886130e-17;
    else y = 0.785398163397448309615660845819875721 + atan_poly((v - 1) / (v + 1)) + 3.061616997868382943065e-17;
    return ret(a + 1, x < 0 ? -y : y);
}

/* pow(x, y float64) float64: the fraction of y by exp and log, the rest by squaring */
RtResult native_math_pow(M *m, uint64_t *a) {
    double x = arg(a), y = arg(a + 1);
    if (x == 0 || y == 0 || x == 1 || y == 1 || y == 0.5 || y == -0.5 || !isfinite(x) || !isfinite(y)) return RT_FALSE;
    double whole = trunc(fabs(y)), part = fabs(y) - whole, v = 1;
    if ((part != 0 && x < 0) || whole >= 0x1p62) return RT_FALSE;
    if (part != 0) {
        double l;
        if (part > 0.5) {
            part--;
            whole++;
        }
        if (!log_of(x, &l) || !exp_of(part * l, &v)) return RT_FALSE;
    }
    int xe;
    double square = frexp(x, &xe);
    int64_t e = 0, se = xe;
    for (int64_t i = (int64_t)whole; i; i >>= 1) {
        if (se < -(1 << 12) || se > 1 << 12) return RT_FALSE;
        if (i & 1) {
            v *= square;
            e += se;
        }
        square *= square;
        se *= 2;
        if (square < .5) {
            square += square;
            se--;
        }
    }
    if (y < 0) {
        v = 1 / v;
        e = -e;
    }
    return scale(v, e, &v) ? ret(a + 2, v) : RT_FALSE;
}

RtResult native_math_mod(M *m, uint64_t *a) {
    double x = arg(a), y = arg(a + 1);
    return isfinite(x) && isfinite(y) && y != 0 ? ret(a + 2, fmod(x, y)) : RT_FALSE; /* exact */
}

RtResult native_math_hypot(M *m, uint64_t *a) {
    double p = fabs(arg(a)), q = fabs(arg(a + 1));
    if (!isfinite(p) || !isfinite(q)) return RT_FALSE;
    if (p < q) {
        double t = p;
        p = q;
        q = t;
    }
    if (p == 0) return ret(a + 2, 0);
    q = q / p;
    return ret(a + 2, p * sqrt(1 + q * q));
}

/* compress/flate's matchLen(a, b []byte) (n int): length of the common start; a is not longer than b */
RtResult native_match_len(M *m, uint64_t *a) {
    const uint8_t *p = (const uint8_t *)a[0], *q = (const uint8_t *)a[3];
    uint64_t n = a[1], i = 0;
    if (a[4] < n) return RT_FALSE;
    for (; i + 8 <= n; i += 8) {
        uint64_t x, y;
        memcpy(&x, p + i, 8);
        memcpy(&y, q + i, 8);
        if (x != y) break;
    }
    while (i < n && p[i] == q[i]) i++;
    a[6] = i;
    return RT_OK;
}
