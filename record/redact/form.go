package redact

import (
	"bytes"
	"mime"
	"strings"
)

// form walks application/x-www-form-urlencoded text, such as a query or a body.
func (w *walker) form(b []byte) {
	w.inURL++
	for len(b) > 0 {
		end := bytes.IndexByte(b, '&')
		if end < 0 {
			end = len(b)
		}
		w.formItem(b[:end])
		b = b[min(end+1, len(b)):]
	}
	w.inURL--
}

// formItem walks NAME=VALUE.
func (w *walker) formItem(b []byte) {
	name, value, ok := bytes.Cut(b, []byte("="))
	if !ok {
		w.coded(plain, b)
		return
	}
	c := w.input(w.decodedName(name))
	w.label(name)
	w.coded(plain, name)
	if c == plain && len(value) < 6 {
		return
	}
	w.coded(c, value)
}

// input returns the class of a form field by its name. It also knows under which names
// the page with the form asked for a password.
func (w *walker) input(name []byte) class {
	c := w.scope.field(name)
	if c < password && c != kept && w.part == "request body" && len(w.asked) > 0 && w.asked[w.site+"\x00"+string(name)] {
		return password
	}
	return c
}

// ask remembers that pages of this site ask for a password under this name. It can be any
// name: DokuWiki's is "p".
func (w *walker) ask(name []byte) {
	if len(name) == 0 || len(name) > maxName {
		return
	}
	key := w.site + "\x00" + string(name)
	if w.asked[key] {
		return
	}
	if w.asked == nil || len(w.asked) >= maxNames {
		w.asked = map[string]bool{}
	}
	w.asked[key] = true
}

// decodedName removes percent-encoding from a name. The result is valid until
// the arena is used again.
func (w *walker) decodedName(name []byte) []byte {
	if bytes.IndexByte(name, '%') < 0 {
		return name
	}
	return w.decoded(layerForm, name)
}

// decoded decodes a layer. The result is valid until the arena is used again.
func (w *walker) decoded(l layer, b []byte) []byte {
	mark := len(w.arena)
	for i := 0; i < len(b); {
		out, k, n := l.unit(b[i:])
		w.arena = append(w.arena, out[:k]...)
		i += n
	}
	d := w.arena[mark:]
	w.arena = w.arena[:mark]
	return d
}

// coded walks one value of a form.
func (w *walker) coded(c class, b []byte) {
	if bytes.IndexByte(b, '%') >= 0 || bytes.IndexByte(b, '+') >= 0 {
		w.layered(layerForm, b, job{op: opField, class: c})
	} else {
		w.field(c, b)
	}
}

// multipart walks a multipart body (RFC 2046, section 5.1), whole or cut.
func (w *walker) multipart(b []byte, boundary string) {
	mark := []byte("--" + boundary)
	for {
		at := bytes.Index(b, mark)
		if at < 0 {
			w.text(b)
			return
		}
		b = b[at+len(mark):]
		part := b
		if next := bytes.Index(b, mark); next >= 0 {
			part, b = b[:next], b[next:]
		} else {
			b = nil
		}
		w.multipartPart(part)
		if b == nil {
			return
		}
	}
}

// multipartPart walks the head and the content of one part.
func (w *walker) multipartPart(part []byte) {
	head, content, ok := bytes.Cut(part, []byte("\r\n\r\n"))
	if !ok {
		w.text(part)
		return
	}
	content = bytes.TrimSuffix(content, []byte("\r\n"))
	c, media := w.partHead(head)
	if c > plain {
		w.field(c, content)
		return
	}
	w.content(content, media)
}

// partHead walks the head of a part and returns the class of its name and the type
// of its content.
func (w *walker) partHead(head []byte) (c class, media string) {
	c = plain
	for line := range strings.SplitSeq(string(head), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "content-disposition":
			_, params, _ := mime.ParseMediaType(value)
			c = w.input([]byte(params["name"]))
			w.label([]byte(params["name"]))
		case "content-type":
			media = value
		}
	}
	w.text(head)
	return c, media
}
