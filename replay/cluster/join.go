package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/stats"
)

// An Assignment is the share of a run that one replayer plays.
type Assignment struct {
	Spec     json.RawMessage
	Payload  io.Reader // what the coordinator gave; Play reads it before it calls Ready
	Segment  load.Segment
	Replayer string // the name to put into intervals

	// Ready says that the replayer has loaded everything. It waits until all
	// have, and returns the common start on this machine's clock.
	Ready func(ctx context.Context) (start time.Time, err error)

	// Sending hands over the load that Play sends, so that it can be paused while
	// the coordinator is out of reach. Play calls it once, as soon as it sends.
	Sending func(Load)
}

// A Load is what a replayer sends. Both methods may be called from any goroutine. A
// second call in a row has no effect.
type Load interface {
	Pause()  // send nothing more; what is in flight may end
	Resume() // go on where Pause stopped
}

// JoinOptions say who joins whom.
type JoinOptions struct {
	URL    string // of the NATS server, with its credentials
	Name   string // of this replayer, unique in the run
	Logger *slog.Logger

	// Patience is how long a replayer waits for a coordinator that is out of reach,
	// counted from when it stops sending. Then it gives up. 0 means two minutes.
	Patience time.Duration

	// Play plays the assignment until it is over or ctx ends. It hands each
	// interval to onInterval, in order.
	Play func(ctx context.Context, a Assignment, onInterval func(*stats.Interval)) error
}

// askEvery is the pause between requests for work.
const askEvery = 500 * time.Millisecond

// Join asks for work, plays it, and returns when it is over. It waits for a
// coordinator as long as ctx lasts. When the coordinator of its run goes away, it
// stops sending within some seconds and keeps what it has counted. It goes on once the
// coordinator is back. After Patience it gives up.
func Join(ctx context.Context, o JoinOptions) error {
	if o.Play == nil {
		return errors.New("cluster.JoinOptions needs Play")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	nc, err := connect(o.URL, o.Name)
	if err != nil {
		return err
	}
	defer nc.Close()
	r := &replayer{JoinOptions: o, nc: nc, name: subjectName(o.Name)}
	if r.run, err = r.ask(ctx); err != nil {
		return err
	}
	return r.serve(ctx)
}

// A replayer is one Join.
type replayer struct {
	JoinOptions
	nc   *nats.Conn
	name string
	run  string

	js     jetstream.JetStream
	bucket jetstream.KeyValue
	outbox *outbox // nil before there is something to send
	sent   uint64

	mu   sync.Mutex // guards what follows
	load Load       // nil: nothing is sent yet
	held bool
}

// ask requests work until a coordinator gives or refuses it.
func (r *replayer) ask(ctx context.Context) (run string, err error) {
	data, err := json.Marshal(joinRequest{Name: r.name})
	if err != nil {
		return "", fmt.Errorf("encode the request to join: %w", err)
	}
	for {
		asking, cancel := context.WithTimeout(ctx, 2*time.Second)
		msg, err := r.nc.RequestWithContext(asking, joinSubject, data)
		cancel()
		var reply joinReply
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err == nil && json.Unmarshal(msg.Data, &reply) == nil && reply.Refuse != "":
			return "", fmt.Errorf("the coordinator refuses %s: %s", r.name, reply.Refuse)
		case err == nil && reply.Run != "":
			return reply.Run, nil
		}
		if err := sleep(ctx, askEvery); err != nil {
			return "", err
		}
	}
}

// serve loads and plays the assignment and reports its end.
func (r *replayer) serve(ctx context.Context) error {
	playing, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer unwatch()
	if err := r.open(); err != nil {
		return err
	}
	answers := make(chan *nats.Msg, 16) // when full, answers are dropped: they all say the same
	inbox := r.nc.NewInbox()
	sub, err := r.nc.ChanSubscribe(inbox, answers)
	if err != nil {
		return fmt.Errorf("subscribe to answers: %w", err)
	}
	defer sub.Unsubscribe()
	helpers.Go(func() { r.watch(watching, inbox, answers, cancel) })
	helpers.Go(func() { r.outbox.deliver(watching) })

	err = r.play(playing, cancel)
	switch cause := context.Cause(playing); {
	case errors.Is(cause, errStopped):
		err = nil
	case errors.Is(cause, errAbandoned), errors.Is(cause, errUncounted):
		return cause
	}
	// The end is reported also after the end of ctx: what was counted must arrive.
	limit := r.Patience
	if ctx.Err() != nil {
		limit = settleLimit
	}
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer done()
	return errors.Join(err, r.report(closing, err, err != nil && ctx.Err() != nil))
}

// Why a replayer stops playing early.
var (
	errAbandoned = errors.New("the coordinator is gone")
	errStopped   = errors.New("stopped by the coordinator")
	errUncounted = errors.New("the coordinator has given the place of this replayer away; start it again to join another run")
)

// open connects to JetStream.
func (r *replayer) open() error {
	js, err := jetstream.New(r.nc)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	r.js, r.outbox = js, newOutbox(r.nc, js)
	return nil
}

// watch gives signs of life, and holds the load while nobody answers them.
func (r *replayer) watch(ctx context.Context, inbox string, answers <-chan *nats.Msg, end context.CancelCauseFunc) {
	begin := time.Now()
	w := newWatch(0, r.Patience)
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		var event any = tickEvent{}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if r.nc.IsConnected() { // while it is down, the connection would keep them all
				r.nc.PublishRequest(beatSubject(r.run, r.name), inbox, nil)
			}
		case m := <-answers:
			var reply beatReply
			if json.Unmarshal(m.Data, &reply) != nil {
				continue // it says that nobody listens for signs of life
			}
			event = answerEvent{reply.Order}
		}
		r.obey(w.step(time.Since(begin), event), end)
	}
}

// obey carries out an action of the watch.
func (r *replayer) obey(action any, end context.CancelCauseFunc) {
	switch a := action.(type) {
	case holdAction:
		r.Logger.Warn("the coordinator does not answer: nothing is sent until it does", "silent", orphanLimit, "gives_up_after", r.Patience)
		r.hold(true)
	case goOnAction:
		r.Logger.Warn("the coordinator answers again: the run goes on")
		r.hold(false)
	case abandonAction:
		end(fmt.Errorf("%w: no answer for %s; sending stopped after %s, and %d intervals were counted; is the coordinator still running, and its NATS server reachable from here?",
			errAbandoned, orphanLimit+r.Patience, orphanLimit, r.counted()))
	case endAction:
		if a.order == orderStop {
			end(errStopped)
		} else {
			end(errUncounted)
		}
	}
}

// hold stops the load or lets it go on.
func (r *replayer) hold(held bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = held
	switch {
	case r.load == nil:
	case held:
		r.load.Pause()
	default:
		r.load.Resume()
	}
}

// sending is Assignment.Sending.
func (r *replayer) sending(l Load) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.load = l
	if r.held {
		l.Pause()
	}
}

// counted is how many intervals were handed out.
func (r *replayer) counted() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sent
}

func (r *replayer) play(ctx context.Context, stop context.CancelCauseFunc) error {
	js := r.js
	var err error
	if r.bucket, err = js.KeyValue(ctx, bucketName(r.run)); err != nil {
		return fmt.Errorf("open the bucket of the run: %w", err)
	}
	objects, err := js.ObjectStore(ctx, bucketName(r.run))
	if err != nil {
		return fmt.Errorf("open the object store of the run: %w", err)
	}
	var share assignment
	if err := r.await(ctx, assignKey(r.name), &share); err != nil {
		return err
	}
	spec, err := r.bucket.Get(ctx, specKey)
	if err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	payload, err := objects.Get(ctx, payloadObject)
	if err != nil {
		return fmt.Errorf("fetch what is to be played: %w", err)
	}
	defer payload.Close()
	watching := make(chan struct{})
	watchCtx, unwatch := context.WithCancel(ctx)
	go func() {
		defer close(watching)
		if r.await(watchCtx, stopKey, nil) == nil {
			stop(errStopped)
		}
	}()
	defer func() { unwatch(); <-watching }()
	return r.Play(ctx, Assignment{
		Spec: spec.Value(), Payload: payload, Replayer: r.name,
		Segment: load.Segment{Index: share.Index, Count: share.Count},
		Ready:   r.ready, Sending: r.sending,
	}, r.publish)
}

// await waits for a key of the bucket and decodes its value.
func (r *replayer) await(ctx context.Context, key string, value any) error {
	watch, err := r.bucket.Watch(ctx, key)
	if err != nil {
		return fmt.Errorf("watch %s: %w", key, err)
	}
	defer watch.Stop()
	for {
		select {
		case entry, open := <-watch.Updates():
			if !open {
				return fmt.Errorf("watch %s: the connection ended", key)
			}
			if entry == nil { // marks the end of the values that were there before
				continue
			}
			if value == nil {
				return nil
			}
			if err := json.Unmarshal(entry.Value(), value); err != nil {
				return fmt.Errorf("decode %s: %w", key, err)
			}
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// ready is Assignment.Ready.
func (r *replayer) ready(ctx context.Context) (time.Time, error) {
	ahead, err := r.clockOffset(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if err := r.nc.Publish(readySubject(r.run, r.name), nil); err != nil {
		return time.Time{}, fmt.Errorf("say that this replayer is ready: %w", err)
	}
	var order startOrder
	if err := r.await(ctx, startKey, &order); err != nil {
		return time.Time{}, err
	}
	// The start is on the monotonic clock, so that a jump of the wall clock does not
	// move it.
	now := time.Now()
	return now.Add(order.At.Add(-ahead).Sub(now.Round(0))), nil
}

// clockOffset measures how far the coordinator's clock is ahead of this machine's. It
// makes some round trips and takes the quickest.
func (r *replayer) clockOffset(ctx context.Context) (time.Duration, error) {
	const trips = 9
	best, offset := time.Duration(math.MaxInt64), time.Duration(0)
	for range trips {
		asking, cancel := context.WithTimeout(ctx, 2*time.Second)
		sent := time.Now()
		msg, err := r.nc.RequestWithContext(asking, clockSubject(r.run), nil)
		cancel()
		trip := time.Since(sent)
		var reply clockReply
		if err != nil || json.Unmarshal(msg.Data, &reply) != nil || trip >= best {
			continue
		}
		best = trip
		offset = reply.Now.Sub(sent.Round(0).Add(trip / 2))
	}
	if best == math.MaxInt64 {
		return 0, errors.New("the coordinator does not answer for its clock; is it still there?")
	}
	return offset, ctx.Err()
}

// publish sends an interval. The stream keeps it until the coordinator has it.
func (r *replayer) publish(iv *stats.Interval) {
	r.mu.Lock()
	r.sent = iv.Seq + 1 // an interval that cannot be sent counts too: it will be missing
	r.mu.Unlock()
	data, err := encodeInterval(iv)
	if err == nil {
		err = r.outbox.put(outMessage{intervalSubject(r.run, r.name), fmt.Sprintf("%s-%d", r.name, iv.Seq), data})
	}
	if err != nil {
		r.Logger.Warn("interval not sent", "seq", iv.Seq, "error", err)
	}
}

// report waits until all intervals are stored, then says that this replayer is done.
// left says that it was ended before its share was played.
func (r *replayer) report(ctx context.Context, failure error, left bool) error {
	if err := r.outbox.empty(ctx); err != nil {
		return err
	}
	report := doneReport{Intervals: r.counted(), Left: left}
	if failure != nil && !left {
		report.Failure = failure.Error()
	}
	data, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	for {
		asking, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := r.nc.RequestWithContext(asking, doneSubject(r.run, r.name), data)
		cancel()
		if err == nil {
			return nil
		}
		if errors.Is(err, nats.ErrConnectionClosed) || sleep(ctx, askEvery) != nil {
			return fmt.Errorf("report the end of the run: %w; is the coordinator still running?", err)
		}
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
