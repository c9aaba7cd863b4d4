package model

import (
	"slices"
	"strings"
	"time"
)

// A Model says how the users of a service behave: what recorded users did
// (Sessions), the types of users that they are (Behaviors), what they send
// (Endpoints), and which values they carry from an answer into a later request
// (Bindings). Slices are in the order of the file; names are unique within each.
type Model struct {
	Version   int
	Recorded  Recorded
	Origins   []Origin  // the first is the main one; none: there is only the target of the replay
	Browsers  []Browser // none: a request has only the headers of its endpoint
	Behaviors []Behavior
	Endpoints []Endpoint
	Bindings  []Binding
	Data      []Source
	Sessions  []Session // by start
	Elements  []Element // of lists, in which users chose
	Overrides string    // values that people pinned: see FORMAT.md of model/folder
	Edits     string    // changes that people ask for and that are not made yet: the same
	Unfit     string    // of both, what did not fit what was learned: the same

	// Unresolved are the varying values that are sent as recorded because nothing
	// explains them.
	Unresolved []Unresolved

	Notes []string // for people: what learning left out
}

// Variants returns the variants of all endpoints, by the names of both.
func (m *Model) Variants() map[[2]string]*Variant {
	all := map[[2]string]*Variant{}
	for i := range m.Endpoints {
		for k := range m.Endpoints[i].Variants {
			v := &m.Endpoints[i].Variants[k]
			all[[2]string{m.Endpoints[i].Name, v.Name}] = v
		}
	}
	return all
}

// An Unresolved is a varying value of requests whose origin is not known. It is sent
// as it was recorded, although the target may expect another.
type Unresolved struct {
	Endpoint string `json:"endpoint"`          // its name
	Place    string `json:"place"`             // where requests carry it, such as "header X-Signature"
	Example  string `json:"example,omitempty"` // a recorded value, masked; "": none
	Reason   string `json:"reason"`            // why it is not explained
	Edit     string `json:"edit,omitempty"`    // what a person can do about it; "": nothing
	Requests int    `json:"requests"`          // recorded requests that carried it

	// Identifies says that the value tells what a request is about, so that another target may
	// have something else by it.
	Identifies bool `json:"identifies,omitempty"`
}

// Recorded tells where the model comes from.
type Recorded struct {
	Flows    int
	Sessions int
	Users    int
	Start    time.Time
	Duration time.Duration
	Starts   []time.Duration // only without Sessions: their starts as offsets, ascending
	LeftOut  []LeftOut       // what of the recording is not in the model
	Servers  []string        // host:port that the recorder passed requests on to, where no origin names it
	From     string          // names the recordings and options that the model was learned from; "": not known
}

// A LeftOut is a part of a recording that is not in the model.
type LeftOut struct {
	What   string // for people: why it is left out
	Flows  int
	Writes int  // of these: those that changed something at the target
	Whole  bool // something that users did is missing whole, such as their sockets
}

// An Origin is a scheme, host and port that users talk to.
type Origin struct {
	Name string
	URL  string // scheme://host[:port]
}

// A Browser is the program that a user has. Its headers belong to the user: every
// request of the user has the same ones.
type Browser struct {
	Name    string
	Weight  float64 // share of users, 0 to 1; weights of all browsers sum to 1
	Headers []Header
}

// An Endpoint is one kind of request, with everything needed to send it. Its method
// and path template name it, where needed with keys of the query or body.
type Endpoint struct {
	Name     string // "GET /products/{id}"
	Origin   string // name of an origin; "": the main one
	Asset    bool   // a part of pages, such as a style, a script, an image or a font
	Variants []Variant
	Needs    []Need
	Check    Check     // of every answer at a step that names no outcome
	Outcomes []Outcome // what acts of recorded sessions expect, by name
}

// A Variant is one structure of requests to an endpoint, such as a form with and
// without an optional field.
type Variant struct {
	Name     string // "" where it is the only one
	Recorded int    // flows
	Request  Request
	Values   []Value    // the holes of Request, by name
	Rows     [][]string // values recorded together: a column per Value that is InRows, as in Values
}

// A Request is a request with holes. A hole is ${name} in Target, a header value or
// Body. The named value takes its place, encoded as the place needs it (path
// segment, query, form, JSON string). $$ is a dollar sign. Host, Content-Length and
// hop-by-hop headers are not kept. Cookie holds only what no answer sets: cookies of
// scripts, and those that users had before. The replayer adds those that the target
// set, and makes Referer and Origin where they are listed.
//
// Where Changes names a value, the request sends that value with changes, and Body, or
// without one the query of Target, holds the changes alone. The value is a live form
// (see package form) or a live JSON document (see package patch) that an answer gave.
type Request struct {
	Method   string
	Target   string
	Headers  []Header
	Body     string
	Changes  string   // name of a Bound value; "": Body is sent as it stands
	Trailers []Header // after Body
	Protocol Protocol
	Events   int // number of server-sent events after which the user leaves; 0: not a stream
}

// A Header is one field line of a request.
type Header struct{ Name, Value string }

// A Protocol is the version of HTTP that a request was recorded with, where that
// matters.
type Protocol string

// The protocols of requests.
const (
	AnyProtocol Protocol = "" // client and target agree on one
	HTTP1       Protocol = "HTTP/1.1"
	HTTP2       Protocol = "HTTP/2" // without TLS by prior knowledge (h2c)
)

// A ValueKind tells where the content of a hole comes from.
type ValueKind string

// The kinds of values.
const (
	Bound ValueKind = "bound" // issued by the target: the binding named Ref
	Data  ValueKind = "data"  // column of a data file: Ref is "accounts.user"
	Row   ValueKind = "row"   // as recorded, together with the other Row values of the variant
	Fresh ValueKind = "fresh" // made by the client: Ref is a made.Form
	Now   ValueKind = "now"   // the time of sending: Ref is a made.Clock

	// Template is a text whose holes are values that stand before it in the variant:
	// Ref is the text. It serves where a value stands within a value that is encoded
	// as a whole, such as an id in JSON in Base64.
	Template ValueKind = "template"

	// Computed values are computed from others and from the rest of the request: Ref is
	// a formula.Formula, in which names stand for values of the variant. Values of a
	// variant that have no hole serve formulas.
	Computed ValueKind = "computed"
)

// A Value fills one hole.
type Value struct {
	Name string
	Kind ValueKind
	Ref  string

	// Codec is the chain of encodings that the content is written through, in the
	// syntax of codec.Parse. If it is "", the place of the hole decides.
	Codec string

	// Own says that some acts send a recorded content of their own: the value has a
	// column in Rows. For what the client makes, the column says which value it was:
	// one recorded content stands for one made value in a session.
	Own bool
}

// A Need is a condition on the past of a session, learned from the recording:
// Endpoint must have been visited since the last visit to Since (since the
// start of the session when Since is empty).
type Need struct {
	Endpoint string
	Since    string
	Sessions int // recorded sessions that support it; no session speaks against it
}

// A Binding is a value that the target issues and a client sends back. Every
// answer of an endpoint named in Sources renews it; the latest counts.
type Binding struct {
	Name    string
	Sources []Select
	Pick    string // which of several matches counts: "first" (default), "last" or "any"
	Refused bool   // a person took it for a coincidence: no value is bound to it
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
	Shuffled float64 // the same with answers of other sessions; 0: each session has its own value
	Compared int     // comparisons that Shuffled is a share of; 0: there were none
	RestsOn  Ground  // "": not known
}

// A Ground is what a binding rests on.
type Ground string

// The grounds of bindings. Values that all sessions share are bound on the others than
// OnSessions and OnLook.
const (
	OnSessions Ground = "sessions" // the value is that of its own session, and not that of others
	OnLook     Ground = "look"     // it looks made by a machine, and was issued before it was sent
	OnForm     Ground = "form"     // it stood in the form that was sent
	OnDocument Ground = "document" // the document that was read is written back
	OnLink     Ground = "link"     // the request follows a link or a redirect
	OnList     Ground = "list"     // the user picked it from a list
	OnChoice   Ground = "choice"   // it is sent beside what the user picked
	OnFormula  Ground = "formula"  // a value that is computed needs it
)

// OfThat reports whether the value is of the very page, document or element that the user
// had before: another one has another, not only a newer.
func (g Ground) OfThat() bool {
	return g == OnForm || g == OnDocument || g == OnList || g == OnChoice
}

// Because says in a few words why a binding is believed, "" if that is not known.
func (g Ground) Because() string {
	switch g {
	case OnSessions:
		return "each session has its own"
	case OnLook:
		return "it looks issued"
	case OnForm:
		return "the form is sent"
	case OnDocument:
		return "the document is written back"
	case OnLink:
		return "the link is followed"
	case OnList:
		return "picked from a list"
	case OnChoice:
		return "beside what is picked"
	case OnFormula:
		return "a formula needs it"
	}
	return ""
}

// A Source is a data file with a header line, data/NAME.csv in the model folder.
type Source struct {
	Name    string
	Columns []string
	Kinds   []string // columns that say of which kind a row is: a user gets only rows of the recorded kind
	Rows    [][]string
}

// FindColumn finds the data file and the column of a reference such as "accounts.user".
func FindColumn(data []Source, ref string) (source, column int, ok bool) {
	name, col, _ := strings.Cut(ref, ".")
	source = slices.IndexFunc(data, func(s Source) bool { return s.Name == name })
	if source < 0 {
		return 0, 0, false
	}
	column = slices.Index(data[source].Columns, col)
	return source, max(column, 0), column >= 0
}

// MainOrigin returns the URL of the main origin, or "".
func (m *Model) MainOrigin() string {
	if len(m.Origins) == 0 {
		return ""
	}
	return m.Origins[0].URL
}

// Starts returns when the recorded sessions began, as offsets from
// Recorded.Start in ascending order.
func (m *Model) Starts() []time.Duration {
	if len(m.Sessions) == 0 {
		return m.Recorded.Starts
	}
	starts := make([]time.Duration, len(m.Sessions))
	for i := range m.Sessions {
		starts[i] = m.Sessions[i].Start
	}
	return starts
}

// SessionLength returns the mean Length of the recorded sessions, 0 if there are none.
func (m *Model) SessionLength() time.Duration {
	sum := time.Duration(0)
	for i := range m.Sessions {
		sum += m.Sessions[i].Length()
	}
	return sum / time.Duration(max(1, len(m.Sessions)))
}

// Recorded returns how many flows of e were recorded.
func (e *Endpoint) Recorded() int {
	n := 0
	for i := range e.Variants {
		n += e.Variants[i].Recorded
	}
	return n
}

// RowColumns returns the names of the values that have recorded contents, in order:
// the columns of v.Rows.
func (v *Variant) RowColumns() []string {
	var names []string
	for i := range v.Values {
		if v.Values[i].InRows() {
			names = append(names, v.Values[i].Name)
		}
	}
	return names
}

// Takers returns the indices of the values whose content an act may take from a
// place of its own: those that are Bound or Own.
func (v *Variant) Takers() []int {
	var list []int
	for i := range v.Values {
		if v.Values[i].Kind == Bound || v.Values[i].Own {
			list = append(list, i)
		}
	}
	return list
}

// InRows reports whether rows of recorded values have a column for v.
func (v *Value) InRows() bool { return v.Kind == Row || v.Own }
