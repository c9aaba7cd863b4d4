package course

import (
	"slices"

	"github.com/starling-load/starling/model/session/identity"
)

// An Act is a request for a page or of a script, with what is loaded for it.
type Act struct {
	At, Done int64         // start, and end of all that belongs to it, in unix nanoseconds
	Shape    identity.Mark // what kind of request it is
	Target   identity.Mark
	From     identity.Mark // the page that it comes from; 0: it does not say
	Page     bool          // its user looks at it then

	Fetched []identity.Mark // what its client keeps from now on
	Had     []identity.Mark // what its client had before

	// Anchor says that something other than odds tells who sent it: all acts of an anchor
	// are of one user. 0: nothing does.
	Anchor uint64
	Named  bool // that is a name

	Opens bool   // its connection had no flow before
	Lines []Line // the connections of its own that it came over

	User int32 // who sent it, as far as it is known

	number int  // among those that are settled
	bound  bool // what the user did before its last act matters to it
}

// A Line is the use of a connection that one user has, for an act.
type Line struct {
	Number uint32
	Busy   int64 // end of what came over it for the act
	Last   int64 // start of the last flow on it ever
}

// A Course is the acts of one user, in the order of their start.
type Course []*Act

// Use notes that an act came over a connection.
func (a *Act) Use(l Line) {
	if len(a.Lines) < maxLines {
		a.Lines = use(a.Lines, l)
	}
}

// maxLines is the number of connections that a browser has to one site.
const maxLines = 6

// use adds a line to others.
func use(lines []Line, l Line) []Line {
	i := slices.IndexFunc(lines, func(old Line) bool { return old.Number == l.Number })
	if i < 0 {
		return append(lines, l)
	}
	lines[i].Busy = max(lines[i].Busy, l.Busy)
	return lines
}

// Of returns the courses in acts, which are in the order of their start. Those who come
// first are first.
func Of(acts []*Act) (courses []Course) {
	at := map[int32]int{}
	for _, a := range acts {
		n, known := at[a.User]
		if !known {
			n = len(courses)
			at[a.User] = n
			courses = append(courses, nil)
		}
		courses[n] = append(courses[n], a)
	}
	return courses
}

// Bounds of what is looked at of a course around one moment.
const (
	maxBefore = 12
	maxAfter  = 8
)

// A past is what is known of a user at a moment.
type past struct {
	last   *Act // nil: nothing yet
	page   identity.Mark
	loaded []identity.Mark
	has    map[identity.Mark]bool
}

func newPast() *past { return &past{has: map[identity.Mark]bool{}} }

// after makes a past that of a user after a course, of which the end counts.
func (p *past) after(before Course) {
	p.last, p.page, p.loaded = nil, 0, p.loaded[:0]
	clear(p.has)
	for _, a := range before[max(0, len(before)-maxBefore):] {
		p.add(a)
	}
}

func (p *past) add(a *Act) {
	p.last = a
	if a.Page {
		p.page = a.Target
		p.loaded = append(p.loaded, a.Target)
	}
	for _, m := range a.Fetched {
		p.has[m] = true
	}
	for _, m := range a.Had {
		p.has[m] = true
	}
}

// waits reports whether the user of an act has a connection that is idle when the next
// begins on a new one, and that is used later. A client would have used that one.
func (a *Act) waits(next *Act) bool {
	return next.Opens && slices.ContainsFunc(a.Lines, func(l Line) bool { return l.Busy <= next.At && l.Last > next.At })
}
