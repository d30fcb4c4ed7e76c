/* Fuzz target: any bytes go through scanner, parser, printer and dumps without a crash. Build and
 * run with `make fuzz`. */
#include <stdlib.h>

#include "syntax/syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    DiagList list = {0};
    Session s;
    session_init(&s, diag_to_list(&list));
    Arena arena = {0};
    SourceFile *src = session_add_file(&s, "fuzz.go", (Str){(const char *)data, size});
    File *f = parse_file(&s, src, &arena, PARSE_ALL);
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    dump_ast(&s, f, out);
    diag_print(&s, &list, out, -1, true, true);
    Buf b = {0};
    expr_print(&b, parse_expr_text(&s, src, &arena));
    buf_free(&b);
    fclose(out);
    free(text);
    vec_free(&list.msgs);
    arena_free(&list.arena);
    arena_free(&arena);
    session_free(&s);
    return 0;
}
