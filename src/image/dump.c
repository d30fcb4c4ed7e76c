/* --dump=image: what lies where. */
#include "image/image_int.h"
#include "image/pctab.h"

static const char *const section_names[SEC_COUNT] = {
    "code",     "funcs",  "infos",    "tables", "rodata", "symbols",
    "symnames", "relocs", "rootmask", "export", "data",
};

typedef struct Dump {
    Images *im;
    FILE *out;
} Dump;

static void dump_symbol(void *ctx, Str name, uint64_t addr) {
    Dump *d = ctx;
    fprintf(d->out, "  %8llx  %.*s\n", (unsigned long long)(addr - d->im->space), STR_FMT(name));
}

static void dump_maps(FILE *out, const FuncInfo *in) {
    uint32_t word, nslots;
    const uint8_t *bits;
    for (uint32_t i = 0; map_table_at(in->maps, in->nmaps, i, &word, &bits, &nslots); i++) {
        fprintf(out, "    map @%u:", word);
        for (uint32_t s = 0; s < nslots; s++)
            if (bits[s / 8] >> (s % 8) & 1) fprintf(out, " s%u", s + FRAME_ARGS);
        fputc('\n', out);
    }
}

void image_dump(Images *im, Image *g, FILE *out, void (*disasm)(FILE *out, const VmFunc *f)) {
    const ImageHeader *h = &g->h;
    fprintf(out, "image at %p, linked for %#llx, file %llu bytes, memory %llu bytes\n",
            (void *)g->mem, (unsigned long long)h->base, (unsigned long long)h->file_size,
            (unsigned long long)h->mem_size);
    fprintf(out, "build id %.*s\n", STR_FMT(image_build_id(g)));
    for (int i = 0; i < SEC_COUNT; i++)
        fprintf(out, "  %-9s %10llx %10llu bytes\n", section_names[i],
                (unsigned long long)h->sections[i].off, (unsigned long long)h->sections[i].size);
    fprintf(out, "  roots     %10llx %10llu words\n", (unsigned long long)h->root_off,
            (unsigned long long)h->root_words);
    fprintf(out, "symbols: %llu\n", (unsigned long long)h->nsyms);
    image_each_symbol(g, "", dump_symbol, &(Dump){im, out});
    fprintf(out, "functions: %llu\n", (unsigned long long)g->nfuncs);
    for (uint64_t i = 0; i < g->nfuncs; i++) {
        const VmFunc *f = &g->funcs[i];
        const FuncInfo *in = f->info;
        fprintf(out, "%s: frame %u, params %u, results %u, flags %#x, native %u, %u words, %s:%d\n",
                in->name, f->frame_slots, f->param_slots, f->result_slots, f->flags, f->native,
                in->ncode, in->file, in->start_line);
        if (disasm) disasm(out, f);
        if (in->nmaps) dump_maps(out, in);
    }
}
