package http1

import "strings"

// SplitTarget splits the target of a request into its origin form and the authority and
// scheme of an absolute form, without user information. Both are empty if target has
// another form: /path, *, host:port (RFC 9112, section 3.2). The scheme of an absolute
// form is http or https, in any case.
func SplitTarget(target string) (origin, authority, scheme string) {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return target, "", ""
	}
	authority, origin = rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		if authority, origin = rest[:i], rest[i:]; origin[0] == '?' {
			origin = "/" + origin
		}
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	return origin, authority, scheme
}
