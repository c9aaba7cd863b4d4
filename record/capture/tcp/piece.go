package tcp

import "slices"

// pieceOverhead is what one piece costs beside its bytes.
const pieceOverhead = 96

// maxPieces bounds the pieces of one direction, so that putting one in its place
// stays cheap however small they are.
const maxPieces = 4096

// A piece is a run of bytes that waits for what comes before it.
type piece struct {
	seq, n uint32
	data   []byte // nil: the capture did not keep these bytes
	ack    uint32 // what the sender had received, if acks
	acks   bool
	at     int64
}

func (p *piece) end() uint32 { return p.seq + p.n }
func (p *piece) cost() int   { return len(p.data) + pieceOverhead }

// from returns the piece without what lies before seq.
func (p piece) from(seq uint32) piece {
	skip := seq - p.seq
	if p.data != nil {
		p.data = p.data[skip:]
	}
	p.seq, p.n = seq, p.n-skip
	return p
}

// until returns the piece without what begins at seq.
func (p piece) until(seq uint32) piece {
	p.n = seq - p.seq
	if p.data != nil {
		p.data = p.data[:p.n]
	}
	return p
}

// pieces are in order and do not overlap.
type pieces []piece

// insert puts a copy of p in its place, as far as its bytes are not there already:
// what came first stays. It returns the memory that this takes, and how many bytes
// of p were there.
func (ps *pieces) insert(p piece) (cost int, repeated uint32) {
	i := len(*ps)
	for i > 0 && after((*ps)[i-1].end(), p.seq) {
		i--
	}
	for ; p.n > 0; i++ {
		if i == len(*ps) || !before((*ps)[i].seq, p.end()) {
			return cost + ps.put(i, p), repeated
		}
		if next := (*ps)[i].seq; before(p.seq, next) {
			cost += ps.put(i, p.until(next))
			p = p.from(next)
			continue
		}
		covered := min((*ps)[i].end()-p.seq, p.n)
		repeated += covered
		p = p.from(p.seq + covered)
	}
	return cost, repeated
}

// put inserts a copy of p at index i and returns what it costs.
func (ps *pieces) put(i int, p piece) int {
	if p.data != nil {
		p.data = append(make([]byte, 0, len(p.data)), p.data...)
	}
	*ps = slices.Insert(*ps, i, p)
	return p.cost()
}

// pop removes the first piece.
func (ps *pieces) pop() piece {
	p := (*ps)[0]
	*ps = slices.Delete(*ps, 0, 1)
	return p
}
