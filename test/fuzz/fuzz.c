/* The deep stack and the ways out; see fuzz.h. */
#include "fuzz.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

static struct Deep {
    pthread_t thread;
    sem_t go, done;
    void (*fn)(void *);
    void *arg;
} *deep;

static void await(sem_t *s) {
    while (sem_wait(s)) continue; /* libFuzzer's timer interrupts it */
}

static void *serve(void *arg) {
    struct Deep *d = arg;
    for (;;) {
        await(&d->go);
        d->fn(d->arg);
        sem_post(&d->done);
    }
    return NULL;
}

void fuzz_deep(void (*fn)(void *), void *arg) {
    if (!deep) {
        deep = calloc(1, sizeof *deep);
        sem_init(&deep->go, 0, 0);
        sem_init(&deep->done, 0, 0);
        pthread_attr_t attr;
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, (size_t)512 << 20);
        if (pthread_create(&deep->thread, &attr, serve, deep)) abort();
    }
    deep->fn = fn;
    deep->arg = arg;
    sem_post(&deep->go);
    await(&deep->done);
}

/* Linked with -Wl,--wrap: the originals end the process without a trace of the input. */
noreturn_ void __wrap_base_bug(const char *file, int line, const char *fmt, ...);
noreturn_ void __wrap_base_oom(void);

void __wrap_base_bug(const char *file, int line, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "internal error: ");
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, " (%s:%d)\n", file, line);
    va_end(ap);
    abort();
}

void __wrap_base_oom(void) {
    fputs("out of memory\n", stderr);
    abort();
}
