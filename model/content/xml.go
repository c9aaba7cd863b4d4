package content

import (
	"bytes"

	"github.com/starling-load/starling/model/content/codec"
)

// walkXML visits the attributes and the texts of an XML document in order with their
// places, still encoded. A path holds the names of the elements without prefixes,
// such as Envelope/Body/id, and behind "@" that of the attribute. Comments,
// instructions and declarations are passed over. A CDATA section is visited without
// its marks; plain says that its bytes are its text. The path is valid during visit.
func walkXML(b []byte, visit func(path []byte, start, end int, plain bool)) {
	w := xmlWalker{visit: visit, open: func(int) {}, close: func() {}}
	w.walk(b)
}

// An xmlWalker visits what walkXML does. open is called before the attributes of each
// element, close behind its end.
type xmlWalker struct {
	visit func(path []byte, start, end int, plain bool)
	open  func(at int)
	close func()
}

func (w *xmlWalker) walk(b []byte) {
	visit := w.visit
	var path []byte
	var marks []int // lengths of path outside of each open element
	for i := 0; i < len(b); {
		if b[i] != '<' {
			end := len(b)
			if n := bytes.IndexByte(b[i:], '<'); n >= 0 {
				end = i + n
			}
			if text := bytes.TrimSpace(b[i:end]); len(text) > 0 && len(marks) > 0 {
				start := i + bytes.Index(b[i:end], text)
				visit(path, start, start+len(text), false)
			}
			i = end
			continue
		}
		rest := b[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			end := after(b, i+9, "]]>")
			if len(marks) > 0 && end-3 > i+9 {
				visit(path, i+9, end-3, true)
			}
			i = end
		case bytes.HasPrefix(rest, []byte("<!--")):
			i = after(b, i+4, "-->")
		case bytes.HasPrefix(rest, []byte("<?")), bytes.HasPrefix(rest, []byte("<!")):
			i = after(b, i+2, ">")
		case bytes.HasPrefix(rest, []byte("</")):
			if n := len(marks); n > 0 {
				path, marks = path[:marks[n-1]], marks[:n-1]
				w.close()
			}
			i = after(b, i+2, ">")
		default:
			if len(marks) >= maxDepth {
				return
			}
			marks = append(marks, len(path))
			w.open(i)
			if len(path) > 0 {
				path = append(path, '/')
			}
			var closed bool
			if path, i, closed = startTag(b, i+1, path, visit); closed {
				path, marks = path[:marks[len(marks)-1]], marks[:len(marks)-1]
				w.close()
			}
		}
	}
}

// after returns the index behind the next mark, or the end of b.
func after(b []byte, i int, mark string) int {
	if i < len(b) {
		if n := bytes.Index(b[i:], []byte(mark)); n >= 0 {
			return i + n + len(mark)
		}
	}
	return len(b)
}

// startTag reads a start tag whose name begins at i. It appends the name to path and
// visits the attributes.
func startTag(b []byte, i int, path []byte, visit func([]byte, int, int, bool)) (out []byte, next int, closed bool) {
	name, i := xmlName(b, i)
	path = append(path, name...)
	for i < len(b) && b[i] != '>' {
		switch {
		case b[i] == '/':
			closed = true
			i++
			continue
		case b[i] <= ' ' || b[i] == '=' || b[i] == '"' || b[i] == '\'':
			i++
			continue
		}
		var attribute []byte
		attribute, i = xmlName(b, i)
		i = space(b, i)
		if i >= len(b) || b[i] != '=' {
			continue
		}
		i = space(b, i+1)
		if i >= len(b) || b[i] != '"' && b[i] != '\'' {
			continue
		}
		end := bytes.IndexByte(b[i+1:], b[i])
		if end < 0 {
			return path, len(b), closed
		}
		if string(attribute) != "" {
			n := len(path)
			path = append(append(path, '@'), attribute...)
			visit(path, i+1, i+1+end, false)
			path = path[:n]
		}
		i += end + 2
	}
	return path, min(i+1, len(b)), closed
}

// xmlName reads a name and returns it without its prefix.
func xmlName(b []byte, i int) (name []byte, next int) {
	start := i
	for i < len(b) && b[i] > ' ' && b[i] != '=' && b[i] != '>' && b[i] != '/' {
		if b[i] == ':' {
			start = i + 1
		}
		i++
	}
	return b[min(start, i):i], max(i, min(start, len(b)))
}

// xmlText returns the value of an attribute or text.
func xmlText(raw []byte, plain bool) string {
	if plain {
		return string(raw)
	}
	if value, _, ok := codec.DecodeAt(codec.XML, string(raw)); ok {
		return value
	}
	value, _ := codec.Decode(codec.HTML, string(raw))
	return value
}

// eachXMLLink visits the texts and attributes of an XML document that are addresses, with
// their places. The names of namespaces are none.
func eachXMLLink(b []byte, visit func(at int, link string)) {
	n := 0
	walkXML(b, func(path []byte, start, end int, plain bool) {
		if end-start > maxValue || n >= maxItems || end == start || b[start] != '/' && b[start] != 'h' {
			return
		}
		link := xmlText(b[start:end], plain)
		if !isAddress(link) || namesSpace(b[:start]) {
			return
		}
		n++
		visit(start, link)
	})
}

// namesSpace reports whether an attribute whose value follows declares a namespace.
func namesSpace(before []byte) bool {
	before = bytes.TrimRight(before, "\"'= \t\r\n")
	return bytes.HasPrefix(before[bytes.LastIndexAny(before, " \t\r\n<>")+1:], []byte("xmlns"))
}
