package learn

import (
	"bytes"
	"iter"
	"math"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// A recording is the flows of one session.
type recording struct {
	number int
	user   string
	kind   session.Kind
	cut    session.Cut
	flows  []*flow.Flow
	size   int  // bytes in memory, about
	drawn  bool // for the sample, at random
}

// A source goes over the sessions of a recording. It can be called again, and gives the
// same sessions in the same order. It ends at the first error.
type source func(yield func(recording) error) error

// Read makes a model of a recording, as Learn does of sessions. It reads the flows several
// times and never holds more than some of them in memory. s says who is a user; its Report
// is filled.
func Read(flows iter.Seq2[*flow.Flow, error], s session.Options, o Options) (*model.Model, *Report, error) {
	if s.Report == nil {
		s.Report = &session.Report{}
	}
	g := &grouping{flows: flows, progress: o.Progress, most: heldBytes}
	if err := session.FindPlaces(g.read("finding users"), s, g.add); err != nil {
		return nil, nil, err
	}
	foreign := o.Split.Foreign
	if o.Split = *s.Report; foreign != nil {
		o.Split.Foreign = foreign
	}
	return learn(g.sessions, g.flowsOfAll, o)
}

// heldBytes is about how much of the flows of sessions that are not over is in memory.
const heldBytes = 384 << 20

// A grouping brings the flows of a recording together by session.
type grouping struct {
	flows      iter.Seq2[*flow.Flow, error]
	progress   func(reading string, flows, of int)
	visits     []visited
	of         []uint32 // by place of the flow: 1 + index of its session; 0: none
	flowsOfAll int
	readings   int
	sizes      []uint32 // KiB, by place of the flow
	bodies     shelf
	most       int // bytes of sessions that are not over
}

// What a session may be instead of having flows left to read.
const (
	over  = -1 // it was yielded
	waits = -2 // for another reading
)

// A visited session is one whose flows are not in memory.
type visited struct {
	user  string
	kind  session.Kind
	cut   session.Cut
	flows int
	size  int // bytes
}

// add adds a session, given by the places of its flows.
func (g *grouping) add(v session.Visit) error {
	user := v.User
	if n := len(g.visits); n > 0 && g.visits[n-1].user == user {
		user = g.visits[n-1].user
	}
	size := 0
	for _, place := range v.Flows {
		size += int(g.sizes[place]) << 10
	}
	g.visits = append(g.visits, visited{user, v.Kind, v.Cut, len(v.Flows), size})
	g.flowsOfAll += len(v.Flows)
	for _, place := range v.Flows {
		for uint64(len(g.of)) <= place {
			g.of = append(g.of, 0)
		}
		g.of[place] = uint32(len(g.visits))
	}
	return nil
}

// read yields the flows and tells of the progress.
func (g *grouping) read(what string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		n := 0
		for f, err := range g.flows {
			if n++; g.progress != nil && n%1000 == 0 {
				g.progress(what, n, len(g.of))
			}
			if err == nil {
				if known := g.bodies.share(f); n > len(g.sizes) {
					g.sizes = append(g.sizes, uint32(min(max(0, weigh(f)-known)>>10+1, math.MaxUint32)))
				}
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// sessions goes over the sessions, each when its last flow was read. Where the flows of
// sessions that are not over become too many, the next ones wait for another reading.
func (g *grouping) sessions(yield func(recording) error) error {
	what := "learning from a sample"
	if g.readings++; g.readings > 1 {
		what = "taking all sessions"
	}
	left := make([]int, len(g.visits)) // flows that are not read yet, over, or waits
	for rest := len(g.visits); rest > 0; {
		for i := range left {
			if left[i] != over {
				left[i] = g.visits[i].flows
			}
		}
		n, err := g.reading(what, left, yield)
		if err != nil {
			return err
		}
		rest -= n
	}
	return nil
}

// reading reads the recording once and yields the sessions that it has room for. It
// returns how many.
func (g *grouping) reading(what string, left []int, yield func(recording) error) (n int, err error) {
	open, held, place := map[int][]*flow.Flow{}, 0, -1
	for f, err := range g.read(what) {
		if err != nil {
			return n, err
		}
		if place++; place >= len(g.of) || g.of[place] == 0 {
			continue
		}
		i := int(g.of[place]) - 1
		v := &g.visits[i]
		if open[i] == nil && left[i] > 0 {
			if held > 0 && held+v.size > g.most {
				left[i] = waits
			} else {
				held += v.size
			}
		}
		if left[i] < 0 {
			continue
		}
		open[i] = append(open[i], f)
		if left[i]--; left[i] > 0 {
			continue
		}
		left[i] = over
		if err := yield(recording{number: i, user: v.user, kind: v.kind, cut: v.cut, flows: open[i], size: v.size}); err != nil {
			return n, err
		}
		n++
		held -= v.size
		delete(open, i)
	}
	return n, nil
}

// A shelf keeps long bodies, so that flows that share one have it in memory once.
type shelf struct {
	bodies map[uint64][]byte // by their hashes
	size   int
}

const (
	longBody   = 64 << 10 // bytes
	shelfBytes = 64 << 20
)

// share lets the bodies of f be those of the shelf. It returns how many bytes it knew.
func (s *shelf) share(f *flow.Flow) (known int) {
	bodies := []*flow.Body{&f.Request.Body}
	if f.Response != nil {
		bodies = append(bodies, &f.Response.Body)
	}
	for _, b := range bodies {
		if len(b.Data) < longBody {
			continue
		}
		sum := b.Sum()
		if old := s.bodies[sum]; bytes.Equal(old, b.Data) {
			b.Data = old
			known += inMemory(old)
			continue
		}
		if s.size += len(b.Data); s.bodies == nil || s.size > shelfBytes {
			s.bodies, s.size = map[uint64][]byte{}, len(b.Data)
		}
		s.bodies[sum] = b.Data
	}
	return known
}

// hugeBody is from how many bytes on the parts of a body take more memory than itself while
// they are compared with others.
const hugeBody = 1 << 20

// inMemory returns about how many bytes a body takes.
func inMemory(b []byte) int {
	if len(b) < hugeBody {
		return len(b)
	}
	return 3 * len(b)
}

// maxFound is how many bytes of a body are learned from, about: so many values it has at most.
const maxFound = 1 << 20

// load returns about how many bytes a session has in memory while it is learned from: its
// flows or, where it shares their bodies with others, what is found in them.
func (r *recording) load() int {
	n := 0
	for _, f := range r.flows {
		if size := len(f.Response.Body.Data); size >= longBody {
			n += min(size, maxFound)
		}
	}
	return max(n, r.size)
}

// weigh returns about how many bytes a flow has in memory.
func weigh(f *flow.Flow) int {
	n := 1000 + len(f.Request.Target) + inMemory(f.Request.Body.Data) + 64*len(f.Messages)
	for _, h := range f.Request.Headers {
		n += len(h.Name) + len(h.Value) + 32
	}
	if f.Response != nil {
		n += inMemory(f.Response.Body.Data)
		for _, h := range f.Response.Headers {
			n += len(h.Name) + len(h.Value) + 32
		}
	}
	return n
}
