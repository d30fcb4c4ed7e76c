/* //go:embed: which files a directive's patterns name.
 *
 * Rules as in go: patterns are path.Match patterns relative to the package's directory; a directory stands
 * for the tree below it without names that begin with . or _ (with `all:` also those); what a pattern
 * names itself is always taken; no match is an error; nested modules and ".." are refused. */
#define _GNU_SOURCE
#include "build/build.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct Embedder {
    Arena *a;
    const char *dir;
    EmbedFiles *out;
    const char **err;
    Str pattern;
} Embedder;

static bool add(Embedder *e, const char *rel, bool is_dir) {
    for (int i = 0; i < e->out->len; i++)
        if (str_is(e->out->at[i].name, rel)) return true;
    EmbedFile f = {.name = str_c(arena_printf(e->a, "%s", rel)), .path = path_join(e->a, e->dir, rel), .is_dir = is_dir};
    if (!is_dir && !file_read(e->a, f.path, &f.data, e->err)) return false;
    vec_push(e->out, f);
    return true;
}

/* All files below rel; returns how many, or -1 on an error. */
static int add_tree(Embedder *e, const char *rel, bool all) {
    struct dirent **names;
    int n = scandir(path_join(e->a, e->dir, rel), &names, NULL, alphasort), count = 0;
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        bool skip = !strcmp(name, ".") || !strcmp(name, "..") || (!all && (name[0] == '.' || name[0] == '_'));
        if (!skip && count >= 0) {
            char *sub = arena_printf(e->a, "%s/%s", rel, name);
            const char *full = path_join(e->a, e->dir, sub);
            if (file_is_dir(full)) {
                if (!file_exists(path_join(e->a, full, "go.mod"))) {
                    int k = add_tree(e, sub, all);
                    count = k < 0 ? -1 : count + k;
                }
            } else if (!add(e, sub, false)) {
                count = -1;
            } else {
                count++;
            }
        }
        free(names[i]);
    }
    if (n >= 0) free(names);
    return count;
}

/* Matches pattern elements against the tree from rel ("" at the top). Returns matches, -1 on an error. */
static int match(Embedder *e, const char *rel, const char *pat, bool all) {
    size_t n = strcspn(pat, "/");
    char *elem = arena_printf(e->a, "%.*s", (int)n, pat);
    bool last = !pat[n];
    struct dirent **names;
    const char *here = *rel ? path_join(e->a, e->dir, rel) : e->dir;
    int k = scandir(here, &names, NULL, alphasort), count = 0;
    for (int i = 0; i < k; i++) {
        const char *name = names[i]->d_name;
        bool dots = !strcmp(name, ".") || !strcmp(name, "..");
        bool self = !strcmp(elem, ".") && !strcmp(name, ".");
        if (count >= 0 && ((!dots && !fnmatch(elem, name, 0)) || self)) {
            char *sub = self ? arena_printf(e->a, "%s", *rel ? rel : ".") : *rel ? arena_printf(e->a, "%s/%s", rel, name) : arena_printf(e->a, "%s", name);
            const char *full = path_join(e->a, e->dir, sub);
            int got = 0;
            if (!last) got = file_is_dir(full) ? match(e, sub, pat + n + 1, all) : 0;
            else if (file_is_dir(full)) got = add_tree(e, sub, all);
            else got = add(e, sub, false) ? 1 : -1;
            count = got < 0 ? -1 : count + got;
        }
        free(names[i]);
    }
    if (k >= 0) free(names);
    return count;
}

bool build_embed(Arena *a, const char *dir, Str patterns, EmbedFiles *out, const char **err) {
    *err = NULL;
    if (!out->arena) out->arena = a;
    const char *p = patterns.p, *end = p + patterns.n;
    while (p < end) {
        while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
        if (p == end) break;
        Str pat;
        if (*p == '"' || *p == '`') {
            char q = *p++;
            const char *s = p;
            while (p < end && *p != q) p++;
            pat = (Str){s, (size_t)(p - s)};
            if (p < end) p++;
        } else {
            const char *s = p;
            while (p < end && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\r') p++;
            pat = (Str){s, (size_t)(p - s)};
        }
        Str shown = pat;
        bool all = str_has_prefix(pat, "all:");
        if (all) pat = (Str){pat.p + 4, pat.n - 4};
        Str text = str_dup(a, pat);
        if (!pat.n || pat.p[0] == '/' || str_is(pat, "..") || str_has_prefix(pat, "../") || strstr(text.p, "/../") || str_has_suffix(pat, "/..")) {
            *err = arena_printf(a, "pattern %.*s: invalid pattern syntax", STR_FMT(shown));
            return false;
        }
        Embedder e = {a, dir, out, err, pat};
        int n = match(&e, "", text.p, all);
        if (n < 0) return false;
        if (n == 0) {
            bool is_dir = file_is_dir(path_join(a, dir, text.p));
            *err = arena_printf(a, is_dir ? "pattern %.*s: cannot embed directory %.*s: contains no embeddable files"
                                          : "pattern %.*s: no matching files found%.*s",
                                STR_FMT(shown), is_dir ? (int)pat.n : 0, pat.p);
            return false;
        }
    }
    return true;
}
