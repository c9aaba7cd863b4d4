package flowfile

// A recent map remembers the entries that were used last: at least max of them, and
// at most twice as many. A max of 0 means 1.
type recent[K comparable, V any] struct {
	max        int
	young, old map[K]V
}

func (m *recent[K, V]) find(k K) (V, bool) {
	if v, ok := m.young[k]; ok {
		return v, true
	}
	v, ok := m.old[k]
	if ok {
		m.add(k, v)
	}
	return v, ok
}

func (m *recent[K, V]) add(k K, v V) {
	if m.young == nil || len(m.young) >= m.max {
		m.old, m.young = m.young, map[K]V{}
	}
	m.young[k] = v
}

func (m *recent[K, V]) remove(k K) {
	delete(m.young, k)
	delete(m.old, k)
}

// forget removes the entries for which drop is true.
func (m *recent[K, V]) forget(drop func(V) bool) {
	for _, half := range [...]map[K]V{m.young, m.old} {
		for k, v := range half {
			if drop(v) {
				delete(half, k)
			}
		}
	}
}
