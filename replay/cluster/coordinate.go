package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/starling-load/starling/replay/stats"
)

// Options say what Coordinate has played.
type Options struct {
	// Replayers is the number of replayers that share the work: 1 or more.
	Replayers int

	// NATS is the URL of a server with JetStream. "" starts a server in this
	// process, on loopback, which only holders of its token can use.
	NATS string

	// Spec and Payload travel to the replayers as they are. Payload is read to
	// its end before OnReady.
	Spec    json.RawMessage
	Payload io.Reader

	// OnReady is called once, when replayers can join at url. The url holds a
	// token: it must not be logged.
	OnReady func(url string) error

	// OnInterval receives the intervals of all replayers, one at a time. Those of
	// one replayer come in order. An interval may come twice.
	OnInterval func(*stats.Interval)

	// OnLost is told of a replayer that fell silent or left before its end. It runs
	// on the goroutine of OnInterval.
	OnLost func(replayer string)

	// OnFound is told of a lost replayer that is heard again. It runs on the
	// goroutine of OnInterval.
	OnFound func(replayer string)

	// Logger hears of what affects the result. nil: nobody does.
	Logger *slog.Logger
}

func (o Options) validate() error {
	switch {
	case o.Replayers < 1:
		return fmt.Errorf("%d replayers: there must be 1 or more", o.Replayers)
	case o.OnReady == nil || o.OnInterval == nil || o.OnLost == nil || o.OnFound == nil:
		return errors.New("cluster.Options needs OnReady, OnInterval, OnLost and OnFound")
	}
	return nil
}

// startLead is how far ahead of now the common start is set, so that every
// replayer has heard of it.
const startLead = 500 * time.Millisecond

// Coordinate plays a run on replayers and returns when all have ended or were
// lost. When ctx ends it tells the replayers to stop, takes what they still
// send, and returns the error of ctx.
func Coordinate(ctx context.Context, o Options) error {
	if err := o.validate(); err != nil {
		return err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	url := o.NATS
	var options []nats.Option
	if url == "" {
		srv, err := startServer()
		if err != nil {
			return err
		}
		defer srv.stop()
		url = srv.url
		options = append(options, nats.InProcessServer(srv.server))
	}
	nc, err := connect(url, "coordinator", options...)
	if err != nil {
		return err
	}
	defer nc.Close()
	c := &coordinator{Options: o, nc: nc, run: strings.ToLower(rand.Text()[:10]), events: make(chan any), begin: time.Now()}
	if err := c.open(ctx); err != nil {
		return err
	}
	defer c.remove()
	// The helpers go on after the end of ctx: replayers still report then.
	hearing, deaf := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer deaf()
	if err := c.listen(hearing); err != nil {
		return err
	}
	helpers.Go(func() { c.collect(hearing) })
	helpers.Go(func() { c.probe(hearing) })
	if err := o.OnReady(url); err != nil {
		return err
	}
	return c.loop(ctx)
}

// A coordinator carries events from NATS to the state machine and its actions
// back.
type coordinator struct {
	Options
	nc    *nats.Conn
	run   string
	begin time.Time

	bucket  jetstream.KeyValue
	objects jetstream.ObjectStore
	stream  jetstream.Stream
	js      jetstream.JetStream

	events  chan any // unbuffered: a slow loop slows the subscriptions, which buffer
	replies map[string]*nats.Msg
	mu      sync.Mutex // guards replies
}

// An arrivedInterval is an interval with its event.
type arrivedInterval struct {
	intervalEvent
	interval *stats.Interval
}

// A doneMessage is a doneEvent with the message to acknowledge.
type doneMessage struct {
	doneEvent
	msg *nats.Msg
}

// A beatMessage is a beatEvent with the message to answer.
type beatMessage struct {
	beatEvent
	msg *nats.Msg
}

// open makes the stores of the run and fills them.
func (c *coordinator) open(ctx context.Context) error {
	js, err := jetstream.New(c.nc)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	c.js = js
	name := bucketName(c.run)
	if c.bucket, err = js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: name}); err != nil {
		return fmt.Errorf("make the key-value bucket of the run: %w; does the NATS server have JetStream on?", err)
	}
	if c.objects, err = js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: name}); err != nil {
		return fmt.Errorf("make the object store of the run: %w", err)
	}
	c.stream, err = js.CreateStream(ctx, jetstream.StreamConfig{
		Name: name, Subjects: []string{intervalSubject(c.run, "*")}, Duplicates: time.Minute,
	})
	if err != nil {
		return fmt.Errorf("make the stream of the run: %w", err)
	}
	if _, err := c.bucket.Put(ctx, specKey, c.Spec); err != nil {
		return fmt.Errorf("store the job: %w", err)
	}
	payload := c.Payload
	if payload == nil {
		payload = strings.NewReader("")
	}
	if _, err := c.objects.Put(ctx, jetstream.ObjectMeta{Name: payloadObject}, payload); err != nil {
		return fmt.Errorf("store what is to be played: %w", err)
	}
	return nil
}

// remove deletes the stores of the run.
func (c *coordinator) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	name := bucketName(c.run)
	err := errors.Join(c.js.DeleteStream(ctx, name), c.js.DeleteObjectStore(ctx, name), c.js.DeleteKeyValue(ctx, name))
	if err != nil {
		c.Logger.Warn("stores of the run stay on the NATS server", "run", c.run, "error", err)
	}
}

// send hands an event to the loop, unless ctx ends before.
func (c *coordinator) send(ctx context.Context, event any) {
	select {
	case c.events <- event:
	case <-ctx.Done():
	}
}

// lastToken returns the part of a subject after its last dot.
func lastToken(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// listen turns messages into events.
func (c *coordinator) listen(ctx context.Context) error {
	c.replies = make(map[string]*nats.Msg)
	handlers := map[string]nats.MsgHandler{
		beatSubject(c.run, "*"):  func(m *nats.Msg) { c.send(ctx, beatMessage{beatEvent{lastToken(m.Subject)}, m}) },
		readySubject(c.run, "*"): func(m *nats.Msg) { c.send(ctx, readyEvent{lastToken(m.Subject)}) },
		clockSubject(c.run): func(m *nats.Msg) {
			if data, err := json.Marshal(clockReply{time.Now()}); err == nil {
				m.Respond(data)
			}
		},
		doneSubject(c.run, "*"): func(m *nats.Msg) {
			var report doneReport
			if json.Unmarshal(m.Data, &report) == nil {
				c.send(ctx, doneMessage{doneEvent{lastToken(m.Subject), report.Intervals, report.Failure, report.Left}, m})
			}
		},
	}
	for subject, handle := range handlers {
		if _, err := c.nc.Subscribe(subject, handle); err != nil {
			return fmt.Errorf("subscribe to %s: %w", subject, err)
		}
	}
	// Coordinators waiting on one NATS cluster share the replayers that ask.
	_, err := c.nc.QueueSubscribe(joinSubject, "coordinators", func(m *nats.Msg) {
		var req joinRequest
		if json.Unmarshal(m.Data, &req) == nil && req.Name != "" {
			name := subjectName(req.Name)
			c.mu.Lock()
			c.replies[name] = m
			c.mu.Unlock()
			c.send(ctx, joinEvent{name})
		}
	})
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", joinSubject, err)
	}
	return nil
}

// collectEvery is the pause before the stream is asked again for an interval that it
// did not have.
const collectEvery = 100 * time.Millisecond

// collect reads the intervals from the stream, one after the other, until ctx ends.
// It asks for each by its number. So it gets all of them, also after NATS was out of
// reach.
func (c *coordinator) collect(ctx context.Context) {
	for next := uint64(1); ctx.Err() == nil; {
		asking, cancel := context.WithTimeout(ctx, 2*time.Second)
		m, err := c.stream.GetMsg(asking, next)
		cancel()
		if err != nil {
			if sleep(ctx, collectEvery) != nil {
				return
			}
			continue
		}
		next++
		iv, err := decodeInterval(m.Data)
		if err != nil {
			c.Logger.Warn("interval left out", "subject", m.Subject, "error", err)
			continue
		}
		c.send(ctx, arrivedInterval{intervalEvent{lastToken(m.Subject), iv.Seq}, iv})
	}
}

// probe tells the loop whether NATS answers, until ctx ends.
func (c *coordinator) probe(ctx context.Context) {
	for sleep(ctx, beatEvery) == nil {
		asking, cancel := context.WithTimeout(ctx, time.Second)
		err := c.nc.FlushWithContext(asking)
		cancel()
		if err != nil {
			c.send(ctx, cutEvent{})
		} else {
			c.send(ctx, linkedEvent{})
		}
	}
}

// loop runs the state machine to its end.
func (c *coordinator) loop(ctx context.Context) error {
	s := newState(c.Replayers)
	tick := time.NewTicker(beatEvery / 2)
	defer tick.Stop()
	interrupted := ctx.Done()
	working := context.WithoutCancel(ctx)
	for !s.over {
		var event any
		select {
		case event = <-c.events:
		case <-tick.C:
			event = tickEvent{}
		case <-interrupted:
			event, interrupted = stopEvent{}, nil
		}
		var msg *nats.Msg // to be answered
		switch e := event.(type) {
		case arrivedInterval:
			c.OnInterval(e.interval)
			event = e.intervalEvent
		case doneMessage:
			e.msg.Respond(nil)
			event = e.doneEvent
		case beatMessage:
			event, msg = e.beatEvent, e.msg
		}
		for _, action := range s.step(time.Since(c.begin), event) {
			if err := c.act(working, action, msg); err != nil {
				return err
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.verdict()
}

// act carries out one action; msg is the message that the event came with, if
// there is one to answer.
func (c *coordinator) act(ctx context.Context, action any, msg *nats.Msg) error {
	switch a := action.(type) {
	case admitAction:
		if err := c.put(ctx, assignKey(a.name), assignment{Index: a.index, Count: c.Replayers}); err != nil {
			return err
		}
		return c.reply(a.name, joinReply{Run: c.run})
	case refuseAction:
		return c.reply(a.name, joinReply{Refuse: a.why})
	case startAction:
		return c.put(ctx, startKey, startOrder{At: time.Now().Add(startLead)})
	case stopAction:
		// A replayer that does not see the key is told at its next sign of life.
		if err := c.put(ctx, stopKey, struct{}{}); err != nil {
			c.Logger.Warn("the order to stop is not stored", "error", err)
		}
	case vacateAction:
		c.Logger.Warn("replayer gone before the start; its place is free again", "replayer", a.name)
	case loseAction:
		c.OnLost(a.name)
	case findAction:
		c.OnFound(a.name)
	case answerAction:
		return respond(msg, beatReply{a.order})
	}
	return nil
}

func (c *coordinator) put(ctx context.Context, key string, value any) error {
	data, err := json.Marshal(value)
	if err == nil {
		_, err = c.bucket.Put(ctx, key, data)
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	return nil
}

// reply answers the latest request to join under name.
func (c *coordinator) reply(name string, r joinReply) error {
	c.mu.Lock()
	m := c.replies[name]
	delete(c.replies, name)
	c.mu.Unlock()
	return respond(m, r)
}

// respond answers a message, if there is one. A replayer that hears no answer
// asks again.
func respond(m *nats.Msg, v any) error {
	if m == nil {
		return nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer to %s: %w", m.Subject, err)
	}
	m.Respond(data)
	return nil
}
