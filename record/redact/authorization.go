package redact

import (
	"bytes"
	"slices"
)

// schemes are the authentication schemes that are looked for outside Authorization too.
// Most are from IANA's registry; the others are common without being in it.
var schemes = []string{"bearer", "basic", "token", "digest", "jwt", "apikey", "negotiate", "oauth", "hawk", "ntlm", "dpop", "key", "ssws", "usernametoken"}

// hasScheme reports whether b begins with the name of a scheme and a space.
func hasScheme(b []byte) bool {
	i := bytes.IndexByte(b[:min(len(b), 16)], ' ')
	if i < 3 {
		return false
	}
	return slices.Contains(schemes, string(bytes.ToLower(b[:i])))
}

// authorization walks credentials (RFC 9110, section 11.4). The name of the scheme stays.
func (w *walker) authorization(b []byte, k Kind) {
	b = bytes.TrimSpace(b)
	scheme, rest, ok := bytes.Cut(b, []byte(" "))
	if !ok || bytes.IndexByte(scheme, '=') >= 0 {
		w.secret(b, k)
		return
	}
	rest = bytes.TrimSpace(rest)
	switch {
	case bytes.EqualFold(scheme, []byte("basic")):
		if !w.base64(rest, job{op: opUserinfo, kind: k}) {
			w.opaque(rest, k)
		}
	case hasParameters(rest):
		w.parameters(rest, k)
	case !w.open(rest):
		w.secret(rest, k)
	}
}

// hasParameters reports whether b has a = that is not padding.
func hasParameters(b []byte) bool {
	i := bytes.IndexByte(b, '=')
	return i > 0 && len(bytes.TrimLeft(b[i:], "=")) > 0
}

// openParameters are the parameters that are not secret: of Digest (RFC 7616), OAuth
// (RFC 5849, RFC 6750), HTTP signatures, AWS Signature Version 4 and Hawk.
var openParameters = []string{"realm", "qop", "algorithm", "nc", "charset", "userhash", "uri", "signedheaders", "headers", "version", "oauth_version",
	"oauth_signature_method", "oauth_timestamp", "ts", "created", "expires", "type", "stale", "domain", "scope", "error"}

// parameters walks NAME=VALUE, NAME="VALUE", ….
func (w *walker) parameters(b []byte, k Kind) {
	for len(b) > 0 {
		item := b[:parameterEnd(b)]
		b = b[min(len(b), len(item)+1):]
		name, value, _ := bytes.Cut(item, []byte("="))
		if slices.Contains(openParameters, string(bytes.ToLower(bytes.TrimSpace(name)))) {
			w.text(value)
		} else {
			w.secret(value, k)
		}
	}
}

// parameterEnd returns the offset of the first comma outside quotes.
func parameterEnd(b []byte) int {
	quoted := false
	for i, c := range b {
		if c == '"' {
			quoted = !quoted
		}
		if c == ',' && !quoted {
			return i
		}
	}
	return len(b)
}

// userinfo walks USER:PASSWORD.
func (w *walker) userinfo(b []byte) {
	user, password, _ := bytes.Cut(b, []byte(":"))
	for _, b := range [][]byte{user, password} {
		if !w.open(b) {
			w.secret(b, KindAuthorization)
		}
	}
}
