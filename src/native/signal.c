/* Signals for os/signal: a handler notes them in a bit set, a goroutine of os/signal takes them out. */
#define _GNU_SOURCE
#include "native/native.h"
#include "rt/sched_int.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { NSIGNALS = 65 };

typedef struct SignalState {
    _Atomic uint64_t pending[2];
    int wakefd;             /* written by the handler, watched by the poller */
    void *desc;
    _Atomic bool receiving; /* the receiver waits: all signals before were handed out and processed */
    _Atomic uint32_t wanted[NSIGNALS], ignored[NSIGNALS];
} SignalState;

static void on_signal(int sig) {
    int saved = errno;
    Vm *vm = vm_of_signals();
    NativeState *ns = vm ? vm->native_state : NULL;
    SignalState *s = ns ? __atomic_load_n(&ns->signals, __ATOMIC_ACQUIRE) : NULL;
    if (s && sig > 0 && sig < NSIGNALS) {
        atomic_fetch_or(&s->pending[sig / 64], 1ull << (sig % 64));
        uint64_t one = 1;
        ssize_t ignored = write(s->wakefd, &one, sizeof one);
        (void)ignored;
    }
    errno = saved;
}

static SignalState *signals(M *m) {
    NativeState *ns = native_state(m->vm);
    pthread_mutex_lock(&ns->lock);
    SignalState *s = ns->signals;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s) base_oom();
        s->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (poll_open(m, s->wakefd, &s->desc)) bug("signals: the poller refused an eventfd");
        __atomic_store_n(&ns->signals, s, __ATOMIC_RELEASE); /* the handler looks */
        /* With a signal handler a program is never deadlocked. */
    }
    pthread_mutex_unlock(&ns->lock);
    return s;
}

static void set_action(int sig, void (*handler)(int)) {
    struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&sa.sa_mask);
    sigaction(sig, &sa, NULL);
}

RtResult native_signal_enable(M *m, uint64_t *args) {
    uint32_t sig = (uint32_t)args[0];
    if (sig >= NSIGNALS || sig == SIGKILL || sig == SIGSTOP) return RT_OK;
    SignalState *s = signals(m);
    s->wanted[sig] = 1;
    s->ignored[sig] = 0;
    if (sig) set_action((int)sig, on_signal);
    return RT_OK;
}

RtResult native_signal_disable(M *m, uint64_t *args) {
    uint32_t sig = (uint32_t)args[0];
    if (sig >= NSIGNALS || sig == SIGKILL || sig == SIGSTOP) return RT_OK;
    SignalState *s = signals(m);
    s->wanted[sig] = 0;
    s->ignored[sig] = 0;
    if (sig && sig != SIGSEGV && sig != SIGBUS) vm_signal_default(m->vm, (int)sig);
    return RT_OK;
}

RtResult native_signal_ignore(M *m, uint64_t *args) {
    uint32_t sig = (uint32_t)args[0];
    if (!sig || sig >= NSIGNALS || sig == SIGKILL || sig == SIGSTOP) return RT_OK;
    SignalState *s = signals(m);
    s->wanted[sig] = 0;
    s->ignored[sig] = 1;
    set_action((int)sig, SIG_IGN);
    return RT_OK;
}

RtResult native_signal_ignored(M *m, uint64_t *args) {
    uint32_t sig = (uint32_t)args[0];
    struct sigaction sa;
    args[1] = sig && sig < NSIGNALS && !sigaction((int)sig, NULL, &sa) && sa.sa_handler == SIG_IGN;
    return RT_OK;
}

RtResult native_signal_recv(M *m, uint64_t *args) {
    SignalState *s = signals(m);
    sched_mark_system(m->vm, m->g);
    s->receiving = false;
    for (int i = 0; i < 2; i++) {
        uint64_t p = atomic_load(&s->pending[i]);
        if (!p) continue;
        int bit = __builtin_ctzll(p);
        atomic_fetch_and(&s->pending[i], ~(1ull << bit));
        int sig = i * 64 + bit;
        args[0] = (uint64_t)sig;
        return RT_OK;
    }
    uint64_t x;
    while (read(s->wakefd, &x, sizeof x) > 0) {}
    if (s->pending[0] || s->pending[1]) return native_signal_recv(m, args);
    G *g = m->g;
    g->pc = native_retry_pc(g);
    s->receiving = true;
    RtResult r = poll_wait(m, s->desc, 'r', (int64_t *)&args[0]);
    return r == RT_PARKED ? r : RT_YIELD; /* runs this native again either way */
}

/* For signal.Stop: returns once no signal is on its way from the handler to a channel. */
RtResult native_signal_wait_idle(M *m, uint64_t *args) {
    SignalState *s = native_state(m->vm)->signals;
    if (!s || (s->receiving && !s->pending[0] && !s->pending[1])) return RT_OK;
    m->g->pc = native_retry_pc(m->g);
    return RT_YIELD; /* and looks again */
}

/* A write to a broken standard output: as the signal would have done. */
RtResult native_sigpipe(M *m, uint64_t *args) {
    SignalState *s = native_state(m->vm)->signals;
    if (s && (s->wanted[SIGPIPE] || s->ignored[SIGPIPE])) {
        if (s->wanted[SIGPIPE]) on_signal(SIGPIPE);
        return RT_OK;
    }
    signal(SIGPIPE, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGPIPE);
    sched_exit(m->vm, 2);
    return RT_OK;
}
