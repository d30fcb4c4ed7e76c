/* syntax: from bytes to an AST. Scanner, parser, positions, diagnostics.
 *
 * A Session is one front-end job: names, positions, files, diagnostics. It is single-threaded; the
 * parser never stops at an error, it reports (gc's wording) and resynchronises. See it work with
 * --dump=tokens and --dump=ast. */
#ifndef VOLE_SYNTAX_H
#define VOLE_SYNTAX_H

#include <pthread.h>
#include "syntax/ast.h"

/* ---- Diagnostics ---------------------------------------------------------------------------- */

typedef struct Session Session;

typedef struct DiagMsg {
    Pos pos;
    int code;  /* ErrCode of errors.def; 0: syntax error */
    bool soft; /* does not prevent later stages (unused variable, ...) */
    Str text;  /* may hold "\n\t" continuation lines, as gc prints them */
} DiagMsg;

/* Where messages go; the sink copies nothing and may be called in any position order. */
typedef struct Diag {
    void (*report)(void *ctx, const DiagMsg *m);
    void *ctx;
    int nerrors;
} Diag;

/* Collects, sorts by position (files and //line stretches in order of their first message), drops
 * duplicates of one line and prints as gc does:
 * "file:line:col: message", at most 10 then "too many errors" (limit < 0: all); with the source
 * line and a caret when `caret`. Returns the number printed. */
typedef struct DiagList { VEC(DiagMsg) msgs; Arena arena; } DiagList;
Diag diag_to_list(DiagList *l);
int diag_print(Session *s, DiagList *l, FILE *out, int limit, bool show_columns, bool caret);

/* ---- Session and positions ------------------------------------------------------------------ */

typedef struct SourceFile {
    const char *path;    /* as shown in messages */
    Str text;
    Pos base;            /* position of byte 0 */
    uint32_t *lines;     /* offset of each line's first byte; NULL: session_add_lines */
    int nlines;
    struct LineDirective { uint32_t offset; Str file; int line, col; } *directives; /* //line */
    int ndirectives;
} SourceFile;

struct Session {
    Interner *names;
    Arena arena;       /* lives as long as the session */
    Diag diag;
    VEC(SourceFile *) files; /* by base */
    Pos next_base;
    pthread_rwlock_t files_lock; /* session_add_lines and pos_location may come from several threads */
};

typedef struct Location { const char *file; int line, col; } Location;

void session_init(Session *s, Diag diag);
void session_free(Session *s);
SourceFile *session_add_file(Session *s, const char *path, Str text);
/* A file without text: position base + n stands for line n + 1, up to nlines. */
SourceFile *session_add_lines(Session *s, const char *path, int nlines);
Location pos_location(Session *s, Pos p);     /* honours //line; file NULL when p is 0 */
Location pos_location_raw(Session *s, Pos p); /* ignores //line */
SourceFile *pos_file(Session *s, Pos p);

void diag_error(Session *s, Pos p, int code, const char *fmt, ...) printf_like(4, 5);
void diag_soft(Session *s, Pos p, int code, const char *fmt, ...) printf_like(4, 5);

/* ---- Parsing -------------------------------------------------------------------------------- */

typedef enum ParseMode {
    PARSE_ALL = 0,
    PARSE_IMPORTS_ONLY = 1, /* package clause and imports */
} ParseMode;

/* Parses a whole file into nodes of `arena`. Never returns NULL; errors went to the session's sink. */
File *parse_file(Session *s, SourceFile *src, Arena *arena, ParseMode mode);
/* Parses the declaration that starts at byte `offset` of src (func, type, const or var; used by
 * lazily read export data). `iota0`: index of the first spec of a const group. */
Decl parse_decl_at(Session *s, SourceFile *src, uint32_t offset, Arena *arena);
Expr *parse_expr_text(Session *s, SourceFile *src, Arena *arena); /* one expression: tests, -e, debugger */

void dump_tokens(Session *s, SourceFile *src, FILE *out);
void dump_ast(Session *s, const File *f, FILE *out);

#endif
