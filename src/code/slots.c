/* slots: the frame's layout, and which slots each value gets.
 *
 * Fixed: header, parameters, results, then variables that are still IrVars and frame objects of allocations
 * that do not escape; those that hold pointers are FrameObjects, scanned as long as the frame lives. Values
 * follow: first the arguments of a block parameter are united with it where their ranges do not meet
 * (so that most edges need no moves), then each class gets the lowest slots that are free in its ranges.
 * An argument used by one call only is made right where the call wants it, in the outgoing area; a call's
 * result stays there when it is used before the next call. */
#include "code/code_int.h"

#include <stdlib.h>

/* ---- Ranges ----------------------------------------------------------------------------------------- */

static bool ranges_meet(const Range *a, int na, const Range *b, int nb) {
    int i = 0, j = 0;
    while (i < na && j < nb) {
        if (a[i].to <= b[j].from) i++;
        else if (b[j].to <= a[i].from) j++;
        else return true;
    }
    return false;
}

static bool occ_free(const Occ *o, const Range *r, int n) {
    int lo = 0, hi = o->r.len; /* first range that ends after r begins */
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (o->r.at[mid].to <= r[0].from) lo = mid + 1;
        else hi = mid;
    }
    return !ranges_meet(o->r.at + lo, o->r.len - lo, r, n);
}

typedef VEC(Range) Ranges;
enum { FEW = 4 }; /* are put in place one by one; more make a new array */

static void range_insert(Ranges *v, Range r) {
    int lo = 0, hi = v->len;
    while (lo < hi) { /* the first that ends at r's begin or later */
        int mid = (lo + hi) / 2;
        if (v->at[mid].to < r.from) lo = mid + 1;
        else hi = mid;
    }
    for (hi = lo; hi < v->len && v->at[hi].from <= r.to; hi++) { /* [lo, hi) and r become one */
        if (v->at[hi].from < r.from) r.from = v->at[hi].from;
        if (v->at[hi].to > r.to) r.to = v->at[hi].to;
    }
    if (hi == lo) vec_push(v, r); /* room; the place is set below */
    int tail = v->len - hi - (hi == lo);
    memmove(v->at + lo + 1, v->at + hi, sizeof r * (size_t)tail);
    v->at[lo] = r;
    v->len = lo + 1 + tail;
}

static void ranges_merge(Sel *s, void *vec_, const Range *r, int n) {
    Ranges *v = vec_;
    if (!v->len || (n && v->at[v->len - 1].to <= r[0].from)) {
        for (int i = 0; i < n; i++) {
            if (v->len && v->at[v->len - 1].to == r[i].from) v->at[v->len - 1].to = r[i].to;
            else vec_push(v, r[i]);
        }
        return;
    }
    if (n <= FEW) {
        for (int k = 0; k < n; k++) range_insert(v, r[k]);
        return;
    }
    int total = v->len + n, i = 0, j = 0, k = 0;
    Range *out = arena_array(&s->arena, Range, total);
    while (i < v->len || j < n) {
        Range x = j >= n || (i < v->len && v->at[i].from <= r[j].from) ? v->at[i++] : r[j++];
        if (k && out[k - 1].to >= x.from) {
            if (x.to > out[k - 1].to) out[k - 1].to = x.to;
        } else out[k++] = x;
    }
    v->at = out;
    v->len = k;
    v->cap = total;
}

static void occupy(Sel *s, Occ *o, const Range *r, int n) {
    if (!o->r.arena) o->r.arena = &s->arena;
    ranges_merge(s, &o->r, r, n);
}

static Occ *occ_at(Sel *s, int slot) {
    if (slot >= s->nocc) {
        int n = slot * 2 + 16;
        Occ *p = arena_array(&s->arena, Occ, n);
        if (s->nocc) memcpy(p, s->occ, sizeof(Occ) * (size_t)s->nocc);
        s->occ = p;
        s->nocc = n;
    }
    return &s->occ[slot];
}
static Occ *out_at(Sel *s, int slot) {
    if (slot >= s->nout_occ) {
        int n = slot * 2 + 16;
        Occ *p = arena_array(&s->arena, Occ, n);
        if (s->nout_occ) memcpy(p, s->out_occ, sizeof(Occ) * (size_t)s->nout_occ);
        s->out_occ = p;
        s->nout_occ = n;
    }
    return &s->out_occ[slot];
}

/* ---- Frame layout ------------------------------------------------------------------------------------ */

static void add_object(Sel *s, int slot, uint32_t nslots, const uint8_t *mask) {
    vec_push(&s->objects, ((FrameObject){(uint32_t)slot, nslots, mask}));
}

int sel_region_slot(Sel *s, ValueId id) {
    MapEntry *e = map_find_ptr(&s->regions, (void *)(uintptr_t)id);
    return e ? (int)e->num : -1;
}

bool sel_noescape_region(Sel *s, ValueId id, uint32_t *nslots, const uint8_t **mask) {
    IrValue *v = sel_val(s, id);
    if (!(v->flags & IRF_NOESCAPE) || s->v[id].dead) return false;
    const IrType *t = v->aux.t;
    switch (v->op) {
    case IR_STRCONCAT: case IR_STRFROMBYTES: case IR_BYTESFROMSTR: case IR_STRFROMRUNES: case IR_STRFROMRUNE:
    case IR_RUNESFROMSTR: /* room for small results: see rt/value.h */
        *nslots = v->op == IR_RUNESFROMSTR ? 16 : 4;
        *mask = NULL;
        return true;
    case IR_MAKEMAP: {
        enum { HEAD = 6, MAX_GROUP = 512 }; /* room for the head, and for the first entries where the type is known */
        uint8_t *m = arena_alloc(&s->arena, (HEAD + MAX_GROUP / 8) / 8 + 1);
        m[0] = 4;
        *nslots = HEAD;
        *mask = m;
        int64_t hint;
        if (!t->type || (sel_const_int(s, v->args[0], &hint) && hint > 8)) return true;
        uint64_t group = ir_map_group(s->u, t->type, m, HEAD, MAX_GROUP);
        if (group <= MAX_GROUP) *nslots += (uint32_t)(group / 8);
        return true;
    }
    case IR_NEW:
        *nslots = t->nslots;
        *mask = t->has_ptrs ? t->ptrmask : NULL;
        return t->nslots > 0 && t->nslots <= 4096;
    case IR_BOX:
        if (sel_is_direct(t) || !t->nslots) return false;
        *nslots = t->nslots;
        *mask = t->has_ptrs ? t->ptrmask : NULL;
        return t->nslots <= 512;
    case IR_CLOSURE: {
        uint32_t n = 1;
        for (uint32_t i = 0; i < v->nargs; i++) n += (uint32_t)sel_nslots(s, v->args[i]);
        uint8_t *m = arena_alloc(&s->arena, n / 8 + 1);
        bool any = false;
        uint32_t w = 1;
        for (uint32_t i = 0; i < v->nargs; i++) {
            const IrType *at = sel_val(s, v->args[i])->type;
            for (uint32_t k = 0; k < at->nslots; k++, w++)
                if (at->has_ptrs && (at->ptrmask[k / 8] >> (k % 8) & 1)) {
                    m[w / 8] |= (uint8_t)(1 << (w % 8));
                    any = true;
                }
        }
        *nslots = n;
        *mask = any ? m : NULL;
        return true;
    }
    case IR_MAKESLICE: { /* of variable capacity: room for a small one */
        enum { SMALL = 32 };
        int64_t cap, len;
        if (!t->size || t->size > 8192) return false;
        if (!sel_const_int(s, v->args[1], &cap)) cap = SMALL / (int64_t)t->size;
        else if (sel_const_int(s, v->args[0], &len) && (len < 0 || len > cap)) return false;
        if (cap <= 0 || cap > 8192) return false;
        uint64_t bytes = t->size * (uint64_t)cap;
        if (bytes > 8192) return false;
        *nslots = (uint32_t)((bytes + 7) / 8);
        *mask = NULL;
        if (t->has_ptrs) {
            uint8_t *m = arena_alloc(&s->arena, *nslots / 8 + 1);
            for (int64_t i = 0; i < cap; i++)
                for (uint32_t k = 0; k < t->nslots; k++)
                    if (t->ptrmask[k / 8] >> (k % 8) & 1) {
                        uint64_t w = (uint64_t)i * t->nslots + k;
                        m[w / 8] |= (uint8_t)(1 << (w % 8));
                    }
            *mask = m;
        }
        return true;
    }
    default: return false;
    }
}

int sel_var_slot(Sel *s, IrVar *var) { return s->var_slots[var->id]; }

void sel_frame_layout(Sel *s) {
    IrFunc *f = s->f;
    int at = FRAME_ARGS;
    s->param_slots = arena_array(&s->arena, int, f->nparams + 1);
    for (int i = 0; i < f->nparams; i++) {
        s->param_slots[i] = at;
        at += (int)f->params[i]->nslots;
    }
    s->nparam_slots = at - FRAME_ARGS;
    s->result_slots = arena_array(&s->arena, int, f->nresults + 1);
    for (int i = 0; i < f->nresults; i++) {
        s->result_slots[i] = at;
        at += (int)f->results[i]->nslots;
    }
    s->nresult_slots = at - FRAME_ARGS - s->nparam_slots;
    uint32_t maxid = 0;
    for (int i = 0; i < f->vars.len; i++)
        if (f->vars.at[i]->id > maxid) maxid = f->vars.at[i]->id;
    s->var_slots = arena_array(&s->arena, int, maxid + 1);
    s->nvarw = (int)maxid / 64 + 1;
    s->var_always = arena_array(&s->arena, uint64_t, s->nvarw);
    /* variables in use, pointers first: they are zeroed at entry with one instruction */
    bool *used = arena_array(&s->arena, bool, maxid + 1);
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->insts.len; k++) {
            IrValue *v = sel_val(s, b->insts.at[k]);
            if (v->op >= IR_LOCALGET && v->op <= IR_LOCALZERO) used[v->aux.var->id] = true;
        }
    }
    uint32_t room = 4096;
    for (int ptrs = 1; ptrs >= 0; ptrs--) {
        for (int i = 0; i < f->vars.len; i++) {
            IrVar *var = f->vars.at[i];
            if (var->type->has_ptrs != (ptrs == 1)) continue;
            int slot;
            if (var->param >= 0) slot = s->param_slots[var->param];
            else if (var->result >= 0) slot = s->result_slots[var->result];
            else {
                if (!used[var->id]) continue;
                slot = at;
                at += (int)var->type->nslots;
            }
            s->var_slots[var->id] = slot;
            if (var->type->has_ptrs && (var->pinned || (var->result >= 0 && f->has_defer)))
                s->var_always[var->id / 64] |= 1ull << (var->id % 64);
            if (var->type->has_ptrs && (used[var->id] || (var->result >= 0 && f->has_defer)))
                add_object(s, slot, var->type->nslots, var->type->ptrmask);
        }
        for (int i = 0; i < s->norder; i++) {
            IrBlock *b = &f->blocks.at[s->order[i]];
            for (int k = 0; k < b->insts.len; k++) {
                uint32_t n;
                const uint8_t *mask;
                ValueId id = b->insts.at[k];
                if (!sel_noescape_region(s, id, &n, &mask) || (mask != NULL) != (ptrs == 1)) continue;
                if (n > 16 && n > room) continue; /* on the heap: frames stay small */
                room -= n < room ? n : room;
                map_put_ptr(&s->regions, (void *)(uintptr_t)id, &(bool){0})->num = (uint64_t)at;
                if (mask) add_object(s, at, n, mask);
                at += (int)n;
            }
        }
    }
    s->nslots = at;
}

/* ---- Classes ------------------------------------------------------------------------------------------ */

/* Unites the classes of a and b when they do not interfere. */
static bool unite(Sel *s, ValueId a, ValueId b) {
    a = sel_rep(s, a);
    b = sel_rep(s, b);
    if (a == b) return true;
    ValInfo *x = &s->v[a], *y = &s->v[b];
    if (x->fixed && y->fixed) return false;
    if (sel_nslots(s, a) != sel_nslots(s, b)) return false;
    if (ranges_meet(x->ranges.at, x->ranges.len, y->ranges.at, y->ranges.len)) return false;
    if (y->fixed) {
        ValueId t = a;
        a = b;
        b = t;
        x = &s->v[a];
        y = &s->v[b];
    }
    if (x->fixed) { /* the parameter's slots may be a variable's, too: occupied elsewhere */
        for (int k = 0; k < sel_nslots(s, a); k++)
            if (!occ_free(occ_at(s, x->slot + k), y->ranges.at, y->ranges.len) &&
                ranges_meet(occ_at(s, x->slot + k)->r.at, occ_at(s, x->slot + k)->r.len, y->ranges.at, y->ranges.len))
                return false;
        for (int k = 0; k < sel_nslots(s, a); k++)
            occupy(s, occ_at(s, x->slot + k), y->ranges.at, y->ranges.len);
    }
    ranges_merge(s, &x->ranges, y->ranges.at, y->ranges.len);
    y->cls = a;
    if (x->hint < 0) x->hint = y->hint;
    return true;
}

static void coalesce(Sel *s) {
    IrFunc *f = s->f;
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->nsucc; k++) {
            IrBlock *to = &f->blocks.at[b->succ[k].to];
            for (int j = 0; j < b->succ[k].nargs; j++) {
                ValueId p = to->params.at[j], a = b->succ[k].args[j];
                if (s->v[p].place == PLACE_SLOT && s->v[a].place == PLACE_SLOT) unite(s, p, a);
            }
        }
        for (int k = 0; k < b->insts.len; k++) {
            ValueId id = b->insts.at[k];
            IrValue *v = sel_val(s, id);
            if (s->v[id].dead) continue;
            if (v->op == IR_AGGSET && s->v[id].place == PLACE_SLOT && s->v[v->args[0]].place == PLACE_SLOT)
                unite(s, id, v->args[0]);
            if ((v->op == IR_APPEND || v->op == IR_APPENDSLICE) && s->v[id].place == PLACE_SLOT &&
                s->v[v->args[0]].place == PLACE_SLOT)
                unite(s, id, v->args[0]);
            if (v->op == IR_RET)
                for (uint32_t r = 0; r < v->nargs; r++) {
                    ValueId a = v->args[r];
                    if (s->v[a].place == PLACE_SLOT) s->v[sel_rep(s, a)].hint = s->result_slots[r];
                }
        }
    }
}

/* ---- The outgoing area --------------------------------------------------------------------------------- */

static void out_busy(Sel *s, int from, int to, uint32_t at) {
    for (int k = from; k < to; k++) occupy(s, out_at(s, k), &(Range){at, at + 1}, 1);
}

static bool place_out(Sel *s, ValueId id, int slot) {
    ValInfo *vi = &s->v[id];
    int n = sel_nslots(s, id);
    for (int k = 0; k < n; k++)
        if (!occ_free(out_at(s, slot + k), vi->ranges.at, vi->ranges.len)) return false;
    for (int k = 0; k < n; k++) occupy(s, out_at(s, slot + k), vi->ranges.at, vi->ranges.len);
    vi->slot = OUT_SLOT + slot;
    return true;
}

static void note_user(Sel *s, ValueId v, Timing t, void *ctx) {
    ValueId *users = ctx;
    users[v] = users[v] ? UINT32_MAX : users[0];
}

static void outgoing(Sel *s) {
    IrFunc *f = s->f;
    ValueId *user = arena_array(&s->arena, ValueId, s->nvals + 1); /* the only user, or UINT32_MAX; [0] scratch */
    int max = 0;
    for (uint32_t p = 0; p < s->npos; p++) {
        ValueId id = s->inst_at[p];
        if (!id || s->v[id].dead || s->v[id].place == PLACE_FOLD || s->v[id].place == PLACE_ALIAS) continue;
        user[0] = id;
        sel_each_use(s, id, note_user, user);
        int n = 0;
        if (sel_clobbers_out(s, id)) {
            n = FRAME_ARGS + 1;
            IrValue *v = sel_val(s, id);
            for (uint32_t i = 0; i < v->nargs; i++) n += sel_nslots(s, v->args[i]);
            const IrType *t = v->type;
            if (t && t->rep == REP_TUPLE)
                for (int i = 0; i < t->nelems; i++) n += (int)t->elems[i]->nslots;
            else if (t) n += (int)t->nslots;
        } else n = sel_scratch_slots(s, id);
        if (n > max) max = n;
    }
    for (int i = 0; i < s->norder; i++) {
        IrBlock *b = &f->blocks.at[s->order[i]];
        for (int k = 0; k < b->nsucc; k++)
            for (int j = 0; j < b->succ[k].nargs; j++) {
                ValueId a = b->succ[k].args[j];
                user[s->v[a].place == PLACE_ALIAS ? s->v[a].root : a] = UINT32_MAX;
            }
    }
    s->out_max = max;
    for (uint32_t p = 0; p < s->npos; p++) {
        ValueId id = s->inst_at[p];
        if (!id || s->v[id].dead) continue;
        if (sel_clobbers_out(s, id)) out_busy(s, 0, max, p * 4 + 1);
        else out_busy(s, 0, sel_scratch_slots(s, id), p * 4 + 1);
    }
    for (uint32_t p = 0; p < s->npos; p++) {
        ValueId id = s->inst_at[p];
        if (!id || s->v[id].dead || !sel_clobbers_out(s, id)) continue;
        IrValue *v = sel_val(s, id);
        if (v->op == IR_DEFERRETURN) continue;
        int at = FRAME_ARGS;
        uint32_t first = v->op == IR_CALL || (v->op == IR_GO && v->aux.sym) ? 0 : 1;
        if (v->op == IR_CALLIFACE) at++;
        for (uint32_t i = first; i < v->nargs; i++) {
            ValueId a = v->args[i];
            ValInfo *ai = &s->v[a];
            int n = sel_nslots(s, a);
            if (ai->place == PLACE_SLOT && !ai->fixed && user[a] == id && ai->block == v->block && ai->slot < 0 &&
                sel_rep(s, a) == a && ai->ranges.len == 1 && sel_val(s, a)->op != IR_BLOCKPARAM &&
                ai->ranges.at[0].to == p * 4 + 1)
                place_out(s, a, at);
            at += n;
        }
        /* results */
        int nres = s->v[id].nresults ? s->v[id].nresults : 1;
        for (int i = 0; i < nres; i++) {
            const IrType *t = v->type;
            ValueId r = id;
            if (t && t->rep == REP_TUPLE) {
                r = s->v[id].results ? s->v[id].results[i] : 0;
                t = t->elems[i];
            }
            if (r && s->v[r].place == PLACE_SLOT && s->v[r].slot < 0 && sel_rep(s, r) == r) {
                ValInfo *ri = &s->v[r];
                if (ri->ranges.len == 1 && ri->ranges.at[0].to <= s->block_end[v->block] * 4) place_out(s, r, at);
            }
            if (t) at += (int)t->nslots;
        }
    }
}

/* ---- Allocation ---------------------------------------------------------------------------------------- */

typedef struct Key { uint32_t from; ValueId v; } Key;
static int key_cmp(const void *a, const void *b) {
    const Key *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->v < y->v ? -1 : x->v > y->v;
}

static bool fits(Sel *s, ValInfo *vi, int slot, int n) {
    for (int k = 0; k < n; k++)
        if (!occ_free(occ_at(s, slot + k), vi->ranges.at, vi->ranges.len)) return false;
    return true;
}

void sel_allocate(Sel *s) {
    IrFunc *f = s->f;
    int values_at = s->nslots; /* variables and objects end here */
    if (values_at > MAX_SLOT) {
        s->too_large = true;
        return;
    }
    /* parameters keep their slots; free for others when dead, unless a variable lives there */
    for (int i = 0; i < s->nocc; i++) s->occ[i] = (Occ){0};
    Range all = {0, s->npos * 4 + 8};
    for (int k = 0; k < FRAME_ARGS; k++) occupy(s, occ_at(s, k), &all, 1);
    for (int i = 0; i < f->vars.len; i++) {
        IrVar *var = f->vars.at[i];
        int slot = s->var_slots[var->id];
        if (!slot) continue;
        for (uint32_t k = 0; k < var->type->nslots; k++) occupy(s, occ_at(s, slot + (int)k), &all, 1);
    }
    int fixed_end = FRAME_ARGS + s->nparam_slots + s->nresult_slots;
    for (int k = fixed_end; k < values_at; k++) occupy(s, occ_at(s, k), &all, 1);
    if (f->has_defer) /* results are the deferred functions' and the caller's business */
        for (int k = FRAME_ARGS + s->nparam_slots; k < fixed_end; k++) occupy(s, occ_at(s, k), &all, 1);
    for (int i = 1; i < s->nvals; i++) {
        ValInfo *vi = &s->v[i];
        IrValue *v = sel_val(s, (ValueId)i);
        if (vi->place != PLACE_SLOT) continue;
        if (v->op == IR_PARAM) {
            vi->fixed = true;
            vi->slot = s->param_slots[v->aux.i];
            for (int k = 0; k < sel_nslots(s, (ValueId)i); k++)
                occupy(s, occ_at(s, vi->slot + k), vi->ranges.at, vi->ranges.len);
        } else if (v->op == IR_CTX) {
            vi->fixed = true;
            vi->slot = FRAME_CTX;
        }
    }
    coalesce(s);
    outgoing(s);
    VEC(Key) keys = {.arena = &s->arena};
    for (int i = 1; i < s->nvals; i++) {
        ValInfo *vi = &s->v[i];
        if (!sel_is_root(s, (ValueId)i) || sel_rep(s, (ValueId)i) != (ValueId)i || vi->fixed || vi->slot >= 0) continue;
        if (!vi->ranges.len) continue;
        vec_push(&keys, ((Key){vi->ranges.at[0].from, (ValueId)i}));
    }
    if (keys.len) qsort(keys.at, (size_t)keys.len, sizeof(Key), key_cmp);
    int top = values_at;
    for (int i = 0; i < keys.len; i++) {
        ValueId id = keys.at[i].v;
        ValInfo *vi = &s->v[id];
        int n = sel_nslots(s, id), slot = -1;
        if (vi->hint >= 0 && fits(s, vi, vi->hint, n)) slot = vi->hint;
        for (int c = FRAME_ARGS; slot < 0; c++) {
            if (c > MAX_SLOT) {
                s->too_large = true;
                return;
            }
            if (fits(s, vi, c, n)) slot = c;
        }
        for (int k = 0; k < n; k++) occupy(s, occ_at(s, slot + k), vi->ranges.at, vi->ranges.len);
        vi->slot = slot;
        if (slot + n > top) top = slot + n;
    }
    for (int i = 1; i < s->nvals; i++)
        if (sel_is_root(s, (ValueId)i)) s->v[i].slot = s->v[sel_rep(s, (ValueId)i)].slot;
    s->nslots = top;
    if (top + s->out_max > MAX_SLOT) s->too_large = true;
}
