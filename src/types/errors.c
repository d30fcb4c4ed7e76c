/* errors: formatting and reporting of the checker's messages, version gates, delayed actions. */
#include "types/types_int.h"

/* ---- Formatting --------------------------------------------------------------------------------- */

/* Remembers one path per package name, AMBIGUOUS once there are two. */
static void mark_imports(Checker *c, Package *p, Map *seen) {
    bool fresh;
    map_put_ptr(seen, p, &fresh)->num = 1;
    if (!fresh || !p->name) return;
    MapEntry *e = map_put_ptr(&c->pkg_path_map, p->name, &fresh);
    if (fresh)
        e->val = p;
    else if (e->val && !same_pkg(e->val, p))
        e->val = NULL;
    for (int i = 0; i < p->nimports; i++) mark_imports(c, p->imports[i], seen);
}

Str pkg_qualifier(Checker *c, Package *p) {
    if (p == c->pkg) return (Str){"", 0};
    if (!c->pkg) return p->path;
    if (!c->pkg_path_map_made) {
        c->pkg_path_map_made = true;
        c->pkg_path_map.arena = &c->ts->arena;
        Map seen = {0};
        mark_imports(c, c->pkg, &seen);
        map_free(&seen);
    }
    MapEntry *e = map_find_ptr(&c->pkg_path_map, p->name);
    if (e && !e->val) return str_printf(&c->ts->arena, "\"%.*s\"", STR_FMT(p->path));
    return name_str(p->name);
}

static void quote(Buf *b, const char *s) {
    buf_putc(b, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') buf_putc(b, '\\');
        if (*s == '\n')
            buf_puts(b, "\\n");
        else if (*s == '\t')
            buf_puts(b, "\\t");
        else if ((unsigned char)*s < ' ')
            buf_printf(b, "\\x%02x", *s);
        else
            buf_putc(b, *s);
    }
    buf_putc(b, '"');
}

void types_vformat(Checker *c, Buf *b, const char *fmt, va_list ap) {
    for (const char *p = fmt; *p; p++) {
        if (*p != '%') {
            const char *q = p + strcspn(p, "%");
            buf_put(b, p, (size_t)(q - p));
            p = q - 1;
            continue;
        }
        switch (*++p) {
        case '%': buf_putc(b, '%'); break;
        case 's': {
            const char *s = va_arg(ap, const char *);
            buf_puts(b, s ? s : "<nil>");
            break;
        }
        case 'S': {
            Str s = va_arg(ap, Str);
            buf_put(b, s.p, s.n);
            break;
        }
        case 'n': {
            Name *n = va_arg(ap, Name *);
            buf_put(b, n->p, n->n);
            break;
        }
        case 'd': buf_printf(b, "%d", va_arg(ap, int)); break;
        case 'D': buf_printf(b, "%lld", (long long)va_arg(ap, int64_t)); break;
        case 'c': buf_putc(b, (char)va_arg(ap, int)); break;
        case 'q': quote(b, va_arg(ap, const char *)); break;
        case 't': type_string(b, c, va_arg(ap, Type *)); break;
        case 'x': operand_string(b, c, va_arg(ap, Operand *)); break;
        case 'e': expr_print(b, va_arg(ap, Expr *)); break;
        case 'o': object_string(b, c, va_arg(ap, Object *)); break;
        case 'k': buf_puts(b, token_text[va_arg(ap, int)]); break;
        case 'v': const_print(b, va_arg(ap, ConstVal *)); break;
        case 'T': {
            TypeList *l = va_arg(ap, TypeList *);
            buf_putc(b, '[');
            for (int i = 0; i < l->len; i++) {
                if (i) buf_puts(b, ", ");
                type_string(b, c, l->at[i]);
            }
            buf_putc(b, ']');
            break;
        }
        case 'p': {
            Location l = pos_location(c->syn, va_arg(ap, Pos));
            if (l.file)
                buf_printf(b, "%s:%d:%d", l.file, l.line, l.col);
            else
                buf_puts(b, "<unknown position>");
            break;
        }
        default: bug("types_vformat: verb %%%c in \"%s\"", *p, fmt);
        }
    }
}

const char *types_format(Checker *c, const char *fmt, ...) {
    Buf b = {0};
    va_list ap;
    va_start(ap, fmt);
    types_vformat(c, &b, fmt, ap);
    va_end(ap);
    Str s = str_dup(&c->ts->arena, buf_str(&b));
    buf_free(&b);
    return s.p;
}

/* ---- Reporting ---------------------------------------------------------------------------------- */

static bool mentions_invalid(const Buf *b) {
    if (!b->data) return false;
    const char *p = strstr(b->data, "invalid operand"), *q = strstr(b->data, "invalid type");
    return (p && p > b->data) || (q && q > b->data);
}

static void report(Checker *c, Pos p, int code, bool soft, const Buf *b) {
    if (c->env.errpos) p = c->env.errpos;
    c->any_error = true;
    if (!soft) c->hard_error = true;
    if (soft)
        diag_soft(c->syn, p, code, "%.*s", (int)b->len, b->data ? b->data : "");
    else
        diag_error(c->syn, p, code, "%.*s", (int)b->len, b->data ? b->data : "");
}

/* Where the language version in force comes from. */
static void version_hint(Checker *c, Pos p, Buf *b) {
    SourceFile *src = pos_file(c->syn, p);
    for (int i = 0; i < c->nfiles; i++)
        if (c->files[i]->src == src && as_go_version(c->files[i]->go_version)) {
            buf_printf(b, " (file declares //go:build go1.%d)", c->env.version);
            return;
        }
    buf_printf(b, " (-lang was set to go1.%d; check go.mod)", c->module_version);
}

static void error_va(Checker *c, Pos p, int code, bool soft, const char *fmt, va_list ap,
                     GoVersion v) {
    Buf b = {0};
    types_vformat(c, &b, fmt, ap);
    if (v) buf_printf(&b, " requires go1.%d or later", v);
    if (b.data && strstr(b.data, " or later") && strstr(b.data, "requires go1.")) version_hint(c, p, &b);
    if (!c->any_error || !mentions_invalid(&b)) report(c, p, code, soft, &b);
    buf_free(&b);
}

void types_error(Checker *c, Pos p, int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    error_va(c, p, code, false, fmt, ap, 0);
    va_end(ap);
}

void types_soft_error(Checker *c, Pos p, int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    error_va(c, p, code, true, fmt, ap, 0);
    va_end(ap);
}

void types_version_error(Checker *c, Pos p, GoVersion v, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    error_va(c, p, ERR_UnsupportedFeature, false, fmt, ap, v);
    va_end(ap);
}

MultiError new_error(Checker *c, int code) { return (MultiError){.c = c, .code = code}; }

void error_addf(MultiError *e, Pos p, const char *fmt, ...) {
    if (e->n++ == 0) {
        e->pos = p;
    } else {
        buf_puts(&e->buf, "\n\t");
        Location l = pos_location(e->c->syn, p);
        if (p && l.file) buf_printf(&e->buf, "%s:%d:%d: ", l.file, l.line, l.col);
    }
    va_list ap;
    va_start(ap, fmt);
    types_vformat(e->c, &e->buf, fmt, ap);
    va_end(ap);
    if (e->n == 1) e->invalid = mentions_invalid(&e->buf);
}

void error_add_alt_decl(MultiError *e, Object *obj) {
    if (obj->pos) error_addf(e, obj->pos, "other declaration of %n", obj->name);
}

void error_report(MultiError *e) {
    check(e->n > 0);
    if (!e->c->any_error || !e->invalid) report(e->c, e->pos, e->code, e->soft, &e->buf);
    buf_free(&e->buf);
    e->n = 0;
}

/* ---- Versions ----------------------------------------------------------------------------------- */

GoVersion as_go_version(Str s) {
    if (s.n < 5 || memcmp(s.p, "go1.", 4)) return 0;
    int v = 0;
    size_t i = 4;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && v < 10000; i++) v = v * 10 + (s.p[i] - '0');
    return i == 4 ? 0 : v;
}

bool allow_version(Checker *c, GoVersion v) { return !c->env.version || c->env.version >= v; }

bool verify_versionf(Checker *c, Pos p, GoVersion v, const char *fmt, ...) {
    if (allow_version(c, v)) return true;
    va_list ap;
    va_start(ap, fmt);
    error_va(c, p, ERR_UnsupportedFeature, false, fmt, ap, v);
    va_end(ap);
    return false;
}

/* ---- Delayed actions, cleanup, the object path ---------------------------------------------------- */

void check_later(Checker *c, LaterFn fn, void *arg) {
    Delayed d = {c->env.version, fn, arg};
    vec_push(&c->delayed, d);
}

void check_process_delayed(Checker *c, int top) {
    GoVersion saved = c->env.version;
    for (int i = top; i < c->delayed.len; i++) {
        Delayed d = c->delayed.at[i]; /* a copy: fn may append */
        c->env.version = d.version;
        d.fn(c, d.arg);
    }
    check(top <= c->delayed.len);
    c->delayed.len = top;
    c->env.version = saved;
}

void check_needs_cleanup(Checker *c, Type *t) {
    if (c->pkg) vec_push(&c->cleaners, t);
}

void check_push(Checker *c, Object *obj) {
    bool fresh;
    map_put_ptr(&c->obj_path_idx, obj, &fresh)->num = (uint64_t)c->obj_path.len + 1;
    vec_push(&c->obj_path, obj);
}

Object *check_pop(Checker *c) {
    Object *o = vec_pop(&c->obj_path);
    MapEntry *e = map_find_ptr(&c->obj_path_idx, o);
    if (e) e->num = 0;
    return o;
}
