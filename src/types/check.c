/* The checker's driver: one package from parsed files to annotated tree.
 *
 * Objects are collected, declared on demand (decl.c), and whatever must wait for complete types is
 * delayed: function bodies, validity of recursive types, type sets. Errors do not stop it. */
#define _GNU_SOURCE
#include "types/checker.h"
#include "types/export.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- Stack guard ------------------------------------------------------------------------------ */

/* Room that must stay on the C stack below any recursive step of the checker. */
enum { STACK_RESERVE = 256 << 10, NEST_LIMIT = 100000 };

static char *stack_floor(void) {
    static _Thread_local char *floor; /* of this thread's stack, which stays where it is; asking costs microseconds */
    pthread_attr_t a;
    void *lo = NULL;
    size_t size = 0;
    if (floor || pthread_getattr_np(pthread_self(), &a)) return floor;
    pthread_attr_getstack(&a, &lo, &size);
    pthread_attr_destroy(&a);
    return floor = (char *)lo + STACK_RESERVE;
}

bool too_deep(Checker *c, Pos p) {
    CheckerHalf *h = HALF(c);
    if (likely((char *)__builtin_frame_address(0) > h->stack_floor && h->depth < NEST_LIMIT)) {
        h->depth++;
        return false;
    }
    if (!h->too_deep) types_error(c, p, ERR_InvalidSyntaxTree, "program is nested too deeply");
    h->too_deep = true;
    return true;
}

/* ---- Types that must be resolved in the end ----------------------------------------------------- */

static void cleanup(Checker *c) {
    for (int i = 0; i < c->cleaners.len; i++) {
        Type *t = c->cleaners.at[i];
        if (t->kind == TYPE_INTERFACE) {
            types_typeset((InterfaceType *)t);
            ((InterfaceType *)t)->checker = NULL;
        } else if (t->kind == TYPE_NAMED && !named_is_instance((NamedType *)t)) {
            type_underlying(t);
        }
    }
    c->cleaners.len = 0;
}

/* ---- Function bodies -------------------------------------------------------------------------- */

Object *local_var(Checker *c, Ident *id, Type *t) {
    Object *o = object_new_var(c->ts, c->pkg, id->name, t, id->x.pos);
    o->var.func_scope = c->env.func;
    if (!id->name->blank) vec_push(&HALF(c)->locals, o);
    return o;
}

static int by_pos(const void *a, const void *b) {
    Pos p = (*(Object *const *)a)->pos, q = (*(Object *const *)b)->pos;
    return (p > q) - (p < q);
}

static void report_unused(Checker *c, int top) {
    ObjectVec *l = &HALF(c)->locals;
    int n = 0;
    for (int i = top; i < l->len; i++)
        if (!l->at[i]->used) l->at[top + n++] = l->at[i];
    if (n > 1) qsort(l->at + top, n, sizeof(Object *), by_pos);
    for (int i = 0; i < n; i++) {
        Object *o = l->at[top + i];
        types_soft_error(c, o->pos, ERR_UnusedVar, "declared and not used: %n", o->name);
    }
    l->len = top;
}

static void set_func_scope(TupleType *t, void *func) {
    for (int i = 0; t && i < t->vars.len; i++) t->vars.at[i]->var.func_scope = func;
}

/* Checks a body; func is its FuncDecl or FuncLit. */
void check_func_body(Checker *c, DeclInfo *d, SignatureType *sig, void *func, BlockStmt *body, ConstVal *iota) {
    if (!sig->scope || !sig->params) return;
    Env saved = c->env;
    c->env = (Env){.decl = d, .scope = sig->scope, .version = saved.version, .iota = iota, .sig = sig, .func = func};
    int top = HALF(c)->locals.len;
    set_func_scope(sig->params, func);
    set_func_scope(sig->results, func);
    if (sig->recv) sig->recv->var.func_scope = func;
    check_labels(c, body);
    check_stmt_list(c, 0, body->list);
    if (sig->results->vars.len && !is_terminating(&body->s, NULL))
        types_error(c, body->rbrace, ERR_MissingReturn, "missing return");
    report_unused(c, top);
    c->env = saved;
}

void check_body_now(TypeSession *ts, Object *fn) {
    if (!fn || fn->kind != OBJ_FUNC) return;
    if (fn->func.origin) fn = fn->func.origin;
    FuncDecl *fd = fn->func.decl;
    Checker *c = fn->pkg ? fn->pkg->checker : NULL;
    if (!fd || !fd->body || !c || !c->lazy) return;
    bool fresh;
    map_put_ptr(&HALF(c)->bodies, fn, &fresh)->num = 1;
    if (!fresh) return;
    object_type(fn);
    DeclInfo *d = fn->decl_info;
    if (!d || fn->type->kind != TYPE_SIGNATURE) return;
    HALF(c)->stack_floor = stack_floor();
    Env saved = c->env;
    c->env = (Env){.scope = d->file, .version = d->version};
    int top = c->delayed.len;
    HALF(c)->decl_depth++;
    check_func_body(c, d, (SignatureType *)fn->type, fd, fd->body, NULL);
    HALF(c)->decl_depth--;
    check_process_delayed(c, top);
    c->env = saved;
}

/* ---- Packages --------------------------------------------------------------------------------- */

Checker *checker_new(TypeSession *ts, Arena *arena, Package *pkg, const CheckOptions *opt) {
    Checker *c = arena_new(arena, Checker);
    c->ts = ts;
    c->syn = ts->syn;
    c->arena = arena;
    c->pkg = pkg;
    if (opt) c->opt = *opt;
    c->module_version = as_go_version(c->opt.go_version);
    if (!c->module_version) c->module_version = GO_CURRENT;
    CheckerHalf *h = arena_new(arena, CheckerHalf);
    h->stack_floor = stack_floor();
    c->half = h;
    c->env.version = c->module_version;
    c->obj_map.arena = c->dot_imports.arena = c->methods.arena = c->untyped.arena = c->obj_path_idx.arena = arena;
    c->broken_aliases.arena = c->pkg_path_map.arena = h->bodies.arena = arena;
    c->obj_list.arena = c->imports.arena = c->delayed.arena = c->obj_path.arena = c->cleaners.arena = arena;
    h->locals.arena = h->ifaces.arena = h->sized.arena = arena;
    pkg->checker = c;
    pkg->arena = arena;
    return c;
}

static void init_files(Checker *c, File **files, int n) {
    c->files = arena_array(c->arena, File *, n);
    for (int i = 0; i < n; i++) {
        Ident *id = files[i]->pkg_name;
        if (!id) continue;
        Name *name = id->name;
        if (!c->pkg->name) {
            if (name->blank) types_error(c, id->x.pos, ERR_BlankPkgName, "invalid package name _");
            c->pkg->name = name;
        } else if (c->pkg->name != name) {
            types_error(c, id->x.pos, ERR_MismatchedPkgName, "package %n; expected package %n", name, c->pkg->name);
            continue;
        }
        c->files[c->nfiles++] = files[i];
    }
    for (int i = 0; i < c->nfiles && !c->opt.is_std; i++)
        for (int k = 0; k < c->files[i]->restricted.len; k++) {
            Str text = c->files[i]->restricted.at[k].text, verb = text;
            bool cgo = str_has_prefix(text, "go:cgo_");
            for (verb.n = 0; verb.n < text.n && text.p[verb.n] != ' '; verb.n++) {}
            types_error(c, c->files[i]->restricted.at[k].pos, ERR_BadDecl,
                        cgo                                    ? "//%S only allowed in cgo-generated code"
                        : str_is(verb, "go:uintptrkeepalive") ? "//%S is only allowed in the standard library"
                                                               : "//%S only allowed in runtime",
                        cgo ? text : verb);
        }
    for (int i = 0; i < c->nfiles; i++) {
        GoVersion v = as_go_version(c->files[i]->go_version);
        if (v > GO_CURRENT)
            types_error(c, c->files[i]->pkg_name->x.pos, ERR_TooNew, "file requires newer Go version %S",
                        c->files[i]->go_version);
    }
    if (c->module_version > GO_CURRENT && n > 0)
        types_error(c, files[0]->pkg_name ? files[0]->pkg_name->x.pos : 0, ERR_TooNew,
                    "package requires newer Go version %S (application built with go1.27)", c->opt.go_version);
}

Package *check_package(TypeSession *ts, Arena *arena, Str path, File **files, int nfiles, const CheckOptions *opt) {
    Package *pkg = new_package(ts, str_dup(arena, path), NULL);
    Checker *c = checker_new(ts, arena, pkg, opt);
    pkg->is_std = c->opt.is_std;
    pkg->go_version = c->opt.go_version.n ? c->opt.go_version : STR("go1.27");
    init_files(c, files, nfiles);
    if (!pkg->name) pkg->name = intern(ts->syn->names, "_", 1);
    pkg->files = c->files;
    pkg->nfiles = c->nfiles;
    check_collect_objects(c);
    check_direct_cycles(c);
    check_package_objects(c);
    check_process_delayed(c, 0);
    cleanup(c);
    if (!c->opt.ignore_bodies) check_init_order(c);
    if (c->opt.report_unused_imports) check_unused_imports(c);
    if (!c->any_error) check_monomorph(c);
    if (!c->any_error && !c->opt.ignore_bodies) check_after(c);
    pkg->complete = !c->hard_error;
    return pkg;
}
