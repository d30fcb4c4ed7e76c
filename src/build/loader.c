/* The loader: from import paths and files to parsed packages in dependency order. */
#define _GNU_SOURCE
#include "build/build.h"
#include "build/modules.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_NEW, STATE_LOADING, STATE_DONE };

static bool same_dir(const char *a, const char *b) {
    struct stat x, y;
    return !strcmp(a, b) || (!stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

void loader_init(Loader *l, Session *syn, Arena *arena) {
    memset(l, 0, sizeof *l);
    l->syn = syn;
    l->arena = arena;
    l->stack.arena = l->tags.arena = l->order.arena = l->work_modules.arena = arena;
    l->packages.arena = l->modules.arena = arena;
    char *cwd = getcwd(NULL, 0);
    const char *pwd = getenv("PWD"); /* the name that the user knows, when it is true */
    l->work_dir = arena_printf(arena, "%s", pwd && pwd[0] == '/' && same_dir(pwd, ".") ? pwd : cwd ? cwd : "/");
    free(cwd);
    const char *mode = getenv("GO111MODULE");
    l->go111module = mode ? mode : "";
    if (str_is(str_c(l->go111module), "off")) return;
    const char *err = NULL;
    const char *work_env = getenv("GOWORK");
    const char *work = work_env && !strcmp(work_env, "off") ? NULL : find_upwards(arena, l->work_dir, "go.work");
    if (work) {
        StrVec dirs = {.arena = arena};
        l->workspace = workspace_read(arena, path_join(arena, work, "go.work"), &dirs, &err);
        if (!l->workspace) diag_error(syn, 0, BUILD_LOAD_ERROR, "%s", err);
        else {
            l->workspace->dir = str_c(work);
            for (int i = 0; i < dirs.len; i++) {
                const char *d = dirs.at[i].p[0] == '/' ? dirs.at[i].p : path_join(arena, work, dirs.at[i].p);
                Module *m = module_read(arena, d, &err);
                if (m) vec_push(&l->work_modules, m);
                else diag_error(syn, 0, BUILD_LOAD_ERROR, "%s", err);
            }
        }
    }
    const char *root = find_upwards(arena, l->work_dir, "go.mod");
    if (root) {
        l->main_module = module_read(arena, root, &err);
        if (!l->main_module && err) diag_error(syn, 0, BUILD_LOAD_ERROR, "%s", err);
    }
    if (!l->main_module && l->work_modules.len) l->main_module = l->work_modules.at[0];
    l->module_mode = l->main_module != NULL;
}

/* Opens the vendor directory if it is to be used (go: modload.setDefaultBuildMod). */
static void choose_vendor(Loader *l) {
    bool work = l->work_modules.len > 0;
    l->vendor = NULL;
    if (!l->main_module || (l->mod && strcmp(l->mod, "vendor"))) return;
    const char *dir = path_join(l->arena, work ? l->workspace->dir.p : l->main_module->dir.p, "vendor"), *err = NULL;
    Str version = work ? l->workspace->go_version : l->main_module->go_version;
    if (!l->mod && (!file_is_dir(dir) || !module_at_least(version, 14) || vendor_of_workspace(l->arena, dir) != work)) return;
    l->vendor = vendor_read(l->arena, dir, &err);
    if (l->vendor) err = work ? vendor_check(l->vendor, l->work_modules.at, l->work_modules.len, true) : vendor_check(l->vendor, &l->main_module, 1, false);
    if (err) diag_error(l->syn, 0, BUILD_LOAD_ERROR, "%s", err);
}

void loader_set_mod(Loader *l, const char *mod) {
    l->mod = mod && *mod ? mod : NULL;
    if (l->mod && !strcmp(l->mod, "mod") && l->work_modules.len)
        diag_error(l->syn, 0, BUILD_LOAD_ERROR,
                   "go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to \"mod\"\n"
                   "\tRemove the -mod flag to use the default readonly value, \n\tor set GOWORK=off to disable workspace mode.");
    choose_vendor(l);
}

const char *loader_find_goroot(Arena *a, const char **err) {
    const char *env = getenv("VOLE_GOROOT");
    if (env && *env) {
        if (file_exists(arena_printf(a, "%s/src/fmt/print.go", env))) return arena_printf(a, "%s", env);
        *err = arena_printf(a, "VOLE_GOROOT=%s holds no Go source (src/fmt/print.go is missing)", env);
        return NULL;
    }
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const char *dir = cache && *cache ? arena_printf(a, "%s/vole/go", cache)
                                      : arena_printf(a, "%s/.cache/vole/go", home ? home : "");
    if (file_exists(arena_printf(a, "%s/src/fmt/print.go", dir))) return dir;
    const char *debian = "/usr/share/go-1.27";
    if (file_exists(arena_printf(a, "%s/src/fmt/print.go", debian))) return debian;
    *err = arena_printf(a, "Go's source was not found: run `make` in Vole's tree, or set VOLE_GOROOT (looked at %s and %s)", dir, debian);
    return NULL;
}

static void load_error(Loader *l, Pos pos, const char *fmt, ...) printf_like(3, 4);
static void load_error(Loader *l, Pos pos, const char *fmt, ...) {
    Buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    diag_error(l->syn, pos, BUILD_LOAD_ERROR, "%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
}

/* ---- Finding directories ------------------------------------------------------------------------------ */

static const char *std_dir(Loader *l, Str path) {
    if (!l->goroot) return NULL;
    const char *d = arena_printf(l->arena, "%s/src/%.*s", l->goroot, STR_FMT(path));
    return file_is_dir(d) ? d : NULL;
}

static bool holds_go_files(const char *dir) {
    DIR *d = opendir(dir);
    bool any = false;
    for (struct dirent *e; d && !any && (e = readdir(d));) any = str_has_suffix(str_c(e->d_name), ".go");
    if (d) closedir(d);
    return any;
}

static const char *overlay_dir(Loader *l, Str path) {
    if (!l->overlay) return NULL;
    const char *d = arena_printf(l->arena, "%s/%.*s", l->overlay, STR_FMT(path));
    return holds_go_files(d) ? d : NULL; /* directories on the way to a replaced package replace nothing */
}

static bool is_relative(Str p) {
    return str_is(p, ".") || str_is(p, "..") || str_has_prefix(p, "./") || str_has_prefix(p, "../");
}

static bool looks_std(Str path) { /* first element without a dot */
    for (size_t i = 0; i < path.n && path.p[i] != '/'; i++)
        if (path.p[i] == '.') return false;
    return true;
}

static const char *in_module(Loader *l, Module *m, Str path) {
    if (!path_has_prefix(path, m->path)) return NULL;
    const char *d = path.n == m->path.n ? m->dir.p
                                        : path_join(l->arena, m->dir.p, arena_printf(l->arena, "%.*s", (int)(path.n - m->path.n - 1), path.p + m->path.n + 1));
    return holds_go_files(d) ? d : NULL;
}

typedef struct Found { const char *dir; Str path; bool is_std; Module *module; Str go_version; } Found;

static Module *module_at(Loader *l, const char *dir) {
    MapEntry *e = map_find_str(&l->modules, str_c(dir));
    if (e) return e->val;
    const char *err = NULL;
    Module *m = file_exists(path_join(l->arena, dir, "go.mod")) ? module_read(l->arena, dir, &err) : NULL;
    map_set_str(&l->modules, str_dup(l->arena, str_c(dir)), m);
    return m;
}

static Str path_of_dir(Loader *l, const char *dir, Module **module);

static const char *gopath_list(Loader *l) {
    const char *gopath = getenv("GOPATH"), *home = getenv("HOME");
    return gopath && *gopath ? gopath : arena_printf(l->arena, "%s/go", home ? home : "");
}

/* What a directory below $GOPATH/src is called, or NULL. */
static const char *gopath_name(Loader *l, const char *dir) {
    for (const char *p = gopath_list(l); *p;) {
        size_t n = strcspn(p, ":");
        const char *src = arena_printf(l->arena, "%.*s/src/", (int)n, p);
        if (str_has_prefix(str_c(dir), src)) return dir + strlen(src);
        p += n + (p[n] == ':');
    }
    return NULL;
}

/* "path@version" of the requirement that would provide a package, or NULL. */
static const char *module_requires(Module *m, Str path) {
    static _Thread_local char text[512];
    for (int i = 0; i < m->requires.len; i++)
        if (path_has_prefix(path, m->requires.at[i].path)) {
            snprintf(text, sizeof text, "%.*s@%.*s", STR_FMT(m->requires.at[i].path), STR_FMT(m->requires.at[i].version));
            return text;
        }
    return NULL;
}

/* The directory of a package below one of $GOPATH's src, or NULL. */
static const char *gopath_dir(Loader *l, Str path) {
    for (const char *p = gopath_list(l); *p;) {
        size_t n = strcspn(p, ":");
        const char *g = arena_printf(l->arena, "%.*s/src/%.*s", (int)n, p, STR_FMT(path));
        if (file_is_dir(g)) return g;
        p += n + (p[n] == ':');
    }
    return NULL;
}

static const char *gopath_missing(Loader *l, Str path) {
    Buf b = {0};
    buf_printf(&b, "cannot find package \"%.*s\" in any of:\n\t%s/src/%.*s (from $GOROOT)", STR_FMT(path),
               l->goroot ? l->goroot : "$GOROOT", STR_FMT(path));
    const char *list = gopath_list(l);
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ":");
        buf_printf(&b, "\n\t%.*s/src/%.*s%s", (int)n, p, STR_FMT(path), p == list ? " (from $GOPATH)" : "");
        p += n + (p[n] == ':');
    }
    Str s = str_dup(l->arena, buf_str(&b));
    buf_free(&b);
    return s.p;
}

/* Length of the version element "/vN" (N >= 2) that begins at path.p[i], or 0. */
static size_t version_element(Str path, size_t i) {
    size_t k = i + 2;
    if (i + 2 >= path.n || path.p[i] != '/' || path.p[i + 1] != 'v') return 0;
    while (k < path.n && path.p[k] >= '0' && path.p[k] <= '9') k++;
    if (k == i + 2 || (k < path.n && path.p[k] != '/') || path.p[i + 2] == '0' || (path.p[i + 2] == '1' && k == i + 3)) return 0;
    return k - i;
}

/* In GOPATH mode code that has a go.mod may import x/y/v2/z when x/y's go.mod says "module x/y/v2": it is x/y/z then. */
static Str without_version(Loader *l, Str path, BuildPackage *from) {
    bool any = false;
    for (size_t i = 0; i < path.n; i++) any |= version_element(path, i) > 0;
    if (!any || !find_upwards(l->arena, from->dir, "go.mod") || gopath_dir(l, path)) return path;
    for (size_t i = path.n; i-- > 0;) {
        size_t n = version_element(path, i);
        const char *dir = n ? gopath_dir(l, (Str){path.p, i}) : NULL;
        Module *m = dir ? module_at(l, dir) : NULL;
        if (!m) continue;
        if (!str_eq(m->path, (Str){path.p, i + n})) return path;
        return str_printf(l->arena, "%.*s%.*s", (int)i, path.p, (int)(path.n - i - n), path.p + i + n);
    }
    return path;
}

static bool find_import(Loader *l, Str path, BuildPackage *from, Found *f, const char **err) {
    *f = (Found){.path = path};
    if (is_relative(path)) {
        f->dir = path_join(l->arena, from ? from->dir : l->work_dir, str_dup(l->arena, path).p);
        if (from && from->is_std) return *err = "relative import in the standard library", false;
        if (from && l->module_mode && from->module && !str_is(from->path, "command-line-arguments")) {
            *err = arena_printf(l->arena, "\"%.*s\" is relative, but relative import paths are not supported in module mode", STR_FMT(path));
            return false;
        }
        f->module = from ? from->module : l->main_module;
        f->path = str_printf(l->arena, "_%s", f->dir); /* as go names such packages */
        Module *m = NULL;
        if (l->module_mode && path_of_dir(l, f->dir, &m).p[0] != '_') f->path = path_of_dir(l, f->dir, &m), f->module = m;
        if (!file_is_dir(f->dir)) return *err = arena_printf(l->arena, "cannot find package \"%.*s\" in:\n\t%s", STR_FMT(path), f->dir), false;
        return true;
    }
    if (from && from->is_std) {
        Str v = str_printf(l->arena, "vendor/%.*s", STR_FMT(path));
        const char *d = std_dir(l, v);
        if (d && !looks_std(path)) return *f = (Found){d, v, true, NULL, STR("go1.27")}, true;
    }
    const char *d;
    for (int i = 0; i < l->work_modules.len; i++)
        if ((d = in_module(l, l->work_modules.at[i], path))) return f->dir = d, f->module = l->work_modules.at[i], true;
    if (l->main_module && (d = in_module(l, l->main_module, path))) return f->dir = d, f->module = l->main_module, true;
    if (looks_std(path)) {
        if (overlay_dir(l, path) || std_dir(l, path)) {
            f->dir = std_dir(l, path) ? std_dir(l, path) : overlay_dir(l, path);
            f->is_std = true;
            return true;
        }
        if (l->prebuilt && l->prebuilt(l->ctx, path)) return f->is_std = true, f->dir = "", true;
    }
    if (l->vendor && !looks_std(path)) {
        f->module = vendor_find(l->vendor, path, &f->dir);
        bool is_dir = file_is_dir(f->dir);
        if (f->module && is_dir) return true;
        *err = arena_printf(l->arena, "cannot find module providing package %.*s: import lookup disabled by -mod=vendor%s", STR_FMT(path),
                            l->mod             ? ""
                            : l->work_modules.len ? "\n\t(Go version in go.work is at least 1.14 and vendor directory exists.)"
                                                  : "\n\t(Go version in go.mod is at least 1.14 and vendor directory exists.)");
        if (is_dir)
            diag_error(l->syn, 0, BUILD_LOAD_ERROR,
                       "go: ignoring package %.*s which exists in the vendor directory but is missing from vendor/modules.txt. To sync the vendor directory run go mod vendor.",
                       STR_FMT(path));
        return false;
    }
    if (l->main_module) {
        Str mod_path = {0}, version = {0};
        Module *mods[2] = {from && from->module ? from->module : l->main_module, l->main_module};
        for (int i = 1; i >= 0; i--) {
            d = module_find_required(l->arena, mods[i], path, &mod_path, &version);
            if (!d) continue;
            f->dir = d;
            const char *root = find_upwards(l->arena, d, "go.mod");
            f->module = root ? module_at(l, root) : NULL;
            return true;
        }
    }
    if (!l->module_mode) {
        if (from) /* vendor directories of GOPATH mode */
            for (char *p = arena_printf(l->arena, "%s", from->dir); *p;) {
                const char *v = arena_printf(l->arena, "%s/vendor/%.*s", p, STR_FMT(path));
                if (holds_go_files(v)) return f->dir = v, f->path = str_c(gopath_name(l, v) ? gopath_name(l, v) : v), true;
                char *slash = strrchr(p, '/');
                if (!slash) break;
                *slash = 0;
            }
        Str short_path = from ? without_version(l, path, from) : path;
        if ((f->dir = gopath_dir(l, short_path))) return f->path = short_path, true;
    }
    if (looks_std(path))
        *err = arena_printf(l->arena, "package %.*s is not in std (%s/src/%.*s)", STR_FMT(path), l->goroot ? l->goroot : "$GOROOT", STR_FMT(path));
    else if (l->module_mode && (f->module = l->main_module) && module_requires(l->main_module, path))
        *err = arena_printf(l->arena, "module %s is required by go.mod but not in the module cache; fetch it with: go mod download", module_requires(l->main_module, path));
    else if (l->module_mode)
        *err = arena_printf(l->arena, "no required module provides package %.*s; to add it:\n\tgo get %.*s", STR_FMT(path), STR_FMT(path));
    else if (str_is(str_c(l->go111module), "off"))
        *err = gopath_missing(l, path);
    else
        *err = arena_printf(l->arena, "no required module provides package %.*s: go.mod file not found in current directory or any parent directory; see 'go help modules'", STR_FMT(path));
    return false;
}

/* `internal` and `vendor` elements restrict who may import. */
static const char *internal_violation(Loader *l, Str path, const char *dir, BuildPackage *from) {
    if (!from || !from->dir || (from->is_std && str_has_prefix(path, "vendor/"))) return NULL;
    for (size_t i = 0; i + 8 <= path.n; i++) {
        if (memcmp(path.p + i, "internal", 8) || (i && path.p[i - 1] != '/') || (i + 8 < path.n && path.p[i + 8] != '/')) continue;
        Str parent = {path.p, i ? i - 1 : 0};
        Str self = from->path;
        if (from->is_test_variant && str_has_suffix(self, "_test")) self.n -= 5;
        if (str_has_prefix(self, "command-line-arguments") || from->is_main) {
            /* programs given as files: judged by their directory */
            size_t tail = path.n - i;
            size_t dn = strlen(dir);
            if (dn > tail && from->dir && !strncmp(from->dir, dir, dn - tail - 1)) return NULL;
            if (!l->module_mode && !looks_std(path)) return NULL;
        }
        if (from->is_std && looks_std(path)) return NULL;
        if (parent.n && path_has_prefix(self, parent)) continue;
        if (!parent.n && from->is_std) continue;
        return arena_printf(l->arena, "use of internal package %.*s not allowed", STR_FMT(path));
    }
    return NULL;
}

/* ---- Reading a package directory ------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Names of the .go files of a directory, sorted. */
static char **list_go_files(Arena *a, const char *dir, int *n, bool *has_asm) {
    VEC(char *) v = {.arena = a};
    DIR *d = opendir(dir);
    if (d) {
        struct dirent *e;
        while ((e = readdir(d))) {
            Str s = str_c(e->d_name);
            if (str_has_suffix(s, ".go")) vec_push(&v, arena_printf(a, "%s", e->d_name));
            else if (str_has_suffix(s, ".s") && has_asm) *has_asm = true;
        }
        closedir(d);
    }
    if (v.len) qsort(v.at, (size_t)v.len, sizeof *v.at, by_name);
    *n = v.len;
    return v.at;
}

/* As go shortens names: relative to the working directory when that is shorter. */
static const char *short_path(Loader *l, const char *path) {
    const char *w = l->work_dir;
    size_t n = 0, cut = 0; /* common prefix that ends before a slash */
    while (w[n] && w[n] == path[n]) {
        n++;
        if ((!w[n] || w[n] == '/') && path[n] == '/') cut = n;
    }
    if (!strcmp(w, "/")) return arena_printf(l->arena, strchr(path + 1, '/') ? "%s" : "./%s", path + 1);
    if (!cut) return path;
    Buf b = {0};
    for (const char *p = w + cut; *p; p++)
        if (*p == '/') buf_puts(&b, "../");
    const char *rest = path + cut + 1;
    if (!b.len && !strchr(rest, '/')) buf_puts(&b, "./");
    buf_puts(&b, rest);
    const char *shown = b.len < strlen(path) ? arena_printf(l->arena, "%.*s", STR_FMT(buf_str(&b))) : path;
    buf_free(&b);
    return shown;
}

static const char *display_path(Loader *l, BuildPackage *p, const char *path) {
    if (p->is_std && l->goroot) {
        size_t n = strlen(l->goroot);
        if (!strncmp(path, l->goroot, n)) return arena_printf(l->arena, "$GOROOT%s", path + n);
        return arena_printf(l->arena, "$GOROOT/src/%.*s/%s", STR_FMT(p->path), strrchr(path, '/') + 1);
    }
    return short_path(l, path);
}

static Str without_shebang(Loader *l, Str text) {
    if (!str_has_prefix(text, "#!")) return text;
    Str copy = str_dup(l->arena, text);
    memcpy((char *)copy.p, "//", 2);
    return copy;
}

/* Where the pattern that `err` names ("pattern X: ...") stands. */
static Pos embed_place(File *f, ValueSpec *v, const char *err) {
    const char *colon = strstr(err, ": ");
    if (strncmp(err, "pattern ", 8) || !colon) return v->embed_pos;
    Str text = f->src->text, pat = {err + 8, (size_t)(colon - err - 8)};
    for (size_t i = v->embed_pos - f->src->base; i + pat.n < text.n; i++)
        if ((text.p[i - 1] == ' ' || text.p[i - 1] == '\t') && !memcmp(text.p + i, pat.p, pat.n)) return f->src->base + (Pos)i;
    return v->embed_pos;
}

static void check_embeds(Loader *l, BuildPackage *p, File *f) {
    for (int i = 0; f->imports_embed && i < f->ndecls; i++) {
        if (f->decls[i].is_func || f->decls[i].gen->gen != GEN_VAR) continue;
        GenDecl *g = f->decls[i].gen;
        for (int k = 0; k < g->len; k++) {
            ValueSpec *v = g->values[k];
            EmbedFiles found = {.arena = l->arena};
            const char *err = "";
            if (v->embed.n && !build_embed(l->arena, p->dir, v->embed, &found, &err)) load_error(l, embed_place(f, v, err), "%s", err);
            for (int j = 0; j < found.len; j++)
                if (!found.at[j].is_dir) vec_push(&l->embedded, found.at[j].path);
        }
    }
}

static bool add_text(Loader *l, BuildPackage *p, const char *path, const char *shown, Str name, Str text, bool filter) {
    bool is_test = str_has_suffix(name, "_test.go");
    SourceFile *src = session_add_file(l->syn, shown, without_shebang(l, text));
    File *f = parse_file(l->syn, src, p->arena, PARSE_ALL);
    if (filter && f->pkg_name && str_is(name_str(f->pkg_name->name), "documentation")) return true;
    if (filter && f->imports_c) return true; /* cgo is off */
    BuildFile bf = {.name = str_dup(l->arena, name), .path = path, .ast = f, .is_test = is_test};
    Str pkg = f->pkg_name ? name_str(f->pkg_name->name) : STR("");
    bf.is_xtest = is_test && str_has_suffix(pkg, "_test");
    if (!bf.is_xtest) {
        if (!p->name.n) p->name = pkg;
        else if (pkg.n && !str_eq(p->name, pkg)) {
            load_error(l, 0, "found packages %.*s (%.*s) and %.*s (%.*s) in %s", STR_FMT(p->name),
                       STR_FMT(p->files.at[0].name), STR_FMT(pkg), STR_FMT(bf.name), p->dir);
            return false;
        }
    }
    vec_push(&p->files, bf);
    if (p->dir && !l->ignore_embeds) check_embeds(l, p, f);
    return true;
}

static unsigned choose_view(Str path, bool is_std, bool has_asm) {
    return (build_no_arch(path) && is_std ? 0 : VIEW_ARCH) | (is_std || has_asm ? VIEW_PURE : 0);
}

static bool add_file(Loader *l, BuildPackage *p, const char *path, Str name, bool filter, bool tests) {
    const char *err = NULL;
    Str text;
    if (filter && str_has_suffix(name, "_test.go") && !tests) return true;
    if (!file_read(l->arena, path, &text, &err)) {
        load_error(l, 0, "%s", err);
        return false;
    }
    if (filter && !build_match_file(l, name, text, p->view)) return true;
    return add_text(l, p, path, display_path(l, p, path), name, text, filter);
}

/* "package a\n\timports b\n\timports c": how the loader came to the import in hand. `cycle`: with the files. */
static void put_chain(Loader *l, Buf *b, Str last, bool cycle) {
    for (int i = 0; i < l->stack.len; i++) {
        buf_printf(b, "%s%.*s", i ? "\n\timports " : "package ", STR_FMT(l->stack.at[i].pkg->path));
        if (cycle && i) buf_printf(b, " from %.*s", STR_FMT(l->stack.at[i - 1].file));
    }
    if (!last.n) return;
    buf_printf(b, "\n\timports %.*s", STR_FMT(last));
    if (cycle) buf_printf(b, " from %.*s", STR_FMT(vec_last(&l->stack).file));
}

/* Overlay: lib/PATH replaces the directory; with a file OVERLAY in it, its files are merged over Go's. */
static bool read_dir(Loader *l, BuildPackage *p, bool tests) {
    const char *over = p->is_std || !looks_std(p->path) ? overlay_dir(l, p->path) : NULL;
    bool merge = over && file_exists(path_join(l->arena, over, "OVERLAY"));
    int nover = 0, n = 0;
    char **over_files = over ? list_go_files(l->arena, over, &nover, NULL) : NULL;
    char **files = NULL;
    bool ok = true;
    if (!over || merge) files = list_go_files(l->arena, p->dir, &n, &p->has_asm);
    p->view = (uint8_t)choose_view(p->path, p->is_std, p->has_asm);
    for (int i = 0; i < n; i++) {
        const char *dir = p->dir;
        for (int k = 0; k < nover; k++)
            if (!strcmp(files[i], over_files[k])) dir = p->is_std ? NULL : over; /* of other packages only what they have */
        if (dir) ok &= add_file(l, p, path_join(l->arena, dir, files[i]), str_c(files[i]), true, tests);
    }
    for (int k = 0; k < nover && p->is_std; k++)
        ok &= add_file(l, p, path_join(l->arena, over, over_files[k]), str_c(over_files[k]), true, tests);
    if (over && !merge) p->dir = over;
    if (ok && !p->files.len) {
        bool only_tests = n > 0;
        for (int i = 0; i < n; i++) only_tests &= str_has_suffix(str_c(files[i]), "_test.go");
        Buf b = {0};
        if (l->stack.len || (n && !only_tests)) put_chain(l, &b, l->stack.len ? p->path : STR(""), false);
        if (!l->stack.len && b.len == 0 && n && !only_tests) buf_printf(&b, "package %.*s", STR_FMT(p->path));
        if (b.len) buf_puts(&b, ": ");
        buf_printf(&b, only_tests && !tests ? "no non-test Go files in %s" : n + nover ? "build constraints exclude all Go files in %s" : "no Go files in %s", p->dir);
        load_error(l, 0, "%.*s", STR_FMT(buf_str(&b)));
        buf_free(&b);
        return false;
    }
    return ok;
}

/* ---- Loading ------------------------------------------------------------------------------------------------ */

static BuildPackage *package_new(Loader *l, Str path) {
    BuildPackage *p = arena_new(l->arena, BuildPackage);
    p->path = p->link_path = str_dup(l->arena, path);
    p->files.arena = p->imports.arena = l->arena;
    p->arena = l->arena;
    return p;
}

static void report_cycle(Loader *l, BuildPackage *p, BuildPackage *from, Pos pos) {
    Buf b = {0};
    put_chain(l, &b, p->path, true);
    load_error(l, 0, "%.*s: import cycle not allowed%s", STR_FMT(buf_str(&b)), l->stack.len && l->stack.at[0].pkg->is_test_variant ? " in test" : "");
    buf_free(&b);
}

/* What the compiler refuses with "invalid import path": not the loader's business. */
static bool is_invalid_path(Str path) {
    for (size_t i = 0; i < path.n;) {
        int32_t r;
        int w = utf8_decode(path.p + i, path.n - i, &r);
        if (r <= ' ' || r == 127 || r == 0xfffd || (r < 128 && strchr("!\"#$%&'()*,:;<=>?[]^`{|}\\", (char)r))) return true;
        i += (size_t)w;
    }
    return false;
}

static bool check_canonical(Loader *l, Str path, Pos pos) {
    if (path.p[0] == '/') return load_error(l, pos, "import path cannot be absolute path"), false;
    char *clean = path_join(l->arena, "/", str_dup(l->arena, path).p) + 1;
    if (is_relative(path) || str_is(path, clean)) return true;
    load_error(l, pos, "non-canonical import path \"%.*s\" (should be \"%s\")", STR_FMT(path), clean);
    return false;
}

typedef struct Wanted { ImportSpec *spec; BuildFile *file; int order; } Wanted;

static int by_path(const void *a, const void *b) {
    const Wanted *x = a, *y = b;
    int c = str_cmp(x->spec->path_str, y->spec->path_str);
    return c ? c : x->order - y->order;
}

static bool load_imports(Loader *l, BuildPackage *p) {
    bool ok = true;
    p->state = STATE_LOADING;
    VEC(Wanted) wanted = {0};
    for (int i = 0; i < p->files.len; i++) {
        File *f = p->files.at[i].ast;
        for (int k = 0; k < f->nimports; k++) {
            Str path = f->imports[k]->path_str;
            if (!path.n || str_is(path, "unsafe") || is_invalid_path(path)) continue;
            vec_push(&wanted, ((Wanted){f->imports[k], &p->files.at[i], wanted.len}));
        }
    }
    if (wanted.len) qsort(wanted.at, (size_t)wanted.len, sizeof *wanted.at, by_path);
    vec_push(&l->stack, ((LoadStep){p, STR("")}));
    for (int i = 0; i < wanted.len; i++) {
        ImportSpec *is = wanted.at[i].spec;
        Str path = is->path_str;
        if (i && str_eq(path, wanted.at[i - 1].spec->path_str)) continue;
        Pos pos = is->name ? is->name->x.pos : is->path->x.pos;
        vec_last(&l->stack).file = wanted.at[i].file->name;
        int at = p->imports.len;
        vec_push(&p->imports, ((BuildImport){path, NULL}));
        BuildPackage *imp = check_canonical(l, path, pos) ? loader_import(l, path, p, pos) : NULL;
        p->imports.at[at].pkg = imp;
        if (!imp) ok = false;
    }
    l->stack.len--;
    vec_free(&wanted);
    p->state = STATE_DONE;
    vec_push(&l->order, p);
    if (!ok) p->failed = true;
    return ok;
}

BuildPackage *loader_import(Loader *l, Str path, BuildPackage *from, Pos pos) {
    const char *err = NULL;
    Found f;
    if (str_is(path, "C")) {
        load_error(l, pos, "import \"C\": cgo is not supported");
        return NULL;
    }
    for (int i = 0; i < 2; i++)
        if (from && l->tested[i] && str_eq(path, l->tested[i]->path) && l->tested[i]->state == STATE_DONE) return l->tested[i];
    if (!find_import(l, path, from, &f, &err)) {
        load_error(l, pos, "%s", err);
        return NULL;
    }
    const char *bad = internal_violation(l, f.path, f.dir, from);
    if (bad) { /* go shows the importing package and the place */
        Location at = pos_location(l->syn, pos);
        Buf b = {0};
        put_chain(l, &b, STR(""), false);
        const char *file = at.file ? at.file + (strncmp(at.file, "./", 2) ? 0 : 2) : "";
        load_error(l, 0, "%.*s\n\t%s:%d:%d: %s", STR_FMT(buf_str(&b)), file, at.line, at.col, bad);
        buf_free(&b);
        return NULL;
    }
    bool fresh;
    MapEntry *e = map_put_str(&l->packages, str_dup(l->arena, f.path), &fresh);
    if (!fresh) {
        BuildPackage *p = e->val;
        if (p && p->state == STATE_LOADING) {
            report_cycle(l, p, from, pos);
            return NULL;
        }
        return p && p->failed ? NULL : p;
    }
    BuildPackage *p = package_new(l, f.path);
    e->val = p;
    p->dir = f.dir;
    p->is_std = f.is_std;
    p->module = f.module;
    p->go_version = f.is_std ? STR("go1.27") : f.module ? f.module->go_version : STR("go1.27");
    if (l->prebuilt && l->prebuilt(l->ctx, f.path)) {
        p->prebuilt = true;
        p->state = STATE_DONE;
        vec_push(&l->order, p);
        return p;
    }
    if (!read_dir(l, p, false)) {
        p->failed = true;
        p->state = STATE_DONE;
        return NULL;
    }
    if (from && str_is(p->name, "main") && !is_relative(path) && !p->is_test_variant) {
        load_error(l, pos, "import \"%.*s\" is a program, not an importable package", STR_FMT(path));
        p->failed = true;
        p->state = STATE_DONE;
        return NULL;
    }
    return load_imports(l, p) ? p : NULL;
}

static void set_main(BuildPackage *p) {
    p->is_main = str_is(p->name, "main");
    if (p->is_main) p->link_path = STR("main");
}

/* Outside of any module (where go refuses), a named directory brings its own. */
static void adopt_module(Loader *l, const char *dir) {
    const char *err = "";
    if (l->main_module || str_is(str_c(l->go111module), "off") || (l->goroot && str_has_prefix(str_c(dir), l->goroot))) return;
    const char *root = find_upwards(l->arena, dir, "go.mod");
    if (!root) return;
    l->main_module = module_read(l->arena, root, &err);
    if (!l->main_module) load_error(l, 0, "%s", err);
    l->module_mode = l->main_module != NULL;
    choose_vendor(l);
}

static bool add_named_files(Loader *l, BuildPackage *p, char **files, int nfiles) {
    for (int i = 0; i < nfiles; i++) {
        const char *path = files[i][0] == '/' ? files[i] : path_join(l->arena, l->work_dir, files[i]);
        const char *slash = strrchr(path, '/');
        const char *dir = slash == path ? "/" : arena_printf(l->arena, "%.*s", (int)(slash - path), path);
        if (i == 0) {
            adopt_module(l, dir);
            p->module = l->main_module;
            p->go_version = l->main_module ? l->main_module->go_version : STR("go1.27");
        }
        if (!p->dir) p->dir = dir;
        else if (!same_dir(p->dir, dir)) {
            load_error(l, 0, "named files must all be in one directory; have %s and %s", p->dir, dir);
            return false;
        }
        if (!add_file(l, p, path, str_c(slash + 1), false, true)) return false;
    }
    return true;
}

BuildPackage *loader_load_files(Loader *l, char **files, int nfiles) {
    BuildPackage *p = package_new(l, STR("command-line-arguments"));
    if (!add_named_files(l, p, files, nfiles)) return NULL;
    set_main(p);
    return load_imports(l, p) ? p : NULL;
}

BuildPackage *loader_load_text(Loader *l, Str path, const char *shown, Str text, bool generated) {
    BuildPackage *p = package_new(l, path);
    p->is_std = generated; /* may import internal packages */
    p->module = l->main_module;
    p->go_version = STR("go1.27");
    p->dir = l->work_dir;
    if (!add_text(l, p, shown, shown, str_c(shown), text, false)) return NULL;
    set_main(p);
    return load_imports(l, p) ? p : NULL;
}

/* The import path that a directory has, by its module or GOPATH. */
static Str path_of_dir(Loader *l, const char *dir, Module **module) {
    const char *root = find_upwards(l->arena, dir, "go.mod");
    Module *m = root && l->module_mode ? module_at(l, root) : NULL;
    *module = m;
    if (l->goroot) {
        const char *src = arena_printf(l->arena, "%s/src/", l->goroot);
        if (str_has_prefix(str_c(dir), src)) return str_c(dir + strlen(src));
    }
    if (m) {
        size_t n = m->dir.n;
        if (!strcmp(dir, m->dir.p)) return m->path;
        if (!strncmp(dir, m->dir.p, n) && dir[n] == '/') return str_printf(l->arena, "%.*s/%s", STR_FMT(m->path), dir + n + 1);
    }
    const char *name = l->module_mode ? NULL : gopath_name(l, dir);
    return name ? str_c(name) : str_printf(l->arena, "_%s", dir);
}

/* The package of a directory pattern, known to the loader but not read; NULL after an error. */
static BuildPackage *package_at(Loader *l, const char *pattern, bool *fresh) {
    const char *dir = pattern[0] == '/' ? path_join(l->arena, pattern, ".") : path_join(l->arena, l->work_dir, pattern);
    if (!file_is_dir(dir)) {
        if (file_exists(dir)) load_error(l, 0, "%s is not a directory", dir);
        else load_error(l, 0, "stat %s: directory not found", dir);
        return NULL;
    }
    adopt_module(l, dir);
    Module *m = NULL;
    Str path = path_of_dir(l, dir, &m);
    MapEntry *e = map_put_str(&l->packages, str_dup(l->arena, path), fresh);
    if (!*fresh) return e->val;
    BuildPackage *p = package_new(l, path);
    e->val = p;
    p->dir = dir;
    p->module = m;
    p->is_std = l->goroot && str_has_prefix(str_c(dir), arena_printf(l->arena, "%s/src/", l->goroot));
    p->go_version = m ? m->go_version : STR("go1.27");
    return p;
}

BuildPackage *loader_load(Loader *l, const char *pattern) {
    Str s = str_c(pattern);
    BuildPackage *p;
    if (!is_relative(s) && pattern[0] != '/') {
        p = loader_import(l, s, NULL, 0);
        if (p) set_main(p);
        return p;
    }
    bool fresh;
    p = package_at(l, pattern, &fresh);
    if (!p || !fresh) return p && p->failed ? NULL : p;
    if (!read_dir(l, p, false)) {
        p->failed = true;
        return NULL;
    }
    set_main(p);
    return load_imports(l, p) ? p : NULL;
}

static BuildPackage *test_root(Loader *l, const char *pattern) {
    Str s = str_c(pattern);
    bool fresh;
    if (is_relative(s) || pattern[0] == '/') {
        BuildPackage *p = package_at(l, pattern, &fresh);
        return p && read_dir(l, p, true) ? p : NULL;
    }
    Found f;
    const char *err = "";
    if (!find_import(l, s, NULL, &f, &err)) return load_error(l, 0, "%s", err), NULL;
    MapEntry *e = map_put_str(&l->packages, str_dup(l->arena, f.path), &fresh);
    if (!fresh) return e->val;
    BuildPackage *p = e->val = package_new(l, f.path);
    p->dir = f.dir;
    p->is_std = f.is_std;
    p->module = f.module;
    p->go_version = f.is_std ? STR("go1.27") : f.module ? f.module->go_version : STR("go1.27");
    return read_dir(l, p, true) ? p : NULL;
}

BuildPackage *loader_load_test(Loader *l, const char *pattern, char **files, int nfiles, BuildPackage **xtest) {
    *xtest = NULL;
    BuildPackage *p;
    if (nfiles) {
        p = package_new(l, STR("command-line-arguments"));
        if (!add_named_files(l, p, files, nfiles)) return NULL;
    } else if (!(p = test_root(l, pattern))) {
        return NULL;
    }
    BuildPackage *x = package_new(l, str_printf(l->arena, "%.*s_test", STR_FMT(p->path)));
    int kept = 0;
    for (int i = 0; i < p->files.len; i++) {
        BuildFile *bf = &p->files.at[i];
        if (bf->is_xtest) vec_push(&x->files, *bf);
        else p->files.at[kept++] = *bf;
        if (bf->is_test) p->is_test_variant = true;
    }
    p->files.len = kept;
    l->tested[0] = p;
    if (!load_imports(l, p)) return NULL;
    if (!x->files.len) return p;
    x->dir = p->dir;
    x->is_std = p->is_std;
    x->module = p->module;
    x->go_version = p->go_version;
    x->is_test_variant = true;
    x->has_asm = p->has_asm;
    x->name = name_str(x->files.at[0].ast->pkg_name->name);
    if (!load_imports(l, x)) return NULL;
    *xtest = l->tested[1] = x;
    return p;
}

/* ---- Patterns with ... ------------------------------------------------------------------------------------------ */

static void walk(Loader *l, const char *dir, Str path, bool std, StrVec *out) {
    int n;
    bool has_asm = false, any = false;
    char **files = list_go_files(l->arena, dir, &n, &has_asm);
    for (int i = 0; i < n && !any; i++) {
        if (!l->match_tests && str_has_suffix(str_c(files[i]), "_test.go")) continue;
        Str text;
        const char *err;
        if (!file_read(l->arena, path_join(l->arena, dir, files[i]), &text, &err)) continue;
        any = build_match_file(l, str_c(files[i]), text, choose_view(path, std, has_asm));
    }
    if (any) vec_push(out, str_dup(l->arena, path));
    struct dirent **names;
    int k = scandir(dir, &names, NULL, alphasort);
    for (int i = 0; i < k; i++) {
        const char *d = names[i]->d_name;
        const char *sub = path_join(l->arena, dir, d);
        bool skip = d[0] == '.' || d[0] == '_' || !strcmp(d, "testdata") || (!std && (!strcmp(d, "vendor") || file_exists(path_join(l->arena, sub, "go.mod"))));
        if (!path.n && std && (!strcmp(d, "cmd") || !strcmp(d, "builtin"))) skip = true;
        if (!skip && file_is_dir(sub))
            walk(l, sub, path.n ? str_printf(l->arena, "%.*s/%s", STR_FMT(path), d) : str_c(arena_printf(l->arena, "%s", d)), std, out);
        free(names[i]);
    }
    if (k >= 0) free(names);
}

bool loader_match(Loader *l, const char *pattern, StrVec *out) {
    Str s = str_c(pattern);
    if (str_is(s, "std")) {
        if (!l->goroot) return false;
        walk(l, arena_printf(l->arena, "%s/src", l->goroot), STR(""), true, out);
        return true;
    }
    const char *dots = strstr(pattern, "...");
    if (!dots) {
        vec_push(out, s);
        return true;
    }
    Str base = {pattern, (size_t)(dots - pattern)};
    while (base.n && base.p[base.n - 1] == '/') base.n--;
    if (!is_relative(base) && base.n && base.p[0] != '/') {
        Found f;
        const char *err;
        if (!find_import(l, base, NULL, &f, &err)) return load_error(l, 0, "%s", err), false;
        walk(l, f.dir, f.path, f.is_std, out);
        return true;
    }
    const char *dir = base.n && base.p[0] == '/' ? str_dup(l->arena, base).p : path_join(l->arena, l->work_dir, base.n ? str_dup(l->arena, base).p : ".");
    Module *m;
    Str path = path_of_dir(l, dir, &m);
    walk(l, dir, path, l->goroot && str_has_prefix(str_c(dir), l->goroot), out);
    return true;
}
