/* fuse: two neighbouring instructions become one when the value of the first is used by the second only: an
 * operand in memory, a product that is added, an element that is changed in place. The interpreter then
 * dispatches once and the value between never sees its slot.
 *
 * This looks at finished words. What runs is what ran before, in the same order, so there is nothing to prove
 * but that nobody else reads the value (one use) and that no jump leads between the two (last_label). The slots that
 * the first instruction reads hold their values still: only its own result, no longer written, came after. */
#include "code/code_int.h"

#include "syntax/syntax.h"

typedef struct Pair {
    Sel *s;
    uint64_t x, xq; /* the first instruction; its extra word */
    uint64_t y, yq; /* the second */
    uint32_t at, mid;
} Pair;

/* The one user of x is y, or an address that is part of y. */
static bool only_user(Sel *s, ValueId x, ValueId y) {
    IrValue *v = sel_val(s, y);
    if (s->v[x].uses != 1 || (s->v[x].place != PLACE_SLOT && s->v[x].place != PLACE_CONST)) return false;
    for (uint32_t i = 0; i < v->nargs; i++) {
        ValueId a = v->args[i];
        if (a == x || (a && s->v[a].place == PLACE_FOLD && s->v[a].uses == 1 && only_user(s, x, a))) return true;
    }
    return false;
}

/* The last instruction, when it is one word and no jump leads behind it; else 0. */
static uint64_t last_word(Sel *s) {
    bool whole = s->words.len && s->last_inst + 1 == (uint32_t)s->words.len && s->last_label <= s->last_inst;
    return whole ? s->words.at[s->last_inst] : bc_ai(BC_NOP, 0, 0);
}
static void drop_words(Sel *s, uint32_t at) { s->words.len = s->wpos.len = (int)at; }

static uint32_t part(uint64_t q, int i) { return (uint16_t)(q >> i * 16); }

static bool same_line(Sel *s, struct WordPos a, struct WordPos b) {
    if (a.inl != b.inl) return false;
    if (a.pos == b.pos) return true;
    Session *syn = s->u->ts ? s->u->ts->syn : NULL;
    return syn && pos_location(syn, a.pos).line == pos_location(syn, b.pos).line;
}

/* One instruction in the place of both. Its line is that of the part that may panic. */
static bool put(Pair *p, uint64_t w, const uint64_t *extra) {
    Sel *s = p->s;
    struct WordPos px = s->wpos.at[p->at], py = s->wpos.at[p->mid];
    bool tx = bc_op_info[bc_op(p->x)].effects & BCE_TRAP, ty = bc_op_info[bc_op(p->y)].effects & BCE_TRAP;
    if (tx && ty && !same_line(s, px, py)) return false;
    struct WordPos save = s->pos;
    s->pos = tx ? px : py;
    s->words.len = s->wpos.len = (int)p->at;
    s->last_inst = emit_word(s, w);
    if (extra) emit_extra(s, *extra);
    s->pos = save;
    return true;
}
static bool put1(Pair *p, BcOp op, uint32_t a, uint32_t b, uint32_t c) { return put(p, bc_abc(op, a, b, c), NULL); }
static bool put2(Pair *p, BcOp op, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f) {
    uint64_t q = bc_q(d, e, f, 0);
    return put(p, bc_abc(op, bc_a(p->y), b, c), &q);
}

/* ---- Patterns --------------------------------------------------------------------------------------------- */

/* y computes with the value of x: as operand b or c; o is the other one. */
static bool fuse_float(Pair *p) {
    uint64_t x = p->x, y = p->y;
    uint32_t t = bc_a(x), b = bc_b(x), c = bc_c(x);
    bool first = bc_b(y) == t;
    uint32_t o = first ? bc_c(y) : bc_b(y);
    BcOp xop = bc_op(x);
    switch (bc_op(y)) {
    case BC_ADDF64:
        switch (xop) {
        case BC_MULF64: return put2(p, BC_MULADDF64, b, c, o, 0, 0);
        case BC_ADDF64: return put2(p, BC_ADDADDF64, b, c, o, 0, 0);
        case BC_SUBF64: return put2(p, BC_SUBADDF64, b, c, o, 0, 0);
        case BC_LD64: return put2(p, BC_ADDF64L, o, b, c, 0, 0);
        case BC_MULF64X: return put2(p, BC_MULADDF64X, b, c, part(p->xq, 0), o, 0);
        case BC_MULF64XX: return put2(p, BC_MULADDF64XX, b, c, part(p->xq, 0), part(p->xq, 1), o);
        default: return false;
        }
    case BC_SUBF64:
        switch (xop) {
        case BC_MULF64: return put2(p, first ? BC_MULSUBF64 : BC_MULRSUBF64, b, c, o, 0, 0);
        case BC_LD64: return put2(p, first ? BC_RSUBF64L : BC_SUBF64L, o, b, c, 0, 0);
        default: return false;
        }
    case BC_MULF64:
        switch (xop) {
        case BC_MULF64: return put2(p, BC_MULMULF64, b, c, o, 0, 0);
        case BC_LD64: return put2(p, BC_MULF64L, o, b, c, 0, 0);
        case BC_MULF64L: return put2(p, BC_MULMULF64L, b, c, part(p->xq, 0), o, 0);
        case BC_LDX64: return put2(p, BC_MULF64X, o, b, c, 0, 0);
        default: return false;
        }
    /* both operands loaded: y's second load came before */
    case BC_ADDF64L: case BC_MULF64L: case BC_SUBF64L: {
        if (!first || xop != BC_LD64) return false;
        BcOp op = bc_op(y) == BC_ADDF64L ? BC_ADDF64LL : bc_op(y) == BC_MULF64L ? BC_MULF64LL : BC_SUBF64LL;
        return put2(p, op, b, bc_c(y), c, part(p->yq, 0), 0);
    }
    case BC_RSUBF64L: return first && xop == BC_LD64 && put2(p, BC_SUBF64LL, bc_c(y), b, part(p->yq, 0), c, 0);
    case BC_MULF64X: return first && xop == BC_LDX64 && put2(p, BC_MULF64XX, b, bc_c(y), c, part(p->yq, 0), 0);
    default: return false;
    }
}

static bool fuse_int(Pair *p) {
    uint64_t x = p->x, y = p->y;
    uint32_t t = bc_a(x), b = bc_b(x), c = bc_c(x);
    BcOp xop = bc_op(x);
    switch (bc_op(y)) {
    case BC_ADD: {
        uint32_t o = bc_b(y) == t ? bc_c(y) : bc_b(y);
        switch (xop) {
        case BC_ADD: return put2(p, BC_ADDADD, b, c, o, 0, 0);
        case BC_ADDI: return put2(p, BC_ADDADDI, b, o, c, 0, 0);
        case BC_MUL: return put2(p, BC_MULADD, b, c, o, 0, 0);
        case BC_MULI: return put2(p, BC_MULIADD, b, o, c, 0, 0);
        default: return false;
        }
    }
    case BC_ADDI: return xop == BC_ADD && put2(p, BC_ADDADDI, b, c, bc_c(y), 0, 0);
    case BC_ANDI: {
        int mask = bc_sc(y);
        return xop == BC_SHRI && mask > 0 && !(mask & (mask + 1)) &&
               put1(p, BC_BITS, bc_a(y), b, c | (uint32_t)__builtin_popcount((unsigned)mask) << 6);
    }
    case BC_AND: {
        if (xop != BC_LDI && xop != BC_LDI64) return false;
        uint64_t word = xop == BC_LDI ? (uint64_t)(int64_t)bc_imm(x) : p->xq;
        return put(p, bc_abc(BC_ANDW, bc_a(y), bc_b(y) == t ? bc_c(y) : bc_b(y), 0), &word);
    }
    case BC_OR: {
        uint32_t o = bc_b(y) == t ? bc_c(y) : bc_b(y);
        if (xop != BC_SHLI && xop != BC_SHLI32U) return false;
        return put2(p, xop == BC_SHLI ? BC_SHLOR : BC_SHLOR32U, o, b, c, 0, 0);
    }
    case BC_XOR: /* a step of xorshift and of other mixers */
        if ((xop != BC_SHLI && xop != BC_SHRI) || (bc_b(y) == t ? bc_c(y) : bc_b(y)) != b) return false;
        return put1(p, xop == BC_SHLI ? BC_XORSHL : BC_XORSHR, bc_a(y), b, c);
    case BC_EXT8U: return xop == BC_SHRI && put1(p, BC_BITS, bc_a(y), b, c | 8 << 6);
    case BC_EXT16U: return xop == BC_SHRI && put1(p, BC_BITS, bc_a(y), b, c | 16 << 6);
    case BC_EXT32U: return xop == BC_SHRI && put1(p, BC_BITS, bc_a(y), b, c | 32 << 6);
    default: return false;
    }
}

/* y is an indexed load: with a constant index, or from a slice that x loaded from memory. */
static bool fuse_index(Pair *p) {
    uint64_t x = p->x, y = p->y;
    uint32_t t = bc_a(x);
    BcOp op;
    switch (bc_op(y)) {
    case BC_LDX8U: op = BC_LDXK8U; break;
    case BC_LDX64: op = BC_LDXK64; break;
    case BC_LDX2: op = BC_LDXK2; break;
    default: return false;
    }
    if (bc_op(x) == BC_LDI && bc_c(y) == t && bc_imm(x) >= 0 && bc_imm(x) <= 0xffff)
        return put1(p, op, bc_a(y), bc_b(y), (uint32_t)bc_imm(x));
    if (bc_op(x) == BC_LD3 && bc_b(y) == t && op != BC_LDXK2)
        return put2(p, op == BC_LDXK8U ? BC_LDF8U : BC_LDF64, bc_b(x), bc_c(y), bc_c(x), 0, 0);
    return false;
}

/* y stores the low bits of x only. */
static bool fuse_narrow(Pair *p) {
    int bits = 64, kept;
    switch (bc_op(p->y)) {
    case BC_ST8: case BC_STX8: case BC_STXA8: case BC_STXL8: bits = 8; break;
    case BC_ST16: case BC_STX16: case BC_STXA16: case BC_STXL16: bits = 16; break;
    case BC_ST32: case BC_STX32: case BC_STXA32: case BC_STXL32: bits = 32; break;
    default: break;
    }
    switch (bc_op(p->x)) {
    case BC_EXT8U: case BC_EXT8S: kept = 8; break;
    case BC_EXT16U: case BC_EXT16S: kept = 16; break;
    case BC_EXT32U: case BC_EXT32S: kept = 32; break;
    default: kept = 0;
    }
    uint64_t y = p->y, w = (y & ~0xffff0000ull) | (uint64_t)bc_b(p->x) << 16;
    return kept >= bits && bc_a(y) == bc_a(p->x) && put(p, w, bc_length(&y) > 1 ? &p->yq : NULL);
}

/* y stores the value of x where x loaded from. */
static bool fuse_store(Pair *p) {
    uint64_t x = p->x, y = p->y;
    if (bc_op(y) != BC_ST64 || bc_c(x) != bc_b(y) || part(p->xq, 0) != bc_c(y)) return false;
    switch (bc_op(x)) {
    case BC_ADDF64L: return put1(p, BC_ADDF64M, bc_b(x), bc_b(y), bc_c(y));
    case BC_RSUBF64L: return put1(p, BC_SUBF64M, bc_b(x), bc_b(y), bc_c(y));
    default: return false;
    }
}

/* The same of ints: the load is the instruction before x, of value w. */
static bool fuse_edit(Pair *p, uint64_t w) {
    uint64_t x = p->x, y = p->y;
    if (bc_op(y) != BC_ST64 || bc_op(w) != BC_LD64 || bc_b(w) != bc_b(y) || bc_c(w) != bc_c(y)) return false;
    uint32_t t = bc_a(w);
    p->at--;
    p->x = w; /* what may panic first */
    switch (bc_op(x)) {
    case BC_ADD: return put1(p, BC_ADDE, bc_b(x) == t ? bc_c(x) : bc_b(x), bc_b(y), bc_c(y));
    case BC_SUB: return bc_b(x) == t && put1(p, BC_SUBE, bc_c(x), bc_b(y), bc_c(y));
    case BC_ADDI: return put1(p, BC_ADDIE, bc_c(x), bc_b(y), bc_c(y));
    default: return false;
    }
}

/* ---- Branches ---------------------------------------------------------------------------------------------- */

static bool power(int64_t x) { return x && !(x & (x - 1)); }

/* Is x the last instruction, for cmp only? */
static bool newest(Sel *s, struct Emitted x, ValueId cmp) {
    return x.at + bc_length(&s->words.at[x.at]) == (uint32_t)s->words.len && s->last_label <= x.at &&
           only_user(s, x.id, cmp);
}

void fuse_test(Sel *s, ValueId cmp, BcOp *op, BcOp *inv, int *a, int *b) {
    if (!s->recent.len || *b != 0) return;
    bool any = *op == BC_JNEI || *op == BC_JGTUI;
    if (!any && *op != BC_JEQI && *op != BC_JLEUI) return;
    struct Emitted x = vec_last(&s->recent);
    uint64_t w = s->words.at[x.at];
    if (!newest(s, x, cmp)) return;
    int from = (int)bc_b(w), with = bc_sc(w);
    BcOp test; /* the one for none is next to it */
    switch (bc_op(w)) {
    case BC_ANDI: test = BC_JANYI; break;
    case BC_MODP2:
        if (with > 14) return;
        test = BC_JANYI;
        with = (1 << with) - 1;
        break;
    case BC_BITS:
        if (bc_c(w) >> 6 != 1) return;
        test = BC_JBIT;
        with = (int)bc_c(w) & 63;
        break;
    case BC_ANDW:
        if (!power((int64_t)s->words.at[x.at + 1])) return;
        test = BC_JBIT;
        with = __builtin_ctzll(s->words.at[x.at + 1]);
        break;
    case BC_AND: {
        test = BC_JANY;
        with = (int)bc_c(w);
        IrValue *v = sel_val(s, x.id);
        for (int i = 0; i < 2; i++) {
            int64_t c;
            if (!sel_const_int(s, v->args[i], &c) || !power(c)) continue;
            test = BC_JBIT;
            from = reg(s, v->args[1 - i]);
            with = __builtin_ctzll((uint64_t)c);
            if (s->recent.len < 2 || s->v[v->args[i]].uses != 1) break;
            struct Emitted k = s->recent.at[s->recent.len - 2]; /* the constant, for this only */
            if (k.id == v->args[i] && k.at + bc_length(&s->words.at[k.at]) == x.at) x.at = k.at;
            break;
        }
        break;
    }
    default: return;
    }
    drop_words(s, x.at);
    s->recent.len = 0;
    *a = from;
    *b = with;
    *op = any ? test : test + 1;
    *inv = any ? test + 1 : test;
}

static void emit_jump2(Sel *s, uint64_t w, uint64_t extra, int label) {
    uint32_t at = s->last_inst = emit_word(s, w);
    emit_extra(s, extra);
    vec_push(&s->fixups, ((Fixup){at + 2, at, label, false, false, 0}));
}

bool fuse_word(Sel *s, ValueId cmp, BcOp op, int a, int b, int label) {
    if (!s->recent.len || s->long_jumps || (op != BC_JEQ && op != BC_JNE)) return false;
    struct Emitted x = vec_last(&s->recent);
    uint64_t w = s->words.at[x.at], word;
    if (!newest(s, x, cmp)) return false;
    switch (bc_op(w)) {
    case BC_LDI: word = (uint64_t)(int64_t)bc_imm(w); break;
    case BC_LDI64: case BC_LDADDR: word = s->words.at[x.at + 1]; break; /* a relocation of it stays where it is */
    default: return false;
    }
    int t = (int)bc_a(w);
    if ((a == t) == (b == t)) return false;
    drop_words(s, x.at);
    s->recent.len = 0;
    uint64_t j = bc_abc(op == BC_JEQ ? BC_JEQW : BC_JNEW, (uint32_t)(a == t ? b : a), 0, 0);
    emit_jump2(s, j, word, label);
    return true;
}

/* The last instruction, when it is a jump with a fixup and no other leads behind it. */
static Fixup *last_jump(Sel *s) {
    if (!s->fixups.len || s->long_jumps) return NULL;
    Fixup *x = &vec_last(&s->fixups);
    bool last = x->at == s->last_inst && !x->ai && !x->table && x->inst == (uint32_t)s->words.len;
    return last && s->last_label <= s->last_inst ? x : NULL;
}

bool fuse_set(Sel *s, BcOp op, int a, int k, int label, int next) {
    Fixup *x = last_jump(s);
    if (!x || (op != BC_JEQI && op != BC_JNEI)) return false;
    uint64_t w = s->words.at[x->at], set = 1;
    if ((bc_op(w) != BC_JEQI && bc_op(w) != BC_JIN) || bc_a(w) != (uint32_t)a) return false;
    if (x->label != (op == BC_JEQI ? label : next)) return false;
    if (bc_op(w) == BC_JIN) set = s->words.at[x->at + 1];
    int base = bc_sb(w);
    if (k < base) {
        if (base - k > 63 || set << (base - k) >> (base - k) != set) return false;
        set <<= base - k;
        base = k;
    }
    if (k - base > 63) return false;
    drop_words(s, x->at);
    s->fixups.len--;
    BcOp in = op == BC_JEQI ? BC_JIN : BC_JNIN;
    emit_jump2(s, bc_abc(in, (uint32_t)a, (uint32_t)base, 0), set | 1ull << (k - base), label);
    return true;
}

bool fuse_step(Sel *s, int a, int limit, int label) {
    uint64_t w = last_word(s);
    if (bc_op(w) != BC_ADD || bc_a(w) != (uint32_t)a || limit == a || s->long_jumps) return false;
    uint32_t b = bc_b(w), c = bc_c(w), step = b == (uint32_t)a ? c : b;
    if (step == (uint32_t)a || (b != (uint32_t)a && c != (uint32_t)a)) return false;
    drop_words(s, s->last_inst);
    emit_jump2(s, bc_abc(BC_ADDLTS, (uint32_t)a, step, 0), bc_q((uint32_t)limit, 0, 0, 0), label);
    return true;
}

/* ---- Moves and calls ---------------------------------------------------------------------------------------- */

bool fuse_mov(Sel *s, int d, int src) {
    uint64_t w = last_word(s);
    if (bc_op(w) != BC_MOV) return false;
    int d0 = (int)bc_a(w), s0 = (int)bc_b(w);
    if (src == d0 || (d != d0 + 1 && d0 != d + 1)) return false;
    drop_words(s, s->last_inst);
    if (d == d0 + 1) emit_abc(s, BC_MOVPAIR, d0, s0, src);
    else emit_abc(s, BC_MOVPAIR, d, src, s0);
    return true;
}

void fuse_call(Sel *s, BcOp op, int base, int f) {
    uint64_t w = last_word(s);
    int x = (int)bc_b(w), y = (int)bc_c(w);
    bool first = bc_a(w) == (uint32_t)base + FRAME_ARGS; /* w makes the first argument */
    BcOp wop = first ? bc_op(w) : BC_NOP;
    if (op == BC_CALLC) {
        if (wop == BC_MOV) drop_words(s, s->last_inst);
        emit_abc(s, wop == BC_MOV ? BC_CALLC1 : BC_CALLC, base, f, wop == BC_MOV ? x : 0);
        return;
    }
    switch (wop) {
    case BC_MOV: op = BC_CALL1; y = 0; break;
    case BC_MOVPAIR: op = BC_CALL2; break;
    case BC_MOV2: op = BC_CALL2; y = x + 1; break;
    case BC_MOV3: op = BC_CALL3; y = 0; break;
    case BC_ADDI: op = BC_CALL1ADD; y = bc_sc(w); break;
    case BC_LDI:
        x = bc_imm(w);
        if (x >= INT16_MIN && x <= INT16_MAX) {
            drop_words(s, s->last_inst);
            emit_abc(s, BC_CALL1I, base, x, 0);
        } else emit_ai(s, BC_CALL, base, 0);
        return;
    default: emit_ai(s, BC_CALL, base, 0); return;
    }
    drop_words(s, s->last_inst);
    emit_abc(s, op, base, x, y);
}

/* ---- The walk ---------------------------------------------------------------------------------------------- */

void fuse_inst(Sel *s, ValueId id, uint32_t at) {
    uint32_t end = (uint32_t)s->words.len;
    if (at == end) return;
    if (s->recent.len) {
        uint32_t last = vec_last(&s->recent).at;
        if (s->last_label >= at || last + bc_length(&s->words.at[last]) != at) s->recent.len = 0;
    }
    if (s->last_inst != at || at + bc_length(&s->words.at[at]) != end || s->last_label > at) {
        s->recent.len = 0;
        return;
    }
    while (s->recent.len && only_user(s, vec_last(&s->recent).id, id)) {
        Pair p = {.s = s, .at = vec_last(&s->recent).at, .mid = at, .y = s->words.at[at]};
        p.x = s->words.at[p.at];
        if (at - p.at > 1) p.xq = s->words.at[p.at + 1];
        if ((uint32_t)s->words.len - at > 1) p.yq = s->words.at[at + 1];
        if (!fuse_float(&p) && !fuse_int(&p) && !fuse_index(&p) && !fuse_narrow(&p) && !fuse_store(&p)) {
            int n = s->recent.len;
            if (n < 2 || s->recent.at[n - 2].at + 1 != p.at) break;
            if (!only_user(s, s->recent.at[n - 2].id, s->recent.at[n - 1].id)) break;
            if (!fuse_edit(&p, s->words.at[p.at - 1])) break;
            s->recent.len--;
        }
        at = p.at;
        s->recent.len--;
    }
    vec_push(&s->recent, ((struct Emitted){id, at}));
}
