package endpoint

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/endpoint/operation"
)

const (
	minGain   = 0.3 // bits that a decisive key tells about the answer
	fewFlows  = 8   // fewer cannot be told from chance
	maxSample = 500 // requests of one address whose answers are compared
	maxKeys   = 64  // keys of one address that are tried
	fewWords  = 12  // of a key that is decisive without a name that says so
)

// A sample is some of the requests to one address.
type sample struct {
	items  [][]item
	prints []string // nil until they are needed
	read   func(i int) string
}

func (s *sample) answers() []string {
	if s.prints == nil {
		s.prints = make([]string, len(s.items))
		for i := range s.prints {
			s.prints[i] = s.read(i)
		}
	}
	return s.prints
}

// values returns the value of a key in each request, "" where it is absent.
func (s *sample) values(key string) []string {
	out := make([]string, len(s.items))
	for i, list := range s.items {
		for _, it := range list {
			if it.key == key {
				out[i] = it.value
			}
		}
	}
	return out
}

// present returns "1" for each request that has the key, "" for the others.
func (s *sample) present(key string) []string {
	out := make([]string, len(s.items))
	for i, list := range s.items {
		for _, it := range list {
			if it.key == key {
				out[i] = "1"
			}
		}
	}
	return out
}

// isDecisive reports whether the value of key tells what is asked for: a closed
// list of words, each seen again. A key that says by its name that it names an
// action needs no more. For another, the words must be few and tell at least
// minGain bits about the shape of the answer (less what chance gives).
func (t *Templates) isDecisive(key string, s *sample) bool {
	words := s.values(key)
	counts := map[string]int{}
	for _, w := range words {
		if content.Kind(w) != "" || !operation.IsWord(w) {
			return false
		}
		counts[w]++
	}
	if len(counts) < 2 {
		return false
	}
	once := 0
	for w, n := range counts {
		if t.pattern(w) != "" {
			return false
		}
		if n == 1 {
			once++
		}
	}
	if operation.IsAction(strings.TrimLeft(key, "?[")) {
		return len(counts) <= 2*fewWords || 3*once <= len(words)
	}
	return len(counts) <= fewWords && len(words) >= 2*len(counts) && tells(words, s.answers())
}

// tells reports whether the words tell what the answers look like.
func tells(words, answers []string) bool {
	j := newJoint(words, answers)
	n := len(words)
	gain := j.information(j.answers)
	chance := float64((j.kinds-1)*(j.shapes-1)) / (2 * float64(n) * math.Ln2)
	if gain-chance < minGain {
		return false
	}
	if n < fewFlows {
		return j.shapes == j.kinds && gain > j.information(j.words)-1e-9 // each word its own answer
	}
	return j.beatsChance(gain)
}

// A joint is the words and answers of some requests, as numbers.
type joint struct {
	words, answers []int
	kinds, shapes  int // how many different ones
}

func newJoint(words, answers []string) *joint {
	j := &joint{}
	j.words, j.kinds = numbers(words)
	j.answers, j.shapes = numbers(answers)
	return j
}

func numbers(list []string) ([]int, int) {
	ids := map[string]int{}
	out := make([]int, len(list))
	for i, s := range list {
		n, ok := ids[s]
		if !ok {
			n = len(ids)
			ids[s] = n
		}
		out[i] = n
	}
	return out, len(ids)
}

// information returns how many bits the words tell about other numbers, one for
// each request:
//
//	I = log n + (Σ c log c - Σ a log a - Σ b log b) / n
//
// with c the counts of pairs, a those of words, b those of the others.
func (j *joint) information(other []int) float64 {
	size := 0
	for _, b := range other {
		size = max(size, b+1)
	}
	pairs, a, b := make(map[int]int, len(other)), make([]int, j.kinds), make([]int, size)
	sum := 0.0 // of the differences that one more makes to each term: the order does not matter
	for i, w := range j.words {
		key := w*size + other[i]
		sum += step2(pairs[key]) - step2(a[w]) - step2(b[other[i]])
		pairs[key]++
		a[w]++
		b[other[i]]++
	}
	n := float64(len(other))
	return math.Log2(n) + sum/n
}

// step2 returns (n+1) log (n+1) - n log n, in bits.
func step2(n int) float64 {
	if n == 0 {
		return 0
	}
	x := float64(n)
	return (x+1)*math.Log2(x+1) - x*math.Log2(x)
}

// beatsChance reports whether the words tell more about the answers than about the
// same answers dealt out at random, in each of 100 deals. An answer that depends on
// the user's state and not on the word, such as a page for members, fails this.
func (j *joint) beatsChance(gain float64) bool {
	dealt := slices.Clone(j.answers)
	r := rand.New(rand.NewPCG(uint64(len(dealt)), 1)) // the same deals for the same input
	for range 100 {
		r.Shuffle(len(dealt), func(i, k int) { dealt[i], dealt[k] = dealt[k], dealt[i] })
		if j.information(dealt) >= gain-1e-9 {
			return false
		}
	}
	return true
}
