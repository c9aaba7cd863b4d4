package content

import (
	"bytes"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/content/form"
)

// boundary returns the multipart boundary that a content type names.
func boundary(value string) string {
	media, rest, _ := strings.Cut(value, ";")
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(media)), "multipart/") {
		return ""
	}
	for p := range strings.SplitSeq(rest, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, "boundary") {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// multipart adds every part and each boundary between them. The boundaries of parts within a
// part are text.
func (s *spanner) multipart(in *region, mark string) {
	b := in.text
	at := strings.Index(b, mark)
	for at >= 0 && len(s.out) < maxLeaves {
		if in.depth == 0 {
			s.out = append(s.out, Span{Leaf{"header:Content-Type boundary", mark[2:]}, InMultipart, 0, at + 2, at + len(mark), nil, in.parent, in.within})
		}
		at += len(mark)
		next := strings.Index(b[at:], mark)
		if next < 0 {
			return
		}
		s.part(in, at, at+next)
		at += next
	}
}

// part adds what the head of the part in text[at:end] says of a file, and its content.
func (s *spanner) part(in *region, at, end int) {
	head, content, ok := strings.Cut(in.text[at:end], "\r\n\r\n")
	name, _ := headValue(head, "Content-Disposition", "name")
	if !ok || name == "" {
		s.nameless(in, head, content, at+len(head)+4)
		return
	}
	flat := *in
	flat.depth = maxNest
	for _, key := range [...]string{partFile, partMedia} {
		value, i := headValue(head, "Content-Disposition", key)
		if key == partMedia {
			value, i = headValue(head, key, "")
		}
		if i >= 0 {
			s.add(&flat, "body:"+name+" "+key, at+i, at+i+len(value))
		}
	}
	start := at + len(head) + 4
	value := strings.TrimSuffix(content, "\r\n")
	var kinds []codec.Kind
	if _, _, lines := codec.DecodeAt(codec.CRLF, value); lines && strings.Contains(value, "\r\n") {
		kinds = []codec.Kind{codec.CRLF}
	}
	s.add(in, "body:"+name, start, start+len(value), kinds...)
}

// nameless adds a part without a name that begins at a place of the text: a request of a
// batch, or the parts of a set of them.
func (s *spanner) nameless(in *region, head, content string, at int) {
	media, _ := headValue(head, "Content-Type", "")
	if mark := boundary(media); mark != "" && in.depth < maxNest {
		inner := *in.from(at, at+len(content))
		inner.depth = in.depth + 1
		s.multipart(&inner, "--"+mark)
		return
	}
	if media == "application/http" {
		s.add(in, "body:part", at, at+len(strings.TrimSuffix(content, "\r\n")))
	}
}

// What the head of a part says of a file.
const (
	partFile  = "filename"
	partMedia = "Content-Type"
)

// OfPart reports whether a selector of a request names what the head of a part says, and
// not a field.
func OfPart(selector string) bool {
	return strings.HasPrefix(selector, "body:") && (strings.Contains(selector, " "+partFile) || strings.Contains(selector, " "+partMedia))
}

// headValue returns a parameter of a header field in the head of a part, without its
// quotes, or the whole field without a parameter, and where it lies; at is -1 without it.
func headValue(head, field, parameter string) (value string, at int) {
	start := 0
	for line := range strings.SplitSeq(head, "\r\n") {
		k, v, _ := strings.Cut(line, ":")
		if !strings.EqualFold(strings.TrimSpace(k), field) {
			start += len(line) + 2
			continue
		}
		start += len(k) + 1
		if parameter == "" {
			return strings.TrimSpace(v), start + len(v) - len(strings.TrimLeft(v, " "))
		}
		if value, i := parameterOf(v, parameter); i >= 0 {
			return value, start + i
		}
		return "", -1
	}
	return "", -1
}

// parameterOf returns a parameter of the value of a header field, without its quotes,
// and where it lies, or -1.
func parameterOf(v, name string) (value string, at int) {
	for at < len(v) {
		end := at
		for quoted := false; end < len(v) && (quoted || v[end] != ';'); end++ {
			if v[end] == '"' {
				quoted = !quoted
			}
		}
		p := strings.TrimLeft(v[at:end], " \t")
		if value, ok := strings.CutPrefix(p, name+"="); ok {
			start := end - len(value)
			value = strings.TrimRight(value, " \t")
			if inner, ok := strings.CutPrefix(value, `"`); ok {
				return strings.TrimSuffix(inner, `"`), start + 1
			}
			return value, start
		}
		at = end + 1
	}
	return "", -1
}

// A formPart is a part of a multipart body with its head.
type formPart struct {
	form.Entry
	head string // without the empty line at its end
}

// formParts returns the named parts of a multipart body.
func formParts(b []byte, mark string) []formPart {
	var out []formPart
	pieces := bytes.Split(append([]byte("\r\n"), b...), []byte("\r\n--"+mark))
	for i, p := range pieces {
		if i == 0 || len(out) >= maxItems {
			continue
		}
		head, value, ok := strings.Cut(strings.TrimPrefix(string(p), "\r\n"), "\r\n\r\n")
		if name, _ := headValue(head, "Content-Disposition", "name"); ok && name != "" {
			out = append(out, formPart{form.Entry{Name: name, Value: value}, head})
		}
	}
	return out
}

// multipartBody writes entries as multipart/form-data (RFC 7578). An entry that is one
// of old keeps its head: the name of a file, its media type.
func multipartBody(old []formPart, entries []form.Entry, mark string) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		head := `Content-Disposition: form-data; name="` + strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(e.Name) + `"`
		if i := slices.IndexFunc(old, func(p formPart) bool { return p.Entry == e }); i >= 0 {
			head = old[i].head
			old = slices.Delete(old, i, i+1)
		}
		b.WriteString("--" + mark + "\r\n" + head + "\r\n\r\n" + e.Value + "\r\n")
	}
	b.WriteString("--" + mark + "--\r\n")
	return b.Bytes()
}
