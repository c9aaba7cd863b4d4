package tcp

// A half is what is known of one direction of a connection.
type half struct {
	known bool   // next is set
	heard bool   // payload was seen, so next is more than an inference
	next  uint32 // the sequence number that is told next
	start uint32 // the first sequence number after the SYN, if known

	acks  bool   // acked is set
	acked uint32 // the other side has received everything before this

	ending bool   // FIN or RST was seen at end
	reset  bool   // it was RST
	end    uint32 // where the direction ends
	ended  bool   // End was told
	finGap bool   // the one missing byte at next counts as a FIN that the capture lacks

	pieces pieces
	wait   wait

	stray    bool   // a segment out of reach was seen,
	strayEnd uint32 // which ended here
}

// A wait is the time that a hole is given. Packets out of order may fill it.
type wait struct {
	on     bool
	proven bool   // nobody will send the missing bytes again; see hole
	mark   uint32 // the wait is for holes before this
	since  int64
	ticks  uint32
}

// begin sets where the direction starts. An end seen earlier belongs to another
// connection.
func (h *half) begin(seq uint32) {
	h.known, h.next, h.start = true, seq, seq
	h.ending, h.reset = false, false
}

// confirm takes an acknowledgment by the other side.
func (h *half) confirm(ack uint32) {
	switch {
	case !h.known:
		h.begin(ack)
		h.acks, h.acked = true, ack
	case !near(ack, h.next) && !(h.acks && near(ack, h.acked)):
	case !h.acks || after(ack, h.acked):
		h.acks, h.acked = true, ack
	}
}

// fits reports whether seq can belong to this direction.
func (h *half) fits(seq uint32) bool {
	return !h.known || near(seq, h.next) || h.acks && near(seq, h.acked)
}

// ready reports whether the first piece continues what was told.
func (h *half) ready() bool { return len(h.pieces) > 0 && h.pieces[0].seq == h.next }

// hole reports whether bytes are missing at next. proven means that nobody will send them
// again: the other side has received them, or this side has reset the connection.
func (h *half) hole() (missing, proven bool) {
	if !h.known || h.ended || h.ready() {
		return false, false
	}
	ahead := h.acks && after(h.acked, h.next)
	if len(h.pieces) == 0 && h.finGap && h.acked == h.next+1 {
		ahead = false
	}
	if h.ending && h.end == h.next {
		ahead = false // the FIN itself
	}
	beyond := len(h.pieces) > 0 || h.ending && h.end != h.next
	return ahead || beyond, ahead || beyond && h.reset
}

// lacks reports whether the other side, by its acknowledgment ack, has received more than
// was told.
func (h *half) lacks(ack uint32) bool {
	if h.ended || !h.known || !after(ack, h.next) || after(ack, h.acked) {
		return false
	}
	missing, _ := h.hole()
	return missing || h.ready()
}

// last returns the end of all bytes that are known to exist.
func (h *half) last() uint32 {
	end := h.next
	if h.acks {
		end = later(end, h.acked)
	}
	if n := len(h.pieces); n > 0 {
		end = later(end, h.pieces[n-1].end())
	}
	if h.ending {
		end = later(end, h.end)
	}
	return end
}

// watch starts, renews or stops the wait for the hole at next.
func (h *half) watch(now int64, ticks uint32) {
	missing, proven := h.hole()
	switch {
	case !missing:
		h.wait.on = false
	case !h.wait.on, proven && !h.wait.proven, !after(h.wait.mark, h.next):
		h.wait = wait{on: true, proven: proven, since: now, ticks: ticks, mark: h.last()}
		if proven && h.acks && after(h.acked, h.next) {
			h.wait.mark = h.acked
		}
	}
}

// overdue reports whether the wait is over.
func (h *half) overdue(now int64, ticks uint32) bool {
	if !h.wait.on {
		return false
	}
	if h.wait.proven && (now-h.wait.since >= slackTime || ticks-h.wait.ticks >= slackSegments) {
		return true
	}
	return now-h.wait.since >= patience
}
