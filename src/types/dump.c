/* --dump=types: the package's objects with their types, constants with values, initialisation order. */
#include "types/types_int.h"

void dump_types(TypeSession *ts, Package *pkg, FILE *out) {
    Buf b = {0};
    buf_printf(&b, "package %s \"%.*s\"%s\n", pkg->name ? pkg->name->p : "?", STR_FMT(pkg->path),
               pkg->complete ? "" : " (incomplete)");
    for (int i = 0; i < pkg->scope->elems.len; i++) {
        Object *o = pkg->scope->elems.entries[i].val;
        if (!o || !pkg->checker) continue;
        buf_puts(&b, "\t");
        object_string(&b, pkg->checker, o);
        if (o->kind == OBJ_CONST && o->cval) {
            buf_puts(&b, " = ");
            const_print_exact(&b, o->cval);
        }
        buf_putc(&b, '\n');
        Type *t = o->kind == OBJ_TYPENAME ? o->type : NULL;
        if (!t || t->kind != TYPE_NAMED) continue;
        for (int k = 0; k < named_nmethods((NamedType *)t); k++) {
            buf_puts(&b, "\t\t");
            object_string(&b, pkg->checker, named_method((NamedType *)t, k));
            buf_putc(&b, '\n');
        }
    }
    for (int i = 0; i < pkg->ninits; i++) {
        buf_puts(&b, "\tinit");
        for (int k = 0; k < pkg->inits[i].lhs.len; k++) buf_printf(&b, " %s", pkg->inits[i].lhs.at[k]->name->p);
        buf_puts(&b, " = ");
        expr_print(&b, pkg->inits[i].rhs);
        buf_putc(&b, '\n');
    }
    fwrite(b.data, 1, b.len, out);
    buf_free(&b);
}
