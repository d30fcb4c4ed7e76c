/* pctab: the tables that lead from a code word to its source line and to the pointer slots that live there.
 * Encoders (used by the code layer) and decoders stand together in pctab.c, so that the format is nobody
 * else's business. */
#ifndef VOLE_PCTAB_H
#define VOLE_PCTAB_H

#include "base/base.h"

/* Lines. Zero the struct, set start_line (CodeFunc.start_line), add in ascending word order; entries that
 * change nothing are dropped. The result (out) is CodeFunc.lines; buf_free it afterwards. */
typedef struct LineEnc {
    int start_line;
    Buf out;
    bool started;
    uint32_t word;
    int line, inline_index;
} LineEnc;
void line_enc_add(LineEnc *e, uint32_t word, int line, int inline_index); /* inline_index -1: none */
/* Line and inline entry of a word; false when the table has nothing for it or is malformed. */
bool line_table_find(const uint8_t *p, uint32_t n, int start_line, uint32_t word, int *line, int *inline_index);

/* Added to an inline index: the word is an index instruction whose index is unsigned (for the text of its panic). */
enum { LINE_UNSIGNED = 1 << 24 };

/* Maps: for each safepoint (key: the word after the instruction) a bitmap over the frame's slots from
 * FRAME_ARGS on; equal bitmaps are stored once. */
typedef struct MapEnc {
    uint32_t nslots; /* set before the first add */
    VEC(uint32_t) words;
    VEC(uint32_t) index;
    Buf bits;        /* distinct bitmaps, (nslots+7)/8 bytes each */
    uint32_t nmaps;
    Map seen;
    Arena arena;
} MapEnc;
void map_enc_add(MapEnc *e, uint32_t word, const uint8_t *bits); /* ascending word order */
void map_enc_finish(MapEnc *e, Buf *out); /* appends CodeFunc.maps to out and frees the encoder */
const uint8_t *map_table_find(const uint8_t *p, uint32_t n, uint32_t word, uint32_t *nslots);
bool map_table_valid(const uint8_t *p, uint32_t n);
/* For dumps: entry i, false at the end. */
bool map_table_at(const uint8_t *p, uint32_t n, uint32_t i, uint32_t *word, const uint8_t **bits, uint32_t *nslots);

#endif
