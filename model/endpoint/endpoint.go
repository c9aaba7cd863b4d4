package endpoint

import (
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/endpoint/operation"
	"github.com/starling-load/starling/model/endpoint/route"
	"github.com/starling-load/starling/record/flow"
)

// Options steer Learn. The zero value works.
type Options struct {
	// Data are values of data files, each with the name of its column. They
	// become {column} in paths and in query values.
	Data map[string]string
}

// Templates name requests. They do not change once learned and may be used
// concurrently.
type Templates struct {
	data  map[string]string // columns by value
	paths *route.Trie
	rules map[string]*rule // by method and path template
}

// Learn finds the templates of flows. Flows without a response count too, but say
// less. The work grows with the number of flows; learning looks at no more than
// 60,000 different ones.
func Learn(flows []*flow.Flow, o Options) *Templates {
	t := &Templates{data: map[string]string{}, rules: map[string]*rule{}}
	for v, c := range o.Data {
		if len(v) >= 3 {
			t.data[v] = c
		}
	}
	printer := newPrinter()
	paths := route.NewBuilder(t.data, t.owned(flows))
	for _, f := range flows {
		paths.Add(route.Request{Method: f.Request.Method, Path: f.Request.Path(), Call: operation.IsCall(&f.Request)}, func() route.Answer {
			return route.Answer{Print: printer.print(f), Failed: f.Response != nil && f.Response.Status >= 400}
		})
	}
	t.paths = paths.Trie()
	groups := map[string][]int{}
	for i, f := range flows {
		base := t.base(f)
		groups[base] = append(groups[base], i)
	}
	for _, base := range slices.Sorted(maps.Keys(groups)) {
		t.learnVariants(base, groups[base], flows, printer)
	}
	return t
}

// Name returns the name of the endpoint of f. A request of a kind that was not
// learned gets the name that it would have on its own.
func (t *Templates) Name(f *flow.Flow) string {
	base := t.base(f)
	r := t.rules[base]
	tokens := t.tokens(r, items(&f.Request))
	if r != nil {
		if name, ok := r.names[strings.Join(tokens, "\x00")]; ok {
			return name
		}
	}
	return render(base, tokens)
}

// Path returns the path template of f: see PathOf.
func (t *Templates) Path(f *flow.Flow) string { return t.PathOf(f.Request.Path()) }

// PathOf returns the template of any path, with {} for each value: a segment, or a
// part of one as in /static/app.{}.js, /@{} and /cart;jsessionid={}.
func (t *Templates) PathOf(path string) string {
	var b strings.Builder
	for i, s := range t.paths.Match(path) {
		if i > 0 {
			b.WriteByte('/')
		}
		if s.Value() {
			s.Name = "{}"
		}
		b.WriteString(unnamed(s.Name) + s.Matrix)
	}
	return b.String()
}

// unnamed returns a segment with {} for the first value that has a name.
func unnamed(segment string) string {
	if from, to := strings.IndexByte(segment, '{'), strings.IndexByte(segment, '}'); from >= 0 && to > from {
		return segment[:from+1] + segment[to:]
	}
	return segment
}

// base returns method and path template.
func (t *Templates) base(f *flow.Flow) string {
	steps := t.paths.Match(f.Request.Path())
	ids := 0
	for _, s := range steps {
		if s.Name == "{id}" {
			ids++
		}
	}
	var b strings.Builder
	b.WriteString(f.Request.Method + " ")
	for i, s := range steps {
		if i > 0 {
			b.WriteByte('/')
		}
		if s.Name == "{id}" && ids > 1 && i > 0 && steps[i-1].Name != "" && !steps[i-1].Varies() {
			s.Name = "{" + singular(steps[i-1].Name) + "_id}"
		}
		b.WriteString(s.Name)
	}
	return b.String()
}

// pattern returns s with {column} in place of a data value that stands in it
// between delimiters, or "" if there is none. The longest counts.
func (t *Templates) pattern(s string) string {
	if len(t.data) == 0 || len(s) < 3 {
		return ""
	}
	var from, to []int
	for i := 0; i < len(s) && len(from) <= maxWordsOfValue; i++ {
		if i == 0 || !alphanumeric(s[i-1]) {
			from = append(from, i)
		}
		if i+1 == len(s) || !alphanumeric(s[i+1]) {
			to = append(to, i+1)
		}
	}
	best, start, column := 0, 0, ""
	for _, a := range from {
		for _, b := range to {
			if b-a > best {
				if c, ok := t.data[s[a:b]]; ok {
					best, start, column = b-a, a, c
				}
			}
		}
	}
	if best == 0 {
		return ""
	}
	return s[:start] + "{" + column + "}" + s[start+best:]
}

// maxWordsOfValue bounds the places in a value where a data value may begin.
const maxWordsOfValue = 40

// Delimited returns the index at which part stands in s with no letter or digit
// next to it, or -1.
func Delimited(s, part string) int {
	for from := 0; part != ""; {
		i := strings.Index(s[from:], part)
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(part)
		if (i == 0 || !alphanumeric(s[i-1])) && (end == len(s) || !alphanumeric(s[end])) {
			return i
		}
		from = i + 1
	}
	return -1
}

func alphanumeric(b byte) bool {
	return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80
}

// singular turns the name of a collection into the name of its members.
func singular(s string) string {
	for _, end := range [...]string{"ches", "shes", "sses", "xes", "uses"} {
		if strings.HasSuffix(s, end) {
			return s[:len(s)-2]
		}
	}
	switch {
	case strings.HasSuffix(s, "ies") && len(s) > 4:
		return s[:len(s)-3] + "y"
	case strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") && !strings.HasSuffix(s, "us") && len(s) > 3:
		return s[:len(s)-1]
	}
	return s
}
