package proxy

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/starling-load/starling/record/flow"
)

const (
	maxMessage  = 1 << 20 // most bytes kept of one message
	maxMessages = 100_000 // most messages kept of one exchange
)

// streamTaps are what reads messages out of an exchange, and their memory.
type streamTaps struct {
	events *eventTap
	taken  int64 // bytes out of the budget
}

// messageCost is what one message takes beside its data, in bytes.
const messageCost = 64

// message records one message, whose last byte was read at the offset at. data
// is copied. x.mu is held.
func (x *exchange) message(at time.Duration, kind flow.MessageKind, fromClient bool, data []byte, size int64) {
	keep := int64(min(len(data), maxMessage))
	cost := keep + messageCost
	st := &x.streams
	if len(x.f.Messages) >= maxMessages || st.taken+cost > x.p.o.MaxBody+maxMessages*messageCost || !x.p.budget.take(cost) {
		x.p.n.messagesCut.Add(1)
		return
	}
	if keep < size {
		x.p.n.messagesCut.Add(1)
	}
	st.taken += cost
	i := len(x.f.Messages) // an answer may be looked at before its question: both have passed by then
	for i > 0 && x.f.Messages[i-1].At > at {
		i--
	}
	x.f.Messages = slices.Insert(x.f.Messages, i, flow.Message{
		At:         at,
		FromClient: fromClient,
		Kind:       kind,
		Data:       append(make([]byte, 0, keep), data[:keep]...),
		Size:       size,
	})
}

// event records a server-sent event.
func (x *exchange) event(data []byte, size int64) {
	x.message(x.since(), flow.MessageEvent, false, data, size)
}

// isEventStream reports whether a response holds server-sent events that can be
// read as they come.
func isEventStream(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "text/event-stream" && h.Get("Content-Encoding") == ""
}

// An eventTap finds the events in the bytes of an event stream (WHATWG HTML,
// section 9.2): blocks of lines that end with an empty one. Comments alone are
// no event.
type eventTap struct {
	block  []byte // lines so far, each with "\n"; at most maxMessage bytes
	size   int64  // of the block, also of what it lacks
	line   int64  // bytes of the current line
	fields bool   // some line of the block is not a comment
	cr     bool   // the last byte was CR: an LF belongs to it
}

// feed takes the next bytes and emits the events that they complete.
func (t *eventTap) feed(p []byte, emit func(data []byte, size int64)) {
	for len(p) > 0 {
		if t.cr && p[0] == '\n' {
			t.cr, p = false, p[1:]
			continue
		}
		t.cr = false
		n := bytes.IndexAny(p, "\r\n")
		if n < 0 {
			t.add(p)
			return
		}
		t.add(p[:n])
		t.cr = p[n] == '\r'
		p = p[n+1:]
		if t.line > 0 {
			t.line = 0
			t.keep([]byte{'\n'})
			continue
		}
		if t.fields {
			block := bytes.TrimSuffix(t.block, []byte{'\n'})
			emit(block, t.size-1)
		}
		t.block, t.size, t.fields = t.block[:0], 0, false
	}
}

// add takes bytes of the current line.
func (t *eventTap) add(p []byte) {
	if len(p) == 0 {
		return
	}
	if t.line == 0 && p[0] != ':' {
		t.fields = true
	}
	t.line += int64(len(p))
	t.keep(p)
}

func (t *eventTap) keep(p []byte) {
	t.size += int64(len(p))
	t.block = append(t.block, p[:min(len(p), maxMessage-len(t.block))]...)
}
