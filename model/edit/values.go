package edit

import (
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

// Values says what fills holes of requests, in place of what was learned.
type Values struct {
	Endpoints []string // at least one
	Set       []Value
}

// A Value fills the hole of its name.
type Value struct {
	model.Value

	// Text is what stands in the requests where the hole shall be. "": the hole is there.
	Text string
}

func (x Values) apply(e *editor) {
	at := e.endpoints(x.Endpoints)
	if e.failed() {
		return
	}
	for _, v := range x.Set {
		fits := 0
		var names []string
		for i := range e.m.Endpoints {
			p := &e.m.Endpoints[i]
			for k := range p.Variants {
				if !at[p.Name] {
					continue
				}
				for _, other := range p.Variants[k].Values {
					names = append(names, other.Name)
				}
				if e.fill(p.Name, &p.Variants[k], &v) {
					fits++
				}
			}
		}
		switch {
		case fits > 0 || e.failed():
		case v.Text != "":
			e.addf("the requests do not hold the text %s", problem.Quote(v.Text))
		default:
			e.addf("the requests have no hole %s%s", problem.Quote(v.Name), problem.Suggest(v.Name, names))
		}
	}
}

// fill makes a value of a variant another. It reports whether the variant has it.
func (e *editor) fill(endpoint string, to *model.Variant, v *Value) bool {
	at := slices.IndexFunc(to.Values, func(x model.Value) bool { return x.Name == v.Name })
	if v.Text != "" {
		if at >= 0 {
			e.addf("the requests have a hole %s already: leave out text, or give this one another name", problem.Quote(v.Name))
			return false
		}
		if !replaceText(&to.Request, v.Text, "${"+v.Name+"}") {
			return false
		}
		to.Values = append(slices.Clip(to.Values), model.Value{Name: v.Name, Kind: v.Kind, Ref: v.Ref, Codec: v.Codec})
		e.takes(endpoint, to.Name, len(to.Takers())-1, v.Kind == model.Bound, false)
		return true
	}
	if at < 0 {
		return false
	}
	old := to.Values[at]
	if v.InRows() && (!old.InRows() || old.Kind != model.Row && !e.owned(endpoint, to, at)) {
		e.addf("the model does not hold what was recorded for %s: learn again, with \"refuse\" for the binding", problem.Quote(v.Name))
		return false
	}
	e.replace(endpoint, to, at, v.Value)
	return true
}

// replace makes value at of a variant another, and leaves out its recorded contents if
// they are not used any more.
func (e *editor) replace(endpoint string, to *model.Variant, at int, v model.Value) {
	old := to.Values[at]
	column := slices.Index(to.RowColumns(), old.Name)
	taker := slices.Index(to.Takers(), at)
	if v.Codec == "" {
		v.Codec = old.Codec
	}
	to.Values = slices.Clone(to.Values)
	to.Values[at] = v
	if column >= 0 && !v.InRows() {
		rows := make([][]string, len(to.Rows))
		for i, row := range to.Rows {
			rows[i] = slices.Delete(slices.Clone(row), column, column+1)
		}
		if to.Rows = rows; len(to.RowColumns()) == 0 {
			to.Rows = nil
			e.acts(endpoint, to.Name, func(a *model.Act) { a.Row = 0 })
		}
	}
	now := slices.Index(to.Takers(), at)
	switch {
	case taker >= 0 && now >= 0:
		e.acts(endpoint, to.Name, func(a *model.Act) {
			if len(a.Takes) > 0 && a.Takes[now].Act != model.Own {
				a.Takes[now] = model.Take{Act: model.Latest}
			}
		})
	case taker >= 0:
		e.takes(endpoint, to.Name, taker, false, true)
	case now >= 0:
		e.takes(endpoint, to.Name, now, true, false)
	}
}

// takes adds or removes the entry of a taker in the acts of a variant.
func (e *editor) takes(endpoint, variant string, at int, add, remove bool) {
	e.acts(endpoint, variant, func(a *model.Act) {
		switch {
		case len(a.Takes) == 0:
		case remove:
			a.Takes = slices.Delete(slices.Clone(a.Takes), at, at+1)
		case add:
			a.Takes = slices.Insert(slices.Clone(a.Takes), at, model.Take{Act: model.Latest})
		}
	})
}

// acts calls change for the acts of a variant.
func (e *editor) acts(endpoint, variant string, change func(*model.Act)) {
	for i := range e.m.Sessions {
		s := &e.m.Sessions[i]
		for _, acts := range [][]model.Act{s.Entry, s.Acts} {
			for k := range acts {
				if a := &acts[k]; a.Endpoint == endpoint && a.Variant == variant {
					change(a)
				}
			}
		}
	}
}

// owned reports whether all acts of a variant send a recorded content of their own in
// place of value at.
func (e *editor) owned(endpoint string, of *model.Variant, at int) bool {
	taker, all := slices.Index(of.Takers(), at), true
	e.acts(endpoint, of.Name, func(a *model.Act) { all = all && len(a.Takes) > 0 && a.Takes[taker].Act == model.Own })
	return all && of.Values[at].Own
}

// replaceText puts a hole where the text stands in a request: as it is, or as it is
// encoded in addresses, forms and JSON.
func replaceText(q *model.Request, text, hole string) bool {
	found := false
	in := func(s string) string {
		out := s
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)} {
			if out = betweenHoles(s, model.EscapeTemplate(form), hole); out != s {
				found = true
				break
			}
		}
		return out
	}
	q.Target, q.Body = in(q.Target), in(q.Body)
	q.Headers, q.Trailers = slices.Clone(q.Headers), slices.Clone(q.Trailers)
	for _, list := range [][]model.Header{q.Headers, q.Trailers} {
		for i := range list {
			list[i].Value = in(list[i].Value)
		}
	}
	return found
}

// betweenHoles replaces a text of a template, outside of its holes.
func betweenHoles(s, old, by string) string {
	var b strings.Builder
	for s != "" {
		literal, rest := s, ""
		if at := holeIn(s); at >= 0 {
			end := at + strings.IndexByte(s[at:], '}') + 1
			literal, rest = s[:at], s[at:]
			b.WriteString(strings.ReplaceAll(literal, old, by))
			b.WriteString(rest[:end-at])
			s = s[end:]
			continue
		}
		b.WriteString(strings.ReplaceAll(literal, old, by))
		s = rest
	}
	return b.String()
}

// holeIn returns where the first hole of a template begins, or -1.
func holeIn(s string) int {
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '$' {
			continue
		}
		if s[i+1] == '{' {
			return i
		}
		i++ // $$ is a dollar sign
	}
	return -1
}
