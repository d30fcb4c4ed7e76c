# Vole. `make run` sets everything up and runs the main job; `make test` runs the tests.
# BUILD=debug|asan|ubsan|tsan chooses another build directory and flags.
BUILD ?= release
CC = gcc
# V=1 shows the commands.
Q = $(if $(V),,@echo "  CC  $@";)
OUT = build$(if $(filter-out release,$(BUILD)),/$(BUILD))
WARN = -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wvla
CFLAGS_release = -O2
CFLAGS_debug = -O0 -DVOLE_DEBUG
CFLAGS_asan = -O1 -DVOLE_DEBUG -fsanitize=address,undefined -fno-sanitize=nonnull-attribute -fno-omit-frame-pointer -fno-sanitize-recover=undefined
CFLAGS_tsan = -O1 -DVOLE_DEBUG -fsanitize=thread
CFLAGS_fuzz = -O1 -w -DVOLE_DEBUG -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=nonnull-attribute,function -fno-omit-frame-pointer -fno-sanitize-recover=undefined
ifeq ($(BUILD),fuzz) # what the targets use; the interpreter's flags are gcc's
CC = clang
SRC_LAYERS = tables base syntax types ir opt image code build
endif
CFLAGS = -std=gnu11 -g $(WARN) $(CFLAGS_$(BUILD)) -Isrc -Iinclude -I$(OUT)/gen -MMD -MP -pthread -fno-strict-aliasing -fwrapv
# A dispatch jump in every handler, pc and fp in registers (not packed into a vector),
# handlers aligned (each is only jumped to).
CFLAGS_vm_interp = -fno-gcse -fno-crossjumping -fno-tree-vectorize --param max-goto-duplication-insns=100 -falign-labels=16 -ffp-contract=off
# results to the last bit: no fused operations
CFLAGS_native_math = -ffp-contract=off
LDLIBS = -lgmp -lpthread -lm

# Each layer includes only itself and those before it (tools/check-layers).
LAYERS = tables base syntax types ir opt image code rt record sandbox vm native build api cmd
SRC = $(filter-out src/cmd/main.c,$(foreach l,$(or $(SRC_LAYERS),$(LAYERS)),$(wildcard src/$(l)/*.c)))
OBJ = $(SRC:src/%.c=$(OUT)/obj/%.o)
UNIT = $(wildcard test/unit/*.c)
UNITBIN = $(UNIT:test/unit/%.c=$(OUT)/unit/%)

all: $(OUT)/vole

# ---- The two commands of the README ------------------------------------------------------------
run: setup
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/vole
	@$(MAKE) --no-print-directory $(OUT)/std.vole
	$(OUT)/vole run ./examples/census $(GOSRC)/src
test: setup
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/vole unit-build fuzz-build
	@$(MAKE) --no-print-directory $(OUT)/std.vole
	@OUT=$(OUT) tools/run-tests
setup:
	@tools/setup
JOBS = $(shell nproc 2>/dev/null || echo 2)
GOSRC = $(or $(VOLE_GOROOT),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/vole/go)

# The tree of Go's source that std.vole was made from: it names its files, so another tree makes another image.
$(OUT)/goroot: FORCE
	@mkdir -p $(OUT); echo '$(GOSRC)' | cmp -s - $@ || echo '$(GOSRC)' > $@
.PHONY: FORCE

# The whole standard library, compiled once from Go's source and the overlay lib/.
$(OUT)/std.vole: $(OUT)/vole $(OUT)/goroot $(shell find lib -name '*.go')
	$(OUT)/vole mkstd -o $@
std: $(OUT)/std.vole

conformance: setup
	@tools/conformance --vole $(OUT)/vole $(if $(ONLY),--only $(ONLY))
# What runs, once more under each of these: unoptimised, and with rare events made common.
STRESS = O0 gc mark beside stack preempt sched=3
conformance-stress: setup
	@ok=0; for m in $(STRESS); do echo "== $$m"; \
	    tools/conformance --vole $(OUT)/vole --only run --timeout 300 --stress $$m || ok=1; done; exit $$ok
bench: setup
	@tools/compare --vole $(OUT)/vole cpu; tools/compare --vole $(OUT)/vole coro; tools/compare --vole $(OUT)/vole start

$(OUT)/libvole.a: $(OBJ)
	@rm -f $@; ar rcs $@ $(OBJ)
$(OUT)/vole: $(OUT)/obj/cmd/main.o $(OUT)/libvole.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(OUT)/obj/%.o: src/%.c
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_$(subst /,_,$*)) -c -o $@ $<
$(OUT)/unit/%: test/unit/%.c $(OUT)/libvole.a
	@mkdir -p $(dir $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $< $(OUT)/libvole.a -lcmocka $(LDLIBS)

unit-build: $(UNITBIN)
unit: $(UNITBIN)
	@set -e; for t in $(UNITBIN); do $$t; done

clean:
	rm -rf build
.PHONY: all run test setup std conformance conformance-stress bench unit unit-build clean
-include $(shell find $(OUT) -name '*.d' 2>/dev/null)

# Fuzz targets (test/fuzz/fuzz_NAME.c). replay_NAME needs only the C compiler and is part of `make test`; fuzz_NAME is clang's
# libFuzzer with sanitizers: make fuzz [FUZZ_SECONDS=60] [FUZZ_ONLY=check].
FUZZ = $(patsubst test/fuzz/fuzz_%.c,%,$(wildcard test/fuzz/fuzz_*.c))
FUZZ_WRAP = -Wl,--wrap=base_bug,--wrap=base_oom
$(OUT)/fuzz/replay_%: test/fuzz/fuzz_%.c test/fuzz/replay.c test/fuzz/fuzz.c $(OUT)/libvole.a
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) -o $@ $(filter %.c %.a,$^) $(FUZZ_WRAP) $(LDLIBS)
build/fuzz/fuzz_%: test/fuzz/fuzz_%.c test/fuzz/fuzz.c $(OUT)/libvole.a
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $(filter %.c %.a,$^) $(FUZZ_WRAP) $(LDLIBS)
fuzz-build: $(FUZZ:%=$(OUT)/fuzz/replay_%)
fuzz-clang-build: $(FUZZ:%=build/fuzz/fuzz_%)
fuzz: setup
	@command -v clang >/dev/null || { echo "make fuzz: clang is not installed" >&2; exit 1; }
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/vole fuzz-build
	@$(MAKE) --no-print-directory $(OUT)/std.vole
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=fuzz fuzz-clang-build
	@tools/fuzz $(or $(FUZZ_ONLY),$(FUZZ))
.PHONY: fuzz fuzz-build fuzz-clang-build

# Everything under AddressSanitizer and UBSan, with a sample of Go's tests that run; under ThreadSanitizer the runtime's unit
# tests, the compiler on several threads, and programs.
sanitize: setup
	@$(MAKE) --no-print-directory BUILD=asan -j$(JOBS) build/asan/vole unit-build fuzz-build
	@$(MAKE) --no-print-directory BUILD=asan build/asan/std.vole
	@OUT=build/asan VOLE_SAMPLE="run 300" tools/run-tests
	@$(MAKE) --no-print-directory BUILD=tsan -j$(JOBS) $(TSAN_UNIT)
	@set -e; for t in $(TSAN_UNIT); do timeout 600 $$t; done
	@$(MAKE) --no-print-directory BUILD=tsan -j$(JOBS) build/tsan/vole
	@$(MAKE) --no-print-directory BUILD=tsan build/tsan/std.vole
	@VOLE_COMPILE_ONLY=1 VOLE=build/tsan/vole test/cmd/parallel.sh
	@VOLE=build/tsan/vole tools/thread-check
TSAN_UNIT = $(patsubst test/unit/%.c,build/tsan/unit/%,$(wildcard test/unit/rt_*.c))
.PHONY: sanitize

# Everything of the runtime at once, for SOAK_SECONDS=1800 (not part of make test).
soak: setup
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/vole
	@$(MAKE) --no-print-directory $(OUT)/std.vole
	@VOLE=$(OUT)/vole tools/soak
.PHONY: soak

# Seeded schedules: RUNS=1000 runs of each program the same, planted bugs found (not part of make test).
determinism: setup
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/vole
	@$(MAKE) --no-print-directory $(OUT)/std.vole
	@VOLE=$(OUT)/vole tools/sched-runs
.PHONY: determinism
