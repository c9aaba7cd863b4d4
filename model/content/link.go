package content

import (
	"net/url"
	"strings"
)

// unescape removes percent-encoding from a path segment. Encoding that is not valid
// stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// unquery removes percent-encoding and plus signs from a query or form part.
func unquery(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// splitLink cuts a link into path and query without scheme, host and fragment.
// ok is false for links that no request follows (mailto:, javascript:, #top).
func splitLink(link string) (path, query string, ok bool) {
	link, _, _ = strings.Cut(link, "#")
	link = strings.TrimSpace(link)
	if link == "" {
		return "", "", false
	}
	if i := strings.IndexByte(link, ':'); i >= 0 {
		slash := strings.IndexAny(link, "/?")
		if slash < 0 || i < slash {
			scheme := strings.ToLower(link[:i])
			if scheme != "http" && scheme != "https" {
				return "", "", false
			}
			link = link[i+1:]
		}
	}
	if rest, absolute := strings.CutPrefix(link, "//"); absolute {
		i := strings.IndexAny(rest, "/?")
		if i < 0 {
			return "/", "", true
		}
		link = rest[i:]
		if link[0] == '?' {
			link = "/" + link
		}
	}
	path, query, _ = strings.Cut(link, "?")
	for strings.HasPrefix(path, "./") || strings.HasPrefix(path, "../") {
		_, path, _ = strings.Cut(path, "/")
	}
	return path, query, true
}

// bareKey is the key of a query item without "=" whose text varies.
const bareKey = "{}"

// queryItems calls visit for each item of a raw query. An item without "=" that
// is a number or looks random has the key {} and its own text as the value.
func queryItems(query string, visit func(key, value string, start int)) {
	for at := 0; at <= len(query); {
		end := strings.IndexByte(query[at:], '&')
		if end < 0 {
			end = len(query)
		} else {
			end += at
		}
		if item := query[at:end]; item != "" {
			key, value, pair := strings.Cut(item, "=")
			switch {
			case pair:
				visit(unquery(key), value, at+len(key)+1)
			case volatileItem(item):
				visit(bareKey, item, at)
			default:
				visit(unquery(key), "", end)
			}
		}
		at = end + 1
	}
}

// volatileItem reports whether a query item without "=" is a value, not a key.
func volatileItem(item string) bool {
	k := Kind(item)
	return k == "int" && len(item) >= 8 || k != "" && k != "int"
}
