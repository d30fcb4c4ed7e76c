// Names of packages that cannot be imported come from their paths.
package p

import (
	"."
	"x/."
	. "y/."
	_ "z/_"
	"init"
)
