package echo

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A Session is the exchanges of a session, in the order of their start.
type Session struct{ Steps []Step }

// A Step is an exchange. Without an answer it shows nothing.
type Step struct {
	Flow     *flow.Flow
	Endpoint string
}

// Limits on what is looked at.
const (
	mostText    = 2_000     // bytes of a text
	mostTexts   = 32        // of a write
	mostBody    = 512 << 10 // bytes of an answer
	mostEchoes  = 4         // of a text of a write
	mostOthers  = 64        // texts of other sessions that an answer is searched for
	mostBefore  = 8         // answers of other sessions that must not have a text
	mostNear    = 256       // answers of the session before and after a write
	mostWritten = 4_096     // texts of a kind that are kept
)

// A kind is a place of the writes of an endpoint.
type kind struct{ endpoint, place string }

// A written text.
type written struct {
	mark    string
	at      time.Time // it was answered
	session int
}

// An echo that was found.
type echo struct {
	session, step int
	is            model.Echo
	of            kind
	mark          string
	target        uint64 // of the request that was answered
	others        int    // texts of other sessions in the same answer
	own           bool   // it keeps what users wrote, and shows them their own alone
}

// A Learner finds the echoes of sessions that come in parts. New makes one.
type Learner struct {
	steps   []int // of each session
	written map[kind][]written
	found   []echo
}

// New returns a Learner without sessions.
func New() *Learner { return &Learner{written: map[kind][]written{}} }

// Add adds sessions, those that began earlier first. Their flows are not needed
// afterwards.
func (l *Learner) Add(batch []Session) {
	b := newBatch(batch)
	first := len(l.steps)
	for i := range batch {
		l.steps = append(l.steps, len(batch[i].Steps))
		l.found = append(l.found, b.echoes(i, first+i, l.note)...)
	}
	for of, list := range l.written {
		slices.SortStableFunc(list, func(a, b written) int { return a.at.Compare(b.at) })
		l.written[of] = list[max(0, len(list)-mostWritten):]
	}
	for i := range l.found {
		if e := &l.found[i]; e.session >= first {
			e.others, e.own = l.others(e, b.body(e.session-first, e.step), batch[e.session-first].Steps[e.step].Flow.Start)
		}
	}
}

// note keeps a text that was written.
func (l *Learner) note(of kind, w written) {
	l.written[of] = append(l.written[of], w)
}

// others returns how many texts of other sessions, of the kind of an echo, an answer shows
// that began at an instant. own says that there were such texts, and that it shows another
// text of its own session instead: it keeps more than the last, and those of others were
// never in it.
func (l *Learner) others(e *echo, body []byte, began time.Time) (n int, own bool) {
	list := l.written[e.of]
	end, _ := slices.BinarySearchFunc(list, began, func(w written, t time.Time) int { return w.at.Compare(t) })
	there := false
	for _, w := range list[max(0, end-mostOthers):end] {
		switch {
		case w.session != e.session:
			there = true
			n += Count(body, w.mark, mostOthers)
		case w.mark != e.mark && Shows(body, w.mark):
			own = true
		}
	}
	return n, own && there && n == 0
}

// Result returns, by session and step, what answers show.
func (l *Learner) Result() [][][]model.Echo {
	out := make([][][]model.Echo, len(l.steps))
	for i, n := range l.steps {
		out[i] = make([][]model.Echo, n)
	}
	type place struct {
		of     kind
		target uint64
	}
	writers := map[place]int{} // 1 + the session that wrote there; -1: several
	own, shared := map[place]bool{}, map[place]bool{}
	for i := range l.found {
		e := &l.found[i]
		at := place{e.of, e.target}
		if by := writers[at]; by == 0 {
			writers[at] = e.session + 1
		} else if by != e.session+1 {
			writers[at] = -1
		}
		own[at], shared[at] = own[at] || e.own, shared[at] || e.others > 0
	}
	for i := range l.found {
		e := &l.found[i]
		if at := (place{e.of, e.target}); shared[at] || writers[at] < 0 && !own[at] {
			e.is.Room = e.others + 1
		}
		out[e.session][e.step] = append(out[e.session][e.step], e.is)
	}
	return out
}

// A batch is sessions whose answers are at hand.
type batch struct {
	sessions []Session
	at       map[string][][2]int // session and step of the exchanges of each endpoint

	of     int            // the session whose answers are in bodies
	bodies map[int][]byte // by step; nil: nothing is shown
}

func newBatch(sessions []Session) *batch {
	b := &batch{sessions: sessions, at: map[string][][2]int{}, of: -1}
	for i := range sessions {
		for k := range sessions[i].Steps {
			name := sessions[i].Steps[k].Endpoint
			b.at[name] = append(b.at[name], [2]int{i, k})
		}
	}
	return b
}

// body returns the text of an answer, nil if it shows nothing.
func (b *batch) body(session, step int) []byte {
	if b.of != session {
		b.of, b.bodies = session, map[int][]byte{}
	}
	text, known := b.bodies[step]
	if !known {
		text = shown(b.sessions[session].Steps[step].Flow)
		b.bodies[step] = text
	}
	return text
}

// shown returns what an answer shows.
func shown(f *flow.Flow) []byte {
	r := f.Response
	if r == nil || r.Status/100 != 2 || r.Body.Size > mostBody {
		return nil
	}
	d := content.New(r)
	switch media := d.Media(); {
	case !d.IsText(), media == "text/css", strings.HasSuffix(media, "javascript"), media == "text/event-stream":
		return nil
	}
	if body := d.Body(); len(body) <= mostBody {
		return body
	}
	return nil
}

// echoes returns those of a session, whose number is given, and notes what it wrote.
func (b *batch) echoes(session, number int, note func(kind, written)) []echo {
	steps := b.sessions[session].Steps
	var found []echo
	for w := range steps {
		f := steps[w].Flow
		if !content.Writes(&f.Request) || f.Response == nil || f.Response.Status < 200 || f.Response.Status >= 400 {
			continue
		}
		over := f.Start.Add(f.Answered())
		for _, t := range Texts(&f.Request) {
			if b.hadBefore(session, w, t.Mark) {
				continue
			}
			of := kind{steps[w].Endpoint, t.Place}
			note(of, written{t.Mark, over, number})
			for _, r := range b.showing(session, w, over, t.Mark) {
				if !b.elsewhere(session, steps[r].Endpoint, f.Start, t.Mark) {
					found = append(found, echo{session: number, step: r, is: model.Echo{Act: w, Place: t.Place}, of: of, mark: t.Mark, target: hashOf(steps[r].Flow.URL())})
				}
			}
		}
	}
	return found
}

// A Text is one that a request writes.
type Text struct {
	Place string // selector of content.Spans
	Mark  string
}

// Texts returns the texts in the body of a request, each once.
func Texts(r *flow.Request) []Text {
	var list []Text
	for _, s := range content.Spans(r) {
		if !strings.HasPrefix(s.Selector, "body:") || len(s.Value) > mostText || len(list) == mostTexts {
			continue
		}
		mark := Mark(s.Value)
		if mark != "" && !slices.ContainsFunc(list, func(t Text) bool { return t.Mark == mark }) {
			list = append(list, Text{s.Selector, mark})
		}
	}
	return list
}

// hadBefore reports whether an answer to what the session sent before a write had a mark.
func (b *batch) hadBefore(session, write int, mark string) bool {
	steps := b.sessions[session].Steps
	for k := max(0, write-mostNear); k < write && steps[k].Flow.Start.Before(steps[write].Flow.Start); k++ {
		if Shows(b.body(session, k), mark) {
			return true
		}
	}
	return false
}

// showing returns the steps, sent after a write and an instant, whose answers have a mark:
// of each endpoint the first.
func (b *batch) showing(session, write int, after time.Time, mark string) (list []int) {
	steps := b.sessions[session].Steps
	for k := write + 1; k < min(len(steps), write+1+mostNear) && len(list) < mostEchoes; k++ {
		if steps[k].Flow.Start.Before(after) || !Shows(b.body(session, k), mark) {
			continue
		}
		if !slices.ContainsFunc(list, func(r int) bool { return steps[r].Endpoint == steps[k].Endpoint }) {
			list = append(list, k)
		}
	}
	return list
}

// elsewhere reports whether an endpoint showed other sessions a mark before an instant.
func (b *batch) elsewhere(session int, endpoint string, before time.Time, mark string) bool {
	looked := 0
	for _, at := range b.at[endpoint] {
		if at[0] == session || !b.sessions[at[0]].Steps[at[1]].Flow.Start.Before(before) {
			continue
		}
		if Shows(shown(b.sessions[at[0]].Steps[at[1]].Flow), mark) {
			return true
		}
		if looked++; looked == mostBefore {
			break
		}
	}
	return false
}

// hashOf is a number that hardly another URL has.
func hashOf(url string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(url)) // cannot fail
	return h.Sum64()
}
