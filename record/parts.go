package record

import (
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A Rotation cuts a recording into parts, each a flow file that can be read
// alone: NAME.0001.flow.zst, NAME.0002.flow.zst, …. The zero value keeps one file.
type Rotation struct {
	// Bytes is the greatest length of a part; never exceeded. At least 64 KiB.
	// Bodies longer than a quarter of it are cut.
	Bytes int64

	// Every is the time after which a part that holds flows ends.
	Every time.Duration

	// Keep is the number of parts that stay on disk: the oldest one goes when
	// there are more. 0 keeps all.
	Keep int
}

func (r Rotation) on() bool { return r.Bytes > 0 || r.Every > 0 }

// parts writes a recording as one flow file or as several. A connection is
// written in front of its first flow, in every part that holds one: a part
// stands alone, and connections without a recorded flow take no room.
type parts struct {
	o     Options
	info  flow.Info
	file  writer
	open  func(path string, o flowfile.WriterOptions) (writer, error)
	path  string // of the part being written
	since time.Time
	flows uint64 // in the part
	conns connTable
	kept  []partFile   // complete parts on disk, the oldest first
	gone  func(uint64) // is told of flows in a part that was removed; nil: nobody is
}

type partFile struct {
	path  string
	bytes int64
	flows uint64
}

// createParts makes the first file. The options are complete.
func createParts(o Options) (*parts, error) {
	p := &parts{o: o, info: flow.Info{Source: o.Source}, conns: newConnTable(), open: func(path string, o flowfile.WriterOptions) (writer, error) {
		return flowfile.Create(path, o)
	}}
	for p.info.Recording == 0 {
		p.info.Recording = rand.Uint64()
	}
	p.info.Redaction = "none"
	if o.Redact != nil {
		p.info.Redaction = o.Redact.Name()
	}
	p.info.Sample = o.Sample.String()
	if o.Rotate.on() {
		if old, err := filepath.Glob(partPattern(o.Path)); err != nil {
			return nil, fmt.Errorf("look for parts of %s: %w", o.Path, err)
		} else if len(old) > 0 {
			return nil, fmt.Errorf("create %s: %w; remove the parts of that name or choose another name", old[0], fs.ErrExist)
		}
	}
	return p, p.begin()
}

// begin opens the next part.
func (p *parts) begin() error {
	o := flowfile.WriterOptions{MaxBody: p.o.MaxBody, MaxBytes: p.room(), Encrypt: p.o.Encrypt}
	if part := p.o.Rotate.Bytes; part > 0 && (o.MaxBody == 0 || o.MaxBody > part/4) {
		o.MaxBody = part / 4 // so that a flow with two bodies fits
	}
	path := p.o.Path
	info := p.info
	if p.o.Rotate.on() {
		info.Part++
		path = partPath(p.o.Path, info.Part)
	}
	if p.o.MaxDisk > 0 && o.MaxBytes < leastPart {
		return flowfile.ErrFull
	}
	file, err := p.open(path, o)
	if err != nil {
		return err
	}
	p.file, p.path, p.since, p.flows = file, path, time.Now(), 0
	p.info = info
	p.conns.forgetWritten()
	return file.Write(&info)
}

// left returns what the disk limit leaves to the next part, in bytes.
func (p *parts) left() int64 {
	stay := append(slices.Clone(p.kept), partFile{path: p.path, bytes: p.file.Size()})
	if n := p.o.Rotate.Keep; n > 0 && len(stay) >= n {
		stay = stay[len(stay)-n+1:]
	}
	left := p.o.MaxDisk
	for _, k := range stay {
		left -= k.bytes
	}
	return left
}

// leastPart is the shortest file that a flowfile.Writer makes, in bytes.
const leastPart = 64 << 10

// room returns the greatest length of the next file, 0 for no limit.
func (p *parts) room() int64 {
	room := p.o.Rotate.Bytes
	if p.o.MaxDisk > 0 {
		left := p.o.MaxDisk
		for _, k := range p.kept {
			left -= k.bytes
		}
		if room == 0 || left < room {
			room = left
		}
	}
	return room
}

// Write writes a record, in the next part if this one is full. A connection is
// kept until a flow names it.
func (p *parts) Write(rec flow.Record) error {
	if c, ok := rec.(*flow.Conn); ok {
		p.conns.add(c)
		return nil
	}
	err := p.write(rec)
	if errors.Is(err, flowfile.ErrFull) && p.o.Rotate.on() && p.flows > 0 {
		if err := p.next(); err != nil {
			return err
		}
		err = p.write(rec)
	}
	if errors.Is(err, flowfile.ErrFull) && p.o.Rotate.Bytes > 0 && p.flows == 0 && p.room() == p.o.Rotate.Bytes {
		return fmt.Errorf("write %s: %w: it does not fit into an empty part", p.path, flowfile.ErrTooLong)
	}
	return err
}

func (p *parts) write(rec flow.Record) error {
	f, ok := rec.(*flow.Flow)
	if !ok {
		return p.file.Write(rec)
	}
	if c := p.conns.unwritten(f.Conn); c != nil {
		if p.o.Process != nil && c.Process == 0 {
			c.Process = p.o.Process(c)
		}
		if err := p.file.Write(c); err != nil {
			return err
		}
		p.conns.wrote(f.Conn)
	}
	if err := p.file.Write(f); err != nil {
		return err
	}
	p.flows++
	return nil
}

// Flush seals what is written, and ends the part when its time has come.
func (p *parts) Flush() error {
	if err := p.file.Flush(); err != nil {
		return err
	}
	if p.o.Rotate.Every > 0 && p.flows > 0 && time.Since(p.since) >= p.o.Rotate.Every {
		return p.next()
	}
	return nil
}

// next completes this part, removes parts that are too old, and begins another.
// flowfile.ErrFull says that the disk limit leaves no room for one. This part then
// stays open for the losses that are still to be declared.
func (p *parts) next() error {
	if p.o.MaxDisk > 0 && p.left() < 2*leastPart {
		return flowfile.ErrFull
	}
	if err := p.file.Close(); err != nil {
		return err
	}
	p.kept = append(p.kept, partFile{p.path, p.file.Size(), p.flows})
	for p.o.Rotate.Keep > 0 && len(p.kept) >= p.o.Rotate.Keep {
		if err := os.Remove(p.kept[0].path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the oldest part: %w", err)
		}
		if p.gone != nil {
			p.gone(p.kept[0].flows)
		}
		p.kept = p.kept[1:]
	}
	return p.begin()
}

// Close completes the last part.
func (p *parts) Close() error { return p.file.Close() }

// Size returns the bytes on disk: of this part and of those before it that are kept.
func (p *parts) Size() int64 {
	n := p.file.Size()
	for _, k := range p.kept {
		n += k.bytes
	}
	return n
}

// suffix is how the name of a flow file ends.
const suffix = ".flow.zst"

// partPath returns the path of a part: the number stands before the suffix.
func partPath(path string, part uint64) string {
	return fmt.Sprintf("%s.%04d%s", strings.TrimSuffix(path, suffix), part, suffix)
}

// partPattern matches the paths of all parts.
func partPattern(path string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(strings.TrimSuffix(path, suffix))
	return quoted + ".[0-9][0-9][0-9][0-9]*" + suffix
}

// A connTable remembers connections until a flow names them, and which of them
// stand in the current part. Beyond maxConns it forgets the one that was used
// longest ago.
type connTable struct {
	byID  map[uint64]*list.Element
	order list.List // of *connEntry, the one seen last in front
	part  uint64
}

type connEntry struct {
	conn *flow.Conn
	part uint64 // in which it was written last
}

const maxConns = 1 << 16

func newConnTable() connTable { return connTable{byID: map[uint64]*list.Element{}} }

func (t *connTable) add(c *flow.Conn) {
	if e, ok := t.byID[c.ID]; ok {
		e.Value.(*connEntry).conn = c
		return
	}
	if len(t.byID) == maxConns {
		last := t.order.Remove(t.order.Back()).(*connEntry)
		delete(t.byID, last.conn.ID)
	}
	t.byID[c.ID] = t.order.PushFront(&connEntry{conn: c})
}

// unwritten returns the connection if this part lacks it, else nil.
func (t *connTable) unwritten(id uint64) *flow.Conn {
	e, ok := t.byID[id]
	if !ok {
		return nil
	}
	t.order.MoveToFront(e)
	if c := e.Value.(*connEntry); c.part != t.part {
		return c.conn
	}
	return nil
}

func (t *connTable) wrote(id uint64) { t.byID[id].Value.(*connEntry).part = t.part }

// forgetWritten begins a new part.
func (t *connTable) forgetWritten() { t.part++ }
