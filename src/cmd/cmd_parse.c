/* vole parse: the parser alone. */
#include "cmd/cmd.h"
#include "base/base.h"

int cmd_parse(int argc, char **argv) {
    fputs("vole parse: not implemented yet: parser\n", stderr);
    return 2;
}
