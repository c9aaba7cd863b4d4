package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
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
	root, err := parseYAML(raw)
	if err != nil {
		return nil, err
	}
	d := newDecoder(from, root)
	x := node{d, root, nil}
	if !d.first {
		d.m.Overrides = x.override(raw)
	}
	d.model(x)
	d.validate()
	if err := d.found.Err(); err != nil {
		return nil, err
	}
	return d.m, nil
}

func newDecoder(from files, root *yaml.Node) *decoder {
	return &decoder{from: from, where: map[string]*yaml.Node{}, pinned: map[*yaml.Node]bool{}, tables: map[string]*lines{},
		first: isFirst(root), m: &model.Model{}}
}

// isFirst reports whether root is of version 1 of the format.
func isFirst(root *yaml.Node) bool {
	_, version := lookup(root, "version")
	return version != nil && version.Value == "1"
}

// lookup returns the key and the value of a mapping, nil where there is none.
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

// A decoder makes a model of nodes and notes what is wrong.
type decoder struct {
	from   files
	first  bool // version 1 of the format
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

// mix gives behaviors their weights, equal ones when the file names none.
func (d *decoder) mix(x node, weights map[string]*share) {
	behaviors := d.m.Behaviors
	names := make([]string, len(behaviors))
	shares := make([]*share, len(behaviors))
	for i := range behaviors {
		names[i] = behaviors[i].Name
		shares[i] = weights[names[i]]
		if shares[i] == nil {
			if shares[i] = (&share{}); len(weights) > 0 {
				d.fail(problemAt(x, "mix"), "behavior %s has no weight", problem.Quote(names[i]))
			}
		}
	}
	fill(shares)
	for i := range behaviors {
		behaviors[i].Weight = shares[i].x
	}
	for name := range weights {
		if !slices.Contains(names, name) {
			d.fail(problemAt(x, "mix", name), "there is no behavior of this name%s", problem.Suggest(name, names))
		}
	}
}

// browsers reads the browsers, with equal weights where the file names none.
func (x node) browsers() []model.Browser {
	var browsers []model.Browser
	var shares []*share
	x.each(func(name string, _ *yaml.Node, x node) {
		b, weight := model.Browser{Name: name}, &share{}
		x.fields(
			field{"weight", func(x node) { weight = x.share() }},
			field{"headers", func(x node) { b.Headers = x.headers() }},
		)
		browsers, shares = append(browsers, b), append(shares, weight)
	})
	fill(shares)
	for i := range browsers {
		browsers[i].Weight = shares[i].x
	}
	return browsers
}

// A share is one of several numbers that sum to 1.
type share struct {
	x      float64
	given  bool
	pinned bool // by the overrides
}

// share reads a number.
func (x node) share() *share { return &share{x.number(), true, x.d.pinned[x.y]} }

// fill divides among the shares that are not given what the others leave of 1.
// Where overrides pin some, the others are scaled to what those leave.
func fill(shares []*share) {
	given, pinned, rest, open := 0.0, 0.0, 0.0, 0
	some := false // are pinned
	for _, s := range shares {
		switch {
		case !s.given:
			open++
		case s.pinned:
			given, pinned, some = given+s.x, pinned+s.x, true
		default:
			given, rest = given+s.x, rest+s.x
		}
	}
	for _, s := range shares {
		switch {
		case !s.given:
			s.x = max(0, (1-given)/float64(open))
		case !s.pinned && some && open == 0 && math.Abs(given-1) > 1e-9 && pinned < 1 && rest > 0:
			s.x *= (1 - pinned) / rest
		}
	}
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

// validate adds what Validate finds, but for what follows from places where the
// file could not be understood. Where a whole section was not, that is everything.
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

func (x node) recorded(r *model.Recorded) {
	fields := []field{
		{"flows", func(x node) { r.Flows = x.count() }},
		{"sessions", func(x node) { r.Sessions = x.count() }},
		{"users", func(x node) { r.Users = x.count() }},
		{"start", func(x node) {
			t, err := time.Parse(time.RFC3339Nano, x.text())
			if err != nil {
				x.failf("%s is not a time such as 2006-01-02T15:04:05Z", problem.Quote(x.y.Value))
				return
			}
			r.Start = t.UTC()
		}},
		{"duration", func(x node) { r.Duration = x.duration() }},
		{"starts", func(x node) {
			header, rows := x.table(x.text())
			if header != nil && !slices.Equal(header, []string{"seconds"}) {
				x.failf("the file must have the one column \"seconds\"")
				return
			}
			for i, row := range rows {
				d, ok := parseSeconds(row[0])
				if !ok {
					x.failf("row %d: %s is not a number of seconds", i+1, problem.Quote(row[0]))
					return
				}
				r.Starts = append(r.Starts, d)
			}
		}},
	}
	if x.d.first {
		fields = append(fields, field{"origin", func(x node) {
			if url := x.text(); url != "" {
				x.d.m.Origins = []model.Origin{{Name: "main", URL: url}}
			}
		}})
	}
	x.fields(fields...)
}

func (x node) source(name string) model.Source {
	s := model.Source{Name: name, Columns: orNil(x.texts())}
	header, rows := x.table(name + ".csv")
	if header != nil && !slices.Equal(header, s.Columns) {
		x.failf("data/%s.csv has the columns %s, not these", name, problem.Shorten("["+strings.Join(header, ", ")+"]"))
	}
	s.Rows = orNil(rows)
	return s
}

func (x node) binding(name string) model.Binding {
	b := model.Binding{Name: name}
	x.fields(
		field{"from", func(x node) {
			x.items(func(x node) {
				if endpoint, selector, ok := x.pair("one endpoint and its selector"); ok {
					b.Sources = append(b.Sources, model.Select{Endpoint: endpoint, Selector: selector.text()})
				}
			})
		}},
		field{"pick", func(x node) { b.Pick = x.text() }},
		field{"evidence", func(x node) {
			x.fields(
				field{"uses", func(x node) { b.Uses = x.count() }},
				field{"match", func(x node) { b.Match = x.number() }},
				field{"shuffled", func(x node) { b.Shuffled = x.number() }},
			)
		}},
	)
	return b
}

// bytes reads a file in data/ that the model names.
func (x node) bytes(name string) ([]byte, bool) {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00:") {
		x.failf("%s is not the name of a file in data/, such as accounts.csv", problem.Quote(name))
		return nil, false
	}
	b, err := x.d.from.read(dataFolder+name, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.failf("there is no file data/%s", problem.Shorten(name))
	case err != nil:
		x.failf("%v", err)
	}
	return b, err == nil
}

// table reads a table in data/. The header is nil when it cannot be read.
func (x node) table(name string) (header []string, rows [][]string) {
	b, ok := x.bytes(name)
	if !ok {
		return nil, nil
	}
	header, rows, err := parseTable(b)
	x.tableProblem(name, err)
	return header, rows
}

// tableProblem notes why a file is not a table.
func (x node) tableProblem(name string, err error) {
	var te *tableError
	if errors.As(err, &te) {
		x.d.found.Add(&problem.Problem{File: dataFolder + name, Line: te.line, Place: x.path, Text: te.reason})
	}
}

// parseSeconds is the inverse of seconds.
func parseSeconds(s string) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789.-") != "" {
		return 0, false
	}
	d, err := time.ParseDuration(s + "s")
	return d, err == nil
}

// orNil returns s, or nil when it is empty.
func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}
