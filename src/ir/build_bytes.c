/* Bodies of encoding/binary's and internal/byteorder's fixed-size accessors: one check of the last byte, then one
 * access of the whole (and a byte swap), instead of an access a byte. Small enough to be inlined everywhere. */
#include "ir/build_int.h"

typedef struct Accessor { uint8_t bytes; bool big, put; } Accessor;

static bool skip(Str *s, const char *text) {
    size_t n = strlen(text);
    if (s->n < n || memcmp(s->p, text, n)) return false;
    s->p += n;
    s->n -= n;
    return true;
}

/* "encoding/binary.littleEndian.PutUint32", "internal/byteorder.LEPutUint32" and the like */
static bool find_accessor(Str name, Accessor *a) {
    *a = (Accessor){0};
    if (skip(&name, "encoding/binary.")) {
        if (skip(&name, "bigEndian.")) a->big = true;
        else if (!skip(&name, "littleEndian.")) return false;
    } else if (skip(&name, "internal/byteorder.")) {
        if (skip(&name, "BE")) a->big = true;
        else if (!skip(&name, "LE")) return false;
    } else return false;
    a->put = skip(&name, "Put");
    if (!skip(&name, "Uint")) return false;
    a->bytes = str_is(name, "16") ? 2 : str_is(name, "32") ? 4 : str_is(name, "64") ? 8 : 0;
    return a->bytes != 0;
}

bool build_byte_order_body(Builder *b, Sym *sym, Object *o, Str symname, Str name) {
    Accessor acc;
    SignatureType *sig = (SignatureType *)type_unalias(object_type(o));
    if (!find_accessor(symname, &acc)) return false;
    Fn *fn = fn_new(b, NULL, inst_new(b, o, (TypeList){0}), sym, symname, name, o->pos);
    fn_signature(fn, sig->recv, sig);
    int first = sig->recv != NULL;
    if (fn->f->nparams != first + 1 + acc.put || fn->f->nresults != !acc.put)
        bug("%.*s is not what it was", STR_FMT(symname));
    ValueId s = fn_aux_i(fn, E0(fn, PARAM, fn->f->params[first]), first);
    const IrType *word = acc.put ? fn->f->params[first + 1] : fn->f->results[0], *ptr = irtype_ptr(fn->u);
    static const IntrinsicId swaps[9] = {[2] = INTRIN_BSWAP16, [4] = INTRIN_BSWAP32, [8] = INTRIN_BSWAP64};
    fn_aux_i(fn, E2(fn, ELEMADDR, ptr, s, fn_const_int(fn, acc.bytes - 1)), 1); /* the check */
    ValueId p = E1(fn, SLICEPTR, ptr, s), v, out[1];
    if (acc.put) {
        v = fn_aux_i(fn, E0(fn, PARAM, word), first + 1);
        if (acc.big) v = fn_aux_i(fn, fn_emit(fn, IR_PURE, word, 1, &v), swaps[acc.bytes]);
        fn_flag(fn, fn_aux_t(fn, E2(fn, STORE, &irtype_none, p, v), word), IRF_NONNIL);
        fn_emit(fn, IR_RET, &irtype_none, 0, NULL);
    } else {
        v = fn_flag(fn, E1(fn, LOAD, word, p), IRF_NONNIL);
        if (acc.big) v = fn_aux_i(fn, fn_emit(fn, IR_PURE, word, 1, &v), swaps[acc.bytes]);
        out[0] = v;
        fn_emit(fn, IR_RET, &irtype_none, 1, out);
    }
    fn_finish(fn);
    base_stage = NULL;
    return true;
}
