// Package constanttime has comparisons and selection without branches on the data.
package constanttime

// Select gives x when v is 1 and y when v is 0.
func Select(v, x, y int) int { return ^(v-1)&x | (v-1)&y }

// ByteEq gives 1 when x == y, else 0.
func ByteEq(x, y uint8) int { return int((uint32(x^y) - 1) >> 31) }

// Eq gives 1 when x == y, else 0.
func Eq(x, y int32) int { return int((uint64(uint32(x^y)) - 1) >> 63) }

// LessOrEq gives 1 when x <= y, else 0; both are not negative and below 1 << 31.
func LessOrEq(x, y int) int { return int(((x - y - 1) >> 31) & 1) }
