// No features of the processor: they choose assembly, which there is none of.

//go:build 386 || amd64

package cpu

func cpuid(eaxArg, ecxArg uint32) (eax, ebx, ecx, edx uint32) { return 0, 0, 0, 0 }

func xgetbv() (eax, edx uint32) { return 0, 0 }
