package load

import "fmt"

// A Segment is the share of all sessions that one of Count replayers owns:
// session i where i mod Count is Index. The zero value owns all.
type Segment struct {
	Index int `json:"index"` // 0 to Count−1
	Count int `json:"count"`
}

// Validate reports whether the segment is one.
func (s Segment) Validate() error {
	if s == (Segment{}) {
		return nil
	}
	if s.Count < 1 || s.Index < 0 || s.Index >= s.Count {
		return fmt.Errorf("segment %d of %d: the index must be from 0 to %d", s.Index, s.Count, s.Count-1)
	}
	return nil
}

// Owns reports whether session i belongs to the segment.
func (s Segment) Owns(i uint64) bool {
	return s.Count <= 1 || i%uint64(s.Count) == uint64(s.Index)
}

// Session returns the number of the k-th session (from 0) of the segment.
func (s Segment) Session(k uint64) uint64 {
	if s.Count <= 1 {
		return k
	}
	return k*uint64(s.Count) + uint64(s.Index)
}
