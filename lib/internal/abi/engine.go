package abi

// EngineBigBytes: results of structs and arrays that are larger come by address. IR_BIG_BYTES of the compiler's ir.h; where the two
// differ, test/lang/bigvalues_reflect.go fails.
const EngineBigBytes = 16384
