#!/usr/bin/env bash
# Compiling on several threads: the image is the same, byte for byte, for every -p and every order of the tasks, for a program
# whose packages share instances of generics, strings, boxed constants and functions of std.vole, and for std.vole itself;
# errors are the same, too. The last line is `N passed, N failed`.
vole=$(realpath "${VOLE:-build/vole}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export VOLE_CACHE=off
cd "$tmp" || exit 1
passed=0 failed=0
ok() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAIL parallel $1"; [ -z "${2:-}" ] || sed 's/^/    /' <<<"$2" | head -20; }

packages=24
printf 'module example.com/m\n\ngo 1.27\n' >go.mod
for ((i = 0; i < packages; i++)); do
  mkdir "p$i"
  {
    printf 'package p%d\n\nimport (\n\t"errors"\n\t"fmt"\n\t"slices"\n\t"strings"\n\t"sync"\n' $i
    [ $i -lt 4 ] || printf '\t"example.com/m/p%d"\n\t"example.com/m/p%d"\n' $((i / 2)) $((i / 3))
    cat <<EOF
)

type T struct{ Name string; N int }
func (t T) String() string { return t.Name + "-$((i % 5))" }
type Pair[A, B any] struct { First A; Second B }
func (p Pair[A, B]) Swap() Pair[B, A] { return Pair[B, A]{p.Second, p.First} }
func Map[A, B any](s []A, f func(A) B) (r []B) { for _, a := range s { r = append(r, f(a)) }; return r }
var mu sync.Mutex
var Err = errors.New("shared $((i % 3))")
func Small(n int) int { return n*$i + 1 }
func Use(n int) string {
	mu.Lock(); defer mu.Unlock()
	ts := []T{{"b", n}, {"a", n + 1}, {"c", $((i % 4))}}
	slices.SortFunc(ts, func(a, b T) int { return strings.Compare(a.Name, b.Name) })
	names := Map(ts, func(t T) fmt.Stringer { return t })
	var b strings.Builder
	for i, s := range names { fmt.Fprintf(&b, "%d %v %T;", i, s, Pair[string, int]{"x", i}.Swap()) }
	m := map[string][]int{"k": {1, 2}, "l$((i % 2))": {n}}
	b.WriteString(strings.Repeat("ab", len(m)) + fmt.Sprint(any("constant $((i % 7))"), any($((i % 6))), Err, slices.Max(m["k"])))
	switch { $(for ((k = 0; k < 40; k++)); do printf 'case n == %d: b.WriteString(strings.ToUpper("n%d"))\n' $((k * i)) $((k % 9)); done) }
EOF
    [ $i -lt 4 ] || printf '\tb.WriteString(p%d.Use(n/2) + p%d.T{"q", p%d.Small(n)}.String())\n' $((i / 2)) $((i / 3)) $((i / 2))
    printf '\treturn b.String()\n}\n'
  } >"p$i/p.go"
done
{
  printf 'package main\n\nimport (\n\t"hash/fnv"\n'
  for ((i = 0; i < packages; i++)); do printf '\t"example.com/m/p%d"\n' $i; done
  printf ')\n\nfunc main() {\n\th := fnv.New64()\n'
  for ((i = 0; i < packages; i++)); do printf '\th.Write([]byte(p%d.Use(%d)))\n' $i $((i * 3)); done
  printf '\tprintln(h.Sum64())\n}\n'
} >main.go

if out=$("$vole" build -p 1 -o one.vole . 2>&1); then ok; else fail "-p 1" "$out"; fi
want=$("$vole" exec one.vole 2>&1)
if [[ $want =~ ^[0-9]+$ ]]; then ok; else fail run "$want"; fi
for seed in '' 1 2 3 4 5 6; do
  for p in 2 4; do
    out=$(VOLE_SHUFFLE_UNITS=$seed "$vole" build -p $p -o many.vole . 2>&1)
    if cmp -s one.vole many.vole; then ok; else fail "-p $p, order $seed: another image" "$out"; fi
    rm -f many.vole
  done
done
got=$("$vole" run -O0 -p 3 . 2>&1)
if [ "$got" = "$want" ]; then ok; else fail "-O0 -p 3" "$got"; fi

echo 'func Broken() int { return "x" + missing }' >>p7/p.go
echo 'func Broken() { for { break outer } }' >>p20/p.go
want=$("$vole" build -p 1 . 2>&1); rc=$?
for p in 2 4; do
  got=$("$vole" build -p $p . 2>&1); rc2=$?
  if [ $rc = 1 ] && [ $rc2 = 1 ] && [ -n "$want" ] && [ "$got" = "$want" ]; then ok; else fail "errors with -p $p" "$got"; fi
done
got=$("$vole" build -p 0 . 2>&1); rc=$?
if [ $rc = 2 ] && [ "$got" = 'vole: -p must be a positive integer: 0' ]; then ok; else fail "-p 0: exit $rc" "$got"; fi

std=$(dirname "$vole")/std.vole
out=$(VOLE_SHUFFLE_UNITS=7 "$vole" mkstd -p 4 -o std.again 2>&1)
if cmp -s "$std" std.again; then ok; else fail "std.vole: another image" "$out"; fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
