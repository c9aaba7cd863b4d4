package flow

import "crypto/sha256"

// A bodyKey names the content of a body: half of its SHA-256 and its length. No
// two different bodies are known to share one, nor can a client make them, so
// equal keys are taken for equal bodies and neither the bytes nor the file are
// looked at again.
type bodyKey struct {
	sum  [16]byte
	size int
}

func keyOf(data []byte) bodyKey {
	sum := sha256.Sum256(data)
	k := bodyKey{size: len(data)}
	copy(k.sum[:], sum[:])
	return k
}

// tableMax is the number of bodies after which a generation is full.
const tableMax = 32 << 10

// A bodyTable remembers where bodies are stored: at least the tableMax last
// ones used, at most twice as many.
type bodyTable struct {
	young, old map[bodyKey]bodyPlace
}

func (t *bodyTable) find(k bodyKey) (bodyPlace, bool) {
	if p, ok := t.young[k]; ok {
		return p, true
	}
	p, ok := t.old[k]
	if ok {
		t.add(k, p)
	}
	return p, ok
}

func (t *bodyTable) add(k bodyKey, p bodyPlace) {
	if t.young == nil || len(t.young) >= tableMax {
		t.old, t.young = t.young, map[bodyKey]bodyPlace{}
	}
	t.young[k] = p
}

// forget removes what was stored in a block that did not reach the disk.
func (t *bodyTable) forget(block int64) {
	for _, m := range [...]map[bodyKey]bodyPlace{t.young, t.old} {
		for k, p := range m {
			if p.block == block {
				delete(m, k)
			}
		}
	}
}
