package content

import "strings"

// A linkPattern selects one value from links of one shape:
// PATHTEMPLATE#N (the N-th {}) or PATHTEMPLATE?k=v&KEY (the value of KEY in links that
// have the other items too; {} in v is any text).
type linkPattern struct {
	segments []string
	segment  int // index into segments, or -1 for a query value
	hole     int // index of the {} in that segment
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
			if holes := strings.Count(seg, bareKey); n < holes {
				p.segment, p.hole = j, n
				return p, true
			} else {
				n -= holes
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
	if path == "" { // "?x=1" refers to the page itself, whatever its path
		if p.segment >= 0 {
			return out
		}
	} else if value, ok := p.matchPath(path); !ok {
		return out
	} else if p.segment >= 0 {
		return append(out, value)
	}
	value, found, fixed := "", false, 0
	queryItems(query, func(k, v string, _ int) {
		if k == p.key && !found {
			value, found = unquery(v), true
		}
		for _, f := range p.fixed {
			if f.name == k {
				if _, ok := matchSegment(f.value, unquery(v), -1); ok {
					fixed++
				}
			}
		}
	})
	if found && fixed >= len(p.fixed) {
		out = append(out, value)
	}
	return out
}

// matchPath reports whether the path has the shape, and returns the value in it.
func (p *linkPattern) matchPath(path string) (value string, ok bool) {
	want := p.segments
	n := strings.Count(path, "/") + 1
	if path[0] != '/' { // relative: compare the end of the template
		if n > len(want) || n == len(want) && want[0] == "" || p.segment >= 0 && p.segment < len(want)-n {
			return "", false
		}
		want = want[len(want)-n:]
	} else if n != len(want) {
		return "", false
	}
	rest := path
	for i, w := range want {
		var seg string
		seg, rest, _ = strings.Cut(rest, "/")
		hole := -1
		if len(p.segments)-len(want)+i == p.segment {
			hole = p.hole
		}
		v, ok := matchSegment(w, seg, hole)
		if !ok {
			return "", false
		}
		if hole >= 0 {
			value = unescape(v)
		}
	}
	return value, true
}

// matchSegment reports whether a segment has the shape of a template, and returns what
// stands at its hole with that index. No hole is empty.
func matchSegment(template, segment string, hole int) (value string, ok bool) {
	if template == bareKey {
		return segment, segment != ""
	}
	for n := 0; ; n++ {
		text, rest, more := strings.Cut(template, bareKey)
		if !more {
			return value, segment == text
		}
		if segment, ok = strings.CutPrefix(segment, text); !ok {
			return "", false
		}
		end := len(segment)
		if next, _, _ := strings.Cut(rest, bareKey); next != "" {
			from := min(1, len(segment))
			if !strings.Contains(rest, bareKey) {
				end = len(segment) - len(next)
			} else if end = strings.Index(segment[from:], next); end >= 0 {
				end += from
			}
		}
		if end <= 0 {
			return "", false
		}
		if n == hole {
			value = segment[:end]
		}
		segment, template = segment[end:], rest
	}
}

// Limits on the templates of links: each leaf of a link repeats the template.
const (
	maxHoles    = 20
	maxTemplate = 1000
)

// linkLeaves appends the values that selectors can take from a link, by the template
// of its path. prefix ends in "link:" or "redirect:".
func linkLeaves(prefix, link string, out []Leaf) []Leaf {
	path, query, ok := splitLink(link)
	if !ok || len(link) > maxValue {
		return out
	}
	template := Template(path)
	if template != path && strings.Count(template, bareKey) <= maxHoles && len(template) <= maxTemplate {
		n := 0
		segments := strings.Split(path, "/")
		for i, t := range strings.Split(template, "/") {
			for hole := range strings.Count(t, bareKey) {
				if value, ok := matchSegment(t, segments[i], hole); ok {
					out = append(out, Leaf{prefix + escapeBar(template) + "#" + string(appendInt(nil, n)), unescape(value)})
				}
				n++
			}
		}
	}
	if query != "" && !strings.Contains(template, "#") && len(template) <= maxTemplate {
		queryItems(query, func(k, v string, _ int) {
			if v != "" && k != "" && !strings.ContainsAny(k, "&=#?") {
				out = append(out, Leaf{prefix + escapeBar(template+"?"+k), unquery(v)})
			}
		})
	}
	return out
}
