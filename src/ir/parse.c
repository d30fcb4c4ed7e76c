/* Reads the text form of SSA (see print.c), so that passes are tested text in, text out. Types come back
 * as machine types without a Go type. Not for SELECT, whose aux has no text. */
#include "ir/ir.h"

#include <setjmp.h>
#include <stdlib.h>

typedef struct Parser {
    IrUnit *u;
    IrFunc *f;
    const char *p, *end;
    int line;
    const char *err;
    jmp_buf fail;
    Map ids;                                /* v number in the text (as pointer) -> ValueId */
    VEC(struct Fix { ValueId *at; }) fixes; /* uses: hold text numbers until the end */
} Parser;

noreturn_ static void fail(Parser *p, const char *what) {
    p->err = arena_printf(&p->u->arena, "line %d: %s", p->line, what);
    longjmp(p->fail, 1);
}

static void space(Parser *p) {
    while (p->p < p->end) {
        if (*p->p == '\n') p->line++;
        if (*p->p == ' ' || *p->p == '\n' || *p->p == '\t') p->p++;
        else if (*p->p == ';') {
            while (p->p < p->end && *p->p != '\n') p->p++;
        } else break;
    }
}
static char peek(Parser *p) {
    space(p);
    return p->p < p->end ? *p->p : 0;
}
/* The next character on this line, without crossing the line's end; 0 at the end. */
static char peek_line(Parser *p) {
    while (p->p < p->end && (*p->p == ' ' || *p->p == '\t')) p->p++;
    return p->p < p->end && *p->p != '\n' ? *p->p : 0;
}
static bool accept(Parser *p, const char *s) {
    space(p);
    size_t n = strlen(s);
    if ((size_t)(p->end - p->p) < n || memcmp(p->p, s, n)) return false;
    p->p += n;
    return true;
}
static void expect(Parser *p, const char *s) {
    if (!accept(p, s)) fail(p, arena_printf(&p->u->arena, "expected %s", s));
}
static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
static Str word(Parser *p) {
    space(p);
    const char *s = p->p;
    while (p->p < p->end && is_word(*p->p)) p->p++;
    if (s == p->p) fail(p, "expected a word");
    return (Str){s, (size_t)(p->p - s)};
}
static int64_t number(Parser *p) {
    space(p);
    char *e;
    int64_t v = *p->p == '-' ? strtoll(p->p, &e, 10) : (int64_t)strtoull(p->p, &e, 10);
    if (e == p->p) fail(p, "expected a number");
    p->p = e;
    return v;
}
static Str quoted(Parser *p) {
    expect(p, "\"");
    Buf b = {0};
    while (p->p < p->end && *p->p != '"') {
        if (*p->p == '\\' && p->end - p->p > 3) {
            char hex[3] = {p->p[2], p->p[3], 0};
            buf_putc(&b, (char)strtol(hex, NULL, 16));
            p->p += 4;
        } else buf_putc(&b, *p->p++);
    }
    Str s = str_dup(&p->u->arena, buf_str(&b));
    buf_free(&b);
    expect(p, "\"");
    return s;
}

static const IrType *parse_type(Parser *p) {
    Arena *a = &p->u->arena;
    IrType *t = arena_new(a, IrType);
    Str w = word(p);
#define REP(r, sz, al, ns) (t->rep = r, t->size = sz, t->align = al, t->nslots = ns)
    static const uint8_t first = 1, second = 2;
    if (str_is(w, "none")) REP(REP_NONE, 0, 1, 0);
    else if (str_is(w, "bool")) REP(REP_INT, 1, 1, 1), t->is_bool = true;
    else if (str_is(w, "ptr")) REP(REP_PTR, 8, 8, 1), t->ptrmask = &first;
    else if (str_is(w, "f32")) REP(REP_F32, 4, 4, 1);
    else if (str_is(w, "f64")) REP(REP_F64, 8, 8, 1);
    else if (str_is(w, "c64")) REP(REP_C64, 8, 4, 1);
    else if (str_is(w, "c128")) REP(REP_C128, 16, 8, 2);
    else if (str_is(w, "str")) REP(REP_STR, 16, 8, 2), t->ptrmask = &first;
    else if (str_is(w, "slice")) REP(REP_SLICE, 24, 8, 3), t->ptrmask = &first;
    else if (str_is(w, "iface") || str_is(w, "eface"))
        REP(REP_IFACE, 16, 8, 2), t->eface = w.p[0] == 'e', t->ptrmask = &second;
    else if (str_is(w, "tuple")) {
        const IrType *elems[64];
        int n = 0;
        expect(p, "(");
        while (!accept(p, ")")) {
            if (n == 64) fail(p, "tuple too long");
            elems[n++] = parse_type(p);
            accept(p, ",");
        }
        return irtype_tuple(p->u, elems, n);
    } else if (w.n > 3 && !memcmp(w.p, "agg", 3)) {
        uint64_t size = strtoull(w.p + 3, NULL, 10);
        expect(p, ".");
        int align = (int)number(p);
        REP(REP_AGG, size, (uint8_t)align, (uint32_t)((size + 7) / 8));
        expect(p, "(");
        if (peek(p) != ')') {
            uint8_t *m = arena_alloc(a, size / 64 + 2);
            Str hex = word(p);
            for (size_t i = 0; i + 1 < hex.n && i / 2 < size / 64 + 1; i += 2) {
                char h[3] = {hex.p[i], hex.p[i + 1], 0};
                m[i / 2] = (uint8_t)strtol(h, NULL, 16);
            }
            t->ptrmask = m;
        }
        expect(p, ")");
    } else if ((w.p[0] == 'i' || w.p[0] == 'u') && w.n > 1) {
        int bits = atoi(w.p + 1);
        if (bits != 8 && bits != 16 && bits != 32 && bits != 64) fail(p, "unknown type");
        REP(REP_INT, (uint64_t)bits / 8, (uint8_t)(bits / 8), 1), t->is_signed = w.p[0] == 'i';
    } else fail(p, "unknown type");
#undef REP
    t->has_ptrs = t->ptrmask != NULL;
    return t;
}

static bool at_value(Parser *p) {
    return *p->p == 'v' && p->p + 1 < p->end && p->p[1] >= '0' && p->p[1] <= '9';
}
static ValueId value_num(Parser *p) {
    space(p);
    if (!at_value(p)) fail(p, "expected a value");
    p->p++;
    return (ValueId)number(p);
}
static void bind(Parser *p, ValueId text, ValueId id) {
    bool fresh;
    MapEntry *e = map_put_ptr(&p->ids, (void *)(uintptr_t)(text + 1), &fresh);
    if (!fresh) fail(p, "value defined twice");
    e->num = id;
}
static ValueId *value_list(Parser *p, int *n) {
    VEC(ValueId) l = {.arena = p->f->arena};
    if (at_value(p)) do
            vec_push(&l, value_num(p));
        while (peek_line(p) == ',' && accept(p, ","));
    for (int i = 0; i < l.len; i++) vec_push(&p->fixes, ((struct Fix){&l.at[i]}));
    *n = l.len;
    return l.at;
}

static int find_op(Str name) {
    for (int i = 0; i < IR_OP_COUNT; i++)
        if (str_is(name, ir_op_info[i].name)) return i;
    return -1;
}

static void parse_aux(Parser *p, IrValue *v) {
    for (char c; (c = peek_line(p)) && c != '-' && c != '!';) {
        p->p++;
        switch (c) {
        case '#': v->aux.i = number(p); break;
        case '%': {
            char *e;
            v->aux.f = strtod(p->p, &e);
            p->p = e;
            break;
        }
        case '@': v->aux.sym = sym_get(p->u->syms, quoted(p)); break;
        case '<':
            v->aux.t = parse_type(p);
            expect(p, ">");
            break;
        case '$': {
            int64_t i = number(p);
            if (i < 0 || i >= p->f->vars.len) fail(p, "no such variable");
            v->aux.var = p->f->vars.at[i];
            break;
        }
        case '{': {
            VEC(int64_t) l = {.arena = p->f->arena};
            while (!accept(p, "}")) {
                vec_push(&l, number(p));
                accept(p, ",");
            }
            v->aux.p = l.at;
            if (v->op == IR_SWITCH) v->aux2 = l.len;
            break;
        }
        case '+': v->aux2 = number(p); break;
        default: fail(p, "unexpected character in an instruction");
        }
    }
    while (peek_line(p) == '!') {
        p->p++;
        Str w = word(p);
        if (str_is(w, "nonnil")) v->flags |= IRF_NONNIL;
        else if (str_is(w, "inbounds")) v->flags |= IRF_INBOUNDS;
        else if (str_is(w, "noescape")) v->flags |= IRF_NOESCAPE;
        else if (str_is(w, "nowb")) v->flags |= IRF_NOWB;
        else if (str_is(w, "byaddr")) v->flags |= IRF_BYADDR;
        else fail(p, "unknown flag");
    }
}

static void parse_inst(Parser *p, BlockId b) {
    IrFunc *f = p->f;
    ValueId text = 0;
    bool named = false;
    if (peek(p) == 'v' && at_value(p)) {
        text = value_num(p);
        named = true;
        expect(p, "=");
    }
    int op = find_op(word(p));
    if (op < 0) fail(p, "unknown operation");
    const IrType *t = NULL;
    char c = peek_line(p);
    if (c >= 'a' && c <= 'z' && !at_value(p)) t = parse_type(p);
    ValueId id = ir_value_new(f, b, (IrOp)op, t, 0, 0, NULL);
    if (named) bind(p, text, id);
    IrValue v = *ir_val(f, id);
    peek_line(p);
    int n;
    v.args = value_list(p, &n);
    v.nargs = (uint32_t)n;
    parse_aux(p, &v);
    *ir_val(f, id) = v;
    if (peek_line(p) == '-') {
        expect(p, "->");
        VEC(IrEdge) edges = {.arena = f->arena};
        do {
            expect(p, "b");
            IrEdge e = {.to = (BlockId)number(p)};
            if (peek_line(p) == '(') {
                p->p++;
                peek_line(p);
                e.args = value_list(p, &e.nargs);
                expect(p, ")");
            }
            vec_push(&edges, e);
        } while (peek_line(p) == ',' && accept(p, ","));
        f->blocks.at[b].succ = edges.at;
        f->blocks.at[b].nsucc = edges.len;
    }
}

static void type_list(Parser *p, const IrType ***out, int *n) {
    VEC(const IrType *) l = {.arena = &p->u->arena};
    expect(p, "(");
    while (!accept(p, ")")) {
        vec_push(&l, parse_type(p));
        accept(p, ",");
    }
    *out = l.at;
    *n = l.len;
}

static void parse_func(Parser *p) {
    expect(p, "func");
    Str name = quoted(p);
    IrFunc *f = p->f = ir_func_new(p->u, sym_get(p->u->syms, name), name);
    type_list(p, &f->params, &f->nparams);
    type_list(p, &f->results, &f->nresults);
    while (!accept(p, "{")) {
        Str w = word(p);
        if (str_is(w, "ctx")) f->has_ctx = true;
        else if (str_is(w, "defer")) f->has_defer = true;
        else if (str_is(w, "wrapper")) f->is_wrapper = true;
        else if (str_is(w, "noinline")) f->noinline = true;
        else if (str_is(w, "recover")) {
            expect(p, "=b");
            f->recover_block = (BlockId)number(p);
        } else fail(p, "unknown function attribute");
    }
    while (accept(p, "var ")) {
        expect(p, "$");
        number(p);
        const IrType *t = parse_type(p);
        IrVar *v = ir_var_new(f, t, quoted(p), 0);
        while (peek_line(p)) {
            if (accept(p, "param=")) v->param = (int)number(p);
            else if (accept(p, "result=")) v->result = (int)number(p);
            else {
                expect(p, "addressed");
                v->addressed = true;
            }
        }
    }
    while (!accept(p, "}")) {
        if (peek(p) == 'b') {
            p->p++;
            int64_t n = number(p);
            if (n != f->blocks.len) fail(p, "blocks must be numbered in order");
            BlockId b = ir_block_new(f);
            if (accept(p, "(")) {
                while (!accept(p, ")")) {
                    ValueId text = value_num(p);
                    bind(p, text, ir_block_param(f, b, parse_type(p)));
                    accept(p, ",");
                }
            }
            expect(p, ":");
            if (peek_line(p) && accept(p, "unlikely")) f->blocks.at[b].unlikely = true;
        } else {
            if (!f->blocks.len) fail(p, "instruction before the first block");
            parse_inst(p, (BlockId)f->blocks.len - 1);
        }
    }
    for (int i = 0; i < p->fixes.len; i++) {
        ValueId *at = p->fixes.at[i].at;
        MapEntry *e = map_find_ptr(&p->ids, (void *)(uintptr_t)(*at + 1));
        if (*at == 0) continue; /* v0: an absent operand */
        if (!e) fail(p, arena_printf(&p->u->arena, "v%u is not defined", *at));
        *at = (ValueId)e->num;
    }
    for (int i = 0; i < f->blocks.len; i++)
        for (int k = 0; k < f->blocks.at[i].nsucc; k++)
            if (f->blocks.at[i].succ[k].to >= (BlockId)f->blocks.len)
                fail(p, "edge to a block that does not exist");
}

IrFunc *ir_parse(IrUnit *u, Str text, const char **err) {
    Parser p = {.u = u, .p = text.p, .end = text.p + text.n, .line = 1};
    p.ids.arena = p.fixes.arena = &u->arena;
    *err = NULL;
    if (setjmp(p.fail)) {
        *err = p.err;
        return NULL;
    }
    parse_func(&p);
    ir_compute_preds(p.f);
    return p.f;
}
