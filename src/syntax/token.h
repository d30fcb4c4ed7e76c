/* Token numbers and spellings, from tables/tokens.def. */
#ifndef VOLE_TOKEN_H
#define VOLE_TOKEN_H

typedef enum Token {
#define TOKEN(id, text, prec) TOK_##id,
#define KEYWORD(id, text) TOK_##id,
#include "tables/tokens.def"
#undef TOKEN
#undef KEYWORD
    TOK_COUNT,
} Token;

extern const char *const token_text[TOK_COUNT];
extern const unsigned char token_prec[TOK_COUNT];

#endif
