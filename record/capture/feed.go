package capture

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/capture/packet"
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// publishEvery is the number of segments after which the counts of a feed are shown.
const publishEvery = 512

// dropsEvery is the least packet time between two loss records about packets that the
// kernel dropped.
const dropsEvery = int64(time.Second)

// A feed passes the segments of one source to one assembler. It belongs to one goroutine,
// except for shown and src.Counts.
type feed struct {
	c     *Capture
	src   packet.Source
	a     *tcp.Assembler
	shown atomic.Pointer[tcp.Counts]

	segment  packet.Segment
	n        uint64
	last     int64  // packet time of the last segment
	drops    uint64 // drops declared so far
	declared int64  // packet time of the last declaration
}

// read passes on all segments of a file.
func (f *feed) read(ctx context.Context) error {
	for {
		if f.n%publishEvery == 0 && ctx.Err() != nil {
			return nil
		}
		err := f.src.Next(&f.segment)
		damage := (*packet.DamageError)(nil)
		switch {
		case err == nil:
			f.take()
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &damage):
			f.c.damage.Add(1)
			f.c.o.Logger.Warn("capture file is damaged; reading goes on where it can", "error", err)
		case over(err):
			return nil
		default:
			return err
		}
	}
}

// listen passes on the segments of an interface until the source is closed. Once until is
// set (unix ns), it ends at that instant. While no packet comes, packet time follows the
// clock.
func (f *feed) listen(until *atomic.Int64) error {
	var idleSince time.Time
	for {
		err := f.src.Next(&f.segment)
		last := until.Load()
		switch {
		case err == nil && last != 0 && f.segment.Time > last, last != 0 && errors.Is(err, packet.ErrIdle):
			return nil
		case err == nil:
			f.take()
			idleSince = time.Time{}
		case errors.Is(err, packet.ErrIdle):
			if idleSince.IsZero() {
				idleSince = time.Now()
			}
			if f.last != 0 {
				f.a.Advance(f.last + int64(time.Since(idleSince)))
			}
			f.publish()
		case over(err):
			return nil
		default:
			return err
		}
	}
}

func (f *feed) take() {
	f.last = f.segment.Time
	f.a.Segment(&f.segment)
	if f.n++; f.n%publishEvery == 0 {
		f.publish()
	}
}

// publish shows the counts and declares what the kernel has dropped since the last call.
func (f *feed) publish() {
	n := f.a.Counts()
	f.shown.Store(&n)
	if f.last-f.declared >= dropsEvery {
		f.declare()
	}
}

func (f *feed) declare() {
	drops := f.src.Counts().KernelDrops
	if drops == f.drops {
		return
	}
	f.c.o.Logger.Warn("the kernel dropped packets; a larger ring, more readers or a narrower filter help", "packets", drops-f.drops)
	f.c.o.Sink.Loss(&flow.Loss{At: time.Unix(0, f.last).UTC(), Reason: flow.LossKernel, Packets: drops - f.drops})
	f.drops, f.declared = drops, f.last
}

// end shows the last counts and declares the last drops.
func (f *feed) end() {
	f.publish()
	f.declare()
	if n := f.src.Counts().Cut; n > 0 {
		f.c.o.Logger.Warn("packets were captured shorter than they were; capture with a larger snap length", "packets", n)
	}
}
