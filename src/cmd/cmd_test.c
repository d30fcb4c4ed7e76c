/* vole test: compile and run the tests of packages.
 *
 * Each package is compiled and run in a child process of its own: the child loads the package with its test files
 * as *the* package of that path, so that everything that imports it sees the same copy; packages of the standard
 * library are for the same reason compiled from source with all their dependencies. The parent collects the
 * output and prints the summary lines of go test. The child tells over a second pipe how far it came. */
#define _GNU_SOURCE
#include "cmd/cmd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cmd/compile.h"
#include "cmd/program.h"
#include "cmd/testjson.h"
#include "cmd/testmain.h"

extern char **environ;

typedef struct TestJob {
    int argc;
    char **argv;
    Arena arena;
    VEC(char *) flags;     /* common ones, for each compilation */
    VEC(char *) args;      /* for the test program */
    VEC(char *) files;     /* named files, or */
    StrVec patterns;
    bool local;            /* no package was named */
    bool verbose, bench, list, json, compile_only, failfast, help;
    const char *out;       /* -o */
    int at_once;           /* -p: packages that are tested at the same time */
    double timeout;        /* seconds, 0: none */
    int status;
} TestJob;

/* What the child reports: 'S' set-up failed, 'B' build failed, 'N' no test files, 'C' compiled only, 'R' running;
 * then the package path and a newline. */
typedef struct TestChild {
    TestJob *j;
    const char *pattern;
    int status_fd, out_fd;
    Compile *c;
    BuildPackage *p;
    const char *dir;       /* temporary directory for the program, or NULL: run it in this process */
    const char *program;   /* what to execute */
} TestChild;

static void tell(TestChild *t, char what) {
    char *line = arena_printf(&t->c->arena, "%c%.*s\n", what, t->p ? (int)t->p->path.n : (int)strlen(t->pattern), t->p ? t->p->path.p : t->pattern);
    ssize_t n = write(t->status_fd, line, strlen(line));
    (void)n;
}

static bool in_std(Compile *c, const char *pattern) {
    const char *err, *root = loader_find_goroot(&c->arena, &err);
    if (!root) return false;
    const char *src = arena_printf(&c->arena, "%s/src/", root);
    if (pattern[0] == '.' || pattern[0] == '/') {
        char *cwd = getcwd(NULL, 0);
        const char *dir = pattern[0] == '/' ? pattern : path_join(&c->arena, cwd ? cwd : "/", pattern);
        free(cwd);
        return str_has_prefix(str_c(dir), src);
    }
    return file_is_dir(arena_printf(&c->arena, "%s%s", src, pattern));
}

static const char *base_name(TestChild *t) {
    Str path = t->p->path;
    size_t i = path.n;
    while (i && path.p[i - 1] != '/') i--;
    return arena_printf(&t->c->arena, "%.*s.test", (int)(path.n - i), path.p + i);
}

/* Test programs run themselves again (os.Args[0], os.Executable) with flags of their own, so the program must
 * be a file that can be executed: a link to vole whose image lies next to it (see main). */
static bool write_program(TestChild *t, Buf *blob) {
    Arena *a = &t->c->arena;
    const char *err = "", *program = arena_printf(a, "%s/%s", t->dir, base_name(t)), *std = compile_std_path(a);
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0) return false;
    exe[n] = 0;
    if (link(exe, program) < 0) { /* another file system */
        Str text;
        if (!file_read(a, exe, &text, &err) || !file_write_atomic(a, program, text, 0755, &err)) return false;
    }
    if (std && symlink(std, arena_printf(a, "%s/std.vole", t->dir)) < 0) return false;
    if (!file_write_atomic(a, arena_printf(a, "%s.vole", program), buf_str(blob), 0644, &err)) return false;
    t->program = program;
    return true;
}

static void remove_program(const char *dir) {
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[PATH_MAX];
        if (e->d_name[0] != '.' && snprintf(path, sizeof path, "%s/%s", dir, e->d_name) < (int)sizeof path) unlink(path);
    }
    if (d) closedir(d);
    rmdir(dir);
}

/* All the way to a mapped program; the message has been printed when it fails. */
static bool build_test(TestChild *t) {
    TestJob *j = t->j;
    Compile *c = t->c;
    int status = 0;
    for (int i = 0; i < j->flags.len; i++) compile_flag(c, j->flags.len, j->flags.at, &i, &status);
    c->no_std |= in_std(c, t->pattern);
    c->is_test = true;
    BuildPackage *x = NULL;
    if (compile_init(c)) return tell(t, 'S'), false;
    t->p = loader_load_test(&c->loader, t->pattern, j->files.at, j->files.len, &x);
    bool loaded = t->p != NULL;
    if (!loaded) t->p = c->loader.tested[0]; /* for its path */
    if (!loaded || c->diags.msgs.len || !loader_load(&c->loader, "runtime")) {
        bool load = false;
        for (int i = 0; i < c->diags.msgs.len; i++) load |= c->diags.msgs.at[i].code == BUILD_LOAD_ERROR;
        if (load) fprintf(stderr, "# %.*s\n", t->p ? (int)t->p->path.n : (int)strlen(t->pattern), t->p ? t->p->path.p : t->pattern);
        compile_report(c);
        return tell(t, load ? 'S' : 'B'), false;
    }
    if (!t->p->is_test_variant) return tell(t, 'N'), false;
    Str text = testmain_text(&c->loader, t->p, x);
    if (c->dump && strstr(c->dump, "testmain")) printf("%.*s", STR_FMT(text));
    if (text.n) c->main = loader_load_text(&c->loader, str_printf(&c->arena, "%.*s.test", STR_FMT(t->p->path)), "_testmain.go", text, true);
    if (!c->main) {
        fprintf(stderr, "# %.*s\n", STR_FMT(t->p->path));
        compile_report(c);
        return tell(t, 'S'), false;
    }
    Buf blob = {0};
    Image *img;
    const char *err = "";
    if (compile_check(c) || compile_code(c) || compile_link(c, &blob)) return tell(t, 'B'), false;
    if (j->compile_only) {
        const char *base = strrchr(str_dup(&c->arena, t->p->path).p, '/');
        const char *out = j->out ? j->out : arena_printf(&c->arena, "%s.test", base ? base + 1 : str_dup(&c->arena, t->p->path).p);
        if (strcmp(out, "/dev/null") && !program_write(&c->arena, out, NULL, buf_str(&blob), &err)) fprintf(stderr, "vole test: %s\n", err);
        return tell(t, 'C'), false;
    }
    bool own_process = t->dir && !c->vm.stress && !c->vm.nprocs && !c->vm.leaks; /* which would not see these flags */
    if (own_process && write_program(t, &blob)) return true;
    if (!image_load_blob(&c->images, &blob, &img, &err)) {
        fprintf(stderr, "vole: %s\n", err);
        return tell(t, 'B'), false;
    }
    return true;
}

static void *child_compile(void *arg) {
    TestChild *t = arg;
    return build_test(t) ? t : NULL;
}

static void *child_thread(void *arg) {
    TestChild *t = arg;
    if (!child_compile(t)) t->p = NULL;
    return NULL;
}

static int run_child(TestChild *t) {
    TestJob *j = t->j;
    Compile *c = t->c;
    compile_with_stack(child_thread, t);
    fflush(NULL);
    if (!t->p) return 0;
    const char *dir = t->p->dir;
    if (chdir(dir) < 0) fprintf(stderr, "vole test: chdir %s: %s\n", dir, strerror(errno));
    setenv("PWD", dir, 1);
    char **argv = calloc((size_t)j->args.len + 2, sizeof *argv);
    if (!argv) base_oom();
    argv[0] = arena_printf(&c->arena, "%s", t->program ? t->program : arena_printf(&c->arena, "/tmp/%s", base_name(t)));
    for (int k = 0; k < j->args.len; k++) argv[k + 1] = j->args.at[k];
    c->vm.argc = j->args.len + 1;
    c->vm.argv = argv;
    c->vm.env = environ;
    tell(t, 'R');
    close(t->status_fd);
    dup2(t->out_fd, 1);
    dup2(t->out_fd, 2);
    close(t->out_fd);
    if (t->program) {
        execv(t->program, argv);
        fprintf(stderr, "vole test: %s: %s\n", t->program, strerror(errno));
        return 1;
    }
    godebug_apply(&c->images);
    return vm_main(vm_new(&c->images, &c->vm));
}

/* ---- The parent ------------------------------------------------------------------------------------------------ */

typedef struct TestOutput { Buf text; bool stream; TestJson *json; } TestOutput;

static void take_output(TestOutput *o, const char *p, size_t n) {
    buf_put(&o->text, p, n);
    if (o->json) testjson_write(o->json, p, n);
    else if (o->stream) {
        fwrite(p, 1, n, stdout);
        fflush(stdout);
    }
}

static void put(TestOutput *o, const char *fmt, ...) printf_like(2, 3);
static void put(TestOutput *o, const char *fmt, ...) {
    Buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    if (o->json) testjson_write(o->json, b.data, b.len);
    else fwrite(b.data, 1, b.len, stdout);
    buf_free(&b);
}

static bool begins_line(const Buf *b, const char *what) {
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= b->len; i++)
        if ((i == 0 || b->data[i - 1] == '\n') && !memcmp(b->data + i, what, n)) return true;
    return false;
}

static const char *said_path(TestJob *j, const Buf *said) {
    return arena_printf(&j->arena, "%.*s", (int)strcspn(said->data + 1, "\n"), said->data + 1);
}

static void summarize(TestJob *j, char how, const char *path, int wstatus, bool killed, double seconds, TestOutput *o) {
    bool failed = false;
    const Buf *text = &o->text;
    switch (how) {
    case 'N': put(o, "?   \t%s\t[no test files]\n", path); break;
    case 'C': break;
    case 'S': put(o, "FAIL\t%s [setup failed]\n", path), failed = true; break;
    case 'R':
        failed = killed || wstatus != 0;
        if (!o->json && !o->stream && (failed || j->verbose || j->list)) fwrite(text->data ? text->data : "", 1, text->len, stdout);
        if (killed) put(o, "*** Test killed: ran too long (%gs).\n", j->timeout + 60);
        if (failed && (!text->len || !WIFEXITED(wstatus))) {
            if (WIFEXITED(wstatus)) put(o, "exit status %d\n", WEXITSTATUS(wstatus));
            else put(o, "signal: %s\n", strsignal(WTERMSIG(wstatus)));
        } else if (text->len && text->data[text->len - 1] != '\n' && (failed || o->stream || j->verbose)) put(o, "\n");
        if (failed) put(o, "%sFAIL\t%s\t%.3fs\n", o->json ? "\x16" : "", path, seconds);
        else put(o, "ok  \t%s\t%.3fs%s\n", path, seconds, begins_line(text, "testing: warning: no tests to run\n") ? " [no tests to run]" : "");
        break;
    default: put(o, "FAIL\t%s [build failed]\n", path), failed = true; break;
    }
    if (failed) j->status = 1;
    if (o->json) testjson_end(o->json, failed ? "fail" : how == 'N' ? "skip" : "pass");
    fflush(stdout);
}

/* One package that is being tested. */
typedef struct TestRun {
    const char *pattern;
    char *dir;             /* for its program, or NULL */
    pid_t pid;
    int fds[2];            /* what the child tells, its output; -1: closed */
    Buf said;
    TestOutput out;
    TestJson json;
    uint64_t started, exited;
    int wstatus;
    bool killed, finished;
} TestRun;

static void start(TestJob *j, TestRun *r, bool only) {
    int status[2] = {-1, -1}, out[2] = {-1, -1};
    r->out.stream = only && (j->local || j->verbose || j->bench);
    if (j->json) r->out.json = &r->json;
    r->wstatus = 1 << 8;
    r->fds[0] = r->fds[1] = -1;
    if (pipe2(status, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
        fprintf(stderr, "vole test: pipe: %s\n", strerror(errno));
        r->finished = true;
        return;
    }
    const char *tmp = getenv("TMPDIR");
    r->dir = arena_printf(&j->arena, "%s/vole-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (j->compile_only || !mkdtemp(r->dir)) r->dir = NULL;
    fflush(NULL);
    r->pid = fork();
    if (r->pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGQUIT, SIG_DFL); /* for a traceback; SIGINT: see test_all */
        close(status[0]);
        close(out[0]);
        TestChild *t = calloc(1, sizeof *t);
        if (!t) base_oom();
        *t = (TestChild){.j = j, .pattern = r->pattern, .status_fd = status[1], .out_fd = out[1], .c = compile_new(), .dir = r->dir};
        exit(run_child(t));
    }
    close(status[1]);
    close(out[1]);
    r->fds[0] = status[0];
    r->fds[1] = out[0];
}

static void close_end(TestRun *r, int k) {
    if (r->fds[k] >= 0) close(r->fds[k]);
    r->fds[k] = -1;
}

static void read_from(TestJob *j, TestRun *r, int k) {
    char part[65536];
    ssize_t n = read(r->fds[k], part, sizeof part);
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) close_end(r, k);
    else if (k == 1) take_output(&r->out, part, (size_t)n);
    else {
        buf_put(&r->said, part, (size_t)n);
        if (r->said.data[0] == 'R' && !r->started) r->started = time_now_ns();
        if (j->json && !r->json.package) testjson_start(&r->json, stdout, said_path(j, &r->said));
    }
}

/* Ends what runs too long, and does not wait for ever for what the test left behind. */
static void watch(TestJob *j, TestRun *r) {
    enum { GRACE_S = 60, LEFT_BEHIND_S = 5 };
    uint64_t now = time_now_ns();
    if (j->timeout > 0 && r->started && !r->killed && (double)(now - r->started) / 1e9 > j->timeout + GRACE_S) {
        kill(r->pid, SIGKILL);
        r->killed = true;
    }
    if (!r->exited && r->pid > 0 && waitpid(r->pid, &r->wstatus, WNOHANG) == r->pid) r->exited = now;
    if (r->exited && now - r->exited > LEFT_BEHIND_S * 1000000000ull) close_end(r, 0), close_end(r, 1);
    if (r->fds[0] >= 0 || r->fds[1] >= 0) return;
    while (!r->exited && r->pid > 0 && waitpid(r->pid, &r->wstatus, 0) < 0 && errno == EINTR) {}
    if (!r->exited) r->exited = time_now_ns();
    r->finished = true;
    if (r->dir) remove_program(r->dir);
}

static void tell_result(TestJob *j, TestRun *r) {
    double seconds = r->started ? (double)(r->exited - r->started) / 1e9 : 0;
    char how = r->said.len ? r->said.data[0] : 'B';
    const char *path = r->said.len > 1 ? said_path(j, &r->said) : r->pattern;
    if (j->json && !r->json.package) testjson_start(&r->json, stdout, path);
    summarize(j, how, path, r->wstatus, r->killed, seconds, &r->out);
    buf_free(&r->said);
    buf_free(&r->out.text);
}

/* Interrupted: nothing is left behind. */
static void stop_all(TestRun *runs, int n) {
    for (int i = 0; i < n; i++)
        if (!runs[i].finished && runs[i].pid > 0) {
            kill(runs[i].pid, SIGKILL);
            waitpid(runs[i].pid, NULL, 0);
            if (runs[i].dir) remove_program(runs[i].dir);
        }
}

/* Tests packages, some at a time; results come in order. */
static void test_all(TestJob *j, StrVec *packages) {
    int n = packages->len, next = 0, told = 0, running = 0;
    TestRun *runs = calloc((size_t)n + 1, sizeof *runs);
    struct pollfd *fds = calloc((size_t)n * 2 + 2, sizeof *fds);
    if (!runs || !fds) base_oom();
    signal(SIGINT, SIG_DFL); /* as with go test, also where a shell that put us in the background ignores it */
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGHUP);
    sigprocmask(SIG_BLOCK, &stop, NULL); /* the children unblock them */
    int stopped = signalfd(-1, &stop, SFD_CLOEXEC);
    while (told < n) {
        while (next < n && running < j->at_once && !(j->status && j->failfast)) {
            runs[next].pattern = str_dup(&j->arena, packages->at[next]).p;
            start(j, &runs[next++], n == 1);
            running++;
        }
        int k = 0;
        for (int i = told; i < next; i++)
            for (int e = 0; e < 2; e++)
                if (runs[i].fds[e] >= 0) fds[k++] = (struct pollfd){.fd = runs[i].fds[e], .events = POLLIN};
        fds[k] = (struct pollfd){.fd = stopped, .events = POLLIN};
        if (poll(fds, (nfds_t)k + 1, k ? 500 : 0) < 0 && errno != EINTR) break;
        if (fds[k].revents) {
            stop_all(runs, next);
            j->status = 1;
            break;
        }
        int at = 0;
        for (int i = told; i < next; i++)
            for (int e = 0; e < 2; e++)
                if (runs[i].fds[e] >= 0 && at < k && fds[at].fd == runs[i].fds[e] && fds[at++].revents) read_from(j, &runs[i], e);
        for (int i = told; i < next; i++)
            if (!runs[i].finished) {
                watch(j, &runs[i]);
                if (runs[i].finished) running--;
            }
        while (told < next && runs[told].finished) tell_result(j, &runs[told++]);
        if (j->status && j->failfast && told == next) break;
    }
    close(stopped);
    free(runs);
    free(fds);
}

/* ---- Flags --------------------------------------------------------------------------------------------------------- */

static void pass(TestJob *j, const char *name, const char *value) {
    vec_push(&j->args, arena_printf(&j->arena, "-test.%s=%s", name, value));
}

static double seconds_of(const char *v) { /* 1h2m3.5s */
    double total = 0;
    while (*v) {
        char *end;
        double x = strtod(v, &end);
        if (end == v) return total;
        if (*end == 'h') total += x * 3600;
        else if (!strncmp(end, "ms", 2)) total += x / 1e3, end++;
        else if (*end == 'm') total += x * 60;
        else total += x;
        v = *end ? end + 1 : end;
    }
    return total;
}

static bool test_flag(TestJob *j, int *i) {
    static const char *const values[] = {"run", "skip", "bench", "benchtime", "count", "cpu", "parallel", "shuffle", "list", "timeout",
                                         "cpuprofile", "memprofile", "memprofilerate", "blockprofile", "blockprofilerate", "mutexprofile",
                                         "mutexprofilefraction", "trace", "outputdir", "fuzztime", "fuzzminimizetime"};
    static const char *const bools[] = {"short", "failfast", "benchmem", "fullpath", "artifacts"};
    const char *v;
    bool b;
    char *a = j->argv[*i];
    char *plain = a; /* -test.x is the same as -x */
    if (!strncmp(a, "-test.", 6) || !strncmp(a, "--test.", 7)) plain = j->argv[*i] = arena_printf(&j->arena, "-%s", strchr(a, '.') + 1);
    if (!strcmp(plain, "-v=test2json") || flag_bool(plain, "v", &b)) {
        j->verbose = !strcmp(plain, "-v=test2json") || b;
        if (j->verbose) pass(j, "v", strchr(plain, '=') && plain[3] == 't' && plain[4] == 'e' ? "test2json" : "true");
        return true;
    }
    if (flag_bool(plain, "json", &j->json) || flag_bool(plain, "c", &j->compile_only)) return true;
    if ((v = flag_value(j->argc, j->argv, i, "o"))) return j->out = v, true;
    if ((v = flag_value(j->argc, j->argv, i, "p"))) return j->at_once = atoi(v), true;
    if (flag_value(j->argc, j->argv, i, "fuzz")) {
        fprintf(stderr, "vole test: -fuzz is not supported; fuzz tests run their seeds\n");
        j->status = 2;
        return true;
    }
    if (flag_value(j->argc, j->argv, i, "vet") || flag_value(j->argc, j->argv, i, "exec")) return true;
    for (size_t k = 0; k < ARRAY_LEN(bools); k++)
        if (flag_bool(plain, bools[k], &b)) {
            if (!strcmp(bools[k], "failfast")) j->failfast = b;
            pass(j, bools[k], b ? "true" : "false");
            return true;
        }
    for (size_t k = 0; k < ARRAY_LEN(values); k++)
        if ((v = flag_value(j->argc, j->argv, i, values[k]))) {
            if (!strcmp(values[k], "bench")) j->bench = true;
            if (!strcmp(values[k], "list")) j->list = true;
            if (!strcmp(values[k], "timeout")) j->timeout = seconds_of(v);
            pass(j, values[k], v);
            return true;
        }
    return false;
}

static bool parse_args(TestJob *j) {
    bool packages_done = false, timeout = false;
    for (int i = 1; i < j->argc; i++) {
        char *a = j->argv[i];
        if (!strcmp(a, "-args") || !strcmp(a, "--args")) {
            for (i++; i < j->argc; i++) vec_push(&j->args, j->argv[i]);
            break;
        }
        if (a[0] != '-' || !a[1]) {
            if (packages_done) {
                for (; i < j->argc; i++) vec_push(&j->args, j->argv[i]);
                break;
            }
            if (is_go_file(a)) vec_push(&j->files, a);
            else vec_push(&j->patterns, str_c(a));
            continue;
        }
        if (j->patterns.len || j->files.len) packages_done = true;
        int at = i;
        timeout |= !strncmp(a + (a[1] == '-'), "-timeout", 8) || !strncmp(a + (a[1] == '-'), "-test.timeout", 13);
        if (test_flag(j, &i)) {
            if (j->status) return false;
            continue;
        }
        Compile *scratch = compile_new();
        if (compile_flag(scratch, j->argc, j->argv, &i, &j->status)) {
            if (j->status) return false;
            for (int k = at; k <= i; k++) vec_push(&j->flags, j->argv[k]);
            continue;
        }
        if (!packages_done && !j->local) {
            fprintf(stderr, "flag provided but not defined: %s\nusage: vole test [flags] [packages]\nRun 'vole help test' for details.\n", a);
            j->status = 2;
            return false;
        }
        for (; i < j->argc; i++) vec_push(&j->args, j->argv[i]);
    }
    j->local = !j->patterns.len && !j->files.len;
    if (j->json && !j->verbose) pass(j, "v", "test2json");
    if (!timeout) {
        j->timeout = 600;
        pass(j, "timeout", "10m0s");
    }
    vec_push(&j->args, "");
    memmove(j->args.at + 1, j->args.at, sizeof *j->args.at * (size_t)(j->args.len - 1));
    j->args.at[0] = "-test.paniconexit0";
    return true;
}

/* The packages that the patterns name. */
static bool expand(TestJob *j, StrVec *out) {
    if (j->files.len) return vec_push(out, STR("command-line-arguments")), true;
    bool plain = true;
    for (int i = 0; i < j->patterns.len; i++) plain &= !memmem(j->patterns.at[i].p, j->patterns.at[i].n, "...", 3) && !str_is(j->patterns.at[i], "std");
    if (plain) {
        for (int i = 0; i < j->patterns.len; i++) vec_push(out, j->patterns.at[i]);
        if (!out->len) vec_push(out, STR("."));
        return true;
    }
    Compile *c = compile_new();
    int status = 0;
    for (int i = 0; i < j->flags.len; i++) compile_flag(c, j->flags.len, j->flags.at, &i, &status);
    c->no_std = true;
    if (compile_init(c)) return false;
    c->loader.match_tests = true;
    for (int i = 0; i < j->patterns.len; i++)
        if (!loader_match(&c->loader, j->patterns.at[i].p, out)) return compile_report(c), false;
    return true;
}

int cmd_test(int argc, char **argv) {
    TestJob *j = calloc(1, sizeof *j);
    if (!j) base_oom();
    j->argc = argc;
    j->argv = argv;
    StrVec packages = {0};
    if (!parse_args(j)) return j->status;
    if (!expand(j, &packages)) return 1;
    if (!j->at_once) j->at_once = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (j->at_once < 1 || j->json || j->bench) j->at_once = 1;
    test_all(j, &packages);
    if (j->status && !j->local && !j->json) puts("FAIL");
    return j->status;
}
