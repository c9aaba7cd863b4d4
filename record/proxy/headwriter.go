package proxy

import (
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/starling-load/starling/record/http1"
)

// A headWriter shapes the heads that net/http writes to an HTTP/1 connection. It gives
// them the form that they had on the wire at the other side: order and case of the
// fields, the space around their values, the reason in a status line. It adds no field,
// removes none and changes no value. Fields that net/http has added come last. The
// pointer may be set while the writer is in use.
type headWriter struct {
	like   atomic.Pointer[wireHead] // form of the next head; nil: as it comes
	parsed http1.Head               // of the head
	held   []byte                   // the head so far
	out    []byte                   // what is written, used again
}

const (
	maxHeadLines = 128     // longer heads pass as they come
	idleHead     = 4 << 10 // memory that a connection keeps for its next head, in bytes
)

// write writes p, which may begin with a head or the rest of one, to c. It does not
// touch w after it has written the end of a head: another goroutine may use w from
// then on.
func (w *headWriter) write(c io.Writer, p []byte) (int, error) {
	like := w.like.Load()
	if like == nil {
		return c.Write(p)
	}
	all, had := p, len(w.held)
	if had > 0 {
		w.held = append(w.held, p...)
		all = w.held
	}
	end, err := like.parse(&w.parsed, all, had)
	fits := err == nil && like.fits(&w.parsed)
	switch {
	case err == nil && had == 0 && !fits: // 100 Continue before the answer
		return c.Write(p)
	case err == http1.ErrMore:
		if had == 0 {
			w.held = append(w.held, p...)
		}
		return len(p), nil
	}
	out := w.out[:0]
	if fits {
		out = like.shape(out, &w.parsed, all)
	} else {
		end = 0
	}
	out = append(out, all[end:]...)
	if w.held, w.out = w.held[:0], out; cap(w.held)+cap(out) > idleHead {
		w.held, w.out = nil, nil
	}
	w.like.Store(nil)
	if _, err := c.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// parse parses the head at the beginning of b as that of a request or of a response, as
// h is.
func (h *wireHead) parse(head *http1.Head, b []byte, seen int) (n int, err error) {
	if h.status == 0 {
		return head.ParseRequest(b, seen, headRules())
	}
	return head.ParseResponse(b, seen, headRules())
}

// fits reports whether a head can have the form of h: that of a request, or of a
// response with the same status.
func (h *wireHead) fits(head *http1.Head) bool { return h.status == head.Status }

// versionLength is the length of "HTTP/1.1 " in a status line.
const versionLength = 9

// shape appends the head that net/http has written to b, in the form of h.
func (h *wireHead) shape(out []byte, head *http1.Head, b []byte) []byte {
	left := head.Fields
	if len(left) > maxHeadLines {
		return appendHead(out, b, head.First, left)
	}
	var space [maxHeadLines]http1.Field
	left = append(space[:0], left...)
	if first := head.First.Bytes(b); h.status > 0 { // the version is the writer's
		out = append(append(out, first[:versionLength]...), h.first[versionLength:]...)
	} else {
		out = append(out, first...)
	}
	out = append(out, "\r\n"...)
	for fields := h.fields; fields != ""; {
		var line string
		line, fields = cutLine(fields)
		if h.odd&mendable != 0 {
			switch lineOf(line) {
			case lineAlone:
				out = append(append(out, clean([]byte(line))...), "\r\n"...)
				continue
			case lineJoins:
				continue
			}
		}
		name, value, _ := strings.Cut(line, ":")
		name = strings.TrimRight(name, " \t")
		i := slices.IndexFunc(left, func(f http1.Field) bool { return sameName(f.Name.Bytes(b), name) })
		if i < 0 {
			continue
		}
		written := left[i].Value.Bytes(b)
		if plain := line[len(name)] == ':'; plain && (string(written) == strings.Trim(value, " \t") || strings.EqualFold(name, "Trailer")) {
			out = append(out, line...)
		} else {
			out = append(append(append(out, name...), ": "...), written...)
		}
		out = append(out, "\r\n"...)
		left = slices.Delete(left, i, i+1)
	}
	return appendHead(out, b, http1.Span{}, left)
}

// appendHead appends lines of b as they are, the first one unless it is empty, and the
// empty line.
func appendHead(out, b []byte, first http1.Span, fields []http1.Field) []byte {
	if first.Len() > 0 {
		out = append(append(out, first.Bytes(b)...), "\r\n"...)
	}
	for _, f := range fields {
		out = append(append(out, f.Line().Bytes(b)...), "\r\n"...)
	}
	return http1.AppendEnd(out)
}

// sameName reports whether two names of fields are the same, in any case.
func sameName(a []byte, b string) bool {
	return len(a) == len(b) && strings.EqualFold(string(a), b)
}
