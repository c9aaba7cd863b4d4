package flowfile

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Sessions are the flows of a Shelf in the order in which users sent them.
//
// They are built by Add, in one goroutine. Afterwards all other methods may be used
// by several goroutines at once. Memory holds 16 bytes for each session, and the
// numbers of the flows as far as these are few; many are in a temporary file.
type Sessions struct {
	shelf   *Shelf
	visits  []visit
	numbers words
	first   int64 // start of the first session, unix nanoseconds
	last    int64 // end of the one that ended last
	missing atomic.Uint64
}

// A visit is one session.
type visit struct {
	start int64  // unix nanoseconds
	begin uint64 // place of its first number
}

// NewSessions returns Sessions without any.
func (s *Shelf) NewSessions() *Sessions { return &Sessions{shelf: s} }

// Add adds a session from its start to its end, with the numbers of its flows in
// the order in which they are to be given. It keeps nothing of the list.
func (s *Sessions) Add(start, end time.Time, flows []uint64) error {
	at, done := unixNano(start), unixNano(end)
	if len(s.visits) == 0 {
		s.first, s.last = at, done
	}
	s.first, s.last = min(s.first, at), max(s.last, done)
	s.visits = append(s.visits, visit{start: at, begin: s.numbers.len()})
	for _, n := range flows {
		if err := s.numbers.add(n); err != nil {
			return fmt.Errorf("keep the sessions of %s: %w", s.shelf.path, err)
		}
	}
	return nil
}

// Len returns the number of sessions.
func (s *Sessions) Len() int { return len(s.visits) }

// Start returns when session i begins, counted from the start of the first one.
func (s *Sessions) Start(i int) time.Duration { return time.Duration(s.visits[i].start - s.first) }

// Span returns the time from the first start to the last end.
func (s *Sessions) Span() time.Duration { return time.Duration(s.last - s.first) }

// Missing counts the flows that cursors passed over because they cannot be read.
// One that several cursors met counts as often.
func (s *Sessions) Missing() uint64 { return s.missing.Load() }

// Close removes what was kept of the sessions. The Shelf stays open.
func (s *Sessions) Close() error { return s.numbers.close() }

// Cursor returns the flows of session i from the beginning. It is small, and has no
// need to be closed.
func (s *Sessions) Cursor(i int) *Cursor {
	end := s.numbers.len()
	if i+1 < len(s.visits) {
		end = s.visits[i+1].begin
	}
	return &Cursor{sessions: s, at: s.visits[i].begin, end: end}
}

// A Cursor gives the flows of one session. It is for one goroutine.
type Cursor struct {
	sessions *Sessions
	at, end  uint64 // places of the numbers to come
}

// Next returns the next flow, which is the caller's; io.EOF after the last. Flows
// that are damaged are passed over, see Sessions.Missing. Its cost is that of
// Shelf.Flow.
func (c *Cursor) Next() (*flow.Flow, error) {
	for c.at < c.end {
		number, err := c.sessions.numbers.get(c.at)
		if err != nil {
			return nil, fmt.Errorf("read the sessions of %s: %w", c.sessions.shelf.path, err)
		}
		c.at++
		f, err := c.sessions.shelf.Flow(number)
		if errors.As(err, new(*CorruptError)) || errors.Is(err, ErrNoFlow) {
			c.sessions.missing.Add(1)
			continue
		}
		return f, err
	}
	return nil, io.EOF
}
