// Natives of encodings, parsing, regexp and random numbers, tried before Go bodies: results must equal gc's.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand"
	randv2 "math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

var out strings.Builder

func say(v ...any) { fmt.Fprintln(&out, v...) }

func section(name string) {
	h := fnv.New64a()
	h.Write([]byte(out.String()))
	fmt.Println(name, out.Len(), h.Sum64())
	out.Reset()
}

func parse() {
	for _, s := range []string{"", "-", "+", "0", "-0", "+5", "12", "-128", "-129", "127", "128", "255", "256", "32768", "-32768", "65535", "65536",
		"2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296", "999999999999999999", "9223372036854775807",
		"9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616", "1_000", "0x10", "12a", " 1", "１", "00012"} {
		n, err := strconv.Atoi(s)
		say(s, n, err)
		for _, bits := range []int{0, 8, 16, 32, 64, 7, 65} {
			for _, base := range []int{10, 0, 16} {
				i, err := strconv.ParseInt(s, base, bits)
				u, err2 := strconv.ParseUint(s, base, bits)
				say(i, err, u, err2)
			}
		}
	}
	for _, s := range []string{"", ".", "1", "1.", ".5", "-.5e1", "+1e-3", "1e", "1e+", "e1", "1e400", "-1e400", "1e-400", "1e-320", "0.1", "3.4e38", "3.5e38",
		"1e-46", "123456789.123456789", "9007199254740993", "1.7976931348623159e308", "0x1p-3", "1_0", "inf", "NaN", "2.2250738585072012e-308",
		"0.000000000000000000000000000000000000000000000000000000000000000000001", "8.41e+21", "-0", "-0.0", "1e00005", "1e100000", "16777217"} {
		f, err := strconv.ParseFloat(s, 64)
		g, err2 := strconv.ParseFloat(s, 32)
		say(s, f, err, 1/f, g, err2)
	}
}

func encodings() {
	r := rand.New(rand.NewSource(7))
	encs := []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding, base64.StdEncoding.Strict(), base64.StdEncoding.WithPadding('*')}
	for n := range 100 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Int63())
		}
		for _, e := range encs {
			s := e.EncodeToString(b)
			for _, t := range []string{s, s + "\n", s + "=", s + "A", strings.TrimRight(s, "="), strings.Replace(s, "A", "!", 1), "\r\n" + s, s + "==", "=" + s} {
				d, err := e.DecodeString(t)
				say(t, d, err)
			}
			dst := make([]byte, n)
			k, err := e.Decode(dst, []byte(s))
			say(k, err, dst)
		}
		s := hex.EncodeToString(b)
		for _, t := range []string{s, strings.ToUpper(s), s + "0", s + "0g", "g" + s, s + "x1"} {
			d, err := hex.DecodeString(t)
			say(t, d, err)
		}
	}
}

type item struct {
	S string
	B []byte
	M map[string]any
	N json.Number
	F float64
	I []int
	P *item `json:",omitempty"`
}

func jsons() {
	texts := []string{"", "plain", "quote\"back\\slash/", "tab\tnl\ncr\rff\fbs\b", "<html>&amp;", "é日本\U0001F600", "bad\xff\xc0utf8\xe2\x82", "\u2028\u2029", "\x00\x01\x1f\x7f",
		"\ufffd", strings.Repeat("long ", 100), strings.Repeat("ü", 300)}
	for i, t := range texts {
		v := item{S: t, B: []byte(t), M: map[string]any{t: t, "k": i, "f": float64(i) / 3, "n": nil, "b": true}, N: json.Number(fmt.Sprint(i)), F: float64(i) * 1e20, I: []int{i, -i}}
		v.P = &item{S: t + t, N: "1e5"}
		b, err := json.Marshal(v)
		say(string(b), err)
		var back item
		say(json.Unmarshal(b, &back), back.S, back.B, back.M, back.N, back.F, back.I, back.P)
		var any any
		say(json.Unmarshal(b, &any), any)
		ind, err := json.MarshalIndent(v, "", "\t")
		say(string(ind), err)
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		e.SetEscapeHTML(false)
		say(e.Encode(v), buf.String(), json.Valid(b))
		say(json.Compact(&buf, ind), json.Indent(&buf, b, ">", " "), buf.String())
	}
	for _, s := range []string{`"a`, `"a"b`, `"\x"`, `"\u12"`, `"\u00e9\ud83d\ude00"`, `"\ud83d"`, `"\ud83dx"`, "\"\x01\"", "\"\xff\"", `"\/"`, `01`, `-`, `1.`, `1e`, `123`, `[1,2`, `{"a":1,"a":2}`,
		` [ 1 , "x" ] `, `{"s":"\n\t\"\\"}`, `nul`, `"` + strings.Repeat("x\\n", 50) + `"`, `[0,10,-5,3.25,1e3]`, `0`, `0x`, `"é"`} {
		var v any
		err := json.Unmarshal([]byte(s), &v)
		say(s, v, err, json.Valid([]byte(s)))
		var it item
		say(json.Unmarshal([]byte(`{"S":`+s+`}`), &it), it.S)
		d := json.NewDecoder(strings.NewReader(s))
		for {
			t, err := d.Token()
			say(t, err, d.InputOffset())
			if err != nil {
				break
			}
		}
	}
}

func cases() {
	for _, s := range []string{"", "abc", "ABC", "aBc1_[]{}@`", "straße", "ÀÉ", "K\u212a", "ſs", "Z", "z\xff", strings.Repeat("Mixed", 30)} {
		say(strings.ToUpper(s), strings.ToLower(s))
		for _, t := range []string{s, strings.ToUpper(s), strings.ToLower(s), s + "x", "k\u212a", "ss", "SS", "abd"} {
			say(strings.EqualFold(s, t), bytes.EqualFold([]byte(s), []byte(t)))
		}
	}
}

func regexps() {
	texts := []string{"", "a", "foo bar baz 123-4567 x@y.example.com", "aaaaaaaaaaaaaaaaaaaab", "Straße K\u212a ſ", "line one\nline two\n\nend", "日本語 text", "bad\xffutf", "2024-01-02T03:04:05Z", "(nested (parens))"}
	for _, p := range []string{`a*`, `(a|ab)(c|bcd)*`, `(?i)k+`, `(?i)STRASSE|straße`, `(?i)s`, `\b\w+\b`, `^line.*$`, `(?m)^line (\w+)$`, `(\d+)-(\d+)`, `[^\s]+@[^\s]+`, `\B.`, `(a+)+b`,
		`x*?y|.`, `(?s).*`, `\pL+`, `[α-ωЀ-ӿ一-龥]`, `(?P<y>\d{4})-(?P<m>\d\d)`, `$`, `\z`, `()|a`, `[a-cx-z1-35-7@]+`, `(?U)a+`, `\(([^()]*)\)`, `e.*?d`} {
		re := regexp.MustCompile(p)
		long := regexp.MustCompile(p)
		long.Longest()
		for _, t := range texts {
			say(p, re.FindAllStringSubmatchIndex(t, -1), re.FindAllIndex([]byte(t), -1), long.FindAllStringIndex(t, -1), re.MatchString(t), re.FindReaderIndex(strings.NewReader(t)))
			say(re.ReplaceAllString(t, "<$0>"), re.Split(t, -1))
		}
	}
}

func random() {
	r := rand.New(rand.NewSource(42))
	p := randv2.New(randv2.NewPCG(3, 4))
	for i := range 2000 {
		say(r.Int63(), r.Uint64(), r.Intn(i+1), r.NormFloat64(), p.Uint64(), p.IntN(i+1), p.Float64())
	}
}

func main() {
	parse()
	section("parse")
	encodings()
	section("encodings")
	jsons()
	section("json")
	cases()
	section("cases")
	regexps()
	section("regexp")
	random()
	section("random")
}
