/* The interpreter on hand-assembled code: calls, loops, stack chunks, defer and recover, goroutine end. Each
 * program runs in a child process, because the instance's end is the process's end; its exit status is the
 * result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "code/bc.h"
#include "vm/vm_int.h"

static int run(const VmFunc *fn) {
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        Images im = {0};
        Vm *vm = vm_new(&im, &(VmOptions){.sched_seed = -1});
        M *m = vm->ms;
        while (m->all_next) m = m->all_next;
        _exit(sched_main(vm, vm_go(m, fn, NULL, NULL, 0)) + 100);
    }
    int st;
    waitpid(pid, &st, 0);
    return WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st);
}

#define FN(fname, words, slots, params, results) \
    static FuncInfo fname##_info = {.name = #fname, .file = "test.go"}; \
    static VmFunc fname = {words, slots, params, results, 0, 0, &fname##_info, NULL}

/* Ends the process with slot 4 of the caller's choice: an intrinsic would do, a native call is simpler. */
static void exit_with(uint64_t *at, int slot);
static uint64_t exit_code[2];
FN(exit_fn, exit_code, 5, 1, 0);

static uint64_t fib_code[16];
FN(fib_fn, fib_code, 16, 1, 1);

/* fib(n): slots 4 n, 5 result, 6 temporary; frames of calls at 8. */
static void build_fib(void) {
    uint64_t *c = fib_code;
    int i = 0;
    c[i++] = bc_abc(BC_JGESI, 4, 2, 1);
    c[i++] = bc_abc(BC_RET1, 5, 4, 0);
    c[i++] = bc_abc(BC_ADDI, 12, 4, (uint16_t)-1);
    c[i++] = bc_ai(BC_CALL, 8, 0);
    c[i++] = (uint64_t)&fib_fn;
    c[i++] = bc_abc(BC_MOV, 6, 13, 0);
    c[i++] = bc_abc(BC_ADDI, 12, 4, (uint16_t)-2);
    c[i++] = bc_ai(BC_CALL, 8, 0);
    c[i++] = (uint64_t)&fib_fn;
    c[i++] = bc_abc(BC_ADD, 5, 6, 13);
    c[i++] = bc_ai(BC_RET, 0, 0);
}

static void exit_with(uint64_t *at, int slot) {
    at[0] = bc_abc(BC_MOV, 12, (uint32_t)slot, 0);
    at[1] = bc_ai(BC_CALL, 8, 0);
    at[2] = (uint64_t)&exit_fn;
    exit_code[0] = bc_ai(BC_NATIVE, 0, native_find(STR("runtime.vmexit")));
    exit_code[1] = bc_ai(BC_RET, 0, 0);
}

static uint64_t main_code[64];
FN(main_fn, main_code, 32, 0, 0);

static void test_calls(void **state) {
    build_fib();
    main_code[0] = bc_ai(BC_LDI, 12, 12);
    main_code[1] = bc_ai(BC_CALL, 8, 0);
    main_code[2] = (uint64_t)&fib_fn;
    main_code[3] = bc_abc(BC_MOV, 4, 13, 0);
    exit_with(main_code + 4, 4);
    assert_int_equal(run(&main_fn), 144);
}

/* sum of 1..10 in a loop */
static void test_loop(void **state) {
    main_code[0] = bc_ai(BC_LDI, 4, 0);
    main_code[1] = bc_ai(BC_LDI, 5, 0);
    main_code[2] = bc_abc(BC_ADD, 4, 4, 5);
    main_code[3] = bc_abc(BC_INCLTSI, 5, 11, (uint16_t)-2);
    exit_with(main_code + 4, 4);
    assert_int_equal(run(&main_fn), 55);
}

/* depth(n) = n == 0 ? 7 : depth(n-1): goes through many stack chunks */
static uint64_t depth_code[16];
FN(depth_fn, depth_code, 16, 1, 1);
static void test_deep(void **state) {
    uint64_t *c = depth_code;
    c[0] = bc_abc(BC_JNEI, 4, 0, 1);
    c[1] = bc_ai(BC_RETI, 5, 7);
    c[2] = bc_abc(BC_ADDI, 12, 4, (uint16_t)-1);
    c[3] = bc_ai(BC_CALL, 8, 0);
    c[4] = (uint64_t)&depth_fn;
    c[5] = bc_abc(BC_RET1, 5, 13, 0);
    main_code[0] = bc_ai(BC_LDI, 12, 100000);
    main_code[1] = bc_ai(BC_CALL, 8, 0);
    main_code[2] = (uint64_t)&depth_fn;
    main_code[3] = bc_abc(BC_MOV, 4, 13, 0);
    exit_with(main_code + 4, 4);
    assert_int_equal(run(&main_fn), 7);
}

int main(int argc, char **argv) {
    if (argc > 1) { /* speed: fib(35) */
        build_fib();
        main_code[0] = bc_ai(BC_LDI, 12, atoi(argv[1]));
        main_code[1] = bc_ai(BC_CALL, 8, 0);
        main_code[2] = (uint64_t)&fib_fn;
        main_code[3] = bc_ai(BC_RET, 0, 0);
        uint64_t t = time_now_ns();
        run(&main_fn);
        printf("%.3f s\n", (double)(time_now_ns() - t) / 1e9);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_loop),
        cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
