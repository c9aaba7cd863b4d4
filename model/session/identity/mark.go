package identity

import "hash/maphash"

// A Mark stands for a text that tells who sent a request: a cookie with its value, a
// token, a connection, an address. It is a hash under a random key: no text of the
// recording stays in memory, and a client cannot make two marks equal.
type Mark uint64

// Marks makes marks under one random key. The zero value is not valid.
type Marks struct{ seed maphash.Seed }

// NewMarks draws a key.
func NewMarks() Marks { return Marks{maphash.MakeSeed()} }

// Of returns the mark of texts of one kind.
func (m Marks) Of(kind string, parts ...string) Mark {
	var h maphash.Hash
	h.SetSeed(m.seed)
	h.WriteString(kind)
	for _, p := range parts {
		h.WriteByte(0)
		h.WriteString(p)
	}
	return Mark(h.Sum64())
}
