package trail

import "math"

// A Step is a request that a reader may have sent, with what is known of the reader at
// that moment. The request is for a page, or for something else that no page shows.
type Step struct {
	Age      int64 // time since the reader's last page or act, in nanoseconds
	Comes    bool  // the request says which page it comes from
	Loaded   bool  // the reader loaded that page
	Last     bool  // it is the last one that the reader loaded
	Same     bool  // the reader asks for the last page again
	Again    bool  // or for an earlier one
	Refers   bool  // the last page refers to what is asked for
	Likewise bool  // the reader began in this way, with nothing kept
	Overlap  bool  // an answer to the reader is still under way
	Alone    bool  // address and program are one reader's
	Shown    bool  // the reader's requests say who sends them; this one does not
	Quick    bool  // a script may have sent it, which does not take a reader's time
	Beside   bool  // the reader has sent another one just now
	Asked    bool  // the last page has sent it before
	Named    bool  // the request gives its sender a name, which the reader has not

	Known, Lacked, Twice int // assets that the reader keeps and had, lacks and had, keeps and fetched
}

// What speaks for a reader who is there, beside that of trails.
const (
	together = 2.0  // scripts send several requests at once
	hidden   = -6.0 // a client shows what names it
	repeated = -3.0
	anew     = -4.0
	usually  = 0.3 // each asset that is kept: most readers keep most of them
)

// Assets are enough when more of them do not change the odds.
const (
	EnoughKnown  = 14
	EnoughLacked = 3
)

// Gain is how much the odds can grow by what clients keep.
const Gain = was + rarest

// Odds is what speaks for the reader rather than for a new one, as the logarithm of how
// many times likelier it is.
func (s *Step) Odds(p *Pace) float64 {
	odds := goesOn + s.pace(p)
	if s.Likewise {
		return odds + likewise + twice*float64(min(times, s.Twice))
	}
	for _, x := range [...]struct {
		holds bool
		odds  float64
	}{
		{s.Alone, alone}, {s.Loaded, came}, {s.Comes && !s.Loaded, notCame}, {s.Last, just},
		{s.Same, same}, {s.Again && !s.Same, again}, {s.Refers, refers}, {s.Overlap, overlap},
		{s.Shown, hidden}, {s.Beside, together}, {s.Asked, repeated}, {s.Known+s.Lacked > 0, was},
	} {
		if x.holds {
			odds += x.odds
		}
	}
	if s.Twice > 1 && !s.Comes { // nothing ties a client that fetches anew to the reader
		odds += anew
	}
	return odds + min(rarest, usually*float64(s.Known)) + lacked*float64(min(times, s.Lacked)) + twice*float64(min(times, s.Twice))
}

// pace is what the time speaks.
func (s *Step) pace(p *Pace) float64 {
	if s.Quick && s.Beside {
		return 0
	}
	return min(fastest, max(slowest, math.Log(p.Likely(s.Age, s.Named))))
}
