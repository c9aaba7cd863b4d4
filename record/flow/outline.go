package flow

import (
	"strings"

	"github.com/cespare/xxhash/v2"
)

// An Outline tells what a group of flows may hold before any of them is read.
// The head of a block in a flow file is one.
type Outline interface {
	// Numbers returns the number of the first flow, and how many there are. The
	// numbers of the others follow it.
	Numbers() (first uint64, flows uint32)

	// Starts returns the least and the greatest Flow.Start, in unix nanoseconds.
	Starts() (least, greatest int64)

	// MaySession is false if no flow is of the session, or came over the
	// connection, that the hash names: see Identity and ConnHash.
	MaySession(hash uint64) bool

	// MayEndpoint is false if no request has this Request.EndpointHash.
	MayEndpoint(hash uint64) bool
}

// EndpointHash names the method and path of the request for Outline.MayEndpoint.
// It is the hash of the method, a space and the path, in which every segment with
// a digit or of more than 32 bytes is "{}". It groups more coarsely than a learned
// template does.
func (r *Request) EndpointHash() uint64 {
	var d xxhash.Digest
	d.Reset()
	d.WriteString(r.Method)
	d.WriteString(" ")
	rest := r.Path()
	for {
		segment, tail, more := strings.Cut(rest, "/")
		if len(segment) > 32 || strings.ContainsAny(segment, "0123456789") {
			segment = "{}"
		}
		d.WriteString(segment)
		if !more {
			return d.Sum64()
		}
		d.WriteString("/")
		rest = tail
	}
}
