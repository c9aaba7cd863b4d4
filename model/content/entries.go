package content

import (
	"strings"

	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/record/flow"
)

// Entries returns what a request sends of a form: the items of its urlencoded or
// multipart body or, without a body, of its query. ok is false if it has another body.
func Entries(r *flow.Request) (entries []form.Entry, ok bool) {
	contentType := r.Headers.Value("Content-Type")
	switch {
	case len(r.Body.Data) == 0:
		_, query, _ := strings.Cut(r.Target, "?")
		return DecodeEntries(query), query != ""
	case r.Body.Truncated() || r.Headers.Has("Content-Encoding"):
		return nil, false
	case RequestMedia(r) == formMedia:
		return DecodeEntries(string(r.Body.Data)), true
	case boundary(contentType) != "":
		for _, p := range formParts(r.Body.Data, boundary(contentType)) {
			entries = append(entries, p.Entry)
		}
		return entries, true
	}
	return nil, false
}

// SetEntries makes r send these entries in place of its own, in the same coding. One
// that r has already stays as it is written, in a multipart body with its head.
func SetEntries(r *flow.Request, entries []form.Entry) {
	contentType := r.Headers.Value("Content-Type")
	mark := boundary(contentType)
	switch {
	case len(r.Body.Data) == 0:
		path, query, _ := strings.Cut(r.Target, "?")
		r.Target = path + "?" + recode(query, entries)
	case mark != "":
		r.Body = flow.NewBody(multipartBody(formParts(r.Body.Data, mark), entries, mark))
	default:
		r.Body = flow.NewBody([]byte(recode(string(r.Body.Data), entries)))
	}
}

// recode writes entries as EncodeEntries does, those of old as they stand there.
func recode(old string, entries []form.Entry) string {
	written := map[form.Entry]string{}
	for item := range strings.SplitSeq(old, "&") {
		for _, e := range DecodeEntries(item) {
			written[e] = item
		}
	}
	items := make([]string, len(entries))
	for i, e := range entries {
		item, ok := written[e]
		if !ok {
			item = EncodeEntries(entries[i : i+1])
		}
		items[i] = item
	}
	return strings.Join(items, "&")
}

// EncodeEntries writes entries as application/x-www-form-urlencoded (WHATWG URL
// standard, section 5.2). It leaves "~" alone, too.
func EncodeEntries(entries []form.Entry) string {
	var b strings.Builder
	for i, e := range entries {
		if i > 0 {
			b.WriteByte('&')
		}
		urlencode(&b, e.Name)
		b.WriteByte('=')
		urlencode(&b, e.Value)
	}
	return b.String()
}

func urlencode(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("*-._~", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}

// DecodeEntries reads application/x-www-form-urlencoded. What is not valid stays as
// it is.
func DecodeEntries(s string) []form.Entry {
	var out []form.Entry
	for item := range strings.SplitSeq(s, "&") {
		if item != "" {
			name, value, _ := strings.Cut(item, "=")
			out = append(out, form.Entry{Name: unquery(name), Value: unquery(value)})
		}
	}
	return out
}
