package identity

import (
	"encoding/base64"
	"encoding/json"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A Kind is a kind of place where a request says who sends it.
type Kind uint8

// The kinds of places, the strongest evidence first.
const (
	Subject   Kind = iota + 1 // login name of Basic or Digest, sub of a JWT
	Cookie                    // by its name
	Token                     // credential in Authorization, by its scheme
	Header                    // field of the application's own, by its name
	Parameter                 // ";NAME=VALUE" in the path
	Query                     // parameter of the query, by its name
	Field                     // of a body, by its name
)

// String returns "subject", "cookie", "Authorization", "header", "path parameter", "query
// parameter" or "field".
func (k Kind) String() string {
	return [...]string{"", "subject", "cookie", "Authorization", "header", "path parameter", "query parameter", "field"}[k]
}

// An atom is one value at one place of a message.
type atom struct {
	kind   Kind
	name   string // of the cookie, header field or parameter; scheme of Authorization
	value  Mark
	text   Mark // of the value alone, as it stands in other places
	length int
	bits   float64 // of information in the value
	opaque bool    // the value looks random, or holds a long number
}

// bareMark is the kind of the marks of values whatever their place.
const bareMark = "value"

// Limits of what is looked at in one message.
const (
	maxAtoms = 64
	maxName  = 256  // bytes
	maxToken = 8192 // bytes
)

// A reader of atoms knows the marks of the recording.
type atoms struct {
	Marks
	out []atom
	now time.Time // of the message
}

func (a *atoms) add(k Kind, name, value string) {
	if value == "" || len(a.out) >= maxAtoms || len(name) > maxName || len(value) > maxToken {
		return
	}
	a.out = append(a.out, atom{
		kind: k, name: name, value: a.Of(k.String(), name, value), text: a.Of(bareMark, value),
		length: len(value), bits: content.Bits(value), opaque: content.Opaque(value) || numbered(value, a.now),
	})
	if sub := jwtSubject(value); sub != "" && k != Subject {
		a.subject("JWT", sub)
	}
}

func (a *atoms) subject(scheme, name string) {
	if name != "" && len(a.out) < maxAtoms && len(name) <= maxToken {
		a.out = append(a.out, atom{kind: Subject, name: scheme, value: a.Of(Subject.String(), scheme, name), length: len(name), bits: content.Bits(name)})
	}
}

// carried returns the atoms of a request that began at a time. They are valid until the
// next call.
func (a *atoms) carried(r *flow.Request, start time.Time) []atom {
	a.out, a.now = a.out[:0], start
	for name, value := range cookies(r.Headers) {
		a.add(Cookie, name, value)
	}
	for i := range r.Headers {
		h := &r.Headers[i]
		switch name := textproto.CanonicalMIMEHeaderKey(h.Name); {
		case name == "Authorization":
			a.authorization(h.Value)
		case namesUser(name):
			a.subject(name, h.Value)
		case ownHeader(name) && len(h.Value) >= 4:
			a.add(Header, name, h.Value)
		}
	}
	if strings.IndexByte(r.Target, ';') >= 0 {
		for name, value := range matrix(r.Path()) {
			a.add(Parameter, name, value)
		}
	}
	if _, query, ok := strings.Cut(r.Target, "?"); ok {
		a.query(query)
	}
	a.body(r)
	return a.out
}

// body adds the fields that say by their names that they are of a session or a client.
func (a *atoms) body(r *flow.Request) {
	if n := len(r.Body.Data); n == 0 || n > maxForm || !mayTell(r.Body.Data) {
		return
	}
	for _, s := range content.Spans(r) {
		if !strings.HasPrefix(s.Selector, "body:") || !content.Opaque(s.Value) && !numbered(s.Value, a.now) {
			continue
		}
		if name := s.Selector[strings.LastIndexAny(s.Selector, "/.:$")+1:]; ofClient(name) {
			a.add(Field, name, s.Value)
		}
	}
}

// query adds the parameters that look random: the others are words of the application.
func (a *atoms) query(query string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if len(value) < 8 || len(value) > maxToken {
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil && (content.Opaque(v) || numbered(v, a.now)) {
			a.add(Query, name, v)
		}
	}
}

// issued returns the atoms that an answer gives to the client. They are valid until
// the next call.
func (a *atoms) issued(r *flow.Response) []atom {
	a.out = a.out[:0]
	if r == nil {
		return nil
	}
	for i := range r.Headers {
		h := &r.Headers[i]
		switch name := textproto.CanonicalMIMEHeaderKey(h.Name); {
		case name == "Set-Cookie":
			if n, v, ok := setPair(h.Value); ok {
				a.add(Cookie, n, v)
			}
		case ownHeader(name) && len(h.Value) >= 4:
			a.add(Header, name, h.Value)
		}
	}
	return a.out
}

// authorization adds the login name in an Authorization field, or its credential.
func (a *atoms) authorization(v string) {
	scheme, token, ok := strings.Cut(v, " ")
	if !ok || strings.Contains(scheme, ".") {
		scheme, token = "", v
	}
	token = strings.TrimSpace(token)
	scheme = textproto.CanonicalMIMEHeaderKey(scheme)
	if strings.Contains(token, ",") && strings.Contains(token, "=") { // parameters, which change with each request
		for p := range strings.SplitSeq(token, ",") {
			k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
			if strings.EqualFold(k, "username") {
				a.subject(scheme, strings.Trim(v, `"`))
			}
		}
		return
	}
	if strings.EqualFold(scheme, "Basic") {
		if b, err := base64.StdEncoding.DecodeString(token); err == nil {
			if user, _, ok := strings.Cut(string(b), ":"); ok && user != "" {
				a.subject(scheme, user)
				return
			}
		}
	}
	if content.Bits(token) >= minBits {
		a.add(Token, scheme, token)
	}
}

// jwtSubject returns issuer and subject of a JSON Web Token (RFC 7519), or "".
func jwtSubject(token string) string {
	_, rest, ok := strings.Cut(token, ".")
	if !ok || !strings.HasPrefix(token, "eyJ") || len(token) > maxToken {
		return ""
	}
	payload, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer  string          `json:"iss"`
		Subject json.RawMessage `json:"sub"` // text; some issuers write a number
	}
	if json.Unmarshal(b, &claims) != nil || len(claims.Subject) == 0 || string(claims.Subject) == "null" {
		return ""
	}
	return claims.Issuer + " " + strings.Trim(string(claims.Subject), `"`)
}

// setPair returns name and value of a Set-Cookie line. ok is false for a line that
// deletes a cookie.
func setPair(line string) (name, value string, ok bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, ok = strings.Cut(strings.TrimSpace(pair), "=")
	value = strings.Trim(value, `"`)
	return name, value, ok && value != "" && value != "deleted" && !strings.Contains(strings.ToLower(attributes), "max-age=0")
}

// cookies yields the cookies of a request.
func cookies(h flow.Headers) func(func(name, value string) bool) {
	return func(yield func(string, string) bool) {
		for i := range h {
			if !strings.EqualFold(h[i].Name, "Cookie") {
				continue
			}
			for pair := range strings.SplitSeq(h[i].Value, ";") {
				name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
				if ok && !yield(name, strings.Trim(value, `"`)) {
					return
				}
			}
		}
	}
}

// matrix yields the parameters in the segments of a path: ";NAME=VALUE".
func matrix(path string) func(func(name, value string) bool) {
	return func(yield func(string, string) bool) {
		for segment := range strings.SplitSeq(path, "/") {
			_, parameters, _ := strings.Cut(segment, ";")
			for p := range strings.SplitSeq(parameters, ";") {
				name, value, ok := strings.Cut(p, "=")
				if ok && name != "" && !yield(name, value) {
					return
				}
			}
		}
	}
}

// commonHeaders are fields of the protocol and of its intermediaries, whose values
// tell nothing of the user.
var commonHeaders = map[string]bool{
	"Accept": true, "Age": true, "Allow": true, "Alt-Svc": true, "Cache-Control": true, "Date": true, "Dnt": true, "Etag": true,
	"Expires": true, "From": true, "Last-Event-Id": true, "Last-Modified": true, "Link": true, "Location": true, "Max-Forwards": true,
	"Nel": true, "Origin": true, "Pragma": true, "Priority": true, "Range": true, "Referer": true, "Refresh": true, "Report-To": true,
	"Retry-After": true, "Save-Data": true, "Server": true, "Server-Timing": true, "Set-Cookie": true, "Sourcemap": true,
	"Traceparent": true, "Tracestate": true, "Vary": true, "Warning": true, "Www-Authenticate": true, "Authorization": true,
	"X-Client-Ip": true, "X-Requested-With": true, "True-Client-Ip": true, "Cf-Connecting-Ip": true,
}

// ownHeader reports whether a header field is one of the application's own. name is
// canonical.
func ownHeader(name string) bool {
	if commonHeaders[name] || !content.Forwarded(name) || content.OfBrowser(name) {
		return false
	}
	for _, family := range [...]string{"Accept-", "Access-Control-", "Content-", "If-", "Sec-", "Proxy-", "Strict-", "Upgrade", "X-Forwarded-"} {
		if strings.HasPrefix(name, family) {
			return false
		}
	}
	return true
}
