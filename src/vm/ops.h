/* The bodies of long or rare instructions, out of the interpreter's way, and its small inline helpers.
 * Pointers `to`, `from` are slots of the current frame; g->pc and g->fp are saved. A trap answers RT_OK's
 * counterpart RT_FALSE after it has set g->pc and g->fp: the interpreter loads them again. */
#ifndef VOLE_OPS_H
#define VOLE_OPS_H

#include "vm/vm_int.h"

static inline double f64(uint64_t x) { double d; memcpy(&d, &x, 8); return d; }
static inline uint64_t u64(double d) { uint64_t x; memcpy(&x, &d, 8); return x; }
static inline float f32(uint64_t x) { uint32_t w = (uint32_t)x; float f; memcpy(&f, &w, 4); return f; }
static inline uint64_t u32(float f) { uint32_t w; memcpy(&w, &f, 4); return w; }
static inline uint64_t c64(float re, float im) { return u32(re) | u32(im) << 32; }
static inline uint64_t bit_len(uint64_t x) { return x ? 64 - (uint64_t)__builtin_clzll(x) : 0; }

typedef enum VmIntrinsic {
    INTR_NONE, /* as the builder counts */
#define INTRINSIC(id, nargs, doc) INTR_##id,
#define INTRINSIC_NAME(name, id)
#include "tables/intrinsics.def"
#undef INTRINSIC
#undef INTRINSIC_NAME
} VmIntrinsic;

int op_strcmp(const uint64_t *x, const uint64_t *y);
RtResult op_eface_eq(M *m, const GoType *t, uint64_t x, uint64_t y, uint64_t *to);
RtResult op_mem_eq(M *m, const GoType *t, const void *p, const void *q, uint64_t *to);
void op_complex_div(const double n[2], const double m[2], double q[2]);
uint64_t op_f64_to_u64(double d);
RtResult op_slice(M *m, uint64_t *fp, uint64_t *to, const uint64_t *s, uint64_t size, uint64_t operands);
RtResult op_slice_array(M *m, uint64_t *fp, uint64_t *to, uint64_t p, uint64_t size, uint64_t len, uint64_t operands);
RtResult op_slice_str(M *m, uint64_t *fp, uint64_t *to, const uint64_t *s, uint64_t operands);
RtResult op_unsafe_slice(M *m, uint64_t *to, uint64_t p, int64_t n, uint64_t size);
RtResult op_unsafe_str(M *m, uint64_t *to, uint64_t p, int64_t n);
/* tmp: `room` bytes in the frame */
RtResult op_make_slice_tmp(M *m, const GoType *t, uint64_t *to, int64_t len, int64_t cap, void *tmp, uint64_t room);
RtResult op_make_slice(M *m, const GoType *t, uint64_t *to, int64_t len, int64_t cap);
RtResult op_append(M *m, const GoType *t, uint64_t *to, const uint64_t *s, const void *elem);
RtResult op_append_grow(M *m, const GoType *t, uint64_t *to, const uint64_t *s, uint32_t n);
RtResult op_append_slice(M *m, const GoType *t, uint64_t *to, const uint64_t *s, const uint64_t *from);
/* tmp: room in the frame for a small result, or NULL (rt/value.h) */
RtResult op_concat(M *m, uint64_t *to, const uint64_t *parts, uint32_t n, void *tmp);
RtResult op_str_from_bytes(M *m, uint64_t *to, const uint64_t *s, void *tmp);
RtResult op_bytes_from_str(M *m, uint64_t *to, const uint64_t *s, void *tmp);
RtResult op_str_from_runes(M *m, uint64_t *to, const uint64_t *s, void *tmp);
RtResult op_runes_from_str(M *m, uint64_t *to, const uint64_t *s, void *tmp);
RtResult op_str_from_rune(M *m, uint64_t *to, int64_t r, void *tmp);
void op_str_rune(uint64_t *to, const uint64_t *s, uint64_t i);
RtResult op_closure(M *m, uint64_t *to, const uint64_t *from, uint32_t n, const VmFunc *fn, uint64_t mask);
RtResult op_closure_big(M *m, uint64_t *to, const uint64_t *from, uint32_t n, const VmFunc *fn, const uint8_t *mask);
RtResult op_box(M *m, uint64_t *to, const void *from, const GoType *t);
RtResult op_assert_iface(M *m, uint64_t *to, const uint64_t *x, const GoInterfaceType *want, uint32_t flags);
bool op_assert_iface_ok(M *m, uint64_t *to, const uint64_t *x, const GoInterfaceType *want, uint32_t flags);
RtResult op_map_get(M *m, const GoMapType *t, uint64_t *to, GoMap *h, const void *key);
static inline RtResult op_map_result(uint64_t *to, void *elem) {
    *to = (uint64_t)elem;
    return elem ? RT_OK : RT_PANIC;
}
RtResult op_make_chan(M *m, const GoType *t, int64_t size, uint64_t *to);
RtResult op_select(M *m, uint64_t *to, const uint64_t *cases, uint32_t n, bool has_default, const uint64_t *sends);
/* TRYNATIVE: whether it was done. */
bool op_try_native(M *m, uint32_t id, uint64_t *args);
RtResult op_native(M *m, uint32_t id, uint64_t *args);
void op_go(M *m, const VmFunc *fn, GoFunc *ctx, const uint64_t *args, uint32_t nargs);

#endif
