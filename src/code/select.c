/* select: SSA to bytecode, first phase. Decides the order of blocks, which values need slots at all, which are
 * parts of another value's slots (the length of a string lies in the string's second slot) and which
 * instructions are folded into their single user: a comparison into its branch, an address computation into
 * its load or store, a small constant into an immediate.
 * The order of memory effects is kept: an address whose computation may panic moves down to its user only when
 * nothing with a side effect stands between. See the result with --dump=bc. */
#include "code/code_int.h"

#include "ir/ir_int.h"
#include "opt/opt.h"

/* ---- Properties of ops ------------------------------------------------------------------------- */

bool sel_is_direct(const IrType *t) { return t->size == 8 && t->has_ptrs; }

bool sel_is_safepoint(Sel *s, ValueId inst) {
    IrValue *v = sel_val(s, inst);
    if (v->op == IR_INTRINSIC) return true;
    return (ir_op_info[v->op].effects & (EFF_ALLOC | EFF_CALL)) != 0;
}

bool sel_clobbers_out(Sel *s, ValueId inst) {
    switch (sel_val(s, inst)->op) {
    case IR_CALL: case IR_CALLCLOSURE: case IR_CALLIFACE: case IR_GO: case IR_DEFERRETURN: return true;
    default: return false;
    }
}

int sel_scratch_slots(Sel *s, ValueId inst) {
    IrValue *v = sel_val(s, inst);
    int n = 0;
    switch (v->op) {
    case IR_INTRINSIC: case IR_PURE: {
        int64_t c;
        if (v->nargs < 2 || sel_rotates(s, inst, &c)) return 0;
    }
        /* fallthrough */
    case IR_STRCONCAT: case IR_CLOSURE: case IR_SELECT:
        for (uint32_t i = 0; i < v->nargs; i++) n += sel_nslots(s, v->args[i]);
        return n;
    default: return 0;
    }
}

static bool is_compare(int op) { return op >= IR_EQ && op <= IR_GE; }

bool sel_const_int(Sel *s, ValueId id, int64_t *out) {
    IrValue *v = sel_val(s, id);
    if (v->op == IR_CONST) *out = v->aux.i;
    else if (v->op == IR_ZERO && (v->type->rep == REP_INT || v->type->rep == REP_PTR)) *out = 0;
    else return false;
    return true;
}

bool sel_imm16(Sel *s, ValueId id, int64_t *out) {
    return sel_const_int(s, id, out) && *out >= INT16_MIN && *out <= INT16_MAX;
}

bool sel_rotates(Sel *s, ValueId inst, int64_t *count) {
    IrValue *v = sel_val(s, inst);
    return v->op == IR_PURE && (v->aux.i == INTRIN_ROTL32 || v->aux.i == INTRIN_ROTL64) &&
           sel_const_int(s, v->args[1], count);
}

static bool empty_string(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    return v->type->rep == REP_STR && (v->op == IR_ZERO || (v->op == IR_STRCONST && v->aux2 == 0));
}

/* Does constant c fit as the immediate of int op with operand type t (operand 1)? */
static bool int_imm_fits(int op, const IrType *t, int64_t c) {
    bool sgn = t->rep == REP_INT && t->is_signed;
    int64_t bits = t->rep == REP_INT ? (int64_t)t->size * 8 : 64;
    switch (op) {
    case IR_SUB: return c > INT16_MIN && c <= INT16_MAX;
    case IR_ADD: case IR_MUL: case IR_AND: case IR_OR: case IR_XOR: case IR_EQ: case IR_NE:
        return c >= INT16_MIN && c <= INT16_MAX;
    case IR_ANDNOT: return ~c >= INT16_MIN && ~c <= INT16_MAX;
    case IR_SHL: case IR_SHR: return c >= 0 && c < bits;
    case IR_DIV: case IR_MOD: return c <= INT16_MAX && (sgn ? c >= INT16_MIN && c != 0 && c != -1 : c > 0);
    case IR_LT: case IR_LE: case IR_GT: case IR_GE:
        return c <= INT16_MAX && (sgn ? c >= INT16_MIN : c >= 0);
    default: return false;
    }
}

bool sel_arg_folds(Sel *s, ValueId inst, uint32_t i) {
    IrValue *v = sel_val(s, inst);
    ValueId a = v->args[i];
    IrValue *av = sel_val(s, a);
    int64_t c;
    switch (v->op) {
    case IR_CALL: case IR_GO: case IR_STRCONCAT: case IR_CLOSURE: case IR_SELECT: case IR_RET:
    case IR_SLICEMAKE: case IR_STRMAKE: case IR_IFACEMAKE: case IR_AGGMAKE: case IR_KEEPALIVE:
        return v->op != IR_GO || v->aux.sym || i > 0;
    case IR_AGGSET: return i == 1;
    case IR_CALLCLOSURE: case IR_CALLIFACE: return i > 0;
    case IR_INTRINSIC: case IR_PURE: return v->nargs >= 2 && (i == 1 || !sel_rotates(s, inst, &c));
    case IR_CMAKE: return v->type->rep == REP_C128;
    case IR_LOCALSET: return true;
    case IR_STORE:
        if (i == 0) return av->op == IR_LOCALADDR || av->op == IR_SYMADDR;
        return av->op == IR_ZERO && av->type->nslots > 1;
    case IR_LOAD: return av->op == IR_LOCALADDR || av->op == IR_SYMADDR;
    case IR_ARRADDR:
        return i == 0 && av->op == IR_LOCALADDR && av->aux2 % 8 == 0 && s->v[inst].place == PLACE_FOLD;
    case IR_FIELDADDR: return s->v[inst].place == PLACE_FOLD && (av->op == IR_LOCALADDR || av->op == IR_SYMADDR);
    case IR_SLICESLICE: case IR_STRSLICE: case IR_ARRSLICE: return false;
    case IR_ADD: case IR_MUL: case IR_AND: case IR_OR: case IR_XOR:
        if (!sel_const_int(s, a, &c)) return false;
        if (i == 0) {
            int64_t c1;
            if (sel_const_int(s, v->args[1], &c1) && int_imm_fits(v->op, v->type, c1)) return false;
        }
        return int_imm_fits(v->op, v->type, c);
    case IR_SUB:
        if (!sel_const_int(s, a, &c)) return false;
        if (i == 0) {
            int64_t c1;
            if (sel_const_int(s, v->args[1], &c1) && int_imm_fits(v->op, v->type, c1)) return false;
            return c >= INT16_MIN && c <= INT16_MAX;
        }
        return int_imm_fits(v->op, v->type, c);
    case IR_ANDNOT: case IR_SHL: case IR_SHR: case IR_DIV: case IR_MOD:
        return i == 1 && sel_const_int(s, a, &c) && int_imm_fits(v->op, v->type, c);
    case IR_EQ: case IR_NE: case IR_LT: case IR_LE: case IR_GT: case IR_GE: {
        if (empty_string(s, a) && (v->op == IR_EQ || v->op == IR_NE))
            return i == 1 || !empty_string(s, v->args[1]);
        if (!sel_const_int(s, a, &c)) return false;
        int64_t c1;
        if (i == 0 && sel_const_int(s, v->args[1], &c1) && int_imm_fits(v->op, av->type, c1)) return false;
        return int_imm_fits(v->op, av->type, c);
    }
    default: return false;
    }
}

/* Ops that read all operands before they write their one result slot. */
static Timing use_timing(Sel *s, IrValue *v, uint32_t i) {
    switch (v->op) {
    case IR_STRCONCAT: case IR_CLOSURE: case IR_INTRINSIC: case IR_PURE: return USE_EARLY; /* the map needs them in place */
    case IR_CALL: case IR_GO:
        return i == 0 && v->op == IR_GO && !v->aux.sym ? USE_EARLY : USE_MOVED;
    case IR_CALLCLOSURE: case IR_CALLIFACE: return i ? USE_MOVED : USE_EARLY;
    case IR_AGGSET: case IR_APPEND: case IR_APPENDSLICE: return i ? USE_LATE : USE_EARLY;
    case IR_ADD: case IR_SUB: case IR_MUL: case IR_DIV: case IR_MOD: case IR_AND: case IR_OR: case IR_XOR:
    case IR_ANDNOT: case IR_SHR: case IR_SHL: case IR_NEG: case IR_COM: case IR_NOT: case IR_CONV:
    case IR_FADD: case IR_FSUB: case IR_FMUL: case IR_FDIV: case IR_FNEG:
    case IR_EQ: case IR_NE: case IR_LT: case IR_LE: case IR_GT: case IR_GE:
    case IR_STRINDEX: case IR_ELEMADDR: case IR_ARRADDR: case IR_FIELDADDR: case IR_IFACETYPE:
    case IR_MAPLEN: case IR_CHANLEN: case IR_CHANCAP: case IR_IFACEEQ: case IR_MEMEQ:
    case IR_SLICETOARR: case IR_CREAL: case IR_CIMAG: case IR_BOX:
        return v->type->nslots == 1 ? USE_EARLY : USE_LATE;
    case IR_LOAD: case IR_UNBOX: return v->type->nslots == 1 ? USE_EARLY : USE_LATE;
    default: return USE_LATE;
    }
}

/* ---- Walking operands -------------------------------------------------------------------------- */

static void walk(Sel *s, ValueId inst, UseFn fn, void *ctx, const Timing *force) {
    IrValue *v = sel_val(s, inst);
    for (uint32_t i = 0; i < v->nargs; i++) {
        ValueId a = v->args[i];
        if (!a) continue;
        Timing t = force ? *force : use_timing(s, v, i);
        ValInfo *ai = &s->v[a];
        switch ((Place)ai->place) {
        case PLACE_NONE: break;
        case PLACE_FOLD: walk(s, a, fn, ctx, &t); break;
        case PLACE_ALIAS: fn(s, ai->root, t, ctx); break;
        case PLACE_SLOT: fn(s, a, t, ctx); break;
        case PLACE_CONST:
            if (!sel_arg_folds(s, inst, i)) fn(s, a, t, ctx);
            break;
        }
    }
}

void sel_each_use(Sel *s, ValueId inst, UseFn fn, void *ctx) { walk(s, inst, fn, ctx, NULL); }

bool sel_is_root(Sel *s, ValueId v) {
    return s->v[v].place == PLACE_SLOT || (s->v[v].place == PLACE_CONST && s->v[v].needs_slot);
}

/* ---- Block order -------------------------------------------------------------------------------- */

static void order_from(Sel *s, BlockId root, BlockId *post, int *npost, bool *seen) {
    IrFunc *f = s->f;
    struct { BlockId b; int next; } *st = arena_alloc(&s->arena, sizeof *st * (size_t)(s->nblocks + 1));
    int sp = 0;
    if (seen[root]) return;
    seen[root] = true;
    st[sp].b = root;
    st[sp++].next = f->blocks.at[root].nsucc - 1;
    while (sp) {
        IrBlock *b = &f->blocks.at[st[sp - 1].b];
        if (st[sp - 1].next >= 0) {
            BlockId to = b->succ[st[sp - 1].next--].to;
            if (seen[to]) continue;
            seen[to] = true;
            st[sp].b = to;
            st[sp++].next = f->blocks.at[to].nsucc - 1;
        } else {
            post[(*npost)++] = st[--sp].b;
        }
    }
}

static void order_blocks(Sel *s) {
    IrFunc *f = s->f;
    int n = s->nblocks, npost = 0;
    BlockId *post = arena_array(&s->arena, BlockId, n);
    bool *seen = arena_array(&s->arena, bool, n);
    if (f->recover_block) order_from(s, f->recover_block, post, &npost, seen);
    order_from(s, 0, post, &npost, seen);
    /* a block is cold when marked, or when only cold blocks lead to it: dominators then stand first */
    int *rpo_of = arena_array(&s->arena, int, n);
    bool *hot = arena_array(&s->arena, bool, n);
    for (int i = 0; i < npost; i++) rpo_of[post[i]] = npost - 1 - i;
    hot[0] = true;
    if (f->recover_block) hot[f->recover_block] = true;
    for (int i = npost - 1; i >= 0; i--) {
        IrBlock *b = &f->blocks.at[post[i]];
        if (b->unlikely && b->id) hot[b->id] = false;
        if (!hot[b->id]) continue;
        for (int k = 0; k < b->nsucc; k++)
            if (rpo_of[b->succ[k].to] > rpo_of[b->id]) hot[b->succ[k].to] = true;
    }
    s->order = arena_array(&s->arena, BlockId, n);
    s->order_of = arena_array(&s->arena, int, n);
    for (int i = 0; i < n; i++) s->order_of[i] = -1;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = npost - 1; i >= 0; i--) {
            if (hot[post[i]] != (pass == 0)) continue;
            s->order_of[post[i]] = s->norder;
            s->order[s->norder++] = post[i];
        }
    }
    s->block_pos = arena_array(&s->arena, uint32_t, n);
    s->block_end = arena_array(&s->arena, uint32_t, n);
    uint32_t pos = 0, total = 0;
    for (int i = 0; i < s->norder; i++) total += 1 + (uint32_t)f->blocks.at[s->order[i]].insts.len;
    s->inst_at = arena_array(&s->arena, ValueId, total + 1);
    s->barriers = arena_array(&s->arena, uint32_t, total + 2);
    uint32_t nbar = 0;
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        s->block_pos[b->id] = pos;
        s->barriers[pos++] = nbar;
        for (int k = 0; k < b->insts.len; k++) {
            ValueId id = b->insts.at[k];
            s->inst_at[pos] = id;
            s->v[id].pos = pos;
            s->v[id].block = b->id;
            s->barriers[pos++] = nbar;
            if (ir_op_info[sel_val(s, id)->op].effects & (EFF_WRITE | EFF_ALLOC | EFF_CALL | EFF_CONTROL)) nbar++;
        }
        for (int k = 0; k < b->params.len; k++) {
            s->v[b->params.at[k]].pos = s->block_pos[b->id];
            s->v[b->params.at[k]].block = b->id;
        }
        s->block_end[b->id] = pos;
    }
    s->npos = pos;
    /* loop targets: heads of back-edges, and where a head that is repeated at the loop's end leads */
    s->loop_target = arena_array(&s->arena, bool, n);
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->nsucc; k++) {
            BlockId to = b->succ[k].to;
            if (s->order_of[to] > i) continue;
            s->loop_target[to] = true;
            IrBlock *h = &f->blocks.at[to];
            for (int j = 0; j < h->nsucc; j++) s->loop_target[h->succ[j].to] = true;
        }
    }
    s->only_falls = arena_array(&s->arena, bool, n);
    int *npreds = arena_array(&s->arena, int, n);
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->nsucc; k++) {
            npreds[b->succ[k].to]++;
            s->only_falls[b->succ[k].to] = s->order_of[b->succ[k].to] == i + 1;
        }
    }
    for (int i = 0; i < n; i++) s->only_falls[i] &= npreds[i] == 1 && !s->loop_target[i];
}

/* ---- Uses and dead values ------------------------------------------------------------------------- */

static void count_uses(Sel *s, int delta, ValueId id) {
    IrValue *v = sel_val(s, id);
    for (uint32_t i = 0; i < v->nargs; i++)
        if (v->args[i]) s->v[v->args[i]].uses += (uint32_t)delta;
}

static bool removable(IrValue *v) {
    unsigned e = ir_op_info[v->op].effects;
    if (v->op == IR_FIELDADDR && (v->flags & IRF_NONNIL)) return true;
    if ((v->op == IR_ELEMADDR || v->op == IR_DIV || v->op == IR_MOD || v->op == IR_SHL || v->op == IR_SHR) &&
        (v->flags & IRF_INBOUNDS))
        return true;
    if (v->op == IR_LOAD && (v->flags & IRF_NONNIL)) return true;
    return !(e & ~(unsigned)(EFF_READ | EFF_ALLOC));
}

static void find_dead(Sel *s) {
    IrFunc *f = s->f;
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->insts.len; k++) count_uses(s, 1, b->insts.at[k]);
        for (int k = 0; k < b->nsucc; k++)
            for (int j = 0; j < b->succ[k].nargs; j++) s->v[b->succ[k].args[j]].uses++;
    }
    for (int i = s->norder - 1; i >= 0; i--) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = b->insts.len - 1; k >= 0; k--) {
            ValueId id = b->insts.at[k];
            if (s->v[id].uses || !removable(sel_val(s, id))) continue;
            s->v[id].dead = true;
            count_uses(s, -1, id);
        }
    }
}

/* ---- Aliases ------------------------------------------------------------------------------------- */

/* A conversion between integers that changes no bit of the slot. */
static bool conv_is_free(const IrType *to, const IrType *from) {
    if (from->rep == REP_PTR && (to->rep == REP_PTR || (to->rep == REP_INT && to->size == 8))) return true;
    if (to->rep == from->rep && to->rep != REP_INT) return true;
    if (to->rep != REP_INT || from->rep != REP_INT) return false;
    if (to->size == 8) return true;
    if (to->size == from->size) return to->is_signed == from->is_signed;
    return to->size > from->size && (!from->is_signed || to->is_signed);
}

static bool alias_of(Sel *s, ValueId id, int *off) {
    IrValue *v = sel_val(s, id);
    const IrType *at = v->nargs ? sel_val(s, v->args[0])->type : NULL;
    *off = 0;
    switch (v->op) {
    case IR_STRPTR: case IR_SLICEPTR: case IR_IFACETAB: case IR_STRTMP: return true;
    case IR_STRLEN: case IR_SLICELEN: case IR_IFACEDATA: *off = 1; return true;
    case IR_SLICECAP: *off = 2; return true;
    case IR_IFACETYPE: return at->eface;
    case IR_CREAL: return at->rep == REP_C128;
    case IR_CIMAG: *off = 1; return at->rep == REP_C128;
    case IR_CONV: return conv_is_free(v->type, at);
    case IR_PURE: return v->aux.i == INTRIN_F64BITS || v->aux.i == INTRIN_F64FROMBITS;
    case IR_UNBOX: return sel_is_direct(v->aux.t);
    case IR_BOX: return sel_is_direct(v->aux.t);
    case IR_AGGGET:
        if (v->aux2 % 8 || v->type->size % 8) return v->aux2 == 0 && at->size == v->type->size && at->rep == v->type->rep;
        *off = (int)(v->aux2 / 8);
        return true;
    default: return false;
    }
}

static void classify(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    ValInfo *vi = &s->v[id];
    if (vi->dead || !v->type || !v->type->nslots || v->type->rep == REP_TUPLE) {
        vi->place = PLACE_NONE;
        return;
    }
    switch (v->op) {
    case IR_CONST: case IR_FCONST: case IR_STRCONST: case IR_ZERO: case IR_SYMADDR: case IR_LOCALADDR:
        vi->place = PLACE_CONST;
        return;
    default: break;
    }
    int off;
    if (alias_of(s, id, &off)) {
        ValInfo *ai = &s->v[v->args[0]];
        if (ai->place == PLACE_NONE) { /* parts of nothing */
            vi->place = PLACE_NONE;
            return;
        }
        vi->place = PLACE_ALIAS;
        vi->root = ai->place == PLACE_ALIAS ? ai->root : v->args[0];
        vi->off = off + (ai->place == PLACE_ALIAS ? ai->off : 0);
        return;
    }
    vi->place = PLACE_SLOT;
}

/* ---- Folding -------------------------------------------------------------------------------------- */

static bool fusable_compare(Sel *s, ValueId c) {
    IrValue *v = sel_val(s, c);
    if (!is_compare(v->op)) return false;
    const IrType *t = sel_val(s, v->args[0])->type;
    switch ((IrRep)t->rep) {
    case REP_INT: case REP_PTR: case REP_F64: return true;
    case REP_STR: return v->op == IR_EQ || v->op == IR_NE;
    default: return false;
    }
}

static void note_memuse(Sel *s, ValueId p, BlockId block, uint32_t pos) {
    ValInfo *pi = &s->v[p];
    IrValue *pv = sel_val(s, p);
    bool pure = pv->op == IR_FIELDADDR && (pv->flags & IRF_NONNIL);
    if (pi->block != block && !pure) return;
    pi->memuses++;
    pi->first_use = pos; /* uses are visited from the last to the first */
}

static bool is_access(Sel *s, ValueId addr, ValueId user) {
    IrValue *uv = sel_val(s, user);
    return !s->v[user].dead && (uv->op == IR_LOAD || uv->op == IR_STORE) && uv->args[0] == addr;
}

/* Is user a load or store of the whole element whose address is id (v), with an indexed form? */
static bool element_access(Sel *s, IrValue *v, ValueId id, ValueId user) {
    if (!is_access(s, id, user)) return false;
    IrValue *uv = sel_val(s, user);
    const IrType *t = uv->op == IR_LOAD ? uv->type : uv->aux.t;
    if (uv->aux2 != 0 || (int64_t)t->size != v->aux.i) return false;
    if (v->op == IR_ELEMADDR ? mem_kind(t) > MEM_3 : mem_kind(t) > MEM_64) return false;
    return uv->op != IR_STORE || sel_val(s, uv->args[1])->op != IR_ZERO || t->nslots == 1;
}

static void fold(Sel *s) {
    IrFunc *f = s->f;
    for (int i = s->norder - 1; i >= 0; i--) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = b->insts.len - 1; k >= 0; k--) {
            ValueId id = b->insts.at[k];
            IrValue *v = sel_val(s, id);
            ValInfo *vi = &s->v[id];
            if (vi->dead) continue;
            switch (v->op) {
            case IR_BR: {
                ValueId c = v->args[0];
                while (sel_val(s, c)->op == IR_NOT && s->v[c].uses == 1 && s->v[c].place == PLACE_SLOT) {
                    s->v[c].place = PLACE_FOLD;
                    c = sel_val(s, c)->args[0];
                }
                if (s->v[c].uses == 1 && s->v[c].place == PLACE_SLOT && s->v[c].block == b->id && fusable_compare(s, c))
                    s->v[c].place = PLACE_FOLD;
                break;
            }
            case IR_LOAD: case IR_STORE: {
                ValueId p = v->args[0];
                note_memuse(s, p, b->id, vi->pos);
                break;
            }
            case IR_FIELDADDR: {
                if (!vi->uses || vi->memuses != vi->uses || vi->place != PLACE_SLOT) break;
                IrValue *av = sel_val(s, v->args[0]);
                bool pure = (v->flags & IRF_NONNIL) || av->op == IR_LOCALADDR || av->op == IR_SYMADDR;
                if (!pure && s->barriers[vi->first_use] != s->barriers[vi->pos]) break;
                vi->place = PLACE_FOLD;
                note_memuse(s, v->args[0], b->id, vi->first_use);
                break;
            }
            case IR_ELEMADDR: case IR_ARRADDR: {
                /* once or twice: two indexed accesses are cheaper than the address and two accesses */
                if (vi->memuses != vi->uses || vi->uses > 2 || vi->place != PLACE_SLOT) break;
                if (!vi->uses || s->barriers[vi->first_use] != s->barriers[vi->pos]) break;
                uint32_t fit = 0;
                for (uint32_t p = vi->first_use; fit < vi->uses && element_access(s, v, id, s->inst_at[p]); ) {
                    fit++;
                    for (p++; p < s->block_end[b->id] && !is_access(s, id, s->inst_at[p]); p++) {}
                    if (p == s->block_end[b->id]) break;
                }
                if (fit == vi->uses) vi->place = PLACE_FOLD;
                break;
            }
            default: break;
            }
        }
    }
}

Addr sel_addr_base(Sel *s, ValueId p) {
    IrValue *v = sel_val(s, p);
    Addr a = {.base = v->args[0], .index = v->args[1], .size = v->aux.i, .len = v->aux2};
    if (v->op == IR_ELEMADDR) {
        a.kind = ADDR_SLICE;
        return a;
    }
    IrValue *b = sel_val(s, a.base);
    a.kind = ADDR_ARRPTR;
    if (b->op == IR_LOCALADDR && b->aux2 % 8 == 0) {
        a.kind = ADDR_ARRLOCAL;
        a.var = b->aux.var;
        a.off = b->aux2;
    }
    return a;
}

Addr sel_addr(Sel *s, ValueId p, int64_t off) {
    IrValue *v = sel_val(s, p);
    while (v->op == IR_FIELDADDR && s->v[p].place == PLACE_FOLD) {
        off += v->aux2;
        p = v->args[0];
        v = sel_val(s, p);
    }
    if ((v->op == IR_ELEMADDR || v->op == IR_ARRADDR) && s->v[p].place == PLACE_FOLD) return sel_addr_base(s, p);
    if (v->op == IR_LOCALADDR) return (Addr){.kind = ADDR_LOCAL, .var = v->aux.var, .off = off + v->aux2};
    if (v->op == IR_SYMADDR) return (Addr){.kind = ADDR_GLOBAL, .sym = v->aux.sym, .off = off + v->aux2};
    return (Addr){.kind = ADDR_PTR, .base = p, .off = off};
}

/* ---- Constants that need slots ---------------------------------------------------------------------- */

static void need_slot(Sel *s, ValueId v, Timing t, void *ctx) {
    if (s->v[v].place == PLACE_CONST) s->v[v].needs_slot = true;
}

static void link_results(Sel *s, ValueId id) {
    IrValue *v = sel_val(s, id);
    if (v->op != IR_RESULT || s->v[id].dead) return;
    ValueId t = v->args[0];
    IrValue *tv = sel_val(s, t);
    ValInfo *ti = &s->v[t];
    int n = tv->type->rep == REP_TUPLE ? tv->type->nelems : 1;
    if (!ti->results) {
        ti->results = arena_array(&s->arena, ValueId, n);
        ti->nresults = n;
    }
    check(v->aux.i >= 0 && v->aux.i < n);
    ValueId *slot = &ti->results[v->aux.i];
    if (tv->type->rep != REP_TUPLE) { /* RESULT 0 of a single-valued op is that value */
        s->v[id].place = s->v[t].place == PLACE_NONE ? PLACE_NONE : PLACE_ALIAS;
        s->v[id].root = t;
        s->v[id].off = 0;
    } else if (*slot) {
        s->v[id].place = PLACE_ALIAS;
        s->v[id].root = *slot;
        s->v[id].off = 0;
    } else {
        *slot = id;
        s->v[id].pos = ti->pos;
        s->v[id].block = ti->block;
    }
}

static void analyze(Sel *s) {
    IrFunc *f = s->f;
    order_blocks(s);
    find_dead(s);
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->params.len; k++)
            s->v[b->params.at[k]].place =
                sel_nslots(s, b->params.at[k]) ? PLACE_SLOT : PLACE_NONE;
    }
    for (int i = 0; i < s->norder; i++) { /* dominators stand first */
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->insts.len; k++) {
            classify(s, b->insts.at[k]);
            link_results(s, b->insts.at[k]);
        }
    }
    fold(s);
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->insts.len; k++) {
            ValueId id = b->insts.at[k];
            ValInfo *vi = &s->v[id];
            if (vi->dead || vi->place == PLACE_FOLD) continue;
            if (vi->place == PLACE_ALIAS) {
                if (s->v[vi->root].place == PLACE_CONST) s->v[vi->root].needs_slot = true;
                continue;
            }
            sel_each_use(s, id, need_slot, NULL);
        }
    }
}

/* ---- Driver ----------------------------------------------------------------------------------------- */

/* Other files than the function's own that its positions lie in (//line, package init): entries behind the inlined
 * calls, see InlineInfo. */
typedef struct OtherFiles { int base, n; const char *files[32]; } OtherFiles;
static int other_file(const CodeFunc *cf, OtherFiles *of, const char *file) {
    if (!file || str_is(cf->file, file)) return -1;
    if (!*file) file = "??"; /* "//line :7" */
    int k = 0;
    while (k < of->n && strcmp(of->files[k], file)) k++;
    if (k == (int)ARRAY_LEN(of->files)) return -1;
    if (k == of->n) of->files[of->n++] = file;
    return of->base + k;
}

static void finish(Sel *s, CodeFunc *cf) {
    IrFunc *f = s->f;
    Arena *a = &s->u->arena;
    cf->nwords = (uint32_t)s->words.len;
    cf->words = arena_memdup(a, s->words.at, sizeof(uint64_t) * (size_t)s->words.len);
    cf->nrelocs = (uint32_t)s->relocs.len;
    if (s->relocs.len) cf->relocs = arena_memdup(a, s->relocs.at, sizeof s->relocs.at[0] * (size_t)s->relocs.len);
    cf->frame_slots = (uint32_t)(s->out_base + s->out_max);
    cf->param_slots = (uint16_t)s->nparam_slots;
    cf->result_slots = (uint16_t)s->nresult_slots;
    cf->flags = (f->has_defer ? VMFUNC_HAS_DEFER : 0u) | (f->is_wrapper ? VMFUNC_WRAPPER : 0u) |
                (f->has_ctx ? VMFUNC_HAS_CTX : 0u);
    cf->name = str_dup(a, f->name);
    if (f->recover_block && s->order_of[f->recover_block] >= 0) cf->recover_pc = (uint32_t)s->labels[f->recover_block];
    cf->nobjects = (uint32_t)s->objects.len;
    cf->objects = arena_array(a, FrameObject, s->objects.len);
    for (int i = 0; i < s->objects.len; i++) {
        FrameObject o = s->objects.at[i];
        o.ptrmask = arena_memdup(a, o.ptrmask, (o.nslots + 7) / 8);
        cf->objects[i] = o;
    }
    cf->args_ptrs_words = (uint32_t)s->nparam_slots;
    uint8_t *args = arena_alloc(a, (size_t)s->nparam_slots / 8 + 1);
    int at = 0;
    for (int i = 0; i < f->nparams; i++) {
        const IrType *t = f->params[i];
        for (uint32_t w = 0; t->has_ptrs && w < t->nslots; w++)
            if (t->ptrmask[w / 8] >> (w % 8) & 1) args[(at + (int)w) / 8] |= (uint8_t)(1 << ((at + (int)w) % 8));
        at += (int)t->nslots;
    }
    cf->args_ptrs = args;
    /* lines: a run of words with one position is converted once */
    Session *syn = s->u->ts ? s->u->ts->syn : NULL;
    LineEnc le = {0};
    if (syn && f->pos) {
        Location loc = pos_location(syn, f->pos);
        cf->start_line = loc.line;
        if (loc.file) cf->file = str_dup(a, str_c(loc.file));
    }
    le.start_line = cf->start_line;
    struct WordPos last = {0};
    int line = cf->start_line;
    OtherFiles of = {.base = f->inlines.len};
    for (int i = 0; syn && i < f->inlines.len; i++)
        if (f->inlines.at[i].parent < 0) other_file(cf, &of, pos_location(syn, f->inlines.at[i].call_pos).file);
    for (int i = 0; i < s->wpos.len; i++) {
        struct WordPos p = s->wpos.at[i];
        if (p.inl == last.inl && p.index_unsigned == last.index_unsigned && (!p.pos || p.pos == last.pos)) continue;
        last = p;
        int inl = (int)p.inl - 1;
        if (syn && p.pos) {
            Location loc = pos_location(syn, p.pos);
            line = loc.line;
            if (inl < 0) inl = other_file(cf, &of, loc.file);
        } else if (syn) line = cf->start_line;
        line_enc_add(&le, (uint32_t)i, line, p.index_unsigned ? inl + LINE_UNSIGNED : inl);
    }
    cf->ninlines = (uint32_t)(f->inlines.len + of.n);
    cf->inlines = arena_array(a, InlineInfo, cf->ninlines);
    for (int i = 0; i < of.n; i++)
        cf->inlines[f->inlines.len + i] = (InlineInfo){.func = "", .file = str_dup(a, str_c(of.files[i])).p, .parent = -1};
    for (int i = 0; i < f->inlines.len; i++) {
        IrInline *in = &f->inlines.at[i];
        cf->inlines[i] = (InlineInfo){.func = str_dup(a, in->func).p, .file = "", .parent = in->parent};
        if (!syn) continue;
        Location call = pos_location(syn, in->call_pos);
        cf->inlines[i].call_line = call.line;
        if (in->parent < 0) cf->inlines[i].parent = other_file(cf, &of, call.file);
        Location loc = pos_location(syn, in->func_pos);
        if (loc.file) cf->inlines[i].file = str_dup(a, str_c(loc.file)).p;
    }
    cf->nlines = (uint32_t)le.out.len;
    cf->lines = arena_memdup(a, le.out.data ? le.out.data : "", le.out.len);
    buf_free(&le.out);
    MapEnc me = {.nslots = cf->frame_slots > FRAME_MAPPED ? cf->frame_slots - FRAME_MAPPED : 0};
    for (int i = 1; i < s->maps.len; i++) { /* nearly sorted: back-edge targets lie before */
        MapPoint m = s->maps.at[i];
        int j = i - 1;
        while (j >= 0 && s->maps.at[j].word > m.word) {
            s->maps.at[j + 1] = s->maps.at[j];
            j--;
        }
        s->maps.at[j + 1] = m;
    }
    for (int i = 0; i < s->maps.len; i++) {
        if (i && s->maps.at[i].word == s->maps.at[i - 1].word) {
            check(!memcmp(s->maps.at[i].bits, s->maps.at[i - 1].bits, (me.nslots + 7) / 8));
            continue;
        }
        map_enc_add(&me, s->maps.at[i].word, s->maps.at[i].bits);
    }
    Buf out = {0};
    map_enc_finish(&me, &out);
    cf->nmaps = (uint32_t)out.len;
    cf->maps = arena_memdup(a, out.data ? out.data : "", out.len);
    buf_free(&out);
}

CodeFunc *code_function(IrFunc *f) {
    Sel sel = {.f = f, .u = f->unit, .nvals = f->values.len, .nblocks = f->blocks.len};
    Sel *s = &sel;
    s->v = arena_array(&s->arena, ValInfo, s->nvals + 1);
    for (int i = 0; i < s->nvals; i++) {
        s->v[i].cls = (ValueId)i;
        s->v[i].slot = s->v[i].hint = -1;
        s->v[i].ranges.arena = &s->arena;
    }
    s->recent.arena = s->objects.arena = s->words.arena = s->wpos.arena = s->relocs.arena = &s->arena;
    s->fixups.arena = s->stubs.arena = s->maps.arena = s->regions.arena = &s->arena;
    analyze(s);
    sel_frame_layout(s);
    sel_liveness(s);
    sel_allocate(s);
    if (!s->too_large) emit_function(s);
    if (s->too_large) {
        arena_free(&s->arena);
        return NULL;
    }
    CodeFunc *cf = arena_new(&s->u->arena, CodeFunc);
    finish(s, cf);
    arena_free(&s->arena);
    return cf;
}

static void select_function(IrUnit *u, IrFunc *f) {
    if (f->sym->code || f->sym->base_addr) return;
    base_stage = f->name.p;
    f->sym->code = code_function(f);
    if (!f->sym->code && !u->too_large) u->too_large = f;
    base_stage = NULL;
}

void code_select_unit(IrUnit *u) {
    for (int i = 0; i < u->funcs.len; i++) select_function(u, u->funcs.at[i]);
}

void code_resolve(IrUnit *u, CodeFunc *cf) {
    for (uint32_t i = 0; i < cf->nrelocs; i++) {
        struct CodeReloc *r = &cf->relocs[i];
        if (r->type) r->sym = irtype_descriptor(u, r->type);
        r->type = NULL;
    }
}

void code_resolve_unit(IrUnit *u) {
    for (int i = 0; i < u->funcs.len; i++) {
        IrFunc *f = u->funcs.at[i];
        select_function(u, f);
        base_stage = f->name.p;
        if (f->sym->code) code_resolve(u, f->sym->code);
        int built = u->funcs.len; /* descriptors ask for the methods' wrappers */
        ir_build_pending(u);
        for (int k = built; k < u->funcs.len; k++) opt_function(u->funcs.at[k], u->opt_level);
    }
    base_stage = NULL;
}
