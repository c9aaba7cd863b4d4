package learn

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/way"
)

// A Report says what a model was made from, what it holds and what was lost.
// Its JSON keys are stable.
type Report struct {
	Flows     int            `json:"flows"` // flows given
	Used      int            `json:"used"`  // flows learned from
	Sessions  int            `json:"sessions"`
	Users     int            `json:"users"`
	Types     []Type         `json:"types"`
	Endpoints []string       `json:"endpoints"`
	Bindings  []Found        `json:"bindings"`
	Lost      map[string]int `json:"lost"` // flows left out, by reason

	// RestsOn says in sentences what the users rest on, and how many there would be
	// by other evidence. It is empty if Options.Split is.
	RestsOn []string `json:"rests_on"`

	// Unresolved are the varying values that nothing explains.
	Unresolved []model.Unresolved `json:"unresolved"`

	// Data says of each data file whose rows were found in the recording how many these are.
	Data []Supply `json:"data"`

	parts      map[string]bool // endpoints that are parts of pages
	sampled    int             // sessions of the sample; 0: all
	others     string          // hosts whose flows are left out, with their numbers; "": none
	shortened  int             // pauses that were longer than a model can hold
	begun      int             // sessions that perhaps began before the recording, with nothing that shows how
	entries    way.Found       // what became of sessions whose users were in already
	accounts   []string        // what the columns of data files tell of kinds of users
	exceptions int             // steps whose answer was an exception, and that expect the usual one
}

// A Type is one type of user.
type Type struct {
	Name     string  `json:"name"`
	Weight   float64 `json:"weight"` // share of sessions, 0 to 1
	Sessions int     `json:"sessions"`
	Steps    int     `json:"steps"`           // endpoints visited by the type
	Apart    string  `json:"apart,omitempty"` // "robot", "poller": none of the users
}

// A Supply says how many rows of a data file recorded users had.
type Supply struct {
	File     string `json:"file"`           // without .csv
	With     string `json:"with,omitempty"` // the kind of rows, such as "role=admin"; "": all
	Recorded int    `json:"recorded"`       // rows of recorded users
	Rows     int    `json:"rows"`           // that there are
}

// Text says what the file is good for: each user of a replay has a row of its own up to so
// many times the recorded users.
func (s Supply) Text() string {
	with := ""
	if s.With != "" {
		with = " with " + s.With
	}
	if times := s.Rows / s.Recorded; times > 1 {
		return fmt.Sprintf("%s%s: recorded users had %d of %d rows; up to %d times as many users have rows of their own", s.File, with, s.Recorded, s.Rows, times)
	}
	return fmt.Sprintf("%s%s: recorded users had %d of %d rows; add rows before you replay more users than recorded", s.File, with, s.Recorded, s.Rows)
}

// Found is one binding with its evidence.
type Found struct {
	Name     string   `json:"name"`
	From     []string `json:"from"` // "ENDPOINT SELECTOR"
	Pick     string   `json:"pick,omitempty"`
	Uses     int      `json:"uses"`
	Match    float64  `json:"match"`             // ratio, 0 to 1
	Shuffled float64  `json:"shuffled"`          // ratio, 0 to 1
	Compared int      `json:"compared"`          // comparisons that Shuffled is a share of; 0: none
	RestsOn  string   `json:"rests_on"`          // model.Ground
	Refused  bool     `json:"refused,omitempty"` // by a person: nothing is bound to it
}

// describe fills in what m holds.
func (r *Report) describe(m *model.Model) {
	r.Types, r.Endpoints, r.Bindings, r.parts = []Type{}, []string{}, []Found{}, map[string]bool{}
	r.Data = append([]Supply{}, r.Data...)
	for _, b := range m.Behaviors {
		r.Types = append(r.Types, Type{b.Name, b.Weight, b.Sessions, len(b.Steps), string(b.Apart)})
	}
	for _, e := range m.Endpoints {
		r.Endpoints = append(r.Endpoints, e.Name)
		if e.Asset {
			r.parts[e.Name] = true
		}
	}
	for _, b := range m.Bindings {
		f := Found{Name: b.Name, Pick: b.Pick, Uses: b.Uses, Match: b.Match, Shuffled: b.Shuffled, Compared: b.Compared, RestsOn: string(b.RestsOn), Refused: b.Refused, From: []string{}}
		for _, s := range b.Sources {
			f.From = append(f.From, s.Endpoint+" "+s.Selector)
		}
		r.Bindings = append(r.Bindings, f)
	}
	r.Unresolved = append([]model.Unresolved{}, m.Unresolved...)
}

// reasons returns why flows were left out, sorted.
func (r *Report) reasons() []string {
	var out []string
	for why := range r.Lost {
		out = append(out, why)
	}
	slices.Sort(out)
	return out
}

// lost says in one clause what was left out, or "".
func (r *Report) lost() string {
	var parts []string
	for _, why := range r.reasons() {
		parts = append(parts, fmt.Sprintf("%d with %s", r.Lost[why], why))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// notes returns what was left out, for the model.
func (r *Report) notes() []string {
	const leastBegun = 0.05 // of the sessions; of fewer, a replay hardly notices
	var out []string
	if r.sampled > 0 {
		out = append(out, fmt.Sprintf("endpoints, and where values come from, are learned from %d of %d sessions, which show every kind of request", r.sampled, r.Sessions))
	}
	for _, why := range r.reasons() {
		out = append(out, fmt.Sprintf("left out: %d of %d flows: %s", r.Lost[why], r.Flows, why))
	}
	if r.exceptions > 0 {
		out = append(out, fmt.Sprintf("%d %s an error of the service, which was an exception: what other requests were answered is expected there", r.exceptions, plural(r.exceptions, "answer")+" told of"))
	}
	if r.shortened > 0 {
		out = append(out, fmt.Sprintf("%d %s shortened to %v, the longest that a model holds", r.shortened, plural(r.shortened, "pause"), model.MaxThink))
	}
	if n := r.entries.Entered; n > 0 {
		whose := ""
		if b := r.entries.Borrowed; b > 0 {
			whose = fmt.Sprintf(" (%d with the account of another user, since nothing tells theirs: learn with the accounts in a data file)", b)
		}
		out = append(out, fmt.Sprintf("%d of %d sessions are of users who had logged in before: a replay lets them in first, as other sessions do%s, and does not count that as recorded; what they had made before, such as a cart, is not there", n, r.Sessions, whose))
	}
	if float64(r.begun) > leastBegun*float64(r.Sessions) {
		out = append(out, fmt.Sprintf("%d of %d sessions perhaps began before the recording: what users did before, such as to log in, is not in it, and is missing in a replay; begin to record before they come, or record for longer", r.begun, r.Sessions))
	}
	if r.Sessions == 1 {
		out = append(out, "the recording has one session: only what looks issued, and what forms, documents and links say, is bound; record a second session")
	}
	out = append(out, r.accounts...)
	if r.others != "" {
		out = append(out, "other hosts are left out: "+r.others+"; name those that the target answers for as well: --host")
	}
	return out
}

// Text writes the report for people. The error is that of w.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s, %d learned from; %d %s of %d %s\n",
		r.Flows, plural(r.Flows, "flow"), r.Used, r.Sessions, plural(r.Sessions, "session"), r.Users, plural(r.Users, "user"))
	for _, line := range r.RestsOn {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	b.WriteString("\nuser types\n")
	for _, t := range r.Types {
		share := fmt.Sprintf("%5.1f %%", 100*t.Weight)
		if t.Apart != "" {
			share = "  apart"
		}
		fmt.Fprintf(&b, "  %s  %-32s %4d %s, %d %s\n", share, t.Name, t.Sessions, plural(t.Sessions, "session"), t.Steps, plural(t.Steps, "endpoint"))
	}
	if n := len(r.Types); n > 0 && r.Types[n-1].Apart != "" {
		b.WriteString("  those apart are no users: --scale plays them once, as recorded, whatever the number of users; --users and --rate do not\n")
	}
	fmt.Fprintf(&b, "\nendpoints (%d)\n", len(r.Endpoints))
	for _, e := range r.Endpoints {
		if len(r.parts) < 2 || !r.parts[e] {
			fmt.Fprintf(&b, "  %s\n", e)
		}
	}
	if len(r.parts) > 1 {
		fmt.Fprintf(&b, "  %d parts of pages, see model show --assets\n", len(r.parts))
	}
	fmt.Fprintf(&b, "\nbindings (%d)\n", len(r.Bindings))
	for _, f := range r.Bindings {
		shuffled, pick := fmt.Sprintf("%.2f", f.Shuffled), ""
		if because := model.Ground(f.RestsOn).Because(); because != "" {
			if f.Compared == 0 {
				shuffled = "-"
			}
			pick = "; " + because
		}
		if f.Pick != "" {
			pick += " (" + f.Pick + ")"
		}
		if f.Refused {
			pick += ", refused"
		}
		fmt.Fprintf(&b, "  %-24s %4d %s, match %.2f, shuffled %s%s\n", f.Name, f.Uses, plural(f.Uses, "use"), f.Match, shuffled, pick)
		for _, s := range f.From {
			fmt.Fprintf(&b, "    from %s\n", s)
		}
	}
	if len(r.Data) > 0 {
		b.WriteString("\ndata\n")
	}
	for _, s := range r.Data {
		fmt.Fprintf(&b, "  %s\n", s.Text())
	}
	r.unresolved(&b)
	notes := r.notes()
	for _, n := range notes {
		fmt.Fprintf(&b, "\nnote: %s", n)
	}
	if len(notes) > 0 {
		b.WriteByte('\n')
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the learning report: %w", err)
	}
	return nil
}

// unresolved lists the values that nothing explains.
func (r *Report) unresolved(b *strings.Builder) {
	if len(r.Unresolved) == 0 {
		return
	}
	fmt.Fprintf(b, "\nunresolved (%d): sent as recorded, although the target may expect other values\n", len(r.Unresolved))
	for _, u := range r.Unresolved {
		fmt.Fprintf(b, "  %s: %s  %s, %d %s\n", u.Endpoint, u.Place, u.Example, u.Requests, plural(u.Requests, "request"))
		fmt.Fprintf(b, "    %s\n", u.Reason)
		if u.Edit != "" {
			fmt.Fprintf(b, "    to do: %s\n", u.Edit)
		}
	}
}

// plural returns the name of n things: thing, with an ending if n is not 1.
func plural(n int, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}
