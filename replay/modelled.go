package replay

import (
	"errors"
	"fmt"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// reservedHoles are the values that every session has without naming them, in
// the order in which they follow an endpoint's own.
var reservedHoles = [...]string{model.RefererHole, model.OriginHole, model.ETagHole, model.ModifiedHole}

// maxCached bounds the URLs of one session whose validators are kept.
const maxCached = 256

// Modelled returns the source that walks m against the target of p.
func Modelled(m *model.Model, p Plan) (Source, error) {
	graph, err := model.NewGraph(m)
	if err != nil {
		return nil, err
	}
	origins := p.Origins(m.MainOrigin())
	routes, err := routesOf(origins)
	if err != nil {
		return nil, err
	}
	steps, err := endpointsOf(m)
	if err != nil {
		return nil, err
	}
	s := &modelled{graph: graph, steps: steps, seed: p.Seed, origins: origins, origin: routes[0].origin(), bindings: m.Bindings, data: m.Data}
	bindings := make(map[string]int, len(m.Bindings))
	for i, b := range m.Bindings {
		bindings[b.Name] = i
	}
	byName := make(map[string]int, len(m.Endpoints))
	var errs []error
	for i := range m.Endpoints {
		e, err := compileEndpoint(&m.Endpoints[i], bindings, m.Data)
		if err != nil {
			errs = append(errs, fmt.Errorf("endpoint %q: %w", m.Endpoints[i].Name, err))
		}
		s.endpoints = append(s.endpoints, e)
		byName[e.name] = i
	}
	for i, b := range m.Bindings {
		for _, src := range b.Sources {
			selector, err := content.ParseSelector(src.Selector)
			e, ok := byName[src.Endpoint]
			if err != nil || !ok {
				errs = append(errs, fmt.Errorf("binding %q: source %q at %q cannot be used", b.Name, src.Selector, src.Endpoint))
				continue
			}
			s.endpoints[e].issues = append(s.endpoints[e].issues, issue{binding: i, selector: selector})
		}
	}
	return s, errors.Join(errs...)
}

// modelled is the Source of a model. It is immutable.
type modelled struct {
	graph     *model.Graph
	steps     [][]int // index of the endpoint, by behavior and step
	seed      uint64
	origins   []Origin
	origin    string // the main one, as a user agent shows it
	endpoints []endpoint
	bindings  []model.Binding
	data      []model.Source
}

// Origins implements Source.
func (s *modelled) Origins() []Origin { return s.origins }

// endpointsOf returns the index of the endpoint of each step, by behavior.
func endpointsOf(m *model.Model) ([][]int, error) {
	index := make(map[string]int, len(m.Endpoints))
	for i := range m.Endpoints {
		index[m.Endpoints[i].Name] = i
	}
	var out [][]int
	for _, b := range m.Behaviors {
		var steps []int
		for _, s := range b.Steps {
			if s.Page == nil || len(s.Page.Loads) > 0 {
				return nil, fmt.Errorf("behavior %s: step %s is not a plain request", b.Name, s.ID)
			}
			steps = append(steps, index[s.Page.Endpoint])
		}
		out = append(out, steps)
	}
	return out, nil
}

// An endpoint is a model.Endpoint made ready to send.
type endpoint struct {
	name    string
	method  string
	target  template
	headers []headerTemplate
	body    template
	events  int
	values  []value
	rows    [][]string
	judge   *model.Judge
	issues  []issue
}

// A headerTemplate is a field line; optional ones are left out when empty.
type headerTemplate struct {
	name     string
	template template
	optional bool
}

// A value fills a hole; index means a binding, a data source or a column of the
// recorded rows, by kind.
type value struct {
	kind   model.ValueKind
	index  int
	column int
	ref    string
}

// An issue is a place in the answer that renews a binding.
type issue struct {
	binding  int
	selector content.Selector
}

func compileEndpoint(from *model.Endpoint, bindings map[string]int, data []model.Source) (endpoint, error) {
	e := &from.Variants[0]
	out := endpoint{name: from.Name, method: e.Request.Method, events: e.Request.Events, rows: e.Rows, judge: from.Check.Compile()}
	names := make(map[string]int, len(e.Values)+len(reservedHoles))
	rowColumns := 0
	for i, v := range e.Values {
		names[v.Name] = i
		val := value{kind: v.Kind, ref: v.Ref}
		switch v.Kind {
		case model.Bound:
			b, ok := bindings[v.Ref]
			if !ok {
				return out, fmt.Errorf("value %q: no binding named %q", v.Name, v.Ref)
			}
			val.index = b
		case model.Data:
			var err error
			if val.index, val.column, err = findColumn(data, v.Ref); err != nil {
				return out, fmt.Errorf("value %q: %w", v.Name, err)
			}
		case model.Row:
			val.column = rowColumns
			rowColumns++
		}
		out.values = append(out.values, val)
	}
	for i, name := range reservedHoles {
		names[name] = len(e.Values) + i
	}
	var err error
	if out.target, err = compileTarget(e.Request.Target, names); err != nil {
		return out, fmt.Errorf("target: %w", err)
	}
	contentType := ""
	for _, h := range e.Request.Headers {
		if strings.EqualFold(h.Name, "Content-Type") {
			contentType = h.Value
		}
		t, err := compile(h.Value, raw, names)
		if err != nil {
			return out, fmt.Errorf("header %s: %w", h.Name, err)
		}
		optional := len(t) == 1 && t[0].hole >= len(e.Values)
		out.headers = append(out.headers, headerTemplate{h.Name, t, optional})
	}
	if out.body, err = compile(e.Request.Body, bodyEncoding(contentType), names); err != nil {
		return out, fmt.Errorf("body: %w", err)
	}
	return out, nil
}

// findColumn resolves "accounts.user".
func findColumn(data []model.Source, ref string) (source, column int, err error) {
	name, col, _ := strings.Cut(ref, ".")
	for i, d := range data {
		if d.Name != name {
			continue
		}
		for j, c := range d.Columns {
			if c == col {
				if len(d.Rows) == 0 {
					return 0, 0, fmt.Errorf("data file %q has no rows", name)
				}
				return i, j, nil
			}
		}
	}
	return 0, 0, fmt.Errorf("no data column %q", ref)
}
