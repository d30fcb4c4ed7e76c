/* Signals: memory faults, SIGQUIT's report, what os/signal does not ask for.
 *
 * Handlers have no argument. They find the instance by signal_vm, the worker by fault_m, which each thread sets for
 * itself; all else hangs off those two. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>
#include "vm/vm_int.h"

static Vm *_Atomic signal_vm;          /* the instance that the process runs as its own */
static _Thread_local M *fault_m;       /* the worker that this thread is, inside vm_run */

Vm *vm_of_signals(void) { return atomic_load_explicit(&signal_vm, memory_order_acquire); }

/* ---- Memory faults --------------------------------------------------------------------------------- */

/* Nil pointers are checked by the handlers; what arrives here is a wild or unmapped address (unsafe, mmap), or
 * our own bug. In the middle of the interpreter the fault becomes a trap; elsewhere it ends the process. */
void vm_fault_register(M *m, const void *const *labels, int n) {
    const char *lo = labels[0], *hi = labels[0];
    for (int i = 1; i < n; i++) {
        if ((const char *)labels[i] < lo) lo = labels[i];
        if ((const char *)labels[i] > hi) hi = labels[i];
    }
    vm_m(m)->fault = (FaultState){.lo = lo, .hi = hi + 64, .go_on = labels[n]};
}
uint64_t vm_fault_address(M *m) { return vm_m(m)->fault.addr; }
void vm_fault_landing(M *m, void *buf) {
    if (m) vm_m(m)->landing = buf;
    fault_m = m;
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
    M *m = fault_m;
    FaultState none = {0}, *f = m ? &vm_m(m)->fault : &none;
    if (f->go_on && at >= f->lo && at < f->hi) {
        f->addr = (uint64_t)si->si_addr;
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)f->go_on;
        return;
    }
    /* memcmp, memmove and their like, called by a handler: they push nothing and leave the registers that outlive
     * calls alone, so that what is on the stack is the return address, and returning to the trap is enough. */
    const char *ret = *(const char **)u->uc_mcontext.gregs[REG_RSP];
    if (f->go_on && ret >= f->lo && ret < f->hi && !in_own_text(at)) {
        f->addr = (uint64_t)si->si_addr;
        u->uc_mcontext.gregs[REG_RSP] += 8;
        u->uc_mcontext.gregs[REG_RIP] = (greg_t)f->go_on;
        return;
    }
    if (m && m->g && !in_own_text(at)) {
        f->addr = (uint64_t)si->si_addr;
        siglongjmp(*(sigjmp_buf *)vm_m(m)->landing, 1);
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
static void on_quit_signal(int sig) {
    Vm *vm = vm_of_signals();
    if (vm) atomic_store(&vm->quit_requested, 1);
}

static void report_quit(M *m) {
    Buf b = {0};
    buf_puts(&b, "SIGQUIT: quit\n");
    vm_traceback_all(m->vm, NULL, &b);
    fwrite(b.data, 1, b.len, stderr);
    sched_exit(m->vm, 2);
}

static void on_forgotten(int sig) {}

void vm_signal_default(Vm *vm, int sig) {
    struct sigaction sa = {.sa_handler = SIG_DFL, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&sa.sa_mask);
    if ((sig == SIGHUP || sig == SIGINT) && (vm_priv(vm)->ignored_at_start >> sig & 1)) sa.sa_handler = SIG_IGN;
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
            if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN) vm_priv(vm)->ignored_at_start |= 1ull << sig;
            continue;
        }
        if (sig < SIGUSR1) continue;
        if (sig == SIGSEGV || sig == SIGKILL || sig == SIGSTOP || sig == 32 || sig == 33) continue;
        if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_DFL) vm_signal_default(vm, sig);
    }
    atomic_store(&signal_vm, vm);
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
