package runtime

import "internal/runtime/exithook"

func runExitHooks(code int) { exithook.Run(code) }

func init() {
	exithook.Gosched = Gosched
	exithook.Goid = goid
	exithook.Throw = throw
}

func goid() uint64
