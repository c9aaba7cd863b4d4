package redact

import "slices"

// maxKnown is the number of secrets that each generation remembers.
const maxKnown = 1 << 15

// maxAlike is the number of remembered secrets that share their longest run.
const maxAlike = 16

// A known table remembers secrets that stood under a name. It finds them again where they
// stand without a name. It looks a secret up by its longest run of word characters
// (letters, digits, dashes and underscores), in upper or lower case.
type known struct {
	young, old map[uint64][]entry
	count      int // in young
	lengths    [maxCachedLen + 1]uint16
	added      uint64 // entries ever added
}

// An entry is one secret, folded, and the place of its longest run.
type entry struct {
	secret string
	at     int
	run    int
}

func newKnown() *known {
	return &known{young: map[uint64][]entry{}}
}

// add remembers a secret.
func (k *known) add(secret []byte) {
	at, run := longestRun(secret)
	if run < 8 || run > maxCachedLen {
		return
	}
	h := hashRun(secret[at : at+run])
	if len(k.young[h]) >= maxAlike || k.has(k.young[h], secret) {
		return
	}
	fresh := !k.has(k.old[h], secret)
	if k.count >= maxKnown {
		k.old, k.young, k.count = k.young, make(map[uint64][]entry), 0
		k.lengths = [maxCachedLen + 1]uint16{}
		for _, list := range k.old {
			for _, e := range list {
				k.lengths[e.run] = 1
			}
		}
	}
	k.young[h] = append(k.young[h], entry{string(foldAll(secret)), at, run})
	k.count++
	k.lengths[run] = 1
	if fresh {
		k.added++
	}
}

// has reports whether a list holds a secret.
func (k *known) has(list []entry, secret []byte) bool {
	return slices.ContainsFunc(list, func(e entry) bool { return len(e.secret) == len(secret) && equalFolded(e.secret, secret) })
}

// find returns the bounds of a known secret, all of it, around the run b[start:end].
func (k *known) find(b []byte, start, end int) (from, to int, ok bool) {
	if end-start < 8 || end-start > maxCachedLen || k.lengths[end-start] == 0 {
		return 0, 0, false
	}
	h := hashRun(b[start:end])
	from, to, ok = fits(k.young[h], b, start, end)
	if !ok {
		from, to, ok = fits(k.old[h], b, start, end)
	}
	return from, to, ok
}

// maxJoints is how many dashes and underscores of a word are looked at.
const maxJoints = 8

// within returns the bounds of a known secret between the dashes and underscores of the run
// b[start:end]. Without one, to is 0.
func (k *known) within(b []byte, start, end int) (from, to int) {
	var joints [maxJoints + 2]int // where pieces begin
	n := 1
	joints[0] = start
	for i := start; i < end && n <= maxJoints; i++ {
		if b[i] == '-' || b[i] == '_' {
			joints[n] = i + 1
			n++
		}
	}
	if n == 1 {
		return 0, 0
	}
	joints[n] = end + 1
	for i := range n {
		for j := n; j > i; j-- {
			if length := joints[j] - 1 - joints[i]; length >= 8 && length <= maxCachedLen && length < end-start && k.lengths[length] != 0 {
				if f, t, ok := k.find(b, joints[i], joints[j]-1); ok && f >= start && t <= end {
					return f, t
				}
			}
		}
	}
	return 0, 0
}

// fits looks for the longest entry that stands around a run.
func fits(list []entry, b []byte, start, end int) (from, to int, ok bool) {
	for _, e := range list {
		f, t := start-e.at, start-e.at+len(e.secret)
		if e.run != end-start || f < 0 || t > len(b) || ok && t-f <= to-from || !equalFolded(e.secret, b[f:t]) {
			continue
		}
		if f < start && f > 0 && isWord(b[f-1]) && isWord(b[f]) || t > end && t < len(b) && isWord(b[t]) && isWord(b[t-1]) {
			continue
		}
		from, to, ok = f, t, true
	}
	return from, to, ok
}

// longestRun returns where the longest run of word characters lies.
func longestRun(b []byte) (at, length int) {
	for i := 0; i < len(b); i++ {
		start := i
		for i < len(b) && isWord(b[i]) {
			i++
		}
		if i-start > length {
			at, length = start, i-start
		}
	}
	return at, length
}

// hashRun is FNV-1a of the folded bytes.
func hashRun(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(fold(c))) * 1099511628211
	}
	return h
}

func foldAll(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = fold(c)
	}
	return out
}

// equalFolded reports whether b, once folded, equals folded.
func equalFolded(folded string, b []byte) bool {
	for i, c := range b {
		if fold(c) != folded[i] {
			return false
		}
	}
	return true
}
