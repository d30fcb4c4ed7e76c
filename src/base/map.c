/* Hash maps: an array of entries in insertion order and an open-addressing index into it (entry
 * number + 1, 0 is free). Small maps (up to 8 entries) have no index and are searched by hash. */
#include "base/base.h"

#include <stdlib.h>

enum { NO_INDEX_MAX = 8 };

static uint64_t hash_ptr(const void *p) {
    uint64_t x = (uint64_t)(uintptr_t)p * 0x9e3779b97f4a7c15u;
    return x ^ (x >> 32);
}

/* String keys of length 0 and pointer keys never share a map, so one comparison serves both. */
static inline bool same(const MapEntry *e, Str key, uint64_t hash, bool is_str) {
    if (e->hash != hash) return false;
    return is_str ? str_eq(e->key, key) : e->key.p == key.p;
}

static MapEntry *find(const Map *m, Str key, uint64_t hash, bool is_str) {
    if (!m->nindex) {
        for (int i = 0; i < m->len; i++)
            if (same(&m->entries[i], key, hash, is_str)) return &m->entries[i];
        return NULL;
    }
    uint32_t mask = (uint32_t)m->nindex - 1;
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        uint32_t k = m->index[i];
        if (!k) return NULL;
        if (same(&m->entries[k - 1], key, hash, is_str)) return &m->entries[k - 1];
    }
}

static void index_put(Map *m, uint64_t hash, uint32_t k) {
    uint32_t mask = (uint32_t)m->nindex - 1, i = (uint32_t)hash & mask;
    while (m->index[i]) i = (i + 1) & mask;
    m->index[i] = k;
}

static void grow(Map *m) {
    int cap = m->cap ? m->cap * 2 : NO_INDEX_MAX;
    if (m->arena) {
        MapEntry *e = arena_array(m->arena, MapEntry, cap);
        if (m->len) memcpy(e, m->entries, sizeof(MapEntry) * (size_t)m->len);
        m->entries = e;
    } else {
        m->entries = realloc(m->entries, sizeof(MapEntry) * (size_t)cap);
        if (!m->entries) base_oom();
    }
    m->cap = cap;
    if (cap <= NO_INDEX_MAX) return;
    m->nindex = cap * 2;
    if (m->arena) {
        m->index = arena_array(m->arena, uint32_t, m->nindex);
    } else {
        free(m->index);
        m->index = calloc((size_t)m->nindex, sizeof(uint32_t));
        if (!m->index) base_oom();
    }
    for (int i = 0; i < m->len; i++) index_put(m, m->entries[i].hash, (uint32_t)i + 1);
}

static MapEntry *put(Map *m, Str key, uint64_t hash, bool is_str, bool *fresh) {
    MapEntry *e = find(m, key, hash, is_str);
    if (fresh) *fresh = !e;
    if (e) return e;
    if (m->len == m->cap) grow(m);
    e = &m->entries[m->len++];
    *e = (MapEntry){.key = key, .hash = hash};
    if (m->nindex) index_put(m, hash, (uint32_t)m->len);
    return e;
}

MapEntry *map_find_str(const Map *m, Str key) {
    return m->len ? find(m, key, hash_bytes(key.p, key.n, 0), true) : NULL;
}
MapEntry *map_put_str(Map *m, Str key, bool *fresh) {
    return put(m, key, hash_bytes(key.p, key.n, 0), true, fresh);
}
MapEntry *map_find_ptr(const Map *m, const void *key) {
    return m->len ? find(m, (Str){key, 0}, hash_ptr(key), false) : NULL;
}
MapEntry *map_put_ptr(Map *m, const void *key, bool *fresh) {
    return put(m, (Str){key, 0}, hash_ptr(key), false, fresh);
}
void *map_get_ptr(const Map *m, const void *key) {
    MapEntry *e = map_find_ptr(m, key);
    return e ? e->val : NULL;
}
void *map_get_str(const Map *m, Str key) {
    MapEntry *e = map_find_str(m, key);
    return e ? e->val : NULL;
}
void map_set_ptr(Map *m, const void *key, void *val) { map_put_ptr(m, key, NULL)->val = val; }
void map_set_str(Map *m, Str key, void *val) { map_put_str(m, key, NULL)->val = val; }

void map_free(Map *m) {
    if (!m->arena) {
        free(m->entries);
        free(m->index);
    }
    *m = (Map){.arena = m->arena};
}
