/* const_int: how constants are represented, for const.c (arithmetic) and const_text.c (literals and printing). */
#ifndef VOLE_CONST_INT_H
#define VOLE_CONST_INT_H

#include <gmp.h>
#include "types/types_int.h"

enum { PREC = 512, MAX_EXP = 4096 };

typedef enum Rep { REP_NONE, REP_SMALL, REP_BIG, REP_RAT, REP_FLOAT } Rep;

typedef struct Limbs { mp_limb_t *at; int size; /* negative: negative number */ } Limbs;

typedef struct StrBuf { char *p; size_t len, cap; } StrBuf; /* shared by the prefixes of a growing string */

struct ConstVal {
    uint8_t kind, rep;
    bool b;
    union {
        int64_t i;
        Limbs big;                             /* REP_BIG */
        struct { Limbs num, den; } rat;        /* den > 0, lowest terms */
        struct { Limbs mant; int64_t exp; } f; /* mant * 2^exp, |mant| < 2^512 */
        struct { Str s; StrBuf *buf; } str;
        struct { ConstVal *re, *im; } c;
    };
};

/* GMP's read-only view of limbs; it may read the first limb of zero. */
static const mp_limb_t zero_limb;
#define VIEW(z, l) (mpz_roinit_n((z), (l).at ? (l).at : &zero_limb, (l).size))

ConstVal *const_new(Arena *a, int kind, int rep);
Limbs const_save(Arena *a, const mpz_t z);       /* copies z's limbs into the arena */
ConstVal *const_of_mpz(Arena *a, const mpz_t z);
ConstVal *const_of_mpq(Arena *a, mpq_t q);       /* lowest terms; beyond MAX_EXP bits a float */
/* m * 2^exp, rounded to PREC bits (m is clobbered); `sticky`: a non-zero remainder below m's last bit was cut off. */
ConstVal *const_of_scaled(Arena *a, mpz_t m, int64_t exp, bool sticky);
/* (num * 2^nexp) / (den * 2^dexp): divided with PREC + 64 bits and a sticky bit, then rounded. */
ConstVal *const_of_quotient(Arena *a, const mpz_t num, int64_t nexp, const mpz_t den, int64_t dexp);
/* Rounds m * 2^*exp to `prec` bits, to nearest even. */
void const_round(mpz_t m, int64_t *exp, unsigned prec, bool sticky);
const ConstVal *const_as_float(Arena *a, const ConstVal *v); /* in representation REP_FLOAT */

#endif
