/* Layout of the section: u32 magic, u32 count, then per package 8 x u32 (path off, len; name off, len; export
 * data off, len; imports off, count), then what they point to, 8-byte aligned. Offsets from the section's start. */
#include "build/pkgindex.h"

#include <stdlib.h>

enum { INDEX_MAGIC = 0x31445856, ENTRY_WORDS = 8 };

static uint32_t put(Buf *b, size_t start, const void *p, size_t n) {
    static const char zero[8];
    while ((b->len - start) % 8) buf_put(b, zero, 1);
    uint32_t off = (uint32_t)(b->len - start);
    if (n) buf_put(b, p, n);
    return off;
}

void pkgindex_write(Buf *out, const IndexedPackage *at, int n) {
    size_t start = out->len;
    uint32_t head[2] = {INDEX_MAGIC, (uint32_t)n};
    buf_put(out, head, sizeof head);
    uint32_t *e = calloc((size_t)n * ENTRY_WORDS + 1, 4);
    if (!e) base_oom();
    buf_put(out, e, (size_t)n * ENTRY_WORDS * 4);
    for (int i = 0; i < n; i++) {
        uint32_t *w = e + (size_t)i * ENTRY_WORDS;
        w[0] = put(out, start, at[i].path.p, at[i].path.n);
        w[1] = (uint32_t)at[i].path.n;
        w[2] = put(out, start, at[i].name.p, at[i].name.n);
        w[3] = (uint32_t)at[i].name.n;
        w[6] = put(out, start, at[i].imports, (size_t)at[i].nimports * 4);
        w[7] = at[i].nimports;
    }
    for (int i = 0; i < n; i++) { /* the large part behind what every opening reads */
        uint32_t *w = e + (size_t)i * ENTRY_WORDS;
        w[4] = put(out, start, at[i].export_data.p, at[i].export_data.n);
        w[5] = (uint32_t)at[i].export_data.n;
    }
    if (n) memcpy(out->data + start + sizeof head, e, (size_t)n * ENTRY_WORDS * 4);
    free(e);
}

static bool str_at(Str s, uint32_t off, uint32_t len, Str *out) {
    if (off > s.n || len > s.n - off || off % 8) return false;
    *out = (Str){s.p + off, len};
    return true;
}

bool pkgindex_open(Arena *a, Str s, PkgIndex *out, const char **err) {
    memset(out, 0, sizeof *out);
    out->by_path.arena = a;
    const uint32_t *head = (const uint32_t *)(const void *)s.p;
    *err = "damaged image: package index";
    if (s.n < 8 || head[0] != INDEX_MAGIC || head[1] > (s.n - 8) / (ENTRY_WORDS * 4)) return false;
    out->len = (int)head[1];
    out->at = arena_array(a, IndexedPackage, out->len);
    for (int i = 0; i < out->len; i++) {
        const uint32_t *w = head + 2 + (size_t)i * ENTRY_WORDS;
        IndexedPackage *p = &out->at[i];
        Str imports;
        if (w[7] > s.n / 4 || !str_at(s, w[0], w[1], &p->path) ||
            !str_at(s, w[2], w[3], &p->name) || !str_at(s, w[4], w[5], &p->export_data) ||
            !str_at(s, w[6], w[7] * 4, &imports))
            return false;
        p->imports = (const uint32_t *)(const void *)imports.p;
        p->nimports = w[7];
        for (uint32_t k = 0; k < p->nimports; k++)
            if (p->imports[k] >= (uint32_t)i) return false;
        map_set_str(&out->by_path, p->path, p);
    }
    return true;
}

bool pkgindex_append(Arena *a, PkgIndex *x, const PkgIndex *more, const char **err) {
    PkgIndex sum = {.by_path.arena = a};
    uint32_t *number = arena_array(a, uint32_t, more->len);
    sum.at = arena_array(a, IndexedPackage, x->len + more->len);
    if (x->len) memcpy(sum.at, x->at, (size_t)x->len * sizeof *x->at);
    sum.len = x->len;
    for (int i = 0; i < more->len; i++) {
        const IndexedPackage *p = &more->at[i];
        IndexedPackage *known = p->export_data.n ? NULL : pkgindex_find(x, p->path);
        if (known) {
            number[i] = (uint32_t)(known - x->at);
            continue;
        }
        if (!p->export_data.n) {
            *err = "damaged image: package index names a package that is not there";
            return false;
        }
        uint32_t *imports = arena_array(a, uint32_t, p->nimports);
        for (uint32_t k = 0; k < p->nimports; k++) imports[k] = number[p->imports[k]];
        number[i] = (uint32_t)sum.len;
        sum.at[sum.len] = *p;
        sum.at[sum.len++].imports = imports;
    }
    for (int i = 0; i < sum.len; i++) map_set_str(&sum.by_path, sum.at[i].path, &sum.at[i]);
    *x = sum;
    return true;
}

IndexedPackage *pkgindex_find(const PkgIndex *x, Str path) {
    return map_get_str(&x->by_path, path);
}
