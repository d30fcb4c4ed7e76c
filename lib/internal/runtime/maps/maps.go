// Package maps is the face of the engine's maps for packages that iterate without knowing the types at compile
// time: reflect and hash/maphash. The maps themselves are C.
package maps

import (
	"internal/abi"
	"unsafe"
)

const Use64BitHash = true

// A Map is only used by address; its first word counts the entries.
type Map struct {
	used uint64
}

func (m *Map) Used() uint64 {
	if m == nil {
		return 0
	}
	return m.used
}

// An Iter has the layout of the engine's iterator.
type Iter struct {
	key  unsafe.Pointer
	elem unsafe.Pointer
	typ  *abi.MapType
	m    *Map
	p0   unsafe.Pointer
	p1   unsafe.Pointer
	w    [6]uint64
}

// The iterator is where the map is kept; whoever lets it escape lets the map escape.
//
//go:noescape
func iterInit(t *abi.MapType, m *Map, it *Iter)

//go:noescape
func iterNext(it *Iter)

func (it *Iter) Init(t *abi.MapType, m *Map) { iterInit(t, m, it) }
func (it *Iter) Next()                       { iterNext(it) }
func (it *Iter) Initialized() bool           { return it.typ != nil }
func (it *Iter) Map() *Map                   { return it.m }
func (it *Iter) Key() unsafe.Pointer         { return it.key }
func (it *Iter) Elem() unsafe.Pointer        { return it.elem }
