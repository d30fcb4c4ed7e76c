/* vendor/modules.txt: which vendored package belongs to which module and Go version, and whether it agrees with go.mod.
 *
 * With -mod=vendor, the default where there is a vendor directory and go.mod says go 1.14 or later, packages of other
 * modules come from there alone, each with the language version of its module. */
#include "build/modules.h"

#include <stdlib.h>

typedef struct VendorModule {
    Str path, version, new_path, new_version;
    Module *module;
    bool explicit, used; /* used: it has packages here */
} VendorModule;

struct Vendor {
    const char *dir;
    Arena *arena;
    VEC(VendorModule *) modules;
    Map packages; /* Module by import path */
};

/* The words of one line. */
static void words_of(Str line, StrVec *out) {
    out->len = 0;
    for (size_t i = 0; i < line.n;) {
        while (i < line.n && strchr(" \t\r", line.p[i])) i++;
        size_t start = i;
        while (i < line.n && !strchr(" \t\r", line.p[i])) i++;
        if (i > start) vec_push(out, ((Str){line.p + start, i - start}));
    }
}

static VendorModule *find_module(Vendor *v, Str path, Str version) {
    for (int i = 0; i < v->modules.len; i++)
        if (str_eq(v->modules.at[i]->path, path) && str_eq(v->modules.at[i]->version, version)) return v->modules.at[i];
    return NULL;
}

/* "# path version", "# path version => new [version]", "# path => new [version]" (all versions); NULL: none of these. */
static VendorModule *module_line(Vendor *v, StrVec *w) {
    if (w->len < 3) return NULL;
    bool wildcard = str_is(w->at[2], "=>");
    if (!wildcard && w->at[2].p[0] != 'v') return NULL;
    Str version = wildcard ? STR("") : w->at[2];
    VendorModule *m = find_module(v, w->at[1], version);
    if (!m) {
        m = arena_new(v->arena, VendorModule);
        *m = (VendorModule){.path = w->at[1], .version = version, .module = arena_new(v->arena, Module)};
        m->module->path = m->path, m->module->version = version;
        m->module->dir = str_printf(v->arena, "%s/%.*s", v->dir, STR_FMT(m->path));
        m->module->go_version = STR("go1.16"); /* as go assumes */
        vec_push(&v->modules, m);
    }
    int arrow = wildcard ? 2 : 3;
    if (arrow + 1 < w->len && str_is(w->at[arrow], "=>")) {
        m->new_path = w->at[arrow + 1];
        if (arrow + 2 < w->len) m->new_version = w->at[arrow + 2];
    }
    return m;
}

static bool annotations(Vendor *v, VendorModule *m, Str text, const char **err) {
    for (size_t i = 0; i < text.n;) {
        while (i < text.n && strchr("; \t\r", text.p[i])) i++;
        size_t n = 0;
        while (i + n < text.n && !strchr(";\r", text.p[i + n])) n++;
        Str one = {text.p + i, n};
        if (str_is(one, "explicit")) m->explicit = true;
        if (str_has_prefix(one, "go ")) {
            m->module->go_version = str_printf(v->arena, "go%.*s", (int)one.n - 3, one.p + 3);
            if (module_too_new(m->module->go_version)) {
                *err = arena_printf(v->arena, "go: %.*s in vendor/modules.txt requires go >= %.*s (running go 1.27; GOTOOLCHAIN=local)",
                                    STR_FMT(m->path), (int)one.n - 3, one.p + 3);
                return false;
            }
        }
        i += n;
    }
    return true;
}

Vendor *vendor_read(Arena *a, const char *dir, const char **err) {
    Vendor *v = arena_new(a, Vendor);
    *v = (Vendor){.dir = dir, .arena = a};
    v->modules.arena = v->packages.arena = a;
    const char *file = path_join(a, dir, "modules.txt"), *why;
    Str text, line;
    if (!file_exists(file)) return v; /* no package is known then */
    if (!file_read(a, file, &text, &why)) {
        *err = arena_printf(a, "go: %s", why);
        return NULL;
    }
    StrVec w = {.arena = a};
    VendorModule *m = NULL;
    for (size_t at = 0; at < text.n; at += line.n + 1) {
        const char *nl = memchr(text.p + at, '\n', text.n - at);
        line = (Str){text.p + at, nl ? (size_t)(nl - text.p) - at : text.n - at};
        words_of(line, &w);
        if (str_has_prefix(line, "# ")) m = module_line(v, &w);
        else if (m && str_has_prefix(line, "## ")) {
            if (!annotations(v, m, (Str){line.p + 3, line.n - 3}, err)) return NULL;
        } else if (m && w.len == 1 && w.at[0].p[0] != '#') {
            m->used = true;
            map_set_str(&v->packages, w.at[0], m->module);
        }
    }
    return v;
}

bool vendor_of_workspace(Arena *a, const char *dir) {
    Str text;
    const char *err, *file = path_join(a, dir, "modules.txt");
    return file_exists(file) && file_read(a, file, &text, &err) && str_has_prefix(text, "## workspace");
}

const char *vendor_dir(Vendor *v) { return v->dir; }

Module *vendor_find(Vendor *v, Str path, const char **dir) {
    Module *m = map_get_str(&v->packages, path);
    *dir = arena_printf(v->arena, "%s/%.*s", v->dir, STR_FMT(path));
    return m;
}

static const ModReplace *replacement(Module **mods, int n, Str path, Str version) {
    const ModReplace *any = NULL;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < mods[i]->replaces.len; k++) {
            const ModReplace *r = &mods[i]->replaces.at[k];
            if (!str_eq(r->path, path)) continue;
            if (str_eq(r->old_version, version)) return r;
            if (!r->old_version.n) any = r;
        }
    return any;
}

static bool required(Module **mods, int n, const VendorModule *m) {
    for (int i = 0; i < n; i++)
        for (int k = 0; k < mods[i]->requires.len; k++)
            if (str_eq(mods[i]->requires.at[k].path, m->path) && str_eq(mods[i]->requires.at[k].version, m->version)) return true;
    return false;
}

static void complain(Buf *b, Str path, Str version, const char *what) {
    buf_printf(b, "\n\t%.*s%s%.*s: %s", STR_FMT(path), version.n ? "@" : "", STR_FMT(version), what);
}

static void check_requires(Vendor *v, Module *main, bool old, Buf *b) {
    for (int i = 0; i < main->requires.len; i++) {
        ModRequire *r = &main->requires.at[i];
        VendorModule *m = find_module(v, r->path, r->version);
        if (m && m->explicit) continue;
        if (!old) complain(b, r->path, r->version, "is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt");
        for (int k = 0; old && k < v->modules.len; k++) { /* no marks before 1.14: only the versions can be compared */
            VendorModule *o = v->modules.at[k];
            if (o->used && str_eq(o->path, r->path) && !str_eq(o->version, r->version))
                complain(b, r->path, r->version,
                         arena_printf(v->arena, "is explicitly required in go.mod, but vendor/modules.txt indicates %.*s@%.*s", STR_FMT(o->path), STR_FMT(o->version)));
        }
    }
}

static void check_replaces(Vendor *v, Module *main, bool old, bool work, Buf *b) {
    for (int i = 0; i < main->replaces.len; i++) {
        ModReplace *r = &main->replaces.at[i];
        VendorModule *m = find_module(v, r->path, r->old_version);
        if (!m || !m->new_path.n) {
            if (!old || (r->old_version.n && m && m->used))
                complain(b, r->path, r->old_version, arena_printf(v->arena, "is replaced in %s, but not marked as replaced in vendor/modules.txt", work ? "the workspace" : "go.mod"));
        } else if (!work && (!str_eq(m->new_path, r->new_path) || !str_eq(m->new_version, r->new_version))) { /* in a workspace each is relative to its module */
            complain(b, r->path, r->old_version,
                     arena_printf(v->arena, "is replaced by %.*s%s%.*s in go.mod, but marked as replaced by %.*s%s%.*s in vendor/modules.txt", STR_FMT(r->new_path),
                                  r->new_version.n ? "@" : "", STR_FMT(r->new_version), STR_FMT(m->new_path), m->new_version.n ? "@" : "", STR_FMT(m->new_version)));
        }
    }
}

const char *vendor_check(Vendor *v, Module **mods, int n, bool work) {
    Buf b = {0};
    bool old = !work && !module_at_least(mods[0]->go_version, 14);
    for (int i = 0; i < n; i++) check_requires(v, mods[i], old, &b);
    for (int i = 0; i < n; i++) check_replaces(v, mods[i], old, work, &b);
    for (int i = 0; i < v->modules.len; i++) {
        VendorModule *m = v->modules.at[i];
        if (m->used && m->explicit && !required(mods, n, m))
            complain(&b, m->path, m->version, arena_printf(v->arena, "is marked as explicit in vendor/modules.txt, but not explicitly required in %sgo.mod", work ? "a " : ""));
    }
    for (int i = 0; i < v->modules.len; i++) {
        VendorModule *m = v->modules.at[i];
        if (m->new_path.n && !replacement(mods, n, m->path, m->version))
            complain(&b, m->path, m->version, arena_printf(v->arena, "is marked as replaced in vendor/modules.txt, but not replaced in %s", work ? "the workspace" : "go.mod"));
    }
    if (!b.len) return NULL;
    const char *dir = arena_printf(v->arena, "%.*s", (int)(strlen(v->dir) - strlen("/vendor")), v->dir);
    const char *text = arena_printf(v->arena,
                                    "go: inconsistent vendoring in %s:%.*s\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n"
                                    "\tTo sync the vendor directory, run:\n\t\tgo %s vendor",
                                    dir, (int)b.len, b.data, work ? "work" : "mod");
    buf_free(&b);
    return text;
}
