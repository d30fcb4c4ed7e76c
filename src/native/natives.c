/* The table of natives, and their per-instance state. */
#include "native/native.h"

#include <stdlib.h>

const Native vm_natives[] = {
#define NATIVE(name, fn, nparams, nresults, effects) {name, fn, nparams, nresults, effects},
#include "tables/natives.def"
#undef NATIVE
};
const uint32_t vm_nnatives = ARRAY_LEN(vm_natives);

RtResult native_no_body(M *m, uint64_t *args) {
    const VmFunc *f = (const VmFunc *)args[FRAME_FUNC - FRAME_ARGS];
    vm_panic_text(m, "vole: function %s has no body", f->info && f->info->name ? f->info->name : "?");
    return RT_PANIC;
}

NativeState *native_state(Vm *vm) {
    NativeState *s = __atomic_load_n(&vm->native_state, __ATOMIC_ACQUIRE);
    if (s) return s;
    s = calloc(1, sizeof *s);
    if (!s) base_oom();
    pthread_mutex_init(&s->lock, NULL);
    s->max_stack = 1000000000;
    void *none = NULL;
    if (!__atomic_compare_exchange_n(&vm->native_state, &none, s, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        free(s);
        return none;
    }
    return s;
}

void native_each_root(Vm *vm, void (*fn)(void *ctx, void *p), void *ctx) {
    NativeState *s = vm->native_state;
    if (!s) return;
    if (s->pool_cleanup) fn(ctx, s->pool_cleanup);
}
