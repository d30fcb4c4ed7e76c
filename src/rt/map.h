/* Maps: Swiss tables in C. Semantics of iteration (random start, growth and deletion meanwhile) are Go's.
 * Keys and elements are passed by address in memory layout. Hash and equality are driven by the key's type
 * descriptor in C (value.h), so no Go code runs. A hashing panic gives RT_PANIC. */
#ifndef VOLE_MAP_H
#define VOLE_MAP_H

#include "rt/rt.h"

typedef struct GoMap GoMap; /* first word: uint64 count, so that len() is one load */
/* tmp: room in the caller's frame for the map's head, MAP_WORDS words of which the third holds a pointer, and, when there
 * is enough, for its first group; NULL: all on the heap */
enum { MAP_WORDS = 6 };
GoMap *map_make(M *m, const GoMapType *t, int64_t hint, void *tmp, uint64_t room);
/* Address of the element, or NULL (nil map, absent). `panicked`: *panicked set, m->panic_value filled. */
void *map_lookup(M *m, const GoMapType *t, GoMap *h, const void *key, bool *panicked);
void *map_lookup_u64(M *m, const GoMapType *t, GoMap *h, uint64_t key); /* 8-byte integer or pointer keys */
void *map_lookup_u32(M *m, const GoMapType *t, GoMap *h, uint32_t key);
void *map_lookup_str(M *m, const GoMapType *t, GoMap *h, GoString key);
/* Address of the element, inserted when absent; NULL with m->panic_value filled (nil map, bad key). */
void *map_assign(M *m, const GoMapType *t, GoMap *h, const void *key);
void *map_assign_u64(M *m, const GoMapType *t, GoMap *h, uint64_t key);
void *map_assign_str(M *m, const GoMapType *t, GoMap *h, GoString key);
RtResult map_delete(M *m, const GoMapType *t, GoMap *h, const void *key);
void map_clear(M *m, const GoMapType *t, GoMap *h);
GoMap *map_clone(M *m, const GoMapType *t, GoMap *h);
static inline int64_t map_len(const GoMap *h) { return h ? (int64_t)*(const uint64_t *)h : 0; }
/* The iterator lives in a frame variable or in reflect.MapIter; size and pointer words are a contract with
 * lib/ (internal/runtime/maps.Iter has the same 12 words: key and elem first). */
typedef struct MapIter { void *key, *elem; const GoMapType *type; GoMap *map; void *p0, *p1; uint64_t w[6]; } MapIter;
_Static_assert(sizeof(MapIter) == 96, "MapIter");
void map_iter_init(M *m, const GoMapType *t, GoMap *h, MapIter *it); /* does not move to the first entry */
void map_iter_next(M *m, MapIter *it);                                /* key NULL: at the end */

#endif
