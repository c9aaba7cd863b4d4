package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// An outbox brings messages into a stream in their order, and keeps each until
// the stream has it: over a lost connection and a server that starts again.
type outbox struct {
	nc *nats.Conn
	js jetstream.JetStream

	mu      sync.Mutex // guards waiting
	waiting []outMessage
	changed chan struct{} // capacity 1: there may be more; a second signal adds nothing
}

// An outMessage has an id by which the stream knows what it has already.
type outMessage struct {
	subject, id string
	data        []byte
}

func newOutbox(nc *nats.Conn, js jetstream.JetStream) *outbox {
	return &outbox{nc: nc, js: js, changed: make(chan struct{}, 1)}
}

// put adds a message. It does not wait for the stream. It refuses what the
// server would never take.
func (o *outbox) put(m outMessage) error {
	if limit := o.nc.MaxPayload(); limit > 0 && int64(len(m.data)) > limit {
		return fmt.Errorf("%d bytes are more than the %d that the NATS server takes", len(m.data), limit)
	}
	o.mu.Lock()
	o.waiting = append(o.waiting, m)
	o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
	return nil
}

// first returns the message that is next, and how many wait.
func (o *outbox) first() (m outMessage, waiting int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return outMessage{}, 0
	}
	return o.waiting[0], len(o.waiting)
}

// deliver sends what is put, until ctx ends.
func (o *outbox) deliver(ctx context.Context) {
	for {
		m, waiting := o.first()
		if waiting == 0 {
			select {
			case <-o.changed:
				continue
			case <-ctx.Done():
				return
			}
		}
		if err := o.send(ctx, m); err != nil {
			if sleep(ctx, retryEvery) != nil {
				return
			}
			continue
		}
		o.mu.Lock()
		o.waiting = o.waiting[1:]
		o.mu.Unlock()
	}
}

// retryEvery is the pause between attempts to send.
const retryEvery = 200 * time.Millisecond

// send brings one message into the stream. While there is no connection nothing
// is handed to it, since it would keep every attempt.
func (o *outbox) send(ctx context.Context, m outMessage) error {
	if !o.nc.IsConnected() {
		return nats.ErrDisconnected
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := o.js.Publish(ctx, m.subject, m.data, jetstream.WithMsgID(m.id), jetstream.WithRetryAttempts(0))
	return err
}

// empty waits until the stream has everything.
func (o *outbox) empty(ctx context.Context) error {
	for {
		_, waiting := o.first()
		if waiting == 0 {
			return nil
		}
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
			return fmt.Errorf("%d intervals did not reach the coordinator's NATS server; is it still there?", waiting)
		}
	}
}
