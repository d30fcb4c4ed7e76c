// Reads much output of a child process while it waits for it.
package main

import (
	"fmt"
	"os/exec"
	"time"
)

func main() {
	go func() {
		for {
			time.Sleep(time.Millisecond)
		}
	}()
	b, err := exec.Command("sh", "-c", "head -c 300000 /dev/zero; sleep 0.1; exit 3").Output()
	fmt.Println(len(b), err)
}
