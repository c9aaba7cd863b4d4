package faithful

// A Session counts what one session does while it does it. The zero value is one that
// begins.
type Session struct {
	work     Work
	waiting  uint64 // requests that are ready and not over
	underWay uint64 // of these: sent
	peak     uint64 // the most that were ready and not over
}

// Ready counts a request that has become ready: it waits for nothing but its time. It
// returns how many requests of the session are ready or under way, this one included.
func (s *Session) Ready() uint64 {
	s.waiting++
	return s.waiting
}

// Send counts a request that is about to be sent. ready is what Ready returned for it.
func (s *Session) Send(ready uint64) {
	s.underWay++
	s.work.Sent++
	s.work.UnderWay += s.underWay
	s.work.Ready += ready
	s.peak = max(s.peak, ready)
	if ready == 1 {
		s.work.Alone++
	}
}

// Drop takes back a request that was ready and will not be sent.
func (s *Session) Drop() { s.waiting-- }

// Again counts a request whose answer makes the session send it once more. The last one
// counts as a step.
func (s *Session) Again() {
	s.waiting--
	s.underWay--
}

// Spare counts a step that needs no request, since an earlier one had the answer that it
// was for. write says whether that would have been a write.
func (s *Session) Spare(write bool) {
	s.work.Due++
	s.work.Done++
	if write {
		s.work.WritesDue++
		s.work.Writes++
	}
}

// Over counts a request that is over: whether it was sent, whether it was a write, and
// whether it had its recorded outcome.
func (s *Session) Over(sent, write, ok bool) {
	s.waiting--
	if sent {
		s.underWay--
	}
	s.work.Due++
	if ok {
		s.work.Done++
	}
	if write {
		s.work.WritesDue++
	}
	if write && ok {
		s.work.Writes++
	}
}

// Undo takes back a write that was over and had its recorded outcome: a later answer shows
// that nothing came of it.
func (s *Session) Undo() {
	s.work.Done--
	s.work.Writes--
}

// Work is what the session has done. cut says that the end of the run cut it short: what
// came due in it then says nothing.
func (s *Session) Work(cut bool) Work {
	w := s.work
	w.Peaks = s.peak
	if cut {
		w.Peaks = 0
		w.Due, w.Done, w.WritesDue, w.Writes = 0, 0, 0, 0
	}
	return w
}
