/* sanitize: what the sanitizers must be told. Nothing in builds without them.
 *
 * The rest of Vole needs no annotation: goroutines' frames are data, not C stacks, and the collector reads only memory that it mapped
 * itself. LeakSanitizer looks at the ends of unit tests and fuzzed inputs; a process of the command line keeps what it made until it
 * ends (SAN_KEEPS_UNTIL_EXIT in its main file). */
#ifndef VOLE_SANITIZE_H
#define VOLE_SANITIZE_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SAN_ADDRESS 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SAN_ADDRESS 1
#endif
#ifdef __SANITIZE_THREAD__
#define SAN_THREAD 1 /* refuses fixed addresses in ranges of its own, such as IMAGE_SPACE_BASE */
#endif

#ifdef SAN_ADDRESS
#include <sanitizer/lsan_interface.h>
#include <stdint.h>
#include <string.h>
/* AddressSanitizer's memmove goes byte by byte; goroutines may see each other's pointers while they are copied, but never halves. */
static inline void words_move(void *to, const void *from, size_t n) {
    volatile uint64_t *t = to;
    const volatile uint64_t *f = from;
    if (((uintptr_t)to | (uintptr_t)from | n) & 7) memmove(to, from, n);
    else if ((uintptr_t)to <= (uintptr_t)from) for (size_t i = 0; i < n / 8; i++) t[i] = f[i];
    else for (size_t i = n / 8; i-- > 0;) t[i] = f[i];
}
/* Mapped memory that holds the only pointers to malloc'ed memory. */
#define san_root(p, n) __lsan_register_root_region((p), (n))
#define san_unroot(p, n) __lsan_unregister_root_region((p), (n))
#define SAN_KEEPS_UNTIL_EXIT \
    const char *__asan_default_options(void); \
    const char *__asan_default_options(void) { return "detect_leaks=0"; }
#else
#define words_move(to, from, n) memmove(to, from, n)
#define san_root(p, n) ((void)0)
#define san_unroot(p, n) ((void)0)
#define SAN_KEEPS_UNTIL_EXIT
#endif

#ifdef SAN_THREAD
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
#define san_ignore_reads() AnnotateIgnoreReadsBegin(__FILE__, __LINE__) /* of this thread, until */
#define san_heed_reads() AnnotateIgnoreReadsEnd(__FILE__, __LINE__)
/* For unit tests of the runtime, whose threads run until the process ends. */
#define SAN_THREADS_STAY \
    const char *__tsan_default_options(void); \
    const char *__tsan_default_options(void) { return "report_thread_leaks=0"; }
#else
#define san_ignore_reads() ((void)0)
#define san_heed_reads() ((void)0)
#define SAN_THREADS_STAY
#endif

#endif
