/* print and println: what the builder calls for each argument. Output goes to file descriptor 2, unbuffered,
 * as gc's; floats print like strconv's 'g' with the shortest digits. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include "native/native.h"

static RtResult put(const char *p, size_t n) {
    while (n) {
        ssize_t k = write(2, p, n);
        if (k <= 0) break;
        p += k;
        n -= (size_t)k;
    }
    return RT_OK;
}
static RtResult puts2(const char *s) { return put(s, strlen(s)); }

RtResult native_print_nothing(M *m, uint64_t *args) { return RT_OK; }
RtResult native_print_sp(M *m, uint64_t *args) { return puts2(" "); }
RtResult native_print_nl(M *m, uint64_t *args) { return puts2("\n"); }
RtResult native_print_bool(M *m, uint64_t *args) { return puts2(args[0] & 1 ? "true" : "false"); }
RtResult native_print_string(M *m, uint64_t *args) { return put((const char *)args[0], args[1]); }

RtResult native_print_int(M *m, uint64_t *args) {
    char b[32];
    return put(b, (size_t)snprintf(b, sizeof b, "%lld", (long long)args[0]));
}
RtResult native_print_uint(M *m, uint64_t *args) {
    char b[32];
    return put(b, (size_t)snprintf(b, sizeof b, "%llu", (unsigned long long)args[0]));
}
RtResult native_print_hex(M *m, uint64_t *args) {
    char b[32];
    return put(b, (size_t)snprintf(b, sizeof b, "0x%llx", (unsigned long long)args[0]));
}
RtResult native_print_slice(M *m, uint64_t *args) {
    char b[96];
    return put(b, (size_t)snprintf(b, sizeof b, "[%lld/%lld]0x%llx", (long long)args[1], (long long)args[2],
                                   (unsigned long long)args[0]));
}
RtResult native_print_iface(M *m, uint64_t *args) {
    char b[64];
    return put(b, (size_t)snprintf(b, sizeof b, "(0x%llx,0x%llx)", (unsigned long long)args[0],
                                   (unsigned long long)args[1]));
}

static int format_float(char *out, double d, bool is32) {
    if (isnan(d)) return sprintf(out, "NaN");
    if (isinf(d)) return sprintf(out, d > 0 ? "+Inf" : "-Inf");
    char e[40];
    for (int prec = 0; prec < 18; prec++) {
        snprintf(e, sizeof e, "%.*e", prec, d);
        if (is32 ? strtof(e, NULL) == (float)d : strtod(e, NULL) == d) break;
    }
    char *out0 = out, *p = e;
    if (*p == '-') *out++ = *p++;
    char *mark = strchr(p, 'e');
    int exp = atoi(mark + 1);
    char digits[32] = {0};
    int n = 0;
    for (; p < mark; p++)
        if (*p != '.') digits[n++] = *p;
    if (exp < -4 || exp >= 6) {
        *out++ = digits[0];
        if (n > 1) {
            *out++ = '.';
            memcpy(out, digits + 1, (size_t)n - 1);
            out += n - 1;
        }
        return (int)(out - out0) + sprintf(out, "e%c%02d", exp < 0 ? '-' : '+', abs(exp));
    }
    if (exp < 0) {
        *out++ = '0';
        *out++ = '.';
        for (int i = -1; i > exp; i--) *out++ = '0';
        memcpy(out, digits, (size_t)n);
        out += n;
    } else {
        for (int i = 0; i <= exp || i < n; i++) {
            if (i == exp + 1) *out++ = '.';
            *out++ = i < n ? digits[i] : '0';
        }
    }
    return (int)(out - out0);
}

static RtResult print_complex(double re, double im, bool is32) {
    char b[128];
    int n = 0;
    b[n++] = '(';
    n += format_float(b + n, re, is32);
    char t[48];
    int k = format_float(t, im, is32);
    if (t[0] != '-' && t[0] != '+') b[n++] = '+';
    memcpy(b + n, t, (size_t)k);
    n += k;
    b[n++] = 'i';
    b[n++] = ')';
    return put(b, (size_t)n);
}

static double as_f64(uint64_t x) { double d; memcpy(&d, &x, 8); return d; }
static float as_f32(uint64_t x) { uint32_t w = (uint32_t)x; float f; memcpy(&f, &w, 4); return f; }

RtResult native_print_float64(M *m, uint64_t *args) {
    char b[48];
    return put(b, (size_t)format_float(b, as_f64(args[0]), false));
}
RtResult native_print_float32(M *m, uint64_t *args) {
    char b[48];
    return put(b, (size_t)format_float(b, as_f32(args[0]), true));
}
RtResult native_print_complex128(M *m, uint64_t *args) {
    return print_complex(as_f64(args[0]), as_f64(args[1]), false);
}
RtResult native_print_complex64(M *m, uint64_t *args) {
    return print_complex(as_f32(args[0]), as_f32(args[0] >> 32), true);
}
