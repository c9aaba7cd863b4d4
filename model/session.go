package model

import "time"

// A Session is a recorded session: who came when and did what.
type Session struct {
	User     string        // who came, such as "u1"; all sessions of one user have the same name
	Behavior string        // the type of user; "": none
	Browser  string        // name of a browser; "": drawn by weight
	Account  []Field       // the rows of data files that the user had; empty: not known
	Start    time.Duration // from Recorded.Start
	Acts     []Act         // by the time at which they began

	// Entry are acts that come before the others, one after the other: how the user gets in.
	// The user was in already when the recording began. So they are those of another
	// session, and no part of what was recorded of this one. They refer to each other alone;
	// an act with a recorded credential of its own sends what the entry was given.
	Entry []Act

	// Begun says that the session perhaps began before the recording, and that nothing
	// shows how its user got in.
	Begun bool
}

// Length returns how long the session lasts if answers take no time.
func (s *Session) Length() (last time.Duration) {
	due := make([]time.Duration, len(s.Acts))
	for i := range s.Acts {
		from := time.Duration(0)
		for _, k := range s.Acts[i].After {
			from = max(from, due[k])
		}
		due[i] = from + s.Acts[i].Delay
		last = max(last, due[i])
	}
	return last
}

// A Field is a value of a row of a data file. Fields of one file together say which row
// is meant: the first that has all of them.
type Field struct {
	Ref   string // FILE.COLUMN, as in a Value
	Value string
}

// An Act is one recorded request of a session, and what it waited for.
//
// It is due Delay after the end of the last of the acts in After, or after the
// start of the session where After is empty. Acts that wait for the same run
// side by side.
//
// Acts with one number in Poll send one request again and again, until its answer is
// what the last of them expects. In a replay it may come earlier or later than in the
// recording. Then the acts that are left over are not made, or the last is repeated.
type Act struct {
	Endpoint string
	Variant  string
	After    []int // indices of earlier acts, ascending, without those that others imply
	Delay    time.Duration
	Step     string // ID of the step that begins with the act; "": it loads beside the step before it
	Strand   string // name of the socket, stream or poller; "": none
	Conn     int    // connection within the session, from 1; 0: any
	Row      int    // line of the variant's Rows, from 1; 0: any
	Status   int    // of the recorded answer; 0: any that the check of the endpoint allows
	Outcome  string // name of the expected Outcome of the endpoint; "": the endpoint's Check and Status
	Poll     int    // number, within the session, of the loop that the act belongs to, from 1; 0: none
	Echoes   []Echo // what the answer shows of earlier acts
	Takes    []Take // one for each of the variant's Takers, in their order; nil: Latest for all
}

// A Take says where an act has the content of one of its values from: match Match
// of selector Source in the answer of the act with index Act.
type Take struct {
	Act    int // index of an earlier act of the session, or Own or Latest
	Source int // index in the Sources of the binding
	Match  int // which of the selector's matches, from 0

	// Element is the number of the Element that the value is of, from 1: in another answer
	// the one like it counts, wherever it stands. 0: nothing tells it from the others.
	Element int
}

// Values of Take.Act where no act is named.
const (
	Own    = -1 // the recorded value of this act: the one in its row
	Latest = -2 // what the value's kind says, such as the latest answer that issued it
)

// An Echo is a text that an earlier act of the session sent and that the answer of this one
// shows: what the user wrote is there.
type Echo struct {
	Act   int    // index of the earlier act
	Place string // of the text in its request, in the syntax of content.Spans

	// Room says that others write there too: their texts, so many or more, may stand where
	// this one did. 0: nobody else does.
	Room int
}
