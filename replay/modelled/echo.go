package modelled

import (
	"slices"
	"sync"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/echo"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
)

// Bounds of the texts of a place that are remembered.
const (
	mostPosted = 64
	mostOthers = 256 // that users of other replayers may send
)

// A board is a place where several users write: the texts that were sent from there last.
//
// Where several replayers share the plan, each knows only what its own users sent. Users of
// the others send what was recorded, unless they make something new. So a list that does not
// show a text has to show some of the recorded ones, or nothing can be said of it.
type board struct {
	others []string // what users of other replayers may have sent
	hidden bool     // they may also send texts that are not known here

	mu    sync.Mutex
	marks []string
}

func (b *board) post(mark string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.Contains(b.marks, mark) {
		return
	}
	if len(b.marks) == mostPosted {
		b.marks = b.marks[1:]
	}
	b.marks = append(b.marks, mark)
}

// full reports whether a body shows, or may show, so many texts of the board beside one.
func (b *board) full(body []byte, beside string, room int) bool {
	if b.hidden {
		return true
	}
	b.mu.Lock()
	marks := slices.Clone(b.marks)
	b.mu.Unlock()
	for _, mark := range b.others {
		if !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	}
	n := 0
	for _, mark := range marks {
		if mark != beside && n < room {
			n += echo.Count(body, mark, room-n)
		}
	}
	return n >= room
}

// A spot is a place of the requests to an endpoint.
type spot struct{ endpoint, place string }

// compileBoards returns those of the echoes that have to share their room.
func (s *source) compileBoards() map[spot]*board {
	all := map[spot]*board{}
	for i := range s.sessions {
		acts := s.sessions[i].Acts
		for k := range acts {
			for _, e := range acts[k].Echoes {
				if at := (spot{acts[e.Act].Endpoint, e.Place}); e.Room > 0 && all[at] == nil {
					all[at] = &board{}
				}
			}
		}
	}
	if s.plan.Replayers <= 1 || len(all) == 0 {
		return all
	}
	for i := range s.sessions {
		for k := range s.sessions[i].Acts {
			s.postOthers(all, &s.sessions[i].Acts[k])
		}
	}
	return all
}

// postOthers notes what users of other replayers send who make an act.
func (s *source) postOthers(boards map[spot]*board, a *model.Act) {
	var texts []echo.Text
	for at, b := range boards {
		if at.endpoint != a.Endpoint || b.hidden {
			continue
		}
		if texts == nil {
			texts = s.recordedTexts(a)
		}
		i := slices.IndexFunc(texts, func(t echo.Text) bool { return t.Place == at.place })
		switch {
		case i < 0 || len(b.others) == mostOthers:
			b.hidden = true
		case !slices.Contains(b.others, texts[i].Mark):
			b.others = append(b.others, texts[i].Mark)
		}
	}
}

// recordedTexts are those that an act sends in every replay: no value in them is a live one.
func (s *source) recordedTexts(a *model.Act) []echo.Text {
	v := s.variantOf(a)
	if a.Row == 0 && len(v.rows) > 0 {
		return nil
	}
	texts := func(live string) []echo.Text {
		values := make([]string, len(v.values)+len(reservedHoles))
		for i := range values {
			if values[i] = live; i < len(v.values) && v.values[i].kind == model.Row {
				values[i] = recordedAt(&v.values[i], v.rows[a.Row-1])
			}
		}
		body := []byte(v.body.render(values))
		r := flow.Request{Method: v.method, Target: v.target.render(values), Body: flow.NewBody(body)}
		for _, h := range v.headers {
			r.Headers = append(r.Headers, flow.Header{Name: h.name, Value: h.template.render(values)})
		}
		return echo.Texts(&r)
	}
	one, other := texts("7481"), texts("2950")
	return slices.DeleteFunc(one, func(t echo.Text) bool { return !slices.Contains(other, t) })
}

// echoed returns, by act, the places of its request that later answers show.
func echoed(acts []model.Act) map[int][]string {
	var all map[int][]string
	for k := range acts {
		for _, e := range acts[k].Echoes {
			if !slices.Contains(all[e.Act], e.Place) {
				if all == nil {
					all = map[int][]string{}
				}
				all[e.Act] = append(all[e.Act], e.Place)
			}
		}
	}
	return all
}

// A wrote is what an act sent that later answers show.
type wrote struct {
	endpoint string
	marks    map[string]string // by place
	done     bool              // it had its recorded outcome
	shown    []string          // places that a later answer showed
	missed   []string          // places that a later answer should have shown, and did not
}

// write notes what an act is about to send.
func (t *taker) write(a *replay.Act, places []string) {
	w := &wrote{endpoint: a.Endpoint, marks: make(map[string]string, len(places))}
	for _, text := range echo.Texts(&a.Request.Request) {
		if !slices.Contains(places, text.Place) {
			continue
		}
		w.marks[text.Place] = text.Mark
		if b := t.source.boards[spot{a.Endpoint, text.Place}]; b != nil {
			b.post(text.Mark)
		}
	}
	t.wrote[a.ID] = w
}

// A wanted is a text that an answer must show.
type wanted struct {
	of    *wrote
	place string
	room  int
	board *board
}

// wanted returns what the answer to an act must show: what earlier acts have written.
func (t *taker) wanted(a *replay.Act, from *model.Act, idOf idOf) (list []wanted) {
	for _, e := range from.Echoes {
		id, made := idOf(a, e.Act)
		if w := t.wrote[id]; made && w != nil && w.done && w.marks[e.Place] != "" {
			list = append(list, wanted{w, e.Place, e.Room, t.source.boards[spot{w.endpoint, e.Place}]})
		}
	}
	return list
}

// look returns the first text that a good answer should show and does not, and what it shows.
func look(list []wanted, resp *flow.Response, doc *content.Doc) (missing *wanted, shown []*wanted) {
	if len(list) == 0 || resp.Status/100 != 2 || doc.Cut() {
		return nil, nil
	}
	body := doc.Body()
	for i := range list {
		x := &list[i]
		switch mark := x.of.marks[x.place]; {
		case echo.Shows(body, mark):
			shown = append(shown, x)
		case missing == nil && (x.room == 0 || !x.board.full(body, mark, x.room)):
			missing = x
		}
	}
	return missing, shown
}

// Undone returns the endpoints of the acts that had their recorded outcome, and of which
// answers of the session should have shown a text that none did.
func (t *taker) Undone() (endpoints []string) {
	for _, w := range t.wrote {
		if slices.ContainsFunc(w.missed, func(place string) bool { return !slices.Contains(w.shown, place) }) {
			endpoints = append(endpoints, w.endpoint)
		}
	}
	slices.Sort(endpoints)
	return endpoints
}
