package packet

import (
	"bytes"
	"slices"
)

// Bounds on the memory of fragments. A legal packet has at most 119 fragments if each is
// as long as the smallest packet that hosts must accept (576 bytes).
const (
	fragmentBudget  = 4 << 20 // bytes waiting; each piece counts with pieceOverhead
	fragmentPieces  = 256     // of one packet
	fragmentPackets = 8192
	fragmentTimeout = 30e9 // ns of packet time (RFC 8200 allows 60 s, Linux 30 s)
	pieceOverhead   = 64
	maxBody         = 65535 // of a packet made of fragments
)

// fragmentKey is what the fragments of one packet have in common.
type fragmentKey struct {
	addresses
	net, id  uint32
	protocol uint8 // 0 in IPv6, where it may differ between fragments
}

type fragment struct {
	key  fragmentKey
	at   int // offset in bytes
	more bool
	next uint8 // the header behind the IPv6 fragment header
	data []byte
}

// fragments puts IP fragments together (RFC 791, RFC 8200 4.5, RFC 5722). If fragments of
// a packet overlap, the whole packet is refused. Exact copies of a fragment are ignored.
type fragments struct {
	waiting map[fragmentKey]*pieces
	order   []*pieces // by time of the first fragment; gone ones are passed over
	size    int       // bytes waiting
	body    []byte    // the last whole packet
	lost    *uint64
}

// pieces are the fragments of one packet, in the order of their offsets.
type pieces struct {
	key     fragmentKey
	since   int64
	refused bool // overlapping: further fragments are dropped too
	gone    bool // no longer in waiting
	list    []piece
	have    int
	total   int // -1 until the last fragment has come
	next    uint8
}

type piece struct {
	at   int
	data []byte
}

func newFragments() fragments {
	return fragments{waiting: make(map[fragmentKey]*pieces)}
}

// add returns the body of the packet that f completes, or nil. The body is valid until
// the next add. next is the header type that the first fragment states.
func (r *fragments) add(f fragment, now int64) (whole []byte, next uint8) {
	r.expire(now)
	end := f.at + len(f.data)
	if len(f.data) == 0 || end > maxBody || f.more && len(f.data)%8 != 0 {
		*r.lost++
		return nil, 0
	}
	p := r.waiting[f.key]
	if p == nil {
		p = &pieces{key: f.key, since: now, total: -1}
		r.waiting[f.key] = p
		if len(r.order) > 2*len(r.waiting)+fragmentPieces { // mostly completed packets
			r.order = slices.DeleteFunc(r.order, func(p *pieces) bool { return p.gone })
		}
		r.order = append(r.order, p)
	}
	if p.refused {
		*r.lost++
		return nil, 0
	}
	i, copied, ok := p.place(f, end)
	if !ok {
		r.refuse(p)
		*r.lost++
		return nil, 0
	}
	if copied {
		return nil, 0
	}
	p.list = slices.Insert(p.list, i, piece{f.at, bytes.Clone(f.data)})
	p.have += len(f.data)
	r.size += len(f.data) + pieceOverhead
	if f.at == 0 {
		p.next = f.next
	}
	if p.have == p.total {
		return r.complete(p), p.next
	}
	for r.size > fragmentBudget {
		r.drop(r.order[0])
	}
	return nil, 0
}

// place finds the place of f. copied means that the same bytes are there already. ok is
// false if other bytes are there.
func (p *pieces) place(f fragment, end int) (i int, copied, ok bool) {
	if !f.more {
		if p.total >= 0 && p.total != end {
			return 0, false, false
		}
		p.total = end
	}
	i, found := slices.BinarySearchFunc(p.list, f.at, func(x piece, at int) int { return x.at - at })
	if found {
		return i, true, bytes.Equal(p.list[i].data, f.data)
	}
	if p.total >= 0 && (end > p.total || len(p.list) > 0 && p.last() > p.total) {
		return 0, false, false
	}
	if i > 0 && p.list[i-1].at+len(p.list[i-1].data) > f.at || i < len(p.list) && end > p.list[i].at {
		return 0, false, false
	}
	return i, false, len(p.list) < fragmentPieces
}

func (p *pieces) last() int {
	x := p.list[len(p.list)-1]
	return x.at + len(x.data)
}

// complete joins the pieces of p and forgets it.
func (r *fragments) complete(p *pieces) []byte {
	r.body = r.body[:0]
	for _, x := range p.list {
		r.body = append(r.body, x.data...)
	}
	r.release(p)
	r.forget(p)
	return r.body
}

// expire drops packets that have waited for too long. If too many wait, it drops the
// oldest.
func (r *fragments) expire(now int64) {
	for len(r.order) > 0 {
		p := r.order[0]
		if !p.gone && now-p.since < fragmentTimeout && len(r.waiting) < fragmentPackets {
			return
		}
		r.drop(p)
	}
}

// refuse drops the content of p. It keeps p, so that further fragments are recognised.
func (r *fragments) refuse(p *pieces) {
	*r.lost += uint64(len(p.list))
	r.release(p)
	p.refused = true
}

// drop forgets p, which is the first in order.
func (r *fragments) drop(p *pieces) {
	r.order = r.order[1:]
	if p.gone {
		return
	}
	*r.lost += uint64(len(p.list))
	r.release(p)
	r.forget(p)
}

func (r *fragments) release(p *pieces) {
	for _, x := range p.list {
		r.size -= len(x.data) + pieceOverhead
	}
	p.list, p.have = nil, 0
}

func (r *fragments) forget(p *pieces) {
	delete(r.waiting, p.key)
	p.gone = true
}

// end drops all fragments at the end of a file.
func (r *fragments) end() {
	for len(r.order) > 0 {
		r.drop(r.order[0])
	}
}
