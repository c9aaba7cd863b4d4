package content

import (
	"net/textproto"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/record/flow"
)

// formMedia is the media type of a form.
const formMedia = "application/x-www-form-urlencoded"

// jsonMedia is the media type of JSON.
const jsonMedia = "application/json"

// A Place is the part of a request that holds a value. It decides how the value is
// encoded there.
type Place uint8

// The places of values in a request.
const (
	InPath      Place = iota + 1 // percent-encoded segment of Target
	InQuery                      // percent-encoded part of Target
	InHeader                     // as it is, in Headers[Header].Value
	InForm                       // percent-encoded part of Body.Data
	InMultipart                  // as it is, in Body.Data
	InString                     // JSON string without its quotes, in Body.Data
	InJSON                       // JSON number, true, false or null, in Body.Data
	InText                       // the whole of Body.Data
	InCookie                     // as it is, in Headers[Header].Value
)

// A Span is a leaf of a request and the bytes that hold it, still encoded:
// from Start to End in the part that Place names, or in the Value of another span.
type Span struct {
	Leaf
	Place  Place
	Header int
	Start  int
	End    int

	Kinds  []codec.Kind // how Value is written there, the inner one first
	Parent int          // 1 + index of the span whose value holds this one; 0: none does
	Within int          // 1 + index of the span in whose Value Start and End count; 0: the part
}

// Inner reports whether the span is a value within the value of another, such as a
// member of JSON in a form field.
func (s *Span) Inner() bool { return s.Parent > 0 }

// Whole reports whether the value is encoded as a whole, so that no part of it is a
// part of its text: what Base64 holds, or a compressed body.
func (s *Span) Whole() bool { return len(s.Kinds) > 0 && !s.Kinds[0].Keeps() }

// RequestLeaves returns every value that r carries:
//
//	path:N                  the N-th segment from 0
//	query:KEY               KEY#1, KEY#2 for repetitions; {} see Selector
//	header:NAME             and header:NAME SCHEME for what follows "Bearer "
//	body:FIELD              of a form or multipart body, repetitions as above
//	body:FIELD filename     of a file in a multipart body, and
//	body:FIELD Content-Type the media type of a part
//	body:$.items[0].id      of a JSON body; {} is a key that is an identifier, and
//	body:$.changes.{}~      such a key itself
//	body:$[1].id            also of the second of several documents, as in NDJSON
//	body:part               a part of a multipart body without a name, such as a request of a batch
//	body:*                  any other body as a whole
//
// Cookies, hop-by-hop and proxy headers, Host and Content-Length are left out, and
// values within values: see Spans.
func RequestLeaves(r *flow.Request) []Leaf {
	s := newSpanner(r, 0)
	s.all()
	return s.leaves()
}

// TargetLeaves returns the values that the path and the query of r carry, as RequestLeaves
// does.
func TargetLeaves(r *flow.Request) []Leaf {
	s := newSpanner(r, 0)
	s.target()
	return s.leaves()
}

// BodyLeaves returns the values that the body of r carries, as RequestLeaves does.
func BodyLeaves(r *flow.Request) []Leaf {
	if len(r.Body.Data) == 0 {
		return nil
	}
	s := newSpanner(r, 0)
	s.body()
	return s.leaves()
}

// Spans returns the leaves of r with their places, in the order target,
// headers, body. A leaf inside another (the token behind "Bearer ") follows it, and
// so do those within its value. They have further steps behind their selector:
//
//	body:data|json:$.id              a member of JSON in the value
//	query:next|path:1, …|query:id    of an address or form in the value
//	body:state|base64|json:$.id      within what Base64 holds; so with hex and percent
//	header:X-Session|part:id         an identifier in a text (see Parts)
//	header:X-Meta|pair:to|base64     of a list of words with Base64
//	body:doc|xml:Envelope/Body/id    a text of XML
//	body:part|path:0, …|header:If-Match   of a request of HTTP
//	body:*|json:$.id                 within a compressed body, or one of XML or text
//	body:*|proto:1.3                 of a protobuf message, also in a frame of gRPC
func Spans(r *flow.Request) []Span {
	s := newSpanner(r, maxNested)
	s.all()
	return s.out
}

// newSpanner returns one that reads that many bytes of values within values.
func newSpanner(r *flow.Request, nested int) *spanner {
	return &spanner{r: r, seen: map[string]int{}, nested: nested}
}

// leaves returns what was collected without its places.
func (s *spanner) leaves() []Leaf {
	out := make([]Leaf, len(s.out))
	for i := range s.out {
		out[i] = s.out[i].Leaf
	}
	return out
}

// all collects the spans.
func (s *spanner) all() {
	s.out = make([]Span, 0, len(s.r.Headers)+strings.Count(s.r.Target, "/")+2*strings.Count(s.r.Target, "="))
	s.target()
	for i, h := range s.r.Headers {
		s.header(i, textproto.CanonicalMIMEHeaderKey(h.Name), h.Value)
	}
	s.body()
}

// AppendCookies appends to spans of r the cookies that r carries and keep wants, as
// cookie:NAME, repetitions as above, each with the values within it.
func AppendCookies(spans []Span, r *flow.Request, keep func(name, value string) bool) []Span {
	s := &spanner{r: r, out: spans, seen: map[string]int{}, nested: maxNested}
	for i, h := range r.Headers {
		if !strings.EqualFold(h.Name, "Cookie") {
			continue
		}
		at, in := 0, s.region(InCookie, i, h.Value)
		for pair := range strings.SplitSeq(h.Value, ";") {
			name, value, ok := strings.Cut(pair, "=")
			start := at + len(name) + 1 + len(value) - len(strings.TrimLeft(value, " "))
			value = strings.TrimSpace(value)
			if name = strings.TrimSpace(name); ok && name != "" && keep(name, value) {
				s.add(&in, "cookie:"+name, start, start+len(value))
			}
			at += len(pair) + 1
		}
	}
	return s.out
}

// A spanner collects the spans of one request.
type spanner struct {
	r      *flow.Request
	out    []Span
	seen   map[string]int
	nested int // bytes of values within values that may be read; 0: none is
}

// A region is a text that holds values: a part of the request, or a value in it.
type region struct {
	text   string
	raw    []byte // in place of a text: a large body, of which only values are copied
	place  Place
	header int
	kinds  []codec.Kind  // how the text is written, the inner one first
	pos    func(int) int // the place of a byte of the text
	within int           // as in Span
	parent int           // as in Span
	depth  int
}

func itself(i int) int { return i }

// cut returns a part of the text.
func (r *region) cut(start, end int) string {
	if r.raw != nil {
		return string(r.raw[start:end])
	}
	return r.text[start:end]
}

// bytes returns the text for reading.
func (r *region) bytes() []byte {
	if r.raw != nil {
		return r.raw
	}
	return []byte(r.text)
}

// largeBody is from how many bytes on a body of JSON is not copied as a whole.
const largeBody = 64 << 10

// region returns a part of the request.
func (s *spanner) region(place Place, header int, text string) region {
	return region{text: text, place: place, header: header, pos: itself}
}

// add appends the value at text[start:end] of a region, which is written through kind,
// and the values within it. Repetitions of its selector are numbered.
func (s *spanner) add(in *region, selector string, start, end int, kinds ...codec.Kind) {
	if len(s.out) >= maxLeaves {
		return
	}
	n := s.seen[selector]
	s.seen[selector]++
	if n > 0 {
		selector += "#" + string(appendInt(nil, n))
	}
	s.out = append(s.out, Span{Leaf{Selector: selector}, in.place, in.header, in.pos(start), in.pos(end), in.kinds, in.parent, in.within})
	span := &s.out[len(s.out)-1]
	if s.nested == 0 {
		span.Value = in.cut(start, end)
		for _, k := range kinds {
			span.Value, _, _ = codec.DecodeAt(k, span.Value)
			span.Kinds = append([]codec.Kind{k}, span.Kinds...)
		}
		return
	}
	inner := region{text: in.cut(start, end), place: in.place, header: in.header, kinds: in.kinds, within: in.within, depth: in.depth + 1,
		pos: func(i int) int { return in.pos(start + i) }}
	for _, k := range kinds {
		inner.decode(k)
	}
	span.Value, span.Kinds, inner.parent = inner.text, inner.kinds, len(s.out)
	s.open(&inner, selector)
}

// decode removes an encoding from the text of a region. What is not of its form stays
// as it is.
func (r *region) decode(k codec.Kind) {
	value, at, _ := codec.DecodeAt(k, r.text)
	r.text, r.kinds = value, append([]codec.Kind{k}, r.kinds...)
	if at != nil {
		outer := r.pos
		r.pos = func(i int) int { return outer(int(at[i])) }
	}
}

// target adds path segments and query values.
func (s *spanner) target() {
	path, query, _ := strings.Cut(s.r.Target, "?")
	in := s.region(InPath, 0, s.r.Target)
	s.path(&in, "path:", path, 0)
	in.place = InQuery
	s.query(&in, "query:", query, len(path)+1)
}

// path adds the segments of a path that begins at a place of the region.
func (s *spanner) path(in *region, prefix, path string, at int) {
	n := 0
	for seg := range strings.SplitSeq(path, "/") {
		if seg != "" {
			s.add(in, prefix+string(appendInt(nil, n)), at, at+len(seg), codec.Percent)
			n++
		}
		at += len(seg) + 1
	}
}

// query adds the values of a query or form that begins at a place of the region.
func (s *spanner) query(in *region, prefix, query string, at int) {
	queryItems(query, func(k, v string, start int) {
		if in.place == InForm && v != "" {
			s.key(in, prefix+k+"~", query, at, start-1)
		}
		s.add(in, prefix+k, at+start, at+start+len(v), formKinds(v)...)
	})
}

// key adds the identifier in the name of a field that ends at end, as it is written in the
// query.
func (s *spanner) key(in *region, selector, query string, at, end int) {
	raw := query[strings.LastIndexByte(query[:end], '&')+1 : end]
	if !strings.ContainsAny(raw, "0123456789") {
		return
	}
	name := unquery(raw)
	if _, id, ok := FieldKey(name); ok {
		from := Parts(name)[0].Start
		if start := rawIndex(raw, from); start < len(raw) && strings.HasPrefix(raw[start:], id) {
			start += end - len(raw)
			s.leaf(in, selector, at+start, at+start+len(id))
		}
	}
}

// rawIndex returns where byte n of a text is in the text as a query has it.
func rawIndex(raw string, n int) int {
	i := 0
	for ; n > 0 && i < len(raw); n-- {
		if raw[i] == '%' {
			i += 2
		}
		i++
	}
	return i
}

// formKinds returns how the value of a form field is written: browsers turn the line
// ends of a text area into CR LF.
func formKinds(raw string) []codec.Kind {
	if value := unquery(raw); strings.Contains(value, "\r\n") {
		if _, _, ok := codec.DecodeAt(codec.CRLF, value); ok {
			return []codec.Kind{codec.Plus, codec.CRLF}
		}
	}
	return []codec.Kind{codec.Plus}
}

// Forwarded reports whether a header field belongs to the request itself and
// not to the connection, the proxy or the cookie jar.
func Forwarded(name string) bool {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Host", "Cookie", "Content-Length", "Connection", "Keep-Alive", "Proxy-Connection",
		"Proxy-Authorization", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
		"Expect", "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "":
		return false
	}
	return name[0] != ':'
}

// OfBrowser reports whether a header field describes the user's program and not the
// request: the agent, its languages, its client hints.
func OfBrowser(name string) bool {
	name = textproto.CanonicalMIMEHeaderKey(name)
	return name == "User-Agent" || name == "Accept-Language" || strings.HasPrefix(name, "Sec-Ch-")
}

// header adds a header value and the token in it.
func (s *spanner) header(i int, name, value string) {
	if !Forwarded(name) {
		return
	}
	in := s.region(InHeader, i, value)
	if !opens(name) {
		in.depth = maxNest
	}
	if scheme, token, ok := strings.Cut(value, " "); ok && strings.HasSuffix(name, "Authorization") && token != "" && !strings.Contains(token, " ") {
		bare := in
		bare.depth = maxNest
		s.add(&bare, "header:"+name, 0, len(value))
		s.add(&in, "header:"+name+" "+scheme, len(scheme)+1, len(value))
		return
	}
	s.add(&in, "header:"+name, 0, len(value))
	if b := boundary(value); name == "Content-Type" && b != "" {
		at := strings.Index(value, b)
		s.add(&in, "header:Content-Type boundary", at, at+len(b))
	}
}

// opens reports whether a header may hold values of the user within its value. Others
// say what the client accepts and where it stands.
func opens(name string) bool {
	switch name {
	case "Accept", "Accept-Encoding", "Accept-Charset", "Cache-Control", "Pragma", "Content-Type", "Content-Encoding", "Range", "Referer", "Origin",
		"Priority", "Dnt", "Upgrade-Insecure-Requests", "X-Requested-With", "If-None-Match", "If-Modified-Since", "Date":
		return false
	}
	return !OfBrowser(name) && !strings.HasPrefix(name, "Sec-")
}

// body adds the values of the body.
func (s *spanner) body() {
	b := s.r.Body.Data
	if len(b) == 0 {
		return
	}
	if s.r.Headers.Has("Content-Encoding") {
		in := s.region(InText, 0, string(b))
		s.coded(&in)
		return
	}
	s.content(b)
}

// coded adds a compressed body, and what it holds.
func (s *spanner) coded(in *region) {
	text := in.text
	codings := s.r.Headers.Values("Content-Encoding")
	k := codec.Kind(strings.ToLower(strings.TrimSpace(codings[0])))
	if len(codings) == 1 && s.nested > 0 && k.Known() && !k.Keeps() {
		if value, whole := codec.Decode(k, text); whole && len(value) <= s.nested && codec.Printable(value) {
			s.out = append(s.out, Span{Leaf: Leaf{"body:*", value}, Place: InText, End: len(text), Kinds: []codec.Kind{k}})
			inner := region{text: value, place: InText, pos: itself, within: len(s.out), parent: len(s.out)}
			s.open(&inner, "body:*")
			return
		}
	}
	in.depth = maxNest
	s.add(in, "body:*", 0, len(text))
}

// content adds the values of a body that is not compressed.
func (s *spanner) content(b []byte) {
	contentType := s.r.Headers.Value("Content-Type")
	media := RequestMedia(s.r)
	mark := boundary(contentType)
	isJSON := mark == "" && (IsJSON(media) || media == "") && validJSON(b)
	if isJSON && len(b) >= largeBody && !isGRPC(media) {
		s.json(&region{raw: b, place: InText, pos: itself}, "body:$")
		return
	}
	text := s.region(InText, 0, string(b))
	in := &text
	switch {
	case s.nested > 0 && (isGRPC(media) || isProtobuf(media)) && s.protobuf(in, media):
	case media == formMedia:
		in.place = InForm
		s.query(in, "body:", in.text, 0)
	case mark != "":
		in.place = InMultipart
		s.multipart(in, "--"+mark)
	case isJSON:
		s.json(in, "body:$")
	default:
		if list := sequence(b); list != nil {
			for i, at := range list {
				s.json(in.from(at[0], at[1]), "body:$["+string(appendInt(nil, i))+"]")
			}
			return
		}
		s.add(in, "body:*", 0, len(in.text))
	}
}

// json adds every scalar of a JSON document, and the keys that are identifiers.
func (s *spanner) json(in *region, prefix string) {
	b := in.bytes()
	add := func(selector string, place Place, start, end int, kinds ...codec.Kind) {
		at := *in
		if at.place == InText {
			at.place = place
		}
		s.add(&at, selector, start, end, kinds...)
	}
	w := walker{b: b, indexed: true, shared: true, path: make([]byte, 0, 128)}
	w.visit = func(path []byte, start, end int) {
		switch {
		case len(s.out) >= maxLeaves || len(path) > maxPath || b[start] == '{' || b[start] == '[':
		case b[start] == '"':
			add(prefix+string(path), InString, start+1, end-1, codec.JSON)
		default:
			add(prefix+string(path), InJSON, start, end)
		}
	}
	w.key = func(path []byte, start, end int) {
		if len(path) <= maxPath {
			add(prefix+string(path)+"~", InString, start, end, codec.JSON)
		}
	}
	w.full = func() bool { return len(s.out) >= maxLeaves }
	w.whole()
}
