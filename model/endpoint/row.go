package endpoint

import (
	"strings"

	"github.com/starling-load/starling/record/flow"
)

const (
	maxRows  = 200_000 // different requests that learning looks at
	maxParts = 24      // segments of a path that are told apart
	maxTried = 32      // answers of one address whose shape is read
)

// A row is what all requests have in common that look the same to learning: the
// method, the parts of the path and the shape of the answer.
type row struct {
	method, print int
	keys          []string
	first         []string // segments of the first of them
	count         int
	failed        bool // answers of status 400 or more
}

// rows are the requests of a recording without what does not tell their kind.
type rows struct {
	list   []row
	index  map[string]int // by method, keys and print
	tried  map[string]int // answers read, by method and keys
	prints map[string]int
	ids    map[string]int // of methods
}

// gather reads the flows once.
func (t *Templates) gather(flows []*flow.Flow) *rows {
	r := &rows{index: map[string]int{}, tried: map[string]int{}, prints: map[string]int{}, ids: map[string]int{}}
	printer := newPrinter()
	for _, f := range flows {
		segments := split(f.Request.Path())
		keys := make([]string, len(segments))
		for i, s := range segments {
			keys[i] = t.partOf(s).key
		}
		calendar(keys, segments)
		r.add(f, keys, segments, printer)
	}
	return r
}

func (r *rows) add(f *flow.Flow, keys, segments []string, p *printer) {
	address := f.Request.Method + "\x00" + strings.Join(keys, "/")
	n := r.tried[address]
	if n == 0 && len(r.list) >= maxRows {
		return
	}
	full := address + "\x00"
	if n < maxTried {
		r.tried[address] = n + 1
		full += p.print(f)
	} else if at, ok := r.index[address]; ok {
		r.list[at].count++
		return
	}
	at, ok := r.index[full]
	if !ok {
		at = len(r.list)
		r.index[full] = at
		if n == 0 {
			r.index[address] = at
		}
		r.list = append(r.list, row{method: number(r.ids, f.Request.Method), print: number(r.prints, full[len(address)+1:]), keys: keys, first: segments, failed: f.Response != nil && f.Response.Status >= 400})
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
