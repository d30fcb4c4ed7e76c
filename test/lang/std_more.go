// json, big, reflect, regexp, template, context, iter, hashes.

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"maps"
	"text/template"
	"os"
	"context"
	"iter"
	"time"
	"unicode/utf8"
	"encoding/base64"
	"crypto/sha256"
	"hash/crc32"
	"container/heap"
	"math/rand"
	"text/tabwriter"
)

type Inner struct {
	X int `json:"x"`
	Y *float64 `json:"y,omitempty"`
}
type T struct {
	Name string `json:"name"`
	In   Inner
	L    []Inner
	M    map[string]any
}
type IH []int
func (h IH) Len() int { return len(h) }
func (h IH) Less(i, j int) bool { return h[i] < h[j] }
func (h IH) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *IH) Push(x any) { *h = append(*h, x.(int)) }
func (h *IH) Pop() any { o := *h; x := o[len(o)-1]; *h = o[:len(o)-1]; return x }

func seq(n int) iter.Seq[int] { return func(y func(int) bool) { for i := range n { if !y(i) { return } } } }

func main() {
	f := 2.5
	t := T{"n", Inner{1, &f}, []Inner{{2, nil}}, map[string]any{"k": 1, "a": []int{1}}}
	b, err := json.Marshal(t)
	fmt.Println(string(b), err)
	var u T
	err = json.Unmarshal([]byte(`{"name":"q","In":{"x":5},"L":[{"x":1},{"x":2,"y":3.5}],"M":{"z":[1,"a",null,true]}}`), &u)
	fmt.Println(u.Name, u.In.X, len(u.L), *u.L[1].Y, u.M, err)
	fmt.Println(math.Sqrt(2), math.Inf(1), math.Pi, math.Floor(-1.5), math.Pow(2, 10), math.Sin(1))
	a := new(big.Int)
	a.Exp(big.NewInt(3), big.NewInt(200), nil)
	fmt.Println(a)
	v := reflect.ValueOf(&t).Elem()
	for i := 0; i < v.NumField(); i++ {
		fmt.Println(v.Type().Field(i).Name, v.Type().Field(i).Type, v.Type().Field(i).Tag.Get("json"))
	}
	v.Field(0).SetString("changed")
	fmt.Println(t.Name, reflect.DeepEqual([]int{1}, []int{1}))
	m := reflect.ValueOf(IH{3, 1}).MethodByName("Less")
	fmt.Println(m.Call([]reflect.Value{reflect.ValueOf(1), reflect.ValueOf(0)})[0])
	re := regexp.MustCompile(`(\w+)@(\w+)\.com`)
	fmt.Println(re.FindStringSubmatch("bob@example.com"), re.ReplaceAllString("a@b.com", "$2"))
	s := []int{3, 1, 2}
	slices.Sort(s)
	fmt.Println(s, slices.Max(s), slices.Contains(s, 2), slices.Sorted(maps.Keys(map[string]int{"b": 1, "a": 2})))
	tm := template.Must(template.New("x").Parse("Hello {{.Name}} {{range .L}}[{{.X}}]{{end}}\n"))
	if err := tm.Execute(os.Stdout, u); err != nil { fmt.Println(err) }
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println(ctx.Err())
	next, stop := iter.Pull(seq(5))
	for range 3 { x, ok := next(); fmt.Print(x, ok, " ") }
	stop()
	fmt.Println(next())
	fmt.Println(utf8.RuneCountInString("héé"), base64.StdEncoding.EncodeToString([]byte("hello")))
	fmt.Printf("%x %d\n", sha256.Sum256([]byte("abc")), crc32.ChecksumIEEE([]byte("abc")))
	h := &IH{5, 2, 8}
	heap.Init(h)
	heap.Push(h, 1)
	fmt.Println(heap.Pop(h), heap.Pop(h))
	r := rand.New(rand.NewSource(1))
	fmt.Println(r.Intn(100), r.Intn(100), r.Float64())
	tw := tabwriter.NewWriter(os.Stdout, 0, 8, 1, ' ', 0)
	fmt.Fprintln(tw, "a\tbbb\tc")
	fmt.Fprintln(tw, "aaaa\tb\tc")
	tw.Flush()
}
