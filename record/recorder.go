package record

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// A Recorder writes what it is given to one flow file, or to several parts. All
// methods may be called by any number of goroutines, Run once.
type Recorder struct {
	o       Options
	w       writer
	queue   *queue
	sampler *sampler      // nil takes everybody
	left    ledger        // what was left out on purpose
	shut    chan struct{} // closed by Close
	once    sync.Once

	ran     atomic.Bool
	paused  atomic.Bool
	written atomic.Uint64
	conns   atomic.Uint64
	tooLong atomic.Uint64 // flows lost because they do not fit
	size    atomic.Int64

	unsealed bool // Run alone: there is something that a seal would keep
}

// writer is what a Recorder needs of a flowfile.Writer.
type writer interface {
	Write(flow.Record) error
	Flush() error
	Close() error
	Size() int64
}

// Counts tell how a recording goes.
type Counts struct {
	Flows        uint64 `json:"flows"`         // in the file, or in its unsealed block
	Connections  uint64 `json:"connections"`   // taken in
	Lost         uint64 `json:"lost"`          // flows shed, or arrived after recording stopped
	LostSessions uint64 `json:"lost_sessions"` // sessions shed, wholly or from some flow on
	LeftOut      uint64 `json:"left_out"`      // flows that filter, sample or pause left out
	Queued       int64  `json:"queued_bytes"`  // memory that waits for the disk
	Bytes        int64  `json:"bytes"`         // on disk
	Paused       bool   `json:"paused"`
	Stopped      string `json:"stopped"` // why nothing is recorded any more; "" while it is
}

// StoppedClosed is Counts.Stopped after the end that was asked for. The other
// reasons are those of flow.Loss.
const StoppedClosed = "closed"

// New creates the file. Run must follow, or Close.
func New(o Options) (*Recorder, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, OptionsError{err}
	}
	w, err := createParts(o)
	if err != nil {
		return nil, err
	}
	return newRecorder(o, w), nil
}

func newRecorder(o Options, w writer) *Recorder {
	r := &Recorder{o: o, w: w, queue: newQueue(o.QueueBytes), sampler: newSampler(o.Sample), shut: make(chan struct{})}
	r.paused.Store(o.Paused)
	r.size.Store(w.Size())
	return r
}

// Conn records a connection once a flow that names it is recorded. It never blocks. The
// Recorder owns the record from now on.
func (r *Recorder) Conn(c *flow.Conn) {
	now := time.Now()
	if r.sampler != nil {
		r.sampler.conn(c, now)
	}
	r.queue.addConn(c, now)
}

// Flow records a flow, unless it is left out on purpose. It never blocks: when
// the disk cannot keep up it sheds the flow and the rest of its session. The flow
// is the Recorder's from now on and must not be changed; the Open of its request body
// is called once, and what it opens is closed. Flows after the end of Run are counted
// as lost.
func (r *Recorder) Flow(f *flow.Flow) {
	now := time.Now()
	if why, in := r.choose(f, now); !in {
		r.left.add(flow.Loss{At: now, Reason: why, Flows: 1})
		drop(f.Request.Body.Open)
		return
	}
	if !r.queue.addFlow(f, r.o.Session(f), now) {
		drop(f.Request.Body.Open)
	}
}

// drop releases what a body holds outside of memory, since nobody will read it. It does
// not wait. It does nothing if the content was read.
func drop(open func() (io.ReadCloser, error)) {
	if open == nil {
		return
	}
	if content, err := open(); err == nil {
		content.Close() // it was only to be read
	}
}

// choose says whether a flow is recorded, or why not.
func (r *Recorder) choose(f *flow.Flow, now time.Time) (why string, in bool) {
	switch {
	case r.paused.Load():
		return flow.LossPaused, false
	case r.o.Filter != nil && !r.o.Filter(f):
		return flow.LossFiltered, false
	case r.sampler != nil && !r.sampler.keeps(f, now):
		return flow.LossSampled, false
	}
	return "", true
}

// Wants reports, from the head of the request, whether a flow may be recorded. If
// not, the caller need not keep its content, and calls Pass instead of Flow.
func (r *Recorder) Wants(f *flow.Flow) bool {
	now := time.Now()
	return !r.paused.Load() && (r.sampler == nil || r.sampler.may(f, now)) && !r.queue.sheds(r.o.Session(f), now)
}

// Pass counts a flow that Wants refused, once it is over. Its content may be missing.
func (r *Recorder) Pass(f *flow.Flow) {
	now := time.Now()
	switch why, in := r.choose(f, now); {
	case !in:
		r.left.add(flow.Loss{At: now, Reason: why, Flows: 1})
	case r.queue.sheds(r.o.Session(f), now):
		r.queue.addLost(1, now)
	default: // it came back meanwhile
		r.left.add(flow.Loss{At: now, Reason: flow.LossPaused, Flows: 1})
	}
}

// Loss records that something is missing. It never blocks. Losses of one reason
// within a second become one record.
func (r *Recorder) Loss(l *flow.Loss) { r.left.add(*l) }

// Pause leaves out and counts the flows that begin or end from now on, until Resume.
// Traffic goes on unchanged.
func (r *Recorder) Pause() { r.paused.Store(true) }

// Resume records again.
func (r *Recorder) Resume() { r.paused.Store(false) }

// Close makes Run return once everything queued is on disk. Without a Run it
// completes the file itself. More calls do nothing.
func (r *Recorder) Close() error {
	r.once.Do(func() { close(r.shut) })
	if r.ran.CompareAndSwap(false, true) {
		return r.write(context.Background())
	}
	return nil
}

// Counts returns the numbers of this moment.
func (r *Recorder) Counts() Counts {
	total, bytes, closed := r.queue.state()
	return Counts{
		Flows: r.written.Load(), Connections: r.conns.Load(), Lost: total.flows + r.tooLong.Load(), LostSessions: total.sessions,
		LeftOut: r.left.onPurpose(), Queued: bytes, Bytes: r.size.Load(), Paused: r.paused.Load(), Stopped: closed,
	}
}

// Run owns the file. It returns once ctx has ended or Close was called, and everything
// queued is on disk. The error is nil then, also when the size limit was reached. When
// the disk fails, what is sealed stays readable and later flows are counted as lost:
// recording may fail, traffic goes on. Run then returns the error at its normal end.
// After Close, Run does nothing. Two at a time are an error.
func (r *Recorder) Run(ctx context.Context) error {
	if r.ran.CompareAndSwap(false, true) {
		written := make(chan error, 1)
		go func() {
			yieldToTraffic()
			written <- r.write(ctx)
		}()
		return <-written
	}
	select {
	case <-r.shut:
		return nil // Close came first and completed the file
	default:
		return errors.New("record: the recorder is running already")
	}
}

// write is Run. Its goroutine is the place for steps between queue and disk.
func (r *Recorder) write(ctx context.Context) error {
	err := r.record(ctx)
	if err != nil {
		r.stop(err)
		r.wait(ctx)
	}
	r.queue.close(StoppedClosed)
	return errors.Join(ignoreFull(err), r.finish())
}

// record writes until the end is asked for and the queue is empty, or until
// nothing can be written any more.
func (r *Recorder) record(ctx context.Context) error {
	seal := time.NewTicker(r.o.SealEvery)
	defer seal.Stop()
	for {
		for it := r.queue.pop(); it.record != nil; it = r.queue.pop() {
			err := r.put(it.record)
			r.queue.done(it)
			if err != nil {
				return err
			}
			select {
			case <-seal.C:
				if err := r.seal(); err != nil {
					return err
				}
			default:
			}
		}
		select {
		case <-r.queue.ready:
		case <-seal.C:
			if err := r.seal(); err != nil {
				return err
			}
		case <-ctx.Done():
			return r.drain()
		case <-r.shut:
			return r.drain()
		}
	}
}

// drain closes the queue and writes what is left in it.
func (r *Recorder) drain() error {
	r.queue.close(StoppedClosed)
	for it := r.queue.pop(); it.record != nil; it = r.queue.pop() {
		err := r.put(it.record)
		r.queue.done(it)
		if err != nil {
			return err
		}
	}
	return r.seal()
}

// put writes a record. When a flow exceeds the limits of the format, only that
// flow is lost.
func (r *Recorder) put(rec flow.Record) error {
	f, isFlow := rec.(*flow.Flow)
	if isFlow {
		defer drop(f.Request.Body.Open) // where neither the redactor nor the writer wanted it
	}
	if isFlow && r.o.Redact != nil {
		r.o.Redact.Flow(f)
	}
	err := r.w.Write(rec)
	r.size.Store(r.w.Size())
	switch {
	case err == nil && isFlow:
		r.written.Add(1)
	case err == nil:
		r.conns.Add(1)
	case errors.Is(err, flowfile.ErrTooLong):
		r.o.Logger.Warn("flow is too long to be recorded", "error", err)
		if isFlow {
			r.tooLong.Add(1)
			r.left.add(flow.Loss{At: f.Start, Reason: flow.LossTooLong, Flows: 1})
		}
		err = nil
	case isFlow:
		r.queue.addLost(1, time.Now())
	}
	if err == nil {
		r.unsealed = true
	}
	return err
}

// seal declares what was shed and puts everything on disk.
func (r *Recorder) seal() error {
	if err := r.declare(flow.LossOverload); err != nil {
		return err
	}
	if !r.unsealed {
		return nil
	}
	err := r.w.Flush()
	r.unsealed = false
	r.size.Store(r.w.Size())
	return err
}

// declare writes loss records if anything was lost or left out since the last
// ones.
func (r *Recorder) declare(reason string) error {
	for open := r.left.take(); len(open) > 0; open = open[1:] {
		r.unsealed = true
		if err := r.w.Write(&open[0]); err != nil {
			r.left.giveBack(open)
			return err
		}
	}
	lost := r.queue.takeLost()
	if !lost.any() {
		return nil
	}
	r.o.Logger.Warn("flows are missing in the recording", "reason", reason,
		"flows", lost.flows, "sessions", lost.sessions, "connections", lost.conns)
	r.unsealed = true
	err := r.w.Write(&flow.Loss{At: lost.since, Reason: reason, Flows: lost.flows, Sessions: lost.sessions})
	if err != nil {
		r.queue.giveBack(lost)
	}
	return err
}

// stop ends the recording for good: nothing comes in any more, what is queued
// is lost, and the file says so if there is any room left.
func (r *Recorder) stop(err error) {
	reason := reasonFor(err)
	r.queue.close(reason)
	if failed := (*flowfile.WriteError)(nil); errors.As(err, &failed) {
		r.written.Add(-failed.Flows)
		r.queue.addLost(failed.Flows, time.Now())
	}
	for it := r.queue.pop(); it.record != nil; it = r.queue.pop() {
		if f, isFlow := it.record.(*flow.Flow); isFlow {
			r.queue.addLost(1, time.Now())
			drop(f.Request.Body.Open)
		}
		r.queue.done(it)
	}
	switch reason {
	case flow.LossDiskLimit:
		r.o.Logger.Warn("recording stopped at its size limit; traffic goes on; raise the limit to record more", "path", r.o.Path)
	case flow.LossDiskFull:
		r.o.Logger.Error("disk is full, recording stopped; what is recorded is kept and traffic goes on; free space and record into a new file", "path", r.o.Path)
	default:
		r.o.Logger.Error("recording stopped; what is recorded is kept and traffic goes on; check the disk and record into a new file", "path", r.o.Path, "error", err)
	}
	// Where even this does not fit, finish tries again.
	lost := r.queue.takeLost()
	loss := &flow.Loss{At: time.Now(), Reason: reason, Flows: lost.flows, Sessions: lost.sessions}
	if r.w.Write(loss) != nil || r.w.Flush() != nil {
		r.queue.giveBack(lost)
	}
	r.size.Store(r.w.Size())
}

// wait lets time pass until the end is asked for.
func (r *Recorder) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-r.shut:
	}
}

// finish declares the last losses and completes the file.
func (r *Recorder) finish() error {
	_, _, reason := r.queue.state()
	if reason == StoppedClosed {
		reason = flow.LossOverload
	}
	err := r.declare(reason)
	err = errors.Join(ignoreFull(err), r.w.Close())
	r.size.Store(r.w.Size())
	return err
}

// ignoreFull drops the error of a limit that was asked for.
func ignoreFull(err error) error {
	if errors.Is(err, flowfile.ErrFull) {
		return nil
	}
	return err
}

func reasonFor(err error) string {
	switch {
	case errors.Is(err, flowfile.ErrFull):
		return flow.LossDiskLimit
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return flow.LossDiskFull
	}
	return flow.LossWrite
}
