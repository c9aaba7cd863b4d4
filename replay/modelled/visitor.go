package modelled

import (
	"math/rand/v2"
	"net/url"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/cookie"
)

// maxCached bounds the URLs of one session whose validators are kept.
const maxCached = 256

// A visitor is what one session of a model knows: the values that the target
// has issued, the page it is on, what its browser has cached.
type visitor struct {
	source  *source
	number  uint64
	user    uint64
	track   int      // the recorded session that it plays; -1: none
	copy    uint64   // how many sessions played that before
	browser *browser // nil: none is known
	issued  []issued // by binding
	page    string   // URL of the last page that was shown
	cache   map[string]validators
	made    map[string]string // what the user has made, by what was recorded in its place
	nonces  map[string]int    // how often each challenge was answered
}

// An issued holds the values of a binding, from the latest answer that held any.
type issued struct {
	values   []string // empty: nothing to send
	endpoint int      // the endpoint whose answer held them
	target   string   // what was asked for
}

// validators are what a user agent keeps to ask later whether a resource changed.
type validators struct{ etag, modified string }

// learn takes the issued values out of an answer of an endpoint.
func (v *visitor) learn(at int, over *replay.Answer) {
	if over.Response == nil {
		return
	}
	if over.Doc.Media() == "text/html" && over.Response.Status/100 != 3 && navigates(&over.Act.Request) {
		v.page = over.URL
	}
	v.remember(over)
	for _, issue := range v.source.endpoints[at].issues {
		b := &v.issued[issue.binding]
		values := issue.selector.Values(over.Doc)
		switch {
		case len(values) > 0:
			*b = issued{values, at, over.Act.Request.Target}
		case b.endpoint == at && b.target == over.Act.Request.Target && over.Response.Status == 200:
			// The page that gave the values has come again without any, such as a
			// cart that is empty now. So the old values are stale. Another part of a
			// record, which a script asks for by other fields, says nothing of them.
			b.values = nil
		}
	}
}

// navigates reports whether a request asks for a page to show, and not for a part of one
// that a script or the page loads. Browsers say it; of others, scripts do.
func navigates(r *client.Request) bool {
	if dest := r.Headers.Value("Sec-Fetch-Dest"); dest != "" {
		return dest == "document" || dest == "iframe" || dest == "frame"
	}
	accept := r.Headers.Value("Accept")
	return !r.Headers.Has("X-Requested-With") && (accept == "" || strings.Contains(accept, "text/html") || strings.HasPrefix(accept, "*/*"))
}

// remember keeps the validators of an answer, as a browser's cache does.
func (v *visitor) remember(over *replay.Answer) {
	valid := validators{over.Response.Headers.Value("ETag"), over.Response.Headers.Value("Last-Modified")}
	if over.Act.Request.Method != "GET" || over.Response.Status != 200 || valid == (validators{}) {
		return
	}
	if v.cache == nil {
		v.cache = make(map[string]validators)
	}
	if len(v.cache) < maxCached {
		v.cache[over.URL] = valid
	}
}

// missing returns the name of a binding that e needs and that has no value, or "".
func (v *visitor) missing(e *variant) string {
	for _, value := range e.values {
		if value.kind == model.Bound && len(v.issued[value.index].values) == 0 {
			return v.source.bindings[value.index].Name
		}
	}
	return ""
}

// values returns the contents of the holes of e, as their kinds say. Recorded ones come
// from row. If one is missing, it returns the name of its binding.
func (v *visitor) values(e *variant, row []string, r *rand.Rand) (values []string, missing string) {
	if missing = v.missing(e); missing != "" {
		return nil, missing
	}
	values = make([]string, len(e.values))
	for i := range e.values {
		values[i] = v.value(&e.values[i], row, r)
	}
	return values, ""
}

// fill writes the request of e into a, with the contents of its holes. With whole it asks for
// the content even if the user has it: others take values from it.
func (v *visitor) fill(a *replay.Act, e *variant, values []string, whole bool) {
	own := len(e.values)
	values = append(values, make([]string, len(reservedHoles))...)
	values[own], values[own+1] = v.page, v.origin()
	if a.Skip = v.compute(a, e, values); a.Skip != "" {
		return
	}
	q := &a.Request
	a.Protocol = e.protocol
	q.Method, q.Events = e.method, e.events
	q.Target = e.target.render(values)
	known := v.cache[v.source.origins[a.Origin].Shown()+q.Target]
	if !whole {
		values[own+2], values[own+3] = known.etag, known.modified
	}
	q.Headers = v.headers(e.headers, values)
	for _, t := range e.cookies {
		for pair := range strings.SplitSeq(t.render(values), ";") {
			if c, ok := cookie.Parse(pair); ok {
				a.Cookies = append(a.Cookies, c)
			}
		}
	}
	if body := e.body.render(values); body != "" {
		q.Body = flow.Body{Data: []byte(body), Size: int64(len(body))}
	}
	if e.change != nil {
		if err := e.change.apply(&q.Request, values[e.change.value]); err != nil {
			a.Skip = e.change.missing(err)
		}
	}
	for _, h := range e.trailers {
		q.Trailers = append(q.Trailers, flow.Header{Name: h.name, Value: h.template.render(values)})
	}
}

// value returns the content of a hole.
func (v *visitor) value(of *value, row []string, r *rand.Rand) string {
	switch of.kind {
	case model.Bound:
		return pick(v.issued[of.index].values, v.source.bindings[of.index].Pick, r)
	case model.Data:
		return v.source.data[of.index].Rows[v.row(of.index)][of.column]
	case model.Row:
		return v.own(of, row)
	case model.Fresh, model.Now:
		return v.madeAnew(of, row, r)
	}
	return ""
}

// own returns the recorded content of a hole, "" where row has none. Where the user made
// that content, it is what this session made in its place, or another one of the user.
func (v *visitor) own(of *value, row []string) string {
	recorded := recordedAt(of, row)
	if now, ok := v.made[recorded]; ok {
		return now
	}
	if now, ok := v.madeBefore(recorded); ok {
		return now
	}
	return recorded
}

func recordedAt(of *value, row []string) string {
	if of.row < 0 || of.row >= len(row) {
		return ""
	}
	return row[of.row]
}

// headers returns the field lines of the browser, then those of the endpoint whose
// names the browser does not send.
func (v *visitor) headers(of []headerTemplate, values []string) flow.Headers {
	var own flow.Headers
	if v.browser != nil {
		own = v.browser.headers
	}
	out := make(flow.Headers, 0, len(own)+len(of))
	out = append(out, own...)
	for _, h := range of {
		value := h.template.render(values)
		if value == "" && h.optional || own.Has(h.name) {
			continue
		}
		out = append(out, flow.Header{Name: h.name, Value: value})
	}
	return out
}

// origin is the origin of the page, scheme://host[:port]. Before the first page it
// is the main target.
func (v *visitor) origin() string {
	if u, err := url.Parse(v.page); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return v.source.origins[0].Shown()
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

// The streams of random numbers that do not belong to one step of a session.
const (
	browserStream uint64 = 1 << 63 // keyed by user
	madeStream    uint64 = 1 << 61 // keyed by person, and also by what was recorded in the place of the value
	computeStream uint64 = 1 << 60 // keyed also by act
	entryStream   uint64 = 1 << 59 // keyed also by act of an entry
	pollStream    uint64 = 1 << 62 // keyed also by the poll and the step that opened the poller
)

// browserOf returns the browser that a user keeps in all its sessions. It is the
// browser of the first recorded session that the user plays, or one drawn by weight.
func (s *source) browserOf(user uint64) *browser {
	if len(s.browsers) == 0 {
		return nil
	}
	if track, _, ok := s.repeats(user); ok {
		name := s.sessions[track].Browser
		for i := range s.browsers {
			if name != "" && s.browsers[i].name == name {
				return &s.browsers[i]
			}
		}
	}
	u := dist.Keyed(s.plan.Seed, user, browserStream).Float64()
	for i := range s.browsers {
		if u -= s.browsers[i].weight; u < 0 {
			return &s.browsers[i]
		}
	}
	return &s.browsers[len(s.browsers)-1] // weights are rounded: their sum may be below 1
}
