/* opt: the table of passes, and the order of functions: callees first, so that callers can inline them. */
#include "opt/opt_int.h"

const IrType opt_none = {.rep = REP_NONE, .align = 1};

typedef struct Pass { const char *name; void (*run)(Opt *o); } Pass;
static const Pass early[] = {
    {"cleanup", opt_cleanup},   /* unreachable code would hide single definitions */
    {"mem2reg", opt_mem2reg},
    {"simplify", opt_simplify},
    {"forward", opt_forward},
    {"cleanup", opt_cleanup},
    {"dce", opt_dce},
};
static const Pass inlined[] = { /* after calls were expanded */
    {"cleanup", opt_cleanup},
    {"mem2reg", opt_mem2reg},
    {"simplify", opt_simplify},
    {"cleanup", opt_cleanup},
};
static const Pass again[] = { /* what inlining made visible */
    {"forward", opt_forward},
    {"dce", opt_dce},
};
static const Pass unescaped[] = { /* after escape analysis */
    {"dce", opt_dce}, /* addresses nobody needs any more */
    {"mem2reg", opt_mem2reg},
    {"forward", opt_forward},
    {"simplify", opt_simplify},
    {"cleanup", opt_cleanup},
};
static const Pass late[] = {
    {"gvn", opt_gvn},
    {"memopt", opt_memopt},
    {"simplify", opt_simplify},
    {"box", opt_box},
    {"gvn", opt_gvn},
    {"dce", opt_dce},
    {"cleanup", opt_cleanup},
    {"thread", opt_thread},
    {"dce", opt_dce},
    {"cleanup", opt_cleanup},
    {"licm", opt_licm},
    {"bigagg", opt_bigagg},
    {"sink", opt_sink},
    {"dce", opt_dce},
};

static void run(Opt *o, const Pass *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        arena_reset(&o->arena);
        p[i].run(o);
#ifdef VOLE_DEBUG
        ir_verify(o->f, p[i].name);
#endif
    }
}

void opt_function(IrFunc *f, int level) {
    if (level <= 0) return;
    Opt o = {.f = f};
    run(&o, early, ARRAY_LEN(early));
    run(&o, late, ARRAY_LEN(late));
    arena_free(&o.arena);
}

/* ---- A unit -------------------------------------------------------------------------------------------- */

typedef struct FuncState { IrFunc *f; uint8_t state; /* 0 new, 1 on the stack, 2 done */ InlineFacts facts; } FuncState;
typedef struct Unit {
    IrUnit *u;
    Arena arena;
    Map by_sym;  /* Sym * -> IrFunc * */
    Map states;  /* IrFunc * -> FuncState * */
} Unit;

static InlineFacts facts_of(void *ctx, IrFunc *g) {
    FuncState *s = map_get_ptr(&((Unit *)ctx)->states, g);
    if (!s && g->sym->inl == g) return opt_inline_facts(g); /* of another unit: finished */
    return s && s->state == 2 ? s->facts : (InlineFacts){0};
}

static void optimise(Unit *t, FuncState *s) {
    base_stage = s->f->name.p;
    Opt o = {.f = s->f};
    run(&o, early, ARRAY_LEN(early));
    arena_reset(&o.arena);
    bool grew = false;
    /* Small as written, but not with its own calls expanded: callers get it as it is now, so that `return f(&T{})` of an
     * exported function lets them keep the T in their frame. */
    IrFunc *small = opt_inline_facts(s->f).ok && opt_may_grow(s->f) ? opt_clone(s->f) : NULL;
    for (int round = 0; round < 3; round++) { /* calls of closures become known round by round */
        arena_reset(&o.arena);
        grew |= opt_devirt(&o);
        if (!opt_inline(&o, &t->by_sym, facts_of, t)) break;
        grew = true;
        run(&o, inlined, ARRAY_LEN(inlined));
        run(&o, again, ARRAY_LEN(again));
    }
    o.changed = false;
    arena_reset(&o.arena);
    opt_escape(&o);
    if (grew || o.changed) run(&o, unescaped, ARRAY_LEN(unescaped));
    run(&o, late, ARRAY_LEN(late));
    arena_free(&o.arena);
    s->facts = opt_inline_facts(s->f);
    s->state = 2;
    if (s->facts.ok) s->f->sym->inl = s->f;
    else if (grew) s->f->sym->inl = small;
}

/* Depth first over static calls, with a stack of our own: call chains can be long. */
static void visit(Unit *t, IrFunc *root) {
    struct Item { FuncState *s; int block, inst; };
    VEC(struct Item) st = {0};
    FuncState *r = map_get_ptr(&t->states, root);
    if (r->state) return;
    r->state = 1;
    vec_push(&st, ((struct Item){r, 0, 0}));
    while (st.len) {
        struct Item *it = &vec_last(&st);
        IrFunc *f = it->s->f;
        FuncState *next = NULL;
        while (!next && it->block < f->blocks.len) {
            IrBlock *b = &f->blocks.at[it->block];
            if (it->inst >= b->insts.len) {
                it->block++;
                it->inst = 0;
                continue;
            }
            IrValue *v = ir_val(f, b->insts.at[it->inst++]);
            if (v->op != IR_CALL && v->op != IR_CLOSURE) continue;
            IrFunc *g = map_get_ptr(&t->by_sym, v->aux.sym);
            FuncState *s = g ? map_get_ptr(&t->states, g) : NULL;
            if (s && !s->state) next = s;
        }
        if (next) {
            next->state = 1;
            vec_push(&st, ((struct Item){next, 0, 0}));
        } else {
            FuncState *s = it->s;
            st.len--;
            optimise(t, s);
        }
    }
    vec_free(&st);
}

void opt_unit(IrUnit *u, int level) {
    if (level <= 0) return;
    opt_escape_unit(u);
    Unit t = {.u = u};
    t.by_sym.arena = t.states.arena = &t.arena;
    for (int i = 0; i < u->funcs.len; i++) {
        FuncState *s = arena_new(&t.arena, FuncState);
        s->f = u->funcs.at[i];
        map_set_ptr(&t.by_sym, s->f->sym, s->f);
        map_set_ptr(&t.states, s->f, s);
    }
    for (int i = 0; i < u->funcs.len; i++) visit(&t, u->funcs.at[i]);
    base_stage = NULL;
    arena_free(&t.arena);
}
