#!/usr/bin/env bash
# Compiling on several threads: the image is the same, byte for byte, for every -p and every order of the tasks, for a program
# whose packages share instances of generics, strings, boxed constants and functions of std.vole, and for std.vole itself;
# errors are the same, too. VOLE_COMPILE_ONLY=1 runs no programs. The last line is `N passed, N failed`.
vole=$(realpath "${VOLE:-build/vole}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset GO111MODULE GOFLAGS GOWORK GOPATH GOMODCACHE GOMAXPROCS VOLE_SHUFFLE_UNITS
export VOLE_CACHE=off
runs() { [ -z "${VOLE_COMPILE_ONLY:-}" ]; }
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
# Texts that small functions of std mention: one package has them as data of its own, the other inlines those functions.
mkdir own inlines
cat >own/own.go <<'EOF'
package own

func box(s string) any { return s }
func A() any           { return box("strings.Builder.Grow: negative count") }
func B() any           { return box("bytes.Buffer.Grow: negative count") }
EOF
cat >inlines/inlines.go <<'EOF'
package inlines

import ("bytes"; "strings")

func Use(n int) string {
	var s strings.Builder
	s.Grow(n)
	var b bytes.Buffer
	b.Grow(n)
	s.WriteString("x")
	return s.String()
}
EOF
{
  printf 'package main\n\nimport (\n\t"fmt"\n\t"hash/fnv"\n\t"example.com/m/own"\n\t"example.com/m/inlines"\n'
  for ((i = 0; i < packages; i++)); do printf '\t"example.com/m/p%d"\n' $i; done
  printf ')\n\nfunc main() {\n\th := fnv.New64()\n\tfmt.Fprint(h, own.A(), own.B(), inlines.Use(3))\n'
  for ((i = 0; i < packages; i++)); do printf '\th.Write([]byte(p%d.Use(%d)))\n' $i $((i * 3)); done
  printf '\tprintln(h.Sum64())\n}\n'
} >main.go

if out=$("$vole" build -p 1 -o one.vole . 2>&1); then ok; else fail "-p 1" "$out"; fi
if runs; then
  want=$("$vole" exec one.vole 2>&1)
  if [[ $want =~ ^[0-9]+$ ]]; then ok; else fail run "$want"; fi
fi
for seed in '' 1 2 3 4 5 6; do
  for p in 2 4; do
    out=$(VOLE_SHUFFLE_UNITS=$seed "$vole" build -p $p -o many.vole . 2>&1)
    if cmp -s one.vole many.vole; then ok; else fail "-p $p, order $seed: another image" "$out"; fi
    rm -f many.vole
  done
done
"$vole" build -O0 -p 1 -o one.vole . 2>&1
out=$(VOLE_SHUFFLE_UNITS=1 "$vole" build -O0 -p 3 -verify -o many.vole . 2>&1)
if cmp -s one.vole many.vole; then ok; else fail "-O0 -p 3: another image" "$out"; fi
if runs; then
  got=$("$vole" exec many.vole 2>&1)
  if [ "$got" = "$want" ]; then ok; else fail "-O0 -p 3" "$got"; fi
fi

echo 'func Broken() int { return "x" + missing }' >>p7/p.go
echo 'func Broken() { for { break outer } }' >>p20/p.go
want=$("$vole" build -p 1 . 2>&1); rc=$?
for p in 2 4; do
  got=$("$vole" build -p $p . 2>&1); rc2=$?
  if [ $rc = 1 ] && [ $rc2 = 1 ] && [ -n "$want" ] && [ "$got" = "$want" ]; then ok; else fail "errors with -p $p" "$got"; fi
done
got=$("$vole" build -p 0 . 2>&1); rc=$?
if [ $rc = 2 ] && [ "$got" = 'vole: -p must be a positive integer: 0' ]; then ok; else fail "-p 0: exit $rc" "$got"; fi

# Frames that are too large are found by the tasks.
mkdir -p frames/f1 frames/f2 frames/f3
for i in 1 2 3; do
  {
    printf 'package f%d\n\ntype A [2000]int64\n\nfunc g(a A) A { return a }\n' $i
    echo "func f($(printf 'a%d A, ' $(seq 40))z int) int64 { return a1[0] }"
    echo "func F(n int) int64 { var x A; x[0] = int64(n); return f($(printf 'g(x), %.0s' $(seq 40))1) }"
  } >frames/f$i/f.go
done
cat >frames/main.go <<'EOF'
package main

import ("example.com/m/frames/f1"; "example.com/m/frames/f2"; "example.com/m/frames/f3")

func main() { println(f3.F(1) + f2.F(2) + f1.F(3)) }
EOF
want=$("$vole" build -p 1 -o one.vole ./frames 2>&1); rc=$?
for seed in '' 1 2; do
  got=$(VOLE_SHUFFLE_UNITS=$seed "$vole" build -p 4 -o many.vole ./frames 2>&1); rc2=$?
  if [ $rc = 1 ] && [ $rc2 = 1 ] && [[ $want == *"f1.f too large"* ]] && [ "$got" = "$want" ]; then ok
  else fail "frames, order $seed" "$want"$'\n'"$got"; fi
done

# A library image of packages from outside (vole run makes it), and a program upon it that has texts of the library's small functions as data.
mkdir -p gopath/src/{x.org/big,y.org/small,own/q}
{
  printf 'package big\n\nimport "y.org/small"\n\n'
  printf 'func Say(n int) string {\n\tif n < 0 {\n\t\tpanic("big: negative count")\n\t}\n\treturn small.Say(n) + "big"\n}\n'
  for ((i = 0; i < 3400; i++)); do echo '// How much source there is decides whether it becomes a library'; done
} >gopath/src/x.org/big/big.go
printf 'package small\n\nfunc Say(n int) string {\n\tif n < 0 {\n\t\tpanic("small: negative count")\n\t}\n\treturn "small"\n}\n' >gopath/src/y.org/small/small.go
cat >gopath/src/own/q/q.go <<'EOF'
package q

func box(s string) any { return s }
func A() any           { return box("big: negative count") }
func B() any           { return box("small: negative count") }
EOF
cat >gopath/src/own/main.go <<'EOF'
package main

import ("fmt"; "own/q"; "x.org/big"; "y.org/small")

func main() { fmt.Println(q.A(), q.B(), big.Say(1), small.Say(2)) }
EOF
with_library() { # THREADS SHUFFLE: sums of the program's and the library's image
  (
    export GOPATH=$tmp/gopath GO111MODULE=off VOLE_CACHE=$tmp/library VOLE_SHUFFLE_UNITS=$2
    rm -rf "$VOLE_CACHE"
    "$vole" run -p "$1" own && "$vole" build -p "$1" -o own.vole own && cksum <own.vole && cd "$VOLE_CACHE" && cksum lib-*.vole
  ) 2>&1
}
if runs; then
  want=$(with_library 1 '')
  if [[ $want == *lib-*.vole ]]; then ok; else fail library "$want"; fi
  for seed in '' 1 2 3 4; do
    got=$(with_library 3 $seed)
    if [ "$got" = "$want" ]; then ok; else fail "library, order $seed" "$want"$'\n'"$got"; fi
  done
fi

std=${VOLE_STD:-$(dirname "$vole")/std.vole}
for p in 1 4; do
  runs || [ $p = 4 ] || continue # a single thread has no races
  out=$(VOLE_SHUFFLE_UNITS=7 "$vole" mkstd -p $p -o std.again 2>&1); rc=$?
  if [ $rc = 0 ] && cmp -s "$std" std.again; then ok; else fail "std.vole with -p $p: another image" "$out"; fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
