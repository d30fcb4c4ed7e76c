// Natives that stand for Go bodies of text and number functions: their results must equal gc's.
package main

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"hash/fnv"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

var state uint64 = 99

func rnd() uint64 {
	state ^= state << 13
	state ^= state >> 7
	state ^= state << 17
	return state
}

var pieces = []string{"a", "zb", "é", "日本", "\U0001F600", "\x80", "\xff", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
	"\xf0\x9f\x98", "\u2028", "\u00a0", " ", "\n", "\r\n", "\t", "\u3000", "0123456789", "\xc3", "\u1680", "\x85", "\u0085"}

func text(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(pieces[rnd()%uint64(len(pieces))])
	}
	return b.String()
}

func utf(h *strings.Builder) {
	for i := range 400 {
		s := text(i % 23)
		b := []byte(s)
		fmt.Fprint(h, utf8.ValidString(s), utf8.Valid(b), utf8.RuneCountInString(s), utf8.RuneCount(b))
		for j := 0; j <= len(s); j++ {
			r, n := utf8.DecodeRuneInString(s[j:])
			r2, n2 := utf8.DecodeRune(b[j:])
			r3, n3 := utf8.DecodeLastRuneInString(s[:j])
			r4, n4 := utf8.DecodeLastRune(b[:j])
			fmt.Fprintln(h, r, n, r2, n2, r3, n3, r4, n4)
		}
		for j, r := range s {
			fmt.Fprint(h, j, r, ",")
		}
		for _, chars := range []string{"", "x", "z\n", "é", "\xff", "\ufffd", "日z", text(3)} {
			fmt.Fprintln(h, strings.IndexAny(s, chars), bytes.IndexAny(b, chars), strings.ContainsAny(s, chars))
		}
		for _, split := range []bufio.SplitFunc{bufio.ScanWords, bufio.ScanLines, bufio.ScanRunes} {
			sc := bufio.NewScanner(strings.NewReader(s))
			sc.Split(split)
			for sc.Scan() {
				fmt.Fprintf(h, "%q|", sc.Text())
			}
			for _, end := range []bool{len(b) == 0, true} {
				n, token, err := split(b, end)
				fmt.Fprintf(h, "%d %q %v %v|", n, token, token == nil, err)
			}
		}
	}
}

func numbers(h *strings.Builder) {
	for _, s := range []string{"", "+", "-", ".", "1", "-0", "1e", "1e+", "1e5", "1_0", "0x1p4", "0x1", "0x_1p-2", "0x.8p1", "1_e5", "1e5_0", "infinity",
		"nan", "-Inf", "1.7976931348623157e308", "1.8e308", "5e-324", "2e-324", "0.1", "123456789012345678901234567890", "1.00000000000000000000001",
		"0x1.fffffffffffff8p1023", "0x1.fffffffffffffcp-1023", "1e99999", "1e-99999", "..1", "1..", "1.5.5", "0X1P+2", "00001.5", "1x", "1e10x", " 1", "8.5e0004"} {
		f, err := strconv.ParseFloat(s, 64)
		g, err2 := strconv.ParseFloat(s, 32)
		fmt.Fprintln(h, s, f, err, g, err2)
		var a float64
		n, err := fmt.Sscan(s, &a)
		fmt.Fprintln(h, n, err, a)
	}
	for i := range 300 {
		m := rnd()
		f := float64(m>>uint(i%50)) * 1.37e-9
		s := strconv.FormatFloat(f, "eEfgG"[i%5], i%19-1, 64)
		back, err := strconv.ParseFloat(s, 64)
		fmt.Fprintln(h, s, back, err, strconv.FormatUint(m, 10), strconv.FormatInt(int64(m), 10), m>>(m&63))
	}
}

func rsaSigns(bits int) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256([]byte("message"))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	fmt.Println(bits, err, rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], sig))
	m := new(big.Int).Exp(new(big.Int).SetBytes(sig), big.NewInt(int64(key.E)), key.N)
	want := new(big.Int).Exp(m, key.D, key.N)
	fmt.Println(want.Cmp(new(big.Int).SetBytes(sig)), bytes.HasSuffix(m.Bytes(), sum[:]))
}

func main() {
	var h strings.Builder
	utf(&h)
	numbers(&h)
	f := fnv.New64a()
	f.Write([]byte(h.String()))
	fmt.Println(h.Len(), f.Sum64())
	rsaSigns(1024)
	rsaSigns(2048)
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		sum := sha256.Sum256([]byte("message"))
		sig, err2 := ecdsa.SignASN1(rand.Reader, key, sum[:])
		fmt.Println(err, err2, ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig))
		sum[0] ^= 1
		fmt.Println(ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig))
	}
}
