package route

import "strings"

const (
	maxRows  = 60_000 // different requests that learning looks at
	maxParts = 24     // segments of a path that are told apart
	maxTried = 32     // answers of one address that are looked at
)

// A Request is what a route is learned from.
type Request struct {
	Method, Path string

	// Call says that the path names a remote procedure: none of it is a value.
	Call bool
}

// An Answer is what the answer to a request looks like.
type Answer struct {
	Print  string // equal for answers of one shape
	Failed bool   // an error
}

// A Builder collects requests. Its memory is bounded by the variety of the paths.
type Builder struct {
	known known
	rows  rows
}

// NewBuilder returns a Builder. columns are the values of data files, each with the
// name of its column; parts are segments that hold such a value, with their pattern.
func NewBuilder(columns, parts map[string]string) *Builder {
	return &Builder{known{columns, parts}, rows{index: map[string]int{}, tried: map[string]int{}, prints: map[string]int{}, ids: map[string]int{}}}
}

// Add adds a request. It calls answer only if it wants to know what the answer looks
// like.
func (b *Builder) Add(r Request, answer func() Answer) {
	segments := split(r.Path)
	keys := make([]string, len(segments))
	for i, s := range segments {
		keys[i] = partOf(s, b.known).key
	}
	calendar(keys, segments)
	b.rows.add(r, keys, segments, answer)
}

// Trie returns the routes of all requests that were added. The result depends on
// them and their order alone.
func (b *Builder) Trie() *Trie { return &Trie{b.known, grow(&b.rows)} }

// A row is what all requests have in common that look the same to learning: the
// method, the parts of the path and the shape of the answer.
type row struct {
	method, print int
	keys          []string
	first         []string // segments of the first of them
	count         int
	failed        bool
	call          bool
}

// rows are the requests of a recording without what does not tell their kind.
type rows struct {
	list   []row
	index  map[string]int // by method, keys and print
	tried  map[string]int // answers read, by method and keys
	prints map[string]int
	ids    map[string]int // of methods
}

func (r *rows) add(one Request, keys, segments []string, answer func() Answer) {
	address := one.Method + "\x00" + strings.Join(keys, "/")
	n := r.tried[address]
	if n >= maxTried {
		r.list[r.index[address]].count++
		return
	}
	if n == 0 && len(r.list) >= maxRows {
		return
	}
	r.tried[address] = n + 1
	a := answer()
	full := address + "\x00" + a.Print
	at, ok := r.index[full]
	if !ok {
		at = len(r.list)
		r.index[full] = at
		if n == 0 {
			r.index[address] = at
		}
		r.list = append(r.list, row{
			method: number(r.ids, one.Method), print: number(r.prints, a.Print),
			keys: keys, first: segments, failed: a.Failed, call: one.Call,
		})
	}
	r.list[at].count++
}

// number returns the number of a text, in the order of their first use.
func number(ids map[string]int, s string) int {
	n, ok := ids[s]
	if !ok {
		n = len(ids)
		ids[s] = n
	}
	return n
}
