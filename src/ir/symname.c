/* Symbol names: the one place that knows how functions, methods, instances and variables are called, and
 * what //go:linkname makes of that.
 *
 *   fmt.Println   main.(*T).m   main.T.m   slices.Sort[int]   main.(*List[int]).Push   main.init.0
 *
 * A linkname with a target renames the local symbol, whether it has a body (push) or not (pull); without a
 * target it only allows others to refer to it. Renamings are kept at the package. Those of exported objects
 * are also recorded in the image ("linkname:path.Name", the target's bytes), since importers that read
 * export data do not see the directives. */
#include "ir/core_int.h"

typedef struct PkgNames {
    Map targets; /* local name -> Str * */
} PkgNames;

IrCore *ir_core(IrUnit *u) {
    IrCore *c = u->core;
    if (!c) {
        u->core = c = arena_new(&u->arena, IrCore);
        c->descs.arena = c->type_syms.arena = c->iface_methods.arena = c->method_sets.arena = &u->arena;
        c->var_syms.arena = c->static_vars.arena = &u->arena;
    }
    return c;
}

Str core_pkg_path(Package *p) {
    if (!p) return STR("");
    return p->path; /* "main" for the program; a main package under test keeps its import path */
}

void ir_read_linknames(IrUnit *u, Package *pkg) {
    if (pkg->backend) return;
    PkgNames *n = arena_new(&u->ts->arena, PkgNames);
    n->targets.arena = &u->ts->arena;
    pkg->backend = n;
    for (int i = 0; i < pkg->nfiles; i++) {
        File *f = pkg->files[i];
        for (int k = 0; k < f->nlinknames; k++) {
            Linkname *l = &f->linknames[k];
            if (!l->target.n) continue;
            Str *t = arena_new(&u->ts->arena, Str);
            *t = str_dup(&u->ts->arena, l->target);
            map_set_ptr(&n->targets, l->local, t);
            if (!l->local->exported) continue;
            Str name =
                str_printf(&u->arena, "linkname:%.*s.%s", STR_FMT(core_pkg_path(pkg)), l->local->p);
            Sym *s = sym_get(u->syms, name);
            if (!sym_begin_define(u->syms, s, SYM_RODATA)) continue;
            s->dupok = true;
            sym_alloc_data(u->syms, s, t->n + 4, 4);
            uint32_t len = (uint32_t)t->n;
            memcpy(s->data, &len, 4);
            memcpy(s->data + 4, t->p, t->n);
        }
    }
}

static const Str *linkname_target(IrUnit *u, Package *pkg, Name *name) {
    if (!pkg) return NULL;
    if (!pkg->backend && pkg->nfiles) ir_read_linknames(u, pkg);
    PkgNames *n = pkg->backend;
    if (n) return map_get_ptr(&n->targets, name);
    if (!name->exported || !u->syms->base_lookup) return NULL;
    Str key = str_printf(&u->arena, "linkname:%.*s.%s", STR_FMT(core_pkg_path(pkg)), name->p);
    uint64_t a = u->syms->base_lookup(u->syms->base_ctx, key);
    if (!a) return NULL;
    a += u->syms->base_delta; /* base images are mapped into this process */
    Str *t = arena_new(&u->arena, Str);
    uint32_t len;
    memcpy(&len, (void *)(uintptr_t)a, 4);
    *t = (Str){(const char *)(uintptr_t)a + 4, len};
    return t;
}

static void put_targs(Buf *b, TypeList l, int from, int to, bool display) {
    if (from >= to) return;
    if (display) {
        buf_puts(b, "[...]");
        return;
    }
    buf_putc(b, '[');
    for (int i = from; i < to; i++) {
        if (i > from) buf_putc(b, ',');
        type_print(b, l.at[i], NULL, TYPENAME_LINK);
    }
    buf_putc(b, ']');
}

/* Which of several functions named init this one is, in source order. */
static int init_number(Object *fn) {
    int n = 0;
    for (int i = 0; i < fn->pkg->nfiles; i++) {
        File *f = fn->pkg->files[i];
        for (int k = 0; k < f->ndecls; k++) {
            if (!f->decls[k].is_func) continue;
            FuncDecl *d = f->decls[k].func;
            if (d->recv || !d->name || d->name->name != fn->name) continue;
            if (d == fn->func.decl) return n;
            n++;
        }
    }
    return n;
}

static void func_name(IrUnit *u, Buf *b, Object *fn, TypeList targs, bool display) {
    SignatureType *sig = (SignatureType *)object_type(fn);
    Str path = core_pkg_path(fn->pkg);
    Object *recv = sig->recv;
    if (!recv) {
        if (path.n) {
            buf_put(b, path.p, path.n);
            buf_putc(b, '.');
        }
        buf_puts(b, fn->name->p);
        if (str_is(name_str(fn->name), "init") && fn->pkg) buf_printf(b, ".%d", init_number(fn));
        put_targs(b, targs, 0, targs.len, display);
        return;
    }
    Type *rt = type_unalias(object_type(recv));
    bool ptr = rt->kind == TYPE_POINTER;
    if (ptr) rt = type_unalias(((PointerType *)rt)->elem);
    if (rt->kind != TYPE_NAMED) { /* a method of an interface literal: only ever a name */
        if (path.n) buf_printf(b, "%.*s.", STR_FMT(path));
        buf_puts(b, "interface.");
        buf_puts(b, fn->name->p);
        return;
    }
    NamedType *n = (NamedType *)rt;
    int nrecv = n->orig->tparams.len;
    if (nrecv > targs.len) nrecv = targs.len;
    if (!display && !targs.len && n->orig != n) targs = n->targs, nrecv = targs.len;
    path = core_pkg_path(n->obj->pkg);
    if (path.n) {
        buf_put(b, path.p, path.n);
        buf_putc(b, '.');
    }
    if (ptr) buf_puts(b, "(*");
    buf_puts(b, n->obj->name->p);
    if (n->obj->pkg && n->obj->parent && n->obj->parent != n->obj->pkg->scope && !display)
        buf_printf(b, "·%u", n->obj->pos);
    put_targs(b, targs, 0, nrecv, display);
    if (ptr) buf_putc(b, ')');
    buf_putc(b, '.');
    buf_puts(b, fn->name->p);
    put_targs(b, targs, nrecv, targs.len, display);
}

Str ir_func_symbol(IrUnit *u, Object *fn, TypeList targs) {
    SignatureType *sig = (SignatureType *)object_type(fn);
    if (!sig->recv && !targs.len) {
        const Str *t = linkname_target(u, fn->pkg, fn->name);
        if (t) return *t;
    }
    Buf b = {0};
    func_name(u, &b, fn, targs, false);
    Str s = str_dup(&u->arena, buf_str(&b));
    buf_free(&b);
    return s;
}

Str ir_func_display_name(IrUnit *u, Object *fn, TypeList targs) {
    Buf b = {0};
    func_name(u, &b, fn, targs, true);
    Str s = str_dup(&u->arena, buf_str(&b));
    buf_free(&b);
    return s;
}

/* ---- Variables ------------------------------------------------------------------------------------ */

Sym *ir_var_symbol(IrUnit *u, Object *var) {
    IrCore *c = ir_core(u);
    c->var_syms.arena = &u->arena;
    Sym *s = map_get_ptr(&c->var_syms, var);
    if (s) return s;
    const Str *t = linkname_target(u, var->pkg, var->name);
    Str path = core_pkg_path(var->pkg);
    Str name = t                  ? *t
               : var->name->blank ? str_printf(&u->arena, "%.*s._.%u", STR_FMT(path), var->pos)
                                  : str_printf(&u->arena, "%.*s.%s", STR_FMT(path), var->name->p);
    s = sym_get(u->syms, name);
    map_set_ptr(&c->var_syms, var, s);
    return s;
}

uint8_t *core_mask_copy(IrUnit *u, const IrType *t) {
    if (!t->has_ptrs) return NULL;
    size_t n = (irtype_mask_words(t) + 7) / 8;
    pthread_mutex_lock(&u->syms->lock);
    uint8_t *m = arena_memdup(&u->syms->arena, t->ptrmask, n);
    pthread_mutex_unlock(&u->syms->lock);
    return m;
}

void ir_declare_var(IrUnit *u, Object *var) {
    Sym *s = ir_var_symbol(u, var);
    const IrType *t = irtype_of(u, object_type(var));
    bool elsewhere = linkname_target(u, var->pkg, var->name) != NULL;
    if (elsewhere) {
        if (s->kind != SYM_UNDEF || s->base_addr || s->weak) return;
        s->weak = true;
    } else {
        if (s->weak && s->kind == SYM_UNDEF) s->weak = false;
        if (!sym_begin_define(u->syms, s, SYM_BSS)) return;
    }
    s->size = t->size;
    s->align = t->align < 8 && t->size >= 8 ? 8 : t->align; /* room for aligned word access */
    s->ptrmask = core_mask_copy(u, t);
}
