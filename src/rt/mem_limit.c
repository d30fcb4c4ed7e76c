/* The limit of memory: what --max-memory and the control group allow, so that a program which needs more ends with Go's
 * "out of memory" and a trace instead of being killed.
 *
 * The heap counts what it takes from the system: pages in use or kept, stacks, goroutine records. Each time that has
 * grown by a step, the resident memory of the process is looked at too, which counts what C allocates. Near the limit
 * free pages go back first. The collector's pace knows the limit (Heap.limit_goal). Looking for a control group costs
 * system calls, so small programs never do. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "rt/mem_int.h"

enum { FIRST_LOOK = 16 << 20, LEAST_STEP = 1 << 20 };

static bool read_text(const char *path, char *to, size_t n) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t got = read(fd, to, n - 1);
    close(fd);
    to[got > 0 ? got : 0] = 0;
    return got > 0;
}

static int64_t read_limit(const char *dir, const char *group, int len, const char *file) {
    char path[4200], text[64];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s%.*s/%s", dir, len, group, file);
    if (!read_text(path, text, sizeof text) || *text < '0' || *text > '9') return INT64_MAX; /* "max" */
    long long n = strtoll(text, NULL, 10);
    return n > 0 ? n : INT64_MAX;
}

/* The least limit of the process's memory control group and those above it, version 1 or 2. */
static int64_t cgroup_limit(void) {
    char text[4096];
    int64_t least = INT64_MAX;
    if (!read_text("/proc/self/cgroup", text, sizeof text)) return least;
    for (char *line = text, *next; line && *line; line = next) {
        if ((next = strchr(line, '\n'))) *next++ = 0;
        char *kind = strchr(line, ':'), *group = kind ? strchr(kind + 1, ':') : NULL;
        if (!group) continue;
        *group++ = 0;
        bool v2 = !kind[1];
        if (!v2 && !strstr(kind + 1, "memory")) continue;
        const char *dir = v2 ? "" : "/memory", *file = v2 ? "memory.max" : "memory.limit_in_bytes";
        for (int n = (int)strlen(group); n >= 0;) { /* up to the root, which may be that of a container */
            int64_t l = read_limit(dir, group, n, file);
            if (l < least) least = l;
            while (n > 0 && group[--n] != '/') {}
            if (!n) {
                l = read_limit(dir, "", 0, file);
                if (l < least) least = l;
                break;
            }
        }
    }
    return least;
}

/* Resident memory that is not of files. */
static size_t resident(void) {
    char text[128];
    long total, all, shared;
    if (!read_text("/proc/self/statm", text, sizeof text) || sscanf(text, "%ld %ld %ld", &total, &all, &shared) != 3) return 0;
    return (size_t)(all - shared) * 4096;
}

static size_t footprint(const Heap *h) {
    return ((h->inuse_pages + h->free_pages - h->released_pages) << PAGE_SHIFT) + h->stack_sys;
}

void limit_init(Heap *h, int64_t max) {
    h->max_memory = max;
    h->limit_goal = INT64_MAX;
    h->check_at = max && max < FIRST_LOOK ? 0 : FIRST_LOOK;
}

static void find_limit(Heap *h) {
    int64_t group = cgroup_limit();
    if (group != INT64_MAX) group -= group / 16; /* the kernel counts page tables and buffers too */
    h->hard_limit = h->max_memory && h->max_memory < group ? h->max_memory : group;
    h->limit_known = true;
    if (h->hard_limit == INT64_MAX) return;
    h->limit_goal = h->hard_limit - h->hard_limit / 8;
    heap_pace(h, (uint64_t)atomic_load(&h->live_bytes));
}

void limit_check_slow(Heap *h, size_t more) {
    if (!h->limit_known) find_limit(h);
    if (h->hard_limit == INT64_MAX) {
        h->check_at = SIZE_MAX;
        return;
    }
    size_t limit = (size_t)h->hard_limit;
    for (int tries = 0;; tries++) {
        size_t counted = footprint(h), real = resident(), used = counted > real ? counted : real;
        if (used <= limit && more <= limit - used) {
            size_t step = limit / 64 > LEAST_STEP ? limit / 64 : LEAST_STEP;
            h->check_at = counted + more + step < limit ? counted + more + step : limit;
            return;
        }
        if (tries) break;
        heap_scavenge(h, 0);
    }
    heap_out_of_memory(h, more);
}

void limit_check(Heap *h, size_t more) {
    if (unlikely(more > SIZE_MAX / 2 || footprint(h) + more > h->check_at)) limit_check_slow(h, more);
}
