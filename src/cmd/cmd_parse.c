/* vole parse: the parser alone. Prints errors as gc does; --dump=tokens and --dump=ast show what
 * scanner and parser make of the files; --time says how fast. */
#include "cmd/cmd.h"
#include "syntax/syntax.h"

int cmd_parse(int argc, char **argv) {
    const char *dump = "";
    bool caret = false, timing = false;
    int limit = 10;
    DiagList list = {0};
    Session s;
    session_init(&s, diag_to_list(&list));
    Arena text = {0}, arena = {0};
    uint64_t ns = 0;
    long lines = 0;
    int status = 0;
    for (int i = 1; i < argc; i++) {
        const char *err, *a = argv[i];
        if (!strncmp(a, "--dump=", 7)) {
            dump = a + 7;
        } else if (!strcmp(a, "--caret")) {
            caret = true;
        } else if (!strcmp(a, "--time")) {
            timing = true;
        } else if (!strcmp(a, "-e")) {
            limit = -1;
        } else {
            Str src;
            if (!file_read(&text, a, &src, &err)) {
                fprintf(stderr, "vole parse: %s\n", err);
                status = 1;
                continue;
            }
            uint64_t t = time_now_ns();
            SourceFile *f = session_add_file(&s, a, src);
            if (!strcmp(dump, "tokens")) {
                dump_tokens(&s, f, stdout);
                continue;
            }
            File *file = parse_file(&s, f, &arena, PARSE_ALL);
            ns += time_now_ns() - t;
            lines += f->nlines;
            if (!strcmp(dump, "ast")) dump_ast(&s, file, stdout);
            arena_reset(&arena);
        }
    }
    if (diag_print(&s, &list, stderr, limit, true, caret)) status = 1;
    if (timing)
        fprintf(stderr, "%ld lines in %.3f s: %.2f million lines/s\n", lines, (double)ns / 1e9,
                (double)lines * 1e3 / (double)(ns ? ns : 1));
    vec_free(&list.msgs);
    arena_free(&list.arena);
    arena_free(&text);
    arena_free(&arena);
    session_free(&s);
    return status;
}
