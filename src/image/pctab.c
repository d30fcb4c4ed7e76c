/* Line tables and stack maps: encoders and decoders.
 *
 * Lines: a sequence of (varint word delta * 2 + has inline, zigzag line delta, [zigzag inline delta]).
 * Maps: u32 count and width flag, u32 nslots, then `count` keys (word, bitmap number) sorted by word, each
 * 2 x u16 or 2 x u32, then the bitmaps. Found by binary search: the collector does it for every frame. */
#include "image/pctab.h"

#include <stdlib.h>

static void put_varint(Buf *b, uint64_t v) {
    for (; v >= 128; v >>= 7) buf_putc(b, (char)(v | 128));
    buf_putc(b, (char)v);
}
static uint64_t zigzag(int64_t v) { return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63); }
static int64_t unzigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }
static bool get_varint(const uint8_t **p, const uint8_t *end, uint64_t *v) {
    uint64_t r = 0;
    for (int shift = 0; *p < end && shift < 64; shift += 7) {
        uint8_t c = *(*p)++;
        r |= (uint64_t)(c & 127) << shift;
        if (c < 128) {
            *v = r;
            return true;
        }
    }
    return false;
}

void line_enc_add(LineEnc *e, uint32_t word, int line, int inline_index) {
    if (!e->started) {
        e->started = true;
        e->line = e->start_line;
        e->inline_index = -1;
    } else if (line == e->line && inline_index == e->inline_index) return;
    bool has_inline = inline_index != e->inline_index;
    put_varint(&e->out, (uint64_t)(word - e->word) * 2 + has_inline);
    put_varint(&e->out, zigzag((int64_t)line - e->line));
    if (has_inline) put_varint(&e->out, zigzag((int64_t)inline_index - e->inline_index));
    e->word = word;
    e->line = line;
    e->inline_index = inline_index;
}

bool line_table_find(const uint8_t *p, uint32_t n, int start_line, uint32_t word, int *line,
                     int *inline_index) {
    const uint8_t *end = p + n;
    uint64_t at = 0, v, d;
    int64_t l = start_line, inl = -1;
    bool found = false;
    while (p < end) {
        if (!get_varint(&p, end, &v)) break;
        at += v >> 1;
        if (at > word) break;
        if (!get_varint(&p, end, &d)) break;
        l += unzigzag(d);
        if (v & 1) {
            if (!get_varint(&p, end, &d)) break;
            inl += unzigzag(d);
        }
        found = true;
    }
    *line = (int)l;
    *inline_index = (int)inl;
    return found;
}

enum { WIDE = 1u << 31 };

void map_enc_add(MapEnc *e, uint32_t word, const uint8_t *bits) {
    size_t n = (e->nslots + 7) / 8;
    e->seen.arena = &e->arena;
    if (e->words.len && vec_last(&e->words) == word) return; /* one instruction, one map */
    uint32_t k;
    if (!n) { /* empty strings cannot be told apart in the map; there is only one anyway */
        k = 0;
        e->nmaps = 1;
    } else {
        MapEntry *m = map_find_str(&e->seen, (Str){(const char *)bits, n});
        if (m) k = (uint32_t)m->num;
        else {
            bool fresh;
            m = map_put_str(&e->seen, (Str){arena_memdup(&e->arena, bits, n), n}, &fresh);
            m->num = k = e->nmaps++;
            buf_put(&e->bits, bits, n);
        }
    }
    vec_push(&e->words, word);
    vec_push(&e->index, k);
}

void map_enc_finish(MapEnc *e, Buf *out) {
    uint32_t count = (uint32_t)e->words.len;
    if (count) {
        bool wide = vec_last(&e->words) > UINT16_MAX || e->nmaps > UINT16_MAX;
        uint32_t head[2] = {count | (wide ? WIDE : 0), e->nslots};
        buf_put(out, head, sizeof head);
        for (uint32_t i = 0; i < count; i++) {
            if (wide) {
                uint32_t kv[2] = {e->words.at[i], e->index.at[i]};
                buf_put(out, kv, sizeof kv);
            } else {
                uint16_t kv[2] = {(uint16_t)e->words.at[i], (uint16_t)e->index.at[i]};
                buf_put(out, kv, sizeof kv);
            }
        }
        buf_put(out, e->bits.data ? e->bits.data : "", e->bits.len);
    }
    vec_free(&e->words);
    vec_free(&e->index);
    buf_free(&e->bits);
    arena_free(&e->arena);
    *e = (MapEnc){0};
}

typedef struct MapTable {
    uint32_t count, nslots, nmaps;
    bool wide;
    const uint8_t *keys, *bits;
} MapTable;

static bool map_open(const uint8_t *p, uint32_t n, MapTable *t) {
    if (n < 8) return false;
    uint32_t head[2];
    memcpy(head, p, 8);
    t->wide = head[0] & WIDE;
    t->count = head[0] & ~(uint32_t)WIDE;
    t->nslots = head[1];
    uint64_t keys = (uint64_t)t->count * (t->wide ? 8 : 4), size = ((uint64_t)t->nslots + 7) / 8;
    if (8 + keys > n) return false;
    t->keys = p + 8;
    t->bits = t->keys + keys;
    t->nmaps = size ? (uint32_t)((n - 8 - keys) / size) : 1;
    return true;
}

static inline void map_key(const MapTable *t, uint32_t i, uint32_t *word, uint32_t *k) {
    if (t->wide) {
        memcpy(word, t->keys + (size_t)i * 8, 4);
        memcpy(k, t->keys + (size_t)i * 8 + 4, 4);
    } else {
        uint16_t kv[2];
        memcpy(kv, t->keys + (size_t)i * 4, 4);
        *word = kv[0];
        *k = kv[1];
    }
}

const uint8_t *map_table_find(const uint8_t *p, uint32_t n, uint32_t word, uint32_t *nslots) {
    MapTable t;
    if (!map_open(p, n, &t)) return NULL;
    uint32_t lo = 0, hi = t.count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2, w, k;
        map_key(&t, mid, &w, &k);
        if (w == word) {
            if (k >= t.nmaps) return NULL;
            *nslots = t.nslots;
            return t.bits + (size_t)k * ((t.nslots + 7) / 8);
        }
        if (w < word) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}

bool map_table_at(const uint8_t *p, uint32_t n, uint32_t i, uint32_t *word, const uint8_t **bits,
                  uint32_t *nslots) {
    MapTable t;
    if (!map_open(p, n, &t) || i >= t.count) return false;
    uint32_t k;
    map_key(&t, i, word, &k);
    if (k >= t.nmaps) return false;
    *nslots = t.nslots;
    *bits = t.bits + (size_t)k * ((t.nslots + 7) / 8);
    return true;
}

bool map_table_valid(const uint8_t *p, uint32_t n) {
    if (!n) return true;
    MapTable t;
    if (!map_open(p, n, &t)) return false;
    uint32_t last = 0;
    for (uint32_t i = 0; i < t.count; i++) {
        uint32_t w, k;
        map_key(&t, i, &w, &k);
        if (k >= t.nmaps || (i && w <= last)) return false;
        last = w;
    }
    return true;
}
