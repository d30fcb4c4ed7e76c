/* The dispatcher of the command line: one table of subcommands. See cmd.h. */
#include "cmd/cmd.h"
#include "base/base.h"

static const struct Command {
    const char *name;
    int (*fn)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"parse", cmd_parse, "FILES...  parse files and print errors (--dump=tokens,ast)"},
    {"check", cmd_check, "FILES... | PACKAGES...  type-check and print errors (-e, -lang=go1.N, -time)"},
    {"ssa", cmd_ssa, "FILES... | PACKAGES...  build and verify SSA from source (--dump, --func=PART)"},
    {"run", cmd_run, "FILES... | PACKAGE [ARGS]  compile and run (-dump=ssa,bc, -dump-func=NAME, -O0)"},
    {"mkstd", cmd_mkstd, "[-o FILE] [PACKAGES...]  compile the standard library into one image"},
};

static void usage(FILE *out) {
    fputs("usage: vole COMMAND [ARGUMENTS]\n\n", out);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (!strcmp(argv[1], commands[i].name)) return commands[i].fn(argc - 1, argv + 1);
    fprintf(stderr, "vole: unknown command %s\n", argv[1]);
    usage(stderr);
    return 2;
}
