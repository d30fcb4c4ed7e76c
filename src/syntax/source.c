/* Sessions, source positions and diagnostics.
 *
 * A Pos is an offset in one space that all files of a session share: each file owns the range
 * [base, base+size]; the byte after the last belongs to it too (end of file). */
#include "syntax/syntax.h"

#include <stdlib.h>

void session_init(Session *s, Diag diag) {
    memset(s, 0, sizeof(*s));
    s->names = interner_new();
    s->diag = diag;
    s->next_base = 1;
    pthread_rwlock_init(&s->files_lock, NULL);
    for (int t = TOK_BREAK; t <= TOK_VAR; t++)
        intern(s->names, token_text[t], strlen(token_text[t]))->token = (uint16_t)(t + 1);
}

void session_free(Session *s) {
    interner_free(s->names);
    vec_free(&s->files);
    arena_free(&s->arena);
    pthread_rwlock_destroy(&s->files_lock);
    memset(s, 0, sizeof(*s));
}

SourceFile *session_add_file(Session *s, const char *path, Str text) {
    SourceFile *f = arena_new(&s->arena, SourceFile);
    f->path = str_dup(&s->arena, str_c(path)).p;
    f->text = str_dup(&s->arena, text); /* ends with NUL: the scanner counts on it */
    if (f->text.n > (uint32_t)-1 - s->next_base - 2) bug("source texts larger than 4 GiB");
    f->base = s->next_base;
    s->next_base += (Pos)f->text.n + 1;
    int n = 1;
    const char *p = f->text.p, *end = p + f->text.n, *q;
    for (q = p; (q = memchr(q, '\n', (size_t)(end - q))); q++) n++;
    f->lines = arena_array(&s->arena, uint32_t, n);
    f->nlines = n;
    n = 1;
    for (q = p; (q = memchr(q, '\n', (size_t)(end - q)));) f->lines[n++] = (uint32_t)(++q - p);
    vec_push(&s->files, f);
    return f;
}

SourceFile *session_add_lines(Session *s, const char *path, int nlines) {
    pthread_rwlock_wrlock(&s->files_lock);
    SourceFile *f = arena_new(&s->arena, SourceFile);
    f->path = str_dup(&s->arena, str_c(path)).p;
    f->text = (Str){NULL, (size_t)nlines};
    if (f->text.n > (uint32_t)-1 - s->next_base - 2) bug("source texts larger than 4 GiB");
    f->base = s->next_base;
    s->next_base += (Pos)f->text.n + 1;
    vec_push(&s->files, f);
    pthread_rwlock_unlock(&s->files_lock);
    return f;
}

SourceFile *pos_file(Session *s, Pos p) {
    if (!p) return NULL;
    pthread_rwlock_rdlock(&s->files_lock);
    int lo = 0, hi = s->files.len;
    while (lo < hi) { /* first file with base > p */
        int mid = lo + (hi - lo) / 2;
        if (s->files.at[mid]->base > p) hi = mid;
        else lo = mid + 1;
    }
    SourceFile *f = lo ? s->files.at[lo - 1] : NULL;
    pthread_rwlock_unlock(&s->files_lock);
    if (!f) return NULL;
    return p - f->base <= f->text.n ? f : NULL;
}

/* 1-based line of an offset. */
static int line_of(const SourceFile *f, uint32_t off) {
    int lo = 0, hi = f->nlines;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (f->lines[mid] > off) hi = mid;
        else lo = mid + 1;
    }
    return lo;
}

Location pos_location_raw(Session *s, Pos p) {
    SourceFile *f = pos_file(s, p);
    if (!f) return (Location){NULL, 0, 0};
    uint32_t off = p - f->base;
    if (!f->lines) return (Location){f->path, (int)off + 1, 0};
    int line = line_of(f, off);
    return (Location){f->path, line, (int)(off - f->lines[line - 1]) + 1};
}

/* The //line directive that governs an offset, or -1. */
static int directive_of(const SourceFile *f, uint32_t off) {
    int lo = 0, hi = f->ndirectives;
    while (lo < hi) {
        int mid = lo + (hi - lo) / 2;
        if (f->directives[mid].offset > off) hi = mid;
        else lo = mid + 1;
    }
    return lo - 1;
}

Location pos_location(Session *s, Pos p) {
    Location l = pos_location_raw(s, p);
    SourceFile *f = l.file ? pos_file(s, p) : NULL;
    int i = f ? directive_of(f, p - f->base) : -1;
    if (i < 0) return l;
    struct LineDirective *d = &f->directives[i];
    int dline = line_of(f, d->offset), dcol = (int)(d->offset - f->lines[dline - 1]) + 1;
    Location r = {d->file.p, d->line + (l.line - dline), 0};
    if (d->col) r.col = l.line == dline ? d->col + (l.col - dcol) : l.col;
    return r;
}

/* ---- Diagnostics ---------------------------------------------------------------------------- */

static void report(Session *s, Pos p, int code, bool soft, const char *fmt, va_list ap) {
    Buf b = {0};
    buf_vprintf(&b, fmt, ap);
    DiagMsg m = {p, code, soft, str_dup(&s->arena, buf_str(&b))};
    buf_free(&b);
    s->diag.nerrors++;
    if (s->diag.report) s->diag.report(s->diag.ctx, &m);
}

void diag_error(Session *s, Pos p, int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    report(s, p, code, false, fmt, ap);
    va_end(ap);
}

void diag_soft(Session *s, Pos p, int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    report(s, p, code, true, fmt, ap);
    va_end(ap);
}

static void list_report(void *ctx, const DiagMsg *m) {
    DiagList *l = ctx;
    DiagMsg c = *m;
    c.text = str_dup(&l->arena, m->text);
    vec_push(&l->msgs, c);
}

Diag diag_to_list(DiagList *l) { return (Diag){list_report, l, 0}; }

typedef struct SortedMsg {
    DiagMsg *m;
    Location at;
    int base; /* number of the file or //line stretch, in order of first appearance */
    int order;
} SortedMsg;

static int msg_cmp(const void *pa, const void *pb) {
    const SortedMsg *a = pa, *b = pb;
    if (a->base != b->base) return a->base < b->base ? -1 : 1;
    if (a->at.line != b->at.line) return a->at.line < b->at.line ? -1 : 1;
    if (a->at.col != b->at.col) return a->at.col < b->at.col ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool same_line(const SortedMsg *a, const SortedMsg *b) {
    return a->at.line == b->at.line && a->base == b->base;
}

typedef struct PosBase {
    SourceFile *file;
    int directive;
} PosBase;

static void put_place(FILE *out, Location l, bool columns) {
    if (!l.file) {
        fputs("<unknown line number>: ", out);
    } else if (columns && l.col) {
        fprintf(out, "%s:%d:%d: ", l.file, l.line, l.col);
    } else {
        fprintf(out, "%s:%d: ", l.file, l.line);
    }
}

static void put_caret(Session *s, Pos p, FILE *out) {
    SourceFile *f = pos_file(s, p);
    if (!f || !f->lines) return;
    Location l = pos_location_raw(s, p);
    const char *line = f->text.p + f->lines[l.line - 1], *end = f->text.p + f->text.n;
    const char *nl = memchr(line, '\n', (size_t)(end - line));
    if (!nl) nl = end;
    fprintf(out, "\t%.*s\n\t", (int)(nl - line), line);
    for (int i = 0; i < l.col - 1; i++) {
        if (((uint8_t)line[i] & 0xc0) == 0x80) continue;
        fputc(line[i] == '\t' ? '\t' : ' ', out);
    }
    fputs("^\n", out);
}

int diag_print(Session *s, DiagList *l, FILE *out, int limit, bool show_columns, bool caret) {
    int n = l->msgs.len, printed = 0;
    if (!n) return 0;
    SortedMsg *v = malloc(sizeof(*v) * (size_t)n);
    if (!v) base_oom();
    int kept = 0;
    VEC(PosBase) bases = {0};
    SortedMsg last = {0}; /* last syntax error: others right behind it on its line are noise */
    SortedMsg last_other = {0};
    for (int i = 0; i < n; i++) {
        SortedMsg m = {&l->msgs.at[i], pos_location(s, l->msgs.at[i].pos), 0, i};
        SourceFile *f = pos_file(s, m.m->pos);
        PosBase pb = {f, f ? directive_of(f, m.m->pos - f->base) : -1};
        while (m.base < bases.len && (bases.at[m.base].file != f ||
                                      bases.at[m.base].directive != pb.directive))
            m.base++;
        if (m.base == bases.len) vec_push(&bases, pb);
        if (str_has_prefix(m.m->text, "syntax error")) {
            if (last.m && same_line(&last, &m)) continue;
            last = m;
        } else { /* gc drops a message that repeats the one just before it on the same line */
            if (last_other.m && same_line(&last_other, &m) && str_eq(last_other.m->text, m.m->text)) continue;
            last_other = m;
        }
        v[kept++] = m;
    }
    n = kept;
    vec_free(&bases);
    qsort(v, (size_t)n, sizeof(*v), msg_cmp);
    int line_start = 0; /* first message of the current line */
    for (int i = 0; i < n; i++) {
        if (!same_line(&v[i], &v[line_start])) line_start = i;
        bool drop = false; /* the same text twice at one place */
        for (int k = line_start; k < i && !drop; k++)
            drop = v[k].m->pos == v[i].m->pos && str_eq(v[k].m->text, v[i].m->text);
        if (drop) continue;
        put_place(out, v[i].at, show_columns);
        fprintf(out, "%.*s\n", STR_FMT(v[i].m->text));
        if (caret) put_caret(s, v[i].m->pos, out);
        if (++printed == limit) {
            put_place(out, v[i].at, show_columns);
            fputs("too many errors\n", out);
            break;
        }
    }
    free(v);
    return printed;
}
