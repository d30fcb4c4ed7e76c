/* Fuzz target: any bytes are loaded as an image, at its own address or (odd sizes) moved, and everything that may be asked of a loaded
 * image is asked: dump with disassembly, verification of the code, lines, maps, roots, symbols, package index, export data down to checked declarations. Code is
 * never run. Before loading the header's checksums and size are made right, otherwise no mutation would come past them; the magic is
 * not. Seeds: an image linked here, and images of programs (test/fuzz/image_*.go, built by tools/fuzz-seeds). */
#include "fuzz.h"
#include "build/pkgindex.h"
#include "code/code.h"
#include "image/image_int.h"
#include "types/export.h"
#include "../unit/sample_image.h"

#include <stdlib.h>

const char *const fuzz_words[] = {NULL};

/* ---- The seed ------------------------------------------------------------------------------------- */

static const char lib[] = "package lib\nimport \"unsafe\"\ntype T[P any] struct { p *P; n uintptr }\n"
                          "func (t *T[P]) M(x P) P { if t.n > C { return x }; return *t.p }\n"
                          "const C = 1 << 3\nvar V = unsafe.Sizeof(T[int]{})\nfunc F(x ...string) (n int, err error) { return len(x), nil }\n";

static void export_section(Buf *out) {
    DiagList diags = {0};
    Session syn;
    TypeSession ts;
    Arena arena = {0};
    session_init(&syn, diag_to_list(&diags));
    types_session_init(&ts, &syn);
    File *f = parse_file(&syn, session_add_file(&syn, "lib.go", STR(lib)), &arena, PARSE_ALL);
    CheckOptions opt = {.report_unused_imports = true};
    Package *p = check_package(&ts, &arena, STR("lib"), &f, 1, &opt);
    check(p->complete);
    Buf blob = {0};
    export_write(&ts, p, &blob);
    IndexedPackage list[2] = {{.path = STR("unsafe"), .name = STR("unsafe")}, {.path = STR("lib"), .name = STR("lib"), .export_data = buf_str(&blob)}};
    uint32_t imports[] = {0};
    list[1].imports = imports;
    list[1].nimports = 1;
    pkgindex_write(out, list, 2);
    buf_free(&blob);
    types_session_free(&ts);
    session_free(&syn);
    arena_free(&arena);
    vec_free(&diags.msgs);
    arena_free(&diags.arena);
}

bool fuzz_seed(int i, const uint8_t **data, size_t *size) {
    static Buf out;
    if (i) return false;
    SymTab t;
    symtab_init(&t);
    sample_symbols(&t);
    Buf section = {0};
    export_section(&section);
    LinkOptions opt = {.base = IMAGE_SPACE_BASE, .entry = "main.f", .native_find = sample_find_native, .build_id = STR("id"), .export_data = buf_str(&section)};
    const char *err = "";
    if (!image_link(&t, &opt, &out, &err)) bug("cannot link the seed: %s", err);
    buf_free(&section);
    symtab_free(&t);
    *data = (const uint8_t *)out.data;
    *size = out.len;
    return true;
}

/* ---- Everything that can be asked ----------------------------------------------------------------- */

static uint64_t sink; /* what is read is used */

static void disasm(FILE *out, const VmFunc *f) {
    Buf b = {0};
    code_disasm_func(&b, f);
    fwrite(b.data ? b.data : "", 1, b.len, out);
    buf_free(&b);
}

static void native_slots(int number, uint16_t *params, uint16_t *results) {
    *params = number % 4;
    *results = 1;
}

static void ask_function(Images *im, const VmFunc *f) {
    const FuncInfo *in = f->info;
    uint32_t word;
    const char *why;
    sink += bc_verify(im, f, 100, native_slots, &word, &why);
    for (uint32_t i = 0; i <= in->ncode; i++) {
        int line, inl;
        const uint64_t *pc = f->code + i;
        image_pc_line(f, pc, &line, &inl);
        sink += (uint64_t)image_pc_file(f, pc)[0];
        for (const char *file = NULL; inl >= 0;) {
            sink += strlen(in->inlines[inl].func) + strlen(in->inlines[inl].file);
            inl = image_inline_parent(f, inl, &file);
            if (file) sink += strlen(file);
        }
        uint32_t n = 0;
        const uint8_t *map = image_pc_map(f, pc, &n);
        for (uint32_t k = 0; map && k < (n + 7) / 8; k++) sink += map[k];
        if (i < in->ncode) sink += image_find_func(im, pc) == f;
    }
    for (uint32_t i = 0; i < in->nobjects; i++)
        for (uint32_t k = 0; in->objects[i].ptrmask && k < (in->objects[i].nslots + 7) / 8; k++) sink += in->objects[i].ptrmask[k];
    for (uint32_t k = 0; k < (in->args_ptrs_words + 7) / 8; k++) sink += in->args_ptrs[k];
}

static void ask_root(void *ctx, void **start, size_t n, const uint8_t *mask) {
    for (size_t i = 0; i < n; i++)
        if (mask[i / 8] >> (i % 8) & 1) sink += (uintptr_t)start[i];
}

static void ask_symbol(void *ctx, Str name, uint64_t addr) {
    sink += addr != image_lookup(ctx, name);
    sink += image_func_at(ctx, addr) != NULL;
}

typedef struct Importer { PkgIndex *index; TypeSession *ts; } Importer;

static Package *import(void *ctx, Str path, Package *from, const char **msg) {
    Importer *m = ctx;
    IndexedPackage *p = pkgindex_find(m->index, path);
    if (!p || p->mark) return *msg = "no such package", p ? p->types : NULL;
    p->mark = true;
    return p->types = export_open(m->ts, p->export_data, msg);
}

static void ask_export_data(void *arg) {
    Str section = *(Str *)arg;
    DiagList diags = {0};
    Session syn;
    TypeSession ts;
    Arena arena = {0};
    PkgIndex index;
    Importer m = {&index, &ts};
    const char *err = "";
    session_init(&syn, diag_to_list(&diags));
    types_session_init(&ts, &syn);
    ts.import = import;
    ts.import_ctx = &m;
    if (pkgindex_open(&arena, section, &index, &err)) {
        for (int i = 0; i < index.len && i < 50; i++) {
            Package *p = import(&m, index.at[i].path, NULL, &err);
            if (!p) continue;
            package_declare_all(p);
            for (int k = 0; k < p->scope->elems.len; k++) {
                Object *o = p->scope->elems.entries[k].val;
                if (!o || o->pkg != p) continue;
                if (o->kind == OBJ_FUNC) check_body_now(&ts, o);
                object_type(o);
            }
        }
    }
    types_session_free(&ts);
    session_free(&syn);
    arena_free(&arena);
    vec_free(&diags.msgs);
    arena_free(&diags.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Images im = {0}, other = {0};
    Image *g;
    const char *err = "";
    Buf blob = {0};
    ImageHeader *h;
    buf_put(&blob, data, size);
    if (size >= sizeof *h) {
        h = (ImageHeader *)blob.data;
        h->file_size = size;
        if (h->mem_size > 64 << 20) h->mem_size = size + h->mem_size % 65536;
        memset(h->base_build_id, 0, sizeof h->base_build_id);
        h->contents = image_contents(blob.data, size);
        h->checksum = hash_bytes(h, offsetof(ImageHeader, checksum), 1);
        im.next_addr = h->base;
    }
    if (size % 2) { /* takes the image space */
        Buf seed = {0};
        const uint8_t *p;
        size_t n;
        static Buf keep;
        if (!keep.len && fuzz_seed(0, &p, &n)) buf_put(&keep, p, n);
        buf_put(&seed, keep.data, keep.len);
        if (!image_load_blob(&other, &seed, &g, &err)) bug("the seed does not load: %s", err);
    }
    uint64_t next = im.next_addr;
    if (image_load_blob(&im, &blob, &g, &err)) {
        check(im.list.len == 1 && im.next_addr > next);
        char *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);
        image_dump(&im, g, out, disasm);
        fclose(out);
        free(text);
        for (uint64_t i = 0; i < g->nfuncs && i < 1000; i++) ask_function(&im, &g->funcs[i]);
        image_each_root(&im, ask_root, NULL);
        image_each_symbol(g, "", ask_symbol, &im);
        sink += image_lookup(&im, STR("nope")) + image_build_id(g).n;
        const VmFunc *entry = image_entry(g);
        if (entry) sink += strlen(entry->info->name);
        Str section = image_export_data(g);
        if (section.n) { /* a copy, so that a sanitizer sees reads past its end */
            char *copy = malloc(section.n);
            memcpy(copy, section.p, section.n);
            section.p = copy;
            fuzz_deep(ask_export_data, &section);
            free(copy);
        }
    } else {
        check(im.list.len == 0 && *err);
    }
    images_free(&im);
    images_free(&other);
    return 0;
}

/* ---- Mutations that know the sections -------------------------------------------------------------- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) {
    static const uint64_t odd[] = {0, 1, 7, 8, 0x7fffffff, 0x80000000u, 0xffffffffu, (uint64_t)INT64_MAX, UINT64_MAX, IMAGE_SPACE_BASE, IMAGE_SPACE_BASE + 4096};
    ImageHeader *h = (ImageHeader *)data;
    uint64_t s = seed * 0x9e3779b97f4a7c15u;
#define RND() ((s ^= s << 13, s ^= s >> 7, s ^= s << 17) >> 11)
    (void)RND();
    if (size < sizeof *h || RND() % 8 == 0) return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max) : size;
    if (RND() % 64 == 0 && size + 1 < max) { /* the other way of loading */
        data[size] = 0;
        return size + 1;
    }
    for (uint64_t k = 1 + RND() % 3; k; k--) {
        size_t lo = 0, n = sizeof *h, width = (size_t)1 << RND() % 4;
        uint64_t kind = RND() % (SEC_COUNT + 2);
        if (kind < SEC_COUNT && h->sections[kind].off < size) {
            lo = h->sections[kind].off;
            n = h->sections[kind].size < size - lo ? h->sections[kind].size : size - lo;
        }
        if (n < 8) continue;
        size_t at = lo + (RND() % (n - 7) & ~(width - 1));
        uint64_t v = 0;
        memcpy(&v, data + at, width);
        switch (RND() % 6) {
        case 0: v = odd[RND() % ARRAY_LEN(odd)]; break;
        case 1: v += RND() % 17 - 8; break;
        case 2: v ^= 1ull << RND() % 64; break;
        case 3: v = RND() % (size + 16); break;
        case 4: memcpy(&v, data + lo + RND() % (n - 7), width); break;
        case 5: v = h->base + RND() % (size + 16); break;
        }
        memcpy(data + at, &v, width);
    }
#undef RND
    return size;
}
