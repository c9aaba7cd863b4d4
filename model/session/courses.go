package session

import (
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"slices"

	"github.com/starling-load/starling/model/session/course"
	"github.com/starling-load/starling/model/session/spill"
)

// A batch is acts of the users of one source, in the order of start.
type batch struct {
	acts   []*course.Act
	places [][]uint64    // of the flows of each act, in the order of start of all
	latest map[int32]int // act of each user
}

// Bounds of the acts in memory, of one source and of all, and of what counts of each.
const (
	maxBatch = 1 << 12
	maxActs  = 1 << 16
	maxMarks = 12
)

// passes is how often habits are learned from the courses that they have led to.
const passes = 2

// settle looks for the likeliest courses of users of whom some acts may be of others. It
// returns the users of the flows that have another one then, by their place in the order
// of start.
func (w *visitors) settle(byStart, whose *spill.Sorter) (map[uint64]int32, error) {
	changes := map[uint64]int32{}
	if len(w.unsure) == 0 {
		return changes, nil
	}
	for range passes {
		h := course.NewHabits()
		err := w.batches(byStart, whose, changes, func(b *batch) {
			for _, c := range course.Of(b.acts) {
				h.Learn(c)
			}
		})
		if err != nil {
			return nil, err
		}
		w.even = 0
		if err := w.batches(byStart, whose, changes, func(b *batch) { w.change(h, b, changes) }); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// change settles the acts of a batch.
func (w *visitors) change(h *course.Habits, b *batch, changes map[uint64]int32) {
	before, fresh := make([]int32, len(b.acts)), map[int32]int32{}
	for i, a := range b.acts {
		before[i] = a.User
	}
	w.even += h.Settle(b.acts)
	for i, a := range b.acts {
		if a.User < 0 {
			if fresh[a.User] == 0 {
				fresh[a.User] = w.another(before[i], a.At)
			}
			a.User = fresh[a.User]
		}
		if a.User != before[i] {
			for _, place := range b.places[i] {
				changes[place] = a.User
			}
		}
	}
}

// another returns a new user of the source of another one.
func (w *visitors) another(like int32, first int64) int32 {
	at := int32(len(w.list))
	w.list = append(w.list, visitor{key: w.list[like].key, first: first, basis: byOrder})
	w.user = append(w.user, at)
	return at
}

// batches calls look with the acts of the sources that have users of whom some acts may be
// of others.
func (w *visitors) batches(byStart, whose *spill.Sorter, changes map[uint64]int32, look func(*batch)) error {
	w.loads.next = 0
	open, acts := map[uint32]*batch{}, 0
	flush := func(key uint32) {
		look(open[key])
		acts -= len(open[key].acts)
		delete(open, key)
	}
	next, stop := iter.Pull2(whose.Sorted())
	defer stop()
	place := uint64(0)
	for b, err := range byStart.Sorted() {
		entry, whoseErr, _ := next()
		if err = errors.Join(err, whoseErr); err != nil {
			return err
		}
		r := parseRecord(b)
		w.now = w.loads.of(&r)
		who := w.whose(entry, place, changes)
		if key := w.list[who].key; w.unsure[key] {
			if open[key] == nil {
				open[key] = &batch{latest: map[int32]int{}}
			}
			if w.take(open[key], &r, who, place) {
				acts++
			}
			if len(open[key].acts) == maxBatch {
				flush(key)
			} else if acts == maxActs {
				flush(slices.MaxFunc(slices.Sorted(maps.Keys(open)), func(a, b uint32) int { return len(open[a].acts) - len(open[b].acts) }))
			}
		}
		place++
	}
	for _, key := range slices.Sorted(maps.Keys(open)) {
		flush(key)
	}
	return nil
}

// whose returns the user of the flow at a place, of which entry says the visitor.
func (w *visitors) whose(entry []byte, place uint64, changes map[uint64]int32) int32 {
	if other, changed := changes[place]; changed {
		return other
	}
	return w.user[binary.BigEndian.Uint32(entry[8:])]
}

// take adds a flow to a batch: to the act of its user that it was loaded for, or as one
// more act.
func (w *visitors) take(b *batch, r *record, who int32, place uint64) (more bool) {
	at, known := b.latest[who]
	if more = !known || r.is&page != 0 || r.is&(cold|warm|style) == 0; more {
		at = len(b.acts)
		b.latest[who] = at
		b.acts, b.places = append(b.acts, w.begun(r, who)), append(b.places, nil)
	}
	a := b.acts[at]
	a.Done = max(a.Done, r.start+int64(r.done))
	switch {
	case r.is&page != 0:
	case r.is&cold != 0 && len(a.Fetched) < maxMarks:
		a.Fetched = append(a.Fetched, r.target)
	case r.is&warm != 0 && len(a.Had) < maxMarks:
		a.Had = append(a.Had, r.target)
	}
	if l := &w.carriers.list[r.carrier]; r.carrier != 0 && l.flows > 1 && !w.carriers.list[w.stands(r.carrier)].pooled {
		a.Use(course.Line{Number: r.carrier, Busy: r.start + int64(r.done), Last: l.last})
	}
	b.places[at] = append(b.places[at], place)
	return more
}

// begun returns the act that begins with a flow.
func (w *visitors) begun(r *record, who int32) *course.Act {
	c, root := &w.carriers.list[w.stands(r.carrier)], w.Thread(r.node)
	alone := r.carrier != 0 && !c.pooled
	if root == 0 && alone {
		root = c.roots[0]
	}
	a := &course.Act{At: r.start, Shape: r.shape, Target: r.target, From: r.referer, Page: r.is&page != 0, User: who, Named: w.Who(w.Thread(r.node)) != 0}
	switch {
	case root != 0:
		a.Anchor = 1<<32 | uint64(root)
	case alone:
		a.Anchor = uint64(w.stands(r.carrier))
	}
	a.Opens = alone && w.carriers.list[r.carrier].since == r.start
	for _, m := range w.loads.had(r, &w.now) {
		if len(a.Had) < maxMarks {
			a.Had = append(a.Had, m)
		}
	}
	return a
}
