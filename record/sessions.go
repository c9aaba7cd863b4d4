package record

import (
	"container/list"
	"time"
)

// A fate is what was decided for a session.
type fate uint8

const (
	fateUnknown fate = iota // new
	fateKept                // its flows are taken in while there is room
	fateShed                // its flows are shed until it is over
	fateCut                 // so, and those that are queued as well
)

const (
	maxSessions = 1 << 16          // remembered; beyond it the one unseen for longest is forgotten
	sessionIdle = 30 * time.Minute // after which a session counts as over
)

// sessions remembers the fate of the sessions seen last.
type sessions struct {
	byKey map[uint64]*list.Element
	order list.List // of *session, the one seen last in front
}

type session struct {
	key  uint64
	fate fate
	seen time.Time
}

// fate returns what was decided for a session that is not over.
func (s *sessions) fate(key uint64, now time.Time) fate {
	e, ok := s.byKey[key]
	if !ok {
		return fateUnknown
	}
	v := e.Value.(*session)
	if now.Sub(v.seen) > sessionIdle {
		s.order.Remove(e)
		delete(s.byKey, key)
		return fateUnknown
	}
	v.seen = now
	s.order.MoveToFront(e)
	return v.fate
}

func (s *sessions) decide(key uint64, f fate, now time.Time) {
	if e, ok := s.byKey[key]; ok {
		e.Value.(*session).fate = f
		return
	}
	if s.byKey == nil {
		s.byKey = map[uint64]*list.Element{}
	}
	if len(s.byKey) == maxSessions {
		last := s.order.Remove(s.order.Back()).(*session)
		delete(s.byKey, last.key)
	}
	s.byKey[key] = s.order.PushFront(&session{key: key, fate: f, seen: now})
}
