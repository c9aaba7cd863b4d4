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

// Next implements Session: one act after the other. The walk and the values of
// step k draw from streams 2k and 2k+1 of the session.
func (w *walk) Next(over *Answer) []Act {
	random := dist.Keyed(w.source.seed, w.number, 2*w.steps)
	w.steps++
	var think time.Duration
	if over == nil {
		w.state = w.source.graph.Start(random)
	} else {
		w.learn(over)
		w.state, think = w.source.graph.Next(w.state, random)
	}
	if w.state.Step() < 0 {
		return nil
	}
	e := &w.source.endpoints[w.endpoint()]
	return []Act{{ID: int(w.steps) - 1, Endpoint: e.name, Delay: think, Judge: e.judge.Judge, Observe: true}}
}

// Fill implements Session.
func (w *walk) Fill(a *Act) {
	w.prepare(a, &w.source.endpoints[w.endpoint()], dist.Keyed(w.source.seed, w.number, 2*uint64(a.ID)+1))
}

// endpoint returns the index of the endpoint of the step at hand.
func (w *walk) endpoint() int { return w.source.steps[w.state.Behavior()][w.state.Step()] }

// learn takes the issued values out of an answer.
func (w *walk) learn(last *Answer) {
	if last.Response == nil {
		return
	}
	if last.Doc.Media() == "text/html" {
		w.page = last.URL
	}
	w.remember(last)
	at := w.endpoint()
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
func (w *walk) remember(last *Answer) {
	v := validators{last.Response.Headers.Value("ETag"), last.Response.Headers.Value("Last-Modified")}
	if last.Act.Request.Method != "GET" || last.Response.Status != 200 || v == (validators{}) {
		return
	}
	if w.cache == nil {
		w.cache = make(map[string]validators)
	}
	if len(w.cache) < maxCached {
		w.cache[last.Act.Request.Target] = v
	}
}

// prepare fills the holes of e.
func (w *walk) prepare(a *Act, e *endpoint, r *rand.Rand) {
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
				a.Skip = b.Name
				return
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
	a.Request.Method = e.method
	a.Request.Target = e.target.render(values)
	known := w.cache[a.Request.Target]
	values[own+2], values[own+3] = known.etag, known.modified
	a.Request.Events = e.events
	a.Request.Headers = make(flow.Headers, 0, len(e.headers))
	for _, h := range e.headers {
		v := h.template.render(values)
		if v == "" && h.optional {
			continue
		}
		a.Request.Headers = append(a.Request.Headers, flow.Header{Name: h.name, Value: v})
	}
	if body := e.body.render(values); body != "" {
		a.Request.Body = flow.Body{Data: []byte(body), Size: int64(len(body))}
	}
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
