package replay

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/record/flow"
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
	origin, err := Origin(p.Target)
	if err != nil {
		return nil, err
	}
	s := &modelled{graph: graph, seed: p.Seed, origin: origin, bindings: m.Bindings, data: m.Data}
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
		s.names = append(s.names, e.name)
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
	seed      uint64
	origin    string
	endpoints []endpoint
	names     []string
	bindings  []model.Binding
	data      []model.Source
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

func compileEndpoint(e *model.Endpoint, bindings map[string]int, data []model.Source) (endpoint, error) {
	out := endpoint{name: e.Name, method: e.Request.Method, events: e.Request.Events, rows: e.Rows, judge: e.Check.Compile()}
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

// Endpoints implements Source.
func (s *modelled) Endpoints() []string { return s.names }

// Session implements Source.
func (s *modelled) Session(i, u uint64) Session {
	return &walk{source: s, number: i, user: u, issued: make([]issued, len(s.bindings))}
}

// A walk is one session of a model.
type walk struct {
	source *modelled
	number uint64
	user   uint64
	state  model.State
	steps  uint64
	issued []issued // by binding
	page   string   // URL of the last HTML page
	cache  map[string]validators
}

// An issued value is what the latest answer of a source of a binding held.
type issued struct {
	values   []string // several where the answer held several; empty: nothing to send
	endpoint int      // that issued it
}

// validators are what a user agent keeps to ask whether a resource changed.
type validators struct{ etag, modified string }

// Next implements Session. The walk and the values of step k draw from streams
// 2k and 2k+1 of the session.
func (w *walk) Next(last *Exchange) (Step, bool) {
	walkRand := dist.Keyed(w.source.seed, w.number, 2*w.steps)
	valueRand := dist.Keyed(w.source.seed, w.number, 2*w.steps+1)
	w.steps++
	var think time.Duration
	if last == nil {
		w.state = w.source.graph.Start(walkRand)
	} else {
		w.learn(last)
		w.state, think = w.source.graph.Next(w.state, walkRand)
	}
	at := w.state.Endpoint()
	if at < 0 {
		return Step{}, false
	}
	step := w.prepare(&w.source.endpoints[at], valueRand)
	step.Think = think
	return step, true
}

// learn takes the issued values out of an answer.
func (w *walk) learn(last *Exchange) {
	if last.Response == nil {
		return
	}
	if last.Doc.Media() == "text/html" {
		w.page = last.URL
	}
	w.remember(last)
	at := w.state.Endpoint()
	for _, issue := range w.source.endpoints[at].issues {
		b := &w.issued[issue.binding]
		values := issue.selector.Values(last.Doc)
		switch {
		case len(values) > 0:
			*b = issued{values, at}
		case b.endpoint == at && last.Response.Status == 200:
			// The page that gave the value is here again without it, as a cart
			// that is empty now: what it gave before is stale.
			b.values = nil
		}
	}
}

// remember keeps the validators of an answer, as a browser's cache does.
func (w *walk) remember(last *Exchange) {
	v := validators{last.Response.Headers.Value("ETag"), last.Response.Headers.Value("Last-Modified")}
	if last.Step.Request.Method != "GET" || last.Response.Status != 200 || v == (validators{}) {
		return
	}
	if w.cache == nil {
		w.cache = make(map[string]validators)
	}
	if len(w.cache) < maxCached {
		w.cache[last.Step.Request.Target] = v
	}
}

// prepare fills the holes of e.
func (w *walk) prepare(e *endpoint, r *rand.Rand) Step {
	step := Step{Endpoint: e.name, Judge: e.judge.Judge, Observe: true}
	values := make([]string, len(e.values)+len(reservedHoles))
	var row []string
	if len(e.rows) > 0 {
		row = e.rows[r.IntN(len(e.rows))]
	}
	for i, v := range e.values {
		switch v.kind {
		case model.Bound:
			b := &w.source.bindings[v.index]
			issued := w.issued[v.index].values
			if len(issued) == 0 {
				step.Unbound = b.Name
				return step
			}
			values[i] = pick(issued, b.Pick, r)
		case model.Data:
			rows := w.source.data[v.index].Rows
			values[i] = rows[w.user%uint64(len(rows))][v.column]
		case model.Row:
			if v.column < len(row) {
				values[i] = row[v.column]
			}
		case model.Fresh:
			values[i] = fresh(v.ref, r)
		case model.Now:
			values[i] = now(v.ref)
		}
	}
	own := len(e.values)
	values[own], values[own+1] = w.page, w.source.origin
	step.Request.Method = e.method
	step.Request.Target = e.target.render(values)
	known := w.cache[step.Request.Target]
	values[own+2], values[own+3] = known.etag, known.modified
	step.Request.Events = e.events
	step.Request.Headers = make(flow.Headers, 0, len(e.headers))
	for _, h := range e.headers {
		v := h.template.render(values)
		if v == "" && h.optional {
			continue
		}
		step.Request.Headers = append(step.Request.Headers, flow.Header{Name: h.name, Value: v})
	}
	if body := e.body.render(values); body != "" {
		step.Request.Body = flow.Body{Data: []byte(body), Size: int64(len(body))}
	}
	return step
}

// pick chooses among the values that one answer held.
func pick(values []string, how string, r *rand.Rand) string {
	switch how {
	case "last":
		return values[len(values)-1]
	case "any":
		return values[r.IntN(len(values))]
	}
	return values[0]
}

// now writes the time of sending.
func now(format string) string {
	t := time.Now()
	switch format {
	case "ms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	case "rfc3339":
		return t.UTC().Format(time.RFC3339Nano)
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// requestURL is what a user agent would show for target at origin.
func requestURL(origin, target string) *url.URL {
	u, err := url.Parse(origin)
	if err != nil {
		return &url.URL{}
	}
	path, query, _ := strings.Cut(target, "?")
	u.Path, u.RawQuery = path, query
	if decoded, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = decoded, path
	}
	return u
}
