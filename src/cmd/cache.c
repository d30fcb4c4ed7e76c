/* The program cache; see cache.h. Images are written before the manifest that names them, both by rename. */
#include "cmd/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "build/modules.h"
#include "cmd/library.h"

enum { WORTH_MS = 15, MAX_BYTES = 256 << 20, KEEP_BYTES = 192 << 20 };

static uint64_t add_str(uint64_t h, const char *s) { return s ? hash_bytes(s, strlen(s) + 1, h) : h * 31 + 7; }

const char *cache_dir(Arena *a) {
    const char *dir = getenv("VOLE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (dir && *dir) return strcmp(dir, "off") ? dir : NULL;
    if (xdg && *xdg) return arena_printf(a, "%s/vole/run", xdg);
    return home && *home ? arena_printf(a, "%s/.cache/vole/run", home) : NULL;
}

bool cache_usable(Compile *c) { return !c->dump && !c->no_std && !c->verify && !c->allow_undefined && !c->time && !c->mem; }

/* Names of the files that decide what a package in this directory consists of. */
static uint64_t hash_dir(const char *dir) {
    DIR *d = opendir(dir);
    if (!d) return 0;
    uint64_t sum = 1; /* any order */
    for (struct dirent *e; (e = readdir(d));) {
        Str n = str_c(e->d_name);
        if (str_has_suffix(n, ".go") || str_has_suffix(n, ".s") || str_is(n, "go.mod") || str_is(n, "vendor")) sum += hash_bytes(n.p, n.n, 3);
    }
    closedir(d);
    return sum;
}

void cache_note_dir(Buf *m, const char *dir) { buf_printf(m, "D%llx %s\n", (unsigned long long)hash_dir(dir), dir); }

bool cache_same_dir(const char *line) {
    char *end;
    unsigned long long want = strtoull(line + 1, &end, 16);
    return *end == ' ' && hash_dir(end + 1) == want;
}

uint64_t cache_file_time(const struct stat *st) { return (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec; }

void cache_used(const char *path) { utimensat(AT_FDCWD, path, NULL, 0); }

/* Without the first two bytes: the loader turns "#!" into "//". */
uint64_t cache_hash_text(Str t) { return t.n < 2 ? 1 : hash_bytes(t.p + 2, t.n - 2, 5); }

bool cache_hash_file(const char *path, uint64_t *h) {
    Arena a = {0};
    Str text;
    const char *err;
    bool ok = file_read(&a, path, &text, &err);
    if (ok) *h = cache_hash_text(text);
    arena_free(&a);
    return ok;
}

uint64_t cache_settings_hash(Compile *c) {
    static const char *const env[] = {"GOPATH", "GOMODCACHE", "GO111MODULE", "GOWORK", "GOFLAGS", "HOME", "VOLE_LIB"};
    Loader *l = &c->loader;
    struct stat st = {0};
    if (stat("/proc/self/exe", &st) < 0 || !c->images.list.len) return 0; /* std.vole could not be used */
    uint64_t facts[] = {(uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_ino, compile_abi_hash(),
                        (uint64_t)c->opt_level, c->incomplete};
    uint64_t h = hash_bytes(facts, sizeof facts, 1);
    Str id = c->images.list.len ? image_build_id(c->images.list.at[0]) : STR("");
    h = hash_bytes(id.p, id.n, h);
    for (int i = 0; i < c->tags.len; i++) h = hash_bytes(c->tags.at[i].p, c->tags.at[i].n, h + 1);
    h = add_str(h, c->lang);
    h = add_str(h, l->mod);
    h = add_str(h, l->vendor ? vendor_dir(l->vendor) : NULL);
    h = add_str(h, l->goroot);
    for (size_t i = 0; i < ARRAY_LEN(env); i++) h = add_str(h, getenv(env[i]));
    h = add_str(h, l->main_module ? l->main_module->dir.p : NULL);
    for (int i = 0; i < l->work_modules.len; i++) h = add_str(h, l->work_modules.at[i]->dir.p);
    return h | 1;
}

static void make_key(Compile *c, CacheKey *k, char **files, int n) {
    Arena *a = &c->arena;
    uint64_t h = cache_settings_hash(c);
    if (!h) return;
    h = add_str(h, c->loader.work_dir);
    for (int i = 0; i < n; i++) h = add_str(h, files[i]);
    k->hash = h;
    k->dir = cache_dir(a);
    if (k->dir) k->manifest = arena_printf(a, "%s/%016llx.m", k->dir, (unsigned long long)h);
}

bool cache_load(Compile *c, CacheKey *k, char **files, int n) {
    *k = (CacheKey){0};
    if (!c->images.list.len) return false;
    make_key(c, k, files, n);
    Str text;
    const char *err;
    if (!k->manifest || c->diags.msgs.len || access(k->manifest, R_OK) || !file_read(&c->arena, k->manifest, &text, &err)) return false;
    char *p = (char *)text.p;
    while (*p) {
        char *nl = strchr(p, '\n'), *end;
        if (!nl || nl - p < 3) return false;
        *nl = 0;
        unsigned long long want = strtoull(p + 1, &end, 16);
        uint64_t have = 0;
        if (*end != ' ') return false;
        bool ok = p[0] == 'F' ? cache_hash_file(end + 1, &have) && have == want
                  : p[0] == 'D' ? cache_same_dir(p)
                  : p[0] == 'L' ? library_open_as(c, end + 1, str_printf(&c->arena, "lib-%016llx", want))
                                : p[0] == 'I';
        if (!ok) return false;
        if (p[0] == 'I') {
            const char *image = arena_printf(&c->arena, "%s/%016llx.vole", k->dir, want);
            Image *img;
            if (access(image, R_OK)) return false;
            c->images.abi_hash = compile_abi_hash();
            bool ok = image_load_file(&c->images, image, &img, &err);
            c->images.abi_hash = 0;
            if (!ok) return false;
            k->image = image;
            cache_used(image);
            cache_used(k->manifest);
            return true;
        }
        p = nl + 1;
    }
    return false;
}

bool cache_make_dirs(Arena *a, const char *dir) {
    char *d = arena_printf(a, "%s", dir);
    for (char *p = d + 1;; p++) {
        if (*p && *p != '/') continue;
        char was = *p;
        *p = 0;
        if (mkdir(d, 0700) < 0 && errno != EEXIST) return false;
        *p = was;
        if (!was) return true;
    }
}

static void note_file(Buf *m, const char *path) {
    uint64_t h;
    if (cache_hash_file(path, &h)) buf_printf(m, "F%llx %s\n", (unsigned long long)h, path);
}

typedef struct Stored { const char *path; uint64_t size; int64_t when; } Stored;

static int by_age(const void *a, const void *b) {
    const Stored *x = a, *y = b;
    return x->when < y->when ? -1 : x->when > y->when;
}

/* Deletes what was not used for longest. */
static void trim(Arena *a, const char *dir) {
    VEC(Stored) all = {0};
    uint64_t total = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        const char *path = path_join(a, dir, e->d_name);
        if (lstat(path, &st) || !S_ISREG(st.st_mode)) continue;
        total += (uint64_t)st.st_size;
        vec_push(&all, ((Stored){path, (uint64_t)st.st_size, (int64_t)cache_file_time(&st)}));
    }
    if (d) closedir(d);
    if (total > MAX_BYTES) {
        qsort(all.at, (size_t)all.len, sizeof *all.at, by_age);
        for (int i = 0; i < all.len && total > KEEP_BYTES; i++)
            if (!unlink(all.at[i].path)) total -= all.at[i].size;
    }
    vec_free(&all);
}

void cache_store(Compile *c, const CacheKey *k, const Buf *blob) {
    Arena *a = &c->arena;
    Loader *l = &c->loader;
    if (!k->manifest || time_now_ns() - c->start < (uint64_t)WORTH_MS * 1000000 || blob->len > MAX_BYTES / 4) return;
    if (l->embedded.len) return; /* which files patterns match may change */
    if (!cache_make_dirs(a, k->dir)) return;
    Buf m = {0};
    const char *seen = "";
    if (l->main_module) note_file(&m, arena_printf(a, "%s/go.mod", l->main_module->dir.p));
    const char *work = find_upwards(a, l->work_dir, "go.work");
    if (work) note_file(&m, path_join(a, work, "go.work"));
    if (l->vendor) note_file(&m, path_join(a, vendor_dir(l->vendor), "modules.txt"));
    for (int i = 0; i < l->order.len; i++) {
        BuildPackage *p = l->order.at[i];
        if (p->prebuilt || !p->dir) continue;
        if (p != c->main || !str_is(p->path, "command-line-arguments")) {
            if (strcmp(p->dir, seen)) cache_note_dir(&m, p->dir);
            seen = p->dir;
        }
        if (p->module && p->module != l->main_module) note_file(&m, arena_printf(a, "%s/go.mod", p->module->dir.p));
        for (int f = 0; f < p->files.len; f++) /* as they were compiled, not as they are now */
            if (p->files.at[f].ast)
                buf_printf(&m, "F%llx %s\n", (unsigned long long)cache_hash_text(p->files.at[f].ast->src->text), p->files.at[f].path);
    }
    if (library_manifest(c)) buf_printf(&m, "L%.*s %s\n", (int)image_build_id(c->images.list.at[1]).n - 4, image_build_id(c->images.list.at[1]).p + 4, library_manifest(c));
    uint64_t id = hash_bytes(m.data ? m.data : "", m.len, k->hash);
    buf_printf(&m, "I%llx \n", (unsigned long long)id);
    const char *err;
    const char *image = arena_printf(a, "%s/%016llx.vole", k->dir, (unsigned long long)id);
    if (file_write_atomic(a, image, buf_str(blob), 0600, &err) && !file_write_atomic(a, k->manifest, buf_str(&m), 0600, &err)) unlink(image);
    buf_free(&m);
    trim(a, k->dir);
}
