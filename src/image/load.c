/* The loader: maps images into the image space, verifies them, answers questions about them.
 *
 * The space of 2 GB is reserved once per Images. When it could be had at IMAGE_SPACE_BASE, an image is
 * mapped at the address that it was linked for and nothing is touched. Otherwise (a second instance in the
 * process) the whole space lies elsewhere at one common distance, and all absolute addresses of each image are
 * moved by it; offsets from the space's base stay true. */
#include "image/image_int.h"
#include "image/pctab.h"
#include "base/sanitize.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static _Thread_local char message[512];

static bool failf(const char **err, const char *fmt, ...) printf_like(2, 3);
static bool failf(const char **err, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    *err = message;
    return false;
}

static bool reserve(Images *im, const char **err) {
    if (im->space) return true;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *p;
    uint64_t size = IMAGE_SPACE_SIZE, room = address_limit();
    while (size > room / 4 && size > IMAGE_SPACE_LEAST) size /= 2;
    for (;; size /= 2) {
#ifdef SAN_THREAD
        p = MAP_FAILED, errno = EEXIST;
#else
        p = mmap((void *)IMAGE_SPACE_BASE, size, PROT_NONE, flags | MAP_FIXED_NOREPLACE, -1, 0);
#endif
        if (p != MAP_FAILED &&
            p != (void *)IMAGE_SPACE_BASE) { /* kernels before 4.17 take it as a hint */
            munmap(p, size);
            p = MAP_FAILED;
        }
        if (p != MAP_FAILED || errno != ENOMEM || size <= IMAGE_SPACE_LEAST) break;
    }
    if (p == MAP_FAILED) {
        p = mmap(NULL, size, PROT_NONE, flags, -1, 0);
        if (p == MAP_FAILED)
            return failf(err, "cannot reserve addresses for images: %s", strerror(errno));
        im->relocated = true;
    }
    im->space = (uint64_t)(uintptr_t)p;
    im->space_size = size;
    if (!im->next_addr) im->next_addr = IMAGE_SPACE_BASE;
    return true;
}

/* ---- Verification ----------------------------------------------------------------------------- */

static bool check_header(Images *im, const ImageHeader *h, uint64_t have, const char **err) {
    if (have < sizeof *h || h->magic != IMAGE_MAGIC) return failf(err, "not a vole image");
    if (h->version != IMAGE_VERSION)
        return failf(err, "image format version %u, this vole reads version %d", h->version,
                     IMAGE_VERSION);
    if (h->nsections != SEC_COUNT ||
        h->checksum != hash_bytes(h, offsetof(ImageHeader, checksum), 1))
        return failf(err, "damaged image: header checksum does not match");
    if (im->abi_hash && h->abi_hash != im->abi_hash)
        return failf(err, "image was made by another version of vole; build it again");
    if (h->file_size != have)
        return failf(err, "damaged image: %llu bytes where the header says %llu",
                     (unsigned long long)have, (unsigned long long)h->file_size);
    if (h->base % IMAGE_PAGE || h->base < IMAGE_SPACE_BASE || h->mem_size > IMAGE_SPACE_SIZE ||
        h->base - IMAGE_SPACE_BASE > IMAGE_SPACE_SIZE - h->mem_size || h->mem_size < h->file_size)
        return failf(err, "damaged image: impossible address or size");
    if (h->base != im->next_addr)
        return failf(err,
                     "image is linked for address %#llx but the next free one is %#llx: it belongs "
                     "to other base images",
                     (unsigned long long)h->base, (unsigned long long)im->next_addr);
    for (int i = 0; i < SEC_COUNT; i++) {
        const Section *s = &h->sections[i];
        if (s->off % 8 && i != SEC_DATA)
            return failf(err, "damaged image: section %d is not aligned", i);
        if (s->off > h->file_size || s->size > h->file_size - s->off)
            return failf(err, "damaged image: section %d lies outside of the file", i);
    }
    const Section *s = h->sections;
    if (s[SEC_FUNCS].size != h->nfuncs * sizeof(VmFunc) ||
        s[SEC_INFOS].size != h->nfuncs * sizeof(FuncInfo) || h->nfuncs > h->file_size ||
        s[SEC_SYMBOLS].size != h->nsyms * sizeof(SymEntry) || h->nsyms > h->file_size)
        return failf(err, "damaged image: table sizes do not match");
    if (h->root_off % 8 || h->root_off > h->mem_size ||
        h->root_words > (h->mem_size - h->root_off) / 8 ||
        s[SEC_ROOTMASK].size < (h->root_words + 7) / 8)
        return failf(err, "damaged image: bad root range");
    if (h->entry) {
        uint64_t funcs = h->base + s[SEC_FUNCS].off;
        if (h->entry < funcs || h->entry >= funcs + s[SEC_FUNCS].size ||
            (h->entry - funcs) % sizeof(VmFunc))
            return failf(err, "damaged image: entry is no function");
    }
    return true;
}

static bool in_image(const Image *g, const void *p, uint64_t n) {
    uint64_t a = (uint64_t)(uintptr_t)p, lo = (uint64_t)(uintptr_t)g->mem;
    return a >= lo && a - lo <= g->h.file_size && n <= g->h.file_size - (a - lo);
}
static bool c_string_ok(const Image *g, const char *s) {
    return in_image(g, s, 1) &&
           memchr(s, 0, (size_t)(g->mem + g->h.file_size - (const uint8_t *)s));
}

/* Reads every function's facts; for images that we did not just write ourselves. */
static bool check_functions(const Image *g, const char **err) {
    const Section *s = g->h.sections;
    const uint64_t *code = (const uint64_t *)(void *)(g->mem + s[SEC_CODE].off),
                   *end = code + s[SEC_CODE].size / 8;
    const uint64_t *last = code;
    const FuncInfo *infos = (const FuncInfo *)(void *)(g->mem + s[SEC_INFOS].off);
    for (uint64_t i = 0; i < g->nfuncs; i++) {
        const VmFunc *f = &g->funcs[i];
        if (f->code != last)
            return failf(err, "damaged image: code of function %llu", (unsigned long long)i);
        if (f->info != &infos[i])
            return failf(err, "damaged image: facts of function %llu", (unsigned long long)i);
        const FuncInfo *in = f->info;
        if (in->func != f || in->ncode > (uint64_t)(end - last) || !c_string_ok(g, in->name) ||
            !c_string_ok(g, in->file) || in->recover_pc > in->ncode ||
            f->frame_slots < (uint32_t)FRAME_ARGS + f->param_slots + f->result_slots ||
            (in->nlines && !in_image(g, in->lines, in->nlines)) ||
            (in->nmaps && !in_image(g, in->maps, in->nmaps)) ||
            (in->ninlines && !in_image(g, in->inlines, in->ninlines * sizeof(InlineInfo))) ||
            (in->nobjects && !in_image(g, in->objects, in->nobjects * sizeof(FrameObject))) ||
            (in->args_ptrs_words &&
             !in_image(g, in->args_ptrs, ((uint64_t)in->args_ptrs_words + 7) / 8)) ||
            (uintptr_t)in->inlines % 8 || (uintptr_t)in->objects % 8 ||
            (in->nmaps && !map_table_valid(in->maps, in->nmaps)))
            return failf(err, "damaged image: facts of function %llu", (unsigned long long)i);
        for (uint32_t k = 0; k < in->ninlines; k++)
            if (!c_string_ok(g, in->inlines[k].func) || !c_string_ok(g, in->inlines[k].file))
                return failf(err, "damaged image: inline table of %s", in->name);
        for (uint32_t k = 0; k < in->ninlines; k++) { /* chains of parents end */
            int64_t up = in->inlines[k].parent;
            bool file_entry = up >= 0 && up < in->ninlines && !*in->inlines[up].func &&
                              in->inlines[up].parent < 0;
            if (up >= (int64_t)k && !file_entry)
                return failf(err, "damaged image: inline table of %s", in->name);
        }
        for (uint32_t k = 0; k < in->nobjects; k++) {
            const FrameObject *o = &in->objects[k];
            if ((o->ptrmask && !in_image(g, o->ptrmask, (o->nslots + 7) / 8)) ||
                o->slot > f->frame_slots || o->nslots > f->frame_slots - o->slot)
                return failf(err, "damaged image: frame objects of %s", in->name);
        }
        last += in->ncode;
    }
    return true;
}

static bool check_symbols(const Image *g, const char **err) {
    const Section *s = g->h.sections;
    const SymEntry *e = (const SymEntry *)(void *)(g->mem + s[SEC_SYMBOLS].off);
    for (uint64_t i = 0; i < g->h.nsyms; i++) {
        uint32_t n;
        if (e[i].name + 4ull > s[SEC_SYMNAMES].size)
            return failf(err, "damaged image: symbol %llu", (unsigned long long)i);
        memcpy(&n, g->mem + s[SEC_SYMNAMES].off + e[i].name, 4);
        /* Variables without size are those of a base image. */
        uint64_t end = g->h.base - IMAGE_SPACE_BASE + g->h.mem_size;
        if (n > s[SEC_SYMNAMES].size - e[i].name - 4 || (i && e[i].hash < e[i - 1].hash) ||
            e[i].off > end)
            return failf(err, "damaged image: symbol %llu", (unsigned long long)i);
    }
    return true;
}

/* Moves every absolute address by delta; also the check that the table is sound. */
static bool relocate(Image *g, uint64_t delta, uint64_t loaded_end, const char **err) {
    const Section *s = &g->h.sections[SEC_RELOCS];
    const uint8_t *p = g->mem + s->off, *end = p + s->size;
    uint64_t at = 0;
    while (p < end) {
        uint64_t d = 0;
        int shift = 0;
        do {
            if (p == end || shift > 56) return failf(err, "damaged image: relocation table");
            d |= (uint64_t)(*p & 127) << shift;
            shift += 7;
        } while (*p++ & 128);
        at += d * 8;
        if (d > g->h.file_size || at < IMAGE_PAGE || at + 8 > g->h.file_size)
            return failf(err, "damaged image: relocation table");
        uint64_t v;
        memcpy(&v, g->mem + at, 8);
        if (v < IMAGE_SPACE_BASE || v > loaded_end)
            return failf(err, "damaged image: address outside of the images");
        if (delta) {
            v += delta;
            memcpy(g->mem + at, &v, 8);
        }
    }
    return true;
}

/* When a mapping covers a whole cluster of the page cache, Linux maps all of it for one byte that is read. What a start
 * reads of read-only data and of the indexes lies scattered over all clusters, so their mapping gets a seam in the
 * middle of each: then 64 KB are mapped at a time. Code stays whole. It is an economy: what fails changes nothing. */
enum { CLUSTER = 2 << 20 };
static void add_seams(uint8_t *mem, uint64_t from, uint64_t to) {
    for (uint64_t at = from / CLUSTER * CLUSTER + CLUSTER / 2; at + CLUSTER < to; at += 2 * CLUSTER)
        madvise(mem + at, CLUSTER, MADV_NOHUGEPAGE);
}

/* ---- Loading ----------------------------------------------------------------------------------- */

/* The addresses stay reserved. */
static void discard(Image *g) {
    mmap(g->mem, g->map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    free(g);
}

static bool load(Images *im, const void *bytes, int fd, uint64_t at, const ImageHeader *h,
                 bool trusted, Image **out, const char **err) {
    if (im->list.len) {
        if (memcmp(im->list.at[im->list.len - 1]->h.build_id, h->base_build_id, BUILD_ID_MAX))
            return failf(err, "image was built on another base image; build it again");
    } else {
        static const uint8_t none[BUILD_ID_MAX];
        if (memcmp(h->base_build_id, none, BUILD_ID_MAX))
            return failf(err, "image needs its base image (std.vole) loaded first");
    }
    uint8_t *mem = (uint8_t *)(uintptr_t)(im->space + (h->base - IMAGE_SPACE_BASE));
    if (h->base - IMAGE_SPACE_BASE + h->mem_size > im->space_size)
        return failf(err, "the limit of addresses (ulimit -v) leaves no room for the image");
    uint64_t file_part = (h->file_size + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1);
    int prot = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_FIXED;
    bool copy = at % IMAGE_PAGE; /* behind a first line of any length */
    void *p = fd >= 0 && !copy ? mmap(mem, file_part, prot, flags, fd, (off_t)at)
                               : mmap(mem, file_part, prot, flags | MAP_ANONYMOUS, -1, 0);
    if (p != MAP_FAILED && h->mem_size > file_part)
        p = mmap(mem + file_part, h->mem_size - file_part, prot, flags | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return failf(err, "cannot map image: %s", strerror(errno));
    if (bytes) memcpy(mem, bytes, h->file_size);
    if (copy && pread(fd, mem, h->file_size, (off_t)at) != (ssize_t)h->file_size)
        return failf(err, "cannot read image: %s", strerror(errno));
    Image *g = calloc(1, sizeof *g);
    if (!g) base_oom();
    g->mem = mem;
    g->h = *h;
    g->map_size = h->mem_size;
    g->funcs = (const VmFunc *)(void *)(mem + h->sections[SEC_FUNCS].off);
    g->nfuncs = h->nfuncs;
    uint64_t delta = im->space - IMAGE_SPACE_BASE;
    bool ok = trusted || h->contents == image_contents(mem, h->file_size);
    if (!ok) failf(err, "damaged image: contents do not match their checksum");
    ok = ok && ((trusted && !delta) || relocate(g, delta, h->base + h->mem_size, err));
    if (ok && !trusted) ok = check_functions(g, err) && check_symbols(g, err);
    if (!ok) {
        discard(g);
        return false;
    }
    /* What Go must not write faults when it is written. */
    uint64_t ro = h->sections[SEC_RODATA].off,
             rw = h->sections[SEC_DATA].off & ~(uint64_t)(IMAGE_PAGE - 1);
    if (ro % IMAGE_PAGE == 0 && rw > ro) mprotect(mem + ro, rw - ro, PROT_READ);
    if (fd >= 0 && !copy) add_seams(mem, ro, h->sections[SEC_RELOCS].off);
    vec_push(&im->list, g);
    im->next_addr = h->base + h->mem_size;
    *out = g;
    return true;
}

/* Where the image begins: behind a line "#!...", either at once or at the next page. */
static uint64_t image_start(int fd) {
    char head[IMAGE_PAGE + 8];
    ssize_t n = pread(fd, head, sizeof head, 0);
    if (n < 16 || head[0] != '#' || head[1] != '!') return 0;
    const char *nl = memchr(head, '\n', (size_t)n);
    uint64_t magic = 0;
    if (!nl) return 0;
    size_t after = (size_t)(nl + 1 - head);
    if (after + 8 <= (size_t)n) memcpy(&magic, nl + 1, 8);
    return magic == IMAGE_MAGIC ? after : IMAGE_PAGE;
}

static bool open_image(const char *path, int *fd, uint64_t *at, ImageHeader *h, uint64_t *have,
                       const char **err) {
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (*fd < 0)
        return failf(err, "open %s: %s", path,
                     errno == ENOENT ? "no such file or directory" : strerror(errno));
    if (fstat(*fd, &st) < 0 || !S_ISREG(st.st_mode))
        return failf(err, "%s: not a regular file", path);
    *at = image_start(*fd);
    *have = (uint64_t)st.st_size - *at;
    if ((uint64_t)st.st_size < *at || pread(*fd, h, sizeof *h, (off_t)*at) != (ssize_t)sizeof *h ||
        h->magic != IMAGE_MAGIC)
        return failf(err, "%s: not a vole image", path);
    return true;
}

bool image_peek_file(Arena *a, const char *path, Str *build_id, Str *base_build_id,
                     const char **err) {
    ImageHeader h;
    int fd;
    uint64_t at, have;
    bool ok = open_image(path, &fd, &at, &h, &have, err);
    if (fd >= 0) close(fd);
    if (!ok) return false;
    *build_id = str_dup(
        a, (Str){(const char *)h.build_id, strnlen((const char *)h.build_id, BUILD_ID_MAX)});
    *base_build_id = str_dup(a, (Str){(const char *)h.base_build_id,
                                      strnlen((const char *)h.base_build_id, BUILD_ID_MAX)});
    return true;
}

bool image_load_file(Images *im, const char *path, Image **out, const char **err) {
    if (!reserve(im, err)) return false;
    ImageHeader h;
    int fd;
    uint64_t at, have;
    if (!open_image(path, &fd, &at, &h, &have, err)) {
        if (fd >= 0) close(fd);
        return false;
    }
    bool ok = check_header(im, &h, have, err) && load(im, NULL, fd, at, &h, im->trusted, out, err);
    close(fd);
    if (!ok) {
        char why[256];
        snprintf(why, sizeof why, "%s", *err);
        failf(err, "%s: %s", path, why);
    }
    return ok;
}

bool image_load_blob(Images *im, Buf *blob, Image **out, const char **err) {
    ImageHeader h = {0};
    memcpy(&h, blob->data ? blob->data : "", blob->len < sizeof h ? blob->len : sizeof h);
    bool ok = reserve(im, err) && check_header(im, &h, blob->len, err) &&
              load(im, blob->data, -1, 0, &h, im->trusted, out, err);
    buf_free(blob);
    return ok;
}

void image_unload(Images *im, Image *g) {
    check(im->list.len && vec_last(&im->list) == g);
    im->list.len--;
    im->next_addr = g->h.base;
    discard(g);
}

void images_free(Images *im) {
    for (int i = 0; i < im->list.len; i++) free(im->list.at[i]);
    vec_free(&im->list);
    if (im->space) munmap((void *)(uintptr_t)im->space, im->space_size);
    *im = (Images){0};
}

/* ---- Questions ----------------------------------------------------------------------------------- */

static Str entry_name(const Image *g, const SymEntry *e) {
    const uint8_t *p = g->mem + g->h.sections[SEC_SYMNAMES].off + e->name;
    uint32_t n;
    memcpy(&n, p, 4);
    return (Str){(const char *)p + 4, n};
}

/* From where the hash would be if all were at equal distances: few pages are read. */
static uint64_t lookup_in(Images *im, const Image *g, uint64_t h) {
    const SymEntry *e = (const SymEntry *)(void *)(g->mem + g->h.sections[SEC_SYMBOLS].off);
    uint32_t hash = (uint32_t)h, check = (uint32_t)(h >> 32);
    uint64_t n = g->h.nsyms, i = ((uint64_t)hash * n) >> 32;
    while (i > 0 && e[i - 1].hash >= hash) i--;
    while (i < n && e[i].hash < hash) i++;
    for (; i < n && e[i].hash == hash; i++)
        if (e[i].check == check) return im->space + e[i].off;
    return 0;
}

uint64_t image_lookup(Images *im, Str symbol) {
    uint64_t hash = symbol_hash(symbol);
    for (int i = 0; i < im->list.len; i++) {
        uint64_t a = lookup_in(im, im->list.at[i], hash);
        if (a) return a;
    }
    return 0;
}

const VmFunc *image_find_func(Images *im, const uint64_t *pc) {
    for (int i = 0; i < im->list.len; i++) {
        const Image *g = im->list.at[i];
        const Section *s = &g->h.sections[SEC_CODE];
        const uint8_t *p = (const uint8_t *)pc;
        if (p < g->mem + s->off || p >= g->mem + s->off + s->size) continue;
        uint64_t lo = 0, hi = g->nfuncs;
        while (hi - lo > 1) {
            uint64_t mid = lo + (hi - lo) / 2;
            if (g->funcs[mid].code <= pc) lo = mid;
            else hi = mid;
        }
        return &g->funcs[lo];
    }
    return NULL;
}

const VmFunc *image_func_at(Images *im, uint64_t addr) {
    for (int i = 0; i < im->list.len; i++) {
        const Image *g = im->list.at[i];
        uint64_t first = (uint64_t)(uintptr_t)g->funcs;
        if (addr >= first && addr < first + g->nfuncs * sizeof(VmFunc) &&
            (addr - first) % sizeof(VmFunc) == 0)
            return (const VmFunc *)addr;
    }
    return NULL;
}

const VmFunc *image_functions(Image *g, uint64_t *n) {
    *n = g->nfuncs;
    return g->funcs;
}

bool image_holds(Images *im, uint64_t addr, uint64_t n) {
    for (int i = 0; i < im->list.len; i++) {
        const Image *g = im->list.at[i];
        uint64_t at = (uint64_t)(uintptr_t)g->mem;
        if (addr >= at && addr - at <= g->map_size && n <= g->map_size - (addr - at)) return true;
    }
    return false;
}

Str image_export_data(Image *g) {
    const Section *s = &g->h.sections[SEC_EXPORT];
    return (Str){(const char *)g->mem + s->off, s->size};
}

Str image_build_id(Image *g) {
    size_t n = 0;
    while (n < BUILD_ID_MAX && g->h.build_id[n]) n++;
    return (Str){(const char *)g->h.build_id, n};
}

const VmFunc *image_entry(Image *g) {
    return g->h.entry ? (const VmFunc *)(void *)(g->mem + (g->h.entry - g->h.base)) : NULL;
}

static bool find_line(const VmFunc *f, const uint64_t *pc, int *line, int *inl) {
    const FuncInfo *in = f->info;
    *line = in->start_line;
    *inl = -1;
    if (pc < f->code || pc >= f->code + in->ncode) return false;
    bool ok =
        line_table_find(in->lines, in->nlines, in->start_line, (uint32_t)(pc - f->code), line, inl);
    if (*inl >= LINE_UNSIGNED - 1) *inl -= LINE_UNSIGNED;
    if (*inl >= (int)in->ninlines) *inl = -1;
    return ok;
}

bool image_pc_unsigned(const VmFunc *f, const uint64_t *pc) {
    const FuncInfo *in = f->info;
    int line, inl;
    return pc >= f->code && pc < f->code + in->ncode &&
           line_table_find(in->lines, in->nlines, in->start_line, (uint32_t)(pc - f->code), &line, &inl) &&
           inl >= LINE_UNSIGNED - 1;
}

bool image_pc_line(const VmFunc *f, const uint64_t *pc, int *line, int *inline_index) {
    bool ok = find_line(f, pc, line, inline_index);
    if (*inline_index >= 0 && !*f->info->inlines[*inline_index].func)
        *inline_index = f->info->inlines[*inline_index].parent;
    return ok;
}

int image_inline_parent(const VmFunc *f, int i, const char **file) {
    const InlineInfo *in = f->info->inlines;
    i = in[i].parent;
    if (i < 0 || *in[i].func) return i;
    *file = in[i].file;
    return in[i].parent;
}

const char *image_pc_file(const VmFunc *f, const uint64_t *pc) {
    int line, inl;
    if (f->info->ninlines && find_line(f, pc, &line, &inl) && inl >= 0 &&
        !*f->info->inlines[inl].func)
        return f->info->inlines[inl].file;
    return f->info->file;
}

const uint8_t *image_pc_map(const VmFunc *f, const uint64_t *pc, uint32_t *nslots) {
    const FuncInfo *in = f->info;
    if (pc < f->code || pc > f->code + in->ncode || !in->nmaps) return NULL;
    return map_table_find(in->maps, in->nmaps, (uint32_t)(pc - f->code), nslots);
}

void image_each_root(Images *im,
                     void (*fn)(void *ctx, void **start, size_t nwords, const uint8_t *mask),
                     void *ctx) {
    for (int i = 0; i < im->list.len; i++) {
        const Image *g = im->list.at[i];
        if (g->h.root_words)
            fn(ctx, (void **)(void *)(g->mem + g->h.root_off), g->h.root_words,
               g->mem + g->h.sections[SEC_ROOTMASK].off);
    }
}

void image_each_symbol(Image *g, const char *prefix, void (*fn)(void *ctx, Str name, uint64_t addr),
                       void *ctx) {
    const SymEntry *e = (const SymEntry *)(void *)(g->mem + g->h.sections[SEC_SYMBOLS].off);
    for (uint64_t i = 0; i < g->h.nsyms; i++) {
        Str name = entry_name(g, &e[i]);
        if (str_has_prefix(name, prefix))
            fn(ctx, name, (uint64_t)(uintptr_t)g->mem - (g->h.base - IMAGE_SPACE_BASE) + e[i].off);
    }
}
