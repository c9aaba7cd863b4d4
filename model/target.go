package model

import (
	"net/url"
	"strings"
)

// A target is where a redirection leads, or a template of that.
type target struct {
	origin   string // scheme://host, "" in a relative reference
	relative bool   // the path does not begin with "/"
	segments []string
	query    url.Values
}

// parseTarget reads a URL reference or template. It accepts anything.
func parseTarget(s string) target {
	var t target
	s, _, _ = strings.Cut(s, "#")
	s, query, _ := strings.Cut(s, "?")
	if at := strings.Index(s, "//"); at == 0 || at > 0 && s[at-1] == ':' {
		host, path, _ := strings.Cut(s[at+2:], "/")
		t.origin, s = strings.ToLower(s[:at+2]+host), "/"+path
	}
	t.relative = !strings.HasPrefix(s, "/")
	for t.relative && (strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../")) {
		_, s, _ = strings.Cut(s, "/")
	}
	if s != "" {
		t.segments = strings.Split(strings.TrimPrefix(s, "/"), "/")
	}
	if query != "" {
		t.query, _ = url.ParseQuery(query) // what can be read of it
	}
	return t
}

// matches reports whether the template t describes to. A relative path is
// compared with the end of the template's.
func (t *target) matches(to *target) bool {
	if t.origin != "" && t.origin != to.origin {
		_, host, _ := strings.Cut(t.origin, "//")
		if to.origin != "//"+host { // which takes over the scheme
			return false
		}
	}
	want := t.segments
	if to.relative && len(want) > len(to.segments) {
		want = want[len(want)-len(to.segments):]
	}
	if len(want) != len(to.segments) {
		return false
	}
	for i, w := range want {
		if got := to.segments[i]; w != got && !(w == "{}" && got != "") && !matchesHoles(w, got) {
			return false
		}
	}
	for key, values := range t.query {
		got := to.query[key]
		if len(got) < len(values) {
			return false
		}
		for i, v := range values {
			if v != "{}" && v != got[i] && !matchesHoles(v, got[i]) {
				return false
			}
		}
	}
	return true
}

// matchesHoles reports whether s is template with something in place of each {}.
func matchesHoles(template, s string) bool {
	parts := strings.Split(template, "{}")
	if len(parts) == 1 {
		return template == s
	}
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for _, p := range parts[1 : len(parts)-1] {
		at := -1
		if len(s) > 0 {
			at = strings.Index(s[1:], p)
		}
		if at < 0 {
			return false
		}
		s = s[1+at+len(p):]
	}
	last := parts[len(parts)-1]
	return len(s) > len(last) && strings.HasSuffix(s, last)
}

// public returns the path, without segments that may be somebody's.
func (t *target) public() string {
	var b strings.Builder
	b.WriteString(t.origin)
	for i, s := range t.segments {
		if i > 0 || !t.relative {
			b.WriteByte('/')
		}
		if len(s) > 24 || strings.ContainsAny(s, "0123456789@%=") {
			s = "{}"
		}
		b.WriteString(s)
	}
	if b.Len() == 0 {
		return "the same path"
	}
	return b.String()
}
