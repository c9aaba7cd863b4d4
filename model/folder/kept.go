package folder

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/edit"
	"github.com/starling-load/starling/model/problem"
)

// Kept is what people wrote in a model folder, for a model that is learned anew.
type Kept struct {
	overrides, edits, unfit string
	root                    *yaml.Node   // what was learned
	learned                 *model.Model // the same; nil: it cannot be read
}

// ReadKept returns what people wrote in the model folder dir: nothing if the folder does
// not exist. What was learned need not be valid.
func ReadKept(dir string) (*Kept, error) {
	k := &Kept{}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the edits of %s: %w", dir, err)
	}
	defer root.Close()
	from := &folder{root: root, left: maxTotal}
	raw, err := from.read(yamlFile, maxYAML)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = k.read(from, raw)
	}
	if err != nil {
		return nil, fmt.Errorf("read the edits of %s: %w", dir, err)
	}
	return k, nil
}

func (k *Kept) read(from files, raw []byte) error {
	y, err := parseYAML(raw)
	if err != nil {
		return err
	}
	d := newDecoder(from, y)
	x := node{d, y, nil}
	_, k.unfit, _ = x.cut(unfitKey, raw)
	if at, text, ok := x.cut(editsKey, raw); ok {
		at.edits()
		k.edits = text
	}
	if at, text, ok := x.cut(overridesKey, raw); ok && at.is(yaml.MappingNode, "keys of the model with other values") {
		k.overrides = text
	}
	if err := d.found.Err(); err != nil {
		return err
	}
	if !k.Any() {
		return nil
	}
	k.root = y
	if m, err := decodeLearned(from, y); err == nil {
		k.learned = m
		// What did not fit before is a mistake. What a person refuses need not fit yet.
		_, err = decodeWith(from, raw, func(x edit.Edit) bool { _, refuses := x.(edit.Refuse); return !refuses })
		if err != nil {
			return fmt.Errorf("%w; mend it, or remove the folder", err)
		}
	}
	return nil
}

// Any reports whether people wrote anything.
func (k *Kept) Any() bool { return k.overrides+k.edits+k.unfit != "" }

// Learned returns what was learned, without what people wrote. It is nil if they wrote
// nothing, or if it cannot be read.
func (k *Kept) Learned() *model.Model { return k.learned }

// Edits returns the edits, each on one line.
func (k *Kept) Edits() []string {
	var lines []string
	if list := sectionOf(editsKey, k.edits); list != nil {
		for _, item := range list.Content {
			lines = append(lines, oneLineOf(item))
		}
	}
	if patch := sectionOf(overridesKey, k.overrides); patch != nil {
		lines = append(lines, entries(patch, nil)...)
	}
	return lines
}

// entries lists the values of a merge patch, each with its path.
func entries(y *yaml.Node, path []string) []string {
	if y.Kind != yaml.MappingNode || len(y.Content) == 0 {
		return []string{strings.Join(append(path, oneLineOf(y)), ": ")}
	}
	var lines []string
	for i := 0; i+1 < len(y.Content); i += 2 {
		lines = append(lines, entries(y.Content[i+1], append(path[:len(path):len(path)], y.Content[i].Value))...)
	}
	return lines
}

// oneLineOf writes a value on one line, without its comments.
func oneLineOf(y *yaml.Node) string {
	var b bytes.Buffer
	writeJSON(&b, y)
	return b.String()
}

// Refused returns the bindings that edits refuse.
func (k *Kept) Refused() []string {
	var names []string
	for _, section := range []*yaml.Node{sectionOf(editsKey, k.edits), k.unfitList()} {
		if section == nil {
			continue
		}
		d := newDecoder(nil, section)
		for _, x := range (node{d, section, nil}).edits() {
			if r, ok := x.(edit.Refuse); ok {
				names = append(names, r.Binding)
			}
		}
	}
	return names
}

// unfitList returns the edits that did not fit, nil if there are none.
func (k *Kept) unfitList() *yaml.Node {
	if unfit := sectionOf(unfitKey, k.unfit); unfit != nil {
		_, list := lookup(unfit, editsKey)
		return list
	}
	return nil
}

// Onto gives m, which was learned anew, what people wrote. It returns what does not fit
// it, a line for each with the reason. That is kept in m as well, and tried again the next
// time.
func (k *Kept) Onto(m *model.Model) (unfit []string, err error) {
	if !k.Any() {
		return nil, nil
	}
	k.lend(m)
	f := &fitting{m: m, overrides: sectionOf(overridesKey, k.overrides), edits: sectionOf(editsKey, k.edits),
		cut: mappingNode(), out: &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}}
	if old := sectionOf(unfitKey, k.unfit); old != nil {
		f.retry(old)
	}
	if f.overrides != nil && k.root != nil {
		f.dropGone(k.root)
	}
	if err := f.fit(k); err != nil {
		return nil, err
	}
	return f.reasons, nil
}

// lend gives m the data files of the old model that what people wrote names.
func (k *Kept) lend(m *model.Model) {
	if k.learned == nil {
		return
	}
	have := map[string]bool{}
	for _, s := range m.Data {
		have[s.Name] = true
	}
	for _, s := range k.learned.Data {
		if text := k.overrides + k.edits + k.unfit; !have[s.Name] && (strings.Contains(text, s.Name+".") || strings.Contains(text, s.Name+":")) {
			m.Data = append(m.Data, s)
		}
	}
}

// A fitting makes what people wrote fit a model.
type fitting struct {
	m                *model.Model
	overrides, edits *yaml.Node // nil: none
	cut, out         *yaml.Node // of both, what does not fit
	changed          bool       // what is kept is not what was written
	reasons          []string
}

func mappingNode() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

// retry adds what did not fit the last time.
func (f *fitting) retry(old *yaml.Node) {
	f.changed = true
	if _, patch := lookup(old, overridesKey); patch != nil && patch.Kind == yaml.MappingNode {
		if f.overrides == nil {
			f.overrides = mappingNode()
		}
		under(f.overrides, patch)
	}
	if _, list := lookup(old, editsKey); list != nil && list.Kind == yaml.SequenceNode {
		if f.edits == nil {
			f.edits = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		}
		f.edits.Content = append(f.edits.Content, list.Content...)
	}
}

// under adds the keys of a mapping that another one lacks.
func under(to, from *yaml.Node) {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		if _, had := lookup(to, key.Value); had == nil {
			to.Content = append(to.Content, key, value)
		} else if had.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode {
			under(had, value)
		}
	}
}

// parts are the keys whose values are named parts of a model: an override of a part that
// is not there any more has nothing to override.
var parts = [...]string{"mix", "behaviors", "steps", "next", "start", "endpoints", "variants", "outcomes", "values", "bindings", "browsers", "origins", "data"}

// dropGone takes out the overrides of what was learned before and was not learned now.
func (f *fitting) dropGone(before *yaml.Node) {
	now, err := parseYAML(filesOf(f.m)[0].data)
	if err != nil {
		return
	}
	var walk func(patch, was, now *yaml.Node, path []string)
	walk = func(patch, was, is *yaml.Node, path []string) {
		for _, key := range keysOf(patch) {
			_, value := lookup(patch, key.Value)
			_, had := lookup(was, key.Value)
			_, has := lookup(is, key.Value)
			at := append(path[:len(path):len(path)], key.Value)
			switch {
			case had != nil && has == nil && len(path) > 0 && slices.Contains(parts[:], path[len(path)-1]):
				f.take(at, "there is no such part any more")
			case had != nil && has != nil && value.Kind == yaml.MappingNode:
				walk(value, had, has, at)
			}
		}
	}
	walk(f.overrides, before, now, nil)
}

// take moves an override to what does not fit.
func (f *fitting) take(path []string, why string) {
	from, to := f.overrides, f.cut
	for _, key := range path[:len(path)-1] {
		k, next := lookup(from, key)
		_, there := lookup(to, key)
		if there == nil {
			there = mappingNode()
			to.Content = append(to.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: k.Tag, Value: k.Value, Style: k.Style}, there)
		}
		from, to = next, there
	}
	last := path[len(path)-1]
	k, value := lookup(from, last)
	i := slices.Index(from.Content, k)
	to.Content = append(to.Content, k, value)
	from.Content = slices.Delete(slices.Clone(from.Content), i, i+2)
	f.changed = true
	f.reasons = append(f.reasons, fmt.Sprintf("overrides: %s: %s: %s", strings.Join(path, ": "), oneLineOf(value), why))
	prune(f.overrides, path[:len(path)-1])
}

// prune removes the mappings on a path of which nothing is left.
func prune(y *yaml.Node, path []string) {
	if len(path) == 0 {
		return
	}
	k, next := lookup(y, path[0])
	if prune(next, path[1:]); len(next.Content) == 0 {
		i := slices.Index(y.Content, k)
		y.Content = slices.Delete(slices.Clone(y.Content), i, i+2)
	}
}

// fit reads the model with what people wrote until nothing is wrong. What makes it wrong
// is taken out.
func (f *fitting) fit(k *Kept) error {
	for range problem.Most {
		f.write(k)
		_, err := decode(newBundle(filesOf(f.m)))
		if err == nil {
			return nil
		}
		if !f.blame(problem.All(err)) {
			return fmt.Errorf("what people wrote in the model does not fit what was learned: %w", err)
		}
	}
	return errors.New("what people wrote in the model does not fit what was learned")
}

// blame takes out the overrides and edits that problems are about. It reports whether it
// found any.
func (f *fitting) blame(problems []*problem.Problem) bool {
	found := false
	for n := len(problems) - 1; n >= 0; n-- { // from the last edit on, so that numbers stay
		p := problems[n]
		var number int
		if len(p.Place) == 2 && p.Place[0] == editsKey && f.edits != nil {
			if _, err := fmt.Sscan(p.Place[1], &number); err == nil && number >= 1 && number <= len(f.edits.Content) {
				item := f.edits.Content[number-1]
				f.reasons = append(f.reasons, "edits: "+oneLineOf(item)+": "+p.Text)
				f.out.Content = append(f.out.Content, item)
				f.edits.Content = slices.Delete(slices.Clone(f.edits.Content), number-1, number)
				f.changed, found = true, true
			}
			continue
		}
		if path := f.overriding(p.Place); path != nil {
			f.take(path, p.Text)
			found = true
		}
	}
	return found
}

// overriding returns the path of the override that made what is at a place, nil if none
// did.
func (f *fitting) overriding(place []string) []string {
	at := f.overrides
	if at == nil {
		return nil
	}
	for i, key := range place {
		_, value := lookup(at, key)
		if value == nil {
			return nil
		}
		if value.Kind != yaml.MappingNode || i == len(place)-1 {
			return place[:i+1]
		}
		at = value
	}
	return nil
}

// write puts what is left into the model: as it was written, unless something changed.
func (f *fitting) write(k *Kept) {
	if !f.changed {
		f.m.Edits, f.m.Overrides = k.edits, k.overrides
		return
	}
	f.m.Edits, f.m.Overrides = sectionText(editsKey, f.edits, nil), sectionText(overridesKey, f.overrides, nil)
	unfit := mappingNode()
	if len(f.cut.Content) > 0 {
		put(unfit, overridesKey, f.cut)
	}
	if len(f.out.Content) > 0 {
		put(unfit, editsKey, f.out)
	}
	f.m.Unfit = sectionText(unfitKey, unfit, f.reasons)
}

// sectionText writes a section with its comments, and with more above it.
func sectionText(key string, value *yaml.Node, above []string) string {
	if value == nil || len(value.Content) == 0 {
		return ""
	}
	root := mappingNode()
	put(root, key, value)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		panic("folder: nodes that are no YAML: " + err.Error()) // they were read
	}
	text := b.String()
	for _, line := range slices.Backward(above) {
		first, rest, _ := strings.Cut(text, "\n")
		text = first + "\n  # " + problem.Visible(line) + "\n" + rest
	}
	return text
}
