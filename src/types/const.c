/* const: exact constants, as Go's specification wants them: integers and rationals without limit up
 * to 4096 bits, beyond that floating-point numbers of 512 bits, rounded to nearest even.
 *
 * Values are immutable. Their limbs lie in the arena; GMP sees them through read-only views. Small
 * integers are kept inline. Which representation a value has is canonical only for integers (inline
 * when it fits 64 bits); a rational whose parts outgrow 4096 bits becomes a float, as in gc. */
#include <math.h>
#include "types/const_int.h"

ConstVal *const_new(Arena *a, int kind, int rep) {
    ConstVal *v = arena_new(a, ConstVal);
    v->kind = (uint8_t)kind;
    v->rep = (uint8_t)rep;
    return v;
}

Limbs const_save(Arena *a, const mpz_t z) {
    Limbs l = {NULL, 0};
    size_t n = mpz_size(z);
    if (n) l.at = arena_memdup(a, mpz_limbs_read(z), n * sizeof(mp_limb_t));
    l.size = mpz_sgn(z) < 0 ? -(int)n : (int)n;
    return l;
}

/* ---- Constructors --------------------------------------------------------------------------------------- */

ConstVal *const_make_unknown(Arena *a) { return const_new(a, CONST_UNKNOWN, REP_NONE); }

ConstVal *const_make_bool(Arena *a, bool b) {
    ConstVal *v = const_new(a, CONST_BOOL, REP_NONE);
    v->b = b;
    return v;
}

ConstVal *const_make_string(Arena *a, Str s) {
    ConstVal *v = const_new(a, CONST_STRING, REP_NONE);
    v->str.s = s;
    return v;
}

ConstVal *const_make_int(Arena *a, int64_t i) {
    ConstVal *v = const_new(a, CONST_INT, REP_SMALL);
    v->i = i;
    return v;
}

static bool fits_int64(const mpz_t z) {
    size_t bits = mpz_sizeinbase(z, 2);
    return bits <= 63 || (bits == 64 && mpz_sgn(z) < 0 && mpz_scan1(z, 0) == 63);
}

ConstVal *const_of_mpz(Arena *a, const mpz_t z) {
    if (!mpz_sgn(z)) return const_make_int(a, 0); /* a zero may have no limbs to read */
    if (fits_int64(z)) return const_make_int(a, mpz_get_si(z));
    ConstVal *v = const_new(a, CONST_INT, REP_BIG);
    v->big = const_save(a, z);
    return v;
}

ConstVal *const_make_uint(Arena *a, uint64_t u) {
    if (u <= INT64_MAX) return const_make_int(a, (int64_t)u);
    mpz_t z;
    mpz_init_set_ui(z, u);
    ConstVal *v = const_of_mpz(a, z);
    mpz_clear(z);
    return v;
}

void const_round(mpz_t m, int64_t *exp, unsigned prec, bool sticky) {
    size_t bits = mpz_sizeinbase(m, 2);
    if (!mpz_sgn(m) || bits <= prec) return;
    mp_bitcnt_t cut = bits - prec;
    bool half = mpz_tstbit(m, cut - 1);
    if (mpz_sgn(m) < 0) { /* tstbit sees two's complement */
        mpz_neg(m, m);
        half = mpz_tstbit(m, cut - 1);
        bool rest = sticky || mpz_scan1(m, 0) < cut - 1;
        mpz_tdiv_q_2exp(m, m, cut);
        if (half && (rest || mpz_odd_p(m))) mpz_add_ui(m, m, 1);
        mpz_neg(m, m);
    } else {
        bool rest = sticky || mpz_scan1(m, 0) < cut - 1;
        mpz_tdiv_q_2exp(m, m, cut);
        if (half && (rest || mpz_odd_p(m))) mpz_add_ui(m, m, 1);
    }
    *exp += (int64_t)cut;
}

ConstVal *const_of_scaled(Arena *a, mpz_t m, int64_t exp, bool sticky) {
    const_round(m, &exp, PREC, sticky);
    int64_t e = exp + (int64_t)mpz_sizeinbase(m, 2);
    if (mpz_sgn(m) && e > INT32_MAX) return const_make_unknown(a); /* infinite */
    ConstVal *v = const_new(a, CONST_FLOAT, REP_FLOAT);
    if (!mpz_sgn(m) || e < INT32_MIN) return v; /* zero */
    mp_bitcnt_t tz = mpz_scan1(m, 0);
    mpz_tdiv_q_2exp(m, m, tz);
    v->f.mant = const_save(a, m);
    v->f.exp = exp + (int64_t)tz;
    return v;
}

ConstVal *const_of_quotient(Arena *a, const mpz_t num, int64_t nexp, const mpz_t den,
                                int64_t dexp) {
    int64_t shift = PREC + 64 + (int64_t)mpz_sizeinbase(den, 2) - (int64_t)mpz_sizeinbase(num, 2);
    if (shift < 0) shift = 0;
    mpz_t q, r;
    mpz_inits(q, r, NULL);
    mpz_mul_2exp(q, num, (mp_bitcnt_t)shift);
    mpz_tdiv_qr(q, r, q, den);
    ConstVal *v = const_of_scaled(a, q, nexp - dexp - shift, mpz_sgn(r) != 0);
    mpz_clears(q, r, NULL);
    return v;
}

ConstVal *const_of_mpq(Arena *a, mpq_t q) {
    mpz_srcptr num = mpq_numref(q), den = mpq_denref(q);
    if (mpz_sizeinbase(num, 2) >= MAX_EXP || mpz_sizeinbase(den, 2) >= MAX_EXP)
        return const_of_quotient(a, num, 0, den, 0);
    ConstVal *v = const_new(a, CONST_FLOAT, REP_RAT);
    v->rat.num = const_save(a, num);
    v->rat.den = const_save(a, den);
    return v;
}

ConstVal *const_make_float(Arena *a, double d) {
    if (d - d != 0) return const_make_unknown(a);
    mpq_t q;
    mpq_init(q);
    mpq_set_d(q, d);
    ConstVal *v = const_of_mpq(a, q);
    mpq_clear(q);
    return v;
}

static ConstVal *make_complex(Arena *a, const ConstVal *re, const ConstVal *im) {
    if (re->kind == CONST_UNKNOWN || im->kind == CONST_UNKNOWN) return const_make_unknown(a);
    ConstVal *v = const_new(a, CONST_COMPLEX, REP_NONE);
    v->c.re = (ConstVal *)re;
    v->c.im = (ConstVal *)im;
    return v;
}

ConstVal *const_make_imag(Arena *a, const ConstVal *im) {
    return make_complex(a, const_make_int(a, 0), im);
}

/* ---- Access ------------------------------------------------------------------------------------------------ */

ConstKind const_kind(const ConstVal *v) { return v ? v->kind : CONST_UNKNOWN; }
bool const_bool(const ConstVal *v) { return v->kind == CONST_BOOL && v->b; }
Str const_string(const ConstVal *v) {
    return v->kind == CONST_STRING ? v->str.s : (Str){"", 0};
}

bool const_int64(const ConstVal *v, int64_t *out) {
    if (v->rep != REP_SMALL) return false;
    *out = v->i;
    return true;
}

bool const_uint64(const ConstVal *v, uint64_t *out) {
    if (v->rep == REP_SMALL) {
        *out = (uint64_t)v->i;
        return v->i >= 0;
    }
    if (v->rep != REP_BIG || v->big.size != 1) return false;
    *out = v->big.at[0];
    return true;
}

const ConstVal *const_real(const ConstVal *v) { return v->kind == CONST_COMPLEX ? v->c.re : v; }
const ConstVal *const_imag(const ConstVal *v) {
    static const ConstVal zero = {.kind = CONST_INT, .rep = REP_SMALL};
    return v->kind == CONST_COMPLEX ? v->c.im : v->kind == CONST_UNKNOWN ? v : &zero;
}
ConstVal *const_make_real(Arena *a, const ConstVal *v) { return (ConstVal *)const_real(v); }
ConstVal *const_make_imag_part(Arena *a, const ConstVal *v) { return (ConstVal *)const_imag(v); }

int const_sign(const ConstVal *v) {
    switch (v->rep) {
    case REP_SMALL: return (v->i > 0) - (v->i < 0);
    case REP_BIG: return v->big.size < 0 ? -1 : 1;
    case REP_RAT: return (v->rat.num.size > 0) - (v->rat.num.size < 0);
    case REP_FLOAT: return (v->f.mant.size > 0) - (v->f.mant.size < 0);
    }
    if (v->kind == CONST_COMPLEX) return const_sign(v->c.re) | const_sign(v->c.im);
    return 1; /* unknown: no follow-on "division by zero" */
}

int const_bit_len(const ConstVal *v) {
    if (v->rep == REP_SMALL) {
        uint64_t u = v->i < 0 ? -(uint64_t)v->i : (uint64_t)v->i;
        return u ? 64 - __builtin_clzll(u) : 0;
    }
    if (v->rep != REP_BIG) return 0;
    mpz_t z;
    return (int)mpz_sizeinbase(VIEW(z, v->big), 2);
}

/* m * 2^exp (sticky as above) to a binary float of `prec` bits whose smallest normal is 2^emin. */
static double to_double(mpz_t m, int64_t exp, bool sticky, int prec, int emin, int emax) {
    if (!mpz_sgn(m)) return 0;
    int64_t top = exp + (int64_t)mpz_sizeinbase(m, 2) - 1;
    if (top > emax) return mpz_sgn(m) < 0 ? -INFINITY : INFINITY;
    int64_t p = top < emin ? prec - (emin - top) : prec;
    bool neg = mpz_sgn(m) < 0;
    mpz_abs(m, m);
    double r;
    if (p < 0) {
        r = 0;
    } else if (p == 0) { /* below half the smallest subnormal's double: ties to zero */
        mp_bitcnt_t bits = mpz_sizeinbase(m, 2);
        r = sticky || mpz_scan1(m, 0) < bits - 1 ? ldexp(1, emin - prec + 1) : 0;
    } else {
        if (sticky && mpz_sizeinbase(m, 2) <= (size_t)p + 1) { /* make room for the sticky bit */
            mpz_mul_2exp(m, m, (mp_bitcnt_t)p + 2);
            exp -= p + 2;
        }
        const_round(m, &exp, (unsigned)p, sticky);
        r = ldexp(mpz_get_d(m), (int)exp);
        if (r > (prec == 24 ? 3.4028234663852886e38 : 1.7976931348623157e308)) r = INFINITY;
    }
    return neg ? -r : r;
}

static double round_val(const ConstVal *v, int prec, int emin, int emax) {
    mpz_t m, n, d, z;
    double r = 0;
    mpz_init(m);
    switch (v->rep) {
    case REP_SMALL:
        mpz_set_si(m, v->i);
        r = to_double(m, 0, false, prec, emin, emax);
        break;
    case REP_BIG:
        mpz_set(m, VIEW(z, v->big));
        r = to_double(m, 0, false, prec, emin, emax);
        break;
    case REP_RAT: {
        mpz_srcptr num = VIEW(n, v->rat.num), den = VIEW(d, v->rat.den);
        int64_t shift =
            prec + 8 + (int64_t)mpz_sizeinbase(den, 2) - (int64_t)mpz_sizeinbase(num, 2);
        if (shift < 0) shift = 0;
        mpz_t rem;
        mpz_init(rem);
        mpz_mul_2exp(m, num, (mp_bitcnt_t)shift);
        mpz_tdiv_qr(m, rem, m, den);
        r = to_double(m, -shift, mpz_sgn(rem) != 0, prec, emin, emax);
        mpz_clear(rem);
        break;
    }
    case REP_FLOAT:
        mpz_set(m, VIEW(z, v->f.mant));
        r = to_double(m, v->f.exp, false, prec, emin, emax);
        break;
    }
    mpz_clear(m);
    return r;
}

double const_float64(const ConstVal *v) { return round_val(v, 53, -1022, 1023); }
float const_float32(const ConstVal *v) { return (float)round_val(v, 24, -126, 127); }

/* ---- Conversions between kinds --------------------------------------------------------------------------------- */

/* x as a mpq / as mantissa and exponent of at most PREC bits */
static void get_mpq(mpq_t q, const ConstVal *v) {
    mpz_t z;
    switch (v->rep) {
    case REP_SMALL: mpq_set_si(q, v->i, 1); break;
    case REP_BIG: mpq_set_z(q, VIEW(z, v->big)); break;
    case REP_RAT:
        mpz_set(mpq_numref(q), VIEW(z, v->rat.num));
        mpz_set(mpq_denref(q), VIEW(z, v->rat.den));
        break;
    default: bug("get_mpq of representation %d", v->rep);
    }
}

static void get_mpz(mpz_t m, const ConstVal *v) {
    mpz_t z;
    if (v->rep == REP_SMALL)
        mpz_set_si(m, v->i);
    else
        mpz_set(m, VIEW(z, v->big));
}

const ConstVal *const_as_float(Arena *a, const ConstVal *v) {
    if (v->rep == REP_FLOAT) return v;
    mpz_t n, d;
    if (v->rep == REP_RAT)
        return const_of_quotient(a, VIEW(n, v->rat.num), 0, VIEW(d, v->rat.den), 0);
    mpz_init(n);
    get_mpz(n, v);
    ConstVal *r = const_of_scaled(a, n, 0, false);
    mpz_clear(n);
    return r;
}

static bool small_float(const ConstVal *v) {
    if (!v->f.mant.size) return true;
    mpz_t z;
    int64_t e = v->f.exp + (int64_t)mpz_sizeinbase(VIEW(z, v->f.mant), 2);
    return -MAX_EXP < e && e < MAX_EXP;
}

/* A float that is an integer up to rounding in its last four bits counts as that integer. */
static ConstVal *float_to_int(Arena *a, const ConstVal *v) {
    if (!small_float(v)) return const_make_unknown(a);
    mpz_t m, z;
    mpz_init_set(m, VIEW(z, v->f.mant));
    int64_t exp = v->f.exp;
    ConstVal *r = NULL;
    if (exp >= 0) {
        mpz_mul_2exp(m, m, (mp_bitcnt_t)exp);
        r = const_of_mpz(a, m);
    } else {
        size_t bits = mpz_sizeinbase(m, 2);
        for (int up = 0; up < 2 && !r && bits > PREC - 4; up++) {
            mp_bitcnt_t cut = bits - (PREC - 4);
            mpz_set(m, VIEW(z, v->f.mant));
            if (up)
                mpz_cdiv_q_2exp(m, m, cut);
            else
                mpz_fdiv_q_2exp(m, m, cut);
            int64_t e = exp + (int64_t)cut;
            if (!mpz_sgn(m)) continue;
            mp_bitcnt_t tz = mpz_scan1(m, 0);
            if (e < 0 && tz < (mp_bitcnt_t)-e) continue;
            if (e < 0)
                mpz_tdiv_q_2exp(m, m, (mp_bitcnt_t)-e);
            else
                mpz_mul_2exp(m, m, (mp_bitcnt_t)e);
            r = const_of_mpz(a, m);
        }
    }
    mpz_clear(m);
    return r ? r : const_make_unknown(a);
}

ConstVal *const_to_int(Arena *a, const ConstVal *v) {
    if (v->kind == CONST_INT) return (ConstVal *)v;
    if (v->rep == REP_RAT) {
        mpz_t z;
        if (v->rat.den.size == 1 && v->rat.den.at[0] == 1) return const_of_mpz(a, VIEW(z, v->rat.num));
    } else if (v->rep == REP_FLOAT) {
        return float_to_int(a, v);
    } else if (v->kind == CONST_COMPLEX) {
        ConstVal *re = const_to_float(a, v);
        if (re->kind == CONST_FLOAT) return const_to_int(a, re);
    }
    return const_make_unknown(a);
}

ConstVal *const_to_float(Arena *a, const ConstVal *v) {
    if (v->kind == CONST_FLOAT) return (ConstVal *)v;
    if (v->kind == CONST_INT) {
        if (v->rep == REP_BIG && const_bit_len(v) >= MAX_EXP) return (ConstVal *)const_as_float(a, v);
        mpq_t q;
        mpq_init(q);
        get_mpq(q, v);
        ConstVal *r = const_of_mpq(a, q);
        mpq_clear(q);
        return r;
    }
    if (v->kind == CONST_COMPLEX && const_sign(v->c.im) == 0) return const_to_float(a, v->c.re);
    return const_make_unknown(a);
}

ConstVal *const_to_complex(Arena *a, const ConstVal *v) {
    if (v->kind == CONST_COMPLEX) return (ConstVal *)v;
    if (v->kind == CONST_INT || v->kind == CONST_FLOAT)
        return make_complex(a, v, const_make_int(a, 0));
    return const_make_unknown(a);
}

/* ---- Operations -------------------------------------------------------------------------------------------------- */

static int rank(const ConstVal *v) { return v->kind == CONST_COMPLEX ? REP_FLOAT + 1 : v->rep; }

static ConstVal *int_op(Arena *a, const ConstVal *x, int op, const ConstVal *y, bool int_div) {
    if (x->rep == REP_SMALL && y->rep == REP_SMALL) {
        int64_t p = x->i, q = y->i, r;
        switch (op) {
        case TOK_ADD:
            if (!__builtin_add_overflow(p, q, &r)) return const_make_int(a, r);
            break;
        case TOK_SUB:
            if (!__builtin_sub_overflow(p, q, &r)) return const_make_int(a, r);
            break;
        case TOK_MUL:
            if (!__builtin_mul_overflow(p, q, &r)) return const_make_int(a, r);
            break;
        case TOK_QUO:
            if (int_div && !(p == INT64_MIN && q == -1)) return const_make_int(a, p / q);
            break;
        case TOK_REM: return const_make_int(a, q == -1 ? 0 : p % q);
        case TOK_AND: return const_make_int(a, p & q);
        case TOK_OR: return const_make_int(a, p | q);
        case TOK_XOR: return const_make_int(a, p ^ q);
        case TOK_ANDNOT: return const_make_int(a, p & ~q);
        }
    }
    if (op == TOK_QUO && !int_div) {
        mpq_t q;
        mpq_init(q);
        get_mpz(mpq_numref(q), x);
        get_mpz(mpq_denref(q), y);
        mpq_canonicalize(q);
        ConstVal *r = const_of_mpq(a, q);
        mpq_clear(q);
        return r;
    }
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    get_mpz(p, x);
    get_mpz(q, y);
    switch (op) {
    case TOK_ADD: mpz_add(p, p, q); break;
    case TOK_SUB: mpz_sub(p, p, q); break;
    case TOK_MUL: mpz_mul(p, p, q); break;
    case TOK_QUO: mpz_tdiv_q(p, p, q); break;
    case TOK_REM: mpz_tdiv_r(p, p, q); break;
    case TOK_AND: mpz_and(p, p, q); break;
    case TOK_OR: mpz_ior(p, p, q); break;
    case TOK_XOR: mpz_xor(p, p, q); break;
    case TOK_ANDNOT:
        mpz_com(q, q);
        mpz_and(p, p, q);
        break;
    default: bug("constant operator %d on integers", op);
    }
    ConstVal *r = const_of_mpz(a, p);
    mpz_clears(p, q, NULL);
    return r;
}

static ConstVal *rat_op(Arena *a, const ConstVal *x, int op, const ConstVal *y) {
    mpq_t p, q;
    mpq_inits(p, q, NULL);
    get_mpq(p, x);
    get_mpq(q, y);
    switch (op) {
    case TOK_ADD: mpq_add(p, p, q); break;
    case TOK_SUB: mpq_sub(p, p, q); break;
    case TOK_MUL: mpq_mul(p, p, q); break;
    case TOK_QUO: mpq_div(p, p, q); break;
    default: bug("constant operator %d on rationals", op);
    }
    ConstVal *r = const_of_mpq(a, p);
    mpq_clears(p, q, NULL);
    return r;
}

static ConstVal *float_op(Arena *a, const ConstVal *x, int op, const ConstVal *y) {
    x = const_as_float(a, x);
    y = const_as_float(a, y);
    if (x->kind == CONST_UNKNOWN || y->kind == CONST_UNKNOWN) return const_make_unknown(a);
    mpz_t p, q, z;
    mpz_init_set(p, VIEW(z, x->f.mant));
    mpz_init_set(q, VIEW(z, y->f.mant));
    int64_t pe = x->f.exp, qe = y->f.exp;
    ConstVal *r = NULL;
    switch (op) {
    case TOK_MUL:
        mpz_mul(p, p, q);
        r = const_of_scaled(a, p, pe + qe, false);
        break;
    case TOK_QUO:
        r = mpz_sgn(q) ? const_of_quotient(a, p, pe, q, qe) : const_make_unknown(a);
        break;
    case TOK_SUB: mpz_neg(q, q); /* fall through */
    case TOK_ADD: {
        if (!mpz_sgn(q)) {
            r = const_of_scaled(a, p, pe, false);
            break;
        }
        if (!mpz_sgn(p)) {
            r = const_of_scaled(a, q, qe, false);
            break;
        }
        if (pe < qe) {
            mpz_swap(p, q);
            int64_t t = pe;
            pe = qe;
            qe = t;
        }
        if (pe - qe > 4 * PREC) { /* q only matters for rounding: its sign, far below */
            mpz_mul_2exp(p, p, 2 * PREC);
            pe -= 2 * PREC;
            if (mpz_sgn(q) < 0)
                mpz_sub_ui(p, p, 1);
            else
                mpz_add_ui(p, p, 1);
        } else {
            mpz_mul_2exp(p, p, (mp_bitcnt_t)(pe - qe));
            pe = qe;
            mpz_add(p, p, q);
        }
        r = const_of_scaled(a, p, pe, false);
        break;
    }
    default: bug("constant operator %d on floats", op);
    }
    mpz_clears(p, q, NULL);
    return r;
}

static ConstVal *complex_op(Arena *a, const ConstVal *x, int op, const ConstVal *y) {
    const ConstVal *ar = const_real(x), *ai = const_imag(x), *br = const_real(y),
                   *bi = const_imag(y);
#define OP(p, o, q) const_binary(a, (p), (o), (q), false)
    switch (op) {
    case TOK_ADD:
    case TOK_SUB: return make_complex(a, OP(ar, op, br), OP(ai, op, bi));
    case TOK_MUL:
        return make_complex(a, OP(OP(ar, TOK_MUL, br), TOK_SUB, OP(ai, TOK_MUL, bi)),
                            OP(OP(ai, TOK_MUL, br), TOK_ADD, OP(ar, TOK_MUL, bi)));
    case TOK_QUO: {
        ConstVal *s = OP(OP(br, TOK_MUL, br), TOK_ADD, OP(bi, TOK_MUL, bi));
        ConstVal *re = OP(OP(ar, TOK_MUL, br), TOK_ADD, OP(ai, TOK_MUL, bi));
        ConstVal *im = OP(OP(ai, TOK_MUL, br), TOK_SUB, OP(ar, TOK_MUL, bi));
        return make_complex(a, OP(re, TOK_QUO, s), OP(im, TOK_QUO, s));
    }
    }
#undef OP
    bug("constant operator %d on complex numbers", op);
}

/* Long sums of literals are common in generated tables: the left operand grows in place. */
static ConstVal *concat(Arena *a, const ConstVal *x, const ConstVal *y) {
    Str l = x->str.s, r = y->str.s;
    if (!r.n) return (ConstVal *)x;
    if (!l.n) return (ConstVal *)y;
    StrBuf *b = x->str.buf;
    if (!b || b->p != l.p || b->len != l.n || b->cap - b->len < r.n) {
        b = arena_new(a, StrBuf);
        b->cap = l.n + r.n;
        if (b->cap >= 256 && b->cap < 64 << 20) b->cap *= 2;
        b->p = arena_alloc(a, b->cap);
        memcpy(b->p, l.p, l.n);
        b->len = l.n;
    }
    memcpy(b->p + b->len, r.p, r.n);
    b->len += r.n;
    ConstVal *v = const_make_string(a, (Str){b->p, b->len});
    v->str.buf = b;
    return v;
}

ConstVal *const_binary(Arena *a, const ConstVal *x, int op, const ConstVal *y, bool int_div) {
    if (x->kind == CONST_UNKNOWN || y->kind == CONST_UNKNOWN) return const_make_unknown(a);
    if (x->kind == CONST_BOOL)
        return const_make_bool(a, op == TOK_ANDAND ? x->b && y->b : x->b || y->b);
    if (x->kind == CONST_STRING) return concat(a, x, y);
    int r = rank(x) > rank(y) ? rank(x) : rank(y);
    if (r <= REP_BIG) return int_op(a, x, op, y, int_div);
    if (r == REP_RAT) return rat_op(a, x, op, y);
    if (r == REP_FLOAT) return float_op(a, x, op, y);
    return complex_op(a, x, op, y);
}

ConstVal *const_unary(Arena *a, int op, const ConstVal *x, unsigned prec) {
    if (x->kind == CONST_UNKNOWN || op == TOK_ADD) return (ConstVal *)x;
    if (op == TOK_NOT) return const_make_bool(a, !x->b);
    if (op == TOK_SUB) {
        if (x->kind == CONST_COMPLEX)
            return make_complex(a, const_unary(a, op, x->c.re, 0), const_unary(a, op, x->c.im, 0));
        return const_binary(a, const_make_int(a, 0), TOK_SUB, x, false);
    }
    if (op != TOK_XOR) bug("constant unary operator %d", op);
    mpz_t z, mask;
    mpz_init(z);
    get_mpz(z, x);
    mpz_com(z, z);
    if (prec) { /* unsigned of that many bits */
        mpz_init_set_ui(mask, 1);
        mpz_mul_2exp(mask, mask, prec);
        mpz_sub_ui(mask, mask, 1);
        mpz_and(z, z, mask);
        mpz_clear(mask);
    }
    ConstVal *r = const_of_mpz(a, z);
    mpz_clear(z);
    return r;
}

ConstVal *const_shift(Arena *a, const ConstVal *x, int op, unsigned s) {
    if (x->kind == CONST_UNKNOWN || s == 0) return (ConstVal *)x;
    if (op == TOK_SHR && x->rep == REP_SMALL) return const_make_int(a, x->i >> (s > 63 ? 63 : s));
    mpz_t z;
    mpz_init(z);
    get_mpz(z, x);
    if (op == TOK_SHL)
        mpz_mul_2exp(z, z, s);
    else
        mpz_fdiv_q_2exp(z, z, s);
    ConstVal *r = const_of_mpz(a, z);
    mpz_clear(z);
    return r;
}

static int compare_numbers(const ConstVal *x, const ConstVal *y) {
    if (x->rep == REP_SMALL && y->rep == REP_SMALL) return (x->i > y->i) - (x->i < y->i);
    if (x->rep == REP_FLOAT || y->rep == REP_FLOAT) {
        int sx = const_sign(x), sy = const_sign(y);
        if (sx != sy) return sx < sy ? -1 : 1;
        Arena tmp = {0};
        ConstVal *d = float_op(&tmp, x, TOK_SUB, y);
        int r = d->kind == CONST_UNKNOWN ? 0 : const_sign(d);
        arena_free(&tmp);
        return r;
    }
    mpq_t p, q;
    mpq_inits(p, q, NULL);
    get_mpq(p, x);
    get_mpq(q, y);
    int r = mpq_cmp(p, q);
    mpq_clears(p, q, NULL);
    return r;
}

bool const_compare(const ConstVal *x, int op, const ConstVal *y) {
    if (x->kind == CONST_UNKNOWN || y->kind == CONST_UNKNOWN) return false;
    int c;
    if (x->kind == CONST_BOOL)
        c = x->b != y->b;
    else if (x->kind == CONST_STRING)
        c = str_cmp(x->str.s, y->str.s);
    else if (x->kind == CONST_COMPLEX || y->kind == CONST_COMPLEX)
        c = compare_numbers(const_real(x), const_real(y)) ||
            compare_numbers(const_imag(x), const_imag(y));
    else
        c = compare_numbers(x, y);
    switch (op) {
    case TOK_EQL: return c == 0;
    case TOK_NEQ: return c != 0;
    case TOK_LSS: return c < 0;
    case TOK_LEQ: return c <= 0;
    case TOK_GTR: return c > 0;
    case TOK_GEQ: return c >= 0;
    }
    bug("constant comparison operator %d", op);
}
