/* core_int: shared by symname.c, typedesc.c and static.c. */
#ifndef VOLE_CORE_INT_H
#define VOLE_CORE_INT_H

#include "ir/ir_int.h"

typedef struct PendingDesc { Sym *sym; Type *type; } PendingDesc;

typedef struct IrCore {
    VEC(PendingDesc) descs;  /* descriptors that are named but not yet laid out */
    bool desc_busy;
    Map type_syms;           /* Type * -> Sym * */
    Map iface_methods;       /* Type * -> ObjectList * */
    Map method_sets;         /* Type * -> MethodSet * */
    Map var_syms;            /* Object * -> Sym * */
    Map static_vars;         /* Object * -> Sym * of variables whose whole value is laid out */
    uint32_t ntemps;
} IrCore;

IrCore *ir_core(IrUnit *u);
MethodSet *core_method_set(IrUnit *u, Type *t);
/* Bytes of an abi.Name; pkg_path adds the NameOff of the package path (NULL: none). */
Sym *core_name_symbol(IrUnit *u, Str name, Str tag, bool exported, bool embedded, const Str *pkg_path);
/* The path under which a package's symbols and descriptors go: "main" for main packages. */
Str core_pkg_path(Package *p);
uint8_t *core_mask_copy(IrUnit *u, const IrType *t);
static inline Sym *core_sym(IrUnit *u, const char *prefix, Type *t) {
    Buf b = {0};
    buf_puts(&b, prefix);
    type_print(&b, t, NULL, TYPENAME_LINK);
    Sym *s = sym_get(u->syms, buf_str(&b));
    buf_free(&b);
    return s;
}

#endif
