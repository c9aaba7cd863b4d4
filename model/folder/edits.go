package folder

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/edit"
	"github.com/starling-load/starling/model/problem"
)

// Sections of model.yaml that people write. They are kept as they are written.
const (
	editsKey = "edits" // changes that are made in the rest, one after another
	unfitKey = "unfit" // of overrides and edits, those that did not fit what was learned
)

// cut takes a section out of x, the whole file. It returns its value, and the section as
// it was written. ok is false if there is none.
func (x node) cut(key string, raw []byte) (at node, text string, ok bool) {
	k, value := lookup(x.y, key)
	if k == nil {
		return node{}, "", false
	}
	i, end := slices.Index(x.y.Content, k), 0
	for _, line := range x.d.keys {
		if line > k.Line && (end == 0 || line < end) {
			end = line
		}
	}
	x.y.Content = slices.Delete(slices.Clone(x.y.Content), i, i+2)
	if at = x.child(key, k, value); at.null() {
		return at, "", false
	}
	if k.Column != 1 {
		x.failAt(k, "%s must begin a line of its own", key)
		return at, "", false
	}
	if raw != nil {
		text = section(raw, k.Line, end)
	}
	return at, text, true
}

// edits reads the list of edits. The place of each is its number.
func (x node) edits() []edit.Edit {
	var list []edit.Edit
	x.items(func(item node) {
		n := strconv.Itoa(len(list) + 1)
		list = append(list, x.child(n, item.y, item.y).edit())
	})
	return list
}

// The keys of edits, each with the others that go with it.
var editKeys = [...]struct {
	key  string
	with []string
	read func(editNode) edit.Edit
}{
	{"pace", []string{"at", "of"}, editNode.pace},
	{"think", []string{"at", "of"}, editNode.pin},
	{"skip", []string{"of"}, editNode.skip},
	{"repeat", []string{"times", "think", "of"}, editNode.repeat},
	{"step", []string{"request", "after", "before", "at", "share", "think", "of"}, editNode.step},
	{"headers", []string{"at"}, editNode.headers},
	{"check", []string{"at"}, editNode.check},
	{"values", []string{"at"}, editNode.values},
	{"refuse", nil, editNode.refuse},
	{"merge", []string{"into"}, editNode.merge},
	{"rename", []string{"to"}, editNode.rename},
}

// An editNode is an edit with its keys.
type editNode struct {
	node
	keys map[string]node
}

// edit reads one edit. The key that says what it does comes before the others in
// editKeys; of two, such as repeat and think, the one that goes with the other does not
// count.
func (x node) edit() edit.Edit {
	e := editNode{x, map[string]node{}}
	var known []string
	x.each(func(key string, _ *yaml.Node, value node) { e.keys[key] = value })
	for _, k := range editKeys {
		known = append(known, k.key)
		if _, ok := e.keys[k.key]; !ok || k.key == "think" && (e.has("repeat") || e.has("step")) {
			continue
		}
		for key, value := range e.keys {
			if key != k.key && !slices.Contains(k.with, key) {
				value.failf("does not go with %s: known there: %s", k.key, strings.Join(k.with, ", "))
			}
		}
		return k.read(e)
	}
	x.failf("an edit has one of the keys %s", strings.Join(known, ", "))
	return edit.Types{}
}

func (e editNode) has(key string) bool { _, ok := e.keys[key]; return ok }

// names reads one name, or a list of them.
func (e editNode) names(key string) []string {
	x, ok := e.keys[key]
	if !ok {
		return nil
	}
	var list []string
	if x.y.Kind == yaml.ScalarNode {
		list = []string{x.text()}
	} else {
		list = x.texts()
	}
	if len(list) == 0 || slices.Contains(list, "") {
		x.failf("name at least one")
	}
	return list
}

func (e editNode) text(key string) string {
	if x, ok := e.keys[key]; ok {
		return x.text()
	}
	return ""
}

// time reads a fixed time from 0 on.
func (e editNode) time(key string) time.Duration {
	x, ok := e.keys[key]
	if !ok {
		return 0
	}
	d := x.duration()
	if d < 0 || d > model.MaxThink {
		x.failf("%s is not from 0 to %v", problem.Quote(x.y.Value), model.MaxThink)
	}
	return d
}

// need notes a problem if the edit lacks a key.
func (e editNode) need(key, why string) {
	if !e.has(key) {
		e.failf("%s is missing: %s", key, why)
	}
}

func (e editNode) pace() edit.Edit {
	factor := e.keys["pace"].number()
	if !(factor > 0 && factor <= 1000) {
		e.keys["pace"].failf("%v is no factor above 0 and at most 1000", factor)
	}
	return edit.Pace{Endpoints: e.names("at"), Types: e.names("of"), Factor: factor}
}

func (e editNode) pin() edit.Edit {
	return edit.Pace{Endpoints: e.names("at"), Types: e.names("of"), Pin: e.time("think")}
}

func (e editNode) skip() edit.Edit {
	return edit.Skip{Endpoints: e.names("skip"), Types: e.names("of")}
}

func (e editNode) repeat() edit.Edit {
	e.need("times", "how often is the request made?")
	r := edit.Repeat{Endpoints: e.names("repeat"), Types: e.names("of"), Think: e.time("think")}
	if x, ok := e.keys["times"]; ok {
		r.Times = x.count()
	}
	return r
}

func (e editNode) step() edit.Edit {
	s := edit.Step{ID: e.text("step"), Endpoint: e.text("request"), After: e.text("after"), Before: e.text("before"), Share: 1, Think: e.time("think"), Types: e.names("of")}
	if s.Endpoint == "" {
		s.Endpoint = s.ID
	}
	if x, ok := e.keys["share"]; ok {
		s.Share = x.number()
	}
	places := 0
	for _, key := range [...]string{"after", "before", "at"} {
		if e.has(key) {
			places++
		}
	}
	if places != 1 {
		e.failf("one of after, before and at says where the step is made")
	}
	if x, ok := e.keys["at"]; ok {
		s.First, s.Last = x.text() == "start", x.text() == "end"
		if !s.First && !s.Last {
			x.failf("%s is neither start nor end", problem.Quote(x.text()))
		}
	}
	return s
}

func (e editNode) headers() edit.Edit {
	h := edit.Headers{Endpoints: e.names("at")}
	e.keys["headers"].each(func(name string, _ *yaml.Node, value node) {
		if value.null() {
			h.Drop = append(h.Drop, name)
		} else {
			h.Set = append(h.Set, model.Header{Name: name, Value: value.text()})
		}
	})
	return h
}

func (e editNode) check() edit.Edit {
	e.need("at", "of which answers?")
	c := edit.Check{Endpoints: e.names("at")}
	e.keys["check"].check(&c.Want, field{"drop", func(x node) { c.Drop = x.texts() }})
	return c
}

func (e editNode) values() edit.Edit {
	e.need("at", "of which requests?")
	v := edit.Values{Endpoints: e.names("at")}
	e.keys["values"].each(func(name string, _ *yaml.Node, x node) {
		one := edit.Value{}
		rest := x
		if k, text := lookup(x.y, "text"); k != nil {
			one.Text = node{x.d, text, x.path}.text()
			i := slices.Index(x.y.Content, k)
			y := *x.y
			y.Content = slices.Delete(slices.Clone(y.Content), i, i+2)
			rest.y = &y
		}
		one.Value = rest.value(name)
		v.Set = append(v.Set, one)
	})
	return v
}

func (e editNode) refuse() edit.Edit { return edit.Refuse{Binding: e.text("refuse")} }

func (e editNode) merge() edit.Edit {
	e.need("into", "what is the type called then?")
	return edit.Types{Of: e.names("merge"), Into: e.text("into")}
}

func (e editNode) rename() edit.Edit {
	e.need("to", "what is the type called then?")
	return edit.Types{Of: e.names("rename"), Into: e.text("to")}
}
