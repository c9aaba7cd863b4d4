package redact

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// maxDecoded is the longest body, without its content codings, that is walked, in bytes. Of a
// longer one the content is kept out: to decode all of it would hold up the recording.
const maxDecoded = 8 << 20

// maxCodings is the number of content codings that one body can have.
const maxCodings = 4

// body walks the body of a message. It returns the body and the header lines that belong
// to it. A body that changes is returned as a new one.
func (w *walker) body(b flow.Body, h flow.Headers) (flow.Body, flow.Headers) {
	if b.Size == 0 && len(b.Data) == 0 {
		return b, h
	}
	if b.Truncated() && w.maker != nil && b.Hash != 0 {
		b.Hash = w.maker.hash(b.Hash)
	}
	b.Open = w.long(b, h)
	if len(b.Data) == 0 {
		return b, h
	}
	known, worth := w.cleanBody(b, h)
	worth = worth && w.login == loginNone
	if worth {
		if c := w.bodies.find(&known); c != nil {
			return w.found(c, b, h)
		}
	}
	before := b
	b, h = w.walkBody(b, h)
	if worth {
		w.remember(known, before, b, h)
	}
	return b, h
}

// walkBody does the work of body, for a body that has bytes and was not met before.
func (w *walker) walkBody(b flow.Body, h flow.Headers) (flow.Body, flow.Headers) {
	w.changed, w.name = false, ""
	w.part += " body"
	defer func() { w.part = strings.TrimSuffix(w.part, " body") }()
	if w.scanLong(b, h) {
		return b, h
	}
	contentType := h.Value("Content-Type")
	if codings := codingsOf(h); len(codings) > 0 {
		return w.codedBody(b, h, codings, contentType)
	}
	if coding := packingOf(b.Data); coding != "" && b.Open == nil && !opaqueMedia(contentType) {
		if data, whole := w.codec.inflate(b.Data, coding); len(data) > 0 && len(data) < maxDecoded && (whole || b.Truncated()) {
			return w.codedBody(b, h, []string{coding}, contentType)
		}
	}
	w.arena = append(w.arena[:0], b.Data...)
	data := w.arena[:len(b.Data):len(b.Data)]
	if !w.content(data, contentType) {
		return w.dropped(b), h
	}
	if w.changed {
		b = w.rebuilt(b, bytes.Clone(data))
		h = w.digests(h)
	}
	return b, h
}

// dropped returns b without its data, because the data cannot be read.
func (w *walker) dropped(b flow.Body) flow.Body {
	if w.maker == nil {
		w.unread++
		return b
	}
	if !b.Truncated() {
		b.Hash = w.maker.hash(b.Sum())
	}
	b.Data, b.Open = nil, nil
	return b
}

// rebuilt returns b with other data. If b was cut, the result is cut too.
func (w *walker) rebuilt(b flow.Body, data []byte) flow.Body {
	missing := b.Size - int64(len(b.Data))
	now := flow.NewBody(data)
	if missing > 0 {
		now.Size, now.Hash, now.Open = int64(len(data))+missing, b.Hash, b.Open
	}
	return now
}

// codingsOf returns the content codings in the order in which they were applied.
func codingsOf(h flow.Headers) []string {
	var codings []string
	for i := range h {
		if strings.EqualFold(h[i].Name, "Content-Encoding") {
			for c := range strings.SplitSeq(h[i].Value, ",") {
				if c = strings.ToLower(strings.TrimSpace(c)); c != "" && c != "identity" {
					codings = append(codings, c)
				}
			}
		}
	}
	return codings
}

// codedBody walks a body that has content codings. A body that changes is stored with
// gzip if its codings were gzip or deflate. Otherwise it is stored without a coding.
func (w *walker) codedBody(b flow.Body, h flow.Headers, codings []string, contentType string) (flow.Body, flow.Headers) {
	data, whole, ok := w.uncoded(b.Data, codings)
	if !ok && opaqueMedia(contentType) {
		return b, h
	}
	if !ok {
		return w.dropped(b), h
	}
	w.changed = false
	if !w.content(data, contentType) {
		return w.dropped(b), h
	}
	if !w.changed && (whole || b.Truncated()) || w.maker == nil {
		return b, h
	}
	coding := "identity"
	if codings[0] == "zlib" {
		coding, data = "zlib", w.codec.zlib(data)
	} else if !slices.ContainsFunc(codings, func(c string) bool { return c != "gzip" && c != "x-gzip" && c != "deflate" }) {
		coding, data = "gzip", w.codec.gzip(data)
	}
	before := b
	b = w.rebuilt(b, data)
	if !whole && !before.Truncated() { // the body is broken: the rest of it is lost
		b.Size++
		b.Hash = w.maker.hash(before.Sum())
	}
	return b, w.digests(recoded(h, coding, b.Size))
}

// recoded returns header lines for a body of this content coding and size.
func recoded(h flow.Headers, coding string, size int64) flow.Headers {
	h = slices.Clone(h)
	first := true
	for i := range h {
		switch {
		case strings.EqualFold(h[i].Name, "Content-Encoding"):
			if h[i].Value = coding; !first {
				h[i].Value = "identity"
			}
			first = false
		case strings.EqualFold(h[i].Name, "Content-Length"):
			h[i].Value = strconv.FormatInt(size, 10)
		}
	}
	return h
}

// uncoded removes content codings from data. whole is false if the end is missing. ok is
// false if the data cannot be decoded, or is longer than maxDecoded at any step.
func (w *walker) uncoded(data []byte, codings []string) (out []byte, whole, ok bool) {
	if len(codings) > maxCodings {
		return nil, false, false
	}
	whole = true
	for _, coding := range slices.Backward(codings) {
		var end bool
		switch coding {
		case "gzip", "x-gzip", "deflate", "zlib":
			data, end = w.codec.inflate(data, coding)
		default:
			if w.decode == nil {
				return nil, false, false
			}
			data, end = w.decode(coding, data, maxDecoded)
			data = bytes.Clone(data)
		}
		whole = whole && end
		if !end && (len(data) == 0 || len(data) >= maxDecoded) {
			return nil, false, false
		}
	}
	return data, whole, true
}

// digests replaces the digests of a body that changed. With an old digest, a guess at the
// secrets could be confirmed.
func (w *walker) digests(h flow.Headers) flow.Headers {
	cloned := false
	for i := range h {
		switch strings.ToLower(h[i].Name) {
		case "content-md5", "digest", "content-digest", "repr-digest", "x-amz-content-sha256":
			b := w.load(h[i].Value)
			if !w.base64(b, job{op: opText}) {
				w.leaf(formOpaque, b, KindToken)
			}
			if !cloned {
				h, cloned = slices.Clone(h), true
			}
			h[i].Value = string(b)
		}
	}
	return h
}

// opaqueMedia reports whether content of this type is pictures, sound or code. Such
// content is not searched for secrets.
func opaqueMedia(contentType string) bool {
	for _, prefix := range []string{"image/", "font/", "video/", "audio/", "application/wasm", "application/font", "application/vnd.ms-fontobject"} {
		if len(contentType) >= len(prefix) && strings.EqualFold(contentType[:len(prefix)], prefix) {
			return !strings.HasPrefix(strings.ToLower(contentType), "image/svg")
		}
	}
	return false
}

// opaque reports whether data is pictures, sound or code, as its type says.
func opaque(contentType string, data []byte) bool { return opaqueMedia(contentType) && !isText(data) }

// content walks data of a media type in place. It reports false if the data cannot be
// read.
func (w *walker) content(data []byte, contentType string) bool {
	if opaque(contentType, data) {
		return true
	}
	if opaqueMedia(contentType) {
		contentType = ""
	}
	media, rest, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if l, mark, ok := wideText(data, rest); ok && w.depth < maxDepth {
		w.layered(l, data[mark:], job{op: opContent, media: media})
		return true
	}
	switch {
	case media == formMedia && !isJSON(data):
		w.form(data)
	case strings.HasPrefix(media, "multipart/") && rest != "":
		_, params, _ := mime.ParseMediaType(contentType)
		if params["boundary"] == "" {
			w.text(data)
		} else {
			w.multipart(data, params["boundary"])
		}
	case media == "application/x-ndjson", strings.HasSuffix(media, "json") && (isJSON(data) || len(data) > 0 && data[0] == '"'):
		w.json(data, jsonNamed, "")
	case strings.HasSuffix(media, "xml") && !isJSON(data):
		w.markup(data, media != "application/xhtml+xml")
	case media == "text/html" && !isJSON(data):
		w.markup(data, false)
	case strings.HasSuffix(media, "javascript") || strings.HasSuffix(media, "ecmascript"):
		w.script(data, codeFile)
	case media == "text/event-stream":
		w.events(data)
	case media == "application/grpc-web-text" || media == "application/grpc-web-text+proto":
		return w.framedText(data)
	case strings.HasPrefix(media, "application/grpc"):
		return w.framed(data)
	case slices.Contains(protobufMedia, media):
		w.protobuf(data)
	case !isText(data) && w.binary(data, media):
	case isTableMedia(media) && w.csv(data, true), !isJSON(data) && !isMarkup(data) && w.csv(data, false):
	default:
		w.field(plain, data)
	}
	return true
}

// isTableMedia reports whether content of this type is a table in text.
func isTableMedia(media string) bool {
	return media == "text/csv" || media == "application/csv" || media == "text/tab-separated-values"
}

// formMedia is the media type of forms.
const formMedia = "application/x-www-form-urlencoded"

// A codec keeps the compressors of the standard library.
type codec struct {
	in  *gzip.Reader
	out *gzip.Writer
	buf bytes.Buffer
}

// gzip compresses data.
func (c *codec) gzip(data []byte) []byte {
	var out bytes.Buffer
	if c.out == nil {
		c.out, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails only for unknown levels
	}
	c.out.Reset(&out)
	c.out.Write(data) // a bytes.Buffer never fails
	c.out.Close()
	return out.Bytes()
}

// zlib compresses data in the zlib format.
func (c *codec) zlib(data []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(data) // a bytes.Buffer never fails
	z.Close()
	return out.Bytes()
}

// inflate removes gzip, zlib or deflate. The standard puts deflate into the zlib format, but
// some servers send it raw. The result is valid until the next call.
func (c *codec) inflate(data []byte, coding string) (out []byte, whole bool) {
	var r io.Reader
	if coding == "deflate" || coding == "zlib" {
		if z, err := zlib.NewReader(bytes.NewReader(data)); err == nil {
			r = z
		} else if coding == "zlib" {
			return nil, false
		} else {
			r = flate.NewReader(bytes.NewReader(data))
		}
	} else {
		if c.in == nil {
			c.in = new(gzip.Reader)
		}
		if c.in.Reset(bytes.NewReader(data)) != nil {
			return nil, false
		}
		r = c.in
	}
	c.buf.Reset()
	_, err := c.buf.ReadFrom(io.LimitReader(r, maxDecoded+1))
	if c.buf.Len() > maxDecoded {
		return c.buf.Bytes()[:maxDecoded], false
	}
	return bytes.Clone(c.buf.Bytes()), err == nil
}
