package verbatim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
)

// A span is when an act was under way in the recording, as offsets from the
// start of its session.
type span struct{ start, done time.Duration }

// A timedAct is an act with the time that it took in the recording.
type timedAct struct {
	replay.Act
	span
}

// isSocket reports whether f is a WebSocket.
func isSocket(f *flow.Flow) bool {
	return f.Response != nil && f.Response.Status == http.StatusSwitchingProtocols &&
		strings.EqualFold(f.Request.Headers.Value("Upgrade"), "websocket")
}

// socketActs turns a WebSocket that began at offset at into acts: it opens, sends
// what its client sent, waits for what its server sent, and closes. Each wait for a
// message of the server begins at the event before it.
//
//	client  open ├──┤  send │        send │              close │
//	server       ├── await ───┤ await ├─┤   ├─── await ───┤
//
// A message of which the recording has only the beginning is not sent.
func socketActs(f *flow.Flow, at time.Duration, strand int) []timedAct {
	open := recordedAct(f)
	open.Kind, open.Strand = replay.Open, strand
	last := at + max(f.FirstByte, 0)
	acts := []timedAct{{open, span{at, last}}}
	closed := false
	add := func(kind replay.Kind, m flow.Message, from, to time.Duration) {
		a := replay.Act{Kind: kind, Strand: strand, Endpoint: open.Endpoint + " " + kind.String(), Message: m, Wait: to - from}
		if kind == replay.Send && m.Size > int64(len(m.Data)) {
			a.Skip = "the end of the message in the recording"
		}
		acts = append(acts, timedAct{a, span{from, to}})
		last = to
		closed = kind == replay.Close || m.Kind == flow.MessageClose
	}
	for _, m := range f.Messages {
		when := max(at+m.At, last)
		switch {
		case closed, m.Kind == flow.MessagePing, m.Kind == flow.MessagePong: // the client answers pings itself
		case m.FromClient && m.Kind == flow.MessageClose:
			add(replay.Close, m, when, when)
		case m.FromClient:
			add(replay.Send, m, when, when)
		default:
			add(replay.Await, m, last, when)
		}
	}
	if !closed {
		end := max(at+f.Done, last)
		add(replay.Close, flow.Message{}, end, end)
	}
	return acts
}

// A merge orders the acts of a session by their start. The flows come in that order
// already; the acts of streams that are open meanwhile go in between.
type merge struct {
	next  func() ([]timedAct, bool) // the acts of the next flow, in order of start
	ahead []timedAct                // of the flow that next returned last
	ended bool
	open  []timedAct // of streams, in order of start
}

// pull returns the act that begins next.
func (m *merge) pull() (timedAct, bool) {
	if len(m.ahead) == 0 && !m.ended {
		acts, more := m.next()
		m.ahead, m.ended = acts, !more
	}
	if len(m.ahead) > 0 && (len(m.open) == 0 || m.ahead[0].start < m.open[0].start) {
		first := m.ahead[0]
		if len(m.ahead) > 1 {
			m.open = append(m.open, m.ahead[1:]...)
			slices.SortStableFunc(m.open, func(a, b timedAct) int { return cmp.Compare(a.start, b.start) })
		}
		m.ahead = nil
		return first, true
	}
	if len(m.open) == 0 {
		return timedAct{}, false
	}
	first := m.open[0]
	m.open[0] = timedAct{} // lets go of its message
	m.open = m.open[1:]    // moves none of the others, which may be many
	return first, true
}
