/* A Vm with one M and P and without scheduler for unit tests of rt. The weak functions give way to the real ones
 * when those are linked. */
#ifndef RT_STUB_H
#define RT_STUB_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "base/sanitize.h"
#include "rt/map.h"
#include "rt/mem_int.h"
#include "rt/value.h"
#include "vm/vm.h"

SAN_THREADS_STAY

#define WEAK __attribute__((weak))
WEAK void sched_stop_world(M *m, const char *why) {}
WEAK void sched_start_world(M *m) {}
WEAK void sched_each_g(Vm *vm, void (*fn)(void *ctx, G *g), void *ctx) {}
WEAK struct GSlab *sched_slab_first(Vm *vm) { return NULL; }
WEAK void timer_mark(Vm *vm, Marker *mk, bool channels) {}
WEAK void timer_collect(Vm *vm, Marker *mk) {}
WEAK uint64_t sched_count_g(Vm *vm) { return 0; }
WEAK void sched_trim(Vm *vm, void (*drop_chunk)(void *ctx, StackChunk *c), void *ctx) {}
WEAK struct GSlab *sched_slab_next(struct GSlab *s) { return NULL; }
WEAK void sched_slab_each_g(struct GSlab *s, void (*fn)(void *ctx, G *g), void *ctx) {}
WEAK uint64_t rt_rand(M *m) {
    m->rng = m->rng * 6364136223846793005ull + 1442695040888963407ull;
    return m->rng ^ m->rng >> 29;
}
WEAK void rt_fatal(Vm *vm, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    abort();
}
WEAK void rt_misuse(Vm *vm, const char *fmt, ...) { abort(); }
WEAK void rt_exhausted(Vm *vm, const char *fatal, const char *fmt, ...) { abort(); }
static char panic_text[200];
WEAK void vm_panic_text(M *m, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(panic_text, sizeof panic_text, fmt, ap);
}

static void *roots[4096]; /* what the test keeps alive */
static void scan_roots(Vm *vm, Marker *mk) { gc_mark_words(mk, roots, ARRAY_LEN(roots), NULL); }

typedef struct World { Vm vm; M m; P p; P *_Atomic ps[8]; } World; /* only the first is there */
static inline World *world_new(void) {
    World *w = calloc(1, sizeof *w);
    w->ps[0] = &w->p;
    w->vm.ps = w->ps;
    w->vm.nprocs = 1;
    w->vm.stress.sched_seed = 1;
    w->m.vm = &w->vm;
    w->m.p = &w->p;
    w->m.rng = 7;
    heap_init(&w->vm);
    mem_p_init(&w->vm, &w->p);
    gc_set_hooks(&w->vm, &(GcHooks){.scan_roots = scan_roots});
    memset(roots, 0, sizeof roots);
    return w;
}
static inline void world_free(World *w) {
    heap_free(&w->vm);
    free(w);
}

/* Names lie in the image space, as type descriptors name them by 32-bit offsets. */
static uint8_t *names_at;
static inline const uint8_t *name_new(const char *s, bool exported) {
    static uint8_t *at;
    if (!at) {
        at = mmap(NULL, IMAGE_SPACE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        assert_ptr_not_equal(at, MAP_FAILED);
        rt_image_space = (uint64_t)(uintptr_t)at;
        at += 16;
    }
    uint8_t *n = at;
    *at++ = exported;
    *at++ = (uint8_t)strlen(s);
    memcpy(at, s, strlen(s));
    at += strlen(s);
    names_at = at;
    return n;
}
static inline int32_t off_of(const void *p) { return (int32_t)((uintptr_t)p - rt_image_space); }
static const GoFunc some_equal;
static const uint8_t mask_words[8][8] = {{1}, {2}, {3}, {5}};
static const GoType type_ptr = {.size = 8, .ptr_bytes = 8, .align = 8, .kind = KIND_POINTER, .equal = &some_equal,
    .tflag = TFLAG_REGULARMEM | TFLAG_DIRECTIFACE, .gcdata = mask_words[0]};
static const GoType type_u64 = {.size = 8, .align = 8, .kind = KIND_UINT64, .equal = &some_equal, .tflag = TFLAG_REGULARMEM};
static const GoType type_u32 = {.size = 4, .align = 4, .kind = KIND_UINT32, .equal = &some_equal, .tflag = TFLAG_REGULARMEM};
static const GoType type_u8 = {.size = 1, .align = 1, .kind = KIND_UINT8, .equal = &some_equal, .tflag = TFLAG_REGULARMEM};
static const GoType type_f64 = {.size = 8, .align = 8, .kind = KIND_FLOAT64, .equal = &some_equal};
static const GoType type_str = {.size = 16, .ptr_bytes = 8, .align = 8, .kind = KIND_STRING, .equal = &some_equal,
    .gcdata = mask_words[0]};
static const GoType type_pair = {.size = 16, .ptr_bytes = 16, .align = 8, .kind = KIND_STRUCT, .gcdata = mask_words[2]};
#endif
