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
	queue   *queue
	sampler *sampler      // nil takes everybody
	left    ledger        // what was left out on purpose
	shut    chan struct{} // closed by Stop and Close
	once    sync.Once
	within  time.Duration // of Stop; set before shut is closed

	ran     atomic.Bool
	paused  atomic.Bool
	over    atomic.Bool   // the time to stop is over: what is under way is given up
	written atomic.Uint64 // and not removed
	removed atomic.Uint64 // flows in parts that Rotation.Keep removed
	conns   atomic.Uint64
	tooLong atomic.Uint64 // flows lost because they do not fit
	size    atomic.Int64

	disk     sync.Mutex // guards what follows
	w        writer
	unsealed time.Time // when the oldest record came that a seal would keep; zero: there is none
	declared time.Time // when losses were declared last
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
	Flows        uint64 `json:"flows"`         // in the parts that are there, or in the unsealed block
	Removed      uint64 `json:"removed"`       // were in parts that Rotation.Keep removed
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
	r := newRecorder(o, w)
	w.gone = func(flows uint64) {
		r.written.Add(-flows)
		r.removed.Add(flows)
	}
	return r, nil
}

func newRecorder(o Options, w writer) *Recorder {
	r := &Recorder{o: o, w: w, queue: newQueue(o.QueueBytes, o.SealEvery/8*3), sampler: newSampler(o.Sample), shut: make(chan struct{}), within: o.StopWithin}
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

func dropAll(flows []*flow.Flow) {
	for _, f := range flows {
		drop(f.Request.Body.Open)
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

// Stop makes Run return once everything queued is on disk, at the latest after within; see
// Options.StopWithin. Only the first call of Stop or Close counts.
func (r *Recorder) Stop(within time.Duration) {
	r.once.Do(func() {
		r.within = within
		close(r.shut)
	})
}

// Close is Stop within Options.StopWithin. Without a Run it completes the file itself.
func (r *Recorder) Close() error {
	r.Stop(r.o.StopWithin)
	if r.ran.CompareAndSwap(false, true) {
		return r.write(context.Background())
	}
	return nil
}

// Counts returns the numbers of this moment.
func (r *Recorder) Counts() Counts {
	total, bytes, closed := r.queue.state()
	return Counts{
		Flows: r.written.Load(), Removed: r.removed.Load(), Connections: r.conns.Load(), Lost: total.flows + r.tooLong.Load(), LostSessions: total.sessions,
		LeftOut: r.left.onPurpose(), Queued: bytes, Bytes: r.size.Load(), Paused: r.paused.Load(), Stopped: closed,
	}
}

// Run owns the file. It returns once ctx has ended, or Stop or Close was called, and
// everything queued is on disk. What could not be written by Options.StopWithin is counted
// and declared as lost. The error is nil then, also when the size limit was reached. When
// the disk fails, what is sealed stays readable and later flows are counted as lost:
// recording may fail, traffic goes on. Run then returns the error at its normal end.
// After Close, Run does nothing. Two at a time are an error.
func (r *Recorder) Run(ctx context.Context) error {
	if r.ran.CompareAndSwap(false, true) {
		return r.write(ctx)
	}
	select {
	case <-r.shut:
		return nil // Close came first and completed the file
	default:
		return errors.New("record: the recorder is running already")
	}
}

// write is Run. It seals; a goroutine that stands back behind the traffic does what lies
// between queue and disk.
func (r *Recorder) write(ctx context.Context) error {
	r.queue.begin(time.Now())
	written := make(chan error, 1)
	go func() {
		yieldToTraffic()
		written <- r.work()
	}()
	err := r.keep(ctx, written)
	if err != nil {
		r.stop(err)
		r.wait(ctx)
	}
	r.queue.close(StoppedClosed)
	return errors.Join(ignoreFull(err), r.finish())
}

// work writes until the queue is closed and empty, or until nothing can be written any
// more.
func (r *Recorder) work() error {
	for {
		switch it := r.next(); {
		case it.record != nil && it.hurry:
			// This goroutine's thread stands back. Another one takes its turn like everybody
			// else, until it has caught up.
			caughtUp := make(chan error, 1)
			go func() { caughtUp <- r.catchUp(it) }()
			if err := <-caughtUp; err != nil {
				return err
			}
		case it.record != nil:
			began, busy := time.Now(), threadTime()
			if err := r.put(it); err != nil {
				return err
			}
			now := time.Now()
			r.queue.stood(now.Sub(began)-(threadTime()-busy), now)
		case r.queue.ended():
			return nil
		default:
			<-r.queue.ready
		}
	}
}

// catchUp writes it and what follows, as long as that is in a hurry.
func (r *Recorder) catchUp(it item) error {
	for it.record != nil {
		if err := r.put(it); err != nil || !it.hurry {
			return err
		}
		it = r.next()
	}
	return nil
}

// next takes the next record from the queue, if there is one.
func (r *Recorder) next() item {
	it, shed := r.queue.pop(time.Now())
	dropAll(shed)
	return it
}

// sealTicks is how often in SealEvery it is looked whether to seal.
const sealTicks = 8

// keep seals in time what is written, until all is written. It returns the error that ended
// the recording, if one did.
func (r *Recorder) keep(ctx context.Context, written <-chan error) error {
	tick := time.NewTicker(max(r.o.SealEvery/sealTicks, 1))
	defer tick.Stop()
	ended, shut := ctx.Done(), r.shut
	var late <-chan time.Time
	stop := func(within time.Duration) {
		r.queue.close(StoppedClosed)
		ended, shut = nil, nil
		late = time.After(within)
	}
	for {
		select {
		case err := <-written:
			if err != nil {
				return err
			}
			r.disk.Lock()
			defer r.disk.Unlock()
			return r.seal()
		case <-ended:
			stop(r.o.StopWithin)
		case <-shut:
			stop(r.within)
		case now := <-tick.C:
			if err := r.sealOld(now); err != nil {
				return err
			}
		case <-late:
			r.giveUp()
			r.o.Logger.Warn("there was no time to write all that was recorded")
			return nil
		}
	}
}

// giveUp takes the file from the goroutine that writes, and counts what it leaves as lost.
// That goroutine ends with the flow that it has in work.
func (r *Recorder) giveUp() {
	r.over.Store(true)
	r.disk.Lock()
	defer r.disk.Unlock()
	dropAll(r.queue.abandon(time.Now()))
}

// errOver says that the file was taken away.
var errOver = errors.New("record: the recording is over")

// put writes a record. When a flow exceeds the limits of the format, only that
// flow is lost.
func (r *Recorder) put(it item) error {
	f, isFlow := it.record.(*flow.Flow)
	if isFlow {
		defer drop(f.Request.Body.Open) // where neither the redactor nor the writer wanted it
		r.redact(f)
	}
	r.disk.Lock()
	defer r.disk.Unlock()
	if r.over.Load() {
		return errOver
	}
	defer r.queue.done(it)
	if isFlow {
		f.Request.Body.Open = r.untilOver(f.Request.Body.Open)
	}
	err := r.w.Write(it.record)
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
	if err == nil && r.unsealed.IsZero() {
		r.unsealed = it.at
	}
	return err
}

// redact removes the secrets of a flow. Bodies that were kept out are declared.
func (r *Recorder) redact(f *flow.Flow) {
	if r.o.Redact == nil {
		return
	}
	request, response := f.Request.Body, flow.Body{}
	if f.Response != nil {
		response = f.Response.Body
	}
	r.o.Redact.Flow(f)
	out := keptOut(request, f.Request.Body)
	if f.Response != nil {
		out += keptOut(response, f.Response.Body)
	}
	if out > 0 {
		r.left.add(flow.Loss{At: f.Start, Reason: flow.LossOpaque, Bytes: out})
	}
}

// keptOut returns how many bytes of a body the redactor has removed because it could not
// look into them.
func keptOut(was, is flow.Body) uint64 {
	if len(is.Data) > 0 {
		return 0
	}
	return uint64(len(was.Data))
}

// untilOver makes a long content fail once there is no time left to write it. What is
// written of it is its beginning then.
func (r *Recorder) untilOver(open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	if open == nil {
		return nil
	}
	return func() (io.ReadCloser, error) {
		content, err := open()
		if err != nil {
			return nil, err
		}
		return &timed{content, &r.over}, nil
	}
}

// A timed content fails once it is over.
type timed struct {
	io.ReadCloser
	over *atomic.Bool
}

func (t *timed) Read(p []byte) (int, error) {
	if t.over.Load() {
		return 0, errOver
	}
	return t.ReadCloser.Read(p)
}

// sealOld seals if something has waited for long enough, or if there may be losses to
// declare. While a record is being written it does nothing: the next tick will.
func (r *Recorder) sealOld(now time.Time) error {
	if !r.disk.TryLock() {
		return nil
	}
	defer r.disk.Unlock()
	// What is nearly half of SealEvery old is sealed now: on a busy machine a tick may be late.
	old := !r.unsealed.IsZero() && now.Sub(r.unsealed) >= r.o.SealEvery/2-r.o.SealEvery/sealTicks
	if !old && now.Sub(r.declared) < r.o.SealEvery {
		return nil
	}
	return r.seal()
}

// seal declares what was shed and puts everything on disk. r.disk is held.
func (r *Recorder) seal() error {
	r.declared = time.Now()
	if err := r.declare(flow.LossOverload); err != nil {
		return err
	}
	if r.unsealed.IsZero() {
		return nil
	}
	err := r.w.Flush()
	r.unsealed = time.Time{}
	r.size.Store(r.w.Size())
	return err
}

// fresh notes that there is something to seal. r.disk is held.
func (r *Recorder) fresh() {
	if r.unsealed.IsZero() {
		r.unsealed = time.Now()
	}
}

// declare writes loss records if anything was lost or left out since the last
// ones. r.disk is held.
func (r *Recorder) declare(reason string) error {
	for open := r.left.take(); len(open) > 0; open = open[1:] {
		r.fresh()
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
	r.fresh()
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
	r.giveUp()
	switch reason {
	case flow.LossDiskLimit:
		r.o.Logger.Warn("recording stopped at its size limit; traffic goes on; raise the limit to record more", "path", r.o.Path)
	case flow.LossDiskFull:
		r.o.Logger.Error("disk is full, recording stopped; what is recorded is kept and traffic goes on; free space and record into a new file", "path", r.o.Path)
	default:
		r.o.Logger.Error("recording stopped; what is recorded is kept and traffic goes on; check the disk and record into a new file", "path", r.o.Path, "error", err)
	}
	r.disk.Lock()
	defer r.disk.Unlock()
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
	r.disk.Lock()
	defer r.disk.Unlock()
	_, _, reason := r.queue.state()
	switch {
	case reason == StoppedClosed && r.over.Load():
		reason = flow.LossLate
	case reason == StoppedClosed:
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
