package gor

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/wire"
	"github.com/starling-load/starling/record/flow"
)

// An exporter writes .gor: a record for each request, and one for its
// response.
type exporter struct {
	w     *bufio.Writer
	conns convert.Table[uint64, [8]byte] // as the ID tells them
	buf   []byte
}

// Export writes .gor.
func (Format) Export(w io.Writer) convert.Writer {
	return &exporter{w: bufio.NewWriterSize(w, 64<<10), conns: convert.Table[uint64, [8]byte]{}}
}

func (x *exporter) Write(r flow.Record) error {
	switch r := r.(type) {
	case *flow.Conn:
		x.conns.Set(r.ID, connID(r))
	case *flow.Flow:
		return x.flow(r)
	}
	return nil
}

func (x *exporter) Close() error {
	if err := x.w.Flush(); err != nil {
		return fmt.Errorf("export gor: %w", err)
	}
	return nil
}

// connID is the first part of the ID of GoReplay's records: the ports of client and
// server, and the IPv4 address of the client. Where these are not known, it is 0 and
// the number of the connection, so that connections stay apart.
func connID(c *flow.Conn) (id [8]byte) {
	client, err := netip.ParseAddrPort(c.Client)
	if err != nil || !client.Addr().Unmap().Is4() || client.Port() == 0 {
		binary.BigEndian.PutUint32(id[4:], uint32(c.ID))
		return id
	}
	binary.BigEndian.PutUint16(id[:], client.Port())
	if server, err := netip.ParseAddrPort(c.Server); err == nil {
		binary.BigEndian.PutUint16(id[2:], server.Port())
	}
	v4 := client.Addr().Unmap().As4()
	copy(id[4:], v4[:])
	return id
}

func (x *exporter) flow(f *flow.Flow) error {
	conn, ok := x.conns[f.Conn]
	if !ok {
		binary.BigEndian.PutUint32(conn[4:], uint32(f.Conn))
	}
	id := fmt.Sprintf("%x%08x", conn, uint32(f.Number))
	start := f.Start.UnixNano()
	x.buf = fmt.Appendf(x.buf[:0], "1 %s %d %d\n", id, start, int64(f.RequestDone))
	x.buf = append(wire.AppendRequest(x.buf, f), separator...)
	if f.Response != nil {
		x.buf = fmt.Appendf(x.buf, "2 %s %d %d\n", id, start+int64(f.FirstByte), int64(max(f.Done-f.FirstByte, 0)))
		x.buf = append(wire.AppendResponse(x.buf, f), separator...)
	}
	if _, err := x.w.Write(x.buf); err != nil {
		return fmt.Errorf("export flow %d as gor: %w", f.Number, err)
	}
	if cap(x.buf) > 4<<20 {
		x.buf = nil
	}
	return nil
}
