package tcp

import (
	"slices"
	"time"
)

// Options of an Assembler. The zero value works.
type Options struct {
	// IsRequest reports whether p begins like the first words of a client. It decides
	// which side is the client if no handshake was seen. Nil: never.
	IsRequest func(p []byte) bool

	// ServerPorts are ports that only servers have. If no handshake was seen, they decide
	// which side is the client, before IsRequest does.
	ServerPorts []uint16

	// MaxFlowBytes bounds the memory that one connection takes for segments that wait for
	// earlier ones. 0 is 4 MiB.
	MaxFlowBytes int

	// MaxBytes bounds that memory over all connections. 0 is 64 MiB.
	MaxBytes int

	// MaxConns bounds how many connections are held at once. The one that was silent for
	// longest makes room. 0 is 100,000.
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

// serves reports whether only servers have this port.
func (o *Options) serves(port uint16) bool { return slices.Contains(o.ServerPorts, port) }
