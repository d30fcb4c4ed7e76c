/* Files, paths and the monotonic clock. Messages have the form "open x: no such file or directory". */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool fail(Arena *a, const char **err, const char *op, const char *path) {
    char *m = strerror(errno);
    char *text = arena_printf(a, "%s %s: %s", op, path, m);
    char *first = text + strlen(op) + strlen(path) + 3;
    if (*first >= 'A' && *first <= 'Z') *first = (char)(*first | 0x20); /* as Go spells it */
    if (err) *err = text;
    return false;
}

bool file_read(Arena *a, const char *path, Str *out, const char **err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(a, err, "open", path);
    struct stat st;
    if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
        if (S_ISDIR(st.st_mode)) errno = EISDIR;
        fail(a, err, "read", path);
        close(fd);
        return false;
    }
    size_t cap = st.st_size > 0 ? (size_t)st.st_size : 4096, len = 0;
    char *p = arena_alloc(a, cap + 1);
    for (;;) {
        if (len == cap) { /* the file grew, has no size (/proc), or a last read will say 0 */
            char extra[4096];
            ssize_t k = read(fd, extra, sizeof extra);
            if (k == 0) break;
            if (k < 0 && errno == EINTR) continue;
            if (k < 0) goto bad;
            char *q = arena_alloc(a, cap * 2 + (size_t)k + 1);
            memcpy(q, p, len);
            memcpy(q + len, extra, (size_t)k);
            cap = cap * 2 + (size_t)k;
            len += (size_t)k;
            p = q;
            continue;
        }
        ssize_t k = read(fd, p + len, cap - len);
        if (k == 0) break;
        if (k < 0 && errno == EINTR) continue;
        if (k < 0) goto bad;
        len += (size_t)k;
    }
    close(fd);
    p[len] = 0;
    *out = (Str){p, len};
    return true;
bad:
    fail(a, err, "read", path);
    close(fd);
    return false;
}

static bool write_all(int fd, Str data) {
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    sigaction(SIGXFSZ, &ignore, &old); /* a limit on sizes is an error like a full disk */
    size_t done = 0;
    while (done < data.n) {
        ssize_t k = write(fd, data.p + done, data.n - done);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) break;
        done += (size_t)k;
    }
    int why = errno;
    sigaction(SIGXFSZ, &old, NULL);
    errno = why;
    return done == data.n;
}

/* Devices and pipes: they are written to, not replaced. */
static bool write_special(Arena *a, const char *path, Str data, const char **err) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return fail(a, err, "open", path);
    bool ok = write_all(fd, data) || fail(a, err, "write", path);
    if (close(fd) < 0 && ok) return fail(a, err, "write", path);
    return ok;
}

bool file_write_atomic(Arena *a, const char *path, Str data, int mode, const char **err) {
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return write_special(a, path, data, err);
    char *tmp = arena_printf(a, "%s.tmp-XXXXXX", path);
    int fd = mkstemp(tmp);
    if (fd < 0) return fail(a, err, "open", path);
    bool ok = write_all(fd, data) && fchmod(fd, (mode_t)mode) == 0;
    if (close(fd) < 0) ok = false;
    if (ok && rename(tmp, path) == 0) return true;
    fail(a, err, "write", path);
    unlink(tmp);
    return false;
}

bool file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

bool file_is_dir(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *path_join(Arena *a, const char *dir, const char *name) {
    size_t n = strlen(dir) + strlen(name) + 3;
    char *in = arena_alloc(a, n), *out = arena_alloc(a, n);
    if (name[0] == '/' || !dir[0])
        snprintf(in, n, "%s", name);
    else
        snprintf(in, n, "%s/%s", dir, name);
    bool rooted = in[0] == '/';
    size_t w = 0, floor = 0; /* out[0..floor) cannot be removed by ".." */
    if (rooted) out[w++] = '/', floor = 1;
    for (char *p = in; *p;) {
        while (*p == '/') p++;
        size_t k = strcspn(p, "/");
        if (!k) break;
        if (k == 1 && p[0] == '.') {
        } else if (k == 2 && p[0] == '.' && p[1] == '.') {
            if (w > floor) {
                while (w > floor && out[w - 1] != '/') w--;
                if (w > floor) w--;
            } else if (!rooted) {
                if (w) out[w++] = '/';
                out[w++] = '.', out[w++] = '.';
                floor = w;
            }
        } else {
            if (w && out[w - 1] != '/') out[w++] = '/';
            memcpy(out + w, p, k);
            w += k;
        }
        p += k;
    }
    if (!w) out[w++] = '.';
    out[w] = 0;
    return out;
}

uint64_t time_now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
