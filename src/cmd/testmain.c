/* The program that runs a package's tests: tables of its Test, Benchmark, Fuzz and Example functions, handed to
 * testing.MainStart. Which functions count, and what an example's expected output is, follow go test and go/doc. */
#define _GNU_SOURCE
#include "cmd/testmain.h"

#include <ctype.h>
#include <strings.h>

typedef struct Lists { Buf tests, benchmarks, fuzz, examples; const char *main; bool bad; } Lists;
typedef struct Side { bool import, use; } Side;

static bool is_test(Str name, const char *prefix) {
    if (!str_has_prefix(name, prefix)) return false;
    size_t n = strlen(prefix);
    if (name.n == n) return true;
    int32_t r;
    utf8_decode(name.p + n, name.n - n, &r);
    if (r < 128) return !(r >= 'a' && r <= 'z');
    return !rune_is_letter(r) || rune_is_upper(r);
}

/* func(x *T) or func(x *pkg.T). */
static bool takes(FuncDecl *f, const char *type) {
    FuncTypeExpr *s = f->sig;
    if (s->results.len || s->params.len != 1 || s->params.at[0].type->kind != EXPR_STAR) return false;
    Expr *e = ((StarExpr *)s->params.at[0].type)->on;
    if (e->kind == EXPR_IDENT) return str_is(name_str(((Ident *)e)->name), type);
    return e->kind == EXPR_SELECTOR && str_is(name_str(((SelectorExpr *)e)->sel->name), type);
}

/* ---- The last comment of a body ---------------------------------------------------------------------------- */

static void add_line(Buf *out, Str line, int *blank) {
    while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t' || line.p[line.n - 1] == '\r')) line.n--;
    if (!line.n) {
        ++*blank;
        return;
    }
    if (out->len && *blank) buf_putc(out, '\n');
    *blank = 0;
    buf_put(out, line.p, line.n);
    buf_putc(out, '\n');
}

static bool is_directive(Str c) { /* text behind "//" */
    if (str_has_prefix(c, "line ")) return true;
    size_t i = 0;
    while (i < c.n && (islower((unsigned char)c.p[i]) || isdigit((unsigned char)c.p[i]))) i++;
    return i && i + 1 < c.n && c.p[i] == ':' && (islower((unsigned char)c.p[i + 1]) || isdigit((unsigned char)c.p[i + 1]));
}

static void add_comment(Buf *out, Str c, int *blank) {
    if (c.p[1] == '/') {
        Str t = {c.p + 2, c.n - 2};
        if (t.n && t.p[0] == ' ') t.p++, t.n--;
        else if (t.n && is_directive(t)) return;
        add_line(out, t, blank);
        return;
    }
    const char *p = c.p + 2, *end = c.p + c.n - 2;
    for (;;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        add_line(out, (Str){p, (size_t)((nl ? nl : end) - p)}, blank);
        if (!nl) break;
        p = nl + 1;
    }
}

/* The last comment group between braces, as text, into out. */
static void last_comment(Str body, Buf *out) {
    const char *p = body.p, *end = p + body.n;
    int line = 0, group_line = -10, code_line = -10, blank = 0;
    bool in_group = false;
    while (p < end) {
        char ch = *p;
        if (ch == '\n') line++, p++;
        else if (ch == ' ' || ch == '\t' || ch == '\r') p++;
        else if (ch == '/' && p + 1 < end && (p[1] == '/' || p[1] == '*')) {
            const char *start = p;
            if (p[1] == '/') {
                const char *nl = memchr(p, '\n', (size_t)(end - p));
                p = nl ? nl : end;
            } else {
                const char *close = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
                p = close ? close + 2 : end;
            }
            int first = line;
            for (const char *q = start; q < p; q++) line += *q == '\n';
            bool behind_code = code_line == group_line; /* such a group ends with its line */
            if (!in_group || first > group_line + (behind_code ? 0 : 1)) out->len = 0, blank = 0;
            add_comment(out, (Str){start, (size_t)(p - start)}, &blank);
            group_line = line;
            in_group = true;
        } else if (ch == '"' || ch == '\'' || ch == '`') {
            for (p++; p < end && *p != ch; p++) {
                if (*p == '\\' && ch != '`') p++;
                if (p < end && *p == '\n') line++;
            }
            p++;
            in_group = false;
            code_line = line;
        } else {
            p++;
            in_group = false;
            code_line = line;
        }
    }
    if (out->data) out->data[out->len] = 0;
}

/* Whether the body's last comment says what it prints; the text then starts at *from in out. */
static bool example_output(File *file, FuncDecl *f, Buf *out, size_t *from, bool *unordered) {
    Str text = file->src->text;
    size_t lo = f->body->s.pos - file->src->base + 1, hi = f->body->rbrace - file->src->base;
    if (lo > hi || hi > text.n) return false;
    last_comment((Str){text.p + lo, hi - lo}, out);
    size_t i = 0;
    const char *d = out->len ? out->data : "";
    while (i < out->len && isspace((unsigned char)d[i])) i++;
    *unordered = !strncasecmp(d + i, "unordered ", 10);
    if (*unordered) i += 10;
    if (strncasecmp(d + i, "output:", 7)) return false;
    i += 7;
    while (d[i] == ' ') i++;
    if (d[i] == '\n') i++;
    *from = i;
    return true;
}

static void quote(Buf *b, const char *p, size_t n) {
    buf_putc(b, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c == '"' || c == '\\') buf_printf(b, "\\%c", c);
        else if (c == '\n') buf_puts(b, "\\n");
        else if (c < 32 || c == 127) buf_printf(b, "\\x%02x", c);
        else buf_putc(b, (char)c);
    }
    buf_putc(b, '"');
}

/* ---- Functions ---------------------------------------------------------------------------------------------- */

static void wrong(Loader *l, FuncDecl *f, const char *type, Lists *lists) {
    char low[2] = {(char)tolower(type[0]), 0};
    Str n = name_str(f->name->name);
    lists->bad = true;
    diag_error(l->syn, f->pos, BUILD_LOAD_ERROR, "wrong signature for %.*s, must be: func %.*s(%s *testing.%s)", STR_FMT(n),
               STR_FMT(n), low, type);
}

static void add_func(Loader *l, FuncDecl *f, const char *pkg, Side *side, Lists *lists) {
    static const struct { const char *prefix, *type; } kinds[] = {{"Test", "T"}, {"Benchmark", "B"}, {"Fuzz", "F"}};
    Str name = name_str(f->name->name);
    if (str_is(name, "TestMain") && !takes(f, "T")) {
        if (!takes(f, "M")) return wrong(l, f, "M", lists);
        if (lists->main) {
            diag_error(l->syn, f->pos, BUILD_LOAD_ERROR, "multiple definitions of TestMain");
            lists->bad = true;
        }
        lists->main = pkg;
        side->import = side->use = true;
        return;
    }
    Buf *to[] = {&lists->tests, &lists->benchmarks, &lists->fuzz};
    for (int k = 0; k < 3; k++) {
        if (!is_test(name, kinds[k].prefix)) continue;
        if (!takes(f, kinds[k].type) || f->sig->tparams.len) return wrong(l, f, kinds[k].type, lists);
        buf_printf(to[k], "\t{\"%.*s\", %s.%.*s},\n", STR_FMT(name), pkg, STR_FMT(name));
        side->import = side->use = true;
        return;
    }
}

static void add_package(Loader *l, BuildPackage *p, const char *pkg, Side *side, Lists *lists) {
    for (int i = 0; p && i < p->files.len; i++) {
        File *file = p->files.at[i].ast;
        if (!file || !p->files.at[i].is_test) continue;
        for (int k = 0; k < file->ndecls; k++) {
            FuncDecl *f = file->decls[k].is_func ? file->decls[k].func : NULL;
            if (!f || f->recv || !f->name) continue;
            add_func(l, f, pkg, side, lists);
            Str name = name_str(f->name->name);
            if (!is_test(name, "Example") || f->sig->params.len || f->sig->results.len || !f->body) continue;
            side->import = true;
            Buf text = {0};
            size_t from;
            bool unordered;
            if (example_output(file, f, &text, &from, &unordered)) {
                side->use = true;
                buf_printf(&lists->examples, "\t{\"%.*s\", %s.%.*s, ", STR_FMT(name), pkg, STR_FMT(name));
                quote(&lists->examples, text.data + from, text.len - from);
                buf_printf(&lists->examples, ", %s},\n", unordered ? "true" : "false");
            }
            buf_free(&text);
        }
    }
}

Str testmain_text(Loader *l, BuildPackage *p, BuildPackage *xtest) {
    Lists lists = {0};
    Side in = {0}, ext = {0};
    add_package(l, p, "_test", &in, &lists);
    add_package(l, xtest, "_xtest", &ext, &lists);
    Buf b = {0};
    buf_printf(&b, "package main\n\nimport (\n\t\"os\"\n%s\t\"testing\"\n\t\"testing/internal/testdeps\"\n\t_ \"unsafe\"\n", lists.main ? "\t\"reflect\"\n" : "");
    if (in.import) buf_printf(&b, "\t%s \"%.*s\"\n", in.use ? "_test" : "_", STR_FMT(p->path));
    if (ext.import) buf_printf(&b, "\t%s \"%.*s\"\n", ext.use ? "_xtest" : "_", STR_FMT(xtest->path));
    Str mod = p->module ? p->module->path : STR("");
    buf_printf(&b,
               ")\n\nvar tests = []testing.InternalTest{\n%.*s}\n\nvar benchmarks = []testing.InternalBenchmark{\n%.*s}\n\n"
               "var fuzzTargets = []testing.InternalFuzzTarget{\n%.*s}\n\nvar examples = []testing.InternalExample{\n",
               STR_FMT(buf_str(&lists.tests)), STR_FMT(buf_str(&lists.benchmarks)), STR_FMT(buf_str(&lists.fuzz)));
    buf_put(&b, buf_str(&lists.examples).p, lists.examples.len);
    buf_printf(&b, "}\n\n//go:linkname testBinary testing.testBinary\nvar testBinary string\n\nfunc init() {\n\ttestBinary = \"1\"\n\ttestdeps.ModulePath = \"%.*s\"\n\ttestdeps.ImportPath = \"%.*s\"\n}\n\nfunc main() {\n"
                   "\tm := testing.MainStart(testdeps.TestDeps{}, tests, benchmarks, fuzzTargets, examples)\n",
               STR_FMT(mod), STR_FMT(p->path));
    if (lists.main) buf_printf(&b, "\t%s.TestMain(m)\n\tos.Exit(int(reflect.ValueOf(m).Elem().FieldByName(\"exitCode\").Int()))\n}\n", lists.main);
    else buf_puts(&b, "\tos.Exit(m.Run())\n}\n");
    Str r = lists.bad ? STR("") : str_dup(l->arena, buf_str(&b));
    buf_free(&b);
    buf_free(&lists.tests);
    buf_free(&lists.benchmarks);
    buf_free(&lists.fuzz);
    buf_free(&lists.examples);
    return r;
}
