package replay

import (
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
)

// A Source yields the sessions of a plan. It is safe for concurrent use; the
// sessions are not.
type Source interface {
	// Session returns session number i, played by user u. The same i and u give
	// the same session. nil means that the source has no such session.
	Session(i, u uint64) Session
}

// A Session yields the steps of one visit of one user.
type Session interface {
	// Next returns the step after last, which is nil before the first. ok is
	// false at the end of the session.
	Next(last *Exchange) (step Step, ok bool)
}

// A Step is one request to come.
type Step struct {
	Endpoint string

	// The step is due Think after the end of the last response, but not before
	// Offset from the start of the session.
	Think  time.Duration
	Offset time.Duration

	// Unbound names the value that the request needs and the target has not
	// issued. Such a step is not sent: it counts as aborted.
	Unbound string

	// Request is what to send, without Host and Cookie.
	Request client.Request

	// Cookies are sent unless the target has set cookies of the same names.
	Cookies []Cookie

	// Judge tells what is wrong with the answer as a short stable name and a
	// line for people, "" when nothing is. nil accepts status classes 2 and 3.
	Judge func(resp *flow.Response, doc *content.Doc) (name, detail string)

	// Observe asks for the features of the body in the result.
	Observe bool
}

// A Cookie is a name and a value.
type Cookie struct{ Name, Value string }

// An Exchange is a step with its answer. Response and Doc are nil when no whole
// answer came.
type Exchange struct {
	Step     Step
	URL      string // absolute, as sent
	Response *flow.Response
	Doc      *content.Doc
	OK       bool
}
