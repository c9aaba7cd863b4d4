package flowfile

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
)

// Records goes over several files as if they were one recording. It is meant for
// copies. Flows come in the order of their start, as far as each file is in that
// order. Connections get new numbers, so that those of different recordings stay
// apart; the files of one rotated recording share their connections. Info and Loss
// records are passed on.
//
// Damage is a *CorruptError, followed by a Loss with the number of flows that are
// missing, as far as it is known. Any other error is the last. With a Filter,
// connections without a matching flow are left out, and a last Loss counts the flows
// that do not match.
//
// Memory does not depend on the length or number of the files: it holds a block of
// each file that overlaps in time with others, and at most some 100 MiB of
// connections.
func (o ReaderOptions) Records(paths ...string) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		m := merger{o: o, yield: yield}
		m.given.max, m.held.max = maxHeldConns, maxHeldConns
		defer m.close()
		if m.look(paths) {
			m.run()
		}
	}
}

// maxHeldConns is the number of connections that a merger remembers at least.
const maxHeldConns = 1 << 17

// A merger gives the records of several files to yield. Its methods return false when
// the consumer wants no more, or after an error that ends the reading.
type merger struct {
	o     ReaderOptions
	yield func(flow.Record, error) bool

	groups  int       // recordings
	waiting []*source // not begun yet, by their first start
	open    []*source // each with a flow in hand, in the order given

	given recent[uint64, bool]       // connections given, of recordings in several files
	held  recent[uint64, *flow.Conn] // with a Filter: connections that no flow has named yet

	passed uint64     // flows that did not match, of the files that have ended
	last   *flow.Flow // given
}

// A source is one of the files.
type source struct {
	path   string
	place  int    // in the order given
	group  int    // of files of one recording, counted from 0
	file   uint64 // its id; 0 is not known
	shared bool   // the group has other files
	least  int64  // start of a flow, unix nanoseconds
	reader *Reader
	flow   *flow.Flow // in hand
	flows  uint64     // given or lost
	hurt   string     // reason of the Loss that is due; "" is none
	from   *flow.Flow // the last one before that
}

// look finds out when each file begins and which of them belong together.
func (m *merger) look(paths []string) bool {
	groups, files := map[uint64]*source{}, map[uint64]string{}
	for i, path := range paths {
		s := &source{path: path, place: i}
		recording, err := s.look(m.o)
		if before, twice := files[s.file]; err == nil && s.file != 0 && twice {
			err = fmt.Errorf("%s and %s are one recording: %w", before, path, ErrTwice)
		}
		if err != nil {
			m.yield(nil, err)
			return false
		}
		files[s.file] = path
		if first := groups[recording]; recording != 0 && first != nil {
			s.group, s.shared, first.shared = first.group, true, true
		} else {
			s.group = m.groups
			m.groups++
			groups[recording] = s
		}
		m.waiting = append(m.waiting, s)
	}
	slices.SortStableFunc(m.waiting, func(a, b *source) int { return cmp.Compare(a.least, b.least) })
	return true
}

// look returns the number of the recording that the file is a part of. It is 0 if the
// file does not say, or belongs to several recordings.
func (s *source) look(o ReaderOptions) (uint64, error) {
	o.Filter = nil
	r, err := OpenWith(s.path, o)
	if err != nil {
		return 0, err
	}
	if r.hasHead {
		s.file = r.head.id
	}
	var infos []flow.Info
	if t, ok := r.Totals(); ok {
		s.least, infos = unixNano(t.Start), t.Infos
	} else {
		s.least = r.leastStart()
		infos = r.leadingInfos()
	}
	if len(infos) == 1 {
		return infos[0].Recording, r.Close()
	}
	return 0, r.Close()
}

// leastStart reads the heads of all blocks and then begins anew.
func (r *Reader) leastStart() int64 {
	least := int64(math.MaxInt64)
	r.seekHeads(func(entry) bool { return false }, false, func(h *blockHead) {
		if h.flows > 0 {
			least = min(least, h.start)
		}
	})
	r.off, r.number = int64(fileHeadSize), 0
	return least
}

// leadingInfos reads the Info records that begin the file. It ignores damage, which
// is reported later.
func (r *Reader) leadingInfos() (infos []flow.Info) {
	for {
		rec, err := r.Next()
		info, ok := rec.(*flow.Info)
		if err != nil || !ok {
			return infos
		}
		infos = append(infos, *info)
	}
}

// run gives all records.
func (m *merger) run() bool {
	for {
		next := m.next()
		for len(m.waiting) > 0 && (next == nil || m.waiting[0].least <= unixNano(next.flow.Start)) {
			if !m.begin() {
				return false
			}
			next = m.next()
		}
		if next == nil {
			return m.end()
		}
		f := next.flow
		if !m.giveFlow(f) || !m.advance(next) {
			return false
		}
	}
}

// next returns the open file whose flow starts first. If several start at the same
// instant, it is the one that was named first.
func (m *merger) next() *source {
	var least *source
	for _, s := range m.open {
		if least == nil || s.flow.Start.Before(least.flow.Start) {
			least = s
		}
	}
	return least
}

// begin opens the file that is due.
func (m *merger) begin() bool {
	s := m.waiting[0]
	m.waiting = m.waiting[1:]
	var err error
	if s.reader, err = openOthers(s.path, m.o); err != nil {
		m.yield(nil, err)
		return false
	}
	i, _ := slices.BinarySearchFunc(m.open, s.place, func(s *source, place int) int { return cmp.Compare(s.place, place) })
	m.open = slices.Insert(m.open, i, s)
	for _, s := range m.open {
		s.reader.bodies.limit = cacheLimit / len(m.open)
	}
	return m.advance(s)
}

// openOthers opens a file so that a Filter applies to flows alone: all other records
// come, also those in blocks without a matching flow.
func openOthers(path string, o ReaderOptions) (*Reader, error) {
	filter := o.Filter
	o.Filter = nil
	r, err := OpenWith(path, o)
	if err == nil {
		r.o.Filter, r.others = filter, true
	}
	return r, err
}

// advance takes the next flow of the file in hand. It gives the other records that
// stand before that flow.
func (m *merger) advance(s *source) bool {
	for {
		rec, err := s.reader.Next()
		if err == io.EOF {
			return m.finish(s)
		}
		if err != nil && !errors.As(err, new(*CorruptError)) {
			m.yield(nil, err)
			return false
		}
		if err != nil {
			s.note(err)
			if !m.yield(nil, err) {
				return false
			}
			continue
		}
		if missed := s.reader.missed; s.hurt != "" {
			s.flows += missed
			if !m.giveLoss(s, missed) {
				return false
			}
		}
		s.reader.missed = 0
		if f, ok := rec.(*flow.Flow); ok {
			f.Conn = m.conn(s, f.Conn)
			s.flow, s.from = f, f
			s.flows++
			return true
		}
		if !m.giveOther(s, rec) {
			return false
		}
	}
}

// note remembers that a Loss is due for damage that took records.
func (s *source) note(err error) {
	var damage *CorruptError
	errors.As(err, &damage)
	switch {
	case errors.Is(err, ErrTruncated):
		s.hurt = flow.LossCutOff
	case errors.Is(err, errNoBody) || damage.Block < 0:
	case s.hurt == "":
		s.hurt = flow.LossDamaged
	}
}

func (m *merger) giveLoss(s *source, flows uint64) bool {
	l := &flow.Loss{Reason: s.hurt, Flows: flows}
	if s.from != nil {
		l.At = s.from.Start
	} else if s.least != math.MaxInt64 {
		l.At = time.Unix(0, s.least).UTC()
	}
	s.hurt = ""
	return m.yield(l, nil)
}

// finish closes a file that has ended.
func (m *merger) finish(s *source) bool {
	m.passed += s.reader.passed
	stated, ok := s.reader.Totals()
	if s.hurt != "" {
		missed := uint64(0)
		if seen := s.flows + s.reader.passed; ok && stated.Flows > seen {
			missed = stated.Flows - seen
		}
		if !m.giveLoss(s, missed) {
			return false
		}
	}
	m.open = slices.DeleteFunc(m.open, func(o *source) bool { return o == s })
	if err := s.reader.Close(); err != nil {
		m.yield(nil, err)
		return false
	}
	return true
}

// giveFlow gives a flow. Before the first flow of a connection it gives the
// connection.
func (m *merger) giveFlow(f *flow.Flow) bool {
	m.last = f
	if c, ok := m.held.find(f.Conn); ok {
		m.held.remove(f.Conn)
		m.given.add(f.Conn, true)
		if !m.yield(c, nil) {
			return false
		}
	}
	return m.yield(f, nil)
}

// giveOther gives a record that is no flow. Connections may have to wait for their
// first flow, and are given once.
func (m *merger) giveOther(s *source, rec flow.Record) bool {
	c, ok := rec.(*flow.Conn)
	if !ok {
		return m.yield(rec, nil)
	}
	c.ID = m.conn(s, c.ID)
	if _, known := m.given.find(c.ID); s.shared && known {
		return true
	}
	if m.o.Filter != nil {
		m.held.add(c.ID, c)
		return true
	}
	if s.shared {
		m.given.add(c.ID, true)
	}
	return m.yield(c, nil)
}

// conn returns the number of a connection in the copy: of n recordings the first
// has 1, n+1, 2n+1, …, the second 2, n+2, …, and so on, so that no table is
// needed. Numbers too great for that are hashed.
func (m *merger) conn(s *source, id uint64) uint64 {
	if id == 0 {
		return 0
	}
	high, low := bits.Mul64(id-1, uint64(m.groups))
	if n, carry := bits.Add64(low, uint64(s.group)+1, 0); high == 0 && carry == 0 {
		return n
	}
	b := binary.LittleEndian.AppendUint64(nil, id)
	return xxhash.Sum64(binary.LittleEndian.AppendUint64(b, uint64(s.group))) | 1<<63
}

// end gives a Loss that counts the flows which the Filter left out.
func (m *merger) end() bool {
	if m.passed == 0 {
		return true
	}
	l := &flow.Loss{Reason: flow.LossFiltered, Flows: m.passed}
	if m.last != nil {
		l.At = m.last.Start
	}
	return m.yield(l, nil)
}

// close closes what is still open.
func (m *merger) close() {
	for _, s := range m.open {
		s.reader.Close()
	}
}
