#!/usr/bin/env bash
# Seeded schedules, a short form of `make determinism`; and child processes, which are not deterministic but must not hang.
cd "$(dirname "$0")/../.." || exit 1
vole=${VOLE:-build/vole}
passed=0 failed=0
if [ -z "${VOLE_SANITIZED:-}" ]; then # logs have addresses, which a sanitizer takes from where it likes
  out=$(tools/sched-runs --runs "${SCHED_RUNS:-5}" --gc-runs 0 | grep -v '^ok ')
  read -r passed _ failed _ < <(tail -1 <<<"$out")
  sed '$d' <<<"$out"
fi
out=$(timeout 30 "$vole" run -sched=seed:3 test/sched/child.go 2>&1)
if [ "$out" = '300000 exit status 3' ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL sched child: $out"; fi
echo "$passed passed, $failed failed"
