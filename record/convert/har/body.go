package har

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// request returns the request that goes to a URL.
func (q *request) request(at compose.Location) (flow.Request, error) {
	r := flow.Request{Method: string(q.Method), Target: at.Target, Authority: at.Authority, Headers: headers(q.Headers)}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if !http1.IsToken(r.Method) {
		return r, errors.New("its method is not one of HTTP")
	}
	if len(q.Query) > 0 && !strings.Contains(r.Target, "?") {
		pairs := make([]compose.Pair, len(q.Query))
		for i, p := range q.Query {
			pairs[i] = compose.Pair{Name: string(p.Name), Value: string(p.Value)}
		}
		r.Target = compose.AddQuery(r.Target, compose.EncodePairs(pairs))
	}
	if len(q.Cookies) > 0 && !r.Headers.Has("Cookie") {
		texts := make([]string, len(q.Cookies))
		for i, c := range q.Cookies {
			texts[i] = string(c.Name) + "=" + string(c.Value)
		}
		r.Headers = append(r.Headers, flow.Header{Name: "Cookie", Value: strings.Join(texts, "; ")})
	}
	r.Trailers = headers(q.Trailers)
	return r, q.body(&r)
}

// body sets the request's body. It sets Content-Type too where the header lines lack
// it.
func (q *request) body(r *flow.Request) error {
	size := int64(q.BodySize.Positive())
	if q.Post == nil {
		r.Body = flow.Body{Size: max(size, 0)}
		return nil
	}
	p := q.Post
	kind := string(p.MimeType)
	if have := r.Headers.Value("Content-Type"); have != "" {
		kind = have
	}
	data := []byte(p.Text)
	if p.Encoding == "base64" || p.Encoding2 == "base64" {
		var err error
		if data, err = loose.Base64(string(p.Text)); err != nil {
			return errors.New("its postData is not base64")
		}
	}
	if len(data) == 0 && len(p.Params) > 0 {
		var err error
		if data, kind, err = p.form(kind); err != nil {
			return err
		}
		r.Headers = compose.SetHeader(r.Headers, "Content-Type", kind)
		size = 0
	}
	if len(data) == 0 {
		r.Body = flow.Body{Size: max(size, 0)}
		return nil
	}
	if kind != "" && !r.Headers.Has("Content-Type") {
		r.Headers = compose.SetHeader(r.Headers, "Content-Type", kind)
	}
	r.Body = flow.NewBody(data)
	if n := int64(p.Size); n > r.Body.Size {
		r.Body = flow.Body{Data: data, Size: n}
	}
	compose.FixLength(&r.Headers, r.Body.Size)
	return nil
}

// form writes the params of postData as its type asks.
func (p *post) form(kind string) (body []byte, contentType string, err error) {
	multi := strings.HasPrefix(strings.ToLower(kind), "multipart/")
	for _, q := range p.Params {
		multi = multi || q.FileName != ""
	}
	if !multi {
		pairs := make([]compose.Pair, len(p.Params))
		for i, q := range p.Params {
			pairs[i] = compose.Pair{Name: string(q.Name), Value: string(q.Value)}
		}
		if kind == "" {
			kind = "application/x-www-form-urlencoded"
		}
		return []byte(compose.EncodePairs(pairs)), kind, nil
	}
	parts := make([]compose.Part, len(p.Params))
	for i, q := range p.Params {
		value := []byte(q.Value)
		if q.FileName != "" {
			if file, ok := dataURL(string(q.Value)); ok {
				value = file
			}
		}
		parts[i] = compose.Part{Name: string(q.Name), Value: value, FileName: string(q.FileName), MimeType: string(q.ContentType)}
	}
	return compose.Multipart(parts, kind)
}

// response returns the answer to a request with that method.
func (p *response) response(method string) (*flow.Response, error) {
	r := &flow.Response{Status: int(p.Status.Positive()), Headers: headers(p.Headers), Trailers: headers(p.Trailers)}
	c := &p.Content
	data := []byte(c.Text)
	if strings.EqualFold(string(c.Encoding), "base64") && len(data) > 0 {
		var err error
		if data, err = loose.Base64(string(c.Text)); err != nil {
			return nil, errors.New("its content is not base64")
		}
	}
	if size := c.Size.Positive(); c.Encoding == "" && size > 0 && size < float64(len(data)) {
		if plain, err := loose.Base64(string(c.Text)); err == nil && float64(len(plain)) == size {
			data = plain // Base64 that is not called so: its length is that of what it holds
		}
	}
	if len(data) == 0 {
		if http1.BodyAllowed(method, r.Status) {
			r.Body = flow.Body{Size: max(p.missing(r.Headers), 0)}
		}
		return r, nil
	}
	r.Body = flow.NewBody(data)
	if n := int64(c.Whole); n > r.Body.Size {
		r.Body = flow.Body{Data: data, Size: n}
	}
	// HAR holds decoded bodies. A Content-Encoding that no longer applies is removed:
	// every reader of the flow would fail on it.
	coding := r.Headers.Value("Content-Encoding")
	if coding != "" && !c.Coded && !compose.LooksCoded(data, coding) {
		r.Headers = compose.DropHeader(r.Headers, "Content-Encoding")
	}
	if http1.BodyAllowed(method, r.Status) {
		compose.FixLength(&r.Headers, r.Body.Size)
	}
	return r, nil
}

// missing returns the length of a body that the file does not hold.
func (p *response) missing(h flow.Headers) int64 {
	if n := int64(p.BodySize.Positive()); n > 0 {
		return n
	}
	size := int64(p.Content.Size.Positive())
	if n, err := strconv.ParseInt(h.Value("Content-Length"), 10, 64); err == nil && n > 0 && size > 0 {
		return n
	}
	return size
}

// headers returns the field lines. It leaves out the pseudo-header fields of HTTP/2 and
// splits values that Chrome joins by line feeds.
func headers(pairs []pair) flow.Headers {
	var h flow.Headers
	for _, p := range pairs {
		if p.Name == "" || strings.HasPrefix(string(p.Name), ":") {
			continue
		}
		for value := range strings.SplitSeq(string(p.Value), "\n") {
			h = append(h, flow.Header{Name: string(p.Name), Value: strings.TrimSuffix(value, "\r")})
		}
	}
	return h
}

// dataURL returns the content of a base64 data URL. Some writers put files into a form
// like that.
func dataURL(text string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(text, "data:")
	if !ok {
		return nil, false
	}
	kind, data, ok := strings.Cut(rest, ",")
	if !ok || !strings.HasSuffix(kind, ";base64") {
		return nil, false
	}
	b, err := loose.Base64(data)
	return b, err == nil
}
