/* typestring: how types are written. Three styles from one walk: messages (as gc's), link names
 * (unique in the whole program, full paths) and what reflect's String gives. */
#include "types/types_int.h"

typedef struct Writer {
    Buf *b;
    Checker *c;   /* MESSAGE: qualifies as seen from c's package; NULL: from rel */
    Package *rel;
    uint8_t style;
    bool no_param_names;
    bool shown;     /* LINK inside REFLECT: local types get gc's number, which is no name for the linker */
    bool pkg_info;  /* say the package of the first unexported field: same-looking types */
    int depth;
    Type *seen[32]; /* types being written, against cycles of incomplete declarations */
    TypeList own;   /* link style: type parameters of the signature being written, as $i */
} Writer;

static void write_type(Writer *w, Type *t);

static void put(Writer *w, const char *s) { buf_puts(w->b, s); }
static void put_name(Writer *w, const Name *n) { buf_put(w->b, n->p, n->n); }
static bool message(const Writer *w) { return w->style == TYPENAME_MESSAGE; }

static void write_pkg(Writer *w, Package *p) {
    if (!p) return;
    Str q = p->path;
    if (w->style == TYPENAME_REFLECT) {
        q = name_str(p->name);
    } else if (message(w)) {
        if (w->pkg_info)
            ;
        else if (w->c)
            q = pkg_qualifier(w->c, p);
        else if (p == w->rel)
            q.n = 0;
        else if (w->rel)
            q = name_str(p->name);
    }
    if (!q.n) return;
    buf_put(w->b, q.p, q.n);
    buf_putc(w->b, '.');
}

/* gc numbers the types that a package's functions define, file after file. */
static uint32_t local_number(TypeSession *ts, Object *o) {
    uint32_t n = o->local;
    SourceFile *src = pos_file(ts->syn, o->pos);
    for (int i = 0; i < o->pkg->nfiles && o->pkg->files[i]->src != src; i++) n += o->pkg->files[i]->nlocal_types;
    return n;
}

static void write_typename(Writer *w, Object *o) {
    write_pkg(w, o->pkg);
    put_name(w, o->name);
    if (w->style == TYPENAME_LINK && o->pkg && o->parent && o->parent != o->pkg->scope) {
        /* Declared in a function: told apart by its place in the source. */
        TypeSession *ts = NULL;
        if (o->type && o->type->kind == TYPE_NAMED) ts = ((NamedType *)o->type)->ts;
        if (ts && w->shown && o->local) {
            buf_printf(w->b, "·%u", local_number(ts, o));
            return;
        }
        if (ts) {
            Location l = pos_location(ts->syn, o->pos);
            const char *base = l.file ? strrchr(l.file, '/') : NULL;
            buf_printf(w->b, "·%s:%d:%d", base ? base + 1 : l.file ? l.file : "", l.line, l.col);
        }
    }
}

static void write_list(Writer *w, TypeList l) {
    uint8_t saved = w->style;
    bool shown = w->shown;
    if (saved == TYPENAME_REFLECT) w->style = TYPENAME_LINK, w->shown = true; /* arguments have full paths */
    buf_putc(w->b, '[');
    for (int i = 0; i < l.len; i++) {
        if (i) put(w, message(w) ? ", " : ",");
        write_type(w, l.at[i]);
    }
    buf_putc(w->b, ']');
    w->style = saved;
    w->shown = shown;
}

static void write_tparams(Writer *w, TypeList l) {
    buf_putc(w->b, '[');
    Type *prev = NULL;
    for (int i = 0; i < l.len; i++) {
        TypeParamType *p = (TypeParamType *)l.at[i];
        if (i) {
            if (p->bound != prev && prev) {
                buf_putc(w->b, ' ');
                write_type(w, prev);
            }
            put(w, ", ");
        }
        prev = p->bound;
        write_type(w, &p->t);
    }
    if (prev) {
        buf_putc(w->b, ' ');
        write_type(w, prev);
    }
    buf_putc(w->b, ']');
}

static void write_tuple(Writer *w, TupleType *t, bool variadic) {
    buf_putc(w->b, '(');
    int n = tuple_len(t);
    for (int i = 0; i < n; i++) {
        Object *v = t->vars.at[i];
        if (i) put(w, ", ");
        if (message(w) && !w->no_param_names && v->name && v->name->n) {
            put_name(w, v->name);
            buf_putc(w->b, ' ');
        }
        if (variadic && i == n - 1) {
            Type *u = v->type;
            if (u->kind == TYPE_SLICE) {
                put(w, "...");
                write_type(w, ((SliceType *)u)->elem);
            } else { /* append([]byte, s...) */
                write_type(w, u);
                put(w, "...");
            }
        } else {
            write_type(w, v->type);
        }
    }
    buf_putc(w->b, ')');
}

static void write_signature(Writer *w, SignatureType *s) {
    TypeList saved = w->own;
    if (s->tparams.len) {
        if (!message(w)) w->own = s->tparams;
        write_tparams(w, s->tparams);
    }
    write_tuple(w, s->params, s->variadic);
    int n = tuple_len(s->results);
    if (n) {
        buf_putc(w->b, ' ');
        Object *r = s->results->vars.at[0];
        if (n == 1 && (!message(w) || w->no_param_names || !r->name || !r->name->n))
            write_type(w, r->type);
        else
            write_tuple(w, s->results, false);
    }
    w->own = saved;
}

static void write_tag(Writer *w, Str tag) {
    buf_puts(w->b, " \"");
    for (size_t i = 0; i < tag.n; i++) {
        unsigned char ch = (unsigned char)tag.p[i];
        if (ch == '"' || ch == '\\')
            buf_printf(w->b, "\\%c", ch);
        else if (ch == '\n')
            put(w, "\\n");
        else if (ch == '\t')
            put(w, "\\t");
        else if (ch < ' ' || ch == 127)
            buf_printf(w->b, "\\x%02x", ch);
        else
            buf_putc(w->b, (char)ch);
    }
    buf_putc(w->b, '"');
}

static void write_struct(Writer *w, StructType *s) {
    bool loose = !message(w);
    put(w, loose ? (s->fields.len ? "struct { " : "struct {") : "struct{");
    for (int i = 0; i < s->fields.len; i++) {
        Object *f = s->fields.at[i];
        if (i) put(w, "; ");
        bool annotate = message(w) && w->pkg_info && !f->name->exported;
        if (annotate) w->pkg_info = false;
        if (!f->embedded) {
            if (w->style == TYPENAME_LINK && !f->name->exported && f->pkg) write_pkg(w, f->pkg);
            put_name(w, f->name);
            buf_putc(w->b, ' ');
        } else if (w->style == TYPENAME_LINK) {
            buf_putc(w->b, '?'); /* the field's name may be an alias's */
            if (!f->name->exported && f->pkg) write_pkg(w, f->pkg);
            put_name(w, f->name);
            buf_putc(w->b, ' ');
        }
        write_type(w, f->type);
        if (annotate) buf_printf(w->b, " /* package %.*s */ ", STR_FMT(f->pkg->path));
        if (s->tags && s->tags[i].n) write_tag(w, s->tags[i]);
    }
    put(w, loose && s->fields.len ? " }" : "}");
}

static void write_interface(Writer *w, InterfaceType *t) {
    if (!message(w)) {
        /* By content: the whole set, so that identical interfaces have one name. */
        TypeSet *s = types_typeset(t);
        bool any = false;
        put(w, "interface {");
        if (s->comparable) {
            put(w, " comparable");
            any = true;
        }
        for (int i = 0; i < s->methods.len; i++) {
            Object *m = s->methods.at[i];
            put(w, any ? "; " : " ");
            any = true;
            if (!m->name->exported && m->pkg) write_pkg(w, m->pkg);
            put_name(w, m->name);
            write_signature(w, (SignatureType *)object_type(m));
        }
        if (!s->all_types) {
            put(w, any ? "; " : " ");
            any = true;
            for (int i = 0; i < s->nterms; i++) {
                if (i) put(w, " | ");
                if (s->terms[i].tilde) put(w, "~");
                write_type(w, s->terms[i].type);
            }
        }
        put(w, any ? " }" : "}");
        return;
    }
    if (t->tset && t->tset->comparable && !t->methods.len && !t->embeddeds.len) {
        put(w, "interface{comparable}");
        return;
    }
    if (t->implicit) {
        if (!t->methods.len && t->embeddeds.len == 1) {
            write_type(w, t->embeddeds.at[0]);
            return;
        }
        put(w, "/* implicit */ ");
    }
    put(w, "interface{");
    bool any = false;
    for (int i = 0; i < t->methods.len; i++) {
        if (any) put(w, "; ");
        any = true;
        put_name(w, t->methods.at[i]->name);
        Type *mt = t->methods.at[i]->type;
        if (mt) write_signature(w, (SignatureType *)mt);
    }
    for (int i = 0; i < t->embeddeds.len; i++) {
        if (any) put(w, "; ");
        any = true;
        write_type(w, t->embeddeds.at[i]);
    }
    buf_putc(w->b, '}');
}

static void write_chan(Writer *w, ChanType *t) {
    bool parens = false;
    if (t->dir == CHAN_BOTH) {
        put(w, "chan ");
        parens = t->elem->kind == TYPE_CHAN && ((ChanType *)t->elem)->dir == CHAN_RECV;
    } else {
        put(w, t->dir == CHAN_SEND ? "chan<- " : "<-chan ");
    }
    if (parens) buf_putc(w->b, '(');
    write_type(w, t->elem);
    if (parens) buf_putc(w->b, ')');
}

static void write_typeparam(Writer *w, TypeParamType *t) {
    for (int i = 0; i < w->own.len; i++)
        if (w->own.at[i] == &t->t) {
            buf_printf(w->b, "$%d", i);
            return;
        }
    put_name(w, t->obj->name);
    if (w->style == TYPENAME_LINK) buf_printf(w->b, "#%u", t->t.id);
    if (message(w) && scope_lookup(t->ts->universe, t->obj->name)) {
        Location l = pos_location(t->ts->syn, t->obj->pos);
        buf_printf(w->b, " /* with %s declared at %s:%d:%d */", t->obj->name->p,
                   l.file ? l.file : "?", l.line, l.col);
    }
}

static void write_basic(Writer *w, BasicType *t) {
    static const char *const plain[BASIC_COUNT] = {[BASIC_UINT8] = "uint8", [BASIC_INT32] = "int32"};
    if (t->basic == BASIC_UNSAFEPTR)
        put(w, "unsafe.Pointer");
    else
        put(w, !message(w) && plain[t->basic] ? plain[t->basic] : t->name);
}

static void write_type(Writer *w, Type *t) {
    if (!t) {
        put(w, "<nil>");
        return;
    }
    if (t->kind == TYPE_ALIAS && !message(w)) {
        Type *u = type_unalias(t);
        if (u != t) {
            write_type(w, u);
            return;
        }
    }
    /* Only messages may meet types that are not complete; the other styles must not shorten anything. */
    bool track = message(w);
    if (track && w->depth >= (int)ARRAY_LEN(w->seen)) {
        put(w, "...");
        return;
    }
    for (int i = 0; track && i < w->depth; i++)
        if (w->seen[i] == t && t->kind != TYPE_BASIC && t->kind != TYPE_TYPEPARAM) {
            put(w, "<cycle>");
            return;
        }
    if (track) w->seen[w->depth] = t;
    w->depth++;
    switch ((TypeKind)t->kind) {
    case TYPE_BASIC: write_basic(w, (BasicType *)t); break;
    case TYPE_ARRAY:
        buf_printf(w->b, "[%lld]", (long long)((ArrayType *)t)->len);
        write_type(w, ((ArrayType *)t)->elem);
        break;
    case TYPE_SLICE:
        put(w, "[]");
        write_type(w, ((SliceType *)t)->elem);
        break;
    case TYPE_STRUCT: write_struct(w, (StructType *)t); break;
    case TYPE_POINTER:
        put(w, "*");
        write_type(w, ((PointerType *)t)->elem);
        break;
    case TYPE_TUPLE: write_tuple(w, (TupleType *)t, false); break;
    case TYPE_SIGNATURE:
        put(w, "func");
        write_signature(w, (SignatureType *)t);
        break;
    case TYPE_UNION: {
        UnionType *u = (UnionType *)t;
        for (int i = 0; i < u->nterms; i++) {
            if (i) put(w, " | ");
            if (u->terms[i].tilde) put(w, "~");
            write_type(w, u->terms[i].type);
        }
        break;
    }
    case TYPE_INTERFACE: write_interface(w, (InterfaceType *)t); break;
    case TYPE_MAP:
        put(w, "map[");
        write_type(w, ((MapType *)t)->key);
        put(w, "]");
        write_type(w, ((MapType *)t)->elem);
        break;
    case TYPE_CHAN: write_chan(w, (ChanType *)t); break;
    case TYPE_NAMED: {
        NamedType *n = (NamedType *)t;
        write_typename(w, n->obj);
        if (n->orig != n)
            write_list(w, n->targs);
        else if (message(w) && n->tparams.len)
            write_tparams(w, n->tparams);
        break;
    }
    case TYPE_TYPEPARAM: write_typeparam(w, (TypeParamType *)t); break;
    case TYPE_ALIAS: {
        AliasType *a = (AliasType *)t;
        write_typename(w, a->obj);
        if (a->targs.len)
            write_list(w, a->targs);
        else if (a->tparams.len)
            write_tparams(w, a->tparams);
        break;
    }
    }
    w->depth--;
}

void type_string(Buf *b, Checker *c, Type *t) {
    Writer w = {.b = b, .c = c};
    write_type(&w, t);
}

void signature_string(Buf *b, Checker *c, SignatureType *sig) {
    Writer w = {.b = b, .c = c};
    write_signature(&w, sig);
}

void func_string(Buf *b, Checker *c, Object *fn, bool pkg_info) {
    Writer w = {.b = b, .c = c, .no_param_names = true, .pkg_info = pkg_info};
    put_name(&w, fn->name);
    if (fn->type) write_signature(&w, (SignatureType *)fn->type);
}

void type_print(Buf *b, Type *t, Package *rel, TypeNameStyle style) {
    bool shown = style == TYPENAME_ARGUMENT;
    Writer w = {.b = b, .rel = rel, .style = shown ? TYPENAME_LINK : (uint8_t)style, .shown = shown};
    write_type(&w, t);
}
