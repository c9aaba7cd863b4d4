package redact

import (
	"path"
	"strings"
)

// A headerRule says how the value of a header field is walked.
type headerRule uint8

const (
	headerUnknown headerRule = iota
	headerText
	headerKept
	headerAuthorization
	headerCookie
	headerSetCookie
	headerSecret
	headerLikely
	headerAddress
	headerProtocols
)

// A scope holds the rules for one host, and what they say about names met so far.
type scope struct {
	rules     []rule
	patterns  []rule
	values    []rule
	jsonRules []rule
	cookies   bool // there are rules about cookies
	named     bool // there are rules about fields
	addresses bool

	headers map[string]headerRule
	fields  map[string]class
}

// maxNames is how many names of each kind are remembered.
const maxNames = 4096

// enter selects the rules of a host.
func (w *walker) enter(authority string) {
	if w.scope != nil && (authority == w.authority || len(w.all.rules) == 0) {
		return
	}
	w.authority = authority
	host := strings.ToLower(authority)
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	// Hosts with the same rules share a scope.
	chosen := make([]byte, len(w.all.rules))
	s := &scope{addresses: w.addresses, headers: map[string]headerRule{}, fields: map[string]class{}}
	for i, r := range w.all.rules {
		if ok, _ := path.Match(r.host, host); !ok {
			continue
		}
		chosen[i] = 1
		s.rules = append(s.rules, r)
		switch r.what {
		case "pattern":
			s.patterns = append(s.patterns, r)
		case "value":
			s.values = append(s.values, r)
		case "json":
			s.jsonRules = append(s.jsonRules, r)
		case "cookie":
			s.cookies = true
		case "field":
			s.named = true
		}
	}
	if old := w.scopes[string(chosen)]; old != nil {
		w.scope = old
		return
	}
	if w.scopes == nil {
		w.scopes = map[string]*scope{}
	}
	w.scopes[string(chosen)] = s
	w.scope = s
}

// ruled returns what the last rule that matches a name says.
func (s *scope) ruled(what, name string) (keep, found bool) {
	for _, r := range s.rules {
		if r.what == what {
			if ok, _ := path.Match(r.glob, strings.ToLower(name)); ok {
				keep, found = r.keep, true
			}
		}
	}
	return keep, found
}

// header returns how a header field is walked.
func (s *scope) header(name string) headerRule {
	if h := s.headers[name]; h != headerUnknown {
		return h
	}
	h := s.newHeader(name)
	if len(s.headers) >= maxNames {
		clear(s.headers)
	}
	s.headers[strings.Clone(name)] = h
	return h
}

func (s *scope) newHeader(name string) headerRule {
	if keep, found := s.ruled("header", name); found {
		if keep {
			return headerKept
		}
		return headerSecret
	}
	switch n := strings.ToLower(name); {
	case strings.HasSuffix(n, "authorization"):
		return headerAuthorization
	case n == "cookie" || n == "cookie2":
		return headerCookie
	case n == "sec-websocket-protocol":
		return headerProtocols
	case n == "set-cookie" || n == "set-cookie2":
		return headerSetCookie
	case s.addresses && (n == "x-forwarded-for" || n == "x-real-ip" || n == "forwarded" || n == "true-client-ip" || n == "cf-connecting-ip" || n == "x-client-ip"):
		return headerAddress
	case dullHeaders[n] || strings.HasPrefix(n, "sec-fetch-") || strings.HasPrefix(n, "sec-ch-") || strings.HasPrefix(n, "access-control-"):
		return headerKept
	}
	switch c := classify(name); {
	case c.secret():
		return headerSecret
	case c == likely:
		return headerLikely
	}
	return headerText
}

// dullHeaders are header fields of the protocol, from the IANA registry of HTTP field
// names. Their values have no room for secrets.
var dullHeaders = map[string]bool{"date": true, "accept": true, "accept-encoding": true, "accept-language": true, "accept-charset": true,
	"accept-ranges": true, "age": true, "allow": true, "connection": true, "cache-control": true, "content-length": true, "content-encoding": true,
	"content-language": true, "content-range": true, "content-type": true, "dnt": true, "expect": true, "expires": true, "host": true,
	"if-modified-since": true, "if-unmodified-since": true, "keep-alive": true, "last-modified": true, "pragma": true, "priority": true,
	"proxy-connection": true, "range": true, "retry-after": true, "sec-websocket-accept": true, "sec-websocket-extensions": true,
	"sec-websocket-key": true, "sec-websocket-version": true, "server": true, "strict-transport-security": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true, "upgrade-insecure-requests": true, "vary": true, "x-content-type-options": true,
	"x-frame-options": true, "x-xss-protection": true,
	// Digests are replaced together with their bodies.
	"content-md5": true, "digest": true, "content-digest": true, "repr-digest": true, "x-amz-content-sha256": true}

// may reports whether a name can be that of a secret, or whether a rule may say so.
func (s *scope) may(name []byte) bool { return s.named || mayName(name) }

// field returns the class of the name of a field.
func (s *scope) field(name []byte) class {
	if len(name) > maxName || !s.may(name) {
		return plain
	}
	if c, ok := s.fields[string(name)]; ok {
		return c
	}
	c := classify(string(name))
	if keep, found := s.ruled("field", string(name)); found && keep {
		c = kept
	} else if found {
		c = token
	}
	if len(s.fields) >= maxNames {
		clear(s.fields)
	}
	s.fields[string(name)] = c
	return c
}

// keepsCookie reports whether a rule keeps a cookie.
func (s *scope) keepsCookie(name []byte) bool {
	if !s.cookies {
		return false
	}
	keep, _ := s.ruled("cookie", string(name))
	return keep
}

// keepsValue reports whether a rule says that a value is not secret.
func (s *scope) keepsValue(b []byte) bool {
	for _, r := range s.values {
		if r.re.Match(b) {
			return true
		}
	}
	return false
}

// paths reports whether a rule is about a JSON path.
func (s *scope) paths() bool { return len(s.jsonRules) > 0 }

// path returns what the rules say about the value under key in the innermost of the open
// objects and arrays. The key is empty for a member of an array.
func (s *scope) path(stack []jsonFrame, key []byte) class {
	c := plain
	for _, r := range s.jsonRules {
		if len(r.path) != len(stack) || !fitsPath(r.path, stack, key) {
			continue
		}
		if c = token; r.keep {
			c = kept
		}
	}
	return c
}

// fitsPath compares step by step: step n is the name of frame n+1.
func fitsPath(steps []string, stack []jsonFrame, key []byte) bool {
	for i, step := range steps {
		have := string(key)
		if i < len(stack)-1 {
			have = stack[i+1].key
		}
		if !stack[i].object {
			have = "[]"
		}
		if step != have && (step != "*" || !stack[i].object) {
			return false
		}
	}
	return true
}
