/* replay: a driver for the fuzz targets that needs nothing but a C compiler. Runs the target on every file of the named
 * directories (or the named files) and on its made seeds, then on -n=N mutations of them, chosen by -seed=S. The same arguments give
 * the same inputs. -write=PREFIX writes the made seeds to files instead. An input that crashes, aborts or takes more than 20 seconds of CPU is written to -keep=FILE.
 *
 *   replay_check [-n=N] [-seed=S] [-keep=FILE] [-write=PREFIX] DIR|FILE... */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { INPUT_LIMIT = 1 << 20, SECONDS = 20 };

static const uint8_t *current;
static size_t current_size;
static const char *keep = "replay.crash";

static void on_signal(int sig) {
    static const char text[] = "replay: the input was kept\n";
    int fd = open(keep, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, current, current_size) < 0 || write(2, text, sizeof text - 1) < 0) _exit(99);
    close(fd);
    signal(sig, SIG_DFL);
    if (sig == SIGPROF) _exit(98);
    raise(sig);
}

static void set_timer(long seconds) { /* of CPU time: the machine may be busy */
    struct itimerval t = {.it_value = {seconds, 0}};
    setitimer(ITIMER_PROF, &t, NULL);
}

static void run(const uint8_t *p, size_t n) {
    uint8_t *copy = malloc(n ? n : 1); /* exact, so that a sanitizer sees reads past the end */
    memcpy(copy, p, n);
    current = copy;
    current_size = n;
    set_timer(SECONDS);
    LLVMFuzzerTestOneInput(copy, n);
    set_timer(0);
    current = NULL;
    current_size = 0;
    free(copy);
}

/* ---- Inputs --------------------------------------------------------------------------------------- */

typedef VEC(Str) Inputs;

static void add_path(Arena *a, Inputs *in, const char *path) {
    Str text;
    const char *err = "";
    if (file_is_dir(path)) {
        struct dirent **list;
        int n = scandir(path, &list, NULL, alphasort);
        for (int i = 0; i < n; i++) {
            if (list[i]->d_name[0] != '.') add_path(a, in, path_join(a, path, list[i]->d_name));
            free(list[i]);
        }
        if (n >= 0) free(list);
        return;
    }
    if (!file_read(a, path, &text, &err)) {
        fprintf(stderr, "replay: %s\n", err);
        exit(1);
    }
    vec_push(in, text);
}

/* ---- Mutations ------------------------------------------------------------------------------------ */

static uint64_t rnd(uint64_t *s) { /* splitmix64 */
    uint64_t z = (*s += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
static size_t below(uint64_t *s, size_t n) { return n ? rnd(s) % n : 0; }

static void splice(Buf *b, size_t at, size_t drop, const void *p, size_t n) {
    Buf r = {0};
    buf_put(&r, b->data, at);
    buf_put(&r, p, n);
    buf_put(&r, b->data + at + drop, b->len - at - drop);
    buf_free(b);
    *b = r;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed) __attribute__((weak));

static void mutate(uint64_t *s, Buf *b, const Inputs *all) {
    if (LLVMFuzzerCustomMutator && rnd(s) % 8) {
        buf_reserve(b, 16);
        b->len = LLVMFuzzerCustomMutator((uint8_t *)b->data, b->len, b->len + 16, (unsigned)rnd(s));
        return;
    }
    size_t at = below(s, b->len + 1), left = b->len - at, k;
    int nwords = 0;
    while (fuzz_words[nwords]) nwords++;
    switch (rnd(s) % 8) {
    case 0: if (left) b->data[at] ^= (char)(1 << rnd(s) % 8); break;
    case 1: if (left) b->data[at] = (char)rnd(s); break;
    case 2: splice(b, at, below(s, left < 32 ? left + 1 : 32), "", 0); break;
    case 3: { /* again what stands here */
        char *p = NULL;
        k = below(s, left < 64 ? left + 1 : 64);
        if (k) p = memcpy(malloc(k), b->data + at, k);
        splice(b, below(s, b->len + 1), 0, p, k);
        free(p);
        break;
    }
    case 4: { /* a piece of another input */
        Str o = all->at[below(s, (size_t)all->len)];
        size_t from = below(s, o.n + 1);
        k = below(s, o.n - from < 200 ? o.n - from + 1 : 200);
        splice(b, at, below(s, left < k ? left + 1 : k + 1), o.p + from, k);
        break;
    }
    case 5:
        if (left >= 8) { /* a number that is special somewhere */
            static const uint64_t odd[] = {0, 1, 7, 0x7fffffff, 0x80000000u, 0xffffffffu, (uint64_t)INT64_MAX, UINT64_MAX};
            memcpy(b->data + at, &odd[rnd(s) % ARRAY_LEN(odd)], (size_t)1 << rnd(s) % 4);
        }
        break;
    default:
        if (nwords) {
            const char *w = fuzz_words[below(s, (size_t)nwords)];
            splice(b, at, below(s, left < 8 ? left + 1 : 8), w, strlen(w));
        }
    }
}

int main(int argc, char **argv) {
    Arena a = {0};
    Inputs in = {0};
    uint64_t n = 0, seed = 1;
    const char *prefix = NULL, *err = "";
    for (int i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "-n=", 3)) n = strtoull(argv[i] + 3, NULL, 10);
        else if (!strncmp(argv[i], "-seed=", 6)) seed = strtoull(argv[i] + 6, NULL, 10);
        else if (!strncmp(argv[i], "-keep=", 6)) keep = argv[i] + 6;
        else if (!strncmp(argv[i], "-write=", 7)) prefix = argv[i] + 7;
        else if (argv[i][0] == '-') return fprintf(stderr, "usage: %s [-n=N] [-seed=S] [-keep=FILE] [-write=PREFIX] DIR|FILE...\n", argv[0]), 2;
        else add_path(&a, &in, argv[i]);
    }
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGPROF};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) signal(signals[i], on_signal);
    Str made;
    for (int i = 0; fuzz_seed(i, (const uint8_t **)&made.p, &made.n); i++) vec_push(&in, str_dup(&a, made));
    for (int i = 0; prefix && i < in.len; i++)
        if (!file_write_atomic(&a, arena_printf(&a, "%s%d.bin", prefix, i), in.at[i], 0644, &err)) return fprintf(stderr, "replay: %s\n", err), 1;
    if (prefix) in.len = 0, n = 0;
    for (int i = 0; i < in.len; i++) run((const uint8_t *)in.at[i].p, in.at[i].n);
    for (uint64_t i = 0; i < n && in.len; i++) {
        uint64_t s = seed * 1000003 + i;
        Str from = in.at[below(&s, (size_t)in.len)];
        Buf b = {0};
        buf_put(&b, from.p, from.n);
        for (uint64_t k = 1 + rnd(&s) % 6; k; k--)
            if (b.len < INPUT_LIMIT) mutate(&s, &b, &in);
        run((const uint8_t *)b.data, b.len);
        buf_free(&b);
    }
    if (!prefix) printf("%d inputs and %llu mutations\n", in.len, (unsigned long long)n);
    vec_free(&in);
    arena_free(&a);
    return 0;
}
