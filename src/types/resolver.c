/* Package-level objects: collecting them from the files, imports, the order in which they are declared. */
#include "types/checker.h"
#include "types/export.h"

void check_arity(Checker *c, Pos p, Ident **names, int l, ExprList inits, bool is_const, bool inherited) {
    int r = inits.len;
    if (l < r) {
        Expr *n = inits.at[l];
        if (inherited) {
            Location loc = pos_location(c->syn, n->pos);
            types_error(c, p, ERR_WrongAssignCount, "extra init expr at %s:%d:%d", loc.file ? loc.file : "?",
                        loc.line, loc.col);
        } else {
            types_error(c, expr_start(n), ERR_WrongAssignCount, "extra init expr %e", n);
        }
    } else if (l > r && (is_const || r != 1)) {
        Ident *n = names[r];
        types_error(c, n->x.pos, ERR_WrongAssignCount, "missing init expr for %n", n->name);
    }
}

static const char *import_path_problem(Checker *c, Str s) {
    if (!s.n) return "empty string";
    for (size_t i = 0; i < s.n;) {
        int32_t r;
        int w = utf8_decode(s.p + i, s.n - i, &r);
        bool bad = r < 0x21 || r == 0x7f || r == 0xFFFD || (r >= 0x80 && r <= 0xA0) ||
                   (r < 0x80 && strchr("!\"#$%&'()*,:;<=>?[\\]^{|}`", r));
        if (bad) {
            if (r < 0x20 || r == 0x7f || (r >= 0x80 && r < 0xA0))
                return arena_printf(c->arena, "invalid character U+%04X", r);
            return arena_printf(c->arena, "invalid character U+%04X '%.*s'", r, w, s.p + i);
        }
        i += w;
    }
    return NULL;
}

static Package *import_package(Checker *c, Pos pos, Str path) {
    if (str_is(path, "unsafe")) return c->ts->unsafe_pkg;
    const char *msg = NULL;
    Package *p = c->ts->import ? c->ts->import(c->ts->import_ctx, path, c->pkg, &msg) : NULL;
    if (!p || msg) {
        if (!msg) msg = "no importer";
        if (*msg) types_error(c, pos, ERR_BrokenImport, "could not import %S (%s)", path, msg); /* "": was reported */
        if (!p) {
            Str name = path;
            if (name.n && name.p[name.n - 1] == '/') name.n--;
            for (size_t i = name.n; i > 0; i--)
                if (name.p[i - 1] == '/') {
                    name = (Str){name.p + i, name.n - i};
                    break;
                }
            p = new_package(c->ts, path, intern(c->syn->names, name.p, name.n));
        }
        p->fake = true;
    }
    return p;
}

typedef VEC(Package *) PackageVec;

static void dot_import(Checker *c, Scope *file, Object *pn, Package *imp, Pos pos) {
    package_declare_all(imp);
    for (int i = 0; i < imp->scope->elems.len; i++) {
        Object *o = imp->scope->elems.entries[i].val;
        if (!o || !object_is_exported(o)) continue;
        Object *alt = scope_lookup(file, o->name);
        if (alt) {
            MultiError err = new_error(c, ERR_DuplicateDecl);
            error_addf(&err, pos, "%n redeclared in this block", alt->name);
            error_add_alt_decl(&err, alt);
            error_report(&err);
            continue;
        }
        map_set_ptr(&file->elems, o->name, o);
        const void **key = arena_array(c->arena, const void *, 2);
        key[0] = file;
        key[1] = o->name;
        map_set_str(&c->dot_imports, (Str){(const char *)key, 2 * sizeof *key}, pn);
    }
}

static void collect_import(Checker *c, Scope *file, ImportSpec *s, PackageVec *seen) {
    if (!s->path || s->path->bad) return;
    const char *problem = import_path_problem(c, s->path_str);
    if (problem) {
        types_error(c, s->path->x.pos, ERR_BadImportPath, "invalid import path (%s)", problem);
        return;
    }
    Package *imp = import_package(c, s->path->x.pos, s->path_str);
    if (!imp) return;
    Name *name = imp->name;
    if (s->name) {
        name = s->name->name;
        if (str_is(s->path_str, "C")) {
            types_error(c, s->name->x.pos, ERR_ImportCRenamed, "cannot rename import \"C\"");
            return;
        }
    }
    if (str_is(name_str(name), "init")) {
        types_error(c, s->pos, ERR_InvalidInitDecl, "cannot import package as init - init must be a func");
        return;
    }
    bool have = false;
    for (int i = 0; i < seen->len; i++) have |= seen->at[i] == imp;
    if (!have) vec_push(seen, imp);
    Object *pn = new_object(c->ts, OBJ_PKGNAME, s->pos, c->pkg, name, NULL);
    pn->imported = imp;
    s->obj = pn;
    if (s->name) s->name->obj = pn;
    if (imp->fake) pn->used = true;
    vec_push(&c->imports, pn);
    /* A package that cannot be imported is called by the end of its path, which may be a dot, too. */
    if (str_is(name_str(name), ".")) dot_import(c, file, pn, imp, s->name ? s->name->x.pos : s->pos);
    else check_declare(c, file, NULL, pn);
}

static DeclInfo *new_decl(Checker *c, Scope *file) {
    DeclInfo *d = arena_new(c->arena, DeclInfo);
    d->file = file;
    d->version = c->env.version;
    return d;
}

static void add_object(Checker *c, Object *o, DeclInfo *d) {
    o->decl_info = d;
    vec_push(&c->obj_list, o);
    o->order = c->obj_list.len;
}

static void declare_pkg_obj(Checker *c, Ident *id, Object *o, DeclInfo *d) {
    if (str_is(name_str(id->name), "init")) {
        types_error(c, id->x.pos, ERR_InvalidInitDecl, "cannot declare init - must be func");
        return;
    }
    if (str_is(name_str(id->name), "main") && c->pkg->name && str_is(name_str(c->pkg->name), "main")) {
        types_error(c, id->x.pos, ERR_InvalidMainDecl, "cannot declare main - must be func");
        return;
    }
    check_declare(c, c->pkg->scope, id, o);
    add_object(c, o, d);
}

static void collect_consts(Checker *c, Scope *file, GenDecl *g) {
    for (int k = 0; k < g->len; k++) {
        ValueSpec *s = g->values[k];
        Expr *typ = s->inherits ? s->inherited_type : s->type;
        ExprList values = s->inherits ? s->inherited_values : s->values;
        for (int i = 0; i < s->nnames; i++) {
            Object *o = new_object(c->ts, OBJ_CONST, s->names[i]->x.pos, c->pkg, s->names[i]->name, NULL);
            DeclInfo *d = new_decl(c, file);
            d->vtyp = typ;
            d->init = i < values.len ? values.at[i] : NULL;
            d->inherited = s->inherits;
            d->spec = s;
            declare_pkg_obj(c, s->names[i], o, d);
        }
        check_arity(c, s->pos, s->names, s->nnames, values, true, s->inherits);
    }
}

static void check_embed(Checker *c, File *f, ValueSpec *s) {
    const char *msg = NULL;
    if (!f->imports_embed) msg = "go:embed requires import \"embed\" (or import _ \"embed\", if package is not used)";
    else if (!allow_version(c, 16)) msg = "go:embed requires go1.16 or later";
    else if (s->nnames > 1) msg = "go:embed cannot apply to multiple vars";
    else if (s->values.len) msg = "go:embed cannot apply to var with initializer";
    else if (!s->type) msg = "go:embed cannot apply to var without type";
    if (msg) types_error(c, s->embed_pos, ERR_InvalidSyntaxTree, "%s", msg);
}

static void collect_vars(Checker *c, File *f, Scope *file, GenDecl *g) {
    for (int k = 0; k < g->len; k++) {
        ValueSpec *s = g->values[k];
        Object **lhs = arena_array(c->arena, Object *, s->nnames);
        DeclInfo *d1 = NULL;
        if (s->values.len <= 1) { /* n:1, or no values */
            d1 = new_decl(c, file);
            d1->lhs = lhs;
            d1->nlhs = s->nnames;
            d1->vtyp = s->type;
            d1->init = s->values.len ? s->values.at[0] : NULL;
            d1->spec = s;
        }
        for (int i = 0; i < s->nnames; i++) {
            Object *o = object_new_var(c->ts, c->pkg, s->names[i]->name, NULL, s->names[i]->x.pos);
            o->is_global = true;
            o->var.embed = s->embed;
            o->var.spec = s;
            lhs[i] = o;
            DeclInfo *d = d1;
            if (!d) {
                d = new_decl(c, file);
                d->vtyp = s->type;
                d->init = i < s->values.len ? s->values.at[i] : NULL;
                d->spec = s;
            }
            declare_pkg_obj(c, s->names[i], o, d);
        }
        if (!s->type || s->values.len) check_arity(c, s->pos, s->names, s->nnames, s->values, false, false);
        if (s->embed.n) check_embed(c, f, s);
    }
}

typedef struct MethodInfo { Object *obj; bool ptr; Ident *recv; } MethodInfo;
typedef VEC(MethodInfo) MethodInfoVec;

static void collect_func(Checker *c, Scope *file, FuncDecl *fd, MethodInfoVec *methods) {
    Name *name = fd->name->name;
    Object *o = new_object(c->ts, OBJ_FUNC, fd->name->x.pos, c->pkg, name, NULL);
    o->func.decl = fd;
    o->func.origin = o;
    fd->obj = o;
    Field *tp0 = fd->sig->tparams.len ? &fd->sig->tparams.at[0] : NULL;
    bool is_init = str_is(name_str(name), "init");
    bool is_main = str_is(name_str(name), "main") && c->pkg->name && str_is(name_str(c->pkg->name), "main");
    if (!fd->recv) {
        if (is_init || is_main) {
            int code = is_init ? ERR_InvalidInitDecl : ERR_InvalidMainDecl;
            if (tp0) types_soft_error(c, tp0->pos, code, "func %n must have no type parameters", name);
            if (fd->sig->params.len || fd->sig->results.len)
                types_soft_error(c, fd->name->x.pos, code, "func %n must have no arguments and no return values", name);
        } else if (tp0) {
            verify_versionf(c, tp0->pos, 18, "type parameter");
        }
        if (is_init) {
            o->parent = c->pkg->scope;
            fd->name->obj = o;
            if (!fd->body) types_soft_error(c, o->pos, ERR_MissingInitBody, "func init must have a body");
        } else {
            check_declare(c, c->pkg->scope, fd->name, o);
        }
    } else {
        Expr *base;
        bool ptr = unpack_recv(c, fd->recv->type, &base, NULL, NULL);
        o->has_ptr_recv = ptr;
        if (base->kind == EXPR_IDENT && !name->blank)
            vec_push(methods, ((MethodInfo){o, ptr, (Ident *)base}));
        if (tp0) verify_versionf(c, tp0->pos, 27, "generic method");
        fd->name->obj = o;
    }
    DeclInfo *d = new_decl(c, file);
    d->fdecl = fd;
    add_object(c, o, d);
}

/* Follows aliases from a receiver's base type name to the defined type. */
static Object *resolve_base(Checker *c, bool *ptr, Ident *name) {
    Object *seen[64];
    int nseen = 0;
    while (name) {
        Object *o = scope_lookup(c->pkg->scope, name->name);
        if (!o || o->kind != OBJ_TYPENAME || !o->decl_info) return NULL;
        for (int i = 0; i < nseen; i++)
            if (seen[i] == o) return NULL;
        TypeSpec *t = ((DeclInfo *)o->decl_info)->tdecl;
        if (!t) return NULL;
        if (!t->is_alias) return o;
        if (t->tparams.len || nseen == 64) return NULL;
        seen[nseen++] = o;
        Expr *e = unparen(t->type);
        if (e->kind == EXPR_STAR) {
            if (*ptr) return NULL;
            *ptr = true;
            e = unparen(((StarExpr *)e)->on);
        }
        name = e->kind == EXPR_IDENT ? (Ident *)e : NULL;
    }
    return NULL;
}

static void check_file_conflicts(Checker *c, File *f) {
    for (int i = 0; i < f->scope->elems.len; i++) {
        Object *o = f->scope->elems.entries[i].val;
        Object *alt = o ? scope_lookup(c->pkg->scope, o->name) : NULL;
        if (!alt) continue;
        MultiError err = new_error(c, ERR_DuplicateDecl);
        if (o->kind == OBJ_PKGNAME)
            error_addf(&err, alt->pos, "%n already declared through import of package %n (\"%S\")", alt->name,
                       o->imported->name, o->imported->path);
        else
            error_addf(&err, alt->pos, "%n already declared through dot-import of package %n (\"%S\")", alt->name,
                       o->pkg->name, o->pkg->path);
        error_add_alt_decl(&err, o);
        error_report(&err);
    }
}

static int by_path(const void *a, const void *b) {
    return str_cmp((*(Package *const *)a)->path, (*(Package *const *)b)->path);
}

void check_collect_objects(Checker *c) {
    MethodInfoVec methods = {0};
    PackageVec imports = {0};
    for (int i = 0; i < c->nfiles; i++) {
        File *f = c->files[i];
        GoVersion v = as_go_version(f->go_version);
        c->env.version = v ? (v > 21 ? v : 21) : c->module_version;
        f->scope = new_scope(c->ts, c->pkg->scope, 0, 0);
        for (int k = 0; k < f->ndecls; k++) {
            Decl *d = &f->decls[k];
            if (d->is_func) {
                collect_func(c, f->scope, d->func, &methods);
                continue;
            }
            GenDecl *g = d->gen;
            switch (g->gen) {
            case GEN_IMPORT:
                for (int j = 0; j < g->len; j++) collect_import(c, f->scope, g->imports[j], &imports);
                break;
            case GEN_CONST: collect_consts(c, f->scope, g); break;
            case GEN_VAR: collect_vars(c, f, f->scope, g); break;
            case GEN_TYPE:
                for (int j = 0; j < g->len; j++) {
                    TypeSpec *s = g->types[j];
                    Object *o = new_object(c->ts, OBJ_TYPENAME, s->name->x.pos, c->pkg, s->name->name, NULL);
                    DeclInfo *di = new_decl(c, f->scope);
                    di->tdecl = s;
                    declare_pkg_obj(c, s->name, o, di);
                }
                break;
            }
        }
    }
    c->pkg->imports = arena_memdup(c->arena, imports.at, sizeof(Package *) * imports.len);
    c->pkg->nimports = imports.len;
    qsort(c->pkg->imports, imports.len, sizeof(Package *), by_path);
    vec_free(&imports);
    for (int i = 0; i < c->nfiles; i++) check_file_conflicts(c, c->files[i]);
    for (int i = 0; i < methods.len; i++) {
        MethodInfo *m = &methods.at[i];
        bool ptr = m->ptr;
        Object *base = resolve_base(c, &ptr, m->recv);
        if (!base) continue;
        m->obj->has_ptr_recv = ptr;
        bool fresh;
        MapEntry *e = map_put_ptr(&c->methods, base, &fresh);
        if (fresh) {
            ObjectVec *v = arena_new(c->arena, ObjectVec);
            v->arena = c->arena;
            e->val = v;
        }
        vec_push((ObjectVec *)e->val, m->obj);
    }
    vec_free(&methods);
}

/* Types first (aliases after definitions), so that errors come out in gc's order. */
void check_package_objects(Checker *c) {
    for (int i = 0; i < c->obj_list.len; i++) {
        Object *o = c->obj_list.at[i];
        if (o->kind == OBJ_TYPENAME && !((DeclInfo *)o->decl_info)->tdecl->is_alias) obj_decl(c, o);
    }
    for (int i = 0; i < c->obj_list.len; i++) {
        Object *o = c->obj_list.at[i];
        if (o->kind == OBJ_TYPENAME && ((DeclInfo *)o->decl_info)->tdecl->is_alias) obj_decl(c, o);
    }
    for (int i = 0; i < c->obj_list.len; i++)
        if (c->obj_list.at[i]->kind != OBJ_TYPENAME) obj_decl(c, c->obj_list.at[i]);
}

void check_unused_imports(Checker *c) {
    if (c->opt.ignore_bodies) return;
    for (int i = 0; i < c->imports.len; i++) {
        Object *o = c->imports.at[i];
        if (o->name->blank || o->used) continue;
        Str path = o->imported->path, elem = path;
        for (size_t k = path.n; k > 0; k--)
            if (path.p[k - 1] == '/') {
                elem = (Str){path.p + k, path.n - k};
                break;
            }
        if (str_is(name_str(o->name), ".") || str_eq(name_str(o->name), elem))
            types_soft_error(c, o->pos, ERR_UnusedImport, "\"%S\" imported and not used", path);
        else
            types_soft_error(c, o->pos, ERR_UnusedImport, "\"%S\" imported as %n and not used", path, o->name);
    }
}

/* Reports type names whose declarations lead back to themselves by names alone. Marks: decl_info's
 * objects get white 0, grey path index + 1, black -1 in `idx`. */
void check_direct_cycles(Checker *c) {
    Map idx = {0};
    ObjectVec path = {0};
    for (int i = 0; i < c->obj_list.len; i++) {
        Object *t = c->obj_list.at[i];
        if (t->kind != OBJ_TYPENAME) continue;
        path.len = 0;
        for (;;) {
            bool fresh;
            MapEntry *e = map_put_ptr(&idx, t, &fresh);
            int64_t mark = (int64_t)e->num;
            if (mark < 0) break;
            if (mark > 0) {
                t->type = INVALID_TYPE(c);
                int start = (int)mark - 1;
                cycle_error(c, path.at + start, path.len - start, first_in_src(path.at + start, path.len - start));
                break;
            }
            e->num = path.len + 1;
            vec_push(&path, t);
            TypeSpec *s = ((DeclInfo *)t->decl_info)->tdecl;
            if (s->type->kind != EXPR_IDENT) break;
            Object *next = scope_lookup(c->pkg->scope, ((Ident *)s->type)->name);
            if (!next || next->kind != OBJ_TYPENAME || !next->decl_info) break;
            t = next;
        }
        for (int k = 0; k < path.len; k++) {
            bool fresh;
            map_put_ptr(&idx, path.at[k], &fresh)->num = (uint64_t)-1;
        }
    }
    map_free(&idx);
    vec_free(&path);
}
