package bytealg

// Searches of any length go to the engine.
const MaxBruteForce = 1 << 62

func init() { MaxLen = 1 << 62 }

func Index(a, b []byte) int
func IndexString(a, b string) int

func Cutover(n int) int { return 0 }
