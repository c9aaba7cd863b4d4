package cmd

import (
	"bufio"
	"bytes"
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/record/capture"
	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A packetFormat lets packet captures be imported as the files of other tools are.
type packetFormat struct{}

// captureMagics are the first bytes of pcap in both byte orders and resolutions, of
// pcapng, and of xz, in which captures alone are read.
var captureMagics = []string{"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x0a\x0d\x0d\x0a", "\xfd7zXZ\x00"}

// Recognize looks for the first bytes of a capture.
func (packetFormat) Recognize(head []byte) convert.Certainty {
	for _, m := range captureMagics {
		if bytes.HasPrefix(head, []byte(m)) {
			return convert.Sure
		}
	}
	return convert.No
}

// Import finds the flows in the packets. What is missing is in records of its own, and
// what is not understood is told at the end.
func (packetFormat) Import(r *bufio.Reader, s *convert.Sink) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	sink := &packetSink{s: s, stop: stop}
	c := capture.New(capture.Options{Sink: sink, MaxBody: flowfile.MaxData})
	err := c.Read(ctx, r)
	if sink.err != nil {
		return sink.err
	}
	if err != nil {
		return err
	}
	n := c.Counts()
	for _, part := range []struct {
		n    uint64
		text string
	}{
		{n.Damaged, english.Plural(int(n.Damaged), "damaged place", "") + " in the capture"},
		{n.MidStream, english.Plural(int(n.MidStream), "connection", "") + " without a beginning"},
		{n.Unparsed, humanize.IBytes(n.Unparsed) + " not understood; TLS is opened by starling record capture --read FILE --keylog FILE"},
	} {
		if part.n == 0 {
			continue
		}
		if err := s.Skip("packets", fmt.Errorf("%w: %s", convert.ErrKept, part.text)); err != nil {
			return err
		}
	}
	return nil
}

// A packetSink hands over what a capture finds, until nobody wants more.
type packetSink struct {
	s    *convert.Sink
	stop func()
	err  error
}

func (p *packetSink) put(r flow.Record) {
	if p.err == nil {
		if p.err = p.s.Put(r); p.err != nil {
			p.stop()
		}
	}
}

func (p *packetSink) Conn(c *flow.Conn) { p.put(c) }
func (p *packetSink) Flow(f *flow.Flow) { p.put(f) }
func (p *packetSink) Loss(l *flow.Loss) { p.put(l) }
