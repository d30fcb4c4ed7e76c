/* Seeded schedules: everything that a program could see differently in another run is decided by one seed.
 *
 * One worker holds the only P; its random generator chooses who runs next, how long, which select case, map order
 * and what crypto/rand answers. The clock moves only by switches and safepoints and jumps to the next timer when
 * nobody can run. The log has a line an event, so that two runs can be compared byte by byte:
 *
 *     TIME gID EVENT [OBJECT] [NUMBER]
 *
 * TIME in nanoseconds of that clock, gID the goroutine that did it (g0: the scheduler), OBJECT an address. Addresses
 * are the same in every run, because the heap lies at a fixed place. */
#include <stdlib.h>

#include "rt/sched_int.h"

void seeded_init(Sched *s) {
    Vm *vm = s->vm;
    s->seeded = vm->stress.sched_seed >= 0;
    s->virtual_now = 1000000000;
    s->seeded_slice = 2u << (vm->rand_seed >> 7) % 4 * 2; /* 2, 8, 32 or 128 */
    const char *log = getenv("VOLE_SCHED_LOG");
    if (!s->seeded || !log || !*log) return;
    s->log = fopen(log, "we");
    if (!s->log) fprintf(stderr, "vole: VOLE_SCHED_LOG=%s: cannot be written\n", log);
}

void seeded_end(Sched *s) {
    if (!s->log) return;
    fclose(s->log);
    s->log = NULL;
}

void sched_log_event(M *m, const char *what, const void *object, int64_t number) {
    Sched *s = m->vm->sched;
    fprintf(s->log, "%lld g%llu %s", (long long)s->virtual_now, m->g ? (unsigned long long)m->g->id : 0, what);
    if (object) fprintf(s->log, " %p", object);
    if (number != SCHED_NO_NUMBER) fprintf(s->log, " %lld", (long long)number);
    putc('\n', s->log);
}

bool seeded_random(M *m, void *to, size_t n) {
    if (!m->vm->sched->seeded) return false;
    for (uint8_t *p = to; n;) {
        uint64_t r = rt_rand(m);
        size_t k = n < sizeof r ? n : sizeof r;
        memcpy(p, &r, k);
        p += k, n -= k;
    }
    return true;
}
