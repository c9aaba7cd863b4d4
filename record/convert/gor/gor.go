package gor

import (
	"bufio"
	"container/list"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/flow"
)

// Limits of the messages that wait for their other half.
const (
	openMessages = 1 << 16
	openBytes    = 64 << 20
)

// An importer pairs requests with responses by their ID. At most openMessages messages,
// of openBytes together, wait for their other half. Beyond that it gives up the oldest.
type importer struct {
	s     *convert.Sink
	scan  *scanner
	open  map[string]*list.Element // of *gorHalf
	order *list.List
	bytes int
	conns convert.Table[string, uint64]
}

// A half is a request or a response that waits for the other one with its ID.
type half struct {
	record
	offset int64
	number int // of the message in its record, from 0
}

// key is the same for a request and its response. The second request of a record is
// that of the second response.
func (h *half) key() string {
	if h.number == 0 {
		return h.id
	}
	return fmt.Sprint(h.id, "#", h.number)
}

// A Format reads and writes the files of GoReplay (.gor).
type Format struct{}

var mark = regexp.MustCompile(`^[123] [0-9a-fA-F]{8,64} \d{15,20}( \d+)?\r?\n`)

// Recognize looks for the head of a record.
func (Format) Recognize(head []byte) convert.Certainty {
	if mark.Match(head) {
		return convert.Sure
	}
	return convert.No
}

// Import pairs requests with their responses.
func (Format) Import(r *bufio.Reader, s *convert.Sink) error {
	g := &importer{
		s: s, scan: &scanner{r: r}, open: map[string]*list.Element{}, order: list.New(),
		conns: convert.Table[string, uint64]{},
	}
	for {
		at := g.scan.offset
		rec, err := g.scan.next()
		var bad *gorError
		switch {
		case errors.As(err, &bad):
			err = s.Skip(fmt.Sprintf("record at byte %d", bad.offset), bad.err)
		case err == io.EOF:
			return g.finish()
		case err != nil: // of the reader
			if ferr := g.finish(); ferr != nil {
				return ferr
			}
			return s.Skip(fmt.Sprintf("byte %d", g.scan.offset), fmt.Errorf("the input breaks off: %w", err))
		default:
			err = g.messages(half{record: rec, offset: at})
		}
		if err != nil {
			return err
		}
	}
}

func (h *half) place() string { return fmt.Sprintf("record at byte %d", h.offset) }

// cutNote says that a message has less than its head announces.
const cutNote = "its body is cut off"

// doubt tells what was repaired, or may be wrong with an entry that is kept. An empty
// note is nothing.
func (g *importer) doubt(h *half, note string) error {
	if note == "" {
		return nil
	}
	return g.s.Skip(h.place(), fmt.Errorf("%w: %s", convert.ErrKept, note))
}

func (g *importer) record(h half) error {
	if e, ok := g.open[h.key()]; ok {
		other := e.Value.(*half)
		g.forget(e)
		if other.kind != h.kind {
			if h.kind == '1' {
				return g.flow(&h, other)
			}
			return g.flow(other, &h)
		}
		if err := g.alone(other); err != nil {
			return err
		}
	}
	g.open[h.key()] = g.order.PushBack(&h)
	g.bytes += len(h.raw)
	for g.order.Len() > openMessages || g.bytes > openBytes && g.order.Len() > 1 {
		e := g.order.Front()
		g.forget(e)
		if err := g.alone(e.Value.(*half)); err != nil {
			return err
		}
	}
	return nil
}

func (g *importer) forget(e *list.Element) {
	h := e.Value.(*half)
	g.order.Remove(e)
	delete(g.open, h.key())
	g.bytes -= len(h.raw)
}

// finish yields what has no other half.
func (g *importer) finish() error {
	for e := g.order.Front(); e != nil; e = g.order.Front() {
		g.forget(e)
		if err := g.alone(e.Value.(*half)); err != nil {
			return err
		}
	}
	return nil
}

// alone yields a request that has no response. A response without a request is left
// out, since it does not say what was asked.
func (g *importer) alone(h *half) error {
	if h.kind == '2' {
		return g.s.Skip(h.place(), errors.New("a response without its request"))
	}
	return g.flow(h, nil)
}

// flow yields the flow of a request and its response, which may be nil.
func (g *importer) flow(request, response *half) error {
	m, note, err := parse(request.raw, '1')
	if err != nil {
		return g.s.Skip(request.place(), err)
	}
	f := &flow.Flow{
		Scheme: g.s.Scheme, Protocol: m.Version, Start: time.Unix(0, request.at).UTC(),
		RequestDone: time.Duration(max(request.latency, 0)), Error: convert.NoResponse,
	}
	f.Request = flow.Request{Method: m.Method, Target: m.Target, Headers: m.Headers}
	f.Request.Authority = f.Request.Headers.Value("Host")
	if at, err := compose.SplitURL(m.Target); err == nil { // as clients write to a proxy
		f.Scheme, f.Request.Authority, f.Request.Target = at.Scheme, at.Authority, at.Target
	}
	if f.Request.Authority == "" {
		f.Request.Authority = g.s.Host
	}
	var whole bool
	if f.Request.Body, f.Request.Trailers, whole = m.Body(m.Method); !whole {
		f.Error = convert.RequestCut
	}
	if !whole || f.Request.Body.Truncated() {
		note = cutNote
	}
	if err := g.doubt(request, note); err != nil {
		return err
	}
	if response != nil {
		if err := g.answer(f, request, response, whole); err != nil {
			return err
		}
	}
	if f.Conn, err = g.conn(request); err != nil {
		return err
	}
	return g.s.Put(f)
}

func (g *importer) answer(f *flow.Flow, request, response *half, whole bool) error {
	m, note, err := parse(response.raw, '2')
	if err != nil {
		return g.s.Skip(response.place(), err)
	}
	f.Response = &flow.Response{Status: m.Status, Headers: m.Headers}
	var all bool
	if f.Response.Body, f.Response.Trailers, all = m.Body(f.Request.Method); !all {
		f.Error = convert.ResponseCut
	} else if whole {
		f.Error = ""
	}
	if !all || f.Response.Body.Truncated() {
		note = cutNote
	}
	f.FirstByte = max(time.Duration(response.at-request.at), 1)
	f.Done = f.FirstByte + time.Duration(max(response.latency, 0))
	return g.doubt(response, note)
}

// conn returns the connection that an ID names. An ID of 24 digits begins with the
// ports of client and server and the IPv4 address of the client.
func (g *importer) conn(h *half) (uint64, error) {
	if len(h.id) != 24 || h.id[:16] == strings.Repeat("0", 16) {
		return 0, nil
	}
	key := strings.ToLower(h.id[:16])
	if id, ok := g.conns[key]; ok {
		return id, nil
	}
	b, err := hex.DecodeString(key)
	if err != nil {
		return 0, nil
	}
	c := &flow.Conn{Opened: time.Unix(0, h.at).UTC()}
	if port := binary.BigEndian.Uint16(b); port != 0 {
		address := netip.AddrFrom4([4]byte(b[4:8]))
		c.Client = net.JoinHostPort(address.String(), strconv.Itoa(int(port)))
	}
	id, err := g.s.Conn(c)
	g.conns.Set(key, id)
	return id, err
}
