#!/usr/bin/env bash
# When something is wrong with files, disk or memory: one clear message, exit status 1, nothing half-written left behind. The last line
# is `N passed, N failed`.
vole=$(realpath "${VOLE:-build/vole}")
tmp=$(mktemp -d)
trap 'chmod -R u+rwx "$tmp"; rm -rf "$tmp"' EXIT
unset GO111MODULE GOFLAGS GOWORK GOPATH GOMODCACHE
export VOLE_CACHE=off
passed=0 failed=0
cd "$tmp" || exit 1

t() { # NAME STATUS OUTPUT COMMAND...: as in cmd.sh
  local name=$1 status=$2 want=$3 got rc
  shift 3
  got=$("$@" 2>&1); rc=$?
  want=${want//\\/\\\\}; want=${want//\[/\\[}; want=${want//\?/\\?}
  # shellcheck disable=SC2053
  if [ $rc -eq "$status" ] && [[ $got == $want ]]; then passed=$((passed + 1)); return; fi
  failed=$((failed + 1))
  echo "FAIL faults $name: exit $rc, want $status; output:"; sed 's/^/    /' <<<"$got" | head -20
}
no_files() { # NAME PATTERN: nothing that matches is there
  if compgen -G "$2" >/dev/null; then failed=$((failed + 1)); echo "FAIL faults $1: left behind:" $2; else passed=$((passed + 1)); fi
}
limited() { # ULIMIT-FLAG VALUE COMMAND...
  local flag=$1 value=$2
  shift 2
  (ulimit "$flag" "$value" && exec "$@")
}
patch() { # FILE OFFSET BYTES: changes the file
  printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

cat >x.go <<'EOF2'
package main

func main() { println("x") }
EOF2
"$vole" build -o x.vole x.go || exit 1

# ---- images ----
cp x.vole magic.vole; patch magic.vole 4096 'X'
t magic 1 'vole exec: magic.vole: not a vole image' "$vole" exec magic.vole
cp x.vole version.vole; patch version.vole 4104 '\377'
t version 1 'vole exec: version.vole: image format version *, this vole reads version *' "$vole" exec version.vole
cp x.vole header.vole; patch header.vole 4120 '\377'
t header 1 'vole exec: header.vole: damaged image: header checksum does not match' "$vole" exec header.vole
cp x.vole code.vole; patch code.vole 8200 '\377\377'
t contents 1 'vole exec: code.vole: damaged image: contents do not match their checksum' "$vole" exec code.vole
for n in 0 10 4095 4096 4100 4500 5000 9000; do
  head -c $n x.vole >cut.vole
  t "cut-$n" 1 'vole exec: cut.vole: *' "$vole" exec cut.vole
done
cp x.vole long.vole; echo >>long.vole
t longer 1 'vole exec: long.vole: damaged image: * bytes where the header says *' "$vole" exec long.vole
t directory 1 'vole exec: .: not a regular file' "$vole" exec .
mkfifo fifo
t fifo 1 'vole exec: fifo: not a regular file' timeout 10 "$vole" exec fifo
head -c 100000 "$(dirname "$vole")/std.vole" >std.vole
t std-cut 1 'vole: std.vole: damaged image: *' env VOLE_STD=std.vole "$vole" exec x.vole
cat >small.go <<'E2'
package main

func main() { println("small") }
E2
t std-cut-source 0 $'vole: std.vole: damaged image: *instead)\nsmall' env VOLE_STD=std.vole "$vole" run small.go

# ---- files that cannot be read ----
mkdir dir.go
t source-directory 1 '*dir.go*' "$vole" run dir.go
t source-missing 1 '*nope.go: no such file or directory' "$vole" run nope.go
if [ "$(id -u)" != 0 ]; then
  cp x.go secret.go; cp x.vole secret.vole; chmod 0 secret.go secret.vole
  t source-secret 1 '*secret.go: permission denied' "$vole" run secret.go
  t image-secret 1 'vole exec: open secret.vole: *ermission denied' "$vole" exec secret.vole
fi

# ---- files that cannot be written ----
t out-no-directory 1 'vole build: open nope/x.vole: no such file or directory' "$vole" build -o nope/x.vole x.go
t out-too-large 1 'vole build: write big.vole: file too large' limited -f 8 "$vole" build -o big.vole x.go
no_files out-too-large 'big.vole*'
[ -c /dev/full ] && t out-full 1 'vole build: write /dev/full: no space left on device' "$vole" build -o /dev/full x.go
[ -c /dev/full ] && t full-stays 0 '' test -c /dev/full
mkfifo pipe; cat pipe >from-pipe &
t out-pipe 0 '' "$vole" build -o pipe x.go
wait
t out-pipe-whole 0 '' cmp from-pipe x.vole
cp x.vole kept.vole
t out-kept 1 '*file too large' limited -f 8 "$vole" build -o kept.vole x.go
t out-kept-same 0 '' cmp kept.vole x.vole
t std-too-large 1 'vole mkstd: write s.vole: file too large' limited -f 8 "$vole" mkstd -o s.vole errors
no_files std-too-large 's.vole*'
{ # long enough to be worth the cache
  echo 'package main'
  awk 'BEGIN { for (i = 0; i < 3000; i++) printf "func f%d(a []int) (s int) { for i, x := range a { s += x * i }; return s + %d }\n", i, i }'
  echo 'func main() { println(f0(nil)) }'
} >long.go
mkdir cache
t cache-full 0 0 env VOLE_CACHE="$tmp/cache" bash -c "ulimit -f 8; exec '$vole' run long.go"
no_files cache-full 'cache/*'
t cache-works 0 0 env VOLE_CACHE="$tmp/cache" "$vole" run long.go
for f in cache/*.vole; do # damaged: made again
  [ -f "$f" ] && patch "$f" 5000 '\377\377\377\377'
done
t cache-damaged 0 0 env VOLE_CACHE="$tmp/cache" "$vole" run long.go
t cache-no-directory 0 0 env VOLE_CACHE=/dev/null/x "$vole" run long.go

# ---- memory ---- (a sanitizer's own needs would be in the way)
if ! nm "$vole" 2>/dev/null | grep -q ' __[at]san_init'; then
  t memory-60000 1 'vole: *' limited -v 60000 timeout 60 "$vole" run x.go
  t memory-build-60000 1 'vole: *' limited -v 60000 timeout 60 "$vole" build -o m.vole x.go
  no_files memory-build-60000 'm.vole*'
  for kb in 300000 1000000 2600000; do # smaller heaps
    t memory-$kb 0 x limited -v $kb timeout 60 "$vole" run x.go
  done
  echo 'package main
func main() { var all [][]byte; for { all = append(all, make([]byte, 1<<20)) } }' >eat.go
  t memory-program 2 '*fatal error: *out of memory*' limited -v 5000000 timeout 60 "$vole" run eat.go
fi

# ---- packages ----
mkdir -p cycle/a cycle/b
printf 'module m\ngo 1.27\n' >cycle/go.mod
printf 'package main\nimport _ "m/a"\nfunc main() {}\n' >cycle/main.go
printf 'package a\nimport _ "m/b"\n' >cycle/a/a.go
printf 'package b\nimport _ "m/a"\n' >cycle/b/b.go
t cycle 1 '*import cycle not allowed*' bash -c "cd cycle && exec '$vole' run ."
t cycle-check 1 '*import cycle not allowed*' bash -c "cd cycle && exec '$vole' check ./..."
mkdir mod; cp x.go mod
for text in 'modul m' 'module' 'module m\nmodule n' 'module m\ngo x' 'module m\nrequire (' 'module m\nrequire a' 'module m\nreplace a' '\001\002' ''; do
  printf "$text" >mod/go.mod
  t "go.mod-$text" 1 'go: *go.mod*' bash -c "cd mod && exec '$vole' run ."
done
rm mod/go.mod; mkdir mod/go.mod
t go.mod-directory 0 x bash -c "cd mod && exec '$vole' run x.go"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
