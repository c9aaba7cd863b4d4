package convert

import (
	"context"
	"errors"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// errStop says that the consumer wants no more.
var errStop = errors.New("stop")

// A Sink takes the records of an importer. It numbers the connections, and fills in
// what entries lack: time, scheme and host. When one of its methods returns an error,
// the import ends.
type Sink struct {
	ctx   context.Context
	yield func(flow.Record, error) bool
	conns uint64
	next  time.Time

	// The scheme and host of requests in formats that name none. Host is empty if it is
	// unknown.
	Scheme, Host string
}

// Put hands a record over.
func (s *Sink) Put(r flow.Record) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.yield(r, nil) {
		return errStop
	}
	return nil
}

// Skip reports that the entry at the place was left out, or that something about it is
// doubtful.
func (s *Sink) Skip(place string, err error) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.yield(nil, &EntryError{Place: place, Err: err}) {
		return errStop
	}
	return nil
}

// Conn numbers a connection, hands it over and returns its ID.
func (s *Sink) Conn(c *flow.Conn) (uint64, error) {
	s.conns++
	c.ID = s.conns
	return c.ID, s.Put(c)
}

// Tick returns the time of an entry that has none: a second after the one
// before.
func (s *Sink) Tick() time.Time {
	t := s.next
	s.next = t.Add(time.Second)
	return t
}

// Upcoming returns what Tick will return next.
func (s *Sink) Upcoming() time.Time { return s.next }

// maxConns bounds the tables of connections that importers and exporters keep.
const maxConns = 1 << 16

// A Table maps a key to its value. It forgets everything when it is full: connections
// of long ago do not come up again.
type Table[K comparable, V any] map[K]V

func (t Table[K, V]) Set(k K, v V) {
	if len(t) >= maxConns {
		clear(t)
	}
	t[k] = v
}
