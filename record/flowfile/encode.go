package flowfile

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// The kinds of records in a block. Readers pass over kinds that they do not
// know and ignore what follows the known fields of a record.
const (
	kindFlow = iota + 1
	kindConn
	kindLoss
	kindBody
	kindInfo
)

// How a body stands in a flow record: one byte, storage and flags.
const (
	bodyNone    = 0 // no data
	bodyInline  = 1 // data follows
	bodyRef     = 2 // data is a body record
	bodyStorage = 3

	bodySized  = 4 // Size follows; otherwise it is the length of the data
	bodyHashed = 8 // Hash follows; otherwise the data tells it, or nobody knows it
)

// inlineMax is the length from which a body is stored once, as a record.
const inlineMax = 64

// A bodyPlace says where a body record is: in which block, and which of the body
// records there.
type bodyPlace struct {
	block int64 // offset of the block's head in the file
	index uint32
}

// A piece is a part of a body that is too long for one record.
type piece struct {
	bodyPlace
	length uint32
}

// pieces are those of one body of a flow, from the beginning of the content.
type pieces struct {
	body int // which one, in the order of bodies
	list []piece
}

// An encoder appends records in their binary form.
type encoder struct {
	b     []byte
	block int64 // offset of the block that the record is meant for
}

func (e *encoder) uvarint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) varint(v int64)   { e.b = binary.AppendVarint(e.b, v) }
func (e *encoder) u64(v uint64)     { e.b = binary.LittleEndian.AppendUint64(e.b, v) }

func (e *encoder) str(s string) {
	e.uvarint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) time(t time.Time) {
	e.varint(t.Unix())
	e.uvarint(uint64(t.Nanosecond()))
}

func (e *encoder) headers(h flow.Headers) {
	e.uvarint(uint64(len(h)))
	for i := range h {
		e.str(h[i].Name)
		e.str(h[i].Value)
	}
}

// body appends a body: a reference to place, or the data itself if place is nil.
func (e *encoder) body(b flow.Body, place *bodyPlace) {
	kind := byte(bodyNone)
	switch {
	case len(b.Data) == 0:
	case place != nil:
		kind = bodyRef
	default:
		kind = bodyInline
	}
	if b.Size != int64(len(b.Data)) {
		kind |= bodySized
	}
	if b.Hash != 0 {
		kind |= bodyHashed
	}
	e.b = append(e.b, kind)
	switch kind & bodyStorage {
	case bodyInline:
		e.uvarint(uint64(len(b.Data)))
		e.b = append(e.b, b.Data...)
	case bodyRef:
		e.uvarint(uint64(e.block - place.block))
		e.uvarint(uint64(place.index))
		e.uvarint(uint64(len(b.Data)))
	}
	if kind&bodySized != 0 {
		e.varint(b.Size)
	}
	if kind&bodyHashed != 0 {
		e.u64(b.Hash)
	}
}

func (e *encoder) response(r *flow.Response, place *bodyPlace) {
	e.varint(int64(r.Status))
	e.headers(r.Headers)
	e.body(r.Body, place)
	e.headers(r.Trailers)
}

// flow appends a flow whose bodies are stored at places, in the order of
// bodies. Some of the bodies stand in pieces, of which places has the first. The
// number of the flow follows from its position and is not stored.
func (e *encoder) flow(f *flow.Flow, places []*bodyPlace, inPieces []pieces) {
	e.b = append(e.b, kindFlow)
	e.time(f.Start)
	e.uvarint(f.Conn)
	e.str(f.Scheme)
	e.str(f.Protocol)
	e.varint(int64(f.RequestDone))
	e.varint(int64(f.FirstByte))
	e.varint(int64(f.Done))
	e.str(f.Error)

	e.str(f.Request.Method)
	e.str(f.Request.Target)
	e.str(f.Request.Authority)
	e.headers(f.Request.Headers)
	e.body(f.Request.Body, places[0])
	e.headers(f.Request.Trailers)

	e.uvarint(uint64(len(f.Interim)))
	for i := range f.Interim {
		e.response(&f.Interim[i], places[1+i])
	}
	if f.Response == nil {
		e.b = append(e.b, 0)
	} else {
		e.b = append(e.b, 1)
		e.response(f.Response, places[len(places)-1])
	}
	e.uvarint(uint64(len(f.Messages)))
	for i := range f.Messages {
		e.message(&f.Messages[i])
	}
	if len(inPieces) > 0 {
		e.pieces(inPieces)
	}
}

func (e *encoder) pieces(inPieces []pieces) {
	e.uvarint(uint64(len(inPieces)))
	for _, p := range inPieces {
		e.uvarint(uint64(p.body))
		e.uvarint(uint64(len(p.list)))
		for _, part := range p.list {
			e.uvarint(uint64(e.block - part.block))
			e.uvarint(uint64(part.index))
			e.uvarint(uint64(part.length))
		}
	}
}

func (e *encoder) message(m *flow.Message) {
	from := byte(0)
	if m.FromClient {
		from = 1
	}
	e.varint(int64(m.At))
	e.b = append(e.b, from, byte(m.Kind))
	e.uvarint(uint64(len(m.Data)))
	e.b = append(e.b, m.Data...)
	e.varint(m.Size)
}

func (e *encoder) conn(c *flow.Conn) {
	e.b = append(e.b, kindConn)
	e.uvarint(c.ID)
	e.str(c.Client)
	e.str(c.Server)
	e.time(c.Opened)
	if c.TLS == nil {
		e.b = append(e.b, 0)
	} else {
		e.b = append(e.b, 1)
		e.str(c.TLS.Version)
		e.str(c.TLS.Cipher)
		e.str(c.TLS.ServerName)
		e.str(c.TLS.ALPN)
	}
	if c.Process != 0 {
		e.uvarint(c.Process)
	}
}

func (e *encoder) loss(l *flow.Loss) {
	e.b = append(e.b, kindLoss)
	e.time(l.At)
	e.str(l.Reason)
	for _, v := range [...]uint64{l.Sessions, l.Flows, l.Packets, l.Bytes, l.Gaps, l.Messages} {
		e.uvarint(v)
	}
}

func (e *encoder) info(i *flow.Info) {
	e.b = append(e.b, kindInfo)
	e.u64(i.Recording)
	e.uvarint(i.Part)
	e.str(i.Source)
	e.str(i.Redaction)
	e.str(i.Sample)
}

// bodies returns the bodies of a flow in the order in which encoder.flow and
// decoder.flow meet them: request, interim responses, response.
func bodies(f *flow.Flow) []*flow.Body {
	bs := make([]*flow.Body, 0, 2+len(f.Interim))
	bs = append(bs, &f.Request.Body)
	for i := range f.Interim {
		bs = append(bs, &f.Interim[i].Body)
	}
	if f.Response != nil {
		bs = append(bs, &f.Response.Body)
	}
	return bs
}

// limited returns a copy of the flow that obeys the limits of the format: its
// bodies and messages are cut to maxBody, and messages that are too many are left
// out. The Loss is nil unless messages were left out.
func limited(f *flow.Flow, maxBody int64) (*flow.Flow, *flow.Loss, error) {
	if err := countable(f); err != nil {
		return nil, nil, err
	}
	c := *f
	c.Interim = append([]flow.Response(nil), f.Interim...)
	if f.Response != nil {
		r := *f.Response
		c.Response = &r
	}
	for _, b := range bodies(&c) {
		*b = spread(b.Cut(maxBody))
	}
	var loss *flow.Loss
	c.Messages, loss = limitMessages(f.Messages, maxBody)
	if loss != nil {
		loss.At = f.Start
	}
	return &c, loss, nil
}

func countable(f *flow.Flow) error {
	longest, all := 0, 0
	count := func(h flow.Headers) { longest, all = max(longest, len(h)), all+len(h) }
	count(f.Request.Headers)
	count(f.Request.Trailers)
	if f.Response != nil {
		count(f.Response.Headers)
		count(f.Response.Trailers)
	}
	for i := range f.Interim {
		count(f.Interim[i].Headers)
		count(f.Interim[i].Trailers)
	}
	if longest > maxHeaders || all > maxLines {
		return fmt.Errorf("%d header lines: %w", all, ErrTooLong)
	}
	if len(f.Interim) > maxInterim {
		return fmt.Errorf("%d interim responses: %w", len(f.Interim), ErrTooLong)
	}
	return nil
}

// limitMessages copies the messages, each cut to maxBody, up to the number and
// total length that half a record holds.
func limitMessages(ms []flow.Message, maxBody int64) ([]flow.Message, *flow.Loss) {
	if len(ms) == 0 {
		return nil, nil
	}
	out := make([]flow.Message, 0, min(len(ms), maxMessages))
	total := 0
	for i, m := range ms {
		m.Size = max(m.Size, int64(len(m.Data)))
		if most := min(maxBody, MaxData); int64(len(m.Data)) > most {
			m.Data = m.Data[:most]
		}
		total += len(m.Data) + 2*binary.MaxVarintLen64 + 2
		if total > MaxRecord/2 || len(out) == maxMessages {
			loss := &flow.Loss{Reason: flow.LossTooLong}
			for _, left := range ms[i:] {
				loss.Messages++
				loss.Bytes += uint64(max(left.Size, int64(len(left.Data))))
			}
			return out, loss
		}
		out = append(out, m)
	}
	return out, nil
}

// recordBound is an upper bound of the length of the flow's record. In the record,
// bodies are references or shorter than inlineMax.
func recordBound(f *flow.Flow) int {
	const line, response, message = 2 * 10, 2*inlineMax + 64, 32
	n := int(rawBytes(f)) + 256 + len(f.Scheme) + len(f.Request.Authority) + len(f.Error)
	count := func(h flow.Headers) { n += headBytes(h) + line*(len(h)+1) }
	count(f.Request.Trailers)
	n += line * len(f.Request.Headers)
	for i := range f.Interim {
		n += response + line*len(f.Interim[i].Headers)
		count(f.Interim[i].Trailers)
	}
	if f.Response != nil {
		n += response + line*len(f.Response.Headers)
		count(f.Response.Trailers)
		n += pieceCost(&f.Response.Body) - len(f.Response.Body.Data)
	}
	n += pieceCost(&f.Request.Body) - len(f.Request.Body.Data)
	return n + response + message*len(f.Messages)
}

// unixNano returns t in unix nanoseconds. Times outside the years 1678 to 2262 become
// the nearest instant that 64 bits can say.
func unixNano(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < -9223372036:
		return math.MinInt64
	case s > 9223372035:
		return math.MaxInt64
	}
	return t.UnixNano()
}
