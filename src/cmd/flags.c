/* Command-line flags in go's syntax: one dash or two, -name=value or -name value. */
#include "cmd/compile.h"

#include <errno.h>
#include <stdlib.h>

static const char *flag_name(const char *arg) {
    if (arg[0] != '-' || !arg[1]) return NULL;
    return arg + (arg[1] == '-' ? 2 : 1);
}

bool is_go_file(const char *arg) {
    if (!str_has_suffix(str_c(arg), ".go") || file_is_dir(arg)) return false;
    const char *slash = strchr(arg, '/'), *dot = strchr(arg, '.');
    bool path = slash && slash != arg && dot && dot < slash && dot != arg; /* host.name/... */
    return !path || file_exists(arg);
}

const char *flag_value(int argc, char **argv, int *i, const char *name) {
    const char *a = flag_name(argv[*i]);
    size_t n = strlen(name);
    if (!a || strncmp(a, name, n)) return NULL;
    if (a[n] == '=') return a + n + 1;
    if (a[n] || *i + 1 >= argc) return NULL;
    return argv[++*i];
}

bool flag_bool(const char *arg, const char *name, bool *value) {
    const char *a = flag_name(arg);
    size_t n = strlen(name);
    if (!a || strncmp(a, name, n)) return false;
    if (!a[n] || !strcmp(a + n, "=true") || !strcmp(a + n, "=1")) return *value = true, true;
    if (!strcmp(a + n, "=false") || !strcmp(a + n, "=0")) return *value = false, true;
    return false;
}

static void add_tags(Compile *c, const char *list) {
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ", ");
        if (n) vec_push(&c->tags, ((Str){p, n}));
        p += n + (p[n] != 0);
    }
}

static bool parse_stress(Compile *c, const char *v) {
    for (const char *p = v; *p;) {
        size_t n = strcspn(p, ",");
        if (n > 6 && !strncmp(p, "sched=", 6)) c->vm.sched_seed = strtol(p + 6, NULL, 10);
        p += n + (p[n] != 0);
    }
    c->vm.stress = v;
    return true;
}

/* A number above 0 with K, M, G or T (times 1024), also as KB, KiB. */
static int64_t parse_size(const char *v, const char *flag, int *status) {
    char *end;
    errno = 0;
    long long n = strtoll(v, &end, 10);
    const char *unit = "KMGT", *u = *end ? strchr(unit, *end & ~32) : NULL;
    int shift = u ? 10 * (int)(u - unit + 1) : 0;
    if (u) end++;
    if (u && *end == 'i') end++;
    if (*end == 'B' || *end == 'b') end++;
    if (end == v || *end || errno || n <= 0 || n > INT64_MAX >> shift) {
        fprintf(stderr, "vole: invalid value \"%s\" for flag %s: want a number such as 1000 or 512M\n", v, flag);
        *status = 2;
        return 0;
    }
    return n << shift;
}

static int parse_jobs(const char *v, int *status) {
    char *end;
    long n = strtol(v, &end, 10);
    if (end != v && !*end && n > 0 && n < 100000) return (int)n;
    if (end == v || *end) fprintf(stderr, "invalid value \"%s\" for flag -p: parse error\n", v);
    else fprintf(stderr, "vole: -p must be a positive integer: %s\n", v);
    *status = 2;
    return 0;
}

static void set_mod(Compile *c, const char *v, int *status) {
    c->mod = v;
    if (!*v || !strcmp(v, "mod") || !strcmp(v, "readonly") || !strcmp(v, "vendor")) return;
    fprintf(stderr, "-mod=%s not supported (can be '', 'mod', 'readonly', or 'vendor')\n", v);
    *status = 1;
}

bool compile_flag(Compile *c, int argc, char **argv, int *i, int *status) {
    static const char *const ignored_values[] = {"modfile", "buildmode", "compiler", "gcflags", "ldflags", "asmflags",
                                                 "gccgoflags", "installsuffix", "pkgdir", "toolexec", "overlay", "pgo"};
    static const char *const ignored_bools[] = {"a", "n", "x", "trimpath", "work", "linkshared", "modcacherw", "buildvcs", "O"};
    const char *v;
    bool b = false;
    char *a = argv[*i];
    if ((v = flag_value(argc, argv, i, "dump"))) c->dump = v;
    else if ((v = flag_value(argc, argv, i, "dump-func"))) c->dump_func = v;
    else if ((v = flag_value(argc, argv, i, "stress"))) parse_stress(c, v);
    else if ((v = flag_value(argc, argv, i, "sched"))) c->vm.sched_seed = strtol(strncmp(v, "seed:", 5) ? v : v + 5, NULL, 10);
    else if ((v = flag_value(argc, argv, i, "procs"))) c->vm.nprocs = atoi(v);
    else if ((v = flag_value(argc, argv, i, "max-goroutines"))) c->vm.max_goroutines = (uint64_t)parse_size(v, a, status);
    else if ((v = flag_value(argc, argv, i, "max-memory"))) c->vm.max_memory = parse_size(v, a, status);
    else if ((v = flag_value(argc, argv, i, "lang"))) c->lang = v;
    else if ((v = flag_value(argc, argv, i, "mod"))) set_mod(c, v, status);
    else if ((v = flag_value(argc, argv, i, "p"))) c->jobs = parse_jobs(v, status);
    else if ((v = flag_value(argc, argv, i, "tags"))) add_tags(c, v);
    else if ((v = flag_value(argc, argv, i, "stats"))) {
        c->time = strstr(v, "time") != NULL;
        c->mem = strstr(v, "mem") != NULL;
    } else if (flag_bool(a, "time", &c->time) || flag_bool(a, "u", &c->allow_undefined) || flag_bool(a, "nostd", &c->no_std) || flag_bool(a, "leaks", &c->vm.leaks) ||
               flag_bool(a, "verify", &c->verify) || flag_bool(a, "incomplete", &c->incomplete)) {
        /* set */
    } else if (flag_bool(a, "O0", &b)) {
        c->opt_level = -1;
    } else if (flag_bool(a, "race", &b) || flag_bool(a, "msan", &b) || flag_bool(a, "asan", &b)) {
        if (!b) return true;
        fprintf(stderr, "vole: %s is not supported\n", a);
        *status = 2;
    } else if (flag_bool(a, "cover", &b) || !strncmp(a, "-coverprofile", 13) || !strncmp(a, "-covermode", 10)) {
        if (a[6] != 'p' && a[6] != 'm' && !b) return true;
        fprintf(stderr, "vole: %s is not supported\n", a);
        *status = 2;
    } else {
        for (size_t k = 0; k < ARRAY_LEN(ignored_values); k++)
            if (flag_value(argc, argv, i, ignored_values[k])) return true;
        for (size_t k = 0; k < ARRAY_LEN(ignored_bools); k++)
            if (flag_bool(a, ignored_bools[k], &b) || (!strcmp(ignored_bools[k], "buildvcs") && !strncmp(a, "-buildvcs=", 10))) return true;
        return false;
    }
    return true;
}
