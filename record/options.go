package record

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Options say where and how much to record. Only Path is needed.
type Options struct {
	// Path of the flow file. It must not exist.
	Path string

	// MaxDisk is the greatest length of the file in bytes; 0 is no limit. When
	// it is reached recording stops and the file says so. At least 64 KiB.
	MaxDisk int64

	// QueueBytes bounds the memory of flows that wait for the disk. 0 is 64 MiB;
	// at least 64 KiB.
	QueueBytes int64

	// MaxBody cuts recorded bodies, in bytes; see flow.WriterOptions.
	MaxBody int64

	// SealEvery is the longest time that a flow is kept from the disk while
	// others arrive. 0 is one second.
	SealEvery time.Duration

	// Session names the session of a flow, for shedding. Nil: the client
	// connection. A result of 0 is: unknown, the flow stands alone. It is
	// called by many goroutines at once.
	Session func(*flow.Flow) uint64

	// Logger is told of the beginning of losses and of failures. Nil: nobody.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.QueueBytes == 0 {
		o.QueueBytes = 64 << 20
	}
	if o.SealEvery == 0 {
		o.SealEvery = time.Second
	}
	if o.Session == nil {
		o.Session = func(f *flow.Flow) uint64 { return f.Conn }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	if o.Path == "" {
		errs = append(errs, errors.New("no Path is given"))
	}
	if o.QueueBytes < 64<<10 {
		errs = append(errs, fmt.Errorf("QueueBytes is %d; the least is %d", o.QueueBytes, 64<<10))
	}
	if o.MaxDisk != 0 && o.MaxDisk < 64<<10 {
		errs = append(errs, fmt.Errorf("MaxDisk is %d; the least is %d", o.MaxDisk, 64<<10))
	}
	if o.SealEvery < 0 {
		errs = append(errs, fmt.Errorf("SealEvery is %v; it must be positive", o.SealEvery))
	}
	return errors.Join(errs...)
}
