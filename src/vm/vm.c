/* An instance of a program: set-up, the main goroutine, what the runtime asks the VM for. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <ucontext.h>
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
        if (gc) vm->stress.gc = gc[2] == '=' && atoi(gc + 3) > 0 ? (uint32_t)atoi(gc + 3) : 50;
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

/* ---- Memory faults --------------------------------------------------------------------------------- */

/* Nil pointers are checked by the handlers; what arrives here is a wild or unmapped address (unsafe, mmap), or
 * our own bug. In the middle of the interpreter the fault becomes a trap; elsewhere it ends the process. */
static _Thread_local struct { const char *lo, *hi; const void *go_on; uint64_t addr; M *m; sigjmp_buf *landing; } fault;

void vm_fault_register(const void *const *labels, int n) {
    const char *lo = labels[0], *hi = labels[0];
    for (int i = 1; i < n; i++) {
        if ((const char *)labels[i] < lo) lo = labels[i];
        if ((const char *)labels[i] > hi) hi = labels[i];
    }
    fault.lo = lo;
    fault.hi = hi + 64;
    fault.go_on = labels[n];
}
uint64_t vm_fault_address(void) { return fault.addr; }
void vm_fault_landing(M *m, void *buf) {
    fault.m = m;
    fault.landing = buf;
}

/* Is the code at that address ours, and not GUARDED? */
static bool in_own_text(const char *at) {
    extern const char __executable_start[], etext[], __start_guarded[], __stop_guarded[];
    return at >= __executable_start && at < etext && !(at >= __start_guarded && at < __stop_guarded);
}

static void on_fault(int sig, siginfo_t *si, void *uc) {
#ifdef __x86_64__
    ucontext_t *u = uc;
    const char *at = (const char *)u->uc_mcontext.gregs[REG_RIP];
    if (fault.go_on && at >= fault.lo && at < fault.hi) {
        fault.addr = (uint64_t)si->si_addr;
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)fault.go_on;
        return;
    }
    /* memcmp, memmove and their like, called by a handler: they push nothing and leave the registers that outlive
     * calls alone, so that what is on the stack is the return address, and returning to the trap is enough. */
    const char *ret = *(const char **)u->uc_mcontext.gregs[REG_RSP];
    if (fault.go_on && ret >= fault.lo && ret < fault.hi && !in_own_text(at)) {
        fault.addr = (uint64_t)si->si_addr;
        u->uc_mcontext.gregs[REG_RSP] += 8;
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)fault.go_on;
        return;
    }
    if (fault.landing && fault.m->g && !in_own_text(at)) {
        fault.addr = (uint64_t)si->si_addr;
        siglongjmp(*fault.landing, 1);
    }
#endif
    char buf[160];
    int n = snprintf(buf, sizeof buf,
                     "unexpected fault address %p\nfatal error: fault\n"
                     "[signal %s: code=0x%x addr=%p]\n",
                     si->si_addr, sig == SIGSEGV ? "SIGSEGV: segmentation violation" : "SIGBUS: bus error",
                     (unsigned)si->si_code, si->si_addr);
    ssize_t ignored = write(2, buf, (size_t)n);
    (void)ignored;
    signal(SIGABRT, SIG_DFL);
    if (getenv("VOLE_CORE")) abort();
    _exit(2);
}

/* SIGQUIT: gc's report of all goroutines, exit status 2. The monitor does it; the handler only asks. */
static Vm *quit_vm;
static void on_quit_signal(int sig) {
    Vm *vm = quit_vm;
    if (vm) atomic_store(&vm->quit_requested, 1);
}

static void report_quit(M *m) {
    Buf b = {0};
    buf_puts(&b, "SIGQUIT: quit\n");
    vm_traceback_all(m->vm, NULL, &b);
    fwrite(b.data, 1, b.len, stderr);
    sched_exit(m->vm, 2);
}

/* Of the process, like the signals themselves: what it was started with (nohup). */
static uint64_t ignored_at_start;
static void on_forgotten(int sig) {}

void vm_signal_default(int sig) {
    struct sigaction sa = {.sa_handler = SIG_DFL, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&sa.sa_mask);
    if ((sig == SIGHUP || sig == SIGINT) && (ignored_at_start >> sig & 1)) sa.sa_handler = SIG_IGN;
    else switch (sig) {
    case SIGUSR1: case SIGUSR2: case SIGALRM: case SIGXCPU: case SIGXFSZ: case SIGVTALRM: case SIGPROF: case SIGIO: case SIGPWR:
        sa.sa_handler = on_forgotten;
        break;
    case SIGQUIT: sa.sa_handler = on_quit_signal; break;
    case SIGPIPE: sa.sa_handler = SIG_IGN; break;
    default:
        if (sig >= 34) sa.sa_handler = on_forgotten;
    }
    sigaction(sig, &sa, NULL);
}

void vm_install_signals(Vm *vm) {
    for (int sig = 1; sig <= 64; sig++) {
        struct sigaction old;
        if (sig == SIGHUP || sig == SIGINT) {
            if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN) ignored_at_start |= 1ull << sig;
            continue;
        }
        if (sig < SIGUSR1) continue;
        if (sig == SIGSEGV || sig == SIGKILL || sig == SIGSTOP || sig == 32 || sig == 33) continue;
        if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_DFL) vm_signal_default(sig);
    }
    quit_vm = vm;
    vm->on_quit = report_quit;
    struct sigaction quit = {.sa_handler = on_quit_signal, .sa_flags = SA_RESTART};
    sigemptyset(&quit.sa_mask);
    sigaction(SIGQUIT, &quit, NULL);
#ifndef VOLE_DEBUG /* sanitizers want to see faults themselves */
    struct sigaction sa = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&sa.sa_mask);
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
#endif
    signal(SIGPIPE, SIG_IGN);
}
