// Methods promoted from embedded fields of types of other packages, whose descriptors only generated code asks for.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	rw := bufio.NewReadWriter(bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout))
	fmt.Fprintf(rw, "x %d\n", 3)
	var w io.StringWriter = rw
	w.WriteString("y\n")
	rw.Flush()
}
