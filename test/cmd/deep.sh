#!/usr/bin/env bash
# Programs that are nested deeply or long: they run, or are refused with a message; never a crash. The last line is `N passed, N failed`.
vole=$(realpath "${VOLE:-build/vole}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export VOLE_CACHE=off
cd "$tmp" || exit 1
passed=0 failed=0

rep() { # TEXT N: the text N times, with # replaced by a number counted from 0
  python3 -c 'import sys; t, n = sys.argv[1], int(sys.argv[2]); print("".join(t.replace("#", str(i)) for i in range(n)), end="")' "$1" "$2"
}
t() { # NAME STATUS OUTPUT, the program on standard input
  local got rc
  cat >"$1.go"
  got=$(timeout $((${VOLE_SANITIZED:+4*}60)) "$vole" run "$1.go" 2>&1); rc=$?
  # shellcheck disable=SC2053
  if [ $rc -eq "$2" ] && [[ $got == $3 ]]; then passed=$((passed + 1)); return; fi
  failed=$((failed + 1))
  echo "FAIL deep $1: exit $rc, want $2; output:"; head -c 500 <<<"$got" | sed 's/^/    /'
}
p() { printf 'package main\n%s\n' "$1"; }
too_deep='*syntax error: exceeded max nesting depth*'

# N is below the parser's limit, M above.
N=3000 M=100000
t sum 0 "$((N + 1))" < <(p "var x = 1; func main() { println($(rep x+ $N)x) }")
t sum-long 0 $((M / 2 + 1)) < <(p "const c = $(rep 1+ $((M / 2)))1; func main() { println(c) }")
t strings 0 "$((2 * N)) ababab" < <(p "var a, b = \"a\", \"b\"; func main() { s := $(rep a+b+ $((N - 1)))a+b; println(len(s), s[:6]) }")
t and 0 true < <(p "var x = true; func main() { println($(rep 'x && ' $N)x) }")
t parens 0 1 < <(p "func main() { println($(rep '(' $N)1$(rep ')' $N)) }")
t parens-many 1 "$too_deep" < <(p "func main() { println($(rep '(' $M)1$(rep ')' $M)) }")
t unary-many 1 "$too_deep" < <(p "var x = true; var y = $(rep '!' $M)x; func main() {}")
t blocks 0 '' < <(p "func main() $(rep '{' $N)$(rep '}' $N)")
t blocks-many 1 "$too_deep" < <(p "func main() $(rep '{' $M)$(rep '}' $M)")
t types-many 1 "$too_deep" < <(p "var x $(rep '[]' $M)int; func main() {}")
t struct 0 24024 < <(p "import \"unsafe\"; var x $(rep 'struct{n int; a ' $N)[3]int$(rep '}' $N); func main() { println(unsafe.Sizeof(x)) }")
t generic 0 8 < <(p "import \"unsafe\"; type T[P any] struct{ p *P }; var x $(rep 'T[' $N)int$(rep ']' $N); func main() { println(unsafe.Sizeof(x)) }")
t calls 0 "$N" < <(p "func f(x int) int { return x + 1 }; func main() { println($(rep 'f(' $N)0$(rep ')' $N)) }")
t literals 0 1 < <(p "type T []T; var x = T$(rep '{' $N)$(rep '}' $N); func main() { println(len(x)) }")
t cases 0 2 < <(p "func main() { x := 2999; switch x { $(rep 'case #: x = 2; ' $N) }; println(x) }")
t constants 0 2 < <(p "$(rep 'const c# = 1 + d#; const d# = 1; ' $N) func main() { println(c0) }")
# Large functions and types: near-linear, or these would not end.
t and-large 0 true < <(p "var x [10]bool; func main() { println($(rep '!x[#%10] && ' 50000)true) }")
t ifs-large 0 20000 < <(p "var x int; func main() { $(rep 'if x == # { x++ }; ' 20000) println(x) }")
t loops-large 0 60000 < <(p "var x int; func main() { $(rep 'for range 6 { x++ }; ' 10000) println(x) }")
t gotos-large 0 20000 < <(p "var x int; func main() { $(rep 'L#: x++; if x < 0 { goto L# }; ' 20000) println(x) }")
t calls-large 0 30000 < <(p "var x int
//go:noinline
func f(a int) int { return a + 1 }; func main() { $(rep 'x = f(x); ' 30000) println(x) }")
t struct-large 0 '160000 true' < <(p "import \"unsafe\"; type T struct { $(rep 'f# int; ' 20000) }; var t, u T; func main() { println(unsafe.Sizeof(t), t == u) }")
t cases-large 0 13 < <(p "func f(s string) int { switch s { $(rep 'case "k#": return #; ' 10000) }; return -1 }; func main() { println(f(\"k13\")) }")
t type-chain-many 1 '*program is nested too deeply' < <(p "$(python3 -c "print(''.join('type T%d struct { T%d }; ' % (i, i + 1) for i in range($M)))") type T$M int; func main() {}")
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
