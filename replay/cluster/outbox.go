package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// An outbox brings messages into a stream in their order. It keeps each message until
// the stream has it, also when the connection is lost or the server starts again.
type outbox struct {
	nc *nats.Conn
	js jetstream.JetStream

	mu      sync.Mutex // guards waiting
	waiting []outMessage
	changed chan struct{} // capacity 1: there may be more; a second signal adds nothing
}

// An outMessage has an id, by which the stream recognises a message that it has
// already.
type outMessage struct {
	subject, id string
	data        []byte
}

func newOutbox(nc *nats.Conn, js jetstream.JetStream) *outbox {
	return &outbox{nc: nc, js: js, changed: make(chan struct{}, 1)}
}

// put adds a message. It does not wait for the stream. It refuses a message that is
// too large for the server.
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

// deliver sends the messages that are put in, until ctx ends.
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

// send brings one message into the stream. It sends nothing while the connection is
// down: the connection would keep every attempt and send them all later.
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
