/* Build constraints: //go:build lines and file names. The configuration is fixed: linux/amd64 as gc sees
 * it, with the tags that choose pure Go over assembly where there is some. */
#define _GNU_SOURCE
#include "build/build.h"

#include <stdlib.h>

static const char *const known_os[] = {"aix", "android", "darwin", "dragonfly", "freebsd", "hurd",
    "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9", "solaris", "wasip1",
    "windows", "zos"};
static const char *const known_arch[] = {"386", "amd64", "amd64p32", "arm", "armbe", "arm64",
    "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc",
    "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm"};
static const char *const true_tags[] = {"linux", "unix", "gc", "math_big_pure_go",
    "osusergo", "netgo", "goexperiment.jsonv2"};
/* Where there is assembly to do without. Elsewhere purego would also keep packages from using unsafe. */
static const char *const pure_tags[] = {"purego", "noasm"};
/* Compiled without architecture, so that Go's generic files are chosen over assembly. */
static const char *const no_arch[] = {"internal/bytealg", "math", "hash/crc32", "internal/abi"};

enum { GO_MINOR = 27, EXPR_SIZE_MAX = 1000 };

static bool in_list(Str s, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (str_is(s, list[i])) return true;
    return false;
}

bool build_no_arch(Str path) { return in_list(path, no_arch, ARRAY_LEN(no_arch)); }

static bool tag_is_true(Loader *l, Str tag, unsigned view) {
    if (in_list(tag, true_tags, ARRAY_LEN(true_tags))) return true;
    if (str_is(tag, "amd64")) return view & VIEW_ARCH;
    if (in_list(tag, pure_tags, ARRAY_LEN(pure_tags))) return view & VIEW_PURE;
    if (str_has_prefix(tag, "go1.")) {
        int n = 0;
        for (size_t i = 4; i < tag.n; i++) {
            if (tag.p[i] < '0' || tag.p[i] > '9' || n > 1000) return false;
            n = n * 10 + tag.p[i] - '0';
        }
        return tag.n > 4 && n >= 1 && n <= GO_MINOR;
    }
    for (int i = 0; i < l->tags.len; i++)
        if (str_eq(tag, l->tags.at[i])) return true;
    return false;
}

/* ---- Expressions: ||, &&, !, (), tags ------------------------------------------------------------- */

typedef struct ExprParser {
    Loader *l;
    const char *p, *end;
    unsigned view;
    int size; /* calls of parse_not: go's limit bounds the recursion, too */
    const char *err;
} ExprParser;

static bool parse_or(ExprParser *x);

static void skip_space(ExprParser *x) {
    while (x->p < x->end && (*x->p == ' ' || *x->p == '\t')) x->p++;
}

static bool is_tag_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || (unsigned char)c >= 0x80;
}

static bool parse_fail(ExprParser *x, const char *err) {
    if (!x->err) x->err = err;
    x->p = x->end;
    return false;
}

static bool parse_atom(ExprParser *x) {
    skip_space(x);
    if (x->p < x->end && *x->p == '(') {
        x->p++;
        bool v = parse_or(x);
        skip_space(x);
        if (x->p == x->end || *x->p != ')') return parse_fail(x, "missing close paren");
        x->p++;
        return v;
    }
    const char *start = x->p;
    while (x->p < x->end && is_tag_char(*x->p)) x->p++;
    if (x->p == start) return parse_fail(x, x->p == x->end ? "unexpected end of expression" : "unexpected token");
    return tag_is_true(x->l, (Str){start, (size_t)(x->p - start)}, x->view);
}

static bool parse_not(ExprParser *x) {
    if (++x->size > EXPR_SIZE_MAX) return parse_fail(x, "build expression too large");
    skip_space(x);
    if (x->p == x->end || *x->p != '!') return parse_atom(x);
    x->p++;
    skip_space(x);
    if (x->p < x->end && *x->p == '!') return parse_fail(x, "double negation not allowed");
    return !parse_atom(x);
}

static bool parse_and(ExprParser *x) {
    bool v = parse_not(x);
    for (;;) {
        skip_space(x);
        if (x->end - x->p < 2 || x->p[0] != '&' || x->p[1] != '&') return v;
        x->p += 2;
        bool r = parse_not(x);
        v = v && r;
    }
}

static bool parse_or(ExprParser *x) {
    bool v = parse_and(x);
    for (;;) {
        skip_space(x);
        if (x->end - x->p < 2 || x->p[0] != '|' || x->p[1] != '|') return v;
        x->p += 2;
        bool r = parse_and(x);
        v = v || r;
    }
}

bool build_eval(Loader *l, Str expr, unsigned view, bool *value, const char **err) {
    ExprParser x = {.l = l, .p = expr.p, .end = expr.p + expr.n, .view = view};
    *value = parse_or(&x);
    skip_space(&x);
    if (!x.err && x.p != x.end) x.err = "unexpected token";
    if (err) *err = x.err;
    return !x.err;
}

/* ---- Files ------------------------------------------------------------------------------------------ */

/* name_GOOS, name_GOARCH, name_GOOS_GOARCH, each with _test at most once. */
static bool match_name(Str name, unsigned view) {
    if (str_has_suffix(name, ".go")) name.n -= 3;
    if (str_has_suffix(name, "_test")) name.n -= 5;
    size_t us = 0;
    while (us < name.n && name.p[us] != '_') us++; /* what stands before the first _ does not count */
    if (us == name.n) return true;
    Str last = {name.p + name.n, 0}, before = {NULL, 0};
    size_t i = name.n;
    while (i > us && name.p[i - 1] != '_') i--;
    last = (Str){name.p + i, name.n - i};
    if (i > us + 1) {
        size_t e = i - 1, b = e;
        while (b > us && name.p[b - 1] != '_') b--;
        before = (Str){name.p + b, e - b};
    }
    bool last_arch = in_list(last, known_arch, ARRAY_LEN(known_arch));
    bool last_os = in_list(last, known_os, ARRAY_LEN(known_os));
    if (last_arch && before.p && in_list(before, known_os, ARRAY_LEN(known_os)))
        return (view & VIEW_ARCH) && str_is(last, "amd64") && str_is(before, "linux");
    if (last_arch) return (view & VIEW_ARCH) && str_is(last, "amd64");
    if (last_os) return str_is(last, "linux");
    return true;
}

/* What the //go:build line before the package clause says; .p NULL: there is none. */
static Str find_constraint(Str text) {
    const char *p = text.p, *end = p + text.n;
    if (text.n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3)) p += 3;
    bool in_block = false;
    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        const char *q = p, *line_end = eol ? eol : end;
        while (q < line_end && (*q == ' ' || *q == '\t' || *q == '\r')) q++;
        while (line_end > q && (line_end[-1] == '\r' || line_end[-1] == ' ' || line_end[-1] == '\t')) line_end--;
        if (in_block) {
            Str rest = {q, (size_t)(line_end - q)};
            const char *close = rest.n >= 2 ? memmem(rest.p, rest.n, "*/", 2) : NULL;
            if (close) {
                in_block = false;
                q = close + 2;
                while (q < line_end && (*q == ' ' || *q == '\t')) q++;
            } else {
                q = line_end;
            }
        }
        while (q < line_end && !in_block) {
            Str s = {q, (size_t)(line_end - q)};
            if (str_has_prefix(s, "//go:build") && (s.n == 10 || s.p[10] == ' ' || s.p[10] == '\t'))
                return (Str){s.p + 10, s.n - 10};
            if (str_has_prefix(s, "//")) break;
            if (!str_has_prefix(s, "/*")) return (Str){0}; /* code */
            const char *close = s.n >= 4 ? memmem(s.p + 2, s.n - 2, "*/", 2) : NULL;
            if (!close) {
                in_block = true;
                break;
            }
            q = close + 2;
            while (q < line_end && (*q == ' ' || *q == '\t')) q++;
        }
        if (!eol) break;
        p = eol + 1;
    }
    return (Str){0};
}

/* One line "// +build a,!b c": alternatives of conjunctions. */
static bool plus_build_line(Loader *l, Str s, unsigned view) {
    const char *p = s.p, *end = s.p + s.n;
    bool any = false;
    while (p < end) {
        while (p < end && (*p == ' ' || *p == '\t')) p++;
        if (p == end) break;
        bool all = true;
        for (;;) {
            bool not = p < end && *p == '!';
            p += not;
            const char *tag = p;
            while (p < end && is_tag_char(*p)) p++;
            all &= tag_is_true(l, (Str){tag, (size_t)(p - tag)}, view) != not;
            if (p == end || *p != ',') break;
            p++;
        }
        while (p < end && *p != ' ' && *p != '\t') p++, all = false; /* what cannot be read is false */
        any |= all;
    }
    return any;
}

/* The older form, which counts where there is no //go:build line: all "// +build" lines among the comments that
 * begin the file and are followed by an empty line. */
static bool match_plus_build(Loader *l, Str text, unsigned view) {
    const char *p = text.p, *end = p + text.n;
    bool value = true, pending = true; /* pending: no empty line has followed yet */
    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        Str line = str_trim((Str){p, (size_t)((eol ? eol : end) - p)});
        p = eol ? eol + 1 : end;
        if (!line.n) value &= pending, pending = true;
        else if (!str_has_prefix(line, "//")) break;
        Str rest = line.n >= 2 ? str_trim((Str){line.p + 2, line.n - 2}) : line;
        if (str_has_prefix(rest, "+build") && rest.n > 6 && (rest.p[6] == ' ' || rest.p[6] == '\t'))
            pending &= plus_build_line(l, (Str){rest.p + 6, rest.n - 6}, view);
    }
    return value;
}

bool build_match_file(Loader *l, Str name, Str text, unsigned view) {
    if (name.n && (name.p[0] == '_' || name.p[0] == '.')) return false;
    if (!match_name(name, view)) return false;
    Str c = find_constraint(text);
    if (!c.p) return match_plus_build(l, text, view);
    bool v = true;
    if (c.n && !build_eval(l, c, view, &v, NULL)) return false;
    return v;
}
