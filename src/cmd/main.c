/* The dispatcher of the command line: one table of subcommands. See cmd.h. */
#include "cmd/cmd.h"
#include "base/base.h"
#include "base/sanitize.h"

#include <limits.h>
#include <unistd.h>

SAN_KEEPS_UNTIL_EXIT

#define COMMON_FLAGS \
    "\nFlags of all commands that compile:\n" \
    "  -O0               do not optimise\n" \
    "  -tags LIST        more build tags\n" \
    "  -p N              threads that compile (one a processor)\n" \
    "  -lang go1.N       language version of the named package\n" \
    "  -dump LIST        print stages: ssa, bc, image, undefined\n" \
    "  -dump-func NAME   only functions whose name holds NAME\n" \
    "  -stress LIST      gc[=N], mark[=N], beside, stack, preempt, sched=N: provoke rare orders of events\n" \
    "  -sched seed:N     one deterministic schedule, clock and map order a seed (also VOLE_SCHED=seed:N)\n" \
    "  -stats LIST       time, mem: what the work took, on standard error\n" \
    "  -procs N          workers that run goroutines\n" \
    "go's flags -a -trimpath -gcflags -ldflags and the like are accepted and mean nothing.\n"

static const struct Command {
    const char *name;
    int (*fn)(int argc, char **argv);
    const char *usage, *brief, *help;
} commands[] = {
    {"run", cmd_run, "run [flags] FILES.go | PACKAGE | - | -e 'STATEMENTS' [arguments]", "compile and run a program",
     "Compiles the named files or the package and runs it. - reads the program from standard input. -e wraps\n"
     "statements into a program that imports what it uses of the standard library. A first line #! is allowed.\n"
     "The exit status is the program's own (go run would print it and exit with 1).\n" COMMON_FLAGS},
    {"build", cmd_build, "build [flags] [-o FILE.vole] [FILES.go | PACKAGES]", "compile packages, write a program's image",
     "Writes an executable image of a main package (default: NAME.vole; its first line runs `vole exec`). Other\n"
     "packages, and several at once, are compiled and discarded. -e prints all errors.\n" COMMON_FLAGS},
    {"exec", cmd_exec, "exec [flags] FILE.vole [arguments]", "run an image", "Runs an image that vole build wrote.\n" COMMON_FLAGS},
    {"test", cmd_test, "test [flags] [PACKAGES | FILES.go] [-args ...]", "test packages",
     "Runs the tests of packages as go test does. Flags: -v -run -skip -bench -benchtime -benchmem -count -cpu -failfast\n"
     "-fullpath -json -list -parallel -short -shuffle -timeout, -p N (packages at once), -c -o FILE (write the test program), -args.\n" COMMON_FLAGS},
    {"check", cmd_check, "check [-e] [-lang=go1.N] FILES.go | PACKAGES", "type-check packages and print errors",
     "Parses and type-checks, prints errors as gc does. -e: all of them. -time: how long it took.\n"},
    {"list", cmd_list, "list [-files] [-tags LIST] PATTERNS", "list packages", "Prints the import paths that match, or the files of each that the build takes.\n"},
    {"version", cmd_version, "version", "print the version", "Prints the version of vole, of Go, and the build of std.vole.\n"},
    {"env", cmd_env, "env [NAMES]", "print settings", "Prints the settings that vole uses, or the values of the named ones.\n"},
    {"mkstd", cmd_mkstd, "mkstd [-o FILE] [-k] [PACKAGES]", "compile the standard library into one image", "Used by make.\n"},
    {"parse", cmd_parse, "parse [--dump=tokens,ast] FILES.go", "parse files and print errors", "For work on vole.\n"},
};

static void usage(FILE *out) {
    fputs("Vole runs Go programs.\n\nusage: vole COMMAND [arguments]\n\n", out);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].brief);
    fputs("\n`vole help COMMAND` says more.\n", out);
}

static const struct Command *find(const char *name) {
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (!strcmp(name, commands[i].name)) return &commands[i];
    return NULL;
}

static int help(const char *name) {
    const struct Command *c = find(name);
    if (!c) {
        fprintf(stderr, "vole help %s: unknown help topic. Run 'vole help'.\n", name);
        return 2;
    }
    printf("usage: vole %s\n\n%s", c->usage, c->help);
    return 0;
}

/* A link to this program with an image next to it ("x" and "x.vole") is that program: see cmd_test.c. */
static const char *own_image(char *buf, size_t size) {
    ssize_t n = readlink("/proc/self/exe", buf, size - sizeof ".vole");
    if (n <= 0) return NULL;
    buf[n] = 0;
    const char *slash = strrchr(buf, '/');
    if (!slash || !strcmp(slash + 1, "vole")) return NULL;
    strcpy(buf + n, ".vole");
    return file_exists(buf) ? buf : NULL;
}

int main(int argc, char **argv) {
    char path[PATH_MAX];
    const char *image = own_image(path, sizeof path);
    if (image) return cmd_exec_image(image, argc, argv);
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    const char *name = argv[1];
    if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-help") || !strcmp(name, "-h")) {
        if (argc > 2) return help(argv[2]);
        usage(stdout);
        return 0;
    }
    if (!strcmp(name, "--version") || !strcmp(name, "-version")) return cmd_version(argc - 1, argv + 1);
    const struct Command *c = find(name);
    if (!c) {
        fprintf(stderr, "vole %s: unknown command\nRun 'vole help' for usage.\n", name);
        return 2;
    }
    for (int i = 2; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--"); i++)
        if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "-help") || !strcmp(argv[i], "--help")) return help(name);
    return c->fn(argc - 1, argv + 1);
}
