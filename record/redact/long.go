package redact

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

const (
	// longWindow is how much of a long body is walked at a time, in bytes.
	longWindow = 1 << 20

	// longBreak is how far before the end of a window the end of a word is looked for, in
	// bytes. There a window is cut without tearing a word apart.
	longBreak = 8 << 10
)

// errStructured says that a part of a long body could hide a secret. The part has a
// format whose secrets show only in the whole text, and it is walked in pieces.
var errStructured = errors.New("a long part of JSON, markup or a form cannot be redacted")

// long returns a function that opens the content of a long body with its secrets
// replaced. Nil means that only the beginning of the body can be redacted: content
// codings, JSON and markup cannot be walked before all of them is there.
func (w *walker) long(b flow.Body, h flow.Headers) func() (io.ReadCloser, error) {
	contentType := h.Value("Content-Type")
	switch open := b.Open; {
	case open == nil || w.maker == nil || opaque(contentType, b.Data):
		return open
	case len(codingsOf(h)) > 0 || structured(contentType) || isJSON(b.Data) || isMarkup(b.Data):
		return nil
	default:
		l := longBody{w: w, authority: w.authority, site: w.site, media: contentType, mark: markOf(contentType)}
		return func() (io.ReadCloser, error) {
			content, err := open()
			if err != nil {
				return nil, err
			}
			walked := l
			walked.content = content
			return &walked, nil
		}
	}
}

// markOf returns the mark before each part of a multipart body, or nil for other bodies.
func markOf(contentType string) []byte {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.HasPrefix(media, "multipart/") || params["boundary"] == "" {
		return nil
	}
	return []byte("--" + params["boundary"])
}

// scanLong reports the secrets of a long body. It returns false if the body cannot be
// read. Its beginning can still be walked then.
func (w *walker) scanLong(b flow.Body, h flow.Headers) bool {
	if w.report == nil || b.Open == nil || len(codingsOf(h)) > 0 {
		return false
	}
	content, err := b.Open()
	if err != nil {
		return false
	}
	contentType := h.Value("Content-Type")
	l := &longBody{w: w, content: content, authority: w.authority, site: w.site, media: contentType, mark: markOf(contentType)}
	defer l.Close() // it was only read from
	_, err = io.Copy(io.Discard, l)
	return err == nil
}

// mediaOf returns a media type without parameters.
func mediaOf(contentType string) string {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return strings.TrimSpace(media)
}

// structured reports whether secrets in content of this type show only in the whole text.
func structured(contentType string) bool {
	media := mediaOf(contentType)
	return strings.HasSuffix(media, "json") || strings.HasSuffix(media, "xml") || media == "application/x-ndjson" || media == "text/html" ||
		media == "application/x-www-form-urlencoded" || media == "text/event-stream" || strings.HasPrefix(media, "application/grpc")
}

// A longBody gives a content with its secrets replaced. It holds one window of the
// content at a time. It belongs to the goroutine of the Redactor.
type longBody struct {
	w               *walker
	content         io.ReadCloser
	authority, site string

	mark  []byte // before each part of a multipart body; nil: none
	class class  // of the part that is being read
	media string
	inner bool // a piece of the part was read before
	table csvTable

	buf   []byte // read and not yet walked
	ready []byte // the beginning of buf, walked
	end   error  // of the content, once buf holds all that is left
}

// Read implements io.Reader.
func (l *longBody) Read(p []byte) (int, error) {
	for len(l.ready) == 0 {
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.ready)
	l.ready, l.buf = l.ready[n:], l.buf[n:]
	return n, nil
}

// Close closes the content.
func (l *longBody) Close() error { return l.content.Close() }

// fill reads a window and walks the part of it that can be judged already.
func (l *longBody) fill() error {
	l.buf = append(make([]byte, 0, longWindow), l.buf...)
	for len(l.buf) < longWindow && l.end == nil {
		var n int
		n, l.end = l.content.Read(l.buf[len(l.buf):longWindow])
		l.buf = l.buf[:len(l.buf)+n]
	}
	if len(l.buf) == 0 {
		return l.end
	}
	l.w.enter(l.authority)
	l.w.site = l.site
	n, err := l.walk()
	l.ready = l.buf[:n]
	return err
}

// walk walks the beginning of the window. It returns the length that it walked.
func (l *longBody) walk() (int, error) {
	at := -1
	if l.mark != nil {
		at = bytes.Index(l.buf, l.mark)
	}
	switch {
	case at == 0:
		return l.part()
	case at > 0:
		return at, l.inside(l.buf[:at])
	}
	n := len(l.buf)
	if l.end == nil {
		n = l.cut(n - len(l.mark))
	}
	return n, l.inside(l.buf[:n])
}

// part walks the part at the start of the window. If the part is longer than the window,
// it walks the head of the part.
func (l *longBody) part() (int, error) {
	rest := l.buf[len(l.mark):]
	if next := bytes.Index(rest, l.mark); next >= 0 || l.end != nil {
		if next < 0 {
			next = len(rest)
		}
		l.w.multipartPart(rest[:next])
		return len(l.mark) + next, nil
	}
	head, _, whole := bytes.Cut(rest, []byte("\r\n\r\n"))
	if !whole {
		return 0, errStructured // the head does not end within a window
	}
	l.class, l.media = l.w.partHead(head)
	l.inner, l.table = false, csvTable{}
	return len(l.mark) + len(head) + 4, nil
}

// inside walks a piece of the content of a part, or of a body without parts.
func (l *longBody) inside(b []byte) error {
	if !l.inner && opaqueMedia(l.media) && isText(b) {
		l.media = "" // what it says is wrong
	}
	if !l.inner && l.class <= plain && !structured(l.media) {
		var n int
		if l.table, n = l.w.csvTable(b, isTableMedia(mediaOf(l.media))); n > 0 {
			b = b[n:]
		} else {
			l.table = csvTable{}
		}
	}
	l.inner = true
	switch {
	case l.table.columns != nil:
		l.w.csvRows(&l.table, b)
	case l.class > plain:
		l.w.field(l.class, b)
	case structured(l.media) && l.mark != nil && l.w.report == nil:
		return errStructured
	case !opaqueMedia(l.media):
		l.w.field(plain, b)
	}
	return nil
}

// cut returns the last place before n where a word ends, or n if none is near.
func (l *longBody) cut(n int) int {
	from := max(0, n-longBreak)
	if i := bytes.LastIndexFunc(l.buf[from:n], func(r rune) bool { return r <= ' ' || strings.ContainsRune(`"'&,;<>(){}`, r) }); i >= 0 {
		return from + i + 1
	}
	return n
}
