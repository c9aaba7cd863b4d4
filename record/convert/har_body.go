package convert

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// request returns the request that goes to a URL.
func (q *harRequest) request(at location) (flow.Request, error) {
	r := flow.Request{Method: string(q.Method), Target: at.target, Authority: at.authority, Headers: harHeaders(q.Headers)}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if !isToken(r.Method) {
		return r, errors.New("its method is not one of HTTP")
	}
	if len(q.Query) > 0 && !strings.Contains(r.Target, "?") {
		pairs := make([]pair, len(q.Query))
		for i, p := range q.Query {
			pairs[i] = pair{string(p.Name), string(p.Value)}
		}
		r.Target = addQuery(r.Target, encodePairs(pairs))
	}
	if len(q.Cookies) > 0 && !r.Headers.Has("Cookie") {
		texts := make([]string, len(q.Cookies))
		for i, c := range q.Cookies {
			texts[i] = string(c.Name) + "=" + string(c.Value)
		}
		r.Headers = append(r.Headers, flow.Header{Name: "Cookie", Value: strings.Join(texts, "; ")})
	}
	r.Trailers = harHeaders(q.Trailers)
	return r, q.body(&r)
}

// body sets the request's body, and its Content-Type where the header lines
// lack it.
func (q *harRequest) body(r *flow.Request) error {
	size := int64(q.BodySize.positive())
	if q.Post == nil {
		r.Body = missingBody(size)
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
		if data, err = decodeBase64(string(p.Text)); err != nil {
			return errors.New("its postData is not base64")
		}
	}
	if len(data) == 0 && len(p.Params) > 0 {
		var err error
		if data, kind, err = p.form(kind); err != nil {
			return err
		}
		r.Headers = setHeader(r.Headers, "Content-Type", kind)
		size = 0
	}
	if len(data) == 0 {
		r.Body = missingBody(size)
		return nil
	}
	if kind != "" && !r.Headers.Has("Content-Type") {
		r.Headers = setHeader(r.Headers, "Content-Type", kind)
	}
	r.Body = flow.NewBody(data)
	if p.Size > r.Body.Size {
		r.Body = flow.Body{Data: data, Size: p.Size}
	}
	fixLength(&r.Headers, r.Body.Size)
	return nil
}

// form writes the params of postData in the way that its type says.
func (p *harPost) form(kind string) (body []byte, contentType string, err error) {
	multi := strings.HasPrefix(strings.ToLower(kind), "multipart/")
	for _, q := range p.Params {
		multi = multi || q.FileName != ""
	}
	if !multi {
		pairs := make([]pair, len(p.Params))
		for i, q := range p.Params {
			pairs[i] = pair{string(q.Name), string(q.Value)}
		}
		if kind == "" {
			kind = "application/x-www-form-urlencoded"
		}
		return []byte(encodePairs(pairs)), kind, nil
	}
	parts := make([]part, len(p.Params))
	for i, q := range p.Params {
		value := []byte(q.Value)
		if q.FileName != "" {
			if file, ok := dataURL(string(q.Value)); ok {
				value = file
			}
		}
		parts[i] = part{string(q.Name), value, string(q.FileName), string(q.ContentType)}
	}
	return multipartBody(parts, kind)
}

// response returns the answer to a request with that method.
func (p *harResponse) response(method string) (*flow.Response, error) {
	r := &flow.Response{Status: int(p.Status.positive()), Headers: harHeaders(p.Headers), Trailers: harHeaders(p.Trailers)}
	c := &p.Content
	data := []byte(c.Text)
	if strings.EqualFold(string(c.Encoding), "base64") && len(data) > 0 {
		var err error
		if data, err = decodeBase64(string(c.Text)); err != nil {
			return nil, errors.New("its content is not base64")
		}
	}
	if len(data) == 0 {
		if bodyAllowed(method, r.Status) {
			r.Body = missingBody(p.missing(r.Headers))
		}
		return r, nil
	}
	r.Body = flow.NewBody(data)
	if c.Whole > r.Body.Size {
		r.Body = flow.Body{Data: data, Size: c.Whole}
	}
	// HAR holds bodies decoded. A Content-Encoding that does not apply any more
	// would make every reader of the flow fail, so it goes.
	coding := r.Headers.Value("Content-Encoding")
	if coding != "" && !c.Coded && !looksCoded(data, coding) {
		r.Headers = dropHeader(r.Headers, "Content-Encoding")
	}
	if bodyAllowed(method, r.Status) {
		fixLength(&r.Headers, r.Body.Size)
	}
	return r, nil
}

// missing returns the length of a body that the file does not hold.
func (p *harResponse) missing(h flow.Headers) int64 {
	if n := int64(p.BodySize.positive()); n > 0 {
		return n
	}
	size := int64(p.Content.Size.positive())
	if n, err := strconv.ParseInt(h.Value("Content-Length"), 10, 64); err == nil && n > 0 && size > 0 {
		return n
	}
	return size
}

// missingBody is a body of which only the length is known.
func missingBody(size int64) flow.Body { return flow.Body{Size: max(size, 0)} }

// bodyAllowed reports whether an answer can have a body on the wire (RFC 9110, 6.4.1).
func bodyAllowed(method string, status int) bool {
	return method != http.MethodHead && status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// looksCoded reports whether data begins as the coding does. brotli has no
// such mark.
func looksCoded(data []byte, coding string) bool {
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "gzip", "x-gzip":
		return bytes.HasPrefix(data, []byte{0x1f, 0x8b, 8})
	case "zstd":
		return bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd})
	case "deflate":
		return len(data) > 2 && data[0] == 0x78 && (uint(data[0])<<8|uint(data[1]))%31 == 0 // RFC 1950
	case "identity", "":
		return true
	}
	return false
}

// fixLength makes a Content-Length that is there say what the body is.
func fixLength(h *flow.Headers, size int64) {
	if n := h.Value("Content-Length"); n != "" && n != fmt.Sprint(size) {
		*h = setHeader(*h, "Content-Length", fmt.Sprint(size))
	}
}

// harHeaders returns the field lines: without the pseudo-header fields of
// HTTP/2, and with values that Chrome joins by line feeds taken apart.
func harHeaders(pairs []harPair) flow.Headers {
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

// isToken reports whether text is a token of RFC 9110, 5.6.2, as methods are.
func isToken(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return text != ""
}
