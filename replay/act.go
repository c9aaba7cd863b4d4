package replay

import (
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/cookie"
)

// A Source yields the sessions of a plan. It is safe for concurrent use; its
// sessions are not.
type Source interface {
	// Session returns session number i, played by user u. The same i and u give
	// the same session. nil means that the source has no such session.
	Session(i, u uint64) Session

	// Origins lists where the requests of all sessions go. Act.Origin is an
	// index into it. The first is the main one.
	Origins() []Origin
}

// A Session is one visit of one user, as a machine without clock or network:
// the engine tells it which act is over, and it tells which acts have become
// ready by that. It ends when no act is under way and it has made none ready.
//
// The engine calls it from one goroutine at a time.
type Session interface {
	// Next returns the acts that have become ready because over is over: each
	// is due Act.Delay after the end of over. Acts returned together run side by
	// side. over is nil at the start of the session, from which delays count
	// then. over and what it holds are valid only during the call.
	Next(over *Answer) []Act

	// Fill completes a just before it is sent: with the values that the target
	// has issued by now, or with the reason why it cannot be sent, in Act.Skip.
	// It is called once for each act that is due before the end of the run.
	Fill(a *Act)
}

// A Kind says what an act does.
type Kind uint8

// The kinds of acts. Only the first two are exchanges with an answer, and
// counted as such; the others are counted where they fail.
const (
	// Request sends a request and waits for the whole answer.
	Request Kind = iota

	// Open sends a request that begins a stream, such as a WebSocket, and waits
	// for the head of the answer. Act.Strand numbers the stream from then on.
	Open

	// Send sends Act.Message on a stream.
	Send

	// Await waits for the next message of a stream, or for its end where
	// Act.Message is a close.
	Await

	// Close ends a stream.
	Close

	// Pause sends nothing and is over when it is due.
	Pause
)

// String returns the name of k in lower case.
func (k Kind) String() string {
	return [...]string{"request", "open", "send", "await", "close", "pause"}[k]
}

// An Act is one thing that a session does.
type Act struct {
	// ID tells the acts of a session apart. The engine hands it back.
	ID int

	Kind Kind

	// Endpoint is the name under which the act is counted.
	Endpoint string

	// Delay is the time from the end of the act that made this one ready to the
	// instant at which this one is due, at recorded speed.
	Delay time.Duration

	// Strand is the number of the strand that the act belongs to, 0 for none: a
	// stream, or a poller with one request after the other. It runs beside the
	// other acts until an act closes it.
	Strand int

	// Stream makes the answer to a Request one that may go on until its strand is
	// closed.
	Stream bool

	// Message is what a Send sends. Of an Await its kind says what is waited for.
	Message flow.Message

	// Wait is how long the recording waited for the message, at recorded speed. An
	// Await has that much longer than an answer.
	Wait time.Duration

	// Closes lists the strands that end when this act, a Pause, is due. Of an act
	// that was not sent by then the session hears nothing more.
	Closes []int

	// Origin is where the request goes: an index into Source.Origins.
	Origin int

	// Protocol is the version of HTTP to speak.
	Protocol client.Protocol

	// Conn is the number of the recorded connection within the session. 0 is
	// not known.
	Conn int

	// Request is what a Request and an Open send, without Host and Cookie.
	Request client.Request

	// Cookies are sent unless the target has set cookies of the same names.
	Cookies []cookie.Cookie

	// Skip says in a word or two why the act cannot be made, as the name of a
	// value that the target has not issued. Such an act is not sent; it counts
	// as skipped, and its session does not match.
	Skip string

	// Judge tells what is wrong with the answer as a short stable name and a
	// line for people, "" when nothing is. nil accepts status classes 2 and 3.
	Judge func(resp *flow.Response, doc *content.Doc) (name, detail string)

	// Observe asks for the features of the body in the result.
	Observe bool
}

// An Answer is an act that is over.
type Answer struct {
	Act *Act

	// URL is where the request went, absolute, as a user agent shows it. It is
	// empty for an act that was skipped.
	URL string

	// Response and Doc are nil when no whole answer came. Of an Await, Doc is the
	// message.
	Response *flow.Response
	Doc      *content.Doc

	// At is when the act ended, from the start of the session, at recorded speed.
	At time.Duration

	OK bool // the answer was the one expected
}
