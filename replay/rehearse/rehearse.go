package rehearse

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"reflect"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/form"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/dryrun"
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
	m = modelled.WithoutEntries(m)
	p := modelled.AtHome(m)
	src, err := modelled.New(m, p)
	if err != nil {
		return nil, err
	}
	r := &rehearsal{variants: m.Variants(), replayed: faithful.Replayed{Endpoints: map[string]faithful.Asked{}}}
	part := *m
	part.Sessions = nil
	acts := 0
	for i := range m.Sessions {
		flows := answers(i)
		if len(flows) != len(m.Sessions[i].Acts) {
			continue
		}
		if acts += len(flows); acts > MostActs || len(part.Sessions) == Most {
			break
		}
		part.Sessions = append(part.Sessions, m.Sessions[i])
		if err := r.session(src.Session(uint64(i), uint64(i)), m.Sessions[i].Acts, flows); err != nil {
			return nil, err
		}
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

// session plays one session, whose acts were recorded as flows.
func (r *rehearsal) session(s replay.Session, acts []model.Act, flows []*flow.Flow) error {
	var work faithful.Session
	matched := true
	differs := make(map[int]string, len(acts)) // by act: why it is not sent as recorded
	err := dryrun.One(s, dryrun.Options{
		Ready: func(a *replay.Act) {
			if a.Kind == replay.Request {
				work.Send(work.Ready())
			}
		},
		Answer: func(a dryrun.Asked) *flow.Flow { return flows[a.Act.ID] },
		Give: func(x dryrun.Exchange) error {
			why := r.differs(x.Act, &acts[x.Act.ID], flows[x.Act.ID])
			matched = matched && why == ""
			differs[x.Act.ID] = why
			r.count(x.Act, why)
			return nil
		},
		Over: func(a *replay.Act) {
			if a.Kind == replay.Request {
				work.Over(true, a.Write, differs[a.ID] == "")
			}
		},
	})
	r.replayed.Started++
	r.replayed.Ended++
	if matched {
		r.replayed.Matched++
	}
	r.replayed.Work.Add(work.Work(false))
	return err
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
	case !sameBody(q.Body.Data, f.Request.Body.Data, q.Headers, f.Request.Headers):
		return "another body"
	}
	return ""
}

// sameBody reports whether two bodies say the same.
func sameBody(a, b []byte, of, recorded flow.Headers) bool {
	return bytes.Equal(inner(a, of), inner(b, recorded)) || sameJSON(a, b) ||
		strings.HasPrefix(recorded.Value("Content-Type"), "application/x-www-form-urlencoded") && sameForm(a, b)
}

// sameForm reports whether two bodies are the same fields of a form. Those of one name stand
// in the same order; a button may stand before or behind other fields.
func sameForm(a, b []byte) bool {
	fields := func(body []byte) []form.Entry {
		list := content.DecodeEntries(string(body))
		slices.SortStableFunc(list, func(x, y form.Entry) int { return cmp.Compare(x.Name, y.Name) })
		return list
	}
	return slices.Equal(fields(a), fields(b))
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
