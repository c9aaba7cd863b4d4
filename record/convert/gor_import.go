package convert

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
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// What a gorImport holds of messages whose other half did not come yet.
const (
	gorOpenMessages = 1 << 16
	gorOpenBytes    = 64 << 20
)

// A gorImport pairs requests with responses by their ID. It waits for the other
// half of at most gorOpenMessages messages of gorOpenBytes together, and then
// gives up the oldest.
type gorImport struct {
	o     ImportOptions
	s     *sink
	scan  *gorScanner
	open  map[string]*list.Element // of *gorHalf
	order *list.List
	bytes int
	conns connTable[string, uint64]
}

// A gorHalf is a message that waits for the other one of its ID.
type gorHalf struct {
	gorRecord
	offset int64
}

func importGor(r *bufio.Reader, o ImportOptions, s *sink) error {
	g := &gorImport{
		o: o, s: s, scan: &gorScanner{r: r}, open: map[string]*list.Element{}, order: list.New(),
		conns: connTable[string, uint64]{},
	}
	for {
		at := g.scan.offset
		rec, err := g.scan.next()
		var bad *gorError
		switch {
		case errors.As(err, &bad):
			err = s.skip(fmt.Sprintf("record at byte %d", bad.offset), bad.err)
		case err == io.EOF:
			return g.finish()
		case err != nil: // of the reader
			if ferr := g.finish(); ferr != nil {
				return ferr
			}
			return s.skip(fmt.Sprintf("byte %d", g.scan.offset), fmt.Errorf("the input breaks off: %w", err))
		default:
			err = g.record(gorHalf{rec, at})
		}
		if err != nil {
			return err
		}
	}
}

func (g *gorImport) record(h gorHalf) error {
	if h.kind == '3' {
		return g.s.skip(h.place(), fmt.Errorf("%w: a response to replayed traffic", ErrOther))
	}
	if e, ok := g.open[h.id]; ok {
		other := e.Value.(*gorHalf)
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
	g.open[h.id] = g.order.PushBack(&h)
	g.bytes += len(h.raw)
	for g.order.Len() > gorOpenMessages || g.bytes > gorOpenBytes && g.order.Len() > 1 {
		e := g.order.Front()
		g.forget(e)
		if err := g.alone(e.Value.(*gorHalf)); err != nil {
			return err
		}
	}
	return nil
}

func (h *gorHalf) place() string { return fmt.Sprintf("record at byte %d", h.offset) }

func (g *gorImport) forget(e *list.Element) {
	h := e.Value.(*gorHalf)
	g.order.Remove(e)
	delete(g.open, h.id)
	g.bytes -= len(h.raw)
}

// finish yields what has no other half.
func (g *gorImport) finish() error {
	for e := g.order.Front(); e != nil; e = g.order.Front() {
		g.forget(e)
		if err := g.alone(e.Value.(*gorHalf)); err != nil {
			return err
		}
	}
	return nil
}

// alone yields a request that has no response. A response without a request
// tells nothing of what was asked, so it is left out.
func (g *gorImport) alone(h *gorHalf) error {
	if h.kind == '2' {
		return g.s.skip(h.place(), errors.New("a response without its request"))
	}
	return g.flow(h, nil)
}

// flow yields the flow of a request and its response, which may be nil.
func (g *gorImport) flow(request, response *gorHalf) error {
	m, err := parseWire(request.raw)
	if err != nil || m.status != 0 {
		return g.s.skip(request.place(), errHead)
	}
	f := &flow.Flow{
		Scheme: g.o.scheme, Protocol: m.version, Start: time.Unix(0, request.at).UTC(),
		RequestDone: time.Duration(max(request.latency, 0)), Error: failNone,
	}
	f.Request = flow.Request{Method: m.method, Target: m.target, Headers: m.headers}
	f.Request.Authority = f.Request.Headers.Value("Host")
	if at, err := splitURL(m.target); err == nil { // as clients write to a proxy
		f.Scheme, f.Request.Authority, f.Request.Target = at.scheme, at.authority, at.target
	}
	if f.Request.Authority == "" {
		f.Request.Authority = g.o.host
	}
	var whole bool
	if f.Request.Body, f.Request.Trailers, whole = m.body(m.method); !whole {
		f.Error = failRequest
	}
	if response != nil {
		if err := g.answer(f, request, response, whole); err != nil {
			if err := g.s.skip(response.place(), err); err != nil {
				return err
			}
		}
	}
	if f.Conn, err = g.conn(request); err != nil {
		return err
	}
	return g.s.put(f)
}

func (g *gorImport) answer(f *flow.Flow, request, response *gorHalf, whole bool) error {
	m, err := parseWire(response.raw)
	if err != nil || m.status == 0 {
		return errHead
	}
	f.Response = &flow.Response{Status: m.status, Headers: m.headers}
	var all bool
	if f.Response.Body, f.Response.Trailers, all = m.body(f.Request.Method); !all {
		f.Error = failResponse
	} else if whole {
		f.Error = ""
	}
	f.FirstByte = max(time.Duration(response.at-request.at), 1)
	f.Done = f.FirstByte + time.Duration(max(response.latency, 0))
	return nil
}

// conn returns the connection that an ID tells: in those of 24 digits, GoReplay
// puts the port of client and server and the IPv4 address of the client.
func (g *gorImport) conn(h *gorHalf) (uint64, error) {
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
	id, err := g.s.conn(c)
	g.conns.set(key, id)
	return id, err
}
