// math's functions that natives try first: every bit as in the Go bodies (gc's, where it has no assembly).
package main

import (
	"fmt"
	"math"
)

var state uint64 = 4711

func rnd() uint64 {
	state ^= state << 13
	state ^= state >> 7
	state ^= state << 17
	return state
}

func number() float64 {
	switch rnd() % 8 {
	case 0:
		return math.Float64frombits(rnd())
	case 1:
		return float64(int64(rnd()%2001) - 1000)
	case 2:
		return float64(int64(rnd()%2001)-1000) / 8
	case 3:
		return (float64(rnd()>>11)/(1<<53) - 0.5) * 1e-5
	case 4:
		return (float64(rnd()>>11)/(1<<53) - 0.5) * 1e10
	}
	return (float64(rnd()>>11)/(1<<53) - 0.5) * 200
}

var sums = map[string]uint64{}

func add(name string, v float64) {
	b := math.Float64bits(v)
	if v != v {
		b = 0x7ff8000000000001
	}
	sums[name] = (sums[name]*31 ^ b) * 0x9e3779b97f4a7c15
}

func one(x, y float64) {
	add("log", math.Log(x))
	add("exp", math.Exp(x))
	add("sin", math.Sin(x))
	add("cos", math.Cos(x))
	add("atan", math.Atan(x))
	add("pow", math.Pow(x, y))
	add("pow2", math.Pow(math.Abs(x), y/16))
	add("mod", math.Mod(x, y))
	add("atan2", math.Atan2(x, y))
	add("log10", math.Log10(x))
	add("sinh", math.Sinh(x))
}

func main() {
	special := []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 0.5, -0.5, 3, 1.5, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, 0x1p-1022, 0x1p-1030, 1 << 29, 1<<29 - 1, 1e300, 1e-300, 709.7, -745.1, 710, -746, 0x1p-28, 0x1p-29, 0x1p62, 0x1p63, 1e18,
		math.Pi, math.Pi / 2, math.Pi / 4, -math.Pi, 0.66, 2.414213562373095, 700, -700, -708.5, 1023, 1024, -1074, -1075}
	for _, x := range special {
		for _, y := range special {
			one(x, y)
		}
	}
	for range 20000 {
		one(number(), number())
	}
	for _, n := range []string{"log", "exp", "sin", "cos", "atan", "pow", "pow2", "mod", "atan2", "log10", "sinh"} {
		fmt.Printf("%s %x\n", n, sums[n])
	}
	fmt.Println(math.Hypot(3, 4), math.Hypot(-5, 12), math.Hypot(0, 0), math.Hypot(1e200, 1e200), math.Hypot(math.Inf(-1), math.NaN()))
}
