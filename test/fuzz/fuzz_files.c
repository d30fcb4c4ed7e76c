/* Fuzz target: what the build reads besides Go. The input's first line chooses: "mod" a go.mod, "work" a go.work, "tags" a file with a
 * build constraint, "embed" the patterns of //go:embed (below test/fuzz). */
#include "fuzz.h"
#include "build/modules.h"

const char *const fuzz_words[] = {
    "module ", "go 1.27", "require ", "replace ", " => ", "use ", "exclude ", "retract ", "toolchain ", "godebug ", "(\n", "\n)\n", "// indirect",
    "v1.2.3", "../x", "\"", "`", "//go:build ", "&&", "||", "!", "linux", "go1.21", "/*", "*/", "package p", "*", "?", "[", "]", "[^a-", "\\", "all:", "check/", "..", NULL};

bool fuzz_seed(int i, const uint8_t **data, size_t *size) { return false; }

static void one(void *arg) {
    Str in = *(Str *)arg;
    const char *nl = in.n ? memchr(in.p, '\n', in.n) : NULL, *err = NULL;
    if (!nl) return;
    Str kind = {in.p, (size_t)(nl - in.p)}, text = {nl + 1, in.n - kind.n - 1};
    Arena a = {0};
    if (str_is(kind, "mod") || str_is(kind, "work")) {
        StrVec dirs = {.arena = &a};
        bool work = str_is(kind, "work");
        Module *m = module_parse(&a, text, "go.mod", work ? &dirs : NULL, &err);
        if (!m == !err) bug("go.mod: neither module nor message");
        Str path, version;
        if (m) {
            m->dir = STR("test/fuzz");
            module_find_required(&a, m, STR("example.com/m/p"), &path, &version);
        }
    } else if (str_is(kind, "tags")) {
        Session syn;
        DiagList diags = {0};
        session_init(&syn, diag_to_list(&diags));
        Loader l = {.syn = &syn, .arena = &a};
        build_match_file(&l, STR("x_linux.go"), text, true);
        parse_file(&syn, session_add_file(&syn, "x.go", text), &a, PARSE_IMPORTS_ONLY);
        session_free(&syn);
        vec_free(&diags.msgs);
        arena_free(&diags.arena);
    } else if (str_is(kind, "embed")) {
        EmbedFiles found = {.arena = &a};
        if (!build_embed(&a, "test/fuzz", text, &found, &err) && !err) bug("embed: no message");
    }
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Str in = {(const char *)data, size};
    fuzz_deep(one, &in);
    return 0;
}
