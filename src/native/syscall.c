/* System calls: one primitive under all of package syscall.
 *
 * runtime.entersyscall and exitsyscall only mark the goroutine: bytecode may run between them. Within the
 * mark, Syscall6 hands the P over while the call lasts; without it (RawSyscall) it keeps the P. Frames of
 * natives are scanned conservatively, so the objects that the arguments point to stay alive. */
#define _GNU_SOURCE
#include "native/native.h"
#include "rt/sched_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static long raw6(long n, long a, long b, long c, long d, long e, long f) {
    long r;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return r;
}

/* Of a call that was handed over: a collection may look at these words, among the arguments, meanwhile. */
static void set_result(uint64_t *r, long v) {
    bool failed = (unsigned long)v > -4096ul;
    __atomic_store_n(&r[0], failed ? (uint64_t)-1 : (uint64_t)v, __ATOMIC_RELAXED);
    __atomic_store_n(&r[1], 0, __ATOMIC_RELAXED);
    __atomic_store_n(&r[2], failed ? (uint64_t)-v : 0, __ATOMIC_RELAXED);
}

/* A seeded schedule has one worker: who waits for a child process looks now and then, so that the others can read what
 * the child writes. EINTR makes the callers try again. */
static RtResult wait_seeded(M *m, uint64_t *args) {
    bool id = args[0] == SYS_waitid;
    siginfo_t info = {0}, *to = id ? (siginfo_t *)args[3] : NULL;
    if (to) args[3] = (uint64_t)&info;
    args[id ? 4 : 3] |= WNOHANG;
    long v = raw6((long)args[0], (long)args[1], (long)args[2], (long)args[3], (long)args[4], (long)args[5], (long)args[6]);
    args[id ? 4 : 3] &= ~(uint64_t)WNOHANG;
    if (to) args[3] = (uint64_t)to;
    if (v < 0 || (id ? info.si_pid : v)) {
        if (to && v >= 0) *to = info;
        set_result(args + 7, v);
        return RT_OK;
    }
    set_result(args + 7, -EINTR);
    usleep(200);
    return timer_sleep(m, 1000000);
}

static bool waits_for_child(const uint64_t *args) {
    if (args[0] == SYS_waitid) return args[3] && !(args[4] & WNOHANG);
    return args[0] == SYS_wait4 && !(args[3] & WNOHANG);
}

RtResult native_syscall6(M *m, uint64_t *args) {
    G *g = m->g;
    bool hand_over = g->in_syscall;
    if (unlikely(m->vm->stress.sched_seed >= 0) && hand_over && waits_for_child(args)) return wait_seeded(m, args);
    if (hand_over) sched_enter_syscall(m, g);
    long v = raw6((long)args[0], (long)args[1], (long)args[2], (long)args[3], (long)args[4], (long)args[5], (long)args[6]);
    set_result(args + 7, v);
    if (hand_over && !sched_exit_syscall(m, g)) return RT_PARKED;
    return RT_OK;
}

RtResult native_entersyscall(M *m, uint64_t *args) {
    m->g->in_syscall = true;
    return RT_OK;
}

RtResult native_exitsyscall(M *m, uint64_t *args) {
    m->g->in_syscall = false;
    return RT_OK;
}

RtResult native_raw_syscall_no_error(M *m, uint64_t *args) {
    args[4] = (uint64_t)raw6((long)args[0], (long)args[1], (long)args[2], (long)args[3], 0, 0, 0);
    args[5] = 0;
    return RT_OK;
}

/* The child runs Go code until it execs. It gets memory of its own (no CLONE_VM), so that nothing it does can
 * disturb this process. Nor need the parent's worker stand still meanwhile (CLONE_VFORK): forkExec waits for
 * the exec by a pipe. */
RtResult native_raw_vfork(M *m, uint64_t *args) {
    const long not_wanted = CLONE_VM | CLONE_VFORK;
    long first = (long)args[1], second = (long)args[2];
    uint64_t clone3_args[32] = {0}; /* flags come first */
    if (args[0] == SYS_clone3) {
        if ((size_t)second > sizeof clone3_args) second = sizeof clone3_args;
        memcpy(clone3_args, (void *)first, (size_t)second);
        clone3_args[0] &= ~(uint64_t)not_wanted;
        first = (long)clone3_args;
    } else {
        first &= ~not_wanted;
    }
    sched_before_fork(m);
    long v = raw6((long)args[0], first, second, (long)args[3], 0, 0, 0);
    sched_after_fork(m, v == 0);
    args[4] = (unsigned long)v > -4096ul ? (uint64_t)-1 : (uint64_t)v;
    args[5] = (unsigned long)v > -4096ul ? (uint64_t)-v : 0;
    return RT_OK;
}

RtResult native_all_threads_syscall(M *m, uint64_t *args) {
    /* Only this thread: the others' credentials do not change. */
    set_result(args + 7, -ENOTSUP);
    return RT_OK;
}

RtResult native_gettimeofday(M *m, uint64_t *args) {
    int64_t sec;
    int32_t nsec;
    rt_walltime(m, &sec, &nsec);
    *(struct timeval *)args[0] = (struct timeval){.tv_sec = sec, .tv_usec = nsec / 1000};
    args[1] = 0;
    return RT_OK;
}

RtResult native_pagesize(M *m, uint64_t *args) {
    args[0] = (uint64_t)sysconf(_SC_PAGESIZE);
    return RT_OK;
}

RtResult native_fcntl(M *m, uint64_t *args) {
    int r = fcntl((int)args[0], (int)args[1], (int)args[2]);
    args[3] = (uint64_t)(int64_t)r;
    args[4] = r < 0 ? (uint64_t)errno : 0;
    return RT_OK;
}

/* (p []byte, flags uint32) (n int, supported bool). "Not supported" makes the caller use getrandom. */
RtResult native_vgetrandom(M *m, uint64_t *args) {
    bool seeded = seeded_random(m, (void *)args[0], args[1]);
    args[4] = seeded ? args[1] : (uint64_t)-1;
    args[5] = seeded;
    return RT_OK;
}
