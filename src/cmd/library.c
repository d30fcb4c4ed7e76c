/* Library images; see library.h. */
#include "cmd/library.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "build/modules.h"
#include "cmd/cache.h"
#include "cmd/units.h"
#include "opt/bodies.h"
#include "types/export.h"

enum { WORTH_BYTES = 150 << 10 }; /* less source than this is compiled each time */

/* ---- Making one ------------------------------------------------------------------------------------------- */

bool library_build(Compile *c, BuildPackage **pkgs, int n, bool ir_only) {
    Unit *units = arena_array(&c->arena, Unit, n + 1);
    for (int i = 0; i < n; i++) {
        IrUnit *u = unit_new(c);
        units[i] = (Unit){u, pkgs[i]};
        base_stage = arena_printf(&c->arena, "building SSA of %.*s", STR_FMT(pkgs[i]->path));
        ir_build_package(u, pkgs[i]->types);
        for (int k = 0; c->verify && k < u->funcs.len; k++) ir_verify(u->funcs.at[k], "build");
    }
    base_stage = NULL;
    if (ir_only || c->diags.msgs.len) return ir_only;
    units_compile(c, units, n);
    for (int i = 0; i < n; i++) {
        IrFunc *f = units[i].ir->too_large;
        if (!f) continue;
        fprintf(stderr, "vole: the frame of %.*s is too large\n", STR_FMT(f->name));
        return false;
    }
    return true;
}

typedef struct Exports {
    Compile *c;
    Map number; /* BuildPackage * -> number in the section */
    VEC(IndexedPackage) at;
} Exports;

static void add_export(Exports *x, BuildPackage *p, Buf *data) {
    Arena *a = &x->c->arena;
    uint32_t *imports = arena_array(a, uint32_t, p->imports.len), n = 0;
    for (int k = 0; k < p->imports.len; k++) {
        BuildPackage *im = p->imports.at[k].pkg;
        if (!im || im == p || im->types == x->c->ts.unsafe_pkg) continue;
        MapEntry *e = map_find_ptr(&x->number, im);
        if (!e && im->prebuilt) { /* a name for what a base image holds */
            bool fresh;
            map_put_ptr(&x->number, im, &fresh)->num = (uint64_t)x->at.len;
            vec_push(&x->at, ((IndexedPackage){.path = im->path, .name = im->name}));
            e = map_find_ptr(&x->number, im);
        }
        if (e) imports[n++] = (uint32_t)e->num;
    }
    bool fresh;
    map_put_ptr(&x->number, p, &fresh)->num = (uint64_t)x->at.len;
    vec_push(&x->at, ((IndexedPackage){.path = p->path, .name = p->name, .export_data = buf_str(data), .imports = imports, .nimports = n}));
}

void library_exports(Compile *c, BuildPackage **pkgs, int n, Buf *section) {
    Exports x = {.c = c, .number.arena = &c->arena};
    Buf *data = calloc((size_t)n + 1, sizeof *data);
    if (!data) base_oom();
    for (int i = 0; i < n; i++) {
        base_stage = arena_printf(&c->arena, "writing export data of %.*s", STR_FMT(pkgs[i]->path));
        export_write(&c->ts, pkgs[i]->types, &data[i]);
        add_export(&x, pkgs[i], &data[i]);
    }
    base_stage = NULL;
    pkgindex_write(section, x.at.at, x.at.len);
    for (int i = 0; i < n; i++) buf_free(&data[i]);
    free(data);
    vec_free(&x.at);
}

uint64_t library_hash(BuildPackage **pkgs, int n) {
    uint64_t h = compile_abi_hash();
    for (int i = 0; i < n; i++) {
        h = hash_bytes(pkgs[i]->path.p, pkgs[i]->path.n, h);
        for (int k = 0; k < pkgs[i]->files.len; k++)
            if (pkgs[i]->files.at[k].ast) {
                Str t = pkgs[i]->files.at[k].ast->src->text;
                h = hash_bytes(t.p, t.n, h);
            }
    }
    return h;
}

/* ---- Which packages ------------------------------------------------------------------------------------------ */

static bool is_below(const char *dir, Str root) {
    return root.n && !strncmp(dir, root.p, root.n) && (!dir[root.n] || dir[root.n] == '/');
}

/* What is developed together with the program: its module, the workspace's; else the directory of the program, in
 * GOPATH the first three elements below src. */
static Str project_root(Compile *c) {
    Loader *l = &c->loader;
    if (l->main_module) return l->main_module->dir;
    const char *dir = c->main ? c->main->dir : l->work_dir, *src = strstr(dir, "/src/");
    int elements = 0;
    for (const char *p = src ? src + 5 : dir; src && *p; p++)
        if (*p == '/' && ++elements == 3) return str_dup(&c->arena, (Str){dir, (size_t)(p - dir)});
    return str_c(dir);
}

static bool is_foreign(Compile *c, BuildPackage *p, Str root) {
    Loader *l = &c->loader;
    if (p->prebuilt || p->is_std || p->is_main || p->failed || !p->dir) return false;
    for (int i = 0; i < l->work_modules.len; i++)
        if (is_below(p->dir, l->work_modules.at[i]->dir)) return false;
    return !is_below(p->dir, root) || strstr(p->dir + root.n, "/vendor/");
}

typedef VEC(BuildPackage *) PackageVec;

/* Packages from outside that import nothing of the project itself, dependencies first; returns the size of their sources. */
static size_t foreign_packages(Compile *c, PackageVec *out) {
    Loader *l = &c->loader;
    Str root = project_root(c);
    Map taken = {.arena = &c->arena};
    size_t bytes = 0;
    for (int i = 0; i < l->order.len; i++) {
        BuildPackage *p = l->order.at[i];
        bool ok = is_foreign(c, p, root);
        for (int k = 0; ok && k < p->imports.len; k++) {
            BuildPackage *im = p->imports.at[k].pkg;
            ok = im && (im->prebuilt || str_is(im->path, "unsafe") || map_get_ptr(&taken, im));
        }
        if (!ok) continue;
        map_set_ptr(&taken, p, p);
        vec_push(out, p);
        for (int f = 0; f < p->files.len; f++) bytes += p->files.at[f].ast ? p->files.at[f].ast->src->text.n : 0;
    }
    return bytes;
}

/* ---- The manifest ------------------------------------------------------------------------------------------- */

const char *library_path(Arena *a, Str id) {
    const char *dir = str_has_prefix(id, "lib-") ? cache_dir(a) : NULL;
    return dir ? arena_printf(a, "%s/%.*s.vole", dir, STR_FMT(id)) : NULL;
}

/* Before the program is loaded its directory is not known: programs of one working directory share a library. */
static const char *manifest_path(Compile *c, const char *dir) {
    uint64_t h = cache_settings_hash(c);
    if (!h) return NULL;
    if (c->loader.main_module) {
        uint64_t mod = 0;
        cache_hash_file(arena_printf(&c->arena, "%s/go.mod", c->loader.main_module->dir.p), &mod);
        h = hash_bytes(&mod, sizeof mod, h);
        if (c->loader.vendor && cache_hash_file(path_join(&c->arena, vendor_dir(c->loader.vendor), "modules.txt"), &mod)) h = hash_bytes(&mod, sizeof mod, h);
    } else {
        h = hash_bytes(c->loader.work_dir, strlen(c->loader.work_dir), h);
    }
    return arena_printf(&c->arena, "%s/%016llx.l", dir, (unsigned long long)h);
}

/* "S<hash> <size> <time> <path>": unchanged by size and time, or else by contents. */
static bool same_file(const char *line) {
    unsigned long long hash, size, when;
    int at = 0;
    struct stat st;
    if (sscanf(line, "S%llx %llu %llu %n", &hash, &size, &when, &at) != 3 || !at || stat(line + at, &st)) return false;
    if ((unsigned long long)st.st_size != size) return false;
    if (cache_file_time(&st) == when) return true;
    uint64_t now = 0;
    return cache_hash_file(line + at, &now) && now == hash;
}

bool library_open_as(Compile *c, const char *manifest, Str id) {
    Str text;
    const char *err = "";
    if (c->images.list.len != 1 || access(manifest, R_OK) || !file_read(&c->arena, manifest, &text, &err)) return false;
    char *p = (char *)text.p;
    for (char *nl; (nl = strchr(p, '\n')); p = nl + 1) {
        *nl = 0;
        if (p[0] == 'S' && !same_file(p)) return false;
        if (p[0] == 'D' && !cache_same_dir(p)) return false;
        if (p[0] != 'I') continue;
        Str have = str_c(p + 1);
        const char *path = library_path(&c->arena, have);
        if ((id.n && !str_eq(id, have)) || !path || access(path, R_OK)) return false;
        Image *img;
        PkgIndex packages;
        c->images.trusted = true; /* written by us */
        c->images.abi_hash = compile_abi_hash();
        bool ok = image_load_file(&c->images, path, &img, &err);
        c->images.abi_hash = 0;
        c->images.trusted = false;
        if (!ok) return false;
        if (!pkgindex_open(&c->arena, image_export_data(img), &packages, &err) || !pkgindex_append(&c->arena, &c->std, &packages, &err)) {
            image_unload(&c->images, img);
            return false;
        }
        c->library = arena_printf(&c->arena, "%s", manifest);
        cache_used(path);
        cache_used(manifest);
        return true;
    }
    return false;
}

bool library_open(Compile *c) {
    const char *dir = cache_dir(&c->arena), *manifest = dir && cache_usable(c) ? manifest_path(c, dir) : NULL;
    return manifest && !c->diags.msgs.len && library_open_as(c, manifest, STR(""));
}

const char *library_manifest(Compile *c) { return c->library; }

static void write_manifest(Compile *c, BuildPackage **pkgs, int n, Str id, Buf *m) {
    for (int i = 0; i < n; i++) {
        cache_note_dir(m, pkgs[i]->dir);
        for (int f = 0; f < pkgs[i]->files.len; f++) {
            BuildFile *b = &pkgs[i]->files.at[f];
            struct stat st;
            if (!b->ast || stat(b->path, &st)) continue;
            buf_printf(m, "S%llx %llu %llu %s\n", (unsigned long long)cache_hash_text(b->ast->src->text), (unsigned long long)st.st_size,
                       (unsigned long long)cache_file_time(&st), b->path);
        }
    }
    buf_printf(m, "I%.*s\n", STR_FMT(id));
}

/* ---- Making the cached one ------------------------------------------------------------------------------------- */

static bool link_library(Compile *c, BuildPackage **pkgs, int n, Str id, Buf *blob) {
    Buf section = {0};
    for (int i = 0; i < n; i++) {
        compile_check_package(c, pkgs[i]);
        if (c->diags.msgs.len || !pkgs[i]->types || !pkgs[i]->types->complete) return false;
    }
    if (!library_build(c, pkgs, n, false)) return false;
    opt_write_table(&c->unit);
    library_exports(c, pkgs, n, &section);
    const char *err = "";
    LinkOptions opt = {
        .base = c->images.next_addr,
        .export_data = buf_str(&section),
        .build_id = id,
        .base_build_id = image_build_id(c->images.list.at[0]),
        .abi_hash = compile_abi_hash(),
        .native_find = native_find,
        .native_slots = compile_native_slots,
    };
    base_stage = "linking a library image";
    bool ok = image_link(&c->syms, &opt, blob, &err);
    base_stage = NULL;
    buf_free(&section);
    return ok;
}

LibraryResult library_make(Compile *c) {
    PackageVec pkgs = {.arena = &c->arena};
    const char *dir = cache_dir(&c->arena);
    if (!dir || !cache_usable(c) || !c->images.list.len || c->diags.msgs.len || c->loader.embedded.len) return LIBRARY_NONE;
    if (foreign_packages(c, &pkgs) < WORTH_BYTES) return LIBRARY_NONE;
    const char *manifest = manifest_path(c, dir), *err = "";
    if (!manifest || !cache_make_dirs(&c->arena, dir)) return LIBRARY_NONE;
    if (c->library) { /* too small: begin again without it, so that the next has all */
        unlink(c->library);
        return LIBRARY_AGAIN;
    }
    uint64_t h = library_hash(pkgs.at, pkgs.len), settings = cache_settings_hash(c);
    Str id = str_printf(&c->arena, "lib-%016llx", (unsigned long long)hash_bytes(&settings, sizeof settings, h));
    Buf blob = {0}, m = {0};
    bool ok = link_library(c, pkgs.at, pkgs.len, id, &blob);
    if (ok) {
        write_manifest(c, pkgs.at, pkgs.len, id, &m);
        ok = file_write_atomic(&c->arena, library_path(&c->arena, id), buf_str(&blob), 0600, &err) &&
             file_write_atomic(&c->arena, manifest, buf_str(&m), 0600, &err);
    }
    buf_free(&blob);
    buf_free(&m);
    return ok ? LIBRARY_AGAIN : LIBRARY_NEVER;
}
