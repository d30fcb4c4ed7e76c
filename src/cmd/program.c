/* Executable images; see program.h. */
#include "cmd/program.h"

#include <limits.h>
#include <unistd.h>
#include "image/image.h"

bool program_write(Arena *a, const char *path, const char *interpreter, Str image, const char **err) {
    Buf file = {0};
    buf_reserve(&file, IMAGE_SHEBANG_SIZE + image.n);
    if (interpreter) buf_printf(&file, "#!%s exec\n", interpreter);
    else buf_puts(&file, "#!/usr/bin/env -S vole exec\n");
    while (file.len < IMAGE_SHEBANG_SIZE) buf_putc(&file, 0);
    buf_put(&file, image.p, image.n);
    bool ok = file_write_atomic(a, path, buf_str(&file), 0755, err);
    buf_free(&file);
    return ok;
}

const char *program_self(Arena *a) {
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0 || n > 200 || memchr(exe, ' ', (size_t)n)) return NULL;
    return arena_printf(a, "%.*s", (int)n, exe);
}
