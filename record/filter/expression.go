package filter

import (
	"math"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// An Expression chooses flows, for example
//
//	method = POST and path = /cart/* and not status = 2xx
//
// FORMAT.md beside package flowfile lists its fields and operators. It may be used by
// many goroutines.
type Expression struct {
	expr string
	root condition
}

// Parse reads an expression. Its error is a *SyntaxError.
func Parse(expr string) (*Expression, error) {
	p := parser{expr: expr}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	return &Expression{expr: expr, root: root}, nil
}

// String returns the expression as it was parsed.
func (e *Expression) String() string { return e.expr }

// Match reports whether the expression holds for the flow. Of bodies it looks at
// the sizes alone.
func (e *Expression) Match(f *flow.Flow) bool { return e.root.match(f) }

// May reports whether a group of flows can hold one that matches. False is
// certain.
func (e *Expression) May(o flow.Outline) bool {
	_, flows := o.Numbers()
	return flows > 0 && (e.root.may == nil || e.root.may(o))
}

// From returns the instant, in unix nanoseconds, before which no matching flow
// starts; false if the expression does not name one.
func (e *Expression) From() (int64, bool) {
	return e.root.from, e.root.from != math.MinInt64
}

// A condition is a part of an expression. "not" keeps only match of it: from a group
// that may hold matching flows nothing follows for flows that do not match.
type condition struct {
	match func(*flow.Flow) bool
	may   func(flow.Outline) bool // false: no flow of the group matches; nil: always true
	from  int64                   // no flow that starts before it matches; unix nanoseconds

	// Every flow that matches has this method and path; "" is any.
	method, path string
}

// anywhere is a condition that no outline rules out.
func anywhere(match func(*flow.Flow) bool) condition {
	return condition{match: match, from: math.MinInt64}
}

func not(c condition) condition {
	return anywhere(func(f *flow.Flow) bool { return !c.match(f) })
}

func or(a, b condition) condition {
	c := anywhere(func(f *flow.Flow) bool { return a.match(f) || b.match(f) })
	c.from = min(a.from, b.from)
	if a.may != nil && b.may != nil {
		c.may = func(o flow.Outline) bool { return a.may(o) || b.may(o) }
	}
	return c
}

func and(a, b condition) condition {
	c := condition{match: func(f *flow.Flow) bool { return a.match(f) && b.match(f) }, from: max(a.from, b.from)}
	c.method, c.path = first(a.method, b.method), first(a.path, b.path)
	var sees []func(flow.Outline) bool
	for _, may := range [...]func(flow.Outline) bool{a.may, b.may} {
		if may != nil {
			sees = append(sees, may)
		}
	}
	known := a.method != "" && a.path != "" || b.method != "" && b.path != ""
	if !known && c.method != "" && c.path != "" {
		hash := (&flow.Request{Method: c.method, Target: c.path}).EndpointHash()
		sees = append(sees, func(o flow.Outline) bool { return o.MayEndpoint(hash) })
	}
	if len(sees) > 0 {
		c.may = func(o flow.Outline) bool {
			for _, may := range sees {
				if !may(o) {
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

// glob reports whether s matches the pattern, in which "*" is any run of bytes.
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
