package correlate

import (
	"cmp"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
)

// A writing is how the values of one place are written in the requests of a variant.
type writing struct {
	chain codec.Chain
	codec string   // for model.Value: "" where the place itself implies the chain
	fits  bool     // the chain writes what was recorded
	exact bool     // and does so to the byte
	texts []string // as the values stand in the requests
	raw   string   // in the sample
}

// writing finds the encodings of a place: those that the place implies, if they write
// what was recorded, otherwise those that do.
func (t *target) writing(sp *content.Span, s *structure) writing {
	w := writing{raw: rawOf(sp, s.sample)}
	kinds := sp.Kinds
	w.texts = make([]string, len(s.uses))
	values := make([]string, len(s.uses))
	for i, u := range s.uses {
		k := u.place(sp.Selector)
		if k < 0 {
			return writing{raw: w.raw}
		}
		own := &u.spans[k]
		w.texts[i], values[i] = rawOf(own, u), own.Value
		if len(own.Kinds) > len(kinds) { // only a text with line ends shows how they are written
			kinds = own.Kinds
		}
	}
	implied, ok := impliedChain(sp, s.sample)
	if ok && w.writes(implied, values) {
		w.chain, w.fits, w.exact = implied, true, true
		return w
	}
	w.chain, _, w.fits = codec.Fit(kinds, w.texts)
	w.exact = w.fits && w.writes(w.chain, values)
	w.codec = w.chain.String()
	if w.codec == "" && sp.Within == 0 {
		w.codec = string(codec.Raw)
	}
	return w
}

// writes reports whether a chain writes the values as they stand in the requests.
func (w *writing) writes(chain codec.Chain, values []string) bool {
	for i := range values {
		if chain.Encode(values[i]) != w.texts[i] {
			return false
		}
	}
	return true
}

// impliedChain returns the encodings that the replayer uses for a place by itself. It
// reports false where they depend on more than the place.
func impliedChain(sp *content.Span, of *parsed) (codec.Chain, bool) {
	switch {
	case sp.Within > 0:
		return nil, len(sp.Kinds) == 0
	case sp.Inner():
		return nil, false
	}
	switch sp.Place {
	case content.InPath:
		return codec.Chain{codec.Segment()}, true
	case content.InQuery, content.InForm:
		return codec.Chain{codec.New(codec.Plus)}, true
	case content.InString:
		return codec.Chain{codec.New(codec.JSON)}, isJSON(of.Flow.Request.Headers.Value("Content-Type"))
	}
	return nil, true
}

// text writes a constant piece of a value. Where no chain writes the recorded values, a
// text that stands there stays.
func (w *writing) text(s string) string {
	if !w.fits && strings.Contains(w.raw, s) && !strings.ContainsAny(s, `%+"\&=`) {
		return s
	}
	return w.chain.Encode(s)
}

// after returns the codec of a value that is written in another case first: in may be "".
func (w *writing) after(in string) string {
	if rest := w.chain.String(); in != "" && rest != "" {
		return in + "|" + rest
	}
	return cmp.Or(in, w.codec)
}
