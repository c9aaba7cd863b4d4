package flowfile

import (
	"encoding/binary"
	"slices"
)

// A set holds the 32-bit hashes of what occurs in a block, so that a seek can
// pass over a block without decompressing it.
//
// On disk: uvarint of the count plus 1, then the hashes in rising order as
// uvarint differences. A leading 0 is the set of everything: a block in which
// more than maxSet different ones occur.
type set struct {
	any    bool
	hashes []uint32 // sorted, without duplicates
}

// may reports whether the hash can be in the block. False is certain.
func (s *set) may(hash uint64) bool {
	if s.any {
		return true
	}
	_, found := slices.BinarySearch(s.hashes, uint32(hash))
	return found
}

func (s *set) add(hash uint64) {
	if s.any {
		return
	}
	i, found := slices.BinarySearch(s.hashes, uint32(hash))
	switch {
	case found:
	case len(s.hashes) == maxSet:
		s.any, s.hashes = true, s.hashes[:0]
	default:
		s.hashes = slices.Insert(s.hashes, i, uint32(hash))
	}
}

func (s *set) reset() { s.any, s.hashes = false, s.hashes[:0] }

func (s *set) append(dst []byte) []byte {
	if s.any {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, uint64(len(s.hashes))+1)
	last := uint32(0)
	for _, h := range s.hashes {
		dst = binary.AppendUvarint(dst, uint64(h-last))
		last = h
	}
	return dst
}

func parseSet(b []byte) (set, []byte, error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > maxSet+1 {
		return set{}, nil, errFrame
	}
	b = b[k:]
	if n == 0 {
		return set{any: true}, b, nil
	}
	s := set{hashes: make([]uint32, 0, n-1)}
	last := uint64(0)
	for range n - 1 {
		d, k := binary.Uvarint(b)
		if k <= 0 || last+d > 1<<32-1 {
			return set{}, nil, errFrame
		}
		b, last = b[k:], last+d
		s.hashes = append(s.hashes, uint32(last))
	}
	return s, b, nil
}
