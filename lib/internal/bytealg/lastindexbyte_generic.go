package bytealg

func LastIndexByte(s []byte, c byte) int
func LastIndexByteString(s string, c byte) int
