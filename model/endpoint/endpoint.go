package endpoint

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
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
	data  []word // longest first
	open  map[string]vocabulary
	rules map[string]*rule  // by method and path template
	names map[string]string // by method, path template and tokens
}

type word struct{ value, column string }

// A rule says what tells the variants of one method and path template apart.
type rule struct {
	decisive map[string]bool // keys whose values count
	keys     bool            // whether the presence of other keys counts
}

// Learn finds the templates of flows. Flows without a response count too, but say
// less about variants.
func Learn(flows []*flow.Flow, o Options) *Templates {
	t := &Templates{open: map[string]vocabulary{}, rules: map[string]*rule{}, names: map[string]string{}}
	for v, c := range o.Data {
		if len(v) >= 3 {
			t.data = append(t.data, word{v, c})
		}
	}
	slices.SortFunc(t.data, func(a, b word) int {
		return cmp.Or(cmp.Compare(len(b.value), len(a.value)), cmp.Compare(a.value, b.value), cmp.Compare(a.column, b.column))
	})
	prints := make([]string, len(flows))
	for i, f := range flows {
		prints[i] = fingerprint(f)
	}
	t.learnOpen(flows, prints)
	groups := map[string][]int{}
	for i, f := range flows {
		base := t.base(f)
		groups[base] = append(groups[base], i)
	}
	for _, base := range sortedKeys(groups) {
		t.learnVariants(base, groups[base], flows, prints)
	}
	return t
}

// Name returns the name of the endpoint of f. A request of a kind that was not
// learned gets the name that it would have on its own.
func (t *Templates) Name(f *flow.Flow) string {
	base := t.base(f)
	tokens := t.tokens(base, f)
	if name, ok := t.names[base+"\x00"+strings.Join(tokens, "\x00")]; ok {
		return name
	}
	return render(base, tokens)
}

// Path returns the path template of f with every variable segment as {}.
func (t *Templates) Path(f *flow.Flow) string { return t.PathOf(f.Request.Path()) }

// PathOf returns the template of any path with every variable segment as {}.
func (t *Templates) PathOf(path string) string {
	segments := t.segments(path)
	for i, s := range segments {
		if variable(s) {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}

// base returns method and path template.
func (t *Templates) base(f *flow.Flow) string {
	segments := t.segments(f.Request.Path())
	ids := 0
	for _, s := range segments {
		if s == "{id}" {
			ids++
		}
	}
	for i, s := range segments {
		if s == "{id}" && ids > 1 && i > 0 && !variable(segments[i-1]) {
			segments[i] = "{" + singular(segments[i-1]) + "_id}"
		}
	}
	return f.Request.Method + " " + strings.Join(segments, "/")
}

// variable reports whether a segment of a template is a placeholder.
func variable(s string) bool { return len(s) > 2 && s[0] == '{' && s[len(s)-1] == '}' || s == "{}" }

// segments splits a path and replaces variable segments by their names.
func (t *Templates) segments(path string) []string {
	typed := t.typed(path)
	segments := slices.Clone(typed)
	for i := range segments {
		if segments[i] == "" || variable(segments[i]) {
			continue
		}
		if v := t.open[openKey(typed, i)]; v.all || v.has(segments[i]) {
			segments[i] = "{id}"
		}
	}
	return segments
}

// typed replaces the segments that are values by their form or by a data file.
func (t *Templates) typed(path string) []string {
	segments := strings.Split(path, "/")
	for i, raw := range segments {
		if raw == "" {
			continue
		}
		s := decode(raw)
		if column := t.column(s); column != "" {
			segments[i] = "{" + column + "}"
			continue
		}
		switch kind := content.Kind(s); kind {
		case "":
		case "date", "email":
			segments[i] = "{" + kind + "}"
		case "jwt":
			segments[i] = "{token}"
		default:
			segments[i] = "{id}"
		}
	}
	return segments
}

// column returns the data column that has the value s.
func (t *Templates) column(s string) string {
	for _, w := range t.data {
		if w.value == s {
			return w.column
		}
	}
	return ""
}

// pattern returns s with {column} in place of a data value that stands in it
// between delimiters, or "" if there is none.
func (t *Templates) pattern(s string) string {
	for _, w := range t.data {
		if i := Delimited(s, w.value); i >= 0 {
			return s[:i] + "{" + w.column + "}" + s[i+len(w.value):]
		}
	}
	return ""
}

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

// fingerprint describes the part of an answer's shape that tells operations apart.
func fingerprint(f *flow.Flow) string {
	if f.Response == nil {
		return ""
	}
	var b strings.Builder
	b.WriteByte(byte('0' + f.Response.Status/100))
	if location := f.Response.Headers.Value("Location"); location != "" {
		path, _, _ := strings.Cut(location, "?")
		b.WriteString(" to " + content.Template(path))
	}
	shape := content.New(f.Response).Shape()
	b.WriteString(" " + shape.Content)
	for _, feature := range shape.Features {
		if !strings.HasPrefix(feature, "title:") && !strings.HasPrefix(feature, "error:") && strings.Count(feature, ".") <= 2 {
			b.WriteString(" " + feature)
		}
	}
	return b.String()
}

// singular turns the name of a collection into the name of its members.
func singular(s string) string {
	switch {
	case strings.HasSuffix(s, "ies") && len(s) > 4:
		return s[:len(s)-3] + "y"
	case strings.HasSuffix(s, "ses") && len(s) > 4:
		return s[:len(s)-2]
	case strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") && len(s) > 3:
		return s[:len(s)-1]
	}
	return s
}

// entropy returns the entropy in bits of a distribution of n counts.
func entropy(counts map[string]int, n int) float64 {
	h := 0.0
	for _, key := range sortedKeys(counts) {
		p := float64(counts[key]) / float64(n)
		h -= p * math.Log2(p)
	}
	return h
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
