/* export_read: packages whose objects are declared when somebody asks for them. See export.h.
 *
 * Opening checks the tables' bounds and nothing else. A lookup finds the name in the sorted index,
 * parses that one declaration and leaves it to the checker's lazy path (Checker.lazy). */
#include "types/checker.h"
#include "types/export.h"
#include "types/export_format.h"

typedef struct LazyPackage {
    TypeSession *ts;
    Package *pkg;
    const char *blob;
    const ExpHeader *h;
    const ExpFile *files;
    const ExpEntry *entries;
    const ExpMethod *methods;
    SourceFile **sources; /* of each file, added to the session when first needed */
    Scope **scopes;
    bool all;             /* every object has been made */
} LazyPackage;

/* ---- Opening --------------------------------------------------------------------------------------------- */

static bool str_ok(Str blob, ExpStr s) { return s.off <= blob.n && s.len <= blob.n - s.off; }

static bool table_ok(Str blob, ExpTable t, size_t size) {
    return t.off <= blob.n && t.off % 4 == 0 && t.n <= (blob.n - t.off) / size;
}

static Str get(const char *blob, ExpStr s) { return (Str){blob + s.off, s.len}; }

static bool verify_file(Str blob, const ExpHeader *h, const ExpFile *f) {
    if (!str_ok(blob, f->path) || !str_ok(blob, f->text)) return false;
    if (!table_ok(blob, f->imports, sizeof(ExpImport)) ||
        !table_ok(blob, f->places, sizeof(ExpPlace)) ||
        !table_ok(blob, f->linknames, sizeof(ExpLinkname)))
        return false;
    const ExpImport *im = (const ExpImport *)(blob.p + f->imports.off);
    for (uint32_t i = 0; i < f->imports.n; i++)
        if (!str_ok(blob, im[i].name) || !str_ok(blob, im[i].path)) return false;
    const ExpPlace *pl = (const ExpPlace *)(blob.p + f->places.off);
    for (uint32_t i = 0; i < f->places.n; i++)
        if (pl[i].offset > f->text.len || pl[i].file >= h->files.n) return false;
    const ExpLinkname *l = (const ExpLinkname *)(blob.p + f->linknames.off);
    for (uint32_t i = 0; i < f->linknames.n; i++)
        if (!str_ok(blob, l[i].local) || !str_ok(blob, l[i].target)) return false;
    return true;
}

static bool verify(Str blob) {
    const ExpHeader *h = (const ExpHeader *)blob.p;
    if (blob.n < sizeof *h || ((uintptr_t)blob.p & 3)) return false;
    if (memcmp(h->magic, EXPORT_MAGIC, sizeof h->magic) || h->size != blob.n) return false;
    if (!str_ok(blob, h->path) || !str_ok(blob, h->name) || !str_ok(blob, h->go_version)) return false;
    if (!table_ok(blob, h->imports, sizeof(ExpStr)) || !table_ok(blob, h->files, sizeof(ExpFile)) ||
        !table_ok(blob, h->entries, sizeof(ExpEntry)) ||
        !table_ok(blob, h->methods, sizeof(ExpMethod)) || h->files.n == 0)
        return false;
    const ExpFile *f = (const ExpFile *)(blob.p + h->files.off);
    for (uint32_t i = 0; i < h->files.n; i++)
        if (!verify_file(blob, h, &f[i])) return false;
    const ExpStr *im = (const ExpStr *)(blob.p + h->imports.off);
    for (uint32_t i = 0; i < h->imports.n; i++)
        if (!str_ok(blob, im[i])) return false;
    const ExpEntry *e = (const ExpEntry *)(blob.p + h->entries.off);
    for (uint32_t i = 0; i < h->entries.n; i++)
        if (!str_ok(blob, e[i].name) || e[i].file >= h->files.n ||
            e[i].offset >= f[e[i].file].text.len)
            return false;
    const ExpMethod *m = (const ExpMethod *)(blob.p + h->methods.off);
    for (uint32_t i = 0; i < h->methods.n; i++)
        if (!str_ok(blob, m[i].recv) || m[i].file >= h->files.n ||
            m[i].offset >= f[m[i].file].text.len)
            return false;
    return true;
}

static Package *import_path(LazyPackage *lp, Str path) {
    TypeSession *ts = lp->ts;
    if (str_is(path, "unsafe")) return ts->unsafe_pkg;
    for (int i = 0; i < lp->pkg->nimports; i++)
        if (str_eq(lp->pkg->imports[i]->path, path)) return lp->pkg->imports[i];
    const char *msg = NULL;
    return ts->import ? ts->import(ts->import_ctx, path, lp->pkg, &msg) : NULL;
}

Package *export_open(TypeSession *ts, Str blob, const char **err) {
    if (!verify(blob)) {
        *err = "malformed export data";
        return NULL;
    }
    LazyPackage *lp = arena_new(&ts->arena, LazyPackage);
    const ExpHeader *h = (const ExpHeader *)blob.p;
    lp->ts = ts;
    lp->blob = blob.p;
    lp->h = h;
    lp->files = (const ExpFile *)(blob.p + h->files.off);
    lp->entries = (const ExpEntry *)(blob.p + h->entries.off);
    lp->methods = (const ExpMethod *)(blob.p + h->methods.off);
    lp->sources = arena_array(&ts->arena, SourceFile *, h->files.n);
    lp->scopes = arena_array(&ts->arena, Scope *, h->files.n);
    Str name = get(blob.p, h->name);
    Package *p = new_package(ts, get(blob.p, h->path), intern(ts->syn->names, name.p, name.n));
    lp->pkg = p;
    p->go_version = get(blob.p, h->go_version);
    p->is_std = h->is_std;
    CheckOptions opt = {.go_version = p->go_version,
                        .is_std = p->is_std,
                        .ignore_bodies = true,
                        .allow_bodyless = true};
    Checker *c = checker_new(ts, &ts->arena, p, &opt);
    c->lazy = true;
    p->lazy = lp;
    const ExpStr *im = (const ExpStr *)(blob.p + h->imports.off);
    p->imports = arena_array(&ts->arena, Package *, h->imports.n);
    for (uint32_t i = 0; i < h->imports.n; i++) {
        Package *q = import_path(lp, get(blob.p, im[i]));
        if (q) p->imports[p->nimports++] = q;
    }
    p->nfiles = (int)h->files.n - 1;
    p->files = arena_array(&ts->arena, File *, h->files.n);
    for (int i = 0; i < p->nfiles; i++) {
        File *f = p->files[i] = arena_new(&ts->arena, File);
        const ExpLinkname *l = (const ExpLinkname *)(blob.p + lp->files[i].linknames.off);
        f->nlinknames = (int)lp->files[i].linknames.n;
        f->linknames = arena_array(&ts->arena, Linkname, f->nlinknames);
        for (int k = 0; k < f->nlinknames; k++) {
            Str local = get(blob.p, l[k].local);
            f->linknames[k].local = intern(ts->syn->names, local.p, local.n);
            f->linknames[k].target = get(blob.p, l[k].target);
        }
    }
    p->complete = true;
    return p;
}

/* ---- Declarations on demand ---------------------------------------------------------------------------------- */

static SourceFile *source(LazyPackage *lp, uint32_t i) {
    if (lp->sources[i]) return lp->sources[i];
    const ExpFile *f = &lp->files[i];
    Arena *a = &lp->ts->arena;
    Str path = str_dup(a, get(lp->blob, f->path));
    SourceFile *s = session_add_file(lp->ts->syn, path.p, get(lp->blob, f->text));
    const ExpPlace *pl = (const ExpPlace *)(lp->blob + f->places.off);
    s->directives = arena_alloc(a, sizeof *s->directives * f->places.n);
    s->ndirectives = (int)f->places.n;
    for (uint32_t k = 0; k < f->places.n; k++) {
        s->directives[k].offset = pl[k].offset;
        s->directives[k].file = get(lp->blob, lp->files[pl[k].file].path);
        if (pl[k].file == i) s->directives[k].file = path;
        else s->directives[k].file = str_dup(a, s->directives[k].file);
        s->directives[k].line = (int)pl[k].line;
        s->directives[k].col = (int)pl[k].col;
    }
    return lp->sources[i] = s;
}

static void dot_import(LazyPackage *lp, Scope *scope, Package *imp) {
    package_declare_all(imp);
    for (int i = 0; i < imp->scope->elems.len; i++) {
        Object *o = imp->scope->elems.entries[i].val;
        if (o && o->name->exported) map_set_ptr(&scope->elems, o->name, o);
    }
}

static Scope *file_scope(LazyPackage *lp, uint32_t i) {
    if (lp->scopes[i]) return lp->scopes[i];
    TypeSession *ts = lp->ts;
    Scope *s = lp->scopes[i] = new_scope(ts, lp->pkg->scope, 0, 0);
    const ExpImport *im = (const ExpImport *)(lp->blob + lp->files[i].imports.off);
    for (uint32_t k = 0; k < lp->files[i].imports.n; k++) {
        Package *p = import_path(lp, get(lp->blob, im[k].path));
        if (!p) continue;
        Str alias = get(lp->blob, im[k].name);
        if (str_is(alias, ".")) {
            dot_import(lp, s, p);
            continue;
        }
        Name *name = alias.n ? intern(ts->syn->names, alias.p, alias.n) : p->name;
        Object *pn = new_object(ts, OBJ_PKGNAME, 0, lp->pkg, name, ts->basic[BASIC_INVALID]);
        pn->imported = p;
        scope_insert(s, pn);
    }
    return s;
}

static DeclInfo *decl_info(LazyPackage *lp, uint32_t file, Object *o) {
    DeclInfo *d = arena_new(&lp->ts->arena, DeclInfo);
    d->file = file_scope(lp, file);
    GoVersion v = (GoVersion)lp->files[file].version;
    d->version = v ? (v > 21 ? v : 21) : lp->pkg->checker->module_version;
    o->decl_info = d;
    return d;
}

static Object *make_func(LazyPackage *lp, FuncDecl *fd, uint32_t file, unsigned pragmas) {
    Object *o =
        new_object(lp->ts, OBJ_FUNC, fd->name->x.pos, lp->pkg, fd->name->name, NULL);
    o->func.decl = fd;
    fd->obj = o;
    fd->name->obj = o;
    fd->pragmas = pragmas;
    decl_info(lp, file, o)->fdecl = fd;
    return o;
}

static void make_methods(LazyPackage *lp, Object *tname) {
    TypeSession *ts = lp->ts;
    Checker *c = lp->pkg->checker;
    Str want = name_str(tname->name);
    uint32_t lo = 0, hi = lp->h->methods.n; /* first with recv >= want */
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (str_cmp(get(lp->blob, lp->methods[mid].recv), want) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    ObjectVec *v = NULL;
    for (; lo < lp->h->methods.n && str_eq(get(lp->blob, lp->methods[lo].recv), want); lo++) {
        const ExpMethod *m = &lp->methods[lo];
        Decl d = parse_decl_at(ts->syn, source(lp, m->file), m->offset, &ts->arena);
        if (!d.is_func || !d.func || !d.func->recv) continue;
        Object *o = make_func(lp, d.func, m->file, m->pragmas);
        Expr *base;
        o->has_ptr_recv = unpack_recv(c, d.func->recv->type, &base, NULL, NULL);
        if (!v) {
            v = arena_new(&ts->arena, ObjectVec);
            v->arena = &ts->arena;
            map_set_ptr(&c->methods, tname, v);
        }
        vec_push(v, o);
    }
}

static void make_vars(LazyPackage *lp, ValueSpec *s, uint32_t file) {
    TypeSession *ts = lp->ts;
    Object **lhs = arena_array(&ts->arena, Object *, s->nnames);
    DeclInfo *shared = NULL;
    for (int i = 0; i < s->nnames; i++) {
        Object *o = object_new_var(ts, lp->pkg, s->names[i]->name, NULL, s->names[i]->x.pos);
        o->is_global = true;
        o->var.spec = s;
        s->names[i]->obj = o;
        lhs[i] = o;
        if (s->values.len <= 1 && shared) {
            o->decl_info = shared;
        } else {
            DeclInfo *d = shared = decl_info(lp, file, o);
            d->vtyp = s->type;
            d->spec = s;
            d->init = s->values.len == 1          ? s->values.at[0]
                      : i < s->values.len ? s->values.at[i]
                                          : NULL;
            if (s->values.len <= 1) {
                d->lhs = lhs;
                d->nlhs = s->nnames;
            }
        }
        if (!o->name->blank) scope_insert(lp->pkg->scope, o);
    }
}

static void make_objects(LazyPackage *lp, const ExpEntry *e) {
    TypeSession *ts = lp->ts;
    Decl d = parse_decl_at(ts->syn, source(lp, e->file), e->offset, &ts->arena);
    if (d.is_func) {
        if (d.func) scope_insert(lp->pkg->scope, make_func(lp, d.func, e->file, e->pragmas));
        return;
    }
    if (!d.gen || d.gen->len < 1) return;
    switch (d.gen->gen) {
    case GEN_TYPE: {
        TypeSpec *s = d.gen->types[0];
        Object *o = new_object(ts, OBJ_TYPENAME, s->name->x.pos, lp->pkg, s->name->name, NULL);
        s->name->obj = o;
        decl_info(lp, e->file, o)->tdecl = s;
        scope_insert(lp->pkg->scope, o);
        make_methods(lp, o);
        break;
    }
    case GEN_CONST: {
        ValueSpec *s = d.gen->values[0];
        Object *o = new_object(ts, OBJ_CONST, s->names[0]->x.pos, lp->pkg, s->names[0]->name, NULL);
        s->names[0]->obj = o;
        DeclInfo *di = decl_info(lp, e->file, o);
        di->vtyp = s->type;
        di->init = s->values.len ? s->values.at[0] : NULL;
        di->spec = s;
        scope_insert(lp->pkg->scope, o);
        break;
    }
    case GEN_VAR: make_vars(lp, d.gen->values[0], e->file); break;
    default: break;
    }
}

Object *package_lookup(TypeSession *ts, Package *pkg, Name *name) {
    Object *o = scope_lookup(pkg->scope, name);
    LazyPackage *lp = pkg->lazy;
    if (!o && lp && !lp->all) {
        Str want = name_str(name);
        uint32_t lo = 0, hi = lp->h->entries.n;
        while (lo < hi) {
            uint32_t mid = lo + (hi - lo) / 2;
            if (str_cmp(get(lp->blob, lp->entries[mid].name), want) < 0)
                lo = mid + 1;
            else
                hi = mid;
        }
        if (lo < lp->h->entries.n && str_eq(get(lp->blob, lp->entries[lo].name), want)) {
            make_objects(lp, &lp->entries[lo]);
            o = scope_lookup(pkg->scope, name);
        }
    }
    if (o && !o->type && o->color == 0 && pkg->checker) obj_decl(pkg->checker, o);
    return o;
}

void package_declare_all(Package *pkg) {
    LazyPackage *lp = pkg->lazy;
    if (!lp || lp->all) return;
    for (uint32_t i = 0; i < lp->h->entries.n; i++) {
        Str n = get(lp->blob, lp->entries[i].name);
        package_lookup(lp->ts, pkg, intern(lp->ts->syn->names, n.p, n.n));
    }
    lp->all = true;
}
