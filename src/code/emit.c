/* emit: words, labels and jumps, parallel moves, stack maps; the walk over blocks.
 *
 * The code is emitted once with guesses (no temporaries, short jumps) and again when a guess was wrong. A
 * small loop head is repeated at the loop's end, so that an iteration costs one conditional back-edge; since
 * all values live in slots, emitting its instructions twice needs no bookkeeping. */
#include "code/code_int.h"

#include "ir/ir_int.h"

/* ---- Words ------------------------------------------------------------------------------------------ */

uint32_t emit_word(Sel *s, uint64_t w) {
    uint32_t at = (uint32_t)s->words.len;
    vec_push(&s->words, w);
    vec_push(&s->wpos, s->pos);
    return at;
}

static void check_slot(Sel *s, int x) {
    if (unlikely(x < 0)) bug("slot %d in %.*s", x, STR_FMT(s->f->name));
    if (unlikely(x > MAX_SLOT)) s->too_large = true;
}

void emit_abc(Sel *s, BcOp op, int a, int b, int c) {
    const char *o = bc_op_info[op].operands;
    dcheck(bc_op_info[op].format == BCF_ABC);
    if (o[0] != 'i' && o[0] != 'j') check_slot(s, a);
    if (o[1] != 'i' && o[1] != 'j') check_slot(s, b);
    if (o[2] != 'i' && o[2] != 'j') check_slot(s, c);
    s->last_inst = emit_word(s, bc_abc(op, (uint32_t)a, (uint32_t)b, (uint32_t)c));
}

void emit_ai(Sel *s, BcOp op, int a, int64_t imm) {
    check_slot(s, a);
    check(imm >= INT32_MIN && imm <= INT32_MAX);
    s->last_inst = emit_word(s, bc_ai(op, (uint32_t)a, (int32_t)imm));
}

void emit_extra(Sel *s, uint64_t w) { emit_word(s, w); }

void emit_addr(Sel *s, Sym *sym, int64_t addend) {
    uint32_t at = emit_word(s, 0);
    if (sym) vec_push(&s->relocs, ((struct CodeReloc){at, CODE_RELOC_ADDR64, sym, addend, NULL}));
}

/* Which descriptor: see code_resolve_unit. */
void emit_type(Sel *s, const IrType *t) {
    uint32_t at = emit_word(s, 0);
    if (t->type || t->desc) vec_push(&s->relocs, ((struct CodeReloc){at, CODE_RELOC_ADDR64, NULL, 0, t}));
}

/* ---- Maps -------------------------------------------------------------------------------------------- */

static int final_slot(Sel *s, int slot) { return slot >= OUT_SLOT ? s->out_base + (slot - OUT_SLOT) : slot; }

static void map_mark(Sel *s, uint8_t *bits, ValueId v) {
    const IrType *t = sel_val(s, v)->type;
    int slot = final_slot(s, s->v[v].slot) - FRAME_MAPPED;
    for (uint32_t w = 0; w < t->nslots; w++)
        if (t->ptrmask[w / 8] >> (w % 8) & 1) bits[(slot + (int)w) / 8] |= (uint8_t)(1 << ((slot + (int)w) % 8));
}

static uint8_t *map_new(Sel *s) {
    return arena_alloc(&s->arena, (size_t)(s->out_base + s->out_max - FRAME_MAPPED) / 8 + 2);
}

static void map_vars(Sel *s, uint8_t *bits, const uint64_t *live) {
    for (int i = 0; live && i < s->f->vars.len; i++) {
        IrVar *var = s->f->vars.at[i];
        if (!var->type->has_ptrs) continue;
        if (!((live[var->id / 64] | s->var_always[var->id / 64]) >> (var->id % 64) & 1)) continue;
        int slot = sel_var_slot(s, var) - FRAME_MAPPED;
        for (uint32_t w = 0; slot >= 0 && w < var->type->nslots; w++)
            if (var->type->ptrmask[w / 8] >> (w % 8) & 1)
                bits[(slot + (int)w) / 8] |= (uint8_t)(1 << ((slot + (int)w) % 8));
    }
}

void emit_safe(Sel *s, ValueId inst) {
    Live *l = &s->live_at[s->v[inst].pos];
    uint8_t *bits = map_new(s);
    for (uint32_t i = 0; i < l->n; i++) map_mark(s, bits, l->vals[i]);
    if (s->var_at) map_vars(s, bits, s->var_at[s->v[inst].pos]);
    s->last_safe = (uint32_t)s->words.len;
    vec_push(&s->maps, ((MapPoint){s->last_safe, bits}));
}

/* The state at a block's start, for back-edges to it. */
static uint8_t *map_of_block(Sel *s, BlockId b) {
    uint8_t *bits = map_new(s);
    uint64_t *in = s->live_in[b];
    for (int i = 0; i < s->nwords; i++)
        for (uint64_t m = in[i]; m; m &= m - 1) {
            ValueId v = (ValueId)(i * 64 + __builtin_ctzll(m));
            if (sel_val(s, v)->type->has_ptrs) map_mark(s, bits, v);
        }
    if (s->var_in) map_vars(s, bits, s->var_in[b]);
    IrBlock *bl = &s->f->blocks.at[b];
    for (int k = 0; k < bl->params.len; k++) {
        ValueId v = bl->params.at[k];
        if (sel_is_root(s, v) && s->v[v].ranges.len && sel_val(s, v)->type->has_ptrs) map_mark(s, bits, v);
    }
    return bits;
}

/* ---- Labels ------------------------------------------------------------------------------------------ */

int emit_label_new(Sel *s) {
    if (s->nlabels == s->cap_labels) {
        int cap = s->cap_labels * 2 + 16;
        int *p = arena_array(&s->arena, int, cap);
        if (s->nlabels) memcpy(p, s->labels, sizeof(int) * (size_t)s->nlabels);
        s->labels = p;
        s->cap_labels = cap;
    }
    s->labels[s->nlabels] = -1;
    return s->nlabels++;
}

void emit_bind(Sel *s, int label) {
    s->labels[label] = s->words.len;
    s->last_label = (uint32_t)s->words.len;
}

static bool is_ai(BcOp op) { return bc_op_info[op].format == BCF_AI; }

static void add_fixup(Sel *s, uint32_t at, int label, bool ai) {
    vec_push(&s->fixups, ((Fixup){at + 1, at, label, ai, false, 0}));
}

void emit_jump(Sel *s, BcOp op, int a, int b, int label) {
    if (is_ai(op)) {
        emit_ai(s, op, a, 0);
        add_fixup(s, s->last_inst, label, true);
        return;
    }
    if (!s->long_jumps) {
        emit_abc(s, op, a, b, 0);
        add_fixup(s, s->last_inst, label, false);
        return;
    }
    emit_abc(s, op, a, b, 1); /* over the jump that skips the far one */
    emit_ai(s, BC_JMP, 0, 1);
    emit_ai(s, BC_JMP, 0, 0);
    add_fixup(s, s->last_inst, label, true);
}

/* Where a jump to word `to` ends up: plain jumps there are followed. (Their fixups stand in jump_label.) */
static uint32_t final_target(Sel *s, uint32_t to, const int *jump_label) {
    for (int hops = 0; hops < 4 && to < (uint32_t)s->words.len && jump_label[to]; hops++)
        to = (uint32_t)s->labels[jump_label[to] - 1];
    return to;
}

static void fix_jumps(Sel *s) {
    int *jump_label = arena_array(&s->arena, int, s->words.len); /* per word: label + 1 of a JMP */
    for (int i = 0; i < s->fixups.len; i++) {
        Fixup *x = &s->fixups.at[i];
        if (x->ai && bc_op(s->words.at[x->at]) == BC_JMP) jump_label[x->at] = x->label + 1;
    }
    for (int i = 0; i < s->fixups.len; i++) {
        Fixup *x = &s->fixups.at[i];
        check(s->labels[x->label] >= 0);
        uint64_t *w = &s->words.at[x->at];
        uint32_t to = (uint32_t)s->labels[x->label];
        bool safe = !x->table && bc_op_info[bc_op(*w)].effects & BCE_SAFE; /* the target has the map */
        if (!safe && to > x->at) {
            uint32_t end = final_target(s, to, jump_label);
            int64_t far = (int64_t)end - (int64_t)x->inst;
            if (end > x->at && (x->ai || x->table || far <= INT16_MAX)) to = end;
            if (jump_label[x->at] && to < (uint32_t)s->words.len && bc_op(s->words.at[to]) == BC_RET) {
                *w = s->words.at[to];
                continue;
            }
        }
        int64_t d = (int64_t)to - (int64_t)x->inst;
        if (x->table) {
            *w |= (uint64_t)(uint32_t)(int32_t)d << (x->half * 32);
        } else if (x->ai) {
            *w = (*w & 0xffffffffull) | (uint64_t)(uint32_t)(int32_t)d << 32;
        } else {
            if (d < INT16_MIN || d > INT16_MAX) s->need_long = true;
            *w = (*w & 0xffffffffffffull) | (uint64_t)(uint16_t)(int16_t)d << 48;
        }
    }
}

/* ---- Moves and constants ------------------------------------------------------------------------------- */

int reg(Sel *s, ValueId v) {
    ValInfo *vi = &s->v[v];
    int off = 0;
    if (vi->place == PLACE_ALIAS) {
        off = vi->off;
        vi = &s->v[vi->root];
    }
    if (vi->place == PLACE_NONE) return FRAME_ARGS; /* zero-sized: any address */
    if (vi->slot < 0) bug("v%u (%s) has no slot in %.*s", v, ir_op_info[sel_val(s, v)->op].name, STR_FMT(s->f->name));
    return final_slot(s, vi->slot) + off;
}

int tmp(Sel *s, int n) {
    int at = s->ntmp;
    s->ntmp += n;
    if (s->ntmp > s->tmp_max) s->tmp_max = s->ntmp;
    return s->nslots + at;
}

int dst(Sel *s, ValueId v) {
    if (v && sel_is_root(s, v) && s->v[v].slot >= 0) return final_slot(s, s->v[v].slot);
    int n = v ? sel_nslots(s, v) : 1;
    return tmp(s, n ? n : 1);
}

void emit_mov(Sel *s, int d, int src, int n) {
    if (d == src || !n) return;
    if (n == 1) {
        if (!fuse_mov(s, d, src)) emit_abc(s, BC_MOV, d, src, 0);
    } else if (n == 2) emit_abc(s, BC_MOV2, d, src, 0);
    else if (n == 3) emit_abc(s, BC_MOV3, d, src, 0);
    else emit_abc(s, BC_MOVN, d, src, n);
}

void emit_int(Sel *s, int d, int64_t v) {
    if (v >= INT32_MIN && v <= INT32_MAX) {
        emit_ai(s, BC_LDI, d, v);
    } else {
        emit_ai(s, BC_LDI64, d, 0);
        emit_extra(s, (uint64_t)v);
    }
}

void emit_const(Sel *s, ValueId c, int d) {
    IrValue *v = sel_val(s, c);
    switch (v->op) {
    case IR_CONST: emit_int(s, d, v->aux.i); break;
    case IR_FCONST: {
        if (v->type->rep == REP_F32) {
            float x = (float)v->aux.f;
            uint32_t bits;
            memcpy(&bits, &x, 4);
            emit_int(s, d, (int64_t)bits);
        } else {
            int64_t bits;
            memcpy(&bits, &v->aux.f, 8);
            emit_int(s, d, bits);
        }
        break;
    }
    case IR_STRCONST:
        if (!v->aux2 || !v->aux.sym) {
            emit_ai(s, BC_ZERON, d, 2);
        } else {
            check(v->aux2 <= INT32_MAX);
            emit_ai(s, BC_LDSTR, d, v->aux2);
            emit_addr(s, v->aux.sym, 0);
        }
        break;
    case IR_ZERO:
        if (v->type->nslots == 1) emit_ai(s, BC_LDI, d, 0);
        else if (v->type->nslots) emit_ai(s, BC_ZERON, d, v->type->nslots);
        break;
    case IR_SYMADDR:
        emit_ai(s, BC_LDADDR, d, 0);
        emit_addr(s, v->aux.sym, v->aux2);
        break;
    case IR_LOCALADDR: emit_ai(s, BC_LEAFP, d, (int64_t)sel_var_slot(s, v->aux.var) * 8 + v->aux2); break;
    default: bug("%s is no constant", ir_op_info[v->op].name);
    }
}

void moves_add(Sel *s, Moves *m, ValueId v, int d) {
    ValInfo *vi = &s->v[v];
    int n = sel_nslots(s, v);
    if (!n || vi->place == PLACE_NONE) return;
    m->arena = &s->arena;
    if (vi->place == PLACE_CONST) { /* its slots, if any, may be in other use here */
        vec_push(m, ((Move){d, -1, n, v}));
        return;
    }
    vec_push(m, ((Move){d, reg(s, v), n, 0}));
}

static bool overlap(int a, int na, int b, int nb) { return a < b + nb && b < a + na; }

/* Does m's destination hit the source of another pending move? */
static bool blocked(Moves *m, int i) {
    for (int j = 0; j < m->len; j++)
        if (j != i && m->at[j].n && overlap(m->at[i].dst, m->at[i].n, m->at[j].src, m->at[j].n)) return true;
    return false;
}

void emit_moves(Sel *s, Moves *m) {
    int pending = 0;
    for (int i = 0; i < m->len; i++) {
        if (m->at[i].cst) { /* now, so that the moves end next to what follows, unless its slots are still to be read */
            if (blocked(m, i)) continue;
            emit_const(s, m->at[i].cst, m->at[i].dst);
            m->at[i].n = 0;
            continue;
        }
        if (m->at[i].src == m->at[i].dst) m->at[i].n = 0;
        if (m->at[i].n) pending++;
    }
    Moves p = {.arena = &s->arena};
    for (int i = 0; i < m->len; i++)
        if (!m->at[i].cst && m->at[i].n) vec_push(&p, m->at[i]);
    bool split = false;
    while (pending) {
        bool any = false;
        for (int i = p.len - 1; i >= 0; i--) { /* first arguments last: see CALL1, CALL2 */
            if (!p.at[i].n || blocked(&p, i)) continue;
            emit_mov(s, p.at[i].dst, p.at[i].src, p.at[i].n);
            p.at[i].n = 0;
            pending--;
            any = true;
        }
        if (any || !pending) continue;
        if (!split) { /* a cycle: word by word */
            split = true;
            Moves q = {.arena = &s->arena};
            for (int i = 0; i < p.len; i++)
                for (int k = 0; k < p.at[i].n; k++)
                    if (p.at[i].dst != p.at[i].src) vec_push(&q, ((Move){p.at[i].dst + k, p.at[i].src + k, 1, 0}));
            p = q;
            pending = p.len;
            continue;
        }
        for (int i = 0; i < p.len; i++) { /* save one source, everything that reads it uses the copy */
            if (!p.at[i].n) continue;
            int t = tmp(s, 1), src = p.at[i].src;
            emit_mov(s, t, src, 1);
            for (int j = 0; j < p.len; j++)
                if (p.at[j].n && p.at[j].src == src) p.at[j].src = t;
            break;
        }
    }
    for (int i = 0; i < m->len; i++)
        if (m->at[i].cst && m->at[i].n) emit_const(s, m->at[i].cst, m->at[i].dst);
}

void emit_ext(Sel *s, const IrType *t, int slot, int src) {
    BcOp op = bc_ext_op(t);
    if (op != BC_NOP) emit_abc(s, op, slot, src, 0);
    else emit_mov(s, slot, src, 1);
}

/* ---- Edges and branches ---------------------------------------------------------------------------------- */

static void edge_moves(Sel *s, BlockId from, int k, Moves *m) {
    IrEdge *e = &s->f->blocks.at[from].succ[k];
    IrBlock *to = &s->f->blocks.at[e->to];
    for (int i = 0; i < e->nargs; i++) {
        ValueId p = to->params.at[i];
        if (!sel_is_root(s, p) || !s->v[p].ranges.len) continue;
        moves_add(s, m, e->args[i], reg(s, p));
    }
}

static bool edge_needs_moves(Sel *s, BlockId from, int k) {
    Moves m = {0};
    edge_moves(s, from, k, &m);
    for (int i = 0; i < m.len; i++)
        if (m.at[i].cst || m.at[i].src != m.at[i].dst) return true;
    return false;
}

/* Already emitted: a jump there goes backwards. (Not to be asked for stubs, which follow all blocks.) */
static bool is_back(Sel *s, BlockId to) { return s->labels[to] >= 0; }

static void note_back(Sel *s, BlockId to) {
    uint8_t *bits = map_of_block(s, to);
    vec_push(&s->maps, ((MapPoint){(uint32_t)s->labels[to], bits}));
}

static void emit_goto(Sel *s, BlockId to, bool back) {
    if (back) {
        emit_jump(s, BC_JMPBACK, 0, 0, (int)to);
        note_back(s, to);
    } else {
        emit_jump(s, BC_JMP, 0, 0, (int)to);
    }
}

/* Label that leads along edge k: the block itself, or a stub with the edge's moves. */
static int edge_label(Sel *s, BlockId from, int k, bool *back) {
    BlockId to = s->f->blocks.at[from].succ[k].to;
    if (!edge_needs_moves(s, from, k)) {
        *back = is_back(s, to);
        if (*back) note_back(s, to);
        return (int)to;
    }
    *back = false;
    int l = emit_label_new(s);
    vec_push(&s->stubs, ((Stub){l, from, k, to, is_back(s, to)}));
    return l;
}

typedef struct Cond { BcOp op, inv, loop, loop_inv; int a, b; bool swap; } Cond;

static const struct { BcOp j, l; } back_forms[] = {
    {BC_JT, BC_LT}, {BC_JF, BC_LF}, {BC_JEQ, BC_LEQ}, {BC_JNE, BC_LNE}, {BC_JLTS, BC_LLTS}, {BC_JLES, BC_LLES},
    {BC_JLTU, BC_LLTU}, {BC_JLEU, BC_LLEU}, {BC_JEQI, BC_LEQI}, {BC_JNEI, BC_LNEI}, {BC_JLTSI, BC_LLTSI},
    {BC_JLESI, BC_LLESI}, {BC_JGTSI, BC_LGTSI}, {BC_JGESI, BC_LGESI},
};
static BcOp back_form(BcOp op) {
    for (size_t i = 0; i < ARRAY_LEN(back_forms); i++)
        if (back_forms[i].j == op) return back_forms[i].l;
    return BC_NOP;
}

/* Emits the conditional jump; back: to an earlier block, with a safepoint. */
static void emit_cond(Sel *s, BcOp op, int a, int b, int label, bool back) {
    if (!back) {
        emit_jump(s, op, a, b, label);
        return;
    }
    BcOp l = back_form(op);
    if (l == BC_NOP || (s->long_jumps && !is_ai(op))) { /* no such form: jump to a back-edge out of line */
        int stub = emit_label_new(s);
        emit_jump(s, op, a, b, stub);
        vec_push(&s->stubs, ((Stub){stub, 0, -1, (BlockId)label, true}));
        return;
    }
    if ((l == BC_LLTS || l == BC_LLTSI) && s->last_inst + 1 == (uint32_t)s->words.len &&
        s->last_label <= s->last_inst) {
        uint64_t w = s->words.at[s->last_inst];
        if (bc_op(w) == BC_ADDI && bc_a(w) == (uint32_t)a && bc_b(w) == (uint32_t)a && bc_sc(w) == 1 &&
            (l == BC_LLTSI || b != a)) {
            s->words.len--;
            s->wpos.len--;
            l = l == BC_LLTS ? BC_INCLTS : BC_INCLTSI;
        }
    }
    if (l == BC_LLTS && fuse_step(s, a, b, label)) return;
    emit_jump(s, l, a, b, label);
}

/* The comparison v as a jump that is taken when it is true, and the one for false. */
static void condition(Sel *s, ValueId c, Cond *out) {
    bool neg = false;
    while (sel_val(s, c)->op == IR_NOT && s->v[c].place == PLACE_FOLD) {
        neg = !neg;
        c = sel_val(s, c)->args[0];
    }
    IrValue *v = sel_val(s, c);
    if (s->v[c].place != PLACE_FOLD) {
        out->a = s->v[c].place == PLACE_CONST && s->v[c].slot < 0 ? tmp(s, 1) : reg(s, c);
        if (s->v[c].place == PLACE_CONST && s->v[c].slot < 0) emit_const(s, c, out->a);
        out->b = 0;
        out->op = neg ? BC_JF : BC_JT;
        out->inv = neg ? BC_JT : BC_JF;
        return;
    }
    ValueId x = v->args[0], y = v->args[1];
    const IrType *t = sel_val(s, x)->type;
    int op = v->op;
    int64_t imm;
    if (t->rep == REP_STR) {
        bool xe = s->v[x].place == PLACE_CONST && sel_arg_folds(s, c, 0);
        bool ye = !xe && s->v[y].place == PLACE_CONST && sel_arg_folds(s, c, 1);
        bool eq = (op == IR_EQ) != neg;
        if (xe || ye) {
            out->a = reg(s, xe ? y : x) + 1;
            out->b = 0;
            out->op = eq ? BC_JEQI : BC_JNEI;
            out->inv = eq ? BC_JNEI : BC_JEQI;
        } else {
            out->a = reg(s, x);
            out->b = reg(s, y);
            out->op = eq ? BC_JEQSTR : BC_JNESTR;
            out->inv = eq ? BC_JNESTR : BC_JEQSTR;
        }
        return;
    }
    if (t->rep == REP_F64) {
        if (op == IR_GT || op == IR_GE) {
            ValueId z = x;
            x = y;
            y = z;
            op = op == IR_GT ? IR_LT : IR_LE;
        }
        out->a = reg(s, x);
        out->b = reg(s, y);
        switch (op) {
        case IR_EQ: out->op = BC_JEQF64; out->inv = BC_JNEF64; break;
        case IR_NE: out->op = BC_JNEF64; out->inv = BC_JEQF64; break;
        case IR_LT: out->op = BC_JLTF64; out->inv = BC_JNLTF64; break;
        default: out->op = BC_JLEF64; out->inv = BC_JNLEF64; break;
        }
        if (neg) {
            BcOp z = out->op;
            out->op = out->inv;
            out->inv = z;
        }
        return;
    }
    bool sgn = t->rep == REP_INT && t->is_signed;
    bool xc = s->v[x].place == PLACE_CONST && sel_arg_folds(s, c, 0);
    bool yc = !xc && s->v[y].place == PLACE_CONST && sel_arg_folds(s, c, 1);
    if (xc) { /* constant first: mirror */
        ValueId z = x;
        x = y;
        y = z;
        static const uint8_t mirror[] = {IR_EQ, IR_NE, IR_GT, IR_GE, IR_LT, IR_LE};
        op = mirror[op - IR_EQ];
        yc = true;
    }
    static const uint8_t negate[] = {IR_NE, IR_EQ, IR_GE, IR_GT, IR_LE, IR_LT};
    if (neg) op = negate[op - IR_EQ];
    out->a = reg(s, x);
    if (yc) {
        check(sel_imm16(s, y, &imm));
        out->b = (int)imm;
        static const BcOp si[] = {BC_JEQI, BC_JNEI, BC_JLTSI, BC_JLESI, BC_JGTSI, BC_JGESI};
        static const BcOp ui[] = {BC_JEQI, BC_JNEI, BC_JLTUI, BC_JLEUI, BC_JGTUI, BC_JGEUI};
        out->op = (sgn ? si : ui)[op - IR_EQ];
        out->inv = (sgn ? si : ui)[negate[op - IR_EQ] - IR_EQ];
        fuse_test(s, c, &out->op, &out->inv, &out->a, &out->b);
        return;
    }
    out->b = reg(s, y);
    int a = out->a, b = out->b;
    bool sw = op == IR_GT || op == IR_GE;
    if (sw) op = op == IR_GT ? IR_LT : IR_LE;
    out->a = sw ? b : a;
    out->b = sw ? a : b;
    switch (op) {
    case IR_EQ: out->op = BC_JEQ; out->inv = BC_JNE; break;
    case IR_NE: out->op = BC_JNE; out->inv = BC_JEQ; break;
    case IR_LT: out->op = sgn ? BC_JLTS : BC_JLTU; out->inv = sgn ? BC_JLES : BC_JLEU; out->swap = true; break;
    default: out->op = sgn ? BC_JLES : BC_JLEU; out->inv = sgn ? BC_JLTS : BC_JLTU; out->swap = true; break;
    }
}

static void emit_br(Sel *s, BlockId b) {
    IrBlock *bl = &s->f->blocks.at[b];
    BlockId T = bl->succ[0].to, F = bl->succ[1].to;
    BlockId next = s->next_in_order < s->norder ? s->order[s->next_in_order] : UINT32_MAX;
    Cond c = {0};
    condition(s, vec_last(&bl->insts) ? sel_val(s, vec_last(&bl->insts))->args[0] : 0, &c);
    if (T == F && !edge_needs_moves(s, b, 0) && !edge_needs_moves(s, b, 1)) {
        if (T != next || is_back(s, T)) emit_goto(s, T, is_back(s, T));
        return;
    }
    bool inverted = T == next && !is_back(s, T) && !is_back(s, F);
    if (is_back(s, F) && !is_back(s, T)) inverted = true;
    int taken = inverted ? 1 : 0, rest = inverted ? 0 : 1;
    BcOp op = inverted ? c.inv : c.op;
    int a = c.a, bb = c.b;
    if (inverted && c.swap) { /* !(a < b) is b <= a */
        a = c.b;
        bb = c.a;
    }
    bool back;
    int label = edge_label(s, b, taken, &back);
    bool falls = bl->succ[rest].to == next && !edge_needs_moves(s, b, rest);
    ValueId cmp = sel_val(s, vec_last(&bl->insts))->args[0];
    if (back || (!fuse_set(s, op, a, bb, label, falls ? (int)next : -1) && !fuse_word(s, cmp, op, a, bb, label)))
        emit_cond(s, op, a, bb, label, back);
    Moves m = {0};
    edge_moves(s, b, rest, &m);
    emit_moves(s, &m);
    BlockId to = bl->succ[rest].to;
    if (to != next || is_back(s, to)) emit_goto(s, to, is_back(s, to));
}

/* ---- Switches -------------------------------------------------------------------------------------------- */

typedef struct Case { int64_t v; int succ; } Case;
static void sort_cases(Case *c, int n, bool sgn) { /* insertion sort of nearly sorted lists, heap order does not matter */
    for (int i = 1; i < n; i++) {
        Case x = c[i];
        int j = i - 1;
        while (j >= 0 && (sgn ? c[j].v > x.v : (uint64_t)c[j].v > (uint64_t)x.v)) {
            c[j + 1] = c[j];
            j--;
        }
        c[j + 1] = x;
    }
}

static int plain_edge_label(Sel *s, BlockId b, int k) {
    bool back;
    int l = edge_label(s, b, k, &back);
    if (!back) return l;
    int stub = emit_label_new(s);
    vec_push(&s->stubs, ((Stub){stub, 0, -1, (BlockId)l, true}));
    return stub;
}

static void switch_tree(Sel *s, BlockId b, int x, const Case *c, int n, int *labels, int deflt, bool sgn) {
    if (n <= 4) {
        for (int i = 0; i < n; i++) {
            if (c[i].v >= INT16_MIN && c[i].v <= INT16_MAX) {
                if (!fuse_set(s, BC_JEQI, x, (int)c[i].v, labels[c[i].succ], -1))
                    emit_jump(s, BC_JEQI, x, (int)c[i].v, labels[c[i].succ]);
            } else {
                int t = tmp(s, 1);
                s->ntmp--;
                emit_int(s, t, c[i].v);
                emit_jump(s, BC_JEQ, x, t, labels[c[i].succ]);
            }
        }
        emit_jump(s, BC_JMP, 0, 0, deflt);
        return;
    }
    uint64_t span = (uint64_t)c[n - 1].v - (uint64_t)c[0].v;
    if (span < (uint64_t)n * 4 && span < 4096) {
        uint32_t cnt = (uint32_t)span + 1, words = (cnt + 1) / 2;
        emit_ai(s, BC_SWITCH, x, cnt);
        emit_extra(s, (uint64_t)c[0].v);
        uint32_t at = (uint32_t)s->words.len;
        for (uint32_t i = 0; i < words; i++) emit_extra(s, 0);
        uint32_t end = at + words;
        int k = 0;
        for (uint32_t i = 0; i < cnt; i++) {
            int l = deflt;
            if (k < n && (uint64_t)c[k].v - (uint64_t)c[0].v == i) l = labels[c[k++].succ];
            vec_push(&s->fixups, ((Fixup){end, at + i / 2, l, false, true, (uint8_t)(i & 1)}));
        }
        emit_jump(s, BC_JMP, 0, 0, deflt);
        return;
    }
    int mid = n / 2, left = emit_label_new(s);
    if (c[mid].v >= (sgn ? INT16_MIN : 0) && c[mid].v <= INT16_MAX) {
        emit_jump(s, sgn ? BC_JLTSI : BC_JLTUI, x, (int)c[mid].v, left);
    } else {
        int t = tmp(s, 1);
        s->ntmp--;
        emit_int(s, t, c[mid].v);
        emit_jump(s, sgn ? BC_JLTS : BC_JLTU, x, t, left);
    }
    switch_tree(s, b, x, c + mid, n - mid, labels, deflt, sgn);
    emit_bind(s, left);
    switch_tree(s, b, x, c, mid, labels, deflt, sgn);
}

/* Where few targets share all cases: a test of a set for each. c is sorted by target, then value. */
static bool switch_sets(Sel *s, int x, const Case *c, int n, int *labels, int deflt) {
    enum { MAX_SETS = 4 };
    int sets = 0;
    for (int i = 0, from = 0; i < n; i++) {
        if (c[i].v < INT16_MIN || c[i].v > INT16_MAX) return false;
        if (i == from || labels[c[i].succ] != labels[c[from].succ] || c[i].v - c[from].v > 63) {
            from = i;
            if (++sets > MAX_SETS) return false;
        }
    }
    if (sets == n) return false;
    for (int i = 0; i < n; i++)
        if (!fuse_set(s, BC_JEQI, x, (int)c[i].v, labels[c[i].succ], -1))
            emit_jump(s, BC_JEQI, x, (int)c[i].v, labels[c[i].succ]);
    emit_jump(s, BC_JMP, 0, 0, deflt);
    return true;
}

static void emit_switch(Sel *s, BlockId b) {
    IrBlock *bl = &s->f->blocks.at[b];
    IrValue *v = sel_val(s, vec_last(&bl->insts));
    int n = (int)v->aux2;
    const int64_t *vals = v->aux.p;
    const IrType *t = sel_val(s, v->args[0])->type;
    Case *c = arena_array(&s->arena, Case, n + 1);
    int *labels = arena_array(&s->arena, int, n + 1);
    for (int i = 0; i < n; i++) c[i] = (Case){vals[i], i};
    for (int i = 0; i <= n; i++) labels[i] = plain_edge_label(s, b, i);
    sort_cases(c, n, t->is_signed);
    if (n <= 64) {
        Case *byset = arena_array(&s->arena, Case, n + 1);
        int at = 0;
        for (int i = 0; i < n; i++) /* by target, in the order of the first value */
            for (int k = i; k < n; k++) {
                bool seen = false;
                for (int j = 0; j < i && !seen; j++) seen = labels[c[j].succ] == labels[c[i].succ];
                if (!seen && labels[c[k].succ] == labels[c[i].succ]) byset[at++] = c[k];
            }
        if (switch_sets(s, reg(s, v->args[0]), byset, n, labels, labels[n])) return;
    }
    switch_tree(s, b, reg(s, v->args[0]), c, n, labels, labels[n], t->is_signed);
}

/* ---- Blocks ------------------------------------------------------------------------------------------------ */

static bool lowers_to_nothing(Sel *s, ValueId id) {
    ValInfo *vi = &s->v[id];
    if (vi->dead || vi->place == PLACE_FOLD || vi->place == PLACE_ALIAS) return true;
    if (vi->place == PLACE_CONST) return !vi->needs_slot;
    IrValue *v = sel_val(s, id);
    IrOp op = (IrOp)v->op;
    if (vi->place == PLACE_NONE && !(v->type && v->type->rep == REP_TUPLE) && !(ir_op_info[op].effects & ~EFF_READ))
        return true; /* zero-sized */
    return op == IR_RESULT || op == IR_PARAM || op == IR_CTX || op == IR_KEEPALIVE || op == IR_BLOCKPARAM;
}

/* A head that is worth repeating at the loop's end. */
static bool repeatable(Sel *s, BlockId h) {
    IrBlock *b = &s->f->blocks.at[h];
    if (sel_val(s, vec_last(&b->insts))->op != IR_BR) return false;
    int n = 0;
    for (int k = 0; k + 1 < b->insts.len; k++)
        if (!lowers_to_nothing(s, b->insts.at[k])) n++;
    return n <= 4;
}

static void emit_insts(Sel *s, BlockId b);

static void emit_terminator(Sel *s, BlockId b) {
    IrBlock *bl = &s->f->blocks.at[b];
    ValueId id = vec_last(&bl->insts);
    IrValue *v = sel_val(s, id);
    s->pos = (struct WordPos){v->pos, v->inl};
    s->ntmp = 0;
    switch (v->op) {
    case IR_JUMP: {
        Moves m = {0};
        edge_moves(s, b, 0, &m);
        emit_moves(s, &m);
        BlockId to = bl->succ[0].to;
        BlockId next = s->next_in_order < s->norder ? s->order[s->next_in_order] : UINT32_MAX;
        if (is_back(s, to)) {
            if (repeatable(s, to) && to != b) emit_insts(s, to);
            else emit_goto(s, to, true);
        } else if (to != next) emit_goto(s, to, false);
        break;
    }
    case IR_BR: emit_br(s, b); break;
    case IR_SWITCH: emit_switch(s, b); break;
    case IR_RET: {
        Moves m = {0};
        for (uint32_t i = 0; i < v->nargs; i++) moves_add(s, &m, v->args[i], s->result_slots[i]);
        int64_t c;
        if (m.len == 1 && m.at[0].n == 1 && !m.at[0].cst && m.at[0].src != m.at[0].dst) {
            emit_abc(s, BC_RET1, m.at[0].dst, m.at[0].src, 0);
        } else if (m.len == 1 && m.at[0].cst && sel_const_int(s, m.at[0].cst, &c) && c >= INT32_MIN && c <= INT32_MAX) {
            emit_ai(s, BC_RETI, m.at[0].dst, c);
        } else {
            emit_moves(s, &m);
            emit_ai(s, BC_RET, 0, 0);
        }
        break;
    }
    case IR_PANIC:
        emit_ai(s, BC_PANIC, reg(s, v->args[0]), 0);
        emit_safe(s, id);
        emit_ai(s, BC_UNREACHABLE, 0, 0); /* so that the return pc lies in this function */
        break;
    case IR_UNREACHABLE: emit_ai(s, BC_UNREACHABLE, 0, 0); break;
    default: bug("%s is no terminator", ir_op_info[v->op].name);
    }
}

static void emit_insts(Sel *s, BlockId b) {
    IrBlock *bl = &s->f->blocks.at[b];
    BlockId save = s->cur;
    s->cur = b;
    for (int k = 0; k + 1 < bl->insts.len; k++) {
        ValueId id = bl->insts.at[k];
        if (lowers_to_nothing(s, id)) continue;
        s->pos = (struct WordPos){sel_val(s, id)->pos, sel_val(s, id)->inl};
        s->ntmp = 0;
        s->cur_pos = s->v[id].pos;
        uint32_t at = (uint32_t)s->words.len;
        if (s->v[id].place == PLACE_CONST) emit_const(s, id, dst(s, id));
        else lower_inst(s, id);
        fuse_inst(s, id, at);
    }
    emit_terminator(s, b);
    s->cur = save;
}

static void emit_stubs(Sel *s) {
    for (int i = 0; i < s->stubs.len; i++) { /* a stub adds none */
        Stub st = s->stubs.at[i];
        s->ntmp = 0;
        emit_bind(s, st.label);
        if (st.succ >= 0) {
            s->cur = st.from;
            IrValue *t = sel_val(s, vec_last(&s->f->blocks.at[st.from].insts));
            s->pos = (struct WordPos){t->pos, t->inl};
            Moves m = {0};
            edge_moves(s, st.from, st.succ, &m);
            emit_moves(s, &m);
        }
        emit_goto(s, st.to, st.back);
    }
}

/* Zeroes what the collector scans all the time: objects are laid out with pointers first, one run. */
static void zero_objects(Sel *s) {
    IrFunc *f = s->f;
    int first = FRAME_ARGS + s->nparam_slots, from = 0, to = 0;
    for (int i = 0; i < s->objects.len; i++) {
        FrameObject *o = &s->objects.at[i];
        if ((int)o->slot < first) continue; /* parameters come with values */
        if (to && (int)o->slot == to) {
            to = (int)(o->slot + o->nslots);
            continue;
        }
        if (to) emit_ai(s, BC_ZERON, from, to - from);
        from = (int)o->slot;
        to = (int)(o->slot + o->nslots);
    }
    if (to) emit_ai(s, BC_ZERON, from, to - from);
    if (f->has_defer) /* a recovered panic returns them as they are */
        for (int i = 0; i < f->nresults; i++)
            if (!f->results[i]->has_ptrs && f->results[i]->nslots)
                emit_ai(s, BC_ZERON, s->result_slots[i], f->results[i]->nslots);
}

static void emit_all(Sel *s) {
    IrFunc *f = s->f;
    s->words.len = s->wpos.len = s->relocs.len = s->fixups.len = s->stubs.len = s->maps.len = 0;
    s->out_base = s->nslots + s->tmp_cap;
    s->last_inst = s->last_safe = UINT32_MAX;
    s->last_label = 0;
    s->recent.len = 0;
    s->tmp_max = 0;
    s->nlabels = 0;
    while (s->nlabels < s->nblocks) emit_label_new(s);
    s->pos = (struct WordPos){f->pos, 0};
    s->need_long = false;
    if (f->try_native) emit_ai(s, BC_TRYNATIVE, 0, f->try_native - 1);
    zero_objects(s);
    for (int i = 0; i < s->norder; i++) {
        BlockId b = s->order[i];
        /* the map of a back-edge's target and that of a safepoint before it must not share a key */
        if (s->loop_target[b] && s->last_safe == (uint32_t)s->words.len) emit_ai(s, BC_NOP, 0, 0);
        uint32_t label = s->last_label;
        emit_bind(s, (int)b);
        if (s->only_falls[b]) s->last_label = label; /* no jump leads here: fuse.c may look across */
        s->next_in_order = i + 1;
        emit_insts(s, b);
    }
    s->next_in_order = s->norder;
    emit_stubs(s);
    fix_jumps(s);
}

void emit_function(Sel *s) {
    for (;;) {
        emit_all(s);
        bool again = false;
        if (s->tmp_max > s->tmp_cap) {
            s->tmp_cap = s->tmp_max;
            again = true;
        }
        if (s->need_long && !s->long_jumps) s->long_jumps = again = true;
        if (!again) return;
    }
}
