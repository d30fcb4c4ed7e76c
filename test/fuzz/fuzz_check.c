/* Fuzz target: any bytes go through scanner, parser, printers, checker and export data. One input is a package of up to three files
 * (separated by lines "//---"), which may import "lib", a small package in memory. What checks without an error is written as export
 * data and read back in a session of its own. */
#define _GNU_SOURCE
#include "fuzz.h"
#include "types/export.h"
#include "types/types.h"

#include <stdlib.h>

static const char lib[] =
    "package lib\n"
    "type Number interface { ~int | ~int64 | ~float64 }\n"
    "type Stringer interface { String() string }\n"
    "type List[T any] struct { head *node[T]; N int }\n"
    "type node[T any] struct { next *node[T]; v T }\n"
    "func (l *List[T]) Push(v T) { l.head = &node[T]{l.head, v}; l.N++ }\n"
    "func (l *List[T]) All() func(yield func(int, T) bool) {\n"
    "	return func(yield func(int, T) bool) { i := 0; for n := l.head; n != nil && yield(i, n.v); n = n.next { i++ } }\n"
    "}\n"
    "func Map[A, B any](xs []A, f func(A) B) (r []B) { for _, x := range xs { r = append(r, f(x)) }; return }\n"
    "func Sum[T Number](xs ...T) (s T) { for _, x := range xs { s += x }; return }\n"
    "type Pair[K comparable, V any] struct { Key K; Val V }\n"
    "type Alias[K comparable] = map[K]*Pair[K, []K]\n"
    "type E int\n"
    "const ( A E = iota; B; C )\n"
    "const Big = 1 << 200; const Pi = 3.14159265358979323846264338327950288419716939937510582097494459\n"
    "func (e E) String() string { return \"E\" }\n"
    "type T struct { E; *U; F func(...any) error }\n"
    "type U struct { T *T; m [B]E; c chan<- Stringer }\n"
    "func (u *U) M() (x, y int) { return }\n"
    "var V = T{F: func(...any) error { return nil }}\n";

const char *const fuzz_words[] = {
    "break", "case", "chan", "const", "continue", "default", "defer", "else", "fallthrough", "for", "func", "go", "goto", "if",
    "import", "interface", "map", "package", "range", "return", "select", "struct", "switch", "type", "var", "any", "int", "string",
    "float64", "complex128", "uint8", "error", "comparable", "nil", "iota", "true", "append", "make", "new", "len", "cap", "copy",
    "min", "max", "clear", "panic", "recover", "print", "delete", "real", "imag", "complex", "unsafe.Sizeof(", "unsafe.Offsetof(",
    "unsafe.Slice(", "unsafe.Add(", "unsafe.String(", "lib.List[int]", "lib.Map", "lib.Sum", "lib.T", "lib.V", "lib.Big", "lib.Alias[string]",
    "lib.Pair[", "[T any]", "[P interface{ ~int | ~string }]", "[K comparable, V any]", "...", ":=", "<<", ">>", "&^=", "<-", "==", "!=", "++",
    "&&", "||", "(", ")", "[", "]", "{", "}", ";", ":", ".", ",", "~", "|", "*", "&", "\n", "\"", "`", "'", "//", "/*", "*/", "_", "x", "y", "T",
    "0x1p-1074", "1e1000", "1i", "1<<100", "-1", "0", "'\\''", "\"\\xff\"", "x.(type)", "func() {}", "struct{}", "interface{}", "[]T", "*T",
    "T[T]", "[N]T", "map[T]T", "type T = ", "import \"lib\"\n", "import . \"lib\"\n", "import \"unsafe\"\n", "\n//---\npackage p\n",
    "//line x.go:1:1\n", "//go:embed x\n", "//go:build go1.17\n", "//go:linkname x y\n", "L:\n", "goto L", NULL};

bool fuzz_seed(int i, const uint8_t **data, size_t *size) { return false; }

/* ---- Sessions ------------------------------------------------------------------------------------- */

typedef struct World {
    DiagList diags;
    Session syn;
    TypeSession ts;
    Arena arena;
    Package *lib;
} World;

static Str lib_export;

static Package *import(void *ctx, Str path, Package *from, const char **msg) {
    World *w = ctx;
    if (!str_is(path, "lib")) return *msg = "no such package", NULL;
    if (!w->lib && lib_export.n) w->lib = export_open(&w->ts, lib_export, msg);
    return w->lib;
}

static void world_init(World *w) {
    *w = (World){0};
    session_init(&w->syn, diag_to_list(&w->diags));
    types_session_init(&w->ts, &w->syn);
    w->ts.max_string = 1 << 20; /* gc's 2 GB would be a finding */
    w->ts.import = import;
    w->ts.import_ctx = w;
}

static void world_free(World *w) {
    types_session_free(&w->ts);
    session_free(&w->syn);
    arena_free(&w->arena);
    vec_free(&w->diags.msgs);
    arena_free(&w->diags.arena);
}

static Package *check_files(World *w, const char *path, SourceFile **src, File **files, int n) {
    for (int i = 0; i < n; i++) files[i] = parse_file(&w->syn, src[i], &w->arena, PARSE_ALL);
    CheckOptions opt = {.report_unused_imports = true};
    return check_package(&w->ts, &w->arena, str_c(path), files, n, &opt);
}

static void make_lib(void) {
    World w;
    world_init(&w);
    SourceFile *src = session_add_file(&w.syn, "lib.go", STR(lib));
    File *f;
    Package *p = check_files(&w, "lib", &src, &f, 1);
    if (w.diags.msgs.len) {
        diag_print(&w.syn, &w.diags, stderr, -1, true, true);
        abort();
    }
    static Buf blob;
    export_write(&w.ts, p, &blob);
    lib_export = buf_str(&blob);
    world_free(&w);
}

/* ---- One input ------------------------------------------------------------------------------------ */

typedef struct Input { Str text; FILE *out; } Input;

static void read_back(Input *in, Str blob) {
    World w;
    world_init(&w);
    const char *err = "";
    Package *p = export_open(&w.ts, blob, &err);
    if (!p) bug("export data that was just written: %s", err);
    package_declare_all(p);
    for (int i = 0; i < p->scope->elems.len; i++) {
        Object *o = p->scope->elems.entries[i].val;
        if (!o || o->pkg != p) continue;
        if (o->kind == OBJ_FUNC) check_body_now(&w.ts, o);
        Type *t = object_type(o);
        if (o->kind != OBJ_TYPENAME || !t || t->kind != TYPE_NAMED) continue;
        for (int k = 0; k < named_nmethods((NamedType *)t); k++) check_body_now(&w.ts, named_method((NamedType *)t, k));
    }
    dump_types(&w.ts, p, in->out);
    if (w.diags.msgs.len) {
        diag_print(&w.syn, &w.diags, stderr, -1, true, true);
        bug("importing a package without errors gives errors");
    }
    world_free(&w);
}

static void one(void *arg) {
    Input *in = arg;
    static const char *const names[] = {"a.go", "b.go", "c.go"};
    if (!lib_export.n) make_lib();
    World w;
    world_init(&w);
    SourceFile *src[3];
    File *files[3];
    int n = 0;
    for (Str rest = in->text; n < 3;) {
        const char *cut = n < 2 ? memmem(rest.p, rest.n, "\n//---\n", 7) : NULL;
        Str part = {rest.p, cut ? (size_t)(cut + 1 - rest.p) : rest.n};
        src[n] = session_add_file(&w.syn, names[n], part);
        n++;
        if (!cut) break;
        rest = (Str){cut + 7, rest.n - part.n - 6};
    }
    Package *p = check_files(&w, "p", src, files, n);
    for (int i = 0; i < n; i++) dump_ast(&w.syn, files[i], in->out);
    dump_types(&w.ts, p, in->out);
    if (p->complete && !w.diags.msgs.len) {
        Buf blob = {0};
        export_write(&w.ts, p, &blob);
        read_back(in, buf_str(&blob));
        buf_free(&blob);
    }
    diag_print(&w.syn, &w.diags, in->out, -1, true, true);
    Buf b = {0};
    expr_print(&b, parse_expr_text(&w.syn, src[0], &w.arena));
    buf_free(&b);
    world_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = NULL;
    size_t n = 0;
    Input in = {{(const char *)data, size}, open_memstream(&text, &n)};
    fuzz_deep(one, &in);
    fclose(in.out);
    free(text);
    return 0;
}
