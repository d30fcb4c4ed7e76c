/* bodies: what an image says of its functions to the compiles that build upon it. See bodies.h.
 *
 *   Header | functions: NameEntry by hash | records
 *
 * A function's record stands alone (strings, symbols, types, then the body), so that reading one touches few pages. A
 * body is a stream of varints. Values are numbered in reverse postorder of the blocks, so arguments lie before their
 * users and are written as distances. Positions are (file, line): the reader's session gets a file of lines without
 * text for each source file that a body comes from. Symbols are named and, where the image defines them, have an
 * address, so that nothing must be looked up; types are their machine view and, where code may need it, their
 * descriptor. A function that mentions what cannot be written this way is left out. */
#include "opt/bodies.h"

#include <stdlib.h>
#include "ir/ir_int.h"
#include "opt/opt_int.h"

typedef struct TableHeader {
    uint32_t self; /* distance of the symbol itself from the images' base */
    uint32_t n;
} TableHeader;
/* Offsets from the symbol, 0: none. Two functions whose names have one hash have neither. */
typedef struct NameEntry { uint64_t hash; uint32_t body, escape; } NameEntry;

enum { HAS_AUX2 = 1, NEW_POS = 2, NEW_INL = 4, HAS_TYPE = 8 }; /* head of a value */
enum { TYPE_SIGNED = 1, TYPE_BOOL = 2, TYPE_EFACE = 4, TYPE_PTRS = 8 };
enum { FUNC_CTX = 1, FUNC_NOSPLIT = 2 };
enum { VAR_ADDRESSED = 1, VAR_PINNED = 2 };
/* One table an image: of std.vole, of a library image upon it. A job writes the first that no base image has. */
static const char *const table_symbols[] = {"go:inline", "go:inline.1", "go:inline.2"};
enum { MAX_TABLES = 2 };

/* ---- Tables by name ---------------------------------------------------------------------------------- */

static uint64_t name_hash(Str name) {
    uint64_t h = hash_bytes(name.p, name.n, 0xb0d1e5);
    h ^= h >> 32; /* uniform in its high bits */
    h *= 0x9e3779b97f4a7c15ull;
    return h ^ h >> 29;
}

static int by_hash(const void *a, const void *b) {
    uint64_t x = ((const NameEntry *)a)->hash, y = ((const NameEntry *)b)->hash;
    return x < y ? -1 : x > y;
}

/* Hashes are uniform, so it interpolates: one or two pages are read. */
static const NameEntry *find_name(const NameEntry *at, size_t n, Str name) {
    uint64_t h = name_hash(name);
    size_t i = (size_t)(((unsigned __int128)h * n) >> 64);
    if (!n) return NULL;
    if (i >= n) i = n - 1;
    while (i > 0 && at[i].hash > h) i--;
    while (i < n && at[i].hash < h) i++;
    return i < n && at[i].hash == h ? &at[i] : NULL;
}

/* ---- Writing ------------------------------------------------------------------------------------------- */

typedef struct SymPlace { uint32_t at; Sym *sym; } SymPlace;

typedef struct Writer {
    IrUnit *u;
    Buf records;
    VEC(NameEntry) funcs;
    VEC(SymPlace) addrs;      /* where in records addresses go */
    /* of one function */
    Arena arena;
    Buf body, strs, types;
    Map str_map, sym_map, type_map; /* -> number + 1; types by their record */
    VEC(Sym *) syms;
    const char *unfit;        /* why the function cannot be written */
    uint32_t file, line, inl;
} Writer;

static void put_u(Buf *b, uint64_t x) {
    for (; x >= 128; x >>= 7) buf_putc(b, (char)(x | 128));
    buf_putc(b, (char)x);
}
static void put_s(Buf *b, int64_t x) { put_u(b, (uint64_t)x << 1 ^ (uint64_t)(x >> 63)); }

/* Numbers begin at 1. */
static uint32_t str_number(Writer *w, Str s) {
    bool fresh;
    MapEntry *e = map_put_str(&w->str_map, str_dup(&w->arena, s), &fresh);
    if (fresh) {
        put_u(&w->strs, s.n);
        buf_put(&w->strs, s.p, s.n);
        e->num = (uint64_t)w->str_map.len;
    }
    return (uint32_t)e->num;
}

static uint32_t sym_number(Writer *w, Sym *s) {
    if (!s) return 0;
    bool fresh;
    MapEntry *e = map_put_ptr(&w->sym_map, s, &fresh);
    if (fresh) {
        vec_push(&w->syms, s);
        e->num = (uint64_t)w->syms.len;
    }
    return (uint32_t)e->num;
}

/* need: code will ask for the descriptor. */
static uint32_t type_number(Writer *w, const IrType *t, bool need) {
    if (!t) return 0;
    Sym *desc = t->desc ? t->desc : t->type ? ir_find_type_symbol(w->u, t->type) : NULL;
    if (need && t->type && !desc) w->unfit = "a type without descriptor";
    uint32_t elems[64];
    if (t->nelems > (int)ARRAY_LEN(elems)) {
        w->unfit = "a large tuple";
        return 0;
    }
    for (int i = 0; i < t->nelems; i++) elems[i] = type_number(w, t->elems[i], false);
    Buf b = {0};
    put_u(&b, t->rep);
    put_u(&b, (t->is_signed ? TYPE_SIGNED : 0) | (t->is_bool ? TYPE_BOOL : 0) | (t->eface ? TYPE_EFACE : 0) |
                  (t->has_ptrs ? TYPE_PTRS : 0));
    put_u(&b, t->align);
    put_u(&b, t->nslots);
    put_u(&b, t->size);
    put_u(&b, sym_number(w, desc));
    put_u(&b, (uint64_t)t->nelems);
    for (int i = 0; i < t->nelems; i++) put_u(&b, elems[i]);
    size_t mask = t->ptrmask && t->has_ptrs ? (t->nslots + 7) / 8 : 0;
    put_u(&b, mask);
    if (mask) buf_put(&b, t->ptrmask, mask);
    bool fresh;
    MapEntry *e = map_put_str(&w->type_map, str_dup(&w->arena, buf_str(&b)), &fresh);
    if (fresh) {
        buf_put(&w->types, b.data, b.len);
        e->num = (uint64_t)w->type_map.len;
    }
    buf_free(&b);
    return (uint32_t)e->num;
}

static void put_place(Writer *w, Buf *b, Pos p) {
    Location l = p ? pos_location(w->u->ts->syn, p) : (Location){0};
    put_u(b, l.file ? str_number(w, str_c(l.file)) : 0);
    put_u(b, l.file ? (uint64_t)l.line : 0);
}

static bool needs_descriptor(int op) {
    return op != IR_STORE && op != IR_MOVE && op != IR_ZEROMEM && op != IR_UNBOX;
}

static void put_value(Writer *w, IrFunc *f, ValueId id, const uint32_t *number) {
    IrValue *v = ir_val(f, id);
    Buf *b = &w->body;
    Location l = v->pos ? pos_location(w->u->ts->syn, v->pos) : (Location){0};
    uint32_t file = l.file ? str_number(w, str_c(l.file)) : 0, line = l.file ? (uint32_t)l.line : 0;
    bool moved = file != w->file || line != w->line, inl = v->inl != w->inl;
    put_u(b, v->op);
    put_u(b, v->flags);
    put_u(b, (v->aux2 ? HAS_AUX2 : 0) | (moved ? NEW_POS : 0) | (inl ? NEW_INL : 0) |
                 (v->type && v->type->rep != REP_NONE ? HAS_TYPE : 0));
    if (moved) {
        put_s(b, (int64_t)file - w->file);
        put_s(b, (int64_t)line - w->line);
        w->file = file;
        w->line = line;
    }
    if (inl) put_u(b, w->inl = v->inl);
    if (v->type && v->type->rep != REP_NONE) put_u(b, type_number(w, v->type, false));
    put_u(b, v->nargs);
    for (uint32_t i = 0; i < v->nargs; i++) put_u(b, v->args[i] ? number[id] - number[v->args[i]] : 0);
    if (v->aux2) put_s(b, v->aux2);
    const char *aux = ir_op_info[v->op].aux;
    if (!strcmp(aux, "i")) put_s(b, v->aux.i);
    else if (!strcmp(aux, "f")) buf_put(b, &v->aux.f, 8);
    else if (!strcmp(aux, "sym")) put_u(b, sym_number(w, v->aux.sym));
    else if (!strcmp(aux, "t")) put_u(b, type_number(w, v->aux.t, needs_descriptor(v->op)));
    else if (!strcmp(aux, "var")) put_u(b, v->aux.var->id);
    else if (!strcmp(aux, "p")) {
        int64_t n = v->op == IR_AGGMAKE ? v->nargs : v->op == IR_SWITCH ? v->aux2 : -1;
        if (n < 0) w->unfit = ir_op_info[v->op].name;
        for (int64_t i = 0; i < n; i++) put_s(b, ((int64_t *)v->aux.p)[i]);
    }
    if ((v->op == IR_ASSERTTYPE || v->op == IR_ASSERTIFACE) && v->args[0]) type_number(w, ir_val(f, v->args[0])->type, true);
}

static void put_blocks(Writer *w, IrFunc *f, Opt *o) {
    Buf *b = &w->body;
    uint32_t *number = arena_array(&o->arena, uint32_t, f->values.len), n = 0;
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *bl = &f->blocks.at[o->rpo[i]];
        for (int k = 0; k < bl->params.len; k++) number[bl->params.at[k]] = ++n;
        for (int k = 0; k < bl->insts.len; k++) number[bl->insts.at[k]] = ++n;
    }
    for (int i = 0; i < o->nrpo; i++) {
        IrBlock *bl = &f->blocks.at[o->rpo[i]];
        put_u(b, bl->unlikely);
        put_u(b, (uint64_t)bl->params.len);
        for (int k = 0; k < bl->params.len; k++) put_u(b, type_number(w, ir_val(f, bl->params.at[k])->type, false));
        put_u(b, (uint64_t)bl->insts.len);
        for (int k = 0; k < bl->insts.len; k++) put_value(w, f, bl->insts.at[k], number);
        put_u(b, (uint64_t)bl->nsucc);
        for (int k = 0; k < bl->nsucc; k++) {
            put_u(b, (uint64_t)o->rpo_of[bl->succ[k].to]);
            put_u(b, (uint64_t)bl->succ[k].nargs);
            for (int a = 0; a < bl->succ[k].nargs; a++) put_u(b, number[bl->succ[k].args[a]]);
        }
    }
}

static void reset(Writer *w) {
    arena_reset(&w->arena);
    w->str_map = w->sym_map = w->type_map = (Map){.arena = &w->arena};
    w->body.len = w->strs.len = w->types.len = 0;
    w->syms.len = 0;
    w->unfit = NULL;
    w->file = w->line = w->inl = 0;
}

/* Strings, symbols, types, body of the function that was just written; the offset of it all in records. */
static uint32_t put_record(Writer *w) {
    Buf *b = &w->records;
    size_t at = b->len;
    put_u(b, (uint64_t)w->str_map.len);
    buf_put(b, w->strs.data, w->strs.len);
    put_u(b, (uint64_t)w->syms.len);
    for (int i = 0; i < w->syms.len; i++) {
        Sym *s = w->syms.at[i];
        vec_push(&w->addrs, ((SymPlace){(uint32_t)b->len, s}));
        buf_put(b, "\0\0\0", 4);
        put_u(b, s->keep_name);
        put_u(b, s->name.n);
        buf_put(b, s->name.p, s->name.n);
    }
    put_u(b, (uint64_t)w->type_map.len);
    buf_put(b, w->types.data ? w->types.data : "", w->types.len);
    buf_put(b, w->body.data, w->body.len);
    return (uint32_t)at;
}

/* False: it cannot be written. */
static bool put_function(Writer *w, IrFunc *f) {
    Opt o = {.f = f};
    Buf *b = &w->body;
    reset(w);
    opt_cfg(&o);
    put_u(b, str_number(w, f->name));
    put_u(b, (f->has_ctx ? FUNC_CTX : 0) | (f->nosplit ? FUNC_NOSPLIT : 0));
    put_place(w, b, f->pos);
    put_u(b, (uint64_t)f->nparams);
    for (int i = 0; i < f->nparams; i++) put_u(b, type_number(w, f->params[i], false));
    put_u(b, (uint64_t)f->nresults);
    for (int i = 0; i < f->nresults; i++) put_u(b, type_number(w, f->results[i], false));
    put_u(b, (uint64_t)f->inlines.len);
    for (int i = 0; i < f->inlines.len; i++) {
        IrInline *in = &f->inlines.at[i];
        put_u(b, str_number(w, in->func));
        put_place(w, b, in->func_pos);
        put_place(w, b, in->call_pos);
        put_u(b, (uint64_t)(in->parent + 1));
    }
    put_u(b, (uint64_t)f->vars.len);
    for (int i = 0; i < f->vars.len; i++) {
        IrVar *x = f->vars.at[i];
        check(x->id == (uint32_t)i);
        put_u(b, type_number(w, x->type, false));
        put_u(b, str_number(w, x->name));
        put_u(b, (x->addressed ? VAR_ADDRESSED : 0) | (x->pinned ? VAR_PINNED : 0));
        put_u(b, (uint64_t)(x->param + 1));
        put_u(b, (uint64_t)(x->result + 1));
    }
    put_u(b, (uint64_t)o.nrpo);
    put_blocks(w, f, &o);
    arena_free(&o.arena);
    return !w->unfit;
}

static void drop_collisions(NameEntry *at, int n) {
    for (int i = 0; i + 1 < n; i++)
        if (at[i].hash == at[i + 1].hash) at[i].body = at[i].escape = at[i + 1].body = at[i + 1].escape = 0;
}

void opt_write_table(IrUnit *u) {
    Writer wr = {.u = u}, *w = &wr;
    buf_putc(&w->records, 0); /* no record has offset 0 */
    for (int i = 0, n = u->syms->all.len; i < n; i++) {
        Sym *s = u->syms->all.at[i];
        if (s->base_addr) continue;
        NameEntry e = {.hash = name_hash(s->name)};
        if (s->inl && opt_inline_facts(s->inl).ok && put_function(w, s->inl)) e.body = put_record(w);
        if (s->esc) {
            size_t at = w->records.len;
            if (opt_put_escape(s->esc, &w->records)) e.escape = (uint32_t)at;
        }
        if (e.body || e.escape) vec_push(&w->funcs, e);
    }
    TableHeader h = {.n = (uint32_t)w->funcs.len};
    size_t nfuncs = sizeof(NameEntry) * h.n, at = sizeof h + nfuncs;
    if (h.n) qsort(w->funcs.at, h.n, sizeof(NameEntry), by_hash);
    drop_collisions(w->funcs.at, w->funcs.len);
    for (int i = 0; i < w->funcs.len; i++) {
        NameEntry *e = &w->funcs.at[i];
        if (e->body) e->body += (uint32_t)at;
        if (e->escape) e->escape += (uint32_t)at;
    }
    int level = 0;
    while (level < MAX_TABLES && sym_get(u->syms, str_c(table_symbols[level]))->base_addr) level++;
    Sym *sym = sym_get(u->syms, str_c(table_symbols[level]));
    if (sym_begin_define(u->syms, sym, SYM_RODATA)) {
        sym_alloc_data(u->syms, sym, at + w->records.len, 8);
        memcpy(sym->data, &h, sizeof h);
        if (nfuncs) memcpy(sym->data + sizeof h, w->funcs.at, nfuncs);
        memcpy(sym->data + at, w->records.data, w->records.len);
        sym_reloc(u->syms, sym, offsetof(TableHeader, self), RELOC_OFF32, sym, 0);
        for (int i = 0; i < w->addrs.len; i++)
            sym_reloc(u->syms, sym, (uint32_t)at + w->addrs.at[i].at, RELOC_WEAK_OFF32, w->addrs.at[i].sym, 0);
    }
    buf_free(&w->records);
    buf_free(&w->body);
    buf_free(&w->strs);
    buf_free(&w->types);
    vec_free(&w->syms);
    vec_free(&w->funcs);
    vec_free(&w->addrs);
    arena_free(&w->arena);
}

/* ---- Reading --------------------------------------------------------------------------------------------- */

typedef struct Reader {
    struct Reader *next; /* of the next base image */
    IrUnit *u;
    const uint8_t *base; /* of the table; NULL: the base image has none */
    const NameEntry *funcs;
    size_t nfuncs;
    uint64_t space;      /* the images' base as linked */
    Map files, types;    /* path -> SourceFile *; descriptor -> IrType * */
    /* of one function; numbers begin at 1 */
    const uint8_t *at;
    Str *strs;
    Sym **syms;
    IrType **tys;
} Reader;

enum { MAX_LINE = 1 << 17 }; /* of a source file; lines beyond have no position */

static uint64_t get_u(Reader *r) {
    uint64_t x = 0;
    for (int shift = 0;; shift += 7) {
        uint8_t c = *r->at++;
        x |= (uint64_t)(c & 127) << shift;
        if (c < 128) return x;
    }
}
static int64_t get_s(Reader *r) {
    uint64_t x = get_u(r);
    return (int64_t)(x >> 1 ^ (0 - (x & 1)));
}

static Str get_bytes(Reader *r) {
    size_t n = get_u(r);
    Str s = {(const char *)r->at, n};
    r->at += n;
    return s;
}

static Str get_str(Reader *r) { return r->strs[get_u(r)]; }
static Sym *get_sym(Reader *r) { return r->syms[get_u(r)]; }
static const IrType *get_type(Reader *r) { return r->tys[get_u(r)]; }

static IrType *read_type(Reader *r) {
    IrType t = {.rep = (uint8_t)get_u(r)};
    unsigned bits = (unsigned)get_u(r);
    t.is_signed = bits & TYPE_SIGNED;
    t.is_bool = bits & TYPE_BOOL;
    t.eface = bits & TYPE_EFACE;
    t.has_ptrs = bits & TYPE_PTRS;
    t.align = (uint8_t)get_u(r);
    t.nslots = (uint32_t)get_u(r);
    t.size = get_u(r);
    t.desc = get_sym(r);
    t.nelems = (int)get_u(r);
    if (t.nelems) t.elems = arena_array(&r->u->arena, IrType *, t.nelems);
    for (int i = 0; i < t.nelems; i++) t.elems[i] = r->tys[get_u(r)];
    size_t mask = get_u(r);
    if (mask) t.ptrmask = r->at; /* the image stays mapped */
    r->at += mask;
    IrType *known = t.desc ? map_get_ptr(&r->types, t.desc) : NULL;
    if (known) return known;
    known = arena_memdup(&r->u->arena, &t, sizeof t);
    if (t.desc) map_set_ptr(&r->types, t.desc, known);
    return known;
}

static void read_tables(Reader *r) {
    Arena *a = &r->u->arena;
    size_t n = get_u(r);
    r->strs = arena_array(a, Str, n + 1);
    for (size_t i = 1; i <= n; i++) r->strs[i] = get_bytes(r);
    n = get_u(r);
    r->syms = arena_array(a, Sym *, n + 1);
    for (size_t i = 1; i <= n; i++) {
        uint32_t addr;
        memcpy(&addr, r->at, 4);
        r->at += 4;
        bool named = get_u(r);
        r->syms[i] = sym_get_base(r->u->syms, get_bytes(r), addr ? r->space + addr : 0, named);
    }
    n = get_u(r);
    r->tys = arena_array(a, IrType *, n + 1);
    for (size_t i = 1; i <= n; i++) r->tys[i] = read_type(r);
}

static Pos make_pos(Reader *r, uint32_t file, uint32_t line) {
    if (!file || !line || line > MAX_LINE) return 0;
    SourceFile *f = map_get_str(&r->files, r->strs[file]);
    if (!f) {
        f = session_add_lines(r->u->ts->syn, str_dup(&r->u->arena, r->strs[file]).p, MAX_LINE);
        map_set_str(&r->files, r->strs[file], f);
    }
    return f->base + line - 1;
}

static Pos get_place(Reader *r) {
    uint32_t file = (uint32_t)get_u(r), line = (uint32_t)get_u(r);
    return make_pos(r, file, line);
}

static const IrType **get_types(Reader *r, int *n) {
    *n = (int)get_u(r);
    const IrType **t = arena_array(&r->u->arena, const IrType *, *n + 1);
    for (int i = 0; i < *n; i++) t[i] = get_type(r);
    return t;
}

/* Where the stream stands: positions and inline entries are written as changes. */
typedef struct Place { uint32_t file, line, inl; Pos pos; } Place;

static void get_value(Reader *r, IrFunc *f, BlockId b, Place *at) {
    IrOp op = (IrOp)get_u(r);
    unsigned flags = (unsigned)get_u(r), head = (unsigned)get_u(r);
    if (head & NEW_POS) {
        at->file = (uint32_t)(at->file + get_s(r));
        at->line = (uint32_t)(at->line + get_s(r));
        at->pos = make_pos(r, at->file, at->line);
    }
    if (head & NEW_INL) at->inl = (uint32_t)get_u(r);
    const IrType *t = head & HAS_TYPE ? get_type(r) : &opt_none;
    ValueId id = ir_value_new(f, b, op, t, at->pos, 0, NULL);
    IrValue *v = ir_val(f, id);
    v->flags = (uint8_t)flags;
    v->inl = at->inl;
    v->nargs = (uint32_t)get_u(r);
    if (v->nargs) v->args = arena_array(f->arena, ValueId, v->nargs);
    for (uint32_t i = 0; i < v->nargs; i++) {
        uint32_t d = (uint32_t)get_u(r);
        v->args[i] = d ? id - d : 0;
    }
    if (head & HAS_AUX2) v->aux2 = get_s(r);
    const char *aux = ir_op_info[op].aux;
    if (!strcmp(aux, "i")) v->aux.i = get_s(r);
    else if (!strcmp(aux, "f")) {
        memcpy(&v->aux.f, r->at, 8);
        r->at += 8;
    } else if (!strcmp(aux, "sym")) v->aux.sym = get_sym(r);
    else if (!strcmp(aux, "t")) v->aux.t = get_type(r);
    else if (!strcmp(aux, "var")) v->aux.var = f->vars.at[get_u(r)];
    else if (!strcmp(aux, "p")) {
        int64_t n = op == IR_AGGMAKE ? v->nargs : v->aux2, *p = arena_array(f->arena, int64_t, n + 1);
        for (int64_t i = 0; i < n; i++) p[i] = get_s(r);
        v->aux.p = p;
    }
}

static void get_blocks(Reader *r, IrFunc *f) {
    int n = (int)get_u(r);
    Place at = {0};
    for (int i = 0; i < n; i++) ir_block_new(f);
    for (int i = 0; i < n; i++) {
        BlockId b = (BlockId)i;
        f->blocks.at[i].unlikely = get_u(r);
        int np = (int)get_u(r);
        for (int k = 0; k < np; k++) ir_block_param(f, b, get_type(r));
        int ni = (int)get_u(r);
        for (int k = 0; k < ni; k++) get_value(r, f, b, &at);
        int ns = (int)get_u(r);
        f->blocks.at[i].nsucc = ns;
        f->blocks.at[i].succ = arena_array(f->arena, IrEdge, ns);
        for (int k = 0; k < ns; k++) {
            IrEdge *e = &f->blocks.at[i].succ[k];
            e->to = (BlockId)get_u(r);
            e->nargs = (int)get_u(r);
            e->args = arena_array(f->arena, ValueId, e->nargs);
            for (int a = 0; a < e->nargs; a++) e->args[a] = (ValueId)get_u(r);
        }
    }
}

static IrFunc *get_function(Reader *r, Sym *s) {
    read_tables(r);
    IrFunc *f = ir_func_new(r->u, s, get_str(r));
    unsigned bits = (unsigned)get_u(r);
    f->has_ctx = bits & FUNC_CTX;
    f->nosplit = bits & FUNC_NOSPLIT;
    f->pos = get_place(r);
    f->params = get_types(r, &f->nparams);
    f->results = get_types(r, &f->nresults);
    int n = (int)get_u(r);
    for (int i = 0; i < n; i++) {
        IrInline in = {.func = str_dup(f->arena, get_str(r))};
        in.func_pos = get_place(r);
        in.call_pos = get_place(r);
        in.parent = (int)get_u(r) - 1;
        vec_push(&f->inlines, in);
    }
    n = (int)get_u(r);
    for (int i = 0; i < n; i++) {
        const IrType *t = get_type(r);
        IrVar *x = ir_var_new(f, t, str_dup(f->arena, get_str(r)), f->pos);
        unsigned var = (unsigned)get_u(r);
        x->addressed = var & VAR_ADDRESSED;
        x->pinned = var & VAR_PINNED;
        x->param = (int)get_u(r) - 1;
        x->result = (int)get_u(r) - 1;
    }
    get_blocks(r, f);
#ifdef VOLE_DEBUG
    ir_verify(f, "reading its body from the base image");
#endif
    return f;
}

static Reader *open_table(IrUnit *u, const char *symbol) {
    uint64_t at = u->syms->base_lookup && u->ts ? u->syms->base_lookup(u->syms->base_ctx, str_c(symbol)) : 0;
    Reader *r = arena_new(&u->arena, Reader);
    r->u = u;
    r->types.arena = r->files.arena = &u->arena;
    if (!at) return r;
    TableHeader h;
    r->base = (const uint8_t *)(uintptr_t)(at + u->syms->base_delta);
    memcpy(&h, r->base, sizeof h);
    r->funcs = (const NameEntry *)(r->base + sizeof h);
    r->nfuncs = h.n;
    r->space = at - h.self;
    return r;
}

/* The tables of the base images; without any, one that is empty. All units of a job share one that owns the functions:
 * what they look like must not depend on who asked first. */
static Reader *get_readers(IrUnit *of) {
    IrUnit *u = of->syms->bodies;
    if (!u) {
        u = of->syms->bodies = calloc(1, sizeof *u);
        if (!u) base_oom();
        u->ts = of->ts;
        u->syms = of->syms;
    }
    if (u->base_table) return u->base_table;
    Reader *first = open_table(u, table_symbols[0]), *last = first;
    for (int i = 1; i < MAX_TABLES && last->base; i++) last = last->next = open_table(u, table_symbols[i]);
    return u->base_table = first;
}

/* Asked once a symbol. The lock is held. */
static const NameEntry *entry_of(IrUnit *u, Sym *s) {
    if (!s->base_addr) return NULL;
    for (Reader *r = get_readers(u); r && !s->base_asked && !s->base_entry; r = r->next)
        if (r->base) s->base_entry = find_name(r->funcs, r->nfuncs, s->name);
    s->base_asked = true;
    return s->base_entry;
}

static Reader *reader_of(IrUnit *u, const NameEntry *e) {
    Reader *r = get_readers(u);
    while (e < r->funcs || e >= r->funcs + r->nfuncs) r = r->next;
    return r;
}

IrFunc *opt_base_body(IrUnit *u, Sym *s) {
    pthread_mutex_lock(&u->syms->bodies_lock);
    const NameEntry *e = s->inl ? NULL : entry_of(u, s);
    if (e && e->body) {
        Reader *r = reader_of(u, e);
        r->at = r->base + e->body;
        uint64_t before = sym_order_begin(SYM_ORDER_NONE);
        s->inl = get_function(r, s);
        sym_order_end(before);
    }
    IrFunc *f = s->inl;
    pthread_mutex_unlock(&u->syms->bodies_lock);
    return f;
}

struct EscSummary *opt_base_escape(IrUnit *u, Sym *s) {
    pthread_mutex_lock(&u->syms->bodies_lock);
    const NameEntry *e = entry_of(u, s);
    const uint8_t *at = e && e->escape ? reader_of(u, e)->base + e->escape : NULL;
    pthread_mutex_unlock(&u->syms->bodies_lock);
    return (struct EscSummary *)at;
}
