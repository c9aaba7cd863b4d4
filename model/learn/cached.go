package learn

import (
	"net/http"

	"github.com/starling-load/starling/record/flow"
)

// showCached gives answers 304 the content that the client had in its cache: that of the
// answer to the same URL with the same validator, whoever got it, or else of the last
// answer that the session got there. A page that came from the cache shows links and
// forms as any other.
func (l *learner) showCached() {
	known := map[string]*flow.Response{}
	for _, s := range l.sessions {
		for _, x := range s.exchanges {
			if f := x.Flow; f.Response.Status == http.StatusOK {
				if v := validator(f.Response.Headers); v != "" {
					known[f.URL()+"\n"+v] = f.Response
				}
			}
		}
	}
	for _, s := range l.sessions {
		last := map[string]*flow.Response{}
		for i := range s.exchanges {
			f := s.exchanges[i].Flow
			switch f.Response.Status {
			case http.StatusOK:
				last[f.URL()] = f.Response
			case http.StatusNotModified:
				if from := cached(f, known, last[f.URL()]); from != nil {
					s.exchanges[i].Flow = withContent(f, from)
				}
			}
		}
	}
}

// cached returns the answer whose content the client had, nil if it is not known.
func cached(f *flow.Flow, known map[string]*flow.Response, last *flow.Response) *flow.Response {
	for _, v := range []string{validator(f.Response.Headers), f.Request.Headers.Value("If-None-Match"), f.Request.Headers.Value("If-Modified-Since")} {
		if v != "" && known[f.URL()+"\n"+v] != nil {
			return known[f.URL()+"\n"+v]
		}
	}
	return last
}

// validator returns what names the state of a resource: its entity tag or, without one,
// the time of its last change.
func validator(h flow.Headers) string {
	if tag := h.Value("ETag"); tag != "" {
		return tag
	}
	return h.Value("Last-Modified")
}

// withContent returns a flow like f whose answer has the content of another.
func withContent(f *flow.Flow, from *flow.Response) *flow.Flow {
	shown, answer := *f, *f.Response
	answer.Body = from.Body
	answer.Headers = append(flow.Headers(nil), f.Response.Headers...)
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		if v := from.Headers.Value(name); v != "" && !answer.Headers.Has(name) {
			answer.Headers = append(answer.Headers, flow.Header{Name: name, Value: v})
		}
	}
	shown.Response = &answer
	return &shown
}
