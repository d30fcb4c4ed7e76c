/* disasm: bytecode as text, for --dump=bc and tests. One instruction a line:
 *      12  ADD        s7, s5, s6
 * Safepoints show the live pointer slots after the instruction's end: {s4 s9}. */
#include "code/code.h"
#include "image/pctab.h"

typedef struct Dis { Buf *b; const CodeFunc *cf; } Dis;

static const struct CodeReloc *reloc_at(const CodeFunc *cf, uint32_t word) {
    if (!cf) return NULL;
    for (uint32_t i = 0; i < cf->nrelocs; i++)
        if (cf->relocs[i].word == word) return &cf->relocs[i];
    return NULL;
}

static uint32_t inst(Dis *d, const uint64_t *p, uint32_t word) {
    Buf *b = d->b;
    BcOp op = bc_op(*p);
    if (op >= BC_OP_COUNT) {
        buf_printf(b, "%5u  ?%016llx\n", word, (unsigned long long)*p);
        return 1;
    }
    const BcOpInfo *in = &bc_op_info[op];
    uint32_t len = bc_length(p), end = word + len;
    buf_printf(b, "%5u  %-12s", word, in->name);
    const char *o = in->operands;
    int n = in->format == BCF_ABC ? 3 : 2;
    bool first = true;
    for (int i = 0; i < n; i++) {
        if (o[i] == '-') continue;
        int64_t v;
        if (i == 0) v = o[0] == 'i' ? (int16_t)bc_a(*p) : (int64_t)bc_a(*p);
        else if (in->format == BCF_AI) v = bc_imm(*p);
        else if (o[i] == 'i' || o[i] == 'j') v = i == 1 ? bc_sb(*p) : bc_sc(*p);
        else v = i == 1 ? bc_b(*p) : bc_c(*p);
        buf_puts(b, first ? " " : ", ");
        first = false;
        if (o[i] == 'j') buf_printf(b, "->%lld", (long long)end + v);
        else if (o[i] == 'i' || o[i] == 'u') buf_printf(b, "%lld", (long long)v);
        else buf_printf(b, "s%lld", (long long)v);
    }
    if (o[n] == '+') {
        for (uint32_t k = 1; k < len; k++) {
            char c = k <= in->nextra ? o[n + k] : '*';
            uint64_t w = p[k];
            const struct CodeReloc *r = reloc_at(d->cf, word + k);
            buf_puts(b, first ? " " : ", ");
            first = false;
            if (c == 'Q') {
                const char *q = o + n + 3;
                for (int i = 0, k = 0; i < 4; i++) {
                    uint32_t x = (uint16_t)(w >> i * 16);
                    if (q[i] == '-') continue;
                    if (k++) buf_puts(b, ", ");
                    if (q[i] == 'i') buf_printf(b, "%d", (int16_t)x);
                    else buf_printf(b, q[i] == 'u' ? "%u" : "s%u", x);
                }
            } else if (r) {
                buf_printf(b, "@%.*s", STR_FMT(r->sym->name));
                if (r->addend) buf_printf(b, "+%lld", (long long)r->addend);
            } else if (c == 'P') {
                buf_printf(b, "%04llx_%04llx_%04llx_%04llx", (unsigned long long)(w >> 48),
                           (unsigned long long)(w >> 32 & 0xffff), (unsigned long long)(w >> 16 & 0xffff),
                           (unsigned long long)(w & 0xffff));
            } else if (c == '*' && op == BC_SWITCH) {
                buf_printf(b, "->%lld ->%lld", (long long)end + (int32_t)w, (long long)end + (int32_t)(w >> 32));
            } else if (c == 'I') {
                buf_printf(b, "%lld", (long long)w);
            } else {
                buf_printf(b, "0x%llx", (unsigned long long)w);
            }
        }
    }
    if (d->cf) {
        uint32_t nslots;
        const uint8_t *m = d->cf->nmaps ? map_table_find(d->cf->maps, d->cf->nmaps, end, &nslots) : NULL;
        if (m && (in->effects & BCE_SAFE)) {
            buf_puts(b, "  {");
            bool some = false;
            for (uint32_t i = 0; i < nslots; i++)
                if (m[i / 8] >> (i % 8) & 1) {
                    buf_printf(b, "%ss%u", some ? " " : "", i + FRAME_MAPPED);
                    some = true;
                }
            buf_puts(b, "}");
        }
    }
    buf_putc(b, '\n');
    return len;
}

uint32_t code_disasm_inst(Buf *b, const uint64_t *p, uint32_t word) {
    Dis d = {b, NULL};
    return inst(&d, p, word);
}

void code_disasm_func(Buf *b, const VmFunc *f) {
    for (uint32_t at = 0, n = f->info->ncode; at < n;) {
        const uint64_t *p = f->code + at;
        if (bc_length(p) > n - at) {
            buf_printf(b, "%5u  runs past the end: %016llx\n", at, (unsigned long long)*p);
            return;
        }
        at += code_disasm_inst(b, p, at);
    }
}

void code_disasm(Buf *b, const CodeFunc *cf) {
    Dis d = {b, cf};
    buf_printf(b, "%.*s: frame %u, params %u, results %u", STR_FMT(cf->name), cf->frame_slots, cf->param_slots,
               cf->result_slots);
    if (cf->recover_pc) buf_printf(b, ", recover at %u", cf->recover_pc);
    for (uint32_t i = 0; i < cf->nobjects; i++)
        buf_printf(b, "%s s%u:%u", i ? "," : ", objects", cf->objects[i].slot, cf->objects[i].nslots);
    buf_putc(b, '\n');
    for (uint32_t w = 0; w < cf->nwords;) w += inst(&d, cf->words + w, w);
}
