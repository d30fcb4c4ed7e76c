/* The compile pipeline; see compile.h. */
#include "cmd/compile.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "cmd/units.h"
#include "code/code.h"
#include "types/export.h"
#include "vm/vm.h"

const char *compile_lib_dir(Arena *a) {
    const char *env = getenv("VOLE_LIB");
    if (env && *env) return env;
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0) return NULL;
    exe[n] = 0;
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(exe, '/');
        if (!slash) break;
        *slash = 0;
        const char *dir = arena_printf(a, "%s/lib", exe);
        if (file_is_dir(arena_printf(a, "%s/runtime", dir))) return dir;
    }
    return NULL;
}

static Package *open_indexed(Compile *c, IndexedPackage *ip, const char **msg) {
    if (!ip->types) ip->types = export_open(&c->ts, ip->export_data, msg);
    return ip->types;
}

static BuildPackage *package_of(Compile *c, Package *from) {
    if (!from) return c->current;
    if (c->current && str_eq(from->path, c->current->link_path)) return c->current;
    for (int i = 0; i < c->loader.order.len; i++)
        if (c->loader.order.at[i]->types == from) return c->loader.order.at[i];
    return NULL;
}

static Package *import_built(void *ctx, Str path, Package *from, const char **msg) {
    Compile *c = ctx;
    BuildPackage *p = package_of(c, from);
    for (int i = 0; p && i < p->imports.len; i++) {
        BuildImport *im = &p->imports.at[i];
        if (!str_eq(im->path, path) || !im->pkg) continue;
        if (im->pkg->prebuilt && !im->pkg->types) {
            IndexedPackage *ip = pkgindex_find(&c->std, im->pkg->path);
            im->pkg->types = ip ? open_indexed(c, ip, msg) : NULL;
        } else if (!im->pkg->types) *msg = "import cycle not allowed";
        return im->pkg->types;
    }
    /* an import of a package of the base image: paths are final there */
    IndexedPackage *ip = pkgindex_find(&c->std, path);
    if (ip) return open_indexed(c, ip, msg);
    MapEntry *e = map_find_str(&c->loader.packages, path);
    if (e && e->val && ((BuildPackage *)e->val)->types) return ((BuildPackage *)e->val)->types;
    *msg = arena_printf(&c->arena, "package %.*s is not in std", STR_FMT(path));
    return NULL;
}

uint64_t compile_abi_hash(void) {
    uint64_t h = IMAGE_VERSION;
    for (int i = 0; i < BC_OP_COUNT; i++) {
        h = hash_bytes(bc_op_info[i].name, strlen(bc_op_info[i].name), h);
        h = hash_bytes(bc_op_info[i].operands, strlen(bc_op_info[i].operands), h);
    }
    for (uint32_t i = 0; i < vm_nnatives; i++) {
        h = hash_bytes(vm_natives[i].name, strlen(vm_natives[i].name), h);
        h = hash_bytes(&vm_natives[i].effects, sizeof vm_natives[i].effects, h);
    }
    return h | 1;
}

bool compile_embed(void *ctx, Object *var, IrEmbedFile **files, int *n, const char **err) {
    Compile *c = ctx;
    Arena *a = &c->arena;
    EmbedFiles found = {.arena = a};
    BuildPackage *p = NULL;
    for (int i = 0; i < c->loader.order.len; i++)
        if (c->loader.order.at[i]->types == var->pkg) p = c->loader.order.at[i];
    if (!p || !build_embed(a, p->dir, var->var.embed, &found, err)) return false;
    *files = arena_array(a, IrEmbedFile, found.len);
    for (int i = 0; i < found.len; i++) (*files)[i] = (IrEmbedFile){found.at[i].name, found.at[i].data};
    *n = found.len;
    return true;
}

static bool is_prebuilt(void *ctx, Str path) { return pkgindex_find(&((Compile *)ctx)->std, path) != NULL; }

static uint64_t base_lookup(void *ctx, Str name) {
    Compile *c = ctx;
    uint64_t a = image_lookup(&c->images, name);
    return a ? a - c->images.space + IMAGE_SPACE_BASE : 0;
}

/* Functions are named as tracebacks show them, mostly their symbols' names, else after their address. */
Sym *compile_base_word(void *ctx, Sym *data, uint64_t off, bool func) {
    Compile *c = ctx;
    uint64_t p, space = c->images.space;
    memcpy(&p, (const char *)(uintptr_t)(data->base_addr - IMAGE_SPACE_BASE + space + off), 8);
    if (!p) return NULL;
    uint64_t addr = p - space + IMAGE_SPACE_BASE;
    if (func) {
        const VmFunc *f = image_func_at(&c->images, p);
        if (!f || !f->info) return NULL;
        Sym *s = sym_get(&c->syms, str_c(f->info->name));
        if (s->base_addr == addr) return s;
    }
    return sym_at(&c->syms, addr);
}

/* $VOLE_STD (empty: none) or std.vole next to the executable. */
const char *compile_std_path(Arena *a) {
    const char *path = getenv("VOLE_STD");
    if (path) return *path ? path : NULL;
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0) return NULL;
    exe[n] = 0;
    char *slash = strrchr(exe, '/');
    if (!slash) return NULL;
    *slash = 0;
    path = arena_printf(a, "%s/std.vole", exe);
    return file_exists(path) ? path : NULL;
}

bool compile_load_std_image(Arena *a, Images *im) {
    const char *path = compile_std_path(a), *err = "";
    Image *img;
    if (!path) {
        fprintf(stderr, "vole: std.vole is missing: run `make` in Vole's tree, or set VOLE_STD\n");
        return false;
    }
    im->trusted = true;
    im->abi_hash = compile_abi_hash();
    bool ok = image_load_file(im, path, &img, &err);
    if (!ok) fprintf(stderr, "vole: %s\n", err);
    im->trusted = false;
    return ok;
}

bool compile_std_index(Arena *a, Images *im, PkgIndex *out) {
    const char *path = compile_std_path(a), *err = "";
    Image *img;
    im->trusted = true;
    im->abi_hash = compile_abi_hash();
    if (path && image_load_file(im, path, &img, &err) && pkgindex_open(a, image_export_data(img), out, &err)) return true;
    images_free(im);
    *out = (PkgIndex){0};
    return false;
}

/* A stale std.vole is reported and not used. False when nothing will work, after a message. */
static bool load_std(Compile *c) {
    const char *path = compile_std_path(&c->arena), *err = "";
    if (!path) return true;
    Image *img;
    c->images.trusted = true;
    c->images.abi_hash = compile_abi_hash();
    bool ok = image_load_file(&c->images, path, &img, &err) && pkgindex_open(&c->arena, image_export_data(img), &c->std, &err);
    c->images.abi_hash = 0;
    c->images.trusted = false; /* programs are verified */
    if (!ok && !c->images.space) { /* no source helps there */
        fprintf(stderr, "vole: %s\n", err);
        return false;
    }
    if (!ok) {
        fprintf(stderr, "vole: %s (using the source instead)\n", err);
        images_free(&c->images);
        c->images.next_addr = IMAGE_SPACE_BASE;
        memset(&c->std, 0, sizeof c->std);
        return true;
    }
    c->loader.prebuilt = is_prebuilt;
    c->loader.ctx = c;
    c->syms.base_lookup = base_lookup;
    c->syms.base_ctx = c;
    c->syms.base_delta = c->images.space - IMAGE_SPACE_BASE;
    return true;
}

Compile *compile_new(void) {
    Compile *c = calloc(1, sizeof *c);
    if (!c) base_oom();
    c->vm.sched_seed = -1;
    return c;
}

/* Flags of $GOFLAGS that matter here. */
static void go_flags(Compile *c) {
    const char *env = getenv("GOFLAGS");
    int status = 0;
    for (char *word = env ? strtok(arena_printf(&c->arena, "%s", env), " ") : NULL; word; word = strtok(NULL, " ")) {
        int at = 0;
        if (strstr(word, "tags=") || (strstr(word, "-mod=") && !c->mod)) compile_flag(c, 1, &word, &at, &status);
    }
}

int compile_init(Compile *c) {
    c->start = time_now_ns();
    go_flags(c);
    session_init(&c->syn, diag_to_list(&c->diags));
    loader_init(&c->loader, &c->syn, &c->arena);
    for (int i = 0; i < c->tags.len; i++) vec_push(&c->loader.tags, c->tags.at[i]);
    loader_set_mod(&c->loader, c->mod);
    const char *err = "";
    c->loader.goroot = loader_find_goroot(&c->arena, &err);
    if (!c->loader.goroot) {
        fprintf(stderr, "vole: %s\n", err);
        return 2;
    }
    c->loader.overlay = compile_lib_dir(&c->arena);
    c->vm.goroot = c->loader.goroot;
    types_session_init(&c->ts, &c->syn);
    c->ts.import = import_built;
    c->ts.import_ctx = c;
    symtab_init(&c->syms);
    c->opt_level = c->opt_level < 0 ? 0 : 1;
    unit_init(c, &c->unit);
    c->images.next_addr = IMAGE_SPACE_BASE;
    return c->no_std || load_std(c) ? 0 : 1;
}

void compile_check_package(Compile *c, BuildPackage *p) {
    if (str_is(p->path, "unsafe")) {
        p->types = c->ts.unsafe_pkg;
        return;
    }
    File **files = arena_array(&c->arena, File *, p->files.len);
    int n = 0;
    for (int i = 0; i < p->files.len; i++)
        if (p->files.at[i].ast) files[n++] = p->files.at[i].ast;
    CheckOptions opt = {
        .go_version = c->lang && p == c->main ? str_c(c->lang) : p->go_version,
        .is_std = p->is_std,
        .allow_bodyless = p->has_asm || (c->incomplete && !p->is_std),
        .report_unused_imports = true,
    };
    c->current = p;
    base_stage = arena_printf(&c->arena, "checking %.*s", STR_FMT(p->path));
    p->types = check_package(&c->ts, p->arena ? p->arena : &c->arena, p->link_path, files, n, &opt);
    base_stage = NULL;
}

int compile_report(Compile *c) {
    int n = report_build_errors(&c->syn, &c->diags, &c->loader, c->main, c->all_errors ? -1 : 10);
    c->diags.msgs.len = 0;
    return n > 0;
}

int compile_check(Compile *c) {
    uint64_t t1 = time_now_ns();
    if (compile_report(c)) return 1;
    for (int i = 0; i < c->loader.order.len; i++) {
        BuildPackage *p = c->loader.order.at[i];
        if (!p->prebuilt) compile_check_package(c, p);
        if (c->diags.msgs.len) break;
    }
    if (c->time) fprintf(stderr, "load %.1f ms, check %.1f ms\n", (t1 - c->start) / 1e6, (time_now_ns() - t1) / 1e6);
    if (compile_report(c)) return 1;
    if (!c->main || !c->main->is_main) return 0;
    Object *o = package_lookup(&c->ts, c->main->types, intern(c->syn.names, "main", 4));
    if (o && o->kind == OBJ_FUNC) return 0;
    if (c->incomplete) return c->main->is_main = false, 0;
    fprintf(stderr, "# %.*s\nruntime.main_main·f: function main is undeclared in the main package\n", STR_FMT(c->main->path));
    return 1;
}

int compile_parse(Compile *c, char **files, int n) {
    bool ok = !c->diags.msgs.len && loader_load(&c->loader, "runtime") != NULL;
    if (ok) {
        bool named = n && !file_is_dir(files[0]) && (is_go_file(files[0]) || (strchr(files[0], '/') && file_exists(files[0])));
        c->main = named ? loader_load_files(&c->loader, files, n) : loader_load(&c->loader, n ? files[0] : ".");
    }
    if (!ok || !c->main) {
        if (!compile_report(c)) fprintf(stderr, "vole: %s cannot be loaded\n", n ? files[0] : ".");
        return 1;
    }
    return 0;
}

int compile_load(Compile *c, char **files, int n) {
    int status = compile_parse(c, files, n);
    return status ? status : compile_check(c);
}

static bool dumps(Compile *c, const char *what) {
    if (!c->dump) return false;
    const char *p = strstr(c->dump, what);
    return p && (p == c->dump || p[-1] == ',');
}

static void mark_package(Compile *c, IndexedPackage *p) {
    if (p->mark) return;
    p->mark = true;
    for (uint32_t i = 0; i < p->nimports; i++) mark_package(c, &c->std.at[p->imports[i]]);
}

/* Which packages of the base image the program needs (their init functions run). */
static void mark_closure(Compile *c) {
    for (int i = 0; i < c->loader.order.len; i++) {
        BuildPackage *p = c->loader.order.at[i];
        IndexedPackage *ip = p->prebuilt ? pkgindex_find(&c->std, p->path) : NULL;
        if (ip) mark_package(c, ip);
    }
}

/* What calls name is a function, also when nobody defines it. */
static void mark_called(IrUnit *u) {
    for (int i = 0; i < u->funcs.len; i++) {
        IrFunc *f = u->funcs.at[i];
        for (int k = 1; k < f->values.len; k++) {
            IrValue *v = &f->values.at[k];
            if ((v->op == IR_CALL || v->op == IR_GO || v->op == IR_CLOSURE) && v->aux.sym) v->aux.sym->is_func = true;
        }
    }
}

static bool is_dumped(Compile *c, IrFunc *f) {
    return !c->dump_func || strstr(arena_printf(&c->arena, "%.*s", STR_FMT(f->name)), c->dump_func);
}

static void dump_ssa(Compile *c, IrUnit *u) {
    for (int i = 0; i < u->funcs.len; i++) {
        Buf b = {0};
        if (!is_dumped(c, u->funcs.at[i])) continue;
        ir_print(&b, u->funcs.at[i]);
        fwrite(b.data, 1, b.len, stdout);
        buf_free(&b);
    }
}

static void dump_code(Compile *c, IrUnit *u) {
    for (int i = 0; i < u->funcs.len; i++) {
        IrFunc *f = u->funcs.at[i];
        Buf b = {0};
        if (!is_dumped(c, f)) continue;
        if (f->sym->code) code_disasm(&b, f->sym->code);
        fwrite(b.data ? b.data : "", 1, b.len, stdout);
        buf_free(&b);
    }
}

typedef VEC(Unit) UnitVec;

static void verify(Compile *c, const UnitVec *units, const char *after) {
    for (int k = 0; c->verify && k < units->len; k++)
        for (int i = 0; i < units->at[k].ir->funcs.len; i++) ir_verify(units->at[k].ir->funcs.at[i], after);
}

/* One unit a package, c->unit for the main one. */
static bool build_units(Compile *c, UnitVec *units) {
    VEC(Package *) pkgs = {0};
    mark_closure(c);
    for (int i = 0; i < c->std.len; i++) {
        const char *err = "";
        if (!c->std.at[i].mark) continue;
        Package *p = open_indexed(c, &c->std.at[i], &err);
        if (!p) {
            fprintf(stderr, "vole: %.*s: %s\n", STR_FMT(c->std.at[i].path), err);
            return false;
        }
        vec_push(&pkgs, p);
    }
    for (int i = 0; i < c->loader.order.len; i++) {
        BuildPackage *p = c->loader.order.at[i];
        if (p->prebuilt || !p->types || p->types == c->ts.unsafe_pkg) continue;
        IrUnit *u = p == c->main ? &c->unit : unit_new(c);
        base_stage = arena_printf(&c->arena, "building SSA of %.*s", STR_FMT(p->path));
        ir_build_package(u, p->types);
        vec_push(&pkgs, p->types);
        vec_push(units, ((Unit){u, p}));
    }
    base_stage = "building main";
    ir_build_main(&c->unit, pkgs.at, pkgs.len, c->main->types);
    vec_free(&pkgs);
    verify(c, units, "build");
    return true;
}

int compile_code(Compile *c) {
    uint64_t t0 = time_now_ns();
    UnitVec units = {.arena = &c->arena};
    int status = 0, nfuncs = 0;
    if (!build_units(c, &units)) return 1;
    uint64_t t1 = time_now_ns();
    units_compile(c, units.at, units.len);
    for (int k = 0; k < units.len && !status; k++) {
        IrUnit *u = units.at[k].ir;
        nfuncs += u->funcs.len;
        if (dumps(c, "ssa")) dump_ssa(c, u);
        mark_called(u);
        if (u->too_large) {
            IrFunc *f = u->too_large;
            diag_error(&c->syn, f->pos, 0, "stack frame of %.*s too large (more than 512 KB)", STR_FMT(f->name));
            status = compile_report(c);
        } else if (dumps(c, "bc")) dump_code(c, u);
    }
    verify(c, &units, "opt");
    base_stage = NULL;
    if (c->time) fprintf(stderr, "ssa %.1f ms (%d functions), code %.1f ms\n", (t1 - t0) / 1e6, nfuncs, (time_now_ns() - t1) / 1e6);
    return status;
}

void compile_native_slots(int number, uint16_t *params, uint16_t *results) {
    *params = vm_natives[number].param_slots;
    *results = vm_natives[number].result_slots;
}

static void note_undefined(void *ctx, Str name, bool is_func) {
    Compile *c = ctx;
    if (dumps(c, "undefined")) fprintf(stderr, "undefined %s %.*s\n", is_func ? "function" : "data", STR_FMT(name));
}

int compile_link(Compile *c, Buf *blob) {
    uint64_t t0 = time_now_ns();
    char cwd[PATH_MAX];
    LinkOptions opt = {
        .base = c->images.next_addr,
        .entry = "go:main",
        .work_dir = getcwd(cwd, sizeof cwd),
        .native_find = native_find,
        .native_slots = compile_native_slots,
        .abi_hash = compile_abi_hash(),
        .base_build_id = c->images.list.len ? image_build_id(vec_last(&c->images.list)) : STR(""),
        .allow_undefined = c->allow_undefined,
        .undefined = note_undefined,
        .undefined_ctx = c,
    };
    const char *err = "";
    base_stage = "linking";
    godebug_define(c);
    if (!image_link(&c->syms, &opt, blob, &err)) {
        fprintf(stderr, "vole: link: %s\n", err);
        return 1;
    }
    base_stage = NULL;
    if (c->time) fprintf(stderr, "link %.1f ms, %.1f KB\n", (time_now_ns() - t0) / 1e6, (double)blob->len / 1e3);
    return 0;
}

size_t compile_stack_size(void) {
    size_t most = address_limit() / 8;
    return most < (size_t)512 << 20 ? most & ~(size_t)65535 : (size_t)512 << 20;
}

void compile_with_stack(void *(*fn)(void *), void *arg) {
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_t t;
    for (size_t size = compile_stack_size();; size /= 4) {
        pthread_attr_setstacksize(&attr, size);
        if (!pthread_create(&t, &attr, fn, arg)) break;
        if (size < 4 << 20) base_oom();
    }
    pthread_join(t, NULL);
}
