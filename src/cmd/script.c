/* Programs from the command line; see script.h.
 *
 * Which packages -e imports is decided by the words: name.Name where name is the last element of a standard
 * package's path, and name is never used without a dot behind it (then it is a variable of the statements). */
#include "cmd/script.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

bool script_read_stdin(Arena *a, Str *text, const char **err) {
    Buf b = {0};
    char part[16384];
    ssize_t n;
    while ((n = read(0, part, sizeof part)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0) buf_put(&b, part, (size_t)n);
    if (n < 0) *err = arena_printf(a, "read standard input: %s", strerror(errno));
    *text = str_dup(a, buf_str(&b));
    buf_free(&b);
    return n == 0;
}

typedef struct Word { Str name; bool qualifies, stands_alone; } Word;
typedef VEC(Word) Words;

static bool word_char(char c) { return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80; }

static const char *skip_literal(const char *p) {
    char q = *p++;
    while (*p && *p != q) p += *p == '\\' && q != '`' && p[1] ? 2 : 1;
    return *p ? p + 1 : p;
}

static void collect(const char *p, Words *out) {
    char before = 0; /* last byte that is no space */
    while (*p) {
        if (*p == '"' || *p == '`' || *p == '\'') {
            p = skip_literal(p);
            before = '"';
        } else if (p[0] == '/' && p[1] == '/') {
            while (*p && *p != '\n') p++;
        } else if (p[0] == '/' && p[1] == '*') {
            const char *end = strstr(p + 2, "*/");
            p = end ? end + 2 : p + strlen(p);
        } else if (word_char(*p)) {
            const char *start = p;
            while (word_char(*p)) p++;
            Str name = {start, (size_t)(p - start)};
            const char *q = p;
            while (*q == ' ' || *q == '\t') q++;
            bool dot = *q == '.' && word_char(q[1]);
            if (before != '.' && !isdigit((unsigned char)*start)) {
                int i = 0;
                while (i < out->len && !str_eq(out->at[i].name, name)) i++;
                if (i == out->len) vec_push(out, ((Word){.name = name}));
                if (dot) out->at[i].qualifies = true;
                else out->at[i].stands_alone = true;
            }
            before = 'x';
        } else {
            if (!isspace((unsigned char)*p)) before = *p;
            p++;
        }
    }
}

/* Names that several packages end in. */
static const struct { const char *name, *path; } preferred[] = {
    {"rand", "math/rand"}, {"template", "text/template"}, {"scanner", "text/scanner"}, {"pprof", "runtime/pprof"},
    {"json", "encoding/json"}, {"parser", "go/parser"}, {"trace", "runtime/trace"}, {"format", "go/format"},
    {"ast", "go/ast"}, {"token", "go/token"}, {"types", "go/types"}, {"build", "go/build"},
};

static bool is_public(Str path) {
    if (str_has_prefix(path, "vendor/") || str_has_prefix(path, "internal/")) return false;
    for (size_t i = 0; i + 9 <= path.n; i++)
        if (!memcmp(path.p + i, "/internal", 9) && (i + 9 == path.n || path.p[i + 9] == '/')) return false;
    return true;
}

static Str find_package(Compile *c, Str name) {
    for (size_t i = 0; i < ARRAY_LEN(preferred); i++)
        if (str_is(name, preferred[i].name)) return str_c(preferred[i].path);
    StrVec all = {.arena = &c->arena};
    Str best = {0};
    for (int i = 0; i < c->std.len; i++) vec_push(&all, c->std.at[i].path);
    if (!all.len) loader_match(&c->loader, "std", &all);
    for (int i = 0; i < all.len; i++) {
        Str p = all.at[i];
        size_t at = p.n;
        while (at && p.p[at - 1] != '/') at--;
        if (!str_eq((Str){p.p + at, p.n - at}, name) || !is_public(p)) continue;
        if (!best.n || p.n < best.n) best = p;
    }
    return best;
}

Str script_wrap(Compile *c, const char *text) {
    const char *p = text;
    while (isspace((unsigned char)*p)) p++;
    if (!strncmp(p, "package ", 8)) return str_c(text);
    Words words = {0};
    collect(text, &words);
    Buf b = {0};
    buf_puts(&b, "package main\n");
    for (int i = 0; i < words.len; i++) {
        if (!words.at[i].qualifies || words.at[i].stands_alone) continue;
        Str path = find_package(c, words.at[i].name);
        if (path.n) buf_printf(&b, "import \"%.*s\"\n", STR_FMT(path));
    }
    buf_printf(&b, "func main() {\n//line -e:1:1\n%s\n}\n", text);
    vec_free(&words);
    Str r = str_dup(&c->arena, buf_str(&b));
    buf_free(&b);
    return r;
}
