package redact

import (
	"hash/maphash"

	"github.com/starling-load/starling/record/flow"
)

// A Finding is something that looks like a secret and is not a pseudonym. It tells the
// place. It does not hold the secret.
type Finding struct {
	Flow  uint64 // its Number
	Place string // "request header Authorization", "response body field token"
	Kind  Kind
}

// A Scanner looks for secrets in flows. It belongs to one goroutine.
type Scanner struct {
	// Decode removes content codings other than gzip and deflate. nil: bodies with such a
	// coding are not searched.
	Decode Decoder

	// Unread counts the bodies that could not be searched: their coding is not known, or they
	// are longer than 8 MiB without it.
	Unread int

	walk *walker
}

// Scan calls found for each secret of f, by the default rules. It changes nothing.
func (s *Scanner) Scan(f *flow.Flow, found func(Finding)) {
	if s.walk == nil {
		s.walk = &walker{all: &Rules{}, decode: s.Decode, seed: maphash.MakeSeed()}
	}
	w := s.walk
	w.report = func(k Kind) {
		place := w.part
		if w.name != "" && w.part != "request target" && w.part != "message" {
			place += " " + w.name
		}
		found(Finding{f.Number, place, k})
	}
	c := *f
	w.unread = 0
	w.flow(&c)
	s.Unread += w.unread
}
