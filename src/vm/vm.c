/* An instance of a program: set-up, the main goroutine, what the runtime asks the VM for. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include "vm/vm_int.h"

static const VmFunc *find_func(Images *im, const char *name) {
    return (const VmFunc *)image_lookup(im, str_c(name));
}

static G *start_func(M *m, GoFunc *f, const uint64_t *args, uint32_t nargs) {
    G *g = vm_go(m, f->fn, f, args, nargs);
    sched_start(m, g);
    return g;
}

/* A worker thread's entry. */
static void run_worker(M *m) {
    if (m->vm->images->space) rt_image_space = m->vm->images->space;
    vm_run(m);
}

Vm *vm_new(Images *images, const VmOptions *opt) {
    if (images->space) rt_image_space = images->space;
    Vm *vm = calloc(1, sizeof *vm);
    VmPriv *pv = calloc(1, sizeof *pv);
    if (!vm || !pv) base_oom();
    vm->vm_private = pv;
    vm->images = images;
    vm->argc = opt->argc;
    vm->argv = opt->argv;
    vm->env = opt->env;
    vm->goroot = opt->goroot;
    vm->executable = opt->executable;
    vm->at_exit = opt->at_exit;
    vm->executable_ctx = opt->executable_ctx;
    vm->report_leaks = opt->leaks;
    vm->max_memory = opt->max_memory;
    vm->max_goroutines = opt->max_goroutines;
    vm->stress.sched_seed = opt->sched_seed;
    const char *sched = getenv("VOLE_SCHED");
    if (opt->sched_seed < 0 && sched && !strncmp(sched, "seed:", 5)) vm->stress.sched_seed = strtol(sched + 5, NULL, 10);
    if (vm->stress.sched_seed >= 0) vm->rand_seed = hash_bytes(&vm->stress.sched_seed, 8, 1);
    else if (getrandom(&vm->rand_seed, sizeof vm->rand_seed, 0) < 0) vm->rand_seed = (uint64_t)time_now_ns();
    pv->exact = true;
    if (opt->stress) {
        const char *gc = strstr(opt->stress, "gc");
        int every = gc && gc[2] == '=' ? atoi(gc + 3) : 0;
        if (gc) vm->stress.gc = every > 0 ? (uint32_t)every : 50;
        const char *mark = strstr(opt->stress, "mark"), *beside = strstr(opt->stress, "beside");
        if (mark) vm->stress.mark = mark[4] == '=' && atoi(mark + 5) > 0 ? (uint32_t)atoi(mark + 5) : 50;
        if (beside) vm->stress.mark = 50, vm->stress.mark_thread = true;
        vm->stress.gc_grow = every <= 0;
        vm->stress.stack = strstr(opt->stress, "stack") != NULL;
        vm->stress.preempt = strstr(opt->stress, "preempt") != NULL;
        vm->stress.oom = strstr(opt->stress, "oom") != NULL;
        pv->exact = strstr(opt->stress, "conservative") == NULL;
    }
    pthread_mutex_init(&pv->fatal_lock, NULL);
    const char *trace = getenv("GOTRACEBACK");
    vm_set_trace_level(vm, str_c(trace ? trace : ""));
    base_on_oom(vm_on_oom, vm);
    static const char *const names[] = {
#define HOOK(id, name) name,
#include "vm/hooks.def"
#undef HOOK
    };
    for (int i = 0; i < HOOK_COUNT; i++) pv->hooks[i] = find_func(images, names[i]);
    pv->type_error_string = (const GoType *)image_lookup(images, STR("type:runtime.errorString"));
    pv->type_plain_error = (const GoType *)image_lookup(images, STR("type:runtime.plainError"));
    vm->sched_time.start_nano = (const int64_t *)image_lookup(images, STR("time.startNano"));
    vm->sched_time.local = (void *)image_lookup(images, STR("time.localLoc"));
    vm->sched_time.go_func = (const VmFunc *)image_lookup(images, STR("time.goFunc"));
    vm->go_func = start_func;
    heap_init(vm);
    gc_set_hooks(vm, &(GcHooks){.scan_g = vm_scan_g, .scan_roots = vm_scan_roots,
                                 .run_finalizers = native_finalizers_ready, .before_mark = native_before_mark});
    sched_init(vm, (uint32_t)opt->nprocs, run_worker);
    return vm;
}

int vm_main(Vm *vm) {
    const VmFunc *entry = NULL;
    if (vm->images->list.len) entry = image_entry(vec_last(&vm->images->list));
    if (!entry) entry = find_func(vm->images, "go:main");
    if (!entry) {
        fprintf(stderr, "vole: the program has no main function\n");
        return 1;
    }
    vm_install_signals(vm);
    M *m = vm->ms;
    while (m->all_next) m = m->all_next;
    G *g = vm_go(m, entry, NULL, NULL, 0);
    int status = sched_main(vm, g);
    if (vm->at_exit) vm->at_exit(vm->executable_ctx);
    return status;
}

void vm_free(Vm *vm) {
    heap_free(vm);
    pthread_mutex_destroy(&vm_priv(vm)->fatal_lock);
    free(vm->vm_private);
    free(vm);
}
