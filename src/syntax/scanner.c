/* Scanner: bytes to tokens, automatic semicolons, directives in comments.
 *
 * The text ends with a NUL that is not part of it, so that most loops need no bounds check.
 * Identifiers are interned; a keyword is a name whose token field is set (session_init). Comments
 * are skipped except //line and //go: ones, which act at once: line directives go to the
 * SourceFile, pragmas wait in the Parser for the declaration that follows. */
#include "syntax/parser_int.h"

#include <stdlib.h>

const char *const token_text[TOK_COUNT] = {
#define TOKEN(id, text, prec) text,
#define KEYWORD(id, text) text,
#include "tables/tokens.def"
#undef TOKEN
#undef KEYWORD
};
const unsigned char token_prec[TOK_COUNT] = {
#define TOKEN(id, text, prec) prec,
#define KEYWORD(id, text) 0,
#include "tables/tokens.def"
#undef TOKEN
#undef KEYWORD
};

enum { C_LETTER = 1, C_DIGIT = 2, C_HEX = 4 };
static const uint8_t char_class[256] = {
    ['0' ... '9'] = C_DIGIT | C_HEX, ['a' ... 'f'] = C_LETTER | C_HEX, ['g' ... 'z'] = C_LETTER,
    ['A' ... 'F'] = C_LETTER | C_HEX, ['G' ... 'Z'] = C_LETTER, ['_'] = C_LETTER,
};
static inline bool is_letter(char c) { return char_class[(uint8_t)c] & C_LETTER; }
static inline bool is_decimal(char c) { return char_class[(uint8_t)c] & C_DIGIT; }
static inline bool is_hex(char c) { return char_class[(uint8_t)c] & C_HEX; }
static inline char lower(char c) { return (char)(c | 0x20); }

static Pos pos_of(Parser *p, const char *at) { return p->src->base + (Pos)(at - p->start); }

/* ---- Unusual bytes -------------------------------------------------------------------------- */

static bool is_print(int32_t r) {
    if (r < 0x20 || r == 0x7f) return false;
    if (r < 0x7f) return true;
    if (r < 0xa1 || r == 0xad) return false;
    if (r >= 0xd800 && r < 0xf900) return false; /* surrogates, private use */
    if (r >= 0x2000 && r <= 0x200f) return false;
    if (r >= 0x2028 && r <= 0x202f) return false;
    if (r >= 0x205f && r <= 0x206f) return false;
    if (r == 0x1680 || r == 0x3000 || r == 0xfeff) return false;
    if (r >= 0xfff0 && r <= 0xfffb) return false;
    return r != 0xfffe && r != 0xffff && r < 0xe0000;
}

/* As Go's %#U. */
static void put_unicode(Buf *b, int32_t r) {
    buf_printf(b, "U+%04X", (unsigned)r);
    if (is_print(r)) {
        char u[4];
        int n = utf8_encode(u, r);
        buf_printf(b, " '%.*s'", n, u);
    }
}

/* As Go's %q of a rune. */
static void put_quoted(Buf *b, int32_t r) {
    static const char from[] = "\a\b\f\n\r\t\v\\'", to[] = "abfnrtv\\'";
    const char *e = r > 0 && r < 128 ? strchr(from, r) : NULL;
    if (e) {
        buf_printf(b, "'\\%c'", to[e - from]);
    } else if (is_print(r)) {
        char u[4];
        int n = utf8_encode(u, r);
        buf_printf(b, "'%.*s'", n, u);
    } else if (r < 0x20 || r == 0x7f) {
        buf_printf(b, "'\\x%02x'", (unsigned)r);
    } else {
        buf_printf(b, r < 0x10000 ? "'\\u%04x'" : "'\\U%08x'", (unsigned)r);
    }
}

static int32_t rune_at(Parser *p, const char *at, int *width) {
    int32_t r;
    *width = utf8_decode(at, (size_t)(p->end - at), &r);
    return r;
}

/* Skips the byte or rune at p->at, which is NUL or not ASCII, complaining where it may not be in a
 * source text at all. Returns the rune, or -2 when it was an unacceptable one. Not at the end. */
static int32_t skip_unusual(Parser *p) {
    if (!*p->at) {
        p_error_at(p, pos_of(p, p->at), "invalid NUL character");
        p->at++;
        return -2;
    }
    int w;
    int32_t r = rune_at(p, p->at, &w);
    const char *at = p->at;
    p->at += w;
    if (r == 0xfffd && w == 1) {
        p_error_at(p, pos_of(p, at), "invalid UTF-8 encoding");
        return -2;
    }
    if (r == 0xfeff) {
        if (at != p->start)
            p_error_at(p, pos_of(p, at), "invalid BOM in the middle of the file");
        return -2;
    }
    return r;
}

static inline bool at_end(Parser *p) { return p->at >= p->end; }

/* ---- Directives ----------------------------------------------------------------------------- */

/* The number after the last colon of text: the index behind the colon (0: no colon), the value and
 * whether it is a number. */
static size_t trailing_digits(Str text, uint64_t *n, bool *ok) {
    size_t i = text.n;
    while (i > 0 && text.p[i - 1] != ':') i--;
    *n = 0;
    *ok = false;
    if (!i) return 0;
    *ok = i < text.n;
    for (size_t k = i; k < text.n; k++) {
        if (!is_decimal(text.p[k])) {
            *ok = false;
            break;
        }
        *n = *n * 10 + (uint64_t)(text.p[k] - '0');
        if (*n > (1ull << 40)) *n = 1ull << 40;
    }
    return i;
}

#define POS_MAX (1u << 30)

/* text: what follows "line "; text_pos its position; after: offset from which it counts. */
static void line_directive(Parser *p, Str text, Pos text_pos, uint32_t after) {
    uint64_t n, n2;
    bool ok, ok2;
    size_t i = trailing_digits(text, &n, &ok);
    if (!i) return;
    if (!ok) {
        p_error_at(p, text_pos + (Pos)i, "invalid line number: %.*s", (int)(text.n - i), text.p + i);
        return;
    }
    uint64_t line = n, col = 0;
    size_t i2 = trailing_digits((Str){text.p, i - 1}, &n2, &ok2);
    if (ok2) {
        size_t t = i;
        i = i2;
        i2 = t;
        line = n2;
        col = n;
        if (col == 0 || col > POS_MAX) {
            p_error_at(p, text_pos + (Pos)i2, "invalid column number: %.*s", (int)(text.n - i2),
                       text.p + i2);
            return;
        }
        text.n = i2 - 1;
    }
    if (line == 0 || line > POS_MAX) {
        p_error_at(p, text_pos + (Pos)i, "invalid line number: %.*s", (int)(text.n - i),
                   text.p + i);
        return;
    }
    SourceFile *f = p->src;
    int nd = f->ndirectives;
    Str name = {text.p, i - 1};
    const char *file;
    if (!name.n && ok2) {
        file = nd ? f->directives[nd - 1].file.p : f->path;
    } else if (!name.n) {
        file = "";
    } else {
        Arena *a = &p->s->arena;
        char *raw = arena_memdup(a, name.p, name.n + 1);
        raw[name.n] = 0;
        const char *slash = strrchr(f->path, '/');
        if (raw[0] == '/' || !slash) {
            file = raw[0] == '/' ? path_join(a, "/", raw + 1) : path_join(a, "", raw);
        } else {
            char *dir = arena_memdup(a, f->path, (size_t)(slash - f->path) + 1);
            dir[slash - f->path] = 0;
            file = path_join(a, *dir ? dir : "/", raw);
        }
    }
    if (nd && f->directives[nd - 1].offset >= after) return; /* the file was scanned before */
    if (!(nd & (nd - 1))) { /* grow at powers of two */
        struct LineDirective *d =
            arena_array(&p->s->arena, struct LineDirective, nd ? 2 * nd : 1);
        if (nd) memcpy(d, f->directives, sizeof(*d) * (size_t)nd);
        f->directives = d;
    }
    f->directives[f->ndirectives++] =
        (struct LineDirective){after, str_c(file), (int)line, (int)col};
}

/* The smallest go1.N that a //go:build expression implies: -1 none. Malformed input gives -2. */
typedef struct BuildExpr { const char *at, *end; bool bad; int depth; } BuildExpr;

static void build_space(BuildExpr *b) {
    while (b->at < b->end && (*b->at == ' ' || *b->at == '\t' || *b->at == '\r')) b->at++;
}
static int build_or(BuildExpr *b, bool neg);

static int build_not(BuildExpr *b, bool neg) {
    build_space(b);
    if (b->at < b->end && *b->at == '!') {
        b->at++;
        build_space(b);
        if (b->at < b->end && *b->at == '!') b->bad = true; /* as go says */
        return b->bad ? -1 : build_not(b, !neg);
    }
    if (b->at < b->end && *b->at == '(') {
        b->at++;
        if (++b->depth > 100) b->bad = true;
        int v = b->bad ? -1 : build_or(b, neg);
        b->depth--;
        build_space(b);
        if (b->at < b->end && *b->at == ')') b->at++;
        else b->bad = true;
        return v;
    }
    const char *t = b->at;
    while (b->at < b->end && (is_letter(*b->at) || is_decimal(*b->at) || *b->at == '.' ||
                              (uint8_t)*b->at >= 0x80))
        b->at++;
    size_t n = (size_t)(b->at - t);
    if (!n) b->bad = true;
    if (neg || n < 3 || memcmp(t, "go1", 3)) return -1;
    if (n == 3) return 0;
    if (t[3] != '.' || n == 4 || n > 12) return -1;
    int v = 0;
    for (size_t i = 4; i < n; i++) {
        if (!is_decimal(t[i])) return -1;
        v = v * 10 + (t[i] - '0');
    }
    return v;
}

static int build_and(BuildExpr *b, bool neg) {
    int v = build_not(b, neg);
    for (;;) {
        build_space(b);
        if (b->bad || b->end - b->at < 2 || b->at[0] != '&' || b->at[1] != '&') return v;
        b->at += 2;
        int w = build_not(b, neg);
        v = neg ? (w < v ? w : v) : (w > v ? w : v);
    }
}

static int build_or(BuildExpr *b, bool neg) {
    int v = build_and(b, neg);
    for (;;) {
        build_space(b);
        if (b->bad || b->end - b->at < 2 || b->at[0] != '|' || b->at[1] != '|') return v;
        b->at += 2;
        int w = build_and(b, neg);
        v = neg ? (w > v ? w : v) : (w < v ? w : v);
    }
}

static void build_line(Parser *p, Str text) { /* text starts with go:build */
    if (text.n > 8 && text.p[8] != ' ' && text.p[8] != '\t') return;
    BuildExpr b = {text.p + 8, text.p + text.n, false, 0};
    int v = build_or(&b, false);
    build_space(&b);
    if (b.bad || b.at != b.end || !p->file) return;
    p->file->go_version = v < 0    ? (Str){"", 0}
                          : v == 0 ? STR("go1")
                                   : str_printf(p->arena, "go1.%d", v);
    if (v >= 0 && v < 22) p->per_iteration = false;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int split_fields(Str text, Str *out, int max) {
    int n = 0;
    size_t i = 0;
    for (;;) {
        while (i < text.n && is_space(text.p[i])) i++;
        if (i == text.n) return n;
        size_t j = i;
        while (j < text.n && !is_space(text.p[j])) j++;
        if (n < max) out[n] = (Str){text.p + i, j - i};
        n++;
        i = j;
    }
}

static const struct {
    const char *verb;
    unsigned flag;
} pragma_verbs[] = {
    {"go:noinline", PRAGMA_NOINLINE}, {"go:nosplit", PRAGMA_NOSPLIT},
    {"go:noescape", PRAGMA_NOESCAPE}, {"go:uintptrescapes", PRAGMA_UINTPTRESCAPES},
    {"go:uintptrkeepalive", PRAGMA_UINTPTRKEEPALIVE}, {"go:build", PRAGMA_GO_BUILD},
    {"go:norace", PRAGMA_OTHER_FUNC}, {"go:nocheckptr", PRAGMA_OTHER_FUNC},
    {"go:systemstack", PRAGMA_OTHER_FUNC}, {"go:nowritebarrier", PRAGMA_OTHER_FUNC},
    {"go:nowritebarrierrec", PRAGMA_OTHER_FUNC}, {"go:yeswritebarrierrec", PRAGMA_OTHER_FUNC},
    {"go:cgo_unsafe_args", PRAGMA_OTHER_FUNC}, {"go:registerparams", PRAGMA_OTHER_FUNC},
};

/* Directives of the runtime and of what cgo generates; the checker knows whether the package may have them. */
static bool is_restricted(Str text) {
    static const char *const verbs[] = {"go:systemstack", "go:nowritebarrier", "go:nowritebarrierrec", "go:yeswritebarrierrec",
                                        "go:uintptrkeepalive"};
    if (str_has_prefix(text, "go:cgo_")) return !str_has_prefix(text, "go:cgo_import_dynamic");
    Str verb;
    if (!split_fields(text, &verb, 1)) return false;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (str_is(verb, verbs[i])) return true;
    return false;
}

static void go_directive(Parser *p, const char *start, Str text) {
    Pos pos = pos_of(p, start) + 2;
    if (p->top && str_has_prefix(text, "go:build")) build_line(p, text);
    if (p->top && p->file && str_has_prefix(text, "go:debug")) {
        Str f[2];
        if (split_fields(text, f, 2) == 2) vec_push(&p->file->debug, str_dup(p->arena, f[1]));
    }
    if (p->file && is_restricted(text)) vec_push(&p->file->restricted, ((struct Directive){pos, str_dup(p->arena, text)}));
    for (const char *q = start; q > p->start && q[-1] != '\n';) {
        q--;
        if (*q == ' ' || *q == '\t' || *q == '\r') continue;
        if (q - p->start <= 2 && (uint8_t)*q >= 0x80) continue; /* BOM */
        diag_error(p->s, pos, 0, "misplaced compiler directive");
        return;
    }
    if (str_has_prefix(text, "go:linkname ") || str_has_prefix(text, "go:linknamestd ")) {
        Str f[3];
        int n = split_fields(text, f, 3);
        if (n < 2 || n > 3) {
            diag_error(p->s, pos, 0, "usage: //%.*s localname [linkname]", STR_FMT(f[0]));
            return;
        }
        Linkname l = {pos, intern(p->s->names, f[1].p, f[1].n), {"", 0}};
        if (n == 3) l.target = str_dup(p->arena, f[2]);
        vec_push(&p->linknames, l);
        return;
    }
    if (str_is(text, "go:embed") || str_has_prefix(text, "go:embed ")) {
        Str f[1];
        if (!split_fields((Str){text.p + 8, text.n - 8}, f, 1)) {
            diag_error(p->s, pos, 0, "usage: //go:embed pattern...");
            return;
        }
        if (p->embed.len) buf_putc(&p->embed, ' ');
        else p->embed_pos = pos;
        buf_put(&p->embed, f[0].p, (size_t)(text.p + text.n - f[0].p));
        return;
    }
    size_t n = 0;
    while (n < text.n && text.p[n] != ' ') n++;
    for (size_t i = 0; i < ARRAY_LEN(pragma_verbs); i++)
        if (str_is((Str){text.p, n}, pragma_verbs[i].verb)) {
            PragmaPos pp = {pos, pragma_verbs[i].flag};
            p->pragmas |= pp.flag;
            vec_push(&p->pragma_pos, pp);
        }
}

/* ---- Comments ------------------------------------------------------------------------------- */

/* Skips to the end of the line (not over it). */
static void skip_line(Parser *p) {
    for (;;) {
        const char *nl = memchr(p->at, '\n', (size_t)(p->end - p->at));
        const char *stop = nl ? nl : p->end;
        const char *q = p->at;
        while (q < stop && *q > 0) q++;
        p->at = q;
        if (q == stop) return;
        skip_unusual(p);
    }
}

/* p->at is behind the slashes, start at the first. */
static void line_comment(Parser *p, const char *start) {
    bool go = p->at[0] == 'g' && p->at[1] == 'o' && p->at[2] == ':';
    bool line = !go && !strncmp(p->at, "line ", 5) && (start == p->start || start[-1] == '\n');
    skip_line(p);
    if (likely(!go && !line)) return;
    Str text = {start + 2, (size_t)(p->at - start) - 2};
    if (text.n && text.p[text.n - 1] == '\r') text.n--;
    if (go) {
        go_directive(p, start, text);
    } else {
        uint32_t after = (uint32_t)(p->at - p->start) + (at_end(p) ? 0 : 1);
        line_directive(p, (Str){text.p + 5, text.n - 5}, pos_of(p, start) + 7, after);
    }
}

/* As line_comment, for the other kind. Returns whether it held a newline. */
static bool full_comment(Parser *p, const char *start) {
    bool line = !strncmp(p->at, "line ", 5), newline = false;
    for (;;) {
        char c = *p->at;
        if (c == '*' && p->at[1] == '/') {
            p->at += 2;
            break;
        }
        if (c == '\n') newline = true;
        if (likely(c > 0)) {
            p->at++;
        } else if (at_end(p)) {
            p_error_at(p, pos_of(p, start), "comment not terminated");
            return newline;
        } else {
            skip_unusual(p);
        }
    }
    if (line && !newline) {
        Str text = {start + 7, (size_t)(p->at - start) - 9};
        line_directive(p, text, pos_of(p, start) + 7, (uint32_t)(p->at - p->start));
    }
    return newline;
}

/* ---- Literals ------------------------------------------------------------------------------- */

static void set_lit(Parser *p, Token kind, bool ok) {
    p->nlsemi = true;
    p->tok = kind;
    p->lit = (Str){p->tok_at, (size_t)(p->at - p->tok_at)};
    p->bad = !ok;
}

/* Bit 0: there were digits, bit 1: there were separators. */
static int digits(Parser *p, int base, const char **invalid) {
    int seen = 0;
    for (;; p->at++) {
        char c = *p->at;
        if (c == '_') {
            seen |= 2;
        } else if (base <= 10 ? is_decimal(c) : is_hex(c)) {
            if (base <= 10 && c >= '0' + base && invalid && !*invalid) *invalid = p->at;
            seen |= 1;
        } else {
            return seen;
        }
    }
}

static const char *base_name(int base) {
    return base == 2 ? "binary" : base == 8 ? "octal" : base == 10 ? "decimal" : "hexadecimal";
}

/* Index of the first misplaced '_' or -1. */
static int invalid_sep(Str x) {
    char x1 = ' ', d = '.';
    size_t i = 0;
    if (x.n >= 2 && x.p[0] == '0') {
        x1 = lower(x.p[1]);
        if (x1 == 'x' || x1 == 'o' || x1 == 'b') {
            d = '0';
            i = 2;
        }
    }
    for (; i < x.n; i++) {
        char prev = d;
        d = x.p[i];
        if (d == '_') {
            if (prev != '0') return (int)i;
        } else if (is_decimal(d) || (x1 == 'x' && is_hex(d))) {
            d = '0';
        } else {
            if (prev == '_') return (int)i - 1;
            d = '.';
        }
    }
    return d == '_' ? (int)x.n - 1 : -1;
}

static void number(Parser *p, bool seen_point) {
    bool ok = true;
    Token kind = TOK_INT;
    int base = 10, seen = 0;
    char prefix = 0;
    const char *invalid = NULL;
    Pos pos = p->pos;
    if (!seen_point) {
        if (*p->at == '0') {
            p->at++;
            switch (lower(*p->at)) {
            case 'x': p->at++, base = 16, prefix = 'x'; break;
            case 'o': p->at++, base = 8, prefix = 'o'; break;
            case 'b': p->at++, base = 2, prefix = 'b'; break;
            default: base = 8, prefix = '0', seen = 1;
            }
        }
        seen |= digits(p, base, &invalid);
        if (*p->at == '.') {
            if (prefix == 'o' || prefix == 'b') {
                p_error_at(p, pos_of(p, p->at), "invalid radix point in %s literal",
                           base_name(base));
                ok = false;
            }
            p->at++;
            seen_point = true;
        }
    }
    if (seen_point) {
        kind = TOK_FLOAT;
        seen |= digits(p, base, &invalid);
    }
    if (!(seen & 1) && ok) {
        p_error_at(p, pos_of(p, p->at), "%s literal has no digits", base_name(base));
        ok = false;
    }
    char e = lower(*p->at);
    if (e == 'e' || e == 'p') {
        if (ok && e == 'e' && prefix && prefix != '0') {
            p_error_at(p, pos_of(p, p->at), "'%c' exponent requires decimal mantissa", *p->at);
            ok = false;
        } else if (ok && e == 'p' && prefix != 'x') {
            p_error_at(p, pos_of(p, p->at), "'%c' exponent requires hexadecimal mantissa", *p->at);
            ok = false;
        }
        p->at++;
        kind = TOK_FLOAT;
        if (*p->at == '+' || *p->at == '-') p->at++;
        seen = digits(p, 10, NULL) | (seen & 2);
        if (!(seen & 1) && ok) {
            p_error_at(p, pos_of(p, p->at), "exponent has no digits");
            ok = false;
        }
    } else if (prefix == 'x' && kind == TOK_FLOAT && ok) {
        p_error_at(p, pos_of(p, p->at), "hexadecimal mantissa requires a 'p' exponent");
        ok = false;
    }
    if (*p->at == 'i') {
        kind = TOK_IMAG;
        p->at++;
    }
    set_lit(p, kind, ok);
    if (kind == TOK_INT && invalid && ok) {
        p_error_at(p, pos_of(p, invalid), "invalid digit '%c' in %s literal", *invalid,
                   base_name(base));
        ok = false;
    }
    if ((seen & 2) && ok) {
        int i = invalid_sep(p->lit);
        if (i >= 0) {
            p_error_at(p, pos + (Pos)i, "'_' must separate successive digits");
            ok = false;
        }
    }
    p->bad = !ok;
}

/* An escape sequence behind its backslash; false: error reported. */
static bool escape(Parser *p, char quote) {
    int n, base;
    uint32_t max;
    char c = *p->at;
    switch (c) {
    case 'a': case 'b': case 'f': case 'n': case 'r': case 't': case 'v': case '\\':
        p->at++;
        return true;
    case '0' ... '7': n = 3, base = 8, max = 255; break;
    case 'x': p->at++, n = 2, base = 16, max = 255; break;
    case 'u': p->at++, n = 4, base = 16, max = 0x10ffff; break;
    case 'U': p->at++, n = 8, base = 16, max = 0x10ffff; break;
    default:
        if (c == quote) {
            p->at++;
            return true;
        }
        if (at_end(p)) return true; /* the caller complains */
        p_error_at(p, pos_of(p, p->at), "unknown escape");
        return false;
    }
    uint32_t x = 0;
    for (; n > 0; n--) {
        if (at_end(p)) return true;
        c = *p->at;
        int d = is_decimal(c) ? c - '0' : is_hex(c) ? lower(c) - 'a' + 10 : base;
        if (d >= base) {
            Buf b = {0};
            int w;
            put_quoted(&b, rune_at(p, p->at, &w));
            p_error_at(p, pos_of(p, p->at), "invalid character %s in %s escape", b.data,
                       base_name(base));
            buf_free(&b);
            return false;
        }
        x = x * (uint32_t)base + (uint32_t)d;
        p->at++;
    }
    if (x > max && base == 8) {
        p_error_at(p, pos_of(p, p->at), "octal escape value %u > 255", x);
        return false;
    }
    if (x > max || (x >= 0xd800 && x < 0xe000)) {
        p_error_at(p, pos_of(p, p->at), "escape is invalid Unicode code point U+%04X", x);
        return false;
    }
    return true;
}

static void rune_lit(Parser *p) {
    bool ok = true;
    p->at++;
    for (int n = 0;; n++) {
        char c = *p->at;
        if (c == '\'') {
            if (ok && n == 0) {
                p_error_at(p, pos_of(p, p->at), "empty rune literal or unescaped '");
                ok = false;
            } else if (ok && n != 1) {
                p_error_at(p, p->pos, "more than one character in rune literal");
                ok = false;
            }
            p->at++;
            break;
        }
        if (c == '\\') {
            p->at++;
            if (!escape(p, '\'')) ok = false;
            continue;
        }
        if (c == '\n') {
            if (ok) p_error_at(p, pos_of(p, p->at), "newline in rune literal");
            ok = false;
            break;
        }
        if (c > 0) {
            p->at++;
        } else if (at_end(p)) {
            if (ok) p_error_at(p, p->pos, "rune literal not terminated");
            ok = false;
            break;
        } else if (skip_unusual(p) == -2) {
            n--;
        }
    }
    set_lit(p, TOK_CHAR, ok);
}

/* quote: " or, for a raw string, `. */
static void string_lit(Parser *p, char quote) {
    bool ok = true, raw = quote == '`';
    p->at++;
    for (;;) {
        char c = *p->at;
        if (c == quote) {
            p->at++;
            break;
        }
        if (!raw && c == '\\') {
            p->at++;
            if (!escape(p, quote)) ok = false;
        } else if (!raw && c == '\n') {
            p_error_at(p, pos_of(p, p->at), "newline in string");
            ok = false;
            break;
        } else if (likely(c > 0)) {
            p->at++;
        } else if (at_end(p)) {
            p_error_at(p, p->pos, "string not terminated");
            ok = false;
            break;
        } else {
            skip_unusual(p);
        }
    }
    set_lit(p, TOK_STRING, ok);
}

/* ---- Tokens --------------------------------------------------------------------------------- */

/* Accepts the rune at p->at as part of an identifier if it can be, or is an error in one. */
static bool ident_char(Parser *p, bool first) {
    char c = *p->at;
    if (is_letter(c)) {
        p->at++;
        return true;
    }
    if (is_decimal(c)) {
        p->at++;
        return true;
    }
    if (c > 0 || at_end(p)) return false;
    const char *at = p->at;
    int32_t r = skip_unusual(p);
    if (r == -2 || rune_is_letter(r)) return true;
    Buf b = {0};
    put_unicode(&b, r);
    if (rune_is_digit(r)) {
        if (first) p_error_at(p, pos_of(p, at), "identifier cannot begin with digit %s", b.data);
    } else {
        p_error_at(p, pos_of(p, at), "invalid character %s in identifier", b.data);
    }
    buf_free(&b);
    return true;
}

static void ident(Parser *p) {
    const char *q = p->at;
    while (char_class[(uint8_t)*q] & (C_LETTER | C_DIGIT)) q++;
    p->at = q;
    if (unlikely(*q <= 0 && q < p->end))
        while (ident_char(p, false)) {}
    Name *n = intern(p->s->names, p->tok_at, (size_t)(p->at - p->tok_at));
    if (n->token) {
        Token t = p->tok = (uint8_t)(n->token - 1);
        p->nlsemi =
            t == TOK_BREAK || t == TOK_CONTINUE || t == TOK_FALLTHROUGH || t == TOK_RETURN;
        return;
    }
    p->name = n;
    p->tok = TOK_NAME;
    p->nlsemi = true;
}

/* The operator op of n bytes, or its assignment form. */
static void oper(Parser *p, Token op, int n) {
    p->at += n;
    if (*p->at == '=') {
        p->at++;
        p->tok = TOK_ASSIGNOP;
        p->op = (uint8_t)op;
    } else {
        p->tok = (uint8_t)op;
    }
}

static void plain(Parser *p, Token tok, int n) {
    p->at += n;
    p->tok = (uint8_t)tok;
}

static void incdec(Parser *p, Token op) {
    plain(p, TOK_INCDEC, 2);
    p->op = (uint8_t)op;
    p->nlsemi = true;
}

void scan_next(Parser *p) {
    bool nlsemi = p->nlsemi;
    p->nlsemi = false;
redo:;
    const char *q = p->at;
    while (*q == ' ' || *q == '\t' || (*q == '\n' && !nlsemi) || *q == '\r') q++;
    p->at = p->tok_at = q;
    p->pos = p->src->base + (Pos)(q - p->start);
    char c = *q, d = c ? q[1] : 0;
    switch (c) {
    case 'a' ... 'z': case 'A' ... 'Z': case '_': ident(p); return;
    case '0' ... '9': number(p, false); return;
    case '\n':
        p->at++;
        p->lit = STR("newline");
        p->tok = TOK_SEMI;
        return;
    case '"': string_lit(p, '"'); return;
    case '`': string_lit(p, '`'); return;
    case '\'': rune_lit(p); return;
    case '(': plain(p, TOK_LPAREN, 1); return;
    case '[': plain(p, TOK_LBRACK, 1); return;
    case '{': plain(p, TOK_LBRACE, 1); return;
    case ',': plain(p, TOK_COMMA, 1); return;
    case ';':
        plain(p, TOK_SEMI, 1);
        p->lit = STR("semicolon");
        return;
    case ')': plain(p, TOK_RPAREN, 1); p->nlsemi = true; return;
    case ']': plain(p, TOK_RBRACK, 1); p->nlsemi = true; return;
    case '}': plain(p, TOK_RBRACE, 1); p->nlsemi = true; return;
    case ':':
        if (d == '=') plain(p, TOK_DEFINE, 2);
        else plain(p, TOK_COLON, 1);
        return;
    case '.':
        if (is_decimal(d)) {
            p->at++;
            number(p, true);
        } else if (d == '.' && q[2] == '.') {
            plain(p, TOK_DOTDOTDOT, 3);
        } else {
            plain(p, TOK_DOT, 1);
        }
        return;
    case '+':
        if (d == '+') incdec(p, TOK_ADD);
        else oper(p, TOK_ADD, 1);
        return;
    case '-':
        if (d == '-') incdec(p, TOK_SUB);
        else oper(p, TOK_SUB, 1);
        return;
    case '*': oper(p, TOK_MUL, 1); return;
    case '/':
        if (d == '/') {
            p->at += 2;
            line_comment(p, q);
            goto redo;
        }
        if (d == '*') {
            p->at += 2;
            if (full_comment(p, q) && nlsemi) {
                p->lit = STR("newline");
                p->tok = TOK_SEMI;
                return;
            }
            goto redo;
        }
        oper(p, TOK_QUO, 1);
        return;
    case '%': oper(p, TOK_REM, 1); return;
    case '&':
        if (d == '&') plain(p, TOK_ANDAND, 2);
        else if (d == '^') oper(p, TOK_ANDNOT, 2);
        else oper(p, TOK_AND, 1);
        return;
    case '|':
        if (d == '|') plain(p, TOK_OROR, 2);
        else oper(p, TOK_OR, 1);
        return;
    case '^': oper(p, TOK_XOR, 1); return;
    case '<':
        if (d == '=') plain(p, TOK_LEQ, 2);
        else if (d == '<') oper(p, TOK_SHL, 2);
        else if (d == '-') plain(p, TOK_ARROW, 2);
        else plain(p, TOK_LSS, 1);
        return;
    case '>':
        if (d == '=') plain(p, TOK_GEQ, 2);
        else if (d == '>') oper(p, TOK_SHR, 2);
        else plain(p, TOK_GTR, 1);
        return;
    case '=':
        if (d == '=') plain(p, TOK_EQL, 2);
        else plain(p, TOK_ASSIGN, 1);
        return;
    case '!':
        if (d == '=') plain(p, TOK_NEQ, 2);
        else plain(p, TOK_NOT, 1);
        return;
    case '~': plain(p, TOK_TILDE, 1); return;
    }
    if (!c && at_end(p)) {
        if (nlsemi) {
            p->lit = STR("EOF");
            p->tok = TOK_SEMI;
        } else {
            p->tok = TOK_EOF;
        }
        return;
    }
    int w = 1;
    int32_t r = c ? rune_at(p, q, &w) : 0;
    if (r == 0 || r == 0xfeff || (r == 0xfffd && w == 1)) {
        skip_unusual(p);
        goto redo;
    }
    if (r >= 0x80) {
        ident_char(p, true);
        ident(p);
        return;
    }
    Buf b = {0};
    put_unicode(&b, r);
    p_error_at(p, p->pos, "invalid character %s", b.data);
    buf_free(&b);
    p->at++;
    goto redo;
}

void scan_init(Parser *p, Session *s, SourceFile *src, Arena *arena, uint32_t offset) {
    memset(p, 0, sizeof(*p));
    p->s = s;
    p->src = src;
    p->arena = arena;
    p->start = src->text.p;
    p->end = src->text.p + src->text.n;
    p->at = p->start + (offset < src->text.n ? offset : src->text.n);
    p->per_iteration = true;
}

void scan_fini(Parser *p) {
    vec_free(&p->pragma_pos);
    vec_free(&p->linknames);
    vec_free(&p->exprs);
    vec_free(&p->stmts);
    vec_free(&p->fields);
    vec_free(&p->clauses);
    vec_free(&p->specs);
    buf_free(&p->embed);
}
