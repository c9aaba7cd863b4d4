package content

import (
	"strings"

	"github.com/starling-load/starling/model/content/codec"
)

// minPair is the length in bytes that one value in a list of pairs has at least: shorter
// ones alone may be words.
const minPair = 8

// A pair is a word of a list with the place of its value.
type pair struct {
	word       string
	start, end int
}

// pairsOf reads a list of words with Base64, as the head Upload-Metadata of tus has it:
// "name YS50eHQ=,secret". It returns those that have a value, or nil if the text is no
// such list.
func pairsOf(text string) []pair {
	var out []pair
	long, at := false, 0
	for item := range strings.SplitSeq(text, ",") {
		lead := len(item) - len(strings.TrimLeft(item, " "))
		word, value, has := strings.Cut(item[lead:], " ")
		if !isPairWord(word) {
			return nil
		}
		if has && value != "" {
			plain, ok := codec.Decode(codec.Base64, value)
			if !ok || !codec.Printable(plain) || (codec.Chain{codec.New(codec.Base64)}).Encode(plain) != value {
				return nil
			}
			start := at + lead + len(word) + 1
			out = append(out, pair{word, start, start + len(value)})
			long = long || len(value) >= minPair
		}
		at += len(item) + 1
	}
	if !long {
		return nil
	}
	return out
}

// isPairWord reports whether a text can be the word of a pair.
func isPairWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	})
}

// pairs adds the values of a list of pairs, and what they hold. It reports whether the
// text is one.
func (s *spanner) pairs(in *region, selector string) bool {
	list := pairsOf(in.text)
	for _, p := range list {
		n := len(s.out)
		s.leaf(in, selector+"|pair:"+p.word, p.start, p.end)
		if len(s.out) == n {
			break
		}
		inner := region{text: in.text[p.start:p.end], place: in.place, header: in.header, kinds: in.kinds, within: in.within, parent: n + 1, depth: in.depth + 1,
			pos: func(i int) int { return in.pos(p.start + i) }}
		s.base(&inner, s.out[n].Selector, codec.Base64)
	}
	return len(list) > 0
}
