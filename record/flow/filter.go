package flow

import (
	"math"
	"strings"
)

// A Filter chooses flows by an expression, such as
//
//	method = POST and path = /cart/* and not status = 2xx
//
// FORMAT.md lists its fields and operators. It may be used by many goroutines.
type Filter struct {
	expr string
	root condition
}

// ParseFilter reads an expression. What is wrong with it is a *FilterError.
func ParseFilter(expr string) (*Filter, error) {
	p := filterParser{expr: expr}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	return &Filter{expr: expr, root: root}, nil
}

// String returns the expression as it was parsed.
func (f *Filter) String() string { return f.expr }

// Match reports whether the expression holds for the flow. Bodies play no part
// but for their sizes.
func (f *Filter) Match(fl *Flow) bool { return f.root.match(fl) }

// may reports whether a block can hold a flow that matches. False is certain. A
// nil Filter wants every flow.
func (f *Filter) may(h *blockHead) bool {
	return f == nil || h.flows > 0 && (f.root.may == nil || f.root.may(h))
}

// from returns the instant (unix nanoseconds) before which no flow that matches
// starts; false if there is none.
func (f *Filter) from() (int64, bool) {
	if f == nil || f.root.from == math.MinInt64 {
		return 0, false
	}
	return f.root.from, true
}

// A condition is a part of an expression. Its negation is never needed: "not"
// keeps match alone.
type condition struct {
	match func(*Flow) bool
	may   func(*blockHead) bool // false: no flow of the block matches; nil: always true
	from  int64                 // no flow that starts before this instant matches, unix nanoseconds

	// What every flow that matches has, where "=" says it; "" is anything.
	method, path string
}

// anywhere is a condition about which block heads say nothing.
func anywhere(match func(*Flow) bool) condition {
	return condition{match: match, from: math.MinInt64}
}

func not(c condition) condition {
	return anywhere(func(f *Flow) bool { return !c.match(f) })
}

func or(a, b condition) condition {
	c := anywhere(func(f *Flow) bool { return a.match(f) || b.match(f) })
	c.from = min(a.from, b.from)
	if a.may != nil && b.may != nil {
		c.may = func(h *blockHead) bool { return a.may(h) || b.may(h) }
	}
	return c
}

func and(a, b condition) condition {
	c := condition{match: func(f *Flow) bool { return a.match(f) && b.match(f) }, from: max(a.from, b.from)}
	c.method, c.path = first(a.method, b.method), first(a.path, b.path)
	var sees []func(*blockHead) bool
	for _, may := range [...]func(*blockHead) bool{a.may, b.may} {
		if may != nil {
			sees = append(sees, may)
		}
	}
	known := a.method != "" && a.path != "" || b.method != "" && b.path != ""
	if !known && c.method != "" && c.path != "" {
		hash := endpointHash(&Request{Method: c.method, Target: c.path})
		sees = append(sees, func(h *blockHead) bool { return h.endpoints.may(hash) })
	}
	if len(sees) > 0 {
		c.may = func(h *blockHead) bool {
			for _, may := range sees {
				if !may(h) {
					return false
				}
			}
			return true
		}
	}
	return c
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// glob reports whether s is what the pattern says, in which "*" is any run of
// bytes.
func glob(pattern, s string) bool {
	begin, rest, star := strings.Cut(pattern, "*")
	if !star {
		return s == pattern
	}
	s, ok := strings.CutPrefix(s, begin)
	if !ok {
		return false
	}
	for {
		part, tail, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], tail
	}
}
