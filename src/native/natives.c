/* The table of natives. */
#include "native/native.h"

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
