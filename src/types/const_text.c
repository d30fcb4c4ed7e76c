/* const_text: constants from literals, and constants as text, as messages and export data write them. */
#include <math.h>
#include "types/const_int.h"

/* ---- Literals --------------------------------------------------------------------------------------------------- */

static ConstVal *int_literal(Arena *a, const char *s) {
    int base = 10;
    if (s[0] == '0' && s[1]) {
        switch (s[1] | 32) {
        case 'x': base = 16; s += 2; break;
        case 'b': base = 2; s += 2; break;
        case 'o': base = 8; s += 2; break;
        default: base = 8; s += 1;
        }
    }
    mpz_t z;
    mpz_init(z);
    ConstVal *v = mpz_set_str(z, *s ? s : "0", base) ? const_make_unknown(a) : const_of_mpz(a, z);
    mpz_clear(z);
    return v;
}

/* base^e as mantissa and exponent, more precise than PREC */
static void pow10_float(mpz_t m, int64_t *exp, uint64_t e) {
    mpz_t b;
    int64_t be = 0;
    mpz_init_set_ui(b, 10);
    mpz_set_ui(m, 1);
    *exp = 0;
    for (; e; e >>= 1) {
        if (e & 1) {
            mpz_mul(m, m, b);
            *exp += be;
            const_round(m, exp, PREC + 128, false);
        }
        mpz_mul(b, b, b);
        be *= 2;
        const_round(b, &be, PREC + 128, false);
    }
    mpz_clear(b);
}

/* s: no underscores. Decimal, or hexadecimal with p exponent; an integer literal is fine too. */
static ConstVal *float_literal(Arena *a, char *s) {
    bool hex = s[0] == '0' && (s[1] | 32) == 'x';
    if (!hex && s[0] == '0' && ((s[1] | 32) == 'b' || (s[1] | 32) == 'o'))
        return const_to_float(a, int_literal(a, s));
    if (hex) s += 2;
    size_t len = strlen(s), nd = 0;
    char *digits = arena_alloc(a, len + 2);
    int64_t scale = 0, exp = 0;
    bool point = false;
    char *p = s;
    for (; *p && (*p | 32) != 'p' && (hex || (*p | 32) != 'e'); p++) {
        if (*p == '.') {
            point = true;
        } else {
            digits[nd++] = *p;
            scale -= point;
        }
    }
    if (*p) {
        char *end;
        exp = strtoll(p + 1, &end, 10);
        if (*end) return const_make_unknown(a);
    }
    digits[nd] = 0;
    mpz_t m;
    mpz_init(m);
    ConstVal *v;
    if (mpz_set_str(m, nd ? digits : "0", hex ? 16 : 10)) {
        v = const_make_unknown(a);
    } else if (hex) {
        int64_t e = exp + 4 * scale, top = e + (int64_t)mpz_sizeinbase(m, 2);
        if (top < MAX_EXP && top > -MAX_EXP && e > -2 * MAX_EXP) {
            mpq_t q;
            mpq_init(q);
            mpq_set_z(q, m);
            if (e >= 0)
                mpq_mul_2exp(q, q, (mp_bitcnt_t)e);
            else
                mpq_div_2exp(q, q, (mp_bitcnt_t)-e);
            v = const_of_mpq(a, q);
            mpq_clear(q);
        } else {
            v = const_of_scaled(a, m, e, false);
        }
    } else {
        int64_t e = exp + scale;
        if (!mpz_sgn(m)) e = 0;
        double top = (double)mpz_sizeinbase(m, 2) + (double)e * 3.321928094887362;
        if (top < MAX_EXP - 2 && top > -MAX_EXP + 2) {
            mpq_t q;
            mpq_init(q);
            mpz_ui_pow_ui(mpq_denref(q), 10, (unsigned long)(e < 0 ? -e : e));
            if (e >= 0) {
                mpz_mul(mpq_numref(q), m, mpq_denref(q));
                mpz_set_ui(mpq_denref(q), 1);
            } else {
                mpz_set(mpq_numref(q), m);
                mpq_canonicalize(q);
            }
            v = const_new(a, CONST_FLOAT, REP_RAT);
            v->rat.num = const_save(a, mpq_numref(q));
            v->rat.den = const_save(a, mpq_denref(q));
            mpq_clear(q);
        } else if (top > 3e9) {
            v = const_make_unknown(a);
        } else if (top < -3e9) {
            v = const_new(a, CONST_FLOAT, REP_FLOAT);
        } else {
            mpz_t t;
            int64_t te;
            mpz_init(t);
            pow10_float(t, &te, (uint64_t)(e < 0 ? -e : e));
            if (e >= 0) {
                mpz_mul(m, m, t);
                v = const_of_scaled(a, m, te, false);
            } else {
                v = const_of_quotient(a, m, 0, t, te);
            }
            mpz_clear(t);
        }
    }
    mpz_clear(m);
    return v;
}

/* One character of a quoted literal at *p; -1: a byte that \x or octal gives, in *byte. */
static int32_t unquote_char(const char **pp, const char *end, int *byte, bool *bad) {
    const char *p = *pp;
    int32_t r;
    *byte = -1;
    if (*p != '\\') {
        *pp = p + utf8_decode(p, (size_t)(end - p), &r);
        return r;
    }
    if (++p >= end) goto fail;
    char c = *p++;
    int n = 0, base = 16;
    switch (c) {
    case 'a': r = '\a'; break;
    case 'b': r = '\b'; break;
    case 'f': r = '\f'; break;
    case 'n': r = '\n'; break;
    case 'r': r = '\r'; break;
    case 't': r = '\t'; break;
    case 'v': r = '\v'; break;
    case '\\':
    case '\'':
    case '"': r = c; break;
    case 'x': n = 2; break;
    case 'u': n = 4; break;
    case 'U': n = 8; break;
    default:
        if (c < '0' || c > '7') goto fail;
        n = 3;
        base = 8;
        p--;
    }
    if (n) {
        uint32_t v = 0;
        for (int i = 0; i < n; i++, p++) {
            if (p >= end) goto fail;
            int d = *p >= '0' && *p <= '9'                 ? *p - '0'
                    : (*p | 32) >= 'a' && (*p | 32) <= 'f' ? (*p | 32) - 'a' + 10
                                                           : 99;
            if (d >= base) goto fail;
            v = v * (uint32_t)base + (uint32_t)d;
        }
        r = (int32_t)v;
        if (c == 'u' || c == 'U') {
            if (v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)) goto fail;
        } else {
            if (v > 255) goto fail;
            *byte = (int)v;
        }
    }
    *pp = p;
    return r;
fail:
    *bad = true;
    *pp = end;
    return 0;
}

static ConstVal *string_literal(Arena *a, Str s) {
    if (s.n < 2) return const_make_unknown(a);
    const char *p = s.p + 1, *end = s.p + s.n - 1;
    size_t n = (size_t)(end - p);
    if (s.p[0] == '`') {
        if (!memchr(p, '\r', n)) return const_make_string(a, (Str){p, n});
        char *out = arena_alloc(a, n + 1);
        size_t k = 0;
        for (; p < end; p++)
            if (*p != '\r') out[k++] = *p;
        return const_make_string(a, (Str){out, k});
    }
    if (!memchr(p, '\\', n)) return const_make_string(a, (Str){p, n});
    char *out = arena_alloc(a, n + 4);
    size_t k = 0;
    bool bad = false;
    while (p < end) {
        if (*p != '\\') {
            out[k++] = *p++;
            continue;
        }
        int byte;
        int32_t r = unquote_char(&p, end, &byte, &bad);
        if (byte >= 0)
            out[k++] = (char)byte;
        else if (!bad)
            k += (size_t)utf8_encode(out + k, r);
    }
    return bad ? const_make_unknown(a) : const_make_string(a, (Str){out, k});
}

ConstVal *const_from_literal(Arena *a, Str text, int tok) {
    if (tok == TOK_STRING) return string_literal(a, text);
    if (tok == TOK_CHAR) {
        if (text.n < 3) return const_make_unknown(a);
        const char *p = text.p + 1, *end = text.p + text.n - 1;
        int byte;
        bool bad = false;
        int32_t r = unquote_char(&p, end, &byte, &bad);
        return bad || p != end ? const_make_unknown(a) : const_make_int(a, r);
    }
    if (tok == TOK_INT && text.n <= 18) { /* the usual case: a short decimal number */
        int64_t v = 0;
        size_t i = 0;
        for (; i < text.n && text.p[i] >= '0' && text.p[i] <= '9'; i++)
            v = v * 10 + (text.p[i] - '0');
        if (i == text.n && (text.p[0] != '0' || text.n == 1)) return const_make_int(a, v);
    }
    char *s = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '_') s[n++] = text.p[i];
    s[n] = 0;
    if (!n) return const_make_unknown(a);
    if (tok == TOK_INT) return int_literal(a, s);
    if (tok == TOK_FLOAT) return float_literal(a, s);
    s[n - 1] = 0; /* the i; a leading 0 is decimal for backward compatibility */
    return const_make_imag(a, float_literal(a, s));
}

/* ---- Printing ------------------------------------------------------------------------------------------------------ */

static void print_mpz(Buf *b, Limbs l, int base) {
    mpz_t z;
    char *s = mpz_get_str(NULL, base, VIEW(z, l));
    buf_puts(b, s);
    free(s);
}

static void print_quoted(Buf *b, Str s, bool exact) {
    Buf q = {0};
    buf_putc(&q, '"');
    for (size_t i = 0; i < s.n;) {
        int32_t r;
        int n = utf8_decode(s.p + i, s.n - i, &r);
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            buf_printf(&q, "\\%c", c);
        else if (c == '\n')
            buf_puts(&q, "\\n");
        else if (c == '\t')
            buf_puts(&q, "\\t");
        else if (c == '\r')
            buf_puts(&q, "\\r");
        else if (c == '\a' || c == '\b' || c == '\f' || c == '\v')
            buf_printf(&q, "\\%c", c == '\a' ? 'a' : c == '\b' ? 'b' : c == '\f' ? 'f' : 'v');
        else if (c < ' ' || c == 127 || (n == 1 && c >= 0x80))
            buf_printf(&q, "\\x%02x", c);
        else if (r == 0xFEFF)
            buf_puts(&q, "\\ufeff");
        else
            buf_put(&q, s.p + i, (size_t)n);
        i += (size_t)n;
    }
    buf_putc(&q, '"');
    size_t runes = 0, cut = q.len;
    for (size_t i = 0; i < q.len; i++) {
        if (((unsigned char)q.data[i] & 0xC0) == 0x80) continue;
        if (runes++ == 69) cut = i;
    }
    if (!exact && runes > 72) {
        buf_put(b, q.data, cut);
        buf_puts(b, "...");
    } else {
        buf_put(b, q.data, q.len);
    }
    buf_free(&q);
}

static bool is_integral(const ConstVal *v) {
    if (v->rep == REP_RAT) return v->rat.den.size == 1 && v->rat.den.at[0] == 1;
    return v->rep != REP_FLOAT || v->f.exp >= 0;
}

static void print_float(Buf *b, const ConstVal *v) {
    double d = const_float64(v);
    char s[64];
    if ((const_sign(v) == 0) == (d == 0) && d - d == 0) {
        snprintf(s, sizeof s, "%.6g", d);
        if (!is_integral(v) && !strchr(s, '.')) {
            int p = 1; /* the shortest that reads back */
            do snprintf(s, sizeof s, "%.*e", p - 1, d);
            while (strtod(s, NULL) != d && p++ < 17);
            int e = atoi(strchr(s, 'e') + 1);
            if (e >= -4 && e < 6) snprintf(s, sizeof s, "%.*f", p - 1 - e > 0 ? p - 1 - e : 0, d);
        }
        buf_puts(b, s);
        return;
    }
    /* Out of float64's range: decimal mantissa and exponent by logarithm. */
    Arena tmp = {0};
    const ConstVal *f = const_as_float(&tmp, v);
    mpz_t z;
    long me;
    double m = mpz_get_d_2exp(&me, VIEW(z, f->f.mant));
    double lg = (double)(f->f.exp + me) * (0.6931471805599453 / 2.302585092994046);
    int64_t e = (int64_t)lg;
    m *= pow(10, lg - (double)e);
    if (fabs(m) < 1 - 0.5e-6) {
        m *= 10;
        e--;
    } else if (fabs(m) >= 10) {
        m /= 10;
        e++;
    }
    buf_printf(b, "%.6ge%+lld", m, (long long)e);
    arena_free(&tmp);
}

void const_print(Buf *b, const ConstVal *v) {
    switch ((ConstKind)(v ? v->kind : CONST_UNKNOWN)) {
    case CONST_UNKNOWN: buf_puts(b, "unknown"); break;
    case CONST_BOOL: buf_puts(b, v->b ? "true" : "false"); break;
    case CONST_STRING: print_quoted(b, v->str.s, false); break;
    case CONST_INT:
        if (v->rep == REP_SMALL)
            buf_printf(b, "%lld", (long long)v->i);
        else
            print_mpz(b, v->big, 10);
        break;
    case CONST_FLOAT: print_float(b, v); break;
    case CONST_COMPLEX:
        buf_putc(b, '(');
        const_print(b, v->c.re);
        buf_puts(b, " + ");
        const_print(b, v->c.im);
        buf_puts(b, "i)");
        break;
    }
}

void const_print_exact(Buf *b, const ConstVal *v) {
    switch (v->kind) {
    case CONST_STRING: print_quoted(b, v->str.s, true); break;
    case CONST_FLOAT:
        if (v->rep == REP_RAT) {
            buf_putc(b, '(');
            print_mpz(b, v->rat.num, 10);
            buf_puts(b, ".0");
            if (!is_integral(v)) {
                buf_putc(b, '/');
                print_mpz(b, v->rat.den, 10); /* .0: integers end at 512 bits */
                buf_puts(b, ".0");
            }
            buf_putc(b, ')');
        } else if (!v->f.mant.size) {
            buf_puts(b, "0.0");
        } else {
            Limbs m = v->f.mant;
            bool neg = m.size < 0;
            if (neg) m.size = -m.size;
            buf_puts(b, neg ? "-0x" : "0x");
            print_mpz(b, m, 16);
            buf_printf(b, "p%+lld", (long long)v->f.exp);
        }
        break;
    case CONST_COMPLEX:
        buf_putc(b, '(');
        const_print_exact(b, v->c.re);
        buf_puts(b, " + ");
        const_print_exact(b, v->c.im);
        buf_puts(b, "*1i)");
        break;
    default: const_print(b, v);
    }
}
