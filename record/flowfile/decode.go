package flowfile

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/starling-load/starling/record/flow"
)

var (
	errRecord = errors.New("record is not as the format says")
	errNoBody = errors.New("a body that flows share lies in a damaged block; they come without it")
)

// A decoder reads one record. It works on a string, so that every string of a
// record is a part of one allocation. The first error sticks, and every value
// after it is zero.
type decoder struct {
	s     string
	pos   int // of the next value in s
	lines int // header lines so far
	bad   bool
}

func (d *decoder) fail() { d.pos, d.bad = len(d.s), true }

func (d *decoder) uvarint() uint64 {
	if d.pos < len(d.s) && d.s[d.pos] < 0x80 {
		d.pos++
		return uint64(d.s[d.pos-1])
	}
	return d.longUvarint()
}

func (d *decoder) longUvarint() uint64 {
	s := d.s[d.pos:]
	var v uint64
	for i := 0; i < len(s) && i < 10; i++ {
		c := s[i]
		if c < 0x80 {
			if i == 9 && c > 1 {
				break
			}
			d.pos += i + 1
			return v | uint64(c)<<(7*i)
		}
		v |= uint64(c&0x7f) << (7 * i)
	}
	d.fail()
	return 0
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) byte() byte {
	if d.pos >= len(d.s) {
		d.fail()
		return 0
	}
	d.pos++
	return d.s[d.pos-1]
}

func (d *decoder) u64() uint64 {
	if len(d.s)-d.pos < 8 {
		d.fail()
		return 0
	}
	var v uint64
	for i := range 8 {
		v |= uint64(d.s[d.pos+i]) << (8 * i)
	}
	d.pos += 8
	return v
}

func (d *decoder) str() string {
	n := d.uvarint()
	if n > uint64(len(d.s)-d.pos) {
		d.fail()
		return ""
	}
	from := d.pos
	d.pos += int(n)
	return d.s[from:d.pos]
}

// data returns a copy of the bytes that come next, or nil for none.
func (d *decoder) data() []byte {
	if s := d.str(); s != "" {
		return []byte(s)
	}
	return nil
}

func (d *decoder) time() time.Time {
	sec, nsec := d.varint(), d.uvarint()
	if nsec >= 1e9 {
		d.fail()
		return time.Time{}
	}
	return time.Unix(sec, int64(nsec)).UTC()
}

// count reads a number of items. Each of them takes at least size bytes, so that a
// number which cannot be true is refused.
func (d *decoder) count(limit, size int) int {
	n := d.uvarint()
	if n > uint64(limit) || n > uint64((len(d.s)-d.pos)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) headers() flow.Headers {
	n := d.count(maxHeaders, 2)
	if d.lines += n; d.lines > maxLines {
		d.fail()
		return nil
	}
	if n == 0 {
		return nil
	}
	h := make(flow.Headers, n)
	for i := range h {
		h[i].Name, h[i].Value = d.str(), d.str()
	}
	return h
}

// A wantedBody is a body of a flow that is still to be fetched.
type wantedBody struct {
	body     *flow.Body
	distance uint64 // from the block of the flow back to the block of the body
	index    uint64
	length   uint64

	// pieces are those of a long body, of which the first is also its data. The
	// blocks in them are distances until place is called.
	pieces []piece
}

// body reads a body in place and appends to wanted if its data is elsewhere.
func (d *decoder) body(b *flow.Body, wanted *[]wantedBody) {
	kind := d.byte()
	w := wantedBody{body: b}
	switch kind & bodyStorage {
	case bodyNone:
	case bodyInline:
		b.Data = d.data()
		b.Size = int64(len(b.Data))
	case bodyRef:
		w.distance, w.index, w.length = d.uvarint(), d.uvarint(), d.uvarint()
		if w.length > MaxRecord {
			d.fail()
			return
		}
		b.Size = int64(w.length)
	default:
		d.fail()
		return
	}
	if kind&bodySized != 0 {
		b.Size = d.varint()
	}
	if kind&bodyHashed != 0 {
		b.Hash = d.u64()
	}
	if kind&bodyStorage == bodyRef && !d.bad {
		*wanted = append(*wanted, w)
	}
}

func (d *decoder) response(r *flow.Response, wanted *[]wantedBody) {
	r.Status = int(d.varint())
	r.Headers = d.headers()
	d.body(&r.Body, wanted)
	r.Trailers = d.headers()
}

// An answered flow and its response are one allocation. Nearly all flows have a
// response.
type answered struct {
	flow     flow.Flow
	response flow.Response
}

// flow reads a flow behind its kind.
func (d *decoder) flow(wanted *[]wantedBody) *flow.Flow {
	both := new(answered)
	f := &both.flow
	*f = flow.Flow{Start: d.time(), Conn: d.uvarint(), Scheme: d.str(), Protocol: d.str()}
	f.RequestDone = time.Duration(d.varint())
	f.FirstByte = time.Duration(d.varint())
	f.Done = time.Duration(d.varint())
	f.Error = d.str()

	q := &f.Request
	q.Method, q.Target, q.Authority = d.str(), d.str(), d.str()
	q.Headers = d.headers()
	d.body(&q.Body, wanted)
	q.Trailers = d.headers()

	if n := d.count(maxInterim, 4); n > 0 {
		f.Interim = make([]flow.Response, n)
		for i := range f.Interim {
			d.response(&f.Interim[i], wanted)
		}
	}
	if d.byte() != 0 {
		f.Response = &both.response
		d.response(f.Response, wanted)
	}
	if n := d.count(maxMessages, 5); n > 0 {
		f.Messages = make([]flow.Message, n)
		for i := range f.Messages {
			d.message(&f.Messages[i])
		}
	}
	if d.pos < len(d.s) {
		d.pieces(f, wanted)
	}
	return f
}

// pieces reads where the bodies stand that are too long for one record.
func (d *decoder) pieces(f *flow.Flow, wanted *[]wantedBody) {
	all, left := bodies(f), maxPieces
	for range d.count(len(all), 2) {
		body := d.uvarint()
		n := d.count(left, 3)
		if left -= n; body >= uint64(len(all)) || n == 0 {
			d.fail()
			return
		}
		w := wantedBody{body: all[body], pieces: make([]piece, n)}
		for i := range w.pieces {
			distance, index, length := d.uvarint(), d.uvarint(), d.uvarint()
			if distance > math.MaxInt64 || index > math.MaxUint32 || length > MaxRecord {
				d.fail()
				return
			}
			w.pieces[i] = piece{bodyPlace{int64(distance), uint32(index)}, uint32(length)}
		}
		*wanted = append(*wanted, w)
	}
}

func (d *decoder) message(m *flow.Message) {
	m.At = time.Duration(d.varint())
	m.FromClient = d.byte() != 0
	m.Kind = flow.MessageKind(d.byte())
	m.Data = d.data()
	m.Size = d.varint()
}

func (d *decoder) conn() *flow.Conn {
	c := &flow.Conn{ID: d.uvarint(), Client: d.str(), Server: d.str(), Opened: d.time()}
	if d.byte() != 0 {
		c.TLS = &flow.TLS{Version: d.str(), Cipher: d.str(), ServerName: d.str(), ALPN: d.str()}
	}
	if !d.bad && d.pos < len(d.s) {
		c.Process = d.uvarint()
	}
	return c
}

func (d *decoder) loss() *flow.Loss {
	l := &flow.Loss{At: d.time(), Reason: d.str()}
	for _, v := range [...]*uint64{&l.Sessions, &l.Flows, &l.Packets, &l.Bytes, &l.Gaps, &l.Messages} {
		*v = d.uvarint()
	}
	return l
}

func (d *decoder) info() *flow.Info {
	return &flow.Info{Recording: d.u64(), Part: d.uvarint(), Source: d.str(), Redaction: d.str(), Sample: d.str()}
}

// decodeRecord reads a record that is not a body. An unknown kind is (nil, nil).
func decodeRecord(b []byte, wanted *[]wantedBody) (flow.Record, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("empty: %w", errRecord)
	}
	d := decoder{s: string(b[1:])}
	var r flow.Record
	switch b[0] {
	case kindFlow:
		r = d.flow(wanted)
	case kindConn:
		r = d.conn()
	case kindLoss:
		r = d.loss()
	case kindInfo:
		r = d.info()
	default:
		return nil, nil
	}
	if d.bad {
		return nil, fmt.Errorf("kind %d: %w", b[0], errRecord)
	}
	return r, nil
}
