package capture

import (
	"log/slog"

	"github.com/starling-load/starling/record/capture/decrypt"
	"github.com/starling-load/starling/record/capture/exchange"
	"github.com/starling-load/starling/record/capture/packet"
)

// Options of a Capture. Only Sink is required.
type Options struct {
	// Sink takes connections, flows and losses. With several readers it is called
	// by several goroutines.
	Sink exchange.Sink

	// Filter chooses packets. Its ports are taken for those of servers where no
	// handshake was captured.
	Filter packet.Filter

	// Keys open TLS; more may be added while the capture goes on. Nil: those that a
	// pcapng file brings along.
	Keys *decrypt.Keys

	// MaxBody is how many bytes of each body are kept. 0 is 8 MiB.
	MaxBody int64

	// ReorderBytes bounds the memory of each source for segments that wait for
	// earlier ones. 0 is 64 MiB.
	ReorderBytes int

	// ParseBytes bounds the memory of exchanges under way, over all sources. 0 is
	// 256 MiB.
	ParseBytes int64

	// Logger is told what is wrong with a file, and of losses. Nil: nobody.
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
