package tcp

import "slices"

// pieceOverhead is the memory of one piece beside its bytes.
const pieceOverhead = 96

// maxPieces bounds the pieces of one direction. It keeps the insertion of a piece cheap,
// even if pieces are small.
const maxPieces = 4096

// A piece is a run of bytes that waits for the bytes before it.
type piece struct {
	seq, n uint32
	data   []byte // nil: the capture did not keep these bytes
	ack    uint32 // what the sender had received, if acks
	acks   bool
	at     int64
}

func (p *piece) end() uint32 { return p.seq + p.n }
func (p *piece) cost() int   { return len(p.data) + pieceOverhead }

// from returns the piece without its bytes before seq.
func (p piece) from(seq uint32) piece {
	skip := seq - p.seq
	if p.data != nil {
		p.data = p.data[skip:]
	}
	p.seq, p.n = seq, p.n-skip
	return p
}

// until returns the piece without its bytes from seq on.
func (p piece) until(seq uint32) piece {
	p.n = seq - p.seq
	if p.data != nil {
		p.data = p.data[:p.n]
	}
	return p
}

// pieces are sorted by seq and do not overlap.
type pieces []piece

// insert puts a copy of p in its place. Of bytes that are there already, the old ones
// stay. It returns the memory that the copy takes, and how many bytes of p were there
// already.
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

// put inserts a copy of p at index i. It returns the memory that the copy takes.
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
