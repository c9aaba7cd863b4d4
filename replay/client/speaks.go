package client

import (
	"context"
	"io"
	"strings"
)

// Both sides of HTTP/2 begin with their settings, the client behind a preface
// (RFC 9113, 3.4). A frame has a length of 3 bytes, a type, flags, and the number
// of a stream (4.1).
const (
	http2Hello    = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	frameHeadSize = 9
	frameSettings = 4
)

// SpeaksHTTP2 finds out whether the place where r goes speaks HTTP/2 with prior
// knowledge. It asks on a connection of its own. If the place cannot be reached, it
// returns false.
func (d *Dialer) SpeaksHTTP2(ctx context.Context, r Route) bool {
	r.Protocol = HTTP2
	e, err := r.parse(&d.options)
	if err != nil {
		return false
	}
	c, err := d.dial(ctx, &e)
	if err != nil {
		return false
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, d.options.DialTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if _, err := io.Copy(c, strings.NewReader(http2Hello)); err != nil {
		return false
	}
	// A server of HTTP/1 takes the preface for a bad request: it answers with an
	// error, or hangs up.
	var head [frameHeadSize]byte
	_, err = io.ReadFull(c, head[:])
	stream := [4]byte(head[5:])
	return err == nil && head[3] == frameSettings && stream == [4]byte{}
}
