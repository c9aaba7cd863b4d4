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
	return strings.TrimPrefix(path, "./"), query, true
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

// A linkPattern selects one value from links of one shape:
// PATHTEMPLATE#N (the N-th {}, a segment or a part of one, such as app.{}.js) or
// PATHTEMPLATE?k=v&KEY (the value of KEY in links that have the other items too).
type linkPattern struct {
	segments []string
	segment  int // index into segments, or -1 for a query value
	key      string
	fixed    []named
}

// parsePattern reads a linkPattern.
func parsePattern(s string) (p linkPattern, ok bool) {
	p.segment = -1
	if i := strings.LastIndexByte(s, '#'); i >= 0 {
		n := 0
		if i == len(s)-1 || len(s)-i > 4 {
			return p, false
		}
		for _, c := range s[i+1:] {
			if c < '0' || c > '9' {
				return p, false
			}
			n = 10*n + int(c-'0')
		}
		p.segments = strings.Split(s[:i], "/")
		for j, seg := range p.segments {
			if strings.Contains(seg, "{}") {
				if n == 0 {
					p.segment = j
					return p, true
				}
				n--
			}
		}
		return p, false
	}
	path, query, ok := strings.Cut(s, "?")
	if !ok || query == "" {
		return p, false
	}
	p.segments = strings.Split(path, "/")
	items := strings.Split(query, "&")
	for _, item := range items[:len(items)-1] {
		k, v, _ := strings.Cut(item, "=")
		p.fixed = append(p.fixed, named{unquery(k), unquery(v)})
	}
	p.key = unquery(items[len(items)-1])
	return p, true
}

// match appends the value that the link holds, if the link has the shape.
func (p *linkPattern) match(link string, out []string) []string {
	path, query, ok := splitLink(link)
	if !ok {
		return out
	}
	want := p.segments
	if path == "" { // "?x=1" refers to the page itself, whatever its path
		if p.segment >= 0 {
			return out
		}
	} else {
		n := strings.Count(path, "/") + 1
		if path[0] != '/' { // relative: compare the end of the template
			if n >= len(want) || p.segment >= 0 && p.segment < len(want)-n {
				return out
			}
			want = want[len(want)-n:]
		} else if n != len(want) {
			return out
		}
		rest, value := path, ""
		for i, w := range want {
			var seg string
			seg, rest, _ = strings.Cut(rest, "/")
			before, after, variable := strings.Cut(w, "{}")
			if !variable {
				if w != seg {
					return out
				}
				continue
			}
			if len(seg) <= len(w)-len("{}") || !strings.HasPrefix(seg, before) || !strings.HasSuffix(seg, after) {
				return out
			}
			if len(p.segments)-len(want)+i == p.segment {
				value = unescape(seg[len(before) : len(seg)-len(after)])
			}
		}
		if p.segment >= 0 {
			return append(out, value)
		}
	}
	value, found, fixed := "", false, 0
	queryItems(query, func(k, v string, _ int) {
		if k == p.key && !found {
			value, found = unquery(v), true
		}
		for _, f := range p.fixed {
			if f.name == k && f.value == unquery(v) {
				fixed++
			}
		}
	})
	if found && fixed >= len(p.fixed) {
		out = append(out, value)
	}
	return out
}

// linkLeaves appends the values that selectors can take from a link, by the template
// of its path. prefix is "link:" or "redirect:".
func linkLeaves(prefix, link string, out []Leaf) []Leaf {
	path, query, ok := splitLink(link)
	if !ok {
		return out
	}
	template := Template(path)
	if template != path {
		n := 0
		segments := strings.Split(path, "/")
		for i, t := range strings.Split(template, "/") {
			if t == "{}" {
				out = append(out, Leaf{prefix + template + "#" + string(appendInt(nil, n)), unescape(segments[i])})
				n++
			}
		}
	}
	if query != "" {
		queryItems(query, func(k, v string, _ int) {
			if v != "" && !strings.ContainsAny(k, "&=#?") {
				out = append(out, Leaf{prefix + template + "?" + k, unquery(v)})
			}
		})
	}
	return out
}
