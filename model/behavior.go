package model

// End is the name that ends a session where a step would stand.
const End = "end"

// LoadsAtOnce is how many loads of a page run at the same time when the page does
// not say. It is what browsers do over HTTP/1.1.
const LoadsAtOnce = 6

// A Behavior is one type of user: a graph of steps.
type Behavior struct {
	Name     string
	Weight   float64 // share of sessions, 0 to 1; weights of all behaviors sum to 1
	Sessions int     // recorded
	Apart    Apart   // what made the sessions
	Start    []Edge  // to the first step
	Steps    []Step
}

// Apart says what makes sessions that are not those of users. "" means that users do.
type Apart string

// What is apart from the users.
const (
	ApartRobot  Apart = "robot"  // a crawler or scanner
	ApartPoller Apart = "poller" // a health check or a monitor
)

// OfUsers reports whether b is a type of user: no robot and no poller, unless a person has
// given it a weight.
func (b *Behavior) OfUsers() bool { return b.Apart == "" || b.Weight > 0 }

// A Step is a node of a behavior: what the user does there, and where the user
// goes next. Exactly one of Page, Group, Open, Close and Pause says what the
// user does. One endpoint may stand in several steps.
type Step struct {
	ID    string // unique within the behavior
	Page  *Page  // a request, and what loads beside it
	Group []Page // pages requested at the same time; the step is over when all are answered
	Open  *Strand
	Close string // ends the strand of that name
	Pause *Think // how long the user does nothing
	Next  []Edge // odds sum to 1
}

// A Page is a request and what loads beside it. A page without loads is a plain
// request.
type Page struct {
	Endpoint string
	Loads    []Load // in the order in which they begin
	AtOnce   int    // the most loads that run at the same time; 0: LoadsAtOnce
}

// A Load is a request that the answer of a page leads to, such as an image.
type Load struct {
	Endpoint string
	Share    float64 // share of the visits to the page that load it, 0 to 1
	Delay    Think   // from the end of the page's answer
}

// A Strand is a sequence of requests that runs beside the other steps of its
// session, until a step closes it or the session ends: a stream of one request,
// or, with an interval, a poller. Opening a strand that is open does nothing.
type Strand struct {
	Name     string
	Endpoint string
	Every    Think // from the end of an answer to the next request of a poller; zero: a stream
}

// An Edge leads to a step.
type Edge struct {
	To    string // ID of a step, or End
	Odds  float64
	Think Think
}

// pages returns the pages that s requests.
func (s *Step) pages() []Page {
	if s.Page != nil {
		return []Page{*s.Page}
	}
	return s.Group
}

// Endpoints returns the endpoints that every visit of s sends a request to. The
// loads that only some visits make are left out.
func (s *Step) Endpoints() []string {
	var names []string
	for _, p := range s.pages() {
		names = append(names, p.Endpoint)
		for i := range p.Loads {
			if p.Loads[i].Share >= 1 {
				names = append(names, p.Loads[i].Endpoint)
			}
		}
	}
	if s.Open != nil {
		names = append(names, s.Open.Endpoint)
	}
	return names
}
