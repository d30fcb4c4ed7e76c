/* A small image with something of everything: two functions with lines, maps, inlined calls and an object, data and bss with
 * pointers, a string, a native. For the linker's test and as the seed of the image fuzzer. */
#ifndef VOLE_SAMPLE_IMAGE_H
#define VOLE_SAMPLE_IMAGE_H

#include "image/image.h"
#include "image/pctab.h"

static inline int sample_find_native(Str name) { return str_is(name, "rt.native") ? 7 : -1; }

/* Word 1 is the callee's address, word 2 that of data + 8. */
static inline Sym *sample_func(SymTab *t, const char *name, Sym *callee, Sym *data) {
    Sym *s = sym_get(t, str_c(name));
    if (!sym_begin_define(t, s, SYM_FUNC)) bug("%s is defined twice", name);
    CodeFunc *c = arena_new(&t->arena, CodeFunc);
    static uint64_t words[8] = {1, 0, 0, 0x1234, 77, 0x100000001, 3, 2};
    c->words = arena_memdup(&t->arena, words, sizeof words);
    c->nwords = ARRAY_LEN(words);
    c->relocs = arena_array(&t->arena, struct CodeReloc, 2);
    c->relocs[0] = (struct CodeReloc){1, CODE_RELOC_ADDR64, callee, 0};
    c->relocs[1] = (struct CodeReloc){2, CODE_RELOC_ADDR64, data, 8};
    c->nrelocs = 2;
    callee->is_func = true;
    c->frame_slots = 12;
    c->param_slots = c->result_slots = 1;
    c->name = str_c(name);
    c->file = STR("x.go");
    c->start_line = 10;
    LineEnc le = {.start_line = 10};
    line_enc_add(&le, 0, 11, -1);
    line_enc_add(&le, 2, 9, 1);
    line_enc_add(&le, 4, 300, 0);
    c->lines = arena_memdup(&t->arena, le.out.data, le.out.len);
    c->nlines = (uint32_t)le.out.len;
    buf_free(&le.out);
    MapEnc me = {.nslots = 8};
    map_enc_add(&me, 2, (const uint8_t[]){5});
    map_enc_add(&me, 3, (const uint8_t[]){5});
    map_enc_add(&me, 5, (const uint8_t[]){0x81});
    Buf maps = {0};
    map_enc_finish(&me, &maps);
    c->maps = arena_memdup(&t->arena, maps.data, maps.len);
    c->nmaps = (uint32_t)maps.len;
    buf_free(&maps);
    c->inlines = arena_array(&t->arena, InlineInfo, 3);
    c->inlines[0] = (InlineInfo){"inlined", "y.go", 5, 2};
    c->inlines[1] = (InlineInfo){"again", "y.go", 6, 0};
    c->inlines[2] = (InlineInfo){"", "z.go", 7, -1};
    c->ninlines = 3;
    static uint8_t mask[] = {2}, args[] = {1};
    c->objects = arena_new(&t->arena, FrameObject);
    c->objects[0] = (FrameObject){6, 2, mask};
    c->nobjects = 1;
    c->args_ptrs = args;
    c->args_ptrs_words = 1;
    s->code = c;
    return s;
}

/* Fresh t gets main.f, which calls main.g, which calls the native; main.data and main.bss, which is returned. */
static inline Sym *sample_symbols(SymTab *t) {
    Sym *data = sym_get(t, STR("main.data")), *bss = sym_get(t, STR("main.bss"));
    if (!sym_begin_define(t, data, SYM_DATA) || !sym_begin_define(t, bss, SYM_BSS)) bug("the sample's symbols are there already");
    sym_alloc_data(t, data, 32, 8);
    data->ptrmask = arena_memdup(&t->arena, (uint8_t[]){2}, 1);
    bss->size = 16;
    bss->ptrmask = arena_memdup(&t->arena, (uint8_t[]){1}, 1);
    Sym *str = sym_string_bytes(t, STR("hello")), *g = sym_get(t, STR("main.g"));
    Sym *f = sample_func(t, "main.f", g, data);
    sample_func(t, "main.g", sym_get(t, STR("rt.native")), bss);
    sym_reloc(t, data, 0, RELOC_FUNC, f, 0);
    sym_reloc(t, data, 8, RELOC_ADDR, str, 1);
    sym_reloc(t, data, 16, RELOC_OFF32, str, 0);
    return bss;
}

#endif
