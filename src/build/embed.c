/* //go:embed: which files a directive's patterns name. The rules are those of the package embed: globs relative
 * to the package's directory, directories taken whole but for dot and underscore files (unless "all:"), nothing
 * outside of the module. The result holds files and all directories above them, sorted by directory, then name. */
#include "build/build.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct Embed {
    Arena *a;
    const char *dir; /* the package's */
    Map names;       /* already there */
    EmbedFiles *out;
    const char *err;
} Embed;

/* A class [a-z] or [^a-z]: *p stands after '['. False: malformed. */
static bool match_class(const char **p, const char *end, int32_t c, bool *in) {
    bool negated = *p < end && **p == '^';
    if (negated) ++*p;
    *in = false;
    for (int n = 0;; n++) {
        if (*p < end && **p == ']' && n) break;
        int32_t r[2];
        for (int k = 0; k < 2; k++) {
            if (*p < end && **p == '\\') ++*p;
            else if (*p >= end || **p == '-' || **p == ']') return false;
            if (*p >= end) return false;
            *p += utf8_decode(*p, (size_t)(end - *p), &r[k]);
            if (k == 0) {
                r[1] = r[0];
                if (*p >= end || **p != '-') break;
                ++*p;
            }
        }
        if (r[0] <= c && c <= r[1]) *in = true;
    }
    ++*p;
    *in ^= negated;
    return true;
}

/* One character, class or ? of the pattern against the start of s; its width in s into *w. False: no match, or malformed. */
static bool match_one(const char **p, const char *pe, const char *s, const char *se, int *w, bool *bad) {
    int32_t c = -1;
    *w = s < se ? utf8_decode(s, (size_t)(se - s), &c) : 0;
    if (**p == '[') {
        bool in;
        ++*p;
        if (!match_class(p, pe, c, &in)) return *bad = true, false;
        return *w && in;
    }
    if (**p == '?') {
        ++*p;
        return *w;
    }
    if (**p == '\\' && ++*p == pe) return *bad = true, false;
    bool same = *w && **p == *s;
    ++*p;
    *w = 1;
    return same;
}

/* path.Match of one element. *bad is set for a malformed pattern. After a mismatch only the last * is tried again, one byte further:
 * an earlier one could not do better. */
static bool match_elem(const char *p, const char *pe, const char *s, const char *se, bool *bad) {
    const char *star = NULL, *from = NULL;
    for (;;) {
        int w;
        if (p < pe && *p == '*') {
            star = ++p;
            from = s;
        } else if (p < pe && match_one(&p, pe, s, se, &w, bad)) {
            s += w;
        } else if (*bad) {
            return false;
        } else if (p == pe && s == se) {
            return true;
        } else if (star && from < se) {
            p = star;
            s = ++from;
        } else {
            return false;
        }
    }
}

/* Whether the whole pattern is well formed. */
static bool elem_ok(Str e) {
    const char *p = e.p, *pe = p + e.n;
    bool bad = false;
    int w;
    while (p < pe && !bad) {
        if (*p == '*') p++;
        else match_one(&p, pe, "", "", &w, &bad);
    }
    return !bad;
}

static bool is_special(Str p) {
    for (size_t i = 0; i < p.n; i++)
        if (strchr("*?[\\", p.p[i])) return true;
    return false;
}

static bool bad_name(const char *n) {
    static const char *const vcs[] = {".bzr", ".hg", ".git", ".svn"};
    for (size_t i = 0; i < ARRAY_LEN(vcs); i++)
        if (!strcmp(n, vcs[i])) return true;
    return strpbrk(n, "\"'*<>?`|:\\") != NULL || !*n;
}

static void add(Embed *e, Str name, const char *path, bool is_dir) {
    bool fresh;
    Str key = str_dup(e->a, name);
    map_put_str(&e->names, key, &fresh);
    if (!fresh) return;
    EmbedFile f = {.name = key, .path = path, .is_dir = is_dir};
    if (!is_dir && !file_read(e->a, path, &f.data, &e->err)) return;
    vec_push(e->out, f);
}

/* A file and the directories that lead to it. */
static void add_file(Embed *e, Str name) {
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '/') add(e, (Str){name.p, i + 1}, NULL, true);
    add(e, name, path_join(e->a, e->dir, str_dup(e->a, name).p), false);
}

static int add_tree(Embed *e, const char *name, bool all) {
    struct dirent **list;
    const char *dir = path_join(e->a, e->dir, name);
    int n = scandir(dir, &list, NULL, alphasort), found = 0;
    for (int i = 0; i < n; i++) {
        const char *d = list[i]->d_name;
        const char *sub = arena_printf(e->a, "%s%s%s", strcmp(name, ".") ? name : "", strcmp(name, ".") ? "/" : "", d);
        const char *path = path_join(e->a, e->dir, sub);
        bool hidden = (d[0] == '.' || d[0] == '_') && !all;
        struct stat st;
        if (strcmp(d, ".") && strcmp(d, "..") && !hidden && !bad_name(d) && !lstat(path, &st)) {
            if (S_ISDIR(st.st_mode)) {
                if (!file_exists(path_join(e->a, path, "go.mod"))) found += add_tree(e, sub, all);
            } else if (S_ISREG(st.st_mode)) {
                add_file(e, str_c(sub));
                found++;
            }
        }
        free(list[i]);
    }
    if (n >= 0) free(list);
    return found;
}

/* Expands the pattern's elements from `at` on below the directory `name` ("" is the package's). */
static int expand(Embed *e, const char *name, Str rest, bool all, Str pattern) {
    size_t n = 0;
    while (n < rest.n && rest.p[n] != '/') n++;
    Str elem = {rest.p, n};
    int found = 0;
    bool last = n == rest.n, bad = false;
    VEC(const char *) names = {.arena = e->a};
    const char *here = *name ? path_join(e->a, e->dir, name) : e->dir;
    if (is_special(elem)) {
        struct dirent **list;
        int k = scandir(here, &list, NULL, alphasort);
        bad = !elem_ok(elem);
        for (int i = 0; i < k; i++) {
            const char *d = list[i]->d_name;
            if (strcmp(d, ".") && strcmp(d, "..") && match_elem(elem.p, elem.p + elem.n, d, d + strlen(d), &bad))
                vec_push(&names, arena_printf(e->a, "%s", d));
            free(list[i]);
        }
        if (k >= 0) free(list);
        if (bad) e->err = "invalid pattern syntax";
    } else {
        vec_push(&names, str_dup(e->a, elem).p);
    }
    for (int i = 0; i < names.len && !e->err; i++) {
        const char *sub = *name ? arena_printf(e->a, "%s/%s", name, names.at[i]) : names.at[i];
        const char *path = path_join(e->a, e->dir, sub);
        struct stat st;
        if (lstat(path, &st)) continue;
        if (!last) {
            if (S_ISDIR(st.st_mode)) found += expand(e, sub, (Str){rest.p + n + 1, rest.n - n - 1}, all, pattern);
            continue;
        }
        bool self = !strcmp(sub, ".");
        if (!self && bad_name(names.at[i])) {
            e->err = arena_printf(e->a, "cannot embed %s %s: invalid name %s", S_ISDIR(st.st_mode) ? "directory" : "file", sub, names.at[i]);
        } else if (S_ISDIR(st.st_mode)) {
            if (!self && file_exists(path_join(e->a, path, "go.mod")))
                e->err = arena_printf(e->a, "cannot embed directory %s: in different module", sub);
            else if (!add_tree(e, sub, all))
                e->err = arena_printf(e->a, "cannot embed directory %s: contains no embeddable files", sub);
        } else if (S_ISREG(st.st_mode)) {
            add_file(e, str_c(sub));
        } else {
            e->err = arena_printf(e->a, "cannot embed irregular file %s", sub);
        }
        found++;
    }
    return found;
}

static bool valid_path(Str p) { /* as io/fs says */
    if (str_is(p, ".")) return true;
    size_t start = 0;
    for (size_t i = 0; i <= p.n; i++) {
        if (i < p.n && p.p[i] != '/') continue;
        Str e = {p.p + start, i - start};
        if (!e.n || str_is(e, ".") || str_is(e, "..")) return false;
        start = i + 1;
    }
    return true;
}

/* The directory that holds a name, without the final slash of directories; n of the element into *elem. */
static Str split(Str name, Str *elem) {
    if (name.n && name.p[name.n - 1] == '/') name.n--;
    size_t i = name.n;
    while (i && name.p[i - 1] != '/') i--;
    *elem = (Str){name.p + i, name.n - i};
    return i ? (Str){name.p, i - 1} : STR(".");
}

static int by_dir(const void *x, const void *y) {
    Str ex, ey, dx = split(((const EmbedFile *)x)->name, &ex), dy = split(((const EmbedFile *)y)->name, &ey);
    int c = str_cmp(dx, dy);
    return c ? c : str_cmp(ex, ey);
}

bool build_embed(Arena *a, const char *dir, Str patterns, EmbedFiles *out, const char **err) {
    Embed e = {.a = a, .dir = dir, .out = out, .names = {.arena = a}};
    const char *p = patterns.p, *end = p + patterns.n;
    for (;;) {
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\r')) p++;
        if (p == end) break;
        Buf word = {0};
        if (*p == '"' || *p == '`') {
            char q = *p++;
            for (; p < end && *p != q; p++) {
                if (q == '"' && *p == '\\' && p + 1 < end) p++;
                buf_putc(&word, *p);
            }
            if (p == end) {
                buf_free(&word);
                *err = arena_printf(a, "invalid quoted string in //go:embed: %.*s", STR_FMT(patterns));
                return false;
            }
            p++;
        } else {
            while (p < end && *p != ' ' && *p != '\t' && *p != '\r') buf_putc(&word, *p++);
        }
        Str written = str_dup(a, buf_str(&word)), pattern = written;
        buf_free(&word);
        bool all = str_has_prefix(pattern, "all:");
        if (all) pattern = (Str){pattern.p + 4, pattern.n - 4};
        int found = 0;
        if (!valid_path(pattern)) e.err = "invalid pattern syntax";
        else found = expand(&e, "", pattern, all, pattern);
        if (!e.err && !found) e.err = "no matching files found";
        if (e.err) return *err = arena_printf(a, "pattern %.*s: %s", STR_FMT(written), e.err), false;
    }
    if (out->len) qsort(out->at, (size_t)out->len, sizeof *out->at, by_dir);
    return true;
}
