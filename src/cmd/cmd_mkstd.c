/* vole mkstd: compiles the standard library into one image.
 *
 *   vole mkstd [-o build/std.vole] [-k] [-verify] [-time] [-check] [-ir] [-p N] [PACKAGE...]
 *
 * Without packages: everything below GOROOT/src (the overlay in lib/ replaces what it has). -k goes on past
 * packages that do not compile and leaves them and their dependents out. -check and -ir stop early. Each
 * package is a unit of its own; instances, descriptors and wrappers are shared through the symbol table. */
#include "cmd/cmd.h"

#include <stdlib.h>
#include "cmd/library.h"
#include "opt/bodies.h"
#include "vm/vm.h"

typedef struct MkStd {
    int argc;
    char **argv;
    Compile c;
    const char *out;
    bool keep_going, check_only, ir_only;
    int status, nfailed;
    VEC(BuildPackage *) done;
} MkStd;

/* Left out: gc's own runtime internals, cgo, sanitizers, experiments, and programs. */
static bool is_excluded(Str p) {
    static const char *const exact[] = {
        "plugin",       "arena",        "runtime/cgo",
        "runtime/msan", "runtime/asan", "runtime/secret",
        "cmd",          "simd",         "crypto/internal/sysrand/internal/seccomp"};
    static const char *const prefix[] = {"runtime/race",
                                         "runtime/internal/",
                                         "internal/runtime/gc",
                                         "internal/runtime/cgobench",
                                         "internal/runtime/startlinetest",
                                         "internal/runtime/wasitest",
                                         "simd/",
                                         "cmd/",
                                         "internal/runtime/syscall/windows",
                                         "runtime/pprof/internal",
                                         "crypto/internal/sysrand/internal/seccomp"};
    for (size_t i = 0; i < ARRAY_LEN(exact); i++)
        if (str_is(p, exact[i])) return true;
    for (size_t i = 0; i < ARRAY_LEN(prefix); i++)
        if (str_has_prefix(p, prefix[i])) return true;
    return false;
}

static bool print_errors(MkStd *m) {
    Compile *c = &m->c;
    int n = c->diags.msgs.len;
    if (n) diag_print(&c->syn, &c->diags, stderr, 10, true, false);
    c->diags.msgs.len = 0;
    c->syn.diag.nerrors = 0;
    return n > 0;
}

static bool load_all(MkStd *m, int first) {
    Compile *c = &m->c;
    StrVec names = {.arena = &c->arena};
    if (!loader_load(&c->loader, "runtime")) {
        print_errors(m);
        return false;
    }
    if (first >= m->argc && !loader_match(&c->loader, "std", &names)) return false;
    for (int i = first; i < m->argc; i++) vec_push(&names, str_c(m->argv[i]));
    for (int i = 0; i < names.len; i++) {
        if (first >= m->argc && is_excluded(names.at[i])) continue;
        const char *name = str_dup(&c->arena, names.at[i]).p;
        BuildPackage *p = loader_load(&c->loader, name);
        if (print_errors(m) || !p) {
            fprintf(stderr, "vole mkstd: %s cannot be loaded\n", name);
            m->nfailed++;
            if (!m->keep_going) return false;
        }
    }
    return true;
}

static bool imports_ok(BuildPackage *p) {
    for (int i = 0; i < p->imports.len; i++)
        if (!p->imports.at[i].pkg || p->imports.at[i].pkg->failed) return false;
    return true;
}

static bool check_all(MkStd *m) {
    Compile *c = &m->c;
    for (int i = 0; i < c->loader.order.len; i++) {
        BuildPackage *p = c->loader.order.at[i];
        if (p->is_main || str_is(p->name, "main") || !imports_ok(p)) p->failed = true;
        if (p->failed) continue;
        compile_check_package(c, p);
        if (str_is(p->path, "unsafe")) continue;
        if (print_errors(m) || !p->types || !p->types->complete) {
            fprintf(stderr, "vole mkstd: %.*s does not compile\n", STR_FMT(p->path));
            p->failed = true;
            m->nfailed++;
            if (!m->keep_going) return false;
            continue;
        }
        vec_push(&m->done, p);
    }
    return true;
}

static void note_undefined(void *ctx, Str name, bool is_func) {
    MkStd *m = ctx;
    if (m->c.dump && strstr(m->c.dump, "undefined"))
        fprintf(stderr, "undefined %s %.*s\n", is_func ? "function" : "data", STR_FMT(name));
}

static void *mkstd_main(void *arg) {
    MkStd *m = arg;
    Compile *c = &m->c;
    m->status = 1;
    m->out = "build/std.vole";
    c->no_std = true;
    int i = 1;
    for (; i < m->argc && m->argv[i][0] == '-'; i++) {
        const char *a = m->argv[i];
        if (!strcmp(a, "-o") && i + 1 < m->argc) m->out = m->argv[++i];
        else if (!strcmp(a, "-k")) m->keep_going = true;
        else if (!strcmp(a, "-verify")) c->verify = true;
        else if (!strcmp(a, "-time")) c->time = true;
        else if (!strcmp(a, "-check")) m->check_only = true;
        else if (!strcmp(a, "-ir")) m->ir_only = true;
        else if (!strcmp(a, "-u")) c->allow_undefined = true;
        else if (!strncmp(a, "-dump=", 6)) c->dump = a + 6;
        else if (!strcmp(a, "-p") && i + 1 < m->argc && atoi(m->argv[i + 1]) > 0) c->jobs = atoi(m->argv[++i]);
        else {
            fprintf(stderr, "vole mkstd: unknown option %s\n", a);
            m->status = 2;
            return NULL;
        }
    }
    if ((m->status = compile_init(c))) return NULL;
    m->status = 1;
    uint64_t t0 = time_now_ns();
    if (!load_all(m, i)) return NULL;
    uint64_t t1 = time_now_ns();
    if (!check_all(m)) return NULL;
    uint64_t t2 = time_now_ns();
    if (c->time) fprintf(stderr, "load %.1f ms, check %.1f ms\n", (t1 - t0) / 1e6, (t2 - t1) / 1e6);
    if (m->check_only) {
        m->status = m->nfailed > 0;
        return NULL;
    }
    bool built = library_build(c, m->done.at, m->done.len, m->ir_only);
    if (print_errors(m) || !built) return NULL;
    if (!m->ir_only) {
        base_stage = "writing what compiles against the image inline";
        opt_write_table(&c->unit);
        base_stage = NULL;
    }
    uint64_t t3 = time_now_ns();
    if (c->time)
        fprintf(stderr, "ssa and code %.1f ms, %d symbols\n", (t3 - t2) / 1e6, c->syms.all.len);
    if (m->ir_only) {
        m->status = m->nfailed > 0;
        return NULL;
    }
    Buf section = {0}, blob = {0};
    library_exports(c, m->done.at, m->done.len, &section);
    const char *err = "";
    LinkOptions opt = {
        .base = IMAGE_SPACE_BASE,
        .export_data = buf_str(&section),
        .build_id = str_printf(&c->arena, "std-%016llx", (unsigned long long)library_hash(m->done.at, m->done.len)),
        .abi_hash = compile_abi_hash(),
        .native_find = native_find,
        .native_slots = compile_native_slots,
        .allow_undefined = c->allow_undefined,
        .undefined = note_undefined,
        .undefined_ctx = m,
    };
    base_stage = "linking std";
    if (!image_link(&c->syms, &opt, &blob, &err)) {
        fprintf(stderr, "vole mkstd: %s\n", err);
        return NULL;
    }
    base_stage = NULL;
    if (!file_write_atomic(&c->arena, m->out, buf_str(&blob), 0644, &err)) {
        fprintf(stderr, "vole mkstd: %s\n", err);
        return NULL;
    }
    if (c->time)
        fprintf(stderr, "export and link %.1f ms, %.1f MB\n", (time_now_ns() - t3) / 1e6,
                (double)blob.len / 1e6);
    printf("%s: %d packages, %d failed, %.1f MB\n", m->out, m->done.len, m->nfailed,
           (double)blob.len / 1e6);
    m->status = m->nfailed > 0;
    return NULL;
}

int cmd_mkstd(int argc, char **argv) {
    MkStd *m = calloc(1, sizeof *m);
    if (!m) base_oom();
    m->argc = argc;
    m->argv = argv;
    compile_with_stack(mkstd_main, m);
    return m->status;
}
