package model

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/problem"
)

func (v *validator) need(p place, n *Need) {
	switch {
	case n.Endpoint == "" && n.Since == "":
		p.addf("is empty: name an endpoint that must have been visited")
	case n.Endpoint == n.Since:
		p.addf("nobody can have visited %s since the last visit to it", problem.Quote(n.Endpoint))
	default:
		if n.Endpoint != "" {
			p.endpoint(n.Endpoint)
		}
		if n.Since != "" {
			p.endpoint(n.Since)
		}
	}
	if n.Sessions < 0 {
		p.at("sessions").addf("is negative")
	}
}

func (v *validator) check(p place, c *Check) {
	for _, s := range c.Status {
		if (s < 1 || s > 5) && (s < 100 || s > 599) {
			p.at("status").addf("%d is neither a status class, 2xx, 3xx, …, nor a status", s)
		}
	}
	if c.Links < 0 {
		p.at("links").addf("is negative")
	}
	seen := map[string]bool{}
	for _, f := range c.Facts {
		if _, err := content.ParseSelector(f.Selector); err != nil {
			p.at("facts").addf("%v", err)
		} else if seen[f.Selector] {
			p.at("facts").addf("%s is there twice", problem.Quote(f.Selector))
		}
		seen[f.Selector] = true
	}
	for _, r := range c.Redirect {
		if !strings.HasPrefix(r, "/") && !strings.Contains(r, "://") {
			p.at("redirect").addf("%s must begin with \"/\" or be a whole URL", problem.Quote(r))
		}
	}
	for _, list := range [][]string{c.Redirect, c.Content, c.Require, c.Known} {
		for _, s := range list {
			if len(s) > maxFeature {
				p.addf("%s is longer than %d bytes", problem.Quote(s), maxFeature)
			}
		}
	}
	for _, s := range c.Require {
		if s == "" {
			p.at("require").addf("contains an empty feature")
		}
	}
}

// maxFeature is the greatest length in bytes of an entry of a check.
const maxFeature = 10_000

func (v *validator) binding(b *Binding) {
	p := v.at("bindings", b.Name)
	if len(b.Sources) == 0 {
		p.at("from").addf("is empty: name the endpoint whose answer holds the value")
	}
	for _, s := range b.Sources {
		at := p.at("from")
		at.endpoint(s.Endpoint)
		if _, err := content.ParseSelector(s.Selector); err != nil {
			at.at(s.Endpoint).addf("%v", err)
		}
	}
	if b.Pick != "" && b.Pick != "first" && b.Pick != "last" && b.Pick != "any" {
		p.at("pick").addf("%s is not first, last or any", problem.Quote(b.Pick))
	}
	e := p.at("evidence")
	if b.Uses < 0 {
		e.at("uses").addf("is negative")
	}
	for _, share := range []struct {
		key string
		x   float64
	}{{"match", b.Match}, {"shuffled", b.Shuffled}} {
		if !(share.x >= 0 && share.x <= 1) {
			e.at(share.key).addf("%v is not a share from 0 to 1", share.x)
		}
	}
}

func (v *validator) unresolved() {
	for i := range v.m.Unresolved {
		u := &v.m.Unresolved[i]
		p := v.at("unresolved")
		for _, text := range []struct{ key, value string }{{"endpoint", u.Endpoint}, {"place", u.Place}, {"reason", u.Reason}} {
			if text.value == "" {
				p.addf("item %d has no %s", i+1, text.key)
			}
		}
		if u.Requests < 0 {
			p.addf("item %d: requests is negative", i+1)
		}
	}
}

func (v *validator) source(s *Source) {
	p := v.at("data", s.Name)
	if !validSource(s.Name) {
		p.addf("the name of a data file consists of letters, digits, - and _")
	}
	if len(s.Columns) == 0 {
		p.addf("names no columns")
	}
	seen := map[string]bool{}
	for _, c := range s.Columns {
		if why := badName(c); why != "" {
			p.addf("%s cannot be the name of a column: %s", problem.Quote(c), why)
		} else if seen[c] {
			p.addf("column %s is there twice", problem.Quote(c))
		}
		seen[c] = true
	}
	for _, c := range s.Kinds {
		if !slices.Contains(s.Columns, c) {
			p.unknown("column", c, len(s.Columns), func(i int) string { return s.Columns[i] })
		}
	}
	for i, row := range s.Rows {
		if len(row) != len(s.Columns) {
			p.addf("row %d has %d columns, not %d", i+1, len(row), len(s.Columns))
			return
		}
	}
}

// validSource reports whether name can be a file name on every system, and the
// first half of a reference such as accounts.user.
func validSource(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return name != "" && len(name) <= 100
}
