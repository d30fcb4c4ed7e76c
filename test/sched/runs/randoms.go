// Every source of random numbers that a program has.
package main

import (
	crand "crypto/rand"
	"fmt"
	"hash/maphash"
	"math/big"
	"math/rand"
	v2 "math/rand/v2"
	"os"
	"path/filepath"
	"sync"
)

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for g := range 4 {
		wg.Go(func() {
			for range 5 {
				a, b, c := rand.Intn(1000), v2.IntN(1000), v2.Perm(5)
				mu.Lock()
				fmt.Println(g, a, b, c, rand.Float64(), v2.N(int64(1e12)))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	b := make([]byte, 20)
	crand.Read(b)
	n, err := crand.Int(crand.Reader, big.NewInt(1e15))
	fmt.Printf("%x %d %v %s\n", b, n, err, crand.Text())
	var h maphash.Hash
	h.WriteString("vole")
	fmt.Println(h.Sum64(), maphash.String(maphash.MakeSeed(), "x"))
	s := []int{1, 2, 3, 4, 5, 6, 7, 8}
	rand.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	fmt.Println(s, rand.ExpFloat64())
	f, err := os.CreateTemp("", "vole-*.txt")
	if err != nil {
		panic(err)
	}
	fmt.Println(filepath.Base(f.Name()))
	os.Remove(f.Name())
}
