package content

import (
	"bytes"
	"strings"
)

// Links returns what the answer refers to, as written, in this order: its Link
// headers, then the body in document order. In HTML these are links, forms,
// redirects by a meta element, images of every size and what styles refer to; in
// JSON and XML the texts that are addresses; in a style sheet or script the resources
// that it loads. At most maxItems are returned. The slice belongs to the Doc.
func (d *Doc) Links() []string {
	d.parse()
	if d.linked {
		return d.links
	}
	d.linked = true
	for _, v := range d.resp.Headers.Values("Link") {
		d.links = headerLinks(v, d.links)
	}
	media := d.Media()
	switch {
	case d.page != nil:
		d.links = append(d.links, d.page.links...)
	case d.data != nil:
		d.links = jsonLinks(d.data, d.links)
	case isXML(media):
		eachXMLLink(d.Body(), func(_ int, link string) { d.links = append(d.links, link) })
	case media == "text/css":
		d.links = cssLinks(d.Body(), d.links)
	case strings.HasSuffix(media, "javascript"):
		d.links = scriptLinks(d.Body(), d.links)
	}
	return d.links
}

// headerLinks appends the targets of a Link header (RFC 8288).
func headerLinks(value string, out []string) []string {
	for len(out) < maxItems {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			return out
		}
		link, rest, ok := strings.Cut(rest, ">")
		if !ok {
			return out
		}
		out = append(out, link)
		value = rest
	}
	return out
}

// jsonLinks appends the strings of a JSON document that are addresses.
func jsonLinks(b []byte, out []string) []string {
	n := len(out)
	eachJSONLink(b, func(_ int, link string) {
		if n++; n <= maxItems {
			out = append(out, link)
		}
	})
	return out
}

// eachJSONLink visits the strings of a JSON document that are addresses, with their places.
func eachJSONLink(b []byte, visit func(at int, link string)) {
	walkJSON(b, false, func(_ []byte, start, end int) {
		if b[start] != '"' || end-start > maxValue {
			return
		}
		raw := b[start+1 : end-1]
		if len(raw) < 2 || raw[0] != '/' && raw[0] != '\\' && !bytes.HasPrefix(raw, []byte("http")) {
			return
		}
		if s := text(b, start, end); isAddress(s) {
			visit(start, s)
		}
	})
}

// isAddress reports whether a string is a URL or the path of one.
func isAddress(s string) bool {
	if strings.ContainsAny(s, " \t\r\n<>\"") {
		return false
	}
	return len(s) > 1 && s[0] == '/' || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// refreshLink returns where a page redirects to: "5; url=/next".
func refreshLink(content string) string {
	_, rest, ok := strings.Cut(content, ";")
	if !ok {
		_, rest, ok = strings.Cut(content, ",")
	}
	rest = strings.TrimSpace(rest)
	if !ok || len(rest) < 4 || !strings.EqualFold(rest[:3], "url") {
		return ""
	}
	rest = strings.TrimSpace(rest[3:])
	rest, ok = strings.CutPrefix(rest, "=")
	if !ok {
		return ""
	}
	return strings.Trim(strings.TrimSpace(rest), `"'`)
}

// srcsetLinks appends the images of a srcset attribute: "a.png 1x, b.png 2x".
func srcsetLinks(srcset string, out []string) []string {
	for srcset != "" && len(out) < maxItems {
		srcset = strings.TrimLeft(srcset, " \t\r\n,")
		end := strings.IndexAny(srcset, " \t\r\n")
		if end < 0 {
			end = len(srcset)
		}
		link := srcset[:end]
		srcset = srcset[end:]
		if trimmed := strings.TrimRight(link, ","); trimmed == link {
			_, srcset, _ = strings.Cut(srcset, ",") // the size of the image
		} else {
			link = trimmed
		}
		if link != "" {
			out = append(out, link)
		}
	}
	return out
}

// cssLinks appends what a style sheet refers to by url() and @import.
func cssLinks(b []byte, out []string) []string {
	for len(out) < maxItems {
		i := bytes.Index(b, []byte("url("))
		j := bytes.Index(b, []byte("@import"))
		switch {
		case i < 0 && j < 0:
			return out
		case j >= 0 && (i < 0 || j < i):
			b = bytes.TrimLeft(b[j+len("@import"):], " \t\r\n")
			if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
				out, b = quotedLink(b, out)
			}
			continue
		}
		b = bytes.TrimLeft(b[i+len("url("):], " \t\r\n")
		if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
			out, b = quotedLink(b, out)
			continue
		}
		end := bytes.IndexByte(b[:min(len(b), maxValue)], ')')
		if end < 0 {
			continue
		}
		if link := string(bytes.TrimSpace(b[:end])); link != "" && !strings.HasPrefix(link, "data:") {
			out = append(out, link)
		}
		b = b[end:]
	}
	return out
}

// quotedLink appends the string that b begins with, and returns what follows it.
func quotedLink(b []byte, out []string) (links []string, rest []byte) {
	end := bytes.IndexByte(b[1:min(len(b), maxValue)], b[0])
	if end < 0 {
		return out, b[1:]
	}
	if link := string(b[1 : end+1]); link != "" && !strings.HasPrefix(link, "data:") {
		out = append(out, link)
	}
	return out, b[end+2:]
}

// scriptLinks appends the strings of a script that name a file: what it imports, and
// the lists of parts that bundlers write.
func scriptLinks(b []byte, out []string) []string {
	for len(out) < maxItems {
		i := bytes.IndexAny(b, "\"'`")
		if i < 0 {
			return out
		}
		b = b[i:]
		end := bytes.IndexAny(b[1:min(len(b), 512)], "\"'`\n")
		if end < 0 || b[end+1] != b[0] {
			b = b[1:]
			continue
		}
		if s := string(b[1 : end+1]); isFile(s) {
			out = append(out, s)
		}
		b = b[end+2:]
	}
	return out
}

// isFile reports whether s is a relative or absolute address whose last segment has an
// extension, such as ./part-3f2a9c1b.js.
func isFile(s string) bool {
	path, _, _ := strings.Cut(s, "?")
	slash := strings.LastIndexByte(path, '/')
	dot := strings.LastIndexByte(path, '.')
	if slash < 0 || dot <= slash+1 || len(path)-dot < 3 || len(path)-dot > 12 {
		return false
	}
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("<>(){}[]\\^|,;*+$", c) >= 0 {
			return false
		}
	}
	for _, c := range path[dot+1:] {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}
