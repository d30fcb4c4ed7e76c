/* vole ssa: build SSA of packages from source and verify it; print it with --dump.
 *
 *   vole ssa [--dump] [--func=PART] [--time] FILES.go | PATTERNS
 *
 * Works without code generation, so that the builder can be tested on the whole standard library. */
#include "cmd/cmd.h"
#include "build/build.h"
#include "ir/ir.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct SsaJob {
    int argc;
    char **argv;
    Loader loader;
    Session syn;
    TypeSession ts;
    Arena arena;
    BuildPackage *current;
    SymTab syms;
    IrUnit unit;
    bool dump, time;
    const char *func;
    int status;
} SsaJob;

static Package *import_built(void *ctx, Str path, Package *from, const char **msg) {
    SsaJob *j = ctx;
    for (int i = 0; i < j->current->imports.len; i++) {
        BuildImport *im = &j->current->imports.at[i];
        if (str_eq(im->path, path) && im->pkg) return im->pkg->types;
    }
    *msg = "not found";
    return NULL;
}

static bool check_all(SsaJob *j) {
    for (int i = 0; i < j->loader.order.len; i++) {
        BuildPackage *p = j->loader.order.at[i];
        if (str_is(p->path, "unsafe")) {
            p->types = j->ts.unsafe_pkg;
            continue;
        }
        File **files = arena_array(&j->arena, File *, p->files.len);
        int n = 0;
        for (int k = 0; k < p->files.len; k++)
            if (p->files.at[k].ast) files[n++] = p->files.at[k].ast;
        CheckOptions opt = {.go_version = p->go_version, .is_std = p->is_std, .allow_bodyless = true};
        j->current = p;
        p->types = check_package(&j->ts, p->arena ? p->arena : &j->arena, p->path, files, n, &opt);
    }
    return j->syn.diag.nerrors == 0;
}

static void build_all(SsaJob *j) {
    int nfuncs = 0;
    for (int i = 0; i < j->loader.order.len; i++) {
        BuildPackage *p = j->loader.order.at[i];
        if (!p->types || p->types == j->ts.unsafe_pkg) continue;
        ir_build_package(&j->unit, p->types);
        for (; nfuncs < j->unit.funcs.len; nfuncs++) {
            IrFunc *f = j->unit.funcs.at[nfuncs];
            ir_verify(f, "build");
            if (!j->dump) continue;
            if (j->func && !strstr(arena_printf(&j->arena, "%.*s", STR_FMT(f->name)), j->func)) continue;
            Buf b = {0};
            ir_print(&b, f);
            fwrite(b.data, 1, b.len, stdout);
            buf_free(&b);
        }
    }
}

static void *ssa_main(void *arg) {
    SsaJob *j = arg;
    DiagList *list = calloc(1, sizeof *list);
    session_init(&j->syn, diag_to_list(list));
    loader_init(&j->loader, &j->syn, &j->arena);
    const char *err = "";
    j->status = 2;
    j->loader.goroot = loader_find_goroot(&j->arena, &err);
    if (!j->loader.goroot) {
        fprintf(stderr, "vole ssa: %s\n", err);
        return NULL;
    }
    types_session_init(&j->ts, &j->syn);
    j->ts.import = import_built;
    j->ts.import_ctx = j;
    symtab_init(&j->syms);
    j->unit.ts = &j->ts;
    j->unit.syms = &j->syms;
    char **files = arena_array(&j->arena, char *, j->argc);
    int n = 0;
    for (int i = 1; i < j->argc; i++) {
        char *a = j->argv[i];
        if (!strcmp(a, "--dump")) j->dump = true;
        else if (!strcmp(a, "--time")) j->time = true;
        else if (!strncmp(a, "--func=", 7)) j->func = a + 7;
        else files[n++] = a;
    }
    uint64_t t0 = time_now_ns();
    if (n && str_has_suffix(str_c(files[0]), ".go")) loader_load_files(&j->loader, files, n);
    else
        for (int i = 0; i < n; i++) {
            StrVec paths = {0};
            loader_match(&j->loader, files[i], &paths);
            for (int k = 0; k < paths.len; k++)
                loader_load(&j->loader, arena_printf(&j->arena, "%.*s", STR_FMT(paths.at[k])));
            vec_free(&paths);
        }
    bool ok = check_all(j);
    uint64_t t1 = time_now_ns();
    if (diag_print(&j->syn, list, stderr, 10, true, false) || !ok) {
        j->status = 1;
        return NULL;
    }
    build_all(j);
    if (j->time)
        fprintf(stderr, "load and check %.1f ms, build %.1f ms, %d functions\n", (t1 - t0) / 1e6,
                (time_now_ns() - t1) / 1e6, j->unit.funcs.len);
    j->status = 0;
    return NULL;
}

int cmd_ssa(int argc, char **argv) {
    SsaJob *j = calloc(1, sizeof *j);
    j->argc = argc;
    j->argv = argv;
    pthread_attr_t attr; /* deeply nested programs recurse deeply */
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)512 << 20);
    pthread_t t;
    if (pthread_create(&t, &attr, ssa_main, j)) base_oom();
    pthread_join(t, NULL);
    return j->status;
}
