// Opens files until there are no more descriptors: each way says so as an error, and all goes on when some are closed.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	if len(os.Args) > 1 { // before anything was opened
		var err error
		for err == nil { // one at a time: a number of them may be open from the start, odd or even
			_, err = syscall.Dup(0)
		}
		_, err = net.Listen("tcp", "127.0.0.1:0")
		fmt.Println(errors.Is(err, syscall.EMFILE))
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				continue
			}
			c.Write([]byte("x"))
			c.Close()
		}
	}()
	var files []*os.File
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			fmt.Println(err, errors.Is(err, syscall.EMFILE))
			break
		}
		files = append(files, f)
	}
	_, _, err = os.Pipe()
	fmt.Println(err)
	_, err = net.Dial("tcp", l.Addr().String())
	fmt.Println(errors.Is(err, syscall.EMFILE))
	_, err = net.Listen("tcp", "127.0.0.1:0")
	fmt.Println(errors.Is(err, syscall.EMFILE))
	err = exec.Command("true").Run()
	fmt.Println(errors.Is(err, syscall.EMFILE))
	_, err = os.ReadDir("/")
	fmt.Println(errors.Is(err, syscall.EMFILE))
	for _, f := range files {
		f.Close()
	}
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	n, err := c.Read(make([]byte, 10))
	fmt.Println(n, err, exec.Command("true").Run())
}
