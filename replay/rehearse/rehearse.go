package rehearse

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"reflect"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/modelled"
)

// Most bounds the sessions that are played: the first so many, and no more acts of them
// than MostActs.
const (
	Most     = 2_000
	MostActs = 50_000
)

// Play plays the recorded sessions of m. answers returns the flows of the acts of a
// session, in their order, or nil for a session that is not to be played. The verdict is
// nil if m has no recorded sessions.
func Play(m *model.Model, answers func(session int) []*flow.Flow) (*faithful.Verdict, error) {
	if len(m.Sessions) == 0 {
		return nil, nil
	}
	p := replay.Plan{Target: m.MainOrigin(), Scale: 1}
	for _, o := range m.Origins[min(1, len(m.Origins)):] {
		p.Map = append(p.Map, replay.Origin{Recorded: o.URL, Live: o.URL})
	}
	src, err := modelled.New(m, p)
	if err != nil {
		return nil, err
	}
	r := &rehearsal{variants: variantsOf(m), replayed: faithful.Replayed{Endpoints: map[string]faithful.Asked{}}}
	part := *m
	part.Sessions = nil
	acts := 0
	for i := range m.Sessions[:min(Most, len(m.Sessions))] {
		flows := answers(i)
		if acts += len(m.Sessions[i].Acts); len(flows) != len(m.Sessions[i].Acts) || acts > MostActs {
			continue
		}
		part.Sessions = append(part.Sessions, m.Sessions[i])
		r.session(src.Session(uint64(i), uint64(i)), m.Sessions[i].Acts, flows)
	}
	return doubt(faithful.Judge(modelled.Recorded(&part, p), r.replayed), len(m.Unresolved)), nil
}

// doubt lowers a verdict when n values are sent as recorded although nothing explains
// them: the recorded answers accept them, a target may not.
func doubt(v *faithful.Verdict, n int) *faithful.Verdict {
	if v == nil || n == 0 || v.Verdict != faithful.Faithful {
		return v
	}
	v.Verdict = faithful.Partly
	v.Reasons = append(v.Reasons, fmt.Sprintf("varying values that nothing explains: %d, see above; a target may expect others", n))
	return v
}

// A rehearsal counts what is sent.
type rehearsal struct {
	variants map[[2]string]*model.Variant // by endpoint and name
	replayed faithful.Replayed
}

func variantsOf(m *model.Model) map[[2]string]*model.Variant {
	all := map[[2]string]*model.Variant{}
	for i := range m.Endpoints {
		for k := range m.Endpoints[i].Variants {
			v := &m.Endpoints[i].Variants[k]
			all[[2]string{m.Endpoints[i].Name, v.Name}] = v
		}
	}
	return all
}

// session plays one session. Of the acts that are ready, the one that began first in the
// recording is answered first.
func (r *rehearsal) session(s replay.Session, acts []model.Act, flows []*flow.Flow) {
	var work faithful.Session
	var ready []replay.Act
	enter := func(list []replay.Act) {
		for _, a := range list {
			if a.Kind == replay.Request {
				work.Send(work.Ready())
			}
			ready = append(ready, a)
		}
		slices.SortStableFunc(ready, func(a, b replay.Act) int { return cmp.Compare(a.ID, b.ID) })
	}
	matched := true
	enter(s.Next(nil))
	for len(ready) > 0 {
		a := ready[0]
		ready = ready[1:]
		s.Fill(&a)
		over := &replay.Answer{Act: &a, OK: true}
		if a.Kind == replay.Request {
			f := flows[a.ID]
			why := r.differs(&a, &acts[a.ID], f)
			matched = matched && why == ""
			work.Over(true, a.Write, why == "")
			r.count(&a, why)
			over.URL, over.Response, over.Doc = f.URL(), f.Response, content.New(f.Response)
		}
		enter(s.Next(over))
	}
	r.replayed.Started++
	r.replayed.Ended++
	if matched {
		r.replayed.Matched++
	}
	r.replayed.Work.Add(work.Work(false))
}

// count counts a request that would be sent, or, for why, would not be as recorded.
func (r *rehearsal) count(a *replay.Act, why string) {
	asked := r.replayed.Endpoints[a.Endpoint]
	asked.Due++
	if a.Skip == "" {
		asked.Sent++
	}
	switch {
	case why != "":
		asked.Why = why
	default:
		asked.Done++
		if a.Write {
			asked.Writes++
		}
	}
	r.replayed.Endpoints[a.Endpoint] = asked
}

// differs says in which way a is not sent as it was recorded in f, "" if it is. Requests
// with values that are made anew, or come from data files, need only be sent.
func (r *rehearsal) differs(a *replay.Act, act *model.Act, f *flow.Flow) string {
	v := r.variants[[2]string{act.Endpoint, act.Variant}]
	q := &a.Request
	switch {
	case a.Skip != "":
		return "no " + a.Skip
	case v == nil || slices.ContainsFunc(v.Values, func(x model.Value) bool { return x.Kind != model.Bound && x.Kind != model.Row }):
		return ""
	case q.Method != f.Request.Method:
		return "another method"
	case q.Target != f.Request.Target:
		return "another target"
	case !bytes.Equal(inner(q.Body.Data, q.Headers), inner(f.Request.Body.Data, f.Request.Headers)) && !sameJSON(q.Body.Data, f.Request.Body.Data):
		return "another body"
	}
	return ""
}

// sameJSON reports whether two bodies are one JSON document. A client that writes a
// document back may order its members as it likes; the live one has the target's order.
func sameJSON(a, b []byte) bool {
	x, ok := document(a)
	if !ok {
		return false
	}
	y, ok := document(b)
	return ok && reflect.DeepEqual(x, y)
}

func document(body []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(&v)
	return v, err == nil && !d.More()
}

// inner is a body without the boundary of its parts: any will do.
func inner(body []byte, headers flow.Headers) []byte {
	_, params, err := mime.ParseMediaType(headers.Value("Content-Type"))
	if b := params["boundary"]; err == nil && b != "" {
		return bytes.ReplaceAll(body, []byte(b), []byte("boundary"))
	}
	return body
}
