/* vole version, vole env. */
#include "cmd/cmd.h"

#include <stdlib.h>
#include <unistd.h>
#include "build/modules.h"
#include "cmd/compile.h"

int cmd_version(int argc, char **argv) {
    Arena a = {0};
    Str id, base;
    const char *std = compile_std_path(&a), *err;
    printf("vole version " VOLE_VERSION " " VOLE_GO_VERSION " linux/amd64");
    if (std && image_peek_file(&a, std, &id, &base, &err)) printf(" %.*s", STR_FMT(id));
    putchar('\n');
    arena_free(&a);
    return 0;
}

static const char *or(const char *env, const char *otherwise) {
    const char *v = getenv(env);
    return v && *v ? v : otherwise;
}

int cmd_env(int argc, char **argv) {
    Arena *a = &(Arena){0};
    const char *err = "", *home = or("HOME", ""), *std = compile_std_path(a), *lib = compile_lib_dir(a);
    const char *goroot = loader_find_goroot(a, &err);
    char *cwd = getcwd(NULL, 0);
    const char *gopath = or("GOPATH", arena_printf(a, "%s/go", home)), *here = cwd ? cwd : "/";
    bool off = !strcmp(or("GO111MODULE", ""), "off");
    const char *mod = find_upwards(a, here, "go.mod"), *work = find_upwards(a, here, "go.work");
    const char *cache = or("XDG_CACHE_HOME", arena_printf(a, "%s/.cache", home));
    const struct { const char *name, *value; } vars[] = {
        {"CGO_ENABLED", "0"},
        {"GO111MODULE", or("GO111MODULE", "")},
        {"GOARCH", "amd64"},
        {"GOEXPERIMENT", ""},
        {"GOFLAGS", or("GOFLAGS", "")},
        {"GOHOSTARCH", "amd64"},
        {"GOHOSTOS", "linux"},
        {"GOMOD", off ? "" : mod ? arena_printf(a, "%s/go.mod", mod) : "/dev/null"},
        {"GOMODCACHE", or("GOMODCACHE", arena_printf(a, "%.*s/pkg/mod", (int)strcspn(gopath, ":"), gopath))},
        {"GOOS", "linux"},
        {"GOPATH", gopath},
        {"GOROOT", goroot ? goroot : ""},
        {"GOVERSION", VOLE_GO_VERSION},
        {"GOWORK", off || !work || !strcmp(or("GOWORK", ""), "off") ? "" : arena_printf(a, "%s/go.work", work)},
        {"VOLE_CACHE", or("VOLE_CACHE", arena_printf(a, "%s/vole/run", cache))},
        {"VOLE_GOROOT", or("VOLE_GOROOT", "")},
        {"VOLE_LIB", lib ? lib : ""},
        {"VOLE_STD", std ? std : ""},
        {"VOLE_VERSION", VOLE_VERSION},
    };
    for (int k = 1; k < argc; k++) {
        if (argv[k][0] == '-') {
            fprintf(stderr, "flag provided but not defined: %s\nusage: vole env [NAMES]\n", argv[k]);
            return 2;
        }
        const char *v = "";
        for (size_t i = 0; i < ARRAY_LEN(vars); i++)
            if (!strcmp(vars[i].name, argv[k])) v = vars[i].value;
        puts(v);
    }
    for (size_t i = 0; argc == 1 && i < ARRAY_LEN(vars); i++) printf("%s='%s'\n", vars[i].name, vars[i].value);
    free(cwd);
    arena_free(a);
    return 0;
}

/* vole list [-files] PATTERNS: import paths, or the files that the build takes of each. */
int cmd_list(int argc, char **argv) {
    Compile *c = compile_new();
    int status = 0, i = 1;
    bool files = false;
    for (; i < argc && argv[i][0] == '-'; i++)
        if (!flag_bool(argv[i], "files", &files) && !compile_flag(c, argc, argv, &i, &status)) {
            fprintf(stderr, "flag provided but not defined: %s\nusage: vole list [-files] [-tags LIST] PATTERNS\n", argv[i]);
            return 2;
        }
    c->no_std = true;
    if (status || (status = compile_init(c))) return status;
    StrVec names = {0};
    c->loader.ignore_embeds = c->loader.match_tests = true;
    for (int k = i; k < argc; k++)
        if (!loader_match(&c->loader, argv[k], &names)) return compile_report(c);
    if (i >= argc) vec_push(&names, STR("."));
    for (int k = 0; k < names.len; k++) {
        BuildPackage *p = NULL;
        if (files || names.at[k].p[0] == '.') p = loader_load(&c->loader, str_dup(&c->arena, names.at[k]).p);
        if (!p && (files || names.at[k].p[0] == '.')) {
            status |= compile_report(c);
            continue;
        }
        if (!files) printf("%.*s\n", STR_FMT(p ? p->path : names.at[k]));
        for (int f = 0; files && f < p->files.len; f++) printf("%.*s\t%s\n", STR_FMT(p->path), p->files.at[f].path);
    }
    return status;
}
