package bytealg

func IndexByte(b []byte, c byte) int
func IndexByteString(s string, c byte) int
