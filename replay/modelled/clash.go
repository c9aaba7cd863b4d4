package modelled

import (
	"container/heap"
	"iter"
	"slices"
	"time"
)

// maxBegun is how many sessions of a plan are looked at for clashes: the first so many.
const maxBegun = 1_000_000

// A clash says how many sessions have the row of a data file that another user has at
// the same time.
type clash struct {
	file, kind string // as of kindUsed.text
	sessions   uint64 // that use a row of the file
	inUse      uint64 // of these
}

// allClashes counts, for each data file and kind of rows, the sessions whose row is in use
// when they begin. at returns when session i of the plan arrives, or user i. A session lasts as
// long as its recorded pauses: answers take no time. Walks are not looked at.
func (s *source) allClashes(at func(i uint64) (time.Duration, bool)) (list []clash) {
	if s.walks {
		return nil
	}
	pace := s.plan.Speed
	if pace == 0 {
		pace = 1
	}
	lengths := make([]time.Duration, len(s.sessions))
	for i := range s.sessions {
		lengths[i] = max(time.Millisecond, time.Duration(float64(s.sessions[i].Length())/pace))
	}
	for file := range s.data {
		if slices.ContainsFunc(s.accounts[file].owners, func(o *owner) bool { return o != nil }) {
			list = append(list, s.clashes(file, s.begun(lengths, at), lengths)...)
		}
	}
	return list
}

// clashes counts those of one file.
func (s *source) clashes(file int, begun iter.Seq2[time.Duration, uint64], lengths []time.Duration) []clash {
	type use struct {
		until time.Duration
		by    holder
	}
	uses := make(map[int]use)
	list := make([]clash, len(s.accounts[file].kinds))
	for i, k := range s.accounts[file].kinds {
		list[i] = clash{file: s.data[file].Name, kind: k.text}
	}
	for at, session := range begun {
		track, copy := s.recorded(session)
		o := s.accounts[file].owners[track]
		if o == nil {
			continue
		}
		c := &list[slices.Index(s.accounts[file].kinds, o.kind)]
		c.sessions++
		by := s.holder(o, copy, session)
		row, now := by.row(), use{at + lengths[track], by}
		if before, had := uses[row]; had && before.until > at && before.by != by {
			c.inUse++
			now.until = max(now.until, before.until)
		}
		uses[row] = now
	}
	return list
}

// begun yields the sessions of the plan as they begin.
func (s *source) begun(lengths []time.Duration, arrives func(i uint64) (time.Duration, bool)) iter.Seq2[time.Duration, uint64] {
	end := s.plan.Duration
	over := func(at time.Duration, number uint64) bool { return end > 0 && at >= end || number >= maxBegun }
	users := uint64(s.plan.Users)
	if users == 0 {
		return func(yield func(time.Duration, uint64) bool) {
			for i := uint64(0); ; i++ {
				if at, ok := arrives(i); !ok || over(at, i) || !yield(at, i) {
					return
				}
			}
		}
	}
	return func(yield func(time.Duration, uint64) bool) {
		var next turns
		for u := range users {
			if at, ok := arrives(u); ok && !over(at, u) {
				next = append(next, userTurn{at, u})
			}
		}
		heap.Init(&next)
		for len(next) > 0 {
			t := next[0]
			if !yield(t.at, t.session) {
				return
			}
			track, _ := s.recorded(t.session)
			t.at += lengths[track]
			t.session += users
			if s.plan.Sessions > 0 && t.session/users >= uint64(s.plan.Sessions) || over(t.at, t.session) {
				heap.Pop(&next)
				continue
			}
			next[0] = t
			heap.Fix(&next, 0)
		}
	}
}

// A userTurn is the next session of a user of a closed plan.
type userTurn struct {
	at      time.Duration
	session uint64
}

// turns orders the next sessions of users by time, then by number.
type turns []userTurn

func (t turns) Len() int { return len(t) }
func (t turns) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].session < t[j].session
}
func (t turns) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *turns) Push(x any)   { *t = append(*t, x.(userTurn)) }
func (t *turns) Pop() any {
	old := *t
	x := old[len(old)-1]
	*t = old[:len(old)-1]
	return x
}
