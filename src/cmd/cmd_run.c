/* vole run: compile a program in memory and run it. The exit status is the program's own.
 * vole build: compile, and write a program's image. vole exec: run an image. */
#define _GNU_SOURCE
#include "cmd/cmd.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "cmd/cache.h"
#include "cmd/compile.h"
#include "cmd/library.h"
#include "cmd/program.h"
#include "cmd/script.h"
#include "code/code.h"

extern char **environ;

typedef struct RunJob {
    int argc;
    char **argv;
    Compile *c;
    bool build;
    const char *out;      /* build -o */
    const char *script;   /* -e */
    Buf image;            /* the linked program */
    const char *executable;
    pthread_mutex_t lock;
    int status;
} RunJob;

static void disasm(FILE *out, const VmFunc *f) {
    Buf b = {0};
    if (f->info) code_disasm_func(&b, f);
    fprintf(out, "%s", b.data ? b.data : "");
    buf_free(&b);
}

static bool is_source(const char *arg) {
    return is_go_file(arg) || (strchr(arg, '/') && file_exists(arg) && !file_is_dir(arg));
}

/* How many of the arguments from `first` on name the program; 0 after a message. */
static int count_sources(RunJob *j, int first) {
    if (first >= j->argc) {
        if (file_is_dir(".") && j->build) return 0;
        fprintf(stderr, "vole run: no go files listed\n");
        j->status = 1;
        return 0;
    }
    int n = 0;
    if (!is_source(j->argv[first])) return j->build ? j->argc - first : 1;
    while (first + n < j->argc && (n ? is_go_file(j->argv[first + n]) : true)) n++;
    return n;
}

static int load_text(Compile *c, const char *shown, Str text) {
    bool ok = loader_load(&c->loader, "runtime") != NULL;
    if (ok) c->main = loader_load_text(&c->loader, STR("command-line-arguments"), shown, text, false);
    if (ok && c->main) return compile_check(c);
    compile_report(c);
    return 1;
}

static int load_program(RunJob *j, int first, int n) {
    Compile *c = j->c;
    if (j->script) return load_text(c, "-e", script_wrap(c, j->script));
    if (n == 1 && !strcmp(j->argv[first], "-")) {
        Str text;
        const char *err = "";
        if (script_read_stdin(&c->arena, &text, &err)) return load_text(c, "<stdin>", text);
        fprintf(stderr, "vole: %s\n", err);
        return 1;
    }
    return compile_load(c, j->argv + first, n);
}

static bool write_program(RunJob *j, Buf *blob) {
    const char *err = "";
    bool ok = program_write(&j->c->arena, j->out, NULL, buf_str(blob), &err);
    if (!ok) fprintf(stderr, "vole build: %s\n", err);
    return ok;
}

/* VmOptions.executable: made when it is asked for first. */
static const char *make_executable(void *arg) {
    RunJob *j = arg;
    Arena a = {0};
    const char *err;
    char dir[] = "/tmp/vole-run-XXXXXX";
    pthread_mutex_lock(&j->lock);
    if (!j->executable && j->image.len && mkdtemp(dir)) {
        const char *path = arena_printf(&a, "%s/main", dir);
        if (program_write(&a, path, program_self(&a), buf_str(&j->image), &err)) {
            j->executable = arena_printf(&j->c->arena, "%s", path);
        }
    }
    pthread_mutex_unlock(&j->lock);
    arena_free(&a);
    return j->executable;
}

/* VmOptions.at_exit. */
static void finish(void *arg) {
    RunJob *j = arg;
    if (j->executable) {
        char *path = strdup(j->executable);
        unlink(path);
        *strrchr(path, '/') = 0;
        rmdir(path);
    }
    struct rusage u;
    if (getrusage(RUSAGE_SELF, &u)) return;
    if (j->c->time)
        fprintf(stderr, "total %.1f ms: user %.1f ms, system %.1f ms\n", (time_now_ns() - j->c->start) / 1e6,
                u.ru_utime.tv_sec * 1e3 + u.ru_utime.tv_usec / 1e3, u.ru_stime.tv_sec * 1e3 + u.ru_stime.tv_usec / 1e3);
    if (j->c->mem) fprintf(stderr, "peak memory %.1f MB, %ld page faults\n", u.ru_maxrss / 1e3, u.ru_minflt + u.ru_majflt);
}

/* ./name.vole for programs without -o. */
static const char *default_out(Compile *c, int n, char **files) {
    BuildPackage *p = c->main;
    const char *base;
    if (n && is_source(files[0])) {
        const char *slash = strrchr(files[0], '/');
        base = slash ? slash + 1 : files[0];
        return arena_printf(&c->arena, "%.*s.vole", (int)(strlen(base) - (str_has_suffix(str_c(base), ".go") ? 3 : 0)), base);
    }
    base = str_dup(&c->arena, p->path).p;
    const char *slash = strrchr(base, '/');
    return arena_printf(&c->arena, "%s.vole", slash ? slash + 1 : base);
}

static bool parse_flags(RunJob *j, int *first) {
    Compile *c = j->c;
    int i = 1;
    const char *v;
    bool b;
    for (; i < j->argc && j->argv[i][0] == '-' && j->argv[i][1]; i++) {
        if (!strcmp(j->argv[i], "--")) {
            i++;
            break;
        }
        if (!j->build && (v = flag_value(j->argc, j->argv, &i, "e"))) j->script = v;
        else if (j->build && flag_bool(j->argv[i], "e", &c->all_errors)) continue;
        else if (j->build && (v = flag_value(j->argc, j->argv, &i, "o"))) j->out = v;
        else if (!j->build && flag_value(j->argc, j->argv, &i, "exec")) continue;
        else if (flag_bool(j->argv[i], "v", &b)) continue;
        else if (!compile_flag(c, j->argc, j->argv, &i, &j->status)) {
            fprintf(stderr, "flag provided but not defined: %s\nusage: vole %s\nRun 'vole help %s' for details.\n", j->argv[i],
                    j->build ? "build [-o output] [flags] [packages]" : "run [flags] package|files|- [arguments...]", j->argv[0]);
            j->status = 2;
        }
        if (j->status) return false;
    }
    *first = i;
    return true;
}

/* For run: packages from outside come from a library image, which is made when it is not there. May replace j->c. */
static int load_with_library(RunJob *j, int first, int n) {
    LibraryResult r = LIBRARY_AGAIN;
    for (int round = 0;; round++) {
        Compile *c = j->c;
        if (r == LIBRARY_AGAIN) library_open(c);
        int status = compile_parse(c, j->argv + first, n);
        if (status) return status;
        r = r == LIBRARY_AGAIN && round < 3 ? library_make(c) : LIBRARY_NONE;
        if (r == LIBRARY_NONE) return compile_check(c);
        images_free(&c->images); /* the new one wants their place */
        j->c = compile_new();
        int again;
        if (!parse_flags(j, &again) || (status = compile_init(j->c))) return j->status ? j->status : status;
    }
}

/* Compiles one program or package (no files: "."). */
static bool compile_one(RunJob *j, int first, int n, Buf *blob) {
    Compile *c = j->c;
    bool library = !j->script && cache_usable(c) && strcmp(j->argv[first], "-");
    if ((j->status = library ? load_with_library(j, first, n) : load_program(j, first, n))) return false;
    c = j->c;
    if (!c->main->is_main) {
        if (!j->build) {
            fprintf(stderr, "package %.*s is not a main package\n", STR_FMT(c->main->path));
            j->status = 1;
            return false;
        }
    }
    return !(j->status = compile_code(c)) && (!c->main->is_main || !(j->status = compile_link(c, blob)));
}

static void *run_compile(void *arg) {
    RunJob *j = arg;
    Compile *c = j->c;
    int first, n = 0;
    if (!parse_flags(j, &first)) return NULL;
    if (!j->script && !(n = count_sources(j, first)) && j->status) return NULL;
    Buf blob = {0};
    Image *img;
    const char *err = "";
    bool cached = !j->script && cache_usable(c) && strcmp(j->argv[first], "-");
    CacheKey key;
    if ((j->status = compile_init(c))) return NULL;
    Str stored;
    if (cached && cache_load(c, &key, j->argv + first, n)) {
        if (file_read(&c->arena, key.image, &stored, &err)) buf_put(&j->image, stored.p, stored.n);
    } else {
        if (!compile_one(j, first, n, &blob)) return NULL;
        c = j->c;
        if (cached) cache_store(c, &key, &blob);
        buf_put(&j->image, blob.data, blob.len);
        if (!image_load_blob(&c->images, &blob, &img, &err)) {
            fprintf(stderr, "vole: %s\n", err);
            j->status = 1;
            return NULL;
        }
    }
    if (c->dump && strstr(c->dump, "image")) image_dump(&c->images, vec_last(&c->images.list), stdout, disasm);
    /* os.Args[0] */
    int last = j->script ? first - 1 : first + n - 1;
    j->argv[last] = j->script ? arena_printf(&c->arena, "-e") : j->argv[last];
    c->vm.argc = j->argc - last;
    c->vm.argv = j->argv + last;
    c->vm.env = environ;
    c->vm.executable = make_executable;
    c->vm.at_exit = finish;
    c->vm.executable_ctx = j;
    return NULL;
}


int cmd_run(int argc, char **argv) {
    RunJob *j = calloc(1, sizeof *j);
    if (!j) base_oom();
    j->argc = argc;
    j->argv = argv;
    pthread_mutex_init(&j->lock, NULL);
    j->c = compile_new();
    compile_with_stack(run_compile, j);
    if (j->status || (j->c->dump && !strcmp(j->c->dump, "image"))) return j->status;
    fflush(stdout);
    godebug_apply(&j->c->images);
    return vm_main(vm_new(&j->c->images, &j->c->vm));
}

/* ---- build ------------------------------------------------------------------------------------------------ */

static void *build_compile(void *arg) {
    RunJob *j = arg;
    int first, n;
    if (!parse_flags(j, &first)) return NULL;
    n = count_sources(j, first);
    if (j->status) return NULL;
    Compile *options = j->c;
    bool named = n && is_source(j->argv[first]);
    StrVec patterns = {0};
    if ((j->status = compile_init(options))) return NULL;
    for (int i = 0; !named && i < n; i++)
        if (!loader_match(&options->loader, j->argv[first + i], &patterns)) {
            compile_report(options);
            j->status = 1;
            return NULL;
        }
    if (patterns.len <= 1) {
        Buf blob = {0};
        char *one = patterns.len ? arena_printf(&options->arena, "%.*s", STR_FMT(patterns.at[0])) : NULL;
        char **files = named ? j->argv + first : &one;
        int nfiles = named ? n : one != NULL;
        if ((j->status = compile_load(options, files, nfiles)) || (j->status = compile_code(options))) return NULL;
        if (options->main->is_main && (j->status = compile_link(options, &blob))) return NULL;
        if (!j->out && options->main->is_main) j->out = default_out(options, nfiles, files);
        if (j->out && file_is_dir(j->out)) j->out = path_join(&options->arena, j->out, default_out(options, nfiles, files));
        if (j->out && blob.len && strcmp(j->out, "/dev/null") && !write_program(j, &blob)) j->status = 1;
        if (j->out && !blob.len) { /* compiled and discarded: leave something for make-like users */
            const char *err = "";
            if (strcmp(j->out, "/dev/null") && !file_write_atomic(&options->arena, j->out, STR(""), 0644, &err)) j->status = 1;
        }
        return NULL;
    }
    for (int i = 0; i < patterns.len; i++) { /* several: compile and discard */
        Compile *c = compile_new();
        c->tags = options->tags;
        c->mod = options->mod;
        c->lang = options->lang;
        c->all_errors = options->all_errors;
        c->opt_level = options->opt_level ? 0 : -1; /* as compile_init reads it */
        c->incomplete = options->incomplete;
        c->no_std = options->no_std;
        char *one = arena_printf(&c->arena, "%.*s", STR_FMT(patterns.at[i]));
        Buf blob = {0};
        int status = compile_init(c);
        if (!status) status = compile_load(c, &one, 1);
        if (!status) status = compile_code(c);
        if (!status && c->main->is_main) status = compile_link(c, &blob);
        if (status) j->status = status;
        images_free(&c->images);
        arena_free(&c->arena);
    }
    return NULL;
}

int cmd_build(int argc, char **argv) {
    RunJob *j = calloc(1, sizeof *j);
    if (!j) base_oom();
    j->argc = argc;
    j->argv = argv;
    j->build = true;
    j->c = compile_new();
    compile_with_stack(build_compile, j);
    return j->status;
}

/* ---- exec ------------------------------------------------------------------------------------------------- */

static const char *exec_executable(void *path) { return path; }

/* The code of an image that the user gives us. */
static bool verify_code(Images *im, Image *img, const char *path) {
    uint64_t n;
    const VmFunc *f = image_functions(img, &n);
    for (uint64_t i = 0; i < n; i++) {
        uint32_t word;
        const char *why;
        if (bc_verify(im, &f[i], vm_nnatives, compile_native_slots, &word, &why)) continue;
        fprintf(stderr, "vole exec: %s: damaged image: %s, word %u: %s\n", path, f[i].info->name, word, why);
        return false;
    }
    return true;
}

static int exec_image(Compile *c, const char *path, int argc, char **argv) {
    Arena *a = &c->arena;
    Str id, base;
    const char *err = "";
    Images *im = &c->images;
    Image *img;
    if (!image_peek_file(a, path, &id, &base, &err)) {
        fprintf(stderr, "vole exec: %s\n", err);
        return 1;
    }
    if (base.n && !compile_load_std_image(a, im)) return 1;
    const char *library = library_path(a, base); /* of a program that vole run made for os.Executable */
    if (library) {
        if (!image_load_file(im, library, &img, &err)) {
            fprintf(stderr, "vole exec: %s was built with the library image %.*s: %s; build it again\n", path, STR_FMT(base), err);
            return 1;
        }
    } else if (base.n && !str_eq(image_build_id(im->list.at[0]), base)) {
        Str have = image_build_id(im->list.at[0]);
        fprintf(stderr, "vole exec: %s was built for the standard library %.*s, this vole has %.*s; build it again\n", path, STR_FMT(base), STR_FMT(have));
        return 1;
    }
    im->abi_hash = compile_abi_hash();
    if (!image_load_file(im, path, &img, &err)) {
        fprintf(stderr, "vole exec: %s\n", err);
        return 1;
    }
    if (!verify_code(im, img, path)) return 1;
    c->vm.goroot = loader_find_goroot(a, &err);
    c->vm.argc = argc;
    c->vm.argv = argv;
    c->vm.env = environ;
    c->vm.executable = exec_executable;
    godebug_apply(im);
    return vm_main(vm_new(im, &c->vm));
}

int cmd_exec(int argc, char **argv) {
    Compile *c = compile_new();
    int i = 1, status = 0;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!compile_flag(c, argc, argv, &i, &status)) {
            fprintf(stderr, "flag provided but not defined: %s\nusage: vole exec [flags] app.vole [arguments...]\n", argv[i]);
            return 2;
        }
        if (status) return status;
    }
    if (i >= argc) {
        fprintf(stderr, "usage: vole exec [flags] app.vole [arguments...]\n");
        return 2;
    }
    c->vm.executable_ctx = access(argv[i], X_OK) ? NULL : realpath(argv[i], NULL);
    return exec_image(c, argv[i], argc - i, argv + i);
}

int cmd_exec_image(const char *image, int argc, char **argv) { return exec_image(compile_new(), image, argc, argv); }
