/* JSON events; see testjson.h. The testing package marks its own lines with a SYN byte when -test.v=test2json. */
#include "cmd/testjson.h"

#include <stdlib.h>
#include <time.h>

static void put_string(FILE *out, Str s) {
    putc('"', out);
    for (size_t i = 0; i < s.n;) {
        int32_t r;
        int w = utf8_decode(s.p + i, s.n - i, &r);
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
        else if (c == '\n') fputs("\\n", out);
        else if (c == '\t') fputs("\\t", out);
        else if (c == '\r') fputs("\\r", out);
        else if (c == '<' || c == '>' || c == '&' || c < 32) fprintf(out, "\\u%04x", c);
        else if (w == 1 && c >= 0x80) fputs("\\ufffd", out);
        else fwrite(s.p + i, 1, (size_t)w, out);
        i += (size_t)w;
    }
    putc('"', out);
}

/* output: NULL; elapsed < 0: none. */
static void event_of(TestJson *t, const char *action, Str test, const Str *output, const char *type, double elapsed) {
    struct timespec ts;
    struct tm tm;
    char when[64], zone[16];
    clock_gettime(CLOCK_REALTIME, &ts);
    localtime_r(&ts.tv_sec, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    strftime(zone, sizeof zone, "%z", &tm);
    if (!strcmp(zone, "+0000")) fprintf(t->out, "{\"Time\":\"%s.%09ldZ\"", when, ts.tv_nsec);
    else fprintf(t->out, "{\"Time\":\"%s.%09ld%.3s:%s\"", when, ts.tv_nsec, zone, zone + 3);
    fprintf(t->out, ",\"Action\":\"%s\",\"Package\":", action);
    put_string(t->out, str_c(t->package));
    if (test.n) {
        fputs(",\"Test\":", t->out);
        put_string(t->out, test);
    }
    if (elapsed >= 0) fprintf(t->out, ",\"Elapsed\":%g", elapsed);
    if (output) {
        fputs(",\"Output\":", t->out);
        put_string(t->out, *output);
    }
    if (type) fprintf(t->out, ",\"OutputType\":\"%s\"", type);
    fputs("}\n", t->out);
    fflush(t->out);
}

static void event(TestJson *t, const char *action, Str test, const Str *output, double elapsed) {
    event_of(t, action, test, output, NULL, elapsed);
}

static void frame(TestJson *t, Str test, Str line) { event_of(t, "output", test, &line, "frame", -1); }

/* A line of the test's own: ^O and ^N enclose the text of an error, ^[ protects the byte behind it. */
static void plain(TestJson *t, Str test, Str line) {
    Buf b = {0};
    const char *type = t->in_error ? "error-continue" : NULL;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        if (c == 0x0f) t->in_error = true, type = "error";
        else if (c == 0x0e) t->in_error = false;
        else {
            if (c == 0x1b && i + 1 < line.n && strchr("\x16\x0f\x0e\x1b", line.p[i + 1])) c = line.p[++i];
            buf_putc(&b, c);
        }
    }
    Str text = buf_str(&b);
    event_of(t, "output", test, &text, type, -1);
    buf_free(&b);
}

void testjson_start(TestJson *t, FILE *out, const char *package) {
    *t = (TestJson){.out = out, .package = package, .start = time_now_ns()};
    event(t, "start", STR(""), NULL, -1);
}

/* Results wait until what belongs to them has passed: nested results, lines behind "--- FAIL". */
static void flush_results(TestJson *t, int depth) {
    while (t->results.len > depth) {
        TestResult r = vec_pop(&t->results);
        event(t, r.action, str_c(r.test), NULL, r.elapsed);
        free(r.test);
    }
}

static void set_name(TestJson *t, Str name) {
    t->name.len = 0;
    buf_put(&t->name, name.p, name.n);
}

static Str word_at(Str line, size_t at) {
    while (at < line.n && line.p[at] == ' ') at++;
    size_t e = at;
    while (e < line.n && line.p[e] != '\n' && line.p[e] != ' ') e++;
    return (Str){line.p + at, e - at};
}

static void handle_line(TestJson *t, Str line) {
    static const struct { const char *head, *action; bool report; } marks[] = {
        {"=== RUN ", "run", false}, {"=== PAUSE ", "pause", false}, {"=== CONT ", "cont", false}, {"=== NAME ", "", false},
        {"--- PASS: ", "pass", true}, {"--- FAIL: ", "fail", true}, {"--- SKIP: ", "skip", true}, {"--- BENCH: ", "bench", true},
    };
    bool marked = line.n && line.p[0] == 0x16;
    if (marked) line.p++, line.n--;
    size_t indent = 0;
    while (indent + 4 <= line.n && !memcmp(line.p + indent, "    ", 4)) indent += 4;
    Str rest = {line.p + indent, line.n - indent};
    if (indent && rest.n && rest.p[0] == 0x16) { /* the mark of nested reports stands behind the indentation */
        char *copy = malloc(line.n + 1);
        if (!copy) base_oom();
        memcpy(copy, line.p, indent);
        memcpy(copy + indent, rest.p + 1, rest.n - 1);
        Str clean = {copy, line.n - 1};
        t->line.len = 0;
        buf_put(&t->line, "\x16", 1);
        buf_put(&t->line, clean.p, clean.n);
        free(copy);
        line = (Str){t->line.data + 1, t->line.len - 1};
        rest = (Str){line.p + indent, line.n - indent};
        marked = true;
    }
    for (size_t i = 0; marked && i < ARRAY_LEN(marks); i++) {
        if (!str_has_prefix(rest, marks[i].head)) continue;
        Str name = word_at(rest, strlen(marks[i].head));
        set_name(t, name);
        Str now = buf_str(&t->name);
        if (!marks[i].report) {
            flush_results(t, 0);
            if (*marks[i].action) {
                bool pause = !strcmp(marks[i].action, "pause"); /* said before it happens */
                if (pause) frame(t, now, line);
                event(t, marks[i].action, now, NULL, -1);
                if (!pause) frame(t, now, line);
            }
            if (!name.n) t->name.len = 0;
            return;
        }
        flush_results(t, (int)(indent / 4));
        frame(t, now, line);
        const char *paren = memchr(rest.p, '(', rest.n);
        char *test = strndup(name.p, name.n);
        if (!test) base_oom();
        vec_push(&t->results, ((TestResult){test, marks[i].action, paren ? strtod(paren + 1, NULL) : 0}));
        return;
    }
    if (!indent && (str_is(line, "PASS\n") || str_is(line, "FAIL\n") || (marked && str_has_prefix(line, "FAIL\t")) || str_has_prefix(line, "ok  \t")))
        t->name.len = 0, flush_results(t, 0);
    else if (indent && indent / 4 <= (size_t)t->results.len) set_name(t, str_c(t->results.at[indent / 4 - 1].test));
    if (marked) frame(t, buf_str(&t->name), line);
    else plain(t, buf_str(&t->name), line);
}

void testjson_write(TestJson *t, const char *p, size_t n) {
    while (n) {
        const char *nl = memchr(p, '\n', n);
        size_t k = nl ? (size_t)(nl + 1 - p) : n;
        buf_put(&t->line, p, k);
        if (nl) {
            handle_line(t, buf_str(&t->line));
            t->line.len = 0;
        }
        p += k, n -= k;
    }
}

void testjson_end(TestJson *t, const char *result) {
    if (t->line.len) handle_line(t, buf_str(&t->line));
    flush_results(t, 0);
    vec_free(&t->results);
    event(t, result, STR(""), NULL, (double)((time_now_ns() - t->start) / 1000000) / 1e3);
    buf_free(&t->line);
    buf_free(&t->name);
}
