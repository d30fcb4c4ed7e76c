/* The builder's frame: packages, the queue of functions still to build, the program's entry.
 *
 * ir_build_package declares variables, lays out or emits their initialisers in the checker's order, and
 * builds every function that is not generic. Building a body may ask for more functions (instances,
 * wrappers for interface tables); they wait in the queue until the body is done, so that at most one
 * outermost function is under construction. */
#include "ir/build_int.h"

static void load_intrinsics(Builder *b) {
    static const struct { const char *name; IntrinsicId id; } names[] = {
#define INTRINSIC(id, nargs, doc)
#define INTRINSIC_NAME(name, id) {name, INTRIN_##id},
#include "tables/intrinsics.def"
#undef INTRINSIC
#undef INTRINSIC_NAME
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        map_put_str(&b->intrinsics, str_c(names[i].name), NULL)->num = names[i].id;
}

static Builder *get_builder(IrUnit *u) {
    if (u->builder) return u->builder;
    Builder *b = arena_new(&u->arena, Builder);
    b->u = u;
    b->queue.arena = b->intrinsics.arena = b->wrappers.arena = b->instances.arena = &u->arena;
    load_intrinsics(b);
    u->builder = b;
    return b;
}

Object *func_origin(Object *fn) { return fn->func.origin ? fn->func.origin : fn; }

IntrinsicId build_find_intrinsic(Builder *b, Object *fn) {
    if (!fn->pkg) return INTRIN_NONE;
    SignatureType *sig = (SignatureType *)type_unalias(object_type(fn));
    if (sig->recv) return INTRIN_NONE;
    char buf[128];
    Str path = fn->pkg->path;
    if (path.n + fn->name->n + 1 > sizeof buf) return INTRIN_NONE;
    memcpy(buf, path.p, path.n);
    buf[path.n] = '.';
    memcpy(buf + path.n + 1, fn->name->p, fn->name->n);
    MapEntry *e = map_find_str(&b->intrinsics, (Str){buf, path.n + 1 + fn->name->n});
    return e ? (IntrinsicId)e->num : INTRIN_NONE;
}

/* Tells the linker that an undefined symbol is a function, and of what shape. */
static void declare_bodyless(IrUnit *u, Sym *s, Object *fn) {
    s->is_func = true;
    SignatureType *sig = (SignatureType *)type_unalias(object_type(fn));
    if (s->kind != SYM_UNDEF || sig->recv) return;
    uint32_t np = 0, nr = 0;
    for (int i = 0; sig->params && i < sig->params->vars.len; i++)
        np += irtype_of(u, object_type(sig->params->vars.at[i]))->nslots;
    for (int i = 0; sig->results && i < sig->results->vars.len; i++)
        nr += irtype_of(u, object_type(sig->results->vars.at[i]))->nslots;
    s->param_slots = (uint16_t)np;
    s->result_slots = (uint16_t)nr;
}

Sym *ir_func_ref(IrUnit *u, Object *fn, TypeList targs) {
    Builder *b = get_builder(u);
    Str name = ir_func_symbol(u, fn, targs);
    Sym *s = sym_get(u->syms, name);
    if (!targs.len) declare_bodyless(u, s, fn);
    if (!targs.len || !sym_begin_define(u->syms, s, SYM_FUNC)) return s;
    s->dupok = true;
    Work w = {.kind = WORK_FUNC, .sym = s, .fn = fn, .targs = targs, .symname = str_dup(&u->arena, name)};
    w.name = ir_func_display_name(u, fn, targs);
    vec_push(&b->queue, w);
    return s;
}

Sym *ir_funcval_symbol(IrUnit *u, Sym *fn) {
    Sym *s = sym_get(u->syms, str_printf(&u->arena, "%.*s·f", STR_FMT(fn->name)));
    if (sym_begin_define(u->syms, s, SYM_RODATA)) {
        s->dupok = true;
        sym_alloc_data(u->syms, s, 8, 8);
        sym_reloc(u->syms, s, 0, RELOC_FUNC, fn, 0);
    }
    return s;
}

static const char *stage_name(Builder *b, Str name) {
    return arena_printf(&b->u->arena, "building SSA of %.*s", STR_FMT(name));
}

void build_function(Builder *b, Sym *sym, Object *fn, TypeList targs, Str symname, Str name) {
    IrUnit *u = b->u;
    base_stage = stage_name(b, name);
    FuncDecl *d = fn->func.decl;
    SignatureType *sig = (SignatureType *)type_unalias(object_type(fn));
    if (!d) bug("function %.*s has no declaration", STR_FMT(name));
    if (targs.len) {
        pthread_mutex_lock(&u->ts->lock);
        check_body_now(u->ts, fn);
        pthread_mutex_unlock(&u->ts->lock);
    }
    if (!d->body || (!targs.len && build_byte_order_body(b, sym, fn, symname, name))) return;
    Fn *f = fn_new(b, NULL, inst_new(b, fn, targs), sym, symname, name, d->pos);
    f->force_dupok = targs.len > 0;
    f->f->noinline = d->pragmas & PRAGMA_NOINLINE;
    f->f->nosplit = d->pragmas & PRAGMA_NOSPLIT;
    if (u->to_try && (f->f->try_native = u->to_try(symname) + 1)) f->f->noinline = true;
    f->sig = sig;
    fn_body(f, d->sig, sig, d->body, d->body->rbrace);
    base_stage = NULL;
}

void build_queue(Builder *b) {
    while (b->head < b->queue.len) {
        Work w = b->queue.at[b->head++];
        if (w.kind == WORK_FUNC) build_function(b, w.sym, w.fn, w.targs, w.symname, w.name);
        else build_wrapper(b, &w);
    }
    b->queue.len = b->head = 0;
}

/* ---- Packages ------------------------------------------------------------------------------------ */

static bool is_generic(FuncDecl *d) {
    SignatureType *sig = (SignatureType *)type_unalias(object_type(d->obj));
    return sig->tparams.len || sig->rparams.len;
}

static void build_decl(Builder *b, FuncDecl *d, int *ninit) {
    IrUnit *u = b->u;
    if (!d->obj || d->name->name->blank || is_generic(d)) return;
    Str symname, name;
    bool is_init = !d->recv && !strcmp(d->name->name->p, "init");
    if (is_init) {
        symname = str_printf(&u->arena, "%.*s.init.%d", STR_FMT(core_pkg_path(b->pkg)), *ninit);
        name = str_printf(&u->arena, "%.*s.init.%d", STR_FMT(core_pkg_path(b->pkg)), (*ninit)++);
    } else {
        symname = str_dup(&u->arena, ir_func_symbol(u, d->obj, (TypeList){0}));
        name = ir_func_display_name(u, d->obj, (TypeList){0});
    }
    Sym *s = sym_get(u->syms, symname);
    if (!d->body) {
        if (d->pragmas & PRAGMA_NOESCAPE) s->noescape = true;
        IntrinsicId id = build_find_intrinsic(b, d->obj);
        if (id != INTRIN_NONE && sym_begin_define(u->syms, s, SYM_FUNC))
            build_intrinsic_body(b, s, d->obj, name, id);
        else declare_bodyless(u, s, d->obj);
        return;
    }
    if (!sym_begin_define(u->syms, s, SYM_FUNC)) return;
    build_function(b, s, d->obj, (TypeList){0}, symname, name);
}

static void init_vars(Fn *fn, Initializer *in) {
    IrUnit *u = fn->u;
    fn->pos = in->rhs->pos;
    if (in->lhs.len == 1) {
        Object *o = in->lhs.at[0];
        if (!o || !o->name || o->name->blank) {
            build_effect(fn, in->rhs);
            return;
        }
        if (ir_static_init(u, o, in->rhs)) return;
        place_assign(fn, place_var(fn, o), in->rhs);
        return;
    }
    Type *tt = fn_expr_type(fn, in->rhs), *elem;
    ValueId v;
    bool ok_form = in->rhs->commaok || (in->lhs.len == 2 && unparen(in->rhs)->kind != EXPR_CALL);
    v = ok_form ? build_commaok(fn, in->rhs, &elem) : build_expr(fn, in->rhs);
    for (int i = 0; i < in->lhs.len; i++) {
        Object *o = in->lhs.at[i];
        if (!o || !o->name || o->name->blank) continue;
        Type *from = ok_form ? (i ? fn->ts->basic[BASIC_BOOL] : elem)
                             : fn_type(fn, object_type(((TupleType *)under(tt))->vars.at[i]));
        Type *to = object_type(o);
        place_store(fn, place_var(fn, o), build_assign_conv(fn, fn_result(fn, v, i), from, to));
    }
}

static void declare_vars(Builder *b, Package *pkg) {
    for (int i = 0; i < pkg->nfiles; i++) {
        File *f = pkg->files[i];
        for (int j = 0; j < f->ndecls; j++) {
            if (f->decls[j].is_func || f->decls[j].gen->gen != GEN_VAR) continue;
            GenDecl *g = f->decls[j].gen;
            for (int k = 0; k < g->len; k++)
                for (int n = 0; n < g->values[k]->nnames; n++) {
                    Object *o = g->values[k]->names[n]->obj;
                    if (!o || o->name->blank) continue;
                    ir_declare_var(b->u, o);
                    ir_static_embed(b->u, o);
                }
        }
    }
}

void ir_build_package(IrUnit *u, Package *pkg) {
    Builder *b = get_builder(u);
    b->pkg = pkg;
    ir_read_linknames(u, pkg);
    declare_vars(b, pkg);
    Str name = str_printf(&u->arena, "%.*s.init", STR_FMT(core_pkg_path(pkg)));
    Sym *init = sym_get(u->syms, name);
    sym_begin_define(u->syms, init, SYM_FUNC);
    Pos pos = pkg->ninits ? expr_start(pkg->inits[0].rhs) : 0; /* its file is what tracebacks name */
    Fn *fn = fn_new(b, NULL, NULL, init, name, name, pos);
    b->init = fn;
    base_stage = stage_name(b, name);
    for (int i = 0; i < pkg->ninits; i++) init_vars(fn, &pkg->inits[i]);
    b->init = NULL;
    int ninit = 0;
    for (int i = 0; i < pkg->nfiles; i++)
        for (int j = 0; j < pkg->files[i]->ndecls; j++)
            if (pkg->files[i]->decls[j].is_func) {
                build_decl(b, pkg->files[i]->decls[j].func, &ninit);
                build_queue(b);
            }
    for (int i = 0; i < ninit; i++)
        fn_call_rt(fn, arena_printf(&u->arena, "%.*s.init.%d", STR_FMT(core_pkg_path(pkg)), i), &irtype_none, 0, NULL);
    E0(fn, RET, &irtype_none);
    fn_finish(fn);
    build_queue(b);
}

void ir_build_pending(IrUnit *u) {
    if (u->builder) build_queue(u->builder);
}

void ir_build_main(IrUnit *u, Package **pkgs, int npkgs, Package *main) {
    Builder *b = get_builder(u);
    Str name = STR("go:main");
    Sym *s = sym_get(u->syms, name);
    sym_begin_define(u->syms, s, SYM_FUNC);
    Fn *fn = fn_new(b, NULL, NULL, s, name, STR("runtime.main"), 0);
    for (int i = 0; i < npkgs; i++)
        fn_call_rt(fn, arena_printf(&u->arena, "%.*s.init", STR_FMT(core_pkg_path(pkgs[i]))), &irtype_none, 0, NULL);
    fn_call_rt(fn, arena_printf(&u->arena, "%.*s.main", STR_FMT(core_pkg_path(main))), &irtype_none, 0, NULL);
    for (int i = 0; i < u->funcs.len; i++) /* its frame is what tracebacks end with */
        if (str_is(u->funcs.at[i]->sym->name, "main.main")) u->funcs.at[i]->noinline = true;
    E0(fn, RET, &irtype_none);
    fn_finish(fn);
}
