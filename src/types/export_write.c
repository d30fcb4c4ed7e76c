/* export_write: a checked package as pruned source text. See export.h and export_format.h.
 *
 * Types and functions are copied from the source without comments, functions mostly without body.
 * Constants are written with their value, variables with their inferred type; only where a type cannot
 * be spelled (it mentions a local type, or another package's unexported one) is the initialiser kept. */
#include "types/export.h"
#include "types/export_format.h"
#include "types/types_int.h"

enum { INLINE_TEXT = 240 }; /* longest body, in bytes, that is kept for inlining */

typedef struct FileOut {
    Buf text;
    VEC(ExpPlace) places;
    VEC(ExpImport) imports;
} FileOut;

typedef struct Writer {
    TypeSession *ts;
    Package *pkg;
    Checker *c;
    Buf *out;          /* the blob */
    FileOut *files;    /* one a source file, and one for composed declarations */
    int nfiles;
    VEC(ExpEntry) entries;
    VEC(ExpMethod) methods;
    Map aliases;       /* Package * -> number + 1 in the composed file's imports */
    Map written_specs; /* ValueSpec * -> offset + 1 */
} Writer;

static ExpStr put_str(Writer *w, Str s) {
    ExpStr r = {(uint32_t)w->out->len, (uint32_t)s.n};
    buf_put(w->out, s.p, s.n);
    return r;
}

static ExpTable put_table(Writer *w, const void *at, int n, size_t size) {
    while (w->out->len & 3) buf_putc(w->out, 0);
    ExpTable t = {(uint32_t)w->out->len, (uint32_t)n};
    if (n) buf_put(w->out, at, (size_t)n * size);
    return t;
}

/* ---- Copying source text ----------------------------------------------------------------------------- */

static bool ident_byte(unsigned char ch) {
    return ch == '_' || ch >= 0x80 || (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z');
}

/* Copies text[from..to) without comments, line breaks kept. to == 0: up to the end of the declaration,
 * that is the first line break or semicolon outside brackets after a token that can end one. */
static void copy_source(Buf *b, Str text, uint32_t from, uint32_t to) {
    const char *p = text.p + from, *end = text.p + (to ? to : text.n);
    int depth = 0;
    bool can_end = false;
    while (p < end) {
        char ch = *p;
        const char *q = p + 1;
        if (ch == '/' && q < end && *q == '/') {
            p = memchr(p, '\n', (size_t)(end - p));
            if (!p) return;
            continue;
        }
        if (ch == '/' && q < end && *q == '*') {
            for (q++; q < end && !(q[-1] == '*' && *q == '/' && q > p + 2); q++)
                if (*q == '\n') buf_putc(b, '\n');
            buf_putc(b, ' ');
            p = q + 1;
            continue;
        }
        if (ch == '"' || ch == '\'') {
            while (q < end && *q != ch) q += *q == '\\' ? 2 : 1;
            q++;
            can_end = true;
        } else if (ch == '`') {
            while (q < end && *q != '`') q++;
            q++;
            can_end = true;
        } else if (ident_byte((unsigned char)ch)) {
            while (q < end && ident_byte((unsigned char)*q)) q++;
            can_end = true;
        } else if (ch == '\n' || ch == ';') {
            if (!to && depth == 0 && can_end) return;
            if (ch == ';') can_end = false;
        } else if (ch != ' ' && ch != '\t' && ch != '\r') {
            if (ch == '(' || ch == '[' || ch == '{') depth++;
            if (ch == ')' || ch == ']' || ch == '}') {
                if (!to && depth == 0) return; /* the group's bracket */
                depth--;
            }
            can_end = ch == ')' || ch == ']' || ch == '}';
        }
        if (q > end) q = end;
        buf_put(b, p, (size_t)(q - p));
        p = q;
    }
}

static int file_of(Writer *w, Pos p) {
    SourceFile *src = pos_file(w->ts->syn, p);
    for (int i = 0; i < w->pkg->nfiles; i++)
        if (w->pkg->files[i]->src == src) return i;
    return -1;
}

/* The next byte of file's text stands where p is. */
static void put_place(Writer *w, FileOut *f, Pos p) {
    Location l = pos_location(w->ts->syn, p);
    int file = file_of(w, p);
    ExpPlace pl = {(uint32_t)f->text.len, file < 0 ? 0 : (uint32_t)file, (uint32_t)l.line,
                   (uint32_t)l.col};
    vec_push(&f->places, pl);
}

static void add_entry(Writer *w, Name *name, int file, size_t offset, unsigned pragmas) {
    ExpEntry e = {{0, 0}, (uint32_t)file, (uint32_t)offset, pragmas};
    e.name = put_str(w, name_str(name));
    vec_push(&w->entries, e);
}

/* ---- Types as source text ------------------------------------------------------------------------------- */

static bool spell(Writer *w, Buf *b, Type *t, int depth);

static void spell_pkg(Writer *w, Buf *b, Package *p) {
    bool fresh;
    MapEntry *e = map_put_ptr(&w->aliases, p, &fresh);
    if (fresh) {
        FileOut *f = &w->files[w->nfiles - 1];
        e->num = (uint64_t)f->imports.len + 1;
        char name[32];
        snprintf(name, sizeof name, "\xc9\xb8%d", f->imports.len); /* a letter nobody uses */
        ExpImport im;
        im.name = put_str(w, str_c(name));
        im.path = put_str(w, p->path);
        vec_push(&f->imports, im);
    }
    buf_printf(b, "\xc9\xb8%d.", (int)e->num - 1);
}

static bool spell_list(Writer *w, Buf *b, TypeList l, int depth) {
    buf_putc(b, '[');
    for (int i = 0; i < l.len; i++) {
        if (i) buf_putc(b, ',');
        if (!spell(w, b, l.at[i], depth)) return false;
    }
    buf_putc(b, ']');
    return true;
}

static bool spell_object(Writer *w, Buf *b, Object *o) {
    if (!o->pkg) { /* predeclared, unless the package hides it */
        buf_put(b, o->name->p, o->name->n);
        return !scope_lookup(w->pkg->scope, o->name);
    }
    if (scope_lookup(o->pkg->scope, o->name) != o) return false; /* local */
    if (o->pkg != w->pkg) {
        if (!o->name->exported) return false;
        spell_pkg(w, b, o->pkg);
    }
    buf_put(b, o->name->p, o->name->n);
    return true;
}

static bool spell_tuple(Writer *w, Buf *b, TupleType *t, bool variadic, int depth) {
    buf_putc(b, '(');
    for (int i = 0; i < tuple_len(t); i++) {
        Type *v = t->vars.at[i]->type;
        if (i) buf_putc(b, ',');
        if (variadic && i == t->vars.len - 1) {
            if (v->kind != TYPE_SLICE) return false;
            buf_puts(b, "...");
            v = ((SliceType *)v)->elem;
        }
        if (!spell(w, b, v, depth)) return false;
    }
    buf_putc(b, ')');
    return true;
}

static bool spell_signature(Writer *w, Buf *b, SignatureType *s, int depth) {
    return !s->tparams.len && spell_tuple(w, b, s->params, s->variadic, depth) &&
           (!tuple_len(s->results) || spell_tuple(w, b, s->results, false, depth));
}

static void spell_quoted(Buf *b, Str s) {
    Arena a = {0};
    const_print_exact(b, const_make_string(&a, s));
    arena_free(&a);
}

static bool spell(Writer *w, Buf *b, Type *t, int depth) {
    if (depth++ > 50) return false;
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC: {
        BasicType *bt = (BasicType *)t;
        if (bt->info & BF_UNTYPED || bt->basic == BASIC_INVALID) return false;
        if (bt->basic == BASIC_UNSAFEPTR) {
            spell_pkg(w, b, w->ts->unsafe_pkg);
        } else if (scope_lookup(w->pkg->scope,
                                intern(w->ts->syn->names, bt->name, strlen(bt->name)))) {
            return false;
        }
        buf_puts(b, bt->name);
        return true;
    }
    case TYPE_ARRAY:
        buf_printf(b, "[%lld]", (long long)((ArrayType *)t)->len);
        return spell(w, b, ((ArrayType *)t)->elem, depth);
    case TYPE_SLICE: buf_puts(b, "[]"); return spell(w, b, ((SliceType *)t)->elem, depth);
    case TYPE_POINTER: buf_puts(b, "*"); return spell(w, b, ((PointerType *)t)->elem, depth);
    case TYPE_MAP:
        buf_puts(b, "map[");
        if (!spell(w, b, ((MapType *)t)->key, depth)) return false;
        buf_putc(b, ']');
        return spell(w, b, ((MapType *)t)->elem, depth);
    case TYPE_CHAN: {
        ChanType *c = (ChanType *)t;
        buf_puts(b, c->dir == CHAN_BOTH ? "chan (" : c->dir == CHAN_SEND ? "chan<- (" : "<-chan (");
        if (!spell(w, b, c->elem, depth)) return false;
        buf_putc(b, ')');
        return true;
    }
    case TYPE_SIGNATURE: buf_puts(b, "func"); return spell_signature(w, b, (SignatureType *)t, depth);
    case TYPE_STRUCT: {
        StructType *s = (StructType *)t;
        buf_puts(b, "struct{");
        for (int i = 0; i < s->fields.len; i++) {
            Object *f = s->fields.at[i];
            if (f->pkg != w->pkg && !f->name->exported) return false;
            if (i) buf_putc(b, ';');
            if (!f->embedded) buf_printf(b, "%s ", f->name->p);
            if (!spell(w, b, f->type, depth)) return false;
            if (s->tags && s->tags[i].n) {
                buf_putc(b, ' ');
                spell_quoted(b, s->tags[i]);
            }
        }
        buf_putc(b, '}');
        return true;
    }
    case TYPE_INTERFACE: {
        TypeSet *s = types_typeset((InterfaceType *)t);
        if (!typeset_is_method_set(s)) return false;
        buf_puts(b, "interface{");
        for (int i = 0; i < s->methods.len; i++) {
            Object *m = s->methods.at[i];
            if (m->pkg != w->pkg && !m->name->exported) return false;
            if (i) buf_putc(b, ';');
            buf_puts(b, m->name->p);
            if (!spell_signature(w, b, (SignatureType *)object_type(m), depth)) return false;
        }
        buf_putc(b, '}');
        return true;
    }
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        if (!spell_object(w, b, n->obj)) return false;
        return n->orig == n || spell_list(w, b, n->targs, depth);
    }
    case TYPE_ALIAS: {
        AliasType *a = (AliasType *)t;
        size_t at = b->len;
        if (!a->targs.len && spell_object(w, b, a->obj)) return true;
        b->len = at;
        Type *u = type_unalias(t);
        return u != t && spell(w, b, u, depth);
    }
    default: return false;
    }
}

/* ---- Declarations ------------------------------------------------------------------------------------------ */

static void write_const(Writer *w, Object *o) {
    FileOut *f = &w->files[w->nfiles - 1];
    size_t offset = f->text.len;
    Buf type = {0}, val = {0};
    const ConstVal *v = o->cval;
    BasicType *bt = (BasicType *)type_basic(o->type);
    bool untyped = is_untyped(o->type), ok = bt && const_kind(v) != CONST_UNKNOWN;
    if (ok && !untyped) ok = spell(w, &type, o->type, 0);
    if (!ok) { /* an unspellable type: rare enough to keep the underlying one */
        type.len = 0;
        if (bt && !untyped) buf_puts(&type, bt->name);
    }
    if (const_kind(v) == CONST_BOOL) {
        buf_puts(&val, const_bool(v) ? "0==0" : "0!=0");
    } else if (bt && bt->basic == BASIC_UNTYPED_RUNE) {
        int64_t r = 0;
        if (const_int64(v, &r) && r >= 0 && r <= 0x10FFFF && !(r >= 0xD800 && r < 0xE000)) {
            buf_printf(&val, "'\\U%08x'", (unsigned)r);
        } else {
            buf_puts(&val, "'\\x00'+(");
            const_print_exact(&val, v);
            buf_putc(&val, ')');
        }
    } else {
        const_print_exact(&val, v);
        if (bt && bt->basic == BASIC_UNTYPED_FLOAT && const_kind(v) == CONST_INT) buf_puts(&val, ".0");
        if (bt && bt->basic == BASIC_UNTYPED_COMPLEX && const_kind(v) != CONST_COMPLEX)
            buf_puts(&val, "+0i");
    }
    buf_puts(&f->text, "const ");
    put_place(w, f, o->pos);
    buf_printf(&f->text, "%s %s = %s\n", o->name->p, type.len ? type.data : "", val.data);
    add_entry(w, o->name, w->nfiles - 1, offset, 0);
    buf_free(&type);
    buf_free(&val);
}

static void write_var(Writer *w, Object *o) {
    Buf type = {0};
    if (spell(w, &type, o->type, 0)) {
        FileOut *f = &w->files[w->nfiles - 1];
        size_t offset = f->text.len;
        buf_puts(&f->text, "var ");
        put_place(w, f, o->pos);
        buf_printf(&f->text, "%s %s\n", o->name->p, type.data);
        add_entry(w, o->name, w->nfiles - 1, offset, 0);
        buf_free(&type);
        return;
    }
    buf_free(&type);
    int file = file_of(w, o->pos);
    DeclInfo *d = o->decl_info;
    if (file < 0 || !d || !d->spec) return;
    FileOut *f = &w->files[file];
    bool fresh;
    MapEntry *e = map_put_ptr(&w->written_specs, d->spec, &fresh);
    if (fresh) {
        e->num = f->text.len;
        SourceFile *src = w->pkg->files[file]->src;
        Pos p = d->spec->names[0]->x.pos;
        buf_puts(&f->text, "var ");
        put_place(w, f, p);
        copy_source(&f->text, src->text, p - src->base, 0);
        buf_putc(&f->text, '\n');
    }
    add_entry(w, o->name, file, (size_t)e->num, 0);
}

static void write_type(Writer *w, Object *o) {
    int file = file_of(w, o->pos);
    if (file < 0) return;
    FileOut *f = &w->files[file];
    SourceFile *src = w->pkg->files[file]->src;
    size_t offset = f->text.len;
    buf_puts(&f->text, "type ");
    put_place(w, f, o->pos);
    copy_source(&f->text, src->text, o->pos - src->base, 0);
    buf_putc(&f->text, '\n');
    add_entry(w, o->name, file, offset, 0);
}

/* Bodies that importers may inline: short, and without what inlining cannot copy. */
static bool inlinable(Str text, uint32_t from, uint32_t to, FuncDecl *fd) {
    if (fd->nfunclits || (fd->pragmas & PRAGMA_NOINLINE) || to - from > INLINE_TEXT) return false;
    static const char *const bad[] = {"go ", "defer ", "select", "recover", "goto ", "func("};
    Arena a = {0};
    Str body = str_dup(&a, (Str){text.p + from, to - from});
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(bad) && ok; i++) ok = !strstr(body.p, bad[i]);
    arena_free(&a);
    return ok;
}

/* Returns the offset of the function's text in its file. */
static size_t write_func_text(Writer *w, FuncDecl *fd, bool generic, int file) {
    FileOut *f = &w->files[file];
    SourceFile *src = w->pkg->files[file]->src;
    size_t offset = f->text.len;
    uint32_t from = fd->pos - src->base;
    put_place(w, f, fd->pos);
    if (!fd->body) {
        copy_source(&f->text, src->text, from, 0);
    } else {
        uint32_t body = fd->body->s.pos - src->base, end = fd->end - src->base;
        copy_source(&f->text, src->text, from,
                    generic || inlinable(src->text, body, end, fd) ? end : body);
    }
    buf_putc(&f->text, '\n');
    return offset;
}

static void write_func(Writer *w, Object *o) {
    int file = file_of(w, o->pos);
    FuncDecl *fd = o->func.decl;
    if (file < 0 || !fd) return;
    size_t offset = write_func_text(w, fd, fd->sig->tparams.len > 0, file);
    add_entry(w, o->name, file, offset, fd->pragmas);
}

static void write_methods(Writer *w, Object *tname) {
    if (!tname->type || tname->type->kind != TYPE_NAMED) return;
    NamedType *n = (NamedType *)tname->type;
    if (n->obj != tname) return;
    ExpStr recv = {0, 0};
    for (int i = 0; i < n->methods_.len; i++) {
        Object *m = n->methods_.at[i];
        FuncDecl *fd = m->func.decl;
        int file = file_of(w, m->pos);
        if (file < 0 || !fd) continue;
        if (!recv.off) recv = put_str(w, name_str(tname->name));
        size_t off = write_func_text(w, fd, n->tparams.len || fd->sig->tparams.len, file);
        ExpMethod em = {recv, (uint32_t)file, (uint32_t)off, fd->pragmas};
        vec_push(&w->methods, em);
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b) {
    return str_cmp(name_str((*(Object *const *)a)->name), name_str((*(Object *const *)b)->name));
}

static void file_imports(Writer *w, int i) {
    File *f = w->pkg->files[i];
    for (int k = 0; k < f->nimports; k++) {
        ImportSpec *s = f->imports[k];
        if (!s->obj || (s->name && s->name->name->blank)) continue;
        ExpImport im = {{0, 0}, {0, 0}};
        if (s->name) im.name = put_str(w, name_str(s->name->name));
        im.path = put_str(w, s->obj->imported->path);
        vec_push(&w->files[i].imports, im);
    }
}

static ExpFile finish_file(Writer *w, int i) {
    FileOut *f = &w->files[i];
    ExpFile e = {0};
    File *src = i < w->pkg->nfiles ? w->pkg->files[i] : NULL;
    e.path = put_str(w, str_c(src && src->src ? src->src->path : "<export>"));
    e.text = put_str(w, buf_str(&f->text));
    if (src) {
        e.version = (uint32_t)as_go_version(src->go_version);
        VEC(ExpLinkname) links = {0};
        for (int k = 0; k < src->nlinknames; k++) {
            ExpLinkname l;
            l.local = put_str(w, name_str(src->linknames[k].local));
            l.target = put_str(w, src->linknames[k].target);
            vec_push(&links, l);
        }
        e.linknames = put_table(w, links.at, links.len, sizeof(ExpLinkname));
        vec_free(&links);
    }
    e.imports = put_table(w, f->imports.at, f->imports.len, sizeof(ExpImport));
    e.places = put_table(w, f->places.at, f->places.len, sizeof(ExpPlace));
    buf_free(&f->text);
    vec_free(&f->imports);
    vec_free(&f->places);
    return e;
}

void export_write(TypeSession *ts, Package *pkg, Buf *out) {
    Writer w = {.ts = ts, .pkg = pkg, .c = types_neutral_checker(ts), .out = out};
    ExpHeader h = {.magic = EXPORT_MAGIC, .is_std = pkg->is_std};
    size_t start = out->len;
    check(start == 0);
    buf_put(out, &h, sizeof h);
    w.nfiles = pkg->nfiles + 1;
    w.files = calloc((size_t)w.nfiles, sizeof *w.files);
    if (!w.files) base_oom();
    for (int i = 0; i < pkg->nfiles; i++) file_imports(&w, i);

    VEC(Object *) objs = {0};
    for (int i = 0; i < pkg->scope->elems.len; i++) {
        Object *o = pkg->scope->elems.entries[i].val;
        if (o && o->pkg == pkg && o->type && !is_invalid(o->type)) vec_push(&objs, o);
    }
    if (objs.len) qsort(objs.at, (size_t)objs.len, sizeof *objs.at, by_name);
    for (int i = 0; i < objs.len; i++) {
        Object *o = objs.at[i];
        switch (o->kind) {
        case OBJ_CONST: write_const(&w, o); break;
        case OBJ_VAR: write_var(&w, o); break;
        case OBJ_TYPENAME:
            write_type(&w, o);
            write_methods(&w, o);
            break;
        case OBJ_FUNC: write_func(&w, o); break;
        }
    }
    vec_free(&objs);

    h.path = put_str(&w, pkg->path);
    h.name = put_str(&w, name_str(pkg->name));
    h.go_version = put_str(&w, pkg->go_version);
    ExpFile *files = calloc((size_t)w.nfiles, sizeof *files);
    ExpStr *imports = calloc((size_t)pkg->nimports + 1, sizeof *imports);
    if (!files || !imports) base_oom();
    for (int i = 0; i < w.nfiles; i++) files[i] = finish_file(&w, i);
    for (int i = 0; i < pkg->nimports; i++) imports[i] = put_str(&w, pkg->imports[i]->path);
    h.files = put_table(&w, files, w.nfiles, sizeof *files);
    h.imports = put_table(&w, imports, pkg->nimports, sizeof *imports);
    h.entries = put_table(&w, w.entries.at, w.entries.len, sizeof(ExpEntry));
    h.methods = put_table(&w, w.methods.at, w.methods.len, sizeof(ExpMethod));
    h.size = (uint32_t)out->len;
    memcpy(out->data, &h, sizeof h);
    free(files);
    free(imports);
    free(w.files);
    vec_free(&w.entries);
    vec_free(&w.methods);
    map_free(&w.aliases);
    map_free(&w.written_specs);
}
