// Census reads every file of a tree of Go source with a pool of goroutines
// and reports what it found: how much code there is, where it is, and what
// Go programmers import, call things and write about.
//
//	vole run ./examples/census [-workers N] [-timeout D] DIR
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
)

// A report is what one file, one worker or the whole tree counts.
type report struct {
	files, lines, blank, comment, code int
	funcs, tests, types, goStmts       int
	longest                            int
	longestAt                          string
	imports, names                     map[string]int
	byDir                              map[string]int
}

func newReport() *report {
	return &report{imports: map[string]int{}, names: map[string]int{}, byDir: map[string]int{}}
}

func (r *report) add(o *report) {
	r.files += o.files
	r.lines += o.lines
	r.blank += o.blank
	r.comment += o.comment
	r.code += o.code
	r.funcs += o.funcs
	r.tests += o.tests
	r.types += o.types
	r.goStmts += o.goStmts
	if o.longest > r.longest {
		r.longest, r.longestAt = o.longest, o.longestAt
	}
	for k, n := range o.imports {
		r.imports[k] += n
	}
	for k, n := range o.names {
		r.names[k] += n
	}
	for k, n := range o.byDir {
		r.byDir[k] += n
	}
}

// scan counts one file into r.
func (r *report) scan(root, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r.files++
	rel, _ := filepath.Rel(root, path)
	dir := strings.SplitN(filepath.ToSlash(rel), "/", 2)[0]
	inImports, inComment := false, false
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 64<<10), 4<<20)
	for s.Scan() {
		text := s.Text()
		line := strings.TrimSpace(text)
		r.lines++
		r.byDir[dir]++
		if len(text) > r.longest {
			r.longest, r.longestAt = len(text), fmt.Sprintf("%s:%d", rel, r.lines)
		}
		switch {
		case inComment:
			r.comment++
			inComment = !strings.Contains(line, "*/")
		case line == "":
			r.blank++
		case strings.HasPrefix(line, "//"):
			r.comment++
		case strings.HasPrefix(line, "/*"):
			r.comment++
			inComment = !strings.Contains(line, "*/")
		default:
			r.code++
			switch {
			case line == "import (":
				inImports = true
			case inImports && line == ")":
				inImports = false
			case inImports || strings.HasPrefix(line, "import "):
				if _, after, ok := strings.Cut(line, `"`); ok {
					if name, _, ok := strings.Cut(after, `"`); ok {
						r.imports[name]++
					}
				}
			case strings.HasPrefix(line, "func "):
				r.funcs++
				name := funcName(line)
				if strings.HasPrefix(name, "Test") {
					r.tests++
				}
				if name != "" && name != "_" {
					r.names[name]++
				}
			case strings.HasPrefix(line, "type "):
				r.types++
			case strings.HasPrefix(line, "go "):
				r.goStmts++
			}
		}
	}
	return s.Err()
}

// funcName is the name that a func line declares.
func funcName(line string) string {
	rest := strings.TrimPrefix(line, "func ")
	if strings.HasPrefix(rest, "(") {
		_, after, ok := strings.Cut(rest, ")")
		if !ok {
			return ""
		}
		rest = strings.TrimSpace(after)
	}
	end := strings.IndexFunc(rest, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' })
	if end < 0 {
		return rest
	}
	return rest[:end]
}

func main() {
	workers := flag.Int("workers", 4*runtime.GOMAXPROCS(0), "how many goroutines read files")
	timeout := flag.Duration("timeout", 2*time.Minute, "give up after this long")
	flag.Parse()
	root := flag.Arg(0)
	if root == "" {
		fmt.Fprintln(os.Stderr, "usage: census [-workers N] [-timeout D] DIR")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	start := time.Now()

	paths := make(chan string, 64)
	var walkErr error
	go func() {
		defer close(paths)
		walkErr = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() || !strings.HasSuffix(p, ".go") {
				return nil
			}
			select {
			case paths <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()

	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		total  = newReport()
		failed atomic.Int64
	)
	for range *workers {
		wg.Go(func() {
			mine := newReport()
			for p := range paths {
				if err := mine.scan(root, p); err != nil {
					failed.Add(1)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(mine)
		})
	}
	wg.Wait()
	if walkErr != nil {
		fmt.Fprintln(os.Stderr, "census:", walkErr)
		os.Exit(1)
	}
	total.print(root, *workers, failed.Load(), time.Since(start))
}

func (r *report) print(root string, workers int, failed int64, took time.Duration) {
	fmt.Printf("Census of %s\n\n", root)
	fmt.Printf("  %s files, %s lines, read by %d goroutines in %.2f s (%s lines a second)\n",
		group(r.files), group(r.lines), workers, took.Seconds(), group(int(float64(r.lines)/took.Seconds())))
	if failed > 0 {
		fmt.Printf("  %d files could not be read\n", failed)
	}
	pct := func(n int) float64 { return 100 * float64(n) / float64(max(r.lines, 1)) }
	fmt.Printf("  code %.0f %%, comments %.0f %%, blank %.0f %%\n", pct(r.code), pct(r.comment), pct(r.blank))
	fmt.Printf("  %s functions (%s of them tests), %s types, %s go statements\n",
		group(r.funcs), group(r.tests), group(r.types), group(r.goStmts))
	fmt.Printf("  longest line: %s bytes, %s\n", group(r.longest), r.longestAt)
	chart("Where the lines are", r.byDir, 12)
	chart("Most imported", r.imports, 12)
	chart("Favourite function names", r.names, 12)
}

func chart(title string, counts map[string]int, n int) {
	type row struct {
		name string
		n    int
	}
	rows := make([]row, 0, len(counts))
	for k, v := range counts {
		rows = append(rows, row{k, v})
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return strings.Compare(a.name, b.name)
	})
	rows = rows[:min(n, len(rows))]
	fmt.Printf("\n%s\n", title)
	for _, x := range rows {
		bar := strings.Repeat("█", max(1, 40*x.n/rows[0].n))
		fmt.Printf("  %-22s %10s %s\n", x.name, group(x.n), bar)
	}
}

// group writes n with a comma between groups of three digits.
func group(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
