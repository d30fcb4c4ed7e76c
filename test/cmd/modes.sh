#!/usr/bin/env bash
# Programs whose compilation takes special ways, unoptimised and under the stress modes: the output stays the same.
# The last line is `N passed, N failed`.
vole=$(realpath "${VOLE:-build/vole}")
cd "$(dirname "$0")/../lang" || exit 1
passed=0 failed=0
for f in bigvalues bigvalues_reflect huge_types faults zero_new; do
  [ -z "${VOLE_SANITIZED:-}" ] || ! grep -q '^// sanitize: no$' $f.go || continue
  for flags in "-O0 -verify" "-verify" "-stress=gc" "-stress=mark" "-stress=beside" "-stress=stack" "-stress=preempt" "-stress=sched=3"; do
    # shellcheck disable=SC2086
    if out=$(timeout 120 "$vole" run $flags $f.go 2>&1) && [ "$out" = "$(cat $f.out)" ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "FAIL modes $f $flags"; diff <(echo "$out") $f.out | head -5; fi
  done
done
# deep recursion in chunks of one frame each: walks must be linear
cat >"${TMPDIR:-/tmp}/deep$$.go" <<'E2'
package main

import "runtime"

func f(n int) int {
	if n == 0 {
		runtime.GC()
		return 0
	}
	return f(n-1) + 1
}

func main() { println(f(100000)) }
E2
if [ "$(timeout 60 "$vole" run -stress=stack "${TMPDIR:-/tmp}/deep$$.go" 2>&1)" = 100000 ]; then passed=$((passed + 1))
else failed=$((failed + 1)); echo "FAIL modes deep"; fi
rm -f "${TMPDIR:-/tmp}/deep$$.go"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
