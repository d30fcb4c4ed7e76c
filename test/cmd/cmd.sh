#!/usr/bin/env bash
# The command line: flags, exit statuses, messages, packages from modules, vendor directories, workspaces, the module
# cache and GOPATH, vole test. Trees are made in a temporary directory. The last line is `N passed, N failed`.
vole=$(realpath "${VOLE:-build/vole}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset GO111MODULE GOFLAGS GOWORK GOPATH GOMODCACHE
export VOLE_CACHE="$tmp/cache"
passed=0 failed=0

# t NAME STATUS OUTPUT COMMAND...: the command's exit status and its whole output (both streams). A line "..." of
# OUTPUT stands for any lines, `*` within a line for any text.
t() {
  local name=$1 status=$2 want=$3 got rc
  shift 3
  got=$("$@" 2>&1); rc=$?
  want=${want//\\/\\\\}; want=${want//\[/\\[}; want=${want//\?/\\?}
  want=${want//$'\n...'/'*'}
  # shellcheck disable=SC2053
  if [ $rc -eq "$status" ] && [[ $got == $want ]]; then passed=$((passed + 1)); return; fi
  failed=$((failed + 1))
  echo "FAIL cmd $name: exit $rc, want $status; output:"; sed 's/^/    /' <<<"$got" | head -20
}
mk() { mkdir -p "$(dirname "$tmp/$1")"; cat >"$tmp/$1"; } # file from standard input
mod() { printf 'module %s\n\ngo %s\n%s\n' "$2" "${3:-1.27}" "${4:-}" | mk "$1/go.mod"; }
cd "$tmp" || exit 1

# ---- programs ----
mk hello.go <<<'package main
import ("fmt"; "os")
func main() { fmt.Println("hello", os.Args[1:]); os.Exit(len(os.Args) - 1) }'
t run 0 'hello []' "$vole" run hello.go
t run-args 3 'hello [a b -c]' "$vole" run hello.go a b -c
t run-O0 0 'hello []' "$vole" run -O0 hello.go
t run-stdin 1 'hello [x]' bash -c "'$vole' run - x <hello.go"
mk inline.go <<<'package main
import ("strings"; "sync")
func pre(s string) bool { return strings.HasPrefix(s, "ab") }
func once(o *sync.Once, f func()) { o.Do(f) }
func main() { var o sync.Once; once(&o, func() { println(pre("abc")) }) }'
t dump-inlined 0 $'    CALL none *, * @"sync.(*Once).doSlow"' bash -c "'$vole' run -dump=ssa -dump-func=main.once inline.go 2>&1 | grep CALL | sed 's/^ */    /'"
t dump-inlined-all 0 $'true\n0' bash -c "'$vole' run inline.go 2>&1; '$vole' run -dump=ssa -dump-func=main.pre inline.go 2>&1 | grep -c CALL; true"
mk script <<<'#!/usr/bin/env -S vole run
package main
func main() { println("script") }'
t run-shebang 0 script "$vole" run ./script
t run-shebang-again 0 script "$vole" run ./script
t run-e 0 '1 X a,b' "$vole" run -e 'x := 1; fmt.Println(x, strings.ToUpper("x"), strings.Join([]string{"a", "b"}, ","))'
t run-e-shadow 0 '2' "$vole" run -e 'type T struct{ n int }; list := T{2}; fmt.Println(list.n)'
t run-e-error 1 $'# command-line-arguments\n-e:1:1: declared and not used: y' "$vole" run -e 'y := 1'
mk panic.go <<<'package main
func main() { panic("x") }'
t run-panic 2 $'panic: x\n\ngoroutine 1 [running]:\n...' "$vole" run panic.go
t run-nothing 1 'vole run: no go files listed' "$vole" run
t run-badflag 2 $'flag provided but not defined: -zz\n...' "$vole" run -zz hello.go
t run-race 2 'vole: -race is not supported' "$vole" run -race hello.go
t run-nofile 1 'open *nope.go: no such file or directory' "$vole" run nope.go
mk nomain.go <<<'package main'
t run-nomain 1 $'# command-line-arguments\nruntime.main_main·f: function main is undeclared in the main package' "$vole" run nomain.go
mk errs.go <<'E2'
package main

func main() {
	a := 1
	b := 1
	c := 1
	d := 1
	e := 1
	f := 1
	g := 1
	h := 1
	i := 1
	j := 1
	k := 1
	l := 1
}
E2
t ten-errors 1 $'# command-line-arguments\n./errs.go:4:2: declared and not used: a\n...\n./errs.go:13:2: declared and not used: j\n./errs.go:13:2: too many errors' "$vole" run errs.go
t all-errors 1 $'# command-line-arguments\n./errs.go:4:2: declared and not used: a\n...\n./errs.go:15:2: declared and not used: l' "$vole" build -e errs.go
mk lang.go <<<'package main
func main() { var x any = 1; _ = x }'
t lang-any 1 $'# command-line-arguments\n./lang.go:2:21: *' "$vole" build -lang=go1.17 lang.go

{ echo 'package main'; echo 'type A [2000]int64'; echo 'func g(a A) A { return a }'
  echo "func f($(printf 'a%d A, ' $(seq 40))z int) int64 { return a1[0] }"
  echo 'func main() { var x A; println(f('"$(printf 'g(x), %.0s' $(seq 40))"'1)) }'; } >frame.go
t frame-too-large 1 $'# command-line-arguments\n./frame.go:*: stack frame of main.f too large (more than 512 KB)*' "$vole" run frame.go
mk sym.go <<<'package main
var b [1 << 40]int
func main() { b[0]++ }'
t symbol-too-large 1 'vole: link: main.b: symbol too large (8796093022208 bytes > 2000000000 bytes)' "$vole" run sym.go
mk range3.go <<<'package main
func main() { var a, b, c int
for a, b, c = range []int{} {}
_, _, _ = a, b, c }'
t range-three 1 $'# command-line-arguments\n./range3.go:3:11: range clause permits at most two iteration variables' "$vole" run range3.go
mk mapsize.go <<<'package main
func main() { var m map[int][1 << 31]byte; _ = m }'
t map-elem-size 1 $'# command-line-arguments\n./mapsize.go:2:*: map element type too large' "$vole" run mapsize.go

# ---- images ----
t build 0 '' "$vole" build -o h.vole hello.go
t exec 1 'hello [q]' "$vole" exec h.vole q
t exec-itself 0 'hello []' env PATH="$(dirname "$vole"):$PATH" ./h.vole
tail -c +4097 h.vole >raw.vole
t exec-raw 0 'hello []' "$vole" exec raw.vole
{ echo '#!/usr/bin/env -S vole exec'; cat raw.vole; } >hand.vole
t exec-by-hand 0 'hello []' "$vole" exec hand.vole
head -c 6000 h.vole >cut.vole
t exec-cut 1 'vole exec: cut.vole: damaged image: *' "$vole" exec cut.vole
t exec-source 1 'vole exec: hello.go: not a vole image' "$vole" exec hello.go
t exec-missing 1 'vole exec: open nope.vole: no such file or directory' "$vole" exec nope.vole
t exec-usage 2 'usage: vole exec*' "$vole" exec
t build-default 0 '' bash -c "'$vole' build hello.go && test -x hello.vole"

# ---- other commands ----
t version 0 'vole version * go1.27 linux/amd64*' "$vole" version
t env 0 $'linux\namd64\ngo1.27' "$vole" env GOOS GOARCH GOVERSION
t help 0 $'Vole runs Go programs.\n...' "$vole" help
t help-run 0 $'usage: vole run*\n...' "$vole" help run
t help-nope 2 'vole help nope: unknown help topic.*' "$vole" help nope
t unknown 2 $'vole nope: unknown command\n...' "$vole" nope
t none 2 $'Vole runs Go programs.\n...' "$vole"

# ---- modules ----
mod m example.com/m 1.27 'require example.com/dep v1.0.0
replace example.com/dep v1.0.0 => ../dep'
mod dep example.com/dep
mk dep/dep.go <<<'package dep
const Name = "dep"'
mk dep/sub/sub.go <<<'package sub
import "example.com/dep/internal/x"
const Name = x.Name'
mk dep/internal/x/x.go <<<'package x
const Name = "internal"'
mk m/main.go <<<'package main
import ("fmt"; "example.com/dep"; "example.com/dep/sub"; "example.com/m/p")
func main() { fmt.Println(dep.Name, sub.Name, p.Text, p.Data) }'
mk m/p/p.go <<<'package p
import _ "embed"
//go:embed text.txt
var Text string'
mk m/p/data_linux.go <<<'package p
const Data = "linux"'
mk m/p/data_windows.go <<<'package p
const Data = "windows"'
printf text >m/p/text.txt
cd m || exit 1
t module 0 'dep internal text linux' "$vole" run .
t module-path 0 'dep internal text linux' "$vole" run example.com/m
t module-list 0 $'example.com/m\nexample.com/m/p' "$vole" list ./...
t module-build-all 0 '' "$vole" build ./...
cd ..
t module-elsewhere 1 '*internal*' bash -c "mkdir -p o && cd o && printf 'module o\ngo 1.27\nreplace example.com/dep => ../dep\n' >go.mod && printf 'package main\nimport _ \"example.com/dep/internal/x\"\nfunc main() {}\n' >o.go && '$vole' run ."

t module-from-outside 0 'dep internal text linux' "$vole" run ./m
t module-file-from-outside 0 'dep internal text linux' "$vole" run "$tmp/m/main.go"

mod loops example.com/loops 1.21
mk loops/main.go <<<'package main
func main() {
	var fs []func() int
	for i := 0; i < 2; i++ { fs = append(fs, func() int { return i }) }
	println(fs[0](), fs[1]())
}'
t go1.21-loops 0 '2 2' bash -c "cd loops && '$vole' run ."
mk loops/main.go <<<'//go:build go1.22
package main
func main() {
	var fs []func() int
	for i := 0; i < 2; i++ { fs = append(fs, func() int { return i }) }
	println(fs[0](), fs[1]())
}'
t file-version-loops 0 '0 1' bash -c "cd loops && '$vole' run ."

mk modcache/example.com/!big/dep@v1.2.3/go.mod <<<'module example.com/Big/dep
go 1.27
require example.com/other v0.1.0'
mk modcache/example.com/!big/dep@v1.2.3/d.go <<<'package dep
import "example.com/other"
const Name = "cached " + other.Name'
mk modcache/example.com/other@v0.1.0/go.mod <<<'module example.com/other'
mk modcache/example.com/other@v0.1.0/o.go <<<'package other
const Name = "other"'
mod c example.com/c 1.27 'require (
	example.com/Big/dep v1.2.3
	example.com/other v0.1.0 // indirect
)'
mk c/c.go <<<'package main
import "example.com/Big/dep"
func main() { println(dep.Name) }'
t module-cache 0 'cached other' env GOMODCACHE="$tmp/modcache" bash -c "cd c && '$vole' run ."
t module-cache-empty 1 'c.go:2:8: module example.com/Big/dep@v1.2.3 is required by go.mod but not in the module cache*' env GOMODCACHE="$tmp/none" bash -c "cd c && '$vole' run ."
in_c() { (cd "$tmp/c" && GOMODCACHE="$tmp/modcache" "$vole" run "$@" .); }
modules='# example.com/Big/dep v1.2.3
## explicit; go 1.20
example.com/Big/dep
# example.com/other v0.1.0
## explicit'
mk c/vendor/modules.txt <<<"$modules"
mk c/vendor/example.com/Big/dep/d.go <<<'package dep
var Name = func() (s string) {
	for i := 0; i < 2; i++ { defer func() { s += string(rune(i + 48)) }() } // one i: Go 1.20
	return "vendored"
}()'
t vendor 0 vendored22 in_c
t vendor-mod=readonly 0 'cached other' in_c -mod=readonly
t vendor-bad-mod 1 "-mod=x not supported (can be '', 'mod', 'readonly', or 'vendor')" in_c -mod=x
mk c/vendor/modules.txt <<<"${modules/go 1.20/go 1.22}"
t vendor-go1.22 0 vendored10 in_c
mk c/vendor/modules.txt <<<"${modules/v1.2.3/v1.2.4}"
t vendor-inconsistent 1 $'go: inconsistent vendoring in *:\n\texample.com/Big/dep@v1.2.3: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt\n\texample.com/Big/dep@v1.2.4: is marked as explicit in vendor/modules.txt, but not explicitly required in go.mod\n*' in_c
mk c/vendor/modules.txt <<<"${modules//example.com?Big?dep$'\n#'/#}"
t vendor-not-listed 1 $'go: ignoring package example.com/Big/dep which exists in the vendor directory but is missing from vendor/modules.txt*\nc.go:2:8: cannot find module providing package example.com/Big/dep: import lookup disabled by -mod=vendor\n\t(Go version in go.mod is at least 1.14 and vendor directory exists.)' in_c

mk work/go.work <<<'go 1.27
use (
	./a
	./b
)'
mod work/a example.com/a
mod work/b example.com/b
mk work/a/a.go <<<'package main
import "example.com/b"
func main() { println(b.Name) }'
mk work/b/b.go <<<'package b
const Name = "workspace"'
t workspace 0 workspace bash -c "cd work/a && '$vole' run ."
t workspace-off 1 $'a.go:2:8: no required module provides package example.com/b; to add it:\n\tgo get example.com/b' env GOWORK=off bash -c "cd work/a && '$vole' run ."

mk stuck.go <<<'package main
func stuck() { select {} }
func main() { stuck() }'
"$vole" build -o stuck.vole stuck.go
t exec-select-none 2 $'fatal error: all goroutines are asleep - deadlock!\n...' "$vole" exec stuck.vole
# Packages from outside of the module, 150 KB and more, are compiled once into a library image.
mk lib/vendor/modules.txt <<<'# example.com/big v1.0.0
## explicit; go 1.27
example.com/big'
mkdir -p "$tmp/lib/vendor/example.com/big"
{ echo 'package big
import "strings"
func Join[T ~string](s ...T) string { n := []string{}; for _, x := range s { n = append(n, string(x)) }; return strings.Join(n, "-") }
func Small(x int) int { return x + Offset }
var Offset = len(Table)
func init() { Offset++ }
var Table = []string{'
  for i in $(seq 4000); do echo "  \"entry number $i of a long table of strings\","; done; echo '}'; } >"$tmp/lib/vendor/example.com/big/big.go"
mod lib example.com/lib 1.27 "require example.com/big v1.0.0"
mk lib/main.go <<<'package main
import ("example.com/big"; "os"; "os/exec")
func main() {
  if len(os.Args) > 1 { println("child", big.Small(1)); return }
  println(big.Join("a", "b"), big.Small(1), big.Table[3999][:17])
  exe, _ := os.Executable()
  out, err := exec.Command(exe, "x").CombinedOutput()
  println(string(out), err == nil)
}'
lib_want=$'a-b 4002 entry number 4000\nchild 4002\n true'
in_lib() { (cd "$tmp/lib" && "$vole" run "$@"); }
t library 0 "$lib_want" in_lib .
t library-made 0 1 bash -c "ls '$VOLE_CACHE' | grep -c '^lib-'"
sed -i 's/"a", "b"/"a", "c"/' "$tmp/lib/main.go"
t library-used 0 "${lib_want/a-b/a-c}" in_lib .
t library-O0 0 "${lib_want/a-b/a-c}" in_lib -O0 .
sed -i 's/x + Offset/x - Offset/' "$tmp/lib/vendor/example.com/big/big.go"
t library-changed 0 "${lib_want//4002/-4000}" bash -c "cd '$tmp/lib' && sed -i 's/\"c\"/\"b\"/' main.go && '$vole' run ."
echo 'package big; func Broken() { return 1 }' >"$tmp/lib/vendor/example.com/big/more.go"
t library-broken 1 $'# example.com/big\nvendor/example.com/big/more.go:1:*too many return values\n...' in_lib .
rm "$tmp/lib/vendor/example.com/big/more.go"
for f in "$VOLE_CACHE"/lib-*; do head -c 5000 "$f" >"$f.cut"; mv "$f.cut" "$f"; done
t library-cut 0 "${lib_want//4002/-4000}" bash -c "cd '$tmp/lib' && echo '// more' >>main.go && '$vole' run ."

mk gp/src/x/y/y.go <<<'package y
import "z"
const Name = "gopath " + z.Name'
mk gp/src/x/vendor/z/z.go <<<'package z
const Name = "vendored"'
mk gp/src/x/main.go <<<'package main
import ("x/y"; "./local")
func main() { println(y.Name, local.Name) }'
mk gp/src/x/local/l.go <<<'package local
const Name = "local"'
t gopath 0 'gopath vendored local' env GO111MODULE=off GOPATH="$tmp/gp" bash -c "cd gp/src/x && '$vole' run main.go"

mk gp/src/v/go.mod <<<'module v/v3'
mk gp/src/v/w/w.go <<<'package w
const Name = "without its version"'
mk gp/src/u/go.mod <<<'module u'
mk gp/src/u/main.go <<<'package main
import "v/v3/w"
func main() { println(w.Name) }'
t gopath-version 0 'without its version' env GO111MODULE=off GOPATH="$tmp/gp" bash -c "cd gp/src/u && '$vole' run main.go"
mk gp/src/g/main.go <<<'package main
import "a.b/none"
func main() { none.F() }'
mk gp/src/a.b/dot.go/p.go <<<'package dot
const Name = "a path that ends in .go"'
mk gp/src/a.b/dot.go/cmd/main.go <<<'package main
import "a.b/dot.go"
func main() { println(dot.Name) }'
t path-dot-go 0 'a path that ends in .go' env GO111MODULE=off GOPATH="$tmp/gp" "$vole" run a.b/dot.go/cmd
t check-dot-go 0 '' env GO111MODULE=off GOPATH="$tmp/gp" "$vole" check a.b/dot.go
t test-dot-go 0 '*a.b/dot.go*no test files*' env GO111MODULE=off GOPATH="$tmp/gp" "$vole" test a.b/dot.go
t gopath-missing 1 "main.go:2:8: cannot find package \"a.b/none\" in any of:
	*/src/a.b/none (from *GOROOT)
	$tmp/gp/src/a.b/none (from *GOPATH)
	/other/src/a.b/none" env GO111MODULE=off GOPATH="$tmp/gp:/other" bash -c "cd gp/src/g && '$vole' run main.go"
mk gp/src/cgo/c.go <<<'package main
import (
	"fmt"
	"C"
)
func init() { fmt.Println(C.x) }'
mk gp/src/cgo/main.go <<<'package main
func main() { println("no cgo") }'
t cgo-left-out 0 'no cgo' env GO111MODULE=off GOPATH="$tmp/gp" bash -c "cd gp/src/cgo && '$vole' run ."

t gopath-names 0 $'x\nx/local\nx/y' env GO111MODULE=off GOPATH="$tmp/gp" bash -c "cd gp/src/x && '$vole' list ./..."

mod cyc example.com/cyc
mk cyc/main.go <<<'package main
import "example.com/cyc/p"
func main() { p.F() }'
mk cyc/p/p.go <<<'package p
import "example.com/cyc/q"
func F() { q.F() }'
mk cyc/q/q.go <<<'package q
import "example.com/cyc/p"
func F() { p.F() }'
t cycle 1 $'package example.com/cyc\n\timports example.com/cyc/p from main.go\n\timports example.com/cyc/q from p.go\n\timports example.com/cyc/p from q.go: import cycle not allowed' bash -c "cd cyc && '$vole' run ."
mod miss example.com/miss
mk miss/main.go <<<'package main

import (
	"foo/bar"
	"example.com/x/y"
)

func main() { bar.F(); y.F() }'
t missing 1 $'main.go:5:2: no required module provides package example.com/x/y; to add it:\n\tgo get example.com/x/y\nmain.go:4:2: package foo/bar is not in std (*/src/foo/bar)' bash -c "cd miss && '$vole' run ."
mk bad/go.mod <<<'modul x
require y'
mk bad/a.go <<<'package main
func main() {}'
t bad-go.mod 1 $'go: errors parsing go.mod:\ngo.mod:1: unknown directive: modul\ngo.mod:2: usage: require module/path v1.2.3' bash -c "cd bad && '$vole' run ."
mod new example.com/new 1.99
mk new/a.go <<<'package main
func main() {}'
t new-go.mod 1 'go: go.mod requires go >= 1.99 *' bash -c "cd new && '$vole' run ."
mod emb example.com/emb
mk emb/a.go <<<'package main
import _ "embed"
//go:embed ok.txt nothere.txt
var s string
func main() {}'
printf x >emb/ok.txt
t embed-missing 1 'a.go:3:19: pattern nothere.txt: no matching files found' bash -c "cd emb && '$vole' run ."
mod sub example.com/sub
mk sub/main.go <<<'package main
import "example.com/sub/p"
func main() { p.F() }'
mk sub/p/p.go <<<'package p
func F() { x := 1 }'
t error-in-import 1 $'# example.com/sub/p\np/p.go:2:12: declared and not used: x' bash -c "cd sub && '$vole' run ."
t tags 0 'tagged' bash -c "printf '//go:build special\npackage main\nfunc main() { println(\"tagged\") }\n' >tag.go && mkdir -p tg && mv tag.go tg && printf 'module tg\n' >tg/go.mod && cd tg && '$vole' run -tags=special ."

# ---- the cache ----
mkdir ro; chmod 500 ro
t cache-readonly 0 'hello []' env VOLE_CACHE="$tmp/ro/x" "$vole" run hello.go
t cache-off 0 'hello []' env VOLE_CACHE=off "$vole" run hello.go
mod cc example.com/cc
{ echo 'package main'; echo 'func f0() int { return 0 }'
  for i in $(seq 1 1500); do echo "func f$i(x []int) int { s := 0; for i, v := range x { s += v*i + $i; if s > $i { s -= f$((i - 1))$([ "$i" = 1 ] || echo '(x)')$([ "$i" = 1 ] && echo '()') } }; return s }"; done
  echo 'func main() { println("first", f1(nil)) }'; } >cc/big.go
t cache-miss 0 'first 0' bash -c "cd cc && '$vole' run ."
t cache-hit 0 'first 0' bash -c "cd cc && '$vole' run . && ls '$tmp'/cache/*.vole >/dev/null"
sed -i 's/"first"/"second"/' cc/big.go
t cache-changed 0 'second 0' bash -c "cd cc && '$vole' run ."
mk cc/more.go <<<'package main
func init() { println("more") }'
t cache-new-file 0 $'more\nsecond 0' bash -c "cd cc && '$vole' run ."

# ---- tests ----
mod tt example.com/tt
mk tt/tt.go <<<'package tt
func Add(a, b int) int { return a + b }'
mk tt/in_test.go <<'E2'
package tt

import (
	"fmt"
	"os"
	"testing"
)

var hidden = 1

func Hidden() int { return hidden }

func TestMain(m *testing.M) {
	hidden = 42
	os.Exit(m.Run())
}

func TestAdd(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, x := range []int{1, 2} {
		t.Run(fmt.Sprint(x), func(t *testing.T) {
			if Add(x, x) != 2*x {
				t.Error(x)
			}
		})
	}
}

func TestDir(t *testing.T) {
	if _, err := os.Stat("tt.go"); err != nil {
		t.Fatal(err)
	}
}

func ExampleAdd() {
	fmt.Println(Add(1, 2))
	fmt.Println("x")
	// Output:
	// 3
	// x
}

func ExampleHidden() {
	for _, s := range []string{"b", "a"} {
		fmt.Println(s)
	}
	// Unordered output: a
	// b
}

func BenchmarkAdd(b *testing.B) {
	for b.Loop() {
		Add(1, 2)
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(1, 2)
	f.Fuzz(func(t *testing.T, a, b int) {
		if Add(a, b) != Add(b, a) {
			t.Fatal(a, b)
		}
	})
}
E2
mk tt/user/user.go <<<'package user
import "example.com/tt"
func Twice(x int) int { return tt.Add(x, x) }'
mk tt/x_test.go <<<'package tt_test
import ("testing"; "example.com/tt"; "example.com/tt/user")
func TestX(t *testing.T) {
	if user.Twice(2) != 4 || tt.Hidden() != 42 { t.Fatal("two copies") }
}'
mk tt/bad/bad.go <<<'package bad'
mk tt/bad/bad_test.go <<<'package bad
import "testing"
func TestBad(t *testing.T) { t.Errorf("wrong") }'
cd tt || exit 1
t test 0 $'PASS\nok  \texample.com/tt\t*s' "$vole" test
t test-package 0 $'ok  \texample.com/tt\t*s' "$vole" test .
t test-v 0 $'=== RUN   TestAdd\n=== RUN   TestAdd/1\n=== RUN   TestAdd/2\n--- PASS: TestAdd (*s)\n    --- PASS: TestAdd/1 (*s)\n    --- PASS: TestAdd/2 (*s)\n=== RUN   TestDir\n--- PASS: TestDir (*s)\n=== RUN   TestX\n--- PASS: TestX (*s)\n=== RUN   FuzzAdd\n=== RUN   FuzzAdd/seed#0\n--- PASS: FuzzAdd (*s)\n    --- PASS: FuzzAdd/seed#0 (*s)\n=== RUN   ExampleAdd\n--- PASS: ExampleAdd (*s)\n=== RUN   ExampleHidden\n--- PASS: ExampleHidden (*s)\nPASS\nok  \texample.com/tt\t*s' "$vole" test -v .
t test-run 0 $'=== RUN   TestAdd\n    in_test.go:20: short\n--- SKIP: TestAdd (0.00s)\nPASS\nok  \texample.com/tt\t*s' "$vole" test -v -short -run 'TestAdd$' -skip Fuzz .
t test-none 0 $'ok  \texample.com/tt\t*s [no tests to run]' "$vole" test -run Nothing .
t test-bench 0 $'goos: linux\n...BenchmarkAdd*ns/op*\nPASS\nok  \texample.com/tt\t*s' "$vole" test -run XXX -bench . -benchtime 10x
t test-list 0 $'TestAdd\nTestDir\nTestX\nFuzzAdd\nok*' bash -c "'$vole' test -list 'Test|Fuzz' ."
t test-all 1 $'ok  \texample.com/tt\t*s\n--- FAIL: TestBad (*s)\n    bad_test.go:3: wrong\nFAIL\nFAIL\texample.com/tt/bad\t*s\n?   \texample.com/tt/user\t[no test files]\nFAIL' "$vole" test ./...
t test-json 0 '{"Time":"*","Action":"start","Package":"example.com/tt"}*"Action":"run","Package":"example.com/tt","Test":"TestDir"}*"Action":"pass","Package":"example.com/tt","Test":"TestDir","Elapsed":0}*"Action":"pass","Package":"example.com/tt","Elapsed":*}' "$vole" test -json -run TestDir .
t test-std 0 $'ok  \tcontainer/list\t*s' "$vole" test container/list
# As with go test, a test may be interrupted although a shell that put us in the background ignores that.
mkdir interrupt
cat >interrupt/x_test.go <<'END'
package interrupt

import (
	"os/signal"
	"syscall"
	"testing"
)

func TestIgnored(t *testing.T) {
	if signal.Ignored(syscall.SIGINT) || signal.Ignored(syscall.SIGQUIT) {
		t.Error("ignored")
	}
}
END
t test-interrupt 0 $'ok  \texample.com/tt/interrupt\t*s' bash -c "trap '' INT QUIT; '$vole' test ./interrupt"
rm -r interrupt
mk tt/broken/b_test.go <<<'package broken
import "testing"
func TestB(t *testing.T) { undefined() }
'
t test-build-failed 1 $'# example.com/tt/broken [example.com/tt/broken.test]\nbroken/b_test.go:3:28: undefined: undefined\nFAIL\texample.com/tt/broken [build failed]\nFAIL' "$vole" test ./broken
mk tt/broken/b_test.go <<<'package broken
import "testing"
func TestB(x int) { }
'
t test-setup-failed 1 $'# example.com/tt/broken\nbroken/b_test.go:3:1: wrong signature for TestB, must be: func TestB(t *testing.T)\nFAIL\texample.com/tt/broken [setup failed]\nFAIL' "$vole" test ./broken
t test-compile 0 'PASS' bash -c "PATH=$(dirname "$vole"):\$PATH; '$vole' test -c -o tt.test . && ./tt.test -test.run=TestX"
t test-badflag 2 $'flag provided but not defined: -zz\n...' "$vole" test -zz .
cd ..

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
