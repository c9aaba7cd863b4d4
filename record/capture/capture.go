package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/capture/exchange"
	"github.com/starling-load/starling/record/capture/packet"
	"github.com/starling-load/starling/record/capture/tcp"
)

// A Capture finds the flows in packets. It is used once, for one call of Read or Live.
// Any goroutine may call Counts at any time.
type Capture struct {
	o      Options
	budget *exchange.Budget
	found  exchange.Counts
	lastID atomic.Uint64 // of a connection

	mu     sync.Mutex // guards feeds
	feeds  []*feed
	damage atomic.Uint64
}

// New returns a Capture.
func New(o Options) *Capture {
	o = o.withDefaults()
	return &Capture{o: o, budget: exchange.NewBudget(o.ParseBytes)}
}

// Read finds the flows in capture files. The files are one capture: a connection may
// continue from one file into the next, as in files that tcpdump cuts by size. Read reads
// one file after the other until their ends or until ctx is done. Then it gives the sink
// what is still open. It logs and counts damage in a file and goes on behind it. A file
// that is not a capture is an error.
func (c *Capture) Read(ctx context.Context, files ...io.Reader) error {
	a := c.assembler()
	defer c.end(a)
	for _, r := range files {
		src, err := packet.Read(r, packet.ReadOptions{Secrets: c.o.Keys.AddLog, Filter: c.o.Filter})
		if err != nil {
			return named(r, err)
		}
		f := c.feed(src, a)
		err = f.read(ctx)
		f.end()
		if err != nil {
			return named(r, err)
		}
	}
	return nil
}

// named adds the name of a file to an error.
func named(r io.Reader, err error) error {
	if f, ok := r.(interface{ Name() string }); ok {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	return err
}

// Live finds the flows that pass an interface. sources come from packet.Listen with the
// filter of the Options. When ctx is done, Live reads the packets that have arrived,
// closes the sources, and returns.
func (c *Capture) Live(ctx context.Context, sources []packet.Source) error {
	var until atomic.Int64
	stop := context.AfterFunc(ctx, func() { until.Store(time.Now().UnixNano()) })
	defer stop()
	errs := make([]error, len(sources))
	var all sync.WaitGroup
	for i, src := range sources {
		a := c.assembler()
		f := c.feed(src, a)
		all.Go(func() {
			defer src.Close()
			defer c.end(a)
			defer f.end()
			errs[i] = f.listen(&until)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// assembler returns a new assembler whose connections are parsed for the sink.
func (c *Capture) assembler() *tcp.Assembler {
	o := exchange.Options{Sink: c.o.Sink, MaxBody: c.o.MaxBody, Budget: c.budget, Keys: c.o.Keys, Counts: &c.found}
	return tcp.New(tcp.Options{
		IsRequest: exchange.IsRequest, ServerPorts: c.o.Filter.Ports, MaxBytes: c.o.ReorderBytes,
	}, func(conn *tcp.Conn) tcp.Stream {
		if c.o.Opened != nil {
			c.o.Opened(conn.Client, conn.Server)
		}
		return exchange.New(conn, c.lastID.Add(1), o)
	})
}

// feed returns a feed that passes the segments of src to a and counts both.
func (c *Capture) feed(src packet.Source, a *tcp.Assembler) *feed {
	f := &feed{c: c, src: src, a: a}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.feeds = append(c.feeds, f)
	return f
}

// end tells what the connections of a still hold, and shows the last counts of its feeds.
func (c *Capture) end(a *tcp.Assembler) {
	a.Close()
	n := a.Counts()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.feeds {
		if f.a == a {
			f.shown.Store(&n)
		}
	}
}

// over reports whether an error is the orderly end of a source.
func over(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) }
