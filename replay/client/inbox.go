package client

import (
	"context"
	"sync"

	"github.com/starling-load/starling/record/flow"
)

// maxInbox is the most bytes that wait in an inbox, and the most that are kept of one
// message.
const maxInbox = 256 << 10

// An inbox holds the messages that have come and were not received yet. When it is
// full the oldest are dropped, so that the reading of the target never stops.
type inbox struct {
	mu      sync.Mutex // guards what follows
	waiting []flow.Message
	bytes   int
	missed  int
	err     error // why no more come
	answer  flow.Response

	changed chan struct{} // capacity 1: a second signal adds nothing
}

// put takes a message, of which it keeps a copy.
func (b *inbox) put(m flow.Message) {
	m.Data = append([]byte(nil), m.Data...)
	b.mu.Lock()
	b.waiting = append(b.waiting, m)
	b.bytes += weight(m)
	for b.bytes > maxInbox && len(b.waiting) > 1 {
		b.take()
		b.missed++
	}
	b.mu.Unlock()
	b.signal()
}

// weight is what a message takes in an inbox.
func weight(m flow.Message) int { return len(m.Data) + 64 }

// take removes the oldest message. The caller holds the lock.
func (b *inbox) take() flow.Message {
	m := b.waiting[0]
	b.waiting[0] = flow.Message{}
	b.waiting = b.waiting[1:]
	b.bytes -= weight(m)
	return m
}

// end says that no more messages come.
func (b *inbox) end(err error) {
	b.mu.Lock()
	if b.err == nil {
		b.err = err
	}
	b.mu.Unlock()
	b.signal()
}

// learn notes the head of the answer.
func (b *inbox) learn(answer flow.Response) {
	b.mu.Lock()
	b.answer = answer
	b.mu.Unlock()
}

func (b *inbox) signal() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// receive waits for a message. After the last one it returns why it is the last.
func (b *inbox) receive(ctx context.Context) (flow.Message, error) {
	for {
		b.mu.Lock()
		if len(b.waiting) > 0 {
			m := b.take()
			b.mu.Unlock()
			return m, nil
		}
		err := b.err
		b.mu.Unlock()
		if err != nil {
			b.signal() // for whoever else waits
			return flow.Message{}, err
		}
		select {
		case <-b.changed:
		case <-ctx.Done():
			return flow.Message{}, ctx.Err()
		}
	}
}
