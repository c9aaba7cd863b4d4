package exchange

import "github.com/starling-load/starling/record/capture/tcp"

// makeRoom ends the oldest stream whose end may be in a hole.
func (l *h2) makeRoom(at int64) bool {
	for _, s := range l.sorted() {
		if s.x == nil || s.holed[tcp.FromClient] || s.holed[tcp.FromServer] {
			l.finish(s, at)
			return true
		}
	}
	return false
}

// shed counts a request that there is no memory for.
func (l *h2) shed(at int64) {
	l.p.o.Counts.FlowsShed.Add(1)
	l.p.losses.add(lossMemory, at, loss{flows: 1})
}

// skipTo counts the requests between the last one and this one. Clients use every odd
// number, so the requests between were in a hole.
func (l *h2) skipTo(id uint32, at int64) {
	from, side := l.last+2, &l.sides[tcp.FromClient]
	l.last = id
	if l.first == 0 {
		l.first = id
		return
	}
	most := min(side.missing/(frameHeadSize+1), maxOrphans)
	for ; from < id && most > 0; from, most = from+2, most-1 {
		if l.streams[from] == nil && len(l.streams) < maxStreams {
			l.streams[from] = &h2stream{id: from}
			l.streams[from].holed[tcp.FromServer] = l.sides[tcp.FromServer].holed
			l.lostRequest(at)
		}
	}
	side.missing = 0
}

// orphan begins a stream whose request was not seen. It returns nil for a stream that is
// over already.
func (l *h2) orphan(id uint32, list h2head, at int64) *h2stream {
	unseen := id > l.last || id < l.first || l.first == 0
	if id%2 == 0 {
		unseen = l.sides[tcp.FromServer].holed
	}
	if !unseen || len(l.streams) >= maxStreams && !l.makeRoom(at) {
		return nil
	}
	s := &h2stream{id: id}
	l.streams[id] = s
	l.lostRequest(at)
	return s
}

// lostRequest declares a request that was not seen.
func (l *h2) lostRequest(at int64) {
	l.p.o.Counts.RequestsLost.Add(1)
	kind := lossUnparsed
	switch {
	case l.p.c.MidStream:
		kind = lossStart
	case l.sides[tcp.FromClient].holed, l.sides[tcp.FromServer].holed:
		kind = lossGap
	}
	l.p.losses.add(kind, at, loss{flows: 1})
}

// lostResponse counts a response that was not seen, once for each stream.
func (l *h2) lostResponse(s *h2stream) {
	if !s.lost {
		s.lost = true
		l.p.o.Counts.ResponsesLost.Add(1)
	}
}
