package form

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/lines"
	"github.com/starling-load/starling/model/content/prose"
)

// Names of changes that are no plain value. A change is an entry too: a name of the
// form with the values that the user gave it, or one of these with a name behind it.
const (
	With    = "~with."    // the box or option with this value is chosen, whatever the others are
	Without = "~without." // it is not chosen; an empty value: the whole name is not sent
	After   = "~after."   // this text is added behind the one that is shown
	Before  = "~before."  // this text is added before it
	Find    = "~find."    // these lines of the shown text are replaced …
	Put     = "~put."     // … by these
	Lines   = "~lines."   // lines of the shown text change in several places, as package lines seals them
	Set     = "~set."     // the value, for names that begin with "~"
)

// operations are the names of changes that are no plain value.
var operations = [...]string{With, Without, After, Before, Find, Put, Lines, Set}

// cut splits the name of a change into operation and name of the field.
func cut(name string) (operation, field string) {
	if strings.HasPrefix(name, "~") {
		for _, op := range operations {
			if field, ok := strings.CutPrefix(name, op); ok {
				return op, field
			}
		}
	}
	return "", name
}

// Field returns the name of the field that a change concerns.
func Field(change string) string {
	_, field := cut(change)
	return field
}

// Plain reports whether an entry of changes gives a field its value as it stands.
func Plain(change string) bool {
	op, _ := cut(change)
	return op == "" || op == Set
}

// A group is the values of one name.
type group struct {
	name   string
	values []string
}

// groups collects entries by name, in the order of the first of each.
func groups(entries []Entry) []group {
	var out []group
	at := make(map[string]int, len(entries))
	for _, e := range entries {
		i, ok := at[e.Name]
		if !ok {
			i = len(out)
			at[e.Name] = i
			out = append(out, group{name: e.Name})
		}
		out[i].values = append(out[i].values, e.Value)
	}
	return out
}

// Changes returns what the user, or a script of the page, did to f before it was
// sent with these entries: nothing for a field that was sent as it was shown. A text
// of which a part was changed yields that part alone.
func (f *Form) Changes(sent []Entry) []Entry {
	shown := groups(f.Entries())
	index := make(map[string][]string, len(shown))
	for _, g := range shown {
		index[g.name] = g.values
	}
	var out []Entry
	got := make(map[string]bool, len(sent))
	for _, g := range groups(sent) {
		got[g.name] = true
		out = append(out, f.changed(g, index[g.name])...)
	}
	for _, g := range shown {
		if !got[g.name] {
			out = append(out, Entry{Without + g.name, ""})
		}
	}
	return out
}

// changed returns the changes of one name.
func (f *Form) changed(g group, shown []string) []Entry {
	if slices.EqualFunc(g.values, shown, func(a, b string) bool { return a == b || LineEnds(a) == b }) {
		return nil
	}
	if f.boxes(g.name) {
		return chosen(g, shown)
	}
	if len(g.values) == 1 && len(shown) == 1 {
		if changes, ok := TextChanges(g.name, shown[0], LineEnds(g.values[0])); ok {
			return changes
		}
	}
	out := make([]Entry, 0, len(g.values))
	name := g.name
	if strings.HasPrefix(name, "~") {
		name = Set + name
	}
	for _, v := range g.values {
		out = append(out, Entry{name, v})
	}
	return out
}

// TextChanges returns what a user did to the text of a field before it was sent: nothing if
// it is as it was shown. ok is false if that is not told by a part of the text.
func TextChanges(name, shown, sent string) (changes []Entry, ok bool) {
	if shown == sent {
		return nil, true
	}
	if c, ok := prose.Between(shown, sent); ok {
		return partial(name, c), true
	}
	if ops, _, ok := lines.Between(shown, sent); ok {
		if sealed, err := lines.Seal(ops); err == nil {
			return []Entry{{Lines + name, string(sealed)}}, true
		}
	}
	return nil, false
}

// partial writes the change of a text.
func partial(name string, c prose.Change) []Entry {
	switch c.Kind {
	case prose.After:
		return []Entry{{After + name, c.Text}}
	case prose.Before:
		return []Entry{{Before + name, c.Text}}
	}
	return []Entry{{Find + name, c.Find}, {Put + name, c.Text}}
}

// boxes reports whether the values of a name are chosen one by one.
func (f *Form) boxes(name string) bool {
	return slices.ContainsFunc(f.Controls, func(c Control) bool {
		return c.Name == name && (c.Kind == "checkbox" || c.Kind == "select" && c.Multiple)
	})
}

// chosen returns which boxes of one name were checked and unchecked.
func chosen(g group, shown []string) []Entry {
	var out []Entry
	for _, v := range g.values {
		if !slices.Contains(shown, v) {
			out = append(out, Entry{With + g.name, v})
		}
	}
	for _, v := range shown {
		if v != "" && !slices.Contains(g.values, v) {
			out = append(out, Entry{Without + g.name, v})
		}
	}
	return out
}

// Apply returns what a form that shows these entries sends after the changes. Fields
// keep their place. What the form did not show, such as the button that was pressed,
// comes before the next of the changes that it showed, or last. The error is lines.ErrGone
// where a text that was changed in several places has no place for the changes.
func Apply(shown, changes []Entry) ([]Entry, error) {
	byName := make(map[string][]Entry, len(changes))
	for _, c := range changes {
		_, name := cut(c.Name)
		byName[name] = append(byName[name], c)
	}
	left := make(map[string]int) // entries of each name that are still to come
	values := make(map[string][]string)
	for _, e := range shown {
		left[e.Name]++
		values[e.Name] = append(values[e.Name], e.Value)
	}
	for name, list := range byName {
		var err error
		if values[name], err = apply(values[name], list); err != nil {
			return nil, err
		}
	}
	before := unshown(changes, values, left)
	var out []Entry
	take := func(name string, n int) {
		for _, v := range values[name][:n] {
			out = append(out, Entry{name, v})
		}
		values[name] = values[name][n:]
	}
	for _, e := range shown {
		for _, name := range before[e.Name] {
			take(name, len(values[name]))
		}
		n := min(1, len(values[e.Name]))
		if left[e.Name]--; left[e.Name] == 0 {
			n = len(values[e.Name])
		}
		take(e.Name, n)
	}
	for _, c := range changes {
		_, name := cut(c.Name)
		take(name, len(values[name]))
	}
	return out, nil
}

// Overwrites reports whether changes put a value in place of a text of several lines that
// the form shows, and keep nothing of it.
func Overwrites(shown, changes []Entry) bool {
	return slices.ContainsFunc(changes, func(c Entry) bool {
		return Plain(c.Name) && slices.ContainsFunc(shown, func(e Entry) bool {
			return e.Name == Field(c.Name) && e.Value != c.Value && strings.Contains(strings.TrimSpace(e.Value), "\n")
		})
	})
}

// unshown returns, by the name of a change that the form shows, the names that it does
// not show and that stand before it in the changes.
func unshown(changes []Entry, values map[string][]string, shown map[string]int) map[string][]string {
	before := map[string][]string{}
	var names []string
	for _, c := range changes {
		_, name := cut(c.Name)
		switch {
		case shown[name] == 0:
			names = append(names, name)
		case len(values[name]) > 0 && len(names) > 0:
			before[name] = append(before[name], names...)
			names = nil
		}
	}
	return before
}

// apply returns the values of one name after its changes.
func apply(values []string, changes []Entry) ([]string, error) {
	out := slices.Clone(values)
	set := false
	for i, c := range changes {
		op, _ := cut(c.Name)
		switch op {
		case "", Set:
			if !set {
				out, set = nil, true
			}
			out = append(out, c.Value)
		case With:
			if !slices.Contains(out, c.Value) {
				out = append(out, c.Value)
			}
		case Without:
			out = slices.DeleteFunc(out, func(v string) bool { return c.Value == "" || v == c.Value })
		case Find:
			if i+1 < len(changes) {
				out = first(out, prose.Change{Kind: prose.Replaced, Find: c.Value, Text: changes[i+1].Value})
			}
		case After:
			out = first(out, prose.Change{Kind: prose.After, Text: c.Value})
		case Before:
			out = first(out, prose.Change{Kind: prose.Before, Text: c.Value})
		case Lines:
			if len(out) == 0 {
				return nil, lines.ErrGone
			}
			text, err := lines.Open([]byte(c.Value), []byte(out[0]))
			if err != nil {
				return nil, err
			}
			out[0] = string(text)
		}
	}
	return out, nil
}

// first changes the first of values, an empty one if there is none.
func first(values []string, c prose.Change) []string {
	if len(values) == 0 {
		values = []string{""}
	}
	values[0] = c.Apply(values[0])
	return values
}
