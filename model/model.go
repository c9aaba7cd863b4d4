package model

import "time"

// A Model says how the users of a service behave: who they are (Behaviors),
// what they send (Endpoints), and which values they carry from an answer into
// a later request (Bindings). It is read from and written to a folder, see
// FORMAT.md. Slices are in the order of the file; names are unique within each.
type Model struct {
	Version   int
	Recorded  Recorded
	Behaviors []Behavior
	Endpoints []Endpoint
	Bindings  []Binding
	Data      []Source
	Notes     []string // what learning lost or could not decide, for people
}

// Recorded tells where the model comes from.
type Recorded struct {
	Origin   string // scheme://host[:port] that most flows went to
	Flows    int
	Sessions int
	Users    int
	Start    time.Time
	Duration time.Duration
	Starts   []time.Duration // session starts as offsets, ascending; kept in data/
}

// End is the name of the step that ends a session.
const End = "end"

// A Behavior is one type of user: a first-order chain over endpoints.
type Behavior struct {
	Name     string
	Weight   float64 // share of sessions, 0 to 1; weights of all behaviors sum to 1
	Sessions int     // recorded
	Start    []Edge  // the first step
	Steps    []Step  // one per endpoint that the behavior visits
}

// A Step is one endpoint within a behavior, and where users go from there.
type Step struct {
	At   string // endpoint name
	Next []Edge // odds sum to 1; To may be End
}

// An Edge is one way on.
type Edge struct {
	To    string
	Odds  float64
	Think Think
}

// An Endpoint is one kind of request: method and path template, where needed
// told apart by query or body keys, with everything needed to send it.
type Endpoint struct {
	Name     string // "GET /products/{id}"
	Recorded int    // flows
	Request  Request
	Values   []Value    // the holes of Request, by name
	Rows     [][]string // recorded values sampled together: one column per Value of kind Row, in the order of Values
	Needs    []Need
	Check    Check
}

// A Request is a request with holes: ${name} in Target, a header value or Body
// is replaced by the named value, encoded for its place (path segment, query,
// form, JSON string); $$ is a dollar sign. Host, Cookie, Content-Length and
// hop-by-hop headers are not kept. Referer and Origin are made by the replayer
// where they are listed.
type Request struct {
	Method  string
	Target  string
	Headers []Header
	Body    string
	Events  int // server-sent events after which the user leaves; 0: not a stream
}

// A Header is one field line of a request.
type Header struct{ Name, Value string }

// A ValueKind tells where the content of a hole comes from.
type ValueKind string

// The kinds of values.
const (
	Bound ValueKind = "bound" // issued by the target: the binding named Ref
	Data  ValueKind = "data"  // column of a data file: Ref is "accounts.user"
	Row   ValueKind = "row"   // as recorded, sampled together with the other Row values of the endpoint
	Fresh ValueKind = "fresh" // made by the client, new in every request, formed like the example in Ref
	Now   ValueKind = "now"   // the time of sending: Ref is "s", "ms" or "rfc3339"
)

// A Value fills one hole.
type Value struct {
	Name string
	Kind ValueKind
	Ref  string
}

// A Need is a condition on the past of a session, learned from the recording:
// Endpoint must have been visited since the last visit to Since (since the
// start of the session when Since is empty).
type Need struct {
	Endpoint string
	Since    string
	Sessions int // recorded sessions that bear it out, none against
}

// A Binding is a value that the target issues and a client sends back. Every
// answer of an endpoint named in Sources renews it; the latest counts.
type Binding struct {
	Name    string
	Sources []Select
	Pick    string // "first" (default), "last" or "any": which of several matches
	Evidence
}

// A Select is where an answer holds the value, in the syntax of content.Selector.
type Select struct {
	Endpoint string
	Selector string
}

// Evidence says how sure a binding is.
type Evidence struct {
	Uses     int     // requests that carried the value
	Match    float64 // share of uses equal to what the sources had issued in the same session
	Shuffled float64 // the same with the answers of another session: 0 for a value of one's own
}

// A Check is what an answer must look like to count as OK.
type Check struct {
	Status   []int    // status classes seen: 2, 3, …
	Redirect []string // templates of the Location's path, {} for a variable segment; empty: not checked
	Content  []string // media types seen; empty: not checked
	Require  []string // features that every recorded answer had, see content.Shape
	Known    []string // features seen in some; an error block not listed here fails the check
}

// A Source is a data file with a header line, data/NAME.csv in the model folder.
type Source struct {
	Name    string
	Columns []string
	Rows    [][]string
}
