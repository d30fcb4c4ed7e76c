/* vole run: compile a program in memory and run it.
 *
 *   vole run [-dump=ssa,bc,image,undefined] [-dump-func=NAME] [-time] [-O0] [-stress=...] FILES.go | PACKAGE [ARGS] */
#include "cmd/cmd.h"

#include <stdlib.h>
#include "cmd/compile.h"
#include "code/code.h"
#include "vm/vm.h"

extern char **environ;

typedef struct RunJob {
    int argc;
    char **argv;
    Compile c;
    VmOptions vm;
    int status;
} RunJob;

static void disasm(FILE *out, const VmFunc *f) {
    for (uint32_t at = 0; f->info && at < f->info->ncode;) {
        Buf b = {0};
        at += code_disasm_inst(&b, f->code + at, at);
        fprintf(out, "%s", b.data ? b.data : "");
        buf_free(&b);
    }
}

static void *compile_main(void *arg) {
    RunJob *j = arg;
    Compile *c = &j->c;
    j->vm.sched_seed = -1;
    int i = 1;
    for (; i < j->argc && j->argv[i][0] == '-'; i++) {
        char *a = j->argv[i];
        if (a[1] == '-') a++;
        if (!strncmp(a, "-dump=", 6)) c->dump = a + 6;
        else if (!strncmp(a, "-dump-func=", 11)) c->dump_func = a + 11;
        else if (!strncmp(a, "-stress=", 8)) j->vm.stress = a + 8;
        else if (!strncmp(a, "-procs=", 7)) j->vm.nprocs = atoi(a + 7);
        else if (!strcmp(a, "-time")) c->time = true;
        else if (!strcmp(a, "-u")) c->allow_undefined = true;
        else if (!strcmp(a, "-O0")) c->opt_level = -1;
        else if (!strcmp(a, "-nostd")) c->no_std = true;
        else if (!strcmp(a, "-verify")) c->verify = true;
        else {
            fprintf(stderr, "vole run: unknown option %s\n", a);
            j->status = 2;
            return NULL;
        }
    }
    int first = i, n = 0;
    if (i < j->argc && str_has_suffix(str_c(j->argv[i]), ".go"))
        while (i + n < j->argc && str_has_suffix(str_c(j->argv[i + n]), ".go")) n++;
    else n = i < j->argc;
    if (!n) {
        fprintf(stderr, "vole run: no go files listed\n");
        j->status = 2;
        return NULL;
    }
    c->opt_level = c->opt_level < 0 ? 0 : 1;
    Buf blob = {0};
    Image *img;
    const char *err = "";
    if ((j->status = compile_init(c)) || (j->status = compile_load(c, j->argv + first, n)) ||
        (j->status = compile_code(c)) || (j->status = compile_link(c, &blob)))
        return NULL;
    if (!image_load_blob(&c->images, &blob, &img, &err)) {
        fprintf(stderr, "vole: %s\n", err);
        j->status = 1;
        return NULL;
    }
    if (c->dump && strstr(c->dump, "image")) image_dump(&c->images, img, stdout, disasm);
    j->argv[first] = j->argv[first + n - 1]; /* os.Args[0] */
    j->vm.argc = j->argc - (first + n - 1);
    j->vm.argv = j->argv + first + n - 1;
    j->vm.env = environ;
    return NULL;
}

int cmd_run(int argc, char **argv) {
    RunJob *j = calloc(1, sizeof *j);
    if (!j) base_oom();
    j->argc = argc;
    j->argv = argv;
    compile_with_stack(compile_main, j);
    if (j->status || (j->c.dump && !strcmp(j->c.dump, "image"))) return j->status;
    fflush(stdout);
    return vm_main(vm_new(&j->c.images, &j->vm));
}
