/* testjson: the output of a test program as the JSON events of `go test -json`. */
#ifndef VOLE_TESTJSON_H
#define VOLE_TESTJSON_H

#include "base/base.h"

typedef struct TestResult { char *test; const char *action; double elapsed; } TestResult;
typedef struct TestJson {
    FILE *out;
    const char *package;
    Buf line, name;     /* the unfinished line; the test that output belongs to */
    VEC(TestResult) results; /* not told yet, outermost first */
    bool in_error;      /* between ^O and ^N */
    uint64_t start;
} TestJson;

void testjson_start(TestJson *t, FILE *out, const char *package);
void testjson_write(TestJson *t, const char *p, size_t n); /* output of the program, with -test.v=test2json */
void testjson_end(TestJson *t, const char *result);        /* result: "pass", "fail" or "skip" */

#endif
