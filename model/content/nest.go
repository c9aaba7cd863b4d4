package content

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/starling-load/starling/model/content/codec"
)

// open adds the values within a value. What a text is, its form decides.
func (g *gatherer) open(prefix, s string) {
	if len(s) < 3 || g.depth >= maxNest || len(s) > g.nested || len(g.out) >= maxLeaves {
		return
	}
	g.nested -= len(s)
	g.depth++
	defer func() { g.depth-- }()
	if start, end, ok := guarded([]byte(s)); ok {
		g.json(prefix, []byte(s[start:end]))
		return
	}
	switch {
	case s[0] == '<':
		g.markup(prefix, s)
		return
	case g.called(prefix, s):
		return
	case isLink(s):
		g.out = linkLeaves(prefix+"link:", s, g.out)
		if _, fragment, ok := strings.Cut(s, "#"); ok {
			g.open(prefix+"fragment|", fragment)
		}
		if !holdsText(s) {
			return
		}
	case isFormText(s):
		queryItems(s, func(k, v string, _ int) { g.add(prefix+"query:"+escapeBar(k), unquery(v)) })
		return
	}
	for _, k := range readable(s) {
		if value, ok := codec.Decode(k, s); ok && value != s && codec.Printable(value) {
			g.add(prefix+string(k), value)
		}
	}
	for _, p := range allParts(s) {
		g.out = append(g.out, Leaf{prefix + "part:" + p.Name, s[p.Start:p.End]})
	}
}

// markup adds what a piece of a page, or XML, holds.
func (g *gatherer) markup(prefix, s string) {
	if strings.HasPrefix(s, "<?xml") {
		g.xml(prefix, []byte(s))
		return
	}
	p := parsePage([]byte(s))
	before := len(g.out)
	g.page(prefix, p)
	g.links(prefix, p.links)
	if len(g.out) == before {
		g.xml(prefix, []byte(s))
	}
}

// readable returns the encodings that s may be written in, by its form.
func readable(s string) []codec.Kind {
	var out []codec.Kind
	if strings.Contains(s, "%") {
		out = append(out, codec.Percent)
	}
	if strings.Contains(s, "&") && strings.Contains(s, ";") {
		out = append(out, codec.HTML)
	}
	if strings.Contains(s, `\`) {
		out = append(out, codec.Script)
	}
	if strings.Contains(s, "\r\n") {
		out = append(out, codec.CRLF)
	}
	if s[len(s)-1] == '"' && (s[0] == '"' || strings.HasPrefix(s, `W/"`)) {
		out = append(out, codec.Quotes)
	}
	if k := baseKind(s); k != "" {
		out = append(out, k)
	}
	return out
}

// baseKind returns the encoding of s if it could be Base64, hexadecimal, or a token
// with claims.
func baseKind(s string) codec.Kind {
	if isJWT(s) {
		return codec.JWT
	}
	trimmed := strings.TrimRight(s, "=")
	if len(trimmed) < 8 || len(s)-len(trimmed) > 2 {
		return ""
	}
	kind := codec.Base64
	hex := len(s) >= 12 && len(s)%2 == 0
	for i := range len(trimmed) {
		c := trimmed[i]
		hex = hex && isHex(c)
		switch {
		case c >= '0' && c <= '9' || isLetter(c):
		case c == '-' || c == '_':
			kind = codec.Base64URL
		case c != '+' && c != '/':
			return ""
		}
	}
	if hex {
		return codec.Hex
	}
	return kind
}

// holdsText reports whether s is text in Base64 or hexadecimal.
func holdsText(s string) bool {
	k := baseKind(s)
	if k == "" {
		return false
	}
	value, ok := codec.Decode(k, s)
	return ok && codec.Printable(value)
}

// isLink reports whether s is an address.
func isLink(s string) bool {
	return (strings.HasPrefix(s, "/") && len(s) > 1 || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") ||
		strings.HasPrefix(s, "?") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")) &&
		!strings.ContainsAny(s, " \t\r\n<>\"") && !padded(s)
}

// isFormText reports whether s is written as a form: items with keys that are words.
func isFormText(s string) bool {
	if !strings.Contains(s, "=") || strings.ContainsAny(s, " \t\r\n<>\"{}") {
		return false
	}
	for item := range strings.SplitSeq(s, "&") {
		key, value, ok := strings.Cut(item, "=")
		if !ok || key == "" || strings.Contains(value, "=") || value == "" && !strings.Contains(s, "&") {
			return false
		}
		for i := range len(key) {
			if c := key[i]; !isLetter(c) && (c < '0' || c > '9') && strings.IndexByte("_-.[]%", c) < 0 {
				return false
			}
		}
	}
	return true
}

// escapeBar writes a name so that it can stand in a selector.
func escapeBar(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// splitBars splits a selector at each "|" that no "\" escapes. These are taken away,
// except in paths of JSON, where "\" escapes.
func splitBars(s string) []string {
	var out []string
	at := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '|':
			out = append(out, s[at:i])
			at = i + 1
		}
	}
	out = append(out, s[at:])
	for i, one := range out {
		if !strings.HasPrefix(one, "json:") {
			out[i] = strings.ReplaceAll(one, `\|`, "|")
		}
	}
	return out
}

// linkHeader calls visit for each link of a Link header (RFC 8288) with its relation.
func linkHeader(value string, visit func(rel, link string)) {
	for n := 0; n < maxParts; n++ {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			return
		}
		link, after, ok := strings.Cut(rest, ">")
		if !ok {
			return
		}
		params, _, _ := strings.Cut(after, "<")
		rel := ""
		for p := range strings.SplitSeq(params, ";") {
			k, v, _ := strings.Cut(strings.Trim(p, " ,"), "=")
			if strings.EqualFold(strings.TrimSpace(k), "rel") {
				rel = strings.Trim(v, `" `)
			}
		}
		visit(rel, link)
		value = after
	}
}

// deltas calls visit for each part of a partial page as ASP.NET writes it, with its type
// and id, and returns their number: LENGTH|TYPE|ID|CONTENT| and so on, where the length
// counts characters.
func deltas(s string, visit func(key, value string)) int {
	n := 0
	for ; s != "" && n < maxItems; n++ {
		size, rest, ok := strings.Cut(s, "|")
		kind, rest, ok2 := strings.Cut(rest, "|")
		id, rest, ok3 := strings.Cut(rest, "|")
		if !ok || !ok2 || !ok3 || Kind(size) != "int" || len(size) > 8 || len(kind) > 80 {
			break
		}
		end, length := 0, 0
		for _, c := range size {
			length = 10*length + int(c-'0')
		}
		for length > 0 && end < len(rest) { // it counts units of UTF-16
			r, bytes := utf8.DecodeRuneInString(rest[end:])
			length -= utf16.RuneLen(r)
			end += bytes
		}
		if length != 0 || end >= len(rest) || rest[end] != '|' {
			break
		}
		visit(kind+"/"+id, rest[:end])
		s = rest[end+1:]
	}
	return n
}
