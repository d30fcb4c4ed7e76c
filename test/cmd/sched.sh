#!/usr/bin/env bash
# Seeded schedules, a short form of `make determinism`; child processes, which are not deterministic but must not
# hang; and goroutines that panic at the same time, of which one makes the report, whole.
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
for seed in 4 5 6 7 9 10 11 13 25 26; do
  out=$(timeout 30 "$vole" run -sched=seed:$seed test/sched/dying.go 2>&1); rc=$?
  if [ $rc = 2 ] && [ "$(grep -c 'panic: ' <<<"$out")" = 1 ] && [[ $out == $'panic: one\n\tmore [recovered, repanicked]\n\ngoroutine '* ]]
  then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL sched dying, seed $seed: exit $rc: $out"; fi
done
echo "$passed passed, $failed failed"
