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

// mostPosted bounds the texts of a place that are remembered.
const mostPosted = 64

// A board is a place where several users write: the texts that were sent from there last.
type board struct {
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

// full reports whether a body shows so many texts of the board beside one.
func (b *board) full(body []byte, beside string, room int) bool {
	b.mu.Lock()
	marks := slices.Clone(b.marks)
	b.mu.Unlock()
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

// boards are those of the echoes that have to share their room.
func boards(sessions []model.Session) map[spot]*board {
	all := map[spot]*board{}
	for i := range sessions {
		acts := sessions[i].Acts
		for k := range acts {
			for _, e := range acts[k].Echoes {
				if e.Room > 0 {
					all[spot{acts[e.Act].Endpoint, e.Place}] = &board{}
				}
			}
		}
	}
	return all
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
	undone   bool              // a later answer did not show it
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

// unshown returns the first text that a good answer should show and does not.
func unshown(list []wanted, resp *flow.Response, doc *content.Doc) *wanted {
	if len(list) == 0 || resp.Status/100 != 2 || doc.Cut() {
		return nil
	}
	body := doc.Body()
	for i := range list {
		x := &list[i]
		if mark := x.of.marks[x.place]; !echo.Shows(body, mark) && (x.room == 0 || !x.board.full(body, mark, x.room)) {
			return x
		}
	}
	return nil
}
