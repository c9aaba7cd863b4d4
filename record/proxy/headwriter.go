package proxy

import (
	"bytes"
	"io"
	"strings"
	"sync/atomic"
)

// A headWriter gives the heads that net/http writes to an HTTP/1 connection the
// form that they had on the wire at the other side: order and case of the fields,
// the space around their values, the reason in a status line. It adds no field,
// takes none away and changes no value. Fields that net/http has put in by itself
// come last. The pointer may be set beside its use.
type headWriter struct {
	like atomic.Pointer[wireHead] // form of the next head; nil: as it comes
	held []byte                   // the head so far
	out  []byte                   // what is written, used again
}

const (
	maxHeadLines = 128     // longer heads pass as they come
	idleHead     = 4 << 10 // memory that a connection keeps for its next head, in bytes
)

// write writes p, which may begin with a head or the rest of one, to c. Nothing of
// w is touched any more when the end of a head is written: what is said on behalf
// of the answer to it may come from another goroutine.
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
	end := headEnd(all, had)
	switch {
	case end > 0 && had == 0 && !like.heads(all): // 100 Continue before the answer
		return c.Write(p)
	case end == 0 && len(all) <= maxHead:
		if had == 0 {
			w.held = append(w.held, p...)
		}
		return len(p), nil
	}
	out := w.out[:0]
	if end > 0 && like.heads(all) {
		out = like.shape(out, all[:end])
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

// versionLength is that of "HTTP/1.1 " in a status line.
const versionLength = 9

// isAnswer reports whether h is the head of a response.
func (h *wireHead) isAnswer() bool { return strings.HasPrefix(h.first, "HTTP/") }

// heads reports whether b begins with a head that can have the form of h: that of
// a request, or of a response with the same status.
func (h *wireHead) heads(b []byte) bool {
	const digits = 3
	return !h.isAnswer() || len(h.first) >= versionLength+digits && len(b) >= versionLength+digits &&
		string(b[versionLength:versionLength+digits]) == h.first[versionLength:versionLength+digits]
}

// shape appends head, as net/http has written it, in the form of h.
func (h *wireHead) shape(out, head []byte) []byte {
	first, rest, _ := bytes.Cut(head, []byte("\r\n"))
	var space [maxHeadLines][]byte
	lines := space[:0]
	for len(rest) > len("\r\n") {
		if len(lines) == maxHeadLines {
			return append(out, head...)
		}
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		lines = append(lines, line)
	}
	if h.isAnswer() { // the version is the writer's
		out = append(append(out, first[:versionLength]...), h.first[versionLength:]...)
	} else {
		out = append(out, first...)
	}
	out = append(out, "\r\n"...)
	for fields := h.fields; fields != ""; {
		var line string
		line, fields = cutLine(fields)
		name, value, _ := strings.Cut(line, ":")
		for i, l := range lines {
			written, ok := cutName(l, name)
			if !ok {
				continue
			}
			if string(bytes.Trim(written, " \t")) == strings.Trim(value, " \t") {
				out = append(out, line...)
			} else {
				out = append(append(append(out, name...), ':'), written...)
			}
			out = append(out, "\r\n"...)
			lines[i] = nil
			break
		}
	}
	for _, l := range lines {
		if l != nil {
			out = append(append(out, l...), "\r\n"...)
		}
	}
	return append(out, "\r\n"...)
}

// cutName returns what follows name, in any case, and a colon in line.
func cutName(line []byte, name string) (value []byte, ok bool) {
	if len(line) <= len(name) || line[len(name)] != ':' {
		return nil, false
	}
	for i := range len(name) {
		if a, b := line[i], name[i]; a != b && (a|0x20 != b|0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
			return nil, false
		}
	}
	return line[len(name)+1:], true
}
