package tcp

import (
	"slices"
	"time"
)

// Options of an Assembler. The zero value works.
type Options struct {
	// IsRequest reports whether p begins like a client's first words. Where no
	// handshake was seen it decides which side is the client. Nil: never.
	IsRequest func(p []byte) bool

	// ServerPorts are the ports that only servers have. Where no handshake was
	// seen they decide before IsRequest does.
	ServerPorts []uint16

	// MaxFlowBytes bounds the memory of one connection for segments that wait
	// for earlier ones. 0 is 4 MiB.
	MaxFlowBytes int

	// MaxBytes bounds that memory over all connections. 0 is 64 MiB.
	MaxBytes int

	// MaxConns bounds the number of connections held at once; the one that has
	// been silent for longest gives way. 0 is 100,000.
	MaxConns int

	// Idle is how long a connection may be silent before it is closed, in packet
	// time. 0 is 10 minutes.
	Idle time.Duration
}

func (o Options) withDefaults() Options {
	if o.IsRequest == nil {
		o.IsRequest = func([]byte) bool { return false }
	}
	if o.MaxFlowBytes <= 0 {
		o.MaxFlowBytes = 4 << 20
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 100_000
	}
	if o.Idle <= 0 {
		o.Idle = 10 * time.Minute
	}
	return o
}

// serves reports whether port is one that only servers have.
func (o *Options) serves(port uint16) bool { return slices.Contains(o.ServerPorts, port) }
