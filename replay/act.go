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
	// the same session. It returns nil when the source has no such session.
	Session(i, u uint64) Session

	// Origins lists where the requests of all sessions go. Act.Origin is an
	// index into it. The first is the main one.
	Origins() []Origin
}

// A Session is one visit of one user, as a machine without clock or network:
// the engine tells it which act is over, and it tells which acts have become
// ready by that. It ends when no act is under way and it has made none ready.
//
// The engine calls it from one goroutine at a time. A session may have a method
// Stuck() string: where it had no way on, "" if it came to its end; and a method
// Undone() []string: the endpoints of acts that had their recorded outcome, and whose
// effect later answers should have shown and did not.
type Session interface {
	// Next returns the acts that have become ready because the act of over has
	// ended. Each is due Act.Delay after that end. Acts returned together run side
	// by side. At the start of the session over is nil, and delays count from that
	// start. over and what it holds are valid only during the call.
	Next(over *Answer) []Act

	// Fill completes a just before it is sent: with the values that the target
	// has issued by now, or with the reason why it cannot be sent, in Act.Skip. It may
	// make it a spare Pause where nothing is to be sent any more.
	// It is called once for an act when that is due. It is not called for an act
	// whose strand was closed before, or that is due after the end of the run.
	Fill(a *Act)
}

// A Kind says what an act does.
type Kind uint8

// The kinds of acts. A Request and an Open are exchanges with an answer: each is
// counted. A Send, an Await and a Close are counted only when they fail.
const (
	// Request sends a request and waits for the whole answer.
	Request Kind = iota

	// Open sends a request that begins a stream, such as a WebSocket, and waits
	// for the head of the answer. Later acts name the stream by its Act.Strand.
	Open

	// Send sends Act.Message on a stream.
	Send

	// Await waits for the next message of a stream. If Act.Message is a close, it
	// waits for the end of the stream.
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
	// ID tells the acts of a session apart. The engine hands it back. An act that is
	// over may be made once more under its ID.
	ID int

	Kind Kind

	// Endpoint is the name under which the act is counted.
	Endpoint string

	// Delay is the time from the end of the act that made this one ready to the
	// instant at which this one is due, at recorded speed.
	Delay time.Duration

	// Strand is the number of the strand that the act belongs to, 0 for none. A
	// strand is a stream, or a poller with one request after the other. It runs
	// beside the other acts until an act closes it.
	Strand int

	// Stream says that the answer to a Request may go on until its strand is
	// closed: it has no timeout.
	Stream bool

	// Message is what a Send sends. For an Await, only its kind counts: see Await.
	Message flow.Message

	// Wait is how long the recording waited for the message, at recorded speed. It
	// is added to the timeout of the act.
	Wait time.Duration

	// Closes lists the strands that end when this act, a Pause, is due. If an act
	// of such a strand was not sent by then, the session hears nothing more of it.
	Closes []int

	// Origin is where the request goes: an index into Source.Origins.
	Origin int

	// Protocol is the version of HTTP to speak.
	Protocol client.Protocol

	// Conn is the number of the recorded connection within the session, from 1.
	// 0 means that it is not known.
	Conn int

	// Request is what a Request and an Open send, without Host and Cookie.
	Request client.Request

	// Cookies are sent unless the target has set cookies of the same names.
	Cookies []cookie.Cookie

	// Skip says in a word or two what the act lacks, such as the name of a value
	// that the target has not issued. Such an act is not sent. It counts as
	// skipped, and its session does not match. "" means that the act can be made.
	Skip string

	// Judge tells what is wrong with the answer: a short stable name and a line
	// for people. The name is "" when nothing is wrong. A nil Judge accepts every
	// status below 400.
	Judge func(resp *flow.Response, doc *content.Doc) (name, detail string)

	// Write says that the act changes something at the target. Writes that had their
	// recorded outcome are counted.
	Write bool

	// Spare says that a Pause stands for a request that is needed no more, such as that
	// of a poll which has ended. It counts as a step of the session that was done.
	Spare bool

	// Entry says that the act is no part of what its session does: it lets the user in, who
	// was in already in the recording. It counts as an exchange, but not as a step. If it
	// fails, its session does not match.
	Entry bool

	// Observe asks for the features of the body in the result.
	Observe bool
}

// An Answer is an act that is over.
type Answer struct {
	Act *Act

	// URL is where the request went, absolute, as a user agent shows it. It is
	// empty unless a Request or an Open was sent.
	URL string

	// Response and Doc are nil when no whole answer came. After an Await, Doc is
	// the message.
	Response *flow.Response
	Doc      *content.Doc

	// At is when the act ended, from the start of the session, at recorded speed.
	At time.Duration

	OK bool // the answer was the one expected

	// Again is set by a session that makes the act once more. Then this answer counts
	// as an exchange, but not as a step of the session.
	Again bool
}
