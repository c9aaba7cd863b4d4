package learn

import (
	"net/url"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A sample chooses sessions: all, if they are few. Otherwise every session that makes a
// kind of request which few chosen ones make, and some at random, until there are enough.
type sample struct {
	whole        bool           // all sessions belong to it
	most, size   int            // flows, and bytes of them
	flows, total int            // chosen, and of the recording
	seen         map[string]int // sessions, by kind of request
	under        map[string]int // different kinds below a part of a path
}

const (
	sampleBytes = 256 << 20
	sampleSeen  = 20 // sessions that show a kind of request
	sampleKinds = 64 // kinds of requests that differ in one part of their address
)

func newSample(most, total int) *sample {
	return &sample{whole: total <= most, most: most, total: total, seen: map[string]int{}, under: map[string]int{}}
}

// wants chooses a session, or does not.
func (s *sample) wants(r *recording) bool {
	size := r.load()
	if s.whole && s.size+size > sampleBytes {
		s.whole = false
	}
	r.drawn = s.whole || s.flows < s.most && s.size < sampleBytes/2 && s.draws(r.number)
	wanted := r.drawn || s.flows < s.most && s.size < sampleBytes && s.shows(r.flows)
	if wanted {
		s.flows += len(r.flows)
		s.size += size
		s.note(r.flows)
	}
	return wanted
}

// draws chooses half of the sample at random: the hash of the number decides (splitmix64).
func (s *sample) draws(number int) bool {
	z := uint64(number) * 0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return (z^z>>31)%uint64(2*s.total) < uint64(s.most)
}

// shows reports whether a session makes a kind of request that few chosen ones make.
func (s *sample) shows(flows []*flow.Flow) bool {
	for _, f := range flows {
		if s.seen[s.kind(f)] < sampleSeen {
			return true
		}
	}
	return false
}

// note counts the kinds of requests of a chosen session.
func (s *sample) note(flows []*flow.Flow) {
	had := map[string]bool{}
	for _, f := range flows {
		if k := s.kind(f); !had[k] {
			had[k] = true
			s.seen[k]++
		}
	}
}

// kind names the kind of a request: its method, the parts of its path and query that are no
// values, and the class of the answer. A part of which there are many counts as a value.
func (s *sample) kind(f *flow.Flow) string {
	path, query, _ := strings.Cut(f.Request.Target, "?")
	kind := f.Request.Method + " " + string(rune('0'+f.Response.Status/100))
	for part := range strings.SplitSeq(strings.TrimPrefix(content.Template(path), "/"), "/") {
		kind = s.below(kind, "/"+part)
	}
	for item := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(item, "=")
		if key, err := url.QueryUnescape(key); err == nil && content.Kind(key) == "" {
			kind = s.below(kind, "&"+key)
			if content.Kind(value) == "" {
				kind = s.below(kind, "="+value)
			}
		}
	}
	return kind
}

// below returns the kind that is made of another and a part, or of another and any part.
func (s *sample) below(kind, part string) string {
	name := kind + part
	if _, known := s.under[name]; known {
		return name
	}
	if len(part) > 60 || s.under[kind] >= sampleKinds {
		return kind + part[:1] + "*"
	}
	s.under[kind]++
	s.under[name] = 0
	return name
}
