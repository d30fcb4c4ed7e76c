/* liveness: where each value that has slots is live, as ranges of positions, and which pointers live across
 * each safepoint. A classic backward data flow over bit sets, then one backward walk a block. */
#include "code/code_int.h"

typedef struct Walk {
    Sel *s;
    uint64_t *live;
    uint32_t pos;    /* of the instruction, times 4 */
    uint32_t start;  /* of the block, times 4 */
} Walk;

static inline bool bit(const uint64_t *w, ValueId v) { return w[v / 64] >> (v % 64) & 1; }
static inline void bit_set(uint64_t *w, ValueId v) { w[v / 64] |= 1ull << (v % 64); }
static inline void bit_clear(uint64_t *w, ValueId v) { w[v / 64] &= ~(1ull << (v % 64)); }

/* Ranges are built from the end of the function to its start: newest last, reversed afterwards. */
static void range_add(Sel *s, ValueId v, uint32_t from, uint32_t to) {
    ValInfo *vi = &s->v[v];
    if (vi->ranges.len) {
        Range *r = &vec_last(&vi->ranges);
        if (r->from <= to) {
            if (from < r->from) r->from = from;
            if (to > r->to) r->to = to;
            return;
        }
    }
    vec_push(&vi->ranges, ((Range){from, to}));
}

static void define(Walk *w, ValueId v, uint32_t at) {
    Sel *s = w->s;
    if (!sel_is_root(s, v)) return;
    ValInfo *vi = &s->v[v];
    if (!bit(w->live, v)) {
        range_add(s, v, at, at + 1); /* written, never read */
        return;
    }
    bit_clear(w->live, v);
    check(vi->ranges.len);
    vec_last(&vi->ranges).from = at;
}

static void use(Sel *s, ValueId v, Timing t, void *ctx) {
    Walk *w = ctx;
    if (!sel_is_root(s, v)) return;
    static const uint8_t end[] = {1, 2, 3};
    range_add(s, v, w->start, w->pos + end[t]);
    bit_set(w->live, v);
}

static void each_edge_arg(Sel *s, IrBlock *b, void (*fn)(Sel *s, ValueId v, void *ctx), void *ctx) {
    for (int k = 0; k < b->nsucc; k++)
        for (int j = 0; j < b->succ[k].nargs; j++) {
            ValueId a = b->succ[k].args[j];
            ValInfo *ai = &s->v[a];
            if (ai->place == PLACE_ALIAS) a = ai->root;
            else if (ai->place != PLACE_SLOT) continue; /* constants are made on the edge */
            fn(s, a, ctx);
        }
}

/* ---- Data flow -------------------------------------------------------------------------------------- */

static void flow_use(Sel *s, ValueId v, Timing t, void *ctx) {
    if (sel_is_root(s, v)) bit_set((uint64_t *)ctx, v);
}
static void flow_edge(Sel *s, ValueId v, void *ctx) {
    if (sel_is_root(s, v)) bit_set((uint64_t *)ctx, v);
}
static void flow_def(Sel *s, ValueId id, uint64_t *live) {
    ValInfo *vi = &s->v[id];
    bit_clear(live, id);
    for (int i = 0; i < vi->nresults; i++)
        if (vi->results[i]) bit_clear(live, vi->results[i]);
}

/* True when the instruction stands for itself (neither dead, nor part of its user, nor without code). */
static bool emitted(Sel *s, ValueId id) {
    ValInfo *vi = &s->v[id];
    if (vi->dead || vi->place == PLACE_FOLD || vi->place == PLACE_ALIAS) return false;
    IrOp op = (IrOp)sel_val(s, id)->op;
    return op != IR_RESULT && op != IR_PARAM && op != IR_CTX;
}

static void block_flow(Sel *s, IrBlock *b, uint64_t *live) {
    each_edge_arg(s, b, flow_edge, live);
    for (int k = b->insts.len - 1; k >= 0; k--) {
        ValueId id = b->insts.at[k];
        if (!emitted(s, id)) continue;
        flow_def(s, id, live);
        sel_each_use(s, id, flow_use, live);
    }
    for (int k = 0; k < b->params.len; k++) bit_clear(live, b->params.at[k]);
}

static void data_flow(Sel *s) {
    IrFunc *f = s->f;
    s->nwords = (s->nvals + 63) / 64;
    size_t bytes = (size_t)s->nwords * 8;
    s->live_in = arena_array(&s->arena, uint64_t *, s->nblocks);
    s->live_out = arena_array(&s->arena, uint64_t *, s->nblocks);
    for (int i = 0; i < s->norder; i++) {
        s->live_in[s->order[i]] = arena_alloc(&s->arena, bytes);
        s->live_out[s->order[i]] = arena_alloc(&s->arena, bytes);
    }
    uint64_t *tmp = arena_alloc(&s->arena, bytes);
    bool *clean = arena_array(&s->arena, bool, s->nblocks);
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = s->norder - 1; i >= 0; i--) {
            IrBlock *b = &f->blocks.at[s->order[i]];
            uint64_t *out = s->live_out[b->id], *in = s->live_in[b->id];
            bool grew = !clean[b->id];
            for (int k = 0; k < b->nsucc; k++) {
                uint64_t *sin = s->live_in[b->succ[k].to];
                for (int w = 0; w < s->nwords; w++) {
                    if (sin[w] & ~out[w]) {
                        out[w] |= sin[w];
                        grew = true;
                    }
                }
            }
            if (!grew) continue;
            clean[b->id] = true;
            memcpy(tmp, out, bytes);
            block_flow(s, b, tmp);
            if (memcmp(tmp, in, bytes)) {
                memcpy(in, tmp, bytes);
                changed = true;
            }
        }
    }
}

/* ---- Ranges ------------------------------------------------------------------------------------------ */

static void end_use(Sel *s, ValueId v, void *ctx) {
    Walk *w = ctx;
    if (!sel_is_root(s, v)) return;
    range_add(s, v, w->start, w->pos + 4);
    bit_set(w->live, v);
}

static bool has_pointers(Sel *s, ValueId v) { return sel_val(s, v)->type->has_ptrs; }

/* Pointers in slots that must survive the instruction; calls take their arguments over, other ops need their
 * operands while they run, and RECV and SELECT have their results written by others while they wait. */
static void capture(Walk *w, ValueId id, bool before) {
    Sel *s = w->s;
    uint32_t n = 0;
    for (int i = 0; i < s->nwords; i++) n += (uint32_t)__builtin_popcountll(w->live[i]);
    Live *l = &s->live_at[w->pos / 4];
    ValueId *vals = arena_array(&s->arena, ValueId, n + l->n + 2 + (uint32_t)s->v[id].nresults);
    if (l->n) memcpy(vals, l->vals, l->n * sizeof *vals);
    l->vals = vals;
    for (int i = 0; i < s->nwords; i++)
        for (uint64_t b = w->live[i]; b; b &= b - 1) {
            ValueId v = (ValueId)(i * 64 + __builtin_ctzll(b));
            if (has_pointers(s, v)) vals[l->n++] = v;
        }
    if (!before && (sel_val(s, id)->op == IR_RECV || sel_val(s, id)->op == IR_RECVOK)) {
        if (sel_is_root(s, id) && has_pointers(s, id)) vals[l->n++] = id;
        for (int i = 0; i < s->v[id].nresults; i++) {
            ValueId r = s->v[id].results[i];
            if (r && sel_is_root(s, r) && has_pointers(s, r)) vals[l->n++] = r;
        }
    }
}

static void block_ranges(Sel *s, IrBlock *b, uint64_t *live) {
    Walk w = {.s = s, .live = live, .start = s->block_pos[b->id] * 4};
    memcpy(live, s->live_out[b->id], (size_t)s->nwords * 8);
    uint32_t end = s->block_end[b->id] * 4;
    for (int i = 0; i < s->nwords; i++)
        for (uint64_t m = live[i]; m; m &= m - 1)
            range_add(s, (ValueId)(i * 64 + __builtin_ctzll(m)), w.start, end);
    w.pos = end - 4;
    each_edge_arg(s, b, end_use, &w);
    for (int k = b->insts.len - 1; k >= 0; k--) {
        ValueId id = b->insts.at[k];
        if (!emitted(s, id)) continue;
        w.pos = s->v[id].pos * 4;
        define(&w, id, w.pos + 2);
        for (int i = 0; i < s->v[id].nresults; i++)
            if (s->v[id].results[i]) define(&w, s->v[id].results[i], w.pos + 2);
        bool safe = sel_is_safepoint(s, id);
        bool call = sel_clobbers_out(s, id);
        if (safe && call) capture(&w, id, false);
        sel_each_use(s, id, use, &w);
        if (safe && !call) capture(&w, id, false);
    }
    for (int k = 0; k < b->params.len; k++) define(&w, b->params.at[k], w.start + 2);
}

/* ---- Variables ------------------------------------------------------------------------------------- */

/* A variable is directly live where it may still be read or its address be made. What is reached through a
 * pointer that exists already is the collector's to find: frame objects are scanned when a scanned word points
 * to them. */
static void var_operands(Sel *s, ValueId id, uint64_t *live) {
    IrValue *v = sel_val(s, id);
    for (uint32_t i = 0; i < v->nargs; i++) {
        ValueId a = v->args[i];
        if (!a) continue;
        if (s->v[a].place == PLACE_ALIAS) a = s->v[a].root;
        IrValue *av = sel_val(s, a);
        if (av->op == IR_LOCALADDR) bit_set(live, av->aux.var->id);
        else if (s->v[a].place == PLACE_FOLD) {
            if (av->op == IR_LOCALGET) bit_set(live, av->aux.var->id);
            var_operands(s, a, live);
        }
    }
}

static void var_results(Sel *s, ValueId id, uint64_t *live) {
    IrValue *v = sel_val(s, id);
    if (v->op == IR_LOCALGET) bit_set(live, v->aux.var->id);
    else if (v->op == IR_LOCALZERO ||
             (v->op == IR_LOCALSET && !v->aux2 && sel_val(s, v->args[0])->type->size == v->aux.var->type->size))
        bit_clear(live, v->aux.var->id);
}

/* live: at the block's end; at its start afterwards. */
static void var_block(Sel *s, IrBlock *b, uint64_t *live, bool note) {
    size_t bytes = (size_t)s->nvarw * 8;
    for (int k = 0; k < b->nsucc; k++)
        for (int j = 0; j < b->succ[k].nargs; j++) {
            ValueId a = b->succ[k].args[j];
            if (s->v[a].place == PLACE_ALIAS) a = s->v[a].root;
            if (sel_val(s, a)->op == IR_LOCALADDR) bit_set(live, sel_val(s, a)->aux.var->id);
        }
    for (int k = b->insts.len - 1; k >= 0; k--) {
        ValueId id = b->insts.at[k];
        if (!emitted(s, id)) continue;
        bool call = sel_clobbers_out(s, id);
        uint64_t *at = note && sel_is_safepoint(s, id) ? arena_alloc(&s->arena, bytes) : NULL;
        if (at) s->var_at[s->v[id].pos] = at;
        if (at && call) memcpy(at, live, bytes);
        var_results(s, id, live);
        var_operands(s, id, live);
        if (at && !call)
            for (int w = 0; w < s->nvarw; w++) at[w] = live[w] | at[w];
    }
}

static void var_liveness(Sel *s) {
    IrFunc *f = s->f;
    size_t bytes = (size_t)s->nvarw * 8;
    bool any = false;
    for (int i = 0; i < f->vars.len; i++) any |= f->vars.at[i]->type->has_ptrs;
    if (!any) return;
    s->var_in = arena_array(&s->arena, uint64_t *, s->nblocks);
    s->var_at = arena_array(&s->arena, uint64_t *, s->npos + 1);
    for (int i = 0; i < s->norder; i++) s->var_in[s->order[i]] = arena_alloc(&s->arena, bytes);
    uint64_t *live = arena_alloc(&s->arena, bytes);
    bool last = false;
    for (bool changed = true; changed || !last;) {
        last = !changed;
        changed = false;
        for (int i = s->norder - 1; i >= 0; i--) {
            IrBlock *b = &f->blocks.at[s->order[i]];
            memset(live, 0, bytes);
            for (int k = 0; k < b->nsucc; k++)
                for (int w = 0; w < s->nvarw; w++) live[w] |= s->var_in[b->succ[k].to][w];
            var_block(s, b, live, last);
            if (memcmp(live, s->var_in[b->id], bytes)) {
                memcpy(s->var_in[b->id], live, bytes);
                changed = true;
            }
        }
    }
}

void sel_liveness(Sel *s) {
    IrFunc *f = s->f;
    data_flow(s);
    var_liveness(s);
    s->live_at = arena_array(&s->arena, Live, s->npos + 1);
    uint64_t *live = arena_alloc(&s->arena, (size_t)s->nwords * 8);
    for (int i = s->norder - 1; i >= 0; i--) block_ranges(s, &f->blocks.at[s->order[i]], live);
    for (int i = 1; i < s->nvals; i++) {
        ValInfo *vi = &s->v[i];
        for (int a = 0, z = vi->ranges.len - 1; a < z; a++, z--) {
            Range t = vi->ranges.at[a];
            vi->ranges.at[a] = vi->ranges.at[z];
            vi->ranges.at[z] = t;
        }
    }
}
