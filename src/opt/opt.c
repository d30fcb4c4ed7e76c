/* opt: the table of passes. */
#include "opt/opt_int.h"

static const struct Pass {
    const char *name;
    void (*run)(Opt *o);
} passes[] = {
    {"cleanup", opt_cleanup},   /* unreachable code would hide single definitions */
    {"mem2reg", opt_mem2reg},
    {"simplify", opt_simplify},
    {"cleanup", opt_cleanup},
    {"gvn", opt_gvn},
    {"simplify", opt_simplify},
    {"dce", opt_dce},
    {"cleanup", opt_cleanup},
    {"dce", opt_dce},
};

void opt_function(IrFunc *f, int level) {
    if (level <= 0) return;
    Opt o = {.f = f};
    for (size_t i = 0; i < ARRAY_LEN(passes); i++) {
        arena_reset(&o.arena);
        passes[i].run(&o);
#ifdef VOLE_DEBUG
        ir_verify(f, passes[i].name);
#endif
    }
    arena_free(&o.arena);
}

void opt_unit(IrUnit *u, int level) {
    if (level > 0) opt_escape_unit(u);
    for (int i = 0; i < u->funcs.len; i++) {
        base_stage = u->funcs.at[i]->name.p;
        opt_function(u->funcs.at[i], level);
    }
    base_stage = NULL;
}
