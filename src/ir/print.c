/* The text form of SSA. ir_parse (parse.c) reads it back.
 *
 *   func "main.f" (i64, str) (bool) ctx defer recover=b3 {
 *     var $0 i64 "x" param=0 addressed
 *   b0:
 *     v1 = PARAM i64 #0
 *     v3 = ADD i64 v1, v2 !inbounds
 *     LOCALSET v3 $0 +8
 *     BR v4 -> b1(v1), b2
 *   b1(v5 i64):
 *     ...
 *   }
 * Aux by the op's column: #int, %hexfloat, @"sym", <type>, $var, {int, ...}; then aux2 as +n. */
#include "ir/ir.h"

static void print_type(Buf *b, const IrType *t) {
    if (!t) {
        buf_puts(b, "none");
        return;
    }
    switch ((IrRep)t->rep) {
    case REP_NONE: buf_puts(b, "none"); break;
    case REP_INT:
        if (t->is_bool) buf_puts(b, "bool");
        else buf_printf(b, "%c%d", t->is_signed ? 'i' : 'u', (int)t->size * 8);
        break;
    case REP_PTR: buf_puts(b, "ptr"); break;
    case REP_F32: buf_puts(b, "f32"); break;
    case REP_F64: buf_puts(b, "f64"); break;
    case REP_C64: buf_puts(b, "c64"); break;
    case REP_C128: buf_puts(b, "c128"); break;
    case REP_STR: buf_puts(b, "str"); break;
    case REP_SLICE: buf_puts(b, "slice"); break;
    case REP_IFACE: buf_puts(b, t->eface ? "eface" : "iface"); break;
    case REP_AGG:
        buf_printf(b, "agg%llu.%d(", (unsigned long long)t->size, t->align);
        for (uint64_t w = 0; t->ptrmask && w < (t->size + 63) / 64; w++)
            buf_printf(b, "%02x", t->ptrmask[w]);
        buf_puts(b, ")");
        break;
    case REP_TUPLE:
        buf_puts(b, "tuple(");
        for (int i = 0; i < t->nelems; i++) {
            if (i) buf_puts(b, ", ");
            print_type(b, t->elems[i]);
        }
        buf_puts(b, ")");
        break;
    }
}

static void print_quoted(Buf *b, Str s) {
    buf_putc(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\' || c < 32 || c == 127) buf_printf(b, "\\x%02x", c);
        else buf_putc(b, (char)c);
    }
    buf_putc(b, '"');
}

static void print_aux(Buf *b, IrFunc *f, IrValue *v) {
    const char *aux = ir_op_info[v->op].aux;
    if (!strcmp(aux, "i")) buf_printf(b, " #%lld", (long long)v->aux.i);
    else if (!strcmp(aux, "f")) buf_printf(b, " %%%a", v->aux.f);
    else if (!strcmp(aux, "sym")) {
        if (v->aux.sym) {
            buf_puts(b, " @");
            print_quoted(b, v->aux.sym->name);
        }
    } else if (!strcmp(aux, "t")) {
        buf_puts(b, " <");
        print_type(b, v->aux.t);
        buf_putc(b, '>');
    } else if (!strcmp(aux, "var")) buf_printf(b, " $%u", v->aux.var->id);
    else if (!strcmp(aux, "p") && v->op != IR_SELECT && v->aux.p) {
        int64_t n = v->op == IR_AGGMAKE ? v->nargs : v->aux2;
        buf_puts(b, " {");
        for (int64_t i = 0; i < n; i++)
            buf_printf(b, "%s%lld", i ? ", " : "", (long long)((int64_t *)v->aux.p)[i]);
        buf_putc(b, '}');
        if (v->op == IR_SWITCH) return;
    }
    if (v->aux2) buf_printf(b, " +%lld", (long long)v->aux2);
}

static void print_value(Buf *b, IrFunc *f, ValueId id) {
    IrValue *v = ir_val(f, id);
    buf_puts(b, "  ");
    if (v->type && v->type->rep != REP_NONE) buf_printf(b, "v%u = ", id);
    buf_puts(b, ir_op_info[v->op].name);
    if (v->type) {
        buf_putc(b, ' ');
        print_type(b, v->type);
    }
    for (uint32_t i = 0; i < v->nargs; i++) buf_printf(b, "%sv%u", i ? ", " : " ", v->args[i]);
    print_aux(b, f, v);
    if (v->flags & IRF_NONNIL) buf_puts(b, " !nonnil");
    if (v->flags & IRF_INBOUNDS) buf_puts(b, " !inbounds");
    if (v->flags & IRF_NOESCAPE) buf_puts(b, " !noescape");
    if (v->flags & IRF_NOWB) buf_puts(b, " !nowb");
    if (v->flags & IRF_BYADDR) buf_puts(b, " !byaddr");
}

void ir_print(Buf *b, IrFunc *f) {
    buf_puts(b, "func ");
    print_quoted(b, f->name);
    buf_puts(b, " (");
    for (int i = 0; i < f->nparams; i++) {
        if (i) buf_puts(b, ", ");
        print_type(b, f->params[i]);
    }
    buf_puts(b, ") (");
    for (int i = 0; i < f->nresults; i++) {
        if (i) buf_puts(b, ", ");
        print_type(b, f->results[i]);
    }
    buf_puts(b, ")");
    if (f->has_ctx) buf_puts(b, " ctx");
    if (f->has_defer) buf_puts(b, " defer");
    if (f->is_wrapper) buf_puts(b, " wrapper");
    if (f->noinline) buf_puts(b, " noinline");
    if (f->recover_block) buf_printf(b, " recover=b%u", f->recover_block);
    buf_puts(b, " {\n");
    for (int i = 0; i < f->vars.len; i++) {
        IrVar *v = f->vars.at[i];
        buf_printf(b, "  var $%d ", i);
        print_type(b, v->type);
        buf_putc(b, ' ');
        print_quoted(b, v->name);
        if (v->param >= 0) buf_printf(b, " param=%d", v->param);
        if (v->result >= 0) buf_printf(b, " result=%d", v->result);
        if (v->addressed) buf_puts(b, " addressed");
        buf_putc(b, '\n');
    }
    for (int i = 0; i < f->blocks.len; i++) {
        IrBlock *bl = &f->blocks.at[i];
        buf_printf(b, "b%d", i);
        for (int k = 0; k < bl->params.len; k++) {
            buf_printf(b, "%sv%u ", k ? ", " : "(", bl->params.at[k]);
            print_type(b, ir_val(f, bl->params.at[k])->type);
        }
        buf_puts(b, bl->params.len ? "):" : ":");
        buf_puts(b, bl->unlikely ? " unlikely\n" : "\n");
        for (int k = 0; k < bl->insts.len; k++) {
            print_value(b, f, bl->insts.at[k]);
            if (k == bl->insts.len - 1)
                for (int e = 0; e < bl->nsucc; e++) {
                    buf_printf(b, "%s b%u", e ? "," : " ->", bl->succ[e].to);
                    for (int a = 0; a < bl->succ[e].nargs; a++)
                        buf_printf(b, "%sv%u", a ? ", " : "(", bl->succ[e].args[a]);
                    if (bl->succ[e].nargs) buf_putc(b, ')');
                }
            buf_putc(b, '\n');
        }
    }
    buf_puts(b, "}\n");
}
