/* Default GODEBUG settings of a program: an older go line in go.mod asks for the behaviour of that version. Which
 * settings changed when is read from the table in Go's source. */
#include "cmd/compile.h"

#include <stdlib.h>

static const char symbol_name[] = "go:godebug.default", test_symbol[] = "go:testbinary";

typedef struct Setting { Str key, value; } Setting;
typedef VEC(Setting) Settings;

static void set(Settings *s, Str key, Str value) {
    for (int i = 0; i < s->len; i++)
        if (str_eq(s->at[i].key, key)) {
            s->at[i].value = value;
            return;
        }
    vec_push(s, ((Setting){key, value}));
}

/* "key=value" of a directive; "default=go1.N" goes to *version. */
static void set_text(Settings *s, Str text, int *version) {
    const char *eq = memchr(text.p, '=', text.n);
    if (!eq) return;
    Str key = {text.p, (size_t)(eq - text.p)}, value = {eq + 1, text.n - key.n - 1};
    if (!str_is(key, "default")) set(s, key, value);
    else if (str_has_prefix(value, "go1.")) *version = atoi(value.p + 4);
}

static Str quoted(const char *line, const char *label) {
    const char *p = strstr(line, label), *end;
    if (!p) return STR("");
    p += strlen(label);
    end = strchr(p, '"');
    return end ? (Str){p, (size_t)(end - p)} : STR("");
}

static void add_old(Compile *c, Settings *s, int version) {
    Str text;
    const char *err;
    if (!file_read(&c->arena, arena_printf(&c->arena, "%s/src/internal/godebugs/table.go", c->loader.goroot), &text, &err)) return;
    for (char *line = (char *)text.p; line && *line;) {
        char *nl = strchr(line, '\n');
        if (nl) *nl = 0;
        Str name = quoted(line, "{Name: \""), old = quoted(line, "Old: \"");
        const char *changed = strstr(line, "Changed: ");
        if (name.n && changed && strncmp(line, "\t//", 3) && atoi(changed + 9) > version) set(s, name, old);
        line = nl ? nl + 1 : NULL;
    }
}

static int by_key(const void *a, const void *b) { return str_cmp(((const Setting *)a)->key, ((const Setting *)b)->key); }

Str godebug_default(Compile *c) {
    Module *m = c->loader.main_module;
    int version = str_is(str_c(c->loader.go111module), "off") ? 20 : 27; /* GOPATH mode is from before such settings */
    if (m && str_has_prefix(m->go_version, "go1.")) version = atoi(m->go_version.p + 4);
    Settings own = {0}, all = {0};
    for (int i = 0; m && i < m->godebug.len; i++) set_text(&own, m->godebug.at[i], &version);
    for (int i = 0; c->main && i < c->main->files.len; i++)
        for (int k = 0; c->main->files.at[i].ast && k < c->main->files.at[i].ast->debug.len; k++)
            set_text(&own, c->main->files.at[i].ast->debug.at[k], &version);
    if (version < 27) add_old(c, &all, version);
    for (int i = 0; i < own.len; i++) set(&all, own.at[i].key, own.at[i].value);
    if (all.len) qsort(all.at, (size_t)all.len, sizeof *all.at, by_key);
    Buf b = {0};
    for (int i = 0; i < all.len; i++) buf_printf(&b, "%s%.*s=%.*s", i ? "," : "", STR_FMT(all.at[i].key), STR_FMT(all.at[i].value));
    Str r = str_dup(&c->arena, buf_str(&b));
    buf_free(&b);
    vec_free(&own);
    vec_free(&all);
    return r;
}

void godebug_define(Compile *c) {
    Str text = godebug_default(c);
    Sym *test = c->is_test ? sym_get(&c->syms, STR(test_symbol)) : NULL;
    if (test && sym_begin_define(&c->syms, test, SYM_RODATA)) {
        sym_set_data(&c->syms, test, "1", 2, 8);
        test->keep_name = true;
    }
    Sym *s = sym_get(&c->syms, STR(symbol_name));
    if (!text.n || !sym_begin_define(&c->syms, s, SYM_RODATA)) return;
    sym_set_data(&c->syms, s, text.p, text.n + 1, 8);
    s->keep_name = true;
}

void godebug_apply(Images *im) {
    const struct { const char *symbol, *var; } settings[] = {
        {symbol_name, "runtime.godebugDefault"},
        {test_symbol, "testing.testBinary"}, /* testing.Testing, also in init functions */
    };
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const char *text = (const char *)(uintptr_t)image_lookup(im, str_c(settings[i].symbol));
        uint64_t *var = text ? (uint64_t *)(uintptr_t)image_lookup(im, str_c(settings[i].var)) : NULL; /* a Go string */
        if (!var) continue;
        var[0] = (uint64_t)(uintptr_t)text;
        var[1] = strlen(text);
    }
}
