/* vole check: parse and type-check packages, print errors as gc does.
 *
 *   vole check [-lang=go1.N] [-std] [-e] [-time] [-dump=types] FILES.go | PATTERNS
 *
 * Imports of user packages are checked from source; the standard library comes from std.vole unless one of its own
 * packages is checked, or -source is given. -e prints all errors, -k checks types in spite of syntax errors, -complete makes functions without body
 * an error, -export lets importers read export data (a test of it), -std treats the package as one of the standard library, -time says how long the stages took.
 * Imports are checked from source, dependencies first, function bodies included. */
#include "cmd/cmd.h"
#include "cmd/compile.h"
#include "types/export.h"
#include "types/types.h"

#include <stdlib.h>

typedef struct CheckJob {
    int argc;
    char **argv;
    Loader loader;
    Session syn;
    TypeSession ts;
    Arena arena;
    BuildPackage *current;
    Str lang;
    bool source;        /* do not use std.vole */
    Images images;
    PkgIndex index;
    Compile *flags;     /* -tags */
    bool std, all, time, dump, keep_going, export, complete;
    size_t exported;
    int status;
} CheckJob;

static Package *open_indexed(CheckJob *j, Str path, const char **msg);

static Package *import_built(void *ctx, Str path, Package *from, const char **msg) {
    CheckJob *j = ctx;
    if (from && from->lazy) { /* by full path */
        for (int i = 0; i < j->loader.order.len; i++)
            if (str_eq(j->loader.order.at[i]->path, path) && j->loader.order.at[i]->types) return j->loader.order.at[i]->types;
        return open_indexed(j, path, msg);
    }
    for (int i = 0; i < j->current->imports.len; i++) {
        BuildImport *im = &j->current->imports.at[i];
        if (!str_eq(im->path, path)) continue;
        if (!im->pkg) return *msg = "", NULL; /* the loader said why */
        if (!im->pkg->types && im->pkg->prebuilt) im->pkg->types = open_indexed(j, im->pkg->path, msg);
        else if (!im->pkg->types) *msg = "import cycle not allowed";
        return im->pkg->types;
    }
    *msg = arena_printf(&j->arena, "package %.*s is not in std", STR_FMT(path));
    return NULL;
}

/* Declares and checks everything that the export data of a package holds. */
static void check_exported(CheckJob *j, Package *p) {
    package_declare_all(p);
    for (int i = 0; i < p->scope->elems.len; i++) {
        Object *o = p->scope->elems.entries[i].val;
        if (!o || o->pkg != p) continue;
        if (o->kind == OBJ_FUNC) check_body_now(&j->ts, o);
        Type *t = object_type(o);
        if (o->kind != OBJ_TYPENAME || !t || t->kind != TYPE_NAMED) continue;
        for (int k = 0; k < named_nmethods((NamedType *)t); k++)
            check_body_now(&j->ts, named_method((NamedType *)t, k));
    }
}

static void check_one(CheckJob *j, BuildPackage *p, bool root) {
    File **files = arena_array(&j->arena, File *, p->files.len);
    int n = 0;
    for (int i = 0; i < p->files.len; i++)
        if (p->files.at[i].ast) files[n++] = p->files.at[i].ast;
    CheckOptions opt = {
        .go_version = root && j->lang.n ? j->lang : p->go_version,
        .is_std = p->is_std || (root && j->std),
        .allow_bodyless = p->has_asm || !j->complete,
        .report_unused_imports = true,
    };
    j->current = p;
    base_stage = arena_printf(&j->arena, "checking %.*s", STR_FMT(p->path));
    p->types = check_package(&j->ts, p->arena ? p->arena : &j->arena, p->path, files, n, &opt);
    base_stage = NULL;
    if (j->export && p->types->complete) { /* importers see the package through its export data */
        Buf b = {0};
        const char *err = "";
        export_write(&j->ts, p->types, &b);
        j->exported += b.len;
        Package *q = export_open(&j->ts, buf_str(&b), &err);
        if (!q) fprintf(stderr, "vole check: %.*s: %s\n", STR_FMT(p->path), err);
        else p->types = q;
    }
    if (root && j->dump) dump_types(&j->ts, p->types, stdout);
}

static bool parse_args(CheckJob *j, char **files, int *nfiles) {
    *nfiles = 0;
    for (int i = 1; i < j->argc; i++) {
        char *a = j->argv[i];
        if (a[0] == '-' && a[1] == '-') a++;
        if (!strncmp(a, "-lang=", 6)) j->lang = str_c(a + 6);
        else if (!strcmp(a, "-std")) j->std = true;
        else if (!strcmp(a, "-complete")) j->complete = true;
        else if (!strcmp(a, "-source")) j->source = true;
        else if (flag_bool(a, "e", &j->all)) continue;
        else if (!strcmp(a, "-k")) j->keep_going = true;
        else if (!strcmp(a, "-export")) j->export = true;
        else if (!strcmp(a, "-time")) j->time = true;
        else if (!strcmp(a, "-dump=types")) j->dump = true;
        else if (a[0] != '-') files[(*nfiles)++] = j->argv[i];
        else if (!compile_flag(j->flags, j->argc, j->argv, &i, &j->status)) {
            fprintf(stderr, "flag provided but not defined: %s\nusage: vole check [-e] [-lang=go1.N] [-tags LIST] FILES.go | PACKAGES\n", a);
            j->status = 2;
        }
        if (j->status) return false;
    }
    if (!*nfiles) files[(*nfiles)++] = ".";
    return true;
}

static bool is_prebuilt(void *ctx, Str path) { return pkgindex_find(&((CheckJob *)ctx)->index, path) != NULL; }

/* std.vole, where none of the checked packages can be one of its own. */
static void use_index(CheckJob *j, char **files, int n) {
    if (j->source || j->std || j->export) return;
    if (str_has_prefix(str_c(j->loader.work_dir), j->loader.goroot)) return;
    for (int i = 0; i < n; i++)
        if (!is_go_file(files[i]) && files[i][0] != '.') return;
    if (!compile_std_index(&j->arena, &j->images, &j->index)) return;
    j->loader.prebuilt = is_prebuilt;
    j->loader.ctx = j;
}

static Package *open_indexed(CheckJob *j, Str path, const char **msg) {
    IndexedPackage *ip = pkgindex_find(&j->index, path);
    if (ip && !ip->types) ip->types = export_open(&j->ts, ip->export_data, msg);
    return ip ? ip->types : NULL;
}

static void *check_main(void *arg) {
    CheckJob *j = arg;
    DiagList *list = calloc(1, sizeof *list);
    session_init(&j->syn, diag_to_list(list));
    loader_init(&j->loader, &j->syn, &j->arena);
    const char *err = "";
    j->loader.ignore_embeds = true;
    j->loader.goroot = loader_find_goroot(&j->arena, &err);
    if (!j->loader.goroot) {
        fprintf(stderr, "vole check: %s\n", err);
        j->status = 2;
        return NULL;
    }
    types_session_init(&j->ts, &j->syn);
    j->ts.import = import_built;
    j->ts.import_ctx = j;
    char **files = arena_array(&j->arena, char *, j->argc);
    int n;
    j->flags = compile_new();
    if (!parse_args(j, files, &n)) return NULL;
    for (int i = 0; i < j->flags->tags.len; i++) vec_push(&j->loader.tags, j->flags->tags.at[i]);
    loader_set_mod(&j->loader, j->flags->mod);
    use_index(j, files, n);
    uint64_t t0 = time_now_ns();
    BuildPackage *named = NULL;
    VEC(BuildPackage *) roots = {0};
    bool ok = n > 0;
    if (n && is_go_file(files[0])) {
        BuildPackage *p = loader_load_files(&j->loader, files, n);
        named = p;
        if (p) vec_push(&roots, p);
        else ok = false;
    } else {
        for (int i = 0; i < n; i++) {
            StrVec paths = {0};
            if (strstr(files[i], "...") || !strcmp(files[i], "std")) {
                if (!loader_match(&j->loader, files[i], &paths)) ok = false;
            } else {
                vec_push(&paths, str_c(files[i]));
            }
            for (int k = 0; k < paths.len; k++) {
                BuildPackage *p = loader_load(&j->loader, arena_printf(&j->arena, "%.*s", STR_FMT(paths.at[k])));
                if (p) vec_push(&roots, p);
                else ok = false;
            }
            vec_free(&paths);
        }
    }
    uint64_t t1 = time_now_ns();
    bool syntax_errors = false; /* other errors of the parser do not stop gc either */
    for (int i = 0; i < list->msgs.len; i++)
        syntax_errors |= str_has_prefix(list->msgs.at[i].text, "syntax error") || !list->msgs.at[i].pos;
    long lines = 0;
    if (!syntax_errors || j->keep_going)
        for (int i = 0; i < j->loader.order.len; i++) {
            BuildPackage *p = j->loader.order.at[i];
            bool root = false;
            for (int k = 0; k < roots.len; k++) root |= roots.at[k] == p;
            if (str_is(p->path, "unsafe")) {
                p->types = j->ts.unsafe_pkg;
                continue;
            }
            if (!p->prebuilt) check_one(j, p, root);
        }
    for (int i = 0; j->export && i < j->loader.order.len; i++)
        if (j->loader.order.at[i]->types && j->loader.order.at[i]->types->lazy)
            check_exported(j, j->loader.order.at[i]->types);
    uint64_t t2 = time_now_ns();
    for (int i = 0; i < j->syn.files.len; i++) lines += j->syn.files.at[i]->nlines;
    int nerr = report_build_errors(&j->syn, list, &j->loader, named, j->all ? -1 : 10);
    if (j->time && j->export) fprintf(stderr, "export data: %zu bytes\n", j->exported);
    if (j->time)
        fprintf(stderr, "%ld lines: load and parse %.1f ms, check %.1f ms (%.0f lines/s)\n", lines, (t1 - t0) / 1e6,
                (t2 - t1) / 1e6, lines / ((t2 - t1) / 1e9));
    j->status = nerr || !ok ? 1 : 0;
    return NULL;
}

int cmd_check(int argc, char **argv) {
    CheckJob *j = calloc(1, sizeof *j);
    j->argc = argc;
    j->argv = argv;
    compile_with_stack(check_main, j);
    return j->status;
}
