package correlate

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"html"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
)

// The text around a value finds it where there is no structure to select by: in sentences,
// inline scripts, and formats that nobody knows.

// Limits on the search for the text around values. A value that looks issued is looked for
// in all answers; others only as far as these say.
const (
	maxLooked  = 20       // uses of a place
	maxFound   = 400      // texts around them, also of values that look issued
	maxVain    = 8        // of them without a find, after which there is none
	maxInVain  = 100      // uses in one session of values that look issued, without a find, after which no more are looked for
	maxEarlier = 10       // answers before a use, the latest first
	maxHeld    = 8        // places of a value in one text
	maxAnswer  = 16 << 20 // bytes of one answer
	maxScanned = 1 << 30  // bytes of answers in all
	minLooked  = 3        // characters of a value
)

// contexts returns selectors by the text around values, those that most uses have in
// common first.
func (l *Learner) contexts(uses []use) []source { return l.contextsOf(uses, minLooked) }

// contextsOf is contexts for values of at least so many characters. Those of fewer than
// minLooked are looked for in lists, and have less text before them that is the same in all
// elements.
func (l *Learner) contextsOf(uses []use, least int) []source {
	hits := map[source]int{}
	var out []source
	looked, sure := 0, false
	vain, of := 0, (*session)(nil)
	for _, u := range uses {
		if len(out) >= maxFound {
			break
		}
		if of != u.exchange.session {
			vain, of = 0, u.exchange.session
		}
		certain := looksIssued(u.value)
		sure = sure || certain
		if certain && vain == maxInVain {
			continue
		}
		if !certain {
			if len(u.value) < least || l.left <= 0 || looked == maxLooked || looked == maxVain && len(out) == 0 {
				continue
			}
			looked++
		}
		seen := map[source]bool{}
		written, held := writings(u.value), -1
		for e := range l.texts(u, certain) {
			n := len(seen)
			for s := range e.around(written, certain, least < minLooked) {
				if !seen[s] {
					seen[s] = true
					if hits[s]++; hits[s] == 1 {
						out = append(out, s)
					}
				}
			}
			if certain && len(seen) > n {
				held = e.index
				break // the latest counts
			}
		}
		if certain {
			of.searched(u, held)
			if held < 0 {
				vain++
			}
		}
	}
	if common := max(2, looked/8); !sure {
		out = slices.DeleteFunc(out, func(s source) bool { return hits[s] < common })
	}
	slices.SortStableFunc(out, func(a, b source) int { return cmp.Compare(hits[b], hits[a]) })
	return out[:min(len(out), maxSources)]
}

// looksIssued reports whether a value has so much information that it is nowhere by chance.
func looksIssued(value string) bool {
	return len(value) >= 8 && (content.Opaque(value) || content.Bits(value) >= minBits && content.Kind(value) != "")
}

// texts yields the answers before u that may hold its value, the latest first. One that
// came after the client had sent the value repeats it.
func (l *Learner) texts(u use, certain bool) iter.Seq[*parsed] {
	return func(yield func(*parsed) bool) {
		n := 0
		sender, last := u.exchange.session.sent[u.value], u.exchange.session.searches[u.value]
		for _, e := range slices.Backward(u.exchange.session.exchanges[:u.exchange.index]) {
			if !e.before(u.exchange) || !e.doc.IsText() || certain && last.without(e) {
				continue
			}
			if !certain {
				size := len(e.doc.Body())
				if sender != nil && !e.before(sender) || size > maxAnswer || e.isCode() && !l.generates(e) {
					continue
				}
				if l.left -= size; l.left < 0 || n == maxEarlier {
					return
				}
				n++
			}
			if !yield(e) {
				return
			}
		}
	}
}

// A search is what is known of where a value stands that looks issued.
type search struct {
	before *parsed // of the answers before this request …
	held   int     // … the index of the latest that has it; -1: none
}

// without reports whether it is known that an answer does not have the value.
func (s *search) without(e *parsed) bool {
	return s != nil && e.index > s.held && e.before(s.before)
}

// searched notes which answer before u was the latest that had its value.
func (s *session) searched(u use, held int) {
	if s.searches == nil {
		s.searches = map[string]*search{}
	}
	if last := s.searches[u.value]; last == nil || last.before.index < u.exchange.index {
		s.searches[u.value] = &search{u.exchange, held}
	}
}

// around yields selectors that find a value in the answer by the text around it, however it
// is written.
func (e *parsed) around(value []written, certain, listed bool) iter.Seq[source] {
	return func(yield func(source) bool) {
		for _, w := range value {
			for prefix, text := range e.doc.Texts() {
				for _, at := range held(text, w.text, certain) {
					for _, left := range lefts(text, at, listed) {
						if s := contextSelector(left, text[at+len(w.text):]); s != "" && !yield(source{e.Endpoint, prefix + s + w.step}) {
							return
						}
					}
				}
			}
		}
	}
}

// A written is a value as a text may hold it, and the step of a selector that reads it.
type written struct{ text, step string }

// writings returns a value in the encodings that keep it readable.
func writings(value string) []written {
	out := []written{{value, ""}}
	add := func(text string, k codec.Kind) {
		if !slices.ContainsFunc(out, func(w written) bool { return w.text == text }) {
			out = append(out, written{text, "|" + string(k)})
		}
	}
	add(html.EscapeString(value), codec.HTML)
	for _, c := range [...]codec.Codec{codec.New(codec.XML), codec.New(codec.JSON), codec.New(codec.Percent), codec.Segment(), codec.New(codec.Plus)} {
		k := c.Kind
		if k == codec.XML {
			k = codec.HTML
		}
		add(codec.Chain{c}.Encode(value), k)
	}
	return out
}

// lefts returns texts before a place, the shortest first: of a few lengths, and from the
// beginning of the line. Short ones are of a list.
func lefts(text []byte, at int, listed bool) [][]byte {
	var out [][]byte
	lengths := [...]int{1, 2, 4, 6, 10, 16, 24, 40}
	for i, n := range lengths {
		if i < 4 && !listed || n == 1 && (at == 0 || text[at-1] != '\n') {
			continue
		}
		out = append(out, text[max(0, at-n):at])
		if at <= n {
			return out
		}
	}
	if n := bytes.LastIndexByte(text[at-40:at], '\n'); n >= 0 && n < 38 {
		out = append(out, text[at-40+n+1:at])
	}
	return out
}

// contextSelector returns a selector by the text before a value and the character after
// it. It returns "" if a selector cannot hold that text.
func contextSelector(left, after []byte) string {
	for len(left) > 0 && !utf8.RuneStart(left[0]) {
		left = left[1:]
	}
	_, n := utf8.DecodeRune(after)
	right := after[:n]
	if len(left) < 2 && string(left) != "\n" || !utf8.Valid(left) || !utf8.Valid(right) || bytes.Contains(left, []byte("…")) {
		return ""
	}
	return "text:" + content.EscapeContext(string(left)) + "…" + content.EscapeContext(string(right))
}

// held returns where a value stands in a text, the first few; as a word of its own, unless
// it is certain to be no part of another.
func held(text []byte, value string, certain bool) []int {
	var out []int
	for at := 0; len(out) < maxHeld; {
		n := bytes.Index(text[at:], []byte(value))
		if n < 0 {
			break
		}
		start := at + n
		at = start + len(value)
		if certain || (start == 0 || !alphanumeric(text[start-1])) && (at == len(text) || !alphanumeric(text[at])) {
			out = append(out, start)
		}
	}
	return out
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// byContext reports whether a selector finds a value by the text around it alone.
func byContext(selector string) bool {
	_, context, ok := strings.Cut("|"+selector, "|text:")
	return ok && !strings.HasPrefix(context, "…")
}

// isCode reports whether the answer is a script or a style of its own. These hold numbers
// and words of all kinds, so that only a value that looks issued is looked for there,
// unless the target generates it.
func (e *parsed) isCode() bool {
	switch media := e.doc.Media(); media {
	case "text/css", "text/javascript", "application/javascript", "application/x-javascript":
		return true
	}
	return false
}

// generates reports whether the answer to the request of e is made for each request: the
// same address has had other content.
func (l *Learner) generates(e *parsed) bool {
	if l.generated == nil {
		l.generated = map[string]bool{}
		bodies, seed := map[string]uint64{}, maphash.MakeSeed()
		for _, s := range l.sessions {
			for _, e := range s.exchanges {
				if e.isCode() && len(e.doc.Body()) > 0 {
					at, hash := e.Flow.Request.Path(), maphash.Bytes(seed, e.doc.Body())
					if had, seen := bodies[at]; seen && had != hash {
						l.generated[at] = true
					}
					bodies[at] = hash
				}
			}
		}
	}
	return l.generated[e.Flow.Request.Path()]
}
