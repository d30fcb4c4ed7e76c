#!/usr/bin/env bash
# Limits and misuse: texts and exit statuses as gc's, memory and goroutine limits, file descriptors, memory of hello world.
# test/limits/misuse.want was made with gc: GC=binary-of-misuse.go test/cmd/limits.sh --make >test/limits/misuse.want
cd "$(dirname "$0")/../.." || exit 1
vole=${VOLE:-build/vole}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL limits $1"; [ -z "$2" ] || sed 's/^/    /' <<<"$2" | head -20; }

# What must be the same: the message; function names and positions of the traces without arguments, addresses, numbers.
trace() {
  grep -v $'^\twaiting on ' | sed -E 's/0x[0-9a-f]+/0x/g; s/ \+0x$//; s/^([a-zA-Z].*)\([^()]*\)$/\1()/; s/goroutine [0-9]+/goroutine N/g; s/ pc=0x *//;
    s/^\t.*\/([^/]*\/[^/]*)$/\t\1/' | head -40
}
message() { sed '/^$/,$d' | grep -v '^runtime: sp='; }
run_case() { # CASE COMMAND...
  local c=$1 out rc
  shift
  out=$(GOTRACEBACK='' GOMAXPROCS=4 timeout 60 "$@" "$c" 2>&1); rc=$?
  echo "== $c: $rc"
  case $c in
  map* | stack* | oncefunc) message <<<"$out" ;;
  *) trace <<<"$out" ;;
  esac
}
mapfile -t cases < <(sed -n 's/^\tcase "\(.*\)":$/\1/p' test/limits/misuse.go)
if [ "$1" = --make ]; then
  for c in "${cases[@]}"; do run_case "$c" "$GC"; done
  exit
fi
"$vole" build -o "$tmp/misuse.vole" test/limits/misuse.go || fail build
for c in "${cases[@]}"; do
  want=$(awk -v c="$c" '/^== /{on = index($0, "== " c ": ") == 1} on' test/limits/misuse.want)
  got=$(run_case "$c" "$vole" exec "$tmp/misuse.vole")
  if [ "$got" = "$want" ]; then ok; else fail "misuse: $c" "$(diff <(echo "$want") <(echo "$got"))"; fi
done

# head NAME STATUS LINES COMMAND...: exit status and the first lines (* stands for any text).
head_is() {
  local name=$1 status=$2 want=$3 out rc n
  shift 3
  out=$(timeout 60 "$@" 2>&1); rc=$?
  n=$(wc -l <<<"$want")
  out=$(head -n "$n" <<<"$out")
  # shellcheck disable=SC2053
  if [ $rc -eq "$status" ] && [[ $out == $want ]]; then ok; else fail "$name: exit $rc" "$out"; fi
}
"$vole" build -o "$tmp/eat.vole" test/limits/eat.go || fail build
oom=$'runtime: out of memory: cannot allocate *-byte block (* in use)\nfatal error: out of memory\n\ngoroutine 1 ?running?:\n*'
for c in big small huge goroutines stack map timers; do
  head_is "--max-memory $c" 2 "$oom" "$vole" exec --max-memory 96M "$tmp/eat.vole" $c
  [ -n "${VOLE_SANITIZED:-}" ] || head_is "ulimit -v $c" 2 "$oom" bash -c "ulimit -v 600000; exec '$vole' exec '$tmp/eat.vole' $c"
done
[ -n "${VOLE_SANITIZED:-}" ] || head_is "ulimit -v from source" 0 ok bash -c "ulimit -v 600000; exec '$vole' run test/limits/eat.go nothing"
[ -n "${VOLE_SANITIZED:-}" ] || for kb in 20000 100000 200000 220000 240000 260000 300000; do # a message, never a signal
  out=$( (ulimit -v $kb; exec timeout 60 "$vole" run test/limits/hello.go) 2>&1); rc=$?
  if [ $rc -le 2 ] && [ -n "$out" ]; then ok; else fail "ulimit -v $kb: exit $rc" "$out"; fi
done
[ -n "${VOLE_SANITIZED:-}" ] || head_is "collections below the limit" 0 ok "$vole" exec --max-memory=40M "$tmp/eat.vole" churn
head_is --max-goroutines 2 $'runtime: program exceeds 1000-goroutine limit\nfatal error: goroutine exhaustion\n\ngoroutine 1 ?running?:\n*' \
  "$vole" exec --max-goroutines=1000 "$tmp/eat.vole" goroutines
head_is "--max-goroutines is exact" 0 ok "$vole" exec --max-goroutines=1000 "$tmp/eat.vole" thousand
head_is "--max-goroutines, one too many" 2 'runtime: program exceeds 999-goroutine limit' "$vole" exec --max-goroutines=999 "$tmp/eat.vole" thousand
head_is "bad size" 2 'vole: invalid value "12Q" for flag --max-memory=12Q*' "$vole" exec --max-memory=12Q "$tmp/eat.vole" big

files=$'open /dev/null: too many open files true\npipe2: too many open files\ntrue\ntrue\ntrue\ntrue\n1 <nil> <nil>'
"$vole" build -o "$tmp/files.vole" test/limits/files.go || fail build
head_is "file descriptors" 0 "$files" bash -c "ulimit -n 24; exec '$vole' exec '$tmp/files.vole'"
head_is "no descriptors at all" 0 true bash -c "ulimit -n 24; exec '$vole' exec '$tmp/files.vole' x"

# GOTRACEBACK
count() { GOTRACEBACK=$1 timeout 20 "$vole" exec "$tmp/misuse.vole" "panic goroutine" 2>&1 | grep -c '^goroutine '; }
for c in none:0 single:1 all:2; do
  n=$(count "${c%:*}")
  if [ "$n" = "${c#*:}" ]; then ok; else fail "GOTRACEBACK=${c%:*}: $n goroutines"; fi
done

# hello world, from source, uncached
peak=$("$vole" run -stats=mem test/limits/hello.go 2>&1 | sed -n 's/^peak memory \([0-9]*\).*/\1/p')
if [ -n "${VOLE_SANITIZED:-}" ] || [ "${peak:-99}" -lt 15 ]; then ok; else fail "hello world takes ${peak} MB"; fi

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
