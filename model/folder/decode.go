package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/edit"
	"github.com/starling-load/starling/model/problem"
)

// Limits of a model folder. Beyond them reading is refused.
const (
	maxYAML  = 16 << 20  // bytes of model.yaml
	maxFile  = 256 << 20 // bytes of a file in data/
	maxTotal = 1 << 30   // bytes of all files together
	maxFiles = 20_000
)

// files is where a model is read from.
type files interface {
	// read returns the file of that valid name, at most limit bytes. The error
	// is fs.ErrNotExist where there is none.
	read(name string, limit int64) ([]byte, error)
}

// decode reads the model in from. All problems are joined.
func decode(from files) (*model.Model, error) {
	raw, err := from.read(yamlFile, maxYAML)
	if err != nil {
		return nil, err
	}
	return decodeWith(from, raw, func(edit.Edit) bool { return true })
}

// decodeWith reads the model with those of its edits that made names.
func decodeWith(from files, raw []byte, made func(edit.Edit) bool) (*model.Model, error) {
	root, err := parseYAML(raw)
	if err != nil {
		return nil, err
	}
	d := newDecoder(from, root)
	x := node{d, root, nil}
	var edits []edit.Edit
	if !d.first {
		_, d.m.Unfit, _ = x.cut(unfitKey, raw)
		if at, _, ok := x.cut(editsKey, raw); ok {
			for _, x := range at.edits() {
				if made(x) {
					edits = append(edits, x)
				}
			}
		}
		d.m.Overrides = x.override(raw)
	}
	d.model(x)
	d.validate()
	if err := d.found.Err(); err != nil {
		return nil, err
	}
	for _, p := range problem.All(edit.Apply(d.m, edits)) {
		d.locate(p)
	}
	return d.m, d.found.Err()
}

// decodeLearned reads what was learned, without what people changed in it.
func decodeLearned(from files, root *yaml.Node) (*model.Model, error) {
	d := newDecoder(from, root)
	x := node{d, root, nil}
	for _, key := range [...]string{unfitKey, editsKey, overridesKey} {
		x.cut(key, nil)
	}
	d.model(x)
	d.validate()
	return d.m, d.found.Err()
}

func newDecoder(from files, root *yaml.Node) *decoder {
	d := &decoder{from: from, where: map[string]*yaml.Node{}, pinned: map[*yaml.Node]bool{}, tables: map[string]*lines{},
		first: isFirst(root), m: &model.Model{}}
	for _, k := range keysOf(root) {
		d.keys = append(d.keys, k.Line)
	}
	return d
}

// isFirst reports whether root is of version 1 of the format.
func isFirst(root *yaml.Node) bool {
	_, version := lookup(root, "version")
	return version != nil && version.Value == "1"
}

// lookup finds key in a mapping. It returns the nodes of the key and of its value,
// nil if the mapping does not have the key.
func lookup(mapping *yaml.Node, key string) (at, value *yaml.Node) {
	if mapping.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if mapping.Content[i].Value == key {
				return mapping.Content[i], mapping.Content[i+1]
			}
		}
	}
	return nil, nil
}

// parseYAML returns the value of a file of one YAML document.
func parseYAML(raw []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(strings.NewReader(string(raw)))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, &problem.Problem{File: yamlFile, Text: "the file is empty"}
	} else if err != nil {
		return nil, yamlProblem(err)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, &problem.Problem{File: yamlFile, Line: second.Line, Column: second.Column, Text: "a second YAML document begins here: one is expected"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlProblem(err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, &problem.Problem{File: yamlFile, Text: "the file is empty"}
	}
	return doc.Content[0], nil
}

// yamlProblem takes the line out of an error of the YAML library, which reads
// "yaml: line 3: …".
func yamlProblem(err error) *problem.Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	p := &problem.Problem{File: yamlFile}
	if at, rest, ok := strings.Cut(text, ": "); ok && strings.HasPrefix(at, "line ") {
		if line, err := strconv.Atoi(at[len("line "):]); err == nil {
			p.Line, text = line, rest
		}
	}
	p.Text = "not YAML: " + problem.Shorten(text)
	return p
}

// A decoder turns nodes into a model and notes what is wrong.
type decoder struct {
	from   files
	first  bool  // version 1 of the format
	keys   []int // lines of the keys of the file
	m      *model.Model
	found  problem.List
	where  map[string]*yaml.Node // place → its key
	pinned map[*yaml.Node]bool   // values that the overrides give
	tables map[string]*lines     // of sessions and acts, by their key
	thinks map[string][]time.Duration
}

func (d *decoder) model(x node) {
	m := d.m
	version := -1
	weights := map[string]*share{}
	fields := []field{
		{"version", func(x node) { version = x.count() }},
		{"mix", func(x node) {
			x.each(func(name string, _ *yaml.Node, x node) { weights[name] = x.share() })
		}},
		{"behaviors", func(x node) {
			x.each(func(name string, _ *yaml.Node, x node) { m.Behaviors = append(m.Behaviors, x.behavior(name)) })
		}},
		{"endpoints", func(x node) {
			x.each(func(name string, _ *yaml.Node, x node) { m.Endpoints = append(m.Endpoints, x.endpoint(name)) })
		}},
		{"bindings", func(x node) {
			x.each(func(name string, _ *yaml.Node, x node) { m.Bindings = append(m.Bindings, x.binding(name)) })
		}},
		{"data", func(x node) {
			x.each(func(name string, _ *yaml.Node, x node) { m.Data = append(m.Data, x.source(name)) })
		}},
		{"recorded", func(x node) { x.recorded(&m.Recorded) }},
		{"notes", func(x node) { m.Notes = x.texts() }},
	}
	var acts node
	if !d.first {
		fields = append(fields,
			field{"origins", func(x node) {
				x.each(func(name string, _ *yaml.Node, x node) {
					m.Origins = append(m.Origins, model.Origin{Name: name, URL: x.text()})
				})
			}},
			field{"browsers", func(x node) { m.Browsers = x.browsers() }},
			field{"sessions", func(x node) { m.Sessions = x.sessions() }},
			field{"acts", func(x node) { acts = x }},
			field{"elements", func(x node) { m.Elements = x.elements() }},
			field{"unresolved", func(x node) { m.Unresolved = x.unresolved() }},
		)
	}
	x.fields(fields...)
	switch {
	case version < 0:
		x.failf("version is missing: add \"version: %d\"", model.Version)
		m.Version = model.Version
	case d.first:
		m.Version = model.Version
	default:
		m.Version = version
	}
	if acts.d != nil {
		acts.acts(m.Sessions)
	}
	d.mix(x, weights)
}

// problemAt returns the place below x.
func problemAt(x node, path ...string) []string { return slices.Concat(x.path, path) }

// problemIn is a problem in a line of a file.
func problemIn(file string, line int, format string, args ...any) *problem.Problem {
	return &problem.Problem{File: file, Line: line, Text: fmt.Sprintf(format, args...)}
}

// fail notes a problem at a place, with the line of the nearest known key.
func (d *decoder) fail(path []string, format string, args ...any) {
	d.locate(&problem.Problem{Place: path, Text: fmt.Sprintf(format, args...)})
}

func (d *decoder) locate(p *problem.Problem) {
	if len(p.Place) > 1 && d.tables[p.Place[0]] != nil {
		table := d.tables[p.Place[0]]
		if n, err := strconv.Atoi(p.Place[1]); err == nil && n > 0 && n <= len(table.rows) {
			p.File, p.Line = table.file, table.rows[n-1]
			d.found.Add(p)
			return
		}
	}
	p.File = yamlFile
	if d.first && len(p.Place) > 4 && p.Place[2] == "steps" && p.Place[4] == "next" { // version 1 has no such key
		p.Place = slices.Delete(slices.Clone(p.Place), 4, 5)
	}
	for n := len(p.Place); n > 0; n-- {
		if at, ok := d.where[placeID(p.Place[:n])]; ok {
			p.Line, p.Column = at.Line, at.Column
			break
		}
	}
	d.found.Add(p)
}

// validate adds what Validate finds. It leaves out what follows from places where
// the file could not be understood. If a whole section could not be understood,
// everything may follow from that, and nothing is added.
func (d *decoder) validate() {
	spoiled := slices.Clone(d.found.Found)
	follows := func(p *problem.Problem) bool {
		return slices.ContainsFunc(spoiled, func(s *problem.Problem) bool { return len(s.Place) <= 1 || related(s.Place, p.Place) })
	}
	for _, p := range problem.All(d.m.Validate()) {
		if !follows(p) {
			d.locate(p)
		}
	}
	if d.found.Found != nil {
		slices.SortStableFunc(d.found.Found, func(a, b *problem.Problem) int {
			return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
		})
	}
}

// related reports whether one place lies within the other.
func related(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

// orNil returns s, or nil when it is empty.
func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}
