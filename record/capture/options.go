package capture

import (
	"log/slog"
	"net/netip"

	"github.com/starling-load/starling/record/capture/decrypt"
	"github.com/starling-load/starling/record/capture/exchange"
	"github.com/starling-load/starling/record/capture/packet"
)

// Options of a Capture. Only Sink is required.
type Options struct {
	// Sink takes connections, flows and losses. With several readers, several goroutines
	// call it.
	Sink exchange.Sink

	// Opened is told of each connection when its first packet has come. It must not block.
	// Nil: nobody is told.
	Opened func(client, server netip.AddrPort)

	// Filter chooses packets. If no handshake was captured, its ports count as those of
	// servers.
	Filter packet.Filter

	// Keys open TLS. More may be added while the capture runs. Nil: the keys that a
	// pcapng file holds.
	Keys *decrypt.Keys

	// MaxBody is how many bytes of each body are kept. 0 is 8 MiB.
	MaxBody int64

	// ReorderBytes bounds the memory that each source takes for segments that wait for
	// earlier ones. 0 is 64 MiB.
	ReorderBytes int

	// ParseBytes bounds the memory of open exchanges over all sources. 0 is 256 MiB.
	ParseBytes int64

	// Logger is told about damaged files and losses. Nil: nothing is logged.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Keys == nil {
		o.Keys = new(decrypt.Keys)
	}
	if o.ParseBytes == 0 {
		o.ParseBytes = 256 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
