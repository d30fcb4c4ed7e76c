/* go.mod and go.work, read for what finding packages needs: module path, go version, requirements,
 * replacements, used directories. Versions are those that go.mod lists (since go 1.17 it lists all that
 * the build needs); nothing is fetched. */
#include "build/modules.h"

#include <stdlib.h>

typedef struct LineParser { Str text; size_t at; int line; } LineParser;

/* The next line's words (quotes removed, comments dropped); false at the end. */
static bool next_line(LineParser *lp, Arena *a, StrVec *words) {
    words->len = 0;
    lp->line++;
    if (lp->at >= lp->text.n) return false;
    const char *p = lp->text.p + lp->at, *end = lp->text.p + lp->text.n;
    const char *eol = memchr(p, '\n', (size_t)(end - p));
    lp->at = eol ? (size_t)(eol + 1 - lp->text.p) : lp->text.n;
    if (!eol) eol = end;
    while (p < eol) {
        while (p < eol && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
        if (p == eol || (eol - p >= 2 && p[0] == '/' && p[1] == '/')) break;
        const char *start = p;
        Str w;
        if (*p == '"' || *p == '`') {
            char q = *p++;
            start = p;
            while (p < eol && *p != q) p++;
            w = (Str){start, (size_t)(p - start)};
            if (p < eol) p++;
        } else if (*p == '(' || *p == ')') {
            w = (Str){p++, 1};
        } else {
            while (p < eol && *p != ' ' && *p != '\t' && *p != '\r' && *p != '(' && *p != ')') p++;
            w = (Str){start, (size_t)(p - start)};
        }
        vec_push(words, w);
    }
    return true;
}

/* Why a directive is refused, in go's words; NULL: it is fine. n: words after the verb. */
static const char *complaint(Arena *a, Str verb, Str *v, int n, bool work) {
    static const char *const any[] = {"toolchain", "exclude", "retract", "ignore", "tool", "godebug"};
    int arrow = -1;
    for (int k = 0; k < n; k++)
        if (str_is(v[k], "=>")) arrow = k;
    if (str_is(verb, "go")) {
        if (n != 1) return "go directive expects exactly one argument";
        int parts = 0;
        bool bad = !v[0].n || v[0].p[0] < '1' || v[0].p[0] > '9';
        for (size_t i = 0; i < v[0].n && !bad; i++) {
            char c = v[0].p[i];
            if (c == '.') parts++;
            else if ((c < '0' || c > '9') && !(i && strchr("rcbeta", c))) bad = true;
        }
        if (bad || parts < 1 || parts > 2) return arena_printf(a, "invalid go version '%.*s': must match format 1.23", STR_FMT(v[0]));
        return NULL;
    }
    if (!work && str_is(verb, "module")) return n == 1 ? NULL : "usage: module module/path";
    if (!work && str_is(verb, "require")) return n == 2 ? NULL : "usage: require module/path v1.2.3";
    if (work && str_is(verb, "use")) return n == 1 ? NULL : "usage: use local/dir";
    if (str_is(verb, "replace")) {
        bool ok = (arrow == 1 || arrow == 2) && (n - arrow == 2 || n - arrow == 3);
        if (!ok) return "usage: replace module/path [v1.2.3] => other/module v1.4\n\t or replace module/path [v1.2.3] => ../local/directory";
        bool local = v[arrow + 1].n && (v[arrow + 1].p[0] == '.' || v[arrow + 1].p[0] == '/');
        if (!local && n - arrow == 2) return "replacement module without version must be directory path (rooted or starting with . or ..)";
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(any); i++)
        if (str_is(verb, any[i])) return NULL;
    return arena_printf(a, "unknown directive: %.*s", STR_FMT(verb));
}

static void directive(Module *m, Str verb, Str *v, int n, StrVec *uses, Arena *a) {
    if (str_is(verb, "module")) m->path = str_dup(a, v[0]);
    else if (str_is(verb, "go")) m->go_version = str_printf(a, "go%.*s", STR_FMT(v[0]));
    else if (str_is(verb, "require")) vec_push(&m->requires, ((ModRequire){str_dup(a, v[0]), str_dup(a, v[1])}));
    else if (str_is(verb, "use") && uses) vec_push(uses, str_dup(a, v[0]));
    else if (str_is(verb, "godebug") && n >= 1) vec_push(&m->godebug, str_dup(a, v[0]));
    else if (str_is(verb, "replace")) {
        int arrow = str_is(v[1], "=>") ? 1 : 2;
        ModReplace r = {.path = str_dup(a, v[0]), .new_path = str_dup(a, v[arrow + 1])};
        if (arrow == 2) r.old_version = str_dup(a, v[1]);
        if (arrow + 2 < n) r.new_version = str_dup(a, v[arrow + 2]);
        vec_push(&m->replaces, r);
    }
}

Module *module_parse(Arena *a, Str text, const char *name, StrVec *uses, const char **err) {
    Module *m = arena_new(a, Module);
    m->requires.arena = m->replaces.arena = m->godebug.arena = a;
    LineParser lp = {.text = text};
    StrVec w = {.arena = a};
    Str block = {NULL, 0};
    int block_line = 0;
    Buf wrong = {0};
    while (next_line(&lp, a, &w)) {
        if (!w.len) continue;
        if (!block.n && w.len == 2 && str_is(w.at[1], "(")) {
            block = str_dup(a, w.at[0]);
            block_line = lp.line;
            continue;
        }
        if (block.n && str_is(w.at[0], ")")) {
            block.n = 0;
            continue;
        }
        Str verb = block.n ? block : w.at[0], *v = w.at + (block.n ? 0 : 1);
        int n = w.len - (block.n ? 0 : 1);
        const char *why = complaint(a, verb, v, n, uses != NULL);
        if (!why && str_is(verb, "module") && m->path.n) why = "repeated module statement";
        if (!why && str_is(verb, "go") && m->go_version.n) why = "repeated go statement";
        if (why) buf_printf(&wrong, "\n%s:%d: %s", name, lp.line, why);
        else directive(m, verb, v, n, uses, a);
    }
    if (block.n) buf_printf(&wrong, "\n%s:%d: syntax error (unterminated block started at %s:%d)", name, lp.line, name, block_line);
    if (wrong.len) *err = arena_printf(a, "go: errors parsing %s:%.*s", name, STR_FMT(buf_str(&wrong)));
    bool ok = !wrong.len;
    buf_free(&wrong);
    return ok ? m : NULL;
}

static Module *parse_mod(Arena *a, const char *path, StrVec *uses, const char **err) {
    Str text;
    if (!file_read(a, path, &text, err)) return NULL;
    return module_parse(a, text, strrchr(path, '/') + 1, uses, err);
}

bool module_at_least(Str v, int minor) {
    int have[2] = {0, 0};
    if (!v.n) return false;
    sscanf(v.p, "go%d.%d", &have[0], &have[1]);
    return have[0] > 1 || (have[0] == 1 && have[1] >= minor);
}

bool module_too_new(Str v) { return module_at_least(v, 28); }

Module *module_read(Arena *a, const char *dir, const char **err) {
    const char *path = path_join(a, dir, "go.mod");
    Module *m = parse_mod(a, path, NULL, err);
    if (!m) return NULL;
    if (!m->path.n) {
        *err = "go: error reading go.mod: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod";
        return NULL;
    }
    if (module_too_new(m->go_version)) {
        *err = arena_printf(a, "go: go.mod requires go >= %.*s (running go 1.27; GOTOOLCHAIN=local)", (int)m->go_version.n - 2, m->go_version.p + 2);
        return NULL;
    }
    m->dir = str_c(arena_printf(a, "%s", dir));
    if (!m->go_version.n) m->go_version = STR("go1.16"); /* as go assumes */
    return m;
}

Module *workspace_read(Arena *a, const char *path, StrVec *dirs, const char **err) { return parse_mod(a, path, dirs, err); }

const char *find_upwards(Arena *a, const char *dir, const char *name) {
    char *d = arena_printf(a, "%s", dir);
    for (;;) {
        const char *p = path_join(a, d, name);
        if (file_exists(p) && !file_is_dir(p)) return arena_printf(a, "%s", d);
        char *slash = strrchr(d, '/');
        if (!slash || (slash == d && !d[1])) return NULL;
        if (slash == d) d[1] = 0;
        else *slash = 0;
    }
}

/* The module cache spells upper case letters as ! and the lower case letter. */
static Str escape_path(Arena *a, Str s) {
    Buf b = {0};
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= 'A' && s.p[i] <= 'Z') {
            buf_putc(&b, '!');
            buf_putc(&b, (char)(s.p[i] + 32));
        } else {
            buf_putc(&b, s.p[i]);
        }
    }
    Str r = str_dup(a, buf_str(&b));
    buf_free(&b);
    return r;
}

const char *module_cache_dir(Arena *a, Str path, Str version) {
    const char *cache = getenv("GOMODCACHE");
    if (!cache || !*cache) {
        const char *gopath = getenv("GOPATH");
        if (!gopath || !*gopath) {
            const char *home = getenv("HOME");
            gopath = arena_printf(a, "%s/go", home ? home : "");
        }
        size_t n = strcspn(gopath, ":");
        cache = arena_printf(a, "%.*s/pkg/mod", (int)n, gopath);
    }
    Str p = escape_path(a, path), v = escape_path(a, version);
    return arena_printf(a, "%s/%.*s@%.*s", cache, STR_FMT(p), STR_FMT(v));
}

bool path_has_prefix(Str path, Str prefix) {
    return path.n >= prefix.n && !memcmp(path.p, prefix.p, prefix.n) && (path.n == prefix.n || path.p[prefix.n] == '/');
}

/* Where module m's requirement that provides `path` lies; NULL when no requirement matches. */
const char *module_find_required(Arena *a, Module *m, Str path, Str *mod_path, Str *version) {
    const char *best = NULL;
    size_t best_len = 0;
    for (int i = 0; i < m->replaces.len; i++) { /* a local replacement may stand without a requirement */
        ModReplace *r = &m->replaces.at[i];
        if (!path_has_prefix(path, r->path) || r->path.n < best_len) continue;
        Str rest = {path.p + r->path.n, path.n - r->path.n};
        bool local = r->new_path.n && (r->new_path.p[0] == '.' || r->new_path.p[0] == '/');
        const char *root = local ? (r->new_path.p[0] == '/' ? arena_printf(a, "%.*s", STR_FMT(r->new_path))
                                                           : path_join(a, m->dir.p, arena_printf(a, "%.*s", STR_FMT(r->new_path))))
                                 : module_cache_dir(a, r->new_path, r->new_version);
        if (r->old_version.n) {
            bool match = false;
            for (int k = 0; k < m->requires.len; k++)
                match |= str_eq(m->requires.at[k].path, r->path) && str_eq(m->requires.at[k].version, r->old_version);
            if (!match) continue;
        }
        const char *dir = arena_printf(a, "%s%.*s", root, STR_FMT(rest));
        if (!file_is_dir(dir)) continue;
        best = dir, best_len = r->path.n, *mod_path = r->path, *version = r->new_version;
    }
    for (int i = 0; i < m->requires.len; i++) {
        ModRequire *r = &m->requires.at[i];
        if (!path_has_prefix(path, r->path) || r->path.n <= best_len) continue;
        Str rest = {path.p + r->path.n, path.n - r->path.n};
        const char *dir = arena_printf(a, "%s%.*s", module_cache_dir(a, r->path, r->version), STR_FMT(rest));
        if (!file_is_dir(dir)) continue;
        best = dir, best_len = r->path.n, *mod_path = r->path, *version = r->version;
    }
    return best;
}
