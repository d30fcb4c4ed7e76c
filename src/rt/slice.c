/* Growing slices. The capacities are visible to programs and equal gc's: doubling up to 256 elements, then by a
 * quarter and a bit, rounded up to what the allocator gives. */
#include "rt/value.h"

static int64_t next_cap(int64_t need, int64_t old_cap) {
    enum { THRESHOLD = 256 };
    uint64_t cap = (uint64_t)old_cap, want = (uint64_t)need;
    if (want > cap * 2) return need;
    if (old_cap < THRESHOLD) return (int64_t)(cap * 2);
    do cap += (cap + 3 * THRESHOLD) >> 2;
    while (cap < want);
    return (int64_t)cap <= 0 ? need : (int64_t)cap;
}

RtResult slice_grow(M *m, const GoType *elem, GoSlice old, int64_t need, GoSlice *out) {
    const size_t max_alloc = (size_t)1 << 48;
    if (need < 0) goto range;
    size_t size = elem->size, bytes;
    if (!size) {
        *out = (GoSlice){old.p ? old.p : mem_zero_base(m->vm), old.len, need};
        return RT_OK;
    }
    int64_t cap = next_cap(need, old.cap);
    bool noscan = !elem->ptr_bytes;
    if (__builtin_mul_overflow(size, (size_t)cap, &bytes) || bytes > max_alloc) goto range;
    bytes = mem_round_size(bytes, noscan);
    cap = (int64_t)(bytes / size);
    bytes = (size_t)cap * size;
    if (bytes > max_alloc) goto range;
    size_t used = (size_t)old.len * size;
    uint8_t *p;
    if (noscan) {
        p = mem_alloc_noscan(m, bytes, false);
        memset(p + used, 0, bytes - used);
    } else {
        p = mem_alloc(m, bytes, elem);
    }
    mem_barrier_typed(m, elem, old.p, (uint64_t)old.len);
    if (used) memcpy(p, old.p, used);
    *out = (GoSlice){p, old.len, cap};
    return RT_OK;
range:
    vm_panic_text(m, "runtime error: growslice: len out of range");
    return RT_PANIC;
}
