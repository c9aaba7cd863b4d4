package replay

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/record/flow"
)

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
