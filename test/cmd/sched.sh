#!/usr/bin/env bash
# Seeded schedules: the same seed gives the same output and the same log of switches; other seeds give others.
cd "$(dirname "$0")/../.." || exit 1
vole=${VOLE:-build/vole}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
"$vole" build -o "$tmp/order.vole" test/sched/order.go || { echo "0 passed, 1 failed"; exit 1; }
one() { VOLE_SCHED=seed:$1 VOLE_SCHED_LOG=$2 timeout 20 "$vole" exec "$tmp/order.vole"; }
first=$(one 7 "$tmp/log0")
for i in $(seq 1 20); do
  if [ "$(one 7 "$tmp/log")" = "$first" ] && cmp -s "$tmp/log0" "$tmp/log"; then passed=$((passed + 1))
  else failed=$((failed + 1)); echo "FAIL seed 7, run $i: not the same schedule"; fi
done
distinct=$(for s in $(seq 1 10); do one "$s" "$tmp/log"; done | sort -u | wc -l)
if [ "$distinct" -ge 8 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL 10 seeds give only $distinct schedules"; fi
# Planted bugs are found within 200 seeds, and a seed that shows one shows it again.
"$vole" build -o "$tmp/bug.vole" test/sched/bug.go || { failed=$((failed + 1)); echo "FAIL bug.go does not build"; }
bug() { VOLE_SCHED=seed:$2 timeout 20 "$vole" exec "$tmp/bug.vole" "$1"; }
for b in lost early; do
  found=
  for s in $(seq 1 200); do out=$(bug $b "$s") || { found=$s; break; }; done
  if [ -n "$found" ] && [ "$(bug $b "$found")" = "$out" ] && [[ $out != ok* ]]; then passed=$((passed + 1))
  else failed=$((failed + 1)); echo "FAIL bug $b: ${found:-not} found, output: $out"; fi
done
echo "$passed passed, $failed failed"
