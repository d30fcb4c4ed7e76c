// What well-known packages pull out of package runtime by //go:linkname. Go keeps these names and signatures for them;
// nothing else uses them.

package runtime

import (
	"internal/abi"
	"internal/runtime/maps"
	"unsafe"
)

//go:linkname reflect_unsafe_New reflect.unsafe_New
func reflect_unsafe_New(t *abi.Type) unsafe.Pointer

//go:linkname reflect_unsafe_NewArray reflect.unsafe_NewArray
func reflect_unsafe_NewArray(t *abi.Type, n int) unsafe.Pointer

//go:linkname reflect_makemap reflect.makemap
func reflect_makemap(t *abi.MapType, n int) *maps.Map

//go:linkname reflect_mapdelete reflect.mapdelete
func reflect_mapdelete(t *abi.MapType, m *maps.Map, key unsafe.Pointer)

//go:linkname reflect_maplen reflect.maplen
func reflect_maplen(m *maps.Map) int

//go:linkname reflect_mapclear reflect.mapclear
func reflect_mapclear(t *abi.MapType, m *maps.Map)

//go:linkname reflect_mapaccess reflect.mapaccess
func reflect_mapaccess(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer

//go:linkname reflect_typedmemmove reflect.typedmemmove
func reflect_typedmemmove(t *abi.Type, dst, src unsafe.Pointer)

//go:linkname reflect_memmove reflect.memmove
func reflect_memmove(dst, src unsafe.Pointer, n uintptr)

// mapassign returns the element's place, made when the key is new.
func mapassign(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer

// ---- Random numbers ----

func fastrand() uint32           { return uint32(rand()) }
func fastrandn(n uint32) uint32  { return randn(n) }
func fastrand64() uint64         { return rand() }
func cheaprand() uint32          { return uint32(rand()) }
func cheaprandn(n uint32) uint32 { return randn(n) }

// ---- Memory ----

func newobject(t *abi.Type) unsafe.Pointer              { return reflect_unsafe_New(t) }
func newarray(t *abi.Type, n int) unsafe.Pointer        { return reflect_unsafe_NewArray(t, n) }
func typedmemmove(t *abi.Type, dst, src unsafe.Pointer) { reflect_typedmemmove(t, dst, src) }
func memmove(dst, src unsafe.Pointer, n uintptr)        { reflect_memmove(dst, src, n) }

func memclrNoHeapPointers(p unsafe.Pointer, n uintptr) { clear(unsafe.Slice((*byte)(p), n)) }

func mallocgc(size uintptr, t *abi.Type, needzero bool) unsafe.Pointer {
	if t == nil || size == 0 {
		return unsafe.Pointer(unsafe.SliceData(make([]byte, max(size, 1))))
	}
	return reflect_unsafe_NewArray(t, int(size/max(t.Size_, 1)))
}

// ---- Maps ----

func makemap(t *abi.MapType, hint int, m *maps.Map) *maps.Map   { return reflect_makemap(t, hint) }
func mapdelete(t *abi.MapType, m *maps.Map, key unsafe.Pointer) { reflect_mapdelete(t, m, key) }
func mapclear(t *abi.MapType, m *maps.Map)                      { reflect_mapclear(t, m) }

func mapaccess2(t *abi.MapType, m *maps.Map, key unsafe.Pointer) (unsafe.Pointer, bool) {
	if e := reflect_mapaccess(t, m, key); e != nil {
		return e, true
	}
	return reflect_unsafe_New(t.Elem), false
}

func mapaccess1(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	e, _ := mapaccess2(t, m, key)
	return e
}

func mapaccess1_fast32(t *abi.MapType, m *maps.Map, key uint32) unsafe.Pointer {
	return mapaccess1(t, m, unsafe.Pointer(&key))
}
func mapaccess1_fast64(t *abi.MapType, m *maps.Map, key uint64) unsafe.Pointer {
	return mapaccess1(t, m, unsafe.Pointer(&key))
}
func mapaccess1_faststr(t *abi.MapType, m *maps.Map, key string) unsafe.Pointer {
	return mapaccess1(t, m, unsafe.Pointer(&key))
}
func mapaccess2_fast32(t *abi.MapType, m *maps.Map, key uint32) (unsafe.Pointer, bool) {
	return mapaccess2(t, m, unsafe.Pointer(&key))
}
func mapaccess2_fast64(t *abi.MapType, m *maps.Map, key uint64) (unsafe.Pointer, bool) {
	return mapaccess2(t, m, unsafe.Pointer(&key))
}
func mapaccess2_faststr(t *abi.MapType, m *maps.Map, key string) (unsafe.Pointer, bool) {
	return mapaccess2(t, m, unsafe.Pointer(&key))
}
func mapassign_fast32(t *abi.MapType, m *maps.Map, key uint32) unsafe.Pointer {
	return mapassign(t, m, unsafe.Pointer(&key))
}
func mapassign_fast32ptr(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	return mapassign(t, m, unsafe.Pointer(&key))
}
func mapassign_fast64(t *abi.MapType, m *maps.Map, key uint64) unsafe.Pointer {
	return mapassign(t, m, unsafe.Pointer(&key))
}
func mapassign_fast64ptr(t *abi.MapType, m *maps.Map, key unsafe.Pointer) unsafe.Pointer {
	return mapassign(t, m, unsafe.Pointer(&key))
}
func mapassign_faststr(t *abi.MapType, m *maps.Map, key string) unsafe.Pointer {
	return mapassign(t, m, unsafe.Pointer(&key))
}

// An iterator of the callers: twelve words of which they read the first three.
type oldIter struct {
	key, elem unsafe.Pointer
	t         *abi.MapType
	it        *maps.Iter
}

func (o *oldIter) next() {
	o.it.Next()
	o.key, o.elem = o.it.Key(), o.it.Elem()
}

func mapiterinit(t *abi.MapType, m *maps.Map, o *oldIter) {
	o.t, o.it = t, new(maps.Iter)
	o.it.Init(t, m)
	o.next()
}
func mapiternext(o *oldIter) { o.next() }

//go:linkname reflect_mapiterinit reflect.mapiterinit
func reflect_mapiterinit(t *abi.MapType, m *maps.Map, o *oldIter) { mapiterinit(t, m, o) }

//go:linkname reflect_mapiternext reflect.mapiternext
func reflect_mapiternext(o *oldIter) { o.next() }

//go:linkname reflect_mapiterkey reflect.mapiterkey
func reflect_mapiterkey(o *oldIter) unsafe.Pointer { return o.key }

//go:linkname reflect_mapiterelem reflect.mapiterelem
func reflect_mapiterelem(o *oldIter) unsafe.Pointer { return o.elem }
