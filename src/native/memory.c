/* Weak pointers, equality and hashing by type, the iterator of internal/runtime/maps, maps.clone. */
#include "image/image.h"
#include "native/native.h"

/* ---- Weak pointers -------------------------------------------------------------------------------- */

RtResult weak_native_register(M *m, uint64_t *args) {
    args[1] = (uint64_t)weak_register(m, (void *)args[0]);
    return RT_OK;
}
RtResult weak_native_strong(M *m, uint64_t *args) {
    args[1] = (uint64_t)weak_get(m, (void *)args[0]);
    return RT_OK;
}

/* ---- Hashing ---------------------------------------------------------------------------------------- */

/* Type.Equal and MapType.Hasher are function values over these two; their context names the type. */
static const GoType *context_type(const uint64_t *args) {
    const uint64_t *closure = (const uint64_t *)args[(int)FRAME_CTX - (int)FRAME_ARGS];
    return (const GoType *)closure[1];
}
RtResult rt_native_type_equal(M *m, uint64_t *args) { /* (p, q) bool */
    bool eq = false;
    if (!value_equal(m, context_type(args), (void *)args[0], (void *)args[1], &eq)) return RT_PANIC;
    args[2] = eq;
    return RT_OK;
}
RtResult rt_native_type_hash(M *m, uint64_t *args) { /* (p, seed) */
    return value_hash(m, context_type(args), (void *)args[0], args[1], &args[2]) ? RT_OK : RT_PANIC;
}

/* ---- Maps ----------------------------------------------------------------------------------------------- */

RtResult maps_native_iter_init(M *m, uint64_t *args) { /* (t, m, it) */
    map_iter_init(m, (const GoMapType *)args[0], (GoMap *)args[1], (MapIter *)args[2]);
    return RT_OK;
}
RtResult maps_native_iter_next(M *m, uint64_t *args) {
    map_iter_next(m, (MapIter *)args[0]);
    return RT_OK;
}
RtResult maps_native_clone(M *m, uint64_t *args) { /* (any) any */
    args[2] = args[0];
    args[3] = (uint64_t)map_clone(m, (const GoMapType *)args[0], (GoMap *)args[1]);
    return RT_OK;
}

/* ---- sync.Pool ---------------------------------------------------------------------------------------------- */

/* What sync.poolCleanup does, in C, because no Go code can run while the world is stopped: the victims go, the
 * local pools become victims. */
void native_before_mark(Vm *vm, M *m) {
    typedef struct { void *local; uint64_t local_size; void *victim; uint64_t victim_size; } Pool;
    NativeState *s = native_state(vm);
    if (!s->pool_cleanup) return; /* package sync is not initialised */
    GoSlice *all = (GoSlice *)(uintptr_t)image_lookup(vm->images, STR("sync.allPools"));
    GoSlice *old = (GoSlice *)(uintptr_t)image_lookup(vm->images, STR("sync.oldPools"));
    if (!all || !old) return;
    Pool **pools = old->p;
    for (int64_t i = 0; i < old->len; i++) pools[i]->victim = NULL, pools[i]->victim_size = 0;
    pools = all->p;
    for (int64_t i = 0; i < all->len; i++) *pools[i] = (Pool){NULL, 0, pools[i]->local, pools[i]->local_size};
    *old = *all;
    *all = (GoSlice){0};
}
