// Natives that stand for Go bodies of hashes, ciphers and fields: their results must equal gc's.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"math/big"
)

var state uint64 = 12345

func rnd() uint64 {
	state ^= state << 13
	state ^= state >> 7
	state ^= state << 17
	return state
}

func bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd())
	}
	return b
}

func digest(name string, h hash.Hash) {
	all := sha256.New()
	for n := 0; n < 300; n += 7 {
		h.Reset()
		b := bytes(n)
		h.Write(b[:n/3])
		h.Write(b[n/3:])
		all.Write(h.Sum(nil))
	}
	fmt.Printf("%s %x\n", name, all.Sum(nil))
}

func ciphers() {
	for _, k := range []int{16, 24, 32} {
		key := bytes(k)
		b, err := aes.NewCipher(key)
		if err != nil {
			panic(err)
		}
		x, y, z := bytes(16), make([]byte, 16), make([]byte, 16)
		b.Encrypt(y, x)
		b.Decrypt(z, y)
		fmt.Printf("aes%d %x %v\n", k*8, y, string(x) == string(z))
		iv := bytes(16)
		iv[15], iv[14], iv[13] = 0xfe, 0xff, 0xff
		text := bytes(333)
		out := make([]byte, 333)
		cipher.NewCTR(b, iv).XORKeyStream(out, text)
		fmt.Printf("ctr %x\n", sha256.Sum256(out))
		cbc := make([]byte, 320)
		cipher.NewCBCEncrypter(b, iv).CryptBlocks(cbc, text[:320])
		fmt.Printf("cbc %x\n", sha256.Sum256(cbc))
		cipher.NewCBCDecrypter(b, iv).CryptBlocks(cbc, cbc)
		fmt.Println(string(cbc) == string(text[:320]))
		g, err := cipher.NewGCM(b)
		if err != nil {
			panic(err)
		}
		for _, n := range []int{0, 1, 15, 16, 17, 64, 333} {
			sealed := g.Seal(nil, iv[:12], text[:n], key)
			plain, err := g.Open(nil, iv[:12], sealed, key)
			fmt.Printf("gcm %x %v %v\n", sealed, err, string(plain) == string(text[:n]))
			sealed[0] ^= 1
			_, err = g.Open(nil, iv[:12], sealed, key)
			fmt.Println(err)
		}
	}
}

func curves() {
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		for i := 0; i < 2; i++ {
			k := bytes(c.Params().BitSize / 8)
			x, y := c.ScalarBaseMult(k)
			fmt.Println(c.Params().Name, x, y, c.IsOnCurve(x, y))
			k2 := bytes(c.Params().BitSize / 8)
			x, y = c.ScalarMult(x, y, k2)
			x, y = c.Add(x, y, c.Params().Gx, c.Params().Gy)
			fmt.Println(x, y, c.IsOnCurve(x, y))
		}
	}
	a, err := ecdh.X25519().NewPrivateKey(bytes(32))
	b, err2 := ecdh.X25519().NewPrivateKey(bytes(32))
	s1, err3 := a.ECDH(b.PublicKey())
	s2, err4 := b.ECDH(a.PublicKey())
	fmt.Printf("x25519 %x %x %x %v %v %v %v\n", a.PublicKey().Bytes(), s1, s2, err, err2, err3, err4)
	priv := ed25519.NewKeyFromSeed(bytes(32))
	msg := bytes(100)
	sig := ed25519.Sign(priv, msg)
	fmt.Printf("ed25519 %x %v\n", sig, ed25519.Verify(priv.Public().(ed25519.PublicKey), msg, sig))
	sig[3] ^= 4
	fmt.Println(ed25519.Verify(priv.Public().(ed25519.PublicKey), msg, sig))
}

func number(words int) *big.Int {
	b := bytes(words * 8)
	switch rnd() % 4 {
	case 0:
		for i := range b {
			b[i] = 0xff
		}
	case 1:
		clear(b[len(b)/3 : len(b)/2])
	}
	n := new(big.Int).SetBytes(b)
	if rnd()&1 == 0 {
		n.Neg(n)
	}
	return n
}

func bignums() {
	h := sha256.New()
	for i := 0; i < 200; i++ {
		x, y := number(1+i%17), number(1+i*7%13)
		one := big.NewInt(1)
		q, r := new(big.Int).QuoRem(x, y, new(big.Int))
		for _, v := range []*big.Int{new(big.Int).Add(x, y), new(big.Int).Sub(x, y), new(big.Int).Mul(x, y), q, r,
			new(big.Int).Lsh(x, uint(i)), new(big.Int).Rsh(y, uint(i)), new(big.Int).Add(x, one), new(big.Int).Sub(x, one),
			new(big.Int).GCD(nil, nil, x, y), new(big.Int).Quo(x, big.NewInt(int64(i)+3)), new(big.Int).Sqrt(x.Abs(x))} {
			fmt.Fprintln(h, v)
		}
	}
	m := number(32)
	m.Abs(m).SetBit(m, 0, 1)
	fmt.Fprintln(h, new(big.Int).Exp(number(20), number(8).Abs(number(8)), m))
	fmt.Println(new(big.Int).Exp(big.NewInt(7), big.NewInt(5000), nil).String()[:60])
	fmt.Printf("big %x\n", h.Sum(nil))
}

func main() {
	digest("md5", md5.New())
	digest("sha1", sha1.New())
	digest("sha224", sha256.New224())
	digest("sha256", sha256.New())
	digest("sha384", sha512.New384())
	digest("sha512", sha512.New())
	digest("sha3", sha3.New256())
	digest("hmac", hmac.New(sha512.New, []byte("key")))
	digest("crc32", crc32.NewIEEE())
	digest("castagnoli", crc32.New(crc32.MakeTable(crc32.Castagnoli)))
	digest("koopman", crc32.New(crc32.MakeTable(crc32.Koopman)))
	digest("adler32", adler32.New())
	fmt.Println(adler32.Checksum(bytes(100000)), crc32.ChecksumIEEE(bytes(100000)))
	ciphers()
	curves()
	bignums()
}
