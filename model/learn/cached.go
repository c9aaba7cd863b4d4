package learn

import (
	"net/http"

	"github.com/starling-load/starling/record/flow"
)

// A cache knows the answers that name the state of a resource. Answers 304 get from it the
// content that the client had in its cache: that of the answer to the same URL with the
// same validator, whoever got it, or else of the last answer that the session got there.
// A page that came from the cache shows links and forms as any other.
type cache struct {
	known map[string]*flow.Response // by URL and validator
	size  int
}

// cacheBytes is how much of the content of a long recording is known.
const cacheBytes = 64 << 20

func newCache() *cache { return &cache{known: map[string]*flow.Response{}} }

// add adds the answers to the flows of a session. If the recording is small, the last
// answer counts, otherwise the first, up to a limit.
func (c *cache) add(flows []*flow.Flow, small bool) {
	for _, f := range flows {
		if f.Response.Status != http.StatusOK || !small && c.size > cacheBytes {
			continue
		}
		v := validator(f.Response.Headers)
		if v == "" || !small && c.known[f.URL()+"\n"+v] != nil {
			continue
		}
		c.known[f.URL()+"\n"+v] = f.Response
		c.size += weigh(f)
	}
}

// show gives the answers 304 of a session their content.
func (c *cache) show(flows []*flow.Flow) {
	last := map[string]*flow.Response{}
	for i, f := range flows {
		switch f.Response.Status {
		case http.StatusOK:
			last[f.URL()] = f.Response
		case http.StatusNotModified:
			if from := c.cached(f, last[f.URL()]); from != nil {
				flows[i] = withContent(f, from)
			}
		}
	}
}

// cached returns the answer whose content the client had, nil if it is not known.
func (c *cache) cached(f *flow.Flow, last *flow.Response) *flow.Response {
	for _, v := range []string{validator(f.Response.Headers), f.Request.Headers.Value("If-None-Match"), f.Request.Headers.Value("If-Modified-Since")} {
		if v != "" && c.known[f.URL()+"\n"+v] != nil {
			return c.known[f.URL()+"\n"+v]
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
