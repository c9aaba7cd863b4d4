package flow

import (
	"io"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// A Flow is one request and its response, or one upgraded or streamed exchange
// with its messages, as it passed the recorder.
type Flow struct {
	// Number is the position of the flow in its recording, counted from 0 in
	// the order of completion. A Writer sets it.
	Number uint64

	// Conn names the client connection: the ID of a Conn record. 0 is unknown.
	Conn uint64

	// Scheme is "http" or "https", as the client used it.
	Scheme string

	// Protocol is the HTTP version between client and recorder:
	// "HTTP/1.0", "HTTP/1.1" or "HTTP/2.0".
	Protocol string

	Request Request

	// Interim holds 1xx responses in order, without bodies.
	Interim []Response

	// Response is nil when no final response arrived.
	Response *Response

	// Messages are the frames or events of an upgraded or streamed exchange
	// (WebSocket, SSE) in the order seen, both directions.
	Messages []Message

	// Start is the wall-clock instant at which the request head was complete.
	// The offsets count from it on the monotonic clock; 0 means: did not happen.
	Start       time.Time
	RequestDone time.Duration // last byte of the request body received from the client
	FirstByte   time.Duration // response head received from the target
	Done        time.Duration // last byte of the response, or the instant it broke off

	// Error says why the flow is not complete, as a short stable name
	// ("connect refused", "client closed", "response cut"). Empty: complete.
	Error string
}

// A Request is what a client sends. Target is the origin form ("/cart?x=1"),
// kept byte for byte; Authority is the host and port it was meant for.
type Request struct {
	Method    string
	Target    string
	Authority string
	Headers   Headers
	Body      Body
	Trailers  Headers
}

// A Response is what a server answers.
type Response struct {
	Status   int
	Headers  Headers
	Body     Body
	Trailers Headers
}

// A Header is one field line. Name keeps the case seen on the wire where the
// source knows it.
type Header struct {
	Name  string
	Value string
}

// Headers are field lines in order, duplicates included.
type Headers []Header

// Value returns the first value of the named field, compared without case, or "".
func (h Headers) Value(name string) string {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// Values returns every value of the named field, compared without case, in order.
func (h Headers) Values(name string) []string {
	var vs []string
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			vs = append(vs, h[i].Value)
		}
	}
	return vs
}

// Has reports whether the named field is present, compared without case.
func (h Headers) Has(name string) bool {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return true
		}
	}
	return false
}

// A Body is the content of a message as it was on the wire, without transfer
// coding and with content coding ("gzip") still applied.
type Body struct {
	// Data is the content, or its beginning when the recorder's limit cut it.
	Data []byte

	// Size is the whole length in bytes, also of what Data lacks.
	Size int64

	// Hash is the xxhash64 of the whole content of a body that is cut; 0 is not
	// known. If Data is whole, Hash is 0 and Sum computes it.
	Hash uint64

	// Open opens the whole content of a body that is too long for memory. Data is
	// its beginning then. In a flow from a file Open may be called often and by
	// several goroutines; a recorder's source may allow one call. Nil: what Data
	// lacks is not kept.
	Open func() (io.ReadCloser, error)
}

// Truncated reports whether Data lacks the end of the content. Open may have it.
func (b Body) Truncated() bool { return b.Size > int64(len(b.Data)) }

// Kept reports whether the whole content is kept, in Data or behind Open.
func (b Body) Kept() bool { return !b.Truncated() || b.Open != nil }

// Sum returns the xxhash64 of the whole content; 0 is no body, or not known. It
// reads all of Data.
func (b Body) Sum() uint64 {
	if b.Truncated() {
		return b.Hash
	}
	if len(b.Data) == 0 {
		return 0
	}
	return xxhash.Sum64(b.Data)
}

// NewBody returns the whole body data. Empty data is no body. The body keeps data
// and does not copy it.
func NewBody(data []byte) Body {
	if len(data) == 0 {
		return Body{}
	}
	return Body{Data: data, Size: int64(len(data))}
}

// Cut returns the body with at most limit bytes of its content, and with the size
// and hash of the whole.
func (b Body) Cut(limit int64) Body {
	b = b.normal()
	if limit < 0 || b.Size <= limit {
		return b
	}
	b.Open = nil
	if int64(len(b.Data)) > limit {
		b.Hash = b.Sum()
		b.Data = b.Data[:limit:limit]
	}
	return b
}

// normal corrects a size that is less than the length of the data. If the data is
// whole, it removes hash and Open.
func (b Body) normal() Body {
	b.Size = max(b.Size, int64(len(b.Data)))
	if !b.Truncated() {
		b.Hash, b.Open = 0, nil
	}
	return b
}

// A MessageKind tells what one message of a stream is.
type MessageKind uint8

// The kinds of messages.
const (
	MessageText   MessageKind = iota + 1 // WebSocket text
	MessageBinary                        // WebSocket binary
	MessagePing                          // WebSocket ping
	MessagePong                          // WebSocket pong
	MessageClose                         // WebSocket close
	MessageEvent                         // one server-sent event, as its lines without the blank one
	MessageGRPC                          // one gRPC message, without its five-byte prefix
)

// A Message is one frame or event of a stream.
type Message struct {
	At         time.Duration // since Flow.Start
	FromClient bool
	Kind       MessageKind
	Data       []byte // decompressed; may be cut, see Size
	Size       int64
}

// URL returns the absolute URL of the request.
func (f *Flow) URL() string { return f.Scheme + "://" + f.Request.Authority + f.Request.Target }

// Path returns the target up to the query.
func (r *Request) Path() string {
	path, _, _ := strings.Cut(r.Target, "?")
	return path
}

// Query returns the target after the first question mark, or "".
func (r *Request) Query() string {
	_, query, _ := strings.Cut(r.Target, "?")
	return query
}

// Answered is the offset at which the client knew what the answer tells it to do: the
// end of the answer or, where it leads elsewhere, the end of its head. Clients follow a
// redirection without waiting for its body. It is not negative.
func (f *Flow) Answered() time.Duration {
	if r := f.Response; r != nil && r.Status/100 == 3 && r.Headers.Has("Location") && f.FirstByte > 0 {
		return min(f.FirstByte, max(f.Done, 0))
	}
	return max(f.Done, 0)
}

// Complete reports whether request and response were seen whole.
func (f *Flow) Complete() bool { return f.Error == "" && f.Response != nil }

// Session names the user whose flow it is, as far as one flow tells: by its
// Authorization field, else the cookie that looks most like a session, else its
// client connection. It is the session of the JSON form; 0 is not known.
func (f *Flow) Session() uint64 {
	who := f.Identity()
	if who.Rank == ByConn && f.Conn == 0 {
		return 0
	}
	return who.Hash
}

// A Conn is one client connection, or what one client sends over the connections of a load
// balancer that the recorder trusts. Flows name it by ID.
type Conn struct {
	ID     uint64 // 1 or more, unique in the recording
	Client string // host:port
	Server string // host:port of the target as dialled, "" when unknown
	Opened time.Time
	TLS    *TLS // nil on a plain connection

	// Process stands for the program that opened the connection, where it ran on the
	// machine of the recorder: 1, 2, … in the order in which they were met. 0: not known.
	Process uint64
}

// TLS tells how a connection was secured.
type TLS struct {
	Version    string // "TLS 1.3"
	Cipher     string // IANA name
	ServerName string // SNI, "" when none was sent
	ALPN       string // "h2", "http/1.1" or ""
}

// A Loss says that something is missing from here on, how much, and why.
// A count of 0 means: none, or not known.
type Loss struct {
	At       time.Time
	Reason   string // short stable name, one of the Loss constants where it fits
	Sessions uint64
	Flows    uint64
	Packets  uint64
	Bytes    uint64
	Gaps     uint64 // holes in reassembled streams
	Messages uint64 // messages of streams
}

// The reasons for a Loss that Starling itself gives.
const (
	LossOverload  = "overload"       // the recorder could not keep up and shed whole sessions
	LossDiskFull  = "disk full"      // the device had no space left
	LossDiskLimit = "disk limit"     // the size limit of the recording was reached
	LossWrite     = "write error"    // the device failed
	LossTooLong   = "flow too long"  // one flow exceeded the limits of the flow file
	LossUnparsed  = "unparsed"       // Bytes were seen and not understood
	LossKernel    = "kernel drop"    // Packets were dropped before the capture could read them
	LossGap       = "gap"            // Bytes of a connection never passed the capture
	LossStart     = "no start"       // the capture began in the middle of a connection
	LossMemory    = "memory limit"   // bytes were given up to stay within a memory limit
	LossSampled   = "sampled out"    // left out on purpose: the session is not in the sample
	LossPaused    = "paused"         // left out on purpose: recording was switched off
	LossFiltered  = "filtered"       // left out on purpose: a filter or list says so
	LossDamaged   = "damaged"        // blocks of a recording were damaged when it was copied
	LossCutOff    = "cut off"        // a recording was copied that ended without its index: what its writer had not stored is missing
	LossOpaque    = "not redactable" // Bytes of bodies were kept out, as nobody could look for secrets in them
	LossLate      = "out of time"    // the recorder had to end before it had written them
	LossBroken    = "broken entry"   // an imported file held entries that could not be read
)

// OnPurpose reports whether the flows were left out because somebody wished so.
func (l *Loss) OnPurpose() bool {
	return l.Reason == LossSampled || l.Reason == LossPaused || l.Reason == LossFiltered
}

// An Info says how the flows behind it came about. A recording begins with one;
// a merged recording has one for each of its sources.
type Info struct {
	// Recording is a random number that all parts of one recording share.
	Recording uint64

	// Part counts the files of a rotated recording from 1; 0 is not rotated.
	Part uint64

	// Source is what recorded: "proxy", "capture", "import har", ….
	Source string

	// Redaction is "none" if the flows hold what was sent, secrets included,
	// otherwise the name of the rules that removed them ("default"). Empty:
	// not known.
	Redaction string

	// Sample says which part of the users was chosen ("25% by cookie sid").
	// Empty: all.
	Sample string
}

// A Record is one entry of a flow file: *Flow, *Conn, *Loss or *Info.
type Record interface{ record() }

func (*Flow) record() {}
func (*Conn) record() {}
func (*Loss) record() {}
func (*Info) record() {}
