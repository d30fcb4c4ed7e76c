package p

func f(x any) {
L:
	for i, v := range 10 {
		switch y := x.(type) {
		case int, *T:
			break L
		default:
			fallthrough
		}
		select {
		case v := <-c:
		case c <- 1:
		default:
		}
	}
	for i := 0; i < 3; i++ {
		if v, ok := m[k]; ok && (T{1} == v) {
			continue
		} else if s[1:2:3] != nil {
			goto L
		}
	}
	defer func() { recover() }()
	go f(x...)
	x, y = "\u00e9\n", 'a'
	z &^= ^-1i /* c */
	p.q[0].r++
	return []int{1: 2, {3}}, map[K]V{"a": {}}, `raw`
}
