package replay

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/stats"
)

// join gives the user the stream of a strand. If the strand had a stream before,
// that one is closed.
func (u *user) join(strand int, s *client.Stream) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.streams == nil {
		u.streams = make(map[int]*client.Stream)
	}
	if old := u.streams[strand]; old != nil {
		old.Close()
	}
	u.streams[strand] = s
}

// converse makes an act of an open stream. It counts the act only if that fails: an
// act that succeeds here is not an answer to a request.
func (x *exchange) converse() {
	e := x.user.engine
	begin := time.Now()
	err := x.speak()
	x.result = stats.Result{Endpoint: x.act.Endpoint, Scheduled: x.due}
	x.measure(client.Timing{Sent: begin, Done: time.Now()})
	switch {
	case err == nil:
		x.answered = true
	case e.ending.Err() != nil: // at the end of the run nobody waits for messages
		x.result.Error = stats.ErrorStopped
	default:
		fail(&x.result, err)
		e.collector.Started(x.act.Endpoint)
		e.collector.Record(&x.result)
	}
}

// speak makes the act on its stream.
func (x *exchange) speak() error {
	e := x.user.engine
	ctx, cancel := context.WithTimeout(e.ending, e.Plan.Timeout+scaled(x.act.Wait, e.Plan.Speed))
	defer cancel()
	switch x.act.Kind {
	case Send:
		return x.stream.Send(ctx, x.act.Message)
	case Await:
		return x.await(ctx)
	}
	return errors.Join(x.stream.Finish(), x.stream.Close())
}

// await waits for a message. If the act waits for a close, it reads on until the
// target ends the stream.
func (x *exchange) await(ctx context.Context) error {
	end := x.act.Message.Kind == flow.MessageClose
	for {
		m, err := x.stream.Receive(ctx)
		switch {
		case errors.Is(err, io.EOF) && end:
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF // the target has closed it
		case err != nil:
			return err
		case !end:
			x.doc = content.New(&flow.Response{Body: flow.Body{Data: m.Data, Size: m.Size}})
			return nil
		}
	}
}
