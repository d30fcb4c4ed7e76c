/* The linker: symbols of one job to one image.
 *
 * Two passes over the symbols in creation order (so equal input gives equal bytes): addresses first, then
 * contents with relocations. Every absolute address that is written is noted in the relocation table, which
 * the loader only reads when the image space could not be had at its preferred place. Symbols that a base
 * image defines already have their address. */
#include "image/image_int.h"

#include <stdlib.h>

enum { /* the two instructions that natives' stubs consist of */
#define BC(name, fmt, operands, effects, doc) LINK_BC_##name,
#include "tables/ops_bc.def"
#undef BC
};

typedef struct Linker {
    SymTab *t;
    const LinkOptions *opt;
    Arena arena;
    Buf *out;
    const char *err;
    VEC(Sym *) funcs;        /* in code order: FUNC with code, NATIVE, undefined */
    VEC(uint32_t) func_code; /* word offset of each */
    ImageHeader h;
    VEC(uint64_t) addrs; /* offsets of all absolute addresses */
    Buf tables;
    Map strings; /* content -> offset + 1 in tables */
    int nundef;
    Buf undef;
    Sym *zero; /* "go:zerosize": where variables without size lie */
} Linker;

static uint64_t align_up(uint64_t v, uint64_t a) { return (v + a - 1) & ~(a - 1); }

static void link_error(Linker *l, const char *msg) {
    if (!l->err) l->err = msg;
}

/* ---- Which functions there are ------------------------------------------------------------------ */

static bool wants_func(Sym *s) {
    return !s->base_addr &&
           (s->kind == SYM_FUNC || s->kind == SYM_NATIVE || (s->kind == SYM_UNDEF && s->is_func));
}

/* An undefined symbol is a function when something refers to it as one. */
static void mark_references(Linker *l) {
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (s->base_addr) continue;
        for (int k = 0; k < s->relocs.len; k++)
            if (s->relocs.at[k].kind == RELOC_FUNC) s->relocs.at[k].target->is_func = true;
    }
}

/* Undefined symbols only matter when something that is laid out refers to them. */
static void report_undefined(Linker *l, Sym *s) {
    if (s->kind != SYM_UNDEF || s->base_addr || s->addr) return;
    if (l->opt->undefined) l->opt->undefined(l->opt->undefined_ctx, s->name, s->is_func);
    if (s->is_func) return;
    s->addr = 1; /* once; see is_undef_data */
    if (l->opt->allow_undefined) return;
    if (l->nundef++ < 10) buf_printf(&l->undef, "\n\t%.*s", STR_FMT(s->name));
}

static int native_number(Linker *l, Sym *s) {
    if (s->kind == SYM_FUNC && s->code) return -1;
    return l->opt->native_find ? l->opt->native_find(s->name) : -1;
}

static void collect(Linker *l) {
    mark_references(l);
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        s->addr = s->base_addr;
        if (s->kind == SYM_UNDEF && s->weak && !s->base_addr) s->kind = SYM_BSS;
        if (!s->base_addr && s->kind == SYM_UNDEF && !s->is_func && l->opt->native_find &&
            l->opt->native_find(s->name) >= 0)
            s->is_func = true;
        /* natives are found by later images through the symbol index, so they count as defined */
        if (!s->base_addr && s->kind == SYM_UNDEF && s->is_func && native_number(l, s) >= 0)
            s->kind = SYM_NATIVE;
    }
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (s->base_addr) continue;
        for (int k = 0; k < s->relocs.len; k++)
            if (s->relocs.at[k].kind != RELOC_WEAK_OFF32)
                report_undefined(l, s->relocs.at[k].target);
        if (s->kind == SYM_FUNC && s->code)
            for (uint32_t k = 0; k < s->code->nrelocs; k++)
                report_undefined(l, s->code->relocs[k].sym);
    }
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (wants_func(s)) vec_push(&l->funcs, s);
    }
    if (l->nundef)
        link_error(l, arena_printf(&l->t->arena, "undefined symbols (%d):%s%s", l->nundef,
                                   l->undef.data, l->nundef > 10 ? "\n\t..." : ""));
}

/* ---- Layout ------------------------------------------------------------------------------------- */

static void section(Linker *l, SectionKind k, uint64_t *at, uint64_t align, uint64_t size) {
    *at = align_up(*at, align);
    l->h.sections[k] = (Section){*at, size};
    *at += size;
}

static uint32_t code_words(Sym *s) { return s->kind == SYM_FUNC && s->code ? s->code->nwords : 2; }

/* All variables without size share one address, as with gc. */
static bool is_zero_sized(Linker *l, Sym *s) {
    return !s->size && s != l->zero && (s->kind == SYM_DATA || s->kind == SYM_BSS);
}

/* Places the symbols for which want() holds, starting at *at; offsets are kept in Sym.addr as addresses. */
static void place(Linker *l, uint64_t *at, bool (*want)(Sym *)) {
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (s->base_addr || !want(s) || is_zero_sized(l, s)) continue;
        *at = align_up(*at, s->align ? s->align : 8);
        s->addr = l->opt->base + *at;
        *at += s->size ? s->size : 1; /* distinct addresses even for empty ones */
    }
}
static bool is_rodata(Sym *s) { return s->kind == SYM_RODATA; }
static bool is_plain_data(Sym *s) { return s->kind == SYM_DATA && !s->ptrmask; }
static bool is_root_data(Sym *s) { return s->kind == SYM_DATA && s->ptrmask; }
enum { SYMBOL_MAX = 2000000000 }; /* gc's limit */

static bool is_root_bss(Sym *s) { return s->kind == SYM_BSS && s->ptrmask; }
static bool is_plain_bss(Sym *s) { return s->kind == SYM_BSS && !s->ptrmask; }
static bool is_undef_data(Sym *s) { return s->kind == SYM_UNDEF && !s->is_func && s->addr == 1; }

/* ---- Cold tables: everything is built into one buffer with offsets, addresses are filled in later --- */

static uint64_t table_put(Linker *l, const void *p, size_t n, size_t align) {
    while (l->tables.len % align) buf_putc(&l->tables, 0);
    uint64_t off = l->tables.len;
    if (n) buf_put(&l->tables, p, n);
    return off;
}
/* Deduplicated; NUL-terminated so that it can serve as a C string. */
static uint64_t table_bytes(Linker *l, const void *p, size_t n, size_t align) {
    if (!n) return table_put(l, "", 1, 1);
    bool fresh;
    MapEntry *e = map_put_str(&l->strings, (Str){p, n}, &fresh);
    if (fresh || (e->num - 1) % align) {
        uint64_t off = table_put(l, p, n, align);
        buf_putc(&l->tables, 0);
        e->num = off + 1;
    }
    return e->num - 1;
}

/* A pointer within the image that is written at offset `at` of the output. */
static void put_addr(Linker *l, uint64_t at, uint64_t addr) {
    memcpy(l->out->data + at, &addr, 8);
    if (addr) vec_push(&l->addrs, at);
}

/* Tracebacks show absolute names. */
static Str absolute(Linker *l, Str file) {
    if (!file.n || file.p[0] == '/' || file.p[0] == '$' || !l->opt->work_dir) return file;
    return str_c(
        path_join(&l->arena, l->opt->work_dir, arena_printf(&l->arena, "%.*s", STR_FMT(file))));
}

typedef struct InfoOffsets { /* offsets in tables; UINT64_MAX: NULL */
    uint64_t name, file, lines, maps, inlines, objects, args;
} InfoOffsets;

static InfoOffsets info_tables(Linker *l, Sym *s) {
    CodeFunc *c = s->kind == SYM_FUNC ? s->code : NULL;
    InfoOffsets o = {.lines = UINT64_MAX,
                     .maps = UINT64_MAX,
                     .inlines = UINT64_MAX,
                     .objects = UINT64_MAX,
                     .args = UINT64_MAX};
    Str name = c && c->name.n ? c->name : s->name, file = c ? c->file : (Str){"", 0};
    o.name = table_bytes(l, name.p, name.n, 1);
    file = absolute(l, file);
    o.file = table_bytes(l, file.p, file.n, 1);
    if (!c) return o;
    if (c->nlines) o.lines = table_bytes(l, c->lines, c->nlines, 1);
    if (c->nmaps) o.maps = table_bytes(l, c->maps, c->nmaps, 4);
    if (c->args_ptrs_words && c->args_ptrs)
        o.args = table_bytes(l, c->args_ptrs, (c->args_ptrs_words + 7) / 8, 1);
    /* Tables that hold pointers themselves: the pointers hold table offsets + 1 until the image is written */
    if (c->ninlines) {
        InlineInfo *in = arena_array(&l->arena, InlineInfo, c->ninlines);
        for (uint32_t i = 0; i < c->ninlines; i++) {
            in[i] = c->inlines[i];
            const char *func = in[i].func ? in[i].func : "", *f = in[i].file ? in[i].file : "";
            f = absolute(l, str_c(f)).p;
            in[i].func = (const char *)(table_bytes(l, func, strlen(func), 1) + 1);
            in[i].file = (const char *)(table_bytes(l, f, strlen(f), 1) + 1);
        }
        o.inlines = table_put(l, in, sizeof *in * c->ninlines, 8);
    }
    if (c->nobjects) {
        FrameObject *ob = arena_array(&l->arena, FrameObject, c->nobjects);
        for (uint32_t i = 0; i < c->nobjects; i++) {
            ob[i] = c->objects[i];
            if (ob[i].ptrmask)
                ob[i].ptrmask =
                    (const uint8_t *)(table_bytes(l, ob[i].ptrmask, (ob[i].nslots + 7) / 8, 1) + 1);
        }
        o.objects = table_put(l, ob, sizeof *ob * c->nobjects, 8);
    }
    return o;
}

static void write_func(Linker *l, uint64_t i, const InfoOffsets *o) {
    Sym *s = l->funcs.at[i];
    CodeFunc *c = s->kind == SYM_FUNC ? s->code : NULL;
    uint64_t base = l->opt->base, tab = l->h.sections[SEC_TABLES].off;
    uint64_t code_off = l->h.sections[SEC_CODE].off + (uint64_t)l->func_code.at[i] * 8;
    uint64_t vf = l->h.sections[SEC_FUNCS].off + i * sizeof(VmFunc);
    uint64_t fi = l->h.sections[SEC_INFOS].off + i * sizeof(FuncInfo);
    VmFunc f = {0};
    FuncInfo info = {0};
    uint64_t *words = (uint64_t *)(void *)(l->out->data + code_off);
    if (c) {
        memcpy(words, c->words, (size_t)c->nwords * 8);
        for (uint32_t k = 0; k < c->nrelocs; k++) {
            struct CodeReloc *r = &c->relocs[k];
            put_addr(l, code_off + (uint64_t)r->word * 8, r->sym->addr + (uint64_t)r->addend);
        }
        f.frame_slots = c->frame_slots;
        f.param_slots = c->param_slots;
        f.result_slots = c->result_slots;
        f.flags = c->flags;
    } else {
        int n = native_number(l, s);
        if (n < 0 && s->kind == SYM_FUNC) bug("function %.*s was promised but never built", STR_FMT(s->name));
        if (n < 0 && l->opt->native_find) n = l->opt->native_find(STR("vole.noBody"));
        words[0] = LINK_BC_NATIVE | (uint64_t)(uint32_t)n << 32;
        words[1] = LINK_BC_RET;
        f.native = (uint32_t)n + 1;
        f.flags = VMFUNC_NATIVE;
        f.param_slots = s->param_slots;
        f.result_slots = s->result_slots;
        if (native_number(l, s) >= 0 && l->opt->native_slots)
            l->opt->native_slots(n, &f.param_slots, &f.result_slots);
        f.frame_slots = FRAME_ARGS + f.param_slots + f.result_slots;
    }
    memcpy(l->out->data + vf, &f, sizeof f);
    put_addr(l, vf + offsetof(VmFunc, code), base + code_off);
    put_addr(l, vf + offsetof(VmFunc, info), base + fi);
    info.ncode = code_words(s);
    if (c) {
        info.start_line = c->start_line;
        info.nlines = c->nlines;
        info.nmaps = c->nmaps;
        info.recover_pc = c->recover_pc;
        info.ninlines = c->ninlines;
        info.nobjects = c->nobjects;
        info.args_ptrs_words = o->args == UINT64_MAX ? 0 : c->args_ptrs_words;
    }
    memcpy(l->out->data + fi, &info, sizeof info);
#define TABLE(field, off)                                                                          \
    if ((off) != UINT64_MAX) put_addr(l, fi + offsetof(FuncInfo, field), base + tab + (off))
    TABLE(name, o->name);
    TABLE(file, o->file);
    put_addr(l, fi + offsetof(FuncInfo, func), base + vf);
    TABLE(lines, o->lines);
    TABLE(maps, o->maps);
    TABLE(inlines, o->inlines);
    TABLE(objects, o->objects);
    TABLE(args_ptrs, o->args);
#undef TABLE
    for (uint32_t k = 0; k < info.ninlines; k++) {
        uint64_t at = tab + o->inlines + k * sizeof(InlineInfo);
        InlineInfo *in = (InlineInfo *)(void *)(l->out->data + at);
        put_addr(l, at + offsetof(InlineInfo, func),
                 base + tab + (uint64_t)(uintptr_t)in->func - 1);
        put_addr(l, at + offsetof(InlineInfo, file),
                 base + tab + (uint64_t)(uintptr_t)in->file - 1);
    }
    for (uint32_t k = 0; k < info.nobjects; k++) {
        uint64_t at = tab + o->objects + k * sizeof(FrameObject);
        FrameObject *ob = (FrameObject *)(void *)(l->out->data + at);
        if (ob->ptrmask)
            put_addr(l, at + offsetof(FrameObject, ptrmask),
                     base + tab + (uint64_t)(uintptr_t)ob->ptrmask - 1);
    }
}

static void write_data(Linker *l, Sym *s) {
    uint64_t off = s->addr - l->opt->base;
    if (s->kind == SYM_BSS) return;
    if (s->size && s->data) memcpy(l->out->data + off, s->data, s->size);
    for (int i = 0; i < s->relocs.len; i++) {
        Reloc *r = &s->relocs.at[i];
        uint64_t v = r->target->addr + (uint64_t)r->addend;
        if (r->off + (r->kind == RELOC_OFF32 || r->kind == RELOC_WEAK_OFF32 ? 4u : 8u) > s->size)
            bug("relocation outside of %.*s", STR_FMT(s->name));
        if (r->kind == RELOC_OFF32 || (r->kind == RELOC_WEAK_OFF32 && r->target->addr)) {
            uint32_t v32 = (uint32_t)(v - IMAGE_SPACE_BASE);
            memcpy(l->out->data + off + r->off, &v32, 4);
        } else if (r->kind != RELOC_WEAK_OFF32) put_addr(l, off + r->off, v);
    }
}

/* ---- Symbol index, relocations, root mask --------------------------------------------------------- */

static int entry_cmp(const void *a, const void *b) {
    const SymEntry *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    if (x->check != y->check) return x->check < y->check ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name;
}

static void build_index(Linker *l, SymEntry **entries, uint64_t *n, Buf *names) {
    VEC(SymEntry) v = {.arena = &l->arena};
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (s->base_addr || s->kind == SYM_UNDEF || !s->keep_name) continue;
        uint32_t len = (uint32_t)s->name.n;
        uint64_t h = symbol_hash(s->name);
        SymEntry e = {(uint32_t)h, (uint32_t)(h >> 32), (uint32_t)names->len, (uint32_t)(s->addr - IMAGE_SPACE_BASE)};
        buf_put(names, &len, 4);
        buf_put(names, s->name.p, s->name.n);
        vec_push(&v, e);
    }
    if (v.len) qsort(v.at, (size_t)v.len, sizeof(SymEntry), entry_cmp);
    *entries = v.at;
    *n = (uint64_t)v.len;
}

static int u64_cmp(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void relocs_encode(Linker *l, Buf *out) {
    uint64_t last = 0;
    if (l->addrs.len) qsort(l->addrs.at, (size_t)l->addrs.len, 8, u64_cmp);
    for (int i = 0; i < l->addrs.len; i++) {
        uint64_t at = l->addrs.at[i];
        if (at % 8) bug("address at odd offset %llu", (unsigned long long)at);
        uint64_t d = (at - last) / 8;
        last = at;
        for (; d >= 128; d >>= 7) buf_putc(out, (char)(d | 128));
        buf_putc(out, (char)d);
    }
}

static void root_mask(Linker *l, uint8_t *mask) {
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (s->base_addr || !s->ptrmask || (s->kind != SYM_DATA && s->kind != SYM_BSS)) continue;
        uint64_t first = (s->addr - l->opt->base - l->h.root_off) / 8;
        for (uint64_t w = 0; w < s->size / 8; w++)
            if (s->ptrmask[w / 8] >> (w % 8) & 1)
                mask[(first + w) / 8] |= (uint8_t)(1 << ((first + w) % 8));
    }
}

static void copy_id(uint8_t *to, Str id) {
    memset(to, 0, BUILD_ID_MAX);
    if (id.n) memcpy(to, id.p, id.n < BUILD_ID_MAX ? id.n : BUILD_ID_MAX);
}

static void link_all(Linker *l) {
    const LinkOptions *opt = l->opt;
    ImageHeader *h = &l->h;
    l->zero = sym_get(l->t, STR("go:zerosize"));
    if (sym_begin_define(l->t, l->zero, SYM_BSS)) l->zero->size = 8;
    collect(l);
    if (l->err) return;
    uint64_t nf = (uint64_t)l->funcs.len, at = IMAGE_PAGE;
    uint64_t words = 0;
    for (uint64_t i = 0; i < nf; i++) {
        vec_push(&l->func_code, (uint32_t)words);
        words += code_words(l->funcs.at[i]);
    }
    InfoOffsets *infos = arena_array(&l->arena, InfoOffsets, nf);
    for (uint64_t i = 0; i < nf; i++) infos[i] = info_tables(l, l->funcs.at[i]);

    section(l, SEC_CODE, &at, IMAGE_PAGE, words * 8);
    section(l, SEC_FUNCS, &at, 64, nf * sizeof(VmFunc));
    section(l, SEC_INFOS, &at, IMAGE_PAGE, nf * sizeof(FuncInfo));
    section(l, SEC_TABLES, &at, 64, l->tables.len);
    at = align_up(at, IMAGE_PAGE);
    uint64_t start = at;
    place(l, &at, is_rodata);
    h->sections[SEC_RODATA] = (Section){start, at - start};
    for (uint64_t i = 0; i < nf; i++)
        l->funcs.at[i]->addr = opt->base + h->sections[SEC_FUNCS].off + i * sizeof(VmFunc);

    /* The names' order and size are known before the addresses are: data is placed last, the index is made
     * twice (first for its size). */
    SymEntry *entries;
    Buf names = {0}, relocs = {0};
    build_index(l, &entries, &h->nsyms, &names);
    section(l, SEC_SYMBOLS, &at, 64, h->nsyms * sizeof(SymEntry));
    section(l, SEC_SYMNAMES, &at, 8, names.len);
    section(l, SEC_EXPORT, &at, 64, opt->export_data.n);
    /* Relocations and root mask depend on what follows, so they get an upper bound: counted now. */
    uint64_t nrel = nf * 10;
    uint64_t mask_words = 0;
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (s->base_addr) continue;
        if (s->kind != SYM_FUNC && s->size > SYMBOL_MAX) {
            link_error(l, arena_printf(&l->t->arena, "%.*s: symbol too large (%llu bytes > %d bytes)", STR_FMT(s->name),
                                       (unsigned long long)s->size, SYMBOL_MAX));
            return;
        }
        nrel += (uint64_t)s->relocs.len;
        if (s->kind == SYM_FUNC && s->code)
            nrel += s->code->nrelocs + s->code->ninlines * 2 + s->code->nobjects;
        if (s->ptrmask) mask_words += align_up(s->size + 64, 8) / 8 + 1;
    }
    section(l, SEC_RELOCS, &at, 8,
            nrel * 5 + 16); /* deltas below 2^35 words take at most 5 bytes */
    section(l, SEC_ROOTMASK, &at, 8, mask_words / 8 + 16);
    at = align_up(at, IMAGE_PAGE);
    start = at;
    place(l, &at, is_plain_data);
    if (opt->allow_undefined)
        for (int i = 0; i < l->t->all.len; i++)
            if (is_undef_data(l->t->all.at[i])) l->t->all.at[i]->size = 64;
    if (opt->allow_undefined) place(l, &at, is_undef_data);
    at = align_up(at, 8);
    h->root_off = at;
    place(l, &at, is_root_data);
    at = align_up(at, 8);
    h->sections[SEC_DATA] = (Section){start, at - start};
    h->file_size = at;
    place(l, &at, is_root_bss);
    at = align_up(at, 8);
    h->root_words = (at - h->root_off) / 8;
    place(l, &at, is_plain_bss);
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (!s->base_addr && is_zero_sized(l, s)) s->addr = l->zero->addr;
    }
    h->mem_size = align_up(at, IMAGE_PAGE);
    if (opt->base + h->mem_size - IMAGE_SPACE_BASE > IMAGE_SPACE_SIZE) {
        link_error(l, "the image space of 2 GB is full");
        return;
    }

    buf_reserve(l->out, h->file_size + 1);
    memset(l->out->data, 0, h->file_size + 1);
    l->out->len = h->file_size;
    memcpy(l->out->data + h->sections[SEC_TABLES].off, l->tables.data ? l->tables.data : "",
           l->tables.len);
    for (uint64_t i = 0; i < nf; i++) write_func(l, i, &infos[i]);
    for (int i = 0; i < l->t->all.len; i++) {
        Sym *s = l->t->all.at[i];
        if (!s->base_addr && (s->kind == SYM_RODATA || s->kind == SYM_DATA)) write_data(l, s);
    }
    names.len = 0;
    build_index(l, &entries, &h->nsyms, &names);
    memcpy(l->out->data + h->sections[SEC_SYMBOLS].off, entries ? (void *)entries : (void *)"",
           h->nsyms * sizeof(SymEntry));
    if (names.len) memcpy(l->out->data + h->sections[SEC_SYMNAMES].off, names.data, names.len);
    if (opt->export_data.n)
        memcpy(l->out->data + h->sections[SEC_EXPORT].off, opt->export_data.p, opt->export_data.n);
    relocs_encode(l, &relocs);
    if (relocs.len > h->sections[SEC_RELOCS].size) bug("relocation table is larger than its bound");
    if (relocs.len) memcpy(l->out->data + h->sections[SEC_RELOCS].off, relocs.data, relocs.len);
    h->sections[SEC_RELOCS].size = relocs.len;
    if ((h->root_words + 7) / 8 > h->sections[SEC_ROOTMASK].size)
        bug("root mask is larger than its bound");
    h->sections[SEC_ROOTMASK].size = (h->root_words + 7) / 8;
    root_mask(l, (uint8_t *)l->out->data + h->sections[SEC_ROOTMASK].off);

    h->magic = IMAGE_MAGIC;
    h->version = IMAGE_VERSION;
    h->nsections = SEC_COUNT;
    h->base = opt->base;
    h->abi_hash = opt->abi_hash;
    h->nfuncs = nf;
    if (opt->entry) {
        Sym *e = sym_find(l->t, str_c(opt->entry));
        if (!e || !e->addr)
            link_error(l, arena_printf(&l->t->arena, "entry symbol %s is not defined", opt->entry));
        else h->entry = e->addr;
    }
    copy_id(h->build_id, opt->build_id);
    copy_id(h->base_build_id, opt->base_build_id);
    h->contents = image_contents(l->out->data, h->file_size);
    h->checksum = hash_bytes(h, offsetof(ImageHeader, checksum), 1);
    memcpy(l->out->data, h, sizeof *h);
    buf_free(&names);
    buf_free(&relocs);
}

bool image_link(SymTab *t, const LinkOptions *opt, Buf *out, const char **err) {
    Linker l = {.t = t, .opt = opt, .out = out};
    l.strings.arena = &l.arena;
    check(opt->base % IMAGE_PAGE == 0 && opt->base >= IMAGE_SPACE_BASE);
    out->len = 0;
    link_all(&l);
    vec_free(&l.funcs);
    vec_free(&l.func_code);
    vec_free(&l.addrs);
    buf_free(&l.tables);
    buf_free(&l.undef);
    arena_free(&l.arena);
    if (l.err) {
        *err = l.err;
        return false;
    }
    return true;
}
