/* The stub functions: constants that C pushes frames of. Both words are the same, so that a return to
 * word 1 (see stub_ret) and a jump to word 0 mean one thing. */
#include "code/bc.h"
#include "vm/vm_int.h"

static const uint64_t stub_code[STUB_COUNT][2] = {
    [STUB_GOEXIT] = {BC_STUBGOEXIT, BC_STUBGOEXIT},
    [STUB_PANIC] = {BC_STUBPANIC, BC_STUBPANIC},
    [STUB_CHUNK] = {BC_STUBCHUNK, BC_STUBCHUNK},
    [STUB_NATIVE] = {BC_STUBNATIVE, BC_STUBNATIVE},
};
static const FuncInfo stub_info[STUB_COUNT] = {
    [STUB_GOEXIT] = {.name = "runtime.goexit", .file = "$GOROOT/src/runtime/asm_amd64.s", .start_line = 1265, .func = &vm_stubs[STUB_GOEXIT], .ncode = 2},
    [STUB_PANIC] = {.name = "runtime.gopanic", .file = "$GOROOT/src/runtime/panic.go", .start_line = 859, .func = &vm_stubs[STUB_PANIC], .ncode = 2},
    [STUB_CHUNK] = {.name = "runtime.morestack", .file = "", .func = &vm_stubs[STUB_CHUNK], .ncode = 2},
    [STUB_NATIVE] = {.name = "runtime.nativecall", .file = "", .func = &vm_stubs[STUB_NATIVE], .ncode = 2},
};
const VmFunc vm_stubs[STUB_COUNT] = {
    [STUB_GOEXIT] = {stub_code[STUB_GOEXIT], FRAME_ARGS, 0, 0, VMFUNC_SYSTEM, 0, &stub_info[STUB_GOEXIT], NULL},
    [STUB_PANIC] = {stub_code[STUB_PANIC], FRAME_ARGS + 1, 0, 0, VMFUNC_SYSTEM, 0, &stub_info[STUB_PANIC], NULL},
    [STUB_CHUNK] = {stub_code[STUB_CHUNK], FRAME_ARGS, 0, 0, VMFUNC_SYSTEM, 0, &stub_info[STUB_CHUNK], NULL},
    [STUB_NATIVE] = {stub_code[STUB_NATIVE], FRAME_ARGS + 1, 0, 0, VMFUNC_SYSTEM, 0, &stub_info[STUB_NATIVE], NULL},
};

const uint64_t vm_bottom_frame[FRAME_ARGS] = {[FRAME_FUNC] = (uintptr_t)&vm_stubs[STUB_GOEXIT]};

const VmFunc *vm_stub_find(const uint64_t *pc) {
    if (pc < stub_code[0] || pc >= stub_code[STUB_COUNT]) return NULL;
    return &vm_stubs[(size_t)(pc - stub_code[0]) / 2];
}

bool vm_stub_hidden(const VmFunc *f) { return f == &vm_stubs[STUB_CHUNK] || f == &vm_stubs[STUB_NATIVE]; }
