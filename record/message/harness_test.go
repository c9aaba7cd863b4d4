package message

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/starling-load/starling/record/flow"
)

// A got is one emitted message.
type got struct {
	kind flow.MessageKind
	data string
	size int64
}

// A collector is an Emit that keeps what it is given.
type collector struct {
	all []got
	at  []time.Duration
}

func (c *collector) emit(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
	c.all = append(c.all, got{kind, string(data), size})
	c.at = append(c.at, at)
}

// whole is a message that was kept to its end.
func whole(kind flow.MessageKind, data string) got { return got{kind, data, int64(len(data))} }

// A feeder is any parser.
type feeder interface {
	Feed(p []byte, at time.Duration)
}

// checkCuts feeds stream in two pieces cut at every byte, and byte by byte, and
// compares what is emitted with want.
func checkCuts(t *testing.T, stream string, want []got, parser func(Emit) feeder) {
	t.Helper()
	for cut := range len(stream) + 1 {
		var c collector
		p := parser(c.emit)
		p.Feed([]byte(stream[:cut]), 1)
		p.Feed([]byte(stream[cut:]), 2)
		if fmt.Sprint(c.all) != fmt.Sprint(want) {
			t.Fatalf("cut at %d of %d: got %.300q, want %.300q", cut, len(stream), fmt.Sprint(c.all), fmt.Sprint(want))
		}
	}
	if one := byteByByte(stream, parser); fmt.Sprint(one) != fmt.Sprint(want) {
		t.Fatalf("byte by byte: got %.300q, want %.300q", fmt.Sprint(one), fmt.Sprint(want))
	}
}

func byteByByte(stream string, parser func(Emit) feeder) []got {
	var c collector
	p := parser(c.emit)
	for i := range len(stream) {
		p.Feed([]byte(stream[i:i+1]), time.Duration(i))
	}
	return c.all
}

// frame is a WebSocket frame, masked with mask unless that is 0.
func frame(op ws.OpCode, fin, rsv1 bool, mask uint32, payload string) string {
	h := ws.Header{Fin: fin, OpCode: op, Length: int64(len(payload))}
	if rsv1 {
		h.Rsv = ws.Rsv(true, false, false)
	}
	body := []byte(payload)
	if mask != 0 {
		h.Masked = true
		binary.BigEndian.PutUint32(h.Mask[:], mask)
		ws.Cipher(body, h.Mask, 0)
	}
	var b bytes.Buffer
	if err := ws.WriteHeader(&b, h); err != nil {
		panic(err)
	}
	return b.String() + string(body)
}

// A deflater compresses the messages of one direction (RFC 7692, section 7.2.1).
type deflater struct {
	takeover bool
	buf      bytes.Buffer
	w        *flate.Writer
}

func (d *deflater) message(text string) string {
	if d.w == nil || !d.takeover {
		d.w, _ = flate.NewWriter(&d.buf, flate.BestCompression)
	}
	d.buf.Reset()
	if _, err := d.w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := d.w.Flush(); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(d.buf.String(), "\x00\x00\xff\xff")
}

// gzipped is text compressed by gzip.
func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// prefixed is a gRPC message with its prefix.
func prefixed(flag byte, message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(message)))) + message
}
