// Interfaces, embedding, type switches.

package main

type Shape interface {
	Area() float64
	Name() string
}
type Sq struct{ s float64 }
type Ci struct{ r float64 }

func (q Sq) Area() float64  { return q.s * q.s }
func (q Sq) Name() string   { return "sq" }
func (c *Ci) Area() float64 { return 3 * c.r * c.r }
func (c *Ci) Name() string  { return "ci" }

type Base struct{ id int }

func (b *Base) ID() int    { return b.id }
func (b Base) Hello() string { return "hello" }

type Derived struct {
	Base
	*Ci
	n string
}
type IDer interface{ ID() int }
type MyErr struct{ code int }

func (e MyErr) Error() string { return "myerr" }
func doit(x int) error {
	if x > 0 {
		return MyErr{x}
	}
	return nil
}
func kind(x any) string {
	switch v := x.(type) {
	case nil:
		return "nil"
	case int:
		if v > 5 {
			return "bigint"
		}
		return "int"
	case string:
		return "string" + v
	case Shape:
		return "shape " + v.Name()
	case error:
		return "error " + v.Error()
	case []int:
		return "slice"
	case func() int:
		return "func"
	default:
		return "other"
	}
}

func main() {
	shapes := []Shape{Sq{2}, &Ci{1}}
	for _, s := range shapes {
		println(s.Name(), s.Area())
	}
	d := Derived{Base{7}, &Ci{2}, "n"}
	println(d.ID(), d.Hello(), d.Area(), d.r)
	var i IDer = &d
	println(i.ID())
	if s, ok := i.(Shape); ok {
		println("shape too", s.Name())
	}
	_, ok := i.(error)
	println(ok)
	e := doit(3)
	println(e != nil, e.Error(), doit(0) == nil)
	if me, ok := e.(MyErr); ok {
		println(me.code)
	}
	println(kind(nil), kind(3), kind(9), kind("x"), kind(Sq{1}), kind(&Ci{}), kind(e), kind([]int{}), kind(func() int { return 1 }), kind(2.5))
	var a, b any = 5, 5
	println(a == b, a != nil, a == any("5"))
	var x any = Sq{3}
	var y any = Sq{3}
	println(x == y)
	f := Shape.Area
	println(f(Sq{5}))
	g := shapes[0].Name
	println(g())
	var sh Shape = Sq{1}
	var em any = sh
	println(em.(Sq).s, em.(Shape).Area())
	type local struct{ Shape }
	l := local{Sq{4}}
	println(l.Area())
}
