/* Bodies of long or rare instructions; see ops.h. */
#include <math.h>
#include <stdlib.h>
#include "rt/bubble.h"
#include "vm/ops.h"

static GoString str_at(const uint64_t *s) { return (GoString){(const uint8_t *)s[0], (int64_t)s[1]}; }
static GoSlice slice_at(const uint64_t *s) { return (GoSlice){(void *)s[0], (int64_t)s[1], (int64_t)s[2]}; }
static RtResult put_str(uint64_t *to, GoString s) {
    to[0] = (uint64_t)s.p;
    to[1] = (uint64_t)s.n;
    return RT_OK;
}
static RtResult put_slice(uint64_t *to, GoSlice s) {
    to[0] = (uint64_t)s.p;
    to[1] = (uint64_t)s.len;
    to[2] = (uint64_t)s.cap;
    return RT_OK;
}

/* ---- Comparing ------------------------------------------------------------------------------------ */

int op_strcmp(const uint64_t *x, const uint64_t *y) { return str_compare(str_at(x), str_at(y)); }

RtResult op_eface_eq(M *m, const GoType *t, uint64_t x, uint64_t y, uint64_t *to) {
    bool eq;
    if (!eface_equal(m, (GoEface){t, (void *)x}, (GoEface){t, (void *)y}, &eq)) return RT_PANIC;
    *to = eq;
    return RT_OK;
}

RtResult op_mem_eq(M *m, const GoType *t, const void *p, const void *q, uint64_t *to) {
    bool eq;
    if (!value_equal(m, t, p, q, &eq)) return RT_PANIC;
    *to = eq;
    return RT_OK;
}

/* ---- Numbers -------------------------------------------------------------------------------------- */

static double inf_to_one(double x) { return copysign(isinf(x) ? 1 : 0, x); }

/* Smith's method, then C99 G.5.1.1's repairs of NaN results. */
void op_complex_div(const double n[2], const double d[2], double q[2]) {
    double a = n[0], b = n[1], c = d[0], e = d[1];
    if (fabs(c) >= fabs(e)) {
        double ratio = e / c, denom = c + ratio * e;
        q[0] = (a + b * ratio) / denom;
        q[1] = (b - a * ratio) / denom;
    } else {
        double ratio = c / e, denom = e + ratio * c;
        q[0] = (a * ratio + b) / denom;
        q[1] = (b * ratio - a) / denom;
    }
    if (!isnan(q[0]) && !isnan(q[1])) return;
    if (c == 0 && e == 0 && (!isnan(a) || !isnan(b))) {
        q[0] = copysign(INFINITY, c) * a;
        q[1] = copysign(INFINITY, c) * b;
    } else if ((isinf(a) || isinf(b)) && isfinite(c) && isfinite(e)) {
        a = inf_to_one(a);
        b = inf_to_one(b);
        q[0] = INFINITY * (a * c + b * e);
        q[1] = INFINITY * (b * c - a * e);
    } else if ((isinf(c) || isinf(e)) && isfinite(a) && isfinite(b)) {
        c = inf_to_one(c);
        e = inf_to_one(e);
        q[0] = 0 * (a * c + b * e);
        q[1] = 0 * (b * c - a * e);
    }
}

static int64_t trunc_i64(double d) { /* as cvttsd2si */
    return d >= -9223372036854775808.0 && d < 9223372036854775808.0 ? (int64_t)d : INT64_MIN;
}
uint64_t op_f64_to_u64(double d) {
    if (d < 9223372036854775808.0) return (uint64_t)trunc_i64(d);
    return (uint64_t)trunc_i64(d - 9223372036854775808.0) ^ 1ull << 63;
}

/* ---- Slicing -------------------------------------------------------------------------------------- */

typedef struct Bounds { uint64_t lo, hi, max; } Bounds;

/* x: slice operand number 0 to 2 (lo, hi, max). */
static RtResult bad(M *m, uint64_t x, int operand, unsigned flags, uint64_t y, int code) {
    trap_bounds(m, m->g, (int64_t)x, !(flags >> (3 + operand) & 1), (int64_t)y, code);
    return RT_FALSE;
}

/* Checks in gc's order: max against cap, hi against max, lo against hi. */
static RtResult slice_bounds(M *m, uint64_t *fp, uint64_t operands, uint64_t len, uint64_t cap, bool is_slice,
                             Bounds *b) {
    unsigned flags = (unsigned)(operands >> 48);
    b->lo = flags & 1 ? fp[(uint16_t)operands] : 0;
    b->hi = flags & 2 ? fp[(uint16_t)(operands >> 16)] : len;
    b->max = flags & 4 ? fp[(uint16_t)(operands >> 32)] : cap;
    if (flags & 4) {
        if (b->max > cap) return bad(m, b->max, 2, flags, cap, is_slice ? BOUNDS_SLICE3_ACAP : BOUNDS_SLICE3_ALEN);
        if (b->hi > b->max) return bad(m, b->hi, 1, flags, b->max, BOUNDS_SLICE3_B);
        if (b->lo > b->hi) return bad(m, b->lo, 0, flags, b->hi, BOUNDS_SLICE3_C);
        return RT_OK;
    }
    if (b->hi > cap) return bad(m, b->hi, 1, flags, cap, is_slice ? BOUNDS_SLICE_ACAP : BOUNDS_SLICE_ALEN);
    if (b->lo > b->hi) return bad(m, b->lo, 0, flags, b->hi, BOUNDS_SLICE_B);
    return RT_OK;
}

/* With no capacity left the pointer stays, so that it does not point past its object. */
static RtResult slice_put(uint64_t *to, uint64_t p, uint64_t size, const Bounds *b) {
    to[0] = b->max > b->lo ? p + b->lo * size : p;
    to[1] = b->hi - b->lo;
    to[2] = b->max - b->lo;
    return RT_OK;
}

RtResult op_slice(M *m, uint64_t *fp, uint64_t *to, const uint64_t *s, uint64_t size, uint64_t operands) {
    Bounds b;
    RtResult r = slice_bounds(m, fp, operands, s[1], s[2], true, &b);
    return r == RT_OK ? slice_put(to, s[0], size, &b) : r;
}

RtResult op_slice_array(M *m, uint64_t *fp, uint64_t *to, uint64_t p, uint64_t size, uint64_t len,
                        uint64_t operands) {
    Bounds b;
    RtResult r = slice_bounds(m, fp, operands, len, len, false, &b);
    return r == RT_OK ? slice_put(to, p, size, &b) : r;
}

RtResult op_slice_str(M *m, uint64_t *fp, uint64_t *to, const uint64_t *s, uint64_t operands) {
    Bounds b;
    RtResult r = slice_bounds(m, fp, operands, s[1], s[1], false, &b);
    if (r != RT_OK) return r;
    uint64_t p = s[0];
    to[0] = b.hi > b.lo ? p + b.lo : p;
    to[1] = b.hi - b.lo;
    return RT_OK;
}

static RtResult trap(M *m, const char *text) {
    trap_text(m, m->g, text, false);
    return RT_FALSE;
}

RtResult op_unsafe_slice(M *m, uint64_t *to, uint64_t p, int64_t n, uint64_t size) {
    if (n < 0) return trap(m, "unsafe.Slice: len out of range");
    if (!p) {
        if (n) return trap(m, "unsafe.Slice: ptr is nil and len is not zero");
        to[0] = to[1] = to[2] = 0;
        return RT_OK;
    }
    uint64_t bytes;
    if (__builtin_mul_overflow((uint64_t)n, size, &bytes) || bytes > -p)
        return trap(m, "unsafe.Slice: len out of range");
    to[0] = p;
    to[1] = to[2] = (uint64_t)n;
    return RT_OK;
}

RtResult op_unsafe_str(M *m, uint64_t *to, uint64_t p, int64_t n) {
    if (n < 0) return trap(m, "unsafe.String: len out of range");
    if (!p && n) return trap(m, "unsafe.String: ptr is nil and len is not zero");
    if ((uint64_t)n > -p && p) return trap(m, "unsafe.String: len out of range");
    to[0] = p;
    to[1] = (uint64_t)n;
    return RT_OK;
}

#define MAX_ALLOC (1ull << 48)

RtResult op_make_slice_tmp(M *m, const GoType *t, uint64_t *to, int64_t len, int64_t cap, void *tmp, uint64_t room) {
    if ((uint64_t)len > (uint64_t)cap || (uint64_t)cap > room || (uint64_t)cap * t->size > room)
        return op_make_slice(m, t, to, len, cap);
    memset(tmp, 0, room); /* what is not used may be scanned too */
    to[0] = (uint64_t)tmp;
    to[1] = (uint64_t)len;
    to[2] = (uint64_t)cap;
    return RT_OK;
}

RtResult op_make_slice(M *m, const GoType *t, uint64_t *to, int64_t len, int64_t cap) {
    uint64_t bytes;
    if (__builtin_mul_overflow((uint64_t)cap, t->size, &bytes) || bytes > MAX_ALLOC || len < 0 || len > cap) {
        uint64_t lb;
        if (__builtin_mul_overflow((uint64_t)len, t->size, &lb) || lb > MAX_ALLOC || len < 0)
            return trap(m, "makeslice: len out of range");
        return trap(m, "makeslice: cap out of range");
    }
    void *p = mem_alloc_array(m, t, cap);
    to[0] = (uint64_t)p;
    to[1] = (uint64_t)len;
    to[2] = (uint64_t)cap;
    return RT_OK;
}

RtResult op_append(M *m, const GoType *t, uint64_t *to, const uint64_t *s, const void *elem) {
    GoSlice old = slice_at(s), out = old;
    if (old.len >= old.cap && slice_grow(m, t, old, (int64_t)((uint64_t)old.len + 1), &out) != RT_OK) return RT_PANIC;
    mem_barrier_typed(m, t, elem, 1);
    memcpy((char *)out.p + (uint64_t)old.len * t->size, elem, t->size);
    out.len = old.len + 1;
    return put_slice(to, out);
}

RtResult op_append_grow(M *m, const GoType *t, uint64_t *to, const uint64_t *s, uint32_t n) {
    GoSlice old = slice_at(s), out = old;
    int64_t need = (int64_t)((uint64_t)old.len + (uint64_t)n);
    if ((uint64_t)need > (uint64_t)old.cap && slice_grow(m, t, old, need, &out) != RT_OK) return RT_PANIC;
    out.len = old.len;
    return put_slice(to, out);
}

RtResult op_append_slice(M *m, const GoType *t, uint64_t *to, const uint64_t *s, const uint64_t *from) {
    GoSlice old = slice_at(s), out = old;
    int64_t n = (int64_t)from[1];
    if (unlikely(n < 0)) return trap(m, "makeslice: len out of range");
    int64_t need = (int64_t)((uint64_t)old.len + (uint64_t)n);
    if ((uint64_t)need > (uint64_t)old.cap && slice_grow(m, t, old, need, &out) != RT_OK) return RT_PANIC;
    char *at = (char *)out.p + (uint64_t)old.len * t->size;
    if (from[0]) mem_barrier_typed(m, t, (void *)from[0], (uint64_t)n);
    if (unlikely(!from[0])) memset(at, 0, (uint64_t)n * t->size); /* zeros */
    else if (n) memmove(at, (void *)from[0], (uint64_t)n * t->size);
    out.len = old.len + n;
    return put_slice(to, out);
}

/* ---- Strings -------------------------------------------------------------------------------------- */

RtResult op_concat(M *m, uint64_t *to, const uint64_t *parts, uint32_t n, void *tmp) {
    return put_str(to, str_concat(m, (const GoString *)parts, (int)n, tmp));
}
RtResult op_str_from_bytes(M *m, uint64_t *to, const uint64_t *s, void *tmp) {
    return put_str(to, str_from_bytes(m, (void *)s[0], (int64_t)s[1], tmp));
}
RtResult op_bytes_from_str(M *m, uint64_t *to, const uint64_t *s, void *tmp) {
    return put_slice(to, bytes_from_str(m, str_at(s), tmp));
}
RtResult op_str_from_runes(M *m, uint64_t *to, const uint64_t *s, void *tmp) {
    return put_str(to, str_from_runes(m, slice_at(s), tmp));
}
RtResult op_runes_from_str(M *m, uint64_t *to, const uint64_t *s, void *tmp) {
    return put_slice(to, runes_from_str(m, str_at(s), tmp));
}
RtResult op_str_from_rune(M *m, uint64_t *to, int64_t r, void *tmp) { return put_str(to, str_from_rune(m, r, tmp)); }

GUARDED void op_str_rune(uint64_t *to, const uint64_t *s, uint64_t i) {
    int32_t r;
    int w = utf8_decode((const char *)s[0] + i, s[1] - i, &r);
    to[0] = (uint64_t)(int64_t)r;
    to[1] = i + (uint64_t)w;
}

/* ---- Allocation ----------------------------------------------------------------------------------- */

RtResult op_closure(M *m, uint64_t *to, const uint64_t *from, uint32_t n, const VmFunc *fn, uint64_t mask) {
    uint64_t *p = NULL;
    size_t size = (n + 1) * 8u;
    if (n < 63 && size <= MEM_MASK_MAX)
        p = mem_alloc_fast(m->p, mem_class8[(size + 7) >> 3], !mask, mask << 1);
    if (!p) {
        uint8_t bits[16] = {0};
        uint64_t low = mask << 1;
        memcpy(bits, &low, 8);
        bits[8] = (uint8_t)(mask >> 63);
        p = mask ? mem_alloc_mask(m, size, bits) : mem_alloc_noscan(m, size, true);
    }
    p[0] = (uint64_t)fn;
    if (mask) mem_barrier(m, from, n * 8u);
    memcpy(p + 1, from, n * 8u);
    *to = (uint64_t)p;
    return RT_OK;
}

RtResult op_closure_big(M *m, uint64_t *to, const uint64_t *from, uint32_t n, const VmFunc *fn,
                        const uint8_t *mask) {
    size_t words = n + 1u;
    uint8_t *bits = calloc(1, words / 8 + 16); /* owned by the object when it is large: never freed */
    if (!bits) base_oom();
    for (uint32_t i = 0; i < n; i++)
        if (mask[i >> 3] >> (i & 7) & 1) bits[(i + 1) >> 3] |= (uint8_t)(1u << ((i + 1) & 7));
    uint64_t *p = mem_alloc_mask(m, words * 8, bits);
    if (words * 8 <= MEM_MASK_MAX) free(bits);
    mem_barrier(m, from, n * 8u);
    p[0] = (uint64_t)fn;
    memcpy(p + 1, from, n * 8u);
    *to = (uint64_t)p;
    return RT_OK;
}

RtResult op_box(M *m, uint64_t *to, const void *from, const GoType *t) {
    if (!t->size) {
        *to = (uint64_t)mem_zero_base(m->vm);
        return RT_OK;
    }
    if (t->size < 8 && !t->ptr_bytes) {
        uint64_t x = 0;
        memcpy(&x, from, t->size);
        if (x < ARRAY_LEN(value_small_ints)) return *to = (uint64_t)&value_small_ints[x], RT_OK;
    } else if (t->kind == KIND_SLICE && !*(const uint64_t *)from) return *to = (uint64_t)value_zero, RT_OK;
    void *p = mem_new(m, t);
    mem_barrier_typed(m, t, from, 1);
    memcpy(p, from, t->size);
    *to = (uint64_t)p;
    return RT_OK;
}

/* ---- Interfaces ----------------------------------------------------------------------------------- */

static const GoType *dyn_type(const uint64_t *x, uint32_t flags) {
    if (!x[0]) return NULL;
    return flags & 1 ? (const GoType *)x[0] : ((const GoItab *)x[0])->type;
}

RtResult op_assert_iface(M *m, uint64_t *to, const uint64_t *x, const GoInterfaceType *want, uint32_t flags) {
    const GoType *t = dyn_type(x, flags);
    uint64_t data = x[1];
    if (!t) {
        if (flags & 2) {
            to[0] = to[1] = 0;
            return RT_OK;
        }
        trap_assert(m, m->g, NULL, NULL, &want->t, (Str){0});
        return RT_FALSE;
    }
    if (!want->methods.len) {
        to[0] = (uint64_t)t;
    } else {
        Str missing = {0};
        const GoItab *tab = itab_get(m->vm, want, t, &missing);
        if (!tab) {
            trap_assert(m, m->g, NULL, t, &want->t, missing);
            return RT_FALSE;
        }
        to[0] = (uint64_t)tab;
    }
    to[1] = data;
    return RT_OK;
}

bool op_assert_iface_ok(M *m, uint64_t *to, const uint64_t *x, const GoInterfaceType *want, uint32_t flags) {
    const GoType *t = dyn_type(x, flags);
    uint64_t data = x[1];
    const GoItab *tab = NULL;
    Str missing;
    if (t && want->methods.len) tab = itab_get(m->vm, want, t, &missing);
    else if (t) tab = (const GoItab *)t;
    to[0] = (uint64_t)tab;
    to[1] = tab ? data : 0;
    return tab != NULL;
}

/* ---- Maps, channels, goroutines, natives ------------------------------------------------------------ */

RtResult op_map_get(M *m, const GoMapType *t, uint64_t *to, GoMap *h, const void *key) {
    bool panicked = false;
    void *p = map_lookup(m, t, h, key, &panicked);
    if (panicked) return RT_PANIC;
    *to = (uint64_t)p;
    return RT_OK;
}

RtResult op_make_chan(M *m, const GoType *t, int64_t size, uint64_t *to) {
    Chan *c = NULL;
    RtResult r = chan_make(m, t, size, &c);
    if (r == RT_OK) *to = (uint64_t)c;
    return r;
}

RtResult op_select(M *m, uint64_t *to, const uint64_t *cases, uint32_t n, bool has_default,
                   const uint64_t *sends) {
    SelectCase few[16], *sc = few;
    if (n > 16 && !(sc = malloc(n * sizeof *sc))) base_oom();
    for (uint32_t i = 0; i < n; i++)
        sc[i] = (SelectCase){(Chan *)cases[2 * i], (void *)cases[2 * i + 1], sends[i / 64] >> (i % 64) & 1};
    RtResult r = select_go(m, sc, (int)n, has_default, (int64_t *)to, (bool *)(to + 1));
    if (sc != few) free(sc);
    return r;
}

RtResult op_native(M *m, uint32_t id, uint64_t *args) {
    gc_poll(m);
    m->no_gc++;
    RtResult r = vm_natives[id].fn(m, args);
    m->no_gc--;
    return r;
}

bool op_try_native(M *m, uint32_t id, uint64_t *args) {
    m->no_gc++; /* there is no map here */
    RtResult r = vm_natives[id].fn(m, args);
    m->no_gc--;
    if (r != RT_OK && r != RT_FALSE) bug("native %s answers %d to a try", vm_natives[id].name, (int)r);
    return r == RT_OK;
}

enum { ROOMY_MAX = 10000 }; /* goroutines */

/* Words of a new goroutine's first stack chunk. */
static size_t first_words(M *m, const VmFunc *fn) {
    VmM *vmm = vm_m(m);
    if (!vmm || !vmm->roomy) return fn->frame_slots;
    const StackHint *h = vm_stack_hint(vmm, fn);
    return h->fn == fn && h->words > fn->frame_slots ? h->words : fn->frame_slots;
}

G *vm_go(M *m, const VmFunc *fn, GoFunc *ctx, const uint64_t *args, uint32_t nargs) {
    G *g = sched_new_g(m, first_words(m, fn));
    if (g->id % 16 == 0 && vm_m(m)) vm_m(m)->roomy = sched_count_g(m->vm) < ROOMY_MAX && !m->vm->stress.stack;
    uint64_t *fp = g->stack->words;
    fp[FRAME_RETPC] = (uint64_t)stub_ret(STUB_GOEXIT);
    fp[FRAME_CALLER] = (uint64_t)vm_bottom_frame;
    fp[FRAME_FUNC] = (uint64_t)fn;
    fp[FRAME_CTX] = (uint64_t)ctx;
    if (nargs) memcpy(fp + FRAME_ARGS, args, nargs * 8u);
    g->fp = fp;
    g->pc = fn->code;
    G *parent = m->g;
    if (parent) {
        g->create_pc = parent->pc;
        g->parent_id = parent->id;
        g->labels = parent->labels;
        g->bubble = parent->bubble;
        if (unlikely(g->bubble != NULL)) bubble_add_g(g);
    }
    return g;
}

void op_go(M *m, const VmFunc *fn, GoFunc *ctx, const uint64_t *args, uint32_t nargs) {
    sched_start(m, vm_go(m, fn, ctx, args, nargs));
}
