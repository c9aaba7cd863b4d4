package way

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// onto lets acts of a session that send what their user had been given before the recording,
// such as the token of a form, send what the entry is given. They become acts of a variant
// with the same requests, in which those values are issued. Where the entry does not show the
// page that issues them, it gets such a page.
func (l *lender) onto(s *model.Session) {
	for k := range s.Acts {
		a := &s.Acts[k]
		if v := l.variants[[2]string{a.Endpoint, a.Variant}]; v == nil || a.Row == 0 || len(a.Takes) > 0 {
			continue
		}
		for i := range l.endpoints[a.Endpoint].Variants {
			to := &l.endpoints[a.Endpoint].Variants[i]
			if to.Name != a.Variant && (l.whole(s, a, to) || l.partly(s, a, to)) {
				break
			}
		}
	}
}

// whole makes an act one of a variant of which the entry issues all values that are bound.
func (l *lender) whole(s *model.Session, a *model.Act, to *model.Variant) bool {
	v := l.variants[[2]string{a.Endpoint, a.Variant}]
	names, same := sameRequest(&v.Request, &to.Request)
	if !same {
		return false
	}
	row, issued := []string{}, 0
	for _, x := range to.Values {
		switch {
		case x.Kind == model.Row && names[x.Name] != "" && recorded(v, a, names[x.Name]) != nil:
			row = append(row, *recorded(v, a, names[x.Name]))
		case x.Kind != model.Bound || x.Own || !l.issuedBy(s.Entry, x.Ref):
			return false
		default:
			issued++
		}
	}
	if issued == 0 {
		return false
	}
	a.Variant, a.Row = to.Name, 0
	if len(row) > 0 {
		to.Rows = append(to.Rows, row)
		a.Row = len(to.Rows)
	}
	return true
}

// partly makes an act one of a new variant, in which the tokens that another variant has
// from answers are issued, and all else is recorded.
func (l *lender) partly(s *model.Session, a *model.Act, to *model.Variant) bool {
	v := l.variants[[2]string{a.Endpoint, a.Variant}]
	names, same := sameRequest(&v.Request, &to.Request)
	if !same {
		return false
	}
	out, name := *v, a.Variant+" let in as "+to.Name
	out.Name, out.Recorded, out.Values, out.Rows = name, 0, slices.Clone(v.Values), nil
	var pages []model.Act
	issued := map[string]bool{}
	for _, x := range to.Values {
		value := recorded(v, a, names[x.Name])
		if x.Kind != model.Bound || value == nil || !content.Opaque(*value) {
			continue
		}
		if !l.issuedBy(s.Entry, x.Ref) && !l.issuedBy(pages, x.Ref) {
			page := l.page(x.Ref, v.Rows[a.Row-1])
			if page == nil {
				return false
			}
			pages = append(pages, *page)
		}
		i := slices.IndexFunc(out.Values, func(o model.Value) bool { return o.Name == names[x.Name] })
		out.Values[i].Kind, out.Values[i].Ref = model.Bound, x.Ref
		issued[names[x.Name]] = true
	}
	if len(issued) == 0 {
		return false
	}
	row := []string{}
	for _, column := range v.RowColumns() {
		if !issued[column] {
			row = append(row, *recorded(v, a, column))
		}
	}
	for _, page := range pages {
		if page.After = nil; len(s.Entry) > 0 {
			page.After = []int{len(s.Entry) - 1}
		}
		s.Entry = append(s.Entry, page)
	}
	l.add(a, &out, row)
	return true
}

// add makes an act one of a variant with a row, which its endpoint has from now on.
func (l *lender) add(a *model.Act, v *model.Variant, row []string) {
	e := l.endpoints[a.Endpoint]
	at := slices.IndexFunc(e.Variants, func(o model.Variant) bool { return o.Name == v.Name })
	if at < 0 {
		at = len(e.Variants)
		e.Variants = append(slices.Clip(e.Variants), *v)
		for i := range e.Variants {
			l.variants[[2]string{e.Name, e.Variants[i].Name}] = &e.Variants[i]
		}
	}
	to := &e.Variants[at]
	a.Variant, a.Row, a.Takes = v.Name, 0, nil
	if len(row) > 0 {
		to.Rows = append(to.Rows, row)
		a.Row = len(to.Rows)
	}
}

// recorded returns what an act sent as a value of its variant, nil if that is no recorded one.
func recorded(v *model.Variant, a *model.Act, name string) *string {
	if i := slices.Index(v.RowColumns(), name); i >= 0 {
		return &v.Rows[a.Row-1][i]
	}
	return nil
}

// issuedBy reports whether answers to acts issue a binding.
func (l *lender) issuedBy(acts []model.Act, binding string) bool {
	b := l.bindings[binding]
	return b != nil && slices.ContainsFunc(acts, func(a model.Act) bool {
		return slices.ContainsFunc(b.Sources, func(s model.Select) bool { return s.Endpoint == a.Endpoint })
	})
}

// page returns an act that needs nothing of others and whose answer issues a binding: one
// that sends some of what stands in a row, or else the first.
func (l *lender) page(binding string, row []string) (found *model.Act) {
	for i := range l.m.Sessions {
		for k := range l.m.Sessions[i].Acts {
			a := l.m.Sessions[i].Acts[k]
			v := l.variants[[2]string{a.Endpoint, a.Variant}]
			if v == nil || v.Request.Method != "GET" || a.Status != 200 || !l.issuedBy([]model.Act{a}, binding) ||
				slices.ContainsFunc(a.Takes, func(t model.Take) bool { return t.Act != model.Own }) || len(a.Takes) < len(v.Takers()) {
				continue
			}
			about := a.Row > 0 && slices.ContainsFunc(v.Rows[a.Row-1], func(x string) bool { return x != "" && slices.Contains(row, x) })
			if found == nil || about {
				a.Delay, a.Step, a.Poll, a.Echoes, a.Strand = 0, "", 0, nil, ""
				found = &a
			}
			if about {
				return found
			}
		}
	}
	return found
}

var hole = regexp.MustCompile(`\$\{([^}]+)\}`)

// sameRequest reports whether two requests have the same texts, with holes in the same
// places, and returns the names of those of a by those of b. b may change a live form in place
// of sending one of its own.
func sameRequest(a, b *model.Request) (names map[string]string, same bool) {
	if a.Changes != "" && a.Changes != b.Changes || len(a.Headers) != len(b.Headers) {
		return nil, false
	}
	parts := [][2]string{{a.Method, b.Method}, {a.Target, b.Target}, {a.Body, b.Body}}
	for i := range a.Headers {
		parts = append(parts, [2]string{fmt.Sprint(a.Headers[i]), fmt.Sprint(b.Headers[i])})
	}
	names = map[string]string{}
	for _, p := range parts {
		if hole.ReplaceAllString(p[0], "${}") != hole.ReplaceAllString(p[1], "${}") {
			return nil, false
		}
		of := hole.FindAllStringSubmatch(p[1], -1)
		for i, x := range hole.FindAllStringSubmatch(p[0], -1) {
			names[of[i][1]] = x[1]
		}
	}
	return names, !strings.Contains(a.Body, "$$")
}
